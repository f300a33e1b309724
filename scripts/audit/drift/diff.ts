/** A line diff of two pieces of C that does not see comments, blank lines and white space. */

import { diffArrays } from "diff";
import { placeOf, type Upstream } from "../upstream.js";

export interface DiffLine {
  sign: " " | "-" | "+";
  text: string;
  /** Line of the amalgamation, or null where the side has none. */
  before: number | null;
  /** The same in the later version; of the file itself, if that is a source tree. */
  after: number | null;
}

/** Changes that are close to each other, with the lines around them. */
export interface Hunk {
  lines: DiffLine[];
}

interface Line {
  number: number;
  text: string;
  key: string;
}

const CONTEXT = 3;

/** The lines of some ranges that say something; comments count as nothing. */
function codeLines(up: Upstream, ranges: readonly (readonly [number, number])[]): Line[] {
  const found: Line[] = [];
  for (const [first, last] of ranges) {
    for (let i = first; i <= last; i++) {
      const key = up.code[i]!.trim().replace(/\s+/g, " ");
      if (key !== "") found.push({ number: i, text: up.lines[i]!.trimEnd(), key });
    }
  }
  return found;
}

/** Both pieces as one list of lines. */
function script(a: readonly Line[], b: readonly Line[]): DiffLine[] {
  const out: DiffLine[] = [];
  let i = 0;
  let j = 0;
  for (const change of diffArrays([...a], [...b], { comparator: (x, y) => x.key === y.key })) {
    for (let k = 0; k < change.count; k++) {
      if (change.removed) {
        const { text, number } = a[i++]!;
        out.push({ sign: "-", text, before: number, after: null });
      } else if (change.added) {
        const { text, number } = b[j++]!;
        out.push({ sign: "+", text, before: null, after: number });
      } else {
        const { text, number } = a[i++]!;
        out.push({ sign: " ", text, before: number, after: b[j++]!.number });
      }
    }
  }
  return out;
}

/** What separates two pieces; an empty list of ranges is a piece that does not exist. */
export function diffRanges(
  before: { up: Upstream; ranges: readonly (readonly [number, number])[] },
  after: { up: Upstream; ranges: readonly (readonly [number, number])[] },
): Hunk[] {
  const lines = script(codeLines(before.up, before.ranges), codeLines(after.up, after.ranges)).map((line) =>
    line.after === null ? line : { ...line, after: placeOf(after.up, line.after).line },
  );
  const hunks: Hunk[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const [i, line] of lines.entries()) {
    if (line.sign === " ") continue;
    if (i - last > 2 * CONTEXT + 1) hunks.push({ lines: lines.slice(Math.max(0, i - CONTEXT), i) });
    else hunks[hunks.length - 1]!.lines.push(...lines.slice(last + 1, i));
    hunks[hunks.length - 1]!.lines.push(line);
    last = i;
    const next = lines.findIndex((l, k) => k > i && l.sign !== " ");
    if (next < 0 || next - i > 2 * CONTEXT + 1) {
      const context = lines.slice(i + 1, i + 1 + CONTEXT);
      hunks[hunks.length - 1]!.lines.push(...context);
    }
  }
  return hunks;
}

/** The lines that are left out and put in. */
export function changedLines(hunks: readonly Hunk[]): { removed: number; added: number } {
  const lines = hunks.flatMap((h) => h.lines);
  return {
    removed: lines.filter((l) => l.sign === "-").length,
    added: lines.filter((l) => l.sign === "+").length,
  };
}

/**
 * Lines of the earlier piece that a diff touches: those that it removes, and for lines that it only puts
 * in, the neighbours.
 */
export function touchedLines(hunks: readonly Hunk[]): { changed: number[]; around: number[] } {
  const changed: number[] = [];
  const around: number[] = [];
  for (const { lines } of hunks) {
    for (const [i, line] of lines.entries()) {
      if (line.sign === "-") changed.push(line.before!);
      if (line.sign !== "+") continue;
      let first = i;
      while (first > 0 && lines[first - 1]!.sign === "+") first--;
      let last = i;
      while (last + 1 < lines.length && lines[last + 1]!.sign === "+") last++;
      const neighbours = [lines[first - 1], lines[last + 1]];
      /* Next to a removed line the new one replaces it. */
      if (neighbours.some((l) => l?.sign === "-")) continue;
      for (const l of neighbours) if (l !== undefined) around.push(l.before!);
    }
  }
  return { changed: [...new Set(changed)], around: [...new Set(around)] };
}
