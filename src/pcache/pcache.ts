/**
 * The page cache as the pager sees it: reference counts, the list of dirty pages, spilling.
 *
 * Memory and lookup belong to a pluggable module below ({@link sqlite3_pcache_methods2}), by default
 * pcache1.ts, and are reached only through `sqlite3GlobalConfig.pcache2`. What this layer adds:
 *
 * 1. Every page that is in use has a {@link PgHdr}. In C the header is the start of the module's
 *    `pExtra`; here the slot that the module handed out owns it (`sqlite3_pcache_page.pHdr`). The
 *    module still reserves ROUND8(sizeof(PgHdr)) bytes for it, so that allocations have C's sizes.
 * 2. A page is either PGHDR_CLEAN or PGHDR_DIRTY. A clean page without references is unpinned and
 *    may be recycled by the module; a dirty page stays pinned until it has been made clean.
 * 3. Dirty pages form a doubly linked list, most recently added or released first.
 * 4. When the module finds no room, the oldest unreferenced dirty page is handed to `xStress`, which
 *    is to write it and make it clean.
 *
 * @upstream pcache.c, pcache.h
 * @module
 */

import { memset } from "../cstring.js";
import { sqlite3GlobalConfig } from "../global.js";
import type { Pager } from "../pager/pager.js";
import { sqlite3_log, sqlite3DebugPrintf } from "../printf.js";
import {
  ALWAYS,
  assert,
  type Counted,
  EIGHT_BYTE_ALIGNMENT,
  NEVER,
  type Pgno,
  type Ref,
  ROUND8,
  SQLITE_BUSY,
  SQLITE_ENABLE_EXPENSIVE_ASSERT,
  SQLITE_FULL,
  SQLITE_LOG_CACHE_SPILL,
  SQLITE_NOMEM_BKPT,
  SQLITE_OK,
  SQLITE_PCACHE_TRACE,
  sizeof,
  type sqlite3_pcache_page,
} from "../sqliteInt.js";
import { sqlite3PCacheSetDefault } from "./pcache1.js";

/* Declared in pcache.h, defined in pcache1.c. */
export {
  sqlite3HeaderSizePcache1,
  sqlite3PCacheBufferSetup,
  sqlite3PCacheSetDefault,
  sqlite3PcacheReleaseMemory,
  sqlite3PcacheStats,
} from "./pcache1.js";

/** What a `Uint8Array` field points to before it has been set. */
const NOTHING = new Uint8Array(0);

/**
 * A page of the database as pcache.ts and the pager know it.
 *
 * The fields up to `flags`, except `pCache`, are public; the rest belongs to this file.
 *
 * @upstream pcache.h PgHdr
 * @divergence pcache-header-object
 */
export class PgHdr implements Counted {
  /** The module's slot that holds the page; null in a header that has to be initialised. */
  pPage: sqlite3_pcache_page | null = null;
  /** The content, szPage bytes. */
  pData: Uint8Array = NOTHING;
  /** The szExtra bytes that travel with the page; zeroed in its first 8 bytes when the page is new. */
  pExtra: Uint8Array = NOTHING;
  /** The cache that owns the page; null for a page of a mapped file. Private. */
  pCache: PCache | null = null;
  /** Next in the list that sqlite3PcacheDirtyList returned, in ascending order of pgno. */
  pDirty: PgHdr | null = null;
  /** The pager that the page belongs to. */
  pPager: Pager | null = null;
  /** Hash of the content, kept only with SQLITE_CHECK_PAGES. */
  pageHash = 0;
  /** Page number. */
  pgno: Pgno = 0;
  /** PGHDR_* bits, u16. */
  flags = 0;
  /** Number of users of the page. */
  nRef = 0;
  /** Next older page of the dirty list; meaningful on dirty pages only. */
  pDirtyNext: PgHdr | null = null;
  /** Next newer page of the dirty list; meaningful on dirty pages only. */
  pDirtyPrev: PgHdr | null = null;
  /** NON-UPSTREAM: the counted block of a header that the pager allocates (pages of a mapped file). */
  mem: Uint8Array | null;

  constructor(mem: Uint8Array | null = null) {
    this.mem = mem;
  }

  /** NON-UPSTREAM: zeroes `pDirty` and all fields behind it, as C does with memset. */
  clearFromDirty(): void {
    this.pDirty = null;
    this.pPager = null;
    this.pageHash = 0;
    this.pgno = 0;
    this.flags = 0;
    this.nRef = 0;
    this.pDirtyNext = null;
    this.pDirtyPrev = null;
  }
}

/** The page is not on the dirty list. */
export const PGHDR_CLEAN: number = 0x001;
/** The page is on the dirty list. */
export const PGHDR_DIRTY: number = 0x002;
/** Journaled; the content may be modified. */
export const PGHDR_WRITEABLE: number = 0x004;
/** The rollback journal must be synced before the page goes to the database file. */
export const PGHDR_NEED_SYNC: number = 0x008;
/** The content need not be written. */
export const PGHDR_DONT_WRITE: number = 0x010;
/** The content is part of a mapped file. */
export const PGHDR_MMAP: number = 0x020;
/** The page has been appended to the WAL. */
export const PGHDR_WAL_APPEND: number = 0x040;

/**
 * A page cache.
 *
 * `pDirty` is the newest and `pDirtyTail` the oldest page of the dirty list. `pSynced` shortens the
 * search for a page that may be spilled without syncing the journal: it nearly always is the oldest
 * page with a clear PGHDR_NEED_SYNC or one older than that, so that the search goes from there along
 * `pDirtyPrev`. It is a hint, and null if there is nothing to search.
 *
 * @upstream pcache.c PCache
 */
export class PCache {
  pDirty: PgHdr | null = null;
  pDirtyTail: PgHdr | null = null;
  pSynced: PgHdr | null = null;
  /** Sum of nRef over all pages. */
  nRefSum = 0;
  /** Configured size: pages, or KiB if negative. */
  szCache = 0;
  /** Number of pages from which on dirty pages may be spilled. */
  szSpill = 0;
  /** Bytes of content per page. */
  szPage = 0;
  /** Bytes of extra space per page, the header not included. */
  szExtra = 0;
  /** True if the pages have backing store and may be dropped. */
  bPurgeable = 0;
  /** How hard xFetch shall try: 1 if there are dirty pages to spill instead, otherwise 2. */
  eCreate = 0;
  /** Writes a dirty page and makes it clean, or returns an error code. */
  xStress: ((p: unknown, pPg: PgHdr) => number) | null = null;
  /** First argument of xStress. */
  pStress: unknown = null;
  /** The module's cache. */
  pCache: unknown = null;

  /** Zeroes the struct, as C does with memset. NON-UPSTREAM. */
  clear(): void {
    this.pDirty = null;
    this.pDirtyTail = null;
    this.pSynced = null;
    this.nRefSum = 0;
    this.szCache = 0;
    this.szSpill = 0;
    this.szPage = 0;
    this.szExtra = 0;
    this.bPurgeable = 0;
    this.eCreate = 0;
    this.xStress = null;
    this.pStress = null;
    this.pCache = null;
  }
}

/* ------------------------------------------------------------------ test and debug logic */

/** 0 is silent, 1 traces single lines, 2 also dumps the cache after many operations. */
export const sqlite3PcacheTrace: number = 2;
/** Most pages that one dump shows. */
export const sqlite3PcacheMxDump: number = 9999;

/** Numbers that stand for addresses in trace output. NON-UPSTREAM. */
const traceAddress = new WeakMap<object, number>();
let traceAddressNext = 1;

/** The number that stands for the address of `p`: stable, never 0 unless `p` is null. NON-UPSTREAM. */
function addressOf(p: object | null): number {
  if (p === null) return 0;
  let id = traceAddress.get(p);
  if (id === undefined) {
    id = traceAddressNext++;
    traceAddress.set(p, id);
  }
  return id;
}

/**
 * Prints a trace line. Callers test SQLITE_PCACHE_TRACE themselves, so that nothing is evaluated in
 * ordinary builds.
 *
 * @upstream pcache.c pcacheTrace
 */
function pcacheTrace(zFormat: string, ...args: (number | string)[]): void {
  if (sqlite3PcacheTrace) sqlite3DebugPrintf(zFormat, ...args);
}

/**
 * Prints one page of the module below: references, flags and the first 12 bytes.
 *
 * @param i the page number asked for; `pLower` is null if the page is not cached.
 * @upstream pcache.c pcachePageTrace
 */
function pcachePageTrace(i: number, pLower: sqlite3_pcache_page | null): void {
  let pPg: PgHdr | null;
  let a: Uint8Array;
  let j: number;
  if (pLower === null) {
    sqlite3DebugPrintf("%3d: NULL\n", i);
  } else {
    /* A page that was just created has no header yet, where C prints what the memory held before. */
    pPg = pLower.pHdr as PgHdr | null;
    sqlite3DebugPrintf(
      "%3d: nRef %2lld flgs %02x data ",
      i,
      pPg === null ? 0 : pPg.nRef,
      pPg === null ? 0 : pPg.flags,
    );
    a = pLower.pBuf;
    for (j = 0; j < 12; j++) sqlite3DebugPrintf("%02x", a[j]);
    sqlite3DebugPrintf(" ptr %p\n", addressOf(pPg));
  }
}

/**
 * Prints pages 1, 2, ... up to the number of cached pages. Looking a page up pins it, and nothing
 * unpins it again, see below: tracing at level 2 changes the order of recycling, as in C.
 *
 * @upstream pcache.c pcacheDump
 */
function pcacheDump(pCache: PCache): void {
  let N: number;
  let i: number;
  let pLower: sqlite3_pcache_page | null;

  if (sqlite3PcacheTrace < 2) return;
  if (pCache.pCache === null) return;
  N = sqlite3PcachePagecount(pCache);
  if (N > sqlite3PcacheMxDump) N = sqlite3PcacheMxDump;
  for (i = 1; i <= N; i++) {
    pLower = sqlite3GlobalConfig.pcache2.xFetch(pCache.pCache, i, 0);
    pcachePageTrace(i, pLower);
    /* C casts the slot itself, not its pExtra, to a PgHdr, so what it tests for null is pBuf. */
    if (pLower !== null && pLower.pBuf === null) {
      sqlite3GlobalConfig.pcache2.xUnpin(pCache.pCache, pLower, 0);
    }
  }
}

/**
 * Whether `pPg` is on the dirty list of `pCache`; for asserts, and always true unless
 * SQLITE_ENABLE_EXPENSIVE_ASSERT is set.
 *
 * @upstream pcache.c pageOnDirtyList
 */
function pageOnDirtyList(pCache: PCache, pPg: PgHdr): number {
  if (SQLITE_ENABLE_EXPENSIVE_ASSERT) {
    let p: PgHdr | null;
    for (p = pCache.pDirty; p !== null; p = p.pDirtyNext) {
      if (p === pPg) return 1;
    }
    return 0;
  } else {
    return 1;
  }
}

/**
 * Whether `pPg` is not on the dirty list of `pCache`; for asserts, and always true unless
 * SQLITE_ENABLE_EXPENSIVE_ASSERT is set.
 *
 * @upstream pcache.c pageNotOnDirtyList
 */
function pageNotOnDirtyList(pCache: PCache, pPg: PgHdr): number {
  if (SQLITE_ENABLE_EXPENSIVE_ASSERT) {
    let p: PgHdr | null;
    for (p = pCache.pDirty; p !== null; p = p.pDirtyNext) {
      if (p === pPg) return 0;
    }
    return 1;
  } else {
    return 1;
  }
}

/**
 * Checks the invariants of one header: clean or dirty but not both, linked into the dirty list if
 * dirty, writeable only if dirty. NEED_SYNC is free to differ from WRITEABLE: a page that was moved
 * to the freelist loses only the latter, and a clean page of a journaled sector has only the former.
 *
 * To be called inside asserts; always returns 1, a violation fails an assert here.
 *
 * @upstream pcache.c sqlite3PcachePageSanity
 */
export function sqlite3PcachePageSanity(pPg: PgHdr): number {
  let pCache: PCache | null;
  assert(pPg !== null);
  assert(pPg.pgno > 0 || pPg.pPager === null);
  pCache = pPg.pCache;
  assert(pCache !== null);
  if (pPg.flags & PGHDR_CLEAN) {
    assert((pPg.flags & PGHDR_DIRTY) === 0);
    assert(pageNotOnDirtyList(pCache!, pPg));
  } else {
    assert((pPg.flags & PGHDR_DIRTY) !== 0);
    assert(pPg.pDirtyNext === null || pPg.pDirtyNext.pDirtyPrev === pPg);
    assert(pPg.pDirtyPrev === null || pPg.pDirtyPrev.pDirtyNext === pPg);
    assert(pPg.pDirtyPrev !== null || pCache!.pDirty === pPg);
    assert(pageOnDirtyList(pCache!, pPg));
  }
  if (pPg.flags & PGHDR_WRITEABLE) {
    assert(pPg.flags & PGHDR_DIRTY);
  }
  return 1;
}

/* ------------------------------------------------------------------ linked list management */

/** Take the page off the dirty list. */
const PCACHE_DIRTYLIST_REMOVE: number = 1;
/** Put the page at the front of the dirty list. */
const PCACHE_DIRTYLIST_ADD: number = 2;
/** Move the page to the front of the dirty list. */
const PCACHE_DIRTYLIST_FRONT: number = 3;

/**
 * Takes `pPage` off the dirty list (bit 1), puts it at its front (bit 2), or both.
 *
 * Keeps `pSynced` and `eCreate` in step: with an empty list xFetch may try its hardest, with a list
 * that is not empty it shall first give up, so that the pager gets a chance to spill.
 *
 * @param addRemove one of PCACHE_DIRTYLIST_*.
 * @upstream pcache.c pcacheManageDirtyList
 */
function pcacheManageDirtyList(pPage: PgHdr, addRemove: number): void {
  const p = pPage.pCache!;

  if (SQLITE_PCACHE_TRACE) {
    pcacheTrace(
      "%p.DIRTYLIST.%s %d\n",
      addressOf(p),
      addRemove === 1 ? "REMOVE" : addRemove === 2 ? "ADD" : "FRONT",
      pPage.pgno,
    );
  }
  if (addRemove & PCACHE_DIRTYLIST_REMOVE) {
    assert(pPage.pDirtyNext !== null || pPage === p.pDirtyTail);
    assert(pPage.pDirtyPrev !== null || pPage === p.pDirty);

    if (p.pSynced === pPage) {
      p.pSynced = pPage.pDirtyPrev;
    }

    if (pPage.pDirtyNext !== null) {
      pPage.pDirtyNext.pDirtyPrev = pPage.pDirtyPrev;
    } else {
      assert(pPage === p.pDirtyTail);
      p.pDirtyTail = pPage.pDirtyPrev;
    }
    if (pPage.pDirtyPrev !== null) {
      pPage.pDirtyPrev.pDirtyNext = pPage.pDirtyNext;
    } else {
      assert(pPage === p.pDirty);
      p.pDirty = pPage.pDirtyNext;
      assert(p.bPurgeable || p.eCreate === 2);
      if (p.pDirty === null) {
        /* Nothing is left that could be spilled, so the next fetch need not look for it. */
        assert(p.bPurgeable === 0 || p.eCreate === 1);
        p.eCreate = 2;
      }
    }
  }
  if (addRemove & PCACHE_DIRTYLIST_ADD) {
    pPage.pDirtyPrev = null;
    pPage.pDirtyNext = p.pDirty;
    if (pPage.pDirtyNext !== null) {
      assert(pPage.pDirtyNext.pDirtyPrev === null);
      pPage.pDirtyNext.pDirtyPrev = pPage;
    } else {
      p.pDirtyTail = pPage;
      if (p.bPurgeable) {
        assert(p.eCreate === 2);
        p.eCreate = 1;
      }
    }
    p.pDirty = pPage;

    /* The flag is tested only to save work: a wrong pSynced costs a longer search, no more. */
    if (p.pSynced === null && 0 === (pPage.flags & PGHDR_NEED_SYNC)) {
      p.pSynced = pPage;
    }
  }
  if (SQLITE_PCACHE_TRACE) pcacheDump(p);
}

/**
 * Gives a clean page without references to the module, which may recycle it. The pages of an
 * in-memory database have nowhere to be read back from and stay pinned.
 *
 * @upstream pcache.c pcacheUnpin
 */
function pcacheUnpin(p: PgHdr): void {
  if (p.pCache!.bPurgeable) {
    if (SQLITE_PCACHE_TRACE) pcacheTrace("%p.UNPIN %d\n", addressOf(p.pCache), p.pgno);
    sqlite3GlobalConfig.pcache2.xUnpin(p.pCache!.pCache, p.pPage!, 0);
    if (SQLITE_PCACHE_TRACE) pcacheDump(p.pCache!);
  }
}

/**
 * The configured cache size in pages. A negative szCache is an amount of memory in KiB and is
 * divided by the space that one page takes, the headers of the layers below not counted.
 *
 * @upstream pcache.c numberOfCachePages
 */
function numberOfCachePages(p: PCache): number {
  if (p.szCache >= 0) {
    return p.szCache;
  } else {
    let n: number;
    n = Math.floor((-1024 * p.szCache) / (p.szPage + p.szExtra));
    if (n > 1000000000) n = 1000000000;
    return n | 0;
  }
}

/* ------------------------------------------------------------------ general interfaces */

/**
 * Starts the page cache module, the default one unless the application configured another.
 *
 * @upstream pcache.c sqlite3PcacheInitialize
 */
export function sqlite3PcacheInitialize(): number {
  if (sqlite3GlobalConfig.pcache2.xInit === null) {
    sqlite3PCacheSetDefault();
    assert(sqlite3GlobalConfig.pcache2.xInit !== null);
  }
  return sqlite3GlobalConfig.pcache2.xInit!(sqlite3GlobalConfig.pcache2.pArg);
}

/**
 * Stops the page cache module; one without xShutdown needs no stopping.
 *
 * @upstream pcache.c sqlite3PcacheShutdown
 */
export function sqlite3PcacheShutdown(): void {
  if (sqlite3GlobalConfig.pcache2.xShutdown) {
    sqlite3GlobalConfig.pcache2.xShutdown(sqlite3GlobalConfig.pcache2.pArg);
  }
}

/**
 * Bytes that a caller must reserve for a PCache.
 *
 * @upstream pcache.c sqlite3PcacheSize
 */
export function sqlite3PcacheSize(): number {
  return sizeof.PCache;
}

/**
 * Sets up `p`, whatever it held, as an empty cache of pages of `szPage` bytes, and creates the
 * module's cache for it.
 *
 * @param szExtra bytes of extra space per page, at least 8; only the first 8 are zeroed in a new page.
 * @param bPurgeable true if pages can be read back from a file.
 * @param xStress asked to write a dirty page when no room is left; see {@link PCache}.
 * @returns SQLITE_OK or SQLITE_NOMEM.
 * @upstream pcache.c sqlite3PcacheOpen
 */
export function sqlite3PcacheOpen(
  szPage: number,
  szExtra: number,
  bPurgeable: number,
  xStress: ((p: unknown, pPg: PgHdr) => number) | null,
  pStress: unknown,
  p: PCache,
): number {
  p.clear();
  p.szPage = 1;
  p.szExtra = szExtra;
  assert(szExtra >= 8);
  p.bPurgeable = bPurgeable & 0xff;
  p.eCreate = 2;
  p.xStress = xStress;
  p.pStress = pStress;
  p.szCache = 100;
  p.szSpill = 1;
  if (SQLITE_PCACHE_TRACE) {
    pcacheTrace("%p.OPEN szPage %d bPurgeable %d\n", addressOf(p), szPage, bPurgeable);
  }
  return sqlite3PcacheSetPageSize(p, szPage);
}

/**
 * Changes the page size by replacing the module's cache with a new, empty one. No page may be
 * referenced or dirty. On SQLITE_NOMEM the old cache stays.
 *
 * @upstream pcache.c sqlite3PcacheSetPageSize
 */
export function sqlite3PcacheSetPageSize(pCache: PCache, szPage: number): number {
  assert(pCache.nRefSum === 0 && pCache.pDirty === null);
  if (pCache.szPage) {
    let pNew: unknown;
    pNew = sqlite3GlobalConfig.pcache2.xCreate(
      szPage,
      pCache.szExtra + ROUND8(sizeof.PgHdr),
      pCache.bPurgeable,
    );
    if (pNew === null) return SQLITE_NOMEM_BKPT;
    sqlite3GlobalConfig.pcache2.xCachesize(pNew, numberOfCachePages(pCache));
    if (pCache.pCache !== null) {
      sqlite3GlobalConfig.pcache2.xDestroy(pCache.pCache);
    }
    pCache.pCache = pNew;
    pCache.szPage = szPage;
    if (SQLITE_PCACHE_TRACE) pcacheTrace("%p.PAGESIZE %d\n", addressOf(pCache), szPage);
  }
  return SQLITE_OK;
}

/**
 * Looks page `pgno` up, or tries to create it. The result is no usable page before it has gone
 * through {@link sqlite3PcacheFetchFinish}.
 *
 * Null means that the page is not cached and either was not wanted (`createFlag` 0) or could not be
 * created: not without spilling a dirty page or exceeding the cache size, or for lack of memory.
 *
 * @param createFlag 0 only looks, 3 creates.
 * @upstream pcache.c sqlite3PcacheFetch
 */
export function sqlite3PcacheFetch(
  pCache: PCache,
  pgno: Pgno,
  createFlag: number,
): sqlite3_pcache_page | null {
  let eCreate: number;
  let pRes: sqlite3_pcache_page | null;

  assert(pCache !== null);
  assert(pCache.pCache !== null);
  assert(createFlag === 3 || createFlag === 0);
  assert(pCache.eCreate === (pCache.bPurgeable && pCache.pDirty !== null ? 1 : 2));

  /* The bits of 3 let either value of eCreate through: 1 creates if that is cheap, 2 in any case. */
  eCreate = createFlag & pCache.eCreate;
  assert(eCreate === 0 || eCreate === 1 || eCreate === 2);
  assert(createFlag === 0 || pCache.eCreate === eCreate);
  assert(createFlag === 0 || eCreate === 1 + (!pCache.bPurgeable || pCache.pDirty === null ? 1 : 0));
  pRes = sqlite3GlobalConfig.pcache2.xFetch(pCache.pCache, pgno, eCreate);
  if (SQLITE_PCACHE_TRACE) {
    pcacheTrace(
      "%p.FETCH %d%s (result: %p) ",
      addressOf(pCache),
      pgno,
      createFlag ? " create" : "",
      addressOf(pRes),
    );
    pcachePageTrace(pgno, pRes);
  }
  return pRes;
}

/**
 * Tries harder, after {@link sqlite3PcacheFetch} returned null: if the cache holds more pages than
 * its spill size, hands one unreferenced dirty page to xStress, preferably one that needs no sync of
 * the journal; then creates the page whatever the cache size.
 *
 * Returns SQLITE_OK with the page in `ppPage`, SQLITE_NOMEM, or the error of xStress; SQLITE_BUSY
 * from there only means that nothing was spilled. If there was nothing to spill in the first place
 * (eCreate is 2) the earlier fetch has tried its best already: SQLITE_OK, `ppPage` is left alone.
 *
 * @upstream pcache.c sqlite3PcacheFetchStress
 */
export function sqlite3PcacheFetchStress(
  pCache: PCache,
  pgno: Pgno,
  ppPage: Ref<sqlite3_pcache_page | null>,
): number {
  let pPg: PgHdr | null;
  if (pCache.eCreate === 2) return 0;

  if (sqlite3PcachePagecount(pCache) > pCache.szSpill) {
    /* Skipping a page that is referenced now may leave pSynced past the best candidate; as a hint it
     * may be wrong. */
    for (
      pPg = pCache.pSynced;
      pPg !== null && (pPg.nRef !== 0 || pPg.flags & PGHDR_NEED_SYNC);
      pPg = pPg.pDirtyPrev
    );
    pCache.pSynced = pPg;
    if (pPg === null) {
      for (pPg = pCache.pDirtyTail; pPg !== null && pPg.nRef !== 0; pPg = pPg.pDirtyPrev);
    }
    if (pPg !== null) {
      let rc: number;
      if (SQLITE_LOG_CACHE_SPILL) {
        sqlite3_log(
          SQLITE_FULL,
          "spill page %d making room for %d - cache used: %d/%d",
          pPg.pgno,
          pgno,
          sqlite3GlobalConfig.pcache2.xPagecount(pCache.pCache),
          numberOfCachePages(pCache),
        );
      }
      if (SQLITE_PCACHE_TRACE) pcacheTrace("%p.SPILL %d\n", addressOf(pCache), pPg.pgno);
      rc = pCache.xStress!(pCache.pStress, pPg);
      if (SQLITE_PCACHE_TRACE) pcacheDump(pCache);
      if (rc !== SQLITE_OK && rc !== SQLITE_BUSY) {
        return rc;
      }
    }
  }
  ppPage.value = sqlite3GlobalConfig.pcache2.xFetch(pCache.pCache, pgno, 2);
  return ppPage.value === null ? SQLITE_NOMEM_BKPT : SQLITE_OK;
}

/**
 * NON-UPSTREAM: the header of a slot, `pExtra` in C. A slot that the module recycled still has the
 * object from the page before; one that is new gets it here, with the space behind the header, which
 * lies at the same place as long as the slot exists.
 */
function headerOf(pPage: sqlite3_pcache_page): PgHdr {
  let pPgHdr = pPage.pHdr as PgHdr | null;
  if (pPgHdr === null) {
    pPgHdr = new PgHdr();
    pPgHdr.pExtra = pPage.pExtra.subarray(sqlite3HeaderSizePcache());
    pPage.pHdr = pPgHdr;
  }
  return pPgHdr;
}

/**
 * The rare half of {@link sqlite3PcacheFetchFinish}: initialises the header of a page that the
 * module has just created.
 *
 * @upstream pcache.c pcacheFetchFinishWithInit
 * @divergence pcache-header-object
 */
function pcacheFetchFinishWithInit(pCache: PCache, pgno: Pgno, pPage: sqlite3_pcache_page): PgHdr {
  let pPgHdr: PgHdr;
  assert(pPage !== null);
  pPgHdr = headerOf(pPage);
  assert(pPgHdr.pPage === null);
  pPgHdr.clearFromDirty();
  pPgHdr.pPage = pPage;
  pPgHdr.pData = pPage.pBuf;
  memset(pPgHdr.pExtra, 0, 8);
  assert(EIGHT_BYTE_ALIGNMENT(pPgHdr.pExtra));
  pPgHdr.pCache = pCache;
  pPgHdr.pgno = pgno;
  pPgHdr.flags = PGHDR_CLEAN;
  return sqlite3PcacheFetchFinish(pCache, pgno, pPage);
}

/**
 * Makes a referenced page of what {@link sqlite3PcacheFetch} or {@link sqlite3PcacheFetchStress}
 * found, and initialises it if it is new. The reference is dropped by {@link sqlite3PcacheRelease}
 * or {@link sqlite3PcacheDrop}.
 *
 * @upstream pcache.c sqlite3PcacheFetchFinish
 * @divergence pcache-header-object
 */
export function sqlite3PcacheFetchFinish(pCache: PCache, pgno: Pgno, pPage: sqlite3_pcache_page): PgHdr {
  let pPgHdr: PgHdr | null;

  assert(pPage !== null);
  pPgHdr = pPage.pHdr as PgHdr | null;

  if (pPgHdr === null || pPgHdr.pPage === null) {
    return pcacheFetchFinishWithInit(pCache, pgno, pPage);
  }
  pCache.nRefSum++;
  pPgHdr.nRef++;
  assert(sqlite3PcachePageSanity(pPgHdr));
  return pPgHdr;
}

/**
 * Drops one reference. With the last one a clean page becomes recyclable, and a dirty page moves to
 * the front of the dirty list: it is now the most recently used.
 *
 * @upstream pcache.c sqlite3PcacheRelease
 */
export function sqlite3PcacheRelease(p: PgHdr): void {
  assert(p.nRef > 0);
  p.pCache!.nRefSum--;
  if (--p.nRef === 0) {
    if (p.flags & PGHDR_CLEAN) {
      pcacheUnpin(p);
    } else {
      pcacheManageDirtyList(p, PCACHE_DIRTYLIST_FRONT);
      assert(sqlite3PcachePageSanity(p));
    }
  }
}

/**
 * Adds a reference to a page that has one already.
 *
 * @upstream pcache.c sqlite3PcacheRef
 */
export function sqlite3PcacheRef(p: PgHdr): void {
  assert(p.nRef > 0);
  assert(sqlite3PcachePageSanity(p));
  p.nRef++;
  p.pCache!.nRefSum++;
}

/**
 * Removes a page from the cache, together with its only reference. `p` is invalid afterwards.
 *
 * @upstream pcache.c sqlite3PcacheDrop
 */
export function sqlite3PcacheDrop(p: PgHdr): void {
  assert(p.nRef === 1);
  assert(sqlite3PcachePageSanity(p));
  if (p.flags & PGHDR_DIRTY) {
    pcacheManageDirtyList(p, PCACHE_DIRTYLIST_REMOVE);
  }
  p.pCache!.nRefSum--;
  sqlite3GlobalConfig.pcache2.xUnpin(p.pCache!.pCache, p.pPage!, 1);
}

/**
 * Marks a referenced page as dirty, and as one whose content must be written.
 *
 * @upstream pcache.c sqlite3PcacheMakeDirty
 */
export function sqlite3PcacheMakeDirty(p: PgHdr): void {
  assert(p.nRef > 0);
  assert(sqlite3PcachePageSanity(p));
  if (p.flags & (PGHDR_CLEAN | PGHDR_DONT_WRITE)) {
    p.flags &= ~PGHDR_DONT_WRITE;
    if (p.flags & PGHDR_CLEAN) {
      p.flags ^= PGHDR_DIRTY | PGHDR_CLEAN;
      if (SQLITE_PCACHE_TRACE) pcacheTrace("%p.DIRTY %d\n", addressOf(p.pCache), p.pgno);
      assert((p.flags & (PGHDR_DIRTY | PGHDR_CLEAN)) === PGHDR_DIRTY);
      pcacheManageDirtyList(p, PCACHE_DIRTYLIST_ADD);
      assert(sqlite3PcachePageSanity(p));
    }
    assert(sqlite3PcachePageSanity(p));
  }
}

/**
 * Marks a dirty page as clean: it is no longer writeable and needs no sync, and without references
 * it becomes recyclable.
 *
 * @upstream pcache.c sqlite3PcacheMakeClean
 */
export function sqlite3PcacheMakeClean(p: PgHdr): void {
  assert(sqlite3PcachePageSanity(p));
  assert((p.flags & PGHDR_DIRTY) !== 0);
  assert((p.flags & PGHDR_CLEAN) === 0);
  pcacheManageDirtyList(p, PCACHE_DIRTYLIST_REMOVE);
  p.flags &= ~(PGHDR_DIRTY | PGHDR_NEED_SYNC | PGHDR_WRITEABLE);
  p.flags |= PGHDR_CLEAN;
  if (SQLITE_PCACHE_TRACE) pcacheTrace("%p.CLEAN %d\n", addressOf(p.pCache), p.pgno);
  assert(sqlite3PcachePageSanity(p));
  if (p.nRef === 0) {
    pcacheUnpin(p);
  }
}

/**
 * Marks every page as clean.
 *
 * @upstream pcache.c sqlite3PcacheCleanAll
 */
export function sqlite3PcacheCleanAll(pCache: PCache): void {
  let p: PgHdr | null;
  if (SQLITE_PCACHE_TRACE) pcacheTrace("%p.CLEAN-ALL\n", addressOf(pCache));
  while ((p = pCache.pDirty) !== null) {
    sqlite3PcacheMakeClean(p);
  }
}

/**
 * Clears PGHDR_NEED_SYNC and PGHDR_WRITEABLE on all dirty pages.
 *
 * @upstream pcache.c sqlite3PcacheClearWritable
 */
export function sqlite3PcacheClearWritable(pCache: PCache): void {
  let p: PgHdr | null;
  if (SQLITE_PCACHE_TRACE) pcacheTrace("%p.CLEAR-WRITEABLE\n", addressOf(pCache));
  for (p = pCache.pDirty; p !== null; p = p.pDirtyNext) {
    p.flags &= ~(PGHDR_NEED_SYNC | PGHDR_WRITEABLE);
  }
  pCache.pSynced = pCache.pDirtyTail;
}

/**
 * Clears PGHDR_NEED_SYNC on all dirty pages: the journal has been synced.
 *
 * @upstream pcache.c sqlite3PcacheClearSyncFlags
 */
export function sqlite3PcacheClearSyncFlags(pCache: PCache): void {
  let p: PgHdr | null;
  for (p = pCache.pDirty; p !== null; p = p.pDirtyNext) {
    p.flags &= ~PGHDR_NEED_SYNC;
  }
  pCache.pSynced = pCache.pDirtyTail;
}

/**
 * Gives a referenced page another number. A page that has that number already is dropped; nobody
 * may hold a reference to it.
 *
 * @param newPgno not 0.
 * @upstream pcache.c sqlite3PcacheMove
 * @divergence pcache-header-object
 */
export function sqlite3PcacheMove(p: PgHdr, newPgno: Pgno): void {
  const pCache = p.pCache!;
  let pOther: sqlite3_pcache_page | null;
  assert(p.nRef > 0);
  assert(newPgno > 0);
  assert(sqlite3PcachePageSanity(p));
  if (SQLITE_PCACHE_TRACE) pcacheTrace("%p.MOVE %d -> %d\n", addressOf(pCache), p.pgno, newPgno);
  pOther = sqlite3GlobalConfig.pcache2.xFetch(pCache.pCache, newPgno, 0);
  if (pOther !== null) {
    const pXPage = pOther.pHdr as PgHdr;
    assert(pXPage.nRef === 0);
    pXPage.nRef++;
    pCache.nRefSum++;
    sqlite3PcacheDrop(pXPage);
  }
  sqlite3GlobalConfig.pcache2.xRekey(pCache.pCache, p.pPage!, p.pgno, newPgno);
  p.pgno = newPgno;
  if (p.flags & PGHDR_DIRTY && p.flags & PGHDR_NEED_SYNC) {
    pcacheManageDirtyList(p, PCACHE_DIRTYLIST_FRONT);
    assert(sqlite3PcachePageSanity(p));
  }
}

/**
 * Drops every page with a number above `pgno`; none of them may be referenced, except that with
 * `pgno` 0 a referenced page 1 stays and has its content zeroed.
 *
 * @upstream pcache.c sqlite3PcacheTruncate
 */
export function sqlite3PcacheTruncate(pCache: PCache, pgno: Pgno): void {
  if (pCache.pCache !== null) {
    let p: PgHdr | null;
    let pNext: PgHdr | null;
    if (SQLITE_PCACHE_TRACE) pcacheTrace("%p.TRUNCATE %d\n", addressOf(pCache), pgno);
    for (p = pCache.pDirty; p !== null; p = pNext) {
      pNext = p.pDirtyNext;
      /* Callers with a positive pgno have cleaned everything, so a dirty page means that pgno is 0. */
      assert(p.pgno > 0);
      if (p.pgno > pgno) {
        assert(p.flags & PGHDR_DIRTY);
        sqlite3PcacheMakeClean(p);
      }
    }
    if (pgno === 0 && pCache.nRefSum !== 0) {
      let pPage1: sqlite3_pcache_page | null;
      pPage1 = sqlite3GlobalConfig.pcache2.xFetch(pCache.pCache, 1, 0);
      if (ALWAYS(pPage1) !== null) {
        /* Some page is referenced, and whoever references a page holds page 1 too. */
        memset(pPage1!.pBuf, 0, pCache.szPage);
        pgno = 1;
      }
    }
    sqlite3GlobalConfig.pcache2.xTruncate(pCache.pCache, pgno + 1);
  }
}

/**
 * Destroys the module's cache with all pages in it. The PCache itself belongs to the caller.
 *
 * @upstream pcache.c sqlite3PcacheClose
 */
export function sqlite3PcacheClose(pCache: PCache): void {
  assert(pCache.pCache !== null);
  if (SQLITE_PCACHE_TRACE) pcacheTrace("%p.CLOSE\n", addressOf(pCache));
  sqlite3GlobalConfig.pcache2.xDestroy(pCache.pCache);
}

/**
 * Drops all pages, see {@link sqlite3PcacheTruncate} about page 1.
 *
 * @upstream pcache.c sqlite3PcacheClear
 */
export function sqlite3PcacheClear(pCache: PCache): void {
  sqlite3PcacheTruncate(pCache, 0);
}

/** NON-UPSTREAM: the head that {@link pcacheMergeDirtyList} has on its stack in C. */
const mergeResult = new PgHdr();

/**
 * Merges two lists that are linked by pDirty and ascend by pgno, neither of them empty.
 *
 * @upstream pcache.c pcacheMergeDirtyList
 * @divergence pcache-merge-head
 */
function pcacheMergeDirtyList(pA: PgHdr | null, pB: PgHdr | null): PgHdr | null {
  let pTail: PgHdr;
  pTail = mergeResult;
  assert(pA !== null && pB !== null);
  for (;;) {
    if (pA!.pgno < pB!.pgno) {
      pTail.pDirty = pA;
      pTail = pA!;
      pA = pA!.pDirty;
      if (pA === null) {
        pTail.pDirty = pB;
        break;
      }
    } else {
      pTail.pDirty = pB;
      pTail = pB!;
      pB = pB!.pDirty;
      if (pB === null) {
        pTail.pDirty = pA;
        break;
      }
    }
  }
  return mergeResult.pDirty;
}

/** Bucket i of the sort holds 2^i pages; there are fewer than 2^31 pages. */
const N_SORT_BUCKET: number = 32;

/**
 * Sorts a list linked by pDirty by ascending pgno: a merge sort, bottom up.
 *
 * @upstream pcache.c pcacheSortDirtyList
 * @divergence pcache-merge-head
 * @divergence local-array
 */
function pcacheSortDirtyList(pIn: PgHdr | null): PgHdr | null {
  const a: (PgHdr | null)[] = new Array<PgHdr | null>(N_SORT_BUCKET).fill(null);
  let p: PgHdr | null;
  let i: number;
  while (pIn !== null) {
    p = pIn;
    pIn = p.pDirty;
    p.pDirty = null;
    for (i = 0; ALWAYS(i < N_SORT_BUCKET - 1); i++) {
      if (a[i] === null) {
        a[i] = p;
        break;
      } else {
        p = pcacheMergeDirtyList(a[i], p);
        a[i] = null;
      }
    }
    if (NEVER(i === N_SORT_BUCKET - 1)) {
      /* Only a list of 2^(N_SORT_BUCKET-1) pages gets here. */
      a[i] = pcacheMergeDirtyList(a[i], p);
    }
  }
  p = a[0];
  for (i = 1; i < N_SORT_BUCKET; i++) {
    if (a[i] === null) continue;
    p = p !== null ? pcacheMergeDirtyList(p, a[i]) : a[i];
  }
  mergeResult.pDirty = null; /* the head outlives the call here and must not keep pages alive */
  return p;
}

/**
 * All dirty pages, linked by pDirty in ascending order of pgno; null if there are none. The list
 * holds until the next call and until a page in it is made clean or dropped.
 *
 * @upstream pcache.c sqlite3PcacheDirtyList
 */
export function sqlite3PcacheDirtyList(pCache: PCache): PgHdr | null {
  let p: PgHdr | null;
  for (p = pCache.pDirty; p !== null; p = p.pDirtyNext) {
    p.pDirty = p.pDirtyNext;
  }
  return pcacheSortDirtyList(pCache.pDirty);
}

/**
 * The sum of the reference counts of all pages.
 *
 * @upstream pcache.c sqlite3PcacheRefCount
 */
export function sqlite3PcacheRefCount(pCache: PCache): number {
  return pCache.nRefSum;
}

/**
 * The reference count of one page.
 *
 * @upstream pcache.c sqlite3PcachePageRefcount
 */
export function sqlite3PcachePageRefcount(p: PgHdr): number {
  return p.nRef;
}

/**
 * The number of pages in the cache, clean and dirty, referenced or not.
 *
 * @upstream pcache.c sqlite3PcachePagecount
 */
export function sqlite3PcachePagecount(pCache: PCache): number {
  assert(pCache.pCache !== null);
  return sqlite3GlobalConfig.pcache2.xPagecount(pCache.pCache);
}

/**
 * The suggested cache size in pages; upstream compiles it for its own tests only.
 *
 * @upstream pcache.c sqlite3PcacheGetCachesize
 */
export function sqlite3PcacheGetCachesize(pCache: PCache): number {
  return numberOfCachePages(pCache);
}

/**
 * Sets the suggested cache size: pages, or KiB if negative.
 *
 * @upstream pcache.c sqlite3PcacheSetCachesize
 */
export function sqlite3PcacheSetCachesize(pCache: PCache, mxPage: number): void {
  assert(pCache.pCache !== null);
  pCache.szCache = mxPage;
  sqlite3GlobalConfig.pcache2.xCachesize(pCache.pCache, numberOfCachePages(pCache));
}

/**
 * Sets the size from which on dirty pages are spilled, unless `mxPage` is 0, and returns the one in
 * effect: the larger of spill size and cache size, in pages.
 *
 * @param mxPage pages, or KiB if negative.
 * @upstream pcache.c sqlite3PcacheSetSpillsize
 */
export function sqlite3PcacheSetSpillsize(p: PCache, mxPage: number): number {
  let res: number;
  assert(p.pCache !== null);
  if (mxPage) {
    if (mxPage < 0) {
      mxPage = Math.floor((-1024 * mxPage) / (p.szPage + p.szExtra)) | 0;
    }
    p.szSpill = mxPage;
  }
  res = numberOfCachePages(p);
  if (res < p.szSpill) res = p.szSpill;
  return res;
}

/**
 * Frees as much of the cache's memory as possible.
 *
 * @upstream pcache.c sqlite3PcacheShrink
 */
export function sqlite3PcacheShrink(pCache: PCache): void {
  assert(pCache.pCache !== null);
  sqlite3GlobalConfig.pcache2.xShrink(pCache.pCache);
}

/**
 * Bytes that this layer adds to every page.
 *
 * @upstream pcache.c sqlite3HeaderSizePcache
 */
export function sqlite3HeaderSizePcache(): number {
  return ROUND8(sizeof.PgHdr);
}

/**
 * The number of dirty pages as a percentage of the configured cache size; may exceed 100.
 *
 * @upstream pcache.c sqlite3PCachePercentDirty
 */
export function sqlite3PCachePercentDirty(pCache: PCache): number {
  let pDirty: PgHdr | null;
  let nDirty = 0;
  const nCache = numberOfCachePages(pCache);
  for (pDirty = pCache.pDirty; pDirty !== null; pDirty = pDirty.pDirtyNext) nDirty++;
  return nCache ? Math.floor((nDirty * 100) / nCache) | 0 : 0;
}

/**
 * Whether the cache has a dirty page. Called only with SQLITE_DIRECT_OVERFLOW_READ.
 *
 * @upstream pcache.c sqlite3PCacheIsDirty
 */
export function sqlite3PCacheIsDirty(pCache: PCache): number {
  return pCache.pDirty !== null ? 1 : 0;
}

/**
 * Calls `xIter` for every dirty page, newest first. `xIter` must not change the list. Called only
 * with SQLITE_CHECK_PAGES or SQLITE_DEBUG.
 *
 * @upstream pcache.c sqlite3PcacheIterateDirty
 */
export function sqlite3PcacheIterateDirty(pCache: PCache, xIter: (pPg: PgHdr) => void): void {
  let pDirty: PgHdr | null;
  for (pDirty = pCache.pDirty; pDirty !== null; pDirty = pDirty.pDirtyNext) {
    xIter(pDirty);
  }
}
