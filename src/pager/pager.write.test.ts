/**
 * Tests of the pager's second half: getting pages, writing them, savepoints, commit and rollback, and
 * the switches around them.
 *
 * All of it runs on a memory disk. What is expected comes from what upstream says, from the journal's
 * format, or from a model of the database that knows only pages and values.
 */

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as S from "../index.js";
import { MemDisk, type MemDiskOptions, Ref, toCString } from "../index.js";

const OK = S.SQLITE_OK;
const DB_FLAGS = S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_MAIN_DB;
const TEMP_FLAGS =
  S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_EXCLUSIVE | S.SQLITE_OPEN_TEMP_DB;

/* Pager.eState, which pager.c keeps to itself. */
const OPEN = 0;
const READER = 1;
const LOCKED = 2;
const CACHEMOD = 3;
const DBMOD = 4;
const FINISHED = 5;
const ERROR = 6;

const NONE = S.SQLITE_LOCK_NONE;
const SHARED = S.SQLITE_LOCK_SHARED;
const RESERVED = S.SQLITE_LOCK_RESERVED;
const EXCLUSIVE = S.SQLITE_LOCK_EXCLUSIVE;

const DELETE = S.PAGER_JOURNALMODE_DELETE;
const PERSIST = S.PAGER_JOURNALMODE_PERSIST;
const OFF = S.PAGER_JOURNALMODE_OFF;
const TRUNCATE = S.PAGER_JOURNALMODE_TRUNCATE;
const MEMORY = S.PAGER_JOURNALMODE_MEMORY;
const WAL = S.PAGER_JOURNALMODE_WAL;
const MODE_NAMES = ["DELETE", "PERSIST", "OFF", "TRUNCATE", "MEMORY", "WAL"];

const NEED_SYNC = S.PGHDR_NEED_SYNC;
const DIRTY = S.PGHDR_DIRTY;
const WRITEABLE = S.PGHDR_WRITEABLE;

const PSOW = S.SQLITE_IOCAP_POWERSAFE_OVERWRITE;
const MAGIC = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
const EXTRA = 136;

/** How a {@link Db} is opened; everything may be left out. */
interface DbOptions {
  page?: number;
  mode?: number;
  /** PAGER_SYNCHRONOUS_* */
  sync?: number;
  /** Pages in the cache. */
  cache?: number;
  /** null: a temporary database. */
  name?: string | null;
  /** PAGER_MEMORY, PAGER_OMIT_JOURNAL. */
  flags?: number;
  vfsFlags?: number;
}

/**
 * A pager with what the layer above it does: page 1 is held while a transaction is open, every page is
 * filled with one value, and page 1 keeps its first hundred bytes.
 */
class Db {
  readonly disk: MemDisk;
  readonly pager: S.Pager;
  readonly page: number;
  one: S.DbPage | null = null;
  /** Pages that xReinit was called for. */
  readonly reinit: number[] = [];
  /** Calls of the busy handler, and what it answers. */
  busyCalls = 0;
  onBusy: () => number = () => 0;

  constructor(disk: MemDisk, o: DbOptions = {}) {
    this.disk = disk;
    this.page = o.page ?? 1024;
    const pp = new Ref<S.Pager | null>(null);
    const name = o.name === undefined ? "/db" : o.name;
    const rc = S.sqlite3PagerOpen(
      disk.vfs,
      pp,
      name === null ? null : toCString(`${name}\0`),
      EXTRA,
      o.flags ?? 0,
      o.vfsFlags ?? (name === null ? TEMP_FLAGS : DB_FLAGS),
      (pg) => this.reinit.push(pg.pgno),
    );
    expect(rc).toBe(OK);
    this.pager = pp.value!;
    S.sqlite3PagerSetBusyHandler(
      this.pager,
      () => {
        this.busyCalls++;
        return this.onBusy();
      },
      null,
    );
    S.sqlite3PagerSetFlags(this.pager, (o.sync ?? S.PAGER_SYNCHRONOUS_FULL) | S.PAGER_CACHESPILL);
    expect(S.sqlite3PagerSetPagesize(this.pager, new Ref(this.page), 0)).toBe(OK);
    S.sqlite3PagerSetCachesize(this.pager, o.cache ?? 100);
    if (o.mode !== undefined) expect(S.sqlite3PagerSetJournalMode(this.pager, o.mode)).toBe(o.mode);
  }

  get state(): number {
    return this.pager.eState;
  }

  /** Opens a read transaction and holds page 1. */
  read(): number {
    if (this.one !== null) return OK;
    let rc = OK;
    if (S.sqlite3PagerRefcount(this.pager) === 0) rc = S.sqlite3PagerSharedLock(this.pager);
    if (rc !== OK) return rc;
    const [rc2, one] = this.get(1);
    this.one = one;
    return rc2;
  }

  begin(exFlag = 0, inMemory = 0): this {
    expect(this.read()).toBe(OK);
    expect(S.sqlite3PagerBegin(this.pager, exFlag, inMemory)).toBe(OK);
    return this;
  }

  get(pgno: number, flags = 0): [number, S.DbPage | null] {
    const pp = new Ref<S.DbPage | null>(null);
    const rc = S.sqlite3PagerGet(this.pager, pgno, pp, flags);
    if ((pp.value === null) !== (rc !== OK)) throw new Error(`result code ${rc} and the page disagree`);
    return [rc, pp.value];
  }

  hold(pgno: number, flags = 0): S.DbPage {
    const [rc, pg] = this.get(pgno, flags);
    expect(rc).toBe(OK);
    return pg!;
  }

  unref(pg: S.DbPage): void {
    if (pg.pgno === 1) S.sqlite3PagerUnrefPageOne(pg);
    else S.sqlite3PagerUnref(pg);
  }

  /** Makes a page writable and fills it; the first code that is not OK. */
  trySet(pgno: number, v: number): number {
    const [rc, pg] = this.get(pgno);
    if (rc !== OK) return rc;
    const rc2 = S.sqlite3PagerWrite(pg!);
    if (rc2 === OK) this.fill(pg!, v);
    this.unref(pg!);
    return rc2;
  }

  set(pgno: number, v: number): void {
    expect(this.trySet(pgno, v)).toBe(OK);
  }

  fill(pg: S.DbPage, v: number): void {
    if (!S.sqlite3PagerIswriteable(pg)) throw new Error("the page is not writable");
    S.sqlite3PagerGetData(pg).fill(v, pg.pgno === 1 ? 100 : 0, this.page);
  }

  /** The flags of a cached page; -1 if it is not cached. */
  flags(pgno: number): number {
    const pg = S.sqlite3PagerLookup(this.pager, pgno);
    if (pg === null) return -1;
    const { flags } = pg;
    this.unref(pg);
    return flags;
  }

  value(pgno: number): number {
    const [rc, pg] = this.get(pgno);
    if (rc !== OK) throw new Error(`page ${pgno} cannot be had: ${rc}`);
    const data = S.sqlite3PagerGetData(pg!);
    const v = data[this.page - 1]!;
    let from = this.page;
    while (from > 0 && data[from - 1] === v) from--;
    this.unref(pg!);
    return from <= (pgno === 1 ? 100 : 0) ? v : -1;
  }

  /** The value of each page; needs a transaction. */
  values(): number[] {
    return Array.from({ length: this.pager.dbSize }, (_, i) => this.value(i + 1));
  }

  commit(zSuper: string | null = null, noSync = 0): void {
    const z = zSuper === null ? null : toCString(zSuper);
    expect(S.sqlite3PagerCommitPhaseOne(this.pager, z, noSync)).toBe(OK);
    expect(S.sqlite3PagerCommitPhaseTwo(this.pager)).toBe(OK);
  }

  rollback(): void {
    expect(S.sqlite3PagerRollback(this.pager)).toBe(OK);
  }

  /** Lets go of page 1, and thereby of the transaction. */
  release(): void {
    if (this.one !== null) {
      const { one } = this;
      this.one = null;
      S.sqlite3PagerUnrefPageOne(one);
    }
  }

  close(): void {
    this.release();
    expect(S.sqlite3PagerClose(this.pager, null)).toBe(OK);
  }

  get isTemp(): boolean {
    return this.pager.tempFile !== 0;
  }

  /** Page numbers of the records behind a journal header, up to the next header or the end. */
  journalled(hdr = 0): number[] {
    const found: number[] = [];
    const size = new Ref(0);
    expect(S.sqlite3OsFileSize(this.pager.jfd, size)).toBe(OK);
    const end = Math.min(size.value, this.pager.journalOff);
    for (let at = hdr + this.pager.sectorSize; at + this.page + 8 <= end; at += this.page + 8) {
      const rec = new Uint8Array(4);
      expect(S.sqlite3OsRead(this.pager.jfd, rec, 4, at)).toBe(OK);
      const pgno = S.sqlite3Get4byte(rec);
      if (pgno === 0 || pgno > 0xfffff) break;
      found.push(pgno);
    }
    return found;
  }
}

/** A disk with a database whose pages hold the given values. */
function diskWith(values: readonly number[], o: DbOptions = {}, options: MemDiskOptions = {}): MemDisk {
  const disk = new MemDisk({ sectorSize: 512, deviceCharacteristics: PSOW, ...options });
  const db = new Db(disk, { ...o, mode: DELETE });
  db.begin();
  values.forEach((v, i) => {
    db.set(i + 1, v);
  });
  db.commit();
  db.close();
  expect(disk.nOpen).toBe(0);
  return disk;
}

/** What a new pager, recovering if need be, finds on the disk. */
function valuesOn(disk: MemDisk, o: DbOptions = {}): number[] {
  const { mode: _, ...rest } = o;
  const db = new Db(disk, rest);
  expect(db.read()).toBe(OK);
  const values = db.values();
  db.close();
  return values;
}

/** The file as it is, without recovery: the last byte of each page. */
function rawValues(disk: MemDisk, page = 1024): number[] {
  const bytes = disk.exportFile("/db")!;
  return Array.from({ length: Math.ceil(bytes.length / page) }, (_, i) => bytes[(i + 1) * page - 1] ?? -1);
}

const range = (n: number, v = 1): number[] => Array.from({ length: n }, (_, i) => v + i);

const pendingByte = S.PENDING_BYTE();
expect(S.sqlite3_initialize()).toBe(OK);
const allocator = { ...S.sqlite3GlobalConfig.m };

beforeEach(() => {
  expect(S.sqlite3_initialize()).toBe(OK);
});

afterEach(() => {
  S.sqlite3GlobalConfig.m.assign(allocator);
  S.sqlite3_test_control(S.SQLITE_TESTCTRL_PENDING_BYTE, pendingByte);
  S.sqlite3_test_control(S.SQLITE_TESTCTRL_FAULT_INSTALL, null);
  S.sqlite3_shutdown();
});

/* ------------------------------------------------------------------ getting pages */

function cacheStat(db: Db, op: number, reset = 0): number {
  const n = new Ref(1000);
  S.sqlite3PagerCacheStat(db.pager, op, reset, n);
  return n.value - 1000;
}

const HIT = S.SQLITE_DBSTATUS_CACHE_HIT;
const MISS = S.SQLITE_DBSTATUS_CACHE_MISS;
const WRITES = S.SQLITE_DBSTATUS_CACHE_WRITE;
const SPILLS = S.SQLITE_DBSTATUS_CACHE_WRITE + 1;

describe("getting a page", () => {
  test("reads it once, counts misses and hits, clears the extra bytes", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk);
    expect(db.read()).toBe(OK);
    disk.startTrace();
    const pg = db.hold(2);
    expect([...S.sqlite3PagerGetExtra(pg)].slice(0, 8)).toEqual(Array(8).fill(0));
    expect(S.sqlite3PagerGetExtra(pg).length).toBe(EXTRA);
    S.sqlite3PagerGetExtra(pg)[3] = 7;
    const again = db.hold(2);
    expect(again).toBe(pg);
    expect(S.sqlite3PagerPageRefcount(pg)).toBe(2);
    expect(S.sqlite3PagerRefcount(db.pager)).toBe(3);
    expect(S.sqlite3PagerGetExtra(again)[3]).toBe(7);
    expect(disk.stopTrace().map((c) => [c.op, c.offset, c.amount])).toEqual([["read", 1024, 1024]]);
    db.unref(pg);
    db.unref(again);
    expect([cacheStat(db, MISS), cacheStat(db, HIT)]).toEqual([2, 1]);
    expect(cacheStat(db, HIT, 1)).toBe(1);
    expect([cacheStat(db, HIT), cacheStat(db, MISS)]).toEqual([0, 2]);
    db.close();
  });

  test("page 0 is corruption, and the out-pointer keeps what it held", () => {
    const disk = diskWith(range(3));
    for (const mmap of [0, 1 << 20]) {
      const db = new Db(disk);
      S.sqlite3PagerSetMmapLimit(db.pager, mmap);
      expect(db.read()).toBe(OK);
      const pp = new Ref<S.DbPage | null>(db.one);
      expect(S.sqlite3PagerGet(db.pager, 0, pp, 0)).toBe(S.SQLITE_CORRUPT);
      expect(pp.value).toBe(db.one);
      expect(db.state).toBe(READER);
      db.close();
    }
  });

  test("the page with the lock bytes is corruption, wherever it lies", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk);
    db.begin();
    for (const flags of [0, S.PAGER_GET_NOCONTENT]) {
      expect(db.get(0x40000000 / 1024 + 1, flags)[0]).toBe(S.SQLITE_CORRUPT);
    }
    expect(db.state).toBe(LOCKED);
    db.close();

    S.sqlite3_test_control(S.SQLITE_TESTCTRL_PENDING_BYTE, 0x400);
    const moved = new Db(disk);
    expect(moved.read()).toBe(OK);
    expect(moved.get(2)[0]).toBe(S.SQLITE_CORRUPT);
    expect(moved.value(3)).toBe(3);
    moved.close();
  });

  test("past the end, and with NOCONTENT, nothing is read and all bytes are zero", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk);
    expect(db.read()).toBe(OK);
    const misses = cacheStat(db, MISS);
    disk.startTrace();
    expect(db.value(4)).toBe(0);
    expect(db.value(0xfffffffe)).toBe(0);
    const pg = db.hold(3, S.PAGER_GET_NOCONTENT);
    expect(S.sqlite3PagerGetData(pg).every((b) => b === 0)).toBe(true);
    expect(disk.stopTrace()).toEqual([]);
    expect(cacheStat(db, MISS)).toBe(misses);
    /* A page that is cached is cleared as well. */
    S.sqlite3PagerUnref(pg);
    expect(db.value(2)).toBe(2);
    const two = db.hold(2, S.PAGER_GET_NOCONTENT);
    expect(S.sqlite3PagerGetData(two).every((b) => b === 0)).toBe(true);
    S.sqlite3PagerUnref(two);
    db.close();
  });

  test("a page got with NOCONTENT counts as journalled, for savepoints too, unless it is new", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk).begin();
    db.set(1, 9);
    expect(S.sqlite3PagerOpenSavepoint(db.pager, 1)).toBe(OK);
    const pg = db.hold(4, S.PAGER_GET_NOCONTENT);
    expect(S.sqlite3BitvecTest(db.pager.pInJournal, 4)).toBe(1);
    expect(S.sqlite3BitvecTest(db.pager.aSavepoint[0]!.pInSavepoint, 4)).toBe(1);
    const off = db.pager.journalOff;
    expect(S.sqlite3PagerWrite(pg)).toBe(OK);
    db.fill(pg, 44);
    expect([db.pager.journalOff, db.pager.nSubRec]).toEqual([off, 0]);
    expect(pg.flags & NEED_SYNC).toBe(0);
    S.sqlite3PagerUnref(pg);

    const beyond = db.hold(6, S.PAGER_GET_NOCONTENT);
    expect(S.sqlite3BitvecTest(db.pager.pInJournal, 6)).toBe(0);
    expect(S.sqlite3BitvecTest(db.pager.aSavepoint[0]!.pInSavepoint, 6)).toBe(0);
    S.sqlite3PagerUnref(beyond);
    db.commit();
    expect(db.values()).toEqual([9, 2, 3, 44, 5]);
    db.close();
    expect(valuesOn(disk)).toEqual([9, 2, 3, 44, 5]);
  });

  test("numbers above the limit are refused, those of existing pages only if the content is not wanted", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk).begin();
    expect(S.sqlite3PagerMaxPageCount(db.pager, 0)).toBe(0xfffffffe);
    expect(S.sqlite3PagerMaxPageCount(db.pager, 3)).toBe(3);
    expect(S.sqlite3PagerMaxPageCount(db.pager, 0)).toBe(3);
    expect(db.get(6)[0]).toBe(S.SQLITE_FULL);
    expect(db.flags(6)).toBe(-1);
    expect(db.value(5)).toBe(5);
    /* The cached page survives the refusal, dirty or not. */
    db.set(4, 40);
    expect(db.get(4, S.PAGER_GET_NOCONTENT)[0]).toBe(S.SQLITE_FULL);
    expect(db.value(4)).toBe(40);
    expect(S.sqlite3PagerRefcount(db.pager)).toBe(1);
    expect(db.state).toBe(CACHEMOD);
    db.commit();
    db.close();
    expect(valuesOn(disk)).toEqual([1, 2, 3, 40, 5]);
  });

  test("a failed read drops the page; if nothing else is held, the transaction ends", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk);
    expect(db.read()).toBe(OK);
    const fault = disk.addFault({ op: "read", nth: 1, persistent: true });
    expect(db.get(2)[0]).toBe(S.SQLITE_IOERR_READ);
    expect(db.flags(2)).toBe(-1);
    expect([db.state, db.pager.eLock]).toEqual([READER, SHARED]);
    db.release();
    disk.clearFaults(fault);
    S.sqlite3PagerClearCache(db.pager);
    expect(S.sqlite3PagerSharedLock(db.pager)).toBe(OK);
    expect(db.state).toBe(READER);
    disk.addFault({ op: "read", nth: 1 });
    expect(db.get(1)[0]).toBe(S.SQLITE_IOERR_READ);
    /* A real header never looks like this, so the next transaction empties the cache. */
    expect([...db.pager.dbFileVers]).toEqual(Array(16).fill(0xff));
    expect([db.state, db.pager.eLock]).toEqual([OPEN, NONE]);
    disk.clearFaults();
    expect(db.read()).toBe(OK);
    expect(db.values()).toEqual(range(5));
    db.close();
  });

  test("without room in the cache a dirty page is spilled; its error is the result", () => {
    const disk = diskWith(range(40));
    const db = new Db(disk, { cache: 10 }).begin();
    for (let i = 2; i <= 30; i++) db.set(i, 100 + i);
    expect(db.state).toBe(DBMOD);
    expect(cacheStat(db, SPILLS)).toBeGreaterThan(10);
    expect(cacheStat(db, WRITES)).toBe(cacheStat(db, SPILLS));
    expect(db.pager.refStressPage.value).toBeNull();
    db.rollback();

    db.begin();
    for (let i = 2; i <= 11; i++) db.set(i, 100 + i);
    disk.addFault({
      op: "write",
      nth: 1,
      persistent: true,
      code: S.SQLITE_FULL,
      when: (c) => c.file === "/db",
    });
    let rc = OK;
    for (let i = 12; i <= 30 && rc === OK; i++) rc = db.trySet(i, 100 + i);
    expect(rc).toBe(S.SQLITE_FULL);
    expect(db.pager.refStressPage.value).toBeNull();
    expect([db.state, db.pager.errCode]).toEqual([ERROR, S.SQLITE_FULL]);
    /* From now on everything says the same. */
    expect(db.get(2)[0]).toBe(S.SQLITE_FULL);
    expect(S.sqlite3PagerBegin(db.pager, 0, 0)).toBe(S.SQLITE_FULL);
    expect(S.sqlite3PagerRollback(db.pager)).toBe(S.SQLITE_FULL);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(S.SQLITE_FULL);
    expect(S.sqlite3PagerExclusiveLock(db.pager)).toBe(S.SQLITE_FULL);
    expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, -1)).toBe(S.SQLITE_FULL);
    expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_RELEASE, 0)).toBe(S.SQLITE_FULL);
    const pg = S.sqlite3PagerLookup(db.pager, 1)!;
    expect(S.sqlite3PagerWrite(pg)).toBe(S.SQLITE_FULL);
    db.unref(pg);
    disk.clearFaults();
    expect(db.get(2)[0]).toBe(S.SQLITE_FULL);
    /* The way out: let go of the last page. */
    db.release();
    expect([db.state, db.pager.errCode]).toEqual([OPEN, OK]);
    expect(db.read()).toBe(OK);
    expect(db.values()).toEqual(range(40));
    db.close();
  });

  test("while the cache may not grow, a busy spill is no error", () => {
    const disk = diskWith(range(40));
    const reader = new Db(disk);
    expect(reader.read()).toBe(OK);
    const db = new Db(disk, { cache: 10 }).begin();
    for (let i = 2; i <= 30; i++) db.set(i, 100 + i);
    expect(db.busyCalls).toBeGreaterThan(0);
    expect([db.state, db.pager.eLock]).toEqual([CACHEMOD, RESERVED]);
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(S.SQLITE_BUSY);
    reader.close();
    db.commit();
    db.close();
    expect(valuesOn(disk)).toEqual(range(40).map((v) => (v >= 2 && v <= 30 ? 100 + v : v)));
  });
});

describe("a mapped database", () => {
  test("hands out mapped pages while it only reads, except page 1", () => {
    const disk = diskWith(range(6));
    const db = new Db(disk);
    S.sqlite3PagerSetMmapLimit(db.pager, 1 << 20);
    expect(db.read()).toBe(OK);
    expect(db.one!.flags & S.PGHDR_MMAP).toBe(0);
    const pg = db.hold(2);
    expect(pg.flags & S.PGHDR_MMAP).not.toBe(0);
    expect(S.sqlite3PagerGetData(pg)[5]).toBe(2);
    expect(S.sqlite3PagerGetExtra(pg).length).toBe(EXTRA);
    expect([db.pager.nMmapOut, S.sqlite3PagerPageRefcount(pg)]).toEqual([1, 1]);
    /* Every reference is a header of its own; a returned one is used again, with 8 clear bytes. */
    const twin = db.hold(2);
    expect(twin).not.toBe(pg);
    S.sqlite3PagerGetExtra(twin).fill(0xee);
    S.sqlite3PagerUnref(twin);
    const three = db.hold(3);
    expect(three).toBe(twin);
    expect([...S.sqlite3PagerGetExtra(three)].slice(0, 9)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0xee]);
    S.sqlite3PagerUnref(three);
    S.sqlite3PagerUnref(pg);
    S.sqlite3PagerUnref(null);
    expect(db.pager.nMmapOut).toBe(0);
    /* The mapping ends too early for the last page: it is read. */
    const last = db.hold(6);
    expect(last.flags & S.PGHDR_MMAP).toBe(0);
    S.sqlite3PagerUnref(last);
    expect(S.sqlite3PagerRefcount(db.pager)).toBe(1);
    db.close();
  });

  test("in a write transaction maps only for READONLY, and only what the cache does not have", () => {
    const disk = diskWith(range(8));
    const db = new Db(disk);
    S.sqlite3PagerSetMmapLimit(db.pager, 1 << 20);
    db.begin();
    db.set(3, 33);
    const plain = db.hold(2);
    expect(plain.flags & S.PGHDR_MMAP).toBe(0);
    S.sqlite3PagerUnref(plain);
    const mapped = db.hold(4, S.PAGER_GET_READONLY);
    expect(mapped.flags & S.PGHDR_MMAP).not.toBe(0);
    expect(db.pager.nMmapOut).toBe(1);
    disk.startTrace();
    const cached = db.hold(3, S.PAGER_GET_READONLY);
    expect(cached.flags & S.PGHDR_MMAP).toBe(0);
    expect(S.sqlite3PagerGetData(cached)[0]).toBe(33);
    expect(disk.stopTrace().map((c) => c.op)).toEqual(["fetch", "unfetch"]);
    S.sqlite3PagerUnref(cached);
    S.sqlite3PagerUnref(mapped);
    const first = db.hold(1, S.PAGER_GET_READONLY);
    expect(first).toBe(db.one);
    db.unref(first);
    db.commit();
    db.close();
    expect(valuesOn(disk)).toEqual([1, 2, 33, 4, 5, 6, 7, 8]);
  });

  test("an immutable database is a temporary one that has a file", () => {
    const disk = diskWith(range(6));
    disk.deviceCharacteristics = PSOW | S.SQLITE_IOCAP_IMMUTABLE;
    const db = new Db(disk);
    expect(db.isTemp).toBe(true);
    S.sqlite3PagerSetMmapLimit(db.pager, 1 << 20);
    expect(db.read()).toBe(OK);
    const lookups = db.hold(4);
    expect(lookups.flags & S.PGHDR_MMAP).not.toBe(0);
    S.sqlite3PagerUnref(lookups);
    db.close();
  });

  test("errors of the mapping and of the allocator leave nothing behind", () => {
    const disk = diskWith(range(6));
    const db = new Db(disk);
    S.sqlite3PagerSetMmapLimit(db.pager, 1 << 20);
    expect(db.read()).toBe(OK);
    disk.addFault({ op: "fetch", nth: 1 });
    expect(db.get(2)[0]).toBe(S.SQLITE_IOERR_MMAP);
    disk.clearFaults();
    const heap = failAllocation(1);
    expect(db.get(2)[0]).toBe(S.SQLITE_NOMEM);
    heap.restore();
    expect(heap.failed).toBe(1);
    expect(db.pager.nMmapOut).toBe(0);
    expect(db.values()).toEqual(range(6));
    db.close();
    expect(disk.nOpen).toBe(0);
  });
});

/** Makes one allocation of the running library fail, the `nth` from now; blocks stay with their owner. */
function failAllocation(nth: number, persistent = false): { failed: number; restore: () => void } {
  const { m } = S.sqlite3GlobalConfig;
  const { xMalloc, xRealloc } = m;
  let n = 0;
  const heap = {
    failed: 0,
    restore: () => {
      m.xMalloc = xMalloc;
      m.xRealloc = xRealloc;
    },
  };
  const fails = () => {
    n++;
    if (n < nth || (n > nth && !persistent)) return false;
    heap.failed++;
    return true;
  };
  m.xMalloc = (size) => (fails() ? null : xMalloc(size));
  m.xRealloc = (p, size) => (fails() ? null : xRealloc(p, size));
  return heap;
}

/* ------------------------------------------------------------------ write transactions */

describe("beginning a write transaction", () => {
  test("takes RESERVED at once, or EXCLUSIVE through the busy handler", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk).begin();
    expect([db.state, db.pager.eLock]).toEqual([LOCKED, RESERVED]);
    const { dbSize, dbOrigSize, dbFileSize, dbHintSize } = db.pager;
    expect([dbSize, dbOrigSize, dbFileSize, dbHintSize]).toEqual([3, 3, 3, 3]);
    /* A second time changes only where a sub-journal will be. */
    expect(S.sqlite3PagerBegin(db.pager, 1, 7)).toBe(OK);
    expect([db.pager.eLock, db.pager.subjInMemory]).toEqual([RESERVED, 7]);

    const other = new Db(disk);
    expect(other.read()).toBe(OK);
    expect(S.sqlite3PagerBegin(other.pager, 0, 0)).toBe(S.SQLITE_BUSY);
    expect([other.state, other.pager.eLock, other.busyCalls]).toEqual([READER, SHARED, 0]);
    db.release();
    expect([db.state, db.pager.eLock]).toEqual([OPEN, NONE]);

    expect(db.read()).toBe(OK);
    let answers = 3;
    db.onBusy = () => (--answers > 0 ? 1 : 0);
    expect(S.sqlite3PagerBegin(db.pager, 1, 0)).toBe(S.SQLITE_BUSY);
    expect([db.state, db.pager.eLock, db.busyCalls]).toEqual([READER, RESERVED, 3]);
    db.onBusy = () => {
      other.release();
      return 1;
    };
    expect(S.sqlite3PagerBegin(db.pager, 1, 0)).toBe(OK);
    expect([db.state, db.pager.eLock]).toEqual([LOCKED, EXCLUSIVE]);
    db.close();
    other.close();
  });

  test("subjInMemory is a byte", () => {
    const db = new Db(diskWith([1])).begin(0, 0x102);
    expect(db.pager.subjInMemory).toBe(2);
    db.close();
  });
});

describe("writing a page", () => {
  test("the first write opens the journal; each page is journalled once, as it was", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk).begin();
    expect(disk.exists("/db-journal")).toBe(false);
    db.set(3, 33);
    expect(db.state).toBe(CACHEMOD);
    expect(db.flags(3) & (DIRTY | NEED_SYNC | WRITEABLE)).toBe(DIRTY | NEED_SYNC | WRITEABLE);
    db.set(3, 34);
    db.set(5, 55);
    expect(db.journalled()).toEqual([3, 5]);
    expect([db.pager.nRec, db.pager.journalOff]).toEqual([2, 512 + 2 * 1032]);

    const bytes = disk.exportFile("/db-journal")!;
    const rec = bytes.subarray(512 + 1032, 512 + 2 * 1032);
    expect(S.sqlite3Get4byte(rec)).toBe(5);
    expect(rec.subarray(4, 1028).every((b) => b === 5)).toBe(true);
    /* Every 200th byte from the end: 824, 624, 424, 224, 24. */
    expect(S.sqlite3Get4byte(rec, 1028) >>> 0).toBe((db.pager.cksumInit + 5 * 5) >>> 0);
    db.rollback();
    expect(db.values()).toEqual(range(5));
    db.close();
  });

  test("a page past the old end needs no record, but the header on disk before it", () => {
    const db = new Db(diskWith(range(3))).begin();
    db.set(5, 55);
    expect(db.pager.dbSize).toBe(5);
    expect(db.journalled()).toEqual([]);
    expect(db.flags(5) & NEED_SYNC).toBe(NEED_SYNC);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(db.state).toBe(DBMOD);
    db.set(6, 66);
    expect(db.flags(6) & (NEED_SYNC | DIRTY)).toBe(DIRTY);
    /* Nothing was ever written to page 4. */
    db.commit();
    expect(db.values()).toEqual([1, 2, 3, 0, 55, 66]);
    db.close();
  });

  test("after the file has been written, new records go into a new section and need another sync", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk).begin();
    db.set(2, 22);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect([db.state, db.flags(2) & DIRTY, rawValues(disk)[1]]).toEqual([DBMOD, 0, 22]);
    const second = db.pager.journalHdr;
    expect(second).toBe(2048);
    db.set(3, 33);
    expect(db.flags(3) & NEED_SYNC).toBe(NEED_SYNC);
    db.set(2, 23);
    expect(db.flags(2) & (NEED_SYNC | DIRTY)).toBe(DIRTY);
    expect(db.pager.journalOff).toBe(second + 512 + 1032);
    db.rollback();
    expect(rawValues(disk)).toEqual(range(5));
    db.close();
    expect(valuesOn(disk)).toEqual(range(5));
  });

  test("a writable page may be written again after phase one, others may not", () => {
    const db = new Db(diskWith(range(3))).begin();
    db.set(2, 22);
    const pg = db.hold(2);
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(OK);
    expect(db.state).toBe(FINISHED);
    expect(S.sqlite3PagerIswriteable(pg)).toBe(0);
    S.sqlite3PagerUnref(pg);
    expect(S.sqlite3PagerCommitPhaseTwo(db.pager)).toBe(OK);
    db.close();
  });

  test("if the journal cannot be begun, nothing has happened", () => {
    const disk = diskWith(range(3));
    const isJournal = (c: Readonly<S.MemCall>) => c.file === "/db-journal";
    const isMoved = (c: Readonly<S.MemCall>) => c.arg === S.SQLITE_FCNTL_HAS_MOVED;
    const failures: [S.MemFaultRule, number][] = [
      [{ op: "open", nth: 1, when: isJournal }, S.SQLITE_CANTOPEN],
      [{ op: "write", nth: 1, when: isJournal, partial: 100 }, S.SQLITE_IOERR_WRITE],
      [{ op: "filecontrol", nth: 1, when: isMoved, code: S.SQLITE_IOERR }, S.SQLITE_IOERR],
    ];
    const db = new Db(disk);
    for (const [rule, expected] of failures) {
      db.begin();
      disk.addFault(rule);
      expect(db.trySet(2, 22)).toBe(expected);
      expect([db.state, db.pager.journalOff, db.pager.pInJournal]).toEqual([LOCKED, 0, null]);
      expect(db.flags(2) & (DIRTY | WRITEABLE)).toBe(0);
      disk.clearFaults();
      db.set(3, 33);
      expect(db.state).toBe(CACHEMOD);
      db.rollback();
      expect(db.values()).toEqual(range(3));
      db.release();
    }
    db.begin();
    const heap = failAllocation(1);
    expect(db.trySet(2, 22)).toBe(S.SQLITE_NOMEM);
    heap.restore();
    expect([heap.failed, db.state]).toEqual([1, LOCKED]);
    db.close();
    expect(valuesOn(disk)).toEqual(range(3));
  });

  test("a database that has lost its name is not journalled", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk).begin();
    disk.removeFile("/db");
    expect(db.trySet(2, 22)).toBe(S.SQLITE_READONLY_DBMOVED);
    expect([db.state, disk.exists("/db-journal")]).toEqual([LOCKED, false]);
    db.close();
  });

  test("a record that could not be written leaves the page dirty, unwritable, and not to be restored", () => {
    const disk = diskWith(range(3));
    for (const nth of [1, 2, 3]) {
      const db = new Db(disk).begin();
      db.set(1, 11);
      disk.addFault({ op: "write", nth, partial: 2 });
      const off = db.pager.journalOff;
      expect(db.trySet(2, 22)).toBe(S.SQLITE_IOERR_WRITE);
      disk.clearFaults();
      expect([db.pager.journalOff, db.pager.nRec]).toEqual([off, 1]);
      expect(db.flags(2) & (DIRTY | NEED_SYNC | WRITEABLE)).toBe(DIRTY | NEED_SYNC);
      expect(S.sqlite3BitvecTest(db.pager.pInJournal, 2)).toBe(0);
      if (nth === 2) db.set(2, 22);
      db.rollback();
      expect(db.values()).toEqual(range(3));
      db.close();
    }
    expect(valuesOn(disk)).toEqual(range(3));
  });

  test("out of memory after the record was written: the record counts", () => {
    /* The bitmap of a large database begins as a table of numbers and is rebuilt when that is full. */
    const disk = new MemDisk({ sectorSize: 512, deviceCharacteristics: PSOW });
    disk.importFile("/db", new Uint8Array(8000 * 512).fill(7));
    const db = new Db(disk, { page: 512, cache: 1000 }).begin();
    db.set(1, 8);
    let rc = OK;
    let n = 1;
    for (let pgno = 50; rc === OK && n < 500; pgno += 50) {
      const pg = db.hold(pgno);
      const heap = failAllocation(1);
      rc = S.sqlite3PagerWrite(pg);
      heap.restore();
      n++;
      expect(db.pager.nRec).toBe(n);
      expect(pg.flags & (DIRTY | NEED_SYNC)).toBe(DIRTY | NEED_SYNC);
      expect(pg.flags & WRITEABLE).toBe(rc === OK ? WRITEABLE : 0);
      if (rc === OK) db.fill(pg, 9);
      S.sqlite3PagerUnref(pg);
    }
    expect(rc).toBe(S.SQLITE_NOMEM);
    db.rollback();
    for (let pgno = 50; pgno <= n * 50; pgno += 50) expect(db.value(pgno)).toBe(7);
    db.close();
  });

  test("without a journal nothing is journalled", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk, { mode: OFF }).begin();
    db.set(2, 22);
    expect([db.state, db.pager.pInJournal, S.isOpen(db.pager.jfd)]).toEqual([CACHEMOD, null, false]);
    expect(db.flags(2) & NEED_SYNC).toBe(0);
    db.commit();
    db.close();
    expect(disk.list()).toEqual(["/db"]);
    expect(valuesOn(disk)).toEqual([1, 22, 3]);
  });

  test("the journal of MEMORY mode is in memory, that of a temporary database in a temporary file", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk, { mode: MEMORY }).begin();
    db.set(2, 22);
    expect(S.sqlite3JournalIsInMemory(db.pager.jfd)).toBe(1);
    expect(disk.list()).toEqual(["/db"]);
    db.rollback();
    expect(S.isOpen(db.pager.jfd)).toBe(false);
    expect(db.values()).toEqual(range(3));
    db.close();

    const spill = S.sqlite3GlobalConfig.nStmtSpill;
    S.sqlite3GlobalConfig.nStmtSpill = 0;
    const temp = new Db(disk, { name: null }).begin();
    disk.startTrace();
    temp.set(1, 5);
    const opened = disk.stopTrace().filter((c) => c.op === "open");
    S.sqlite3GlobalConfig.nStmtSpill = spill;
    const flags =
      S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_EXCLUSIVE | S.SQLITE_OPEN_DELETEONCLOSE;
    expect(opened.map((c) => c.arg)).toEqual([flags | S.SQLITE_OPEN_TEMP_JOURNAL]);
    temp.close();
    expect(disk.nOpen).toBe(0);
  });

  test("in exclusive mode a journal that persists is used again, from its start", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk, { mode: PERSIST });
    expect(S.sqlite3PagerLockingMode(db.pager, S.PAGER_LOCKINGMODE_EXCLUSIVE)).toBe(1);
    db.begin();
    db.set(2, 22);
    db.commit();
    expect(S.isOpen(db.pager.jfd)).toBe(true);
    expect(db.begin().state).toBe(LOCKED);
    disk.startTrace();
    db.set(3, 33);
    expect(disk.stopTrace().some((c) => c.op === "open")).toBe(false);
    expect(db.journalled()).toEqual([3]);
    db.rollback();
    expect(db.values()).toEqual([1, 22, 3]);
    db.close();
  });
});

describe("sectors larger than a page", () => {
  const nothing = { deviceCharacteristics: 0 };

  test("a write journals the whole sector, each page once", () => {
    const disk = diskWith(range(10), {}, { sectorSize: 4096, ...nothing });
    const db = new Db(disk).begin();
    expect(db.pager.sectorSize).toBe(4096);
    db.set(6, 66);
    expect(db.journalled()).toEqual([5, 6, 7, 8]);
    for (const pgno of [5, 6, 7, 8]) {
      expect(db.flags(pgno) & (DIRTY | NEED_SYNC | WRITEABLE)).toBe(DIRTY | NEED_SYNC | WRITEABLE);
    }
    db.set(7, 77);
    expect(db.journalled()).toEqual([5, 6, 7, 8]);
    /* The last sector is cut off by the end of the database. */
    db.set(10, 100);
    expect(db.journalled()).toEqual([5, 6, 7, 8, 9, 10]);
    /* A new page takes the old ones before it along, not those behind it. */
    db.set(11, 110);
    expect(db.journalled()).toEqual([5, 6, 7, 8, 9, 10]);
    expect(db.pager.dbSize).toBe(11);
    expect(db.pager.doNotSpill).toBe(0);
    db.commit();
    expect(db.values()).toEqual([1, 2, 3, 4, 5, 66, 77, 8, 9, 100, 110]);
    db.close();
    expect(valuesOn(disk)).toEqual([1, 2, 3, 4, 5, 66, 77, 8, 9, 100, 110]);
  });

  test("a page past the end brings the pages between into being", () => {
    const disk = diskWith(range(2), {}, { sectorSize: 4096, ...nothing });
    const db = new Db(disk).begin();
    db.set(7, 77);
    expect(db.pager.dbSize).toBe(7);
    expect(db.journalled()).toEqual([]);
    expect([5, 6, 7, 8, 3].map((p) => (db.flags(p) < 0 ? -1 : db.flags(p) & NEED_SYNC))).toEqual([
      NEED_SYNC,
      NEED_SYNC,
      NEED_SYNC,
      -1,
      -1,
    ]);
    db.commit();
    expect(db.values()).toEqual([1, 2, 0, 0, 0, 0, 77]);
    db.close();
  });

  test("if one page of the sector needs the journal synced first, all do", () => {
    const disk = diskWith(range(10), {}, { sectorSize: 4096, ...nothing });
    const db = new Db(disk).begin();
    db.set(1, 11);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    /* NOCONTENT marks 6 as journalled without a record, so that it needs no sync for itself. */
    const six = db.hold(6, S.PAGER_GET_NOCONTENT);
    expect(S.sqlite3PagerWrite(six)).toBe(OK);
    db.fill(six, 66);
    expect(db.journalled().slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect([5, 6, 7, 8].map((p) => db.flags(p) & NEED_SYNC)).toEqual([8, 8, 8, 8].map(() => NEED_SYNC));
    S.sqlite3PagerUnref(six);
    /* All of them journalled: the flags are found on cached pages, whoever is not cached is passed over. */
    const eight = db.hold(8);
    S.sqlite3PagerDontWrite(eight);
    expect(S.sqlite3PagerIswriteable(eight)).toBe(0);
    const seven = S.sqlite3PagerLookup(db.pager, 7)!;
    seven.flags |= NEED_SYNC;
    eight.flags &= ~NEED_SYNC;
    S.sqlite3PagerUnref(seven);
    const five = S.sqlite3PagerLookup(db.pager, 5)!;
    S.sqlite3PcacheMakeClean(five);
    S.sqlite3PcacheDrop(five);
    expect(S.sqlite3PagerWrite(eight)).toBe(OK);
    expect(eight.flags & NEED_SYNC).toBe(NEED_SYNC);
    expect(db.flags(5)).toBe(-1);
    db.fill(eight, 8);
    S.sqlite3PagerUnref(eight);
    db.rollback();
    /* Nobody kept the old content of page 6, as nobody wanted it; the file has it still. */
    expect(db.values()).toEqual([1, 2, 3, 4, 5, 66, 7, 8, 9, 10]);
    db.close();
    expect(valuesOn(disk)).toEqual(range(10));
  });

  test("in DBMOD, new pages of a synced sector need no sync", () => {
    const disk = diskWith(range(5), {}, { sectorSize: 4096, ...nothing });
    const db = new Db(disk).begin();
    db.set(5, 55);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    db.set(6, 66);
    expect([5, 6].map((p) => db.flags(p) & NEED_SYNC)).toEqual([0, 0]);
    db.commit();
    expect(db.values()).toEqual([1, 2, 3, 4, 55, 66]);
    db.close();
  });

  test("the lock page is left out, in the middle of a sector and at its start", () => {
    S.sqlite3_test_control(S.SQLITE_TESTCTRL_PENDING_BYTE, 0x1000);
    const disk = new MemDisk({ sectorSize: 4096, deviceCharacteristics: 0 });
    const db = new Db(disk).begin();
    for (const pgno of [1, 2, 3, 4, 6, 7, 8, 9]) db.set(pgno, pgno);
    db.commit();
    expect(S.PAGER_SJ_PGNO(db.pager)).toBe(5);
    expect(
      disk
        .exportFile("/db")!
        .subarray(4096, 5120)
        .every((b) => b === 0),
    ).toBe(true);
    db.begin();
    db.set(7, 77);
    expect(db.journalled()).toEqual([6, 7, 8]);
    db.rollback();
    expect(db.value(7)).toBe(7);
    db.close();
  });

  test("the journal is not divided within a sector, however small the cache", () => {
    const disk = diskWith(range(200), { page: 512 }, { sectorSize: 65536, ...nothing });
    const db = new Db(disk, { page: 512, cache: 10 }).begin();
    db.set(130, 5);
    expect(db.journalled()).toEqual(range(72, 129));
    expect([db.state, cacheStat(db, SPILLS)]).toEqual([CACHEMOD, 0]);
    /* Getting page 3 may spill, which starts a new section; getting the others must not. */
    db.set(3, 6);
    expect([db.state, db.pager.doNotSpill]).toEqual([DBMOD, 0]);
    expect(db.pager.journalHdr).toBe(65536 + 65536);
    expect(db.journalled(db.pager.journalHdr)).toEqual(range(128, 1));
    db.rollback();
    expect(db.values()).toEqual(range(200));
    db.close();
    expect(valuesOn(disk, { page: 512 })).toEqual(range(200));
  });

  test("an error in the middle is returned, and spilling is allowed again", () => {
    const disk = diskWith(range(8), {}, { sectorSize: 4096, ...nothing });
    const db = new Db(disk).begin();
    db.set(1, 11);
    const inDb = { op: "read", nth: 1, when: (c: Readonly<S.MemCall>) => c.offset === 6 * 1024 } as const;
    disk.addFault(inDb);
    expect(db.trySet(5, 55)).toBe(S.SQLITE_IOERR_READ);
    disk.clearFaults();
    expect(db.journalled()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(db.pager.doNotSpill).toBe(0);
    disk.addFault({ op: "write", nth: 2 });
    expect(db.trySet(8, 88)).toBe(S.SQLITE_IOERR_WRITE);
    disk.clearFaults();
    expect(db.pager.doNotSpill).toBe(0);
    db.rollback();
    expect(db.values()).toEqual(range(8));
    db.close();
  });
});

describe("a page that need not be written", () => {
  test("is neither written nor journalled again, until it is changed again", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk).begin();
    db.set(1, 11);
    db.set(3, 33);
    const pg = db.hold(3);
    S.sqlite3PagerDontWrite(pg);
    expect(pg.flags & (S.PGHDR_DONT_WRITE | WRITEABLE | DIRTY)).toBe(S.PGHDR_DONT_WRITE | DIRTY);
    S.sqlite3PagerUnref(pg);
    db.commit();
    expect(rawValues(disk)).toEqual([11, 2, 3, 4, 5]);

    db.begin();
    db.set(3, 44);
    const again = db.hold(3);
    S.sqlite3PagerDontWrite(again);
    db.set(3, 45);
    expect(again.flags & (S.PGHDR_DONT_WRITE | WRITEABLE)).toBe(WRITEABLE);
    expect(db.journalled()).toEqual([3]);
    S.sqlite3PagerUnref(again);
    db.commit();
    db.close();
    expect(valuesOn(disk)).toEqual([11, 2, 45, 4, 5]);
  });

  test("does not exist for clean pages, inside savepoints and in temporary databases", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk).begin();
    const clean = db.hold(2);
    S.sqlite3PagerDontWrite(clean);
    expect(clean.flags).toBe(S.PGHDR_CLEAN);
    S.sqlite3PagerUnref(clean);
    db.set(3, 33);
    expect(S.sqlite3PagerOpenSavepoint(db.pager, 1)).toBe(OK);
    const pg = db.hold(3);
    S.sqlite3PagerDontWrite(pg);
    expect(pg.flags & WRITEABLE).toBe(WRITEABLE);
    S.sqlite3PagerUnref(pg);
    db.close();

    const temp = new Db(disk, { name: null }).begin();
    temp.set(1, 1);
    const one = temp.hold(1);
    S.sqlite3PagerDontWrite(one);
    expect(one.flags & WRITEABLE).toBe(WRITEABLE);
    temp.unref(one);
    temp.close();
  });
});

/* ------------------------------------------------------------------ savepoints */

const savepoint = (db: Db, n: number) => expect(S.sqlite3PagerOpenSavepoint(db.pager, n)).toBe(OK);
const rollbackTo = (db: Db, i: number) =>
  expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, i)).toBe(OK);
const releaseTo = (db: Db, i: number) =>
  expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_RELEASE, i)).toBe(OK);

describe("savepoints", () => {
  test("remember size, journal and sub-journal; opening fewer than there are does nothing", () => {
    const db = new Db(diskWith(range(5))).begin(0, 1);
    savepoint(db, 1);
    expect(db.pager.aSavepoint[0]).toMatchObject({
      iOffset: 512,
      iSubRec: 0,
      nOrig: 5,
      bTruncateOnRelease: 1,
    });
    db.set(2, 22);
    savepoint(db, 3);
    expect(db.pager.aSavepoint[2]).toMatchObject({ iOffset: 512 + 1032, iSubRec: 0, nOrig: 5 });
    db.set(2, 23);
    expect(db.pager.nSubRec).toBe(1);
    savepoint(db, 2);
    savepoint(db, 0);
    expect(db.pager.nSavepoint).toBe(3);
    db.set(6, 66);
    savepoint(db, 4);
    expect(db.pager.aSavepoint[3]).toMatchObject({ iSubRec: 1, nOrig: 6 });
    rollbackTo(db, 4);
    releaseTo(db, 4);
    expect(db.pager.nSavepoint).toBe(4);
    rollbackTo(db, 1);
    expect([db.pager.nSavepoint, db.pager.dbSize]).toEqual([2, 5]);
    expect(db.values()).toEqual([1, 22, 3, 4, 5]);
    rollbackTo(db, 0);
    expect(db.values()).toEqual(range(5));
    db.close();
  });

  test("a record serves all savepoints that have the page; new pages need none", () => {
    const db = new Db(diskWith(range(5))).begin(0, 1);
    savepoint(db, 2);
    db.set(2, 22);
    /* Journalled in the main journal after both savepoints: that is enough for them. */
    expect(db.pager.nSubRec).toBe(0);
    savepoint(db, 3);
    db.set(2, 23);
    db.set(2, 24);
    expect(db.pager.nSubRec).toBe(1);
    db.set(7, 77);
    expect(db.pager.nSubRec).toBe(1);
    savepoint(db, 4);
    db.set(7, 78);
    expect(db.pager.nSubRec).toBe(2);
    rollbackTo(db, 3);
    expect(db.values()).toEqual([1, 24, 3, 4, 5, 0, 77]);
    rollbackTo(db, 2);
    expect(db.values()).toEqual([1, 22, 3, 4, 5]);
    db.commit();
    expect(db.pager.nSavepoint).toBe(0);
    expect(db.values()).toEqual([1, 22, 3, 4, 5]);
    db.close();
  });

  test("releasing cuts a sub-journal in memory, unless an outer savepoint needs what it holds", () => {
    const db = new Db(diskWith(range(5))).begin(0, 1);
    db.set(2, 22);
    db.set(3, 33);
    savepoint(db, 1);
    db.set(2, 23);
    savepoint(db, 2);
    db.set(2, 24);
    expect(db.pager.nSubRec).toBe(2);
    const size = new Ref(0);
    const sub = () => {
      expect(S.sqlite3OsFileSize(db.pager.sjfd, size)).toBe(OK);
      return size.value;
    };
    expect(sub()).toBe(2 * 1028);
    releaseTo(db, 1);
    expect([db.pager.nSubRec, sub()]).toEqual([1, 1028]);
    savepoint(db, 2);
    db.set(3, 34); /* savepoint 0 needs this record too */
    expect(db.pager.aSavepoint[1]!.bTruncateOnRelease).toBe(0);
    releaseTo(db, 1);
    expect([db.pager.nSubRec, sub()]).toEqual([2, 2 * 1028]);
    rollbackTo(db, 0);
    expect(db.values()).toEqual([1, 22, 33, 4, 5]);
    releaseTo(db, 0);
    expect(db.pager.nSubRec).toBe(0);
    db.close();
  });

  test("a sub-journal on disk is not cut, only its count goes back", () => {
    S.sqlite3GlobalConfig.nStmtSpill = 0;
    const disk = diskWith(range(5));
    const db = new Db(disk).begin(0, 0);
    db.set(2, 22);
    savepoint(db, 1);
    disk.startTrace();
    db.set(2, 23);
    releaseTo(db, 0);
    const trace = disk.stopTrace();
    expect(trace.map((c) => c.op)).not.toContain("truncate");
    expect(trace.filter((c) => c.op === "open").length).toBe(1);
    expect(S.sqlite3JournalIsInMemory(db.pager.sjfd)).toBe(0);
    expect(db.pager.nSubRec).toBe(0);
    savepoint(db, 1);
    db.set(2, 24);
    rollbackTo(db, 0);
    expect(db.values()).toEqual([1, 23, 3, 4, 5]);
    db.close();
    S.sqlite3GlobalConfig.nStmtSpill = S.SQLITE_STMTJRNL_SPILL;
    expect(disk.nOpen).toBe(0);
  });

  test("without a journal there are none", () => {
    const db = new Db(new MemDisk(), { name: null, flags: S.PAGER_OMIT_JOURNAL }).begin();
    db.set(1, 1);
    savepoint(db, 3);
    expect(db.pager.nSavepoint).toBe(0);
    rollbackTo(db, 0);
    expect(db.values()).toEqual([1]);
    db.close();
  });

  test("in journal mode OFF they exist but cannot undo anything", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk, { mode: OFF }).begin();
    db.set(2, 22);
    savepoint(db, 2);
    db.set(2, 23);
    db.set(3, 33);
    rollbackTo(db, 0);
    expect(db.pager.nSavepoint).toBe(1);
    expect(db.values()).toEqual([1, 23, 33]);
    db.commit();
    db.close();
    expect(valuesOn(disk)).toEqual([1, 23, 33]);
  });

  test("rolling back to -1 undoes the transaction without ending it", () => {
    const db = new Db(diskWith(range(4))).begin();
    db.set(2, 22);
    savepoint(db, 2);
    db.set(3, 33);
    db.set(6, 66);
    rollbackTo(db, -1);
    expect([db.state, db.pager.nSavepoint, db.pager.dbSize]).toEqual([CACHEMOD, 0, 4]);
    expect(db.values()).toEqual(range(4));
    db.set(4, 44);
    db.commit();
    expect(db.values()).toEqual([1, 2, 3, 44]);
    db.close();
  });

  test("out of memory: as many as could be opened", () => {
    const db = new Db(diskWith(range(3))).begin();
    db.set(2, 22);
    let heap = failAllocation(1);
    expect(S.sqlite3PagerOpenSavepoint(db.pager, 3)).toBe(S.SQLITE_NOMEM);
    expect(db.pager.nSavepoint).toBe(0);
    heap.restore();
    heap = failAllocation(3);
    expect(S.sqlite3PagerOpenSavepoint(db.pager, 3)).toBe(S.SQLITE_NOMEM);
    expect(db.pager.nSavepoint).toBe(1);
    heap.restore();
    savepoint(db, 3);
    db.set(2, 23);
    heap = failAllocation(1);
    expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, 1)).toBe(S.SQLITE_NOMEM);
    heap.restore();
    rollbackTo(db, 1);
    expect(db.values()).toEqual([1, 22, 3]);
    db.close();
  });
});

/* One step of a random transaction. Page numbers and savepoints are taken modulo what there is. */
type Step =
  | { do: "set"; pgno: number; v: number }
  | { do: "append"; n: number; v: number }
  | { do: "move"; from: number; to: number; v: number }
  | { do: "savepoint" }
  | { do: "release"; i: number }
  | { do: "rollbackTo"; i: number }
  | { do: "flush" }
  | { do: "end"; commit: boolean };

const arbStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("set" as const), pgno: fc.nat(), v: fc.nat(250) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      n: fc.integer({ min: 1, max: 5 }),
      v: fc.nat(250),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("move" as const), from: fc.nat(), to: fc.nat(), v: fc.nat(250) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("savepoint" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("release" as const), i: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("rollbackTo" as const), i: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("flush" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("end" as const), commit: fc.boolean() }) },
);

/** The database as a list of values, with what transaction and savepoints remember. */
class Model {
  now: number[];
  start: number[];
  saved: number[][] = [];

  constructor(values: readonly number[]) {
    this.now = [...values];
    this.start = [...values];
  }
}

function runSteps(db: Db, model: Model, steps: readonly Step[]): void {
  for (const s of steps) {
    if (s.do === "set") {
      const pgno = 1 + (s.pgno % model.now.length);
      db.set(pgno, s.v);
      model.now[pgno - 1] = s.v;
    } else if (s.do === "append") {
      for (let i = 0; i < s.n; i++) {
        db.set(model.now.length + 1, s.v);
        model.now.push(s.v);
      }
    } else if (s.do === "move") {
      /* As auto-vacuum does it: the target is journalled first, the old place gets other content. */
      const n = model.now.length - 1;
      const from = 2 + (s.from % n);
      const to = 2 + (s.to % n);
      if (from === to) continue;
      db.set(to, 0);
      const pg = db.hold(from);
      expect(S.sqlite3PagerMovepage(db.pager, pg, to, 0)).toBe(OK);
      expect(pg.pgno).toBe(to);
      S.sqlite3PagerUnref(pg);
      db.set(from, s.v);
      model.now[to - 1] = model.now[from - 1]!;
      model.now[from - 1] = s.v;
    } else if (s.do === "savepoint") {
      savepoint(db, model.saved.length + 1);
      model.saved.push([...model.now]);
    } else if (s.do === "release" && model.saved.length > 0) {
      const i = s.i % model.saved.length;
      releaseTo(db, i);
      model.saved.length = i;
    } else if (s.do === "rollbackTo") {
      const i = (s.i % (model.saved.length + 1)) - 1;
      rollbackTo(db, i);
      model.now = [...(i < 0 ? model.start : model.saved[i]!)];
      model.saved.length = i + 1;
    } else if (s.do === "flush") {
      if (db.state >= CACHEMOD) expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    } else if (s.do === "end") {
      if (s.commit) db.commit();
      else db.rollback();
      model.now = [...(s.commit ? model.now : model.start)];
      model.start = [...model.now];
      model.saved = [];
      expect(db.values()).toEqual(model.now);
      db.begin(0, s.commit ? 1 : 0);
    }
    expect([db.pager.dbSize, db.pager.nSavepoint]).toEqual([model.now.length, model.saved.length]);
  }
  expect(db.values()).toEqual(model.now);
}

describe("random transactions with savepoints and spills do what the model does", () => {
  const devices: [string, MemDiskOptions][] = [
    ["sector 512, psow", { sectorSize: 512, deviceCharacteristics: PSOW }],
    ["sector 4096", { sectorSize: 4096, deviceCharacteristics: 0 }],
    ["safe append", { sectorSize: 512, deviceCharacteristics: PSOW | S.SQLITE_IOCAP_SAFE_APPEND }],
  ];
  for (const [device, options] of devices) {
    for (const mode of [DELETE, TRUNCATE, PERSIST, MEMORY]) {
      test(`${MODE_NAMES[mode]}, ${device}`, () => {
        fc.assert(
          fc.property(
            fc.array(arbStep, { minLength: 20, maxLength: 60 }),
            fc.boolean(),
            (steps, exclusive) => {
              const disk = diskWith(range(15), {}, options);
              const db = new Db(disk, { mode, cache: 6 });
              S.sqlite3PagerLockingMode(db.pager, exclusive ? 1 : 0);
              const model = new Model(range(15));
              runSteps(db.begin(), model, steps);
              db.commit();
              expect(db.values()).toEqual(model.now);
              db.close();
              expect(disk.nOpen).toBe(0);
              expect(valuesOn(disk)).toEqual(model.now);
            },
          ),
          { numRuns: 25, seed: 1000 + mode },
        );
      });
    }
  }

  const temporary: [string, DbOptions][] = [
    ["a temporary file", { name: null, cache: 6 }],
    ["a temporary file that is never large enough to exist", { name: null }],
    ["memory", { name: null, flags: S.PAGER_MEMORY }],
  ];
  for (const [what, o] of temporary) {
    test(what, () => {
      fc.assert(
        fc.property(fc.array(arbStep, { minLength: 20, maxLength: 60 }), (steps) => {
          const disk = new MemDisk({ sectorSize: 512, deviceCharacteristics: PSOW });
          const db = new Db(disk, o).begin();
          for (const v of range(15)) db.set(v, v);
          db.commit();
          const model = new Model(range(15));
          runSteps(db.begin(), model, steps);
          db.rollback();
          expect(db.values()).toEqual(model.start);
          db.close();
          expect(disk.nOpen).toBe(0);
        }),
        { numRuns: 25, seed: 77 },
      );
    });
  }
});

describe("moving a page", () => {
  function move(db: Db, from: number, to: number, isCommit = 0): number {
    const pg = db.hold(from);
    const rc = S.sqlite3PagerMovepage(db.pager, pg, to, isCommit);
    S.sqlite3PagerUnref(pg);
    return rc;
  }

  test("to a page that is not cached, and a clean page", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk).begin();
    db.set(1, 11);
    const pg = db.hold(5);
    expect(S.sqlite3PagerMovepage(db.pager, pg, 3, 1)).toBe(OK);
    expect([pg.pgno, pg.flags & (DIRTY | NEED_SYNC)]).toEqual([3, DIRTY]);
    expect(db.flags(5)).toBe(-1);
    S.sqlite3PagerUnref(pg);
    S.sqlite3PagerTruncateImage(db.pager, 4);
    db.commit();
    expect(db.values()).toEqual([11, 2, 5, 4]);
    db.close();
    expect(rawValues(disk)).toEqual([11, 2, 5, 4]);
  });

  test("what needs the journal synced first is the place: the target's flag comes, the source's stays", () => {
    const db = new Db(diskWith(range(6))).begin();
    db.set(2, 22);
    const five = db.hold(5);
    expect(S.sqlite3PagerMovepage(db.pager, five, 2, 0)).toBe(OK);
    expect(five.flags & NEED_SYNC).toBe(NEED_SYNC);
    expect(db.flags(5)).toBe(-1);
    S.sqlite3PagerUnref(five);

    db.set(3, 33);
    const reads = cacheStat(db, MISS);
    const three = db.hold(3);
    expect(S.sqlite3PagerMovepage(db.pager, three, 6, 0)).toBe(OK);
    expect(three.flags & (DIRTY | NEED_SYNC)).toBe(DIRTY);
    /* The old number was loaded again, so that nothing is written there before the sync. */
    expect(db.flags(3) & (DIRTY | NEED_SYNC)).toBe(DIRTY | NEED_SYNC);
    expect(cacheStat(db, MISS)).toBe(reads + 1);
    S.sqlite3PagerUnref(three);
    db.rollback();
    expect([db.value(2), db.value(3), db.value(5)]).toEqual([2, 3, 5]);
    db.close();
  });

  test("in a commit the old number is not loaded again", () => {
    const db = new Db(diskWith(range(6))).begin();
    db.set(6, 66);
    expect(move(db, 6, 2, 1)).toBe(OK);
    expect(db.flags(6)).toBe(-1);
    expect(db.value(2)).toBe(66);
    db.rollback();
    db.close();
  });

  test("a dirty page goes to the sub-journal first", () => {
    const db = new Db(diskWith(range(5))).begin(0, 1);
    db.set(4, 44);
    db.set(2, 22);
    savepoint(db, 1);
    expect(move(db, 4, 2, 0)).toBe(OK);
    expect(db.pager.nSubRec).toBe(1);
    rollbackTo(db, 0);
    expect(db.value(4)).toBe(44);
    db.close();
  });

  test("errors on the way: the sub-journal, the old number's load", () => {
    S.sqlite3GlobalConfig.nStmtSpill = 0;
    const disk = diskWith(range(5));
    const db = new Db(disk).begin();
    db.set(4, 44);
    savepoint(db, 1);
    disk.addFault({ op: "open", nth: 1 });
    expect(move(db, 4, 2)).toBe(S.SQLITE_CANTOPEN);
    disk.clearFaults();
    S.sqlite3GlobalConfig.nStmtSpill = S.SQLITE_STMTJRNL_SPILL;
    releaseTo(db, 0);

    /* The page cannot be read back: it no longer counts as journalled, so it will be journalled again. */
    disk.addFault({ op: "read", nth: 1 });
    expect(S.sqlite3BitvecTest(db.pager.pInJournal, 4)).toBe(1);
    expect(move(db, 4, 2)).toBe(S.SQLITE_IOERR_READ);
    disk.clearFaults();
    expect(S.sqlite3BitvecTest(db.pager.pInJournal, 4)).toBe(0);
    expect([db.value(2), db.flags(4)]).toEqual([44, -1]);
    db.set(4, 45);
    expect(db.journalled()).toEqual([4, 4]);
    db.rollback();
    expect(db.values().filter((_, i) => i !== 1)).toEqual([1, 3, 4, 5]);

    /* A page past the old end was never journalled. */
    db.begin();
    db.set(7, 77);
    disk.addFault({ op: "read", nth: 1, when: (c) => c.offset === 6 * 1024 });
    expect(move(db, 7, 3)).toBe(S.SQLITE_IOERR_READ);
    disk.clearFaults();
    expect(db.value(3)).toBe(77);
    db.rollback();
    db.close();
  });

  test("a temporary database journals what it moves, and the two pages change places", () => {
    const disk = new MemDisk();
    for (const o of [{ name: null }, { name: null, flags: S.PAGER_MEMORY }]) {
      const db = new Db(disk, o).begin();
      for (const v of range(5)) db.set(v, v);
      db.commit();
      db.begin();
      db.set(1, 11);
      db.set(3, 30);
      expect(move(db, 5, 3)).toBe(OK);
      expect(db.journalled()).toEqual([1, 3, 5]);
      expect([db.value(3), db.value(5), db.pager.dbSize]).toEqual([5, 30, 5]);
      db.rollback();
      expect(db.values()).toEqual(range(5));
      /* The record cannot be written: to a file, or for want of memory. */
      S.sqlite3GlobalConfig.nStmtSpill = 0;
      db.begin();
      db.set(1, 12);
      S.sqlite3GlobalConfig.nStmtSpill = S.SQLITE_STMTJRNL_SPILL;
      const pg = db.hold(4);
      const heap = failAllocation(1, true);
      disk.addFault({ op: "write", nth: 1 });
      const rc = S.sqlite3PagerMovepage(db.pager, pg, 6, 0);
      heap.restore();
      disk.clearFaults();
      expect(rc).toBe(o.flags ? S.SQLITE_IOERR_NOMEM : S.SQLITE_IOERR_WRITE);
      expect(pg.pgno).toBe(4);
      S.sqlite3PagerUnref(pg);
      db.close();
    }
    expect(disk.nOpen).toBe(0);
  });

  test("Rekey sets number and flags, nothing else", () => {
    const db = new Db(diskWith(range(5))).begin();
    db.set(2, 22);
    const pg = db.hold(2);
    S.sqlite3PagerRekey(pg, 9, 0x10000 | DIRTY | WRITEABLE);
    expect([pg.pgno, pg.flags, db.flags(2)]).toEqual([9, DIRTY | WRITEABLE, -1]);
    expect(S.sqlite3PagerPagenumber(pg)).toBe(9);
    S.sqlite3PagerRekey(pg, 2, DIRTY | WRITEABLE | NEED_SYNC);
    S.sqlite3PagerUnref(pg);
    db.commit();
    expect(db.values()).toEqual([1, 22, 3, 4, 5]);
    db.close();
  });
});

/* ------------------------------------------------------------------ commit */

const counter = (disk: MemDisk, at = 24): number => S.sqlite3Get4byte(disk.exportFile("/db")!, at) >>> 0;

describe("commit", () => {
  test("of nothing does nothing", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk).begin();
    disk.startTrace();
    const version = S.sqlite3PagerDataVersion(db.pager);
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(OK);
    expect([disk.trace.length, db.state]).toEqual([0, LOCKED]);
    expect(S.sqlite3PagerCommitPhaseTwo(db.pager)).toBe(OK);
    expect([db.state, db.pager.eLock]).toEqual([READER, SHARED]);
    expect(S.sqlite3PagerDataVersion(db.pager)).toBe(version + 1);
    expect(disk.stopTrace().filter((c) => ["write", "sync", "delete"].includes(c.op))).toEqual([]);
    db.close();
  });

  test("of nothing, in exclusive mode with a journal that persists, does not even touch the journal", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk, { mode: PERSIST });
    S.sqlite3PagerLockingMode(db.pager, 1);
    db.begin();
    db.set(2, 22);
    db.commit();
    db.begin();
    disk.startTrace();
    db.commit();
    expect(disk.stopTrace()).toEqual([]);
    expect([db.state, db.pager.eLock]).toEqual([READER, EXCLUSIVE]);
    db.close();
    expect(disk.nOpen).toBe(0);
  });

  test("writes journal, then database, each synced, and counts the change", () => {
    const disk = diskWith(range(3));
    const before = counter(disk);
    const db = new Db(disk).begin();
    db.set(2, 22);
    disk.startTrace();
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(OK);
    const seen = disk.stopTrace().filter((c) => ["write", "sync", "truncate", "delete"].includes(c.op));
    const j = "/db-journal";
    expect(seen.map((c) => `${c.op} ${c.file} ${c.offset} ${c.amount}`)).toEqual([
      `write ${j} 1544 4` /* page 1, for the counter */,
      `write ${j} 1548 1024`,
      `write ${j} 2572 4`,
      `sync ${j} 0 0`,
      `write ${j} 0 12`,
      `sync ${j} 0 0`,
      "write /db 0 1024",
      "write /db 1024 1024",
      "sync /db 0 0",
    ]);
    expect(db.state).toBe(FINISHED);
    expect(counter(disk)).toBe(before + 1);
    expect(counter(disk, 92)).toBe(before + 1);
    expect(counter(disk, 96)).toBe(S.SQLITE_VERSION_NUMBER);
    expect(S.sqlite3PagerCommitPhaseTwo(db.pager)).toBe(OK);
    expect(disk.exists(j)).toBe(false);
    expect([db.state, db.pager.eLock, db.pager.changeCountDone]).toEqual([READER, SHARED, 0]);
    db.close();
  });

  test("in exclusive mode the change is counted once", () => {
    const disk = diskWith(range(3));
    const before = counter(disk);
    const db = new Db(disk);
    S.sqlite3PagerLockingMode(db.pager, 1);
    for (const v of [20, 21, 22]) {
      db.begin();
      db.set(2, v);
      expect(db.pager.changeCountDone).toBe(v === 20 ? 0 : 1);
      db.commit();
    }
    expect(counter(disk)).toBe(before + 1);
    db.begin();
    db.set(1, 11);
    db.commit();
    expect(counter(disk)).toBe(before + 2);
    db.close();
  });

  test("of an empty database counts nothing", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk).begin();
    db.set(2, 22);
    S.sqlite3PagerTruncateImage(db.pager, 0);
    disk.startTrace();
    db.commit();
    expect(disk.stopTrace().some((c) => c.op === "write" && c.file === "/db")).toBe(false);
    expect(disk.exportFile("/db")!.length).toBe(0);
    db.close();
  });

  test("makes a file long enough whose last page was never written", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk).begin();
    db.set(6, 66);
    const six = db.hold(6);
    S.sqlite3PagerDontWrite(six);
    S.sqlite3PagerUnref(six);
    db.commit();
    expect([rawValues(disk), db.pager.dbFileSize]).toEqual([[1, 2, 3, 0, 0, 0], 6]);
    db.close();
  });

  test("lets a file end before the lock page", () => {
    S.sqlite3_test_control(S.SQLITE_TESTCTRL_PENDING_BYTE, 0x1000);
    const disk = new MemDisk({ sectorSize: 512 });
    const db = new Db(disk).begin();
    for (const v of [1, 2]) db.set(v, v);
    db.set(4, 4);
    const four = db.hold(4);
    S.sqlite3PagerDontWrite(four);
    S.sqlite3PagerUnref(four);
    /* What a b-tree does that skips the lock page and frees the page behind it again. */
    db.pager.dbSize = 5;
    db.commit();
    expect(disk.exportFile("/db")!.length).toBe(4096);
    db.close();
  });

  test("with a super-journal: its name ends the journal, and a persistent journal is cut", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk, { mode: PERSIST }).begin();
    db.set(2, 22);
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, toCString("/super"), 0)).toBe(OK);
    expect(db.pager.setSuper).toBe(1);
    const bytes = disk.exportFile("/db-journal")!;
    const tail = bytes.subarray(bytes.length - 26);
    expect(S.sqlite3Get4byte(tail)).toBe(0x40000000 / 1024 + 1);
    expect([...tail.subarray(4, 10)]).toEqual([..."/super"].map((c) => c.charCodeAt(0)));
    expect(S.sqlite3Get4byte(tail, 10)).toBe(6);
    expect(S.sqlite3Get4byte(tail, 14)).toBe([..."/super"].reduce((n, c) => n + c.charCodeAt(0), 0));
    expect([...tail.subarray(18)]).toEqual(MAGIC);
    expect((bytes.length - 26) % 512).toBe(0);
    expect(S.sqlite3PagerCommitPhaseTwo(db.pager)).toBe(OK);
    expect([disk.exportFile("/db-journal")!.length, db.pager.setSuper]).toEqual([0, 0]);

    db.begin();
    db.set(2, 23);
    db.commit();
    expect(disk.exportFile("/db-journal")!.length).toBeGreaterThan(512);
    expect([...disk.exportFile("/db-journal")!.subarray(0, 28)]).toEqual(Array(28).fill(0));
    db.close();
  });

  test("noSync leaves the database's sync to the caller", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk).begin();
    db.set(2, 22);
    disk.startTrace();
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 1)).toBe(OK);
    expect(disk.stopTrace().some((c) => c.op === "sync" && c.file === "/db")).toBe(false);
    disk.startTrace();
    expect(S.sqlite3PagerSync(db.pager, toCString("/super"))).toBe(OK);
    expect(disk.stopTrace().map((c) => [c.op, c.arg])).toEqual([
      ["filecontrol", S.SQLITE_FCNTL_SYNC],
      ["sync", S.SQLITE_SYNC_NORMAL],
    ]);
    expect(S.sqlite3PagerCommitPhaseTwo(db.pager)).toBe(OK);
    db.close();
  });

  test("the VFS hears of the sync even if there is none, and can refuse it", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk, { sync: S.PAGER_SYNCHRONOUS_OFF }).begin();
    db.set(2, 22);
    disk.startTrace();
    db.commit();
    const trace = disk.stopTrace();
    expect(trace.some((c) => c.op === "sync")).toBe(false);
    expect(trace.filter((c) => c.arg === S.SQLITE_FCNTL_SYNC).length).toBe(1);
    const when = (c: Readonly<S.MemCall>) => c.arg === S.SQLITE_FCNTL_SYNC;
    disk.addFault({ op: "filecontrol", nth: 1, when, code: S.SQLITE_IOERR_FSYNC });
    expect(S.sqlite3PagerSync(db.pager, null)).toBe(S.SQLITE_IOERR_FSYNC);
    db.close();
  });

  test("a temporary database is written when a quarter of its cache is dirty; backups start again if not", () => {
    const disk = new MemDisk();
    const heard: string[] = [];
    const backup: S.sqlite3_backup = {
      pNext: null,
      xUpdate: (pgno) => heard.push(`update ${pgno}`),
      xRestart: () => heard.push("restart"),
    };
    const db = new Db(disk, { name: null, cache: 40 });
    S.sqlite3PagerBackupPtr(db.pager).value = backup;
    db.begin();
    for (const v of range(20)) db.set(v, v);
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(OK);
    /* No file yet: nothing is written, however much is dirty. */
    expect([heard, disk.nOpen, db.state]).toEqual([["restart"], 0, FINISHED]);
    expect(S.sqlite3PagerCommitPhaseTwo(db.pager)).toBe(OK);
    db.begin();
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(disk.nOpen).toBe(1);
    heard.length = 0;
    db.set(2, 22);
    db.commit();
    expect(heard).toEqual(["restart"]);
    db.begin();
    heard.length = 0;
    for (let pgno = 2; pgno <= 13; pgno++) db.set(pgno, 50 + pgno);
    db.commit();
    /* Page 1 has been dirty since the first transaction: it is held, so the flush passed it over. */
    expect(heard).toEqual(range(13).map((pgno) => `update ${pgno}`));
    expect(db.values()).toEqual(range(20).map((v) => (v >= 2 && v <= 13 ? 50 + v : v)));
    S.sqlite3PagerBackupPtr(db.pager).value = null;
    db.close();
    expect(disk.nOpen).toBe(0);
  });

  test("can be made to fail for tests of the layer above", () => {
    const db = new Db(diskWith(range(3))).begin();
    db.set(2, 22);
    S.sqlite3_test_control(S.SQLITE_TESTCTRL_FAULT_INSTALL, (n: number) => (n === 400 ? 1 : 0));
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(S.SQLITE_IOERR);
    S.sqlite3_test_control(S.SQLITE_TESTCTRL_FAULT_INSTALL, null);
    expect(db.state).toBe(CACHEMOD);
    db.rollback();
    expect(db.values()).toEqual(range(3));
    db.close();
  });

  test("if the journal cannot be removed, the pager is in the error state and the change is undone later", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk).begin();
    db.set(2, 22);
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(OK);
    disk.addFault({ op: "delete", nth: 1 });
    expect(S.sqlite3PagerCommitPhaseTwo(db.pager)).toBe(S.SQLITE_IOERR_DELETE);
    disk.clearFaults();
    expect([db.state, db.pager.errCode]).toEqual([ERROR, S.SQLITE_IOERR_DELETE]);
    expect(db.get(3)[0]).toBe(S.SQLITE_IOERR_DELETE);
    expect(S.sqlite3PagerRollback(db.pager)).toBe(S.SQLITE_IOERR_DELETE);
    expect(rawValues(disk)).toEqual([1, 22, 3]);
    db.release();
    expect([db.state, db.pager.eLock]).toEqual([OPEN, NONE]);
    expect(db.read()).toBe(OK);
    expect(db.values()).toEqual(range(3));
    expect(disk.exists("/db-journal")).toBe(false);
    db.close();
  });
});

/* ------------------------------------------------------------------ rollback */

describe("rollback", () => {
  test("without a write transaction is nothing", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk);
    disk.startTrace();
    db.rollback();
    expect(db.state).toBe(OPEN);
    expect(db.read()).toBe(OK);
    db.rollback();
    expect(db.state).toBe(READER);
    db.close();
  });

  test("before the first change only gives back the lock", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk).begin();
    disk.startTrace();
    db.rollback();
    expect(disk.stopTrace().map((c) => [c.op, c.arg])).toEqual([["unlock", SHARED]]);
    expect([db.state, db.pager.eLock]).toEqual([READER, SHARED]);
    db.close();
  });

  for (const mode of [DELETE, TRUNCATE, PERSIST, MEMORY]) {
    test(`in each later state restores cache and file (${MODE_NAMES[mode]})`, () => {
      const disk = diskWith(range(5));
      const db = new Db(disk, { mode });
      for (const state of [CACHEMOD, DBMOD, FINISHED]) {
        db.begin();
        db.set(2, 22);
        db.set(7, 77);
        if (state === DBMOD) {
          expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
          db.set(3, 33);
        } else if (state === FINISHED) {
          expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(OK);
        }
        expect(db.state).toBe(state);
        db.reinit.length = 0;
        db.rollback();
        expect([db.state, db.pager.eLock, db.pager.dbSize]).toEqual([READER, SHARED, 5]);
        expect(db.values()).toEqual(range(5));
        expect(db.reinit).toContain(2);
        expect(rawValues(disk)).toEqual(range(5));
        /* The b-tree lets go of page 1, and takes the next transaction. */
        db.release();
        expect(db.state).toBe(OPEN);
      }
      db.close();
      expect(disk.nOpen).toBe(0);
      expect(disk.exists("/db-journal")).toBe(mode === TRUNCATE || mode === PERSIST);
    });
  }

  test("happens by itself when the last page is released", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk).begin();
    db.set(2, 22);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(rawValues(disk)[1]).toBe(22);
    db.release();
    expect([db.state, rawValues(disk)[1], disk.exists("/db-journal")]).toEqual([OPEN, 2, false]);
    db.close();
  });

  test("without a journal it leads to the error state, where readers get SQLITE_ABORT", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk, { mode: OFF });
    db.begin();
    db.rollback();
    expect(db.state).toBe(READER);
    db.begin();
    db.set(2, 22);
    expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
    expect([db.state, db.pager.errCode]).toEqual([ERROR, S.SQLITE_ABORT]);
    expect(db.get(3)[0]).toBe(S.SQLITE_ABORT);
    db.release();
    expect(db.state).toBe(OPEN);
    expect(db.read()).toBe(OK);
    expect(db.values()).toEqual(range(3));
    db.close();

    const memory = new Db(disk, { name: null, flags: S.PAGER_MEMORY });
    S.sqlite3PagerSetJournalMode(memory.pager, OFF);
    memory.begin();
    memory.set(1, 1);
    memory.rollback();
    expect([memory.state, memory.pager.errCode]).toEqual([READER, OK]);
    memory.close();
  });

  test("that fails leaves the journal to the next reader", () => {
    const failing: [string, S.MemFaultRule, number][] = [
      ["read journal", { op: "read", nth: 3, when: (c) => c.file === "/db-journal" }, S.SQLITE_IOERR_READ],
      ["write database", { op: "write", nth: 1, when: (c) => c.file === "/db" }, S.SQLITE_IOERR_WRITE],
      ["sync database", { op: "sync", nth: 1, when: (c) => c.file === "/db" }, S.SQLITE_IOERR_FSYNC],
      ["full", { op: "write", nth: 1, when: (c) => c.file === "/db", code: S.SQLITE_FULL }, S.SQLITE_FULL],
      ["truncate", { op: "truncate", nth: 1 }, S.SQLITE_IOERR_TRUNCATE],
      ["delete", { op: "delete", nth: 1 }, S.SQLITE_IOERR_DELETE],
      ["size", { op: "filesize", nth: 1, when: (c) => c.file === "/db-journal" }, S.SQLITE_IOERR_FSTAT],
    ];
    for (const [what, rule, code] of failing) {
      const disk = diskWith(range(5));
      const db = new Db(disk).begin();
      db.set(2, 22);
      db.set(6, 66);
      expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
      const fault = disk.addFault(rule);
      expect(`${what} ${S.sqlite3PagerRollback(db.pager)}`).toBe(`${what} ${code}`);
      expect([what, fault.hits, db.state, db.pager.errCode]).toEqual([what, 1, ERROR, code]);
      disk.clearFaults();
      db.release();
      expect(db.state).toBe(OPEN);
      expect(db.read()).toBe(OK);
      expect(db.values()).toEqual(range(5));
      db.close();
      expect(disk.nOpen).toBe(0);
    }
  });

  test("a journal in memory is played back when the error state ends", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk, { mode: MEMORY }).begin();
    db.set(2, 22);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    disk.addFault({ op: "write", nth: 1 });
    expect(S.sqlite3PagerRollback(db.pager)).toBe(S.SQLITE_IOERR_WRITE);
    disk.clearFaults();
    expect([db.state, rawValues(disk)[1]]).toEqual([ERROR, 22]);
    db.release();
    expect([db.state, rawValues(disk)[1]]).toEqual([OPEN, 2]);
    expect(db.read()).toBe(OK);
    expect(db.values()).toEqual(range(5));
    db.close();
  });
});

/* ------------------------------------------------------------------ modes */

describe("journal modes", () => {
  const MODES = [DELETE, PERSIST, OFF, TRUNCATE, MEMORY, WAL];
  const leavesFile = (mode: number) => mode === PERSIST || mode === TRUNCATE;

  /** A pager in `mode` that has committed once, so that a persistent journal lies around. */
  function used(disk: MemDisk, mode: number, exclusive = 0): Db {
    const db = new Db(disk, { mode: mode === WAL ? DELETE : mode });
    S.sqlite3PagerLockingMode(db.pager, exclusive);
    db.begin();
    db.set(2, 20 + mode);
    db.commit();
    /* Nothing opens a log before the next transaction. */
    if (mode === WAL) expect(S.sqlite3PagerSetJournalMode(db.pager, WAL)).toBe(WAL);
    return db;
  }

  for (const from of MODES) {
    for (const to of MODES) {
      test(`${MODE_NAMES[from]} to ${MODE_NAMES[to]}`, () => {
        /* In OPEN, READER and WRITER_LOCKED the file goes, if it must, and the lock stays what it was. */
        const goes = leavesFile(from) && (to === DELETE || to === OFF || to === MEMORY);
        for (const state of [OPEN, READER, LOCKED]) {
          if (state === OPEN && from === WAL) continue;
          const disk = diskWith(range(3));
          const db = used(disk, from);
          expect(disk.exists("/db-journal")).toBe(leavesFile(from));
          if (state === OPEN) db.release();
          if (state === LOCKED) db.begin();
          const lock = db.pager.eLock;
          expect(S.sqlite3PagerOkToChangeJournalMode(db.pager)).toBe(1);
          disk.startTrace();
          expect(S.sqlite3PagerSetJournalMode(db.pager, to)).toBe(to);
          const trace = disk.stopTrace();
          expect(S.sqlite3PagerGetJournalMode(db.pager)).toBe(to);
          expect(trace.filter((c) => c.op === "delete").length).toBe(goes ? 1 : 0);
          expect(disk.exists("/db-journal")).toBe(leavesFile(from) && !goes);
          expect([db.state, db.pager.eLock]).toEqual([state, lock]);
          if (goes) {
            const locks = trace.filter((c) => c.op === "lock").map((c) => c.arg);
            expect(locks).toEqual(state === OPEN ? [SHARED, RESERVED] : state === READER ? [RESERVED] : []);
          }
          if (to !== WAL) {
            db.begin();
            db.set(3, 33);
            db.commit();
            expect(db.values()).toEqual([1, 20 + from, 33]);
          }
          db.close();
          expect(disk.nOpen).toBe(0);
        }
      });

      test(`${MODE_NAMES[from]} to ${MODE_NAMES[to]} in exclusive mode`, () => {
        const disk = diskWith(range(3));
        const db = used(disk, from, 1);
        const wasOpen = S.isOpen(db.pager.jfd);
        disk.startTrace();
        expect(S.sqlite3PagerSetJournalMode(db.pager, to)).toBe(to);
        const ops = disk.stopTrace().map((c) => c.op);
        const closes = from !== to && (to === OFF || to === MEMORY);
        expect(ops).toEqual(closes && wasOpen ? ["close"] : []);
        expect(S.isOpen(db.pager.jfd)).toBe(wasOpen && !closes);
        if (to !== WAL) {
          db.begin();
          db.set(3, 33);
          db.commit();
          expect(db.values()).toEqual([1, 20 + from, 33]);
        }
        db.close();
        expect(disk.nOpen).toBe(0);
      });
    }
  }

  test("a journal that somebody else may be writing is not deleted", () => {
    const disk = diskWith(range(3));
    const db = used(disk, PERSIST);
    const writer = new Db(disk, { mode: PERSIST });
    db.release();
    writer.begin();
    writer.set(2, 99);
    for (const state of [OPEN, READER]) {
      if (state === READER) expect(db.read()).toBe(OK);
      expect(S.sqlite3PagerSetJournalMode(db.pager, DELETE)).toBe(DELETE);
      expect(disk.exists("/db-journal")).toBe(true);
      expect([db.state, db.pager.eLock]).toEqual([state, state === OPEN ? NONE : SHARED]);
      S.sqlite3PagerSetJournalMode(db.pager, PERSIST);
    }
    writer.close();
    db.close();
  });

  test("if the database cannot be locked, the mode changes all the same", () => {
    const disk = diskWith(range(3));
    const db = used(disk, TRUNCATE);
    db.release();
    disk.addFault({ op: "lock", nth: 1 });
    expect(S.sqlite3PagerSetJournalMode(db.pager, DELETE)).toBe(DELETE);
    disk.clearFaults();
    expect([db.state, db.pager.eLock, disk.exists("/db-journal")]).toEqual([OPEN, NONE, true]);
    db.close();
  });

  test("an in-memory database takes MEMORY and OFF only", () => {
    const db = new Db(new MemDisk(), { name: null, flags: S.PAGER_MEMORY });
    for (const mode of [DELETE, PERSIST, TRUNCATE]) {
      expect(S.sqlite3PagerSetJournalMode(db.pager, mode)).toBe(MEMORY);
    }
    expect(S.sqlite3PagerSetJournalMode(db.pager, OFF)).toBe(OFF);
    expect(S.sqlite3PagerSetJournalMode(db.pager, DELETE)).toBe(OFF);
    expect(S.sqlite3PagerSetJournalMode(db.pager, MEMORY)).toBe(MEMORY);
    db.close();
  });

  test("may not be changed once something has been changed", () => {
    const db = new Db(diskWith(range(3)));
    expect(S.sqlite3PagerOkToChangeJournalMode(db.pager)).toBe(1);
    db.begin();
    expect(S.sqlite3PagerOkToChangeJournalMode(db.pager)).toBe(1);
    db.set(2, 22);
    expect(S.sqlite3PagerOkToChangeJournalMode(db.pager)).toBe(0);
    expect(S.sqlite3PagerCommitPhaseOne(db.pager, null, 0)).toBe(OK);
    expect(S.sqlite3PagerOkToChangeJournalMode(db.pager)).toBe(0);
    expect(S.sqlite3PagerCommitPhaseTwo(db.pager)).toBe(OK);
    expect(S.sqlite3PagerOkToChangeJournalMode(db.pager)).toBe(1);
    db.close();
  });

  test("a size limit cuts journals that persist; less than -1 only asks", () => {
    const disk = diskWith(range(9));
    const db = new Db(disk, { mode: PERSIST });
    expect(S.sqlite3PagerJournalSizeLimit(db.pager, -2)).toBe(-1);
    expect(S.sqlite3PagerJournalSizeLimit(db.pager, 3000)).toBe(3000);
    expect(S.sqlite3PagerJournalSizeLimit(db.pager, -3)).toBe(3000);
    db.begin();
    for (let pgno = 2; pgno < 9; pgno++) db.set(pgno, 100 + pgno);
    db.commit();
    expect(disk.exportFile("/db-journal")!.length).toBe(3000);
    expect(S.sqlite3PagerJournalSizeLimit(db.pager, -1)).toBe(-1);
    db.begin();
    for (let pgno = 2; pgno < 9; pgno++) db.set(pgno, pgno);
    db.commit();
    expect(disk.exportFile("/db-journal")!.length).toBe(512 + 8 * 1032);
    S.sqlite3PagerJournalSizeLimit(db.pager, 0);
    db.begin();
    db.set(2, 3);
    db.commit();
    expect(disk.exportFile("/db-journal")!.length).toBe(0);
    db.close();
  });
});

describe("locking", () => {
  test("the mode is asked for and set; temporary databases stay exclusive", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk);
    const { sqlite3PagerLockingMode: mode } = S;
    expect(mode(db.pager, S.PAGER_LOCKINGMODE_QUERY)).toBe(0);
    expect(mode(db.pager, S.PAGER_LOCKINGMODE_EXCLUSIVE)).toBe(1);
    expect(mode(db.pager, S.PAGER_LOCKINGMODE_QUERY)).toBe(1);
    db.begin();
    db.set(2, 22);
    db.commit();
    db.release();
    expect([db.state, db.pager.eLock]).toEqual([READER, EXCLUSIVE]);
    const other = new Db(disk);
    expect(other.read()).toBe(S.SQLITE_BUSY);
    expect(mode(db.pager, S.PAGER_LOCKINGMODE_NORMAL)).toBe(0);
    expect(db.pager.eLock).toBe(EXCLUSIVE);
    expect(db.read()).toBe(OK);
    db.release();
    expect([db.state, db.pager.eLock]).toEqual([OPEN, NONE]);
    expect(other.read()).toBe(OK);
    expect(other.values()).toEqual([1, 22, 3]);
    other.close();
    db.close();
    const temp = new Db(disk, { name: null });
    expect(mode(temp.pager, S.PAGER_LOCKINGMODE_NORMAL)).toBe(1);
    temp.close();
  });

  test("EXCLUSIVE on demand, in each state of a write transaction", () => {
    const disk = diskWith(range(3));
    const reader = new Db(disk);
    expect(reader.read()).toBe(OK);
    const db = new Db(disk).begin();
    expect(S.sqlite3PagerExclusiveLock(db.pager)).toBe(S.SQLITE_BUSY);
    expect([db.state, db.pager.eLock, db.busyCalls]).toEqual([LOCKED, RESERVED, 1]);
    reader.release();
    db.set(2, 22);
    expect(S.sqlite3PagerExclusiveLock(db.pager)).toBe(OK);
    expect([db.state, db.pager.eLock]).toEqual([CACHEMOD, EXCLUSIVE]);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(S.sqlite3PagerExclusiveLock(db.pager)).toBe(OK);
    expect(db.state).toBe(DBMOD);
    db.rollback();
    db.close();
    reader.close();
  });
});

describe("the cache from outside", () => {
  test("flushing writes the dirty pages that nobody holds", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk).begin();
    db.set(2, 22);
    db.set(3, 33);
    const three = db.hold(3);
    db.set(4, 44);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(rawValues(disk)).toEqual([1, 22, 3, 44, 5]);
    expect([2, 3, 4].map((p) => db.flags(p) & DIRTY)).toEqual([0, DIRTY, 0]);
    S.sqlite3PagerUnref(three);
    disk.addFault({ op: "write", nth: 1 });
    expect(S.sqlite3PagerFlush(db.pager)).toBe(S.SQLITE_IOERR_WRITE);
    disk.clearFaults();
    expect(db.state).toBe(ERROR);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(S.SQLITE_IOERR_WRITE);
    db.close();
    expect(valuesOn(disk)).toEqual(range(5));

    const memory = new Db(disk, { name: null, flags: S.PAGER_MEMORY }).begin();
    memory.set(1, 1);
    expect(S.sqlite3PagerFlush(memory.pager)).toBe(OK);
    expect(memory.flags(1) & DIRTY).toBe(DIRTY);
    memory.close();
  });

  test("clearing forgets pages of real databases only", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk);
    expect(db.read()).toBe(OK);
    expect(db.value(2)).toBe(2);
    const version = S.sqlite3PagerDataVersion(db.pager);
    S.sqlite3PagerClearCache(db.pager);
    expect(db.flags(2)).toBe(-1);
    expect(S.sqlite3PagerDataVersion(db.pager)).toBe(version + 1);
    db.close();

    for (const flags of [0, S.PAGER_MEMORY]) {
      const temp = new Db(disk, { name: null, flags }).begin();
      temp.set(1, 1);
      temp.set(2, 2);
      S.sqlite3PagerClearCache(temp.pager);
      expect(temp.value(2)).toBe(2);
      temp.close();
    }
  });

  test("memory in use, and giving it back", () => {
    const db = new Db(diskWith(range(30)));
    expect(db.read()).toBe(OK);
    const perPage = 1024 + EXTRA + S.sizeof.PgHdr + 5 * S.sizeof.ptr;
    const base = S.sqlite3MallocSize(db.pager) + 1024;
    expect(S.sqlite3PagerMemUsed(db.pager)).toBe(perPage + base);
    for (let pgno = 2; pgno <= 30; pgno++) expect(db.value(pgno)).toBe(pgno);
    expect(S.sqlite3PagerMemUsed(db.pager)).toBe(30 * perPage + base);
    S.sqlite3PagerShrink(db.pager);
    expect(S.sqlite3PagerMemUsed(db.pager)).toBe(perPage + base);
    expect(db.value(7)).toBe(7);
    db.close();
  });

  test("eleven numbers", () => {
    const disk = diskWith(range(5));
    const db = new Db(disk, { cache: 50 });
    expect([...S.sqlite3PagerStats(db.pager)]).toEqual([0, 0, 50, -1, OPEN, 0, 0, 0, 0, 0, 0]);
    db.begin();
    db.set(2, 22);
    db.set(2, 23);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect([...S.sqlite3PagerStats(db.pager)]).toEqual([1, 2, 50, 5, DBMOD, 0, 1, 2, 0, 0, 1]);
    db.pager.aStat.fill(0xffffffff);
    expect([...S.sqlite3PagerStats(db.pager)].slice(6)).toEqual([0x7fffffff, 0x7fffffff, 0, 0, 0x7fffffff]);
    db.set(3, 33);
    disk.addFault({ op: "write", nth: 1 });
    expect(S.sqlite3PagerFlush(db.pager)).toBe(S.SQLITE_IOERR_WRITE);
    expect([...S.sqlite3PagerStats(db.pager)].slice(4, 6)).toEqual([ERROR, S.SQLITE_IOERR_WRITE]);
    disk.clearFaults();
    db.close();
  });

  test("what a pager says about itself", () => {
    const disk = diskWith(range(3));
    const db = new Db(disk);
    expect(S.fromCString(S.sqlite3PagerFilename(db.pager, 1))).toBe("/db");
    expect(S.sqlite3PagerFilename(db.pager, 0)).toBe(db.pager.zFilename);
    expect(S.fromCString(S.sqlite3PagerJournalname(db.pager))).toBe("/db-journal");
    expect(S.sqlite3PagerVfs(db.pager)).toBe(disk.vfs);
    expect(S.sqlite3PagerFile(db.pager)).toBe(db.pager.fd);
    expect(S.sqlite3PagerJrnlFile(db.pager)).toBe(db.pager.jfd);
    expect([S.sqlite3PagerIsreadonly(db.pager), S.sqlite3PagerIsMemdb(db.pager)]).toEqual([0, 0]);
    expect(S.sqlite3PagerWalSupported(db.pager)).toBe(1);
    /* Without SQLITE_ENABLE_SETLK_TIMEOUT there is nothing to be done. */
    expect(S.sqlite3PagerWalWriteLock(db.pager, 1)).toBe(OK);
    S.sqlite3PagerWalDb(db.pager, new S.sqlite3());
    expect(db.pager.dbWal).toBeNull();
    db.pager.memVfs = 1;
    expect(S.sqlite3PagerIsMemdb(db.pager)).toBe(1);
    db.close();

    const readOnly = new Db(disk, { vfsFlags: S.SQLITE_OPEN_READONLY | S.SQLITE_OPEN_MAIN_DB });
    expect(S.sqlite3PagerIsreadonly(readOnly.pager)).toBe(1);
    readOnly.close();

    const memory = new Db(disk, { name: "label", flags: S.PAGER_MEMORY });
    const z = S.sqlite3PagerFilename(memory.pager, 1);
    expect(z[0]).toBe(0);
    expect(S.sqlite3_uri_parameter(z, "x")).toBeNull();
    expect(S.fromCString(S.sqlite3PagerFilename(memory.pager, 0))).toBe("label");
    expect([S.sqlite3PagerIsMemdb(memory.pager), S.sqlite3PagerWalSupported(memory.pager)]).toEqual([1, 0]);
    memory.close();

    disk.ioVersion = 1;
    const old = new Db(disk);
    expect(S.sqlite3PagerWalSupported(old.pager)).toBe(0);
    S.sqlite3PagerLockingMode(old.pager, 1);
    expect(S.sqlite3PagerWalSupported(old.pager)).toBe(1);
    old.close();
  });
});

/* ------------------------------------------------------------------ a failure at every call */

/** Thrown by {@link need}. */
class Failed extends Error {
  constructor(readonly rc: number) {
    super(`result code ${rc}`);
  }
}

function need(rc: number): void {
  if (rc !== OK) throw new Failed(rc);
}

const BEFORE = range(30);
/** What {@link transaction} makes of it. */
const AFTER = [51, 2, 62, 4, 55, 6, 65, 8, 59, 10, 11, 66, ...range(16, 13), 0, 97, 99];

/**
 * One transaction with everything: spills, savepoints that are released and rolled back, a page that
 * moves, one that need not be written, growth, truncation.
 */
function transaction(db: Db): void {
  const { pager } = db;
  const undo = (i: number) => need(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, i));
  const release = (i: number) => need(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_RELEASE, i));
  need(db.read());
  need(S.sqlite3PagerBegin(pager, 0, 0));
  for (let pgno = 1; pgno < 12; pgno += 2) need(db.trySet(pgno, 50 + pgno));
  need(S.sqlite3PagerOpenSavepoint(pager, 1));
  for (let pgno = 2; pgno < 24; pgno += 3) need(db.trySet(pgno, 100 + pgno));
  need(S.sqlite3PagerOpenSavepoint(pager, 3));
  for (let pgno = 1; pgno < 20; pgno++) need(db.trySet(pgno, 150 + pgno));
  for (let pgno = 31; pgno < 40; pgno++) need(db.trySet(pgno, pgno));
  release(2);
  undo(1);
  need(db.trySet(3, 60));
  undo(0);
  for (const pgno of [3, 7, 11]) need(db.trySet(pgno, pgno === 11 ? 11 : 60 + Math.floor(pgno / 2) + 1));
  need(S.sqlite3PagerOpenSavepoint(pager, 2));
  /* 12 goes to 13's place and back, by way of a new page. */
  need(db.trySet(12, 66));
  need(db.trySet(31, 0));
  const [rc, pg] = db.get(12);
  need(rc);
  const rc2 = S.sqlite3PagerMovepage(pager, pg!, 31, 0);
  const rc3 = rc2 === OK ? db.trySet(12, 0) : rc2;
  const rc4 = rc3 === OK ? S.sqlite3PagerMovepage(pager, pg!, 12, 0) : rc3;
  db.unref(pg!);
  need(rc4);
  release(0);
  need(db.trySet(3, 62));
  need(db.trySet(7, 65));
  need(db.trySet(30, 97));
  need(db.trySet(31, 99));
  need(db.trySet(29, 0));
  need(db.trySet(35, 35));
  const [rc5, free] = db.get(35);
  need(rc5);
  S.sqlite3PagerDontWrite(free!);
  db.unref(free!);
  S.sqlite3PagerTruncateImage(pager, 31);
  need(S.sqlite3PagerCommitPhaseOne(pager, null, 0));
  need(S.sqlite3PagerCommitPhaseTwo(pager));
}

/** The blocks that the library has allocated since, and the allocation that fails. */
class Heap {
  readonly live = new Set<Uint8Array>();
  calls = 0;
  failed = 0;

  constructor(nth: number, persistent: boolean) {
    const { m } = S.sqlite3GlobalConfig;
    const fails = () => {
      this.calls++;
      const yes = this.calls === nth || (persistent && this.calls > nth);
      if (yes) this.failed++;
      return yes;
    };
    m.xMalloc = (n) => {
      const p = fails() ? null : allocator.xMalloc(n);
      if (p !== null) this.live.add(p);
      return p;
    };
    m.xRealloc = (old, n) => {
      const p = fails() ? null : allocator.xRealloc(old, n);
      if (p !== null) {
        this.live.delete(old);
        this.live.add(p);
      }
      return p;
    };
    m.xFree = (p) => {
      this.live.delete(p);
      allocator.xFree(p);
    };
  }

  /** From now on nothing fails. */
  heal(): void {
    const { m } = S.sqlite3GlobalConfig;
    const { xMalloc, xRealloc } = allocator;
    m.xMalloc = (n) => {
      const p = xMalloc(n);
      if (p !== null) this.live.add(p);
      return p;
    };
    m.xRealloc = (old, n) => {
      const p = xRealloc(old, n);
      if (p !== null) {
        this.live.delete(old);
        this.live.add(p);
      }
      return p;
    };
  }
}

describe("a failure at every call of a transaction leaves the old content or the new, and no leak", () => {
  const snapshots = new Map<string, S.MemSnapshot>();

  function freshDisk(options: MemDiskOptions): MemDisk {
    const key = JSON.stringify(options);
    const disk = new MemDisk(options);
    const known = snapshots.get(key);
    if (known !== undefined) {
      disk.restore(known);
    } else {
      const first = diskWith(BEFORE, {}, options);
      snapshots.set(key, first.snapshot());
      disk.restore(first.snapshot());
    }
    return disk;
  }

  /** Runs the transaction with a failure; returns what came of it, or null if the failure was never reached. */
  function attempt(
    disk: MemDisk,
    mode: number,
    exclusive: number,
    inject: () => { hits: () => number; heal: () => void },
  ): "old" | "new" | null {
    const heap = new Heap(0, false);
    const db = new Db(disk, { mode, cache: 8 });
    S.sqlite3PagerLockingMode(db.pager, exclusive);
    const { hits, heal } = inject();
    let rc = OK;
    try {
      transaction(db);
    } catch (e) {
      if (!(e instanceof Failed)) throw e;
      rc = e.rc;
    }
    const reached = hits() > 0;
    if (rc !== OK) {
      expect(reached).toBe(true);
      S.sqlite3PagerRollback(db.pager);
      expect(S.sqlite3PagerRefcount(db.pager)).toBe(db.one === null ? 0 : 1);
      db.release();
    }
    heal();
    /* The same connection goes on... */
    expect(db.read()).toBe(OK);
    const seen = db.values();
    /* The file is cut after the commit; if only that fails, it stays too long. */
    const isNew = rc === OK || seen[0] === AFTER[0];
    expect(isNew && rc !== OK ? seen.slice(0, AFTER.length) : seen).toEqual(isNew ? AFTER : BEFORE);
    db.close();
    expect([disk.nOpen, heap.live.size]).toEqual([0, 0]);
    /* ...and so does the next one. */
    expect(valuesOn(disk)).toEqual(seen);
    S.sqlite3GlobalConfig.m.assign(allocator);
    return reached ? (isNew ? "new" : "old") : null;
  }

  const devices: [string, MemDiskOptions][] = [
    ["sector 512", { sectorSize: 512, deviceCharacteristics: PSOW }],
    ["sector 4096", { sectorSize: 4096, deviceCharacteristics: 0 }],
  ];

  test("the transaction itself", () => {
    for (const [, options] of devices) {
      for (const mode of [DELETE, PERSIST, TRUNCATE, MEMORY]) {
        const none = () => ({ hits: () => 0, heal: () => {} });
        expect(attempt(freshDisk(options), mode, 0, none)).toBeNull();
      }
    }
  });

  for (const [device, options] of devices) {
    for (const mode of [DELETE, PERSIST, TRUNCATE, MEMORY]) {
      for (const persistent of [false, true]) {
        /* A journal that is in memory only cannot survive that the disk goes away altogether. */
        if (mode === MEMORY && persistent) continue;
        if (mode !== DELETE && device !== "sector 512") continue;
        const how = persistent ? "all from the n-th on" : "the n-th";
        test(`input and output, ${how} (${MODE_NAMES[mode]}, ${device})`, () => {
          S.sqlite3GlobalConfig.nStmtSpill = mode === MEMORY ? S.SQLITE_STMTJRNL_SPILL : 0;
          const results = { old: 0, new: 0 };
          for (let nth = 1; ; nth++) {
            const disk = freshDisk(options);
            const result = attempt(disk, mode, nth % 3 === 0 ? 1 : 0, () => {
              const partial = [0, 3, 700][nth % 3]!;
              const fault = disk.addFault({ op: "all", nth, persistent, partial, scribble: true });
              return { hits: () => fault.hits, heal: () => disk.clearFaults() };
            });
            if (result === null) break;
            results[result]++;
          }
          S.sqlite3GlobalConfig.nStmtSpill = S.SQLITE_STMTJRNL_SPILL;
          expect(results.old).toBeGreaterThan(30);
        });
      }
    }
  }

  for (const mode of [DELETE, PERSIST]) {
    for (const persistent of [false, true]) {
      test(`a transaction over several files, ${persistent ? "all from" : "only"} the n-th (${MODE_NAMES[mode]})`, () => {
        const results = { old: 0, new: 0 };
        const before = BEFORE.slice(0, 4);
        const after = [1, 22, 3, 4, 5, 0];
        for (let nth = 1; ; nth++) {
          const disk = diskWith(before);
          disk.importFile("/super", toCString("/db-journal"));
          const db = new Db(disk, { mode });
          const fault = disk.addFault({ op: "all", nth, persistent });
          let rc = OK;
          try {
            need(db.read());
            need(S.sqlite3PagerBegin(db.pager, 0, 0));
            need(db.trySet(2, 22));
            need(db.trySet(5, 5));
            need(db.trySet(6, 0));
            const six = S.sqlite3PagerLookup(db.pager, 6)!;
            S.sqlite3PagerDontWrite(six);
            S.sqlite3PagerUnref(six);
            need(S.sqlite3PagerCommitPhaseOne(db.pager, toCString("/super"), 0));
            /* This is the moment of the commit. */
            disk.removeFile("/super");
            need(S.sqlite3PagerCommitPhaseTwo(db.pager));
          } catch (e) {
            if (!(e instanceof Failed)) throw e;
            rc = e.rc;
            S.sqlite3PagerRollback(db.pager);
          }
          const isNew = rc === OK || !disk.exists("/super");
          const wasRemovedByRollback = isNew && rc !== OK && db.state !== ERROR;
          db.release();
          disk.clearFaults();
          expect(db.read()).toBe(OK);
          const seen = db.values();
          if (wasRemovedByRollback) expect([before, after]).toContainEqual(seen);
          else expect(seen).toEqual(isNew ? after : before);
          db.close();
          expect(disk.nOpen).toBe(0);
          expect(valuesOn(disk)).toEqual(seen);
          if (fault.hits === 0) break;
          results[seen.length === 6 ? "new" : "old"]++;
        }
        expect(results.old).toBeGreaterThan(20);
        expect(results.new).toBeGreaterThan(0);
      });
    }
  }

  for (const mode of [DELETE, MEMORY]) {
    for (const persistent of [false, true]) {
      const how = persistent ? "all from the n-th on" : "the n-th";
      test(`memory, ${how} (${MODE_NAMES[mode]})`, () => {
        const results = { old: 0, new: 0 };
        for (let nth = 1; ; nth++) {
          const disk = freshDisk(devices[0]![1]);
          const result = attempt(disk, mode, 0, () => {
            const inner = failAllocation(nth, persistent);
            return { hits: () => inner.failed, heal: () => inner.restore() };
          });
          if (result === null) break;
          results[result]++;
        }
        expect(results.old).toBeGreaterThan(10);
      });
    }
  }
});
