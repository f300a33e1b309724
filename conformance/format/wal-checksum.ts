/** The checksum of the write-ahead log and of the wal-index header: two sums, each fed by the other. */

/** The two sums, s0 and s1. */
export type Checksum = readonly [number, number];

/** What the first sum of a chain goes on from. */
export const NO_CHECKSUM: Checksum = [0, 0];

/**
 * Extends a checksum by some bytes, read as 32-bit words.
 *
 * @param size a multiple of 8
 * @param bigEndian how the words are read; in a log its magic says it, in a wal-index it is the machine's order
 */
export function walChecksum(
  bytes: Uint8Array,
  from: number,
  size: number,
  before: Checksum,
  bigEndian: boolean,
): Checksum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [s0, s1] = before;
  for (let at = from; at < from + size; at += 8) {
    s0 = (s0 + view.getUint32(at, !bigEndian) + s1) | 0;
    s1 = (s1 + view.getUint32(at + 4, !bigEndian) + s0) | 0;
  }
  return [s0 >>> 0, s1 >>> 0];
}

/** Whether two checksums are one. */
export function sameChecksum(a: Checksum, b: Checksum): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** Two 32-bit words for people: checksums, salts. */
export function words(pair: readonly [number, number]): string {
  return pair.map((w) => w.toString(16).padStart(8, "0")).join(" ");
}
