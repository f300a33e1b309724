/* The oracle's hooks (conformance/oracle/c/hooks.h), which the workloads never reach. NON-UPSTREAM. */
#define hookBackupUpdate(pgno, aData, nByte) ((void)(aData))
#define hookBackupRestart() ((void)0)
#define hookExec(zSql) 0
