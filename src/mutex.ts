/**
 * Mutexes of one thread: the names and the allocations are upstream's, locking does nothing.
 *
 * A JavaScript agent runs the port on one thread and never yields inside it. What remains of
 * upstream's mutex.c and mutex_unix.c is the memory that a dynamic mutex costs (so that counted
 * allocations agree) and functions to call where C calls them.
 *
 * @upstream mutex.c
 * @divergence mutex-noop
 * @module
 */

import { sqlite3GlobalConfig } from "./global.js";
import { sqlite3_initialize } from "./main.js";
import { sqlite3_free, sqlite3MallocZero } from "./malloc.js";
import {
  assert,
  type Counted,
  SQLITE_MUTEX_RECURSIVE,
  SQLITE_OK,
  SQLITE_THREADSAFE,
  sizeof,
} from "./sqliteInt.js";

/** A mutex; `mem` is null for static ones. */
export class sqlite3_mutex implements Counted {
  /** One of SQLITE_MUTEX_*. */
  id: number;
  mem: Uint8Array | null;

  constructor(id: number, mem: Uint8Array | null) {
    this.id = id;
    this.mem = mem;
  }
}

/** What upstream's builds and configurations without mutexes hand out: never null, never looked into. */
const noMutex = new sqlite3_mutex(-1, null);

const aStatic: (sqlite3_mutex | undefined)[] = [];

/** xMutexAlloc: POSIX's, or the one that does nothing if core mutexes are configured off. NON-UPSTREAM. */
function mutexAlloc(id: number): sqlite3_mutex | null {
  if (!sqlite3GlobalConfig.bCoreMutex) return noMutex;
  if (id <= SQLITE_MUTEX_RECURSIVE) {
    const mem = sqlite3MallocZero(sizeof.sqlite3_mutex);
    return mem === null ? null : new sqlite3_mutex(id, mem);
  }
  let p = aStatic[id];
  if (p === undefined) {
    p = new sqlite3_mutex(id, null);
    aStatic[id] = p;
  }
  return p;
}

/** NON-UPSTREAM: stands for `sqlite3GlobalConfig.mutex`, the methods of mutexes that nobody contends for. */
const mutex = {
  xMutexAlloc: mutexAlloc,
  xMutexFree: (p: sqlite3_mutex): void => {
    if (p !== noMutex) sqlite3_free(p);
  },
  xMutexEnter: (_p: sqlite3_mutex): void => {},
  xMutexTry: (_p: sqlite3_mutex): number => SQLITE_OK,
  xMutexLeave: (_p: sqlite3_mutex): void => {},
  xMutexHeld: (_p: sqlite3_mutex): boolean => true,
  xMutexNotheld: (_p: sqlite3_mutex): boolean => true,
};

/**
 * As {@link sqlite3MutexAlloc}, for applications: initializes the library before it allocates, and
 * hands out a mutex even if core mutexes are configured off. Null if either fails.
 *
 * @upstream mutex.c sqlite3_mutex_alloc
 * @divergence mutex-noop
 */
export function sqlite3_mutex_alloc(id: number): sqlite3_mutex | null {
  if (SQLITE_THREADSAFE === 0) return noMutex; /* SQLITE_MUTEX_OMIT: a constant that is not null */
  if (id <= SQLITE_MUTEX_RECURSIVE && sqlite3_initialize()) return null;
  assert(mutex.xMutexAlloc);
  return mutex.xMutexAlloc(id);
}

/**
 * Returns a mutex of kind `id`, or null if memory ran out or core mutexes are configured off.
 * FAST and RECURSIVE ones are allocated, the static ones exist once each.
 *
 * @upstream mutex.c sqlite3MutexAlloc
 * @divergence mutex-noop
 */
export function sqlite3MutexAlloc(id: number): sqlite3_mutex | null {
  if (SQLITE_THREADSAFE === 0) return noMutex; /* SQLITE_MUTEX_OMIT: a constant that is not null */
  if (!sqlite3GlobalConfig.bCoreMutex) return null;
  assert(mutex.xMutexAlloc);
  return mutex.xMutexAlloc(id);
}

/**
 * Gives the memory of a FAST or RECURSIVE mutex back; null and the mutex that does nothing are ignored.
 *
 * @upstream mutex.c sqlite3_mutex_free
 */
export function sqlite3_mutex_free(p: sqlite3_mutex | null): void {
  if (p !== null) {
    assert(mutex.xMutexFree);
    mutex.xMutexFree(p);
  }
}

/** @upstream mutex.c sqlite3_mutex_enter */
export function sqlite3_mutex_enter(p: sqlite3_mutex | null): void {
  if (p !== null) {
    assert(mutex.xMutexEnter);
    mutex.xMutexEnter(p);
  }
}

/** Always succeeds. @upstream mutex.c sqlite3_mutex_try */
export function sqlite3_mutex_try(p: sqlite3_mutex | null): number {
  const rc = SQLITE_OK;
  if (p !== null) {
    assert(mutex.xMutexTry);
    return mutex.xMutexTry(p);
  }
  return rc;
}

/** @upstream mutex.c sqlite3_mutex_leave */
export function sqlite3_mutex_leave(p: sqlite3_mutex | null): void {
  if (p !== null) {
    assert(mutex.xMutexLeave);
    mutex.xMutexLeave(p);
  }
}

/** Always true: for asserts. @upstream mutex.c sqlite3_mutex_held */
export function sqlite3_mutex_held(p: sqlite3_mutex | null): boolean {
  assert(p === null || mutex.xMutexHeld);
  return p === null || mutex.xMutexHeld(p);
}

/** Always true: for asserts. @upstream mutex.c sqlite3_mutex_notheld */
export function sqlite3_mutex_notheld(p: sqlite3_mutex | null): boolean {
  assert(p === null || mutex.xMutexNotheld);
  return p === null || mutex.xMutexNotheld(p);
}

/** Operand of {@link sqlite3MemoryBarrier}: a fence needs some address. */
const barrier = new Int32Array(new SharedArrayBuffer(4));

/**
 * Memory shared with other processes that was written before this call is visible to them before
 * anything written after it. JavaScript has no bare fence; a sequentially consistent
 * read-modify-write orders everything around it, in the compiler and on the processor.
 *
 * @upstream mutex_unix.c sqlite3MemoryBarrier
 * @divergence memory-barrier
 */
export function sqlite3MemoryBarrier(): void {
  Atomics.add(barrier, 0, 1);
}
