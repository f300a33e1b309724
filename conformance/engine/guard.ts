/**
 * What an exception leaves behind. The port has no business throwing, but a defect, an assertion, a VFS
 * of somebody's own or a stack that is too deep may. The exception then passes through C's frames, which
 * neither clean up nor restore the C stack, and no later call could be trusted. So the engine is dead
 * from there on, and says so instead of trapping somewhere else.
 */

import { SQLITE_OK } from "../../src/index.js";
import type { Address, UpperExports } from "./upper.js";

/** The error that every later call throws; its `cause` is what ended the engine. */
export class EngineDeadError extends Error {
  override readonly name = "EngineDeadError";

  constructor(cause: unknown) {
    super("the SQL engine was interrupted by an exception and cannot be used any more", { cause });
  }
}

/** The exports as the API calls them: those that can reach the port notice its exceptions. */
export function guarded(raw: UpperExports): UpperExports {
  let dead: EngineDeadError | null = null;
  const die = (e: unknown): never => {
    dead ??= new EngineDeadError(e);
    throw e;
  };
  const calls =
    <A extends unknown[], T>(f: (...args: A) => T): ((...args: A) => T) =>
    (...args) => {
      if (dead !== null) throw dead;
      try {
        return f(...args);
      } catch (e) {
        return die(e);
      }
    };
  /* These clean up, often on behalf of the garbage collector: with a dead engine there is nothing to do. */
  const cleans =
    (f: (p: Address) => number): ((p: Address) => number) =>
    (p) => {
      if (dead !== null) return SQLITE_OK;
      try {
        return f(p);
      } catch (e) {
        return die(e);
      }
    };
  const step = raw.sqlite3_step;
  return {
    ...raw,
    upper_open: calls(raw.upper_open),
    upper_prepare: calls(raw.upper_prepare),
    sqlite3_step: (stmt) => {
      if (dead !== null) throw dead;
      try {
        return step(stmt);
      } catch (e) {
        return die(e);
      }
    },
    sqlite3_reset: cleans(raw.sqlite3_reset),
    sqlite3_finalize: cleans(raw.sqlite3_finalize),
    sqlite3_clear_bindings: cleans(raw.sqlite3_clear_bindings),
    sqlite3_close_v2: cleans(raw.sqlite3_close_v2),
    ...(raw.session_call === undefined ? {} : { session_call: calls(raw.session_call) }),
  };
}
