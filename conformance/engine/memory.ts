/**
 * C memory as the adapter sees it: addresses are numbers, bytes are typed arrays.
 *
 * Everything above this interface is the same for the linear memory of WebAssembly and for the memory
 * of a 64-bit process; only pointers differ in size.
 */

/** Memory that C code and the port share. */
export interface CMemory {
  /** Bytes of a pointer. */
  readonly pointerSize: 4 | 8;
  /** `n` bytes from the upper half's allocator, or 0. */
  malloc(n: number): number;
  /** Resizes a block; 0 if there is no room, and then the block stays. */
  realloc(p: number, n: number): number;
  free(p: number): void;
  /** `n` bytes at `p`, a view. */
  bytes(p: number, n: number): Uint8Array;
  /** A C string at `p`, a view that goes on behind its end; null for 0. */
  string(p: number): Uint8Array | null;
  /** The address of an array that lies in this memory, 0 for any other. */
  addressOf(a: Uint8Array): number;
  pointer(p: number): number;
  setPointer(p: number, value: number): void;
  i32(p: number): number;
  setI32(p: number, value: number): void;
  u32(p: number): number;
  setU32(p: number, value: number): void;
  /** A 64-bit integer as a number; exact up to 2^53. */
  i64(p: number): number;
  setI64(p: number, value: number): void;
}

/** The upper half's allocator. */
export interface Allocator {
  malloc(n: number): number;
  realloc(p: number, n: number): number;
  free(p: number): void;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Reads a C string as UTF-8; "" for a null pointer. */
export function textAt(memory: CMemory, p: number): string {
  const z = memory.string(p);
  return z === null ? "" : decoder.decode(z.subarray(0, z.indexOf(0)));
}

/** Copies a string into memory of its own, NUL-terminated; 0 if there is none. The caller frees it. */
export function newText(memory: CMemory, text: string): number {
  const bytes = encoder.encode(text);
  const p = memory.malloc(bytes.length + 1);
  if (p !== 0) {
    const a = memory.bytes(p, bytes.length + 1);
    a.set(bytes);
    a[bytes.length] = 0;
  }
  return p;
}

/**
 * The linear memory of a WebAssembly module. It must never grow: the views would be detached.
 */
export class WasmMemory implements CMemory {
  readonly pointerSize = 4;
  readonly #buffer: ArrayBuffer;
  readonly #u8: Uint8Array;
  readonly #i32: Int32Array;
  readonly #u32: Uint32Array;
  readonly #view: DataView;
  #allocator: Allocator | null = null;

  /** @param memory a WebAssembly.Memory. */
  constructor(memory: { readonly buffer: ArrayBufferLike }) {
    this.#buffer = memory.buffer as ArrayBuffer;
    this.#u8 = new Uint8Array(this.#buffer);
    this.#i32 = new Int32Array(this.#buffer);
    this.#u32 = new Uint32Array(this.#buffer);
    this.#view = new DataView(this.#buffer);
  }

  /** Tells where blocks come from; the module that exports it needs the memory first. */
  attach(allocator: Allocator): void {
    this.#allocator = allocator;
  }

  malloc(n: number): number {
    return (this.#allocator as Allocator).malloc(n) >>> 0;
  }

  realloc(p: number, n: number): number {
    return (this.#allocator as Allocator).realloc(p, n) >>> 0;
  }

  free(p: number): void {
    (this.#allocator as Allocator).free(p);
  }

  bytes(p: number, n: number): Uint8Array {
    return new Uint8Array(this.#buffer, p >>> 0, n);
  }

  string(p: number): Uint8Array | null {
    return p === 0 ? null : this.#u8.subarray(p >>> 0);
  }

  addressOf(a: Uint8Array): number {
    return a.buffer === this.#buffer ? a.byteOffset : 0;
  }

  pointer(p: number): number {
    return this.#u32[p >>> 2] as number;
  }

  setPointer(p: number, value: number): void {
    this.#u32[p >>> 2] = value;
  }

  i32(p: number): number {
    return this.#i32[p >>> 2] as number;
  }

  setI32(p: number, value: number): void {
    this.#i32[p >>> 2] = value;
  }

  u32(p: number): number {
    return this.#u32[p >>> 2] as number;
  }

  setU32(p: number, value: number): void {
    this.#u32[p >>> 2] = value;
  }

  i64(p: number): number {
    return Number(this.#view.getBigInt64(p >>> 0, true));
  }

  setI64(p: number, value: number): void {
    this.#view.setInt32((p >>> 0) + 4, Math.floor(value / 0x100000000), true);
    this.#u32[p >>> 2] = value;
  }
}
