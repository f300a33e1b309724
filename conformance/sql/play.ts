/**
 * A play: settings and a list of steps that both engines perform, one after the other, in one folder.
 * Steps are plain data, so that a play can be shown, shrunk and repeated.
 */

import type { Settings } from "./settings.js";

/** A value as SQL knows it: a bigint or a whole number is an INTEGER, another number a REAL. */
export type Value = null | number | bigint | string | Uint8Array;

/** Connections by number; 0 is the one that settings are applied to. */
export type Connection = number;

/** One request to an engine. */
export type Step =
  /** Runs the statements of `sql` one after the other, until one fails. */
  | { do: "sql"; on?: Connection; sql: string; params?: Value[] }
  /** Opens a further connection, to the main database unless told. */
  | { do: "open"; on: Connection; file?: string; readonly?: boolean }
  | { do: "close"; on: Connection }
  /** Statements that stay open: `rows` steps are made at most. */
  | { do: "prepare"; on?: Connection; stmt: number; sql: string; params?: Value[] }
  | { do: "step"; stmt: number; rows: number }
  | { do: "reset"; stmt: number }
  | { do: "finalize"; stmt: number }
  | {
      do: "blobOpen";
      on?: Connection;
      blob: number;
      schema?: string;
      table: string;
      column: string;
      row: number;
      write: boolean;
    }
  | { do: "blobRead"; blob: number; at: number; bytes: number }
  | { do: "blobWrite"; blob: number; at: number; data: Uint8Array }
  | { do: "blobReopen"; blob: number; row: number }
  | { do: "blobClose"; blob: number }
  /** Copies a database of connection `from` over one of connection `to`. */
  | { do: "backup"; backup: number; from: Connection; fromSchema?: string; to: Connection; toSchema?: string }
  | { do: "backupStep"; backup: number; pages: number }
  | { do: "backupFinish"; backup: number }
  | { do: "serialize"; on?: Connection; schema?: string }
  /** A busy handler that gives up after so many calls; -1 removes it. */
  | { do: "busy"; on?: Connection; tries: number }
  /** How often the busy handler was called since it was set or this was asked. */
  | { do: "busyCount"; on?: Connection }
  /** sqlite3_wal_checkpoint_v2 with SQLITE_CHECKPOINT_*; without a schema all databases. */
  | { do: "checkpoint"; on?: Connection; schema?: string; mode: number }
  /** sqlite3_file_control with SQLITE_FCNTL_* and a number. */
  | { do: "control"; on?: Connection; schema?: string; op: number; value: number }
  /** sqlite3_db_config with SQLITE_DBCONFIG_* and a number. */
  | { do: "config"; on?: Connection; op: number; value: number }
  | { do: "flush"; on?: Connection }
  | { do: "release"; on?: Connection }
  /** Hits, misses, writes and spills of the page caches. */
  | { do: "status"; on?: Connection; reset?: boolean };

/** What both engines do. */
export interface Play {
  settings: Settings;
  steps: readonly Step[];
}

/** One step as text, for a report. */
export function stepText(s: Step): string {
  const on = "on" in s && s.on !== undefined && s.on !== 0 ? ` [connection ${s.on}]` : "";
  if (s.do === "sql" || s.do === "prepare") {
    const params = s.params === undefined ? "" : ` -- ${s.params.map(valueText).join(", ")}`;
    const head = s.do === "prepare" ? `prepare ${s.stmt}: ` : "";
    return `${head}${s.sql}${params}${on}`;
  }
  const rest = Object.entries(s)
    .filter(([key]) => key !== "do" && key !== "on")
    .map(([key, value]) => `${key} ${typeof value === "object" ? valueText(value) : String(value)}`);
  return `${s.do} ${rest.join(", ")}${on}`;
}

/** A value as SQL text, long ones cut. */
export function valueText(v: Value): string {
  if (v === null) return "NULL";
  if (v instanceof Uint8Array) {
    const hex = Buffer.from(v.subarray(0, 16)).toString("hex");
    return v.length > 16 ? `x'${hex}...' (${v.length} bytes)` : `x'${hex}'`;
  }
  if (typeof v === "string") return v.length > 40 ? `'${v.slice(0, 40)}...' (${v.length})` : `'${v}'`;
  return String(v);
}

/** A script in the order of its steps, numbered as findings number them. */
export function playText(play: Play): string {
  return play.steps.map((s, i) => `${String(i).padStart(4)}  ${stepText(s)}`).join("\n");
}
