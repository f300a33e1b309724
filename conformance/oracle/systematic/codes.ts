/** How a call of each kind fails: result codes, and what it has done by then. */

import "../wasm32.js";
import {
  SQLITE_BUSY,
  SQLITE_FULL,
  SQLITE_IOERR,
  SQLITE_IOERR_DELETE_NOENT,
  SQLITE_IOERR_DIR_FSYNC,
  SQLITE_IOERR_SHMOPEN,
  SQLITE_IOERR_SHMSIZE,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_IOERR_WRITE,
} from "../../../src/index.js";

/** One way to fail. */
export interface Way {
  /** Another code than the usual one, and how many bytes are written, or read, before. */
  how?: { code: number; partial?: number };
  /** The call says something untrue about the disk, so that nothing is promised about the content. */
  isLie?: boolean;
}

/** The way in which the memory disk lets a call fail unless it is told otherwise. */
const USUALLY: Way = {};

function as(code: number, partial?: number): Way {
  return { how: { code, ...(partial === undefined ? {} : { partial }) } };
}

/** By method, the usual way first. What cannot fail is not here. */
export const CODES = {
  open: [USUALLY, as(SQLITE_IOERR)],
  close: [USUALLY],
  delete: [USUALLY, as(SQLITE_IOERR_DIR_FSYNC), { ...as(SQLITE_IOERR_DELETE_NOENT), isLie: true }],
  access: [USUALLY],
  fullpathname: [USUALLY],
  read: [
    USUALLY,
    { ...as(SQLITE_IOERR_SHORT_READ, 0), isLie: true },
    { ...as(SQLITE_IOERR_SHORT_READ, 20), isLie: true },
  ],
  write: [USUALLY, as(SQLITE_FULL), as(SQLITE_FULL, 100), as(SQLITE_IOERR_WRITE, 4096)],
  truncate: [USUALLY],
  sync: [USUALLY, as(SQLITE_IOERR_DIR_FSYNC)],
  filesize: [USUALLY],
  lock: [USUALLY, as(SQLITE_BUSY)],
  unlock: [USUALLY],
  checkreservedlock: [USUALLY],
  filecontrol: [USUALLY],
  shmmap: [USUALLY, as(SQLITE_IOERR_SHMSIZE), as(SQLITE_IOERR_SHMOPEN)],
  shmlock: [USUALLY, as(SQLITE_BUSY)],
  shmunmap: [USUALLY],
  fetch: [USUALLY],
} satisfies Record<string, readonly Way[]>;

/** A method that can fail. */
export type Failing = keyof typeof CODES;

/** The ways in which a method can fail. */
export function waysOf(call: Failing): readonly Way[] {
  return CODES[call];
}
