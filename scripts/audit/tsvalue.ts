/** The value of a constant of the TypeScript side, computed from its initializer alone. */

import { type Expression, Node, SyntaxKind } from "ts-morph";
import type { TsConstant } from "./typescript.js";

/** What an initializer can come to; undefined where it is not a constant. */
export type TsValue = number | bigint | boolean | string | undefined;

/** Sizes of the default ABI that constants use. */
const SIZEOF: Readonly<Record<string, number>> = { ptr: 8 };

/**
 * Computes values; names are looked up in the same file first, then among the exported ones.
 * `overrides` has the options of src/options.ts that are not what they are by default.
 */
export class TsEvaluator {
  private readonly exported = new Map<string, TsConstant>();
  private readonly local = new Map<string, TsConstant>();

  constructor(
    constants: readonly TsConstant[],
    private readonly overrides: ReadonlyMap<string, number | boolean> = new Map(),
  ) {
    for (const c of constants) {
      this.local.set(`${c.path}:${c.name}`, c);
      if (c.exported) this.exported.set(c.name, c);
    }
  }

  /** The value of a constant. */
  value(constant: TsConstant): TsValue {
    return this.evaluate(constant.initializer, constant.path, 0);
  }

  private evaluate(node: Expression, path: string, depth: number): TsValue {
    if (depth > 50) return undefined;
    const next = (e: Expression): TsValue => this.evaluate(e, path, depth + 1);
    if (Node.isNumericLiteral(node)) return node.getLiteralValue();
    if (Node.isBigIntLiteral(node)) return BigInt(node.getText().replace(/[n_]/g, ""));
    if (Node.isStringLiteral(node)) return node.getLiteralValue();
    if (Node.isTrueLiteral(node)) return true;
    if (Node.isFalseLiteral(node)) return false;
    if (Node.isParenthesizedExpression(node) || Node.isAsExpression(node)) return next(node.getExpression());
    if (Node.isIdentifier(node)) {
      const found = this.local.get(`${path}:${node.getText()}`) ?? this.exported.get(node.getText());
      return found === undefined ? undefined : this.evaluate(found.initializer, found.path, depth + 1);
    }
    if (Node.isPropertyAccessExpression(node)) {
      return node.getExpression().getText() === "sizeof" ? SIZEOF[node.getName()] : undefined;
    }
    if (Node.isConditionalExpression(node)) {
      const test = next(node.getCondition());
      return test === undefined ? undefined : next(test ? node.getWhenTrue() : node.getWhenFalse());
    }
    if (Node.isPrefixUnaryExpression(node)) return unary(node.getOperatorToken(), next(node.getOperand()));
    if (Node.isBinaryExpression(node)) {
      return binary(node.getOperatorToken().getText(), next(node.getLeft()), () => next(node.getRight()));
    }
    if (Node.isCallExpression(node)) {
      const callee = node.getExpression().getText();
      const args = node.getArguments().filter(Node.isExpression);
      if ((callee === "flag" || callee === "value") && args[1] !== undefined) {
        const given = this.overrides.get(String(next(args[0]!)));
        if (given === undefined) return next(args[1]);
        return callee === "flag" ? Boolean(given) : Number(given);
      }
      if (callee === "Math.floor" && args[0] !== undefined) {
        const v = next(args[0]);
        return typeof v === "number" ? Math.floor(v) : undefined;
      }
    }
    return undefined;
  }
}

function unary(op: SyntaxKind, v: TsValue): TsValue {
  if (v === undefined) return undefined;
  switch (op) {
    case SyntaxKind.MinusToken:
      return typeof v === "bigint" ? -v : -Number(v);
    case SyntaxKind.PlusToken:
      return Number(v);
    case SyntaxKind.TildeToken:
      return ~Number(v);
    case SyntaxKind.ExclamationToken:
      return !v;
    default:
      return undefined;
  }
}

function binary(op: string, left: TsValue, right: () => TsValue): TsValue {
  if (left === undefined) return undefined;
  if (op === "&&") return left ? right() : left;
  if (op === "||") return left ? left : right();
  const r = right();
  if (r === undefined) return undefined;
  if (op === "===") return left === r;
  if (op === "!==") return left !== r;
  return arithmetic(op, Number(left), Number(r));
}

/** What JavaScript makes of two numbers; undefined for an operator that is not of these. */
export function arithmetic(op: string, a: number, b: number): number | boolean | undefined {
  switch (op) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    case "**":
      return a ** b;
    case "|":
      return a | b;
    case "&":
      return a & b;
    case "^":
      return a ^ b;
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
    case ">>>":
      return a >>> b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    default:
      return undefined;
  }
}
