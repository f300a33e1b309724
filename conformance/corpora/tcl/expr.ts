/**
 * TCL's `expr`: parsed once per text, evaluated over values that may be unknown.
 *
 * Whole numbers are bigints, so that 64 bits do not get lost; an operation with an unknown operand gives
 * an unknown result, except where the other operand decides (`0 && x`).
 */

import type { Expr } from "./expr-parse.js";
import { asNumber, bool, formatReal, fromNumber, type Num, parseNumber, truth } from "./numbers.js";
import { isKnown, type Known, known, type Unknown, unknown, type Value } from "./value.js";
import type { Part } from "./words.js";

const NO_NUMBER = unknown("an expression that is no number");

function arithmetic(operator: string, a: Num, b: Num): Value {
  if (typeof a === "bigint" && typeof b === "bigint") {
    switch (operator) {
      case "+":
        return fromNumber(a + b);
      case "-":
        return fromNumber(a - b);
      case "*":
        return fromNumber(a * b);
      case "/":
      case "%": {
        if (b === 0n) return unknown("a division by zero");
        /* TCL rounds towards minus infinity. */
        let q = a / b;
        if (a % b !== 0n && a < 0n !== b < 0n) q--;
        return fromNumber(operator === "/" ? q : a - q * b);
      }
      case "**":
        if (b < 0n || b > 4096n) return unknown("a power out of range");
        return fromNumber(a ** b);
      case "<<":
        return b < 0n || b > 4096n ? unknown("a shift out of range") : fromNumber(a << b);
      case ">>":
        return b < 0n || b > 4096n ? unknown("a shift out of range") : fromNumber(a >> b);
      case "&":
        return fromNumber(a & b);
      case "|":
        return fromNumber(a | b);
      case "^":
        return fromNumber(a ^ b);
    }
  }
  const x = Number(a);
  const y = Number(b);
  switch (operator) {
    case "+":
      return fromNumber(x + y);
    case "-":
      return fromNumber(x - y);
    case "*":
      return fromNumber(x * y);
    case "/":
      return fromNumber(x / y);
    case "**":
      return fromNumber(x ** y);
  }
  return NO_NUMBER;
}

function compare(operator: string, left: Known, right: Known, numeric: boolean): Value {
  const a = numeric ? asNumber(left) : null;
  const b = numeric ? asNumber(right) : null;
  let order: number;
  if (a !== null && b !== null) order = a < b ? -1 : a > b ? 1 : 0;
  else order = left.text < right.text ? -1 : left.text > right.text ? 1 : 0;
  switch (operator) {
    case "==":
    case "eq":
      return bool(order === 0);
    case "!=":
    case "ne":
      return bool(order !== 0);
    case "<":
    case "lt":
      return bool(order < 0);
    case ">":
    case "gt":
      return bool(order > 0);
    case "<=":
    case "le":
      return bool(order <= 0);
    default:
      return bool(order >= 0);
  }
}

/** What evaluation needs from its surroundings. */
export interface ExprContext {
  /** Substitutes parts. */
  substitute(parts: Part[]): Value;
  /** Elements of a list, for `in` and `ni`. */
  list(text: string): string[] | null;
  /** The next number of `rand()`, from 0 to 1. */
  random(): number;
}

function call(name: string, operands: Value[], context: ExprContext): Value {
  if (name === "rand") return { text: formatReal(context.random()), type: "real" };
  if (name === "srand") return known("0");
  const numbers: Num[] = [];
  for (const operand of operands) {
    if (!isKnown(operand)) return operand;
    const n = parseNumber(operand.text);
    if (n === null) return NO_NUMBER;
    numbers.push(n);
  }
  const a = numbers[0];
  if (a === undefined) return unknown(`the function ${name}() of expr`);
  const whole = (x: Num): Value =>
    typeof x === "bigint"
      ? fromNumber(x)
      : Number.isFinite(x)
        ? fromNumber(BigInt(Math.trunc(x)))
        : NO_NUMBER;
  switch (name) {
    case "int":
    case "wide":
    case "entier":
      return whole(a);
    case "double":
      return fromNumber(Number(a));
    case "round":
      return typeof a === "bigint" ? fromNumber(a) : whole(a < 0 ? -Math.round(-a) : Math.round(a));
    case "abs":
      return fromNumber(a < 0 ? -a : a);
    case "min":
      return fromNumber(numbers.reduce((m, n) => (n < m ? n : m)));
    case "max":
      return fromNumber(numbers.reduce((m, n) => (n > m ? n : m)));
    case "floor":
    case "ceil":
    case "sqrt":
    case "sin":
    case "cos":
    case "tan":
    case "exp":
    case "log":
    case "log10":
      return fromNumber(Math[name](Number(a)));
    case "pow":
      return fromNumber(Number(a) ** Number(numbers[1] ?? 0));
    case "fmod":
      return fromNumber(Number(a) % Number(numbers[1] ?? 1));
    case "bool":
      return bool(a !== 0n && a !== 0);
  }
  return unknown(`the function ${name}() of expr`);
}

/** Evaluates an expression. */
export function evaluate(e: Expr, context: ExprContext): Value {
  switch (e.kind) {
    case "literal":
      return known(e.text);
    case "parts":
      return context.substitute(e.parts);
    case "call":
      return call(
        e.name,
        e.operands.map((o) => evaluate(o, context)),
        context,
      );
    case "choice": {
      const condition = evaluate(e.condition, context);
      const t = truth(condition);
      if (t === null) return isKnown(condition) ? NO_NUMBER : condition;
      return evaluate(t ? e.yes : e.no, context);
    }
    case "unary": {
      const value = evaluate(e.operand, context);
      if (!isKnown(value)) return value;
      if (e.operator === "!") {
        const t = truth(value);
        return t === null ? NO_NUMBER : bool(!t);
      }
      const n = parseNumber(value.text);
      if (n === null) return NO_NUMBER;
      if (e.operator === "-") return fromNumber(-n);
      if (e.operator === "~") return typeof n === "bigint" ? fromNumber(~n) : NO_NUMBER;
      return fromNumber(n);
    }
    case "binary":
      return binary(e, context);
  }
}

function binary(e: Extract<Expr, { kind: "binary" }>, context: ExprContext): Value {
  const { operator } = e;
  const left = evaluate(e.left, context);
  if (operator === "&&" || operator === "||") {
    const decides = operator === "||";
    const a = truth(left);
    if (a === decides) return bool(decides);
    const right = evaluate(e.right, context);
    const b = truth(right);
    if (b === decides) return bool(decides);
    if (a === null) return isKnown(left) ? NO_NUMBER : left;
    if (b === null) return isKnown(right) ? NO_NUMBER : right;
    return bool(!decides);
  }
  const right = evaluate(e.right, context);
  const missing: Unknown | null = !isKnown(left) ? left : !isKnown(right) ? right : null;
  if (missing !== null || !isKnown(left) || !isKnown(right)) return missing ?? NO_NUMBER;
  if (operator === "in" || operator === "ni") {
    const list = context.list(right.text);
    if (list === null) return unknown("a text that is no list");
    return bool(list.includes(left.text) === (operator === "in"));
  }
  if (/^(?:==|!=|<=?|>=?)$/.test(operator)) return compare(operator, left, right, true);
  if (/^(?:eq|ne|lt|gt|le|ge)$/.test(operator)) return compare(operator, left, right, false);
  const a = asNumber(left);
  const b = asNumber(right);
  return a === null || b === null ? NO_NUMBER : arithmetic(operator, a, b);
}
