/** The report on a terminal: a table per file, the findings by rule, a line with the counts. */

import { type Finding, type RuleId, ruleOf } from "../rules.js";
import { type Counts, closing, count, countFiles, EXTENTS, plural } from "./counts.js";
import type { Report } from "./model.js";
import { columns, type Paint, PLAIN, WIDTH, width, wrap } from "./terminal.js";

interface Column {
  /** In one or two lines. */
  head: readonly [string, string];
  cell: (c: Counts, paint: Paint) => string;
  /** Left out if the sum is nothing. */
  optional: boolean;
}

function number(pick: (c: Counts) => number, bad = false): Column["cell"] {
  return (c, paint) => {
    const n = pick(c);
    return n === 0 ? paint.dim("-") : bad ? paint.red(String(n)) : String(n);
  };
}

const COMPARED: readonly Column[] = [
  { head: ["", "identical"], cell: number((c) => c.identical), optional: false },
  { head: ["", "declared"], cell: number((c) => c.declared), optional: false },
  { head: ["", "differing"], cell: number((c) => c.differs, true), optional: false },
];

function columnsOf(total: Counts): Column[] {
  const compared = total.identical + total.declared + total.differs > 0;
  const all: Column[] = [
    { head: ["", "functions"], cell: number((c) => c.functions), optional: false },
    { head: ["", "ported"], cell: number((c) => c.ported), optional: false },
    ...(compared ? COMPARED : []),
    { head: ["", "missing"], cell: number((c) => c.missing, true), optional: false },
    { head: ["", "omitted"], cell: number((c) => c.omitted), optional: true },
    { head: ["", "pending"], cell: number((c) => c.pending), optional: true },
    { head: ["not", "needed"], cell: number((c) => c.notNeeded), optional: true },
    {
      head: ["compiled", "out"],
      cell: (c, paint) =>
        c.compiledOutPorted === 0
          ? number((x) => x.compiledOut)(c, paint)
          : `${c.compiledOut} (${c.compiledOutPorted})`,
      optional: true,
    },
    { head: ["", "macros"], cell: number((c) => c.macros), optional: true },
  ];
  return all.filter((c) => !c.optional || c.cell(total, PLAIN) !== "-");
}

/** The table; numbers in brackets are functions that the compiler does not see and that are ported. */
export function table(report: Report, paint: Paint): string[] {
  const total = count(report.functions);
  const cols = columnsOf(total);
  const files = countFiles(report);
  const rows: string[][] = [
    ["", ...cols.map((c) => c.head[0])],
    ["file", ...cols.map((c) => c.head[1])],
  ];
  const titles = new Map<number, string>();
  for (const [extent, title] of EXTENTS) {
    const part = files.filter((f) => f.extent === extent);
    if (part.length > 0) titles.set(rows.length, title);
    for (const f of part) rows.push([f.file, ...cols.map((c) => c.cell(f, paint))]);
  }
  rows.push(["all", ...cols.map((c) => c.cell(total, paint))]);
  const lines = columns(rows);
  const rule = "-".repeat(Math.max(...lines.map(width)));
  const out: string[] = [];
  for (const [i, line] of lines.entries()) {
    const title = titles.get(i);
    if (title !== undefined) out.push(paint.dim(rule), paint.bold(title));
    if (i === lines.length - 1) out.push(paint.dim(rule));
    out.push(i < 2 ? paint.dim(line) : line);
  }
  return out;
}

/** The findings, those of a rule together. */
export function findingLines(findings: readonly Finding[], paint: Paint, most = WIDTH): string[] {
  const byRule = new Map<RuleId, Finding[]>();
  for (const f of findings) byRule.set(f.rule, [...(byRule.get(f.rule) ?? []), f]);
  const out: string[] = [];
  for (const [id, found] of [...byRule].sort(([a], [b]) => a.localeCompare(b))) {
    const rule = ruleOf(id);
    const colour = rule.level === "error" ? paint.red : paint.yellow;
    const [first, ...rest] = wrap(`${rule.id} ${rule.name} (${rule.level}): ${rule.meaning}`, most);
    out.push(
      "",
      first!.replace(`${rule.id} ${rule.name}`, (t) => colour(paint.bold(t))),
      ...rest,
    );
    for (const f of found) {
      out.push(`  ${paint.cyan(f.line === null ? f.path : `${f.path}:${f.line}`)}`);
      const lines = wrap(`${f.subject}: ${f.message}`, most, "    ");
      out.push(
        lines[0]!.replace(f.subject, (t) => paint.bold(t)),
        ...lines.slice(1),
      );
    }
    out.push(paint.dim(`  What to do: ${rule.page}`));
  }
  return out;
}

export interface TextOptions {
  paint: Paint;
  /** Findings and the last line only. */
  quiet: boolean;
}

export function closingLine(report: Report, paint: Paint): string {
  return (report.findings.length === 0 ? paint.green : paint.red)(closing(report));
}

export function textReport(report: Report, { paint, quiet }: TextOptions): string {
  const { upstream, constants, structs, macros } = report;
  const out: string[] = [];
  if (!quiet) {
    const profiles = `${report.profiles.length === 1 ? "profile" : "profiles"} ${report.profiles.join(", ")}`;
    out.push(
      ...wrap(`SQLite ${upstream.version}, ${upstream.path}, ${profiles}`, WIDTH),
      "",
      ...table(report, paint),
      "",
    );
    const c = count(report.functions);
    const sums = [
      `${c.ported + c.compiledOutPorted} functions ported`,
      `${c.macros} macros as functions`,
      ...(c.notCompared > 0 ? [`${c.notCompared} on both sides not compared`] : []),
      `${plural(structs.compared, "struct")} with ${plural(structs.fields, "field")}`,
      `${plural(macros, "macro")} accounted for`,
      `${constants.compared} constants compared, ${constants.skipped.length} not comparable`,
    ];
    out.push(...wrap(sums.join("; "), WIDTH));
  }
  out.push(...findingLines(report.findings, paint));
  if (report.findings.length > 0) out.push("");
  out.push(closingLine(report, paint));
  return `${out.join("\n").replace(/^\n+/, "")}\n`;
}
