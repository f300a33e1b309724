/**
 * A pass-through VFS under the name `shim` that counts, records, fails or kills.
 *
 * It stands between the port and its Unix VFS in the port's child process. A plan says at which
 * call something happens: the process is killed (before the call, after it, or in the middle of a
 * write), or the call answers with a chosen result code.
 */

import {
  type CString,
  fromCString,
  type Ref,
  SQLITE_OK,
  sqlite3_file,
  type sqlite3_io_methods,
  type sqlite3_vfs,
  sqlite3_vfs_find,
  sqlite3_vfs_register,
} from "../../src/index.js";

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
  | DetailCall;

/** Calls that are recorded only when details are asked for; of plans only a failing "access" or "reserved". */
export type DetailCall = "close" | "control" | "access" | "reserved";

/** What shall happen, and when. */
export interface ShimPlan {
  /** Which calls count. */
  calls: ShimCall[];
  /** Only on files whose name ends so. */
  suffix?: string;
  /** At the n-th counted call, from 1. */
  at: number;
  /** Kill the process before or after the call, or after half a write; or answer `rc`. */
  what: "kill-before" | "kill-after" | "kill-torn" | "fail";
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
  offset?: number;
  amount?: number;
  /** Lock level, sync flags, directory-sync flag, flags of open and access, opcode of control. */
  argument?: number;
  rc: number;
  /** With details: a copy of the bytes written. */
  data?: Uint8Array;
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
}

let plan: ShimPlan | null = null;
let counted = 0;
let recording = false;
let detailed = false;
let device: ShimDevice = {};
const records: ShimRecord[] = [];

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
  const out = records.splice(0);
  recording = on;
  detailed = details;
  return out;
}

/** Records a call that no plan counts. */
function noted(call: DetailCall, name: string, rc: number, extra?: Partial<ShimRecord>): number {
  if (recording && detailed)
    records.push({ call, file: name.slice(name.lastIndexOf("/") + 1), rc, ...extra });
  return rc;
}

function die(): never {
  process.kill(process.pid, "SIGKILL");
  /* SIGKILL is delivered before the system call returns; nothing after this runs. */
  throw new Error("unreachable: the process has been killed");
}

/** Counts a call; true if it is one that the plan is about. */
function hits(call: ShimCall, name: string): boolean {
  if (plan === null || !plan.calls.includes(call)) return false;
  if (plan.suffix !== undefined && !name.endsWith(plan.suffix)) return false;
  counted++;
  return plan.persistent ? counted >= plan.at : counted === plan.at;
}

/** The result code with which a call that can fail but not kill shall fail; null: it shall not. */
function failure(call: ShimCall, name: string): number | null {
  return hits(call, name) && plan?.what === "fail" ? (plan.rc ?? 10) : null;
}

/** Runs one call under the plan. `torn` performs the first half of a write. */
function through(
  call: ShimCall,
  name: string,
  run: () => number,
  torn?: () => void,
  extra?: Partial<ShimRecord>,
): number {
  let rc = SQLITE_OK;
  if (hits(call, name) && plan !== null) {
    if (plan.what === "kill-before") die();
    if (plan.what === "kill-torn") {
      torn?.();
      die();
    }
    rc = plan.what === "fail" ? (plan.rc ?? 10) : run();
    if (plan.what === "kill-after") die();
  } else {
    rc = run();
  }
  if (recording) records.push({ call, file: name.slice(name.lastIndexOf("/") + 1), rc, ...extra });
  return rc;
}

const own = (id: sqlite3_file): ShimFile => id.pImpl as ShimFile;
const methodsOf = (f: ShimFile): sqlite3_io_methods => f.inner.pMethods as sqlite3_io_methods;

const shimMethods: sqlite3_io_methods = {
  iVersion: 3,
  xClose(id) {
    const f = own(id);
    const rc = methodsOf(f).xClose(f.inner);
    id.pMethods = null;
    id.pImpl = null;
    return noted("close", f.name, rc);
  },
  xRead(id, pBuf, iAmt, iOfst) {
    const f = own(id);
    return through("read", f.name, () => methodsOf(f).xRead(f.inner, pBuf, iAmt, iOfst), undefined, {
      offset: iOfst,
      amount: iAmt,
    });
  },
  xWrite(id, pBuf, iAmt, iOfst) {
    const f = own(id);
    return through(
      "write",
      f.name,
      () => methodsOf(f).xWrite(f.inner, pBuf, iAmt, iOfst),
      () => void methodsOf(f).xWrite(f.inner, pBuf, iAmt >> 1, iOfst),
      {
        offset: iOfst,
        amount: iAmt,
        ...(recording && detailed ? { data: Uint8Array.from(pBuf.subarray(0, iAmt)) } : {}),
      },
    );
  },
  xTruncate(id, size) {
    const f = own(id);
    return through("truncate", f.name, () => methodsOf(f).xTruncate(f.inner, size), undefined, {
      amount: size,
    });
  },
  xSync(id, flags) {
    const f = own(id);
    return through("sync", f.name, () => methodsOf(f).xSync(f.inner, flags), undefined, { argument: flags });
  },
  xFileSize(id, pSize) {
    const f = own(id);
    return through("size", f.name, () => methodsOf(f).xFileSize(f.inner, pSize));
  },
  xLock(id, eLock) {
    const f = own(id);
    return through("lock", f.name, () => methodsOf(f).xLock(f.inner, eLock), undefined, { argument: eLock });
  },
  xUnlock(id, eLock) {
    const f = own(id);
    return through("unlock", f.name, () => methodsOf(f).xUnlock(f.inner, eLock), undefined, {
      argument: eLock,
    });
  },
  xCheckReservedLock(id, pResOut) {
    const f = own(id);
    const rc = failure("reserved", f.name) ?? methodsOf(f).xCheckReservedLock(f.inner, pResOut);
    return noted("reserved", f.name, rc);
  },
  xFileControl(id, op, pArg) {
    const f = own(id);
    return noted("control", f.name, methodsOf(f).xFileControl(f.inner, op, pArg), { argument: op });
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
    return methodsOf(f).xShmMap!(f.inner, iPg, pgsz, bExtend, pp);
  },
  xShmLock(id, offset, n, flags) {
    const f = own(id);
    return methodsOf(f).xShmLock!(f.inner, offset, n, flags);
  },
  xShmBarrier(id) {
    const f = own(id);
    methodsOf(f).xShmBarrier!(f.inner);
  },
  xShmUnmap(id, deleteFlag) {
    const f = own(id);
    return methodsOf(f).xShmUnmap!(f.inner, deleteFlag);
  },
  xFetch(id, iOfst, iAmt, pp) {
    const f = own(id);
    return methodsOf(f).xFetch!(f.inner, iOfst, iAmt, pp);
  },
  xUnfetch(id, iOfst, p) {
    const f = own(id);
    return methodsOf(f).xUnfetch!(f.inner, iOfst, p);
  },
};

/**
 * Registers the VFS `shim` over the default one, or another name over another VFS. All of them share
 * plan, recording and device.
 */
export function registerShim(
  zShimName = "shim",
  under: sqlite3_vfs = sqlite3_vfs_find(null) as sqlite3_vfs,
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
      const f: ShimFile = { inner: new sqlite3_file(), name };
      const rc = through(
        "open",
        name,
        () => under.xOpen(under, zName, f.inner, flags, pOutFlags),
        undefined,
        {
          argument: flags,
        },
      );
      if (f.inner.pMethods !== null) {
        id.pMethods = { ...shimMethods, iVersion: f.inner.pMethods.iVersion };
        id.pImpl = f;
      }
      return rc;
    },
    xDelete(_pVfs, zName, syncDir) {
      return through("delete", fromCString(zName), () => under.xDelete(under, zName, syncDir), undefined, {
        argument: syncDir,
      });
    },
    xAccess(_pVfs, zName, flags, pResOut) {
      const name = fromCString(zName);
      const rc = failure("access", name) ?? under.xAccess(under, zName, flags, pResOut);
      return noted("access", name, rc, { argument: flags });
    },
    xFullPathname: (_pVfs, zName, nOut, zOut) => under.xFullPathname(under, zName, nOut, zOut),
    xRandomness: (_pVfs, nByte, zOut) => under.xRandomness(under, nByte, zOut),
    xSleep: (_pVfs, microseconds) => under.xSleep(under, microseconds),
  };
  const rc = sqlite3_vfs_register(shim, 0);
  if (rc !== SQLITE_OK) throw new Error(`the shim VFS cannot be registered (code ${rc})`);
  return shim;
}
