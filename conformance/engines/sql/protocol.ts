/**
 * The byte protocol of conformance/native/session.c: what can be asked, what is answered.
 *
 * A request is a u8 that names the operation and the operation's fields; an answer is a u8 that tells
 * whether the driver could follow, and then the operation's answer, or a text that tells why not. All
 * numbers are little-endian; a byte string or text is its u32 length and its bytes, and the length
 * 0xffffffff is null. Connections, statements, blob handles and backups are small integers that the
 * caller chooses.
 *
 * An error of SQLite's is an {@link Outcome}, part of a good answer; a request that makes no sense
 * throws a {@link SessionError}.
 */

import { sqlite3ErrName } from "../../../src/index.js";
import { ByteReader, ByteWriter } from "./bytes.js";
import { readValue, type SqlParameter, type SqlValue, writeParameters } from "./values.js";

/** How many of each the driver can hold: the handles are 0 to one less. */
export const HANDLES = { connections: 32, statements: 512, blobs: 64, backups: 16 } as const;

/** What SQLite said. */
export interface Outcome {
  /** The extended result code; 0 is SQLITE_OK. */
  code: number;
  /** Its name. */
  name: string;
  /** sqlite3_errmsg; empty for SQLITE_OK and where SQLite keeps no message. */
  message: string;
  /** sqlite3_error_offset, from the start of the statement's own text; -1: none. */
  offset: number;
}

/** SQLITE_OK as an outcome. */
export const OK: Outcome = Object.freeze({ code: 0, name: "SQLITE_OK", message: "", offset: -1 });

/** What a connection tells after a statement. */
export interface Facts {
  changes: number | bigint;
  totalChanges: number | bigint;
  lastRowid: number | bigint;
  autocommit: boolean;
  /** sqlite3_txn_state over all schemas: 0 none, 1 read, 2 write. */
  transaction: number;
}

/** What steps of a statement gave. */
export interface Progress {
  columns: string[];
  /** Empty where rows were not asked for. */
  rows: SqlValue[][];
  /** Number of rows stepped over. */
  count: number;
  /** "row": it stands on a row and may give more; "done": it has ended; "none": it failed or did not begin. */
  state: "none" | "row" | "done";
}

/** One statement of a `run`. */
export interface StatementResult extends Progress, Facts {
  /** Where its text begins, and where SQLite says it ends, in bytes of the SQL; after an error within it. */
  start: number;
  end: number;
  /** What gave the outcome. */
  stage: "prepare" | "bind" | "step" | "finish";
  outcome: Outcome;
}

export interface RunResult {
  statements: StatementResult[];
  /** How many bytes of the SQL were consumed. */
  consumed: number;
}

export interface PrepareResult {
  outcome: Outcome;
  consumed: number;
  /** Whether there is a statement: not after an error, nor if the text holds only blanks and comments. */
  present: boolean;
  parameters: number;
  columns: string[];
  /** sqlite3_stmt_readonly and sqlite3_stmt_isexplain. */
  readonly: boolean;
  explain: number;
}

export interface StepResult extends Progress, Facts {
  outcome: Outcome;
}

export interface BlobResult {
  outcome: Outcome;
  /** Size of the blob; 0 after an error. */
  bytes: number;
}

export interface BlobReadResult {
  outcome: Outcome;
  data: Uint8Array;
}

export interface BackupResult {
  /** SQLite keeps a message only from init and finish. */
  outcome: Outcome;
  remaining: number;
  pageCount: number;
}

export interface CheckpointResult {
  outcome: Outcome;
  log: number;
  checkpointed: number;
}

/** A result code without a message, and a value. */
export interface CodeResult {
  code: number;
  name: string;
  value: number | bigint;
}

export interface StatusResult extends CodeResult {
  highwater: number | bigint;
}

/** What can be asked. */
export type SessionRequest =
  | { op: "open"; conn: number; path: string; flags: number; vfs: string | null }
  | { op: "close"; conn: number }
  | {
      op: "run";
      conn: number;
      sql: string | Uint8Array;
      params: readonly SqlParameter[];
      /** Go on with the next statement after an error. */
      keepGoing: boolean;
      /** Only the first statement. */
      single: boolean;
      /** Count rows, do not return them. */
      noRows: boolean;
      /** End a statement after so many rows; 0: never. */
      rowLimit: number;
    }
  | { op: "prepare"; stmt: number; conn: number; sql: string | Uint8Array; flags: number }
  | { op: "bind"; stmt: number; params: readonly SqlParameter[]; clear: boolean }
  | { op: "step"; stmt: number; rows: number; noRows: boolean }
  | { op: "resetStatement"; stmt: number }
  | { op: "finalize"; stmt: number }
  | {
      op: "blobOpen";
      blob: number;
      conn: number;
      schema: string | null;
      table: string;
      column: string;
      rowid: number | bigint;
      write: boolean;
    }
  | { op: "blobRead"; blob: number; offset: number; bytes: number }
  | { op: "blobWrite"; blob: number; offset: number; data: Uint8Array }
  | { op: "blobReopen"; blob: number; rowid: number | bigint }
  | { op: "blobBytes"; blob: number }
  | { op: "blobClose"; blob: number }
  | {
      op: "backupInit";
      backup: number;
      dest: number;
      destSchema: string;
      source: number;
      sourceSchema: string;
    }
  | { op: "backupStep"; backup: number; pages: number }
  | { op: "backupState"; backup: number }
  | { op: "backupFinish"; backup: number }
  | { op: "serialize"; conn: number; schema: string | null }
  | { op: "deserialize"; conn: number; schema: string | null; data: Uint8Array; readonly: boolean }
  | { op: "busy"; conn: number; maxTries: number }
  | { op: "busyCount"; conn: number; reset: boolean }
  | { op: "checkpoint"; conn: number; schema: string | null; mode: number }
  | { op: "fileControl"; conn: number; schema: string | null; control: number; value: number | bigint }
  | { op: "dbStatus"; conn: number; status: number; reset: boolean }
  | { op: "dbConfig"; conn: number; config: number; value: number }
  | { op: "limit"; conn: number; limit: number; value: number }
  | { op: "cacheFlush"; conn: number }
  | { op: "releaseMemory"; conn: number }
  | { op: "facts"; conn: number }
  | { op: "readonly"; conn: number; schema: string | null }
  | { op: "testControl"; control: number; conn: number | null; value: number }
  | { op: "complete"; sql: string }
  | { op: "version" }
  | { op: "reset" };

/** What is answered, by operation. */
export interface SessionAnswers {
  open: Outcome;
  close: Outcome;
  run: RunResult;
  prepare: PrepareResult;
  bind: Outcome;
  step: StepResult;
  resetStatement: Outcome;
  finalize: Outcome;
  blobOpen: BlobResult;
  blobRead: BlobReadResult;
  blobWrite: Outcome;
  blobReopen: BlobResult;
  blobBytes: number;
  blobClose: Outcome;
  backupInit: BackupResult;
  backupStep: BackupResult;
  backupState: BackupResult;
  backupFinish: Outcome;
  /** Null where SQLite gave nothing. */
  serialize: Uint8Array | null;
  deserialize: Outcome;
  busy: null;
  /** How often the busy handler was called. */
  busyCount: number;
  checkpoint: CheckpointResult;
  fileControl: CodeResult;
  dbStatus: StatusResult;
  dbConfig: CodeResult;
  /** The limit before. */
  limit: number;
  cacheFlush: Outcome;
  releaseMemory: number;
  facts: Facts;
  /** sqlite3_db_readonly: 1, 0, or -1 for no such schema. */
  readonly: number;
  /** What sqlite3_test_control returned. */
  testControl: number;
  /** sqlite3_complete. */
  complete: number;
  version: { version: string; sourceId: string; options: string[] };
  reset: null;
}

export type SessionOp = SessionRequest["op"];

/** The operations by their numbers, from 1; session.c has the same. */
export const OPERATIONS = [
  "open",
  "close",
  "run",
  "prepare",
  "bind",
  "step",
  "resetStatement",
  "finalize",
  "blobOpen",
  "blobRead",
  "blobWrite",
  "blobReopen",
  "blobBytes",
  "blobClose",
  "backupInit",
  "backupStep",
  "backupState",
  "backupFinish",
  "serialize",
  "deserialize",
  "busy",
  "busyCount",
  "checkpoint",
  "fileControl",
  "dbStatus",
  "dbConfig",
  "limit",
  "cacheFlush",
  "releaseMemory",
  "facts",
  "readonly",
  "testControl",
  "complete",
  "version",
  "reset",
] as const satisfies readonly SessionOp[];

const OP_NUMBER = new Map<SessionOp, number>(OPERATIONS.map((op, i) => [op, i + 1]));

const RUN_KEEP_GOING = 1;
const RUN_SINGLE = 2;
const RUN_NO_ROWS = 4;

/** The driver could not make sense of a request. */
export class SessionError extends Error {
  override readonly name = "SessionError";
  readonly why: "malformed" | "handle" | "memory";

  constructor(why: SessionError["why"], message: string) {
    super(message);
    this.why = why;
  }
}

function sqlBytes(sql: string | Uint8Array): Uint8Array {
  return typeof sql === "string" ? new TextEncoder().encode(sql) : sql;
}

/** The bytes of a request. */
export function encodeRequest(r: SessionRequest): Uint8Array {
  const w = new ByteWriter();
  w.u8(OP_NUMBER.get(r.op) as number);
  switch (r.op) {
    case "open":
      w.u32(r.conn).text(r.path).u32(r.flags).text(r.vfs);
      break;
    case "close":
    case "cacheFlush":
    case "releaseMemory":
    case "facts":
      w.u32(r.conn);
      break;
    case "run":
      w.u32(r.conn)
        .u32((r.keepGoing ? RUN_KEEP_GOING : 0) | (r.single ? RUN_SINGLE : 0) | (r.noRows ? RUN_NO_ROWS : 0))
        .u32(r.rowLimit)
        .block(sqlBytes(r.sql));
      writeParameters(w, r.params);
      break;
    case "prepare":
      w.u32(r.stmt).u32(r.conn).u32(r.flags).block(sqlBytes(r.sql));
      break;
    case "bind":
      w.u32(r.stmt).u8(r.clear ? 1 : 0);
      writeParameters(w, r.params);
      break;
    case "step":
      w.u32(r.stmt)
        .u32(r.rows)
        .u32(r.noRows ? RUN_NO_ROWS : 0);
      break;
    case "resetStatement":
    case "finalize":
      w.u32(r.stmt);
      break;
    case "blobOpen":
      w.u32(r.blob).u32(r.conn).text(r.schema).text(r.table).text(r.column).i64(r.rowid);
      w.u8(r.write ? 1 : 0);
      break;
    case "blobRead":
      w.u32(r.blob).i32(r.offset).i32(r.bytes);
      break;
    case "blobWrite":
      w.u32(r.blob).i32(r.offset).block(r.data);
      break;
    case "blobReopen":
      w.u32(r.blob).i64(r.rowid);
      break;
    case "blobBytes":
    case "blobClose":
      w.u32(r.blob);
      break;
    case "backupInit":
      w.u32(r.backup).u32(r.dest).text(r.destSchema).u32(r.source).text(r.sourceSchema);
      break;
    case "backupStep":
      w.u32(r.backup).i32(r.pages);
      break;
    case "backupState":
    case "backupFinish":
      w.u32(r.backup);
      break;
    case "serialize":
    case "readonly":
      w.u32(r.conn).text(r.schema);
      break;
    case "deserialize":
      w.u32(r.conn)
        .text(r.schema)
        .u8(r.readonly ? 1 : 0)
        .block(r.data);
      break;
    case "busy":
      w.u32(r.conn).i32(r.maxTries);
      break;
    case "busyCount":
      w.u32(r.conn).u8(r.reset ? 1 : 0);
      break;
    case "checkpoint":
      w.u32(r.conn).text(r.schema).i32(r.mode);
      break;
    case "fileControl":
      w.u32(r.conn).text(r.schema).i32(r.control).i64(r.value);
      break;
    case "dbStatus":
      w.u32(r.conn)
        .i32(r.status)
        .u8(r.reset ? 1 : 0);
      break;
    case "dbConfig":
      w.u32(r.conn).i32(r.config).i32(r.value);
      break;
    case "limit":
      w.u32(r.conn).i32(r.limit).i32(r.value);
      break;
    case "testControl":
      w.i32(r.control)
        .u32(r.conn ?? 0xffffffff)
        .u32(r.value >>> 0);
      break;
    case "complete":
      w.text(r.sql);
      break;
    case "version":
    case "reset":
      break;
  }
  return w.bytes();
}

function readOutcome(r: ByteReader): Outcome {
  const code = r.i32();
  if (code === 0) return { ...OK };
  const message = r.text();
  return { code, name: sqlite3ErrName(code), message, offset: r.i32() };
}

function readColumns(r: ByteReader): string[] {
  const columns: string[] = [];
  for (let n = r.u32(); n > 0; n--) columns.push(r.text());
  return columns;
}

const STATES = ["none", "row", "done"] as const;
const STAGES = ["prepare", "bind", "step", "finish"] as const;

function named<T>(names: readonly T[], index: number): T {
  const name = names[index];
  if (name === undefined) throw new SessionError("malformed", `the answer has an unknown number ${index}`);
  return name;
}

function readProgress(r: ByteReader): Progress {
  const columns = readColumns(r);
  const rows: SqlValue[][] = [];
  for (;;) {
    const values = r.u32();
    if (values === 0xffffffff) break;
    const row: SqlValue[] = [];
    for (let i = 0; i < values; i++) row.push(readValue(r));
    rows.push(row);
  }
  const count = r.u32();
  return { columns, rows, count, state: named(STATES, r.u8()) };
}

function readFacts(r: ByteReader): Facts {
  return {
    changes: r.i64(),
    totalChanges: r.i64(),
    lastRowid: r.i64(),
    autocommit: r.u8() !== 0,
    transaction: r.i32(),
  };
}

function readStatement(r: ByteReader): StatementResult {
  const start = r.u32();
  const end = r.u32();
  const progress = readProgress(r);
  const stage = named(STAGES, r.u8());
  const outcome = readOutcome(r);
  return { start, end, stage, outcome, ...progress, ...readFacts(r) };
}

function readCode(r: ByteReader): CodeResult {
  const code = r.i32();
  return { code, name: sqlite3ErrName(code), value: r.i64() };
}

function readBlob(r: ByteReader): BlobResult {
  return { outcome: readOutcome(r), bytes: r.i32() };
}

function readBackup(r: ByteReader): BackupResult {
  return { outcome: readOutcome(r), remaining: r.i32(), pageCount: r.i32() };
}

const READERS: { [Op in SessionOp]: (r: ByteReader) => SessionAnswers[Op] } = {
  open: readOutcome,
  close: readOutcome,
  run(r) {
    const statements: StatementResult[] = [];
    while (r.u8() !== 0) statements.push(readStatement(r));
    return { statements, consumed: r.u32() };
  },
  prepare: (r) => ({
    outcome: readOutcome(r),
    consumed: r.u32(),
    present: r.u8() !== 0,
    parameters: r.i32(),
    columns: readColumns(r),
    readonly: r.u8() !== 0,
    explain: r.i32(),
  }),
  bind: readOutcome,
  step(r) {
    const progress = readProgress(r);
    return { outcome: readOutcome(r), ...progress, ...readFacts(r) };
  },
  resetStatement: readOutcome,
  finalize: readOutcome,
  blobOpen: readBlob,
  blobRead: (r) => ({ outcome: readOutcome(r), data: r.block() }),
  blobWrite: readOutcome,
  blobReopen: readBlob,
  blobBytes: (r) => r.i32(),
  blobClose: readOutcome,
  backupInit: readBackup,
  backupStep: readBackup,
  backupState: readBackup,
  backupFinish: readOutcome,
  serialize: (r) => r.optionalBlock(),
  deserialize: readOutcome,
  busy: () => null,
  busyCount: (r) => r.u32(),
  checkpoint: (r) => ({ outcome: readOutcome(r), log: r.i32(), checkpointed: r.i32() }),
  fileControl: readCode,
  dbStatus: (r) => ({ ...readCode(r), highwater: r.i64() }),
  dbConfig: readCode,
  limit: (r) => r.i32(),
  cacheFlush: readOutcome,
  releaseMemory: (r) => r.i32(),
  facts: readFacts,
  readonly: (r) => r.i32(),
  testControl: (r) => r.i32(),
  complete: (r) => r.i32(),
  version: (r) => ({ version: r.text(), sourceId: r.text(), options: readColumns(r) }),
  reset: () => null,
};

const REFUSALS = ["malformed", "handle", "memory"] as const;

/** Takes an answer apart; throws {@link SessionError} if the driver could not follow the request. */
export function decodeAnswer<Op extends SessionOp>(op: Op, bytes: Uint8Array): SessionAnswers[Op] {
  const r = new ByteReader(bytes);
  const status = r.u8();
  if (status !== 0) throw new SessionError(named(REFUSALS, status - 1), `${op}: ${r.text()}`);
  const answer = READERS[op](r);
  r.end();
  return answer;
}
