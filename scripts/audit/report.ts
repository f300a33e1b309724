/** What the audit prints. */

import Table from "cli-table3";
import pc from "picocolors";
import type { Row, Status } from "./match.js";
import { MIRRORS, WHOLE } from "./mirrors.js";
import { type Finding, RULES } from "./rules.js";
import type { AuditResult } from "./run.js";
import type { Upstream } from "./upstream.js";

/** Numbers of one of upstream's files. */
export interface FileSummary {
  file: string;
  /** Functions that the compiler sees. */
  compiledIn: number;
  /** Of these. */
  ported: number;
  omitted: number;
  pending: number;
  notNeeded: number;
  missing: number;
  /** Functions that the compiler does not see, and how many of them are ported all the same. */
  compiledOut: number;
  compiledOutPorted: number;
  /** Function-like macros that are functions here. */
  macros: number;
}

export function summarize(rows: readonly Row[]): FileSummary[] {
  const summaries = new Map<string, FileSummary>();
  for (const row of rows) {
    const s = summaries.get(row.file) ?? {
      file: row.file,
      compiledIn: 0,
      ported: 0,
      omitted: 0,
      pending: 0,
      notNeeded: 0,
      missing: 0,
      compiledOut: 0,
      compiledOutPorted: 0,
      macros: 0,
    };
    summaries.set(row.file, s);
    if (row.upstream === null) {
      s.macros++;
    } else if (!row.upstream.compiled) {
      s.compiledOut++;
      if (row.status === "ported") s.compiledOutPorted++;
    } else {
      s.compiledIn++;
      const column: Partial<Record<Status, "ported" | "omitted" | "pending" | "notNeeded" | "missing">> = {
        ported: "ported",
        omitted: "omitted",
        pending: "pending",
        "not needed": "notNeeded",
        missing: "missing",
      };
      const key = column[row.status];
      if (key !== undefined) s[key]++;
    }
  }
  return [...summaries.values()];
}

const HEAD = [
  "file",
  "compiled in",
  "ported",
  "omitted",
  "pending",
  "not needed",
  "missing",
  "compiled out",
  "macros",
];

export function renderTable(rows: readonly Row[]): string {
  const table = new Table({
    head: HEAD,
    colAligns: HEAD.map((_, i) => (i === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  const n = (v: number): string => (v === 0 ? pc.dim("-") : String(v));
  const line = (s: FileSummary): string[] => [
    s.file,
    n(s.compiledIn),
    n(s.ported),
    n(s.omitted),
    n(s.pending),
    n(s.notNeeded),
    s.missing === 0 ? pc.dim("-") : pc.red(String(s.missing)),
    s.compiledOutPorted === 0 ? n(s.compiledOut) : `${s.compiledOut} (${s.compiledOutPorted} ported)`,
    n(s.macros),
  ];
  const all = summarize(rows);
  const group = (title: string, part: readonly FileSummary[]): void => {
    if (part.length === 0) return;
    table.push([{ content: pc.bold(title), colSpan: HEAD.length }]);
    for (const s of part) table.push(line(s));
  };
  group(
    "mirrored whole",
    all.filter((s) => WHOLE.includes(s.file)),
  );
  group(
    "mirrored in part",
    all.filter((s) => MIRRORS.has(s.file) && !WHOLE.includes(s.file)),
  );
  group(
    "taken from elsewhere",
    all.filter((s) => !MIRRORS.has(s.file)),
  );
  return table.toString();
}

export function renderFinding(f: Finding): string {
  const where = f.line === null ? f.path : `${f.path}:${f.line}`;
  return `${pc.red(f.rule)} ${RULES[f.rule]}  ${pc.bold(f.subject)}: ${f.message}  ${pc.dim(where)}`;
}

export function renderReport(result: AuditResult): string {
  const { rows, findings, constants, upstream } = result;
  const count = (status: Status): number => rows.filter((r) => r.status === status).length;
  const out = [
    `SQLite ${upstream.version}, ${upstream.path}, profile ${result.profile}`,
    renderTable(rows),
    `${count("ported")} functions ported, ${count("macro")} macros as functions, ${count("pending")} pending; ` +
      `${constants.compared} constants compared, ${constants.skipped.length} not comparable`,
  ];
  if (findings.length > 0) {
    out.push("", ...findings.map(renderFinding), "", "What each rule means: docs/audit.md");
  }
  out.push(findings.length === 0 ? pc.green("audit: clean") : pc.red(`audit: ${findings.length} findings`));
  return out.join("\n");
}

/** For machines; rows carry what the ledger carries, and the lines on our side. */
export function renderJson(result: AuditResult): string {
  const { upstream, profile, rows, constants, findings } = result;
  return JSON.stringify(
    {
      upstream: { path: upstream.path, version: upstream.version, sha256: upstream.sha256 },
      profile,
      files: summarize(rows),
      functions: rows.map((r) => ({
        file: r.file,
        name: r.name,
        status: r.status,
        reason: r.reason,
        upstream: r.upstream,
        ts:
          r.ts === null
            ? null
            : {
                path: r.ts.path,
                name: r.ts.name,
                first: r.ts.first,
                last: r.ts.last,
                exported: r.ts.exported,
              },
      })),
      constants: { compared: constants.compared, skipped: constants.skipped },
      findings: findings.map((f) => ({ ...f, name: RULES[f.rule] })),
    },
    null,
    1,
  );
}

function numbered(lines: readonly string[], first: number, last: number): string {
  const width = String(last).length;
  return lines
    .slice(first, last + 1)
    .map((text, i) => `${pc.dim(String(first + i).padStart(width))}  ${text.trimEnd()}`)
    .join("\n");
}

/** Both sides of a function, or null if upstream has none of that name in a file that is looked at. */
export function renderFunction(
  up: Upstream,
  rows: readonly Row[],
  findings: readonly Finding[],
  sources: ReadonlyMap<string, string>,
  name: string,
): string | null {
  const found = rows.filter((r) => r.name === name);
  if (found.length === 0) return null;
  const out: string[] = [];
  for (const { file, status, upstream: fn, ts, reason } of found) {
    const details = [
      status,
      fn?.option ? `needs ${fn.option}` : "",
      fn?.generator ? `by macro ${fn.generator}` : "",
      reason ?? "",
    ];
    out.push(`${pc.bold(`${file} ${name}`)}  ${details.filter((d) => d !== "").join("; ")}`);
    if (fn !== null) {
      out.push(
        pc.cyan(`${up.path}:${fn.first}  ${fn.static ? "static" : "external"}  ${fn.hash}`),
        numbered(up.lines, fn.first, fn.last),
      );
    }
    if (ts !== null) {
      const lines = ["", ...sources.get(ts.path)!.split("\n")];
      out.push(
        pc.cyan(`${ts.path}:${ts.first}  ${ts.exported ? "exported" : "not exported"}`),
        numbered(lines, ts.first, ts.last),
      );
    } else {
      out.push(pc.dim(`not in ${MIRRORS.get(file) ?? "src/"}`));
    }
    out.push("");
  }
  out.push(...findings.filter((f) => f.subject === name).map(renderFinding));
  return out.join("\n").trimEnd();
}
