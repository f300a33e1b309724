/**
 * The small language of lockstep programs: one operation is one call of the pager's, or something that
 * happens around it. `c` is a connection, `slot` a reference to a page under a number of the program's choice.
 */

import type { MemFaultRule, MemOp } from "../../src/index.js";

/** One operation. The names are the pager's, without `sqlite3Pager`. */
export type Op =
  /** Opens connection `c`; `file` null or "" for a temporary one. */
  | {
      op: "Open";
      c: number;
      file: string | null;
      /** PAGER_OMIT_JOURNAL, PAGER_MEMORY. */
      flags?: number;
      vfsFlags?: number;
      /** Parameters of a URI, keys and values. */
      uri?: readonly (readonly [string, string])[];
      /** Bytes of extra space for each page. Default 136. */
      extra?: number;
    }
  | { op: "Close" | "CloseWal"; c: number; noCheckpoint?: boolean }
  | { op: "ReadFileheader"; c: number; n: number }
  | { op: "SetPagesize"; c: number; size: number; reserve: number }
  | {
      op: "MaxPageCount" | "SetCachesize" | "SetSpillsize" | "SetMmapLimit" | "SetFlags" | "LockingMode";
      c: number;
      n: number;
    }
  | {
      op: "SetJournalMode" | "JournalSizeLimit" | "OpenSavepoint" | "TruncateImage" | "DirectReadOk";
      c: number;
      n: number;
    }
  | {
      op:
        | "Shrink"
        | "GetJournalMode"
        | "OkToChangeJournalMode"
        | "Flush"
        | "ExclusiveLock"
        | "CommitPhaseTwo"
        | "Rollback"
        | "SharedLock"
        | "WalSupported"
        | "WalCallback"
        | "OpenWal"
        | "Isreadonly"
        | "DataVersion"
        | "MemUsed"
        | "Journalname"
        | "TempSpace"
        | "IsMemdb"
        | "ClearCache"
        | "Pagecount";
      c: number;
    }
  | { op: "Get"; c: number; pgno: number; slot: number; flags?: number }
  | { op: "Lookup"; c: number; pgno: number; slot: number }
  | {
      op: "Ref" | "Unref" | "UnrefNotNull" | "UnrefPageOne" | "Write" | "DontWrite" | "PageRefcount";
      slot: number;
    }
  /** Stores bytes made from `seed` into a page that has been made writable. */
  | { op: "Poke"; slot: number; offset: number; n: number; seed: number }
  | { op: "Movepage"; c: number; slot: number; pgno: number; isCommit: boolean }
  | { op: "Rekey"; slot: number; pgno: number; flags: number }
  | { op: "Begin"; c: number; exFlag: number; subjInMemory: boolean }
  | { op: "CommitPhaseOne"; c: number; superJournal?: string; noSync?: boolean }
  | { op: "Sync"; c: number; superJournal?: string }
  | { op: "Savepoint"; c: number; kind: "release" | "rollback"; i: number }
  | { op: "Checkpoint"; c: number; mode: number }
  | { op: "CacheStat"; c: number; stat: number; reset: boolean }
  | { op: "Filename"; c: number; nullIfMemDb: boolean }
  /** From now on the pager has, or has not, a running backup. */
  | { op: "SetBackup"; c: number; on: boolean }
  /** The busy handler of `c` says "try again" so many times. */
  | { op: "Busy"; c: number; n: number }
  /** From now on calls of the VFS fail as the rule says; null: no more. */
  | { op: "Fault"; rule: FaultRule | null }
  /** The n-th allocation from now on fails, and with `persistent` all after it; null: none. */
  | { op: "FailAllocation"; at: number | null; persistent?: boolean }
  /** Forgets that the disk's power ever failed: what is in the files now is durable. */
  | { op: "SyncDisk" }
  /**
   * The power fails: connections and pages are gone without being closed, and the disk is what the seed
   * makes of it.
   */
  | { op: "Crash"; seed: number };

/** A fault that can be written down: MemFaultRule without functions. */
export interface FaultRule extends Omit<MemFaultRule, "op" | "when"> {
  op: MemOp | readonly MemOp[] | "all";
  /** Only calls for files whose names end so. */
  file?: string;
}

/** What the disk of a program is like. */
export interface Setup {
  sectorSize?: number;
  deviceCharacteristics?: number;
  ioVersion?: 1 | 2 | 3;
  /** Seed of the random numbers. */
  seed?: number;
  /** Where the lock bytes lie. Default 2^30. */
  pendingByte?: number;
}

/** A program: what it runs on, and what it does. */
export interface Program {
  setup?: Setup;
  ops: readonly Op[];
}

/** What an operation came to. */
export interface Outcome {
  /** The result code, or the value of a function that has none; 0 for one that returns nothing. */
  rc: number;
  /** What came back otherwise. */
  out: readonly (number | string)[];
  /** The text of the assert that failed, if one did. */
  assertion: string | null;
}

/** The result of an operation that was left out, see {@link Guard}. */
export const LEFT_OUT: Outcome = { rc: 0, out: ["left out"], assertion: null };

/** What a side knows of its own pagers and pages. */
export interface View {
  isOpen(c: number): boolean;
  isHeld(slot: number): boolean;
  /** Pager.eState of an open connection. */
  eState(c: number): number;
  /** PgHdr.flags of a page that is held. */
  flags(slot: number): number;
}

/** PAGER_OPEN and so on. */
const STATE = { OPEN: 0, READER: 1, WRITER_LOCKED: 2, WRITER_CACHEMOD: 3, ERROR: 6 } as const;
const PGHDR_WRITEABLE = 4;
const SQLITE_BUSY = 5;
const SQLITE_NOMEM = 7;
const SQLITE_FULL = 13;

/** Operations of a write transaction: when one fails, the next thing is a rollback. */
const WRITING: ReadonlySet<string> = new Set([
  ...["Write", "OpenSavepoint", "Savepoint", "TruncateImage", "Movepage", "CommitPhaseOne", "CommitPhaseTwo"],
  ...["Sync", "Flush", "ExclusiveLock"],
]);

/**
 * Leaves out what a caller of the pager's would not do after an error: to use a page that it did not get, to
 * write where no write transaction is, to go on with a transaction that failed. Each side decides by what it
 * knows itself; if they do not decide alike, that is a disagreement.
 */
export class Guard {
  readonly #view: View;
  /** The connections whose first phase of a commit went well. */
  readonly #prepared = new Set<number>();
  /** The connections whose write transaction failed, and with which code. */
  readonly #failed = new Map<number, number>();
  /** Whose page is in which slot. */
  readonly #owner = new Map<number, number>();

  constructor(view: View) {
    this.#view = view;
  }

  #connection(op: Op): number {
    if ("c" in op) return op.c;
    return "slot" in op ? (this.#owner.get(op.slot) ?? -1) : -1;
  }

  /** Whether the operation must not be done now. */
  refuses(op: Op): boolean {
    if (op.op === "Open" || op.op === "Busy") return false;
    if ("c" in op && !this.#view.isOpen(op.c)) return true;
    if ("slot" in op && op.op !== "Get" && op.op !== "Lookup" && !this.#view.isHeld(op.slot)) return true;
    const c = this.#connection(op);
    if (c < 0 || !WRITING.has(op.op)) return this.#refusesReading(op);
    const failed = this.#failed.get(c);
    const state = this.#view.eState(c);
    if (op.op === "Savepoint") return state < STATE.WRITER_LOCKED || !this.#mayGoBack(op.kind, failed);
    if (failed !== undefined || state < STATE.WRITER_LOCKED || state === STATE.ERROR) return true;
    if (op.op === "CommitPhaseTwo") return !this.#prepared.delete(c);
    if (op.op === "TruncateImage" || op.op === "Movepage") return state < STATE.WRITER_CACHEMOD;
    return false;
  }

  /** A statement may be undone after some errors; after others only the whole transaction. */
  #mayGoBack(kind: "release" | "rollback", failed: number | undefined): boolean {
    if (failed === undefined) return true;
    return kind === "rollback" && (failed === SQLITE_NOMEM || failed === SQLITE_FULL);
  }

  #refusesReading(op: Op): boolean {
    switch (op.op) {
      case "Poke":
        return (this.#view.flags(op.slot) & PGHDR_WRITEABLE) === 0;
      case "Get":
      case "Pagecount":
      case "Begin":
        return this.#view.eState(op.c) === STATE.OPEN;
      case "OpenWal":
        return this.#view.eState(op.c) !== STATE.READER;
      default:
        return false;
    }
  }

  /** Takes note of what an operation came to. */
  note(op: Op, rc: number): void {
    if (op.op === "Crash") {
      for (const known of [this.#prepared, this.#failed, this.#owner]) known.clear();
      return;
    }
    if (op.op === "Get" || op.op === "Lookup") this.#owner.set(op.slot, op.c);
    const c = this.#connection(op);
    if (op.op === "Rollback" || op.op === "Close") {
      this.#prepared.delete(c);
      this.#failed.delete(c);
    } else if (WRITING.has(op.op)) {
      if (rc === SQLITE_BUSY) return;
      if (rc !== 0) this.#failed.set(c, rc);
      else if (op.op === "Savepoint") this.#failed.delete(c);
      else if (op.op === "CommitPhaseOne") this.#prepared.add(c);
    }
  }
}

/** Bytes for {@link Op} "Poke": never the same for two seeds, and never zero only. */
export function pokedBytes(n: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(n);
  let x = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x;
  }
  return bytes;
}

/** The bytes of a name as sqlite3PagerOpen takes them: zeros before, parameters and two zeros behind. */
export function nameBytes(file: string, uri: readonly (readonly [string, string])[] = []): Uint8Array {
  const text = [file, ...uri.flat()].map((part) => `${part}\0`).join("");
  return new TextEncoder().encode(`\0\0\0\0${text}\0\0\0`);
}

/** One line for people. */
export function showOp(op: Op): string {
  const { op: name, ...rest } = op;
  return `${name} ${JSON.stringify(rest)}`;
}
