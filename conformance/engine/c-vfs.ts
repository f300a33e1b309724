/**
 * A VFS written in C under the port: the upper half brings one along, memdb, which holds the databases
 * of sqlite3_deserialize.
 */

import {
  type CString,
  type Ref,
  SQLITE_DEFAULT_SECTOR_SIZE,
  SQLITE_IOERR_NOMEM_BKPT,
  SQLITE_NOMEM,
  SQLITE_OK,
  type sqlite3_file,
  type sqlite3_io_methods,
  type sqlite3_vfs,
} from "../../src/index.js";
import { controlFromPort } from "./file-control.js";
import type { CMemory } from "./memory.js";
import type { Address, UpperExports } from "./upper.js";

/** The C file behind a file of the port, which closing frees. */
interface CFile {
  p: Address;
}

/** The C file that the port's `file` stands for, 0 if it is not of such a VFS or closed. */
export function cFileOf(file: sqlite3_file): Address {
  const impl = file.pImpl as Partial<CFile> | null;
  return file.pMethods !== null && impl !== null && typeof impl.p === "number" ? impl.p : 0;
}

/** Makes a VFS of the port from the C one at `pVfs`. */
export function cVfs(memory: CMemory, upper: () => UpperExports, pVfs: Address, zName: string): sqlite3_vfs {
  const at = (file: sqlite3_file): Address => (file.pImpl as CFile).p;
  /** Runs `call` with eight bytes of memory for an out-parameter. */
  const out = (call: (p: Address) => number, take: (p: Address) => void): number => {
    const p = memory.malloc(8);
    if (p === 0) return SQLITE_NOMEM;
    memory.setI64(p, 0);
    const rc = call(p);
    take(p);
    memory.free(p);
    return rc;
  };
  /** Runs `call` with the bytes in C's memory, copied there and back if they are elsewhere. */
  const buffer = (a: Uint8Array, n: number, back: boolean, call: (p: Address) => number): number => {
    const own = memory.addressOf(a);
    if (own !== 0) return call(own);
    const p = memory.malloc(n + 1);
    if (p === 0) return SQLITE_IOERR_NOMEM_BKPT;
    memory.bytes(p, n).set(a.subarray(0, n));
    const rc = call(p);
    if (back) a.set(memory.bytes(p, n));
    memory.free(p);
    return rc;
  };
  const name = (z: CString | null, call: (p: Address) => number): number =>
    z === null ? call(0) : buffer(z, memory.addressOf(z) !== 0 ? 0 : z.indexOf(0) + 1, false, call);

  const methods = (version: number): sqlite3_io_methods => ({
    iVersion: version >= 3 ? 3 : 1,
    xClose(file) {
      const p = at(file);
      const rc = upper().upper_c_close(p);
      memory.free(p);
      file.pMethods = null;
      file.pImpl = null;
      return rc;
    },
    xRead: (file, a, n, offset) => buffer(a, n, true, (p) => upper().upper_c_read(at(file), p, n, offset)),
    xWrite: (file, a, n, offset) => buffer(a, n, false, (p) => upper().upper_c_write(at(file), p, n, offset)),
    xTruncate: (file, size) => upper().upper_c_truncate(at(file), size),
    xSync: (file, flags) => upper().upper_c_sync(at(file), flags),
    xFileSize: (file, pSize) =>
      out(
        (p) => upper().upper_c_file_size(at(file), p),
        (p) => {
          pSize.value = memory.i64(p);
        },
      ),
    xLock: (file, eLock) => upper().upper_c_lock(at(file), eLock),
    xUnlock: (file, eLock) => upper().upper_c_unlock(at(file), eLock),
    /* memdb has no such method: nobody but its own connections can hold RESERVED. */
    xCheckReservedLock(_file, pResOut) {
      pResOut.value = 0;
      return SQLITE_OK;
    },
    xFileControl: (file, op, pArg) =>
      controlFromPort(memory, (o, p) => upper().upper_c_control(at(file), o, p), op, pArg),
    /* memdb has no such method either; os.c then answers this. */
    xSectorSize: () => SQLITE_DEFAULT_SECTOR_SIZE,
    xDeviceCharacteristics: (file) => upper().upper_c_device(at(file)),
    xFetch: (file, offset, n, pp) =>
      out(
        (p) => upper().upper_c_fetch(at(file), offset, n, p),
        (p) => {
          const view = memory.pointer(p);
          pp.value = view === 0 ? null : memory.bytes(view, n);
        },
      ),
    xUnfetch: (file, offset, a) =>
      upper().upper_c_unfetch(at(file), offset, a === null ? 0 : memory.addressOf(a)),
  });

  return {
    iVersion: 1,
    szOsFile: upper().upper_c_os_file(pVfs),
    mxPathname: upper().upper_c_max_pathname(pVfs),
    pNext: null,
    zName,
    pAppData: null,
    xOpen(_vfs, zPath, file, flags, pOutFlags: Ref<number> | null) {
      const size = upper().upper_c_os_file(pVfs);
      const p = memory.malloc(size);
      if (p === 0) return SQLITE_NOMEM;
      memory.bytes(p, size).fill(0);
      const rc = out(
        (pFlags) => name(zPath, (z) => upper().upper_c_open(pVfs, z, p, flags, pFlags)),
        (pFlags) => {
          if (pOutFlags !== null) pOutFlags.value = memory.i32(pFlags);
        },
      );
      if (memory.pointer(p) === 0) {
        memory.free(p);
        return rc;
      }
      file.pMethods = methods(upper().upper_c_version(p));
      file.pImpl = { p } satisfies CFile;
      return rc;
    },
    xDelete: (_vfs, z, syncDir) => name(z, (p) => upper().upper_c_delete(pVfs, p, syncDir)),
    xAccess: (_vfs, z, flags, pResOut) =>
      out(
        (pOut) => name(z, (p) => upper().upper_c_access(pVfs, p, flags, pOut)),
        (pOut) => {
          pResOut.value = memory.i32(pOut);
        },
      ),
    xFullPathname: (_vfs, z, nOut, zOut) =>
      name(z, (p) => buffer(zOut, nOut, true, (q) => upper().upper_c_full_pathname(pVfs, p, nOut, q))),
    xRandomness: () => 0,
    xSleep: () => 0,
  };
}
