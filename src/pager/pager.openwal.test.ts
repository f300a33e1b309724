/**
 * The pager's side of a write-ahead log: which functions of wal.h it calls, when, with what, and what
 * it does with the results. The log itself is a small model here, a list of frames in memory, so that
 * every answer of it can be chosen. What is expected comes from upstream's C.
 */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PagerMirrorOptions } from "../options.js";
import type { PgHdr } from "../pcache/pcache.js";
import type { Ref as RefType } from "../sqliteInt.js";

/** The model: frames, where the last commit ended, and the codes that the next calls shall return. */
const log = vi.hoisted(() => ({
  frames: [] as { pgno: number; data: Uint8Array }[],
  nCommit: 0,
  nPage: 0,
  changed: 0,
  calls: [] as string[],
  /** Results by function; after the given number of good calls. */
  fail: new Map<string, [number, number]>(),
  clear(): void {
    this.frames = [];
    this.nCommit = 0;
    this.nPage = 0;
    this.changed = 0;
    this.calls = [];
    this.fail = new Map();
  },
  rc(name: string, args = ""): number {
    this.calls.push(`${name}${args}`);
    const f = this.fail.get(name);
    if (f === undefined) return 0;
    if (f[0]-- > 0) return 0;
    this.fail.delete(name);
    return f[1];
  },
}));

vi.mock("../wal/wal.js", async (importOriginal) => {
  const actual = await importOriginal<typeof import("../wal/wal.js")>();
  return {
    ...actual,
    sqlite3WalOpen(
      _v: unknown,
      _f: unknown,
      z: Uint8Array,
      bNoShm: number,
      mx: number,
      pp: RefType<unknown>,
    ) {
      const name = new TextDecoder().decode(z.subarray(0, z.indexOf(0)));
      const rc = log.rc("open", ` ${name} ${bNoShm} ${mx}`);
      pp.value = rc === 0 ? {} : null;
      return rc;
    },
    sqlite3WalClose(pWal: unknown, db: unknown, sync: number, n: number, zBuf: Uint8Array | null) {
      if (pWal === null) return 0;
      return log.rc("close", ` ${db !== null} ${sync} ${n} ${zBuf !== null}`);
    },
    sqlite3WalLimit() {},
    sqlite3WalBeginReadTransaction(_p: unknown, pChanged: RefType<number>) {
      pChanged.value = log.changed;
      log.changed = 0;
      return log.rc("beginread");
    },
    sqlite3WalEndReadTransaction() {
      log.rc("endread");
    },
    sqlite3WalFindFrame(_p: unknown, pgno: number, pi: RefType<number>) {
      let i = log.frames.length;
      while (i > 0 && log.frames[i - 1]!.pgno !== pgno) i--;
      pi.value = i;
      return log.rc("find", ` ${pgno}`);
    },
    sqlite3WalReadFrame(_p: unknown, iFrame: number, n: number, pOut: Uint8Array) {
      const rc = log.rc("readframe", ` ${iFrame} ${n}`);
      if (rc === 0) pOut.set(log.frames[iFrame - 1]!.data.subarray(0, n));
      return rc;
    },
    sqlite3WalDbsize: (pWal: unknown) => (pWal === null ? 0 : log.nPage),
    sqlite3WalBeginWriteTransaction: () => log.rc("beginwrite"),
    sqlite3WalEndWriteTransaction: () => log.rc("endwrite"),
    sqlite3WalUndo(_p: unknown, xUndo: (ctx: unknown, pgno: number) => number, ctx: unknown) {
      let rc = log.rc("undo");
      const gone = log.frames.splice(log.nCommit);
      for (let i = 0; i < gone.length && rc === 0; i++) rc = xUndo(ctx, gone[i]!.pgno);
      return rc;
    },
    sqlite3WalSavepoint(_p: unknown, aWalData: Uint32Array) {
      aWalData[0] = log.frames.length;
      log.rc("savepoint", ` ${aWalData[0]}`);
    },
    sqlite3WalSavepointUndo(_p: unknown, aWalData: Uint32Array) {
      const rc = log.rc("savepointundo", ` ${aWalData[0]}`);
      if (rc === 0) log.frames.length = aWalData[0]!;
      return rc;
    },
    sqlite3WalFrames(
      _p: unknown,
      n: number,
      pList: PgHdr,
      nTruncate: number,
      isCommit: number,
      sync: number,
    ) {
      const list: PgHdr[] = [];
      for (let p: PgHdr | null = pList; p !== null; p = p.pDirty) list.push(p);
      const rc = log.rc("frames", ` [${list.map((p) => p.pgno)}] ${nTruncate} ${isCommit} ${sync}`);
      if (rc !== 0) return rc;
      for (const p of list) log.frames.push({ pgno: p.pgno, data: p.pData.slice(0, n) });
      if (isCommit) {
        log.nCommit = log.frames.length;
        log.nPage = nTruncate;
      }
      return 0;
    },
    sqlite3WalExclusiveMode: () => 0,
    sqlite3WalHeapMemory: () => 0,
    sqlite3WalCallback: () => 0,
  };
});

const S = await import("../index.js");
const { MemDisk, Ref } = S;
type Pager = import("../index.js").Pager;
type DbPage = import("../index.js").DbPage;
type Disk = import("../index.js").MemDisk;

const OK = S.SQLITE_OK;
const PAGE = 1024;
const DB = S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_MAIN_DB;
const [OPEN, READER, , CACHEMOD, , , ERROR] = [0, 1, 2, 3, 4, 5, 6];

let aPager: Pager[] = [];
let reinit: number[] = [];

beforeEach(() => {
  log.clear();
  reinit = [];
});

afterEach(() => {
  for (const pager of aPager.splice(0)) S.sqlite3PagerClose(pager, new S.sqlite3());
});

/** A database of `n` pages full of 1 with a log beside it. */
function diskOf(n: number): Disk {
  const disk = new MemDisk();
  disk.importFile("/db", new Uint8Array(n * PAGE).fill(1));
  disk.importFile("/db-wal", new Uint8Array(32).fill(1));
  return disk;
}

function open(disk: Disk, cache = 10): Pager {
  expect(S.sqlite3_initialize()).toBe(OK);
  const pp = new Ref<Pager | null>(null);
  const name = new TextEncoder().encode("/db\0\0");
  expect(S.sqlite3PagerOpen(disk.vfs, pp, name, 136, 0, DB, (pg) => void reinit.push(pg.pgno))).toBe(OK);
  const pager = pp.value!;
  aPager.push(pager);
  S.sqlite3PagerSetBusyHandler(pager, () => 0, null);
  S.sqlite3PagerSetFlags(pager, S.PAGER_SYNCHRONOUS_FULL | S.PAGER_CACHESPILL);
  expect(S.sqlite3PagerSetPagesize(pager, new Ref(PAGE), 0)).toBe(OK);
  S.sqlite3PagerSetCachesize(pager, cache);
  return pager;
}

function get(pager: Pager, pgno: number, flags = 0): DbPage {
  const pp = new Ref<DbPage | null>(null);
  expect(S.sqlite3PagerGet(pager, pgno, pp, flags)).toBe(OK);
  return pp.value!;
}

function unref(pg: DbPage): void {
  if (pg.pgno === 1) S.sqlite3PagerUnrefPageOne(pg);
  else S.sqlite3PagerUnref(pg);
}

function begin(pager: Pager): DbPage {
  expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
  const one = get(pager, 1);
  expect(S.sqlite3PagerBegin(pager, 0, 0)).toBe(OK);
  return one;
}

function put(pager: Pager, pgno: number, v: number): void {
  const pg = get(pager, pgno);
  expect(S.sqlite3PagerWrite(pg)).toBe(OK);
  pg.pData.fill(v, pgno === 1 ? 100 : 0);
  unref(pg);
}

function peek(pager: Pager, pgno: number): number {
  const pg = get(pager, pgno);
  const v = pg.pData[500]!;
  unref(pg);
  return v;
}

function commit(pager: Pager, one: DbPage): void {
  expect(S.sqlite3PagerCommitPhaseOne(pager, null, 0)).toBe(OK);
  expect(S.sqlite3PagerCommitPhaseTwo(pager)).toBe(OK);
  unref(one);
}

/** Listens to a pager as a backup would. */
function backup(pager: Pager): string[] {
  const heard: string[] = [];
  S.sqlite3PagerBackupPtr(pager).value = {
    pNext: null,
    xUpdate: (pgno, data) => heard.push(`${pgno}=${data[500]}`),
    xRestart: () => heard.push("restart"),
  };
  return heard;
}

describe("sqlite3PagerSharedLock with a log", () => {
  test("opens it, takes a snapshot, asks it for the size", () => {
    const disk = diskOf(3);
    const pager = open(disk);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(log.calls).toEqual(["open /db-wal 0 -1", "endread", "beginread"]);
    expect(pager).toMatchObject({ eState: READER, eLock: S.SHARED_LOCK, dbSize: 3 });
    expect(pager.journalMode).toBe(S.PAGER_JOURNALMODE_WAL);
    expect(pager.pWal).not.toBeNull();
    unref(get(pager, 1));
    expect(pager.eState).toBe(OPEN);
    /* The log stays open and so does the lock: next time there is nothing to look for. */
    log.calls = [];
    log.nPage = 77;
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(disk.stopTrace()).toEqual([]);
    expect(log.calls).toEqual(["endread", "beginread"]);
    expect(pager.dbSize).toBe(77);
    /* In state READER only the snapshot is renewed. */
    log.calls = [];
    log.nPage = 78;
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(log.calls).toEqual(["endread", "beginread"]);
    expect(pager.dbSize).toBe(77);
  });

  test("cannot open it: everything is let go", () => {
    const pager = open(diskOf(3));
    log.fail.set("open", [0, S.SQLITE_CANTOPEN]);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(S.SQLITE_CANTOPEN);
    expect(pager).toMatchObject({ eState: OPEN, eLock: S.NO_LOCK, pWal: null, hasHeldSharedLock: 0 });
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
  });

  test("cannot take a snapshot: the cache is dropped, the read transaction ended", () => {
    for (const code of [S.SQLITE_BUSY, S.SQLITE_BUSY_SNAPSHOT, S.SQLITE_IOERR_SHMMAP]) {
      const pager = open(diskOf(3));
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      unref(get(pager, 1));
      const version = S.sqlite3PagerDataVersion(pager);
      log.calls = [];
      log.fail.set("beginread", [0, code]);
      expect(S.sqlite3PagerSharedLock(pager)).toBe(code);
      expect(log.calls).toEqual(["endread", "beginread", "endread"]);
      expect(S.sqlite3PagerDataVersion(pager)).toBe(version + 1);
      expect(pager.eState).toBe(OPEN);
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    }
  });

  test("the log has changed: cache and mapping are dropped; it has not: they are kept", () => {
    const disk = diskOf(6);
    const pager = open(disk);
    for (const limit of [0, 1 << 20]) {
      S.sqlite3PagerSetMmapLimit(pager, limit);
      for (const changed of [0, 1]) {
        expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
        unref(get(pager, 1));
        const version = S.sqlite3PagerDataVersion(pager);
        log.changed = changed;
        disk.startTrace();
        expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
        const unfetched = disk.stopTrace().filter((c) => c.op === "unfetch").length;
        expect(unfetched).toBe(changed && limit ? 1 : 0);
        expect(S.sqlite3PagerDataVersion(pager)).toBe(version + changed);
        unref(get(pager, 1));
      }
    }
  });
});

describe("reading a page through the log", () => {
  test("from its newest frame, else from the file", () => {
    const disk = diskOf(4);
    const pager = open(disk);
    const data = (v: number) => new Uint8Array(PAGE).fill(v);
    log.frames = [
      { pgno: 2, data: data(5) },
      { pgno: 1, data: data(6) },
      { pgno: 2, data: data(7) },
    ];
    log.nCommit = 3;
    log.nPage = 4;
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    log.calls = [];
    disk.startTrace();
    const one = get(pager, 1);
    expect([peek(pager, 1), peek(pager, 2), peek(pager, 3)]).toEqual([6, 7, 1]);
    expect(log.calls).toEqual(["find 1", `readframe 2 ${PAGE}`, "find 2", `readframe 3 ${PAGE}`, "find 3"]);
    expect(disk.stopTrace().map((c) => `${c.op} ${c.offset}`)).toEqual([`read ${2 * PAGE}`]);
    expect([...pager.dbFileVers]).toEqual(new Array(16).fill(6));
    unref(one);
  });

  test("errors of looking up and of reading", () => {
    const pager = open(diskOf(4));
    log.frames = [{ pgno: 1, data: new Uint8Array(PAGE).fill(9) }];
    log.nCommit = 1;
    log.nPage = 4;
    const pp = new Ref<DbPage | null>(null);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    unref(get(pager, 1));
    for (const [name, vers] of [
      ["find", 9],
      ["readframe", 0xff],
    ] as const) {
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      S.sqlite3PagerShrink(pager);
      log.fail.set(name, [0, S.SQLITE_IOERR_READ]);
      expect(S.sqlite3PagerGet(pager, 1, pp, 0)).toBe(S.SQLITE_IOERR_READ);
      expect(pp.value).toBeNull();
      /* An error of the lookup comes before the version is touched. */
      expect([...pager.dbFileVers]).toEqual(new Array(16).fill(vers));
      expect(pager.eState).toBe(OPEN);
    }
  });
});

describe("committing to the log", () => {
  test("one ascending list, the last page's size, the flags of a commit; backups hear of each page", () => {
    const pager = open(diskOf(4));
    const heard = backup(pager);
    const one = begin(pager);
    for (const i of [4, 2, 6, 1]) put(pager, i, 2);
    log.calls = [];
    const writes = pager.aStat[2]!;
    expect(S.sqlite3PagerCommitPhaseOne(pager, null, 0)).toBe(OK);
    /* synchronous=FULL: SQLITE_SYNC_NORMAL for commits and for checkpoints */
    expect(log.calls).toEqual(["frames [1,2,4,6] 6 1 10"]);
    expect(heard).toEqual(["1=2", "2=2", "4=2", "6=2"]);
    expect(pager.aStat[2]).toBe(writes + 4);
    expect(pager.eState).toBe(CACHEMOD);
    /* The change counter was 0x01010101 in the file. */
    const page1 = log.frames[0]!.data;
    expect([24, 92, 96].map((i) => S.get4byte(page1, i))).toEqual([0x01010102, 0x01010102, 3053002]);
    expect(S.sqlite3PagerCommitPhaseTwo(pager)).toBe(OK);
    expect(log.calls.slice(1)).toEqual(["endwrite"]);
    unref(one);
  });

  test("pages beyond the new end are left out, wherever in the list they are", () => {
    for (const [pages, n, list] of [
      [[2, 3, 4, 5], 3, [2, 3]],
      [[2, 5], 4, [2]],
      [[1, 2, 3], 3, [1, 2, 3]],
      [[1, 5], 1, [1]],
    ] as const) {
      log.clear();
      const pager = open(diskOf(5));
      const heard = backup(pager);
      const one = begin(pager);
      for (const i of pages) put(pager, i, 3);
      S.sqlite3PagerTruncateImage(pager, n);
      log.calls = [];
      const writes = pager.aStat[2]!;
      expect(S.sqlite3PagerCommitPhaseOne(pager, null, 0)).toBe(OK);
      expect(log.calls).toEqual([`frames [${list}] ${n} 1 10`]);
      expect(heard).toEqual(list.map((i) => `${i}=3`));
      expect(pager.aStat[2]).toBe(writes + list.length);
      expect(S.sqlite3PagerCommitPhaseTwo(pager)).toBe(OK);
      unref(one);
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      expect(pager.dbSize).toBe(n);
    }
  });

  test("an error of the log: the backups hear nothing, the transaction is still open", () => {
    const pager = open(diskOf(4));
    const heard = backup(pager);
    const one = begin(pager);
    put(pager, 2, 2);
    log.fail.set("frames", [0, S.SQLITE_IOERR_WRITE]);
    expect(S.sqlite3PagerCommitPhaseOne(pager, null, 0)).toBe(S.SQLITE_IOERR_WRITE);
    expect(heard).toEqual([]);
    expect(pager.eState).toBe(CACHEMOD);
    expect(S.sqlite3PagerRollback(pager)).toBe(OK);
    expect(heard).toEqual(["restart"]);
    expect(peek(pager, 2)).toBe(1);
    unref(one);
  });
});

describe("spilling to the log", () => {
  test("one frame per page, no commit; the sub-journal first", () => {
    const pager = open(diskOf(6));
    const heard = backup(pager);
    const one = begin(pager);
    put(pager, 3, 2);
    expect(S.sqlite3PagerOpenSavepoint(pager, 1)).toBe(OK);
    put(pager, 4, 2);
    log.calls = [];
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    expect(log.calls).toEqual(["frames [3] 0 0 10", "frames [4] 0 0 10"]);
    expect(heard).toEqual(["3=2", "4=2"]);
    expect(pager.nSubRec).toBe(2);
    expect(pager).toMatchObject({ eState: CACHEMOD, eLock: S.SHARED_LOCK });
    expect(pager.aStat[3]).toBe(2);
    put(pager, 3, 3);
    commit(pager, one);
    expect([...log.frames.map((f) => `${f.pgno}=${f.data[500]}`)]).toEqual(["3=2", "4=2", "3=3"]);
  });

  test("page 1 gets its change counter when it is spilled", () => {
    const pager = open(diskOf(2));
    const one = begin(pager);
    put(pager, 1, 2);
    one.nRef--; /* as if nobody held it; the cache's sum is not looked at here */
    pager.pPCache.nRefSum--;
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    one.nRef++;
    pager.pPCache.nRefSum++;
    expect(S.get4byte(log.frames[0]!.data, 24)).toBe(0x01010102);
    expect(S.sqlite3PagerRollback(pager)).toBe(OK);
    unref(one);
  });

  test("errors put the pager into state ERROR", () => {
    const spill = S.sqlite3Config.nStmtSpill;
    S.sqlite3Config.nStmtSpill = 0;
    for (const [what, code] of [
      ["frames", S.SQLITE_FULL],
      ["open", S.SQLITE_IOERR],
    ] as const) {
      log.clear();
      const disk = diskOf(6);
      const pager = open(disk);
      const one = begin(pager);
      put(pager, 3, 2);
      expect(S.sqlite3PagerOpenSavepoint(pager, 1)).toBe(OK);
      const heard = backup(pager);
      if (what === "frames") log.fail.set("frames", [0, code]);
      else disk.addFault({ op: "open", nth: 1, code });
      expect(S.sqlite3PagerFlush(pager)).toBe(code);
      expect(pager).toMatchObject({ eState: ERROR, errCode: code });
      expect(heard).toEqual([]);
      log.calls = [];
      disk.clearFaults();
      unref(one);
      expect(log.calls).toEqual(["endwrite", "endread"]);
      expect(pager).toMatchObject({ eState: OPEN, errCode: OK });
    }
    S.sqlite3Config.nStmtSpill = spill;
  });
});

describe("rolling back with a log", () => {
  test("pages that nobody holds are dropped, others are read again, backups restart", () => {
    const pager = open(diskOf(6));
    const one = begin(pager);
    for (const i of [2, 3]) put(pager, i, 2);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    for (const i of [4, 5, 7]) put(pager, i, 2);
    const three = get(pager, 3);
    const five = get(pager, 5);
    expect([three.pData[500], five.pData[500]]).toEqual([2, 2]);
    const heard = backup(pager);
    log.calls = [];
    expect(S.sqlite3PagerRollback(pager)).toBe(OK);
    expect(log.calls).toEqual(["undo", "find 3", "find 5", "endwrite"]);
    expect([three.pData[500], five.pData[500]]).toEqual([1, 1]);
    expect(reinit).toEqual([3, 5]);
    /* once per page: two frames, then the three dirty pages */
    expect(heard).toEqual(["restart", "restart", "restart", "restart", "restart"]);
    expect([2, 4].map((i) => S.sqlite3PagerLookup(pager, i))).toEqual([null, null]);
    expect(pager.dbSize).toBe(6);
    for (const pg of [three, five]) unref(pg);
    unref(one);
  });

  test("a page that cannot be read again ends the rollback with its error", () => {
    const disk = diskOf(6);
    const pager = open(disk);
    const one = begin(pager);
    for (const i of [2, 3, 4]) put(pager, i, 2);
    const three = get(pager, 3);
    const heard = backup(pager);
    disk.addFault({ op: "read", nth: 1 });
    expect(S.sqlite3PagerRollback(pager)).toBe(S.SQLITE_IOERR_READ);
    disk.clearFaults();
    expect(heard).toEqual(["restart", "restart"]);
    expect(reinit).toEqual([]);
    expect(pager).toMatchObject({ eState: ERROR, errCode: S.SQLITE_IOERR_READ });
    unref(three);
    unref(one);
    expect(pager.eState).toBe(OPEN);
  });

  test("an error of sqlite3WalUndo leaves the dirty pages as they are", () => {
    const pager = open(diskOf(6));
    const one = begin(pager);
    put(pager, 2, 2);
    log.fail.set("undo", [0, S.SQLITE_IOERR]);
    const heard = backup(pager);
    expect(S.sqlite3PagerRollback(pager)).toBe(S.SQLITE_IOERR);
    expect(heard).toEqual([]);
    unref(one);
  });

  test("to a savepoint: the log first, then the sub-journal; to -1: all", () => {
    const pager = open(diskOf(6));
    const one = begin(pager);
    put(pager, 2, 2);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    expect(S.sqlite3PagerOpenSavepoint(pager, 1)).toBe(OK);
    put(pager, 2, 3);
    put(pager, 3, 3);
    put(pager, 8, 3);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    put(pager, 2, 4);
    log.calls = [];
    expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
    expect(log.calls[0]).toBe("savepointundo 1");
    expect(pager.dbSize).toBe(6);
    expect([2, 3, 4].map((i) => peek(pager, i))).toEqual([2, 1, 1]);

    put(pager, 3, 5);
    log.fail.set("savepointundo", [0, S.SQLITE_IOERR]);
    expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(S.SQLITE_IOERR);
    expect(peek(pager, 3)).toBe(5);

    expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, -1)).toBe(OK);
    expect([2, 3].map((i) => peek(pager, i))).toEqual([1, 1]);
    expect(pager.eState).toBe(CACHEMOD);
    put(pager, 4, 7);
    commit(pager, one);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    const held = get(pager, 1);
    expect([2, 3, 4].map((i) => peek(pager, i))).toEqual([1, 1, 7]);
    unref(held);
  });

  test("random transactions with savepoints and spills against a model", () => {
    for (let seed = 1; seed <= 25; seed++) {
      log.clear();
      const rng = new S.SeededRandom(seed);
      const pager = open(diskOf(5));
      let model = [1, 1, 1, 1, 1];
      let v = 1;
      for (let txn = 0; txn < 10; txn++) {
        const before = model.slice();
        const saved: number[][] = [];
        const one = begin(pager);
        for (let step = rng.below(50); step > 0; step--) {
          const what = rng.below(16);
          if (what < 9) {
            const pgno = 1 + rng.below(Math.min(50, model.length + 3));
            for (let i = model.length + 1; i <= pgno; i++) put(pager, i, (model[i - 1] = ++v & 0xff));
            put(pager, pgno, (model[pgno - 1] = ++v & 0xff));
          } else if (what < 12) {
            saved.push(model.slice());
            expect(S.sqlite3PagerOpenSavepoint(pager, saved.length)).toBe(OK);
          } else if (what < 14 && saved.length > 0) {
            const i = rng.below(saved.length);
            expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, i)).toBe(OK);
            model = saved[i]!.slice();
            saved.length = i + 1;
          } else if (what < 15 && saved.length > 0) {
            const i = rng.below(saved.length);
            expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_RELEASE, i)).toBe(OK);
            saved.length = i;
          } else {
            expect(S.sqlite3PagerFlush(pager)).toBe(OK);
          }
        }
        for (let i = 1; i <= model.length; i++) expect(peek(pager, i)).toBe(model[i - 1]);
        if (rng.below(3) === 0) {
          expect(S.sqlite3PagerRollback(pager)).toBe(OK);
          unref(one);
          model = before;
        } else {
          if (pager.eState >= CACHEMOD && model.length > 4 && rng.below(3) === 0) {
            /* Whoever shortens a database changes its header, too: the list is never empty. */
            put(pager, 1, (model[0] = ++v & 0xff));
            model.length -= 1 + rng.below(2);
            S.sqlite3PagerTruncateImage(pager, model.length);
          }
          commit(pager, one);
        }
        S.sqlite3PagerSharedLock(pager);
        expect(pager.dbSize).toBe(model.length);
        S.sqlite3PagerShrink(pager);
        const held = get(pager, 1);
        for (let i = 1; i <= model.length; i++) expect(peek(pager, i)).toBe(model[i - 1]);
        unref(held);
      }
    }
  });
});

describe("closing with a log", () => {
  test("a buffer for the checkpoint, unless the connection or a moved file forbids it", () => {
    for (const [flags, moved, size, buffer] of [
      [0, false, PAGE, true],
      [S.SQLITE_NoCkptOnClose, false, PAGE, false],
      [0, true, PAGE, false],
    ] as const) {
      const disk = diskOf(2);
      const pager = open(disk);
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      if (moved) disk.removeFile("/db");
      const conn = new S.sqlite3();
      conn.flags = flags;
      log.calls = [];
      aPager = [];
      expect(S.sqlite3PagerClose(pager, conn)).toBe(OK);
      expect(log.calls).toEqual([`close true 10 ${size} ${buffer}`]);
      expect(disk.nOpen).toBe(0);
    }
  });
});

describe("SQLITE_CHECK_PAGES with a log", () => {
  test("dirty pages are hashed again after their frames have been written", async () => {
    const mirror = globalThis as { PAGER_MIRROR?: PagerMirrorOptions };
    vi.resetModules();
    mirror.PAGER_MIRROR = { options: { SQLITE_CHECK_PAGES: true } };
    const T = await import("../index.js");
    delete mirror.PAGER_MIRROR;
    vi.resetModules();
    const disk = new T.MemDisk();
    disk.importFile("/db", new Uint8Array(4 * 4096).fill(1));
    disk.importFile("/db-wal", new Uint8Array(32).fill(1));
    expect(T.sqlite3_initialize()).toBe(OK);
    const pp = new T.Ref<Pager | null>(null);
    const name = new TextEncoder().encode("/db\0\0");
    expect(T.sqlite3PagerOpen(disk.vfs, pp, name, 136, 0, DB, () => {})).toBe(OK);
    const pager = pp.value!;
    T.sqlite3PagerSetBusyHandler(pager, () => 0, null);
    const pg = new T.Ref<DbPage | null>(null);
    expect(T.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(T.sqlite3PagerGet(pager, 1, pg, 0)).toBe(OK);
    const one = pg.value!;
    expect(T.sqlite3PagerBegin(pager, 0, 0)).toBe(OK);
    expect(T.sqlite3PagerGet(pager, 2, pg, 0)).toBe(OK);
    const two = pg.value!;
    expect(T.sqlite3PagerWrite(two)).toBe(OK);
    two.pData.fill(2);
    const before = two.pageHash;
    expect(T.sqlite3PagerCommitPhaseOne(pager, null, 0)).toBe(OK);
    expect(two.pageHash).not.toBe(before);
    expect(T.sqlite3PagerCommitPhaseTwo(pager)).toBe(OK);
    T.sqlite3PagerUnref(two);
    T.sqlite3PagerUnrefPageOne(one);
    T.sqlite3PagerClose(pager, new T.sqlite3());
  });
});
