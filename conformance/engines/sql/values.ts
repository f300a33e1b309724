/** SQLite's values between driver and parent: nothing is rounded, and 1 is not 1.0. */

import { ByteError, type ByteReader, type ByteWriter, isWellFormed, utf8Text } from "./bytes.js";

/**
 * A value of a row.
 *
 * An integer is a number, or a bigint where a number would not be exact; a floating-point number is
 * `{ real }`; text is a string, or `{ text }` with its bytes where they are not valid UTF-8; a blob is
 * a Uint8Array.
 */
export type SqlValue = null | number | bigint | string | Uint8Array | { real: number } | { text: Uint8Array };

/** What can be bound. A number with a fraction is taken for a floating-point one. */
export type SqlParameter = SqlValue | { zeroblob: number };

const INTEGER = 1;
const FLOAT = 2;
const TEXT = 3;
const BLOB = 4;
const NULL = 5;
const ZEROBLOB = 6;

/** Writes one parameter. */
export function writeParameter(w: ByteWriter, value: SqlParameter): void {
  if (value === null) w.u8(NULL);
  else if (typeof value === "bigint") {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} does not fit into 64 bits`);
    w.u8(INTEGER).i64(value);
  } else if (typeof value === "number") {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw new RangeError(`${value} may be rounded: give a bigint, or { real }`);
    }
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) w.u8(INTEGER).i64(value);
    else w.u8(FLOAT).f64(value);
  } else if (typeof value === "string") {
    if (!isWellFormed(value)) throw new RangeError("the string has a lone surrogate");
    w.u8(TEXT).text(value);
  } else if (value instanceof Uint8Array) w.u8(BLOB).block(value);
  else if ("real" in value) w.u8(FLOAT).f64(value.real);
  else if ("text" in value) w.u8(TEXT).block(value.text);
  else w.u8(ZEROBLOB).i64(value.zeroblob);
}

/** Writes the number of parameters and the parameters. */
export function writeParameters(w: ByteWriter, values: readonly SqlParameter[]): void {
  w.u32(values.length);
  for (const value of values) writeParameter(w, value);
}

/** Reads one value. */
export function readValue(r: ByteReader): SqlValue {
  const type = r.u8();
  switch (type) {
    case INTEGER:
      return r.i64();
    case FLOAT:
      return { real: r.f64() };
    case TEXT: {
      const bytes = r.block();
      return utf8Text(bytes) ?? { text: bytes };
    }
    case BLOB:
      return r.block();
    case NULL:
      return null;
    default:
      throw new ByteError(`there is no type ${type}`);
  }
}

/** A value as SQL would write it. */
export function formatValue(value: SqlValue): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString("hex")}'`;
  if ("text" in value) return `CAST(x'${Buffer.from(value.text).toString("hex")}' AS TEXT)`;
  if (Object.is(value.real, -0)) return "-0.0";
  return Number.isInteger(value.real) && Math.abs(value.real) < 1e21 ? `${value.real}.0` : String(value.real);
}
