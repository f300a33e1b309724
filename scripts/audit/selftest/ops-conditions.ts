/** Conditions that turn round, lose a part or go one step further; assignments inside expressions. */

import { ts } from "ts-morph";
import { type Body, bare, calleeName, isAssignment, isForEffect, isSimple, isStep } from "./body.js";

/** The condition of a statement or of `?:`, or what an assert states. */
function conditionOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node) || ts.isDoStatement(node)) return node.expression;
  if (ts.isForStatement(node) || ts.isConditionalExpression(node)) return node.condition;
  if (ts.isCallExpression(node) && calleeName(node) === "assert") return node.arguments[0];
  return undefined;
}

function negated(body: Body, e: ts.Expression): string {
  const inner = ts.isParenthesizedExpression(e) ? bare(e) : e;
  if (ts.isPrefixUnaryExpression(inner) && inner.operator === ts.SyntaxKind.ExclamationToken) {
    return body.of(inner.operand);
  }
  if (inner.kind === ts.SyntaxKind.TrueKeyword) return "false";
  return isSimple(e) ? `!${body.of(e)}` : `!(${body.of(e)})`;
}

export function negateConditions(body: Body): void {
  for (const node of body.nodes) {
    const condition = conditionOf(node);
    if (condition !== undefined) body.become("negate-condition", condition, negated(body, condition));
  }
}

/** `a && b` becomes `a`, and `b`. */
export function dropOperands(body: Body): void {
  for (const node of body.nodes) {
    if (!ts.isBinaryExpression(node)) continue;
    const kind = node.operatorToken.kind;
    if (kind !== ts.SyntaxKind.AmpersandAmpersandToken && kind !== ts.SyntaxKind.BarBarToken) continue;
    body.become("drop-operand", node, body.of(node.left));
    body.become("drop-operand", node, body.of(node.right));
  }
}

/** An assignment or a step whose value is used: the value stays, the effect goes. */
export function dropAssignments(body: Body): void {
  for (const node of body.nodes) {
    if (isAssignment(node)) {
      if (isForEffect(node)) continue;
      body.become("drop-assignment-in-condition", node, body.of(node.right));
    } else if (isStep(node) && !isForEffect(node)) {
      body.become("drop-assignment-in-condition", node, body.of(node.operand));
    }
  }
}

/** Comparisons in the condition of a loop, through `&&` and `||`. */
function comparisons(e: ts.Expression): ts.BinaryExpression[] {
  const inner = bare(e);
  if (!ts.isBinaryExpression(inner)) return [];
  switch (inner.operatorToken.kind) {
    case ts.SyntaxKind.AmpersandAmpersandToken:
    case ts.SyntaxKind.BarBarToken:
      return [...comparisons(inner.left), ...comparisons(inner.right)];
    case ts.SyntaxKind.LessThanToken:
    case ts.SyntaxKind.LessThanEqualsToken:
    case ts.SyntaxKind.GreaterThanToken:
    case ts.SyntaxKind.GreaterThanEqualsToken:
      return [inner];
    default:
      return [];
  }
}

export function changeLoopBounds(body: Body): void {
  for (const node of body.nodes) {
    if (!ts.isIterationStatement(node, false)) continue;
    const condition = conditionOf(node);
    for (const { right } of condition === undefined ? [] : comparisons(condition)) {
      /* A number is changed as a constant. */
      if (ts.isNumericLiteral(bare(right))) continue;
      body.become(
        "change-loop-bound",
        right,
        `${isSimple(right) ? body.of(right) : `(${body.of(right)})`} + 1`,
      );
    }
    if (!ts.isForStatement(node) || node.incrementor === undefined) continue;
    body.become("change-loop-bound", node.incrementor, "");
    const step = bare(node.incrementor);
    if (isStep(step)) {
      const sign = step.operator === ts.SyntaxKind.PlusPlusToken ? "+=" : "-=";
      body.become("change-loop-bound", node.incrementor, `${body.of(step.operand)} ${sign} 2`);
    }
  }
}
