/*
** A pass-through VFS under real SQLite: the counterpart of conformance/engines/shimvfs.ts.
**
** Loading the extension makes the VFS "shim" the default. It counts calls and kills the process
** with SIGKILL before, after or in the middle of the n-th one, and it lets a test choose sector size
** and device characteristics. SQL functions of the connection that loaded it:
**
**   shim_plan(calls, suffix, at, what)   calls: "write,truncate,sync,delete,open" in any selection;
**                                        suffix: only files whose name ends so, or NULL;
**                                        what: "kill-before", "kill-after", "kill-torn"
**   shim_plan(calls, suffix, at, "fail", rc, persistent)
**                                        the call answers rc, as does every later one if persistent;
**                                        calls can also be "read,size,lock,unlock,access,reserved"
**   shim_plan()                          forgets the plan
**   shim_count()                         calls counted since the plan was set
**   shim_trace()                         the counted calls, one letter each: w t s d o r z l u a c
**   shim_device(sectorSize, bits)        -1 leaves what the VFS below says
*/
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1
#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct ShimFile ShimFile;
struct ShimFile {
  sqlite3_file base;
  char *zName;
  sqlite3_file *pReal;
};

static sqlite3_vfs shimVfs;
static sqlite3_vfs *pUnder;

#define CALL_WRITE 1
#define CALL_TRUNCATE 2
#define CALL_SYNC 4
#define CALL_DELETE 8
#define CALL_OPEN 16
#define CALL_READ 32
#define CALL_SIZE 64
#define CALL_LOCK 128
#define CALL_UNLOCK 256
#define CALL_ACCESS 512
#define CALL_RESERVED 1024

#define WHAT_NONE 0
#define WHAT_BEFORE 1
#define WHAT_AFTER 2
#define WHAT_TORN 3
#define WHAT_FAIL 4

#define TRACE_MAX 100000

static unsigned planCalls;
static char planSuffix[256];
static sqlite3_int64 planAt;
static int planWhat;
static int planRc;
static int planPersistent;
static sqlite3_int64 counted;
static char trace[TRACE_MAX + 1];
static int deviceSector = -1;
static int deviceBits = -1;

static void die(void){
  kill(getpid(), SIGKILL);
  for(;;) pause();
}

/* Counts one call; true if it is the one that the plan names. */
static int hit(unsigned call, char letter, const char *zName){
  size_t nName, nSuffix;
  if( (planCalls & call)==0 ) return 0;
  nName = zName ? strlen(zName) : 0;
  nSuffix = strlen(planSuffix);
  if( nSuffix>nName || (nSuffix && strcmp(&zName[nName-nSuffix], planSuffix)!=0) ) return 0;
  if( counted<TRACE_MAX ){
    trace[counted] = letter;
    trace[counted+1] = 0;
  }
  counted++;
  return counted==planAt || (planPersistent && counted>planAt);
}

/* Counts a call that can fail but not kill; true if it shall. */
static int fails(unsigned call, char letter, const char *zName){
  return hit(call, letter, zName) && planWhat==WHAT_FAIL;
}

#define REAL(pFile) (((ShimFile*)(pFile))->pReal)
#define NAME(pFile) (((ShimFile*)(pFile))->zName)

static int shimClose(sqlite3_file *pFile){
  int rc = REAL(pFile)->pMethods->xClose(REAL(pFile));
  sqlite3_free(NAME(pFile));
  pFile->pMethods = 0;
  return rc;
}
static int shimRead(sqlite3_file *pFile, void *p, int n, sqlite3_int64 at){
  if( fails(CALL_READ, 'r', NAME(pFile)) ) return planRc;
  return REAL(pFile)->pMethods->xRead(REAL(pFile), p, n, at);
}
static int shimWrite(sqlite3_file *pFile, const void *p, int n, sqlite3_int64 at){
  int rc;
  if( !hit(CALL_WRITE, 'w', NAME(pFile)) ) return REAL(pFile)->pMethods->xWrite(REAL(pFile), p, n, at);
  if( planWhat==WHAT_FAIL ) return planRc;
  if( planWhat==WHAT_BEFORE ) die();
  rc = REAL(pFile)->pMethods->xWrite(REAL(pFile), p, planWhat==WHAT_TORN ? n>>1 : n, at);
  die();
  return rc;
}
static int shimTruncate(sqlite3_file *pFile, sqlite3_int64 size){
  int isHit = hit(CALL_TRUNCATE, 't', NAME(pFile));
  int rc;
  if( isHit && planWhat==WHAT_FAIL ) return planRc;
  if( isHit && planWhat!=WHAT_AFTER ) die();
  rc = REAL(pFile)->pMethods->xTruncate(REAL(pFile), size);
  if( isHit ) die();
  return rc;
}
static int shimSync(sqlite3_file *pFile, int flags){
  int isHit = hit(CALL_SYNC, 's', NAME(pFile));
  int rc;
  if( isHit && planWhat==WHAT_FAIL ) return planRc;
  if( isHit && planWhat!=WHAT_AFTER ) die();
  rc = REAL(pFile)->pMethods->xSync(REAL(pFile), flags);
  if( isHit ) die();
  return rc;
}
static int shimFileSize(sqlite3_file *pFile, sqlite3_int64 *pSize){
  if( fails(CALL_SIZE, 'z', NAME(pFile)) ) return planRc;
  return REAL(pFile)->pMethods->xFileSize(REAL(pFile), pSize);
}
static int shimLock(sqlite3_file *pFile, int eLock){
  if( fails(CALL_LOCK, 'l', NAME(pFile)) ) return planRc;
  return REAL(pFile)->pMethods->xLock(REAL(pFile), eLock);
}
static int shimUnlock(sqlite3_file *pFile, int eLock){
  if( fails(CALL_UNLOCK, 'u', NAME(pFile)) ) return planRc;
  return REAL(pFile)->pMethods->xUnlock(REAL(pFile), eLock);
}
static int shimCheckReservedLock(sqlite3_file *pFile, int *pOut){
  if( fails(CALL_RESERVED, 'c', NAME(pFile)) ) return planRc;
  return REAL(pFile)->pMethods->xCheckReservedLock(REAL(pFile), pOut);
}
static int shimFileControl(sqlite3_file *pFile, int op, void *pArg){
  return REAL(pFile)->pMethods->xFileControl(REAL(pFile), op, pArg);
}
static int shimSectorSize(sqlite3_file *pFile){
  return deviceSector>=0 ? deviceSector : REAL(pFile)->pMethods->xSectorSize(REAL(pFile));
}
static int shimDeviceCharacteristics(sqlite3_file *pFile){
  return deviceBits>=0 ? deviceBits : REAL(pFile)->pMethods->xDeviceCharacteristics(REAL(pFile));
}
static int shimShmMap(sqlite3_file *pFile, int iPg, int szPg, int bExtend, void volatile **pp){
  return REAL(pFile)->pMethods->xShmMap(REAL(pFile), iPg, szPg, bExtend, pp);
}
static int shimShmLock(sqlite3_file *pFile, int offset, int n, int flags){
  return REAL(pFile)->pMethods->xShmLock(REAL(pFile), offset, n, flags);
}
static void shimShmBarrier(sqlite3_file *pFile){
  REAL(pFile)->pMethods->xShmBarrier(REAL(pFile));
}
static int shimShmUnmap(sqlite3_file *pFile, int deleteFlag){
  return REAL(pFile)->pMethods->xShmUnmap(REAL(pFile), deleteFlag);
}
static int shimFetch(sqlite3_file *pFile, sqlite3_int64 at, int n, void **pp){
  return REAL(pFile)->pMethods->xFetch(REAL(pFile), at, n, pp);
}
static int shimUnfetch(sqlite3_file *pFile, sqlite3_int64 at, void *p){
  return REAL(pFile)->pMethods->xUnfetch(REAL(pFile), at, p);
}

static const sqlite3_io_methods shimMethods = {
  3, shimClose, shimRead, shimWrite, shimTruncate, shimSync, shimFileSize, shimLock, shimUnlock,
  shimCheckReservedLock, shimFileControl, shimSectorSize, shimDeviceCharacteristics, shimShmMap,
  shimShmLock, shimShmBarrier, shimShmUnmap, shimFetch, shimUnfetch
};

static int shimOpen(sqlite3_vfs *pVfs, const char *zName, sqlite3_file *pFile, int flags, int *pOut){
  ShimFile *p = (ShimFile*)pFile;
  int isHit = hit(CALL_OPEN, 'o', zName);
  int rc;
  memset(p, 0, sizeof(*p));
  if( isHit && planWhat==WHAT_FAIL ) return planRc;
  if( isHit && planWhat!=WHAT_AFTER ) die();
  p->zName = sqlite3_mprintf("%s", zName ? zName : "");
  if( p->zName==0 ) return SQLITE_NOMEM;
  p->pReal = (sqlite3_file*)&p[1];
  rc = pUnder->xOpen(pUnder, zName, p->pReal, flags, pOut);
  if( p->pReal->pMethods ){
    p->base.pMethods = &shimMethods;
  }else{
    sqlite3_free(p->zName);
    p->zName = 0;
  }
  if( isHit ) die();
  return rc;
}
static int shimDelete(sqlite3_vfs *pVfs, const char *zName, int syncDir){
  int isHit = hit(CALL_DELETE, 'd', zName);
  int rc;
  if( isHit && planWhat==WHAT_FAIL ) return planRc;
  if( isHit && planWhat!=WHAT_AFTER ) die();
  rc = pUnder->xDelete(pUnder, zName, syncDir);
  if( isHit ) die();
  return rc;
}
static int shimAccess(sqlite3_vfs *pVfs, const char *zName, int flags, int *pOut){
  if( fails(CALL_ACCESS, 'a', zName) ) return planRc;
  return pUnder->xAccess(pUnder, zName, flags, pOut);
}
static int shimFullPathname(sqlite3_vfs *pVfs, const char *zName, int nOut, char *zOut){
  return pUnder->xFullPathname(pUnder, zName, nOut, zOut);
}

static void planFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  const char *zCalls, *zSuffix, *zWhat;
  counted = 0;
  trace[0] = 0;
  planCalls = 0;
  planSuffix[0] = 0;
  planAt = -1;
  planWhat = WHAT_NONE;
  planRc = SQLITE_ERROR;
  planPersistent = 0;
  if( argc==0 ) return;
  zCalls = (const char*)sqlite3_value_text(argv[0]);
  zSuffix = (const char*)sqlite3_value_text(argv[1]);
  zWhat = (const char*)sqlite3_value_text(argv[3]);
  if( (argc!=4 && argc!=6) || zCalls==0 || zWhat==0 || (zSuffix && strlen(zSuffix)>=sizeof(planSuffix)) ){
    sqlite3_result_error(ctx, "shim_plan: bad arguments", -1);
    return;
  }
  if( strstr(zCalls, "write") ) planCalls |= CALL_WRITE;
  if( strstr(zCalls, "truncate") ) planCalls |= CALL_TRUNCATE;
  if( strstr(zCalls, "sync") ) planCalls |= CALL_SYNC;
  if( strstr(zCalls, "delete") ) planCalls |= CALL_DELETE;
  if( strstr(zCalls, "open") ) planCalls |= CALL_OPEN;
  if( strstr(zCalls, "read") ) planCalls |= CALL_READ;
  if( strstr(zCalls, "size") ) planCalls |= CALL_SIZE;
  if( strncmp(zCalls, "lock", 4)==0 || strstr(zCalls, ",lock") ) planCalls |= CALL_LOCK;
  if( strstr(zCalls, "unlock") ) planCalls |= CALL_UNLOCK;
  if( strstr(zCalls, "access") ) planCalls |= CALL_ACCESS;
  if( strstr(zCalls, "reserved") ) planCalls |= CALL_RESERVED;
  if( zSuffix ) strcpy(planSuffix, zSuffix);
  planAt = sqlite3_value_int64(argv[2]);
  if( strcmp(zWhat, "kill-before")==0 ) planWhat = WHAT_BEFORE;
  else if( strcmp(zWhat, "kill-after")==0 ) planWhat = WHAT_AFTER;
  else if( strcmp(zWhat, "kill-torn")==0 ) planWhat = WHAT_TORN;
  else if( strcmp(zWhat, "fail")==0 && argc==6 ){
    planWhat = WHAT_FAIL;
    planRc = sqlite3_value_int(argv[4]);
    planPersistent = sqlite3_value_int(argv[5]);
  }
  else sqlite3_result_error(ctx, "shim_plan: unknown kind of end", -1);
}
static void countFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  sqlite3_result_int64(ctx, counted);
}
static void traceFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  sqlite3_result_text(ctx, trace, -1, SQLITE_TRANSIENT);
}
static void deviceFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  deviceSector = sqlite3_value_int(argv[0]);
  deviceBits = sqlite3_value_int(argv[1]);
}

int sqlite3_extension_init(sqlite3 *db, char **pzErr, const sqlite3_api_routines *pApi){
  int rc;
  SQLITE_EXTENSION_INIT2(pApi);
  if( pUnder==0 ){
    pUnder = sqlite3_vfs_find(0);
    shimVfs = *pUnder;
    shimVfs.pNext = 0;
    shimVfs.zName = "shim";
    shimVfs.szOsFile = sizeof(ShimFile) + pUnder->szOsFile;
    shimVfs.xOpen = shimOpen;
    shimVfs.xDelete = shimDelete;
    shimVfs.xAccess = shimAccess;
    shimVfs.xFullPathname = shimFullPathname;
    rc = sqlite3_vfs_register(&shimVfs, 1);
    if( rc!=SQLITE_OK ) return rc;
  }
  rc = sqlite3_create_function(db, "shim_plan", -1, SQLITE_UTF8, 0, planFunction, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_create_function(db, "shim_count", 0, SQLITE_UTF8, 0, countFunction, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_create_function(db, "shim_trace", 0, SQLITE_UTF8, 0, traceFunction, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_create_function(db, "shim_device", 2, SQLITE_UTF8, 0, deviceFunction, 0, 0);
  return rc==SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
