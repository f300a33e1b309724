/**
 * The write-ahead log: the file `NAME-wal` to which a writer appends new page content, and the index
 * over it, the wal-index, that all connections share.
 *
 * **The log.** Big-endian words. A header of 32 bytes: 0 magic 0x377f0682, lowest bit set if checksums
 * take the data as big-endian words; 4 version 3007000; 8 page size; 12 number of the reset; 16 and 20
 * the salts; 24 and 28 the checksum of bytes 0..23. Then frames, each a header of 24 bytes and one page:
 * 0 page number; 4 size of the database in pages if the frame ends a transaction, else 0; 8 and 12 the
 * salts; 16 and 20 the checksum. The checksum is a pair of sums (s0, s1) that runs on from the header's
 * through the first 8 bytes and the page of every frame: for each two words, s0 += w0 + s1 and
 * s1 += w1 + s0. A frame counts if its salts are the header's, its page number is not zero, its checksum
 * is right, all frames before it count, and a frame that ends a transaction is it or follows it. A reset
 * adds 1 to the first salt and draws the second anew, so what is left of an older round never counts.
 *
 * **The wal-index.** Regions of 32 KiB in the host's byte order, from xShmMap, or from the heap where a
 * connection has one for itself. A region holds page numbers, one u32 per frame in order, and behind
 * them, at byte 16384, a hash table of 8192 u16 slots. Slot values are 1-based places in the region's
 * page numbers, 0 is free; the slot of page P is the first free one from (P * 383) mod 8192 on, so that
 * of several frames of one page the last in probing order is the newest. Regions hold 4096 frames; the
 * first one 4062, since it starts with 136 bytes of header: bytes 0..47 and 48..95 two copies of a
 * {@link WalIndexHdr}, 96 nBackfill, 100..119 five read marks, 120..127 bytes that only serve as places
 * for locks, 128 nBackfillAttempted. A table is cleared when its first frame is entered, and entries of
 * frames that were rolled back are removed before the frame numbers are used again.
 *
 * **Locks**, slots of xShmLock: 0 the writer, 1 the checkpointer, 2 recovery, 3 + K reader K, 0 <= K < 5.
 * Read mark K may be changed by who holds slot 3 + K exclusively. A reader with K > 0 holds slot 3 + K
 * shared, reads frames up to its own mxFrame, which is not below mark K, and the database for the rest.
 * A reader with K = 0 reads the database only; the log was wholly copied when it began.
 *
 * **Writing.** The writer writes frames, then their index entries, then the header's second copy, a
 * barrier, the first copy. Readers take the first, a barrier, the second, and accept if they are equal
 * and the checksum is right. So a transaction becomes visible at once or not at all.
 *
 * **Checkpoint.** Under slot 1: the log is synced; the newest frame of each page, up to the lowest mark
 * in use (mxSafeFrame), is written into the database in page order, with slot 3 held; if that was the
 * whole log, the database is cut to its size and synced; only then nBackfill becomes mxSafeFrame.
 * nBackfillAttempted is set to it before the first page is written, in case the checkpoint does not come
 * to its end. A writer that finds nBackfill equal to mxFrame and no reader on slots 4..7 starts the log
 * over at frame 1.
 *
 * The wal-index is memory that other processes change. It is read and written through typed arrays:
 * where C has AtomicLoad or AtomicStore of read marks and of nBackfill, through Atomics.
 *
 * @upstream wal.c
 * @upstream wal.h
 * @module
 */

import { memcmp, memcpy, memcpyAt, memset, ptrdiff } from "../cstring.js";
import { sqlite3BeginBenignMalloc, sqlite3EndBenignMalloc } from "../fault.js";
import { sqlite3Config } from "../global.js";
import { SQLITE_CANTOPEN_BKPT, SQLITE_CORRUPT_BKPT } from "../main.js";
import {
  sqlite3_free,
  sqlite3_malloc,
  sqlite3_malloc64,
  sqlite3MallocZero,
  sqlite3Realloc,
} from "../malloc.js";
import {
  sqlite3OsClose,
  sqlite3OsDelete,
  sqlite3OsDeviceCharacteristics,
  sqlite3OsFileControl,
  sqlite3OsFileControlHint,
  sqlite3OsFileSize,
  sqlite3OsLock,
  sqlite3OsOpen,
  sqlite3OsRead,
  sqlite3OsShmBarrier,
  sqlite3OsShmLock,
  sqlite3OsShmMap,
  sqlite3OsShmUnmap,
  sqlite3OsSleep,
  sqlite3OsSync,
  sqlite3OsTruncate,
  sqlite3OsUnfetch,
  sqlite3OsWrite,
} from "../os/os.js";
import { sqlite3SectorSize } from "../pager/pager.js";
import { PGHDR_WAL_APPEND, type PgHdr } from "../pcache/pcache.js";
import { sqlite3_log } from "../printf.js";
import { sqlite3_randomness } from "../random.js";
import {
  ALWAYS,
  AtomicLoad,
  AtomicStore,
  assert,
  type Counted,
  type CString,
  IS_BIG_INT,
  MIN,
  NEVER,
  type Pgno,
  Ref,
  SQLITE_BIGENDIAN,
  SQLITE_BUSY,
  SQLITE_BUSY_RECOVERY,
  SQLITE_BUSY_SNAPSHOT,
  SQLITE_BUSY_TIMEOUT,
  SQLITE_CHECKPOINT_NOOP,
  SQLITE_CHECKPOINT_PASSIVE,
  SQLITE_CHECKPOINT_RESTART,
  SQLITE_CHECKPOINT_TRUNCATE,
  SQLITE_DEBUG,
  SQLITE_ENABLE_EXPENSIVE_ASSERT,
  SQLITE_ENABLE_SETLK_TIMEOUT,
  SQLITE_ENABLE_SNAPSHOT,
  SQLITE_ERROR,
  SQLITE_ERROR_SNAPSHOT,
  SQLITE_FCNTL_CKPT_DONE,
  SQLITE_FCNTL_CKPT_START,
  SQLITE_FCNTL_LOCK_TIMEOUT,
  SQLITE_FCNTL_PERSIST_WAL,
  SQLITE_FCNTL_SIZE_HINT,
  SQLITE_INTERRUPT,
  SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  SQLITE_IOCAP_SEQUENTIAL,
  SQLITE_IOERR,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_LOCK_EXCLUSIVE,
  SQLITE_MAX_PAGE_SIZE,
  SQLITE_NOMEM,
  SQLITE_NOMEM_BKPT,
  SQLITE_NOTICE_RECOVER_WAL,
  SQLITE_OK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_READONLY,
  SQLITE_OPEN_READWRITE,
  SQLITE_OPEN_WAL,
  SQLITE_PROTOCOL,
  SQLITE_READONLY,
  SQLITE_READONLY_CANTINIT,
  SQLITE_READONLY_RECOVERY,
  SQLITE_SAFER_WALINDEX_RECOVERY,
  SQLITE_SHM_EXCLUSIVE,
  SQLITE_SHM_LOCK,
  SQLITE_SHM_NLOCK,
  SQLITE_SHM_SHARED,
  SQLITE_SHM_UNLOCK,
  sizeof,
  type sqlite3,
  sqlite3_file,
  sqlite3_snapshot,
  type sqlite3_vfs,
  testcase,
} from "../sqliteInt.js";
import { sqlite3FaultSim, sqlite3Get4byte, sqlite3Put4byte } from "../util.js";

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

/* ------------------------------------------------------------------ formats */

/** The only version of the log format; another one in a log whose header is sound is SQLITE_CANTOPEN. */
export const WAL_MAX_VERSION: number = 3007000;
/** The only version of the wal-index format; another one in a sound header is SQLITE_CANTOPEN. */
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

/** C's `offsetof(WalIndexHdr, aCksum)`. NON-UPSTREAM: a class has no offsets. */
const OFFSET_ACKSUM: number = 40;
/** C's `offsetof(WalCkptInfo, aLock)`. NON-UPSTREAM: a class has no offsets. */
const OFFSET_ALOCK: number = 24;

/**
 * The wal-index header: 48 bytes, twice at the start of the wal-index, and once in each connection.
 *
 * It is laid over its bytes, because it is copied, compared and summed as bytes. Words are in host
 * order, except the salts, whose bytes are those of the log's header.
 *
 * @upstream wal.c WalIndexHdr
 */
export class WalIndexHdr {
  /** NON-UPSTREAM: the 48 bytes. */
  readonly aByte: Uint8Array;
  /** NON-UPSTREAM: the same as words. */
  readonly a: Uint32Array;
  /** NON-UPSTREAM: `aSalt` as bytes. */
  readonly aSaltByte: Uint8Array;
  /** NON-UPSTREAM: the same as 16-bit words, of which the eighth is szPage. */
  readonly #half: Uint16Array;

  /** @param aByte at least 48 bytes, 4-byte aligned; by default fresh zeros. */
  constructor(aByte: Uint8Array = new Uint8Array(sizeof.WalIndexHdr)) {
    const { buffer, byteOffset } = aByte;
    this.aByte = aByte.subarray(0, sizeof.WalIndexHdr);
    this.a = new Uint32Array(buffer, byteOffset, sizeof.WalIndexHdr / 4);
    this.#half = new Uint16Array(buffer, byteOffset, sizeof.WalIndexHdr / 2);
    this.aFrameCksum = this.a.subarray(6, 8);
    this.aSalt = this.a.subarray(8, 10);
    this.aCksum = this.a.subarray(10, 12);
    this.aSaltByte = this.aByte.subarray(32, 40);
  }

  /** WALINDEX_MAX_VERSION. */
  get iVersion(): number {
    return this.a[0]!;
  }
  set iVersion(v: number) {
    this.a[0] = v;
  }
  get unused(): number {
    return this.a[1]!;
  }
  set unused(v: number) {
    this.a[1] = v;
  }
  /** Counts transactions. */
  get iChange(): number {
    return this.a[2]!;
  }
  set iChange(v: number) {
    this.a[2] = v;
  }
  /** 1 when the header is valid. */
  get isInit(): number {
    return this.aByte[12]!;
  }
  set isInit(v: number) {
    this.aByte[12] = v;
  }
  /** 1 if the log's checksums are big-endian. */
  get bigEndCksum(): number {
    return this.aByte[13]!;
  }
  set bigEndCksum(v: number) {
    this.aByte[13] = v;
  }
  /** Page size in bytes; 1 stands for 65536. */
  get szPage(): number {
    return this.#half[7]!;
  }
  set szPage(v: number) {
    this.#half[7] = v;
  }
  /** Last valid frame of the log. */
  get mxFrame(): number {
    return this.a[4]!;
  }
  set mxFrame(v: number) {
    this.a[4] = v;
  }
  /** Size of the database in pages. */
  get nPage(): number {
    return this.a[5]!;
  }
  set nPage(v: number) {
    this.a[5] = v;
  }
  /** Checksum of the last frame. */
  readonly aFrameCksum: Uint32Array;
  /** The salts of the log's header. */
  readonly aSalt: Uint32Array;
  /** Checksum of all that stands before it. */
  readonly aCksum: Uint32Array;

  /** NON-UPSTREAM: C copies the struct with memcpy. */
  assign(from: WalIndexHdr): void {
    this.a.set(from.a);
  }

  /** NON-UPSTREAM: C zeroes the struct with memset. */
  clear(): void {
    this.a.fill(0);
  }
}

/**
 * What checkpoints and readers tell each other: 40 bytes behind the two headers of the wal-index. The
 * bytes for locks (`aLock`, 24..31) are never touched.
 *
 * @upstream wal.c WalCkptInfo
 */
export class WalCkptInfo {
  /** NON-UPSTREAM: the 40 bytes as words. */
  readonly a: Uint32Array;

  constructor(a: Uint32Array) {
    this.a = a;
    this.aReadMark = a.subarray(1, 1 + WAL_NREADER);
  }

  /** Frames that have been copied into the database; raised by checkpoints, zeroed by a reset or recovery. */
  get nBackfill(): number {
    return AtomicLoad(this.a, 0);
  }
  set nBackfill(v: number) {
    AtomicStore(this.a, 0, v);
  }
  /** Read marks; the first is always 0. */
  readonly aReadMark: Uint32Array;
  /** Frames that may have been copied, wholly or in part; never less than nBackfill. */
  get nBackfillAttempted(): number {
    return AtomicLoad(this.a, 8);
  }
  set nBackfillAttempted(v: number) {
    AtomicStore(this.a, 8, v);
  }
}

/** Value of a read mark that is free. */
export const READMARK_NOT_USED: number = 0xffffffff;

/** Byte of the wal-index where the lock bytes start: behind two headers, nBackfill and the read marks. */
export const WALINDEX_LOCK_OFFSET: number = sizeof.WalIndexHdr * 2 + OFFSET_ALOCK;
/** Bytes before the first page number in the wal-index. */
export const WALINDEX_HDR_SIZE: number = sizeof.WalIndexHdr * 2 + sizeof.WalCkptInfo;
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
 * NON-UPSTREAM: one region of the wal-index with the views that C makes by casting its address. They
 * are made once, when the region is mapped. Whoever unmaps it must drop the object before.
 */
export class WalIndexPage implements Counted {
  /** The region's bytes, as the VFS or the allocator gave them. */
  mem: Uint8Array | null;
  /** All of it as words. */
  readonly a: Uint32Array;
  /** From the first page number to the region's end. */
  readonly aPgno: Uint32Array;
  /** The hash table. */
  readonly aHash: Uint16Array;
  /** The header's two copies in the first region, else null. */
  readonly aHdr: readonly [WalIndexHdr, WalIndexHdr] | null;
  /** What follows them, else null. */
  readonly pInfo: WalCkptInfo | null;

  /** @param iPage number of the region. */
  constructor(mem: Uint8Array, iPage: number) {
    this.mem = mem;
    this.a = new Uint32Array(mem.buffer, mem.byteOffset, WALINDEX_PGSZ / 4);
    this.aHash = new Uint16Array(mem.buffer, mem.byteOffset + HASHTABLE_NPAGE * 4, HASHTABLE_NSLOT);
    if (iPage === 0) {
      this.aPgno = this.a.subarray(WALINDEX_HDR_SIZE / 4);
      this.aHdr = [new WalIndexHdr(mem), new WalIndexHdr(mem.subarray(sizeof.WalIndexHdr))];
      this.pInfo = new WalCkptInfo(this.a.subarray((sizeof.WalIndexHdr * 2) / 4, WALINDEX_HDR_SIZE / 4));
    } else {
      this.aPgno = this.a;
      this.aHdr = null;
      this.pInfo = null;
    }
  }
}

/** NON-UPSTREAM: C's cast of the address of region `iPage`, or null. */
function pageOf<T extends Uint8Array | null>(mem: T, iPage: number): WalIndexPage | Extract<T, null> {
  return mem === null ? (null as Extract<T, null>) : new WalIndexPage(mem, iPage);
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
  /** Bytes of the first block written to the log; nobody uses it. */
  szFirstBlock = 0;
  /** The regions of the wal-index that are mapped; null where one is not. */
  apWiData: (WalIndexPage | null)[] = [];
  /** NON-UPSTREAM: the block that C keeps the pointers of apWiData in. */
  apWiDataMem: Uint8Array | null = null;
  /** Page size in bytes. */
  szPage = 0;
  /** The read lock that is held, or -1. */
  readLock = 0;
  /** Nobody uses it. */
  syncFlags = 0;
  /** WAL_NORMAL_MODE, WAL_EXCLUSIVE_MODE or WAL_HEAPMEMORY_MODE. */
  exclusiveMode = 0;
  /** Nonzero while the writer's lock is held; 2 while it is held only to read the wal-index header. */
  writeLock = 0;
  /** Whether the checkpoint lock is held. */
  ckptLock = 0;
  /** WAL_RDWR, or bits WAL_RDONLY and WAL_SHM_RDONLY. */
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
  readonly hdr = new WalIndexHdr();
  /** Frames before this one are ignored. */
  minFrame = 0;
  /** First frame whose checksum a commit must compute again, or 0. */
  iReCksum = 0;
  /** Name of the log. */
  zWalName: CString | null = null;
  /** Counts resets; stored in the log's header. */
  nCkpt = 0;
  /** For asserts: depth of `SEH_TRY` blocks. */
  nSehTry = 0;
  /** For asserts: whether a lock has failed for another reason than SQLITE_BUSY. */
  lockError = 0;
  /** SQLITE_ENABLE_SNAPSHOT: open the next transaction there, if not null. */
  pSnapshot: WalIndexHdr | null = null;
  /** SQLITE_ENABLE_SNAPSHOT: nonzero keeps readers of a log with frames off lock 0, where no snapshot is made. */
  bGetSnapshot = 0;
  /** SQLITE_ENABLE_SETLK_TIMEOUT: where the time limit stands. */
  db: sqlite3 | null = null;

  /** NON-UPSTREAM: out-pointer of calls to walIndexPage, consumed right after the call. */
  readonly refPage = new Ref<WalIndexPage | null>(null);
  /** NON-UPSTREAM: walFindFrame's local variable of that name. */
  readonly sLocFind = new WalHashLoc();
  /** NON-UPSTREAM: walIndexAppend's local variable of that name. */
  readonly sLocAppend = new WalHashLoc();
  /** NON-UPSTREAM: walIndexTryHdr's local variable of that name. */
  readonly h1 = new WalIndexHdr();
  /** NON-UPSTREAM: walIndexTryHdr's local variable of that name. */
  readonly h2 = new WalIndexHdr();
  /** NON-UPSTREAM: walIndexTryHdr's local variable of that name. */
  readonly aCksum = new Uint32Array(2);
  /** NON-UPSTREAM: walFrames' local variable of that name. */
  readonly w = new WalWriter();
  mem: Uint8Array | null;

  constructor(mem: Uint8Array) {
    this.mem = mem;
  }
}

/* Values of Wal.exclusiveMode. */
export const WAL_NORMAL_MODE: number = 0;
export const WAL_EXCLUSIVE_MODE: number = 1;
export const WAL_HEAPMEMORY_MODE: number = 2;

/* Bits of Wal.readOnly. */
export const WAL_RDWR: number = 0;
export const WAL_RDONLY: number = 1;
export const WAL_SHM_RDONLY: number = 2;

/**
 * One region of the wal-index, sorted by page number, as the iterator walks through it: the struct inside
 * upstream's WalIterator.
 */
class WalSegment {
  /** Next element of aIndex. */
  iNext = 0;
  /** Places in aPgno, so that the page numbers ascend; of several frames of a page only the newest. */
  aIndex: Uint16Array | null = null;
  /** The region's page numbers. */
  aPgno: Uint32Array | null = null;
  /** Length of aIndex. */
  nEntry = 0;
  /** Frame of aPgno[0]. */
  iZero = 0;
}

/**
 * Walks through the pages of a log in ascending order, with the newest frame of each.
 *
 * @upstream wal.c WalIterator
 */
class WalIterator implements Counted {
  /** The page that came last. */
  iPrior = 0;
  /** Length of aSegment. */
  nSegment = 0;
  /** One element per region of the wal-index. */
  readonly aSegment: WalSegment[];
  mem: Uint8Array | null;

  constructor(mem: Uint8Array, nSegment: number) {
    this.mem = mem;
    this.aSegment = Array.from({ length: nSegment }, () => new WalSegment());
  }
}

/** C's `sizeof(struct WalSegment)`: three ints, two pointers and padding. NON-UPSTREAM: see sizeof. */
const SZ_WALSEGMENT: number = sizeof.ptr === 8 ? 32 : 20;

/** Bytes of an iterator over `N` regions, without the arrays behind it. @upstream wal.c SZ_WALITERATOR */
function SZ_WALITERATOR(N: number): number {
  return sizeof.WalIterator + N * SZ_WALSEGMENT;
}

/* ------------------------------------------------------------------ SEH */

/*
 * Upstream can guard accesses to the wal-index with Windows' structured exceptions. Without that a
 * guarded block only counts its depth, so that asserts see who accesses the wal-index outside of one.
 */

/** Opens a block that may access the wal-index. @upstream wal.c SEH_TRY */
function SEH_TRY(pWal: Wal): void {
  pWal.nSehTry++;
}

/** Closes the block that `SEH_TRY` opened. @upstream wal.c SEH_EXCEPT */
function SEH_EXCEPT(pWal: Wal): void {
  pWal.nSehTry--;
  assert(pWal.nSehTry === 0);
}

/** Marks a place where the wal-index is accessed. @upstream wal.c SEH_INJECT_FAULT */
function SEH_INJECT_FAULT(pWal: Wal): void {
  assert(pWal.nSehTry > 0);
}

/* ------------------------------------------------------------------ access to the wal-index */

/** NON-UPSTREAM: memset of `n` pointers, from the `i`-th one on, at the end of an array that has grown. */
function setNull(ap: (WalIndexPage | null)[], i: number, n: number): void {
  for (let j = i; j < i + n; j++) ap[j] = null;
}

/**
 * Finds region `iPage` of the wal-index when it is not mapped yet: makes room for it in apWiData, and
 * asks the VFS, or the allocator for a connection that keeps its index on the heap.
 *
 * The wal-index may only grow while the writer's lock is held; without it a region that does not exist
 * gives SQLITE_OK and null, which is possible for region 0 only. A VFS that says SQLITE_READONLY sets
 * WAL_SHM_RDONLY, and SQLITE_OK comes back.
 *
 * @param ppPage receives the region, or null where there is none.
 * @upstream wal.c walIndexPageRealloc
 * @divergence wal-index-views
 */
function walIndexPageRealloc(pWal: Wal, iPage: number, ppPage: Ref<WalIndexPage | null>): number {
  let rc = SQLITE_OK;

  if (pWal.nWiData <= iPage) {
    const nByte = sizeof.ptr * (1 + iPage);
    const apNew = sqlite3Realloc(pWal.apWiDataMem, nByte);
    if (apNew === null) {
      ppPage.value = null;
      return SQLITE_NOMEM_BKPT;
    }
    setNull(pWal.apWiData, pWal.nWiData, iPage + 1 - pWal.nWiData);
    pWal.apWiDataMem = apNew;
    pWal.nWiData = iPage + 1;
  }

  assert(pWal.apWiData[iPage] === null);
  if (pWal.exclusiveMode === WAL_HEAPMEMORY_MODE) {
    const mem = sqlite3MallocZero(WALINDEX_PGSZ);
    pWal.apWiData[iPage] = pageOf(mem, iPage);
    if (!pWal.apWiData[iPage]) rc = SQLITE_NOMEM_BKPT;
  } else {
    const pp = new Ref<Uint8Array | null>(null);
    rc = sqlite3OsShmMap(pWal.pDbFd!, iPage, WALINDEX_PGSZ, pWal.writeLock, pp);
    pWal.apWiData[iPage] = pageOf(pp.value, iPage);
    assert(pWal.apWiData[iPage] !== null || rc !== SQLITE_OK || (pWal.writeLock === 0 && iPage === 0));
    testcase(pWal.apWiData[iPage] === null && rc === SQLITE_OK);
    if (rc === SQLITE_OK) {
      if (iPage > 0 && sqlite3FaultSim(600)) rc = SQLITE_NOMEM;
    } else if ((rc & 0xff) === SQLITE_READONLY) {
      pWal.readOnly |= WAL_SHM_RDONLY;
      if (rc === SQLITE_READONLY) {
        rc = SQLITE_OK;
      }
    }
  }

  ppPage.value = pWal.apWiData[iPage]!;
  assert(iPage === 0 || ppPage.value !== null || rc !== SQLITE_OK);
  return rc;
}

/**
 * Stores region `iPage` of the wal-index in `ppPage`, mapping it if need be; results as
 * {@link walIndexPageRealloc}'s.
 *
 * @upstream wal.c walIndexPage
 */
function walIndexPage(pWal: Wal, iPage: number, ppPage: Ref<WalIndexPage | null>): number {
  SEH_INJECT_FAULT(pWal);
  if (pWal.nWiData <= iPage || (ppPage.value = pWal.apWiData[iPage]!) === null) {
    return walIndexPageRealloc(pWal, iPage, ppPage);
  }
  return SQLITE_OK;
}

/**
 * The checkpoint information in the wal-index, whose first region is mapped.
 *
 * @upstream wal.c walCkptInfo
 * @divergence wal-index-views
 */
function walCkptInfo(pWal: Wal): WalCkptInfo {
  assert(pWal.nWiData > 0 && pWal.apWiData[0] !== null);
  SEH_INJECT_FAULT(pWal);
  return pWal.apWiData[0]!.pInfo!;
}

/**
 * The two copies of the header in the wal-index, whose first region is mapped; C's pointer is to the
 * first of them.
 *
 * @upstream wal.c walIndexHdr
 * @divergence wal-index-views
 */
function walIndexHdr(pWal: Wal): readonly [WalIndexHdr, WalIndexHdr] {
  assert(pWal.nWiData > 0 && pWal.apWiData[0] !== null);
  SEH_INJECT_FAULT(pWal);
  return pWal.apWiData[0]!.aHdr!;
}

/** NON-UPSTREAM: a header's size in words. */
const WALINDEXHDR_NWORD: number = sizeof.WalIndexHdr / 4;

/** NON-UPSTREAM: memcpy of a header from or to shared memory; what orders it is the barrier between two copies. */
function copyShared(dest: WalIndexHdr, src: WalIndexHdr): void {
  const to = dest.a;
  const from = src.a;
  for (let i = 0; i < WALINDEXHDR_NWORD; i++) to[i] = from[i]!;
}

/** NON-UPSTREAM: memcmp of two headers, one of which may be the live one; only equality is asked for. */
function compareHdr(p1: WalIndexHdr, p2: WalIndexHdr): number {
  const a = p1.a;
  const b = p2.a;
  for (let i = 0; i < WALINDEXHDR_NWORD; i++) if (a[i] !== b[i]) return 1;
  return 0;
}

/** The four bytes of a word the other way round; the result may be negative. @upstream wal.c BYTESWAP32 */
function BYTESWAP32(x: number): number {
  return ((x & 0x000000ff) << 24) | ((x & 0x0000ff00) << 8) | ((x >>> 8) & 0x0000ff00) | (x >>> 24);
}

/** NON-UPSTREAM: C's cast of `u8*` to `ht_slot*`. */
function castSlots(a: Uint8Array): Uint16Array {
  return new Uint16Array(a.buffer, a.byteOffset, a.byteLength >> 1);
}

/** NON-UPSTREAM: headers are copied here to be summed up; a view of them would cost more. */
const aShortWords = new Int32Array(sizeof.WalIndexHdr / 4);
const aShort = new Uint8Array(aShortWords.buffer);

/** NON-UPSTREAM: C's cast of `u8*` to `u32*`; signed words, since the sums are truncated anyway. */
function castWords(a: Uint8Array, nByte: number): Int32Array {
  if (nByte <= aShort.length) {
    for (let i = 0; i < nByte; i++) aShort[i] = a[i]!;
    return aShortWords;
  }
  if ((a.byteOffset & 3) === 0) return new Int32Array(a.buffer, a.byteOffset, nByte >> 2);
  const aligned = new Uint8Array(nByte);
  memcpy(aligned, a, nByte);
  return new Int32Array(aligned.buffer);
}

/**
 * Continues the log's checksum over the first `nByte` bytes of `a`.
 *
 * @param nativeCksum whether the words are taken in the host's byte order.
 * @param nByte a multiple of 8, from 8 to 65536.
 * @param aIn the sums so far, two words; null for zeros.
 * @param aOut receives the sums; may be `aIn`.
 * @upstream wal.c walChecksumBytes
 * @divergence wal-words
 */
function walChecksumBytes(
  nativeCksum: number,
  a: Uint8Array,
  nByte: number,
  aIn: Uint32Array | null,
  aOut: Uint32Array,
): void {
  let s1: number;
  let s2: number;
  const aData = castWords(a, nByte);
  const aEnd = nByte >> 2;
  let i = 0;

  if (aIn) {
    s1 = aIn[0]! | 0;
    s2 = aIn[1]! | 0;
  } else {
    s1 = s2 = 0;
  }

  assert(nByte >= 8 && (nByte & 7) === 0 && nByte <= 65536);

  if (!nativeCksum) {
    do {
      s1 = (((s1 + BYTESWAP32(aData[i]!)) | 0) + s2) | 0;
      s2 = (((s2 + BYTESWAP32(aData[i + 1]!)) | 0) + s1) | 0;
      i += 2;
    } while (i < aEnd);
  } else if (nByte % 64 === 0) {
    do {
      s1 = (((s1 + aData[i++]!) | 0) + s2) | 0;
      s2 = (((s2 + aData[i++]!) | 0) + s1) | 0;
      s1 = (((s1 + aData[i++]!) | 0) + s2) | 0;
      s2 = (((s2 + aData[i++]!) | 0) + s1) | 0;
      s1 = (((s1 + aData[i++]!) | 0) + s2) | 0;
      s2 = (((s2 + aData[i++]!) | 0) + s1) | 0;
      s1 = (((s1 + aData[i++]!) | 0) + s2) | 0;
      s2 = (((s2 + aData[i++]!) | 0) + s1) | 0;
      s1 = (((s1 + aData[i++]!) | 0) + s2) | 0;
      s2 = (((s2 + aData[i++]!) | 0) + s1) | 0;
      s1 = (((s1 + aData[i++]!) | 0) + s2) | 0;
      s2 = (((s2 + aData[i++]!) | 0) + s1) | 0;
      s1 = (((s1 + aData[i++]!) | 0) + s2) | 0;
      s2 = (((s2 + aData[i++]!) | 0) + s1) | 0;
      s1 = (((s1 + aData[i++]!) | 0) + s2) | 0;
      s2 = (((s2 + aData[i++]!) | 0) + s1) | 0;
    } while (i < aEnd);
  } else {
    do {
      s1 = (((s1 + aData[i++]!) | 0) + s2) | 0;
      s2 = (((s2 + aData[i++]!) | 0) + s1) | 0;
    } while (i < aEnd);
  }
  assert(i === aEnd);

  aOut[0] = s1;
  aOut[1] = s2;
}

/**
 * Orders accesses to the wal-index before and after it, unless nobody shares it.
 *
 * @upstream wal.c walShmBarrier
 */
function walShmBarrier(pWal: Wal): void {
  if (pWal.exclusiveMode !== WAL_HEAPMEMORY_MODE) {
    sqlite3OsShmBarrier(pWal.pDbFd!);
  }
}

/**
 * Publishes `pWal.hdr`: sums it up and writes it into the wal-index, the second copy first. Readers
 * take the first copy first, so they can tell that they came in between.
 *
 * @upstream wal.c walIndexWriteHdr
 * @divergence wal-atomics
 */
function walIndexWriteHdr(pWal: Wal): void {
  const aHdr = walIndexHdr(pWal);
  const nCksum = OFFSET_ACKSUM;

  assert(pWal.writeLock);
  pWal.hdr.isInit = 1;
  pWal.hdr.iVersion = WALINDEX_MAX_VERSION;
  walChecksumBytes(1, pWal.hdr.aByte, nCksum, null, pWal.hdr.aCksum);
  copyShared(aHdr[1], pWal.hdr);
  walShmBarrier(pWal);
  copyShared(aHdr[0], pWal.hdr);
}

/**
 * Writes the header of a frame into `aFrame`, 24 bytes, and continues the log's checksum, unless frames
 * of the transaction have been overwritten: then salts and checksum stay zero until the commit computes
 * them all.
 *
 * @param nTruncate size of the database in pages if the frame commits, else 0.
 * @upstream wal.c walEncodeFrame
 * @divergence wal-index-views
 */
function walEncodeFrame(
  pWal: Wal,
  iPage: number,
  nTruncate: number,
  aData: Uint8Array,
  aFrame: Uint8Array,
): void {
  let nativeCksum: number;
  const aCksum = pWal.hdr.aFrameCksum;
  assert(WAL_FRAME_HDRSIZE === 24);
  sqlite3Put4byte(aFrame, iPage, 0);
  sqlite3Put4byte(aFrame, nTruncate, 4);
  if (pWal.iReCksum === 0) {
    memcpyAt(aFrame, 8, pWal.hdr.aSaltByte, 0, 8);

    nativeCksum = pWal.hdr.bigEndCksum === SQLITE_BIGENDIAN ? 1 : 0;
    walChecksumBytes(nativeCksum, aFrame, 8, aCksum, aCksum);
    walChecksumBytes(nativeCksum, aData, pWal.szPage, aCksum, aCksum);

    sqlite3Put4byte(aFrame, aCksum[0]!, 16);
    sqlite3Put4byte(aFrame, aCksum[1]!, 20);
  } else {
    aFrame.fill(0, 8, 24);
  }
}

/**
 * Tells whether a frame that was read from the log is the valid successor of the last one. The checksum
 * in `pWal.hdr.aFrameCksum` goes on over it if its salts and its page number are good, even if the sums
 * then turn out to be wrong.
 *
 * @param piPage receives the page number of a valid frame.
 * @param pnTruncate receives the size of the database in pages if it commits, else 0.
 * @returns 1 if it is valid, else 0.
 * @upstream wal.c walDecodeFrame
 */
function walDecodeFrame(
  pWal: Wal,
  piPage: Ref<number>,
  pnTruncate: Ref<number>,
  aData: Uint8Array,
  aFrame: Uint8Array,
): number {
  let nativeCksum: number;
  const aCksum = pWal.hdr.aFrameCksum;
  let pgno: number;
  assert(WAL_FRAME_HDRSIZE === 24);

  if (memcmp(pWal.hdr.aSaltByte, aFrame.subarray(8), 8) !== 0) {
    return 0;
  }

  pgno = sqlite3Get4byte(aFrame, 0);
  if (pgno === 0) {
    return 0;
  }

  nativeCksum = pWal.hdr.bigEndCksum === SQLITE_BIGENDIAN ? 1 : 0;
  walChecksumBytes(nativeCksum, aFrame, 8, aCksum, aCksum);
  walChecksumBytes(nativeCksum, aData, pWal.szPage, aCksum, aCksum);
  if (aCksum[0] !== sqlite3Get4byte(aFrame, 16) || aCksum[1] !== sqlite3Get4byte(aFrame, 20)) {
    return 0;
  }

  piPage.value = pgno;
  pnTruncate.value = sqlite3Get4byte(aFrame, 4);
  return 1;
}

/* ------------------------------------------------------------------ locks */

/**
 * Takes a slot shared. In exclusive and heap-memory mode nothing is locked. A slot must be given back
 * before it is taken the other way.
 *
 * @upstream wal.c walLockShared
 */
function walLockShared(pWal: Wal, lockIdx: number): number {
  let rc: number;
  if (pWal.exclusiveMode) return SQLITE_OK;
  rc = sqlite3OsShmLock(pWal.pDbFd!, lockIdx, 1, SQLITE_SHM_LOCK | SQLITE_SHM_SHARED);
  if (SQLITE_DEBUG) pWal.lockError = rc !== SQLITE_OK && (rc & 0xff) !== SQLITE_BUSY ? 1 : 0;
  return rc;
}

/** Gives back what {@link walLockShared} took. @upstream wal.c walUnlockShared */
function walUnlockShared(pWal: Wal, lockIdx: number): void {
  if (pWal.exclusiveMode) return;
  sqlite3OsShmLock(pWal.pDbFd!, lockIdx, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
}

/** Takes `n` slots exclusively, all or none; otherwise as {@link walLockShared}. @upstream wal.c walLockExclusive */
function walLockExclusive(pWal: Wal, lockIdx: number, n: number): number {
  let rc: number;
  if (pWal.exclusiveMode) return SQLITE_OK;
  rc = sqlite3OsShmLock(pWal.pDbFd!, lockIdx, n, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE);
  if (SQLITE_DEBUG) pWal.lockError = rc !== SQLITE_OK && (rc & 0xff) !== SQLITE_BUSY ? 1 : 0;
  return rc;
}

/** Gives back what {@link walLockExclusive} took. @upstream wal.c walUnlockExclusive */
function walUnlockExclusive(pWal: Wal, lockIdx: number, n: number): void {
  if (pWal.exclusiveMode) return;
  sqlite3OsShmLock(pWal.pDbFd!, lockIdx, n, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
}

/* ------------------------------------------------------------------ hash tables */

/** The slot at which the search for a page begins. @upstream wal.c walHash */
function walHash(iPage: number): number {
  assert(iPage > 0);
  assert((HASHTABLE_NSLOT & (HASHTABLE_NSLOT - 1)) === 0);
  return Math.imul(iPage, HASHTABLE_HASH_1) & (HASHTABLE_NSLOT - 1);
}

/** The slot after that one, going round. @upstream wal.c walNextHash */
function walNextHash(iPriorHash: number): number {
  return (iPriorHash + 1) & (HASHTABLE_NSLOT - 1);
}

/**
 * Where a hash table lies.
 *
 * @upstream wal.c WalHashLoc
 */
class WalHashLoc {
  /** NON-UPSTREAM: the region; null after an error. An out-pointer of walIndexPage. */
  value: WalIndexPage | null = null;

  /** The table. */
  get aHash(): Uint16Array {
    return this.value!.aHash;
  }
  /** Page numbers of the frames; goes on to the region's end, like the pointer in C. */
  get aPgno(): Uint32Array {
    return this.value!.aPgno;
  }

  /** Frame of aPgno[0], less one: slot value N stands for frame iZero + N. */
  iZero = 0;
}

/**
 * Finds hash table number `iHash`, mapping its region if need be. On error `pLoc.value` is null.
 *
 * @upstream wal.c walHashGet
 * @divergence wal-index-views
 */
function walHashGet(pWal: Wal, iHash: number, pLoc: WalHashLoc): number {
  let rc: number;

  rc = walIndexPage(pWal, iHash, pLoc);
  assert(rc === SQLITE_OK || iHash > 0);

  if (pLoc.value !== null) {
    if (iHash === 0) {
      pLoc.iZero = 0;
    } else {
      pLoc.iZero = (HASHTABLE_NPAGE_ONE + (iHash - 1) * HASHTABLE_NPAGE) >>> 0;
    }
  } else if (NEVER(rc === SQLITE_OK)) {
    rc = SQLITE_ERROR;
  }
  return rc;
}

/** The number of the region that has the entry of frame `iFrame`. @upstream wal.c walFramePage */
function walFramePage(iFrame: number): number {
  const iHash = ((((iFrame + HASHTABLE_NPAGE) >>> 0) - HASHTABLE_NPAGE_ONE - 1) / HASHTABLE_NPAGE) | 0;
  assert(
    (iHash === 0 || iFrame > HASHTABLE_NPAGE_ONE) &&
      (iHash >= 1 || iFrame <= HASHTABLE_NPAGE_ONE) &&
      (iHash <= 1 || iFrame > HASHTABLE_NPAGE_ONE + HASHTABLE_NPAGE) &&
      (iHash >= 2 || iFrame <= HASHTABLE_NPAGE_ONE + HASHTABLE_NPAGE) &&
      (iHash <= 2 || iFrame > HASHTABLE_NPAGE_ONE + 2 * HASHTABLE_NPAGE),
  );
  assert(iHash >= 0);
  return iHash;
}

/**
 * The page that frame `iFrame` holds; its region is mapped.
 *
 * @upstream wal.c walFramePgno
 * @divergence wal-index-views
 */
function walFramePgno(pWal: Wal, iFrame: number): number {
  const iHash = walFramePage(iFrame);
  SEH_INJECT_FAULT(pWal);
  if (iHash === 0) {
    return pWal.apWiData[0]!.a[Math.floor(WALINDEX_HDR_SIZE / 4) + iFrame - 1]!;
  }
  return pWal.apWiData[iHash]!.a[(((iFrame - 1) >>> 0) - HASHTABLE_NPAGE_ONE) % HASHTABLE_NPAGE]!;
}

/**
 * Removes the entries of frames after `pWal.hdr.mxFrame` from the table that has the entry of that
 * frame. Later tables need nothing: each is cleared when its first frame is entered.
 *
 * For a writer whose mxFrame has become smaller.
 *
 * @upstream wal.c walCleanupHash
 * @divergence wal-index-views
 */
function walCleanupHash(pWal: Wal): void {
  const sLoc = new WalHashLoc();
  let iLimit = 0;
  let nByte: number;
  let i: number;

  assert(pWal.writeLock);
  testcase(pWal.hdr.mxFrame === HASHTABLE_NPAGE_ONE - 1);
  testcase(pWal.hdr.mxFrame === HASHTABLE_NPAGE_ONE);
  testcase(pWal.hdr.mxFrame === HASHTABLE_NPAGE_ONE + 1);

  if (pWal.hdr.mxFrame === 0) return;

  /* The region is mapped: the writer has entered mxFrame into it, or found it when it began. */
  assert(pWal.nWiData > walFramePage(pWal.hdr.mxFrame));
  assert(pWal.apWiData[walFramePage(pWal.hdr.mxFrame)]);
  i = walHashGet(pWal, walFramePage(pWal.hdr.mxFrame), sLoc);
  if (NEVER(i)) return;
  const aHash = sLoc.aHash;
  const aPgno = sLoc.aPgno;

  iLimit = pWal.hdr.mxFrame - sLoc.iZero;
  assert(iLimit > 0);
  for (i = 0; i < HASHTABLE_NSLOT; i++) {
    if (aHash[i]! > iLimit) {
      aHash[i] = 0;
    }
  }

  nByte = ptrdiff(aHash, aPgno.subarray(iLimit)) | 0;
  assert(nByte >= 0);
  aPgno.subarray(iLimit).fill(0, 0, nByte / 4);

  if (SQLITE_ENABLE_EXPENSIVE_ASSERT) {
    if (iLimit) {
      let j: number;
      let iKey: number;
      for (j = 0; j < iLimit; j++) {
        for (iKey = walHash(aPgno[j]!); aHash[iKey]; iKey = walNextHash(iKey)) {
          if (aHash[iKey] === j + 1) break;
        }
        assert(aHash[iKey] === j + 1);
      }
    }
  }
}

/**
 * Enters frame `iFrame`, which holds page `iPage`, into the wal-index. For the writer, frame by frame.
 *
 * SQLITE_CORRUPT if the table has more entries than it can have.
 *
 * @upstream wal.c walIndexAppend
 * @divergence wal-atomics
 * @divergence wal-index-views
 */
function walIndexAppend(pWal: Wal, iFrame: number, iPage: number): number {
  let rc: number;
  const sLoc = pWal.sLocAppend;

  rc = walHashGet(pWal, walFramePage(iFrame), sLoc);

  if (rc === SQLITE_OK) {
    let iKey: number;
    let idx: number;
    let nCollide: number;
    const aHash = sLoc.aHash;
    const aPgno = sLoc.aPgno;

    idx = iFrame - sLoc.iZero;
    assert(idx <= Math.floor(HASHTABLE_NSLOT / 2) + 1);

    /* The first entry of a table: what an earlier round of the log left there goes. */
    if (idx === 1) {
      const nByte = ptrdiff(aHash.subarray(HASHTABLE_NSLOT), aPgno) | 0;
      assert(nByte >= 0);
      aPgno.fill(0, 0, nByte / 4);
    }

    /* A writer died after it had spilled frames, which nobody has rolled back. */
    if (aPgno[idx - 1]) {
      walCleanupHash(pWal);
      assert(!aPgno[idx - 1]);
    }

    nCollide = idx;
    for (iKey = walHash(iPage); aHash[iKey]; iKey = walNextHash(iKey)) {
      if (nCollide-- === 0) return SQLITE_CORRUPT_BKPT(68778);
    }
    aPgno[(idx - 1) & (HASHTABLE_NPAGE - 1)] = iPage;
    aHash[iKey] = idx & 0xffff;

    if (SQLITE_ENABLE_EXPENSIVE_ASSERT) {
      {
        let i: number;
        let nEntry = 0;
        for (i = 0; i < HASHTABLE_NSLOT; i++) {
          if (aHash[i]) nEntry++;
        }
        assert(nEntry === idx);
      }

      if ((idx & 0x3ff) === 0) {
        let i: number;
        for (i = 0; i < idx; i++) {
          for (iKey = walHash(aPgno[i]!); aHash[iKey]; iKey = walNextHash(iKey)) {
            if (aHash[iKey] === i + 1) break;
          }
          assert(aHash[iKey] === i + 1);
        }
      }
    }
  }

  return rc;
}

/* ------------------------------------------------------------------ recovery, open */

/**
 * Builds the wal-index anew from the log: every valid frame up to the last one that commits.
 *
 * The caller holds the writer's lock and perhaps the checkpointer's; whichever of slots 1 and 2 are not
 * held are taken meanwhile. A log whose header is garbage counts as empty. Entries are made in a private
 * copy of each region and copied when it is full, so that readers of a sound index see no gap.
 *
 * @returns SQLITE_BUSY if a lock is not to be had; SQLITE_CANTOPEN if the log has an unknown version.
 * @upstream wal.c walIndexRecover
 * @divergence wal-index-views
 */
function walIndexRecover(pWal: Wal): number {
  let rc: number;
  const nSize = new Ref(0);
  const aFrameCksum = new Uint32Array(2);
  let iLock: number;

  assert(pWal.ckptLock === 1 || pWal.ckptLock === 0);
  assert(WAL_ALL_BUT_WRITE === WAL_WRITE_LOCK + 1);
  assert(WAL_CKPT_LOCK === WAL_ALL_BUT_WRITE);
  assert(pWal.writeLock);
  iLock = WAL_ALL_BUT_WRITE + pWal.ckptLock;
  rc = walLockExclusive(pWal, iLock, WAL_READ_LOCK(0) - iLock);
  if (rc) {
    return rc;
  }

  recovery_error: {
    finished: {
      pWal.hdr.clear();

      rc = sqlite3OsFileSize(pWal.pWalFd!, nSize);
      if (rc !== SQLITE_OK) {
        break recovery_error;
      }

      if (nSize.value > WAL_HDRSIZE) {
        const aBuf = new Uint8Array(WAL_HDRSIZE);
        let aPrivate: Uint8Array | null = null;
        let aFrame: Uint8Array | null = null;
        let szFrame: number;
        let aData: Uint8Array;
        let szPage: number;
        let magic: number;
        let version: number;
        let isValid: number;
        let iPg: number;
        let iLastFrame: number;
        const pgno = new Ref(0);
        const nTruncate = new Ref(0);

        rc = sqlite3OsRead(pWal.pWalFd!, aBuf, WAL_HDRSIZE, 0);
        if (rc !== SQLITE_OK) {
          break recovery_error;
        }

        magic = sqlite3Get4byte(aBuf, 0);
        szPage = sqlite3Get4byte(aBuf, 8) | 0;
        if (
          (magic & 0xfffffffe) !== WAL_MAGIC ||
          szPage & (szPage - 1) ||
          szPage > SQLITE_MAX_PAGE_SIZE ||
          szPage < 512
        ) {
          break finished;
        }
        pWal.hdr.bigEndCksum = magic & 0x00000001;
        pWal.szPage = szPage;
        pWal.nCkpt = sqlite3Get4byte(aBuf, 12);
        memcpy(pWal.hdr.aSaltByte, aBuf.subarray(16), 8);

        walChecksumBytes(
          pWal.hdr.bigEndCksum === SQLITE_BIGENDIAN ? 1 : 0,
          aBuf,
          WAL_HDRSIZE - 2 * 4,
          null,
          pWal.hdr.aFrameCksum,
        );
        if (
          pWal.hdr.aFrameCksum[0] !== sqlite3Get4byte(aBuf, 24) ||
          pWal.hdr.aFrameCksum[1] !== sqlite3Get4byte(aBuf, 28)
        ) {
          break finished;
        }

        version = sqlite3Get4byte(aBuf, 4);
        if (version !== WAL_MAX_VERSION) {
          rc = SQLITE_CANTOPEN_BKPT(68910);
          break finished;
        }

        szFrame = szPage + WAL_FRAME_HDRSIZE;
        aFrame = sqlite3_malloc64(szFrame + WALINDEX_PGSZ);
        if (aFrame === null) {
          rc = SQLITE_NOMEM_BKPT;
          break recovery_error;
        }
        aData = aFrame.subarray(WAL_FRAME_HDRSIZE);
        aPrivate = aData.subarray(szPage);

        iLastFrame = Math.floor((nSize.value - WAL_HDRSIZE) / szFrame) >>> 0;
        for (iPg = 0; iPg <= walFramePage(iLastFrame) >>> 0; iPg++) {
          let aShare: WalIndexPage | null;
          let iFrame: number;
          const iLast = MIN(iLastFrame, HASHTABLE_NPAGE_ONE + ((iPg * HASHTABLE_NPAGE) >>> 0)) >>> 0;
          const iFirst =
            (1 + (iPg === 0 ? 0 : HASHTABLE_NPAGE_ONE + (((iPg - 1) * HASHTABLE_NPAGE) >>> 0))) >>> 0;
          let nHdr: number;
          let nHdr32: number;
          rc = walIndexPage(pWal, iPg, pWal.refPage);
          aShare = pWal.refPage.value;
          assert(aShare !== null || rc !== SQLITE_OK);
          if (aShare === null) break;
          const pPrivate = pageOf(aPrivate, iPg);
          pWal.apWiData[iPg] = pPrivate;

          for (iFrame = iFirst; iFrame <= iLast; iFrame++) {
            const iOffset = walFrameOffset(iFrame, szPage);

            rc = sqlite3OsRead(pWal.pWalFd!, aFrame, szFrame, iOffset);
            if (rc !== SQLITE_OK) break;
            isValid = walDecodeFrame(pWal, pgno, nTruncate, aData, aFrame);
            if (!isValid) break;
            rc = walIndexAppend(pWal, iFrame, pgno.value);
            if (NEVER(rc !== SQLITE_OK)) break;

            if (nTruncate.value) {
              pWal.hdr.mxFrame = iFrame;
              pWal.hdr.nPage = nTruncate.value;
              pWal.hdr.szPage = ((szPage & 0xff00) | (szPage >> 16)) & 0xffff;
              testcase(szPage <= 32768);
              testcase(szPage >= 65536);
              aFrameCksum[0] = pWal.hdr.aFrameCksum[0]!;
              aFrameCksum[1] = pWal.hdr.aFrameCksum[1]!;
            }
          }
          pWal.apWiData[iPg] = aShare;
          nHdr = iPg === 0 ? WALINDEX_HDR_SIZE : 0;
          nHdr32 = Math.floor(nHdr / 4);
          if (!SQLITE_SAFER_WALINDEX_RECOVERY) {
            aShare.a.set(pPrivate.a.subarray(nHdr32), nHdr32);
          } else {
            let i: number;
            for (i = nHdr32; i < Math.floor(WALINDEX_PGSZ / 4); i++) {
              if (aShare.a[i] !== pPrivate.a[i]) {
                aShare.a[i] = pPrivate.a[i]!;
              }
            }
          }
          SEH_INJECT_FAULT(pWal);
          if (iFrame <= iLast) break;
        }

        sqlite3_free(aFrame);
      }
    }

    /* finished: */
    if (rc === SQLITE_OK) {
      let pInfo: WalCkptInfo;
      let i: number;
      pWal.hdr.aFrameCksum[0] = aFrameCksum[0]!;
      pWal.hdr.aFrameCksum[1] = aFrameCksum[1]!;
      walIndexWriteHdr(pWal);

      /* The locks held keep writers and checkpointers away; a mark in use by a reader stays as it is. */
      pInfo = walCkptInfo(pWal);
      pInfo.nBackfill = 0;
      pInfo.nBackfillAttempted = pWal.hdr.mxFrame;
      pInfo.aReadMark[0] = 0;
      for (i = 1; i < WAL_NREADER; i++) {
        rc = walLockExclusive(pWal, WAL_READ_LOCK(i), 1);
        if (rc === SQLITE_OK) {
          if (i === 1 && pWal.hdr.mxFrame) {
            pInfo.aReadMark[i] = pWal.hdr.mxFrame;
          } else {
            pInfo.aReadMark[i] = READMARK_NOT_USED;
          }
          SEH_INJECT_FAULT(pWal);
          walUnlockExclusive(pWal, WAL_READ_LOCK(i), 1);
        } else if (rc !== SQLITE_BUSY) {
          break recovery_error;
        }
      }

      if (pWal.hdr.nPage) {
        sqlite3_log(
          SQLITE_NOTICE_RECOVER_WAL,
          "recovered %d frames from WAL file %s",
          pWal.hdr.mxFrame,
          pWal.zWalName,
        );
      }
    }
  }

  /* recovery_error: */
  walUnlockExclusive(pWal, iLock, WAL_READ_LOCK(0) - iLock);
  return rc;
}

/** NON-UPSTREAM: forgets all views of the wal-index; none may be left when its memory is unmapped. */
function dropViews(pWal: Wal): void {
  pWal.apWiData.fill(null);
  pWal.refPage.value = null;
  pWal.sLocFind.value = pWal.sLocAppend.value = null;
}

/**
 * Lets go of the wal-index: frees it if it is on the heap, and disconnects from the shared one.
 *
 * @param isDelete whether the VFS shall delete the shared one.
 * @upstream wal.c walIndexClose
 * @divergence wal-index-views
 */
function walIndexClose(pWal: Wal, isDelete: number): void {
  if (pWal.exclusiveMode === WAL_HEAPMEMORY_MODE || pWal.bShmUnreliable) {
    let i: number;
    for (i = 0; i < pWal.nWiData; i++) {
      sqlite3_free(pWal.apWiData[i]!);
      pWal.apWiData[i] = null;
    }
  }
  if (pWal.exclusiveMode !== WAL_HEAPMEMORY_MODE) {
    dropViews(pWal);
    sqlite3OsShmUnmap(pWal.pDbFd!, isDelete);
  }
}

/**
 * Opens the log of a database, creating the file if there is none, and stores the handle in `ppWal`.
 *
 * The caller holds at least SHARED on the database, so that nobody deletes the log meanwhile.
 *
 * @param pDbFd the open database.
 * @param zWalName must outlive the handle.
 * @param bNoShm 1: keep the wal-index on the heap, for a connection in exclusive mode.
 * @param mxWalSize bytes to which a reset cuts the log; negative: no cut.
 * @param ppWal receives the handle; null after an error.
 * @upstream wal.c sqlite3WalOpen
 * @divergence wal-file-object
 * @divergence wal-shm-base
 */
export function sqlite3WalOpen(
  pVfs: sqlite3_vfs,
  pDbFd: sqlite3_file,
  zWalName: CString,
  bNoShm: number,
  mxWalSize: number,
  ppWal: Ref<Wal | null>,
): number {
  let rc: number;
  let pRet: Wal;
  const flags = new Ref(0);

  assert(zWalName !== null && zWalName[0]);
  assert(pDbFd);

  /* What other programs rely on in a -shm file. */
  assert(48 === sizeof.WalIndexHdr);
  assert(40 === sizeof.WalCkptInfo);
  assert(120 === WALINDEX_LOCK_OFFSET);
  assert(136 === WALINDEX_HDR_SIZE);
  assert(4096 === HASHTABLE_NPAGE);
  assert(4062 === HASHTABLE_NPAGE_ONE);
  assert(8192 === HASHTABLE_NSLOT);
  assert(383 === HASHTABLE_HASH_1);
  assert(32768 === WALINDEX_PGSZ);
  assert(8 === SQLITE_SHM_NLOCK);
  assert(5 === WAL_NREADER);
  assert(24 === WAL_FRAME_HDRSIZE);
  assert(32 === WAL_HDRSIZE);
  assert(120 === WALINDEX_LOCK_OFFSET + WAL_WRITE_LOCK);
  assert(121 === WALINDEX_LOCK_OFFSET + WAL_CKPT_LOCK);
  assert(122 === WALINDEX_LOCK_OFFSET + WAL_RECOVER_LOCK);
  assert(123 === WALINDEX_LOCK_OFFSET + WAL_READ_LOCK(0));
  assert(124 === WALINDEX_LOCK_OFFSET + WAL_READ_LOCK(1));
  assert(125 === WALINDEX_LOCK_OFFSET + WAL_READ_LOCK(2));
  assert(126 === WALINDEX_LOCK_OFFSET + WAL_READ_LOCK(3));
  assert(127 === WALINDEX_LOCK_OFFSET + WAL_READ_LOCK(4));

  ppWal.value = null;
  const mem = sqlite3MallocZero(sizeof.Wal + pVfs.szOsFile);
  if (mem === null) {
    return SQLITE_NOMEM_BKPT;
  }
  pRet = new Wal(mem);

  pRet.pVfs = pVfs;
  pRet.pWalFd = new sqlite3_file();
  pRet.pDbFd = pDbFd;
  pRet.readLock = -1;
  pRet.mxWalSize = mxWalSize;
  pRet.zWalName = zWalName;
  pRet.syncHeader = 1;
  pRet.padToSectorBoundary = 1;
  pRet.exclusiveMode = bNoShm ? WAL_HEAPMEMORY_MODE : WAL_NORMAL_MODE;

  flags.value = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
  rc = sqlite3OsOpen(pVfs, zWalName, pRet.pWalFd, flags.value, flags);
  if (rc === SQLITE_OK && flags.value & SQLITE_OPEN_READONLY) {
    pRet.readOnly = WAL_RDONLY;
  }

  if (rc !== SQLITE_OK) {
    walIndexClose(pRet, 0);
    sqlite3OsClose(pRet.pWalFd);
    sqlite3_free(pRet);
  } else {
    const iDC = sqlite3OsDeviceCharacteristics(pDbFd);
    if (iDC & SQLITE_IOCAP_SEQUENTIAL) {
      pRet.syncHeader = 0;
    }
    if (iDC & SQLITE_IOCAP_POWERSAFE_OVERWRITE) {
      pRet.padToSectorBoundary = 0;
    }
    ppWal.value = pRet;
  }
  return rc;
}

/**
 * Sets the size in bytes to which a reset cuts the log; negative: no cut. Null is accepted.
 *
 * @upstream wal.c sqlite3WalLimit
 */
export function sqlite3WalLimit(pWal: Wal | null, iLimit: number): void {
  if (pWal !== null) pWal.mxWalSize = iLimit;
}

/* ------------------------------------------------------------------ the iterator */

/**
 * Steps to the next page in ascending order.
 *
 * @param piPage receives the page number, 0xffffffff at the end.
 * @param piFrame receives the newest frame that holds the page.
 * @returns 0, or 1 if there is no further page.
 * @upstream wal.c walIteratorNext
 */
function walIteratorNext(p: WalIterator, piPage: Ref<number>, piFrame: Ref<number>): number {
  let iMin: number;
  let iRet = 0xffffffff;
  let i: number;

  iMin = p.iPrior;
  assert(iMin < 0xffffffff);
  /* Downwards, so that of two frames of one page in different regions the newer is found first. */
  for (i = p.nSegment - 1; i >= 0; i--) {
    const pSegment = p.aSegment[i]!;
    while (pSegment.iNext < pSegment.nEntry) {
      const iPg = pSegment.aPgno![pSegment.aIndex![pSegment.iNext]!]!;
      if (iPg > iMin) {
        if (iPg < iRet) {
          iRet = iPg;
          piFrame.value = (pSegment.iZero + pSegment.aIndex![pSegment.iNext]!) >>> 0;
        }
        break;
      }
      pSegment.iNext++;
    }
  }

  piPage.value = p.iPrior = iRet;
  return iRet === 0xffffffff ? 1 : 0;
}

/**
 * Merges two sorted runs of places in `aContent`. Each run has every page number once; of a page that
 * both have, the right run's place, the newer, stays. The result starts where the left run does.
 *
 * C has pointers into one list; here they are offsets in `aList`.
 *
 * @param aContent page numbers, the sort key.
 * @param aLeft where the left run starts.
 * @param paRight where the right run starts; receives where the result starts.
 * @param pnRight length of the right run; receives the result's.
 * @param aTmp scratch for the result.
 * @upstream wal.c walMerge
 * @divergence wal-sort-offsets
 */
function walMerge(
  aContent: Uint32Array,
  aList: Uint16Array,
  aLeft: number,
  nLeft: number,
  paRight: Ref<number>,
  pnRight: Ref<number>,
  aTmp: Uint16Array,
): void {
  let iLeft = 0;
  let iRight = 0;
  let iOut = 0;
  const nRight = pnRight.value;
  const aRight = paRight.value;

  assert(nLeft > 0 && nRight > 0);
  while (iRight < nRight || iLeft < nLeft) {
    let logpage: number;
    let dbpage: Pgno;

    if (
      iLeft < nLeft &&
      (iRight >= nRight || aContent[aList[aLeft + iLeft]!]! < aContent[aList[aRight + iRight]!]!)
    ) {
      logpage = aList[aLeft + iLeft++]!;
    } else {
      logpage = aList[aRight + iRight++]!;
    }
    dbpage = aContent[logpage]!;

    aTmp[iOut++] = logpage;
    if (iLeft < nLeft && aContent[aList[aLeft + iLeft]!] === dbpage) iLeft++;

    assert(iLeft >= nLeft || aContent[aList[aLeft + iLeft]!]! > dbpage);
    assert(iRight >= nRight || aContent[aList[aRight + iRight]!]! > dbpage);
  }

  paRight.value = aLeft;
  pnRight.value = iOut;
  copySlots(aList, aLeft, aTmp, 2 * iOut);
}

/** NON-UPSTREAM: memcpy of `nByte` bytes from the start of `src` to element `i` of `dest`. */
function copySlots(dest: Uint16Array, i: number, src: Uint16Array, nByte: number): void {
  const n = nByte >> 1;
  for (let j = 0; j < n; j++) dest[i + j] = src[j]!;
}

/** A list that walMergesort has sorted: the struct inside upstream's walMergesort. */
class Sublist {
  /** Length of aList. */
  nList = 0;
  /** Where it starts in the list that is sorted. */
  aList: number | null = null;
}

/** NON-UPSTREAM: memset of an array of them to 0. */
function clearSublists(a: Sublist[]): void {
  for (let i = 0; i < a.length; i++) a[i] = new Sublist();
}

/**
 * Sorts a list of places in `aContent` by the page numbers there, keeping the largest place of each
 * page. A merge sort from the bottom up: `aSub[i]` is a sorted run made of 2^i elements.
 *
 * @param aBuffer scratch, at least as long as the list.
 * @param aList the list, at most 4096 long, in ascending order at first.
 * @param pnList its length; receives the length without duplicates.
 * @upstream wal.c walMergesort
 * @divergence wal-sort-offsets
 */
function walMergesort(
  aContent: Uint32Array,
  aBuffer: Uint16Array,
  aList: Uint16Array,
  pnList: Ref<number>,
): void {
  const nList = pnList.value;
  const nMerge = new Ref(0);
  const aMerge = new Ref(0);
  let iList: number;
  let iSub = 0;
  const aSub = new Array<Sublist>(13);

  clearSublists(aSub);
  assert(nList <= HASHTABLE_NPAGE && nList > 0);
  assert(HASHTABLE_NPAGE === 1 << (aSub.length - 1));

  for (iList = 0; iList < nList; iList++) {
    nMerge.value = 1;
    aMerge.value = iList;
    for (iSub = 0; iList & (1 << iSub); iSub++) {
      let p: Sublist;
      assert(iSub < aSub.length);
      p = aSub[iSub]!;
      assert(p.aList !== null && p.nList <= 1 << iSub);
      assert(p.aList === (iList & ~((2 << iSub) - 1)));
      walMerge(aContent, aList, p.aList!, p.nList, aMerge, nMerge, aBuffer);
    }
    aSub[iSub]!.aList = aMerge.value;
    aSub[iSub]!.nList = nMerge.value;
  }

  for (iSub++; iSub < aSub.length; iSub++) {
    if (nList & (1 << iSub)) {
      let p: Sublist;
      assert(iSub < aSub.length);
      p = aSub[iSub]!;
      assert(p.nList <= 1 << iSub);
      assert(p.aList === (nList & ~((2 << iSub) - 1)));
      walMerge(aContent, aList, p.aList!, p.nList, aMerge, nMerge, aBuffer);
    }
  }
  assert(aMerge.value === 0);
  pnList.value = nMerge.value;

  if (SQLITE_DEBUG) {
    let i: number;
    for (i = 1; i < pnList.value; i++) {
      assert(aContent[aList[i]!]! > aContent[aList[i - 1]!]!);
    }
  }
}

/** Frees an iterator; null is accepted. @upstream wal.c walIteratorFree */
function walIteratorFree(p: WalIterator | null): void {
  sqlite3_free(p);
}

/**
 * Makes an iterator over the log after frame `nBackfill`; some frames before it may be included. The
 * checkpoint lock is held, and the log is not empty.
 *
 * @param pp receives the iterator; null or untouched after an error.
 * @upstream wal.c walIteratorInit
 * @divergence wal-index-views
 */
function walIteratorInit(pWal: Wal, nBackfill: number, pp: Ref<WalIterator | null>): number {
  let p: WalIterator | null;
  let nSegment: number;
  let iLast: number;
  let nByte: number;
  let i: number;
  let aTmp: Uint16Array;
  let rc = SQLITE_OK;

  assert(pWal.ckptLock && pWal.hdr.mxFrame > 0);
  iLast = pWal.hdr.mxFrame;

  nSegment = walFramePage(iLast) + 1;
  nByte = SZ_WALITERATOR(nSegment) + iLast * 2;
  const mem = sqlite3_malloc64(nByte + 2 * (iLast > HASHTABLE_NPAGE ? HASHTABLE_NPAGE : iLast));
  if (mem === null) {
    return SQLITE_NOMEM_BKPT;
  }
  memset(mem, 0, nByte);
  p = new WalIterator(mem, nSegment);
  p.nSegment = nSegment;
  aTmp = castSlots(mem.subarray(nByte));
  for (i = walFramePage(nBackfill + 1); rc === SQLITE_OK && i < nSegment; i++) {
    const sLoc = new WalHashLoc();

    rc = walHashGet(pWal, i, sLoc);
    if (rc === SQLITE_OK) {
      let j: number;
      const nEntry = new Ref(0);
      let aIndex: Uint16Array;

      if (i + 1 === nSegment) {
        nEntry.value = (iLast - sLoc.iZero) | 0;
      } else {
        nEntry.value = ptrdiff(sLoc.aHash, sLoc.aPgno) / 4;
      }
      /* Behind the segments lie the sorted places of all regions, and behind them the scratch. */
      aIndex = castSlots(mem.subarray(SZ_WALITERATOR(p.nSegment))).subarray(sLoc.iZero);
      sLoc.iZero++;

      for (j = 0; j < nEntry.value; j++) {
        aIndex[j] = j & 0xffff;
      }
      walMergesort(sLoc.aPgno, aTmp, aIndex, nEntry);
      p.aSegment[i]!.iZero = sLoc.iZero;
      p.aSegment[i]!.nEntry = nEntry.value;
      p.aSegment[i]!.aIndex = aIndex;
      p.aSegment[i]!.aPgno = sLoc.aPgno;
    }
  }
  if (rc !== SQLITE_OK) {
    walIteratorFree(p);
    p = null;
  }
  pp.value = p;
  return rc;
}

/* ------------------------------------------------------------------ blocking locks */

/**
 * Makes locks wait up to `nMs` milliseconds, if the VFS can do that; 0 ends it. Without
 * SQLITE_ENABLE_SETLK_TIMEOUT this, and the two functions below, do nothing.
 *
 * @returns 1 if locks wait from now on.
 * @upstream wal.c walEnableBlockingMs
 */
function walEnableBlockingMs(pWal: Wal, nMs: number): number {
  if (!SQLITE_ENABLE_SETLK_TIMEOUT) return 0;
  const rc = sqlite3OsFileControl(pWal.pDbFd!, SQLITE_FCNTL_LOCK_TIMEOUT, new Ref(nMs));
  return rc === SQLITE_OK ? 1 : 0;
}

/**
 * Makes locks wait as long as the connection's time limit says.
 *
 * @returns 1 if locks wait from now on; 0 if there is no connection or no limit, or the VFS cannot.
 * @upstream wal.c walEnableBlocking
 */
function walEnableBlocking(pWal: Wal): number {
  let res = 0;
  if (SQLITE_ENABLE_SETLK_TIMEOUT) {
    if (pWal.db !== null) {
      const tmout = pWal.db.setlkTimeout;
      if (tmout) {
        res = walEnableBlockingMs(pWal, tmout);
      }
    }
  }
  return res;
}

/** Makes locks fail at once again. @upstream wal.c walDisableBlocking */
function walDisableBlocking(pWal: Wal): void {
  if (SQLITE_ENABLE_SETLK_TIMEOUT) {
    const tmout = new Ref(0);
    sqlite3OsFileControl(pWal.pDbFd!, SQLITE_FCNTL_LOCK_TIMEOUT, tmout);
  }
}

/**
 * SQLITE_ENABLE_SETLK_TIMEOUT: takes the writer's lock ahead of a read transaction, waiting for it, if
 * blocking locks are to be had; if not, it is not tried and SQLITE_OK comes back.
 *
 * @param bLock 0: gives the lock back, if it is held.
 * @upstream wal.c sqlite3WalWriteLock
 */
export function sqlite3WalWriteLock(pWal: Wal, bLock: number): number {
  let rc = SQLITE_OK;
  assert(pWal.readLock < 0 || bLock === 0);
  if (bLock) {
    assert(pWal.db !== null);
    if (walEnableBlocking(pWal)) {
      rc = walLockExclusive(pWal, WAL_WRITE_LOCK, 1);
      if (rc === SQLITE_OK) {
        pWal.writeLock = 1;
      }
      walDisableBlocking(pWal);
    }
  } else if (pWal.writeLock) {
    walUnlockExclusive(pWal, WAL_WRITE_LOCK, 1);
    pWal.writeLock = 0;
  }
  return rc;
}

/**
 * SQLITE_ENABLE_SETLK_TIMEOUT: tells which connection's time limit holds for blocking locks. Without
 * the option it does nothing, as the macro that upstream has then.
 *
 * @upstream wal.c sqlite3WalDb
 */
export function sqlite3WalDb(pWal: Wal, db: sqlite3 | null): void {
  if (SQLITE_ENABLE_SETLK_TIMEOUT) {
    pWal.db = db;
  }
}

/**
 * Takes slots exclusively, asking the busy handler again and again until it gives up.
 *
 * @param xBusy null: one attempt.
 * @upstream wal.c walBusyLock
 */
function walBusyLock(
  pWal: Wal,
  xBusy: ((p: unknown) => number) | null,
  pBusyArg: unknown,
  lockIdx: number,
  n: number,
): number {
  let rc: number;
  do {
    rc = walLockExclusive(pWal, lockIdx, n);
  } while (xBusy !== null && rc === SQLITE_BUSY && xBusy(pBusyArg));
  if (SQLITE_ENABLE_SETLK_TIMEOUT) {
    if (rc === SQLITE_BUSY_TIMEOUT) {
      walDisableBlocking(pWal);
      rc = SQLITE_BUSY;
    }
  }
  return rc;
}

/* ------------------------------------------------------------------ checkpoint, close */

/** The page size in bytes that the header of the transaction names. @upstream wal.c walPagesize */
function walPagesize(pWal: Wal): number {
  return (pWal.hdr.szPage & 0xfe00) + ((pWal.hdr.szPage & 0x0001) << 16);
}

/**
 * Changes the wal-index so that the next frame written is frame 1 of a new round. The caller holds the
 * writer's lock and slots 4 to 7; the whole log has been copied.
 *
 * @param salt1 a random word that becomes the second salt.
 * @upstream wal.c walRestartHdr
 * @divergence wal-index-views
 */
function walRestartHdr(pWal: Wal, salt1: number): void {
  const pInfo = walCkptInfo(pWal);
  let i: number;
  const aSalt = pWal.hdr.aSaltByte; /* big-endian, as in the log */
  pWal.nCkpt = (pWal.nCkpt + 1) >>> 0;
  pWal.hdr.mxFrame = 0;
  sqlite3Put4byte(aSalt, 1 + sqlite3Get4byte(aSalt));
  pWal.hdr.aSalt[1] = salt1;
  walIndexWriteHdr(pWal);
  pInfo.nBackfill = 0;
  pInfo.nBackfillAttempted = 0;
  pInfo.aReadMark[1] = 0;
  for (i = 2; i < WAL_NREADER; i++) pInfo.aReadMark[i] = READMARK_NOT_USED;
  assert(pInfo.aReadMark[0] === 0);
}

/** NON-UPSTREAM: the bytes of words, for who takes a `void*` in C. */
function bytesOf(a: Uint32Array): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

/**
 * Copies frames into the database, as many as readers allow, and in the modes that ask for it makes the
 * log start over. The checkpoint lock is held; from FULL on the writer's lock too.
 *
 * SQLITE_BUSY: not everything could be copied, or in RESTART and TRUNCATE a reader still uses the log;
 * PASSIVE never says so. SQLITE_INTERRUPT or SQLITE_NOMEM if the connection was told to stop.
 *
 * @param db whose interrupt flag is watched.
 * @param xBusy asked while a reader is in the way; null in PASSIVE.
 * @param zBuf scratch for one page.
 * @upstream wal.c walCheckpoint
 * @divergence wal-atomics
 */
function walCheckpoint(
  pWal: Wal,
  db: sqlite3 | null,
  eMode: number,
  xBusy: ((p: unknown) => number) | null,
  pBusyArg: unknown,
  sync_flags: number,
  zBuf: Uint8Array | null,
): number {
  let rc = SQLITE_OK;
  let szPage: number;
  const pIter = new Ref<WalIterator | null>(null);
  const iDbpage = new Ref(0);
  const iFrame = new Ref(0);
  let mxSafeFrame: number;
  let mxPage: number;
  let i: number;
  let pInfo: WalCkptInfo;

  szPage = walPagesize(pWal);
  testcase(szPage <= 32768);
  testcase(szPage >= 65536);
  pInfo = walCkptInfo(pWal);
  walcheckpoint_out: {
    if (pInfo.nBackfill < pWal.hdr.mxFrame) {
      assert(eMode !== SQLITE_CHECKPOINT_PASSIVE || xBusy === null);

      /* Nothing that a reader may still want from the database is overwritten: each mark in use bounds
       * what may be copied, and marks that are not in use are moved out of the way. */
      mxSafeFrame = pWal.hdr.mxFrame;
      mxPage = pWal.hdr.nPage;
      for (i = 1; i < WAL_NREADER; i++) {
        const y = AtomicLoad(pInfo.aReadMark, i);
        SEH_INJECT_FAULT(pWal);
        if (mxSafeFrame > y) {
          assert(y <= pWal.hdr.mxFrame);
          rc = walBusyLock(pWal, xBusy, pBusyArg, WAL_READ_LOCK(i), 1);
          if (rc === SQLITE_OK) {
            const iMark = i === 1 ? mxSafeFrame : READMARK_NOT_USED;
            AtomicStore(pInfo.aReadMark, i, iMark);
            SEH_INJECT_FAULT(pWal);
            walUnlockExclusive(pWal, WAL_READ_LOCK(i), 1);
          } else if (rc === SQLITE_BUSY) {
            mxSafeFrame = y;
            xBusy = null;
          } else {
            break walcheckpoint_out;
          }
        }
      }

      if (pInfo.nBackfill < mxSafeFrame) {
        rc = walIteratorInit(pWal, pInfo.nBackfill, pIter);
        assert(rc === SQLITE_OK || pIter.value === null);
      }

      if (
        pIter.value !== null &&
        (rc = walBusyLock(pWal, xBusy, pBusyArg, WAL_READ_LOCK(0), 1)) === SQLITE_OK
      ) {
        const nBackfill = pInfo.nBackfill;
        const pLive = walIndexHdr(pWal)[0];

        /* Has a writer started the log over since the header was read? Then nBackfill is the new round's,
         * the frames of pWal.hdr are being overwritten, and there is nothing left to copy. */
        const bChg = memcmp(pLive.aSaltByte, pWal.hdr.aSaltByte, 8);
        if (0 === bChg) {
          pInfo.nBackfillAttempted = mxSafeFrame;
          SEH_INJECT_FAULT(pWal);

          /* The log first: what is overwritten in the database must be found again after a crash. */
          rc = sqlite3OsSync(pWal.pWalFd!, CKPT_SYNC_FLAGS(sync_flags));

          if (rc === SQLITE_OK) {
            const nReq = mxPage * szPage;
            const nSize = new Ref(0);
            sqlite3OsFileControl(pWal.pDbFd!, SQLITE_FCNTL_CKPT_START, null);
            rc = sqlite3OsFileSize(pWal.pDbFd!, nSize);
            if (rc === SQLITE_OK && nSize.value < nReq) {
              if (nSize.value + 65536 + pWal.hdr.mxFrame * szPage < nReq) {
                /* Not even with all frames and the lock bytes' page would the file be so large. */
                rc = SQLITE_CORRUPT_BKPT(69730);
              } else {
                sqlite3OsFileControlHint(pWal.pDbFd!, SQLITE_FCNTL_SIZE_HINT, new Ref(nReq));
              }
            }
          }

          while (rc === SQLITE_OK && 0 === walIteratorNext(pIter.value, iDbpage, iFrame)) {
            let iOffset: number;
            assert(walFramePgno(pWal, iFrame.value) === iDbpage.value);
            SEH_INJECT_FAULT(pWal);
            if (db!.u1.isInterrupted) {
              rc = db!.mallocFailed ? SQLITE_NOMEM_BKPT : SQLITE_INTERRUPT;
              break;
            }
            if (iFrame.value <= nBackfill || iFrame.value > mxSafeFrame || iDbpage.value > mxPage) {
              continue;
            }
            iOffset = walFrameOffset(iFrame.value, szPage) + WAL_FRAME_HDRSIZE;
            rc = sqlite3OsRead(pWal.pWalFd!, zBuf!, szPage, iOffset);
            if (rc !== SQLITE_OK) break;
            iOffset = ((iDbpage.value - 1) >>> 0) * szPage;
            testcase(IS_BIG_INT(iOffset));
            rc = sqlite3OsWrite(pWal.pDbFd!, zBuf!, szPage, iOffset);
            if (rc !== SQLITE_OK) break;
          }
          sqlite3OsFileControl(pWal.pDbFd!, SQLITE_FCNTL_CKPT_DONE, null);

          if (rc === SQLITE_OK) {
            /* Was that the whole log? Then nobody will need it, so the database must be durable. */
            if (mxSafeFrame === walIndexHdr(pWal)[0].mxFrame) {
              const szDb = pWal.hdr.nPage * szPage;
              testcase(IS_BIG_INT(szDb));
              rc = sqlite3OsTruncate(pWal.pDbFd!, szDb);
              if (rc === SQLITE_OK) {
                rc = sqlite3OsSync(pWal.pDbFd!, CKPT_SYNC_FLAGS(sync_flags));
              }
            }
            if (rc === SQLITE_OK) {
              pInfo.nBackfill = mxSafeFrame;
              SEH_INJECT_FAULT(pWal);
            }
          }
        }

        walUnlockExclusive(pWal, WAL_READ_LOCK(0), 1);
      }

      if (rc === SQLITE_BUSY) {
        /* A reader in the way is no failure of a checkpoint that copies what it can. */
        rc = SQLITE_OK;
      }
    }

    if (rc === SQLITE_OK && eMode !== SQLITE_CHECKPOINT_PASSIVE) {
      assert(pWal.writeLock);
      SEH_INJECT_FAULT(pWal);
      if (pInfo.nBackfill < pWal.hdr.mxFrame) {
        rc = SQLITE_BUSY;
      } else if (eMode >= SQLITE_CHECKPOINT_RESTART) {
        const salt1 = new Uint32Array(1);
        sqlite3_randomness(4, bytesOf(salt1));
        assert(pInfo.nBackfill === pWal.hdr.mxFrame);
        rc = walBusyLock(pWal, xBusy, pBusyArg, WAL_READ_LOCK(1), WAL_NREADER - 1);
        if (rc === SQLITE_OK) {
          if (eMode === SQLITE_CHECKPOINT_TRUNCATE) {
            /* The index says first that the log is empty, and then it is. */
            walRestartHdr(pWal, salt1[0]!);
            rc = sqlite3OsTruncate(pWal.pWalFd!, 0);
          }
          walUnlockExclusive(pWal, WAL_READ_LOCK(1), WAL_NREADER - 1);
        }
      }
    }
  }

  /* walcheckpoint_out: */
  walIteratorFree(pIter.value);
  return rc;
}

/**
 * Cuts the log to `nMax` bytes if it is longer. Failure is logged, and does not matter.
 *
 * @upstream wal.c walLimitSize
 */
function walLimitSize(pWal: Wal, nMax: number): void {
  const sz = new Ref(0);
  let rx: number;
  sqlite3BeginBenignMalloc();
  rx = sqlite3OsFileSize(pWal.pWalFd!, sz);
  if (rx === SQLITE_OK && sz.value > nMax) {
    rx = sqlite3OsTruncate(pWal.pWalFd!, nMax);
  }
  sqlite3EndBenignMalloc();
  if (rx) {
    sqlite3_log(rx, "cannot limit WAL size: %s", pWal.zWalName);
  }
}

/**
 * Closes the log. If an EXCLUSIVE lock on the database is to be had, this is the last connection: it
 * checkpoints first and deletes log and wal-index, or with SQLITE_FCNTL_PERSIST_WAL empties the log if
 * there is a size limit. The lock stays.
 *
 * @param pWal null is accepted and gives SQLITE_OK.
 * @param zBuf scratch for one page, `nBuf` bytes; null: no checkpoint.
 * @returns the code of the lock or of the checkpoint; the log is closed in any case.
 * @upstream wal.c sqlite3WalClose
 */
export function sqlite3WalClose(
  pWal: Wal | null,
  db: sqlite3 | null,
  sync_flags: number,
  nBuf: number,
  zBuf: Uint8Array | null,
): number {
  let rc = SQLITE_OK;
  if (pWal !== null) {
    let isDelete = 0;

    if (zBuf !== null && SQLITE_OK === (rc = sqlite3OsLock(pWal.pDbFd!, SQLITE_LOCK_EXCLUSIVE))) {
      if (pWal.exclusiveMode === WAL_NORMAL_MODE) {
        pWal.exclusiveMode = WAL_EXCLUSIVE_MODE;
      }
      rc = sqlite3WalCheckpoint(
        pWal,
        db,
        SQLITE_CHECKPOINT_PASSIVE,
        null,
        null,
        sync_flags,
        nBuf,
        zBuf,
        null,
        null,
      );
      if (rc === SQLITE_OK) {
        const bPersist = new Ref(-1);
        sqlite3OsFileControlHint(pWal.pDbFd!, SQLITE_FCNTL_PERSIST_WAL, bPersist);
        if (bPersist.value !== 1) {
          isDelete = 1;
        } else if (pWal.mxWalSize >= 0) {
          /* To nothing, not to the limit: a log cut in the middle would not be sound. */
          walLimitSize(pWal, 0);
        }
      }
    }

    walIndexClose(pWal, isDelete);
    sqlite3OsClose(pWal.pWalFd!);
    if (isDelete) {
      sqlite3BeginBenignMalloc();
      sqlite3OsDelete(pWal.pVfs!, pWal.zWalName!, 0);
      sqlite3EndBenignMalloc();
    }
    sqlite3_free(pWal.apWiDataMem);
    sqlite3_free(pWal);
  }
  return rc;
}

/* ------------------------------------------------------------------ read transactions */

/**
 * Tries to read the header of the wal-index, without a lock, into `pWal.hdr`.
 *
 * @param pChanged set to 1 if the header differs from the one in `pWal.hdr`, else left alone.
 * @returns 0; or 1 if a writer came in between, or the header is not sound.
 * @upstream wal.c walIndexTryHdr
 * @divergence wal-atomics
 * @divergence wal-index-views
 */
function walIndexTryHdr(pWal: Wal, pChanged: Ref<number>): number {
  const { h1, h2, aCksum } = pWal;

  assert(pWal.nWiData > 0 && pWal.apWiData[0] !== null);

  const aHdr = walIndexHdr(pWal);
  copyShared(h1, aHdr[0]);
  walShmBarrier(pWal);
  copyShared(h2, aHdr[1]);

  if (compareHdr(h1, h2) !== 0) {
    return 1;
  }
  if (h1.isInit === 0) {
    return 1;
  }
  walChecksumBytes(1, h1.aByte, sizeof.WalIndexHdr - 8, null, aCksum);
  if (aCksum[0] !== h1.aCksum[0] || aCksum[1] !== h1.aCksum[1]) {
    return 1;
  }

  if (compareHdr(pWal.hdr, h1)) {
    pChanged.value = 1;
    pWal.hdr.assign(h1);
    pWal.szPage = (pWal.hdr.szPage & 0xfe00) + ((pWal.hdr.szPage & 0x0001) << 16);
    testcase(pWal.szPage <= 32768);
    testcase(pWal.szPage >= 65536);
  }

  return 0;
}

/** What walTryBeginRead returns when it wants to be called again. */
const WAL_RETRY: number = -1;

/**
 * Reads the header of the wal-index into `pWal.hdr`, with the writer's lock if it does not work without,
 * and recovers the wal-index if it is not sound even then.
 *
 * If the wal-index cannot be written and nobody else keeps it right, it is rebuilt on the heap, and
 * `pWal.bShmUnreliable` is set.
 *
 * @param pChanged set to 1 if the header differs from the one in `pWal.hdr`.
 * @returns also WAL_RETRY, SQLITE_BUSY and SQLITE_READONLY_RECOVERY; SQLITE_CANTOPEN for an unknown version.
 * @upstream wal.c walIndexReadHdr
 */
function walIndexReadHdr(pWal: Wal, pChanged: Ref<number>): number {
  let rc: number;
  let badHdr: number;
  let page0: WalIndexPage | null;

  assert(pChanged);
  rc = walIndexPage(pWal, 0, pWal.refPage);
  page0 = pWal.refPage.value;
  if (rc !== SQLITE_OK) {
    assert(rc !== SQLITE_READONLY); /* walIndexPage has made SQLITE_OK of it */
    if (rc === SQLITE_READONLY_CANTINIT) {
      assert(page0 === null);
      assert(pWal.writeLock === 0);
      assert(pWal.readOnly & WAL_SHM_RDONLY);
      pWal.bShmUnreliable = 1;
      pWal.exclusiveMode = WAL_HEAPMEMORY_MODE;
      pChanged.value = 1;
    } else {
      return rc;
    }
  } else {
    testcase(page0 !== null);
  }
  assert(page0 !== null || pWal.writeLock === 0);

  badHdr = page0 !== null ? walIndexTryHdr(pWal, pChanged) : 1;

  if (badHdr) {
    if (pWal.bShmUnreliable === 0 && pWal.readOnly & WAL_SHM_RDONLY) {
      /* Only somebody who may write can recover; say so once no writer is at work. */
      if (SQLITE_OK === (rc = walLockShared(pWal, WAL_WRITE_LOCK))) {
        walUnlockShared(pWal, WAL_WRITE_LOCK);
        rc = SQLITE_READONLY_RECOVERY;
      }
    } else {
      const bWriteLock = pWal.writeLock;
      if (bWriteLock || SQLITE_OK === (rc = walLockExclusive(pWal, WAL_WRITE_LOCK, 1))) {
        if (!bWriteLock) pWal.writeLock = 2;
        if (SQLITE_OK === (rc = walIndexPage(pWal, 0, pWal.refPage))) {
          page0 = pWal.refPage.value;
          badHdr = walIndexTryHdr(pWal, pChanged);
          if (badHdr) {
            /* No writer can be the reason now. */
            walDisableBlocking(pWal);
            rc = walIndexRecover(pWal);
            pChanged.value = 1;
          }
        }
        if (bWriteLock === 0) {
          pWal.writeLock = 0;
          walUnlockExclusive(pWal, WAL_WRITE_LOCK, 1);
        }
      }
    }
  }

  if (badHdr === 0 && pWal.hdr.iVersion !== WALINDEX_MAX_VERSION) {
    rc = SQLITE_CANTOPEN_BKPT(70184);
  }
  if (pWal.bShmUnreliable) {
    if (rc !== SQLITE_OK) {
      walIndexClose(pWal, 0);
      pWal.bShmUnreliable = 0;
      assert(pWal.nWiData > 0 && pWal.apWiData[0] === null);
      /* The log became shorter while it was read: there is a writer after all. */
      if (rc === SQLITE_IOERR_SHORT_READ) rc = WAL_RETRY;
    }
    pWal.exclusiveMode = WAL_NORMAL_MODE;
  }

  return rc;
}

/**
 * Opens a read transaction on a wal-index that was rebuilt on the heap, because the shared one can only
 * be read and nobody keeps it right. Verifies that the log is still the one it was built from.
 *
 * @param pChanged set to 1 if the page cache must be emptied.
 * @returns SQLITE_OK with read lock 0 held; WAL_RETRY if somebody who can write has come, or the log has
 * changed. After anything but SQLITE_OK the heap copy is gone.
 * @upstream wal.c walBeginShmUnreliable
 */
function walBeginShmUnreliable(pWal: Wal, pChanged: Ref<number>): number {
  const szWal = new Ref(0);
  let iOffset: number;
  const aBuf = new Uint8Array(WAL_HDRSIZE);
  let aFrame: Uint8Array | null = null;
  let szFrame: number;
  let aData: Uint8Array;
  const pDummy = new Ref<Uint8Array | null>(null);
  let rc: number;
  const aSaveCksum = new Uint32Array(2);

  assert(pWal.bShmUnreliable);
  assert(pWal.readOnly & WAL_SHM_RDONLY);
  assert(pWal.nWiData > 0 && pWal.apWiData[0] !== null);

  begin_unreliable_shm_out: {
    /* Keeps checkpoints away, though not recovery. */
    rc = walLockShared(pWal, WAL_READ_LOCK(0));
    if (rc !== SQLITE_OK) {
      if (rc === SQLITE_BUSY) rc = WAL_RETRY;
      break begin_unreliable_shm_out;
    }
    pWal.readLock = 0;

    /* Ask again whether somebody keeps the shared wal-index right by now. If so the heap copy must go:
     * that writer may have checkpointed before the lock was taken, and could overwrite frames. */
    rc = sqlite3OsShmMap(pWal.pDbFd!, 0, WALINDEX_PGSZ, 0, pDummy);
    assert(rc !== SQLITE_OK);
    if (rc !== SQLITE_READONLY_CANTINIT) {
      rc = rc === SQLITE_READONLY ? WAL_RETRY : rc;
      break begin_unreliable_shm_out;
    }

    pWal.hdr.assign(walIndexHdr(pWal)[0]);

    /* Somebody may have come and gone. */
    rc = sqlite3OsFileSize(pWal.pWalFd!, szWal);
    if (rc !== SQLITE_OK) {
      break begin_unreliable_shm_out;
    }
    if (szWal.value < WAL_HDRSIZE) {
      /* There is no log. If there was none before, the database file is all there is to read; but it may
       * have changed since. */
      pChanged.value = 1;
      rc = pWal.hdr.mxFrame === 0 ? SQLITE_OK : WAL_RETRY;
      break begin_unreliable_shm_out;
    }

    rc = sqlite3OsRead(pWal.pWalFd!, aBuf, WAL_HDRSIZE, 0);
    if (rc !== SQLITE_OK) {
      break begin_unreliable_shm_out;
    }
    if (memcmp(pWal.hdr.aSaltByte, aBuf.subarray(16), 8)) {
      /* The log has been started over. */
      rc = WAL_RETRY;
      break begin_unreliable_shm_out;
    }

    assert((pWal.szPage & (pWal.szPage - 1)) === 0);
    assert(pWal.szPage >= 512 && pWal.szPage <= 65536);
    szFrame = pWal.szPage + WAL_FRAME_HDRSIZE;
    aFrame = sqlite3_malloc64(szFrame);
    if (aFrame === null) {
      rc = SQLITE_NOMEM_BKPT;
      break begin_unreliable_shm_out;
    }
    aData = aFrame.subarray(WAL_FRAME_HDRSIZE);

    /* Has a whole transaction been appended? */
    aSaveCksum[0] = pWal.hdr.aFrameCksum[0]!;
    aSaveCksum[1] = pWal.hdr.aFrameCksum[1]!;
    const pgno = new Ref(0);
    const nTruncate = new Ref(0);
    for (
      iOffset = walFrameOffset(pWal.hdr.mxFrame + 1, pWal.szPage);
      iOffset + szFrame <= szWal.value;
      iOffset += szFrame
    ) {
      rc = sqlite3OsRead(pWal.pWalFd!, aFrame, szFrame, iOffset);
      if (rc !== SQLITE_OK) break;
      if (!walDecodeFrame(pWal, pgno, nTruncate, aData, aFrame)) break;

      if (nTruncate.value) {
        rc = WAL_RETRY;
        break;
      }
    }
    pWal.hdr.aFrameCksum[0] = aSaveCksum[0];
    pWal.hdr.aFrameCksum[1] = aSaveCksum[1];
  }

  /* begin_unreliable_shm_out: */
  sqlite3_free(aFrame);
  if (rc !== SQLITE_OK) {
    let i: number;
    for (i = 0; i < pWal.nWiData; i++) {
      sqlite3_free(pWal.apWiData[i]!);
      pWal.apWiData[i] = null;
    }
    pWal.bShmUnreliable = 0;
    sqlite3WalEndReadTransaction(pWal);
    pChanged.value = 1;
  }
  return rc;
}

/** How often walTryBeginRead may ask for another attempt. */
const WAL_RETRY_PROTOCOL_LIMIT: number = 100;
/** Bit of walTryBeginRead's counter: the last attempt has waited for a lock already. */
const WAL_RETRY_BLOCKED_MASK: number = SQLITE_ENABLE_SETLK_TIMEOUT ? 0x10000000 : 0;

/**
 * Tries to open a read transaction: reads the header, chooses a read mark that is not above it, raising
 * one if none equals it, locks the mark's slot, and checks that the header is still the same.
 *
 * If all of the log has been copied, slot 0 is locked instead, and the log will be ignored. On success
 * `pWal.readLock` says which slot is held.
 *
 * @param pChanged set to 1 if the header has changed.
 * @param useWal 1: the header has been read, and slot 0 will not do.
 * @param pCnt counts the calls for one attempt; from the sixth on they sleep, from 1 us up to 323 ms.
 * @returns WAL_RETRY: call again; SQLITE_PROTOCOL after a hundred such calls; SQLITE_BUSY_RECOVERY while
 * somebody recovers; SQLITE_READONLY_CANTINIT if no mark will do and none may be changed.
 * @upstream wal.c walTryBeginRead
 * @divergence wal-atomics
 * @divergence wal-no-blocking
 */
function walTryBeginRead(pWal: Wal, pChanged: Ref<number>, useWal: number, pCnt: Ref<number>): number {
  let pInfo: WalCkptInfo;
  let rc = SQLITE_OK;
  let nBlockTmout = 0;

  assert(pWal.readLock < 0);

  assert((pWal.readOnly & WAL_SHM_RDONLY) === 0 || useWal === 0);

  /* What makes an attempt fail lasts for moments only, unless its owner does not get the processor. A
   * hundred attempts sleep for 9.96 seconds in all. */
  pCnt.value++;
  if (pCnt.value > 5) {
    let nDelay = 1;
    const cnt = pCnt.value & ~WAL_RETRY_BLOCKED_MASK;
    if (cnt > WAL_RETRY_PROTOCOL_LIMIT) {
      if (SQLITE_DEBUG) pWal.lockError = 1;
      return SQLITE_PROTOCOL;
    }
    if (pCnt.value >= 10) nDelay = (cnt - 9) * (cnt - 9) * 39;
    if (SQLITE_ENABLE_SETLK_TIMEOUT) {
      /* Let the locks themselves wait that long; who has waited so already sleeps only for a moment. */
      nBlockTmout = Math.floor((nDelay + 998) / 1000);
      if (!useWal && walEnableBlockingMs(pWal, nBlockTmout)) {
        if (pCnt.value & WAL_RETRY_BLOCKED_MASK) nDelay = 1;
      }
    }
    sqlite3OsSleep(pWal.pVfs!, nDelay);
    pCnt.value &= ~WAL_RETRY_BLOCKED_MASK;
  }

  if (!useWal) {
    assert(rc === SQLITE_OK);
    if (pWal.bShmUnreliable === 0) {
      rc = walIndexReadHdr(pWal, pChanged);
    }
    if (SQLITE_ENABLE_SETLK_TIMEOUT) {
      if (rc === SQLITE_BUSY_TIMEOUT) {
        rc = SQLITE_BUSY;
        pCnt.value |= WAL_RETRY_BLOCKED_MASK;
      }
    }
    if (rc === SQLITE_BUSY) {
      /* Who holds the writer's lock may recover, which takes long, or may be done in a moment. */
      walEnableBlocking(pWal);
      if (pWal.apWiData[0] === null) {
        /* The VFS said so: the Unix VFS does while somebody decides whether to clear the memory. */
        rc = WAL_RETRY;
      } else if (SQLITE_OK === (rc = walLockShared(pWal, WAL_RECOVER_LOCK))) {
        walUnlockShared(pWal, WAL_RECOVER_LOCK);
        rc = WAL_RETRY;
      } else if (rc === SQLITE_BUSY) {
        rc = SQLITE_BUSY_RECOVERY;
      }
    }
    walDisableBlocking(pWal);
    if (rc !== SQLITE_OK) {
      return rc;
    } else if (pWal.bShmUnreliable) {
      return walBeginShmUnreliable(pWal, pChanged);
    }
  }

  assert(pWal.nWiData > 0);
  assert(pWal.apWiData[0] !== null);
  pInfo = walCkptInfo(pWal);
  SEH_INJECT_FAULT(pWal);
  {
    let mxReadMark: number;
    let mxI: number;
    let i: number;
    let mxFrame: number;
    if (
      !useWal &&
      pInfo.nBackfill === pWal.hdr.mxFrame &&
      (!SQLITE_ENABLE_SNAPSHOT ||
        (pWal.bGetSnapshot === 0 && pWal.pSnapshot === null) ||
        pWal.hdr.mxFrame === 0)
    ) {
      rc = walLockShared(pWal, WAL_READ_LOCK(0));
      walShmBarrier(pWal);
      if (rc === SQLITE_OK) {
        if (compareHdr(walIndexHdr(pWal)[0], pWal.hdr)) {
          /* Frames may have been appended before the lock was taken, and a checkpointer may have died
           * while it copied them: then the database alone is not a sound snapshot. */
          walUnlockShared(pWal, WAL_READ_LOCK(0));
          return WAL_RETRY;
        }
        pWal.readLock = 0;
        return SQLITE_OK;
      } else if (rc !== SQLITE_BUSY) {
        return rc;
      }
    }

    mxReadMark = 0;
    mxI = 0;
    mxFrame = pWal.hdr.mxFrame;
    if (SQLITE_ENABLE_SNAPSHOT) {
      if (pWal.pSnapshot !== null && pWal.pSnapshot.mxFrame < mxFrame) {
        mxFrame = pWal.pSnapshot.mxFrame;
      }
    }
    for (i = 1; i < WAL_NREADER; i++) {
      const thisMark = AtomicLoad(pInfo.aReadMark, i);
      SEH_INJECT_FAULT(pWal);
      if (mxReadMark <= thisMark && thisMark <= mxFrame) {
        assert(thisMark !== READMARK_NOT_USED);
        mxReadMark = thisMark;
        mxI = i;
      }
    }
    if ((pWal.readOnly & WAL_SHM_RDONLY) === 0 && (mxReadMark < mxFrame || mxI === 0)) {
      for (i = 1; i < WAL_NREADER; i++) {
        rc = walLockExclusive(pWal, WAL_READ_LOCK(i), 1);
        if (rc === SQLITE_OK) {
          AtomicStore(pInfo.aReadMark, i, mxFrame);
          mxReadMark = mxFrame;
          mxI = i;
          walUnlockExclusive(pWal, WAL_READ_LOCK(i), 1);
          break;
        } else if (rc !== SQLITE_BUSY) {
          return rc;
        }
      }
    }
    if (mxI === 0) {
      assert(rc === SQLITE_BUSY || (pWal.readOnly & WAL_SHM_RDONLY) !== 0);
      return rc === SQLITE_BUSY ? WAL_RETRY : SQLITE_READONLY_CANTINIT;
    }

    walEnableBlockingMs(pWal, nBlockTmout);
    rc = walLockShared(pWal, WAL_READ_LOCK(mxI));
    walDisableBlocking(pWal);
    if (rc) {
      if (SQLITE_ENABLE_SETLK_TIMEOUT) {
        if (rc === SQLITE_BUSY_TIMEOUT) {
          pCnt.value |= WAL_RETRY_BLOCKED_MASK;
        }
      } else {
        assert(rc !== SQLITE_BUSY_TIMEOUT);
      }
      assert((rc & 0xff) !== SQLITE_BUSY || rc === SQLITE_BUSY || rc === SQLITE_BUSY_TIMEOUT);
      return (rc & 0xff) === SQLITE_BUSY ? WAL_RETRY : rc;
    }
    /* Between reading the header and getting the lock the log may have been started over, or frames after
     * hdr.mxFrame may have been copied. So mark and header are compared once more. Frames before minFrame
     * need not be looked up, they are in the database. nBackfill is read before the barrier: whoever set
     * it then saw no newer header than ours, so no page was left out of that checkpoint because a frame
     * after hdr.mxFrame holds it too. */
    pWal.minFrame = (pInfo.nBackfill + 1) >>> 0;
    SEH_INJECT_FAULT(pWal);
    walShmBarrier(pWal);
    if (AtomicLoad(pInfo.aReadMark, mxI) !== mxReadMark || compareHdr(walIndexHdr(pWal)[0], pWal.hdr)) {
      walUnlockShared(pWal, WAL_READ_LOCK(mxI));
      return WAL_RETRY;
    } else {
      assert(mxReadMark <= pWal.hdr.mxFrame);
      pWal.readLock = (mxI << 16) >> 16;
    }
  }
  return rc;
}

/**
 * Does the work of {@link sqlite3WalSnapshotRecover}; the checkpoint lock is held.
 *
 * @param pBuf1 scratch for one page.
 * @param pBuf2 scratch for another one.
 * @upstream wal.c walSnapshotRecover
 */
function walSnapshotRecover(pWal: Wal, pBuf1: Uint8Array, pBuf2: Uint8Array): number {
  const szPage = pWal.szPage | 0;
  let rc: number;
  const szDb = new Ref(0);

  rc = sqlite3OsFileSize(pWal.pDbFd!, szDb);
  if (rc === SQLITE_OK) {
    const pInfo = walCkptInfo(pWal);
    let i = pInfo.nBackfillAttempted;
    for (i = pInfo.nBackfillAttempted; i > pInfo.nBackfill; i = (i - 1) >>> 0) {
      const sLoc = new WalHashLoc();
      let pgno: number;
      let iDbOff: number;
      let iWalOff: number;

      rc = walHashGet(pWal, walFramePage(i), sLoc);
      if (rc !== SQLITE_OK) break;
      assert((i - sLoc.iZero - 1) >>> 0 >= 0);
      pgno = sLoc.aPgno[(i - sLoc.iZero - 1) >>> 0]!;
      iDbOff = ((pgno - 1) >>> 0) * szPage;

      if (iDbOff + szPage <= szDb.value) {
        iWalOff = walFrameOffset(i, szPage) + WAL_FRAME_HDRSIZE;
        rc = sqlite3OsRead(pWal.pWalFd!, pBuf1, szPage, iWalOff);

        if (rc === SQLITE_OK) {
          rc = sqlite3OsRead(pWal.pDbFd!, pBuf2, szPage, iDbOff);
        }

        if (rc !== SQLITE_OK || 0 === memcmp(pBuf1, pBuf2, szPage)) {
          break;
        }
      }

      pInfo.nBackfillAttempted = (i - 1) >>> 0;
    }
  }

  return rc;
}

/**
 * Lowers nBackfillAttempted to the last frame whose page stands in the database file as the frame has
 * it, so that older snapshots can be read again after a checkpoint that died. A read transaction is open.
 *
 * That is sound only where pages are written atomically. It is no error if nothing can be lowered.
 *
 * @returns also SQLITE_BUSY if somebody checkpoints.
 * @upstream wal.c sqlite3WalSnapshotRecover
 */
export function sqlite3WalSnapshotRecover(pWal: Wal): number {
  let rc: number;

  assert(pWal.readLock >= 0);
  rc = walLockExclusive(pWal, WAL_CKPT_LOCK, 1);
  if (rc === SQLITE_OK) {
    const pBuf1 = sqlite3_malloc(pWal.szPage);
    const pBuf2 = sqlite3_malloc(pWal.szPage);
    if (pBuf1 === null || pBuf2 === null) {
      rc = SQLITE_NOMEM;
    } else {
      pWal.ckptLock = 1;
      SEH_TRY(pWal);
      rc = walSnapshotRecover(pWal, pBuf1, pBuf2);
      SEH_EXCEPT(pWal);
      pWal.ckptLock = 0;
    }

    sqlite3_free(pBuf1);
    sqlite3_free(pBuf2);
    walUnlockExclusive(pWal, WAL_CKPT_LOCK, 1);
  }

  return rc;
}

/**
 * Does the work of {@link sqlite3WalBeginReadTransaction}: calls walTryBeginRead as often as that wants,
 * and with SQLITE_ENABLE_SNAPSHOT goes back to the snapshot that was asked for.
 *
 * @upstream wal.c walBeginReadTransaction
 */
function walBeginReadTransaction(pWal: Wal, pChanged: Ref<number>): number {
  let rc: number;
  const cnt = new Ref(0);
  let ckptLock = 0;
  let bChanged = 0;
  const pSnapshot = pWal.pSnapshot;

  assert(pWal.ckptLock === 0);
  assert(pWal.nSehTry > 0);

  if (SQLITE_ENABLE_SNAPSHOT) {
    if (pSnapshot !== null) {
      if (memcmp(pSnapshot.aByte, pWal.hdr.aByte, sizeof.WalIndexHdr) !== 0) {
        bChanged = 1;
      }

      /* A checkpointer that has made up its mind but not yet raised nBackfillAttempted must not run while
       * that is looked at below. */
      walEnableBlocking(pWal);
      rc = walLockShared(pWal, WAL_CKPT_LOCK);
      walDisableBlocking(pWal);

      if (rc !== SQLITE_OK) {
        return rc;
      }
      ckptLock = 1;
    }
  }

  do {
    rc = walTryBeginRead(pWal, pChanged, 0, cnt);
  } while (rc === WAL_RETRY);
  testcase((rc & 0xff) === SQLITE_BUSY);
  testcase((rc & 0xff) === SQLITE_IOERR);
  testcase(rc === SQLITE_PROTOCOL);
  testcase(rc === SQLITE_OK);

  if (SQLITE_ENABLE_SNAPSHOT) {
    if (rc === SQLITE_OK) {
      if (pSnapshot !== null && memcmp(pSnapshot.aByte, pWal.hdr.aByte, sizeof.WalIndexHdr) !== 0) {
        /* The mark that is locked is not above the snapshot, but hdr is the newest header. The snapshot
         * is gone if the log was started over since, or if frames after it may have been copied. */
        const pInfo = walCkptInfo(pWal);

        assert(pWal.readLock > 0 || pWal.hdr.mxFrame === 0);
        assert(pInfo.aReadMark[pWal.readLock]! <= pSnapshot.mxFrame);

        if (
          !memcmp(pSnapshot.aSaltByte, pWal.hdr.aSaltByte, 8) &&
          pSnapshot.mxFrame >= pInfo.nBackfillAttempted
        ) {
          assert(pWal.readLock > 0);
          pWal.hdr.assign(pSnapshot);
          pChanged.value = bChanged;
        } else {
          rc = SQLITE_ERROR_SNAPSHOT;
        }

        /* A frame before minFrame may not have been copied, because one after the snapshot holds its
         * page too. So all frames count. */
        pWal.minFrame = 1;

        if (rc !== SQLITE_OK) {
          sqlite3WalEndReadTransaction(pWal);
        }
      }
    }

    if (ckptLock) {
      assert(pSnapshot !== null);
      walUnlockShared(pWal, WAL_CKPT_LOCK);
    }
  }
  return rc;
}

/**
 * Opens a read transaction: from now on the connection sees the database as it is now.
 *
 * @param pChanged set to 1 if the database has changed since the last one, so that what the caller has
 * cached is stale; else left alone.
 * @upstream wal.c sqlite3WalBeginReadTransaction
 */
export function sqlite3WalBeginReadTransaction(pWal: Wal, pChanged: Ref<number>): number {
  let rc: number;
  SEH_TRY(pWal);
  rc = walBeginReadTransaction(pWal, pChanged);
  SEH_EXCEPT(pWal);
  return rc;
}

/**
 * Ends the read transaction, if one is open, and the write transaction with it.
 *
 * @upstream wal.c sqlite3WalEndReadTransaction
 */
export function sqlite3WalEndReadTransaction(pWal: Wal): void {
  if (!SQLITE_ENABLE_SETLK_TIMEOUT) {
    assert(pWal.writeLock === 0 || pWal.readLock < 0);
  }
  if (pWal.readLock >= 0) {
    sqlite3WalEndWriteTransaction(pWal);
    walUnlockShared(pWal, WAL_READ_LOCK(pWal.readLock));
    pWal.readLock = -1;
  }
}

/**
 * Does the work of {@link sqlite3WalFindFrame}: looks through the hash tables from the newest to the one
 * that has minFrame, and takes the last match of the first table that has one.
 *
 * A writer may be adding entries meanwhile; those are of frames after hdr.mxFrame, and are passed over.
 *
 * @upstream wal.c walFindFrame
 * @divergence wal-atomics
 * @divergence wal-index-views
 */
function walFindFrame(pWal: Wal, pgno: Pgno, piRead: Ref<number>): number {
  let iRead = 0;
  const iLast = pWal.hdr.mxFrame;
  let iHash: number;
  let iMinHash: number;

  assert(pWal.readLock >= 0 || pWal.lockError);

  if (iLast === 0 || (pWal.readLock === 0 && pWal.bShmUnreliable === 0)) {
    piRead.value = 0;
    return SQLITE_OK;
  }

  iMinHash = walFramePage(pWal.minFrame);
  for (iHash = walFramePage(iLast); iHash >= iMinHash; iHash--) {
    const sLoc = pWal.sLocFind;
    let iKey: number;
    let nCollide: number;
    let rc: number;
    let iH: number;

    rc = walHashGet(pWal, iHash, sLoc);
    if (rc !== SQLITE_OK) {
      return rc;
    }
    const aHash = sLoc.aHash;
    const aPgno = sLoc.aPgno;
    const { iZero } = sLoc;
    const { minFrame } = pWal;
    nCollide = HASHTABLE_NSLOT;
    iKey = walHash(pgno);
    SEH_INJECT_FAULT(pWal);
    while ((iH = aHash[iKey]!) !== 0) {
      const iFrame = (iH + iZero) >>> 0;
      if (iFrame <= iLast && iFrame >= minFrame && aPgno[(iH - 1) & (HASHTABLE_NPAGE - 1)] === pgno) {
        assert(iFrame > iRead || sqlite3Config.neverCorrupt === 0); /* CORRUPT_DB */
        iRead = iFrame;
      }
      if (nCollide-- === 0) {
        piRead.value = 0;
        return SQLITE_CORRUPT_BKPT(71037);
      }
      iKey = walNextHash(iKey);
    }
    if (iRead) break;
  }

  if (SQLITE_ENABLE_EXPENSIVE_ASSERT) {
    let iRead2 = 0;
    let iTest: number;
    assert(pWal.bShmUnreliable || pWal.minFrame > 0);
    for (iTest = iLast; iTest >= pWal.minFrame && iTest > 0; iTest = (iTest - 1) >>> 0) {
      if (walFramePgno(pWal, iTest) === pgno) {
        iRead2 = iTest;
        break;
      }
    }
    assert(iRead === iRead2);
  }

  piRead.value = iRead;
  return SQLITE_OK;
}

/**
 * Finds the frame that holds page `pgno` for the open read transaction; 0 in `piRead` if the page must be
 * read from the database. After an error `piRead` means nothing.
 *
 * @upstream wal.c sqlite3WalFindFrame
 */
export function sqlite3WalFindFrame(pWal: Wal, pgno: Pgno, piRead: Ref<number>): number {
  let rc: number;
  SEH_TRY(pWal);
  rc = walFindFrame(pWal, pgno, piRead);
  SEH_EXCEPT(pWal);
  return rc;
}

/**
 * Reads the page in frame `iRead` into `pOut`: `nOut` bytes, or one page if that is less.
 *
 * @upstream wal.c sqlite3WalReadFrame
 */
export function sqlite3WalReadFrame(pWal: Wal, iRead: number, nOut: number, pOut: Uint8Array): number {
  let sz: number;
  let iOffset: number;
  sz = pWal.hdr.szPage;
  sz = (sz & 0xfe00) + ((sz & 0x0001) << 16);
  testcase(sz <= 32768);
  testcase(sz >= 65536);
  iOffset = walFrameOffset(iRead, sz) + WAL_FRAME_HDRSIZE;
  return sqlite3OsRead(pWal.pWalFd!, pOut, nOut > sz ? sz : nOut, iOffset);
}

/**
 * Size in pages of the database that the open read transaction sees; 0 if the log does not say.
 *
 * @param pWal null is accepted and gives 0.
 * @upstream wal.c sqlite3WalDbsize
 */
export function sqlite3WalDbsize(pWal: Wal | null): Pgno {
  if (pWal !== null && ALWAYS(pWal.readLock >= 0)) {
    return pWal.hdr.nPage;
  }
  return 0;
}

/* ------------------------------------------------------------------ write transactions */

/**
 * Turns the open read transaction into a write transaction: takes the writer's lock.
 *
 * @returns SQLITE_BUSY if another connection writes; SQLITE_BUSY_SNAPSHOT if another one has written since
 * the read transaction began; SQLITE_READONLY.
 * @upstream wal.c sqlite3WalBeginWriteTransaction
 * @divergence wal-atomics
 * @divergence wal-index-views
 */
export function sqlite3WalBeginWriteTransaction(pWal: Wal): number {
  let rc: number;

  if (SQLITE_ENABLE_SETLK_TIMEOUT) {
    /* Taken ahead of the read transaction by sqlite3WalWriteLock(). */
    if (pWal.writeLock) {
      assert(!memcmp(pWal.hdr.aByte, bytesOf(pWal.apWiData[0]!.a), sizeof.WalIndexHdr));
      return SQLITE_OK;
    }
  }

  assert(pWal.readLock >= 0);
  assert(pWal.writeLock === 0 && pWal.iReCksum === 0);

  if (pWal.readOnly) {
    return SQLITE_READONLY;
  }

  rc = walLockExclusive(pWal, WAL_WRITE_LOCK, 1);
  if (rc) {
    return rc;
  }
  pWal.writeLock = 1;

  /* To append to a newer state than the one that was read would undo what others have written. */
  SEH_TRY(pWal);
  if (compareHdr(walIndexHdr(pWal)[0], pWal.hdr) !== 0) {
    rc = SQLITE_BUSY_SNAPSHOT;
  }
  SEH_EXCEPT(pWal);

  if (rc !== SQLITE_OK) {
    walUnlockExclusive(pWal, WAL_WRITE_LOCK, 1);
    pWal.writeLock = 0;
  }
  return rc;
}

/**
 * Gives the writer's lock back, if it is held. What was to be committed has been.
 *
 * @upstream wal.c sqlite3WalEndWriteTransaction
 */
export function sqlite3WalEndWriteTransaction(pWal: Wal): number {
  if (pWal.writeLock) {
    walUnlockExclusive(pWal, WAL_WRITE_LOCK, 1);
    pWal.writeLock = 0;
    pWal.iReCksum = 0;
    pWal.truncateOnCommit = 0;
  }
  return SQLITE_OK;
}

/**
 * Forgets the frames that the transaction has written, and calls `xUndo` for the page of each.
 *
 * @returns the first code other than SQLITE_OK that `xUndo` returns; it is not called again then.
 * @upstream wal.c sqlite3WalUndo
 */
export function sqlite3WalUndo(
  pWal: Wal,
  xUndo: (pCtx: unknown, pgno: Pgno) => number,
  pUndoCtx: unknown,
): number {
  let rc = SQLITE_OK;
  if (ALWAYS(pWal.writeLock)) {
    const iMax = pWal.hdr.mxFrame;
    let iFrame: number;

    SEH_TRY(pWal);
    pWal.hdr.assign(walIndexHdr(pWal)[0]);

    for (iFrame = pWal.hdr.mxFrame + 1; ALWAYS(rc === SQLITE_OK) && iFrame <= iMax; iFrame++) {
      /* Page 1 is written by the commit only, and of all others nobody holds a reference in a rollback, so
       * the callback has nothing to read and cannot fail. */
      assert(walFramePgno(pWal, iFrame) !== 1);
      rc = xUndo(pUndoCtx, walFramePgno(pWal, iFrame));
    }
    if (iMax !== pWal.hdr.mxFrame) walCleanupHash(pWal);
    SEH_EXCEPT(pWal);
    pWal.iReCksum = 0;
  }
  return rc;
}

/**
 * Stores where the log ends now in WAL_SAVEPOINT_NDATA words: last frame, its checksum, number of the
 * reset.
 *
 * @upstream wal.c sqlite3WalSavepoint
 */
export function sqlite3WalSavepoint(pWal: Wal, aWalData: Uint32Array): void {
  assert(pWal.writeLock);
  aWalData[0] = pWal.hdr.mxFrame;
  aWalData[1] = pWal.hdr.aFrameCksum[0]!;
  aWalData[2] = pWal.hdr.aFrameCksum[1]!;
  aWalData[3] = pWal.nCkpt;
}

/**
 * Moves the end of the log back to where {@link sqlite3WalSavepoint} saw it.
 *
 * @param aWalData updated if the log has been started over since: then all of it goes.
 * @upstream wal.c sqlite3WalSavepointUndo
 */
export function sqlite3WalSavepointUndo(pWal: Wal, aWalData: Uint32Array): number {
  const rc = SQLITE_OK;

  assert(pWal.writeLock);
  assert(aWalData[3] !== pWal.nCkpt || aWalData[0]! <= pWal.hdr.mxFrame);

  if (aWalData[3] !== pWal.nCkpt) {
    aWalData[0] = 0;
    aWalData[3] = pWal.nCkpt;
  }

  if (aWalData[0]! < pWal.hdr.mxFrame) {
    pWal.hdr.mxFrame = aWalData[0]!;
    pWal.hdr.aFrameCksum[0] = aWalData[1]!;
    pWal.hdr.aFrameCksum[1] = aWalData[2]!;
    SEH_TRY(pWal);
    walCleanupHash(pWal);
    SEH_EXCEPT(pWal);
    if (pWal.iReCksum > pWal.hdr.mxFrame) {
      pWal.iReCksum = 0;
    }
  }

  return rc;
}

/**
 * Starts the log over if all of it has been copied and no reader uses it, just before frames are
 * written. Then `pWal.hdr.mxFrame` is 0; else it stays, and that is no error.
 *
 * A writer that reads under slot 0 exchanges it for a mark, since it will read its own frames.
 *
 * @upstream wal.c walRestartLog
 */
function walRestartLog(pWal: Wal): number {
  let rc = SQLITE_OK;
  const cnt = new Ref(0);

  if (pWal.readLock === 0) {
    const pInfo = walCkptInfo(pWal);
    assert(pInfo.nBackfill === pWal.hdr.mxFrame);
    if (pInfo.nBackfill > 0) {
      const salt1 = new Uint32Array(1);
      sqlite3_randomness(4, bytesOf(salt1));
      rc = walLockExclusive(pWal, WAL_READ_LOCK(1), WAL_NREADER - 1);
      if (rc === SQLITE_OK) {
        /* The shared header is changed at once, so that a rollback finds nothing special. */
        walRestartHdr(pWal, salt1[0]!);
        walUnlockExclusive(pWal, WAL_READ_LOCK(1), WAL_NREADER - 1);
      } else if (rc !== SQLITE_BUSY) {
        return rc;
      }
    }
    walUnlockShared(pWal, WAL_READ_LOCK(0));
    pWal.readLock = -1;
    cnt.value = 0;
    do {
      const notUsed = new Ref(0);
      rc = walTryBeginRead(pWal, notUsed, 1, cnt);
    } while (rc === WAL_RETRY);
    assert((rc & 0xff) !== SQLITE_BUSY);
    testcase((rc & 0xff) === SQLITE_IOERR);
    testcase(rc === SQLITE_PROTOCOL);
    testcase(rc === SQLITE_OK);
  }
  return rc;
}

/**
 * What walFrames tells walWriteToLog.
 *
 * @upstream wal.c WalWriter
 */
class WalWriter {
  pWal: Wal | null = null;
  /** The log. */
  pFd: sqlite3_file | null = null;
  /** Sync when the bytes before this offset have been written; 0 for never. */
  iSyncPoint = 0;
  /** As {@link WAL_SYNC_FLAGS} takes them. */
  syncFlags = 0;
  /** Page size in bytes. */
  szPage = 0;
  /** NON-UPSTREAM: walWriteOneFrame's local variable of that name. */
  readonly aFrame = new Uint8Array(WAL_FRAME_HDRSIZE);
}

/**
 * Writes the first `iAmt` bytes of `pContent` to the log at `iOffset`. If the sync point lies among
 * them, what is before it is written first, then the log is synced, then the rest is written.
 *
 * @upstream wal.c walWriteToLog
 */
function walWriteToLog(p: WalWriter, pContent: Uint8Array, iAmt: number, iOffset: number): number {
  let rc: number;
  if (iOffset < p.iSyncPoint && iOffset + iAmt >= p.iSyncPoint) {
    const iFirstAmt = (p.iSyncPoint - iOffset) | 0;
    rc = sqlite3OsWrite(p.pFd!, pContent, iFirstAmt, iOffset);
    if (rc) return rc;
    iOffset += iFirstAmt;
    iAmt -= iFirstAmt;
    pContent = pContent.subarray(iFirstAmt);
    assert(WAL_SYNC_FLAGS(p.syncFlags) !== 0);
    rc = sqlite3OsSync(p.pFd!, WAL_SYNC_FLAGS(p.syncFlags));
    if (iAmt === 0 || rc) return rc;
  }
  rc = sqlite3OsWrite(p.pFd!, pContent, iAmt, iOffset);
  return rc;
}

/**
 * Writes one frame at `iOffset`.
 *
 * @param nTruncate size of the database in pages if the frame commits, else 0.
 * @upstream wal.c walWriteOneFrame
 * @divergence wal-index-views
 */
function walWriteOneFrame(p: WalWriter, pPage: PgHdr, nTruncate: number, iOffset: number): number {
  let rc: number;
  let pData: Uint8Array;
  const { aFrame } = p;
  pData = pPage.pData;
  walEncodeFrame(p.pWal!, pPage.pgno, nTruncate, pData, aFrame);
  rc = walWriteToLog(p, aFrame, aFrame.length, iOffset);
  if (rc) return rc;
  rc = walWriteToLog(p, pData, p.szPage, iOffset + aFrame.length);
  return rc;
}

/**
 * Writes the headers of the transaction's frames anew, from the first one that was overwritten up to
 * `iLast`, because all checksums after it have changed. For a commit.
 *
 * @upstream wal.c walRewriteChecksums
 */
function walRewriteChecksums(pWal: Wal, iLast: number): number {
  const szPage = pWal.szPage;
  let rc = SQLITE_OK;
  let aBuf: Uint8Array | null;
  const aFrame = new Uint8Array(WAL_FRAME_HDRSIZE);
  let iRead: number;
  let iCksumOff: number;

  aBuf = sqlite3_malloc(szPage + WAL_FRAME_HDRSIZE);
  if (aBuf === null) return SQLITE_NOMEM_BKPT;

  /* The checksum to go on from: the one before the first frame, or the log's header has it. */
  assert(pWal.iReCksum > 0);
  if (pWal.iReCksum === 1) {
    iCksumOff = 24;
  } else {
    iCksumOff = walFrameOffset((pWal.iReCksum - 1) >>> 0, szPage) + 16;
  }
  rc = sqlite3OsRead(pWal.pWalFd!, aBuf, 4 * 2, iCksumOff);
  pWal.hdr.aFrameCksum[0] = sqlite3Get4byte(aBuf, 0);
  pWal.hdr.aFrameCksum[1] = sqlite3Get4byte(aBuf, 4);

  iRead = pWal.iReCksum;
  pWal.iReCksum = 0;
  for (; rc === SQLITE_OK && iRead <= iLast; iRead++) {
    const iOff = walFrameOffset(iRead, szPage);
    rc = sqlite3OsRead(pWal.pWalFd!, aBuf, szPage + WAL_FRAME_HDRSIZE, iOff);
    if (rc === SQLITE_OK) {
      let iPgno: number;
      let nDbSize: number;
      iPgno = sqlite3Get4byte(aBuf, 0);
      nDbSize = sqlite3Get4byte(aBuf, 4);

      walEncodeFrame(pWal, iPgno, nDbSize, aBuf.subarray(WAL_FRAME_HDRSIZE), aFrame);
      rc = sqlite3OsWrite(pWal.pWalFd!, aFrame, aFrame.length, iOff);
    }
  }

  sqlite3_free(aBuf);
  return rc;
}

/**
 * Does the work of {@link sqlite3WalFrames}.
 *
 * A page that the transaction has spilled before overwrites its frame, except that the last frame of a
 * commit is always appended. A log that is empty gets its header first. A commit with sync flags syncs;
 * where a torn write can damage a whole sector the last frame is repeated up to the end of the sector
 * before. Index entries come last, and the shared header only with a commit.
 *
 * @upstream wal.c walFrames
 * @divergence wal-assert-result
 */
function walFrames(
  pWal: Wal,
  szPage: number,
  pList: PgHdr,
  nTruncate: Pgno,
  isCommit: number,
  sync_flags: number,
): number {
  let rc: number;
  let iFrame: number;
  let p: PgHdr | null;
  let pLast: PgHdr | null = null;
  let nExtra = 0;
  let szFrame: number;
  let iOffset: number;
  const { w } = pWal;
  let iFirst = 0;
  let pLive: WalIndexHdr;

  assert(pList);
  assert(pWal.writeLock);

  assert((isCommit !== 0) === (nTruncate !== 0));

  /* Has this transaction written frames already? Then those from iFirst on are its own. */
  pLive = walIndexHdr(pWal)[0];
  if (compareHdr(pWal.hdr, pLive) !== 0) {
    iFirst = (pLive.mxFrame + 1) >>> 0;
  }

  if (SQLITE_OK !== (rc = walRestartLog(pWal))) {
    return rc;
  }

  iFrame = pWal.hdr.mxFrame;
  if (iFrame === 0) {
    const aWalHdr = new Uint8Array(WAL_HDRSIZE);
    const aCksum = new Uint32Array(2);

    sqlite3Put4byte(aWalHdr, WAL_MAGIC | SQLITE_BIGENDIAN, 0);
    sqlite3Put4byte(aWalHdr, WAL_MAX_VERSION, 4);
    sqlite3Put4byte(aWalHdr, szPage, 8);
    sqlite3Put4byte(aWalHdr, pWal.nCkpt, 12);
    if (pWal.nCkpt === 0) sqlite3_randomness(8, pWal.hdr.aSaltByte);
    memcpy(aWalHdr.subarray(16), pWal.hdr.aSaltByte, 8);
    walChecksumBytes(1, aWalHdr, WAL_HDRSIZE - 2 * 4, null, aCksum);
    sqlite3Put4byte(aWalHdr, aCksum[0]!, 24);
    sqlite3Put4byte(aWalHdr, aCksum[1]!, 28);

    pWal.szPage = szPage;
    pWal.hdr.bigEndCksum = SQLITE_BIGENDIAN;
    pWal.hdr.aFrameCksum[0] = aCksum[0]!;
    pWal.hdr.aFrameCksum[1] = aCksum[1]!;
    pWal.truncateOnCommit = 1;

    rc = sqlite3OsWrite(pWal.pWalFd!, aWalHdr, aWalHdr.length, 0);
    if (rc !== SQLITE_OK) {
      return rc;
    }

    /* If new frames reached the disk before the new header, old and new ones could be taken together. */
    if (pWal.syncHeader) {
      rc = sqlite3OsSync(pWal.pWalFd!, CKPT_SYNC_FLAGS(sync_flags));
      if (rc) return rc;
    }
  }
  if ((pWal.szPage | 0) !== szPage) {
    return SQLITE_CORRUPT_BKPT(71564);
  }

  w.pWal = pWal;
  w.pFd = pWal.pWalFd;
  w.iSyncPoint = 0;
  w.syncFlags = sync_flags;
  w.szPage = szPage;
  iOffset = walFrameOffset(iFrame + 1, szPage);
  szFrame = szPage + WAL_FRAME_HDRSIZE;

  for (p = pList; p !== null; p = p.pDirty) {
    let nDbSize: number;

    if (iFirst && (p.pDirty !== null || isCommit === 0)) {
      const iWrite = new Ref(0);
      rc = walFindFrame(pWal, p.pgno, iWrite);
      assert(rc === SQLITE_OK || iWrite.value === 0);
      if (iWrite.value >= iFirst) {
        const iOff = walFrameOffset(iWrite.value, szPage) + WAL_FRAME_HDRSIZE;
        let pData: Uint8Array;
        if (pWal.iReCksum === 0 || iWrite.value < pWal.iReCksum) {
          pWal.iReCksum = iWrite.value;
        }
        pData = p.pData;
        rc = sqlite3OsWrite(pWal.pWalFd!, pData, szPage, iOff);
        if (rc) return rc;
        p.flags &= ~PGHDR_WAL_APPEND;
        continue;
      }
    }

    iFrame++;
    assert(iOffset === walFrameOffset(iFrame, szPage));
    nDbSize = isCommit && p.pDirty === null ? nTruncate : 0;
    rc = walWriteOneFrame(w, p, nDbSize, iOffset);
    if (rc) return rc;
    pLast = p;
    iOffset += szFrame;
    p.flags |= PGHDR_WAL_APPEND;
  }

  if (isCommit && pWal.iReCksum) {
    rc = walRewriteChecksums(pWal, iFrame);
    if (rc) return rc;
  }

  if (isCommit && WAL_SYNC_FLAGS(sync_flags) !== 0) {
    let bSync = 1;
    if (pWal.padToSectorBoundary) {
      const sectorSize = sqlite3SectorSize(pWal.pWalFd!);
      w.iSyncPoint = Math.floor((iOffset + sectorSize - 1) / sectorSize) * sectorSize;
      bSync = w.iSyncPoint === iOffset ? 1 : 0;
      testcase(bSync);
      while (iOffset < w.iSyncPoint) {
        rc = walWriteOneFrame(w, pLast!, nTruncate, iOffset);
        if (rc) return rc;
        iOffset += szFrame;
        nExtra++;
        assert(pLast !== null);
      }
    }
    if (bSync) {
      assert(rc === SQLITE_OK);
      rc = sqlite3OsSync(w.pFd!, WAL_SYNC_FLAGS(sync_flags));
    }
  }

  /* The first commit of a round cuts off what the last round left behind it. */
  if (isCommit && pWal.truncateOnCommit && pWal.mxWalSize >= 0) {
    let sz = pWal.mxWalSize;
    if (walFrameOffset(iFrame + nExtra + 1, szPage) > pWal.mxWalSize) {
      sz = walFrameOffset(iFrame + nExtra + 1, szPage);
    }
    walLimitSize(pWal, sz);
    pWal.truncateOnCommit = 0;
  }

  /* No lock is needed: readers pass over entries of frames after their own mxFrame. */
  iFrame = pWal.hdr.mxFrame;
  for (p = pList; p !== null && rc === SQLITE_OK; p = p.pDirty) {
    if ((p.flags & PGHDR_WAL_APPEND) === 0) continue;
    iFrame++;
    rc = walIndexAppend(pWal, iFrame, p.pgno);
  }
  assert(pLast !== null || nExtra === 0);
  while (rc === SQLITE_OK && nExtra > 0) {
    iFrame++;
    nExtra--;
    rc = walIndexAppend(pWal, iFrame, pLast!.pgno);
  }

  if (rc === SQLITE_OK) {
    pWal.hdr.szPage = ((szPage & 0xff00) | (szPage >> 16)) & 0xffff;
    testcase(szPage <= 32768);
    testcase(szPage >= 65536);
    pWal.hdr.mxFrame = iFrame;
    if (isCommit) {
      pWal.hdr.iChange++;
      pWal.hdr.nPage = nTruncate;
    }
    if (isCommit) {
      walIndexWriteHdr(pWal);
      pWal.iCallback = iFrame;
    }
  }

  return rc;
}

/**
 * Appends dirty pages to the log; the write transaction is open.
 *
 * @param pList linked by pDirty, ascending page numbers.
 * @param nTruncate size of the database in pages after a commit; 0 if this is none.
 * @param isCommit 1: the last frame ends the transaction.
 * @param sync_flags the pager's walSyncFlags, see {@link WAL_SYNC_FLAGS}.
 * @upstream wal.c sqlite3WalFrames
 */
export function sqlite3WalFrames(
  pWal: Wal,
  szPage: number,
  pList: PgHdr,
  nTruncate: Pgno,
  isCommit: number,
  sync_flags: number,
): number {
  let rc: number;
  SEH_TRY(pWal);
  rc = walFrames(pWal, szPage, pList, nTruncate, isCommit, sync_flags);
  SEH_EXCEPT(pWal);
  return rc;
}

/* ------------------------------------------------------------------ the rest */

/**
 * Copies frames of the log into the database, see `walCheckpoint`, or with SQLITE_CHECKPOINT_NOOP
 * only tells how many there are. No transaction is open.
 *
 * @param db whose interrupt flag is watched.
 * @param eMode SQLITE_CHECKPOINT_*.
 * @param xBusy asked while a writer or readers are in the way, never for another checkpointer; null up to
 * PASSIVE.
 * @param sync_flags the pager's walSyncFlags, see {@link CKPT_SYNC_FLAGS}.
 * @param zBuf scratch for one page, `nBuf` bytes.
 * @param pnLog receives the number of frames in the log; may be null.
 * @param pnCkpt receives the number of frames copied so far; may be null.
 * @returns SQLITE_BUSY if somebody checkpoints, or if a mode above PASSIVE could not do all it promises.
 * @upstream wal.c sqlite3WalCheckpoint
 */
export function sqlite3WalCheckpoint(
  pWal: Wal,
  db: sqlite3 | null,
  eMode: number,
  xBusy: ((p: unknown) => number) | null,
  pBusyArg: unknown,
  sync_flags: number,
  nBuf: number,
  zBuf: Uint8Array | null,
  pnLog: Ref<number> | null,
  pnCkpt: Ref<number> | null,
): number {
  let rc: number;
  const isChanged = new Ref(0);
  let eMode2 = eMode;
  let xBusy2 = xBusy;

  assert(pWal.ckptLock === 0);
  assert(pWal.writeLock === 0);

  assert(SQLITE_CHECKPOINT_NOOP < SQLITE_CHECKPOINT_PASSIVE);
  assert(eMode > SQLITE_CHECKPOINT_PASSIVE || xBusy === null);

  if (pWal.readOnly) return SQLITE_READONLY;

  sqlite3WalDb(pWal, db);
  if (xBusy2 !== null) walEnableBlocking(pWal);

  if (eMode !== SQLITE_CHECKPOINT_NOOP) {
    rc = walLockExclusive(pWal, WAL_CKPT_LOCK, 1);
    testcase(rc === SQLITE_BUSY);
    testcase(rc !== SQLITE_OK && xBusy2 !== null);
    if (rc === SQLITE_OK) {
      pWal.ckptLock = 1;

      if (eMode !== SQLITE_CHECKPOINT_PASSIVE) {
        rc = walBusyLock(pWal, xBusy2, pBusyArg, WAL_WRITE_LOCK, 1);
        if (rc === SQLITE_OK) {
          pWal.writeLock = 1;
        } else if (rc === SQLITE_BUSY) {
          /* The writer stays: copy what can be copied, and say so in the end. */
          eMode2 = SQLITE_CHECKPOINT_PASSIVE;
          xBusy2 = null;
          rc = SQLITE_OK;
        }
      }
    }
  } else {
    rc = SQLITE_OK;
  }

  SEH_TRY(pWal);
  if (rc === SQLITE_OK) {
    /* A passive checkpoint waits for nobody, not even for a lock that can wait. */
    walDisableBlocking(pWal);
    rc = walIndexReadHdr(pWal, isChanged);
    if (eMode2 > SQLITE_CHECKPOINT_PASSIVE) walEnableBlocking(pWal);
    if (isChanged.value && pWal.pDbFd!.pMethods!.iVersion >= 3) {
      sqlite3OsUnfetch(pWal.pDbFd!, 0, null);
    }
  }

  if (rc === SQLITE_OK) {
    sqlite3FaultSim(660);
    if (pWal.hdr.mxFrame && walPagesize(pWal) !== nBuf) {
      rc = SQLITE_CORRUPT_BKPT(71830);
    } else if (eMode2 !== SQLITE_CHECKPOINT_NOOP) {
      rc = walCheckpoint(pWal, db, eMode2, xBusy2, pBusyArg, sync_flags, zBuf);
    }

    if (rc === SQLITE_OK || rc === SQLITE_BUSY) {
      if (pnLog !== null) pnLog.value = pWal.hdr.mxFrame | 0;
      SEH_INJECT_FAULT(pWal);
      if (pnCkpt !== null) pnCkpt.value = walCkptInfo(pWal).nBackfill | 0;
    }
  }
  SEH_EXCEPT(pWal);

  if (isChanged.value) {
    /* The page cache belongs to the old header; without one the next read transaction will see that. */
    pWal.hdr.clear();
  }

  walDisableBlocking(pWal);
  sqlite3WalDb(pWal, null);

  sqlite3WalEndWriteTransaction(pWal);
  if (pWal.ckptLock) {
    walUnlockExclusive(pWal, WAL_CKPT_LOCK, 1);
    pWal.ckptLock = 0;
  }
  if (SQLITE_ENABLE_SETLK_TIMEOUT) {
    if (rc === SQLITE_BUSY_TIMEOUT) rc = SQLITE_BUSY;
  }
  return rc === SQLITE_OK && eMode !== eMode2 ? SQLITE_BUSY : rc;
}

/**
 * Frames in the log after the last commit, once; 0 if there was none since the last call.
 *
 * @upstream wal.c sqlite3WalCallback
 */
export function sqlite3WalCallback(pWal: Wal | null): number {
  let ret = 0;
  if (pWal !== null) {
    ret = pWal.iCallback;
    pWal.iCallback = 0;
  }
  return ret | 0;
}

/**
 * Changes the locking mode, or asks for it. The pager holds EXCLUSIVE on the database, except for a
 * question, and no write transaction is open.
 *
 * @param op 1: into exclusive mode, giving up the reader's slot. 0: back to normal mode, taking it again;
 * if that fails the mode stays. -1: only ask whether 1 would change the mode.
 * @returns 1 if the mode has changed, or would change, else 0.
 * @upstream wal.c sqlite3WalExclusiveMode
 */
export function sqlite3WalExclusiveMode(pWal: Wal, op: number): number {
  let rc: number;
  assert(pWal.writeLock === 0);
  assert(pWal.exclusiveMode !== WAL_HEAPMEMORY_MODE || op === -1);

  /* Without a reader's slot only after an error, which cannot happen in exclusive mode. */
  assert(pWal.readLock >= 0 || pWal.lockError);
  assert(pWal.readLock >= 0 || (op <= 0 && pWal.exclusiveMode === 0));

  if (op === 0) {
    if (pWal.exclusiveMode !== WAL_NORMAL_MODE) {
      pWal.exclusiveMode = WAL_NORMAL_MODE;
      if (walLockShared(pWal, WAL_READ_LOCK(pWal.readLock)) !== SQLITE_OK) {
        pWal.exclusiveMode = WAL_EXCLUSIVE_MODE;
      }
      rc = (pWal.exclusiveMode as number) === WAL_NORMAL_MODE ? 1 : 0;
    } else {
      rc = 0;
    }
  } else if (op > 0) {
    assert(pWal.exclusiveMode === WAL_NORMAL_MODE);
    assert(pWal.readLock >= 0);
    walUnlockShared(pWal, WAL_READ_LOCK(pWal.readLock));
    pWal.exclusiveMode = WAL_EXCLUSIVE_MODE;
    rc = 1;
  } else {
    rc = pWal.exclusiveMode === WAL_NORMAL_MODE ? 1 : 0;
  }
  return rc;
}

/**
 * 1 if there is a log and its wal-index is kept on the heap, else 0.
 *
 * @upstream wal.c sqlite3WalHeapMemory
 */
export function sqlite3WalHeapMemory(pWal: Wal | null): number {
  return pWal !== null && pWal.exclusiveMode === WAL_HEAPMEMORY_MODE ? 1 : 0;
}

/* ------------------------------------------------------------------ SQLITE_ENABLE_SNAPSHOT */

/**
 * Makes a snapshot of what the open read transaction sees: a copy of its header.
 *
 * @param ppSnapshot receives the snapshot.
 * @returns SQLITE_ERROR, and null, if nothing has been written to the log yet.
 * @upstream wal.c sqlite3WalSnapshotGet
 * @divergence wal-index-views
 */
export function sqlite3WalSnapshotGet(pWal: Wal, ppSnapshot: Ref<sqlite3_snapshot | null>): number {
  let rc = SQLITE_OK;
  const aZero = new Uint32Array(4);

  assert(pWal.readLock >= 0 && pWal.writeLock === 0);

  /* The two words behind aFrameCksum are the salts. */
  if (memcmp(pWal.hdr.aByte.subarray(24), bytesOf(aZero), 16) === 0) {
    ppSnapshot.value = null;
    return SQLITE_ERROR;
  }
  const mem = sqlite3_malloc(sizeof.WalIndexHdr);
  if (mem === null) {
    rc = SQLITE_NOMEM_BKPT;
  } else {
    const pRet = new sqlite3_snapshot(mem);
    headerOf(pRet).assign(pWal.hdr);
    ppSnapshot.value = pRet;
  }

  return rc;
}

/** NON-UPSTREAM: C's cast of a snapshot to the header that it is. */
function headerOf<T extends sqlite3_snapshot | null>(p: T): WalIndexHdr | Extract<T, null> {
  return p === null ? (null as Extract<T, null>) : new WalIndexHdr(p.hidden);
}

/**
 * Makes the next read transactions open on a snapshot; null: on the newest state.
 *
 * @param pSnapshot must live until it is replaced. One whose first word is 0 asks instead for a read
 * transaction that a snapshot can be made of: it will not use slot 0, under which the log may be
 * started over.
 * @upstream wal.c sqlite3WalSnapshotOpen
 */
export function sqlite3WalSnapshotOpen(pWal: Wal, pSnapshot: sqlite3_snapshot | null): void {
  const pHdr = headerOf(pSnapshot);
  if (pHdr !== null && pHdr.iVersion === 0) {
    pWal.bGetSnapshot = 1;
  } else {
    pWal.pSnapshot = pHdr;
    pWal.bGetSnapshot = 0;
  }
}

/**
 * Compares the age of two snapshots of one database: negative, zero or positive.
 *
 * The first salt is compared as a word of the host, though it counts as a big-endian one.
 *
 * @upstream wal.c sqlite3_snapshot_cmp
 */
export function sqlite3_snapshot_cmp(p1: sqlite3_snapshot, p2: sqlite3_snapshot): number {
  const pHdr1 = headerOf(p1);
  const pHdr2 = headerOf(p2);

  if (pHdr1.aSalt[0]! < pHdr2.aSalt[0]!) return -1;
  if (pHdr1.aSalt[0]! > pHdr2.aSalt[0]!) return +1;
  if (pHdr1.mxFrame < pHdr2.mxFrame) return -1;
  if (pHdr1.mxFrame > pHdr2.mxFrame) return +1;
  return 0;
}

/**
 * Checks that a snapshot can still be read, and keeps checkpoints away until
 * {@link sqlite3WalSnapshotUnlock}. A read transaction is open.
 *
 * @returns SQLITE_ERROR_SNAPSHOT if it is gone; SQLITE_BUSY if somebody checkpoints. Then nothing is held.
 * @upstream wal.c sqlite3WalSnapshotCheck
 */
export function sqlite3WalSnapshotCheck(pWal: Wal, pSnapshot: sqlite3_snapshot): number {
  let rc: number;
  SEH_TRY(pWal);
  rc = walLockShared(pWal, WAL_CKPT_LOCK);
  if (rc === SQLITE_OK) {
    const pNew = headerOf(pSnapshot);
    if (
      memcmp(pNew.aSaltByte, pWal.hdr.aSaltByte, 8) ||
      pNew.mxFrame < walCkptInfo(pWal).nBackfillAttempted
    ) {
      rc = SQLITE_ERROR_SNAPSHOT;
      walUnlockShared(pWal, WAL_CKPT_LOCK);
    }
  }
  SEH_EXCEPT(pWal);
  return rc;
}

/**
 * Releases the lock that {@link sqlite3WalSnapshotCheck} took.
 *
 * @upstream wal.c sqlite3WalSnapshotUnlock
 */
export function sqlite3WalSnapshotUnlock(pWal: Wal): void {
  assert(pWal);
  walUnlockShared(pWal, WAL_CKPT_LOCK);
}

/** The log's file. @upstream wal.c sqlite3WalFile */
export function sqlite3WalFile(pWal: Wal): sqlite3_file {
  return pWal.pWalFd!;
}
