/**
 * The wal-index's header as calls found it, and how much of that can be believed.
 *
 * In the trace of one process it is what it is. Where several processes write one log (shared-log.ts), others
 * may store into the index between a process's look at it and its record, so only that counts which nobody
 * else may touch:
 *
 * * the header's copies, from who has the writer's slot; from a checkpointer with slots 1 and 3, if they agree
 *   and name more frames of the same round: the writer that stored them has not come to its next call yet;
 * * nBackfill and nBackfillAttempted, from a checkpointer with slots 1 and 3, and from who has slots 0 and 4,
 *   which starts the log over;
 * * everything, from who has the database exclusively;
 * * from who recovers: nothing before both copies are there again, everything then.
 *
 * After a writer's or recoverer's death nothing is known until the copies agree again.
 */

import { parseShm, SHM_COPY, type ShmCopy } from "../../format/shm.js";

/** The index's header as a call found it. */
export interface Index {
  header: ShmCopy;
  first: Buffer;
  second: Buffer;
  /** The copies agree, and are what a connection would use. */
  isUsable: boolean;
  nBackfill: number;
  nBackfillAttempted: number;
}

/** What a process holds, exclusively. */
export interface Holds {
  database: boolean;
  slot: (n: number) => boolean;
}

/** Slots of the wal-index. */
export const SLOT_WRITE = 0;
export const SLOT_CHECKPOINT = 1;
export const SLOT_RECOVER = 2;
export const SLOT_READ0 = 3;
const SLOT_READ1 = 4;

export function readIndex(bytes: Uint8Array): Index | null {
  const shm = parseShm(bytes);
  if (shm.copies === null) return null;
  return {
    header: shm.copies[0],
    first: Buffer.from(bytes.subarray(0, SHM_COPY)),
    second: Buffer.from(bytes.subarray(SHM_COPY, 2 * SHM_COPY)),
    isUsable: shm.usable,
    nBackfill: shm.nBackfill,
    nBackfillAttempted: shm.nBackfillAttempted,
  };
}

/** Salts as the log's header has them, as hexadecimal text. */
export function saltText(h: ShmCopy): string {
  return h.salts.map((n) => n.toString(16).padStart(8, "0")).join("");
}

function isLater(seen: Index, before: Index): boolean {
  const { header } = seen;
  return (
    seen.isUsable && saltText(header) === saltText(before.header) && header.mxFrame > before.header.mxFrame
  );
}

/** What is known of the index when one of several processes has seen this; `before` itself: nothing new. */
export function believe(before: Index | null, seen: Index | null, holds: Holds): Index | null {
  if (seen === null) return before;
  const writes = holds.database || holds.slot(SLOT_WRITE);
  const copies = holds.slot(SLOT_CHECKPOINT) && holds.slot(SLOT_READ0);
  if (before === null) return (writes || copies) && seen.isUsable ? seen : null;
  const headers = writes || (copies && isLater(seen, before)) ? seen : before;
  const restarts = holds.slot(SLOT_WRITE) && holds.slot(SLOT_READ1);
  const backfills = holds.database || copies || restarts ? seen : before;
  if (
    headers.first.equals(before.first) &&
    headers.second.equals(before.second) &&
    backfills.nBackfill === before.nBackfill &&
    backfills.nBackfillAttempted === before.nBackfillAttempted
  ) {
    return before;
  }
  const { nBackfill, nBackfillAttempted } = backfills;
  return { ...headers, nBackfill, nBackfillAttempted };
}
