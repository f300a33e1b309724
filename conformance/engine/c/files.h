/*
** The files and VFSes of JavaScript as a module's C code sees them: the functions of the import module
** "vfs" (conformance/engine/vfs-imports.ts), which files.c makes a sqlite3_vfs of.
**
** Comes before the amalgamation, like everything that declares imports.
** NON-UPSTREAM, all of it.
*/
struct sqlite3_file;

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

/* Files by handle. Offsets and sizes are doubles, exact up to 2^53, which cost less than BigInts. */
IMPORT("vfs", "open") int upperVfsOpen(int iVfs, const char *zName, struct sqlite3_file*, int flags, int *pOutFlags);
IMPORT("vfs", "delete") int upperVfsDelete(int iVfs, const char *zName, int syncDir);
IMPORT("vfs", "access") int upperVfsAccess(int iVfs, const char *zName, int flags, int *pResOut);
IMPORT("vfs", "fullPathname") int upperVfsFullPathname(int iVfs, const char *zName, int nOut, char *zOut);
IMPORT("vfs", "randomness") int upperVfsRandomness(int iVfs, int nByte, char *zOut);
IMPORT("vfs", "sleep") int upperVfsSleep(int iVfs, int microseconds);
IMPORT("vfs", "currentTime") int upperVfsCurrentTime(int iVfs, long long *piNow);
IMPORT("vfs", "lastError") int upperVfsLastError(int iVfs, int nByte, char *zOut);
IMPORT("vfs", "close") int upperFileClose(int h);
IMPORT("vfs", "read") int upperFileRead(int h, void *p, int n, double offset);
IMPORT("vfs", "write") int upperFileWrite(int h, const void *p, int n, double offset);
IMPORT("vfs", "truncate") int upperFileTruncate(int h, double size);
IMPORT("vfs", "sync") int upperFileSync(int h, int flags);
IMPORT("vfs", "size") int upperFileSize(int h, long long *pSize);
IMPORT("vfs", "lock") int upperFileLock(int h, int eLock);
IMPORT("vfs", "unlock") int upperFileUnlock(int h, int eLock);
IMPORT("vfs", "checkReservedLock") int upperFileCheckReservedLock(int h, int *pResOut);
IMPORT("vfs", "control") int upperFileControl(int h, int op, void *pArg);
IMPORT("vfs", "sectorSize") int upperFileSectorSize(int h);
IMPORT("vfs", "deviceCharacteristics") int upperFileDeviceCharacteristics(int h);
IMPORT("vfs", "fetch") int upperFileFetch(int h, double offset, int n, void **pp);
IMPORT("vfs", "unfetch") int upperFileUnfetch(int h, double offset, void *p);
/* Called by sqlite3_os_init: makes the port's VFSes known, one upper_vfs_register() each. */
IMPORT("vfs", "register") int upperVfsRegisterAll(void);

#ifdef PAGER_MIRROR_SHM
/* The shared memory of the write-ahead log, for a module whose C code contains wal.c. */
IMPORT("vfs", "shmMap") int upperFileShmMap(int h, int iRegion, int nByte, int bExtend, void volatile **pp);
IMPORT("vfs", "shmLock") int upperFileShmLock(int h, int offset, int n, int flags);
IMPORT("vfs", "shmBarrier") void upperFileShmBarrier(int h);
IMPORT("vfs", "shmUnmap") int upperFileShmUnmap(int h, int deleteFlag);
#endif
