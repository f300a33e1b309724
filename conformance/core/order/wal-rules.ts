/**
 * The rules that a pager with a write-ahead log must keep, checked on a trace of its calls.
 *
 * The checker replays the trace on files of its own. What a pager stores into the wal-index is no call of
 * the VFS; records hold the index's header as each call found it (`index` of ShimRecord), which
 * tells between which two calls a number was stored. Where there is none, because the index is on the
 * heap or was not recorded, the log itself has to tell.
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
 */

import type { ShimRecord } from "../../engines/shimvfs.js";
import { parseShm, SHM_COPY, type ShmCopy } from "../../format/shm.js";
import { WAL_HEADER } from "../../format/wal.js";
import type { Violation } from "./rules.js";
import { TracedFile } from "./traced-file.js";
import { TracedWal } from "./wal-file.js";

/** SQLITE_IOCAP_*, SQLITE_LOCK_*, SQLITE_SHM_* and SQLITE_OPEN_* as sqlite3.h has them. */
const IOCAP_SEQUENTIAL = 0x400;
const LOCK_EXCLUSIVE = 4;
const SHM_UNLOCK = 1;
const SHM_EXCLUSIVE = 8;
const OPEN_CREATE = 0x4;
/** Slots of the wal-index. */
const SLOT_WRITE = 0;
const SLOT_CHECKPOINT = 1;
const SLOT_READ0 = 3;

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

/** The index's header as a call found it. */
interface Index {
  header: ShmCopy;
  first: Buffer;
  second: Buffer;
  nBackfill: number;
  nBackfillAttempted: number;
}

/** One database and its log. */
class Database {
  readonly name: string;
  readonly file: TracedFile;
  wal: TracedWal | null;
  /** Open handles of the log; while there are any, the database is written by checkpoints only. */
  walHandles = 0;
  locks = new Map<number, number>();
  /** Slots that somebody holds exclusively, and files that have the index mapped. */
  slots = new Set<number>();
  mapped = new Set<number>();
  index: Index | null = null;
  /** The second header as a barrier found it, when the first one was still another. */
  announced: Buffer | null = null;
  /** The log's header was written, and no sync has followed. */
  headerPending = false;
  /** Salts of rounds of which it has been seen that they are in the database. */
  finished = new Set<string>();
  /** A call has failed: the log may end with a commit that nobody was told of. */
  uncertain = false;

  constructor(name: string, content: Uint8Array | undefined, wal: Uint8Array | undefined) {
    this.name = name;
    this.file = new TracedFile(content);
    this.wal = wal === undefined ? null : new TracedWal(wal);
  }

  get isExclusive(): boolean {
    return [...this.locks.values()].some((level) => level === LOCK_EXCLUSIVE);
  }
}

function readIndex(bytes: Uint8Array): Index | null {
  const shm = parseShm(bytes);
  if (shm.copies === null) return null;
  return {
    header: shm.copies[0],
    first: Buffer.from(bytes.subarray(0, SHM_COPY)),
    second: Buffer.from(bytes.subarray(SHM_COPY, 2 * SHM_COPY)),
    nBackfill: shm.nBackfill,
    nBackfillAttempted: shm.nBackfillAttempted,
  };
}

/** Salts as the log's header has them, as hexadecimal text. */
function saltText(h: ShmCopy): string {
  return h.salts.map((n) => n.toString(16).padStart(8, "0")).join("");
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

  /** Takes a whole trace, in which calls on shared memory are recorded if the index is. */
  feedAll(trace: readonly ShimRecord[]): this {
    for (const record of trace) this.feed(record);
    return this;
  }

  feed(r: ShimRecord): void {
    this.#at++;
    if (r.file === "" || r.file.endsWith("-journal") || r.file.includes("-mj")) return;
    const isWal = r.file.endsWith("-wal");
    const db = this.#database(isWal ? r.file.slice(0, -4) : r.file);
    if (r.index !== undefined) this.#onIndex(db, readIndex(r.index), r);
    /* What gives something back is made even if it is made to fail. */
    const givesBack = r.call === "shmlock" && ((r.argument ?? 0) & SHM_UNLOCK) !== 0;
    if (r.rc !== 0 && r.call !== "close" && r.call !== "shmunmap" && !givesBack) {
      if (["write", "sync", "truncate"].includes(r.call)) db.uncertain = true;
      return;
    }
    if (isWal) this.#onWal(db, r);
    else this.#onDatabase(db, r);
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

  #onDatabase(db: Database, r: ShimRecord): void {
    const id = r.id ?? 0;
    switch (r.call) {
      case "lock":
      case "unlock":
        db.locks.set(id, r.argument ?? 0);
        break;
      case "close":
        db.locks.delete(id);
        break;
      case "write":
        if (db.walHandles > 0 && db.wal !== null) this.#onCheckpointWrite(db, db.wal, r);
        db.file.write(r.offset as number, r.data as Uint8Array);
        break;
      case "truncate":
        db.file.truncate(r.amount as number);
        break;
      case "sync":
        db.file.sync();
        break;
      case "shmmap":
        if (r.offset === 0) db.mapped.add(id);
        break;
      case "shmunmap":
        db.mapped.delete(id);
        if (db.mapped.size === 0) {
          db.index = null;
          db.announced = null;
          db.slots.clear();
        }
        break;
      case "shmlock":
        this.#onSlots(db, r);
        break;
      default:
        break;
    }
  }

  #onSlots(db: Database, r: ShimRecord): void {
    const flags = r.argument ?? 0;
    if ((flags & SHM_EXCLUSIVE) === 0) return;
    const from = r.offset as number;
    for (let slot = from; slot < from + (r.amount as number); slot++) {
      if (flags & SHM_UNLOCK) db.slots.delete(slot);
      else db.slots.add(slot);
    }
  }

  #onCheckpointWrite(db: Database, wal: TracedWal, r: ShimRecord): void {
    const data = r.data as Uint8Array;
    const pgno = (r.offset as number) / wal.pageSize + 1;
    this.counts.checkpointed++;
    if (db.mapped.size > 0 && !db.isExclusive) {
      for (const slot of [SLOT_CHECKPOINT, SLOT_READ0]) {
        if (!db.slots.has(slot)) this.#broken("locks", `${db.name} is checkpointed without slot ${slot}`);
      }
    }
    const bound = db.index?.nBackfillAttempted ?? wal.lastCommit;
    const frames = wal.framesOf(pgno, bound);
    const same = (f: number): boolean => Buffer.compare(wal.page(f), data) === 0;
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

  #onWal(db: Database, r: ShimRecord): void {
    switch (r.call) {
      case "open":
        db.walHandles++;
        if (db.wal === null && ((r.argument ?? 0) & OPEN_CREATE) !== 0) db.wal = new TracedWal();
        break;
      case "close":
        db.walHandles--;
        break;
      case "write":
        if (db.wal !== null) this.#onWalWrite(db, db.wal, r);
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

  #onWalWrite(db: Database, wal: TracedWal, r: ShimRecord): void {
    const offset = r.offset as number;
    const data = r.data as Uint8Array;
    if (db.mapped.size > 0 && !db.isExclusive && !db.slots.has(SLOT_WRITE)) {
      this.#broken("locks", `${r.file} is written without slot ${SLOT_WRITE}`);
    }
    if (offset === 0) {
      const before = wal.salts;
      const commits = wal.lastCommit;
      if (wal.lastFrame > 0) this.#onReset(db, wal, "starts over");
      wal.write(offset, data);
      if (commits > 0 && !db.uncertain && wal.salts === before) {
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
    if (db.finished.has(wal.salts) || db.file.size === 0) return;
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

  #onIndex(db: Database, now: Index | null, r: ShimRecord): void {
    const before = db.index;
    db.index = now;
    if (now === null) return;
    this.#checkHeaderOrder(db, before, now, r);
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

  #checkHeaderOrder(db: Database, before: Index | null, now: Index, r: ShimRecord): void {
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
    const missing = this.#missing(db, wal, n, mxFrame, nPage);
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
