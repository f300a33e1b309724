/**
 * The part of the C library that os_unix.c calls, through koffi.
 *
 * Each function has C's name, C's parameters and C's result: -1 (or a null pointer, or MAP_FAILED)
 * means failure and {@link errno} then tells why. The one that would collide with its struct has a
 * trailing underscore: {@link stat_}. Buffers are byte arrays handed over without a copy, and must
 * have the length that the call names (RangeError); names must end with a zero byte, which nobody
 * checks. Addresses of mapped memory are plain numbers, which {@link view} turns into byte arrays.
 *
 * The numbers below are those of 64-bit Linux, x64 and arm64; loading the module anywhere else, or
 * without koffi, throws an error that says so.
 *
 * NON-UPSTREAM: this is the C library's and the kernel's part.
 *
 * @module
 */

import { createRequire } from "node:module";
import { type CString, toCString } from "../cstring.js";

type Koffi = typeof import("koffi");

if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64")) {
  throw new Error(
    `pager-mirror/unix needs Linux on x64 or arm64, and this is ${process.platform} on ${process.arch}. ` +
      'The entrance "pager-mirror" has no Unix VFS and runs anywhere.',
  );
}

const isArm64: boolean = process.arch === "arm64";

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)("koffi") as Koffi;
  } catch (e) {
    throw new Error(
      `pager-mirror/unix calls the C library through the npm package "koffi", which could not be loaded (${
        e instanceof Error ? e.message : String(e)
      }). Reinstall it, or use the entrance "pager-mirror", which does not need it.`,
      { cause: e },
    );
  }
}

const koffi = loadKoffi();

/** The process itself first, so that preloaded libraries are honoured as they are for a C program. */
function loadLibc(): ReturnType<Koffi["load"]> {
  try {
    const self = koffi.load(null);
    self.symbol("pread");
    return self;
  } catch {
    try {
      return koffi.load("libc.so.6");
    } catch (e) {
      throw new Error(
        `pager-mirror/unix could not open the C library (${e instanceof Error ? e.message : String(e)}).`,
        { cause: e },
      );
    }
  }
}

const lib = loadLibc();

/* ------------------------------------------------------------------ constants */

/* open */
export const O_RDONLY: number = 0;
export const O_WRONLY: number = 1;
export const O_RDWR: number = 2;
export const O_CREAT: number = 0o100;
export const O_EXCL: number = 0o200;
export const O_TRUNC: number = 0o1000;
export const O_APPEND: number = 0o2000;
export const O_NONBLOCK: number = 0o4000;
export const O_DIRECTORY: number = isArm64 ? 0o40000 : 0o200000;
export const O_NOFOLLOW: number = isArm64 ? 0o100000 : 0o400000;
export const O_CLOEXEC: number = 0o2000000;
/** 0 on a 64-bit system: every file is a large file. */
export const O_LARGEFILE: number = 0;

/* fcntl */
export const F_GETFD: number = 1;
export const F_SETFD: number = 2;
export const F_GETFL: number = 3;
export const F_SETFL: number = 4;
export const F_GETLK: number = 5;
export const F_SETLK: number = 6;
export const F_SETLKW: number = 7;
export const F_RDLCK: number = 0;
export const F_WRLCK: number = 1;
export const F_UNLCK: number = 2;
export const FD_CLOEXEC: number = 1;

/* lseek, and flock.l_whence */
export const SEEK_SET: number = 0;
export const SEEK_CUR: number = 1;
export const SEEK_END: number = 2;

/* access */
export const F_OK: number = 0;
export const X_OK: number = 1;
export const W_OK: number = 2;
export const R_OK: number = 4;

/* mmap */
export const PROT_READ: number = 1;
export const PROT_WRITE: number = 2;
export const MAP_SHARED: number = 1;
export const MAP_PRIVATE: number = 2;
/** What {@link mmap} and {@link mremap} return when they fail. */
export const MAP_FAILED: number = -1;
export const MREMAP_MAYMOVE: number = 1;

/* st_mode */
export const S_IFMT: number = 0o170000;
export const S_IFLNK: number = 0o120000;
export const S_IFREG: number = 0o100000;
export const S_IFDIR: number = 0o040000;

/** True for the mode of a regular file. */
export function S_ISREG(mode: number): boolean {
  return (mode & S_IFMT) === S_IFREG;
}

/** True for the mode of a directory. */
export function S_ISDIR(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

/** True for the mode of a symbolic link. */
export function S_ISLNK(mode: number): boolean {
  return (mode & S_IFMT) === S_IFLNK;
}

/* errno */
export const EPERM: number = 1;
export const ENOENT: number = 2;
export const EINTR: number = 4;
export const EIO: number = 5;
export const ENXIO: number = 6;
export const EBADF: number = 9;
export const EAGAIN: number = 11;
export const ENOMEM: number = 12;
export const EACCES: number = 13;
export const EFAULT: number = 14;
export const EBUSY: number = 16;
export const EEXIST: number = 17;
export const ENODEV: number = 19;
export const ENOTDIR: number = 20;
export const EISDIR: number = 21;
export const EINVAL: number = 22;
export const ENFILE: number = 23;
export const EMFILE: number = 24;
export const ENOTTY: number = 25;
export const EFBIG: number = 27;
export const ENOSPC: number = 28;
export const ESPIPE: number = 29;
export const EROFS: number = 30;
export const EMLINK: number = 31;
export const ERANGE: number = 34;
export const EDEADLK: number = 35;
export const ENAMETOOLONG: number = 36;
export const ENOLCK: number = 37;
export const ENOSYS: number = 38;
export const ENOTEMPTY: number = 39;
export const ELOOP: number = 40;
export const EOVERFLOW: number = 75;
export const EOPNOTSUPP: number = 95;
export const ENOTSUP: number = 95;
export const ETIMEDOUT: number = 110;
export const ESTALE: number = 116;
export const EDQUOT: number = 122;

/* ------------------------------------------------------------------ structs */

/**
 * C's `struct flock`: one byte-range lock. The fields write straight into the 32 bytes that
 * {@link fcntl} hands to the kernel, so a lock costs no allocation.
 */
export class flock {
  /** The struct as C sees it. */
  readonly buf: Uint8Array = new Uint8Array(32);
  readonly #i16 = new Int16Array(this.buf.buffer);
  readonly #i32 = new Int32Array(this.buf.buffer);

  /** F_RDLCK, F_WRLCK or F_UNLCK. */
  get l_type(): number {
    return this.#i16[0]!;
  }
  set l_type(v: number) {
    this.#i16[0] = v;
  }

  /** Where l_start counts from: SEEK_SET everywhere in os_unix.c. */
  get l_whence(): number {
    return this.#i16[1]!;
  }
  set l_whence(v: number) {
    this.#i16[1] = v;
  }

  /** First byte of the range. */
  get l_start(): number {
    return this.#i32[3]! * 0x100000000 + (this.#i32[2]! >>> 0);
  }
  set l_start(v: number) {
    this.#i32[2] = v;
    this.#i32[3] = Math.floor(v / 0x100000000);
  }

  /** Bytes in the range; 0 is up to the end of the file, however far it grows. */
  get l_len(): number {
    return this.#i32[5]! * 0x100000000 + (this.#i32[4]! >>> 0);
  }
  set l_len(v: number) {
    this.#i32[4] = v;
    this.#i32[5] = Math.floor(v / 0x100000000);
  }

  /** After F_GETLK: the process that holds the conflicting lock. */
  get l_pid(): number {
    return this.#i32[6]!;
  }
  set l_pid(v: number) {
    this.#i32[6] = v;
  }

  /** Copies another lock: C's struct assignment. */
  assign(from: flock): void {
    this.buf.set(from.buf);
  }

  /** C's `memset(p, 0, sizeof(*p))`. */
  clear(): void {
    this.buf.fill(0);
  }
}

/**
 * C's `struct stat`, filled by {@link stat_}, {@link lstat} and {@link fstat}. Device and inode are
 * 64-bit identities and therefore bigints; the rest are numbers.
 */
export class stat {
  /** The struct as C sees it: 144 bytes on x64, 128 on arm64. */
  readonly buf: Uint8Array = new Uint8Array(144);
  readonly #u32 = new Uint32Array(this.buf.buffer);
  readonly #u64 = new BigUint64Array(this.buf.buffer);

  get st_dev(): bigint {
    return this.#u64[0]!;
  }
  set st_dev(v: bigint) {
    this.#u64[0] = v;
  }

  get st_ino(): bigint {
    return this.#u64[1]!;
  }
  set st_ino(v: bigint) {
    this.#u64[1] = v;
  }

  /** Number of directory entries that lead to the file. */
  get st_nlink(): number {
    return this.#u32[isArm64 ? 5 : 4]!;
  }
  set st_nlink(v: number) {
    this.#u32[isArm64 ? 5 : 4] = v;
  }

  /** File type (S_IFMT) and permissions (0777 and the three bits above). */
  get st_mode(): number {
    return this.#u32[isArm64 ? 4 : 6]!;
  }
  set st_mode(v: number) {
    this.#u32[isArm64 ? 4 : 6] = v;
  }

  get st_uid(): number {
    return this.#u32[isArm64 ? 6 : 7]!;
  }
  set st_uid(v: number) {
    this.#u32[isArm64 ? 6 : 7] = v;
  }

  get st_gid(): number {
    return this.#u32[isArm64 ? 7 : 8]!;
  }
  set st_gid(v: number) {
    this.#u32[isArm64 ? 7 : 8] = v;
  }

  /** Size in bytes. */
  get st_size(): number {
    return (this.#u32[13]! | 0) * 0x100000000 + this.#u32[12]!;
  }
  set st_size(v: number) {
    this.#u32[12] = v % 0x100000000;
    this.#u32[13] = Math.floor(v / 0x100000000);
  }

  /** Preferred size of an I/O operation, in bytes. */
  get st_blksize(): number {
    return this.#u32[14]!;
  }
  set st_blksize(v: number) {
    this.#u32[14] = v;
  }
}

/** C's `struct timeval`: a point in time since 1970. */
export class timeval {
  /** The struct as C sees it. */
  readonly buf: Uint8Array = new Uint8Array(16);
  readonly #u32 = new Uint32Array(this.buf.buffer);

  /** Whole seconds. */
  get tv_sec(): number {
    return (this.#u32[1]! | 0) * 0x100000000 + this.#u32[0]!;
  }

  /** Microseconds, 0..999999. */
  get tv_usec(): number {
    return this.#u32[2]!;
  }
}

/** C's `struct timespec`: a length of time. */
export class timespec {
  /** The struct as C sees it. */
  readonly buf: Uint8Array = new Uint8Array(16);
  readonly #u32 = new Uint32Array(this.buf.buffer);

  /** Whole seconds. */
  get tv_sec(): number {
    return (this.#u32[1]! | 0) * 0x100000000 + this.#u32[0]!;
  }
  set tv_sec(v: number) {
    this.#u32[0] = v % 0x100000000;
    this.#u32[1] = Math.floor(v / 0x100000000);
  }

  /** Nanoseconds, 0..999999999. */
  get tv_nsec(): number {
    return this.#u32[2]!;
  }
  set tv_nsec(v: number) {
    this.#u32[2] = v;
    this.#u32[3] = 0;
  }
}

/* ------------------------------------------------------------------ the foreign functions */

/* Declared with pointers as void* and C's own integer widths: the fastest form koffi has. */
const c_open = lib.func("open", "int", ["void *", "int", "int"]) as (
  z: CString,
  flags: number,
  mode: number,
) => number;
const c_close = lib.func("close", "int", ["int"]) as (fd: number) => number;
const c_access = lib.func("access", "int", ["void *", "int"]) as (z: CString, mode: number) => number;
const c_getcwd = lib.func("getcwd", "intptr_t", ["void *", "size_t"]) as (
  buf: Uint8Array,
  n: number,
) => number | bigint;
const c_ftruncate = lib.func("ftruncate", "int", ["int", "int64_t"]) as (fd: number, sz: number) => number;
const c_fcntlPtr = lib.func("fcntl", "int", ["int", "int", "void *"]) as (
  fd: number,
  op: number,
  arg: Uint8Array,
) => number;
const c_fcntlInt = lib.func("fcntl", "int", ["int", "int", "long"]) as (
  fd: number,
  op: number,
  arg: number,
) => number;
const c_lseek = lib.func("lseek", "int64_t", ["int", "int64_t", "int"]) as (
  fd: number,
  off: number,
  whence: number,
) => number;
const c_read = lib.func("read", "long", ["int", "void *", "size_t"]) as (
  fd: number,
  buf: Uint8Array,
  n: number,
) => number;
const c_pread = lib.func("pread", "long", ["int", "void *", "size_t", "int64_t"]) as (
  fd: number,
  buf: Uint8Array,
  n: number,
  off: number,
) => number;
const c_write = lib.func("write", "long", ["int", "void *", "size_t"]) as (
  fd: number,
  buf: Uint8Array,
  n: number,
) => number;
const c_pwrite = lib.func("pwrite", "long", ["int", "void *", "size_t", "int64_t"]) as (
  fd: number,
  buf: Uint8Array,
  n: number,
  off: number,
) => number;
const c_fchmod = lib.func("fchmod", "int", ["int", "uint32_t"]) as (fd: number, mode: number) => number;
const c_posix_fallocate = lib.func("posix_fallocate", "int", ["int", "int64_t", "int64_t"]) as (
  fd: number,
  off: number,
  len: number,
) => number;
const c_unlink = lib.func("unlink", "int", ["void *"]) as (z: CString) => number;
const c_mkdir = lib.func("mkdir", "int", ["void *", "uint32_t"]) as (z: CString, mode: number) => number;
const c_rmdir = lib.func("rmdir", "int", ["void *"]) as (z: CString) => number;
const c_fchown = lib.func("fchown", "int", ["int", "uint32_t", "uint32_t"]) as (
  fd: number,
  uid: number,
  gid: number,
) => number;
const c_geteuid = lib.func("geteuid", "uint32_t", []) as () => number;
/* intptr_t, not uintptr_t: MAP_FAILED must arrive as the number -1, not as a bigint. */
const c_mmap = lib.func("mmap", "intptr_t", ["intptr_t", "size_t", "int", "int", "int", "int64_t"]) as (
  addr: number,
  len: number,
  prot: number,
  flags: number,
  fd: number,
  off: number,
) => number;
const c_munmap = lib.func("munmap", "int", ["intptr_t", "size_t"]) as (addr: number, len: number) => number;
const c_mremap = lib.func("mremap", "intptr_t", ["intptr_t", "size_t", "size_t", "int"]) as (
  addr: number,
  oldLen: number,
  newLen: number,
  flags: number,
) => number;
const c_sysconf = lib.func("sysconf", "long", ["int"]) as (name: number) => number;
const c_readlink = lib.func("readlink", "long", ["void *", "void *", "size_t"]) as (
  z: CString,
  buf: Uint8Array,
  n: number,
) => number;
const c_ioctlPtr = lib.func("ioctl", "int", ["int", "ulong", "void *"]) as (
  fd: number,
  req: number,
  arg: Uint8Array | Uint32Array,
) => number;
const c_ioctlInt = lib.func("ioctl", "int", ["int", "ulong", "long"]) as (
  fd: number,
  req: number,
  arg: number,
) => number;
const c_fsync = lib.func("fsync", "int", ["int"]) as (fd: number) => number;
const c_fdatasync = lib.func("fdatasync", "int", ["int"]) as (fd: number) => number;
const c_usleep = lib.func("usleep", "int", ["uint32_t"]) as (us: number) => number;
const c_sleep = lib.func("sleep", "uint32_t", ["uint32_t"]) as (s: number) => number;
const c_nanosleep = lib.func("nanosleep", "int", ["void *", "void *"]) as (
  req: Uint8Array,
  rem: Uint8Array | null,
) => number;
const c_gettimeofday = lib.func("gettimeofday", "int", ["void *", "void *"]) as (
  tv: Uint8Array,
  tz: null,
) => number;
const c_time = lib.func("time", "int64_t", ["void *"]) as (t: null) => number;
const c_getpid = lib.func("getpid", "int", []) as () => number;
const c_utimes = lib.func("utimes", "int", ["void *", "void *"]) as (z: CString, times: null) => number;
const c_strerror = lib.func("strerror", "str", ["int"]) as (e: number) => string | null;

/**
 * Binds `stat` or `lstat`. The C library exports them under these names since glibc 2.33; before,
 * programs were linked with `__xstat` and kin, which take the struct's version first.
 */
function bindStat(name: "stat" | "lstat"): (z: CString, buf: Uint8Array) => number {
  try {
    return lib.func(name, "int", ["void *", "void *"]) as (z: CString, buf: Uint8Array) => number;
  } catch {
    const f = lib.func(name === "stat" ? "__xstat" : "__lxstat", "int", ["int", "void *", "void *"]) as (
      ver: number,
      z: CString,
      buf: Uint8Array,
    ) => number;
    return (z, buf) => f(isArm64 ? 0 : 1, z, buf);
  }
}

/** As {@link bindStat}, for `fstat`. */
function bindFstat(): (fd: number, buf: Uint8Array) => number {
  try {
    return lib.func("fstat", "int", ["int", "void *"]) as (fd: number, buf: Uint8Array) => number;
  } catch {
    const f = lib.func("__fxstat", "int", ["int", "int", "void *"]) as (
      ver: number,
      fd: number,
      buf: Uint8Array,
    ) => number;
    return (fd, buf) => f(isArm64 ? 0 : 1, fd, buf);
  }
}

const c_stat = bindStat("stat");
const c_lstat = bindStat("lstat");
const c_fstat = bindFstat();

/* ------------------------------------------------------------------ errno */

let iErrno = 0;

/** The error number of the last call that failed; meaningless after one that succeeded. */
export function errno(): number {
  return iErrno;
}

/** Sets {@link errno}: for replacements of system calls that pretend to fail. */
export function set_errno(e: number): void {
  iErrno = e;
}

/**
 * Passes a result on; after a failure the C variable is read at once, before anything else that Node
 * may do in this thread could overwrite it.
 */
function check(rc: number): number {
  if (rc < 0) iErrno = koffi.errno();
  return rc;
}

/**
 * Refuses a transfer of more bytes than the byte array has: the C library cannot see its length and
 * would read or overwrite whatever lies behind it.
 */
function room(buf: Uint8Array, n: number): void {
  if (n > buf.length) throw new RangeError(`${n} bytes do not fit into a buffer of ${buf.length}`);
}

/* ------------------------------------------------------------------ files */

/** Opens a file; `mode` matters only with O_CREAT. Returns a descriptor or -1. */
export function open(zFile: CString, flags: number, mode: number): number {
  return check(c_open(zFile, flags, mode));
}

/** Closes a descriptor, and with it every POSIX lock this process has on that file. */
export function close(fd: number): number {
  return check(c_close(fd));
}

/** 0 if the file may be accessed as `mode` (F_OK, R_OK, W_OK) says, else -1. */
export function access(zFile: CString, mode: number): number {
  return check(c_access(zFile, mode));
}

/** Writes the current directory and a zero into the first `n` bytes; returns `buf`, or null. */
export function getcwd(buf: Uint8Array, n: number): Uint8Array | null {
  room(buf, n);
  if (c_getcwd(buf, n)) return buf;
  iErrno = koffi.errno();
  return null;
}

/** Facts about the file a name leads to, symbolic links followed. C's `stat`. */
export function stat_(zFile: CString, pBuf: stat): number {
  return check(c_stat(zFile, pBuf.buf));
}

/** Facts about a name itself, symbolic links not followed. */
export function lstat(zFile: CString, pBuf: stat): number {
  return check(c_lstat(zFile, pBuf.buf));
}

/** Facts about an open file. */
export function fstat(fd: number, pBuf: stat): number {
  return check(c_fstat(fd, pBuf.buf));
}

/** Sets the size of an open file. */
export function ftruncate(fd: number, sz: number): number {
  return check(c_ftruncate(fd, sz));
}

/** Descriptor operations: locks with a {@link flock}, flags with a number. */
export function fcntl(fd: number, op: number, arg: number | flock = 0): number {
  return check(typeof arg === "number" ? c_fcntlInt(fd, op, arg) : c_fcntlPtr(fd, op, arg.buf));
}

/** Moves the file offset; returns it, or -1. */
export function lseek(fd: number, off: number, whence: number): number {
  return check(c_lseek(fd, off, whence));
}

/** Reads up to `n` bytes at the file offset; returns how many, or -1. */
export function read(fd: number, buf: Uint8Array, n: number): number {
  room(buf, n);
  return check(c_read(fd, buf, n));
}

/** Reads up to `n` bytes at offset `off`; returns how many, or -1. */
export function pread(fd: number, buf: Uint8Array, n: number, off: number): number {
  room(buf, n);
  return check(c_pread(fd, buf, n, off));
}

/** {@link pread}: on a 64-bit system there is no difference. */
export const pread64: typeof pread = pread;

/** Writes up to `n` bytes at the file offset; returns how many, or -1. */
export function write(fd: number, buf: Uint8Array, n: number): number {
  room(buf, n);
  return check(c_write(fd, buf, n));
}

/** Writes up to `n` bytes at offset `off`; returns how many, or -1. */
export function pwrite(fd: number, buf: Uint8Array, n: number, off: number): number {
  room(buf, n);
  return check(c_pwrite(fd, buf, n, off));
}

/** {@link pwrite}: on a 64-bit system there is no difference. */
export const pwrite64: typeof pwrite = pwrite;

/** Sets the permissions of an open file. */
export function fchmod(fd: number, mode: number): number {
  return check(c_fchmod(fd, mode));
}

/** Sets owner and group of an open file. */
export function fchown(fd: number, uid: number, gid: number): number {
  return check(c_fchown(fd, uid, gid));
}

/** Reserves disk space for a range. Returns 0 or the error number itself; errno is not set. */
export function posix_fallocate(fd: number, off: number, len: number): number {
  return c_posix_fallocate(fd, off, len);
}

/** Removes a name. */
export function unlink(zFile: CString): number {
  return check(c_unlink(zFile));
}

/** Creates a directory. */
export function mkdir(zDir: CString, mode: number): number {
  return check(c_mkdir(zDir, mode));
}

/** Removes an empty directory. */
export function rmdir(zDir: CString): number {
  return check(c_rmdir(zDir));
}

/** Reads what a symbolic link holds, without a terminating zero; returns the length, or -1. */
export function readlink(zFile: CString, buf: Uint8Array, n: number): number {
  room(buf, n);
  return check(c_readlink(zFile, buf, n));
}

/** Device control; the argument is a number or memory for the answer. */
export function ioctl(fd: number, request: number, arg: number | Uint8Array | Uint32Array = 0): number {
  return check(typeof arg === "number" ? c_ioctlInt(fd, request, arg) : c_ioctlPtr(fd, request, arg));
}

/** Waits until the file's data and metadata are on the disk. */
export function fsync(fd: number): number {
  return check(c_fsync(fd));
}

/** Waits until the file's data, and the metadata needed to read it, are on the disk. */
export function fdatasync(fd: number): number {
  return check(c_fdatasync(fd));
}

/** Sets a file's times to now. */
export function utimes(zFile: CString, times: null): number {
  return check(c_utimes(zFile, times));
}

/* ------------------------------------------------------------------ memory */

/** Largest mapping that {@link view} can show: V8 aborts the process beyond it. */
export const MAX_VIEW: number = 0xffffffff;

/**
 * Maps a file; returns the address or {@link MAP_FAILED}. A length that {@link view} could not show
 * fails with ENOMEM, so that the caller falls back to reading.
 */
export function mmap(
  addr: number,
  len: number,
  prot: number,
  flags: number,
  fd: number,
  off: number,
): number {
  if (len > MAX_VIEW) {
    iErrno = ENOMEM;
    return MAP_FAILED;
  }
  return check(c_mmap(addr, len, prot, flags, fd, off));
}

/** Unmaps. Every view of the range must have been dropped: reading through one ends the process. */
export function munmap(addr: number, len: number): number {
  return check(c_munmap(addr, len));
}

/** Resizes a mapping, moving it if MREMAP_MAYMOVE is given; views of the old range die as in {@link munmap}. */
export function mremap(addr: number, oldLen: number, newLen: number, flags: number): number {
  if (newLen > MAX_VIEW) {
    iErrno = ENOMEM;
    return MAP_FAILED;
  }
  return check(c_mremap(addr, oldLen, newLen, flags));
}

/** Asks {@link sysconf} for the bytes per page of virtual memory. */
export const _SC_PAGESIZE: number = 30;

/** A property of the system, for instance {@link _SC_PAGESIZE}. */
export function sysconf(name: number): number {
  return c_sysconf(name);
}

/**
 * A byte array over `n` bytes of mapped memory, without a copy. It stays usable as an object after
 * the memory is gone, and then reading it kills the process: forget it before {@link munmap}.
 */
export function view(addr: number, n: number): Uint8Array {
  if (addr <= 0 || n <= 0 || n > MAX_VIEW) {
    throw new RangeError(
      `cannot make a view of ${n} bytes at address ${addr}: 1 to ${MAX_VIEW} bytes are possible`,
    );
  }
  return new Uint8Array(koffi.view(addr, n));
}

/* ------------------------------------------------------------------ process and time */

/** The process id. */
export function getpid(): number {
  return c_getpid();
}

/** The user whose rights the process has; 0 is root. */
export function geteuid(): number {
  return c_geteuid();
}

/** A variable of the environment, or null. */
export function getenv(name: string): CString | null {
  const v = process.env[name];
  return v === undefined ? null : toCString(v);
}

/** Sleeps; blocks the thread. `us` is microseconds, below one million to be portable. */
export function usleep(us: number): number {
  return check(c_usleep(us));
}

/** Sleeps; blocks the thread. Returns the seconds left if a signal came. */
export function sleep(seconds: number): number {
  return c_sleep(seconds);
}

/** Sleeps; blocks the thread. */
export function nanosleep(req: timespec, rem: timespec | null): number {
  return check(c_nanosleep(req.buf, rem === null ? null : rem.buf));
}

/** Seconds since 1970, which `t[0]` receives too. */
export function time(t: BigInt64Array | null): number {
  const now = c_time(null);
  if (t !== null) t[0] = BigInt(now);
  return now;
}

/** The time of day, in microseconds. There is no time zone to ask for. */
export function gettimeofday(tv: timeval, tz: null): number {
  return check(c_gettimeofday(tv.buf, tz));
}

/** The C library's words for an error number. */
export function strerror(e: number): string {
  return c_strerror(e) ?? "";
}
