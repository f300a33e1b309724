/** Literals of C: integers with their types, characters, strings. */

import { I32, I64, type IntType, U32, U64 } from "./c-types.js";

/** An integer literal; null for one of floating point. */
export function integerLiteral(text: string): { value: bigint; type: IntType } | null {
  const m = /^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)([uUlL]*)$/.exec(text);
  if (m === null) return null;
  const digits = m[1]!;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const unsigned = /u/i.test(m[2]!);
  const decimal = /^[1-9]/.test(digits);
  if (!/l/i.test(m[2]!)) {
    if (!unsigned && value < 1n << 31n) return { value, type: I32 };
    if (value < 1n << 32n && (unsigned || !decimal)) return { value, type: U32 };
  }
  return { value, type: unsigned || value >= 1n << 63n ? U64 : I64 };
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};

/** What stands between the quotes, its escapes resolved; one character is one byte. */
export function characters(text: string): string {
  return text
    .slice(text.indexOf(text.endsWith("'") ? "'" : '"') + 1, -1)
    .replace(/\\(?:\r?\n|([0-7]{1,3})|x([0-9a-fA-F]+)|(.))/g, (_, octal, hex, other) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal as string, 8) & 0xff);
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex as string, 16) & 0xff);
      return other === undefined ? "" : (ESCAPES[other as string] ?? (other as string));
    });
}
