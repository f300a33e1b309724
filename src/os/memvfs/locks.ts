/**
 * The locks of one file of a memory disk: SHARED, RESERVED, PENDING, EXCLUSIVE between connections.
 *
 * Every open file is a connection of its own and conflicts with the others as if each were in another
 * process. The rules are those of unixLock and posixUnlock in os_unix.c.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

import {
  assert,
  SQLITE_BUSY,
  SQLITE_LOCK_EXCLUSIVE,
  SQLITE_LOCK_NONE,
  SQLITE_LOCK_PENDING,
  SQLITE_LOCK_RESERVED,
  SQLITE_LOCK_SHARED,
  SQLITE_OK,
} from "../../sqliteInt.js";

/** Somebody who locks: an open file. */
export interface LockOwner {
  /** SQLITE_LOCK_*: what it holds. Only {@link LockTable} changes it. */
  eFileLock: number;
}

/** Who holds what on one file. */
export class LockTable {
  /** How many owners hold SHARED or more. */
  #nShared = 0;
  /** The owner that holds RESERVED or more; there is never a second one. */
  #writer: LockOwner | null = null;

  /**
   * Raises a lock. From NONE only SHARED may be asked for; PENDING may not be asked for.
   *
   * @returns SQLITE_OK or SQLITE_BUSY; after a BUSY on the way from RESERVED to EXCLUSIVE the owner
   *   holds PENDING and nobody can get SHARED any more.
   */
  lock(owner: LockOwner, level: number): number {
    if (owner.eFileLock >= level) return SQLITE_OK;
    assert(owner.eFileLock !== SQLITE_LOCK_NONE || level === SQLITE_LOCK_SHARED);
    assert(level !== SQLITE_LOCK_PENDING);
    assert(level !== SQLITE_LOCK_RESERVED || owner.eFileLock === SQLITE_LOCK_SHARED);
    if (level === SQLITE_LOCK_SHARED) {
      if (this.#writer !== null && this.#writer.eFileLock >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
      this.#nShared++;
    } else {
      if (this.#writer !== null && this.#writer !== owner) return SQLITE_BUSY;
      if (level === SQLITE_LOCK_EXCLUSIVE) {
        /* A hot journal's rollback goes from SHARED to EXCLUSIVE without passing through PENDING. */
        if (owner.eFileLock === SQLITE_LOCK_RESERVED) owner.eFileLock = SQLITE_LOCK_PENDING;
        if (this.#nShared > 1) return SQLITE_BUSY;
      }
      this.#writer = owner;
    }
    owner.eFileLock = level;
    return SQLITE_OK;
  }

  /** Lowers a lock to SHARED or NONE. */
  unlock(owner: LockOwner, level: number): void {
    assert(level <= SQLITE_LOCK_SHARED);
    if (owner.eFileLock <= level) return;
    if (this.#writer === owner) this.#writer = null;
    if (level === SQLITE_LOCK_NONE) this.#nShared--;
    owner.eFileLock = level;
  }

  /** Whether anybody, the asker included, holds RESERVED or more. */
  isReserved(): boolean {
    return this.#writer !== null;
  }
}
