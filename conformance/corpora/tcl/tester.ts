/** Commands of the framework that upstream's tests are written in. */

import { capabilityExpression } from "../capabilities.js";
import type { Collector } from "../collect.js";
import { type Builtin, type Interp, Leave } from "./interp.js";
import { parseElements } from "./list.js";
import { lookupIn } from "./sqlite.js";
import { isKnown, known, type Place, textOf, unknown, type Value } from "./value.js";

const EMPTY = known("");
const NOTHING = unknown("an argument that is missing");

/** SQL on a connection that an argument may name. */
function sqlOn(
  out: Collector,
  tcl: Interp,
  sql: Value | undefined,
  connection: Value | undefined,
  at: Place,
): Value {
  const name = textOf(connection) ?? "db";
  return out.sql(name.replace(/^::/, ""), sql ?? NOTHING, lookupIn(tcl), at);
}

/** `execsql SQL ?db?` and its kin. */
function execute(out: Collector): Builtin {
  return (tcl, args, at) => sqlOn(out, tcl, args[0], args[1], at);
}

/** `do_execsql_test ?-db NAME? test SQL ?result?` and its kin. */
function executeTest(out: Collector): Builtin {
  return (tcl, args, at) => {
    const rest = [...args];
    let connection: Value | undefined;
    while (textOf(rest[0]) === "-db") {
      connection = rest[1];
      rest.splice(0, 2);
    }
    sqlOn(out, tcl, rest[1], connection, at);
    return EMPTY;
  };
}

/** `do_test name script result`: the script runs among the global variables. */
const doTest: Builtin = (tcl, args, at) => {
  try {
    const script = args[1] ?? EMPTY;
    return tcl.frame === tcl.global ? tcl.run(script, at) : tcl.inFrame(tcl.frame, () => tcl.run(script, at));
  } catch (e) {
    if (e instanceof Leave && e.how !== "finish") return e.value;
    throw e;
  }
};

/** `do_select_tests prefix ?options? list`: the list holds names, SQL, results. */
function selectTests(out: Collector): Builtin {
  return (tcl, args, at) => {
    const list = args[args.length - 1] ?? NOTHING;
    let query: Value | null = null;
    let script: Value | null = null;
    let repair: Value = EMPTY;
    for (let i = 1; i + 1 < args.length; i++) {
      const option = textOf(args[i]) ?? "";
      if (option.length < 2) continue;
      if ("-query".startsWith(option)) query = args[++i] ?? null;
      else if ("-tclquery".startsWith(option)) script = args[++i] ?? null;
      else if ("-repair".startsWith(option)) repair = args[++i] ?? EMPTY;
      else if ("-errorformat".startsWith(option)) i++;
    }
    if (!isKnown(list)) {
      out.exclude(`the text depends on ${list.unknown}`, "", at);
      return EMPTY;
    }
    const from = list.at ?? at;
    const elements = parseElements(list.text) ?? [];
    tcl.run(repair, at);
    for (let i = 1; i < elements.length; i += 3) {
      const element = elements[i] as { text: string; line: number };
      const place = { file: from.file, line: from.line + element.line };
      sqlOn(out, tcl, { text: element.text, at: place }, undefined, place);
      if (query !== null) sqlOn(out, tcl, query, undefined, place);
      if (script !== null) tcl.run(script, place);
      tcl.run(repair, at);
    }
    return EMPTY;
  };
}

/** `ifcapable EXPRESSION script ?else script?`; what is missing is remembered. */
function ifCapable(missing: string[]): Builtin {
  return (tcl, args, at) => {
    const text = textOf(args[0]);
    if (text === null) return EMPTY;
    const yes = tcl.condition(known(capabilityExpression(text)), at);
    const other = args[2];
    const otherwise = textOf(other) === "else" ? args[3] : other;
    if (yes !== false) {
      missing.push(text.replace(/\s+/g, " ").trim());
      const result = tcl.run(args[1] ?? EMPTY, at);
      missing.pop();
      return result;
    }
    return otherwise === undefined ? EMPTY : tcl.run(otherwise, at);
  };
}

/** `crashsql ?options? SQL`: a process of its own, which here does not crash: a connection of its own. */
function crashsql(out: Collector): Builtin {
  return (_, args, at) => {
    const connection = "process";
    out.connect(connection, "test.db", at);
    const answer = out.sql(connection, args[args.length - 1] ?? NOTHING, () => null, at);
    out.disconnect(connection, at);
    return answer;
  };
}

const NO_OPERATIONS = [
  ...["puts", "output1", "output2", "output2_if_no_verbose", "flush", "fconfigure", "package", "load"],
  ...["load_static_extension", "fix_testname", "incr_ntest", "verbose", "warning", "omit_test", "trace"],
  ...["sqlite3_extended_result_codes", "sqlite3_db_config_lookaside", "sqlite3_memdebug_settitle"],
  ...["sqlite3_enable_shared_cache", "register_echo_module", "autoinstall_test_functions", "update", "after"],
  ...[
    "save_prng_state",
    "restore_prng_state",
    "reset_prng_state",
    "sqlite3_soft_heap_limit",
    "finish_test_precleanup",
  ],
  ...[
    "add_test_collate",
    "add_test_function",
    "add_alignment_test_collations",
    "set_test_counter",
    "query_plan_graph",
  ],
  ...["speed_trial_init", "speed_trial_summary", "database_may_be_corrupt", "database_never_corrupt"],
  ...["extra_schema_checks", "sqlite3_create_function", "sqlite3_register_cksumvfs", "do_not_use_codec"],
  ...["sqlite3_fts5_create_tokenizer", "sqlite3_fts5_create_function", "sqlite3_fts5_may_be_corrupt"],
  ...["fts5_aux_test_functions", "set_test_rnd_seed", "srand", "wal_set_journal_mode", "unset_test"],
  ...["test_set_config_pagecache", "test_restore_config_pagecache", "optimization_control"],
  ...["do_eqp_graph", "register_dbstat_vtab", "register_wholenumber_module", "do_isspace_test"],
  ...["sqlite3_shutdown", "sqlite3_initialize", "sqlite3_config_uri", "sqlite3_config_pagecache"],
];

/** Files of the framework: what they define is here. */
const FRAMEWORK = new Set([
  "tester.tcl",
  "malloc_common.tcl",
  "lock_common.tcl",
  "thread_common.tcl",
  "wal_common.tcl",
]);

/** What surrounds the file that is being harvested. */
export interface Surroundings {
  /** The text of another file of the source, or null. */
  read(path: string): { file: string; text: string } | null;
  /** `ifcapable` conditions that surround the command at hand. */
  conditions: string[];
}

/** Reads another file of the source. */
function source(surroundings: Surroundings): Builtin {
  return (tcl, args, at) => {
    const path = textOf(args[args.length - 1]);
    if (path === null) return unknown("a file whose name is computed");
    const name = path.replace(/^.*\//, "");
    if (FRAMEWORK.has(name)) return EMPTY;
    const other = surroundings.read(path);
    if (other === null) return unknown("a file that is not in the source");
    try {
      return tcl.run({ text: other.text, at: { file: other.file, line: 1 } }, at);
    } catch (e) {
      if (e instanceof Leave && e.how === "return") return e.value;
      throw e;
    }
  };
}

/** The framework's commands. */
export function testerCommands(out: Collector, surroundings: Surroundings): [string, Builtin][] {
  const run = execute(out);
  const test = executeTest(out);
  const script: Builtin = doTest;
  return [
    ...["execsql", "catchsql", "execsql_pp", "execsql_timed", "explain", "explain_i", "explain_no_trace"].map(
      (n): [string, Builtin] => [n, run],
    ),
    ...["execsql2", "cksort", "queryplan", "count", "sql36231"].map((n): [string, Builtin] => [
      n,
      (tcl, args, at) => sqlOn(out, tcl, args[0], undefined, at),
    ]),
    ["stepsql", (tcl, args, at) => sqlOn(out, tcl, args[1], undefined, at)],
    ...[
      ...[
        "do_execsql_test",
        "do_catchsql_test",
        "do_timed_execsql_test",
        "do_eqp_test",
        "do_eqp_execsql_test",
      ],
      ...["do_vmstep_test", "do_select_test", "do_error_test", "do_restart_select_test", "execsql_test"],
      ...["errorsql_test", "execsql_float_test"],
    ].map((n): [string, Builtin] => [n, test]),
    ["do_write_test", (tcl, args, at) => sqlOn(out, tcl, args[2], undefined, at)],
    ["do_eqp_test", (tcl, args, at) => eqp(out, tcl, args[1] ?? NOTHING, at)],
    ...["do_test", "do_test_with_ansi_output", "do_realnum_test", "do_filepath_test"].map(
      (n): [string, Builtin] => [n, script],
    ),
    ["do_select_tests", selectTests(out)],
    ["ifcapable", ifCapable(surroundings.conditions)],
    ["capable", (tcl, args, at) => tcl.expr(known(capabilityExpression(textOf(args[0]) ?? "0")), at)],
    [
      "integrity_check",
      (tcl, args, at) => sqlOn(out, tcl, { text: "PRAGMA integrity_check", at }, args[1], at),
    ],
    [
      "drop_all_tables",
      (_, args, at) => {
        const connection = textOf(args[0]) ?? "db";
        if (out.open.has(connection)) out.push({ do: "drop-all", connection }, at);
        return EMPTY;
      },
    ],
    ["speed_trial", (tcl, args, at) => sqlOn(out, tcl, args[3], undefined, at)],
    [
      "finish_test",
      () => {
        throw new Leave("finish");
      },
    ],
    ["crashsql", crashsql(out)],
    ["source", source(surroundings)],
    ["permutation", () => known("")],
    ["presql", () => known("")],
    ["isquick", () => known("0")],
    ["wal_is_wal_mode", () => known("0")],
    ["wal_is_capable", () => known("0")],
    ["nonzero_reserved_bytes", () => known("0")],
    ["clang_sanitize_address", () => known("0")],
    ["clock", () => known("1700000000")],
    ["pid", () => known("4242")],
    ["test_pwd", () => EMPTY],
    ...NO_OPERATIONS.map((n): [string, Builtin] => [n, () => EMPTY]),
  ];
}

function eqp(out: Collector, tcl: Interp, sql: Value, at: Place): Value {
  const text = isKnown(sql) ? { ...sql, text: `EXPLAIN QUERY PLAN ${sql.text}` } : sql;
  return out.sql("db", text, lookupIn(tcl), at);
}
