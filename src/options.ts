/**
 * The compile-time options, as constants that the mirrored code tests where C has `#if`.
 *
 * The defaults are those with which `better-sqlite3` compiles the amalgamation (its
 * `deps/defines.gypi`) plus what the amalgamation itself chooses on 64-bit Linux. Nothing here is
 * read again after a module has loaded: like the C macros, these values are fixed for a process.
 *
 * To load the port with other options, or with another {@link file://./abi.ts | ABI}, set
 * `globalThis.PAGER_MIRROR` to a {@link PagerMirrorOptions} before the first import of the package.
 *
 * NON-UPSTREAM: C has a command line for this.
 *
 * @module
 */

/** What may be set in `globalThis.PAGER_MIRROR` before the package loads; all of it optional. */
export interface PagerMirrorOptions {
  /** Which C ABI decides the sizes of counted allocations: `"lp64"` (default) or `"wasm32"`. */
  abi?: "lp64" | "wasm32";
  /** Upstream option names and the values they shall have instead of the default. */
  options?: Readonly<Record<string, boolean | number>>;
}

const overrides = (globalThis as { PAGER_MIRROR?: PagerMirrorOptions }).PAGER_MIRROR?.options ?? {};

function flag(name: string, dflt: boolean): boolean {
  const value = overrides[name];
  return value === undefined ? dflt : Boolean(value);
}

function value(name: string, dflt: number): number {
  const given = overrides[name];
  return given === undefined ? dflt : Number(given);
}

/**
 * True in the debug build, where `assert` is live; the production build replaces this literal with
 * `false` and strips the asserts (scripts/build.ts).
 */
const DEBUG_BUILD: boolean = true;

/** Debug arms: extra state checks and the functions that only asserts call. */
export const SQLITE_DEBUG: boolean = DEBUG_BUILD && flag("SQLITE_DEBUG", true);
/** Whether a page's content is hashed to catch writes that were not announced. */
export const SQLITE_CHECK_PAGES: boolean = flag("SQLITE_CHECK_PAGES", false);

export const SQLITE_THREADSAFE: number = value("SQLITE_THREADSAFE", 2);
export const SQLITE_DEFAULT_MEMSTATUS: boolean = flag("SQLITE_DEFAULT_MEMSTATUS", false);
export const SQLITE_ENABLE_ATOMIC_WRITE: boolean = flag("SQLITE_ENABLE_ATOMIC_WRITE", false);
export const SQLITE_ENABLE_BATCH_ATOMIC_WRITE: boolean = flag("SQLITE_ENABLE_BATCH_ATOMIC_WRITE", false);
export const SQLITE_ENABLE_SNAPSHOT: boolean = flag("SQLITE_ENABLE_SNAPSHOT", false);
export const SQLITE_ENABLE_SETLK_TIMEOUT: number = value("SQLITE_ENABLE_SETLK_TIMEOUT", 0);
export const SQLITE_ENABLE_MEMORY_MANAGEMENT: boolean = flag("SQLITE_ENABLE_MEMORY_MANAGEMENT", false);
export const SQLITE_DIRECT_OVERFLOW_READ: boolean = flag("SQLITE_DIRECT_OVERFLOW_READ", true);
export const SQLITE_DISABLE_DIRSYNC: boolean = flag("SQLITE_DISABLE_DIRSYNC", false);
export const SQLITE_IGNORE_FLOCK_LOCK_ERRORS: boolean = false;
/** Whether asserts may search whole lists (the dirty list of a page cache). */
export const SQLITE_ENABLE_EXPENSIVE_ASSERT: boolean = flag("SQLITE_ENABLE_EXPENSIVE_ASSERT", false);
/** Whether page memory that comes from the heap goes uncounted in SQLITE_STATUS_PAGECACHE_OVERFLOW. */
export const SQLITE_DISABLE_PAGECACHE_OVERFLOW_STATS: boolean = flag(
  "SQLITE_DISABLE_PAGECACHE_OVERFLOW_STATS",
  false,
);
/** Whether every spill of a dirty page is written to the error log. */
export const SQLITE_LOG_CACHE_SPILL: boolean = flag("SQLITE_LOG_CACHE_SPILL", false);
/** NON-UPSTREAM name for the `#if defined(SQLITE_DEBUG) && 0` around pcache.c's trace functions. */
export const SQLITE_PCACHE_TRACE: boolean = DEBUG_BUILD && flag("SQLITE_PCACHE_TRACE", false);
/** 0: not defined; 1: names of 8.3 form if the URI says so; 2: always. */
export const SQLITE_ENABLE_8_3_NAMES: number = value("SQLITE_ENABLE_8_3_NAMES", 0);
export const SQLITE_USE_URI: boolean = flag("SQLITE_USE_URI", false);

/* Of os_unix.c: what a compiler finds on 64-bit Linux with better-sqlite3's defines. */
/** Sleeping retries where upstream's test builds have them; none of the test counters. */
export const SQLITE_TEST: boolean = flag("SQLITE_TEST", false);
export const SQLITE_ENABLE_FILESTAT: boolean = flag("SQLITE_ENABLE_FILESTAT", false);
export const SQLITE_MMAP_READWRITE: boolean = flag("SQLITE_MMAP_READWRITE", false);
export const SQLITE_NO_SYNC: boolean = flag("SQLITE_NO_SYNC", false);
export const SQLITE_DISABLE_LFS: boolean = flag("SQLITE_DISABLE_LFS", false);
export const SQLITE_UNLINK_AFTER_CLOSE: boolean = flag("SQLITE_UNLINK_AFTER_CLOSE", false);
/** pread and pwrite; without this and USE_PREAD64 it is lseek, read and write. */
export const USE_PREAD: boolean = flag("USE_PREAD", true);
export const USE_PREAD64: boolean = !USE_PREAD && flag("USE_PREAD64", false);
export const HAVE_FCHMOD: boolean = flag("HAVE_FCHMOD", true);
export const HAVE_FCHOWN: boolean = flag("HAVE_FCHOWN", true);
export const HAVE_READLINK: boolean = flag("HAVE_READLINK", true);
export const HAVE_LSTAT: boolean = flag("HAVE_LSTAT", true);
export const HAVE_MREMAP: boolean = flag("HAVE_MREMAP", true);
export const HAVE_POSIX_FALLOCATE: boolean = flag("HAVE_POSIX_FALLOCATE", false);
export const HAVE_FDATASYNC: boolean = flag("HAVE_FDATASYNC", false);
export const HAVE_STRERROR_R: boolean = flag("HAVE_STRERROR_R", false);
/** Whether nanosleep() exists; without it HAVE_USLEEP says whether usleep() does, else it is sleep(). */
export const HAVE_NANOSLEEP: boolean = flag("HAVE_NANOSLEEP", true);
export const HAVE_USLEEP: boolean = flag("HAVE_USLEEP", true);
/** Set where gettimeofday() does not exist. */
export const NO_GETTOD: boolean = flag("NO_GETTOD", false);
/** Leaves the seed of the random number generator at zeros. */
export const SQLITE_OMIT_RANDOMNESS: boolean = flag("SQLITE_OMIT_RANDOMNESS", false);
/** Recovery stores words one by one, and only those that change, instead of copying whole regions. */
export const SQLITE_SAFER_WALINDEX_RECOVERY: boolean = flag("SQLITE_SAFER_WALINDEX_RECOVERY", false);
/** Leaves out what upstream calls deprecated, here xCurrentTime. */
export const SQLITE_OMIT_DEPRECATED: boolean = flag("SQLITE_OMIT_DEPRECATED", true);

/** Most bytes that one file may have mapped; 0 removes xFetch. */
export const SQLITE_MAX_MMAP_SIZE: number = value("SQLITE_MAX_MMAP_SIZE", 0x7fff0000);
export const SQLITE_DEFAULT_MMAP_SIZE: number = value("SQLITE_DEFAULT_MMAP_SIZE", 0);
export const SQLITE_DEFAULT_CACHE_SIZE: number = value("SQLITE_DEFAULT_CACHE_SIZE", -16000);
export const SQLITE_DEFAULT_PCACHE_INITSZ: number = value("SQLITE_DEFAULT_PCACHE_INITSZ", 20);
export const SQLITE_DEFAULT_JOURNAL_SIZE_LIMIT: number = value("SQLITE_DEFAULT_JOURNAL_SIZE_LIMIT", -1);
export const SQLITE_DEFAULT_PAGE_SIZE: number = value("SQLITE_DEFAULT_PAGE_SIZE", 4096);
export const SQLITE_MAX_DEFAULT_PAGE_SIZE: number = value("SQLITE_MAX_DEFAULT_PAGE_SIZE", 8192);
export const SQLITE_DEFAULT_SECTOR_SIZE: number = value("SQLITE_DEFAULT_SECTOR_SIZE", 4096);
export const SQLITE_DEFAULT_WAL_AUTOCHECKPOINT: number = value("SQLITE_DEFAULT_WAL_AUTOCHECKPOINT", 1000);
export const SQLITE_DEFAULT_FILE_PERMISSIONS: number = value("SQLITE_DEFAULT_FILE_PERMISSIONS", 0o644);
export const SQLITE_STMTJRNL_SPILL: number = value("SQLITE_STMTJRNL_SPILL", 64 * 1024);
/** Whether a file claims SQLITE_IOCAP_POWERSAFE_OVERWRITE unless its URI says `psow=0`. */
export const SQLITE_POWERSAFE_OVERWRITE: number = value("SQLITE_POWERSAFE_OVERWRITE", 1);
/** Largest page number a database may be given. */
export const SQLITE_MAX_PAGE_COUNT: number = value("SQLITE_MAX_PAGE_COUNT", 0xfffffffe);
export const SQLITE_MAX_PATHLEN: number = value("SQLITE_MAX_PATHLEN", 4096);
export const SQLITE_MAX_SYMLINK: number = value("SQLITE_MAX_SYMLINK", 200);
/** Temporary files: 0 always on disk, 1 on disk by default, 2 in memory by default, 3 always in memory. */
export const SQLITE_TEMP_STORE: number = value("SQLITE_TEMP_STORE", 1);
export const SQLITE_TEMP_FILE_PREFIX: string = "etilqs_";
