/** Constants and results that become others. */

import { ts } from "ts-morph";
import { type Body, bare } from "./body.js";

/** The number that follows, written the same way. */
function next(literal: string): string {
  const big = literal.endsWith("n");
  const digits = (big ? literal.slice(0, -1) : literal).replaceAll("_", "");
  const tail = big ? "n" : "";
  if (/^0[xX]/.test(digits)) return `0x${(BigInt(digits) + 1n).toString(16)}${tail}`;
  if (/^0[oO]/.test(digits)) return `0o${(BigInt(digits) + 1n).toString(8)}${tail}`;
  if (/^\d+$/.test(digits)) return `${BigInt(digits) + 1n}${tail}`;
  return String(Number(digits) + 1);
}

/** Another first character; the length stays unless there is none or it is an escape. */
function otherText(literal: string): string {
  const quote = literal[0]!;
  const first = literal[1]!;
  const rest = first === quote || first === "\\" || first === "$" ? literal.slice(1) : literal.slice(2);
  return `${quote}${first === "x" ? "y" : "x"}${rest}`;
}

/** A name of a property in a literal, which is no value. */
function isKey(node: ts.Node): boolean {
  return ts.isPropertyAssignment(node.parent) && node.parent.name === node;
}

export function changeConstants(body: Body): void {
  for (const node of body.nodes) {
    if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) {
      if (!isKey(node)) body.become("change-constant", node, next(body.of(node)));
    } else if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      if (!isKey(node)) body.become("change-constant", node, otherText(body.of(node)));
    } else if (ts.isTemplateHead(node)) {
      body.become("change-constant", node, otherText(body.of(node)));
    } else if (node.kind === ts.SyntaxKind.NullKeyword) {
      const other = body.pick(body.inScope(body.start(node)), (v) => !comparedWith(body, node, v.name));
      body.become("change-constant", node, other?.name ?? "1");
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) {
      body.become("change-constant", node, "false");
    } else if (node.kind === ts.SyntaxKind.FalseKeyword) {
      body.become("change-constant", node, "true");
    } else if (body.isConstant(node)) {
      const other = body.otherConstant(node.text);
      if (other !== null) body.become("change-constant", node, other);
    }
  }
}

/** Whether the variable is what the null stands against, so that `p === p` would come of it. */
function comparedWith(body: Body, node: ts.Node, name: string): boolean {
  const parent = node.parent;
  if (!ts.isBinaryExpression(parent)) return false;
  return body.of(bare(parent.left)) === name || body.of(bare(parent.right)) === name;
}

/** What C writes as 0. */
function isNothing(e: ts.Expression): boolean {
  return (
    e.kind === ts.SyntaxKind.NullKeyword ||
    e.kind === ts.SyntaxKind.FalseKeyword ||
    (ts.isNumericLiteral(e) && Number(e.text) === 0) ||
    (ts.isIdentifier(e) && e.text === "SQLITE_OK")
  );
}

export function changeReturns(body: Body): void {
  for (const node of body.nodes) {
    if (!ts.isReturnStatement(node) || node.expression === undefined) continue;
    const value = bare(node.expression);
    body.become("change-return", node.expression, isNothing(value) ? "1" : "0");
    const other = body.otherVariable(node.expression);
    if (other !== null) body.become("change-return", node.expression, other.name);
  }
}
