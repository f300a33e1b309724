/** Walking and rebuilding trees of the normal form. */

import { isZero, type Node } from "./form.js";
import { printExpression, printStatement } from "./print.js";

const EXPRESSION_KEYS = new WeakMap<Node, string>();
const STATEMENT_KEYS = new WeakMap<Node, string>();

const STATEMENTS: ReadonlySet<string> = new Set([
  "seq",
  "expr",
  "assert",
  "if",
  "while",
  "do",
  "for",
  "switch",
  "case",
  "default",
  "break",
  "continue",
  "return",
  "goto",
  "label",
  "declare",
]);

export function isStatement(n: Node): boolean {
  return STATEMENTS.has(n.op);
}

/** A text that is equal for equal trees, wherever they stand and whatever is cut to a width. */
export function keyOf(n: Node): string {
  const cache = isStatement(n) ? STATEMENT_KEYS : EXPRESSION_KEYS;
  let key = cache.get(n);
  if (key === undefined) {
    key = isStatement(n) ? printStatement(n, false) : printExpression(n, false);
    cache.set(n, key);
  }
  return key;
}

/** The tree with `change` applied from the leaves up; unchanged parts are shared. */
export function rewrite(n: Node, change: (n: Node) => Node): Node {
  let changed = false;
  const kids = n.kids.map((k) => {
    const next = rewrite(k, change);
    if (next !== k) changed = true;
    return next;
  });
  return change(changed ? { ...n, kids: splice(n, kids) } : n);
}

/** Lists inside a list are spliced in. */
function splice(n: Node, kids: readonly Node[]): readonly Node[] {
  return n.op === "seq" ? kids.flatMap((k) => (k.op === "seq" ? k.kids : [k])) : kids;
}

/** How often `test` holds in the tree. */
export function count(n: Node, test: (n: Node) => boolean): number {
  let found = test(n) ? 1 : 0;
  for (const k of n.kids) found += count(k, test);
  return found;
}

/** A name as such. */
export function isName(n: Node, text?: string): boolean {
  return n.op === "name" && (text === undefined || n.text === text);
}

/** An expression statement that assigns; null for any other. */
export function assignment(s: Node): { to: Node; from: Node; init: boolean } | null {
  const e = s.op === "expr" ? s.kids[0]! : null;
  if (e === null || e.op !== "assign") return null;
  return { to: e.kids[0]!, from: e.kids[1]!, init: s.init === true || e.init === true };
}

/** Zero, or a list of zeros. */
export function isZeros(e: Node): boolean {
  return e.op === "list" ? e.kids.every(isZeros) : isZero(e);
}
