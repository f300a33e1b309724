/*
** Calls the default VFS's methods one by one, for the test that holds the recorder and the port's VFS
** "shim" against each other (conformance/engines/sql/vfs-twins.test.ts).
**
**   vfs_drive(call, slot, name, a, b, data)   one call on the file in a slot, or on a name
**
** The answer is a text: the result code, and what the call gave back. The port's side, with the meaning
** of the arguments, is conformance/engines/sql/vfs-drive.ts.
*/
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1
#include <stdlib.h>
#include <string.h>

#define SLOTS 4
static sqlite3_file *files[SLOTS];
static void *mapped[SLOTS];

static void driveFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  const char *zCall = (const char*)sqlite3_value_text(argv[0]);
  int slot = sqlite3_value_int(argv[1]);
  const char *zName = (const char*)sqlite3_value_text(argv[2]);
  sqlite3_int64 a = sqlite3_value_int64(argv[3]);
  sqlite3_int64 b = sqlite3_value_int64(argv[4]);
  const void *pData = sqlite3_value_blob(argv[5]);
  int nData = sqlite3_value_bytes(argv[5]);
  sqlite3_vfs *pVfs = sqlite3_vfs_find(0);
  sqlite3_file *f;
  const sqlite3_io_methods *m;
  unsigned char *aOut = 0;
  int nOut = 0;
  sqlite3_int64 value = -1;
  int number = -1;
  int rc = SQLITE_OK;
  char *zAnswer;
#define IS(z) (strcmp(zCall, z)==0)

  if( zCall==0 || slot<0 || slot>=SLOTS ){
    sqlite3_result_error(ctx, "vfs_drive: bad arguments", -1);
    return;
  }
  if( files[slot]==0 ) files[slot] = calloc(1, pVfs->szOsFile);
  f = files[slot];
  m = f ? f->pMethods : 0;
  if( IS("open") ){
    static char zBlock[4][600];
    /* Four zeros before the name, and zeros after it, as names of databases have. */
    memset(zBlock[slot], 0, sizeof(zBlock[slot]));
    if( zName ) strncpy(&zBlock[slot][4], zName, 500);
    rc = pVfs->xOpen(pVfs, zName ? &zBlock[slot][4] : 0, f, (int)a, &number);
    value = f->pMethods!=0;
  }else if( IS("delete") ){
    rc = pVfs->xDelete(pVfs, zName, (int)a);
  }else if( IS("access") ){
    rc = pVfs->xAccess(pVfs, zName, (int)a, &number);
    if( rc==SQLITE_OK ) value = number!=0;
  }else if( IS("fullname") ){
    aOut = calloc(1, pVfs->mxPathname+1);
    rc = pVfs->xFullPathname(pVfs, zName, pVfs->mxPathname+1, (char*)aOut);
    nOut = (int)strlen((char*)aOut);
  }else if( IS("sleep") ){
    pVfs->xSleep(pVfs, (int)a);
  }else if( m==0 ){
    rc = -1;
  }else if( IS("close") ){
    rc = m->xClose(f);
    value = f->pMethods!=0;
  }else if( IS("read") ){
    nOut = (int)b;
    aOut = malloc(nOut);
    memset(aOut, 0xee, nOut);
    rc = m->xRead(f, aOut, nOut, a);
  }else if( IS("write") ){
    rc = m->xWrite(f, pData, nData, a);
  }else if( IS("truncate") ){
    rc = m->xTruncate(f, a);
  }else if( IS("sync") ){
    rc = m->xSync(f, (int)a);
  }else if( IS("size") ){
    rc = m->xFileSize(f, &value);
  }else if( IS("lock") ){
    rc = m->xLock(f, (int)a);
  }else if( IS("unlock") ){
    rc = m->xUnlock(f, (int)a);
  }else if( IS("reserved") ){
    rc = m->xCheckReservedLock(f, &number);
    if( rc==SQLITE_OK ) value = number!=0;
  }else if( IS("control") ){
    value = b;
    rc = m->xFileControl(f, (int)a, &value);
  }else if( IS("device") ){
    value = (sqlite3_int64)m->xSectorSize(f)*1000000 + m->xDeviceCharacteristics(f);
  }else if( IS("fetch") ){
    rc = m->xFetch(f, a, (int)b, &mapped[slot]);
    value = mapped[slot]!=0;
  }else if( IS("unfetch") ){
    rc = m->xUnfetch(f, a, mapped[slot]);
    mapped[slot] = 0;
  }else if( IS("shmmap") ){
    void volatile *p = 0;
    rc = m->xShmMap(f, (int)a, 32768, (int)b, &p);
    value = p!=0;
  }else if( IS("shmlock") ){
    rc = m->xShmLock(f, (int)a, 1, (int)b);
  }else if( IS("shmbarrier") ){
    m->xShmBarrier(f);
  }else if( IS("shmunmap") ){
    rc = m->xShmUnmap(f, (int)a);
  }else{
    sqlite3_result_error(ctx, "vfs_drive: there is no such call", -1);
    return;
  }
  zAnswer = sqlite3_mprintf("%d %lld ", rc, value);
  if( nOut>0 ){
    int i;
    char *zHex = sqlite3_malloc(2*nOut+1);
    for(i=0; zHex && i<nOut; i++) sqlite3_snprintf(3, &zHex[2*i], "%02x", aOut[i]);
    zAnswer = sqlite3_mprintf("%z%z", zAnswer, zHex);
  }
  free(aOut);
  sqlite3_result_text(ctx, zAnswer, -1, sqlite3_free);
}

int sqlite3_extension_init(sqlite3 *db, char **pzErr, const sqlite3_api_routines *pApi){
  int rc;
  SQLITE_EXTENSION_INIT2(pApi);
  rc = sqlite3_create_function(db, "vfs_drive", 6, SQLITE_UTF8, 0, driveFunction, 0, 0);
  return rc==SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
