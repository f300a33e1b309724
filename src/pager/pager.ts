/**
 * The pager: atomic commit and rollback over a file of equally sized pages.
 *
 * Mirrors pager.c and pager.h of SQLite 3.53.2, function by function and in upstream's order. The
 * layer above (in SQLite the b-tree) asks for pages by number, announces that it is going to change
 * one, and finally commits or rolls back; nested savepoints are supported. Beside the database file
 * the pager keeps either a rollback journal (the old content of changed pages) or a write-ahead log
 * (their new content, see wal/wal.ts), takes the locks that keep other processes out, and repairs
 * the file after a crash. It has no idea of what the pages contain, apart from the first hundred
 * bytes of page 1: a change counter at 24..27 and the version-valid-for pair at 92..99.
 *
 * # States
 *
 * `Pager.eState` always has one of seven values. The names below go without their PAGER_ prefix.
 *
 * ```text
 *        (1)            (2)               (3)                (4)             (5)
 *   OPEN ───────► READER ───► WRITER_LOCKED ──► WRITER_CACHEMOD ──► WRITER_DBMOD ──► WRITER_FINISHED
 *    ▲ ▲            │  ▲            │                 │                  │                │
 *    │ └────(6)─────┘  └────(7)─────┴───────(7)───────┴───────(7)────────┴──────(7)───────┤
 *    │                              │                 │                  │                │
 *    └──────(8)────── ERROR ◄──(9)──┴───────(9)───────┴───────(9)────────┴──────(9)───────┘
 *
 *   (1) sqlite3PagerSharedLock: SHARED lock taken, hot journal played back, stale cache dropped
 *   (2) sqlite3PagerBegin: RESERVED lock on the database, or the write lock of the WAL
 *   (3) pager_open_journal, before the first page changes in the cache (WAL: no journal, same state)
 *   (4) syncJournal, before the first page changes in the file (never with a WAL)
 *   (5) sqlite3PagerCommitPhaseOne: database written and synced (never with a WAL)
 *   (6) pager_unlock    (7) pager_end_transaction    (8) pager_unlock    (9) pager_error
 * ```
 *
 * What each state means, with the lock held at least on the database file in parentheses:
 *
 * - OPEN (any, even none). Nothing is known: the size fields are meaningless, no page may be read.
 *   In exclusive locking mode a pager leaves this state once and comes back only by way of ERROR.
 * - READER (SHARED). `dbSize` is right, no hot journal exists; with a WAL, the log is open. In
 *   exclusive mode the state outlives the read transaction.
 * - WRITER_LOCKED (RESERVED; with a WAL, SHARED and the log's write lock). `dbSize`, `dbOrigSize`,
 *   `dbFileSize` and `dbHintSize` are equal and right. No page has changed, and nothing has been
 *   journalled.
 * - WRITER_CACHEMOD (as before). Pages have changed in the cache. The journal is open and its first
 *   header written, but not synced. The database file is untouched.
 * - WRITER_DBMOD (EXCLUSIVE). The first header is on disk; the database file may have been changed.
 * - WRITER_FINISHED (EXCLUSIVE). The file holds the whole transaction, synced. To finalize the
 *   journal is to commit; no page may change any more.
 * - ERROR (any). `errCode` is set: SQLITE_FULL or some SQLITE_IOERR left cache and file in doubt, and
 *   every call returns that code. Somebody still holds a page; when the last one is released, the
 *   cache is emptied and the state is OPEN again. In-memory pagers are never here.
 *
 * Three roads lead to ERROR: a rollback that fails or, in mode OFF, has no journal to work from
 * (sqlite3PagerRollback; in the latter case `errCode` is SQLITE_ABORT), a journal that cannot be
 * finalized after a commit (sqlite3PagerCommitPhaseTwo), and a cache spill that fails (pagerStress).
 * The third cannot be left to the caller: a mere SELECT can cause the spill, and a SELECT that fails
 * does not make the layer above roll anything back. Other errors are reported and change no state.
 *
 * A pager with an open WAL stays within OPEN, READER, WRITER_LOCKED, WRITER_CACHEMOD and ERROR.
 *
 * # Invariants of the rollback journal
 *
 * They hold in the journal modes DELETE, TRUNCATE and PERSIST. "Synced" means: xSync has succeeded
 * since the write, or PRAGMA synchronous is OFF. Call a page *overwriteable* if (a) its content from
 * the transaction's start stands in the journal, synced; or (b) it was a leaf of the freelist then;
 * or (c) the file did not have it then.
 *
 *  1. A page in the file is overwritten only if it and everything else on its sector are
 *     overwriteable, or if the device writes pages atomically and the transaction changes one page
 *     besides the change counter.
 *  2. What the journal says about a page is what the database said when the transaction began.
 *  3. Writes to the database are whole pages at page boundaries.
 *  4. Reads are too, or else lie within the first 100 bytes.
 *  5. No journal is made worthless, in whatever way, while the database has unsynced writes.
 *  6. Nor is a super-journal deleted then.
 *  7. Lose any subset of the unsynced journal writes, roll back what is left: the database answers
 *     every query as at the transaction's start (freelist leaves may differ).
 *  8. A rollback restores the file's size through xTruncate.
 *  9. Before EXCLUSIVE is released after a change, bytes 24..39 differ in at least one bit, so that
 *     others drop their caches.
 * 10. That bit pattern does not come back within 10^9 transactions.
 * 11. Outside of transactions the file is always well-formed.
 * 12. Whoever writes the file holds EXCLUSIVE.
 * 13. Whoever reads it holds SHARED.
 *
 * # The journal file
 *
 * ```text
 *   offset 0      header, padded with zeros to a full sector (to a page, and then repeated, where
 *                 the sector is larger than a page):
 *                   8  magic d9 d5 05 f9 20 a1 63 d7
 *                   4  number of records, or ffffffff: as many as the file holds
 *                   4  nonce, the start value of each record's checksum
 *                   4  pages in the database when the transaction began
 *                   4  sector size
 *                   4  page size
 *   then          records: 4 page number, pageSize content, 4 checksum
 *   next sector   after a sync, another header and more records; and so on
 *   at the end    only in a transaction over several files:
 *                   4  page number of the lock page, which no record can have
 *                   N  name of the super-journal
 *                   4  N
 *                   4  sum of the name's bytes, taken as signed
 *                   8  magic
 * ```
 *
 * All integers are big-endian. The sub-journal, which serves savepoints, has records without
 * checksum and no header.
 *
 * @upstream pager.c
 * @module
 */

import { sqlite3BackupRestart, sqlite3BackupUpdate } from "../backup.js";
import { memcmp, memcpy, memset, ptrdiff, strcmp, strlen, toCString } from "../cstring.js";
import { sqlite3BeginBenignMalloc, sqlite3EndBenignMalloc } from "../fault.js";
import { sqlite3Config } from "../global.js";
import { SQLITE_CANTOPEN_BKPT, SQLITE_CORRUPT_BKPT, sqlite3_uri_boolean } from "../main.js";
import {
  sqlite3_free,
  sqlite3DbFree,
  sqlite3DbMallocRaw,
  sqlite3DbStrDup,
  sqlite3Malloc,
  sqlite3MallocSize,
  sqlite3MallocZero,
  sqlite3Realloc,
} from "../malloc.js";
import { sqlite3IsMemdb } from "../os/memdb.js";
import {
  sqlite3JournalCreate,
  sqlite3JournalIsInMemory,
  sqlite3JournalOpen,
  sqlite3JournalSize,
  sqlite3MemJournalOpen,
} from "../os/memjournal.js";
import {
  EXCLUSIVE_LOCK,
  NO_LOCK,
  PENDING_BYTE,
  PENDING_LOCK,
  RESERVED_LOCK,
  SHARED_LOCK,
  SQLITE_FCNTL_DB_UNCHANGED,
  sqlite3OsAccess,
  sqlite3OsCheckReservedLock,
  sqlite3OsClose,
  sqlite3OsDelete,
  sqlite3OsDeviceCharacteristics,
  sqlite3OsFetch,
  sqlite3OsFileControl,
  sqlite3OsFileControlHint,
  sqlite3OsFileSize,
  sqlite3OsFullPathname,
  sqlite3OsLock,
  sqlite3OsOpen,
  sqlite3OsRead,
  sqlite3OsSectorSize,
  sqlite3OsSync,
  sqlite3OsTruncate,
  sqlite3OsUnfetch,
  sqlite3OsUnlock,
  sqlite3OsWrite,
} from "../os/os.js";
import {
  PCache,
  PGHDR_DIRTY,
  PGHDR_DONT_WRITE,
  PGHDR_MMAP,
  PGHDR_NEED_SYNC,
  PGHDR_WRITEABLE,
  PgHdr,
  sqlite3PCacheIsDirty,
  sqlite3PCachePercentDirty,
  sqlite3PcacheCleanAll,
  sqlite3PcacheClear,
  sqlite3PcacheClearSyncFlags,
  sqlite3PcacheClearWritable,
  sqlite3PcacheClose,
  sqlite3PcacheDirtyList,
  sqlite3PcacheDrop,
  sqlite3PcacheFetch,
  sqlite3PcacheFetchFinish,
  sqlite3PcacheFetchStress,
  sqlite3PcacheGetCachesize,
  sqlite3PcacheIterateDirty,
  sqlite3PcacheMakeClean,
  sqlite3PcacheMakeDirty,
  sqlite3PcacheMove,
  sqlite3PcacheOpen,
  sqlite3PcachePagecount,
  sqlite3PcachePageRefcount,
  sqlite3PcacheRef,
  sqlite3PcacheRefCount,
  sqlite3PcacheRelease,
  sqlite3PcacheSetCachesize,
  sqlite3PcacheSetPageSize,
  sqlite3PcacheSetSpillsize,
  sqlite3PcacheShrink,
  sqlite3PcacheSize,
  sqlite3PcacheTruncate,
} from "../pcache/pcache.js";
import { sqlite3PageFree, sqlite3PageMalloc } from "../pcache/pcache1.js";
import { sqlite3_log, sqlite3_snprintf } from "../printf.js";
import { sqlite3_randomness } from "../random.js";
import {
  ALWAYS,
  assert,
  type Counted,
  type CString,
  EIGHT_BYTE_ALIGNMENT,
  NEVER,
  type Pgno,
  Ref,
  ROUND8,
  SAVEPOINT_RELEASE,
  SAVEPOINT_ROLLBACK,
  SQLITE_ABORT,
  SQLITE_ACCESS_EXISTS,
  SQLITE_BUSY,
  SQLITE_CANTOPEN,
  SQLITE_CANTOPEN_SYMLINK,
  SQLITE_CHECK_PAGES,
  SQLITE_CHECKPOINT_PASSIVE,
  SQLITE_CORRUPT,
  SQLITE_DBSTATUS_CACHE_HIT,
  SQLITE_DBSTATUS_CACHE_MISS,
  SQLITE_DBSTATUS_CACHE_WRITE,
  SQLITE_DEBUG,
  SQLITE_DEFAULT_JOURNAL_SIZE_LIMIT,
  SQLITE_DEFAULT_PAGE_SIZE,
  SQLITE_DEFAULT_SYNCHRONOUS,
  SQLITE_DONE,
  SQLITE_ENABLE_8_3_NAMES,
  SQLITE_ENABLE_ATOMIC_WRITE,
  SQLITE_ENABLE_BATCH_ATOMIC_WRITE,
  SQLITE_ENABLE_SETLK_TIMEOUT,
  SQLITE_ERROR,
  SQLITE_FCNTL_BEGIN_ATOMIC_WRITE,
  SQLITE_FCNTL_BUSYHANDLER,
  SQLITE_FCNTL_COMMIT_ATOMIC_WRITE,
  SQLITE_FCNTL_COMMIT_PHASETWO,
  SQLITE_FCNTL_HAS_MOVED,
  SQLITE_FCNTL_MMAP_SIZE,
  SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE,
  SQLITE_FCNTL_SIZE_HINT,
  SQLITE_FCNTL_SYNC,
  SQLITE_FULL,
  SQLITE_IOCAP_ATOMIC,
  SQLITE_IOCAP_ATOMIC64K,
  SQLITE_IOCAP_ATOMIC512,
  SQLITE_IOCAP_BATCH_ATOMIC,
  SQLITE_IOCAP_IMMUTABLE,
  SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  SQLITE_IOCAP_SAFE_APPEND,
  SQLITE_IOCAP_SEQUENTIAL,
  SQLITE_IOCAP_SUBPAGE_READ,
  SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN,
  SQLITE_IOERR,
  SQLITE_IOERR_BLOCKED,
  SQLITE_IOERR_NOMEM,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_MAX_DEFAULT_PAGE_SIZE,
  SQLITE_MAX_MMAP_SIZE,
  SQLITE_MAX_PAGE_COUNT,
  SQLITE_MAX_PAGE_SIZE,
  SQLITE_NOMEM,
  SQLITE_NOMEM_BKPT,
  SQLITE_NOTFOUND,
  SQLITE_NOTICE_RECOVER_ROLLBACK,
  SQLITE_NoCkptOnClose,
  SQLITE_OK,
  SQLITE_OK_SYMLINK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_DELETEONCLOSE,
  SQLITE_OPEN_EXCLUSIVE,
  SQLITE_OPEN_MAIN_JOURNAL,
  SQLITE_OPEN_MEMORY,
  SQLITE_OPEN_NOFOLLOW,
  SQLITE_OPEN_READONLY,
  SQLITE_OPEN_READWRITE,
  SQLITE_OPEN_SUBJOURNAL,
  SQLITE_OPEN_SUPER_JOURNAL,
  SQLITE_OPEN_TEMP_JOURNAL,
  SQLITE_PTRSIZE,
  SQLITE_READONLY_DBMOVED,
  SQLITE_READONLY_ROLLBACK,
  SQLITE_SYNC_DATAONLY,
  SQLITE_SYNC_FULL,
  SQLITE_SYNC_NORMAL,
  SQLITE_VERSION_NUMBER,
  sizeof,
  type sqlite3,
  type sqlite3_backup,
  sqlite3_file,
  type sqlite3_pcache_page,
  type sqlite3_snapshot,
  type sqlite3_vfs,
  testcase,
} from "../sqliteInt.js";
import {
  sqlite3FaultSim,
  sqlite3FileSuffix3,
  sqlite3Get4byte,
  sqlite3Put4byte,
  sqlite3Strlen30,
} from "../util.js";
import {
  sqlite3WalBeginReadTransaction,
  sqlite3WalBeginWriteTransaction,
  sqlite3WalCallback,
  sqlite3WalCheckpoint,
  sqlite3WalClose,
  sqlite3WalDb,
  sqlite3WalDbsize,
  sqlite3WalEndReadTransaction,
  sqlite3WalEndWriteTransaction,
  sqlite3WalExclusiveMode,
  sqlite3WalFile,
  sqlite3WalFindFrame,
  sqlite3WalFrames,
  sqlite3WalHeapMemory,
  sqlite3WalLimit,
  sqlite3WalOpen,
  sqlite3WalReadFrame,
  sqlite3WalSavepoint,
  sqlite3WalSavepointUndo,
  sqlite3WalSnapshotCheck,
  sqlite3WalSnapshotGet,
  sqlite3WalSnapshotOpen,
  sqlite3WalSnapshotRecover,
  sqlite3WalSnapshotUnlock,
  sqlite3WalUndo,
  sqlite3WalWriteLock,
  WAL_SAVEPOINT_NDATA,
  type Wal,
} from "../wal/wal.js";
import {
  type Bitvec,
  sqlite3BitvecClear,
  sqlite3BitvecCreate,
  sqlite3BitvecDestroy,
  sqlite3BitvecSet,
  sqlite3BitvecTest,
  sqlite3BitvecTestNotNull,
} from "./bitvec.js";

/* ------------------------------------------------------------------ pager.h */

/** A page as callers hold it. @upstream pager.h DbPage */
export type DbPage = PgHdr;

/**
 * Number of the page that contains the lock bytes, computed from the page size. That page never
 * holds content; in a journal its number announces the super-journal's name.
 *
 * @upstream pager.h PAGER_SJ_PGNO_COMPUTED
 */
export function PAGER_SJ_PGNO_COMPUTED(x: Pager): Pgno {
  return (Math.floor(PENDING_BYTE() / x.pageSize) + 1) >>> 0;
}

/** As {@link PAGER_SJ_PGNO_COMPUTED}, from the copy that the pager keeps. @upstream pager.h PAGER_SJ_PGNO */
export function PAGER_SJ_PGNO(x: Pager): Pgno {
  return x.lckPgno;
}

/* Flags of sqlite3PagerOpen. */
/** No rollback journal. */
export const PAGER_OMIT_JOURNAL: number = 0x0001;
/** The database lives in the cache and nowhere else. */
export const PAGER_MEMORY: number = 0x0002;

/* Second argument of sqlite3PagerLockingMode. */
export const PAGER_LOCKINGMODE_QUERY: number = -1;
export const PAGER_LOCKINGMODE_NORMAL: number = 0;
export const PAGER_LOCKINGMODE_EXCLUSIVE: number = 1;

/* Journal modes; the numbers are part of SQLite's interface. */
/** Asks, changes nothing. */
export const PAGER_JOURNALMODE_QUERY: number = -1;
/** Commit deletes the journal. */
export const PAGER_JOURNALMODE_DELETE: number = 0;
/** Commit zeroes the journal's header. */
export const PAGER_JOURNALMODE_PERSIST: number = 1;
/** No journal: no rollback. */
export const PAGER_JOURNALMODE_OFF: number = 2;
/** Commit truncates the journal to nothing. */
export const PAGER_JOURNALMODE_TRUNCATE: number = 3;
/** The journal is kept in memory. */
export const PAGER_JOURNALMODE_MEMORY: number = 4;
/** Write-ahead log instead of a journal. */
export const PAGER_JOURNALMODE_WAL: number = 5;

/** True for the journal mode of the write-ahead log. @upstream pager.h isWalMode */
export function isWalMode(x: number): boolean {
  return x === PAGER_JOURNALMODE_WAL;
}

/** True while the file is open. @upstream pager.h isOpen */
export function isOpen(pFd: sqlite3_file): boolean {
  return pFd.pMethods !== null;
}

/* Flags of sqlite3PagerGet. */
/** The caller is going to overwrite the page: do not read it. */
export const PAGER_GET_NOCONTENT: number = 0x01;
/** The caller is not going to write: a mapped page will do. */
export const PAGER_GET_READONLY: number = 0x02;

/* Flags of sqlite3PagerSetFlags: one of four sync levels, and three bits. */
export const PAGER_SYNCHRONOUS_OFF: number = 0x01;
export const PAGER_SYNCHRONOUS_NORMAL: number = 0x02;
export const PAGER_SYNCHRONOUS_FULL: number = 0x03;
export const PAGER_SYNCHRONOUS_EXTRA: number = 0x04;
/** The bits that hold the sync level. */
export const PAGER_SYNCHRONOUS_MASK: number = 0x07;
export const PAGER_FULLFSYNC: number = 0x08;
export const PAGER_CKPT_FULLFSYNC: number = 0x10;
/** Dirty pages may be written before the commit when the cache is full. */
export const PAGER_CACHESPILL: number = 0x20;
/** The bits other than the sync level. */
export const PAGER_FLAGS_MASK: number = 0x38;

/* ------------------------------------------------------------------ pager.c: constants */

/* Values of Pager.eState, explained at the top of this file. Their order matters: `>=` is used. */
const PAGER_OPEN: number = 0;
const PAGER_READER: number = 1;
const PAGER_WRITER_LOCKED: number = 2;
const PAGER_WRITER_CACHEMOD: number = 3;
const PAGER_WRITER_DBMOD: number = 4;
const PAGER_WRITER_FINISHED: number = 5;
const PAGER_ERROR: number = 6;

/**
 * Value of Pager.eLock after an unlock that failed while the pager left ERROR: the file may or may
 * not be locked, and by us.
 *
 * Elsewhere a wrong eLock does no harm, since it errs on the low side: unlocking always lowers it,
 * locking raises it only on success. Here it would: if EXCLUSIVE were still held, the next check for
 * a hot journal would see "someone" holding RESERVED, take the journal for that of a running
 * transaction and read the database without rolling it back. With UNKNOWN_LOCK, which exists in
 * state OPEN only, sqlite3PagerSharedLock assumes a hot journal and asks for EXCLUSIVE; success
 * there is the only thing that makes eLock a real level again.
 *
 * @upstream pager.c UNKNOWN_LOCK
 */
const UNKNOWN_LOCK: number = EXCLUSIVE_LOCK + 1;

/** Largest sector size that is believed, in bytes; a device that claims more gets this. */
const MAX_SECTOR_SIZE: number = 0x10000;

/* Bits of Pager.doNotSpill. */
/** PRAGMA cache_spill=OFF. */
const SPILLFLAG_OFF: number = 0x01;
/** A journal is being played back: it must not grow meanwhile. */
const SPILLFLAG_ROLLBACK: number = 0x02;
/** Spilling is fine unless it needs a journal sync: the pages of one sector are being journalled. */
const SPILLFLAG_NOSYNC: number = 0x04;

/* Indexes into Pager.aStat. */
const PAGER_STAT_HIT: number = 0;
const PAGER_STAT_MISS: number = 1;
const PAGER_STAT_WRITE: number = 2;
const PAGER_STAT_SPILL: number = 3;

/**
 * First bytes of every journal header. Random data, a sanity check and no more: what tells records
 * of this journal from leftovers of an older one is the nonce in their checksums.
 *
 * @upstream pager.c aJournalMagic
 */
const aJournalMagic: Uint8Array = Uint8Array.of(0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7);

/** What zeroJournalHdr writes over the first header; static in that function upstream. */
const zeroHdr: Uint8Array = new Uint8Array(28);

/* ------------------------------------------------------------------ pager.c: structs */

/**
 * One open savepoint, or the implicit one around a statement. All of a pager's savepoints are in
 * {@link Pager.aSavepoint}, the outermost first.
 *
 * @upstream pager.c PagerSavepoint
 */
export class PagerSavepoint {
  /** Where in the main journal this savepoint's records start, in bytes. */
  iOffset = 0;
  /**
   * 0, or where the records of the first journal section end if a further header was written while
   * the savepoint was open. Playback skips from here to that header.
   */
  iHdrOffset = 0;
  /** The pages that need no further sub-journal record on this savepoint's behalf. */
  pInSavepoint: Bitvec | null = null;
  /** Pages in the database when the savepoint was opened. */
  nOrig: Pgno = 0;
  /** Number of this savepoint's first record in the sub-journal. */
  iSubRec: Pgno = 0;
  /** Whether releasing the savepoint may truncate the sub-journal. */
  bTruncateOnRelease = 0;
  /** Position in the WAL, as sqlite3WalSavepoint left it. */
  readonly aWalData: Uint32Array = new Uint32Array(WAL_SAVEPOINT_NDATA);

  /** Zeroes the struct, as C does with memset. NON-UPSTREAM. */
  clear(): void {
    this.iOffset = 0;
    this.iHdrOffset = 0;
    this.pInSavepoint = null;
    this.nOrig = 0;
    this.iSubRec = 0;
    this.bTruncateOnRelease = 0;
    this.aWalData.fill(0);
  }
}

/** NON-UPSTREAM: memset of `n` structs from the `i`-th one on; those that the array has not yet are made. */
function clearSavepoints(a: PagerSavepoint[], i: number, n: number): void {
  for (let j = i; j < i + n; j++) {
    if (j < a.length) a[j]!.clear();
    else a.push(new PagerSavepoint());
  }
}

/**
 * An open database file with its cache, journal and locks.
 *
 * Fields of type u8 are 0 or 1 unless their comment says otherwise. Sizes in pages are u32; offsets
 * are bytes. Everything from eState to pMmapFreelist changes in the course of work, the rest only
 * when the configuration does.
 *
 * @upstream pager.c Pager
 */
export class Pager implements Counted {
  /** The block of C's struct: it also counts the cache, the file handles and the names that follow. */
  mem: Uint8Array | null;

  /** The VFS that all files of this pager come from. */
  pVfs: sqlite3_vfs;
  /** PRAGMA locking_mode=EXCLUSIVE: locks are kept between transactions. */
  exclusiveMode = 0;
  /** One of PAGER_JOURNALMODE_*. */
  journalMode = 0;
  /** Whether a rollback journal is used at all. */
  useJournal = 0;
  /** Nothing is synced (PRAGMA synchronous=OFF, temporary files). */
  noSync = 0;
  /** The journal gets the additional syncs that PRAGMA synchronous=FULL asks for. */
  fullSync = 0;
  /** The directory is synced after the journal's deletion. */
  extraSync = 0;
  /** Flags of xSync in rollback mode: SQLITE_SYNC_NORMAL or SQLITE_SYNC_FULL; 0 with noSync. */
  syncFlags = 0;
  /**
   * Flags of xSync in WAL mode: bits 0 and 1 for commits, zero when these are not synced
   * (synchronous=NORMAL), bits 2 and 3 for checkpoints. See WAL_SYNC_FLAGS and CKPT_SYNC_FLAGS, which
   * are right; upstream's comment on this field has the two pairs the other way round.
   */
  walSyncFlags = 0;
  /** The file is temporary, or in memory or immutable and treated like one. */
  tempFile = 0;
  /** The database file is not locked (except in WAL mode). */
  noLock = 0;
  /** The file was opened for reading only. */
  readOnly = 0;
  /** The database is in the cache; no file is touched. */
  memDb = 0;
  /** The VFS keeps the database in memory. */
  memVfs = 0;

  /** One of PAGER_OPEN .. PAGER_ERROR. */
  eState = 0;
  /**
   * Lock believed to be held on the database file: NO_LOCK, SHARED_LOCK, RESERVED_LOCK,
   * EXCLUSIVE_LOCK or `UNKNOWN_LOCK`. Databases that need no locks say EXCLUSIVE_LOCK always,
   * which together with exclusiveMode keeps the pager from ever asking for one.
   */
  eLock = 0;
  /**
   * The change counter has been incremented since EXCLUSIVE was obtained, so that this commit need
   * not do it: a connection in exclusive mode increments it once.
   */
  changeCountDone = 0;
  /**
   * The journal carries a super-journal's name. In PERSIST mode such a journal is finalized by
   * truncation: zeroing the header would leave the name at the end of the file, where it would
   * mislead the rollback of a later transaction. Cleared whenever the journal is finalized, even
   * if that fails.
   */
  setSuper = 0;
  /** SPILLFLAG_* bits: what pagerStress may not do at the moment. */
  doNotSpill = 0;
  /** A sub-journal, when opened, shall be in memory. Set at the start of each write transaction. */
  subjInMemory = 0;
  /** Pages may be read through xFetch. */
  bUseFetch = 0;
  /** A SHARED lock has been held at some time. */
  hasHeldSharedLock = 0;
  /**
   * Pages in the database as the transaction sees it; valid from READER on. Taken from the file's
   * size, where a partial page at the end counts as one: see pagerPagecount.
   */
  dbSize: Pgno = 0;
  /** `dbSize` when the write transaction began; valid from WRITER_LOCKED on. */
  dbOrigSize: Pgno = 0;
  /**
   * Pages in the file on disk; valid from WRITER_LOCKED on. Serves to see at commit that the file
   * is longer than the database and must be cut.
   */
  dbFileSize: Pgno = 0;
  /** The size in pages that SQLITE_FCNTL_SIZE_HINT announced, at least `dbFileSize`'s first value. */
  dbHintSize: Pgno = 0;
  /**
   * SQLITE_OK except in ERROR: there SQLITE_FULL, an SQLITE_IOERR code, or SQLITE_ABORT after a
   * rollback without a journal.
   */
  errCode = 0;
  /** Records written since the last journal header. */
  nRec = 0;
  /** The journal's nonce, u32. */
  cksumInit = 0;
  /** Records in the sub-journal, u32. */
  nSubRec = 0;
  /** The pages that are in the journal. */
  pInJournal: Bitvec | null = null;
  /** The database file. */
  fd: sqlite3_file = new sqlite3_file();
  /** The main journal. */
  jfd: sqlite3_file = new sqlite3_file();
  /** The sub-journal. */
  sjfd: sqlite3_file = new sqlite3_file();
  /** Where the next journal write goes. */
  journalOff = 0;
  /** Where the latest journal header is. */
  journalHdr = 0;
  /** Head of the list of backups that read from this pager; sqlite3PagerBackupPtr hands out the Ref. */
  pBackup: Ref<sqlite3_backup | null> = new Ref<sqlite3_backup | null>(null);
  /** The open savepoints: the first `nSavepoint` elements. Later ones wait for being opened again. */
  readonly aSavepoint: PagerSavepoint[] = [];
  /** NON-UPSTREAM: the counted block of `aSavepoint`; null where C's array pointer is. */
  aSavepointMem: Uint8Array | null = null;
  nSavepoint = 0;
  /** u32 that changes whenever the content may have; never goes to disk. */
  iDataVersion = 0;
  /** Bytes 24..39 of page 1 as last read or written: tells whether others changed the file. */
  dbFileVers: Uint8Array = new Uint8Array(16);
  /** Mapped pages that are in use. */
  nMmapOut = 0;
  /** Most bytes of the file that shall be mapped. */
  szMmap = 0;
  /** Page headers for mapped pages that are not in use, linked through pDirty. */
  pMmapFreelist: PgHdr | null = null;

  /** Bytes of extra space with each page, u16. */
  nExtra = 0;
  /** Bytes at the end of each page that the layer above leaves alone, i16. */
  nReserve = 0;
  /** Flags for xOpen. */
  vfsFlags = 0;
  /** Bytes that a torn write may damage; also the size of a journal header. */
  sectorSize = 0;
  /** Most pages the database may have. */
  mxPgno: Pgno = 0;
  /** The page that contains the lock bytes; see {@link PAGER_SJ_PGNO}. */
  lckPgno: Pgno = 0;
  /** Bytes in a page: a power of two, 512 to 65536. */
  pageSize = 0;
  /** A persistent journal is cut to this many bytes; negative: never. */
  journalSizeLimit = 0;
  /**
   * Name of the database file, empty for a temporary one. It lies in `mem`, preceded by four zero
   * bytes and followed by URI parameters, `zJournal` and `zWal`; see sqlite3PagerOpen.
   */
  zFilename: CString;
  /** Name of the journal, in the same block; null for a temporary file. */
  zJournal: CString | null = null;
  /** Called when a lock is busy; 0 gives up. */
  xBusyHandler: ((p: unknown) => number) | null = null;
  pBusyHandlerArg: unknown = null;
  /** Cache hits, misses, writes and spills; see PAGER_STAT_HIT. */
  aStat: Uint32Array = new Uint32Array(4);
  /** Called for a page whose content has changed under the layer above. */
  xReiniter: ((pPage: DbPage) => void) | null = null;
  /** The page getter in force; see setGetterMethod. */
  xGet: (pPager: Pager, pgno: Pgno, ppPage: Ref<DbPage | null>, flags: number) => number = getPageNormal;
  /** pageSize + 8 bytes for a page, a journal header or a name in passing. */
  pTmpSpace: Uint8Array | null = null;
  pPCache: PCache;
  /** The write-ahead log, while one is in use. */
  pWal: Wal | null = null;
  /** Name of the write-ahead log, in the same block as `zFilename`; null for a temporary file. */
  zWal: CString | null = null;
  /** Connection whose lock timeout the WAL honours (SQLITE_ENABLE_SETLK_TIMEOUT). */
  dbWal: sqlite3 | null = null;
  /** NON-UPSTREAM: key of this pager in `pagerById`, 0 when it is not there. */
  iPagerId = 0;
  /**
   * NON-UPSTREAM: out-pointer of getPageNormal's call to sqlite3PcacheFetchStress. That call may spill,
   * and thereby run anything, but it stores its result as its last act, and getPageNormal takes the
   * result before it calls anything else. Null in between, so as not to keep a page's memory alive.
   */
  refStressPage: Ref<sqlite3_pcache_page | null> = new Ref<sqlite3_pcache_page | null>(null);
  /** NON-UPSTREAM: out-pointer of getPageMMap's call to sqlite3WalFindFrame, under the same rule. */
  refWalFrame: Ref<number> = new Ref<number>(0);

  /**
   * A pager as C has it after the allocation, all zero.
   *
   * @param mem the block that sqlite3PagerOpen allocated for the pager and what follows it.
   */
  constructor(mem: Uint8Array, pVfs: sqlite3_vfs, pPCache: PCache) {
    this.mem = mem;
    this.pVfs = pVfs;
    this.zFilename = mem;
    this.pPCache = pPCache;
  }
}

/* ------------------------------------------------------------------ the pointer before the filename */

/**
 * The pagers that can be found from their filename.
 *
 * C stores a pointer to the pager in front of the filename, for sqlite3_database_file_object. Here
 * the pointer-sized slot holds a number, and this map says whose it is.
 *
 * NON-UPSTREAM.
 *
 * @divergence pager-id
 */
const pagerById: Map<number, Pager> = new Map();
let iLastPagerId = 0;

/**
 * Gives the pager a number, writes it into the pointer-sized slot at byte `i` of `p` and remembers
 * the pager until {@link forgetPager}.
 *
 * NON-UPSTREAM: C's `memcpy(pPtr, &pPager, SQLITE_PTRSIZE)`.
 */
function rememberPager(pPager: Pager, p: Uint8Array, i = 0): void {
  do {
    iLastPagerId = (iLastPagerId + 1) >>> 0;
  } while (iLastPagerId === 0 || pagerById.has(iLastPagerId));
  pPager.iPagerId = iLastPagerId;
  pagerById.set(iLastPagerId, pPager);
  put32bits(p, iLastPagerId, i);
}

/**
 * The pager whose number is in the slot at byte `i` of `p`, or null if it has been closed.
 *
 * NON-UPSTREAM: C's `*(Pager**)p`.
 */
function recallPager(p: Uint8Array, i = 0): Pager | null {
  return pagerById.get(sqlite3Get4byte(p, i)) ?? null;
}

/** To be called where C frees the pager's block. NON-UPSTREAM. */
function forgetPager(pPager: Pager): void {
  pagerById.delete(pPager.iPagerId);
  pPager.iPagerId = 0;
}

/* ------------------------------------------------------------------ pager.c: macros */

/** Bytes of one record in the main journal. @upstream pager.c JOURNAL_PG_SZ */
function JOURNAL_PG_SZ(pPager: Pager): number {
  return pPager.pageSize + 8;
}

/** Bytes of a journal header with its padding: one sector. @upstream pager.c JOURNAL_HDR_SZ */
function JOURNAL_HDR_SZ(pPager: Pager): number {
  return pPager.sectorSize;
}

/**
 * Non-zero for a database that is in the cache only.
 *
 * @upstream pager.c MEMDB
 * @divergence memdb-argument
 */
function MEMDB(pPager: Pager): number {
  return pPager.memDb;
}

/** Non-zero if pages may be read through xFetch. @upstream pager.c USEFETCH */
function USEFETCH(x: Pager): number {
  return SQLITE_MAX_MMAP_SIZE > 0 ? x.bUseFetch : 0;
}

/** True while the pager works with a write-ahead log. @upstream pager.c pagerUseWal */
function pagerUseWal(x: Pager): boolean {
  return x.pWal !== null;
}

/** Writes the u32 `v` big-endian at byte `i` of `p`. @upstream pager.c put32bits */
function put32bits(p: Uint8Array, v: number, i = 0): void {
  sqlite3Put4byte(p, v, i);
}

/* ------------------------------------------------------------------ pager.c: functions */

/**
 * Whether the layer above may read page `pgno` from the file itself, past the cache: the file is
 * open, its VFS reads parts of pages, the cache has nothing dirty, and the page is not in the WAL.
 *
 * Compiled in with SQLITE_DIRECT_OVERFLOW_READ, which is on by default.
 *
 * @upstream pager.c sqlite3PagerDirectReadOk
 */
export function sqlite3PagerDirectReadOk(pPager: Pager, pgno: Pgno): number {
  assert(pPager !== null);
  assert(pPager.fd !== null);
  if (pPager.fd.pMethods === null) return 0;
  if (sqlite3PCacheIsDirty(pPager.pPCache)) return 0;
  if (pPager.pWal !== null) {
    const iRead = new Ref(0);
    sqlite3WalFindFrame(pPager.pWal, pgno, iRead);
    if (iRead.value) return 0;
  }
  assert(pPager.fd.pMethods.xDeviceCharacteristics);
  if ((pPager.fd.pMethods.xDeviceCharacteristics(pPager.fd) & SQLITE_IOCAP_SUBPAGE_READ) === 0) {
    return 0;
  }
  return 1;
}

/**
 * Asserts what the header of this file says about the pager's present state; always returns 1, so
 * that it can stand inside an assert.
 *
 * @upstream pager.c assert_pager_state
 */
function assert_pager_state(p: Pager): number {
  const pPager = p;

  assert(
    p.eState === PAGER_OPEN ||
      p.eState === PAGER_READER ||
      p.eState === PAGER_WRITER_LOCKED ||
      p.eState === PAGER_WRITER_CACHEMOD ||
      p.eState === PAGER_WRITER_DBMOD ||
      p.eState === PAGER_WRITER_FINISHED ||
      p.eState === PAGER_ERROR,
  );

  /* A temporary file is nobody else's business: always "locked", its change counter always "done". */
  assert(p.tempFile === 0 || p.eLock === EXCLUSIVE_LOCK);
  assert(p.tempFile === 0 || pPager.changeCountDone);

  assert(p.journalMode === PAGER_JOURNALMODE_OFF || p.useJournal);
  assert(p.journalMode !== PAGER_JOURNALMODE_OFF || !isOpen(p.jfd));

  /* An in-memory pager does no I/O, so that no I/O can fail: it is never in ERROR. */
  if (MEMDB(pPager)) {
    assert(!isOpen(p.fd));
    assert(p.noSync);
    assert(p.journalMode === PAGER_JOURNALMODE_OFF || p.journalMode === PAGER_JOURNALMODE_MEMORY);
    assert(p.eState !== PAGER_ERROR && p.eState !== PAGER_OPEN);
    assert(!pagerUseWal(p));
  }

  /* The change counter can only have been changed by the holder of a writer's lock. */
  assert(pPager.changeCountDone === 0 || pPager.eLock >= RESERVED_LOCK);
  assert(p.eLock !== PENDING_LOCK);

  switch (p.eState) {
    case PAGER_OPEN:
      assert(!MEMDB(pPager));
      assert(pPager.errCode === SQLITE_OK);
      assert(sqlite3PcacheRefCount(pPager.pPCache) === 0 || pPager.tempFile);
      break;

    case PAGER_READER:
      assert(pPager.errCode === SQLITE_OK);
      assert(p.eLock !== UNKNOWN_LOCK);
      assert(p.eLock >= SHARED_LOCK);
      break;

    case PAGER_WRITER_LOCKED:
      assert(p.eLock !== UNKNOWN_LOCK);
      assert(pPager.errCode === SQLITE_OK);
      if (!pagerUseWal(pPager)) {
        assert(p.eLock >= RESERVED_LOCK);
      }
      assert(pPager.dbSize === pPager.dbOrigSize);
      assert(pPager.dbOrigSize === pPager.dbFileSize);
      assert(pPager.dbOrigSize === pPager.dbHintSize);
      assert(pPager.setSuper === 0);
      break;

    case PAGER_WRITER_CACHEMOD:
      assert(p.eLock !== UNKNOWN_LOCK);
      assert(pPager.errCode === SQLITE_OK);
      if (!pagerUseWal(pPager)) {
        /* Neither journal nor log is open if a rollback undoes a change of mode from OFF to WAL. */
        assert(p.eLock >= RESERVED_LOCK);
        assert(
          isOpen(p.jfd) || p.journalMode === PAGER_JOURNALMODE_OFF || p.journalMode === PAGER_JOURNALMODE_WAL,
        );
      }
      assert(pPager.dbOrigSize === pPager.dbFileSize);
      assert(pPager.dbOrigSize === pPager.dbHintSize);
      break;

    case PAGER_WRITER_DBMOD:
      assert(p.eLock === EXCLUSIVE_LOCK);
      assert(pPager.errCode === SQLITE_OK);
      assert(!pagerUseWal(pPager));
      assert(p.eLock >= EXCLUSIVE_LOCK);
      assert(
        isOpen(p.jfd) ||
          p.journalMode === PAGER_JOURNALMODE_OFF ||
          p.journalMode === PAGER_JOURNALMODE_WAL ||
          sqlite3OsDeviceCharacteristics(p.fd) & SQLITE_IOCAP_BATCH_ATOMIC,
      );
      assert(pPager.dbOrigSize <= pPager.dbHintSize);
      break;

    case PAGER_WRITER_FINISHED:
      assert(p.eLock === EXCLUSIVE_LOCK);
      assert(pPager.errCode === SQLITE_OK);
      assert(!pagerUseWal(pPager));
      assert(
        isOpen(p.jfd) ||
          p.journalMode === PAGER_JOURNALMODE_OFF ||
          p.journalMode === PAGER_JOURNALMODE_WAL ||
          sqlite3OsDeviceCharacteristics(p.fd) & SQLITE_IOCAP_BATCH_ATOMIC,
      );
      break;

    case PAGER_ERROR:
      /* Without a page in use the pager would have gone back to OPEN. */
      assert(pPager.errCode !== SQLITE_OK);
      assert(sqlite3PcacheRefCount(pPager.pPCache) > 0 || pPager.tempFile);
      break;
  }

  return 1;
}

/** What {@link print_pager_state} returns; static in that function upstream. */
const zPagerState: Uint8Array = new Uint8Array(1024);

/**
 * Describes the pager for somebody who debugs: nine lines of text in a buffer that the next call
 * overwrites.
 *
 * @upstream pager.c print_pager_state
 * @divergence static-buffers
 */
export function print_pager_state(p: Pager): CString {
  const zRet = zPagerState;

  sqlite3_snprintf(
    1024,
    zRet,
    "Filename:      %s\n" +
      "State:         %s errCode=%d\n" +
      "Lock:          %s\n" +
      "Locking mode:  locking_mode=%s\n" +
      "Journal mode:  journal_mode=%s\n" +
      "Backing store: tempFile=%d memDb=%d useJournal=%d\n" +
      "Journal:       journalOff=%lld journalHdr=%lld\n" +
      "Size:          dbsize=%d dbOrigSize=%d dbFileSize=%d\n",
    p.zFilename,
    p.eState === PAGER_OPEN
      ? "OPEN"
      : p.eState === PAGER_READER
        ? "READER"
        : p.eState === PAGER_WRITER_LOCKED
          ? "WRITER_LOCKED"
          : p.eState === PAGER_WRITER_CACHEMOD
            ? "WRITER_CACHEMOD"
            : p.eState === PAGER_WRITER_DBMOD
              ? "WRITER_DBMOD"
              : p.eState === PAGER_WRITER_FINISHED
                ? "WRITER_FINISHED"
                : p.eState === PAGER_ERROR
                  ? "ERROR"
                  : "?error?",
    p.errCode,
    p.eLock === NO_LOCK
      ? "NO_LOCK"
      : p.eLock === RESERVED_LOCK
        ? "RESERVED"
        : p.eLock === EXCLUSIVE_LOCK
          ? "EXCLUSIVE"
          : p.eLock === SHARED_LOCK
            ? "SHARED"
            : p.eLock === UNKNOWN_LOCK
              ? "UNKNOWN"
              : "?error?",
    p.exclusiveMode ? "exclusive" : "normal",
    p.journalMode === PAGER_JOURNALMODE_MEMORY
      ? "memory"
      : p.journalMode === PAGER_JOURNALMODE_OFF
        ? "off"
        : p.journalMode === PAGER_JOURNALMODE_DELETE
          ? "delete"
          : p.journalMode === PAGER_JOURNALMODE_PERSIST
            ? "persist"
            : p.journalMode === PAGER_JOURNALMODE_TRUNCATE
              ? "truncate"
              : p.journalMode === PAGER_JOURNALMODE_WAL
                ? "wal"
                : "?error?",
    p.tempFile,
    p.memDb,
    p.useJournal,
    p.journalOff,
    p.journalHdr,
    p.dbSize | 0,
    p.dbOrigSize | 0,
    p.dbFileSize | 0,
  );

  return zRet;
}

/**
 * Chooses the page getter: the one that only fails while an error is pending, the one that maps
 * pages if mapping is allowed, else the normal one. To be called whenever one of these changes.
 *
 * @upstream pager.c setGetterMethod
 */
function setGetterMethod(pPager: Pager): void {
  if (pPager.errCode) {
    pPager.xGet = getPageError;
  } else if (SQLITE_MAX_MMAP_SIZE > 0 && USEFETCH(pPager)) {
    pPager.xGet = getPageMMap;
  } else {
    pPager.xGet = getPageNormal;
  }
}

/**
 * Whether the page must go into the sub-journal before it changes: some open savepoint found it in
 * the database and has not got it yet.
 *
 * If so, the savepoints inside that one are marked: their records no longer are the sub-journal's
 * last, so that releasing them must not truncate it.
 *
 * @upstream pager.c subjRequiresPage
 */
function subjRequiresPage(pPg: PgHdr): number {
  const pPager = pPg.pPager!;
  let p: PagerSavepoint;
  const pgno = pPg.pgno;
  let i: number;
  for (i = 0; i < pPager.nSavepoint; i++) {
    p = pPager.aSavepoint[i]!;
    if (p.nOrig >= pgno && !sqlite3BitvecTestNotNull(p.pInSavepoint!, pgno)) {
      for (i = i + 1; i < pPager.nSavepoint; i++) {
        pPager.aSavepoint[i]!.bTruncateOnRelease = 0;
      }
      return 1;
    }
  }
  return 0;
}

/** Whether the main journal has the page; for asserts. @upstream pager.c pageInJournal */
function pageInJournal(pPager: Pager, pPg: PgHdr): number {
  return sqlite3BitvecTest(pPager.pInJournal, pPg.pgno);
}

/*
 * The local array of read32bits and write32bits, and the one of sqlite3PagerSharedLock; nothing in them survives
 * a call. NON-UPSTREAM: arrays of the module, so that no call makes one.
 */
const ac: Uint8Array = new Uint8Array(4);
const aFileVers: Uint8Array = new Uint8Array(16);

/**
 * Reads a big-endian u32.
 *
 * @param offset bytes from the start of the file.
 * @param pRes receives the value; left alone unless SQLITE_OK is returned.
 * @divergence local-buffers
 * @upstream pager.c read32bits
 */
function read32bits(fd: sqlite3_file, offset: number, pRes: Ref<number>): number {
  const rc = sqlite3OsRead(fd, ac, 4, offset);
  if (rc === SQLITE_OK) {
    pRes.value = sqlite3Get4byte(ac);
  }
  return rc;
}

/**
 * Writes a big-endian u32.
 *
 * @param offset bytes from the start of the file.
 * @divergence local-buffers
 * @upstream pager.c write32bits
 */
function write32bits(fd: sqlite3_file, offset: number, val: number): number {
  put32bits(ac, val);
  return sqlite3OsWrite(fd, ac, 4, offset);
}

/**
 * Lowers the lock on the database file to SHARED_LOCK or NO_LOCK.
 *
 * eLock is lowered even if the VFS fails, unless it is UNKNOWN_LOCK. The change counter is due
 * again with the next commit, except in temporary files, which have no other readers.
 *
 * @upstream pager.c pagerUnlockDb
 */
function pagerUnlockDb(pPager: Pager, eLock: number): number {
  let rc = SQLITE_OK;

  assert(!pPager.exclusiveMode || pPager.eLock === eLock);
  assert(eLock === NO_LOCK || eLock === SHARED_LOCK);
  assert(eLock !== NO_LOCK || !pagerUseWal(pPager));
  if (isOpen(pPager.fd)) {
    assert(pPager.eLock >= eLock);
    rc = pPager.noLock ? SQLITE_OK : sqlite3OsUnlock(pPager.fd, eLock);
    if (pPager.eLock !== UNKNOWN_LOCK) {
      pPager.eLock = eLock & 0xff;
    }
  }
  pPager.changeCountDone = pPager.tempFile;
  return rc;
}

/**
 * Raises the lock on the database file to SHARED_LOCK, RESERVED_LOCK or EXCLUSIVE_LOCK, unless that
 * much is held already.
 *
 * eLock follows only on success, and from UNKNOWN_LOCK only to EXCLUSIVE_LOCK. Returns SQLITE_BUSY
 * if somebody else is in the way; the caller decides whether to wait.
 *
 * @upstream pager.c pagerLockDb
 */
function pagerLockDb(pPager: Pager, eLock: number): number {
  let rc = SQLITE_OK;

  assert(eLock === SHARED_LOCK || eLock === RESERVED_LOCK || eLock === EXCLUSIVE_LOCK);
  if (pPager.eLock < eLock || pPager.eLock === UNKNOWN_LOCK) {
    rc = pPager.noLock ? SQLITE_OK : sqlite3OsLock(pPager.fd, eLock);
    if (rc === SQLITE_OK && (pPager.eLock !== UNKNOWN_LOCK || eLock === EXCLUSIVE_LOCK)) {
      pPager.eLock = eLock & 0xff;
    }
  }
  return rc;
}

/**
 * How much of a journal may stay in memory because the device's guarantees can replace it.
 *
 * -1: all of it, the database is not empty and the device writes a batch of pages atomically
 * (SQLITE_ENABLE_BATCH_ATOMIC_WRITE). Positive: as many bytes as a journal of one page has, the device
 * writes one page atomically, or else has sectors larger than a page, which C's condition lets pass
 * though it must have been meant to exclude them (SQLITE_ENABLE_ATOMIC_WRITE). 0: nothing.
 *
 * @upstream pager.c jrnlBufferSize
 */
function jrnlBufferSize(pPager: Pager): number {
  assert(!MEMDB(pPager));

  let dc = 0;
  if (SQLITE_ENABLE_ATOMIC_WRITE || SQLITE_ENABLE_BATCH_ATOMIC_WRITE) {
    assert(isOpen(pPager.fd));
    dc = sqlite3OsDeviceCharacteristics(pPager.fd);
  }

  if (SQLITE_ENABLE_BATCH_ATOMIC_WRITE) {
    if (pPager.dbSize > 0 && dc & SQLITE_IOCAP_BATCH_ATOMIC) {
      return -1;
    }
  }

  if (SQLITE_ENABLE_ATOMIC_WRITE) {
    {
      const nSector = pPager.sectorSize;
      const szPage = pPager.pageSize;

      assert(SQLITE_IOCAP_ATOMIC512 === 512 >> 8);
      assert(SQLITE_IOCAP_ATOMIC64K === 65536 >> 8);
      /* As in C, where the parentheses let a sector larger than a page count as "atomic". */
      if (!(dc & (SQLITE_IOCAP_ATOMIC | (szPage >> 8)) || nSector > szPage)) {
        return 0;
      }
    }

    return JOURNAL_HDR_SZ(pPager) + JOURNAL_PG_SZ(pPager);
  }

  return 0;
}

/**
 * A hash of the first `nByte` bytes, to find pages that change unannounced: the low half of the 64
 * bits that C computes.
 *
 * @upstream pager.c pager_datahash
 * @divergence pagehash-32
 */
function pager_datahash(nByte: number, pData: Uint8Array): number {
  let hash = 0;
  let i: number;
  for (i = 0; i < nByte; i++) {
    hash = (Math.imul(hash, 1039) + pData[i]!) >>> 0;
  }
  return hash;
}

/** Hash of a page's content. @upstream pager.c pager_pagehash */
function pager_pagehash(pPage: PgHdr): number {
  return pager_datahash(pPage.pPager!.pageSize, pPage.pData!);
}

/**
 * Notes the page's present content as known; only with SQLITE_CHECK_PAGES.
 *
 * @upstream pager.c pager_set_pagehash
 */
function pager_set_pagehash(pPage: PgHdr): void {
  if (SQLITE_CHECK_PAGES) {
    pPage.pageHash = pager_pagehash(pPage);
  }
}

/** {@link checkPage} with SQLITE_CHECK_PAGES, else nothing. @upstream pager.c CHECK_PAGE */
function CHECK_PAGE(x: PgHdr): void {
  if (SQLITE_CHECK_PAGES) {
    checkPage(x);
  }
}

/**
 * Asserts that the page is dirty or has not changed since it was last known to be clean.
 *
 * @upstream pager.c checkPage
 */
function checkPage(pPg: PgHdr): void {
  const pPager = pPg.pPager!;
  assert(pPager.eState !== PAGER_ERROR);
  assert(pPg.flags & PGHDR_DIRTY || pPg.pageHash === pager_pagehash(pPg));
}

/**
 * Reads the super-journal's name from the end of an open journal.
 *
 * The name comes back NUL-terminated (twice) in `zSuper`. No name, one that does not fit or one
 * whose checksum is wrong gives an empty string and SQLITE_OK: a torn name means that the journal
 * was never completed, hence is to be rolled back like any other. I/O errors are returned.
 *
 * @param zSuper room for nSuper + 1 bytes.
 * @param nSuper the VFS's mxPathname + 1; longer names count as none.
 * @upstream pager.c readSuperJournal
 */
function readSuperJournal(pJrnl: sqlite3_file, zSuper: Uint8Array, nSuper: number): number {
  let rc: number;
  const len = new Ref(0);
  const szJ = new Ref(0);
  const cksum = new Ref(0);
  let u: number;
  const aMagic = new Uint8Array(8);
  zSuper[0] = 0;

  if (
    SQLITE_OK !== (rc = sqlite3OsFileSize(pJrnl, szJ)) ||
    szJ.value < 16 ||
    SQLITE_OK !== (rc = read32bits(pJrnl, szJ.value - 16, len)) ||
    len.value >= nSuper ||
    len.value > szJ.value - 16 ||
    len.value === 0 ||
    SQLITE_OK !== (rc = read32bits(pJrnl, szJ.value - 12, cksum)) ||
    SQLITE_OK !== (rc = sqlite3OsRead(pJrnl, aMagic, 8, szJ.value - 8)) ||
    memcmp(aMagic, aJournalMagic, 8) ||
    SQLITE_OK !== (rc = sqlite3OsRead(pJrnl, zSuper, len.value, szJ.value - 16 - len.value))
  ) {
    return rc;
  }

  /* `char` is signed on the platforms whose files we must read. */
  for (u = 0; u < len.value; u++) {
    cksum.value = (cksum.value - ((zSuper[u]! << 24) >> 24)) >>> 0;
  }
  if (cksum.value) {
    len.value = 0;
  }
  zSuper[len.value] = 0;
  zSuper[len.value + 1] = 0;

  return SQLITE_OK;
}

/**
 * The first sector boundary at or after the pager's journalOff, in bytes; sectors are
 * pPager.sectorSize long. 0 for 0; with sectors of 512: 512 for 1 to 512, 1024 for 513.
 *
 * @upstream pager.c journalHdrOffset
 */
function journalHdrOffset(pPager: Pager): number {
  let offset = 0;
  const c = pPager.journalOff;
  if (c) {
    offset = (Math.floor((c - 1) / JOURNAL_HDR_SZ(pPager)) + 1) * JOURNAL_HDR_SZ(pPager);
  }
  assert(offset % JOURNAL_HDR_SZ(pPager) === 0);
  assert(offset >= c);
  assert(offset - c < JOURNAL_HDR_SZ(pPager));
  return offset;
}

/**
 * Makes a persistent journal worthless, which ends the transaction, be it committed or undone: zeroes
 * the first header, or truncates the file to nothing if `doTruncate` is set or the size limit is 0.
 * Does nothing if this transaction has not written to the journal (journalOff is 0).
 *
 * Unless syncing is off, the journal is synced at once. Then a positive size limit is enforced,
 * without another sync: whether the cut survives a crash does not matter.
 *
 * @upstream pager.c zeroJournalHdr
 */
function zeroJournalHdr(pPager: Pager, doTruncate: number): number {
  let rc = SQLITE_OK;
  assert(isOpen(pPager.jfd));
  assert(!sqlite3JournalIsInMemory(pPager.jfd));
  if (pPager.journalOff) {
    const iLimit = pPager.journalSizeLimit;

    if (doTruncate || iLimit === 0) {
      rc = sqlite3OsTruncate(pPager.jfd, 0);
    } else {
      rc = sqlite3OsWrite(pPager.jfd, zeroHdr, 28, 0);
    }
    if (rc === SQLITE_OK && !pPager.noSync) {
      rc = sqlite3OsSync(pPager.jfd, SQLITE_SYNC_DATAONLY | pPager.syncFlags);
    }

    if (rc === SQLITE_OK && iLimit > 0) {
      const sz = new Ref(0);
      rc = sqlite3OsFileSize(pPager.jfd, sz);
      if (rc === SQLITE_OK && sz.value > iLimit) {
        rc = sqlite3OsTruncate(pPager.jfd, iLimit);
      }
    }
  }
  return rc;
}

/**
 * Writes a journal header at the next sector boundary and moves journalHdr there, journalOff behind
 * it. The journal must be open; pTmpSpace is overwritten. The format stands at the top of this file.
 *
 * Magic and record count are left zero: syncJournal fills them in once the records are on disk, so
 * that after a crash a header without its records is no header. If syncing is off, or the device
 * never leaves garbage at the end of a file, they are written at once with the count 0xffffffff.
 * Savepoints that were opened since the last header learn where that one's records end.
 *
 * @upstream pager.c writeJournalHdr
 * @divergence random-words
 */
function writeJournalHdr(pPager: Pager): number {
  let rc = SQLITE_OK;
  const zHeader = pPager.pTmpSpace!;
  let nHeader = pPager.pageSize >>> 0;
  let nWrite: number;
  let ii: number;

  assert(isOpen(pPager.jfd));

  if (nHeader > JOURNAL_HDR_SZ(pPager)) {
    nHeader = JOURNAL_HDR_SZ(pPager);
  }

  for (ii = 0; ii < pPager.nSavepoint; ii++) {
    if (pPager.aSavepoint[ii]!.iHdrOffset === 0) {
      pPager.aSavepoint[ii]!.iHdrOffset = pPager.journalOff;
    }
  }

  pPager.journalHdr = pPager.journalOff = journalHdrOffset(pPager);

  assert(isOpen(pPager.fd) || pPager.noSync);
  if (
    pPager.noSync ||
    pPager.journalMode === PAGER_JOURNALMODE_MEMORY ||
    sqlite3OsDeviceCharacteristics(pPager.fd) & SQLITE_IOCAP_SAFE_APPEND
  ) {
    memcpy(zHeader, aJournalMagic, 8);
    put32bits(zHeader, 0xffffffff, 8);
  } else {
    memset(zHeader, 0, 8 + 4);
  }

  if (pPager.journalMode !== PAGER_JOURNALMODE_MEMORY) {
    /* Four bytes of randomness into a u32, in the machine's byte order. */
    const cksumInit = new Uint32Array(1);
    sqlite3_randomness(4, new Uint8Array(cksumInit.buffer));
    pPager.cksumInit = cksumInit[0]!;
  } else if (SQLITE_DEBUG) {
    /* No nonce is needed: an in-memory journal starts empty, so it has no records of older ones. */
    const sz = new Ref(0);
    sqlite3OsFileSize(pPager.jfd, sz);
    assert(sz.value === 0);
    assert(pPager.journalOff === journalHdrOffset(pPager));
    assert(sqlite3JournalIsInMemory(pPager.jfd));
  }
  put32bits(zHeader, pPager.cksumInit, 8 + 4);

  put32bits(zHeader, pPager.dbOrigSize, 8 + 8);
  put32bits(zHeader, pPager.sectorSize, 8 + 12);
  put32bits(zHeader, pPager.pageSize, 8 + 16);

  memset(zHeader.subarray(8 + 20), 0, nHeader - (8 + 20));

  /* The whole sector is written, as some systems are slow with files that have gaps. A sector
   * larger than a page takes several writes of the same buffer, so the header comes repeatedly. */
  for (nWrite = 0; rc === SQLITE_OK && nWrite < JOURNAL_HDR_SZ(pPager); nWrite = (nWrite + nHeader) >>> 0) {
    rc = sqlite3OsWrite(pPager.jfd, zHeader, nHeader, pPager.journalOff);
    assert(pPager.journalHdr <= pPager.journalOff);
    pPager.journalOff += nHeader;
  }

  return rc;
}

/**
 * Reads the journal header at the next sector boundary after journalOff and moves journalOff behind
 * it. Sets cksumInit; the first header of the file also sets the page size and, until the end of
 * the playback, the sector size to those of the process that wrote it.
 *
 * Returns SQLITE_DONE if there is no valid header: too few bytes left, wrong magic, impossible
 * sizes. The magic of the header that this pager itself is writing is not looked at, unless isHot:
 * it is not there before the next sync.
 *
 * @param journalSize size of the journal file in bytes.
 * @param pNRec receives the number of records, or 0xffffffff.
 * @param pDbSize receives the number of pages when the transaction began.
 * @upstream pager.c readJournalHdr
 * @divergence journaloff-by-ref
 */
function readJournalHdr(
  pPager: Pager,
  isHot: number,
  journalSize: number,
  pNRec: Ref<number>,
  pDbSize: Ref<number>,
): number {
  let rc: number;
  const aMagic = new Uint8Array(8);

  assert(isOpen(pPager.jfd));

  pPager.journalOff = journalHdrOffset(pPager);
  if (pPager.journalOff + JOURNAL_HDR_SZ(pPager) > journalSize) {
    return SQLITE_DONE;
  }
  const iHdrOff = pPager.journalOff;

  if (isHot || iHdrOff !== pPager.journalHdr) {
    rc = sqlite3OsRead(pPager.jfd, aMagic, 8, iHdrOff);
    if (rc) {
      return rc;
    }
    if (memcmp(aMagic, aJournalMagic, 8) !== 0) {
      return SQLITE_DONE;
    }
  }

  const cksumInit = new Ref(pPager.cksumInit);
  if (SQLITE_OK !== (rc = read32bits(pPager.jfd, iHdrOff + 8, pNRec))) {
    return rc;
  }
  if (SQLITE_OK !== (rc = read32bits(pPager.jfd, iHdrOff + 12, cksumInit))) {
    return rc;
  }
  pPager.cksumInit = cksumInit.value;
  if (SQLITE_OK !== (rc = read32bits(pPager.jfd, iHdrOff + 16, pDbSize))) {
    return rc;
  }

  if (pPager.journalOff === 0) {
    const iPageSize = new Ref(0);
    const iSectorSize = new Ref(0);

    if (
      SQLITE_OK !== (rc = read32bits(pPager.jfd, iHdrOff + 20, iSectorSize)) ||
      SQLITE_OK !== (rc = read32bits(pPager.jfd, iHdrOff + 24, iPageSize))
    ) {
      return rc;
    }

    /* SQLite before 3.5.8 wrote 0: the page size is the one we have. */
    if (iPageSize.value === 0) {
      iPageSize.value = pPager.pageSize;
    }

    /* Impossible sizes mean that the writer crashed before its header was on disk. */
    if (
      iPageSize.value < 512 ||
      iSectorSize.value < 32 ||
      iPageSize.value > SQLITE_MAX_PAGE_SIZE ||
      iSectorSize.value > MAX_SECTOR_SIZE ||
      ((iPageSize.value - 1) & iPageSize.value) !== 0 ||
      ((iSectorSize.value - 1) & iSectorSize.value) !== 0
    ) {
      return SQLITE_DONE;
    }

    rc = sqlite3PagerSetPagesize(pPager, iPageSize, -1);
    testcase(rc !== SQLITE_OK);

    /* pager_playback, our only caller with a foreign journal, restores the sector size at its end. */
    pPager.sectorSize = iSectorSize.value;
  }

  pPager.journalOff += JOURNAL_HDR_SZ(pPager);
  return rc;
}

/**
 * Writes the super-journal's name at the end of the journal, in the format shown at the top of this
 * file, and cuts off whatever an older, longer journal left behind it: the name is looked for at
 * the very end of the file.
 *
 * Does nothing if zSuper is null or the journal is not a file that anyone could find. With full
 * syncing the name starts on a sector of its own, since the sector before may be synced already.
 *
 * @param zSuper name of the super-journal; null for a transaction over one file.
 * @upstream pager.c writeSuperJournal
 */
function writeSuperJournal(pPager: Pager, zSuper: CString | null): number {
  let rc: number;
  let nSuper: number;
  const jrnlSize = new Ref(0);
  let cksum = 0;

  assert(pPager.setSuper === 0);
  assert(!pagerUseWal(pPager));

  if (zSuper === null || pPager.journalMode === PAGER_JOURNALMODE_MEMORY || !isOpen(pPager.jfd)) {
    return SQLITE_OK;
  }
  pPager.setSuper = 1;
  assert(pPager.journalHdr <= pPager.journalOff);

  for (nSuper = 0; zSuper[nSuper]; nSuper++) {
    cksum = (cksum + ((zSuper[nSuper]! << 24) >> 24)) >>> 0;
  }

  if (pPager.fullSync) {
    pPager.journalOff = journalHdrOffset(pPager);
  }
  const iHdrOff = pPager.journalOff;

  if (
    0 !== (rc = write32bits(pPager.jfd, iHdrOff, PAGER_SJ_PGNO(pPager))) ||
    0 !== (rc = sqlite3OsWrite(pPager.jfd, zSuper, nSuper, iHdrOff + 4)) ||
    0 !== (rc = write32bits(pPager.jfd, iHdrOff + 4 + nSuper, nSuper)) ||
    0 !== (rc = write32bits(pPager.jfd, iHdrOff + 4 + nSuper + 4, cksum)) ||
    0 !== (rc = sqlite3OsWrite(pPager.jfd, aJournalMagic, 8, iHdrOff + 4 + nSuper + 8))
  ) {
    return rc;
  }
  pPager.journalOff += nSuper + 20;

  if (SQLITE_OK === (rc = sqlite3OsFileSize(pPager.jfd, jrnlSize)) && jrnlSize.value > pPager.journalOff) {
    rc = sqlite3OsTruncate(pPager.jfd, pPager.journalOff);
  }
  return rc;
}

/**
 * Forgets all cached pages: the file may say something else by now. Backups that read from this
 * pager start again, and the data version changes.
 *
 * @upstream pager.c pager_reset
 */
function pager_reset(pPager: Pager): void {
  pPager.iDataVersion = (pPager.iDataVersion + 1) >>> 0;
  sqlite3BackupRestart(pPager.pBackup.value);
  sqlite3PcacheClear(pPager.pPCache);
}

/**
 * A u32 that differs from an earlier result if the content may have changed meanwhile.
 *
 * @upstream pager.c sqlite3PagerDataVersion
 */
export function sqlite3PagerDataVersion(pPager: Pager): number {
  return pPager.iDataVersion;
}

/**
 * Closes all savepoints without undoing anything. The sub-journal is closed too, except that in
 * exclusive mode one on disk is kept open for reuse.
 *
 * @upstream pager.c releaseAllSavepoints
 * @divergence counted-array
 */
function releaseAllSavepoints(pPager: Pager): void {
  let ii: number;
  for (ii = 0; ii < pPager.nSavepoint; ii++) {
    sqlite3BitvecDestroy(pPager.aSavepoint[ii]!.pInSavepoint);
  }
  if (!pPager.exclusiveMode || sqlite3JournalIsInMemory(pPager.sjfd)) {
    sqlite3OsClose(pPager.sjfd);
  }
  sqlite3_free(pPager.aSavepointMem);
  pPager.aSavepointMem = null;
  pPager.nSavepoint = 0;
  pPager.nSubRec = 0;
}

/**
 * Notes in every open savepoint that has page `pgno` that it needs no sub-journal record of it.
 * Returns SQLITE_NOMEM if one of them could not; the others have noted it all the same.
 *
 * @upstream pager.c addToSavepointBitvecs
 */
function addToSavepointBitvecs(pPager: Pager, pgno: Pgno): number {
  let ii: number;
  let rc = SQLITE_OK;

  for (ii = 0; ii < pPager.nSavepoint; ii++) {
    const p = pPager.aSavepoint[ii]!;
    if (pgno <= p.nOrig) {
      rc |= sqlite3BitvecSet(p.pInSavepoint, pgno);
      testcase(rc === SQLITE_NOMEM);
      assert(rc === SQLITE_OK || rc === SQLITE_NOMEM);
    }
  }
  return rc;
}

/**
 * Lets go of the database: state OPEN, all locks dropped, the journal closed where open files can
 * be deleted. No page may be in use, and no write transaction open (state READER, OPEN or ERROR).
 *
 * In exclusive mode without a WAL locks and state stay as they are, unless an error is pending. A
 * pending error ends here, in either mode: the cache is emptied, and a journal that is left behind
 * is hot for whoever reads the database next.
 *
 * @upstream pager.c pager_unlock
 */
function pager_unlock(pPager: Pager): void {
  assert(pPager.eState === PAGER_READER || pPager.eState === PAGER_OPEN || pPager.eState === PAGER_ERROR);

  sqlite3BitvecDestroy(pPager.pInJournal);
  pPager.pInJournal = null;
  releaseAllSavepoints(pPager);

  if (pagerUseWal(pPager)) {
    assert(!isOpen(pPager.jfd));
    if (pPager.eState === PAGER_ERROR) {
      /* A failed restart of the log can leave us with the write lock but no read lock. */
      sqlite3WalEndWriteTransaction(pPager.pWal!);
    }
    sqlite3WalEndReadTransaction(pPager.pWal!);
    pPager.eState = PAGER_OPEN;
  } else if (!pPager.exclusiveMode) {
    const iDc = isOpen(pPager.fd) ? sqlite3OsDeviceCharacteristics(pPager.fd) : 0;

    /* Kept open, the journal could be deleted by a connection in DELETE mode and we would write to
     * a file without a name. Only modes PERSIST and TRUNCATE (bits 5 equal to 1) may keep it, and
     * only where open files cannot be deleted. */
    assert((PAGER_JOURNALMODE_MEMORY & 5) !== 1);
    assert((PAGER_JOURNALMODE_OFF & 5) !== 1);
    assert((PAGER_JOURNALMODE_WAL & 5) !== 1);
    assert((PAGER_JOURNALMODE_DELETE & 5) !== 1);
    assert((PAGER_JOURNALMODE_TRUNCATE & 5) === 1);
    assert((PAGER_JOURNALMODE_PERSIST & 5) === 1);
    if (0 === (iDc & SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN) || 1 !== (pPager.journalMode & 5)) {
      sqlite3OsClose(pPager.jfd);
    }

    const rc = pagerUnlockDb(pPager, NO_LOCK);
    if (rc !== SQLITE_OK && pPager.eState === PAGER_ERROR) {
      pPager.eLock = UNKNOWN_LOCK;
    }

    /* OPEN with errCode still set, for a moment: the block below clears it. */
    assert(pPager.errCode || pPager.eState !== PAGER_ERROR);
    pPager.eState = PAGER_OPEN;
  }

  assert(pPager.errCode === SQLITE_OK || !MEMDB(pPager));
  if (pPager.errCode) {
    if (pPager.tempFile === 0) {
      pager_reset(pPager);
      pPager.changeCountDone = 0;
      pPager.eState = PAGER_OPEN;
    } else {
      pPager.eState = isOpen(pPager.jfd) ? PAGER_OPEN : PAGER_READER;
    }
    if (USEFETCH(pPager)) sqlite3OsUnfetch(pPager.fd, 0, null);
    pPager.errCode = SQLITE_OK;
    setGetterMethod(pPager);
  }

  pPager.journalOff = 0;
  pPager.journalHdr = 0;
  pPager.setSuper = 0;
}

/**
 * Puts the pager into state ERROR if `rc` is SQLITE_FULL or one of the SQLITE_IOERR codes; other
 * codes change nothing. Returns `rc`.
 *
 * From then on cached pages are not to be trusted and every request for one fails with `rc`, until
 * the last page in use is released and pager_unlock starts afresh.
 *
 * @upstream pager.c pager_error
 */
function pager_error(pPager: Pager, rc: number): number {
  const rc2 = rc & 0xff;
  assert(rc === SQLITE_OK || !MEMDB(pPager));
  assert(
    pPager.errCode === SQLITE_FULL ||
      pPager.errCode === SQLITE_OK ||
      (pPager.errCode & 0xff) === SQLITE_IOERR,
  );
  if (rc2 === SQLITE_FULL || rc2 === SQLITE_IOERR) {
    pPager.errCode = rc;
    pPager.eState = PAGER_ERROR;
    setGetterMethod(pPager);
  }
  return rc;
}

/**
 * Whether the end of a write transaction leaves all cached pages clean.
 *
 * Always for real databases. In a temporary one, which need not be durable, only on commit, if a
 * file exists at all and a quarter of the cache is dirty; otherwise dirty pages just stay.
 *
 * @param bCommit 1 on commit, 0 on rollback.
 * @upstream pager.c pagerFlushOnCommit
 */
function pagerFlushOnCommit(pPager: Pager, bCommit: number): number {
  if (pPager.tempFile === 0) return 1;
  if (!bCommit) return 0;
  if (!isOpen(pPager.fd)) return 0;
  return sqlite3PCachePercentDirty(pPager.pPCache) >= 25 ? 1 : 0;
}

/**
 * Ends the transaction, by finalizing the journal: from then on nobody can or will roll it back.
 *
 * In memory it is closed; in TRUNCATE mode cut to nothing; in PERSIST mode, or in exclusive mode
 * instead of deletion, its header is zeroed; else it is closed and deleted. Then the file is cut to
 * the size of the database (commits only), the lock lowered to SHARED unless in exclusive mode, and
 * the state is READER.
 *
 * Also called after a hot journal's playback, and by a reader that still holds more than SHARED
 * because it has just left exclusive mode. Without write transaction and RESERVED lock it does
 * nothing. An error in finalizing does not stop the unlocking and is what gets returned. Never
 * called in state ERROR.
 *
 * @param hasSuper the journal names a super-journal, so a persistent one must be truncated.
 * @param bCommit 1 for commit, 0 for rollback.
 * @upstream pager.c pager_end_transaction
 */
function pager_end_transaction(pPager: Pager, hasSuper: number, bCommit: number): number {
  let rc = SQLITE_OK;
  let rc2 = SQLITE_OK;

  assert(assert_pager_state(pPager));
  assert(pPager.eState !== PAGER_ERROR);
  if (pPager.eState < PAGER_WRITER_LOCKED && pPager.eLock < RESERVED_LOCK) {
    return SQLITE_OK;
  }

  releaseAllSavepoints(pPager);
  assert(
    isOpen(pPager.jfd) ||
      pPager.pInJournal === null ||
      sqlite3OsDeviceCharacteristics(pPager.fd) & SQLITE_IOCAP_BATCH_ATOMIC,
  );
  if (isOpen(pPager.jfd)) {
    assert(!pagerUseWal(pPager));

    if (sqlite3JournalIsInMemory(pPager.jfd)) {
      sqlite3OsClose(pPager.jfd);
    } else if (pPager.journalMode === PAGER_JOURNALMODE_TRUNCATE) {
      if (pPager.journalOff === 0) {
        rc = SQLITE_OK;
      } else {
        rc = sqlite3OsTruncate(pPager.jfd, 0);
        if (rc === SQLITE_OK && pPager.fullSync) {
          /* The new size must reach the inode: after a power loss the journal could be back and
           * undo what has been committed. */
          rc = sqlite3OsSync(pPager.jfd, pPager.syncFlags);
        }
      }
      pPager.journalOff = 0;
    } else if (
      pPager.journalMode === PAGER_JOURNALMODE_PERSIST ||
      (pPager.exclusiveMode && pPager.journalMode < PAGER_JOURNALMODE_WAL)
    ) {
      rc = zeroJournalHdr(pPager, hasSuper || pPager.tempFile ? 1 : 0);
      pPager.journalOff = 0;
    } else {
      /* Mode MEMORY comes here after the playback of a hot journal, which is a file. */
      const bDelete = !pPager.tempFile;
      assert(!sqlite3JournalIsInMemory(pPager.jfd));
      assert(
        pPager.journalMode === PAGER_JOURNALMODE_DELETE ||
          pPager.journalMode === PAGER_JOURNALMODE_MEMORY ||
          pPager.journalMode === PAGER_JOURNALMODE_WAL,
      );
      sqlite3OsClose(pPager.jfd);
      if (bDelete) {
        rc = sqlite3OsDelete(pPager.pVfs, pPager.zJournal!, pPager.extraSync);
      }
    }
  }

  if (SQLITE_CHECK_PAGES) {
    sqlite3PcacheIterateDirty(pPager.pPCache, pager_set_pagehash);
    if (pPager.dbSize === 0 && sqlite3PcacheRefCount(pPager.pPCache) > 0) {
      const p = sqlite3PagerLookup(pPager, 1);
      if (p) {
        p.pageHash = 0;
        sqlite3PagerUnrefNotNull(p);
      }
    }
  }

  sqlite3BitvecDestroy(pPager.pInJournal);
  pPager.pInJournal = null;
  pPager.nRec = 0;
  if (rc === SQLITE_OK) {
    if (MEMDB(pPager) || pagerFlushOnCommit(pPager, bCommit)) {
      sqlite3PcacheCleanAll(pPager.pPCache);
    } else {
      sqlite3PcacheClearWritable(pPager.pPCache);
    }
    sqlite3PcacheTruncate(pPager.pPCache, pPager.dbSize);
  }

  if (pagerUseWal(pPager)) {
    rc2 = sqlite3WalEndWriteTransaction(pPager.pWal!);
    assert(rc2 === SQLITE_OK);
  } else if (rc === SQLITE_OK && bCommit && pPager.dbFileSize > pPager.dbSize) {
    /* The commit is done, yet EXCLUSIVE is still held: now the file may be cut. */
    assert(pPager.eLock === EXCLUSIVE_LOCK);
    rc = pager_truncate(pPager, pPager.dbSize);
  }

  if (rc === SQLITE_OK && bCommit) {
    rc = sqlite3OsFileControl(pPager.fd, SQLITE_FCNTL_COMMIT_PHASETWO, null);
    if (rc === SQLITE_NOTFOUND) rc = SQLITE_OK;
  }

  /* With a WAL the database lock is only lowered when exclusive mode has just been left. */
  if (!pPager.exclusiveMode && (!pagerUseWal(pPager) || sqlite3WalExclusiveMode(pPager.pWal!, 0))) {
    rc2 = pagerUnlockDb(pPager, SHARED_LOCK);
  }
  pPager.eState = PAGER_READER;
  pPager.setSuper = 0;

  return rc === SQLITE_OK ? rc2 : rc;
}

/**
 * Rolls back what is open and lets go of the database; no page may be in use.
 *
 * In state ERROR no rollback is tried: the cache is thrown away and the journal on disk is left to
 * be found hot by the next reader. The exception is a journal in memory, which would be lost: it is
 * played back as if hot. A rollback that fails makes the state ERROR, which pager_unlock resolves.
 *
 * @upstream pager.c pagerUnlockAndRollback
 */
function pagerUnlockAndRollback(pPager: Pager): void {
  if (pPager.eState !== PAGER_ERROR && pPager.eState !== PAGER_OPEN) {
    assert(assert_pager_state(pPager));
    if (pPager.eState >= PAGER_WRITER_LOCKED) {
      sqlite3BeginBenignMalloc();
      sqlite3PagerRollback(pPager);
      sqlite3EndBenignMalloc();
    } else if (!pPager.exclusiveMode) {
      assert(pPager.eState === PAGER_READER);
      pager_end_transaction(pPager, 0, 0);
    }
  } else if (
    pPager.eState === PAGER_ERROR &&
    pPager.journalMode === PAGER_JOURNALMODE_MEMORY &&
    isOpen(pPager.jfd)
  ) {
    const errCode = pPager.errCode;
    const eLock = pPager.eLock;
    pPager.eState = PAGER_OPEN;
    pPager.errCode = SQLITE_OK;
    pPager.eLock = EXCLUSIVE_LOCK;
    pager_playback(pPager, 1);
    pPager.errCode = errCode;
    pPager.eLock = eLock;
  }
  pager_unlock(pPager);
}

/**
 * Checksum of a journal record: the nonce plus every 200th byte of the page, counted from the end
 * (offset pageSize - 200, pageSize - 400, ...; offset 0 never), modulo 2^32.
 *
 * Cheap, and enough: what a power failure leaves behind is wrong at one end at least, or belongs to
 * an older journal with another nonce.
 *
 * @param aData pageSize bytes.
 * @upstream pager.c pager_cksum
 */
function pager_cksum(pPager: Pager, aData: Uint8Array): number {
  let cksum = pPager.cksumInit;
  let i = pPager.pageSize - 200;
  while (i > 0) {
    cksum = (cksum + aData[i]!) >>> 0;
    i -= 200;
  }
  return cksum;
}

/**
 * Reads one record from a journal and puts the page back into the file, the cache, or both.
 *
 * Hot-journal playback (state OPEN) and rollback after the file has changed write to the file, if
 * the record is known to be synced; a page in the cache gets the content as well. Records of pages
 * beyond dbSize, or already in pDone, are skipped.
 *
 * Returns SQLITE_DONE for a record that cannot be valid: page number 0 or the lock page's, or a
 * wrong checksum (main journal, not for savepoints). SQLITE_NOMEM and I/O errors are as usual. The
 * pager's pTmpSpace is overwritten.
 *
 * Where C passes the address of pPager->journalOff, callers here pass a Ref and store it back after
 * the call, whatever the result; nothing below reads journalOff meanwhile.
 *
 * @param pOffset offset of the record; advanced to the next one as soon as the page has been read.
 * @param pDone pages played back so far, or null; the page is added.
 * @param isMainJrnl 1 for the main journal, 0 for the sub-journal (whose records have no checksum).
 * @param isSavepnt 1 for rollback to a savepoint.
 * @upstream pager.c pager_playback_one_page
 * @divergence journaloff-by-ref
 */
function pager_playback_one_page(
  pPager: Pager,
  pOffset: Ref<number>,
  pDone: Bitvec | null,
  isMainJrnl: number,
  isSavepnt: number,
): number {
  let rc: number;
  let pPg: PgHdr | null;
  let isSynced: boolean;

  assert((isMainJrnl & ~1) === 0);
  assert((isSavepnt & ~1) === 0);
  assert(isMainJrnl || pDone);
  assert(isSavepnt || pDone === null);

  const aData = pPager.pTmpSpace!;
  assert(aData);
  assert(!pagerUseWal(pPager) || (!isMainJrnl && isSavepnt));

  /* Either a transaction is being undone, or a hot journal: then we are OPEN with EXCLUSIVE held,
   * and there is no sub-journal. */
  assert(
    pPager.eState >= PAGER_WRITER_CACHEMOD ||
      (pPager.eState === PAGER_OPEN && pPager.eLock === EXCLUSIVE_LOCK),
  );
  assert(pPager.eState >= PAGER_WRITER_CACHEMOD || isMainJrnl);

  const jfd = isMainJrnl ? pPager.jfd : pPager.sjfd;
  const ppgno = new Ref(0);
  rc = read32bits(jfd, pOffset.value, ppgno);
  if (rc !== SQLITE_OK) return rc;
  const pgno = ppgno.value;
  rc = sqlite3OsRead(jfd, aData, pPager.pageSize, pOffset.value + 4);
  if (rc !== SQLITE_OK) return rc;
  pOffset.value += pPager.pageSize + 4 + isMainJrnl * 4;

  /* A crash while the journal was written can have left anything here. */
  if (pgno === 0 || pgno === PAGER_SJ_PGNO(pPager)) {
    assert(!isSavepnt);
    return SQLITE_DONE;
  }
  if (pgno > pPager.dbSize || sqlite3BitvecTest(pDone, pgno)) {
    return SQLITE_OK;
  }
  if (isMainJrnl) {
    const cksum = new Ref(0);
    rc = read32bits(jfd, pOffset.value - 4, cksum);
    if (rc) return rc;
    if (!isSavepnt && pager_cksum(pPager, aData) !== cksum.value) {
      return SQLITE_DONE;
    }
  }

  if (pDone && (rc = sqlite3BitvecSet(pDone, pgno)) !== SQLITE_OK) {
    return rc;
  }

  /* Page 1 says how many bytes per page are reserved. */
  if (pgno === 1 && pPager.nReserve !== aData[20]!) {
    pPager.nReserve = aData[20]!;
  }

  /* In CACHEMOD only the cache can differ from the journal, so only the cache is put right, and the
   * page stays dirty. Usually it is there; after an incremental vacuum without syncing, or a failed
   * sqlite3PagerMovepage, it may not be. From DBMOD on, and in OPEN with its empty cache, the file
   * is written too.
   *
   * The record of a statement can be younger than the transaction. It must not go to the file before
   * the main journal's own record of that page is known to be on disk: a power failure would leave
   * content in the file that nothing can undo. */
  if (pagerUseWal(pPager)) {
    pPg = null;
  } else {
    pPg = sqlite3PagerLookup(pPager, pgno);
  }
  assert(pPg || !MEMDB(pPager));
  assert(pPager.eState !== PAGER_OPEN || pPg === null || pPager.tempFile);
  if (isMainJrnl) {
    isSynced = pPager.noSync !== 0 || pOffset.value <= pPager.journalHdr;
  } else {
    isSynced = pPg === null || 0 === (pPg.flags & PGHDR_NEED_SYNC);
  }
  if (
    isOpen(pPager.fd) &&
    (pPager.eState >= PAGER_WRITER_DBMOD || pPager.eState === PAGER_OPEN) &&
    isSynced
  ) {
    const ofst = ((pgno - 1) >>> 0) * pPager.pageSize;
    testcase(!isSavepnt && pPg !== null && (pPg.flags & PGHDR_NEED_SYNC) !== 0);
    assert(!pagerUseWal(pPager));

    rc = sqlite3OsWrite(pPager.fd, aData, pPager.pageSize, ofst);

    if (pgno > pPager.dbFileSize) {
      pPager.dbFileSize = pgno;
    }
    if (pPager.pBackup.value) {
      /* Backups get exactly one page, not the longer scratch buffer. */
      sqlite3BackupUpdate(pPager.pBackup.value, pgno, aData.subarray(0, pPager.pageSize));
    }
  } else if (!isMainJrnl && pPg === null) {
    /* Nobody has the content that the savepoint wants back: the file was not written, and what it
     * holds may be older (a page taken from the freelist and then moved, for instance). So the page
     * is brought into the cache, dirty, and gets the content below. It must not cause a spill, which
     * would write to the very journal that is being read. */
    assert(isSavepnt);
    assert((pPager.doNotSpill & SPILLFLAG_ROLLBACK) === 0);
    pPager.doNotSpill |= SPILLFLAG_ROLLBACK;
    const ppPg = new Ref<DbPage | null>(null);
    rc = sqlite3PagerGet(pPager, pgno, ppPg, 1);
    pPg = ppPg.value;
    assert((pPager.doNotSpill & SPILLFLAG_ROLLBACK) !== 0);
    pPager.doNotSpill &= ~SPILLFLAG_ROLLBACK;
    if (rc !== SQLITE_OK) return rc;
    sqlite3PcacheMakeDirty(pPg!);
  }
  if (pPg) {
    /* In use it can only be page 1, which is held to keep the lock, or any page if an internal
     * error has caused the rollback. */
    const pData = pPg.pData!;
    memcpy(pData, aData, pPager.pageSize);
    pPager.xReiniter!(pPg);
    pager_set_pagehash(pPg);

    if (pgno === 1) {
      memcpy(pPager.dbFileVers, pData.subarray(24), 16);
    }
    sqlite3PcacheRelease(pPg);
  }
  return rc;
}

/**
 * Deletes a super-journal if no journal refers to it any more; to be called when one of the journals
 * that did has been rolled back.
 *
 * The file lists the names of its journals, each NUL-terminated. As long as one of them exists and
 * names this super-journal, it is left alone. Returns SQLITE_OK either way, SQLITE_NOMEM or an I/O
 * error.
 *
 * @param zSuper the super-journal's name; may lie in pTmpSpace, which therefore is not touched.
 * @upstream pager.c pager_delsuper
 * @divergence file-objects
 */
function pager_delsuper(pPager: Pager, zSuper: CString): number {
  const pVfs = pPager.pVfs;
  let rc: number;
  let pSuper: sqlite3_file | null;
  let pJournal: sqlite3_file | null;
  let zSuperJournal: Uint8Array;
  const nSuperJournal = new Ref(0);
  let zJournal: CString;
  let zSuperPtr: Uint8Array;
  let zFree: Uint8Array | null = null;
  let nSuperPtr: number;

  /* One block counts for both file handles; the objects stand for its halves. */
  const pSuperMem = sqlite3MallocZero(2 * pVfs.szOsFile);

  delsuper_out: {
    if (pSuperMem === null) {
      rc = SQLITE_NOMEM_BKPT;
      pSuper = null;
      pJournal = null;
    } else {
      const flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_SUPER_JOURNAL;
      pSuper = new sqlite3_file();
      rc = sqlite3OsOpen(pVfs, zSuper, pSuper, flags, null);
      pJournal = new sqlite3_file();
    }
    if (rc !== SQLITE_OK) break delsuper_out;

    /* zFree: four zeros, which xOpen wants before a name; the file and two zeros; room for a name. */
    rc = sqlite3OsFileSize(pSuper!, nSuperJournal);
    if (rc !== SQLITE_OK) break delsuper_out;
    nSuperPtr = 1 + pVfs.mxPathname;
    assert(nSuperJournal.value >= 0 && nSuperPtr > 0);
    zFree = sqlite3Malloc(4 + nSuperJournal.value + 2 + nSuperPtr + 2);
    if (zFree === null) {
      rc = SQLITE_NOMEM_BKPT;
      break delsuper_out;
    } else {
      assert(nSuperJournal.value <= 0x7fffffff);
    }
    zFree[0] = zFree[1] = zFree[2] = zFree[3] = 0;
    zSuperJournal = zFree.subarray(4);
    zSuperPtr = zSuperJournal.subarray(nSuperJournal.value + 2);
    rc = sqlite3OsRead(pSuper!, zSuperJournal, nSuperJournal.value | 0, 0);
    if (rc !== SQLITE_OK) break delsuper_out;
    zSuperJournal[nSuperJournal.value] = 0;
    zSuperJournal[nSuperJournal.value + 1] = 0;

    zJournal = zSuperJournal;
    while (ptrdiff(zJournal, zSuperJournal) < nSuperJournal.value) {
      const exists = new Ref(0);
      rc = sqlite3OsAccess(pVfs, zJournal, SQLITE_ACCESS_EXISTS, exists);
      if (rc !== SQLITE_OK) {
        break delsuper_out;
      }
      if (exists.value) {
        /* It is a main journal that is opened here, but as such the VFS might look for the pager in
         * front of the name, where there is none. */
        const flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_SUPER_JOURNAL;
        rc = sqlite3OsOpen(pVfs, zJournal, pJournal!, flags, null);
        if (rc !== SQLITE_OK) {
          break delsuper_out;
        }

        rc = readSuperJournal(pJournal!, zSuperPtr, nSuperPtr);
        sqlite3OsClose(pJournal!);
        if (rc !== SQLITE_OK) {
          break delsuper_out;
        }

        const c = zSuperPtr[0] !== 0 && strcmp(zSuperPtr, zSuper) === 0;
        if (c) {
          break delsuper_out;
        }
      }
      zJournal = zJournal.subarray(sqlite3Strlen30(zJournal) + 1);
    }

    sqlite3OsClose(pSuper!);
    rc = sqlite3OsDelete(pVfs, zSuper, 0);
  }

  sqlite3_free(zFree);
  if (pSuper) {
    sqlite3OsClose(pSuper);
    assert(!isOpen(pJournal!));
    sqlite3_free(pSuperMem);
  }
  return rc;
}

/**
 * Makes the database file `nPage` pages long, if the pager may write to it (WRITER_DBMOD and later,
 * or OPEN during hot-journal playback) and it is open.
 *
 * A longer file is truncated. To a shorter one the last page is written, zero-filled: not every
 * system extends a file that it is told to truncate. A file that lacks less than a page stays.
 *
 * @upstream pager.c pager_truncate
 */
function pager_truncate(pPager: Pager, nPage: Pgno): number {
  let rc = SQLITE_OK;
  assert(pPager.eState !== PAGER_ERROR);
  assert(pPager.eState !== PAGER_READER);

  if (isOpen(pPager.fd) && (pPager.eState >= PAGER_WRITER_DBMOD || pPager.eState === PAGER_OPEN)) {
    const currentSize = new Ref(0);
    const newSize = new Ref(0);
    const szPage = pPager.pageSize;
    assert(pPager.eLock === EXCLUSIVE_LOCK);
    rc = sqlite3OsFileSize(pPager.fd, currentSize);
    newSize.value = szPage * nPage;
    if (rc === SQLITE_OK && currentSize.value !== newSize.value) {
      if (currentSize.value > newSize.value) {
        rc = sqlite3OsTruncate(pPager.fd, newSize.value);
      } else if (currentSize.value + szPage <= newSize.value) {
        const pTmp = pPager.pTmpSpace!;
        memset(pTmp, 0, szPage);
        testcase(newSize.value - szPage === currentSize.value);
        testcase(newSize.value - szPage > currentSize.value);
        sqlite3OsFileControlHint(pPager.fd, SQLITE_FCNTL_SIZE_HINT, newSize);
        rc = sqlite3OsWrite(pPager.fd, pTmp, szPage, newSize.value - szPage);
      }
      if (rc === SQLITE_OK) {
        pPager.dbFileSize = nPage;
      }
    }
  }
  return rc;
}

/**
 * The file's sector size in bytes, made credible: 512 if the VFS says less than 32, at most
 * MAX_SECTOR_SIZE.
 *
 * @upstream pager.c sqlite3SectorSize
 */
export function sqlite3SectorSize(pFile: sqlite3_file): number {
  let iRet = sqlite3OsSectorSize(pFile);
  if (iRet < 32) {
    iRet = 512;
  } else if (iRet > MAX_SECTOR_SIZE) {
    assert(MAX_SECTOR_SIZE >= 512);
    iRet = MAX_SECTOR_SIZE;
  }
  return iRet;
}

/**
 * Sets the pager's sector size from the open database file; 512 for temporary files, which need not
 * survive a crash and may not be open yet.
 *
 * Also 512 on devices where a torn write damages nothing but what is being written: the sector size
 * is how far damage can reach, and 512 is the least that the journal's format allows.
 *
 * @upstream pager.c setSectorSize
 */
function setSectorSize(pPager: Pager): void {
  assert(isOpen(pPager.fd) || pPager.tempFile);

  if (
    pPager.tempFile ||
    (sqlite3OsDeviceCharacteristics(pPager.fd) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) !== 0
  ) {
    pPager.sectorSize = 512;
  } else {
    pPager.sectorSize = sqlite3SectorSize(pPager.fd);
  }
}

/**
 * Plays the main journal back: the file, and the cache, are again what they were when the
 * transaction began. Afterwards the journal is finalized, and its super-journal deleted if this was
 * the last journal that named it.
 *
 * Reading stops without error where the journal stops making sense; what follows was not on disk
 * when the writer crashed, so the database cannot have changed on its account. A journal whose
 * super-journal is missing belongs to a committed transaction and is not played back. After an I/O
 * error or SQLITE_NOMEM the journal stays as it is.
 *
 * @param isHot 1 for a journal found on disk: then the cache is emptied before the first page comes
 *   back, and headers are believed without exception. 0 for this pager's own transaction, whose last
 *   section may still have a record count of 0.
 * @upstream pager.c pager_playback
 * @divergence pointer-places
 * @divergence journaloff-by-ref
 */
function pager_playback(pPager: Pager, isHot: number): number {
  const pVfs = pPager.pVfs;
  const szJ = new Ref(0);
  const nRec = new Ref(0);
  let u: number;
  const mxPg = new Ref(0);
  let rc: number;
  const res = new Ref(1);
  let zSuper: Uint8Array | null = null;
  let needPagerReset: number;
  let nPlayback = 0;
  const savedPageSize = new Ref(pPager.pageSize);

  end_playback: {
    assert(isOpen(pPager.jfd));
    rc = sqlite3OsFileSize(pPager.jfd, szJ);
    if (rc !== SQLITE_OK) {
      break end_playback;
    }

    /* The name goes into pTmpSpace, which like C relies on mxPathname being at most 512. */
    zSuper = pPager.pTmpSpace!;
    rc = readSuperJournal(pPager.jfd, zSuper, 1 + pPager.pVfs.mxPathname);
    if (rc === SQLITE_OK && zSuper[0]) {
      rc = sqlite3OsAccess(pVfs, zSuper, SQLITE_ACCESS_EXISTS, res);
    }
    zSuper = null;
    if (rc !== SQLITE_OK || !res.value) {
      break end_playback;
    }
    pPager.journalOff = 0;
    needPagerReset = isHot;

    /* One round per journal header. */
    while (true) {
      rc = readJournalHdr(pPager, isHot, szJ.value, nRec, mxPg);
      if (rc !== SQLITE_OK) {
        if (rc === SQLITE_DONE) {
          rc = SQLITE_OK;
        }
        break end_playback;
      }

      /* Written without syncing: one header, and records up to the end. */
      if (nRec.value === 0xffffffff) {
        assert(pPager.journalOff === JOURNAL_HDR_SZ(pPager));
        /* Negative if the header claims sectors larger than the file: round towards zero, as C does. */
        nRec.value = (Math.trunc((szJ.value - JOURNAL_HDR_SZ(pPager)) / JOURNAL_PG_SZ(pPager)) | 0) >>> 0;
      }

      /* The section that this very transaction is writing has no count yet: it too ends with the
       * file. In a hot journal 0 does mean none, since those records were never synced. */
      if (nRec.value === 0 && !isHot && pPager.journalHdr + JOURNAL_HDR_SZ(pPager) === pPager.journalOff) {
        nRec.value = (Math.trunc((szJ.value - pPager.journalOff) / JOURNAL_PG_SZ(pPager)) | 0) >>> 0;
      }

      /* The first header says how long the database was. */
      if (pPager.journalOff === JOURNAL_HDR_SZ(pPager)) {
        rc = pager_truncate(pPager, mxPg.value);
        if (rc !== SQLITE_OK) {
          break end_playback;
        }
        pPager.dbSize = mxPg.value;
        if (pPager.mxPgno < mxPg.value) {
          pPager.mxPgno = mxPg.value;
        }
      }

      for (u = 0; u < nRec.value; u++) {
        if (needPagerReset) {
          pager_reset(pPager);
          needPagerReset = 0;
        }
        const offset = new Ref(pPager.journalOff);
        rc = pager_playback_one_page(pPager, offset, null, 1, 0);
        pPager.journalOff = offset.value;
        if (rc === SQLITE_OK) {
          nPlayback++;
        } else {
          if (rc === SQLITE_DONE) {
            pPager.journalOff = szJ.value;
            break;
          } else if (rc === SQLITE_IOERR_SHORT_READ) {
            /* The journal was not on disk completely, hence the database not written yet. */
            rc = SQLITE_OK;
            break end_playback;
          } else {
            break end_playback;
          }
        }
      }
    }
    assert(0);
  }

  if (rc === SQLITE_OK) {
    rc = sqlite3PagerSetPagesize(pPager, savedPageSize, -1);
  }
  if (SQLITE_DEBUG) {
    /* Tells the VFS not to insist on a new change counter. */
    sqlite3OsFileControlHint(pPager.fd, SQLITE_FCNTL_DB_UNCHANGED, null);
  }

  /* An incremented change counter may just have been taken back; in exclusive mode nobody would
   * increment it again, and other processes would not see our later changes. */
  pPager.changeCountDone = pPager.tempFile;

  if (rc === SQLITE_OK) {
    /* Room for the four zeros that xOpen wants before a name. */
    zSuper = pPager.pTmpSpace!.subarray(4);
    rc = readSuperJournal(pPager.jfd, zSuper, 1 + pPager.pVfs.mxPathname);
    testcase(rc !== SQLITE_OK);
  }
  if (rc === SQLITE_OK && (pPager.eState >= PAGER_WRITER_DBMOD || pPager.eState === PAGER_OPEN)) {
    rc = sqlite3PagerSync(pPager, null);
  }
  if (rc === SQLITE_OK) {
    rc = pager_end_transaction(pPager, zSuper![0] !== 0 ? 1 : 0, 0);
    testcase(rc !== SQLITE_OK);
  }
  if (rc === SQLITE_OK && zSuper![0] && res.value) {
    assert(ptrdiff(zSuper!, pPager.pTmpSpace!) === 4);
    memset(pPager.pTmpSpace!, 0, 4);
    rc = pager_delsuper(pPager, zSuper!);
    testcase(rc !== SQLITE_OK);
  }
  if (isHot && nPlayback) {
    sqlite3_log(SQLITE_NOTICE_RECOVER_ROLLBACK, "recovered %d pages from %s", nPlayback, pPager.zJournal);
  }

  /* The journal may have come from a process with another idea of sectors. */
  setSectorSize(pPager);
  return rc;
}

/**
 * Fills a cached page with its current content: the newest frame in the log that this snapshot may
 * see, else the page's place in the database file. Bytes past the end of the file read as zero.
 *
 * Needs at least a SHARED lock. Reading page 1 also refreshes `Pager.dbFileVers`; if that read
 * fails the copy is set to all ones, a value no real header has, so that the next lock finds a change.
 *
 * @upstream pager.c readDbPage
 */
function readDbPage(pPg: PgHdr): number {
  const pPager = pPg.pPager!;
  let rc = SQLITE_OK;
  let iFrame = 0; /* frame that holds the page, 0 for none */

  assert(pPager.eState >= PAGER_READER && !MEMDB(pPager));
  assert(isOpen(pPager.fd));

  if (pagerUseWal(pPager)) {
    const piRead = new Ref(0);
    rc = sqlite3WalFindFrame(pPager.pWal!, pPg.pgno, piRead);
    iFrame = piRead.value;
    if (rc) return rc;
  }
  if (iFrame) {
    rc = sqlite3WalReadFrame(pPager.pWal!, iFrame, pPager.pageSize, pPg.pData);
  } else {
    const iOffset = ((pPg.pgno - 1) >>> 0) * pPager.pageSize;
    rc = sqlite3OsRead(pPager.fd, pPg.pData, pPager.pageSize, iOffset);
    if (rc === SQLITE_IOERR_SHORT_READ) {
      rc = SQLITE_OK;
    }
  }

  if (pPg.pgno === 1) {
    if (rc) {
      /* Page numbers of all ones never occur in bytes 32..39, so this cannot equal a real header. */
      memset(pPager.dbFileVers, 0xff, pPager.dbFileVers.length);
    } else {
      const dbFileVers = pPg.pData.subarray(24);
      memcpy(pPager.dbFileVers, dbFileVers, pPager.dbFileVers.length);
    }
  }

  return rc;
}

/**
 * Stamps page 1: change counter plus one at bytes 24 and 92, library version at byte 96.
 *
 * Unconditional; `pager_incr_changecounter` is the one that looks at `changeCountDone`. The counter
 * comes from `Pager.dbFileVers`, not from the page, so repeated stamping before the page reaches
 * the file does not count twice.
 *
 * @param pPg page 1, writable.
 * @upstream pager.c pager_write_changecounter
 */
function pager_write_changecounter(pPg: PgHdr | null): void {
  if (NEVER(pPg === null)) return;

  const change_counter = (sqlite3Get4byte(pPg!.pPager!.dbFileVers) + 1) >>> 0;
  put32bits(pPg!.pData, change_counter, 24);

  /* The version at 96 only counts while the counter beside it equals the one at 24. */
  put32bits(pPg!.pData, change_counter, 92);
  put32bits(pPg!.pData, SQLITE_VERSION_NUMBER, 96);
}

/**
 * Takes back one page of a log transaction that is being rolled back: drops it from the cache, or
 * reads it again if somebody besides this function holds it.
 *
 * Backups are restarted, because the frames that they have copied no longer exist.
 *
 * @param pCtx the Pager.
 * @returns SQLITE_OK or the code of a failed read.
 * @upstream pager.c pagerUndoCallback
 */
function pagerUndoCallback(pCtx: unknown, iPg: Pgno): number {
  let rc = SQLITE_OK;
  const pPager = pCtx as Pager;

  assert(pagerUseWal(pPager));
  const pPg = sqlite3PagerLookup(pPager, iPg);
  if (pPg !== null) {
    if (sqlite3PcachePageRefcount(pPg) === 1) {
      sqlite3PcacheDrop(pPg);
    } else {
      rc = readDbPage(pPg);
      if (rc === SQLITE_OK) {
        pPager.xReiniter!(pPg);
      }
      sqlite3PagerUnrefNotNull(pPg);
    }
  }

  /* A rollback journal would feed the old pages to the backups; a truncated log cannot. */
  sqlite3BackupRestart(pPager.pBackup.value);

  return rc;
}

/**
 * Rolls a log transaction back: every page that is dirty, or already in the log without a commit,
 * is dropped or reloaded by {@link pagerUndoCallback}.
 *
 * @upstream pager.c pagerRollbackWal
 */
function pagerRollbackWal(pPager: Pager): number {
  let rc: number;
  let pList: PgHdr | null;

  pPager.dbSize = pPager.dbOrigSize;
  rc = sqlite3WalUndo(pPager.pWal!, pagerUndoCallback, pPager);
  pList = sqlite3PcacheDirtyList(pPager.pPCache);
  while (pList !== null && rc === SQLITE_OK) {
    const pNext: PgHdr | null = pList.pDirty; /* the callback may free pList */
    rc = pagerUndoCallback(pPager, pList.pgno);
    pList = pNext;
  }

  return rc;
}

/**
 * Appends a list of dirty pages to the log and tells the backups about them.
 *
 * The list is linked by pDirty in ascending order of page numbers. Outside a commit it holds one
 * page. In a commit, pages past the new end are unlinked first: no reader would ever ask for them.
 *
 * @param nTruncate size of the database in pages after the commit; 0 outside a commit.
 * @param isCommit true if the last frame ends a transaction.
 * @upstream pager.c pagerWalFrames
 * @divergence list-slot-pointer
 */
function pagerWalFrames(pPager: Pager, pList: PgHdr | null, nTruncate: Pgno, isCommit: number): number {
  let rc: number;
  let nList: number;
  let p: PgHdr | null;

  assert(pPager.pWal);
  assert(pList);
  if (SQLITE_DEBUG) {
    for (p = pList; p !== null && p.pDirty !== null; p = p.pDirty) {
      assert(p.pgno < p.pDirty.pgno);
    }
  }

  assert(pList!.pDirty === null || isCommit);
  if (isCommit) {
    /* prev is the page whose pDirty is C's slot *ppNext; null means that the slot is pList. */
    let prev: PgHdr | null = null;
    nList = 0;
    for (p = pList; ; p = p.pDirty) {
      if (prev === null) {
        pList = p;
      } else {
        prev.pDirty = p;
      }
      if (p === null) break;
      if (p.pgno <= nTruncate) {
        prev = p;
        nList++;
      }
    }
    assert(pList);
  } else {
    nList = 1;
  }
  pPager.aStat[PAGER_STAT_WRITE] = (pPager.aStat[PAGER_STAT_WRITE]! + nList) >>> 0;

  if (pList!.pgno === 1) pager_write_changecounter(pList);
  rc = sqlite3WalFrames(pPager.pWal!, pPager.pageSize, pList!, nTruncate, isCommit, pPager.walSyncFlags);
  if (rc === SQLITE_OK && pPager.pBackup.value !== null) {
    for (p = pList; p !== null; p = p.pDirty) {
      sqlite3BackupUpdate(pPager.pBackup.value, p.pgno, p.pData);
    }
  }

  if (SQLITE_CHECK_PAGES) {
    pList = sqlite3PcacheDirtyList(pPager.pPCache);
    for (p = pList; p !== null; p = p.pDirty) {
      pager_set_pagehash(p);
    }
  }

  return rc;
}

/**
 * Takes a snapshot of the log for a new read transaction, and empties the cache if the log has
 * changed since the last one or if the attempt fails.
 *
 * @upstream pager.c pagerBeginReadTransaction
 */
function pagerBeginReadTransaction(pPager: Pager): number {
  let rc: number;
  const changed = new Ref(0);

  assert(pagerUseWal(pPager));
  assert(pPager.eState === PAGER_OPEN || pPager.eState === PAGER_READER);

  /* In exclusive mode the previous transaction was never ended; elsewhere this does nothing. */
  sqlite3WalEndReadTransaction(pPager.pWal!);

  rc = sqlite3WalBeginReadTransaction(pPager.pWal!, changed);
  if (rc !== SQLITE_OK || changed.value) {
    pager_reset(pPager);
    if (USEFETCH(pPager)) sqlite3OsUnfetch(pPager.fd, 0, null);
  }

  return rc;
}

/**
 * Finds the size of the database in pages: from the log if that knows it, else from the size of
 * the file, a partial page counting as one. Raises `Pager.mxPgno` to what is found.
 *
 * @param pnPage receives the size; untouched on error.
 * @returns SQLITE_OK or the code of a failed xFileSize.
 * @upstream pager.c pagerPagecount
 */
function pagerPagecount(pPager: Pager, pnPage: Ref<Pgno>): number {
  let nPage: Pgno;

  assert(pPager.eState === PAGER_OPEN);
  assert(pPager.eLock >= SHARED_LOCK);
  assert(isOpen(pPager.fd));
  assert(pPager.tempFile === 0);
  nPage = sqlite3WalDbsize(pPager.pWal); /* 0 without a log, or if nothing is committed in it */

  if (nPage === 0 && ALWAYS(isOpen(pPager.fd))) {
    const n = new Ref(0);
    const rc = sqlite3OsFileSize(pPager.fd, n);
    if (rc !== SQLITE_OK) {
      return rc;
    }
    nPage = Math.floor((n.value + pPager.pageSize - 1) / pPager.pageSize) >>> 0;
  }

  /* A file that is larger than the configured limit must still be readable. */
  if (nPage > pPager.mxPgno) {
    pPager.mxPgno = nPage;
  }

  pnPage.value = nPage;
  return SQLITE_OK;
}

/**
 * Makes the journal mode follow the file system: opens the log if its file exists and the database
 * is not empty; deletes it if the database is empty; leaves WAL mode if there is no log file.
 *
 * The caller holds a SHARED lock, so nobody can delete the log of a non-empty database between the
 * test and the opening (that takes an EXCLUSIVE lock).
 *
 * @upstream pager.c pagerOpenWalIfPresent
 */
function pagerOpenWalIfPresent(pPager: Pager): number {
  let rc = SQLITE_OK;
  assert(pPager.eState === PAGER_OPEN);
  assert(pPager.eLock >= SHARED_LOCK);

  if (!pPager.tempFile) {
    const isWal = new Ref(0);
    rc = sqlite3OsAccess(pPager.pVfs, pPager.zWal!, SQLITE_ACCESS_EXISTS, isWal);
    if (rc === SQLITE_OK) {
      if (isWal.value) {
        const nPage = new Ref<Pgno>(0);

        rc = pagerPagecount(pPager, nPage);
        if (rc) return rc;
        if (nPage.value === 0) {
          rc = sqlite3OsDelete(pPager.pVfs, pPager.zWal!, 0);
        } else {
          testcase(sqlite3PcachePagecount(pPager.pPCache) === 0);
          rc = sqlite3PagerOpenWal(pPager, null);
        }
      } else if (pPager.journalMode === PAGER_JOURNALMODE_WAL) {
        pPager.journalMode = PAGER_JOURNALMODE_DELETE;
      }
    }
  }
  return rc;
}

/**
 * Brings the database image back to what it was when a savepoint was opened; with null, to the
 * start of the transaction.
 *
 * Three passes, each page only the first time it is seen: the main journal from the savepoint's
 * offset to the next header written after it; the main journal from there to its end; the
 * sub-journal from the savepoint's first record. With null only the main journal is played (or the
 * log undone). Pages past the restored size are skipped.
 *
 * @upstream pager.c pagerPlaybackSavepoint
 * @divergence journaloff-by-ref
 */
function pagerPlaybackSavepoint(pPager: Pager, pSavepoint: PagerSavepoint | null): number {
  let szJ: number; /* where the journal ends for us; the file may be longer */
  let iHdrOff: number; /* where the first pass ends */
  let rc = SQLITE_OK;
  let pDone: Bitvec | null = null; /* pages already played back */

  assert(pPager.eState !== PAGER_ERROR);
  assert(pPager.eState >= PAGER_WRITER_LOCKED);

  if (pSavepoint !== null) {
    pDone = sqlite3BitvecCreate(pSavepoint.nOrig);
    if (pDone === null) {
      return SQLITE_NOMEM_BKPT;
    }
  }

  pPager.dbSize = pSavepoint !== null ? pSavepoint.nOrig : pPager.dbOrigSize;
  pPager.changeCountDone = pPager.tempFile;

  if (pSavepoint === null && pagerUseWal(pPager)) {
    return pagerRollbackWal(pPager);
  }

  /* Persistent journals may carry old records past journalOff; those are not ours. */
  szJ = pPager.journalOff;
  assert(!pagerUseWal(pPager) || szJ === 0);

  const pOffset = new Ref(0); /* stands for &pPager->journalOff */
  if (pSavepoint !== null && !pagerUseWal(pPager)) {
    iHdrOff = pSavepoint.iHdrOffset ? pSavepoint.iHdrOffset : szJ;
    pPager.journalOff = pSavepoint.iOffset;
    while (rc === SQLITE_OK && pPager.journalOff < iHdrOff) {
      pOffset.value = pPager.journalOff;
      rc = pager_playback_one_page(pPager, pOffset, pDone, 1, 1);
      pPager.journalOff = pOffset.value;
    }
    assert(rc !== SQLITE_DONE);
  } else {
    pPager.journalOff = 0;
  }

  while (rc === SQLITE_OK && pPager.journalOff < szJ) {
    let ii: number;
    const nJRec = new Ref(0);
    const dummy = new Ref(0);
    rc = readJournalHdr(pPager, 0, szJ, nJRec, dummy);
    assert(rc !== SQLITE_DONE);

    /* A header whose count was never filled in, and no other after it: all that follows is its. */
    if (nJRec.value === 0 && pPager.journalHdr + JOURNAL_HDR_SZ(pPager) === pPager.journalOff) {
      /* Negative if the header claims sectors larger than the file: round towards zero, as C does. */
      nJRec.value = Math.trunc((szJ - pPager.journalOff) / JOURNAL_PG_SZ(pPager)) >>> 0;
    }
    for (ii = 0; rc === SQLITE_OK && ii < nJRec.value && pPager.journalOff < szJ; ii++) {
      pOffset.value = pPager.journalOff;
      rc = pager_playback_one_page(pPager, pOffset, pDone, 1, 1);
      pPager.journalOff = pOffset.value;
    }
    assert(rc !== SQLITE_DONE);
  }
  assert(rc !== SQLITE_OK || pPager.journalOff >= szJ);

  if (pSavepoint !== null) {
    let ii: number;
    const offset = new Ref(pSavepoint.iSubRec * (4 + pPager.pageSize));

    if (pagerUseWal(pPager)) {
      rc = sqlite3WalSavepointUndo(pPager.pWal!, pSavepoint.aWalData);
    }
    for (ii = pSavepoint.iSubRec; rc === SQLITE_OK && ii < pPager.nSubRec; ii++) {
      assert(offset.value === ii * (4 + pPager.pageSize));
      rc = pager_playback_one_page(pPager, offset, pDone, 0, 1);
    }
    assert(rc !== SQLITE_DONE);
  }

  sqlite3BitvecDestroy(pDone);
  if (rc === SQLITE_OK) {
    pPager.journalOff = szJ;
  }

  return rc;
}

/**
 * Sets how many pages the cache may hold before it recycles clean, unreferenced ones.
 *
 * @param mxPage pages; negative: KiB of memory.
 * @upstream pager.c sqlite3PagerSetCachesize
 */
export function sqlite3PagerSetCachesize(pPager: Pager, mxPage: number): void {
  sqlite3PcacheSetCachesize(pPager.pPCache, mxPage);
}

/**
 * Sets how many pages the cache may hold before it writes dirty ones out, and returns the size in
 * force; 0 only asks.
 *
 * @param mxPage pages; negative: KiB of memory.
 * @upstream pager.c sqlite3PagerSetSpillsize
 */
export function sqlite3PagerSetSpillsize(pPager: Pager, mxPage: number): number {
  return sqlite3PcacheSetSpillsize(pPager.pPCache, mxPage);
}

/**
 * Hands `Pager.szMmap` to the VFS and turns reading through the mapping on or off accordingly.
 * Files without xFetch are left alone.
 *
 * @upstream pager.c pagerFixMaplimit
 */
function pagerFixMaplimit(pPager: Pager): void {
  if (SQLITE_MAX_MMAP_SIZE > 0) {
    const fd = pPager.fd;
    if (isOpen(fd) && fd.pMethods!.iVersion >= 3) {
      const sz = new Ref(pPager.szMmap);
      pPager.bUseFetch = sz.value > 0 ? 1 : 0;
      setGetterMethod(pPager);
      sqlite3OsFileControlHint(pPager.fd, SQLITE_FCNTL_MMAP_SIZE, sz);
    }
  }
}

/**
 * Sets how many bytes of the database file may be mapped; 0 turns the mapping off.
 *
 * @upstream pager.c sqlite3PagerSetMmapLimit
 */
export function sqlite3PagerSetMmapLimit(pPager: Pager, szMmap: number): void {
  pPager.szMmap = szMmap;
  pagerFixMaplimit(pPager);
}

/**
 * Gives back the memory of all clean pages that nobody holds.
 *
 * @upstream pager.c sqlite3PagerShrink
 */
export function sqlite3PagerShrink(pPager: Pager): void {
  sqlite3PcacheShrink(pPager.pPCache);
}

/**
 * Sets how carefully the pager syncs, and whether the cache may spill.
 *
 * The level in the low bits: OFF never syncs (temporary files never do); NORMAL syncs the journal
 * once before the database is written; FULL syncs it before and after its record count is filled
 * in; EXTRA also syncs the directory after the journal is deleted. For a log, NORMAL syncs around
 * checkpoints only, FULL and EXTRA at every commit too. `syncFlags` are xSync's flags for the
 * journal; `walSyncFlags` holds those of commits in bits 0..1 and those of checkpoints in bits 2..3.
 *
 * @param pgFlags PAGER_SYNCHRONOUS_* plus PAGER_FULLFSYNC, PAGER_CKPT_FULLFSYNC, PAGER_CACHESPILL.
 * @upstream pager.c sqlite3PagerSetFlags
 */
export function sqlite3PagerSetFlags(pPager: Pager, pgFlags: number): void {
  const level = pgFlags & PAGER_SYNCHRONOUS_MASK;
  if (pPager.tempFile || level === PAGER_SYNCHRONOUS_OFF) {
    pPager.noSync = 1;
    pPager.fullSync = 0;
    pPager.extraSync = 0;
  } else {
    pPager.noSync = 0;
    pPager.fullSync = level >= PAGER_SYNCHRONOUS_FULL ? 1 : 0;

    /* Where batch atomic writes work, a journal's deletion is synced as EXTRA would. */
    if (
      level === PAGER_SYNCHRONOUS_EXTRA ||
      (SQLITE_ENABLE_BATCH_ATOMIC_WRITE &&
        (sqlite3OsDeviceCharacteristics(pPager.fd) & SQLITE_IOCAP_BATCH_ATOMIC) !== 0)
    ) {
      pPager.extraSync = 1;
    } else {
      pPager.extraSync = 0;
    }
  }
  if (pPager.noSync) {
    pPager.syncFlags = 0;
  } else if (pgFlags & PAGER_FULLFSYNC) {
    pPager.syncFlags = SQLITE_SYNC_FULL;
  } else {
    pPager.syncFlags = SQLITE_SYNC_NORMAL;
  }
  pPager.walSyncFlags = (pPager.syncFlags << 2) & 0xff;
  if (pPager.fullSync) {
    pPager.walSyncFlags |= pPager.syncFlags;
  }
  if (pgFlags & PAGER_CKPT_FULLFSYNC && !pPager.noSync) {
    pPager.walSyncFlags |= SQLITE_SYNC_FULL << 2;
  }
  if (pgFlags & PAGER_CACHESPILL) {
    pPager.doNotSpill &= ~SPILLFLAG_OFF;
  } else {
    pPager.doNotSpill |= SPILLFLAG_OFF;
  }
}

/**
 * Opens a temporary file that vanishes when it is closed.
 *
 * @param pFile receives the file.
 * @param vfsFlags what kind of file; the flags for read-write, create, exclusive and delete-on-close
 *   are added here.
 * @upstream pager.c pagerOpentemp
 * @divergence test-counters
 */
function pagerOpentemp(pPager: Pager, pFile: sqlite3_file, vfsFlags: number): number {
  let rc: number;

  vfsFlags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_DELETEONCLOSE;
  rc = sqlite3OsOpen(pPager.pVfs, null, pFile, vfsFlags, null);
  assert(rc !== SQLITE_OK || isOpen(pFile));
  return rc;
}

/**
 * Sets what to call when a lock is busy, and tells the VFS.
 *
 * It is asked on the way from no lock to SHARED and from RESERVED to EXCLUSIVE, but not from SHARED
 * to RESERVED nor, before a hot journal is rolled back, from SHARED to EXCLUSIVE. Nonzero means try
 * again, zero gives SQLITE_BUSY to the caller.
 *
 * @upstream pager.c sqlite3PagerSetBusyHandler
 * @divergence busyhandler-pair
 */
export function sqlite3PagerSetBusyHandler(
  pPager: Pager,
  xBusyHandler: (p: unknown) => number,
  pBusyHandlerArg: unknown,
): void {
  pPager.xBusyHandler = xBusyHandler;
  pPager.pBusyHandlerArg = pBusyHandlerArg;
  /* C passes the address of the two adjacent fields. */
  const ap: [(p: unknown) => number, unknown] = [pPager.xBusyHandler, pPager.pBusyHandlerArg];
  assert(ap[0] === xBusyHandler);
  assert(ap[1] === pBusyHandlerArg);
  sqlite3OsFileControlHint(pPager.fd, SQLITE_FCNTL_BUSYHANDLER, ap);
}

/**
 * Changes the page size, if that is possible now: no page is held, and an in-memory database has no
 * pages yet. Otherwise the size stays and that is not an error.
 *
 * The new temporary buffer is allocated first; if that, or the cache's own reconfiguration, fails,
 * the old size stays in force.
 *
 * @param pPageSize in: 0 (no change) or a power of two from 512 to 65536; out: the size in force.
 * @param nReserve bytes at the end of each page that the layer above leaves alone, below 1000;
 *   negative: as before.
 * @returns SQLITE_OK, SQLITE_NOMEM or the code of a failed xFileSize.
 * @upstream pager.c sqlite3PagerSetPagesize
 */
export function sqlite3PagerSetPagesize(pPager: Pager, pPageSize: Ref<number>, nReserve: number): number {
  let rc = SQLITE_OK;

  /* sqlite3PagerOpen calls this with a half-built pager: no assert_pager_state here. */
  const pageSize = pPageSize.value;
  assert(pageSize === 0 || (pageSize >= 512 && pageSize <= SQLITE_MAX_PAGE_SIZE));
  if (
    (pPager.memDb === 0 || pPager.dbSize === 0) &&
    sqlite3PcacheRefCount(pPager.pPCache) === 0 &&
    pageSize &&
    pageSize !== pPager.pageSize >>> 0
  ) {
    let pNew: Uint8Array | null = null;
    const nByte = new Ref(0);

    if (pPager.eState > PAGER_OPEN && isOpen(pPager.fd)) {
      rc = sqlite3OsFileSize(pPager.fd, nByte);
    }
    if (rc === SQLITE_OK) {
      /* The b-tree may parse a cell header up to 8 bytes past the page; it must find zeros. */
      pNew = sqlite3PageMalloc(pageSize + 8);
      if (pNew === null) {
        rc = SQLITE_NOMEM_BKPT;
      } else {
        memset(pNew.subarray(pageSize), 0, 8);
      }
    }

    if (rc === SQLITE_OK) {
      pager_reset(pPager);
      rc = sqlite3PcacheSetPageSize(pPager.pPCache, pageSize);
    }
    if (rc === SQLITE_OK) {
      sqlite3PageFree(pPager.pTmpSpace);
      pPager.pTmpSpace = pNew;
      pPager.dbSize = Math.floor((nByte.value + pageSize - 1) / pageSize) >>> 0;
      pPager.pageSize = pageSize;
      pPager.lckPgno = Math.floor(PENDING_BYTE() / pageSize) + 1;
    } else {
      sqlite3PageFree(pNew);
    }
  }

  pPageSize.value = pPager.pageSize;
  if (rc === SQLITE_OK) {
    if (nReserve < 0) nReserve = pPager.nReserve;
    assert(nReserve >= 0 && nReserve < 1000);
    pPager.nReserve = (nReserve << 16) >> 16;
    pagerFixMaplimit(pPager);
  }
  return rc;
}

/**
 * Returns the pager's scratch buffer of one page. Others may use it as long as nothing is rolled
 * back meanwhile: a rollback overwrites it.
 *
 * @upstream pager.c sqlite3PagerTempSpace
 */
export function sqlite3PagerTempSpace(pPager: Pager): Uint8Array {
  return pPager.pTmpSpace!;
}

/**
 * Sets the largest size that the database may reach, in pages, and returns the limit in force; 0
 * only asks. The caller sees to it that the limit is not below the database's present size.
 *
 * @upstream pager.c sqlite3PagerMaxPageCount
 */
export function sqlite3PagerMaxPageCount(pPager: Pager, mxPage: Pgno): Pgno {
  if (mxPage > 0) {
    pPager.mxPgno = mxPage;
  }
  assert(pPager.eState !== PAGER_OPEN);
  /* No assert against dbSize: that may exceed the number of pages the caller counts as valid. */
  return pPager.mxPgno;
}

/**
 * Reads the first bytes of the database file. A file that is shorter, or a temporary one that does
 * not exist yet, reads as zeros. Only called right after opening, before any log is open.
 *
 * @param N bytes to read.
 * @returns SQLITE_OK or the code of a failed read; then `pDest` is undefined.
 * @upstream pager.c sqlite3PagerReadFileheader
 */
export function sqlite3PagerReadFileheader(pPager: Pager, N: number, pDest: Uint8Array): number {
  let rc = SQLITE_OK;
  memset(pDest, 0, N);
  assert(isOpen(pPager.fd) || pPager.tempFile);

  assert(!pagerUseWal(pPager));

  if (isOpen(pPager.fd)) {
    rc = sqlite3OsRead(pPager.fd, pDest, N, 0);
    if (rc === SQLITE_IOERR_SHORT_READ) {
      rc = SQLITE_OK;
    }
  }
  return rc;
}

/**
 * Tells the size of the database in pages; needs an open read transaction.
 *
 * @param pnPage receives the size, cut to a C int.
 * @upstream pager.c sqlite3PagerPagecount
 */
export function sqlite3PagerPagecount(pPager: Pager, pnPage: Ref<number>): void {
  assert(pPager.eState >= PAGER_READER);
  assert(pPager.eState !== PAGER_WRITER_FINISHED);
  pnPage.value = pPager.dbSize | 0;
}

/**
 * Takes a lock on the database file, asking the busy handler as long as the lock is busy and the
 * handler wants to go on. Does nothing if the lock, or a higher one, is already held.
 *
 * @param locktype SHARED_LOCK from no lock, or EXCLUSIVE_LOCK from RESERVED_LOCK.
 * @upstream pager.c pager_wait_on_lock
 */
function pager_wait_on_lock(pPager: Pager, locktype: number): number {
  let rc: number;

  assert(
    pPager.eLock >= locktype ||
      (pPager.eLock === NO_LOCK && locktype === SHARED_LOCK) ||
      (pPager.eLock === RESERVED_LOCK && locktype === EXCLUSIVE_LOCK),
  );

  do {
    rc = pagerLockDb(pPager, locktype);
  } while (rc === SQLITE_BUSY && pPager.xBusyHandler!(pPager.pBusyHandlerArg));
  return rc;
}

/**
 * Asserts for one dirty page what {@link assertTruncateConstraint} promises for all.
 *
 * @upstream pager.c assertTruncateConstraintCb
 */
function assertTruncateConstraintCb(pPg: PgHdr): void {
  const pPager = pPg.pPager!;
  assert(pPg.flags & PGHDR_DIRTY);
  if (pPg.pgno > pPager.dbSize) {
    const pgno = pPg.pgno;
    let i: number;
    for (i = 0; i < pPg.pPager!.nSavepoint; i++) {
      const p = pPager.aSavepoint[i]!;
      assert(p.nOrig < pgno || sqlite3BitvecTestNotNull(p.pInSavepoint!, pgno));
    }
  }
}

/**
 * Asserts that each dirty page either lies inside the database image or is already in the
 * sub-journal for every savepoint that would need it. Otherwise a spill, which does not write pages
 * past the image, would lose content that a rollback to a savepoint has to restore.
 *
 * @upstream pager.c assertTruncateConstraint
 */
function assertTruncateConstraint(pPager: Pager): void {
  if (SQLITE_DEBUG) {
    sqlite3PcacheIterateDirty(pPager.pPCache, assertTruncateConstraintCb);
  }
}

/**
 * Shortens the database image to `nPage` pages. The file is truncated when the transaction commits.
 *
 * Only called right before a commit: afterwards the transaction must be committed or rolled back,
 * and no savepoint can be rolled back any more, which is why the pages cut off need no journalling.
 *
 * @upstream pager.c sqlite3PagerTruncateImage
 */
export function sqlite3PagerTruncateImage(pPager: Pager, nPage: Pgno): void {
  /* CORRUPT_DB, in C a macro */
  assert(pPager.dbSize >= nPage || sqlite3Config.neverCorrupt === 0);
  assert(pPager.eState >= PAGER_WRITER_CACHEMOD);
  pPager.dbSize = nPage;
}

/**
 * Syncs a journal that is about to be rolled back and records, in `journalHdr`, that all of it is
 * on disk. Whoever recovers after a power failure during the rollback then sees the same journal.
 *
 * @upstream pager.c pagerSyncHotJournal
 */
function pagerSyncHotJournal(pPager: Pager): number {
  let rc = SQLITE_OK;
  if (!pPager.noSync) {
    rc = sqlite3OsSync(pPager.jfd, SQLITE_SYNC_NORMAL);
  }
  if (rc === SQLITE_OK) {
    const pSize = new Ref(pPager.journalHdr);
    rc = sqlite3OsFileSize(pPager.jfd, pSize);
    pPager.journalHdr = pSize.value;
  }
  return rc;
}

/**
 * Makes a page reference whose content lies in the mapped file. The header comes from the pager's
 * free list, or from the allocator; if that fails the mapping of the page is given back.
 *
 * @param pData the page as xFetch returned it.
 * @param ppPage receives the page, or null on error; to be given back to pagerReleaseMapPage.
 * @returns SQLITE_OK or SQLITE_NOMEM.
 * @upstream pager.c pagerAcquireMapPage
 * @divergence mapped-page-block
 */
function pagerAcquireMapPage(
  pPager: Pager,
  pgno: Pgno,
  pData: Uint8Array,
  ppPage: Ref<PgHdr | null>,
): number {
  let p: PgHdr;

  if (pPager.pMmapFreelist !== null) {
    ppPage.value = p = pPager.pMmapFreelist;
    pPager.pMmapFreelist = p.pDirty;
    p.pDirty = null;
    assert(pPager.nExtra >= 8);
    memset(p.pExtra, 0, 8);
  } else {
    const mem = sqlite3MallocZero(sizeof.PgHdr + pPager.nExtra);
    if (mem === null) {
      ppPage.value = null;
      sqlite3OsUnfetch(pPager.fd, ((pgno - 1) >>> 0) * pPager.pageSize, pData);
      return SQLITE_NOMEM_BKPT;
    }
    ppPage.value = p = new PgHdr(mem);
    p.pExtra = mem.subarray(sizeof.PgHdr, sizeof.PgHdr + pPager.nExtra);
    assert(EIGHT_BYTE_ALIGNMENT(p.pExtra));
    p.flags = PGHDR_MMAP;
    p.nRef = 1;
    p.pPager = pPager;
  }

  assert(ptrdiff(p.pExtra, p.mem!) === sizeof.PgHdr);
  assert(p.pPage === null);
  assert(p.flags === PGHDR_MMAP);
  assert(p.pPager === pPager);
  assert(p.nRef === 1);

  p.pgno = pgno;
  p.pData = pData;
  pPager.nMmapOut++;

  return SQLITE_OK;
}

/**
 * Gives a page of {@link pagerAcquireMapPage} back: its header goes to the free list, its content
 * to the VFS.
 *
 * @upstream pager.c pagerReleaseMapPage
 */
function pagerReleaseMapPage(pPg: PgHdr): void {
  const pPager = pPg.pPager!;
  pPager.nMmapOut--;
  pPg.pDirty = pPager.pMmapFreelist;
  pPager.pMmapFreelist = pPg;

  assert(pPager.fd.pMethods!.iVersion >= 3);
  sqlite3OsUnfetch(pPager.fd, ((pPg.pgno - 1) >>> 0) * pPager.pageSize, pPg.pData);
}

/**
 * Frees the headers on the free list of mapped pages.
 *
 * @upstream pager.c pagerFreeMapHdrs
 */
function pagerFreeMapHdrs(pPager: Pager): void {
  let p: PgHdr | null;
  let pNext: PgHdr | null;
  for (p = pPager.pMmapFreelist; p !== null; p = pNext) {
    pNext = p.pDirty;
    sqlite3_free(p);
  }
}

/**
 * Checks that the open file is still the one that its name leads to. A VFS that cannot tell is
 * believed.
 *
 * @returns SQLITE_OK, SQLITE_READONLY_DBMOVED, or the VFS's error.
 * @upstream pager.c databaseIsUnmoved
 */
function databaseIsUnmoved(pPager: Pager): number {
  const bHasMoved = new Ref(0);
  let rc: number;

  if (pPager.tempFile) return SQLITE_OK;
  if (pPager.dbSize === 0) return SQLITE_OK;
  assert(pPager.zFilename && pPager.zFilename[0]);
  rc = sqlite3OsFileControl(pPager.fd, SQLITE_FCNTL_HAS_MOVED, bHasMoved);
  if (rc === SQLITE_NOTFOUND) {
    rc = SQLITE_OK; /* an older VFS without this opcode */
  } else if (rc === SQLITE_OK && bHasMoved.value) {
    rc = SQLITE_READONLY_DBMOVED;
  }
  return rc;
}

/**
 * Closes a pager: rolls back what is open, checkpoints and closes the log, closes all files, frees
 * all memory. Pages still held become invalid.
 *
 * A rollback that fails leaves a hot journal behind and is not reported.
 *
 * @param db the connection, or null if the pager has no log.
 * @returns SQLITE_OK always.
 * @upstream pager.c sqlite3PagerClose
 * @divergence counted-array
 * @divergence pager-id
 */
export function sqlite3PagerClose(pPager: Pager, db: sqlite3 | null): number {
  const pTmp = pPager.pTmpSpace;
  assert(db !== null || !pagerUseWal(pPager));
  assert(assert_pager_state(pPager));
  sqlite3BeginBenignMalloc();
  pagerFreeMapHdrs(pPager);
  pPager.exclusiveMode = 0;
  {
    let a: Uint8Array | null = null; /* null: close the log without a checkpoint */
    assert(db !== null || pPager.pWal === null);
    if (db !== null && 0 === (db.flags & SQLITE_NoCkptOnClose) && SQLITE_OK === databaseIsUnmoved(pPager)) {
      a = pTmp;
    }
    sqlite3WalClose(pPager.pWal, db, pPager.walSyncFlags, pPager.pageSize, a);
    pPager.pWal = null;
  }
  pager_reset(pPager);
  if (MEMDB(pPager)) {
    pager_unlock(pPager);
  } else {
    /* An unsynced journal must not be played back. If the sync fails, the error state makes
     * pagerUnlockAndRollback leave the journal to whoever opens the database next. */
    if (isOpen(pPager.jfd)) {
      pager_error(pPager, pagerSyncHotJournal(pPager));
    }
    pagerUnlockAndRollback(pPager);
  }
  sqlite3EndBenignMalloc();
  sqlite3OsClose(pPager.jfd);
  sqlite3OsClose(pPager.fd);
  sqlite3PageFree(pTmp);
  sqlite3PcacheClose(pPager.pPCache);
  assert(pPager.aSavepointMem === null && pPager.pInJournal === null);
  assert(!isOpen(pPager.jfd) && !isOpen(pPager.sjfd));

  forgetPager(pPager); /* NON-UPSTREAM: in C the pointer before the name just dangles */
  sqlite3_free(pPager);
  return SQLITE_OK;
}

/**
 * Returns the number of a page; for asserts of the layers above.
 *
 * @upstream pager.c sqlite3PagerPagenumber
 */
export function sqlite3PagerPagenumber(pPg: DbPage): Pgno {
  return pPg.pgno;
}

/**
 * Takes one more reference to a page that is already held.
 *
 * @upstream pager.c sqlite3PagerRef
 */
export function sqlite3PagerRef(pPg: DbPage): void {
  sqlite3PcacheRef(pPg);
}

/**
 * Makes the journal good for a rollback: when this returns SQLITE_OK, the database file may be
 * overwritten. Takes EXCLUSIVE and moves to WRITER_DBMOD.
 *
 * A journal in memory, or noSync, needs no work. Otherwise: unless appends are safe on the device,
 * the number of records is written into the last header, after a sync of its own with fullSync;
 * then, unless the device keeps the order of writes, the journal is synced. All pages lose their
 * PGHDR_NEED_SYNC.
 *
 * @param newHdr nonzero: start a new section with a header of its own, because more pages follow.
 * @returns SQLITE_OK, SQLITE_BUSY from the lock, or the code of a failed read, write or sync.
 * @upstream pager.c syncJournal
 */
function syncJournal(pPager: Pager, newHdr: number): number {
  let rc: number;

  assert(pPager.eState === PAGER_WRITER_CACHEMOD || pPager.eState === PAGER_WRITER_DBMOD);
  assert(assert_pager_state(pPager));
  assert(!pagerUseWal(pPager));

  rc = sqlite3PagerExclusiveLock(pPager);
  if (rc !== SQLITE_OK) return rc;

  if (!pPager.noSync) {
    assert(!pPager.tempFile);
    if (isOpen(pPager.jfd) && pPager.journalMode !== PAGER_JOURNALMODE_MEMORY) {
      const iDc = sqlite3OsDeviceCharacteristics(pPager.fd);
      assert(isOpen(pPager.jfd));

      if (0 === (iDc & SQLITE_IOCAP_SAFE_APPEND)) {
        /* A persistent journal may hold an old section exactly where the next header would go. If
         * the power failed now, a rollback would play our records and then those stale ones. So a
         * header found there is spoilt by one zero byte before our own count becomes valid. */
        let iNextHdrOffset: number;
        const aMagic = new Uint8Array(8);
        const zHeader = new Uint8Array(aJournalMagic.length + 4);

        memcpy(zHeader, aJournalMagic, aJournalMagic.length);
        put32bits(zHeader, pPager.nRec, aJournalMagic.length);

        iNextHdrOffset = journalHdrOffset(pPager);
        rc = sqlite3OsRead(pPager.jfd, aMagic, 8, iNextHdrOffset);
        if (rc === SQLITE_OK && 0 === memcmp(aMagic, aJournalMagic, 8)) {
          const zerobyte = new Uint8Array(1);
          rc = sqlite3OsWrite(pPager.jfd, zerobyte, 1, iNextHdrOffset);
        }
        if (rc !== SQLITE_OK && rc !== SQLITE_IOERR_SHORT_READ) {
          return rc;
        }

        /* The count makes the records eligible for rollback: they must be on disk before it. Where
         * appends are safe the header was written with a count of all ones and stays as it is. */
        if (pPager.fullSync && 0 === (iDc & SQLITE_IOCAP_SEQUENTIAL)) {
          rc = sqlite3OsSync(pPager.jfd, pPager.syncFlags);
          if (rc !== SQLITE_OK) return rc;
        }
        rc = sqlite3OsWrite(pPager.jfd, zHeader, zHeader.length, pPager.journalHdr);
        if (rc !== SQLITE_OK) return rc;
      }
      if (0 === (iDc & SQLITE_IOCAP_SEQUENTIAL)) {
        rc = sqlite3OsSync(
          pPager.jfd,
          pPager.syncFlags | (pPager.syncFlags === SQLITE_SYNC_FULL ? SQLITE_SYNC_DATAONLY : 0),
        );
        if (rc !== SQLITE_OK) return rc;
      }

      pPager.journalHdr = pPager.journalOff;
      if (newHdr && 0 === (iDc & SQLITE_IOCAP_SAFE_APPEND)) {
        pPager.nRec = 0;
        rc = writeJournalHdr(pPager);
        if (rc !== SQLITE_OK) return rc;
      }
    } else {
      pPager.journalHdr = pPager.journalOff;
    }
  }

  sqlite3PcacheClearSyncFlags(pPager.pPCache);
  pPager.eState = PAGER_WRITER_DBMOD;
  assert(assert_pager_state(pPager));
  return SQLITE_OK;
}

/**
 * Writes a list of dirty pages, linked by pDirty, to the database file in list order.
 *
 * The caller holds EXCLUSIVE. A temporary file that does not exist yet is created. Pages past
 * `dbSize` and pages marked PGHDR_DONT_WRITE are passed over. Page 1 gets a new change counter on
 * the way, and `dbFileVers` follows it; `dbFileSize` follows the growth of the file.
 *
 * @param pList not empty as long as `dbHintSize < dbSize`; the list stays linked.
 * @upstream pager.c pager_write_pagelist
 */
function pager_write_pagelist(pPager: Pager, pList: PgHdr | null): number {
  let rc = SQLITE_OK;

  assert(!pagerUseWal(pPager));
  assert(pPager.tempFile || pPager.eState === PAGER_WRITER_DBMOD);
  assert(pPager.eLock === EXCLUSIVE_LOCK);
  assert(isOpen(pPager.fd) || pList!.pDirty === null);

  if (!isOpen(pPager.fd)) {
    assert(pPager.tempFile && rc === SQLITE_OK);
    rc = pagerOpentemp(pPager, pPager.fd, pPager.vfsFlags);
  }

  /* One page that does not make the file grow needs no hint. */
  assert(rc !== SQLITE_OK || isOpen(pPager.fd));
  if (
    rc === SQLITE_OK &&
    pPager.dbHintSize < pPager.dbSize &&
    (pList!.pDirty !== null || pList!.pgno > pPager.dbHintSize)
  ) {
    const szFile = new Ref(pPager.pageSize * pPager.dbSize);
    sqlite3OsFileControlHint(pPager.fd, SQLITE_FCNTL_SIZE_HINT, szFile);
    pPager.dbHintSize = pPager.dbSize;
  }

  while (rc === SQLITE_OK && pList !== null) {
    const pgno: Pgno = pList.pgno;

    /* Pages past the end are left over from sqlite3PagerTruncateImage. */
    if (pgno <= pPager.dbSize && 0 === (pList.flags & PGHDR_DONT_WRITE)) {
      const offset = ((pgno - 1) >>> 0) * pPager.pageSize;
      let pData: Uint8Array;

      assert((pList.flags & PGHDR_NEED_SYNC) === 0);
      if (pList.pgno === 1) pager_write_changecounter(pList);

      pData = pList.pData;

      rc = sqlite3OsWrite(pPager.fd, pData, pPager.pageSize, offset);

      /* The bookkeeping below happens even if the write failed, as in C. */
      if (pgno === 1) {
        memcpy(pPager.dbFileVers, pData.subarray(24), pPager.dbFileVers.length);
      }
      if (pgno > pPager.dbFileSize) {
        pPager.dbFileSize = pgno;
      }
      pPager.aStat[PAGER_STAT_WRITE]++;

      sqlite3BackupUpdate(pPager.pBackup.value, pgno, pList.pData);
    }
    pager_set_pagehash(pList);
    pList = pList.pDirty;
  }

  return rc;
}

/**
 * Opens the sub-journal unless it is open. It begins in memory and moves to a file when it grows
 * past the configured size, or stays in memory if the journal does or the statement asked for that.
 *
 * @upstream pager.c openSubJournal
 */
function openSubJournal(pPager: Pager): number {
  let rc = SQLITE_OK;
  if (!isOpen(pPager.sjfd)) {
    const flags =
      SQLITE_OPEN_SUBJOURNAL |
      SQLITE_OPEN_READWRITE |
      SQLITE_OPEN_CREATE |
      SQLITE_OPEN_EXCLUSIVE |
      SQLITE_OPEN_DELETEONCLOSE;
    let nStmtSpill = sqlite3Config.nStmtSpill;
    if (pPager.journalMode === PAGER_JOURNALMODE_MEMORY || pPager.subjInMemory) {
      nStmtSpill = -1;
    }
    rc = sqlite3JournalOpen(pPager.pVfs, null, pPager.sjfd, flags, nStmtSpill);
  }
  return rc;
}

/**
 * Appends the present content of a page to the sub-journal and marks the page as saved in every
 * open savepoint. A record is 4 bytes of page number and the page; no header, no checksum.
 *
 * @returns SQLITE_OK, the code of a failed open or write, or SQLITE_NOMEM from the marking (the
 *   record is then counted nevertheless).
 * @upstream pager.c subjournalPage
 */
function subjournalPage(pPg: PgHdr): number {
  let rc = SQLITE_OK;
  const pPager = pPg.pPager!;
  if (pPager.journalMode !== PAGER_JOURNALMODE_OFF) {
    assert(pPager.useJournal);
    assert(isOpen(pPager.jfd) || pagerUseWal(pPager));
    assert(isOpen(pPager.sjfd) || pPager.nSubRec === 0);
    assert(pagerUseWal(pPager) || pageInJournal(pPager, pPg) || pPg.pgno > pPager.dbOrigSize);
    rc = openSubJournal(pPager);

    if (rc === SQLITE_OK) {
      const pData = pPg.pData;
      const offset = pPager.nSubRec * (4 + pPager.pageSize);
      let pData2: Uint8Array;
      pData2 = pData;
      rc = write32bits(pPager.sjfd, offset, pPg.pgno);
      if (rc === SQLITE_OK) {
        rc = sqlite3OsWrite(pPager.sjfd, pData2, pPager.pageSize, offset + 4);
      }
    }
  }
  if (rc === SQLITE_OK) {
    pPager.nSubRec = (pPager.nSubRec + 1) >>> 0;
    assert(pPager.nSavepoint > 0);
    rc = addToSavepointBitvecs(pPager, pPg.pgno);
  }
  return rc;
}

/**
 * Saves a page in the sub-journal if some open savepoint has not got it yet.
 *
 * @upstream pager.c subjournalPageIfRequired
 */
function subjournalPageIfRequired(pPg: PgHdr): number {
  if (subjRequiresPage(pPg)) {
    return subjournalPage(pPg);
  } else {
    return SQLITE_OK;
  }
}

/**
 * Called by the cache when it is full of dirty pages: writes one that nobody holds to the database
 * file or the log, syncing the journal first where that is due, and marks it clean.
 *
 * It may also do nothing and return SQLITE_OK: when spilling is off, during a rollback, or when a
 * sync would be needed that `doNotSpill` forbids. Errors put the pager into the error state if they
 * are of the kind that does.
 *
 * @param p the Pager.
 * @upstream pager.c pagerStress
 */
function pagerStress(p: unknown, pPg: PgHdr): number {
  const pPager = p as Pager;
  let rc = SQLITE_OK;

  assert(pPg.pPager === pPager);
  assert(pPg.flags & PGHDR_DIRTY);

  /* In the error state the cache is never asked to make room; a spill there could corrupt the file. */
  if (NEVER(pPager.errCode)) return SQLITE_OK;
  testcase(pPager.doNotSpill & SPILLFLAG_ROLLBACK);
  testcase(pPager.doNotSpill & SPILLFLAG_OFF);
  testcase(pPager.doNotSpill & SPILLFLAG_NOSYNC);
  if (
    pPager.doNotSpill &&
    ((pPager.doNotSpill & (SPILLFLAG_ROLLBACK | SPILLFLAG_OFF)) !== 0 || (pPg.flags & PGHDR_NEED_SYNC) !== 0)
  ) {
    return SQLITE_OK;
  }

  pPager.aStat[PAGER_STAT_SPILL]++;
  pPg.pDirty = null; /* a list of one */
  if (pagerUseWal(pPager)) {
    rc = subjournalPageIfRequired(pPg);
    if (rc === SQLITE_OK) {
      rc = pagerWalFrames(pPager, pPg, 0, 0);
    }
  } else {
    if (SQLITE_ENABLE_BATCH_ATOMIC_WRITE) {
      if (pPager.tempFile === 0) {
        rc = sqlite3JournalCreate(pPager.jfd);
        if (rc !== SQLITE_OK) return pager_error(pPager, rc);
      }
    }

    if (pPg.flags & PGHDR_NEED_SYNC || pPager.eState === PAGER_WRITER_CACHEMOD) {
      rc = syncJournal(pPager, 1);
    }

    if (rc === SQLITE_OK) {
      assert((pPg.flags & PGHDR_NEED_SYNC) === 0);
      rc = pager_write_pagelist(pPager, pPg);
    }
  }

  if (rc === SQLITE_OK) {
    sqlite3PcacheMakeClean(pPg);
  }

  return pager_error(pPager, rc);
}

/**
 * Writes out all dirty pages that nobody holds, as the cache would under pressure. An in-memory
 * database has nowhere to write to.
 *
 * @upstream pager.c sqlite3PagerFlush
 */
export function sqlite3PagerFlush(pPager: Pager): number {
  let rc = pPager.errCode;
  if (!MEMDB(pPager)) {
    let pList: PgHdr | null = sqlite3PcacheDirtyList(pPager.pPCache);
    assert(assert_pager_state(pPager));
    while (rc === SQLITE_OK && pList !== null) {
      const pNext: PgHdr | null = pList.pDirty; /* pagerStress clears it */
      if (pList.nRef === 0) {
        rc = pagerStress(pPager, pList);
      }
      pList = pNext;
    }
  }

  return rc;
}

/**
 * Creates a pager and opens its database file.
 *
 * One allocation holds the pager, its cache, three file handles and the names, in this order: the
 * pointer back to the pager, four zero bytes, the absolute database name, the URI parameters behind
 * `zFilename`, the journal's name, the log's name, zeros. VFSes walk from one name to the next, so
 * the bytes are laid out exactly as in C; only the pointer is a number here.
 *
 * A null or empty name makes a temporary file, created when it is first written. With PAGER_MEMORY
 * the name is only a label and nothing is ever written. An immutable file is treated like a
 * temporary one that is read-only: no locks, no journal of others.
 *
 * @param zFilename in a block as sqlite3_create_filename lays it out: behind the name URI parameters
 *   and an empty string, before it four zero bytes (read only with SQLITE_ENABLE_8_3_NAMES).
 * @param nExtra bytes beside each page, below 1000; the first 8 are zero when the page is new.
 * @param flags PAGER_OMIT_JOURNAL, PAGER_MEMORY.
 * @param vfsFlags SQLITE_OPEN_* for xOpen.
 * @param xReinit called for a page whose content has changed under the layer above.
 * @returns SQLITE_OK, or an error with `ppPager` null: SQLITE_NOMEM, SQLITE_CANTOPEN, the VFS's code.
 * @upstream pager.c sqlite3PagerOpen
 * @divergence pager-block
 * @divergence pager-id
 */
export function sqlite3PagerOpen(
  pVfs: sqlite3_vfs,
  ppPager: Ref<Pager | null>,
  zFilename: CString | null,
  nExtra: number,
  flags: number,
  vfsFlags: number,
  xReinit: (pPg: DbPage) => void,
): number {
  let pPtr: Uint8Array | null;
  let pPager: Pager;
  let rc = SQLITE_OK;
  let tempFile = 0; /* temporary, in-memory or immutable */
  let memDb = 0;
  let memJM = 0; /* the VFS keeps the file in memory: so do we with the journal */
  let readOnly = 0;
  let journalFileSize: number;
  let zPathname: CString | null = null;
  let nPathname = 0;
  const useJournal = (flags & PAGER_OMIT_JOURNAL) === 0 ? 1 : 0;
  const pcacheSize = sqlite3PcacheSize();
  const szPageDflt = new Ref(SQLITE_DEFAULT_PAGE_SIZE);
  let zUri: CString | null = null;
  let nUriByte = 1; /* bytes at zUri, the final zero included */

  /* The sub-journal and the main journal must each be able to hold either kind of file. */
  journalFileSize = ROUND8(sqlite3JournalSize(pVfs));

  ppPager.value = null;

  if (flags & PAGER_MEMORY) {
    memDb = 1;
    if (zFilename !== null && zFilename[0]) {
      zPathname = sqlite3DbStrDup(null, zFilename);
      if (zPathname === null) return SQLITE_NOMEM_BKPT;
      nPathname = sqlite3Strlen30(zPathname);
      zFilename = null;
    }
  }

  if (zFilename !== null && zFilename[0]) {
    let z: CString;
    nPathname = pVfs.mxPathname + 1;
    zPathname = sqlite3DbMallocRaw(null, 2 * nPathname);
    if (zPathname === null) {
      return SQLITE_NOMEM_BKPT;
    }
    zPathname[0] = 0; /* xFullPathname may fail without writing anything */
    rc = sqlite3OsFullPathname(pVfs, zFilename, nPathname, zPathname);
    if (rc !== SQLITE_OK) {
      if (rc === SQLITE_OK_SYMLINK) {
        if (vfsFlags & SQLITE_OPEN_NOFOLLOW) {
          rc = SQLITE_CANTOPEN_SYMLINK;
        } else {
          rc = SQLITE_OK;
        }
      }
    }
    nPathname = sqlite3Strlen30(zPathname);
    z = zUri = zFilename.subarray(sqlite3Strlen30(zFilename) + 1);
    while (z[0]) {
      z = z.subarray(strlen(z) + 1);
      z = z.subarray(strlen(z) + 1);
    }
    nUriByte = ptrdiff(z, zUri) + 1;
    assert(nUriByte >= 1);
    if (rc === SQLITE_OK && nPathname + 8 > pVfs.mxPathname) {
      /* "-journal" would not fit: then a hot journal could not even be looked for. */
      rc = SQLITE_CANTOPEN_BKPT(64423);
    }
    if (rc !== SQLITE_OK) {
      sqlite3DbFree(null, zPathname);
      return rc;
    }
  }

  assert(SQLITE_PTRSIZE === sizeof.ptr);
  pPtr = sqlite3MallocZero(
    ROUND8(sizeof.Pager) /* the pager */ +
      ROUND8(pcacheSize) /* its cache */ +
      ROUND8(pVfs.szOsFile) /* the database file */ +
      journalFileSize * 2 /* the two journals */ +
      SQLITE_PTRSIZE /* the way back to the pager */ +
      4 /* zeros before the first name */ +
      nPathname +
      1 /* database name */ +
      nUriByte /* URI parameters */ +
      nPathname +
      8 +
      1 /* journal name */ +
      nPathname +
      4 +
      1 /* log name */ +
      3 /* zeros after the last name */,
  );
  assert(EIGHT_BYTE_ALIGNMENT(journalFileSize));
  if (pPtr === null) {
    sqlite3DbFree(null, zPathname);
    return SQLITE_NOMEM_BKPT;
  }
  /* Pager, cache and file handles are objects, made by the constructor; their bytes stay unused. */
  pPager = new Pager(pPtr, pVfs, new PCache());
  pPtr = pPtr.subarray(ROUND8(sizeof.Pager));
  pPtr = pPtr.subarray(ROUND8(pcacheSize)); /* pPCache */
  pPtr = pPtr.subarray(ROUND8(pVfs.szOsFile)); /* fd */
  pPtr = pPtr.subarray(journalFileSize); /* sjfd */
  pPtr = pPtr.subarray(journalFileSize); /* jfd */
  assert(EIGHT_BYTE_ALIGNMENT(pPtr));
  rememberPager(pPager, pPtr);
  pPtr = pPtr.subarray(SQLITE_PTRSIZE);

  pPtr = pPtr.subarray(4); /* the zero prefix */
  pPager.zFilename = pPtr;
  if (nPathname > 0) {
    memcpy(pPtr, zPathname!, nPathname);
    pPtr = pPtr.subarray(nPathname + 1);
    if (zUri !== null) {
      memcpy(pPtr, zUri, nUriByte);
      pPtr = pPtr.subarray(nUriByte);
    } else {
      pPtr = pPtr.subarray(1);
    }
  }

  if (nPathname > 0) {
    pPager.zJournal = pPtr;
    memcpy(pPtr, zPathname!, nPathname);
    pPtr = pPtr.subarray(nPathname);
    memcpy(pPtr, toCString("-journal"), 8);
    pPtr = pPtr.subarray(8 + 1);
    if (SQLITE_ENABLE_8_3_NAMES) {
      sqlite3FileSuffix3(zFilename, pPager.zJournal);
      pPtr = pPager.zJournal.subarray(sqlite3Strlen30(pPager.zJournal)).subarray(1);
    }
  } else {
    pPager.zJournal = null;
  }

  if (nPathname > 0) {
    pPager.zWal = pPtr;
    memcpy(pPtr, zPathname!, nPathname);
    pPtr = pPtr.subarray(nPathname);
    memcpy(pPtr, toCString("-wal"), 4);
    pPtr = pPtr.subarray(4 + 1);
    if (SQLITE_ENABLE_8_3_NAMES) {
      sqlite3FileSuffix3(zFilename, pPager.zWal);
      pPtr = pPager.zWal.subarray(sqlite3Strlen30(pPager.zWal)).subarray(1);
    }
  } else {
    pPager.zWal = null;
  }

  if (nPathname) sqlite3DbFree(null, zPathname);
  pPager.pVfs = pVfs;
  pPager.vfsFlags = vfsFlags;

  opened: {
    act_like_temp_file: {
      if (zFilename !== null && zFilename[0]) {
        const fout = new Ref(0);
        rc = sqlite3OsOpen(pVfs, pPager.zFilename, pPager.fd, vfsFlags, fout);
        assert(!memDb);
        pPager.memVfs = memJM = (fout.value & SQLITE_OPEN_MEMORY) !== 0 ? 1 : 0;
        readOnly = (fout.value & SQLITE_OPEN_READONLY) !== 0 ? 1 : 0;

        /* A file that we may have to create gets pages no smaller than a sector (up to a limit), and
         * as large as the device can write atomically. */
        if (rc === SQLITE_OK) {
          const iDc = sqlite3OsDeviceCharacteristics(pPager.fd);
          if (!readOnly) {
            setSectorSize(pPager);
            assert(SQLITE_DEFAULT_PAGE_SIZE <= SQLITE_MAX_DEFAULT_PAGE_SIZE);
            if (szPageDflt.value < pPager.sectorSize) {
              if (pPager.sectorSize > SQLITE_MAX_DEFAULT_PAGE_SIZE) {
                szPageDflt.value = SQLITE_MAX_DEFAULT_PAGE_SIZE;
              } else {
                szPageDflt.value = pPager.sectorSize;
              }
            }
            if (SQLITE_ENABLE_ATOMIC_WRITE) {
              let ii: number;
              assert(SQLITE_IOCAP_ATOMIC512 === 512 >> 8);
              assert(SQLITE_IOCAP_ATOMIC64K === 65536 >> 8);
              assert(SQLITE_MAX_DEFAULT_PAGE_SIZE <= 65536);
              for (ii = szPageDflt.value; ii <= SQLITE_MAX_DEFAULT_PAGE_SIZE; ii = ii * 2) {
                if (iDc & (SQLITE_IOCAP_ATOMIC | (ii >> 8))) {
                  szPageDflt.value = ii;
                }
              }
            }
          }
          pPager.noLock = sqlite3_uri_boolean(pPager.zFilename, "nolock", 0);
          if ((iDc & SQLITE_IOCAP_IMMUTABLE) !== 0 || sqlite3_uri_boolean(pPager.zFilename, "immutable", 0)) {
            vfsFlags |= SQLITE_OPEN_READONLY;
            break act_like_temp_file;
          }
        }
        break opened;
      }
    }
    /* Temporary and in-memory files are opened when they are first written, if ever. */
    tempFile = 1;
    pPager.eState = PAGER_READER; /* as if it had locked already */
    pPager.eLock = EXCLUSIVE_LOCK; /* and for good */
    pPager.noLock = 1;
    readOnly = vfsFlags & SQLITE_OPEN_READONLY;
  }

  /* Sets Pager.pageSize and allocates Pager.pTmpSpace. */
  if (rc === SQLITE_OK) {
    assert(pPager.memDb === 0);
    rc = sqlite3PagerSetPagesize(pPager, szPageDflt, -1);
    testcase(rc !== SQLITE_OK);
  }

  if (rc === SQLITE_OK) {
    nExtra = ROUND8(nExtra);
    assert(nExtra >= 8 && nExtra < 1000);
    rc = sqlite3PcacheOpen(
      szPageDflt.value,
      nExtra,
      !memDb ? 1 : 0,
      !memDb ? pagerStress : null,
      pPager,
      pPager.pPCache,
    );
  }

  if (rc !== SQLITE_OK) {
    sqlite3OsClose(pPager.fd);
    sqlite3PageFree(pPager.pTmpSpace);
    forgetPager(pPager); /* NON-UPSTREAM */
    sqlite3_free(pPager);
    return rc;
  }

  pPager.useJournal = useJournal & 0xff;
  pPager.mxPgno = SQLITE_MAX_PAGE_COUNT;
  pPager.tempFile = tempFile & 0xff;
  assert(tempFile === PAGER_LOCKINGMODE_NORMAL || tempFile === PAGER_LOCKINGMODE_EXCLUSIVE);
  assert(PAGER_LOCKINGMODE_EXCLUSIVE === 1);
  pPager.exclusiveMode = tempFile & 0xff;
  pPager.changeCountDone = pPager.tempFile;
  pPager.memDb = memDb & 0xff;
  pPager.readOnly = readOnly & 0xff;
  assert(useJournal || pPager.tempFile);
  sqlite3PagerSetFlags(pPager, (SQLITE_DEFAULT_SYNCHRONOUS + 1) | PAGER_CACHESPILL);
  pPager.nExtra = nExtra & 0xffff;
  pPager.journalSizeLimit = SQLITE_DEFAULT_JOURNAL_SIZE_LIMIT;
  assert(isOpen(pPager.fd) || tempFile);
  setSectorSize(pPager);
  if (!useJournal) {
    pPager.journalMode = PAGER_JOURNALMODE_OFF;
  } else if (memDb || memJM) {
    pPager.journalMode = PAGER_JOURNALMODE_MEMORY;
  }
  pPager.xReiniter = xReinit;
  setGetterMethod(pPager);

  ppPager.value = pPager;
  return SQLITE_OK;
}

/**
 * Finds the open database file that belongs to a name which the pager gave to xOpen: that of the
 * database, of its journal or of its log.
 *
 * @param zName the very pointer that xOpen got; the search goes back from it to the four zero bytes
 *   in front of the database name.
 * @upstream pager.c sqlite3_database_file_object
 * @divergence pager-id
 */
export function sqlite3_database_file_object(zName: CString): sqlite3_file {
  const a = new Uint8Array(zName.buffer);
  let i = zName.byteOffset; /* zName, as an index into a */
  /* C would walk off the block if this were another kind of name; the port stops at its buffer. */
  while (i >= 4 && (a[i - 1] !== 0 || a[i - 2] !== 0 || a[i - 3] !== 0 || a[i - 4] !== 0)) {
    i--;
  }
  assert(i >= 4);
  const p = i - 4 - SQLITE_PTRSIZE;
  assert(EIGHT_BYTE_ALIGNMENT(p));
  const pPager = recallPager(a, p)!;
  return pPager.fd;
}

/**
 * Looks for a hot journal: one that exists and begins with a nonzero byte, while nobody holds
 * RESERVED and the database is not empty. The journal of an empty database is deleted.
 *
 * Called with a SHARED lock just taken. The answer may be wrongly yes: another process may have
 * finished meanwhile, or the journal may name a super-journal that is gone. pager_playback, under
 * EXCLUSIVE, sorts that out.
 *
 * @param pExists receives 1 or 0; undefined on error.
 * @returns SQLITE_OK or the code of a failed file operation.
 * @upstream pager.c hasHotJournal
 */
function hasHotJournal(pPager: Pager, pExists: Ref<number>): number {
  const pVfs = pPager.pVfs;
  let rc = SQLITE_OK;
  const exists = new Ref(1);
  const jrnlOpen = isOpen(pPager.jfd) ? 1 : 0;

  assert(pPager.useJournal);
  assert(isOpen(pPager.fd));
  assert(pPager.eState === PAGER_OPEN);

  assert(jrnlOpen === 0 || sqlite3OsDeviceCharacteristics(pPager.jfd) & SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN);

  pExists.value = 0;
  if (!jrnlOpen) {
    rc = sqlite3OsAccess(pVfs, pPager.zJournal!, SQLITE_ACCESS_EXISTS, exists);
  }
  if (rc === SQLITE_OK && exists.value) {
    const locked = new Ref(0);

    /* If a writer finished between the test above and the one below, its journal looks hot here. */
    rc = sqlite3OsCheckReservedLock(pPager.fd, locked);
    if (rc === SQLITE_OK && !locked.value) {
      const nPage = new Ref<Pgno>(0);

      assert(pPager.tempFile === 0);
      rc = pagerPagecount(pPager, nPage);
      if (rc === SQLITE_OK) {
        /* An empty database has nothing to roll back to: the journal is a leftover, or that of a
         * first transaction that never got into the file. One that we keep open must stay. */
        if (nPage.value === 0 && !jrnlOpen) {
          sqlite3BeginBenignMalloc();
          if (pagerLockDb(pPager, RESERVED_LOCK) === SQLITE_OK) {
            sqlite3OsDelete(pVfs, pPager.zJournal!, 0);
            if (!pPager.exclusiveMode) pagerUnlockDb(pPager, SHARED_LOCK);
          }
          sqlite3EndBenignMalloc();
        } else {
          /* A finalized persistent journal begins with a zero byte. */
          if (!jrnlOpen) {
            const f = new Ref(SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_JOURNAL);
            rc = sqlite3OsOpen(pVfs, pPager.zJournal!, pPager.jfd, f.value, f);
          }
          if (rc === SQLITE_OK) {
            const first = new Uint8Array(1);
            rc = sqlite3OsRead(pPager.jfd, first, 1, 0);
            if (rc === SQLITE_IOERR_SHORT_READ) {
              rc = SQLITE_OK;
            }
            if (!jrnlOpen) {
              sqlite3OsClose(pPager.jfd);
            }
            pExists.value = first[0] !== 0 ? 1 : 0;
          } else if (rc === SQLITE_CANTOPEN) {
            /* Deleted a moment ago, or unreadable: a second look under EXCLUSIVE will tell. */
            pExists.value = 1;
            rc = SQLITE_OK;
          }
        }
      }
    }
  }

  return rc;
}

/**
 * Starts a read transaction: from OPEN to READER. In READER it only renews the log's snapshot.
 *
 * Takes a SHARED lock; plays a hot journal back, under EXCLUSIVE; drops the cache if the file has
 * changed since the pager last held a lock; opens the log if there is one and takes a snapshot of
 * it; finds the database's size. The caller holds no page. On error everything is unlocked again.
 *
 * @returns SQLITE_OK, SQLITE_BUSY, SQLITE_READONLY_ROLLBACK for a hot journal that may not be played
 *   back, or the code of what failed.
 * @upstream pager.c sqlite3PagerSharedLock
 * @divergence local-buffers
 */
export function sqlite3PagerSharedLock(pPager: Pager): number {
  let rc = SQLITE_OK;

  /* Without a page held the state is never ERROR; READER means exclusive mode. */
  assert(sqlite3PcacheRefCount(pPager.pPCache) === 0);
  assert(assert_pager_state(pPager));
  assert(pPager.eState === PAGER_OPEN || pPager.eState === PAGER_READER);
  assert(pPager.errCode === SQLITE_OK);

  failed: {
    if (!pagerUseWal(pPager) && pPager.eState === PAGER_OPEN) {
      const bHotJournal = new Ref(1); /* what is assumed in lock state UNKNOWN */

      assert(!MEMDB(pPager));
      assert(pPager.tempFile === 0 || pPager.eLock === EXCLUSIVE_LOCK);

      rc = pager_wait_on_lock(pPager, SHARED_LOCK);
      if (rc !== SQLITE_OK) {
        assert(pPager.eLock === NO_LOCK || pPager.eLock === UNKNOWN_LOCK);
        break failed;
      }

      if (pPager.eLock <= SHARED_LOCK) {
        rc = hasHotJournal(pPager, bHotJournal);
      }
      if (rc !== SQLITE_OK) {
        break failed;
      }
      if (bHotJournal.value) {
        if (pPager.readOnly) {
          rc = SQLITE_READONLY_ROLLBACK;
          break failed;
        }

        /* Never by way of RESERVED: another process would take the journal for that of a live
         * transaction and read the database as it is. */
        rc = pagerLockDb(pPager, EXCLUSIVE_LOCK);
        if (rc !== SQLITE_OK) {
          break failed;
        }

        /* Writable, because the journal may have to be finalized in place and, in exclusive mode,
         * stays open for the next transaction. If it is gone, someone else has rolled it back. */
        if (!isOpen(pPager.jfd) && pPager.journalMode !== PAGER_JOURNALMODE_OFF) {
          const pVfs = pPager.pVfs;
          const bExists = new Ref(0);
          rc = sqlite3OsAccess(pVfs, pPager.zJournal!, SQLITE_ACCESS_EXISTS, bExists);
          if (rc === SQLITE_OK && bExists.value) {
            const fout = new Ref(0);
            const f = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_JOURNAL;
            assert(!pPager.tempFile);
            rc = sqlite3OsOpen(pVfs, pPager.zJournal!, pPager.jfd, f, fout);
            assert(rc !== SQLITE_OK || isOpen(pPager.jfd));
            if (rc === SQLITE_OK && fout.value & SQLITE_OPEN_READONLY) {
              rc = SQLITE_CANTOPEN_BKPT(64944);
              sqlite3OsClose(pPager.jfd);
            }
          }
        }

        /* The process that crashed need not have synced its journal, so that is done first. The
         * playback empties the cache, finalizes the journal and lowers the lock again. */
        if (isOpen(pPager.jfd)) {
          assert(rc === SQLITE_OK);
          rc = pagerSyncHotJournal(pPager);
          if (rc === SQLITE_OK) {
            rc = pager_playback(pPager, !pPager.tempFile ? 1 : 0);
            pPager.eState = PAGER_OPEN;
          }
        } else if (!pPager.exclusiveMode) {
          pagerUnlockDb(pPager, SHARED_LOCK);
        }

        if (rc !== SQLITE_OK) {
          /* State ERROR for a moment, though no page is held: it makes the pager_unlock below note
           * UNKNOWN_LOCK if the unlocking fails, too. */
          pager_error(pPager, rc);
          break failed;
        }

        assert(pPager.eState === PAGER_OPEN);
        assert(pPager.eLock === SHARED_LOCK || (pPager.exclusiveMode && pPager.eLock > SHARED_LOCK));
      }

      if (!pPager.tempFile && pPager.hasHeldSharedLock) {
        /* Has anybody written since we last looked? The very first time the cache is empty anyway. */
        const dbFileVers = aFileVers;

        rc = sqlite3OsRead(pPager.fd, dbFileVers, dbFileVers.length, 24);
        if (rc !== SQLITE_OK) {
          if (rc !== SQLITE_IOERR_SHORT_READ) {
            break failed;
          }
          memset(dbFileVers, 0, dbFileVers.length);
        }

        if (memcmp(pPager.dbFileVers, dbFileVers, dbFileVers.length) !== 0) {
          pager_reset(pPager);

          /* The file may have been cut and grown again: the mapping would have the right length
           * and still be dead. */
          if (USEFETCH(pPager)) {
            sqlite3OsUnfetch(pPager.fd, 0, null);
          }
        }
      }

      rc = pagerOpenWalIfPresent(pPager);
      assert(pPager.pWal === null || rc === SQLITE_OK);
    }

    if (pagerUseWal(pPager)) {
      assert(rc === SQLITE_OK);
      rc = pagerBeginReadTransaction(pPager);
    }

    if (pPager.tempFile === 0 && pPager.eState === PAGER_OPEN && rc === SQLITE_OK) {
      const pnPage = new Ref(pPager.dbSize);
      rc = pagerPagecount(pPager, pnPage);
      pPager.dbSize = pnPage.value;
    }
  }
  if (rc !== SQLITE_OK) {
    assert(!MEMDB(pPager));
    pager_unlock(pPager);
    assert(pPager.eState === PAGER_OPEN);
  } else {
    pPager.eState = PAGER_READER;
    pPager.hasHeldSharedLock = 1;
  }
  return rc;
}

/**
 * Drops the pager's locks once nobody holds a page of it any more.
 *
 * Called wherever the last reference to a page may have gone. A write transaction that is still
 * open is rolled back; a read transaction ends, unless the pager keeps its locks (exclusive mode).
 *
 * @param pPager the pager, in any state; unchanged while some page is still referenced.
 * @upstream pager.c pagerUnlockIfUnused
 */
function pagerUnlockIfUnused(pPager: Pager): void {
  if (sqlite3PcacheRefCount(pPager.pPCache) === 0) {
    assert(pPager.nMmapOut === 0); /* page 1 is never memory mapped */
    pagerUnlockAndRollback(pPager);
  }
}

/**
 * The ordinary page getter: from the cache, or else from the WAL or the database file.
 *
 * A page that was not cached is read, or zeroed if it lies past the end of the image, if no file is
 * open yet, or if the caller passed PAGER_GET_NOCONTENT because it will overwrite all of it. In that
 * last case the page also counts as journalled from now on, for the transaction and for all open
 * savepoints. The caller must hold a read transaction and the pager must not be in the error state.
 *
 * @param pgno any u32; 0, the lock page and, for new pages, numbers above mxPgno are refused.
 * @param ppPage out: the page with one more reference, or null after SQLITE_CORRUPT, _FULL, _NOMEM or
 *   an I/O error; untouched if `pgno` is 0.
 * @param flags bits PAGER_GET_*; READONLY has no meaning here.
 * @upstream pager.c getPageNormal
 */
function getPageNormal(pPager: Pager, pgno: Pgno, ppPage: Ref<DbPage | null>, flags: number): number {
  let rc = SQLITE_OK;
  let pPg: PgHdr | null;

  assert(pPager.errCode === SQLITE_OK);
  assert(pPager.eState >= PAGER_READER);
  assert(assert_pager_state(pPager));
  assert(pPager.hasHeldSharedLock === 1);

  if (pgno === 0) return SQLITE_CORRUPT_BKPT(65157);
  pager_acquire_err: {
    let pBase = sqlite3PcacheFetch(pPager.pPCache, pgno, 3);
    if (pBase === null) {
      pPg = null;
      const refStressPage = pPager.refStressPage;
      refStressPage.value = null;
      rc = sqlite3PcacheFetchStress(pPager.pPCache, pgno, refStressPage);
      pBase = refStressPage.value;
      refStressPage.value = null;
      if (rc !== SQLITE_OK) break pager_acquire_err;
      if (pBase === null) {
        rc = SQLITE_NOMEM_BKPT;
        break pager_acquire_err;
      }
    }
    pPg = ppPage.value = sqlite3PcacheFetchFinish(pPager.pPCache, pgno, pBase);
    assert(pPg === ppPage.value);
    assert(pPg.pgno === pgno);
    assert(pPg.pPager === pPager || pPg.pPager === null);

    const noContent = (flags & PAGER_GET_NOCONTENT) !== 0;
    if (pPg.pPager !== null && !noContent) {
      /* A page that knows its pager has its content already. */
      assert(pgno !== PAGER_SJ_PGNO(pPager));
      pPager.aStat[PAGER_STAT_HIT]++;
      return SQLITE_OK;
    } else {
      /* The page that holds the lock bytes is not part of any database: asking for it means that
       * some pointer in the file is wrong. */
      if (pgno === PAGER_SJ_PGNO(pPager)) {
        rc = SQLITE_CORRUPT_BKPT(65189);
        break pager_acquire_err;
      }

      pPg.pPager = pPager;

      assert(!isOpen(pPager.fd) || !MEMDB(pPager));
      if (!isOpen(pPager.fd) || pPager.dbSize < pgno || noContent) {
        if (pgno > pPager.mxPgno) {
          rc = SQLITE_FULL;
          if (pgno <= pPager.dbSize) {
            /* The page exists, so it may be cached with content that must not be dropped. */
            sqlite3PcacheRelease(pPg);
            pPg = null;
          }
          break pager_acquire_err;
        }
        if (noContent) {
          /* Without the bits the page would only be journalled needlessly, so a failed allocation
           * does no harm and is not reported. */
          sqlite3BeginBenignMalloc();
          if (pgno <= pPager.dbOrigSize) {
            if (SQLITE_DEBUG) rc = sqlite3BitvecSet(pPager.pInJournal, pgno);
            else sqlite3BitvecSet(pPager.pInJournal, pgno);
            testcase(rc === SQLITE_NOMEM);
          }
          if (SQLITE_DEBUG) rc = addToSavepointBitvecs(pPager, pgno);
          else addToSavepointBitvecs(pPager, pgno);
          testcase(rc === SQLITE_NOMEM);
          sqlite3EndBenignMalloc();
        }
        memset(pPg.pData, 0, pPager.pageSize);
      } else {
        assert(pPg.pPager === pPager);
        pPager.aStat[PAGER_STAT_MISS]++;
        rc = readDbPage(pPg);
        if (rc !== SQLITE_OK) {
          break pager_acquire_err;
        }
      }
      pager_set_pagehash(pPg);
    }
    return SQLITE_OK;
  }

  assert(rc !== SQLITE_OK);
  if (pPg !== null) {
    sqlite3PcacheDrop(pPg);
  }
  pagerUnlockIfUnused(pPager);
  ppPage.value = null;
  return rc;
}

/**
 * The page getter of a pager that may map its file: hands out a page header over the mapping if it
 * can, and otherwise does what {@link getPageNormal} does.
 *
 * A mapped page cannot be written, so it is used only outside write transactions or if the caller
 * asked for PAGER_GET_READONLY; page 1 is never mapped. It is used only if the WAL has no newer
 * version and the cache holds no possibly changed copy.
 *
 * @param ppPage out: as for getPageNormal; null after an error of the WAL, the mapping or the allocator.
 * @upstream pager.c getPageMMap
 * @divergence out-pointer-shared
 */
function getPageMMap(pPager: Pager, pgno: Pgno, ppPage: Ref<DbPage | null>, flags: number): number {
  let rc = SQLITE_OK;
  let pPg: PgHdr | null = null;
  let iFrame = 0; /* frame of the WAL that holds the page, 0 if none does */

  const bMmapOk = pgno > 1 && (pPager.eState === PAGER_READER || (flags & PAGER_GET_READONLY) !== 0);

  assert(USEFETCH(pPager));

  if (pgno <= 1 && pgno === 0) {
    return SQLITE_CORRUPT_BKPT(65272);
  }
  assert(pPager.eState >= PAGER_READER);
  assert(assert_pager_state(pPager));
  assert(pPager.hasHeldSharedLock === 1);
  assert(pPager.errCode === SQLITE_OK);

  if (bMmapOk && pagerUseWal(pPager)) {
    pPager.refWalFrame.value = 0;
    rc = sqlite3WalFindFrame(pPager.pWal!, pgno, pPager.refWalFrame);
    iFrame = pPager.refWalFrame.value;
    if (rc !== SQLITE_OK) {
      ppPage.value = null;
      return rc;
    }
  }
  if (bMmapOk && iFrame === 0) {
    /* Not a shared Ref: a VFS may run any code after it has stored the pointer. */
    const pData = new Ref<Uint8Array | null>(null);
    rc = sqlite3OsFetch(pPager.fd, ((pgno - 1) >>> 0) * pPager.pageSize, pPager.pageSize, pData);
    if (rc === SQLITE_OK && pData.value !== null) {
      if (pPager.eState > PAGER_READER || pPager.tempFile) {
        pPg = sqlite3PagerLookup(pPager, pgno);
      }
      if (pPg === null) {
        /* The caller's out-pointer serves as &pPg: nobody can see it before we return. */
        ppPage.value = null;
        rc = pagerAcquireMapPage(pPager, pgno, pData.value, ppPage);
        pPg = ppPage.value;
      } else {
        sqlite3OsUnfetch(pPager.fd, ((pgno - 1) >>> 0) * pPager.pageSize, pData.value);
      }
      if (pPg !== null) {
        assert(rc === SQLITE_OK);
        ppPage.value = pPg;
        return SQLITE_OK;
      }
    }
    if (rc !== SQLITE_OK) {
      ppPage.value = null;
      return rc;
    }
  }
  return getPageNormal(pPager, pgno, ppPage, flags);
}

/**
 * The page getter of a pager in the error state: gives no page and the error that put it there.
 *
 * @upstream pager.c getPageError
 */
function getPageError(pPager: Pager, _pgno: Pgno, ppPage: Ref<DbPage | null>, _flags: number): number {
  assert(pPager.errCode !== SQLITE_OK);
  ppPage.value = null;
  return pPager.errCode;
}

/**
 * Gets a counted reference to page `pgno`, reading it if it is not cached.
 *
 * The extra bytes of a page are zero the first time it is handed out and left alone after that. The
 * work is done by whichever getter setGetterMethod() has chosen for the pager's state. Every page
 * got this way is given back with sqlite3PagerUnref() or one of its siblings.
 *
 * @param ppPage out: the page, or null on error (except for `pgno` 0, when it is not written).
 * @param flags bits PAGER_GET_NOCONTENT and PAGER_GET_READONLY.
 * @upstream pager.c sqlite3PagerGet
 */
export function sqlite3PagerGet(
  pPager: Pager,
  pgno: Pgno,
  ppPage: Ref<DbPage | null>,
  flags: number,
): number {
  return pPager.xGet(pPager, pgno, ppPage, flags);
}

/**
 * Gets a counted reference to page `pgno` if it is in the cache, else null; never touches the disk,
 * never takes a lock and never allocates.
 *
 * @param pgno not 0.
 * @upstream pager.c sqlite3PagerLookup
 */
export function sqlite3PagerLookup(pPager: Pager, pgno: Pgno): DbPage | null {
  assert(pPager !== null);
  assert(pgno !== 0);
  assert(pPager.pPCache !== null);
  const pPage = sqlite3PcacheFetch(pPager.pPCache, pgno, 0);
  assert(pPage === null || pPager.hasHeldSharedLock);
  if (pPage === null) return null;
  return sqlite3PcacheFetchFinish(pPager.pPCache, pgno, pPage);
}

/**
 * Gives one reference to a page back.
 *
 * Must not be used for the last reference to page 1, on which the read transaction hangs: that is
 * what sqlite3PagerUnrefPageOne() is for. So the pager still has a referenced page afterwards.
 *
 * @upstream pager.c sqlite3PagerUnrefNotNull
 * @divergence assert-only-locals
 */
export function sqlite3PagerUnrefNotNull(pPg: DbPage): void {
  const pPager = pPg.pPager!; /* only for the assert below */
  assert(pPg !== null);
  if (pPg.flags & PGHDR_MMAP) {
    assert(pPg.pgno !== 1); /* page 1 is never memory mapped */
    pagerReleaseMapPage(pPg);
  } else {
    sqlite3PcacheRelease(pPg);
  }
  assert(sqlite3PcacheRefCount(pPager.pPCache) > 0); /* tag-20230419-2 */
}

/**
 * As sqlite3PagerUnrefNotNull(), but null is allowed and does nothing.
 *
 * @upstream pager.c sqlite3PagerUnref
 */
export function sqlite3PagerUnref(pPg: DbPage | null): void {
  if (pPg !== null) sqlite3PagerUnrefNotNull(pPg);
}

/**
 * Gives a reference to page 1 back; if no page of the pager is referenced any more, its transaction
 * ends and its lock is dropped.
 *
 * @upstream pager.c sqlite3PagerUnrefPageOne
 */
export function sqlite3PagerUnrefPageOne(pPg: DbPage): void {
  assert(pPg !== null);
  assert(pPg.pgno === 1);
  assert((pPg.flags & PGHDR_MMAP) === 0); /* page 1 is never memory mapped */
  const pPager = pPg.pPager!;
  sqlite3PcacheRelease(pPg);
  pagerUnlockIfUnused(pPager);
}

/**
 * Opens the rollback journal of a write transaction (unless exclusive mode left it open) and writes
 * its first header; allocates `pInJournal`. Without a journal (WAL, or mode OFF) only the state
 * changes.
 *
 * The pager must be in state WRITER_LOCKED, so RESERVED or better is held; on SQLITE_OK it is in
 * WRITER_CACHEMOD. Otherwise SQLITE_NOMEM, SQLITE_READONLY_DBMOVED, SQLITE_CANTOPEN or an I/O error,
 * with the state unchanged.
 *
 * @upstream pager.c pager_open_journal
 */
function pager_open_journal(pPager: Pager): number {
  let rc = SQLITE_OK;
  const pVfs = pPager.pVfs;

  assert(pPager.eState === PAGER_WRITER_LOCKED);
  assert(assert_pager_state(pPager));
  assert(pPager.pInJournal === null);

  if (NEVER(pPager.errCode)) return pPager.errCode;

  if (!pagerUseWal(pPager) && pPager.journalMode !== PAGER_JOURNALMODE_OFF) {
    pPager.pInJournal = sqlite3BitvecCreate(pPager.dbSize);
    if (pPager.pInJournal === null) {
      return SQLITE_NOMEM_BKPT;
    }

    if (!isOpen(pPager.jfd)) {
      if (pPager.journalMode === PAGER_JOURNALMODE_MEMORY) {
        sqlite3MemJournalOpen(pPager.jfd);
      } else {
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        let nSpill: number;

        if (pPager.tempFile) {
          flags |= SQLITE_OPEN_DELETEONCLOSE | SQLITE_OPEN_TEMP_JOURNAL;
          flags |= SQLITE_OPEN_EXCLUSIVE;
          nSpill = sqlite3Config.nStmtSpill;
        } else {
          flags |= SQLITE_OPEN_MAIN_JOURNAL;
          nSpill = jrnlBufferSize(pPager);
        }

        /* A journal beside a name that the database no longer has would never be found again. */
        rc = databaseIsUnmoved(pPager);
        if (rc === SQLITE_OK) {
          rc = sqlite3JournalOpen(pVfs, pPager.zJournal, pPager.jfd, flags, nSpill);
        }
      }
      assert(rc !== SQLITE_OK || isOpen(pPager.jfd));
    }

    if (rc === SQLITE_OK) {
      pPager.nRec = 0;
      pPager.journalOff = 0;
      pPager.setSuper = 0;
      pPager.journalHdr = 0;
      rc = writeJournalHdr(pPager);
    }
  }

  if (rc !== SQLITE_OK) {
    sqlite3BitvecDestroy(pPager.pInJournal);
    pPager.pInJournal = null;
    pPager.journalOff = 0;
  } else {
    assert(pPager.eState === PAGER_WRITER_LOCKED);
    pPager.eState = PAGER_WRITER_CACHEMOD;
  }

  return rc;
}

/**
 * Starts a write transaction; does nothing if one is open already. The caller holds a read
 * transaction.
 *
 * Takes RESERVED on the database file, or in WAL mode the WAL's write lock, without calling the busy
 * handler: SQLITE_BUSY means that somebody else is writing. With `exFlag` goes on to EXCLUSIVE, and
 * that step does call the busy handler; if it fails, RESERVED is still held.
 *
 * @param exFlag nonzero: take EXCLUSIVE at once (no meaning in WAL mode).
 * @param subjInMemory nonzero: a sub-journal opened in this transaction stays in memory.
 * @upstream pager.c sqlite3PagerBegin
 */
export function sqlite3PagerBegin(pPager: Pager, exFlag: number, subjInMemory: number): number {
  let rc = SQLITE_OK;

  if (pPager.errCode) return pPager.errCode;
  assert(pPager.eState >= PAGER_READER && pPager.eState < PAGER_ERROR);
  pPager.subjInMemory = subjInMemory & 0xff;

  if (pPager.eState === PAGER_READER) {
    assert(pPager.pInJournal === null);

    if (pagerUseWal(pPager)) {
      /* A connection that has been told to keep its locks, but still shares the wal-index, takes
       * the whole file now. */
      if (pPager.exclusiveMode && sqlite3WalExclusiveMode(pPager.pWal!, -1)) {
        rc = pagerLockDb(pPager, EXCLUSIVE_LOCK);
        if (rc !== SQLITE_OK) {
          return rc;
        }
        sqlite3WalExclusiveMode(pPager.pWal!, 1);
      }

      rc = sqlite3WalBeginWriteTransaction(pPager.pWal!);
    } else {
      rc = pagerLockDb(pPager, RESERVED_LOCK);
      if (rc === SQLITE_OK && exFlag) {
        rc = pager_wait_on_lock(pPager, EXCLUSIVE_LOCK);
      }
    }

    if (rc === SQLITE_OK) {
      /* In WAL mode the state never goes beyond CACHEMOD: from DBMOD on, rolling a savepoint back
       * writes to the database file, which a WAL connection must not touch. */
      pPager.eState = PAGER_WRITER_LOCKED;
      pPager.dbHintSize = pPager.dbSize;
      pPager.dbFileSize = pPager.dbSize;
      pPager.dbOrigSize = pPager.dbSize;
      pPager.journalOff = 0;
    }

    assert(rc === SQLITE_OK || pPager.eState === PAGER_READER);
    assert(rc !== SQLITE_OK || pPager.eState === PAGER_WRITER_LOCKED);
    assert(assert_pager_state(pPager));
  }

  return rc;
}

/**
 * Appends the page to the rollback journal as it is now, that is, as it was when the transaction
 * began: page number (4 bytes, big-endian), content, checksum (4 bytes, big-endian).
 *
 * Then marks it as journalled for the transaction and for all open savepoints. After an I/O error
 * the record does not count, but the page keeps PGHDR_NEED_SYNC; after SQLITE_NOMEM the record
 * counts and only a bit is missing.
 *
 * @upstream pager.c pagerAddPageToRollbackJournal
 */
function pagerAddPageToRollbackJournal(pPg: PgHdr): number {
  const pPager = pPg.pPager!;
  let rc: number;
  const iOff = pPager.journalOff;

  /* The lock page's number marks a super-journal record. */
  assert(pPg.pgno !== PAGER_SJ_PGNO(pPager));

  assert(pPager.journalHdr <= pPager.journalOff);
  const pData2 = pPg.pData;
  const cksum = pager_cksum(pPager, pData2);

  /* Before the writes, because they may fail: a page without this flag looks to the rollback as if
   * it had been written to the database, and would be restored there. */
  pPg.flags |= PGHDR_NEED_SYNC;

  rc = write32bits(pPager.jfd, iOff, pPg.pgno);
  if (rc !== SQLITE_OK) return rc;
  rc = sqlite3OsWrite(pPager.jfd, pData2, pPager.pageSize, iOff + 4);
  if (rc !== SQLITE_OK) return rc;
  rc = write32bits(pPager.jfd, iOff + pPager.pageSize + 4, cksum);
  if (rc !== SQLITE_OK) return rc;

  pPager.journalOff += 8 + pPager.pageSize;
  pPager.nRec++;
  assert(pPager.pInJournal !== null);
  rc = sqlite3BitvecSet(pPager.pInJournal, pPg.pgno);
  testcase(rc === SQLITE_NOMEM);
  assert(rc === SQLITE_OK || rc === SQLITE_NOMEM);
  rc |= addToSavepointBitvecs(pPager, pPg.pgno);
  assert(rc === SQLITE_OK || rc === SQLITE_NOMEM);
  return rc;
}

/**
 * Makes one page writable: opens the journal if this is the transaction's first change, marks the
 * page dirty, and saves its old content in the rollback journal and the sub-journal where they
 * need it. Pages past the original end of the file need no record.
 *
 * A write transaction must be open. On an error the content must not be changed, though the page may
 * be marked dirty already.
 *
 * @upstream pager.c pager_write
 */
function pager_write(pPg: PgHdr): number {
  const pPager = pPg.pPager!;
  let rc = SQLITE_OK;

  assert(
    pPager.eState === PAGER_WRITER_LOCKED ||
      pPager.eState === PAGER_WRITER_CACHEMOD ||
      pPager.eState === PAGER_WRITER_DBMOD,
  );
  assert(assert_pager_state(pPager));
  assert(pPager.errCode === 0);
  assert(pPager.readOnly === 0);
  CHECK_PAGE(pPg);

  /* Before the page becomes dirty: if the journal cannot be opened, the pager stays in WRITER_LOCKED,
   * where no page may be dirty. */
  if (pPager.eState === PAGER_WRITER_LOCKED) {
    rc = pager_open_journal(pPager);
    if (rc !== SQLITE_OK) return rc;
  }
  assert(pPager.eState >= PAGER_WRITER_CACHEMOD);
  assert(assert_pager_state(pPager));

  sqlite3PcacheMakeDirty(pPg);

  assert((pPager.pInJournal !== null) === isOpen(pPager.jfd));
  if (pPager.pInJournal !== null && !sqlite3BitvecTestNotNull(pPager.pInJournal, pPg.pgno)) {
    assert(!pagerUseWal(pPager));
    if (pPg.pgno <= pPager.dbOrigSize) {
      rc = pagerAddPageToRollbackJournal(pPg);
      if (rc !== SQLITE_OK) {
        return rc;
      }
    } else {
      /* A page beyond the old end needs the header with the old size to be on disk first. */
      if (pPager.eState !== PAGER_WRITER_DBMOD) {
        pPg.flags |= PGHDR_NEED_SYNC;
      }
    }
  }

  /* Only now: a page that is dirty but not journalled must not be changed. */
  pPg.flags |= PGHDR_WRITEABLE;

  if (pPager.nSavepoint > 0) {
    rc = subjournalPageIfRequired(pPg);
  }

  if (pPager.dbSize < pPg.pgno) {
    pPager.dbSize = pPg.pgno;
  }
  return rc;
}

/**
 * sqlite3PagerWrite() for a disk whose sector holds several pages: a power failure while one of them
 * is written may destroy them all, so all are journalled, and if one needs the journal synced before
 * it is written, all do.
 *
 * @upstream pager.c pagerWriteLargeSector
 */
function pagerWriteLargeSector(pPg: PgHdr): number {
  let rc = SQLITE_OK;
  let nPage = 0; /* number of pages from pg1 on to journal */
  let needSync = 0;
  const pPager = pPg.pPager!;
  const nPagePerSector: Pgno = (pPager.sectorSize / pPager.pageSize) >>> 0;
  const ppPage = new Ref<DbPage | null>(null);

  /* A spill in the middle must not sync the journal: that would write a new header between the
   * records of one sector. */
  assert(!MEMDB(pPager));
  assert((pPager.doNotSpill & SPILLFLAG_NOSYNC) === 0);
  pPager.doNotSpill |= SPILLFLAG_NOSYNC;

  /* The first page of the sector; both sizes are powers of two. */
  const pg1: Pgno = (((pPg.pgno - 1) & ~(nPagePerSector - 1)) >>> 0) + 1;

  const nPageCount: Pgno = pPager.dbSize;
  if (pPg.pgno > nPageCount) {
    nPage = pPg.pgno - pg1 + 1;
  } else if ((pg1 + nPagePerSector - 1) >>> 0 > nPageCount) {
    nPage = nPageCount + 1 - pg1;
  } else {
    nPage = nPagePerSector;
  }
  assert(nPage > 0);
  assert(pg1 <= pPg.pgno);
  assert((pg1 + nPage) >>> 0 > pPg.pgno);

  for (let ii = 0; ii < nPage && rc === SQLITE_OK; ii++) {
    const pg: Pgno = (pg1 + ii) >>> 0;
    let pPage: PgHdr | null;
    if (pg === pPg.pgno || !sqlite3BitvecTest(pPager.pInJournal, pg)) {
      if (pg !== PAGER_SJ_PGNO(pPager)) {
        rc = sqlite3PagerGet(pPager, pg, ppPage, 0);
        if (rc === SQLITE_OK) {
          pPage = ppPage.value!;
          rc = pager_write(pPage);
          if (pPage.flags & PGHDR_NEED_SYNC) {
            needSync = 1;
          }
          sqlite3PagerUnrefNotNull(pPage);
        }
      }
    } else if ((pPage = sqlite3PagerLookup(pPager, pg)) !== null) {
      if (pPage.flags & PGHDR_NEED_SYNC) {
        needSync = 1;
      }
      sqlite3PagerUnrefNotNull(pPage);
    }
  }

  /* Writing any of these pages may damage the others, so none may be written before the records of
   * all of them are on disk. */
  if (rc === SQLITE_OK && needSync) {
    assert(!MEMDB(pPager));
    for (let ii = 0; ii < nPage; ii++) {
      const pPage = sqlite3PagerLookup(pPager, (pg1 + ii) >>> 0);
      if (pPage !== null) {
        pPage.flags |= PGHDR_NEED_SYNC;
        sqlite3PagerUnrefNotNull(pPage);
      }
    }
  }

  assert((pPager.doNotSpill & SPILLFLAG_NOSYNC) !== 0);
  pPager.doNotSpill &= ~SPILLFLAG_NOSYNC;
  return rc;
}

/**
 * Makes a page writable; must be called, and must return SQLITE_OK, before its content is changed.
 *
 * A write transaction must be open and the page must not be a mapped one. The old content is saved
 * where a rollback of the transaction or of a savepoint needs it; if a sector holds several pages,
 * that is done for all of them. Errors: SQLITE_NOMEM, I/O errors, the pager's error if it is in the
 * error state.
 *
 * @upstream pager.c sqlite3PagerWrite
 */
export function sqlite3PagerWrite(pPg: PgHdr): number {
  const pPager = pPg.pPager!;
  assert((pPg.flags & PGHDR_MMAP) === 0);
  assert(pPager.eState >= PAGER_WRITER_LOCKED);
  assert(assert_pager_state(pPager));
  if ((pPg.flags & PGHDR_WRITEABLE) !== 0 && pPager.dbSize >= pPg.pgno) {
    if (pPager.nSavepoint) return subjournalPageIfRequired(pPg);
    return SQLITE_OK;
  } else if (pPager.errCode) {
    return pPager.errCode;
  } else if (pPager.sectorSize > pPager.pageSize >>> 0) {
    assert(pPager.tempFile === 0);
    return pagerWriteLargeSector(pPg);
  } else {
    return pager_write(pPg);
  }
}

/**
 * Nonzero if the page may be changed, because sqlite3PagerWrite() has succeeded for it. For asserts.
 *
 * @upstream pager.c sqlite3PagerIswriteable
 */
export function sqlite3PagerIswriteable(pPg: DbPage): number {
  return pPg.flags & PGHDR_WRITEABLE;
}

/**
 * Tells the pager that the page's content no longer matters (it has become a free page), so that a
 * dirty page need not be written to the file. It must be made writable again before another change.
 *
 * Ignored while a savepoint is open, whose rollback may need the content, and for a temporary file,
 * where the page may hold content from before the transaction that is nowhere else.
 *
 * @upstream pager.c sqlite3PagerDontWrite
 */
export function sqlite3PagerDontWrite(pPg: PgHdr): void {
  const pPager = pPg.pPager!;
  if (!pPager.tempFile && pPg.flags & PGHDR_DIRTY && pPager.nSavepoint === 0) {
    pPg.flags |= PGHDR_DONT_WRITE;
    pPg.flags &= ~PGHDR_WRITEABLE;
    testcase(pPg.flags & PGHDR_NEED_SYNC);
    pager_set_pagehash(pPg);
  }
}

/**
 * Counts the change counter (big-endian at byte 24 of page 1, copied to byte 92 beside the version
 * at 96) up by one, once per exclusive lock: `changeCountDone` says that it has happened.
 *
 * Normally page 1 is made writable and changed like any page, to be written with the others. In
 * direct mode, possible with SQLITE_ENABLE_ATOMIC_WRITE only, page 1 is written to the file here and
 * now, and nothing is journalled.
 *
 * @param isDirectMode nonzero for direct mode.
 * @upstream pager.c pager_incr_changecounter
 * @divergence local-macros
 */
function pager_incr_changecounter(pPager: Pager, isDirectMode: number): number {
  let rc = SQLITE_OK;

  assert(pPager.eState === PAGER_WRITER_CACHEMOD || pPager.eState === PAGER_WRITER_DBMOD);
  assert(assert_pager_state(pPager));

  let DIRECT_MODE = 0;
  if (!SQLITE_ENABLE_ATOMIC_WRITE) {
    assert(isDirectMode === 0);
  } else {
    DIRECT_MODE = isDirectMode;
  }

  if (!pPager.changeCountDone && pPager.dbSize > 0) {
    const ppPgHdr = new Ref<DbPage | null>(null);

    assert(!pPager.tempFile && isOpen(pPager.fd));

    rc = sqlite3PagerGet(pPager, 1, ppPgHdr, 0);
    const pPgHdr = ppPgHdr.value;
    assert(pPgHdr === null || rc === SQLITE_OK);

    /* Outside direct mode the upper layer holds page 1, so the fetch above cannot fail. */
    if (!DIRECT_MODE && ALWAYS(rc === SQLITE_OK)) {
      rc = sqlite3PagerWrite(pPgHdr!);
    }

    if (rc === SQLITE_OK) {
      pager_write_changecounter(pPgHdr);

      if (DIRECT_MODE) {
        assert(pPager.dbFileSize > 0);
        const zBuf = pPgHdr!.pData;
        if (rc === SQLITE_OK) {
          rc = sqlite3OsWrite(pPager.fd, zBuf, pPager.pageSize, 0);
          pPager.aStat[PAGER_STAT_WRITE]++;
        }
        if (rc === SQLITE_OK) {
          /* The pager compares its copy with the file when it next starts to read; without this it
           * would take its own write for a stranger's and flush the cache. */
          const pCopy = zBuf.subarray(24);
          memcpy(pPager.dbFileVers, pCopy, pPager.dbFileVers.length);
          pPager.changeCountDone = 1;
        }
      } else {
        pPager.changeCountDone = 1;
      }
    }

    sqlite3PagerUnref(pPgHdr);
  }
  return rc;
}

/**
 * Syncs the database file, unless the pager does not sync at all; the VFS is told of the sync in
 * either case, by SQLITE_FCNTL_SYNC.
 *
 * @param zSuper name of the super-journal, for the VFS; null if there is none.
 * @upstream pager.c sqlite3PagerSync
 */
export function sqlite3PagerSync(pPager: Pager, zSuper: CString | null): number {
  let rc = SQLITE_OK;
  const pArg = zSuper;
  rc = sqlite3OsFileControl(pPager.fd, SQLITE_FCNTL_SYNC, pArg);
  if (rc === SQLITE_NOTFOUND) rc = SQLITE_OK;
  if (rc === SQLITE_OK && !pPager.noSync) {
    assert(!MEMDB(pPager));
    rc = sqlite3OsSync(pPager.fd, pPager.syncFlags);
  }
  return rc;
}

/**
 * Takes EXCLUSIVE on the database file in a write transaction, waiting through the busy handler;
 * does nothing in WAL mode or if the lock is held. SQLITE_BUSY if the handler gave up.
 *
 * @upstream pager.c sqlite3PagerExclusiveLock
 */
export function sqlite3PagerExclusiveLock(pPager: Pager): number {
  let rc = pPager.errCode;
  assert(assert_pager_state(pPager));
  if (rc === SQLITE_OK) {
    assert(
      pPager.eState === PAGER_WRITER_CACHEMOD ||
        pPager.eState === PAGER_WRITER_DBMOD ||
        pPager.eState === PAGER_WRITER_LOCKED,
    );
    assert(assert_pager_state(pPager));
    if (!pagerUseWal(pPager)) {
      rc = pager_wait_on_lock(pPager, EXCLUSIVE_LOCK);
    }
  }
  return rc;
}

/**
 * First half of a commit: everything that can still be undone.
 *
 * With a rollback journal: the change counter is counted up, the super-journal's name appended, the
 * journal synced, every dirty page written, the file brought to its new size and synced. What is left
 * to CommitPhaseTwo is to make the journal invalid. With a WAL: the dirty pages are appended as
 * frames, the last one marked as a commit, so that the transaction is complete already.
 *
 * After an error the transaction is still open, and the caller rolls it back.
 *
 * @param zSuper name of the super-journal, or null; null does not take back an earlier call's name.
 * @param noSync nonzero: the caller will sync the database file itself, with sqlite3PagerSync().
 * @upstream pager.c sqlite3PagerCommitPhaseOne
 * @divergence local-macros
 */
export function sqlite3PagerCommitPhaseOne(pPager: Pager, zSuper: CString | null, noSync: number): number {
  let rc = SQLITE_OK;

  assert(
    pPager.eState === PAGER_WRITER_LOCKED ||
      pPager.eState === PAGER_WRITER_CACHEMOD ||
      pPager.eState === PAGER_WRITER_DBMOD ||
      pPager.eState === PAGER_ERROR,
  );
  assert(assert_pager_state(pPager));

  if (NEVER(pPager.errCode)) return pPager.errCode;

  if (sqlite3FaultSim(400)) return SQLITE_IOERR;

  /* Nothing has been changed. */
  if (pPager.eState < PAGER_WRITER_CACHEMOD) return SQLITE_OK;

  assert(!MEMDB(pPager) || pPager.tempFile);
  assert(isOpen(pPager.fd) || pPager.tempFile);
  commit_phase_one_exit: {
    if (!pagerFlushOnCommit(pPager, 1)) {
      /* A temporary database may keep its dirty pages in the cache beyond the commit. No page write
       * will tell a backup of the changes, so it has to start again. */
      sqlite3BackupRestart(pPager.pBackup.value);
    } else {
      let pList: PgHdr | null;
      if (pagerUseWal(pPager)) {
        let pPageOne: PgHdr | null = null;
        pList = sqlite3PcacheDirtyList(pPager.pPCache);
        if (pList === null) {
          /* The commit mark needs a frame to stand in. */
          const ppPageOne = new Ref<DbPage | null>(null);
          rc = sqlite3PagerGet(pPager, 1, ppPageOne, 0);
          pPageOne = ppPageOne.value;
          pList = pPageOne;
          pList!.pDirty = null;
        }
        assert(rc === SQLITE_OK);
        if (ALWAYS(pList !== null)) {
          rc = pagerWalFrames(pPager, pList, pPager.dbSize, 1);
        }
        sqlite3PagerUnref(pPageOne);
        if (rc === SQLITE_OK) {
          sqlite3PcacheCleanAll(pPager.pPCache);
        }
      } else {
        /* bBatch: the VFS can apply all page writes as one atomic change, and the journal has not
         * left memory yet: then it never has to. Always 0 without SQLITE_ENABLE_BATCH_ATOMIC_WRITE. */
        const fd = pPager.fd;
        let bBatch = 0;
        if (SQLITE_ENABLE_BATCH_ATOMIC_WRITE) {
          bBatch =
            zSuper === null &&
            (sqlite3OsDeviceCharacteristics(fd) & SQLITE_IOCAP_BATCH_ATOMIC) !== 0 &&
            !pPager.noSync &&
            sqlite3JournalIsInMemory(pPager.jfd)
              ? 1
              : 0;
        }

        if (SQLITE_ENABLE_ATOMIC_WRITE) {
          /* If the journal consists of one header and one page record (jrnlBufferSize() is just
           * that long on a device with atomic page writes), at most that page is dirty and no other
           * file takes part, then page 1 can be written directly and the journal never reaches the
           * disk. Otherwise the journal becomes a real file now. */
          if (bBatch === 0) {
            let pPg: PgHdr | null;
            assert(
              isOpen(pPager.jfd) ||
                pPager.journalMode === PAGER_JOURNALMODE_OFF ||
                pPager.journalMode === PAGER_JOURNALMODE_WAL,
            );
            if (
              zSuper === null &&
              isOpen(pPager.jfd) &&
              pPager.journalOff === jrnlBufferSize(pPager) &&
              pPager.dbSize >= pPager.dbOrigSize &&
              ((pPg = sqlite3PcacheDirtyList(pPager.pPCache)) === null || pPg.pDirty === null)
            ) {
              rc = pager_incr_changecounter(pPager, 1);
            } else {
              rc = sqlite3JournalCreate(pPager.jfd);
              if (rc === SQLITE_OK) {
                rc = pager_incr_changecounter(pPager, 0);
              }
            }
          }
        } else {
          if (SQLITE_ENABLE_BATCH_ATOMIC_WRITE) {
            if (zSuper !== null) {
              rc = sqlite3JournalCreate(pPager.jfd);
              if (rc !== SQLITE_OK) break commit_phase_one_exit;
              assert(bBatch === 0);
            }
          }
          rc = pager_incr_changecounter(pPager, 0);
        }
        if (rc !== SQLITE_OK) break commit_phase_one_exit;

        rc = writeSuperJournal(pPager, zSuper);
        if (rc !== SQLITE_OK) break commit_phase_one_exit;

        rc = syncJournal(pPager, 0);
        if (rc !== SQLITE_OK) break commit_phase_one_exit;

        pList = sqlite3PcacheDirtyList(pPager.pPCache);
        if (SQLITE_ENABLE_BATCH_ATOMIC_WRITE) {
          if (bBatch) {
            rc = sqlite3OsFileControl(fd, SQLITE_FCNTL_BEGIN_ATOMIC_WRITE, null);
            if (rc === SQLITE_OK) {
              rc = pager_write_pagelist(pPager, pList);
              if (rc === SQLITE_OK && pPager.dbSize > pPager.dbFileSize) {
                const pTmp = pPager.pTmpSpace!;
                const szPage = pPager.pageSize | 0;
                memset(pTmp, 0, szPage);
                rc = sqlite3OsWrite(pPager.fd, pTmp, szPage, pPager.dbSize * pPager.pageSize - szPage);
              }
              if (rc === SQLITE_OK) {
                rc = sqlite3OsFileControl(fd, SQLITE_FCNTL_COMMIT_ATOMIC_WRITE, null);
              }
              if (rc !== SQLITE_OK) {
                sqlite3OsFileControlHint(fd, SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE, null);
              }
            }

            /* The batch failed as such: put the journal on disk and commit in the ordinary way. */
            if ((rc & 0xff) === SQLITE_IOERR && rc !== SQLITE_IOERR_NOMEM) {
              rc = sqlite3JournalCreate(pPager.jfd);
              if (rc !== SQLITE_OK) {
                sqlite3OsClose(pPager.jfd);
                break commit_phase_one_exit;
              }
              bBatch = 0;
            } else {
              sqlite3OsClose(pPager.jfd);
            }
          }
        }

        if (bBatch === 0) {
          rc = pager_write_pagelist(pPager, pList);
        }
        if (rc !== SQLITE_OK) {
          assert(rc !== SQLITE_IOERR_BLOCKED);
          break commit_phase_one_exit;
        }
        sqlite3PcacheCleanAll(pPager.pPCache);

        /* If the last new page went to the freelist it was never written, and the file is too short.
         * The lock page at the very end needs not exist. */
        if (pPager.dbSize > pPager.dbFileSize) {
          const nNew: Pgno = (pPager.dbSize - (pPager.dbSize === PAGER_SJ_PGNO(pPager) ? 1 : 0)) >>> 0;
          assert(pPager.eState === PAGER_WRITER_DBMOD);
          rc = pager_truncate(pPager, nNew);
          if (rc !== SQLITE_OK) break commit_phase_one_exit;
        }

        if (!noSync) {
          rc = sqlite3PagerSync(pPager, zSuper);
        }
      }
    }
  }

  if (rc === SQLITE_OK && !pagerUseWal(pPager)) {
    pPager.eState = PAGER_WRITER_FINISHED;
  }
  return rc;
}

/**
 * Second half of a commit: makes the journal invalid (deletes, truncates or zeroes it), which is the
 * moment of the commit, and goes back to reading.
 *
 * The first half must have succeeded. After an I/O error or SQLITE_FULL the pager is in the error
 * state, and whether the transaction is committed shows only when the journal is next looked at.
 *
 * @upstream pager.c sqlite3PagerCommitPhaseTwo
 */
export function sqlite3PagerCommitPhaseTwo(pPager: Pager): number {
  let rc = SQLITE_OK;

  if (NEVER(pPager.errCode)) return pPager.errCode;
  pPager.iDataVersion = (pPager.iDataVersion + 1) >>> 0;

  assert(
    pPager.eState === PAGER_WRITER_LOCKED ||
      pPager.eState === PAGER_WRITER_FINISHED ||
      (pagerUseWal(pPager) && pPager.eState === PAGER_WRITER_CACHEMOD),
  );
  assert(assert_pager_state(pPager));

  /* Nothing was changed, the lock is kept and the journal persists: its header says zero records, so
   * it is harmless as it is. */
  if (
    pPager.eState === PAGER_WRITER_LOCKED &&
    pPager.exclusiveMode &&
    pPager.journalMode === PAGER_JOURNALMODE_PERSIST
  ) {
    assert(pPager.journalOff === JOURNAL_HDR_SZ(pPager) || !pPager.journalOff);
    pPager.eState = PAGER_READER;
    return SQLITE_OK;
  }

  rc = pager_end_transaction(pPager, pPager.setSuper, 1);
  return pager_error(pPager, rc);
}

/**
 * Undoes everything that the write transaction has changed, in the file and in the cache, and ends
 * the transaction; nothing to do if none is open.
 *
 * A pager in the error state only returns its error. If the rollback itself fails, or if there is no
 * journal to roll back from (journal_mode OFF) though pages were changed, the cache cannot be trusted
 * any more and the pager enters the error state; in the latter case SQLITE_ABORT awaits the readers
 * while the result here is that of ending the transaction.
 *
 * @upstream pager.c sqlite3PagerRollback
 */
export function sqlite3PagerRollback(pPager: Pager): number {
  let rc = SQLITE_OK;

  assert(assert_pager_state(pPager));
  if (pPager.eState === PAGER_ERROR) return pPager.errCode;
  if (pPager.eState <= PAGER_READER) return SQLITE_OK;

  if (pagerUseWal(pPager)) {
    rc = sqlite3PagerSavepoint(pPager, SAVEPOINT_ROLLBACK, -1);
    const rc2 = pager_end_transaction(pPager, pPager.setSuper, 0);
    if (rc === SQLITE_OK) rc = rc2;
  } else if (!isOpen(pPager.jfd) || pPager.eState === PAGER_WRITER_LOCKED) {
    const eState = pPager.eState;
    rc = pager_end_transaction(pPager, 0, 0);
    if (!MEMDB(pPager) && eState > PAGER_WRITER_LOCKED) {
      /* journal_mode OFF: changed pages are in the cache, their old content is nowhere. */
      pPager.errCode = SQLITE_ABORT;
      pPager.eState = PAGER_ERROR;
      setGetterMethod(pPager);
      return rc;
    }
  } else {
    rc = pager_playback(pPager, 0);
  }

  assert(pPager.eState === PAGER_READER || rc !== SQLITE_OK);
  assert(
    rc === SQLITE_OK ||
      rc === SQLITE_FULL ||
      rc === SQLITE_CORRUPT ||
      rc === SQLITE_NOMEM ||
      (rc & 0xff) === SQLITE_IOERR ||
      rc === SQLITE_CANTOPEN,
  );

  return pager_error(pPager, rc);
}

/**
 * 1 if the database file is open for reading only, else 0.
 *
 * @upstream pager.c sqlite3PagerIsreadonly
 */
export function sqlite3PagerIsreadonly(pPager: Pager): number {
  return pPager.readOnly;
}

/**
 * Sum of the reference counts of all pages that the pager has handed out. For asserts.
 *
 * @upstream pager.c sqlite3PagerRefcount
 */
export function sqlite3PagerRefcount(pPager: Pager): number {
  return sqlite3PcacheRefCount(pPager.pPCache);
}

/**
 * Bytes of memory, roughly, that the pager and its cache use: what the C structs would take.
 *
 * @upstream pager.c sqlite3PagerMemUsed
 */
export function sqlite3PagerMemUsed(pPager: Pager): number {
  const perPageSize = pPager.pageSize + pPager.nExtra + (sizeof.PgHdr + 5 * sizeof.ptr);
  return perPageSize * sqlite3PcachePagecount(pPager.pPCache) + sqlite3MallocSize(pPager) + pPager.pageSize;
}

/**
 * Number of references to one page.
 *
 * @upstream pager.c sqlite3PagerPageRefcount
 */
export function sqlite3PagerPageRefcount(pPage: DbPage): number {
  return sqlite3PcachePageRefcount(pPage);
}

/** NON-UPSTREAM: the static array inside C's sqlite3PagerStats. */
const aPagerStats: Int32Array = new Int32Array(11);

/**
 * Eleven numbers for tests: references, cached pages, cache size, database size in pages (-1 while
 * closed), state, error, hits, misses, 0, pages read, pages written.
 *
 * Every call returns the same array, refilled. The count of pages read is kept by C builds with
 * SQLITE_TEST only and is 0 here.
 *
 * @upstream pager.c sqlite3PagerStats
 * @divergence pager-stats-nread
 */
export function sqlite3PagerStats(pPager: Pager): Int32Array {
  const a = aPagerStats;
  a[0] = sqlite3PcacheRefCount(pPager.pPCache);
  a[1] = sqlite3PcachePagecount(pPager.pPCache);
  a[2] = sqlite3PcacheGetCachesize(pPager.pPCache);
  a[3] = pPager.eState === PAGER_OPEN ? -1 : pPager.dbSize | 0;
  a[4] = pPager.eState;
  a[5] = pPager.errCode;
  a[6] = pPager.aStat[PAGER_STAT_HIT] & 0x7fffffff;
  a[7] = pPager.aStat[PAGER_STAT_MISS] & 0x7fffffff;
  a[8] = 0;
  a[9] = 0;
  a[10] = pPager.aStat[PAGER_STAT_WRITE] & 0x7fffffff;
  return a;
}

/**
 * Adds one of the pager's counters of cache hits, misses, page writes or spills to `pnVal`.
 *
 * @param eStat SQLITE_DBSTATUS_CACHE_HIT, _MISS, _WRITE, or _WRITE + 1 for spills.
 * @param reset nonzero: the counter is zeroed afterwards.
 * @upstream pager.c sqlite3PagerCacheStat
 */
export function sqlite3PagerCacheStat(pPager: Pager, eStat: number, reset: number, pnVal: Ref<number>): void {
  assert(
    eStat === SQLITE_DBSTATUS_CACHE_HIT ||
      eStat === SQLITE_DBSTATUS_CACHE_MISS ||
      eStat === SQLITE_DBSTATUS_CACHE_WRITE ||
      eStat === SQLITE_DBSTATUS_CACHE_WRITE + 1,
  );

  assert(SQLITE_DBSTATUS_CACHE_HIT + 1 === SQLITE_DBSTATUS_CACHE_MISS);
  assert(SQLITE_DBSTATUS_CACHE_HIT + 2 === SQLITE_DBSTATUS_CACHE_WRITE);
  assert(PAGER_STAT_HIT === 0 && PAGER_STAT_MISS === 1 && PAGER_STAT_WRITE === 2 && PAGER_STAT_SPILL === 3);

  eStat -= SQLITE_DBSTATUS_CACHE_HIT;
  pnVal.value += pPager.aStat[eStat];
  if (reset) {
    pPager.aStat[eStat] = 0;
  }
}

/**
 * 1 if the pager's content will not outlive it: a temporary, in-memory or memory-VFS database.
 *
 * @upstream pager.c sqlite3PagerIsMemdb
 */
export function sqlite3PagerIsMemdb(pPager: Pager): number {
  return pPager.tempFile || pPager.memVfs ? 1 : 0;
}

/**
 * Opens savepoints until there are `nSavepoint`; the caller has checked that there are fewer and that
 * the pager journals at all.
 *
 * SQLITE_NOMEM leaves open those that could be opened.
 *
 * @upstream pager.c pagerOpenSavepoint
 * @divergence counted-array
 */
function pagerOpenSavepoint(pPager: Pager, nSavepoint: number): number {
  const rc = SQLITE_OK;
  const nCurrent = pPager.nSavepoint;

  assert(pPager.eState >= PAGER_WRITER_LOCKED);
  assert(assert_pager_state(pPager));
  assert(nSavepoint > nCurrent && pPager.useJournal);

  /* "Grow" may also be a shrink, down to fewer entries than an earlier, deeper nesting needed. */
  const aNewMem = sqlite3Realloc(pPager.aSavepointMem, sizeof.PagerSavepoint * nSavepoint);
  if (aNewMem === null) {
    return SQLITE_NOMEM_BKPT;
  }
  const aNew = pPager.aSavepoint;
  clearSavepoints(aNew, nCurrent, nSavepoint - nCurrent);
  pPager.aSavepointMem = aNewMem;

  for (let ii = nCurrent; ii < nSavepoint; ii++) {
    const pNew = aNew[ii];
    pNew.nOrig = pPager.dbSize;
    if (isOpen(pPager.jfd) && pPager.journalOff > 0) {
      pNew.iOffset = pPager.journalOff;
    } else {
      pNew.iOffset = JOURNAL_HDR_SZ(pPager);
    }
    pNew.iSubRec = pPager.nSubRec;
    pNew.pInSavepoint = sqlite3BitvecCreate(pPager.dbSize);
    pNew.bTruncateOnRelease = 1;
    if (pNew.pInSavepoint === null) {
      return SQLITE_NOMEM_BKPT;
    }
    if (pagerUseWal(pPager)) {
      sqlite3WalSavepoint(pPager.pWal!, pNew.aWalData);
    }
    pPager.nSavepoint = ii + 1;
  }
  assert(pPager.nSavepoint === nSavepoint);
  if (SQLITE_DEBUG) assertTruncateConstraint(pPager);
  return rc;
}

/**
 * Makes sure that at least `nSavepoint` savepoints are open. A write transaction must be open. Does
 * nothing if there are enough, or if the pager keeps no journal to roll back to them from.
 *
 * @upstream pager.c sqlite3PagerOpenSavepoint
 */
export function sqlite3PagerOpenSavepoint(pPager: Pager, nSavepoint: number): number {
  assert(pPager.eState >= PAGER_WRITER_LOCKED);
  assert(assert_pager_state(pPager));

  if (nSavepoint > pPager.nSavepoint && pPager.useJournal) {
    return pagerOpenSavepoint(pPager, nSavepoint);
  } else {
    return SQLITE_OK;
  }
}

/**
 * Releases a savepoint (forgets it, keeping the changes) or rolls back to it (undoes the changes,
 * keeping it); either way all later savepoints are gone afterwards.
 *
 * Rolling back to -1 undoes the whole transaction without ending it. A savepoint that does not exist
 * is ignored. SQLITE_NOMEM or an I/O error can come from rolling back.
 *
 * @param op SAVEPOINT_ROLLBACK or SAVEPOINT_RELEASE.
 * @param iSavepoint 0 is the outermost savepoint; -1 with SAVEPOINT_ROLLBACK only.
 * @upstream pager.c sqlite3PagerSavepoint
 */
export function sqlite3PagerSavepoint(pPager: Pager, op: number, iSavepoint: number): number {
  let rc = pPager.errCode;

  assert(op === SAVEPOINT_RELEASE || op === SAVEPOINT_ROLLBACK);
  assert(iSavepoint >= 0 || op === SAVEPOINT_ROLLBACK);

  if (rc === SQLITE_OK && iSavepoint < pPager.nSavepoint) {
    /* nNew: how many savepoints remain. */
    const nNew = iSavepoint + (op === SAVEPOINT_RELEASE ? 0 : 1);
    for (let ii = nNew; ii < pPager.nSavepoint; ii++) {
      sqlite3BitvecDestroy(pPager.aSavepoint[ii].pInSavepoint);
    }
    pPager.nSavepoint = nNew;

    if (op === SAVEPOINT_RELEASE) {
      /* The records since the savepoint are of use to no outer one: their room can be used again. */
      const pRel = pPager.aSavepoint[nNew];
      if (pRel.bTruncateOnRelease && isOpen(pPager.sjfd)) {
        /* Only memory is worth giving back. */
        if (sqlite3JournalIsInMemory(pPager.sjfd)) {
          const sz = (pPager.pageSize + 4) * pRel.iSubRec;
          rc = sqlite3OsTruncate(pPager.sjfd, sz);
          assert(rc === SQLITE_OK);
        }
        pPager.nSubRec = pRel.iSubRec;
      }
    } else if (pagerUseWal(pPager) || isOpen(pPager.jfd)) {
      /* Without either nothing has been changed yet, or nothing can be undone. */
      const pSavepoint = nNew === 0 ? null : pPager.aSavepoint[nNew - 1];
      rc = pagerPlaybackSavepoint(pPager, pSavepoint);
      assert(rc !== SQLITE_DONE);
    }
  }

  return rc;
}

/** What {@link sqlite3PagerFilename} points into; static in that function upstream. */
const zFake: Uint8Array = new Uint8Array(8);

/**
 * Full pathname of the database file, in a block that sqlite3_uri_parameter() and its relatives
 * accept.
 *
 * @param nullIfMemDb nonzero: an in-memory database gives the empty string instead of its name.
 * @upstream pager.c sqlite3PagerFilename
 */
export function sqlite3PagerFilename(pPager: Pager, nullIfMemDb: number): CString {
  if (nullIfMemDb && (pPager.memDb || sqlite3IsMemdb(pPager.pVfs))) {
    return zFake.subarray(4);
  } else {
    return pPager.zFilename;
  }
}

/**
 * The pager's VFS.
 *
 * @upstream pager.c sqlite3PagerVfs
 */
export function sqlite3PagerVfs(pPager: Pager): sqlite3_vfs {
  return pPager.pVfs;
}

/**
 * The database file; it may be closed still.
 *
 * @upstream pager.c sqlite3PagerFile
 */
export function sqlite3PagerFile(pPager: Pager): sqlite3_file {
  return pPager.fd;
}

/**
 * The journal's file: the WAL if there is one, else the rollback journal.
 *
 * @upstream pager.c sqlite3PagerJrnlFile
 */
export function sqlite3PagerJrnlFile(pPager: Pager): sqlite3_file {
  return pPager.pWal !== null ? sqlite3WalFile(pPager.pWal) : pPager.jfd;
}

/**
 * Full pathname of the rollback journal; null if the database has no name.
 *
 * @upstream pager.c sqlite3PagerJournalname
 */
export function sqlite3PagerJournalname(pPager: Pager): CString | null {
  return pPager.zJournal;
}

/**
 * Gives page `pPg` the number `pgno`, replacing the page that had it, which nobody may be using.
 *
 * References to `pPg` stay good; its extra bytes are the caller's business. The replaced page is not
 * journalled here. A write transaction must be open, savepoints may be. The page's old number must
 * not reach the disk before the journal record for it: if need be, that number is loaded anew and
 * marked so. Errors: SQLITE_NOMEM, I/O errors, SQLITE_CORRUPT if the replaced page is in use.
 *
 * @param isCommit nonzero: the move belongs to the commit, and the old number will not be written again.
 * @upstream pager.c sqlite3PagerMovepage
 */
export function sqlite3PagerMovepage(pPager: Pager, pPg: DbPage, pgno: Pgno, isCommit: number): number {
  let needSyncPgno: Pgno = 0; /* pPg's old number, if its journal record is not synced yet */
  let rc: number;

  assert(pPg.nRef > 0);
  assert(pPager.eState === PAGER_WRITER_CACHEMOD || pPager.eState === PAGER_WRITER_DBMOD);
  assert(assert_pager_state(pPager));

  /* A temporary database may have no other copy of the page. */
  assert(pPager.tempFile || !MEMDB(pPager));
  if (pPager.tempFile) {
    rc = sqlite3PagerWrite(pPg);
    if (rc) return rc;
  }

  /* A page that was changed before the savepoint and only moves after it would otherwise be missing
   * from the sub-journal under its old number, and rolling back to the savepoint could not bring it
   * back. */
  if ((pPg.flags & PGHDR_DIRTY) !== 0 && SQLITE_OK !== (rc = subjournalPageIfRequired(pPg))) {
    return rc;
  }

  if (pPg.flags & PGHDR_NEED_SYNC && !isCommit) {
    needSyncPgno = pPg.pgno;
    assert(
      pPager.journalMode === PAGER_JOURNALMODE_OFF ||
        pageInJournal(pPager, pPg) ||
        pPg.pgno > pPager.dbOrigSize,
    );
    assert(pPg.flags & PGHDR_DIRTY);
  }

  /* NEED_SYNC belongs to the place in the file, not to the content: take over the one of the new
   * place. */
  pPg.flags &= ~PGHDR_NEED_SYNC;
  const pPgOld = sqlite3PagerLookup(pPager, pgno);
  assert(pPgOld === null || pPgOld.nRef === 1 || sqlite3Config.neverCorrupt === 0); /* CORRUPT_DB */
  if (pPgOld !== null) {
    if (NEVER(pPgOld.nRef > 1)) {
      sqlite3PagerUnrefNotNull(pPgOld);
      return SQLITE_CORRUPT_BKPT(66838);
    }
    pPg.flags |= pPgOld.flags & PGHDR_NEED_SYNC;
    if (pPager.tempFile) {
      /* Its content may exist nowhere else, and a rollback may want it: park it past the end. */
      sqlite3PcacheMove(pPgOld, (pPager.dbSize + 1) >>> 0);
    } else {
      sqlite3PcacheDrop(pPgOld);
    }
  }

  const origPgno = pPg.pgno;
  sqlite3PcacheMove(pPg, pgno);
  sqlite3PcacheMakeDirty(pPg);

  /* In a temporary database the old number must go on to exist too; the parked page takes it. */
  if (pPager.tempFile && pPgOld !== null) {
    sqlite3PcacheMove(pPgOld, origPgno);
    sqlite3PagerUnrefNotNull(pPgOld);
  }

  if (needSyncPgno) {
    /* The old number is marked as journalled but no cached page carries NEED_SYNC for it any more, so
     * a later write to it could overtake the journal. Load it and set the flag. If that fails, forget
     * that it is journalled: it will be journalled twice, which does no harm. */
    const ppPgHdr = new Ref<DbPage | null>(null);
    rc = sqlite3PagerGet(pPager, needSyncPgno, ppPgHdr, 0);
    if (rc !== SQLITE_OK) {
      if (needSyncPgno <= pPager.dbOrigSize) {
        assert(pPager.pTmpSpace !== null);
        sqlite3BitvecClear(pPager.pInJournal, needSyncPgno, pPager.pTmpSpace!);
      }
      return rc;
    }
    const pPgHdr = ppPgHdr.value!;
    pPgHdr.flags |= PGHDR_NEED_SYNC;
    sqlite3PcacheMakeDirty(pPgHdr);
    sqlite3PagerUnrefNotNull(pPgHdr);
  }

  return SQLITE_OK;
}

/**
 * Gives a dirty page another number and sets all its flags.
 *
 * @param iNew not the page's present number.
 * @param flags u16, the new value of PgHdr.flags.
 * @upstream pager.c sqlite3PagerRekey
 */
export function sqlite3PagerRekey(pPg: DbPage, iNew: Pgno, flags: number): void {
  assert(pPg.pgno !== iNew);
  pPg.flags = flags & 0xffff;
  sqlite3PcacheMove(pPg, iNew);
}

/**
 * The page's content: the live bytes, pageSize of them. Change them after sqlite3PagerWrite() only.
 *
 * @upstream pager.c sqlite3PagerGetData
 */
export function sqlite3PagerGetData(pPg: DbPage): Uint8Array {
  assert(pPg.nRef > 0 || pPg.pPager!.memDb);
  return pPg.pData;
}

/**
 * The extra bytes that the cache keeps for the page's user, nExtra of them.
 *
 * @upstream pager.c sqlite3PagerGetExtra
 */
export function sqlite3PagerGetExtra(pPg: DbPage): Uint8Array {
  return pPg.pExtra;
}

/**
 * Sets the locking mode, unless `eMode` only asks for it, and returns the one in force. A temporary
 * database and a WAL in heap memory stay exclusive. Locks are taken or dropped at the next occasion,
 * not here.
 *
 * @param eMode PAGER_LOCKINGMODE_QUERY, _NORMAL or _EXCLUSIVE.
 * @upstream pager.c sqlite3PagerLockingMode
 */
export function sqlite3PagerLockingMode(pPager: Pager, eMode: number): number {
  assert(
    eMode === PAGER_LOCKINGMODE_QUERY ||
      eMode === PAGER_LOCKINGMODE_NORMAL ||
      eMode === PAGER_LOCKINGMODE_EXCLUSIVE,
  );
  assert(PAGER_LOCKINGMODE_QUERY < 0);
  assert(PAGER_LOCKINGMODE_NORMAL >= 0 && PAGER_LOCKINGMODE_EXCLUSIVE >= 0);
  assert(pPager.exclusiveMode || !sqlite3WalHeapMemory(pPager.pWal));
  if (eMode >= 0 && !pPager.tempFile && !sqlite3WalHeapMemory(pPager.pWal)) {
    pPager.exclusiveMode = eMode & 0xff;
  }
  return pPager.exclusiveMode;
}

/**
 * Sets the journal mode if that is allowed and returns the one in force. An in-memory database takes
 * only MEMORY and OFF; a temporary one must not be asked for WAL.
 *
 * Leaving TRUNCATE or PERSIST for DELETE, MEMORY or OFF tries to delete the file that those two modes
 * leave behind, under a RESERVED lock so as not to take away somebody's hot journal. That it may fail
 * does not matter. In exclusive mode the file stays.
 *
 * @param eMode one of PAGER_JOURNALMODE_* except QUERY.
 * @upstream pager.c sqlite3PagerSetJournalMode
 */
export function sqlite3PagerSetJournalMode(pPager: Pager, eMode: number): number {
  const eOld = pPager.journalMode;

  assert(
    eMode === PAGER_JOURNALMODE_DELETE /* 0 */ ||
      eMode === PAGER_JOURNALMODE_PERSIST /* 1 */ ||
      eMode === PAGER_JOURNALMODE_OFF /* 2 */ ||
      eMode === PAGER_JOURNALMODE_TRUNCATE /* 3 */ ||
      eMode === PAGER_JOURNALMODE_MEMORY /* 4 */ ||
      eMode === PAGER_JOURNALMODE_WAL /* 5 */,
  );

  assert(pPager.tempFile === 0 || eMode !== PAGER_JOURNALMODE_WAL);

  if (MEMDB(pPager)) {
    assert(eOld === PAGER_JOURNALMODE_MEMORY || eOld === PAGER_JOURNALMODE_OFF);
    if (eMode !== PAGER_JOURNALMODE_MEMORY && eMode !== PAGER_JOURNALMODE_OFF) {
      eMode = eOld;
    }
  }

  if (eMode !== eOld) {
    assert(pPager.eState !== PAGER_ERROR);
    pPager.journalMode = eMode & 0xff;

    /* The modes' numbers are chosen so that two bit tests tell: from TRUNCATE or PERSIST, to anything
     * but those two and WAL. */
    assert((PAGER_JOURNALMODE_TRUNCATE & 5) === 1);
    assert((PAGER_JOURNALMODE_PERSIST & 5) === 1);
    assert((PAGER_JOURNALMODE_DELETE & 5) === 0);
    assert((PAGER_JOURNALMODE_MEMORY & 5) === 4);
    assert((PAGER_JOURNALMODE_OFF & 5) === 0);
    assert((PAGER_JOURNALMODE_WAL & 5) === 5);

    assert(isOpen(pPager.fd) || pPager.exclusiveMode);
    if (!pPager.exclusiveMode && (eOld & 5) === 1 && (eMode & 1) === 0) {
      sqlite3OsClose(pPager.jfd);
      if (pPager.eLock >= RESERVED_LOCK) {
        sqlite3OsDelete(pPager.pVfs, pPager.zJournal!, 0);
      } else {
        let rc = SQLITE_OK;
        const state = pPager.eState;
        assert(state === PAGER_OPEN || state === PAGER_READER);
        if (state === PAGER_OPEN) {
          rc = sqlite3PagerSharedLock(pPager);
        }
        if (pPager.eState === PAGER_READER) {
          assert(rc === SQLITE_OK);
          rc = pagerLockDb(pPager, RESERVED_LOCK);
        }
        if (rc === SQLITE_OK) {
          sqlite3OsDelete(pPager.pVfs, pPager.zJournal!, 0);
        }
        if (rc === SQLITE_OK && state === PAGER_READER) {
          pagerUnlockDb(pPager, SHARED_LOCK);
        } else if (state === PAGER_OPEN) {
          pager_unlock(pPager);
        }
        assert(state === pPager.eState);
      }
    } else if (eMode === PAGER_JOURNALMODE_OFF || eMode === PAGER_JOURNALMODE_MEMORY) {
      sqlite3OsClose(pPager.jfd);
    }
  }

  return pPager.journalMode;
}

/**
 * The journal mode, one of PAGER_JOURNALMODE_*.
 *
 * @upstream pager.c sqlite3PagerGetJournalMode
 */
export function sqlite3PagerGetJournalMode(pPager: Pager): number {
  return pPager.journalMode;
}

/**
 * 1 if the journal mode may be changed now, that is, if nothing has been changed yet; else 0.
 *
 * @upstream pager.c sqlite3PagerOkToChangeJournalMode
 */
export function sqlite3PagerOkToChangeJournalMode(pPager: Pager): number {
  assert(assert_pager_state(pPager));
  if (pPager.eState >= PAGER_WRITER_CACHEMOD) return 0;
  if (NEVER(isOpen(pPager.jfd) && pPager.journalOff > 0)) return 0;
  return 1;
}

/**
 * Sets the size in bytes to which a journal that persists is cut back, and returns the one in force.
 *
 * @param iLimit -1: no limit; less: only ask.
 * @upstream pager.c sqlite3PagerJournalSizeLimit
 */
export function sqlite3PagerJournalSizeLimit(pPager: Pager, iLimit: number): number {
  if (iLimit >= -1) {
    pPager.journalSizeLimit = iLimit;
    sqlite3WalLimit(pPager.pWal, iLimit);
  }
  return pPager.journalSizeLimit;
}

/**
 * The place where the pager keeps the head of the list of backups that read from it. The list is the
 * backup module's; the pager only passes it on.
 *
 * @upstream pager.c sqlite3PagerBackupPtr
 */
export function sqlite3PagerBackupPtr(pPager: Pager): Ref<sqlite3_backup | null> {
  return pPager.pBackup;
}

/**
 * Empties the cache, except that of a temporary database, whose pages may exist nowhere else.
 *
 * @upstream pager.c sqlite3PagerClearCache
 */
export function sqlite3PagerClearCache(pPager: Pager): void {
  assert(!MEMDB(pPager) || pPager.tempFile);
  if (pPager.tempFile === 0) pager_reset(pPager);
}

/**
 * Copies frames from the WAL into the database file; nothing to do for a database without a WAL.
 *
 * A database that is still empty may be in WAL mode without the WAL being open; then a statement that
 * starts a read transaction on every attached file is run through the connection first.
 *
 * @param eMode SQLITE_CHECKPOINT_NOOP to SQLITE_CHECKPOINT_TRUNCATE; up to PASSIVE nobody is waited for.
 * @param pnLog out, may be null: frames in the WAL.
 * @param pnCkpt out, may be null: how many of them have been copied.
 * @upstream pager.c sqlite3PagerCheckpoint
 * @divergence pager-checkpoint-exec
 */
export function sqlite3PagerCheckpoint(
  pPager: Pager,
  db: sqlite3,
  eMode: number,
  pnLog: Ref<number> | null,
  pnCkpt: Ref<number> | null,
): number {
  let rc = SQLITE_OK;
  if (pPager.pWal === null && pPager.journalMode === PAGER_JOURNALMODE_WAL) {
    if (db.xExec !== null) db.xExec("PRAGMA table_list");
  }
  if (pPager.pWal !== null) {
    rc = sqlite3WalCheckpoint(
      pPager.pWal,
      db,
      eMode,
      eMode <= SQLITE_CHECKPOINT_PASSIVE ? null : pPager.xBusyHandler,
      pPager.pBusyHandlerArg,
      pPager.walSyncFlags,
      pPager.pageSize,
      pPager.pTmpSpace!,
      pnLog,
      pnCkpt,
    );
  }
  return rc;
}

/**
 * Frames in the WAL after the last commit, once per commit; 0 if there was none since the last call.
 *
 * @upstream pager.c sqlite3PagerWalCallback
 */
export function sqlite3PagerWalCallback(pPager: Pager): number {
  return sqlite3WalCallback(pPager.pWal);
}

/**
 * 1 if a WAL is possible: the VFS has shared memory, or the pager is exclusive and needs none.
 *
 * @upstream pager.c sqlite3PagerWalSupported
 */
export function sqlite3PagerWalSupported(pPager: Pager): number {
  const pMethods = pPager.fd.pMethods;
  if (pPager.noLock) return 0;
  return pPager.exclusiveMode || (pMethods!.iVersion >= 2 && pMethods!.xShmMap) ? 1 : 0;
}

/**
 * Takes EXCLUSIVE on the database file without waiting. If that fails, goes back to the lock held
 * before, because the attempt may have left PENDING behind, which would keep new readers out.
 *
 * @upstream pager.c pagerExclusiveLock
 */
function pagerExclusiveLock(pPager: Pager): number {
  assert(pPager.eLock >= SHARED_LOCK);
  const eOrigLock = pPager.eLock;
  const rc = pagerLockDb(pPager, EXCLUSIVE_LOCK);
  if (rc !== SQLITE_OK) {
    pagerUnlockDb(pPager, eOrigLock);
  }

  return rc;
}

/**
 * Opens the WAL. In exclusive mode the wal-index will live in heap memory, which is safe only if
 * nobody else uses the file, so EXCLUSIVE is taken first.
 *
 * @upstream pager.c pagerOpenWal
 */
function pagerOpenWal(pPager: Pager): number {
  let rc = SQLITE_OK;

  assert(pPager.pWal === null && pPager.tempFile === 0);
  assert(pPager.eLock === SHARED_LOCK || pPager.eLock === EXCLUSIVE_LOCK);

  if (pPager.exclusiveMode) {
    rc = pagerExclusiveLock(pPager);
  }

  if (rc === SQLITE_OK) {
    const ppWal = new Ref<Wal | null>(pPager.pWal);
    rc = sqlite3WalOpen(
      pPager.pVfs,
      pPager.fd,
      pPager.zWal!,
      pPager.exclusiveMode,
      pPager.journalSizeLimit,
      ppWal,
    );
    pPager.pWal = ppWal.value;
    if (SQLITE_ENABLE_SETLK_TIMEOUT) {
      if (rc === SQLITE_OK) {
        sqlite3WalDb(pPager.pWal!, pPager.dbWal);
      }
    }
  }
  pagerFixMaplimit(pPager);

  return rc;
}

/**
 * Opens the WAL of a database that is to use one; the caller holds SHARED. A rollback journal that
 * is still open is closed.
 *
 * On SQLITE_OK the pager is in WAL mode and in state OPEN: the caller starts to read anew.
 * SQLITE_CANTOPEN if the VFS cannot do it. A temporary database, or a WAL that is open, is left
 * alone.
 *
 * @param pbOpen out: set to 1 if there was nothing to do; null from a caller that knows that there is.
 * @upstream pager.c sqlite3PagerOpenWal
 */
export function sqlite3PagerOpenWal(pPager: Pager, pbOpen: Ref<number> | null): number {
  let rc = SQLITE_OK;

  assert(assert_pager_state(pPager));
  assert(pPager.eState === PAGER_OPEN || pbOpen !== null);
  assert(pPager.eState === PAGER_READER || pbOpen === null);
  assert(pbOpen === null || pbOpen.value === 0);
  assert(pbOpen !== null || (!pPager.tempFile && pPager.pWal === null));

  if (!pPager.tempFile && pPager.pWal === null) {
    if (!sqlite3PagerWalSupported(pPager)) return SQLITE_CANTOPEN;

    sqlite3OsClose(pPager.jfd);

    rc = pagerOpenWal(pPager);
    if (rc === SQLITE_OK) {
      pPager.journalMode = PAGER_JOURNALMODE_WAL;
      pPager.eState = PAGER_OPEN;
    }
  } else {
    pbOpen!.value = 1;
  }

  return rc;
}

/**
 * Closes the WAL before the database goes back to a rollback journal: checkpoints it, deletes it and
 * its index, and keeps the EXCLUSIVE lock that this takes.
 *
 * If the WAL is not open but exists, it is opened first, since it may hold content. SQLITE_BUSY if
 * the lock is not to be had; then the WAL stays open.
 *
 * @upstream pager.c sqlite3PagerCloseWal
 */
export function sqlite3PagerCloseWal(pPager: Pager, db: sqlite3 | null): number {
  let rc = SQLITE_OK;

  assert(pPager.journalMode === PAGER_JOURNALMODE_WAL);

  if (pPager.pWal === null) {
    const logexists = new Ref<number>(0);
    rc = pagerLockDb(pPager, SHARED_LOCK);
    if (rc === SQLITE_OK) {
      rc = sqlite3OsAccess(pPager.pVfs, pPager.zWal!, SQLITE_ACCESS_EXISTS, logexists);
    }
    if (rc === SQLITE_OK && logexists.value) {
      rc = pagerOpenWal(pPager);
    }
  }

  if (rc === SQLITE_OK && pPager.pWal !== null) {
    rc = pagerExclusiveLock(pPager);
    if (rc === SQLITE_OK) {
      rc = sqlite3WalClose(pPager.pWal, db, pPager.walSyncFlags, pPager.pageSize, pPager.pTmpSpace);
      pPager.pWal = null;
      pagerFixMaplimit(pPager);
      if (rc && !pPager.exclusiveMode) pagerUnlockDb(pPager, SHARED_LOCK);
    }
  }
  return rc;
}

/**
 * Takes or gives back the WAL's write lock ahead of a read transaction, for blocking locks; nothing
 * to do without a WAL, in exclusive mode, or without SQLITE_ENABLE_SETLK_TIMEOUT.
 *
 * @param bLock nonzero: take.
 * @upstream pager.c sqlite3PagerWalWriteLock
 */
export function sqlite3PagerWalWriteLock(pPager: Pager, bLock: number): number {
  let rc = SQLITE_OK;
  if (SQLITE_ENABLE_SETLK_TIMEOUT) {
    if (pagerUseWal(pPager) && pPager.exclusiveMode === 0) {
      rc = sqlite3WalWriteLock(pPager.pWal!, bLock);
    }
  }
  return rc;
}

/**
 * Tells the WAL from which connection to take the time limit of blocking locks; null for none. Does
 * nothing without SQLITE_ENABLE_SETLK_TIMEOUT.
 *
 * @upstream pager.c sqlite3PagerWalDb
 */
export function sqlite3PagerWalDb(pPager: Pager, db: sqlite3 | null): void {
  if (SQLITE_ENABLE_SETLK_TIMEOUT) {
    pPager.dbWal = db;
    if (pagerUseWal(pPager)) {
      sqlite3WalDb(pPager.pWal!, db);
    }
  }
}

/**
 * Makes a handle to the snapshot that is open for reading; SQLITE_ERROR without a WAL. This and the
 * four functions below belong to SQLITE_ENABLE_SNAPSHOT.
 *
 * @param ppSnapshot out: the handle.
 * @upstream pager.c sqlite3PagerSnapshotGet
 */
export function sqlite3PagerSnapshotGet(pPager: Pager, ppSnapshot: Ref<sqlite3_snapshot | null>): number {
  let rc = SQLITE_ERROR;
  if (pPager.pWal !== null) {
    rc = sqlite3WalSnapshotGet(pPager.pWal, ppSnapshot);
  }
  return rc;
}

/**
 * Makes the next read transaction try to read the given snapshot instead of the latest one;
 * SQLITE_ERROR without a WAL.
 *
 * @param pSnapshot a handle that stays valid until then; null to read the latest again.
 * @upstream pager.c sqlite3PagerSnapshotOpen
 */
export function sqlite3PagerSnapshotOpen(pPager: Pager, pSnapshot: sqlite3_snapshot | null): number {
  let rc = SQLITE_OK;
  if (pPager.pWal !== null) {
    sqlite3WalSnapshotOpen(pPager.pWal, pSnapshot);
  } else {
    rc = SQLITE_ERROR;
  }
  return rc;
}

/**
 * Lets the WAL find out which old snapshots can still be read although a checkpoint has been noted;
 * SQLITE_ERROR without a WAL.
 *
 * @upstream pager.c sqlite3PagerSnapshotRecover
 */
export function sqlite3PagerSnapshotRecover(pPager: Pager): number {
  let rc: number;
  if (pPager.pWal !== null) {
    rc = sqlite3WalSnapshotRecover(pPager.pWal);
  } else {
    rc = SQLITE_ERROR;
  }
  return rc;
}

/**
 * Keeps checkpoints out and tests whether a snapshot can still be read.
 *
 * A read transaction must be open. On SQLITE_OK the lock on the checkpointer's slot is held until
 * sqlite3PagerSnapshotUnlock(). On SQLITE_ERROR_SNAPSHOT (gone), SQLITE_ERROR (no WAL) and SQLITE_BUSY
 * it is not.
 *
 * @upstream pager.c sqlite3PagerSnapshotCheck
 */
export function sqlite3PagerSnapshotCheck(pPager: Pager, pSnapshot: sqlite3_snapshot): number {
  let rc: number;
  if (pPager.pWal !== null) {
    rc = sqlite3WalSnapshotCheck(pPager.pWal, pSnapshot);
  } else {
    rc = SQLITE_ERROR;
  }
  return rc;
}

/**
 * Gives the lock back that a successful sqlite3PagerSnapshotCheck() took.
 *
 * @upstream pager.c sqlite3PagerSnapshotUnlock
 */
export function sqlite3PagerSnapshotUnlock(pPager: Pager): void {
  assert(pPager.pWal !== null);
  sqlite3WalSnapshotUnlock(pPager.pWal!);
}
