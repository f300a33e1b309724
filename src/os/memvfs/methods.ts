/**
 * `sqlite3_io_methods` of a memory disk: each finds its {@link MemFile} and, while somebody watches,
 * goes through the disk's {@link Watch}.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

import { Ref, SQLITE_IOERR_SHORT_READ, type sqlite3_file, type sqlite3_io_methods } from "../../sqliteInt.js";
import type { MemFile } from "./file.js";

function fileOf(id: sqlite3_file): MemFile {
  return id.pImpl as MemFile;
}

/** The methods, under the given version of the interface: 1, 2 (shared memory) or 3 (xFetch). */
function ioMethods(iVersion: number): sqlite3_io_methods {
  return {
    iVersion,

    xClose(id) {
      const f = fileOf(id);
      const { watch } = f.disk;
      id.pMethods = null;
      id.pImpl = null;
      if (!watch.active) return f.close();
      /* A close that fails has closed the file all the same. */
      return watch.run(
        "close",
        f.name,
        0,
        0,
        0,
        null,
        () => f.close(),
        () => f.close(),
      );
    },

    xRead(id, pBuf, iAmt, iOfst) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.read(pBuf, iAmt, iOfst);
      return watch.run(
        "read",
        f.name,
        iOfst,
        iAmt,
        0,
        pBuf,
        () => f.read(pBuf, iAmt, iOfst),
        (rule) => {
          if (rule.scribble) pBuf.fill(0xa5, 0, iAmt);
          if (rule.code !== SQLITE_IOERR_SHORT_READ) return;
          const n = Math.min(rule.partial ?? 0, iAmt);
          f.read(pBuf, n, iOfst);
          pBuf.fill(0, n, iAmt);
        },
      );
    },

    xWrite(id, pBuf, iAmt, iOfst) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.write(pBuf, iAmt, iOfst);
      return watch.run(
        "write",
        f.name,
        iOfst,
        iAmt,
        0,
        pBuf,
        () => f.write(pBuf, iAmt, iOfst),
        (rule) => {
          const n = Math.min(rule.partial ?? 0, iAmt);
          if (n > 0) f.write(pBuf, n, iOfst);
        },
      );
    },

    xTruncate(id, size) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.truncate(size);
      return watch.run("truncate", f.name, size, 0, 0, null, () => f.truncate(size));
    },

    xSync(id, flags) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.sync();
      return watch.run("sync", f.name, 0, 0, flags, null, () => f.sync());
    },

    xFileSize(id, pSize) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) {
        pSize.value = f.fileSize();
        return 0;
      }
      return watch.run("filesize", f.name, 0, 0, 0, null, (call) => {
        pSize.value = call.out = f.fileSize();
        return 0;
      });
    },

    xLock(id, eLock) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.lock(eLock);
      return watch.run("lock", f.name, 0, 0, eLock, null, (call) => {
        const rc = f.lock(eLock);
        call.out = f.eFileLock;
        return rc;
      });
    },

    xUnlock(id, eLock) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.unlock(eLock);
      return watch.run("unlock", f.name, 0, 0, eLock, null, (call) => {
        const rc = f.unlock(eLock);
        call.out = f.eFileLock;
        return rc;
      });
    },

    xCheckReservedLock(id, pResOut) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) {
        pResOut.value = f.checkReservedLock();
        return 0;
      }
      return watch.run("checkreservedlock", f.name, 0, 0, 0, null, (call) => {
        pResOut.value = call.out = f.checkReservedLock();
        return 0;
      });
    },

    xFileControl(id, op, pArg) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.fileControl(op, pArg);
      const amount = numberBehind(pArg);
      return watch.run("filecontrol", f.name, 0, amount, op, null, (call) => {
        const rc = f.fileControl(op, pArg);
        call.out = numberBehind(pArg);
        return rc;
      });
    },

    xSectorSize(id) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (watch.active) {
        watch.run("sectorsize", f.name, 0, 0, 0, null, (call) => {
          call.out = f.sectorSize();
          return 0;
        });
      }
      return f.sectorSize();
    },

    xDeviceCharacteristics(id) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (watch.active) {
        watch.run("devicecharacteristics", f.name, 0, 0, 0, null, (call) => {
          call.out = f.deviceCharacteristics();
          return 0;
        });
      }
      return f.deviceCharacteristics();
    },

    xShmMap(id, iPg, pgsz, bExtend, pp) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.shmMap(iPg, pgsz, bExtend, pp);
      pp.value = null;
      return watch.run("shmmap", f.name, iPg, pgsz, bExtend, null, (call) => {
        const rc = f.shmMap(iPg, pgsz, bExtend, pp);
        call.out = pp.value === null ? 0 : 1;
        return rc;
      });
    },

    xShmLock(id, offset, n, flags) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.shmLock(offset, n, flags);
      return watch.run("shmlock", f.name, offset, n, flags, null, () => f.shmLock(offset, n, flags));
    },

    xShmBarrier(id) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (watch.active) watch.run("shmbarrier", f.name, 0, 0, 0, null, () => 0);
    },

    xShmUnmap(id, deleteFlag) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.shmUnmap();
      return watch.run("shmunmap", f.name, 0, 0, deleteFlag, null, () => f.shmUnmap());
    },

    xFetch(id, iOfst, iAmt, pp) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.fetch(iOfst, iAmt, pp);
      pp.value = null;
      return watch.run("fetch", f.name, iOfst, iAmt, 0, null, (call) => {
        const rc = f.fetch(iOfst, iAmt, pp);
        call.out = pp.value === null ? 0 : 1;
        return rc;
      });
    },

    xUnfetch(id, iOfst, p) {
      const f = fileOf(id);
      const { watch } = f.disk;
      if (!watch.active) return f.unfetch(p);
      return watch.run("unfetch", f.name, iOfst, p === null ? 0 : p.length, 0, null, () => f.unfetch(p));
    },
  };
}

/** The number that a file control's argument points at, 0 if it is none. */
function numberBehind(pArg: unknown): number {
  return pArg instanceof Ref && typeof pArg.value === "number" ? pArg.value : 0;
}

/** One table per version of the interface, [1] to [3]. */
export const memIoMethods: readonly sqlite3_io_methods[] = [0, 1, 2, 3].map(ioMethods);
