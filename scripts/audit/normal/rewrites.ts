/**
 * Declared ways of saying something: patterns of TypeScript expressions and what stands for them in C,
 * both written as TypeScript. `$x` stands for any expression, the same one wherever it is repeated.
 */

import { ts } from "ts-morph";
import type { Constants } from "./constants.js";
import { binary, type Node } from "./form.js";
import { keyOf, rewrite } from "./tree.js";
import { expression } from "./ts-expression.js";

/** One rewriting, as the ledger has it. */
export interface Rewrite {
  /** The entry of docs/divergences.md that explains it. */
  id: string;
  ts: string;
  /** Empty: a statement that consists of the expression does not exist in C. */
  c: string;
  /** Where it may be applied; left out: in the whole file. */
  functions?: string[];
  /** How many places of the file say it so, each function counted under the first profile that compiles it. */
  times: number;
}

export interface Rule {
  rewrite: Rewrite;
  from: Node;
  to: Node | null;
}

const NO_CONSTANTS: Constants = {
  options: new Map(),
  numbers: new Map(),
  texts: new Map(),
  lengths: new Map(),
  refs: new Set(),
};

/** Reads an expression of TypeScript; `&x` is C's address of x, written `addr(x)`. */
function parse(text: string): Node {
  const source = ts.createSourceFile("rewrite.ts", `(${text});`, ts.ScriptTarget.ES2023, false);
  const only = source.statements[0];
  if (source.statements.length !== 1 || only === undefined || !ts.isExpressionStatement(only)) {
    throw new Error(`not an expression: ${text}`);
  }
  const scope = {
    source,
    constants: NO_CONSTANTS,
    lengths: new Map<string, readonly [number, number]>(),
    refFields: new Set<string>(),
    refLocals: new Set<string>(),
    refAliases: new Map<string, Node>(),
    lineArguments: [],
  };
  return rewrite(expression(only.expression, scope), (n) =>
    n.op === "call" && n.kids[0]!.text === "addr" && n.kids.length === 2
      ? { ...n, op: "un", text: "&", kids: [n.kids[1]!] }
      : n,
  );
}

export function ruleOf(r: Rewrite): Rule {
  return { rewrite: r, from: parse(r.ts), to: r.c === "" ? null : parse(r.c) };
}

type Bindings = Map<string, Node>;

function matches(n: Node, pattern: Node, bound: Bindings): boolean {
  if (pattern.op === "name" && pattern.text.startsWith("$")) {
    const known = bound.get(pattern.text);
    if (known !== undefined) return keyOf(known) === keyOf(n);
    bound.set(pattern.text, n);
    return true;
  }
  if (n.op === "wrap" && pattern.op !== "wrap") return matches(n.kids[0]!, pattern, bound);
  return (
    n.op === pattern.op &&
    n.text === pattern.text &&
    n.kids.length === pattern.kids.length &&
    n.kids.every((k, i) => matches(k, pattern.kids[i]!, bound))
  );
}

function instance(pattern: Node, bound: Bindings, at: Node): Node {
  const value = pattern.op === "name" ? bound.get(pattern.text) : undefined;
  if (value !== undefined) return value;
  const kids = pattern.kids.map((k) => instance(k, bound, at));
  if (pattern.op === "bin") return binary(pattern.text, kids[0]!, kids[1]!, at.line, at.end);
  return { ...pattern, kids, line: at.line, end: at.end };
}

/** Applies the rules to a body; `used` hears of each that did something. */
export function applyRules(body: Node, rules: readonly Rule[], used: (r: Rewrite) => void): Node {
  if (rules.length === 0) return body;
  return rewrite(body, (n) => {
    for (const rule of rules) {
      const bound: Bindings = new Map();
      if (rule.to === null) {
        if (n.op === "expr" && matches(n.kids[0]!, rule.from, bound)) {
          used(rule.rewrite);
          return { ...n, op: "seq", text: "", kids: [] };
        }
      } else if (n.op === rule.from.op && matches(n, rule.from, bound)) {
        used(rule.rewrite);
        return instance(rule.to, bound, n);
      }
    }
    return n;
  });
}
