/*
** What the oracle's C code takes from JavaScript besides files (conformance/engine/c/files.h).
**
** Comes before the amalgamation. NON-UPSTREAM, all of it.
*/
#include "files.h"

/* An allocation is about to happen: kind 0 malloc, 1 realloc, 2 free. Not 0: it shall fail. */
IMPORT("hook", "allocate") int hookAllocate(int kind, int nByte);
/* A failed assert. Does not return. */
IMPORT("hook", "assertion") void hookAssertion(const char *zExpr, int iLine, const char *zFunction);
/* The busy handler of connection `id`; its answer. */
IMPORT("hook", "busy") int hookBusy(int id);
/* xReiniter was called for a page. */
IMPORT("hook", "reinit") void hookReinit(unsigned pgno);
/* A page was passed to running backups, or they were restarted. */
IMPORT("hook", "backupUpdate") void hookBackupUpdate(unsigned pgno, const void *aData, int nByte);
IMPORT("hook", "backupRestart") void hookBackupRestart(void);
/* The pager runs SQL; the result code. */
IMPORT("hook", "exec") int hookExec(const char *zSql);
