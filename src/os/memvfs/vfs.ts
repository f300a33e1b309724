/**
 * The `sqlite3_vfs` of a memory disk.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

import { type CString, fromCString, strlen } from "../../cstring.js";
import { sqlite3_uri_boolean } from "../../main.js";
import {
  type Ref,
  SQLITE_ACCESS_EXISTS,
  SQLITE_CANTOPEN,
  SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN,
  SQLITE_IOERR_DELETE,
  SQLITE_IOERR_DELETE_NOENT,
  SQLITE_OK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_DELETEONCLOSE,
  SQLITE_OPEN_EXCLUSIVE,
  SQLITE_OPEN_MAIN_DB,
  SQLITE_OPEN_MAIN_JOURNAL,
  SQLITE_OPEN_READONLY,
  SQLITE_OPEN_READWRITE,
  SQLITE_OPEN_SUPER_JOURNAL,
  SQLITE_OPEN_URI,
  SQLITE_OPEN_WAL,
  SQLITE_READONLY_DIRECTORY,
  type sqlite3_file,
  type sqlite3_vfs,
} from "../../sqliteInt.js";
import type { MemDisk } from "./disk.js";
import { MemFile } from "./file.js";
import { memIoMethods } from "./methods.js";

/** Longest pathname of a memory disk, in bytes. */
const MX_PATHNAME = 512;

/** Opens a file; `name` null asks for a temporary one, and receives its name. */
function open(
  disk: MemDisk,
  zName: CString | null,
  id: sqlite3_file,
  flags: number,
  pOutFlags: Ref<number> | null,
): number {
  const { state } = disk;
  const isTemp = zName === null || (flags & SQLITE_OPEN_DELETEONCLOSE) !== 0;
  const name = zName === null ? disk.tempName() : disk.fullName(fromCString(zName));
  const type = flags & 0x0fff00;
  const isCreate = (flags & SQLITE_OPEN_CREATE) !== 0;
  const isNewJournal =
    isCreate &&
    (type === SQLITE_OPEN_SUPER_JOURNAL || type === SQLITE_OPEN_MAIN_JOURNAL || type === SQLITE_OPEN_WAL);
  let readOnly = (flags & SQLITE_OPEN_READONLY) !== 0;
  let inode = state.names.get(name);
  if (inode === undefined) {
    if (!isCreate) return SQLITE_CANTOPEN;
    if (disk.readOnlyDirectory && !isTemp) return isNewJournal ? SQLITE_READONLY_DIRECTORY : SQLITE_CANTOPEN;
    inode = state.newInode(name);
    /* A file that vanishes when it is closed has no name from the start, as after open and unlink. */
    if (!isTemp) state.link(name, inode);
  } else {
    if (isCreate && flags & SQLITE_OPEN_EXCLUSIVE) return SQLITE_CANTOPEN;
    if (inode.readOnly && !readOnly) {
      readOnly = true;
      flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    }
    if (isTemp) state.unlink(name, inode);
  }
  if (pOutFlags !== null) pOutFlags.value = flags;
  const zUri = flags & SQLITE_OPEN_URI ? zName : null;
  const psow = (disk.deviceCharacteristics & SQLITE_IOCAP_POWERSAFE_OVERWRITE) !== 0;
  id.pImpl = new MemFile(disk, inode, name, {
    readOnly,
    noLock: type !== SQLITE_OPEN_MAIN_DB,
    dirSync: isNewJournal,
    psow: zUri === null ? psow : sqlite3_uri_boolean(zUri, "psow", psow ? 1 : 0) !== 0,
    readOnlyShm: zUri !== null && sqlite3_uri_boolean(zUri, "readonly_shm", 0) !== 0,
  });
  id.pMethods = memIoMethods[disk.ioVersion]!;
  disk.nOpen++;
  return SQLITE_OK;
}

function remove(disk: MemDisk, name: string, syncDir: number): number {
  const { state } = disk;
  const inode = state.names.get(name);
  if (inode === undefined) return SQLITE_IOERR_DELETE_NOENT;
  if (disk.readOnlyDirectory) return SQLITE_IOERR_DELETE;
  if (inode.nOpen > 0 && disk.deviceCharacteristics & SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN) {
    return SQLITE_IOERR_DELETE;
  }
  state.unlink(name, inode);
  if (syncDir & 1) state.syncDirectory(name);
  return SQLITE_OK;
}

/** As on Unix, an empty file does not count as existing. */
function access(disk: MemDisk, name: string, flags: number): number {
  const inode = disk.state.names.get(name);
  if (inode === undefined) return 0;
  return (flags === SQLITE_ACCESS_EXISTS ? inode.content.size > 0 : !inode.readOnly) ? 1 : 0;
}

/** Joins the name to the root directory. */
function fullPathname(zName: CString, nOut: number, zOut: Uint8Array): number {
  const n = strlen(zName);
  const slash = zName[0] === 0x2f ? 0 : 1;
  if (n === 0 || slash + n + 1 > nOut || slash + n > MX_PATHNAME) return SQLITE_CANTOPEN;
  if (slash) zOut[0] = 0x2f;
  zOut.set(zName.subarray(0, n), slash);
  zOut[slash + n] = 0;
  return SQLITE_OK;
}

/** Makes the VFS object of a disk. */
export function memVfs(disk: MemDisk, zName: string, szOsFile: number): sqlite3_vfs {
  const { watch } = disk;
  return {
    iVersion: 2,
    szOsFile,
    mxPathname: MX_PATHNAME,
    pNext: null,
    zName,
    pAppData: disk,

    xOpen(_pVfs, zFile, id, flags, pOutFlags) {
      id.pMethods = null;
      id.pImpl = null;
      if (!watch.active) return open(disk, zFile, id, flags, pOutFlags);
      const name = zFile === null ? "" : disk.fullName(fromCString(zFile));
      return watch.run("open", name, 0, 0, flags, null, (call) => {
        const rc = open(disk, zFile, id, flags, pOutFlags);
        if (rc === SQLITE_OK) {
          const f = id.pImpl as MemFile;
          call.file = f.name;
          call.out = f.how.readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
        }
        return rc;
      });
    },

    xDelete(_pVfs, zFile, syncDir) {
      const name = disk.fullName(fromCString(zFile));
      if (!watch.active) return remove(disk, name, syncDir);
      return watch.run("delete", name, 0, 0, syncDir, null, () => remove(disk, name, syncDir));
    },

    xAccess(_pVfs, zFile, flags, pResOut) {
      const name = disk.fullName(fromCString(zFile));
      if (!watch.active) {
        pResOut.value = access(disk, name, flags);
        return SQLITE_OK;
      }
      return watch.run("access", name, 0, 0, flags, null, (call) => {
        pResOut.value = call.out = access(disk, name, flags);
        return SQLITE_OK;
      });
    },

    xFullPathname(_pVfs, zFile, nOut, zOut) {
      if (!watch.active) return fullPathname(zFile, nOut, zOut);
      const name = fromCString(zFile);
      return watch.run("fullpathname", name, 0, nOut, 0, null, () => fullPathname(zFile, nOut, zOut));
    },

    xRandomness(_pVfs, nByte, zOut) {
      if (!watch.active) {
        disk.state.random.fill(zOut, 0, nByte);
      } else {
        watch.run("randomness", "", 0, nByte, 0, zOut, () => {
          disk.state.random.fill(zOut, 0, nByte);
          return SQLITE_OK;
        });
      }
      return nByte;
    },

    xSleep(_pVfs, microseconds) {
      if (!watch.active) return disk.sleep(microseconds);
      watch.run("sleep", "", 0, microseconds, 0, null, (call) => {
        call.out = disk.sleep(microseconds);
        return SQLITE_OK;
      });
      return microseconds;
    },

    xCurrentTime(_pVfs, prNow) {
      prNow.value = disk.state.clock / 86400000;
      return SQLITE_OK;
    },

    xCurrentTimeInt64(_pVfs, piNow) {
      piNow.value = disk.state.clock;
      if (watch.active) {
        watch.run("currenttime", "", 0, 0, 0, null, (call) => {
          call.out = piNow.value;
          return SQLITE_OK;
        });
      }
      return SQLITE_OK;
    },

    xGetLastError() {
      return 0;
    },
  };
}
