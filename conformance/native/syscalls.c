/*
** System calls of real SQLite's Unix VFS that are recorded and fail on demand: the counterpart of
** conformance/engines/syscalls.ts.
**
** Loading the extension replaces the calls in the table of the VFS "unix". SQL functions of the
** connection that loaded it:
**
**   call_plan(call, suffix, at, errno, persistent)
**                      lets the at-th such call fail (or, if persistent, every one from there on);
**                      call: a name of the table, or "read" or "write" for any way to read or write;
**                      suffix: only files whose name ends so, or NULL;
**                      errno: -1 makes a write or read stop after half of its bytes
**   call_plan()        forgets the plan
**   call_count()       calls counted since the plan was set
**   call_trace()       what was called since then, a line for each call
**   prng_seed(n)       starts the random numbers afresh from a seed
*/
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define TRACE_MAX (1<<20)
#define FD_MAX 4096
#define NAME_MAX_KEPT 128

static sqlite3_vfs *pUnix;
static char planCall[32];
static char planSuffix[64];
static sqlite3_int64 planAt;
static int planErrno;
static int planPersistent;
static sqlite3_int64 counted;
static char trace[TRACE_MAX];
static size_t nTrace;
static char fdName[FD_MAX][NAME_MAX_KEPT];

static int (*realOpen)(const char*, int, int);
static int (*realClose)(int);
static int (*realAccess)(const char*, int);
static char *(*realGetcwd)(char*, size_t);
static int (*realStat)(const char*, struct stat*);
static int (*realFstat)(int, struct stat*);
static int (*realFtruncate)(int, off_t);
static int (*realFcntl)(int, int, ...);
static ssize_t (*realRead)(int, void*, size_t);
static ssize_t (*realWrite)(int, const void*, size_t);
static int (*realFchmod)(int, mode_t);
static int (*realFallocate)(int, off_t, off_t);
static int (*realUnlink)(const char*);
static int (*realOpenDirectory)(const char*, int*);
static int (*realFchown)(int, uid_t, gid_t);
static void *(*realMmap)(void*, size_t, int, int, int, off_t);
static int (*realMunmap)(void*, size_t);
static void *(*realMremap)(void*, size_t, size_t, int, ...);
static ssize_t (*realReadlink)(const char*, char*, size_t);
static int (*realLstat)(const char*, struct stat*);

static const char *tail(const char *zPath){
  const char *z = zPath ? strrchr(zPath, '/') : 0;
  return z ? z+1 : (zPath ? zPath : "");
}
static const char *nameOf(int fd){
  return fd>=0 && fd<FD_MAX ? fdName[fd] : "";
}

/* Appends a line to the trace. */
static void note(const char *zCall, const char *zName, const char *zDetail, long long rc){
  int n;
  size_t left = TRACE_MAX - nTrace;
  int e = errno;
  if( rc<0 ){
    n = snprintf(&trace[nTrace], left, "%s %s%s = errno %d\n", zCall, zName, zDetail, e);
  }else{
    n = snprintf(&trace[nTrace], left, "%s %s%s = %lld\n", zCall, zName, zDetail, rc);
  }
  if( n>0 && (size_t)n<left ) nTrace += n;
  else trace[nTrace] = 0;
  errno = e;
}

/* Counts a call; gives the planned errno (or -1: do half) if this is the one, else 0. */
static int planned(const char *zCall, const char *zName){
  size_t nName = strlen(zName), nSuffix = strlen(planSuffix);
  if( planCall[0]==0 || strcmp(planCall, zCall)!=0 ) return 0;
  if( nSuffix>nName || strcmp(&zName[nName-nSuffix], planSuffix)!=0 ) return 0;
  counted++;
  return counted==planAt || (planPersistent && counted>planAt) ? planErrno : 0;
}

#define FAIL_IF_PLANNED(zCall, zName, zDetail, result)       \
  do{                                                        \
    int e_ = planned(zCall, zName);                          \
    if( e_>0 ){                                              \
      errno = e_;                                            \
      note(zCall, zName, zDetail, -1);                       \
      return result;                                         \
    }                                                        \
  }while(0)

static int wOpen(const char *zPath, int flags, int mode){
  char zDetail[64];
  int fd;
  snprintf(zDetail, sizeof(zDetail), " %o %o", flags, flags & O_CREAT ? mode : 0);
  FAIL_IF_PLANNED("open", tail(zPath), zDetail, -1);
  fd = realOpen(zPath, flags, mode);
  if( fd>=0 && fd<FD_MAX ){
    strncpy(fdName[fd], tail(zPath), NAME_MAX_KEPT-1);
  }
  note("open", tail(zPath), zDetail, fd<0 ? -1 : 0);
  return fd;
}
static int wClose(int fd){
  int rc, e = planned("close", nameOf(fd));
  /* The descriptor goes in any case: what fails is what was still to be written. */
  rc = realClose(fd);
  if( e>0 ){
    errno = e;
    rc = -1;
  }
  note("close", nameOf(fd), "", rc);
  if( fd>=0 && fd<FD_MAX ) fdName[fd][0] = 0;
  return rc;
}
static int wAccess(const char *zPath, int mode){
  int rc;
  char zDetail[32];
  snprintf(zDetail, sizeof(zDetail), " %d", mode);
  FAIL_IF_PLANNED("access", tail(zPath), zDetail, -1);
  rc = realAccess(zPath, mode);
  note("access", tail(zPath), zDetail, rc);
  return rc;
}
static char *wGetcwd(char *z, size_t n){
  char *zOut;
  FAIL_IF_PLANNED("getcwd", "", "", 0);
  zOut = realGetcwd(z, n);
  note("getcwd", "", "", zOut ? 0 : -1);
  return zOut;
}
static int wStat(const char *zPath, struct stat *p){
  int rc;
  FAIL_IF_PLANNED("stat", tail(zPath), "", -1);
  rc = realStat(zPath, p);
  note("stat", tail(zPath), "", rc);
  return rc;
}
static int wFstat(int fd, struct stat *p){
  int rc;
  FAIL_IF_PLANNED("fstat", nameOf(fd), "", -1);
  rc = realFstat(fd, p);
  note("fstat", nameOf(fd), "", rc);
  return rc;
}
static int wFtruncate(int fd, off_t size){
  int rc;
  char zDetail[32];
  snprintf(zDetail, sizeof(zDetail), " %lld", (long long)size);
  FAIL_IF_PLANNED("ftruncate", nameOf(fd), zDetail, -1);
  rc = realFtruncate(fd, size);
  note("ftruncate", nameOf(fd), zDetail, rc);
  return rc;
}
static int wFcntl(int fd, int op, ...){
  int rc;
  char zDetail[96];
  va_list ap;
  void *pArg;
  va_start(ap, op);
  pArg = va_arg(ap, void*);
  va_end(ap);
  if( op==F_SETLK || op==F_SETLKW || op==F_GETLK ){
    struct flock *p = (struct flock*)pArg;
    snprintf(zDetail, sizeof(zDetail), " %d type %d at %lld+%lld", op, p->l_type,
             (long long)p->l_start, (long long)p->l_len);
  }else{
    snprintf(zDetail, sizeof(zDetail), " %d", op);
  }
  FAIL_IF_PLANNED("fcntl", nameOf(fd), zDetail, -1);
  rc = realFcntl(fd, op, pArg);
  note("fcntl", nameOf(fd), zDetail, rc);
  return rc;
}

/* Reads and writes: at an offset, or where the descriptor stands. */
static ssize_t readAny(int fd, void *p, size_t n, off_t at){
  char zDetail[64];
  int e = planned("read", nameOf(fd));
  ssize_t got;
  snprintf(zDetail, sizeof(zDetail), " %lld@%lld", (long long)n, (long long)at);
  if( e>0 ){
    errno = e;
    got = -1;
  }else{
    if( e<0 ) n /= 2;
    got = pread(fd, p, n, at);
  }
  note("read", nameOf(fd), zDetail, got);
  return got;
}
static ssize_t writeAny(int fd, const void *p, size_t n, off_t at){
  char zDetail[64];
  int e = planned("write", nameOf(fd));
  ssize_t put;
  snprintf(zDetail, sizeof(zDetail), " %lld@%lld", (long long)n, (long long)at);
  if( e>0 ){
    errno = e;
    put = -1;
  }else{
    if( e<0 ) n /= 2;
    put = pwrite(fd, p, n, at);
  }
  note("write", nameOf(fd), zDetail, put);
  return put;
}
static ssize_t wPread(int fd, void *p, size_t n, off_t at){
  return readAny(fd, p, n, at);
}
static ssize_t wPwrite(int fd, const void *p, size_t n, off_t at){
  return writeAny(fd, p, n, at);
}
static ssize_t wRead(int fd, void *p, size_t n){
  off_t at = lseek(fd, 0, SEEK_CUR);
  if( at<0 ) return realRead(fd, p, n);
  return readAny(fd, p, n, at);
}
static ssize_t wWrite(int fd, const void *p, size_t n){
  off_t at = lseek(fd, 0, SEEK_CUR);
  if( at<0 ) return realWrite(fd, p, n);
  return writeAny(fd, p, n, at);
}

static int wFchmod(int fd, mode_t mode){
  int rc;
  char zDetail[32];
  snprintf(zDetail, sizeof(zDetail), " %o", (unsigned)mode);
  FAIL_IF_PLANNED("fchmod", nameOf(fd), zDetail, -1);
  rc = realFchmod(fd, mode);
  note("fchmod", nameOf(fd), zDetail, rc);
  return rc;
}
static int wFallocate(int fd, off_t at, off_t n){
  int rc;
  FAIL_IF_PLANNED("fallocate", nameOf(fd), "", e_);
  rc = realFallocate(fd, at, n);
  note("fallocate", nameOf(fd), "", rc);
  return rc;
}
static int wUnlink(const char *zPath){
  int rc;
  FAIL_IF_PLANNED("unlink", tail(zPath), "", -1);
  rc = realUnlink(zPath);
  note("unlink", tail(zPath), "", rc);
  return rc;
}
static int wOpenDirectory(const char *zPath, int *pFd){
  int rc;
  int e = planned("openDirectory", tail(zPath));
  if( e>0 ){
    *pFd = -1;
    errno = e;
    note("openDirectory", tail(zPath), "", -1);
    return SQLITE_CANTOPEN;
  }
  rc = realOpenDirectory(zPath, pFd);
  note("openDirectory", tail(zPath), "", rc);
  return rc;
}
static int wFchown(int fd, uid_t uid, gid_t gid){
  int rc;
  char zDetail[64];
  snprintf(zDetail, sizeof(zDetail), " %u:%u", (unsigned)uid, (unsigned)gid);
  FAIL_IF_PLANNED("fchown", nameOf(fd), zDetail, -1);
  rc = realFchown(fd, uid, gid);
  note("fchown", nameOf(fd), zDetail, rc);
  return rc;
}
static void *wMmap(void *p, size_t n, int prot, int flags, int fd, off_t at){
  void *pOut;
  char zDetail[64];
  snprintf(zDetail, sizeof(zDetail), " %lld@%lld", (long long)n, (long long)at);
  FAIL_IF_PLANNED("mmap", nameOf(fd), zDetail, MAP_FAILED);
  pOut = realMmap(p, n, prot, flags, fd, at);
  note("mmap", nameOf(fd), zDetail, pOut==MAP_FAILED ? -1 : 0);
  return pOut;
}
static int wMunmap(void *p, size_t n){
  int rc;
  char zDetail[32];
  snprintf(zDetail, sizeof(zDetail), " %lld", (long long)n);
  rc = realMunmap(p, n);
  note("munmap", "", zDetail, rc);
  return rc;
}
static void *wMremap(void *p, size_t nOld, size_t nNew, int flags, ...){
  void *pOut;
  char zDetail[64];
  snprintf(zDetail, sizeof(zDetail), " %lld to %lld", (long long)nOld, (long long)nNew);
  FAIL_IF_PLANNED("mremap", "", zDetail, MAP_FAILED);
  pOut = realMremap(p, nOld, nNew, flags);
  note("mremap", "", zDetail, pOut==MAP_FAILED ? -1 : 0);
  return pOut;
}
static ssize_t wReadlink(const char *zPath, char *z, size_t n){
  ssize_t rc;
  FAIL_IF_PLANNED("readlink", tail(zPath), "", -1);
  rc = realReadlink(zPath, z, n);
  note("readlink", tail(zPath), "", rc);
  return rc;
}
static int wLstat(const char *zPath, struct stat *p){
  int rc;
  FAIL_IF_PLANNED("lstat", tail(zPath), "", -1);
  rc = realLstat(zPath, p);
  note("lstat", tail(zPath), "", rc);
  return rc;
}

/* Puts a wrapper into the table, if this build uses the call at all. */
static void replace(const char *zCall, sqlite3_syscall_ptr pWrapper, sqlite3_syscall_ptr *ppReal){
  sqlite3_syscall_ptr pOld = pUnix->xGetSystemCall(pUnix, zCall);
  if( pOld==0 ) return;
  if( ppReal ) *ppReal = pOld;
  pUnix->xSetSystemCall(pUnix, zCall, pWrapper);
}
#define REPLACE(zCall, w, r) replace(zCall, (sqlite3_syscall_ptr)w, (sqlite3_syscall_ptr*)&r)

static void replaceAll(void){
  REPLACE("open", wOpen, realOpen);
  REPLACE("close", wClose, realClose);
  REPLACE("access", wAccess, realAccess);
  REPLACE("getcwd", wGetcwd, realGetcwd);
  REPLACE("stat", wStat, realStat);
  REPLACE("fstat", wFstat, realFstat);
  REPLACE("ftruncate", wFtruncate, realFtruncate);
  REPLACE("fcntl", wFcntl, realFcntl);
  REPLACE("read", wRead, realRead);
  REPLACE("write", wWrite, realWrite);
  replace("pread", (sqlite3_syscall_ptr)wPread, 0);
  replace("pread64", (sqlite3_syscall_ptr)wPread, 0);
  replace("pwrite", (sqlite3_syscall_ptr)wPwrite, 0);
  replace("pwrite64", (sqlite3_syscall_ptr)wPwrite, 0);
  REPLACE("fchmod", wFchmod, realFchmod);
  REPLACE("fallocate", wFallocate, realFallocate);
  REPLACE("unlink", wUnlink, realUnlink);
  REPLACE("openDirectory", wOpenDirectory, realOpenDirectory);
  REPLACE("fchown", wFchown, realFchown);
  REPLACE("mmap", wMmap, realMmap);
  REPLACE("munmap", wMunmap, realMunmap);
  REPLACE("mremap", wMremap, realMremap);
  REPLACE("readlink", wReadlink, realReadlink);
  REPLACE("lstat", wLstat, realLstat);
}

static void planFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  const char *zCall, *zSuffix;
  counted = 0;
  nTrace = 0;
  trace[0] = 0;
  planCall[0] = 0;
  planSuffix[0] = 0;
  if( argc==0 ) return;
  if( argc!=5 ){
    sqlite3_result_error(ctx, "call_plan: five arguments or none", -1);
    return;
  }
  zCall = (const char*)sqlite3_value_text(argv[0]);
  zSuffix = (const char*)sqlite3_value_text(argv[1]);
  if( zCall==0 || strlen(zCall)>=sizeof(planCall) || (zSuffix && strlen(zSuffix)>=sizeof(planSuffix)) ){
    sqlite3_result_error(ctx, "call_plan: bad arguments", -1);
    return;
  }
  strcpy(planCall, zCall);
  if( zSuffix ) strcpy(planSuffix, zSuffix);
  planAt = sqlite3_value_int64(argv[2]);
  planErrno = sqlite3_value_int(argv[3]);
  planPersistent = sqlite3_value_int(argv[4]);
}
static void countFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  sqlite3_result_int64(ctx, counted);
}
static void traceFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  sqlite3_result_text(ctx, trace, (int)nTrace, SQLITE_TRANSIENT);
}
static void seedFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, sqlite3_value_int(argv[0]), (sqlite3*)0);
}

int sqlite3_extension_init(sqlite3 *db, char **pzErr, const sqlite3_api_routines *pApi){
  int rc;
  SQLITE_EXTENSION_INIT2(pApi);
  if( pUnix==0 ){
    pUnix = sqlite3_vfs_find("unix");
    if( pUnix==0 || pUnix->iVersion<3 ) return SQLITE_ERROR;
    replaceAll();
  }
  rc = sqlite3_create_function(db, "call_plan", -1, SQLITE_UTF8, 0, planFunction, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_create_function(db, "call_count", 0, SQLITE_UTF8, 0, countFunction, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_create_function(db, "call_trace", 0, SQLITE_UTF8, 0, traceFunction, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_create_function(db, "prng_seed", 1, SQLITE_UTF8, 0, seedFunction, 0, 0);
  return rc==SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
