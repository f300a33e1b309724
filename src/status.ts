/**
 * Counters of the whole library: bytes allocated, page cache slots in use, and their high-water marks.
 *
 * The counters are kept by malloc.c and pcache1.c, each under its own mutex. What upstream's file
 * reports per connection (sqlite3_db_status) belongs to layers above the pager.
 *
 * @upstream status.c
 * @module
 */

import { SQLITE_MISUSE_BKPT } from "./main.js";
import { sqlite3MallocMutex } from "./malloc.js";
import { sqlite3_mutex_enter, sqlite3_mutex_held, sqlite3_mutex_leave } from "./mutex.js";
import { sqlite3Pcache1Mutex } from "./pcache/pcache1.js";
import {
  assert,
  Ref,
  SQLITE_OK,
  SQLITE_STATUS_MALLOC_SIZE,
  SQLITE_STATUS_PAGECACHE_SIZE,
  SQLITE_STATUS_PARSER_STACK,
  sizeof,
} from "./sqliteInt.js";

/**
 * Ten counters: i64 where pointers have eight bytes, else u32 that wrap.
 *
 * @upstream status.c sqlite3StatValueType
 */
function statValues(): Float64Array | Uint32Array {
  return sizeof.ptr > 4 ? new Float64Array(10) : new Uint32Array(10);
}

/**
 * The counters, indexed by SQLITE_STATUS_*.
 *
 * @upstream status.c sqlite3StatType
 */
const sqlite3Stat = {
  /** Current values. */
  nowValue: statValues(),
  /** Largest values since the last reset. */
  mxValue: statValues(),
};

/** For each counter, 1 if the page cache's mutex protects it, 0 if the allocator's does. */
const statMutex: readonly number[] = [
  0 /* SQLITE_STATUS_MEMORY_USED */, 1 /* SQLITE_STATUS_PAGECACHE_USED */,
  1 /* SQLITE_STATUS_PAGECACHE_OVERFLOW */, 0 /* SQLITE_STATUS_SCRATCH_USED */,
  0 /* SQLITE_STATUS_SCRATCH_OVERFLOW */, 0 /* SQLITE_STATUS_MALLOC_SIZE */,
  0 /* SQLITE_STATUS_PARSER_STACK */, 1 /* SQLITE_STATUS_PAGECACHE_SIZE */,
  0 /* SQLITE_STATUS_SCRATCH_SIZE */, 0 /* SQLITE_STATUS_MALLOC_COUNT */,
];

/**
 * The current value of a counter. The caller holds the counter's mutex.
 *
 * @upstream status.c sqlite3StatusValue
 * @divergence status-values
 */
export function sqlite3StatusValue(op: number): number {
  assert(op >= 0 && op < sqlite3Stat.nowValue.length);
  assert(op >= 0 && op < statMutex.length);
  assert(sqlite3_mutex_held(statMutex[op] ? sqlite3Pcache1Mutex() : sqlite3MallocMutex()));
  return sqlite3Stat.nowValue[op];
}

/**
 * Adds `N` to a counter and raises its high-water mark if that is passed. The caller holds the
 * counter's mutex.
 *
 * @param N may be negative.
 * @upstream status.c sqlite3StatusUp
 * @divergence status-values
 */
export function sqlite3StatusUp(op: number, N: number): void {
  assert(op >= 0 && op < sqlite3Stat.nowValue.length);
  assert(op >= 0 && op < statMutex.length);
  assert(sqlite3_mutex_held(statMutex[op] ? sqlite3Pcache1Mutex() : sqlite3MallocMutex()));
  sqlite3Stat.nowValue[op] += N;
  if (sqlite3Stat.nowValue[op] > sqlite3Stat.mxValue[op]) {
    sqlite3Stat.mxValue[op] = sqlite3Stat.nowValue[op];
  }
}

/**
 * Takes `N` off a counter; the high-water mark stays. The caller holds the counter's mutex.
 *
 * @param N not negative.
 * @upstream status.c sqlite3StatusDown
 * @divergence status-values
 */
export function sqlite3StatusDown(op: number, N: number): void {
  assert(N >= 0);
  assert(op >= 0 && op < statMutex.length);
  assert(sqlite3_mutex_held(statMutex[op] ? sqlite3Pcache1Mutex() : sqlite3MallocMutex()));
  assert(op >= 0 && op < sqlite3Stat.nowValue.length);
  sqlite3Stat.nowValue[op] -= N;
}

/**
 * Raises the high-water mark of a counter to `X` if it is lower. Only for the counters that record
 * the size of the largest request. The caller holds the counter's mutex.
 *
 * @param X not negative.
 * @upstream status.c sqlite3StatusHighwater
 * @divergence status-values
 */
export function sqlite3StatusHighwater(op: number, X: number): void {
  assert(X >= 0);
  const newValue = X;
  assert(op >= 0 && op < sqlite3Stat.nowValue.length);
  assert(op >= 0 && op < statMutex.length);
  assert(sqlite3_mutex_held(statMutex[op] ? sqlite3Pcache1Mutex() : sqlite3MallocMutex()));
  assert(
    op === SQLITE_STATUS_MALLOC_SIZE ||
      op === SQLITE_STATUS_PAGECACHE_SIZE ||
      op === SQLITE_STATUS_PARSER_STACK,
  );
  if (newValue > sqlite3Stat.mxValue[op]) {
    sqlite3Stat.mxValue[op] = newValue;
  }
}

/**
 * Reports a counter to the application.
 *
 * @param op one of SQLITE_STATUS_*.
 * @param pCurrent receives the current value.
 * @param pHighwater receives the high-water mark.
 * @param resetFlag non-zero: afterwards the mark is set back to the current value.
 * @returns SQLITE_OK, or SQLITE_MISUSE for an unknown counter (then nothing is written).
 * @upstream status.c sqlite3_status64
 * @divergence status-values
 * @divergence api-armor
 */
export function sqlite3_status64(
  op: number,
  pCurrent: Ref<number>,
  pHighwater: Ref<number>,
  resetFlag: number,
): number {
  if (op < 0 || op >= sqlite3Stat.nowValue.length) {
    return SQLITE_MISUSE_BKPT(25145);
  }
  const pMutex = statMutex[op] ? sqlite3Pcache1Mutex() : sqlite3MallocMutex();
  sqlite3_mutex_enter(pMutex);
  pCurrent.value = sqlite3Stat.nowValue[op];
  pHighwater.value = sqlite3Stat.mxValue[op];
  if (resetFlag) {
    sqlite3Stat.mxValue[op] = sqlite3Stat.nowValue[op];
  }
  sqlite3_mutex_leave(pMutex);
  return SQLITE_OK;
}

/**
 * As {@link sqlite3_status64}, with values cut to 32 bits (signed).
 *
 * @upstream status.c sqlite3_status
 * @divergence api-armor
 */
export function sqlite3_status(
  op: number,
  pCurrent: Ref<number>,
  pHighwater: Ref<number>,
  resetFlag: number,
): number {
  const iCur = new Ref(0);
  const iHwtr = new Ref(0);
  const rc = sqlite3_status64(op, iCur, iHwtr, resetFlag);
  if (rc === 0) {
    pCurrent.value = iCur.value | 0;
    pHighwater.value = iHwtr.value | 0;
  }
  return rc;
}
