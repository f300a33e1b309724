/**
 * Tests of the default page cache module, through the methods that it installs.
 *
 * The handle that xCreate returns is looked into where the order of the LRU list or the size of the
 * hash table is the subject. The model in this file is written from upstream's description of xFetch
 * and shares no code with the port.
 */

import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { sqlite3GlobalConfig } from "../global.js";
import { sqlite3_config, sqlite3_initialize, sqlite3_shutdown } from "../main.js";
import { sqlite3MallocSize } from "../malloc.js";
import {
  AssertionError,
  type PagerMirrorOptions,
  Ref,
  ROUND8,
  SQLITE_CONFIG_MALLOC,
  SQLITE_CONFIG_MEMSTATUS,
  SQLITE_CONFIG_PAGECACHE,
  SQLITE_CONFIG_PCACHE_HDRSZ,
  SQLITE_CONFIG_SERIALIZED,
  SQLITE_CONFIG_SINGLETHREAD,
  SQLITE_DEFAULT_PCACHE_INITSZ,
  SQLITE_OK,
  SQLITE_STATUS_MEMORY_USED,
  SQLITE_STATUS_PAGECACHE_OVERFLOW,
  SQLITE_STATUS_PAGECACHE_SIZE,
  SQLITE_STATUS_PAGECACHE_USED,
  sizeof,
  type sqlite3_mem_methods,
  type sqlite3_pcache_page,
} from "../sqliteInt.js";
import { sqlite3_status64 } from "../status.js";
import {
  type PCache1,
  type PgHdr1,
  sqlite3HeaderSizePcache1,
  sqlite3PageFree,
  sqlite3PageMalloc,
  sqlite3PCacheBufferSetup,
  sqlite3PcacheStats,
} from "./pcache1.js";

/** Blocks that a test's allocator has handed out and not got back, and a countdown to a failure. */
class TestHeap {
  readonly live = new Set<Uint8Array>();
  readonly sizes: number[] = [];
  /** Number of allocations until one fails; negative: never. */
  failAfter = -1;
  /** Whether all later ones fail too. */
  persistent = false;
  nFailed = 0;

  private fails(): boolean {
    if (this.failAfter < 0) return false;
    if (this.failAfter > 0) {
      this.failAfter--;
      return false;
    }
    if (!this.persistent) this.failAfter = -1;
    this.nFailed++;
    return true;
  }

  readonly methods: sqlite3_mem_methods = {
    xMalloc: (n) => {
      if (this.fails()) return null;
      /* Blocks begin in the middle of a buffer and hold garbage. */
      const block = new Uint8Array(new ArrayBuffer(n + 64), 32, n).fill(0xa5);
      this.live.add(block);
      this.sizes.push(n);
      return block;
    },
    xFree: (p) => {
      if (!this.live.delete(p)) throw new Error("not a block of this allocator");
    },
    xRealloc: (p, n) => {
      if (this.fails()) return null;
      const block = new Uint8Array(new ArrayBuffer(n + 64), 32, n).fill(0xa5);
      block.set(p.subarray(0, Math.min(n, p.length)));
      expect(this.live.delete(p)).toBe(true);
      this.live.add(block);
      return block;
    },
    xSize: (p) => p.length,
    xRoundup: (n) => ROUND8(n),
    xInit: () => SQLITE_OK,
    xShutdown: () => {},
    pAppData: null,
  };
}

/** The allocator and the settings with which the module was loaded. */
const defaults = { m: { ...sqlite3GlobalConfig.m } };

/** Restarts the library after `configure`. */
function boot(configure: () => void = () => {}): void {
  sqlite3_shutdown();
  configure();
  expect(sqlite3_initialize()).toBe(SQLITE_OK);
}

function bootWithHeap(): TestHeap {
  const heap = new TestHeap();
  boot(() => expect(sqlite3_config(SQLITE_CONFIG_MALLOC, heap.methods)).toBe(SQLITE_OK));
  return heap;
}

afterEach(() => {
  sqlite3_shutdown();
  sqlite3_config(SQLITE_CONFIG_MALLOC, defaults.m);
  sqlite3_config(SQLITE_CONFIG_SERIALIZED);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_PAGECACHE, null, 0, SQLITE_DEFAULT_PCACHE_INITSZ);
});

const pc = () => sqlite3GlobalConfig.pcache2;
const EXTRA = 216;

function create(szPage = 1024, szExtra = EXTRA, bPurgeable = 1): PCache1 {
  const p = pc().xCreate(szPage, szExtra, bPurgeable) as PCache1 | null;
  expect(p).not.toBeNull();
  return p!;
}

/** Keys on the LRU list, the one to be recycled next last. Checks both directions of the links. */
function lruKeys(p: PCache1): number[] {
  const forth: number[] = [];
  const lru = p.pGroup!.lru;
  for (let x = lru.pLruNext!; x !== lru; x = x.pLruNext!) forth.push(x.iKey);
  const back: number[] = [];
  for (let x = lru.pLruPrev!; x !== lru; x = x.pLruPrev!) back.push(x.iKey);
  expect(back.reverse()).toEqual(forth);
  return forth;
}

/** All keys in the hash table, ascending. Checks that each is in its slot. */
function hashKeys(p: PCache1): number[] {
  const keys: number[] = [];
  expect(p.apHash!.length).toBe(p.nHash);
  for (let h = 0; h < p.nHash; h++) {
    for (let x: PgHdr1 | null = p.apHash![h]; x !== null; x = x.pNext) {
      if (x.iKey % p.nHash !== h || x.pCache !== p) throw new Error(`page ${x.iKey} is in the wrong place`);
      keys.push(x.iKey);
    }
  }
  return keys.sort((a, b) => a - b);
}

function status(op: number, reset = 0): { current: number; high: number } {
  const current = new Ref<number>(0);
  const high = new Ref<number>(0);
  expect(sqlite3_status64(op, current, high, reset)).toBe(SQLITE_OK);
  return { current: current.value, high: high.value };
}

describe("pages", () => {
  test("one block holds content, header and extra space, at C's sizes", () => {
    const heap = bootWithHeap();
    const p = create(4096, EXTRA);
    expect(heap.sizes).toContain(sizeof.PCache1 + sizeof.PGroup);
    expect(heap.sizes).toContain(256 * sizeof.ptr);
    expect(p.szAlloc).toBe(4096 + EXTRA + ROUND8(sizeof.PgHdr1));
    heap.sizes.length = 0;
    /* nMax is 0: too small for a bulk allocation. */
    const pg = pc().xFetch(p, 7, 2) as PgHdr1;
    expect(heap.sizes).toEqual([ROUND8(p.szAlloc)]);
    expect(pg.pBuf.length).toBe(4096);
    expect(pg.pExtra.length).toBe(EXTRA);
    expect(pg.pBuf.buffer).toBe(pg.pExtra.buffer);
    expect(pg.pBuf.byteOffset).toBe(32);
    expect(pg.pExtra.byteOffset).toBe(32 + 4096 + ROUND8(sizeof.PgHdr1));
    expect(pg.isBulkLocal).toBe(0);
    expect(pg.pHdr).toBeNull();
    pc().xDestroy(p);
    expect(heap.live.size).toBe(0);
  });

  test("the first pages come out of one bulk allocation, highest address first", () => {
    const heap = bootWithHeap();
    const p = create(1024);
    pc().xCachesize(p, 100);
    heap.sizes.length = 0;
    const pages: PgHdr1[] = [];
    for (let i = 1; i <= SQLITE_DEFAULT_PCACHE_INITSZ; i++) pages.push(pc().xFetch(p, i, 1) as PgHdr1);
    expect(heap.sizes).toEqual([ROUND8(p.szAlloc * SQLITE_DEFAULT_PCACHE_INITSZ)]);
    const base = p.pBulk!;
    for (let i = 0; i < pages.length; i++) {
      const pg = pages[i]!;
      expect(pg.isBulkLocal).toBe(1);
      expect(pg.pBuf.buffer).toBe(base.buffer);
      expect(pg.pBuf.byteOffset - base.byteOffset).toBe((pages.length - 1 - i) * p.szAlloc);
      expect(pg.pExtra.byteOffset - pg.pBuf.byteOffset).toBe(1024 + ROUND8(sizeof.PgHdr1));
      expect(pg.pExtra.length).toBe(EXTRA);
      pg.pBuf.fill(i + 1);
      pg.pExtra.fill(i + 101);
    }
    pages.forEach((pg, i) => {
      expect(pg.pBuf.every((b) => b === i + 1)).toBe(true);
      expect(pg.pExtra.every((b) => b === i + 101)).toBe(true);
    });
    const next = pc().xFetch(p, 50, 1) as PgHdr1;
    expect(next.isBulkLocal).toBe(0);
    expect(heap.sizes.length).toBe(2);
    /* A dropped bulk page is the next one to be used. */
    pc().xUnpin(p, pages[3]!, 1);
    expect(pc().xFetch(p, 51, 1)).toBe(pages[3]);
    pc().xDestroy(p);
    expect(heap.live.size).toBe(0);
  });

  test("a bulk allocation is limited by the cache size, and can be given in KiB", () => {
    const heap = bootWithHeap();
    const small = create(1024);
    pc().xCachesize(small, 5);
    heap.sizes.length = 0;
    pc().xFetch(small, 1, 1);
    expect(heap.sizes).toEqual([ROUND8(small.szAlloc * 5)]);
    pc().xDestroy(small);

    boot(() => sqlite3_config(SQLITE_CONFIG_PAGECACHE, null, 0, -10));
    const tiny = create(1024);
    pc().xCachesize(tiny, 2);
    expect((pc().xFetch(tiny, 1, 1) as PgHdr1).isBulkLocal).toBe(0);
    pc().xCachesize(tiny, 3);
    expect((pc().xFetch(tiny, 2, 1) as PgHdr1).isBulkLocal).toBe(0);
    pc().xTruncate(tiny, 0);
    expect((pc().xFetch(tiny, 1, 1) as PgHdr1).isBulkLocal).toBe(1);
    pc().xDestroy(tiny);

    const kib = create(1024);
    pc().xCachesize(kib, 100);
    heap.sizes.length = 0;
    pc().xFetch(kib, 1, 1);
    expect(heap.sizes).toEqual([10240]);
    let n = 1;
    for (let x = kib.pFree; x !== null; x = x.pNext) n++;
    expect(n).toBe(Math.floor(10240 / kib.szAlloc));
    pc().xDestroy(kib);
    expect(heap.live.size).toBe(0);
  });

  test("a bulk allocation too small for one page is given up", () => {
    const heap = new TestHeap();
    boot(() => {
      sqlite3_config(SQLITE_CONFIG_MALLOC, heap.methods);
      sqlite3_config(SQLITE_CONFIG_PAGECACHE, null, 0, -1);
    });
    const p = create(4096);
    pc().xCachesize(p, 100);
    const pg = pc().xFetch(p, 1, 1) as PgHdr1;
    expect(pg.isBulkLocal).toBe(0);
    expect(p.pBulk).toBeNull();
    pc().xDestroy(p);
    expect(heap.live.size).toBe(0);
  });

  test("no bulk allocation with PAGECACHE size 0", () => {
    const heap = new TestHeap();
    boot(() => {
      sqlite3_config(SQLITE_CONFIG_MALLOC, heap.methods);
      sqlite3_config(SQLITE_CONFIG_PAGECACHE, null, 0, 0);
    });
    const p = create(1024);
    pc().xCachesize(p, 100);
    expect((pc().xFetch(p, 1, 1) as PgHdr1).isBulkLocal).toBe(0);
    pc().xDestroy(p);
    expect(heap.live.size).toBe(0);
  });

  test("a slot with a header keeps it and has its pPage nulled for the next key", () => {
    boot();
    const p = create();
    pc().xCachesize(p, 10);
    const pg = pc().xFetch(p, 1, 1) as PgHdr1;
    const hdr = { pPage: pg as sqlite3_pcache_page | null };
    pg.pHdr = hdr;
    pc().xUnpin(p, pg, 0);
    expect(pc().xFetch(p, 1, 1)).toBe(pg);
    expect(hdr.pPage).toBe(pg);
    pc().xUnpin(p, pg, 1);
    expect(hdr.pPage).toBe(pg);
    expect(pc().xFetch(p, 2, 1)).toBe(pg);
    expect(pg.pHdr).toBe(hdr);
    expect(hdr.pPage).toBeNull();
    pc().xDestroy(p);
  });

  test("the header size is reported", () => {
    boot();
    expect(sqlite3HeaderSizePcache1()).toBe(ROUND8(sizeof.PgHdr1));
    const sz = new Ref<number>(0);
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, sz);
    expect(sz.value).toBe(ROUND8(sizeof.MemPage) + ROUND8(sizeof.PgHdr) + ROUND8(sizeof.PgHdr1));
  });
});

describe("hash table", () => {
  test("doubles when there are as many pages as slots, and loses nothing", () => {
    const heap = bootWithHeap();
    const p = create(512, EXTRA, 0);
    const keys: number[] = [];
    for (let i = 0; i < 1100; i++) {
      const key = (i * 2654435761 + 1) % 4294967296;
      keys.push(key);
      const before = p.nHash;
      expect(pc().xFetch(p, key, 2)).not.toBeNull();
      if (i === 256 || i === 512 || i === 1024) expect(p.nHash).toBe(before * 2);
      else expect(p.nHash).toBe(before);
    }
    expect(p.nHash).toBe(2048);
    expect(p.apHash!.mem!.length).toBe(2048 * sizeof.ptr);
    expect(hashKeys(p)).toEqual([...keys].sort((a, b) => a - b));
    expect(pc().xPagecount(p)).toBe(1100);
    expect(p.iMaxKey).toBe(keys.reduce((a, b) => Math.max(a, b)));
    for (const key of keys) expect((pc().xFetch(p, key, 0) as PgHdr1).iKey).toBe(key);
    pc().xDestroy(p);
    expect(heap.live.size).toBe(0);
  });

  test("stays small if the larger table cannot be allocated", () => {
    const heap = bootWithHeap();
    const p = create(512, EXTRA, 0);
    for (let i = 1; i <= 256; i++) pc().xFetch(p, i, 2);
    heap.failAfter = 0;
    expect(pc().xFetch(p, 257, 2)).not.toBeNull();
    expect(heap.nFailed).toBe(1);
    expect(p.nHash).toBe(256);
    expect(pc().xFetch(p, 258, 2)).not.toBeNull();
    expect(p.nHash).toBe(512);
    expect(hashKeys(p).length).toBe(258);
    pc().xDestroy(p);
    expect(heap.live.size).toBe(0);
  });

  test("rekey moves a page at any place of a chain", () => {
    boot();
    for (const victim of [1, 257, 513]) {
      const p = create(512, EXTRA, 0);
      const pages = [1, 257, 513].map((k) => pc().xFetch(p, k, 2)!);
      const pg = pages[[1, 257, 513].indexOf(victim)]!;
      pc().xRekey(p, pg, victim, 4000000000);
      expect(p.iMaxKey).toBe(4000000000);
      expect(hashKeys(p)).toEqual([1, 257, 513, 4000000000].filter((k) => k !== victim));
      expect(pc().xFetch(p, 4000000000, 0)).toBe(pg);
      expect(pc().xFetch(p, victim, 0)).toBeNull();
      pc().xRekey(p, pg, 4000000000, 2);
      expect(p.iMaxKey).toBe(4000000000);
      expect(pc().xFetch(p, 2, 0)).toBe(pg);
      pc().xDestroy(p);
    }
  });

  test.each([
    ["few keys, a part of the table", 290, 300],
    ["few keys, wrapping around the end of the table", 200, 300],
    ["many keys, the whole table", 20, 1000],
    ["everything", 0, 300],
    ["a limit above all keys", 301, 300],
  ])("truncate: %s", (_name, limit, n) => {
    boot();
    const p = create(512, EXTRA, 1);
    pc().xCachesize(p, 2000);
    for (let i = 1; i <= n; i++) {
      const pg = pc().xFetch(p, i, 2)!;
      if (i % 3) pc().xUnpin(p, pg, 0); /* every third page is pinned when it goes */
    }
    pc().xTruncate(p, limit);
    const left = Array.from({ length: n }, (_, i) => i + 1).filter((k) => k < limit);
    expect(hashKeys(p)).toEqual(left);
    expect(lruKeys(p)).toEqual(left.filter((k) => k % 3).reverse());
    expect(p.nRecyclable).toBe(left.filter((k) => k % 3).length);
    expect(p.pGroup!.nPurgeable.value).toBe(left.length);
    expect(p.iMaxKey).toBe(limit > n ? n : (limit - 1) >>> 0);
    pc().xDestroy(p);
  });
});

describe("limits", () => {
  test("nMax of a group stays below 0x7fff0000 and n90pct wraps as in C", () => {
    boot();
    const p = create();
    pc().xCachesize(p, 0x7fffffff);
    expect(p.nMax).toBe(0x7fff0000);
    expect(p.n90pct).toBe(Math.floor(Number(BigInt.asUintN(32, 0x7fff0000n * 9n)) / 10));
    expect(p.pGroup!.mxPinned).toBe(0x7fff0000);
    pc().xCachesize(p, 1000000000);
    expect(p.nMax).toBe(1000000000);
    expect(p.n90pct).toBe(41006540); /* 9e9 mod 2^32, divided by 10 */
    pc().xCachesize(p, 3);
    expect(p.pGroup!.nMaxPage).toBe(3);
    expect(p.pGroup!.mxPinned).toBe(3);
    pc().xDestroy(p);
  });

  test("createFlag 1 gives up at nine tenths of the size, 2 does not", () => {
    boot();
    const p = create();
    pc().xCachesize(p, 20);
    for (let i = 1; i <= 18; i++) expect(pc().xFetch(p, i, 1)).not.toBeNull();
    expect(pc().xFetch(p, 19, 1)).toBeNull();
    expect(pc().xFetch(p, 18, 1)).not.toBeNull();
    expect(pc().xFetch(p, 19, 2)).not.toBeNull();
    expect(pc().xFetch(p, 20, 0)).toBeNull();
    pc().xDestroy(p);
  });

  test("a page unpinned while the group has too many is dropped", () => {
    boot();
    const p = create();
    pc().xCachesize(p, 2);
    const pages = [1, 2, 3].map((k) => pc().xFetch(p, k, 2)!);
    pc().xUnpin(p, pages[0]!, 0);
    expect(hashKeys(p)).toEqual([2, 3]);
    pc().xUnpin(p, pages[1]!, 0);
    expect(lruKeys(p)).toEqual([2]);
    pc().xDestroy(p);
  });

  test("shrink drops the unpinned pages, and an empty cache's bulk allocation", () => {
    const heap = bootWithHeap();
    const p = create();
    pc().xCachesize(p, 50);
    const pages = Array.from({ length: 30 }, (_, i) => pc().xFetch(p, i + 1, 1)!);
    for (const pg of pages.slice(5)) pc().xUnpin(p, pg, 0);
    pc().xShrink(p);
    expect(hashKeys(p)).toEqual([1, 2, 3, 4, 5]);
    expect(p.pBulk).not.toBeNull();
    for (const pg of pages.slice(0, 5)) pc().xUnpin(p, pg, 0);
    pc().xShrink(p);
    expect(pc().xPagecount(p)).toBe(0);
    expect(p.pBulk).toBeNull();
    expect(p.pFree).toBeNull();
    expect(p.nMax).toBe(50);
    expect(p.pGroup!.nMaxPage).toBe(50);
    expect(pc().xFetch(p, 1, 1)).not.toBeNull();
    expect(p.pBulk).not.toBeNull();
    pc().xDestroy(p);
    const rigid = create(1024, EXTRA, 0);
    pc().xFetch(rigid, 1, 2);
    pc().xShrink(rigid);
    pc().xCachesize(rigid, 1);
    expect(pc().xPagecount(rigid)).toBe(1);
    expect(rigid.nMax).toBe(0);
    pc().xDestroy(rigid);
    expect(heap.live.size).toBe(0);
  });
});

/* ------------------------------------------------------------------ a model */

type Op =
  | { op: "fetch"; key: number; flag: number }
  | { op: "unpin"; pick: number; discard: number }
  | { op: "rekey"; pick: number; key: number }
  | { op: "truncate"; limit: number }
  | { op: "cachesize"; n: number }
  | { op: "shrink" };

const opArb: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant("fetch" as const),
      key: fc.integer({ min: 1, max: 40 }),
      flag: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant("unpin" as const),
      pick: fc.nat(1000),
      discard: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("rekey" as const),
      pick: fc.nat(1000),
      key: fc.constantFrom(1, 5, 41, 257, 300, 0xfffffffe),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("truncate" as const), limit: fc.nat(45) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("cachesize" as const), n: fc.nat(35) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("shrink" as const) }) },
);

/** What upstream's description says, for one purgeable cache in a group of its own. */
class Model {
  pinned = new Set<number>();
  /** Unpinned keys, most recent first. */
  lru: number[] = [];
  max = 0;

  get count(): number {
    return this.pinned.size + this.lru.length;
  }

  fetch(key: number, flag: number): boolean {
    if (this.pinned.has(key)) return true;
    const at = this.lru.indexOf(key);
    if (at >= 0) {
      this.lru.splice(at, 1);
      this.pinned.add(key);
      return true;
    }
    if (flag === 0) return false;
    if (flag === 1 && (this.pinned.size >= this.max || this.pinned.size >= Math.floor((this.max * 9) / 10))) {
      return false;
    }
    if (this.lru.length > 0 && this.count + 1 >= this.max) this.lru.pop();
    this.pinned.add(key);
    return true;
  }

  unpin(key: number, discard: number): void {
    const tooMany = this.count > this.max;
    this.pinned.delete(key);
    if (!discard && !tooMany) this.lru.unshift(key);
  }

  enforce(max: number): void {
    while (this.count > max && this.lru.length > 0) this.lru.pop();
  }
}

describe("model", () => {
  test("a cache does what its description says, over random operations", () => {
    const heap = bootWithHeap();
    fc.assert(
      fc.property(fc.array(opArb, { maxLength: 300, size: "max" }), (ops) => {
        const p = create(512);
        const m = new Model();
        const slots = new Map<number, sqlite3_pcache_page>();
        for (const o of ops) {
          const pins = [...m.pinned];
          if (o.op === "fetch") {
            const cached = m.pinned.has(o.key) || m.lru.includes(o.key);
            const got = pc().xFetch(p, o.key, o.flag);
            expect(got !== null).toBe(m.fetch(o.key, o.flag));
            if (got !== null) {
              if (cached) {
                expect(got).toBe(slots.get(o.key));
                expect([got.pBuf[0], got.pBuf[511]]).toEqual([o.key & 0xff, o.key & 0xff]);
              }
              got.pBuf.fill(o.key);
              slots.set(o.key, got);
            }
          } else if (o.op === "unpin") {
            if (pins.length === 0) continue;
            const key = pins[o.pick % pins.length]!;
            pc().xUnpin(p, slots.get(key)!, o.discard);
            m.unpin(key, o.discard);
          } else if (o.op === "rekey") {
            if (pins.length === 0) continue;
            const key = pins[o.pick % pins.length]!;
            if (m.pinned.has(o.key) || m.lru.includes(o.key)) continue;
            pc().xRekey(p, slots.get(key)!, key, o.key);
            slots.set(o.key, slots.get(key)!);
            slots.get(key)!.pBuf.fill(o.key);
            m.pinned.delete(key);
            m.pinned.add(o.key);
          } else if (o.op === "truncate") {
            pc().xTruncate(p, o.limit);
            m.pinned = new Set([...m.pinned].filter((k) => k < o.limit));
            m.lru = m.lru.filter((k) => k < o.limit);
          } else if (o.op === "cachesize") {
            pc().xCachesize(p, o.n);
            m.max = o.n;
            m.enforce(o.n);
          } else {
            pc().xShrink(p);
            m.enforce(0);
          }
          expect(lruKeys(p)).toEqual(m.lru);
          expect(hashKeys(p)).toEqual([...m.pinned, ...m.lru].sort((a, b) => a - b));
          expect(pc().xPagecount(p)).toBe(m.count);
          expect(p.nRecyclable).toBe(m.lru.length);
          expect(p.pGroup!.nPurgeable.value).toBe(m.count);
        }
        pc().xDestroy(p);
        expect(heap.live.size).toBe(0);
      }),
      { numRuns: 150, seed: 20260 },
    );
  });
});

/* ------------------------------------------------------------------ PAGECACHE slots */

describe("SQLITE_CONFIG_PAGECACHE", () => {
  const N = 4;
  /** The buffer starts in the middle of a larger one. */
  function bootWithSlots(sz: number, n: number, mutexes: number): Uint8Array {
    const buf = new Uint8Array(new ArrayBuffer(sz * n + 128), 64, sz * n);
    boot(() => {
      sqlite3_config(mutexes ? SQLITE_CONFIG_SERIALIZED : SQLITE_CONFIG_SINGLETHREAD);
      sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1);
      expect(sqlite3_config(SQLITE_CONFIG_PAGECACHE, buf, sz, n)).toBe(SQLITE_OK);
    });
    /* High-water marks outlive a restart. */
    for (const op of [SQLITE_STATUS_PAGECACHE_SIZE, SQLITE_STATUS_PAGECACHE_USED]) status(op, 1);
    return buf;
  }

  test("slots are used from the highest address, last freed first, then the heap", () => {
    const buf = bootWithSlots(1400, N, 1); /* 1400 is a multiple of 8 */
    const got = Array.from({ length: N + 2 }, () => sqlite3PageMalloc(1000)!);
    for (let i = 0; i < N; i++) {
      expect(got[i]!.buffer).toBe(buf.buffer);
      expect(got[i]!.byteOffset).toBe(64 + (N - 1 - i) * 1400);
      expect(got[i]!.length).toBe(1400);
    }
    for (let i = N; i < N + 2; i++) expect(got[i]!.buffer).not.toBe(buf.buffer);
    expect(status(SQLITE_STATUS_PAGECACHE_USED).current).toBe(N);
    expect(status(SQLITE_STATUS_PAGECACHE_OVERFLOW).current).toBe(
      sqlite3MallocSize(got[N]!) + sqlite3MallocSize(got[N + 1]!),
    );
    expect(status(SQLITE_STATUS_PAGECACHE_SIZE).high).toBe(1000);
    sqlite3PageFree(got[1]!);
    sqlite3PageFree(got[3]!);
    expect(status(SQLITE_STATUS_PAGECACHE_USED).current).toBe(N - 2);
    expect(sqlite3PageMalloc(1400)).toBe(got[3]);
    expect(sqlite3PageMalloc(8)).toBe(got[1]);
    const large = sqlite3PageMalloc(1401)!;
    expect(large.buffer).not.toBe(buf.buffer);
    sqlite3PageFree(large);
    for (const p of got) sqlite3PageFree(p);
    sqlite3PageFree(null);
    expect(status(SQLITE_STATUS_PAGECACHE_USED)).toEqual({ current: 0, high: N });
    expect(status(SQLITE_STATUS_PAGECACHE_OVERFLOW).current).toBe(0);
  });

  test("the slot size is rounded down to a multiple of 8", () => {
    const buf = bootWithSlots(1407, 2, 1);
    const a = sqlite3PageMalloc(1400)!;
    const b = sqlite3PageMalloc(1401)!;
    expect(a.byteOffset).toBe(64 + 1400);
    expect(b.buffer).not.toBe(buf.buffer);
    sqlite3PageFree(a);
    sqlite3PageFree(b);
  });

  test("a buffer without slots is no buffer", () => {
    bootWithSlots(1024, 0, 1);
    const a = sqlite3PageMalloc(8)!;
    expect(status(SQLITE_STATUS_PAGECACHE_USED).current).toBe(0);
    sqlite3PageFree(a);
  });

  test("a short buffer, and a part of a slot, are no slots", () => {
    bootWithSlots(1024, 2, 1);
    const a = sqlite3PageMalloc(1024)!;
    expect(() => sqlite3PageFree(a.subarray(8))).toThrow(AssertionError);
    expect(() => sqlite3PCacheBufferSetup(new Uint8Array(2047), 1024, 2)).toThrow(AssertionError);
    expect(() => sqlite3PCacheBufferSetup(new Uint8Array(2048), 1024, 3)).toThrow(AssertionError);
    sqlite3PCacheBufferSetup(new Uint8Array(2050), 1024, 2);
  });

  test("pages go into slots, overflow onto the heap, and few free slots mean pressure", () => {
    const szAlloc = 512 + EXTRA + ROUND8(sizeof.PgHdr1);
    const buf = bootWithSlots(szAlloc, 20, 1); /* nReserve is 3 */
    const p = create(512);
    pc().xCachesize(p, 100);
    const pages: PgHdr1[] = [];
    for (let i = 1; i <= 17; i++) pages.push(pc().xFetch(p, i, 1) as PgHdr1);
    expect(pages.every((pg) => pg.mem!.buffer === buf.buffer && pg.isBulkLocal === 0)).toBe(true);
    pages.push(pc().xFetch(p, 18, 1) as PgHdr1); /* leaves 2 slots */
    expect(pc().xFetch(p, 19, 1)).toBeNull();
    pc().xUnpin(p, pages[17]!, 1); /* 3 again */
    pages[17] = pc().xFetch(p, 18, 1) as PgHdr1;
    expect(pages[17]).not.toBeNull();
    expect(pc().xFetch(p, 19, 1)).toBeNull();
    pc().xUnpin(p, pages[0]!, 0);
    pc().xUnpin(p, pages[1]!, 0);
    /* Under pressure the oldest page is recycled although the cache is far from its size. */
    expect(pc().xFetch(p, 19, 2)).toBe(pages[0]);
    expect(pc().xFetch(p, 20, 2)).toBe(pages[1]);
    expect((pc().xFetch(p, 21, 2) as PgHdr1).mem!.buffer).toBe(buf.buffer);
    expect((pc().xFetch(p, 22, 2) as PgHdr1).mem!.buffer).toBe(buf.buffer);
    const heapPage = pc().xFetch(p, 23, 2) as PgHdr1;
    expect(heapPage.mem!.buffer).not.toBe(buf.buffer);
    expect(status(SQLITE_STATUS_PAGECACHE_USED).current).toBe(20);
    expect(status(SQLITE_STATUS_PAGECACHE_OVERFLOW).current).toBe(sqlite3MallocSize(heapPage.mem!));
    pc().xDestroy(p);
    expect(status(SQLITE_STATUS_PAGECACHE_USED).current).toBe(0);
    expect(status(SQLITE_STATUS_PAGECACHE_OVERFLOW).current).toBe(0);
  });

  test("without mutexes all caches form one group and rob each other", () => {
    const szAlloc = 512 + EXTRA + ROUND8(sizeof.PgHdr1);
    bootWithSlots(szAlloc, 200, 0);
    const a = create(512);
    const b = create(512);
    const c = create(1024);
    expect(a.pGroup).toBe(b.pGroup);
    pc().xCachesize(a, 30);
    pc().xCachesize(b, 20);
    pc().xCachesize(c, 10);
    expect(a.pGroup!.nMaxPage).toBe(60);
    expect(a.pGroup!.nMinPage).toBe(30);
    expect(a.pGroup!.mxPinned).toBe(40);
    const as = Array.from({ length: 10 }, (_, i) => pc().xFetch(a, i + 1, 1)!);
    for (const pg of as) pc().xUnpin(a, pg, 0);
    for (let i = 1; i < 18; i++) pc().xFetch(b, i, 1);
    expect(pc().xPagecount(b)).toBe(17);
    /* b is at nine tenths: flag 2 goes on; at 19 pages it begins to take a's oldest page. */
    pc().xFetch(b, 18, 2);
    pc().xFetch(b, 19, 2);
    expect(pc().xPagecount(a)).toBe(10);
    expect(pc().xFetch(b, 20, 2)).toBe(as[0]);
    expect((as[0] as PgHdr1).pCache).toBe(b);
    expect(hashKeys(a)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(lruKeys(b)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2]);
    /* c has larger pages: a's page is freed and a new one allocated. */
    for (let i = 1; i <= 9; i++) pc().xFetch(c, i, 2);
    expect(pc().xPagecount(a)).toBe(9);
    const fresh = pc().xFetch(c, 10, 2) as PgHdr1;
    expect(pc().xPagecount(a)).toBe(8);
    expect(fresh.pBuf.length).toBe(1024);
    const [nCurrent, nMax, nMin, nRecyclable] = [0, 0, 0, 0].map((v) => new Ref<number>(v));
    sqlite3PcacheStats(nCurrent!, nMax!, nMin!, nRecyclable!);
    expect([nCurrent!.value, nMax!.value, nMin!.value, nRecyclable!.value]).toEqual([8 + 20 + 10, 60, 30, 8]);
    /* Shrinking one cache of a group drops the unpinned pages of all. */
    pc().xShrink(b);
    expect(pc().xPagecount(a)).toBe(0);
    for (const p of [a, b, c]) pc().xDestroy(p);
    sqlite3PcacheStats(nCurrent!, nMax!, nMin!, nRecyclable!);
    expect([nCurrent!.value, nMax!.value, nMin!.value, nRecyclable!.value]).toEqual([0, 0, 0, 0]);
    expect(status(SQLITE_STATUS_PAGECACHE_USED).current).toBe(0);
  });

  test("groups that reserve more than they may have wrap mxPinned as in C", () => {
    bootWithSlots(1024, 10, 0);
    const caches = Array.from({ length: 3 }, () => create(512));
    expect(caches[0]!.pGroup!.mxPinned).toBe(0xffffffff - 19); /* 0 + 10 - 30 */
    for (const p of caches) pc().xDestroy(p);
    expect(caches[0]!.pGroup!.mxPinned).toBe(10);
  });
});

/* ------------------------------------------------------------------ out of memory */

describe("allocation failures", () => {
  test.each([false, true])("the n-th one fails (and all later ones: %s): no leak, no wrong result", (all) => {
    const heap = bootWithHeap();
    let nOk = 0;
    for (let n = 0; nOk === 0; n++) {
      expect(n).toBeLessThan(1000);
      heap.failAfter = n;
      heap.persistent = all;
      heap.nFailed = 0;
      const p = pc().xCreate(512, EXTRA, 1) as PCache1 | null;
      let nNull = 0;
      if (p !== null) {
        pc().xCachesize(p, 400);
        for (let i = 1; i <= 300; i++) {
          const pg = pc().xFetch(p, i, i % 2 ? 1 : 2);
          if (pg === null) nNull++;
          else {
            pg.pBuf.fill(i & 0xff);
            if (i % 5) pc().xUnpin(p, pg, 0);
          }
        }
        expect(pc().xPagecount(p)).toBe(300 - nNull);
        expect(hashKeys(p).length).toBe(300 - nNull);
        for (const k of hashKeys(p)) {
          const { pBuf } = pc().xFetch(p, k, 0)!;
          if (pBuf.findIndex((b) => b !== (k & 0xff)) >= 0) throw new Error(`page ${k} has other content`);
        }
        pc().xDestroy(p);
      }
      heap.failAfter = -1;
      expect(heap.live.size).toBe(0);
      if (heap.nFailed === 0) {
        nOk++;
        expect(nNull).toBe(0);
      } else if (!all && p !== null) {
        /* A lost bulk allocation or hash table costs nothing but speed. */
        expect(nNull).toBeLessThanOrEqual(1);
      }
    }
  });

  test("xCreate without memory for the hash table frees what it had", () => {
    const heap = bootWithHeap();
    heap.failAfter = 1;
    expect(pc().xCreate(512, EXTRA, 1)).toBeNull();
    expect(heap.nFailed).toBe(1);
    expect(heap.live.size).toBe(0);
  });
});

/* ------------------------------------------------------------------ other options */

describe("SQLITE_THREADSAFE=0, SQLITE_DISABLE_PAGECACHE_OVERFLOW_STATS", () => {
  test("slots put all caches into one group; heap pages go uncounted", async () => {
    vi.resetModules();
    const mirror = globalThis as { PAGER_MIRROR?: PagerMirrorOptions };
    mirror.PAGER_MIRROR = {
      options: { SQLITE_THREADSAFE: 0, SQLITE_DISABLE_PAGECACHE_OVERFLOW_STATS: true },
    };
    try {
      const main = await import("../main.js");
      const { sqlite3GlobalConfig: config } = await import("../global.js");
      const status1 = await import("../status.js");
      config.bCoreMutex = 0;
      for (const slots of [false, true]) {
        if (slots) main.sqlite3_config(SQLITE_CONFIG_PAGECACHE, new Uint8Array(2048), 1024, 2);
        expect(main.sqlite3_initialize()).toBe(SQLITE_OK);
        const a = config.pcache2.xCreate(512, EXTRA, 1) as PCache1;
        const b = config.pcache2.xCreate(512, EXTRA, 1) as PCache1;
        expect(a.pGroup === b.pGroup).toBe(slots);
        expect(a.pGroup!.mutex).toBeNull();
        for (let i = 1; i <= 3; i++) expect(config.pcache2.xFetch(a, i, 2)).not.toBeNull();
        const current = new Ref<number>(0);
        const high = new Ref<number>(0);
        status1.sqlite3_status64(SQLITE_STATUS_PAGECACHE_OVERFLOW, current, high, 0);
        expect([current.value, high.value]).toEqual([0, 0]);
        status1.sqlite3_status64(SQLITE_STATUS_PAGECACHE_USED, current, high, 0);
        expect(current.value).toBe(slots ? 2 : 0);
        config.pcache2.xDestroy(a);
        config.pcache2.xDestroy(b);
        main.sqlite3_shutdown();
      }
    } finally {
      delete mirror.PAGER_MIRROR;
      vi.resetModules();
    }
  });
});

/* ------------------------------------------------------------------ SQLITE_ENABLE_MEMORY_MANAGEMENT */

describe("SQLITE_ENABLE_MEMORY_MANAGEMENT", () => {
  test("unpinned pages of all caches are released, oldest first", async () => {
    vi.resetModules();
    const mirror = globalThis as { PAGER_MIRROR?: PagerMirrorOptions };
    mirror.PAGER_MIRROR = { options: { SQLITE_ENABLE_MEMORY_MANAGEMENT: true } };
    try {
      const main = await import("../main.js");
      const global = await import("../global.js");
      const pcache1 = await import("./pcache1.js");
      const malloc = await import("../malloc.js");
      expect(main.sqlite3_initialize()).toBe(SQLITE_OK);
      const methods = global.sqlite3GlobalConfig.pcache2;
      const a = methods.xCreate(1024, EXTRA, 1) as PCache1;
      const b = methods.xCreate(1024, EXTRA, 1) as PCache1;
      expect(a.pGroup).toBe(b.pGroup);
      expect(a.pGroup!.mutex).not.toBeNull();
      methods.xCachesize(a, 50);
      methods.xCachesize(b, 50);
      for (let i = 1; i <= 10; i++) {
        const x = methods.xFetch(a, i, 1)!;
        const y = methods.xFetch(b, i, 1)!;
        expect((x as PgHdr1).isBulkLocal).toBe(0);
        if (i > 2) methods.xUnpin(a, x, 0);
        if (i > 2) methods.xUnpin(b, y, 0);
      }
      const size = malloc.sqlite3MallocSize((methods.xFetch(a, 1, 0) as PgHdr1).mem!);
      expect(pcache1.sqlite3PcacheReleaseMemory(size * 2 + 1)).toBe(size * 3);
      expect(hashKeys(a)).toEqual([1, 2, 5, 6, 7, 8, 9, 10]);
      expect(hashKeys(b)).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10]);
      expect(malloc.sqlite3_release_memory(1)).toBe(size);
      expect(hashKeys(b)).toEqual([1, 2, 5, 6, 7, 8, 9, 10]);
      expect(pcache1.sqlite3PcacheReleaseMemory(0)).toBe(0);
      expect(pcache1.sqlite3PcacheReleaseMemory(-1)).toBe(size * 12);
      expect(a.pGroup!.nPurgeable.value).toBe(4);
      expect(hashKeys(a)).toEqual([1, 2]);
      expect(hashKeys(b)).toEqual([1, 2]);
      methods.xDestroy(a);
      methods.xDestroy(b);
      main.sqlite3_shutdown();

      /* Slots are not heap memory. */
      const buf = new Uint8Array(20 * 2048);
      main.sqlite3_config(SQLITE_CONFIG_PAGECACHE, buf, 2048, 20);
      expect(main.sqlite3_initialize()).toBe(SQLITE_OK);
      const c = methods.xCreate(1024, EXTRA, 1) as PCache1;
      methods.xCachesize(c, 50);
      methods.xUnpin(c, methods.xFetch(c, 1, 1)!, 0);
      expect(pcache1.sqlite3PcacheReleaseMemory(-1)).toBe(0);
      methods.xDestroy(c);
      main.sqlite3_shutdown();
    } finally {
      delete mirror.PAGER_MIRROR;
      vi.resetModules();
    }
  });

  test("a soft limit asks for the low 31 bits of what is too much", async () => {
    vi.resetModules();
    const mirror = globalThis as { PAGER_MIRROR?: PagerMirrorOptions };
    mirror.PAGER_MIRROR = { options: { SQLITE_ENABLE_MEMORY_MANAGEMENT: true } };
    try {
      const main = await import("../main.js");
      const global = await import("../global.js");
      const malloc = await import("../malloc.js");
      const stat = await import("../status.js");
      main.sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1);
      expect(main.sqlite3_initialize()).toBe(SQLITE_OK);
      const methods = global.sqlite3GlobalConfig.pcache2;
      const a = methods.xCreate(1024, EXTRA, 1) as PCache1;
      methods.xCachesize(a, 50);
      for (let i = 1; i <= 10; i++) methods.xUnpin(a, methods.xFetch(a, i, 1)!, 0);
      const pretended = 3 * 2 ** 31;
      stat.sqlite3StatusUp(SQLITE_STATUS_MEMORY_USED, pretended);
      malloc.sqlite3_soft_heap_limit64(malloc.sqlite3_memory_used() - pretended - 1);
      expect(hashKeys(a)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
      stat.sqlite3StatusDown(SQLITE_STATUS_MEMORY_USED, pretended);
      methods.xDestroy(a);
      main.sqlite3_shutdown();
    } finally {
      delete mirror.PAGER_MIRROR;
      vi.resetModules();
    }
  });
});
