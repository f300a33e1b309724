/**
 * Tests of what the pager asks of the write-ahead log, and what it makes of the answers.
 *
 * The log here is a stand-in: an array of frames, with every function of wal.h replaced. So these
 * tests say nothing about the log itself, and do not depend on it.
 */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

/** One page in the stand-in. */
interface Frame {
  pgno: number;
  data: Uint8Array;
}

/** The stand-in for a connection to a log. */
class FakeWal {
  /** Frames of the running transaction included. */
  frames: Frame[];
  /** How many frames are committed, and the database's size then. */
  mxFrame: number;
  nPage: number;
  exclusiveMode: number;
  writing = false;
  callback = 0;

  constructor(exclusiveMode: number) {
    this.frames = [...fake.log.frames];
    this.mxFrame = this.frames.length;
    this.nPage = fake.log.nPage;
    this.exclusiveMode = exclusiveMode;
  }
}

/** What the tests see and steer. */
const fake = vi.hoisted(() => {
  const state = {
    /** Names of the functions that were called, without `sqlite3Wal`. */
    calls: [] as string[],
    /** Arguments of the last call of some of them. */
    args: new Map<string, unknown[]>(),
    /** Functions that fail once, and with what. */
    fail: new Map<string, number>(),
    /** What is committed. */
    log: { frames: [] as { pgno: number; data: Uint8Array }[], nPage: 0 },
    /** Whether the next read transaction finds changes. */
    changed: 0,
    /** Gives the result code of a call. */
    enter(name: string, ...args: unknown[]): number {
      state.calls.push(name);
      state.args.set(name, args);
      const code = state.fail.get(name) ?? 0;
      state.fail.delete(name);
      return code;
    },
  };
  return state;
});

type Sqlite = typeof import("../index.js");
type Pager = import("../index.js").Pager;
type DbPage = import("../index.js").DbPage;
type PgHdr = import("../index.js").PgHdr;
type MemDisk = import("../index.js").MemDisk;
type Ref<T> = import("../index.js").Ref<T>;
type sqlite3_file = import("../index.js").sqlite3_file;

vi.mock("../wal/wal.js", async (original) => ({
  ...(await original<typeof import("../wal/wal.js")>()),
  sqlite3WalOpen(vfs: unknown, fd: unknown, z: unknown, bNoShm: number, mx: number, pp: Ref<FakeWal | null>) {
    pp.value = null;
    const rc = fake.enter("Open", vfs, fd, z, bNoShm, mx);
    if (rc === 0) pp.value = new FakeWal(bNoShm ? 2 : 0);
    return rc;
  },
  sqlite3WalClose(wal: FakeWal | null, db: unknown, flags: number, n: number, buf: Uint8Array | null) {
    return wal === null ? 0 : fake.enter("Close", wal, db, flags, n, buf);
  },
  sqlite3WalLimit: (wal: unknown, limit: number) => void (wal !== null && fake.enter("Limit", limit)),
  sqlite3WalBeginReadTransaction(wal: FakeWal, changed: Ref<number>) {
    changed.value = fake.changed;
    fake.changed = 0;
    return fake.enter("BeginRead", wal);
  },
  sqlite3WalEndReadTransaction: () => void fake.enter("EndRead"),
  sqlite3WalFindFrame(wal: FakeWal, pgno: number, read: Ref<number>) {
    const rc = fake.enter("FindFrame", pgno);
    if (rc === 0) read.value = wal.frames.findLastIndex((f) => f.pgno === pgno) + 1;
    return rc;
  },
  sqlite3WalReadFrame(wal: FakeWal, i: number, n: number, out: Uint8Array) {
    out.set(wal.frames[i - 1]!.data.subarray(0, n));
    return fake.enter("ReadFrame", i);
  },
  sqlite3WalDbsize: (wal: FakeWal | null) => wal?.nPage ?? 0,
  sqlite3WalBeginWriteTransaction(wal: FakeWal) {
    const rc = fake.enter("BeginWrite");
    wal.writing = rc === 0;
    return rc;
  },
  sqlite3WalEndWriteTransaction(wal: FakeWal) {
    fake.enter("EndWrite");
    wal.writing = false;
    return 0;
  },
  sqlite3WalUndo(wal: FakeWal, xUndo: (p: unknown, pgno: number) => number, ctx: unknown) {
    let rc = fake.enter("Undo");
    const undone = wal.frames.splice(wal.mxFrame);
    for (const f of undone) if (rc === 0) rc = xUndo(ctx, f.pgno);
    return rc;
  },
  sqlite3WalSavepoint: (wal: FakeWal, a: Uint32Array) =>
    void a.set([wal.frames.length, fake.enter("Savepoint")]),
  sqlite3WalSavepointUndo(wal: FakeWal, a: Uint32Array) {
    wal.frames.length = a[0]!;
    return fake.enter("SavepointUndo", a[0]);
  },
  sqlite3WalFrames(
    wal: FakeWal,
    sz: number,
    list: PgHdr,
    nTruncate: number,
    isCommit: number,
    flags: number,
  ) {
    const pages: number[] = [];
    for (let p: PgHdr | null = list; p !== null; p = p.pDirty) pages.push(p.pgno);
    const rc = fake.enter("Frames", sz, pages, nTruncate, isCommit, flags);
    if (rc !== 0) return rc;
    for (let p: PgHdr | null = list; p !== null; p = p.pDirty) {
      wal.frames.push({ pgno: p.pgno, data: p.pData.slice() });
    }
    if (isCommit) {
      wal.mxFrame = wal.frames.length;
      wal.nPage = nTruncate;
      wal.callback = wal.mxFrame;
      fake.log = { frames: [...wal.frames], nPage: nTruncate };
    }
    return 0;
  },
  sqlite3WalCheckpoint: (...args: unknown[]) => fake.enter("Checkpoint", ...args),
  sqlite3WalCallback(wal: FakeWal | null) {
    const n = wal?.callback ?? 0;
    if (wal) wal.callback = 0;
    return n;
  },
  sqlite3WalExclusiveMode(wal: FakeWal, op: number) {
    fake.enter("ExclusiveMode", op);
    if (op < 0) return wal.exclusiveMode === 0 ? 1 : 0;
    const was = wal.exclusiveMode;
    wal.exclusiveMode = op > 0 ? 1 : 0;
    return op > 0 || was !== 0 ? 1 : 0;
  },
  sqlite3WalHeapMemory: (wal: FakeWal | null) => (wal !== null && wal.exclusiveMode === 2 ? 1 : 0),
  sqlite3WalFile: () => fake.args.get("file")![0],
  sqlite3WalSnapshotGet: (_: unknown, pp: Ref<unknown>) => {
    pp.value = "snapshot";
    return fake.enter("SnapshotGet");
  },
  sqlite3WalSnapshotOpen: (_: unknown, s: unknown) => void fake.enter("SnapshotOpen", s),
  sqlite3WalSnapshotRecover: () => fake.enter("SnapshotRecover"),
  sqlite3WalSnapshotCheck: (_: unknown, s: unknown) => fake.enter("SnapshotCheck", s),
  sqlite3WalSnapshotUnlock: () => void fake.enter("SnapshotUnlock"),
  sqlite3WalWriteLock: (_: unknown, b: number) => fake.enter("WriteLock", b),
  sqlite3WalDb: (_: unknown, db: unknown) => void fake.enter("Db", db),
}));

const scope = globalThis as { PAGER_MIRROR?: import("../index.js").PagerMirrorOptions };
scope.PAGER_MIRROR = {
  options: { SQLITE_ENABLE_SNAPSHOT: true, SQLITE_ENABLE_SETLK_TIMEOUT: 1, SQLITE_CHECK_PAGES: true },
};
let S: Sqlite = await import("../index.js");

afterAll(() => {
  delete scope.PAGER_MIRROR;
});

const OK = S.SQLITE_OK;
const PAGE = 1024;
const WAL = S.PAGER_JOURNALMODE_WAL;
/* Pager.eState. */
const OPEN = 0;
const READER = 1;
const LOCKED = 2;
const CACHEMOD = 3;
const NONE = S.SQLITE_LOCK_NONE;
const SHARED = S.SQLITE_LOCK_SHARED;
const EXCLUSIVE = S.SQLITE_LOCK_EXCLUSIVE;

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** A pager that holds page 1 during its transactions and fills pages with one value each. */
class Db {
  readonly pager: Pager;
  readonly connection = new S.sqlite3();
  one: DbPage | null = null;
  busyCalls = 0;

  constructor(disk: MemDisk, name: string | null = "/db") {
    const pp = new S.Ref<Pager | null>(null);
    const flags = S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_MAIN_DB;
    const z = name === null ? null : S.toCString(`${name}\0`);
    expect(S.sqlite3PagerOpen(disk.vfs, pp, z, 136, 0, flags, () => {})).toBe(OK);
    this.pager = pp.value!;
    const onBusy = () => {
      this.busyCalls++;
      return 0;
    };
    S.sqlite3PagerSetBusyHandler(this.pager, onBusy, "busy");
    S.sqlite3PagerSetFlags(this.pager, S.PAGER_SYNCHRONOUS_FULL | S.PAGER_CACHESPILL);
    expect(S.sqlite3PagerSetPagesize(this.pager, new S.Ref(PAGE), 0)).toBe(OK);
    S.sqlite3PagerSetCachesize(this.pager, 50);
  }

  read(): this {
    if (this.one === null) {
      expect(S.sqlite3PagerSharedLock(this.pager)).toBe(OK);
      this.one = this.hold(1);
    }
    return this;
  }

  begin(): this {
    this.read();
    expect(S.sqlite3PagerBegin(this.pager, 0, 1)).toBe(OK);
    return this;
  }

  get(pgno: number): [number, DbPage | null] {
    const pp = new S.Ref<DbPage | null>(null);
    return [S.sqlite3PagerGet(this.pager, pgno, pp, 0), pp.value];
  }

  hold(pgno: number): DbPage {
    const [rc, pg] = this.get(pgno);
    expect(rc).toBe(OK);
    return pg!;
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
      const v = S.sqlite3PagerGetData(pg)[PAGE - 1]!;
      this.unref(pg);
      return v;
    });
  }

  commit(): void {
    expect(S.sqlite3PagerCommitPhaseOne(this.pager, null, 0)).toBe(OK);
    expect(this.pager.eState).not.toBe(5);
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
    expect(S.sqlite3PagerClose(this.pager, this.connection)).toBe(OK);
  }
}

/** A disk with four pages in the database; `withLog` adds a log file, whose content nobody looks at. */
function diskWith(withLog: boolean): MemDisk {
  const disk = new S.MemDisk({
    sectorSize: 512,
    deviceCharacteristics: S.SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  });
  const bytes = new Uint8Array(4 * PAGE);
  for (const pgno of range(4)) bytes.fill(pgno, (pgno - 1) * PAGE + (pgno === 1 ? 100 : 0), pgno * PAGE);
  disk.importFile("/db", bytes);
  if (withLog) disk.importFile("/db-wal", Uint8Array.of(1));
  return disk;
}

beforeEach(() => {
  expect(S.sqlite3_initialize()).toBe(OK);
  fake.calls.length = 0;
  fake.fail.clear();
  fake.log = { frames: [], nPage: 0 };
  fake.changed = 0;
});

afterEach(() => {
  S.sqlite3_shutdown();
});

/** The calls since the last look. */
const calls = (): string[] => fake.calls.splice(0);

describe("transactions", () => {
  test("a commit appends the dirty pages, in order, with the new size", () => {
    const disk = diskWith(true);
    const db = new Db(disk).begin();
    expect(db.pager.journalMode).toBe(WAL);
    expect([db.pager.eState, db.pager.eLock]).toEqual([LOCKED, SHARED]);
    calls();
    db.set(4, 44);
    db.set(2, 22);
    expect([db.pager.eState, db.pager.pInJournal]).toEqual([CACHEMOD, null]);
    db.set(6, 66);
    S.sqlite3PagerTruncateImage(db.pager, 4);
    calls();
    disk.startTrace();
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(OK);
    expect(db.pager.eState).toBe(CACHEMOD);
    expect(S.sqlite3PcacheDirtyList(db.pager.pPCache)).toBeNull();
    expect(S.sqlite3PagerCommitPhaseTwo(db.pager)).toBe(OK);
    expect([db.pager.eState, db.pager.eLock]).toEqual([READER, SHARED]);
    expect(disk.stopTrace().filter((c) => c.op === "write" || c.op === "sync")).toEqual([]);
    const flags = db.pager.walSyncFlags;
    expect(fake.args.get("Frames")).toEqual([PAGE, [2, 4], 4, 1, flags]);
    expect(S.sqlite3PagerWalCallback(db.pager)).toBe(2);
    expect(S.sqlite3PagerWalCallback(db.pager)).toBe(0);
    expect(db.values()).toEqual([1, 22, 3, 44]);
    /* Page 1 is held and is cleared in place. */
    S.sqlite3PagerClearCache(db.pager);
    expect(db.values()).toEqual([0, 22, 3, 44]);
    db.close();
    expect(calls().at(-1)).toBe("Close");
    expect(disk.nOpen).toBe(0);
  });

  test("the change counter goes with page 1", () => {
    const db = new Db(diskWith(true)).begin();
    db.set(1, 11);
    db.commit();
    const { data } = fake.log.frames[0]!;
    expect([S.sqlite3Get4byte(data, 24), S.sqlite3Get4byte(data, 92)]).toEqual([1, 1]);
    db.close();
  });

  test("a commit whose pages have all been spilled repeats page 1", () => {
    const db = new Db(diskWith(true)).begin();
    db.set(2, 22);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(fake.args.get("Frames")!.slice(1, 4)).toEqual([[2], 0, 0]);
    db.commit();
    expect(fake.args.get("Frames")!.slice(1, 4)).toEqual([[1], 4, 1]);
    S.sqlite3PagerClearCache(db.pager);
    expect(db.values().slice(1)).toEqual([22, 3, 4]);
    db.close();
  });

  test("a commit that fails can be rolled back", () => {
    const db = new Db(diskWith(true)).begin();
    db.set(2, 22);
    const three = db.hold(3);
    expect(S.sqlite3PagerWrite(three)).toBe(OK);
    S.sqlite3PagerGetData(three).fill(33);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    fake.fail.set("Frames", S.SQLITE_IOERR_WRITE);
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(S.SQLITE_IOERR_WRITE);
    expect(db.pager.eState).toBe(CACHEMOD);
    calls();
    expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
    expect(calls()).toEqual(["Undo", "FindFrame", "EndWrite", "ExclusiveMode"]);
    /* Pages in use are read again, the others forgotten. */
    expect(S.sqlite3PagerGetData(three)[0]).toBe(3);
    S.sqlite3PagerUnref(three);
    expect(db.values()).toEqual(range(4));
    db.close();
  });

  test("a rollback that fails leads to the error state; letting go of the last page leads out", () => {
    const db = new Db(diskWith(true)).begin();
    db.set(2, 22);
    fake.fail.set("Undo", S.SQLITE_IOERR_READ);
    expect(S.sqlite3PagerRollback(db.pager)).toBe(S.SQLITE_IOERR_READ);
    expect([db.pager.errCode, db.get(2)[0]]).toEqual([S.SQLITE_IOERR_READ, S.SQLITE_IOERR_READ]);
    calls();
    db.release();
    expect(calls()).toEqual(["EndWrite", "EndRead"]);
    expect([db.pager.eState, db.pager.eLock, db.pager.errCode]).toEqual([OPEN, SHARED, OK]);
    expect(db.read().values()).toEqual(range(4));
    db.close();
  });

  test("savepoints remember a place in the log and go back to it", () => {
    const db = new Db(diskWith(true)).begin();
    db.set(4, 44);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    db.set(2, 22);
    expect(S.sqlite3PagerOpenSavepoint(db.pager, 1)).toBe(OK);
    db.set(2, 23);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    db.set(3, 33);
    expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
    expect(fake.args.get("SavepointUndo")).toEqual([1]);
    expect(db.values()).toEqual([1, 22, 3, 44]);
    expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, -1)).toBe(OK);
    expect(db.values()).toEqual(range(4));
    fake.fail.set("Undo", S.SQLITE_NOMEM);
    expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, -1)).toBe(S.SQLITE_NOMEM);
    expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
    db.close();
  });

  test("the write lock may be taken", () => {
    const db = new Db(diskWith(true)).read();
    fake.fail.set("BeginWrite", S.SQLITE_BUSY);
    expect(S.sqlite3PagerBegin(db.pager, 0, 0)).toBe(S.SQLITE_BUSY);
    expect([db.pager.eState, db.busyCalls]).toEqual([READER, 0]);
    db.begin();
    /* No lock on the database is needed. */
    expect(S.sqlite3PagerExclusiveLock(db.pager)).toBe(OK);
    expect(db.pager.eLock).toBe(SHARED);
    db.close();
  });

  test("mapped pages only where the log has nothing newer", () => {
    const disk = diskWith(true);
    const db = new Db(disk);
    S.sqlite3PagerSetMmapLimit(db.pager, 1 << 20);
    db.begin();
    db.set(2, 22);
    db.commit();
    S.sqlite3PagerClearCache(db.pager);
    const two = db.hold(2);
    expect([two.flags & S.PGHDR_MMAP, S.sqlite3PagerGetData(two)[0]]).toEqual([0, 22]);
    const three = db.hold(3);
    expect(three.flags & S.PGHDR_MMAP).not.toBe(0);
    S.sqlite3PagerUnref(two);
    S.sqlite3PagerUnref(three);
    fake.fail.set("FindFrame", S.SQLITE_CORRUPT);
    expect(db.get(3)).toEqual([S.SQLITE_CORRUPT, null]);
    expect(db.pager.nMmapOut).toBe(0);
    db.close();
  });
});

describe("exclusive mode", () => {
  test("a writer takes the whole file; back in normal mode the lock is lowered", () => {
    const disk = diskWith(true);
    const db = new Db(disk).read();
    const other = new Db(disk).read();
    expect(S.sqlite3PagerLockingMode(db.pager, 1)).toBe(1);
    expect(S.sqlite3PagerBegin(db.pager, 0, 0)).toBe(S.SQLITE_BUSY);
    expect([db.pager.eState, db.pager.eLock]).toEqual([READER, SHARED]);
    other.close();
    calls();
    db.begin();
    expect(calls()).toEqual(["ExclusiveMode", "ExclusiveMode", "BeginWrite"]);
    expect(db.pager.eLock).toBe(EXCLUSIVE);
    db.set(2, 22);
    db.commit();
    calls();
    db.begin();
    expect(calls()).toEqual(["ExclusiveMode", "BeginWrite"]);
    expect(S.sqlite3PagerLockingMode(db.pager, 0)).toBe(0);
    db.set(2, 23);
    db.commit();
    expect(db.pager.eLock).toBe(SHARED);
    db.close();
  });

  test("a log opened in exclusive mode is in heap memory, and stays exclusive", () => {
    const disk = diskWith(true);
    const db = new Db(disk);
    S.sqlite3PagerLockingMode(db.pager, 1);
    db.read();
    expect([db.pager.eLock, fake.args.get("Open")![3]]).toEqual([EXCLUSIVE, 1]);
    expect(S.sqlite3PagerLockingMode(db.pager, 0)).toBe(1);
    db.begin();
    db.set(2, 22);
    db.commit();
    db.close();
  });

  test("a lock that is held already will do", () => {
    const disk = diskWith(false);
    const db = new Db(disk);
    S.sqlite3PagerLockingMode(db.pager, 1);
    db.begin();
    db.set(2, 22);
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(OK);
    expect(S.sqlite3PagerCommitPhaseTwo(db.pager)).toBe(OK);
    expect([db.pager.eLock, S.isOpen(db.pager.jfd)]).toEqual([EXCLUSIVE, true]);
    expect(S.sqlite3PagerOpenWal(db.pager, new S.Ref(0))).toBe(OK);
    expect([db.pager.eLock, S.isOpen(db.pager.jfd)]).toEqual([EXCLUSIVE, false]);
    db.release();
    expect(db.read().values()).toEqual([1, 22, 3, 4]);
    db.close();
  });

  test("if somebody reads, the log cannot be opened, and no lock stays pending", () => {
    const disk = diskWith(true);
    const other = new Db(disk).read();
    const db = new Db(disk);
    S.sqlite3PagerLockingMode(db.pager, 1);
    expect(S.sqlite3PagerSharedLock(db.pager)).toBe(S.SQLITE_BUSY);
    expect(db.pager.pWal).toBeNull();
    db.close();
    const third = new Db(disk).read();
    third.close();
    other.close();
  });
});

describe("opening and closing the log", () => {
  test("on the way to WAL mode a journal that is still open is closed", () => {
    const disk = diskWith(false);
    const db = new Db(disk);
    S.sqlite3PagerJournalSizeLimit(db.pager, 4321);
    db.read();
    const open = new S.Ref(0);
    expect(S.sqlite3PagerOpenWal(db.pager, open)).toBe(OK);
    expect([open.value, db.pager.journalMode, db.pager.eState]).toEqual([0, WAL, OPEN]);
    expect(fake.args.get("Open")!.slice(1)).toEqual([db.pager.fd, db.pager.zWal, 0, 4321]);
    expect(S.sqlite3PagerJournalSizeLimit(db.pager, 99)).toBe(99);
    expect(fake.args.get("Limit")).toEqual([99]);
    /* The b-tree lets go of page 1 and starts again. */
    db.release();
    db.read();
    expect(S.sqlite3PagerOpenWal(db.pager, open)).toBe(OK);
    expect(open.value).toBe(1);
    const file = new S.sqlite3_file();
    fake.args.set("file", [file as sqlite3_file]);
    expect(S.sqlite3PagerJrnlFile(db.pager)).toBe(file);
    db.close();
  });

  test("temporary databases have none; a VFS may not support it; opening may fail", () => {
    const disk = diskWith(false);
    const open = new S.Ref(0);
    const temp = new Db(disk, null);
    expect(S.sqlite3PagerOpenWal(temp.pager, open)).toBe(OK);
    expect(open.value).toBe(1);
    temp.close();

    disk.ioVersion = 1;
    const old = new Db(disk).read();
    open.value = 0;
    expect(S.sqlite3PagerOpenWal(old.pager, open)).toBe(S.SQLITE_CANTOPEN);
    old.close();

    disk.ioVersion = 2;
    const db = new Db(disk).read();
    fake.fail.set("Open", S.SQLITE_NOMEM);
    expect(S.sqlite3PagerOpenWal(db.pager, open)).toBe(S.SQLITE_NOMEM);
    expect([open.value, db.pager.pWal, db.pager.eState]).toEqual([0, null, READER]);
    db.close();
  });

  test("closing takes EXCLUSIVE and keeps it; a failure gives it back", () => {
    const disk = diskWith(true);
    const db = new Db(disk).read();
    const other = new Db(disk).read();
    db.release();
    disk.startTrace();
    expect(S.sqlite3PagerCloseWal(db.pager, db.connection)).toBe(S.SQLITE_BUSY);
    expect([db.pager.pWal === null, db.pager.eLock]).toEqual([false, SHARED]);
    /* A PENDING lock that the attempt may have left behind, in some VFS, is given back. */
    expect(disk.stopTrace().map((c) => [c.op, c.arg])).toEqual([
      ["lock", EXCLUSIVE],
      ["unlock", SHARED],
    ]);
    new Db(disk).read().close();
    other.close();
    fake.fail.set("Close", S.SQLITE_IOERR_WRITE);
    expect(S.sqlite3PagerCloseWal(db.pager, db.connection)).toBe(S.SQLITE_IOERR_WRITE);
    expect([db.pager.pWal, db.pager.eLock]).toEqual([null, SHARED]);
    /* The log still exists and is opened again to be closed. */
    calls();
    expect(S.sqlite3PagerCloseWal(db.pager, db.connection)).toBe(OK);
    expect(calls()).toEqual(["Open", "Db", "Close"]);
    const [, connection, flags, n, buf] = fake.args.get("Close")!;
    expect([connection, flags, n, buf]).toEqual([
      db.connection,
      db.pager.walSyncFlags,
      PAGE,
      db.pager.pTmpSpace,
    ]);
    expect([db.pager.pWal, db.pager.eLock]).toEqual([null, EXCLUSIVE]);
    db.close();
  });

  test("in exclusive mode a failure keeps the lock", () => {
    const db = new Db(diskWith(true));
    S.sqlite3PagerLockingMode(db.pager, 1);
    db.read().release();
    fake.fail.set("Close", S.SQLITE_FULL);
    expect(S.sqlite3PagerCloseWal(db.pager, db.connection)).toBe(S.SQLITE_FULL);
    expect(db.pager.eLock).toBe(EXCLUSIVE);
    db.close();
  });

  test("a log that was never opened is looked for", () => {
    const disk = diskWith(false);
    const db = new Db(disk);
    S.sqlite3PagerSetJournalMode(db.pager, WAL);
    expect(S.sqlite3PagerCloseWal(db.pager, db.connection)).toBe(OK);
    expect([db.pager.eLock, calls()]).toEqual([SHARED, []]);
    disk.addFault({ op: "access", nth: 1 });
    expect(S.sqlite3PagerCloseWal(db.pager, db.connection)).toBe(S.SQLITE_IOERR_ACCESS);
    disk.clearFaults();
    disk.importFile("/db-wal", Uint8Array.of(1));
    fake.fail.set("Open", S.SQLITE_CANTOPEN);
    expect(S.sqlite3PagerCloseWal(db.pager, db.connection)).toBe(S.SQLITE_CANTOPEN);
    db.close();

    const fresh = new Db(disk);
    S.sqlite3PagerSetJournalMode(fresh.pager, WAL);
    disk.addFault({ op: "lock", nth: 1 });
    expect(S.sqlite3PagerCloseWal(fresh.pager, fresh.connection)).toBe(S.SQLITE_IOERR_LOCK);
    disk.clearFaults();
    expect(fresh.pager.eLock).toBe(NONE);
    fresh.close();
    expect(disk.nOpen).toBe(0);
  });
});

describe("what is passed on", () => {
  test("checkpoints, with the busy handler unless they are passive", () => {
    const db = new Db(diskWith(true)).read();
    const pnLog = new S.Ref(0);
    const { pager } = db;
    for (const mode of [S.SQLITE_CHECKPOINT_PASSIVE, S.SQLITE_CHECKPOINT_FULL]) {
      fake.fail.set("Checkpoint", S.SQLITE_BUSY);
      expect(S.sqlite3PagerCheckpoint(pager, db.connection, mode, pnLog, null)).toBe(S.SQLITE_BUSY);
      expect(fake.args.get("Checkpoint")).toEqual([
        pager.pWal,
        db.connection,
        mode,
        mode === S.SQLITE_CHECKPOINT_PASSIVE ? null : pager.xBusyHandler,
        "busy",
        pager.walSyncFlags,
        PAGE,
        pager.pTmpSpace,
        pnLog,
        null,
      ]);
    }
    db.close();
  });

  test("a checkpoint before the log is open runs a statement that opens it", () => {
    const disk = diskWith(false);
    const db = new Db(disk);
    expect(S.sqlite3PagerCheckpoint(db.pager, db.connection, 0, null, null)).toBe(OK);
    S.sqlite3PagerSetJournalMode(db.pager, WAL);
    expect(S.sqlite3PagerCheckpoint(db.pager, db.connection, 0, null, null)).toBe(OK);
    expect(calls()).toEqual([]);
    const seen: string[] = [];
    db.connection.xExec = (zSql) => {
      seen.push(zSql);
      disk.importFile("/db-wal", Uint8Array.of(1));
      db.read();
      return OK;
    };
    expect(S.sqlite3PagerCheckpoint(db.pager, db.connection, 0, null, null)).toBe(OK);
    expect([seen, calls().at(-1)]).toEqual([["PRAGMA table_list"], "Checkpoint"]);
    db.close();
  });

  test("snapshots need a log", () => {
    const disk = diskWith(true);
    const pp = new S.Ref<import("../index.js").sqlite3_snapshot | null>(null);
    const snapshot = new S.sqlite3_snapshot(new Uint8Array(48));
    const db = new Db(disk);
    expect(S.sqlite3PagerSnapshotGet(db.pager, pp)).toBe(S.SQLITE_ERROR);
    expect(S.sqlite3PagerSnapshotOpen(db.pager, snapshot)).toBe(S.SQLITE_ERROR);
    expect(S.sqlite3PagerSnapshotRecover(db.pager)).toBe(S.SQLITE_ERROR);
    expect(S.sqlite3PagerSnapshotCheck(db.pager, snapshot)).toBe(S.SQLITE_ERROR);
    db.read();
    calls();
    fake.fail.set("SnapshotRecover", S.SQLITE_NOMEM);
    fake.fail.set("SnapshotCheck", S.SQLITE_BUSY);
    expect(S.sqlite3PagerSnapshotGet(db.pager, pp)).toBe(OK);
    expect(pp.value).toBe("snapshot");
    expect(S.sqlite3PagerSnapshotOpen(db.pager, snapshot)).toBe(OK);
    expect(fake.args.get("SnapshotOpen")).toEqual([snapshot]);
    expect(S.sqlite3PagerSnapshotRecover(db.pager)).toBe(S.SQLITE_NOMEM);
    expect(S.sqlite3PagerSnapshotCheck(db.pager, snapshot)).toBe(S.SQLITE_BUSY);
    S.sqlite3PagerSnapshotUnlock(db.pager);
    expect(calls().at(-1)).toBe("SnapshotUnlock");
    db.close();
  });

  test("the write lock and the connection whose time limit counts", () => {
    const db = new Db(diskWith(true));
    expect(S.sqlite3PagerWalWriteLock(db.pager, 1)).toBe(OK);
    S.sqlite3PagerWalDb(db.pager, db.connection);
    expect(calls()).toEqual([]);
    db.read();
    /* A log that is opened later hears of the connection then. */
    expect(calls().slice(0, 2)).toEqual(["Open", "Db"]);
    expect(fake.args.get("Db")).toEqual([db.connection]);
    fake.fail.set("WriteLock", S.SQLITE_BUSY);
    expect(S.sqlite3PagerWalWriteLock(db.pager, 1)).toBe(S.SQLITE_BUSY);
    expect(fake.args.get("WriteLock")).toEqual([1]);
    S.sqlite3PagerWalDb(db.pager, null);
    expect(fake.args.get("Db")).toEqual([null]);
    calls();
    S.sqlite3PagerLockingMode(db.pager, 1);
    expect(S.sqlite3PagerWalWriteLock(db.pager, 1)).toBe(OK);
    expect(calls()).toEqual([]);
    S.sqlite3PagerLockingMode(db.pager, 0);
    db.close();
  });
});

describe("without SQLITE_ENABLE_SETLK_TIMEOUT", () => {
  beforeAll(async () => {
    vi.resetModules();
    scope.PAGER_MIRROR = {};
    S = await import("../index.js");
  });

  test("the log hears of no connection, and no lock is taken ahead", () => {
    const db = new Db(diskWith(true));
    S.sqlite3PagerWalDb(db.pager, db.connection);
    db.begin();
    expect(S.sqlite3PagerWalWriteLock(db.pager, 1)).toBe(OK);
    expect(calls()).toEqual(["Open", "EndRead", "BeginRead", "FindFrame", "BeginWrite"]);
    db.set(2, 22);
    db.commit();
    expect(db.values()).toEqual([1, 22, 3, 4]);
    db.close();
  });
});
