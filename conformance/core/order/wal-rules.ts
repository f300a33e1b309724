/**
 * The rules that a pager with a write-ahead log must keep, checked on a trace of its calls.
 *
 * The checker replays the trace on files of its own. What a pager stores into the wal-index is no call of
 * the VFS; records hold the index's header as each call found it (`index` of ShimRecord), which
 * tells between which two calls a number was stored. Where there is none, because the index is on the
 * heap or was not recorded, the log itself has to tell.
 *
 * The calls may be those of several processes, in an order in which they can have happened (shared-log.ts);
 * some of these may have been killed.
 *
 * | rule | what it says |
 * |---|---|
 * | wal-sync | a checkpoint writes no page before the log is synced up to all that it copies |
 * | wal-page | what it writes is the newest frame of the page among these |
 * | locks | it holds slots 1 and 3, a writer of frames slot 0, unless the database is locked exclusively |
 * | backfill | nBackfill says N only when the pages are in the database whose newest frame is at or before N |
 * | backfill-end | and if N is the whole log, only when the database is cut to its size and synced |
 * | reset | the log starts over, shrinks to nothing or goes only after all of it is in the database, synced |
 * | reset-salt | when it starts over the first salt is one more, the second another one |
 * | header-sync | the new header is synced before frames follow it |
 * | commit | mxFrame names a frame that is there and ends a transaction; with FULL it is synced |
 * | limit | cutting the log off spares what is committed |
 * | header-order | the index's second header changes first, then comes a barrier, then the first header |
 * | replay | who recovers reads what has been written: otherwise the trace, and all of this, is worth nothing |
 */

import type { ShimRecord } from "../../engines/shimvfs.js";
import { WAL_HEADER } from "../../format/wal.js";
import type { Violation } from "./rules.js";
import { TracedFile } from "./traced-file.js";
import { TracedWal } from "./wal-file.js";
import {
  believe,
  type Index,
  readIndex,
  SLOT_CHECKPOINT,
  SLOT_READ0,
  SLOT_RECOVER,
  SLOT_WRITE,
  saltText,
} from "./wal-index.js";

/** SQLITE_IOCAP_*, SQLITE_LOCK_*, SQLITE_SHM_* and SQLITE_OPEN_* as sqlite3.h has them. */
const IOCAP_SEQUENTIAL = 0x400;
const LOCK_EXCLUSIVE = 4;
const SHM_UNLOCK = 1;
const SHM_EXCLUSIVE = 8;
const OPEN_CREATE = 0x4;

/** What the traced connections were set to. */
export interface WalOrderSetting {
  /** All of them sync: synchronous is nowhere OFF. */
  syncs: boolean;
  /** Databases whose writers all sync at each commit: FULL or EXTRA. */
  full: ReadonlySet<string>;
  /** What the device claims. */
  characteristics: number;
}

/** What a trace contained; a checked trace in which nothing happened has proved nothing. */
export interface WalOrderCounts {
  frames: number;
  commits: number;
  /** Pages written by checkpoints. */
  checkpointed: number;
  /** Stores of nBackfill that were seen: of a part of the log, and of all of it. */
  partial: number;
  complete: number;
  resets: number;
}

/** An open file, told apart from those of other processes. */
type Handle = string;

const handleOf = (r: ShimRecord, process: number): Handle => `${process}:${r.id ?? 0}`;
const isOf = (handle: Handle | undefined, process: number): boolean =>
  handle?.startsWith(`${process}:`) === true;

/** One database and its log. */
class Database {
  readonly name: string;
  file: TracedFile = new TracedFile();
  wal: TracedWal | null = null;
  /** Open handles of the log; while there are any, the database is written by checkpoints only. */
  walHandles = new Set<Handle>();
  locks = new Map<Handle, number>();
  /** Who holds a slot exclusively, and files that have the index mapped. */
  slots = new Map<number, Handle>();
  mapped = new Set<Handle>();
  index: Index | null = null;
  /** The second header as a barrier found it, when the first one was still another. */
  announced: Buffer | null = null;
  /** Who holds the writer's slot found the index's headers equal. */
  foundEqual = false;
  /** The log's header was written, and no sync has followed. */
  headerPending = false;
  /** Salts of rounds of which it has been seen that they are in the database. */
  finished = new Set<string>();
  /** A call has failed: the log may end with a commit that nobody was told of. */
  uncertain = false;

  constructor(name: string, content: Uint8Array | undefined, wal: Uint8Array | undefined) {
    this.name = name;
    this.begin(content, wal);
  }

  /** Nothing is known but what is there. */
  begin(content: Uint8Array | undefined, wal: Uint8Array | undefined): void {
    this.file = new TracedFile(content);
    this.wal = wal === undefined ? null : new TracedWal(wal);
    this.finished.clear();
    this.headerPending = false;
    this.forgetIndex();
  }

  /** Whether a process has the database for itself. */
  isExclusive(process: number): boolean {
    return [...this.locks].some(([handle, level]) => level === LOCK_EXCLUSIVE && isOf(handle, process));
  }

  holds(slot: number, process: number): boolean {
    return isOf(this.slots.get(slot), process);
  }

  /** Nobody can tell any more what the index says. */
  forgetIndex(): void {
    this.index = null;
    this.announced = null;
  }

  /** A file does not use the index any more. */
  unmap(handle: Handle): void {
    this.mapped.delete(handle);
    for (const [slot, holder] of this.slots) if (holder === handle) this.slots.delete(slot);
    if (this.mapped.size === 0) this.forgetIndex();
  }

  /** What a process had is had by nobody; returns whether it had anything. */
  left(process: number): boolean {
    const gone = [...this.walHandles, ...this.locks.keys(), ...this.mapped].filter((h) => isOf(h, process));
    if (this.holds(SLOT_WRITE, process) || this.holds(SLOT_RECOVER, process)) this.forgetIndex();
    for (const handle of gone) {
      this.walHandles.delete(handle);
      this.locks.delete(handle);
      if (this.mapped.has(handle)) this.unmap(handle);
    }
    return gone.length > 0;
  }
}

/** Feeds on a trace, call by call; {@link violations} grows. */
export class WalOrderChecker {
  readonly violations: Violation[] = [];
  readonly counts: WalOrderCounts = {
    frames: 0,
    commits: 0,
    checkpointed: 0,
    partial: 0,
    complete: 0,
    resets: 0,
  };
  readonly #s: WalOrderSetting;
  readonly #initial: Readonly<Record<string, Uint8Array>>;
  readonly #databases = new Map<string, Database>();
  #at = -1;

  /** @param files what was there before the trace: databases and logs by name, without folder */
  constructor(setting: WalOrderSetting, files: Readonly<Record<string, Uint8Array>> = {}) {
    this.#s = setting;
    this.#initial = files;
  }

  /** Takes the whole trace of a process, in which calls on shared memory are recorded if the index is. */
  feedAll(trace: readonly ShimRecord[]): this {
    for (const record of trace) this.feed(record);
    return this;
  }

  /** @param process one of several, or the only one */
  feed(r: ShimRecord, process: number | null = null): void {
    this.#at++;
    if (r.file === "" || r.file.endsWith("-journal") || r.file.includes("-mj")) return;
    const isWal = r.file.endsWith("-wal");
    const db = this.#database(isWal ? r.file.slice(0, -4) : r.file);
    if (r.index !== undefined) this.#onIndex(db, readIndex(r.index), r, process);
    /* What gives something back is made even if it is made to fail. */
    const givesBack = r.call === "shmlock" && ((r.argument ?? 0) & SHM_UNLOCK) !== 0;
    if (r.rc !== 0 && r.call !== "close" && r.call !== "shmunmap" && !givesBack) {
      if (["write", "sync", "truncate"].includes(r.call)) db.uncertain = true;
      return;
    }
    if (isWal) this.#onWal(db, r, process);
    else this.#onDatabase(db, r, process ?? 0);
  }

  /** A process was killed, and whatever it held is free. */
  died(process: number): void {
    for (const db of this.#databases.values()) if (db.left(process)) db.uncertain = true;
  }

  /** These files are there now, whatever has been written; who has them open has them open still. */
  exchange(files: Readonly<Record<string, Uint8Array>>): void {
    for (const db of this.#databases.values()) db.begin(files[db.name], files[`${db.name}-wal`]);
  }

  #database(name: string): Database {
    const known = this.#databases.get(name);
    if (known !== undefined) return known;
    const db = new Database(name, this.#initial[name], this.#initial[`${name}-wal`]);
    this.#databases.set(name, db);
    return db;
  }

  #broken(rule: string, text: string): void {
    this.violations.push({ rule, at: this.#at, text });
  }

  /* ---------------------------------------------------------------- the database file */

  #onDatabase(db: Database, r: ShimRecord, process: number): void {
    const handle = handleOf(r, process);
    switch (r.call) {
      case "lock":
      case "unlock":
        db.locks.set(handle, r.argument ?? 0);
        break;
      case "close":
        db.locks.delete(handle);
        break;
      case "write":
        if (db.walHandles.size > 0 && db.wal !== null) this.#onCheckpointWrite(db, db.wal, r, process);
        db.file.write(r.offset as number, r.data as Uint8Array);
        break;
      case "truncate":
        db.file.truncate(r.amount as number);
        break;
      case "sync":
        db.file.sync();
        break;
      case "shmmap":
        if (r.offset === 0) db.mapped.add(handle);
        break;
      case "shmunmap":
        db.unmap(handle);
        break;
      case "shmlock":
        this.#onSlots(db, r, handle);
        break;
      default:
        break;
    }
  }

  #onSlots(db: Database, r: ShimRecord, handle: Handle): void {
    const flags = r.argument ?? 0;
    if ((flags & SHM_EXCLUSIVE) === 0) return;
    const from = r.offset as number;
    for (let slot = from; slot < from + (r.amount as number); slot++) {
      if (slot === SLOT_WRITE) this.#onWriter(db, (flags & SHM_UNLOCK) !== 0);
      if (flags & SHM_UNLOCK) db.slots.delete(slot);
      else db.slots.set(slot, handle);
    }
  }

  /**
   * A writer comes or goes. Who finds the headers different has not made them so: somebody died, and a
   * recovery that fails leaves them as they are.
   */
  #onWriter(db: Database, isGoing: boolean): void {
    const differ = db.index === null ? null : !db.index.first.equals(db.index.second);
    if (isGoing && differ === true && db.foundEqual) {
      this.#broken("header-order", `${db.name}: a writer goes while the index's headers differ`);
    }
    db.foundEqual = !isGoing && differ === false;
  }

  #onCheckpointWrite(db: Database, wal: TracedWal, r: ShimRecord, process: number): void {
    const data = r.data as Uint8Array;
    const pgno = (r.offset as number) / wal.pageSize + 1;
    this.counts.checkpointed++;
    if (db.mapped.size > 0 && !db.isExclusive(process)) {
      for (const slot of [SLOT_CHECKPOINT, SLOT_READ0]) {
        if (!db.holds(slot, process))
          this.#broken("locks", `${db.name} is checkpointed without slot ${slot}`);
      }
    }
    const bound = db.index?.nBackfillAttempted ?? wal.lastCommit;
    const frames = wal.framesOf(pgno, bound);
    /* Who is killed may have written half a page. */
    const same = (f: number): boolean => Buffer.compare(wal.page(f).subarray(0, data.length), data) === 0;
    /* Without an index nobody knows for certain which frame is the last one. */
    const frame = db.index === null ? frames.find(same) : frames.slice(0, 1).find(same);
    if (frame === undefined) {
      this.#broken(
        "wal-page",
        `${db.name}: page ${pgno} is written, not as the newest frame up to ${bound} has it`,
      );
      return;
    }
    const needed = db.index === null ? frame : bound;
    if (this.#s.syncs && !wal.isDurableTo(needed)) {
      this.#broken(
        "wal-sync",
        `${db.name}: page ${pgno} is written before frame ${needed} of the log is synced`,
      );
    }
  }

  /* ---------------------------------------------------------------- the log */

  #onWal(db: Database, r: ShimRecord, one: number | null): void {
    const process = one ?? 0;
    switch (r.call) {
      case "open":
        db.walHandles.add(handleOf(r, process));
        if (db.wal === null && ((r.argument ?? 0) & OPEN_CREATE) !== 0) db.wal = new TracedWal();
        break;
      case "close":
        db.walHandles.delete(handleOf(r, process));
        break;
      case "read":
        if (db.wal !== null && one !== null) this.#onRecoveryRead(db, db.wal, r, one);
        break;
      case "write":
        if (db.wal !== null) this.#onWalWrite(db, db.wal, r, process);
        break;
      case "sync":
        db.wal?.sync();
        db.headerPending = false;
        break;
      case "truncate":
        if (db.wal !== null) this.#onWalTruncate(db, db.wal, r.amount as number);
        break;
      case "delete":
        if (db.wal !== null) this.#onReset(db, db.wal, "is deleted");
        db.wal = null;
        break;
      default:
        break;
    }
  }

  /** What is in the log for certain: it may be less, or more, than a process that was killed has recorded. */
  #onRecoveryRead(db: Database, wal: TracedWal, r: ShimRecord, process: number): void {
    if (r.data === undefined || !(db.isExclusive(process) || db.holds(SLOT_WRITE, process))) return;
    if (!wal.correct(r.offset as number, r.data)) return;
    /* The new header of a process that was killed has never been written: the old one needs no sync. */
    if (r.offset === 0) db.headerPending = false;
    if (!db.uncertain) {
      this.#broken("replay", `${r.file}: what is read at ${r.offset} is not what was written`);
    }
  }

  #onWalWrite(db: Database, wal: TracedWal, r: ShimRecord, process: number): void {
    const offset = r.offset as number;
    const data = r.data as Uint8Array;
    if (db.mapped.size > 0 && !db.isExclusive(process) && !db.holds(SLOT_WRITE, process)) {
      this.#broken("locks", `${r.file} is written without slot ${SLOT_WRITE}`);
    }
    if (offset === 0) {
      const before = wal.salts;
      const commits = wal.lastCommit;
      if (wal.lastFrame > 0) this.#onReset(db, wal, "starts over");
      wal.write(offset, data);
      /* Who is killed may have written half a header. */
      if (commits > 0 && !db.uncertain && wal.salts === before && data.length >= WAL_HEADER) {
        this.#broken("reset-salt", `${r.file} starts over with the salts ${before} that it had`);
      }
      db.headerPending = true;
      return;
    }
    this.counts.frames++;
    const needsSync = this.#s.syncs && (this.#s.characteristics & IOCAP_SEQUENTIAL) === 0;
    if (db.headerPending && needsSync && offset >= WAL_HEADER) {
      this.#broken("header-sync", `${r.file}: a frame is written before the new header is synced`);
      db.headerPending = false;
    }
    wal.write(offset, data);
  }

  #onWalTruncate(db: Database, wal: TracedWal, size: number): void {
    if (size === 0) this.#onReset(db, wal, "is cut to nothing");
    else if (wal.lastCommit > 0 && wal.frameEnd(wal.lastCommit) > size) {
      this.#broken(
        "limit",
        `${db.name}-wal is cut to ${size} bytes, within frame ${wal.lastCommit} or before`,
      );
    }
    wal.truncate(size);
  }

  /** The log's frames go: what was committed must be in the database. */
  #onReset(db: Database, wal: TracedWal, how: string): void {
    this.counts.resets++;
    /* A log without a database is of no use; of one byte is, to the Unix VFS, a database that is empty. */
    if (db.finished.has(wal.salts) || db.file.size <= 1) return;
    const isSame = db.index !== null && saltText(db.index.header) === wal.salts;
    if (!isSame && db.uncertain) return;
    const { mxFrame, nPage } = isSame ? (db.index as Index).header : wal.recovered();
    this.#checkFinished(db, wal, mxFrame, nPage, `${db.name}-wal ${how}`);
  }

  #checkFinished(db: Database, wal: TracedWal, mxFrame: number, nPage: number, what: string): void {
    if (mxFrame === 0) return;
    const missing = this.#missing(db, wal, mxFrame, mxFrame, nPage);
    if (missing !== null) this.#broken("reset", `${what} while ${missing}`);
    else if (db.file.size < nPage * wal.pageSize) {
      this.#broken("reset", `${what} while the database has not got its size`);
    } else if (this.#s.syncs && db.file.hasPending) {
      this.#broken("reset", `${what} before the database is synced`);
    }
    db.finished.add(wal.salts);
  }

  /**
   * The first page whose newest frame in the log is at or before `to` and is not what the database has;
   * null: none. An older frame of a page need not have been copied when there is a newer one.
   */
  #missing(db: Database, wal: TracedWal, to: number, mxFrame: number, nPage: number): string | null {
    for (const [pgno, frame] of wal.newest(mxFrame)) {
      if (pgno > nPage || frame > to) continue;
      const at = (pgno - 1) * wal.pageSize;
      const page = db.file.content.subarray(at, at + wal.pageSize);
      if (Buffer.compare(page, wal.page(frame)) !== 0)
        return `frame ${frame} (page ${pgno}) is not in the database`;
    }
    return null;
  }

  /* ---------------------------------------------------------------- the index */

  #onIndex(db: Database, seen: Index | null, r: ShimRecord, process: number | null): void {
    if (process !== null && db.holds(SLOT_RECOVER, process)) db.forgetIndex();
    const before = db.index;
    const now = process === null ? seen : this.#believed(db, seen, process);
    db.index = now;
    if (now === null || now === before) return;
    this.#checkHeaderOrder(db, before, now, r, process);
    const wal = db.wal;
    if (before === null || wal === null || before.header.isInit === 0) return;
    const isSameRound = saltText(before.header) === saltText(now.header);
    if (before.header.mxFrame > 0 && (!isSameRound || now.header.mxFrame < before.header.mxFrame)) {
      this.#onIndexReset(db, wal, before, now);
    }
    const since = isSameRound ? before.header.mxFrame : 0;
    if (now.header.mxFrame > since && saltText(now.header) === wal.salts) this.#onCommit(db, wal, since, now);
    if (isSameRound && now.nBackfill > before.nBackfill) this.#onBackfill(db, wal, now);
  }

  #believed(db: Database, seen: Index | null, process: number): Index | null {
    return believe(db.index, seen, {
      database: db.isExclusive(process),
      slot: (n) => db.holds(n, process),
    });
  }

  #checkHeaderOrder(
    db: Database,
    before: Index | null,
    now: Index,
    r: ShimRecord,
    process: number | null,
  ): void {
    /* Another one may have stored nBackfill while a writer is between the two copies. */
    if (process !== null && before?.first.equals(now.first) && before.second.equals(now.second)) return;
    const differ = !now.first.equals(now.second);
    if (r.call === "shmbarrier" && differ) {
      db.announced = now.second;
    } else if (differ) {
      this.#broken("header-order", `${db.name}: the index's headers differ, and no barrier is under way`);
    }
    if (before !== null && !now.first.equals(before.first) && db.announced?.equals(now.first) !== true) {
      this.#broken(
        "header-order",
        `${db.name}: the index's first header changes without a barrier after the second`,
      );
    }
  }

  /** The index says that the log starts over. */
  #onIndexReset(db: Database, wal: TracedWal, before: Index, now: Index): void {
    const old = before.header.salts;
    const salts = now.header.salts;
    if (salts[0] !== (old[0] + 1) >>> 0 || salts[1] === old[1]) {
      const words = (list: readonly number[]): string => list.map((n) => n.toString(16)).join(" ");
      this.#broken("reset-salt", `${db.name}-wal starts over with salts ${words(salts)} after ${words(old)}`);
    }
    if (saltText(before.header) !== wal.salts) return;
    const { mxFrame, nPage } = before.header;
    this.#checkFinished(db, wal, mxFrame, nPage, `the index says that ${db.name}-wal starts over`);
  }

  #onCommit(db: Database, wal: TracedWal, since: number, now: Index): void {
    const { mxFrame, nPage } = now.header;
    this.counts.commits++;
    if (wal.frameEnd(mxFrame) > wal.size || wal.commitSize(mxFrame) !== nPage) {
      const text = `${db.name}: the index says frame ${mxFrame}, ${nPage} pages; the log has no such commit`;
      this.#broken("commit", text);
    } else if (this.#s.full.has(db.name) && !wal.isDurableTo(wal.firstCommit(since, mxFrame))) {
      this.#broken("commit", `${db.name}: the commit of frame ${mxFrame} shows before the log is synced`);
    }
  }

  #onBackfill(db: Database, wal: TracedWal, now: Index): void {
    const { mxFrame, nPage } = now.header;
    const n = now.nBackfill;
    const what = `${db.name}: nBackfill says ${n} of ${mxFrame}`;
    if (saltText(now.header) !== wal.salts) return;
    /* The checkpointer may not have seen the newest commits, and does not copy what was cut off then. */
    const missing = this.#missing(db, wal, n, mxFrame, Math.min(nPage, wal.leastSize(n, mxFrame)));
    if (n > mxFrame) this.#broken("backfill", what);
    else if (missing !== null) this.#broken("backfill", `${what} while ${missing}`);
    if (n !== mxFrame) {
      this.counts.partial++;
      return;
    }
    this.counts.complete++;
    if (db.file.size !== nPage * wal.pageSize) {
      this.#broken("backfill-end", `${what} before the database is cut to ${nPage} pages`);
    } else if (this.#s.syncs && db.file.hasPending) {
      this.#broken("backfill-end", `${what} before the database is synced`);
    }
  }
}
