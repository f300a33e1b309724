/**
 * What a user does with a database, as plain data; real-session.ts and port-session.ts do it.
 */

import {
  PAGER_JOURNALMODE_DELETE,
  PAGER_JOURNALMODE_MEMORY,
  PAGER_JOURNALMODE_PERSIST,
  PAGER_JOURNALMODE_TRUNCATE,
  PAGER_SYNCHRONOUS_EXTRA,
  PAGER_SYNCHRONOUS_FULL,
  PAGER_SYNCHRONOUS_NORMAL,
  PAGER_SYNCHRONOUS_OFF,
} from "../../../src/index.js";
import type { Step } from "../../engines/program.js";

/** By the names of the pragma. */
export const JOURNAL_MODES = {
  DELETE: PAGER_JOURNALMODE_DELETE,
  TRUNCATE: PAGER_JOURNALMODE_TRUNCATE,
  PERSIST: PAGER_JOURNALMODE_PERSIST,
  MEMORY: PAGER_JOURNALMODE_MEMORY,
} as const;

/** By the names of the pragma. */
export const SYNC_LEVELS = {
  OFF: PAGER_SYNCHRONOUS_OFF,
  NORMAL: PAGER_SYNCHRONOUS_NORMAL,
  FULL: PAGER_SYNCHRONOUS_FULL,
  EXTRA: PAGER_SYNCHRONOUS_EXTRA,
} as const;

export type JournalMode = keyof typeof JOURNAL_MODES;
export type SyncLevel = keyof typeof SYNC_LEVELS;

/** A statement that changes pages, and the pager operations that it amounts to. */
export interface Change {
  sql: string;
  /** The database after it. */
  after: Uint8Array;
  /** Between the transaction's begin and its commit. */
  steps(pager: string): Step[];
  /** Pages that the database has afterwards, if that is fewer: the b-tree tells the pager when it commits. */
  pagesAfter?: number;
  /** In a longer transaction the statement can be undone on its own: it changes several rows. */
  undoable?: boolean;
}

/** One thing that is done with the database. */
export type Action =
  | { do: "open"; readonly?: boolean }
  /** Reads the user version. */
  | { do: "read" }
  /** Writes the user version: a transaction that changes page 1 alone. */
  | { do: "set"; value: number }
  | { do: "run"; change: Change }
  | { do: "begin"; exclusive?: boolean }
  | { do: "commit" }
  | { do: "rollback" }
  | { do: "journalMode"; mode: JournalMode }
  | { do: "synchronous"; level: SyncLevel }
  | { do: "cacheSize"; pages: number }
  | { do: "exclusiveMode" }
  | { do: "mmap"; bytes: number }
  | { do: "close" };

/** A connection of one of the engines. */
export interface Session {
  /** Gives the result code's name, and after a read the value. */
  perform(action: Action): Promise<string>;
}

/** The connection and the pager. */
export const NAME = "bad input";
/** What becomes of an action when the database could not be opened. */
export const NOT_OPEN = "not open";

/** How the database is named and reached. */
export interface Target {
  path: string | Uint8Array;
  /** Real SQLite attaches it to a database in memory: its JavaScript wrapper looks at paths itself. */
  attach?: boolean;
}
