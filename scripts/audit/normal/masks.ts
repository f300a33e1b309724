/** Where values are cut to a width: compared in trees that are equal otherwise. */

import type { Found } from "./diff.js";
import { isTruth, type Node } from "./form.js";
import { bodies, printHead } from "./print.js";

interface Wrapped {
  inner: Node;
  types: string[];
}

function unwrap(n: Node): Wrapped {
  const types: string[] = [];
  let inner = n;
  while (inner.op === "wrap") {
    types.push(inner.text);
    inner = inner.kids[0]!;
  }
  return { inner, types };
}

/** In JavaScript these give a signed number; `>>> 0` behind them makes it u32 again. */
const SIGNED: ReadonlySet<string> = new Set(["&", "|", "^", "<<", ">>", "~"]);

/** Results of these can leave the range of their operands. */
const GROWS: ReadonlySet<string> = new Set(["+", "-", "*", "<<", "~"]);

/** The low bits of their results come from the low bits of their operands. */
const RING: ReadonlySet<string> = new Set(["+", "-", "*"]);

function isOperation(n: Node, operators: ReadonlySet<string>): boolean {
  return (n.op === "bin" || n.op === "un") && operators.has(n.text);
}

/** `x + 1`: what counts up. */
function isCounting(e: Node): boolean {
  return e.op === "bin" && e.text === "+" && e.kids[1]!.op === "num";
}

/**
 * Whether TypeScript must cut where C does. Every cast of C's must be said, unless the value is a
 * constant or a truth; a conversion where the result of an operation may leave the type. A u32 to which
 * a constant is added is taken to stay in its range.
 */
function isNeeded(type: string, inner: Node): boolean {
  if (isConstant(inner) || isTruth(inner)) return false;
  if (type === "u32?") return isOperation(inner, GROWS) && !isCounting(inner);
  if (/^(u8|u16|i8|i16)\?$/.test(type)) return isOperation(inner, GROWS);
  return !type.endsWith("?");
}

function isConstant(e: Node): boolean {
  return e.op === "num" || e.op === "size" || (e.op === "bin" && e.kids.every(isConstant));
}

/** A conversion to a type that is not known here. */
export const ANY = "any";

/** Types of parameters as the names of cuts: C cuts the argument when it calls. */
export type Widths = ReadonlyMap<string, string>;

/** What `>>>` does to its left operand, where C shifts an unsigned number. */
const UNSIGNED = "shr";

/** `Math.imul`: fine where C multiplies 32-bit numbers, or looks at that many bits. */
const LOW_PRODUCT = "imul";

/**
 * The cuts of two equal expressions do not agree. `bits`: 32 bits of them are looked at in any
 * case. `stored`: they go into an element of an array, which cuts them itself.
 */
function disagree(c: Node, ts: Node, widths: Widths, bits = false, stored = false, low = false): boolean {
  const a = unwrap(c);
  const b = unwrap(ts);
  const mine = new Set(b.types);
  if (mine.has(LOW_PRODUCT) && !low && !bits && !a.types.some((t) => /32/.test(t))) return true;
  mine.delete(LOW_PRODUCT);
  for (const t of a.types) {
    if (bits && /32/.test(t)) continue;
    if (stored && t.endsWith("?") && !/32/.test(t)) continue;
    const type = t.replace("?", "");
    if (isNeeded(t, a.inner) && !mine.has(type) && !(type === "u32" && mine.has("u16"))) return true;
  }
  /* What is not negative may be shifted either way. */
  mine.delete(UNSIGNED);
  const allowed = new Set(a.types.map((t) => t.replace("?", "")));
  if (allowed.has(ANY)) mine.clear();
  for (const t of mine) {
    /* A step of a field that is that wide, and the operators that give signed numbers. */
    if (b.inner.op === "name" && widths.get(b.inner.text) === t) continue;
    if (b.inner.op === "step" || (t === "u32" && isOperation(b.inner, SIGNED))) continue;
    if (!allowed.has(t)) return true;
  }
  if (a.inner.kids.length !== b.inner.kids.length) return false;
  const inBits = isOperation(a.inner, SIGNED);
  const toElement = a.inner.op === "assign" && a.inner.kids[0]!.op === "index";
  const inLow = (low || a.types.some((t) => /32/.test(t))) && isOperation(a.inner, RING);
  return a.inner.kids.some((k, i) =>
    disagree(k, b.inner.kids[i]!, widths, inBits, toElement && i === 1, inLow),
  );
}

/** Heads of statements that are equal but for what is cut. */
export function maskDifferences(c: Node, ts: Node, widths: Widths): Found[] {
  const inner = new Set(bodies(c));
  const differs = c.kids.some((k, i) => !inner.has(k) && disagree(k, ts.kids[i]!, widths));
  if (!differs) return [];
  return [
    { kind: "mask", c: printHead(c), ts: printHead(ts), cLine: c.line, tsLine: ts.line, run: 0, after: "" },
  ];
}
