/*
** lockprobe: what a connection of real SQLite does about locks, as far as JavaScript cannot see it.
**
** The extension installs a counting busy handler in the connection that loads it and stands between
** the pager and the VFS in the lock methods of its main database file. Each connection gets a number.
** The SQL functions are meant to be called through another connection of the process, since a SELECT
** may read the schema of the database that it runs in:
**
**   probe_last()                   number of the connection that loaded the extension last
**   probe_busy(n, limit)           the handler gives up when it has been called limit times; -1: never
**   probe_gate(n, at, up, down)    at its call number `at` (from 0) the handler writes one byte to the
**                                  named pipe `up` and waits for one byte from `down`, once; -1: no
**                                  such call
**   probe_take(n)                  JSON: {"busy":[arguments of the handler's calls],"trace":"...",
**                                  "level":l}, everything since the last probe_take(n); the trace
**                                  lists the lock methods' calls as L<level>=<rc>, U<level>=<rc> and
**                                  R=<rc>/<answer>, the level is SQLITE_FCNTL_LOCKSTATE
**   probe_default_vfs(name)        makes a VFS the default one; gives the name of the one before
*/
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_BUSY 4096
#define MAX_TRACE 65536

typedef struct Probe Probe;
struct Probe {
  sqlite3_io_methods methods;         /* Must be first: the file's pMethods points here */
  const sqlite3_io_methods *pUnder;   /* The methods that the VFS gave the file */
  sqlite3 *db;
  sqlite3_int64 id;
  Probe *pNext;
  int limit;
  int gateAt;
  char up[512];
  char down[512];
  int nBusy;
  int aBusy[MAX_BUSY];
  int nTrace;
  char trace[MAX_TRACE];
};

#define PROBE(pFile) ((Probe*)(pFile)->pMethods)

static Probe *pFirst;                 /* The probes of this process, the youngest first */
static sqlite3_int64 lastId;

static void note(Probe *p, char what, int level, int rc){
  if( p->nTrace+64>MAX_TRACE ) return;
  sqlite3_snprintf(64, &p->trace[p->nTrace], "%s%c%d=%d", p->nTrace ? " " : "", what, level, rc);
  p->nTrace += (int)strlen(&p->trace[p->nTrace]);
}
static int probeLock(sqlite3_file *pFile, int eLock){
  Probe *p = PROBE(pFile);
  int rc = p->pUnder->xLock(pFile, eLock);
  note(p, 'L', eLock, rc);
  return rc;
}
static int probeUnlock(sqlite3_file *pFile, int eLock){
  Probe *p = PROBE(pFile);
  int rc = p->pUnder->xUnlock(pFile, eLock);
  note(p, 'U', eLock, rc);
  return rc;
}
static int probeCheckReservedLock(sqlite3_file *pFile, int *pOut){
  Probe *p = PROBE(pFile);
  int rc = p->pUnder->xCheckReservedLock(pFile, pOut);
  if( p->nTrace+64<=MAX_TRACE ){
    sqlite3_snprintf(64, &p->trace[p->nTrace], "%sR=%d/%d", p->nTrace ? " " : "", rc, *pOut);
    p->nTrace += (int)strlen(&p->trace[p->nTrace]);
  }
  return rc;
}

/* One byte to the pipe `up`, then one byte from the pipe `down`. */
static int waitAtGate(Probe *p){
  char c = '!';
  ssize_t n;
  int fd = open(p->up, O_WRONLY|O_CLOEXEC);
  if( fd<0 ) return 0;
  do{ n = write(fd, &c, 1); }while( n<0 && errno==EINTR );
  close(fd);
  if( n!=1 ) return 0;
  fd = open(p->down, O_RDONLY|O_CLOEXEC);
  if( fd<0 ) return 0;
  do{ n = read(fd, &c, 1); }while( n<0 && errno==EINTR );
  close(fd);
  return n==1;
}
static int probeBusy(void *pArg, int n){
  Probe *p = (Probe*)pArg;
  if( p->nBusy<MAX_BUSY ) p->aBusy[p->nBusy++] = n;
  if( n==p->gateAt ){
    /* Once: the handler may count to this call again, in another attempt of the same statement. */
    p->gateAt = -1;
    if( !waitAtGate(p) ) return 0;
  }
  return p->limit<0 || n<p->limit;
}

/* The probe that the first argument names; NULL after an error message. */
static Probe *probeOf(sqlite3_context *ctx, sqlite3_value **argv){
  sqlite3_int64 id = sqlite3_value_int64(argv[0]);
  Probe *p;
  for(p=pFirst; p && p->id!=id; p=p->pNext){}
  if( p==0 ) sqlite3_result_error(ctx, "lockprobe: no connection has this number", -1);
  return p;
}
static void probeFree(void *pArg){
  Probe **pp;
  for(pp=&pFirst; *pp && *pp!=(Probe*)pArg; pp=&(*pp)->pNext){}
  if( *pp ) *pp = (*pp)->pNext;
  sqlite3_free(pArg);
}
static void lastFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  sqlite3_result_int64(ctx, lastId);
}
static void busyFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  Probe *p = probeOf(ctx, argv);
  if( p ) p->limit = sqlite3_value_int(argv[1]);
}
static void gateFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  Probe *p = probeOf(ctx, argv);
  const char *zUp = (const char*)sqlite3_value_text(argv[2]);
  const char *zDown = (const char*)sqlite3_value_text(argv[3]);
  if( p==0 ) return;
  if( zUp==0 || zDown==0 || strlen(zUp)>=sizeof(p->up) || strlen(zDown)>=sizeof(p->down) ){
    sqlite3_result_error(ctx, "probe_gate: bad arguments", -1);
    return;
  }
  p->gateAt = sqlite3_value_int(argv[1]);
  strcpy(p->up, zUp);
  strcpy(p->down, zDown);
}
static void takeFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  Probe *p = probeOf(ctx, argv);
  sqlite3_str *pStr;
  int level = -1;
  int i;
  if( p==0 ) return;
  sqlite3_file_control(p->db, "main", SQLITE_FCNTL_LOCKSTATE, &level);
  pStr = sqlite3_str_new(0);
  sqlite3_str_appendall(pStr, "{\"busy\":[");
  for(i=0; i<p->nBusy; i++) sqlite3_str_appendf(pStr, "%s%d", i ? "," : "", p->aBusy[i]);
  sqlite3_str_appendf(pStr, "],\"trace\":\"%s\",\"level\":%d}", p->nTrace ? p->trace : "", level);
  p->nBusy = 0;
  p->nTrace = 0;
  sqlite3_result_text(ctx, sqlite3_str_finish(pStr), -1, sqlite3_free);
}
static void defaultVfsFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  sqlite3_vfs *pOld = sqlite3_vfs_find(0);
  sqlite3_vfs *pNew = sqlite3_vfs_find((const char*)sqlite3_value_text(argv[0]));
  if( pOld==0 || pNew==0 || sqlite3_vfs_register(pNew, 1)!=SQLITE_OK ){
    sqlite3_result_error(ctx, "probe_default_vfs: there is no such VFS", -1);
    return;
  }
  sqlite3_result_text(ctx, pOld->zName, -1, SQLITE_TRANSIENT);
}

int sqlite3_extension_init(sqlite3 *db, char **pzErr, const sqlite3_api_routines *pApi){
  Probe *p;
  sqlite3_file *pFile = 0;
  int rc;
  SQLITE_EXTENSION_INIT2(pApi);
  p = (Probe*)sqlite3_malloc64(sizeof(*p));
  if( p==0 ) return SQLITE_NOMEM;
  memset(p, 0, sizeof(*p));
  p->db = db;
  p->gateAt = -1;
  p->id = ++lastId;
  p->pNext = pFirst;
  pFirst = p;
  /* The connection closes its files before its functions: the probe outlives the file. */
  rc = sqlite3_create_function_v2(db, "probe_last", 0, SQLITE_UTF8, p, lastFunction, 0, 0, probeFree);
  if( rc==SQLITE_OK ) rc = sqlite3_create_function(db, "probe_take", 1, SQLITE_UTF8, 0, takeFunction, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_create_function(db, "probe_busy", 2, SQLITE_UTF8, 0, busyFunction, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_create_function(db, "probe_gate", 4, SQLITE_UTF8, 0, gateFunction, 0, 0);
  if( rc==SQLITE_OK ){
    rc = sqlite3_create_function(db, "probe_default_vfs", 1, SQLITE_UTF8, 0, defaultVfsFunction, 0, 0);
  }
  if( rc==SQLITE_OK ) rc = sqlite3_busy_handler(db, probeBusy, p);
  if( rc!=SQLITE_OK ) return rc;
  if( sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &pFile)==SQLITE_OK
   && pFile!=0 && pFile->pMethods!=0
  ){
    p->pUnder = pFile->pMethods;
    p->methods = *p->pUnder;
    p->methods.xLock = probeLock;
    p->methods.xUnlock = probeUnlock;
    p->methods.xCheckReservedLock = probeCheckReservedLock;
    pFile->pMethods = &p->methods;
  }
  return SQLITE_OK_LOAD_PERMANENTLY;
}
