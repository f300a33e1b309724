/** A process of either engine, told what its connections shall do. */

import type { TreeGate } from "../../engines/tree.js";
import type { Action, JournalName } from "./moves.js";

/** What is the same for all connections of a case. */
export interface Setting {
  /** Null: the default VFS, unix. */
  vfs: "unix-excl" | "unix-dotfile" | "unix-none" | null;
  journal: JournalName;
  synchronous: "OFF" | "NORMAL" | "FULL";
}

/** Pages in the cache of a connection opened with `small`. */
export const SMALL_CACHE = 10;

/** What one action gave. */
export interface Reply {
  /** SQLite's result code by name. */
  code: string;
  /** Letters read, or the mode that is now set. */
  value: string | null;
  /** Argument of each call of the busy handler. */
  busy: number[];
  /** Calls of the file's lock methods. */
  trace: string;
  /** SQLITE_FCNTL_LOCKSTATE. */
  level: number;
  /** The pager's own idea of the level; null from an engine that does not show it. */
  eLock: number | null;
}

/** A process. */
export interface Actor {
  readonly pid: number;
  perform(connection: string, action: Action): Promise<Reply>;
  /** Sets or (call -1) removes the gate of a connection's busy handler. */
  setGate(connection: string, gate: TreeGate): Promise<void>;
  /** Ends the process. */
  kill(): Promise<void>;
  /** Closes what is open. */
  reset(): Promise<void>;
}
