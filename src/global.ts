/**
 * Global tables and the one global configuration of the library.
 *
 * Everything here is data. The configuration starts with the values that the compile-time options
 * give it and is changed by `sqlite3_config`, `sqlite3_test_control` and the start-up code.
 *
 * @upstream global.c
 * @module
 */

import type { CString } from "./cstring.js";
import type { sqlite3_mutex } from "./mutex.js";
import {
  SQLITE_DEFAULT_MEMSTATUS,
  SQLITE_DEFAULT_MMAP_SIZE,
  SQLITE_DEFAULT_PCACHE_INITSZ,
  SQLITE_MAX_MMAP_SIZE,
  SQLITE_STMTJRNL_SPILL,
  SQLITE_THREADSAFE,
  SQLITE_USE_URI,
} from "./options.js";
import type { sqlite3_mem_methods, sqlite3_pcache_methods2 } from "./sqliteInt.js";

/* ------------------------------------------------------------------ character tables */

/**
 * The lower-case counterpart of each byte; only ASCII letters differ from their index. The three
 * comparison tables that upstream appends for the virtual machine are not here.
 *
 * @upstream global.c sqlite3UpperToLower
 */
// biome-ignore format: a table
export const sqlite3UpperToLower: Uint8Array = new Uint8Array([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
  18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
  36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53,
  54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 97, 98, 99, 100, 101, 102, 103,
  104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121,
  122, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107,
  108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125,
  126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143,
  144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161,
  162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175, 176, 177, 178, 179,
  180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191, 192, 193, 194, 195, 196, 197,
  198, 199, 200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 212, 213, 214, 215,
  216, 217, 218, 219, 220, 221, 222, 223, 224, 225, 226, 227, 228, 229, 230, 231, 232, 233,
  234, 235, 236, 237, 238, 239, 240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251,
  252, 253, 254, 255,
]);

/**
 * Properties of each byte as bits: 0x01 space, 0x02 letter, 0x04 digit, 0x08 hexadecimal digit,
 * 0x20 lower-case letter, 0x40 other identifier character, 0x80 quote.
 *
 * @upstream global.c sqlite3CtypeMap
 */
// biome-ignore format: a table
export const sqlite3CtypeMap: Uint8Array = new Uint8Array([
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x01, 0x01, 0x01, 0x01, 0x01, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x01, 0x00, 0x80, 0x00, 0x40, 0x00, 0x00, 0x80,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c,
  0x0c, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x02,
  0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02,
  0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02,
  0x02, 0x02, 0x02, 0x80, 0x00, 0x00, 0x00, 0x40,
  0x80, 0x2a, 0x2a, 0x2a, 0x2a, 0x2a, 0x2a, 0x22,
  0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22,
  0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22,
  0x22, 0x22, 0x22, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
  0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40,
]);

/* ------------------------------------------------------------------ the configuration */

/** Default size and number of lookaside slots. */
const SQLITE_DEFAULT_LOOKASIDE: readonly [number, number] = [1200, 40];
/** Smallest sorted run of the sorter, in pages. */
const SQLITE_SORTER_PMASZ: number = 250;
/** Default size limit of a deserialized database, in bytes. */
const SQLITE_MEMDB_DEFAULT_MAXSIZE: number = 1073741824;
const SQLITE_DEFAULT_SORTERREF_SIZE: number = 0x7fffffff;
/** How many tuning parameters a debug build has. */
export const SQLITE_NTUNE: number = 6;

/*
 * A function pointer of a zeroed struct. The cast is the one place where the port says that a
 * method table may be empty: code that needs to know compares with null, as in C, and code that
 * runs after initialization does not have to.
 */
const nullMethod = null as unknown as never;

/**
 * The allocator in force, zeroed until one is installed.
 *
 * @upstream sqlite3.h sqlite3_mem_methods
 */
export class MemMethods implements sqlite3_mem_methods {
  xMalloc: sqlite3_mem_methods["xMalloc"] = nullMethod;
  xFree: sqlite3_mem_methods["xFree"] = nullMethod;
  xRealloc: sqlite3_mem_methods["xRealloc"] = nullMethod;
  xSize: sqlite3_mem_methods["xSize"] = nullMethod;
  xRoundup: sqlite3_mem_methods["xRoundup"] = nullMethod;
  xInit: sqlite3_mem_methods["xInit"] = nullMethod;
  xShutdown: sqlite3_mem_methods["xShutdown"] = nullMethod;
  pAppData: unknown = null;

  /** Copies the struct: later changes to `from` are not seen. */
  assign(from: sqlite3_mem_methods): void {
    this.xMalloc = from.xMalloc;
    this.xFree = from.xFree;
    this.xRealloc = from.xRealloc;
    this.xSize = from.xSize;
    this.xRoundup = from.xRoundup;
    this.xInit = from.xInit;
    this.xShutdown = from.xShutdown;
    this.pAppData = from.pAppData;
  }
}

/**
 * The page cache module in force, zeroed until one is installed.
 *
 * @upstream sqlite3.h sqlite3_pcache_methods2
 */
export class PcacheMethods2 implements sqlite3_pcache_methods2 {
  iVersion = 0;
  pArg: unknown = null;
  xInit: sqlite3_pcache_methods2["xInit"] = nullMethod;
  xShutdown: sqlite3_pcache_methods2["xShutdown"] = nullMethod;
  xCreate: sqlite3_pcache_methods2["xCreate"] = nullMethod;
  xCachesize: sqlite3_pcache_methods2["xCachesize"] = nullMethod;
  xPagecount: sqlite3_pcache_methods2["xPagecount"] = nullMethod;
  xFetch: sqlite3_pcache_methods2["xFetch"] = nullMethod;
  xUnpin: sqlite3_pcache_methods2["xUnpin"] = nullMethod;
  xRekey: sqlite3_pcache_methods2["xRekey"] = nullMethod;
  xTruncate: sqlite3_pcache_methods2["xTruncate"] = nullMethod;
  xDestroy: sqlite3_pcache_methods2["xDestroy"] = nullMethod;
  xShrink: sqlite3_pcache_methods2["xShrink"] = nullMethod;

  /** Copies the struct: later changes to `from` are not seen. */
  assign(from: sqlite3_pcache_methods2): void {
    this.iVersion = from.iVersion;
    this.pArg = from.pArg;
    this.xInit = from.xInit;
    this.xShutdown = from.xShutdown;
    this.xCreate = from.xCreate;
    this.xCachesize = from.xCachesize;
    this.xPagecount = from.xPagecount;
    this.xFetch = from.xFetch;
    this.xUnpin = from.xUnpin;
    this.xRekey = from.xRekey;
    this.xTruncate = from.xTruncate;
    this.xDestroy = from.xDestroy;
    this.xShrink = from.xShrink;
  }
}

/**
 * Settings of the whole library and the state of its initialization. Booleans are 0 or 1. Fields
 * that only the layers above the pager read are kept, so that `sqlite3_config` can set them.
 *
 * @upstream sqliteInt.h Sqlite3Config
 */
export class Sqlite3Config {
  /** Whether allocations are counted. */
  bMemstat: number = SQLITE_DEFAULT_MEMSTATUS ? 1 : 0;
  bCoreMutex: number = 1;
  bFullMutex: number = SQLITE_THREADSAFE === 1 ? 1 : 0;
  bOpenUri: number = SQLITE_USE_URI ? 1 : 0;
  bUseCis: number = 1;
  /** Whether large allocations shall be avoided. */
  bSmallMalloc: number = 0;
  bExtraSchemaChecks: number = 1;
  /** SQLITE_DEBUG only. */
  bJsonSelfcheck: number = 0;
  mxStrlen: number = 0x7ffffffe;
  neverCorrupt: number = 0;
  szLookaside: number = SQLITE_DEFAULT_LOOKASIDE[0];
  nLookaside: number = SQLITE_DEFAULT_LOOKASIDE[1];
  /** Bytes from which on a statement journal goes to disk; -1 for never. */
  nStmtSpill: number = SQLITE_STMTJRNL_SPILL;
  m: MemMethods = new MemMethods();
  /** The application's mutex methods: remembered, not used (mutexes do nothing here). */
  mutex: unknown = null;
  pcache2: PcacheMethods2 = new PcacheMethods2();
  pHeap: Uint8Array | null = null;
  nHeap: number = 0;
  mnReq: number = 0;
  mxReq: number = 0;
  /** Default and greatest number of bytes that a file may have mapped. */
  szMmap: number = Math.min(SQLITE_DEFAULT_MMAP_SIZE, SQLITE_MAX_MMAP_SIZE);
  mxMmap: number = SQLITE_MAX_MMAP_SIZE;
  /** Page cache memory supplied by the application, bytes per line, lines. */
  pPage: Uint8Array | null = null;
  szPage: number = 0;
  nPage: number = SQLITE_DEFAULT_PCACHE_INITSZ;
  mxParserStack: number = 0;
  sharedCacheEnabled: number = 0;
  szPma: number = SQLITE_SORTER_PMASZ;
  /* All that follows starts as zero. */
  isInit: number = 0;
  inProgress: number = 0;
  isMutexInit: number = 0;
  isMallocInit: number = 0;
  isPCacheInit: number = 0;
  /** How many calls of sqlite3_initialize are under way. */
  nRefInitMutex: number = 0;
  pInitMutex: sqlite3_mutex | null = null;
  /** Receives what sqlite3_log formats; the message is the callee's to keep. */
  xLog: ((pArg: unknown, iErrCode: number, zMsg: CString) => void) | null = null;
  pLogArg: unknown = null;
  mxMemdbSize: number = SQLITE_MEMDB_DEFAULT_MAXSIZE;
  /** What sqlite3FaultSim calls. */
  xTestCallback: ((iTest: number) => number) | null = null;
  bLocaltimeFault: number = 0;
  xAltLocaltime: ((pTime: unknown, pTm: unknown) => number) | null = null;
  iOnceResetThreshold: number = 0x7ffffffe;
  szSorterRef: number = SQLITE_DEFAULT_SORTERREF_SIZE;
  /** A seed that replaces the VFS's randomness, as u32; 0 for none. */
  iPrngSeed: number = 0;
  /** SQLITE_DEBUG only: parameter N is element N-1. */
  aTune: number[] = [0, 0, 0, 0, 0, 0];
}

/** @upstream global.c sqlite3Config */
export const sqlite3Config: Sqlite3Config = new Sqlite3Config();

/** The name under which most of upstream speaks of {@link sqlite3Config}. @upstream sqliteInt.h sqlite3GlobalConfig */
export const sqlite3GlobalConfig: Sqlite3Config = sqlite3Config;

/* ------------------------------------------------------------------ other globals */

/**
 * File offset of the first lock byte; the page that contains it is never used. Read it through
 * `PENDING_BYTE()`. Any value but the default makes incompatible files.
 *
 * @upstream global.c sqlite3PendingByte
 * @divergence pending-byte-function
 */
export let sqlite3PendingByte: number = 0x40000000;

/** Moves the lock bytes. NON-UPSTREAM: an importing module cannot assign to a variable. */
export function setSqlite3PendingByte(v: number): void {
  sqlite3PendingByte = v;
}

/**
 * Debugging flags of the layers above; stored for `sqlite3_test_control` only.
 *
 * @upstream global.c sqlite3TreeTrace
 * @divergence pending-byte-function
 */
export let sqlite3TreeTrace: number = 0;
/**
 * As {@link sqlite3TreeTrace}.
 *
 * @upstream global.c sqlite3WhereTrace
 * @divergence pending-byte-function
 */
export let sqlite3WhereTrace: number = 0;

/** NON-UPSTREAM setter of {@link sqlite3TreeTrace}. */
export function setSqlite3TreeTrace(v: number): void {
  sqlite3TreeTrace = v >>> 0;
}

/** NON-UPSTREAM setter of {@link sqlite3WhereTrace}. */
export function setSqlite3WhereTrace(v: number): void {
  sqlite3WhereTrace = v >>> 0;
}
