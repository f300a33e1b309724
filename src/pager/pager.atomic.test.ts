/**
 * Tests of the pager with SQLITE_ENABLE_ATOMIC_WRITE and SQLITE_ENABLE_BATCH_ATOMIC_WRITE, alone and
 * together, on memory disks that promise such writes.
 *
 * The options are fixed when the package is loaded, so each group loads it anew.
 */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

type Sqlite = typeof import("../index.js");
type MemDisk = import("../index.js").MemDisk;
type MemCall = Readonly<import("../index.js").MemCall>;
type DbPage = import("../index.js").DbPage;
type Pager = import("../index.js").Pager;

const scope = globalThis as { PAGER_MIRROR?: import("../index.js").PagerMirrorOptions };

/** Loads the package with the given compile-time options. */
async function load(options: Readonly<Record<string, boolean | number>>): Promise<Sqlite> {
  vi.resetModules();
  scope.PAGER_MIRROR = { options };
  return await import("../index.js");
}

let S: Sqlite;

afterAll(() => {
  delete scope.PAGER_MIRROR;
});

const OK = 0;
const PAGE = 1024;
/* Pager.eState. */
const READER = 1;
const CACHEMOD = 3;
const DBMOD = 4;
const FINISHED = 5;
const ERROR = 6;

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** A pager that holds page 1 during its transactions and fills pages with one value each. */
class Db {
  readonly disk: MemDisk;
  readonly pager: Pager;
  one: DbPage | null = null;

  constructor(disk: MemDisk, mode = S.PAGER_JOURNALMODE_DELETE, sync = S.PAGER_SYNCHRONOUS_FULL) {
    this.disk = disk;
    const pp = new S.Ref<Pager | null>(null);
    const flags = S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_MAIN_DB;
    expect(S.sqlite3PagerOpen(disk.vfs, pp, S.toCString("/db\0"), 136, 0, flags, () => {})).toBe(OK);
    this.pager = pp.value!;
    S.sqlite3PagerSetBusyHandler(this.pager, () => 0, null);
    S.sqlite3PagerSetFlags(this.pager, sync | S.PAGER_CACHESPILL);
    expect(S.sqlite3PagerSetPagesize(this.pager, new S.Ref(PAGE), 0)).toBe(OK);
    expect(S.sqlite3PagerSetJournalMode(this.pager, mode)).toBe(mode);
  }

  begin(): this {
    if (this.one === null) {
      expect(S.sqlite3PagerSharedLock(this.pager)).toBe(OK);
      this.one = this.hold(1);
    }
    expect(S.sqlite3PagerBegin(this.pager, 0, 0)).toBe(OK);
    return this;
  }

  hold(pgno: number): DbPage {
    const pp = new S.Ref<DbPage | null>(null);
    expect(S.sqlite3PagerGet(this.pager, pgno, pp, 0)).toBe(OK);
    return pp.value!;
  }

  unref(pg: DbPage): void {
    if (pg.pgno === 1) S.sqlite3PagerUnrefPageOne(pg);
    else S.sqlite3PagerUnref(pg);
  }

  set(pgno: number, v: number): void {
    const pg = this.hold(pgno);
    expect(S.sqlite3PagerWrite(pg)).toBe(OK);
    S.sqlite3PagerGetData(pg).fill(v, pgno === 1 ? 100 : 0, PAGE);
    this.unref(pg);
  }

  values(): number[] {
    return range(this.pager.dbSize).map((pgno) => {
      const pg = this.hold(pgno);
      const data = S.sqlite3PagerGetData(pg);
      const v = data[PAGE - 1]!;
      expect(data.subarray(pgno === 1 ? 100 : 0).every((b) => b === v)).toBe(true);
      this.unref(pg);
      return v;
    });
  }

  /** Phase one; returns what it wrote, synced, opened, deleted and controlled. */
  phaseOne(zSuper: string | null = null, expected = OK): string[] {
    this.disk.startTrace();
    const z = zSuper === null ? null : S.toCString(zSuper);
    expect(S.sqlite3PagerCommitPhaseOne(this.pager, z, 0)).toBe(expected);
    return this.disk.stopTrace().flatMap((c) => {
      const control = new Map([
        [S.SQLITE_FCNTL_BEGIN_ATOMIC_WRITE, "begin"],
        [S.SQLITE_FCNTL_COMMIT_ATOMIC_WRITE, "commit"],
        [S.SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE, "rollback"],
      ]).get(c.arg);
      if (c.op === "filecontrol") return control ? [control] : [];
      if (c.op === "write") return [`write ${c.file} ${c.offset}`];
      return c.op === "open" || c.op === "delete" || c.op === "sync" ? [`${c.op} ${c.file}`] : [];
    });
  }

  phaseTwo(): void {
    expect(S.sqlite3PagerCommitPhaseTwo(this.pager)).toBe(OK);
    expect(this.pager.eState).toBe(READER);
  }

  release(): void {
    const { one } = this;
    this.one = null;
    if (one !== null) S.sqlite3PagerUnrefPageOne(one);
  }

  close(): void {
    this.release();
    expect(S.sqlite3PagerClose(this.pager, null)).toBe(OK);
  }
}

const J = "/db-journal";

/** A disk with that promise and a database of `n` pages whose values are their numbers. */
function diskWith(n: number, promise: number): MemDisk {
  const disk = new S.MemDisk({
    sectorSize: 512,
    deviceCharacteristics: S.SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  });
  const db = new Db(disk).begin();
  for (const pgno of range(n)) db.set(pgno, pgno);
  db.phaseOne();
  db.phaseTwo();
  db.close();
  disk.deviceCharacteristics |= promise;
  return disk;
}

function valuesOn(disk: MemDisk): number[] {
  const db = new Db(disk);
  expect(S.sqlite3PagerSharedLock(db.pager)).toBe(OK);
  db.one = db.hold(1);
  const values = db.values();
  db.close();
  expect(disk.nOpen).toBe(0);
  return values;
}

const counter = (disk: MemDisk): number => S.sqlite3Get4byte(disk.exportFile("/db")!, 24);

beforeEach(() => {
  expect(S.sqlite3_initialize()).toBe(OK);
});

afterEach(() => {
  S.sqlite3_shutdown();
});

describe("SQLITE_ENABLE_ATOMIC_WRITE", () => {
  beforeAll(async () => {
    S = await load({ SQLITE_ENABLE_ATOMIC_WRITE: true, SQLITE_CHECK_PAGES: true });
  });

  test("a transaction that changes one page never makes a journal", () => {
    for (const promise of [S.SQLITE_IOCAP_ATOMIC, S.SQLITE_IOCAP_ATOMIC1K]) {
      const disk = diskWith(4, promise);
      const before = counter(disk);
      const db = new Db(disk).begin();
      db.set(3, 33);
      expect(S.sqlite3JournalIsInMemory(db.pager.jfd)).toBe(1);
      expect(db.phaseOne()).toEqual(["write /db 0", "write /db 2048", "sync /db"]);
      expect([db.pager.eState, db.pager.changeCountDone]).toEqual([FINISHED, 1]);
      const written = new S.Ref(0);
      S.sqlite3PagerCacheStat(db.pager, S.SQLITE_DBSTATUS_CACHE_WRITE, 0, written);
      expect(written.value).toBe(2);
      db.phaseTwo();
      expect(disk.list()).toEqual(["/db"]);
      expect(counter(disk)).toBe(before + 1);
      /* The pager knows the new counter: its cache stays. */
      db.release();
      expect(S.sqlite3PagerSharedLock(db.pager)).toBe(OK);
      disk.startTrace();
      db.one = db.hold(1);
      expect(disk.stopTrace()).toEqual([]);
      expect(db.values()).toEqual([1, 2, 33, 4]);
      db.close();
      expect(valuesOn(disk)).toEqual([1, 2, 33, 4]);
    }
  });

  test("in exclusive mode the counter is not written again", () => {
    const disk = diskWith(4, S.SQLITE_IOCAP_ATOMIC);
    const db = new Db(disk);
    S.sqlite3PagerLockingMode(db.pager, 1);
    db.begin();
    db.set(3, 33);
    expect(db.phaseOne()).toEqual(["write /db 0", "write /db 2048", "sync /db"]);
    db.phaseTwo();
    db.begin();
    db.set(3, 34);
    expect(db.phaseOne()).toEqual(["write /db 2048", "sync /db"]);
    db.phaseTwo();
    db.close();
    expect(valuesOn(disk)).toEqual([1, 2, 34, 4]);
  });

  test("a device without the promise, or another page size, gets a journal", () => {
    for (const promise of [0, S.SQLITE_IOCAP_ATOMIC4K]) {
      const disk = diskWith(4, promise);
      const db = new Db(disk).begin();
      db.set(3, 33);
      expect(S.sqlite3JournalIsInMemory(db.pager.jfd)).toBe(0);
      expect(disk.exists(J)).toBe(true);
      const writes = db.phaseOne();
      expect(writes.slice(-3)).toEqual(["write /db 0", "write /db 2048", "sync /db"]);
      expect(writes).toContain(`sync ${J}`);
      db.phaseTwo();
      db.close();
    }
  });

  test("a second page, growth, a super-journal or truncation turn the journal into a file", () => {
    const disk = diskWith(4, S.SQLITE_IOCAP_ATOMIC);
    /* What is set, the size that is left, the super-journal, what comes out. */
    const cases: [string, [number, number][], number, string | null, number[]][] = [
      [
        "second page",
        [
          [2, 22],
          [3, 33],
        ],
        4,
        null,
        [1, 22, 33, 4],
      ],
      [
        "growth",
        [
          [3, 34],
          [5, 5],
        ],
        5,
        null,
        [1, 22, 34, 4, 5],
      ],
      ["super-journal", [[3, 35]], 5, "/super", [1, 22, 35, 4, 5]],
      ["truncation", [[3, 36]], 4, null, [1, 22, 36, 4]],
    ];
    for (const [what, sets, size, zSuper, values] of cases) {
      const db = new Db(disk).begin();
      for (const [pgno, v] of sets) db.set(pgno, v);
      S.sqlite3PagerTruncateImage(db.pager, size);
      const seen = db.phaseOne(zSuper);
      expect([what, disk.exists(J), seen.includes(`sync ${J}`)]).toEqual([what, true, true]);
      if (what === "super-journal") {
        const tail = disk.exportFile(J)!.subarray(-22);
        expect(S.sqlite3Get4byte(tail, 6)).toBe(6);
      }
      db.phaseTwo();
      expect(db.values()).toEqual(values);
      db.close();
    }
    expect(valuesOn(disk)).toEqual([1, 22, 36, 4]);
  });

  test("a page that was spilled already leaves nothing dirty", () => {
    const disk = diskWith(4, S.SQLITE_IOCAP_ATOMIC | S.SQLITE_IOCAP_SAFE_APPEND);
    const db = new Db(disk).begin();
    db.set(3, 33);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(db.pager.eState).toBe(DBMOD);
    expect(db.phaseOne()).toEqual(["write /db 0", "sync /db"]);
    db.phaseTwo();
    db.close();
    expect(valuesOn(disk)).toEqual([1, 2, 33, 4]);
  });

  test("without a journal the counter is a page like any other", () => {
    const disk = diskWith(4, S.SQLITE_IOCAP_ATOMIC);
    const db = new Db(disk, S.PAGER_JOURNALMODE_OFF).begin();
    db.set(3, 33);
    expect(db.phaseOne()).toEqual(["write /db 0", "write /db 2048", "sync /db"]);
    db.phaseTwo();
    db.close();
    expect(valuesOn(disk)).toEqual([1, 2, 33, 4]);
  });

  test("a failed write is rolled back from memory, be it the counter's or the page's", () => {
    for (const nth of [1, 2]) {
      const disk = diskWith(4, S.SQLITE_IOCAP_ATOMIC);
      const db = new Db(disk).begin();
      db.set(3, 33);
      disk.addFault({ op: "write", nth });
      db.phaseOne(null, S.SQLITE_IOERR_WRITE);
      disk.clearFaults();
      expect([db.pager.eState, db.pager.changeCountDone]).toEqual(nth === 1 ? [CACHEMOD, 0] : [DBMOD, 1]);
      expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
      expect(db.values()).toEqual(range(4));
      db.close();
      expect(valuesOn(disk)).toEqual(range(4));
    }
  });

  test("the journal cannot become a file", () => {
    const disk = diskWith(4, S.SQLITE_IOCAP_ATOMIC);
    const db = new Db(disk).begin();
    db.set(3, 33);
    disk.addFault({ op: "open", nth: 1 });
    db.phaseOne("/super", S.SQLITE_CANTOPEN);
    disk.clearFaults();
    expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
    expect(db.values()).toEqual(range(4));
    db.close();
  });

  test("page 1 need not be cached, and may be unreadable", () => {
    const disk = diskWith(4, S.SQLITE_IOCAP_ATOMIC);
    const db = new Db(disk);
    for (const broken of [true, false]) {
      /* Page 3 keeps the transaction alive in place of page 1. */
      expect(S.sqlite3PagerSharedLock(db.pager)).toBe(OK);
      const three = db.hold(3);
      expect(S.sqlite3PagerBegin(db.pager, 0, 0)).toBe(OK);
      expect(S.sqlite3PagerWrite(three)).toBe(OK);
      S.sqlite3PagerGetData(three).fill(33);
      if (broken) disk.addFault({ op: "read", nth: 1, when: (c: MemCall) => c.file === "/db" });
      db.phaseOne(null, broken ? S.SQLITE_IOERR_READ : OK);
      disk.clearFaults();
      if (broken) expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
      else db.phaseTwo();
      /* sqlite3PagerUnref must not give the last reference back. */
      db.one = db.hold(1);
      S.sqlite3PagerUnref(three);
      db.release();
    }
    db.close();
    expect(valuesOn(disk)).toEqual([1, 2, 33, 4]);
  });
});

describe("SQLITE_ENABLE_BATCH_ATOMIC_WRITE", () => {
  beforeAll(async () => {
    S = await load({ SQLITE_ENABLE_BATCH_ATOMIC_WRITE: true });
  });
  batchTests();

  test("the change is counted like any other", () => {
    const disk = diskWith(4, S.SQLITE_IOCAP_BATCH_ATOMIC);
    const before = counter(disk);
    const db = new Db(disk).begin();
    db.set(3, 33);
    expect(db.phaseOne()).toEqual(["begin", "write /db 0", "write /db 2048", "commit", "sync /db"]);
    db.phaseTwo();
    expect(counter(disk)).toBe(before + 1);
    db.close();
  });
});

describe("both", () => {
  beforeAll(async () => {
    S = await load({
      SQLITE_ENABLE_ATOMIC_WRITE: true,
      SQLITE_ENABLE_BATCH_ATOMIC_WRITE: true,
      SQLITE_CHECK_PAGES: true,
    });
  });
  batchTests();

  test("a device that writes single pages only is served as without batches", () => {
    const disk = diskWith(4, S.SQLITE_IOCAP_ATOMIC);
    const db = new Db(disk).begin();
    db.set(3, 33);
    expect(db.phaseOne()).toEqual(["write /db 0", "write /db 2048", "sync /db"]);
    db.phaseTwo();
    db.close();
    expect(valuesOn(disk)).toEqual([1, 2, 33, 4]);
  });

  test("a batch does not count the change, as in C", () => {
    const disk = diskWith(4, S.SQLITE_IOCAP_BATCH_ATOMIC);
    const before = counter(disk);
    const db = new Db(disk).begin();
    db.set(3, 33);
    expect(db.phaseOne()).toEqual(["begin", "write /db 2048", "commit", "sync /db"]);
    db.phaseTwo();
    expect(counter(disk)).toBe(before);
    db.close();
  });
});

function batchTests(): void {
  const batch = () => diskWith(4, S.SQLITE_IOCAP_BATCH_ATOMIC);

  test("a commit is one batch; the journal stays in memory", () => {
    const disk = batch();
    const db = new Db(disk).begin();
    for (const pgno of range(4)) db.set(pgno, 10 * pgno);
    db.set(5, 50);
    expect(S.sqlite3JournalIsInMemory(db.pager.jfd)).toBe(1);
    const seen = db.phaseOne();
    expect([seen[0], seen.at(-2), seen.at(-1)]).toEqual(["begin", "commit", "sync /db"]);
    expect(seen.slice(1, -2)).toEqual(range(5).map((n) => `write /db ${(n - 1) * 1024}`));
    expect([db.pager.eState, S.isOpen(db.pager.jfd)]).toEqual([FINISHED, false]);
    db.phaseTwo();
    expect(disk.list()).toEqual(["/db"]);
    db.close();
    expect(valuesOn(disk)).toEqual([10, 20, 30, 40, 50]);
  });

  test("the first transaction of a database has a journal", () => {
    const disk = new S.MemDisk({
      sectorSize: 512,
      deviceCharacteristics: S.SQLITE_IOCAP_POWERSAFE_OVERWRITE | S.SQLITE_IOCAP_BATCH_ATOMIC,
    });
    const db = new Db(disk).begin();
    db.set(1, 1);
    expect(disk.exists(J)).toBe(true);
    expect(db.phaseOne()).not.toContain("begin");
    db.phaseTwo();
    db.close();
    expect(valuesOn(disk)).toEqual([1]);
  });

  test("the file grows inside the batch even if its last page is not written", () => {
    const disk = batch();
    const db = new Db(disk).begin();
    db.set(1, 11);
    db.set(6, 66);
    const six = db.hold(6);
    S.sqlite3PagerDontWrite(six);
    S.sqlite3PagerUnref(six);
    const seen = db.phaseOne();
    expect(seen.slice(0, seen.indexOf("commit"))).toEqual(["begin", "write /db 0", "write /db 5120"]);
    db.phaseTwo();
    db.close();
    expect(valuesOn(disk)).toEqual([11, 2, 3, 4, 0, 0]);
  });

  test("a failure of the batch as such leads to an ordinary commit", () => {
    const control = (op: number) => ({
      op: "filecontrol" as const,
      nth: 1,
      when: (c: MemCall) => c.arg === op,
    });
    const failures = [
      control(S.SQLITE_FCNTL_BEGIN_ATOMIC_WRITE),
      control(S.SQLITE_FCNTL_COMMIT_ATOMIC_WRITE),
      { op: "write" as const, nth: 1, when: (c: MemCall) => c.file === "/db" },
      { op: "write" as const, nth: 2, when: (c: MemCall) => c.file === "/db" },
    ];
    for (const [i, rule] of failures.entries()) {
      const disk = batch();
      const db = new Db(disk).begin();
      db.set(1, 11);
      db.set(2, 22);
      db.set(3, 33);
      const fault = disk.addFault(rule);
      const seen = db.phaseOne();
      disk.clearFaults();
      expect([i, fault.hits, disk.exists(J)]).toEqual([i, 1, true]);
      expect(seen.includes("rollback")).toBe(i !== 0);
      expect(seen.slice(-4)).toEqual(["write /db 0", "write /db 1024", "write /db 2048", "sync /db"]);
      db.phaseTwo();
      expect(disk.list()).toEqual(["/db"]);
      expect(db.values()).toEqual([11, 22, 33, 4]);
      db.close();
      expect(valuesOn(disk)).toEqual([11, 22, 33, 4]);
    }
  });

  test("other failures are returned, and without a journal nothing can be rolled back in the cache", () => {
    for (const code of [S.SQLITE_FULL, S.SQLITE_IOERR_NOMEM]) {
      const disk = batch();
      const db = new Db(disk).begin();
      db.set(1, 11);
      db.set(2, 22);
      disk.addFault({ op: "write", nth: 1, code });
      expect(db.phaseOne(null, code)).toContain("rollback");
      disk.clearFaults();
      expect(S.isOpen(db.pager.jfd)).toBe(false);
      expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
      expect([db.pager.eState, db.pager.errCode]).toEqual([ERROR, S.SQLITE_ABORT]);
      db.close();
      expect(valuesOn(disk)).toEqual(range(4));
    }
  });

  test("if the ordinary commit cannot make its journal either, the transaction fails", () => {
    const disk = batch();
    const db = new Db(disk).begin();
    db.set(1, 11);
    db.set(2, 22);
    disk.addFault({ op: "write", nth: 1 });
    disk.addFault({ op: "open", nth: 1 });
    db.phaseOne(null, S.SQLITE_CANTOPEN);
    disk.clearFaults();
    expect(S.isOpen(db.pager.jfd)).toBe(false);
    expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
    expect(db.pager.errCode).toBe(S.SQLITE_ABORT);
    db.close();
    expect(valuesOn(disk)).toEqual(range(4));
  });

  test("several files, no syncing, a spill: no batch", () => {
    const disk = batch();
    const db = new Db(disk).begin();
    db.set(1, 11);
    expect(db.phaseOne("/super")).not.toContain("begin");
    expect(disk.exists(J)).toBe(true);
    db.phaseTwo();

    db.begin();
    db.set(2, 22);
    expect(disk.exists(J)).toBe(false);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect([disk.exists(J), S.sqlite3JournalIsInMemory(db.pager.jfd)]).toEqual([true, 0]);
    expect(db.phaseOne()).not.toContain("begin");
    db.phaseTwo();
    db.close();

    const fast = new Db(disk, S.PAGER_JOURNALMODE_DELETE, S.PAGER_SYNCHRONOUS_OFF).begin();
    fast.set(3, 33);
    expect(fast.phaseOne()).not.toContain("begin");
    fast.phaseTwo();
    fast.close();
    expect(valuesOn(disk)).toEqual([11, 22, 33, 4]);
  });

  test("a journal that cannot become a file ends the commit, or the spill", () => {
    const disk = batch();
    const db = new Db(disk).begin();
    db.set(1, 11);
    disk.addFault({ op: "open", nth: 1 });
    db.phaseOne("/super", S.SQLITE_CANTOPEN);
    disk.clearFaults();
    expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
    expect(db.values()).toEqual(range(4));
    db.begin();
    db.set(2, 22);
    disk.addFault({ op: "write", nth: 1, when: (c: MemCall) => c.file === J });
    expect(S.sqlite3PagerFlush(db.pager)).toBe(S.SQLITE_IOERR_WRITE);
    disk.clearFaults();
    expect(db.pager.eState).toBe(ERROR);
    db.close();
    expect(valuesOn(disk)).toEqual(range(4));
  });

  test("a rollback before the commit comes from memory", () => {
    const disk = batch();
    const db = new Db(disk).begin();
    db.set(1, 11);
    expect(S.sqlite3PagerOpenSavepoint(db.pager, 1)).toBe(OK);
    db.set(2, 22);
    expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
    expect(db.values()).toEqual([11, 2, 3, 4]);
    expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
    expect(db.values()).toEqual(range(4));
    expect(disk.list()).toEqual(["/db"]);
    db.close();
  });
}
