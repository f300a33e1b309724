/**
 * The small language of lockstep programs: one operation is one call of the pager's, or something that
 * happens around it. `c` is a connection, `slot` a reference to a page under a number of the program's choice.
 */

import "./wasm32.js";
import { fnv1a, type MemFaultRule, type MemOp } from "../../src/index.js";

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
  /**
   * Stores bytes made from `seed` into a page that has been made writable, or into the extra bytes of any page that
   * is not mapped.
   */
  | { op: "Poke"; slot: number; offset: number; n: number; seed: number; extra?: boolean }
  | { op: "Movepage"; c: number; slot: number; pgno: number; isCommit: boolean }
  /** Two pages change places, as balance_nonroot has them do it: sqlite3PagerRekey three times. */
  | { op: "Swap"; slot: number; with: number }
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
   * makes of it. If a PowerLoss has struck, this only turns the power on again.
   */
  | { op: "Crash"; seed: number; mode?: PowerMode }
  /**
   * From now on the power fails at the `at`-th call of the kind, before it does anything. The operation
   * ends there, and until `Crash` all that touches a connection or the disk is left out.
   */
  | {
      op: "PowerLoss";
      of: "sync" | "write" | "call";
      at: number;
      mode: PowerMode;
      seed: number;
      file?: string;
    }
  /**
   * Something outside writes `n` bytes made from `seed` into a file that no connection is using, durably. A file
   * that is not there comes into being.
   */
  | { op: "Damage"; file: string; offset: number; n: number; seed: number }
  /** Reads all pages inside a read transaction; comes back with how many there are and the hash of each. */
  | { op: "Scan"; c: number }
  /** Writes a super-journal with the names of journals, and syncs it, as vdbeCommit does. */
  | { op: "WriteSuper"; file: string; names: readonly string[] }
  /** Deletes it and syncs the directory: this commits the transaction of all databases. */
  | { op: "DeleteSuper"; file: string };

/** What becomes of writes that no sync has made durable; see CrashOptions of the memory disk. */
export type PowerMode = "drop" | "keep" | "prefix" | "random";

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
  /** SQLITE_CONFIG_PAGECACHE: memory for pages, `n` slots of `size` bytes. Then all caches are one group. */
  pageCache?: { size: number; n: number };
  /** The soft heap limit in bytes. Then memory is counted (SQLITE_CONFIG_MEMSTATUS). */
  softHeapLimit?: number;
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

/** The result of an operation that was left out, see guard.ts. */
export const LEFT_OUT: Outcome = { rc: 0, out: ["left out"], assertion: null };

/** The result of an operation in which the power failed. */
export const POWER_LOST: Outcome = { rc: 0, out: ["power lost"], assertion: null };

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

/** Hash of a page's content, on page 1 without the fields that count changes: each commit sets them anew. */
export function scanHash(pgno: number, bytes: Uint8Array): number {
  if (pgno !== 1) return fnv1a(bytes);
  return fnv1a(bytes.slice().fill(0, 24, 28).fill(0, 92, 100));
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
