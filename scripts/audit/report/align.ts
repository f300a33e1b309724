/**
 * Both sides of a function as rows: every line of C and every line of TypeScript once, lines that
 * belong together in the same row, each row with what the comparison says about it.
 */

import type { Aligned, Comparison, Difference } from "../normal/comparison.js";
import { placeOfC, type Report, type ReportFunction } from "./model.js";

/** agrees; a declared difference; an undeclared one; nothing to say: comments, braces, blank lines. */
export type Mark = "agrees" | "declared" | "differs" | "silent";

/** What a mark looks like: never told by colour alone. */
export const SIGN: Readonly<Record<Mark, string>> = { agrees: "=", declared: "~", differs: "!", silent: " " };

export interface Line {
  /** As a reader counts it: in the amalgamation, the file of a source tree, or our file. */
  number: number;
  text: string;
  /** What is said about this line alone. */
  mark: Mark;
}

export interface AlignedRow {
  c: Line | null;
  ts: Line | null;
  /** The stronger one of both sides. */
  mark: Mark;
  /** Entries of docs/divergences.md that declare the differences of this row. */
  entries: readonly string[];
}

type Range = readonly [first: number, last: number];

/** Pairs of lines where both sides start a statement together: strictly increasing on both sides. */
function anchors(aligned: readonly Aligned[], c: Range, ts: Range): [number, number][] {
  const inside = (line: number, range: Range): boolean => line >= range[0] && line <= range[1];
  const pairs: [number, number][] = [];
  for (const a of aligned) {
    if (a.c !== null && a.ts !== null && inside(a.c[0], c) && inside(a.ts[0], ts))
      pairs.push([a.c[0], a.ts[0]]);
  }
  pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  /* The longest chain; quadratic, and functions are short. */
  const length: number[] = [];
  const previous: number[] = [];
  let best = -1;
  for (const [i, p] of pairs.entries()) {
    length[i] = 1;
    previous[i] = -1;
    for (let j = 0; j < i; j++) {
      const q = pairs[j]!;
      if (q[0] < p[0] && q[1] < p[1] && length[j]! + 1 > length[i]!) {
        length[i] = length[j]! + 1;
        previous[i] = j;
      }
    }
    if (best < 0 || length[i]! > length[best]!) best = i;
  }
  const chain: [number, number][] = [];
  for (let i = best; i >= 0; i = previous[i]!) chain.push(pairs[i]!);
  return chain.reverse();
}

interface Marked {
  mark: Mark;
  entries: Set<string>;
}

const STRENGTH: Readonly<Record<Mark, number>> = { silent: 0, agrees: 1, declared: 2, differs: 3 };

/** What is said about each line of one side. */
function marks(comparison: Comparison, side: "c" | "ts"): Map<number, Marked> {
  const found = new Map<number, Marked>();
  const lineOf = (d: Difference): number | null => (side === "c" ? d.cLine : d.tsLine);
  const within = (range: Range | null, line: number | null): boolean =>
    range !== null && line !== null && line >= range[0] && line <= range[1];
  /* Long ranges first: what is inside them overrides. */
  const entries = comparison.aligned
    .filter((a) => a[side] !== null)
    .sort((a, b) => b[side]![1] - b[side]![0] - (a[side]![1] - a[side]![0]));
  for (const a of entries) {
    let mark: Mark = "agrees";
    const ids = new Set<string>();
    if (!a.same) {
      const here = comparison.differences.filter((d) => within(a.c, d.cLine) || within(a.ts, d.tsLine));
      for (const d of here) if (d.entry !== null) ids.add(d.entry);
      const declared =
        here.length > 0 ? here.every((d) => d.entry !== null) : comparison.verdict !== "differs";
      mark = declared ? "declared" : "differs";
    }
    const [first, last] = a[side]!;
    for (let line = first; line <= last; line++) found.set(line, { mark, entries: new Set(ids) });
  }
  for (const d of comparison.differences) {
    const line = lineOf(d);
    if (line === null) continue;
    const mark: Mark = d.entry === null ? "differs" : "declared";
    const at = found.get(line) ?? { mark, entries: new Set<string>() };
    if (at.mark === "agrees" || STRENGTH[mark] > STRENGTH[at.mark]) at.mark = mark;
    if (d.entry !== null) at.entries.add(d.entry);
    found.set(line, at);
  }
  return found;
}

const NOTHING: Comparison = { verdict: "identical", score: 1, statements: 0, differences: [], aligned: [] };

/** The rows of a function; one side is empty where there is no such side. */
export function alignedRows(report: Report, fn: ReportFunction): AlignedRow[] {
  const comparison = fn.comparison ?? NOTHING;
  const c: Range =
    fn.upstream === null ? macroRange(comparison.aligned) : [fn.upstream.first, fn.upstream.last];
  const ts: Range = fn.ts === null ? [1, 0] : [fn.ts.first, fn.ts.last];
  const tsText = fn.ts === null ? [] : (report.tsLines.get(fn.ts.path) ?? []);
  const cMarks = marks(comparison, "c");
  const tsMarks = marks(comparison, "ts");
  const line = (lines: readonly string[], n: number, said: Marked | undefined): Line => ({
    number: n,
    text: (lines[n] ?? "").trimEnd().replaceAll("\t", "  "),
    mark: said?.mark ?? "silent",
  });
  const rows: AlignedRow[] = [];
  const add = (cFrom: number, cTo: number, tsFrom: number, tsTo: number): void => {
    for (let i = 0; cFrom + i < cTo || tsFrom + i < tsTo; i++) {
      const [cn, tn] = [cFrom + i, tsFrom + i];
      const cSaid = cMarks.get(cn);
      const tsSaid = tsMarks.get(tn);
      const cLine =
        cn < cTo ? { ...line(report.cLines, cn, cSaid), number: placeOfC(report, cn).line } : null;
      const tsLine = tn < tsTo ? line(tsText, tn, tsSaid) : null;
      const marks = [cLine, tsLine].flatMap((l) => (l === null ? [] : [l.mark]));
      const mark = marks.reduce((a, b) => (STRENGTH[b] > STRENGTH[a] ? b : a));
      const entries = new Set<string>();
      if (cLine !== null) for (const id of cSaid?.entries ?? []) entries.add(id);
      if (tsLine !== null) for (const id of tsSaid?.entries ?? []) entries.add(id);
      rows.push({ c: cLine, ts: tsLine, mark, entries: [...entries].sort() });
    }
  };
  let [cAt, tsAt] = [c[0], ts[0]];
  const stops = anchors(comparison.aligned, c, ts);
  for (const [cStop, tsStop] of [...stops, [c[1] + 1, ts[1] + 1] as const]) {
    add(cAt, cStop, tsAt, tsStop);
    [cAt, tsAt] = [cStop, tsStop];
  }
  return rows;
}

/** The lines of a macro are known only from what was compared. */
function macroRange(aligned: readonly Aligned[]): Range {
  const lines = aligned.flatMap((a) => (a.c === null ? [] : [...a.c]));
  return lines.length === 0 ? [1, 0] : [Math.min(...lines), Math.max(...lines)];
}
