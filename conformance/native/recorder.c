/*
** A pass-through VFS under real SQLite that writes down every call in a log file.
**
** Loading the extension makes the VFS "recorder" the default. SQL functions of the connection that
** loaded it:
**
**   recorder_start(path)              starts a new log; calls are recorded until recorder_stop()
**   recorder_stop()                   ends the log
**   recorder_device(sectorSize, bits) what files claim of the device below; -1: what the VFS below says
**
** The log is a sequence of records in the byte order of the machine: u8 call, i32 rc, i64 offset,
** i64 amount, i32 argument, u32 length of the name, u32 length of the data, name, data. The parser is
** conformance/engines/recorder.ts.
*/
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1
#include <stdio.h>
#include <string.h>

typedef struct RecFile RecFile;
struct RecFile {
  sqlite3_file base;
  char *zName;
  sqlite3_file *pReal;
};

static sqlite3_vfs recVfs;
static sqlite3_vfs *pUnder;
static FILE *pLog;
static int deviceSector = -1;
static int deviceBits = -1;

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

static void put(const void *p, size_t n){
  if( n>0 && fwrite(p, 1, n, pLog)!=n ){
    /* A log that is not whole is recognised by its reader. */
    fclose(pLog);
    pLog = 0;
  }
}

static int note(
  unsigned char call, int rc, const char *zName, sqlite3_int64 offset, sqlite3_int64 amount,
  int argument, const void *pData, unsigned nData
){
  unsigned nName = zName ? (unsigned)strlen(zName) : 0;
  if( pLog ) put(&call, 1);
  if( pLog ) put(&rc, 4);
  if( pLog ) put(&offset, 8);
  if( pLog ) put(&amount, 8);
  if( pLog ) put(&argument, 4);
  if( pLog ) put(&nName, 4);
  if( pLog ) put(&nData, 4);
  if( pLog ) put(zName, nName);
  if( pLog ) put(pData, nData);
  return rc;
}

#define REAL(pFile) (((RecFile*)(pFile))->pReal)
#define NAME(pFile) (((RecFile*)(pFile))->zName)

static int recClose(sqlite3_file *pFile){
  int rc = REAL(pFile)->pMethods->xClose(REAL(pFile));
  note(CALL_CLOSE, rc, NAME(pFile), 0, 0, 0, 0, 0);
  sqlite3_free(NAME(pFile));
  pFile->pMethods = 0;
  return rc;
}
static int recRead(sqlite3_file *pFile, void *p, int n, sqlite3_int64 at){
  int rc = REAL(pFile)->pMethods->xRead(REAL(pFile), p, n, at);
  return note(CALL_READ, rc, NAME(pFile), at, n, 0, 0, 0);
}
static int recWrite(sqlite3_file *pFile, const void *p, int n, sqlite3_int64 at){
  int rc = REAL(pFile)->pMethods->xWrite(REAL(pFile), p, n, at);
  return note(CALL_WRITE, rc, NAME(pFile), at, n, 0, p, (unsigned)n);
}
static int recTruncate(sqlite3_file *pFile, sqlite3_int64 size){
  int rc = REAL(pFile)->pMethods->xTruncate(REAL(pFile), size);
  return note(CALL_TRUNCATE, rc, NAME(pFile), 0, size, 0, 0, 0);
}
static int recSync(sqlite3_file *pFile, int flags){
  int rc = REAL(pFile)->pMethods->xSync(REAL(pFile), flags);
  return note(CALL_SYNC, rc, NAME(pFile), 0, 0, flags, 0, 0);
}
static int recFileSize(sqlite3_file *pFile, sqlite3_int64 *pSize){
  int rc = REAL(pFile)->pMethods->xFileSize(REAL(pFile), pSize);
  return note(CALL_SIZE, rc, NAME(pFile), 0, 0, 0, 0, 0);
}
static int recLock(sqlite3_file *pFile, int eLock){
  int rc = REAL(pFile)->pMethods->xLock(REAL(pFile), eLock);
  return note(CALL_LOCK, rc, NAME(pFile), 0, 0, eLock, 0, 0);
}
static int recUnlock(sqlite3_file *pFile, int eLock){
  int rc = REAL(pFile)->pMethods->xUnlock(REAL(pFile), eLock);
  return note(CALL_UNLOCK, rc, NAME(pFile), 0, 0, eLock, 0, 0);
}
static int recCheckReservedLock(sqlite3_file *pFile, int *pOut){
  int rc = REAL(pFile)->pMethods->xCheckReservedLock(REAL(pFile), pOut);
  return note(CALL_RESERVED, rc, NAME(pFile), 0, 0, 0, 0, 0);
}
static int recFileControl(sqlite3_file *pFile, int op, void *pArg){
  int rc = REAL(pFile)->pMethods->xFileControl(REAL(pFile), op, pArg);
  return note(CALL_CONTROL, rc, NAME(pFile), 0, 0, op, 0, 0);
}
static int recSectorSize(sqlite3_file *pFile){
  return deviceSector>=0 ? deviceSector : REAL(pFile)->pMethods->xSectorSize(REAL(pFile));
}
static int recDeviceCharacteristics(sqlite3_file *pFile){
  return deviceBits>=0 ? deviceBits : REAL(pFile)->pMethods->xDeviceCharacteristics(REAL(pFile));
}
static int recShmMap(sqlite3_file *pFile, int iPg, int szPg, int bExtend, void volatile **pp){
  return REAL(pFile)->pMethods->xShmMap(REAL(pFile), iPg, szPg, bExtend, pp);
}
static int recShmLock(sqlite3_file *pFile, int offset, int n, int flags){
  return REAL(pFile)->pMethods->xShmLock(REAL(pFile), offset, n, flags);
}
static void recShmBarrier(sqlite3_file *pFile){
  REAL(pFile)->pMethods->xShmBarrier(REAL(pFile));
}
static int recShmUnmap(sqlite3_file *pFile, int deleteFlag){
  return REAL(pFile)->pMethods->xShmUnmap(REAL(pFile), deleteFlag);
}
static int recFetch(sqlite3_file *pFile, sqlite3_int64 at, int n, void **pp){
  return REAL(pFile)->pMethods->xFetch(REAL(pFile), at, n, pp);
}
static int recUnfetch(sqlite3_file *pFile, sqlite3_int64 at, void *p){
  return REAL(pFile)->pMethods->xUnfetch(REAL(pFile), at, p);
}

static const sqlite3_io_methods recMethods = {
  3, recClose, recRead, recWrite, recTruncate, recSync, recFileSize, recLock, recUnlock,
  recCheckReservedLock, recFileControl, recSectorSize, recDeviceCharacteristics, recShmMap,
  recShmLock, recShmBarrier, recShmUnmap, recFetch, recUnfetch
};

static int recOpen(sqlite3_vfs *pVfs, const char *zName, sqlite3_file *pFile, int flags, int *pOut){
  RecFile *p = (RecFile*)pFile;
  int rc;
  memset(p, 0, sizeof(*p));
  p->zName = sqlite3_mprintf("%s", zName ? zName : "");
  if( p->zName==0 ) return SQLITE_NOMEM;
  p->pReal = (sqlite3_file*)&p[1];
  rc = pUnder->xOpen(pUnder, zName, p->pReal, flags, pOut);
  note(CALL_OPEN, rc, zName, 0, 0, flags, 0, 0);
  if( p->pReal->pMethods ){
    p->base.pMethods = &recMethods;
  }else{
    sqlite3_free(p->zName);
    p->zName = 0;
  }
  return rc;
}
static int recDelete(sqlite3_vfs *pVfs, const char *zName, int syncDir){
  int rc = pUnder->xDelete(pUnder, zName, syncDir);
  return note(CALL_DELETE, rc, zName, 0, 0, syncDir, 0, 0);
}
static int recAccess(sqlite3_vfs *pVfs, const char *zName, int flags, int *pOut){
  int rc = pUnder->xAccess(pUnder, zName, flags, pOut);
  return note(CALL_ACCESS, rc, zName, 0, 0, flags, 0, 0);
}
static int recFullPathname(sqlite3_vfs *pVfs, const char *zName, int nOut, char *zOut){
  return pUnder->xFullPathname(pUnder, zName, nOut, zOut);
}

static void stop(void){
  if( pLog ) fclose(pLog);
  pLog = 0;
}
static void startFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  const char *zPath = (const char*)sqlite3_value_text(argv[0]);
  stop();
  if( zPath ) pLog = fopen(zPath, "wb");
  if( pLog==0 ) sqlite3_result_error(ctx, "recorder_start: the log cannot be made", -1);
}
static void stopFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  if( pLog==0 ) sqlite3_result_error(ctx, "recorder_stop: there is no log", -1);
  stop();
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
    recVfs = *pUnder;
    recVfs.pNext = 0;
    recVfs.zName = "recorder";
    recVfs.szOsFile = (int)sizeof(RecFile) + pUnder->szOsFile;
    recVfs.xOpen = recOpen;
    recVfs.xDelete = recDelete;
    recVfs.xAccess = recAccess;
    recVfs.xFullPathname = recFullPathname;
    rc = sqlite3_vfs_register(&recVfs, 1);
    if( rc!=SQLITE_OK ) return rc;
  }
  rc = sqlite3_create_function(db, "recorder_start", 1, SQLITE_UTF8, 0, startFunction, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_create_function(db, "recorder_stop", 0, SQLITE_UTF8, 0, stopFunction, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_create_function(db, "recorder_device", 2, SQLITE_UTF8, 0, deviceFunction, 0, 0);
  return rc==SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
