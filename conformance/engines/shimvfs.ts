/**
 * A pass-through VFS under the name `shim` that counts, records, fails, stops or kills.
 *
 * It stands between the port and its Unix VFS in the port's child process. Its twin under real SQLite is
 * conformance/native/recorder.c; what follows holds for both, call by call, so that one plan fails the
 * same call on both sides and records compare as they are.
 *
 * Plan. A call counts if its kind is in `calls` and the file's full name ends with `suffix`; a temporary
 * file has the empty name. The count starts from zero when a plan is set; the call at which it reaches
 * `at` is hit, with `persistent` that one and every counted call after it.
 *
 * * "kill-before": SIGKILL, and the call is not made. "kill-after": the call is made, then SIGKILL.
 * * "kill-torn": of a write the first half of its bytes (rounded down) is written, then SIGKILL; any
 *   other call is as with "kill-before".
 * * "fail": the call is not made and returns `rc`; nothing reaches the file, no output is set (xFetch
 *   and xShmMap give a null pointer). A file whose opening fails is not open. What gives something back
 *   is made all the same and then returns `rc`: close, unfetch, shmunmap, unlocking of a wal-index. A
 *   barrier cannot fail: it is counted and made.
 * * "stop-before", "stop-after": the process raises SIGSTOP before or after the call and stands still, with
 *   whatever it holds, until another one sends SIGCONT; the call is made (stopped.ts is the parent's side).
 *
 * Recording. A call is recorded after it has returned, with the code that the caller got, whether the
 * call was made or failed by plan. `file` is the last component of the name. The offset of a mapped page
 * or shared-memory region, and what else the fields mean for each call, is said at {@link ShimRecord}.
 */

import {
  type CString,
  fromCString,
  type Ref,
  SQLITE_IOERR,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_OK,
  SQLITE_SHM_UNLOCK,
  sqlite3_file,
  type sqlite3_io_methods,
  type sqlite3_vfs,
  sqlite3_vfs_find,
  sqlite3_vfs_register,
} from "../../src/index.js";
import { isRecordedBefore, isShared, SharedLog } from "./shared-log.js";

/** The calls that can be counted. */
export type ShimCall =
  | "open"
  | "read"
  | "write"
  | "truncate"
  | "sync"
  | "delete"
  | "lock"
  | "unlock"
  | "size"
  | DetailCall
  | OptionalCall;

/** Calls that are recorded only when details are asked for. */
export type DetailCall = "close" | "control" | "access" | "reserved";

/** Calls that are recorded only when they are named. "sleep" is never counted. */
export type OptionalCall =
  | "fetch"
  | "unfetch"
  | "shmmap"
  | "shmlock"
  | "shmbarrier"
  | "shmunmap"
  | "fullname"
  | "sleep";

const PLAIN_CALLS: readonly ShimCall[] = [
  "open",
  "read",
  "write",
  "truncate",
  "sync",
  "delete",
  "lock",
  "unlock",
  "size",
];

/** The calls of a detailed recording, which is what both sides record unless told otherwise. */
export const DETAILED_CALLS: readonly ShimCall[] = [...PLAIN_CALLS, "close", "control", "access", "reserved"];

/** What shall be recorded. */
export interface RecordOptions {
  /** These calls; {@link DETAILED_CALLS} unless told. */
  calls?: readonly ShimCall[];
  /** The bytes of writes; true unless told. */
  writes?: boolean;
  /** The bytes of reads that succeeded or came up short. */
  reads?: boolean;
  /** What successful calls returned through a pointer: see `result` of {@link ShimRecord}. */
  results?: boolean;
  /** Number the open files: see `id` of {@link ShimRecord}; true unless told. */
  ids?: boolean;
  /** The header of the wal-index: see `index` of {@link ShimRecord}. */
  index?: boolean;
  /** While this is recorded xSleep returns at once: nobody is there who could use the time. */
  instant?: boolean;
}

/** What shall happen, and when. */
export interface ShimPlan {
  /** Which calls count. */
  calls: ShimCall[];
  /** Only on files whose name ends so. */
  suffix?: string;
  /** At the n-th counted call, from 1. */
  at: number;
  /** Kill the process before or after the call, or after half a write; answer `rc`; or stop the process. */
  what: "kill-before" | "kill-after" | "kill-torn" | "fail" | "stop-before" | "stop-after";
  /** For "fail": the result code. */
  rc?: number;
  /** For "fail": fail every counted call from `at` on. */
  persistent?: boolean;
}

/** One recorded call. */
export interface ShimRecord {
  call: ShimCall;
  /** The last component of the file's name. */
  file: string;
  /**
   * If asked for, of calls on an open file: its number, from 1, in the order in which the recording first
   * saw the files. Tells files without a name apart, and two openings of one file.
   */
  id?: number;
  /** Of reads, writes, mapped pages; the slot of shared-memory locks; the number of a region. */
  offset?: number;
  /** Of the same calls bytes, slots, bytes of a region; of truncate the new size. */
  amount?: number;
  /**
   * Lock level, sync flags, directory-sync flag, flags of open, access and shared-memory locks, opcode of
   * control, whether to extend (shmmap), to delete (shmunmap), to give up a page (unfetch), microseconds.
   */
  argument?: number;
  rc: number;
  /** If asked for: a copy of the bytes written or read. */
  data?: Uint8Array;
  /** If asked for and the call succeeded: size; 1 or 0 of access, reserved; whether a page was mapped. */
  result?: number;
  /**
   * If asked for, of calls on a database or its log: the first 136 bytes of the wal-index as the call
   * found them, where they are not what an earlier record has said. Stores into shared memory are no
   * calls; so they show all the same, between the calls that they come between. Only while a file of
   * this process has the first region mapped: there is none for an index on the heap.
   */
  index?: Uint8Array;
}

/** What files shall claim of the device below them; what is left out is as the VFS below says. */
export interface ShimDevice {
  /** Bytes. */
  sectorSize?: number;
  /** SQLITE_IOCAP_*. */
  characteristics?: number;
}

interface ShimFile {
  inner: sqlite3_file;
  name: string;
  /** Its number in a recording, and in which. */
  id: number;
  recording: number;
  /** Its number in this process, from 1. */
  number: number;
  /** The first region of its wal-index while it is mapped. */
  region: Uint8Array | null;
}

let plan: ShimPlan | null = null;
let counted = 0;
let recorded: ReadonlySet<ShimCall> = new Set();
let want = { writes: false, reads: false, results: false, ids: false, index: false, instant: false };
/** How many recordings have begun, and how many files the last one has numbered. */
let recordings = 0;
let numbered = 0;
let device: ShimDevice = {};
const records: ShimRecord[] = [];

/** How much of a wal-index is shown: both copies of the header, and what checkpoints and readers leave. */
const INDEX_BYTES = 136;
/** Files whose first region is mapped. */
const mapped = new Set<ShimFile>();
/** What the records have said last of each database's wal-index. */
const indexes = new Map<string, Buffer>();
/** What the call under way has found, if that is news. */
let found: Buffer | null = null;

/** What several processes write down besides. */
let shared: SharedLog | null = null;
/** Files that this process has opened. */
let opened = 0;

/** The database of a database or its log, and what its wal-index says now; null: there is none. */
function indexOf(name: string): { database: string; now: Buffer } | null {
  for (const f of mapped) {
    if (f.region === null || (name !== f.name && name !== `${f.name}-wal`)) continue;
    return { database: f.name, now: Buffer.from(f.region.subarray(0, INDEX_BYTES)) };
  }
  return null;
}

/** Looks at the wal-index before a call on a database or its log. */
function findIndex(name: string): void {
  found = null;
  const index = indexOf(name);
  if (index === null || indexes.get(index.database)?.equals(index.now)) return;
  indexes.set(index.database, index.now);
  found = index.now;
}

/** The mapping is about to go. */
function unmapIndex(f: ShimFile): void {
  mapped.delete(f);
  f.region = null;
}

/** Sets or removes the plan and starts counting from zero. */
export function setShimPlan(p: ShimPlan | null): void {
  plan = p;
  counted = 0;
}

/** Sets the device that files claim; `{}` removes that again. */
export function setShimDevice(d: ShimDevice): void {
  device = d;
}

/** How many calls have counted since the plan was set. */
export function shimCount(): number {
  return counted;
}

/**
 * Starts recording afresh, or stops; returns what was recorded so far.
 *
 * @param details also record the calls of {@link DetailCall}, and the bytes of writes
 */
export function setShimRecording(on: boolean, details = false): ShimRecord[] {
  return recordShim(on, { calls: details ? DETAILED_CALLS : PLAIN_CALLS, writes: details, ids: false });
}

/** As {@link setShimRecording}, with the choice of what is recorded. */
export function recordShim(on: boolean, options: RecordOptions = {}): ShimRecord[] {
  const out = records.splice(0);
  recorded = new Set(on ? (options.calls ?? DETAILED_CALLS) : []);
  want = {
    writes: options.writes ?? true,
    reads: options.reads ?? false,
    results: options.results ?? false,
    ids: options.ids ?? true,
    index: options.index ?? false,
    instant: on && (options.instant ?? false),
  };
  recordings++;
  numbered = 0;
  indexes.clear();
  found = null;
  return out;
}

/** Calls go to the end of a file besides, from now on (shared-log.ts); null: no more. */
export function shareShim(path: string | null): void {
  shared?.close();
  shared = path === null ? null : new SharedLog(path);
}

function numberOf(f: ShimFile): number {
  if (f.recording !== recordings) {
    f.recording = recordings;
    f.id = ++numbered;
  }
  return f.id;
}

/** Records a call on an open file, or on a name; `extra` is asked only then. */
function note(
  call: ShimCall,
  on: ShimFile | string,
  rc: number,
  extra?: (rc: number) => Partial<ShimRecord>,
): number {
  if (recorded.has(call)) {
    const name = typeof on === "string" ? on : on.name;
    /* What could not be opened has no number. */
    const isFile = typeof on !== "string" && (call !== "open" || on.inner.pMethods !== null);
    const id = want.ids && isFile ? { id: numberOf(on) } : {};
    const index = found === null ? {} : { index: Uint8Array.from(found) };
    found = null;
    records.push({ call, file: name.slice(name.lastIndexOf("/") + 1), rc, ...id, ...extra?.(rc), ...index });
  }
  return rc;
}

/** Writes a call into the shared log, if its place is before the call, or after it. */
function share(
  when: "before" | "after",
  call: ShimCall,
  on: ShimFile | string,
  rc: number,
  fields: Partial<ShimRecord>,
): void {
  if (shared === null || isRecordedBefore(call, fields.argument ?? 0) !== (when === "before")) return;
  const name = typeof on === "string" ? on : on.name;
  const record: ShimRecord = { call, file: name.slice(name.lastIndexOf("/") + 1), rc, ...fields };
  if (!isShared(record)) return;
  const index = indexOf(name);
  if (typeof on !== "string") record.id = on.number;
  if (index !== null) record.index = index.now;
  shared.note(record);
}

/** The value behind a pointer, for the record of a call that has succeeded. */
function result(rc: number, value: () => number): Partial<ShimRecord> {
  return want.results && rc === SQLITE_OK ? { result: value() } : {};
}

function die(): never {
  process.kill(process.pid, "SIGKILL");
  /* SIGKILL is delivered before the system call returns; nothing after this runs. */
  throw new Error("unreachable: the process has been killed");
}

function stop(): void {
  /* Stopped before the system call returns, since this is the main thread; it returns after SIGCONT. */
  process.kill(process.pid, "SIGSTOP");
}

/** Counts a call; true if it is one that the plan is about. */
function hits(call: ShimCall, name: string): boolean {
  if (want.index && recorded.has(call)) findIndex(name);
  if (plan === null || !plan.calls.includes(call)) return false;
  if (plan.suffix !== undefined && !name.endsWith(plan.suffix)) return false;
  counted++;
  return plan.persistent ? counted >= plan.at : counted === plan.at;
}

/**
 * Runs one call under the plan. `torn` performs the first half of a write, `failed` does what is done in
 * the place of a call that fails: it clears an output, or makes the call.
 */
function through(
  call: ShimCall,
  on: ShimFile | string,
  run: () => number,
  extra?: (rc: number) => Partial<ShimRecord>,
  special: { torn?: () => void; failed?: () => void; bytes?: Uint8Array } = {},
): number {
  const what = hits(call, typeof on === "string" ? on : on.name) && plan !== null ? plan.what : null;
  if (what === "kill-before") die();
  const fields = (now: number): Partial<ShimRecord> => ({
    ...extra?.(now),
    ...(special.bytes === undefined ? {} : { data: special.bytes }),
  });
  if (what === "kill-torn") {
    if (special.torn !== undefined && special.bytes !== undefined) {
      const data = special.bytes.subarray(0, special.bytes.length >> 1);
      share("before", call, on, SQLITE_OK, { ...fields(SQLITE_OK), amount: data.length, data });
    }
    special.torn?.();
    die();
  }
  if (what === "stop-before") stop();
  if (shared !== null) share("before", call, on, SQLITE_OK, fields(SQLITE_OK));
  let rc: number;
  if (what === "fail") {
    special.failed?.();
    rc = plan?.rc ?? SQLITE_IOERR;
  } else {
    rc = run();
  }
  if (shared !== null) share("after", call, on, rc, fields(rc));
  if (what === "kill-after") die();
  if (what === "stop-after") stop();
  return note(call, on, rc, extra);
}

const own = (id: sqlite3_file): ShimFile => id.pImpl as ShimFile;
const methodsOf = (f: ShimFile): sqlite3_io_methods => f.inner.pMethods as sqlite3_io_methods;

const shimMethods: sqlite3_io_methods = {
  iVersion: 3,
  xClose(id) {
    const f = own(id);
    const close = (): number => {
      unmapIndex(f);
      return methodsOf(f).xClose(f.inner);
    };
    const rc = through("close", f, close, undefined, { failed: close });
    id.pMethods = null;
    id.pImpl = null;
    return rc;
  },
  xRead(id, pBuf, iAmt, iOfst) {
    const f = own(id);
    return through(
      "read",
      f,
      () => methodsOf(f).xRead(f.inner, pBuf, iAmt, iOfst),
      (rc) => ({
        offset: iOfst,
        amount: iAmt,
        ...(want.reads && (rc === SQLITE_OK || rc === SQLITE_IOERR_SHORT_READ)
          ? { data: Uint8Array.from(pBuf.subarray(0, iAmt)) }
          : {}),
      }),
      { bytes: pBuf.subarray(0, iAmt) },
    );
  },
  xWrite(id, pBuf, iAmt, iOfst) {
    const f = own(id);
    return through(
      "write",
      f,
      () => methodsOf(f).xWrite(f.inner, pBuf, iAmt, iOfst),
      () => ({
        offset: iOfst,
        amount: iAmt,
        ...(want.writes ? { data: Uint8Array.from(pBuf.subarray(0, iAmt)) } : {}),
      }),
      {
        torn: () => void methodsOf(f).xWrite(f.inner, pBuf, iAmt >> 1, iOfst),
        bytes: pBuf.subarray(0, iAmt),
      },
    );
  },
  xTruncate(id, size) {
    const f = own(id);
    return through(
      "truncate",
      f,
      () => methodsOf(f).xTruncate(f.inner, size),
      () => ({ amount: size }),
    );
  },
  xSync(id, flags) {
    const f = own(id);
    return through(
      "sync",
      f,
      () => methodsOf(f).xSync(f.inner, flags),
      () => ({ argument: flags }),
    );
  },
  xFileSize(id, pSize) {
    const f = own(id);
    return through(
      "size",
      f,
      () => methodsOf(f).xFileSize(f.inner, pSize),
      (rc) => result(rc, () => pSize.value),
    );
  },
  xLock(id, eLock) {
    const f = own(id);
    return through(
      "lock",
      f,
      () => methodsOf(f).xLock(f.inner, eLock),
      () => ({ argument: eLock }),
    );
  },
  xUnlock(id, eLock) {
    const f = own(id);
    return through(
      "unlock",
      f,
      () => methodsOf(f).xUnlock(f.inner, eLock),
      () => ({ argument: eLock }),
    );
  },
  xCheckReservedLock(id, pResOut) {
    const f = own(id);
    return through(
      "reserved",
      f,
      () => methodsOf(f).xCheckReservedLock(f.inner, pResOut),
      (rc) => result(rc, () => (pResOut.value ? 1 : 0)),
    );
  },
  xFileControl(id, op, pArg) {
    const f = own(id);
    return through(
      "control",
      f,
      () => methodsOf(f).xFileControl(f.inner, op, pArg),
      () => ({ argument: op }),
    );
  },
  xSectorSize(id) {
    const f = own(id);
    return device.sectorSize ?? methodsOf(f).xSectorSize(f.inner);
  },
  xDeviceCharacteristics(id) {
    const f = own(id);
    return device.characteristics ?? methodsOf(f).xDeviceCharacteristics(f.inner);
  },
  xShmMap(id, iPg, pgsz, bExtend, pp) {
    const f = own(id);
    return through(
      "shmmap",
      f,
      () => {
        const rc = methodsOf(f).xShmMap!(f.inner, iPg, pgsz, bExtend, pp);
        if (iPg === 0 && pp.value !== null) {
          f.region = pp.value;
          mapped.add(f);
        }
        return rc;
      },
      () => ({ offset: iPg, amount: pgsz, argument: bExtend }),
      {
        failed: () => {
          pp.value = null;
        },
      },
    );
  },
  xShmLock(id, offset, n, flags) {
    const f = own(id);
    const lock = (): number => methodsOf(f).xShmLock!(f.inner, offset, n, flags);
    return through(
      "shmlock",
      f,
      lock,
      () => ({ offset, amount: n, argument: flags }),
      flags & SQLITE_SHM_UNLOCK ? { failed: lock } : {},
    );
  },
  xShmBarrier(id) {
    const f = own(id);
    const what = hits("shmbarrier", f.name) ? plan?.what : null;
    if (what === "kill-before" || what === "kill-torn") die();
    if (what === "stop-before") stop();
    share("before", "shmbarrier", f, SQLITE_OK, {});
    methodsOf(f).xShmBarrier!(f.inner);
    if (what === "kill-after") die();
    if (what === "stop-after") stop();
    note("shmbarrier", f, SQLITE_OK);
  },
  xShmUnmap(id, deleteFlag) {
    const f = own(id);
    const unmap = (): number => {
      unmapIndex(f);
      return methodsOf(f).xShmUnmap!(f.inner, deleteFlag);
    };
    return through("shmunmap", f, unmap, () => ({ argument: deleteFlag }), { failed: unmap });
  },
  xFetch(id, iOfst, iAmt, pp) {
    const f = own(id);
    return through(
      "fetch",
      f,
      () => methodsOf(f).xFetch!(f.inner, iOfst, iAmt, pp),
      (rc) => ({ offset: iOfst, amount: iAmt, ...result(rc, () => (pp.value === null ? 0 : 1)) }),
      {
        failed: () => {
          pp.value = null;
        },
      },
    );
  },
  xUnfetch(id, iOfst, p) {
    const f = own(id);
    const unfetch = (): number => methodsOf(f).xUnfetch!(f.inner, iOfst, p);
    return through("unfetch", f, unfetch, () => ({ offset: iOfst, argument: p === null ? 0 : 1 }), {
      failed: unfetch,
    });
  },
};

/**
 * Registers the VFS `shim` over the default one, or another name over another VFS. All of them share
 * plan, recording and device.
 *
 * @param makeDefault whether files are opened through it where no VFS is named
 */
export function registerShim(
  zShimName = "shim",
  under: sqlite3_vfs = sqlite3_vfs_find(null) as sqlite3_vfs,
  makeDefault = false,
): sqlite3_vfs {
  const shim: sqlite3_vfs = {
    ...under,
    pNext: null,
    zName: zShimName,
    pAppData: under,
    xOpen(
      _pVfs,
      zName: CString | null,
      id: sqlite3_file,
      flags: number,
      pOutFlags: Ref<number> | null,
    ): number {
      const name = fromCString(zName);
      const inner = new sqlite3_file();
      const f: ShimFile = { inner, name, id: 0, recording: -1, number: ++opened, region: null };
      const open = (): number => under.xOpen(under, zName, inner, flags, pOutFlags);
      const rc = through("open", f, open, () => ({ argument: flags }));
      if (f.inner.pMethods !== null) {
        id.pMethods = { ...shimMethods, iVersion: f.inner.pMethods.iVersion };
        id.pImpl = f;
      }
      return rc;
    },
    xDelete(_pVfs, zName, syncDir) {
      return through(
        "delete",
        fromCString(zName),
        () => under.xDelete(under, zName, syncDir),
        () => ({ argument: syncDir }),
      );
    },
    xAccess(_pVfs, zName, flags, pResOut) {
      return through(
        "access",
        fromCString(zName),
        () => under.xAccess(under, zName, flags, pResOut),
        (rc) => ({ argument: flags, ...result(rc, () => (pResOut.value ? 1 : 0)) }),
      );
    },
    xFullPathname(_pVfs, zName, nOut, zOut) {
      return through("fullname", fromCString(zName), () => under.xFullPathname(under, zName, nOut, zOut));
    },
    xRandomness: (_pVfs, nByte, zOut) => under.xRandomness(under, nByte, zOut),
    xSleep(_pVfs, microseconds) {
      const slept = want.instant ? microseconds : under.xSleep(under, microseconds);
      note("sleep", "", SQLITE_OK, () => ({ argument: microseconds }));
      return slept;
    },
  };
  const rc = sqlite3_vfs_register(shim, makeDefault ? 1 : 0);
  if (rc !== SQLITE_OK) throw new Error(`the shim VFS cannot be registered (code ${rc})`);
  return shim;
}
