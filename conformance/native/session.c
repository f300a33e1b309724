/*
** Drives SQLite through bytes: one request in, one answer out. The same file is compiled for real SQLite
** (session-extension.c includes it) and into the wasm module with SQLite's upper half (there it follows
** the amalgamation's text), so that both sides are driven by the same code. The protocol is described
** and its other end written in conformance/engines/sql/protocol.ts.
**
** Nothing here allocates with sqlite3_malloc: SQLite's allocations stay its own. A request that makes no
** sense is answered with a reason and changes nothing; one whose answer does not fit into memory is
** answered so after it has been performed.
*/
#include <stdlib.h>
#include <string.h>

#define SES_CONNECTIONS 32
#define SES_STATEMENTS 512
#define SES_BLOBS 64
#define SES_BACKUPS 16

/* No answer becomes longer than this. */
#define SES_LONGEST 0x3fffffffu

#define SES_NULL 0xffffffffu

/* First byte of an answer. */
#define SES_ANSWERED 0
#define SES_MALFORMED 1
#define SES_HANDLE 2
#define SES_MEMORY 3

typedef unsigned char ses_u8;
typedef unsigned int ses_u32;

typedef struct SesConn SesConn;
struct SesConn {
  sqlite3 *db;
  int maxTries;
  ses_u32 nBusy;
};
typedef struct SesBlob SesBlob;
struct SesBlob {
  sqlite3_blob *p;
  sqlite3 *db;
};
typedef struct SesBackup SesBackup;
struct SesBackup {
  sqlite3_backup *p;
  sqlite3 *dest;
};

static SesConn sesConns[SES_CONNECTIONS];
static sqlite3_stmt *sesStmts[SES_STATEMENTS];
static SesBlob sesBlobs[SES_BLOBS];
static SesBackup sesBackups[SES_BACKUPS];

/* ---- the answer ---- */

static ses_u8 *sesOut;
static ses_u32 sesOutLength;
static ses_u32 sesOutRoom;
static int sesOutFailed;

static ses_u8 *sesRoom(ses_u32 n){
  ses_u8 *p;
  if( sesOutFailed ) return 0;
  if( n>SES_LONGEST-sesOutLength ){
    sesOutFailed = 1;
    return 0;
  }
  if( sesOutLength+n>sesOutRoom ){
    ses_u32 room = sesOutRoom<SES_LONGEST/2 ? sesOutRoom*2 : SES_LONGEST;
    if( room<sesOutLength+n ) room = sesOutLength+n;
    if( room<4096 ) room = 4096;
    p = realloc(sesOut, room);
    if( p==0 && room>sesOutLength+n ){
      room = sesOutLength+n;
      p = realloc(sesOut, room);
    }
    if( p==0 ){
      sesOutFailed = 1;
      return 0;
    }
    sesOut = p;
    sesOutRoom = room;
  }
  p = sesOut+sesOutLength;
  sesOutLength += n;
  return p;
}
static void sesPutU8(unsigned v){
  ses_u8 *p = sesRoom(1);
  if( p ) p[0] = (ses_u8)v;
}
static void sesPutU32(ses_u32 v){
  ses_u8 *p = sesRoom(4);
  int i;
  if( p ) for(i=0; i<4; i++) p[i] = (ses_u8)(v>>(8*i));
}
static void sesPutI64(sqlite3_int64 v){
  sesPutU32((ses_u32)((sqlite3_uint64)v & 0xffffffffu));
  sesPutU32((ses_u32)((sqlite3_uint64)v>>32));
}
static void sesPutDouble(double v){
  sqlite3_int64 bits;
  memcpy(&bits, &v, 8);
  sesPutI64(bits);
}
static void sesPutBytes(const void *a, ses_u32 n){
  ses_u8 *p;
  sesPutU32(n);
  p = sesRoom(n);
  if( p && n>0 ) memcpy(p, a, n);
}
static void sesPutText(const char *z){
  sesPutBytes(z, z ? (ses_u32)strlen(z) : 0);
}

/* ---- the request ---- */

typedef struct SesIn SesIn;
struct SesIn {
  const ses_u8 *a;
  ses_u32 n;
  ses_u32 at;
  int bad;
};

static const ses_u8 *sesTake(SesIn *in, ses_u32 n){
  const ses_u8 *p;
  if( in->bad || n>in->n-in->at ){
    in->bad = 1;
    return 0;
  }
  p = in->a+in->at;
  in->at += n;
  return p;
}
static unsigned sesGetU8(SesIn *in){
  const ses_u8 *p = sesTake(in, 1);
  return p ? p[0] : 0;
}
static ses_u32 sesGetU32(SesIn *in){
  const ses_u8 *p = sesTake(in, 4);
  return p ? p[0] | (ses_u32)p[1]<<8 | (ses_u32)p[2]<<16 | (ses_u32)p[3]<<24 : 0;
}
static int sesGetI32(SesIn *in){
  return (int)sesGetU32(in);
}
static sqlite3_int64 sesGetI64(SesIn *in){
  sqlite3_uint64 low = sesGetU32(in);
  return (sqlite3_int64)(low | (sqlite3_uint64)sesGetU32(in)<<32);
}
static double sesGetDouble(SesIn *in){
  sqlite3_int64 bits = sesGetI64(in);
  double v;
  memcpy(&v, &bits, 8);
  return v;
}
/* A byte string within the request; null for the length SES_NULL or a bad request. */
static const ses_u8 *sesGetBytes(SesIn *in, ses_u32 *pn){
  ses_u32 n = sesGetU32(in);
  *pn = 0;
  if( in->bad || n==SES_NULL ) return 0;
  *pn = n;
  return sesTake(in, n);
}

/* Texts of the request that need a terminator; freed when the request has been answered. */
#define SES_TEXTS 4
static char *sesTexts[SES_TEXTS];
static int sesTextCount;
static int sesTextFailed;

static char *sesGetText(SesIn *in, int mayBeNull, ses_u32 *pn){
  ses_u32 n;
  const ses_u8 *p;
  char *z;
  p = sesGetBytes(in, &n);
  if( pn ) *pn = n;
  if( in->bad ) return 0;
  if( p==0 ){
    if( !mayBeNull ) in->bad = 1;
    return 0;
  }
  if( sesTextCount>=SES_TEXTS ){
    in->bad = 1;
    return 0;
  }
  z = malloc((size_t)n+1);
  if( z==0 ){
    sesTextFailed = 1;
    in->bad = 1;
    return 0;
  }
  memcpy(z, p, n);
  z[n] = 0;
  sesTexts[sesTextCount++] = z;
  return z;
}
/* A name: a zero byte within it would end it early. */
static char *sesGetName(SesIn *in, int mayBeNull){
  ses_u32 n;
  char *z = sesGetText(in, mayBeNull, &n);
  if( z && strlen(z)!=n ) in->bad = 1;
  return z;
}

/* ---- refusals ---- */

static int sesRefusal;
static const char *sesReason;

static void sesRefuse(int kind, const char *zWhy){
  if( sesRefusal==0 ){
    sesRefusal = kind;
    sesReason = zWhy;
  }
}
/* True if the request has been read whole and nothing has been refused. */
static int sesReady(SesIn *in){
  if( in->bad ) sesRefuse(sesTextFailed ? SES_MEMORY : SES_MALFORMED, "the request ends early or has a bad field");
  else if( in->at!=in->n ) sesRefuse(SES_MALFORMED, "the request is longer than its fields");
  return sesRefusal==0;
}

/* ---- handles ---- */

/*
** The destination of a backup must be left alone until the backup is finished: SQLite does not check
** that, and a database that is detached or replaced under a backup ends the process.
*/
static void sesLeaveAlone(sqlite3 *db){
  int i;
  for(i=0; i<SES_BACKUPS; i++){
    if( sesBackups[i].p && sesBackups[i].dest==db ){
      sesRefuse(SES_HANDLE, "a backup writes to this connection: finish it first");
    }
  }
}
/* A connection that is only looked at. */
static SesConn *sesAnyConn(SesIn *in){
  ses_u32 i = sesGetU32(in);
  if( in->bad || i>=SES_CONNECTIONS || sesConns[i].db==0 ){
    if( !in->bad ) sesRefuse(SES_HANDLE, "no such connection is open");
    return &sesConns[0];
  }
  return &sesConns[i];
}
static SesConn *sesConn(SesIn *in){
  SesConn *c = sesAnyConn(in);
  if( !in->bad && c->db ) sesLeaveAlone(c->db);
  return c;
}
static sqlite3_stmt **sesStmt(SesIn *in, int open){
  ses_u32 i = sesGetU32(in);
  if( in->bad || i>=SES_STATEMENTS || (sesStmts[i]!=0)!=open ){
    if( !in->bad ) sesRefuse(SES_HANDLE, open ? "no such statement" : "the statement's number is taken or too large");
    return &sesStmts[0];
  }
  if( open ) sesLeaveAlone(sqlite3_db_handle(sesStmts[i]));
  return &sesStmts[i];
}
static SesBlob *sesBlob(SesIn *in, int open){
  ses_u32 i = sesGetU32(in);
  if( in->bad || i>=SES_BLOBS || (sesBlobs[i].p!=0)!=open ){
    if( !in->bad ) sesRefuse(SES_HANDLE, open ? "no such blob handle" : "the blob handle's number is taken or too large");
    return &sesBlobs[0];
  }
  return &sesBlobs[i];
}
static SesBackup *sesBackup(SesIn *in, int open){
  ses_u32 i = sesGetU32(in);
  if( in->bad || i>=SES_BACKUPS || (sesBackups[i].p!=0)!=open ){
    if( !in->bad ) sesRefuse(SES_HANDLE, open ? "no such backup" : "the backup's number is taken or too large");
    return &sesBackups[0];
  }
  return &sesBackups[i];
}

/* ---- parts of answers ---- */

/* A result code, with the connection's message and error offset unless it is SQLITE_OK. */
static void sesPutOutcome(int rc, sqlite3 *db){
  sesPutU32((ses_u32)rc);
  if( rc!=SQLITE_OK ){
    sesPutText(db ? sqlite3_errmsg(db) : "");
    sesPutU32((ses_u32)(db ? sqlite3_error_offset(db) : -1));
  }
}
static void sesPutFacts(sqlite3 *db){
  sesPutI64(sqlite3_changes64(db));
  sesPutI64(sqlite3_total_changes64(db));
  sesPutI64(sqlite3_last_insert_rowid(db));
  sesPutU8(sqlite3_get_autocommit(db)!=0);
  sesPutU32((ses_u32)sqlite3_txn_state(db, 0));
}
static void sesPutColumns(sqlite3_stmt *pStmt){
  int n = pStmt ? sqlite3_column_count(pStmt) : 0;
  int i;
  sesPutU32((ses_u32)n);
  for(i=0; i<n; i++) sesPutText(sqlite3_column_name(pStmt, i));
}
static void sesPutRow(sqlite3_stmt *pStmt){
  int n = sqlite3_data_count(pStmt);
  int i;
  sesPutU32((ses_u32)n);
  for(i=0; i<n; i++){
    int type = sqlite3_column_type(pStmt, i);
    sesPutU8((unsigned)type);
    switch( type ){
      case SQLITE_INTEGER:
        sesPutI64(sqlite3_column_int64(pStmt, i));
        break;
      case SQLITE_FLOAT:
        sesPutDouble(sqlite3_column_double(pStmt, i));
        break;
      case SQLITE_TEXT: {
        const void *p = sqlite3_column_text(pStmt, i);
        sesPutBytes(p, p ? (ses_u32)sqlite3_column_bytes(pStmt, i) : 0);
        break;
      }
      case SQLITE_BLOB: {
        const void *p = sqlite3_column_blob(pStmt, i);
        sesPutBytes(p, p ? (ses_u32)sqlite3_column_bytes(pStmt, i) : 0);
        break;
      }
    }
  }
}

/* ---- statements ---- */

#define SES_KEEP_GOING 1u
#define SES_SINGLE 2u
#define SES_NO_ROWS 4u

#define SES_STATE_NONE 0
#define SES_STATE_ROW 1
#define SES_STATE_DONE 2

#define SES_STAGE_PREPARE 0
#define SES_STAGE_BIND 1
#define SES_STAGE_STEP 2
#define SES_STAGE_FINISH 3

/* The progress of a statement that was not stepped. */
static void sesPutNoProgress(sqlite3_stmt *pStmt){
  sesPutColumns(pStmt);
  sesPutU32(SES_NULL);
  sesPutU32(0);
  sesPutU8(SES_STATE_NONE);
}

/*
** Steps over at most nMax rows (0: all). The names of the columns are taken after the first step, which
** may prepare the statement anew. Returns SQLITE_OK, or the code of the step that failed.
*/
static int sesSteps(sqlite3_stmt *pStmt, ses_u32 nMax, ses_u32 flags){
  ses_u32 n = 0;
  int first = 1;
  int rc;
  do{
    rc = sqlite3_step(pStmt);
    if( first ) sesPutColumns(pStmt);
    first = 0;
    if( rc!=SQLITE_ROW ) break;
    n++;
    if( !(flags & SES_NO_ROWS) ) sesPutRow(pStmt);
  }while( !sesOutFailed && (nMax==0 || n<nMax) );
  sesPutU32(SES_NULL);
  sesPutU32(n);
  sesPutU8(rc==SQLITE_ROW ? SES_STATE_ROW : rc==SQLITE_DONE ? SES_STATE_DONE : SES_STATE_NONE);
  return rc==SQLITE_ROW || rc==SQLITE_DONE ? SQLITE_OK : rc;
}

/* Reads over the parameters without binding them: all of them must be there before anything is done. */
static ses_u32 sesCheckParameters(SesIn *in){
  ses_u32 n = sesGetU32(in);
  ses_u32 i, length;
  for(i=0; i<n && !in->bad; i++){
    switch( sesGetU8(in) ){
      case 1: case 2: case 6: sesTake(in, 8); break;
      case 3: case 4:
        if( sesGetBytes(in, &length)==0 ) in->bad = 1;
        break;
      case 5: break;
      default: in->bad = 1;
    }
  }
  return n;
}
/* Binds the first n of the parameters, which sesCheckParameters has checked. */
static int sesBind(sqlite3_stmt *pStmt, SesIn in, ses_u32 n){
  ses_u32 i, length;
  int rc = SQLITE_OK;
  for(i=1; i<=n && rc==SQLITE_OK; i++){
    const ses_u8 *p;
    switch( sesGetU8(&in) ){
      case 1:
        rc = sqlite3_bind_int64(pStmt, (int)i, sesGetI64(&in));
        break;
      case 2:
        rc = sqlite3_bind_double(pStmt, (int)i, sesGetDouble(&in));
        break;
      case 3:
        p = sesGetBytes(&in, &length);
        rc = sqlite3_bind_text64(pStmt, (int)i, (const char*)p, length, SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
      case 4:
        p = sesGetBytes(&in, &length);
        rc = sqlite3_bind_blob64(pStmt, (int)i, p, length, SQLITE_TRANSIENT);
        break;
      case 6:
        rc = sqlite3_bind_zeroblob64(pStmt, (int)i, (sqlite3_uint64)sesGetI64(&in));
        break;
      default:
        rc = sqlite3_bind_null(pStmt, (int)i);
    }
  }
  return rc;
}

/*
** Where the next statement begins after one that could not be prepared: SQLite's tail points into the
** middle of it. It ends at the first semicolon at which sqlite3_complete finds a whole statement.
*/
static ses_u32 sesNextStatement(char *zSql, ses_u32 at, ses_u32 nSql){
  ses_u32 i;
  for(i=at; i<nSql; i++){
    char saved;
    int complete;
    if( zSql[i]!=';' ) continue;
    saved = zSql[i+1];
    zSql[i+1] = 0;
    complete = sqlite3_complete(zSql+at);
    zSql[i+1] = saved;
    if( complete ) return i+1;
  }
  return nSql;
}

static void sesRun(SesIn *in){
  SesConn *c = sesConn(in);
  ses_u32 flags = sesGetU32(in);
  ses_u32 rowLimit = sesGetU32(in);
  ses_u32 nSql = 0;
  char *zSql = sesGetText(in, 0, &nSql);
  SesIn params = *in;
  ses_u32 nParams = sesCheckParameters(in);
  sqlite3 *db = c->db;
  ses_u32 at = 0;
  if( !sesReady(in) ) return;
  sesGetU32(&params);
  while( at<nSql && !sesOutFailed ){
    sqlite3_stmt *pStmt = 0;
    const char *zTail = 0;
    ses_u32 end;
    int stage = SES_STAGE_PREPARE;
    int rc = sqlite3_prepare_v3(db, zSql+at, (int)(nSql-at+1), 0, &pStmt, &zTail);
    /* After an error that is not about the text the tail is not told. */
    end = zTail ? (ses_u32)(zTail-zSql) : nSql;
    if( rc==SQLITE_OK && pStmt==0 ){
      if( end<=at ) break;
      at = end;
      continue;
    }
    sesPutU8(1);
    sesPutU32(at);
    sesPutU32(end);
    if( rc==SQLITE_OK ){
      ses_u32 n = (ses_u32)sqlite3_bind_parameter_count(pStmt);
      stage = SES_STAGE_BIND;
      rc = sesBind(pStmt, params, n<nParams ? n : nParams);
    }
    if( rc==SQLITE_OK ){
      stage = SES_STAGE_STEP;
      rc = sesSteps(pStmt, rowLimit, flags);
    }else{
      sesPutNoProgress(pStmt);
    }
    if( rc==SQLITE_OK ){
      stage = SES_STAGE_FINISH;
      rc = sqlite3_finalize(pStmt);
      pStmt = 0;
    }
    sesPutU8((unsigned)stage);
    sesPutOutcome(rc, db);
    /* Changes and transaction are told as they are when the statement is gone. */
    sqlite3_finalize(pStmt);
    sesPutFacts(db);
    if( rc!=SQLITE_OK && stage==SES_STAGE_PREPARE && (flags & SES_KEEP_GOING) ){
      end = sesNextStatement(zSql, at, nSql);
    }
    at = end;
    if( rc!=SQLITE_OK && !(flags & SES_KEEP_GOING) ) break;
    if( flags & SES_SINGLE ) break;
  }
  sesPutU8(0);
  sesPutU32(at);
}

static void sesPrepare(SesIn *in){
  sqlite3_stmt **ppStmt = sesStmt(in, 0);
  SesConn *c = sesConn(in);
  ses_u32 flags = sesGetU32(in);
  ses_u32 nSql = 0;
  char *zSql = sesGetText(in, 0, &nSql);
  const char *zTail = 0;
  sqlite3_stmt *pStmt = 0;
  int rc;
  if( !sesReady(in) ) return;
  rc = sqlite3_prepare_v3(c->db, zSql, (int)(nSql+1), flags, &pStmt, &zTail);
  *ppStmt = pStmt;
  sesPutOutcome(rc, c->db);
  sesPutU32(zTail ? (ses_u32)(zTail-zSql) : nSql);
  sesPutU8(pStmt!=0);
  sesPutU32(pStmt ? (ses_u32)sqlite3_bind_parameter_count(pStmt) : 0);
  sesPutColumns(pStmt);
  sesPutU8(pStmt ? sqlite3_stmt_readonly(pStmt)!=0 : 0);
  sesPutU32(pStmt ? (ses_u32)sqlite3_stmt_isexplain(pStmt) : 0);
}

static void sesBindRequest(SesIn *in){
  sqlite3_stmt *pStmt = *sesStmt(in, 1);
  unsigned clear = sesGetU8(in);
  SesIn params = *in;
  ses_u32 n = sesCheckParameters(in);
  int rc;
  if( !sesReady(in) ) return;
  sesGetU32(&params);
  if( clear ) sqlite3_clear_bindings(pStmt);
  rc = sesBind(pStmt, params, n);
  sesPutOutcome(rc, sqlite3_db_handle(pStmt));
}

static void sesStep(SesIn *in){
  sqlite3_stmt *pStmt = *sesStmt(in, 1);
  ses_u32 n = sesGetU32(in);
  ses_u32 flags = sesGetU32(in);
  sqlite3 *db;
  int rc;
  if( !sesReady(in) ) return;
  db = sqlite3_db_handle(pStmt);
  rc = sesSteps(pStmt, n, flags);
  sesPutOutcome(rc, db);
  sesPutFacts(db);
}

static void sesResetStatement(SesIn *in){
  sqlite3_stmt *pStmt = *sesStmt(in, 1);
  if( !sesReady(in) ) return;
  sesPutOutcome(sqlite3_reset(pStmt), sqlite3_db_handle(pStmt));
}

static void sesFinalize(SesIn *in){
  sqlite3_stmt **ppStmt = sesStmt(in, 1);
  sqlite3 *db;
  int rc;
  if( !sesReady(in) ) return;
  db = sqlite3_db_handle(*ppStmt);
  rc = sqlite3_finalize(*ppStmt);
  *ppStmt = 0;
  sesPutOutcome(rc, db);
}

/* ---- connections ---- */

static void sesOpen(SesIn *in){
  ses_u32 i = sesGetU32(in);
  char *zPath = sesGetName(in, 0);
  ses_u32 flags = sesGetU32(in);
  char *zVfs = sesGetName(in, 1);
  sqlite3 *db = 0;
  int rc;
  if( !in->bad && (i>=SES_CONNECTIONS || sesConns[i].db) ){
    sesRefuse(SES_HANDLE, "the connection's number is taken or too large");
  }
  if( !sesReady(in) ) return;
  rc = sqlite3_open_v2(zPath, &db, (int)flags, zVfs);
  if( db ) sqlite3_extended_result_codes(db, 1);
  if( rc==SQLITE_OK ){
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, (int*)0);
    sesConns[i].db = db;
    sesConns[i].maxTries = -1;
    sesConns[i].nBusy = 0;
    sesPutOutcome(SQLITE_OK, db);
  }else{
    if( db && (sqlite3_extended_errcode(db) & 0xff)==(rc & 0xff) ) rc = sqlite3_extended_errcode(db);
    sesPutOutcome(rc, db);
    sqlite3_close(db);
  }
}

static void sesClose(SesIn *in){
  SesConn *c = sesConn(in);
  int rc;
  if( !sesReady(in) ) return;
  rc = sqlite3_close(c->db);
  sesPutOutcome(rc, c->db);
  if( rc==SQLITE_OK ) c->db = 0;
}

static int sesBusyHandler(void *pArg, int nTry){
  SesConn *c = (SesConn*)pArg;
  c->nBusy++;
  return nTry<c->maxTries;
}
static void sesBusy(SesIn *in){
  SesConn *c = sesConn(in);
  int maxTries = sesGetI32(in);
  if( !sesReady(in) ) return;
  c->maxTries = maxTries;
  c->nBusy = 0;
  sqlite3_busy_handler(c->db, maxTries<0 ? 0 : sesBusyHandler, c);
}
static void sesBusyCount(SesIn *in){
  SesConn *c = sesAnyConn(in);
  unsigned reset = sesGetU8(in);
  if( !sesReady(in) ) return;
  sesPutU32(c->nBusy);
  if( reset ) c->nBusy = 0;
}

static void sesCheckpoint(SesIn *in){
  SesConn *c = sesConn(in);
  char *zSchema = sesGetName(in, 1);
  int mode = sesGetI32(in);
  int nLog = -1;
  int nCkpt = -1;
  int rc;
  if( !sesReady(in) ) return;
  rc = sqlite3_wal_checkpoint_v2(c->db, zSchema, mode, &nLog, &nCkpt);
  sesPutOutcome(rc, c->db);
  sesPutU32((ses_u32)nLog);
  sesPutU32((ses_u32)nCkpt);
}

/* The opcodes whose argument is an int, a 64-bit integer, or nothing; others need pointers. */
static int sesControlWidth(int op){
  switch( op ){
    case SQLITE_FCNTL_LOCKSTATE: case SQLITE_FCNTL_LAST_ERRNO: case SQLITE_FCNTL_CHUNK_SIZE:
    case SQLITE_FCNTL_PERSIST_WAL: case SQLITE_FCNTL_POWERSAFE_OVERWRITE: case SQLITE_FCNTL_HAS_MOVED:
    case SQLITE_FCNTL_LOCK_TIMEOUT: case SQLITE_FCNTL_DATA_VERSION: case SQLITE_FCNTL_RESERVE_BYTES:
    case SQLITE_FCNTL_EXTERNAL_READER: case SQLITE_FCNTL_CKSM_FILE:
      return 4;
    case SQLITE_FCNTL_SIZE_HINT: case SQLITE_FCNTL_MMAP_SIZE: case SQLITE_FCNTL_SIZE_LIMIT:
    case SQLITE_FCNTL_OVERWRITE:
      return 8;
    case SQLITE_FCNTL_SYNC: case SQLITE_FCNTL_SYNC_OMITTED: case SQLITE_FCNTL_COMMIT_PHASETWO:
    case SQLITE_FCNTL_RESET_CACHE: case SQLITE_FCNTL_NULL_IO:
      return 0;
  }
  return -1;
}
static void sesFileControl(SesIn *in){
  SesConn *c = sesConn(in);
  char *zSchema = sesGetName(in, 1);
  int op = sesGetI32(in);
  sqlite3_int64 value = sesGetI64(in);
  int narrow = (int)value;
  int width = sesControlWidth(op);
  int rc;
  if( width<0 ) sesRefuse(SES_MALFORMED, "this file control's argument is not a number");
  if( !sesReady(in) ) return;
  rc = sqlite3_file_control(c->db, zSchema, op, width==4 ? (void*)&narrow : width==8 ? (void*)&value : 0);
  sesPutU32((ses_u32)rc);
  sesPutI64(width==4 ? narrow : value);
}

static void sesDbStatus(SesIn *in){
  SesConn *c = sesConn(in);
  int op = sesGetI32(in);
  unsigned reset = sesGetU8(in);
  sqlite3_int64 current = 0;
  sqlite3_int64 highwater = 0;
  int rc;
  if( !sesReady(in) ) return;
  rc = sqlite3_db_status64(c->db, op, &current, &highwater, reset!=0);
  sesPutU32((ses_u32)rc);
  sesPutI64(current);
  sesPutI64(highwater);
}

static void sesDbConfig(SesIn *in){
  SesConn *c = sesConn(in);
  int op = sesGetI32(in);
  int value = sesGetI32(in);
  int now = -1;
  int rc;
  if( op<SQLITE_DBCONFIG_ENABLE_FKEY || op>SQLITE_DBCONFIG_MAX ){
    sesRefuse(SES_MALFORMED, "this verb of sqlite3_db_config is not a switch");
  }
  if( !sesReady(in) ) return;
  rc = sqlite3_db_config(c->db, op, value, &now);
  sesPutU32((ses_u32)rc);
  sesPutI64(now);
}

static void sesLimit(SesIn *in){
  SesConn *c = sesConn(in);
  int id = sesGetI32(in);
  int value = sesGetI32(in);
  if( !sesReady(in) ) return;
  sesPutU32((ses_u32)sqlite3_limit(c->db, id, value));
}

static void sesCacheFlush(SesIn *in){
  SesConn *c = sesConn(in);
  if( !sesReady(in) ) return;
  sesPutOutcome(sqlite3_db_cacheflush(c->db), c->db);
}

static void sesReleaseMemory(SesIn *in){
  SesConn *c = sesConn(in);
  if( !sesReady(in) ) return;
  sesPutU32((ses_u32)sqlite3_db_release_memory(c->db));
}

static void sesFacts(SesIn *in){
  SesConn *c = sesAnyConn(in);
  if( !sesReady(in) ) return;
  sesPutFacts(c->db);
}

static void sesReadonly(SesIn *in){
  SesConn *c = sesConn(in);
  char *zSchema = sesGetName(in, 1);
  if( !sesReady(in) ) return;
  sesPutU32((ses_u32)sqlite3_db_readonly(c->db, zSchema ? zSchema : "main"));
}

static void sesSerialize(SesIn *in){
  SesConn *c = sesConn(in);
  char *zSchema = sesGetName(in, 1);
  sqlite3_int64 n = 0;
  unsigned char *a;
  if( !sesReady(in) ) return;
  a = sqlite3_serialize(c->db, zSchema ? zSchema : "main", &n, 0);
  if( a==0 ){
    sesPutU32(SES_NULL);
  }else{
    if( n<0 || n>SES_LONGEST ) sesOutFailed = 1;
    else sesPutBytes(a, (ses_u32)n);
    sqlite3_free(a);
  }
}

static void sesDeserialize(SesIn *in){
  SesConn *c = sesConn(in);
  char *zSchema = sesGetName(in, 1);
  unsigned readonly = sesGetU8(in);
  ses_u32 n;
  const ses_u8 *a = sesGetBytes(in, &n);
  unsigned flags = SQLITE_DESERIALIZE_FREEONCLOSE;
  unsigned char *copy;
  int rc;
  if( a==0 ) in->bad = 1;
  if( !sesReady(in) ) return;
  flags |= readonly ? SQLITE_DESERIALIZE_READONLY : SQLITE_DESERIALIZE_RESIZEABLE;
  /* SQLite frees this block itself, so it must be one of its own. */
  copy = sqlite3_malloc64(n>0 ? n : 1);
  if( copy==0 ){
    sesRefuse(SES_MEMORY, "there is no memory for the database");
    return;
  }
  memcpy(copy, a, n);
  rc = sqlite3_deserialize(c->db, zSchema ? zSchema : "main", copy, n, n, flags);
  sesPutOutcome(rc, c->db);
}

/* ---- incremental blobs ---- */

static void sesBlobOpen(SesIn *in){
  SesBlob *b = sesBlob(in, 0);
  SesConn *c = sesConn(in);
  char *zSchema = sesGetName(in, 1);
  char *zTable = sesGetName(in, 0);
  char *zColumn = sesGetName(in, 0);
  sqlite3_int64 rowid = sesGetI64(in);
  unsigned write = sesGetU8(in);
  sqlite3_blob *p = 0;
  int rc;
  if( !sesReady(in) ) return;
  rc = sqlite3_blob_open(c->db, zSchema ? zSchema : "main", zTable, zColumn, rowid, write!=0, &p);
  sesPutOutcome(rc, c->db);
  sesPutU32(p ? (ses_u32)sqlite3_blob_bytes(p) : 0);
  b->p = p;
  b->db = c->db;
}

static void sesBlobRead(SesIn *in){
  SesBlob *b = sesBlob(in, 1);
  int offset = sesGetI32(in);
  int n = sesGetI32(in);
  ses_u32 length = n>0 ? (ses_u32)n : 0;
  ses_u8 *a;
  int rc;
  if( !sesReady(in) ) return;
  /* SQLite refuses to read more than there is. */
  if( length>(ses_u32)sqlite3_blob_bytes(b->p) ) length = (ses_u32)sqlite3_blob_bytes(b->p);
  a = malloc(length>0 ? length : 1);
  if( a==0 ){
    sesRefuse(SES_MEMORY, "there is no memory for the bytes");
    return;
  }
  rc = sqlite3_blob_read(b->p, a, n, offset);
  sesPutOutcome(rc, b->db);
  sesPutBytes(a, rc==SQLITE_OK ? length : 0);
  free(a);
}

static void sesBlobWrite(SesIn *in){
  SesBlob *b = sesBlob(in, 1);
  int offset = sesGetI32(in);
  ses_u32 n;
  const ses_u8 *a = sesGetBytes(in, &n);
  if( a==0 ) in->bad = 1;
  if( !sesReady(in) ) return;
  sesPutOutcome(sqlite3_blob_write(b->p, a, (int)n, offset), b->db);
}

static void sesBlobReopen(SesIn *in){
  SesBlob *b = sesBlob(in, 1);
  sqlite3_int64 rowid = sesGetI64(in);
  if( !sesReady(in) ) return;
  sesPutOutcome(sqlite3_blob_reopen(b->p, rowid), b->db);
  sesPutU32((ses_u32)sqlite3_blob_bytes(b->p));
}

static void sesBlobBytes(SesIn *in){
  SesBlob *b = sesBlob(in, 1);
  if( !sesReady(in) ) return;
  sesPutU32((ses_u32)sqlite3_blob_bytes(b->p));
}

static void sesBlobClose(SesIn *in){
  SesBlob *b = sesBlob(in, 1);
  int rc;
  if( !sesReady(in) ) return;
  rc = sqlite3_blob_close(b->p);
  b->p = 0;
  sesPutOutcome(rc, b->db);
}

/* ---- backups ---- */

static void sesPutBackup(sqlite3_backup *p){
  sesPutU32(p ? (ses_u32)sqlite3_backup_remaining(p) : 0);
  sesPutU32(p ? (ses_u32)sqlite3_backup_pagecount(p) : 0);
}

static void sesBackupInit(SesIn *in){
  SesBackup *b = sesBackup(in, 0);
  SesConn *dest = sesConn(in);
  char *zDest = sesGetName(in, 0);
  SesConn *source = sesConn(in);
  char *zSource = sesGetName(in, 0);
  if( !sesReady(in) ) return;
  b->p = sqlite3_backup_init(dest->db, zDest, source->db, zSource);
  b->dest = dest->db;
  sesPutOutcome(b->p ? SQLITE_OK : sqlite3_extended_errcode(dest->db), dest->db);
  sesPutBackup(b->p);
}

static void sesBackupStep(SesIn *in){
  SesBackup *b = sesBackup(in, 1);
  int n = sesGetI32(in);
  if( !sesReady(in) ) return;
  /* The connection gets code and message when the backup is finished, not before. */
  sesPutOutcome(sqlite3_backup_step(b->p, n), 0);
  sesPutBackup(b->p);
}

static void sesBackupState(SesIn *in){
  SesBackup *b = sesBackup(in, 1);
  if( !sesReady(in) ) return;
  sesPutOutcome(SQLITE_OK, 0);
  sesPutBackup(b->p);
}

static void sesBackupFinish(SesIn *in){
  SesBackup *b = sesBackup(in, 1);
  int rc;
  if( !sesReady(in) ) return;
  rc = sqlite3_backup_finish(b->p);
  b->p = 0;
  sesPutOutcome(rc, b->dest);
}

/* ---- the process ---- */

static void sesTestControl(SesIn *in){
  int op = sesGetI32(in);
  ses_u32 conn = sesGetU32(in);
  ses_u32 value = sesGetU32(in);
  sqlite3 *db = 0;
  int rc = 0;
  if( !in->bad && conn!=SES_NULL ){
    if( conn<SES_CONNECTIONS ) db = sesConns[conn].db;
    if( db==0 ) sesRefuse(SES_HANDLE, "no such connection is open");
  }
  switch( op ){
    case SQLITE_TESTCTRL_OPTIMIZATIONS: case SQLITE_TESTCTRL_SORTER_MMAP:
    case SQLITE_TESTCTRL_INTERNAL_FUNCTIONS: case SQLITE_TESTCTRL_FK_NO_ACTION:
      if( !in->bad && db==0 ) sesRefuse(SES_HANDLE, "this test control needs a connection");
      break;
    case SQLITE_TESTCTRL_PENDING_BYTE:
      if( value!=0 && value<512 ) sesRefuse(SES_MALFORMED, "the pending byte cannot be on page 1");
      break;
    case SQLITE_TESTCTRL_PRNG_SEED: case SQLITE_TESTCTRL_PRNG_SAVE:
    case SQLITE_TESTCTRL_PRNG_RESTORE: case SQLITE_TESTCTRL_LOCALTIME_FAULT:
    case SQLITE_TESTCTRL_NEVER_CORRUPT: case SQLITE_TESTCTRL_EXTRA_SCHEMA_CHECKS:
      break;
    default:
      sesRefuse(SES_MALFORMED, "this test control is not supported");
  }
  if( !sesReady(in) ) return;
  switch( op ){
    case SQLITE_TESTCTRL_PENDING_BYTE:
      rc = sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, value);
      break;
    case SQLITE_TESTCTRL_PRNG_SEED:
      rc = sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, (int)value, db);
      break;
    case SQLITE_TESTCTRL_PRNG_SAVE:
    case SQLITE_TESTCTRL_PRNG_RESTORE:
      rc = sqlite3_test_control(op);
      break;
    case SQLITE_TESTCTRL_LOCALTIME_FAULT:
    case SQLITE_TESTCTRL_NEVER_CORRUPT:
    case SQLITE_TESTCTRL_EXTRA_SCHEMA_CHECKS:
      /* The fault 2 of localtime takes a function; 0 and 1 are switches. */
      rc = sqlite3_test_control(op, (int)(value!=0));
      break;
    case SQLITE_TESTCTRL_INTERNAL_FUNCTIONS:
      rc = sqlite3_test_control(op, db);
      break;
    default:
      rc = sqlite3_test_control(op, db, (int)value);
  }
  sesPutU32((ses_u32)rc);
}

static void sesComplete(SesIn *in){
  char *zSql = sesGetName(in, 0);
  if( !sesReady(in) ) return;
  sesPutU32((ses_u32)sqlite3_complete(zSql));
}

static void sesVersion(SesIn *in){
  ses_u32 n = 0;
  ses_u32 i;
  if( !sesReady(in) ) return;
  sesPutText(sqlite3_libversion());
  sesPutText(sqlite3_sourceid());
  while( sqlite3_compileoption_get((int)n) ) n++;
  sesPutU32(n);
  for(i=0; i<n; i++) sesPutText(sqlite3_compileoption_get((int)i));
}

/* Ends everything: what reads or writes a connection before the connection. */
static void sesEndAll(void){
  int i;
  for(i=0; i<SES_STATEMENTS; i++){
    sqlite3_finalize(sesStmts[i]);
    sesStmts[i] = 0;
  }
  for(i=0; i<SES_BLOBS; i++){
    if( sesBlobs[i].p ) sqlite3_blob_close(sesBlobs[i].p);
    sesBlobs[i].p = 0;
  }
  for(i=0; i<SES_BACKUPS; i++){
    if( sesBackups[i].p ) sqlite3_backup_finish(sesBackups[i].p);
    sesBackups[i].p = 0;
  }
  for(i=0; i<SES_CONNECTIONS; i++){
    if( sesConns[i].db==0 ) continue;
    if( sqlite3_close(sesConns[i].db)!=SQLITE_OK ){
      sesRefuse(SES_HANDLE, "a connection cannot be closed");
      continue;
    }
    sesConns[i].db = 0;
  }
}
static void sesResetAll(SesIn *in){
  if( !sesReady(in) ) return;
  sesEndAll();
}

/* By number from 1, in the order of OPERATIONS in protocol.ts. */
static void (*const sesOperations[])(SesIn*) = {
  sesOpen, sesClose, sesRun, sesPrepare, sesBindRequest, sesStep, sesResetStatement, sesFinalize,
  sesBlobOpen, sesBlobRead, sesBlobWrite, sesBlobReopen, sesBlobBytes, sesBlobClose, sesBackupInit,
  sesBackupStep, sesBackupState, sesBackupFinish, sesSerialize, sesDeserialize, sesBusy, sesBusyCount,
  sesCheckpoint, sesFileControl, sesDbStatus, sesDbConfig, sesLimit, sesCacheFlush, sesReleaseMemory,
  sesFacts, sesReadonly, sesTestControl, sesComplete, sesVersion, sesResetAll
};

/* The answer where not even a buffer for the answer can be had. */
static ses_u8 sesNoMemory[] = { SES_MEMORY, 9, 0, 0, 0, 'n', 'o', ' ', 'm', 'e', 'm', 'o', 'r', 'y' };

/* Answers one request. The answer is valid until the next call. */
#ifdef __wasm__
__attribute__((export_name("session_call")))
#endif
const unsigned char *session_call(const unsigned char *aIn, unsigned nIn, unsigned *pnOut){
  SesIn in;
  unsigned op;
  in.a = aIn;
  in.n = nIn;
  in.at = 0;
  in.bad = 0;
  /* One very long answer does not keep its memory for good. */
  if( sesOutRoom>(1u<<20) ){
    free(sesOut);
    sesOut = 0;
    sesOutRoom = 0;
  }
  sesOutLength = 0;
  sesOutFailed = 0;
  sesTextFailed = 0;
  sesRefusal = 0;
  sesReason = 0;
  sesPutU8(SES_ANSWERED);
  op = sesGetU8(&in);
  if( op<1 || op>sizeof(sesOperations)/sizeof(sesOperations[0]) ){
    sesRefuse(SES_MALFORMED, "there is no such operation");
  }else{
    sesOperations[op-1](&in);
  }
  while( sesTextCount>0 ) free(sesTexts[--sesTextCount]);
  if( sesOutFailed ) sesRefuse(SES_MEMORY, "the answer is too long");
  if( sesRefusal ){
    sesOutLength = 0;
    sesOutFailed = 0;
    sesPutU8((unsigned)sesRefusal);
    sesPutText(sesReason);
  }
  if( sesOutFailed ){
    *pnOut = sizeof(sesNoMemory);
    return sesNoMemory;
  }
  *pnOut = sesOutLength;
  return sesOut;
}
