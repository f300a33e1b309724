/**
 * The rules that the pager's callers keep, so that any sequence of operations is one that could happen.
 *
 * A program is a list of wishes: by the time an operation comes, a fault may have ended the transaction, a lock may
 * not have been got, a page may be missing. The guard looks at its own side's pager and leaves out what btree.c,
 * vdbe.c, vdbeaux.c, main.c and backup.c would not do then, or drops references first that they would not hold. Each
 * side decides by what it knows itself; if they do not decide alike, that is a disagreement.
 */

import type { Op } from "./ops.js";

/** Fields of a Pager that the guard asks for; of a pointer only whether there is one. */
export type PagerField =
  | "eState"
  | "eLock"
  | "dbSize"
  | "hasHeldSharedLock"
  | "lckPgno"
  | "nExtra"
  | "journalMode"
  | "journalOff"
  | "nSavepoint"
  | "pageSize"
  | "pWal"
  | "readOnly"
  | "setSuper"
  | "useJournal"
  | "tempFile";

/** What a side knows of its own pagers and pages. */
export interface View {
  isOpen(c: number): boolean;
  pager(c: number, field: PagerField): number;
  /** What the journal's file is: 0 closed, 1 in memory, 2 real. */
  journal(c: number): number;
  /** A field of the page that a slot holds; `flags` are those of PgHdr. */
  page(slot: number, field: "pgno" | "flags" | "nRef"): number;
}

/** PAGER_OPEN and so on. */
const STATE = {
  OPEN: 0,
  READER: 1,
  WRITER_LOCKED: 2,
  WRITER_CACHEMOD: 3,
  WRITER_DBMOD: 4,
  WRITER_FINISHED: 5,
  ERROR: 6,
} as const;
const LOCK = { SHARED: 1, RESERVED: 2, EXCLUSIVE: 4 } as const;
const MODE = { PERSIST: 1, MEMORY: 4, WAL: 5 } as const;
/** PGHDR_* */
const DIRTY = 2;
const WRITEABLE = 4;
const MAPPED = 0x20;
/** PAGER_GET_NOCONTENT */
const NOCONTENT = 1;
const SQLITE_BUSY = 5;
const SQLITE_NOMEM = 7;
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;

/** Operations of a write transaction: when one fails, the next thing is a rollback. */
const WRITING: ReadonlySet<string> = new Set([
  ...["Write", "OpenSavepoint", "Savepoint", "TruncateImage", "Movepage", "CommitPhaseOne", "CommitPhaseTwo"],
  ...["Sync", "Flush", "ExclusiveLock"],
]);

/** After these no statement is undone: sqlite3VdbeHalt rolls back the whole transaction. */
const WHOLE: ReadonlySet<string> = new Set([
  "Savepoint",
  "CommitPhaseOne",
  "CommitPhaseTwo",
  "ExclusiveLock",
]);

/** What concerns the world around the pagers, and is always possible. */
const AROUND: ReadonlySet<string> = new Set([
  ...["Busy", "Fault", "FailAllocation", "SyncDisk", "Crash", "PowerLoss", "WriteSuper"],
]);

/** Questions and settings that a connection may put at any time, also between the phases of a commit. */
const ANY_TIME: ReadonlySet<string> = new Set([
  ...[
    "SetCachesize",
    "SetSpillsize",
    "SetMmapLimit",
    "SetFlags",
    "LockingMode",
    "JournalSizeLimit",
    "Shrink",
  ],
  ...["GetJournalMode", "OkToChangeJournalMode", "WalSupported", "WalCallback", "Isreadonly", "DataVersion"],
  ...["MemUsed", "Journalname", "TempSpace", "IsMemdb", "CacheStat", "Filename", "SetBackup"],
]);

/** What may follow the first phase of a commit that went well, besides {@link ANY_TIME}. */
const AFTER_PHASE_ONE: ReadonlySet<string> = new Set([
  ...["CommitPhaseTwo", "Rollback", "Close", "Sync"],
  ...["Ref", "Unref", "UnrefNotNull", "UnrefPageOne", "PageRefcount"],
]);

/** What the guard remembers of a connection's write transaction. */
interface Transaction {
  /** The first phase of its commit went well. */
  prepared: boolean;
  /** The code with which an operation of it failed. */
  failed: number | undefined;
  /** Pages that have been made writable in it: the journal has them, if they were in the file. */
  readonly written: Set<number>;
  /** Those that have been since the last savepoint was opened or gone back to: only they may be changed. */
  readonly fresh: Set<number>;
  /** It has done what a caller does right before it commits: made the file shorter, gone to WAL or from it. */
  ending: boolean;
  /** Pages that have been moved, and not been made writable since. */
  readonly moved: Set<number>;
}

/** References that a slot holds. */
interface Held {
  readonly c: number;
  n: number;
}

/** See above. One for each side. */
export class Guard {
  readonly #view: View;
  readonly #transactions = new Map<number, Transaction>();
  readonly #slots = new Map<number, Held>();
  /** The files of open connections. */
  readonly #files = new Map<number, string>();
  /** What became of the super-journals that were written; only "deleted" allows the second phase. */
  readonly #super = new Map<string, "written" | "failed" | "deleted">();
  /** Under which of them a connection has begun to commit. */
  readonly #under = new Map<number, string>();

  /** Connections that are being opened, and those whose opening has failed. */
  readonly #opening = new Set<number>();
  readonly #unopened = new Set<number>();

  constructor(view: View) {
    this.#view = view;
  }

  #transaction(c: number): Transaction {
    let known = this.#transactions.get(c);
    if (known === undefined) {
      known = {
        prepared: false,
        failed: undefined,
        ending: false,
        written: new Set(),
        fresh: new Set(),
        moved: new Set(),
      };
      this.#transactions.set(c, known);
    }
    return known;
  }

  /** The connection that an operation is about, or -1. */
  connectionOf(op: Op): number {
    if ("c" in op) return op.c;
    return "slot" in op ? (this.#slots.get(op.slot)?.c ?? -1) : -1;
  }

  /** The slots that hold pages of a connection, page 1 last. */
  #held(c: number): number[] {
    const slots = [...this.#slots].filter(([, held]) => held.c === c).map(([slot]) => slot);
    const last = (slot: number): number => (this.#isPageOne(slot) ? 1 : 0);
    return slots.sort((a, b) => last(a) - last(b) || a - b);
  }

  #isPageOne(slot: number): boolean {
    return this.#view.page(slot, "pgno") === 1;
  }

  #holdsPageOne(c: number): boolean {
    for (const [slot, held] of this.#slots) if (held.c === c && this.#isPageOne(slot)) return true;
    return false;
  }

  #isHeld(c: number): boolean {
    for (const held of this.#slots.values()) if (held.c === c) return true;
    return false;
  }

  /** How often a connection refers to its page 1. */
  #pageOnes(c: number): number {
    let n = 0;
    for (const [slot, held] of this.#slots) if (held.c === c && this.#isPageOne(slot)) n += held.n;
    return n;
  }

  /** Whether page 1 will be written by the commit, as it is whenever the file's size changes. */
  #pageOneIsDirty(c: number): boolean {
    for (const [slot, held] of this.#slots) {
      if (held.c === c && this.#isPageOne(slot)) return (this.#view.page(slot, "flags") & DIRTY) !== 0;
    }
    return false;
  }

  /** The operations that give back these slots' references. */
  #drop(slots: readonly number[]): Op[] {
    return slots.flatMap((slot): Op[] => {
      const op = this.#isPageOne(slot) ? "UnrefPageOne" : "Unref";
      return Array.from({ length: this.#slots.get(slot)!.n }, () => ({ op, slot }));
    });
  }

  #others(c: number): number[] {
    return this.#held(c).filter((slot) => !this.#isPageOne(slot));
  }

  /** Pages behind the end are no longer there when the transaction is over. */
  #beyond(c: number, size: number): number[] {
    return this.#held(c).filter((slot) => {
      const pgno = this.#view.page(slot, "pgno");
      return pgno > size && pgno !== 1;
    });
  }

  /** Slots with pages of a connection, other pages than the first before it. */
  heldBy(c: number): number[] {
    return this.#held(c);
  }

  /** Whether the write transaction of a connection has failed, so that it has to be undone. */
  hasFailed(c: number): boolean {
    return this.#transactions.get(c)?.failed !== undefined;
  }

  /** What has to be done before the operation: references that its caller would have dropped by now. */
  before(op: Op): readonly Op[] {
    const c = this.connectionOf(op);
    if (c < 0 || !this.#view.isOpen(c) || AROUND.has(op.op) || !this.#isHeld(c)) {
      if (op.op === "Get" || op.op === "Lookup") return this.#vacate(op.slot, op);
      return [];
    }
    /* OpenWal has ended the transaction under a reference to page 1, which the caller releases next. */
    if (this.#view.pager(c, "eState") === STATE.OPEN) return this.#drop(this.#held(c));
    if (this.refuses(op)) return [];
    switch (op.op) {
      case "Close":
        return this.#drop(this.#held(c));
      case "Rollback":
      case "OpenWal":
      case "ClearCache":
        return this.#drop(this.#others(c));
      case "Savepoint":
        return op.kind === "rollback" ? this.#drop(this.#others(c)) : [];
      case "UnrefPageOne":
        return this.#pageOnes(c) === 1 ? this.#drop(this.#others(c)) : [];
      case "TruncateImage":
        return this.#drop(this.#beyond(c, op.n));
      case "Movepage":
        return this.#drop(this.#beyond(c, this.#view.pager(c, "dbSize")));
      case "CommitPhaseTwo":
        return this.#drop(this.#beyond(c, this.#view.pager(c, "dbSize")));
      case "Get":
      case "Lookup":
        return this.#vacate(op.slot, op);
      default:
        return [];
    }
  }

  /** Makes room in a slot. */
  #vacate(slot: number, op: Op): Op[] {
    const held = this.#slots.get(slot);
    if (held === undefined || this.refuses(op)) return [];
    const isLast = this.#isPageOne(slot) && this.#pageOnes(held.c) === held.n;
    return this.#drop([...(isLast ? this.#others(held.c) : []), slot]);
  }

  /** Whether the operation must not be done now. */
  refuses(op: Op): boolean {
    if (AROUND.has(op.op)) return false;
    if (op.op === "DeleteSuper") return this.#super.get(op.file) !== "written";
    if (op.op === "Open") return this.#view.isOpen(op.c);
    if (op.op === "Damage") return [...this.#files.values()].some((file) => op.file.startsWith(file));
    if ("slot" in op && op.op !== "Get" && op.op !== "Lookup" && !this.#slots.has(op.slot)) return true;
    const c = this.connectionOf(op);
    if (!this.#view.isOpen(c)) return true;
    if (this.#unopened.has(c)) return op.op !== "Close";
    if (ANY_TIME.has(op.op) || op.op === "Close") return false;
    const { prepared, failed } = this.#transaction(c);
    if (prepared && !AFTER_PHASE_ONE.has(op.op)) return true;
    const state = this.#view.pager(c, "eState");
    if (op.op === "Savepoint") {
      /* One that is not there undoes nothing. */
      const isNone = failed !== undefined && op.i >= this.#view.pager(c, "nSavepoint");
      return state < STATE.WRITER_LOCKED || isNone || !mayGoBack(op.kind, op.i, failed);
    }
    if (WRITING.has(op.op)) {
      if (failed !== undefined || state < STATE.WRITER_LOCKED || state === STATE.ERROR) return true;
      return this.#refusesWriting(op, c, state);
    }
    return "slot" in op && op.op !== "Get" && op.op !== "Lookup"
      ? this.#refusesPage(op, c, failed)
      : this.#refusesOther(op, c, state);
  }

  /** About a write transaction that is in order. */
  #refusesWriting(op: Op, c: number, state: number): boolean {
    const view = this.#view;
    const { prepared, written, moved } = this.#transaction(c);
    switch (op.op) {
      case "Write": {
        if (view.page(op.slot, "flags") & MAPPED) return true;
        const pgno = view.page(op.slot, "pgno");
        return pgno > view.pager(c, "dbSize") && pgno !== 1 && !this.#pageOneIsDirty(c);
      }
      case "TruncateImage": {
        if (state < STATE.WRITER_CACHEMOD || op.n < 1) return true;
        return op.n > view.pager(c, "dbSize") || !this.#pageOneIsDirty(c);
      }
      case "Movepage": {
        const from = view.page(op.slot, "pgno");
        if (state < STATE.WRITER_CACHEMOD || this.#slots.get(op.slot)!.c !== c) return true;
        if (from === 1 || op.pgno < 2 || op.pgno === from || view.page(op.slot, "flags") & MAPPED)
          return true;
        /* A page that did not get into the journal, because that failed: sub-journalling it trips an assert. */
        if (view.page(op.slot, "flags") & DIRTY && !written.has(from)) return true;
        if (view.page(op.slot, "nRef") !== 1 || from > view.pager(c, "dbSize")) return true;
        if (op.pgno === view.pager(c, "lckPgno") || op.pgno > view.pager(c, "dbSize")) return true;
        return !written.has(op.pgno) || this.#held(c).some((slot) => view.page(slot, "pgno") === op.pgno);
      }
      case "OpenSavepoint":
        return this.#transaction(c).ending;
      case "CommitPhaseOne":
        if (moved.size > 0 || !this.#holdsPageOne(c)) return true;
        if (view.pager(c, "setSuper") !== 0) return true;
        return this.#super.get(op.superJournal ?? "") === "failed";
      case "CommitPhaseTwo": {
        const superState = this.#super.get(this.#under.get(c) ?? "");
        return !prepared || superState === "written" || superState === "failed";
      }
      default:
        return false;
    }
  }

  /** About a page that is held. */
  #refusesPage(op: Op & { slot: number }, c: number, failed: number | undefined): boolean {
    const flags = this.#view.page(op.slot, "flags");
    const pgno = this.#view.page(op.slot, "pgno");
    switch (op.op) {
      case "Unref":
      case "UnrefNotNull":
        return pgno === 1 && this.#pageOnes(c) === 1;
      case "UnrefPageOne":
        return pgno !== 1;
      case "Ref":
        return (flags & MAPPED) !== 0;
      case "DontWrite":
        return pgno === 1 || (flags & MAPPED) !== 0 || (flags & WRITEABLE) === 0;
      case "Poke":
        if (op.extra) return (flags & MAPPED) !== 0 || op.offset + op.n > this.#view.pager(c, "nExtra");
        if (op.offset + op.n > this.#view.pager(c, "pageSize") || failed !== undefined) return true;
        return !this.#isFresh(op.slot, c);
      case "Swap": {
        const other = this.#slots.get(op.with);
        if (other?.c !== c || failed !== undefined) return true;
        const slots = [op.slot, op.with];
        if (pgno === this.#view.page(op.with, "pgno")) return true;
        return !slots.every((slot) => this.#isFresh(slot, c) && this.#isAlone(slot, c));
      }
      default:
        return false;
    }
  }

  /** Whether a page may be changed as it is. */
  #isFresh(slot: number, c: number): boolean {
    if ((this.#view.page(slot, "flags") & WRITEABLE) === 0) return false;
    return this.#transaction(c).fresh.has(this.#view.page(slot, "pgno"));
  }

  /** Whether a page other than the first is in the file and nobody else refers to it. */
  #isAlone(slot: number, c: number): boolean {
    const pgno = this.#view.page(slot, "pgno");
    return pgno !== 1 && pgno <= this.#view.pager(c, "dbSize") && this.#view.page(slot, "nRef") === 1;
  }

  /** Everything else. */
  #refusesOther(op: Op, c: number, state: number): boolean {
    const view = this.#view;
    switch (op.op) {
      case "Get":
        if (view.pager(c, "hasHeldSharedLock") === 0) return true;
        if (state === STATE.OPEN || (op.pgno !== 1 && !this.#holdsPageOne(c))) return true;
        if (((op.flags ?? 0) & NOCONTENT) === 0) return false;
        return op.pgno === 1 || state < STATE.WRITER_CACHEMOD || state > STATE.WRITER_DBMOD;
      case "Lookup":
      case "DirectReadOk": {
        const pgno = op.op === "Lookup" ? op.pgno : op.n;
        return pgno < 1 || state === STATE.OPEN || state === STATE.ERROR || !this.#holdsPageOne(c);
      }
      case "Scan":
        return state === STATE.OPEN || !this.#holdsPageOne(c);
      case "Pagecount":
      case "MaxPageCount":
        if (state === STATE.OPEN || state === STATE.WRITER_FINISHED) return true;
        /* OP_MaxPgcnt goes no lower than the database's end, and nobody holds pages beyond that. */
        return "n" in op && op.n > 0 && this.#held(c).some((slot) => view.page(slot, "pgno") > op.n);
      case "Begin":
        if (state !== STATE.READER || !this.#holdsPageOne(c) || view.pager(c, "readOnly") !== 0) return true;
        /* With exclusive locking the journal that a recovery found stays open, also in mode MEMORY, and then the
         * first write runs into an assert of upstream's (writeJournalHdr, sz==0). */
        return view.pager(c, "journalMode") === MODE.MEMORY && view.journal(c) === 2;
      case "SharedLock":
        return state > STATE.READER || this.#isHeld(c);
      case "SetPagesize":
        return state > STATE.READER;
      case "ClearCache":
        return state > STATE.READER;
      case "ReadFileheader":
        return view.pager(c, "pWal") !== 0;
      case "SetJournalMode":
        return this.#refusesMode(op.n, c, state);
      case "OpenWal": {
        const lock = view.pager(c, "eLock");
        return state !== STATE.READER || (lock !== LOCK.SHARED && lock !== LOCK.EXCLUSIVE);
      }
      case "Checkpoint":
        return this.#isHeld(c) || state > STATE.READER || this.#isReadingLog(c, state);
      case "CloseWal":
        if (this.#isHeld(c) || state > STATE.READER || this.#isReadingLog(c, state)) return true;
        return view.pager(c, "journalMode") !== MODE.WAL || view.pager(c, "eLock") === LOCK.RESERVED;
      default:
        return false;
    }
  }

  /** A read transaction of the log's that has no reference yet: the caller is about to get page 1. */
  #isReadingLog(c: number, state: number): boolean {
    return state === STATE.READER && this.#view.pager(c, "pWal") !== 0;
  }

  /** OP_JournalMode: to WAL or from it also when page 1 has just been written, with the log closed. */
  #refusesMode(mode: number, c: number, state: number): boolean {
    const old = this.#view.pager(c, "journalMode");
    if (mode === old) return false;
    if (this.#view.pager(c, "pWal") !== 0 || this.#view.pager(c, "useJournal") === 0) return true;
    if (mode === MODE.WAL) {
      if (this.#view.pager(c, "tempFile") !== 0 || old === MODE.MEMORY) return true;
      if (state >= STATE.WRITER_LOCKED && this.#view.pager(c, "nSavepoint") > 0) return true;
      return state > STATE.WRITER_CACHEMOD || this.#transaction(c).failed !== undefined;
    }
    return state >= STATE.WRITER_CACHEMOD || this.#view.pager(c, "journalOff") > 0;
  }

  /** If one database cannot commit under a super-journal, none may. */
  #noteSuper(op: Op, rc: number): void {
    if (op.op === "WriteSuper") this.#super.set(op.file, rc === 0 ? "written" : "failed");
    if (op.op === "DeleteSuper") this.#super.set(op.file, rc === 0 ? "deleted" : "failed");
    if (op.op !== "CommitPhaseOne") return;
    this.#under.delete(op.c);
    if (op.superJournal === undefined || !this.#super.has(op.superJournal)) return;
    this.#under.set(op.c, op.superJournal);
    if (rc !== 0) this.#super.set(op.superJournal, "failed");
  }

  /**
   * Takes note of what an operation came to.
   */
  note(op: Op, rc: number): void {
    if (op.op === "Crash") {
      this.#files.clear();
      for (const known of [
        this.#transactions,
        this.#slots,
        this.#super,
        this.#under,
        this.#opening,
        this.#unopened,
      ])
        known.clear();
      return;
    }
    if (op.op === "Open" && rc === 0 && op.file !== null) this.#files.set(op.c, op.file);
    if (op.op === "Close") this.#files.delete(op.c);
    this.#noteSuper(op, rc);
    this.#noteOpening(op, rc);
    const c = this.connectionOf(op);
    this.#noteReferences(op, rc);
    if (c < 0) return;
    if (!this.#view.isOpen(c) || this.#view.pager(c, "eState") <= STATE.READER) {
      this.#transactions.delete(c);
      return;
    }
    const transaction = this.#transaction(c);
    if (op.op === "CommitPhaseTwo") transaction.prepared = false;
    if (op.op === "Swap") {
      for (const slot of [op.slot, op.with]) transaction.fresh.add(this.#view.page(slot, "pgno"));
    }
    if (op.op === "SetJournalMode" && op.n === MODE.WAL) transaction.ending = true;
    if (op.op === "Rollback") transaction.failed = undefined;
    else if (WRITING.has(op.op)) this.#noteWriting(op, rc, transaction);
  }

  /** sqlite3BtreeOpen closes a pager again whose header it cannot read, or whose page size it cannot set. */
  #noteOpening(op: Op, rc: number): void {
    if (op.op === "Open" || op.op === "SharedLock" || op.op === "Close") {
      this.#unopened.delete(op.c);
      if (op.op === "Open") this.#opening.add(op.c);
      else this.#opening.delete(op.c);
    } else if (
      (op.op === "SetPagesize" || op.op === "ReadFileheader") &&
      rc !== 0 &&
      this.#opening.has(op.c)
    ) {
      this.#unopened.add(op.c);
    }
  }

  #noteReferences(op: Op, rc: number): void {
    switch (op.op) {
      case "Get":
        if (rc === 0) this.#slots.set(op.slot, { c: op.c, n: 1 });
        break;
      case "Lookup":
        /* 1: there was one. */
        if (rc === 1) this.#slots.set(op.slot, { c: op.c, n: 1 });
        break;
      case "Ref":
        this.#slots.get(op.slot)!.n++;
        break;
      case "Unref":
      case "UnrefNotNull":
      case "UnrefPageOne": {
        const held = this.#slots.get(op.slot)!;
        if (--held.n === 0) this.#slots.delete(op.slot);
        break;
      }
      default:
    }
  }

  #noteWriting(op: Op, rc: number, transaction: Transaction): void {
    const { written, fresh, moved } = transaction;
    /* The transaction may go on, unless its journal names a super-journal already. */
    if (rc === SQLITE_BUSY && (op.op !== "CommitPhaseOne" || this.#view.pager(op.c, "setSuper") === 0))
      return;
    if (op.op === "OpenSavepoint" || op.op === "Savepoint") fresh.clear();
    if (rc !== 0) {
      transaction.failed = WHOLE.has(op.op) ? SQLITE_IOERR : rc;
      return;
    }
    if (op.op === "Savepoint") transaction.failed = undefined;
    if (op.op === "CommitPhaseOne") transaction.prepared = true;
    if (op.op === "TruncateImage") transaction.ending = true;
    if (op.op === "Write") {
      const pgno = this.#view.page(op.slot, "pgno");
      for (const pages of [written, fresh]) pages.add(pgno);
      moved.delete(pgno);
    }
    if (op.op === "Movepage") {
      moved.add(op.pgno);
      fresh.delete(op.pgno);
    }
  }
}

/** A statement may be undone after some errors; after others only the whole transaction. */
function mayGoBack(kind: "release" | "rollback", i: number, failed: number | undefined): boolean {
  if (i < 0 && kind === "release") return false;
  if (failed === undefined) return true;
  return kind === "rollback" && (failed === SQLITE_NOMEM || failed === SQLITE_FULL);
}
