/** A lock for work that several processes would otherwise do at the same time. */

import { closeSync, openSync } from "node:fs";

/** Something that has been locked; close it to let the next one in. */
export interface Lock {
  /** Why nothing is locked although it looks so, or null: such a "lock" saves no work, but does no harm. */
  readonly missing: string | null;
  close(): void;
}

/**
 * Takes an exclusive lock on a file, which is made if it does not exist and never removed.
 *
 * It is a POSIX record lock: the kernel wakes those who wait, and releases the lock of a process that dies,
 * so there is neither polling nor a stale lock. Waiting blocks the whole process, which therefore should
 * have nothing else to do; and no other code of it may open and close that file.
 *
 * @param onWait called, and waited for, before the process blocks
 * @throws Error if the file can be neither made nor opened for writing
 */
export async function lockFile(path: string, onWait: () => Promise<void>): Promise<Lock> {
  const fd = openSync(path, "a");
  const close = (): void => closeSync(fd);
  try {
    const libc = await import("../../../src/os/libc.js").catch((e: Error) => e.message);
    if (typeof libc === "string") return { missing: libc, close };
    const range = new libc.flock();
    range.l_type = libc.F_WRLCK;
    range.l_whence = libc.SEEK_SET;
    range.l_start = 0;
    range.l_len = 1;
    if (libc.fcntl(fd, libc.F_SETLK, range) === 0) return { missing: null, close };
    if (libc.errno() === libc.EAGAIN || libc.errno() === libc.EACCES) {
      await onWait();
      for (;;) {
        if (libc.fcntl(fd, libc.F_SETLKW, range) === 0) return { missing: null, close };
        if (libc.errno() !== libc.EINTR) break;
      }
    }
    return { missing: `the file system has no locks (error number ${libc.errno()})`, close };
  } catch (e) {
    close();
    throw e;
  }
}
