/*
** A pass-through VFS under real SQLite that records, counts, fails, stops or kills: the twin of the port's VFS
** "shim". What the calls do is described in conformance/engines/shimvfs.ts, once for both.
**
** Loading the extension makes the VFS "recorder" the default. SQL functions of the connection that
** loaded it:
**
**   recorder_start(path)              starts a new log in a file; calls are recorded until recorder_stop()
**   recorder_stop()                   ends that log
**   recorder_begin(mask, flags)       starts a new log in memory; mask: calls, flags: RECORD_*
**   recorder_take()                   ends it and returns it, or NULL if there is none
**   recorder_device(sectorSize, bits) what files claim of the device below; -1: what the VFS below says
**   recorder_plan(mask, suffix, at, what, rc, persistent)   mask 0 removes the plan
**   recorder_count()                  calls that the plan has counted
**   recorder_share(path, mask)        calls go to the end of a file besides: sharedlog.h; path NULL ends that
**
** The log is a sequence of records in the byte order of the machine: u8 call, i32 rc, i64 offset,
** i64 amount, i32 argument, i64 result, u32 id, u8 parts, u32 length of the name, u32 length of the data,
** name, data. An id of 0 is none. Bit 0 of parts: there are data; bit 1: there is a result; bit 2: the first
** INDEX_BYTES of a wal-index follow the data. The parser is conformance/engines/recorder.ts.
*/
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

typedef struct RecFile RecFile;
struct RecFile {
  sqlite3_file base;
  char *zName;
  sqlite3_file *pReal;
  /* Its number in a recording, and in which. */
  unsigned id;
  unsigned recording;
  /* Its number in this process, from 1. */
  unsigned number;
  /* The first region of its wal-index while it is mapped, and the next file that has one. */
  const volatile unsigned char *pIndex;
  RecFile *pNextMapped;
};

static sqlite3_vfs recVfs;
static sqlite3_vfs *pUnder;
static int deviceSector = -1;
static int deviceBits = -1;

/* The calls; CALLS in recorder.ts has the same order. */
#define CALL_OPEN 1
#define CALL_READ 2
#define CALL_WRITE 3
#define CALL_TRUNCATE 4
#define CALL_SYNC 5
#define CALL_DELETE 6
#define CALL_LOCK 7
#define CALL_UNLOCK 8
#define CALL_SIZE 9
#define CALL_CLOSE 10
#define CALL_CONTROL 11
#define CALL_ACCESS 12
#define CALL_RESERVED 13
#define CALL_FETCH 14
#define CALL_UNFETCH 15
#define CALL_SHMMAP 16
#define CALL_SHMLOCK 17
#define CALL_SHMBARRIER 18
#define CALL_SHMUNMAP 19
#define CALL_FULLNAME 20
#define CALL_SLEEP 21
#define BIT(call) (1u<<((call)-1))

/* ---- the log ---- */

#define RECORD_WRITES 1   /* with the bytes of writes */
#define RECORD_READS 2    /* with the bytes of reads */
#define RECORD_RESULTS 4  /* with what a call returned through a pointer */
#define RECORD_IDS 8      /* with numbers of open files */
#define RECORD_INDEX 16   /* with the header of the wal-index as the call found it, where that has changed */
#define RECORD_INSTANT 32 /* nobody sleeps meanwhile */

/* What recorder_start records: the calls up to CALL_RESERVED, writes with their bytes. */
#define DEFAULT_MASK (BIT(CALL_RESERVED+1)-1)

static FILE *pLog;
static unsigned char *aLog;
static size_t nLog;
static size_t nLogRoom;
static int logLost;
static int inMemory;
static unsigned recordMask;
static int recordFlags;
/* How many recordings have begun, and how many files the last one has numbered. */
static unsigned recordings;
static unsigned numbered;

/* ---- wal-indexes ---- */

/* Both copies of the header, and what checkpoints and readers leave behind them. */
#define INDEX_BYTES 136

/* Files whose first region is mapped. */
static RecFile *pMapped;

/* What the log has said last of a database's wal-index. */
typedef struct RecIndex RecIndex;
struct RecIndex {
  RecIndex *pNext;
  unsigned char aLast[INDEX_BYTES];
  char zName[1];
};
static RecIndex *pIndexes;

/* What the call under way has found, if that is news. */
static unsigned char aFound[INDEX_BYTES];
static int isFound;

static void forgetIndexes(void){
  while( pIndexes ){
    RecIndex *p = pIndexes;
    pIndexes = p->pNext;
    free(p);
  }
  isFound = 0;
}
static void unmapIndex(RecFile *p){
  RecFile **pp;
  for(pp=&pMapped; *pp; pp=&(*pp)->pNextMapped){
    if( *pp==p ){
      *pp = p->pNextMapped;
      break;
    }
  }
  p->pIndex = 0;
}
static void mapIndex(RecFile *p, const volatile void *pRegion){
  if( p->pIndex==0 ){
    p->pNextMapped = pMapped;
    pMapped = p;
  }
  p->pIndex = pRegion;
}
/* A file that has the wal-index mapped which belongs to a database or a log; null: there is none. */
static RecFile *mappedFor(const char *zName){
  RecFile *p;
  if( zName==0 ) return 0;
  for(p=pMapped; p; p=p->pNextMapped){
    size_t n = p->zName ? strlen(p->zName) : 0;
    if( n && strncmp(p->zName, zName, n)==0 && (zName[n]==0 || strcmp(zName+n, "-wal")==0) ) break;
  }
  return p;
}
/* Before a call on a database or its log. */
static void findIndex(const char *zName){
  RecFile *p = mappedFor(zName);
  RecIndex *pIndex;
  int i;
  isFound = 0;
  if( p==0 ) return;
  for(i=0; i<INDEX_BYTES; i++) aFound[i] = p->pIndex[i];
  for(pIndex=pIndexes; pIndex && strcmp(pIndex->zName, p->zName)!=0; pIndex=pIndex->pNext){}
  if( pIndex==0 ){
    pIndex = calloc(1, sizeof(RecIndex)+strlen(p->zName));
    if( pIndex==0 ) return;
    strcpy(pIndex->zName, p->zName);
    pIndex->pNext = pIndexes;
    pIndexes = pIndex;
  }else if( memcmp(pIndex->aLast, aFound, INDEX_BYTES)==0 ){
    return;
  }
  memcpy(pIndex->aLast, aFound, INDEX_BYTES);
  isFound = 1;
}

static void stopLog(void){
  if( pLog ) fclose(pLog);
  pLog = 0;
  free(aLog);
  aLog = 0;
  nLog = nLogRoom = 0;
  logLost = inMemory = 0;
  recordMask = 0;
  recordings++;
  numbered = 0;
  forgetIndexes();
}
static void put(const void *p, size_t n){
  if( n==0 ) return;
  if( pLog ){
    if( fwrite(p, 1, n, pLog)!=n ){
      /* A log that is not whole is recognised by its reader. */
      fclose(pLog);
      pLog = 0;
      recordMask = 0;
    }
    return;
  }
  if( logLost ) return;
  if( nLog+n>nLogRoom ){
    size_t room = nLogRoom*2>nLog+n ? nLogRoom*2 : nLog+n+65536;
    unsigned char *a = realloc(aLog, room);
    if( a==0 ){
      logLost = 1;
      return;
    }
    aLog = a;
    nLogRoom = room;
  }
  memcpy(aLog+nLog, p, n);
  nLog += n;
}

/* What a record holds besides call, name and result code; all zero: nothing. */
typedef struct Extra Extra;
struct Extra {
  sqlite3_int64 offset;
  sqlite3_int64 amount;
  int argument;
  const void *pData;
  int nData;
  const sqlite3_int64 *pResult;
};
static const Extra nothing;

/* The fixed part of a record. */
#define RECORD_HEADER 46
static void putHeader(unsigned char *a, unsigned char call, int rc, unsigned id, const char *zName, Extra x, int index){
  unsigned char parts = (unsigned char)((x.pData!=0) | (x.pResult!=0)<<1 | (index!=0)<<2);
  unsigned nName = zName ? (unsigned)strlen(zName) : 0;
  unsigned nData = x.pData ? (unsigned)x.nData : 0;
  sqlite3_int64 result = x.pResult ? *x.pResult : 0;
  a[0] = call;
  memcpy(a+1, &rc, 4);
  memcpy(a+5, &x.offset, 8);
  memcpy(a+13, &x.amount, 8);
  memcpy(a+21, &x.argument, 4);
  memcpy(a+25, &result, 8);
  memcpy(a+33, &id, 4);
  a[37] = parts;
  memcpy(a+38, &nName, 4);
  memcpy(a+42, &nData, 4);
}

#include "sharedlog.h"

/* Records a call on an open file, or on a name (and then pFile is null). */
static int noteOn(unsigned char call, int rc, RecFile *p, const char *zName, Extra x){
  unsigned char aHeader[RECORD_HEADER];
  unsigned id = 0;
  if( !(recordMask & BIT(call)) ) return rc;
  if( p && (recordFlags & RECORD_IDS) ){
    if( p->recording!=recordings ){
      p->recording = recordings;
      p->id = ++numbered;
    }
    id = p->id;
  }
  putHeader(aHeader, call, rc, id, zName, x, isFound);
  put(aHeader, RECORD_HEADER);
  put(zName, zName ? strlen(zName) : 0);
  put(x.pData, x.pData ? (size_t)x.nData : 0);
  if( isFound ) put(aFound, INDEX_BYTES);
  isFound = 0;
  return rc;
}
static int note(unsigned char call, int rc, sqlite3_file *pFile, Extra x){
  return noteOn(call, rc, (RecFile*)pFile, ((RecFile*)pFile)->zName, x);
}
static int noteName(unsigned char call, int rc, const char *zName, Extra x){
  return noteOn(call, rc, 0, zName, x);
}

/* ---- the plan ---- */

#define KILL_BEFORE 1
#define KILL_AFTER 2
#define KILL_TORN 3
#define FAIL 4
#define STOP_BEFORE 5
#define STOP_AFTER 6

static unsigned planMask;
static char *zPlanSuffix;
static sqlite3_int64 planAt;
static int planWhat;
static int planRc;
static int planPersistent;
static sqlite3_int64 counted;

static void die(void){
  kill(getpid(), SIGKILL);
  /* The signal is delivered before the system call returns. */
  abort();
}
/*
** Counts a call before it is made; returns what the plan has for it, 0 for nothing. KILL_TORN is left to
** the one call that can be torn, a write; the others die here as for KILL_BEFORE.
*/
static int before(unsigned char call, const char *zName){
  if( (recordFlags & RECORD_INDEX) && (recordMask & BIT(call)) ) findIndex(zName);
  if( !(planMask & BIT(call)) ) return 0;
  if( zPlanSuffix ){
    size_t n = zName ? strlen(zName) : 0;
    size_t nSuffix = strlen(zPlanSuffix);
    if( n<nSuffix || memcmp(zName+n-nSuffix, zPlanSuffix, nSuffix)!=0 ) return 0;
  }
  counted++;
  if( planPersistent ? counted<planAt : counted!=planAt ) return 0;
  if( planWhat==KILL_BEFORE || (planWhat==KILL_TORN && call!=CALL_WRITE) ) die();
  if( planWhat==STOP_BEFORE ) raise(SIGSTOP);
  return planWhat;
}
static void after(int what){
  if( what==KILL_AFTER ) die();
  if( what==STOP_AFTER ) raise(SIGSTOP);
}
/* One call under the plan, and in the shared log: EXPRESSION is not evaluated if the plan fails it. */
#define THROUGH(CALL, P, ZNAME, X, RC, EXPRESSION) do{ \
  int what_ = before(CALL, ZNAME); \
  share(CALL, SHARE_BEFORE, SQLITE_OK, P, ZNAME, X); \
  RC = what_==FAIL ? planRc : (EXPRESSION); \
  share(CALL, SHARE_AFTER, RC, P, ZNAME, X); \
  after(what_); \
}while(0)

/* ---- files ---- */

#define REAL(pFile) (((RecFile*)(pFile))->pReal)
#define NAME(pFile) (((RecFile*)(pFile))->zName)
#define ON(pFile) (RecFile*)(pFile), NAME(pFile)
#define THROUGH_FILE(CALL, PFILE, X, RC, EXPRESSION) \
  THROUGH(CALL, (RecFile*)(PFILE), NAME(PFILE), X, RC, EXPRESSION)

static Extra argumentExtra(int argument){
  Extra x = nothing;
  x.argument = argument;
  return x;
}
static Extra rangeExtra(sqlite3_int64 offset, sqlite3_int64 amount){
  Extra x = nothing;
  x.offset = offset;
  x.amount = amount;
  return x;
}
/* The bytes of a range go to the shared log in any case, to the other one if they were asked for. */
static Extra withoutData(Extra x){
  x.pData = 0;
  x.nData = 0;
  return x;
}
static int wants(int flag){
  return (recordFlags & flag)!=0;
}
/* With the value behind a pointer, if the call has succeeded. */
static int noteResult(unsigned char call, int rc, sqlite3_file *pFile, sqlite3_int64 result){
  Extra x = nothing;
  if( wants(RECORD_RESULTS) && rc==SQLITE_OK ) x.pResult = &result;
  return note(call, rc, pFile, x);
}

static int recClose(sqlite3_file *pFile){
  int what = before(CALL_CLOSE, NAME(pFile));
  int rc;
  share(CALL_CLOSE, SHARE_BEFORE, SQLITE_OK, ON(pFile), nothing);
  unmapIndex((RecFile*)pFile);
  rc = REAL(pFile)->pMethods->xClose(REAL(pFile));
  if( what==FAIL ) rc = planRc;
  after(what);
  note(CALL_CLOSE, rc, pFile, nothing);
  sqlite3_free(NAME(pFile));
  pFile->pMethods = 0;
  return rc;
}
static int recRead(sqlite3_file *pFile, void *p, int n, sqlite3_int64 at){
  Extra x = rangeExtra(at, n);
  int rc;
  x.pData = p;
  x.nData = n;
  THROUGH_FILE(CALL_READ, pFile, x, rc, REAL(pFile)->pMethods->xRead(REAL(pFile), p, n, at));
  if( !wants(RECORD_READS) || (rc!=SQLITE_OK && rc!=SQLITE_IOERR_SHORT_READ) ) x = withoutData(x);
  return note(CALL_READ, rc, pFile, x);
}
static int recWrite(sqlite3_file *pFile, const void *p, int n, sqlite3_int64 at){
  Extra x = rangeExtra(at, n);
  int what = before(CALL_WRITE, NAME(pFile));
  int rc;
  x.pData = p;
  x.nData = n;
  if( what==KILL_TORN ){
    x.amount = x.nData = n>>1;
    share(CALL_WRITE, SHARE_BEFORE, SQLITE_OK, ON(pFile), x);
    REAL(pFile)->pMethods->xWrite(REAL(pFile), p, n>>1, at);
    die();
  }
  share(CALL_WRITE, SHARE_BEFORE, SQLITE_OK, ON(pFile), x);
  rc = what==FAIL ? planRc : REAL(pFile)->pMethods->xWrite(REAL(pFile), p, n, at);
  after(what);
  if( !wants(RECORD_WRITES) ) x = withoutData(x);
  return note(CALL_WRITE, rc, pFile, x);
}
static int recTruncate(sqlite3_file *pFile, sqlite3_int64 size){
  Extra x = rangeExtra(0, size);
  int rc;
  THROUGH_FILE(CALL_TRUNCATE, pFile, x, rc, REAL(pFile)->pMethods->xTruncate(REAL(pFile), size));
  return note(CALL_TRUNCATE, rc, pFile, x);
}
static int recSync(sqlite3_file *pFile, int flags){
  Extra x = argumentExtra(flags);
  int rc;
  THROUGH_FILE(CALL_SYNC, pFile, x, rc, REAL(pFile)->pMethods->xSync(REAL(pFile), flags));
  return note(CALL_SYNC, rc, pFile, x);
}
static int recFileSize(sqlite3_file *pFile, sqlite3_int64 *pSize){
  int rc;
  THROUGH_FILE(CALL_SIZE, pFile, nothing, rc, REAL(pFile)->pMethods->xFileSize(REAL(pFile), pSize));
  return noteResult(CALL_SIZE, rc, pFile, rc==SQLITE_OK ? *pSize : 0);
}
static int recLock(sqlite3_file *pFile, int eLock){
  Extra x = argumentExtra(eLock);
  int rc;
  THROUGH_FILE(CALL_LOCK, pFile, x, rc, REAL(pFile)->pMethods->xLock(REAL(pFile), eLock));
  return note(CALL_LOCK, rc, pFile, x);
}
static int recUnlock(sqlite3_file *pFile, int eLock){
  Extra x = argumentExtra(eLock);
  int rc;
  THROUGH_FILE(CALL_UNLOCK, pFile, x, rc, REAL(pFile)->pMethods->xUnlock(REAL(pFile), eLock));
  return note(CALL_UNLOCK, rc, pFile, x);
}
static int recCheckReservedLock(sqlite3_file *pFile, int *pOut){
  int rc;
  THROUGH_FILE(CALL_RESERVED, pFile, nothing, rc, REAL(pFile)->pMethods->xCheckReservedLock(REAL(pFile), pOut));
  return noteResult(CALL_RESERVED, rc, pFile, rc==SQLITE_OK && *pOut!=0);
}
static int recFileControl(sqlite3_file *pFile, int op, void *pArg){
  Extra x = argumentExtra(op);
  int rc;
  THROUGH_FILE(CALL_CONTROL, pFile, x, rc, REAL(pFile)->pMethods->xFileControl(REAL(pFile), op, pArg));
  return note(CALL_CONTROL, rc, pFile, x);
}
static int recSectorSize(sqlite3_file *pFile){
  return deviceSector>=0 ? deviceSector : REAL(pFile)->pMethods->xSectorSize(REAL(pFile));
}
static int recDeviceCharacteristics(sqlite3_file *pFile){
  return deviceBits>=0 ? deviceBits : REAL(pFile)->pMethods->xDeviceCharacteristics(REAL(pFile));
}
static int recShmMap(sqlite3_file *pFile, int iPg, int szPg, int bExtend, void volatile **pp){
  Extra x = rangeExtra(iPg, szPg);
  int what = before(CALL_SHMMAP, NAME(pFile));
  int rc = planRc;
  x.argument = bExtend;
  if( what==FAIL ) *pp = 0;
  else rc = REAL(pFile)->pMethods->xShmMap(REAL(pFile), iPg, szPg, bExtend, pp);
  if( iPg==0 && *pp ) mapIndex((RecFile*)pFile, *pp);
  share(CALL_SHMMAP, SHARE_AFTER, rc, ON(pFile), x);
  after(what);
  return note(CALL_SHMMAP, rc, pFile, x);
}
static int recShmLock(sqlite3_file *pFile, int offset, int n, int flags){
  Extra x = rangeExtra(offset, n);
  int rc;
  int what = before(CALL_SHMLOCK, NAME(pFile));
  x.argument = flags;
  share(CALL_SHMLOCK, SHARE_BEFORE, SQLITE_OK, ON(pFile), x);
  /* Unlocking is made all the same. */
  if( what!=FAIL || (flags & SQLITE_SHM_UNLOCK) ){
    rc = REAL(pFile)->pMethods->xShmLock(REAL(pFile), offset, n, flags);
  }
  if( what==FAIL ) rc = planRc;
  share(CALL_SHMLOCK, SHARE_AFTER, rc, ON(pFile), x);
  after(what);
  return note(CALL_SHMLOCK, rc, pFile, x);
}
static void recShmBarrier(sqlite3_file *pFile){
  int what = before(CALL_SHMBARRIER, NAME(pFile));
  share(CALL_SHMBARRIER, SHARE_BEFORE, SQLITE_OK, ON(pFile), nothing);
  REAL(pFile)->pMethods->xShmBarrier(REAL(pFile));
  after(what);
  note(CALL_SHMBARRIER, SQLITE_OK, pFile, nothing);
}
static int recShmUnmap(sqlite3_file *pFile, int deleteFlag){
  Extra x = argumentExtra(deleteFlag);
  int what = before(CALL_SHMUNMAP, NAME(pFile));
  int rc;
  share(CALL_SHMUNMAP, SHARE_BEFORE, SQLITE_OK, ON(pFile), x);
  unmapIndex((RecFile*)pFile);
  rc = REAL(pFile)->pMethods->xShmUnmap(REAL(pFile), deleteFlag);
  if( what==FAIL ) rc = planRc;
  after(what);
  return note(CALL_SHMUNMAP, rc, pFile, x);
}
static int recFetch(sqlite3_file *pFile, sqlite3_int64 at, int n, void **pp){
  Extra x = rangeExtra(at, n);
  int what = before(CALL_FETCH, NAME(pFile));
  int rc = planRc;
  sqlite3_int64 mapped;
  if( what==FAIL ) *pp = 0;
  else rc = REAL(pFile)->pMethods->xFetch(REAL(pFile), at, n, pp);
  after(what);
  mapped = *pp!=0;
  if( wants(RECORD_RESULTS) && rc==SQLITE_OK ) x.pResult = &mapped;
  return note(CALL_FETCH, rc, pFile, x);
}
static int recUnfetch(sqlite3_file *pFile, sqlite3_int64 at, void *p){
  Extra x = nothing;
  int what = before(CALL_UNFETCH, NAME(pFile));
  int rc = REAL(pFile)->pMethods->xUnfetch(REAL(pFile), at, p);
  if( what==FAIL ) rc = planRc;
  after(what);
  x.offset = at;
  x.argument = p!=0;
  return note(CALL_UNFETCH, rc, pFile, x);
}

/* By version: a file offers what the file below offers. */
static sqlite3_io_methods recMethods[3] = {{
  3, recClose, recRead, recWrite, recTruncate, recSync, recFileSize, recLock, recUnlock,
  recCheckReservedLock, recFileControl, recSectorSize, recDeviceCharacteristics, recShmMap,
  recShmLock, recShmBarrier, recShmUnmap, recFetch, recUnfetch
}};
static const sqlite3_io_methods *methods(int version){
  int i;
  for(i=1; i<3; i++){
    recMethods[i] = recMethods[0];
    recMethods[i].iVersion = i;
  }
  return &recMethods[version>=3 ? 0 : version];
}

/* ---- the VFS ---- */

static int recOpen(sqlite3_vfs *pVfs, const char *zName, sqlite3_file *pFile, int flags, int *pOut){
  RecFile *p = (RecFile*)pFile;
  Extra x = nothing;
  int rc;
  memset(p, 0, sizeof(*p));
  p->zName = sqlite3_mprintf("%s", zName ? zName : "");
  if( p->zName==0 ) return SQLITE_NOMEM;
  p->pReal = (sqlite3_file*)&p[1];
  p->pReal->pMethods = 0;
  p->number = ++opened;
  x.argument = flags;
  THROUGH(CALL_OPEN, p, zName, x, rc, pUnder->xOpen(pUnder, zName, p->pReal, flags, pOut));
  noteOn(CALL_OPEN, rc, p->pReal->pMethods ? p : 0, zName, x);
  if( p->pReal->pMethods ){
    p->base.pMethods = methods(p->pReal->pMethods->iVersion);
  }else{
    sqlite3_free(p->zName);
    p->zName = 0;
  }
  return rc;
}
static int recDelete(sqlite3_vfs *pVfs, const char *zName, int syncDir){
  Extra x = argumentExtra(syncDir);
  int rc;
  THROUGH(CALL_DELETE, 0, zName, x, rc, pUnder->xDelete(pUnder, zName, syncDir));
  return noteName(CALL_DELETE, rc, zName, x);
}
static int recAccess(sqlite3_vfs *pVfs, const char *zName, int flags, int *pOut){
  Extra x = argumentExtra(flags);
  sqlite3_int64 found;
  int rc;
  THROUGH(CALL_ACCESS, 0, zName, x, rc, pUnder->xAccess(pUnder, zName, flags, pOut));
  found = rc==SQLITE_OK && *pOut!=0;
  if( wants(RECORD_RESULTS) && rc==SQLITE_OK ) x.pResult = &found;
  return noteName(CALL_ACCESS, rc, zName, x);
}
static int recFullPathname(sqlite3_vfs *pVfs, const char *zName, int nOut, char *zOut){
  int rc;
  THROUGH(CALL_FULLNAME, 0, zName, nothing, rc, pUnder->xFullPathname(pUnder, zName, nOut, zOut));
  return noteName(CALL_FULLNAME, rc, zName, nothing);
}
static int recSleep(sqlite3_vfs *pVfs, int microseconds){
  Extra x = nothing;
  int isInstant = recordMask!=0 && (recordFlags & RECORD_INSTANT)!=0;
  int slept = isInstant ? microseconds : pUnder->xSleep(pUnder, microseconds);
  x.argument = microseconds;
  noteName(CALL_SLEEP, SQLITE_OK, 0, x);
  return slept;
}

/* ---- SQL functions ---- */

static void startFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  const char *zPath = (const char*)sqlite3_value_text(argv[0]);
  stopLog();
  if( zPath ) pLog = fopen(zPath, "wb");
  if( pLog==0 ){
    sqlite3_result_error(ctx, "recorder_start: the log cannot be made", -1);
    return;
  }
  recordMask = DEFAULT_MASK;
  recordFlags = RECORD_WRITES;
}
static void stopFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  if( pLog==0 ) sqlite3_result_error(ctx, "recorder_stop: there is no log", -1);
  stopLog();
}
static void beginFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  stopLog();
  inMemory = 1;
  recordMask = (unsigned)sqlite3_value_int64(argv[0]);
  recordFlags = sqlite3_value_int(argv[1]);
}
static void takeFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  if( logLost ) sqlite3_result_error(ctx, "recorder_take: the log is too long for the memory", -1);
  else if( inMemory ) sqlite3_result_blob64(ctx, aLog ? (void*)aLog : "", nLog, SQLITE_TRANSIENT);
  stopLog();
}
static void deviceFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  deviceSector = sqlite3_value_int(argv[0]);
  deviceBits = sqlite3_value_int(argv[1]);
}
static void planFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  const char *zSuffix = (const char*)sqlite3_value_text(argv[1]);
  char *zCopy = zSuffix ? strdup(zSuffix) : 0;
  if( zSuffix && zCopy==0 ){
    sqlite3_result_error_nomem(ctx);
    return;
  }
  free(zPlanSuffix);
  zPlanSuffix = zCopy;
  planMask = (unsigned)sqlite3_value_int64(argv[0]);
  planAt = sqlite3_value_int64(argv[2]);
  planWhat = sqlite3_value_int(argv[3]);
  planRc = sqlite3_value_int(argv[4]);
  planPersistent = sqlite3_value_int(argv[5]);
  counted = 0;
}
static void shareFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  const char *zPath = (const char*)sqlite3_value_text(argv[0]);
  if( shareWith(zPath, (unsigned)sqlite3_value_int64(argv[1])) ){
    sqlite3_result_error(ctx, "recorder_share: the log cannot be opened", -1);
  }
}
static void countFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  sqlite3_result_int64(ctx, counted);
}

typedef void (*RecFunction)(sqlite3_context*, int, sqlite3_value**);
static const struct { const char *zName; int nArg; RecFunction x; } functions[] = {
  { "recorder_start", 1, startFunction },
  { "recorder_stop", 0, stopFunction },
  { "recorder_begin", 2, beginFunction },
  { "recorder_take", 0, takeFunction },
  { "recorder_device", 2, deviceFunction },
  { "recorder_plan", 6, planFunction },
  { "recorder_count", 0, countFunction },
  { "recorder_share", 2, shareFunction },
};

int sqlite3_extension_init(sqlite3 *db, char **pzErr, const sqlite3_api_routines *pApi){
  int rc = SQLITE_OK;
  unsigned i;
  SQLITE_EXTENSION_INIT2(pApi);
  if( pUnder==0 ){
    sqlite3_vfs *pFound = sqlite3_vfs_find(0);
    recVfs = *pFound;
    recVfs.pNext = 0;
    recVfs.zName = "recorder";
    recVfs.szOsFile = (int)sizeof(RecFile) + pFound->szOsFile;
    recVfs.xOpen = recOpen;
    recVfs.xDelete = recDelete;
    recVfs.xAccess = recAccess;
    recVfs.xFullPathname = recFullPathname;
    recVfs.xSleep = recSleep;
    pUnder = pFound;
    rc = sqlite3_vfs_register(&recVfs, 1);
  }
  for(i=0; rc==SQLITE_OK && i<sizeof(functions)/sizeof(functions[0]); i++){
    rc = sqlite3_create_function(
      db, functions[i].zName, functions[i].nArg, SQLITE_UTF8, 0, functions[i].x, 0, 0
    );
  }
  return rc==SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
