/**
 * A SQL engine in a child process: real SQLite or SQLite's SQL engine on the port, driven by the same C
 * code (conformance/native/session.c) over the same recording VFS. The parent's side.
 */

import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_READWRITE,
  SQLITE_TESTCTRL_PENDING_BYTE,
  SQLITE_TESTCTRL_PRNG_SEED,
} from "../../../src/index.js";
import type { AllocationPlan } from "../../engine/allocator.js";
import { engineModulePath } from "../../engine/build/index.js";
import { parseLog } from "../call-bytes.js";
import { Child, type ChildExit, type ChildOptions } from "../child.js";
import { nativeExtension } from "../native.js";
import type { RecordOptions, ShimDevice, ShimPlan, ShimRecord } from "../shimvfs.js";
import { DEFAULT_PENDING_BYTE, RECORDER_PATH, SESSION_PATH, type SqlRequest } from "./control.js";
import {
  type BackupResult,
  type BlobReadResult,
  type BlobResult,
  type CheckpointResult,
  type CodeResult,
  decodeAnswer,
  encodeRequest,
  type Facts,
  type Outcome,
  type PrepareResult,
  type RunResult,
  type SessionAnswers,
  type SessionOp,
  type SessionRequest,
  type StatusResult,
  type StepResult,
} from "./protocol.js";
import type { SqlParameter } from "./values.js";

/** Options of a run. */
export interface RunOptions {
  /** Go on with the next statement after an error. */
  keepGoing?: boolean;
  /** Only the first statement. */
  single?: boolean;
  /** Count rows, do not return them. */
  noRows?: boolean;
  /** End a statement after so many rows. */
  rowLimit?: number;
}

/** The engine; connections, statements, blob handles and backups are small integers of the caller's choice. */
export class SqlEngine {
  readonly child: Child;
  readonly side: "real" | "port";

  private constructor(side: "real" | "port", options: ChildOptions) {
    this.side = side;
    /* Engines with equal seeds make temporary files of equal names. In one folder, at one time, SQLite opens
     * the other's for reading, and then cannot write it. */
    const temporary = mkdtempSync(join(tmpdir(), "pager-mirror-temporary-"));
    chmodSync(temporary, 0o777); /* a child may give up the rights of root */
    this.child = new Child({ ...options, env: { ...options.env, SQLITE_TMPDIR: temporary } });
    void this.child.ended().then(() => rmSync(temporary, { recursive: true, force: true }));
  }

  /** Starts real SQLite; throws if the extensions cannot be compiled. */
  static real(options: Partial<ChildOptions> = {}): SqlEngine {
    const env = {
      ...options.env,
      [RECORDER_PATH]: nativeExtension("recorder"),
      [SESSION_PATH]: nativeExtension("session-extension"),
    };
    return new SqlEngine("real", {
      what: "real SQLite (SQL)",
      module: "./sql/real-child.js",
      ...options,
      env,
    });
  }

  /** Starts SQLite's SQL engine on the port; throws unless buildEngine has built it. */
  static port(options: Partial<ChildOptions> = {}): SqlEngine {
    engineModulePath();
    return new SqlEngine("port", { what: "the port (SQL)", module: "./sql/port-child.js", ...options });
  }

  async #child(request: SqlRequest): Promise<unknown> {
    return await this.child.call(request);
  }

  /** One request to the driver. */
  async ask<Op extends SessionOp>(request: SessionRequest & { op: Op }): Promise<SessionAnswers[Op]> {
    return decodeAnswer<Op>(request.op, await this.askBytes(encodeRequest(request)));
  }

  /** A request to the driver as bytes, malformed ones too, and its answer as bytes. */
  async askBytes(bytes: Uint8Array): Promise<Uint8Array> {
    return (await this.#child({ op: "session", bytes })) as Uint8Array;
  }

  /** sqlite3_open_v2, extended result codes on, DEFENSIVE off; after an error the connection is not open. */
  async open(conn: number, path: string, options: { flags?: number; vfs?: string } = {}): Promise<Outcome> {
    const flags = options.flags ?? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    return await this.ask({ op: "open", conn, path, flags, vfs: options.vfs ?? null });
  }

  /** sqlite3_close: SQLITE_BUSY while statements, blob handles or backups of the connection are open. */
  async close(conn: number): Promise<Outcome> {
    return await this.ask({ op: "close", conn });
  }

  /** Runs the statements of `sql`, the same parameters bound to each, and stops at the first error. */
  async run(
    conn: number,
    sql: string | Uint8Array,
    params: readonly SqlParameter[] = [],
    options: RunOptions = {},
  ): Promise<RunResult> {
    return await this.ask({
      op: "run",
      conn,
      sql,
      params,
      keepGoing: options.keepGoing ?? false,
      single: options.single ?? false,
      noRows: options.noRows ?? false,
      rowLimit: options.rowLimit ?? 0,
    });
  }

  /** sqlite3_prepare_v3 of the first statement. */
  async prepare(stmt: number, conn: number, sql: string | Uint8Array, flags = 0): Promise<PrepareResult> {
    return await this.ask({ op: "prepare", stmt, conn, sql, flags });
  }

  /** Binds parameters 1, 2, ...; `clear` first sets all to NULL. */
  async bind(stmt: number, params: readonly SqlParameter[], clear = false): Promise<Outcome> {
    return await this.ask({ op: "bind", stmt, params, clear });
  }

  /** Steps over at most `rows` rows; 0: until the statement ends. */
  async step(stmt: number, rows = 1, options: { noRows?: boolean } = {}): Promise<StepResult> {
    return await this.ask({ op: "step", stmt, rows, noRows: options.noRows ?? false });
  }

  /** sqlite3_reset. */
  async resetStatement(stmt: number): Promise<Outcome> {
    return await this.ask({ op: "resetStatement", stmt });
  }

  async finalize(stmt: number): Promise<Outcome> {
    return await this.ask({ op: "finalize", stmt });
  }

  async blobOpen(
    blob: number,
    conn: number,
    where: { schema?: string; table: string; column: string; rowid: number | bigint; write?: boolean },
  ): Promise<BlobResult> {
    const { schema, table, column, rowid, write } = where;
    return await this.ask({
      op: "blobOpen",
      blob,
      conn,
      schema: schema ?? "main",
      table,
      column,
      rowid,
      write: write ?? false,
    });
  }

  async blobRead(blob: number, offset: number, bytes: number): Promise<BlobReadResult> {
    return await this.ask({ op: "blobRead", blob, offset, bytes });
  }

  async blobWrite(blob: number, offset: number, data: Uint8Array): Promise<Outcome> {
    return await this.ask({ op: "blobWrite", blob, offset, data });
  }

  async blobReopen(blob: number, rowid: number | bigint): Promise<BlobResult> {
    return await this.ask({ op: "blobReopen", blob, rowid });
  }

  async blobBytes(blob: number): Promise<number> {
    return await this.ask({ op: "blobBytes", blob });
  }

  async blobClose(blob: number): Promise<Outcome> {
    return await this.ask({ op: "blobClose", blob });
  }

  /** sqlite3_backup_init from one connection's schema to another's. */
  async backupInit(
    backup: number,
    dest: number,
    source: number,
    schemas: { dest?: string; source?: string } = {},
  ): Promise<BackupResult> {
    return await this.ask({
      op: "backupInit",
      backup,
      dest,
      destSchema: schemas.dest ?? "main",
      source,
      sourceSchema: schemas.source ?? "main",
    });
  }

  /** Copies so many pages, all of them if negative; code SQLITE_DONE at the end. */
  async backupStep(backup: number, pages: number): Promise<BackupResult> {
    return await this.ask({ op: "backupStep", backup, pages });
  }

  /** Remaining pages and page count without a step. */
  async backupState(backup: number): Promise<BackupResult> {
    return await this.ask({ op: "backupState", backup });
  }

  async backupFinish(backup: number): Promise<Outcome> {
    return await this.ask({ op: "backupFinish", backup });
  }

  async serialize(conn: number, schema: string | null = null): Promise<Uint8Array | null> {
    return await this.ask({ op: "serialize", conn, schema });
  }

  async deserialize(
    conn: number,
    data: Uint8Array,
    options: { schema?: string; readonly?: boolean } = {},
  ): Promise<Outcome> {
    return await this.ask({
      op: "deserialize",
      conn,
      schema: options.schema ?? null,
      data,
      readonly: options.readonly ?? false,
    });
  }

  /** A busy handler that lets SQLite try `maxTries` more times; negative: no handler. The count starts afresh. */
  async busy(conn: number, maxTries: number): Promise<void> {
    await this.ask({ op: "busy", conn, maxTries });
  }

  /** How often the busy handler was called since it was set or its count was reset. */
  async busyCount(conn: number, reset = false): Promise<number> {
    return await this.ask({ op: "busyCount", conn, reset });
  }

  async checkpoint(conn: number, mode: number, schema: string | null = null): Promise<CheckpointResult> {
    return await this.ask({ op: "checkpoint", conn, schema, mode });
  }

  /** sqlite3_file_control for the opcodes whose argument is a number; returns the number afterwards. */
  async fileControl(
    conn: number,
    control: number,
    value: number | bigint = 0,
    schema: string | null = null,
  ): Promise<CodeResult> {
    return await this.ask({ op: "fileControl", conn, schema, control, value });
  }

  async dbStatus(conn: number, status: number, reset = false): Promise<StatusResult> {
    return await this.ask({ op: "dbStatus", conn, status, reset });
  }

  /** sqlite3_db_config for the verbs with a switch; -1 only asks. */
  async dbConfig(conn: number, config: number, value = -1): Promise<CodeResult> {
    return await this.ask({ op: "dbConfig", conn, config, value });
  }

  /** sqlite3_limit; -1 only asks. */
  async limit(conn: number, limit: number, value = -1): Promise<number> {
    return await this.ask({ op: "limit", conn, limit, value });
  }

  async cacheFlush(conn: number): Promise<Outcome> {
    return await this.ask({ op: "cacheFlush", conn });
  }

  /** sqlite3_db_release_memory. */
  async releaseMemory(conn: number): Promise<number> {
    return await this.ask({ op: "releaseMemory", conn });
  }

  /** Changes, row id, transaction state. */
  async facts(conn: number): Promise<Facts> {
    return await this.ask({ op: "facts", conn });
  }

  /** sqlite3_db_readonly. */
  async readonly(conn: number, schema: string | null = null): Promise<number> {
    return await this.ask({ op: "readonly", conn, schema });
  }

  /** sqlite3_test_control for the verbs whose argument is a number. */
  async testControl(control: number, value: number, conn: number | null = null): Promise<number> {
    return await this.ask({ op: "testControl", control, conn, value });
  }

  /** Starts the process's random numbers afresh from a seed; 0: from the VFS, as usual. */
  async seed(seed: number): Promise<void> {
    await this.testControl(SQLITE_TESTCTRL_PRNG_SEED, seed);
  }

  /** Moves the pending byte; no connection may be open. Returns where it was. */
  async pendingByte(at: number = DEFAULT_PENDING_BYTE): Promise<number> {
    return await this.testControl(SQLITE_TESTCTRL_PENDING_BYTE, at);
  }

  /** sqlite3_complete. */
  async complete(sql: string): Promise<number> {
    return await this.ask({ op: "complete", sql });
  }

  /** SQLite's version and compile options. */
  async version(): Promise<SessionAnswers["version"]> {
    return await this.ask({ op: "version" });
  }

  /**
   * Starts recording the VFS calls afresh, or stops; returns what was recorded so far.
   *
   * Unless told otherwise all calls but those on shared memory and mapped pages are recorded, writes
   * with their bytes; see {@link RecordOptions}.
   */
  async record(on: boolean, options: RecordOptions = {}): Promise<ShimRecord[]> {
    const answer = await this.#child({ op: "record", on, options });
    return answer instanceof Uint8Array ? parseLog(answer) : (answer as ShimRecord[]);
  }

  /** Calls are written to the end of a file besides, from now on (shared-log.ts); null, or a reset: no more. */
  async share(path: string | null): Promise<void> {
    await this.#child({ op: "share", path });
  }

  /** What files claim of the device below them; `{}` removes that. */
  async device(device: ShimDevice): Promise<void> {
    await this.#child({ op: "device", device });
  }

  /** Sets or removes what shall happen at the n-th VFS call; counting starts from zero. */
  async plan(plan: ShimPlan | null): Promise<void> {
    await this.#child({ op: "plan", plan });
  }

  /** The port only: makes its n-th allocation from now on fail, or all from there on; null: none. */
  async failAllocation(plan: AllocationPlan | null): Promise<void> {
    await this.#child({ op: "failAllocation", plan });
  }

  /** The port only: allocations since {@link failAllocation}. */
  async allocations(): Promise<number> {
    return (await this.#child({ op: "allocations" })) as number;
  }

  /** Calls that the plan has counted. */
  async count(): Promise<number> {
    return (await this.#child({ op: "count" })) as number;
  }

  /** Gives up the rights of root for those of a user, for good. */
  async become(uid: number): Promise<void> {
    await this.#child({ op: "become", uid });
  }

  /**
   * Closes everything: statements, blob handles, backups, connections; removes plan, device and
   * recordings; puts the pending byte back and unseeds the random numbers.
   */
  async reset(): Promise<void> {
    await this.#child({ op: "reset" });
  }

  /** Lets the process end. */
  async end(): Promise<void> {
    await this.child.end();
  }

  /** Kills the process with SIGKILL. */
  async kill(): Promise<ChildExit> {
    return await this.child.kill();
  }
}
