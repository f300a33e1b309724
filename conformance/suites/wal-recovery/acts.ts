/** What is done with a database, step by step, on both engines alike; and what stands in the folder then. */

import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { SQLITE_OPEN_READONLY } from "../../../src/index.js";
import { SessionError } from "../../engines/sql/protocol.js";
import type { SqlEngine } from "../../engines/sql/session.js";
import { type Snapshot, takeSnapshot } from "../recovery/folder.js";

/** The database in every folder of this suite. */
export const DB = "a.db";
export const WAL = `${DB}-wal`;
export const SHM = `${DB}-shm`;

/** SQLITE_FCNTL_PERSIST_WAL: log and index stay when the last connection closes. */
const PERSIST_WAL = 10;

/** One step; connection 0 unless told. */
export type Act =
  | { do: "open"; on?: number; readonly?: boolean }
  | { do: "close"; on?: number }
  /** Statement after statement, whatever the one before said. */
  | { do: "sql"; on?: number; sql: string }
  /** Log and index shall stay when the last connection closes. */
  | { do: "persist"; on?: number }
  /** The parent writes over files that exist, same inodes: what another process might have done. */
  | { do: "overwrite"; what: string; files: Readonly<Record<string, Uint8Array>> };

/** A step as text, for findings. */
export function actText(act: Act): string {
  const on = "on" in act && act.on !== undefined && act.on !== 0 ? ` [connection ${act.on}]` : "";
  switch (act.do) {
    case "open":
      return `open${act.readonly ? " read-only" : ""}${on}`;
    case "close":
      return `close${on}`;
    case "sql":
      return `${act.sql.replaceAll(/\s+/g, " ")}${on}`;
    case "persist":
      return `log and index shall stay${on}`;
    case "overwrite":
      return `(another process: ${act.what})`;
  }
}

/**
 * Writes over a file that exists, without ever making it shorter than it was while it is written: a
 * mapping of it may be alive.
 */
export function overwriteFile(path: string, bytes: Uint8Array, mayShrink: boolean): void {
  const fd = openSync(path, "r+");
  try {
    writeSync(fd, bytes, 0, bytes.length, 0);
    if (mayShrink) ftruncateSync(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}

async function answer(engine: SqlEngine, folder: string, act: Act): Promise<unknown> {
  switch (act.do) {
    case "open":
      return await engine.open(
        act.on ?? 0,
        join(folder, DB),
        act.readonly ? { flags: SQLITE_OPEN_READONLY } : {},
      );
    case "close":
      return await engine.close(act.on ?? 0);
    case "sql":
      return await engine.run(act.on ?? 0, act.sql, [], { keepGoing: true });
    case "persist":
      return await engine.fileControl(act.on ?? 0, PERSIST_WAL, 1);
    case "overwrite":
      for (const [name, bytes] of Object.entries(act.files)) {
        overwriteFile(join(folder, name), bytes, name !== SHM);
      }
      return null;
  }
}

/** One step's answer; a connection that an earlier step could not open is an answer too. */
export async function perform1(engine: SqlEngine, folder: string, act: Act): Promise<unknown> {
  try {
    return await answer(engine, folder, act);
  } catch (e) {
    if (e instanceof SessionError && e.why === "handle") return { driver: "no such connection" };
    throw e;
  }
}

/** What the steps gave, one element per step. */
export interface Performance {
  answers: unknown[];
  folders: Snapshot[];
}

/** Performs the steps one after the other and takes the folder after each. */
export async function perform(engine: SqlEngine, folder: string, acts: readonly Act[]): Promise<Performance> {
  const gathered: Performance = { answers: [], folders: [] };
  for (const act of acts) {
    gathered.answers.push(await perform1(engine, folder, act));
    gathered.folders.push(takeSnapshot(folder));
  }
  return gathered;
}
