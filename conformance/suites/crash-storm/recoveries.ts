/** Recoveries in a process's first calls: of a log into the wal-index, of a rollback journal. */

import { SQLITE_OPEN_CREATE, SQLITE_OPEN_READWRITE } from "../../../src/index.js";
import type { RecordOptions, ShimRecord } from "../../engines/shimvfs.js";

const LOCK_EXCLUSIVE = 2 | 8;
const UNLOCK_EXCLUSIVE = 1 | 8;
/** The slot that only who recovers locks. */
const RECOVER = 2;

/** What must be recorded. */
export const RECOVERY_CALLS: RecordOptions = {
  calls: ["open", "read", "shmlock"],
  writes: false,
  ids: false,
};

/** How many recoveries a trace shows that had something to recover from. */
export function recoveriesIn(trace: readonly ShimRecord[]): number {
  let count = 0;
  let isInside = false;
  for (const r of trace) {
    if (r.rc !== 0) continue;
    const covers =
      r.call === "shmlock" &&
      (r.offset as number) <= RECOVER &&
      (r.offset as number) + (r.amount as number) > RECOVER;
    if (covers && r.argument === LOCK_EXCLUSIVE) isInside = true;
    else if (covers && r.argument === UNLOCK_EXCLUSIVE) isInside = false;
    else if (isInside && r.call === "read" && r.file.endsWith("-wal")) {
      count++;
      isInside = false;
    } else if (r.call === "open" && r.file.endsWith("-journal")) {
      /* To look for a hot journal it is opened for reading, to write one with CREATE: this is a rollback. */
      const flags = r.argument as number;
      if (flags & SQLITE_OPEN_READWRITE && !(flags & SQLITE_OPEN_CREATE)) count++;
    }
  }
  return count;
}
