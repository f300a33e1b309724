/**
 * C's `stdarg.h`: the arguments that a function takes besides those that have names.
 *
 * A function with `...args` makes a `va_list`, gives it the arguments with `va_start`, and reads them
 * one by one, or hands the list to another function. After that the list is used up, as in C.
 *
 * NON-UPSTREAM: this is the C compiler's part.
 *
 * @module
 */

import { type CString, toCString } from "./cstring.js";

/** Arguments, and how many of them have been read. */
export class va_list {
  args: readonly unknown[] = [];
  iArg = 0;
}

/** Begins with the first of `args`. C names the last parameter instead and finds the rest behind it. */
export function va_start(ap: va_list, args: readonly unknown[]): void {
  ap.args = args;
  ap.iArg = 0;
}

/** The next argument; null where C would read whatever lies there. */
export function va_arg(ap: va_list): unknown;
/** The next argument as `type` makes it fit. */
export function va_arg<T>(ap: va_list, type: (x: unknown) => T): T;
export function va_arg<T>(ap: va_list, type?: (x: unknown) => T): unknown {
  const x = ap.args[ap.iArg++] ?? null;
  return type === undefined ? x : type(x);
}

/** Ends the reading: nothing may be read from the list until the next {@link va_start}. */
export function va_end(ap: va_list): void {
  ap.args = [];
}

/* Types for va_arg: what is missing or of another kind reads as zero or null. */

/** A 64-bit integer of any sign, not yet cut. */
function asInteger(x: unknown): bigint {
  if (typeof x === "bigint") return x;
  return typeof x === "number" && Number.isFinite(x) ? BigInt(Math.trunc(x)) : 0n;
}

/** C's int. */
export function asInt(x: unknown): number {
  if (typeof x === "bigint") return Number(BigInt.asIntN(32, x));
  return typeof x === "number" ? x | 0 : 0;
}

/** C's unsigned int. */
export function asUnsigned(x: unknown): number {
  return asInt(x) >>> 0;
}

/** An i64. */
export function asI64(x: unknown): bigint {
  return BigInt.asIntN(64, asInteger(x));
}

/** A u64. */
export function asU64(x: unknown): bigint {
  return BigInt.asUintN(64, asInteger(x));
}

/** A C string, which a JavaScript string may stand for. */
export function asText(x: unknown): CString | null {
  if (x instanceof Uint8Array) return x;
  return typeof x === "string" ? toCString(x) : null;
}
