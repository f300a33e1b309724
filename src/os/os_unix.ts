/**
 * The VFS for Unix-like systems.
 *
 * Files, locks, shared memory and the directory of open inodes, system call by system call as
 * upstream makes them, so that this process and any other that uses SQLite on the same files see
 * each other's locks and mappings. The divisions stand in upstream's order:
 *
 *   - declarations, the table of overridable system calls, small wrappers;
 *   - locking by POSIX advisory locks (`unix`, `unix-excl`), not at all (`unix-none`), and by lock
 *     directories (`unix-dotfile`);
 *   - the sqlite3_file methods that have nothing to do with locks;
 *   - shared memory and memory mapping;
 *   - the tables of methods, and the sqlite3_vfs methods;
 *   - sqlite3_os_init and sqlite3_os_end.
 *
 * What every caller must know about POSIX locks: they belong to the process, not to the descriptor,
 * and closing any descriptor of a file drops all locks of the process on that file. Hence one
 * {@link unixInodeInfo} per inode that counts the locks of all connections, and hence descriptors
 * that must not be closed yet wait in `pUnused`. Another SQLite in the same process does not take
 * part in this, and neither does another copy of this module (in a worker thread, or the debug build
 * beside the production build): they and this one must never have the same file open.
 *
 * An open file is a `sqlite3_file` whose `pImpl` is a {@link unixFile}. The locking styles flock,
 * named semaphores, AFP, NFS and proxy, and everything for VxWorks and Apple, are left out.
 *
 * @upstream os_unix.c
 * @divergence unix-styles
 * @module
 */

import { memcmp, memcpy, memset, ptrdiff, strlen, strrchr, strstr, strtoll, toCString } from "../cstring.js";
import { sqlite3GlobalConfig } from "../global.js";
import {
  SQLITE_CANTOPEN_BKPT,
  sqlite3_temp_directory,
  sqlite3_uri_boolean,
  sqlite3_uri_parameter,
} from "../main.js";
import { sqlite3_free, sqlite3_malloc64, sqlite3_realloc64 } from "../malloc.js";
import {
  type sqlite3_mutex,
  sqlite3_mutex_alloc,
  sqlite3_mutex_enter,
  sqlite3_mutex_free,
  sqlite3_mutex_held,
  sqlite3_mutex_leave,
  sqlite3_mutex_notheld,
  sqlite3_mutex_try,
  sqlite3MemoryBarrier,
  sqlite3MutexAlloc,
} from "../mutex.js";
import {
  sqlite3_log,
  sqlite3_mprintf,
  sqlite3_snprintf,
  type sqlite3_str,
  sqlite3_str_append,
  sqlite3_str_appendall,
  sqlite3_str_appendf,
} from "../printf.js";
import { sqlite3_randomness } from "../random.js";
import {
  ALWAYS,
  assert,
  type Counted,
  type CString,
  HAVE_FCHMOD,
  HAVE_FCHOWN,
  HAVE_FDATASYNC,
  HAVE_LSTAT,
  HAVE_MREMAP,
  HAVE_NANOSLEEP,
  HAVE_POSIX_FALLOCATE,
  HAVE_READLINK,
  HAVE_STRERROR_R,
  HAVE_USLEEP,
  NEVER,
  NO_GETTOD,
  Ref,
  SQLITE_ACCESS_EXISTS,
  SQLITE_ACCESS_READWRITE,
  SQLITE_BUSY,
  SQLITE_BUSY_TIMEOUT,
  SQLITE_CANTOPEN,
  SQLITE_DEBUG,
  SQLITE_DEFAULT_FILE_PERMISSIONS,
  SQLITE_DEFAULT_SECTOR_SIZE,
  SQLITE_DISABLE_DIRSYNC,
  SQLITE_DISABLE_LFS,
  SQLITE_ENABLE_BATCH_ATOMIC_WRITE,
  SQLITE_ENABLE_FILESTAT,
  SQLITE_ENABLE_SETLK_TIMEOUT,
  SQLITE_ERROR,
  SQLITE_ERROR_UNABLE,
  SQLITE_FCNTL_BEGIN_ATOMIC_WRITE,
  SQLITE_FCNTL_BLOCK_ON_CONNECT,
  SQLITE_FCNTL_CHUNK_SIZE,
  SQLITE_FCNTL_COMMIT_ATOMIC_WRITE,
  SQLITE_FCNTL_EXTERNAL_READER,
  SQLITE_FCNTL_FILESTAT,
  SQLITE_FCNTL_HAS_MOVED,
  SQLITE_FCNTL_LAST_ERRNO,
  SQLITE_FCNTL_LOCK_TIMEOUT,
  SQLITE_FCNTL_LOCKSTATE,
  SQLITE_FCNTL_MMAP_SIZE,
  SQLITE_FCNTL_NULL_IO,
  SQLITE_FCNTL_PERSIST_WAL,
  SQLITE_FCNTL_POWERSAFE_OVERWRITE,
  SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE,
  SQLITE_FCNTL_SIZE_HINT,
  SQLITE_FCNTL_TEMPFILENAME,
  SQLITE_FCNTL_VFSNAME,
  SQLITE_FULL,
  SQLITE_IOCAP_BATCH_ATOMIC,
  SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  SQLITE_IOCAP_SUBPAGE_READ,
  SQLITE_IOERR,
  SQLITE_IOERR_BEGIN_ATOMIC,
  SQLITE_IOERR_CHECKRESERVEDLOCK,
  SQLITE_IOERR_CLOSE,
  SQLITE_IOERR_COMMIT_ATOMIC,
  SQLITE_IOERR_CORRUPTFS,
  SQLITE_IOERR_DELETE,
  SQLITE_IOERR_DELETE_NOENT,
  SQLITE_IOERR_DIR_FSYNC,
  SQLITE_IOERR_FSTAT,
  SQLITE_IOERR_FSYNC,
  SQLITE_IOERR_GETTEMPPATH,
  SQLITE_IOERR_LOCK,
  SQLITE_IOERR_NOMEM_BKPT,
  SQLITE_IOERR_RDLOCK,
  SQLITE_IOERR_READ,
  SQLITE_IOERR_ROLLBACK_ATOMIC,
  SQLITE_IOERR_SHMLOCK,
  SQLITE_IOERR_SHMMAP,
  SQLITE_IOERR_SHMOPEN,
  SQLITE_IOERR_SHMSIZE,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_IOERR_TRUNCATE,
  SQLITE_IOERR_UNLOCK,
  SQLITE_IOERR_WRITE,
  SQLITE_MAX_MMAP_SIZE,
  SQLITE_MAX_PATHLEN,
  SQLITE_MAX_SYMLINK,
  SQLITE_MMAP_READWRITE,
  SQLITE_MUTEX_FAST,
  SQLITE_MUTEX_STATIC_TEMPDIR,
  SQLITE_MUTEX_STATIC_VFS1,
  SQLITE_NO_SYNC,
  SQLITE_NOLFS,
  SQLITE_NOMEM_BKPT,
  SQLITE_NOTFOUND,
  SQLITE_OK,
  SQLITE_OK_SYMLINK,
  SQLITE_OMIT_DEPRECATED,
  SQLITE_OMIT_RANDOMNESS,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_DELETEONCLOSE,
  SQLITE_OPEN_EXCLUSIVE,
  SQLITE_OPEN_MAIN_DB,
  SQLITE_OPEN_MAIN_JOURNAL,
  SQLITE_OPEN_READONLY,
  SQLITE_OPEN_READWRITE,
  SQLITE_OPEN_SUBJOURNAL,
  SQLITE_OPEN_SUPER_JOURNAL,
  SQLITE_OPEN_TEMP_DB,
  SQLITE_OPEN_TEMP_JOURNAL,
  SQLITE_OPEN_TRANSIENT_DB,
  SQLITE_OPEN_URI,
  SQLITE_OPEN_WAL,
  SQLITE_PERM,
  SQLITE_POWERSAFE_OVERWRITE,
  SQLITE_READONLY,
  SQLITE_READONLY_CANTINIT,
  SQLITE_READONLY_DIRECTORY,
  SQLITE_SHM_EXCLUSIVE,
  SQLITE_SHM_LOCK,
  SQLITE_SHM_NLOCK,
  SQLITE_SHM_SHARED,
  SQLITE_SHM_UNLOCK,
  SQLITE_SYNC_DATAONLY,
  SQLITE_SYNC_FULL,
  SQLITE_SYNC_NORMAL,
  SQLITE_TEMP_FILE_PREFIX,
  SQLITE_TEST,
  SQLITE_THREADSAFE,
  SQLITE_UNLINK_AFTER_CLOSE,
  SQLITE_WARNING,
  sizeof,
  type sqlite3_file,
  type sqlite3_io_methods,
  type sqlite3_syscall_ptr,
  type sqlite3_vfs,
  USE_PREAD,
  USE_PREAD64,
} from "../sqliteInt.js";
import { sqlite3FileSuffix3, sqlite3Strlen30 } from "../util.js";
import {
  _SC_PAGESIZE,
  access,
  close,
  EACCES,
  EAGAIN,
  EBUSY,
  EEXIST,
  EINTR,
  EINVAL,
  EIO,
  EISDIR,
  ENOENT,
  ENOLCK,
  ENOSPC,
  ENXIO,
  EOVERFLOW,
  EPERM,
  ERANGE,
  ETIMEDOUT,
  errno,
  F_GETLK,
  F_OK,
  F_RDLCK,
  F_SETLK,
  F_SETLKW,
  F_UNLCK,
  F_WRLCK,
  fchmod,
  fchown,
  fcntl,
  fdatasync,
  flock,
  fstat,
  fsync,
  ftruncate,
  getcwd,
  getenv,
  geteuid,
  getpid,
  gettimeofday,
  ioctl,
  lseek,
  lstat,
  MAP_FAILED,
  MAP_SHARED,
  MREMAP_MAYMOVE,
  mkdir,
  mmap,
  mremap,
  munmap,
  nanosleep,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_LARGEFILE,
  O_NOFOLLOW,
  O_RDONLY,
  O_RDWR,
  open,
  PROT_READ,
  PROT_WRITE,
  posix_fallocate,
  pread,
  pread64,
  pwrite,
  pwrite64,
  R_OK,
  read,
  readlink,
  rmdir,
  S_ISDIR,
  S_ISLNK,
  S_ISREG,
  SEEK_SET,
  sleep,
  stat,
  stat_,
  strerror,
  sysconf,
  time,
  timespec,
  timeval,
  unlink,
  usleep,
  utimes,
  view,
  W_OK,
  write,
} from "./libc.js";
import {
  EXCLUSIVE_LOCK,
  NO_LOCK,
  PENDING_BYTE,
  PENDING_LOCK,
  RESERVED_BYTE,
  RESERVED_LOCK,
  SHARED_FIRST,
  SHARED_LOCK,
  SHARED_SIZE,
  SQLITE_FCNTL_DB_UNCHANGED,
  sqlite3_vfs_register,
} from "./os.js";

/* ---------------------------------------------------------------- declarations */

/** Longest name of a file, in bytes, that this VFS handles. */
const MAX_PATHNAME: number = 512;

/** Most symbolic links followed while one name is made absolute. */
export const SQLITE_MAX_SYMLINKS: number = 100;

/** Some systems tell text from binary files; Linux does not. */
const O_BINARY: number = 0;

/** The process id; a function so that it reads as upstream's macro does. */
function osGetpid(_x: number): number {
  return getpid();
}

/**
 * A file descriptor that cannot be closed yet, because closing it would drop locks that other
 * connections of this process hold on the same inode.
 *
 * @upstream os_unix.c UnixUnusedFd
 */
export class UnixUnusedFd implements Counted {
  /** The descriptor to close, or to reuse. */
  fd = 0;
  /** The SQLITE_OPEN_* flags that it was opened with. */
  flags = 0;
  /** Next one of the same inode. */
  pNext: UnixUnusedFd | null = null;
  mem: Uint8Array | null;

  constructor(mem: Uint8Array | null) {
    this.mem = mem;
  }
}

/**
 * The state of an open file, hanging on `sqlite3_file.pImpl`.
 *
 * C's first field, `pMethod`, is the first word of the sqlite3_file itself: here it is
 * `sqlite3_file.pMethods` and nowhere else.
 *
 * @divergence unix-file-state
 * @upstream os_unix.c unixFile
 */
export class unixFile {
  /** The VFS that opened the file. */
  pVfs: sqlite3_vfs | null = null;
  /** What all connections of this process share about the inode; null for files without locks. */
  pInode: unixInodeInfo | null = null;
  /** The file descriptor, -1 when there is none. */
  h = 0;
  /** The lock level that this connection holds: NO_LOCK to EXCLUSIVE_LOCK. */
  eFileLock = 0;
  /** UNIXFILE_* bits; u16. */
  ctrlFlags = 0;
  /** errno of the last I/O error; a Ref because seekAndWrite hands out its address. */
  readonly lastErrno: Ref<number> = new Ref(0);
  /** State of the locking style: the dot-file style keeps the lock directory's name here. */
  lockingContext: Uint8Array | null = null;
  /** A record made at xOpen, so that xClose needs no memory to postpone the closing of `h`. */
  pPreallocatedUnused: UnixUnusedFd | null = null;
  /** The file's name; belongs to the caller of xOpen. */
  zPath: CString | null = null;
  /** This connection's part of the shared memory, if it has been mapped. */
  pShm: unixShm | null = null;
  /** Bytes by which the file grows and shrinks (SQLITE_FCNTL_CHUNK_SIZE), or 0. */
  szChunk = 0;
  /** Pages handed out by xFetch and not yet returned. */
  nFetchOut = 0;
  /** Bytes of the mapping that may be used. */
  mmapSize = 0;
  /** Bytes that are really mapped. */
  mmapSizeActual = 0;
  /** Most bytes to map (SQLITE_FCNTL_MMAP_SIZE); 0 turns mapping off. */
  mmapSizeMax = 0;
  /** One view of the whole mapping, made when it is mapped and dropped before it is unmapped. */
  pMapRegion: Uint8Array | null = null;
  /** NON-UPSTREAM: the address behind `pMapRegion`, for munmap and mremap; 0 without a mapping. */
  pMapAddr = 0;
  /** Bytes per sector; 0 until it has been asked for. */
  sectorSize = 0;
  /** SQLITE_IOCAP_* bits, valid together with `sectorSize`. */
  deviceCharacteristics = 0;
  /** Milliseconds to wait for locks (SQLITE_ENABLE_SETLK_TIMEOUT). */
  iBusyTimeout = 0;
  /** True to wait for SHARED locks (SQLITE_ENABLE_SETLK_TIMEOUT). */
  bBlockOnConnect = 0;
  /** Debug: the change counter at byte 24 has been written differently. */
  transCntrChng = 0;
  /** Debug: some byte of the database file has been written. */
  dbUpdate = 0;
  /** Debug: between RESERVED and the unlock, that is, not in a rollback. */
  inNormalWrite = 0;

  /** C's `memset(pFile, 0, sizeof(unixFile))`. */
  clear(): void {
    this.pVfs = null;
    this.pInode = null;
    this.h = 0;
    this.eFileLock = 0;
    this.ctrlFlags = 0;
    this.lastErrno.value = 0;
    this.lockingContext = null;
    this.pPreallocatedUnused = null;
    this.zPath = null;
    this.pShm = null;
    this.szChunk = 0;
    this.nFetchOut = 0;
    this.mmapSize = 0;
    this.mmapSizeActual = 0;
    this.mmapSizeMax = 0;
    this.pMapRegion = null;
    this.pMapAddr = 0;
    this.sectorSize = 0;
    this.deviceCharacteristics = 0;
    this.iBusyTimeout = 0;
    this.bBlockOnConnect = 0;
    this.transCntrChng = 0;
    this.dbUpdate = 0;
    this.inNormalWrite = 0;
  }
}

/** The process for which xRandomness last ran; another one in xOpen means that a fork has happened. */
let randomnessPid = 0;

/* Bits of unixFile.ctrlFlags. */
/** Connections from this process only. */
const UNIXFILE_EXCL: number = 0x01;
/** The connection only reads. */
const UNIXFILE_RDONLY: number = 0x02;
/** The WAL file stays after the last close. */
const UNIXFILE_PERSIST_WAL: number = 0x04;
/** The directory must be synced with the next sync of the file. */
const UNIXFILE_DIRSYNC: number = SQLITE_DISABLE_DIRSYNC ? 0x00 : 0x08;
/** The device promises powersafe overwrite. */
const UNIXFILE_PSOW: number = 0x10;
/** Delete the file when it is closed. */
const UNIXFILE_DELETE: number = 0x20;
/** The name may carry URI parameters. */
const UNIXFILE_URI: number = 0x40;
/** No locks are taken. */
const UNIXFILE_NOLOCK: number = 0x80;

/* Requests of the f2fs file system (linux/f2fs.h), where atomic batches of writes exist. */
const F2FS_IOCTL_MAGIC: number = 0xf5;
const F2FS_IOC_START_ATOMIC_WRITE: number = (F2FS_IOCTL_MAGIC << 8) | 1;
const F2FS_IOC_COMMIT_ATOMIC_WRITE: number = (F2FS_IOCTL_MAGIC << 8) | 2;
export const F2FS_IOC_START_VOLATILE_WRITE: number = (F2FS_IOCTL_MAGIC << 8) | 3;
const F2FS_IOC_ABORT_VOLATILE_WRITE: number = (F2FS_IOCTL_MAGIC << 8) | 5;
/** Reads a u32: direction "read", size 4, in the upper half. */
const F2FS_IOC_GET_FEATURES: number = (0x80000000 | (4 << 16) | (F2FS_IOCTL_MAGIC << 8) | 12) >>> 0;
const F2FS_FEATURE_ATOMIC_WRITE: number = 0x0004;

/* ---------------------------------------------------------------- the table of system calls */

/**
 * Opens a file: `open` with a fixed number of arguments, as the table of system calls needs it.
 *
 * @upstream os_unix.c posixOpen
 */
function posixOpen(zFile: CString, flags: number, mode: number): number {
  return open(zFile, flags, mode);
}

/**
 * One overridable system call.
 *
 * @divergence unix-syscall-table
 * @upstream os_unix.c unix_syscall
 */
class unix_syscall {
  /** The name under which xSetSystemCall finds it. */
  zName: string;
  /** What is called now; null if this build does not use the call. */
  pCurrent: sqlite3_syscall_ptr | null;
  /** What was there before the first override. */
  pDefault: sqlite3_syscall_ptr | null;

  constructor(zName: string, pCurrent: sqlite3_syscall_ptr | null, pDefault: sqlite3_syscall_ptr | null) {
    this.zName = zName;
    this.pCurrent = pCurrent;
    this.pDefault = pDefault;
  }
}

/** Whether this build maps memory at all: for the WAL always. */
const usesMmap = true;

/**
 * All overridable system calls, at upstream's indexes. A replacement takes and returns what the
 * os... function below it does, and reports failure through `set_errno` of libc.ts.
 */
const aSyscall: readonly unix_syscall[] = [
  new unix_syscall("open", posixOpen, null),
  new unix_syscall("close", close, null),
  new unix_syscall("access", access, null),
  new unix_syscall("getcwd", getcwd, null),
  new unix_syscall("stat", stat_, null),
  new unix_syscall("fstat", fstat, null),
  new unix_syscall("ftruncate", ftruncate, null),
  new unix_syscall("fcntl", fcntl, null),
  new unix_syscall("read", read, null),
  new unix_syscall("pread", USE_PREAD ? pread : null, null),
  new unix_syscall("pread64", USE_PREAD64 ? pread64 : null, null),
  new unix_syscall("write", write, null),
  new unix_syscall("pwrite", USE_PREAD ? pwrite : null, null),
  new unix_syscall("pwrite64", USE_PREAD64 ? pwrite64 : null, null),
  new unix_syscall("fchmod", HAVE_FCHMOD ? fchmod : null, null),
  new unix_syscall("fallocate", HAVE_POSIX_FALLOCATE ? posix_fallocate : null, null),
  new unix_syscall("unlink", unlink, null),
  new unix_syscall("openDirectory", openDirectory, null),
  new unix_syscall("mkdir", mkdir, null),
  new unix_syscall("rmdir", rmdir, null),
  new unix_syscall("fchown", HAVE_FCHOWN ? fchown : null, null),
  new unix_syscall("geteuid", HAVE_FCHOWN ? geteuid : null, null),
  new unix_syscall("mmap", usesMmap ? mmap : null, null),
  new unix_syscall("munmap", usesMmap ? munmap : null, null),
  new unix_syscall("mremap", HAVE_MREMAP && usesMmap ? mremap : null, null),
  new unix_syscall("getpagesize", usesMmap ? unixGetpagesize : null, null),
  new unix_syscall("readlink", HAVE_READLINK ? readlink : null, null),
  new unix_syscall("lstat", HAVE_LSTAT ? lstat : null, null),
  new unix_syscall("ioctl", SQLITE_ENABLE_BATCH_ATOMIC_WRITE ? ioctl : null, null),
];

/** `open` through the table: a descriptor or -1. */
function osOpen(zFile: CString, flags: number, mode: number): number {
  return (aSyscall[0]!.pCurrent as (z: CString, flags: number, mode: number) => number)(zFile, flags, mode);
}

/** `close` through the table. */
function osClose(fd: number): number {
  return (aSyscall[1]!.pCurrent as (fd: number) => number)(fd);
}

/** `access` through the table. */
function osAccess(zFile: CString, mode: number): number {
  return (aSyscall[2]!.pCurrent as (z: CString, mode: number) => number)(zFile, mode);
}

/** `getcwd` through the table: the buffer, or null. */
function osGetcwd(zBuf: Uint8Array, n: number): Uint8Array | null {
  return (aSyscall[3]!.pCurrent as (z: Uint8Array, n: number) => Uint8Array | null)(zBuf, n);
}

/** `stat` through the table. */
function osStat(zFile: CString, pBuf: stat): number {
  return (aSyscall[4]!.pCurrent as (z: CString, p: stat) => number)(zFile, pBuf);
}

/** `fstat` through the table. */
function osFstat(fd: number, pBuf: stat): number {
  return (aSyscall[5]!.pCurrent as (fd: number, p: stat) => number)(fd, pBuf);
}

/** `ftruncate` through the table. */
function osFtruncate(fd: number, sz: number): number {
  return (aSyscall[6]!.pCurrent as (fd: number, sz: number) => number)(fd, sz);
}

/** `fcntl` through the table; the argument is a number or a lock. */
function osFcntl(fd: number, op: number, arg: number | flock = 0): number {
  return (aSyscall[7]!.pCurrent as (fd: number, op: number, arg: number | flock) => number)(fd, op, arg);
}

/** `read` through the table: how many bytes, or -1. */
function osRead(fd: number, pBuf: Uint8Array, n: number): number {
  return (aSyscall[8]!.pCurrent as (fd: number, p: Uint8Array, n: number) => number)(fd, pBuf, n);
}

/** `pread` through the table: how many bytes, or -1. */
function osPread(fd: number, pBuf: Uint8Array, n: number, off: number): number {
  return (aSyscall[9]!.pCurrent as (fd: number, p: Uint8Array, n: number, off: number) => number)(
    fd,
    pBuf,
    n,
    off,
  );
}

/** `pread64` through the table: how many bytes, or -1. */
function osPread64(fd: number, pBuf: Uint8Array, n: number, off: number): number {
  return (aSyscall[10]!.pCurrent as (fd: number, p: Uint8Array, n: number, off: number) => number)(
    fd,
    pBuf,
    n,
    off,
  );
}

/** `write` through the table: how many bytes, or -1. */
function osWrite(fd: number, pBuf: Uint8Array, n: number): number {
  return (aSyscall[11]!.pCurrent as (fd: number, p: Uint8Array, n: number) => number)(fd, pBuf, n);
}

/** `pwrite` through the table: how many bytes, or -1. */
function osPwrite(fd: number, pBuf: Uint8Array, n: number, off: number): number {
  return (aSyscall[12]!.pCurrent as (fd: number, p: Uint8Array, n: number, off: number) => number)(
    fd,
    pBuf,
    n,
    off,
  );
}

/** `pwrite64` through the table: how many bytes, or -1. */
function osPwrite64(fd: number, pBuf: Uint8Array, n: number, off: number): number {
  return (aSyscall[13]!.pCurrent as (fd: number, p: Uint8Array, n: number, off: number) => number)(
    fd,
    pBuf,
    n,
    off,
  );
}

/** `fchmod` through the table; 0 where the system has none. */
function osFchmod(fd: number, mode: number): number {
  if (!HAVE_FCHMOD) return 0;
  return (aSyscall[14]!.pCurrent as (fd: number, mode: number) => number)(fd, mode);
}

/** `posix_fallocate` through the table: 0 or an error number. */
function osFallocate(fd: number, off: number, len: number): number {
  return (aSyscall[15]!.pCurrent as (fd: number, off: number, len: number) => number)(fd, off, len);
}

/** `unlink` through the table. */
function osUnlink(zFile: CString): number {
  return (aSyscall[16]!.pCurrent as (z: CString) => number)(zFile);
}

/** {@link openDirectory} through the table: a result code. */
function osOpenDirectory(zFile: CString, pFd: Ref<number>): number {
  return (aSyscall[17]!.pCurrent as (z: CString, pFd: Ref<number>) => number)(zFile, pFd);
}

/** `mkdir` through the table. */
function osMkdir(zDir: CString, mode: number): number {
  return (aSyscall[18]!.pCurrent as (z: CString, mode: number) => number)(zDir, mode);
}

/** `rmdir` through the table. */
function osRmdir(zDir: CString): number {
  return (aSyscall[19]!.pCurrent as (z: CString) => number)(zDir);
}

/** `fchown` through the table. */
function osFchown(fd: number, uid: number, gid: number): number {
  return (aSyscall[20]!.pCurrent as (fd: number, uid: number, gid: number) => number)(fd, uid, gid);
}

/** `geteuid` through the table. */
function osGeteuid(): number {
  return (aSyscall[21]!.pCurrent as () => number)();
}

/** `mmap` through the table: an address or MAP_FAILED. */
function osMmap(addr: number, len: number, prot: number, flags: number, fd: number, off: number): number {
  return (
    aSyscall[22]!.pCurrent as (
      addr: number,
      len: number,
      prot: number,
      flags: number,
      fd: number,
      off: number,
    ) => number
  )(addr, len, prot, flags, fd, off);
}

/** `munmap` through the table. */
function osMunmap(addr: number, len: number): number {
  return (aSyscall[23]!.pCurrent as (addr: number, len: number) => number)(addr, len);
}

/** `mremap` through the table: an address or MAP_FAILED. */
function osMremap(addr: number, oldLen: number, newLen: number, flags: number): number {
  return (aSyscall[24]!.pCurrent as (addr: number, oldLen: number, newLen: number, flags: number) => number)(
    addr,
    oldLen,
    newLen,
    flags,
  );
}

/** `getpagesize` through the table. */
function osGetpagesize(): number {
  return (aSyscall[25]!.pCurrent as () => number)();
}

/** `readlink` through the table: the length of the link's content, or -1. */
function osReadlink(zFile: CString, pBuf: Uint8Array, n: number): number {
  return (aSyscall[26]!.pCurrent as (z: CString, p: Uint8Array, n: number) => number)(zFile, pBuf, n);
}

/** `lstat` through the table. */
function osLstat(zFile: CString, pBuf: stat): number {
  return (aSyscall[27]!.pCurrent as (z: CString, p: stat) => number)(zFile, pBuf);
}

/** `ioctl` through the table; the argument is a number or memory for the answer. */
function osIoctl(fd: number, request: number, arg: number | Uint8Array | Uint32Array = 0): number {
  return (
    aSyscall[28]!.pCurrent as (fd: number, request: number, arg: number | Uint8Array | Uint32Array) => number
  )(fd, request, arg);
}

/* ---------------------------------------------------------------- small wrappers */

/** C's address of a field, `&of->name`: reads and writes the field. NON-UPSTREAM. */
function fieldRef<O, K extends keyof O>(of: O, name: K): Ref<O[K]> {
  return {
    get value(): O[K] {
      return of[name];
    },
    set value(v: O[K]) {
      of[name] = v;
    },
  };
}

/**
 * Describes the POSIX locks held through descriptor `fd`, as far as SQLite uses them, by reading the
 * kernel's `/proc/PID/fdinfo/FD`.
 *
 * `a` receives 15 characters and a zero, `AAA/B.DDD.DDDDD`, each letter being `w`, `r` or `-` for a
 * write lock, a read lock or none: PENDING, RESERVED and SHARED of a database file; then, of a -shm
 * file, the dead man's switch, the three locks WRITE, CKPT and RECOVER, and the five read marks.
 *
 * @param a at least 16 bytes.
 * @returns SQLITE_ERROR_UNABLE where there is no such pseudo file.
 * @divergence unix-negative-index
 * @upstream os_unix.c unixPosixAdvisoryLocks
 */
function unixPosixAdvisoryLocks(fd: number, a: Uint8Array): number {
  if (!(SQLITE_DEBUG || SQLITE_ENABLE_FILESTAT)) return SQLITE_ERROR_UNABLE;
  let p: CString;
  let pNext: CString | null;
  let x: CString | null;
  const z = new Uint8Array(2000);

  memcpy(a, toCString("---/-.---.-----"), 16);
  sqlite3_snprintf(z.length, z, "/proc/%d/fdinfo/%d", getpid(), fd);
  const in_ = osOpen(z, O_RDONLY, 0);
  if (in_ < 0) {
    return SQLITE_ERROR_UNABLE;
  }
  const n = osRead(in_, z, z.length - 1);
  osClose(in_);
  if (n <= 0) return SQLITE_ERROR_UNABLE;
  z[n] = 0;

  pNext = strstr(z, "lock:\t");
  while (pNext !== null) {
    let cType = 0;
    p = pNext.subarray(6);
    pNext = strstr(p, "lock:\t");
    if (pNext !== null) z[ptrdiff(pNext, z) - 1] = 0;
    if ((x = strstr(p, " READ ")) !== null) {
      cType = 0x72; /* 'r' */
      x = x.subarray(6);
    } else if ((x = strstr(p, " WRITE ")) !== null) {
      cType = 0x77; /* 'w' */
      x = x.subarray(7);
    } else {
      continue;
    }
    x = strrchr(x, 0x20);
    if (x === null) continue;
    const iLast = strtoll(x.subarray(1), null, 10);
    x[0] = 0;
    x = strrchr(p, 0x20);
    if (x === null) continue;
    const iFirst = strtoll(x.subarray(1), null, 10);
    if (iLast >= PENDING_BYTE()) {
      if (iFirst <= PENDING_BYTE() && iLast >= PENDING_BYTE()) a[0] = cType;
      if (iFirst <= PENDING_BYTE() + 1 && iLast >= PENDING_BYTE() + 1) a[1] = cType;
      if (iFirst <= PENDING_BYTE() + 2 && iLast >= PENDING_BYTE() + 510) a[2] = cType;
    } else if (iLast <= 128) {
      if (iFirst <= 128 && iLast >= 128) a[4] = cType;
      if (iFirst <= 120 && iLast >= 120) a[6] = cType;
      if (iFirst <= 121 && iLast >= 121) a[7] = cType;
      if (iFirst <= 122 && iLast >= 122) a[8] = cType;
      if (iFirst <= 123 && iLast >= 123) a[10] = cType;
      if (iFirst <= 124 && iLast >= 124) a[11] = cType;
      if (iFirst <= 125 && iLast >= 125) a[12] = cType;
      if (iFirst <= 126 && iLast >= 126) a[13] = cType;
      if (iFirst <= 127 && iLast >= 127) a[14] = cType;
    }
  }
  return SQLITE_OK;
}

/**
 * Gives a file to another owner, if this process is root; does nothing otherwise, because an attempt
 * that must fail leaves traces in security logs.
 *
 * @upstream os_unix.c robustFchown
 */
function robustFchown(fd: number, uid: number, gid: number): number {
  if (HAVE_FCHOWN) {
    return osGeteuid() ? 0 : osFchown(fd, uid, gid);
  } else {
    return 0;
  }
}

/**
 * The xSetSystemCall method: replaces one system call, or restores it (`pNewFunc` null), or restores
 * them all (`zName` null).
 *
 * @returns SQLITE_NOTFOUND if no system call has that name.
 * @divergence unix-syscall-table
 * @divergence name-strings
 * @upstream os_unix.c unixSetSystemCall
 */
function unixSetSystemCall(
  _pNotUsed: sqlite3_vfs,
  zName: string | null,
  pNewFunc: sqlite3_syscall_ptr | null,
): number {
  let i: number;
  let rc = SQLITE_NOTFOUND;

  if (zName === null) {
    rc = SQLITE_OK;
    for (i = 0; i < aSyscall.length; i++) {
      if (aSyscall[i]!.pDefault !== null) {
        aSyscall[i]!.pCurrent = aSyscall[i]!.pDefault;
      }
    }
  } else {
    for (i = 0; i < aSyscall.length; i++) {
      if (zName === aSyscall[i]!.zName) {
        if (aSyscall[i]!.pDefault === null) {
          aSyscall[i]!.pDefault = aSyscall[i]!.pCurrent;
        }
        rc = SQLITE_OK;
        if (pNewFunc === null) pNewFunc = aSyscall[i]!.pDefault;
        aSyscall[i]!.pCurrent = pNewFunc;
        break;
      }
    }
  }
  return rc;
}

/**
 * The xGetSystemCall method: what is called now under that name, or null if there is no such call or
 * this build does not use it.
 *
 * @divergence unix-syscall-table
 * @divergence name-strings
 * @upstream os_unix.c unixGetSystemCall
 */
function unixGetSystemCall(_pNotUsed: sqlite3_vfs, zName: string): sqlite3_syscall_ptr | null {
  let i: number;

  for (i = 0; i < aSyscall.length; i++) {
    if (zName === aSyscall[i]!.zName) return aSyscall[i]!.pCurrent;
  }
  return null;
}

/**
 * The xNextSystemCall method: the name after `zName` in the table, the first name for null, and null
 * after the last one or an unknown one. Calls that this build does not use are passed over.
 *
 * @divergence name-strings
 * @upstream os_unix.c unixNextSystemCall
 */
function unixNextSystemCall(_p: sqlite3_vfs, zName: string | null): string | null {
  let i = -1;

  if (zName !== null) {
    for (i = 0; i < aSyscall.length - 1; i++) {
      if (zName === aSyscall[i]!.zName) break;
    }
  }
  for (i++; i < aSyscall.length; i++) {
    if (aSyscall[i]!.pCurrent !== null) return aSyscall[i]!.zName;
  }
  return null;
}

/** Descriptors below this are left to standard input, output and error. */
const SQLITE_MINIMUM_FILE_DESCRIPTOR: number = 3;

/**
 * Opens a file, again after EINTR, and never as descriptor 0, 1 or 2: those are filled with
 * `/dev/null` first, so that nothing printed by the application lands in a database.
 *
 * @param m permissions of a new file, exactly these whatever the umask says (so that a journal can be
 *   opened by whoever can open its database); 0 means the default, under the umask.
 * @returns the descriptor, or -1 with errno set.
 * @upstream os_unix.c robust_open
 */
function robust_open(z: CString, f: number, m: number): number {
  let fd: number;
  const m2 = m ? m : SQLITE_DEFAULT_FILE_PERMISSIONS;
  while (true) {
    fd = osOpen(z, f | O_CLOEXEC, m2);
    if (fd < 0) {
      if (errno() === EINTR) continue;
      break;
    }
    if (fd >= SQLITE_MINIMUM_FILE_DESCRIPTOR) break;
    if ((f & (O_EXCL | O_CREAT)) === (O_EXCL | O_CREAT)) {
      /* or the next attempt would fail because the file exists */
      osUnlink(z);
    }
    osClose(fd);
    sqlite3_log(SQLITE_WARNING, 'attempt to open "%s" as file descriptor %d', z, fd);
    fd = -1;
    if (osOpen(toCString("/dev/null"), O_RDONLY, m) < 0) break;
  }
  if (fd >= 0) {
    if (m !== 0) {
      const statbuf = new stat();
      if (osFstat(fd, statbuf) === 0 && statbuf.st_size === 0 && (statbuf.st_mode & 0o777) !== m) {
        osFchmod(fd, m);
      }
    }
  }
  return fd;
}

/** Guards {@link inodeList} and the structs in it. Taken before any pLockMutex, never after one. */
let unixBigLock: sqlite3_mutex | null = null;

/**
 * Takes the mutex over the list of open inodes; it is not recursive.
 *
 * @divergence mutex-noop
 * @upstream os_unix.c unixEnterMutex
 */
function unixEnterMutex(): void {
  assert(sqlite3_mutex_notheld(unixBigLock));
  sqlite3_mutex_enter(unixBigLock);
}

/**
 * Gives the mutex over the list of open inodes back.
 *
 * @divergence mutex-noop
 * @upstream os_unix.c unixLeaveMutex
 */
function unixLeaveMutex(): void {
  assert(sqlite3_mutex_held(unixBigLock));
  sqlite3_mutex_leave(unixBigLock);
}

/**
 * Whether the mutex over the list of open inodes is held; for asserts.
 *
 * @divergence mutex-noop
 * @upstream os_unix.c unixMutexHeld
 */
function unixMutexHeld(): boolean {
  return sqlite3_mutex_held(unixBigLock);
}

/**
 * Truncates a file, again after EINTR. Every truncation in this file comes through here.
 *
 * @param sz new size in bytes.
 * @upstream os_unix.c robust_ftruncate
 */
function robust_ftruncate(h: number, sz: number): number {
  let rc: number;
  do {
    rc = osFtruncate(h, sz);
  } while (rc < 0 && errno() === EINTR);
  return rc;
}

/**
 * Turns an errno from a lock operation into a result code: SQLITE_BUSY for what another attempt may
 * cure, SQLITE_PERM for EPERM, and `sqliteIOErr` for the rest.
 *
 * @param sqliteIOErr one of SQLITE_IOERR_LOCK, _UNLOCK, _RDLOCK, _CHECKRESERVEDLOCK.
 * @upstream os_unix.c sqliteErrorFromPosixError
 */
function sqliteErrorFromPosixError(posixError: number, sqliteIOErr: number): number {
  assert(
    sqliteIOErr === SQLITE_IOERR_LOCK ||
      sqliteIOErr === SQLITE_IOERR_UNLOCK ||
      sqliteIOErr === SQLITE_IOERR_RDLOCK ||
      sqliteIOErr === SQLITE_IOERR_CHECKRESERVEDLOCK,
  );
  switch (posixError) {
    case EACCES:
    case EAGAIN:
    case ETIMEDOUT:
    case EBUSY:
    case EINTR:
    case ENOLCK:
      /* over NFS even ENOLCK may pass */
      return SQLITE_BUSY;

    case EPERM:
      return SQLITE_PERM;

    default:
      return sqliteIOErr;
  }
}

/* ---------------------------------------------------------------- POSIX advisory locks */

/**
 * What tells one file from another, whatever name led to it.
 *
 * @upstream os_unix.c unixFileId
 */
export class unixFileId {
  /** The device. */
  dev = 0n;
  /** The inode on it; 64 bits. */
  ino = 0n;

  /** C's `memset(p, 0, sizeof(*p))`. */
  clear(): void {
    this.dev = 0n;
    this.ino = 0n;
  }

  /** C's memcpy of the whole struct. */
  assign(from: unixFileId): void {
    this.dev = from.dev;
    this.ino = from.ino;
  }
}

/**
 * What this process knows about one open inode, shared by all connections to it.
 *
 * The kernel keeps one set of locks per process and inode, so the locks of the connections are
 * counted here and the kernel is asked only when the count says that something changes for others.
 * `nShared`, `nLock`, `eFileLock`, `bProcessLock` and `pUnused` are guarded by `pLockMutex`; `fileId`
 * and `pLockMutex` never change; the rest is guarded by `unixBigLock`.
 *
 * @upstream os_unix.c unixInodeInfo
 */
export class unixInodeInfo implements Counted {
  /** Which file. */
  fileId: unixFileId = new unixFileId();
  pLockMutex: sqlite3_mutex | null = null;
  /** How many connections hold SHARED or more. */
  nShared = 0;
  /** How many locks are outstanding; while there are any, no descriptor may be closed. */
  nLock = 0;
  /** The highest lock level of any connection. */
  eFileLock = 0;
  /** True while `unix-excl` has the whole file locked for this process. */
  bProcessLock = 0;
  /** Descriptors that wait for nLock to reach zero. */
  pUnused: UnixUnusedFd | null = null;
  /** How many unixFiles point here. */
  nRef = 0;
  /** The inode's shared memory, if it is open. */
  pShmNode: unixShmNode | null = null;
  pNext: unixInodeInfo | null = null;
  pPrev: unixInodeInfo | null = null;
  mem: Uint8Array | null;

  constructor(mem: Uint8Array | null) {
    this.mem = mem;
  }
}

/** All open inodes; guarded by `unixBigLock`. */
let inodeList: unixInodeInfo | null = null;

/**
 * Whether the mutex of the file's inode is held; for asserts.
 *
 * @divergence mutex-noop
 * @upstream os_unix.c unixFileMutexHeld
 */
export function unixFileMutexHeld(pFile: unixFile): boolean {
  assert(pFile.pInode);
  return sqlite3_mutex_held(pFile.pInode!.pLockMutex);
}

/**
 * Whether the mutex of the file's inode is free; for asserts.
 *
 * @divergence mutex-noop
 * @upstream os_unix.c unixFileMutexNotheld
 */
export function unixFileMutexNotheld(pFile: unixFile): boolean {
  assert(pFile.pInode);
  return sqlite3_mutex_notheld(pFile.pInode!.pLockMutex);
}

/**
 * {@link unixLogErrorAtLine} under the name at the places where C has a macro that adds the line.
 *
 * @param iLine line of the amalgamation.
 * @upstream os_unix.c unixLogError
 */
function unixLogError(errcode: number, zFunc: string, zPath: CString | null, iLine: number): number {
  return unixLogErrorAtLine(errcode, zFunc, zPath, iLine);
}

/**
 * Reports a failed system call to the error log: result code, line, errno, the call and the file.
 * The human-readable text stays empty in the default build, as upstream's does when it is
 * thread-safe and was not told that strerror_r exists.
 *
 * @returns `errcode`, so that a caller can return it.
 * @divergence unix-strerror
 * @upstream os_unix.c unixLogErrorAtLine
 */
function unixLogErrorAtLine(errcode: number, zFunc: string, zPath: CString | null, iLine: number): number {
  let zErr: string;
  const iErrno = errno();

  if (SQLITE_THREADSAFE !== 0 && HAVE_STRERROR_R) {
    zErr = strerror(iErrno);
  } else if (SQLITE_THREADSAFE !== 0) {
    zErr = "";
  } else {
    zErr = strerror(iErrno);
  }

  if (zPath === null) zPath = toCString("");
  sqlite3_log(errcode, "os_unix.c:%d: (%d) %s(%s) - %s", iLine, iErrno, zFunc, zPath, zErr);

  return errcode;
}

/**
 * Closes a descriptor. A failure is logged and otherwise ignored; in particular there is no second
 * attempt after EINTR, since the number may belong to somebody else by then.
 *
 * @param pFile for the name in the log; may be null.
 * @upstream os_unix.c robust_close
 */
function robust_close(pFile: unixFile | null, h: number, lineno: number): void {
  if (osClose(h)) {
    unixLogErrorAtLine(SQLITE_IOERR_CLOSE, "close", pFile ? pFile.zPath : null, lineno);
  }
}

/**
 * Remembers an errno in the file.
 *
 * @upstream os_unix.c storeLastErrno
 */
function storeLastErrno(pFile: unixFile, error: number): void {
  pFile.lastErrno.value = error;
}

/**
 * Closes the descriptors that were waiting for the last lock on the inode to go.
 *
 * @upstream os_unix.c closePendingFds
 */
function closePendingFds(pFile: unixFile): void {
  const pInode = pFile.pInode!;
  let p: UnixUnusedFd | null;
  let pNext: UnixUnusedFd | null;
  assert(unixFileMutexHeld(pFile));
  for (p = pInode.pUnused; p !== null; p = pNext) {
    pNext = p.pNext;
    robust_close(pFile, p.fd, 41666);
    sqlite3_free(p);
  }
  pInode.pUnused = null;
}

/**
 * Drops the file's reference to its inode and, with the last one, the inode: waiting descriptors are
 * closed and it leaves the list. The big mutex must be held and the inode's own must not.
 *
 * @upstream os_unix.c releaseInodeInfo
 */
function releaseInodeInfo(pFile: unixFile): void {
  const pInode = pFile.pInode!;
  assert(unixMutexHeld());
  assert(unixFileMutexNotheld(pFile));
  if (ALWAYS(pInode)) {
    pInode.nRef--;
    if (pInode.nRef === 0) {
      assert(pInode.pShmNode === null);
      sqlite3_mutex_enter(pInode.pLockMutex);
      closePendingFds(pFile);
      sqlite3_mutex_leave(pInode.pLockMutex);
      if (pInode.pPrev !== null) {
        assert(pInode.pPrev.pNext === pInode);
        pInode.pPrev.pNext = pInode.pNext;
      } else {
        assert(inodeList === pInode);
        inodeList = pInode.pNext;
      }
      if (pInode.pNext !== null) {
        assert(pInode.pNext.pPrev === pInode);
        pInode.pNext.pPrev = pInode.pPrev;
      }
      sqlite3_mutex_free(pInode.pLockMutex);
      sqlite3_free(pInode);
    }
  }
}

/**
 * Finds the inode behind an open file in the list, or adds it, and counts the reference. The big
 * mutex must be held.
 *
 * @param ppInode receives the inode; unchanged if the result is not SQLITE_OK.
 * @divergence unix-styles
 * @divergence unix-file-id
 * @upstream os_unix.c findInodeInfo
 */
function findInodeInfo(pFile: unixFile, ppInode: Ref<unixInodeInfo | null>): number {
  const fileId = new unixFileId();
  const statbuf = new stat();
  let pInode: unixInodeInfo | null = null;

  assert(unixMutexHeld());

  const fd = pFile.h;
  const rc = osFstat(fd, statbuf);
  if (rc !== 0) {
    storeLastErrno(pFile, errno());
    if (SQLITE_DISABLE_LFS) {
      if (pFile.lastErrno.value === EOVERFLOW) return SQLITE_NOLFS;
    }
    return SQLITE_IOERR;
  }

  fileId.clear();
  fileId.dev = statbuf.st_dev;
  fileId.ino = statbuf.st_ino;
  assert(unixMutexHeld());
  pInode = inodeList;
  while (pInode !== null && !(fileId.dev === pInode.fileId.dev && fileId.ino === pInode.fileId.ino)) {
    pInode = pInode.pNext;
  }
  if (pInode === null) {
    const mem = sqlite3_malloc64(sizeof.unixInodeInfo);
    if (mem === null) {
      return SQLITE_NOMEM_BKPT;
    }
    pInode = new unixInodeInfo(mem);
    pInode.fileId.assign(fileId);
    if (sqlite3GlobalConfig.bCoreMutex) {
      pInode.pLockMutex = sqlite3_mutex_alloc(SQLITE_MUTEX_FAST);
      if (pInode.pLockMutex === null) {
        sqlite3_free(pInode);
        return SQLITE_NOMEM_BKPT;
      }
    }
    pInode.nRef = 1;
    assert(unixMutexHeld());
    pInode.pNext = inodeList;
    pInode.pPrev = null;
    if (inodeList !== null) inodeList.pPrev = pInode;
    inodeList = pInode;
  } else {
    pInode.nRef++;
  }
  ppInode.value = pInode;
  return SQLITE_OK;
}

/** NON-UPSTREAM: `buf` on the stack of fileHasMoved. */
const bufOfFileHasMoved = new stat();

/**
 * 1 if the name under which the file was opened no longer leads to it: renamed, replaced or deleted.
 * Files without an inode (no locks) never count as moved.
 *
 * @divergence unix-stack-structs
 * @upstream os_unix.c fileHasMoved
 */
function fileHasMoved(pFile: unixFile): number {
  const buf = bufOfFileHasMoved;
  return pFile.pInode !== null && (osStat(pFile.zPath!, buf) !== 0 || buf.st_ino !== pFile.pInode.fileId.ino)
    ? 1
    : 0;
}

/**
 * Warns in the error log if a database file is no longer what it should be: exactly one hard link,
 * still under its name. Called when it is opened and when it is closed.
 *
 * @upstream os_unix.c verifyDbFile
 */
function verifyDbFile(pFile: unixFile): void {
  const buf = new stat();

  /* journals and temporary files are opened without locks */
  if (pFile.ctrlFlags & UNIXFILE_NOLOCK) return;

  const rc = osFstat(pFile.h, buf);
  if (rc !== 0) {
    sqlite3_log(SQLITE_WARNING, "cannot fstat db file %s", pFile.zPath);
    return;
  }
  if (buf.st_nlink === 0) {
    sqlite3_log(SQLITE_WARNING, "file unlinked while open: %s", pFile.zPath);
    return;
  }
  if (buf.st_nlink > 1) {
    sqlite3_log(SQLITE_WARNING, "multiple links to file: %s", pFile.zPath);
    return;
  }
  if (fileHasMoved(pFile)) {
    sqlite3_log(SQLITE_WARNING, "file renamed while open: %s", pFile.zPath);
    return;
  }
}

/** NON-UPSTREAM: `lock` on the stack of unixCheckReservedLock. */
const lockOfCheckReservedLock = new flock();

/**
 * The xCheckReservedLock method: whether anybody, in this process or another, holds RESERVED or more.
 *
 * @param pResOut receives 0 or 1, also when the result is an error.
 * @divergence unix-stack-structs
 * @upstream os_unix.c unixCheckReservedLock
 */
function unixCheckReservedLock(id: sqlite3_file, pResOut: Ref<number>): number {
  let rc = SQLITE_OK;
  let reserved = 0;
  const pFile = id.pImpl as unixFile;

  assert(pFile);
  assert(pFile.eFileLock <= SHARED_LOCK);
  sqlite3_mutex_enter(pFile.pInode!.pLockMutex);

  /* the kernel never reports a lock of this very process */
  if (pFile.pInode!.eFileLock > SHARED_LOCK) {
    reserved = 1;
  }

  if (!reserved && !pFile.pInode!.bProcessLock) {
    const lock = lockOfCheckReservedLock;
    lock.l_whence = SEEK_SET;
    lock.l_start = RESERVED_BYTE();
    lock.l_len = 1;
    lock.l_type = F_WRLCK;
    if (osFcntl(pFile.h, F_GETLK, lock)) {
      rc = SQLITE_IOERR_CHECKRESERVEDLOCK;
      storeLastErrno(pFile, errno());
    } else if (lock.l_type !== F_UNLCK) {
      reserved = 1;
    }
  }

  sqlite3_mutex_leave(pFile.pInode!.pLockMutex);

  pResOut.value = reserved;
  return rc;
}

/**
 * Sets or clears a byte-range lock without waiting. With SQLITE_ENABLE_SETLK_TIMEOUT a test build
 * tries once per millisecond until the file's timeout is over; any other build tries once and
 * forgets the timeout, so that the caller reports SQLITE_BUSY and not SQLITE_BUSY_TIMEOUT.
 *
 * @upstream os_unix.c osSetPosixAdvisoryLock
 */
function osSetPosixAdvisoryLock(h: number, pLock: flock, pFile: unixFile): number {
  if (!SQLITE_ENABLE_SETLK_TIMEOUT) {
    return osFcntl(h, F_SETLK, pLock);
  }
  let rc = 0;

  if (pFile.iBusyTimeout === 0) {
    rc = osFcntl(h, F_SETLK, pLock);
  } else {
    if (SQLITE_TEST) {
      let tm = pFile.iBusyTimeout;
      while (tm > 0) {
        rc = osFcntl(h, F_SETLK, pLock);
        if (rc === 0) break;
        unixSleep(null, 1000);
        tm--;
      }
    } else {
      rc = osFcntl(h, F_SETLK, pLock);
      pFile.iBusyTimeout = 0;
    }
  }

  return rc;
}

/**
 * Sets or clears a byte-range lock of the database file: fcntl, except for `unix-excl`, where the
 * first request locks the whole file for the process and all others are answered without the kernel.
 * The inode's mutex must be held.
 *
 * @returns 0, or -1 with errno set.
 * @upstream os_unix.c unixFileLock
 */
function unixFileLock(pFile: unixFile, pLock: flock): number {
  let rc: number;
  const pInode = pFile.pInode!;
  assert(pInode !== null);
  assert(sqlite3_mutex_held(pInode.pLockMutex));
  if ((pFile.ctrlFlags & (UNIXFILE_EXCL | UNIXFILE_RDONLY)) === UNIXFILE_EXCL) {
    if (pInode.bProcessLock === 0) {
      const lock = new flock();
      lock.l_whence = SEEK_SET;
      lock.l_start = SHARED_FIRST();
      lock.l_len = SHARED_SIZE;
      lock.l_type = F_WRLCK;
      rc = osSetPosixAdvisoryLock(pFile.h, lock, pFile);
      if (rc < 0) return rc;
      pInode.bProcessLock = 1;
      pInode.nLock++;
    } else {
      rc = 0;
    }
  } else {
    if (
      SQLITE_ENABLE_SETLK_TIMEOUT &&
      pFile.bBlockOnConnect &&
      pLock.l_type === F_RDLCK &&
      pLock.l_start === SHARED_FIRST() &&
      pLock.l_len === SHARED_SIZE
    ) {
      rc = osFcntl(pFile.h, F_SETLKW, pLock);
    } else {
      rc = osSetPosixAdvisoryLock(pFile.h, pLock, pFile);
    }
  }
  return rc;
}

/** NON-UPSTREAM: `lock` on the stack of unixLock. */
const lockOfLock = new flock();

/**
 * The xLock method: raises the lock of this connection to `eFileLock`, never lowers it.
 *
 * The levels are built from read and write locks on three places of the file that hold no data: the
 * pending byte, the reserved byte, and the 510 bytes of the shared range.
 *
 *   - SHARED: a read lock on the pending byte for a moment, and a read lock on the shared range.
 *   - RESERVED: a write lock on the reserved byte.
 *   - PENDING: a write lock on the pending byte, which keeps new readers out. Only taken on the way
 *     from RESERVED to EXCLUSIVE, and kept when EXCLUSIVE then fails.
 *   - EXCLUSIVE: a write lock on the shared range.
 *
 * @param eFileLock SHARED_LOCK, RESERVED_LOCK or EXCLUSIVE_LOCK; from no lock only SHARED is allowed,
 *   and RESERVED only from SHARED.
 * @returns SQLITE_BUSY if another connection is in the way.
 * @divergence unix-stack-structs
 * @upstream os_unix.c unixLock
 */
function unixLock(id: sqlite3_file, eFileLock: number): number {
  let rc = SQLITE_OK;
  const pFile = id.pImpl as unixFile;
  const lock = lockOfLock;
  let tErrno = 0;

  assert(pFile);

  /* not through end_lock: the mutex has not been taken yet */
  if (pFile.eFileLock >= eFileLock) {
    return SQLITE_OK;
  }

  assert(pFile.eFileLock !== NO_LOCK || eFileLock === SHARED_LOCK);
  assert(eFileLock !== PENDING_LOCK);
  assert(eFileLock !== RESERVED_LOCK || pFile.eFileLock === SHARED_LOCK);

  const pInode = pFile.pInode!;
  sqlite3_mutex_enter(pInode.pLockMutex);

  end_lock: {
    /* another connection of this process is in the way; the kernel would not notice */
    if (
      pFile.eFileLock !== pInode.eFileLock &&
      (pInode.eFileLock >= PENDING_LOCK || eFileLock > SHARED_LOCK)
    ) {
      rc = SQLITE_BUSY;
      break end_lock;
    }

    /* another connection of this process has the kernel's lock already */
    if (
      eFileLock === SHARED_LOCK &&
      (pInode.eFileLock === SHARED_LOCK || pInode.eFileLock === RESERVED_LOCK)
    ) {
      assert(eFileLock === SHARED_LOCK);
      assert(pFile.eFileLock === 0);
      assert(pInode.nShared > 0);
      pFile.eFileLock = SHARED_LOCK;
      pInode.nShared++;
      pInode.nLock++;
      break end_lock;
    }

    lock.l_len = 1;
    lock.l_whence = SEEK_SET;
    if (eFileLock === SHARED_LOCK || (eFileLock === EXCLUSIVE_LOCK && pFile.eFileLock === RESERVED_LOCK)) {
      lock.l_type = eFileLock === SHARED_LOCK ? F_RDLCK : F_WRLCK;
      lock.l_start = PENDING_BYTE();
      if (unixFileLock(pFile, lock)) {
        tErrno = errno();
        rc = sqliteErrorFromPosixError(tErrno, SQLITE_IOERR_LOCK);
        if (rc !== SQLITE_BUSY) {
          storeLastErrno(pFile, tErrno);
        }
        break end_lock;
      } else if (eFileLock === EXCLUSIVE_LOCK) {
        pFile.eFileLock = PENDING_LOCK;
        pInode.eFileLock = PENDING_LOCK;
      }
    }

    if (eFileLock === SHARED_LOCK) {
      assert(pInode.nShared === 0);
      assert(pInode.eFileLock === 0);
      assert(rc === SQLITE_OK);

      /* l_type is still the read lock of the pending byte */
      lock.l_start = SHARED_FIRST();
      lock.l_len = SHARED_SIZE;
      if (unixFileLock(pFile, lock)) {
        tErrno = errno();
        rc = sqliteErrorFromPosixError(tErrno, SQLITE_IOERR_LOCK);
      }

      /* the pending byte was only a door to pass through, whether the lock was granted or not */
      lock.l_start = PENDING_BYTE();
      lock.l_len = 1;
      lock.l_type = F_UNLCK;
      if (unixFileLock(pFile, lock) && rc === SQLITE_OK) {
        tErrno = errno();
        rc = SQLITE_IOERR_UNLOCK;
      }

      if (rc) {
        if (rc !== SQLITE_BUSY) {
          storeLastErrno(pFile, tErrno);
        }
        break end_lock;
      } else {
        pFile.eFileLock = SHARED_LOCK;
        pInode.nLock++;
        pInode.nShared = 1;
      }
    } else if (eFileLock === EXCLUSIVE_LOCK && pInode.nShared > 1) {
      /* another reader inside this process, whom the kernel would let us lock out */
      rc = SQLITE_BUSY;
    } else if (unixIsSharingShmNode(pFile)) {
      /* Somebody still uses the -shm file, so the lock that should have kept him out is broken: a
       ** descriptor of the database was closed behind our back. Do not delete the WAL under him. */
      rc = SQLITE_BUSY;
    } else {
      assert(0 !== pFile.eFileLock);
      lock.l_type = F_WRLCK;

      assert(eFileLock === RESERVED_LOCK || eFileLock === EXCLUSIVE_LOCK);
      if (eFileLock === RESERVED_LOCK) {
        lock.l_start = RESERVED_BYTE();
        lock.l_len = 1;
      } else {
        lock.l_start = SHARED_FIRST();
        lock.l_len = SHARED_SIZE;
      }

      if (unixFileLock(pFile, lock)) {
        tErrno = errno();
        rc = sqliteErrorFromPosixError(tErrno, SQLITE_IOERR_LOCK);
        if (rc !== SQLITE_BUSY) {
          storeLastErrno(pFile, tErrno);
        }
      }
    }

    if (SQLITE_DEBUG) {
      /* from SHARED to RESERVED: a transaction begins, not a hot-journal rollback */
      if (rc === SQLITE_OK && pFile.eFileLock <= SHARED_LOCK && eFileLock === RESERVED_LOCK) {
        pFile.transCntrChng = 0;
        pFile.dbUpdate = 0;
        pFile.inNormalWrite = 1;
      }
    }

    if (rc === SQLITE_OK) {
      pFile.eFileLock = eFileLock;
      pInode.eFileLock = eFileLock;
    }
  }

  sqlite3_mutex_leave(pInode.pLockMutex);
  return rc;
}

/**
 * Hands the file's descriptor to the inode, to be closed when the last lock is gone. Takes the record
 * made at xOpen, so it cannot fail. The inode's mutex must be held.
 *
 * @upstream os_unix.c setPendingFd
 */
function setPendingFd(pFile: unixFile): void {
  const pInode = pFile.pInode!;
  const p = pFile.pPreallocatedUnused!;
  assert(unixFileMutexHeld(pFile));
  p.pNext = pInode.pUnused;
  pInode.pUnused = p;
  pFile.h = -1;
  pFile.pPreallocatedUnused = null;
}

/** NON-UPSTREAM: `lock` on the stack of posixUnlock. */
const lockOfUnlock = new flock();

/**
 * Lowers the lock of this connection to SHARED_LOCK or NO_LOCK; a lock already that low is left
 * alone. The kernel's lock goes with the last reader of the process, and with the last lock the
 * descriptors that could not be closed before.
 *
 * @param handleNFSUnlock always 0 here: the two-step downgrade is for Apple's NFS client.
 * @divergence unix-styles
 * @divergence unix-stack-structs
 * @upstream os_unix.c posixUnlock
 */
function posixUnlock(id: sqlite3_file, eFileLock: number, handleNFSUnlock: number): number {
  const pFile = id.pImpl as unixFile;
  const lock = lockOfUnlock;
  let rc = SQLITE_OK;

  assert(pFile);

  assert(eFileLock <= SHARED_LOCK);
  if (pFile.eFileLock <= eFileLock) {
    return SQLITE_OK;
  }
  const pInode = pFile.pInode!;
  sqlite3_mutex_enter(pInode.pLockMutex);
  end_unlock: {
    assert(pInode.nShared !== 0);
    if (pFile.eFileLock > SHARED_LOCK) {
      assert(pInode.eFileLock === pFile.eFileLock);

      if (SQLITE_DEBUG) {
        pFile.inNormalWrite = 0;
      }

      if (eFileLock === SHARED_LOCK) {
        assert(handleNFSUnlock === 0);
        lock.l_type = F_RDLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start = SHARED_FIRST();
        lock.l_len = SHARED_SIZE;
        if (unixFileLock(pFile, lock)) {
          /* Nobody can hold anything that conflicts, unless he breaks the protocol. SQLITE_BUSY would
           ** be an answer that the callers do not expect. */
          rc = SQLITE_IOERR_RDLOCK;
          storeLastErrno(pFile, errno());
          break end_unlock;
        }
      }
      lock.l_type = F_UNLCK;
      lock.l_whence = SEEK_SET;
      lock.l_start = PENDING_BYTE();
      lock.l_len = 2;
      assert(PENDING_BYTE() + 1 === RESERVED_BYTE());
      if (unixFileLock(pFile, lock) === 0) {
        pInode.eFileLock = SHARED_LOCK;
      } else {
        rc = SQLITE_IOERR_UNLOCK;
        storeLastErrno(pFile, errno());
        break end_unlock;
      }
    }
    if (eFileLock === NO_LOCK) {
      pInode.nShared--;
      if (pInode.nShared === 0) {
        lock.l_type = F_UNLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start = lock.l_len = 0;
        if (unixFileLock(pFile, lock) === 0) {
          pInode.eFileLock = NO_LOCK;
        } else {
          rc = SQLITE_IOERR_UNLOCK;
          storeLastErrno(pFile, errno());
          pInode.eFileLock = NO_LOCK;
          pFile.eFileLock = NO_LOCK;
        }
      }

      pInode.nLock--;
      assert(pInode.nLock >= 0);
      if (pInode.nLock === 0) closePendingFds(pFile);
    }
  }

  sqlite3_mutex_leave(pInode.pLockMutex);
  if (rc === SQLITE_OK) {
    pFile.eFileLock = eFileLock;
  }
  return rc;
}

/**
 * The xUnlock method: lowers the lock to SHARED_LOCK or NO_LOCK. To NO_LOCK only when no mapped page
 * is out any more.
 *
 * @upstream os_unix.c unixUnlock
 */
function unixUnlock(id: sqlite3_file, eFileLock: number): number {
  if (SQLITE_MAX_MMAP_SIZE > 0) {
    assert(eFileLock === SHARED_LOCK || (id.pImpl as unixFile).nFetchOut === 0);
  }
  return posixUnlock(id, eFileLock, 0);
}

/**
 * What closing means under every locking style: unmaps, closes the descriptor unless it has been
 * handed on, frees the spare record and zeroes the state, the methods included.
 *
 * @returns SQLITE_OK always.
 * @divergence unix-file-state
 * @upstream os_unix.c closeUnixFile
 */
function closeUnixFile(id: sqlite3_file): number {
  const pFile = id.pImpl as unixFile;
  if (SQLITE_MAX_MMAP_SIZE > 0) {
    unixUnmapfile(pFile);
  }
  if (pFile.h >= 0) {
    robust_close(pFile, pFile.h, 42500);
    pFile.h = -1;
  }
  if (SQLITE_UNLINK_AFTER_CLOSE) {
    if (pFile.ctrlFlags & UNIXFILE_DELETE) {
      osUnlink(pFile.zPath!);
      sqlite3_free(pFile.zPath);
      pFile.zPath = null;
    }
  }
  sqlite3_free(pFile.pPreallocatedUnused);
  pFile.clear();
  id.pMethods = null;
  return SQLITE_OK;
}

/**
 * The xClose method of files locked with POSIX locks. If other connections of this process hold locks
 * on the inode, the descriptor stays open until they are gone.
 *
 * @upstream os_unix.c unixClose
 */
function unixClose(id: sqlite3_file): number {
  let rc = SQLITE_OK;
  const pFile = id.pImpl as unixFile;
  const pInode = pFile.pInode!;

  assert(pInode !== null);
  verifyDbFile(pFile);
  unixUnlock(id, NO_LOCK);
  assert(unixFileMutexNotheld(pFile));
  unixEnterMutex();

  assert(pFile.pInode!.nLock > 0 || pFile.pInode!.bProcessLock === 0);
  sqlite3_mutex_enter(pInode.pLockMutex);
  if (pInode.nLock) {
    setPendingFd(pFile);
  }
  sqlite3_mutex_leave(pInode.pLockMutex);
  releaseInodeInfo(pFile);
  assert(pFile.pShm === null);
  rc = closeUnixFile(id);
  unixLeaveMutex();
  return rc;
}

/* ---------------------------------------------------------------- no locking */

/**
 * xCheckReservedLock without locks: nobody ever holds one.
 *
 * @upstream os_unix.c nolockCheckReservedLock
 */
function nolockCheckReservedLock(_NotUsed: sqlite3_file, pResOut: Ref<number>): number {
  pResOut.value = 0;
  return SQLITE_OK;
}

/**
 * xLock without locks: always granted.
 *
 * @upstream os_unix.c nolockLock
 */
function nolockLock(_NotUsed: sqlite3_file, _NotUsed2: number): number {
  return SQLITE_OK;
}

/**
 * xUnlock without locks.
 *
 * @upstream os_unix.c nolockUnlock
 */
function nolockUnlock(_NotUsed: sqlite3_file, _NotUsed2: number): number {
  return SQLITE_OK;
}

/**
 * xClose without locks: the descriptor can be closed at once.
 *
 * @upstream os_unix.c nolockClose
 */
function nolockClose(id: sqlite3_file): number {
  return closeUnixFile(id);
}

/* ---------------------------------------------------------------- locking by lock directories */

/** Appended to the database's name to get the lock directory's. */
const DOTLOCK_SUFFIX: string = ".lock";

/**
 * xCheckReservedLock of the dot-file style. Who holds any lock is alone; who holds none asks whether
 * the lock directory exists.
 *
 * @upstream os_unix.c dotlockCheckReservedLock
 */
function dotlockCheckReservedLock(id: sqlite3_file, pResOut: Ref<number>): number {
  const pFile = id.pImpl as unixFile;

  if (pFile.eFileLock >= SHARED_LOCK) {
    pResOut.value = 0;
  } else {
    pResOut.value = osAccess(pFile.lockingContext!, 0) === 0 ? 1 : 0;
  }
  return SQLITE_OK;
}

/**
 * xLock of the dot-file style: every lock is exclusive and consists of a directory beside the
 * database, since making one succeeds for one process only on any file system. Higher levels are
 * only remembered; the directory's time is renewed.
 *
 * @returns SQLITE_BUSY if the directory exists.
 * @upstream os_unix.c dotlockLock
 */
function dotlockLock(id: sqlite3_file, eFileLock: number): number {
  const pFile = id.pImpl as unixFile;
  const zLockFile = pFile.lockingContext!;
  let rc = SQLITE_OK;

  if (pFile.eFileLock > NO_LOCK) {
    pFile.eFileLock = eFileLock;
    utimes(zLockFile, null);
    return SQLITE_OK;
  }

  rc = osMkdir(zLockFile, 0o777);
  if (rc < 0) {
    const tErrno = errno();
    if (EEXIST === tErrno) {
      rc = SQLITE_BUSY;
    } else {
      rc = sqliteErrorFromPosixError(tErrno, SQLITE_IOERR_LOCK);
      if (rc !== SQLITE_BUSY) {
        storeLastErrno(pFile, tErrno);
      }
    }
    return rc;
  }

  pFile.eFileLock = eFileLock;
  return rc;
}

/**
 * xUnlock of the dot-file style: down to SHARED_LOCK the directory stays, at NO_LOCK it is removed.
 *
 * @upstream os_unix.c dotlockUnlock
 */
function dotlockUnlock(id: sqlite3_file, eFileLock: number): number {
  const pFile = id.pImpl as unixFile;
  const zLockFile = pFile.lockingContext!;
  let rc: number;

  assert(pFile);
  assert(eFileLock <= SHARED_LOCK);

  if (pFile.eFileLock === eFileLock) {
    return SQLITE_OK;
  }

  if (eFileLock === SHARED_LOCK) {
    pFile.eFileLock = SHARED_LOCK;
    return SQLITE_OK;
  }

  assert(eFileLock === NO_LOCK);
  rc = osRmdir(zLockFile);
  if (rc < 0) {
    const tErrno = errno();
    if (tErrno === ENOENT) {
      rc = SQLITE_OK;
    } else {
      rc = SQLITE_IOERR_UNLOCK;
      storeLastErrno(pFile, tErrno);
    }
    return rc;
  }
  pFile.eFileLock = NO_LOCK;
  return SQLITE_OK;
}

/**
 * xClose of the dot-file style: gives the lock back first.
 *
 * @upstream os_unix.c dotlockClose
 */
function dotlockClose(id: sqlite3_file): number {
  const pFile = id.pImpl as unixFile;
  assert(id !== null);
  dotlockUnlock(id, NO_LOCK);
  sqlite3_free(pFile.lockingContext);
  return closeUnixFile(id);
}

/* ---------------------------------------------------------------- reading, writing, syncing */

/**
 * Reads `cnt` bytes at `offset`, going on after a short read and after EINTR. After an error the
 * errno is in `lastErrno`.
 *
 * @param cnt at most 131071.
 * @returns how many bytes were read, fewer than `cnt` at the end of the file; negative for an error.
 * @upstream os_unix.c seekAndRead
 */
function seekAndRead(id: unixFile, offset: number, pBuf: Uint8Array, cnt: number): number {
  let got: number;
  let prior = 0;
  let newOffset: number;
  assert(cnt === (cnt & 0x1ffff));
  assert(id.h > 2);
  do {
    if (USE_PREAD) {
      got = osPread(id.h, pBuf, cnt, offset);
    } else if (USE_PREAD64) {
      got = osPread64(id.h, pBuf, cnt, offset);
    } else {
      newOffset = lseek(id.h, offset, SEEK_SET);
      if (newOffset < 0) {
        storeLastErrno(id, errno());
        return -1;
      }
      got = osRead(id.h, pBuf, cnt);
    }
    if (got === cnt) break;
    if (got < 0) {
      if (errno() === EINTR) {
        got = 1; /* anything that keeps the loop going */
        continue;
      }
      prior = 0;
      storeLastErrno(id, errno());
      break;
    } else if (got > 0) {
      cnt -= got;
      offset += got;
      prior += got;
      pBuf = pBuf.subarray(got);
    }
  } while (got > 0);
  return got + prior;
}

/**
 * The xRead method. What the memory mapping covers is copied from there.
 *
 * @returns SQLITE_IOERR_SHORT_READ if the file ends before, with the rest of the buffer zeroed;
 *   SQLITE_IOERR_CORRUPTFS for errors that speak of a damaged device; else SQLITE_IOERR_READ.
 * @divergence number-bytes
 * @upstream os_unix.c unixRead
 */
function unixRead(id: sqlite3_file, pBuf: Uint8Array, amt: number, offset: number): number {
  const pFile = id.pImpl as unixFile;
  assert(id);
  assert(offset >= 0);
  assert(amt > 0);

  if (SQLITE_MAX_MMAP_SIZE > 0) {
    if (offset < pFile.mmapSize) {
      if (offset + amt <= pFile.mmapSize) {
        memcpy(pBuf, pFile.pMapRegion!.subarray(offset, offset + amt), amt);
        return SQLITE_OK;
      } else {
        const nCopy = pFile.mmapSize - offset;
        memcpy(pBuf, pFile.pMapRegion!.subarray(offset, offset + nCopy), nCopy);
        pBuf = pBuf.subarray(nCopy);
        amt -= nCopy;
        offset += nCopy;
      }
    }
  }

  const got = seekAndRead(pFile, offset, pBuf, amt);
  if (got === amt) {
    return SQLITE_OK;
  } else if (got < 0) {
    switch (pFile.lastErrno.value) {
      case ERANGE:
      case EIO:
      case ENXIO:
        return SQLITE_IOERR_CORRUPTFS;
    }
    return SQLITE_IOERR_READ;
  } else {
    storeLastErrno(pFile, 0); /* not a system error */
    pBuf.fill(0, got, amt);
    return SQLITE_IOERR_SHORT_READ;
  }
}

/**
 * Writes `nBuf` bytes at `iOff`, again after EINTR.
 *
 * @param nBuf at most 131071.
 * @param piErrno receives the errno if the result is -1, and is left alone otherwise.
 * @returns how many bytes were written, perhaps fewer than asked for, or -1.
 * @upstream os_unix.c seekAndWriteFd
 */
function seekAndWriteFd(
  fd: number,
  iOff: number,
  pBuf: Uint8Array,
  nBuf: number,
  piErrno: Ref<number>,
): number {
  let rc = 0;

  assert(nBuf === (nBuf & 0x1ffff));
  assert(fd > 2);
  assert(piErrno !== null);
  nBuf &= 0x1ffff;

  if (USE_PREAD) {
    do {
      rc = osPwrite(fd, pBuf, nBuf, iOff) | 0;
    } while (rc < 0 && errno() === EINTR);
  } else if (USE_PREAD64) {
    do {
      rc = osPwrite64(fd, pBuf, nBuf, iOff) | 0;
    } while (rc < 0 && errno() === EINTR);
  } else {
    do {
      const iSeek = lseek(fd, iOff, SEEK_SET);
      if (iSeek < 0) {
        rc = -1;
        break;
      }
      rc = osWrite(fd, pBuf, nBuf);
    } while (rc < 0 && errno() === EINTR);
  }

  if (rc < 0) piErrno.value = errno();
  return rc;
}

/**
 * Writes `cnt` bytes at `offset` of an open file; an errno goes to `lastErrno`.
 *
 * @returns how many bytes were written, or -1.
 * @upstream os_unix.c seekAndWrite
 */
function seekAndWrite(id: unixFile, offset: number, pBuf: Uint8Array, cnt: number): number {
  return seekAndWriteFd(id.h, offset, pBuf, cnt, id.lastErrno);
}

/**
 * The xWrite method.
 *
 * @returns SQLITE_FULL for ENOSPC and when nothing more can be written; SQLITE_IOERR_WRITE for other
 *   errors.
 * @upstream os_unix.c unixWrite
 */
function unixWrite(id: sqlite3_file, pBuf: Uint8Array, amt: number, offset: number): number {
  const pFile = id.pImpl as unixFile;
  let wrote = 0;
  assert(id);
  assert(amt > 0);

  if (SQLITE_DEBUG) {
    if (pFile.inNormalWrite) {
      pFile.dbUpdate = 1;
      if (offset <= 24 && offset + amt >= 27) {
        const oldCntr = new Uint8Array(4);
        const rc = seekAndRead(pFile, 24, oldCntr, 4);
        if (rc !== 4 || memcmp(oldCntr, pBuf.subarray(24 - offset), 4) !== 0) {
          pFile.transCntrChng = 1;
        }
      }
    }
  }

  if (SQLITE_MMAP_READWRITE && SQLITE_MAX_MMAP_SIZE > 0) {
    if (offset < pFile.mmapSize) {
      if (offset + amt <= pFile.mmapSize) {
        memcpy(pFile.pMapRegion!.subarray(offset), pBuf, amt);
        return SQLITE_OK;
      } else {
        const nCopy = pFile.mmapSize - offset;
        memcpy(pFile.pMapRegion!.subarray(offset), pBuf, nCopy);
        pBuf = pBuf.subarray(nCopy);
        amt -= nCopy;
        offset += nCopy;
      }
    }
  }

  while ((wrote = seekAndWrite(pFile, offset, pBuf, amt)) < amt && wrote > 0) {
    amt -= wrote;
    offset += wrote;
    pBuf = pBuf.subarray(wrote);
  }

  if (amt > wrote) {
    if (wrote < 0 && pFile.lastErrno.value !== ENOSPC) {
      return SQLITE_IOERR_WRITE;
    } else {
      storeLastErrno(pFile, 0); /* not a system error */
      return SQLITE_FULL;
    }
  }

  return SQLITE_OK;
}

/**
 * Waits until a file is on the disk. Linux has no full barrier beyond that, so the two flags make no
 * difference; and unless HAVE_FDATASYNC is set, fsync is used, which is slower and always right.
 *
 * @returns 0, or non-zero with errno set.
 * @divergence unix-styles
 * @upstream os_unix.c full_fsync
 * @divergence test-counters
 */
function full_fsync(fd: number, _fullSync: number, _dataOnly: number): number {
  let rc: number;

  if (SQLITE_NO_SYNC) {
    /* at least find out whether the descriptor is one */
    const buf = new stat();
    rc = osFstat(fd, buf);
  } else {
    rc = HAVE_FDATASYNC ? fdatasync(fd) : fsync(fd);
  }
  return rc;
}

/**
 * Opens the directory that holds a file, for syncing it: only then is the creation or deletion of
 * the file on the disk. This is one of the overridable system calls; a replacement may return
 * SQLITE_OK and a negative descriptor to have no directory synced.
 *
 * @param pFd receives the descriptor, which the caller closes.
 * @returns SQLITE_OK or SQLITE_CANTOPEN.
 * @upstream os_unix.c openDirectory
 */
function openDirectory(zFilename: CString, pFd: Ref<number>): number {
  let ii: number;
  let fd = -1;
  const zDirname = new Uint8Array(MAX_PATHNAME + 1);

  sqlite3_snprintf(MAX_PATHNAME, zDirname, "%s", zFilename);
  for (ii = strlen(zDirname) | 0; ii > 0 && zDirname[ii] !== 0x2f; ii--) {}
  if (ii > 0) {
    zDirname[ii] = 0;
  } else {
    if (zDirname[0] !== 0x2f) zDirname[0] = 0x2e;
    zDirname[1] = 0;
  }
  fd = robust_open(zDirname, O_RDONLY | O_BINARY, 0);
  if (fd >= 0) {
    /* upstream traces the descriptor and the name here */
  }
  pFd.value = fd;
  if (fd >= 0) return SQLITE_OK;
  return unixLogError(SQLITE_CANTOPEN_BKPT(44081), "openDirectory", zDirname, 44081);
}

/**
 * The xSync method: brings the file to the disk and, the first time after it was created, its
 * directory too. Not every system can sync a directory; failures of that part are ignored.
 *
 * @param flags SQLITE_SYNC_NORMAL or SQLITE_SYNC_FULL, perhaps with SQLITE_SYNC_DATAONLY.
 * @upstream os_unix.c unixSync
 */
function unixSync(id: sqlite3_file, flags: number): number {
  let rc: number;
  const pFile = id.pImpl as unixFile;

  const isDataOnly = flags & SQLITE_SYNC_DATAONLY;
  const isFullsync = (flags & 0x0f) === SQLITE_SYNC_FULL ? 1 : 0;

  assert((flags & 0x0f) === SQLITE_SYNC_NORMAL || (flags & 0x0f) === SQLITE_SYNC_FULL);

  assert(pFile);
  rc = full_fsync(pFile.h, isFullsync, isDataOnly);
  if (rc) {
    storeLastErrno(pFile, errno());
    return unixLogError(SQLITE_IOERR_FSYNC, "full_fsync", pFile.zPath, 44122);
  }

  if (pFile.ctrlFlags & UNIXFILE_DIRSYNC) {
    const dirfd = new Ref(0);
    rc = osOpenDirectory(pFile.zPath!, dirfd);
    if (rc === SQLITE_OK) {
      full_fsync(dirfd.value, 0, 0);
      robust_close(pFile, dirfd.value, 44136);
    } else {
      assert(rc === SQLITE_CANTOPEN);
      rc = SQLITE_OK;
    }
    pFile.ctrlFlags &= ~UNIXFILE_DIRSYNC;
  }
  return rc;
}

/**
 * The xTruncate method. With a chunk size the file keeps whole chunks, so it may stay larger than
 * asked for. The mapping stays, but is not used beyond the new end.
 *
 * @param nByte new size in bytes.
 * @upstream os_unix.c unixTruncate
 */
function unixTruncate(id: sqlite3_file, nByte: number): number {
  const pFile = id.pImpl as unixFile;
  assert(pFile);

  if (pFile.szChunk > 0) {
    nByte = Math.floor((nByte + pFile.szChunk - 1) / pFile.szChunk) * pFile.szChunk;
  }

  const rc = robust_ftruncate(pFile.h, nByte);
  if (rc) {
    storeLastErrno(pFile, errno());
    return unixLogError(SQLITE_IOERR_TRUNCATE, "ftruncate", pFile.zPath, 44167);
  } else {
    if (SQLITE_DEBUG) {
      /* an emptied file has a new change counter too: none */
      if (pFile.inNormalWrite && nByte === 0) {
        pFile.transCntrChng = 1;
      }
    }

    if (SQLITE_MAX_MMAP_SIZE > 0) {
      if (nByte < pFile.mmapSize) {
        pFile.mmapSize = nByte;
      }
    }

    return SQLITE_OK;
  }
}

/** NON-UPSTREAM: `buf` on the stack of unixFileSize. */
const bufOfFileSize = new stat();

/**
 * The xFileSize method. A size of 1 is reported as 0: on some systems one byte had to be written into
 * an empty database to learn its inode.
 *
 * @param pSize receives the size in bytes; unchanged after an error.
 * @divergence unix-stack-structs
 * @upstream os_unix.c unixFileSize
 */
function unixFileSize(id: sqlite3_file, pSize: Ref<number>): number {
  const buf = bufOfFileSize;
  assert(id);
  const rc = osFstat((id.pImpl as unixFile).h, buf);
  if (rc !== 0) {
    storeLastErrno(id.pImpl as unixFile, errno());
    return SQLITE_IOERR_FSTAT;
  }
  pSize.value = buf.st_size;

  if (pSize.value === 1) pSize.value = 0;

  return SQLITE_OK;
}

/* ---------------------------------------------------------------- file control and device properties */

/**
 * Answers SQLITE_FCNTL_SIZE_HINT: grows the file to at least `nByte` bytes, rounded up to whole
 * chunks when a chunk size is configured, and maps that much if memory mapping is on.
 *
 * A file that is already large enough is left alone. Without a chunk size the file itself is only
 * extended when it is going to be mapped.
 *
 * @param nByte wanted size in bytes.
 * @upstream os_unix.c fcntlSizeHint
 */
function fcntlSizeHint(pFile: unixFile, nByte: number): number {
  if (pFile.szChunk > 0) {
    const buf = new stat();

    if (osFstat(pFile.h, buf)) {
      return SQLITE_IOERR_FSTAT;
    }

    const nSize = Math.floor((nByte + pFile.szChunk - 1) / pFile.szChunk) * pFile.szChunk;
    if (nSize > buf.st_size) {
      if (HAVE_POSIX_FALLOCATE) {
        /* posix_fallocate reports its error as the result, not through errno */
        let err: number;
        do {
          err = osFallocate(pFile.h, buf.st_size, nSize - buf.st_size);
        } while (err === EINTR);
        if (err && err !== EINVAL) return SQLITE_IOERR_WRITE;
      } else {
        /* one byte at the end of every new block makes the file system allocate it */
        const nBlk = buf.st_blksize;
        let nWrite = 0;
        let iWrite: number;

        iWrite = Math.floor(buf.st_size / nBlk) * nBlk + nBlk - 1;
        assert(iWrite >= buf.st_size);
        assert((iWrite + 1) % nBlk === 0);
        for (; iWrite < nSize + nBlk - 1; iWrite += nBlk) {
          if (iWrite >= nSize) iWrite = nSize - 1;
          nWrite = seekAndWrite(pFile, iWrite, toCString(""), 1);
          if (nWrite !== 1) return SQLITE_IOERR_WRITE;
        }
      }
    }
  }

  if (SQLITE_MAX_MMAP_SIZE > 0) {
    if (pFile.mmapSizeMax > 0 && nByte > pFile.mmapSize) {
      if (pFile.szChunk <= 0) {
        if (robust_ftruncate(pFile.h, nByte)) {
          storeLastErrno(pFile, errno());
          return unixLogError(SQLITE_IOERR_TRUNCATE, "ftruncate", pFile.zPath, 44288);
        }
      }

      const rc = unixMapfile(pFile, nByte);
      return rc;
    }
  }

  return SQLITE_OK;
}

/**
 * Reads or changes one bit of `ctrlFlags` for a file control: a negative `*pArg` asks and receives
 * 0 or 1, zero clears the bit, anything else sets it.
 *
 * @upstream os_unix.c unixModeBit
 */
function unixModeBit(pFile: unixFile, mask: number, pArg: Ref<number>): void {
  if (pArg.value < 0) {
    pArg.value = (pFile.ctrlFlags & mask) !== 0 ? 1 : 0;
  } else if (pArg.value === 0) {
    pFile.ctrlFlags &= ~mask;
  } else {
    pFile.ctrlFlags |= mask;
  }
}

/**
 * The xFileControl method. What `pArg` is depends on the opcode: a `Ref<number>` for the integer
 * ones, a `Ref<CString | null>` that receives an allocated name for VFSNAME and TEMPFILENAME, a
 * `sqlite3_str` for FILESTAT.
 *
 * @returns SQLITE_NOTFOUND for an opcode that this VFS does not know.
 * @divergence unix-styles
 * @upstream os_unix.c unixFileControl
 */
function unixFileControl(id: sqlite3_file, op: number, pArg: unknown): number {
  const pFile = id.pImpl as unixFile;
  switch (op) {
    case SQLITE_FCNTL_BEGIN_ATOMIC_WRITE: {
      if (!SQLITE_ENABLE_BATCH_ATOMIC_WRITE) break;
      const rc = osIoctl(pFile.h, F2FS_IOC_START_ATOMIC_WRITE);
      return rc ? SQLITE_IOERR_BEGIN_ATOMIC : SQLITE_OK;
    }
    case SQLITE_FCNTL_COMMIT_ATOMIC_WRITE: {
      if (!SQLITE_ENABLE_BATCH_ATOMIC_WRITE) break;
      const rc = osIoctl(pFile.h, F2FS_IOC_COMMIT_ATOMIC_WRITE);
      return rc ? SQLITE_IOERR_COMMIT_ATOMIC : SQLITE_OK;
    }
    case SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE: {
      if (!SQLITE_ENABLE_BATCH_ATOMIC_WRITE) break;
      const rc = osIoctl(pFile.h, F2FS_IOC_ABORT_VOLATILE_WRITE);
      return rc ? SQLITE_IOERR_ROLLBACK_ATOMIC : SQLITE_OK;
    }

    case SQLITE_FCNTL_NULL_IO: {
      osClose(pFile.h);
      pFile.h = -1;
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_LOCKSTATE: {
      (pArg as Ref<number>).value = pFile.eFileLock;
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_LAST_ERRNO: {
      (pArg as Ref<number>).value = pFile.lastErrno.value;
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_CHUNK_SIZE: {
      pFile.szChunk = (pArg as Ref<number>).value;
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_SIZE_HINT: {
      const rc = fcntlSizeHint(pFile, (pArg as Ref<number>).value);
      return rc;
    }
    case SQLITE_FCNTL_PERSIST_WAL: {
      unixModeBit(pFile, UNIXFILE_PERSIST_WAL, pArg as Ref<number>);
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_POWERSAFE_OVERWRITE: {
      unixModeBit(pFile, UNIXFILE_PSOW, pArg as Ref<number>);
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_VFSNAME: {
      (pArg as Ref<CString | null>).value = sqlite3_mprintf("%s", pFile.pVfs!.zName);
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_TEMPFILENAME: {
      const zTFile = sqlite3_malloc64(pFile.pVfs!.mxPathname);
      if (zTFile !== null) {
        unixGetTempname(pFile.pVfs!.mxPathname, zTFile);
        (pArg as Ref<CString | null>).value = zTFile;
      }
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_HAS_MOVED: {
      (pArg as Ref<number>).value = fileHasMoved(pFile);
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_LOCK_TIMEOUT: {
      if (!SQLITE_ENABLE_SETLK_TIMEOUT) break;
      const iOld = pFile.iBusyTimeout;
      const iNew = (pArg as Ref<number>).value;
      if (SQLITE_ENABLE_SETLK_TIMEOUT === 1) {
        pFile.iBusyTimeout = iNew < 0 ? 0x7fffffff : iNew >>> 0;
      } else if (SQLITE_ENABLE_SETLK_TIMEOUT === 2) {
        pFile.iBusyTimeout = (pArg as Ref<number>).value ? 1 : 0;
      }
      (pArg as Ref<number>).value = iOld;
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_BLOCK_ON_CONNECT: {
      if (!SQLITE_ENABLE_SETLK_TIMEOUT) break;
      const iNew = (pArg as Ref<number>).value;
      pFile.bBlockOnConnect = iNew;
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_MMAP_SIZE: {
      if (SQLITE_MAX_MMAP_SIZE <= 0) break;
      let newLimit = (pArg as Ref<number>).value;
      let rc = SQLITE_OK;
      if (newLimit > sqlite3GlobalConfig.mxMmap) {
        newLimit = sqlite3GlobalConfig.mxMmap;
      }

      /* the size goes to mmap() as a size_t */
      if (newLimit > 0 && sizeof.ptr < 8) {
        newLimit = newLimit & 0x7fffffff;
      }

      (pArg as Ref<number>).value = pFile.mmapSizeMax;
      if (newLimit >= 0 && newLimit !== pFile.mmapSizeMax && pFile.nFetchOut === 0) {
        pFile.mmapSizeMax = newLimit;
        if (pFile.mmapSize > 0) {
          unixUnmapfile(pFile);
          rc = unixMapfile(pFile, -1);
        }
      }
      return rc;
    }
    case SQLITE_FCNTL_DB_UNCHANGED: {
      /* after a rollback the change counter may rightly be what it was */
      if (!SQLITE_DEBUG) break;
      (id.pImpl as unixFile).dbUpdate = 0;
      return SQLITE_OK;
    }

    case SQLITE_FCNTL_EXTERNAL_READER: {
      return unixFcntlExternalReader(id.pImpl as unixFile, pArg as Ref<number>);
    }

    case SQLITE_FCNTL_FILESTAT: {
      if (!(SQLITE_DEBUG || SQLITE_ENABLE_FILESTAT)) break;
      const pStr = pArg as sqlite3_str;
      const aLck = new Uint8Array(16);
      let pInode: unixInodeInfo | null;
      const azLock = ["SHARED", "RESERVED", "PENDING", "EXCLUSIVE"];
      sqlite3_str_appendf(pStr, '{"h":%d', pFile.h);
      sqlite3_str_appendf(pStr, ',"vfs":"%s"', pFile.pVfs!.zName);
      if (pFile.eFileLock) {
        sqlite3_str_appendf(pStr, ',"eFileLock":"%s"', azLock[pFile.eFileLock - 1]!);
        if (unixPosixAdvisoryLocks(pFile.h, aLck) === SQLITE_OK) {
          sqlite3_str_appendf(pStr, ',"pal":"%s"', aLck);
        }
      }
      unixEnterMutex();
      if (pFile.pShm !== null) {
        sqlite3_str_appendall(pStr, toCString(',"shm":'));
        unixDescribeShm(pStr, pFile.pShm);
      }
      if (SQLITE_MAX_MMAP_SIZE > 0) {
        if (pFile.mmapSize) {
          sqlite3_str_appendf(pStr, ',"mmapSize":%lld', pFile.mmapSize);
          sqlite3_str_appendf(pStr, ',"nFetchOut":%d', pFile.nFetchOut);
        }
      }
      if ((pInode = pFile.pInode) !== null) {
        sqlite3_str_appendf(pStr, ',"inode":{"nRef":%d', pInode.nRef);
        sqlite3_mutex_enter(pInode.pLockMutex);
        sqlite3_str_appendf(pStr, ',"nShared":%d', pInode.nShared);
        if (pInode.eFileLock) {
          sqlite3_str_appendf(pStr, ',"eFileLock":"%s"', azLock[pInode.eFileLock - 1]!);
        }
        if (pInode.pUnused !== null) {
          let cSep = 0x5b; /* '[' */
          let pUFd: UnixUnusedFd | null = pFile.pInode!.pUnused;
          sqlite3_str_appendall(pStr, toCString(',"unusedFd":'));
          while (pUFd !== null) {
            sqlite3_str_appendf(pStr, '%c{"fd":%d,"flags":%d', cSep, pUFd.fd, pUFd.flags);
            cSep = 0x2c; /* ',' */
            if (unixPosixAdvisoryLocks(pUFd.fd, aLck) === SQLITE_OK) {
              sqlite3_str_appendf(pStr, ',"pal":"%s"', aLck);
            }
            sqlite3_str_append(pStr, toCString("}"), 1);
            pUFd = pUFd.pNext;
          }
          sqlite3_str_append(pStr, toCString("]"), 1);
        }
        sqlite3_mutex_leave(pInode.pLockMutex);
        sqlite3_str_append(pStr, toCString("}"), 1);
      }
      unixLeaveMutex();
      sqlite3_str_append(pStr, toCString("}"), 1);
      return SQLITE_OK;
    }
  }
  return SQLITE_NOTFOUND;
}

/**
 * Fills in `sectorSize` and `deviceCharacteristics`, once per file: a non-zero sector size says
 * that it has been done.
 *
 * @divergence qnx
 * @upstream os_unix.c setDeviceCharacteristics
 */
function setDeviceCharacteristics(pFd: unixFile): void {
  assert(pFd.deviceCharacteristics === 0 || pFd.sectorSize !== 0);
  if (pFd.sectorSize === 0) {
    if (SQLITE_ENABLE_BATCH_ATOMIC_WRITE) {
      const f = new Uint32Array(1);

      /* only f2fs knows this ioctl; elsewhere it fails and nothing is claimed */
      const res = osIoctl(pFd.h, F2FS_IOC_GET_FEATURES, f);
      if (res === 0 && f[0]! & F2FS_FEATURE_ATOMIC_WRITE) {
        pFd.deviceCharacteristics = SQLITE_IOCAP_BATCH_ATOMIC;
      }
    }

    if (pFd.ctrlFlags & UNIXFILE_PSOW) {
      pFd.deviceCharacteristics |= SQLITE_IOCAP_POWERSAFE_OVERWRITE;
    }
    pFd.deviceCharacteristics |= SQLITE_IOCAP_SUBPAGE_READ;

    pFd.sectorSize = SQLITE_DEFAULT_SECTOR_SIZE;
  }
}

/**
 * The xSectorSize method. Never fails, and gives a database and its journal the same answer.
 *
 * @returns bytes.
 * @upstream os_unix.c unixSectorSize
 */
function unixSectorSize(id: sqlite3_file): number {
  const pFd = id.pImpl as unixFile;
  setDeviceCharacteristics(pFd);
  return pFd.sectorSize;
}

/**
 * The xDeviceCharacteristics method: SQLITE_IOCAP_* bits. Powersafe overwrite is claimed unless the
 * URI parameter `psow=0` or the file control took it away.
 *
 * @upstream os_unix.c unixDeviceCharacteristics
 */
function unixDeviceCharacteristics(id: sqlite3_file): number {
  const pFd = id.pImpl as unixFile;
  setDeviceCharacteristics(pFd);
  return pFd.deviceCharacteristics;
}

/**
 * Bytes per page of the virtual memory system. Called through `osGetpagesize()` only, so that it
 * can be overridden.
 *
 * @upstream os_unix.c unixGetpagesize
 */
function unixGetpagesize(): number {
  return sysconf(_SC_PAGESIZE) | 0;
}

/* ---------------------------------------------------------------- shared memory */

/**
 * One open wal-index of this process. Every connection to the same database file shares it; it
 * hangs on the file's unixInodeInfo, which exists once per file and process.
 *
 * `nRef` belongs to the global mutex, `hShm` and `zFilename` never change after creation, all the
 * rest belongs to `pShmMutex`. With SQLITE_ENABLE_SETLK_TIMEOUT each slot of `aLock` has a mutex of
 * its own, because an fcntl() on it may block.
 *
 * The struct and the file name after it are one counted block, as in C.
 *
 * @divergence unix-shm-views
 * @upstream os_unix.c unixShmNode
 */
export class unixShmNode implements Counted {
  mem: Uint8Array | null;
  /** The inode that owns this node. */
  pInode: unixInodeInfo | null = null;
  pShmMutex: sqlite3_mutex | null = null;
  /** Name of the mapped file; lies in `mem` behind the struct's own bytes. */
  zFilename: CString | null = null;
  /** Descriptor of the mapped file; -1 when heap memory stands in for it (process-exclusive locking). */
  hShm = 0;
  /** Bytes per region. */
  szRegion = 0;
  /** Number of regions mapped, a u16. */
  nRegion = 0;
  isReadonly = 0;
  /** True while the lock on the dead man's switch is still owed. */
  isUnlocked = 0;
  /** Views of the mapped regions, `szRegion` bytes each; null when their memory is gone. */
  apRegion: (Uint8Array | null)[] = [];
  /** NON-UPSTREAM: the counted block that C's array of region pointers would be. */
  apRegionMem: Uint8Array | null = null;
  /** NON-UPSTREAM: what starts with region i: the address of a mapping, or the allocator's block. */
  aRegionStart: (number | Uint8Array)[] = [];
  /** Number of unixShm objects that point here. */
  nRef = 0;
  /** List of those objects. */
  pFirst: unixShm | null = null;
  /** One mutex per lock slot (SQLITE_ENABLE_SETLK_TIMEOUT). */
  aMutex: (sqlite3_mutex | null)[] = [null, null, null, null, null, null, null, null];
  /** Per lock slot: number of shared locks held by this process, -1 for an exclusive one. */
  aLock = new Int32Array(SQLITE_SHM_NLOCK);
  /** Next value of unixShm.id, a u8 (SQLITE_DEBUG). */
  nextShmId = 0;

  constructor(mem: Uint8Array | null) {
    this.mem = mem;
  }
}

/**
 * One connection's use of a wal-index. `pShmNode` and `id` never change; the rest belongs to the
 * node's mutex.
 *
 * @upstream os_unix.c unixShm
 */
export class unixShm implements Counted {
  mem: Uint8Array | null;
  pShmNode: unixShmNode | null = null;
  /** Next connection of the same node. */
  pNext: unixShm | null = null;
  /** Unused, as upstream. */
  hasMutex = 0;
  /** Number of the connection within its node. */
  id = 0;
  /** Bit per lock slot: shared locks held by this connection. */
  sharedMask = 0;
  /** Bit per lock slot: exclusive locks held by this connection. */
  exclMask = 0;

  constructor(mem: Uint8Array | null) {
    this.mem = mem;
  }
}

/** Offset in the -shm file of the first lock byte: behind both headers and the checkpoint data. */
const UNIX_SHM_BASE: number = (22 + SQLITE_SHM_NLOCK) * 4;
/** Offset of the dead man's switch: whoever uses the -shm file holds a shared lock here. */
const UNIX_SHM_DMS: number = UNIX_SHM_BASE + SQLITE_SHM_NLOCK;

/**
 * Appends a JSON description of a wal-index connection to `pStr`; for SQLITE_FCNTL_FILESTAT. The
 * caller holds the global mutex.
 *
 * @upstream os_unix.c unixDescribeShm
 */
function unixDescribeShm(pStr: sqlite3_str, pShm: unixShm): void {
  const pNode = pShm.pShmNode!;
  const aLck = new Uint8Array(16);
  sqlite3_str_appendf(pStr, '{"h":%d', pNode.hShm);
  assert(unixMutexHeld());
  sqlite3_str_appendf(pStr, ',"nRef":%d', pNode.nRef);
  sqlite3_str_appendf(pStr, ',"id":%d', pShm.id);
  sqlite3_str_appendf(pStr, ',"sharedMask":%d', pShm.sharedMask);
  sqlite3_str_appendf(pStr, ',"exclMask":%d', pShm.exclMask);
  if (unixPosixAdvisoryLocks(pNode.hShm, aLck) === SQLITE_OK) {
    sqlite3_str_appendf(pStr, ',"pal":"%s"', aLck);
  }
  sqlite3_str_append(pStr, toCString("}"), 1);
}

/**
 * Finds out whether another process has a read transaction open on `pFile` in WAL mode, without
 * taking a lock.
 *
 * @param piOut 1 if there is such a process, else 0; undefined after an error.
 * @upstream os_unix.c unixFcntlExternalReader
 */
function unixFcntlExternalReader(pFile: unixFile, piOut: Ref<number>): number {
  let rc = SQLITE_OK;
  piOut.value = 0;
  if (pFile.pShm !== null) {
    const pShmNode = pFile.pShm.pShmNode!;
    const f = new flock();

    f.clear();
    f.l_type = F_WRLCK;
    f.l_whence = SEEK_SET;
    f.l_start = UNIX_SHM_BASE + 3;
    f.l_len = SQLITE_SHM_NLOCK - 3;

    sqlite3_mutex_enter(pShmNode.pShmMutex);
    if (osFcntl(pShmNode.hShm, F_GETLK, f) < 0) {
      rc = SQLITE_IOERR_LOCK;
    } else {
      piOut.value = f.l_type !== F_UNLCK ? 1 : 0;
    }
    sqlite3_mutex_leave(pShmNode.pShmMutex);
  }

  return rc;
}

/**
 * Whether another process holds the dead man's switch of this file's -shm.
 *
 * Only a safety net for databases whose own locks got lost (somebody closed another descriptor of
 * the file): a wrong "no" is harmless, a wrong "yes" keeps -wal and -shm from being deleted.
 *
 * @returns 1 or 0; 0 without a -shm file and under process-exclusive locking.
 * @upstream os_unix.c unixIsSharingShmNode
 */
function unixIsSharingShmNode(pFile: unixFile): number {
  if (pFile.pShm === null) return 0;
  if (pFile.ctrlFlags & UNIXFILE_EXCL) return 0;
  const pShmNode = pFile.pShm.pShmNode!;
  const lock = new flock();
  assert(pShmNode.nRef === 1);
  lock.clear();
  lock.l_whence = SEEK_SET;
  lock.l_start = UNIX_SHM_DMS;
  lock.l_len = 1;
  lock.l_type = F_WRLCK;
  osFcntl(pShmNode.hShm, F_GETLK, lock);
  return lock.l_type !== F_UNLCK ? 1 : 0;
}

/** NON-UPSTREAM: `f` on the stack of unixShmSystemLock. */
const lockOfShmSystemLock = new flock();

/**
 * Takes or drops POSIX locks on `n` bytes of the -shm file from offset `ofst`. The caller holds the
 * mutexes of the slots. Without a file (heap mode) there is nothing to do.
 *
 * @param lockType F_UNLCK, F_RDLCK (one byte only) or F_WRLCK.
 * @param ofst UNIX_SHM_BASE plus a slot, or UNIX_SHM_DMS.
 * @returns SQLITE_OK; SQLITE_BUSY if the system call fails, which it does when another process is in the
 *   way; SQLITE_BUSY_TIMEOUT instead if the file has a timeout (SQLITE_ENABLE_SETLK_TIMEOUT 1).
 * @divergence unix-stack-structs
 * @upstream os_unix.c unixShmSystemLock
 */
function unixShmSystemLock(pFile: unixFile, lockType: number, ofst: number, n: number): number {
  let rc = SQLITE_OK;

  const pShmNode = pFile.pInode!.pShmNode!;

  assert(pShmNode.nRef >= 0);
  assert(
    (ofst === UNIX_SHM_DMS && n === 1) ||
      (ofst >= UNIX_SHM_BASE && ofst + n <= UNIX_SHM_BASE + SQLITE_SHM_NLOCK),
  );
  if (ofst === UNIX_SHM_DMS) {
    assert(pShmNode.nRef > 0 || unixMutexHeld());
    assert(pShmNode.nRef === 0 || sqlite3_mutex_held(pShmNode.pShmMutex));
  } else {
    if (SQLITE_ENABLE_SETLK_TIMEOUT) {
      for (let ii = ofst - UNIX_SHM_BASE; ii < ofst - UNIX_SHM_BASE + n; ii++) {
        assert(sqlite3_mutex_held(pShmNode.aMutex[ii]!));
      }
    } else {
      assert(sqlite3_mutex_held(pShmNode.pShmMutex));
      assert(pShmNode.nRef > 0);
    }
  }

  /* a shared lock never spans more than one slot */
  assert(n === 1 || lockType !== F_RDLCK);

  assert(n >= 1 && n <= SQLITE_SHM_NLOCK);
  assert(ofst >= UNIX_SHM_BASE && ofst <= UNIX_SHM_DMS);
  assert(ofst + n - 1 <= UNIX_SHM_DMS);

  if (pShmNode.hShm >= 0) {
    const f = lockOfShmSystemLock;
    f.l_type = lockType;
    f.l_whence = SEEK_SET;
    f.l_start = ofst;
    f.l_len = n;
    const res = osSetPosixAdvisoryLock(pShmNode.hShm, f, pFile);
    if (res === -1) {
      if (SQLITE_ENABLE_SETLK_TIMEOUT === 1) {
        rc = pFile.iBusyTimeout ? SQLITE_BUSY_TIMEOUT : SQLITE_BUSY;
      } else {
        rc = SQLITE_BUSY;
      }
    }
  }

  if (SQLITE_DEBUG) {
    /* upstream traces what was done, or not, in each of these arms */
    if (rc === SQLITE_OK) {
      if (lockType === F_UNLCK) {
        /* unlocked */
      } else if (lockType === F_RDLCK) {
        /* read lock taken */
      } else {
        assert(lockType === F_WRLCK);
      }
    } else {
      if (lockType === F_UNLCK) {
        /* not unlocked */
      } else if (lockType === F_RDLCK) {
        /* no read lock */
      } else {
        assert(lockType === F_WRLCK);
      }
    }
  }

  return rc;
}

/**
 * How many 32 KiB regions one mapping holds: 1, or more where a page of memory is larger than a
 * region.
 *
 * @upstream os_unix.c unixShmRegionPerMap
 */
function unixShmRegionPerMap(): number {
  const shmsz = 32 * 1024;
  const pgsz = osGetpagesize();
  assert(((pgsz - 1) & pgsz) === 0);
  if (pgsz < shmsz) return 1;
  return Math.floor(pgsz / shmsz);
}

/**
 * Releases the inode's wal-index, whose last user is gone: unmaps or frees the regions, closes the
 * file, frees the node. The caller holds the global mutex. A no-op if there is none.
 *
 * The views are forgotten before their memory is unmapped: reading one afterwards would end the
 * process. Whoever got one from xShmMap must have dropped it before xShmUnmap.
 *
 * @divergence unix-shm-views
 * @upstream os_unix.c unixShmPurge
 */
function unixShmPurge(pFd: unixFile): void {
  const p = pFd.pInode!.pShmNode;
  assert(unixMutexHeld());
  if (p !== null && ALWAYS(p.nRef === 0)) {
    const nShmPerMap = unixShmRegionPerMap();
    let i: number;
    assert(p.pInode === pFd.pInode);
    sqlite3_mutex_free(p.pShmMutex);
    if (SQLITE_ENABLE_SETLK_TIMEOUT) {
      for (i = 0; i < SQLITE_SHM_NLOCK; i++) {
        sqlite3_mutex_free(p.aMutex[i]!);
      }
    }
    for (i = 0; i < p.nRegion; i += nShmPerMap) {
      p.apRegion.fill(null, i, i + nShmPerMap);
      if (p.hShm >= 0) {
        osMunmap(p.aRegionStart[i] as number, p.szRegion);
      } else {
        sqlite3_free(p.aRegionStart[i] as Uint8Array);
      }
    }
    sqlite3_free(p.apRegionMem);
    if (p.hShm >= 0) {
      robust_close(pFd, p.hShm, 45021);
      p.hShm = -1;
    }
    p.pInode!.pShmNode = null;
    sqlite3_free(p);
  }
}

/**
 * Takes the shared lock on the dead man's switch, and truncates the -shm file if nobody else holds
 * one: its content is then left over from a crash.
 *
 * @returns SQLITE_OK; SQLITE_BUSY if another process is just truncating;
 *   SQLITE_READONLY_CANTINIT if the file may only be read and nobody keeps it up to date (the lock
 *   is then still owed, `isUnlocked` is set); SQLITE_IOERR_LOCK, SQLITE_IOERR_SHMOPEN.
 * @upstream os_unix.c unixLockSharedMemory
 */
function unixLockSharedMemory(pDbFd: unixFile, pShmNode: unixShmNode): number {
  const lock = new flock();
  let rc = SQLITE_OK;

  /* An exclusive lock of another process means that it is about to truncate. Waiting for a shared
   * lock would be wrong: it might die first, and the stale content would be taken for good. */
  lock.l_whence = SEEK_SET;
  lock.l_start = UNIX_SHM_DMS;
  lock.l_len = 1;
  lock.l_type = F_WRLCK;
  if (osFcntl(pShmNode.hShm, F_GETLK, lock) !== 0) {
    rc = SQLITE_IOERR_LOCK;
  } else if (lock.l_type === F_UNLCK) {
    if (pShmNode.isReadonly) {
      pShmNode.isUnlocked = 1;
      rc = SQLITE_READONLY_CANTINIT;
    } else {
      /* Never block here: whoever has the lock will turn it into a shared one, not release it. */
      const iSaveTimeout = pDbFd.iBusyTimeout;
      if (SQLITE_ENABLE_SETLK_TIMEOUT) {
        pDbFd.iBusyTimeout = 0;
      }
      rc = unixShmSystemLock(pDbFd, F_WRLCK, UNIX_SHM_DMS, 1);
      if (SQLITE_ENABLE_SETLK_TIMEOUT) {
        pDbFd.iBusyTimeout = iSaveTimeout;
      }
      /* 3 bytes rather than none: shows in a debugger that this truncation was ours */
      if (rc === SQLITE_OK && robust_ftruncate(pShmNode.hShm, 3)) {
        rc = unixLogError(SQLITE_IOERR_SHMOPEN, "ftruncate", pShmNode.zFilename, 45091);
      }
    }
  } else if (lock.l_type === F_WRLCK) {
    rc = SQLITE_BUSY;
  }

  if (rc === SQLITE_OK) {
    assert(lock.l_type === F_UNLCK || lock.l_type === F_RDLCK);
    rc = unixShmSystemLock(pDbFd, F_RDLCK, UNIX_SHM_DMS, 1);
  }
  return rc;
}

/**
 * Where -shm files go instead of beside the database, or null: upstream's compile-time option of
 * that name, which no build sets.
 */
const SQLITE_SHM_DIRECTORY: string | null = null;

/**
 * Connects `pDbFd` to the wal-index of its file, opening and locking the -shm file if this is the
 * first connection of the process.
 *
 * The file lies beside the database under its name plus `-shm`, with the database's permissions
 * and owner. If the process holds the database exclusively ("unix-excl"), no file is made and heap
 * memory serves.
 *
 * @returns SQLITE_OK or SQLITE_READONLY_CANTINIT with `pDbFd.pShm` set, else an error.
 * @divergence unix-shm-views
 * @upstream os_unix.c unixOpenSharedMemory
 */
function unixOpenSharedMemory(pDbFd: unixFile): number {
  let p: unixShm | null = null;
  let pShmNode: unixShmNode | null;
  let rc = SQLITE_OK;

  const pMem = sqlite3_malloc64(sizeof.unixShm);
  if (pMem === null) return SQLITE_NOMEM_BKPT;
  p = new unixShm(pMem);
  assert(pDbFd.pShm === null);

  assert(unixFileMutexNotheld(pDbFd));
  unixEnterMutex();
  const pInode = pDbFd.pInode!;
  pShmNode = pInode.pShmNode;
  shm_open_err: {
    if (pShmNode === null) {
      const sStat = new stat();
      const zBasePath = pDbFd.zPath!;

      /* a new -shm gets the database's permissions */
      if (osFstat(pDbFd.h, sStat)) {
        rc = SQLITE_IOERR_FSTAT;
        break shm_open_err;
      }

      let nShmFilename: number;
      if (SQLITE_SHM_DIRECTORY !== null) {
        nShmFilename = strlen(toCString(SQLITE_SHM_DIRECTORY)) + 1 + 31;
      } else {
        nShmFilename = 6 + (strlen(zBasePath) | 0);
      }
      const pNodeMem = sqlite3_malloc64(sizeof.unixShmNode + nShmFilename);
      if (pNodeMem === null) {
        rc = SQLITE_NOMEM_BKPT;
        break shm_open_err;
      }
      memset(pNodeMem, 0, sizeof.unixShmNode + nShmFilename);
      pShmNode = new unixShmNode(pNodeMem);
      const zShm = (pShmNode.zFilename = pNodeMem.subarray(sizeof.unixShmNode));
      if (SQLITE_SHM_DIRECTORY !== null) {
        sqlite3_snprintf(
          nShmFilename,
          zShm,
          "%s/sqlite-shm-%x-%x",
          SQLITE_SHM_DIRECTORY,
          Number(BigInt.asUintN(32, sStat.st_ino)),
          Number(BigInt.asUintN(32, sStat.st_dev)),
        );
      } else {
        sqlite3_snprintf(nShmFilename, zShm, "%s-shm", zBasePath);
        sqlite3FileSuffix3(pDbFd.zPath, zShm);
      }
      pShmNode.hShm = -1;
      pDbFd.pInode!.pShmNode = pShmNode;
      pShmNode.pInode = pDbFd.pInode;
      if (sqlite3GlobalConfig.bCoreMutex) {
        pShmNode.pShmMutex = sqlite3_mutex_alloc(SQLITE_MUTEX_FAST);
        if (pShmNode.pShmMutex === null) {
          rc = SQLITE_NOMEM_BKPT;
          break shm_open_err;
        }
        if (SQLITE_ENABLE_SETLK_TIMEOUT) {
          for (let ii = 0; ii < SQLITE_SHM_NLOCK; ii++) {
            pShmNode.aMutex[ii] = sqlite3_mutex_alloc(SQLITE_MUTEX_FAST);
            if (pShmNode.aMutex[ii] === null) {
              rc = SQLITE_NOMEM_BKPT;
              break shm_open_err;
            }
          }
        }
      }

      if (pInode.bProcessLock === 0) {
        if (0 === sqlite3_uri_boolean(pDbFd.zPath, "readonly_shm", 0)) {
          pShmNode.hShm = robust_open(zShm, O_RDWR | O_CREAT | O_NOFOLLOW, sStat.st_mode & 0o777);
        }
        if (pShmNode.hShm < 0) {
          pShmNode.hShm = robust_open(zShm, O_RDONLY | O_NOFOLLOW, sStat.st_mode & 0o777);
          if (pShmNode.hShm < 0) {
            rc = unixLogError(SQLITE_CANTOPEN_BKPT(45228), "open", zShm, 45228);
            break shm_open_err;
          }
          pShmNode.isReadonly = 1;
        }

        /* root must not leave a -shm behind that the database's owner cannot open */
        robustFchown(pShmNode.hShm, sStat.st_uid, sStat.st_gid);

        rc = unixLockSharedMemory(pDbFd, pShmNode);
        if (rc !== SQLITE_OK && rc !== SQLITE_READONLY_CANTINIT) break shm_open_err;
      }
    }

    p.pShmNode = pShmNode;
    if (SQLITE_DEBUG) {
      p.id = pShmNode.nextShmId++ & 0xff;
    }
    pShmNode.nRef++;
    pDbFd.pShm = p;
    unixLeaveMutex();

    /* nRef keeps the node alive from here on; the list belongs to the node's own mutex */
    sqlite3_mutex_enter(pShmNode.pShmMutex);
    p.pNext = pShmNode.pFirst;
    pShmNode.pFirst = p;
    sqlite3_mutex_leave(pShmNode.pShmMutex);
    return rc;
  }

  /* shm_open_err: */
  unixShmPurge(pDbFd);
  sqlite3_free(p);
  unixLeaveMutex();
  return rc;
}

/** The `n` bytes at an address, or of a block, as a byte array. NON-UPSTREAM: C casts. */
function memoryAt(p: number | Uint8Array, n: number): Uint8Array {
  return typeof p === "number" ? view(p, n) : p;
}

/**
 * The xShmMap method: gives a view of region `iRegion` of the wal-index, opening the wal-index
 * first if need be.
 *
 * A region that does not exist yet is created if `bExtend` is set, else `pp` receives null and the
 * result is SQLITE_OK. All regions up to the wanted one get mapped.
 *
 * @param iRegion number of the region from 0.
 * @param szRegion bytes per region, the same in every call.
 * @returns SQLITE_READONLY (with a view) if the -shm file may only be read.
 * @divergence unix-shm-views
 * @upstream os_unix.c unixShmMap
 */
function unixShmMap(
  fd: sqlite3_file,
  iRegion: number,
  szRegion: number,
  bExtend: number,
  pp: Ref<Uint8Array | null>,
): number {
  const pDbFd = fd.pImpl as unixFile;
  let rc = SQLITE_OK;
  const nShmPerMap = unixShmRegionPerMap();

  if (pDbFd.pShm === null) {
    rc = unixOpenSharedMemory(pDbFd);
    if (rc !== SQLITE_OK) return rc;
  }

  const p = pDbFd.pShm!;
  const pShmNode = p.pShmNode!;
  sqlite3_mutex_enter(pShmNode.pShmMutex);
  shmpage_out: {
    if (pShmNode.isUnlocked) {
      rc = unixLockSharedMemory(pDbFd, pShmNode);
      if (rc !== SQLITE_OK) break shmpage_out;
      pShmNode.isUnlocked = 0;
    }
    assert(szRegion === pShmNode.szRegion || pShmNode.nRegion === 0);
    assert(pShmNode.pInode === pDbFd.pInode);
    assert(pShmNode.hShm >= 0 || pDbFd.pInode!.bProcessLock === 1);
    assert(pShmNode.hShm < 0 || pDbFd.pInode!.bProcessLock === 0);

    /* whole mappings only */
    const nReqRegion = Math.floor((iRegion + nShmPerMap) / nShmPerMap) * nShmPerMap;

    if (pShmNode.nRegion < nReqRegion) {
      const nByte = nReqRegion * szRegion;
      const sStat = new stat();

      pShmNode.szRegion = szRegion;

      if (pShmNode.hShm >= 0) {
        if (osFstat(pShmNode.hShm, sStat)) {
          rc = SQLITE_IOERR_SHMSIZE;
          break shmpage_out;
        }

        if (sStat.st_size < nByte) {
          if (!bExtend) {
            break shmpage_out;
          } else {
            /* A byte into every page, not only the last: allocated now, the pages cannot raise
             * SIGBUS later when the disk is full. */
            const pgsz = 4096;

            assert(nByte % pgsz === 0);
            for (let iPg = Math.floor(sStat.st_size / pgsz); iPg < Math.floor(nByte / pgsz); iPg++) {
              const x = new Ref<number>(0);
              if (seekAndWriteFd(pShmNode.hShm, iPg * pgsz + pgsz - 1, toCString(""), 1, x) !== 1) {
                const zFile = pShmNode.zFilename;
                rc = unixLogError(SQLITE_IOERR_SHMSIZE, "write", zFile, 45372);
                break shmpage_out;
              }
            }
          }
        }
      }

      const apNew = sqlite3_realloc64(pShmNode.apRegionMem, nReqRegion * sizeof.ptr);
      if (apNew === null) {
        rc = SQLITE_IOERR_NOMEM_BKPT;
        break shmpage_out;
      }
      pShmNode.apRegionMem = apNew;
      while (pShmNode.nRegion < nReqRegion) {
        const nMap = szRegion * nShmPerMap;
        let pMem: number | Uint8Array | null;
        if (pShmNode.hShm >= 0) {
          pMem = osMmap(
            0,
            nMap,
            pShmNode.isReadonly ? PROT_READ : PROT_READ | PROT_WRITE,
            MAP_SHARED,
            pShmNode.hShm,
            szRegion * pShmNode.nRegion,
          );
          if (pMem === MAP_FAILED) {
            rc = unixLogError(SQLITE_IOERR_SHMMAP, "mmap", pShmNode.zFilename, 45399);
            break shmpage_out;
          }
        } else {
          pMem = sqlite3_malloc64(nMap);
          if (pMem === null) {
            rc = SQLITE_NOMEM_BKPT;
            break shmpage_out;
          }
          memset(pMem, 0, nMap);
        }
        pShmNode.aRegionStart[pShmNode.nRegion] = pMem;
        pMem = memoryAt(pMem, nMap);

        for (let i = 0; i < nShmPerMap; i++) {
          pShmNode.apRegion[pShmNode.nRegion + i] = pMem.subarray(szRegion * i, szRegion * (i + 1));
        }
        pShmNode.nRegion = (pShmNode.nRegion + nShmPerMap) & 0xffff;
      }
    }
  }

  /* shmpage_out: */
  if (pShmNode.nRegion > iRegion) {
    pp.value = pShmNode.apRegion[iRegion]!;
  } else {
    pp.value = null;
  }
  if (pShmNode.isReadonly && rc === SQLITE_OK) rc = SQLITE_READONLY;
  sqlite3_mutex_leave(pShmNode.pShmMutex);
  return rc;
}

/** memcmp of `n` bytes of two arrays of ints: zero if they are equal. NON-UPSTREAM: C has one memcmp. */
function memcmpInts(a: Int32Array, b: Int32Array, n: number): number {
  let d = 0;
  for (let i = 0; i * 4 < n && d === 0; i++) d = a[i]! - b[i]!;
  return d;
}

/**
 * Checks that `aLock` is what the masks of all connections add up to; for asserts.
 *
 * @divergence number-bytes
 * @upstream os_unix.c assertLockingArrayOk
 */
function assertLockingArrayOk(pShmNode: unixShmNode): boolean {
  if (SQLITE_ENABLE_SETLK_TIMEOUT) {
    return true;
  } else {
    const aLock = new Int32Array(SQLITE_SHM_NLOCK);

    aLock.fill(0);
    for (let pX = pShmNode.pFirst; pX !== null; pX = pX.pNext) {
      for (let i = 0; i < SQLITE_SHM_NLOCK; i++) {
        if (pX.exclMask & (1 << i)) {
          assert(aLock[i] === 0);
          aLock[i] = -1;
        } else if (pX.sharedMask & (1 << i)) {
          assert(aLock[i]! >= 0);
          aLock[i]!++;
        }
      }
    }

    assert(0 === memcmpInts(pShmNode.aLock, aLock, aLock.byteLength));
    return memcmpInts(pShmNode.aLock, aLock, aLock.byteLength) === 0;
  }
}

/**
 * The xShmLock method: takes or drops wal-index locks `ofst` to `ofst + n - 1`.
 *
 * A connection goes from unlocked to shared or to exclusive and back, never from one to the other.
 * Locks of connections inside this process are counted in `aLock`; a POSIX lock is taken with the
 * first and dropped with the last of them.
 *
 * @param flags SQLITE_SHM_LOCK or SQLITE_SHM_UNLOCK, with SQLITE_SHM_SHARED (then n is 1) or
 *   SQLITE_SHM_EXCLUSIVE.
 * @returns SQLITE_OK, SQLITE_BUSY, or SQLITE_IOERR_SHMLOCK without a wal-index.
 * @divergence number-bytes
 * @upstream os_unix.c unixShmLock
 */
function unixShmLock(fd: sqlite3_file, ofst: number, n: number, flags: number): number {
  const pDbFd = fd.pImpl as unixFile;
  let rc = SQLITE_OK;
  const mask = ((1 << (ofst + n)) - (1 << ofst)) & 0xffff;

  const p = pDbFd.pShm;
  if (p === null) return SQLITE_IOERR_SHMLOCK;
  const pShmNode = p.pShmNode!;
  if (NEVER(pShmNode === null)) return SQLITE_IOERR_SHMLOCK;
  const aLock = pShmNode.aLock;

  assert(pShmNode === pDbFd.pInode!.pShmNode);
  assert(pShmNode.pInode === pDbFd.pInode);
  assert(ofst >= 0 && ofst + n <= SQLITE_SHM_NLOCK);
  assert(n >= 1);
  assert(
    flags === (SQLITE_SHM_LOCK | SQLITE_SHM_SHARED) ||
      flags === (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE) ||
      flags === (SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED) ||
      flags === (SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE),
  );
  assert(n === 1 || (flags & SQLITE_SHM_EXCLUSIVE) !== 0);
  assert(pShmNode.hShm >= 0 || pDbFd.pInode!.bProcessLock === 1);
  assert(pShmNode.hShm < 0 || pDbFd.pInode!.bProcessLock === 0);

  /* Blocking locks are taken in one order only (recovery, checkpoint, write, read), or two
   * processes could wait for each other. */
  if (SQLITE_ENABLE_SETLK_TIMEOUT && SQLITE_DEBUG) {
    const lockMask = p.exclMask | p.sharedMask;
    assert(
      flags & SQLITE_SHM_UNLOCK ||
        pDbFd.iBusyTimeout === 0 ||
        ((ofst !== 2 || lockMask === 0) &&
          (ofst !== 1 || lockMask === 0 || lockMask === 2) &&
          (ofst !== 0 || lockMask < 3) &&
          (ofst < 3 || lockMask < 1 << ofst)),
    );
  }

  /* There is work to do when unlocking something held, when taking a shared lock not yet held, and
   * for every exclusive lock: those are never asked for twice. */
  assert(flags !== (SQLITE_SHM_EXCLUSIVE | SQLITE_SHM_LOCK) || 0 === (p.exclMask & mask));
  if (
    (flags & SQLITE_SHM_UNLOCK && (p.exclMask | p.sharedMask) & mask) ||
    (flags === (SQLITE_SHM_SHARED | SQLITE_SHM_LOCK) && 0 === (p.sharedMask & mask)) ||
    flags === (SQLITE_SHM_EXCLUSIVE | SQLITE_SHM_LOCK)
  ) {
    /* SETLK_TIMEOUT: an exclusive request never waits for a slot's mutex. Its holder may be blocked in
     * fcntl() for as long as its timeout, and two connections could wait for each other. */
    let iMutex = 0;
    leave_shmnode_mutexes: {
      if (SQLITE_ENABLE_SETLK_TIMEOUT) {
        for (iMutex = ofst; iMutex < ofst + n; iMutex++) {
          if (flags === (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE)) {
            rc = sqlite3_mutex_try(pShmNode.aMutex[iMutex]!);
            if (rc !== SQLITE_OK) break leave_shmnode_mutexes;
          } else {
            sqlite3_mutex_enter(pShmNode.aMutex[iMutex]!);
          }
        }
      } else {
        sqlite3_mutex_enter(pShmNode.pShmMutex);
      }

      if (ALWAYS(rc === SQLITE_OK)) {
        if (flags & SQLITE_SHM_UNLOCK) {
          let bUnlock = 1;
          assert((p.exclMask & p.sharedMask) === 0);
          assert(!(flags & SQLITE_SHM_EXCLUSIVE) || (p.exclMask & mask) === mask);
          assert(!(flags & SQLITE_SHM_SHARED) || (p.sharedMask & mask) === mask);

          /* the POSIX lock stays while another connection of this process shares it */
          if (flags & SQLITE_SHM_SHARED) {
            assert(n === 1);
            assert(aLock[ofst]! >= 1);
            if (aLock[ofst]! > 1) {
              bUnlock = 0;
              aLock[ofst]!--;
              p.sharedMask &= ~mask;
            }
          }

          if (bUnlock) {
            rc = unixShmSystemLock(pDbFd, F_UNLCK, ofst + UNIX_SHM_BASE, n);
            if (rc === SQLITE_OK) {
              aLock.fill(0, ofst, ofst + n);
              p.sharedMask &= ~mask;
              p.exclMask &= ~mask;
            }
          }
        } else if (flags & SQLITE_SHM_SHARED) {
          if (aLock[ofst]! < 0) {
            rc = SQLITE_BUSY;
          } else if (aLock[ofst] === 0) {
            rc = unixShmSystemLock(pDbFd, F_RDLCK, ofst + UNIX_SHM_BASE, n);
          }

          if (rc === SQLITE_OK) {
            p.sharedMask |= mask;
            aLock[ofst]!++;
          }
        } else {
          let ii: number;

          assert(flags === (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE));
          assert((p.sharedMask & mask) === 0);
          assert((p.exclMask & mask) === 0);

          /* POSIX locks do not exclude connections of the same process */
          for (ii = ofst; ii < ofst + n; ii++) {
            if (aLock[ii]) {
              rc = SQLITE_BUSY;
              break;
            }
          }

          if (rc === SQLITE_OK) {
            rc = unixShmSystemLock(pDbFd, F_WRLCK, ofst + UNIX_SHM_BASE, n);
            if (rc === SQLITE_OK) {
              p.exclMask |= mask;
              for (ii = ofst; ii < ofst + n; ii++) {
                aLock[ii] = -1;
              }
            }
          }
        }
        assert(assertLockingArrayOk(pShmNode));
      }
    }

    if (SQLITE_ENABLE_SETLK_TIMEOUT) {
      for (iMutex--; iMutex >= ofst; iMutex--) {
        sqlite3_mutex_leave(pShmNode.aMutex[iMutex]!);
      }
    } else {
      sqlite3_mutex_leave(pShmNode.pShmMutex);
    }
  }

  return rc;
}

/**
 * The xShmBarrier method: everything written to the wal-index before it is visible to other
 * processes before anything that is written after it.
 *
 * @upstream os_unix.c unixShmBarrier
 */
function unixShmBarrier(fd: sqlite3_file): void {
  sqlite3MemoryBarrier();
  assert(fd.pMethods!.xLock === nolockLock || unixFileMutexNotheld(fd.pImpl as unixFile));
  unixEnterMutex(); /* a mutex is a barrier as well: upstream's second line of defence */
  unixLeaveMutex();
}

/**
 * The xShmUnmap method: disconnects the file from the wal-index. The last connection of the process
 * closes the -shm file, and deletes it if `deleteFlag` is set. A no-op if not connected.
 *
 * Every view that xShmMap gave out must be dropped before.
 *
 * @divergence unix-field-refs
 * @upstream os_unix.c unixShmUnmap
 */
function unixShmUnmap(fd: sqlite3_file, deleteFlag: number): number {
  const pDbFd = fd.pImpl as unixFile;
  const p = pDbFd.pShm;
  if (p === null) return SQLITE_OK;
  const pShmNode = p.pShmNode!;

  assert(pShmNode === pDbFd.pInode!.pShmNode);
  assert(pShmNode.pInode === pDbFd.pInode);

  sqlite3_mutex_enter(pShmNode.pShmMutex);
  let pp: Ref<unixShm | null>;
  for (pp = fieldRef(pShmNode, "pFirst"); pp.value !== p; pp = fieldRef(pp.value!, "pNext")) {}
  pp.value = p.pNext;

  sqlite3_free(p);
  pDbFd.pShm = null;
  sqlite3_mutex_leave(pShmNode.pShmMutex);

  assert(unixFileMutexNotheld(pDbFd));
  unixEnterMutex();
  assert(pShmNode.nRef > 0);
  pShmNode.nRef--;
  if (pShmNode.nRef === 0) {
    if (deleteFlag && pShmNode.hShm >= 0) {
      osUnlink(pShmNode.zFilename!);
    }
    unixShmPurge(pDbFd);
  }
  unixLeaveMutex();

  return SQLITE_OK;
}

/* ---------------------------------------------------------------- memory mapping */

/**
 * Unmaps the file if it is mapped. No page of the mapping may be out: a view that is read after
 * munmap() ends the process.
 *
 * @divergence unix-mmap-views
 * @upstream os_unix.c unixUnmapfile
 */
function unixUnmapfile(pFd: unixFile): void {
  if (SQLITE_MAX_MMAP_SIZE > 0) {
    assert(pFd.nFetchOut === 0);
    if (pFd.pMapRegion !== null) {
      pFd.pMapRegion = null;
      osMunmap(pFd.pMapAddr, pFd.mmapSizeActual);
      pFd.pMapAddr = 0;
      pFd.mmapSize = 0;
      pFd.mmapSizeActual = 0;
    }
  }
}

/**
 * Makes the mapping of the file `nNew` bytes long, by growing the existing one if there is one.
 *
 * Sets `pMapRegion`, `mmapSize` and `mmapSizeActual`. If the system refuses, the failure is logged,
 * the three are zero and the file will not be mapped again: reading and writing still work.
 *
 * @param nNew bytes; more than are mapped now, at most `mmapSizeMax`.
 * @divergence unix-mmap-views
 * @upstream os_unix.c unixRemapfile
 * @divergence unix-mmap-window
 * @divergence unix-page-rounding
 */
function unixRemapfile(pFd: unixFile, nNew: number): void {
  let zErr = "mmap";
  const h = pFd.h;
  const pOrig = pFd.pMapAddr;
  const nOrig = pFd.mmapSizeActual;
  let pNew = 0;
  let flags = PROT_READ;

  assert(pFd.nFetchOut === 0);
  assert(nNew > pFd.mmapSize);
  assert(nNew <= pFd.mmapSizeMax);
  assert(nNew > 0);
  assert(pFd.mmapSizeActual >= pFd.mmapSize);
  assert(MAP_FAILED !== 0);

  if (SQLITE_MMAP_READWRITE) {
    if ((pFd.ctrlFlags & UNIXFILE_RDONLY) === 0) flags |= PROT_WRITE;
  }

  if (pOrig) {
    let nReuse: number;
    if (HAVE_MREMAP) {
      nReuse = pFd.mmapSize;
    } else {
      const szSyspage = osGetpagesize();
      nReuse = pFd.mmapSize - (pFd.mmapSize % szSyspage);
    }
    const pReq = pOrig + nReuse;

    pFd.pMapRegion = null; /* the old view dies with the old mapping */

    if (nReuse !== nOrig) {
      osMunmap(pReq, nOrig - nReuse);
    }

    if (HAVE_MREMAP) {
      pNew = osMremap(pOrig, nReuse, nNew, MREMAP_MAYMOVE);
      zErr = "mremap";
    } else {
      pNew = osMmap(pReq, nNew - nReuse, flags, MAP_SHARED, h, nReuse);
      if (pNew !== MAP_FAILED) {
        if (pNew !== pReq) {
          osMunmap(pNew, nNew - nReuse);
          pNew = 0;
        } else {
          pNew = pOrig;
        }
      }
    }

    if (pNew === MAP_FAILED || pNew === 0) {
      osMunmap(pOrig, nReuse);
    }
  }

  if (pNew === 0) {
    pNew = osMmap(0, nNew, flags, MAP_SHARED, h, 0);
  }

  if (pNew === MAP_FAILED) {
    pNew = 0;
    nNew = 0;
    unixLogError(SQLITE_OK, zErr, pFd.zPath, 45838);

    /* what failed once would fail each time: stop trying for this file */
    pFd.mmapSizeMax = 0;
  }
  pFd.pMapAddr = pNew;
  pFd.pMapRegion = pNew === 0 ? null : view(pNew, nNew);
  pFd.mmapSize = pFd.mmapSizeActual = nNew;
}

/**
 * Maps `nMap` bytes of the file, or as many as the configured limit allows; replaces an existing
 * mapping. Does nothing while pages of the mapping are out.
 *
 * @param nMap bytes, or negative for the size of the file.
 * @returns SQLITE_OK even if nothing could be mapped; SQLITE_IOERR_FSTAT.
 * @upstream os_unix.c unixMapfile
 */
function unixMapfile(pFd: unixFile, nMap: number): number {
  assert(nMap >= 0 || pFd.nFetchOut === 0);
  assert(nMap > 0 || (pFd.mmapSize === 0 && pFd.pMapRegion === null));
  if (pFd.nFetchOut > 0) return SQLITE_OK;

  if (nMap < 0) {
    const statbuf = new stat();
    if (osFstat(pFd.h, statbuf)) {
      return SQLITE_IOERR_FSTAT;
    }
    nMap = statbuf.st_size;
  }
  if (nMap > pFd.mmapSizeMax) {
    nMap = pFd.mmapSizeMax;
  }

  assert(nMap > 0 || (pFd.mmapSize === 0 && pFd.pMapRegion === null));
  if (nMap !== pFd.mmapSize) {
    unixRemapfile(pFd, nMap);
  }

  return SQLITE_OK;
}

/**
 * The xFetch method: a view of `nAmt` bytes of the mapped file at `iOff`, or null if memory mapping
 * is off or does not reach that far. Every view must be given back with {@link unixUnfetch}.
 *
 * 256 bytes behind the page must be mapped too, since code that meets a corrupt page may read a
 * little past its end.
 *
 * @upstream os_unix.c unixFetch
 */
function unixFetch(fd: sqlite3_file, iOff: number, nAmt: number, pp: Ref<Uint8Array | null>): number {
  const pFd = fd.pImpl as unixFile;
  pp.value = null;

  if (SQLITE_MAX_MMAP_SIZE > 0) {
    if (pFd.mmapSizeMax > 0) {
      const nEofBuffer = 256;
      if (pFd.pMapRegion === null) {
        const rc = unixMapfile(pFd, -1);
        if (rc !== SQLITE_OK) return rc;
      }
      if (pFd.mmapSize >= iOff + nAmt + nEofBuffer) {
        pp.value = pFd.pMapRegion!.subarray(iOff, iOff + nAmt);
        pFd.nFetchOut++;
      }
    }
  }
  return SQLITE_OK;
}

/**
 * The xUnfetch method: takes back the view `p` that {@link unixFetch} gave for `iOff`; the caller
 * drops it. With null it says that the mapping may be stale, and the file is unmapped; then no view
 * may be out.
 *
 * @divergence unix-mmap-views
 * @upstream os_unix.c unixUnfetch
 */
function unixUnfetch(fd: sqlite3_file, iOff: number, p: Uint8Array | null): number {
  if (SQLITE_MAX_MMAP_SIZE > 0) {
    const pFd = fd.pImpl as unixFile;

    assert((p === null) === (pFd.nFetchOut === 0));

    assert(
      p === null ||
        (p.buffer === pFd.pMapRegion!.buffer && p.byteOffset === pFd.pMapRegion!.byteOffset + iOff),
    );

    if (p !== null) {
      pFd.nFetchOut--;
    } else {
      unixUnmapfile(pFd);
    }

    assert(pFd.nFetchOut >= 0);
  }
  return SQLITE_OK;
}

/* ---------------------------------------------------------------- methods objects and finders */

/** A function that picks the methods for a file: what `pAppData` of these VFSes is. */
type finder_type = (zPath: CString | null, p: unixFile) => sqlite3_io_methods;

/** Methods with POSIX advisory locks: "unix" and "unix-excl". */
const posixIoMethods: sqlite3_io_methods = {
  iVersion: 3,
  xClose: unixClose,
  xRead: unixRead,
  xWrite: unixWrite,
  xTruncate: unixTruncate,
  xSync: unixSync,
  xFileSize: unixFileSize,
  xLock: unixLock,
  xUnlock: unixUnlock,
  xCheckReservedLock: unixCheckReservedLock,
  xFileControl: unixFileControl,
  xSectorSize: unixSectorSize,
  xDeviceCharacteristics: unixDeviceCharacteristics,
  xShmMap: unixShmMap,
  xShmLock: unixShmLock,
  xShmBarrier: unixShmBarrier,
  xShmUnmap: unixShmUnmap,
  xFetch: unixFetch,
  xUnfetch: unixUnfetch,
};

/** Always {@link posixIoMethods}. @upstream os_unix.c posixIoFinderImpl */
function posixIoFinderImpl(_z: CString | null, _p: unixFile): sqlite3_io_methods {
  return posixIoMethods;
}
const posixIoFinder: finder_type = posixIoFinderImpl;

/** Methods without locks: "unix-none", and every file but a main database. No xShmMap. */
const nolockIoMethods: sqlite3_io_methods = {
  iVersion: 3,
  xClose: nolockClose,
  xRead: unixRead,
  xWrite: unixWrite,
  xTruncate: unixTruncate,
  xSync: unixSync,
  xFileSize: unixFileSize,
  xLock: nolockLock,
  xUnlock: nolockUnlock,
  xCheckReservedLock: nolockCheckReservedLock,
  xFileControl: unixFileControl,
  xSectorSize: unixSectorSize,
  xDeviceCharacteristics: unixDeviceCharacteristics,
  xShmLock: unixShmLock,
  xShmBarrier: unixShmBarrier,
  xShmUnmap: unixShmUnmap,
  xFetch: unixFetch,
  xUnfetch: unixUnfetch,
};

/** Always {@link nolockIoMethods}. @upstream os_unix.c nolockIoFinderImpl */
function nolockIoFinderImpl(_z: CString | null, _p: unixFile): sqlite3_io_methods {
  return nolockIoMethods;
}
const nolockIoFinder: finder_type = nolockIoFinderImpl;

/** Methods with a lock directory beside the database: "unix-dotfile". No shared memory. */
const dotlockIoMethods: sqlite3_io_methods = {
  iVersion: 1,
  xClose: dotlockClose,
  xRead: unixRead,
  xWrite: unixWrite,
  xTruncate: unixTruncate,
  xSync: unixSync,
  xFileSize: unixFileSize,
  xLock: dotlockLock,
  xUnlock: dotlockUnlock,
  xCheckReservedLock: dotlockCheckReservedLock,
  xFileControl: unixFileControl,
  xSectorSize: unixSectorSize,
  xDeviceCharacteristics: unixDeviceCharacteristics,
  xShmLock: unixShmLock,
  xShmBarrier: unixShmBarrier,
  xShmUnmap: unixShmUnmap,
  xFetch: unixFetch,
  xUnfetch: unixUnfetch,
};

/** Always {@link dotlockIoMethods}. @upstream os_unix.c dotlockIoFinderImpl */
function dotlockIoFinderImpl(_z: CString | null, _p: unixFile): sqlite3_io_methods {
  return dotlockIoMethods;
}
const dotlockIoFinder: finder_type = dotlockIoFinderImpl;

/* ---------------------------------------------------------------- methods of the VFS */

/**
 * Turns the open descriptor `h` into the file `pId`: fills in the unixFile, picks the locking
 * methods and finds or makes the inode entry. On an error `h` has been closed.
 *
 * @param zFilename name as the file will keep it, or null for a file that needs no locks.
 * @param ctrlFlags UNIXFILE_* bits.
 * @divergence name-strings
 * @divergence unix-dl
 * @upstream os_unix.c fillInUnixFile
 */
function fillInUnixFile(
  pVfs: sqlite3_vfs,
  h: number,
  pId: sqlite3_file,
  zFilename: CString | null,
  ctrlFlags: number,
): number {
  let pLockingStyle: sqlite3_io_methods;
  const pNew = pId.pImpl as unixFile;
  let rc = SQLITE_OK;

  assert(pNew.pInode === null);

  /* temporary files have no name and no locks */
  assert(zFilename !== null || (ctrlFlags & UNIXFILE_NOLOCK) !== 0);

  pNew.h = h;
  pNew.pVfs = pVfs;
  pNew.zPath = zFilename;
  pNew.ctrlFlags = ctrlFlags & 0xff;
  if (SQLITE_MAX_MMAP_SIZE > 0) {
    pNew.mmapSizeMax = sqlite3GlobalConfig.szMmap;
  }
  if (sqlite3_uri_boolean(ctrlFlags & UNIXFILE_URI ? zFilename : null, "psow", SQLITE_POWERSAFE_OVERWRITE)) {
    pNew.ctrlFlags |= UNIXFILE_PSOW;
  }
  if (pVfs.zName === "unix-excl") {
    pNew.ctrlFlags |= UNIXFILE_EXCL;
  }

  if (ctrlFlags & UNIXFILE_NOLOCK) {
    pLockingStyle = nolockIoMethods;
  } else {
    pLockingStyle = (pVfs.pAppData as finder_type)(zFilename, pNew);
  }

  if (pLockingStyle === posixIoMethods) {
    unixEnterMutex();
    const ppInode = new Ref<unixInodeInfo | null>(pNew.pInode);
    rc = findInodeInfo(pNew, ppInode);
    pNew.pInode = ppInode.value;
    if (rc !== SQLITE_OK) {
      /* Closing drops the process's locks on the file. If memory ran out, no other descriptor of the
       * file is open (else its inode would have been found); if fstat() failed, all bets are off. */
      robust_close(pNew, h, 46346);
      h = -1;
    }
    unixLeaveMutex();
  } else if (pLockingStyle === dotlockIoMethods) {
    /* the locking context is the name of the lock directory */
    assert(zFilename !== null);
    const nFilename = (strlen(zFilename!) | 0) + 6;
    const zLockFile = sqlite3_malloc64(nFilename);
    if (zLockFile === null) {
      rc = SQLITE_NOMEM_BKPT;
    } else {
      sqlite3_snprintf(nFilename, zLockFile, `%s${DOTLOCK_SUFFIX}`, zFilename);
    }
    pNew.lockingContext = zLockFile;
  }

  storeLastErrno(pNew, 0);
  if (rc !== SQLITE_OK) {
    if (h >= 0) robust_close(pNew, h, 46438);
  } else {
    pId.pMethods = pLockingStyle;
    verifyDbFile(pNew);
  }
  return rc;
}

/** Where temporary files may go, best first; the first two come from the environment. */
const azTempDirs: (CString | null)[] = [
  null,
  null,
  toCString("/var/tmp"),
  toCString("/usr/tmp"),
  toCString("/tmp"),
  toCString("."),
];

/**
 * Reads the two environment variables that name a directory for temporary files.
 *
 * @upstream os_unix.c unixTempFileInit
 */
function unixTempFileInit(): void {
  azTempDirs[0] = getenv("SQLITE_TMPDIR");
  azTempDirs[1] = getenv("TMPDIR");
}

/**
 * The first of the candidate directories that exists and may be written, or null. The configured
 * `sqlite3_temp_directory` comes before all others.
 *
 * @upstream os_unix.c unixTempFileDir
 */
function unixTempFileDir(): CString | null {
  let i = 0;
  const buf = new stat();
  let zDir = sqlite3_temp_directory.value;

  while (true) {
    if (zDir !== null && osStat(zDir, buf) === 0 && S_ISDIR(buf.st_mode) && osAccess(zDir, 0o3) === 0) {
      return zDir;
    }
    if (i >= azTempDirs.length) break;
    zDir = azTempDirs[i++]!;
  }
  return null;
}

/** The bytes of an array or number as they lie in memory. NON-UPSTREAM: C casts. */
function bytesOf(a: Int32Array | BigInt64Array | BigUint64Array): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

/**
 * Writes the name of a temporary file that does not exist yet into the first `nBuf` bytes of
 * `zBuf`, with two zeros at its end.
 *
 * @returns SQLITE_IOERR_GETTEMPPATH without a directory, SQLITE_ERROR if the name is too long or
 *   a dozen random names were all taken.
 * @divergence number-bytes
 * @upstream os_unix.c unixGetTempname
 */
function unixGetTempname(nBuf: number, zBuf: Uint8Array): number {
  let zDir: CString | null;
  let iLimit = 0;
  let rc = SQLITE_OK;

  zBuf[0] = 0;

  sqlite3_mutex_enter(sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_TEMPDIR));
  zDir = unixTempFileDir();
  if (zDir === null) {
    rc = SQLITE_IOERR_GETTEMPPATH;
  } else {
    do {
      const r = new BigUint64Array(1);
      sqlite3_randomness(8, bytesOf(r));
      assert(nBuf > 2);
      zBuf[nBuf - 2] = 0;
      sqlite3_snprintf(nBuf, zBuf, `%s/${SQLITE_TEMP_FILE_PREFIX}%llx%c`, zDir, r[0]!, 0);
      if (zBuf[nBuf - 2] !== 0 || iLimit++ > 10) {
        rc = SQLITE_ERROR;
        break;
      }
    } while (osAccess(zBuf, 0) === 0);
  }
  sqlite3_mutex_leave(sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_TEMPDIR));
  return rc;
}

/**
 * Takes an unused descriptor of the database file `zPath` out of the inode's list, if there is one
 * that was opened with the same access.
 *
 * Such descriptors remain when a connection is closed while another connection of the process holds
 * locks on the file: closing them would drop those locks.
 *
 * @param flags SQLITE_OPEN_* bits; READONLY and READWRITE count.
 * @returns the entry, which the caller then owns, or null.
 * @divergence unix-field-refs
 * @upstream os_unix.c findReusableFd
 */
function findReusableFd(zPath: CString, flags: number): UnixUnusedFd | null {
  let pUnused: UnixUnusedFd | null = null;

  const sStat = new stat();

  unixEnterMutex();

  /* a failing stat() is left for open() to report */
  if (inodeList !== null && 0 === osStat(zPath, sStat)) {
    let pInode: unixInodeInfo | null = inodeList;
    while (pInode !== null && (pInode.fileId.dev !== sStat.st_dev || pInode.fileId.ino !== sStat.st_ino)) {
      pInode = pInode.pNext;
    }
    if (pInode !== null) {
      assert(sqlite3_mutex_notheld(pInode.pLockMutex));
      sqlite3_mutex_enter(pInode.pLockMutex);
      flags &= SQLITE_OPEN_READONLY | SQLITE_OPEN_READWRITE;
      let pp: Ref<UnixUnusedFd | null>;
      for (
        pp = fieldRef(pInode, "pUnused");
        pp.value !== null && pp.value.flags !== flags;
        pp = fieldRef(pp.value, "pNext")
      ) {}
      pUnused = pp.value;
      if (pUnused !== null) {
        pp.value = pUnused.pNext;
      }
      sqlite3_mutex_leave(pInode.pLockMutex);
    }
  }
  unixLeaveMutex();
  return pUnused;
}

/**
 * Finds the permissions, owner and group of the file `zFile`; the outputs stay as they are if it
 * cannot be asked.
 *
 * @returns SQLITE_OK or SQLITE_IOERR_FSTAT.
 * @upstream os_unix.c getFileMode
 */
function getFileMode(zFile: CString, pMode: Ref<number>, pUid: Ref<number>, pGid: Ref<number>): number {
  const sStat = new stat();
  let rc = SQLITE_OK;
  if (0 === osStat(zFile, sStat)) {
    pMode.value = sStat.st_mode & 0o777;
    pUid.value = sStat.st_uid;
    pGid.value = sStat.st_gid;
  } else {
    rc = SQLITE_IOERR_FSTAT;
  }
  return rc;
}

/**
 * Decides with which permissions a new file `zPath` is created. A journal or WAL takes those of its
 * database (whose name is the journal's up to the last `-`), a file that deletes itself is private,
 * a URI may name a model with `modeof=`; in all other cases `pMode` becomes 0: the default, less
 * the umask.
 *
 * @param flags the flags of xOpen.
 * @returns SQLITE_OK, or SQLITE_IOERR_FSTAT if the model file cannot be asked.
 * @upstream os_unix.c findCreateFileMode
 */
function findCreateFileMode(
  zPath: CString,
  flags: number,
  pMode: Ref<number>,
  pUid: Ref<number>,
  pGid: Ref<number>,
): number {
  let rc = SQLITE_OK;
  pMode.value = 0;
  pUid.value = 0;
  pGid.value = 0;
  if (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) {
    const zDb = new Uint8Array(MAX_PATHNAME + 1);
    let nDb: number;

    /* The name may lack the '-' (8+3 names, odd names in a super-journal); a '.' ends the search,
     * and the default permissions do. */
    nDb = sqlite3Strlen30(zPath) - 1;
    while (nDb > 0 && zPath[nDb] !== 0x2e /* '.' */) {
      if (zPath[nDb] === 0x2d /* '-' */) {
        memcpy(zDb, zPath, nDb);
        zDb[nDb] = 0;
        rc = getFileMode(zDb, pMode, pUid, pGid);
        break;
      }
      nDb--;
    }
  } else if (flags & SQLITE_OPEN_DELETEONCLOSE) {
    pMode.value = 0o600;
  } else if (flags & SQLITE_OPEN_URI) {
    const z = sqlite3_uri_parameter(zPath, "modeof");
    if (z !== null) {
      rc = getFileMode(z, pMode, pUid, pGid);
    }
  }
  return rc;
}

/**
 * The xOpen method. A file that cannot be opened for writing is tried read-only, and `pOutFlags`
 * tells; a file with DELETEONCLOSE is unlinked as soon as it is open.
 *
 * @param zPath name as `sqlite3_create_filename` or the pager lays it out, or null for a temporary
 *   file of our own choosing. The file keeps it: it must live until xClose.
 * @param flags exactly one of READONLY and READWRITE, exactly one file type; CREATE only with
 *   READWRITE, EXCLUSIVE and DELETEONCLOSE only with CREATE.
 * @returns SQLITE_CANTOPEN; SQLITE_READONLY_DIRECTORY if a journal cannot be created where it must
 *   be; SQLITE_NOMEM; what finding the name or the permissions failed with.
 * @divergence unix-file-struct
 * @upstream os_unix.c unixOpen
 */
function unixOpen(
  pVfs: sqlite3_vfs,
  zPath: CString | null,
  pFile: sqlite3_file,
  flags: number,
  pOutFlags: Ref<number> | null,
): number {
  const p = new unixFile();
  let fd = -1;
  let openFlags = 0;
  const eType = flags & 0x0fff00;
  let rc = SQLITE_OK;
  let ctrlFlags = 0;

  const isExclusive = flags & SQLITE_OPEN_EXCLUSIVE;
  const isDelete = flags & SQLITE_OPEN_DELETEONCLOSE;
  const isCreate = flags & SQLITE_OPEN_CREATE;
  let isReadonly = flags & SQLITE_OPEN_READONLY;
  const isReadWrite = flags & SQLITE_OPEN_READWRITE;

  /* the directory of a new journal must be synced with its first sync */
  const isNewJrnl =
    isCreate &&
    (eType === SQLITE_OPEN_SUPER_JOURNAL || eType === SQLITE_OPEN_MAIN_JOURNAL || eType === SQLITE_OPEN_WAL)
      ? 1
      : 0;

  const zTmpname = new Uint8Array(MAX_PATHNAME + 2);
  let zName = zPath;

  assert((isReadonly === 0 || isReadWrite === 0) && (isReadWrite || isReadonly));
  assert(isCreate === 0 || isReadWrite);
  assert(isExclusive === 0 || isCreate);
  assert(isDelete === 0 || isCreate);

  /* these four are never temporary */
  assert((!isDelete && zName !== null) || eType !== SQLITE_OPEN_MAIN_DB);
  assert((!isDelete && zName !== null) || eType !== SQLITE_OPEN_MAIN_JOURNAL);
  assert((!isDelete && zName !== null) || eType !== SQLITE_OPEN_SUPER_JOURNAL);
  assert((!isDelete && zName !== null) || eType !== SQLITE_OPEN_WAL);

  assert(
    eType === SQLITE_OPEN_MAIN_DB ||
      eType === SQLITE_OPEN_TEMP_DB ||
      eType === SQLITE_OPEN_MAIN_JOURNAL ||
      eType === SQLITE_OPEN_TEMP_JOURNAL ||
      eType === SQLITE_OPEN_SUBJOURNAL ||
      eType === SQLITE_OPEN_SUPER_JOURNAL ||
      eType === SQLITE_OPEN_TRANSIENT_DB ||
      eType === SQLITE_OPEN_WAL,
  );

  /* a forked process must not repeat its parent's random numbers */
  if (randomnessPid !== osGetpid(0)) {
    randomnessPid = osGetpid(0);
    sqlite3_randomness(0, null);
  }
  pFile.pMethods = null;
  pFile.pImpl = p;

  open_finished: {
    if (eType === SQLITE_OPEN_MAIN_DB) {
      let pUnused: UnixUnusedFd | null;
      pUnused = findReusableFd(zName!, flags);
      if (pUnused !== null) {
        fd = pUnused.fd;
      } else {
        const pMem = sqlite3_malloc64(sizeof.UnixUnusedFd);
        if (pMem === null) {
          return SQLITE_NOMEM_BKPT;
        }
        pUnused = new UnixUnusedFd(pMem);
      }
      p.pPreallocatedUnused = pUnused;

      /* sqlite3_uri_parameter() needs two zeros behind the name */
      assert(flags & SQLITE_OPEN_URI || zName![strlen(zName!) + 1] === 0);
    } else if (zName === null) {
      assert(isDelete && !isNewJrnl);
      rc = unixGetTempname(pVfs.mxPathname, zTmpname);
      if (rc !== SQLITE_OK) {
        return rc;
      }
      zName = zTmpname;

      assert(zName[strlen(zName) + 1] === 0);
    }

    if (isReadonly) openFlags |= O_RDONLY;
    if (isReadWrite) openFlags |= O_RDWR;
    if (isCreate) openFlags |= O_CREAT;
    if (isExclusive) openFlags |= O_EXCL | O_NOFOLLOW;
    openFlags |= O_LARGEFILE | O_BINARY | O_NOFOLLOW;

    if (fd < 0) {
      const openMode = new Ref<number>(0);
      const uid = new Ref<number>(0);
      const gid = new Ref<number>(0);
      rc = findCreateFileMode(zName!, flags, openMode, uid, gid);
      if (rc !== SQLITE_OK) {
        assert(p.pPreallocatedUnused === null);
        assert(eType === SQLITE_OPEN_WAL || eType === SQLITE_OPEN_MAIN_JOURNAL);
        return rc;
      }
      fd = robust_open(zName!, openFlags, openMode.value);
      assert(!isExclusive || (openFlags & O_CREAT) !== 0);
      if (fd < 0) {
        if (isNewJrnl && errno() === EACCES && osAccess(zName!, F_OK)) {
          /* the journal is not there and the directory does not let us make it */
          rc = SQLITE_READONLY_DIRECTORY;
        } else if (errno() !== EISDIR && isReadWrite) {
          let pReadonly: UnixUnusedFd | null = null;
          flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
          openFlags &= ~(O_RDWR | O_CREAT);
          flags |= SQLITE_OPEN_READONLY;
          openFlags |= O_RDONLY;
          isReadonly = 1;
          pReadonly = findReusableFd(zName!, flags);
          if (pReadonly !== null) {
            fd = pReadonly.fd;
            sqlite3_free(pReadonly);
          } else {
            fd = robust_open(zName!, openFlags, openMode.value);
          }
        }
      }
      if (fd < 0) {
        const rc2 = unixLogError(SQLITE_CANTOPEN_BKPT(46895), "open", zName, 46895);
        if (rc === SQLITE_OK) rc = rc2;
        break open_finished;
      }

      /* A journal or WAL made by root must belong to the database's owner, or that user could not
       * open the database any more. A mode of 0 says that owner and group are not known. */
      if (openMode.value && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) !== 0) {
        robustFchown(fd, uid.value, gid.value);
      }
    }
    assert(fd >= 0);
    if (pOutFlags !== null) {
      pOutFlags.value = flags;
    }

    if (p.pPreallocatedUnused !== null) {
      p.pPreallocatedUnused.fd = fd;
      p.pPreallocatedUnused.flags = flags & (SQLITE_OPEN_READONLY | SQLITE_OPEN_READWRITE);
    }

    if (isDelete) {
      if (SQLITE_UNLINK_AFTER_CLOSE) {
        zPath = sqlite3_mprintf("%s", zName);
        if (zPath === null) {
          robust_close(p, fd, 46933);
          return SQLITE_NOMEM_BKPT;
        }
      } else {
        osUnlink(zName!);
      }
    }

    if (isDelete) ctrlFlags |= UNIXFILE_DELETE;
    if (isReadonly) ctrlFlags |= UNIXFILE_RDONLY;
    const noLock = eType !== SQLITE_OPEN_MAIN_DB;
    if (noLock) ctrlFlags |= UNIXFILE_NOLOCK;
    if (isNewJrnl) ctrlFlags |= UNIXFILE_DIRSYNC;
    if (flags & SQLITE_OPEN_URI) ctrlFlags |= UNIXFILE_URI;

    assert(
      zPath === null ||
        zPath[0] === 0x2f /* '/' */ ||
        eType === SQLITE_OPEN_SUPER_JOURNAL ||
        eType === SQLITE_OPEN_MAIN_JOURNAL ||
        eType === SQLITE_OPEN_TEMP_JOURNAL,
    );
    rc = fillInUnixFile(pVfs, fd, pFile, zPath, ctrlFlags);
  }

  /* open_finished: */
  if (rc !== SQLITE_OK) {
    sqlite3_free(p.pPreallocatedUnused);
  }
  return rc;
}

/**
 * The xDelete method.
 *
 * @param dirSync bit 0 asks that the directory be synced, so that the deletion survives a power
 *   failure.
 * @returns SQLITE_IOERR_DELETE_NOENT if there is no such file, SQLITE_IOERR_DELETE,
 *   SQLITE_IOERR_DIR_FSYNC (the file is gone then). A directory that cannot be opened is no error.
 * @upstream os_unix.c unixDelete
 */
function unixDelete(_NotUsed: sqlite3_vfs, zPath: CString, dirSync: number): number {
  let rc = SQLITE_OK;
  if (osUnlink(zPath) === -1) {
    if (errno() === ENOENT) {
      rc = SQLITE_IOERR_DELETE_NOENT;
    } else {
      rc = unixLogError(SQLITE_IOERR_DELETE, "unlink", zPath, 47037);
    }
    return rc;
  }
  if (!SQLITE_DISABLE_DIRSYNC) {
    if ((dirSync & 1) !== 0) {
      const fd = new Ref<number>(0);
      rc = osOpenDirectory(zPath, fd);
      if (rc === SQLITE_OK) {
        if (full_fsync(fd.value, 0, 0)) {
          rc = unixLogError(SQLITE_IOERR_DIR_FSYNC, "fsync", zPath, 47047);
        }
        robust_close(null, fd.value, 47049);
      } else {
        assert(rc === SQLITE_CANTOPEN);
        rc = SQLITE_OK;
      }
    }
  }
  return rc;
}

/** NON-UPSTREAM: `buf` on the stack of unixAccess. */
const bufOfAccess = new stat();

/**
 * The xAccess method. With SQLITE_ACCESS_EXISTS an empty regular file does not exist: an empty
 * journal needs no rollback. With SQLITE_ACCESS_READWRITE the file must be readable and writable.
 *
 * @param pResOut 1 or 0.
 * @divergence unix-stack-structs
 * @upstream os_unix.c unixAccess
 */
function unixAccess(_NotUsed: sqlite3_vfs, zPath: CString, flags: number, pResOut: Ref<number>): number {
  assert(pResOut !== null);

  assert(flags === SQLITE_ACCESS_EXISTS || flags === SQLITE_ACCESS_READWRITE);

  if (flags === SQLITE_ACCESS_EXISTS) {
    const buf = bufOfAccess;
    pResOut.value = 0 === osStat(zPath, buf) && (!S_ISREG(buf.st_mode) || buf.st_size > 0) ? 1 : 0;
  } else {
    pResOut.value = osAccess(zPath, W_OK | R_OK) === 0 ? 1 : 0;
  }
  return SQLITE_OK;
}

/**
 * A path under construction.
 *
 * @upstream os_unix.c DbPath
 */
class DbPath {
  /** Non-zero once something went wrong. */
  rc = 0;
  /** Symbolic links followed so far. */
  nSymlink = 0;
  /** Where the path is written; the caller of the first append sets it. */
  zOut: Uint8Array = toCString("");
  /** Bytes that `zOut` can take. */
  nOut = 0;
  /** Bytes of `zOut` in use. */
  nUsed = 0;
}

/**
 * Appends one element of a path. `.` adds nothing, `..` takes the last element away, a symbolic
 * link is replaced by what it leads to.
 *
 * @param zName starts with the element; not terminated.
 * @param nName bytes of the element, at least 1.
 * @upstream os_unix.c appendOnePathElement
 */
function appendOnePathElement(pPath: DbPath, zName: CString, nName: number): void {
  assert(nName > 0);
  assert(zName !== null);
  if (zName[0] === 0x2e /* '.' */) {
    if (nName === 1) return;
    if (zName[1] === 0x2e && nName === 2) {
      if (pPath.nUsed > 1) {
        assert(pPath.zOut[0] === 0x2f /* '/' */);
        while (pPath.zOut[--pPath.nUsed] !== 0x2f) {}
      }
      return;
    }
  }
  if (pPath.nUsed + nName + 2 >= pPath.nOut) {
    pPath.rc = SQLITE_ERROR;
    return;
  }
  pPath.zOut[pPath.nUsed++] = 0x2f;
  memcpy(pPath.zOut.subarray(pPath.nUsed), zName, nName);
  pPath.nUsed += nName;
  if (HAVE_READLINK && HAVE_LSTAT) {
    if (pPath.rc === SQLITE_OK) {
      const buf = new stat();
      pPath.zOut[pPath.nUsed] = 0;
      const zIn = pPath.zOut;
      if (osLstat(zIn, buf) !== 0) {
        /* what does not exist yet cannot be a link */
        if (errno() !== ENOENT) {
          pPath.rc = unixLogError(SQLITE_CANTOPEN_BKPT(47143), "lstat", zIn, 47143);
        }
      } else if (S_ISLNK(buf.st_mode)) {
        const zLnk = new Uint8Array(SQLITE_MAX_PATHLEN + 2);
        if (pPath.nSymlink++ > SQLITE_MAX_SYMLINK) {
          pPath.rc = SQLITE_CANTOPEN_BKPT(47149);
          return;
        }
        const got = osReadlink(zIn, zLnk, zLnk.length - 2);
        if (got <= 0 || got >= zLnk.length - 2) {
          pPath.rc = unixLogError(SQLITE_CANTOPEN_BKPT(47154), "readlink", zIn, 47154);
          return;
        }
        zLnk[got] = 0;
        if (zLnk[0] === 0x2f) {
          pPath.nUsed = 0;
        } else {
          pPath.nUsed -= nName + 1;
        }
        appendAllPathElements(pPath, zLnk);
      }
    }
  }
}

/**
 * Appends every element of the NUL-terminated path `zPath`; empty ones are skipped.
 *
 * @upstream os_unix.c appendAllPathElements
 */
function appendAllPathElements(pPath: DbPath, zPath: CString): void {
  let i = 0;
  let j = 0;
  do {
    while (zPath[i] && zPath[i] !== 0x2f /* '/' */) {
      i++;
    }
    if (i > j) {
      appendOnePathElement(pPath, zPath.subarray(j), i - j);
    }
    j = i + 1;
  } while (zPath[i++]);
}

/**
 * The xFullPathname method: makes a path absolute and free of symbolic links, `.`, `..` and double
 * slashes. The file itself, and directories on the way, need not exist.
 *
 * @param nOut bytes that `zOut` can take, terminating zero included.
 * @returns SQLITE_OK, SQLITE_OK_SYMLINK if a link was followed, SQLITE_CANTOPEN if the result would
 *   be the root directory, would not fit, or more than SQLITE_MAX_SYMLINK links were met.
 * @upstream os_unix.c unixFullPathname
 */
function unixFullPathname(_pVfs: sqlite3_vfs, zPath: CString, nOut: number, zOut: Uint8Array): number {
  const path = new DbPath();
  path.rc = 0;
  path.nUsed = 0;
  path.nSymlink = 0;
  path.nOut = nOut;
  path.zOut = zOut;
  if (zPath[0] !== 0x2f /* '/' */) {
    const zPwd = new Uint8Array(SQLITE_MAX_PATHLEN + 2);
    if (osGetcwd(zPwd, zPwd.length - 2) === null) {
      return unixLogError(SQLITE_CANTOPEN_BKPT(47212), "getcwd", zPath, 47212);
    }
    appendAllPathElements(path, zPwd);
  }
  appendAllPathElements(path, zPath);
  zOut[path.nUsed] = 0;
  if (path.rc || path.nUsed < 2) return SQLITE_CANTOPEN_BKPT(47218);
  if (path.nSymlink) return SQLITE_OK_SYMLINK;
  return SQLITE_OK;
}

/** Name of a VFS that shall be the default instead of "unix", or null. */
const SQLITE_DEFAULT_UNIX_VFS: string | null = null;

/**
 * The xRandomness method: a seed for the random number generator, from /dev/urandom, or from time
 * and process id if that cannot be opened.
 *
 * @returns how many bytes of `zBuf` were filled.
 * @divergence number-bytes
 * @upstream os_unix.c unixRandomness
 */
function unixRandomness(_NotUsed: sqlite3_vfs, nBuf: number, zBuf: Uint8Array): number {
  assert(nBuf >= 8 + 4);

  memset(zBuf, 0, nBuf);
  randomnessPid = osGetpid(0);
  if (!SQLITE_TEST && !SQLITE_OMIT_RANDOMNESS) {
    let got: number;
    const fd = robust_open(toCString("/dev/urandom"), O_RDONLY, 0);
    if (fd < 0) {
      const t = new BigInt64Array(1);
      time(t);
      memcpy(zBuf, bytesOf(t), 8);
      memcpy(zBuf.subarray(8), bytesOf(Int32Array.of(randomnessPid)), 4);
      assert(8 + 4 <= nBuf);
      nBuf = 8 + 4;
    } else {
      do {
        got = osRead(fd, zBuf, nBuf);
      } while (got < 0 && errno() === EINTR);
      robust_close(null, fd, 47319);
    }
  }
  return nBuf;
}

/**
 * The xSleep method; blocks the thread, and with it Node's event loop.
 *
 * @returns `microseconds`, rounded up to whole seconds where the system cannot do better.
 * @upstream os_unix.c unixSleep
 */
function unixSleep(_NotUsed: sqlite3_vfs | null, microseconds: number): number {
  if (HAVE_NANOSLEEP) {
    const sp = new timespec();
    sp.tv_sec = Math.trunc(microseconds / 1000000);
    sp.tv_nsec = (microseconds % 1000000) * 1000;

    nanosleep(sp, null);

    return microseconds;
  } else if (HAVE_USLEEP) {
    if (microseconds >= 1000000) sleep(Math.floor(microseconds / 1000000));
    if (microseconds % 1000000) usleep(microseconds % 1000000);
    return microseconds;
  } else {
    const seconds = Math.floor((microseconds + 999999) / 1000000);
    sleep(seconds);
    return seconds * 1000000;
  }
}

/**
 * The xCurrentTimeInt64 method: the Julian day of this moment, in thousandths of a second (a day has
 * 86,400,000 of them). 1970 began at 210866760000000.
 *
 * @upstream os_unix.c unixCurrentTimeInt64
 * @divergence test-counters
 */
function unixCurrentTimeInt64(_NotUsed: sqlite3_vfs | null, piNow: Ref<number>): number {
  const unixEpoch = 24405875 * 8640000;
  const rc = SQLITE_OK;
  if (NO_GETTOD) {
    const t = new BigInt64Array(1);
    time(t);
    piNow.value = Number(t[0]) * 1000 + unixEpoch;
  } else {
    const sNow = new timeval();
    gettimeofday(sNow, null); /* cannot fail */
    piNow.value = unixEpoch + 1000 * sNow.tv_sec + Math.floor(sNow.tv_usec / 1000);
  }

  return rc;
}

/**
 * The xCurrentTime method: now, as a Julian day number. Only in builds without
 * SQLITE_OMIT_DEPRECATED.
 *
 * @upstream os_unix.c unixCurrentTime
 */
function unixCurrentTime(_NotUsed: sqlite3_vfs, prNow: Ref<number>): number {
  const i = new Ref<number>(0);
  const rc = unixCurrentTimeInt64(null, i);
  prNow.value = i.value / 86400000.0;
  return rc;
}

/**
 * The xGetLastError method: the error number of the last system call that failed. No message is
 * written.
 *
 * @upstream os_unix.c unixGetLastError
 */
function unixGetLastError(_NotUsed: sqlite3_vfs, _NotUsed2: number, _NotUsed3: Uint8Array | null): number {
  return errno();
}

/* ---------------------------------------------------------------- start and end */

/**
 * Makes one of the VFS objects.
 *
 * @divergence unix-dl
 * @upstream os_unix.c UNIXVFS
 */
function UNIXVFS(zName: string, FINDER: finder_type): sqlite3_vfs {
  const p: sqlite3_vfs = {
    iVersion: 3,
    szOsFile: sizeof.unixFile,
    mxPathname: MAX_PATHNAME,
    pNext: null,
    zName,
    pAppData: FINDER,
    xOpen: unixOpen,
    xDelete: unixDelete,
    xAccess: unixAccess,
    xFullPathname: unixFullPathname,
    xRandomness: unixRandomness,
    xSleep: unixSleep,
    xGetLastError: unixGetLastError,
    xCurrentTimeInt64: unixCurrentTimeInt64,
    xSetSystemCall: unixSetSystemCall,
    xGetSystemCall: unixGetSystemCall,
    xNextSystemCall: unixNextSystemCall,
  };
  if (!SQLITE_OMIT_DEPRECATED) p.xCurrentTime = unixCurrentTime;
  return p;
}

/** The VFSes of this file; the first is the default. Registering changes their `pNext`. */
const aVfs: sqlite3_vfs[] = [
  UNIXVFS("unix", posixIoFinder),
  UNIXVFS("unix-none", nolockIoFinder),
  UNIXVFS("unix-dotfile", dotlockIoFinder),
  UNIXVFS("unix-excl", posixIoFinder),
];

/**
 * Registers the VFSes of this file; called once while SQLite initialises, when neither memory nor
 * mutexes need be ready.
 *
 * @divergence unix-dl
 * @upstream os_unix.c sqlite3_os_init
 */
export function sqlite3_os_init(): number {
  let i: number;

  assert(aSyscall.length === 29);

  for (i = 0; i < aVfs.length; i++) {
    if (SQLITE_DEFAULT_UNIX_VFS !== null) {
      sqlite3_vfs_register(aVfs[i]!, aVfs[i]!.zName === SQLITE_DEFAULT_UNIX_VFS ? 1 : 0);
    } else {
      sqlite3_vfs_register(aVfs[i]!, i === 0 ? 1 : 0);
    }
  }
  unixBigLock = sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_VFS1);

  /* Every process that uses a -shm file must agree on these offsets: WRITE 120, CKPT 121,
   * RECOVER 122, READ-0 to READ-4 123 to 127, dead man's switch 128. */
  assert(SQLITE_SHM_NLOCK === 8);
  assert(UNIX_SHM_BASE === 120);
  assert(UNIX_SHM_DMS === 128);

  unixTempFileInit();

  return SQLITE_OK;
}

/**
 * Counterpart of {@link sqlite3_os_init}. There is nothing to release.
 *
 * @upstream os_unix.c sqlite3_os_end
 */
export function sqlite3_os_end(): number {
  unixBigLock = null;
  return SQLITE_OK;
}
