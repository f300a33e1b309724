/*
** Stand-ins for what the rest of the amalgamation would provide, for every program that contains the cut
** (../build/cut.ts): the oracle (shim.c) and the benchmark (conformance/bench/pager/c).
**
** The pager asks for three things up there: backups, SQL when a checkpoint finds no log, and the registration
** of built-in functions at start. Included after the amalgamation, and after somebody has said what the hooks
** are. NON-UPSTREAM, all of it.
*/
static void sqlite3BackupUpdate(sqlite3_backup *pBackup, Pgno iPage, const u8 *aData){
  if( pBackup ) hookBackupUpdate(iPage, aData, (int)((Pager*)pBackup)->pageSize);
}
static void sqlite3BackupRestart(sqlite3_backup *pBackup){
  if( pBackup ) hookBackupRestart();
}
int sqlite3_exec(sqlite3 *db, const char *zSql, int (*x)(void*,int,char**,char**), void *p, char **pz){
  return hookExec(zSql);
}
static void sqlite3RegisterBuiltinFunctions(void){}
static int sqlite3MemdbInit(void){ return SQLITE_OK; }
void sqlite3_reset_auto_extension(void){}
static int sqlite3IsMemdb(const sqlite3_vfs *pVfs){ return 0; }
/* What a URI parameter says: pragma.c decides it by a table of the same words and numbers. */
static u8 sqlite3GetBoolean(const char *z, u8 dflt){
  static const struct { const char *zWord; u8 value; } aWord[] = {
    { "on", 1 }, { "no", 0 }, { "off", 0 }, { "false", 0 }, { "yes", 1 }, { "true", 1 },
  };
  unsigned i;
  if( sqlite3Isdigit(*z) ) return (u8)sqlite3Atoi(z)!=0;
  for(i=0; i<6; i++){
    if( sqlite3StrICmp(z, aWord[i].zWord)==0 ) return aWord[i].value;
  }
  return dflt!=0;
}
/* Only printf's SQL function and a configuration query of the b-tree's want these; neither happens. */
sqlite3_int64 sqlite3_value_int64(sqlite3_value *p){ return 0; }
double sqlite3_value_double(sqlite3_value *p){ return 0; }
const unsigned char *sqlite3_value_text(sqlite3_value *p){ return 0; }
static int sqlite3AppendOneUtf8Character(char *zOut, u32 v){ zOut[0] = (char)v; return 1; }
static int sqlite3HeaderSizeBtree(void){ return 0; }
