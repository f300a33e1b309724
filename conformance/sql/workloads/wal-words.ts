/** Words of the workloads about the write-ahead log. */

import {
  SQLITE_CHECKPOINT_FULL,
  SQLITE_CHECKPOINT_NOOP,
  SQLITE_CHECKPOINT_PASSIVE,
  SQLITE_CHECKPOINT_RESTART,
  SQLITE_CHECKPOINT_TRUNCATE,
  SQLITE_FCNTL_PERSIST_WAL,
} from "../../../src/index.js";
import type { Connection, Step } from "../play.js";

/** SQLITE_CHECKPOINT_* by name. */
export const MODES = {
  NOOP: SQLITE_CHECKPOINT_NOOP,
  PASSIVE: SQLITE_CHECKPOINT_PASSIVE,
  FULL: SQLITE_CHECKPOINT_FULL,
  RESTART: SQLITE_CHECKPOINT_RESTART,
  TRUNCATE: SQLITE_CHECKPOINT_TRUNCATE,
} as const;

export type Mode = keyof typeof MODES;

/** SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE. */
const NO_CKPT_ON_CLOSE = 1006;

/** A checkpoint of the main database, or of another one; `null`: of all. */
export function checkpoint(mode: Mode, on: Connection = 0, schema: string | null = "main"): Step {
  return { do: "checkpoint", on, mode: MODES[mode], ...(schema === null ? {} : { schema }) };
}

/** Makes the log outlive the last connection, or not. */
export function persist(value: boolean, on: Connection = 0, schema = "main"): Step {
  return { do: "control", on, schema, op: SQLITE_FCNTL_PERSIST_WAL, value: value ? 1 : 0 };
}

/** Keeps the last connection from checkpointing when it closes. */
export function leaveLog(on: Connection = 0): Step {
  return { do: "config", on, op: NO_CKPT_ON_CLOSE, value: 1 };
}
