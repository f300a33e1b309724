/**
 * The log on a memory disk, driven through the pager: what it writes, who sees what, what a checkpoint
 * does, who waits for whom.
 *
 * What is expected of bytes comes from the published format, by a reader of logs and wal-indexes that
 * stands in this file and shares no code with the port; the rest comes from upstream's C and from a model
 * of the database that knows only pages and values.
 */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as S from "../index.js";
import { MemDisk, type MemDiskOptions, Ref, toCString } from "../index.js";

const OK = S.SQLITE_OK;
const BUSY = S.SQLITE_BUSY;
const DB_FLAGS = S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_MAIN_DB;
const [PASSIVE, FULL, RESTART, TRUNCATE, NOOP] = [0, 1, 2, 3, -1] as const;
const PSOW = S.SQLITE_IOCAP_POWERSAFE_OVERWRITE;
const READ0 = 3;

interface DbOptions {
  page?: number;
  /** PAGER_SYNCHRONOUS_* */
  sync?: number;
  cache?: number;
  /** C string of the name, URI parameters included. */
  name?: Uint8Array;
  vfsFlags?: number;
  exclusive?: boolean;
}

/** A pager with what the layer above it does: page 1 is held while a transaction is open. */
class Db {
  readonly disk: MemDisk;
  readonly pager: S.Pager;
  readonly page: number;
  readonly connection = new S.sqlite3();
  one: S.DbPage | null = null;
  busyCalls = 0;
  onBusy: () => number = () => 0;

  constructor(disk: MemDisk, o: DbOptions = {}) {
    this.disk = disk;
    this.page = o.page ?? 1024;
    const pp = new Ref<S.Pager | null>(null);
    const rc = S.sqlite3PagerOpen(
      disk.vfs,
      pp,
      o.name ?? toCString("/db\0"),
      136,
      0,
      o.vfsFlags ?? DB_FLAGS,
      () => {},
    );
    expect(rc).toBe(OK);
    this.pager = pp.value!;
    const busy = (): number => {
      this.busyCalls++;
      return this.onBusy();
    };
    S.sqlite3PagerSetBusyHandler(this.pager, busy, null);
    S.sqlite3PagerSetFlags(this.pager, (o.sync ?? S.PAGER_SYNCHRONOUS_FULL) | S.PAGER_CACHESPILL);
    expect(S.sqlite3PagerSetPagesize(this.pager, new Ref(this.page), 0)).toBe(OK);
    S.sqlite3PagerSetCachesize(this.pager, o.cache ?? 2000);
    if (o.exclusive) S.sqlite3PagerLockingMode(this.pager, S.PAGER_LOCKINGMODE_EXCLUSIVE);
  }

  /** The log. */
  get wal(): S.Wal {
    return this.pager.pWal!;
  }

  /** Like the layer above: opens the log if the database's header says so. */
  tryRead(): number {
    for (;;) {
      if (this.one !== null) return OK;
      let rc = S.sqlite3PagerSharedLock(this.pager);
      if (rc !== OK) return rc;
      const pp = new Ref<S.DbPage | null>(null);
      rc = S.sqlite3PagerGet(this.pager, 1, pp, 0);
      if (rc !== OK) return rc;
      this.one = pp.value;
      if (this.pager.pWal !== null || pp.value!.pData[18] !== 2) return OK;
      rc = S.sqlite3PagerOpenWal(this.pager, new Ref(0));
      this.release();
      if (rc !== OK) return rc;
    }
  }

  read(): this {
    expect(this.tryRead()).toBe(OK);
    return this;
  }

  /** Opens the log. */
  openWal(): this {
    this.read();
    expect(this.pager.pWal).not.toBeNull();
    return this.release();
  }

  tryBegin(): number {
    const rc = this.tryRead();
    return rc === OK ? S.sqlite3PagerBegin(this.pager, 0, 0) : rc;
  }

  begin(): this {
    expect(this.tryBegin()).toBe(OK);
    return this;
  }

  set(pgno: number, v: number): this {
    const pp = new Ref<S.DbPage | null>(null);
    expect(S.sqlite3PagerGet(this.pager, pgno, pp, 0)).toBe(OK);
    const pg = pp.value!;
    expect(S.sqlite3PagerWrite(pg)).toBe(OK);
    pg.pData.fill(v, pgno === 1 ? 100 : 0, this.page);
    this.unref(pg);
    return this;
  }

  unref(pg: S.DbPage): void {
    if (pg.pgno === 1) S.sqlite3PagerUnrefPageOne(pg);
    else S.sqlite3PagerUnref(pg);
  }

  value(pgno: number): number {
    const pp = new Ref<S.DbPage | null>(null);
    const rc = S.sqlite3PagerGet(this.pager, pgno, pp, 0);
    if (rc !== OK) throw new Error(`page ${pgno}: ${rc}`);
    const data = pp.value!.pData;
    const v = data[this.page - 1]!;
    const whole = data.subarray(pgno === 1 ? 100 : 0, this.page).every((b) => b === v);
    this.unref(pp.value!);
    return whole ? v : -1;
  }

  /** The values of all pages; opens and ends a read transaction if none is open. */
  values(): number[] {
    const had = this.one !== null;
    this.read();
    const found = Array.from({ length: this.pager.dbSize }, (_, i) => this.value(i + 1));
    if (!had) this.release();
    return found;
  }

  tryCommit(): number {
    const rc = S.sqlite3PagerCommitPhaseOne(this.pager, null, 0);
    return rc === OK ? S.sqlite3PagerCommitPhaseTwo(this.pager) : rc;
  }

  /** Commits and ends the transaction. */
  commit(): this {
    expect(this.tryCommit()).toBe(OK);
    return this.release();
  }

  /** A transaction that writes these pages. */
  put(pages: Record<number, number>): this {
    this.begin();
    for (const [pgno, v] of Object.entries(pages)) this.set(Number(pgno), v);
    return this.commit();
  }

  rollback(): this {
    expect(S.sqlite3PagerRollback(this.pager)).toBe(OK);
    return this.release();
  }

  release(): this {
    if (this.one !== null) {
      const { one } = this;
      this.one = null;
      S.sqlite3PagerUnrefPageOne(one);
    }
    return this;
  }

  checkpoint(eMode: number): [rc: number, nLog: number, nCkpt: number] {
    const nLog = new Ref(-1);
    const nCkpt = new Ref(-1);
    const rc = S.sqlite3PagerCheckpoint(this.pager, this.connection, eMode, nLog, nCkpt);
    return [rc, nLog.value, nCkpt.value];
  }

  close(): void {
    this.release();
    expect(S.sqlite3PagerClose(this.pager, this.connection)).toBe(OK);
  }
}

/* ------------------------------------------------------------------ the format, read independently */

const u32 = (b: Uint8Array, i: number): number => new DataView(b.buffer, b.byteOffset).getUint32(i);
const native32 = (b: Uint8Array, i: number): number =>
  new DataView(b.buffer, b.byteOffset).getUint32(i, !S.SQLITE_BIGENDIAN);

/** The checksum as the format describes it. */
function cksum(b: Uint8Array, littleEndian: boolean, s: [number, number] = [0, 0]): [number, number] {
  const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
  let [s0, s1] = s;
  for (let i = 0; i < b.length; i += 8) {
    s0 = (s0 + view.getUint32(i, littleEndian) + s1) % 2 ** 32;
    s1 = (s1 + view.getUint32(i + 4, littleEndian) + s0) % 2 ** 32;
  }
  return [s0, s1];
}

interface Frame {
  pgno: number;
  size: number;
  salts: [number, number];
  valid: boolean;
  value: number;
}

interface Log {
  magic: number;
  version: number;
  page: number;
  nCkpt: number;
  salts: [number, number];
  headerOk: boolean;
  frames: Frame[];
  /** Bytes after the last whole frame. */
  rest: number;
  cksum: [number, number][];
}

function parseLog(b: Uint8Array): Log {
  const littleEndian = (u32(b, 0) & 1) === 0;
  let sum = cksum(b.subarray(0, 24), littleEndian);
  const log: Log = {
    magic: u32(b, 0),
    version: u32(b, 4),
    page: u32(b, 8),
    nCkpt: u32(b, 12),
    salts: [u32(b, 16), u32(b, 20)],
    headerOk: sum[0] === u32(b, 24) && sum[1] === u32(b, 28),
    frames: [],
    rest: 0,
    cksum: [],
  };
  let at = 32;
  let chain = log.headerOk;
  for (; at + 24 + log.page <= b.length; at += 24 + log.page) {
    sum = cksum(b.subarray(at, at + 8), littleEndian, sum);
    sum = cksum(b.subarray(at + 24, at + 24 + log.page), littleEndian, sum);
    const salts: [number, number] = [u32(b, at + 8), u32(b, at + 12)];
    chain &&= salts[0] === log.salts[0] && salts[1] === log.salts[1] && u32(b, at) !== 0;
    chain &&= sum[0] === u32(b, at + 16) && sum[1] === u32(b, at + 20);
    log.cksum.push(sum);
    log.frames.push({
      pgno: u32(b, at),
      size: u32(b, at + 4),
      salts,
      valid: chain,
      value: b[at + 24 + log.page - 1]!,
    });
  }
  log.rest = b.length - at;
  return log;
}

/** Writes a log as the format says; `frames` are page number, size if it commits, value. */
function buildLog(o: {
  page: number;
  frames: [pgno: number, size: number, value: number][];
  bigEndian?: boolean;
  salts?: [number, number];
  nCkpt?: number;
  version?: number;
}): Uint8Array {
  const { page } = o;
  const salts = o.salts ?? [0x01020304, 0xa0b0c0d0];
  const b = new Uint8Array(32 + o.frames.length * (24 + page));
  const view = new DataView(b.buffer);
  const littleEndian = !o.bigEndian;
  [0x377f0682 + (o.bigEndian ? 1 : 0), o.version ?? 3007000, page, o.nCkpt ?? 0, ...salts].forEach((v, i) => {
    view.setUint32(4 * i, v);
  });
  let sum = cksum(b.subarray(0, 24), littleEndian);
  view.setUint32(24, sum[0]);
  view.setUint32(28, sum[1]);
  o.frames.forEach(([pgno, size, value], i) => {
    const at = 32 + i * (24 + page);
    view.setUint32(at, pgno);
    view.setUint32(at + 4, size);
    view.setUint32(at + 8, salts[0]);
    view.setUint32(at + 12, salts[1]);
    b.fill(value, at + 24, at + 24 + page);
    sum = cksum(b.subarray(at, at + 8), littleEndian, sum);
    sum = cksum(b.subarray(at + 24, at + 24 + page), littleEndian, sum);
    view.setUint32(at + 16, sum[0]);
    view.setUint32(at + 20, sum[1]);
  });
  return b;
}

/** The wal-index of a disk, field by field. */
function parseIndex(disk: MemDisk): {
  copies: { fields: number[]; isInit: number; big: number; page: number; ok: boolean }[];
  mxFrame: number;
  nPage: number;
  nBackfill: number;
  attempted: number;
  marks: number[];
  pgnos: number[];
  lookup: (pgno: number, mxFrame?: number) => number;
} {
  const regions = disk.shmRegions("/db");
  const r0 = regions[0]!;
  const copy = (at: number) => {
    const c = r0.slice(at, at + 48);
    const sum = cksum(c.subarray(0, 40), !S.SQLITE_BIGENDIAN);
    return {
      fields: [0, 4, 8, 16, 20, 24, 28].map((i) => native32(c, i)),
      isInit: c[12]!,
      big: c[13]!,
      page: new DataView(c.buffer).getUint16(14, !S.SQLITE_BIGENDIAN),
      ok: sum[0] === native32(c, 40) && sum[1] === native32(c, 44),
    };
  };
  const copies = [copy(0), copy(48)];
  const mxFrame = copies[0]!.fields[3]!;
  const perRegion = regions.map((r, i) => {
    const n = i === 0 ? 4062 : 4096;
    return Array.from({ length: n }, (_, j) => native32(r, (i === 0 ? 136 : 0) + 4 * j));
  });
  return {
    copies,
    mxFrame,
    nPage: copies[0]!.fields[4]!,
    nBackfill: native32(r0, 96),
    attempted: native32(r0, 128),
    marks: [0, 1, 2, 3, 4].map((i) => native32(r0, 100 + 4 * i)),
    pgnos: perRegion.flat().slice(0, mxFrame),
    lookup(pgno, max = mxFrame) {
      for (let i = regions.length - 1; i >= 0; i--) {
        const base = i === 0 ? 0 : 4062 + 4096 * (i - 1);
        const table = new DataView(regions[i]!.buffer, regions[i]!.byteOffset + 16384, 16384);
        let best = 0;
        for (let k = (pgno * 383) % 8192; ; k = (k + 1) % 8192) {
          const n = table.getUint16(2 * k, !S.SQLITE_BIGENDIAN);
          if (n === 0) break;
          if (perRegion[i]![n - 1] === pgno && base + n <= max) best = base + n;
        }
        if (best) return best;
      }
      return 0;
    },
  };
}

const UNUSED = 0xffffffff;
const range = (n: number, v = 1): number[] => Array.from({ length: n }, (_, i) => v + i);

/** A disk with a database in WAL mode, without a log, whose pages hold 1, 2, 3 ... */
function diskWith(n: number, o: DbOptions = {}, options: MemDiskOptions = {}): MemDisk {
  const disk = new MemDisk({ sectorSize: 512, ...options });
  const db = new Db(disk, o);
  db.begin();
  for (let i = 1; i <= n; i++) db.set(i, i & 0xff);
  db.commit();
  db.close();
  const bytes = disk.exportFile("/db")!;
  bytes.set([2, 2], 18);
  disk.importFile("/db", bytes);
  return disk;
}

/** A disk without the wal-index and its connections: what a killed process leaves. */
function killed(disk: MemDisk): MemDisk {
  const after = new MemDisk({
    sectorSize: disk.sectorSize,
    deviceCharacteristics: disk.deviceCharacteristics,
  });
  for (const name of disk.list()) after.importFile(name, disk.exportFile(name)!);
  return after;
}

const log = (disk: MemDisk): Log => parseLog(disk.exportFile("/db-wal")!);

expect(S.sqlite3_initialize()).toBe(OK);
const allocator = { ...S.sqlite3GlobalConfig.m };
const logged: [number, string][] = [];

beforeEach(() => {
  logged.length = 0;
  S.sqlite3_shutdown();
  S.sqlite3_config(
    S.SQLITE_CONFIG_LOG,
    (_p: unknown, rc: number, z: Uint8Array) => {
      logged.push([rc, S.fromCString(z)]);
    },
    null,
  );
  expect(S.sqlite3_initialize()).toBe(OK);
});

afterEach(() => {
  S.sqlite3GlobalConfig.m.assign(allocator);
  S.queueRandomness(null);
  S.sqlite3_test_control(S.SQLITE_TESTCTRL_FAULT_INSTALL, null);
});

/* ------------------------------------------------------------------ */

describe("what is written", () => {
  test.each([512, 1024, 4096, 32768, 65536])("log and wal-index of two commits, page size %i", (page) => {
    const disk = diskWith(4, { page });
    const db = new Db(disk, { page }).openWal();
    S.queueRandomness(Uint8Array.of(0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80));
    db.put({ 3: 33, 1: 11 });
    db.put({ 2: 22, 3: 34, 5: 55 });
    const l = log(disk);
    expect(l).toMatchObject({ magic: 0x377f0682, version: 3007000, page, nCkpt: 0, headerOk: true, rest: 0 });
    expect(l.salts).toEqual([0x10203040, 0x50607080]);
    expect(l.frames.map((f) => [f.pgno, f.size, f.value, f.valid])).toEqual([
      [1, 0, 11, true],
      [3, 4, 33, true],
      [2, 0, 22, true],
      [3, 0, 34, true],
      [5, 5, 55, true],
    ]);
    const x = parseIndex(disk);
    for (const c of x.copies) {
      expect([c.isInit, c.big, c.page, c.ok]).toEqual([1, 0, page === 65536 ? 1 : page, true]);
      expect(c.fields).toEqual([3007000, 0, 2, 5, 5, ...l.cksum.at(-1)!]);
    }
    const r0 = disk.shmRegions("/db")[0]!;
    /* The salts lie in the wal-index as in the log. */
    expect([...r0.subarray(32, 40)]).toEqual([0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80]);
    expect([x.nBackfill, x.attempted]).toEqual([0, 0]);
    expect(x.pgnos).toEqual([1, 3, 2, 3, 5]);
    expect([1, 2, 3, 4, 5].map((p) => x.lookup(p))).toEqual([1, 3, 4, 0, 5]);
    expect([1, 3].map((p) => x.lookup(p, 2))).toEqual([1, 2]);
    expect([...r0.subarray(120, 128)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(db.values()).toEqual([11, 22, 34, 4, 55]);
    expect(S.sqlite3PagerWalCallback(db.pager)).toBe(5);
    expect(S.sqlite3PagerWalCallback(db.pager)).toBe(0);
    db.close();
    expect(disk.list()).toEqual(["/db"]);
    const after = new Db(disk, { page });
    expect(after.values()).toEqual([11, 22, 34, 4, 55]);
    after.close();
  });

  test("the header is published second copy first, a barrier, first copy; read the other way round", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    db.begin().set(3, 30);
    let seen: number[][] = [];
    disk.onCall = (c) => {
      if (c.op === "shmbarrier") seen.push(parseIndex(disk).copies.map((x) => x.fields[3]!));
    };
    db.commit();
    expect(seen).toEqual([[1, 2]]);
    /* A writer comes between the two copies that a reader takes: it must take them again. */
    const other = new Db(disk);
    other.values();
    seen = [];
    let n = 0;
    disk.onCall = (c) => {
      if (c.op === "shmbarrier" && ++n === 1) db.put({ 4: 40 });
      if (c.op === "shmlock" && c.offset === 0 && c.arg & S.SQLITE_SHM_LOCK) seen.push([c.arg]);
    };
    expect(other.values()).toEqual([1, 20, 30, 40]);
    disk.onCall = null;
    /* the writer's own lock, and the reader's who wants to be sure */
    expect(seen.length).toBe(2);
    other.close();
    db.close();
  });

  test("pages with the same hash take the next slots, round the end of the table", () => {
    const disk = diskWith(2);
    const db = new Db(disk).openWal();
    /* 383 * 385 = 8191 mod 8192, and pages 8192 apart have the same hash. */
    const pages = [385, 385 + 8192, 385 + 2 * 8192];
    expect(pages.map((p) => (p * 383) % 8192)).toEqual([8191, 8191, 8191]);
    db.put(Object.fromEntries(pages.map((p, i) => [p, i + 1])));
    const slots = new DataView(disk.shmRegions("/db")[0]!.buffer, 16384, 16384);
    const x = parseIndex(disk);
    expect(x.pgnos).toEqual(pages);
    expect([8191, 0, 1].map((k) => slots.getUint16(2 * k, true))).toEqual([1, 2, 3]);
    db.read();
    expect(pages.map((p) => db.value(p))).toEqual([1, 2, 3]);
    db.close();
  });

  test("more frames than one region, and than two, index", () => {
    const disk = diskWith(2, { page: 512 });
    const db = new Db(disk, { page: 512, cache: 20000 }).openWal();
    const reader = new Db(disk, { page: 512 });
    const model = new Map<number, number>([[2, 2]]);
    let n = 0;
    while (n < 8200) {
      db.begin();
      for (let i = 0; i < 900; i++) {
        const pgno = 2 + ((n * 7 + i * 13) % 5000);
        db.set(pgno, (n + i) & 0xff);
        model.set(pgno, (n + i) & 0xff);
      }
      db.commit();
      n = db.wal.hdr.mxFrame;
    }
    const x = parseIndex(disk);
    expect(disk.shmRegions("/db").length).toBe(3);
    expect(x.mxFrame).toBeGreaterThan(4062 + 4096);
    const l = log(disk);
    expect(l.frames.length).toBe(x.mxFrame);
    expect(l.frames.every((f) => f.valid)).toBe(true);
    expect(x.pgnos).toEqual(l.frames.map((f) => f.pgno));
    const piRead = new Ref(0);
    reader.read();
    for (const [pgno, v] of model) {
      expect(S.sqlite3WalFindFrame(reader.wal, pgno, piRead)).toBe(OK);
      expect(piRead.value).toBe(x.lookup(pgno));
      if (piRead.value) expect(l.frames[piRead.value - 1]!.value).toBe(v);
    }
    reader.release();
    /* An index that is built from the log is the same. */
    const again = killed(disk);
    const other = new Db(again, { page: 512 });
    other.read();
    expect(parseIndex(again).pgnos).toEqual(x.pgnos);
    expect([...model].every(([p, v]) => other.value(p) === v)).toBe(true);
    expect(logged.at(-1)).toEqual([
      S.SQLITE_NOTICE_RECOVER_WAL,
      `recovered ${x.mxFrame} frames from WAL file /db-wal`,
    ]);
    other.close();
    expect(db.checkpoint(PASSIVE)).toEqual([OK, x.mxFrame, x.mxFrame]);
    const file = disk.exportFile("/db")!;
    for (const [pgno, v] of model) expect(file[pgno * 512 - 1]).toBe(v);
    reader.close();
    db.close();
  });

  test("a rollback over the border between regions, and frames after it", () => {
    const disk = diskWith(2, { page: 512 });
    const db = new Db(disk, { page: 512, cache: 20000 }).openWal();
    const fill = (n: number, from: number, v: number): void => {
      for (let i = 0; i < n; i++) db.set(from + i, v);
    };
    db.begin();
    fill(4051, 2, 1);
    db.commit();
    expect(db.wal.hdr.mxFrame).toBe(4051);
    for (const [keep, more] of [
      [4055, 4070],
      [4062, 4063],
      [4063, 4070],
      [4061, 8200],
    ] as const) {
      db.begin();
      fill(keep - 4051, 5000, 2);
      expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
      expect(db.wal.hdr.mxFrame).toBe(keep);
      expect(S.sqlite3PagerOpenSavepoint(db.pager, 1)).toBe(OK);
      fill(more - keep, 6000, 3);
      expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
      expect(db.wal.hdr.mxFrame).toBe(more);
      expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
      expect(db.wal.hdr.mxFrame).toBe(keep);
      expect(db.value(5000)).toBe(2);
      fill(20, 5990, 4);
      expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
      const piRead = new Ref(0);
      for (let i = 0; i < 20; i++) {
        S.sqlite3WalFindFrame(db.wal, 5990 + i, piRead);
        expect(piRead.value).toBe(keep + 1 + i);
      }
      S.sqlite3WalFindFrame(db.wal, 6100, piRead);
      expect(piRead.value).toBe(0);
      db.rollback();
      expect(db.wal.hdr.mxFrame).toBe(4051);
      db.read();
      S.sqlite3WalFindFrame(db.wal, 5995, piRead);
      expect(piRead.value).toBe(0);
      expect(db.value(4000)).toBe(1);
      db.release();
    }
    db.put({ 2: 9 });
    expect(
      log(disk)
        .frames.slice(0, 4052)
        .every((f) => f.valid),
    ).toBe(true);
    db.close();
  });
});

describe("spilled frames", () => {
  test("a page that is written again overwrites its frame; the commit computes the checksums anew", () => {
    const disk = diskWith(6);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    db.begin();
    for (const p of [3, 4, 5]) db.set(p, p * 10);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(log(disk).frames.map((f) => [f.pgno, f.valid])).toEqual([
      [2, true],
      [3, true],
      [4, true],
      [5, true],
    ]);
    /* Nobody else sees them. */
    const other = new Db(disk);
    expect(other.values()).toEqual([1, 20, 3, 4, 5, 6]);
    db.set(4, 44);
    db.set(6, 66);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(db.wal.iReCksum).toBe(3);
    const spoiled = log(disk).frames;
    expect(spoiled.map((f) => f.pgno)).toEqual([2, 3, 4, 5, 6]);
    expect(spoiled.map((f) => f.valid)).toEqual([true, true, false, false, false]);
    /* While checksums are wrong anyway, none are computed. */
    expect(spoiled[4]!.salts).toEqual([0, 0]);
    db.set(5, 55);
    db.commit();
    const l = log(disk);
    expect(l.frames.map((f) => [f.pgno, f.size, f.value, f.valid])).toEqual([
      [2, 6, 20, true],
      [3, 0, 30, true],
      [4, 0, 44, true],
      /* The last page of a commit is appended, though it has a frame. */
      [5, 0, 50, true],
      [6, 0, 66, true],
      [5, 6, 55, true],
    ]);
    expect(parseIndex(disk).copies[0]!.fields.slice(5)).toEqual(l.cksum.at(-1));
    expect(db.wal.iReCksum).toBe(0);
    expect(other.values()).toEqual([1, 20, 30, 44, 55, 66]);
    other.close();
    const after = new Db(killed(disk));
    expect(after.values()).toEqual([1, 20, 30, 44, 55, 66]);
    after.close();
    db.close();
  });

  test("in the first transaction of a log: the checksum goes on from the header's", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.begin();
    db.set(2, 20).set(3, 30);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    db.set(2, 21).set(3, 31);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(db.wal.iReCksum).toBe(1);
    db.commit();
    expect(log(disk).frames.every((f) => f.valid)).toBe(true);
    expect(new Db(killed(disk)).values()).toEqual([1, 21, 31, 4]);
    db.close();
  });

  test("savepoint rollback: the end moves back, with its checksum", () => {
    const disk = diskWith(8);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    db.begin();
    db.set(3, 30);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(S.sqlite3PagerOpenSavepoint(db.pager, 1)).toBe(OK);
    db.set(4, 40).set(3, 31);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(db.wal.iReCksum).toBe(2);
    expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
    expect([db.wal.hdr.mxFrame, db.wal.iReCksum]).toEqual([2, 2]);
    expect([db.value(3), db.value(4)]).toEqual([30, 4]);
    db.set(5, 50);
    db.commit();
    expect(log(disk).frames.every((f) => f.valid)).toBe(true);
    expect(db.values()).toEqual([1, 20, 30, 4, 50, 6, 7, 8]);
    expect(new Db(killed(disk)).values()).toEqual([1, 20, 30, 4, 50, 6, 7, 8]);

    /* Overwritten frames that are rolled back altogether need no new checksums. */
    db.begin();
    expect(S.sqlite3PagerOpenSavepoint(db.pager, 1)).toBe(OK);
    db.set(6, 60);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    db.set(6, 61);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(db.wal.iReCksum).toBeGreaterThan(0);
    expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
    expect(db.wal.iReCksum).toBe(0);
    db.set(7, 70);
    db.commit();
    const l = log(disk);
    const last = l.frames.findLastIndex((f) => f.valid);
    expect(last + 1).toBe(parseIndex(disk).mxFrame);
    expect(new Db(killed(disk)).values()).toEqual([1, 20, 30, 4, 50, 6, 70, 8]);
    db.close();
  });

  test("a savepoint opened before the log was started over", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20, 3: 30 });
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 2, 2]);
    db.begin();
    expect(S.sqlite3PagerOpenSavepoint(db.pager, 1)).toBe(OK);
    const nCkpt = db.wal.nCkpt;
    db.set(4, 40);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect([db.wal.nCkpt, db.wal.hdr.mxFrame]).toEqual([nCkpt + 1, 1]);
    expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
    expect(db.wal.hdr.mxFrame).toBe(0);
    expect(db.value(4)).toBe(4);
    db.set(2, 21);
    db.commit();
    /* Page 4 went back to what it was, and is still dirty. */
    expect(log(disk).frames.map((f) => [f.pgno, f.size, f.value, f.valid])).toEqual([
      [2, 0, 21, true],
      [4, 4, 4, true],
    ]);
    expect(db.values()).toEqual([1, 21, 30, 4]);
    expect(new Db(killed(disk)).values()).toEqual([1, 21, 30, 4]);
    db.close();
  });

  test("rollback of a transaction gives the shared header back, and later frames replace what it wrote", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    db.begin();
    db.set(3, 30).set(4, 40);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(db.wal.hdr.mxFrame).toBe(3);
    db.rollback();
    expect(db.values()).toEqual([1, 20, 3, 4]);
    expect(parseIndex(disk).lookup(3, 99)).toBe(0);
    db.put({ 4: 41 });
    expect(log(disk).frames.map((f) => [f.pgno, f.valid])).toEqual([
      [2, true],
      [4, true],
      [4, false],
    ]);
    db.close();
  });

  test("a writer that died after spilling: the next one removes its entries", () => {
    const disk = diskWith(6);
    const dead = new Db(disk).openWal();
    dead.put({ 2: 20 });
    dead.begin();
    for (const p of [3, 4, 5]) dead.set(p, 99);
    expect(S.sqlite3PagerFlush(dead.pager)).toBe(OK);
    /* Its locks go, nothing else. */
    S.sqlite3OsShmLock(dead.pager.fd, S.WAL_WRITE_LOCK, 1, S.SQLITE_SHM_UNLOCK | S.SQLITE_SHM_EXCLUSIVE);
    expect(parseIndex(disk).lookup(5, 99)).toBe(4);
    const db = new Db(disk);
    db.put({ 6: 60 });
    const x = parseIndex(disk);
    expect(x.mxFrame).toBe(2);
    expect([3, 4, 5].map((p) => x.lookup(p, 99))).toEqual([0, 0, 0]);
    expect(db.values()).toEqual([1, 20, 3, 4, 5, 60]);
    db.close();
  });
});

describe("who sees what", () => {
  test("a snapshot stays while others commit; to write on an old one is SQLITE_BUSY_SNAPSHOT", () => {
    const disk = diskWith(4);
    const writer = new Db(disk).openWal();
    const reader = new Db(disk);
    writer.put({ 2: 20 });
    reader.read();
    expect(reader.values()).toEqual([1, 20, 3, 4]);
    for (let v = 30; v < 35; v++) writer.put({ 2: v, 3: v, 5: v });
    S.sqlite3PagerShrink(reader.pager);
    expect(reader.values()).toEqual([1, 20, 3, 4]);
    expect(S.sqlite3PagerBegin(reader.pager, 0, 0)).toBe(S.SQLITE_BUSY_SNAPSHOT);
    expect(disk.shmLocks("/db")[S.WAL_WRITE_LOCK]).toBe(0);
    expect(reader.values()).toEqual([1, 20, 3, 4]);
    reader.release();
    expect(reader.values()).toEqual([1, 34, 34, 4, 34]);
    reader.put({ 4: 40 });
    expect(writer.values()).toEqual([1, 34, 34, 40, 34]);
    reader.close();
    writer.close();
  });

  test("one writer at a time", () => {
    const disk = diskWith(4);
    const a = new Db(disk).openWal();
    const b = new Db(disk);
    a.begin().set(2, 20);
    expect(disk.shmLocks("/db")[S.WAL_WRITE_LOCK]).toBe(-1);
    expect(b.tryBegin()).toBe(BUSY);
    b.release();
    expect(a.tryCommit()).toBe(OK);
    expect(disk.shmLocks("/db")[S.WAL_WRITE_LOCK]).toBe(0);
    a.release();
    expect(disk.shmLocks("/db")).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    b.put({ 3: 30 });
    expect(a.values()).toEqual([1, 20, 30, 4]);
    a.close();
    b.close();
  });

  test("readers take marks: an equal one is shared, a free one is raised, the last resort is a lower one", () => {
    const disk = diskWith(4);
    const writer = new Db(disk).openWal();
    const readers: Db[] = [];
    /* Nothing in the log: slot 0. */
    readers.push(new Db(disk).read());
    expect(disk.shmLocks("/db").slice(READ0)).toEqual([1, 0, 0, 0, 0]);
    for (let v = 1; v <= 4; v++) {
      writer.put({ 2: v });
      readers.push(new Db(disk).read(), new Db(disk).read());
    }
    expect(parseIndex(disk).marks).toEqual([0, 1, 2, 3, 4]);
    expect(disk.shmLocks("/db").slice(READ0)).toEqual([1, 2, 2, 2, 2]);
    writer.put({ 2: 5 });
    const late = new Db(disk).read();
    expect(late.value(2)).toBe(5);
    expect(parseIndex(disk).marks).toEqual([0, 1, 2, 3, 4]);
    expect(disk.shmLocks("/db").slice(READ0)).toEqual([1, 2, 2, 2, 3]);
    for (const [i, r] of readers.entries()) {
      S.sqlite3PagerShrink(r.pager);
      expect(r.value(2)).toBe(i === 0 ? 2 : Math.ceil(i / 2));
    }
    readers[3]!.release();
    readers[4]!.release();
    writer.put({ 2: 6 });
    expect(readers[3]!.read().value(2)).toBe(6);
    expect(parseIndex(disk).marks).toEqual([0, 1, 6, 3, 4]);
    for (const r of [...readers, late]) r.close();
    writer.close();
  });

  test("a reader whose log was copied wholly reads the database only", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 1, 1]);
    const reader = new Db(disk).read();
    expect(disk.shmLocks("/db").slice(READ0)).toEqual([1, 0, 0, 0, 0]);
    disk.startTrace();
    expect(reader.values()).toEqual([1, 20, 3, 4]);
    expect(disk.stopTrace().filter((c) => c.op === "read" && c.file === "/db-wal")).toEqual([]);
    /* It does not keep the writer from starting over; checkpoints it does. */
    db.put({ 3: 30, 4: 40 });
    expect(log(disk)).toMatchObject({ nCkpt: 1 });
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 2, 0]);
    expect(reader.values()).toEqual([1, 20, 3, 4]);
    reader.release();
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 2, 2]);
    reader.close();
    db.close();
  });

  test("starting over: first salt plus one, second drawn, frames from the start, marks free", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    S.queueRandomness(Uint8Array.of(0, 0, 0, 0xff, 1, 2, 3, 4));
    db.put({ 2: 20, 3: 30, 4: 40 });
    db.checkpoint(PASSIVE);
    S.queueRandomness(Uint8Array.of(9, 8, 7, 6));
    db.put({ 2: 21 });
    const l = log(disk);
    expect(l).toMatchObject({ nCkpt: 1, salts: [0x100, 0x09080706], headerOk: true });
    expect(l.frames.map((f) => [f.pgno, f.valid, f.salts[0]])).toEqual([
      [2, true, 0x100],
      [3, false, 0xff],
      [4, false, 0xff],
    ]);
    const x = parseIndex(disk);
    expect([x.mxFrame, x.nBackfill, x.attempted]).toEqual([1, 0, 0]);
    expect(x.marks.slice(2)).toEqual([UNUSED, UNUSED, UNUSED]);
    expect([2, 3, 4].map((p) => x.lookup(p, 99))).toEqual([1, 0, 0]);
    expect(db.values()).toEqual([1, 21, 30, 40]);
    expect(new Db(killed(disk)).values()).toEqual([1, 21, 30, 40]);
    db.close();
  });

  test("a reader of the log keeps the writer from starting over", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    const reader = new Db(disk).read();
    db.checkpoint(PASSIVE);
    S.sqlite3PagerShrink(reader.pager);
    expect(reader.values()).toEqual([1, 20, 3, 4]);
    db.put({ 3: 30 });
    expect(log(disk)).toMatchObject({ nCkpt: 0 });
    expect(parseIndex(disk)).toMatchObject({ mxFrame: 2, nBackfill: 1 });
    expect(db.wal.minFrame).toBe(2);
    /* Page 2 is in the database; its frame is not even looked for. */
    const frame = new Ref(99);
    db.read();
    expect(S.sqlite3WalFindFrame(db.wal, 2, frame)).toBe(OK);
    expect(frame.value).toBe(0);
    db.release();
    expect(db.values()).toEqual([1, 20, 30, 4]);
    reader.close();
    db.close();
  });

  test("another page size than the log's is corruption", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    db.begin().set(3, 30);
    db.wal.szPage = 2048;
    expect(db.tryCommit()).toBe(S.SQLITE_CORRUPT);
    expect(logged.at(-1)![1]).toContain("71564");
    db.wal.szPage = 1024;
    db.rollback();
    const nLog = new Ref(0);
    expect(
      S.sqlite3WalCheckpoint(
        db.wal,
        db.connection,
        PASSIVE,
        null,
        null,
        0,
        512,
        new Uint8Array(512),
        nLog,
        null,
      ),
    ).toBe(S.SQLITE_CORRUPT);
    expect(logged.at(-1)![1]).toContain("71830");
    db.close();
  });
});

/* ------------------------------------------------------------------ */

describe("checkpoints", () => {
  const setup = (n = 6): { disk: MemDisk; db: Db } => {
    const disk = diskWith(n);
    return { disk, db: new Db(disk).openWal() };
  };

  test.each([
    ["NOOP", NOOP, [OK, 3, 0], 0, 3],
    ["PASSIVE", PASSIVE, [OK, 3, 3], 3, 3],
    ["FULL", FULL, [OK, 3, 3], 3, 3],
    ["RESTART", RESTART, [OK, 3, 3], 3, 3],
    ["TRUNCATE", TRUNCATE, [OK, 0, 0], 0, 0],
  ] as const)("%s alone: result, header, what the next writer does", (_, mode, result, nBackfill, mxFrame) => {
    const { disk, db } = setup();
    db.put({ 2: 20, 3: 30 });
    db.put({ 2: 21 });
    const size = disk.exportFile("/db-wal")!.length;
    expect(db.checkpoint(mode)).toEqual(result);
    expect(parseIndex(disk)).toMatchObject({ nBackfill, attempted: nBackfill, mxFrame });
    expect(disk.exportFile("/db-wal")!.length).toBe(mode === TRUNCATE ? 0 : size);
    expect(disk.exportFile("/db")![2 * 1024 - 1]).toBe(mode === NOOP ? 2 : 21);
    expect(disk.shmLocks("/db")).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(db.values()).toEqual([1, 21, 30, 4, 5, 6]);
    db.put({ 4: 40 });
    expect(log(disk).nCkpt).toBe(mode === NOOP ? 0 : 1);
    expect(log(disk).frames[mode === NOOP ? 3 : 0]).toMatchObject({ pgno: 4, valid: true });
    expect(db.values()).toEqual([1, 21, 30, 40, 5, 6]);
    expect(new Db(killed(disk)).values()).toEqual([1, 21, 30, 40, 5, 6]);
    db.close();
    expect(disk.list()).toEqual(["/db"]);
  });

  test("order: log synced, pages ascending and once each, database cut and synced, then nBackfill", () => {
    const { disk, db } = setup();
    db.put({ 5: 50, 2: 20 });
    db.begin();
    for (const [p, v] of [
      [6, 60],
      [2, 21],
      [9, 90],
    ] as const)
      db.set(p, v);
    db.commit();
    db.begin().set(1, 11);
    S.sqlite3PagerTruncateImage(db.pager, 8);
    db.commit();
    const seen: string[] = [];
    disk.onCall = (c) => {
      if (["sync", "write", "truncate"].includes(c.op)) {
        seen.push(`${c.op} ${c.file} ${c.op === "sync" ? "" : c.offset} ${parseIndex(disk).nBackfill}`);
        expect(parseIndex(disk).attempted).toBe(6);
      }
    };
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 6, 6]);
    disk.onCall = null;
    expect(seen).toEqual([
      "sync /db-wal  0",
      "write /db 0 0",
      "write /db 1024 0",
      "write /db 4096 0",
      "write /db 5120 0",
      "truncate /db 8192 0",
      "sync /db  0",
    ]);
    expect(disk.exportFile("/db")!.length).toBe(8 * 1024);
    expect(db.values()).toEqual([11, 21, 3, 4, 50, 60, 0, 0]);
    db.close();
  });

  test.each([
    [S.PAGER_SYNCHRONOUS_OFF, [], []],
    [S.PAGER_SYNCHRONOUS_NORMAL, ["/db-wal"], ["/db-wal", "/db"]],
    [S.PAGER_SYNCHRONOUS_FULL, ["/db-wal", "/db-wal"], ["/db-wal", "/db"]],
  ])("syncs at synchronous=%i: of a first commit, of a checkpoint", (sync, commit, checkpoint) => {
    const disk = diskWith(3);
    const db = new Db(disk, { sync }).openWal();
    const syncs = (f: () => void): string[] => {
      disk.startTrace();
      f();
      return disk
        .stopTrace()
        .filter((c) => c.op === "sync")
        .map((c) => c.file);
    };
    expect(syncs(() => db.put({ 2: 20 }))).toEqual(commit);
    expect(syncs(() => db.put({ 2: 21 }))).toEqual(commit.slice(1));
    expect(syncs(() => db.checkpoint(PASSIVE))).toEqual(checkpoint);
    db.close();
  });

  test("without SQLITE_IOCAP_SEQUENTIAL only: the header's sync", () => {
    const disk = diskWith(3, {}, { deviceCharacteristics: PSOW | S.SQLITE_IOCAP_SEQUENTIAL });
    const db = new Db(disk).openWal();
    disk.startTrace();
    db.put({ 2: 20 });
    expect(disk.stopTrace().filter((c) => c.op === "sync").length).toBe(1);
    db.close();
  });

  test("a reader's mark bounds what is copied; FULL says SQLITE_BUSY, after asking the busy handler", () => {
    const { disk, db } = setup();
    db.put({ 2: 20, 3: 30 });
    const reader = new Db(disk).read();
    db.put({ 2: 21, 4: 40 });
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 4, 2]);
    expect(db.busyCalls).toBe(0);
    /* Of a page that has a newer frame an older one is not copied: nobody will look for it there. */
    expect([2, 3, 4].map((p) => disk.exportFile("/db")![p * 1024 - 1])).toEqual([2, 30, 4]);
    S.sqlite3PagerShrink(reader.pager);
    expect(reader.values()).toEqual([1, 20, 30, 4, 5, 6]);
    for (const mode of [FULL, RESTART, TRUNCATE]) {
      db.busyCalls = 0;
      db.onBusy = () => (db.busyCalls < 3 ? 1 : 0);
      expect(db.checkpoint(mode)).toEqual([BUSY, 4, 2]);
      expect(db.busyCalls).toBe(3);
      expect(disk.shmLocks("/db")).toEqual([0, 0, 0, 0, 1, 0, 0, 0]);
    }
    db.busyCalls = 0;
    db.onBusy = () => {
      reader.release();
      return 1;
    };
    expect(db.checkpoint(FULL)).toEqual([OK, 4, 4]);
    expect(db.busyCalls).toBe(1);
    reader.close();
    db.close();
  });

  test("once a reader has not given way, the busy handler is not asked for the next one", () => {
    const { disk, db } = setup();
    const [first, second, onDatabase] = [new Db(disk), new Db(disk), new Db(disk)];
    db.put({ 2: 20 });
    first.read();
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 1, 1]);
    onDatabase.read();
    expect(onDatabase.wal.readLock).toBe(0);
    db.put({ 3: 30 });
    first.release();
    second.read();
    db.put({ 4: 40 });
    db.busyCalls = 0;
    expect(db.checkpoint(FULL)).toEqual([BUSY, 3, 1]);
    expect(db.busyCalls).toBe(1);
    /* With the first out of the way it is the one on slot 3 that is asked about. */
    second.release();
    expect(db.checkpoint(FULL)).toEqual([BUSY, 3, 1]);
    expect(db.busyCalls).toBe(2);
    expect(onDatabase.values()).toEqual([1, 20, 3, 4, 5, 6]);
    onDatabase.release();
    expect(db.checkpoint(FULL)).toEqual([OK, 3, 3]);
    for (const c of [first, second, onDatabase, db]) c.close();
  });

  test("marks that nobody uses: the first is raised to the end, others become free", () => {
    const { disk, db } = setup();
    db.put({ 2: 20 });
    db.put({ 3: 30 });
    db.put({ 4: 40 });
    const marks = new Uint32Array(3).map((_, i) => [1, 2, 1][i]!);
    disk.shmRegions("/db")[0]!.set(new Uint8Array(marks.buffer), 104);
    expect(parseIndex(disk).marks).toEqual([0, 1, 2, 1, UNUSED]);
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 3, 3]);
    expect(parseIndex(disk).marks).toEqual([0, 3, UNUSED, UNUSED, UNUSED]);
    db.close();
  });

  test("frames that have been copied are not copied again", () => {
    const { disk, db } = setup();
    db.put({ 2: 20, 3: 30 });
    const reader = new Db(disk).read();
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 2, 2]);
    db.put({ 3: 31, 5: 50 });
    disk.startTrace();
    reader.release();
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 4, 4]);
    const writes = disk.stopTrace().filter((c) => c.op === "write");
    expect(writes.map((c) => [c.file, c.offset])).toEqual([
      ["/db", 2048],
      ["/db", 4096],
    ]);
    reader.close();
    db.close();
  });

  test("TRUNCATE: the index says that the log is empty before it is; a cut that fails leaves it so", () => {
    for (const fails of [false, true]) {
      const { disk, db } = setup();
      db.put({ 2: 20, 3: 30 });
      db.put({ 2: 21 });
      let cuts = 0;
      disk.onCall = (c) => {
        if (c.op !== "truncate" || c.file !== "/db-wal") return;
        cuts++;
        expect(disk.shmLocks("/db")).toEqual([-1, -1, 0, 0, -1, -1, -1, -1]);
        expect(parseIndex(disk)).toMatchObject({ mxFrame: 0, nBackfill: 0, attempted: 0 });
        expect(parseIndex(disk).marks).toEqual([0, 0, UNUSED, UNUSED, UNUSED]);
      };
      if (fails) disk.addFault({ op: "truncate", nth: 1, when: (c) => c.file === "/db-wal" });
      const rc = db.checkpoint(TRUNCATE);
      expect(rc).toEqual(fails ? [S.SQLITE_IOERR_TRUNCATE, -1, -1] : [OK, 0, 0]);
      expect(cuts).toBe(1);
      disk.onCall = null;
      disk.clearFaults();
      expect(disk.shmLocks("/db")).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
      expect(db.values()).toEqual([1, 21, 30, 4, 5, 6]);
      db.put({ 4: 40 });
      expect(log(disk)).toMatchObject({ nCkpt: 1 });
      expect(new Db(killed(disk)).values()).toEqual([1, 21, 30, 40, 5, 6]);
      db.close();
    }
  });

  test("RESTART waits for readers of a log that is copied wholly", () => {
    const { disk, db } = setup();
    db.put({ 2: 20 });
    const reader = new Db(disk).read();
    expect(db.checkpoint(FULL)).toEqual([OK, 1, 1]);
    expect(db.checkpoint(RESTART)).toEqual([BUSY, 1, 1]);
    expect(db.busyCalls).toBe(1);
    db.onBusy = () => {
      reader.release();
      return 1;
    };
    expect(db.checkpoint(RESTART)).toEqual([OK, 1, 1]);
    expect(log(disk).nCkpt).toBe(0);
    db.put({ 2: 21 });
    expect(log(disk).nCkpt).toBe(1);
    reader.close();
    db.close();
  });

  test("a writer in the way: FULL copies what a passive one would, and says SQLITE_BUSY", () => {
    const { disk, db } = setup();
    db.put({ 2: 20 });
    const writer = new Db(disk).begin().set(3, 30);
    for (const mode of [FULL, RESTART, TRUNCATE]) {
      db.busyCalls = 0;
      expect(db.checkpoint(mode)).toEqual([BUSY, 1, 1]);
      expect(db.busyCalls).toBe(1);
    }
    db.onBusy = () => {
      if (writer.one !== null) writer.commit();
      return 1;
    };
    expect(db.checkpoint(TRUNCATE)).toEqual([OK, 0, 0]);
    expect(disk.exportFile("/db")![3 * 1024 - 1]).toBe(30);
    writer.close();
    db.close();
  });

  test("an error of the lock under which is copied is an error of the checkpoint", () => {
    const { disk, db } = setup();
    db.put({ 2: 20 });
    for (const slot of [READ0, READ0 + 2]) {
      if (slot > READ0) disk.shmRegions("/db")[0]!.fill(0, 100 + 4 * 2, 100 + 4 * 3);
      disk.addFault({
        op: "shmlock",
        nth: 1,
        when: (c) => c.offset === slot && (c.arg & S.SQLITE_SHM_EXCLUSIVE) !== 0,
      });
      expect(db.checkpoint(PASSIVE)).toEqual([S.SQLITE_IOERR_SHMLOCK, -1, -1]);
      disk.clearFaults();
    }
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 1, 1]);
    db.close();
  });

  test("a second checkpointer gets SQLITE_BUSY at once; its busy handler is not asked", () => {
    const { disk, db } = setup();
    db.put({ 2: 20 });
    const other = new Db(disk);
    other.values();
    let result: unknown[] = [];
    other.onBusy = () => 1;
    disk.onCall = (c) => {
      if (c.op !== "write") return;
      disk.onCall = null;
      result = [other.checkpoint(FULL), other.busyCalls];
    };
    expect(db.checkpoint(FULL)).toEqual([OK, 1, 1]);
    expect(result).toEqual([[BUSY, -1, -1], 0]);
    other.close();
    db.close();
  });

  test("interrupted, and out of memory, between two pages", () => {
    const { disk, db } = setup();
    db.put({ 2: 20, 3: 30, 4: 40 });
    let n = 0;
    disk.onCall = (c) => {
      if (c.op === "write" && ++n === 2) db.connection.u1.isInterrupted = 1;
    };
    expect(db.checkpoint(PASSIVE)).toEqual([S.SQLITE_INTERRUPT, -1, -1]);
    db.connection.mallocFailed = 1;
    expect(db.checkpoint(PASSIVE)).toEqual([S.SQLITE_NOMEM, -1, -1]);
    db.connection.mallocFailed = db.connection.u1.isInterrupted = 0;
    disk.onCall = null;
    expect(parseIndex(disk)).toMatchObject({ nBackfill: 0, attempted: 3 });
    expect(disk.shmLocks("/db")).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 3, 3]);
    db.close();
  });

  test("the log started over between reading the header and locking: nothing is marked as copied", () => {
    const { disk, db } = setup();
    const other = new Db(disk);
    db.put({ 2: 20, 3: 30, 4: 40, 5: 50 });
    const salt = log(disk).salts[0];
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 4, 4]);
    db.put({ 2: 21 });
    db.checkpoint(PASSIVE);
    /* Upstream has a place for this race: sqlite3FaultSim(660), right after the header was read. */
    let done = false;
    S.sqlite3_test_control(S.SQLITE_TESTCTRL_FAULT_INSTALL, (n: number) => {
      if (n === 660 && !done) {
        done = true;
        other.put({ 3: 31, 6: 61 });
        expect(log(disk).salts[0]).toBe((salt + 2) >>> 0);
      }
      return 0;
    });
    const attempted = 0;
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 1, 0]);
    expect(done).toBe(true);
    expect(parseIndex(disk)).toMatchObject({ mxFrame: 2, nBackfill: 0, attempted });
    expect(db.values()).toEqual([1, 21, 31, 40, 50, 61]);
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 2, 2]);
    other.close();
    db.close();
    expect(new Db(disk).values()).toEqual([1, 21, 31, 40, 50, 61]);
  });

  test("a size that frames and database cannot explain is corruption; a large one within is announced", () => {
    const { disk, db } = setup();
    db.begin().set(5000, 1);
    db.commit();
    expect(db.checkpoint(PASSIVE)[0]).toBe(S.SQLITE_CORRUPT);
    expect(logged.at(-1)![1]).toContain("69730");
    db.begin().set(2, 20);
    S.sqlite3PagerTruncateImage(db.pager, 60);
    db.commit();
    disk.startTrace();
    expect(db.checkpoint(PASSIVE)[0]).toBe(OK);
    const hints = disk.stopTrace().filter((c) => c.op === "filecontrol");
    expect(hints.map((c) => [c.arg, c.amount])).toEqual([
      [S.SQLITE_FCNTL_CKPT_START, 0],
      [S.SQLITE_FCNTL_SIZE_HINT, 60 * 1024],
      [S.SQLITE_FCNTL_CKPT_DONE, 0],
    ]);
    db.close();
  });

  test("with a mapped database: a new header drops the mapping", () => {
    const { disk, db } = setup();
    S.sqlite3PagerSetMmapLimit(db.pager, 1 << 20);
    const other = new Db(disk);
    db.values();
    other.put({ 2: 20 });
    disk.startTrace();
    expect(db.checkpoint(PASSIVE)).toEqual([OK, 1, 1]);
    expect(disk.stopTrace().filter((c) => c.op === "unfetch").length).toBe(1);
    /* The cached header was zeroed, so the next reader drops its cache. */
    expect(db.wal.hdr.isInit).toBe(0);
    expect(db.values()).toEqual([1, 20, 3, 4, 5, 6]);
    other.close();
    db.close();
  });

  test("two versions of pages in two regions: the iterator takes the newest of each", () => {
    const disk = diskWith(4, { page: 512 });
    const db = new Db(disk, { page: 512, cache: 20000 }).openWal();
    for (let round = 1; round < 4; round++) {
      db.begin();
      for (let p = 2; p < 3000; p++) db.set(p, (p * round) & 0xff);
      db.commit();
    }
    expect(db.wal.hdr.mxFrame).toBe(3 * 2998);
    disk.startTrace();
    const [rc, nLog, nCkpt] = db.checkpoint(PASSIVE);
    const writes = disk.stopTrace().filter((c) => c.op === "write");
    expect([rc, nLog, nCkpt]).toEqual([OK, 8994, 8994]);
    expect(writes.map((c) => c.offset)).toEqual(range(2998, 1).map((p) => p * 512));
    const file = disk.exportFile("/db")!;
    for (let p = 2; p < 3000; p++) expect(file[p * 512 - 1]).toBe((p * 3) & 0xff);
    /* Beyond what has been copied only the later segments are looked at. */
    db.begin();
    for (let p = 2; p < 3000; p++) db.set(p, 7);
    db.commit();
    db.close();
    expect(
      disk
        .exportFile("/db")!
        .subarray(512, 2999 * 512)
        .every((b) => b === 7),
    ).toBe(true);
  });
});

/* ------------------------------------------------------------------ */

describe("recovery", () => {
  const page = 1024;
  const frames: [number, number, number][] = [
    [2, 0, 20],
    [3, 4, 30],
    [4, 4, 40],
    [2, 0, 21],
    [5, 5, 50],
    [3, 0, 31],
  ];

  /** A disk with a database of four pages and this log. */
  const withLog = (bytes: Uint8Array, o: DbOptions = {}): MemDisk => {
    const disk = diskWith(4, o);
    disk.importFile("/db-wal", bytes);
    return disk;
  };
  const contents = (disk: MemDisk): number[] => {
    const db = new Db(disk);
    const values = db.values();
    for (const p of [1, 2]) expect(parseIndex(disk).copies[p - 1]!.ok).toBe(true);
    db.close();
    return values;
  };

  test.each([
    false,
    true,
  ])("every frame up to the last that commits; big-endian checksums: %s", (bigEndian) => {
    const disk = withLog(buildLog({ page, frames, bigEndian, nCkpt: 7 }));
    const db = new Db(disk);
    expect(db.values()).toEqual([1, 21, 30, 40, 50]);
    expect(logged).toEqual([[S.SQLITE_NOTICE_RECOVER_WAL, "recovered 5 frames from WAL file /db-wal"]]);
    const x = parseIndex(disk);
    expect([x.mxFrame, x.nPage, x.nBackfill, x.attempted]).toEqual([5, 5, 0, 5]);
    expect(x.marks).toEqual([0, 5, UNUSED, UNUSED, UNUSED]);
    expect([x.copies[0]!.big, x.copies[1]!.ok]).toEqual([bigEndian ? 1 : 0, true]);
    expect(x.copies[0]!.fields.slice(5)).toEqual(parseLog(disk.exportFile("/db-wal")!).cksum[4]);
    expect(db.wal.nCkpt).toBe(7);
    /* The next commit goes on with the log's byte order. */
    db.put({ 4: 44 });
    const l = log(disk);
    expect(l.magic).toBe(bigEndian ? 0x377f0683 : 0x377f0682);
    expect(l.frames.map((f) => [f.pgno, f.size, f.valid])).toEqual([
      [2, 0, true],
      [3, 4, true],
      [4, 4, true],
      [2, 0, true],
      [5, 5, true],
      [4, 5, true],
    ]);
    expect(new Db(killed(disk)).values()).toEqual([1, 21, 30, 44, 50]);
    /* The round after that is in the host's order. */
    expect(db.checkpoint(RESTART)).toEqual([OK, 6, 6]);
    db.put({ 4: 45 });
    expect(log(disk)).toMatchObject({ magic: 0x377f0682, nCkpt: 8, salts: [0x01020305, expect.anything()] });
    db.close();
    expect(contents(withLog(new Uint8Array(0)))).toEqual([1, 2, 3, 4]);
  });

  test("torn anywhere: the commits before stay", () => {
    const whole = buildLog({ page, frames: frames.slice(0, 5) });
    const states: [number, number[]][] = [
      [0, [1, 2, 3, 4]],
      [2, [1, 20, 30, 4]],
      [3, [1, 20, 30, 40]],
      [5, [1, 21, 30, 40, 50]],
    ];
    const want = (n: number): number[] => states.findLast(([k]) => k <= n)![1];
    for (let n = 0; n <= 5; n++) {
      const at = 32 + n * (24 + page);
      for (const more of [0, 1, 23, 24, 25, 24 + page - 1]) {
        if (at + more > whole.length) continue;
        expect([n, more, contents(withLog(whole.slice(0, at + more)))]).toEqual([n, more, want(n)]);
      }
      /* One bit wrong in a frame: it and all after it do not count. */
      if (n < 5) {
        for (const bit of [0, 3, 4, 8, 15, 16, 23, 24, 24 + page - 1]) {
          const b = whole.slice();
          b[at + bit]! ^= 0x40;
          expect([n, bit, contents(withLog(b))]).toEqual([n, bit, want(n)]);
        }
      }
    }
    for (const n of [1, 31, 32, 33]) expect(contents(withLog(whole.slice(0, n)))).toEqual([1, 2, 3, 4]);
  });

  test("frames of an older round behind the newest commit do not count", () => {
    const old = buildLog({ page, frames, salts: [5, 6] });
    const now = buildLog({ page, frames: frames.slice(0, 2), salts: [6, 7] });
    const b = old.slice();
    b.set(now);
    expect(contents(withLog(b))).toEqual([1, 20, 30, 4]);
  });

  test("a header that is garbage: the log counts as empty and the next writer replaces it", () => {
    const whole = buildLog({ page, frames });
    const spoil = (f: (b: Uint8Array, v: DataView) => void): Uint8Array => {
      const b = whole.slice();
      f(b, new DataView(b.buffer));
      return b;
    };
    for (const b of [
      spoil((_, v) => v.setUint32(0, 0x377f0681)),
      spoil((_, v) => v.setUint32(0, 0xb77f0682)),
      spoil((_, v) => v.setUint32(8, 1025)),
      spoil((_, v) => v.setUint32(8, 256)),
      spoil((_, v) => v.setUint32(8, 0)),
      spoil((_, v) => v.setUint32(8, 131072)),
      spoil((_, v) => v.setUint32(8, 0x80000000)),
      spoil((b2) => (b2[20]! ^= 1)),
      spoil((b2) => (b2[27]! ^= 1)),
      spoil((b2) => (b2[31]! ^= 1)),
      new Uint8Array(5000).fill(0x41),
    ]) {
      const disk = withLog(b);
      const db = new Db(disk);
      expect(db.values()).toEqual([1, 2, 3, 4]);
      expect(parseIndex(disk)).toMatchObject({ mxFrame: 0, marks: [0, UNUSED, UNUSED, UNUSED, UNUSED] });
      db.put({ 2: 22 });
      const l = log(disk);
      expect([l.magic, l.headerOk, l.frames[0]!.valid]).toEqual([0x377f0682, true, true]);
      expect(new Db(killed(disk)).values()).toEqual([1, 22, 3, 4]);
      db.close();
    }
    expect(logged).toEqual(
      logged.map(() => [S.SQLITE_NOTICE_RECOVER_WAL, "recovered 1 frames from WAL file /db-wal"]),
    );
  });

  test("an unknown version of the log, or of the wal-index, cannot be opened", () => {
    const disk = withLog(buildLog({ page, frames, version: 3007001 }));
    const db = new Db(disk);
    expect(db.tryRead()).toBe(S.SQLITE_CANTOPEN);
    expect(logged[0]![1]).toContain("68910");
    db.release();
    db.close();

    const ok = withLog(buildLog({ page, frames }));
    const a = new Db(ok);
    a.values();
    const r0 = ok.shmRegions("/db")[0]!;
    const header = r0.slice(0, 48);
    const view = new DataView(header.buffer);
    view.setUint32(0, 3007001, true);
    const [s0, s1] = cksum(header.subarray(0, 40), true);
    view.setUint32(40, s0, true);
    view.setUint32(44, s1, true);
    r0.set(header, 0);
    r0.set(header, 48);
    expect(a.tryRead()).toBe(S.SQLITE_CANTOPEN);
    expect(logged.at(-1)![1]).toContain("70184");
    a.close();
  });

  test("a header in shared memory that is not sound: recovery, unless somebody writes", () => {
    const disk = withLog(buildLog({ page, frames }));
    const a = new Db(disk);
    const b = new Db(disk);
    expect(a.values()).toEqual([1, 21, 30, 40, 50]);
    const good = disk.shmRegions("/db")[0]!.slice(0, 48);
    for (const spoil of [
      (r: Uint8Array) => (r[8]! ^= 1),
      (r: Uint8Array) => (r[48 + 20]! ^= 1),
      (r: Uint8Array) => r.fill(0, 0, 96),
      (r: Uint8Array) => {
        r[40]! ^= 1;
        r[48 + 40]! ^= 1;
      },
    ]) {
      logged.length = 0;
      spoil(disk.shmRegions("/db")[0]!);
      expect(b.values()).toEqual([1, 21, 30, 40, 50]);
      expect(logged.length).toBe(1);
      expect([...disk.shmRegions("/db")[0]!.slice(0, 48)].slice(12)).toEqual([
        ...good.slice(12, 40),
        ...disk.shmRegions("/db")[0]!.slice(40, 48),
      ]);
    }
    a.close();
    b.close();
  });

  test("a read mark that somebody uses stays as it is", () => {
    const disk = withLog(buildLog({ page, frames }));
    const a = new Db(disk).read();
    expect(disk.shmLocks("/db")[READ0 + 1]).toBe(1);
    disk.shmRegions("/db")[0]!.fill(0, 0, 96);
    const b = new Db(disk);
    expect(b.values()).toEqual([1, 21, 30, 40, 50]);
    expect(parseIndex(disk).marks).toEqual(
      [0, 5, 5, UNUSED, UNUSED].map((v, i) => (i === 2 ? parseIndex(disk).marks[2]! : v)),
    );
    a.close();
    b.close();
  });

  test("without a wal-index for a long log: region by region", () => {
    const many: [number, number, number][] = [];
    for (let i = 0; i < 4100; i++) many.push([2 + (i % 700), i % 50 === 49 ? 701 : 0, i & 0xff]);
    const disk = diskWith(4, { page: 512 });
    disk.importFile("/db-wal", buildLog({ page: 512, frames: many }));
    const db = new Db(disk, { page: 512 });
    db.read();
    expect(db.wal.hdr.mxFrame).toBe(4100);
    expect(parseIndex(disk).pgnos).toEqual(many.map(([p]) => p));
    const newest = new Map(many.map(([p, , v]) => [p, v]));
    for (const [p, v] of newest) expect(db.value(p)).toBe(v);
    db.close();
  });
});

describe("retries", () => {
  test("a writer at work on the header: WAL_RETRY with growing pauses, then SQLITE_PROTOCOL", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    const other = new Db(disk);
    db.put({ 2: 20 });
    other.values();
    db.begin();
    disk.shmRegions("/db")[0]![8]! ^= 1;
    const pauses: number[] = [];
    disk.onSleep = (us) => pauses.push(us);
    expect(other.tryRead()).toBe(S.SQLITE_PROTOCOL);
    /* From the sixth attempt on one microsecond, from the tenth on (n - 9)^2 * 39. */
    expect(pauses).toEqual([1, 1, 1, 1, ...range(91).map((n) => n * n * 39)]);
    expect(pauses.reduce((a, b) => a + b)).toBeLessThan(10_000_000);

    /* The header becomes right during the seventh pause. */
    pauses.length = 0;
    disk.onSleep = (us) => {
      pauses.push(us);
      if (pauses.length === 7) disk.shmRegions("/db")[0]![8]! ^= 1;
    };
    expect(other.tryRead()).toBe(OK);
    expect(pauses.length).toBe(7);
    expect(other.value(2)).toBe(20);
    disk.onSleep = null;
    other.close();
    db.rollback();
    db.close();
  });

  test("recovery at work: SQLITE_BUSY_RECOVERY", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    const other = new Db(disk);
    db.put({ 2: 20 });
    other.values();
    db.begin();
    const { fd } = db.pager;
    expect(S.sqlite3OsShmLock(fd, 1, 2, S.SQLITE_SHM_LOCK | S.SQLITE_SHM_EXCLUSIVE)).toBe(OK);
    disk.shmRegions("/db")[0]![8]! ^= 1;
    expect(other.tryRead()).toBe(S.SQLITE_BUSY_RECOVERY);
    S.sqlite3OsShmLock(fd, 1, 2, S.SQLITE_SHM_UNLOCK | S.SQLITE_SHM_EXCLUSIVE);
    disk.shmRegions("/db")[0]![8]! ^= 1;
    expect(other.values()).toEqual([1, 20, 3, 4]);
    other.close();
    db.rollback();
    db.close();
  });

  test("somebody commits, or checkpoints, between header and lock: once more", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    const other = new Db(disk);
    other.values();
    const attempts = (slot: number, f: () => void): number[] => {
      let n = 0;
      disk.onCall = (c) => {
        if (c.op !== "shmlock" || c.offset !== READ0 + slot || !(c.arg & S.SQLITE_SHM_LOCK)) return;
        if (!(c.arg & S.SQLITE_SHM_SHARED)) return;
        disk.onCall = null;
        n++;
        f();
      };
      const values = other.values();
      disk.onCall = null;
      expect(n).toBe(1);
      return values;
    };
    /* slot 0, nothing in the log at first */
    expect(attempts(0, () => void db.put({ 2: 20 }))).toEqual([1, 20, 3, 4]);
    /* a mark */
    expect(attempts(1, () => void db.put({ 3: 30 }))).toEqual([1, 20, 30, 4]);
    expect(attempts(1, () => db.checkpoint(TRUNCATE))).toEqual([1, 20, 30, 4]);
    other.close();
    db.close();
  });

  test("all marks taken, none usable", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    const { fd } = db.pager;
    const other = new Db(disk);
    for (let i = 1; i <= 4; i++) {
      expect(S.sqlite3OsShmLock(fd, READ0 + i, 1, S.SQLITE_SHM_LOCK | S.SQLITE_SHM_EXCLUSIVE)).toBe(OK);
    }
    disk.shmRegions("/db")[0]!.fill(0xff, 104, 120);
    expect(other.tryRead()).toBe(S.SQLITE_PROTOCOL);
    for (let i = 1; i <= 4; i++) {
      S.sqlite3OsShmLock(fd, READ0 + i, 1, S.SQLITE_SHM_UNLOCK | S.SQLITE_SHM_EXCLUSIVE);
    }
    expect(other.values()).toEqual([1, 20, 3, 4]);
    other.close();
    db.close();
  });
});

/* ------------------------------------------------------------------ */

describe("modes", () => {
  test("exclusive from the start: the wal-index is on the heap, no shared memory is touched", () => {
    const disk = diskWith(4);
    disk.ioVersion = 1;
    disk.startTrace();
    const db = new Db(disk, { exclusive: true }).openWal();
    expect(S.sqlite3WalHeapMemory(db.wal)).toBe(1);
    db.put({ 2: 20, 3: 30 });
    db.begin();
    for (let p = 2; p < 5000; p++) db.set(p, p & 0xff);
    db.commit();
    expect(db.wal.apWiData.length).toBe(2);
    db.begin().set(3, 77);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    db.rollback();
    expect(db.read().value(3)).toBe(3);
    db.release();
    expect(db.checkpoint(PASSIVE)[0]).toBe(OK);
    db.put({ 2: 21 });
    expect(log(disk).nCkpt).toBe(1);
    expect(S.sqlite3PagerLockingMode(db.pager, S.PAGER_LOCKINGMODE_NORMAL)).toBe(1);
    db.close();
    expect(disk.stopTrace().filter((c) => c.op.startsWith("shm"))).toEqual([]);
    disk.ioVersion = 3;
    const after = new Db(disk).read();
    expect([1, 2, 3, 4999].map((p) => after.value(p))).toEqual([1, 21, 3, 4999 & 0xff]);
    after.close();
  });

  test("without shared memory in the VFS, normal mode cannot be", () => {
    const disk = diskWith(4);
    disk.ioVersion = 1;
    const db = new Db(disk);
    expect(db.tryRead()).toBe(S.SQLITE_CANTOPEN);
    db.close();
  });

  test("exclusive recovery on the heap", () => {
    const disk = diskWith(4);
    disk.importFile(
      "/db-wal",
      buildLog({
        page: 1024,
        frames: [
          [2, 0, 20],
          [3, 4, 30],
        ],
      }),
    );
    const db = new Db(disk, { exclusive: true }).read();
    expect([2, 3].map((p) => db.value(p))).toEqual([20, 30]);
    db.close();
  });

  test("into exclusive mode and back", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    const other = new Db(disk);
    db.put({ 2: 20 });
    other.values();
    S.sqlite3PagerLockingMode(db.pager, S.PAGER_LOCKINGMODE_EXCLUSIVE);
    /* While another connection is there the database cannot be locked. */
    expect(db.tryBegin()).toBe(BUSY);
    expect(S.sqlite3WalExclusiveMode(db.wal, -1)).toBe(1);
    db.release();
    other.close();
    db.begin();
    expect(db.wal.exclusiveMode).toBe(S.WAL_EXCLUSIVE_MODE);
    disk.startTrace();
    db.set(3, 30).commit();
    expect(disk.stopTrace().filter((c) => c.op === "shmlock")).toEqual([]);
    S.sqlite3PagerLockingMode(db.pager, S.PAGER_LOCKINGMODE_NORMAL);
    db.put({ 4: 40 });
    expect(db.wal.exclusiveMode).toBe(S.WAL_NORMAL_MODE);
    const again = new Db(disk);
    expect(again.values()).toEqual([1, 20, 30, 40]);
    again.put({ 2: 22 });
    expect(db.values()).toEqual([1, 22, 30, 40]);
    again.close();
    db.close();
  });

  test("leaving exclusive mode fails if the reader's slot cannot be locked", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    db.read();
    expect(S.sqlite3WalExclusiveMode(db.wal, 0)).toBe(0);
    expect(S.sqlite3WalExclusiveMode(db.wal, 1)).toBe(1);
    disk.addFault({ op: "shmlock", nth: 1 });
    expect(S.sqlite3WalExclusiveMode(db.wal, 0)).toBe(0);
    expect(db.wal.exclusiveMode).toBe(S.WAL_EXCLUSIVE_MODE);
    disk.clearFaults();
    expect(S.sqlite3WalExclusiveMode(db.wal, 0)).toBe(1);
    db.close();
  });

  test("a log that cannot be written, a directory that cannot", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    const after = killed(disk);
    db.close();
    after.setReadOnly("/db-wal", true);
    const reader = new Db(after);
    expect(reader.values()).toEqual([1, 20, 3, 4]);
    expect(reader.wal.readOnly).toBe(S.WAL_RDONLY);
    expect(reader.tryBegin()).toBe(S.SQLITE_READONLY);
    reader.release();
    expect(reader.checkpoint(PASSIVE)).toEqual([S.SQLITE_READONLY, -1, -1]);
    reader.close();
    expect(after.exists("/db-wal")).toBe(true);
    const bare = diskWith(4);
    bare.readOnlyDirectory = true;
    const none = new Db(bare);
    expect(none.tryRead()).toBe(S.SQLITE_READONLY_DIRECTORY);
    none.close();
  });

  describe("shared memory that cannot be written", () => {
    const RO: DbOptions = {
      name: toCString("/db\0readonly_shm\x001\0\0\0"),
      vfsFlags: DB_FLAGS | S.SQLITE_OPEN_URI,
    };

    test("while a writer is there, its index is used", () => {
      const disk = diskWith(4);
      const db = new Db(disk).openWal();
      db.put({ 2: 20 });
      db.values();
      const ro = new Db(disk, RO);
      expect(ro.values()).toEqual([1, 20, 3, 4]);
      expect(ro.wal.readOnly).toBe(S.WAL_SHM_RDONLY);
      expect(ro.tryBegin()).toBe(S.SQLITE_READONLY);
      ro.release();
      /* Only marks that exist can be used: an older one serves, none at all does not. */
      db.put({ 3: 30 });
      expect(ro.values()).toEqual([1, 20, 30, 4]);
      disk.shmRegions("/db")[0]!.fill(0xff, 104, 120);
      expect(ro.tryRead()).toBe(S.SQLITE_READONLY_CANTINIT);
      db.values();
      expect(ro.values()).toEqual([1, 20, 30, 4]);
      /* A header that is not sound cannot be helped; a writer may be the reason. */
      disk.shmRegions("/db")[0]![8]! ^= 1;
      expect(ro.tryRead()).toBe(S.SQLITE_READONLY_RECOVERY);
      db.values();
      expect(ro.values()).toEqual([1, 20, 30, 4]);
      ro.close();
      db.close();
    });

    test("without a writer the log is read into an index of one's own", () => {
      const disk = diskWith(4);
      const w = new Db(disk).openWal();
      w.put({ 2: 20, 3: 30 });
      w.put({ 4: 40 });
      const after = killed(disk);
      w.close();
      const ro = new Db(after, RO);
      expect(ro.values()).toEqual([1, 20, 30, 40]);
      expect(ro.wal.bShmUnreliable).toBe(1);
      expect(after.shmRegions("/db").length).toBe(0);
      /* Nothing has changed: nothing is read again but header and what follows. */
      ro.pager.aStat.fill(0);
      expect(ro.values()).toEqual([1, 20, 30, 40]);

      /* A whole transaction was appended. */
      const more = (f: (db: Db) => void): void => {
        const copy = killed(after);
        const db = new Db(copy).openWal();
        f(db);
        for (const name of ["/db", "/db-wal"]) {
          const node = after.state.names.get(name)!;
          const bytes = copy.exportFile(name)!;
          node.content.truncate(0);
          node.content.write(bytes, bytes.length, 0);
        }
        db.close();
      };
      more((db) => db.put({ 2: 21 }));
      expect(ro.values()).toEqual([1, 21, 30, 40]);
      /* One without an end was. */
      more((db) => {
        db.begin().set(3, 99);
        expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
      });
      expect(ro.values()).toEqual([1, 21, 30, 40]);
      /* The log was started over. */
      more((db) => {
        db.checkpoint(RESTART);
        db.put({ 4: 44 });
      });
      expect(ro.values()).toEqual([1, 21, 30, 44]);
      /* It was emptied. */
      more((db) => {
        expect(db.checkpoint(TRUNCATE)[0]).toBe(OK);
      });
      expect(ro.values()).toEqual([1, 21, 30, 44]);
      expect(ro.values()).toEqual([1, 21, 30, 44]);
      /* A writer appears, and is used from then on. */
      const db = new Db(after).openWal();
      db.put({ 2: 22 });
      expect(ro.values()).toEqual([1, 22, 30, 44]);
      expect(ro.wal.bShmUnreliable).toBe(0);
      ro.close();
      db.close();
    });

    test("errors on that way", () => {
      const disk = diskWith(4);
      const w = new Db(disk).openWal();
      w.put({ 2: 20, 3: 30 });
      w.begin().set(4, 99);
      expect(S.sqlite3PagerFlush(w.pager)).toBe(OK);
      const after = killed(disk);
      w.close();
      for (const op of ["filesize", "read", "shmlock", "shmmap"] as const) {
        for (let nth = 1; nth < 12; nth++) {
          const ro = new Db(after, RO);
          ro.pager.mxPgno = 1000;
          const fault = after.addFault({ op, nth, when: (c) => op !== "read" || c.file === "/db-wal" });
          const rc = ro.tryRead();
          expect(rc === OK || (rc & 0xff) === S.SQLITE_IOERR || rc === S.SQLITE_CANTOPEN).toBe(true);
          if (rc === OK && op !== "read") expect(ro.values()).toEqual([1, 20, 30, 4]);
          ro.release();
          after.clearFaults();
          expect(ro.values()).toEqual([1, 20, 30, 4]);
          /* Once more, with the index built. */
          const again = after.addFault({ op, nth, when: (c) => op !== "read" || c.file === "/db-wal" });
          if (ro.tryRead() === OK && op !== "read") expect(ro.value(2)).toBe(20);
          ro.release();
          after.clearFaults();
          expect(ro.values()).toEqual([1, 20, 30, 4]);
          ro.close();
          if (fault.hits + again.hits === 0) break;
        }
      }
    });
  });
});

/* ------------------------------------------------------------------ */

describe("sizes and sectors", () => {
  test("a commit is padded to a sector where a torn write damages it", () => {
    const page = 4096;
    const disk = diskWith(4, { page }, { sectorSize: 4096, deviceCharacteristics: 0 });
    const db = new Db(disk, { page }).openWal();
    expect(db.wal.padToSectorBoundary).toBe(1);
    disk.startTrace();
    db.put({ 2: 20 });
    const trace = disk.stopTrace().filter((c) => c.file === "/db-wal" && ["write", "sync"].includes(c.op));
    const l = log(disk);
    expect(l.frames.map((f) => [f.pgno, f.size, f.value, f.valid])).toEqual([
      [2, 4, 20, true],
      [2, 4, 20, true],
    ]);
    /* Header, sync; the frame, the part of the next one up to 8192, sync, the rest of that. */
    expect(trace.map((c) => `${c.op} ${c.offset} ${c.amount}`)).toEqual([
      "write 0 32",
      "sync 0 0",
      "write 32 24",
      "write 56 4096",
      "write 4152 24",
      "write 4176 4016",
      "sync 0 0",
      "write 8192 80",
    ]);
    const x = parseIndex(disk);
    expect([x.mxFrame, ...x.pgnos]).toEqual([2, 2, 2]);
    expect(x.lookup(2)).toBe(2);
    db.put({ 3: 30, 4: 40 });
    expect(log(disk).frames.every((f) => f.valid)).toBe(true);
    expect(new Db(killed(disk), { page }).values()).toEqual([1, 20, 30, 40]);
    db.close();
  });

  test("no padding if the commit ends with the sector", () => {
    const disk = diskWith(4, {}, { sectorSize: 32, deviceCharacteristics: 0 });
    const db = new Db(disk).openWal();
    disk.startTrace();
    /* 32 + 4 * 1048 = 4224 = 132 * 32 */
    db.put({ 1: 10, 2: 20, 3: 30, 4: 40 });
    const trace = disk.stopTrace().filter((c) => c.file === "/db-wal" && ["write", "sync"].includes(c.op));
    expect(log(disk).frames.length).toBe(4);
    expect(trace.at(-1)!.op).toBe("sync");
    db.close();
  });

  test("journal_size_limit cuts the log at the first commit of a round", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    const size = (): number => disk.exportFile("/db-wal")!.length;
    db.begin();
    for (let p = 2; p < 40; p++) db.set(p, 1);
    db.commit();
    const big = size();
    S.sqlite3PagerJournalSizeLimit(db.pager, 5000);
    db.checkpoint(RESTART);
    expect(size()).toBe(big);
    db.put({ 2: 20 });
    expect(size()).toBe(5000);
    db.put({ 3: 30 });
    expect(size()).toBe(5000);
    S.sqlite3PagerJournalSizeLimit(db.pager, 100);
    db.checkpoint(RESTART);
    db.put({ 2: 21, 3: 31 });
    expect(size()).toBe(32 + 2 * 1048);
    /* Failure is logged, no more. */
    db.checkpoint(RESTART);
    db.begin();
    for (let p = 2; p < 10; p++) db.set(p, 2);
    db.commit();
    db.checkpoint(RESTART);
    disk.addFault({ op: "truncate", nth: 1 });
    db.put({ 4: 40 });
    expect(logged.at(-1)).toEqual([S.SQLITE_IOERR_TRUNCATE, "cannot limit WAL size: /db-wal"]);
    disk.clearFaults();
    expect(size()).toBe(32 + 8 * 1048);
    S.sqlite3WalLimit(null, 1);
    db.close();
  });

  test.each([-1, 0, 4000])("a log that is to persist, with size limit %i", (limit) => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    S.sqlite3PagerJournalSizeLimit(db.pager, limit);
    const on = new Ref(1);
    expect(S.sqlite3OsFileControl(db.pager.fd, S.SQLITE_FCNTL_PERSIST_WAL, on)).toBe(OK);
    db.put({ 2: 20, 3: 30 });
    db.close();
    expect(disk.list()).toEqual(["/db", "/db-wal"]);
    expect(disk.exportFile("/db-wal")!.length).toBe(limit < 0 ? 32 + 2 * 1048 : 0);
    const after = new Db(disk);
    expect(after.values()).toEqual([1, 20, 30, 4]);
    after.close();
  });
});

describe("closing", () => {
  test("only the last connection checkpoints and deletes", () => {
    const disk = diskWith(4);
    const a = new Db(disk).openWal();
    const b = new Db(disk);
    a.put({ 2: 20 });
    b.values();
    a.close();
    expect(disk.list()).toEqual(["/db", "/db-wal"]);
    expect(disk.exportFile("/db")![2 * 1024 - 1]).toBe(2);
    expect(b.values()).toEqual([1, 20, 3, 4]);
    b.close();
    expect(disk.list()).toEqual(["/db"]);
    expect(disk.exportFile("/db")![2 * 1024 - 1]).toBe(20);
    expect(disk.nOpen).toBe(0);
  });

  test("no view of the shared memory is left to who disconnects from it", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    expect(db.values()).toEqual([1, 20, 3, 4]);
    const { wal } = db;
    expect(wal.apWiData.length).toBe(1);
    db.close();
    expect(wal.apWiData.every((p) => p === null)).toBe(true);
    expect(wal.refPage.value).toBeNull();
    for (const loc of [wal.sLocFind, wal.sLocAppend]) expect(loc.value).toBeNull();
  });

  test("without a checkpoint, by the connection's flag", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    db.connection.flags = S.SQLITE_NoCkptOnClose;
    db.close();
    expect(disk.list()).toEqual(["/db", "/db-wal"]);
    expect(new Db(disk).values()).toEqual([1, 20, 3, 4]);
  });

  test("a checkpoint that fails leaves the log", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    disk.addFault({ op: "write", nth: 1 });
    db.close();
    disk.clearFaults();
    expect(disk.list()).toEqual(["/db", "/db-wal"]);
    expect(new Db(disk).values()).toEqual([1, 20, 3, 4]);
  });

  test("back to a rollback journal", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    expect(S.sqlite3PagerCloseWal(db.pager, db.connection)).toBe(OK);
    expect(disk.list()).toEqual(["/db"]);
    expect(db.pager.pWal).toBeNull();
    db.close();
    expect(disk.exportFile("/db")![2 * 1024 - 1]).toBe(20);
  });

  test("null handles", () => {
    expect(S.sqlite3WalClose(null, null, 0, 0, null)).toBe(OK);
    expect(S.sqlite3WalDbsize(null)).toBe(0);
    expect(S.sqlite3WalCallback(null)).toBe(0);
    expect(S.sqlite3WalHeapMemory(null)).toBe(0);
  });
});

/* ------------------------------------------------------------------ */

describe("errors", () => {
  /** A round of everything: commits, spills, rollbacks, checkpoints, two connections. */
  const scenario = (disk: MemDisk, failed: () => boolean): void => {
    const step = (rc: number): boolean => {
      if (rc !== OK)
        expect([OK, S.SQLITE_BUSY, S.SQLITE_NOMEM, S.SQLITE_FULL].includes(rc & 0xff) || failed()).toBe(true);
      return rc === OK;
    };
    const put = (db: Db, v: number, n: number): void => {
      if (!step(db.tryBegin())) return void db.release();
      const pp = new Ref<S.DbPage | null>(null);
      let good = true;
      for (let p = 2; good && p < 2 + n; p++) {
        good = step(S.sqlite3PagerGet(db.pager, p, pp, 0));
        if (!good) break;
        good = step(S.sqlite3PagerWrite(pp.value!));
        if (good) pp.value!.pData.fill(v);
        S.sqlite3PagerUnref(pp.value!);
        if (p === 4 && good) good = step(S.sqlite3PagerFlush(db.pager));
      }
      if (!good || !step(db.tryCommit())) S.sqlite3PagerRollback(db.pager);
      db.release();
    };
    const a = new Db(disk, { cache: 3 });
    const b = new Db(disk);
    put(a, 101, 6);
    put(a, 102, 5);
    if (step(b.tryRead())) b.release();
    if (step(a.tryBegin())) {
      a.connection.u1.isInterrupted = 0;
      const pp = new Ref<S.DbPage | null>(null);
      if (step(S.sqlite3PagerGet(a.pager, 3, pp, 0))) {
        if (step(S.sqlite3PagerWrite(pp.value!))) pp.value!.pData.fill(9);
        S.sqlite3PagerUnref(pp.value!);
        step(S.sqlite3PagerFlush(a.pager));
      }
      S.sqlite3PagerRollback(a.pager);
    }
    a.release();
    step(b.checkpoint(PASSIVE)[0]);
    put(b, 103, 4);
    step(b.checkpoint(TRUNCATE)[0]);
    put(a, 104, 3);
    step(a.checkpoint(RESTART)[0]);
    a.release();
    b.release();
    S.sqlite3PagerClose(b.pager, b.connection);
    S.sqlite3PagerClose(a.pager, a.connection);
  };

  /** Whether the pages are those of one commit of the scenario, or of none. */
  const consistent = (values: number[]): boolean => {
    const states = [
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 101, 101, 101, 101, 101, 101, 8],
      [1, 102, 102, 102, 102, 102, 101, 8],
    ];
    /* Each later commit overwrites the first pages of some earlier state. */
    for (const [v, n] of [
      [102, 5],
      [103, 4],
      [104, 3],
    ] as const) {
      for (const s of [...states]) states.push(s.map((x, i) => (i >= 1 && i <= n ? v : x)));
    }
    return states.some((s) => s.join() === values.join());
  };

  test("each call of the VFS fails in turn, once and for good", () => {
    const kinds = new Set<string>();
    for (const persistent of [false, true]) {
      for (let nth = 1; ; nth++) {
        const disk = diskWith(8);
        const fault = disk.addFault({
          op: ["read", "write", "truncate", "sync", "filesize", "shmmap", "shmlock", "open", "access"],
          nth,
          persistent,
          /* Unlocking does not fail: nobody could do anything about it. */
          when: (c) =>
            (c.op !== "shmlock" || (c.arg & S.SQLITE_SHM_LOCK) !== 0) &&
            (c.op !== "open" || c.file === "/db-wal"),
        });
        disk.onCall = (c) => kinds.add(c.op);
        scenario(disk, () => fault.hits > 0);
        disk.onCall = null;
        disk.clearFaults();
        expect(disk.nOpen).toBe(0);
        const db = new Db(disk);
        const values = db.values();
        if (!consistent(values)) expect([nth, values]).toEqual([nth, "consistent"]);
        db.close();
        if (fault.hits === 0) {
          expect(values).toEqual([1, 104, 104, 104, 103, 102, 101, 8]);
          expect(nth).toBeGreaterThan(100);
          break;
        }
        if (persistent) nth += 6;
      }
    }
    expect(kinds.has("shmmap")).toBe(true);
  });

  test("each allocation fails in turn", () => {
    const { m } = S.sqlite3GlobalConfig;
    const outstanding = new Set<Uint8Array>();
    for (let nth = 1; ; nth++) {
      const disk = diskWith(8);
      outstanding.clear();
      let n = 0;
      let hits = 0;
      m.xMalloc = (k) => {
        if (++n === nth) {
          hits++;
          return null;
        }
        const p = allocator.xMalloc(k);
        if (p) outstanding.add(p);
        return p;
      };
      m.xRealloc = (p, k) => {
        if (++n === nth) {
          hits++;
          return null;
        }
        const q = allocator.xRealloc(p, k);
        if (q) {
          outstanding.delete(p);
          outstanding.add(q);
        }
        return q;
      };
      m.xFree = (p) => {
        outstanding.delete(p);
        allocator.xFree(p);
      };
      let opened = true;
      try {
        scenario(disk, () => hits > 0);
      } catch (e) {
        /* Only sqlite3PagerOpen and what a Db expects of it can fail here. */
        if (hits === 0 || disk.nOpen > 2) throw e;
        opened = false;
      }
      m.assign(allocator);
      if (opened) {
        expect([nth, outstanding.size]).toEqual([nth, 0]);
        const db = new Db(disk);
        const values = db.values();
        if (!consistent(values)) expect([nth, values]).toEqual([nth, "consistent"]);
        db.close();
      }
      if (hits === 0) {
        expect(nth).toBeGreaterThan(20);
        break;
      }
    }
  });

  test("a region of the wal-index beyond the first cannot be had", () => {
    const disk = diskWith(4, { page: 512 });
    const db = new Db(disk, { page: 512, cache: 20000 }).openWal();
    db.begin();
    for (let p = 2; p < 4200; p++) db.set(p, 1);
    S.sqlite3_test_control(S.SQLITE_TESTCTRL_FAULT_INSTALL, (n: number) => (n === 600 ? 1 : 0));
    expect(db.tryCommit()).toBe(S.SQLITE_NOMEM);
    S.sqlite3_test_control(S.SQLITE_TESTCTRL_FAULT_INSTALL, null);
    db.rollback();
    expect(db.values()).toEqual([1, 2, 3, 4]);
    db.begin();
    for (let p = 2; p < 4200; p++) db.set(p, 1);
    db.commit();
    const other = new Db(disk, { page: 512 });
    disk.addFault({ op: "shmmap", nth: 2 });
    expect(other.tryRead()).toBe(S.SQLITE_IOERR_SHMMAP);
    disk.clearFaults();
    expect(other.read().value(4)).toBe(1);
    disk.addFault({ op: "shmmap", nth: 1 });
    const third = new Db(disk, { page: 512 });
    expect(third.tryRead()).toBe(S.SQLITE_IOERR_SHMMAP);
    disk.clearFaults();
    third.release();
    third.close();
    other.close();
    db.close();
  });

  test("a hash table without a free slot is corruption, for who reads and who writes", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    const table = disk.shmRegions("/db")[0]!;
    const saved = table.slice(16384);
    table.fill(1, 16384);
    db.read();
    expect(S.sqlite3WalFindFrame(db.wal, 3, new Ref(0))).toBe(S.SQLITE_CORRUPT);
    expect(logged.at(-1)![1]).toContain("71037");
    table.set(saved, 16384);
    db.begin().set(3, 30);
    table.fill(1, 16384);
    expect(db.tryCommit()).toBe(S.SQLITE_CORRUPT);
    expect(logged.at(-1)![1]).toContain("68778");
    table.set(saved, 16384);
    db.rollback();
    db.close();
  });
});

/* ------------------------------------------------------------------ */

describe("random histories", () => {
  /** Mulberry32. */
  const random = (seed: number): ((n: number) => number) => {
    let a = seed;
    return (n) => {
      a = (a + 0x6d2b79f5) | 0;
      let t = Math.imul(a ^ (a >>> 15), 1 | a);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) % n;
    };
  };

  test.each(range(12))("three connections against a model, seed %i", (seed) => {
    const rnd = random(seed);
    const disk = diskWith(
      6,
      {},
      { sectorSize: seed % 3 === 0 ? 1024 : 512, deviceCharacteristics: seed % 3 === 0 ? 0 : PSOW },
    );
    let committed = range(6);
    const dbs = range(3).map((i) => new Db(disk, { cache: i === 1 ? 3 : 100 }));
    const seen: (number[] | null)[] = [null, null, null];
    const check = (i: number): void => {
      S.sqlite3PagerShrink(dbs[i]!.pager);
      expect(dbs[i]!.values()).toEqual(seen[i]);
    };
    for (let n = 0; n < 250; n++) {
      const i = rnd(3);
      const db = dbs[i]!;
      const what = rnd(10);
      if (what < 3) {
        if (seen[i] === null) {
          seen[i] = committed;
          db.read();
        }
        check(i);
      } else if (what < 4) {
        db.release();
        seen[i] = null;
      } else if (what < 8) {
        const stale = seen[i] !== null && seen[i] !== committed;
        const rc = db.tryBegin();
        /* A transaction that started the log over changes the header even if it is rolled back. */
        if (stale) expect(rc).toBe(S.SQLITE_BUSY_SNAPSHOT);
        else if (seen[i] === null) expect(rc).toBe(OK);
        else expect([OK, S.SQLITE_BUSY_SNAPSHOT]).toContain(rc);
        if (rc !== OK) continue;
        let image = [...committed];
        const some = (): void => {
          for (let k = rnd(6); k >= 0; k--) {
            const p = 2 + rnd(image.length + 1);
            const v = rnd(256);
            while (image.length < p) {
              db.set(image.length + 1, 0);
              image.push(0);
            }
            db.set(p, v);
            image[p - 1] = v;
          }
          if (rnd(3) === 0) expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
        };
        some();
        if (rnd(3) === 0) {
          expect(S.sqlite3PagerOpenSavepoint(db.pager, 1)).toBe(OK);
          const before = [...image];
          some();
          if (rnd(2) === 0) {
            expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
            image = before;
          }
          some();
        }
        if (rnd(4) === 0) {
          db.rollback();
        } else {
          if (rnd(4) === 0 && image.length > 3) {
            image.length -= 1;
            /* Who changes the size writes page 1. */
            db.set(1, image[0]!);
            S.sqlite3PagerTruncateImage(db.pager, image.length);
          }
          db.commit();
          committed = image;
        }
        seen[i] = null;
      } else if (what < 9) {
        db.release();
        seen[i] = null;
        const mode = rnd(5) - 1;
        const others = seen.some((s) => s !== null);
        const [rc, nLog, nCkpt] = db.checkpoint(mode);
        expect(rc === OK || (others && mode > PASSIVE && rc === BUSY)).toBe(true);
        expect(nCkpt).toBeLessThanOrEqual(nLog);
        if (!others && mode !== NOOP) expect(nCkpt).toBe(nLog);
      } else {
        const after = killed(disk);
        const other = new Db(after);
        expect(other.values()).toEqual(committed);
        other.close();
        expect(
          parseLog(disk.exportFile("/db-wal")!.length < 32 ? new Uint8Array(32) : disk.exportFile("/db-wal")!)
            .frames.slice(0, parseIndex(disk).mxFrame)
            .every((f) => f.valid),
        ).toBe(true);
      }
    }
    for (const db of dbs) db.close();
    expect(disk.list()).toEqual(["/db"]);
    expect(new Db(disk).values()).toEqual(committed);
  });

  test.each(range(6, 100))("power lost at a random moment, seed %i", (seed) => {
    const rnd = random(seed);
    const sync = seed % 2 ? S.PAGER_SYNCHRONOUS_FULL : S.PAGER_SYNCHRONOUS_NORMAL;
    const disk = diskWith(
      6,
      {},
      { crashable: true, deviceCharacteristics: seed % 3 ? PSOW : 0, sectorSize: seed % 3 ? 512 : 1024 },
    );
    disk.syncAll();
    const db = new Db(disk, { cache: 4, sync });
    /* States by commit; with FULL an acknowledged one must not be lost. */
    const history = [range(6)];
    let crashes = 0;
    let crash: { disk: MemDisk; atLeast: number } | null = null;
    disk.onCall = (c) => {
      if ((c.op === "write" || c.op === "sync" || c.op === "truncate") && crash === null && rnd(40) === 0) {
        const how = { mode: (["random", "prefix", "drop"] as const)[rnd(3)]!, seed: rnd(1 << 30) };
        crash = { disk: disk.crash(how), atLeast: history.length - 1 };
      }
    };
    for (let n = 0; n < 120; n++) {
      db.begin();
      const image = [...history.at(-1)!];
      for (let k = rnd(6); k >= 0; k--) {
        const p = 2 + rnd(5);
        const v = rnd(256);
        db.set(p, v);
        image[p - 1] = v;
      }
      history.push(image);
      const before = crash;
      db.commit();
      if (rnd(8) === 0) db.checkpoint(rnd(4));
      const c = crash as { disk: MemDisk; atLeast: number } | null;
      if (c !== null) {
        const other = new Db(c.disk);
        const values = other.values();
        other.close();
        const last = history.length - 1;
        const low = sync === S.PAGER_SYNCHRONOUS_FULL ? c.atLeast - (before === c ? 0 : 1) : 0;
        const found = history.findLastIndex((h, j) => j <= last && h.join() === values.join());
        expect(found).toBeGreaterThanOrEqual(low);
        crashes++;
        crash = null;
      }
    }
    disk.onCall = null;
    expect(crashes).toBeGreaterThan(5);
    db.close();
  });
});

/* ------------------------------------------------------------------ */

describe("errors in rarer places", () => {
  /** A database with a log of more than one region of index, nobody connected. */
  const longLog = (): MemDisk => {
    const frames: [number, number, number][] = [];
    for (let i = 0; i < 4200; i++) frames.push([2 + (i % 900), i % 100 === 99 ? 901 : 0, i & 0xff]);
    const disk = diskWith(4, { page: 512 });
    disk.importFile("/db-wal", buildLog({ page: 512, frames }));
    return disk;
  };
  /** Makes the n-th allocation from now on fail, while `f` runs; returns how many there were. */
  const failMalloc = (nth: number, f: () => void): number => {
    const { m } = S.sqlite3GlobalConfig;
    let n = 0;
    m.xMalloc = (k) => (++n === nth ? null : allocator.xMalloc(k));
    m.xRealloc = (p, k) => (++n === nth ? null : allocator.xRealloc(p, k));
    f();
    m.assign(allocator);
    return n;
  };

  test("recovery: no memory, no lock, no region, no bytes", () => {
    const disk = longLog();
    const db = new Db(disk, { page: 512 });
    let nomem = 0;
    for (let nth = 1; ; nth++) {
      let rc = -1;
      const n = failMalloc(nth, () => {
        rc = db.tryRead();
      });
      if (n < nth) break;
      /* The message to the error log is the one that may be lost. */
      expect([OK, S.SQLITE_NOMEM]).toContain(rc);
      nomem += rc === OK ? 0 : 1;
      db.release();
      if (disk.shmRegions("/db").length > 0) disk.shmRegions("/db")[0]!.fill(0, 0, 96);
    }
    expect(nomem).toBeGreaterThan(2);
    expect(db.value(2)).toBe(3600 & 0xff);
    db.close();

    for (const [op, code, limit] of [
      ["shmmap", S.SQLITE_IOERR_SHMMAP, 2],
      ["read", S.SQLITE_IOERR_READ, 300],
      ["filesize", S.SQLITE_IOERR_FSTAT, 1],
      ["shmlock", S.SQLITE_IOERR_SHMLOCK, 7],
    ] as const) {
      for (let nth = 1; nth <= limit; nth += op === "read" && nth > 3 ? 149 : 1) {
        const copy = longLog();
        const other = new Db(copy, { page: 512 });
        copy.addFault({
          op,
          nth,
          when: (c) =>
            op === "shmlock" ? (c.arg & S.SQLITE_SHM_LOCK) !== 0 : op === "shmmap" || c.file === "/db-wal",
        });
        const rc = other.tryRead();
        expect([op, nth, rc]).toEqual([op, nth, code]);
        copy.clearFaults();
        other.release();
        expect(other.read().value(901)).toBe((4200 - 601) & 0xff);
        other.close();
      }
    }
  });

  test("a frame whose page number is zero ends the log", () => {
    const disk = diskWith(4);
    disk.importFile(
      "/db-wal",
      buildLog({
        page: 1024,
        frames: [
          [2, 4, 20],
          [0, 4, 0],
          [3, 4, 30],
        ],
      }),
    );
    const db = new Db(disk);
    expect(db.values()).toEqual([1, 20, 3, 4]);
    db.close();
  });

  test("exclusive mode: no memory for the index", () => {
    const disk = longLog();
    for (let nth = 1; ; nth++) {
      const db = new Db(disk, { page: 512, exclusive: true });
      let rc = -1;
      const n = failMalloc(nth, () => {
        rc = db.tryRead();
      });
      db.release();
      expect([OK, S.SQLITE_NOMEM]).toContain(rc);
      expect(db.read().value(901)).toBe((4200 - 601) & 0xff);
      db.connection.flags = S.SQLITE_NoCkptOnClose;
      db.close();
      if (n < nth) break;
    }
  });

  test("a checkpoint: no memory, no region", () => {
    const disk = longLog();
    new Db(disk, { page: 512 }).read();
    const db = new Db(disk, { page: 512 });
    disk.addFault({ op: "shmmap", nth: 2 });
    expect(db.tryRead()).toBe(S.SQLITE_IOERR_SHMMAP);
    expect(db.wal.apWiData.slice(1)).toEqual([null]);
    db.release();
    disk.clearFaults();
    disk.addFault({ op: "shmmap", nth: 1 });
    expect(db.checkpoint(PASSIVE)[0]).toBe(S.SQLITE_IOERR_SHMMAP);
    disk.clearFaults();
    expect(db.checkpoint(NOOP)).toEqual([OK, 4200, 0]);
    failMalloc(1, () => expect(db.checkpoint(PASSIVE)[0]).toBe(S.SQLITE_NOMEM));
    expect(disk.shmLocks("/db").slice(0, 4)).toEqual([0, 0, 0, 0]);
    db.close();
  });

  test("commits: every write and sync fails in turn, padding and new checksums included", () => {
    let total = 0;
    for (let nth = 1; ; nth++) {
      const page = 4096;
      const disk = diskWith(4, { page }, { sectorSize: 4096, deviceCharacteristics: 0 });
      const db = new Db(disk, { page }).openWal();
      db.put({ 3: 30 });
      db.begin().set(2, 20).set(4, 40);
      expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
      db.set(2, 21).set(4, 41).set(1, 10);
      const fault = disk.addFault({
        op: ["write", "sync", "read"],
        nth,
        code: S.SQLITE_IOERR_WRITE,
        when: (c) => c.file === "/db-wal",
      });
      const rc = db.tryCommit();
      disk.clearFaults();
      if (fault.hits === 0) {
        expect(rc).toBe(OK);
        db.release();
        expect(db.values()).toEqual([10, 21, 30, 41]);
        db.close();
        break;
      }
      total++;
      expect(rc).toBe(S.SQLITE_IOERR_WRITE);
      db.rollback();
      expect(db.values()).toEqual([1, 2, 30, 4]);
      db.put({ 2: 22 });
      expect(db.values()).toEqual([1, 22, 30, 4]);
      expect(new Db(killed(disk), { page }).values()).toEqual([1, 22, 30, 4]);
      db.close();
    }
    expect(total).toBeGreaterThan(10);
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.begin().set(2, 20);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    db.set(2, 21).set(3, 30);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    db.commit();
    db.begin().set(2, 20);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    db.set(2, 22).set(3, 31);
    failMalloc(1, () => expect(db.tryCommit()).toBe(S.SQLITE_NOMEM));
    db.rollback();
    expect(db.values()).toEqual([1, 21, 30, 4]);
    expect(S.sqlite3PagerJrnlFile(db.pager)).toBe(db.wal.pWalFd);
    db.close();
  });

  test("xShmMap says SQLITE_BUSY: once more", () => {
    const disk = diskWith(4);
    const db = new Db(disk);
    disk.addFault({ op: "shmmap", nth: 1, code: BUSY });
    expect(db.values()).toEqual([1, 2, 3, 4]);
    db.close();
  });

  test("shared memory that cannot be written: a lock, a file that becomes shorter, no memory", () => {
    const disk = diskWith(4);
    const w = new Db(disk).openWal();
    w.put({ 2: 20 });
    w.begin().set(4, 99);
    expect(S.sqlite3PagerFlush(w.pager)).toBe(OK);
    const after = killed(disk);
    w.close();
    const o: DbOptions = {
      name: toCString("/db\0readonly_shm\x001\0\0\0"),
      vfsFlags: DB_FLAGS | S.SQLITE_OPEN_URI,
    };
    for (const [op, code, offset] of [
      ["shmlock", BUSY, READ0],
      ["read", S.SQLITE_IOERR_SHORT_READ, 32],
    ] as const) {
      const ro = new Db(after, o);
      const fault = after.addFault({
        op,
        nth: 1,
        code,
        when: (c) => c.offset === offset && (op !== "read" || c.file === "/db-wal"),
      });
      expect(ro.values()).toEqual([1, 20, 3, 4]);
      expect(fault.hits).toBe(1);
      after.clearFaults();
      ro.close();
    }
    const ro = new Db(after, o);
    for (let nth = 1; ; nth++) {
      let rc = -1;
      const n = failMalloc(nth, () => {
        rc = ro.tryRead();
      });
      ro.release();
      if (n < nth) break;
      expect([OK, S.SQLITE_NOMEM]).toContain(rc);
    }
    expect(ro.values()).toEqual([1, 20, 3, 4]);
    failMalloc(1, () => expect(ro.tryRead()).toBe(S.SQLITE_NOMEM));
    expect(ro.values()).toEqual([1, 20, 3, 4]);
    ro.close();
  });

  test("exclusive mode: closed without an index, after memory has run out", () => {
    const disk = longLog();
    const bytes = disk.exportFile("/db-wal")!;
    let closed = 0;
    for (let nth = 1; ; nth++) {
      const db = new Db(disk, { page: 512, exclusive: true });
      let rc = -1;
      const n = failMalloc(nth, () => {
        rc = db.tryRead();
      });
      db.connection.flags = S.SQLITE_NoCkptOnClose;
      if (rc === S.SQLITE_NOMEM && db.pager.pWal !== null && db.wal.apWiData.includes(null)) closed++;
      db.close();
      expect(S.memcmp(disk.exportFile("/db-wal")!, bytes, bytes.length)).toBe(0);
      if (n < nth) break;
    }
    expect(closed).toBeGreaterThan(0);
  });

  test("five regions of index, a commit at each border between them: recovered, read, copied, written on", () => {
    const borders = [4062, 8158, 12254, 16350];
    const frames: [number, number, number][] = [];
    for (let i = 1; i <= 16400; i++) {
      const commits = borders.includes(i) || borders.includes(i - 1) || i === 16400;
      frames.push([2 + ((i * 7) % 3999), commits ? 4000 : 0, i & 0xff]);
    }
    const whole = buildLog({ page: 512, frames });
    for (const last of [4062, 4063, 8158, 8159, 12254, 12255, 16350, 16351, 16400]) {
      const disk = diskWith(4, { page: 512 });
      /* What follows is not a whole frame. */
      disk.importFile("/db-wal", whole.slice(0, 32 + last * 536 + 100));
      const newest = new Map<number, number>();
      frames.slice(0, last).forEach(([pgno], i) => {
        newest.set(pgno, i + 1);
      });
      const db = new Db(disk, { page: 512 }).read();
      const index = parseIndex(disk);
      expect([last, index.mxFrame, index.nPage]).toEqual([last, last, 4000]);
      expect(index.pgnos).toEqual(frames.slice(0, last).map(([pgno]) => pgno));
      const iRead = new Ref(0);
      for (const pgno of [2, 9, 2063, 3999, 4000, 4001]) {
        expect(S.sqlite3WalFindFrame(db.wal, pgno, iRead)).toBe(OK);
        expect([last, pgno, iRead.value]).toEqual([last, pgno, newest.get(pgno) ?? 0]);
        expect(index.lookup(pgno)).toBe(iRead.value);
      }
      db.release();
      db.put({ 2: 200 });
      expect(parseIndex(disk).mxFrame).toBe(last + 1);
      expect(parseIndex(disk).lookup(2)).toBe(last + 1);
      expect(db.checkpoint(PASSIVE)).toEqual([OK, last + 1, last + 1]);
      const file = disk.exportFile("/db")!;
      expect(file.length).toBe(4000 * 512);
      for (const [pgno, iFrame] of newest) {
        const v = pgno === 2 ? 200 : iFrame & 0xff;
        if (file[pgno * 512 - 1] !== v) expect([last, pgno, file[pgno * 512 - 1]]).toEqual([last, pgno, v]);
      }
      db.close();
    }
  });

  test("a page whose bytes are not aligned", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.begin();
    const odd = new Uint8Array(1027).subarray(3).fill(77);
    const pg = Object.assign(new S.PgHdr(), { pgno: 3, pData: odd });
    expect(S.sqlite3WalFrames(db.wal, 1024, pg, 4, 1, 0)).toBe(OK);
    expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
    db.release();
    expect(log(disk).frames).toMatchObject([{ pgno: 3, size: 4, value: 77, valid: true }]);
    expect(new Db(killed(disk)).values()).toEqual([1, 2, 77, 4]);
    db.close();
  });

  test("a header that is not sound, found by a checkpoint that holds the writer's lock already", () => {
    for (const mode of [PASSIVE, FULL, RESTART]) {
      const disk = diskWith(4);
      const db = new Db(disk).openWal();
      db.put({ 2: 20, 3: 30 });
      disk.shmRegions("/db")[0]![8]! ^= 1;
      disk.startTrace();
      expect(db.checkpoint(mode)).toEqual([OK, 2, 2]);
      const locks = disk
        .stopTrace()
        .filter((c) => c.op === "shmlock" && c.arg === (S.SQLITE_SHM_LOCK | S.SQLITE_SHM_EXCLUSIVE))
        .map((c) => c.offset);
      /* Checkpointer, writer, and of recovery's slots only the one that is not held: each of them once. */
      expect(locks.slice(0, 3)).toEqual([S.WAL_CKPT_LOCK, S.WAL_WRITE_LOCK, S.WAL_RECOVER_LOCK]);
      expect(locks.filter((x) => x === S.WAL_WRITE_LOCK).length).toBe(1);
      expect([...disk.shmLocks("/db")]).toEqual(Array(8).fill(0));
      expect([...disk.exportFile("/db")!.subarray(1024 + 9, 1024 + 10)]).toEqual([20]);
      expect(db.values()).toEqual([1, 20, 30, 4]);
      db.close();
    }
  });

  test("a lock fails for another reason than SQLITE_BUSY: nothing is tried again, nothing is held", () => {
    const fault = (disk: MemDisk, offset: number, kind: number, code = S.SQLITE_IOERR_SHMLOCK) =>
      disk.addFault({
        op: "shmlock",
        nth: 1,
        code,
        when: (c) => c.offset === offset && c.arg === (S.SQLITE_SHM_LOCK | kind),
      });
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20 });
    db.checkpoint(FULL);
    const other = new Db(disk);
    other.values();
    const fails = (): void => {
      expect(other.tryRead()).toBe(S.SQLITE_IOERR_SHMLOCK);
      disk.clearFaults();
      expect([...disk.shmLocks("/db")].filter((n) => n > 0)).toEqual([]);
      expect(other.values()).toEqual([1, 20, 3, 4]);
    };
    /* Slot 0 of a log that is copied wholly; the log is not fallen back on, as it is if that is busy. */
    fault(disk, READ0, S.SQLITE_SHM_SHARED);
    fails();
    fault(disk, READ0, S.SQLITE_SHM_SHARED, BUSY);
    other.read();
    expect(other.wal.readLock).toBeGreaterThan(0);
    other.release();
    disk.clearFaults();
    /* Recovery's slot, asked for by who finds the writer's taken. */
    disk.shmRegions("/db")[0]![8]! ^= 1;
    fault(disk, S.WAL_WRITE_LOCK, S.SQLITE_SHM_EXCLUSIVE, BUSY);
    fault(disk, S.WAL_RECOVER_LOCK, S.SQLITE_SHM_SHARED);
    fails();
    /* The writer's slot, shared, asked for by who cannot write the wal-index. */
    const ro = new Db(disk, {
      name: toCString("/db\0readonly_shm\x001\0\0\0"),
      vfsFlags: DB_FLAGS | S.SQLITE_OPEN_URI,
    });
    expect(ro.values()).toEqual([1, 20, 3, 4]);
    disk.shmRegions("/db")[0]![8]! ^= 1;
    fault(disk, S.WAL_WRITE_LOCK, S.SQLITE_SHM_SHARED);
    expect(ro.tryRead()).toBe(S.SQLITE_IOERR_SHMLOCK);
    disk.clearFaults();
    expect(ro.tryRead()).toBe(S.SQLITE_READONLY_RECOVERY);
    expect(db.values()).toEqual([1, 20, 3, 4]);
    expect(ro.values()).toEqual([1, 20, 3, 4]);
    for (const d of [ro, other, db]) d.close();
  });

  test("a buffer that is larger than a page of the log receives one page", () => {
    const disk = diskWith(4);
    const db = new Db(disk).openWal();
    db.put({ 2: 20, 3: 30 });
    db.read();
    const frame = new Ref(0);
    expect(S.sqlite3WalFindFrame(db.wal, 2, frame)).toBe(OK);
    const out = new Uint8Array(2000).fill(255);
    expect(S.sqlite3WalReadFrame(db.wal, frame.value, 2000, out)).toBe(OK);
    expect([out[0], out[1023], out[1024]]).toEqual([20, 20, 255]);
    expect(S.sqlite3WalReadFrame(db.wal, frame.value, 3, out.fill(255))).toBe(OK);
    expect([...out.subarray(0, 4)]).toEqual([20, 20, 20, 255]);
    db.release();
    db.close();
  });
});
