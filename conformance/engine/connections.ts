/**
 * Connections of the upper half as the port's pager sees them.
 */

import { sqlite3 } from "../../src/index.js";
import { type CMemory, newText } from "./memory.js";
import type { Address, UpperExports } from "./upper.js";

/** The port's `sqlite3` for the one at an address. */
export function connectionAt(memory: CMemory, upper: UpperExports, p: Address): sqlite3 | null {
  if (p === 0) return null;
  const db = new sqlite3();
  db.flags = upper.upper_db_flags(p);
  db.mallocFailed = upper.upper_db_malloc_failed(p);
  /* An interrupt may come while a checkpoint runs, from a busy handler. */
  db.u1 = {
    get isInterrupted(): number {
      return upper.upper_db_interrupted(p);
    },
    set isInterrupted(_value: number) {},
  };
  db.xExec = (sql) => {
    const z = newText(memory, sql);
    if (z === 0) return 7;
    const rc = upper.upper_db_exec(p, z);
    memory.free(z);
    return rc;
  };
  return db;
}
