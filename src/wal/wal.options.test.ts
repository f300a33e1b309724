/**
 * The arms of the log that the default build leaves out: SQLITE_ENABLE_SNAPSHOT,
 * SQLITE_ENABLE_SETLK_TIMEOUT, SQLITE_ENABLE_EXPENSIVE_ASSERT, SQLITE_SAFER_WALINDEX_RECOVERY. What is
 * expected comes from upstream's C.
 */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PagerMirrorOptions } from "../options.js";

type Sqlite = typeof import("../index.js");
type MemDisk = import("../index.js").MemDisk;
type Pager = import("../index.js").Pager;
type DbPage = import("../index.js").DbPage;
type Snapshot = import("../index.js").sqlite3_snapshot;

let S: Sqlite;
const OK = 0;
const scope = globalThis as { PAGER_MIRROR?: PagerMirrorOptions };

/** Loads the package anew with these options. */
async function load(options: Record<string, boolean | number>): Promise<void> {
  vi.resetModules();
  scope.PAGER_MIRROR = { options };
  S = await import("../index.js");
  expect(S.sqlite3_initialize()).toBe(OK);
}

afterEach(() => {
  delete scope.PAGER_MIRROR;
});

class Db {
  readonly pager: Pager;
  readonly connection = new S.sqlite3();
  one: DbPage | null = null;

  constructor(disk: MemDisk) {
    const flags = S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_MAIN_DB;
    const pp = new S.Ref<Pager | null>(null);
    expect(S.sqlite3PagerOpen(disk.vfs, pp, S.toCString("/db\0"), 136, 0, flags, () => {})).toBe(OK);
    this.pager = pp.value!;
    S.sqlite3PagerSetBusyHandler(this.pager, () => 0, null);
    S.sqlite3PagerSetFlags(this.pager, S.PAGER_SYNCHRONOUS_FULL | S.PAGER_CACHESPILL);
    expect(S.sqlite3PagerSetPagesize(this.pager, new S.Ref(512), 0)).toBe(OK);
    S.sqlite3PagerSetCachesize(this.pager, 10000);
  }

  tryRead(): number {
    for (;;) {
      if (this.one !== null) return OK;
      let rc = S.sqlite3PagerSharedLock(this.pager);
      if (rc !== OK) return rc;
      const pp = new S.Ref<DbPage | null>(null);
      rc = S.sqlite3PagerGet(this.pager, 1, pp, 0);
      if (rc !== OK) return rc;
      this.one = pp.value;
      if (this.pager.pWal !== null || pp.value!.pData[18] !== 2) return OK;
      rc = S.sqlite3PagerOpenWal(this.pager, new S.Ref(0));
      this.release();
      if (rc !== OK) return rc;
    }
  }

  read(): this {
    expect(this.tryRead()).toBe(OK);
    return this;
  }

  begin(): this {
    this.read();
    expect(S.sqlite3PagerBegin(this.pager, 0, 0)).toBe(OK);
    return this;
  }

  page<T>(pgno: number, f: (pg: DbPage) => T): T {
    const pp = new S.Ref<DbPage | null>(null);
    expect(S.sqlite3PagerGet(this.pager, pgno, pp, 0)).toBe(OK);
    const result = f(pp.value!);
    if (pgno === 1) S.sqlite3PagerUnrefPageOne(pp.value!);
    else S.sqlite3PagerUnref(pp.value!);
    return result;
  }

  set(pgno: number, v: number): this {
    this.page(pgno, (pg) => {
      expect(S.sqlite3PagerWrite(pg)).toBe(OK);
      pg.pData.fill(v, pgno === 1 ? 100 : 0);
    });
    return this;
  }

  commit(): this {
    expect(S.sqlite3PagerCommitPhaseOne(this.pager, null, 0)).toBe(OK);
    expect(S.sqlite3PagerCommitPhaseTwo(this.pager)).toBe(OK);
    return this.release();
  }

  put(pages: Record<number, number>): this {
    this.begin();
    for (const [p, v] of Object.entries(pages)) this.set(Number(p), v);
    return this.commit();
  }

  values(): number[] {
    const had = this.one !== null;
    this.read();
    const found = Array.from({ length: this.pager.dbSize }, (_, i) =>
      this.page(i + 1, (pg) => pg.pData[511]!),
    );
    if (!had) this.release();
    return found;
  }

  release(): this {
    if (this.one !== null) {
      const { one } = this;
      this.one = null;
      S.sqlite3PagerUnrefPageOne(one);
    }
    return this;
  }

  checkpoint(eMode: number): number {
    return S.sqlite3PagerCheckpoint(this.pager, this.connection, eMode, null, null);
  }

  snapshot(): Snapshot {
    const pp = new S.Ref<Snapshot | null>(null);
    expect(S.sqlite3PagerSnapshotGet(this.pager, pp)).toBe(OK);
    return pp.value!;
  }

  close(): void {
    this.release();
    expect(S.sqlite3PagerClose(this.pager, this.connection)).toBe(OK);
  }
}

/** A database of four pages in WAL mode, pages 1, 2, 3, 4. */
function newDisk(): MemDisk {
  const disk = new S.MemDisk();
  const bytes = new Uint8Array(4 * 512);
  for (let i = 0; i < 4; i++) bytes.fill(i + 1, i * 512 + (i ? 0 : 100), (i + 1) * 512);
  bytes.set([2, 2], 18);
  disk.importFile("/db", bytes);
  return disk;
}

const shm32 = (disk: MemDisk, at: number): number =>
  new DataView(disk.shmRegions("/db")[0]!.buffer).getUint32(at, true);

describe("SQLITE_ENABLE_SNAPSHOT", () => {
  beforeEach(async () => await load({ SQLITE_ENABLE_SNAPSHOT: true }));

  test("is off by default, and then a snapshot is not gone back to", async () => {
    await load({});
    const db = new Db(newDisk());
    db.put({ 2: 20 });
    db.read();
    const old = db.snapshot();
    db.release();
    db.put({ 2: 21 });
    expect(S.sqlite3PagerSnapshotOpen(db.pager, old)).toBe(OK);
    expect(db.values()).toEqual([1, 21, 3, 4]);
    S.sqlite3PagerSnapshotOpen(db.pager, null);
    db.close();
  });

  test("an old state is read again, as long as no checkpoint has passed it", () => {
    const disk = newDisk();
    const a = new Db(disk);
    const b = new Db(disk);
    a.read();
    const pp = new S.Ref<Snapshot | null>(null);
    expect(S.sqlite3PagerSnapshotGet(a.pager, pp)).toBe(S.SQLITE_ERROR);
    expect(pp.value).toBeNull();
    a.release();
    const states: number[][] = [];
    const snapshots: Snapshot[] = [];
    for (const [p, v] of [
      [2, 20],
      [3, 30],
      [2, 21],
      [4, 40],
    ] as const) {
      a.put({ [p]: v });
      a.read();
      states.push(a.values());
      snapshots.push(a.snapshot());
      a.release();
    }
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        expect(Math.sign(S.sqlite3_snapshot_cmp(snapshots[i]!, snapshots[j]!))).toBe(Math.sign(i - j));
      }
    }
    for (const i of [0, 2, 1, 3, 0]) {
      expect(S.sqlite3PagerSnapshotOpen(b.pager, snapshots[i]!)).toBe(b.pager.pWal ? OK : S.SQLITE_ERROR);
      if (b.pager.pWal === null) {
        b.values();
        S.sqlite3PagerSnapshotOpen(b.pager, snapshots[i]!);
      }
      b.read();
      expect(b.values()).toEqual(states[i]);
      expect(b.pager.pWal!.minFrame).toBe(1);
      expect(S.sqlite3PagerSnapshotCheck(b.pager, snapshots[i]!)).toBe(OK);
      expect(disk.shmLocks("/db")[S.WAL_CKPT_LOCK]).toBe(1);
      S.sqlite3PagerSnapshotUnlock(b.pager);
      expect(disk.shmLocks("/db")[S.WAL_CKPT_LOCK]).toBe(0);
      b.release();
    }
    /* A checkpoint while the second state is read stops there. */
    S.sqlite3PagerSnapshotOpen(b.pager, snapshots[1]!);
    b.read();
    expect(a.checkpoint(S.SQLITE_CHECKPOINT_PASSIVE)).toBe(OK);
    expect([shm32(disk, 96), shm32(disk, 128)]).toEqual([2, 2]);
    S.sqlite3PagerShrink(b.pager);
    expect(b.values()).toEqual(states[1]);
    /* The first is older than what has been copied. */
    expect(S.sqlite3PagerSnapshotCheck(b.pager, snapshots[0]!)).toBe(S.SQLITE_ERROR_SNAPSHOT);
    b.release();
    S.sqlite3PagerSnapshotOpen(b.pager, snapshots[0]!);
    expect(b.tryRead()).toBe(S.SQLITE_ERROR_SNAPSHOT);
    expect(disk.shmLocks("/db")).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    S.sqlite3PagerSnapshotOpen(b.pager, snapshots[2]!);
    expect(b.values()).toEqual(states[2]);
    /* The newest one is the present. */
    S.sqlite3PagerSnapshotOpen(b.pager, snapshots[3]!);
    expect(b.values()).toEqual(states[3]);
    /* After a new round none is left. */
    S.sqlite3PagerSnapshotOpen(b.pager, null);
    expect(a.checkpoint(S.SQLITE_CHECKPOINT_RESTART)).toBe(OK);
    a.put({ 2: 22 });
    S.sqlite3PagerSnapshotOpen(b.pager, snapshots[3]!);
    expect(b.tryRead()).toBe(S.SQLITE_ERROR_SNAPSHOT);
    S.sqlite3PagerSnapshotOpen(b.pager, null);
    expect(b.values()).toEqual([1, 22, 30, 40]);
    /* Upstream compares the first salt as a word of the host. */
    b.read();
    const young = b.snapshot();
    b.release();
    const salt = (z: Snapshot): number =>
      new DataView(z.hidden.buffer, z.hidden.byteOffset).getUint32(32, true);
    const sign = Math.sign(salt(snapshots[0]!) - salt(young));
    expect(S.sqlite3_snapshot_cmp(snapshots[0]!, young)).toBe(sign);
    expect(S.sqlite3_snapshot_cmp(young, snapshots[0]!)).toBe(-sign);
    for (const s of snapshots) S.sqlite3_free(s);
    b.close();
    a.close();
  });

  test("a checkpointer in the way; a snapshot to be made keeps the log", () => {
    const disk = newDisk();
    const a = new Db(disk);
    const b = new Db(disk);
    a.put({ 2: 20 });
    b.values();
    a.read();
    const s = a.snapshot();
    a.release();
    a.put({ 3: 30 });
    const { fd } = a.pager;
    const ckpt = (flag: number): number =>
      S.sqlite3OsShmLock(fd, S.WAL_CKPT_LOCK, 1, flag | S.SQLITE_SHM_EXCLUSIVE);
    expect(ckpt(S.SQLITE_SHM_LOCK)).toBe(OK);
    S.sqlite3PagerSnapshotOpen(b.pager, s);
    expect(b.tryRead()).toBe(S.SQLITE_BUSY);
    S.sqlite3PagerSnapshotOpen(b.pager, null);
    b.read();
    expect(S.sqlite3PagerSnapshotCheck(b.pager, s)).toBe(S.SQLITE_BUSY);
    expect(S.sqlite3PagerSnapshotRecover(b.pager)).toBe(S.SQLITE_BUSY);
    b.release();
    expect(ckpt(S.SQLITE_SHM_UNLOCK)).toBe(OK);

    /* A snapshot of zeros says that one is to be made: slot 0 is not used. */
    expect(a.checkpoint(S.SQLITE_CHECKPOINT_PASSIVE)).toBe(OK);
    const zero = new S.sqlite3_snapshot(new Uint8Array(48));
    S.sqlite3PagerSnapshotOpen(b.pager, zero);
    b.read();
    expect(b.pager.pWal!.readLock).toBeGreaterThan(0);
    b.release();
    S.sqlite3PagerSnapshotOpen(b.pager, null);
    b.read();
    expect(b.pager.pWal!.readLock).toBe(0);
    b.close();
    a.close();
  });

  test("an old state that cannot be opened: the checkpointer's slot is given back", () => {
    const disk = newDisk();
    const a = new Db(disk);
    a.put({ 2: 20 });
    a.read();
    const snapshot = a.snapshot();
    a.release();
    a.put({ 3: 30 });
    S.sqlite3PagerSnapshotOpen(a.pager, snapshot);
    disk.addFault({
      op: "shmlock",
      nth: 1,
      code: S.SQLITE_IOERR_SHMLOCK,
      when: (c) => c.offset > 3 && (c.arg & S.SQLITE_SHM_LOCK) !== 0,
    });
    expect(a.tryRead()).toBe(S.SQLITE_IOERR_SHMLOCK);
    disk.clearFaults();
    expect([...disk.shmLocks("/db")]).toEqual(Array(8).fill(0));
    expect(a.values()).toEqual([1, 20, 3, 4]);
    S.sqlite3PagerSnapshotOpen(a.pager, null);
    expect(a.values()).toEqual([1, 20, 30, 4]);
    a.close();
  });

  test("recovery of snapshots: nBackfillAttempted goes down to the last frame that was copied", () => {
    const disk = newDisk();
    const a = new Db(disk);
    const states: number[][] = [];
    const snapshots: Snapshot[] = [];
    for (let v = 20; v < 25; v++) {
      a.put({ [2 + (v % 3)]: v });
      a.read();
      states.push(a.values());
      snapshots.push(a.snapshot());
      a.release();
    }
    /* The checkpoint dies at its first page. */
    disk.addFault({ op: "write", nth: 1 });
    expect(a.checkpoint(S.SQLITE_CHECKPOINT_PASSIVE)).toBe(S.SQLITE_IOERR_WRITE);
    disk.clearFaults();
    expect([shm32(disk, 96), shm32(disk, 128)]).toEqual([0, 5]);
    S.sqlite3PagerSnapshotOpen(a.pager, snapshots[1]!);
    expect(a.tryRead()).toBe(S.SQLITE_ERROR_SNAPSHOT);
    S.sqlite3PagerSnapshotOpen(a.pager, null);
    a.read();
    expect(S.sqlite3PagerSnapshotRecover(a.pager)).toBe(OK);
    expect([shm32(disk, 96), shm32(disk, 128)]).toEqual([0, 0]);
    /* A damaged entry, page 0: its place in the file is that of a u32 that wrapped, far behind the end. */
    const shm = new DataView(disk.shmRegions("/db")[0]!.buffer);
    const pgno = shm.getUint32(136 + 4 * 4, true);
    shm.setUint32(136 + 4 * 4, 0, true);
    shm.setUint32(128, 5, true);
    const below = disk.addFault({ op: "read", nth: 1, when: (c) => c.offset! < 0 });
    expect(S.sqlite3PagerSnapshotRecover(a.pager)).toBe(OK);
    expect(below.hits).toBe(0);
    disk.clearFaults();
    expect([shm32(disk, 96), shm32(disk, 128)]).toEqual([0, 0]);
    shm.setUint32(136 + 4 * 4, pgno, true);
    a.release();
    S.sqlite3PagerSnapshotOpen(a.pager, snapshots[1]!);
    expect(a.values()).toEqual(states[1]);
    S.sqlite3PagerSnapshotOpen(a.pager, null);

    /* At its second: page 2's newest frame, number 5, has been copied, so none of it may go. */
    disk.addFault({ op: "write", nth: 2 });
    a.connection.u1.isInterrupted = 0;
    expect(a.checkpoint(S.SQLITE_CHECKPOINT_PASSIVE)).toBe(S.SQLITE_IOERR_WRITE);
    disk.clearFaults();
    a.read();
    const frame = new S.Ref(0);
    S.sqlite3WalFindFrame(a.pager.pWal!, 2, frame);
    expect(S.sqlite3PagerSnapshotRecover(a.pager)).toBe(OK);
    expect(shm32(disk, 128)).toBe(frame.value);
    /* Errors of reading, and of memory. */
    disk.addFault({ op: "read", nth: 1 });
    expect(S.sqlite3PagerSnapshotRecover(a.pager)).toBe(S.SQLITE_IOERR_READ);
    disk.clearFaults();
    disk.addFault({ op: "filesize", nth: 1 });
    expect(S.sqlite3PagerSnapshotRecover(a.pager)).toBe(S.SQLITE_IOERR_FSTAT);
    disk.clearFaults();
    const { m } = S.sqlite3GlobalConfig;
    const { xMalloc } = m;
    for (const nth of [1, 2]) {
      let n = 0;
      m.xMalloc = (k) => (++n === nth ? null : xMalloc(k));
      expect(S.sqlite3PagerSnapshotRecover(a.pager)).toBe(S.SQLITE_NOMEM);
    }
    m.xMalloc = () => null;
    expect(S.sqlite3PagerSnapshotGet(a.pager, new S.Ref<Snapshot | null>(null))).toBe(S.SQLITE_NOMEM);
    m.xMalloc = xMalloc;
    expect(disk.shmLocks("/db")[S.WAL_CKPT_LOCK]).toBe(0);
    a.close();
  });
});

describe("SQLITE_ENABLE_SETLK_TIMEOUT", () => {
  beforeEach(async () => await load({ SQLITE_ENABLE_SETLK_TIMEOUT: 1 }));

  /** File controls that set a time limit, in order. */
  const limits = (disk: MemDisk, f: () => void): number[] => {
    disk.startTrace();
    f();
    return disk
      .stopTrace()
      .filter((c) => c.op === "filecontrol" && c.arg === S.SQLITE_FCNTL_LOCK_TIMEOUT)
      .map((c) => c.amount);
  };

  test("the writer's lock is taken ahead of the read transaction if there is a limit", () => {
    const disk = newDisk();
    const db = new Db(disk);
    db.put({ 2: 20 });
    S.sqlite3PagerWalDb(db.pager, db.connection);
    expect(S.sqlite3PagerWalWriteLock(db.pager, 1)).toBe(OK);
    expect(disk.shmLocks("/db")[0]).toBe(0);
    db.connection.setlkTimeout = 250;
    expect(limits(disk, () => expect(S.sqlite3PagerWalWriteLock(db.pager, 1)).toBe(OK))).toEqual([250, 0]);
    expect(disk.shmLocks("/db")[0]).toBe(-1);
    /* Beginning to write finds it held, and ending gives it back. */
    db.put({ 3: 30 });
    expect(disk.shmLocks("/db")[0]).toBe(0);
    S.sqlite3PagerWalWriteLock(db.pager, 1);
    S.sqlite3PagerWalWriteLock(db.pager, 0);
    expect(disk.shmLocks("/db")[0]).toBe(0);
    const other = new Db(disk).begin();
    expect(S.sqlite3PagerWalWriteLock(db.pager, 1)).toBe(S.SQLITE_BUSY);
    other.close();
    expect(db.values()).toEqual([1, 20, 30, 4]);
    db.close();
  });

  test("limits are set where upstream sets them: reading, checkpoints, retries", () => {
    const disk = newDisk();
    const db = new Db(disk);
    db.put({ 2: 20 });
    db.connection.setlkTimeout = 77;
    S.sqlite3PagerWalDb(db.pager, db.connection);
    /* walDisableBlocking after the header; for the mark's lock the limit of this attempt, none. */
    expect(limits(disk, () => void db.read())).toEqual([0, 0, 0]);
    db.release();
    expect(limits(disk, () => void db.checkpoint(S.SQLITE_CHECKPOINT_PASSIVE))).toEqual([0, 0]);
    S.sqlite3PagerWalDb(db.pager, db.connection);
    expect(limits(disk, () => void db.checkpoint(S.SQLITE_CHECKPOINT_FULL))).toEqual([77, 0, 77, 0]);
    expect(db.pager.pWal!.db).toBeNull();
    db.close();
  });

  test("SQLITE_BUSY_TIMEOUT is SQLITE_BUSY to the busy handler's user, and shortens the next pause", () => {
    const disk = newDisk();
    const db = new Db(disk);
    const other = new Db(disk);
    db.put({ 2: 20 });
    other.values();
    const readLocks = (nth: number, persistent: boolean) =>
      disk.addFault({
        op: "shmlock",
        nth,
        persistent,
        code: S.SQLITE_BUSY_TIMEOUT,
        when: (c) => c.offset > 3 && (c.arg & S.SQLITE_SHM_SHARED) !== 0 && (c.arg & S.SQLITE_SHM_LOCK) !== 0,
      });
    const pauses: number[] = [];
    disk.onSleep = (us) => pauses.push(us);
    readLocks(1, true);
    expect(other.tryRead()).toBe(S.SQLITE_PROTOCOL);
    /* Every attempt has waited in the lock, so each pause is one microsecond. They come from the second
     * attempt on, since the bit that says so counts in the comparison with 5. */
    expect(pauses).toEqual(Array(99).fill(1));
    disk.clearFaults();
    disk.onSleep = null;
    expect(other.values()).toEqual([1, 20, 3, 4]);

    const exclusive = (offset: number, nth = 1) =>
      disk.addFault({
        op: "shmlock",
        nth,
        code: S.SQLITE_BUSY_TIMEOUT,
        when: (c) => c.offset === offset && (c.arg & 10) === 10,
      });
    exclusive(S.WAL_CKPT_LOCK);
    expect(db.checkpoint(S.SQLITE_CHECKPOINT_FULL)).toBe(S.SQLITE_BUSY);
    disk.clearFaults();
    exclusive(S.WAL_WRITE_LOCK);
    expect(db.checkpoint(S.SQLITE_CHECKPOINT_FULL)).toBe(S.SQLITE_BUSY);
    disk.clearFaults();
    /* Of the header. */
    disk.shmRegions("/db")[0]![8]! ^= 1;
    exclusive(S.WAL_WRITE_LOCK);
    expect(other.values()).toEqual([1, 20, 3, 4]);
    disk.clearFaults();
    other.close();
    db.close();
  });
});

describe("SQLITE_ENABLE_EXPENSIVE_ASSERT and SQLITE_SAFER_WALINDEX_RECOVERY", () => {
  test("hash tables and page numbers agree through all that happens", async () => {
    await load({
      SQLITE_ENABLE_EXPENSIVE_ASSERT: true,
      SQLITE_SAFER_WALINDEX_RECOVERY: true,
      SQLITE_ENABLE_SNAPSHOT: true,
      SQLITE_ENABLE_SETLK_TIMEOUT: 2,
    });
    const disk = newDisk();
    const db = new Db(disk);
    for (let round = 0; round < 6; round++) {
      db.begin();
      for (let p = 2; p < 1000; p += 1 + (round % 3)) db.set(p, round);
      expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
      expect(S.sqlite3PagerOpenSavepoint(db.pager, 1)).toBe(OK);
      for (let p = 2; p < 40; p++) db.set(p + 5000 * (p % 2), 99);
      expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
      expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
      if (round === 4) {
        expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
        db.release();
      } else {
        db.commit();
      }
    }
    expect(db.pager.pWal!.hdr.mxFrame).toBeGreaterThan(3000);
    const after = new S.MemDisk();
    for (const name of disk.list()) after.importFile(name, disk.exportFile(name)!);
    const again = new Db(after);
    expect(again.values()).toEqual(db.values());
    /* Regions that are right already are left alone. */
    after.shmRegions("/db")[0]![8]! ^= 1;
    expect(again.values()).toEqual(db.values());
    again.close();
    expect(db.checkpoint(S.SQLITE_CHECKPOINT_TRUNCATE)).toBe(OK);
    db.close();
  });
});
