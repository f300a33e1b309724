/** The generated ledger: one line per function of upstream, docs/ledger/functions.json. */

import type { Row } from "./match.js";
import type { Finding } from "./rules.js";

export const LEDGER = "docs/ledger/functions.json";

/**
 * The ledger's text. It changes with upstream, with what is ported and where, not with our line numbers.
 * Upstream's version and what its functions say are in the lock file (drift/lock.ts).
 */
export function renderLedger(profile: string, rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { upstream: fn } = row;
    return JSON.stringify({
      file: row.file,
      name: row.name,
      ...(fn === null ? {} : { lines: [fn.first, fn.last], linkage: fn.static ? "static" : "external" }),
      ...(fn === null || fn.compiled ? {} : { option: fn.option }),
      ...(fn?.generator ? { macro: fn.generator } : {}),
      status: row.status,
      ...(row.ts === null ? {} : { ts: row.ts.path }),
      ...(row.ts === null || row.ts.name === row.name ? {} : { as: row.ts.name }),
      ...(row.reason === null ? {} : { reason: row.reason }),
    });
  });
  return `{\n"profile": ${JSON.stringify(profile)},\n"functions": [\n${lines.join(",\n")}\n]\n}\n`;
}

/** `text` is the ledger as committed, or null. */
export function checkLedger(expected: string, text: string | null): Finding[] {
  if (text === expected) return [];
  let message = "does not exist";
  if (text !== null) {
    const old = new Set(text.split("\n").map((l) => l.replace(/,$/, "")));
    const fresh = expected.split("\n").map((l) => l.replace(/,$/, ""));
    const changed = fresh.filter((l) => !old.has(l)).length;
    message = `is not what the audit generates: ${changed} lines differ`;
  }
  return [
    {
      rule: "PM011",
      subject: LEDGER,
      message: `${message}; run npm run audit -- --write`,
      path: LEDGER,
      line: null,
    },
  ];
}
