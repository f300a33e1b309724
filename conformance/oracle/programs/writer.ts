/** Writes operations down, and keeps the rules that a caller of the pager has to keep. */

import type { Op } from "../ops.js";

/** PAGER_JOURNALMODE_* */
export const MODE = { DELETE: 0, PERSIST: 1, OFF: 2, TRUNCATE: 3, MEMORY: 4, WAL: 5 } as const;

/** PAGER_GET_NOCONTENT */
export const NOCONTENT = 1;

/** PAGER_SYNCHRONOUS_FULL with PAGER_CACHESPILL, the default of a connection. */
export const FULL = 0x23;

/** SQLITE_OPEN_READWRITE, CREATE, DELETEONCLOSE, EXCLUSIVE and TEMP_DB, as the b-tree opens temporary files. */
export const TEMPORARY = 0x21e;

/** SQLITE_IOCAP_* */
export const CAP = {
  ATOMIC: 1,
  SAFE_APPEND: 0x200,
  SEQUENTIAL: 0x400,
  UNDELETABLE: 0x800,
  POWERSAFE: 0x1000,
  SUBPAGE: 0x8000,
};

/** Writes operations down, and keeps the rules that a caller of the pager has to keep. */
export class Writer {
  readonly ops: Op[] = [];
  readonly #c: number;
  #seed: number;
  #page1 = false;

  constructor(c = 0, ops: Op[] = []) {
    this.#c = c;
    /* No two connections write the same. */
    this.#seed = c * 1000 + 1;
    this.ops = ops;
  }

  add(...ops: Op[]): this {
    this.ops.push(...ops);
    return this;
  }

  /** Opens with a page size, a cache size and flags. */
  open(
    file: string | null = "/a.db",
    cache = 100,
    pageSize = 1024,
    more: Partial<Extract<Op, { op: "Open" }>> = {},
  ): this {
    const c = this.#c;
    return this.add(
      { op: "Open", c, file, ...more },
      { op: "SetPagesize", c, size: pageSize, reserve: 0 },
      { op: "SetCachesize", c, n: cache },
      { op: "SetFlags", c, n: FULL },
    );
  }

  mode(n: number): this {
    return this.add({ op: "SetJournalMode", c: this.#c, n });
  }

  /** A read transaction: it lasts as long as page 1 is held. */
  read(): this {
    this.#page1 = true;
    return this.add(
      { op: "SharedLock", c: this.#c },
      { op: "Get", c: this.#c, pgno: 1, slot: this.#slot(1) },
      { op: "Pagecount", c: this.#c },
    );
  }

  done(): this {
    this.#page1 = false;
    return this.add({ op: "UnrefPageOne", slot: this.#slot(1) });
  }

  begin(exFlag = 0, subjInMemory = false): this {
    if (!this.#page1) this.read();
    return this.add({ op: "Begin", c: this.#c, exFlag, subjInMemory });
  }

  /** Writes into each page. */
  write(...pages: number[]): this {
    for (const pgno of pages) {
      const slot = this.#slot(pgno);
      if (pgno !== 1) this.add({ op: "Get", c: this.#c, pgno, slot });
      this.add({ op: "Write", slot }, { op: "Poke", slot, offset: 100, n: 200, seed: this.#seed++ });
      if (pgno !== 1) this.add({ op: "Unref", slot });
    }
    return this;
  }

  /** Only looks at each page. */
  look(...pages: number[]): this {
    for (const pgno of pages) {
      const slot = this.#slot(pgno);
      this.add({ op: "Get", c: this.#c, pgno, slot }, { op: "Unref", slot });
    }
    return this;
  }

  commit(superJournal?: string): this {
    const more = superJournal === undefined ? {} : { superJournal };
    return this.add(
      { op: "CommitPhaseOne", c: this.#c, ...more },
      { op: "CommitPhaseTwo", c: this.#c },
    ).done();
  }

  /** Commits, and rolls back what could not be committed, as a statement that fails does. */
  settle(superJournal?: string): this {
    const more = superJournal === undefined ? {} : { superJournal };
    return this.add(
      { op: "CommitPhaseOne", c: this.#c, ...more },
      { op: "CommitPhaseTwo", c: this.#c },
      { op: "Rollback", c: this.#c },
    ).done();
  }

  rollback(): this {
    return this.add({ op: "Rollback", c: this.#c }).done();
  }

  savepoint(n: number): this {
    return this.add({ op: "OpenSavepoint", c: this.#c, n });
  }
  release(i: number): this {
    return this.add({ op: "Savepoint", c: this.#c, kind: "release", i });
  }
  back(i: number): this {
    return this.add({ op: "Savepoint", c: this.#c, kind: "rollback", i });
  }

  /**
   * Turns WAL on, as a connection does: the file has a page already, else whoever comes next deletes the log. The
   * shared lock has to be taken again afterwards.
   */
  wal(): this {
    return this.begin().write(1).commit().log();
  }

  /** Opens the log, as whoever reads in the header that there is one. */
  log(): this {
    return this.add(
      { op: "SharedLock", c: this.#c },
      { op: "OpenWal", c: this.#c },
      { op: "SetJournalMode", c: this.#c, n: MODE.WAL },
    );
  }

  /** Reads everything, in a transaction of its own. */
  scan(): this {
    return this.read().add({ op: "Scan", c: this.#c }).done();
  }

  checkpoint(mode = 0): this {
    return this.add({ op: "Checkpoint", c: this.#c, mode });
  }

  close(): this {
    return this.add({ op: "Close", c: this.#c });
  }

  /** Slot of a page: different for each connection. */
  #slot(pgno: number): number {
    return this.#c * 100_000 + pgno;
  }
}

/** The whole numbers from one to another. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** The journal modes by name, without the log. */
export const modes = Object.entries(MODE).filter(([name]) => name !== "WAL");
