/** A process of either kind: what a move makes its connections do, and what they answer. */

import {
  SQLITE_CHECKPOINT_FULL,
  SQLITE_CHECKPOINT_NOOP,
  SQLITE_CHECKPOINT_PASSIVE,
  SQLITE_CHECKPOINT_RESTART,
  SQLITE_CHECKPOINT_TRUNCATE,
  SQLITE_OPEN_READONLY,
} from "../../../src/index.js";
import type { ShimCall, ShimRecord } from "../../engines/shimvfs.js";
import {
  type CheckpointResult,
  type CodeResult,
  type Outcome,
  type RunResult,
  SessionError,
} from "../../engines/sql/protocol.js";
import type { SqlEngine } from "../../engines/sql/session.js";
import type { Action, CheckpointMode, Move, Setting } from "./moves.js";
import { rowLength } from "./moves.js";

const MODES: Record<CheckpointMode, number> = {
  NOOP: SQLITE_CHECKPOINT_NOOP,
  PASSIVE: SQLITE_CHECKPOINT_PASSIVE,
  FULL: SQLITE_CHECKPOINT_FULL,
  RESTART: SQLITE_CHECKPOINT_RESTART,
  TRUNCATE: SQLITE_CHECKPOINT_TRUNCATE,
};

/** Calls whose sequence must be the same on both sides. */
const TRACED: readonly ShimCall[] = [
  ...(["open", "close", "write", "truncate", "sync", "delete", "lock", "unlock"] as const),
  ...(["shmmap", "shmlock", "shmbarrier", "shmunmap", "sleep"] as const),
];

/** What one move gave. */
export interface Reply {
  /** Everything that the engine answered. */
  answer: unknown;
  /** The same in a few words. */
  said: string;
  /** Calls of the busy handler. */
  busy: number;
}

function runText(result: RunResult): string {
  const failed = result.statements.find((s) => s.outcome.code !== 0);
  if (failed !== undefined) return failed.outcome.name;
  const rows = result.statements.flatMap((s) => s.rows);
  return rows.length === 0 ? "ok" : rows.map((r) => r.join("|")).join(" ");
}

/** The process: one engine, up to two connections. */
export class Actor {
  readonly engine: SqlEngine;
  readonly #path: string;
  readonly #setting: Setting;

  constructor(engine: SqlEngine, path: string, setting: Setting) {
    this.engine = engine;
    this.#path = path;
    this.#setting = setting;
  }

  get pid(): number {
    return this.engine.child.pid;
  }

  /** Nothing open, random numbers from a seed, calls being recorded, and written into a log of all processes. */
  async prepare(seed: number, log: string): Promise<void> {
    await this.engine.reset();
    await this.engine.seed(seed);
    await this.engine.record(true, { calls: TRACED, writes: false });
    await this.engine.share(log);
  }

  /** The recorded calls; everything is closed after that. */
  async finish(): Promise<ShimRecord[]> {
    const trace = await this.engine.record(false);
    await this.engine.reset();
    return trace;
  }

  async #open(conn: number, action: Action & { do: "open" }): Promise<[unknown, string]> {
    const opened = await this.engine.open(
      conn,
      this.#path,
      action.readonly ? { flags: SQLITE_OPEN_READONLY } : {},
    );
    if (opened.code !== 0) return [opened, opened.name];
    const pragmas = ["PRAGMA wal_autocheckpoint=0"];
    if (action.small) pragmas.push("PRAGMA cache_size=3");
    if (!action.cold) pragmas.push(`PRAGMA synchronous=${this.#setting.synchronous}`);
    const set = await this.engine.run(conn, pragmas.join(";"));
    return [[opened, set], runText(set)];
  }

  #writeSql(letter: string, rows: readonly number[]): string {
    const value = `printf('%.*c', ${rowLength(this.#setting)}, '${letter}')`;
    return rows
      .map((r) => `INSERT INTO t VALUES(${r}, ${value}) ON CONFLICT(id) DO UPDATE SET v=excluded.v`)
      .join(";");
  }

  async #answer(conn: number, action: Exclude<Action, { do: "dies" }>): Promise<[unknown, string]> {
    const run = async (sql: string): Promise<[unknown, string]> => {
      const result = await this.engine.run(conn, sql);
      return [result, runText(result)];
    };
    const named = (answer: Outcome | CodeResult): [unknown, string] => [answer, answer.name];
    switch (action.do) {
      case "open":
        return await this.#open(conn, action);
      case "close":
        return named(await this.engine.close(conn));
      case "sql":
        return await run(action.sql);
      case "read":
        return await run("SELECT group_concat(substr(v, 1, 1), '') FROM (SELECT v FROM t ORDER BY id)");
      case "write":
        return await run(this.#writeSql(action.letter, action.rows));
      case "checkpoint": {
        const r: CheckpointResult = await this.engine.checkpoint(conn, MODES[action.mode]);
        return [r, `${r.outcome.name} ${r.log} ${r.checkpointed}`];
      }
      case "busy":
        await this.engine.busy(conn, action.tries);
        return [null, "ok"];
      case "control": {
        const r = await this.engine.fileControl(conn, action.control, action.value);
        return [r, `${r.name} ${r.value}`];
      }
      case "config": {
        const r = await this.engine.dbConfig(conn, action.config, action.value);
        return [r, `${r.name} ${r.value}`];
      }
    }
  }

  async #busy(conn: number): Promise<number> {
    try {
      return await this.engine.busyCount(conn, true);
    } catch (e) {
      if (e instanceof SessionError && e.why === "handle") return 0;
      throw e;
    }
  }

  /** Does what a move says. */
  async perform(move: Move): Promise<Reply> {
    const { action, connection } = move;
    if (action.do === "dies") throw new Error("a process does not kill itself");
    try {
      const [answer, words] = await this.#answer(connection, action);
      const busy = await this.#busy(connection);
      return { answer, said: busy === 0 ? words : `${words}, busy handler ${busy}`, busy };
    } catch (e) {
      /* Random scenarios speak to connections that could not be opened. */
      if (e instanceof SessionError && e.why === "handle") {
        return { answer: null, said: "no such connection", busy: 0 };
      }
      throw e;
    }
  }
}
