/**
 * What a connection does with the pager: the part of the b-tree and of the statement's end that takes
 * and drops locks, and that calls the busy handler.
 *
 * A stand-in for code that is not ported (sqlite3BtreeBeginTrans, lockBtree, unlockBtreeIfUnused,
 * sqlite3VdbeHalt, sqlite3InvokeBusyHandler of the amalgamation), so that a statement of real SQLite
 * and the same statement here ask the pager for the same things. It runs in the port's child process.
 * It knows one table: a root page whose leaves hold one row each, found by the parent.
 */

import { closeSync, openSync, readSync, writeSync } from "node:fs";
import {
  type DbPage,
  PAGER_CACHESPILL,
  PAGER_LOCKINGMODE_EXCLUSIVE,
  PAGER_LOCKINGMODE_NORMAL,
  PAGER_SYNCHRONOUS_FULL,
  type Pager,
  Ref,
  SQLITE_BUSY,
  SQLITE_ERROR,
  SQLITE_FCNTL_LOCKSTATE,
  SQLITE_OK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_MAIN_DB,
  SQLITE_OPEN_READONLY,
  SQLITE_OPEN_READWRITE,
  SQLITE_READONLY,
  sqlite3_create_filename,
  type sqlite3_file,
  sqlite3_free_filename,
  type sqlite3_io_methods,
  sqlite3_vfs_find,
  sqlite3OsFileControl,
  sqlite3PagerBegin,
  sqlite3PagerClose,
  sqlite3PagerCommitPhaseOne,
  sqlite3PagerCommitPhaseTwo,
  sqlite3PagerExclusiveLock,
  sqlite3PagerFile,
  sqlite3PagerGet,
  sqlite3PagerGetData,
  sqlite3PagerIsreadonly,
  sqlite3PagerLockingMode,
  sqlite3PagerOkToChangeJournalMode,
  sqlite3PagerOpen,
  sqlite3PagerOpenSavepoint,
  sqlite3PagerReadFileheader,
  sqlite3PagerRollback,
  sqlite3PagerSetBusyHandler,
  sqlite3PagerSetCachesize,
  sqlite3PagerSetFlags,
  sqlite3PagerSetJournalMode,
  sqlite3PagerSetPagesize,
  sqlite3PagerSetSpillsize,
  sqlite3PagerSharedLock,
  sqlite3PagerUnref,
  sqlite3PagerUnrefPageOne,
  sqlite3PagerWrite,
  toCString,
} from "../../src/index.js";

/** Where a row's value is: `data` of an update goes to `offset` of the leaf `page`. */
export interface TreeCell {
  page: number;
  offset: number;
}

/** A call of the busy handler that waits for the parent: through named pipes. */
export interface TreeGate {
  /** Which call, from 0; -1 none. */
  at: number;
  /** The handler writes a byte here ... */
  up: string;
  /** ... and waits for a byte from here. */
  down: string;
}

/** What the parent asks of a connection; `open` makes it. */
export type TreeRequest =
  | {
      do: "open";
      name: string;
      path: string;
      vfs: string | null;
      readonly: boolean;
      /** Page size for a file that does not tell. */
      pageSize: number;
      /** Leave everything at its default and read nothing yet. */
      cold: boolean;
      synchronous: number;
      journalMode: number;
      /** Cache size and spill size in pages; null: SQLite's default. */
      cacheSize: number | null;
    }
  | { do: "close"; name: string }
  /** The handler gives up after `limit` calls; -1: never. */
  | { do: "busy"; name: string; limit: number }
  | { do: "gate"; name: string; gate: TreeGate }
  | { do: "begin"; name: string; type: "deferred" | "immediate" | "exclusive" }
  /** SELECT: the character at `offset` of each cell. */
  | { do: "read"; name: string; root: number; cells: TreeCell[] }
  /** One UPDATE for each cell; ends at the first that fails. */
  | { do: "write"; name: string; root: number; cells: TreeCell[]; data: Uint8Array }
  | { do: "commit"; name: string }
  | { do: "rollback"; name: string }
  | { do: "lockingMode"; name: string; exclusive: boolean }
  | { do: "journalMode"; name: string; mode: number };

/** What a request gave, and what happened on the way. */
export interface TreeReply {
  rc: number;
  value: string | null;
  /** Argument of each call of the busy handler. */
  busy: number[];
  /** Calls of the file's lock methods, as lockprobe.c writes them. */
  trace: string;
  /** SQLITE_FCNTL_LOCKSTATE; -1 after close. */
  level: number;
  /** Pager.eLock; -1 after close. */
  eLock: number;
}

const TRANS_NONE = 0;
const TRANS_READ = 1;
const TRANS_WRITE = 2;

/* SQLITE_DEFAULT_CACHE_SIZE of better-sqlite3's build: KiB when negative. */
const DEFAULT_CACHE_SIZE = -16000;

/** Result codes after which a statement takes its transaction with it (isSpecialError in vdbeaux.c). */
const SPECIAL = new Set([7, 9, 10, 13]);

class Connection {
  readonly #pager: Pager;
  readonly #zName: Uint8Array;
  readonly #ppPage = new Ref<DbPage | null>(null);
  readonly #readonly: boolean;
  #page1: DbPage | null = null;
  #inTrans = TRANS_NONE;
  #autoCommit = true;
  #schemaLoaded = false;
  /** DBFLAG_SchemaChange: a rollback forgets the schema. A failed attempt to read it leaves this set. */
  #schemaChange = false;
  #limit = 0;
  #gate: TreeGate = { at: -1, up: "", down: "" };
  #nBusy = 0;
  #busy: number[] = [];
  #trace: string[] = [];

  private constructor(pager: Pager, zName: Uint8Array) {
    this.#pager = pager;
    this.#zName = zName;
    this.#readonly = sqlite3PagerIsreadonly(pager) !== 0;
    sqlite3PagerSetBusyHandler(pager, () => this.#invokeBusyHandler(), null);
    this.#listen(sqlite3PagerFile(pager));
  }

  /** As sqlite3BtreeOpen; a result code when that fails. */
  static open(r: Extract<TreeRequest, { do: "open" }>): Connection | number {
    const pVfs = sqlite3_vfs_find(r.vfs);
    if (pVfs === null) throw new Error(`no VFS is named ${r.vfs}`);
    const zName = sqlite3_create_filename(
      toCString(r.path),
      toCString(`${r.path}-journal`),
      toCString(`${r.path}-wal`),
      0,
      [],
    );
    if (zName === null) throw new Error("there is no memory for a file name");
    const ppPager = new Ref<Pager | null>(null);
    const mode = r.readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    let rc = sqlite3PagerOpen(pVfs, ppPager, zName, 136, 0, mode | SQLITE_OPEN_MAIN_DB, () => undefined);
    const pager = ppPager.value;
    if (rc !== SQLITE_OK || pager === null) {
      sqlite3_free_filename(zName);
      return rc;
    }
    const header = new Uint8Array(100);
    rc = sqlite3PagerReadFileheader(pager, header.length, header);
    const told = ((header[16] as number) << 8) | ((header[17] as number) << 16);
    const valid = told >= 512 && told <= 65536 && (told & (told - 1)) === 0;
    const size = new Ref(valid ? told : r.pageSize);
    if (rc === SQLITE_OK) rc = sqlite3PagerSetPagesize(pager, size, valid ? (header[20] as number) : 0);
    if (rc !== SQLITE_OK) {
      sqlite3PagerClose(pager, null);
      sqlite3_free_filename(zName);
      return rc;
    }
    sqlite3PagerSetCachesize(pager, DEFAULT_CACHE_SIZE);
    sqlite3PagerSetFlags(pager, PAGER_SYNCHRONOUS_FULL | PAGER_CACHESPILL);
    return new Connection(pager, zName);
  }

  /** The pragmas of a connection that is not cold; reads the schema. */
  configure(r: Extract<TreeRequest, { do: "open" }>): number {
    const rc = this.#prepare();
    if (rc !== SQLITE_OK) return rc;
    sqlite3PagerSetFlags(this.#pager, r.synchronous | PAGER_CACHESPILL);
    sqlite3PagerSetJournalMode(this.#pager, r.journalMode);
    if (r.cacheSize !== null) {
      sqlite3PagerSetCachesize(this.#pager, r.cacheSize);
      sqlite3PagerSetSpillsize(this.#pager, r.cacheSize);
    }
    return SQLITE_OK;
  }

  /** As sqlite3_close. */
  close(): number {
    this.#btreeRollback();
    const rc = sqlite3PagerClose(this.#pager, null);
    sqlite3_free_filename(this.#zName);
    return rc;
  }

  /** Stands between the pager and the VFS in the lock methods, as lockprobe.c does. */
  #listen(file: sqlite3_file): void {
    const under = file.pMethods as sqlite3_io_methods;
    const trace = (text: string): void => void this.#trace.push(text);
    file.pMethods = {
      ...under,
      xLock(id, eLock) {
        const rc = under.xLock(id, eLock);
        trace(`L${eLock}=${rc}`);
        return rc;
      },
      xUnlock(id, eLock) {
        const rc = under.xUnlock(id, eLock);
        trace(`U${eLock}=${rc}`);
        return rc;
      },
      xCheckReservedLock(id, pResOut) {
        const rc = under.xCheckReservedLock(id, pResOut);
        trace(`R=${rc}/${pResOut.value}`);
        return rc;
      },
    };
  }

  /** sqlite3InvokeBusyHandler. */
  #invokeBusyHandler(): number {
    if (this.#nBusy < 0) return 0;
    const again = this.#busyHandler(this.#nBusy);
    if (again) this.#nBusy++;
    else this.#nBusy = -1;
    return again ? 1 : 0;
  }

  #busyHandler(n: number): boolean {
    this.#busy.push(n);
    if (n === this.#gate.at) {
      /* Once: the handler may count to this call again, in another attempt of the same statement. */
      this.#gate.at = -1;
      const byte = new Uint8Array([33]);
      const up = openSync(this.#gate.up, "w");
      writeSync(up, byte);
      closeSync(up);
      const down = openSync(this.#gate.down, "r");
      const got = readSync(down, byte);
      closeSync(down);
      if (got !== 1) return false;
    }
    return this.#limit < 0 || n < this.#limit;
  }

  /** What the last request left behind. */
  take(rc: number, value: string | null): TreeReply {
    const level = new Ref(-1);
    sqlite3OsFileControl(sqlite3PagerFile(this.#pager), SQLITE_FCNTL_LOCKSTATE, level);
    const reply = {
      rc,
      value,
      busy: this.#busy,
      trace: this.#trace.join(" "),
      level: level.value,
      eLock: this.#pager.eLock,
    };
    this.#busy = [];
    this.#trace = [];
    return reply;
  }

  setBusy(limit: number): void {
    this.#limit = limit;
  }

  setGate(gate: TreeGate): void {
    this.#gate = gate;
  }

  /** lockBtree, without its examination of page 1: the databases here are sound. */
  #lockBtree(): number {
    let rc = sqlite3PagerSharedLock(this.#pager);
    if (rc !== SQLITE_OK) return rc;
    rc = sqlite3PagerGet(this.#pager, 1, this.#ppPage, 0);
    if (rc === SQLITE_OK) this.#page1 = this.#ppPage.value;
    return rc;
  }

  #unlockBtreeIfUnused(): void {
    const page1 = this.#page1;
    if (this.#inTrans !== TRANS_NONE || page1 === null) return;
    this.#page1 = null;
    sqlite3PagerUnrefPageOne(page1);
  }

  /** btreeBeginTrans; `wrflag` 0 reads, 1 writes, 2 takes the exclusive lock at once. */
  #beginTrans(wrflag: number): number {
    let rc = SQLITE_OK;
    if (this.#inTrans !== TRANS_WRITE && !(this.#inTrans === TRANS_READ && wrflag === 0)) {
      if (this.#readonly && wrflag !== 0) return SQLITE_READONLY;
      do {
        rc = SQLITE_OK;
        while (this.#page1 === null && (rc = this.#lockBtree()) === SQLITE_OK);
        if (rc === SQLITE_OK && wrflag !== 0) rc = sqlite3PagerBegin(this.#pager, wrflag > 1 ? 1 : 0, 0);
        if (rc !== SQLITE_OK) this.#unlockBtreeIfUnused();
      } while (
        (rc & 0xff) === SQLITE_BUSY &&
        this.#inTrans === TRANS_NONE &&
        this.#invokeBusyHandler() !== 0
      );
      if (rc === SQLITE_OK) this.#inTrans = wrflag !== 0 ? TRANS_WRITE : TRANS_READ;
    }
    if (rc === SQLITE_OK && wrflag !== 0) rc = sqlite3PagerOpenSavepoint(this.#pager, 0);
    return rc;
  }

  #endTransaction(): void {
    this.#inTrans = TRANS_NONE;
    this.#unlockBtreeIfUnused();
  }

  /** sqlite3BtreeRollback. */
  #btreeRollback(): number {
    let rc = SQLITE_OK;
    if (this.#inTrans === TRANS_WRITE) {
      rc = sqlite3PagerRollback(this.#pager);
      if (sqlite3PagerGet(this.#pager, 1, this.#ppPage, 0) === SQLITE_OK) {
        sqlite3PagerUnrefPageOne(this.#ppPage.value as DbPage);
      }
    }
    this.#endTransaction();
    return rc;
  }

  /** sqlite3RollbackAll. */
  #rollbackAll(): number {
    const rc = this.#btreeRollback();
    if (this.#schemaChange) this.#schemaLoaded = false;
    this.#schemaChange = false;
    return rc;
  }

  /** vdbeCommit of one database, and what sqlite3VdbeHalt does when it has succeeded. */
  #vdbeCommit(): number {
    if (this.#inTrans === TRANS_WRITE) {
      let rc = sqlite3PagerExclusiveLock(this.#pager);
      if (rc === SQLITE_OK) rc = sqlite3PagerCommitPhaseOne(this.#pager, null, 0);
      if (rc === SQLITE_OK) rc = sqlite3PagerCommitPhaseTwo(this.#pager);
      if (rc !== SQLITE_OK) return rc;
    }
    this.#endTransaction();
    this.#schemaChange = false;
    return SQLITE_OK;
  }

  /** sqlite3VdbeHalt of a statement that ends with `rc` and is not a COMMIT or ROLLBACK that worked. */
  #halt(rc: number): number {
    if (SPECIAL.has(rc & 0xff)) {
      this.#rollbackAll();
      this.#autoCommit = true;
      return rc;
    }
    if (!this.#autoCommit) return rc;
    let result = rc;
    if (result === SQLITE_OK) result = this.#vdbeCommit();
    if (result !== SQLITE_OK) this.#rollbackAll();
    return result;
  }

  /** sqlite3_prepare: reads the schema if that has not been done (sqlite3InitOne). */
  #prepare(): number {
    if (!this.#schemaLoaded) {
      const commitInternal = !this.#schemaChange;
      this.#schemaChange = true;
      const opened = this.#inTrans === TRANS_NONE;
      const rc = opened ? this.#beginTrans(0) : SQLITE_OK;
      this.#nBusy = 0;
      if (rc !== SQLITE_OK) return rc;
      if (opened) this.#endTransaction();
      this.#schemaLoaded = true;
      if (commitInternal) this.#schemaChange = false;
    }
    this.#nBusy = 0;
    return SQLITE_OK;
  }

  begin(type: "deferred" | "immediate" | "exclusive"): number {
    this.#nBusy = 0;
    if (type !== "deferred") {
      /* OP_Transaction comes before OP_AutoCommit: also a BEGIN within a transaction takes the lock. */
      const rc = this.#beginTrans(this.#readonly ? 0 : type === "exclusive" ? 2 : 1);
      if (rc !== SQLITE_OK) return this.#halt(rc);
    }
    if (!this.#autoCommit) return SQLITE_ERROR;
    this.#autoCommit = false;
    return SQLITE_OK;
  }

  /**
   * Visits the leaves of some rows as one cursor does: the root is held, then one leaf after the
   * other; at the end the root goes first.
   */
  #seek(root: number, cells: readonly TreeCell[], visit: (leaf: DbPage, cell: TreeCell) => number): number {
    let rc = sqlite3PagerGet(this.#pager, root, this.#ppPage, 0);
    if (rc !== SQLITE_OK) return rc;
    const above = this.#ppPage.value as DbPage;
    let leaf: DbPage | null = null;
    for (const cell of cells) {
      if (leaf !== null) {
        sqlite3PagerUnref(leaf);
        /* The next row is the next sqlite3_step, and each of them forgets what the handler has said. */
        this.#nBusy = 0;
      }
      leaf = null;
      rc = sqlite3PagerGet(this.#pager, cell.page, this.#ppPage, 0);
      if (rc !== SQLITE_OK) break;
      leaf = this.#ppPage.value as DbPage;
      rc = visit(leaf, cell);
      if (rc !== SQLITE_OK) break;
    }
    sqlite3PagerUnref(above);
    if (leaf !== null) sqlite3PagerUnref(leaf);
    return rc;
  }

  read(root: number, cells: readonly TreeCell[]): { rc: number; value: string | null } {
    let rc = this.#prepare();
    if (rc !== SQLITE_OK) return { rc, value: null };
    rc = this.#beginTrans(0);
    let value = "";
    if (rc === SQLITE_OK) {
      rc = this.#seek(root, cells, (leaf, cell) => {
        value += String.fromCharCode(sqlite3PagerGetData(leaf)[cell.offset] as number);
        return SQLITE_OK;
      });
    }
    rc = this.#halt(rc);
    return { rc, value: rc === SQLITE_OK ? value : null };
  }

  write(root: number, cells: readonly TreeCell[], data: Uint8Array): number {
    for (const cell of cells) {
      let rc = this.#prepare();
      if (rc !== SQLITE_OK) return rc;
      rc = this.#beginTrans(1);
      if (rc === SQLITE_OK) {
        rc = this.#seek(root, [cell], (leaf) => {
          const old = sqlite3PagerGetData(leaf).subarray(cell.offset, cell.offset + data.length);
          /* btreeOverwriteContent leaves a page alone that holds the content already. */
          if (Buffer.compare(old, data) === 0) return SQLITE_OK;
          const rcWrite = sqlite3PagerWrite(leaf);
          if (rcWrite === SQLITE_OK) sqlite3PagerGetData(leaf).set(data, cell.offset);
          return rcWrite;
        });
      }
      rc = this.#halt(rc);
      if (rc !== SQLITE_OK) return rc;
    }
    return SQLITE_OK;
  }

  commit(): number {
    this.#nBusy = 0;
    if (this.#autoCommit) return this.#halt(SQLITE_ERROR);
    const rc = this.#vdbeCommit();
    /* A COMMIT that finds the database busy leaves the transaction as it is. */
    if (rc === SQLITE_BUSY) return rc;
    this.#autoCommit = true;
    if (rc !== SQLITE_OK) this.#rollbackAll();
    return rc;
  }

  rollback(): number {
    this.#nBusy = 0;
    if (this.#autoCommit) return this.#halt(SQLITE_ERROR);
    this.#autoCommit = true;
    return this.#rollbackAll();
  }

  lockingMode(exclusive: boolean): string {
    this.#nBusy = 0;
    const mode = exclusive ? PAGER_LOCKINGMODE_EXCLUSIVE : PAGER_LOCKINGMODE_NORMAL;
    const now = sqlite3PagerLockingMode(this.#pager, mode);
    return now === PAGER_LOCKINGMODE_EXCLUSIVE ? "exclusive" : "normal";
  }

  journalMode(mode: number): { rc: number; value: string | null } {
    /* A pragma forgets what the handler has said before it reads the schema (sqlite3Pragma). */
    this.#nBusy = 0;
    const rc = this.#prepare();
    if (rc !== SQLITE_OK) return { rc, value: null };
    const names = ["delete", "persist", "off", "truncate", "memory", "wal"];
    const wanted = sqlite3PagerOkToChangeJournalMode(this.#pager) !== 0 ? mode : this.#pager.journalMode;
    const now = sqlite3PagerSetJournalMode(this.#pager, wanted);
    return { rc: this.#halt(SQLITE_OK), value: names[now] as string };
  }
}

/** Keeps the connections of the port's child process. */
export class TreeRunner {
  readonly #open = new Map<string, Connection>();

  /** Closes every connection. */
  reset(): void {
    for (const name of [...this.#open.keys()]) this.run({ do: "close", name });
  }

  run(r: TreeRequest): TreeReply {
    if (r.do === "open") {
      const made = Connection.open(r);
      if (typeof made === "number") {
        return { rc: made, value: null, busy: [], trace: "", level: -1, eLock: -1 };
      }
      this.#open.set(r.name, made);
      return made.take(r.cold ? SQLITE_OK : made.configure(r), null);
    }
    const c = this.#open.get(r.name);
    if (c === undefined) throw new Error(`no connection is named ${r.name}`);
    switch (r.do) {
      case "close": {
        this.#open.delete(r.name);
        return { rc: c.close(), value: null, busy: [], trace: "", level: -1, eLock: -1 };
      }
      case "busy":
        c.setBusy(r.limit);
        return c.take(SQLITE_OK, null);
      case "gate":
        c.setGate(r.gate);
        return c.take(SQLITE_OK, null);
      case "begin":
        return c.take(c.begin(r.type), null);
      case "read": {
        const { rc, value } = c.read(r.root, r.cells);
        return c.take(rc, value);
      }
      case "write":
        return c.take(c.write(r.root, r.cells, r.data), null);
      case "commit":
        return c.take(c.commit(), null);
      case "rollback":
        return c.take(c.rollback(), null);
      case "lockingMode":
        return c.take(SQLITE_OK, c.lockingMode(r.exclusive));
      case "journalMode": {
        const { rc, value } = c.journalMode(r.mode);
        return c.take(rc, value);
      }
    }
  }
}
