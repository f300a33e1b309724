/**
 * Looking over a memory disk's shoulder: the trace of calls, and calls that are made to fail.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

import {
  SQLITE_CANTOPEN,
  SQLITE_IOERR,
  SQLITE_IOERR_ACCESS,
  SQLITE_IOERR_CHECKRESERVEDLOCK,
  SQLITE_IOERR_CLOSE,
  SQLITE_IOERR_DELETE,
  SQLITE_IOERR_FSTAT,
  SQLITE_IOERR_FSYNC,
  SQLITE_IOERR_LOCK,
  SQLITE_IOERR_MMAP,
  SQLITE_IOERR_READ,
  SQLITE_IOERR_SHMLOCK,
  SQLITE_IOERR_SHMMAP,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_IOERR_TRUNCATE,
  SQLITE_IOERR_UNLOCK,
  SQLITE_IOERR_WRITE,
  SQLITE_OK,
} from "../../sqliteInt.js";
import { fnv1a } from "./prng.js";

/** The result code with which a call fails unless its fault names another; 0: cannot fail. */
const NATURAL = {
  open: SQLITE_CANTOPEN,
  close: SQLITE_IOERR_CLOSE,
  delete: SQLITE_IOERR_DELETE,
  access: SQLITE_IOERR_ACCESS,
  fullpathname: SQLITE_CANTOPEN,
  randomness: 0,
  sleep: 0,
  currenttime: 0,
  read: SQLITE_IOERR_READ,
  write: SQLITE_IOERR_WRITE,
  truncate: SQLITE_IOERR_TRUNCATE,
  sync: SQLITE_IOERR_FSYNC,
  filesize: SQLITE_IOERR_FSTAT,
  lock: SQLITE_IOERR_LOCK,
  unlock: SQLITE_IOERR_UNLOCK,
  checkreservedlock: SQLITE_IOERR_CHECKRESERVEDLOCK,
  filecontrol: SQLITE_IOERR,
  sectorsize: 0,
  devicecharacteristics: 0,
  shmmap: SQLITE_IOERR_SHMMAP,
  shmlock: SQLITE_IOERR_SHMLOCK,
  shmbarrier: 0,
  shmunmap: SQLITE_IOERR,
  fetch: SQLITE_IOERR_MMAP,
  unfetch: SQLITE_IOERR_MMAP,
};

/** A method of the VFS or of a file: its name without the x, in lower case. */
export type MemOp = keyof typeof NATURAL;

/** One call as the trace records it. */
export interface MemCall {
  /** Number of the call, from 1; only calls that were watched count. */
  seq: number;
  op: MemOp;
  /** Full name of the file, or "" for calls that concern none. */
  file: string;
  /** Byte offset; for shmmap the region, for shmlock the first slot, for truncate the new size. */
  offset: number;
  /** Bytes; for shmlock slots; for sleep microseconds. */
  amount: number;
  /** FNV-1a of the bytes handed to write, or of those read (zero-filled tail included); 0 after a failed read. */
  hash: number;
  /** Flags of open, access, sync and shmlock, level of lock and unlock, opcode of filecontrol, else 0. */
  arg: number;
  /** What the call returned, if that is a result code. */
  rc: number;
  /** A number that came back otherwise: a size, a lock's state, open's flags, 1 for a page that is mapped... */
  out: number;
}

/** Which calls shall fail, and how. */
export interface MemFaultRule {
  /** The class of calls: one method, several, or `"all"` those that can fail. */
  op: MemOp | readonly MemOp[] | "all";
  /** The how-manieth matching call fails, counted from 1 since the rule was added. Infinity only counts. */
  nth: number;
  /** Result code; by default the natural one of the method (SQLITE_IOERR_READ, ..._FSYNC, SQLITE_CANTOPEN). */
  code?: number;
  /** Whether all matching calls after the n-th fail too. Default: only that one. */
  persistent?: boolean;
  /** Narrows the class: counts, and fails, only if this returns true. */
  when?: (call: Readonly<MemCall>) => boolean;
  /**
   * For xWrite: how many bytes are written before the failure; for xRead with SQLITE_IOERR_SHORT_READ: how many
   * are read, the others being zeros then. Default 0; at most all of them.
   */
  partial?: number;
  /** For xRead: whether the buffer is filled with 0xA5 instead of being left alone. */
  scribble?: boolean;
}

/** A rule that has been added to a disk. */
export class MemFault {
  readonly rule: Readonly<MemFaultRule>;
  /** How many calls have matched. */
  seen = 0;
  /** How many of them have been made to fail. */
  hits = 0;

  constructor(rule: MemFaultRule) {
    this.rule = { ...rule };
  }

  /** Counts a call; the code with which it must fail, or 0. */
  judge(call: MemCall): number {
    const { op, nth, when, persistent, code } = this.rule;
    const natural = NATURAL[call.op];
    if (natural === 0) return SQLITE_OK;
    if (op !== "all" && op !== call.op && !(Array.isArray(op) && op.includes(call.op))) return SQLITE_OK;
    if (when !== undefined && !when(call)) return SQLITE_OK;
    this.seen++;
    if (this.seen < nth || (this.seen > nth && !persistent)) return SQLITE_OK;
    this.hits++;
    return code ?? natural;
  }
}

/** The watcher of one disk. While {@link active} is false nothing here is called. */
export class Watch {
  /** Whether calls must pass through {@link run}. */
  active = false;
  /** How many calls have been made to fail. */
  failures = 0;
  #trace: MemCall[] | null = null;
  #faults: readonly MemFault[] = [];
  #onCall: ((call: Readonly<MemCall>) => void) | null = null;
  #seq = 0;

  get trace(): MemCall[] | null {
    return this.#trace;
  }
  set trace(trace: MemCall[] | null) {
    this.#trace = trace;
    this.#update();
  }

  get onCall(): ((call: Readonly<MemCall>) => void) | null {
    return this.#onCall;
  }
  set onCall(onCall: ((call: Readonly<MemCall>) => void) | null) {
    this.#onCall = onCall;
    this.#update();
  }

  get faults(): readonly MemFault[] {
    return this.#faults;
  }
  set faults(faults: readonly MemFault[]) {
    this.#faults = faults;
    this.#update();
  }

  #update(): void {
    this.active = this.#trace !== null || this.#faults.length > 0 || this.#onCall !== null;
  }

  /**
   * Makes one call: tells the hook, fails it or lets it happen, and records it.
   *
   * @param bytes buffer of a read or write, whose first `amount` bytes are hashed.
   * @param impl the call itself; may set `out`.
   */
  run(
    op: MemOp,
    file: string,
    offset: number,
    amount: number,
    arg: number,
    bytes: Uint8Array | null,
    impl: (call: MemCall) => number,
    onFault?: (rule: Readonly<MemFaultRule>) => void,
  ): number {
    const call: MemCall = { seq: ++this.#seq, op, file, offset, amount, hash: 0, arg, rc: 0, out: 0 };
    const hashed = bytes !== null && this.#trace !== null;
    /* A write's bytes count as they were handed over, whatever becomes of the call. */
    if (hashed && op === "write") call.hash = fnv1a(bytes, amount);
    this.#onCall?.(call);
    let failed = false;
    for (const fault of this.#faults) {
      const code = fault.judge(call);
      if (code === SQLITE_OK || failed) continue;
      failed = true;
      this.failures++;
      call.rc = code;
      onFault?.(fault.rule);
    }
    if (!failed) call.rc = impl(call);
    if (hashed && op !== "write" && (call.rc === SQLITE_OK || call.rc === SQLITE_IOERR_SHORT_READ)) {
      call.hash = fnv1a(bytes, amount);
    }
    this.#trace?.push(call);
    return call.rc;
  }
}
