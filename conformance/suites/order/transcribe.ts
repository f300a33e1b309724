/**
 * From the calls that real SQLite made during a transaction to the pager operations that must make
 * the same calls.
 *
 * The journal shows which pages were made writable, and in which order; writes to the database
 * before the commit are spills; the commit's writes give the pages their content. What the b-tree
 * did between is not needed.
 */

import type { Step } from "../../engines/program.js";
import type { ShimRecord } from "../../engines/shimvfs.js";
import { u32 } from "../../format/field.js";
import { lockPage } from "../../format/journal-encode.js";

/** One database of a transaction. */
export interface Transcribed {
  /** Name without folder, and the pager's name. */
  name: string;
  pageSize: number;
  /** The size that journal headers are padded to. */
  headerSize: number;
  /** Content before the transaction. */
  before: Uint8Array;
  /** Whether the original pages go into a journal file. */
  journaled: boolean;
}

/** How the transaction went. */
export interface TranscribedEnd {
  kind: "commit" | "rollback";
  /** With more than one database: the super-journal's full name. */
  superJournal?: string;
  exclusive?: boolean;
}

/** What the port is to do. */
export interface Transcript {
  steps: Step[];
  /** Bytes of sqlite3_randomness: the nonces of the journal headers, in order. */
  nonces: Uint8Array;
}

const LOCK_EXCLUSIVE = 4;

/** Works through the calls for one database. */
class Scribe {
  readonly db: Transcribed;
  readonly #steps: Step[];
  readonly #nonces: Uint8Array[];
  /** For each page, where in the trace it is written to the database, and what. */
  readonly #writes = new Map<number, { at: number; data: Uint8Array }[]>();
  readonly #inJournal = new Set<number>();
  /** The page of each record by where the record begins in the trace. */
  readonly #records = new Map<number, number>();
  /** Journalled since the journal was last synced. */
  readonly #unsynced = new Set<number>();
  /** Referenced in the port; no content has been given to them yet. */
  readonly #heldOnly = new Set<number>();
  /** Dirty and referenced in the port, with the content of their next write. */
  readonly #dirty = new Set<number>();
  readonly #original: number;
  #bodyLength = 0;
  #pages: number;
  /** What the next journal write is, when the one before says so. */
  #expected: { offset: number; length: number }[] = [];
  /** Pages that the commit journals by itself, for the sake of the change counter. */
  #commitsOwn: ReadonlySet<number> = new Set();

  constructor(db: Transcribed, steps: Step[], nonces: Uint8Array[]) {
    this.db = db;
    this.#steps = steps;
    this.#nonces = nonces;
    this.#original = Math.ceil(db.before.length / db.pageSize);
    this.#pages = this.#original;
  }

  /** Looks at the whole trace before anything is translated; the last statement's calls begin at `bodyLength`. */
  prepare(trace: readonly ShimRecord[], bodyLength: number, kind: TranscribedEnd["kind"]): void {
    this.#bodyLength = bodyLength;
    let before: { at: number; r: ShimRecord } | null = null;
    for (const [at, r] of trace.entries()) {
      if (r.call !== "write") continue;
      if (r.file === `${this.db.name}-journal`) {
        const isPage = r.amount === this.db.pageSize && before?.r.amount === 4;
        if (isPage && before?.r.offset === (r.offset as number) - 4) {
          this.#records.set(before.at, u32(before.r.data as Uint8Array, 0));
        }
        before = { at, r };
      }
      /* What a rollback writes is nobody's new content. */
      if (r.file !== this.db.name || (kind === "rollback" && at >= bodyLength)) continue;
      const pgno = (r.offset as number) / this.db.pageSize + 1;
      const list = this.#writes.get(pgno) ?? [];
      list.push({ at, data: r.data as Uint8Array });
      this.#writes.set(pgno, list);
    }
  }

  begin(exclusive: boolean): void {
    const pager = this.db.name;
    this.#steps.push({ do: "sharedLock", pager }, { do: "begin", pager, exclusive });
  }

  onLock(level: number): void {
    if (level === LOCK_EXCLUSIVE) this.#steps.push({ do: "exclusiveLock", pager: this.db.name });
  }

  /** A write to the journal: a record makes its page writable. */
  onJournalWrite(r: ShimRecord, at: number): void {
    const offset = r.offset as number;
    const data = r.data as Uint8Array;
    const next = this.#expected[0];
    if (next !== undefined && next.offset === offset && next.length === data.length) {
      this.#expected.shift();
      return;
    }
    this.#expected = [];
    const { pageSize, headerSize } = this.db;
    if (data.length === 4) {
      const pgno = u32(data, 0);
      if (pgno === lockPage(pageSize)) return;
      this.#expected = [
        { offset: offset + 4, length: pageSize },
        { offset: offset + 4 + pageSize, length: 4 },
      ];
      this.#journalled(pgno, at);
      return;
    }
    if (offset % headerSize !== 0 || data.length < 28 || (data.length === 28 && offset === 0)) return;
    /* The file has it big-endian; random bytes are a number of the machine's, little-endian. */
    this.#nonces.push(Uint8Array.from(data.subarray(12, 16)).reverse());
    for (let n = data.length; n < headerSize; n += data.length) {
      this.#expected.push({ offset: offset + n, length: data.length });
    }
    /* In an empty database nothing is journalled; page 1 is what comes first. */
    if (offset === 0 && this.#original === 0) this.#write(1, this.#next(1, at) ?? new Uint8Array(pageSize));
  }

  #before(pgno: number): Uint8Array {
    const { before, pageSize } = this.db;
    return before.subarray((pgno - 1) * pageSize, pgno * pageSize);
  }

  /** What the page is to become by the next write after `at`; null: it is never written. */
  #next(pgno: number, at: number): Uint8Array | null {
    const data = this.#writes.get(pgno)?.find((w) => w.at > at)?.data;
    return data === undefined ? null : this.#withoutCounters(pgno, data);
  }

  /** The counters are the pager's own business. */
  #withoutCounters(pgno: number, data: Uint8Array): Uint8Array {
    if (pgno !== 1 || this.db.before.length === 0) return data;
    const fed = Uint8Array.from(data);
    fed.set(this.db.before.subarray(24, 28), 24);
    fed.set(this.db.before.subarray(92, 100), 92);
    return fed;
  }

  #journalled(pgno: number, at: number): void {
    this.#inJournal.add(pgno);
    if (pgno !== 1) this.#unsynced.add(pgno);
    if (pgno === 1 && at >= this.#bodyLength) this.#findCommitsOwn(at);
    if (this.#commitsOwn.has(pgno)) return;
    const data = this.#next(pgno, at);
    this.#giveUpContent(pgno, at);
    this.#write(pgno, data ?? this.#before(pgno));
  }

  /**
   * On a large sector the pages that have no record beside their neighbours were free: the pager had
   * been told before that nobody wants their content.
   */
  #giveUpContent(pgno: number, at: number): void {
    const perSector = this.db.headerSize / this.db.pageSize;
    if (perSector <= 1) return;
    const first = pgno - ((pgno - 1) % perSector);
    const group = new Set([...this.#inJournal, pgno]);
    for (const [from, p] of this.#records) {
      if (from < at) continue;
      if (p < first || p >= first + perSector) break;
      group.add(p);
    }
    for (let p = first; p < first + perSector && p <= this.#original; p++) {
      if (group.has(p) || p === lockPage(this.db.pageSize)) continue;
      this.#steps.push({ do: "hold", pager: this.db.name, page: p, noContent: true });
      this.#inJournal.add(p);
      this.#heldOnly.add(p);
    }
  }

  /**
   * If the record of page 1 is the last one (but for its neighbours on a large sector), and nothing but
   * counters moves, then it is the commit that makes page 1 writable, to count the change.
   */
  #findCommitsOwn(at: number): void {
    const perSector = Math.max(1, this.db.headerSize / this.db.pageSize);
    const last = [...this.#records].filter(([from]) => from >= at).map(([, p]) => p);
    const unchanged = (p: number): boolean => {
      const data = this.#next(p, at);
      return data !== null && Buffer.compare(data, this.#before(p)) === 0;
    };
    if (last.every((p) => p <= perSector && unchanged(p))) this.#commitsOwn = new Set(last);
  }

  #write(pgno: number, data: Uint8Array): void {
    const pager = this.db.name;
    this.#steps.push({ do: "write", pager, page: pgno, data });
    this.#hold(pgno);
    this.#pages = Math.max(this.#pages, pgno);
    const perSector = this.db.headerSize / this.db.pageSize;
    if (perSector <= 1) return;
    /* The pager makes the whole sector writable; what is dirty must be held, or a flush takes it. */
    const first = pgno - ((pgno - 1) % perSector);
    for (let p = first; p < first + perSector; p++) {
      if (p > this.#pages || p === 1 || p === lockPage(this.db.pageSize)) continue;
      if (this.#dirty.has(p) || this.#heldOnly.has(p)) continue;
      this.#steps.push({ do: "hold", pager, page: p });
      this.#heldOnly.add(p);
    }
  }

  #hold(pgno: number): void {
    if (!this.#dirty.has(pgno) && !this.#heldOnly.delete(pgno) && pgno !== 1) {
      this.#steps.push({ do: "hold", pager: this.db.name, page: pgno });
    }
    this.#dirty.add(pgno);
  }

  /** Makes the page dirty with this content, unless it is already. */
  #prepareWrite(pgno: number, data: Uint8Array): void {
    if (this.#dirty.has(pgno)) return;
    if (this.db.journaled && pgno <= this.#original && !this.#inJournal.has(pgno)) {
      /* It was free: nobody wants its original. */
      this.#steps.push({ do: "hold", pager: this.db.name, page: pgno, noContent: true });
      this.#dirty.add(pgno);
    }
    this.#write(pgno, this.#withoutCounters(pgno, data));
  }

  /** A write to the database before the commit. */
  onSpill(r: ShimRecord): void {
    const pager = this.db.name;
    const pgno = (r.offset as number) / this.db.pageSize + 1;
    this.#prepareWrite(pgno, r.data as Uint8Array);
    this.#steps.push({ do: "release", pager, page: pgno }, { do: "flush", pager });
    this.#dirty.delete(pgno);
  }

  /**
   * The journal was synced for a spill, and nothing was written: the page had been given up. Any page
   * that awaits a sync and is never written will do.
   */
  onIdleSync(at: number): void {
    const pager = this.db.name;
    const given = [...this.#unsynced].find((p) => this.#dirty.has(p) && this.#next(p, at) === null);
    if (given === undefined) return;
    this.#steps.push({ do: "dontWrite", pager, page: given }, { do: "release", pager, page: given });
    this.#steps.push({ do: "flush", pager });
    this.#dirty.delete(given);
  }

  /** Every page in the journal is synced. */
  onSync(): void {
    this.#unsynced.clear();
  }

  /** Before the commit: what it writes is made dirty, what it does not write is given up. */
  finish(commitWrites: ReadonlyMap<number, Uint8Array>, pages: number): void {
    const pager = this.db.name;
    for (const [pgno, data] of commitWrites) {
      if (pgno !== 1 && !this.#commitsOwn.has(pgno)) this.#prepareWrite(pgno, data);
    }
    const first = commitWrites.get(1);
    if (first !== undefined && !this.#dirty.has(1)) {
      const fed = this.#withoutCounters(1, first);
      /* Where no journal shows when page 1 was touched, it does no harm to do it now. */
      if (!this.db.journaled || Buffer.compare(fed, this.#before(1)) !== 0) this.#write(1, fed);
    }
    const given = [...this.#dirty].filter((p) => !commitWrites.has(p) && p <= pages);
    for (const page of given) this.#steps.push({ do: "dontWrite", pager, page });
    if (pages < this.#pages) this.#steps.push({ do: "truncate", pager, pages });
  }

  release(): void {
    for (const page of [...this.#dirty, ...this.#heldOnly]) {
      if (page !== 1) this.#steps.push({ do: "release", pager: this.db.name, page });
    }
    this.#dirty.clear();
    this.#heldOnly.clear();
  }
}

/**
 * Translates one transaction.
 *
 * @param body the calls of everything but the last statement
 * @param end the calls of COMMIT or ROLLBACK (or of everything, if it was one statement)
 * @param after sizes of the databases afterwards, in bytes
 */
export function transcribe(
  databases: readonly Transcribed[],
  body: readonly ShimRecord[],
  end: readonly ShimRecord[],
  how: TranscribedEnd,
  after: readonly number[],
): Transcript {
  const steps: Step[] = [];
  const nonces: Uint8Array[] = [];
  const trace = [...body, ...end];
  const scribes = databases.map((db) => new Scribe(db, steps, nonces));
  for (const s of scribes) {
    s.prepare(trace, body.length, how.kind);
    s.begin(how.exclusive ?? false);
  }
  /* Where each database's commit begins: after the last call on its journal before its own sync. */
  const commitFrom = databases.map((db) => commitStart(trace, body.length, db.name, how.kind));
  const idle = databases.map((db) => idleSyncs(body, db.name));
  const commitWrites = databases.map(() => new Map<number, Uint8Array>());
  for (const [at, r] of trace.entries()) {
    for (const [i, s] of scribes.entries()) {
      if (r.file === `${s.db.name}-journal`) {
        if ((idle[i] as Set<number>).has(at)) s.onIdleSync(at);
        if (r.call === "write") s.onJournalWrite(r, at);
        if (r.call === "sync") s.onSync();
      }
      if (r.file !== s.db.name) continue;
      if (r.call === "lock") s.onLock(r.argument ?? 0);
      if (r.call !== "write") continue;
      const isCommit = at >= (commitFrom[i] as number);
      if (!isCommit) s.onSpill(r);
      else
        (commitWrites[i] as Map<number, Uint8Array>).set((r.offset as number) / s.db.pageSize + 1, r.data!);
    }
  }
  const first = databases[0] as Transcribed;
  if (how.kind === "rollback") {
    for (const s of scribes) {
      s.release();
      steps.push({ do: "rollback", pager: s.db.name });
    }
  } else {
    for (const [i, s] of scribes.entries()) {
      s.finish(commitWrites[i] as Map<number, Uint8Array>, Math.ceil((after[i] as number) / s.db.pageSize));
      s.release();
    }
    if (how.superJournal !== undefined) {
      const pagers = databases.map((db) => db.name);
      steps.push({ do: "commitTogether", pager: first.name, pagers, superJournal: how.superJournal });
    } else {
      for (const db of databases) steps.push({ do: "commitOne", pager: db.name });
      for (const db of databases) steps.push({ do: "commitTwo", pager: db.name });
    }
  }
  return { steps, nonces: Uint8Array.from(Buffer.concat(nonces)) };
}

/** Number of the first call that belongs to the commit's (or rollback's) own writes to the database. */
function commitStart(
  trace: readonly ShimRecord[],
  bodyLength: number,
  name: string,
  kind: "commit" | "rollback",
): number {
  if (kind === "rollback") return bodyLength;
  let from = bodyLength;
  for (let at = bodyLength; at < trace.length; at++) {
    const r = trace[at] as ShimRecord;
    /* SQLITE_FCNTL_SYNC: the writes are over. */
    if (r.file === name && r.call === "control" && r.argument === 21) break;
    if (r.file === `${name}-journal` && (r.call === "write" || r.call === "sync")) from = at + 1;
  }
  return from;
}

/** Where in the body the journal is synced for a page that is then not written. */
function idleSyncs(body: readonly ShimRecord[], name: string): Set<number> {
  const calls = [...body.entries()].filter(
    ([, r]) => r.file.startsWith(name) && (r.call === "write" || r.call === "sync"),
  );
  const isSyncing = (r: ShimRecord): boolean =>
    r.file !== name &&
    (r.call === "sync" || r.amount === 12 || ((r.amount ?? 0) >= 28 && !isPageOfRecord(r)));
  const idle = new Set<number>();
  let start = -1;
  let synced = false;
  for (const [at, r] of calls) {
    if (isSyncing(r)) {
      if (start < 0) start = at;
      synced ||= r.call === "sync";
      continue;
    }
    if (synced && r.file !== name) idle.add(start);
    start = -1;
    synced = false;
  }
  if (synced) idle.add(start);
  return idle;
}

/** A record's page stands four bytes after the record's start, a header at a multiple of eight. */
function isPageOfRecord(r: ShimRecord): boolean {
  return (r.offset as number) % 8 !== 0;
}
