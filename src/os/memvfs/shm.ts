/**
 * The shared memory of one database file of a memory disk: regions and eight lock slots.
 *
 * The rules are those of unixShmLock and unixLockSharedMemory in os_unix.c, with every connection in
 * a process of its own. There is no `-shm` file: the first connection starts with empty memory, as
 * after the truncation by which the Unix VFS begins.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

import {
  assert,
  SQLITE_BUSY,
  SQLITE_OK,
  SQLITE_READONLY,
  SQLITE_READONLY_CANTINIT,
  SQLITE_SHM_EXCLUSIVE,
  SQLITE_SHM_LOCK,
  SQLITE_SHM_NLOCK,
  SQLITE_SHM_SHARED,
  SQLITE_SHM_UNLOCK,
} from "../../sqliteInt.js";
import type { MemAllocator } from "./content.js";

/** One connection's part. */
export class ShmConnection {
  /** Bit n: holds slot n shared. */
  sharedMask = 0;
  /** Bit n: holds slot n exclusively. */
  exclMask = 0;
  /** May not create or change anything (`readonly_shm=1`). */
  readonly readOnly: boolean;
  /** Whether it counts as a user of the memory, which keeps the content valid for others. */
  live = false;

  constructor(readOnly: boolean) {
    this.readOnly = readOnly;
  }
}

/** The memory that the connections to one file share. */
export class ShmNode {
  /** Per slot: number of shared holders, or -1 for an exclusive one. */
  readonly aLock = new Int32Array(SQLITE_SHM_NLOCK);
  readonly #regions: Uint8Array[] = [];
  readonly #connections = new Set<ShmConnection>();
  readonly #memory: MemAllocator;
  #nLive = 0;

  constructor(memory: MemAllocator) {
    this.#memory = memory;
  }

  /** The regions as they are mapped. */
  get regions(): readonly Uint8Array[] {
    return this.#regions;
  }

  /** Adds a connection; the first one that may write finds the memory empty. */
  attach(p: ShmConnection): void {
    this.#connections.add(p);
    if (p.readOnly) return;
    if (this.#nLive === 0) this.#drop();
    p.live = true;
    this.#nLive++;
  }

  /** Removes a connection and its locks; returns true if it was the last. */
  detach(p: ShmConnection): boolean {
    for (let i = 0; i < SQLITE_SHM_NLOCK; i++) {
      if (p.exclMask & (1 << i)) this.aLock[i] = 0;
      else if (p.sharedMask & (1 << i)) this.aLock[i]--;
    }
    p.exclMask = p.sharedMask = 0;
    if (p.live) this.#nLive--;
    this.#connections.delete(p);
    if (this.#connections.size > 0) return false;
    this.#drop();
    return true;
  }

  /**
   * Region `i`, or null if it does not exist and `extend` is false, with the code that goes with it:
   * SQLITE_OK; for a connection that may not write SQLITE_READONLY, or SQLITE_READONLY_CANTINIT while
   * nobody keeps the memory valid.
   */
  map(p: ShmConnection, i: number, szRegion: number, extend: boolean): [number, Uint8Array | null] {
    if (!p.live) {
      if (this.#nLive === 0) return [SQLITE_READONLY_CANTINIT, null];
      p.live = true;
      this.#nLive++;
    }
    assert(this.#regions.length === 0 || this.#regions[0]!.length === szRegion);
    if (extend && !p.readOnly) {
      while (this.#regions.length <= i) {
        const region = this.#memory.allocate(szRegion, "shm");
        assert((region.byteOffset & 7) === 0);
        this.#regions.push(region);
      }
    }
    return [p.readOnly ? SQLITE_READONLY : SQLITE_OK, this.#regions[i] ?? null];
  }

  /** Takes or gives back slots; SQLITE_OK or SQLITE_BUSY. */
  lock(p: ShmConnection, ofst: number, n: number, flags: number): number {
    const mask = (1 << (ofst + n)) - (1 << ofst);
    const aLock = this.aLock;
    assert(ofst >= 0 && n >= 1 && ofst + n <= SQLITE_SHM_NLOCK);
    assert(n === 1 || (flags & SQLITE_SHM_EXCLUSIVE) !== 0);
    if (flags & SQLITE_SHM_UNLOCK) {
      if (((p.exclMask | p.sharedMask) & mask) === 0) return SQLITE_OK;
      assert(!(flags & SQLITE_SHM_EXCLUSIVE) || (p.exclMask & mask) === mask);
      assert(!(flags & SQLITE_SHM_SHARED) || (p.sharedMask & mask) === mask);
      for (let i = ofst; i < ofst + n; i++) aLock[i] = aLock[i]! > 0 ? aLock[i]! - 1 : 0;
      p.sharedMask &= ~mask;
      p.exclMask &= ~mask;
    } else if (flags === (SQLITE_SHM_LOCK | SQLITE_SHM_SHARED)) {
      if (p.sharedMask & mask) return SQLITE_OK;
      if (aLock[ofst]! < 0) return SQLITE_BUSY;
      p.sharedMask |= mask;
      aLock[ofst]++;
    } else {
      assert(flags === (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE));
      assert(((p.sharedMask | p.exclMask) & mask) === 0);
      for (let i = ofst; i < ofst + n; i++) if (aLock[i] !== 0) return SQLITE_BUSY;
      p.exclMask |= mask;
      aLock.fill(-1, ofst, ofst + n);
    }
    return SQLITE_OK;
  }

  /** Whether a connection other than `p` (null: any) holds one of the readers' slots, 3 and up. */
  hasOtherReader(p: ShmConnection | null): boolean {
    for (const q of this.#connections) if (q !== p && (q.sharedMask | q.exclMask) >> 3) return true;
    return false;
  }

  #drop(): void {
    for (const region of this.#regions) this.#memory.release(region);
    this.#regions.length = 0;
  }
}
