/**
 * SQL values across the border. As better-sqlite3 has it: numbers are bound as REAL, bigints as
 * INTEGER; an INTEGER column comes back as a number unless bigints are asked for.
 */

import { SQLITE_NOMEM, SQLITE_TOOBIG } from "../../src/index.js";
import type { WasmMemory } from "./memory.js";
import { SqliteError } from "./sqlite-error.js";
import type { Address, UpperExports } from "./upper.js";

/** What may be bound; undefined is NULL. */
export type BindValue = number | bigint | string | Uint8Array | null | undefined;

/** What a column holds. */
export type ColumnValue = number | bigint | string | Uint8Array | null;

const SQLITE_INTEGER = 1;
const SQLITE_FLOAT = 2;
const SQLITE_TEXT = 3;
const SQLITE_BLOB = 4;

/** Texts up to this many bytes are copied by a loop, which is then faster than a call. */
const SHORT = 32;

/** Scratch memory beyond this many bytes is given back as soon as a statement has its copy. */
const KEEP = 1 << 20;

/** Moves values between JavaScript and statements. */
export class Values {
  readonly #memory: WasmMemory;
  readonly #upper: UpperExports;
  readonly #all: Buffer;
  readonly #encoder = new TextEncoder();
  /** Memory for a text or blob on its way to a statement, which copies it. */
  #scratch: Address = 0;
  #scratchSize = 0;
  readonly #int64: Address;

  constructor(memory: WasmMemory, upper: UpperExports) {
    this.#memory = memory;
    this.#upper = upper;
    const all = memory.string(1) as Uint8Array;
    this.#all = Buffer.from(all.buffer, 0, all.byteOffset + all.length);
    this.#int64 = memory.malloc(8);
  }

  /** At least `n` bytes of scratch memory. */
  #room(n: number): Address {
    if (n > this.#scratchSize) {
      const size = Math.max(n, n <= KEEP ? 2 * this.#scratchSize : 0, 4096);
      this.#memory.free(this.#scratch);
      this.#scratch = this.#memory.malloc(size);
      this.#scratchSize = this.#scratch === 0 ? 0 : size;
      if (this.#scratch === 0) throw new SqliteError("out of memory", SQLITE_NOMEM);
    }
    return this.#scratch;
  }

  /** Gives large scratch memory back. */
  #trim(): void {
    if (this.#scratchSize <= KEEP) return;
    this.#memory.free(this.#scratch);
    this.#scratch = this.#scratchSize = 0;
  }

  /** Writes a text into scratch memory, NUL-terminated; good until the next call. Returns its bytes. */
  put(text: string): { p: Address; n: number } {
    /* A unit is at most three bytes; of a large text it pays to know exactly. */
    const size = 3 * text.length <= KEEP ? 3 * text.length : Buffer.byteLength(text);
    const p = this.#room(size + 1);
    const all = this.#all;
    if (text.length <= SHORT) {
      let i = 0;
      for (; i < text.length; i++) {
        const c = text.charCodeAt(i);
        if (c > 0x7f) break;
        all[p + i] = c;
      }
      if (i === text.length) {
        all[p + i] = 0;
        return { p, n: i };
      }
    }
    const n = this.#encoder.encodeInto(text, all.subarray(p, p + size)).written;
    all[p + n] = 0;
    return { p, n };
  }

  /** Reads `n` bytes of UTF-8. */
  text(p: Address, n: number): string {
    const all = this.#all;
    if (n <= SHORT) {
      let s = "";
      let i = 0;
      for (; i < n; i++) {
        const c = all[p + i] as number;
        if (c > 0x7f) break;
        s += String.fromCharCode(c);
      }
      if (i === n) return s;
    }
    return all.toString("utf8", p, p + n);
  }

  /** Reads a C string. */
  cText(p: Address): string {
    return p === 0 ? "" : this.text(p >>> 0, this.#all.indexOf(0, p >>> 0) - (p >>> 0));
  }

  /** Binds one value; returns SQLite's code. */
  bind(stmt: Address, i: number, value: BindValue): number {
    const upper = this.#upper;
    switch (typeof value) {
      case "number":
        return upper.sqlite3_bind_double(stmt, i, value);
      case "string": {
        const { p, n } = this.put(value);
        const rc = upper.upper_bind_text(stmt, i, p, n);
        this.#trim();
        return rc;
      }
      case "bigint": {
        if (value !== BigInt.asIntN(64, value)) {
          throw new RangeError("The bound bigint would not fit into a 64-bit signed integer");
        }
        const lo = Number(value & 0xffffffffn);
        return upper.upper_bind_int64(stmt, i, lo, Number(value >> 32n));
      }
      default: {
        if (value === null || value === undefined) return upper.sqlite3_bind_null(stmt, i);
        if (!(value instanceof Uint8Array)) {
          throw new TypeError("SQLite can only bind numbers, strings, bigints, byte arrays, and null");
        }
        if (value.length > 0x7fffffff) throw new SqliteError("string or blob too big", SQLITE_TOOBIG);
        const p = this.#room(value.length + 1);
        this.#all.set(value, p);
        const rc = upper.upper_bind_blob(stmt, i, p, value.length);
        this.#trim();
        return rc;
      }
    }
  }

  /** Column `i` of the current row. */
  column(stmt: Address, i: number, bigints: boolean): ColumnValue {
    const upper = this.#upper;
    switch (upper.sqlite3_column_type(stmt, i)) {
      case SQLITE_INTEGER:
        return bigints
          ? this.integer((p) => upper.upper_column_int64(stmt, i, p))
          : upper.sqlite3_column_double(stmt, i);
      case SQLITE_FLOAT:
        return upper.sqlite3_column_double(stmt, i);
      case SQLITE_TEXT: {
        const p = upper.sqlite3_column_text(stmt, i) >>> 0;
        return this.text(p, upper.sqlite3_column_bytes(stmt, i));
      }
      case SQLITE_BLOB: {
        const p = upper.sqlite3_column_blob(stmt, i) >>> 0;
        return this.#memory.bytes(p, upper.sqlite3_column_bytes(stmt, i)).slice();
      }
      default:
        return null;
    }
  }

  /** A 64-bit integer that `store` leaves in memory. */
  integer(store: (p: Address) => void): bigint {
    store(this.#int64);
    const lo = BigInt(this.#memory.u32(this.#int64));
    return (BigInt(this.#memory.i32(this.#int64 + 4)) << 32n) | lo;
  }
}
