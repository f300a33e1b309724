/** What a harvested file does, as plain data: the same list is run on both engines. */

import type { Place } from "./tcl/value.js";

/** A value bound to a parameter. */
export type Bound = null | bigint | number | string | Uint8Array;

/** Stands for the folder in which the files of a run lie, within paths and SQL. */
export const FOLDER = "\u{10fffd}folder\u{10fffd}";

/** Which open object of the C interface a step is about: they are counted through a file, by kind. */
export type Handle = number;

/** One step. Connections go by the names that the test gives them. */
export type Step =
  | { do: "open"; connection: string; path: string; readonly: boolean; create: boolean; uri: boolean }
  | { do: "close"; connection: string }
  /** One statement, without what follows it. `parameters` are in the order of the statement's numbers. */
  | { do: "sql"; connection: string; sql: string; parameters: Bound[] }
  /** A switch of sqlite3_db_config. */
  | { do: "config"; connection: string; option: number; value: number }
  | { do: "limit"; connection: string; limit: number; value: number }
  | { do: "cacheflush"; connection: string }
  /** Where the bytes lie on which locks are taken; the whole process has one place for them. */
  | { do: "pending-byte"; offset: number }
  /** Drops every table and view that the connection's main schema has. */
  | { do: "drop-all"; connection: string }
  /** Statements that stay open across other steps. */
  | { do: "prepare"; statement: Handle; connection: string; sql: string }
  | { do: "bind"; statement: Handle; parameters: Bound[] }
  | { do: "step"; statement: Handle }
  | { do: "reset"; statement: Handle }
  | { do: "finalize"; statement: Handle }
  | {
      do: "blob-open";
      blob: Handle;
      connection: string;
      schema: string;
      table: string;
      column: string;
      rowid: bigint;
      write: boolean;
    }
  | { do: "blob-read"; blob: Handle; offset: number; bytes: number }
  | { do: "blob-write"; blob: Handle; offset: number; data: Uint8Array }
  | { do: "blob-reopen"; blob: Handle; rowid: bigint }
  | { do: "blob-close"; blob: Handle }
  | { do: "backup-init"; backup: Handle; to: string; toSchema: string; from: string; fromSchema: string }
  | { do: "backup-step"; backup: Handle; pages: number }
  | { do: "backup-finish"; backup: Handle }
  | { do: "delete"; path: string }
  | { do: "mkdir"; path: string }
  | { do: "copy"; from: string; to: string }
  | { do: "rename"; from: string; to: string }
  /** Bytes put into a file from outside. */
  | { do: "write"; path: string; offset: number | "end"; bytes: Uint8Array; truncate: boolean };

/** A step and where it was found. */
export type Event = Step & { at: Place };

/** Something that was seen and left out. */
export interface Exclusion {
  at: Place;
  /** The class, as reports count it. */
  reason: string;
  /** The SQL as far as it is known, its first characters. */
  sql: string;
}

/** Everything that one file gives. */
export interface Harvest {
  /** Name of the file within its source. */
  file: string;
  /** The group under which reports count it: a folder, or the prefix of names in a large folder. */
  suite: string;
  kind: "tcl" | "sqllogictest";
  events: Event[];
  exclusions: Exclusion[];
  /** Why the file gives nothing, when it says so itself: a capability that is not there, for one. */
  leftOut: string | null;
}
