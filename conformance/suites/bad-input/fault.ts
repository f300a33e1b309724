/** What can be made to fail, and how: a system call by errno, a method of the VFS by result code. */

import type { CaseContext } from "../../core/case.js";
import { CONTROL, type Pair, sharedPair, shimPair } from "./pair.js";
import type { Workload } from "./workloads.js";

/** Something that can be made to fail. */
export interface Fault {
  /** Such as "write fails with ENOSPC". */
  name: string;
  pair: (ctx: CaseContext) => Promise<Pair>;
  /** Lets it fail at the n-th call. */
  real: (pair: Pair, at: number, persistent: boolean) => Promise<void>;
  port: (pair: Pair, at: number, persistent: boolean) => Promise<void>;
  /** How often it has been called since. */
  realCount: (pair: Pair) => Promise<number>;
  portCount: (pair: Pair) => Promise<number>;
  /** It makes no sense to let it fail again and again. */
  once?: boolean;
  /** Its places are counted in calls of read(). */
  countsReads?: boolean;
}

/** A place that is never reached. */
export const NEVER = 2 ** 31;

const number = async (pair: Pair, sql: string): Promise<number> =>
  Number((await pair.real.all(CONTROL, sql))[0]?.[0]);

function quoted(text: string | undefined): string {
  return text === undefined ? "NULL" : `'${text}'`;
}

/** A system call that fails with an error number. */
function systemCall(call: string, errno: number, name: string, suffix?: string): Fault {
  return {
    name: `${call}${suffix === undefined ? "" : ` of ${suffix}`} ${name}`,
    pair: sharedPair,
    real: async (pair, at, persistent) => {
      await pair.real.all(
        CONTROL,
        `SELECT call_plan('${call}', ${quoted(suffix)}, ${at}, ${errno}, ${persistent ? 1 : 0})`,
      );
    },
    port: async (pair, at, persistent) =>
      await pair.port.callPlan({ call, at, errno, persistent, ...(suffix === undefined ? {} : { suffix }) }),
    realCount: async (pair) => await number(pair, "SELECT call_count()"),
    portCount: async (pair) => await pair.port.callCount(),
    /* Interrupted for ever would be tried again for ever; halves for ever would lose a page's last byte. */
    once: name === "is interrupted" || name === "gives half",
    countsReads: call === "read",
  };
}

/** A method of the VFS that gives a result code. */
function vfsMethod(
  call: "open" | "read" | "write" | "truncate" | "sync" | "delete" | "lock" | "unlock" | "size" | "access",
  rc: number,
  name: string,
  suffix?: string,
): Fault {
  return {
    name: `${call}${suffix === undefined ? "" : ` of ${suffix}`} gives ${name}`,
    pair: shimPair,
    real: async (pair, at, persistent) => {
      await pair.real.all(CONTROL, "SELECT call_plan()");
      await pair.real.all(
        CONTROL,
        `SELECT shim_plan('${call}', ${quoted(suffix)}, ${at}, 'fail', ${rc}, ${persistent ? 1 : 0})`,
      );
    },
    port: async (pair, at, persistent) => {
      await pair.port.callPlan(null);
      await pair.port.plan({
        calls: [call],
        at,
        what: "fail",
        rc,
        persistent,
        ...(suffix === undefined ? {} : { suffix }),
      });
    },
    realCount: async (pair) => await number(pair, "SELECT shim_count()"),
    portCount: async (pair) => await pair.port.planCount(),
  };
}

/** Everything that is made to fail. */
export const FAULTS: readonly Fault[] = [
  systemCall("open", 13, "fails with EACCES"),
  systemCall("open", 24, "fails with EMFILE"),
  systemCall("open", 28, "fails with ENOSPC", "-journal"),
  systemCall("open", 4, "is interrupted"),
  systemCall("read", 5, "fails with EIO"),
  systemCall("read", 34, "fails with ERANGE"),
  systemCall("read", 4, "is interrupted"),
  systemCall("read", -1, "gives half"),
  systemCall("write", 5, "fails with EIO"),
  systemCall("write", 28, "fails with ENOSPC"),
  systemCall("write", 27, "fails with EFBIG"),
  systemCall("write", 122, "fails with EDQUOT"),
  systemCall("write", 4, "is interrupted"),
  systemCall("write", -1, "takes half"),
  systemCall("ftruncate", 5, "fails with EIO"),
  systemCall("ftruncate", 4, "is interrupted"),
  systemCall("fstat", 5, "fails with EIO"),
  systemCall("fstat", 75, "fails with EOVERFLOW"),
  systemCall("stat", 2, "fails with ENOENT"),
  systemCall("stat", 5, "fails with EIO"),
  systemCall("lstat", 5, "fails with EIO"),
  systemCall("fcntl", 13, "fails with EACCES"),
  systemCall("fcntl", 11, "fails with EAGAIN"),
  systemCall("fcntl", 5, "fails with EIO"),
  systemCall("fcntl", 1, "fails with EPERM"),
  systemCall("fcntl", 37, "fails with ENOLCK"),
  systemCall("unlink", 5, "fails with EIO"),
  systemCall("unlink", 2, "fails with ENOENT"),
  systemCall("openDirectory", 5, "fails with EIO"),
  systemCall("close", 5, "fails with EIO"),
  systemCall("mmap", 12, "fails with ENOMEM"),
  systemCall("mremap", 12, "fails with ENOMEM"),
  vfsMethod("open", 14, "CANTOPEN"),
  vfsMethod("open", 10, "IOERR", "-journal"),
  vfsMethod("read", 266, "IOERR_READ"),
  vfsMethod("read", 8458, "IOERR_CORRUPTFS", ".db"),
  vfsMethod("write", 778, "IOERR_WRITE"),
  vfsMethod("write", 13, "FULL"),
  vfsMethod("write", 778, "IOERR_WRITE", ".db"),
  vfsMethod("truncate", 1546, "IOERR_TRUNCATE"),
  vfsMethod("sync", 1034, "IOERR_FSYNC"),
  vfsMethod("sync", 1290, "IOERR_DIR_FSYNC", "-journal"),
  vfsMethod("sync", 13, "FULL"),
  vfsMethod("delete", 2570, "IOERR_DELETE"),
  vfsMethod("delete", 5898, "IOERR_DELETE_NOENT"),
  vfsMethod("lock", 5, "BUSY"),
  vfsMethod("lock", 3850, "IOERR_LOCK"),
  vfsMethod("lock", 2314, "IOERR_RDLOCK"),
  vfsMethod("unlock", 2058, "IOERR_UNLOCK"),
  vfsMethod("size", 1802, "IOERR_FSTAT"),
  vfsMethod("access", 3338, "IOERR_ACCESS"),
];

/** Whether a workload makes such a call at all. */
export function occurs(w: Workload, fault: Fault): boolean {
  if (/^(mmap|mremap) /.test(fault.name)) return w.mmap === true;
  if (fault.name.includes("-journal")) return w.mode !== "MEMORY";
  if (/^(unlink|delete) /.test(fault.name)) return w.mode === "DELETE" && !w.exclusive;
  if (/^(ftruncate|truncate) /.test(fault.name)) return w.change === "shrink" || w.mode === "TRUNCATE";
  return true;
}
