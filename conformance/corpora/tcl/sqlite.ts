/** The TCL interface to SQLite: `sqlite3 NAME FILE`, and what the connection's command does. */

import type { Collector, Lookup } from "../collect.js";
import { FOLDER } from "../events.js";
import { hexdbBytes } from "./bytes.js";
import { type Builtin, type Interp, Leave } from "./interp.js";
import { parseList } from "./list.js";
import { copyDatabase, openBlob } from "./statements.js";
import { isKnown, known, type Place, textOf, unknown, type Value } from "./value.js";

const EMPTY = known("");
const NOTHING = unknown("an argument that is missing");

/** Parameters are variables of the frame at hand, else global ones. */
export function lookupIn(tcl: Interp): Lookup {
  return (name) => {
    if (tcl.isSet(name)) return tcl.get(name);
    return tcl.isSet(`::${name}`) ? tcl.get(`::${name}`) : null;
  };
}

/** Whether a URI names a file in the folder of the run. */
function isLocalUri(path: string): boolean {
  const name = path
    .slice("file:".length)
    .replace(/^\/\/(?:localhost)?(?=\/)/, "")
    .replace(/[?#].*$/, "");
  const inside = name.startsWith(`${FOLDER}/`) ? name.slice(FOLDER.length + 1) : name;
  return !/^\/|\.\.|%/.test(inside);
}

/** The file of a connection, within the folder of the run. */
export function databasePath(text: string): string {
  return text === "" || text === ":memory:" ? text : text.replace(/^\.\//, "");
}

/** The body of `db eval SQL ?array? script`: once, with columns that nobody knows. */
function eachRow(tcl: Interp, array: string | null, script: Value, at: Place): void {
  if (array !== null && array !== "") tcl.set(`${array}(*)`, unknown("the answer of a query"));
  tcl.perhaps(() => tcl.run(script, at));
}

type Method = (tcl: Interp, out: Collector, name: string, args: readonly Value[], at: Place) => Value;

const evaluate: Method = (tcl, out, name, args, at) => {
  const rest = [...args];
  while (textOf(rest[0])?.startsWith("-")) rest.shift();
  const [sql = NOTHING, ...more] = rest;
  const answer = out.sql(name, sql, lookupIn(tcl), at);
  const script = more[more.length - 1];
  if (script !== undefined) eachRow(tcl, more.length > 1 ? textOf(more[0]) : null, script, at);
  return answer;
};

/** `db transaction ?type? script`: nested ones are savepoints, an error rolls back. */
const transaction: Method = (tcl, out, name, args, at) => {
  const script = args[args.length - 1] ?? EMPTY;
  const type = args.length > 1 ? (textOf(args[0]) ?? "") : "";
  const depth = depths.get(out) ?? 0;
  const run = (sql: string): void => {
    out.sql(name, known(sql), () => null, at);
  };
  run(depth > 0 ? "SAVEPOINT _tcl_transaction" : `BEGIN ${type}`.trim());
  depths.set(out, depth + 1);
  let commit = true;
  try {
    return tcl.run(script, at);
  } catch (e) {
    commit = !(e instanceof Leave && e.how === "error");
    throw e;
  } finally {
    depths.set(out, depth);
    if (commit) run(depth > 0 ? "RELEASE _tcl_transaction" : "COMMIT");
    else run(depth > 0 ? "ROLLBACK TO _tcl_transaction; RELEASE _tcl_transaction" : "ROLLBACK");
  }
};

/** How many `db transaction` surround the command at hand, by file. */
const depths = new WeakMap<Collector, number>();

/** The image becomes a file of its own, which the connection opens in place of what it had. */
const deserialize: Method = (_, out, name, args, at) => {
  const image = args[args.length - 1] ?? NOTHING;
  const bytes = isKnown(image) ? hexdbBytes(image) : null;
  if (bytes === null) {
    out.exclude("an image that only the test program knows", "", at);
    return EMPTY;
  }
  const path = out.imageName();
  out.disconnect(name, at);
  out.push({ do: "write", path, offset: 0, bytes, truncate: true }, at);
  out.connect(name, path, at);
  return EMPTY;
};

const config: Method = (_, out, name, args, at) => {
  configure(out, name, textOf(args[0]), textOf(args[1]), at);
  return unknown("a setting of a connection");
};

/** Switches of sqlite3_db_config by the names of the tests. */
const SWITCHES: Readonly<Record<string, number>> = {
  enable_fkey: 1002,
  fkey: 1002,
  enable_trigger: 1003,
  fts3_tokenizer: 1004,
  enable_load_extension: 1005,
  no_ckpt_on_close: 1006,
  enable_qpsg: 1007,
  qpsg: 1007,
  trigger_eqp: 1008,
  reset_database: 1009,
  defensive: 1010,
  writable_schema: 1011,
  legacy_alter_table: 1012,
  dqs_dml: 1013,
  dqs_ddl: 1014,
  enable_view: 1015,
  legacy_file_format: 1016,
  trusted_schema: 1017,
  stmt_scanstatus: 1018,
  reverse_scanorder: 1019,
  attach_create: 1020,
  enable_attach_create: 1020,
  attach_write: 1021,
  enable_attach_write: 1021,
  comments: 1022,
  enable_comments: 1022,
};

/** `sqlite3_db_config`, where its switch and value are known. */
export function configure(
  out: Collector,
  name: string,
  what: string | null,
  value: string | null,
  at: Place,
): void {
  const option =
    SWITCHES[
      (what ?? "")
        .toLowerCase()
        .replace(/^sqlite_dbconfig_/, "")
        .replace(/^-/, "")
    ];
  const on =
    value === null
      ? null
      : /^(?:1|on|yes|true)$/i.test(value)
        ? 1
        : /^(?:0|off|no|false)$/i.test(value)
          ? 0
          : null;
  if (option === undefined || option === 1005 || on === null || !out.open.has(name)) return;
  out.push({ do: "config", connection: name, option, value: on }, at);
}

/** `db function NAME ?options? COMMAND`: remembered, so that calls with constant arguments can be worked out. */
const defineFunction: Method = (_, out, __, args) => {
  const name = textOf(args[0]);
  const command = textOf(args[args.length - 1]);
  if (name !== null && command !== null && args.length > 1) procedures(out).set(name.toLowerCase(), command);
  return EMPTY;
};

/** The SQL functions of a file by name: the commands that they are. */
export function procedures(out: Collector): Map<string, string> {
  const known = functionsOf.get(out) ?? new Map<string, string>();
  functionsOf.set(out, known);
  return known;
}

const functionsOf = new WeakMap<Collector, Map<string, string>>();

const LONGEST_VALUE = 200_000;

/** A value as a SQL literal, or null if it cannot be one. */
function sqlLiteral(value: Value): string | null {
  if (!isKnown(value) || value.text.length > LONGEST_VALUE) return null;
  if (value.type === "integer") return value.text;
  if (value.type === "blob") return `x'${Buffer.from(value.text, "latin1").toString("hex")}'`;
  return value.text.includes("\0") ? null : `'${value.text.replaceAll("'", "''")}'`;
}

/** Lets the collector replace calls of functions that are TCL commands. */
export function offerFunctions(tcl: Interp, out: Collector): void {
  const commands = procedures(out);
  out.functions = {
    has: (name) => commands.has(name),
    random: tcl.random,
    evaluate: (name, args) => {
      const command = parseList(commands.get(name) ?? "");
      const first = command?.[0];
      if (command == null || first === undefined || !tcl.has(first)) return null;
      const before = out.events.length;
      const at = { file: "function", line: 1 };
      const value = tcl.perhaps(() => tcl.call(first, [...command.slice(1), ...args].map(known), at));
      /* A function that runs SQL of its own would do so at another time. */
      return out.events.length > before ? null : sqlLiteral(value);
    },
  };
}

const METHODS: Readonly<Record<string, Method>> = {
  eval: evaluate,
  one: evaluate,
  onecolumn: evaluate,
  exists: evaluate,
  transaction,
  deserialize,
  config,
  func: defineFunction,
  function: defineFunction,
  close: (_, out, name, __, at) => {
    out.disconnect(name, at);
    return EMPTY;
  },
  incrblob: (_, out, name, args, at) => {
    const write = textOf(args[0]) !== "-readonly";
    const where = write ? args : args.slice(1);
    return openBlob(
      out,
      out.open.has(name) ? name : null,
      where.length === 3 ? [known("main"), ...where] : where,
      write,
      at,
    );
  },
  backup: (_, out, name, args, at) => copyDatabase(out, "backup", name, args, at),
  restore: (_, out, name, args, at) => copyDatabase(out, "restore", name, args, at),
};

/** The command that a connection is. */
function connectionCommand(out: Collector, name: string): Builtin {
  return (tcl, args, at) => {
    const what = textOf(args[0]);
    const method = what === null ? undefined : METHODS[what];
    if (method === undefined) return unknown(`${what ?? "something"} of a connection`);
    return method(tcl, out, name, args.slice(1), at);
  };
}

/** `sqlite3 NAME ?FILE? ?options?`. */
function openCommand(out: Collector): Builtin {
  return (tcl, args, at) => {
    const name = textOf(args[0]);
    if (name === null) return NOTHING;
    if (name.startsWith("-")) return known(name === "-has-codec" || name === "-has_codec" ? "0" : "3.53.2");
    const rest = args.slice(1);
    let path: string | null = "";
    let readonly = false;
    let create = true;
    let uri = false;
    for (let i = 0; i < rest.length; i++) {
      const option = textOf(rest[i]);
      if (option?.startsWith("-")) {
        const value = textOf(rest[++i]);
        const on = value !== null && /^(?:1|true|yes|on)$/i.test(value);
        if (option === "-readonly") readonly = on;
        if (option === "-create") create = on;
        if (option === "-uri") uri = on;
      } else {
        path = option;
      }
    }
    tcl.builtins.set(name, connectionCommand(out, name));
    tcl.procedures.delete(name);
    if (path?.startsWith("file:")) uri = true;
    if (path === null || (path.startsWith("file:") ? !isLocalUri(path) : /^\/|\.\./.test(path))) {
      out.disconnect(name, at);
      out.exclude(path === null ? "a file whose name is computed" : "a file outside of the folder", "", at);
      return EMPTY;
    }
    out.connect(name, databasePath(path), at, { readonly, create, uri });
    return EMPTY;
  };
}

/** The name of the connection that a handle of the C interface denotes: the tests pass either. */
export function connectionOf(out: Collector, handle: Value | undefined): string | null {
  const text = textOf(handle);
  if (text === null) return null;
  const name = text.replace(/^pointer-of-/, "").replace(/^::/, "");
  return out.open.has(name) ? name : null;
}

/** A command of the C interface that takes a connection and SQL. */
function sqlOn(out: Collector, position: { connection: number; sql: number }): Builtin {
  return (tcl, args, at) => {
    const name = connectionOf(out, args[position.connection]) ?? "db";
    out.sql(name, args[position.sql] ?? NOTHING, lookupIn(tcl), at);
    return unknown("what a statement answers");
  };
}

/** Commands for connections. */
export function sqliteCommands(out: Collector): [string, Builtin][] {
  return [
    ["sqlite3", openCommand(out)],
    ["sqlite3_connection_pointer", (_, args) => known(`pointer-of-${textOf(args[0]) ?? ""}`)],
    ["sqlite3_exec", sqlOn(out, { connection: 0, sql: 1 })],
    ["sqlite3_exec_nr", sqlOn(out, { connection: 0, sql: 1 })],
    ["sqlite3_exec_printf", sqlOn(out, { connection: 0, sql: 1 })],
    ["sqlite3_get_table_printf", sqlOn(out, { connection: 0, sql: 1 })],
    ["sqlite3_prepare_tkt3134", () => unknown("a prepared statement")],
    [
      "sqlite3_open",
      (_, args, at) => {
        const path = textOf(args[0]);
        if (path === null || path.startsWith("file:") || /^\/|\.\./.test(path)) return unknown("a handle");
        const name = `handle-${at.line}`;
        out.connect(name, databasePath(path), at);
        return known(`pointer-of-${name}`);
      },
    ],
    [
      "sqlite3_close",
      (_, args, at) => {
        const name = connectionOf(out, args[0]);
        if (name !== null) out.disconnect(name, at);
        return EMPTY;
      },
    ],
    [
      "sqlite3_db_config",
      (_, args, at) => {
        const name = connectionOf(out, args[0]);
        if (name !== null) configure(out, name, textOf(args[1]), textOf(args[2]), at);
        return unknown("a setting of a connection");
      },
    ],
  ];
}
