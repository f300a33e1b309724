/** Operators that become others, masks that go. */

import { ts } from "ts-morph";
import { type Body, bare, GLOBALS, isStep } from "./body.js";

const OTHERS: Readonly<Record<string, string>> = {
  "===": "!==",
  "!==": "===",
  "==": "!=",
  "!=": "==",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "/",
  "&": "|",
  "|": "&",
  "^": "|",
  "&&": "||",
  "||": "&&",
  "<<": ">>",
  ">>": "<<",
  ">>>": "<<",
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
  "%=": "/=",
  "|=": "&=",
  "&=": "|=",
  "^=": "|=",
  "<<=": ">>=",
  ">>=": "<<=",
  ">>>=": "<<=",
};

const WIDTHS: ReadonlySet<number> = new Set([0xff, 0xffff, 0xffffffff]);

function numberOf(e: ts.Expression): number | null {
  const inner = bare(e);
  return ts.isNumericLiteral(inner) ? Number(inner.text) : null;
}

/** The operand that stays when a width mask goes; null if the node is none. */
function masked(node: ts.BinaryExpression): ts.Expression | null {
  const right = numberOf(node.right);
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.AmpersandToken: {
      if (right !== null && WIDTHS.has(right)) return node.left;
      const left = numberOf(node.left);
      return left !== null && WIDTHS.has(left) ? node.right : null;
    }
    case ts.SyntaxKind.BarToken:
    case ts.SyntaxKind.GreaterThanGreaterThanGreaterThanToken:
      return right === 0 ? node.left : null;
    case ts.SyntaxKind.GreaterThanGreaterThanToken: {
      const left = bare(node.left);
      if (right === null || !ts.isBinaryExpression(left)) return null;
      const isPair = left.operatorToken.kind === ts.SyntaxKind.LessThanLessThanToken;
      return isPair && numberOf(left.right) === right ? left.left : null;
    }
    default:
      return null;
  }
}

/** `>>> 0` and `| 0` are not operators that somebody could mistake for others. */
function isWidthIdiom(node: ts.BinaryExpression): boolean {
  return node.operatorToken.kind !== ts.SyntaxKind.AmpersandToken && masked(node) !== null;
}

export function changeOperators(body: Body): void {
  for (const node of body.nodes) {
    if (ts.isBinaryExpression(node)) {
      if (isWidthIdiom(node)) continue;
      const token = node.operatorToken;
      const other = OTHERS[body.of(token)];
      if (other === undefined) continue;
      body.replace(
        "change-operator",
        `${body.of(token)} becomes ${other} in ${body.brief(node)}`,
        body.start(token),
        token.end,
        other,
      );
    } else if (isStep(node)) {
      const plus = node.operator === ts.SyntaxKind.PlusPlusToken;
      const at = ts.isPrefixUnaryExpression(node) ? body.start(node) : node.end - 2;
      body.replace(
        "change-operator",
        `${body.brief(node)} goes the other way`,
        at,
        at + 2,
        plus ? "--" : "++",
      );
    } else if (ts.isPrefixUnaryExpression(node) && node.operator !== ts.SyntaxKind.PlusToken) {
      const at = body.start(node);
      body.replace("change-operator", `${body.brief(node)} loses its ${body.text[at]}`, at, at + 1, "");
    }
  }
}

/** What is left of a call that only rounds or cuts. */
function rounded(node: ts.CallExpression): ts.Expression | null {
  const callee = node.expression;
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return null;
  if (!GLOBALS.has(callee.expression.text)) return null;
  switch (callee.name.text) {
    case "floor":
    case "trunc":
      return node.arguments[0] ?? null;
    case "asUintN":
    case "asIntN":
      return node.arguments[1] ?? null;
    default:
      return null;
  }
}

/** Whether the call belongs to {@link removeMasks}. */
export function isRounding(node: ts.CallExpression): boolean {
  return rounded(node) !== null;
}

export function removeMasks(body: Body): void {
  for (const node of body.nodes) {
    if (ts.isBinaryExpression(node)) {
      const left = masked(node);
      if (left !== null) body.become("remove-mask", node, body.of(left));
    } else if (ts.isCallExpression(node)) {
      const inside = rounded(node);
      if (inside !== null) body.become("remove-mask", node, `(${body.of(inside)})`);
    }
  }
}
