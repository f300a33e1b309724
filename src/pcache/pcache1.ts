/**
 * The default page cache module: a hash table of pages, a list of the pages that may be recycled,
 * and the memory for both.
 *
 * 1. One allocation holds a page: its content, the PgHdr1, then the szExtra bytes of the layers
 *    above. The bytes of the PgHdr1 are reserved, so that sizes are C's and a reader may overrun the
 *    content by a few bytes; the struct itself is an object.
 * 2. The memory comes from the slots that SQLITE_CONFIG_PAGECACHE supplied, or from a bulk allocation
 *    per cache (SQLITE_CONFIG_PAGECACHE with a null buffer, the default) for its first pages, and
 *    otherwise from sqlite3Malloc().
 * 3. A page is pinned (in use) or unpinned. Unpinned pages form a circular list per {@link PGroup},
 *    headed by the anchor `lru`: `lru.pLruNext` was unpinned last, `lru.pLruPrev` is recycled next.
 * 4. A group is one cache (mode 1) or all caches of the process (mode 2), which then recycle each
 *    other's pages. Mode 2 is used with SQLITE_ENABLE_MEMORY_MANAGEMENT, or with PAGECACHE slots and
 *    without mutexes.
 *
 * Only pcache.ts talks to this module, through the methods that {@link sqlite3PCacheSetDefault}
 * installs.
 *
 * @upstream pcache1.c
 * @module
 */

import { sqlite3BeginBenignMalloc, sqlite3EndBenignMalloc } from "../fault.js";
import { sqlite3GlobalConfig } from "../global.js";
import { sqlite3_config } from "../main.js";
import {
  sqlite3_free,
  sqlite3HeapNearlyFull,
  sqlite3Malloc,
  sqlite3MallocSize,
  sqlite3MallocZero,
} from "../malloc.js";
import {
  type sqlite3_mutex,
  sqlite3_mutex_enter,
  sqlite3_mutex_held,
  sqlite3_mutex_leave,
  sqlite3_mutex_notheld,
  sqlite3MutexAlloc,
} from "../mutex.js";
import {
  assert,
  type Counted,
  EIGHT_BYTE_ALIGNMENT,
  Ref,
  ROUND8,
  ROUNDDOWN8,
  SQLITE_CONFIG_PCACHE2,
  SQLITE_DEBUG,
  SQLITE_DISABLE_PAGECACHE_OVERFLOW_STATS,
  SQLITE_ENABLE_MEMORY_MANAGEMENT,
  SQLITE_MUTEX_STATIC_LRU,
  SQLITE_MUTEX_STATIC_PMEM,
  SQLITE_OK,
  SQLITE_STATUS_PAGECACHE_OVERFLOW,
  SQLITE_STATUS_PAGECACHE_SIZE,
  SQLITE_STATUS_PAGECACHE_USED,
  SQLITE_THREADSAFE,
  SQLITE_WITHIN,
  sizeof,
  type sqlite3_pcache_methods2,
  type sqlite3_pcache_page,
} from "../sqliteInt.js";
import { sqlite3StatusDown, sqlite3StatusHighwater, sqlite3StatusUp } from "../status.js";
import type { PgHdr } from "./pcache.js";

/** What a `Uint8Array` field points to before it has been set. */
const NOTHING = new Uint8Array(0);

/**
 * One page of a cache. It is the {@link sqlite3_pcache_page} that pcache.ts gets to see, as in C,
 * where that struct is the first member and a pointer to one serves as a pointer to the other.
 *
 * @upstream pcache1.c PgHdr1
 * @divergence pcache-header-object
 */
class PgHdr1 implements sqlite3_pcache_page {
  /** The base class. */
  get page(): sqlite3_pcache_page {
    return this;
  }
  /** The content, szPage bytes. */
  pBuf: Uint8Array = NOTHING;
  /** The szExtra bytes. */
  pExtra: Uint8Array = NOTHING;
  /** NON-UPSTREAM: the PgHdr, which pcache.ts creates once per slot. */
  pHdr: object | null = null;
  /** Page number, u32. */
  iKey = 0;
  /** True if the memory is part of the cache's bulk allocation. */
  isBulkLocal = 0;
  /** True in PGroup.lru only. */
  isAnchor = 0;
  /** Next in the chain of the hash table, or in PCache1.pFree. */
  pNext: PgHdr1 | null = null;
  /** The cache that owns the page now. */
  pCache: PCache1 | null = null;
  /** Next in the list of unpinned pages; null if pinned. */
  pLruNext: PgHdr1 | null = null;
  /** Previous in the list of unpinned pages; stale while pLruNext is null. */
  pLruPrev: PgHdr1 | null = null;
  /** NON-UPSTREAM: the block that pcache1Alloc() handed out; in C pBuf is its address. */
  mem: Uint8Array | null;

  constructor(mem: Uint8Array | null = null) {
    this.mem = mem;
  }
}

/**
 * NON-UPSTREAM: an array of pointers that came from the allocator, with its counted block, so that
 * sqlite3_free() takes it as in C.
 */
class HashTable extends Array<PgHdr1 | null> implements Counted {
  mem: Uint8Array | null;

  constructor(mem: Uint8Array | null, n: number) {
    super(n);
    this.fill(null);
    this.mem = mem;
  }
}

/**
 * NON-UPSTREAM: what C's `*pp` is, if `pp` points to a link of the chain that begins at `apHash[h]`.
 * Here `pp` is the page whose pNext is that link, or null if it is `apHash[h]` itself.
 */
function linkOf(apHash: HashTable, h: number, pp: PgHdr1 | null): PgHdr1 | null {
  return pp === null ? apHash[h] : pp.pNext;
}

/** NON-UPSTREAM: C's `*pp = p`, see {@link linkOf}. */
function setLinkOf(apHash: HashTable, h: number, pp: PgHdr1 | null, p: PgHdr1 | null): void {
  if (pp === null) {
    apHash[h] = p;
  } else {
    pp.pNext = p;
  }
}

/**
 * NON-UPSTREAM: tells pcache.ts to initialise the header of a page that gets another key. In C it is
 * the start of pExtra, and its first word is PgHdr.pPage.
 */
function forgetHeader(pPage: sqlite3_pcache_page): void {
  const pHdr = pPage.pHdr as PgHdr | null;
  if (pHdr !== null) pHdr.pPage = null;
}

/**
 * Whether `p` is in use, that is, not on the list of unpinned pages.
 *
 * @upstream pcache1.c PAGE_IS_PINNED
 */
function PAGE_IS_PINNED(p: PgHdr1): boolean {
  return p.pLruNext === null;
}

/**
 * Whether `p` may be recycled.
 *
 * @upstream pcache1.c PAGE_IS_UNPINNED
 */
function PAGE_IS_UNPINNED(p: PgHdr1): boolean {
  return p.pLruNext !== null;
}

/**
 * Caches that recycle each other's unpinned pages. `nPurgeable` is a Ref because caches point at it.
 *
 * @upstream pcache1.c PGroup
 */
class PGroup {
  /** SQLITE_MUTEX_STATIC_LRU in mode 2 with mutexes, else null. */
  mutex: sqlite3_mutex | null = null;
  /** Sum of nMax of the purgeable caches, u32. */
  nMaxPage = 0;
  /** Sum of nMin of the purgeable caches, u32. */
  nMinPage = 0;
  /** nMaxPage + 10 - nMinPage, u32. */
  mxPinned = 0;
  /** Number of purgeable pages that exist, u32. */
  nPurgeable = new Ref<number>(0);
  /** Start and end of the list of unpinned pages. */
  lru: PgHdr1 = new PgHdr1();

  /** Zeroes the struct, as C does with memset. NON-UPSTREAM. */
  clear(): void {
    this.mutex = null;
    this.nMaxPage = 0;
    this.nMinPage = 0;
    this.mxPinned = 0;
    this.nPurgeable = new Ref<number>(0);
    this.lru = new PgHdr1();
  }
}

/**
 * One cache: the handle that xCreate returns. Page size and purgeability never change; nMax does.
 *
 * @upstream pcache1.c PCache1
 */
class PCache1 implements Counted {
  /** The group that the cache belongs to. */
  pGroup: PGroup | null = null;
  /** pGroup.nPurgeable, or the dummy below if the cache is not purgeable. */
  pnPurgeable: Ref<number>;
  /** Bytes of content per page. */
  szPage = 0;
  /** Bytes of extra space per page, the PgHdr included. */
  szExtra = 0;
  /** Bytes per page altogether. */
  szAlloc = 0;
  /** True if pages may be dropped. */
  bPurgeable = 0;
  /** Pages reserved for this cache, u32. */
  nMin = 0;
  /** Configured size in pages, u32. */
  nMax = 0;
  /** nMax*9/10, u32. */
  n90pct = 0;
  /** Largest key seen since xTruncate, u32. */
  iMaxKey = 0;
  /** What pnPurgeable points at when nobody wants to know. */
  nPurgeableDummy = new Ref<number>(0);

  /** Number of pages of this cache on the list of unpinned pages. */
  nRecyclable = 0;
  /** Number of pages in the hash table. */
  nPage = 0;
  /** Number of slots of the hash table. */
  nHash = 0;
  /** The hash table: chains linked by pNext. */
  apHash: HashTable | null = null;
  /** Unused pages of the bulk allocation. */
  pFree: PgHdr1 | null = null;
  /** The bulk allocation. */
  pBulk: Uint8Array | null = null;
  /** The counted block of the cache, and of its group in mode 1. */
  mem: Uint8Array | null;

  constructor(mem: Uint8Array | null) {
    this.mem = mem;
    this.pnPurgeable = this.nPurgeableDummy;
  }
}

/* For tests, which look into the handle that xCreate returns. */
export type { PCache1, PCacheGlobal, PGroup, PgHdr1 };

/**
 * A free slot of the memory given with SQLITE_CONFIG_PAGECACHE.
 *
 * @upstream pcache1.c PgFreeslot
 * @divergence pcache1-freeslot-object
 */
class PgFreeslot {
  /** Next free slot. */
  pNext: PgFreeslot | null = null;
  /** NON-UPSTREAM: the slot; in C the struct lies at its start. */
  readonly mem: Uint8Array;

  constructor(mem: Uint8Array) {
    /* NON-UPSTREAM: neither a piece that the buffer has left over nor a part of a slot is a slot. */
    assert(mem.length === pcache1.szSlot);
    this.mem = mem;
  }
}

/**
 * The state of this file. Everything up to the mutex is fixed by sqlite3_initialize().
 *
 * @upstream pcache1.c PCacheGlobal
 */
class PCacheGlobal {
  /** The group of mode 2. */
  grp: PGroup = new PGroup();
  isInit = 0;
  /** True in mode 1. */
  separateCache = 0;
  /** Size of a bulk allocation: pages, or KiB if negative; 0 for none. */
  nInitPage = 0;
  /** Bytes per PAGECACHE slot. */
  szSlot = 0;
  /** Number of PAGECACHE slots. */
  nSlot = 0;
  /** Memory counts as short with fewer free slots than this. */
  nReserve = 0;
  /** The memory of the slots, which may go on behind the last one. */
  pStart: Uint8Array | null = null;
  /** What is left of it behind the last slot. */
  pEnd: Uint8Array | null = null;
  mutex: sqlite3_mutex | null = null;
  /** The free slots. */
  pFree: PgFreeslot | null = null;
  /** Number of free slots. */
  nFreeSlot = 0;
  /** True if few slots are free. */
  bUnderPressure = 0;

  /** Zeroes the struct, as C does with memset. NON-UPSTREAM. */
  clear(): void {
    this.grp.clear();
    this.isInit = 0;
    this.separateCache = 0;
    this.nInitPage = 0;
    this.szSlot = 0;
    this.nSlot = 0;
    this.nReserve = 0;
    this.pStart = null;
    this.pEnd = null;
    this.mutex = null;
    this.pFree = null;
    this.nFreeSlot = 0;
    this.bUnderPressure = 0;
  }
}

/** @upstream pcache1.c pcache1_g */
const pcache1 = new PCacheGlobal();

/** NON-UPSTREAM: the state of this file, for whoever compares it with C's. */
export function pcache1Global(): Readonly<PCacheGlobal> {
  return pcache1;
}

/** Whether a group can have a mutex. */
const PCACHE1_MIGHT_USE_GROUP_MUTEX: number =
  !SQLITE_ENABLE_MEMORY_MANAGEMENT || SQLITE_THREADSAFE === 0 ? 0 : 1;

/**
 * Enters the mutex of a group, where groups can have one.
 *
 * @upstream pcache1.c pcache1EnterMutex
 */
function pcache1EnterMutex(X: PGroup): void {
  if (!PCACHE1_MIGHT_USE_GROUP_MUTEX) {
    assert(X.mutex === null);
  } else {
    sqlite3_mutex_enter(X.mutex);
  }
}

/**
 * Leaves the mutex of a group, where groups can have one.
 *
 * @upstream pcache1.c pcache1LeaveMutex
 */
function pcache1LeaveMutex(X: PGroup): void {
  if (!PCACHE1_MIGHT_USE_GROUP_MUTEX) {
    assert(X.mutex === null);
  } else {
    sqlite3_mutex_leave(X.mutex);
  }
}

/* ------------------------------------------------------------------ page memory */

/**
 * Divides the buffer given with SQLITE_CONFIG_PAGECACHE into slots. Called once per initialization;
 * null or `n` 0 means that there are no slots. The slot with the highest address is used first.
 *
 * @param pBuf at least `n` times `sz` bytes.
 * @param sz bytes per slot, rounded down to a multiple of 8.
 * @upstream pcache1.c sqlite3PCacheBufferSetup
 * @divergence pcache1-freeslot-object
 */
export function sqlite3PCacheBufferSetup(pBuf: Uint8Array | null, sz: number, n: number): void {
  if (pcache1.isInit) {
    let p: PgFreeslot;
    if (pBuf === null) sz = n = 0;
    if (n === 0) sz = 0;
    sz = ROUNDDOWN8(sz);
    pcache1.szSlot = sz;
    pcache1.nSlot = pcache1.nFreeSlot = n;
    pcache1.nReserve = n > 90 ? 10 : Math.floor(n / 10) + 1;
    pcache1.pStart = pBuf;
    pcache1.pFree = null;
    pcache1.bUnderPressure = 0;
    while (n--) {
      p = new PgFreeslot(pBuf!.subarray(0, sz));
      p.pNext = pcache1.pFree;
      pcache1.pFree = p;
      pBuf = pBuf!.subarray(sz);
    }
    pcache1.pEnd = pBuf;
  }
}

/**
 * Makes the bulk allocation of a cache and cuts it into free pages, if bulk allocations are
 * configured and the cache is not tiny. Returns true if the cache then has a free page. Failure is
 * harmless: pages are allocated one by one.
 *
 * @upstream pcache1.c pcache1InitBulk
 * @divergence pcache1-bulk-too-small
 * @divergence pcache-header-object
 */
function pcache1InitBulk(pCache: PCache1): number {
  let szBulk: number;
  let zBulk: Uint8Array | null;
  if (pcache1.nInitPage === 0) return 0;
  /* With room for two pages, allocating more at once would be waste. */
  if (pCache.nMax < 3) return 0;
  sqlite3BeginBenignMalloc();
  if (pcache1.nInitPage > 0) {
    szBulk = pCache.szAlloc * pcache1.nInitPage;
  } else {
    szBulk = -1024 * pcache1.nInitPage;
  }
  if (szBulk > pCache.szAlloc * pCache.nMax) {
    szBulk = pCache.szAlloc * pCache.nMax;
  }
  zBulk = pCache.pBulk = sqlite3Malloc(szBulk);
  sqlite3EndBenignMalloc();
  if (zBulk !== null) {
    let nBulk = Math.floor(sqlite3MallocSize(zBulk) / pCache.szAlloc);
    if (nBulk === 0) {
      /* Not even one page fits. C enters the loop all the same and runs out of the block. */
      sqlite3_free(pCache.pBulk);
      pCache.pBulk = null;
      return 0;
    }
    do {
      const pX = new PgHdr1();
      pX.page.pBuf = zBulk.subarray(0, pCache.szPage);
      pX.page.pExtra = zBulk.subarray(pCache.szPage + ROUND8(sizeof.PgHdr1), pCache.szAlloc);
      assert(EIGHT_BYTE_ALIGNMENT(pX.page.pExtra));
      pX.isBulkLocal = 1;
      pX.isAnchor = 0;
      pX.pNext = pCache.pFree;
      pX.pLruPrev = null;
      pCache.pFree = pX;
      zBulk = zBulk.subarray(pCache.szAlloc);
    } while (--nBulk);
  }
  return pCache.pFree !== null ? 1 : 0;
}

/**
 * Allocates `nByte` bytes from the PAGECACHE slots, or from the heap if they do not fit into one or
 * all are in use. A slot comes whole, so the result may be longer than asked for; its content is
 * arbitrary. Null if out of memory.
 *
 * @upstream pcache1.c pcache1Alloc
 * @divergence pcache1-freeslot-object
 */
function pcache1Alloc(nByte: number): Uint8Array | null {
  let p: Uint8Array | null = null;
  assert(sqlite3_mutex_notheld(pcache1.grp.mutex));
  if (nByte <= pcache1.szSlot) {
    sqlite3_mutex_enter(pcache1.mutex);
    p = pcache1.pFree === null ? null : pcache1.pFree.mem;
    if (p !== null) {
      pcache1.pFree = pcache1.pFree!.pNext;
      pcache1.nFreeSlot--;
      pcache1.bUnderPressure = pcache1.nFreeSlot < pcache1.nReserve ? 1 : 0;
      assert(pcache1.nFreeSlot >= 0);
      sqlite3StatusHighwater(SQLITE_STATUS_PAGECACHE_SIZE, nByte);
      sqlite3StatusUp(SQLITE_STATUS_PAGECACHE_USED, 1);
    }
    sqlite3_mutex_leave(pcache1.mutex);
  }
  if (p === null) {
    /* No slot: the heap, counted as overflow. */
    p = sqlite3Malloc(nByte);
    if (!SQLITE_DISABLE_PAGECACHE_OVERFLOW_STATS) {
      if (p !== null) {
        const sz = sqlite3MallocSize(p);
        sqlite3_mutex_enter(pcache1.mutex);
        sqlite3StatusHighwater(SQLITE_STATUS_PAGECACHE_SIZE, nByte);
        sqlite3StatusUp(SQLITE_STATUS_PAGECACHE_OVERFLOW, sz);
        sqlite3_mutex_leave(pcache1.mutex);
      }
    }
  }
  return p;
}

/**
 * Gives back what `pcache1Alloc` handed out, the same object; null is ignored.
 *
 * @upstream pcache1.c pcache1Free
 * @divergence pcache1-freeslot-object
 */
function pcache1Free(p: Uint8Array | null): void {
  if (p === null) return;
  if (pcache1.pStart !== null && SQLITE_WITHIN(p, pcache1.pStart)) {
    let pSlot: PgFreeslot;
    sqlite3_mutex_enter(pcache1.mutex);
    sqlite3StatusDown(SQLITE_STATUS_PAGECACHE_USED, 1);
    pSlot = new PgFreeslot(p);
    pSlot.pNext = pcache1.pFree;
    pcache1.pFree = pSlot;
    pcache1.nFreeSlot++;
    pcache1.bUnderPressure = pcache1.nFreeSlot < pcache1.nReserve ? 1 : 0;
    assert(pcache1.nFreeSlot <= pcache1.nSlot);
    sqlite3_mutex_leave(pcache1.mutex);
  } else {
    if (!SQLITE_DISABLE_PAGECACHE_OVERFLOW_STATS) {
      let nFreed = 0;
      nFreed = sqlite3MallocSize(p);
      sqlite3_mutex_enter(pcache1.mutex);
      sqlite3StatusDown(SQLITE_STATUS_PAGECACHE_OVERFLOW, nFreed);
      sqlite3_mutex_leave(pcache1.mutex);
    }
    sqlite3_free(p);
  }
}

/**
 * The size in bytes of what `pcache1Alloc` handed out.
 *
 * @upstream pcache1.c pcache1MemSize
 * @divergence pcache1-freeslot-object
 */
function pcache1MemSize(p: Uint8Array): number {
  if (pcache1.pStart !== null && SQLITE_WITHIN(p, pcache1.pStart)) {
    return pcache1.szSlot;
  } else {
    let iSize: number;
    iSize = sqlite3MallocSize(p);
    return iSize;
  }
}

/**
 * A page that belongs to no key yet: a free one of the bulk allocation, which is made if the cache
 * is empty, or a new one. Null if out of memory.
 *
 * @param benignMalloc true if the caller can do without, so that a failure is no event.
 * @upstream pcache1.c pcache1AllocPage
 * @divergence pcache-header-object
 */
function pcache1AllocPage(pCache: PCache1, benignMalloc: number): PgHdr1 | null {
  let p: PgHdr1 | null = null;
  let pPg: Uint8Array | null;

  assert(sqlite3_mutex_held(pCache.pGroup!.mutex));
  if (pCache.pFree !== null || (pCache.nPage === 0 && pcache1InitBulk(pCache))) {
    assert(pCache.pFree !== null);
    p = pCache.pFree!;
    pCache.pFree = p.pNext;
    p.pNext = null;
  } else {
    if (SQLITE_ENABLE_MEMORY_MANAGEMENT) {
      /* The allocation may call sqlite3_release_memory(), which enters the same mutex. */
      assert(pcache1.separateCache === 0);
      assert(pCache.pGroup === pcache1.grp);
      pcache1LeaveMutex(pCache.pGroup!);
    }
    if (benignMalloc) {
      sqlite3BeginBenignMalloc();
    }
    pPg = pcache1Alloc(pCache.szAlloc);
    if (benignMalloc) {
      sqlite3EndBenignMalloc();
    }
    if (SQLITE_ENABLE_MEMORY_MANAGEMENT) {
      pcache1EnterMutex(pCache.pGroup!);
    }
    if (pPg === null) return null;
    p = new PgHdr1(pPg);
    p.page.pBuf = pPg.subarray(0, pCache.szPage);
    p.page.pExtra = pPg.subarray(pCache.szPage + ROUND8(sizeof.PgHdr1), pCache.szAlloc);
    assert(EIGHT_BYTE_ALIGNMENT(p.page.pExtra));
    p.isBulkLocal = 0;
    p.isAnchor = 0;
    p.pLruPrev = null;
  }
  pCache.pnPurgeable.value++;
  return p;
}

/**
 * Frees a page that {@link pcache1AllocPage} made and that is in no list any more. A page of the
 * bulk allocation goes back to its cache.
 *
 * @upstream pcache1.c pcache1FreePage
 * @divergence pcache-header-object
 */
function pcache1FreePage(p: PgHdr1): void {
  let pCache: PCache1;
  assert(p !== null);
  pCache = p.pCache!;
  assert(sqlite3_mutex_held(p.pCache!.pGroup!.mutex));
  if (p.isBulkLocal) {
    p.pNext = pCache.pFree;
    pCache.pFree = p;
  } else {
    pcache1Free(p.mem);
  }
  pCache.pnPurgeable.value = (pCache.pnPurgeable.value - 1) >>> 0;
}

/**
 * Allocates a buffer of the size of a page, see `pcache1Alloc`: a slot or heap memory, at
 * least `sz` bytes, content arbitrary; null if out of memory.
 *
 * @upstream pcache1.c sqlite3PageMalloc
 */
export function sqlite3PageMalloc(sz: number): Uint8Array | null {
  assert(sz <= 65536 + 8);
  return pcache1Alloc(sz);
}

/**
 * Frees what {@link sqlite3PageMalloc} returned, the same object; null is ignored.
 *
 * @upstream pcache1.c sqlite3PageFree
 */
export function sqlite3PageFree(p: Uint8Array | null): void {
  pcache1Free(p);
}

/**
 * Whether the cache should rather recycle than allocate: few slots are free, for pages that go into
 * slots, or the heap nears its soft limit, for others.
 *
 * @upstream pcache1.c pcache1UnderMemoryPressure
 */
function pcache1UnderMemoryPressure(pCache: PCache1): number {
  if (pcache1.nSlot && pCache.szPage + pCache.szExtra <= pcache1.szSlot) {
    return pcache1.bUnderPressure;
  } else {
    return sqlite3HeapNearlyFull();
  }
}

/* ------------------------------------------------------------------ general implementation */

/**
 * Doubles the hash table, to 256 slots at least. If memory runs out the table stays as it is; that
 * matters only for a cache that has none yet.
 *
 * @upstream pcache1.c pcache1ResizeHash
 */
function pcache1ResizeHash(p: PCache1): void {
  let apNew: HashTable;
  let nNew: number;
  let i: number;

  assert(sqlite3_mutex_held(p.pGroup!.mutex));

  nNew = 2 * p.nHash;
  if (nNew < 256) {
    nNew = 256;
  }

  pcache1LeaveMutex(p.pGroup!);
  if (p.nHash) {
    sqlite3BeginBenignMalloc();
  }
  const mem = sqlite3MallocZero(sizeof.ptr * nNew);
  if (p.nHash) {
    sqlite3EndBenignMalloc();
  }
  pcache1EnterMutex(p.pGroup!);
  if (mem !== null) {
    apNew = new HashTable(mem, nNew);
    for (i = 0; i < p.nHash; i++) {
      let pPage: PgHdr1 | null;
      let pNext = p.apHash![i];
      while ((pPage = pNext) !== null) {
        const h = pPage.iKey % nNew;
        pNext = pPage.pNext;
        pPage.pNext = apNew[h];
        apNew[h] = pPage;
      }
    }
    sqlite3_free(p.apHash);
    p.apHash = apNew;
    p.nHash = nNew;
  }
}

/**
 * Takes an unpinned page off its group's list, so that it is in use again. Returns the page.
 *
 * @upstream pcache1.c pcache1PinPage
 */
function pcache1PinPage(pPage: PgHdr1): PgHdr1 {
  assert(pPage !== null);
  assert(PAGE_IS_UNPINNED(pPage));
  assert(pPage.pLruNext !== null);
  assert(pPage.pLruPrev !== null);
  assert(sqlite3_mutex_held(pPage.pCache!.pGroup!.mutex));
  pPage.pLruPrev!.pLruNext = pPage.pLruNext;
  pPage.pLruNext!.pLruPrev = pPage.pLruPrev;
  pPage.pLruNext = null;
  /* pLruPrev may stay: it counts only while pLruNext is set. */
  assert(pPage.isAnchor === 0);
  assert(pPage.pCache!.pGroup!.lru.isAnchor === 1);
  pPage.pCache!.nRecyclable = (pPage.pCache!.nRecyclable - 1) >>> 0;
  return pPage;
}

/**
 * Takes a page out of its cache's hash table, and frees it if `freeFlag` is true.
 *
 * @upstream pcache1.c pcache1RemoveFromHash
 * @divergence list-slot-pointer
 */
function pcache1RemoveFromHash(pPage: PgHdr1, freeFlag: number): void {
  let h: number;
  const pCache = pPage.pCache!;
  let pp: PgHdr1 | null;

  assert(sqlite3_mutex_held(pCache.pGroup!.mutex));
  h = pPage.iKey % pCache.nHash;
  for (pp = null; linkOf(pCache.apHash!, h, pp) !== pPage; pp = linkOf(pCache.apHash!, h, pp));
  setLinkOf(pCache.apHash!, h, pp, linkOf(pCache.apHash!, h, pp)!.pNext);

  pCache.nPage = (pCache.nPage - 1) >>> 0;
  if (freeFlag) pcache1FreePage(pPage);
}

/**
 * Drops the least recently used pages until the group has no more than nMaxPage, or no more unpinned
 * ones. A cache left without pages also gives its bulk allocation back.
 *
 * @upstream pcache1.c pcache1EnforceMaxPage
 */
function pcache1EnforceMaxPage(pCache: PCache1): void {
  const pGroup = pCache.pGroup!;
  let p: PgHdr1;
  assert(sqlite3_mutex_held(pGroup.mutex));
  while (pGroup.nPurgeable.value > pGroup.nMaxPage && (p = pGroup.lru.pLruPrev!).isAnchor === 0) {
    assert(p.pCache!.pGroup === pGroup);
    assert(PAGE_IS_UNPINNED(p));
    pcache1PinPage(p);
    pcache1RemoveFromHash(p, 1);
  }
  if (pCache.nPage === 0 && pCache.pBulk !== null) {
    sqlite3_free(pCache.pBulk);
    pCache.pBulk = pCache.pFree = null;
  }
}

/**
 * Drops every page with a key of at least `iLimit`, pinned or not. There must be keys to look for:
 * `iLimit` is at most iMaxKey.
 *
 * @upstream pcache1.c pcache1TruncateUnsafe
 * @divergence list-slot-pointer
 * @divergence assert-only-locals
 */
function pcache1TruncateUnsafe(pCache: PCache1, iLimit: number): void {
  let nPage = 0; /* counts the pages that stay, for the assert at the end */
  let h: number;
  let iStop: number;
  assert(sqlite3_mutex_held(pCache.pGroup!.mutex));
  assert(pCache.iMaxKey >= iLimit);
  assert(pCache.nHash > 0);
  if ((pCache.iMaxKey - iLimit) >>> 0 < pCache.nHash) {
    /* Fewer keys than slots: only the slots of those keys need a visit. */
    h = iLimit % pCache.nHash;
    iStop = pCache.iMaxKey % pCache.nHash;
    if (SQLITE_DEBUG) nPage = -10; /* the others go uncounted */
  } else {
    /* All slots, beginning anywhere. */
    h = Math.floor(pCache.nHash / 2);
    iStop = (h - 1) >>> 0;
  }
  for (;;) {
    let pp: PgHdr1 | null;
    let pPage: PgHdr1 | null;
    assert(h < pCache.nHash);
    pp = null;
    while ((pPage = linkOf(pCache.apHash!, h, pp)) !== null) {
      if (pPage.iKey >= iLimit) {
        pCache.nPage = (pCache.nPage - 1) >>> 0;
        setLinkOf(pCache.apHash!, h, pp, pPage.pNext);
        if (PAGE_IS_UNPINNED(pPage)) pcache1PinPage(pPage);
        pcache1FreePage(pPage);
      } else {
        pp = pPage;
        if (SQLITE_DEBUG) {
          if (nPage >= 0) nPage++;
        }
      }
    }
    if (h === iStop) break;
    h = (h + 1) % pCache.nHash;
  }
  assert(nPage < 0 || pCache.nPage === nPage >>> 0);
}

/* ------------------------------------------------------------------ the methods */

/**
 * xInit: chooses between one group for all caches and one per cache, and fixes the size of bulk
 * allocations, from the configuration at this moment.
 *
 * @upstream pcache1.c pcache1Init
 */
function pcache1Init(_NotUsed: unknown): number {
  assert(pcache1.isInit === 0);
  pcache1.clear();

  if (SQLITE_ENABLE_MEMORY_MANAGEMENT) {
    pcache1.separateCache = 0;
  } else if (SQLITE_THREADSAFE) {
    pcache1.separateCache = sqlite3GlobalConfig.pPage === null || sqlite3GlobalConfig.bCoreMutex > 0 ? 1 : 0;
  } else {
    pcache1.separateCache = sqlite3GlobalConfig.pPage === null ? 1 : 0;
  }

  if (SQLITE_THREADSAFE) {
    if (sqlite3GlobalConfig.bCoreMutex) {
      pcache1.grp.mutex = sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_LRU);
      pcache1.mutex = sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_PMEM);
    }
  }
  if (pcache1.separateCache && sqlite3GlobalConfig.nPage !== 0 && sqlite3GlobalConfig.pPage === null) {
    pcache1.nInitPage = sqlite3GlobalConfig.nPage;
  } else {
    pcache1.nInitPage = 0;
  }
  pcache1.grp.mxPinned = 10;
  pcache1.isInit = 1;
  return SQLITE_OK;
}

/**
 * xShutdown: forgets the slots and everything else.
 *
 * @upstream pcache1.c pcache1Shutdown
 */
function pcache1Shutdown(_NotUsed: unknown): void {
  assert(pcache1.isInit !== 0);
  pcache1.clear();
}

/**
 * xCreate: a new, empty cache with a size of 0 pages, or null if out of memory.
 *
 * @param szPage a power of two from 512 to 65536.
 * @param szExtra bytes, below 300.
 * @upstream pcache1.c pcache1Create
 * @divergence pcache1-group-object
 */
function pcache1Create(szPage: number, szExtra: number, bPurgeable: number): PCache1 | null {
  let pCache: PCache1 | null = null;
  let pGroup: PGroup;
  let sz: number;

  assert((szPage & (szPage - 1)) === 0 && szPage >= 512 && szPage <= 65536);
  assert(szExtra < 300);

  sz = sizeof.PCache1 + sizeof.PGroup * pcache1.separateCache;
  const mem = sqlite3MallocZero(sz);
  if (mem !== null) {
    pCache = new PCache1(mem);
    if (pcache1.separateCache) {
      pGroup = new PGroup();
      pGroup.mxPinned = 10;
    } else {
      pGroup = pcache1.grp;
    }
    pcache1EnterMutex(pGroup);
    if (pGroup.lru.isAnchor === 0) {
      pGroup.lru.isAnchor = 1;
      pGroup.lru.pLruPrev = pGroup.lru.pLruNext = pGroup.lru;
    }
    pCache.pGroup = pGroup;
    pCache.szPage = szPage;
    pCache.szExtra = szExtra;
    pCache.szAlloc = szPage + szExtra + ROUND8(sizeof.PgHdr1);
    pCache.bPurgeable = bPurgeable ? 1 : 0;
    pcache1ResizeHash(pCache);
    if (bPurgeable) {
      pCache.nMin = 10;
      pGroup.nMinPage = (pGroup.nMinPage + pCache.nMin) >>> 0;
      pGroup.mxPinned = (pGroup.nMaxPage + 10 - pGroup.nMinPage) >>> 0;
      pCache.pnPurgeable = pGroup.nPurgeable;
    } else {
      pCache.pnPurgeable = pCache.nPurgeableDummy;
    }
    pcache1LeaveMutex(pGroup);
    if (pCache.nHash === 0) {
      pcache1Destroy(pCache);
      pCache = null;
    }
  }
  return pCache;
}

/**
 * xCachesize: sets the size in pages and drops what is too much. The sum over a group is kept to
 * 0x7fff0000 at most. Without effect on a cache that is not purgeable.
 *
 * @upstream pcache1.c pcache1Cachesize
 */
function pcache1Cachesize(p: PCache1, nMax: number): void {
  const pCache = p;
  let n: number;
  assert(nMax >= 0);
  if (pCache.bPurgeable) {
    const pGroup = pCache.pGroup!;
    pcache1EnterMutex(pGroup);
    n = nMax >>> 0;
    if (n > (0x7fff0000 - pGroup.nMaxPage + pCache.nMax) >>> 0) {
      n = (0x7fff0000 - pGroup.nMaxPage + pCache.nMax) >>> 0;
    }
    pGroup.nMaxPage = (pGroup.nMaxPage + (n - pCache.nMax)) >>> 0;
    pGroup.mxPinned = (pGroup.nMaxPage + 10 - pGroup.nMinPage) >>> 0;
    pCache.nMax = n;
    pCache.n90pct = Math.floor(((pCache.nMax * 9) >>> 0) / 10); /* the product wraps in C */
    pcache1EnforceMaxPage(pCache);
    pcache1LeaveMutex(pGroup);
  }
}

/**
 * xShrink: drops every unpinned page of the cache's group.
 *
 * @upstream pcache1.c pcache1Shrink
 */
function pcache1Shrink(p: PCache1): void {
  const pCache = p;
  if (pCache.bPurgeable) {
    const pGroup = pCache.pGroup!;
    let savedMaxPage: number;
    pcache1EnterMutex(pGroup);
    savedMaxPage = pGroup.nMaxPage;
    pGroup.nMaxPage = 0;
    pcache1EnforceMaxPage(pCache);
    pGroup.nMaxPage = savedMaxPage;
    pcache1LeaveMutex(pGroup);
  }
}

/**
 * xPagecount: the number of pages in the cache, pinned or not.
 *
 * @upstream pcache1.c pcache1Pagecount
 */
function pcache1Pagecount(p: PCache1): number {
  let n: number;
  const pCache = p;
  pcache1EnterMutex(pCache.pGroup!);
  n = pCache.nPage;
  pcache1LeaveMutex(pCache.pGroup!);
  return n;
}

/**
 * The half of xFetch that creates a page for a key that is not cached; steps 3 to 5 of
 * {@link pcache1Fetch}.
 *
 * @upstream pcache1.c pcache1FetchStage2
 * @divergence pcache-header-object
 */
function pcache1FetchStage2(pCache: PCache1, iKey: number, createFlag: number): PgHdr1 | null {
  let nPinned: number;
  const pGroup = pCache.pGroup!;
  let pPage: PgHdr1 | null = null;

  /* Step 3: with createFlag 1, stop if the cache is nearly full of pinned pages. */
  assert(pCache.nPage >= pCache.nRecyclable);
  nPinned = (pCache.nPage - pCache.nRecyclable) >>> 0;
  assert(pGroup.mxPinned === (pGroup.nMaxPage + 10 - pGroup.nMinPage) >>> 0);
  assert(pCache.n90pct === Math.floor(((pCache.nMax * 9) >>> 0) / 10));
  if (
    createFlag === 1 &&
    (nPinned >= pGroup.mxPinned ||
      nPinned >= pCache.n90pct ||
      (pcache1UnderMemoryPressure(pCache) && pCache.nRecyclable < nPinned))
  ) {
    return null;
  }

  if (pCache.nPage >= pCache.nHash) pcache1ResizeHash(pCache);
  assert(pCache.nHash > 0 && pCache.apHash !== null);

  /* Step 4: recycle the least recently used page of the group. */
  if (
    pCache.bPurgeable &&
    !pGroup.lru.pLruPrev!.isAnchor &&
    (pCache.nPage + 1 >= pCache.nMax || pcache1UnderMemoryPressure(pCache))
  ) {
    let pOther: PCache1;
    pPage = pGroup.lru.pLruPrev!;
    assert(PAGE_IS_UNPINNED(pPage));
    pcache1RemoveFromHash(pPage, 0);
    pcache1PinPage(pPage);
    pOther = pPage.pCache!;
    if (pOther.szAlloc !== pCache.szAlloc) {
      pcache1FreePage(pPage);
      pPage = null;
    } else {
      pGroup.nPurgeable.value = (pGroup.nPurgeable.value - (pOther.bPurgeable - pCache.bPurgeable)) >>> 0;
    }
  }

  /* Step 5: allocate one. */
  if (pPage === null) {
    pPage = pcache1AllocPage(pCache, createFlag === 1 ? 1 : 0);
  }

  if (pPage !== null) {
    const h = iKey % pCache.nHash;
    pCache.nPage++;
    pPage.iKey = iKey;
    pPage.pNext = pCache.apHash![h];
    pPage.pCache = pCache;
    pPage.pLruNext = null;
    forgetHeader(pPage.page);
    pCache.apHash![h] = pPage;
    if (iKey > pCache.iMaxKey) {
      pCache.iMaxKey = iKey;
    }
  }
  return pPage;
}

/**
 * xFetch for a group without a mutex; see {@link pcache1Fetch}.
 *
 * @upstream pcache1.c pcache1FetchNoMutex
 */
function pcache1FetchNoMutex(p: PCache1, iKey: number, createFlag: number): PgHdr1 | null {
  const pCache = p;
  let pPage: PgHdr1 | null = null;

  /* Step 1: is it there? */
  pPage = pCache.apHash![iKey % pCache.nHash];
  while (pPage !== null && pPage.iKey !== iKey) {
    pPage = pPage.pNext;
  }

  /* Step 2: if so, it is in use now; if not, and it is not wanted, give up. */
  if (pPage !== null) {
    if (PAGE_IS_UNPINNED(pPage)) {
      return pcache1PinPage(pPage);
    } else {
      return pPage;
    }
  } else if (createFlag) {
    return pcache1FetchStage2(pCache, iKey, createFlag);
  } else {
    return null;
  }
}

/**
 * xFetch for a group with a mutex; see {@link pcache1Fetch}.
 *
 * @upstream pcache1.c pcache1FetchWithMutex
 */
function pcache1FetchWithMutex(p: PCache1, iKey: number, createFlag: number): PgHdr1 | null {
  const pCache = p;
  let pPage: PgHdr1 | null;

  pcache1EnterMutex(pCache.pGroup!);
  pPage = pcache1FetchNoMutex(p, iKey, createFlag);
  assert(pPage === null || pCache.iMaxKey >= iKey);
  pcache1LeaveMutex(pCache.pGroup!);
  return pPage;
}

/**
 * xFetch: the page with key `iKey`, pinned; or null.
 *
 * 1. A cached page is returned in any case.
 * 2. With `createFlag` 0 there is nothing more to do.
 * 3. With `createFlag` 1 a page is not created if too many are pinned: as many as the group allows
 *    beside what other caches have reserved, nine tenths of this cache's size, or more than half of
 *    its pages while memory is short.
 * 4. A purgeable cache that has reached its size, or any while memory is short, takes the least
 *    recently used unpinned page of its group; if that one has another size it is freed instead.
 * 5. Otherwise, and then, a page is allocated.
 *
 * A cache that is not purgeable never sees `createFlag` 1.
 *
 * @upstream pcache1.c pcache1Fetch
 * @divergence pcache-header-object
 * @divergence assert-only-locals
 */
function pcache1Fetch(p: PCache1, iKey: number, createFlag: number): sqlite3_pcache_page | null {
  const pCache = p;

  assert(pCache.bPurgeable || createFlag !== 1);
  assert(pCache.bPurgeable || pCache.nMin === 0);
  assert(pCache.bPurgeable === 0 || pCache.nMin === 10);
  assert(pCache.nMin === 0 || pCache.bPurgeable);
  assert(pCache.nHash > 0);
  if (PCACHE1_MIGHT_USE_GROUP_MUTEX && pCache.pGroup!.mutex !== null) {
    return pcache1FetchWithMutex(p, iKey, createFlag);
  } else {
    return pcache1FetchNoMutex(p, iKey, createFlag);
  }
}

/**
 * xUnpin: a pinned page is no longer in use. It becomes the most recently used one that may be
 * recycled, or is dropped at once: if the caller sees no reuse, or if there are too many pages.
 *
 * @upstream pcache1.c pcache1Unpin
 * @divergence list-slot-pointer
 */
function pcache1Unpin(p: PCache1, pPg: sqlite3_pcache_page, reuseUnlikely: number): void {
  const pCache = p;
  const pPage = pPg as PgHdr1;
  const pGroup = pCache.pGroup!;

  assert(pPage.pCache === pCache);
  pcache1EnterMutex(pGroup);

  /* A page that is on the list already must not come here. */
  assert(pPage.pLruNext === null);
  assert(PAGE_IS_PINNED(pPage));

  if (reuseUnlikely || pGroup.nPurgeable.value > pGroup.nMaxPage) {
    pcache1RemoveFromHash(pPage, 1);
  } else {
    const ppFirst = pGroup.lru;
    pPage.pLruPrev = pGroup.lru;
    (pPage.pLruNext = ppFirst.pLruNext!).pLruPrev = pPage;
    ppFirst.pLruNext = pPage;
    pCache.nRecyclable++;
  }

  pcache1LeaveMutex(pCache.pGroup!);
}

/**
 * xRekey: changes the key of a page. No page with the new key exists.
 *
 * @upstream pcache1.c pcache1Rekey
 * @divergence list-slot-pointer
 */
function pcache1Rekey(p: PCache1, pPg: sqlite3_pcache_page, iOld: number, iNew: number): void {
  const pCache = p;
  const pPage = pPg as PgHdr1;
  let pp: PgHdr1 | null;
  let hOld: number;
  let hNew: number;
  assert(pPage.iKey === iOld);
  assert(pPage.pCache === pCache);
  assert(iOld !== iNew);

  pcache1EnterMutex(pCache.pGroup!);

  assert(pcache1FetchNoMutex(p, iOld, 0) === pPage);
  hOld = iOld % pCache.nHash;
  pp = null;
  while (linkOf(pCache.apHash!, hOld, pp) !== pPage) {
    pp = linkOf(pCache.apHash!, hOld, pp);
  }
  setLinkOf(pCache.apHash!, hOld, pp, pPage.pNext);

  assert(pcache1FetchNoMutex(p, iNew, 0) === null);
  hNew = iNew % pCache.nHash;
  pPage.iKey = iNew;
  pPage.pNext = pCache.apHash![hNew];
  pCache.apHash![hNew] = pPage;
  if (iNew > pCache.iMaxKey) {
    pCache.iMaxKey = iNew;
  }

  pcache1LeaveMutex(pCache.pGroup!);
}

/**
 * xTruncate: drops every page with a key of at least `iLimit`, pinned ones too.
 *
 * @upstream pcache1.c pcache1Truncate
 */
function pcache1Truncate(p: PCache1, iLimit: number): void {
  const pCache = p;
  pcache1EnterMutex(pCache.pGroup!);
  if (iLimit <= pCache.iMaxKey) {
    pcache1TruncateUnsafe(pCache, iLimit);
    pCache.iMaxKey = (iLimit - 1) >>> 0;
  }
  pcache1LeaveMutex(pCache.pGroup!);
}

/**
 * xDestroy: drops all pages, takes the cache out of its group's sums and frees it. Also called on
 * a cache whose hash table could not be allocated.
 *
 * @upstream pcache1.c pcache1Destroy
 */
function pcache1Destroy(p: PCache1): void {
  const pCache = p;
  const pGroup = pCache.pGroup!;
  assert(pCache.bPurgeable || (pCache.nMax === 0 && pCache.nMin === 0));
  pcache1EnterMutex(pGroup);
  if (pCache.nPage) pcache1TruncateUnsafe(pCache, 0);
  assert(pGroup.nMaxPage >= pCache.nMax);
  pGroup.nMaxPage = (pGroup.nMaxPage - pCache.nMax) >>> 0;
  assert(pGroup.nMinPage >= pCache.nMin);
  pGroup.nMinPage = (pGroup.nMinPage - pCache.nMin) >>> 0;
  pGroup.mxPinned = (pGroup.nMaxPage + 10 - pGroup.nMinPage) >>> 0;
  pcache1EnforceMaxPage(pCache);
  pcache1LeaveMutex(pGroup);
  sqlite3_free(pCache.pBulk);
  sqlite3_free(pCache.apHash);
  sqlite3_free(pCache);
}

/**
 * Installs this module as the page cache; sqlite3_initialize() does so if the application has not
 * configured its own.
 *
 * @upstream pcache1.c sqlite3PCacheSetDefault
 */
export function sqlite3PCacheSetDefault(): void {
  const defaultMethods: sqlite3_pcache_methods2<PCache1> = {
    iVersion: 1,
    pArg: null,
    xInit: pcache1Init,
    xShutdown: pcache1Shutdown,
    xCreate: pcache1Create,
    xCachesize: pcache1Cachesize,
    xPagecount: pcache1Pagecount,
    xFetch: pcache1Fetch,
    xUnpin: pcache1Unpin,
    xRekey: pcache1Rekey,
    xTruncate: pcache1Truncate,
    xDestroy: pcache1Destroy,
    xShrink: pcache1Shrink,
  };
  sqlite3_config(SQLITE_CONFIG_PCACHE2, defaultMethods);
}

/**
 * Bytes that this module adds to every page.
 *
 * @upstream pcache1.c sqlite3HeaderSizePcache1
 */
export function sqlite3HeaderSizePcache1(): number {
  return ROUND8(sizeof.PgHdr1);
}

/**
 * The mutex of the PAGECACHE slots, which sqlite3_status() enters; null without core mutexes.
 *
 * @upstream pcache1.c sqlite3Pcache1Mutex
 */
export function sqlite3Pcache1Mutex(): sqlite3_mutex | null {
  return pcache1.mutex;
}

/**
 * Frees unpinned pages of the global group, least recently used first, until at least `nReq` bytes
 * are free again or no page is left; a negative `nReq` frees them all. Returns the bytes freed.
 * Pages in PAGECACHE slots are no heap memory and are left alone. Called only with
 * SQLITE_ENABLE_MEMORY_MANAGEMENT.
 *
 * @upstream pcache1.c sqlite3PcacheReleaseMemory
 * @divergence pcache-header-object
 */
export function sqlite3PcacheReleaseMemory(nReq: number): number {
  let nFree = 0;
  assert(sqlite3_mutex_notheld(pcache1.grp.mutex));
  assert(sqlite3_mutex_notheld(pcache1.mutex));
  if (sqlite3GlobalConfig.pPage === null) {
    let p: PgHdr1 | null;
    pcache1EnterMutex(pcache1.grp);
    while ((nReq < 0 || nFree < nReq) && (p = pcache1.grp.lru.pLruPrev) !== null && p.isAnchor === 0) {
      nFree += pcache1MemSize(p.mem!);
      assert(PAGE_IS_UNPINNED(p));
      pcache1PinPage(p);
      pcache1RemoveFromHash(p, 1);
    }
    pcache1LeaveMutex(pcache1.grp);
  }
  return nFree;
}

/**
 * Reports on the global group; upstream compiles it for its own tests only.
 *
 * @param pnCurrent set to the number of purgeable pages.
 * @param pnMax set to the sum of the cache sizes.
 * @param pnMin set to the sum of the reserved pages.
 * @param pnRecyclable set to the number of unpinned pages.
 * @upstream pcache1.c sqlite3PcacheStats
 */
export function sqlite3PcacheStats(
  pnCurrent: Ref<number>,
  pnMax: Ref<number>,
  pnMin: Ref<number>,
  pnRecyclable: Ref<number>,
): void {
  let p: PgHdr1 | null;
  let nRecyclable = 0;
  for (p = pcache1.grp.lru.pLruNext; p !== null && !p.isAnchor; p = p.pLruNext) {
    assert(PAGE_IS_UNPINNED(p));
    nRecyclable++;
  }
  pnCurrent.value = pcache1.grp.nPurgeable.value | 0;
  pnMax.value = pcache1.grp.nMaxPage | 0;
  pnMin.value = pcache1.grp.nMinPage | 0;
  pnRecyclable.value = nRecyclable;
}
