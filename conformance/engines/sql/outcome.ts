/** Comparing and printing what the two engines answered. */

import { isDeepStrictEqual } from "node:util";
import type { Outcome, RunResult, StatementResult } from "./protocol.js";
import { formatValue } from "./values.js";

/** Whether two answers of the same operation are equal in everything: types, bits, codes, messages. */
export function sameOutcome<T>(actual: T, expected: T): boolean {
  return isDeepStrictEqual(actual, expected);
}

/** SQLite's result in one line. */
export function formatOutcome(outcome: Outcome): string {
  if (outcome.code === 0) return outcome.name;
  const where = outcome.offset >= 0 ? ` at ${outcome.offset}` : "";
  return `${outcome.name} (${outcome.code})${where}: ${outcome.message}`;
}

const LONGEST = 200;

function short(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}... (${text.length} characters)`;
}

/** One statement's result in one line; of the rows the first ones. */
export function formatStatement(s: StatementResult): string {
  const outcome = `${s.stage} ${formatOutcome(s.outcome)}`;
  const facts =
    `changes ${s.changes}/${s.totalChanges} rowid ${s.lastRowid} ` +
    `${s.autocommit ? "autocommit" : "in transaction"} txn ${s.transaction}`;
  const rows = s.rows.slice(0, 4).map((row) => `(${row.map((v) => short(formatValue(v))).join(", ")})`);
  if (s.rows.length > rows.length) rows.push("...");
  return short(`${outcome}; ${s.count} rows (${s.state}) [${s.columns.join(", ")}] ${rows.join(" ")}`).concat(
    `; ${facts}; bytes ${s.start}-${s.end}`,
  );
}

/** What differs first between two runs of the same SQL, in a few lines; null if nothing does. */
export function runDifference(
  actual: RunResult,
  expected: RunResult,
  sql: string | Uint8Array,
): string | null {
  if (sameOutcome(actual, expected)) return null;
  const bytes = typeof sql === "string" ? new TextEncoder().encode(sql) : sql;
  const n = Math.max(actual.statements.length, expected.statements.length);
  for (let i = 0; i < n; i++) {
    const a = actual.statements[i];
    const e = expected.statements[i];
    if (a !== undefined && e !== undefined && sameOutcome(a, e)) continue;
    const text = Buffer.from(bytes.subarray((e ?? a)?.start, (e ?? a)?.end)).toString("utf8");
    const lines = [`statement ${i + 1}: ${short(text.trim())}`];
    lines.push(`  actual:   ${a === undefined ? "(none)" : formatStatement(a)}`);
    lines.push(`  expected: ${e === undefined ? "(none)" : formatStatement(e)}`);
    const row = a?.rows.findIndex((r, at) => !isDeepStrictEqual(r, e?.rows[at])) ?? -1;
    const show = (r: StatementResult | undefined): string =>
      r?.rows[row] === undefined ? "(none)" : r.rows[row].map((v) => short(formatValue(v))).join(", ");
    if (row >= 0) lines.push(`  row ${row + 1}: actual (${show(a)}), expected (${show(e)})`);
    return lines.join("\n");
  }
  return `consumed bytes: actual ${actual.consumed}, expected ${expected.consumed}`;
}
