/**
 * Pager programs: lists of pager operations as plain data, and the interpreter that runs them on the
 * port. The parent process composes a program, the port's child process runs it.
 */

import { existsSync, readFileSync } from "node:fs";
import {
  type DbPage,
  PAGER_GET_NOCONTENT,
  type Pager,
  Ref,
  SAVEPOINT_RELEASE,
  SAVEPOINT_ROLLBACK,
  SQLITE_DBSTATUS_CACHE_HIT,
  SQLITE_DBSTATUS_CACHE_MISS,
  SQLITE_DBSTATUS_CACHE_WRITE,
  SQLITE_FCNTL_LOCKSTATE,
  SQLITE_OK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_MAIN_DB,
  SQLITE_OPEN_READWRITE,
  sqlite3,
  sqlite3_create_filename,
  sqlite3_free_filename,
  sqlite3_vfs_find,
  sqlite3OsFileControl,
  sqlite3PagerBegin,
  sqlite3PagerCacheStat,
  sqlite3PagerClearCache,
  sqlite3PagerClose,
  sqlite3PagerCommitPhaseOne,
  sqlite3PagerCommitPhaseTwo,
  sqlite3PagerDataVersion,
  sqlite3PagerDontWrite,
  sqlite3PagerExclusiveLock,
  sqlite3PagerFile,
  sqlite3PagerFlush,
  sqlite3PagerGet,
  sqlite3PagerGetData,
  sqlite3PagerJournalSizeLimit,
  sqlite3PagerLockingMode,
  sqlite3PagerMaxPageCount,
  sqlite3PagerMovepage,
  sqlite3PagerOpen,
  sqlite3PagerOpenSavepoint,
  sqlite3PagerPagecount,
  sqlite3PagerReadFileheader,
  sqlite3PagerRef,
  sqlite3PagerRefcount,
  sqlite3PagerRollback,
  sqlite3PagerSavepoint,
  sqlite3PagerSetBusyHandler,
  sqlite3PagerSetCachesize,
  sqlite3PagerSetFlags,
  sqlite3PagerSetJournalMode,
  sqlite3PagerSetMmapLimit,
  sqlite3PagerSetPagesize,
  sqlite3PagerSetSpillsize,
  sqlite3PagerSharedLock,
  sqlite3PagerShrink,
  sqlite3PagerTruncateImage,
  sqlite3PagerUnref,
  sqlite3PagerUnrefPageOne,
  sqlite3PagerWrite,
  toCString,
} from "../../src/index.js";
import { BtreeStart, btreeBeginTrans } from "./lockbtree.js";
import { commitTogether } from "./super-commit.js";

/** How an `apply` step walks to its target image. */
export interface ApplyOptions {
  /** Order in which changed pages are written: ascending unless told. */
  order?: "ascending" | "descending" | "interleaved";
  /** Opens a savepoint before every n-th changed page and releases them all before the commit. */
  savepointEvery?: number;
  /**
   * Before each n-th page a savepoint is opened, a few pages are overwritten with garbage, and the
   * savepoint is rolled back and released: nothing of it may remain.
   */
  scribbleEvery?: number;
  /** How the transaction ends; "commit" unless told. "open" leaves it open. */
  end?: "commit" | "rollback" | "open";
  /** Name of a super-journal, for the commit. */
  superJournal?: string;
  /** Takes the exclusive lock at once (`BEGIN EXCLUSIVE`). */
  exclusive?: boolean;
}

/** One operation. Every step names the pager it is for; `open` makes it. */
export type Step =
  | {
      do: "open";
      pager: string;
      /** Null: a temporary database; bytes: a name that is not UTF-8. */
      path: string | Uint8Array | null;
      /** PAGER_OMIT_JOURNAL, PAGER_MEMORY. */
      flags?: number;
      /** SQLITE_OPEN_*; read-write, create, main database unless told. */
      vfsFlags?: number;
      vfs?: string;
      /** URI parameters, key, value, key, value ... */
      uri?: string[];
      pageSize?: number;
      reserve?: number;
    }
  /** `connection`: as sqlite3_close does it, which looks where the file is; otherwise as a failed open does. */
  | { do: "close"; pager: string; connection?: boolean }
  /** Closes the pager if there is one: after an `open` that failed. */
  | { do: "discard"; pager: string }
  /** A read transaction as the b-tree begins it: the header is judged, page 1 is kept until `releaseAll`. */
  | { do: "lockDatabase"; pager: string }
  /** A write transaction as the b-tree begins it; an empty file gets its first page. */
  | {
      do: "beginDatabase";
      pager: string;
      exclusive?: boolean;
      /** As BEGIN does: a read transaction if the database is read-only; the output tells (true: it writes). */
      orRead?: boolean;
    }
  | { do: "pageSize"; pager: string; size: number; reserve?: number }
  | { do: "flags"; pager: string; value: number }
  | { do: "cacheSize"; pager: string; pages: number }
  | { do: "spillSize"; pager: string; pages: number }
  | { do: "mmapLimit"; pager: string; bytes: number }
  | { do: "lockingMode"; pager: string; mode: number }
  | { do: "journalMode"; pager: string; mode: number }
  | { do: "journalSizeLimit"; pager: string; bytes: number }
  | { do: "maxPageCount"; pager: string; pages: number }
  /** The busy handler gives up after having been called `times` times; -1: never. */
  | { do: "busy"; pager: string; times: number }
  | { do: "sharedLock"; pager: string }
  | { do: "fileHeader"; pager: string; bytes: number }
  /** Begins a write transaction; takes page 1 until its end unless the program holds it already. */
  | { do: "begin"; pager: string; exclusive?: boolean; subjInMemory?: boolean }
  /** Gets a page and lets it go again; the output is its content. */
  | { do: "read"; pager: string; page: number }
  /** Gets a page and keeps the reference until `release` or `releaseAll`. */
  | { do: "hold"; pager: string; page: number; noContent?: boolean }
  | { do: "release"; pager: string; page: number }
  | { do: "releaseAll"; pager: string }
  /** As `releaseAll`, but for page 1: what closing all cursors does. */
  | { do: "releaseCursors"; pager: string }
  /** Makes a page writable and sets its content from `offset` on. */
  | { do: "write"; pager: string; page: number; data: Uint8Array; offset?: number; noContent?: boolean }
  | { do: "dontWrite"; pager: string; page: number }
  | { do: "move"; pager: string; from: number; to: number; isCommit?: boolean }
  | { do: "truncate"; pager: string; pages: number }
  | { do: "openSavepoint"; pager: string; n: number }
  | { do: "releaseSavepoint"; pager: string; index: number }
  | { do: "rollbackSavepoint"; pager: string; index: number }
  | { do: "commitOne"; pager: string; superJournal?: string; noSync?: boolean }
  | { do: "commitTwo"; pager: string }
  /** Commits the open transactions of several pagers under one super-journal; `pager` is the first of them. */
  | { do: "commitTogether"; pager: string; pagers: string[]; superJournal: string }
  | { do: "exclusiveLock"; pager: string }
  | { do: "rollback"; pager: string }
  | { do: "flush"; pager: string }
  | { do: "clearCache"; pager: string }
  | { do: "shrink"; pager: string }
  | { do: "pageCount"; pager: string }
  | { do: "dataVersion"; pager: string }
  | { do: "state"; pager: string }
  /** One whole transaction: the database becomes what the file `image` holds. */
  | ({ do: "apply"; pager: string; image: string } & ApplyOptions);

/** What one step gave. */
export interface StepResult {
  /** The (extended) result code; 0 for operations that have none. */
  rc: number;
  /** Content, number or state, by step. */
  value?: unknown;
}

/** The state of a pager as the `state` step reports it. */
export interface PagerState {
  eState: number;
  eLock: number;
  /** What the VFS says about the file's lock (SQLITE_FCNTL_LOCKSTATE), -1 if it does not say. */
  lockState: number;
  errCode: number;
  journalMode: number;
  pageSize: number;
  dbSize: number;
  dbFileSize: number;
  /** Times the busy handler has been called since the pager was opened. */
  busyCalls: number;
  /** Cache hits, misses, writes, spills. */
  hits: number;
  misses: number;
  writes: number;
  spills: number;
}

class OpenPager {
  readonly pager: Pager;
  readonly zName: Uint8Array | null;
  readonly held = new Map<number, DbPage>();
  readonly btree: BtreeStart;
  /** Page 1 is held because a `begin` step took it; the end of the transaction lets it go. */
  anchored = false;
  busyLimit = 0;
  busyCalls = 0;
  busyStreak = 0;

  constructor(pager: Pager, zName: Uint8Array | null) {
    this.pager = pager;
    this.zName = zName;
    this.btree = new BtreeStart(pager);
  }
}

/** A file name with something appended, as a C string. */
function cName(path: string | Uint8Array, suffix: string): Uint8Array {
  return typeof path === "string"
    ? toCString(path + suffix)
    : Uint8Array.from([...path, ...toCString(suffix)]);
}

/**
 * Lets a page go. Page 1 is the anchor of a transaction: letting its last reference go drops the
 * locks, and rolls back what has not been committed.
 */
function unref(pg: DbPage): void {
  if (pg.pgno === 1) sqlite3PagerUnrefPageOne(pg);
  else sqlite3PagerUnref(pg);
}

/** Runs programs; keeps the pagers that are open between one program and the next. */
export class ProgramRunner {
  readonly #open = new Map<string, OpenPager>();
  readonly #ppPage = new Ref<DbPage | null>(null);

  /**
   * Runs the steps one after the other.
   *
   * @param keepGoing go on after a step whose rc is not SQLITE_OK (otherwise that is the last one)
   * @returns a result for each step that was run
   */
  run(steps: readonly Step[], keepGoing: boolean): StepResult[] {
    const results: StepResult[] = [];
    for (const step of steps) {
      const result = this.#step(step);
      results.push(result);
      if (result.rc !== SQLITE_OK && !keepGoing) break;
    }
    return results;
  }

  /** Closes every pager, whatever state it is in. */
  reset(): void {
    for (const name of [...this.#open.keys()]) this.#close(name);
  }

  #get(name: string): OpenPager {
    const p = this.#open.get(name);
    if (p === undefined) throw new Error(`no pager is named ${name}`);
    return p;
  }

  #close(name: string, connection = false): number {
    const p = this.#get(name);
    this.#releaseAll(p);
    const rc = sqlite3PagerClose(p.pager, connection ? new sqlite3() : null);
    if (p.zName !== null) sqlite3_free_filename(p.zName);
    this.#open.delete(name);
    return rc;
  }

  #releaseAll(p: OpenPager, from = 1): void {
    /* Page 1 goes last: releasing it may end the transaction. */
    for (const [pgno, pg] of [...p.held].sort((a, b) => b[0] - a[0])) {
      if (pgno < from) continue;
      p.held.delete(pgno);
      unref(pg);
    }
  }

  #openPager(step: Extract<Step, { do: "open" }>): StepResult {
    const pVfs = sqlite3_vfs_find(step.vfs ?? null);
    if (pVfs === null) throw new Error(`no VFS is named ${step.vfs}`);
    let zName: Uint8Array | null = null;
    if (step.path !== null) {
      zName = sqlite3_create_filename(
        cName(step.path, ""),
        cName(step.path, "-journal"),
        cName(step.path, "-wal"),
        Math.floor((step.uri ?? []).length / 2),
        (step.uri ?? []).map(toCString),
      );
    }
    const ppPager = new Ref<Pager | null>(null);
    const rc = sqlite3PagerOpen(
      pVfs,
      ppPager,
      zName,
      136,
      step.flags ?? 0,
      step.vfsFlags ?? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB,
      () => undefined,
    );
    if (rc !== SQLITE_OK) {
      if (zName !== null) sqlite3_free_filename(zName);
      return { rc };
    }
    const p = new OpenPager(ppPager.value as Pager, zName);
    this.#open.set(step.pager, p);
    sqlite3PagerSetBusyHandler(
      p.pager,
      (arg) => {
        const own = arg as OpenPager;
        own.busyCalls++;
        own.busyStreak++;
        return own.busyLimit < 0 || own.busyStreak <= own.busyLimit ? 1 : 0;
      },
      p,
    );
    /* As sqlite3BtreeOpen does: read the header, and take page size and reserve from it. */
    const header = new Uint8Array(100);
    let rc2 = sqlite3PagerReadFileheader(p.pager, header.length, header);
    let pageSize = ((header[16] as number) << 8) | ((header[17] as number) << 16);
    let reserve = header[20] as number;
    if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) {
      pageSize = step.pageSize ?? 4096;
      reserve = step.reserve ?? 0;
    }
    if (rc2 === SQLITE_OK) rc2 = sqlite3PagerSetPagesize(p.pager, new Ref(pageSize), reserve);
    return { rc: rc2 };
  }

  #beginDatabase(p: OpenPager, wanted: 0 | 1 | 2, orRead = false): StepResult {
    const write = orRead && p.btree.readOnly ? 0 : wanted;
    if (p.held.has(1)) throw new Error("page 1 is held: a transaction has begun before");
    const ppPage1 = new Ref<DbPage | null>(null);
    const rc = btreeBeginTrans(p.btree, p.pager, ppPage1, write);
    if (ppPage1.value !== null) p.held.set(1, ppPage1.value);
    return { rc, value: write > 0 };
  }

  /** Lets page 1 go if it was the `begin` step that took it. */
  #weigh(p: OpenPager): void {
    const pg = p.held.get(1);
    if (!p.anchored || pg === undefined) return;
    p.anchored = false;
    p.held.delete(1);
    unref(pg);
  }

  #acquire(p: OpenPager, pgno: number, flags: number): number {
    p.busyStreak = 0;
    if (sqlite3PagerRefcount(p.pager) === 0) {
      /* As the b-tree's lockBtree does before it looks at page 1. */
      const rc = sqlite3PagerSharedLock(p.pager);
      if (rc !== SQLITE_OK) return rc;
    }
    return sqlite3PagerGet(p.pager, pgno, this.#ppPage, flags);
  }

  /** Writes `data` at `offset` of page `pgno`; returns the result code. */
  #writePage(p: OpenPager, pgno: number, data: Uint8Array, offset: number, flags: number): number {
    let rc = this.#acquire(p, pgno, flags);
    if (rc !== SQLITE_OK) return rc;
    const pg = this.#ppPage.value as DbPage;
    rc = sqlite3PagerWrite(pg);
    if (rc === SQLITE_OK) sqlite3PagerGetData(pg).set(data, offset);
    unref(pg);
    return rc;
  }

  /** See {@link ApplyOptions}; the caller holds nothing. */
  #apply(p: OpenPager, image: Uint8Array, o: ApplyOptions): StepResult {
    p.busyStreak = 0;
    let rc = sqlite3PagerSharedLock(p.pager);
    if (rc !== SQLITE_OK) return { rc };
    const size = Number(p.pager.pageSize);
    const nTarget = image.length / size;
    if (!Number.isInteger(nTarget)) throw new Error(`the image is not a whole number of ${size}-byte pages`);
    const count = new Ref(0);
    sqlite3PagerPagecount(p.pager, count);
    const nBefore = count.value;
    rc = this.#acquire(p, 1, 0);
    if (rc !== SQLITE_OK) return { rc };
    const page1 = this.#ppPage.value as DbPage;
    const finish = (code: number, value?: unknown): StepResult => {
      unref(page1);
      return value === undefined ? { rc: code } : { rc: code, value };
    };
    rc = sqlite3PagerBegin(p.pager, o.exclusive ? 1 : 0, 0);
    if (rc !== SQLITE_OK) return finish(rc);

    /* The page that holds the locking bytes is never part of a database. */
    const lockPage = Math.floor(0x40000000 / size) + 1;
    const changed: number[] = [];
    for (let pgno = 1; pgno <= nTarget; pgno++) {
      if (pgno === lockPage) continue;
      const target = image.subarray((pgno - 1) * size, pgno * size);
      if (pgno > nBefore) {
        changed.push(pgno);
        continue;
      }
      rc = this.#acquire(p, pgno, 0);
      if (rc !== SQLITE_OK) break;
      const pg = this.#ppPage.value as DbPage;
      if (pgno === 1) {
        /* The counters are the pager's business: feed the page as it was before the commit. */
        const fed = target.slice();
        fed.set(sqlite3PagerGetData(pg).subarray(24, 28), 24);
        fed.set(sqlite3PagerGetData(pg).subarray(92, 100), 92);
        const sameCounter =
          Buffer.compare(target.subarray(24, 28), sqlite3PagerGetData(pg).subarray(24, 28)) === 0;
        /* In exclusive mode the counter moves only when page 1 is written, be it with what it held. */
        const touched = p.pager.exclusiveMode !== 0 && !sameCounter;
        if (touched || Buffer.compare(fed, sqlite3PagerGetData(pg)) !== 0) changed.push(1);
      } else if (Buffer.compare(target, sqlite3PagerGetData(pg)) !== 0) {
        changed.push(pgno);
      }
      unref(pg);
    }
    if (o.order === "descending") changed.reverse();
    if (o.order === "interleaved") {
      const half = Math.ceil(changed.length / 2);
      const mixed: number[] = [];
      for (let i = 0; i < half; i++) {
        mixed.push(changed[i] as number);
        if (i + half < changed.length) mixed.push(changed[i + half] as number);
      }
      changed.splice(0, changed.length, ...mixed);
    }

    /* Content is not asked for only where there is none: what NOCONTENT fetches, no savepoint restores. */
    const newPage = (pgno: number): number => (pgno > p.pager.dbSize ? PAGER_GET_NOCONTENT : 0);
    let nSavepoint = 0;
    for (let i = 0; i < changed.length && rc === SQLITE_OK; i++) {
      const pgno = changed[i] as number;
      if (o.scribbleEvery && i % o.scribbleEvery === o.scribbleEvery - 1) {
        rc = sqlite3PagerOpenSavepoint(p.pager, nSavepoint + 1);
        const junk = new Uint8Array(size).fill(0xa5);
        for (let k = 0; k < 3 && rc === SQLITE_OK; k++) {
          const victim = changed[(i * 7 + k * 13) % changed.length] as number;
          if (victim === 1) continue;
          rc = this.#writePage(p, victim, junk, 0, newPage(victim));
        }
        if (rc === SQLITE_OK) rc = sqlite3PagerSavepoint(p.pager, SAVEPOINT_ROLLBACK, nSavepoint);
        if (rc === SQLITE_OK) rc = sqlite3PagerSavepoint(p.pager, SAVEPOINT_RELEASE, nSavepoint);
        if (rc !== SQLITE_OK) break;
      }
      if (o.savepointEvery && i % o.savepointEvery === 0) {
        rc = sqlite3PagerOpenSavepoint(p.pager, ++nSavepoint);
        if (rc !== SQLITE_OK) break;
      }
      let data = image.subarray((pgno - 1) * size, pgno * size);
      if (pgno === 1) {
        data = data.slice();
        data.set(sqlite3PagerGetData(page1).subarray(24, 28), 24);
        data.set(sqlite3PagerGetData(page1).subarray(92, 100), 92);
      }
      rc = this.#writePage(p, pgno, data, 0, newPage(pgno));
    }
    if (rc === SQLITE_OK && nTarget < nBefore) {
      /* As the b-tree does, page 1 (which holds the size) is written before the image shrinks. */
      rc = sqlite3PagerWrite(page1);
      if (rc === SQLITE_OK) sqlite3PagerTruncateImage(p.pager, nTarget);
    }
    if (rc === SQLITE_OK && nSavepoint > 0) rc = sqlite3PagerSavepoint(p.pager, SAVEPOINT_RELEASE, 0);
    const end = o.end ?? "commit";
    if (end === "open" && rc === SQLITE_OK) {
      p.held.set(1, page1);
      return { rc, value: changed.length };
    }
    if (end === "commit" && rc === SQLITE_OK) {
      rc = sqlite3PagerCommitPhaseOne(
        p.pager,
        o.superJournal === undefined ? null : toCString(o.superJournal),
        0,
      );
      if (rc === SQLITE_OK) rc = sqlite3PagerCommitPhaseTwo(p.pager);
      if (rc === SQLITE_OK) return finish(rc, changed.length);
    }
    const rcRollback = sqlite3PagerRollback(p.pager);
    return finish(rc === SQLITE_OK ? rcRollback : rc, changed.length);
  }

  #step(step: Step): StepResult {
    if (step.do === "open") return this.#openPager(step);
    if (step.do === "discard" && !this.#open.has(step.pager)) return { rc: SQLITE_OK };
    const p = this.#get(step.pager);
    const pager = p.pager;
    p.busyStreak = 0;
    switch (step.do) {
      case "close":
        return { rc: this.#close(step.pager, step.connection) };
      case "discard":
        return { rc: this.#close(step.pager) };
      case "lockDatabase":
        return this.#beginDatabase(p, 0);
      case "beginDatabase":
        return this.#beginDatabase(p, step.exclusive ? 2 : 1, step.orRead);
      case "pageSize": {
        const size = new Ref(step.size);
        const rc = sqlite3PagerSetPagesize(pager, size, step.reserve ?? -1);
        return { rc, value: size.value };
      }
      case "flags":
        sqlite3PagerSetFlags(pager, step.value);
        return { rc: SQLITE_OK };
      case "cacheSize":
        sqlite3PagerSetCachesize(pager, step.pages);
        return { rc: SQLITE_OK };
      case "spillSize":
        return { rc: SQLITE_OK, value: sqlite3PagerSetSpillsize(pager, step.pages) };
      case "mmapLimit":
        sqlite3PagerSetMmapLimit(pager, step.bytes);
        return { rc: SQLITE_OK };
      case "lockingMode":
        return { rc: SQLITE_OK, value: sqlite3PagerLockingMode(pager, step.mode) };
      case "journalMode":
        return { rc: SQLITE_OK, value: sqlite3PagerSetJournalMode(pager, step.mode) };
      case "journalSizeLimit":
        return { rc: SQLITE_OK, value: sqlite3PagerJournalSizeLimit(pager, step.bytes) };
      case "maxPageCount":
        return { rc: SQLITE_OK, value: sqlite3PagerMaxPageCount(pager, step.pages) };
      case "busy":
        p.busyLimit = step.times;
        return { rc: SQLITE_OK };
      case "sharedLock":
        return { rc: sqlite3PagerSharedLock(pager) };
      case "fileHeader": {
        const bytes = new Uint8Array(step.bytes);
        const rc = sqlite3PagerReadFileheader(pager, step.bytes, bytes);
        return { rc, value: bytes };
      }
      case "begin": {
        if (!p.held.has(1)) {
          const rc = this.#acquire(p, 1, 0);
          if (rc !== SQLITE_OK) return { rc };
          p.held.set(1, this.#ppPage.value as DbPage);
          p.anchored = true;
        }
        const rc = sqlite3PagerBegin(pager, step.exclusive ? 1 : 0, step.subjInMemory ? 1 : 0);
        if (rc !== SQLITE_OK) this.#weigh(p);
        return { rc };
      }
      case "read": {
        /* As the b-tree does: page 1 is referenced while another page is looked at. */
        let rc = this.#acquire(p, 1, 0);
        if (rc !== SQLITE_OK) return { rc };
        const page1 = this.#ppPage.value as DbPage;
        rc = this.#acquire(p, step.page, 0);
        let value: Uint8Array | undefined;
        if (rc === SQLITE_OK) {
          const pg = this.#ppPage.value as DbPage;
          value = sqlite3PagerGetData(pg).slice();
          unref(pg);
        }
        unref(page1);
        return value === undefined ? { rc } : { rc, value };
      }
      case "hold": {
        const rc = this.#acquire(p, step.page, step.noContent ? PAGER_GET_NOCONTENT : 0);
        if (rc !== SQLITE_OK) return { rc };
        const pg = this.#ppPage.value as DbPage;
        if (p.held.has(step.page)) unref(pg);
        else p.held.set(step.page, pg);
        return { rc };
      }
      case "release": {
        const pg = p.held.get(step.page);
        if (pg === undefined) throw new Error(`page ${step.page} is not held`);
        p.held.delete(step.page);
        unref(pg);
        return { rc: SQLITE_OK };
      }
      case "releaseAll":
        this.#releaseAll(p);
        return { rc: SQLITE_OK };
      case "releaseCursors":
        this.#releaseAll(p, 2);
        return { rc: SQLITE_OK };
      case "write":
        return {
          rc: this.#writePage(
            p,
            step.page,
            step.data,
            step.offset ?? 0,
            step.noContent ? PAGER_GET_NOCONTENT : 0,
          ),
        };
      case "dontWrite": {
        const rc = this.#acquire(p, step.page, 0);
        if (rc !== SQLITE_OK) return { rc };
        const pg = this.#ppPage.value as DbPage;
        sqlite3PagerDontWrite(pg);
        unref(pg);
        return { rc };
      }
      case "move": {
        let rc = this.#acquire(p, step.from, 0);
        if (rc !== SQLITE_OK) return { rc };
        const pg = this.#ppPage.value as DbPage;
        sqlite3PagerRef(pg);
        rc = sqlite3PagerMovepage(pager, pg, step.to, step.isCommit ? 1 : 0);
        if (rc === SQLITE_OK) rc = sqlite3PagerWrite(pg);
        unref(pg);
        unref(pg);
        return { rc };
      }
      case "truncate":
        sqlite3PagerTruncateImage(pager, step.pages);
        return { rc: SQLITE_OK };
      case "openSavepoint":
        return { rc: sqlite3PagerOpenSavepoint(pager, step.n) };
      case "releaseSavepoint":
        return { rc: sqlite3PagerSavepoint(pager, SAVEPOINT_RELEASE, step.index) };
      case "rollbackSavepoint":
        return { rc: sqlite3PagerSavepoint(pager, SAVEPOINT_ROLLBACK, step.index) };
      case "commitOne":
        return {
          rc: sqlite3PagerCommitPhaseOne(
            pager,
            step.superJournal === undefined ? null : toCString(step.superJournal),
            step.noSync ? 1 : 0,
          ),
        };
      case "commitTwo": {
        const rc = sqlite3PagerCommitPhaseTwo(pager);
        if (rc === SQLITE_OK) this.#weigh(p);
        return { rc };
      }
      case "commitTogether": {
        const all = step.pagers.map((name) => this.#get(name));
        const rc = commitTogether(
          all.map((x) => x.pager),
          step.superJournal,
          (i) => this.#weigh(all[i] as OpenPager),
        );
        return { rc };
      }
      case "exclusiveLock":
        return { rc: sqlite3PagerExclusiveLock(pager) };
      case "rollback": {
        const rc = sqlite3PagerRollback(pager);
        this.#weigh(p);
        return { rc };
      }
      case "flush":
        return { rc: sqlite3PagerFlush(pager) };
      case "clearCache":
        sqlite3PagerClearCache(pager);
        return { rc: SQLITE_OK };
      case "shrink":
        sqlite3PagerShrink(pager);
        return { rc: SQLITE_OK };
      case "pageCount": {
        const n = new Ref(0);
        sqlite3PagerPagecount(pager, n);
        return { rc: SQLITE_OK, value: n.value };
      }
      case "dataVersion":
        return { rc: SQLITE_OK, value: sqlite3PagerDataVersion(pager) };
      case "state":
        return { rc: SQLITE_OK, value: this.#state(p) };
      case "apply": {
        if (!existsSync(step.image)) throw new Error(`there is no image ${step.image}`);
        /* Not the Buffer itself: its slice() would be a view, not a copy. */
        return this.#apply(p, new Uint8Array(readFileSync(step.image)), step);
      }
    }
  }

  #state(p: OpenPager): PagerState {
    const pager = p.pager;
    const lock = new Ref(-1);
    const file = sqlite3PagerFile(pager);
    const rc = file.pMethods === null ? 1 : sqlite3OsFileControl(file, SQLITE_FCNTL_LOCKSTATE, lock);
    const stat = (which: number): number => {
      const value = new Ref(0);
      sqlite3PagerCacheStat(pager, which, 0, value);
      return value.value;
    };
    return {
      eState: pager.eState,
      eLock: pager.eLock,
      lockState: rc === SQLITE_OK ? lock.value : -1,
      errCode: pager.errCode,
      journalMode: pager.journalMode,
      pageSize: Number(pager.pageSize),
      dbSize: pager.dbSize,
      dbFileSize: pager.dbFileSize,
      busyCalls: p.busyCalls,
      hits: stat(SQLITE_DBSTATUS_CACHE_HIT),
      misses: stat(SQLITE_DBSTATUS_CACHE_MISS),
      writes: stat(SQLITE_DBSTATUS_CACHE_WRITE),
      /* sqlite3PagerCacheStat knows the spill counter as the one after the writes. */
      spills: stat(SQLITE_DBSTATUS_CACHE_WRITE + 1),
    };
  }
}
