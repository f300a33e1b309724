/**
 * Announces allocations whose failure does no harm.
 *
 * A few callers can go on without the memory they ask for. They say so with a pair of calls around
 * the allocation; a test that makes the n-th allocation fail registers two hooks here and learns
 * from them that a failure inside the pair need not surface as SQLITE_NOMEM.
 *
 * @upstream fault.c
 * @module
 */

/**
 * The two hooks; null until somebody registers them.
 *
 * @upstream fault.c BenignMallocHooks
 */
const sqlite3Hooks: { xBenignBegin: (() => void) | null; xBenignEnd: (() => void) | null } = {
  xBenignBegin: null,
  xBenignEnd: null,
};

/**
 * Registers what the next two functions call; null for nothing.
 *
 * @upstream fault.c sqlite3BenignMallocHooks
 */
export function sqlite3BenignMallocHooks(
  xBenignBegin: (() => void) | null,
  xBenignEnd: (() => void) | null,
): void {
  sqlite3Hooks.xBenignBegin = xBenignBegin;
  sqlite3Hooks.xBenignEnd = xBenignEnd;
}

/**
 * From here on a failed allocation is harmless, until {@link sqlite3EndBenignMalloc}.
 *
 * @upstream fault.c sqlite3BeginBenignMalloc
 */
export function sqlite3BeginBenignMalloc(): void {
  if (sqlite3Hooks.xBenignBegin) {
    sqlite3Hooks.xBenignBegin();
  }
}

/**
 * From here on a failed allocation matters again.
 *
 * @upstream fault.c sqlite3EndBenignMalloc
 */
export function sqlite3EndBenignMalloc(): void {
  if (sqlite3Hooks.xBenignEnd) {
    sqlite3Hooks.xBenignEnd();
  }
}
