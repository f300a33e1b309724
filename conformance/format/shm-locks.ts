/**
 * Which process holds which lock of a -shm file, as the kernel's record locks tell it.
 *
 * Closing any descriptor of a file gives up all POSIX locks that the process holds on it. Opening and
 * closing the -shm file here is harmless nevertheless: this process runs no engine, so it has no locks on
 * the file that it could lose, and those of other processes stay. F_GETLK takes no lock either.
 */

import { closeSync, openSync } from "node:fs";
import { errno, F_GETLK, F_RDLCK, F_UNLCK, F_WRLCK, fcntl, flock, SEEK_SET } from "../../src/os/libc.js";

/** The locked bytes, from 120 on, and the one behind them, which says that a connection is open at all. */
export const SHM_LOCKS = [
  { byte: 120, name: "write" },
  { byte: 121, name: "checkpoint" },
  { byte: 122, name: "recover" },
  { byte: 123, name: "read 0" },
  { byte: 124, name: "read 1" },
  { byte: 125, name: "read 2" },
  { byte: 126, name: "read 3" },
  { byte: 127, name: "read 4" },
  { byte: 128, name: "open connection" },
] as const;

/** A lock that somebody holds. */
export interface ShmLock {
  byte: number;
  name: string;
  kind: "shared" | "exclusive";
  /** A holder: of a shared lock there may be more, and the kernel names one. */
  pid: number;
}

/**
 * Asks the kernel for each byte's lock.
 *
 * @param path a -shm file; locks of this process itself are not seen
 * @throws Error if it cannot be opened or the file system has no record locks
 */
export function shmLocks(path: string): ShmLock[] {
  const held: ShmLock[] = [];
  const fd = openSync(path, "r");
  try {
    for (const { byte, name } of SHM_LOCKS) {
      const lock = new flock();
      lock.l_type = F_WRLCK;
      lock.l_whence = SEEK_SET;
      lock.l_start = byte;
      lock.l_len = 1;
      if (fcntl(fd, F_GETLK, lock) !== 0) {
        throw new Error(`the locks of ${path} cannot be read (error number ${errno()})`);
      }
      if (lock.l_type === F_UNLCK) continue;
      held.push({ byte, name, kind: lock.l_type === F_RDLCK ? "shared" : "exclusive", pid: lock.l_pid });
    }
  } finally {
    closeSync(fd);
  }
  return held;
}
