/*
** What the upper half of SQLite takes from JavaScript when it runs on the port.
**
** Comes before the amalgamation in the translation unit: the compiler ignores the import attributes
** on a declaration that follows a use. The types are named by their struct tags, because their
** typedefs do not exist yet.
**
** Modules: "pager" is the port's pager (conformance/engine/pager-imports.ts), "vfs" its VFSes
** (vfs-imports.ts), "prng" its random.c, "host" the rest (engine.ts).
*/
struct Pager;
struct PgHdr;
struct sqlite3;
struct sqlite3_vfs;
struct sqlite3_file;
struct sqlite3_backup;

/* Defines IMPORT, and the functions of the module "vfs". */
#include "files.h"

IMPORT("pager", "Open") int sqlite3PagerOpen(struct sqlite3_vfs*, struct Pager**, const char*, int, int, int, void(*)(struct PgHdr*));
IMPORT("pager", "Close") int sqlite3PagerClose(struct Pager*, struct sqlite3*);
IMPORT("pager", "ReadFileheader") int sqlite3PagerReadFileheader(struct Pager*, int, unsigned char*);
IMPORT("pager", "SetBusyHandler") void sqlite3PagerSetBusyHandler(struct Pager*, int(*)(void*), void*);
IMPORT("pager", "SetPagesize") int sqlite3PagerSetPagesize(struct Pager*, unsigned*, int);
IMPORT("pager", "MaxPageCount") unsigned sqlite3PagerMaxPageCount(struct Pager*, unsigned);
IMPORT("pager", "SetCachesize") void sqlite3PagerSetCachesize(struct Pager*, int);
IMPORT("pager", "SetSpillsize") int sqlite3PagerSetSpillsize(struct Pager*, int);
IMPORT("pager", "SetMmapLimit") void sqlite3PagerSetMmapLimit(struct Pager*, long long);
IMPORT("pager", "Shrink") void sqlite3PagerShrink(struct Pager*);
IMPORT("pager", "SetFlags") void sqlite3PagerSetFlags(struct Pager*, unsigned);
IMPORT("pager", "LockingMode") int sqlite3PagerLockingMode(struct Pager*, int);
IMPORT("pager", "SetJournalMode") int sqlite3PagerSetJournalMode(struct Pager*, int);
IMPORT("pager", "GetJournalMode") int sqlite3PagerGetJournalMode(struct Pager*);
IMPORT("pager", "OkToChangeJournalMode") int sqlite3PagerOkToChangeJournalMode(struct Pager*);
IMPORT("pager", "JournalSizeLimit") long long sqlite3PagerJournalSizeLimit(struct Pager*, long long);
IMPORT("pager", "BackupPtr") struct sqlite3_backup** sqlite3PagerBackupPtr(struct Pager*);
IMPORT("pager", "Flush") int sqlite3PagerFlush(struct Pager*);
IMPORT("pager", "Get") int sqlite3PagerGet(struct Pager*, unsigned, struct PgHdr**, int);
IMPORT("pager", "Lookup") struct PgHdr* sqlite3PagerLookup(struct Pager*, unsigned);
IMPORT("pager", "Ref") void sqlite3PagerRef(struct PgHdr*);
IMPORT("pager", "Unref") void sqlite3PagerUnref(struct PgHdr*);
IMPORT("pager", "UnrefNotNull") void sqlite3PagerUnrefNotNull(struct PgHdr*);
IMPORT("pager", "UnrefPageOne") void sqlite3PagerUnrefPageOne(struct PgHdr*);
IMPORT("pager", "Write") int sqlite3PagerWrite(struct PgHdr*);
IMPORT("pager", "DontWrite") void sqlite3PagerDontWrite(struct PgHdr*);
IMPORT("pager", "Movepage") int sqlite3PagerMovepage(struct Pager*, struct PgHdr*, unsigned, int);
IMPORT("pager", "PageRefcount") int sqlite3PagerPageRefcount(struct PgHdr*);
IMPORT("pager", "GetData") void* sqlite3PagerGetData(struct PgHdr*);
IMPORT("pager", "Pagecount") void sqlite3PagerPagecount(struct Pager*, int*);
IMPORT("pager", "Begin") int sqlite3PagerBegin(struct Pager*, int, int);
IMPORT("pager", "CommitPhaseOne") int sqlite3PagerCommitPhaseOne(struct Pager*, const char*, int);
IMPORT("pager", "ExclusiveLock") int sqlite3PagerExclusiveLock(struct Pager*);
IMPORT("pager", "Sync") int sqlite3PagerSync(struct Pager*, const char*);
IMPORT("pager", "CommitPhaseTwo") int sqlite3PagerCommitPhaseTwo(struct Pager*);
IMPORT("pager", "Rollback") int sqlite3PagerRollback(struct Pager*);
IMPORT("pager", "OpenSavepoint") int sqlite3PagerOpenSavepoint(struct Pager*, int);
IMPORT("pager", "Savepoint") int sqlite3PagerSavepoint(struct Pager*, int, int);
IMPORT("pager", "SharedLock") int sqlite3PagerSharedLock(struct Pager*);
IMPORT("pager", "Checkpoint") int sqlite3PagerCheckpoint(struct Pager*, struct sqlite3*, int, int*, int*);
IMPORT("pager", "WalSupported") int sqlite3PagerWalSupported(struct Pager*);
IMPORT("pager", "WalCallback") int sqlite3PagerWalCallback(struct Pager*);
IMPORT("pager", "OpenWal") int sqlite3PagerOpenWal(struct Pager*, int*);
IMPORT("pager", "CloseWal") int sqlite3PagerCloseWal(struct Pager*, struct sqlite3*);
IMPORT("pager", "DirectReadOk") int sqlite3PagerDirectReadOk(struct Pager*, unsigned);
IMPORT("pager", "Isreadonly") unsigned char sqlite3PagerIsreadonly(struct Pager*);
IMPORT("pager", "DataVersion") unsigned sqlite3PagerDataVersion(struct Pager*);
IMPORT("pager", "MemUsed") int sqlite3PagerMemUsed(struct Pager*);
IMPORT("pager", "Filename") const char* sqlite3PagerFilename(const struct Pager*, int);
IMPORT("pager", "Vfs") struct sqlite3_vfs* sqlite3PagerVfs(struct Pager*);
IMPORT("pager", "File") struct sqlite3_file* sqlite3PagerFile(struct Pager*);
IMPORT("pager", "JrnlFile") struct sqlite3_file* sqlite3PagerJrnlFile(struct Pager*);
IMPORT("pager", "Journalname") const char* sqlite3PagerJournalname(struct Pager*);
IMPORT("pager", "TempSpace") void* sqlite3PagerTempSpace(struct Pager*);
IMPORT("pager", "IsMemdb") int sqlite3PagerIsMemdb(struct Pager*);
IMPORT("pager", "CacheStat") void sqlite3PagerCacheStat(struct Pager*, int, int, unsigned long long*);
IMPORT("pager", "ClearCache") void sqlite3PagerClearCache(struct Pager*);
IMPORT("pager", "TruncateImage") void sqlite3PagerTruncateImage(struct Pager*, unsigned);
IMPORT("pager", "Rekey") void sqlite3PagerRekey(struct PgHdr*, unsigned, unsigned short);
IMPORT("pager", "database_file_object") struct sqlite3_file *sqlite3_database_file_object(const char*);
/* balance_nonroot reads two fields of page headers, which are not in this memory; see build/cut.ts. */
IMPORT("pager", "PageFlags") unsigned short pagerMirrorPageFlags(struct PgHdr*);

IMPORT("prng", "randomness") void upperRandomness(int n, void *p, unsigned seed);
IMPORT("prng", "save") void sqlite3PrngSaveState(void);
IMPORT("prng", "restore") void sqlite3PrngRestoreState(void);
