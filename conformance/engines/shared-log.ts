/**
 * A log that several processes write: what each of them calls, in one order. The port's side, and the
 * reader; real SQLite's side is conformance/native/sharedlog.h.
 *
 * Each record is one write to the end of one file (O_APPEND), so the file's order is one for all. A call
 * and its record are two things, however, and others come between. The order of the records is one in which
 * the calls may have happened as far as locks order them, because
 *
 * * what takes a lock is recorded when it has been taken, what gives one back before it is given back, so
 *   that the records of two holders never overlap;
 * * writes, truncations, deletions and barriers are recorded before they are made. They are made under
 *   locks; who relies on them has taken a lock since, or has seen something in the wal-index that was
 *   stored after them, hence recorded after them;
 * * a sync is recorded when it has returned: it counts for what was recorded before;
 * * the wal-index is looked at immediately before the record is written. Others may be storing into it
 *   meanwhile: how far it can be believed depends on the locks that the process holds (wal-index.ts).
 *
 * A process that is killed has recorded what it has written, perhaps one call more, which was not made. It
 * may be killed while it is writing a record: that record ends early, and its call was not made either, or
 * nobody has relied on it. Of reads, only those that see a header of the log or of a frame are recorded, with their bytes. Who recovers
 * makes them; they tell what a dead process has left there.
 *
 * Calls that a plan makes fail have no place here: they would be recorded as if they had been made.
 */

import { closeSync, constants, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { SQLITE_SHM_UNLOCK } from "../../src/index.js";
import { encodeRecord, parseRecord } from "./call-bytes.js";
import type { ShimCall, ShimRecord } from "./shimvfs.js";

/** The calls that a shared log is for. */
export const SHARED_CALLS: readonly ShimCall[] = [
  ...(["open", "close", "read", "write", "truncate", "sync", "delete", "lock", "unlock"] as const),
  ...(["shmmap", "shmlock", "shmbarrier", "shmunmap"] as const),
];

/** A record of a shared log. */
export interface SharedRecord extends ShimRecord {
  /** The process that made the call; `id` is a number of that process. */
  process: number;
}

const BEFORE: readonly ShimCall[] = [
  ...(["write", "truncate", "delete", "close", "unlock", "shmbarrier", "shmunmap"] as const),
];

/** Whether a call is recorded before it is made. */
export function isRecordedBefore(call: ShimCall, argument: number): boolean {
  return call === "shmlock" ? (argument & SQLITE_SHM_UNLOCK) !== 0 : BEFORE.includes(call);
}

/** Whether a call belongs into the log. */
export function isShared(r: ShimRecord): boolean {
  if (r.file === "" || !SHARED_CALLS.includes(r.call)) return false;
  return r.call !== "read" || (r.rc === 0 && r.file.endsWith("-wal") && (r.amount as number) % 512 !== 0);
}

/** Marks of a record's beginning and end, between them the record's length, the process id and the call. */
const BEGIN = Buffer.from("\u0001record\u00fe", "latin1");
const END = Buffer.from("\u0002record\u00fd", "latin1");
const LENGTH_AT = BEGIN.length;
const PROCESS_AT = LENGTH_AT + 4;
const CALL_AT = PROCESS_AT + 4;

/** The log of a process that writes. */
export class SharedLog {
  readonly #fd: number;

  /** @param path a file that {@link emptySharedLog} has made */
  constructor(path: string) {
    this.#fd = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  }

  note(r: ShimRecord): void {
    const bytes = encodeRecord(r, CALL_AT, END.length);
    BEGIN.copy(bytes);
    bytes.writeUInt32LE(bytes.length, LENGTH_AT);
    bytes.writeUInt32LE(process.pid, PROCESS_AT);
    END.copy(bytes, bytes.length - END.length);
    if (writeSync(this.#fd, bytes) !== bytes.length) throw new Error("the shared log has a hole");
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Makes an empty log. */
export function emptySharedLog(path: string): void {
  writeFileSync(path, "");
}

/** How long a log is now; no record is across that. */
export function sharedLogSize(path: string): number {
  return statSync(path).size;
}

/** All records of a log, or those among its first bytes. */
export function readSharedLog(path: string, size = Number.POSITIVE_INFINITY): SharedRecord[] {
  const bytes = readFileSync(path).subarray(0, size);
  const records: SharedRecord[] = [];
  const isAt = (mark: Buffer, at: number): boolean => bytes.subarray(at, at + mark.length).equals(mark);
  for (let at = 0; at < bytes.length; ) {
    const next = bytes.indexOf(BEGIN, at + 1);
    const following = next === -1 ? bytes.length : next;
    const isBegun = isAt(BEGIN, at) && at + CALL_AT <= bytes.length;
    const end = isBegun ? at + bytes.readUInt32LE(at + LENGTH_AT) : 0;
    /* What else is there was left by a process that was killed in the middle of a record. */
    if (end > at && end <= following && isAt(END, end - END.length)) {
      const { record } = parseRecord(bytes, at + CALL_AT);
      records.push({ ...record, process: bytes.readUInt32LE(at + PROCESS_AT) });
    }
    at = following;
  }
  return records;
}
