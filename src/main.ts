/**
 * The library's outermost layer: initialization, configuration, result codes in words, file names
 * with URI parameters, and the door for tests.
 *
 * Of upstream's main.c only what concerns the pager and what is below it is here; connections are not.
 *
 * @upstream main.c
 * @module
 */

import { fromCString, memcpy, memset, ptradd, ptrdiff, strcmp, strlen, toCString } from "./cstring.js";
import { sqlite3BenignMallocHooks } from "./fault.js";
import {
  MemMethods,
  PcacheMethods2,
  SQLITE_NTUNE,
  type Sqlite3Config,
  setSqlite3PendingByte,
  setSqlite3TreeTrace,
  setSqlite3WhereTrace,
  sqlite3Config,
  sqlite3GlobalConfig,
  sqlite3TreeTrace,
  sqlite3WhereTrace,
} from "./global.js";
import {
  sqlite3_free,
  sqlite3_malloc64,
  sqlite3MallocEnd,
  sqlite3MallocInit,
  sqlite3MemSetDefault,
} from "./malloc.js";
import {
  type sqlite3_mutex,
  sqlite3_mutex_enter,
  sqlite3_mutex_free,
  sqlite3_mutex_leave,
  sqlite3MemoryBarrier,
  sqlite3MutexAlloc,
} from "./mutex.js";
import { PENDING_BYTE, sqlite3_vfs_find, sqlite3OsInit, sqlite3OsSleep } from "./os/os.js";
import { runOsEnd as sqlite3_os_end } from "./os/os_init.js";
import { sqlite3BitvecBuiltinTest } from "./pager/bitvec.js";
import { sqlite3HeaderSizePcache, sqlite3PcacheInitialize, sqlite3PcacheShutdown } from "./pcache/pcache.js";
import {
  sqlite3HeaderSizePcache1,
  sqlite3PCacheBufferSetup,
  sqlite3PCacheSetDefault,
} from "./pcache/pcache1.js";
import { sqlite3_log, sqlite3_snprintf } from "./printf.js";
import { sqlite3_randomness, sqlite3PrngRestoreState, sqlite3PrngSaveState } from "./random.js";
import {
  ALWAYS,
  assert,
  type CString,
  type Pgno,
  Ref,
  ROUND8,
  SQLITE_ABORT,
  SQLITE_ABORT_ROLLBACK,
  SQLITE_AUTH,
  SQLITE_BIGENDIAN,
  SQLITE_BUSY,
  SQLITE_BUSY_RECOVERY,
  SQLITE_BUSY_SNAPSHOT,
  SQLITE_CANTOPEN,
  SQLITE_CANTOPEN_CONVPATH,
  SQLITE_CANTOPEN_FULLPATH,
  SQLITE_CANTOPEN_ISDIR,
  SQLITE_CANTOPEN_NOTEMPDIR,
  SQLITE_CANTOPEN_SYMLINK,
  SQLITE_CONFIG_COVERING_INDEX_SCAN,
  SQLITE_CONFIG_GETMALLOC,
  SQLITE_CONFIG_GETMUTEX,
  SQLITE_CONFIG_GETPCACHE,
  SQLITE_CONFIG_GETPCACHE2,
  SQLITE_CONFIG_LOG,
  SQLITE_CONFIG_LOOKASIDE,
  SQLITE_CONFIG_MALLOC,
  SQLITE_CONFIG_MEMDB_MAXSIZE,
  SQLITE_CONFIG_MEMSTATUS,
  SQLITE_CONFIG_MMAP_SIZE,
  SQLITE_CONFIG_MULTITHREAD,
  SQLITE_CONFIG_MUTEX,
  SQLITE_CONFIG_PAGECACHE,
  SQLITE_CONFIG_PCACHE,
  SQLITE_CONFIG_PCACHE_HDRSZ,
  SQLITE_CONFIG_PCACHE2,
  SQLITE_CONFIG_PMASZ,
  SQLITE_CONFIG_ROWID_IN_VIEW,
  SQLITE_CONFIG_SERIALIZED,
  SQLITE_CONFIG_SINGLETHREAD,
  SQLITE_CONFIG_SMALL_MALLOC,
  SQLITE_CONFIG_STMTJRNL_SPILL,
  SQLITE_CONFIG_URI,
  SQLITE_CONSTRAINT,
  SQLITE_CONSTRAINT_CHECK,
  SQLITE_CONSTRAINT_COMMITHOOK,
  SQLITE_CONSTRAINT_FOREIGNKEY,
  SQLITE_CONSTRAINT_FUNCTION,
  SQLITE_CONSTRAINT_NOTNULL,
  SQLITE_CONSTRAINT_PRIMARYKEY,
  SQLITE_CONSTRAINT_ROWID,
  SQLITE_CONSTRAINT_TRIGGER,
  SQLITE_CONSTRAINT_UNIQUE,
  SQLITE_CONSTRAINT_VTAB,
  SQLITE_CORRUPT,
  SQLITE_CORRUPT_VTAB,
  SQLITE_DEBUG,
  SQLITE_DEFAULT_MMAP_SIZE,
  SQLITE_DISABLE_LFS,
  SQLITE_DONE,
  SQLITE_EMPTY,
  SQLITE_ERROR,
  SQLITE_ERROR_MISSING_COLLSEQ,
  SQLITE_ERROR_RETRY,
  SQLITE_ERROR_SNAPSHOT,
  SQLITE_FORMAT,
  SQLITE_FULL,
  SQLITE_INTERNAL,
  SQLITE_INTERRUPT,
  SQLITE_IOERR,
  SQLITE_IOERR_ACCESS,
  SQLITE_IOERR_CHECKRESERVEDLOCK,
  SQLITE_IOERR_CLOSE,
  SQLITE_IOERR_CONVPATH,
  SQLITE_IOERR_DELETE,
  SQLITE_IOERR_DELETE_NOENT,
  SQLITE_IOERR_DIR_CLOSE,
  SQLITE_IOERR_DIR_FSYNC,
  SQLITE_IOERR_FSTAT,
  SQLITE_IOERR_FSYNC,
  SQLITE_IOERR_GETTEMPPATH,
  SQLITE_IOERR_LOCK,
  SQLITE_IOERR_MMAP,
  SQLITE_IOERR_NOMEM,
  SQLITE_IOERR_RDLOCK,
  SQLITE_IOERR_READ,
  SQLITE_IOERR_SEEK,
  SQLITE_IOERR_SHMLOCK,
  SQLITE_IOERR_SHMMAP,
  SQLITE_IOERR_SHMOPEN,
  SQLITE_IOERR_SHMSIZE,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_IOERR_TRUNCATE,
  SQLITE_IOERR_UNLOCK,
  SQLITE_IOERR_WRITE,
  SQLITE_LOCKED,
  SQLITE_LOCKED_SHAREDCACHE,
  SQLITE_MAX_MMAP_SIZE,
  SQLITE_MISMATCH,
  SQLITE_MISUSE,
  SQLITE_MUTEX_RECURSIVE,
  SQLITE_MUTEX_STATIC_MAIN,
  SQLITE_NOLFS,
  SQLITE_NOMEM,
  SQLITE_NOMEM_BKPT,
  SQLITE_NOTADB,
  SQLITE_NOTFOUND,
  SQLITE_NOTICE,
  SQLITE_NOTICE_RBU,
  SQLITE_NOTICE_RECOVER_ROLLBACK,
  SQLITE_NOTICE_RECOVER_WAL,
  SQLITE_OK,
  SQLITE_PERM,
  SQLITE_PROTOCOL,
  SQLITE_PTRSIZE,
  SQLITE_RANGE,
  SQLITE_READONLY,
  SQLITE_READONLY_CANTINIT,
  SQLITE_READONLY_DBMOVED,
  SQLITE_READONLY_DIRECTORY,
  SQLITE_READONLY_RECOVERY,
  SQLITE_READONLY_ROLLBACK,
  SQLITE_ROW,
  SQLITE_SCHEMA,
  SQLITE_SOURCE_ID,
  SQLITE_TESTCTRL_ALWAYS,
  SQLITE_TESTCTRL_ASSERT,
  SQLITE_TESTCTRL_BENIGN_MALLOC_HOOKS,
  SQLITE_TESTCTRL_BITVEC_TEST,
  SQLITE_TESTCTRL_BYTEORDER,
  SQLITE_TESTCTRL_EXTRA_SCHEMA_CHECKS,
  SQLITE_TESTCTRL_FAULT_INSTALL,
  SQLITE_TESTCTRL_ISINIT,
  SQLITE_TESTCTRL_JSON_SELFCHECK,
  SQLITE_TESTCTRL_LOCALTIME_FAULT,
  SQLITE_TESTCTRL_NEVER_CORRUPT,
  SQLITE_TESTCTRL_ONCE_RESET_THRESHOLD,
  SQLITE_TESTCTRL_PENDING_BYTE,
  SQLITE_TESTCTRL_PRNG_RESTORE,
  SQLITE_TESTCTRL_PRNG_SAVE,
  SQLITE_TESTCTRL_PRNG_SEED,
  SQLITE_TESTCTRL_TRACEFLAGS,
  SQLITE_TESTCTRL_TUNE,
  SQLITE_TESTCTRL_VDBE_COVERAGE,
  SQLITE_THREADSAFE,
  SQLITE_TOOBIG,
  SQLITE_VERSION,
  SQLITE_VERSION_NUMBER,
  SQLITE_WARNING,
  SQLITE_WARNING_AUTOINDEX,
  sizeof,
  type sqlite3_mem_methods,
  type sqlite3_pcache_methods2,
  sqlite3Isdigit,
  testcase,
} from "./sqliteInt.js";
import { asUnsigned, va_arg, va_end, va_list, va_start } from "./stdarg.js";
import {
  sqlite3_strnicmp,
  sqlite3Atoi,
  sqlite3DecOrHexToI64,
  sqlite3FaultSim,
  sqlite3Strlen30,
} from "./util.js";

/* ------------------------------------------------------------------ version */

/** The version as text. @upstream main.c sqlite3_version */
export const sqlite3_version: string = SQLITE_VERSION;

/** The version as text. @upstream main.c sqlite3_libversion */
export function sqlite3_libversion(): string {
  return sqlite3_version;
}

/** Date and check-in hash of the mirrored source. @upstream sqlite3.c sqlite3_sourceid */
export function sqlite3_sourceid(): string {
  return SQLITE_SOURCE_ID;
}

/** The version as a number. @upstream main.c sqlite3_libversion_number */
export function sqlite3_libversion_number(): number {
  return SQLITE_VERSION_NUMBER;
}

/** The value of SQLITE_THREADSAFE. @upstream main.c sqlite3_threadsafe */
export function sqlite3_threadsafe(): number {
  return SQLITE_THREADSAFE;
}

/** Where temporary files go, or null for the VFS's choice. @upstream main.c sqlite3_temp_directory */
export const sqlite3_temp_directory: Ref<CString | null> = new Ref<CString | null>(null);

/** What relative database names are relative to, on Windows only. @upstream main.c sqlite3_data_directory */
export const sqlite3_data_directory: Ref<CString | null> = new Ref<CString | null>(null);

/* ------------------------------------------------------------------ start and end */

/**
 * Initializes the library; nothing after the first time. Every public function that needs memory or
 * a VFS calls it. A failed initialization may be repeated.
 *
 * The allocator comes first, then the page cache, then the VFSes, which call this function again
 * while they register; such an inner call returns SQLITE_OK at once.
 *
 * @upstream main.c sqlite3_initialize
 * @divergence initialize-scope
 */
export function sqlite3_initialize(): number {
  let pMainMtx: sqlite3_mutex | null = null;
  let rc: number;

  assert(SQLITE_PTRSIZE === sizeof.ptr);

  /* isInit is set last, so this says that everything is ready. */
  if (sqlite3GlobalConfig.isInit) {
    sqlite3MemoryBarrier();
    return SQLITE_OK;
  }

  rc = SQLITE_OK; /* upstream prepares its mutexes here */

  /* First the allocator, and the mutex that guards the rest, which is allocated. */
  if (SQLITE_THREADSAFE) pMainMtx = sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_MAIN);
  sqlite3_mutex_enter(pMainMtx);
  sqlite3GlobalConfig.isMutexInit = 1;
  if (!sqlite3GlobalConfig.isMallocInit) {
    rc = sqlite3MallocInit();
  }
  if (rc === SQLITE_OK) {
    sqlite3GlobalConfig.isMallocInit = 1;
    if (sqlite3GlobalConfig.pInitMutex === null) {
      sqlite3GlobalConfig.pInitMutex = sqlite3MutexAlloc(SQLITE_MUTEX_RECURSIVE);
      if (sqlite3GlobalConfig.bCoreMutex && sqlite3GlobalConfig.pInitMutex === null) {
        rc = SQLITE_NOMEM_BKPT;
      }
    }
  }
  if (rc === SQLITE_OK) {
    sqlite3GlobalConfig.nRefInitMutex++;
  }
  sqlite3_mutex_leave(pMainMtx);

  if (rc !== SQLITE_OK) {
    return rc;
  }

  /* inProgress keeps inner calls out; they find nothing to do and fall through. */
  sqlite3_mutex_enter(sqlite3GlobalConfig.pInitMutex);
  if (sqlite3GlobalConfig.isInit === 0 && sqlite3GlobalConfig.inProgress === 0) {
    sqlite3GlobalConfig.inProgress = 1;
    if (sqlite3GlobalConfig.isPCacheInit === 0) {
      rc = sqlite3PcacheInitialize();
    }
    if (rc === SQLITE_OK) {
      sqlite3GlobalConfig.isPCacheInit = 1;
      rc = sqlite3OsInit();
    }
    if (rc === SQLITE_OK) {
      sqlite3PCacheBufferSetup(
        sqlite3GlobalConfig.pPage,
        sqlite3GlobalConfig.szPage,
        sqlite3GlobalConfig.nPage,
      );
    }
    if (rc === SQLITE_OK) {
      sqlite3MemoryBarrier();
      sqlite3GlobalConfig.isInit = 1;
    }
    sqlite3GlobalConfig.inProgress = 0;
  }
  sqlite3_mutex_leave(sqlite3GlobalConfig.pInitMutex);

  /* The last one out gives the mutex back. */
  sqlite3_mutex_enter(pMainMtx);
  sqlite3GlobalConfig.nRefInitMutex--;
  if (sqlite3GlobalConfig.nRefInitMutex <= 0) {
    assert(sqlite3GlobalConfig.nRefInitMutex === 0);
    sqlite3_mutex_free(sqlite3GlobalConfig.pInitMutex);
    sqlite3GlobalConfig.pInitMutex = null;
  }
  sqlite3_mutex_leave(pMainMtx);

  return rc;
}

/**
 * Undoes {@link sqlite3_initialize}, also half of one. Nothing of the library may be in use. The
 * configuration stays, except for the two directories, whose memory is the allocator's.
 *
 * @upstream main.c sqlite3_shutdown
 * @divergence initialize-scope
 */
export function sqlite3_shutdown(): number {
  if (sqlite3GlobalConfig.isInit) {
    sqlite3_os_end();
    sqlite3GlobalConfig.isInit = 0;
  }
  if (sqlite3GlobalConfig.isPCacheInit) {
    sqlite3PcacheShutdown();
    sqlite3GlobalConfig.isPCacheInit = 0;
  }
  if (sqlite3GlobalConfig.isMallocInit) {
    sqlite3MallocEnd();
    sqlite3GlobalConfig.isMallocInit = 0;

    sqlite3_data_directory.value = null;
    sqlite3_temp_directory.value = null;
  }
  if (sqlite3GlobalConfig.isMutexInit) {
    sqlite3GlobalConfig.isMutexInit = 0;
  }

  return SQLITE_OK;
}

/** A u64 with bit `n` set. @upstream sqliteInt.h MASKBIT64 */
function MASKBIT64(n: number): bigint {
  return 1n << BigInt(n);
}

/** Bytes of the b-tree layer's part of a page. @upstream btree.c sqlite3HeaderSizeBtree */
function sqlite3HeaderSizeBtree(): number {
  return ROUND8(sizeof.MemPage);
}

/**
 * Changes the global configuration. What each option takes is upstream's; structs are passed as
 * objects and copied, results come back through a `Ref`.
 *
 * SQLITE_MISUSE while the library is initialized, except for the log and PCACHE_HDRSZ; SQLITE_ERROR
 * for an option that does not exist in this build.
 *
 * @upstream main.c sqlite3_config
 * @divergence mutex-noop
 * @divergence varargs
 * @divergence config-structs
 */
export function sqlite3_config(op: number, ...args: unknown[]): number {
  const ap = new va_list();
  let rc = SQLITE_OK;

  if (sqlite3GlobalConfig.isInit) {
    const mAnytimeConfigOption = 0n | MASKBIT64(SQLITE_CONFIG_LOG) | MASKBIT64(SQLITE_CONFIG_PCACHE_HDRSZ);
    if (op < 0 || op > 63 || (MASKBIT64(op) & mAnytimeConfigOption) === 0n) {
      return SQLITE_MISUSE_BKPT(187657);
    }
    testcase(op === SQLITE_CONFIG_LOG);
    testcase(op === SQLITE_CONFIG_PCACHE_HDRSZ);
  }

  va_start(ap, args);
  switch (op) {
    /* These five exist only in thread-safe builds. */
    case SQLITE_CONFIG_SINGLETHREAD: {
      if (SQLITE_THREADSAFE <= 0) {
        rc = SQLITE_ERROR;
        break;
      }
      sqlite3GlobalConfig.bCoreMutex = 0;
      sqlite3GlobalConfig.bFullMutex = 0;
      break;
    }
    case SQLITE_CONFIG_MULTITHREAD: {
      if (SQLITE_THREADSAFE <= 0) {
        rc = SQLITE_ERROR;
        break;
      }
      sqlite3GlobalConfig.bCoreMutex = 1;
      sqlite3GlobalConfig.bFullMutex = 0;
      break;
    }
    case SQLITE_CONFIG_SERIALIZED: {
      if (SQLITE_THREADSAFE <= 0) {
        rc = SQLITE_ERROR;
        break;
      }
      sqlite3GlobalConfig.bCoreMutex = 1;
      sqlite3GlobalConfig.bFullMutex = 1;
      break;
    }
    case SQLITE_CONFIG_MUTEX: {
      if (SQLITE_THREADSAFE <= 0) {
        rc = SQLITE_ERROR;
        break;
      }
      sqlite3GlobalConfig.mutex = va_arg(ap);
      break;
    }
    case SQLITE_CONFIG_GETMUTEX: {
      if (SQLITE_THREADSAFE <= 0) {
        rc = SQLITE_ERROR;
        break;
      }
      (va_arg(ap) as Ref<unknown>).value = sqlite3GlobalConfig.mutex;
      break;
    }

    case SQLITE_CONFIG_MALLOC: {
      sqlite3GlobalConfig.m.assign(va_arg(ap) as sqlite3_mem_methods);
      break;
    }
    case SQLITE_CONFIG_GETMALLOC: {
      if (sqlite3GlobalConfig.m.xMalloc === null) sqlite3MemSetDefault();
      (va_arg(ap) as Ref<sqlite3_mem_methods | null>).value = copied(new MemMethods(), sqlite3GlobalConfig.m);
      break;
    }
    case SQLITE_CONFIG_MEMSTATUS: {
      assert(!sqlite3GlobalConfig.isInit); /* cannot change while there are allocations */
      sqlite3GlobalConfig.bMemstat = va_arg(ap) as number;
      break;
    }
    case SQLITE_CONFIG_SMALL_MALLOC: {
      sqlite3GlobalConfig.bSmallMalloc = (va_arg(ap) as number) & 0xff;
      break;
    }
    case SQLITE_CONFIG_PAGECACHE: {
      sqlite3GlobalConfig.pPage = va_arg(ap) as Uint8Array | null;
      sqlite3GlobalConfig.szPage = va_arg(ap) as number;
      sqlite3GlobalConfig.nPage = va_arg(ap) as number;
      break;
    }
    case SQLITE_CONFIG_PCACHE_HDRSZ: {
      (va_arg(ap) as Ref<number>).value =
        sqlite3HeaderSizeBtree() + sqlite3HeaderSizePcache() + sqlite3HeaderSizePcache1();
      break;
    }

    case SQLITE_CONFIG_PCACHE: {
      /* once installed a page cache of the first interface */
      break;
    }
    case SQLITE_CONFIG_GETPCACHE: {
      rc = SQLITE_ERROR;
      break;
    }

    case SQLITE_CONFIG_PCACHE2: {
      sqlite3GlobalConfig.pcache2.assign(va_arg(ap) as sqlite3_pcache_methods2);
      break;
    }
    case SQLITE_CONFIG_GETPCACHE2: {
      if (sqlite3GlobalConfig.pcache2.xInit === null) {
        sqlite3PCacheSetDefault();
      }
      (va_arg(ap) as Ref<sqlite3_pcache_methods2 | null>).value = copied(
        new PcacheMethods2(),
        sqlite3GlobalConfig.pcache2,
      );
      break;
    }

    case SQLITE_CONFIG_LOOKASIDE: {
      sqlite3GlobalConfig.szLookaside = va_arg(ap) as number;
      sqlite3GlobalConfig.nLookaside = va_arg(ap) as number;
      break;
    }

    case SQLITE_CONFIG_LOG: {
      const xLog = va_arg(ap) as Sqlite3Config["xLog"];
      const pLogArg = va_arg(ap);
      sqlite3GlobalConfig.xLog = xLog;
      sqlite3GlobalConfig.pLogArg = pLogArg;
      break;
    }

    case SQLITE_CONFIG_URI: {
      const bOpenUri = va_arg(ap) as number;
      sqlite3GlobalConfig.bOpenUri = bOpenUri & 0xff;
      break;
    }

    case SQLITE_CONFIG_COVERING_INDEX_SCAN: {
      sqlite3GlobalConfig.bUseCis = (va_arg(ap) as number) & 0xff;
      break;
    }

    case SQLITE_CONFIG_MMAP_SIZE: {
      let szMmap = va_arg(ap) as number;
      let mxMmap = va_arg(ap) as number;
      /* A negative size asks for the built-in one; none may exceed the built-in maximum. */
      if (mxMmap < 0 || mxMmap > SQLITE_MAX_MMAP_SIZE) {
        mxMmap = SQLITE_MAX_MMAP_SIZE;
      }
      if (szMmap < 0) szMmap = SQLITE_DEFAULT_MMAP_SIZE;
      if (szMmap > mxMmap) szMmap = mxMmap;
      sqlite3GlobalConfig.mxMmap = mxMmap;
      sqlite3GlobalConfig.szMmap = szMmap;
      break;
    }

    case SQLITE_CONFIG_PMASZ: {
      sqlite3GlobalConfig.szPma = va_arg(ap, asUnsigned);
      break;
    }

    case SQLITE_CONFIG_STMTJRNL_SPILL: {
      sqlite3GlobalConfig.nStmtSpill = va_arg(ap) as number;
      break;
    }

    case SQLITE_CONFIG_MEMDB_MAXSIZE: {
      sqlite3GlobalConfig.mxMemdbSize = va_arg(ap) as number;
      break;
    }

    case SQLITE_CONFIG_ROWID_IN_VIEW: {
      const pVal = va_arg(ap) as Ref<number>;
      pVal.value = 0;
      break;
    }

    default: {
      /* HEAP, SQLLOG, WIN32_HEAPSIZE and SORTERREF_SIZE belong to options that are off. */
      rc = SQLITE_ERROR;
      break;
    }
  }
  va_end(ap);
  return rc;
}

/** `to`, after `from` was copied to it. NON-UPSTREAM: C copies to the caller's struct. */
function copied<T extends { assign(from: T): void }>(to: T, from: T): T {
  to.assign(from);
  return to;
}

/* ------------------------------------------------------------------ result codes in words */

/**
 * The name of a result code, `SQLITE_BUSY_SNAPSHOT`; of the primary code if the extended one has no
 * name, and `SQLITE_UNKNOWN(n)` if neither has.
 *
 * @upstream main.c sqlite3ErrName
 * @divergence error-names
 */
export function sqlite3ErrName(rc: number): string {
  let zName: string | null = null;
  const origRc = rc;
  for (let i = 0; i < 2 && zName === null; i++, rc &= 0xff) {
    switch (rc) {
      case SQLITE_OK:
        zName = "SQLITE_OK";
        break;
      case SQLITE_ERROR:
        zName = "SQLITE_ERROR";
        break;
      case SQLITE_ERROR_SNAPSHOT:
        zName = "SQLITE_ERROR_SNAPSHOT";
        break;
      case SQLITE_ERROR_RETRY:
        zName = "SQLITE_ERROR_RETRY";
        break;
      case SQLITE_ERROR_MISSING_COLLSEQ:
        zName = "SQLITE_ERROR_MISSING_COLLSEQ";
        break;
      case SQLITE_INTERNAL:
        zName = "SQLITE_INTERNAL";
        break;
      case SQLITE_PERM:
        zName = "SQLITE_PERM";
        break;
      case SQLITE_ABORT:
        zName = "SQLITE_ABORT";
        break;
      case SQLITE_ABORT_ROLLBACK:
        zName = "SQLITE_ABORT_ROLLBACK";
        break;
      case SQLITE_BUSY:
        zName = "SQLITE_BUSY";
        break;
      case SQLITE_BUSY_RECOVERY:
        zName = "SQLITE_BUSY_RECOVERY";
        break;
      case SQLITE_BUSY_SNAPSHOT:
        zName = "SQLITE_BUSY_SNAPSHOT";
        break;
      case SQLITE_LOCKED:
        zName = "SQLITE_LOCKED";
        break;
      case SQLITE_LOCKED_SHAREDCACHE:
        zName = "SQLITE_LOCKED_SHAREDCACHE";
        break;
      case SQLITE_NOMEM:
        zName = "SQLITE_NOMEM";
        break;
      case SQLITE_READONLY:
        zName = "SQLITE_READONLY";
        break;
      case SQLITE_READONLY_RECOVERY:
        zName = "SQLITE_READONLY_RECOVERY";
        break;
      case SQLITE_READONLY_CANTINIT:
        zName = "SQLITE_READONLY_CANTINIT";
        break;
      case SQLITE_READONLY_ROLLBACK:
        zName = "SQLITE_READONLY_ROLLBACK";
        break;
      case SQLITE_READONLY_DBMOVED:
        zName = "SQLITE_READONLY_DBMOVED";
        break;
      case SQLITE_READONLY_DIRECTORY:
        zName = "SQLITE_READONLY_DIRECTORY";
        break;
      case SQLITE_INTERRUPT:
        zName = "SQLITE_INTERRUPT";
        break;
      case SQLITE_IOERR:
        zName = "SQLITE_IOERR";
        break;
      case SQLITE_IOERR_READ:
        zName = "SQLITE_IOERR_READ";
        break;
      case SQLITE_IOERR_SHORT_READ:
        zName = "SQLITE_IOERR_SHORT_READ";
        break;
      case SQLITE_IOERR_WRITE:
        zName = "SQLITE_IOERR_WRITE";
        break;
      case SQLITE_IOERR_FSYNC:
        zName = "SQLITE_IOERR_FSYNC";
        break;
      case SQLITE_IOERR_DIR_FSYNC:
        zName = "SQLITE_IOERR_DIR_FSYNC";
        break;
      case SQLITE_IOERR_TRUNCATE:
        zName = "SQLITE_IOERR_TRUNCATE";
        break;
      case SQLITE_IOERR_FSTAT:
        zName = "SQLITE_IOERR_FSTAT";
        break;
      case SQLITE_IOERR_UNLOCK:
        zName = "SQLITE_IOERR_UNLOCK";
        break;
      case SQLITE_IOERR_RDLOCK:
        zName = "SQLITE_IOERR_RDLOCK";
        break;
      case SQLITE_IOERR_DELETE:
        zName = "SQLITE_IOERR_DELETE";
        break;
      case SQLITE_IOERR_NOMEM:
        zName = "SQLITE_IOERR_NOMEM";
        break;
      case SQLITE_IOERR_ACCESS:
        zName = "SQLITE_IOERR_ACCESS";
        break;
      case SQLITE_IOERR_CHECKRESERVEDLOCK:
        zName = "SQLITE_IOERR_CHECKRESERVEDLOCK";
        break;
      case SQLITE_IOERR_LOCK:
        zName = "SQLITE_IOERR_LOCK";
        break;
      case SQLITE_IOERR_CLOSE:
        zName = "SQLITE_IOERR_CLOSE";
        break;
      case SQLITE_IOERR_DIR_CLOSE:
        zName = "SQLITE_IOERR_DIR_CLOSE";
        break;
      case SQLITE_IOERR_SHMOPEN:
        zName = "SQLITE_IOERR_SHMOPEN";
        break;
      case SQLITE_IOERR_SHMSIZE:
        zName = "SQLITE_IOERR_SHMSIZE";
        break;
      case SQLITE_IOERR_SHMLOCK:
        zName = "SQLITE_IOERR_SHMLOCK";
        break;
      case SQLITE_IOERR_SHMMAP:
        zName = "SQLITE_IOERR_SHMMAP";
        break;
      case SQLITE_IOERR_SEEK:
        zName = "SQLITE_IOERR_SEEK";
        break;
      case SQLITE_IOERR_DELETE_NOENT:
        zName = "SQLITE_IOERR_DELETE_NOENT";
        break;
      case SQLITE_IOERR_MMAP:
        zName = "SQLITE_IOERR_MMAP";
        break;
      case SQLITE_IOERR_GETTEMPPATH:
        zName = "SQLITE_IOERR_GETTEMPPATH";
        break;
      case SQLITE_IOERR_CONVPATH:
        zName = "SQLITE_IOERR_CONVPATH";
        break;
      case SQLITE_CORRUPT:
        zName = "SQLITE_CORRUPT";
        break;
      case SQLITE_CORRUPT_VTAB:
        zName = "SQLITE_CORRUPT_VTAB";
        break;
      case SQLITE_NOTFOUND:
        zName = "SQLITE_NOTFOUND";
        break;
      case SQLITE_FULL:
        zName = "SQLITE_FULL";
        break;
      case SQLITE_CANTOPEN:
        zName = "SQLITE_CANTOPEN";
        break;
      case SQLITE_CANTOPEN_NOTEMPDIR:
        zName = "SQLITE_CANTOPEN_NOTEMPDIR";
        break;
      case SQLITE_CANTOPEN_ISDIR:
        zName = "SQLITE_CANTOPEN_ISDIR";
        break;
      case SQLITE_CANTOPEN_FULLPATH:
        zName = "SQLITE_CANTOPEN_FULLPATH";
        break;
      case SQLITE_CANTOPEN_CONVPATH:
        zName = "SQLITE_CANTOPEN_CONVPATH";
        break;
      case SQLITE_CANTOPEN_SYMLINK:
        zName = "SQLITE_CANTOPEN_SYMLINK";
        break;
      case SQLITE_PROTOCOL:
        zName = "SQLITE_PROTOCOL";
        break;
      case SQLITE_EMPTY:
        zName = "SQLITE_EMPTY";
        break;
      case SQLITE_SCHEMA:
        zName = "SQLITE_SCHEMA";
        break;
      case SQLITE_TOOBIG:
        zName = "SQLITE_TOOBIG";
        break;
      case SQLITE_CONSTRAINT:
        zName = "SQLITE_CONSTRAINT";
        break;
      case SQLITE_CONSTRAINT_UNIQUE:
        zName = "SQLITE_CONSTRAINT_UNIQUE";
        break;
      case SQLITE_CONSTRAINT_TRIGGER:
        zName = "SQLITE_CONSTRAINT_TRIGGER";
        break;
      case SQLITE_CONSTRAINT_FOREIGNKEY:
        zName = "SQLITE_CONSTRAINT_FOREIGNKEY";
        break;
      case SQLITE_CONSTRAINT_CHECK:
        zName = "SQLITE_CONSTRAINT_CHECK";
        break;
      case SQLITE_CONSTRAINT_PRIMARYKEY:
        zName = "SQLITE_CONSTRAINT_PRIMARYKEY";
        break;
      case SQLITE_CONSTRAINT_NOTNULL:
        zName = "SQLITE_CONSTRAINT_NOTNULL";
        break;
      case SQLITE_CONSTRAINT_COMMITHOOK:
        zName = "SQLITE_CONSTRAINT_COMMITHOOK";
        break;
      case SQLITE_CONSTRAINT_VTAB:
        zName = "SQLITE_CONSTRAINT_VTAB";
        break;
      case SQLITE_CONSTRAINT_FUNCTION:
        zName = "SQLITE_CONSTRAINT_FUNCTION";
        break;
      case SQLITE_CONSTRAINT_ROWID:
        zName = "SQLITE_CONSTRAINT_ROWID";
        break;
      case SQLITE_MISMATCH:
        zName = "SQLITE_MISMATCH";
        break;
      case SQLITE_MISUSE:
        zName = "SQLITE_MISUSE";
        break;
      case SQLITE_NOLFS:
        zName = "SQLITE_NOLFS";
        break;
      case SQLITE_AUTH:
        zName = "SQLITE_AUTH";
        break;
      case SQLITE_FORMAT:
        zName = "SQLITE_FORMAT";
        break;
      case SQLITE_RANGE:
        zName = "SQLITE_RANGE";
        break;
      case SQLITE_NOTADB:
        zName = "SQLITE_NOTADB";
        break;
      case SQLITE_ROW:
        zName = "SQLITE_ROW";
        break;
      case SQLITE_NOTICE:
        zName = "SQLITE_NOTICE";
        break;
      case SQLITE_NOTICE_RECOVER_WAL:
        zName = "SQLITE_NOTICE_RECOVER_WAL";
        break;
      case SQLITE_NOTICE_RECOVER_ROLLBACK:
        zName = "SQLITE_NOTICE_RECOVER_ROLLBACK";
        break;
      case SQLITE_NOTICE_RBU:
        zName = "SQLITE_NOTICE_RBU";
        break;
      case SQLITE_WARNING:
        zName = "SQLITE_WARNING";
        break;
      case SQLITE_WARNING_AUTOINDEX:
        zName = "SQLITE_WARNING_AUTOINDEX";
        break;
      case SQLITE_DONE:
        zName = "SQLITE_DONE";
        break;
    }
  }
  if (zName === null) {
    const zBuf = new Uint8Array(50);
    sqlite3_snprintf(zBuf.length, zBuf, "SQLITE_UNKNOWN(%d)", origRc);
    zName = fromCString(zBuf);
  }
  return zName;
}

/* By primary result code; null where there is no text. */
const aMsg: readonly (string | null)[] = [
  /* SQLITE_OK          */ "not an error",
  /* SQLITE_ERROR       */ "SQL logic error",
  /* SQLITE_INTERNAL    */ null,
  /* SQLITE_PERM        */ "access permission denied",
  /* SQLITE_ABORT       */ "query aborted",
  /* SQLITE_BUSY        */ "database is locked",
  /* SQLITE_LOCKED      */ "database table is locked",
  /* SQLITE_NOMEM       */ "out of memory",
  /* SQLITE_READONLY    */ "attempt to write a readonly database",
  /* SQLITE_INTERRUPT   */ "interrupted",
  /* SQLITE_IOERR       */ "disk I/O error",
  /* SQLITE_CORRUPT     */ "database disk image is malformed",
  /* SQLITE_NOTFOUND    */ "unknown operation",
  /* SQLITE_FULL        */ "database or disk is full",
  /* SQLITE_CANTOPEN    */ "unable to open database file",
  /* SQLITE_PROTOCOL    */ "locking protocol",
  /* SQLITE_EMPTY       */ null,
  /* SQLITE_SCHEMA      */ "database schema has changed",
  /* SQLITE_TOOBIG      */ "string or blob too big",
  /* SQLITE_CONSTRAINT  */ "constraint failed",
  /* SQLITE_MISMATCH    */ "datatype mismatch",
  /* SQLITE_MISUSE      */ "bad parameter or other API misuse",
  /* SQLITE_NOLFS       */ SQLITE_DISABLE_LFS ? "large file support is disabled" : null,
  /* SQLITE_AUTH        */ "authorization denied",
  /* SQLITE_FORMAT      */ null,
  /* SQLITE_RANGE       */ "column index out of range",
  /* SQLITE_NOTADB      */ "file is not a database",
  /* SQLITE_NOTICE      */ "notification message",
  /* SQLITE_WARNING     */ "warning message",
];

/**
 * A sentence in English about a result code; extended codes read like their primary one.
 *
 * @upstream main.c sqlite3ErrStr
 */
export function sqlite3ErrStr(rc: number): string {
  let zErr = "unknown error";
  switch (rc) {
    case SQLITE_ABORT_ROLLBACK: {
      zErr = "abort due to ROLLBACK";
      break;
    }
    case SQLITE_ROW: {
      zErr = "another row available";
      break;
    }
    case SQLITE_DONE: {
      zErr = "no more rows available";
      break;
    }
    default: {
      rc = rc & 0xff;
      if (ALWAYS(rc >= 0) && rc < aMsg.length && aMsg[rc]! !== null) {
        zErr = aMsg[rc]!;
      }
      break;
    }
  }
  return zErr;
}

/** As {@link sqlite3ErrStr}, for applications. @upstream main.c sqlite3_errstr */
export function sqlite3_errstr(rc: number): string {
  return sqlite3ErrStr(rc);
}

/**
 * Finds the value of a URI parameter in the list that follows a database name: names and values by
 * turns, each ended by a zero, the whole by an empty name.
 *
 * @param zFilename the database name itself, not a journal's.
 * @upstream main.c uriParameter
 */
function uriParameter(zFilename: CString, zParam: string): CString | null {
  const z = toCString(zParam);
  zFilename = zFilename.subarray(sqlite3Strlen30(zFilename) + 1);
  while (ALWAYS(zFilename !== null) && zFilename[0]) {
    const x = strcmp(zFilename, z);
    zFilename = zFilename.subarray(sqlite3Strlen30(zFilename) + 1);
    if (x === 0) return zFilename;
    zFilename = zFilename.subarray(sqlite3Strlen30(zFilename) + 1);
  }
  return null;
}

/* ------------------------------------------------------------------ errors that are logged */

/**
 * Logs where an error was first seen, in the words of the amalgamation, and returns `iErr`.
 *
 * @param lineno the line of sqlite3.c that the call site mirrors.
 * @upstream main.c sqlite3ReportError
 */
export function sqlite3ReportError(iErr: number, lineno: number, zType: string | CString): number {
  sqlite3_log(iErr, "%s at line %d of [%.10s]", zType, lineno, toCString(sqlite3_sourceid()).subarray(20));
  return iErr;
}

/** Logs and returns SQLITE_CORRUPT. @upstream main.c sqlite3CorruptError */
export function sqlite3CorruptError(lineno: number): number {
  testcase(sqlite3GlobalConfig.xLog !== null);
  return sqlite3ReportError(SQLITE_CORRUPT, lineno, "database corruption");
}

/** Logs and returns SQLITE_MISUSE. @upstream main.c sqlite3MisuseError */
export function sqlite3MisuseError(lineno: number): number {
  testcase(sqlite3GlobalConfig.xLog !== null);
  return sqlite3ReportError(SQLITE_MISUSE, lineno, "misuse");
}

/** Logs and returns SQLITE_CANTOPEN. @upstream main.c sqlite3CantopenError */
export function sqlite3CantopenError(lineno: number): number {
  testcase(sqlite3GlobalConfig.xLog !== null);
  return sqlite3ReportError(SQLITE_CANTOPEN, lineno, "cannot open file");
}

/**
 * Logs the page too, and returns SQLITE_CORRUPT.
 *
 * @upstream main.c sqlite3CorruptPgnoError
 * @divergence error-names
 */
export function sqlite3CorruptPgnoError(lineno: number, pgno: Pgno): number {
  const zMsg = new Uint8Array(100);
  sqlite3_snprintf(zMsg.length, zMsg, "database corruption page %d", pgno);
  testcase(sqlite3GlobalConfig.xLog !== null);
  return sqlite3ReportError(SQLITE_CORRUPT, lineno, zMsg);
}

/**
 * Logs and returns SQLITE_NOMEM.
 *
 * @upstream main.c sqlite3NomemError
 * @divergence error-names
 */
export function sqlite3NomemError(lineno: number): number {
  testcase(sqlite3GlobalConfig.xLog !== null);
  return sqlite3ReportError(SQLITE_NOMEM, lineno, "OOM");
}

/**
 * Logs and returns SQLITE_IOERR_NOMEM.
 *
 * @upstream main.c sqlite3IoerrnomemError
 * @divergence error-names
 */
export function sqlite3IoerrnomemError(lineno: number): number {
  testcase(sqlite3GlobalConfig.xLog !== null);
  return sqlite3ReportError(SQLITE_IOERR_NOMEM, lineno, "I/O OOM error");
}

/** @upstream sqliteInt.h SQLITE_CORRUPT_BKPT */
export function SQLITE_CORRUPT_BKPT(line: number): number {
  return sqlite3CorruptError(line);
}

/** @upstream sqliteInt.h SQLITE_MISUSE_BKPT */
export function SQLITE_MISUSE_BKPT(line: number): number {
  return sqlite3MisuseError(line);
}

/** @upstream sqliteInt.h SQLITE_CANTOPEN_BKPT */
export function SQLITE_CANTOPEN_BKPT(line: number): number {
  return sqlite3CantopenError(line);
}

/**
 * Sleeps through the default VFS; returns the milliseconds slept, 0 without a VFS.
 *
 * @param ms milliseconds; negative counts as 0.
 * @upstream main.c sqlite3_sleep
 */
export function sqlite3_sleep(ms: number): number {
  const pVfs = sqlite3_vfs_find(null);
  if (pVfs === null) return 0;

  /* xSleep counts in microseconds. */
  const rc = Math.trunc(sqlite3OsSleep(pVfs, ms < 0 ? 0 : 1000 * ms) / 1000);
  return rc;
}

/* ------------------------------------------------------------------ tests */

/* Byte orders as C's compile-time macros name them. @upstream sqliteInt.h SQLITE_BYTEORDER */
const SQLITE_BYTEORDER: number = SQLITE_BIGENDIAN ? 4321 : 1234;
/** @upstream sqliteInt.h SQLITE_LITTLEENDIAN */
const SQLITE_LITTLEENDIAN: number = SQLITE_BIGENDIAN ? 0 : 1;

/** What C's ALWAYS(X) is worth. NON-UPSTREAM: the port's is a boolean. */
function valueOfAlways(x: number): number {
  return ALWAYS(x) && SQLITE_DEBUG ? 1 : x;
}

/**
 * What only tests want. The arguments are upstream's; results come back through a `Ref`. Opcodes
 * that concern connections, SQL functions or the query planner do nothing and return 0.
 *
 * @upstream main.c sqlite3_test_control
 * @divergence test-control-scope
 * @divergence varargs
 * @divergence pending-byte-function
 */
export function sqlite3_test_control(op: number, ...args: unknown[]): number {
  let rc = 0;
  const ap = new va_list();
  va_start(ap, args);
  switch (op) {
    /* Remembers the state of the random number generator. */
    case SQLITE_TESTCTRL_PRNG_SAVE: {
      sqlite3PrngSaveState();
      break;
    }

    /* Goes back to the remembered state. */
    case SQLITE_TESTCTRL_PRNG_RESTORE: {
      sqlite3PrngRestoreState();
      break;
    }

    /* (PRNG_SEED, int x, db): seeds the generator with x, or with the VFS's randomness for 0. */
    case SQLITE_TESTCTRL_PRNG_SEED: {
      const x = va_arg(ap) as number;
      const db = va_arg(ap);
      assert(db === null); /* upstream may take the seed from a connection's schema cookie */
      sqlite3Config.iPrngSeed = x >>> 0;
      sqlite3_randomness(0, null);
      break;
    }

    /* (BITVEC_TEST, int sz, int *aProg) */
    case SQLITE_TESTCTRL_BITVEC_TEST: {
      const sz = va_arg(ap) as number;
      const aProg = va_arg(ap) as Parameters<typeof sqlite3BitvecBuiltinTest>[1];
      rc = sqlite3BitvecBuiltinTest(sz, aProg);
      break;
    }

    /* (FAULT_INSTALL, xCallback): the callback is tried at once, with 0. */
    case SQLITE_TESTCTRL_FAULT_INSTALL: {
      sqlite3GlobalConfig.xTestCallback = va_arg(ap) as Sqlite3Config["xTestCallback"];
      rc = sqlite3FaultSim(0);
      break;
    }

    /* (BENIGN_MALLOC_HOOKS, xBegin, xEnd) */
    case SQLITE_TESTCTRL_BENIGN_MALLOC_HOOKS: {
      const xBenignBegin = va_arg(ap) as (() => void) | null;
      const xBenignEnd = va_arg(ap) as (() => void) | null;
      sqlite3BenignMallocHooks(xBenignBegin, xBenignEnd);
      break;
    }

    /* (PENDING_BYTE, unsigned X): moves the lock bytes unless X is 0; returns where they were. */
    case SQLITE_TESTCTRL_PENDING_BYTE: {
      rc = PENDING_BYTE();
      {
        const newVal = va_arg(ap, asUnsigned);
        if (newVal) setSqlite3PendingByte(newVal | 0);
      }
      break;
    }

    /* (ASSERT, int X): returns X if asserts are on; the effect inside the assert is the point. */
    case SQLITE_TESTCTRL_ASSERT: {
      let x = 0;
      assert((x = va_arg(ap) as number) !== 0);
      rc = x;
      break;
    }

    /* (ALWAYS, int X): 0 for 0; X where ALWAYS(X) is X, 1 where C's macro makes a truth value of it. */
    case SQLITE_TESTCTRL_ALWAYS: {
      const x = va_arg(ap) as number;
      rc = x ? valueOfAlways(x) : 0;
      break;
    }

    /* The byte order, as if it had been known when the library was compiled. */
    case SQLITE_TESTCTRL_BYTEORDER: {
      rc = SQLITE_BYTEORDER * 100 + SQLITE_LITTLEENDIAN * 10 + SQLITE_BIGENDIAN;
      break;
    }

    /* (LOCALTIME_FAULT, int onoff, xAlt) */
    case SQLITE_TESTCTRL_LOCALTIME_FAULT: {
      sqlite3GlobalConfig.bLocaltimeFault = va_arg(ap) as number;
      if (sqlite3GlobalConfig.bLocaltimeFault === 2) {
        sqlite3GlobalConfig.xAltLocaltime = va_arg(ap) as Sqlite3Config["xAltLocaltime"];
      } else {
        sqlite3GlobalConfig.xAltLocaltime = null;
      }
      break;
    }

    /* (NEVER_CORRUPT, int) */
    case SQLITE_TESTCTRL_NEVER_CORRUPT: {
      sqlite3GlobalConfig.neverCorrupt = va_arg(ap) as number;
      break;
    }

    /* (EXTRA_SCHEMA_CHECKS, int) */
    case SQLITE_TESTCTRL_EXTRA_SCHEMA_CHECKS: {
      sqlite3GlobalConfig.bExtraSchemaChecks = (va_arg(ap) as number) & 0xff;
      break;
    }

    /* (ONCE_RESET_THRESHOLD, int) */
    case SQLITE_TESTCTRL_ONCE_RESET_THRESHOLD: {
      sqlite3GlobalConfig.iOnceResetThreshold = va_arg(ap) as number;
      break;
    }

    case SQLITE_TESTCTRL_VDBE_COVERAGE: {
      /* only under SQLITE_VDBE_COVERAGE */
      break;
    }

    /* SQLITE_OK if the library is initialized. */
    case SQLITE_TESTCTRL_ISINIT: {
      if (sqlite3GlobalConfig.isInit === 0) rc = SQLITE_ERROR;
      break;
    }

    /* (TRACEFLAGS, int op, u32 *ptr): 0 and 2 read, 1 and 3 set the tree and the where flags. */
    case SQLITE_TESTCTRL_TRACEFLAGS: {
      const opTrace = va_arg(ap) as number;
      const ptr = va_arg(ap) as Ref<number>;
      switch (opTrace) {
        case 0:
          ptr.value = sqlite3TreeTrace;
          break;
        case 1:
          setSqlite3TreeTrace(ptr.value);
          break;
        case 2:
          ptr.value = sqlite3WhereTrace;
          break;
        case 3:
          setSqlite3WhereTrace(ptr.value);
          break;
      }
      break;
    }

    /* (TUNE, int id, int *piValue): sets parameter id, or reads parameter -id; debug builds only. */
    case SQLITE_TESTCTRL_TUNE: {
      if (!SQLITE_DEBUG) break;
      const id = va_arg(ap) as number;
      const piValue = va_arg(ap) as Ref<number>;
      if (id > 0 && id <= SQLITE_NTUNE) {
        sqlite3Config.aTune[id - 1] = piValue.value;
      } else if (id < 0 && id >= -SQLITE_NTUNE) {
        piValue.value = sqlite3Config.aTune[-id - 1]!;
      } else {
        rc = SQLITE_NOTFOUND;
      }
      break;
    }

    /* (JSON_SELFCHECK, int *pOnOff): sets the flag, or reads it if -1 comes in; debug builds only. */
    case SQLITE_TESTCTRL_JSON_SELFCHECK: {
      if (SQLITE_DEBUG) {
        const pOnOff = va_arg(ap) as Ref<number>;
        if (pOnOff.value < 0) {
          pOnOff.value = sqlite3Config.bJsonSelfcheck;
        } else {
          sqlite3Config.bJsonSelfcheck = pOnOff.value & 0xff;
        }
      }
      break;
    }
  }
  va_end(ap);
  return rc;
}

/* ------------------------------------------------------------------ file names */

/**
 * The database name that a name handed to a VFS belongs to. The names of a database, its journal and
 * its log lie in one block, the database's after four zero bytes; this walks back to those.
 *
 * @param zName a name from {@link sqlite3_create_filename} or from the pager.
 * @upstream main.c databaseName
 * @divergence filename-params
 */
function databaseName(zName: CString): CString {
  const a = new Uint8Array(zName.buffer);
  let i = zName.byteOffset;
  /* C would walk off the block if this were another kind of name; the port stops at its buffer. */
  while (i >= 4 && (a[i - 1] !== 0 || a[i - 2] !== 0 || a[i - 3] !== 0 || a[i - 4] !== 0)) {
    i--;
  }
  assert(i >= 4);
  return ptradd(zName, i - zName.byteOffset);
}

/**
 * Copies the text `z` to `p` and returns where the next one goes.
 *
 * @upstream main.c appendText
 */
function appendText(p: Uint8Array, z: CString): Uint8Array {
  const n = strlen(z);
  memcpy(p, z, n + 1);
  return p.subarray(n).subarray(1);
}

/** Writes a zero and returns the place behind it. NON-UPSTREAM: C's `*(p++) = 0`. */
function zeroAt(p: Uint8Array): Uint8Array {
  p[0] = 0;
  return p.subarray(1);
}

/*
 * The blocks of created names, by buffer and offset of the name. NON-UPSTREAM: the allocator wants the
 * very object back that it gave, and a pointer into the block does not lead to it.
 */
const aFilename = new WeakMap<ArrayBufferLike, Map<number, Uint8Array>>();

/** The name inside a new block, which is remembered. NON-UPSTREAM. */
function nameIn(block: Uint8Array): CString {
  const z = block.subarray(4);
  let m = aFilename.get(z.buffer);
  if (m === undefined) aFilename.set(z.buffer, (m = new Map<number, Uint8Array>()));
  m.set(z.byteOffset, block);
  return z;
}

/** The block around a name, which is forgotten. NON-UPSTREAM. */
function blockOf(z: CString): Uint8Array | null {
  const m = aFilename.get(z.buffer);
  const block = m?.get(z.byteOffset);
  assert(block !== undefined);
  m!.delete(z.byteOffset);
  return block!;
}

/**
 * Makes a block with the names of a database, its journal and its log and with URI parameters, laid
 * out as the pager does it. Returns the database's name, or null without memory; the caller frees it
 * with {@link sqlite3_free_filename}.
 *
 * @param nParam how many parameters there are.
 * @param azParam names and values by turns.
 * @upstream main.c sqlite3_create_filename
 * @divergence filename-params
 */
export function sqlite3_create_filename(
  zDatabase: CString,
  zJournal: CString,
  zWal: CString,
  nParam: number,
  azParam: readonly CString[],
): CString | null {
  let nByte: number;
  let i: number;
  let p: Uint8Array | null;
  nByte = strlen(zDatabase) + strlen(zJournal) + strlen(zWal) + 10;
  for (i = 0; i < nParam * 2; i++) {
    nByte += strlen(azParam[i]!) + 1;
  }
  const pResult = (p = sqlite3_malloc64(nByte));
  if (p === null) return null;
  memset(p, 0, 4);
  p = p.subarray(4);
  p = appendText(p, zDatabase);
  for (i = 0; i < nParam * 2; i++) {
    p = appendText(p, azParam[i]!);
  }
  p = zeroAt(p);
  p = appendText(p, zJournal);
  p = appendText(p, zWal);
  p = zeroAt(p);
  p = zeroAt(p);
  assert(ptrdiff(p, pResult!) === nByte);
  return nameIn(pResult!);
}

/**
 * Frees a name, given any of the names in its block. Null is ignored; a name from elsewhere is a
 * grave error.
 *
 * @upstream main.c sqlite3_free_filename
 * @divergence filename-params
 */
export function sqlite3_free_filename(p: CString | null): void {
  if (p === null) return;
  p = databaseName(p);
  sqlite3_free(blockOf(p));
}

/**
 * The value of the URI parameter `zParam` of a database, given a name that a VFS was handed; null if
 * it has none.
 *
 * @upstream main.c sqlite3_uri_parameter
 */
export function sqlite3_uri_parameter(zFilename: CString | null, zParam: string): CString | null {
  if (zFilename === null || zParam === null) return null;
  zFilename = databaseName(zFilename);
  return uriParameter(zFilename, zParam);
}

/**
 * The name of the N-th URI parameter, counted from 0; null if there are fewer.
 *
 * @upstream main.c sqlite3_uri_key
 */
export function sqlite3_uri_key(zFilename: CString | null, N: number): CString | null {
  if (zFilename === null || N < 0) return null;
  zFilename = databaseName(zFilename);
  zFilename = zFilename.subarray(sqlite3Strlen30(zFilename) + 1);
  while (ALWAYS(zFilename !== null) && zFilename[0] && N-- > 0) {
    zFilename = zFilename.subarray(sqlite3Strlen30(zFilename) + 1);
    zFilename = zFilename.subarray(sqlite3Strlen30(zFilename) + 1);
  }
  return zFilename[0] ? zFilename : null;
}

/* What getSafetyLevel understands: texts, packed, and their values. */
const zText = toCString("onoffalseyestruextrafull");
const iOffset = [0, 1, 2, 4, 9, 12, 15, 20];
const iLength = [2, 2, 3, 5, 3, 4, 5, 4];
const iValue = [1, 0, 0, 0, 1, 1, 3, 2];

/**
 * Reads a safety level: 0 OFF, 1 ON or NORMAL, 2 FULL, 3 EXTRA, or a number.
 *
 * @param omitFull whether levels above 1 are unknown.
 * @param dflt the result for text that means nothing.
 * @upstream pragma.c getSafetyLevel
 */
function getSafetyLevel(z: CString, omitFull: number, dflt: number): number {
  if (sqlite3Isdigit(z[0]!)) {
    return sqlite3Atoi(z) & 0xff;
  }
  const n = sqlite3Strlen30(z);
  for (let i = 0; i < iLength.length; i++) {
    if (
      iLength[i] === n &&
      sqlite3_strnicmp(zText.subarray(iOffset[i]), z, n) === 0 &&
      (!omitFull || iValue[i]! <= 1)
    ) {
      return iValue[i]!;
    }
  }
  return dflt;
}

/**
 * Reads a boolean: on, yes, true, off, no, false or a number. `dflt` for anything else.
 *
 * @upstream pragma.c sqlite3GetBoolean
 */
export function sqlite3GetBoolean(z: CString, dflt: number): number {
  return getSafetyLevel(z, 1, dflt) !== 0 ? 1 : 0;
}

/**
 * A URI parameter as a boolean, 0 or 1; `bDflt` if it is missing or means nothing.
 *
 * @upstream main.c sqlite3_uri_boolean
 */
export function sqlite3_uri_boolean(zFilename: CString | null, zParam: string, bDflt: number): number {
  const z = sqlite3_uri_parameter(zFilename, zParam);
  bDflt = bDflt !== 0 ? 1 : 0;
  return z !== null ? sqlite3GetBoolean(z, bDflt) : bDflt;
}

/**
 * A URI parameter as an integer, decimal or hexadecimal; `bDflt` if it is missing or is not one.
 *
 * @upstream main.c sqlite3_uri_int64
 * @divergence uri-int64
 */
export function sqlite3_uri_int64(zFilename: CString | null, zParam: string, bDflt: number): number {
  const z = sqlite3_uri_parameter(zFilename, zParam);
  const v = new Ref(0n);
  if (z !== null && sqlite3DecOrHexToI64(z, v) === 0) {
    bDflt = Number(v.value);
  }
  return bDflt;
}

/**
 * The database's name, given a name that a VFS was handed.
 *
 * @upstream main.c sqlite3_filename_database
 */
export function sqlite3_filename_database(zFilename: CString | null): CString | null {
  if (zFilename === null) return null;
  return databaseName(zFilename);
}

/** The journal's name, likewise. @upstream main.c sqlite3_filename_journal */
export function sqlite3_filename_journal(zFilename: CString | null): CString | null {
  if (zFilename === null) return null;
  zFilename = databaseName(zFilename);
  zFilename = zFilename.subarray(sqlite3Strlen30(zFilename) + 1);
  while (ALWAYS(zFilename !== null) && zFilename[0]) {
    zFilename = zFilename.subarray(sqlite3Strlen30(zFilename) + 1);
    zFilename = zFilename.subarray(sqlite3Strlen30(zFilename) + 1);
  }
  return zFilename.subarray(1);
}

/** The log's name, likewise. @upstream main.c sqlite3_filename_wal */
export function sqlite3_filename_wal(zFilename: CString | null): CString | null {
  zFilename = sqlite3_filename_journal(zFilename);
  if (zFilename !== null) zFilename = zFilename.subarray(sqlite3Strlen30(zFilename) + 1);
  return zFilename;
}
