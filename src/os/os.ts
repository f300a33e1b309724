/**
 * The operating system as the rest of the library sees it: wrappers around the methods of files and
 * VFSes, the list of VFSes, and where on a file the lock bytes lie.
 *
 * Lock levels, weakest first. SHARED: any number of connections may read. RESERVED: one connection
 * means to write, the others may still read and begin to read. PENDING: it waits for the last reader,
 * nobody may begin to read. EXCLUSIVE: it is alone.
 *
 * @upstream os.c
 * @upstream os.h
 * @module
 */

import { memcpy, memset, strlen } from "../cstring.js";
import { sqlite3Config, sqlite3PendingByte } from "../global.js";
import { sqlite3_initialize } from "../main.js";
import { sqlite3_free, sqlite3_malloc, sqlite3MallocZero } from "../malloc.js";
import {
  type sqlite3_mutex,
  sqlite3_mutex_enter,
  sqlite3_mutex_held,
  sqlite3_mutex_leave,
  sqlite3MutexAlloc,
} from "../mutex.js";
import {
  ALWAYS,
  assert,
  type CString,
  NEVER,
  Ref,
  SQLITE_DEFAULT_SECTOR_SIZE,
  SQLITE_LOCK_EXCLUSIVE,
  SQLITE_LOCK_NONE,
  SQLITE_LOCK_SHARED,
  SQLITE_MAX_MMAP_SIZE,
  SQLITE_MAX_PATHLEN,
  SQLITE_MUTEX_STATIC_MAIN,
  SQLITE_NOMEM_BKPT,
  SQLITE_NOTFOUND,
  SQLITE_OK,
  SQLITE_OPEN_EXCLUSIVE,
  SQLITE_THREADSAFE,
  sqlite3_file,
  type sqlite3_vfs,
} from "../sqliteInt.js";
import { runOsInit as sqlite3_os_init } from "./os_init.js";

/* ------------------------------------------------------------------ os.h */

/* Lock levels, see the top of the file. PENDING_LOCK is never asked for, only arrived at. */
export const NO_LOCK: number = 0;
export const SHARED_LOCK: number = 1;
export const RESERVED_LOCK: number = 2;
export const PENDING_LOCK: number = 3;
export const EXCLUSIVE_LOCK: number = 4;

/**
 * File offset of the byte that a writer locks while it waits for readers, the first of 512 lock
 * bytes. Tests move it, hence a function.
 *
 * @upstream os.h PENDING_BYTE
 * @divergence pending-byte-function
 */
export function PENDING_BYTE(): number {
  return sqlite3PendingByte;
}

/**
 * File offset of the byte that stands for a RESERVED lock.
 *
 * @upstream os.h RESERVED_BYTE
 * @divergence pending-byte-function
 */
export function RESERVED_BYTE(): number {
  return PENDING_BYTE() + 1;
}

/**
 * File offset of the bytes that readers lock.
 *
 * @upstream os.h SHARED_FIRST
 * @divergence pending-byte-function
 */
export function SHARED_FIRST(): number {
  return PENDING_BYTE() + 2;
}

/** How many bytes readers lock; with the two others they fit into the smallest page. */
export const SHARED_SIZE: number = 510;

/** A file control that says that a commit has not changed the file after all. */
export const SQLITE_FCNTL_DB_UNCHANGED: number = 0xca093fa0;

/* ------------------------------------------------------------------ files */

/**
 * Closes a file. The object stays and may be opened again; closing a closed file does nothing.
 *
 * @upstream os.c sqlite3OsClose
 */
export function sqlite3OsClose(pId: sqlite3_file): void {
  if (pId.pMethods !== null) {
    pId.pMethods.xClose(pId);
    pId.pMethods = null;
  }
}

/**
 * Reads `amt` bytes at `offset` into the start of `pBuf`. SQLITE_IOERR_SHORT_READ if the file ends
 * before; the rest of the buffer is zero then.
 *
 * @upstream os.c sqlite3OsRead
 * @divergence os-malloc-test
 */
export function sqlite3OsRead(id: sqlite3_file, pBuf: Uint8Array, amt: number, offset: number): number {
  return id.pMethods!.xRead(id, pBuf, amt, offset);
}

/**
 * Writes the first `amt` bytes of `pBuf` at `offset`.
 *
 * @upstream os.c sqlite3OsWrite
 * @divergence os-malloc-test
 */
export function sqlite3OsWrite(id: sqlite3_file, pBuf: Uint8Array, amt: number, offset: number): number {
  return id.pMethods!.xWrite(id, pBuf, amt, offset);
}

/** Makes a file `size` bytes long. @upstream os.c sqlite3OsTruncate */
export function sqlite3OsTruncate(id: sqlite3_file, size: number): number {
  return id.pMethods!.xTruncate(id, size);
}

/**
 * Makes what has been written durable.
 *
 * @param flags SQLITE_SYNC_*; 0 does nothing and succeeds.
 * @upstream os.c sqlite3OsSync
 * @divergence os-malloc-test
 */
export function sqlite3OsSync(id: sqlite3_file, flags: number): number {
  return flags ? id.pMethods!.xSync(id, flags) : SQLITE_OK;
}

/**
 * Stores the file's size in bytes.
 *
 * @upstream os.c sqlite3OsFileSize
 * @divergence os-malloc-test
 */
export function sqlite3OsFileSize(id: sqlite3_file, pSize: Ref<number>): number {
  return id.pMethods!.xFileSize(id, pSize);
}

/**
 * Raises the lock. SQLITE_BUSY if another connection is in the way; a connection on its way to
 * EXCLUSIVE may then hold PENDING.
 *
 * @upstream os.c sqlite3OsLock
 * @divergence os-malloc-test
 */
export function sqlite3OsLock(id: sqlite3_file, lockType: number): number {
  assert(lockType >= SQLITE_LOCK_SHARED && lockType <= SQLITE_LOCK_EXCLUSIVE);
  return id.pMethods!.xLock(id, lockType);
}

/** Lowers the lock to SHARED or none. @upstream os.c sqlite3OsUnlock */
export function sqlite3OsUnlock(id: sqlite3_file, lockType: number): number {
  assert(lockType === SQLITE_LOCK_NONE || lockType === SQLITE_LOCK_SHARED);
  return id.pMethods!.xUnlock(id, lockType);
}

/**
 * Stores whether anybody holds RESERVED or more.
 *
 * @upstream os.c sqlite3OsCheckReservedLock
 * @divergence os-malloc-test
 */
export function sqlite3OsCheckReservedLock(id: sqlite3_file, pResOut: Ref<number>): number {
  return id.pMethods!.xCheckReservedLock(id, pResOut);
}

/**
 * Asks or tells the VFS something that may fail. SQLITE_NOTFOUND if it does not know the opcode, or
 * if the file is closed.
 *
 * @upstream os.c sqlite3OsFileControl
 * @divergence os-malloc-test
 */
export function sqlite3OsFileControl(id: sqlite3_file, op: number, pArg: unknown): number {
  if (id.pMethods === null) return SQLITE_NOTFOUND;
  return id.pMethods.xFileControl(id, op, pArg);
}

/**
 * Tells the VFS something that it may ignore.
 *
 * @upstream os.c sqlite3OsFileControlHint
 */
export function sqlite3OsFileControlHint(id: sqlite3_file, op: number, pArg: unknown): void {
  if (id.pMethods !== null) id.pMethods.xFileControl(id, op, pArg);
}

/**
 * Bytes that the device writes at once: what a crash may damage around a write.
 *
 * @divergence os-sector-size
 * @upstream os.c sqlite3OsSectorSize
 */
export function sqlite3OsSectorSize(id: sqlite3_file): number {
  const pMethods = id.pMethods!;
  return pMethods.xSectorSize ? pMethods.xSectorSize(id) : SQLITE_DEFAULT_SECTOR_SIZE;
}

/** What the device promises, as SQLITE_IOCAP_* bits. @upstream os.c sqlite3OsDeviceCharacteristics */
export function sqlite3OsDeviceCharacteristics(id: sqlite3_file): number {
  if (NEVER(id.pMethods === null)) return 0;
  return id.pMethods!.xDeviceCharacteristics(id);
}

/** Locks or unlocks `n` shared-memory slots from `offset` on. @upstream os.c sqlite3OsShmLock */
export function sqlite3OsShmLock(id: sqlite3_file, offset: number, n: number, flags: number): number {
  return id.pMethods!.xShmLock!(id, offset, n, flags);
}

/** Orders accesses to the shared memory. @upstream os.c sqlite3OsShmBarrier */
export function sqlite3OsShmBarrier(id: sqlite3_file): void {
  id.pMethods!.xShmBarrier!(id);
}

/** Closes the shared memory, deleting it if asked to. @upstream os.c sqlite3OsShmUnmap */
export function sqlite3OsShmUnmap(id: sqlite3_file, deleteFlag: number): number {
  return id.pMethods!.xShmUnmap!(id, deleteFlag);
}

/**
 * Maps one region of the shared memory; null is stored if it does not exist and may not be made.
 *
 * @param iPage number of the region.
 * @param pgsz bytes per region, always the same.
 * @param bExtend whether to make the region if it is missing.
 * @upstream os.c sqlite3OsShmMap
 * @divergence os-malloc-test
 */
export function sqlite3OsShmMap(
  id: sqlite3_file,
  iPage: number,
  pgsz: number,
  bExtend: number,
  pp: Ref<Uint8Array | null>,
): number {
  return id.pMethods!.xShmMap!(id, iPage, pgsz, bExtend, pp);
}

/**
 * Stores a view of `iAmt` bytes of the mapped file at `iOff`, or null if they are not mapped. A view
 * must be given back. With SQLITE_MAX_MMAP_SIZE 0 nothing is ever mapped.
 *
 * @upstream os.c sqlite3OsFetch
 * @divergence os-malloc-test
 */
export function sqlite3OsFetch(
  id: sqlite3_file,
  iOff: number,
  iAmt: number,
  pp: Ref<Uint8Array | null>,
): number {
  if (SQLITE_MAX_MMAP_SIZE > 0) {
    return id.pMethods!.xFetch!(id, iOff, iAmt, pp);
  } else {
    pp.value = null;
    return SQLITE_OK;
  }
}

/**
 * Gives a view back. Null says that the mapping may no longer show the file and should go; nobody
 * holds a view then, and `iOff` does not matter.
 *
 * @upstream os.c sqlite3OsUnfetch
 */
export function sqlite3OsUnfetch(id: sqlite3_file, iOff: number, p: Uint8Array | null): number {
  if (SQLITE_MAX_MMAP_SIZE > 0) {
    return id.pMethods!.xUnfetch!(id, iOff, p);
  } else {
    return SQLITE_OK;
  }
}

/* ------------------------------------------------------------------ VFSes */

/**
 * Opens a file into `pFile`. After an error the file is closed.
 *
 * @param zPath null for a temporary file, which must be asked for with SQLITE_OPEN_EXCLUSIVE.
 * @param flags SQLITE_OPEN_*; those that are not the VFS's business are masked out.
 * @param pFlagsOut receives the flags that the file was opened with; may be null.
 * @upstream os.c sqlite3OsOpen
 * @divergence os-malloc-test
 */
export function sqlite3OsOpen(
  pVfs: sqlite3_vfs,
  zPath: CString | null,
  pFile: sqlite3_file,
  flags: number,
  pFlagsOut: Ref<number> | null,
): number {
  assert(zPath !== null || flags & SQLITE_OPEN_EXCLUSIVE);
  const rc = pVfs.xOpen(pVfs, zPath, pFile, flags & 0x1087f7f, pFlagsOut);
  assert(rc === SQLITE_OK || pFile.pMethods === null);
  return rc;
}

/**
 * Deletes a file, and makes that durable if `dirSync` is 1.
 *
 * @upstream os.c sqlite3OsDelete
 * @divergence os-malloc-test
 */
export function sqlite3OsDelete(pVfs: sqlite3_vfs, zPath: CString, dirSync: number): number {
  assert(dirSync === 0 || dirSync === 1);
  return pVfs.xDelete ? pVfs.xDelete(pVfs, zPath, dirSync) : SQLITE_OK;
}

/**
 * Stores whether a file exists or may be used.
 *
 * @upstream os.c sqlite3OsAccess
 * @divergence os-malloc-test
 */
export function sqlite3OsAccess(
  pVfs: sqlite3_vfs,
  zPath: CString,
  flags: number,
  pResOut: Ref<number>,
): number {
  return pVfs.xAccess(pVfs, zPath, flags, pResOut);
}

/**
 * Writes the absolute name of a file into the first `nPathOut` bytes of `zPathOut`.
 *
 * @upstream os.c sqlite3OsFullPathname
 * @divergence os-malloc-test
 */
export function sqlite3OsFullPathname(
  pVfs: sqlite3_vfs,
  zPath: CString,
  nPathOut: number,
  zPathOut: Uint8Array,
): number {
  zPathOut[0] = 0;
  return pVfs.xFullPathname(pVfs, zPath, nPathOut, zPathOut);
}

/** Opens a shared library; null if that fails. @upstream os.c sqlite3OsDlOpen */
export function sqlite3OsDlOpen(pVfs: sqlite3_vfs, zPath: CString): unknown {
  assert(zPath !== null);
  assert(strlen(zPath) <= SQLITE_MAX_PATHLEN);
  return pVfs.xDlOpen!(pVfs, zPath);
}

/** Says why opening a shared library failed. @upstream os.c sqlite3OsDlError */
export function sqlite3OsDlError(pVfs: sqlite3_vfs, nByte: number, zBufOut: Uint8Array): void {
  pVfs.xDlError!(pVfs, nByte, zBufOut);
}

/** Looks a symbol up in a shared library. @upstream os.c sqlite3OsDlSym */
export function sqlite3OsDlSym(pVfs: sqlite3_vfs, pHdle: unknown, zSym: CString): (() => void) | null {
  return pVfs.xDlSym!(pVfs, pHdle, zSym);
}

/** Closes a shared library. @upstream os.c sqlite3OsDlClose */
export function sqlite3OsDlClose(pVfs: sqlite3_vfs, pHandle: unknown): void {
  pVfs.xDlClose!(pVfs, pHandle);
}

/**
 * Fills the first `nByte` bytes with randomness, or with the configured seed and zeros. Returns the
 * number of random bytes, or SQLITE_OK for a seed; upstream looks at neither.
 *
 * @divergence number-bytes
 * @upstream os.c sqlite3OsRandomness
 */
export function sqlite3OsRandomness(pVfs: sqlite3_vfs, nByte: number, zBufOut: Uint8Array): number {
  if (sqlite3Config.iPrngSeed) {
    memset(zBufOut, 0, nByte);
    if (ALWAYS(nByte > 4)) nByte = 4;
    /* the seed's bytes, as they lie in memory */
    memcpy(zBufOut, new Uint8Array(Uint32Array.of(sqlite3Config.iPrngSeed).buffer), nByte);
    return SQLITE_OK;
  } else {
    return pVfs.xRandomness(pVfs, nByte, zBufOut);
  }
}

/** Sleeps; returns the microseconds really slept. @upstream os.c sqlite3OsSleep */
export function sqlite3OsSleep(pVfs: sqlite3_vfs, nMicro: number): number {
  return pVfs.xSleep(pVfs, nMicro);
}

/** The platform's code of the last error, 0 if the VFS keeps none. @upstream os.c sqlite3OsGetLastError */
export function sqlite3OsGetLastError(pVfs: sqlite3_vfs): number {
  return pVfs.xGetLastError ? pVfs.xGetLastError(pVfs, 0, null) : 0;
}

/**
 * Stores the time as a Julian day number times 86400000. VFSes of version 1 only know the time as a
 * floating point number of days.
 *
 * @upstream os.c sqlite3OsCurrentTimeInt64
 */
export function sqlite3OsCurrentTimeInt64(pVfs: sqlite3_vfs, pTimeOut: Ref<number>): number {
  let rc: number;
  if (pVfs.iVersion >= 2 && pVfs.xCurrentTimeInt64) {
    rc = pVfs.xCurrentTimeInt64(pVfs, pTimeOut);
  } else {
    const r = new Ref(0);
    rc = pVfs.xCurrentTime!(pVfs, r);
    pTimeOut.value = Math.trunc(r.value * 86400000.0);
  }
  return rc;
}

/** A file object that lies in counted memory, null for null. NON-UPSTREAM: C casts. */
function fileIn(mem: Uint8Array | null): sqlite3_file | null {
  if (mem === null) return null;
  const pFile = new sqlite3_file();
  pFile.mem = mem;
  return pFile;
}

/**
 * Allocates a file object and opens a file into it. Stores null after an error.
 *
 * @divergence os-counted-file
 * @upstream os.c sqlite3OsOpenMalloc
 */
export function sqlite3OsOpenMalloc(
  pVfs: sqlite3_vfs,
  zFile: CString | null,
  ppFile: Ref<sqlite3_file | null>,
  flags: number,
  pOutFlags: Ref<number> | null,
): number {
  let rc: number;
  const pFile = fileIn(sqlite3MallocZero(pVfs.szOsFile));
  if (pFile !== null) {
    rc = sqlite3OsOpen(pVfs, zFile, pFile, flags, pOutFlags);
    if (rc !== SQLITE_OK) {
      sqlite3_free(pFile);
      ppFile.value = null;
    } else {
      ppFile.value = pFile;
    }
  } else {
    ppFile.value = null;
    rc = SQLITE_NOMEM_BKPT;
  }
  assert(ppFile.value !== null || rc !== SQLITE_OK);
  return rc;
}

/**
 * Closes a file opened by {@link sqlite3OsOpenMalloc} and frees the object.
 *
 * @upstream os.c sqlite3OsCloseFree
 */
export function sqlite3OsCloseFree(pFile: sqlite3_file): void {
  assert(pFile);
  sqlite3OsClose(pFile);
  sqlite3_free(pFile);
}

/**
 * Sets the platform up. An allocation is made first and thrown away, so that tests can make this
 * step of the initialization fail.
 *
 * @upstream os.c sqlite3OsInit
 */
export function sqlite3OsInit(): number {
  const p = sqlite3_malloc(10);
  if (p === null) return SQLITE_NOMEM_BKPT;
  sqlite3_free(p);
  return sqlite3_os_init();
}

/* All registered VFSes, the default one first. @upstream os.c vfsList */
let vfsList: sqlite3_vfs | null = null;

/**
 * Finds a VFS by its name; null asks for the default one. Null if there is none, or if the library
 * cannot be initialized.
 *
 * @divergence name-strings
 * @upstream os.c sqlite3_vfs_find
 */
export function sqlite3_vfs_find(zVfs: string | null): sqlite3_vfs | null {
  let pVfs: sqlite3_vfs | null = null;
  let mutex: sqlite3_mutex | null = null;
  const rc = sqlite3_initialize();
  if (rc) return null;
  if (SQLITE_THREADSAFE) mutex = sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_MAIN);
  sqlite3_mutex_enter(mutex);
  for (pVfs = vfsList; pVfs !== null; pVfs = pVfs.pNext) {
    if (zVfs === null) break;
    if (zVfs === pVfs.zName) break;
  }
  sqlite3_mutex_leave(mutex);
  return pVfs;
}

/**
 * Takes a VFS out of the list, if it is there.
 *
 * @upstream os.c vfsUnlink
 */
function vfsUnlink(pVfs: sqlite3_vfs | null): void {
  assert(sqlite3_mutex_held(sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_MAIN)));
  if (pVfs === null) {
    /* nothing */
  } else if (vfsList === pVfs) {
    vfsList = pVfs.pNext;
  } else if (vfsList !== null) {
    let p: sqlite3_vfs = vfsList;
    while (p.pNext !== null && p.pNext !== pVfs) {
      p = p.pNext;
    }
    if (p.pNext === pVfs) {
      p.pNext = pVfs.pNext;
    }
  }
}

/**
 * Registers a VFS, once however often this is called. It becomes the default if `makeDflt` is true
 * or if it is the first.
 *
 * @upstream os.c sqlite3_vfs_register
 * @divergence api-armor
 */
export function sqlite3_vfs_register(pVfs: sqlite3_vfs, makeDflt: number): number {
  let mutex: sqlite3_mutex | null = null;
  const rc = sqlite3_initialize();
  if (rc) return rc;
  if (SQLITE_THREADSAFE) mutex = sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_MAIN);
  sqlite3_mutex_enter(mutex);
  vfsUnlink(pVfs);
  if (makeDflt || vfsList === null) {
    pVfs.pNext = vfsList;
    vfsList = pVfs;
  } else {
    pVfs.pNext = vfsList.pNext;
    vfsList.pNext = pVfs;
  }
  assert(vfsList);
  sqlite3_mutex_leave(mutex);
  return SQLITE_OK;
}

/**
 * Takes a VFS out of the list; files that are open through it stay so.
 *
 * @upstream os.c sqlite3_vfs_unregister
 */
export function sqlite3_vfs_unregister(pVfs: sqlite3_vfs | null): number {
  let mutex: sqlite3_mutex | null = null;
  const rc = sqlite3_initialize();
  if (rc) return rc;
  if (SQLITE_THREADSAFE) mutex = sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_MAIN);
  sqlite3_mutex_enter(mutex);
  vfsUnlink(pVfs);
  sqlite3_mutex_leave(mutex);
  return SQLITE_OK;
}
