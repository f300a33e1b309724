/**
 * Tests of the page cache as the pager uses it: headers, references, the dirty list, spilling.
 *
 * They run on the default module and on a small one of their own that hands out bare pages.
 */

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sqlite3GlobalConfig } from "../global.js";
import { sqlite3_config, sqlite3_initialize, sqlite3_shutdown } from "../main.js";
import {
  type PagerMirrorOptions,
  Ref,
  ROUND8,
  SQLITE_BUSY,
  SQLITE_CONFIG_MALLOC,
  SQLITE_CONFIG_PCACHE2,
  SQLITE_IOERR,
  SQLITE_NOMEM,
  SQLITE_OK,
  sizeof,
  type sqlite3_mem_methods,
  type sqlite3_pcache_methods2,
  type sqlite3_pcache_page,
} from "../sqliteInt.js";
import {
  PCache,
  PGHDR_CLEAN,
  PGHDR_DIRTY,
  PGHDR_DONT_WRITE,
  PGHDR_NEED_SYNC,
  PGHDR_WRITEABLE,
  type PgHdr,
  sqlite3HeaderSizePcache,
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
  sqlite3PcachePageSanity,
  sqlite3PcacheRef,
  sqlite3PcacheRefCount,
  sqlite3PcacheRelease,
  sqlite3PcacheSetCachesize,
  sqlite3PcacheSetPageSize,
  sqlite3PcacheSetSpillsize,
  sqlite3PcacheShrink,
  sqlite3PcacheSize,
  sqlite3PcacheTruncate,
} from "./pcache.js";

const defaultMem = { ...sqlite3GlobalConfig.m };
const EXTRA = 136;
type Stress = (p: unknown, pPg: PgHdr) => number;

function open(xStress: Stress | null = null, bPurgeable = 1, szPage = 512): PCache {
  const p = new PCache();
  expect(sqlite3PcacheOpen(szPage, EXTRA, bPurgeable, xStress, "stress", p)).toBe(SQLITE_OK);
  return p;
}

/** Fetches as the pager does: the fast way, then with stress. Null if out of memory. */
function get(p: PCache, pgno: number): PgHdr | null {
  let pg = sqlite3PcacheFetch(p, pgno, 3);
  if (pg === null) {
    const ref = new Ref<sqlite3_pcache_page | null>(null);
    const rc = sqlite3PcacheFetchStress(p, pgno, ref);
    if (rc !== SQLITE_OK || ref.value === null) return null;
    pg = ref.value;
  }
  return sqlite3PcacheFetchFinish(p, pgno, pg);
}

/** Numbers of the dirty pages, newest first; checks every link and counter that goes with them. */
function dirty(p: PCache): number[] {
  const forth: PgHdr[] = [];
  sqlite3PcacheIterateDirty(p, (pg) => forth.push(pg));
  const back: PgHdr[] = [];
  for (let pg = p.pDirtyTail; pg !== null; pg = pg.pDirtyPrev) back.push(pg);
  expect(back.reverse().map((x) => x.pgno)).toEqual(forth.map((x) => x.pgno));
  for (const pg of forth) {
    if (pg.flags & PGHDR_CLEAN) throw new Error(`page ${pg.pgno} is clean`);
    if (sqlite3PcachePageSanity(pg) !== 1) throw new Error(`page ${pg.pgno} is not sane`);
  }
  expect(p.eCreate).toBe(p.bPurgeable && forth.length ? 1 : 2);
  if (p.pSynced !== null) expect(forth).toContain(p.pSynced);
  expect(sqlite3PCacheIsDirty(p)).toBe(forth.length ? 1 : 0);
  return forth.map((x) => x.pgno);
}

beforeEach(() => {
  expect(sqlite3_initialize()).toBe(SQLITE_OK);
});

afterEach(() => {
  sqlite3_shutdown();
  sqlite3_config(SQLITE_CONFIG_MALLOC, defaultMem);
});

describe("headers and references", () => {
  test("a new page", () => {
    const p = open();
    const slot = sqlite3PcacheFetch(p, 9, 3)!;
    expect(slot.pHdr).toBeNull();
    slot.pExtra.fill(0xee);
    const pg = sqlite3PcacheFetchFinish(p, 9, slot);
    expect(slot.pHdr).toBe(pg);
    expect(pg.pPage).toBe(slot);
    expect(pg.pCache).toBe(p);
    expect(pg.pData).toBe(slot.pBuf);
    expect(pg.pData.length).toBe(512);
    expect(pg.pExtra.length).toBe(EXTRA);
    expect(pg.pExtra.byteOffset - slot.pExtra.byteOffset).toBe(ROUND8(sizeof.PgHdr));
    expect([...pg.pExtra.subarray(0, 9)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0xee]);
    expect([pg.pgno, pg.flags, pg.nRef]).toEqual([9, PGHDR_CLEAN, 1]);
    expect(sqlite3PcacheFetchFinish(p, 9, sqlite3PcacheFetch(p, 9, 0)!)).toBe(pg);
    sqlite3PcacheRef(pg);
    expect(sqlite3PcachePageRefcount(pg)).toBe(3);
    expect(sqlite3PcacheRefCount(p)).toBe(3);
    for (let i = 0; i < 3; i++) sqlite3PcacheRelease(pg);
    expect(sqlite3PcacheRefCount(p)).toBe(0);
    expect(sqlite3PcachePagecount(p)).toBe(1);
    sqlite3PcacheClose(p);
  });

  test("a recycled slot keeps its header object, and loses what the page before left in it", () => {
    const p = open();
    const a = get(p, 1)!;
    a.pPager = {} as NonNullable<PgHdr["pPager"]>;
    a.pageHash = 5;
    sqlite3PcacheMakeDirty(a);
    a.flags |= PGHDR_WRITEABLE;
    a.pExtra.fill(7);
    sqlite3PcacheDrop(a);
    const b = get(p, 2)!;
    expect(b).toBe(a);
    expect([b.pgno, b.flags, b.nRef, b.pageHash]).toEqual([2, PGHDR_CLEAN, 1, 0]);
    expect(b.pPager).toBeNull();
    expect([...b.pExtra.subarray(0, 9)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 7]);
    expect(dirty(p)).toEqual([]);
    sqlite3PcacheRelease(b);
    sqlite3PcacheClose(p);
  });

  test("a page found again is the same, with its extra space as it was", () => {
    const p = open();
    const a = get(p, 1)!;
    a.pExtra.fill(3);
    a.pData.fill(4);
    sqlite3PcacheRelease(a);
    expect(get(p, 1)).toBe(a);
    expect(a.pExtra.every((x) => x === 3)).toBe(true);
    expect(a.pData.every((x) => x === 4)).toBe(true);
    sqlite3PcacheRelease(a);
    sqlite3PcacheClose(p);
  });

  test("fetching without creating", () => {
    const p = open();
    expect(sqlite3PcacheFetch(p, 1, 0)).toBeNull();
    expect(sqlite3PcachePagecount(p)).toBe(0);
    sqlite3PcacheClose(p);
  });

  test("pages of a cache without backing store stay pinned", () => {
    const p = open(null, 0);
    sqlite3PcacheSetCachesize(p, 2);
    for (let i = 1; i <= 50; i++) {
      const pg = get(p, i)!;
      pg.pData[0] = i;
      if (i % 2) sqlite3PcacheMakeDirty(pg);
      sqlite3PcacheRelease(pg);
    }
    dirty(p);
    sqlite3PcacheShrink(p);
    expect(sqlite3PcachePagecount(p)).toBe(50);
    for (let i = 1; i <= 50; i++) {
      const pg = sqlite3PcacheFetchFinish(p, i, sqlite3PcacheFetch(p, i, 0)!);
      expect(pg.pData[0]).toBe(i);
      sqlite3PcacheRelease(pg);
    }
    sqlite3PcacheClose(p);
  });

  test("sizes", () => {
    expect(sqlite3PcacheSize()).toBe(sizeof.PCache);
    expect(sqlite3HeaderSizePcache()).toBe(ROUND8(sizeof.PgHdr));
  });
});

describe("dirty list", () => {
  test("newest first; releasing the last reference makes a page the newest", () => {
    const p = open();
    const pages = [5, 3, 9].map((k) => get(p, k)!);
    for (const pg of pages) sqlite3PcacheMakeDirty(pg);
    expect(dirty(p)).toEqual([9, 3, 5]);
    sqlite3PcacheMakeDirty(pages[0]!);
    expect(dirty(p)).toEqual([9, 3, 5]);
    sqlite3PcacheRef(pages[0]!);
    sqlite3PcacheRelease(pages[0]!);
    expect(dirty(p)).toEqual([9, 3, 5]);
    sqlite3PcacheRelease(pages[0]!);
    expect(dirty(p)).toEqual([5, 9, 3]);
    sqlite3PcacheMakeClean(pages[2]!);
    expect(dirty(p)).toEqual([5, 3]);
    expect(pages[2]!.nRef).toBe(1);
    sqlite3PcacheCleanAll(p);
    expect(dirty(p)).toEqual([]);
    expect(p.pSynced).toBeNull();
    sqlite3PcacheRelease(pages[1]!);
    sqlite3PcacheRelease(pages[2]!);
    expect(sqlite3PcacheRefCount(p)).toBe(0);
    sqlite3PcacheClose(p);
  });

  test("flags", () => {
    const p = open();
    const a = get(p, 1)!;
    const b = get(p, 2)!;
    for (const pg of [a, b]) {
      sqlite3PcacheMakeDirty(pg);
      pg.flags |= PGHDR_WRITEABLE | PGHDR_NEED_SYNC | PGHDR_DONT_WRITE;
    }
    p.pSynced = null;
    sqlite3PcacheClearSyncFlags(p);
    expect(a.flags).toBe(PGHDR_DIRTY | PGHDR_WRITEABLE | PGHDR_DONT_WRITE);
    expect(p.pSynced).toBe(a);
    sqlite3PcacheMakeDirty(a);
    expect(a.flags).toBe(PGHDR_DIRTY | PGHDR_WRITEABLE);
    b.flags |= PGHDR_NEED_SYNC;
    p.pSynced = null;
    sqlite3PcacheClearWritable(p);
    expect(p.pSynced).toBe(a);
    expect(a.flags).toBe(PGHDR_DIRTY);
    expect(b.flags).toBe(PGHDR_DIRTY | PGHDR_DONT_WRITE);
    b.flags |= PGHDR_NEED_SYNC | PGHDR_WRITEABLE;
    sqlite3PcacheMakeClean(b);
    expect(b.flags).toBe(PGHDR_CLEAN | PGHDR_DONT_WRITE);
    sqlite3PcacheClear(p);
    sqlite3PcacheClose(p);
  });

  test("sorted list against an independent sort", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 0xfffffffe }), { maxLength: 200, size: "max" }),
        fc.array(fc.nat(1000), { maxLength: 20, size: "max" }),
        (keys, clean) => {
          const p = open(null, 0);
          for (const k of keys) sqlite3PcacheMakeDirty(get(p, k)!);
          const left = new Set(keys);
          for (const c of clean) {
            if (keys.length === 0) break;
            const k = keys[c % keys.length]!;
            if (!left.delete(k)) continue;
            sqlite3PcacheMakeClean(get(p, k)!);
          }
          for (let round = 0; round < 2; round++) {
            const got: number[] = [];
            for (let pg = sqlite3PcacheDirtyList(p); pg !== null; pg = pg.pDirty) got.push(pg.pgno);
            expect(got).toEqual([...left].sort((x, y) => x - y));
          }
          expect(dirty(p).length).toBe(left.size);
          sqlite3PcacheClose(p);
        },
      ),
      { numRuns: 100, seed: 20261 },
    );
  });

  test("a long list sorts as well", () => {
    const p = open(null, 0);
    const n = 5000;
    for (let i = 0; i < n; i++) sqlite3PcacheMakeDirty(get(p, ((i * 7919) % n) + 1)!);
    let want = 1;
    for (let pg = sqlite3PcacheDirtyList(p); pg !== null; pg = pg.pDirty) expect(pg.pgno).toBe(want++);
    expect(want).toBe(n + 1);
    sqlite3PcacheClose(p);
  });

  test("percentage of dirty pages", () => {
    const p = open();
    sqlite3PcacheSetCachesize(p, 30);
    expect(sqlite3PCachePercentDirty(p)).toBe(0);
    for (let i = 1; i <= 10; i++) sqlite3PcacheMakeDirty(get(p, i)!);
    expect(sqlite3PCachePercentDirty(p)).toBe(33);
    sqlite3PcacheSetCachesize(p, 3);
    expect(sqlite3PCachePercentDirty(p)).toBe(333);
    sqlite3PcacheSetCachesize(p, 0);
    expect(sqlite3PCachePercentDirty(p)).toBe(0);
    sqlite3PcacheClose(p);
  });
});

describe("sizes of the cache", () => {
  test("pages or KiB", () => {
    const p = open(null, 1, 1024);
    expect(sqlite3PcacheGetCachesize(p)).toBe(100);
    sqlite3PcacheSetCachesize(p, 7);
    expect(sqlite3PcacheGetCachesize(p)).toBe(7);
    sqlite3PcacheSetCachesize(p, -2000);
    expect(sqlite3PcacheGetCachesize(p)).toBe(Math.floor(2048000 / (1024 + EXTRA)));
    sqlite3PcacheSetCachesize(p, -2147483648);
    expect(sqlite3PcacheGetCachesize(p)).toBe(1000000000);
    sqlite3PcacheSetCachesize(p, 50);
    expect(sqlite3PcacheSetSpillsize(p, 0)).toBe(50);
    expect(sqlite3PcacheSetSpillsize(p, 80)).toBe(80);
    expect(sqlite3PcacheSetSpillsize(p, 0)).toBe(80);
    expect(sqlite3PcacheSetSpillsize(p, 20)).toBe(50);
    expect(p.szSpill).toBe(20);
    expect(sqlite3PcacheSetSpillsize(p, -100)).toBe(Math.floor(102400 / (1024 + EXTRA)));
    sqlite3PcacheClose(p);
  });

  test("a spill size that overflows an int wraps as in C", () => {
    const p = new PCache();
    expect(sqlite3PcacheOpen(512, 8, 1, null, null, p)).toBe(SQLITE_OK);
    sqlite3PcacheSetSpillsize(p, -2147483648);
    expect(p.szSpill).toBe(Number(BigInt.asIntN(32, (1024n * 2147483648n) / 520n)));
    sqlite3PcacheClose(p);
  });

  test("changing the page size empties the cache", () => {
    const p = open();
    sqlite3PcacheRelease(get(p, 1)!);
    expect(sqlite3PcacheSetPageSize(p, 4096)).toBe(SQLITE_OK);
    expect(sqlite3PcachePagecount(p)).toBe(0);
    const pg = get(p, 1)!;
    expect(pg.pData.length).toBe(4096);
    sqlite3PcacheRelease(pg);
    sqlite3PcacheClose(p);
  });
});

describe("spilling", () => {
  /** A cache of 10 pages full of dirty ones, in order of release; xStress as given. */
  function full(xStress: Stress): { p: PCache; pages: PgHdr[] } {
    const p = open(xStress);
    sqlite3PcacheSetCachesize(p, 10);
    const pages = Array.from({ length: 9 }, (_, i) => get(p, i + 1)!);
    for (const pg of pages) sqlite3PcacheMakeDirty(pg);
    for (const pg of pages) sqlite3PcacheRelease(pg);
    expect(dirty(p)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    return { p, pages };
  }

  test("the oldest page goes first, and its slot is what the new page gets", () => {
    const spilled: [unknown, number][] = [];
    const { p, pages } = full((arg, pg) => {
      spilled.push([arg, pg.pgno]);
      sqlite3PcacheMakeClean(pg);
      return SQLITE_OK;
    });
    expect(sqlite3PcacheFetch(p, 100, 3)).toBeNull();
    const ref = new Ref<sqlite3_pcache_page | null>(null);
    expect(sqlite3PcacheFetchStress(p, 100, ref)).toBe(SQLITE_OK);
    expect(spilled).toEqual([["stress", 1]]);
    expect(ref.value).toBe(pages[0]!.pPage ?? ref.value);
    const pg = sqlite3PcacheFetchFinish(p, 100, ref.value!);
    expect(pg).toBe(pages[0]);
    expect(pg.pgno).toBe(100);
    expect(dirty(p)).toEqual([9, 8, 7, 6, 5, 4, 3, 2]);
    sqlite3PcacheRelease(pg);
    sqlite3PcacheClear(p);
    sqlite3PcacheClose(p);
  });

  test("a page that needs no sync is preferred, a referenced one never taken", () => {
    const spilled: number[] = [];
    const { p, pages } = full((_arg, pg) => {
      spilled.push(pg.pgno);
      sqlite3PcacheMakeClean(pg);
      return SQLITE_OK;
    });
    for (const i of [0, 1, 3, 4, 5, 6, 7, 8]) pages[i]!.flags |= PGHDR_NEED_SYNC;
    const held = get(p, 4)!;
    const more: PgHdr[] = [];
    const next = (n: number) => {
      const ref = new Ref<sqlite3_pcache_page | null>(null);
      expect(sqlite3PcacheFetchStress(p, n, ref)).toBe(SQLITE_OK);
      more.push(sqlite3PcacheFetchFinish(p, n, ref.value!));
    };
    for (let n = 100; n < 104; n++) next(n);
    expect(spilled).toEqual([3, 1, 2, 5]);
    sqlite3PcacheClearSyncFlags(p);
    sqlite3PcacheRelease(held); /* now the newest */
    for (let n = 104; n < 109; n++) next(n);
    expect(spilled).toEqual([3, 1, 2, 5, 6, 7, 8, 9, 4]);
    expect(dirty(p)).toEqual([]);
    /* With nothing dirty the earlier fetch was the best possible. */
    const ref = new Ref<sqlite3_pcache_page | null>(null);
    expect(sqlite3PcacheFetchStress(p, 200, ref)).toBe(SQLITE_OK);
    expect(ref.value).toBeNull();
    expect(spilled.length).toBe(9);
    for (const pg of more) sqlite3PcacheRelease(pg);
    sqlite3PcacheClose(p);
  });

  test("errors stop, BUSY does not, and below the spill size nothing is asked", () => {
    let rc = SQLITE_IOERR;
    let calls = 0;
    const { p } = full(() => {
      calls++;
      return rc;
    });
    const ref = new Ref<sqlite3_pcache_page | null>(null);
    expect(sqlite3PcacheFetchStress(p, 100, ref)).toBe(SQLITE_IOERR);
    expect(ref.value).toBeNull();
    rc = SQLITE_BUSY;
    expect(sqlite3PcacheFetchStress(p, 100, ref)).toBe(SQLITE_OK);
    expect(calls).toBe(2);
    const pg = sqlite3PcacheFetchFinish(p, 100, ref.value!);
    expect(sqlite3PcachePagecount(p)).toBe(10);
    sqlite3PcacheSetSpillsize(p, 10);
    expect(sqlite3PcacheFetchStress(p, 101, ref)).toBe(SQLITE_OK);
    expect(calls).toBe(2);
    sqlite3PcacheRelease(sqlite3PcacheFetchFinish(p, 101, ref.value!));
    sqlite3PcacheRelease(pg);
    dirty(p);
    sqlite3PcacheClear(p);
    sqlite3PcacheClose(p);
  });

  test("with every dirty page referenced nothing is spilled", () => {
    let calls = 0;
    const { p } = full(() => {
      calls++;
      return SQLITE_OK;
    });
    const held = Array.from({ length: 9 }, (_, i) => get(p, i + 1)!);
    const ref = new Ref<sqlite3_pcache_page | null>(null);
    expect(sqlite3PcacheFetchStress(p, 100, ref)).toBe(SQLITE_OK);
    expect(calls).toBe(0);
    expect(p.pSynced).toBeNull();
    sqlite3PcacheRelease(sqlite3PcacheFetchFinish(p, 100, ref.value!));
    for (const pg of held) sqlite3PcacheRelease(pg);
    expect(sqlite3PcacheRefCount(p)).toBe(0);
    sqlite3PcacheClear(p);
    sqlite3PcacheClose(p);
  });
});

describe("move and truncate", () => {
  test("a page moved onto another replaces it", () => {
    const p = open();
    const a = get(p, 1)!;
    const b = get(p, 2)!;
    b.pData.fill(2);
    sqlite3PcacheMakeDirty(b);
    sqlite3PcacheRelease(b);
    a.pData.fill(1);
    sqlite3PcacheMove(a, 2);
    expect(a.pgno).toBe(2);
    expect(sqlite3PcachePagecount(p)).toBe(1);
    expect(sqlite3PcacheRefCount(p)).toBe(1);
    expect(dirty(p)).toEqual([]);
    expect(sqlite3PcacheFetch(p, 1, 0)).toBeNull();
    expect(sqlite3PcacheFetch(p, 2, 0)).toBe(a.pPage);
    sqlite3PcacheRelease(a);
    sqlite3PcacheClose(p);
  });

  test("moving makes a page that needs a sync the newest dirty one", () => {
    const p = open();
    const pages = [1, 2, 3].map((k) => get(p, k)!);
    for (const pg of pages) sqlite3PcacheMakeDirty(pg);
    sqlite3PcacheMove(pages[1]!, 20);
    expect(dirty(p)).toEqual([3, 20, 1]);
    pages[0]!.flags |= PGHDR_NEED_SYNC;
    sqlite3PcacheMove(pages[0]!, 10);
    expect(dirty(p)).toEqual([10, 3, 20]);
    for (const pg of pages) sqlite3PcacheDrop(pg);
    expect(dirty(p)).toEqual([]);
    expect(sqlite3PcachePagecount(p)).toBe(0);
    sqlite3PcacheClose(p);
  });

  test("truncation keeps what is below, and a referenced page 1 with zeros in it", () => {
    const p = open();
    for (let i = 1; i <= 20; i++) sqlite3PcacheRelease(get(p, i)!);
    sqlite3PcacheTruncate(p, 15);
    expect(sqlite3PcachePagecount(p)).toBe(15);
    const one = get(p, 1)!;
    one.pData.fill(0x11);
    one.pExtra.fill(0x22);
    const five = get(p, 5)!;
    sqlite3PcacheMakeDirty(five);
    sqlite3PcacheRelease(five);
    sqlite3PcacheMakeDirty(one);
    sqlite3PcacheTruncate(p, 0);
    expect(sqlite3PcachePagecount(p)).toBe(1);
    expect(dirty(p)).toEqual([]);
    expect(one.nRef).toBe(1);
    expect(one.pData.every((x) => x === 0)).toBe(true);
    expect(one.pExtra.every((x) => x === 0x22)).toBe(true);
    sqlite3PcacheRelease(one);
    sqlite3PcacheClear(p);
    expect(sqlite3PcachePagecount(p)).toBe(0);
    sqlite3PcacheClose(p);
    sqlite3PcacheTruncate(new PCache(), 0); /* a cache that never opened */
  });
});

describe("model", () => {
  type Op = { op: "get" | "release" | "dirty" | "clean" | "drop" | "move" | "cleanall" | "sync"; k: number };
  const ops = fc.array(
    fc.record({
      op: fc.constantFrom<Op["op"][]>(
        ...("get get get get release release release dirty dirty dirty clean drop move cleanall sync".split(
          " ",
        ) as Op["op"][]),
      ),
      k: fc.integer({ min: 1, max: 30 }),
    }),
    { maxLength: 300, size: "max" },
  );

  test("references, dirty order and content agree with a plain model, over random operations", () => {
    fc.assert(
      fc.property(ops, (list) => {
        /** What was "written" when a page became clean; a page that is not cached reads from here. */
        const disk = new Map<number, number>();
        const p = open((_arg, pg) => {
          write(pg);
          sqlite3PcacheMakeClean(pg);
          return SQLITE_OK;
        });
        const write = (pg: PgHdr) => {
          disk.set(pg.pgno, pg.pData[0]!);
          order = order.filter((k) => k !== pg.pgno);
        };
        sqlite3PcacheSetCachesize(p, 12);
        let order: number[] = []; /* dirty pages, newest first */
        const refs = new Map<number, { pg: PgHdr; n: number }>();
        const value = new Map<number, number>();
        let stamp = 0;
        const unref = (k: number) => {
          const r = refs.get(k)!;
          if (--r.n === 0) refs.delete(k);
        };
        for (const { op, k } of list) {
          const held = refs.get(k);
          if (op === "get") {
            const pg = get(p, k)!;
            if (pg.pExtra[0] === 0) {
              /* A new page: read it, and remember that in the zeroed part of pExtra. */
              pg.pData.fill(0);
              pg.pData[0] = disk.get(k) ?? 0;
              pg.pExtra[0] = 1;
            }
            expect(pg.pgno).toBe(k);
            expect(pg.pData[0]).toBe(value.get(k) ?? 0);
            if (held) held.n++;
            else refs.set(k, { pg, n: 1 });
          } else if (op === "cleanall") {
            for (const d of dirty(p)) disk.set(d, value.get(d)!);
            order = [];
            sqlite3PcacheCleanAll(p);
          } else if (op === "sync") {
            sqlite3PcacheClearSyncFlags(p);
          } else if (!held) {
            continue;
          } else if (op === "release") {
            const last = held.n === 1;
            unref(k);
            sqlite3PcacheRelease(held.pg);
            if (last && order.includes(k)) order = [k, ...order.filter((x) => x !== k)];
          } else if (op === "dirty") {
            sqlite3PcacheMakeDirty(held.pg);
            if (!order.includes(k)) order.unshift(k);
            held.pg.pData[0] = ++stamp & 0xff;
            value.set(k, stamp & 0xff);
            if (stamp % 3 === 0) held.pg.flags |= PGHDR_NEED_SYNC;
          } else if (op === "clean") {
            if (!(held.pg.flags & PGHDR_DIRTY)) continue;
            write(held.pg);
            sqlite3PcacheMakeClean(held.pg);
          } else if (op === "drop") {
            if (held.n !== 1) continue;
            write(held.pg);
            unref(k);
            sqlite3PcacheDrop(held.pg);
          } else {
            const to = ((k * 7) % 30) + 1;
            if (to === k || refs.has(to)) continue;
            const pg = held.pg;
            const needSync = (pg.flags & PGHDR_NEED_SYNC) !== 0;
            const wasDirty = order.includes(k);
            sqlite3PcacheMove(pg, to);
            order = order.filter((x) => x !== to).map((x) => (x === k ? to : x));
            if (wasDirty && needSync) order = [to, ...order.filter((x) => x !== to)];
            refs.delete(k);
            refs.set(to, held);
            /* The old number is no longer cached; the new one has the old one's content. */
            value.set(to, pg.pData[0]!);
            if (!wasDirty) disk.set(to, pg.pData[0]!);
            value.set(k, disk.get(k) ?? 0);
          }
          expect(dirty(p)).toEqual(order);
          let sum = 0;
          for (const [key, r] of refs) {
            expect(r.pg.pgno).toBe(key);
            expect(r.pg.nRef).toBe(r.n);
            sum += r.n;
          }
          expect(sqlite3PcacheRefCount(p)).toBe(sum);
        }
        for (const [, r] of refs) while (r.n-- > 0) sqlite3PcacheRelease(r.pg);
        sqlite3PcacheClear(p);
        expect(sqlite3PcachePagecount(p)).toBe(0);
        sqlite3PcacheClose(p);
      }),
      { numRuns: 80, seed: 20262 },
    );
  });
});

describe("custom modules", () => {
  /** A module that hands out bare pages of its own making, and makes a new one for every new key. */
  class Shelf {
    pages = new Map<number, sqlite3_pcache_page>();
    constructor(
      readonly szPage: number,
      readonly szExtra: number,
      readonly bPurgeable: number,
    ) {}
  }

  test("pages that are plain objects serve as well", () => {
    const log: string[] = [];
    const methods: sqlite3_pcache_methods2<Shelf> = {
      iVersion: 1,
      pArg: "arg",
      xInit: (arg) => {
        log.push(`init ${String(arg)}`);
        return SQLITE_OK;
      },
      xShutdown: (arg) => void log.push(`shutdown ${String(arg)}`),
      xCreate: (szPage, szExtra, bPurgeable) => new Shelf(szPage, szExtra, bPurgeable),
      xCachesize: (_c, n) => void log.push(`cachesize ${n}`),
      xPagecount: (c) => c.pages.size,
      xFetch: (c, key, createFlag) => {
        const old = c.pages.get(key);
        if (old !== undefined || createFlag === 0) return old ?? null;
        const block = new Uint8Array(c.szPage + c.szExtra + 16).fill(0x77);
        const pg: sqlite3_pcache_page = {
          pBuf: block.subarray(0, c.szPage),
          pExtra: block.subarray(c.szPage + 16),
          pHdr: null,
        };
        c.pages.set(key, pg);
        return pg;
      },
      xUnpin: (c, pg, discard) => {
        for (const [k, v] of c.pages) if (v === pg && discard) c.pages.delete(k);
      },
      xRekey: (c, pg, oldKey, newKey) => {
        expect(c.pages.get(oldKey)).toBe(pg);
        c.pages.delete(oldKey);
        c.pages.set(newKey, pg);
      },
      xTruncate: (c, limit) => {
        for (const k of [...c.pages.keys()]) if (k >= limit) c.pages.delete(k);
      },
      xDestroy: (c) => c.pages.clear(),
      xShrink: () => void log.push("shrink"),
    };
    sqlite3_shutdown();
    const before = { ...sqlite3GlobalConfig.pcache2 };
    try {
      expect(sqlite3_config(SQLITE_CONFIG_PCACHE2, methods)).toBe(SQLITE_OK);
      expect(sqlite3_initialize()).toBe(SQLITE_OK);
      expect(log).toEqual(["init arg"]);
      const p = open();
      const shelf = p.pCache as Shelf;
      expect([shelf.szPage, shelf.szExtra, shelf.bPurgeable]).toEqual([512, EXTRA + ROUND8(sizeof.PgHdr), 1]);
      const a = get(p, 1)!;
      const b = get(p, 2)!;
      expect(get(p, 1)).toBe(a);
      sqlite3PcacheRelease(a);
      expect(a.pExtra.length).toBe(EXTRA);
      expect([...a.pExtra.subarray(0, 9)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0x77]);
      sqlite3PcacheMakeDirty(a);
      sqlite3PcacheMakeDirty(b);
      sqlite3PcacheMove(a, 7);
      sqlite3PcacheRelease(b);
      expect(dirty(p)).toEqual([2, 7]);
      const sorted: number[] = [];
      for (let x = sqlite3PcacheDirtyList(p); x !== null; x = x.pDirty) sorted.push(x.pgno);
      expect(sorted).toEqual([2, 7]);
      sqlite3PcacheDrop(a);
      expect(sqlite3PcachePagecount(p)).toBe(1);
      const again = get(p, 7)!;
      expect(again).not.toBe(a);
      sqlite3PcacheRelease(again);
      sqlite3PcacheShrink(p);
      sqlite3PcacheClear(p);
      expect(sqlite3PcachePagecount(p)).toBe(0);
      sqlite3PcacheClose(p);
      sqlite3_shutdown();
      expect(log).toEqual(["init arg", "cachesize 100", "shrink", "shutdown arg"]);
    } finally {
      sqlite3_shutdown();
      sqlite3_config(SQLITE_CONFIG_PCACHE2, before);
    }
  });
});

describe("allocation failures", () => {
  test("the n-th allocation fails: SQLITE_NOMEM or success, nothing leaks, the cache stays whole", () => {
    const live = new Set<Uint8Array>();
    let countdown = -1;
    let nFailed = 0;
    const alloc = (n: number): Uint8Array | null => {
      if (countdown === 0) {
        countdown = -1;
        nFailed++;
        return null;
      }
      if (countdown > 0) countdown--;
      const block = new Uint8Array(n);
      live.add(block);
      return block;
    };
    const methods: sqlite3_mem_methods = {
      xMalloc: alloc,
      xFree: (p) => {
        if (!live.delete(p)) throw new Error("not a block of this allocator");
      },
      xRealloc: () => {
        throw new Error("nothing here reallocates");
      },
      xSize: (p) => p.length,
      xRoundup: (n) => ROUND8(n),
      xInit: () => SQLITE_OK,
      xShutdown: () => {},
      pAppData: null,
    };
    sqlite3_shutdown();
    expect(sqlite3_config(SQLITE_CONFIG_MALLOC, methods)).toBe(SQLITE_OK);
    expect(sqlite3_initialize()).toBe(SQLITE_OK);
    const idle = live.size;
    const outcomes = new Set<number>();
    for (let n = 0; ; n++) {
      expect(n).toBeLessThan(2000);
      countdown = n;
      nFailed = 0;
      const p = new PCache();
      let nMem = 0;
      const rc = sqlite3PcacheOpen(
        512,
        EXTRA,
        1,
        (_arg, pg) => {
          sqlite3PcacheMakeClean(pg);
          return SQLITE_OK;
        },
        null,
        p,
      );
      outcomes.add(rc);
      if (rc === SQLITE_OK) {
        sqlite3PcacheSetCachesize(p, 290);
        for (let i = 1; i <= 320; i++) {
          let slot = sqlite3PcacheFetch(p, i, 3);
          if (slot === null) {
            const ref = new Ref<sqlite3_pcache_page | null>(null);
            const rc2 = sqlite3PcacheFetchStress(p, i, ref);
            if (rc2 !== SQLITE_OK && rc2 !== SQLITE_NOMEM) throw new Error(`result ${rc2}`);
            slot = ref.value;
            if (slot === null) {
              nMem++;
              continue;
            }
          }
          const pg = sqlite3PcacheFetchFinish(p, i, slot);
          if (i % 3 === 0) sqlite3PcacheMakeDirty(pg);
          sqlite3PcacheRelease(pg);
        }
        dirty(p);
        sqlite3PcacheCleanAll(p);
        const old = p.pCache;
        const rc3 = sqlite3PcacheSetPageSize(p, 1024);
        outcomes.add(rc3);
        if (rc3 !== SQLITE_OK) {
          expect(rc3).toBe(SQLITE_NOMEM);
          expect(p.pCache).toBe(old);
          expect(p.szPage).toBe(512);
        }
        sqlite3PcacheClose(p);
      } else {
        expect(rc).toBe(SQLITE_NOMEM);
        expect(p.pCache).toBeNull();
      }
      countdown = -1;
      expect(live.size).toBe(idle);
      expect(nMem).toBeLessThanOrEqual(nFailed);
      if (nFailed === 0) break;
    }
    expect([...outcomes].sort()).toEqual([SQLITE_OK, SQLITE_NOMEM]);
  });
});

describe("options", () => {
  async function withOptions(
    options: Record<string, boolean | number>,
    body: (
      pcache: typeof import("./pcache.js"),
      main: typeof import("../main.js"),
      sqliteInt: typeof import("../sqliteInt.js"),
    ) => void,
  ): Promise<void> {
    const mirror = globalThis as { PAGER_MIRROR?: PagerMirrorOptions };
    vi.resetModules();
    mirror.PAGER_MIRROR = { options };
    try {
      const main = await import("../main.js");
      const pcache = await import("./pcache.js");
      const sqliteInt = await import("../sqliteInt.js");
      expect(main.sqlite3_initialize()).toBe(SQLITE_OK);
      body(pcache, main, sqliteInt);
      main.sqlite3_shutdown();
    } finally {
      delete mirror.PAGER_MIRROR;
      vi.resetModules();
    }
  }

  /** Fetches, dirties, spills, moves and truncates; small enough to read a trace of. */
  function story(pcache: typeof import("./pcache.js")): void {
    const p = new pcache.PCache();
    const spill: Stress = (_arg, pg) => {
      pcache.sqlite3PcacheMakeClean(pg);
      return SQLITE_OK;
    };
    expect(pcache.sqlite3PcacheOpen(512, EXTRA, 1, spill, null, p)).toBe(SQLITE_OK);
    pcache.sqlite3PcacheSetCachesize(p, 3);
    const pages = [1, 2, 3].map((k) => {
      let slot = pcache.sqlite3PcacheFetch(p, k, 3);
      if (slot === null) {
        const ref = { value: null as sqlite3_pcache_page | null };
        expect(pcache.sqlite3PcacheFetchStress(p, k, ref)).toBe(SQLITE_OK);
        slot = ref.value;
      }
      const pg = pcache.sqlite3PcacheFetchFinish(p, k, slot!);
      pg.pData.fill(k);
      pcache.sqlite3PcacheMakeDirty(pg);
      if (k < 3) pcache.sqlite3PcacheRelease(pg);
      return pg;
    });
    pcache.sqlite3PcacheMove(pages[2]!, 9);
    pcache.sqlite3PcacheClearWritable(p);
    pcache.sqlite3PcacheRelease(pages[2]!);
    pcache.sqlite3PcacheCleanAll(p);
    pcache.sqlite3PcacheTruncate(p, 0);
    pcache.sqlite3PcacheClose(p);
  }

  test("SQLITE_PCACHE_TRACE prints what happens", async () => {
    let out = "";
    const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      out += typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
      return true;
    });
    const spyLog = vi.spyOn(console, "log").mockImplementation((s: unknown) => {
      out += `${String(s)}\n`;
    });
    try {
      await withOptions({ SQLITE_PCACHE_TRACE: true }, (pcache) => story(pcache));
    } finally {
      spy.mockRestore();
      spyLog.mockRestore();
    }
    for (const word of [
      "OPEN szPage 512 bPurgeable 1",
      "PAGESIZE 512",
      "FETCH 1 create",
      "DIRTY 1",
      "DIRTYLIST.ADD 1",
      "DIRTYLIST.FRONT 1",
      "DIRTYLIST.REMOVE 1",
      "SPILL 1",
      "UNPIN 1",
      "MOVE 3 -> 9",
      "CLEAR-WRITEABLE",
      "CLEAN-ALL",
      "CLEAN 9",
      "TRUNCATE 0",
      "CLOSE",
      "NULL",
      "nRef  0 flgs 02 data 020202020202020202020202",
    ]) {
      expect(out).toContain(word);
    }
  });

  test("SQLITE_ENABLE_EXPENSIVE_ASSERT finds a page that lies about the dirty list", async () => {
    await withOptions({ SQLITE_ENABLE_EXPENSIVE_ASSERT: true }, (pcache) => {
      story(pcache);
      const p = new pcache.PCache();
      expect(pcache.sqlite3PcacheOpen(512, EXTRA, 1, null, null, p)).toBe(SQLITE_OK);
      const pg = pcache.sqlite3PcacheFetchFinish(p, 1, pcache.sqlite3PcacheFetch(p, 1, 3)!);
      pcache.sqlite3PcacheMakeDirty(pg);
      expect(pcache.sqlite3PcachePageSanity(pg)).toBe(1);
      pg.flags ^= PGHDR_CLEAN | PGHDR_DIRTY;
      expect(() => pcache.sqlite3PcachePageSanity(pg)).toThrow("assertion");
      pg.flags ^= PGHDR_CLEAN | PGHDR_DIRTY;
      pcache.sqlite3PcacheCleanAll(p);
      /* Linked like a dirty page, to a page that is not in the list either. */
      const other = new pcache.PgHdr();
      other.pDirtyNext = pg;
      pg.pDirtyPrev = other;
      pg.flags ^= PGHDR_CLEAN | PGHDR_DIRTY;
      expect(() => pcache.sqlite3PcachePageSanity(pg)).toThrow("assertion");
      pg.flags ^= PGHDR_CLEAN | PGHDR_DIRTY;
      pg.pDirtyPrev = null;
      pcache.sqlite3PcacheRelease(pg);
      pcache.sqlite3PcacheClose(p);
    });
  });

  test("SQLITE_LOG_CACHE_SPILL logs a spill", async () => {
    const log: string[] = [];
    const { fromCString } = await import("../cstring.js");
    const mirror = globalThis as { PAGER_MIRROR?: PagerMirrorOptions };
    vi.resetModules();
    mirror.PAGER_MIRROR = { options: { SQLITE_LOG_CACHE_SPILL: true } };
    try {
      const main = await import("../main.js");
      const pcache = await import("./pcache.js");
      const { SQLITE_CONFIG_LOG } = await import("../sqlite3.js");
      const xLog = (_p: unknown, iErrCode: number, zMsg: Uint8Array | string) =>
        void log.push(`${iErrCode} ${typeof zMsg === "string" ? zMsg : fromCString(zMsg)}`);
      expect(main.sqlite3_config(SQLITE_CONFIG_LOG, xLog, null)).toBe(SQLITE_OK);
      expect(main.sqlite3_initialize()).toBe(SQLITE_OK);
      story(pcache);
      main.sqlite3_shutdown();
    } finally {
      delete mirror.PAGER_MIRROR;
      vi.resetModules();
    }
    expect(log).toContain("13 spill page 1 making room for 3 - cache used: 2/3");
  });

  test("SQLITE_CHECK_PAGES makes room for the hash in the header", async () => {
    await withOptions({ SQLITE_CHECK_PAGES: true }, (pcache, _main, sqliteInt) => {
      expect(sqliteInt.sizeof.PgHdr).toBe(sizeof.PgHdr + 8);
      expect(pcache.sqlite3HeaderSizePcache()).toBe(ROUND8(sizeof.PgHdr + 8));
      story(pcache);
    });
  });
});
