/**
 * System calls of the port's Unix VFS that are recorded and fail on demand: the counterpart of
 * conformance/native/syscalls.c, with the same lines in the trace.
 *
 * A wrapper does with the call what the plan says, notes it, and hands it on to what stood in the
 * table of system calls before.
 */

import * as libc from "../../src/os/libc.js";
import { type CString, type Ref, SQLITE_CANTOPEN, SQLITE_OK, sqlite3_vfs_find } from "../../src/unix.js";

/** Which system call fails, and how. */
export interface CallPlan {
  /** A name of the VFS's table, or "read" or "write" for any way to read or write. */
  call: string;
  /** Only files whose name ends so. */
  suffix?: string;
  /** The n-th such call, from 1. */
  at: number;
  /** The error number; -1 makes a read or write stop after half of its bytes. */
  errno: number;
  /** Every such call from the n-th on. */
  persistent?: boolean;
}

type Call = (...args: never[]) => unknown;

const decoder = new TextDecoder("latin1");
const names = new Map<number, string>();
let plan: CallPlan | null = null;
let counted = 0;
let trace: string[] = [];
let installed = false;

/** Sets or removes the plan; count and trace start afresh. */
export function setCallPlan(p: CallPlan | null): void {
  if (!installed) install();
  clearCallPlan();
  plan = p;
}

/** Removes the plan; count and trace start afresh. */
export function clearCallPlan(): void {
  plan = null;
  counted = 0;
  trace = [];
}

/** How many calls have counted since the plan was set. */
export function callCount(): number {
  return counted;
}

/** What has been called since the plan was set, a line for each call. */
export function callTrace(): string[] {
  return trace;
}

function tail(path: CString): string {
  const end = path.indexOf(0);
  const name = decoder.decode(end < 0 ? path : path.subarray(0, end));
  return name.slice(name.lastIndexOf("/") + 1);
}

const nameOf = (fd: number): string => names.get(fd) ?? "";

function note(call: string, name: string, detail: string, rc: number): void {
  trace.push(`${call} ${name}${detail} = ${rc < 0 ? `errno ${libc.errno()}` : rc}`);
}

/** Counts a call; gives the planned error number (or -1: do half) if this is the one, else 0. */
function planned(call: string, name: string): number {
  if (plan === null || plan.call !== call || !name.endsWith(plan.suffix ?? "")) return 0;
  counted++;
  return counted === plan.at || (plan.persistent && counted > plan.at) ? plan.errno : 0;
}

/** Runs a call whose failure is -1. */
function through(call: string, name: string, detail: string, run: () => number): number {
  const e = planned(call, name);
  let rc = -1;
  if (e > 0) libc.set_errno(e);
  else rc = run();
  note(call, name, detail, rc);
  return rc;
}

/** Reads or writes; `run` is told how many bytes. */
function transfer(
  call: "read" | "write",
  fd: number,
  n: number,
  at: number,
  run: (n: number) => number,
): number {
  const e = planned(call, nameOf(fd));
  let rc = -1;
  if (e > 0) libc.set_errno(e);
  else rc = run(e < 0 ? n >> 1 : n);
  note(call, nameOf(fd), ` ${n}@${at}`, rc);
  return rc;
}

/** What takes the place of each call, given what stood there. */
const wrappers: Record<string, (old: Call) => Call> = {
  open: (old) => (path: CString, flags: number, mode: number) => {
    const detail = ` ${flags.toString(8)} ${(flags & libc.O_CREAT ? mode : 0).toString(8)}`;
    let fd = -1;
    through("open", tail(path), detail, () => {
      fd = (old as (z: CString, f: number, m: number) => number)(path, flags, mode);
      return fd < 0 ? -1 : 0;
    });
    if (fd >= 0) names.set(fd, tail(path));
    return fd;
  },
  close: (old) => (fd: number) => {
    const e = planned("close", nameOf(fd));
    /* The descriptor goes in any case: what fails is what was still to be written. */
    let rc = (old as (fd: number) => number)(fd);
    if (e > 0) {
      libc.set_errno(e);
      rc = -1;
    }
    note("close", nameOf(fd), "", rc);
    names.delete(fd);
    return rc;
  },
  access: (old) => (path: CString, mode: number) =>
    through("access", tail(path), ` ${mode}`, () => (old as (z: CString, m: number) => number)(path, mode)),
  getcwd: (old) => (buf: Uint8Array, n: number) => {
    let out: Uint8Array | null = null;
    through("getcwd", "", "", () => {
      out = (old as (b: Uint8Array, n: number) => Uint8Array | null)(buf, n);
      return out === null ? -1 : 0;
    });
    return out;
  },
  stat: (old) => (path: CString, p: libc.stat) =>
    through("stat", tail(path), "", () => (old as (z: CString, p: libc.stat) => number)(path, p)),
  fstat: (old) => (fd: number, p: libc.stat) =>
    through("fstat", nameOf(fd), "", () => (old as (fd: number, p: libc.stat) => number)(fd, p)),
  ftruncate: (old) => (fd: number, size: number) =>
    through("ftruncate", nameOf(fd), ` ${size}`, () => (old as (fd: number, n: number) => number)(fd, size)),
  fcntl: (old) => (fd: number, op: number, arg: number | libc.flock) => {
    const detail =
      typeof arg === "object" ? ` ${op} type ${arg.l_type} at ${arg.l_start}+${arg.l_len}` : ` ${op}`;
    return through("fcntl", nameOf(fd), detail, () =>
      (old as (fd: number, op: number, a: number | libc.flock) => number)(fd, op, arg),
    );
  },
  read: (old) => (fd: number, p: Uint8Array, n: number) =>
    transfer("read", fd, n, libc.lseek(fd, 0, libc.SEEK_CUR), (k) =>
      (old as (fd: number, p: Uint8Array, n: number) => number)(fd, p, k),
    ),
  pread: (old) => (fd: number, p: Uint8Array, n: number, at: number) =>
    transfer("read", fd, n, at, (k) =>
      (old as (fd: number, p: Uint8Array, n: number, at: number) => number)(fd, p, k, at),
    ),
  write: (old) => (fd: number, p: Uint8Array, n: number) =>
    transfer("write", fd, n, libc.lseek(fd, 0, libc.SEEK_CUR), (k) =>
      (old as (fd: number, p: Uint8Array, n: number) => number)(fd, p, k),
    ),
  pwrite: (old) => (fd: number, p: Uint8Array, n: number, at: number) =>
    transfer("write", fd, n, at, (k) =>
      (old as (fd: number, p: Uint8Array, n: number, at: number) => number)(fd, p, k, at),
    ),
  fchmod: (old) => (fd: number, mode: number) =>
    through("fchmod", nameOf(fd), ` ${mode.toString(8)}`, () =>
      (old as (fd: number, m: number) => number)(fd, mode),
    ),
  unlink: (old) => (path: CString) =>
    through("unlink", tail(path), "", () => (old as (z: CString) => number)(path)),
  openDirectory: (old) => (path: CString, pFd: Ref<number>) => {
    let rc: number = SQLITE_CANTOPEN;
    through("openDirectory", tail(path), "", () => {
      rc = (old as (z: CString, p: Ref<number>) => number)(path, pFd);
      return rc;
    });
    if (rc !== SQLITE_OK) pFd.value = -1;
    return rc;
  },
  fchown: (old) => (fd: number, uid: number, gid: number) =>
    through("fchown", nameOf(fd), ` ${uid}:${gid}`, () =>
      (old as (fd: number, u: number, g: number) => number)(fd, uid, gid),
    ),
  mmap: (old) => (addr: number, n: number, prot: number, flags: number, fd: number, at: number) => {
    let out = libc.MAP_FAILED;
    through("mmap", nameOf(fd), ` ${n}@${at}`, () => {
      out = (old as typeof libc.mmap)(addr, n, prot, flags, fd, at);
      return out === libc.MAP_FAILED ? -1 : 0;
    });
    return out;
  },
  munmap: (old) => (addr: number, n: number) => {
    const rc = (old as typeof libc.munmap)(addr, n);
    note("munmap", "", ` ${n}`, rc);
    return rc;
  },
  mremap: (old) => (addr: number, from: number, to: number, flags: number) => {
    let out = libc.MAP_FAILED;
    through("mremap", "", ` ${from} to ${to}`, () => {
      out = (old as typeof libc.mremap)(addr, from, to, flags);
      return out === libc.MAP_FAILED ? -1 : 0;
    });
    return out;
  },
  readlink: (old) => (path: CString, buf: Uint8Array, n: number) =>
    through("readlink", tail(path), "", () =>
      (old as (z: CString, b: Uint8Array, n: number) => number)(path, buf, n),
    ),
  lstat: (old) => (path: CString, p: libc.stat) =>
    through("lstat", tail(path), "", () => (old as (z: CString, p: libc.stat) => number)(path, p)),
};

function install(): void {
  const vfs = sqlite3_vfs_find("unix");
  if (!vfs?.xGetSystemCall || !vfs.xSetSystemCall) throw new Error("the VFS unix has no system calls");
  for (const [call, wrap] of Object.entries(wrappers)) {
    const old = vfs.xGetSystemCall(vfs, call);
    if (old === null) continue;
    const rc = vfs.xSetSystemCall(vfs, call, wrap(old) as Parameters<typeof vfs.xSetSystemCall>[2]);
    if (rc !== SQLITE_OK) throw new Error(`the system call ${call} cannot be replaced (code ${rc})`);
  }
  installed = true;
}
