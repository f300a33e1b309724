/**
 * An open file of a memory disk: what `sqlite3_file.pImpl` holds, and what its methods do.
 *
 * The methods here are the plain ones; `methods.ts` puts the trace and the faults around them.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

import { type CString, toCString } from "../../cstring.js";
import { sqlite3GlobalConfig } from "../../global.js";
import { sqlite3_malloc } from "../../malloc.js";
import { sqlite3_mprintf } from "../../printf.js";
import {
  assert,
  type Ref,
  SQLITE_ENABLE_SETLK_TIMEOUT,
  SQLITE_FCNTL_BEGIN_ATOMIC_WRITE,
  SQLITE_FCNTL_BLOCK_ON_CONNECT,
  SQLITE_FCNTL_CHUNK_SIZE,
  SQLITE_FCNTL_COMMIT_ATOMIC_WRITE,
  SQLITE_FCNTL_EXTERNAL_READER,
  SQLITE_FCNTL_HAS_MOVED,
  SQLITE_FCNTL_LAST_ERRNO,
  SQLITE_FCNTL_LOCK_TIMEOUT,
  SQLITE_FCNTL_LOCKSTATE,
  SQLITE_FCNTL_MMAP_SIZE,
  SQLITE_FCNTL_PERSIST_WAL,
  SQLITE_FCNTL_POWERSAFE_OVERWRITE,
  SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE,
  SQLITE_FCNTL_SIZE_HINT,
  SQLITE_FCNTL_TEMPFILENAME,
  SQLITE_FCNTL_VFSNAME,
  SQLITE_IOCAP_BATCH_ATOMIC,
  SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  SQLITE_IOCAP_SEQUENTIAL,
  SQLITE_IOERR_BEGIN_ATOMIC,
  SQLITE_IOERR_COMMIT_ATOMIC,
  SQLITE_IOERR_ROLLBACK_ATOMIC,
  SQLITE_IOERR_SHMLOCK,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_IOERR_TRUNCATE,
  SQLITE_IOERR_WRITE,
  SQLITE_LOCK_NONE,
  SQLITE_NOTFOUND,
  SQLITE_OK,
} from "../../sqliteInt.js";
import { SQLITE_FCNTL_DB_UNCHANGED } from "../os.js";
import type { MemDisk } from "./disk.js";
import type { TruncateOp, WriteOp } from "./durable.js";
import type { LockOwner } from "./locks.js";
import { ShmConnection, ShmNode } from "./shm.js";
import type { Inode } from "./state.js";

/** Bytes that must follow a mapped page inside the mapping, as in unixFetch. */
const EOF_BUFFER = 256;

/** An atomic batch in progress: what it has done, and how to undo it. */
interface Batch {
  readonly ops: (WriteOp | TruncateOp)[];
  readonly undo: (() => void)[];
}

/** How a file was opened; all false unless said otherwise. */
export interface MemFileOptions {
  readOnly: boolean;
  /** Not a main database: locks always succeed and do nothing. */
  noLock: boolean;
  /** The first sync makes the directory durable too. */
  dirSync: boolean;
  /** `psow=0` was not given. */
  psow: boolean;
  /** `readonly_shm=1` was given. */
  readOnlyShm: boolean;
}

/** One open file. */
export class MemFile implements LockOwner {
  readonly disk: MemDisk;
  readonly inode: Inode;
  /** Full name; for a temporary file the name that it had for a moment. */
  readonly name: string;
  readonly how: MemFileOptions;
  eFileLock = SQLITE_LOCK_NONE;
  #needDirSync: boolean;
  #psow: boolean;
  #persistWal = false;
  #szChunk = 0;
  #lockTimeout = 0;
  #shm: ShmConnection | null = null;
  #batch: Batch | null = null;
  /** Most bytes to map, how many are mapped, and how many views are out. */
  #mmapSizeMax = sqlite3GlobalConfig.szMmap;
  #mmapSize = 0;
  #nFetchOut = 0;

  constructor(disk: MemDisk, inode: Inode, name: string, how: MemFileOptions) {
    this.disk = disk;
    this.inode = inode;
    this.name = name;
    this.how = how;
    this.#needDirSync = how.dirSync;
    this.#psow = how.psow;
    inode.nOpen++;
  }

  close(): number {
    if (this.#batch !== null) this.#rollbackBatch();
    this.inode.locks.unlock(this, SQLITE_LOCK_NONE);
    this.shmUnmap();
    this.inode.nOpen--;
    this.disk.forget(this);
    return SQLITE_OK;
  }

  read(buf: Uint8Array, amt: number, offset: number): number {
    const n = this.inode.content.read(buf, amt, offset);
    if (n === amt) return SQLITE_OK;
    buf.fill(0, n, amt);
    return SQLITE_IOERR_SHORT_READ;
  }

  write(buf: Uint8Array, amt: number, offset: number): number {
    if (this.how.readOnly) return SQLITE_IOERR_WRITE;
    const { content } = this.inode;
    const batch = this.#batch;
    if (batch !== null) {
      const size = content.size;
      const old = new Uint8Array(Math.max(0, Math.min(amt, size - offset)));
      content.read(old, old.length, offset);
      batch.undo.push(() => {
        content.write(old, old.length, offset);
        content.truncate(size);
      });
    }
    content.write(buf, amt, offset);
    if (this.inode.durable !== null) {
      this.#record({ kind: "write", seq: ++this.disk.state.seq, offset, bytes: buf.slice(0, amt) });
    }
    return SQLITE_OK;
  }

  truncate(size: number): number {
    if (this.how.readOnly) return SQLITE_IOERR_TRUNCATE;
    if (this.#szChunk > 0) size = Math.ceil(size / this.#szChunk) * this.#szChunk;
    this.#resize(size);
    if (size < this.#mmapSize) this.#mmapSize = size;
    return SQLITE_OK;
  }

  #resize(size: number): void {
    const { content } = this.inode;
    const old = content.size;
    if (this.#batch !== null) {
      const tail = new Uint8Array(Math.max(0, old - size));
      content.read(tail, tail.length, size);
      this.#batch.undo.push(() => {
        content.truncate(Math.min(old, size));
        content.write(tail, tail.length, size);
        content.truncate(old);
      });
    }
    content.truncate(size);
    if (this.inode.durable !== null) this.#record({ kind: "truncate", seq: ++this.disk.state.seq, size });
  }

  #record(op: WriteOp | TruncateOp): void {
    if (this.#batch !== null) this.#batch.ops.push(op);
    else this.inode.pending.push(op);
  }

  sync(): number {
    const { state } = this.disk;
    if (this.disk.deviceCharacteristics & SQLITE_IOCAP_SEQUENTIAL) {
      /* Nothing overtakes: what was issued before, to whatever file, is durable as well. */
      state.syncAll();
    }
    this.inode.sync();
    if (this.#needDirSync) {
      state.syncDirectory(this.name);
      this.#needDirSync = false;
    }
    return SQLITE_OK;
  }

  fileSize(): number {
    return this.inode.content.size;
  }

  lock(level: number): number {
    return this.how.noLock ? SQLITE_OK : this.inode.locks.lock(this, level);
  }

  unlock(level: number): number {
    assert(this.#nFetchOut === 0 || level !== SQLITE_LOCK_NONE);
    if (!this.how.noLock) this.inode.locks.unlock(this, level);
    return SQLITE_OK;
  }

  checkReservedLock(): number {
    return !this.how.noLock && this.inode.locks.isReserved() ? 1 : 0;
  }

  sectorSize(): number {
    return this.disk.sectorSize;
  }

  deviceCharacteristics(): number {
    const dc = this.disk.deviceCharacteristics;
    return this.#psow ? dc : dc & ~SQLITE_IOCAP_POWERSAFE_OVERWRITE;
  }

  /* ---------------------------------------------------------------- file controls */

  fileControl(op: number, pArg: unknown): number {
    const ref = pArg as Ref<number>;
    switch (op) {
      case SQLITE_FCNTL_BEGIN_ATOMIC_WRITE:
        if (!this.#isBatchAtomic()) return SQLITE_NOTFOUND;
        if (this.#batch !== null) return SQLITE_IOERR_BEGIN_ATOMIC;
        this.#batch = { ops: [], undo: [] };
        return SQLITE_OK;
      case SQLITE_FCNTL_COMMIT_ATOMIC_WRITE:
        if (!this.#isBatchAtomic()) return SQLITE_NOTFOUND;
        return this.#commitBatch();
      case SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE:
        if (!this.#isBatchAtomic()) return SQLITE_NOTFOUND;
        if (this.#batch === null) return SQLITE_IOERR_ROLLBACK_ATOMIC;
        this.#rollbackBatch();
        return SQLITE_OK;
      case SQLITE_FCNTL_LOCKSTATE:
        ref.value = this.eFileLock;
        return SQLITE_OK;
      case SQLITE_FCNTL_LAST_ERRNO:
        ref.value = 0;
        return SQLITE_OK;
      case SQLITE_FCNTL_CHUNK_SIZE:
        this.#szChunk = ref.value;
        return SQLITE_OK;
      case SQLITE_FCNTL_SIZE_HINT:
        this.#sizeHint(ref.value);
        return SQLITE_OK;
      case SQLITE_FCNTL_PERSIST_WAL:
        this.#persistWal = modeBit(this.#persistWal, ref);
        return SQLITE_OK;
      case SQLITE_FCNTL_POWERSAFE_OVERWRITE:
        this.#psow = modeBit(this.#psow, ref);
        return SQLITE_OK;
      case SQLITE_FCNTL_VFSNAME:
        (pArg as Ref<CString | null>).value = sqlite3_mprintf("%s", toCString(this.disk.vfs.zName));
        return SQLITE_OK;
      case SQLITE_FCNTL_TEMPFILENAME: {
        const z = sqlite3_malloc(this.disk.vfs.mxPathname);
        if (z !== null) {
          z.set(toCString(this.disk.tempName()));
          (pArg as Ref<CString | null>).value = z;
        }
        return SQLITE_OK;
      }
      case SQLITE_FCNTL_HAS_MOVED:
        ref.value = !this.how.noLock && this.disk.state.names.get(this.name) !== this.inode ? 1 : 0;
        return SQLITE_OK;
      case SQLITE_FCNTL_LOCK_TIMEOUT: {
        /* Accepted, but nobody could give a lock back while one thread waits for it. */
        if (!SQLITE_ENABLE_SETLK_TIMEOUT) return SQLITE_NOTFOUND;
        const old = this.#lockTimeout;
        if (SQLITE_ENABLE_SETLK_TIMEOUT === 1) this.#lockTimeout = ref.value < 0 ? 0x7fffffff : ref.value;
        else this.#lockTimeout = ref.value ? 1 : 0;
        ref.value = old;
        return SQLITE_OK;
      }
      case SQLITE_FCNTL_BLOCK_ON_CONNECT:
        return SQLITE_ENABLE_SETLK_TIMEOUT ? SQLITE_OK : SQLITE_NOTFOUND;
      case SQLITE_FCNTL_MMAP_SIZE:
        this.#setMmapLimit(ref);
        return SQLITE_OK;
      case SQLITE_FCNTL_DB_UNCHANGED:
        return SQLITE_OK;
      case SQLITE_FCNTL_EXTERNAL_READER:
        ref.value = this.inode.shm?.hasOtherReader(this.#shm) ? 1 : 0;
        return SQLITE_OK;
      default:
        return SQLITE_NOTFOUND;
    }
  }

  #isBatchAtomic(): boolean {
    return (this.disk.deviceCharacteristics & SQLITE_IOCAP_BATCH_ATOMIC) !== 0;
  }

  #commitBatch(): number {
    const batch = this.#batch;
    if (batch === null) return SQLITE_IOERR_COMMIT_ATOMIC;
    this.#batch = null;
    if (batch.ops.length > 0) {
      this.inode.pending.push({ kind: "batch", seq: ++this.disk.state.seq, ops: batch.ops });
    }
    return SQLITE_OK;
  }

  #rollbackBatch(): void {
    for (const undo of this.#batch!.undo.reverse()) undo();
    this.#batch = null;
  }

  /** The announced size, in bytes; like the Unix VFS it acts only on a chunk size or a mapping. */
  #sizeHint(nByte: number): void {
    if (this.#szChunk > 0) {
      const size = Math.ceil(nByte / this.#szChunk) * this.#szChunk;
      if (size > this.inode.content.size) this.#resize(size);
    }
    if (this.#mmapSizeMax > 0 && nByte > this.#mmapSize) {
      if (this.#szChunk <= 0 && nByte > this.inode.content.size) this.#resize(nByte);
      if (this.#nFetchOut === 0) this.#mmapSize = Math.min(nByte, this.#mmapSizeMax);
    }
  }

  #setMmapLimit(ref: Ref<number>): void {
    const limit = Math.min(ref.value, sqlite3GlobalConfig.mxMmap);
    ref.value = this.#mmapSizeMax;
    if (limit >= 0 && limit !== this.#mmapSizeMax && this.#nFetchOut === 0) {
      this.#mmapSizeMax = limit;
      if (this.#mmapSize > 0) this.#mmapSize = Math.min(this.inode.content.size, limit);
    }
  }

  /* ---------------------------------------------------------------- memory */

  /** A view of a page if it lies well inside the mapping, which is made as large as the file is now. */
  fetch(offset: number, amt: number, pp: Ref<Uint8Array | null>): number {
    pp.value = null;
    if (this.#mmapSizeMax > 0) {
      if (this.#mmapSize === 0) this.#mmapSize = Math.min(this.inode.content.size, this.#mmapSizeMax);
      if (this.#mmapSize >= offset + amt + EOF_BUFFER) {
        pp.value = this.inode.content.view(offset, amt);
        if (pp.value !== null) this.#nFetchOut++;
      }
    }
    return SQLITE_OK;
  }

  unfetch(p: Uint8Array | null): number {
    assert((p === null) === (this.#nFetchOut === 0));
    if (p !== null) this.#nFetchOut--;
    else this.#mmapSize = 0;
    return SQLITE_OK;
  }

  shmMap(iPg: number, pgsz: number, bExtend: number, pp: Ref<Uint8Array | null>): number {
    if (this.#shm === null) {
      this.#shm = new ShmConnection(this.how.readOnlyShm);
      this.inode.shm ??= new ShmNode(this.disk.state.memory);
      this.inode.shm.attach(this.#shm);
    }
    const [rc, region] = this.inode.shm!.map(this.#shm, iPg, pgsz, bExtend !== 0);
    pp.value = region;
    return rc;
  }

  shmLock(offset: number, n: number, flags: number): number {
    if (this.#shm === null) return SQLITE_IOERR_SHMLOCK;
    return this.inode.shm!.lock(this.#shm, offset, n, flags);
  }

  shmUnmap(): number {
    if (this.#shm !== null) {
      if (this.inode.shm!.detach(this.#shm)) this.inode.shm = null;
      this.#shm = null;
    }
    return SQLITE_OK;
  }
}

/** Asks for (negative) or sets (0, 1) a switch. */
function modeBit(bit: boolean, ref: Ref<number>): boolean {
  if (ref.value >= 0) return ref.value !== 0;
  ref.value = bit ? 1 : 0;
  return bit;
}
