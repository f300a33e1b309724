/*
** VFSes and files whose methods are JavaScript's, for every module that runs SQLite's C code over them:
** the SQL engine (upper.c) and the oracle of the lockstep runs (conformance/oracle/c/shim.c).
**
** Included after the amalgamation; files.h comes before it. With PAGER_MIRROR_SHM files have shared memory.
** NON-UPSTREAM, all of it.
*/
#define EXPORT(name) __attribute__((export_name(#name)))

/* ---------------------------------------------------------------- VFSes and files
** One sqlite3_vfs for each VFS of the port, told apart by pAppData, and files that are handles.
*/
typedef struct UpperFile UpperFile;
struct UpperFile {
  sqlite3_file base;
  int h;
};
#define HANDLE(pFile) (((UpperFile*)(pFile))->h)
#define NUMBER(pVfs) ((int)(pVfs)->pAppData)

static int upperClose(sqlite3_file *pFile){
  int rc = upperFileClose(HANDLE(pFile));
  pFile->pMethods = 0;
  return rc;
}
static int upperRead(sqlite3_file *pFile, void *p, int n, sqlite3_int64 at){
  return upperFileRead(HANDLE(pFile), p, n, (double)at);
}
static int upperWrite(sqlite3_file *pFile, const void *p, int n, sqlite3_int64 at){
  return upperFileWrite(HANDLE(pFile), p, n, (double)at);
}
static int upperTruncate(sqlite3_file *pFile, sqlite3_int64 size){
  return upperFileTruncate(HANDLE(pFile), (double)size);
}
static int upperSync(sqlite3_file *pFile, int flags){ return upperFileSync(HANDLE(pFile), flags); }
static int upperSize(sqlite3_file *pFile, sqlite3_int64 *pSize){
  return upperFileSize(HANDLE(pFile), pSize);
}
static int upperLock(sqlite3_file *pFile, int eLock){ return upperFileLock(HANDLE(pFile), eLock); }
static int upperUnlock(sqlite3_file *pFile, int eLock){ return upperFileUnlock(HANDLE(pFile), eLock); }
static int upperCheckReservedLock(sqlite3_file *pFile, int *pOut){
  return upperFileCheckReservedLock(HANDLE(pFile), pOut);
}
static int upperControl(sqlite3_file *pFile, int op, void *pArg){
  return upperFileControl(HANDLE(pFile), op, pArg);
}
static int upperSectorSize(sqlite3_file *pFile){ return upperFileSectorSize(HANDLE(pFile)); }
static int upperDeviceCharacteristics(sqlite3_file *pFile){
  return upperFileDeviceCharacteristics(HANDLE(pFile));
}
static int upperFetch(sqlite3_file *pFile, sqlite3_int64 at, int n, void **pp){
  return upperFileFetch(HANDLE(pFile), (double)at, n, pp);
}
static int upperUnfetch(sqlite3_file *pFile, sqlite3_int64 at, void *p){
  return upperFileUnfetch(HANDLE(pFile), (double)at, p);
}
#ifdef PAGER_MIRROR_SHM
static int upperShmMap(sqlite3_file *pFile, int i, int n, int bExtend, void volatile **pp){
  return upperFileShmMap(HANDLE(pFile), i, n, bExtend, pp);
}
static int upperShmLock(sqlite3_file *pFile, int offset, int n, int flags){
  return upperFileShmLock(HANDLE(pFile), offset, n, flags);
}
static void upperShmBarrier(sqlite3_file *pFile){ upperFileShmBarrier(HANDLE(pFile)); }
static int upperShmUnmap(sqlite3_file *pFile, int deleteFlag){
  return upperFileShmUnmap(HANDLE(pFile), deleteFlag);
}
#else
/* The shared memory of the write-ahead log is then the port's own business. */
# define upperShmMap 0
# define upperShmLock 0
# define upperShmBarrier 0
# define upperShmUnmap 0
#endif
#define METHODS(iVersion) { \
  iVersion, upperClose, upperRead, upperWrite, upperTruncate, upperSync, upperSize, upperLock, upperUnlock, \
  upperCheckReservedLock, upperControl, upperSectorSize, upperDeviceCharacteristics, \
  upperShmMap, upperShmLock, upperShmBarrier, upperShmUnmap, upperFetch, upperUnfetch \
}
#ifdef PAGER_MIRROR_SHM
/* Files of whichever version of the methods JavaScript's have. */
static const sqlite3_io_methods upperMethodsOf[] = { METHODS(1), METHODS(2), METHODS(3) };
static int upperFileVersion = 3;
EXPORT(upper_file_version) void upper_file_version(int iVersion){ upperFileVersion = iVersion; }
# define upperMethods upperMethodsOf[upperFileVersion-1]
#else
/* Version 3 for xFetch. */
static const sqlite3_io_methods upperMethods = METHODS(3);
#endif

static int upperOpen(sqlite3_vfs *pVfs, const char *zName, sqlite3_file *pFile, int flags, int *pOut){
  int dummy = 0;
  pFile->pMethods = 0;
  return upperVfsOpen(NUMBER(pVfs), zName, pFile, flags, pOut ? pOut : &dummy);
}
static int upperDelete(sqlite3_vfs *pVfs, const char *zName, int syncDir){
  return upperVfsDelete(NUMBER(pVfs), zName, syncDir);
}
static int upperAccess(sqlite3_vfs *pVfs, const char *zName, int flags, int *pOut){
  return upperVfsAccess(NUMBER(pVfs), zName, flags, pOut);
}
static int upperFullPathname(sqlite3_vfs *pVfs, const char *zName, int nOut, char *zOut){
  return upperVfsFullPathname(NUMBER(pVfs), zName, nOut, zOut);
}
static int upperVfsRandom(sqlite3_vfs *pVfs, int n, char *zOut){
  return upperVfsRandomness(NUMBER(pVfs), n, zOut);
}
static int upperSleep(sqlite3_vfs *pVfs, int us){ return upperVfsSleep(NUMBER(pVfs), us); }
static int upperCurrentTime(sqlite3_vfs *pVfs, sqlite3_int64 *piNow){
  return upperVfsCurrentTime(NUMBER(pVfs), piNow);
}
/* There is nothing that could load a library into this memory. */
static void *upperDlOpen(sqlite3_vfs *pVfs, const char *zName){ (void)pVfs; (void)zName; return 0; }
static void upperDlError(sqlite3_vfs *pVfs, int n, char *zOut){
  (void)pVfs;
  sqlite3_snprintf(n, zOut, "the SQL engine on the port cannot load extensions");
}
static void (*upperDlSym(sqlite3_vfs *pVfs, void *p, const char *zName))(void){
  (void)pVfs; (void)p; (void)zName;
  return 0;
}
static void upperDlClose(sqlite3_vfs *pVfs, void *p){ (void)pVfs; (void)p; }
static int upperLastError(sqlite3_vfs *pVfs, int n, char *z){ return upperVfsLastError(NUMBER(pVfs), n, z); }

/* Registers VFS number iVfs of the port; the name must stay where it is. */
EXPORT(upper_vfs_register)
int upper_vfs_register(int iVfs, const char *zName, int mxPathname, int makeDflt){
  sqlite3_vfs *p = calloc(1, sizeof(*p));
  if( p==0 ) return SQLITE_NOMEM;
  p->iVersion = 2;
  p->szOsFile = sizeof(UpperFile);
  p->mxPathname = mxPathname;
  p->zName = zName;
  p->pAppData = (void*)iVfs;
  p->xOpen = upperOpen;
  p->xDelete = upperDelete;
  p->xAccess = upperAccess;
  p->xFullPathname = upperFullPathname;
  p->xDlOpen = upperDlOpen;
  p->xDlError = upperDlError;
  p->xDlSym = upperDlSym;
  p->xDlClose = upperDlClose;
  p->xRandomness = upperVfsRandom;
  p->xSleep = upperSleep;
  p->xGetLastError = upperLastError;
  p->xCurrentTimeInt64 = upperCurrentTime;
  return sqlite3_vfs_register(p, makeDflt);
}

/* The number of a VFS of the port, or -1 if pVfs is one of the upper half's own (memdb). */
EXPORT(upper_vfs_number)
int upper_vfs_number(sqlite3_vfs *pVfs){ return pVfs->xOpen==upperOpen ? NUMBER(pVfs) : -1; }

EXPORT(upper_vfs_find) sqlite3_vfs *upper_vfs_find(const char *zName){ return sqlite3_vfs_find(zName); }
EXPORT(upper_vfs_memdb) sqlite3_vfs *upper_vfs_memdb(void){ return sqlite3_vfs_find("memdb"); }

/* Makes pFile the file behind a handle, or a closed file if h is 0. */
EXPORT(upper_file_set)
void upper_file_set(sqlite3_file *pFile, int h){
  pFile->pMethods = h ? &upperMethods : 0;
  HANDLE(pFile) = h;
}
EXPORT(upper_file_size) int upper_file_size(void){ return (int)sizeof(UpperFile); }

int sqlite3_os_init(void){ return upperVfsRegisterAll(); }
int sqlite3_os_end(void){ return SQLITE_OK; }
