/**
 * Allocation: sizes, counters and heap limits as real SQLite counts them.
 *
 * The numbers come from a C program that made the same calls against the amalgamation, compiled with
 * the options of better-sqlite3.
 */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromCString, toCString } from "./cstring.js";
import { sqlite3Config } from "./global.js";
import { sqlite3_config, sqlite3_initialize, sqlite3_shutdown } from "./main.js";
import {
  sqlite3_free,
  sqlite3_hard_heap_limit64,
  sqlite3_malloc,
  sqlite3_malloc64,
  sqlite3_memory_highwater,
  sqlite3_memory_used,
  sqlite3_msize,
  sqlite3_realloc,
  sqlite3_realloc64,
  sqlite3_release_memory,
  sqlite3_soft_heap_limit,
  sqlite3_soft_heap_limit64,
  sqlite3DbFree,
  sqlite3DbMallocRaw,
  sqlite3DbMallocSize,
  sqlite3DbStrDup,
  sqlite3HeapNearlyFull,
  sqlite3Malloc,
  sqlite3MallocMutex,
  sqlite3MallocSize,
  sqlite3MallocZero,
  sqlite3Realloc,
} from "./malloc.js";
import {
  type Counted,
  type CString,
  Ref,
  ROUND8,
  SQLITE_CONFIG_GETMALLOC,
  SQLITE_CONFIG_LOG,
  SQLITE_CONFIG_MALLOC,
  SQLITE_CONFIG_MEMSTATUS,
  SQLITE_CONFIG_PAGECACHE,
  SQLITE_MAX_ALLOCATION_SIZE,
  SQLITE_NOMEM,
  SQLITE_OK,
  SQLITE_STATUS_MALLOC_COUNT,
  SQLITE_STATUS_MALLOC_SIZE,
  SQLITE_STATUS_MEMORY_USED,
  type sqlite3_mem_methods,
} from "./sqliteInt.js";
import { sqlite3_status64 } from "./status.js";

const m0 = (() => {
  const p = new Ref<sqlite3_mem_methods | null>(null);
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, p);
  return p.value!;
})();

function start(memstat: number, methods: sqlite3_mem_methods = m0): void {
  expect(sqlite3_shutdown()).toBe(SQLITE_OK);
  expect(sqlite3_config(SQLITE_CONFIG_MALLOC, methods)).toBe(SQLITE_OK);
  expect(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, memstat)).toBe(SQLITE_OK);
  expect(sqlite3_initialize()).toBe(SQLITE_OK);
}

function status(op: number, reset = 0): [number, number] {
  const now = new Ref(-1);
  const high = new Ref(-1);
  expect(sqlite3_status64(op, now, high, reset)).toBe(SQLITE_OK);
  return [now.value, high.value];
}

beforeEach(() => {
  start(0);
});

afterEach(() => {
  sqlite3_config(SQLITE_CONFIG_LOG, null, null);
});

describe("blocks", () => {
  it("have the size that was asked for, or the next multiple of 8 if they are counted", () => {
    for (const n of [1, 7, 8, 9, 13, 100, 4096, 65543]) {
      const p = sqlite3Malloc(n)!;
      expect([sqlite3MallocSize(p), sqlite3_msize(p), p.length, p.byteOffset % 8]).toEqual([n, n, n, 0]);
      expect(p.buffer.byteLength).toBe(ROUND8(n));
      sqlite3_free(p);
    }
    start(1);
    for (const n of [1, 7, 8, 9, 13, 100, 4096, 65543]) {
      const p = sqlite3_malloc(n)!;
      expect(sqlite3MallocSize(p)).toBe(ROUND8(n));
      sqlite3_free(p);
    }
    expect(sqlite3_memory_used()).toBe(0);
  });

  it("of no size or of too many bytes do not exist", () => {
    expect(sqlite3Malloc(0)).toBeNull();
    expect(sqlite3_malloc(-5)).toBeNull();
    expect(sqlite3_malloc64(SQLITE_MAX_ALLOCATION_SIZE + 1)).toBeNull();
    expect(sqlite3MallocZero(0)).toBeNull();
    const p = sqlite3_malloc(5)!;
    expect(sqlite3_realloc64(p, SQLITE_MAX_ALLOCATION_SIZE + 1)).toBeNull();
    expect(sqlite3_msize(p)).toBe(5);
    expect(sqlite3_msize(null)).toBe(0);
    sqlite3_free(null);
  });

  it("keep their content when they change size", () => {
    let p = sqlite3_malloc(10)!;
    p.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const q = sqlite3_realloc(p, 30)!;
    expect(q).not.toBe(p);
    expect([...q.subarray(0, 10)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(sqlite3_msize(q)).toBe(32);
    expect(sqlite3_realloc(q, 31)).toBe(q);
    p = sqlite3_realloc(q, 3)!;
    expect([...p]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(sqlite3_realloc(p, -1)).toBeNull();
    expect(sqlite3_msize(sqlite3_realloc(null, 4))).toBe(4);
    expect(sqlite3Realloc(null, 0)).toBeNull();
  });

  it("are zeroed on request, whatever the allocator leaves in them", () => {
    start(0, { ...m0, xMalloc: (n) => m0.xMalloc(n)?.fill(0xaa) ?? null });
    expect([...sqlite3Malloc(3)!]).toEqual([0xaa, 0xaa, 0xaa]);
    expect([...sqlite3MallocZero(3)!]).toEqual([0, 0, 0]);
  });

  it("may be made on behalf of no connection", () => {
    const z = sqlite3DbStrDup(null, toCString("abc"))!;
    expect([...z]).toEqual([0x61, 0x62, 0x63, 0]);
    expect(sqlite3DbMallocSize(null, z)).toBe(4);
    expect(sqlite3DbStrDup(null, null)).toBeNull();
    expect(sqlite3DbMallocRaw(null, 0)).toBeNull();
    sqlite3DbFree(null, z);
    sqlite3DbFree(null, null);
    start(0, { ...m0, xMalloc: (n) => (n === 4 ? null : m0.xMalloc(n)) });
    expect(sqlite3DbStrDup(null, toCString("abc"))).toBeNull();
  });

  it("may stand behind a struct", () => {
    const freed: Uint8Array[] = [];
    start(1, { ...m0, xFree: (p) => void freed.push(p) });
    const p: Counted = { mem: sqlite3MallocZero(44) };
    expect(sqlite3MallocSize(p)).toBe(48);
    expect(sqlite3_msize(p)).toBe(48);
    expect(sqlite3_memory_used()).toBe(48);
    freed.length = 0;
    sqlite3_free(p);
    expect(freed).toEqual([p.mem]);
    expect(freed[0]).toBe(p.mem);
    expect(sqlite3_memory_used()).toBe(0);
  });

  it("the engine cannot provide are a logged failure", () => {
    const log: string[] = [];
    sqlite3_config(SQLITE_CONFIG_LOG, (_: unknown, rc: number, z: CString) =>
      log.push(`${rc} ${fromCString(z)}`),
    );
    const Original = globalThis.Uint8Array;
    const p = sqlite3_malloc(5)!;
    class NoRoom extends Original {
      constructor(...args: unknown[]) {
        if (args[0] === 1600) throw new RangeError("Array buffer allocation failed");
        super(...(args as [number]));
      }
    }
    Object.defineProperty(NoRoom, Symbol.hasInstance, { value: (x: unknown) => x instanceof Original });
    globalThis.Uint8Array = NoRoom as unknown as Uint8ArrayConstructor;
    try {
      expect(sqlite3_malloc(1600)).toBeNull();
      expect(sqlite3_realloc(p, 1600)).toBeNull();
    } finally {
      globalThis.Uint8Array = Original;
    }
    expect(log).toEqual([
      `${SQLITE_NOMEM} failed to allocate 1600 bytes of memory`,
      `${SQLITE_NOMEM} failed memory resize 5 to 1600 bytes`,
    ]);
  });
});

describe("the configured allocator", () => {
  it("is copied, and called with sizes that it rounded", () => {
    const calls: string[] = [];
    const mine: sqlite3_mem_methods = {
      xMalloc: (n) => (calls.push(`malloc ${n}`), m0.xMalloc(n)),
      xFree: (p) => void calls.push(`free ${p.length}`),
      xRealloc: (p, n) => (calls.push(`realloc ${p.length} ${n}`), m0.xRealloc(p, n)),
      xSize: (p) => p.length,
      xRoundup: (n) => (calls.push(`roundup ${n}`), Math.ceil(n / 100) * 100),
      xInit: (x) => (calls.push(`init ${String(x)}`), SQLITE_OK),
      xShutdown: (x) => void calls.push(`shutdown ${String(x)}`),
      pAppData: "app",
    };
    start(1, mine);
    mine.xMalloc = () => null; /* too late: it was copied */
    expect(calls[0]).toBe("init app");
    calls.length = 0;
    const p = sqlite3_malloc(10);
    const q = sqlite3_realloc(p, 150);
    sqlite3_free(q);
    expect(calls).toEqual(["roundup 10", "malloc 100", "roundup 150", "realloc 100 200", "free 200"]);
    sqlite3_shutdown();
    expect(calls.at(-1)).toBe("shutdown app");
  });

  it("may refuse to start", () => {
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_MALLOC, { ...m0, xInit: () => SQLITE_NOMEM });
    expect(sqlite3_initialize()).toBe(SQLITE_NOMEM);
    expect(sqlite3_malloc(5)).toBeNull();
    expect(sqlite3_malloc64(5)).toBeNull();
    expect(sqlite3_realloc(null, 5)).toBeNull();
    expect(sqlite3_realloc64(null, 5)).toBeNull();
    expect(sqlite3_soft_heap_limit64(5)).toBe(-1);
    expect(sqlite3_hard_heap_limit64(5)).toBe(-1);
    start(0);
  });
});

describe("heap limits", () => {
  it("bound each other", () => {
    start(1);
    expect(sqlite3_soft_heap_limit64(-1)).toBe(0);
    expect(sqlite3_soft_heap_limit64(5000)).toBe(0);
    expect(sqlite3_soft_heap_limit64(-1)).toBe(5000);
    expect(sqlite3_hard_heap_limit64(-1)).toBe(0);
    expect(sqlite3_hard_heap_limit64(3000)).toBe(0);
    expect(sqlite3_soft_heap_limit64(-1)).toBe(3000);
    expect(sqlite3_soft_heap_limit64(9000)).toBe(3000);
    expect(sqlite3_soft_heap_limit64(0)).toBe(3000);
    expect(sqlite3_soft_heap_limit64(-1)).toBe(3000);
    expect(sqlite3_hard_heap_limit64(-1)).toBe(3000);
  });

  it("make allocations fail", () => {
    start(1);
    sqlite3_memory_highwater(1);
    status(SQLITE_STATUS_MALLOC_SIZE, 1);
    status(SQLITE_STATUS_MALLOC_COUNT, 1);
    sqlite3_hard_heap_limit64(3000);
    const z = sqlite3_malloc(2000)!;
    expect([z !== null, sqlite3HeapNearlyFull()]).toEqual([true, 0]);
    let z2 = sqlite3_malloc(2000);
    expect([z2, sqlite3HeapNearlyFull()]).toEqual([null, 1]);
    expect(sqlite3_realloc(z, 4000)).toBeNull();
    z2 = sqlite3_malloc(500);
    expect([z2 !== null, sqlite3HeapNearlyFull()]).toEqual([true, 0]);
    sqlite3_free(z2);
    z2 = sqlite3_malloc(992);
    expect(z2).not.toBeNull();
    sqlite3_free(z2);
    z2 = sqlite3_malloc(1000);
    expect(z2).toBeNull();
    expect(sqlite3_memory_used()).toBe(2000);
    expect(sqlite3_memory_highwater(1)).toBe(2992);
    expect(sqlite3_memory_highwater(0)).toBe(2000);
    expect(status(SQLITE_STATUS_MALLOC_SIZE, 1)).toEqual([0, 4000]);
    expect(status(SQLITE_STATUS_MALLOC_SIZE)).toEqual([0, 0]);
    expect(status(SQLITE_STATUS_MALLOC_COUNT)).toEqual([1, 2]);
    sqlite3_free(z);
    sqlite3_hard_heap_limit64(0);
    expect(sqlite3_soft_heap_limit64(0)).toBe(0);
    expect(sqlite3_soft_heap_limit64(-1)).toBe(0);
    sqlite3_soft_heap_limit(-3);
    expect(sqlite3_soft_heap_limit64(-1)).toBe(0);
  });

  it("are compared with what is in use already, and end with the library", () => {
    start(1);
    const z = sqlite3_malloc(100);
    sqlite3_soft_heap_limit64(50);
    expect(sqlite3HeapNearlyFull()).toBe(1);
    sqlite3_soft_heap_limit64(105);
    expect(sqlite3HeapNearlyFull()).toBe(0);
    expect(sqlite3_release_memory(100)).toBe(0);
    sqlite3_free(z);
    start(0);
    expect(sqlite3_soft_heap_limit64(-1)).toBe(0);
    expect(sqlite3HeapNearlyFull()).toBe(0);
  });

  it("only slow a failing allocation down if they are soft", () => {
    let fail = false;
    start(1, {
      ...m0,
      xMalloc: (n) => (fail ? null : m0.xMalloc(n)),
      xRealloc: (p, n) => (fail ? null : m0.xRealloc(p, n)),
    });
    const z = sqlite3_malloc(96);
    sqlite3_soft_heap_limit64(100);
    const z2 = sqlite3_malloc(96);
    expect([z2 !== null, sqlite3HeapNearlyFull()]).toEqual([true, 1]);
    fail = true;
    expect(sqlite3_malloc(96)).toBeNull();
    expect(sqlite3_realloc(z, 200)).toBeNull();
    expect(sqlite3_memory_used()).toBe(192);
    sqlite3_free(z);
    sqlite3_free(z2);
    expect(sqlite3_memory_used()).toBe(0);
    expect(status(SQLITE_STATUS_MEMORY_USED)[0]).toBe(0);
  });
});

describe("sqlite3MallocInit", () => {
  it("forgets page cache memory that is of no use", () => {
    for (const [pPage, szPage, nPage, szAfter] of [
      [new Uint8Array(5120), 512, 10, 512],
      [new Uint8Array(5110), 511, 10, 0],
      [new Uint8Array(5120), 512, 0, 0],
      [null, 512, 10, 0],
    ] as const) {
      sqlite3_shutdown();
      sqlite3_config(SQLITE_CONFIG_PAGECACHE, pPage, szPage, nPage);
      expect(sqlite3_initialize()).toBe(SQLITE_OK);
      expect([sqlite3Config.szPage, sqlite3Config.pPage]).toEqual([szAfter, szAfter ? pPage : null]);
    }
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, null, 0, 20);
    sqlite3_initialize();
  });

  it("keeps the allocator's mutex for sqlite3_status", () => {
    expect(sqlite3MallocMutex()).not.toBeNull();
    sqlite3_shutdown();
    expect(sqlite3MallocMutex()).toBeNull();
  });
});
