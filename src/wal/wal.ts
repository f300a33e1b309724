/**
 * The write-ahead log: its interface. THE LOG ITSELF ARRIVES LATER.
 *
 * This is the one file of the project that is a placeholder on purpose. Every function of wal.h is
 * here with its final signature, so that the pager is ported whole and calls it everywhere upstream
 * does. Until wal.c is ported, sqlite3WalOpen and every other function that can fail returns
 * SQLITE_CANTOPEN, and functions without a result do nothing. No Wal object ever comes into being,
 * so a database in WAL mode cannot be opened, and what is left to answer faithfully is a null
 * handle: there the functions that accept one do as upstream does.
 *
 * @upstream wal.c
 * @divergence wal-later
 * @module
 */

import type { PgHdr } from "../pcache/pcache.js";
import {
  type Counted,
  type CString,
  type Pgno,
  type Ref,
  SQLITE_CANTOPEN,
  SQLITE_OK,
  SQLITE_SHM_NLOCK,
  type sqlite3,
  type sqlite3_file,
  type sqlite3_snapshot,
  type sqlite3_vfs,
} from "../sqliteInt.js";

/* ------------------------------------------------------------------ wal.h */

/** The sync flags for a commit, out of the pager's `walSyncFlags`. @upstream wal.h WAL_SYNC_FLAGS */
export function WAL_SYNC_FLAGS(X: number): number {
  return X & 0x03;
}

/** The sync flags for a checkpoint, out of the pager's `walSyncFlags`. @upstream wal.h CKPT_SYNC_FLAGS */
export function CKPT_SYNC_FLAGS(X: number): number {
  return (X >> 2) & 0x03;
}

/** How many u32 a savepoint stores about the log. */
export const WAL_SAVEPOINT_NDATA: number = 4;

/* ------------------------------------------------------------------ formats of wal.c */

/** The only version of the log format. */
export const WAL_MAX_VERSION: number = 3007000;
/** The only version of the wal-index format. */
export const WALINDEX_MAX_VERSION: number = 3007000;

/* Locks of the wal-index: slots of xShmLock. */
export const WAL_WRITE_LOCK: number = 0;
export const WAL_ALL_BUT_WRITE: number = 1;
export const WAL_CKPT_LOCK: number = 1;
export const WAL_RECOVER_LOCK: number = 2;

/** The slot of read lock `I`. @upstream wal.c WAL_READ_LOCK */
export function WAL_READ_LOCK(I: number): number {
  return 3 + I;
}

/** Number of read locks. */
export const WAL_NREADER: number = SQLITE_SHM_NLOCK - 3;
/** Value of a read mark that is free. */
export const READMARK_NOT_USED: number = 0xffffffff;
/** Byte of the wal-index where the lock bytes start: behind two headers, nBackfill and the read marks. */
export const WALINDEX_LOCK_OFFSET: number = 120;
/** Bytes before the first page number in the wal-index. */
export const WALINDEX_HDR_SIZE: number = 136;
/** Bytes of header before each page in the log. */
export const WAL_FRAME_HDRSIZE: number = 24;
/** Bytes of header at the start of the log. */
export const WAL_HDRSIZE: number = 32;
/** First word of a log with little-endian checksums; the lowest bit set means big-endian ones. */
export const WAL_MAGIC: number = 0x377f0682;

/** Where frame `iFrame`, counted from 1, starts in the log; bytes. @upstream wal.c walFrameOffset */
export function walFrameOffset(iFrame: number, szPage: number): number {
  return WAL_HDRSIZE + (iFrame - 1) * (szPage + WAL_FRAME_HDRSIZE);
}

/* Values of Wal.exclusiveMode. */
export const WAL_NORMAL_MODE: number = 0;
export const WAL_EXCLUSIVE_MODE: number = 1;
export const WAL_HEAPMEMORY_MODE: number = 2;

/* Bits of Wal.readOnly. */
export const WAL_RDWR: number = 0;
export const WAL_RDONLY: number = 1;
export const WAL_SHM_RDONLY: number = 2;

/** Page numbers per hash table. */
export const HASHTABLE_NPAGE: number = 4096;
/** Multiplier of the hash function. */
export const HASHTABLE_HASH_1: number = 383;
/** Slots per hash table. */
export const HASHTABLE_NSLOT: number = HASHTABLE_NPAGE * 2;
/** Page numbers of the first hash table, which shares its region with the header. */
export const HASHTABLE_NPAGE_ONE: number = HASHTABLE_NPAGE - WALINDEX_HDR_SIZE / 4;
/** Bytes per region of the wal-index. */
export const WALINDEX_PGSZ: number = 2 * HASHTABLE_NSLOT + HASHTABLE_NPAGE * 4;

/**
 * The wal-index header: 48 bytes, twice at the start of the wal-index, and once in each connection.
 *
 * @upstream wal.c WalIndexHdr
 */
export class WalIndexHdr {
  /** WALINDEX_MAX_VERSION. */
  iVersion = 0;
  unused = 0;
  /** Counts transactions. */
  iChange = 0;
  /** 1 when the header is valid. */
  isInit = 0;
  /** Whether the log's checksums are big-endian. */
  bigEndCksum = 0;
  /** Page size in bytes; 1 stands for 65536. */
  szPage = 0;
  /** Last valid frame of the log. */
  mxFrame = 0;
  /** Size of the database in pages. */
  nPage = 0;
  /** Checksum of the last frame. */
  readonly aFrameCksum = new Uint32Array(2);
  /** The salts of the log's header. */
  readonly aSalt = new Uint32Array(2);
  /** Checksum of all the above. */
  readonly aCksum = new Uint32Array(2);
}

/**
 * A connection to a log; one per pager.
 *
 * @upstream wal.c Wal
 */
export class Wal implements Counted {
  /** The VFS of the log. */
  pVfs: sqlite3_vfs | null = null;
  /** The database, on which the wal-index hangs. */
  pDbFd: sqlite3_file | null = null;
  /** The log. */
  pWalFd: sqlite3_file | null = null;
  /** What the next sqlite3WalCallback returns. */
  iCallback = 0;
  /** Bytes to which a reset cuts the log; negative: no cut. */
  mxWalSize = 0;
  /** Length of apWiData. */
  nWiData = 0;
  /** Bytes of the first block written to the log. */
  szFirstBlock = 0;
  /** The regions of the wal-index that are mapped; null where one is not. */
  apWiData: (Uint8Array | null)[] = [];
  /** NON-UPSTREAM: the block that C keeps the pointers of apWiData in. */
  apWiDataMem: Uint8Array | null = null;
  /** Page size in bytes. */
  szPage = 0;
  /** The read lock that is held, or -1. */
  readLock = 0;
  /** How to sync the log's header. */
  syncFlags = 0;
  /** WAL_NORMAL_MODE, WAL_EXCLUSIVE_MODE or WAL_HEAPMEMORY_MODE. */
  exclusiveMode = 0;
  /** Whether a write transaction is open. */
  writeLock = 0;
  /** Whether the checkpoint lock is held. */
  ckptLock = 0;
  /** WAL_RDWR, WAL_RDONLY, WAL_SHM_RDONLY. */
  readOnly = 0;
  /** Whether the next commit cuts the log. */
  truncateOnCommit = 0;
  /** Whether the log's header is synced when written. */
  syncHeader = 0;
  /** Whether a commit fills up the last sector. */
  padToSectorBoundary = 0;
  /** Whether the wal-index can only be read and nobody keeps it right. */
  bShmUnreliable = 0;
  /** The wal-index header of the transaction. */
  hdr = new WalIndexHdr();
  /** Frames before this one are ignored. */
  minFrame = 0;
  /** First frame whose checksum a commit must compute again, or 0. */
  iReCksum = 0;
  /** Name of the log. */
  zWalName: CString | null = null;
  /** Counts resets; stored in the log's header. */
  nCkpt = 0;
  /** Debug build: depth of SEH_TRY blocks. */
  nSehTry = 0;
  /** Debug build: whether a lock has failed. */
  lockError = 0;
  /** SQLITE_ENABLE_SNAPSHOT: open the next transaction there, if not null. */
  pSnapshot: WalIndexHdr | null = null;
  /** SQLITE_ENABLE_SNAPSHOT: the transaction is opened for sqlite3_snapshot_get. */
  bGetSnapshot = 0;
  /** SQLITE_ENABLE_SETLK_TIMEOUT: where the time limit stands. */
  db: sqlite3 | null = null;
  mem: Uint8Array | null;

  constructor(mem: Uint8Array) {
    this.mem = mem;
  }
}

/* ------------------------------------------------------------------ open and close */

/**
 * Opens the log of a database and stores the handle in `ppWal`.
 *
 * @param _pDbFd the open database.
 * @param _zWalName must outlive the handle.
 * @param _bNoShm 1: keep the wal-index in memory, for a connection in exclusive mode.
 * @param _mxWalSize bytes to which a reset cuts the log; negative: no cut.
 * @returns SQLITE_CANTOPEN until the log arrives; `ppWal` is then null.
 * @upstream wal.c sqlite3WalOpen
 * @divergence wal-later
 */
export function sqlite3WalOpen(
  _pVfs: sqlite3_vfs,
  _pDbFd: sqlite3_file,
  _zWalName: CString,
  _bNoShm: number,
  _mxWalSize: number,
  ppWal: Ref<Wal | null>,
): number {
  ppWal.value = null;
  return SQLITE_CANTOPEN;
}

/**
 * Closes the log; the last connection to the database checkpoints it first and deletes it.
 *
 * @param pWal null is accepted and gives SQLITE_OK.
 * @param _zBuf scratch for one page, `nBuf` bytes; null: no checkpoint.
 * @upstream wal.c sqlite3WalClose
 * @divergence wal-later
 */
export function sqlite3WalClose(
  pWal: Wal | null,
  _db: sqlite3 | null,
  _sync_flags: number,
  _nBuf: number,
  _zBuf: Uint8Array | null,
): number {
  return pWal === null ? SQLITE_OK : SQLITE_CANTOPEN;
}

/**
 * Sets the size in bytes to which a reset cuts the log.
 *
 * @upstream wal.c sqlite3WalLimit
 * @divergence wal-later
 */
export function sqlite3WalLimit(_pWal: Wal | null, _iLimit: number): void {}

/* ------------------------------------------------------------------ reading */

/**
 * Opens a read transaction; `pChanged` becomes 1 if the database has changed since the last one.
 *
 * @upstream wal.c sqlite3WalBeginReadTransaction
 * @divergence wal-later
 */
export function sqlite3WalBeginReadTransaction(_pWal: Wal, _pChanged: Ref<number>): number {
  return SQLITE_CANTOPEN;
}

/**
 * Ends the read transaction, if one is open.
 *
 * @upstream wal.c sqlite3WalEndReadTransaction
 * @divergence wal-later
 */
export function sqlite3WalEndReadTransaction(_pWal: Wal): void {}

/**
 * Finds the frame that holds page `pgno` for the open transaction; 0 in `piRead` if none does.
 *
 * @upstream wal.c sqlite3WalFindFrame
 * @divergence wal-later
 */
export function sqlite3WalFindFrame(_pWal: Wal, _pgno: Pgno, _piRead: Ref<number>): number {
  return SQLITE_CANTOPEN;
}

/**
 * Reads the page in frame `iRead` into the first `nOut` bytes of `pOut`.
 *
 * @upstream wal.c sqlite3WalReadFrame
 * @divergence wal-later
 */
export function sqlite3WalReadFrame(_pWal: Wal, _iRead: number, _nOut: number, _pOut: Uint8Array): number {
  return SQLITE_CANTOPEN;
}

/**
 * Size in pages of the database that the open transaction sees, or 0 if the log does not say.
 *
 * @upstream wal.c sqlite3WalDbsize
 * @divergence wal-later
 */
export function sqlite3WalDbsize(_pWal: Wal | null): Pgno {
  return 0;
}

/* ------------------------------------------------------------------ writing */

/**
 * Takes the write lock.
 *
 * @upstream wal.c sqlite3WalBeginWriteTransaction
 * @divergence wal-later
 */
export function sqlite3WalBeginWriteTransaction(_pWal: Wal): number {
  return SQLITE_CANTOPEN;
}

/**
 * Gives the write lock back, if it is held.
 *
 * @upstream wal.c sqlite3WalEndWriteTransaction
 * @divergence wal-later
 */
export function sqlite3WalEndWriteTransaction(_pWal: Wal): number {
  return SQLITE_CANTOPEN;
}

/**
 * Forgets the frames that the transaction has written, and calls `xUndo` for the page of each.
 *
 * @upstream wal.c sqlite3WalUndo
 * @divergence wal-later
 */
export function sqlite3WalUndo(
  _pWal: Wal,
  _xUndo: (pCtx: unknown, pgno: Pgno) => number,
  _pUndoCtx: unknown,
): number {
  return SQLITE_CANTOPEN;
}

/**
 * Stores where the log ends now in WAL_SAVEPOINT_NDATA words.
 *
 * @upstream wal.c sqlite3WalSavepoint
 * @divergence wal-later
 */
export function sqlite3WalSavepoint(_pWal: Wal, _aWalData: Uint32Array): void {}

/**
 * Moves the end of the log back to where {@link sqlite3WalSavepoint} saw it.
 *
 * @param _aWalData updated if the log has been reset since.
 * @upstream wal.c sqlite3WalSavepointUndo
 * @divergence wal-later
 */
export function sqlite3WalSavepointUndo(_pWal: Wal, _aWalData: Uint32Array): number {
  return SQLITE_CANTOPEN;
}

/**
 * Appends the dirty pages of a list to the log.
 *
 * @param _pList linked by pDirty, ascending page numbers.
 * @param _nTruncate size of the database in pages after a commit.
 * @param _isCommit 1: the last frame ends the transaction.
 * @param _sync_flags as {@link WAL_SYNC_FLAGS} takes them.
 * @upstream wal.c sqlite3WalFrames
 * @divergence wal-later
 */
export function sqlite3WalFrames(
  _pWal: Wal,
  _szPage: number,
  _pList: PgHdr,
  _nTruncate: Pgno,
  _isCommit: number,
  _sync_flags: number,
): number {
  return SQLITE_CANTOPEN;
}

/* ------------------------------------------------------------------ checkpoint */

/**
 * Copies pages from the log into the database.
 *
 * @param _db whose interrupt flag is watched.
 * @param _eMode SQLITE_CHECKPOINT_*.
 * @param _zBuf scratch for one page, `nBuf` bytes.
 * @param _pnLog receives the number of frames in the log; may be null.
 * @param _pnCkpt receives the number of frames copied; may be null.
 * @upstream wal.c sqlite3WalCheckpoint
 * @divergence wal-later
 */
export function sqlite3WalCheckpoint(
  _pWal: Wal,
  _db: sqlite3 | null,
  _eMode: number,
  _xBusy: ((p: unknown) => number) | null,
  _pBusyArg: unknown,
  _sync_flags: number,
  _nBuf: number,
  _zBuf: Uint8Array | null,
  _pnLog: Ref<number> | null,
  _pnCkpt: Ref<number> | null,
): number {
  return SQLITE_CANTOPEN;
}

/**
 * Frames in the log after the last commit, once; 0 if there was none since the last call.
 *
 * @upstream wal.c sqlite3WalCallback
 * @divergence wal-later
 */
export function sqlite3WalCallback(_pWal: Wal | null): number {
  return 0;
}

/**
 * Changes (`op` 1 or 0) or asks for (`op` -1) the locking mode.
 *
 * @returns 1 if the connection is, or was until now, in normal mode, else 0.
 * @upstream wal.c sqlite3WalExclusiveMode
 * @divergence wal-later
 */
export function sqlite3WalExclusiveMode(_pWal: Wal, _op: number): number {
  return 0;
}

/**
 * 1 if the wal-index is kept in memory, else 0.
 *
 * @upstream wal.c sqlite3WalHeapMemory
 * @divergence wal-later
 */
export function sqlite3WalHeapMemory(_pWal: Wal | null): number {
  return 0;
}

/* ------------------------------------------------------------------ SQLITE_ENABLE_SNAPSHOT */

/**
 * Makes a snapshot of what the open read transaction sees.
 *
 * @upstream wal.c sqlite3WalSnapshotGet
 * @divergence wal-later
 */
export function sqlite3WalSnapshotGet(_pWal: Wal, _ppSnapshot: Ref<sqlite3_snapshot | null>): number {
  return SQLITE_CANTOPEN;
}

/**
 * The next read transaction shall see the given snapshot; null: the newest state.
 *
 * @upstream wal.c sqlite3WalSnapshotOpen
 * @divergence wal-later
 */
export function sqlite3WalSnapshotOpen(_pWal: Wal, _pSnapshot: sqlite3_snapshot | null): void {}

/**
 * Finds out which older snapshots can still be read.
 *
 * @upstream wal.c sqlite3WalSnapshotRecover
 * @divergence wal-later
 */
export function sqlite3WalSnapshotRecover(_pWal: Wal): number {
  return SQLITE_CANTOPEN;
}

/**
 * Checks that a snapshot can still be read, and keeps it so until {@link sqlite3WalSnapshotUnlock}.
 *
 * @upstream wal.c sqlite3WalSnapshotCheck
 * @divergence wal-later
 */
export function sqlite3WalSnapshotCheck(_pWal: Wal, _pSnapshot: sqlite3_snapshot): number {
  return SQLITE_CANTOPEN;
}

/**
 * Releases the lock that {@link sqlite3WalSnapshotCheck} took.
 *
 * @upstream wal.c sqlite3WalSnapshotUnlock
 * @divergence wal-later
 */
export function sqlite3WalSnapshotUnlock(_pWal: Wal): void {}

/* ------------------------------------------------------------------ the rest */

/**
 * The log's file handle.
 *
 * @upstream wal.c sqlite3WalFile
 */
export function sqlite3WalFile(pWal: Wal): sqlite3_file {
  return pWal.pWalFd!;
}

/**
 * SQLITE_ENABLE_SETLK_TIMEOUT: takes the write lock before a read transaction, waiting for it if a
 * time limit is set, or gives it back.
 *
 * @upstream wal.c sqlite3WalWriteLock
 * @divergence wal-later
 */
export function sqlite3WalWriteLock(_pWal: Wal, _bLock: number): number {
  return SQLITE_CANTOPEN;
}

/**
 * SQLITE_ENABLE_SETLK_TIMEOUT: tells which connection's time limit holds for blocking locks.
 *
 * @upstream wal.c sqlite3WalDb
 * @divergence wal-later
 */
export function sqlite3WalDb(_pWal: Wal, _db: sqlite3 | null): void {}
