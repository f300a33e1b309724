/**
 * What `pager-mirror bench pager` measures, on the port. c/workloads.c has the same in C: the same workloads
 * in the same order under the same names, function by function, so that both sides can run their loops in
 * their own language and return the same checksum of what they read.
 */

import {
  type DbPage,
  PAGER_CACHESPILL,
  PAGER_JOURNALMODE_DELETE,
  PAGER_JOURNALMODE_MEMORY,
  PAGER_JOURNALMODE_OFF,
  PAGER_JOURNALMODE_PERSIST,
  PAGER_JOURNALMODE_TRUNCATE,
  PAGER_JOURNALMODE_WAL,
  PAGER_SYNCHRONOUS_FULL,
  type Pager,
  Ref,
  SAVEPOINT_RELEASE,
  SAVEPOINT_ROLLBACK,
  SQLITE_CHECKPOINT_PASSIVE,
  SQLITE_NoCkptOnClose,
  SQLITE_OK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_MAIN_DB,
  SQLITE_OPEN_MAIN_JOURNAL,
  SQLITE_OPEN_READWRITE,
  sqlite3,
  type sqlite3_file,
  type sqlite3_vfs,
  sqlite3_vfs_find,
  sqlite3OsCloseFree,
  sqlite3OsDelete,
  sqlite3OsFileSize,
  sqlite3OsOpenMalloc,
  sqlite3OsRead,
  sqlite3OsWrite,
  sqlite3PagerBegin,
  sqlite3PagerCheckpoint,
  sqlite3PagerClose,
  sqlite3PagerCommitPhaseOne,
  sqlite3PagerCommitPhaseTwo,
  sqlite3PagerGet,
  sqlite3PagerGetData,
  sqlite3PagerOpen,
  sqlite3PagerOpenSavepoint,
  sqlite3PagerOpenWal,
  sqlite3PagerPagecount,
  sqlite3PagerRollback,
  sqlite3PagerSavepoint,
  sqlite3PagerSetBusyHandler,
  sqlite3PagerSetCachesize,
  sqlite3PagerSetFlags,
  sqlite3PagerSetJournalMode,
  sqlite3PagerSetPagesize,
  sqlite3PagerSharedLock,
  sqlite3PagerShrink,
  sqlite3PagerUnrefNotNull,
  sqlite3PagerUnrefPageOne,
  sqlite3PagerWrite,
  sqlite3WalFindFrame,
} from "../../../src/index.js";
import { nameBytes } from "../../oracle/ops.js";

const PAGE_SIZE = 4096;
/** For long logs: looking up a page in the wal-index has nothing to do with the size of pages. */
const SMALL_PAGE_SIZE = 512;
/* Pages that a database has in which single pages are read or changed. */
const N_SMALL = 200;
const N_LARGE = 4000;
const N_COMMIT = 1000;
/* A cache that holds everything, and one that holds next to nothing. */
const CACHE_ALL = 20000;
const CACHE_FEW = 100;
/** Frames after which a log is checkpointed, as a connection does by default. */
const AUTOCHECKPOINT = 1000;

/** Starts (true) and stops (false) the clock. */
export type Clock = (on: boolean) => void;

/** The workloads on one folder. */
export class Workloads {
  readonly #folder: string;
  readonly #clock: Clock;
  #sum = 0;

  /** @param folder where the files are, without a slash at its end */
  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /**
   * Runs workload `i` with `n` operations.
   *
   * @returns the checksum
   * @throws Error at any result code but SQLITE_OK
   */
  run(i: number, n: number): number {
    this.#sum = 0;
    const [, run, a, b] = WORKLOADS[i]!;
    run(this, n, a, b);
    return this.#sum >>> 0;
  }

  /** Runs memory task `i`, likewise. */
  task(i: number, n: number): number {
    this.#sum = 0;
    TASKS[i]!(this, n);
    return this.#sum >>> 0;
  }

  clock(on: boolean): void {
    this.#clock(on);
  }

  /** The name of a file, with the zeros around it that the pager expects. */
  name(file: string): Uint8Array {
    return nameBytes(`${this.#folder}/${file}`).subarray(4);
  }

  fold(s: number): void {
    this.#sum = fold(this.#sum, s);
  }
}

function ok(rc: number): void {
  if (rc !== SQLITE_OK) throw new Error(`result code ${rc}`);
}

function fold(s: number, v: number): number {
  return (Math.imul(s, 31) + v) | 0;
}

/* ---------------------------------------------------------------- pages */

const page = new Ref<DbPage | null>(null);

function pageValue(pPg: DbPage): number {
  const a = sqlite3PagerGetData(pPg);
  return a[8]! | (a[9]! << 8) | (a[10]! << 16) | (a[11]! << 24);
}

function setPageValue(pPg: DbPage, v: number): void {
  const a = sqlite3PagerGetData(pPg);
  a[8] = v;
  a[9] = v >> 8;
  a[10] = v >> 16;
  a[11] = v >> 24;
}

function get(p: Pager, pgno: number): DbPage {
  ok(sqlite3PagerGet(p, pgno, page, 0));
  return page.value!;
}

/** Changes one page. */
function putPage(p: Pager, pgno: number, v: number): void {
  const pPg = get(p, pgno);
  const rc = sqlite3PagerWrite(pPg);
  if (rc === SQLITE_OK) setPageValue(pPg, v);
  sqlite3PagerUnrefNotNull(pPg);
  ok(rc);
}

/* ---------------------------------------------------------------- transactions */

/** A read transaction: it lasts as long as page 1 is held. */
function beginRead(p: Pager): DbPage {
  ok(sqlite3PagerSharedLock(p));
  return get(p, 1);
}

function beginWrite(p: Pager): DbPage {
  const pOne = beginRead(p);
  ok(sqlite3PagerBegin(p, 0, 0));
  return pOne;
}

function commit(p: Pager, pOne: DbPage): void {
  ok(sqlite3PagerCommitPhaseOne(p, null, 0));
  ok(sqlite3PagerCommitPhaseTwo(p));
  sqlite3PagerUnrefPageOne(pOne);
}

/** Pages `first` to `last`, with values made from `seed`. */
function putPages(p: Pager, first: number, last: number, seed: number): void {
  for (let pgno = first; pgno <= last; pgno++) putPage(p, pgno, seed + pgno);
}

function fill(p: Pager, first: number, last: number, seed: number): void {
  const pOne = beginWrite(p);
  putPages(p, first, last, seed);
  commit(p, pOne);
}

/* ---------------------------------------------------------------- databases */

function vfs(): sqlite3_vfs {
  return sqlite3_vfs_find(null)!;
}

function openPager(w: Workloads, file: string, szPage: number, nCache: number): Pager {
  const pp = new Ref<Pager | null>(null);
  const flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB;
  ok(sqlite3PagerOpen(vfs(), pp, w.name(file), 136, 0, flags, () => undefined));
  const p = pp.value!;
  sqlite3PagerSetBusyHandler(p, () => 0, null);
  ok(sqlite3PagerSetPagesize(p, new Ref(szPage), 0));
  sqlite3PagerSetCachesize(p, nCache);
  sqlite3PagerSetFlags(p, PAGER_SYNCHRONOUS_FULL | PAGER_CACHESPILL);
  return p;
}

/** Reads pages 1 to nPage. */
function readPages(p: Pager, nPage: number): void {
  for (let pgno = 1; pgno <= nPage; pgno++) sqlite3PagerUnrefNotNull(get(p, pgno));
}

/**
 * Deletes what may be left, and makes a new database of nPage pages in the given journal mode; as many of them
 * as fit are in the cache then.
 */
function newDatabase(w: Workloads, szPage: number, nCache: number, eMode: number, nPage: number): Pager {
  for (const file of ["bench.db", "bench.db-journal", "bench.db-wal"])
    sqlite3OsDelete(vfs(), w.name(file), 0);
  const p = openPager(w, "bench.db", szPage, nCache);
  fill(p, 1, nPage, 1);
  if (eMode === PAGER_JOURNALMODE_WAL) {
    sqlite3PagerUnrefPageOne(beginRead(p));
    ok(sqlite3PagerSharedLock(p));
    ok(sqlite3PagerOpenWal(p, new Ref(0)));
  }
  sqlite3PagerSetJournalMode(p, eMode);
  const pOne = beginRead(p);
  readPages(p, nPage);
  sqlite3PagerUnrefPageOne(pOne);
  return p;
}

/** Reads all pages, adds them to the checksum and closes. Without a checkpoint: it would be a large one. */
function finish(w: Workloads, p: Pager, szPage: number, sum: number): void {
  let s = sum;
  const pOne = beginRead(p);
  const nPage = new Ref(0);
  sqlite3PagerPagecount(p, nPage);
  s = fold(s, nPage.value);
  for (let pgno = 1; pgno <= nPage.value; pgno++) {
    const pPg = get(p, pgno);
    const a = sqlite3PagerGetData(pPg);
    s = fold(s, pageValue(pPg));
    for (let i = 127; i < szPage; i += 128) s = fold(s, a[i]!);
    sqlite3PagerUnrefNotNull(pPg);
  }
  sqlite3PagerUnrefPageOne(pOne);
  w.fold(s);
  const db = new sqlite3();
  db.flags = SQLITE_NoCkptOnClose;
  ok(sqlite3PagerClose(p, db));
}

function checkpoint(p: Pager, pnLog: Ref<number> | null, pnCkpt: Ref<number> | null): void {
  ok(sqlite3PagerCheckpoint(p, new sqlite3(), SQLITE_CHECKPOINT_PASSIVE, pnLog, pnCkpt));
}

/* ---------------------------------------------------------------- the workloads */

/** Runs `n` operations; `a` and `b` are the workload's parameters. */
type Run = (w: Workloads, n: number, a: number, b: number) => void;

const cachedGet: Run = (w, n) => {
  const p = newDatabase(w, PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_DELETE, N_SMALL);
  const pOne = beginRead(p);
  let s = 0;
  let pgno = 1;
  w.clock(true);
  for (let i = 0; i < n; i++) {
    const pPg = get(p, pgno);
    s = fold(s, pageValue(pPg));
    sqlite3PagerUnrefNotNull(pPg);
    pgno += 71;
    if (pgno > N_SMALL) pgno -= N_SMALL;
  }
  w.clock(false);
  sqlite3PagerUnrefPageOne(pOne);
  finish(w, p, PAGE_SIZE, s);
};

/** Each page comes from the file, or with a = WAL from the log, and takes the place of another one. */
const getMiss: Run = (w, n, a) => {
  const p = newDatabase(w, PAGE_SIZE, CACHE_ALL, a, a === PAGER_JOURNALMODE_WAL ? 1 : N_LARGE);
  if (a === PAGER_JOURNALMODE_WAL) fill(p, 1, N_LARGE, 1);
  sqlite3PagerUnrefPageOne(beginRead(p));
  sqlite3PagerSetCachesize(p, CACHE_FEW);
  sqlite3PagerShrink(p);
  const pOne = beginRead(p);
  let s = 0;
  let pgno = 2;
  w.clock(true);
  for (let i = 0; i < n; i++) {
    const pPg = get(p, pgno);
    s = fold(s, pageValue(pPg));
    sqlite3PagerUnrefNotNull(pPg);
    pgno += 1237;
    if (pgno > N_LARGE) pgno -= N_LARGE - 1;
  }
  w.clock(false);
  sqlite3PagerUnrefPageOne(pOne);
  finish(w, p, PAGE_SIZE, s);
};

/** The first change of a page in a transaction: it is copied to the journal, if there is one. */
const writeFirst: Run = (w, n, a) => {
  const p = newDatabase(w, PAGE_SIZE, CACHE_ALL, a, N_COMMIT);
  let s = 0;
  for (let i = 0; i < n; ) {
    const pOne = beginWrite(p);
    readPages(p, N_COMMIT);
    let pgno = 2;
    w.clock(true);
    for (; pgno <= N_COMMIT && i < n; pgno++, i++) putPage(p, pgno, i);
    w.clock(false);
    s = fold(s, pgno);
    ok(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(pOne);
  }
  finish(w, p, PAGE_SIZE, s);
};

/** Further changes of pages that are writable already, and held. */
const writeAgain: Run = (w, n) => {
  const p = newDatabase(w, PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_DELETE, N_SMALL);
  const pOne = beginWrite(p);
  const apPg: DbPage[] = [];
  for (let i = 0; i < 16; i++) {
    apPg[i] = get(p, i * 7 + 2);
    ok(sqlite3PagerWrite(apPg[i]!));
  }
  w.clock(true);
  for (let i = 0; i < n; i++) {
    const pPg = apPg[i & 15]!;
    ok(sqlite3PagerWrite(pPg));
    setPageValue(pPg, (pageValue(pPg) + i) | 0);
  }
  w.clock(false);
  for (const pPg of apPg) sqlite3PagerUnrefNotNull(pPg);
  commit(p, pOne);
  finish(w, p, PAGE_SIZE, 0);
};

/** Transactions of `b` pages in journal mode `a`. */
const commits: Run = (w, n, a, b) => {
  const p = newDatabase(w, PAGE_SIZE, CACHE_ALL, a, N_COMMIT);
  let pgno = 2;
  let nFrame = 0;
  w.clock(true);
  for (let i = 0; i < n; i++) {
    const pOne = beginWrite(p);
    for (let j = 0; j < b; j++) {
      putPage(p, pgno, i + j);
      pgno += 7;
      if (pgno > N_COMMIT) pgno -= N_COMMIT - 1;
    }
    commit(p, pOne);
    nFrame += b;
    if (a === PAGER_JOURNALMODE_WAL && nFrame >= AUTOCHECKPOINT) {
      w.clock(false);
      checkpoint(p, null, null);
      nFrame = 0;
      w.clock(true);
    }
  }
  w.clock(false);
  finish(w, p, PAGE_SIZE, 0);
};

/** Puts `nFrame` frames into the log, in transactions of at most 1000 pages, each frame for a page of its own. */
function fillLog(p: Pager, nFrame: number): void {
  for (let i = 0; i < nFrame; i += 1000) fill(p, i + 1, Math.min(i + 1000, nFrame), i);
}

/** Finding the frame of a page in a log of `a` frames. */
const walLookup: Run = (w, n, a) => {
  const p = newDatabase(w, SMALL_PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_WAL, 1);
  fillLog(p, a);
  const pOne = beginRead(p);
  const iFrame = new Ref(0);
  let s = 0;
  let pgno = 1;
  w.clock(true);
  for (let i = 0; i < n; i++) {
    ok(sqlite3WalFindFrame(p.pWal!, pgno, iFrame));
    s = fold(s, iFrame.value);
    pgno += 61;
    while (pgno > a) pgno -= a;
  }
  w.clock(false);
  sqlite3PagerUnrefPageOne(pOne);
  finish(w, p, SMALL_PAGE_SIZE, s);
};

/** Copying a log of `n` frames into the database. */
const checkpoints: Run = (w, n) => {
  const p = newDatabase(w, PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_WAL, 1);
  fillLog(p, n);
  const [nLog, nCkpt] = [new Ref(0), new Ref(0)];
  w.clock(true);
  checkpoint(p, nLog, nCkpt);
  w.clock(false);
  finish(w, p, PAGE_SIZE, fold(nLog.value, nCkpt.value));
};

/** Copies a file through the VFS. */
function copyFile(from: Uint8Array, to: Uint8Array, type: number): void {
  const aBuf = new Uint8Array(65536);
  const open = (name: Uint8Array, flags: number): sqlite3_file => {
    const ref = new Ref<sqlite3_file | null>(null);
    ok(sqlite3OsOpenMalloc(vfs(), name, ref, flags, null));
    return ref.value!;
  };
  const pFrom = open(from, type | SQLITE_OPEN_READWRITE);
  const pTo = open(to, type | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const n = new Ref(0);
  ok(sqlite3OsFileSize(pFrom, n));
  for (let at = 0; at < n.value; at += aBuf.length) {
    const k = Math.min(n.value - at, aBuf.length);
    ok(sqlite3OsRead(pFrom, aBuf, k, at));
    ok(sqlite3OsWrite(pTo, aBuf, k, at));
  }
  sqlite3OsCloseFree(pFrom);
  sqlite3OsCloseFree(pTo);
}

/** Playing back the journal of a transaction of `n` pages that was cut off: a copy of one that was not. */
const hotJournal: Run = (w, n) => {
  const p = newDatabase(w, PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_DELETE, n + 1);
  sqlite3OsDelete(vfs(), w.name("hot.db"), 0);
  const pOne = beginWrite(p);
  putPages(p, 2, n + 1, 77);
  ok(sqlite3PagerCommitPhaseOne(p, null, 0));
  copyFile(w.name("bench.db"), w.name("hot.db"), SQLITE_OPEN_MAIN_DB);
  copyFile(w.name("bench.db-journal"), w.name("hot.db-journal"), SQLITE_OPEN_MAIN_JOURNAL);
  ok(sqlite3PagerCommitPhaseTwo(p));
  sqlite3PagerUnrefPageOne(pOne);
  finish(w, p, PAGE_SIZE, 0);
  const pHot = openPager(w, "hot.db", PAGE_SIZE, CACHE_ALL);
  w.clock(true);
  const pHotOne = beginRead(pHot);
  w.clock(false);
  sqlite3PagerUnrefPageOne(pHotOne);
  finish(w, pHot, PAGE_SIZE, 0);
};

/** Savepoints in which `a` pages change, that have changed in the transaction before; b: rolled back to. */
const savepoints: Run = (w, n, a, b) => {
  const p = newDatabase(w, PAGE_SIZE, CACHE_ALL, PAGER_JOURNALMODE_DELETE, N_SMALL);
  const pOne = beginWrite(p);
  putPages(p, 2, N_SMALL, 5);
  w.clock(true);
  for (let i = 0; i < n; i++) {
    ok(sqlite3PagerOpenSavepoint(p, 1));
    for (let pgno = 2; pgno < a + 2; pgno++) putPage(p, pgno, i);
    if (b) ok(sqlite3PagerSavepoint(p, SAVEPOINT_ROLLBACK, 0));
    ok(sqlite3PagerSavepoint(p, SAVEPOINT_RELEASE, 0));
  }
  w.clock(false);
  commit(p, pOne);
  finish(w, p, PAGE_SIZE, 0);
};

/** A transaction of `n` pages in journal mode `a` with a cache that holds 100, so that most are spilled. */
const spills: Run = (w, n, a) => {
  const p = newDatabase(w, PAGE_SIZE, CACHE_FEW, a, n + 1);
  w.clock(true);
  const pOne = beginWrite(p);
  putPages(p, 2, n + 1, 9);
  commit(p, pOne);
  w.clock(false);
  finish(w, p, PAGE_SIZE, 0);
};

/* ---------------------------------------------------------------- memory */

/** What is running between the start and the stop of the clock is looked at for the memory that it takes. */
type Task = (w: Workloads, n: number) => void;

/** Reading `n` pages into the cache; 100 are there already. */
const cachePages: Task = (w, n) => {
  const p = newDatabase(w, PAGE_SIZE, CACHE_FEW, PAGER_JOURNALMODE_DELETE, n);
  sqlite3PagerSetCachesize(p, CACHE_ALL);
  const pOne = beginRead(p);
  w.clock(true);
  readPages(p, n);
  w.clock(false);
  sqlite3PagerUnrefPageOne(pOne);
  finish(w, p, PAGE_SIZE, 0);
};

/** Makes a log of `n` frames and leaves it there. */
const leaveLog: Task = (w, n) => {
  const p = newDatabase(w, PAGE_SIZE, AUTOCHECKPOINT, PAGER_JOURNALMODE_WAL, 1);
  fillLog(p, n);
  const db = new sqlite3();
  db.flags = SQLITE_NoCkptOnClose;
  ok(sqlite3PagerClose(p, db));
};

/** Recovers that log and copies it into the database. */
const checkpointLog: Task = (w) => {
  const p = openPager(w, "bench.db", PAGE_SIZE, CACHE_FEW);
  const [nLog, nCkpt] = [new Ref(0), new Ref(0)];
  w.clock(true);
  sqlite3PagerUnrefPageOne(beginRead(p));
  checkpoint(p, nLog, nCkpt);
  w.clock(false);
  finish(w, p, PAGE_SIZE, fold(nLog.value, nCkpt.value));
};

/** Plays back the journal beside hot.db. */
const rollBack: Task = (w) => {
  const p = openPager(w, "hot.db", PAGE_SIZE, CACHE_FEW);
  w.clock(true);
  const pOne = beginRead(p);
  w.clock(false);
  sqlite3PagerUnrefPageOne(pOne);
  finish(w, p, PAGE_SIZE, 0);
};

/** As in aMemoryTask of c/workloads.c. */
const TASKS: readonly Task[] = [cachePages, leaveLog, checkpointLog, rollBack];

/** Name, function and parameters, as in aWorkload of c/workloads.c. */
const WORKLOADS: readonly (readonly [name: string, run: Run, a: number, b: number])[] = [
  ["cached get", cachedGet, 0, 0],
  ["get miss", getMiss, PAGER_JOURNALMODE_DELETE, 0],
  ["get miss, page in the log", getMiss, PAGER_JOURNALMODE_WAL, 0],
  ["write, journalled", writeFirst, PAGER_JOURNALMODE_DELETE, 0],
  ["write, WAL", writeFirst, PAGER_JOURNALMODE_WAL, 0],
  ["write again", writeAgain, 0, 0],
  ["commit of 1 page, DELETE", commits, PAGER_JOURNALMODE_DELETE, 1],
  ["commit of 1 page, TRUNCATE", commits, PAGER_JOURNALMODE_TRUNCATE, 1],
  ["commit of 1 page, PERSIST", commits, PAGER_JOURNALMODE_PERSIST, 1],
  ["commit of 1 page, MEMORY", commits, PAGER_JOURNALMODE_MEMORY, 1],
  ["commit of 1 page, OFF", commits, PAGER_JOURNALMODE_OFF, 1],
  ["commit of 1 page, WAL", commits, PAGER_JOURNALMODE_WAL, 1],
  ["commit of 100 pages, DELETE", commits, PAGER_JOURNALMODE_DELETE, 100],
  ["commit of 100 pages, TRUNCATE", commits, PAGER_JOURNALMODE_TRUNCATE, 100],
  ["commit of 100 pages, PERSIST", commits, PAGER_JOURNALMODE_PERSIST, 100],
  ["commit of 100 pages, MEMORY", commits, PAGER_JOURNALMODE_MEMORY, 100],
  ["commit of 100 pages, OFF", commits, PAGER_JOURNALMODE_OFF, 100],
  ["commit of 100 pages, WAL", commits, PAGER_JOURNALMODE_WAL, 100],
  ["lookup in a log of 100 frames", walLookup, 100, 0],
  ["lookup in a log of 10,000 frames", walLookup, 10000, 0],
  ["lookup in a log of 100,000 frames", walLookup, 100000, 0],
  ["checkpoint, per frame", checkpoints, 0, 0],
  ["hot journal, per page", hotJournal, 0, 0],
  ["savepoint, released", savepoints, 0, 0],
  ["savepoint of 1 page, released", savepoints, 1, 0],
  ["savepoint of 1 page, rolled back", savepoints, 1, 1],
  ["savepoint of 50 pages, rolled back", savepoints, 50, 1],
  ["spill, per page, DELETE", spills, PAGER_JOURNALMODE_DELETE, 0],
  ["spill, per page, WAL", spills, PAGER_JOURNALMODE_WAL, 0],
];

/** The names, in order. */
export const WORKLOAD_NAMES: readonly string[] = WORKLOADS.map(([name]) => name);
