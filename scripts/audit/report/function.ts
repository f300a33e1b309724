/** Both sides of a function, aligned, and everything that was found out about it. */

import { DIVERGENCES } from "../divergences.js";
import { MIRRORS } from "../mirrors.js";
import type { Difference } from "../normal/comparison.js";
import { type RuleId, ruleOf } from "../rules.js";
import type { Place } from "../upstream.js";
import { type AlignedRow, alignedRows, type Line, type Mark, SIGN } from "./align.js";
import { isOneSided, KINDS, repeats, snippet, statementsPath, under, verdictWords } from "./difference.js";
import { placeOfC, type Report, type ReportFunction } from "./model.js";
import { markdownLines, type RulePage } from "./pages.js";
import { chop, type Paint, padded, WIDTH, wrap } from "./terminal.js";
import { findingLines } from "./text.js";

export interface FunctionOptions {
  paint: Paint;
  /** Columns of the terminal. */
  width: number;
  pages: ReadonlyMap<RuleId, RulePage>;
}

/** Side by side from this width on, below one another otherwise. */
export const SIDE_BY_SIDE = 150;

type Colour = (text: string) => string;

function colourOf(mark: Mark, paint: Paint): Colour {
  const colours: Readonly<Record<Mark, Colour>> = {
    agrees: (t) => t,
    declared: paint.yellow,
    differs: paint.red,
    silent: paint.dim,
  };
  return colours[mark];
}

/** What a declared row says behind its sign. */
function ids(row: AlignedRow): string {
  return row.entries.length === 0 ? "" : `  [${row.entries.join(", ")}]`;
}

function sideBySide(rows: readonly AlignedRow[], digits: number, options: FunctionOptions): string[] {
  const room = Math.floor((options.width - 2 * digits - 9) / 2);
  const out: string[] = [];
  for (const row of rows) {
    const colour = colourOf(row.mark, options.paint);
    const left = row.c === null ? [""] : chop(row.c.text, room);
    const right = row.ts === null ? [""] : chop(row.ts.text, room);
    const extra = row.entries.length === 0 ? [] : [`[${row.entries.join(", ")}]`];
    const lines = Math.max(left.length, right.length + extra.length);
    const number = (line: Line | null, i: number): string =>
      options.paint.dim((line === null || i > 0 ? "" : String(line.number)).padStart(digits));
    for (let i = 0; i < lines; i++) {
      const l = colour(padded(left[i] ?? "", room));
      const text = right[i] ?? (i === right.length ? extra[0] : undefined) ?? "";
      const sign = colour(i === 0 ? SIGN[row.mark] : " ");
      out.push(`${number(row.c, i)}  ${l} ${sign} ${number(row.ts, i)}  ${colour(text)}`.trimEnd());
    }
  }
  return out;
}

/** Runs of rows of one mark: their C lines, then their TypeScript lines. */
function interleaved(rows: readonly AlignedRow[], digits: number, options: FunctionOptions): string[] {
  const { paint } = options;
  const out: string[] = [];
  const room = options.width - digits - 9;
  const emit = (row: AlignedRow, line: Line | null, side: string): void => {
    if (line === null) return;
    const colour = colourOf(line.mark, paint);
    const text = line.text + (side === "TS" ? ids(row) : "");
    for (const [i, piece] of chop(text, room).entries()) {
      const [sign, name, number] = i === 0 ? [SIGN[line.mark], side, String(line.number)] : ["", "", ""];
      const head = `${colour(sign.padEnd(1))} ${paint.dim(`${name.padEnd(2)} ${number.padStart(digits)}`)}`;
      out.push(`${head}  ${colour(piece)}`.trimEnd());
    }
  };
  const quiet = (row: AlignedRow): boolean => row.mark === "silent" || row.c === null || row.ts === null;
  for (let i = 0; i < rows.length; ) {
    let end = i + 1;
    if (quiet(rows[i]!))
      while (end < rows.length && quiet(rows[end]!) && rows[end]!.mark === rows[i]!.mark) end++;
    const run = rows.slice(i, end);
    for (const row of run) emit(row, row.c, "C");
    for (const row of run) emit(row, row.ts, "TS");
    i = end;
  }
  return out;
}

/** A text of the normal form: its first line behind a label, the others below it. */
function normal(label: string, text: string): string[] {
  return text
    .split("\n")
    .flatMap((line) => chop(line, WIDTH - 7))
    .map((line, i) => `    ${i === 0 ? label : "  "} ${line}`);
}

function difference(report: Report, fn: ReportFunction, d: Difference, paint: Paint): string[] {
  const colour = d.entry === null ? paint.red : paint.yellow;
  const sign = SIGN[d.entry === null ? "differs" : "declared"];
  const out = [`${colour(sign)} ${colour(KINDS[d.kind])}${under(d, report.profiles)}`];
  const side = (label: string, text: string | null, place: Place | null): void => {
    if (text === null) return;
    out.push(...normal(label, text));
    if (place !== null) out.push(paint.dim(`       ${place.path}:${place.line}`));
  };
  side("C ", d.c, d.cLine === null ? null : placeOfC(report, d.cLine));
  side("TS", d.ts, d.tsLine === null || fn.ts === null ? null : { path: fn.ts.path, line: d.tsLine });
  if (isOneSided(d)) out.push(...wrap(d.after === "" ? "at the start" : `after ${d.after}`, WIDTH, "    "));
  if (d.entry !== null) {
    const entry = report.divergences.get(d.entry);
    const at = entry === undefined ? DIVERGENCES : `${DIVERGENCES}:${entry.line}`;
    const what = entry === undefined ? "" : `: ${entry.what}`;
    out.push(...wrap(`declared by ${d.entry} (${at})${what}`, WIDTH, "    "));
    return out;
  }
  const times = repeats(fn.comparison!, d);
  if (times === 0) return [...out, "    undeclared, the same once more"];
  const place = `${statementsPath(fn.file)}, under "functions", "${fn.name}"`;
  out.push(...wrap(`undeclared; if it has to be, the entry for ${place}:`, WIDTH, "    "));
  out.push(`      ${paint.bold(snippet(d, times))}`);
  return out;
}

function one(report: Report, fn: ReportFunction, options: FunctionOptions): string[] {
  const { paint } = options;
  const up = fn.upstream;
  const details = [
    fn.status,
    up?.option ? `needs ${up.option}` : "",
    up?.generator ? `by macro ${up.generator}` : "",
    fn.reason ?? "",
  ];
  const out = [`${paint.bold(`${fn.file} ${fn.name}`)}  ${details.filter((d) => d !== "").join("; ")}`];
  if (fn.comparison !== null) {
    const colour = { identical: paint.green, declared: paint.yellow, differs: paint.red };
    out.push(colour[fn.comparison.verdict](verdictWords(fn.comparison)));
  }
  if (up !== null) {
    const linkage = up.static ? "static" : "external";
    const { path, line } = placeOfC(report, up.first);
    out.push(`C           ${paint.cyan(`${path}:${line}`)}  ${linkage}, ${up.hash}`);
  } else {
    out.push(`C           a macro of ${fn.file}`);
  }
  if (fn.ts === null) out.push(`TypeScript  ${paint.dim(`not in ${MIRRORS.get(fn.file) ?? "src/"}`)}`);
  else
    out.push(
      `TypeScript  ${paint.cyan(`${fn.ts.path}:${fn.ts.first}`)}  ${fn.ts.exported ? "exported" : "not exported"}`,
    );
  const rows = alignedRows(report, fn);
  const numbers = rows.flatMap((r) => [r.c?.number ?? 0, r.ts?.number ?? 0]);
  const digits = String(Math.max(1, ...numbers)).length;
  if (fn.comparison !== null) {
    const legend = `${SIGN.agrees} agrees   ${SIGN.declared} declared difference   ${SIGN.differs} undeclared difference`;
    out.push(paint.dim(legend));
  }
  out.push("");
  const layout = options.width >= SIDE_BY_SIDE && fn.ts !== null && up !== null ? sideBySide : interleaved;
  out.push(...layout(rows, digits, options));
  for (const [i, d] of (fn.comparison?.differences ?? []).entries()) {
    if (i === 0) out.push("", paint.bold("Differences"));
    out.push(...difference(report, fn, d, paint));
  }
  out.push("");
  return out;
}

/** `report` is already about these functions only. */
export function functionReport(report: Report, options: FunctionOptions): string {
  const out = report.functions.flatMap((fn) => one(report, fn, options));
  if (report.findings.length > 0) {
    out.push(options.paint.bold("Findings"), ...findingLines(report.findings, options.paint), "");
    for (const id of [...new Set(report.findings.map((f) => f.rule))].sort()) {
      const advice = options.pages.get(id)?.sections.get("What to do");
      if (advice === undefined) continue;
      const rule = ruleOf(id);
      out.push(options.paint.bold(`${rule.id} ${rule.name}: what to do`));
      out.push(...markdownLines(advice, WIDTH, "  "));
      out.push("");
    }
  }
  return `${out.join("\n").trimEnd()}\n`;
}
