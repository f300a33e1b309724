/** Tests of compile-time options on the TypeScript side: what C decides with `#if`. */

import { ts } from "ts-morph";
import { arithmetic } from "../tsvalue.js";

/** Values of the constants in src/options.ts under a profile, and of those made of them; null: not set. */
export type OptionValues = ReadonlyMap<string, number | boolean | null>;

type Value = number | boolean | null | undefined;

/** The truth of an expression made of options and numbers alone; undefined for any other. */
export function foldOption(e: ts.Expression, options: OptionValues): boolean | undefined {
  if (!mentionsOption(e, options)) return undefined;
  const v = value(e, options);
  return v === undefined ? undefined : Boolean(v);
}

function mentionsOption(e: ts.Node, options: OptionValues): boolean {
  if (ts.isIdentifier(e)) return options.has(e.text);
  return ts.forEachChild(e, (child) => mentionsOption(child, options) || undefined) ?? false;
}

function value(e: ts.Expression, options: OptionValues): Value {
  if (ts.isParenthesizedExpression(e)) return value(e.expression, options);
  if (ts.isIdentifier(e)) return options.get(e.text);
  if (ts.isNumericLiteral(e)) return Number(e.text);
  if (e.kind === ts.SyntaxKind.NullKeyword) return null;
  if (e.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (e.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (ts.isPrefixUnaryExpression(e) && e.operator === ts.SyntaxKind.ExclamationToken) {
    const v = value(e.operand, options);
    return v === undefined ? undefined : !v;
  }
  if (!ts.isBinaryExpression(e)) return undefined;
  const a = value(e.left, options);
  const b = value(e.right, options);
  const kind = e.operatorToken.kind;
  if (kind === ts.SyntaxKind.AmpersandAmpersandToken) {
    if (a !== undefined && !a) return false;
    if (b !== undefined && !b) return false;
    return a === undefined || b === undefined ? undefined : true;
  }
  if (kind === ts.SyntaxKind.BarBarToken) {
    if (a !== undefined && a) return true;
    if (b !== undefined && b) return true;
    return a === undefined || b === undefined ? undefined : false;
  }
  if (a === undefined || b === undefined) return undefined;
  const isEqual = (a === null) === (b === null) && Number(a) === Number(b);
  if (kind === ts.SyntaxKind.EqualsEqualsEqualsToken) return isEqual;
  if (kind === ts.SyntaxKind.ExclamationEqualsEqualsToken) return !isEqual;
  return arithmetic(ts.tokenToString(kind) ?? "", Number(a), Number(b));
}
