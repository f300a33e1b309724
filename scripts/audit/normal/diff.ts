/** Compares two bodies in the normal form: statements are aligned, what differs is named. */

import type { Aligned, Difference } from "./comparison.js";
import type { Node } from "./form.js";
import { maskDifferences, type Widths } from "./masks.js";
import { bodies, printHead, printStatement } from "./print.js";
import { assignment, isZeros, keyOf } from "./tree.js";

/** `run`: statements of one list, one behind the other, that one side lacks have the same number. */
export type Found = Omit<Difference, "profiles" | "entry"> & { run: number };

export interface Diff {
  differences: Found[];
  aligned: Aligned[];
  /** Heads of statements: in C, in TypeScript, and those that agree. */
  c: number;
  ts: number;
  same: number;
  /** Number of the last run. */
  runs: number;
}

/** What is known of the C function besides its body. */
export interface Context {
  /** Locals that it declares without a value. */
  uninitialized: ReadonlySet<string>;
  /** Parameters that are narrower than an int. */
  widths: Widths;
}

export function diffBodies(c: Node, ts: Node, context: Context): Diff {
  const d: Diff = { differences: [], aligned: [], c: 0, ts: 0, same: 0, runs: 0 };
  diffLists(c.kids, ts.kids, context, d);
  return d;
}

/** Values that a variable gets only because TypeScript wants one. */
function isIdle(s: Node, uninitialized: ReadonlySet<string>): boolean {
  const a = assignment(s);
  if (a === null || !a.init || a.to.op !== "name" || !uninitialized.has(a.to.text)) return false;
  return a.from.op === "num" || (a.from.op === "list" && a.from.kids.length === 0);
}

/** What counts: no declarations, and no asserts that macros have made true. */
function said(list: readonly Node[]): Node[] {
  return list.filter(
    (s) => s.op !== "declare" && !(s.op === "assert" && s.kids[0]!.op === "num" && s.kids[0]!.text !== "0"),
  );
}

/** C's initial zeros of what is fresh memory in TypeScript. */
function isFresh(s: Node, tss: readonly Node[]): boolean {
  const a = assignment(s);
  if (a === null || !a.init || a.to.op !== "name") return false;
  return isZeros(a.from) && tss.some((t) => t.op === "declare" && t.init === true && t.text === a.to.text);
}

function diffLists(cs: readonly Node[], tss: readonly Node[], context: Context, d: Diff): void {
  const c = said(cs).filter((s) => !isFresh(s, tss));
  const ts = said(tss).filter((s) => !isIdle(s, context.uninitialized));
  let before = "";
  let after = "";
  for (const [i, j] of align(c, ts)) {
    const side = i === null ? "ts" : j === null ? "c" : "both";
    if (side !== before || side === "both") d.runs++;
    before = side;
    if (i !== null && j !== null) {
      diffPair(c[i]!, ts[j]!, context, d);
      after = printHead(c[i]!, false);
    } else if (i !== null) onlyC(c[i]!, after, d);
    else onlyTs(ts[j!]!, after, d);
  }
}

/** How many heads a statement consists of. */
function heads(s: Node): number {
  return bodies(s).reduce(
    (sum, b) => sum + b.kids.reduce((n, k) => n + heads(k), 0),
    s.op === "declare" ? 0 : 1,
  );
}

function onlyC(s: Node, after: string, d: Diff): void {
  d.c += heads(s);
  d.differences.push({
    kind: "missing",
    c: printStatement(s, false),
    ts: null,
    cLine: s.line,
    tsLine: null,
    run: d.runs,
    after,
  });
  d.aligned.push({ c: [s.line, s.end], ts: null, same: false });
}

function onlyTs(s: Node, after: string, d: Diff): void {
  d.ts += heads(s);
  d.differences.push({
    kind: "extra",
    c: null,
    ts: printStatement(s, false),
    cLine: null,
    tsLine: s.line,
    run: d.runs,
    after,
  });
  d.aligned.push({ c: null, ts: [s.line, s.end], same: false });
}

function headEnd(s: Node): number {
  const inner = bodies(s).filter((b) => b.kids.length > 0);
  if (s.op === "do" || inner.length === 0) return bodies(s).length > 0 ? s.line : s.end;
  return Math.max(s.line, Math.min(inner[0]!.kids[0]!.line - 1, s.end));
}

function diffPair(c: Node, ts: Node, context: Context, d: Diff): void {
  d.c++;
  d.ts++;
  const cHead = printHead(c, false);
  const tsHead = printHead(ts, false);
  const same = cHead === tsHead;
  const cBodies = bodies(c);
  const tsBodies = bodies(ts);
  if (same) {
    d.same++;
    d.differences.push(...maskDifferences(c, ts, context.widths));
  } else {
    d.differences.push({
      kind: "changed",
      c: cHead,
      ts: tsHead,
      cLine: c.line,
      tsLine: ts.line,
      run: 0,
      after: "",
    });
  }
  d.aligned.push({ c: [c.line, headEnd(c)], ts: [ts.line, headEnd(ts)], same });
  for (const [i, body] of cBodies.entries()) diffLists(body.kids, tsBodies[i]!.kids, context, d);
}

/* ------------------------------------------------------------------ alignment */

/** Pairs of indices in order; null where one side has nothing. */
function align(c: readonly Node[], ts: readonly Node[]): [number | null, number | null][] {
  const pairs: [number | null, number | null][] = [];
  let i = 0;
  let j = 0;
  for (const [a, b] of [...common(c.map(keyOf), ts.map(keyOf)), [c.length, ts.length] as const]) {
    pairs.push(...gap(c, ts, i, a, j, b));
    if (a < c.length) pairs.push([a, b]);
    i = a + 1;
    j = b + 1;
  }
  return pairs;
}

/** Indices of a longest common subsequence. */
function common(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  let start = 0;
  const found: (readonly [number, number])[] = [];
  while (start < a.length && start < b.length && a[start] === b[start]) found.push([start, start++]);
  const n = a.length - start;
  const m = b.length - start;
  if (n === 0 || m === 0) return found;
  const width = m + 1;
  const length = new Uint16Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      length[i * width + j] =
        a[start + i] === b[start + j]
          ? length[(i + 1) * width + j + 1]! + 1
          : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
    }
  }
  for (let i = 0, j = 0; i < n && j < m; ) {
    if (a[start + i] === b[start + j]) found.push([start + i++, start + j++]);
    else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i++;
    else j++;
  }
  return found;
}

/** Aligns what lies between two statements that agree: by likeness. */
function gap(
  c: readonly Node[],
  ts: readonly Node[],
  i0: number,
  i1: number,
  j0: number,
  j1: number,
): [number | null, number | null][] {
  const n = i1 - i0;
  const m = j1 - j0;
  if (n === 0) return Array.from({ length: m }, (_, j) => [null, j0 + j]);
  if (m === 0) return Array.from({ length: n }, (_, i) => [i0 + i, null]);
  const like = (i: number, j: number): number => likeness(c[i0 + i]!, ts[j0 + j]!);
  const width = m + 1;
  const best = new Float64Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      const s = like(i, j);
      const paired = s > 0 ? best[(i + 1) * width + j + 1]! + s : -1;
      best[i * width + j] = Math.max(paired, best[(i + 1) * width + j]!, best[i * width + j + 1]!);
    }
  }
  const pairs: [number | null, number | null][] = [];
  let i = 0;
  let j = 0;
  while (i < n && j < m) {
    const s = like(i, j);
    const here = best[i * width + j]!;
    if (s > 0 && here === best[(i + 1) * width + j + 1]! + s) pairs.push([i0 + i++, j0 + j++]);
    else if (here === best[(i + 1) * width + j]!) pairs.push([i0 + i++, null]);
    else pairs.push([null, j0 + j++]);
  }
  while (i < n) pairs.push([i0 + i++, null]);
  while (j < m) pairs.push([null, j0 + j++]);
  return pairs;
}

const BAGS = new WeakMap<Node, Map<string, number>>();

function bagOf(s: Node): Map<string, number> {
  let bag = BAGS.get(s);
  if (bag === undefined) {
    bag = new Map();
    for (const w of keyOf(s).match(/\w+|[^\s\w]+/g) ?? []) bag.set(w, (bag.get(w) ?? 0) + 1);
    BAGS.set(s, bag);
  }
  return bag;
}

/** How alike two statements are, 0 to 1; 0 for those that must not be paired. */
function likeness(a: Node, b: Node): number {
  if (a.op !== b.op) return 0;
  const x = bagOf(a);
  const y = bagOf(b);
  let shared = 0;
  let all = 0;
  for (const [w, n] of x) {
    shared += Math.min(n, y.get(w) ?? 0);
    all += n;
  }
  for (const n of y.values()) all += n;
  const dice = (2 * shared) / all;
  return dice < 0.4 ? 0 : dice;
}
