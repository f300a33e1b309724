/**
 * Types and macros that several mirrored files share.
 *
 * What upstream declares in `sqliteInt.h` and `sqliteLimit.h` and the mirrored files use, and the
 * structs of the public header through which they talk to a VFS, an allocator and a page cache.
 *
 * @upstream sqliteInt.h
 * @module
 */

import { sizeof } from "./abi.js";
import type { CString } from "./cstring.js";
import { sqlite3CtypeMap } from "./global.js";
import { SQLITE_DEBUG } from "./options.js";
import { SQLITE_IOERR, SQLITE_MUTEX_STATIC_VFS1, SQLITE_NOMEM } from "./sqlite3.js";

export { sizeof } from "./abi.js";
export type { CString } from "./cstring.js";
export * from "./options.js";
export * from "./sqlite3.js";

/* ------------------------------------------------------------------ pointers and memory */

/** Bytes of a pointer of the ABI that counted allocations follow. */
export const SQLITE_PTRSIZE: number = sizeof.ptr;

/**
 * What C writes as `T *pOut`: a place for one value, handed to a function that fills it.
 *
 * NON-UPSTREAM: JavaScript has no address-of.
 */
export class Ref<T> {
  /** The value behind the pointer. */
  value: T;

  constructor(value: T) {
    this.value = value;
  }
}

/**
 * A struct that came from the allocator. `mem` is the counted block that `sqlite3Malloc` handed out
 * for it, so that `sqlite3_free(p)` and `sqlite3MallocSize(p)` read as in C. The bytes are unused
 * unless the struct says otherwise.
 *
 * NON-UPSTREAM: in C the struct is the block.
 */
export interface Counted {
  /** The allocator's block, or null for a struct that no allocation stands behind. */
  mem: Uint8Array | null;
}

/* ------------------------------------------------------------------ asserts */

/** Thrown by a failed {@link assert}. Nothing in the port catches it. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/**
 * Upstream's `assert`: live in the debug build, stripped with its argument from the production
 * build, so the argument must have no effect.
 *
 * @param x anything; falsy fails.
 */
export function assert(x: unknown): void {
  if (!x) throw new AssertionError("assertion failed");
}

/** Marks a condition that tests should make true at least once; no effect, stripped like {@link assert}. */
export function testcase(_x: unknown): void {}

/** A condition that is believed to be always true: asserted in the debug build, tested in production. */
export function ALWAYS<T>(x: T): T {
  if (SQLITE_DEBUG) assert(x);
  return x;
}

/** A condition that is believed to be never true: asserted in the debug build, tested in production. */
export function NEVER<T>(x: T): T {
  if (SQLITE_DEBUG) assert(!x);
  return x;
}

/* ------------------------------------------------------------------ limits and small macros */

/** A page number: u32, the first page is 1, 0 means no page. */
export type Pgno = number;

/** Largest page size in bytes. */
export const SQLITE_MAX_PAGE_SIZE: number = 65536;
/** Largest single allocation in bytes. */
export const SQLITE_MAX_ALLOCATION_SIZE: number = 2147483391;
export const SQLITE_MAX_U32: number = 0xffffffff;
/** Values of `synchronous` as PRAGMA counts them: 2 is NORMAL plus one, FULL is 3. */
export const SQLITE_DEFAULT_SYNCHRONOUS: number = 2;
/** Memory kinds, for allocators that track where a block came from. */
export const MEMTYPE_HEAP: number = 0x01;
export const MEMTYPE_LOOKASIDE: number = 0x02;
export const MEMTYPE_PCACHE: number = 0x04;
/** Operations on savepoints, as sqlite3PagerSavepoint takes them. */
export const SAVEPOINT_BEGIN: number = 0;
export const SAVEPOINT_RELEASE: number = 1;
export const SAVEPOINT_ROLLBACK: number = 2;
/** Bit of `sqlite3.flags`: closing the last connection does not checkpoint. */
export const SQLITE_NoCkptOnClose: number = 0x00000800;
/** The mutex that guards the names of temporary directories. */
export const SQLITE_MUTEX_STATIC_TEMPDIR: number = SQLITE_MUTEX_STATIC_VFS1;
/** 1 on a big-endian host; the port, like its typed arrays, asks the machine. */
export const SQLITE_BIGENDIAN: number = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0 ? 1 : 0;

/** Whether an integer that is not negative needs more than 32 bits. @upstream sqliteInt.h IS_BIG_INT */
export function IS_BIG_INT(X: number): boolean {
  return X > 0xffffffff;
}

/** Rounds up to a multiple of 8; exact up to 2^53. */
export function ROUND8(x: number): number {
  const r = x & 7;
  return r === 0 ? x : x + 8 - r;
}

/** Rounds down to a multiple of 8; exact up to 2^53. */
export function ROUNDDOWN8(x: number): number {
  return x - (x & 7);
}

/** Whether a size, or the place of a pointer in its buffer, is a multiple of 8. */
export function EIGHT_BYTE_ALIGNMENT(x: number | Uint8Array): boolean {
  return ((typeof x === "number" ? x : x.byteOffset) & 7) === 0;
}

/** C's `MIN`. */
export function MIN(a: number, b: number): number {
  return a < b ? a : b;
}

/** C's `MAX`. */
export function MAX(a: number, b: number): number {
  return a > b ? a : b;
}

/** True for 0 and powers of two below 2^31. */
export function IsPowerOfTwo(x: number): boolean {
  return (x & (x - 1)) === 0;
}

/**
 * Whether `p` points into the `n` bytes that `start` begins with: same buffer, offset in range.
 * Upstream passes the end as a pointer; the port passes the array whose end it is.
 */
export function SQLITE_WITHIN(p: Uint8Array, start: Uint8Array): boolean {
  return (
    p.buffer === start.buffer &&
    p.byteOffset >= start.byteOffset &&
    p.byteOffset < start.byteOffset + start.byteLength
  );
}

/** C's `AtomicLoad(&p[i])`, for memory that other processes may change. */
export function AtomicLoad(p: Uint32Array | Uint16Array, i: number): number {
  return Atomics.load(p, i);
}

/** C's `AtomicStore(&p[i], v)`, for memory that other processes may read. */
export function AtomicStore(p: Uint32Array | Uint16Array, i: number, v: number): void {
  Atomics.store(p, i, v);
}

/** Reads a big-endian u16 at byte `i`. */
export function get2byte(p: Uint8Array, i = 0): number {
  return ((p[i] as number) << 8) | (p[i + 1] as number);
}

/** Writes the low 16 bits of `v` big-endian at byte `i`. */
export function put2byte(p: Uint8Array, v: number, i = 0): void {
  p[i] = v >> 8;
  p[i + 1] = v;
}

/** What a failed allocation returns; a constant, as in builds without SQLITE_DEBUG. */
export const SQLITE_NOMEM_BKPT: number = SQLITE_NOMEM;
/** What a failed allocation inside an I/O routine returns. */
export const SQLITE_IOERR_NOMEM_BKPT: number = SQLITE_IOERR | (12 << 8);

/** Longest string that may be built, in bytes. */
export const SQLITE_MAX_LENGTH: number = 1000000000;
/** Largest 64-bit signed integer. */
export const LARGEST_INT64: bigint = 9223372036854775807n;
/** Smallest 64-bit signed integer. */
export const SMALLEST_INT64: bigint = -9223372036854775808n;

/** Nonzero for the ASCII white space characters. */
export function sqlite3Isspace(x: number): number {
  return (sqlite3CtypeMap[x & 0xff] as number) & 0x01;
}

/** Nonzero for ASCII decimal digits. */
export function sqlite3Isdigit(x: number): number {
  return (sqlite3CtypeMap[x & 0xff] as number) & 0x04;
}

/** Nonzero for ASCII hexadecimal digits. */
export function sqlite3Isxdigit(x: number): number {
  return (sqlite3CtypeMap[x & 0xff] as number) & 0x08;
}

/* ------------------------------------------------------------------ the VFS */

/**
 * An open file. The object is what C's memory block is: it keeps its identity while the
 * implementation behind it changes (an in-memory journal that spills turns into a real file).
 *
 * @upstream sqlite3.h sqlite3_file
 */
export class sqlite3_file implements Counted {
  /** The methods of the implementation, or null while the file is closed. */
  pMethods: sqlite3_io_methods | null = null;
  /** NON-UPSTREAM: what the implementation keeps in the bytes after `pMethods`. */
  pImpl: unknown = null;
  /** NON-UPSTREAM: the allocation that holds the file, null when it lies inside another struct's. */
  mem: Uint8Array | null = null;
}

/**
 * The methods of an open file. All return a result code unless said otherwise; offsets and sizes
 * are bytes, at most 2^53.
 *
 * @upstream sqlite3.h sqlite3_io_methods
 */
export interface sqlite3_io_methods {
  /** 1, 2 (shared memory) or 3 (xFetch). */
  iVersion: number;
  xClose(id: sqlite3_file): number;
  /** Fills the first `iAmt` bytes of `pBuf`; a short read zero-fills and returns SQLITE_IOERR_SHORT_READ. */
  xRead(id: sqlite3_file, pBuf: Uint8Array, iAmt: number, iOfst: number): number;
  xWrite(id: sqlite3_file, pBuf: Uint8Array, iAmt: number, iOfst: number): number;
  xTruncate(id: sqlite3_file, size: number): number;
  xSync(id: sqlite3_file, flags: number): number;
  xFileSize(id: sqlite3_file, pSize: Ref<number>): number;
  xLock(id: sqlite3_file, eLock: number): number;
  xUnlock(id: sqlite3_file, eLock: number): number;
  xCheckReservedLock(id: sqlite3_file, pResOut: Ref<number>): number;
  /**
   * `pArg` depends on the opcode: `Ref<number>` where C has `int*` or `i64*`, `Ref<CString | null>`
   * where it has `char**`, `Ref<T>` for other out-pointers, a value where C passes a pointer to a struct.
   */
  xFileControl(id: sqlite3_file, op: number, pArg: unknown): number;
  /** Bytes per sector. */
  xSectorSize(id: sqlite3_file): number;
  /** SQLITE_IOCAP_* bits. */
  xDeviceCharacteristics(id: sqlite3_file): number;
  /** Maps region `iPg` of `pgsz` bytes; the view's buffer may be shared with other processes. */
  xShmMap?(id: sqlite3_file, iPg: number, pgsz: number, bExtend: number, pp: Ref<Uint8Array | null>): number;
  xShmLock?(id: sqlite3_file, offset: number, n: number, flags: number): number;
  xShmBarrier?(id: sqlite3_file): void;
  xShmUnmap?(id: sqlite3_file, deleteFlag: number): number;
  /** Sets `pp` to a view of `iAmt` bytes of the mapped file, or to null if that range is not mapped. */
  xFetch?(id: sqlite3_file, iOfst: number, iAmt: number, pp: Ref<Uint8Array | null>): number;
  xUnfetch?(id: sqlite3_file, iOfst: number, p: Uint8Array | null): number;
}

/** A system call as `xSetSystemCall` takes it: any function of the signature that the slot needs. */
export type sqlite3_syscall_ptr = (...args: never[]) => unknown;

/**
 * A virtual file system. Names are C strings; a name given to xOpen lies in the middle of a block
 * laid out by `sqlite3_create_filename` or `sqlite3PagerOpen`.
 *
 * @upstream sqlite3.h sqlite3_vfs
 */
export interface sqlite3_vfs {
  iVersion: number;
  /** Size of the implementation's file struct, counted by callers that allocate one. */
  szOsFile: number;
  /** Longest pathname in bytes, terminating zero not included. */
  mxPathname: number;
  pNext: sqlite3_vfs | null;
  zName: string;
  pAppData: unknown;
  /** Opens `zName` (null: a temporary file of the VFS's choosing) into `id`. */
  xOpen(
    pVfs: sqlite3_vfs,
    zName: CString | null,
    id: sqlite3_file,
    flags: number,
    pOutFlags: Ref<number> | null,
  ): number;
  xDelete(pVfs: sqlite3_vfs, zName: CString, syncDir: number): number;
  xAccess(pVfs: sqlite3_vfs, zName: CString, flags: number, pResOut: Ref<number>): number;
  /** Writes the absolute name, zero included, into the first `nOut` bytes of `zOut`. */
  xFullPathname(pVfs: sqlite3_vfs, zName: CString, nOut: number, zOut: Uint8Array): number;
  xDlOpen?(pVfs: sqlite3_vfs, zFilename: CString): unknown;
  xDlError?(pVfs: sqlite3_vfs, nByte: number, zErrMsg: Uint8Array): void;
  xDlSym?(pVfs: sqlite3_vfs, pHandle: unknown, zSymbol: CString): (() => void) | null;
  xDlClose?(pVfs: sqlite3_vfs, pHandle: unknown): void;
  /** Fills the first `nByte` bytes of `zOut`; returns how many of them are random. */
  xRandomness(pVfs: sqlite3_vfs, nByte: number, zOut: Uint8Array): number;
  /** Sleeps; returns the microseconds really slept. */
  xSleep(pVfs: sqlite3_vfs, microseconds: number): number;
  /** Julian day as a floating point number. */
  xCurrentTime?(pVfs: sqlite3_vfs, prNow: Ref<number>): number;
  xGetLastError?(pVfs: sqlite3_vfs, nBuf: number, zBuf: Uint8Array | null): number;
  /** Julian day times 86400000. */
  xCurrentTimeInt64?(pVfs: sqlite3_vfs, piNow: Ref<number>): number;
  xSetSystemCall?(pVfs: sqlite3_vfs, zName: string | null, pNewFunc: sqlite3_syscall_ptr | null): number;
  xGetSystemCall?(pVfs: sqlite3_vfs, zName: string): sqlite3_syscall_ptr | null;
  xNextSystemCall?(pVfs: sqlite3_vfs, zName: string | null): string | null;
}

/* ------------------------------------------------------------------ the allocator */

/**
 * A memory allocator. A block is a `Uint8Array` of the rounded-up size; the same object comes back
 * to xFree, xRealloc and xSize.
 *
 * @upstream sqlite3.h sqlite3_mem_methods
 */
export interface sqlite3_mem_methods {
  /** A block of at least `nByte` bytes with arbitrary content, or null. */
  xMalloc(nByte: number): Uint8Array | null;
  xFree(p: Uint8Array): void;
  /** A block of at least `nByte` bytes that starts with the content of `p`, or null (then `p` stays). */
  xRealloc(p: Uint8Array, nByte: number): Uint8Array | null;
  xSize(p: Uint8Array): number;
  xRoundup(nByte: number): number;
  xInit(pAppData: unknown): number;
  xShutdown(pAppData: unknown): void;
  pAppData: unknown;
}

/* ------------------------------------------------------------------ the page cache */

/**
 * One page as a page cache hands it out.
 *
 * @upstream sqlite3.h sqlite3_pcache_page
 */
export interface sqlite3_pcache_page {
  /** The content: exactly szPage bytes; the buffer goes on for at least 8 bytes more. */
  pBuf: Uint8Array;
  /** The szExtra bytes that belong to the page. */
  pExtra: Uint8Array;
  /**
   * NON-UPSTREAM: the page header that pcache.c keeps at the start of `pExtra` in C. The slot owns
   * it; null stands for the zeroed first word by which C recognises a page it has not seen.
   */
  pHdr: object | null;
}

/**
 * A page cache module. `pCache` is whatever xCreate returned.
 *
 * @upstream sqlite3.h sqlite3_pcache_methods2
 */
export interface sqlite3_pcache_methods2<C = unknown> {
  iVersion: number;
  pArg: unknown;
  xInit(pArg: unknown): number;
  xShutdown(pArg: unknown): void;
  xCreate(szPage: number, szExtra: number, bPurgeable: number): C | null;
  xCachesize(pCache: C, nCachesize: number): void;
  xPagecount(pCache: C): number;
  xFetch(pCache: C, key: number, createFlag: number): sqlite3_pcache_page | null;
  xUnpin(pCache: C, pPage: sqlite3_pcache_page, discard: number): void;
  xRekey(pCache: C, pPage: sqlite3_pcache_page, oldKey: number, newKey: number): void;
  xTruncate(pCache: C, iLimit: number): void;
  xDestroy(pCache: C): void;
  xShrink(pCache: C): void;
}

/* ------------------------------------------------------------------ the connection */

/**
 * What the mirrored files look at in a connection. The layers above the pager own the rest.
 *
 * @upstream sqliteInt.h sqlite3
 */
export class sqlite3 {
  /** SQLITE_NoCkptOnClose is the only bit looked at. */
  flags = 0;
  /** True once an allocation on behalf of the connection has failed. */
  mallocFailed = 0;
  u1 = {
    /** Set from outside to make a long checkpoint stop with SQLITE_INTERRUPT. */
    isInterrupted: 0,
  };
  /** Time limit in milliseconds of blocking locks (SQLITE_ENABLE_SETLK_TIMEOUT). */
  setlkTimeout = 0;
  setlkFlags = 0;
  /** NON-UPSTREAM: stands for `sqlite3_exec(db, zSql, 0, 0, 0)`, which sqlite3PagerCheckpoint calls. */
  xExec: ((zSql: string) => number) | null = null;
}

/**
 * A backup that reads from a pager and wants to hear of changed pages; the pager holds the head of
 * a list. The backup itself lives above the pager: only its two entry points are called.
 *
 * @upstream backup.c sqlite3_backup
 */
export interface sqlite3_backup {
  /** Next backup of the same source. */
  pNext: sqlite3_backup | null;
  /** NON-UPSTREAM: page `iPage` has been written with `aData`; C calls backupUpdate's body here. */
  xUpdate(iPage: Pgno, aData: Uint8Array): void;
  /** NON-UPSTREAM: the source has changed altogether; start again, where C sets `iNext` to 1. */
  xRestart(): void;
}

/**
 * A remembered state of a WAL database (SQLITE_ENABLE_SNAPSHOT); 48 bytes from the allocator that
 * only wal.c looks into.
 *
 * @upstream sqlite3.h sqlite3_snapshot
 */
export class sqlite3_snapshot implements Counted {
  /** A copy of the wal-index header. */
  hidden: Uint8Array;
  mem: Uint8Array | null;

  /** @param mem a block of 48 bytes. */
  constructor(mem: Uint8Array) {
    this.hidden = mem.subarray(0, 48);
    this.mem = mem;
  }
}
