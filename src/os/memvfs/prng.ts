/**
 * Reproducible pseudo-random numbers and a hash. Not for secrets.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

/** A generator of 32-bit numbers (splitmix-like, period 2^32) whose state is one number. */
export class SeededRandom {
  /** The state, a u32; copying it copies the generator. */
  state: number;

  /** @param seed any number; its low 32 bits count. */
  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** The next u32. */
  next(): number {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  }

  /** A number from 0 up to, not including, `n`, which is at most 2^32. */
  below(n: number): number {
    return Math.floor((this.next() / 4294967296) * n);
  }

  /** Fills the bytes from `from` up to, not including, `to`. */
  fill(buf: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; ) {
      for (let v = this.next(), k = 0; k < 4 && i < to; k++, v >>>= 8) buf[i++] = v;
    }
  }
}

/** FNV-1a, 32 bits, of the first `n` bytes. */
export function fnv1a(bytes: Uint8Array, n: number = bytes.length): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < n; i++) h = Math.imul(h ^ (bytes[i] as number), 0x01000193);
  return h >>> 0;
}
