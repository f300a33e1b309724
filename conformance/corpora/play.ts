/** Plays what a file does on one engine. */

import {
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_READONLY,
  SQLITE_OPEN_READWRITE,
  SQLITE_OPEN_URI,
  SQLITE_TESTCTRL_PENDING_BYTE,
} from "../../src/index.js";
import { ChildError, ChildGone } from "../engines/child.js";
import {
  decodeAnswer,
  encodeRequest,
  HANDLES,
  type SessionAnswers,
  SessionError,
  type SessionOp,
  type SessionRequest,
} from "../engines/sql/protocol.js";
import type { SqlEngine } from "../engines/sql/session.js";
import type { SqlParameter } from "../engines/sql/values.js";
import { type Bound, type Event, FOLDER, type Handle } from "./events.js";
import { changeFiles } from "./folder.js";

/** What is told while a file is played. */
export interface Listener {
  /** An answer, as bytes; `event` is the index of the step, one step may give several. */
  answer(event: number, op: SessionOp, bytes: Uint8Array): void;
  /** A step that could not be taken because its connection is not open. */
  notOpen(event: number): void;
  /** Whether the files shall be looked at after this step. */
  wantsFiles(event: number, step: Event, last: SessionAnswers["run"] | null): boolean;
  files(event: number): void;
}

/** How playing ended. */
export type Ending =
  | { how: "complete" }
  /** The engine's process ended, or answered what is no answer. */
  | { how: "broken"; event: number; message: string }
  | { how: "out of time"; event: number };

/** After so many rows a statement is ended. */
const ROW_LIMIT = 2000;

/** The settings of a connection that upstream's test program has. */
const SETTINGS: readonly [number, number][] = [
  [1013, 1] /* SQLITE_DBCONFIG_DQS_DML */,
  [1014, 1] /* SQLITE_DBCONFIG_DQS_DDL */,
  [1002, 0] /* SQLITE_DBCONFIG_ENABLE_FKEY */,
];

/** The random numbers of both engines begin here. */
const PRNG_SEED = 1;

/** The answer that the bytes hold; null where the driver could not follow the request, which its bytes tell, too. */
export function answerOf<Op extends SessionOp>(op: Op, bytes: Uint8Array): SessionAnswers[Op] | null {
  try {
    return decodeAnswer<Op>(op, bytes);
  } catch (e) {
    if (e instanceof SessionError) return null;
    throw e;
  }
}

class OutOfTime extends Error {
  override readonly name = "OutOfTime";
}

/** Which of the driver's small numbers a thing has. */
class Slots<Key> {
  readonly #taken = new Map<Key, number>();
  /** Numbers of connections that could not be closed: SQLite still has them. */
  readonly #lost = new Set<number>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get(key: Key): number | null {
    return this.#taken.get(key) ?? null;
  }

  /** A free number, or null if there is none. */
  free(): number | null {
    const taken = new Set(this.#taken.values());
    for (let n = 0; n < this.#size; n++) if (!taken.has(n) && !this.#lost.has(n)) return n;
    return null;
  }

  set(key: Key, number: number): void {
    this.#taken.set(key, number);
  }

  release(key: Key, lost = false): void {
    const number = this.#taken.get(key);
    this.#taken.delete(key);
    if (lost && number !== undefined) this.#lost.add(number);
  }
}

/** One run of one file on one engine. */
export class Player {
  readonly #engine: SqlEngine;
  readonly #folder: string;
  readonly #listener: Listener;
  readonly #deadline: number;
  readonly #connections = new Slots<string>(HANDLES.connections);
  readonly #statements = new Slots<Handle>(HANDLES.statements);
  readonly #blobs = new Slots<Handle>(HANDLES.blobs);
  readonly #backups = new Slots<Handle>(HANDLES.backups);
  readonly #blobOwners = new Map<Handle, string>();
  #event = 0;

  /** @param deadline as performance.now() counts */
  constructor(engine: SqlEngine, folder: string, listener: Listener, deadline: number) {
    this.#engine = engine;
    this.#folder = folder;
    this.#listener = listener;
    this.#deadline = deadline;
  }

  /** Plays the events up to and without `end`. The engine must be fresh or reset, the folder empty. */
  async play(events: readonly Event[], end = events.length): Promise<Ending> {
    try {
      await this.#bounded(this.#engine.seed(PRNG_SEED));
      for (this.#event = 0; this.#event < end; this.#event++) await this.#step(events[this.#event] as Event);
      return { how: "complete" };
    } catch (e) {
      if (e instanceof OutOfTime) return { how: "out of time", event: this.#event };
      if (e instanceof ChildGone || e instanceof ChildError) {
        const tail = this.#engine.child.stderr.trim().split("\n").slice(-12).join("\n");
        return {
          how: "broken",
          event: this.#event,
          message: `${e.message}${tail === "" ? "" : `\n${tail}`}`,
        };
      }
      throw e;
    }
  }

  /** Waits for the engine; one that takes too long is killed. */
  async #bounded<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let late = false;
    const left = Math.max(1, this.#deadline - performance.now());
    try {
      return await Promise.race([
        answer,
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => {
            late = true;
            reject(new OutOfTime("too slow"));
          }, left);
        }),
      ]);
    } catch (e) {
      if (late) {
        /* The answer that nobody waits for any more ends with the process. */
        answer.catch(() => undefined);
        await this.#engine.kill();
      }
      throw e;
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask<Op extends SessionOp>(request: SessionRequest & { op: Op }): Promise<SessionAnswers[Op] | null> {
    const bytes = await this.#bounded(this.#engine.askBytes(encodeRequest(request)));
    this.#listener.answer(this.#event, request.op, bytes);
    return answerOf<Op>(request.op, bytes);
  }

  async #step(event: Event): Promise<void> {
    let last: SessionAnswers["run"] | null = null;
    switch (event.do) {
      case "open":
        await this.#open(event);
        break;
      case "close": {
        const conn = this.#connections.get(event.connection);
        if (conn === null) break;
        await this.#closeBlobs(event.connection);
        const outcome = await this.#ask({ op: "close", conn });
        this.#connections.release(event.connection, outcome?.code !== 0);
        break;
      }
      case "sql": {
        const conn = this.#connection(event.connection);
        if (conn !== null) last = await this.#run(conn, event.sql, event.parameters);
        break;
      }
      case "config": {
        const conn = this.#connection(event.connection);
        if (conn === null) break;
        await this.#ask({ op: "dbConfig", conn, config: event.option, value: event.value });
        break;
      }
      case "limit": {
        const conn = this.#connection(event.connection);
        if (conn === null) break;
        await this.#ask({ op: "limit", conn, limit: event.limit, value: event.value });
        break;
      }
      case "pending-byte":
        await this.#ask({
          op: "testControl",
          control: SQLITE_TESTCTRL_PENDING_BYTE,
          conn: null,
          value: event.offset,
        });
        break;
      case "cacheflush": {
        const conn = this.#connection(event.connection);
        if (conn !== null) await this.#ask({ op: "cacheFlush", conn });
        break;
      }
      case "drop-all": {
        const conn = this.#connection(event.connection);
        if (conn !== null) await this.#dropAll(conn);
        break;
      }
      case "prepare":
      case "bind":
      case "step":
      case "reset":
      case "finalize":
        await this.#statement(event);
        break;
      case "blob-open":
      case "blob-read":
      case "blob-write":
      case "blob-reopen":
      case "blob-close":
        await this.#blob(event);
        break;
      case "backup-init":
      case "backup-step":
      case "backup-finish":
        await this.#backup(event);
        break;
      default:
        changeFiles(this.#folder, event);
    }
    if (this.#listener.wantsFiles(this.#event, event, last)) this.#listener.files(this.#event);
  }

  /** The number of a connection; one that is not open is told. */
  #connection(name: string): number | null {
    return this.#told(this.#connections.get(name));
  }

  #told(number: number | null): number | null {
    if (number === null) this.#listener.notOpen(this.#event);
    return number;
  }

  async #open(event: Extract<Event, { do: "open" }>): Promise<void> {
    const conn = this.#told(this.#connections.free());
    if (conn === null) return;
    const flags =
      (event.readonly
        ? SQLITE_OPEN_READONLY
        : SQLITE_OPEN_READWRITE | (event.create ? SQLITE_OPEN_CREATE : 0)) |
      (event.uri ? SQLITE_OPEN_URI : 0);
    const path = event.path.replaceAll(FOLDER, this.#folder);
    const outcome = await this.#ask({ op: "open", conn, path, flags, vfs: null });
    if (outcome === null || outcome.code !== 0) return;
    this.#connections.set(event.connection, conn);
    for (const [config, value] of SETTINGS) await this.#ask({ op: "dbConfig", conn, config, value });
  }

  async #statement(
    event: Extract<Event, { do: "prepare" | "bind" | "step" | "reset" | "finalize" }>,
  ): Promise<void> {
    if (event.do === "prepare") {
      const conn = this.#connection(event.connection);
      const free = conn === null ? null : this.#told(this.#statements.free());
      if (conn === null || free === null) return;
      const sql = event.sql.replaceAll(FOLDER, this.#folder);
      const answer = await this.#ask({ op: "prepare", stmt: free, conn, sql, flags: 0 });
      if (answer?.present) this.#statements.set(event.statement, free);
      return;
    }
    const stmt = this.#told(this.#statements.get(event.statement));
    if (stmt === null) return;
    switch (event.do) {
      case "bind":
        await this.#ask({
          op: "bind",
          stmt,
          params: event.parameters.map((p) => this.#parameter(p)),
          clear: true,
        });
        return;
      case "step":
        await this.#ask({ op: "step", stmt, rows: 1, noRows: false });
        return;
      case "reset":
        await this.#ask({ op: "resetStatement", stmt });
        return;
      case "finalize":
        this.#statements.release(event.statement);
        await this.#ask({ op: "finalize", stmt });
    }
  }

  async #blob(event: Extract<Event, { blob: Handle }>): Promise<void> {
    if (event.do === "blob-open") {
      const conn = this.#connection(event.connection);
      const free = conn === null ? null : this.#told(this.#blobs.free());
      if (conn === null || free === null) return;
      const { schema, table, column, rowid, write } = event;
      const answer = await this.#ask({
        op: "blobOpen",
        blob: free,
        conn,
        schema,
        table,
        column,
        rowid,
        write,
      });
      if (answer?.outcome.code !== 0) return;
      this.#blobs.set(event.blob, free);
      this.#blobOwners.set(event.blob, event.connection);
      return;
    }
    const blob = this.#told(this.#blobs.get(event.blob));
    if (blob === null) return;
    switch (event.do) {
      case "blob-read":
        await this.#ask({ op: "blobRead", blob, offset: event.offset, bytes: event.bytes });
        return;
      case "blob-write":
        await this.#ask({ op: "blobWrite", blob, offset: event.offset, data: event.data });
        return;
      case "blob-reopen":
        await this.#ask({ op: "blobReopen", blob, rowid: event.rowid });
        return;
      case "blob-close":
        this.#blobs.release(event.blob);
        await this.#ask({ op: "blobClose", blob });
    }
  }

  /** TCL's interface closes a connection's blob channels with it. */
  async #closeBlobs(connection: string): Promise<void> {
    for (const [handle, owner] of this.#blobOwners) {
      const blob = owner === connection ? this.#blobs.get(handle) : null;
      if (blob === null) continue;
      this.#blobs.release(handle);
      await this.#ask({ op: "blobClose", blob });
    }
  }

  async #backup(event: Extract<Event, { backup: Handle }>): Promise<void> {
    if (event.do === "backup-init") {
      const dest = this.#connection(event.to);
      const source = this.#connection(event.from);
      const free = dest === null || source === null ? null : this.#told(this.#backups.free());
      if (dest === null || source === null || free === null) return;
      const { toSchema: destSchema, fromSchema: sourceSchema } = event;
      const answer = await this.#ask({
        op: "backupInit",
        backup: free,
        dest,
        destSchema,
        source,
        sourceSchema,
      });
      if (answer?.outcome.code === 0) this.#backups.set(event.backup, free);
      return;
    }
    const backup = this.#told(this.#backups.get(event.backup));
    if (backup === null) return;
    if (event.do === "backup-step") {
      await this.#ask({ op: "backupStep", backup, pages: event.pages });
      return;
    }
    this.#backups.release(event.backup);
    await this.#ask({ op: "backupFinish", backup });
  }

  async #run(conn: number, sql: string, parameters: readonly Bound[]): Promise<SessionAnswers["run"] | null> {
    return await this.#ask({
      op: "run",
      conn,
      sql: sql.replaceAll(FOLDER, this.#folder),
      params: parameters.map((p) => this.#parameter(p)),
      keepGoing: false,
      single: false,
      noRows: false,
      rowLimit: ROW_LIMIT,
    });
  }

  #parameter(value: Bound): SqlParameter {
    if (typeof value === "number") return { real: value };
    if (typeof value !== "string") return value;
    return value.replaceAll(FOLDER, this.#folder).replace(/[\ud800-\udfff]/gu, "\ufffd");
  }

  async #dropAll(conn: number): Promise<void> {
    const found = await this.#run(
      conn,
      "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
      [],
    );
    for (const [type, name] of found?.statements[0]?.rows ?? []) {
      if (typeof type !== "string" || typeof name !== "string") continue;
      await this.#run(conn, `DROP ${type} "${name.replaceAll('"', '""')}"`, []);
    }
  }
}
