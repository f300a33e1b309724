/** Reports about drift as text. */

import type { DiffLine, Hunk } from "./diff.js";
import type { FixAnswer, FixResult } from "./fixes.js";
import type { DriftChange, DriftReport, TsSpan } from "./index.js";

/** Colours; the identity for plain text. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  cyan(text: string): string;
}

const same = (text: string): string => text;
export const NO_PAINT: Paint = { bold: same, dim: same, red: same, green: same, cyan: same };

export interface DriftStyle {
  /** Whether the diffs are shown. */
  diffs: boolean;
  paint: Paint;
}

function renderLine(line: DiffLine, paint: Paint): string {
  const n = (v: number | null): string => (v === null ? "" : String(v)).padStart(6);
  const text = `${line.sign}${line.text === "" ? "" : ` ${line.text}`}`;
  const shown = line.sign === "-" ? paint.red(text) : line.sign === "+" ? paint.green(text) : text;
  return `  ${paint.dim(`${n(line.before)} ${n(line.after)}`)} ${shown}`;
}

/** A diff with the line numbers of both versions. */
export function renderHunks(hunks: readonly Hunk[], paint: Paint): string[] {
  return hunks.flatMap((hunk, i) => [
    ...(i === 0 ? [] : [paint.dim("  ...")]),
    ...hunk.lines.map((line) => renderLine(line, paint)),
  ]);
}

const WHAT: Readonly<Record<TsSpan["what"], string>> = {
  changed: "",
  around: " (next to it)",
  all: " (all of it)",
};

function renderSpans(spans: readonly TsSpan[]): string[] {
  const files = new Map<string, string[]>();
  for (const { path, first, last, what } of spans) {
    const lines = `${first}${last === first ? "" : `-${last}`}${WHAT[what]}`;
    files.set(path, [...(files.get(path) ?? []), lines]);
  }
  return [...files].map(([path, lines]) => `  ${path}:${lines.join(", ")}`);
}

function renderChange(change: DriftChange, { diffs, paint }: DriftStyle): string[] {
  const size = change.hunks.length === 0 ? "" : `, ${change.removed} lines out, ${change.added} in`;
  const moved = change.movedTo === null ? "" : ` to ${change.movedTo}`;
  const notes = change.notes.length === 0 ? "" : `; ${change.notes.join("; ")}`;
  const head = `${paint.bold(change.name)}  ${change.kind} ${change.change}${moved}${size}${notes}`;
  const here =
    change.ts.length === 0 ? [paint.dim("  not in the port")] : renderSpans(change.ts).map(paint.cyan);
  return [head, ...here, ...(diffs ? renderHunks(change.hunks, paint) : [])];
}

/** How many of each kind; `3 functions changed, 1 added`. */
export function driftCounts(report: DriftReport): string {
  const parts: string[] = [];
  for (const kind of ["function", "struct", "constant", "macro"] as const) {
    const own = report.changes.filter((c) => c.kind === kind);
    const counts = (["changed", "moved", "added", "removed"] as const)
      .map((what) => [own.filter((c) => c.change === what).length, what] as const)
      .filter(([n]) => n > 0)
      .map(([n, what]) => `${n} ${what}`);
    if (counts.length > 0) parts.push(`${kind}s: ${counts.join(", ")}`);
  }
  return parts.length === 0 ? "nothing changes" : parts.join("; ");
}

/** The whole report. */
export function renderDrift(
  report: DriftReport,
  style: DriftStyle = { diffs: true, paint: NO_PAINT },
): string {
  const { paint } = style;
  const { pinned, other, age } = report;
  const stands = age === "same version" ? "the same version as" : `${age} than`;
  const out = [
    `${paint.bold(`SQLite ${other.version}`)} (${other.path}) is ${stands} the pinned ${pinned.version} (${pinned.path}).`,
    `Going from ${pinned.version} to ${other.version}, "-" is what only ${pinned.version} has, "+" what only ${other.version} has.`,
  ];
  let file = "";
  for (const change of report.changes) {
    if (change.file !== file) {
      file = change.file;
      out.push("", paint.bold(paint.cyan(file)));
    }
    out.push("", ...renderChange(change, style));
  }
  out.push("", `${driftCounts(report)} (of ${report.entities} functions, structs, constants and macros)`);
  return out.join("\n");
}

function renderAnswer(side: string, answer: FixAnswer, paint: Paint): string[] {
  if (answer.has === null) return [`${side}: there is no such function`];
  const yes = answer.has ? paint.green("yes") : paint.red("no");
  const where = answer.place === null ? "" : `  ${answer.place.path}:${answer.place.first}`;
  return [`${side}: ${yes}${where}`, ...answer.text.map((line) => `    ${line.trim()}`)];
}

/** Whether a fix is in. */
export function renderFix(result: FixResult, paint: Paint = NO_PAINT): string {
  const { fix, version } = result;
  const place = fix.file === "" ? fix.function : `${fix.file} ${fix.function}`;
  const since = fix.since.length === 0 ? "" : `, upstream since ${fix.since.join(" and ")}`;
  return [
    `${paint.bold(fix.id)}: ${fix.title === fix.id ? "" : `${fix.title}; `}${place}${since}`,
    ...renderAnswer(`SQLite ${version}`, result.c, paint),
    ...renderAnswer("the port", result.ts, paint),
    ...(fix.note === null ? [] : [paint.dim(fix.note)]),
  ].join("\n");
}
