/** Hand-written lockstep programs, one for each thing that a pager does. */

import type { FaultRule, Op, Program, Setup } from "./ops.js";

/** PAGER_JOURNALMODE_* */
export const MODE = { DELETE: 0, PERSIST: 1, OFF: 2, TRUNCATE: 3, MEMORY: 4, WAL: 5 } as const;

/** PAGER_GET_NOCONTENT */
const NOCONTENT = 1;
/** PAGER_SYNCHRONOUS_FULL with PAGER_CACHESPILL, the default of a connection. */
const FULL = 0x23;
/** SQLITE_OPEN_READWRITE, CREATE, DELETEONCLOSE, EXCLUSIVE and TEMP_DB, as the b-tree opens temporary files. */
const TEMPORARY = 0x21e;
/** SQLITE_IOCAP_* */
const CAP = {
  ATOMIC: 1,
  SAFE_APPEND: 0x200,
  SEQUENTIAL: 0x400,
  UNDELETABLE: 0x800,
  POWERSAFE: 0x1000,
  SUBPAGE: 0x8000,
};

/** Writes operations down, and keeps the rules that a caller of the pager has to keep. */
class Writer {
  readonly ops: Op[] = [];
  readonly #c: number;
  #seed = 1;
  #page1 = false;

  constructor(c = 0, ops: Op[] = []) {
    this.#c = c;
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
    this.begin().write(1).commit();
    return this.add(
      { op: "SharedLock", c: this.#c },
      { op: "OpenWal", c: this.#c },
      { op: "SetJournalMode", c: this.#c, n: MODE.WAL },
    );
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

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

const modes = Object.entries(MODE).filter(([name]) => name !== "WAL");

/** Two transactions, a rollback, and a second connection that reads. */
function journalMode(mode: number): Program {
  const w = new Writer().open().mode(mode);
  w.begin()
    .write(...range(1, 12))
    .commit();
  w.begin().write(1, 3, 14).commit();
  /* Without a journal a rollback puts the pager into its error state, and the file keeps what it has. */
  w.begin().write(1, 2, 15).rollback();
  w.read().look(2, 3).done();
  const other = new Writer(1, w.ops).open().mode(mode);
  other
    .read()
    .look(...range(2, 6))
    .done()
    .close();
  w.close();
  return w;
}

/** Writes far more pages than the cache holds. */
function spill(mode: number, setup: Setup = {}): Program {
  const w = new Writer().open("/a.db", 10).mode(mode);
  w.begin()
    .write(...range(1, 60))
    .commit();
  w.begin()
    .write(...range(1, 40))
    .write(...range(10, 20))
    .commit();
  w.begin()
    .write(...range(1, 30))
    .rollback();
  w.close();
  return { setup, ops: w.ops };
}

function savepoints(mode: number, cache: number): Program {
  const w = new Writer().open("/a.db", cache);
  if (mode === MODE.WAL) w.wal();
  else w.mode(mode);
  w.begin()
    .write(...range(1, 20))
    .commit();
  w.begin().write(1, 2, 3).savepoint(1).write(3, 4, 5, 21).savepoint(2).write(5, 6, 7, 22);
  w.back(1).write(8).release(1).write(9, 23).back(0).write(10).release(0).commit();
  w.begin(0, true)
    .savepoint(1)
    .write(...range(1, 20))
    .savepoint(3)
    .write(...range(5, 15))
    .back(2)
    .back(0)
    .rollback();
  w.close();
  return w;
}

function superJournal(mode: number): Program {
  const w = new Writer().open().mode(mode);
  w.begin()
    .write(...range(1, 5))
    .commit();
  w.begin()
    .write(2, 3)
    .add({ op: "Write", slot: 1 }, { op: "CommitPhaseOne", c: 0, superJournal: "/a.db-mj\u00e9" });
  w.add({ op: "CommitPhaseTwo", c: 0 }).done();
  w.begin().write(1, 2).commit();
  w.close();
  return w;
}

/** The power fails between the two phases of a commit, and somebody finds a hot journal. */
function hotJournal(seed: number, sectorSize: number): Program {
  const w = new Writer().open("/a.db", 10).mode(MODE.DELETE);
  w.begin()
    .write(...range(1, 30))
    .commit();
  w.begin()
    .write(...range(1, 25))
    .add({ op: "CommitPhaseOne", c: 0 }, { op: "Crash", seed });
  const again = new Writer(0, w.ops).open("/a.db", 20);
  again
    .read()
    .look(...range(2, 12))
    .done();
  again.begin().write(1, 4).commit().close();
  return { setup: { sectorSize }, ops: w.ops };
}

function wal(): Program {
  const w = new Writer().open().wal();
  w.begin()
    .write(...range(1, 20))
    .commit()
    .add({ op: "WalCallback", c: 0 });
  w.begin().write(1, 5, 6).commit();
  w.begin().write(1, 5, 30).rollback();
  w.read().look(5, 6).done();
  w.checkpoint(0).begin().write(1, 7).commit().checkpoint(1);
  w.begin().write(1, 8).commit().checkpoint(2).begin().write(1, 9).commit().checkpoint(3);
  w.close();
  return w;
}

/** A reader that stays in the past while a writer goes on and checkpoints. */
function walReaders(): Program {
  const w = new Writer().open().wal();
  w.begin()
    .write(...range(1, 10))
    .commit();
  const r = new Writer(1, w.ops).open();
  r.read().look(2, 3);
  w.begin().write(1, 2, 3).commit().checkpoint(0);
  r.look(2, 4);
  w.add({ op: "Busy", c: 0, n: 2 }).checkpoint(1);
  r.done().read().look(2, 3).done();
  w.checkpoint(2).begin().write(1, 4).commit();
  r.begin();
  w.read().add({ op: "Begin", c: 0, exFlag: 0, subjInMemory: false }).done();
  r.write(1, 6).commit();
  w.read().look(6).done();
  r.close();
  w.close();
  return w;
}

function walSpill(): Program {
  const w = new Writer().open("/a.db", 10).wal();
  w.begin()
    .write(...range(1, 60))
    .commit();
  w.begin()
    .write(...range(1, 40))
    .savepoint(1)
    .write(...range(20, 50))
    .back(0)
    .write(...range(1, 25))
    .commit();
  w.begin()
    .write(...range(1, 40))
    .rollback();
  w.checkpoint(0).close();
  return w;
}

/** The log survives the power, or part of it does. */
function walCrash(seed: number): Program {
  const w = new Writer().open().wal();
  w.begin()
    .write(...range(1, 20))
    .commit();
  w.begin()
    .write(...range(1, 10))
    .commit();
  w.begin()
    .write(...range(1, 15))
    .add({ op: "CommitPhaseOne", c: 0 }, { op: "Crash", seed });
  const again = new Writer(0, w.ops).open();
  again
    .read()
    .look(...range(2, 12))
    .done();
  again.begin().write(1, 2, 3).commit().checkpoint(3).close();
  return w;
}

/** Frames beyond the first region of the wal-index, from pages that stay referenced. */
function walLong(): Program {
  const w = new Writer().open("/a.db", 300, 512).wal();
  w.begin().write(1);
  const pages = range(2, 250);
  for (const pgno of pages) w.add({ op: "Get", c: 0, pgno, slot: pgno }, { op: "Write", slot: pgno });
  for (let i = 0; i < 17; i++) {
    w.add({ op: "CommitPhaseOne", c: 0 }, { op: "CommitPhaseTwo", c: 0 });
    w.begin().add(...[1, ...pages].map((slot): Op => ({ op: "Write", slot })));
    w.add({ op: "Poke", slot: 2 + i, offset: 0, n: 9, seed: i + 1 });
  }
  w.add(...pages.map((slot): Op => ({ op: "Unref", slot }))).commit();
  w.read().look(2, 50, 99).done().checkpoint(0).close();
  return w;
}

function lockingModes(): Program {
  const w = new Writer().open().mode(MODE.DELETE).add({ op: "LockingMode", c: 0, n: 1 });
  w.begin()
    .write(...range(1, 5))
    .commit();
  w.begin().write(1, 2).commit();
  w.begin().write(1, 2).rollback();
  w.mode(MODE.TRUNCATE).begin().write(1, 3).commit();
  w.mode(MODE.PERSIST).add({ op: "JournalSizeLimit", c: 0, n: 1000 }).begin().write(1, 3, 4).commit();
  w.add({ op: "LockingMode", c: 0, n: 0 }).read().done();
  w.mode(MODE.MEMORY).begin().write(1, 2).commit().close();
  return w;
}

/** Exclusive mode with a wal-index on the heap. */
function walExclusive(): Program {
  const w = new Writer().open().add({ op: "LockingMode", c: 0, n: 1 }).wal();
  w.begin()
    .write(...range(1, 8))
    .commit()
    .begin()
    .write(1, 2)
    .commit();
  w.checkpoint(0).add({ op: "CloseWal", c: 0 }).mode(MODE.DELETE);
  w.begin().write(1, 3).commit().close();
  return w;
}

function twoConnections(): Program {
  const a = new Writer().open();
  a.begin()
    .write(...range(1, 6))
    .commit();
  const b = new Writer(1, a.ops).open();
  b.read().look(2);
  a.begin().write(1, 2);
  /* b reads, so a cannot commit; b cannot write, since a does. */
  b.add({ op: "Begin", c: 1, exFlag: 0, subjInMemory: false }, { op: "Busy", c: 0, n: 3 });
  a.add({ op: "CommitPhaseOne", c: 0 });
  b.done();
  a.commit();
  b.read().look(2, 3).add({ op: "DataVersion", c: 1 }).done();
  b.begin(1).write(1, 4).commit();
  a.read().look(4).done().close();
  b.close();
  return a;
}

function temporary(cache: number, n: number): Program {
  const w = new Writer().open(null, cache, 1024, { vfsFlags: TEMPORARY });
  w.add({ op: "IsMemdb", c: 0 }, { op: "Journalname", c: 0 });
  w.begin()
    .write(...range(1, n))
    .commit();
  w.begin()
    .write(...range(1, n))
    .savepoint(1)
    .write(...range(2, n))
    .back(0)
    .rollback();
  w.read().look(2, 3).done().close();
  return w;
}

function inMemory(): Program {
  const w = new Writer().open(":memory:", 10, 1024, { flags: 2 });
  w.add(
    { op: "IsMemdb", c: 0 },
    { op: "Filename", c: 0, nullIfMemDb: true },
    { op: "SetJournalMode", c: 0, n: 0 },
  );
  w.begin()
    .write(...range(1, 30))
    .commit();
  w.begin()
    .write(...range(1, 12))
    .savepoint(2)
    .write(...range(5, 20))
    .back(1)
    .release(0)
    .write(31)
    .rollback();
  w.begin().write(1, 5).commit().close();
  return w;
}

function movePages(): Program {
  const w = new Writer().open();
  w.begin()
    .write(...range(1, 12))
    .commit();
  w.begin().savepoint(1).write(1);
  for (const [from, to] of [
    [10, 13],
    [12, 10],
    [5, 14],
  ] as const) {
    w.write(from, to).add(
      { op: "Get", c: 0, pgno: from, slot: from },
      { op: "Movepage", c: 0, slot: from, pgno: to, isCommit: false },
      { op: "Write", slot: from },
      { op: "Poke", slot: from, offset: 10, n: 20, seed: to },
      { op: "Unref", slot: from },
    );
  }
  w.back(0).write(3).commit();
  w.begin().write(1).add({ op: "TruncateImage", c: 0, n: 8 }).commit();
  w.read().look(8).done().close();
  return w;
}

/** Pages that need no content or no write, looked up, referenced twice; statistics. */
function oddments(): Program {
  const w = new Writer().open("/a.db", 20);
  w.add({ op: "SetSpillsize", c: 0, n: 15 }, { op: "GetJournalMode", c: 0 });
  w.add({ op: "OkToChangeJournalMode", c: 0 }, { op: "Isreadonly", c: 0 }, { op: "TempSpace", c: 0 });
  w.add({ op: "ReadFileheader", c: 0, n: 100 }, { op: "Filename", c: 0, nullIfMemDb: false });
  w.begin()
    .write(...range(1, 10))
    .commit();
  w.begin()
    .write(1)
    .add(
      { op: "MaxPageCount", c: 0, n: 50 },
      { op: "Get", c: 0, pgno: 4, slot: 4, flags: NOCONTENT },
      { op: "Write", slot: 4 },
      { op: "DontWrite", slot: 4 },
      { op: "Ref", slot: 4 },
      { op: "PageRefcount", slot: 4 },
      { op: "UnrefNotNull", slot: 4 },
      { op: "Lookup", c: 0, pgno: 4, slot: 5 },
      { op: "Unref", slot: 5 },
      { op: "Unref", slot: 4 },
      { op: "Get", c: 0, pgno: 11, slot: 11, flags: NOCONTENT },
      { op: "Write", slot: 11 },
      { op: "Unref", slot: 11 },
      { op: "Get", c: 0, pgno: 60, slot: 60 },
      { op: "Flush", c: 0 },
      { op: "ExclusiveLock", c: 0 },
    );
  w.commit().add({ op: "MemUsed", c: 0 }, { op: "Shrink", c: 0 }, { op: "MemUsed", c: 0 });
  for (const stat of [7, 8, 9, 10]) w.add({ op: "CacheStat", c: 0, stat, reset: stat === 8 });
  w.read().add({ op: "DirectReadOk", c: 0, n: 2 }, { op: "ClearCache", c: 0 }).done();
  w.add({ op: "WalSupported", c: 0 }, { op: "ReadFileheader", c: 0, n: 100 }).checkpoint(0).close();
  return w;
}

function mapped(): Program {
  const w = new Writer().open().add({ op: "SetMmapLimit", c: 0, n: 1 << 20 });
  w.begin()
    .write(...range(1, 20))
    .commit();
  w.read()
    .look(2, 3, 4)
    .add(
      { op: "Get", c: 0, pgno: 5, slot: 50, flags: 2 },
      { op: "Get", c: 0, pgno: 6, slot: 51, flags: 2 },
      { op: "Unref", slot: 50 },
      { op: "Unref", slot: 51 },
    )
    .done();
  w.begin().write(1, 2, 21).commit().begin().write(1, 3).rollback();
  w.add({ op: "SetMmapLimit", c: 0, n: 0 }).read().look(2).done().close();
  return w;
}

function backup(mode: number): Program {
  const w = new Writer().open();
  if (mode === MODE.WAL) w.wal();
  w.begin()
    .write(...range(1, 6))
    .commit()
    .add({ op: "SetBackup", c: 0, on: true });
  w.begin().write(1, 2, 3).commit();
  w.begin().savepoint(1).write(1, 4).back(0).rollback();
  w.add({ op: "ClearCache", c: 0 });
  w.add({ op: "SetBackup", c: 0, on: false }).begin().write(1, 2).commit().close();
  return w;
}

/** Twenty pages, committed, in a cache of ten. */
function filled(mode: number): Writer {
  const w = new Writer().open("/a.db", 10);
  if (mode === MODE.WAL) w.wal();
  else w.mode(mode);
  return w
    .begin()
    .write(...range(1, 20))
    .commit();
}

/** One fault of the VFS in the second transaction; whatever it does to the pager, it is rolled back and closed. */
function fault(mode: number, rule: FaultRule): Program {
  const w = filled(mode);
  w.begin().add({ op: "Fault", rule }, { op: "Write", slot: 1 });
  w.add({ op: "CommitPhaseOne", c: 0 }, { op: "Fault", rule: null }).rollback();
  w.begin().write(1, 2).commit().close();
  return w;
}

/** Memory runs out in the second transaction. */
function noMemory(mode: number, at: number): Program {
  const w = filled(mode);
  w.read().add({ op: "FailAllocation", at });
  w.add({ op: "Begin", c: 0, exFlag: 0, subjInMemory: false }, { op: "OpenSavepoint", c: 0, n: 1 });
  w.add({ op: "CommitPhaseOne", c: 0 }, { op: "FailAllocation", at: null }).rollback();
  w.begin().write(1, 2).commit().close();
  return w;
}

function openFault(at: number): Program {
  return {
    ops: [
      { op: "FailAllocation", at },
      { op: "Open", c: 0, file: "/a.db" },
      { op: "FailAllocation", at: null },
    ],
  };
}

/** What URI parameters do. */
function uris(): Program {
  const w = new Writer().open();
  w.begin()
    .write(...range(1, 3))
    .commit()
    .close();
  for (const uri of [
    ["nolock", "1"],
    ["psow", "0"],
    ["immutable", "true"],
  ] as const) {
    const r = new Writer(0, w.ops).open("/a.db", 10, 1024, { uri: [uri], vfsFlags: 0x146 });
    r.read().look(2).done().close();
  }
  return w;
}

/** Every program by name. */
export const PROGRAMS: ReadonlyMap<string, Program> = new Map<string, Program>([
  ...modes.map(([name, mode]): [string, Program] => [`journal mode ${name}`, journalMode(mode)]),
  ...modes.map(([name, mode]): [string, Program] => [`spill, ${name}`, spill(mode)]),
  ["spill, sectors of 512 bytes", spill(MODE.DELETE, { sectorSize: 512 })],
  ["spill, sectors of 8192 bytes", spill(MODE.DELETE, { sectorSize: 8192, deviceCharacteristics: 0 })],
  ["spill, safe append", spill(MODE.DELETE, { deviceCharacteristics: CAP.SAFE_APPEND | CAP.POWERSAFE })],
  ["spill, sequential", spill(MODE.PERSIST, { deviceCharacteristics: CAP.SEQUENTIAL })],
  ["spill, undeletable files", spill(MODE.DELETE, { deviceCharacteristics: CAP.UNDELETABLE })],
  ["spill, atomic writes", spill(MODE.DELETE, { deviceCharacteristics: CAP.ATOMIC })],
  ["spill, methods of version 1", spill(MODE.DELETE, { ioVersion: 1 })],
  ...[...modes, ["WAL", MODE.WAL] as const]
    .filter(([, mode]) => mode !== MODE.OFF)
    .flatMap(([name, mode]): [string, Program][] => [
      [`savepoints, ${name}`, savepoints(mode, 100)],
      [`savepoints that spill, ${name}`, savepoints(mode, 10)],
    ]),
  ["super-journal, DELETE", superJournal(MODE.DELETE)],
  ["super-journal, PERSIST", superJournal(MODE.PERSIST)],
  ["super-journal, TRUNCATE", superJournal(MODE.TRUNCATE)],
  ...[1, 2, 3, 4].map((seed): [string, Program] => [
    `hot journal, seed ${seed}`,
    hotJournal(seed, seed % 2 ? 512 : 4096),
  ]),
  ["WAL", wal()],
  ["WAL, readers", walReaders()],
  ["WAL, spill", walSpill()],
  ["WAL, more than one region", walLong()],
  ...[1, 2, 3, 4].map((seed): [string, Program] => [`WAL, crash, seed ${seed}`, walCrash(seed)]),
  ["WAL, exclusive", walExclusive()],
  ["exclusive locking", lockingModes()],
  ["two connections", twoConnections()],
  ["temporary file", temporary(100, 10)],
  ["temporary file that spills", temporary(10, 40)],
  ["in memory", inMemory()],
  ["moved pages, a shorter image", movePages()],
  ["oddments", oddments()],
  ["mapped pages", mapped()],
  ["backup", backup(MODE.DELETE)],
  ["backup, WAL", backup(MODE.WAL)],
  ["URI parameters", uris()],
  ["the n-th write fails", fault(MODE.DELETE, { op: "write", nth: 2 })],
  ["a sync fails", fault(MODE.DELETE, { op: "sync", nth: 1 })],
  ["the disk is full", fault(MODE.PERSIST, { op: "write", nth: 1, code: 13, persistent: true, file: ".db" })],
  ["a write of the log fails", fault(MODE.WAL, { op: "write", nth: 1 })],
  ...range(1, 6).map((at): [string, Program] => [`allocation ${at} of opening fails`, openFault(at)]),
  ...range(1, 4).flatMap((at): [string, Program][] => [
    [`allocation ${at} of a transaction fails, DELETE`, noMemory(MODE.DELETE, at)],
    [`allocation ${at} of a transaction fails, WAL`, noMemory(MODE.WAL, at)],
  ]),
]);
