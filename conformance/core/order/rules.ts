/**
 * The rules that a pager with a rollback journal must keep, checked on a trace of its calls.
 *
 * The checker replays the trace on files of its own and asks, at each call that could do harm,
 * whether a loss of power at that moment could be recovered from. It knows the file formats and the
 * documented protocol, nothing of the pager; so it serves for real SQLite's traces as well.
 */

import type { ShimRecord } from "../../engines/shimvfs.js";
import { u32 } from "../../format/field.js";
import { parseJournal } from "../../format/journal.js";
import { type Coverage, coverage } from "./coverage.js";
import { TracedFile } from "./traced-file.js";

/** SQLITE_IOCAP_*, SQLITE_LOCK_*, SQLITE_OPEN_* and SQLITE_FCNTL_* as sqlite3.h has them. */
const IOCAP_ATOMIC = 0x1;
const IOCAP_SAFE_APPEND = 0x200;
const IOCAP_SEQUENTIAL = 0x400;
const IOCAP_POWERSAFE_OVERWRITE = 0x1000;
const IOCAP_BATCH_ATOMIC = 0x4000;
const LOCK_SHARED = 1;
const LOCK_RESERVED = 2;
const LOCK_EXCLUSIVE = 4;
const OPEN_CREATE = 0x4;
const OPEN_SUPER_JOURNAL = 0x4000;
const FCNTL_COMMIT_PHASETWO = 22;
const FCNTL_BEGIN_ATOMIC_WRITE = 31;
const FCNTL_COMMIT_ATOMIC_WRITE = 32;
const FCNTL_ROLLBACK_ATOMIC_WRITE = 33;

/** Journal modes and synchronous levels by their pragma names. */
export type JournalMode = "DELETE" | "TRUNCATE" | "PERSIST" | "MEMORY" | "OFF";
export type SyncLevel = "OFF" | "NORMAL" | "FULL" | "EXTRA";

/** What the traced connections were set to. */
export interface OrderSetting {
  journal: JournalMode;
  sync: SyncLevel;
  fullfsync?: boolean;
  exclusive?: boolean;
  /** `PRAGMA journal_size_limit`. */
  journalSizeLimit?: number;
  /** What the device claims. */
  sectorSize: number;
  characteristics: number;
  pageSize: number;
  /** The build can do without a journal: one atomic page, or an atomic batch. */
  atomic?: "page" | "batch";
  /** Pages whose content has no meaning when a transaction begins: they need no journal record. */
  freePages?: (database: Uint8Array) => Iterable<number>;
}

/** A rule that was broken. */
export interface Violation {
  rule: string;
  /** Number of the call, from 0. */
  at: number;
  text: string;
}

/** What a trace contained; a checked trace in which nothing happened has proved nothing. */
export interface OrderCounts {
  databaseWrites: number;
  /** Overwritten pages whose originals were looked up in the journal. */
  pagesCovered: number;
  journalSyncs: number;
  databaseSyncs: number;
  /** Record counts written into headers after their records. */
  recordCounts: number;
  commitPoints: number;
  superJournals: number;
  /** Pages written without a journal, as an atomic write or batch. */
  atomicWrites: number;
}

/** One database, its journal, and where its transaction stands. */
class Database {
  readonly name: string;
  readonly file: TracedFile;
  journal: TracedFile | null;
  lock = 0;
  /** Since the first change: the content of each page overwritten, and the size in pages. */
  originals: Map<number, Uint8Array> | null = null;
  initialPages = 0;
  free: ReadonlySet<number> = new Set();
  /** The journal was there before the trace began: the transaction is somebody else's. */
  hot: boolean;
  /** Pages were written in this transaction. */
  changed = false;
  /** The journal was finalised; what has to follow before the locks go. */
  owed: "sync" | null = null;
  finalised = false;
  /** The super-journal that the journal names. */
  superJournal: string | null = null;
  inBatch = false;
  /** Pages written without a journal in this transaction. */
  bare = new Set<number>();
  #coverage: { version: number; value: Coverage } | null = null;

  constructor(name: string, content: Uint8Array, journal: Uint8Array | undefined) {
    this.name = name;
    this.file = new TracedFile(content);
    this.journal = journal === undefined ? null : new TracedFile(journal, false);
    this.hot = journal?.some((b, i) => i < 28 && b !== 0) ?? false;
  }

  coverage(ordered: boolean): Coverage {
    const journal = this.journal;
    if (journal === null) return { header: null, pages: new Map() };
    if (this.#coverage?.version !== journal.version) {
      const certain = (from: number, to: number): boolean => ordered || journal.isDurable(from, to);
      this.#coverage = { version: journal.version, value: coverage(journal, certain) };
    }
    return (this.#coverage as { value: Coverage }).value;
  }

  forgetCoverage(): void {
    this.#coverage = null;
  }
}

/** A super-journal while it exists. */
interface SuperJournal {
  file: TracedFile;
  isOpen: boolean;
}

/** Feeds on a trace, call by call; {@link violations} grows. */
export class OrderChecker {
  readonly violations: Violation[] = [];
  readonly counts: OrderCounts = {
    databaseWrites: 0,
    pagesCovered: 0,
    journalSyncs: 0,
    databaseSyncs: 0,
    recordCounts: 0,
    commitPoints: 0,
    superJournals: 0,
    atomicWrites: 0,
  };
  readonly #s: OrderSetting;
  readonly #databases = new Map<string, Database>();
  readonly #supers = new Map<string, SuperJournal>();
  #at = -1;

  /**
   * @param databases names without folder
   * @param files initial content of databases and, if there are any, of their journals
   */
  constructor(setting: OrderSetting, databases: readonly string[], files: Record<string, Uint8Array>) {
    this.#s = setting;
    for (const name of databases) {
      this.#databases.set(
        name,
        new Database(name, files[name] ?? new Uint8Array(0), files[`${name}-journal`]),
      );
    }
  }

  /** The content that the trace has given to a database. */
  content(name: string): Uint8Array {
    return (this.#databases.get(name) as Database).file.content;
  }

  /** Takes the whole trace; calls that failed are none of the rules' business. */
  feedAll(trace: readonly ShimRecord[]): this {
    for (const record of trace) this.feed(record);
    return this;
  }

  feed(r: ShimRecord): void {
    this.#at++;
    if (r.rc !== 0) return;
    const db = this.#databases.get(r.file);
    if (db !== undefined) {
      this.#onDatabase(db, r);
      return;
    }
    const owner = r.file.endsWith("-journal") ? this.#databases.get(r.file.slice(0, -8)) : undefined;
    if (owner !== undefined) {
      this.#onJournal(owner, r);
      return;
    }
    if (r.call === "open" && ((r.argument ?? 0) & OPEN_SUPER_JOURNAL) !== 0) {
      if (((r.argument ?? 0) & OPEN_CREATE) === 0) return;
      this.counts.superJournals++;
      this.#supers.set(r.file, { file: new TracedFile(), isOpen: true });
      return;
    }
    const sup = this.#supers.get(r.file);
    if (sup !== undefined) this.#onSuper(r.file, sup, r);
  }

  /** To be called at the end: a transaction that has changed the database must be over. */
  finish(): void {
    for (const db of this.#databases.values()) {
      if (db.changed && db.originals !== null && this.#hasJournalMode && !this.#s.atomic) {
        this.#broken("commit-point", `${db.name}: the trace ends within a transaction`);
      }
      if (db.owed !== null) this.#broken("final-sync", `${db.name}: the journal's end was never synced`);
    }
  }

  /* ---------------------------------------------------------------- what the setting means */

  get #hasJournalMode(): boolean {
    return this.#s.journal !== "MEMORY" && this.#s.journal !== "OFF";
  }
  get #syncs(): boolean {
    return this.#s.sync !== "OFF";
  }
  get #full(): boolean {
    return this.#s.sync === "FULL" || this.#s.sync === "EXTRA";
  }
  #claims(bit: number): boolean {
    return (this.#s.characteristics & bit) !== 0;
  }
  /** Calls take effect in order without syncs: by the device's promise, or because nobody asked for more. */
  get #ordered(): boolean {
    return !this.#syncs || this.#claims(IOCAP_SEQUENTIAL);
  }
  /** Bytes that a failing write may damage around itself. */
  get #blast(): number {
    return this.#claims(IOCAP_POWERSAFE_OVERWRITE) ? 1 : this.#s.sectorSize;
  }
  /** The sector size that journal headers are padded to. */
  get #headerSize(): number {
    if (this.#claims(IOCAP_POWERSAFE_OVERWRITE)) return 512;
    return this.#s.sectorSize < 32 ? 512 : Math.min(this.#s.sectorSize, 65536);
  }

  #broken(rule: string, text: string): void {
    this.violations.push({ rule, at: this.#at, text });
  }

  /* ---------------------------------------------------------------- the database file */

  #onDatabase(db: Database, r: ShimRecord): void {
    switch (r.call) {
      case "lock":
        db.lock = Math.max(db.lock, r.argument ?? 0);
        break;
      case "unlock":
        this.#onUnlock(db, r.argument ?? 0);
        break;
      case "write":
        this.#onDatabaseWrite(db, r);
        break;
      case "truncate":
        this.#onDatabaseTruncate(db, r.amount as number);
        break;
      case "sync":
        this.counts.databaseSyncs++;
        if (!this.#syncs) this.#broken("sync-off", `${db.name} is synced although synchronous is OFF`);
        this.#checkFlags(db.name, r.argument ?? 0);
        db.file.sync();
        break;
      case "control":
        this.#onControl(db, r.argument ?? 0);
        break;
      default:
        break;
    }
  }

  #checkFlags(name: string, flags: number): void {
    const expected = this.#s.fullfsync ? 3 : 2;
    /* A hot journal is synced with SQLITE_SYNC_NORMAL whatever the setting. */
    if ((flags & 0x0f) !== expected && (flags & 0x0f) !== 2) {
      this.#broken("sync-flags", `${name} is synced with flags ${flags}, expected ${expected}`);
    }
  }

  /** Remembers what the transaction starts from. */
  #begin(db: Database): Map<number, Uint8Array> {
    if (db.originals === null) {
      db.originals = new Map();
      db.initialPages = Math.ceil(db.file.size / this.#s.pageSize);
      db.free = new Set(this.#s.freePages?.(db.file.content) ?? []);
      db.finalised = false;
      db.changed = false;
      db.bare = new Set();
      db.superJournal = null;
    }
    return db.originals;
  }

  #end(db: Database): void {
    db.originals = null;
    db.hot = false;
    db.changed = false;
    db.superJournal = null;
  }

  #onUnlock(db: Database, level: number): void {
    if (level > LOCK_SHARED) this.#broken("locks", `${db.name} is unlocked to level ${level}`);
    if (db.owed !== null) {
      this.#broken("final-sync", `${db.name}: locks go before the finalised journal is synced`);
      db.owed = null;
    }
    if (db.originals !== null) {
      const isCold = (db.journal?.content[0] ?? 0) === 0;
      const noJournal = !this.#hasJournalMode || (this.#s.atomic !== undefined && isCold);
      if (noJournal) {
        if (db.changed && this.#syncs && db.file.hasPending) {
          this.#broken("database-sync", `${db.name}: locks go before the database is synced`);
        }
        this.#end(db);
      } else {
        this.#broken("commit-point", `${db.name}: locks go while the journal is hot`);
      }
    }
    db.lock = Math.min(db.lock, level);
  }

  #onControl(db: Database, op: number): void {
    if (op === FCNTL_BEGIN_ATOMIC_WRITE) db.inBatch = true;
    if (op === FCNTL_COMMIT_ATOMIC_WRITE || op === FCNTL_ROLLBACK_ATOMIC_WRITE) db.inBatch = false;
    if (op === FCNTL_COMMIT_PHASETWO) {
      if (this.#hasJournalMode && this.#s.atomic === undefined && db.changed && db.originals !== null) {
        this.#broken("commit-point", `${db.name}: phase two is over while the journal is hot`);
      }
      if (!this.#hasJournalMode || this.#s.atomic !== undefined) this.#end(db);
    }
  }

  #onDatabaseTruncate(db: Database, size: number): void {
    if (db.lock < LOCK_EXCLUSIVE) this.#broken("locks", `${db.name} is truncated without exclusive lock`);
    if (this.#hasJournalMode && db.originals !== null) {
      const { header } = db.coverage(this.#ordered);
      const least = (header?.initialPages ?? db.initialPages) * this.#s.pageSize;
      if (size < least && !(db.file.size < least)) {
        this.#broken(
          "truncate-after-commit",
          `${db.name} is cut to ${size} bytes before the commit point; a rollback needs ${least}`,
        );
      }
    }
    db.file.truncate(size);
  }

  #onDatabaseWrite(db: Database, r: ShimRecord): void {
    const { pageSize } = this.#s;
    const offset = r.offset as number;
    const data = r.data as Uint8Array;
    this.counts.databaseWrites++;
    const originals = this.#begin(db);
    if (db.lock < LOCK_EXCLUSIVE) this.#broken("locks", `${db.name} is written without exclusive lock`);
    if (offset % pageSize !== 0 || data.length !== pageSize) {
      this.#broken("whole-pages", `${db.name}: ${data.length} bytes are written at ${offset}`);
    }
    if (db.superJournal !== null) this.#checkSuperRecordDurable(db);
    if (this.#hasJournalMode) this.#checkCoverage(db, originals, offset, data);
    for (let at = offset; at < offset + data.length; at += pageSize) {
      const pgno = at / pageSize + 1;
      if (!originals.has(pgno) && at < db.file.size) {
        originals.set(pgno, Uint8Array.from(db.file.content.subarray(at, at + pageSize)));
      }
    }
    db.changed = true;
    db.file.write(offset, data);
  }

  /** The rule of rules: what is about to be overwritten can be restored. */
  #checkCoverage(
    db: Database,
    originals: ReadonlyMap<number, Uint8Array>,
    offset: number,
    data: Uint8Array,
  ): void {
    const { pageSize } = this.#s;
    if (this.#mayDoWithout(db, offset, data)) return;
    const { header, pages } = db.coverage(this.#ordered);
    const first = offset / pageSize + 1;
    if (header === null) {
      this.#broken("journal-first", `${db.name}: page ${first} is written while no synced journal is there`);
      return;
    }
    if (header.pageSize !== pageSize || header.sectorSize !== this.#headerSize) {
      if (!db.hot) {
        this.#broken(
          "journal-header",
          `${db.name}: the header says page size ${header.pageSize}, sector size ${header.sectorSize}`,
        );
      }
    }
    if (!db.hot && header.initialPages !== db.initialPages) {
      this.#broken(
        "journal-header",
        `${db.name}: the header says ${header.initialPages} pages, the database had ${db.initialPages}`,
      );
    }
    /* A failing write may damage its whole sectors. */
    const from = offset - (offset % this.#blast);
    const to = Math.ceil((offset + data.length) / this.#blast) * this.#blast;
    for (let at = from - (from % pageSize); at < to; at += pageSize) {
      const pgno = at / pageSize + 1;
      if (pgno > header.initialPages || pgno === Math.floor(0x40000000 / pageSize) + 1) continue;
      if (db.free.has(pgno)) continue;
      this.counts.pagesCovered++;
      const record = pages.get(pgno);
      if (record === undefined) {
        this.#broken(
          "journal-first",
          `${db.name}: page ${first} is written while page ${pgno} has no synced, counted record in the journal`,
        );
        continue;
      }
      const saved = (db.journal as TracedFile).content.subarray(record, record + pageSize);
      if (db.hot) {
        if (pgno === first && Buffer.compare(saved, data) !== 0) {
          this.#broken("playback", `${db.name}: page ${pgno} is restored to something else than its record`);
        }
        continue;
      }
      const original = originals.get(pgno) ?? db.file.content.subarray(at, at + pageSize);
      if (Buffer.compare(saved, original) !== 0) {
        this.#broken("journal-content", `${db.name}: the record of page ${pgno} is not the page's original`);
      }
    }
  }

  /** Whether the device's atomic writes replace the journal for this write. */
  #mayDoWithout(db: Database, offset: number, data: Uint8Array): boolean {
    const { atomic, pageSize, sectorSize } = this.#s;
    if (atomic === undefined || db.hot) return false;
    if (db.coverage(this.#ordered).header !== null) return false;
    if (atomic === "batch") {
      if (db.inBatch) this.counts.atomicWrites++;
      return db.inBatch;
    }
    if (!this.#claims(IOCAP_ATOMIC) && !this.#claims(pageSize >> 8)) return false;
    if (sectorSize > pageSize && !this.#claims(IOCAP_POWERSAFE_OVERWRITE)) return false;
    const pgno = offset / pageSize + 1;
    /* Page 1 may go ahead if only its counters move: half of that is no harm. */
    if (pgno !== 1 || !onlyCounters(db.file.content.subarray(0, pageSize), data)) db.bare.add(pgno);
    if (db.bare.size > 1) return false;
    this.counts.atomicWrites++;
    return true;
  }

  /* ---------------------------------------------------------------- the journal */

  #onJournal(db: Database, r: ShimRecord): void {
    switch (r.call) {
      case "open":
        if (db.journal === null && ((r.argument ?? 0) & OPEN_CREATE) !== 0) db.journal = new TracedFile();
        break;
      case "write":
        this.#onJournalWrite(db, r);
        break;
      case "sync":
        this.counts.journalSyncs++;
        if (!this.#syncs) this.#broken("sync-off", `${r.file} is synced although synchronous is OFF`);
        this.#checkFlags(r.file, r.argument ?? 0);
        db.journal?.sync();
        db.owed = null;
        break;
      case "truncate":
        this.#onJournalTruncate(db, r.amount as number);
        break;
      case "delete":
        this.#finalise(db, "delete", r.argument ?? 0);
        db.journal = null;
        db.forgetCoverage();
        break;
      default:
        break;
    }
  }

  #onJournalWrite(db: Database, r: ShimRecord): void {
    const journal = db.journal;
    const offset = r.offset as number;
    const data = r.data as Uint8Array;
    if (journal === null) {
      this.#broken("journal-mode", `${r.file} is written, but was never opened`);
      return;
    }
    if (!this.#hasJournalMode)
      this.#broken("journal-mode", `${r.file} is written in mode ${this.#s.journal}`);
    if (db.lock < LOCK_RESERVED) this.#broken("locks", `${r.file} is written without reserved lock`);
    if (offset === 0 && data.length === 28 && data.every((b) => b === 0)) {
      this.#finalise(db, "header", 0);
      journal.write(offset, data);
      return;
    }
    if (offset === 0 && data.length >= 28 && db.originals === null) this.#begin(db);
    else if (db.finalised) this.#broken("commit-point", `${r.file} is written after it was finalised`);
    /* A header is written by a page's length or, if that is less, by its own. */
    if (offset % this.#headerSize === 0) {
      if (data.length === 12) this.#onRecordCount(db, journal, offset, data);
      if (data.length === Math.min(this.#s.pageSize, this.#headerSize)) this.#onHeader(db, data);
    }
    journal.write(offset, data);
    this.#findSuperRecord(db, journal);
  }

  /** A header is empty until its records are safe, unless garbage cannot appear or nobody cares. */
  #onHeader(db: Database, data: Uint8Array): void {
    const early = u32(data, 8);
    const expected = !this.#syncs || this.#claims(IOCAP_SAFE_APPEND) ? 0xffffffff : 0;
    if (early !== expected) {
      this.#broken(
        "record-count",
        `${db.name}-journal: a new header counts ${early} records, expected ${expected}`,
      );
    }
    const magic = u32(data, 0);
    if ((magic !== 0) !== (expected !== 0)) {
      this.#broken(
        "record-count",
        `${db.name}-journal: a new header has its magic number too early or too late`,
      );
    }
  }

  #onRecordCount(db: Database, journal: TracedFile, offset: number, data: Uint8Array): void {
    this.counts.recordCounts++;
    const n = u32(data, 8);
    const first = offset + this.#headerSize;
    const size = this.#s.pageSize + 8;
    if (this.#claims(IOCAP_SAFE_APPEND)) {
      this.#broken("record-count", `${db.name}-journal: a count is written although appends are safe`);
    }
    if (first + n * size > journal.size) {
      this.#broken("record-count", `${db.name}-journal: ${n} records are counted, fewer are there`);
    }
    if (this.#full && !this.#ordered && n > 0 && !journal.isDurable(first, first + n * size)) {
      this.#broken(
        "count-after-records",
        `${db.name}-journal: ${n} records are counted before they are synced`,
      );
    }
  }

  #onJournalTruncate(db: Database, size: number): void {
    const journal = db.journal;
    if (journal === null) return;
    if (size === 0) {
      this.#finalise(db, "truncate", 0);
    } else if (!db.finalised && this.#supers.size === 0) {
      /* A super-journal's name must be the last thing in the file, so there it is cut. */
      this.#broken("commit-point", `${db.name}-journal is cut to ${size} bytes within a transaction`);
    }
    journal.truncate(size);
    if (size > 0) this.#findSuperRecord(db, journal);
  }

  /** The journal ceases to be hot, by this one call. */
  #finalise(db: Database, how: "delete" | "truncate" | "header", syncDir: number): void {
    const { journal, exclusive, journalSizeLimit } = this.#s;
    if (db.originals === null && !db.hot) {
      /* Not hot: a leftover is cleared away. */
      if (how !== "delete") this.#broken("commit-point", `${db.name}-journal is finalised twice`);
      return;
    }
    this.counts.commitPoints++;
    const withSuper = db.superJournal !== null;
    const persistent = withSuper || journalSizeLimit === 0 ? "truncate" : "header";
    const expected =
      journal === "TRUNCATE"
        ? "truncate"
        : journal === "PERSIST" || (journal === "DELETE" && exclusive)
          ? persistent
          : "delete";
    if (how !== expected) {
      this.#broken("commit-point", `${db.name}-journal is finalised by ${how}, expected ${expected}`);
    }
    /* File systems with atomic batches are told to sync the directory too. */
    const isBatch = this.#s.atomic === "batch" && this.#syncs && this.#claims(IOCAP_BATCH_ATOMIC);
    if (how === "delete" && (syncDir & 1) !== (this.#s.sync === "EXTRA" || isBatch ? 1 : 0)) {
      this.#broken("directory-sync", `${db.name}-journal is deleted with directory sync ${syncDir}`);
    }
    if (db.changed && this.#syncs && db.file.hasPending) {
      this.#broken("database-sync", `${db.name}-journal is finalised before the database is synced`);
    }
    if (db.changed && db.superJournal !== null && this.#isCommit(db) && this.#supers.has(db.superJournal)) {
      this.#broken("super-journal", `${db.name}-journal is finalised before the super-journal is deleted`);
    }
    const syncAfter = expected === "header" ? this.#syncs : how === "truncate" && this.#full;
    const zeroed = journal !== "TRUNCATE" && how !== "delete" && this.#syncs;
    db.owed = syncAfter || zeroed ? "sync" : null;
    db.finalised = true;
    this.#end(db);
  }

  /** Whether the transaction leaves anything changed. */
  #isCommit(db: Database): boolean {
    const { pageSize } = this.#s;
    for (const [pgno, original] of db.originals ?? []) {
      const at = (pgno - 1) * pageSize;
      if (Buffer.compare(db.file.content.subarray(at, at + pageSize), original) !== 0) return true;
    }
    return false;
  }

  /* ---------------------------------------------------------------- super-journals */

  /** A record that names a super-journal ends the journal: that file must list this journal, durably. */
  #findSuperRecord(db: Database, journal: TracedFile): void {
    if (db.superJournal !== null || this.#supers.size === 0) return;
    const record = parseJournal(journal.content).superJournal;
    if (record === null) return;
    const name = record.name.slice(record.name.lastIndexOf("/") + 1);
    const sup = this.#supers.get(name);
    if (sup === undefined) {
      this.#broken(
        "super-journal",
        `${db.name}-journal names the super-journal ${name}, which does not exist`,
      );
      return;
    }
    db.superJournal = name;
    const children = Buffer.from(sup.file.content).toString("utf8").split("\0");
    if (!children.some((c) => c.endsWith(`/${db.name}-journal`))) {
      this.#broken("super-journal", `${name} does not list ${db.name}-journal`);
    }
    if (!this.#ordered && sup.file.hasPending) {
      this.#broken("super-journal", `${name} is named by a journal before it is synced`);
    }
    if (record.checksum !== record.computed) {
      this.#broken("super-journal", `${db.name}-journal: the checksum of the super-journal's name is wrong`);
    }
    if (this.#full && record.offset % this.#headerSize !== 0) {
      this.#broken(
        "super-journal",
        `${db.name}-journal: the super-journal's record is not at a sector's start`,
      );
    }
  }

  #checkSuperRecordDurable(db: Database): void {
    const journal = db.journal;
    if (journal === null || this.#ordered) return;
    const record = parseJournal(journal.content).superJournal;
    if (record === null || !journal.isDurable(record.offset, journal.size)) {
      this.#broken(
        "super-journal",
        `${db.name} is written before its journal's super-journal record is synced, or with none at the end`,
      );
    }
  }

  #onSuper(name: string, sup: SuperJournal, r: ShimRecord): void {
    switch (r.call) {
      case "write":
        sup.file.write(r.offset as number, r.data as Uint8Array);
        break;
      case "sync":
        sup.file.sync();
        break;
      case "close":
        sup.isOpen = false;
        break;
      case "delete": {
        this.counts.commitPoints++;
        if (sup.isOpen) this.#broken("super-journal", `${name} is deleted while it is open`);
        if (((r.argument ?? 0) & 1) === 0)
          this.#broken("super-journal", `${name} is deleted without directory sync`);
        const children = Buffer.from(sup.file.content).toString("utf8").split("\0").filter(Boolean);
        for (const child of children) {
          const db = this.#databases.get(child.slice(child.lastIndexOf("/") + 1).replace(/-journal$/, ""));
          if (db === undefined) continue;
          /* A database that took part without being changed is listed, and has no journal. */
          if (db.originals !== null && db.superJournal !== name) {
            this.#broken("super-journal", `${name} is deleted before ${db.name}-journal names it`);
          }
          if (this.#syncs && db.file.hasPending) {
            this.#broken("super-journal", `${name} is deleted before ${db.name} is synced`);
          }
        }
        this.#supers.delete(name);
        break;
      }
      default:
        break;
    }
  }
}

/** Whether two versions of page 1 differ in nothing but change counter, version-valid-for and version. */
function onlyCounters(before: Uint8Array, after: Uint8Array): boolean {
  if (before.length !== after.length) return false;
  return after.every((b, i) => b === before[i] || (i >= 24 && i < 28) || (i >= 92 && i < 100));
}
