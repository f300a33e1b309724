/**
 * The numeric constants of upstream's public header, in its order and under its names.
 *
 * Every value here is compared with the C value by `npm run audit`. They are typed `number`, not as
 * literals: the mirrored code assigns one to a field and compares the field with another, as C does.
 *
 * @upstream sqlite3.h
 * @module
 */

/** Upstream's version string. */
export const SQLITE_VERSION: string = "3.53.2";
/** Date, time and check-in hash of the upstream source this port mirrors. */
export const SQLITE_SOURCE_ID: string =
  "2026-06-03 19:12:13 d6e03d8c777cfa2d35e3b60d8ec3e0187f3e9f99d8e2ee9cac695fd6fcdf1a24";
export const SQLITE_VERSION_NUMBER: number = 3053002;

/* Primary result codes. */
export const SQLITE_OK: number = 0;
export const SQLITE_ERROR: number = 1;
export const SQLITE_INTERNAL: number = 2;
export const SQLITE_PERM: number = 3;
export const SQLITE_ABORT: number = 4;
export const SQLITE_BUSY: number = 5;
export const SQLITE_LOCKED: number = 6;
export const SQLITE_NOMEM: number = 7;
export const SQLITE_READONLY: number = 8;
export const SQLITE_INTERRUPT: number = 9;
export const SQLITE_IOERR: number = 10;
export const SQLITE_CORRUPT: number = 11;
export const SQLITE_NOTFOUND: number = 12;
export const SQLITE_FULL: number = 13;
export const SQLITE_CANTOPEN: number = 14;
export const SQLITE_PROTOCOL: number = 15;
export const SQLITE_EMPTY: number = 16;
export const SQLITE_SCHEMA: number = 17;
export const SQLITE_TOOBIG: number = 18;
export const SQLITE_CONSTRAINT: number = 19;
export const SQLITE_MISMATCH: number = 20;
export const SQLITE_MISUSE: number = 21;
export const SQLITE_NOLFS: number = 22;
export const SQLITE_AUTH: number = 23;
export const SQLITE_FORMAT: number = 24;
export const SQLITE_RANGE: number = 25;
export const SQLITE_NOTADB: number = 26;
export const SQLITE_NOTICE: number = 27;
export const SQLITE_WARNING: number = 28;
export const SQLITE_ROW: number = 100;
export const SQLITE_DONE: number = 101;

/* Extended result codes: the primary code in the low byte, the detail above it. */
export const SQLITE_ERROR_MISSING_COLLSEQ: number = SQLITE_ERROR | (1 << 8);
export const SQLITE_ERROR_RETRY: number = SQLITE_ERROR | (2 << 8);
export const SQLITE_ERROR_SNAPSHOT: number = SQLITE_ERROR | (3 << 8);
export const SQLITE_ERROR_RESERVESIZE: number = SQLITE_ERROR | (4 << 8);
export const SQLITE_ERROR_KEY: number = SQLITE_ERROR | (5 << 8);
export const SQLITE_ERROR_UNABLE: number = SQLITE_ERROR | (6 << 8);
export const SQLITE_IOERR_READ: number = SQLITE_IOERR | (1 << 8);
export const SQLITE_IOERR_SHORT_READ: number = SQLITE_IOERR | (2 << 8);
export const SQLITE_IOERR_WRITE: number = SQLITE_IOERR | (3 << 8);
export const SQLITE_IOERR_FSYNC: number = SQLITE_IOERR | (4 << 8);
export const SQLITE_IOERR_DIR_FSYNC: number = SQLITE_IOERR | (5 << 8);
export const SQLITE_IOERR_TRUNCATE: number = SQLITE_IOERR | (6 << 8);
export const SQLITE_IOERR_FSTAT: number = SQLITE_IOERR | (7 << 8);
export const SQLITE_IOERR_UNLOCK: number = SQLITE_IOERR | (8 << 8);
export const SQLITE_IOERR_RDLOCK: number = SQLITE_IOERR | (9 << 8);
export const SQLITE_IOERR_DELETE: number = SQLITE_IOERR | (10 << 8);
export const SQLITE_IOERR_BLOCKED: number = SQLITE_IOERR | (11 << 8);
export const SQLITE_IOERR_NOMEM: number = SQLITE_IOERR | (12 << 8);
export const SQLITE_IOERR_ACCESS: number = SQLITE_IOERR | (13 << 8);
export const SQLITE_IOERR_CHECKRESERVEDLOCK: number = SQLITE_IOERR | (14 << 8);
export const SQLITE_IOERR_LOCK: number = SQLITE_IOERR | (15 << 8);
export const SQLITE_IOERR_CLOSE: number = SQLITE_IOERR | (16 << 8);
export const SQLITE_IOERR_DIR_CLOSE: number = SQLITE_IOERR | (17 << 8);
export const SQLITE_IOERR_SHMOPEN: number = SQLITE_IOERR | (18 << 8);
export const SQLITE_IOERR_SHMSIZE: number = SQLITE_IOERR | (19 << 8);
export const SQLITE_IOERR_SHMLOCK: number = SQLITE_IOERR | (20 << 8);
export const SQLITE_IOERR_SHMMAP: number = SQLITE_IOERR | (21 << 8);
export const SQLITE_IOERR_SEEK: number = SQLITE_IOERR | (22 << 8);
export const SQLITE_IOERR_DELETE_NOENT: number = SQLITE_IOERR | (23 << 8);
export const SQLITE_IOERR_MMAP: number = SQLITE_IOERR | (24 << 8);
export const SQLITE_IOERR_GETTEMPPATH: number = SQLITE_IOERR | (25 << 8);
export const SQLITE_IOERR_CONVPATH: number = SQLITE_IOERR | (26 << 8);
export const SQLITE_IOERR_VNODE: number = SQLITE_IOERR | (27 << 8);
export const SQLITE_IOERR_AUTH: number = SQLITE_IOERR | (28 << 8);
export const SQLITE_IOERR_BEGIN_ATOMIC: number = SQLITE_IOERR | (29 << 8);
export const SQLITE_IOERR_COMMIT_ATOMIC: number = SQLITE_IOERR | (30 << 8);
export const SQLITE_IOERR_ROLLBACK_ATOMIC: number = SQLITE_IOERR | (31 << 8);
export const SQLITE_IOERR_DATA: number = SQLITE_IOERR | (32 << 8);
export const SQLITE_IOERR_CORRUPTFS: number = SQLITE_IOERR | (33 << 8);
export const SQLITE_IOERR_IN_PAGE: number = SQLITE_IOERR | (34 << 8);
export const SQLITE_IOERR_BADKEY: number = SQLITE_IOERR | (35 << 8);
export const SQLITE_IOERR_CODEC: number = SQLITE_IOERR | (36 << 8);
export const SQLITE_LOCKED_SHAREDCACHE: number = SQLITE_LOCKED | (1 << 8);
export const SQLITE_LOCKED_VTAB: number = SQLITE_LOCKED | (2 << 8);
export const SQLITE_BUSY_RECOVERY: number = SQLITE_BUSY | (1 << 8);
export const SQLITE_BUSY_SNAPSHOT: number = SQLITE_BUSY | (2 << 8);
export const SQLITE_BUSY_TIMEOUT: number = SQLITE_BUSY | (3 << 8);
export const SQLITE_CANTOPEN_NOTEMPDIR: number = SQLITE_CANTOPEN | (1 << 8);
export const SQLITE_CANTOPEN_ISDIR: number = SQLITE_CANTOPEN | (2 << 8);
export const SQLITE_CANTOPEN_FULLPATH: number = SQLITE_CANTOPEN | (3 << 8);
export const SQLITE_CANTOPEN_CONVPATH: number = SQLITE_CANTOPEN | (4 << 8);
export const SQLITE_CANTOPEN_DIRTYWAL: number = SQLITE_CANTOPEN | (5 << 8);
export const SQLITE_CANTOPEN_SYMLINK: number = SQLITE_CANTOPEN | (6 << 8);
export const SQLITE_CORRUPT_VTAB: number = SQLITE_CORRUPT | (1 << 8);
export const SQLITE_CORRUPT_SEQUENCE: number = SQLITE_CORRUPT | (2 << 8);
export const SQLITE_CORRUPT_INDEX: number = SQLITE_CORRUPT | (3 << 8);
export const SQLITE_READONLY_RECOVERY: number = SQLITE_READONLY | (1 << 8);
export const SQLITE_READONLY_CANTLOCK: number = SQLITE_READONLY | (2 << 8);
export const SQLITE_READONLY_ROLLBACK: number = SQLITE_READONLY | (3 << 8);
export const SQLITE_READONLY_DBMOVED: number = SQLITE_READONLY | (4 << 8);
export const SQLITE_READONLY_CANTINIT: number = SQLITE_READONLY | (5 << 8);
export const SQLITE_READONLY_DIRECTORY: number = SQLITE_READONLY | (6 << 8);
export const SQLITE_ABORT_ROLLBACK: number = SQLITE_ABORT | (2 << 8);
export const SQLITE_CONSTRAINT_CHECK: number = SQLITE_CONSTRAINT | (1 << 8);
export const SQLITE_CONSTRAINT_COMMITHOOK: number = SQLITE_CONSTRAINT | (2 << 8);
export const SQLITE_CONSTRAINT_FOREIGNKEY: number = SQLITE_CONSTRAINT | (3 << 8);
export const SQLITE_CONSTRAINT_FUNCTION: number = SQLITE_CONSTRAINT | (4 << 8);
export const SQLITE_CONSTRAINT_NOTNULL: number = SQLITE_CONSTRAINT | (5 << 8);
export const SQLITE_CONSTRAINT_PRIMARYKEY: number = SQLITE_CONSTRAINT | (6 << 8);
export const SQLITE_CONSTRAINT_TRIGGER: number = SQLITE_CONSTRAINT | (7 << 8);
export const SQLITE_CONSTRAINT_UNIQUE: number = SQLITE_CONSTRAINT | (8 << 8);
export const SQLITE_CONSTRAINT_VTAB: number = SQLITE_CONSTRAINT | (9 << 8);
export const SQLITE_CONSTRAINT_ROWID: number = SQLITE_CONSTRAINT | (10 << 8);
export const SQLITE_CONSTRAINT_PINNED: number = SQLITE_CONSTRAINT | (11 << 8);
export const SQLITE_CONSTRAINT_DATATYPE: number = SQLITE_CONSTRAINT | (12 << 8);
export const SQLITE_NOTICE_RECOVER_WAL: number = SQLITE_NOTICE | (1 << 8);
export const SQLITE_NOTICE_RECOVER_ROLLBACK: number = SQLITE_NOTICE | (2 << 8);
export const SQLITE_NOTICE_RBU: number = SQLITE_NOTICE | (3 << 8);
export const SQLITE_WARNING_AUTOINDEX: number = SQLITE_WARNING | (1 << 8);
export const SQLITE_AUTH_USER: number = SQLITE_AUTH | (1 << 8);
export const SQLITE_OK_LOAD_PERMANENTLY: number = SQLITE_OK | (1 << 8);
export const SQLITE_OK_SYMLINK: number = SQLITE_OK | (2 << 8);

/* Flags of xOpen. */
export const SQLITE_OPEN_READONLY: number = 0x1;
export const SQLITE_OPEN_READWRITE: number = 0x2;
export const SQLITE_OPEN_CREATE: number = 0x4;
export const SQLITE_OPEN_DELETEONCLOSE: number = 0x8;
export const SQLITE_OPEN_EXCLUSIVE: number = 0x10;
export const SQLITE_OPEN_AUTOPROXY: number = 0x20;
export const SQLITE_OPEN_URI: number = 0x40;
export const SQLITE_OPEN_MEMORY: number = 0x80;
export const SQLITE_OPEN_MAIN_DB: number = 0x100;
export const SQLITE_OPEN_TEMP_DB: number = 0x200;
export const SQLITE_OPEN_TRANSIENT_DB: number = 0x400;
export const SQLITE_OPEN_MAIN_JOURNAL: number = 0x800;
export const SQLITE_OPEN_TEMP_JOURNAL: number = 0x1000;
export const SQLITE_OPEN_SUBJOURNAL: number = 0x2000;
export const SQLITE_OPEN_SUPER_JOURNAL: number = 0x4000;
export const SQLITE_OPEN_NOMUTEX: number = 0x8000;
export const SQLITE_OPEN_FULLMUTEX: number = 0x10000;
export const SQLITE_OPEN_SHAREDCACHE: number = 0x20000;
export const SQLITE_OPEN_PRIVATECACHE: number = 0x40000;
export const SQLITE_OPEN_WAL: number = 0x80000;
export const SQLITE_OPEN_NOFOLLOW: number = 0x1000000;
export const SQLITE_OPEN_EXRESCODE: number = 0x2000000;
export const SQLITE_OPEN_MASTER_JOURNAL: number = 0x4000;

/* Device characteristics, a bit mask returned by xDeviceCharacteristics. */
export const SQLITE_IOCAP_ATOMIC: number = 0x1;
export const SQLITE_IOCAP_ATOMIC512: number = 0x2;
export const SQLITE_IOCAP_ATOMIC1K: number = 0x4;
export const SQLITE_IOCAP_ATOMIC2K: number = 0x8;
export const SQLITE_IOCAP_ATOMIC4K: number = 0x10;
export const SQLITE_IOCAP_ATOMIC8K: number = 0x20;
export const SQLITE_IOCAP_ATOMIC16K: number = 0x40;
export const SQLITE_IOCAP_ATOMIC32K: number = 0x80;
export const SQLITE_IOCAP_ATOMIC64K: number = 0x100;
export const SQLITE_IOCAP_SAFE_APPEND: number = 0x200;
export const SQLITE_IOCAP_SEQUENTIAL: number = 0x400;
export const SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN: number = 0x800;
export const SQLITE_IOCAP_POWERSAFE_OVERWRITE: number = 0x1000;
export const SQLITE_IOCAP_IMMUTABLE: number = 0x2000;
export const SQLITE_IOCAP_BATCH_ATOMIC: number = 0x4000;
export const SQLITE_IOCAP_SUBPAGE_READ: number = 0x8000;

/* Lock levels of xLock and xUnlock. */
export const SQLITE_LOCK_NONE: number = 0;
export const SQLITE_LOCK_SHARED: number = 1;
export const SQLITE_LOCK_RESERVED: number = 2;
export const SQLITE_LOCK_PENDING: number = 3;
export const SQLITE_LOCK_EXCLUSIVE: number = 4;

/* Flags of xSync. */
export const SQLITE_SYNC_NORMAL: number = 2;
export const SQLITE_SYNC_FULL: number = 3;
export const SQLITE_SYNC_DATAONLY: number = 16;

/* Opcodes of xFileControl. */
export const SQLITE_FCNTL_LOCKSTATE: number = 1;
export const SQLITE_FCNTL_GET_LOCKPROXYFILE: number = 2;
export const SQLITE_FCNTL_SET_LOCKPROXYFILE: number = 3;
export const SQLITE_FCNTL_LAST_ERRNO: number = 4;
export const SQLITE_FCNTL_SIZE_HINT: number = 5;
export const SQLITE_FCNTL_CHUNK_SIZE: number = 6;
export const SQLITE_FCNTL_FILE_POINTER: number = 7;
export const SQLITE_FCNTL_SYNC_OMITTED: number = 8;
export const SQLITE_FCNTL_WIN32_AV_RETRY: number = 9;
export const SQLITE_FCNTL_PERSIST_WAL: number = 10;
export const SQLITE_FCNTL_OVERWRITE: number = 11;
export const SQLITE_FCNTL_VFSNAME: number = 12;
export const SQLITE_FCNTL_POWERSAFE_OVERWRITE: number = 13;
export const SQLITE_FCNTL_PRAGMA: number = 14;
export const SQLITE_FCNTL_BUSYHANDLER: number = 15;
export const SQLITE_FCNTL_TEMPFILENAME: number = 16;
export const SQLITE_FCNTL_MMAP_SIZE: number = 18;
export const SQLITE_FCNTL_TRACE: number = 19;
export const SQLITE_FCNTL_HAS_MOVED: number = 20;
export const SQLITE_FCNTL_SYNC: number = 21;
export const SQLITE_FCNTL_COMMIT_PHASETWO: number = 22;
export const SQLITE_FCNTL_WIN32_SET_HANDLE: number = 23;
export const SQLITE_FCNTL_WAL_BLOCK: number = 24;
export const SQLITE_FCNTL_ZIPVFS: number = 25;
export const SQLITE_FCNTL_RBU: number = 26;
export const SQLITE_FCNTL_VFS_POINTER: number = 27;
export const SQLITE_FCNTL_JOURNAL_POINTER: number = 28;
export const SQLITE_FCNTL_WIN32_GET_HANDLE: number = 29;
export const SQLITE_FCNTL_PDB: number = 30;
export const SQLITE_FCNTL_BEGIN_ATOMIC_WRITE: number = 31;
export const SQLITE_FCNTL_COMMIT_ATOMIC_WRITE: number = 32;
export const SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE: number = 33;
export const SQLITE_FCNTL_LOCK_TIMEOUT: number = 34;
export const SQLITE_FCNTL_DATA_VERSION: number = 35;
export const SQLITE_FCNTL_SIZE_LIMIT: number = 36;
export const SQLITE_FCNTL_CKPT_DONE: number = 37;
export const SQLITE_FCNTL_RESERVE_BYTES: number = 38;
export const SQLITE_FCNTL_CKPT_START: number = 39;
export const SQLITE_FCNTL_EXTERNAL_READER: number = 40;
export const SQLITE_FCNTL_CKSM_FILE: number = 41;
export const SQLITE_FCNTL_RESET_CACHE: number = 42;
export const SQLITE_FCNTL_NULL_IO: number = 43;
export const SQLITE_FCNTL_BLOCK_ON_CONNECT: number = 44;
export const SQLITE_FCNTL_FILESTAT: number = 45;

/* Flags of xAccess. */
export const SQLITE_ACCESS_EXISTS: number = 0;
export const SQLITE_ACCESS_READWRITE: number = 1;
export const SQLITE_ACCESS_READ: number = 2;

/* Flags of xShmLock, and the number of lock slots. */
export const SQLITE_SHM_UNLOCK: number = 1;
export const SQLITE_SHM_LOCK: number = 2;
export const SQLITE_SHM_SHARED: number = 4;
export const SQLITE_SHM_EXCLUSIVE: number = 8;
export const SQLITE_SHM_NLOCK: number = 8;

/* Options of sqlite3_config. */
export const SQLITE_CONFIG_SINGLETHREAD: number = 1;
export const SQLITE_CONFIG_MULTITHREAD: number = 2;
export const SQLITE_CONFIG_SERIALIZED: number = 3;
export const SQLITE_CONFIG_MALLOC: number = 4;
export const SQLITE_CONFIG_GETMALLOC: number = 5;
export const SQLITE_CONFIG_SCRATCH: number = 6;
export const SQLITE_CONFIG_PAGECACHE: number = 7;
export const SQLITE_CONFIG_HEAP: number = 8;
export const SQLITE_CONFIG_MEMSTATUS: number = 9;
export const SQLITE_CONFIG_MUTEX: number = 10;
export const SQLITE_CONFIG_GETMUTEX: number = 11;
export const SQLITE_CONFIG_LOOKASIDE: number = 13;
export const SQLITE_CONFIG_PCACHE: number = 14;
export const SQLITE_CONFIG_GETPCACHE: number = 15;
export const SQLITE_CONFIG_LOG: number = 16;
export const SQLITE_CONFIG_URI: number = 17;
export const SQLITE_CONFIG_PCACHE2: number = 18;
export const SQLITE_CONFIG_GETPCACHE2: number = 19;
export const SQLITE_CONFIG_COVERING_INDEX_SCAN: number = 20;
export const SQLITE_CONFIG_SQLLOG: number = 21;
export const SQLITE_CONFIG_MMAP_SIZE: number = 22;
export const SQLITE_CONFIG_WIN32_HEAPSIZE: number = 23;
export const SQLITE_CONFIG_PCACHE_HDRSZ: number = 24;
export const SQLITE_CONFIG_PMASZ: number = 25;
export const SQLITE_CONFIG_STMTJRNL_SPILL: number = 26;
export const SQLITE_CONFIG_SMALL_MALLOC: number = 27;
export const SQLITE_CONFIG_SORTERREF_SIZE: number = 28;
export const SQLITE_CONFIG_MEMDB_MAXSIZE: number = 29;
export const SQLITE_CONFIG_ROWID_IN_VIEW: number = 30;

/* Mutex kinds. */
export const SQLITE_MUTEX_FAST: number = 0;
export const SQLITE_MUTEX_RECURSIVE: number = 1;
export const SQLITE_MUTEX_STATIC_MAIN: number = 2;
export const SQLITE_MUTEX_STATIC_MEM: number = 3;
export const SQLITE_MUTEX_STATIC_MEM2: number = 4;
export const SQLITE_MUTEX_STATIC_OPEN: number = 4;
export const SQLITE_MUTEX_STATIC_PRNG: number = 5;
export const SQLITE_MUTEX_STATIC_LRU: number = 6;
export const SQLITE_MUTEX_STATIC_LRU2: number = 7;
export const SQLITE_MUTEX_STATIC_PMEM: number = 7;
export const SQLITE_MUTEX_STATIC_APP1: number = 8;
export const SQLITE_MUTEX_STATIC_APP2: number = 9;
export const SQLITE_MUTEX_STATIC_APP3: number = 10;
export const SQLITE_MUTEX_STATIC_VFS1: number = 11;
export const SQLITE_MUTEX_STATIC_VFS2: number = 12;
export const SQLITE_MUTEX_STATIC_VFS3: number = 13;
export const SQLITE_MUTEX_STATIC_MASTER: number = 2;

/* Opcodes of sqlite3_test_control. */
export const SQLITE_TESTCTRL_FIRST: number = 5;
export const SQLITE_TESTCTRL_PRNG_SAVE: number = 5;
export const SQLITE_TESTCTRL_PRNG_RESTORE: number = 6;
export const SQLITE_TESTCTRL_PRNG_RESET: number = 7;
export const SQLITE_TESTCTRL_FK_NO_ACTION: number = 7;
export const SQLITE_TESTCTRL_BITVEC_TEST: number = 8;
export const SQLITE_TESTCTRL_FAULT_INSTALL: number = 9;
export const SQLITE_TESTCTRL_BENIGN_MALLOC_HOOKS: number = 10;
export const SQLITE_TESTCTRL_PENDING_BYTE: number = 11;
export const SQLITE_TESTCTRL_ASSERT: number = 12;
export const SQLITE_TESTCTRL_ALWAYS: number = 13;
export const SQLITE_TESTCTRL_RESERVE: number = 14;
export const SQLITE_TESTCTRL_JSON_SELFCHECK: number = 14;
export const SQLITE_TESTCTRL_OPTIMIZATIONS: number = 15;
export const SQLITE_TESTCTRL_ISKEYWORD: number = 16;
export const SQLITE_TESTCTRL_GETOPT: number = 16;
export const SQLITE_TESTCTRL_SCRATCHMALLOC: number = 17;
export const SQLITE_TESTCTRL_INTERNAL_FUNCTIONS: number = 17;
export const SQLITE_TESTCTRL_LOCALTIME_FAULT: number = 18;
export const SQLITE_TESTCTRL_EXPLAIN_STMT: number = 19;
export const SQLITE_TESTCTRL_ONCE_RESET_THRESHOLD: number = 19;
export const SQLITE_TESTCTRL_NEVER_CORRUPT: number = 20;
export const SQLITE_TESTCTRL_VDBE_COVERAGE: number = 21;
export const SQLITE_TESTCTRL_BYTEORDER: number = 22;
export const SQLITE_TESTCTRL_ISINIT: number = 23;
export const SQLITE_TESTCTRL_SORTER_MMAP: number = 24;
export const SQLITE_TESTCTRL_IMPOSTER: number = 25;
export const SQLITE_TESTCTRL_PARSER_COVERAGE: number = 26;
export const SQLITE_TESTCTRL_RESULT_INTREAL: number = 27;
export const SQLITE_TESTCTRL_PRNG_SEED: number = 28;
export const SQLITE_TESTCTRL_EXTRA_SCHEMA_CHECKS: number = 29;
export const SQLITE_TESTCTRL_SEEK_COUNT: number = 30;
export const SQLITE_TESTCTRL_TRACEFLAGS: number = 31;
export const SQLITE_TESTCTRL_TUNE: number = 32;
export const SQLITE_TESTCTRL_LOGEST: number = 33;
export const SQLITE_TESTCTRL_USELONGDOUBLE: number = 34;
export const SQLITE_TESTCTRL_ATOF: number = 34;
export const SQLITE_TESTCTRL_LAST: number = 34;

/* Counters of sqlite3_status. */
export const SQLITE_STATUS_MEMORY_USED: number = 0;
export const SQLITE_STATUS_PAGECACHE_USED: number = 1;
export const SQLITE_STATUS_PAGECACHE_OVERFLOW: number = 2;
export const SQLITE_STATUS_SCRATCH_USED: number = 3;
export const SQLITE_STATUS_SCRATCH_OVERFLOW: number = 4;
export const SQLITE_STATUS_MALLOC_SIZE: number = 5;
export const SQLITE_STATUS_PARSER_STACK: number = 6;
export const SQLITE_STATUS_PAGECACHE_SIZE: number = 7;
export const SQLITE_STATUS_SCRATCH_SIZE: number = 8;
export const SQLITE_STATUS_MALLOC_COUNT: number = 9;

/* Checkpoint modes. */
export const SQLITE_CHECKPOINT_NOOP: number = -1;
export const SQLITE_CHECKPOINT_PASSIVE: number = 0;
export const SQLITE_CHECKPOINT_FULL: number = 1;
export const SQLITE_CHECKPOINT_RESTART: number = 2;
export const SQLITE_CHECKPOINT_TRUNCATE: number = 3;

/* Counters of sqlite3_db_status; sqlite3PagerCacheStat takes the cache ones. */
export const SQLITE_DBSTATUS_LOOKASIDE_USED: number = 0;
export const SQLITE_DBSTATUS_CACHE_USED: number = 1;
export const SQLITE_DBSTATUS_SCHEMA_USED: number = 2;
export const SQLITE_DBSTATUS_STMT_USED: number = 3;
export const SQLITE_DBSTATUS_LOOKASIDE_HIT: number = 4;
export const SQLITE_DBSTATUS_LOOKASIDE_MISS_SIZE: number = 5;
export const SQLITE_DBSTATUS_LOOKASIDE_MISS_FULL: number = 6;
export const SQLITE_DBSTATUS_CACHE_HIT: number = 7;
export const SQLITE_DBSTATUS_CACHE_MISS: number = 8;
export const SQLITE_DBSTATUS_CACHE_WRITE: number = 9;
export const SQLITE_DBSTATUS_DEFERRED_FKS: number = 10;
export const SQLITE_DBSTATUS_CACHE_USED_SHARED: number = 11;
export const SQLITE_DBSTATUS_CACHE_SPILL: number = 12;
export const SQLITE_DBSTATUS_TEMPBUF_SPILL: number = 13;
export const SQLITE_DBSTATUS_MAX: number = 13;
