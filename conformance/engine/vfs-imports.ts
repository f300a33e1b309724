/**
 * The port's VFSes for the upper half: files by numeric handles.
 *
 * The upper half opens few files itself (super-journals, the sorter's temporary files) but also uses
 * the pager's files, for which {@link Vfses.cFile} makes a C file with a handle.
 */

import {
  memdb_vfs,
  Ref,
  SQLITE_NOMEM,
  SQLITE_OK,
  setSqlite3PendingByte,
  sqlite3_file,
  type sqlite3_vfs,
  sqlite3_vfs_find,
  sqlite3OsCurrentTimeInt64,
  sqlite3OsGetLastError,
  sqlite3OsSectorSize,
} from "../../src/index.js";
import { ArenaVfses, fetchCopy, unfetchCopy } from "./arena-vfs.js";
import { cFileOf, cVfs } from "./c-vfs.js";
import { controlFromC } from "./file-control.js";
import { type CMemory, newText } from "./memory.js";
import type { Address, UpperExports } from "./upper.js";

/** All VFSes and open files, by the numbers that C knows them by. */
export class Vfses {
  readonly #memory: CMemory;
  readonly #upper: () => UpperExports;
  readonly #arena: ArenaVfses;
  /** The port's VFSes by number, and what the pager gets in their place. */
  readonly #vfses: sqlite3_vfs[] = [];
  readonly #wrapped: sqlite3_vfs[] = [];
  readonly #c = new Map<Address, sqlite3_vfs>();
  /** Files by handle; handle 0 is none. */
  readonly #files: (sqlite3_file | null)[] = [null];
  readonly #free: number[] = [];
  readonly #handles = new WeakMap<sqlite3_file, number>();
  /** What `sqlite3PagerFile` and `sqlite3PagerJrnlFile` return, by the port's file. */
  readonly #cFiles = new Map<sqlite3_file, Address>();

  readonly #list: () => sqlite3_vfs[];

  /** @param list the VFSes that C shall know, the default one first; all registered ones unless told. */
  constructor(memory: CMemory, upper: () => UpperExports, list: () => sqlite3_vfs[] = registeredVfses) {
    this.#memory = memory;
    this.#upper = upper;
    this.#list = list;
    this.#arena = new ArenaVfses(memory);
  }

  /** The port's VFS for the C one at `pVfs`, ready for the pager. */
  vfs(pVfs: Address): sqlite3_vfs {
    const number = this.#upper().upper_vfs_number(pVfs);
    if (number >= 0) return this.#wrapped[number] as sqlite3_vfs;
    let vfs = this.#c.get(pVfs);
    if (vfs === undefined) {
      const isMemdb = pVfs === this.#upper().upper_vfs_memdb();
      vfs = cVfs(this.#memory, this.#upper, pVfs, isMemdb ? "memdb" : "c");
      if (isMemdb) memdb_vfs.value = vfs;
      this.#c.set(pVfs, vfs);
    }
    return vfs;
  }

  /** The C VFS that a pager was opened with. */
  address(vfs: sqlite3_vfs): Address {
    for (const [p, v] of this.#c) if (v === vfs) return p;
    const name = newText(this.#memory, vfs.zName);
    const p = this.#upper().upper_vfs_find(name);
    this.#memory.free(name);
    return p;
  }

  /** The port's pending byte follows the upper half's; to be called before a file is opened. */
  followPendingByte(): void {
    setSqlite3PendingByte(this.#upper().upper_pending_byte());
  }

  #add(file: sqlite3_file): number {
    const h = this.#free.pop() ?? this.#files.length;
    this.#files[h] = file;
    this.#handles.set(file, h);
    return h;
  }

  #drop(h: number): void {
    const file = this.#file(h);
    this.#handles.delete(file);
    this.#files[h] = null;
    this.#free.push(h);
  }

  #file(h: number): sqlite3_file {
    return this.#files[h] as sqlite3_file;
  }

  /** The C file that stands for a file of the pager's; closed if the pager has closed it. */
  cFile(file: sqlite3_file): Address {
    const own = cFileOf(file);
    if (own !== 0) return own;
    let p = this.#cFiles.get(file);
    if (p === undefined) {
      p = this.#memory.malloc(this.#upper().upper_file_size());
      if (p === 0) throw new Error("the SQL engine's memory is exhausted");
      this.#cFiles.set(file, p);
    }
    const h = file.pMethods === null ? 0 : (this.#handles.get(file) ?? this.#add(file));
    this.#upper().upper_file_set(p, h);
    return p;
  }

  /** A pager is closed: its files need neither a C file nor a handle any more. */
  forgetClosed(): void {
    for (const [file, p] of this.#cFiles) {
      if (file.pMethods !== null) continue;
      this.#memory.free(p);
      this.#cFiles.delete(file);
      const h = this.#handles.get(file);
      if (h !== undefined) this.#drop(h);
    }
  }

  #register(): number {
    const upper = this.#upper();
    /* The default comes first in the list; registering it last, as the default, keeps the order. */
    for (const v of this.#list().reverse()) {
      const number = this.#vfses.push(v) - 1;
      this.#wrapped.push(this.#arena.wrap(v));
      const name = newText(this.#memory, v.zName);
      if (name === 0) return SQLITE_NOMEM;
      const rc = upper.upper_vfs_register(number, name, v.mxPathname, 1);
      if (rc !== SQLITE_OK) return rc;
    }
    return SQLITE_OK;
  }

  /** The functions of the import module "vfs"; see c/imports.h. */
  imports(): Record<string, (...args: never[]) => number> {
    const memory = this.#memory;
    const vfs = (i: number): sqlite3_vfs => this.#vfses[i] as sqlite3_vfs;
    const name = (z: Address): Uint8Array => memory.string(z) as Uint8Array;
    const methods = (f: sqlite3_file) => f.pMethods as NonNullable<sqlite3_file["pMethods"]>;
    const refNumber = new Ref(0);
    const int = (pOut: Address, call: (ref: Ref<number>) => number): number => {
      const ref = new Ref(0);
      const rc = call(ref);
      memory.setI32(pOut, ref.value);
      return rc;
    };
    return {
      register: () => this.#register(),
      open: (i: number, zName: Address, pFile: Address, flags: number, pOut: Address) => {
        this.followPendingByte();
        const file = new sqlite3_file();
        const out = new Ref(flags);
        const v = vfs(i);
        const rc = v.xOpen(v, memory.string(zName), file, flags, out);
        memory.setI32(pOut, out.value);
        this.#upper().upper_file_set(pFile, file.pMethods === null ? 0 : this.#add(file));
        return rc;
      },
      delete: (i: number, zName: Address, syncDir: number) => vfs(i).xDelete(vfs(i), name(zName), syncDir),
      access: (i: number, zName: Address, flags: number, pOut: Address) =>
        int(pOut, (ref) => vfs(i).xAccess(vfs(i), name(zName), flags, ref)),
      fullPathname: (i: number, zName: Address, nOut: number, zOut: Address) =>
        vfs(i).xFullPathname(vfs(i), name(zName), nOut, memory.bytes(zOut, nOut)),
      randomness: (i: number, n: number, zOut: Address) =>
        vfs(i).xRandomness(vfs(i), n, memory.bytes(zOut, n)),
      sleep: (i: number, us: number) => vfs(i).xSleep(vfs(i), us),
      currentTime: (i: number, pOut: Address) => {
        const rc = sqlite3OsCurrentTimeInt64(vfs(i), refNumber);
        memory.setI64(pOut, refNumber.value);
        return rc;
      },
      lastError: (i: number, _n: number, _z: Address) => sqlite3OsGetLastError(vfs(i)),
      close: (h: number) => {
        const file = this.#file(h);
        const rc = methods(file).xClose(file);
        this.#drop(h);
        return rc;
      },
      read: (h: number, p: Address, n: number, offset: number) => {
        const file = this.#file(h);
        return methods(file).xRead(file, memory.bytes(p, n), n, offset);
      },
      write: (h: number, p: Address, n: number, offset: number) => {
        const file = this.#file(h);
        return methods(file).xWrite(file, memory.bytes(p, n), n, offset);
      },
      truncate: (h: number, size: number) => methods(this.#file(h)).xTruncate(this.#file(h), size),
      sync: (h: number, flags: number) => methods(this.#file(h)).xSync(this.#file(h), flags),
      size: (h: number, pSize: Address) => {
        const ref = new Ref(0);
        const rc = methods(this.#file(h)).xFileSize(this.#file(h), ref);
        memory.setI64(pSize, ref.value);
        return rc;
      },
      lock: (h: number, eLock: number) => methods(this.#file(h)).xLock(this.#file(h), eLock),
      unlock: (h: number, eLock: number) => methods(this.#file(h)).xUnlock(this.#file(h), eLock),
      checkReservedLock: (h: number, pOut: Address) =>
        int(pOut, (ref) => methods(this.#file(h)).xCheckReservedLock(this.#file(h), ref)),
      control: (h: number, op: number, pArg: Address) => {
        const file = this.#file(h);
        /* The port takes opcodes as they are written in C, where one does not fit into an int. */
        return controlFromC(memory, (o, a) => methods(file).xFileControl(file, o, a), op >>> 0, pArg);
      },
      sectorSize: (h: number) => sqlite3OsSectorSize(this.#file(h)),
      deviceCharacteristics: (h: number) => methods(this.#file(h)).xDeviceCharacteristics(this.#file(h)),
      fetch: (h: number, offset: number, n: number, pp: Address) => {
        const file = this.#file(h);
        const ref = new Ref<Uint8Array | null>(null);
        const rc = fetchCopy(this.#arena.copies, methods(file), file, offset, n, ref);
        memory.setPointer(pp, ref.value === null ? 0 : memory.addressOf(ref.value));
        return rc;
      },
      unfetch: (h: number, offset: number, p: Address) => {
        const file = this.#file(h);
        return unfetchCopy(this.#arena.copies, methods(file), file, offset, p);
      },
      /* Only for C code that contains wal.c; the regions must lie in its memory. */
      shmMap: (h: number, iRegion: number, n: number, bExtend: number, pp: Address) => {
        const file = this.#file(h);
        const ref = new Ref<Uint8Array | null>(null);
        const rc = methods(file).xShmMap!(file, iRegion, n, bExtend, ref);
        memory.setPointer(pp, ref.value === null ? 0 : memory.addressOf(ref.value));
        return rc;
      },
      shmLock: (h: number, offset: number, n: number, flags: number) =>
        methods(this.#file(h)).xShmLock!(this.#file(h), offset, n, flags),
      shmBarrier: (h: number) => {
        methods(this.#file(h)).xShmBarrier!(this.#file(h));
        return 0;
      },
      shmUnmap: (h: number, deleteFlag: number) =>
        methods(this.#file(h)).xShmUnmap!(this.#file(h), deleteFlag),
    };
  }
}

/** All VFSes of the port, the default one first. */
function registeredVfses(): sqlite3_vfs[] {
  const all: sqlite3_vfs[] = [];
  for (let v = sqlite3_vfs_find(null); v !== null; v = v.pNext) all.push(v);
  return all;
}
