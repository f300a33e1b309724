/**
 * Integer constant expressions of C, with C's types: in an `#if` everything is 64 bits wide, in a
 * constant the literal and the casts decide (int is 32 bits, long 64).
 */

import type { Token } from "./lexer.js";

/** A value and its type. */
export interface CValue {
  value: bigint;
  bits: number;
  unsigned: boolean;
}

/** The expression is not a constant that can be computed here: a call, a string, a sizeof, a float. */
export class NotConstant extends Error {}

const TYPES: Readonly<Record<string, [bits: number, unsigned: boolean]>> = {
  u8: [8, true],
  u16: [16, true],
  u32: [32, true],
  u64: [64, true],
  i8: [8, false],
  i16: [16, false],
  i64: [64, false],
  Pgno: [32, true],
  char: [8, false],
  "signed char": [8, false],
  "unsigned char": [8, true],
  short: [16, false],
  "unsigned short": [16, true],
  int: [32, false],
  unsigned: [32, true],
  "unsigned int": [32, true],
  long: [64, false],
  "long int": [64, false],
  "unsigned long": [64, true],
  off_t: [64, false],
  size_t: [64, true],
  sqlite3_int64: [64, false],
  sqlite3_uint64: [64, true],
};

function wrap(value: bigint, bits: number, unsigned: boolean): CValue {
  return { value: unsigned ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value), bits, unsigned };
}

function literal(text: string, wide: boolean): CValue {
  const m = /^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)([uUlL]*)$/.exec(text);
  if (m === null) throw new NotConstant(`not an integer: ${text}`);
  const digits = m[1]!;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const unsigned = /u/i.test(m[2]!);
  const long = wide || /l/i.test(m[2]!);
  const decimal = /^[1-9]/.test(digits);
  if (!long && value < 1n << 31n && !unsigned) return { value, bits: 32, unsigned: false };
  if (!long && value < 1n << 32n && (unsigned || !decimal)) return { value, bits: 32, unsigned: true };
  if (!unsigned && value < 1n << 63n) return { value, bits: 64, unsigned: false };
  return wrap(value, 64, true);
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, "\\": 92, "'": 39, '"': 34 };

function character(text: string): CValue {
  const body = text.slice(1, -1);
  let code: number | undefined;
  if (/^\\[0-7]+$/.test(body)) code = Number.parseInt(body.slice(1), 8);
  else if (/^\\x[0-9a-fA-F]+$/.test(body)) code = Number.parseInt(body.slice(2), 16);
  else
    code = body.startsWith("\\")
      ? ESCAPES[body.slice(1)]
      : body.length === 1
        ? body.charCodeAt(0)
        : undefined;
  if (code === undefined) throw new NotConstant(`character ${text}`);
  return { value: BigInt.asIntN(8, BigInt(code)), bits: 32, unsigned: false };
}

const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!="],
  ["<", ">", "<=", ">="],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];

class ExpressionParser {
  private i = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly wide: boolean,
    private readonly name: (name: string) => CValue,
  ) {}

  whole(): CValue {
    const v = this.conditional();
    if (this.i < this.tokens.length) throw new NotConstant(`unexpected ${this.tokens[this.i]!.text}`);
    return v;
  }

  private get text(): string {
    return this.tokens[this.i]?.text ?? "";
  }

  private accept(text: string): boolean {
    if (this.text !== text || this.tokens[this.i]!.kind === "str") return false;
    this.i++;
    return true;
  }

  private expect(text: string): void {
    if (!this.accept(text)) throw new NotConstant(`expected ${text} before '${this.text}'`);
  }

  private conditional(): CValue {
    const test = this.binary(0);
    if (!this.accept("?")) return test;
    const yes = this.conditional();
    this.expect(":");
    const no = this.conditional();
    return test.value !== 0n ? yes : no;
  }

  private binary(level: number): CValue {
    if (level === LEVELS.length) return this.unary();
    let left = this.binary(level + 1);
    while (LEVELS[level]!.includes(this.text)) {
      const op = this.tokens[this.i++]!.text;
      left = this.apply(op, left, this.binary(level + 1));
    }
    return left;
  }

  private apply(op: string, a: CValue, b: CValue): CValue {
    const int = (value: boolean): CValue => ({
      value: value ? 1n : 0n,
      bits: this.wide ? 64 : 32,
      unsigned: false,
    });
    if (op === "||") return int(a.value !== 0n || b.value !== 0n);
    if (op === "&&") return int(a.value !== 0n && b.value !== 0n);
    const bits = Math.max(a.bits, b.bits, 32);
    if (op === "<<" || op === ">>") {
      const own = Math.max(a.bits, 32);
      return wrap(op === "<<" ? a.value << b.value : a.value >> b.value, own, a.unsigned && a.bits >= 32);
    }
    const unsigned = (a.unsigned && a.bits === bits) || (b.unsigned && b.bits === bits);
    const x = wrap(a.value, bits, unsigned).value;
    const y = wrap(b.value, bits, unsigned).value;
    if ((op === "/" || op === "%") && y === 0n) {
      /* In a && or ?: that is not taken C does not mind; the value is not used then. */
      return wrap(0n, bits, unsigned);
    }
    switch (op) {
      case "|":
        return wrap(x | y, bits, unsigned);
      case "^":
        return wrap(x ^ y, bits, unsigned);
      case "&":
        return wrap(x & y, bits, unsigned);
      case "==":
        return int(x === y);
      case "!=":
        return int(x !== y);
      case "<":
        return int(x < y);
      case ">":
        return int(x > y);
      case "<=":
        return int(x <= y);
      case ">=":
        return int(x >= y);
      case "+":
        return wrap(x + y, bits, unsigned);
      case "-":
        return wrap(x - y, bits, unsigned);
      case "*":
        return wrap(x * y, bits, unsigned);
      case "/":
        return wrap(x / y, bits, unsigned);
      default:
        return wrap(x % y, bits, unsigned);
    }
  }

  private unary(): CValue {
    const promote = (v: CValue): CValue => (v.bits < 32 ? { ...v, bits: 32, unsigned: false } : v);
    if (this.accept("!")) return { value: this.unary().value === 0n ? 1n : 0n, bits: 32, unsigned: false };
    if (this.accept("+")) return promote(this.unary());
    if (this.accept("-")) {
      const v = promote(this.unary());
      return wrap(-v.value, v.bits, v.unsigned);
    }
    if (this.accept("~")) {
      const v = promote(this.unary());
      return wrap(~v.value, v.bits, v.unsigned);
    }
    if (this.accept("(")) {
      const type = this.wide ? undefined : this.castType();
      if (type !== undefined) return wrap(this.unary().value, type[0], type[1]);
      const v = this.conditional();
      this.expect(")");
      return v;
    }
    const t = this.tokens[this.i++];
    if (t === undefined) throw new NotConstant("the expression ends too early");
    if (t.kind === "num") return literal(t.text, this.wide);
    if (t.kind === "chr") return character(t.text);
    if (t.kind === "id") {
      if (t.text === "sizeof" && this.accept("(")) return this.size();
      if (this.text === "(") throw new NotConstant(`call of ${t.text}`);
      return this.name(t.text);
    }
    throw new NotConstant(`unexpected ${t.text}`);
  }

  /** What a sizeof yields whose parenthesis has been read; only of numbers and pointers. */
  private size(): CValue {
    const words: string[] = [];
    let pointer = false;
    for (; this.text !== ")"; this.i++) {
      const t = this.tokens[this.i];
      if (t === undefined || (t.kind !== "id" && t.text !== "*"))
        throw new NotConstant("sizeof an expression");
      if (t.text === "*") pointer = true;
      else words.push(t.text);
    }
    this.i++;
    const bits = pointer ? 64 : TYPES[words.join(" ")]?.[0];
    if (bits === undefined) throw new NotConstant(`sizeof(${words.join(" ")})`);
    return { value: BigInt(bits / 8), bits: 64, unsigned: true };
  }

  /** The type of a cast whose parenthesis has been read, or nothing and nothing read. */
  private castType(): [number, boolean] | undefined {
    let j = this.i;
    const words: string[] = [];
    while (this.tokens[j]?.kind === "id") words.push(this.tokens[j++]!.text);
    const type = TYPES[words.join(" ")];
    if (type === undefined || this.tokens[j]?.text !== ")") return undefined;
    this.i = j + 1;
    return type;
  }
}

/** The condition of an `#if` whose macros are expanded: names that are left over are 0. */
export function evaluateCondition(tokens: readonly Token[]): boolean {
  return (
    new ExpressionParser(tokens, true, () => ({ value: 0n, bits: 64, unsigned: false })).whole().value !== 0n
  );
}

/** A constant whose macros are expanded; `name` gives the values of enumerators. */
export function evaluateConstant(
  tokens: readonly Token[],
  name: (name: string) => bigint | undefined,
): bigint {
  return new ExpressionParser(tokens, false, (id) => {
    const value = name(id);
    if (value === undefined) throw new NotConstant(`unknown name ${id}`);
    return { value, bits: 32, unsigned: false };
  }).whole().value;
}
