/*
** The oracle: SQLite's own pager, write-ahead log and page cache with a window in the wall.
**
** Included after the cut amalgamation (../build/cut.ts), in the same translation unit, so that it sees what is
** static there. It exports the pager's functions under their names without "sqlite3Pager", a table of the
** structs' fields, and the lists that no table describes. NON-UPSTREAM, all of it.
*/
#include "files.c"

#include "stand-ins.c"

/* The C library's assert() ends here, and so do the amalgamation's asserts of the debug build. */
_Noreturn void __assert_fail(const char *zExpr, const char *zFile, int iLine, const char *zFunction){
  hookAssertion(zExpr, iLine, zFunction);
  __builtin_trap();
}

/* ---------------------------------------------------------------- the allocator
** mem1.c's, with JavaScript asked before every call, and with memory that is never accidentally zero: both
** sides fill what they hand out with the same bytes, so that they agree even about what nobody has set.
*/
#define FILLING 0xA5
static sqlite3_mem_methods oracleMem1;

#ifdef SQLITE_DEBUG
/*
** With SQLITE_DEBUG a Wal is eight bytes larger, for a field that only asserts look at. What is counted of memory,
** and when a heap limit is reached, shall not depend on that: with its file it passes for a smaller block.
*/
#define WAL_BLOCK ((int)(sizeof(Wal)+sizeof(UpperFile)))
static int oracleSize(void *p){
  int n = oracleMem1.xSize(p);
  return n==ROUND8(WAL_BLOCK) ? n-8 : n;
}
static int oracleRoundup(int n){
  int nFull = oracleMem1.xRoundup(n);
  return n==WAL_BLOCK ? nFull-8 : nFull;
}
/* What a size that oracleRoundup gave is short of. */
static int oracleMore(int n){ return n==ROUND8(WAL_BLOCK)-8 ? 8 : 0; }
#else
# define oracleMore(n) 0
#endif

static void *oracleMalloc(int n){
  void *p;
  if( hookAllocate(0, n) ) return 0;
  p = oracleMem1.xMalloc(n + oracleMore(n));
  if( p ) memset(p, FILLING, (size_t)n);
  return p;
}
static void oracleFree(void *p){
  hookAllocate(2, oracleMem1.xSize(p));
  oracleMem1.xFree(p);
}
static void *oracleRealloc(void *pOld, int n){
  int nOld = oracleMem1.xSize(pOld);
  void *p;
  if( hookAllocate(1, n) ) return 0;
  p = oracleMem1.xRealloc(pOld, n);
  if( p && n>nOld ) memset((u8*)p + nOld, FILLING, (size_t)(n - nOld));
  return p;
}

/* Memory for JavaScript's own purposes, which no side counts. */
EXPORT(oracle_malloc) void *oracle_malloc(unsigned n){ return malloc(n); }
EXPORT(oracle_realloc) void *oracle_realloc(void *p, unsigned n){ return realloc(p, n); }
EXPORT(oracle_free) void oracle_free(void *p){ free(p); }

/*
** Configures and initializes; the VFS is registered on the way (sqlite3_os_init). With nSlot the page cache gets
** memory of its own, that many slots of szSlot bytes; with a heap limit memory is counted.
*/
EXPORT(oracle_start)
int oracle_start(int szSlot, int nSlot, double softHeapLimit){
  sqlite3_mem_methods m;
  int rc;
  if( nSlot>0 ){
    void *pSlots = malloc((size_t)(szSlot*nSlot));
    if( pSlots==0 ) return SQLITE_NOMEM;
    memset(pSlots, FILLING, (size_t)(szSlot*nSlot));
    rc = sqlite3_config(SQLITE_CONFIG_PAGECACHE, pSlots, szSlot, nSlot);
    if( rc ) return rc;
  }
  if( softHeapLimit>0 ){
    rc = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1);
    if( rc ) return rc;
  }
  sqlite3MemSetDefault();
  rc = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &oracleMem1);
  if( rc ) return rc;
  m = oracleMem1;
  m.xMalloc = oracleMalloc;
  m.xFree = oracleFree;
  m.xRealloc = oracleRealloc;
#ifdef SQLITE_DEBUG
  m.xSize = oracleSize;
  m.xRoundup = oracleRoundup;
#endif
  rc = sqlite3_config(SQLITE_CONFIG_MALLOC, &m);
  if( rc==SQLITE_OK ) rc = sqlite3_initialize();
  if( rc==SQLITE_OK && softHeapLimit>0 ) sqlite3_soft_heap_limit64((i64)softHeapLimit);
  return rc;
}
EXPORT(upper_pending_byte) int upper_pending_byte(void){ return sqlite3PendingByte; }
EXPORT(oracle_set_pending_byte) void oracle_set_pending_byte(int n){ sqlite3PendingByte = n; }

/* ---------------------------------------------------------------- the pager's functions */
static sqlite3 oracleDb;
static int oracleBusy(void *p){ return hookBusy((int)p); }
static void oracleReinit(DbPage *pPg){ hookReinit(pPg->pgno); }

EXPORT(Open)
int oracle_Open(Pager **pp, const char *zName, int nExtra, int flags, int vfsFlags, int id){
  int rc = sqlite3PagerOpen(sqlite3_vfs_find(0), pp, zName, nExtra, flags, vfsFlags, oracleReinit);
  if( rc==SQLITE_OK ) sqlite3PagerSetBusyHandler(*pp, oracleBusy, (void*)id);
  return rc;
}
EXPORT(Close)
int oracle_Close(Pager *p, int noCheckpoint){
  oracleDb.flags = noCheckpoint ? SQLITE_NoCkptOnClose : 0;
  return sqlite3PagerClose(p, &oracleDb);
}
EXPORT(Checkpoint)
int oracle_Checkpoint(Pager *p, int eMode, int *pnLog, int *pnCkpt){
  return sqlite3PagerCheckpoint(p, &oracleDb, eMode, pnLog, pnCkpt);
}
EXPORT(CloseWal)
int oracle_CloseWal(Pager *p, int noCheckpoint){
  oracleDb.flags = noCheckpoint ? SQLITE_NoCkptOnClose : 0;
  return sqlite3PagerCloseWal(p, &oracleDb);
}
EXPORT(SetMmapLimit) void oracle_SetMmapLimit(Pager *p, double n){ sqlite3PagerSetMmapLimit(p, (i64)n); }
EXPORT(JournalSizeLimit)
double oracle_JournalSizeLimit(Pager *p, double n){ return (double)sqlite3PagerJournalSizeLimit(p, (i64)n); }
EXPORT(CacheStat)
double oracle_CacheStat(Pager *p, int eStat, int reset){
  u64 n = 0;
  sqlite3PagerCacheStat(p, eStat, reset, &n);
  return (double)n;
}
/* Registers or forgets a backup: the pager only looks whether there is one. Ours is the pager itself. */
EXPORT(SetBackup)
void oracle_SetBackup(Pager *p, int on){ *sqlite3PagerBackupPtr(p) = on ? (sqlite3_backup*)p : 0; }

#define F1(R, f, A) EXPORT(f) R oracle_##f(A a){ return sqlite3Pager##f(a); }
#define F2(R, f, A, B) EXPORT(f) R oracle_##f(A a, B b){ return sqlite3Pager##f(a, b); }
#define F3(R, f, A, B, C) EXPORT(f) R oracle_##f(A a, B b, C c){ return sqlite3Pager##f(a, b, c); }
#define V1(f, A) EXPORT(f) void oracle_##f(A a){ sqlite3Pager##f(a); }
#define V2(f, A, B) EXPORT(f) void oracle_##f(A a, B b){ sqlite3Pager##f(a, b); }
F3(int, ReadFileheader, Pager*, int, u8*)
F3(int, SetPagesize, Pager*, u32*, int)
F2(Pgno, MaxPageCount, Pager*, Pgno)
V2(SetCachesize, Pager*, int)
F2(int, SetSpillsize, Pager*, int)
V1(Shrink, Pager*)
V2(SetFlags, Pager*, unsigned)
F2(int, LockingMode, Pager*, int)
F2(int, SetJournalMode, Pager*, int)
F1(int, GetJournalMode, Pager*)
F1(int, OkToChangeJournalMode, Pager*)
F1(int, Flush, Pager*)
EXPORT(Get) int oracle_Get(Pager *p, Pgno pgno, DbPage **pp, int f){ return sqlite3PagerGet(p, pgno, pp, f); }
F2(DbPage*, Lookup, Pager*, Pgno)
V1(Ref, DbPage*)
V1(Unref, DbPage*)
V1(UnrefNotNull, DbPage*)
V1(UnrefPageOne, DbPage*)
F1(int, Write, DbPage*)
V1(DontWrite, DbPage*)
EXPORT(Movepage)
int oracle_Movepage(Pager *p, DbPage *pPg, Pgno pgno, int c){ return sqlite3PagerMovepage(p, pPg, pgno, c); }
EXPORT(Rekey) void oracle_Rekey(DbPage *pPg, Pgno pgno, int flags){ sqlite3PagerRekey(pPg, pgno, (u16)flags); }
F1(int, PageRefcount, DbPage*)
F1(void*, GetData, DbPage*)
F1(void*, GetExtra, DbPage*)
V2(Pagecount, Pager*, int*)
F3(int, Begin, Pager*, int, int)
F3(int, CommitPhaseOne, Pager*, const char*, int)
F1(int, ExclusiveLock, Pager*)
F2(int, Sync, Pager*, const char*)
F1(int, CommitPhaseTwo, Pager*)
F1(int, Rollback, Pager*)
F2(int, OpenSavepoint, Pager*, int)
F3(int, Savepoint, Pager*, int, int)
F1(int, SharedLock, Pager*)
F1(int, WalSupported, Pager*)
F1(int, WalCallback, Pager*)
F2(int, OpenWal, Pager*, int*)
F2(int, DirectReadOk, Pager*, Pgno)
F1(int, Isreadonly, Pager*)
F1(u32, DataVersion, Pager*)
F1(int, MemUsed, Pager*)
F2(const char*, Filename, const Pager*, int)
F1(const char*, Journalname, Pager*)
F1(void*, TempSpace, Pager*)
F1(int, IsMemdb, Pager*)
V1(ClearCache, Pager*)
V2(TruncateImage, Pager*, Pgno)

/* ---------------------------------------------------------------- the fields of the structs */
enum { KIND_UNSIGNED, KIND_SIGNED, KIND_POINTER, KIND_BYTES, KIND_WORDS };
#define KIND(S, f) _Generic(((S*)0)->f, \
  u8: KIND_UNSIGNED, u16: KIND_UNSIGNED, u32: KIND_UNSIGNED, u64: KIND_UNSIGNED, \
  i8: KIND_SIGNED, i16: KIND_SIGNED, int: KIND_SIGNED, i64: KIND_SIGNED, \
  u32*: sizeof(((S*)0)->f)==sizeof(void*) ? KIND_POINTER : KIND_WORDS, \
  default: sizeof(((S*)0)->f)==sizeof(void*) ? KIND_POINTER : KIND_BYTES)

typedef struct PCacheGlobal PCacheGlobal;

/* A struct's row has no field; its size is the struct's. All strings are the compiler's. */
static const struct OracleField { const char *zStruct, *zField; int offset, size, kind; } oracleField[] = {
#define STRUCT(S) { #S, 0, 0, sizeof(S), 0 },
#define FIELD(S, f) { #S, #f, offsetof(S, f), sizeof(((S*)0)->f), KIND(S, f) },
#include "fields.h"
};
EXPORT(oracle_fields) const void *oracle_fields(void){ return oracleField; }
EXPORT(oracle_field_count) int oracle_field_count(void){ return ArraySize(oracleField); }

/* ---------------------------------------------------------------- what no table describes */

/* Which of the three getters is in place, and what the three files are: 0 closed, 1 in memory, 2 real. */
EXPORT(oracle_getter)
int oracle_getter(Pager *p){
  return p->xGet==getPageNormal ? 0 : p->xGet==getPageError ? 1 : 2;
}
static int oracleFileKind(sqlite3_file *f){
  return f->pMethods==0 ? 0 : sqlite3JournalIsInMemory(f) ? 1 : 2;
}
EXPORT(oracle_files)
int oracle_files(Pager *p){
  return oracleFileKind(p->fd) | oracleFileKind(p->jfd)<<4 | oracleFileKind(p->sjfd)<<8;
}

/*
** The cache as words, in this order; returns how many there are, also if there is not enough room.
**
**   n, then for each page of the dirty list from its head: pgno, flags, nRef
**   pgno of the dirty list's tail, or 0; pgno of pSynced, or 0
**   nHash, then for each hash slot: n, and for each page of its chain from the head:
**        iKey, isBulkLocal, pinned, and from the page's header 1, pgno, flags, nRef; or 0, 0, 0, 0 if it has none
**   n, then iKey of each page of the group's LRU list, last used first
**   n, the length of the cache's list of free bulk pages
**   n, the length of the pager's list of free mmap headers
*/
EXPORT(oracle_lists)
int oracle_lists(Pager *pPager, u32 *a, int nMax){
  int n = 0, at;
  unsigned h;
  PgHdr *p;
  PgHdr1 *q;
  PCache *pCache = pPager->pPCache;
  PCache1 *p1 = (PCache1*)pCache->pCache;
#define PUT(X) do{ u32 x_ = (u32)(X); if( n<nMax ) a[n] = x_; n++; }while(0)
#define COUNT_AT(I, N) do{ if( (I)<nMax ) a[I] = (u32)(N); }while(0)
  at = n++;
  h = 0;
  for(p=pCache->pDirty; p; p=p->pDirtyNext, h++){
    PUT(p->pgno); PUT(p->flags); PUT(p->nRef);
  }
  COUNT_AT(at, h);
  PUT(pCache->pDirtyTail ? pCache->pDirtyTail->pgno : 0);
  PUT(pCache->pSynced ? pCache->pSynced->pgno : 0);
  if( p1==0 ){
    PUT(0);
  }else{
    PUT(p1->nHash);
    for(h=0; h<p1->nHash; h++){
      int k = 0;
      at = n++;
      for(q=p1->apHash[h]; q; q=q->pNext, k++){
        p = (PgHdr*)q->page.pExtra;
        PUT(q->iKey); PUT(q->isBulkLocal); PUT(PAGE_IS_PINNED(q));
        if( p->pPage ){ PUT(1); PUT(p->pgno); PUT(p->flags); PUT(p->nRef); }
        else{ PUT(0); PUT(0); PUT(0); PUT(0); }
      }
      COUNT_AT(at, k);
    }
    at = n++;
    h = 0;
    for(q=p1->pGroup->lru.pLruNext; q && !q->isAnchor; q=q->pLruNext, h++) PUT(q->iKey);
    COUNT_AT(at, h);
    for(h=0, q=p1->pFree; q; q=q->pNext) h++;
    PUT(h);
  }
  for(h=0, p=pPager->pMmapFreelist; p; p=p->pDirty) h++;
  PUT(h);
  return n;
#undef PUT
#undef COUNT_AT
}

/* The header of page `pgno` if the cache has it with one, without touching anything. */
EXPORT(oracle_cached)
const PgHdr *oracle_cached(Pager *pPager, Pgno pgno){
  PCache1 *p1 = (PCache1*)pPager->pPCache->pCache;
  PgHdr1 *q;
  if( p1==0 || p1->nHash==0 ) return 0;
  for(q=p1->apHash[pgno % p1->nHash]; q && q->iKey!=pgno; q=q->pNext){}
  return q && ((PgHdr*)q->page.pExtra)->pPage ? (PgHdr*)q->page.pExtra : 0;
}

/* One byte for each page up to nPage: whether it is in the set. */
EXPORT(oracle_bitvec)
void oracle_bitvec(Bitvec *p, unsigned nPage, u8 *a){
  unsigned i;
  for(i=1; i<=nPage; i++) a[i] = (u8)sqlite3BitvecTest(p, i);
}
/* What all page caches share, and what is counted of memory: ten values, then their highest. */
EXPORT(oracle_pcache_global) const void *oracle_pcache_global(void){ return &pcache1_g; }
EXPORT(oracle_status) const void *oracle_status(void){ return &sqlite3Stat; }

/* The groups behind pointers: the page cache of a pager, its group, how many purgeable pages there are. */
EXPORT(oracle_pcache1) void *oracle_pcache1(Pager *p){ return p->pPCache->pCache; }
