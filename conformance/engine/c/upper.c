/*
** The part of the SQL engine that is neither upstream's nor JavaScript: stand-ins for what the
** amalgamation lost when its lower half was cut off, and the functions that JavaScript calls.
**
** Included after the cut amalgamation, so that its internal names are visible; imports.h comes before.
** NON-UPSTREAM, all of it.
*/

/* What build/cut.ts is to have seen to. */
_Static_assert(sizeof(SorterRecord)==16, "the sorter's records are accounted as on 64-bit Linux");

/* ---------------------------------------------------------------- VFSes and files */
#include "files.c"

/* ---------------------------------------------------------------- the page cache
** It lives in the port. What the upper half asks of it for its own purposes is answered here.
*/
int sqlite3PcacheInitialize(void){ return SQLITE_OK; }
void sqlite3PcacheShutdown(void){}
void sqlite3PCacheSetDefault(void){}
void sqlite3PCacheBufferSetup(void *pBuf, int sz, int n){ (void)pBuf; (void)sz; (void)n; }
sqlite3_mutex *sqlite3Pcache1Mutex(void){ return 0; }
/* SQLITE_CONFIG_PCACHE_HDRSZ wants these; they are the sizes of 64-bit Linux, which the port uses too. */
int sqlite3HeaderSizePcache(void){ return 80; }
int sqlite3HeaderSizePcache1(void){ return 56; }
/* No page memory is ever configured up here, so pages come from the heap, as they would in C. */
void *sqlite3PageMalloc(int sz){ return sqlite3Malloc(sz); }
void sqlite3PageFree(void *p){ sqlite3_free(p); }

/* A page's handle is the address of its extra bytes: the one accessor that needs no call. */
void *sqlite3PagerGetExtra(DbPage *pPg){ return (void*)pPg; }

/* ---------------------------------------------------------------- random numbers
** One generator for both halves, the port's, so that nonces, names and random() draw from one stream
** as in C. The seed set by sqlite3_test_control() goes along.
*/
void sqlite3_randomness(int N, void *pBuf){
  upperRandomness(pBuf ? N : 0, pBuf, sqlite3Config.iPrngSeed);
}

/* ---------------------------------------------------------------- a C VFS under the port
** The upper half has a VFS of its own, memdb. The pager on it is the port's, which calls these.
*/
EXPORT(upper_c_open)
int upper_c_open(sqlite3_vfs *p, const char *zName, sqlite3_file *f, int flags, int *pOut){
  return p->xOpen(p, zName, f, flags, pOut);
}
EXPORT(upper_c_delete) int upper_c_delete(sqlite3_vfs *p, const char *z, int d){
  return p->xDelete ? p->xDelete(p, z, d) : SQLITE_OK;
}
EXPORT(upper_c_access) int upper_c_access(sqlite3_vfs *p, const char *z, int flags, int *pOut){
  return p->xAccess(p, z, flags, pOut);
}
EXPORT(upper_c_full_pathname) int upper_c_full_pathname(sqlite3_vfs *p, const char *z, int n, char *zOut){
  return p->xFullPathname(p, z, n, zOut);
}
EXPORT(upper_c_os_file) int upper_c_os_file(sqlite3_vfs *p){ return p->szOsFile; }
EXPORT(upper_c_max_pathname) int upper_c_max_pathname(sqlite3_vfs *p){ return p->mxPathname; }
EXPORT(upper_c_version) int upper_c_version(sqlite3_file *f){ return f->pMethods ? f->pMethods->iVersion : 0; }
EXPORT(upper_c_close) int upper_c_close(sqlite3_file *f){ return f->pMethods->xClose(f); }
EXPORT(upper_c_read) int upper_c_read(sqlite3_file *f, void *p, int n, double at){
  return f->pMethods->xRead(f, p, n, (sqlite3_int64)at);
}
EXPORT(upper_c_write) int upper_c_write(sqlite3_file *f, const void *p, int n, double at){
  return f->pMethods->xWrite(f, p, n, (sqlite3_int64)at);
}
EXPORT(upper_c_truncate) int upper_c_truncate(sqlite3_file *f, double n){
  return f->pMethods->xTruncate(f, (sqlite3_int64)n);
}
EXPORT(upper_c_sync) int upper_c_sync(sqlite3_file *f, int flags){
  return f->pMethods->xSync ? f->pMethods->xSync(f, flags) : SQLITE_OK;
}
EXPORT(upper_c_file_size) int upper_c_file_size(sqlite3_file *f, sqlite3_int64 *p){
  return f->pMethods->xFileSize(f, p);
}
EXPORT(upper_c_lock) int upper_c_lock(sqlite3_file *f, int e){ return f->pMethods->xLock(f, e); }
EXPORT(upper_c_unlock) int upper_c_unlock(sqlite3_file *f, int e){ return f->pMethods->xUnlock(f, e); }
EXPORT(upper_c_control) int upper_c_control(sqlite3_file *f, int op, void *p){
  return f->pMethods->xFileControl(f, op, p);
}
EXPORT(upper_c_device) int upper_c_device(sqlite3_file *f){ return f->pMethods->xDeviceCharacteristics(f); }
EXPORT(upper_c_fetch) int upper_c_fetch(sqlite3_file *f, double at, int n, void **pp){
  return f->pMethods->xFetch(f, (sqlite3_int64)at, n, pp);
}
EXPORT(upper_c_unfetch) int upper_c_unfetch(sqlite3_file *f, double at, void *p){
  return f->pMethods->xUnfetch(f, (sqlite3_int64)at, p);
}

/* ---------------------------------------------------------------- what the port asks of the upper half */

/* The allocator is needed before the rest: the port initializes itself with memory from here. */
EXPORT(upper_start)
int upper_start(void){
  int rc = SQLITE_OK;
  if( !sqlite3GlobalConfig.isMallocInit ){
    rc = sqlite3MallocInit();
    if( rc==SQLITE_OK ) sqlite3GlobalConfig.isMallocInit = 1;
  }
  return rc;
}

/* Memory for the port's allocations: blocks that either half may free. */
EXPORT(upper_malloc) void *upper_malloc(unsigned n){ return sqlite3Malloc(n); }
EXPORT(upper_realloc) void *upper_realloc(void *p, unsigned n){ return sqlite3Realloc(p, n); }
EXPORT(upper_free) void upper_free(void *p){ sqlite3_free(p); }

/* The head of a list of backups hears of a page, or of a restart. */
EXPORT(upper_backup_update)
void upper_backup_update(sqlite3_backup *p, unsigned iPage, const unsigned char *aData){
  sqlite3BackupUpdate(p, iPage, aData);
}
EXPORT(upper_backup_restart) void upper_backup_restart(sqlite3_backup *p){ sqlite3BackupRestart(p); }

/* What the pager looks at in a connection. */
EXPORT(upper_db_flags) int upper_db_flags(sqlite3 *db){ return (int)db->flags; }
EXPORT(upper_db_malloc_failed) int upper_db_malloc_failed(sqlite3 *db){ return db->mallocFailed; }
EXPORT(upper_db_interrupted) int upper_db_interrupted(sqlite3 *db){ return db->u1.isInterrupted; }
EXPORT(upper_db_exec) int upper_db_exec(sqlite3 *db, const char *zSql){
  return sqlite3_exec(db, zSql, 0, 0, 0);
}
EXPORT(upper_pending_byte) int upper_pending_byte(void){ return sqlite3PendingByte; }
EXPORT(upper_set_pending_byte) void upper_set_pending_byte(unsigned n){
  sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, n);
}
EXPORT(upper_seed) int upper_seed(int n){
  return sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, n, (sqlite3*)0);
}
/* An empty string with the zeros in front that file names have. */
EXPORT(upper_no_name) const char *upper_no_name(void){
  static const char zNone[16];
  return &zNone[4];
}

/* ---------------------------------------------------------------- the public API, as far as it is used */
EXPORT(upper_initialize) int upper_initialize(void){ return sqlite3_initialize(); }
#define API1(R, f, A) EXPORT(f) R upper_##f(A a){ return f(a); }
#define API2(R, f, A, B) EXPORT(f) R upper_##f(A a, B b){ return f(a, b); }
#define API3(R, f, A, B, C) EXPORT(f) R upper_##f(A a, B b, C c){ return f(a, b, c); }
API1(int, sqlite3_close_v2, sqlite3*)
API1(int, sqlite3_errcode, sqlite3*)
API1(int, sqlite3_extended_errcode, sqlite3*)
API1(int, sqlite3_error_offset, sqlite3*)
API1(const char*, sqlite3_errmsg, sqlite3*)
API1(const char*, sqlite3_errstr, int)
API1(double, sqlite3_changes64, sqlite3*)
API1(double, sqlite3_total_changes64, sqlite3*)
API1(int, sqlite3_get_autocommit, sqlite3*)
API1(int, sqlite3_step, sqlite3_stmt*)
API1(int, sqlite3_reset, sqlite3_stmt*)
API1(int, sqlite3_finalize, sqlite3_stmt*)
API1(int, sqlite3_clear_bindings, sqlite3_stmt*)
API1(int, sqlite3_column_count, sqlite3_stmt*)
API1(int, sqlite3_stmt_readonly, sqlite3_stmt*)
API1(int, sqlite3_bind_parameter_count, sqlite3_stmt*)
API2(const char*, sqlite3_bind_parameter_name, sqlite3_stmt*, int)
API2(int, sqlite3_bind_parameter_index, sqlite3_stmt*, const char*)
API2(int, sqlite3_bind_null, sqlite3_stmt*, int)
API3(int, sqlite3_bind_int, sqlite3_stmt*, int, int)
API3(int, sqlite3_bind_double, sqlite3_stmt*, int, double)
API2(int, sqlite3_column_type, sqlite3_stmt*, int)
API2(double, sqlite3_column_double, sqlite3_stmt*, int)
API2(const void*, sqlite3_column_blob, sqlite3_stmt*, int)
API2(const unsigned char*, sqlite3_column_text, sqlite3_stmt*, int)
API2(int, sqlite3_column_bytes, sqlite3_stmt*, int)
API2(const char*, sqlite3_column_name, sqlite3_stmt*, int)
API2(int, sqlite3_busy_timeout, sqlite3*, int)
API3(int, sqlite3_stmt_status, sqlite3_stmt*, int, int)
API2(int, sqlite3_extended_result_codes, sqlite3*, int)

EXPORT(upper_open)
int upper_open(const char *zName, int flags, const char *zVfs, sqlite3 **ppDb){
  return sqlite3_open_v2(zName, ppDb, flags, zVfs);
}
EXPORT(upper_defensive)
int upper_defensive(sqlite3 *db, int on){
  return sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, on, (int*)0);
}
EXPORT(upper_prepare)
int upper_prepare(sqlite3 *db, const char *z, int n, int flags, sqlite3_stmt **ppStmt, const char **pzTail){
  return sqlite3_prepare_v3(db, z, n, (unsigned)flags, ppStmt, pzTail);
}
EXPORT(upper_bind_text)
int upper_bind_text(sqlite3_stmt *p, int i, const char *z, int n){
  return sqlite3_bind_text(p, i, z, n, SQLITE_TRANSIENT);
}
EXPORT(upper_bind_blob)
int upper_bind_blob(sqlite3_stmt *p, int i, const void *z, int n){
  return n==0 ? sqlite3_bind_zeroblob(p, i, 0) : sqlite3_bind_blob(p, i, z, n, SQLITE_TRANSIENT);
}
/* 64-bit integers as two halves: no BigInt unless the value needs one. */
EXPORT(upper_bind_int64)
int upper_bind_int64(sqlite3_stmt *p, int i, unsigned lo, int hi){
  return sqlite3_bind_int64(p, i, (sqlite3_int64)(((sqlite3_uint64)(unsigned)hi << 32) | lo));
}
EXPORT(upper_column_int64)
void upper_column_int64(sqlite3_stmt *p, int i, sqlite3_int64 *pOut){ *pOut = sqlite3_column_int64(p, i); }
EXPORT(upper_last_insert_rowid)
void upper_last_insert_rowid(sqlite3 *db, sqlite3_int64 *pOut){ *pOut = sqlite3_last_insert_rowid(db); }
