/*
** What `pager-mirror bench pager` measures, in C. ../workloads.ts has the same in TypeScript: the same
** workloads in the same order under the same names, function by function, so that both sides can run their
** loops in their own language and return the same checksum of what they read.
**
** Included after the amalgamation, in the same translation unit. Whoever includes it (wasm.c, native.c)
** has defined benchClock(), which starts (1) and stops (0) the clock.
** NON-UPSTREAM, all of it.
*/
#define PAGE_SIZE 4096
/* For long logs: looking up a page in the wal-index has nothing to do with the size of pages. */
#define SMALL_PAGE_SIZE 512
/* Pages that a database has in which single pages are read or changed. */
#define N_SMALL 200
#define N_LARGE 4000
#define N_COMMIT 1000
/* A cache that holds everything, and one that holds next to nothing. */
#define CACHE_ALL 20000
#define CACHE_FEW 100
/* Frames after which a log is checkpointed, as a connection does by default. */
#define AUTOCHECKPOINT 1000

/* The names of the files, with the zeros around them that the pager expects. */
static char benchDbName[600];
static char benchHotName[600];
static u32 benchSum;
static int benchLine;
static sqlite3 benchDb;

static void benchReinit(DbPage *pPg){ (void)pPg; }
static int benchBusy(void *p){ (void)p; return 0; }

#define TRY(X) do{ int rc_ = (X); if( rc_!=SQLITE_OK ){ benchLine = __LINE__; return rc_; } }while(0)
#define FOLD(s, v) ((s)*31u + (u32)(v))

/* Where the files are: `zFolder` without a slash at its end. */
static void benchFolder(const char *zFolder){
  memset(benchDbName, 0, sizeof(benchDbName));
  memset(benchHotName, 0, sizeof(benchHotName));
  sqlite3_snprintf(500, benchDbName+4, "%s/bench.db", zFolder);
  sqlite3_snprintf(500, benchHotName+4, "%s/hot.db", zFolder);
}

/* ---------------------------------------------------------------- pages */

static u32 pageValue(DbPage *pPg){
  const u8 *a = (const u8*)sqlite3PagerGetData(pPg);
  return a[8] | a[9]<<8 | a[10]<<16 | (u32)a[11]<<24;
}
static void setPageValue(DbPage *pPg, u32 v){
  u8 *a = (u8*)sqlite3PagerGetData(pPg);
  a[8] = (u8)v;
  a[9] = (u8)(v>>8);
  a[10] = (u8)(v>>16);
  a[11] = (u8)(v>>24);
}
/* Changes one page. */
static int putPage(Pager *p, Pgno pgno, u32 v){
  DbPage *pPg;
  int rc;
  TRY(sqlite3PagerGet(p, pgno, &pPg, 0));
  rc = sqlite3PagerWrite(pPg);
  if( rc==SQLITE_OK ) setPageValue(pPg, v);
  sqlite3PagerUnrefNotNull(pPg);
  return rc;
}

/* ---------------------------------------------------------------- transactions */

/* A read transaction: it lasts as long as page 1 is held. */
static int beginRead(Pager *p, DbPage **ppOne){
  TRY(sqlite3PagerSharedLock(p));
  return sqlite3PagerGet(p, 1, ppOne, 0);
}
static int beginWrite(Pager *p, DbPage **ppOne){
  TRY(beginRead(p, ppOne));
  return sqlite3PagerBegin(p, 0, 0);
}
static int commit(Pager *p, DbPage *pOne){
  TRY(sqlite3PagerCommitPhaseOne(p, 0, 0));
  TRY(sqlite3PagerCommitPhaseTwo(p));
  sqlite3PagerUnrefPageOne(pOne);
  return SQLITE_OK;
}
/* Pages `first` to `last`, with values made from `seed`. */
static int putPages(Pager *p, Pgno first, Pgno last, u32 seed){
  Pgno pgno;
  for(pgno=first; pgno<=last; pgno++) TRY(putPage(p, pgno, seed + pgno));
  return SQLITE_OK;
}
static int fill(Pager *p, Pgno first, Pgno last, u32 seed){
  DbPage *pOne;
  TRY(beginWrite(p, &pOne));
  TRY(putPages(p, first, last, seed));
  return commit(p, pOne);
}

/* ---------------------------------------------------------------- databases */

/* Opens a database. */
static int openPager(Pager **pp, const char *zName, int szPage, int nCache){
  u32 sz = (u32)szPage;
  TRY(sqlite3PagerOpen(sqlite3_vfs_find(0), pp, zName, 136, 0,
      SQLITE_OPEN_READWRITE|SQLITE_OPEN_CREATE|SQLITE_OPEN_MAIN_DB, benchReinit));
  sqlite3PagerSetBusyHandler(*pp, benchBusy, 0);
  TRY(sqlite3PagerSetPagesize(*pp, &sz, 0));
  sqlite3PagerSetCachesize(*pp, nCache);
  sqlite3PagerSetFlags(*pp, PAGER_SYNCHRONOUS_FULL|PAGER_CACHESPILL);
  return SQLITE_OK;
}
/* Reads pages 1 to nPage. */
static int readPages(Pager *p, Pgno nPage){
  DbPage *pPg;
  Pgno pgno;
  for(pgno=1; pgno<=nPage; pgno++){
    TRY(sqlite3PagerGet(p, pgno, &pPg, 0));
    sqlite3PagerUnrefNotNull(pPg);
  }
  return SQLITE_OK;
}
/*
** Deletes what may be left, and makes a new database of nPage pages in the given journal mode; as many of them
** as fit are in the cache then.
*/
static int newDatabase(Pager **pp, int szPage, int nCache, int eMode, Pgno nPage){
  sqlite3_vfs *pVfs = sqlite3_vfs_find(0);
  DbPage *pOne;
  int isOpen = 0;
  char zName[640];
  (void)sqlite3OsDelete(pVfs, benchDbName+4, 0);
  sqlite3_snprintf(sizeof(zName), zName, "%s-journal", benchDbName+4);
  (void)sqlite3OsDelete(pVfs, zName, 0);
  sqlite3_snprintf(sizeof(zName), zName, "%s-wal", benchDbName+4);
  (void)sqlite3OsDelete(pVfs, zName, 0);
  TRY(openPager(pp, benchDbName+4, szPage, nCache));
  TRY(fill(*pp, 1, nPage, 1));
  if( eMode==PAGER_JOURNALMODE_WAL ){
    TRY(beginRead(*pp, &pOne));
    sqlite3PagerUnrefPageOne(pOne);
    TRY(sqlite3PagerSharedLock(*pp));
    TRY(sqlite3PagerOpenWal(*pp, &isOpen));
  }
  sqlite3PagerSetJournalMode(*pp, eMode);
  TRY(beginRead(*pp, &pOne));
  TRY(readPages(*pp, nPage));
  sqlite3PagerUnrefPageOne(pOne);
  return SQLITE_OK;
}
/* Reads all pages, adds them to the checksum and closes. Without a checkpoint: it would be a large one. */
static int finish(Pager *p, int szPage, u32 s){
  DbPage *pOne, *pPg;
  int nPage, i;
  Pgno pgno;
  TRY(beginRead(p, &pOne));
  sqlite3PagerPagecount(p, &nPage);
  s = FOLD(s, nPage);
  for(pgno=1; pgno<=(Pgno)nPage; pgno++){
    const u8 *a;
    TRY(sqlite3PagerGet(p, pgno, &pPg, 0));
    a = (const u8*)sqlite3PagerGetData(pPg);
    s = FOLD(s, pageValue(pPg));
    for(i=127; i<szPage; i+=128) s = FOLD(s, a[i]);
    sqlite3PagerUnrefNotNull(pPg);
  }
  sqlite3PagerUnrefPageOne(pOne);
  benchSum = FOLD(benchSum, s);
  benchDb.flags = SQLITE_NoCkptOnClose;
  return sqlite3PagerClose(p, &benchDb);
}
static int checkpoint(Pager *p, int *pnLog, int *pnCkpt){
  return sqlite3PagerCheckpoint(p, &benchDb, SQLITE_CHECKPOINT_PASSIVE, pnLog, pnCkpt);
}

/* ---------------------------------------------------------------- the workloads
** Each runs `n` operations; `a` and `b` are the workload's parameters.
*/

static int cachedGet(int n, int a, int b){
  Pager *p;
  DbPage *pOne, *pPg;
  Pgno pgno = 1;
  u32 s = 0;
  int i;
  TRY(newDatabase(&p, PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_DELETE, N_SMALL));
  TRY(beginRead(p, &pOne));
  benchClock(1);
  for(i=0; i<n; i++){
    TRY(sqlite3PagerGet(p, pgno, &pPg, 0));
    s = FOLD(s, pageValue(pPg));
    sqlite3PagerUnrefNotNull(pPg);
    pgno += 71;
    if( pgno>N_SMALL ) pgno -= N_SMALL;
  }
  benchClock(0);
  sqlite3PagerUnrefPageOne(pOne);
  return finish(p, PAGE_SIZE, s);
}

/* Each page comes from the file, or with a = WAL from the log, and takes the place of another one. */
static int getMiss(int n, int a, int b){
  Pager *p;
  DbPage *pOne, *pPg;
  Pgno pgno = 2;
  u32 s = 0;
  int i;
  TRY(newDatabase(&p, PAGE_SIZE, CACHE_ALL, a, a==PAGER_JOURNALMODE_WAL ? 1 : N_LARGE));
  if( a==PAGER_JOURNALMODE_WAL ) TRY(fill(p, 1, N_LARGE, 1));
  TRY(beginRead(p, &pOne));
  sqlite3PagerUnrefPageOne(pOne);
  sqlite3PagerSetCachesize(p, CACHE_FEW);
  sqlite3PagerShrink(p);
  TRY(beginRead(p, &pOne));
  benchClock(1);
  for(i=0; i<n; i++){
    TRY(sqlite3PagerGet(p, pgno, &pPg, 0));
    s = FOLD(s, pageValue(pPg));
    sqlite3PagerUnrefNotNull(pPg);
    pgno += 1237;
    if( pgno>N_LARGE ) pgno -= N_LARGE - 1;
  }
  benchClock(0);
  sqlite3PagerUnrefPageOne(pOne);
  return finish(p, PAGE_SIZE, s);
}

/* The first change of a page in a transaction: it is copied to the journal, if there is one. */
static int writeFirst(int n, int a, int b){
  Pager *p;
  DbPage *pOne;
  u32 s = 0;
  int i;
  TRY(newDatabase(&p, PAGE_SIZE, CACHE_ALL, a, N_COMMIT));
  for(i=0; i<n; ){
    Pgno pgno;
    TRY(beginWrite(p, &pOne));
    TRY(readPages(p, N_COMMIT));
    benchClock(1);
    for(pgno=2; pgno<=N_COMMIT && i<n; pgno++, i++) TRY(putPage(p, pgno, (u32)i));
    benchClock(0);
    s = FOLD(s, pgno);
    TRY(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(pOne);
  }
  return finish(p, PAGE_SIZE, s);
}

/* Further changes of pages that are writable already, and held. */
static int writeAgain(int n, int a, int b){
  Pager *p;
  DbPage *pOne, *apPg[16];
  int i;
  TRY(newDatabase(&p, PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_DELETE, N_SMALL));
  TRY(beginWrite(p, &pOne));
  for(i=0; i<16; i++){
    TRY(sqlite3PagerGet(p, (Pgno)(i*7+2), &apPg[i], 0));
    TRY(sqlite3PagerWrite(apPg[i]));
  }
  benchClock(1);
  for(i=0; i<n; i++){
    DbPage *pPg = apPg[i & 15];
    TRY(sqlite3PagerWrite(pPg));
    setPageValue(pPg, pageValue(pPg) + (u32)i);
  }
  benchClock(0);
  for(i=0; i<16; i++) sqlite3PagerUnrefNotNull(apPg[i]);
  TRY(commit(p, pOne));
  return finish(p, PAGE_SIZE, 0);
}

/* Transactions of `b` pages in journal mode `a`. */
static int commits(int n, int a, int b){
  Pager *p;
  DbPage *pOne;
  Pgno pgno = 2;
  int i, j, nFrame = 0;
  TRY(newDatabase(&p, PAGE_SIZE, CACHE_ALL, a, N_COMMIT));
  benchClock(1);
  for(i=0; i<n; i++){
    TRY(beginWrite(p, &pOne));
    for(j=0; j<b; j++){
      TRY(putPage(p, pgno, (u32)(i + j)));
      pgno += 7;
      if( pgno>N_COMMIT ) pgno -= N_COMMIT - 1;
    }
    TRY(commit(p, pOne));
    nFrame += b;
    if( a==PAGER_JOURNALMODE_WAL && nFrame>=AUTOCHECKPOINT ){
      benchClock(0);
      TRY(checkpoint(p, 0, 0));
      nFrame = 0;
      benchClock(1);
    }
  }
  benchClock(0);
  return finish(p, PAGE_SIZE, 0);
}

/* Puts `nFrame` frames into the log, in transactions of at most 1000 pages, each frame for a page of its own. */
static int fillLog(Pager *p, int nFrame){
  int i;
  for(i=0; i<nFrame; i+=1000) TRY(fill(p, (Pgno)i+1, (Pgno)(i+1000<nFrame ? i+1000 : nFrame), (u32)i));
  return SQLITE_OK;
}

/* Finding the frame of a page in a log of `a` frames. */
static int walLookup(int n, int a, int b){
  Pager *p;
  DbPage *pOne;
  u32 iFrame, s = 0, pgno = 1;
  int i;
  TRY(newDatabase(&p, SMALL_PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_WAL, 1));
  TRY(fillLog(p, a));
  TRY(beginRead(p, &pOne));
  benchClock(1);
  for(i=0; i<n; i++){
    TRY(sqlite3WalFindFrame(p->pWal, pgno, &iFrame));
    s = FOLD(s, iFrame);
    pgno += 61;
    while( pgno>(u32)a ) pgno -= (u32)a;
  }
  benchClock(0);
  sqlite3PagerUnrefPageOne(pOne);
  return finish(p, SMALL_PAGE_SIZE, s);
}

/* Copying a log of `n` frames into the database. */
static int checkpoints(int n, int a, int b){
  Pager *p;
  int nLog = 0, nCkpt = 0;
  TRY(newDatabase(&p, PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_WAL, 1));
  TRY(fillLog(p, n));
  benchClock(1);
  TRY(checkpoint(p, &nLog, &nCkpt));
  benchClock(0);
  return finish(p, PAGE_SIZE, FOLD(nLog, nCkpt));
}

/* Copies a file through the VFS. */
static int copyFile(const char *zFrom, const char *zTo, int type){
  static u8 aBuf[65536];
  sqlite3_vfs *pVfs = sqlite3_vfs_find(0);
  sqlite3_file *pFrom, *pTo;
  i64 n, at;
  TRY(sqlite3OsOpenMalloc(pVfs, zFrom, &pFrom, type|SQLITE_OPEN_READWRITE, 0));
  TRY(sqlite3OsOpenMalloc(pVfs, zTo, &pTo, type|SQLITE_OPEN_READWRITE|SQLITE_OPEN_CREATE, 0));
  TRY(sqlite3OsFileSize(pFrom, &n));
  for(at=0; at<n; at+=sizeof(aBuf)){
    int k = n-at<(i64)sizeof(aBuf) ? (int)(n-at) : (int)sizeof(aBuf);
    TRY(sqlite3OsRead(pFrom, aBuf, k, at));
    TRY(sqlite3OsWrite(pTo, aBuf, k, at));
  }
  sqlite3OsCloseFree(pFrom);
  sqlite3OsCloseFree(pTo);
  return SQLITE_OK;
}

/* Playing back the journal of a transaction of `n` pages that was cut off: a copy of one that was not. */
static int hotJournal(int n, int a, int b){
  Pager *p, *pHot;
  DbPage *pOne;
  sqlite3_vfs *pVfs = sqlite3_vfs_find(0);
  char zFrom[640], zTo[640];
  TRY(newDatabase(&p, PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_DELETE, (Pgno)n+1));
  (void)sqlite3OsDelete(pVfs, benchHotName+4, 0);
  TRY(beginWrite(p, &pOne));
  TRY(putPages(p, 2, (Pgno)n+1, 77));
  TRY(sqlite3PagerCommitPhaseOne(p, 0, 0));
  memset(zFrom, 0, sizeof(zFrom));
  memset(zTo, 0, sizeof(zTo));
  TRY(copyFile(benchDbName+4, benchHotName+4, SQLITE_OPEN_MAIN_DB));
  sqlite3_snprintf(600, zFrom, "%s-journal", benchDbName+4);
  sqlite3_snprintf(600, zTo, "%s-journal", benchHotName+4);
  TRY(copyFile(zFrom, zTo, SQLITE_OPEN_MAIN_JOURNAL));
  TRY(sqlite3PagerCommitPhaseTwo(p));
  sqlite3PagerUnrefPageOne(pOne);
  TRY(finish(p, PAGE_SIZE, 0));
  TRY(openPager(&pHot, benchHotName+4, PAGE_SIZE, CACHE_ALL));
  benchClock(1);
  TRY(beginRead(pHot, &pOne));
  benchClock(0);
  sqlite3PagerUnrefPageOne(pOne);
  return finish(pHot, PAGE_SIZE, 0);
}

/* Savepoints in which `a` pages change, that have changed in the transaction before; b: rolled back to. */
static int savepoints(int n, int a, int b){
  Pager *p;
  DbPage *pOne;
  Pgno pgno;
  int i;
  TRY(newDatabase(&p, PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_DELETE, N_SMALL));
  TRY(beginWrite(p, &pOne));
  TRY(putPages(p, 2, N_SMALL, 5));
  benchClock(1);
  for(i=0; i<n; i++){
    TRY(sqlite3PagerOpenSavepoint(p, 1));
    for(pgno=2; pgno<(Pgno)a+2; pgno++) TRY(putPage(p, pgno, (u32)i));
    if( b ) TRY(sqlite3PagerSavepoint(p, SAVEPOINT_ROLLBACK, 0));
    TRY(sqlite3PagerSavepoint(p, SAVEPOINT_RELEASE, 0));
  }
  benchClock(0);
  TRY(commit(p, pOne));
  return finish(p, PAGE_SIZE, 0);
}

/* A transaction of `n` pages in journal mode `a` with a cache that holds 100, so that most are spilled. */
static int spills(int n, int a, int b){
  Pager *p;
  DbPage *pOne;
  TRY(newDatabase(&p, PAGE_SIZE, CACHE_FEW, a, (Pgno)n+1));
  benchClock(1);
  TRY(beginWrite(p, &pOne));
  TRY(putPages(p, 2, (Pgno)n+1, 9));
  TRY(commit(p, pOne));
  benchClock(0);
  return finish(p, PAGE_SIZE, 0);
}

static const struct BenchWorkload {
  const char *zName;
  int (*xRun)(int n, int a, int b);
  int a, b;
} aWorkload[] = {
  { "cached get", cachedGet, 0, 0 },
  { "get miss", getMiss, PAGER_JOURNALMODE_DELETE, 0 },
  { "get miss, page in the log", getMiss, PAGER_JOURNALMODE_WAL, 0 },
  { "write, journalled", writeFirst, PAGER_JOURNALMODE_DELETE, 0 },
  { "write, WAL", writeFirst, PAGER_JOURNALMODE_WAL, 0 },
  { "write again", writeAgain, 0, 0 },
  { "commit of 1 page, DELETE", commits, PAGER_JOURNALMODE_DELETE, 1 },
  { "commit of 1 page, TRUNCATE", commits, PAGER_JOURNALMODE_TRUNCATE, 1 },
  { "commit of 1 page, PERSIST", commits, PAGER_JOURNALMODE_PERSIST, 1 },
  { "commit of 1 page, MEMORY", commits, PAGER_JOURNALMODE_MEMORY, 1 },
  { "commit of 1 page, OFF", commits, PAGER_JOURNALMODE_OFF, 1 },
  { "commit of 1 page, WAL", commits, PAGER_JOURNALMODE_WAL, 1 },
  { "commit of 100 pages, DELETE", commits, PAGER_JOURNALMODE_DELETE, 100 },
  { "commit of 100 pages, TRUNCATE", commits, PAGER_JOURNALMODE_TRUNCATE, 100 },
  { "commit of 100 pages, PERSIST", commits, PAGER_JOURNALMODE_PERSIST, 100 },
  { "commit of 100 pages, MEMORY", commits, PAGER_JOURNALMODE_MEMORY, 100 },
  { "commit of 100 pages, OFF", commits, PAGER_JOURNALMODE_OFF, 100 },
  { "commit of 100 pages, WAL", commits, PAGER_JOURNALMODE_WAL, 100 },
  { "lookup in a log of 100 frames", walLookup, 100, 0 },
  { "lookup in a log of 10,000 frames", walLookup, 10000, 0 },
  { "lookup in a log of 100,000 frames", walLookup, 100000, 0 },
  { "checkpoint, per frame", checkpoints, 0, 0 },
  { "hot journal, per page", hotJournal, 0, 0 },
  { "savepoint, released", savepoints, 0, 0 },
  { "savepoint of 1 page, released", savepoints, 1, 0 },
  { "savepoint of 1 page, rolled back", savepoints, 1, 1 },
  { "savepoint of 50 pages, rolled back", savepoints, 50, 1 },
  { "spill, per page, DELETE", spills, PAGER_JOURNALMODE_DELETE, 0 },
  { "spill, per page, WAL", spills, PAGER_JOURNALMODE_WAL, 0 },
};

/* ---------------------------------------------------------------- memory
** What is running between the start and the stop of the clock is looked at for the memory that it takes.
*/

/* Reading `n` pages into the cache; 100 are there already. */
static int cachePages(int n){
  Pager *p;
  DbPage *pOne;
  TRY(newDatabase(&p, PAGE_SIZE, CACHE_FEW, PAGER_JOURNALMODE_DELETE, (Pgno)n));
  sqlite3PagerSetCachesize(p, CACHE_ALL);
  TRY(beginRead(p, &pOne));
  benchClock(1);
  TRY(readPages(p, (Pgno)n));
  benchClock(0);
  sqlite3PagerUnrefPageOne(pOne);
  return finish(p, PAGE_SIZE, 0);
}

/* Makes a log of `n` frames and leaves it there. */
static int leaveLog(int n){
  Pager *p;
  TRY(newDatabase(&p, PAGE_SIZE, AUTOCHECKPOINT, PAGER_JOURNALMODE_WAL, 1));
  TRY(fillLog(p, n));
  benchDb.flags = SQLITE_NoCkptOnClose;
  return sqlite3PagerClose(p, &benchDb);
}

/* Recovers that log and copies it into the database. */
static int checkpointLog(int n){
  Pager *p;
  DbPage *pOne;
  int nLog = 0, nCkpt = 0;
  TRY(openPager(&p, benchDbName+4, PAGE_SIZE, CACHE_FEW));
  benchClock(1);
  TRY(beginRead(p, &pOne));
  sqlite3PagerUnrefPageOne(pOne);
  TRY(checkpoint(p, &nLog, &nCkpt));
  benchClock(0);
  return finish(p, PAGE_SIZE, FOLD(nLog, nCkpt));
}

/* Plays back the journal beside hot.db. */
static int rollBack(int n){
  Pager *p;
  DbPage *pOne;
  TRY(openPager(&p, benchHotName+4, PAGE_SIZE, CACHE_FEW));
  benchClock(1);
  TRY(beginRead(p, &pOne));
  benchClock(0);
  sqlite3PagerUnrefPageOne(pOne);
  return finish(p, PAGE_SIZE, 0);
}

static int (*const aMemoryTask[])(int n) = { cachePages, leaveLog, checkpointLog, rollBack };

/* Runs workload `i` with `n` operations; the checksum is in benchSum, the line of an error in benchLine. */
static int benchRun(int i, int n){
  benchSum = 0;
  benchLine = 0;
  memset(&benchDb, 0, sizeof(benchDb));
  return aWorkload[i].xRun(n, aWorkload[i].a, aWorkload[i].b);
}
static int benchMemory(int i, int n){
  benchSum = 0;
  benchLine = 0;
  memset(&benchDb, 0, sizeof(benchDb));
  return aMemoryTask[i](n);
}
