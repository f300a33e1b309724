/** Writing and reading the little-endian byte strings that parent and driver exchange. */

const utf8 = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of UTF-8 bytes, or null if they are not valid UTF-8. */
export function utf8Text(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch (e) {
    if (e instanceof TypeError) return null;
    throw e;
  }
}

/** Whether a string can be written in UTF-8 and read back unchanged (no lone surrogates). */
export function isWellFormed(text: string): boolean {
  return utf8Text(utf8.encode(text)) === text;
}

/** Appends numbers and byte strings to a buffer that grows. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #room(n: number): number {
    const at = this.#length;
    if (at + n > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(at + n, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = at + n;
    return at;
  }

  u8(value: number): this {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  i32(value: number): this {
    const at = this.#room(4);
    this.#view.setInt32(at, value, true);
    return this;
  }

  i64(value: number | bigint): this {
    const at = this.#room(8);
    this.#view.setBigInt64(at, BigInt(value), true);
    return this;
  }

  f64(value: number): this {
    const at = this.#room(8);
    this.#view.setFloat64(at, value, true);
    return this;
  }

  /** Length and bytes. */
  block(bytes: Uint8Array): this {
    this.u32(bytes.length);
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Length and UTF-8 bytes; null is a length of 0xffffffff. */
  text(text: string | null): this {
    return text === null ? this.u32(0xffffffff) : this.block(utf8.encode(text));
  }

  /** A copy of everything written. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** The bytes end before what they announce, or do not mean anything. */
export class ByteError extends Error {
  override readonly name = "ByteError";
}

/** Takes numbers and byte strings off a buffer; throws {@link ByteError} where it ends too early. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #take(n: number): number {
    const at = this.#at;
    if (n > this.#bytes.length - at) {
      throw new ByteError(`${n} bytes are expected at ${at}, ${this.#bytes.length - at} are left`);
    }
    this.#at = at + n;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** A 64-bit integer: a number where that is exact, a bigint otherwise. */
  i64(): number | bigint {
    const value = this.#view.getBigInt64(this.#take(8), true);
    const narrow = Number(value);
    return Number.isSafeInteger(narrow) ? narrow : value;
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A copy of a byte string, or null. */
  optionalBlock(): Uint8Array | null {
    const n = this.u32();
    if (n === 0xffffffff) return null;
    const at = this.#take(n);
    return Uint8Array.from(this.#bytes.subarray(at, at + n));
  }

  block(): Uint8Array {
    const bytes = this.optionalBlock();
    if (bytes === null) throw new ByteError(`a byte string is expected before ${this.#at}`);
    return bytes;
  }

  /** Text; bytes that are not UTF-8 are told apart by a prefix and shown one character each. */
  text(): string {
    const bytes = this.block();
    return utf8Text(bytes) ?? `(not UTF-8) ${Buffer.from(bytes).toString("latin1")}`;
  }

  /** Throws unless everything has been read. */
  end(): void {
    if (this.#at !== this.#bytes.length) {
      throw new ByteError(`${this.#bytes.length - this.#at} bytes are left over`);
    }
  }
}
