/*
** session.c for real SQLite: the SQL function session(request) -> answer of the connection that loads
** this extension. The connections that the requests open are others.
*/
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1
#include "session.c"

static void sessionFunction(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  const unsigned char *aIn = (const unsigned char*)sqlite3_value_blob(argv[0]);
  unsigned n = 0;
  const unsigned char *aOut = session_call(aIn, (unsigned)sqlite3_value_bytes(argv[0]), &n);
  sqlite3_result_blob64(ctx, aOut, n, SQLITE_TRANSIENT);
}

int sqlite3_extension_init(sqlite3 *db, char **pzErr, const sqlite3_api_routines *pApi){
  int rc;
  SQLITE_EXTENSION_INIT2(pApi);
  rc = sqlite3_create_function(db, "session", 1, SQLITE_UTF8, 0, sessionFunction, 0, 0);
  return rc==SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
