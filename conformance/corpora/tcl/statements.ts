/** The C interface's statements, blob handles, backups and limits, as the tests call them from TCL. */

import { DEFAULT_PENDING_BYTE } from "../../engines/sql/control.js";
import { boundValue, type Collector } from "../collect.js";
import type { Bound } from "../events.js";
import { reasonToExclude } from "../exclude.js";
import { splitSql } from "../sqltext.js";
import type { Builtin } from "./interp.js";
import { parseNumber } from "./numbers.js";
import { connectionOf, databasePath } from "./sqlite.js";
import { isKnown, known, type Place, textOf, unknown, type Value } from "./value.js";

const EMPTY = known("");
const ANSWER = unknown("what a statement answers");

/** What has been bound to a statement, by number. */
type Bindings = Map<number, Bound[]>;

/** The number in a value such as "statement-12"; null if it is none of that kind. */
function handleOf(value: Value | undefined, kind: string): number | null {
  const m = new RegExp(`^${kind}-(\\d+)$`).exec(textOf(value) ?? "");
  return m === null ? null : Number(m[1]);
}

/** A whole number that fits a double; null for anything else. */
export function wholeNumber(value: Value | undefined): number | null {
  const n = parseNumber(textOf(value) ?? "");
  return typeof n === "bigint" && n >= -0x80000000n && n <= 0x7fffffffn ? Number(n) : null;
}

/** `sqlite3_prepare_v2 DB SQL ?BYTES? ?TAIL?`: the first statement is prepared, the rest is the tail. */
function prepare(out: Collector): Builtin {
  return (tcl, args, at) => {
    const connection = connectionOf(out, args[0]);
    const sql = args[1] ?? unknown("an argument that is missing");
    /* Flags of v3 come before the tail's name, which is always the last one. */
    const tail = textOf(args[args.length - 1]);
    if (!isKnown(sql)) {
      out.exclude(`the text depends on ${sql.unknown}`, "", at);
      return unknown("a prepared statement");
    }
    const [first, second] = splitSql(sql.text);
    if (tail !== null && args.length > 3 && /^[A-Za-z_:]/.test(tail)) {
      tcl.set(tail, known(second === undefined ? "" : sql.text.slice(second.start)));
    }
    const place = sql.at ?? at;
    if (first === undefined || connection === null) {
      if (first !== undefined) out.exclude("the connection is not open", first.sql, place);
      return unknown("a prepared statement");
    }
    const reason = reasonToExclude(first.tokens);
    if (reason !== null) {
      out.exclude(reason, first.sql, place);
      return unknown("a prepared statement");
    }
    const statement = out.handle();
    out.push({ do: "prepare", statement, connection, sql: first.sql }, place);
    return known(`statement-${statement}`);
  };
}

/** The value that `sqlite3_bind_KIND STMT N VALUE ...` binds. */
function bindable(kind: string, value: Value | undefined): Bound | undefined {
  if (kind === "null") return null;
  if (value === undefined || !isKnown(value)) return undefined;
  const n = parseNumber(value.text);
  switch (kind) {
    case "int":
    case "int64":
      return typeof n === "bigint" ? BigInt.asIntN(64, n) : undefined;
    case "double":
      return n === null ? undefined : Number(n);
    case "blob":
      return boundValue({ text: value.text, type: "blob" });
    case "zeroblob":
      return typeof n === "bigint" && n >= 0n && n < 10_000_000n ? new Uint8Array(Number(n)) : undefined;
  }
  return value.text;
}

function bind(out: Collector, bindings: Bindings, kind: string): Builtin {
  return (_, args, at) => {
    const statement = handleOf(args[0], "statement");
    const n = wholeNumber(args[1]);
    const value = bindable(kind, args[2]);
    if (statement === null || n === null || n < 1 || n > 1000) return EMPTY;
    const all = bindings.get(statement) ?? [];
    while (all.length < n) all.push(null);
    all[n - 1] = value ?? null;
    bindings.set(statement, all);
    out.push({ do: "bind", statement, parameters: [...all] }, at);
    return EMPTY;
  };
}

function onStatement(out: Collector, what: "step" | "reset" | "finalize"): Builtin {
  return (_, args, at) => {
    const statement = handleOf(args[0], "statement");
    if (statement !== null) out.push({ do: what, statement }, at);
    return ANSWER;
  };
}

/** `sqlite3_blob_open DB SCHEMA TABLE COLUMN ROWID FLAGS VARIABLE`. */
function blobOpen(out: Collector): Builtin {
  return (tcl, args, at) => {
    const opened = openBlob(
      out,
      connectionOf(out, args[0]),
      args.slice(1, 5),
      (wholeNumber(args[5]) ?? 0) !== 0,
      at,
    );
    const variable = textOf(args[6]);
    if (variable !== null) tcl.set(variable, opened);
    return ANSWER;
  };
}

/** A blob handle on SCHEMA TABLE COLUMN ROWID, as "blob-N". */
export function openBlob(
  out: Collector,
  connection: string | null,
  where: readonly Value[],
  write: boolean,
  at: Place,
): Value {
  const [schema, table, column, row] = where.map(textOf);
  const rowid = parseNumber(row ?? "");
  if (connection === null || schema == null || table == null || column == null || typeof rowid !== "bigint") {
    out.exclude("a blob that only the test program knows", "", at);
    return unknown("a blob handle");
  }
  const blob = out.handle();
  const id = BigInt.asIntN(64, rowid);
  out.push({ do: "blob-open", blob, connection, schema, table, column, rowid: id, write }, at);
  return known(`blob-${blob}`);
}

/** The number of a blob handle. */
export function blobOf(value: Value | undefined): number | null {
  return handleOf(value, "blob");
}

function blobCommands(out: Collector): [string, Builtin][] {
  return [
    ["sqlite3_blob_open", blobOpen(out)],
    [
      "sqlite3_blob_read",
      (_, args, at) => {
        const blob = blobOf(args[0]);
        const offset = wholeNumber(args[1]);
        const bytes = wholeNumber(args[2]);
        if (blob !== null && offset !== null && bytes !== null && bytes < 10_000_000) {
          out.push({ do: "blob-read", blob, offset, bytes }, at);
        }
        return ANSWER;
      },
    ],
    [
      "sqlite3_blob_write",
      (_, args, at) => {
        const blob = blobOf(args[0]);
        const offset = wholeNumber(args[1]);
        const data = args[2];
        if (blob === null || offset === null || data === undefined || !isKnown(data)) return ANSWER;
        const n = wholeNumber(args[3]);
        const bytes = Uint8Array.from(Buffer.from(data.text, "latin1"));
        out.push(
          { do: "blob-write", blob, offset, data: n !== null && n >= 0 ? bytes.slice(0, n) : bytes },
          at,
        );
        return ANSWER;
      },
    ],
    [
      "sqlite3_blob_reopen",
      (_, args, at) => {
        const blob = blobOf(args[0]);
        const rowid = parseNumber(textOf(args[1]) ?? "");
        if (blob !== null && typeof rowid === "bigint") {
          out.push({ do: "blob-reopen", blob, rowid: BigInt.asIntN(64, rowid) }, at);
        }
        return ANSWER;
      },
    ],
    [
      "sqlite3_blob_close",
      (_, args, at) => {
        const blob = blobOf(args[0]);
        if (blob !== null) out.push({ do: "blob-close", blob }, at);
        return ANSWER;
      },
    ],
  ];
}

/** `sqlite3_backup NAME TO SCHEMA FROM SCHEMA` makes a command. */
function backup(out: Collector): Builtin {
  return (tcl, args, at) => {
    const name = textOf(args[0]);
    const to = connectionOf(out, args[1]);
    const from = connectionOf(out, args[3]);
    const toSchema = textOf(args[2]);
    const fromSchema = textOf(args[4]);
    if (name === null || to === null || from === null || toSchema === null || fromSchema === null) {
      out.exclude("a backup between connections that are not open", "", at);
      return ANSWER;
    }
    const number = out.handle();
    out.push({ do: "backup-init", backup: number, to, toSchema, from, fromSchema }, at);
    tcl.builtins.set(name, (_, more, place) => {
      const pages = wholeNumber(more[1]);
      if (textOf(more[0]) === "finish") out.push({ do: "backup-finish", backup: number }, place);
      else if (textOf(more[0]) === "step" && pages !== null) {
        out.push({ do: "backup-step", backup: number, pages }, place);
      }
      return ANSWER;
    });
    return EMPTY;
  };
}

/** `db backup ?SCHEMA? FILE` and `db restore ?SCHEMA? FILE`: the whole of a database at once. */
export function copyDatabase(
  out: Collector,
  how: "backup" | "restore",
  connection: string,
  args: readonly Value[],
  at: Place,
): Value {
  const file = textOf(args[args.length - 1]);
  const schema = args.length > 1 ? textOf(args[0]) : "main";
  if (file === null || schema === null || !out.open.has(connection) || /^\/|\.\./.test(file)) {
    out.exclude("a backup that only the test program knows", "", at);
    return EMPTY;
  }
  const other = `${connection}-${how}`;
  const number = out.handle();
  out.connect(other, databasePath(file), at, how === "restore" ? { readonly: true } : {});
  const [to, from] = how === "backup" ? [other, connection] : [connection, other];
  const [toSchema, fromSchema] = how === "backup" ? ["main", schema] : [schema, "main"];
  out.push({ do: "backup-init", backup: number, to, toSchema, from, fromSchema }, at);
  out.push({ do: "backup-step", backup: number, pages: -1 }, at);
  out.push({ do: "backup-finish", backup: number }, at);
  out.disconnect(other, at);
  return EMPTY;
}

/** The limits by the names of the tests. */
const LIMITS: readonly string[] = [
  "LENGTH",
  "SQL_LENGTH",
  "COLUMN",
  "EXPR_DEPTH",
  "COMPOUND_SELECT",
  "VDBE_OP",
  "FUNCTION_ARG",
  "ATTACHED",
  "LIKE_PATTERN_LENGTH",
  "VARIABLE_NUMBER",
  "TRIGGER_DEPTH",
  "WORKER_THREADS",
];

const WORKER_THREADS = LIMITS.indexOf("WORKER_THREADS");

const limit =
  (out: Collector): Builtin =>
  (_, args, at) => {
    const connection = connectionOf(out, args[0]);
    const number = LIMITS.indexOf((textOf(args[1]) ?? "").replace(/^SQLITE_LIMIT_/, ""));
    const value = wholeNumber(args[2]);
    if (number === WORKER_THREADS) out.exclude("worker threads", "", at);
    else if (connection !== null && number >= 0 && value !== null) {
      out.push({ do: "limit", connection, limit: number, value }, at);
    }
    return unknown("a limit");
  };

/** `sqlite3_test_control_pending_byte OFFSET`, which answers where it was. */
function pendingByte(out: Collector): Builtin {
  let before = DEFAULT_PENDING_BYTE;
  return (_, args, at) => {
    const offset = wholeNumber(args[0]);
    if (offset === null || offset < 512) return known(String(before));
    out.push({ do: "pending-byte", offset }, at);
    const value = known(String(before));
    before = offset;
    return value;
  };
}

/** The commands. */
export function statementCommands(out: Collector): [string, Builtin][] {
  const bindings: Bindings = new Map();
  const kinds = ["null", "int", "int64", "double", "text", "blob", "zeroblob"];
  return [
    ...["sqlite3_prepare", "sqlite3_prepare_v2", "sqlite3_prepare_v3"].map((n): [string, Builtin] => [
      n,
      prepare(out),
    ]),
    ...kinds.map((k): [string, Builtin] => [`sqlite3_bind_${k}`, bind(out, bindings, k)]),
    ["sqlite3_step", onStatement(out, "step")],
    ["sqlite3_reset", onStatement(out, "reset")],
    ["sqlite3_finalize", onStatement(out, "finalize")],
    [
      "sqlite3_clear_bindings",
      (_, args, at) => {
        const statement = handleOf(args[0], "statement");
        if (statement === null) return EMPTY;
        bindings.delete(statement);
        out.push({ do: "bind", statement, parameters: [] }, at);
        return EMPTY;
      },
    ],
    ...blobCommands(out),
    ["sqlite3_backup", backup(out)],
    ["sqlite3_limit", limit(out)],
    ["sqlite3_test_control_pending_byte", pendingByte(out)],
    [
      "sqlite3_db_cacheflush",
      (_, args, at) => {
        const connection = connectionOf(out, args[0]);
        if (connection !== null) out.push({ do: "cacheflush", connection }, at);
        return ANSWER;
      },
    ],
  ];
}
