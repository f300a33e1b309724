/**
 * What the port's constants are worth: numbers and texts of module constants, and the lengths of the
 * arrays that constants, fields and locals hold.
 */

import { ts } from "ts-morph";
import { arithmetic, type TsEvaluator } from "../tsvalue.js";
import type { TsConstant } from "../typescript.js";
import type { OptionValues } from "./options.js";

export interface Constants {
  /** Options, and constants that are made of options and literals alone: tests of them are folded. */
  options: OptionValues;
  numbers: ReadonlyMap<string, number>;
  texts: ReadonlyMap<string, string>;
  /** Elements of the arrays that are called so: module constants and fields of classes. */
  lengths: ReadonlyMap<string, number>;
  /** Module constants that are a Ref: C's global variables. */
  refs: ReadonlySet<string>;
}

/** What sizes can be made of. */
type Known = Pick<Constants, "numbers" | "lengths">;

const ARRAY =
  /^(Uint8Array|Uint16Array|Uint32Array|Int8Array|Int16Array|Int32Array|BigInt64Array|BigUint64Array|Array)$/;

/** Bytes of an element. */
export function elementSize(name: string): number {
  return Number(/(8|16|32|64)Array$/.exec(name)?.[1] ?? 64) / 8;
}

/** The elements of an array that an expression makes; undefined if it makes none, or none of a known length. */
export function lengthOf(e: ts.Expression, known: Known): number | undefined {
  if (ts.isAsExpression(e) || ts.isParenthesizedExpression(e) || ts.isSatisfiesExpression(e)) {
    return lengthOf(e.expression, known);
  }
  if (ts.isArrayLiteralExpression(e))
    return e.elements.some(ts.isSpreadElement) ? undefined : e.elements.length;
  if (ts.isNewExpression(e) && ts.isIdentifier(e.expression) && ARRAY.test(e.expression.text)) {
    const first = e.arguments?.[0];
    if (first === undefined || e.arguments?.length !== 1) return undefined;
    return ts.isArrayLiteralExpression(first) ? lengthOf(first, known) : numberOf(first, known);
  }
  if (ts.isCallExpression(e) && ts.isPropertyAccessExpression(e.expression)) {
    const { expression: of, name } = e.expression;
    if (name.text === "of" && ts.isIdentifier(of) && ARRAY.test(of.text)) return e.arguments.length;
    if (name.text === "fill") return lengthOf(of, known);
    if (name.text === "freeze" && e.arguments[0] !== undefined) return lengthOf(e.arguments[0], known);
  }
  return undefined;
}

/** The value of an expression of numbers, constants, and lengths of arrays. */
export function numberOf(e: ts.Expression, known: Known): number | undefined {
  if (ts.isParenthesizedExpression(e)) return numberOf(e.expression, known);
  if (ts.isNumericLiteral(e)) return Number(e.text);
  if (ts.isIdentifier(e)) return known.numbers.get(e.text);
  if (ts.isPropertyAccessExpression(e) && ts.isIdentifier(e.expression) && e.name.text === "length") {
    return known.lengths.get(e.expression.text);
  }
  if (!ts.isBinaryExpression(e)) return undefined;
  const a = numberOf(e.left, known);
  const b = numberOf(e.right, known);
  if (a === undefined || b === undefined) return undefined;
  const value = arithmetic(ts.tokenToString(e.operatorToken.kind) ?? "", a, b);
  return typeof value === "number" ? value : undefined;
}

/** Words of an initializer. */
function wordsOf(c: TsConstant): string[] {
  return c.initializer.getText().match(/[A-Za-z_]\w*/g) ?? [];
}

export function constantsOf(
  all: readonly TsConstant[],
  evaluator: TsEvaluator,
  options: OptionValues,
  sources: Iterable<ts.SourceFile>,
): Constants {
  const folded = new Map<string, number | boolean | null>(options);
  const numbers = new Map<string, number>();
  const texts = new Map<string, string>();
  for (const c of all) {
    const text = c.initializer.getText();
    if (text === "null" && /^[A-Z][A-Z0-9_]*$/.test(c.name)) folded.set(c.name, null);
    const value = options.has(c.name) ? options.get(c.name) : evaluator.value(c);
    if (typeof value === "number") numbers.set(c.name, value);
    else if (typeof value === "string") texts.set(c.name, value);
    if (typeof value !== "number" && typeof value !== "boolean") continue;
    const words = wordsOf(c);
    if (words.length > 0 && words.every((w) => options.has(w))) folded.set(c.name, value);
  }
  const lengths = new Map<string, number>();
  const refs = new Set<string>();
  const note = (name: string, init: ts.Expression): void => {
    const length = lengthOf(init, { numbers, lengths });
    if (length !== undefined) lengths.set(name, length);
  };
  for (const source of sources) {
    for (const n of source.statements) {
      if (ts.isClassDeclaration(n)) {
        for (const m of n.members) {
          /* A list may grow; memory does not. */
          if (
            ts.isPropertyDeclaration(m) &&
            m.initializer !== undefined &&
            ts.isIdentifier(m.name) &&
            !ts.isArrayLiteralExpression(m.initializer)
          )
            note(m.name.text, m.initializer);
        }
      } else if (ts.isVariableStatement(n) && n.declarationList.flags & ts.NodeFlags.Const) {
        for (const d of n.declarationList.declarations) {
          if (d.initializer === undefined || !ts.isIdentifier(d.name)) continue;
          note(d.name.text, d.initializer);
          if (ts.isNewExpression(d.initializer) && d.initializer.expression.getText(source) === "Ref")
            refs.add(d.name.text);
        }
      }
    }
  }
  return { options: folded, numbers, texts, lengths, refs };
}
