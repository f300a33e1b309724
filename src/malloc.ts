/**
 * Memory allocation: the default allocator, the counting around it, and the heap limits.
 *
 * JavaScript frees memory by itself; what this file keeps is upstream's bookkeeping. Every allocation
 * that C makes is made here too, with the same size, through the same replaceable methods, so that an
 * out-of-memory test can fail the n-th one and a heap limit means what it means in C.
 *
 * A block is a `Uint8Array`; its identity is C's pointer. A struct that comes from the allocator is
 * an object with the block in its field `mem`, see {@link Counted}.
 *
 * @upstream malloc.c
 * @upstream mem1.c
 * @module
 */

import { type CString, memcpy, memset, strlen } from "./cstring.js";
import { sqlite3GlobalConfig } from "./global.js";
import { sqlite3_config, sqlite3_initialize } from "./main.js";
import type { sqlite3_mutex } from "./mutex.js";
import { sqlite3_mutex_enter, sqlite3_mutex_held, sqlite3_mutex_leave, sqlite3MutexAlloc } from "./mutex.js";
import { sqlite3PcacheReleaseMemory } from "./pcache/pcache1.js";
import { sqlite3_log } from "./printf.js";
import {
  assert,
  type Counted,
  Ref,
  ROUND8,
  SQLITE_CONFIG_MALLOC,
  SQLITE_DEBUG,
  SQLITE_ENABLE_MEMORY_MANAGEMENT,
  SQLITE_MAX_ALLOCATION_SIZE,
  SQLITE_MUTEX_STATIC_MEM,
  SQLITE_NOMEM,
  SQLITE_OK,
  SQLITE_STATUS_MALLOC_COUNT,
  SQLITE_STATUS_MALLOC_SIZE,
  SQLITE_STATUS_MEMORY_USED,
  type sqlite3,
  type sqlite3_mem_methods,
  testcase,
} from "./sqliteInt.js";
import {
  sqlite3_status64,
  sqlite3StatusDown,
  sqlite3StatusHighwater,
  sqlite3StatusUp,
  sqlite3StatusValue,
} from "./status.js";

/* ------------------------------------------------------------------ mem1.c */

/** Bytes that {@link freeBlocks} may hold together. NON-UPSTREAM: the C library's part. */
const MOST_FREE = 8 << 20;

/**
 * Freed blocks by their size, for whoever wants one of that size next: journals and sets of page numbers
 * live as long as a transaction or a savepoint, and memory from the engine costs more than they do.
 *
 * NON-UPSTREAM: the C library's part.
 */
const freeBlocks = new Map<number, Uint8Array[]>();
let nFree = 0;

/**
 * What C's `malloc` does: `n` bytes in a buffer of their own whose size is a multiple of 8, or null if the
 * engine has no room. The bytes of a block that was used before are what they were.
 *
 * NON-UPSTREAM: the C library's part.
 */
function SQLITE_MALLOC(n: number): Uint8Array | null {
  const p = freeBlocks.get(n)?.pop();
  if (p !== undefined) {
    nFree -= n;
    return p;
  }
  try {
    return (n & 7) === 0 ? new Uint8Array(n) : new Uint8Array(new ArrayBuffer(ROUND8(n)), 0, n);
  } catch (e) {
    if (e instanceof RangeError) return null;
    throw e;
  }
}

/**
 * What C's `free` does. Beyond {@link MOST_FREE} the engine collects the block once nobody refers to it.
 *
 * NON-UPSTREAM: the C library's part.
 */
function SQLITE_FREE(p: Uint8Array): void {
  const n = p.length;
  if (nFree + n > MOST_FREE) return;
  nFree += n;
  const blocks = freeBlocks.get(n);
  if (blocks === undefined) freeBlocks.set(n, [p]);
  else blocks.push(p);
}

/**
 * What C's `realloc` does; always a new block, which starts with the old one's content as far as it
 * fits. Null if there is no room; the old block then stays valid.
 *
 * NON-UPSTREAM: the C library's part.
 */
function SQLITE_REALLOC(p: Uint8Array, n: number): Uint8Array | null {
  const pNew = SQLITE_MALLOC(n);
  if (pNew !== null) {
    pNew.set(p.length <= n ? p : p.subarray(0, n));
    SQLITE_FREE(p);
  }
  return pNew;
}

/**
 * The default xMalloc: a block of exactly `nByte` bytes, at least 1, or null with a log entry.
 *
 * Upstream remembers the size in eight bytes before the block; the array knows its length.
 *
 * @upstream mem1.c sqlite3MemMalloc
 * @divergence mem1-blocks
 */
function sqlite3MemMalloc(nByte: number): Uint8Array | null {
  assert(nByte > 0);
  testcase(ROUND8(nByte) !== nByte);
  const p = SQLITE_MALLOC(nByte);
  if (p !== null) {
    /* The array knows its length, so nothing is written before the block. */
  } else {
    testcase(sqlite3GlobalConfig.xLog !== null);
    sqlite3_log(SQLITE_NOMEM, "failed to allocate %u bytes of memory", nByte);
  }
  return p;
}

/**
 * The default xFree.
 *
 * @upstream mem1.c sqlite3MemFree
 * @divergence mem1-blocks
 */
function sqlite3MemFree(pPrior: Uint8Array): void {
  const p = pPrior;
  assert(pPrior !== null);
  SQLITE_FREE(p);
}

/**
 * The default xSize: the size that was asked for, in bytes.
 *
 * @upstream mem1.c sqlite3MemSize
 * @divergence mem1-blocks
 */
function sqlite3MemSize(pPrior: Uint8Array): number {
  let p: Uint8Array;
  assert(pPrior !== null);
  p = pPrior;
  return p.length | 0;
}

/**
 * The default xRealloc: a new block, or null, with a log entry, if there is no memory; the old block
 * then stays valid.
 *
 * @upstream mem1.c sqlite3MemRealloc
 * @divergence mem1-blocks
 */
function sqlite3MemRealloc(pPrior: Uint8Array, nByte: number): Uint8Array | null {
  let p: Uint8Array | null = pPrior;
  assert(pPrior !== null && nByte > 0);
  assert(nByte === ROUND8(nByte));
  p = SQLITE_REALLOC(p, nByte);
  if (p !== null) {
    /* As in sqlite3MemMalloc. */
  } else {
    testcase(sqlite3GlobalConfig.xLog !== null);
    sqlite3_log(SQLITE_NOMEM, "failed memory resize %u to %u bytes", sqlite3MemSize(pPrior), nByte);
  }
  return p;
}

/**
 * The default xRoundup: sizes grow to the next multiple of 8.
 *
 * @upstream mem1.c sqlite3MemRoundup
 */
function sqlite3MemRoundup(n: number): number {
  return ROUND8(n);
}

/** The default xInit: nothing to prepare. @upstream mem1.c sqlite3MemInit */
function sqlite3MemInit(_NotUsed: unknown): number {
  return SQLITE_OK;
}

/** The default xShutdown: nothing to release. @upstream mem1.c sqlite3MemShutdown */
function sqlite3MemShutdown(_NotUsed: unknown): void {
  return;
}

/**
 * Installs the default allocator, through the same door as an application would.
 *
 * @upstream mem1.c sqlite3MemSetDefault
 */
export function sqlite3MemSetDefault(): void {
  const defaultMethods: sqlite3_mem_methods = {
    xMalloc: sqlite3MemMalloc,
    xFree: sqlite3MemFree,
    xRealloc: sqlite3MemRealloc,
    xSize: sqlite3MemSize,
    xRoundup: sqlite3MemRoundup,
    xInit: sqlite3MemInit,
    xShutdown: sqlite3MemShutdown,
    pAppData: null,
  };
  sqlite3_config(SQLITE_CONFIG_MALLOC, defaultMethods);
}

/* ------------------------------------------------------------------ malloc.c */

/**
 * Asks the page caches to give back up to `n` bytes; returns how many they gave. Always 0 unless
 * SQLITE_ENABLE_MEMORY_MANAGEMENT is set.
 *
 * @upstream malloc.c sqlite3_release_memory
 */
export function sqlite3_release_memory(n: number): number {
  if (SQLITE_ENABLE_MEMORY_MANAGEMENT) {
    return sqlite3PcacheReleaseMemory(n);
  } else {
    return 0;
  }
}

/** Hard heap limit to start with, in bytes; 0 for none. */
const SQLITE_MAX_MEMORY: number = 0;

/** @upstream malloc.c Mem0Global */
class Mem0Global {
  mutex: sqlite3_mutex | null = null;
  /** The soft limit in bytes, 0 for none. */
  alarmThreshold: number = SQLITE_MAX_MEMORY;
  /** The hard limit in bytes, 0 for none. */
  hardLimit: number = SQLITE_MAX_MEMORY;
  /** Whether the last counted allocation found the heap at its soft limit. */
  nearlyFull: number = 0;

  clear(): void {
    this.mutex = null;
    this.alarmThreshold = 0;
    this.hardLimit = 0;
    this.nearlyFull = 0;
  }
}

const mem0 = new Mem0Global();

/** The allocator's mutex, which sqlite3_status shares. @upstream malloc.c sqlite3MallocMutex */
export function sqlite3MallocMutex(): sqlite3_mutex | null {
  return mem0.mutex;
}

/**
 * Sets the soft heap limit and returns the one before. Zero removes it, a negative number only
 * asks. The hard limit, if there is one, bounds it. -1 if the library cannot be initialized.
 *
 * @param n bytes.
 * @upstream malloc.c sqlite3_soft_heap_limit64
 * @divergence int64-bits
 */
export function sqlite3_soft_heap_limit64(n: number): number {
  const rc = sqlite3_initialize();
  if (rc) return -1;
  sqlite3_mutex_enter(mem0.mutex);
  const priorLimit = mem0.alarmThreshold;
  if (n < 0) {
    sqlite3_mutex_leave(mem0.mutex);
    return priorLimit;
  }
  if (mem0.hardLimit > 0 && (n > mem0.hardLimit || n === 0)) {
    n = mem0.hardLimit;
  }
  mem0.alarmThreshold = n;
  const nUsed = sqlite3StatusValue(SQLITE_STATUS_MEMORY_USED);
  mem0.nearlyFull = n > 0 && n <= nUsed ? 1 : 0;
  sqlite3_mutex_leave(mem0.mutex);
  const excess = sqlite3_memory_used() - n;
  if (excess > 0) sqlite3_release_memory(excess % 0x80000000); /* excess & 0x7fffffff of an i64 */
  return priorLimit;
}

/**
 * As {@link sqlite3_soft_heap_limit64}, but a negative number counts as zero and nothing is returned.
 *
 * @upstream malloc.c sqlite3_soft_heap_limit
 */
export function sqlite3_soft_heap_limit(n: number): void {
  if (n < 0) n = 0;
  sqlite3_soft_heap_limit64(n);
}

/**
 * Sets the hard heap limit, above which allocations fail, and returns the one before. Zero removes
 * it, a negative number only asks. A soft limit that is off or higher is lowered to it.
 *
 * @param n bytes.
 * @upstream malloc.c sqlite3_hard_heap_limit64
 */
export function sqlite3_hard_heap_limit64(n: number): number {
  const rc = sqlite3_initialize();
  if (rc) return -1;
  sqlite3_mutex_enter(mem0.mutex);
  const priorLimit = mem0.hardLimit;
  if (n >= 0) {
    mem0.hardLimit = n;
    if (n < mem0.alarmThreshold || mem0.alarmThreshold === 0) {
      mem0.alarmThreshold = n;
    }
  }
  sqlite3_mutex_leave(mem0.mutex);
  return priorLimit;
}

/**
 * Starts the allocator; the default one if none has been configured. Page cache memory that is too
 * small to be of use is forgotten here.
 *
 * @upstream malloc.c sqlite3MallocInit
 */
export function sqlite3MallocInit(): number {
  if (sqlite3GlobalConfig.m.xMalloc === null) {
    sqlite3MemSetDefault();
  }
  mem0.mutex = sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_MEM);
  if (
    sqlite3GlobalConfig.pPage === null ||
    sqlite3GlobalConfig.szPage < 512 ||
    sqlite3GlobalConfig.nPage <= 0
  ) {
    sqlite3GlobalConfig.pPage = null;
    sqlite3GlobalConfig.szPage = 0;
  }
  const rc = sqlite3GlobalConfig.m.xInit(sqlite3GlobalConfig.m.pAppData);
  if (rc !== SQLITE_OK) mem0.clear();
  return rc;
}

/**
 * Whether the heap is at its soft limit: caches then recycle pages instead of allocating more.
 *
 * @upstream malloc.c sqlite3HeapNearlyFull
 */
export function sqlite3HeapNearlyFull(): number {
  return mem0.nearlyFull;
}

/** Shuts the allocator down; the limits are gone after that. @upstream malloc.c sqlite3MallocEnd */
export function sqlite3MallocEnd(): void {
  if (sqlite3GlobalConfig.m.xShutdown !== null) {
    sqlite3GlobalConfig.m.xShutdown(sqlite3GlobalConfig.m.pAppData);
  }
  mem0.clear();
}

/** Bytes allocated now; 0 unless allocations are counted. @upstream malloc.c sqlite3_memory_used */
export function sqlite3_memory_used(): number {
  const res = new Ref(0);
  const mx = new Ref(0);
  sqlite3_status64(SQLITE_STATUS_MEMORY_USED, res, mx, 0);
  return res.value;
}

/**
 * The most bytes that were allocated at one time, since the start or the last reset.
 *
 * @upstream malloc.c sqlite3_memory_highwater
 */
export function sqlite3_memory_highwater(resetFlag: number): number {
  const res = new Ref(0);
  const mx = new Ref(0);
  sqlite3_status64(SQLITE_STATUS_MEMORY_USED, res, mx, resetFlag);
  return mx.value;
}

/**
 * Asks for memory back when the soft limit is about to be passed. The mutex is held by the caller
 * and dropped meanwhile, because page caches free through this module.
 *
 * @upstream malloc.c sqlite3MallocAlarm
 */
function sqlite3MallocAlarm(nByte: number): void {
  if (mem0.alarmThreshold <= 0) return;
  sqlite3_mutex_leave(mem0.mutex);
  sqlite3_release_memory(nByte);
  sqlite3_mutex_enter(mem0.mutex);
}

let nOomFault = 0;

/**
 * A place for a breakpoint on the hard limit's failures.
 *
 * @upstream malloc.c test_oom_breakpoint
 * @divergence int64-bits
 */
function test_oom_breakpoint(n: number): void {
  nOomFault += n;
  assert(Math.floor(nOomFault / 0x100000000) < 0xffffffff);
}

/**
 * Allocates `n` bytes, n > 0, and counts them, with the mutex held. Fails, besides when the
 * allocator does, when the hard limit would be passed.
 *
 * @upstream malloc.c mallocWithAlarm
 */
function mallocWithAlarm(n: number, pp: Ref<Uint8Array | null>): void {
  assert(sqlite3_mutex_held(mem0.mutex));
  assert(n > 0);

  /* xRoundup is called even where its result could be guessed: some allocators insist on it. */
  let nFull = sqlite3GlobalConfig.m.xRoundup(n);

  sqlite3StatusHighwater(SQLITE_STATUS_MALLOC_SIZE, n);
  if (mem0.alarmThreshold > 0) {
    let nUsed = sqlite3StatusValue(SQLITE_STATUS_MEMORY_USED);
    if (nUsed >= mem0.alarmThreshold - nFull) {
      mem0.nearlyFull = 1;
      sqlite3MallocAlarm(nFull);
      if (mem0.hardLimit) {
        nUsed = sqlite3StatusValue(SQLITE_STATUS_MEMORY_USED);
        if (nUsed >= mem0.hardLimit - nFull) {
          if (SQLITE_DEBUG) test_oom_breakpoint(1);
          pp.value = null;
          return;
        }
      }
    } else {
      mem0.nearlyFull = 0;
    }
  }
  let p = sqlite3GlobalConfig.m.xMalloc(nFull);
  if (SQLITE_ENABLE_MEMORY_MANAGEMENT) {
    if (p === null && mem0.alarmThreshold > 0) {
      sqlite3MallocAlarm(nFull);
      p = sqlite3GlobalConfig.m.xMalloc(nFull);
    }
  }
  if (p !== null) {
    nFull = sqlite3MallocSize(p);
    sqlite3StatusUp(SQLITE_STATUS_MEMORY_USED, nFull);
    sqlite3StatusUp(SQLITE_STATUS_MALLOC_COUNT, 1);
  }
  pp.value = p;
}

/** Whether `p` lies where u64s may be read. Null does. @upstream sqliteInt.h EIGHT_BYTE_ALIGNMENT */
function EIGHT_BYTE_ALIGNMENT(p: Uint8Array | null): boolean {
  return p === null || (p.byteOffset & 7) === 0;
}

/**
 * Allocates `n` bytes with arbitrary content, for code that runs after initialization. Null if
 * memory ran out, and for 0 or more than SQLITE_MAX_ALLOCATION_SIZE bytes.
 *
 * @upstream malloc.c sqlite3Malloc
 */
export function sqlite3Malloc(n: number): Uint8Array | null {
  let p: Uint8Array | null;
  if (n === 0 || n > SQLITE_MAX_ALLOCATION_SIZE) {
    p = null;
  } else if (sqlite3GlobalConfig.bMemstat) {
    const pp = new Ref<Uint8Array | null>(null);
    sqlite3_mutex_enter(mem0.mutex);
    mallocWithAlarm(n | 0, pp);
    sqlite3_mutex_leave(mem0.mutex);
    p = pp.value;
  } else {
    p = sqlite3GlobalConfig.m.xMalloc(n | 0);
  }
  assert(EIGHT_BYTE_ALIGNMENT(p));
  return p;
}

/**
 * Allocates `n` bytes for an application, after initializing the library if need be. Null for a
 * negative size too.
 *
 * @upstream malloc.c sqlite3_malloc
 */
export function sqlite3_malloc(n: number): Uint8Array | null {
  if (sqlite3_initialize()) return null;
  return n <= 0 ? null : sqlite3Malloc(n);
}

/** As {@link sqlite3_malloc}; `n` is unsigned. @upstream malloc.c sqlite3_malloc64 */
export function sqlite3_malloc64(n: number): Uint8Array | null {
  if (sqlite3_initialize()) return null;
  return sqlite3Malloc(n);
}

/**
 * The block behind an allocation: itself, or the one that a struct carries.
 *
 * NON-UPSTREAM: in C the struct is the block.
 */
function blockOf(p: Uint8Array | Counted): Uint8Array {
  return p instanceof Uint8Array ? p : p.mem!;
}

/**
 * Size in bytes of a block, at least what was asked for.
 *
 * @upstream malloc.c sqlite3MallocSize
 * @divergence counted-blocks
 */
export function sqlite3MallocSize(p: Uint8Array | Counted): number {
  return sqlite3GlobalConfig.m.xSize(blockOf(p));
}

/**
 * As {@link sqlite3MallocSize}, for a block that belongs to a connection: only null is supported.
 *
 * @upstream malloc.c sqlite3DbMallocSize
 * @divergence counted-blocks
 * @divergence db-memory
 */
export function sqlite3DbMallocSize(db: sqlite3 | null, p: Uint8Array | Counted): number {
  assert(p !== null);
  assert(db === null);
  return sqlite3GlobalConfig.m.xSize(blockOf(p));
}

/**
 * As {@link sqlite3MallocSize}; 0 for null.
 *
 * @upstream malloc.c sqlite3_msize
 * @divergence counted-blocks
 */
export function sqlite3_msize(p: Uint8Array | Counted | null): number {
  return p !== null ? sqlite3GlobalConfig.m.xSize(blockOf(p)) : 0;
}

/**
 * Gives a block, or the block of a struct, back. Null is ignored. The caller must not use it again.
 *
 * @upstream malloc.c sqlite3_free
 * @divergence counted-blocks
 */
export function sqlite3_free(p: Uint8Array | Counted | null): void {
  if (p === null) return;
  if (sqlite3GlobalConfig.bMemstat) {
    sqlite3_mutex_enter(mem0.mutex);
    sqlite3StatusDown(SQLITE_STATUS_MEMORY_USED, sqlite3MallocSize(p));
    sqlite3StatusDown(SQLITE_STATUS_MALLOC_COUNT, 1);
    sqlite3GlobalConfig.m.xFree(blockOf(p));
    sqlite3_mutex_leave(mem0.mutex);
  } else {
    sqlite3GlobalConfig.m.xFree(blockOf(p));
  }
}

/**
 * As {@link sqlite3_free}, for a block that belongs to a connection: only null is supported.
 *
 * @upstream malloc.c sqlite3DbFreeNN
 * @divergence db-memory
 */
export function sqlite3DbFreeNN(db: sqlite3 | null, p: Uint8Array | Counted): void {
  assert(p !== null);
  assert(db === null);
  sqlite3_free(p);
}

/**
 * As {@link sqlite3DbFreeNN}; a null block is ignored.
 *
 * @upstream malloc.c sqlite3DbFree
 * @divergence db-memory
 */
export function sqlite3DbFree(db: sqlite3 | null, p: Uint8Array | Counted | null): void {
  if (p !== null) sqlite3DbFreeNN(db, p);
}

/**
 * Changes the size of a block. Null makes a new one; zero bytes frees it and returns null. When null
 * comes back for any other reason, `pOld` is still valid.
 *
 * @upstream malloc.c sqlite3Realloc
 */
export function sqlite3Realloc(pOld: Uint8Array | null, nBytes: number): Uint8Array | null {
  let pNew: Uint8Array | null;
  if (pOld === null) {
    return sqlite3Malloc(nBytes);
  }
  if (nBytes === 0) {
    sqlite3_free(pOld);
    return null;
  }
  if (nBytes > SQLITE_MAX_ALLOCATION_SIZE) {
    return null;
  }
  const nOld = sqlite3MallocSize(pOld);
  /* The allocator is promised that xRealloc only ever sees sizes that xRoundup returned. */
  let nNew = sqlite3GlobalConfig.m.xRoundup(nBytes | 0);
  if (nOld === nNew) {
    pNew = pOld;
  } else if (sqlite3GlobalConfig.bMemstat) {
    let nUsed = 0;
    sqlite3_mutex_enter(mem0.mutex);
    sqlite3StatusHighwater(SQLITE_STATUS_MALLOC_SIZE, nBytes | 0);
    const nDiff = nNew - nOld;
    if (nDiff > 0 && (nUsed = sqlite3StatusValue(SQLITE_STATUS_MEMORY_USED)) >= mem0.alarmThreshold - nDiff) {
      sqlite3MallocAlarm(nDiff);
      if (mem0.hardLimit > 0 && nUsed >= mem0.hardLimit - nDiff) {
        sqlite3_mutex_leave(mem0.mutex);
        if (SQLITE_DEBUG) test_oom_breakpoint(1);
        return null;
      }
    }
    pNew = sqlite3GlobalConfig.m.xRealloc(pOld, nNew);
    if (SQLITE_ENABLE_MEMORY_MANAGEMENT) {
      if (pNew === null && mem0.alarmThreshold > 0) {
        sqlite3MallocAlarm(nBytes | 0);
        pNew = sqlite3GlobalConfig.m.xRealloc(pOld, nNew);
      }
    }
    if (pNew !== null) {
      nNew = sqlite3MallocSize(pNew);
      sqlite3StatusUp(SQLITE_STATUS_MEMORY_USED, nNew - nOld);
    }
    sqlite3_mutex_leave(mem0.mutex);
  } else {
    pNew = sqlite3GlobalConfig.m.xRealloc(pOld, nNew);
  }
  assert(EIGHT_BYTE_ALIGNMENT(pNew));
  return pNew;
}

/**
 * As {@link sqlite3Realloc} for an application; a negative size counts as zero.
 *
 * @upstream malloc.c sqlite3_realloc
 */
export function sqlite3_realloc(pOld: Uint8Array | null, n: number): Uint8Array | null {
  if (sqlite3_initialize()) return null;
  if (n < 0) n = 0;
  return sqlite3Realloc(pOld, n);
}

/** As {@link sqlite3_realloc}; `n` is unsigned. @upstream malloc.c sqlite3_realloc64 */
export function sqlite3_realloc64(pOld: Uint8Array | null, n: number): Uint8Array | null {
  if (sqlite3_initialize()) return null;
  return sqlite3Realloc(pOld, n);
}

/**
 * As {@link sqlite3Malloc}, and the first `n` bytes are zero.
 *
 * @upstream malloc.c sqlite3MallocZero
 */
export function sqlite3MallocZero(n: number): Uint8Array | null {
  const p = sqlite3Malloc(n);
  if (p !== null) {
    memset(p, 0, n);
  }
  return p;
}

/**
 * As {@link sqlite3Malloc}, on behalf of a connection: only null is supported.
 *
 * @upstream malloc.c sqlite3DbMallocRaw
 * @divergence db-memory
 */
export function sqlite3DbMallocRaw(db: sqlite3 | null, n: number): Uint8Array | null {
  let p: Uint8Array | null;
  assert(db === null);
  p = sqlite3Malloc(n);
  return p;
}

/**
 * A copy of a C string on behalf of a connection; null for null, and when memory runs out.
 *
 * @upstream malloc.c sqlite3DbStrDup
 * @divergence db-memory
 */
export function sqlite3DbStrDup(db: sqlite3 | null, z: CString | null): CString | null {
  if (z === null) {
    return null;
  }
  const n = strlen(z) + 1;
  const zNew = sqlite3DbMallocRaw(db, n);
  if (zNew !== null) {
    memcpy(zNew, z, n);
  }
  return zNew;
}
