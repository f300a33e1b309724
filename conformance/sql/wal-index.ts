/**
 * Comparison of two wal-indexes, files NAME-shm. Every byte is SQLite's own and must be equal, with one
 * exception.
 *
 * walIndexRecover builds each region of 32 KiB in memory from malloc and copies it into the shared file
 * when it has read the region's frames. Page numbers and hash table of a region are cleared when its
 * first frame is entered, and not before. So if the log's first frame of a region is not valid, what is
 * copied, all but the 136 bytes of the header in the first region, is what malloc gave: of the heap, or
 * of the region before. Nobody reads it, since the header's mxFrame does not reach the region, and the
 * region's first frame clears it. Such a region is not compared until then; where no recovery has read
 * a log, regions are zero or left over from earlier frames, and are compared.
 */

import type { Checker } from "../core/case.js";
import type { ShimRecord } from "../engines/shimvfs.js";
import { parseShm, SHM_HEADER, SHM_REGION } from "../format/shm.js";
import { HASH_PAGES, HASH_PAGES_FIRST } from "../format/shm-hash.js";
import { WAL_HEADER } from "../format/wal.js";

/** Whether the trace has a recovery that looks into a log: nobody else reads its header. */
export function readsLog(trace: readonly ShimRecord[]): boolean {
  return trace.some(
    (r) => r.call === "read" && r.offset === 0 && r.amount === WAL_HEADER && r.file.endsWith("-wal"),
  );
}

/** A copy in which regions that the log has not reached are zero. */
export function reached(bytes: Uint8Array, mxFrame: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let region = 0; region * SHM_REGION < bytes.length; region++) {
    const before = region === 0 ? 0 : HASH_PAGES_FIRST + (region - 1) * HASH_PAGES;
    if (mxFrame > before) continue;
    copy.fill(0, region * SHM_REGION + (region === 0 ? SHM_HEADER : 0), (region + 1) * SHM_REGION);
  }
  return copy;
}

/** Compares two wal-indexes. */
export function compareWalIndex(
  check: Checker,
  what: string,
  actual: Uint8Array,
  expected: Uint8Array,
  recovered: boolean,
): void {
  if (!recovered || Buffer.compare(actual, expected) === 0) {
    check.bytes(what, "shm", actual, expected);
    return;
  }
  const mxFrame = parseShm(expected).copies?.[0].mxFrame ?? 0;
  check.bytes(what, "shm", reached(actual, mxFrame), reached(expected, mxFrame));
}
