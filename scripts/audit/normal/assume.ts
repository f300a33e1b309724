/** Folds C's body under what the ledger assumes. */

import type { Assumption } from "./declared.js";
import { asTest, bool, type Node, seq } from "./form.js";
import { isStatement, keyOf, rewrite } from "./tree.js";

/** The body with each expression replaced by its value where it is read; `used` hears of each that is. */
export function assume(body: Node, assumptions: readonly Assumption[], used: (a: Assumption) => void): Node {
  if (assumptions.length === 0) return body;
  const values = new Map(assumptions.map((a) => [a.c, a]));
  const replace = (n: Node, isTarget: boolean): Node => {
    const a = isStatement(n) || isTarget ? undefined : values.get(keyOf(n));
    if (a !== undefined) {
      used(a);
      return { ...n, op: "num", text: a.value, kids: [] };
    }
    const kids = n.kids.map((k, i) => replace(k, i === 0 && (n.op === "assign" || n.op === "step")));
    return kids.every((k, i) => k === n.kids[i]) ? n : { ...n, kids };
  };
  return rewrite(replace(body, false), fold);
}

/** The truth of a number; null for anything else. */
function truth(e: Node): boolean | null {
  return e.op === "num" ? e.text !== "0" : null;
}

function number(value: boolean, at: Node): Node {
  return { ...at, op: "num", text: value ? "1" : "0", kids: [] };
}

/** Kids of which only the truth counts, as {@link asTest} says. */
function tested(n: Node): Node {
  const isTest = (i: number): boolean => {
    if (n.op === "if" || n.op === "while" || n.op === "cond") return i === 0;
    if (n.op === "do" || n.op === "for") return i === 1;
    return (
      n.op === "assert" || (n.op === "un" && n.text === "!") || (n.op === "bin" && /^(&&|\|\|)$/.test(n.text))
    );
  };
  const kids = n.kids.map((k, i) => (isTest(i) ? asTest(k) : k));
  return kids.every((k, i) => k === n.kids[i]) ? n : { ...n, kids };
}

function fold(given: Node): Node {
  const n = tested(given);
  const first = n.kids[0];
  const value = first === undefined ? null : truth(first);
  switch (n.op) {
    case "if":
      return value === null ? n : value ? n.kids[1]! : n.kids[2]!;
    case "cond":
      return value === null ? n : value ? n.kids[1]! : n.kids[2]!;
    case "while":
      return value === false ? seq([], n.line, n.end) : n;
    case "un":
      return n.text === "!" && value !== null ? number(!value, n) : n;
    case "bool":
      return value === null ? n : number(value, n);
    case "bin":
      return n.text === "&&" || n.text === "||" ? logical(n) : n;
    default:
      return n;
  }
}

function logical(n: Node): Node {
  const isAnd = n.text === "&&";
  const [a, b] = [n.kids[0]!, n.kids[1]!];
  const left = truth(a);
  if (left !== null) return left === isAnd ? bool(b) : number(!isAnd, n);
  const right = truth(b);
  return right === isAnd ? bool(a) : n;
}
