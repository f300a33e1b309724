/**
 * The handful of `string.h` functions that the mirrored code calls, over byte arrays.
 *
 * A C string is a {@link CString}: a `Uint8Array` whose first byte is the first character and which
 * contains a terminating zero somewhere. A pointer into the middle of a block is a `subarray`, so
 * `byteOffset` tells the distance between two pointers into one block.
 *
 * NON-UPSTREAM: this is the C library's part.
 *
 * @module
 */

/** A pointer to NUL-terminated bytes; what C writes as `const char *`. */
export type CString = Uint8Array;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Makes a C string (UTF-8, NUL-terminated, in a block of its own) from a JavaScript string. */
export function toCString(s: string): CString {
  const bytes = encoder.encode(s);
  const z = new Uint8Array(bytes.length + 1);
  z.set(bytes);
  return z;
}

/** Reads a C string up to its terminating zero; null gives the empty string. */
export function fromCString(z: CString | null): string {
  return z === null ? "" : decoder.decode(z.subarray(0, strlen(z)));
}

/** Number of bytes before the terminating zero, or the array's length if there is none. */
export function strlen(z: CString): number {
  const n = z.indexOf(0);
  return n < 0 ? z.length : n;
}

/** Compares two C strings bytewise: negative, zero or positive. */
export function strcmp(a: CString, b: CString): number {
  for (let i = 0; ; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (x !== y) return x - y;
    if (x === 0) return 0;
  }
}

/** Compares at most `n` bytes of two C strings: negative, zero or positive. */
export function strncmp(a: CString, b: CString, n: number): number {
  for (let i = 0; i < n; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (x !== y) return x - y;
    if (x === 0) return 0;
  }
  return 0;
}

/** The first place in `z` where the characters of `zNeedle` (ASCII) stand, or null. */
export function strstr(z: CString, zNeedle: string): CString | null {
  const n = zNeedle.length;
  for (let i = 0; ; i++) {
    let j = 0;
    while (j < n && z[i + j] === zNeedle.charCodeAt(j)) j++;
    if (j === n) return z.subarray(i);
    if (!z[i]) return null;
  }
}

/** The last place in `z` where the byte `c` stands, or null. */
export function strrchr(z: CString, c: number): CString | null {
  for (let i = strlen(z); i >= 0; i--) {
    if (z[i] === c) return z.subarray(i);
  }
  return null;
}

/**
 * The decimal number that `z` begins with, after blanks and a sign; 0 if there is none. C's second and
 * third arguments are here for the sake of the calls: nothing asks where the number ends.
 */
export function strtoll(z: CString, _endptr: null, _base: 10): number {
  let i = 0;
  while (z[i] === 0x20 || z[i] === 0x09) i++;
  const neg = z[i] === 0x2d;
  if (neg || z[i] === 0x2b) i++;
  let v = 0;
  for (let c = z[i]; c !== undefined && c >= 0x30 && c <= 0x39; c = z[++i]) v = v * 10 + (c - 0x30);
  return neg ? -v : v;
}

/** Compares `n` bytes: negative, zero or positive. */
export function memcmp(a: Uint8Array, b: Uint8Array, n: number): number {
  for (let i = 0; i < n; i++) {
    const d = (a[i] as number) - (b[i] as number);
    if (d !== 0) return d;
  }
  return 0;
}

/** Copies `n` bytes from the start of `src` to the start of `dest`; overlapping ranges are safe. */
export function memcpy(dest: Uint8Array, src: Uint8Array, n: number): void {
  if (n === src.length) {
    dest.set(src);
  } else {
    dest.set(src.subarray(0, n));
  }
}

/** Longest piece that is copied byte by byte: a view of it would cost more. */
const SHORT = 32;

/**
 * Copies `n` bytes from place `iSrc` of `src` to place `iDest` of `dest`, which do not overlap: memcpy with
 * pointers into two blocks.
 */
export function memcpyAt(dest: Uint8Array, iDest: number, src: Uint8Array, iSrc: number, n: number): void {
  if (n <= SHORT) {
    for (let i = 0; i < n; i++) dest[iDest + i] = src[iSrc + i] as number;
  } else {
    dest.set(iSrc === 0 && n === src.length ? src : src.subarray(iSrc, iSrc + n), iDest);
  }
}

/** Copies `n` bytes between ranges that may overlap. */
export function memmove(dest: Uint8Array, src: Uint8Array, n: number): void {
  memcpy(dest, src, n);
}

/** Sets the first `n` bytes of `dest` to `c`. */
export function memset(dest: Uint8Array, c: number, n: number): void {
  dest.fill(c, 0, n);
}

/** Distance in bytes from `base` to `p`, two pointers into one block: C's `(u8*)p - (u8*)base`. */
export function ptrdiff(p: ArrayBufferView, base: ArrayBufferView): number {
  return p.byteOffset - base.byteOffset;
}

/** The pointer `n` bytes after (or, negative, before) `p` in the same buffer: C's `&p[n]`. */
export function ptradd(p: Uint8Array, n: number): Uint8Array {
  if (n >= 0) return p.subarray(n);
  return new Uint8Array(p.buffer, p.byteOffset + n, p.byteLength - n);
}
