/** One of upstream's TCL tests: what it does to databases. */

import { Random } from "../../core/random.js";
import { capabilityArray } from "../capabilities.js";
import { Collector, type Limits } from "../collect.js";
import { FOLDER, type Harvest } from "../events.js";
import { channelCommands } from "./channels.js";
import { CONTROL } from "./control.js";
import { fileCommands } from "./files.js";
import { type Builtin, Enough, Interp, Leave } from "./interp.js";
import { LISTS } from "./lists.js";
import { PRELUDE } from "./prelude.js";
import { offerFunctions, sqliteCommands } from "./sqlite.js";
import { statementCommands } from "./statements.js";
import { STRINGS } from "./strings.js";
import { type Surroundings, testerCommands } from "./tester.js";
import { known } from "./value.js";
import { VARIABLES } from "./variables.js";

/** What a harvest is given besides the text. */
export interface TclOptions {
  /** Name of the file within its source. */
  file: string;
  suite: string;
  /** Where random numbers of the test come from. */
  seed: string;
  limits: Limits;
  /** Commands that one file may take. */
  steps: number;
  /** The text of another file of the source. */
  read: Surroundings["read"];
  /** Told of commands that nothing here knows, for statistics. */
  onUnknownCommand?: (name: string) => void;
}

/** Variables that the framework and its program set. */
const SETTINGS: readonly [string, string][] = [
  ["tcl_platform(platform)", "unix"],
  ["tcl_platform(os)", "Linux"],
  ["tcl_platform(byteOrder)", "littleEndian"],
  ["tcl_platform(wordSize)", "8"],
  ["tcl_platform(pointerSize)", "8"],
  ["tcl_version", "8.6"],
  ["AUTOVACUUM", "0"],
  ["TEMP_STORE", "1"],
  ["G(isquick)", "0"],
  ["G(perm:name)", ""],
  ["SQLITE_MAX_LENGTH", "1000000000"],
  ["SQLITE_MAX_COLUMN", "2000"],
  ["SQLITE_MAX_SQL_LENGTH", "1000000000"],
  ["SQLITE_MAX_EXPR_DEPTH", "1000"],
  ["SQLITE_MAX_COMPOUND_SELECT", "500"],
  ["SQLITE_MAX_VDBE_OP", "250000000"],
  ["SQLITE_MAX_FUNCTION_ARG", "1000"],
  ["SQLITE_MAX_ATTACHED", "10"],
  ["SQLITE_MAX_VARIABLE_NUMBER", "32766"],
  ["SQLITE_MAX_PAGE_SIZE", "65536"],
  ["SQLITE_MAX_TRIGGER_DEPTH", "1000"],
  ["SQLITE_MAX_LIKE_PATTERN_LENGTH", "50000"],
  ["SQLITE_MAX_WORKER_THREADS", "8"],
  ["SQLITE_DEFAULT_PAGE_SIZE", "4096"],
  ["SQLITE_DEFAULT_CACHE_SIZE", "-16000"],
  ["sqlite_pending_byte", "65536"],
  ["DB", "pointer-of-db"],
  ["MEMDEBUG", "0"],
  ["cmdlinearg(soft-heap-limit)", "0"],
  ["cmdlinearg(malloctrace)", "0"],
];

/** Harvests one file. */
export function harvestTcl(text: string, options: TclOptions): Harvest {
  const { file } = options;
  const out = new Collector(options.limits);
  const conditions: string[] = [];
  const builtins = new Map<string, Builtin>([
    ...CONTROL,
    ...VARIABLES,
    ...LISTS,
    ...STRINGS,
    ...sqliteCommands(out),
    ...statementCommands(out),
    ...fileCommands(out),
    ...testerCommands(out, { read: options.read, conditions }),
    ...channelCommands(out),
  ]);
  const tcl = new Interp(builtins, options.steps);
  const random = new Random(`${options.seed}/${file}`);
  tcl.random = () => random.u32() / 0x100000000;
  offerFunctions(tcl, out);
  tcl.onUnknownCommand = (name) => {
    options.onUnknownCommand?.(name);
    return null;
  };
  tcl.found = () => out.events.length + out.exclusions.length;
  tcl.onLongLoop = (at) => out.exclude("a loop of more than 500 rounds; the rest of it", "", at);
  tcl.onBroken = (at, message) => out.exclude(`text that cannot be read: ${message}`, "", at);

  const start = { file: "prelude", line: 1 };
  for (const [name, value] of SETTINGS) tcl.set(name, known(value));
  for (const [name, value] of capabilityArray()) tcl.set(`sqlite_options(${name})`, known(value));
  tcl.set("argv0", known(`${FOLDER}/../${file}`));
  tcl.set("testdir", known(`${FOLDER}/../${file.replace(/\/?[^/]*$/, "")}`));
  tcl.run({ text: PRELUDE, at: start }, start);
  const begin = { file, line: 1 };
  tcl.call("sqlite3_test_control_pending_byte", [known("65536")], begin);
  tcl.call("reset_db", [], begin);

  let leftOut: string | null = null;
  try {
    tcl.run({ text, at: begin }, begin);
  } catch (e) {
    if (e instanceof Enough) {
      out.exclude(`${e.message}; the rest of the file`, "", begin);
    } else if (e instanceof Leave) {
      const condition = conditions[0];
      if (out.statements === 0) {
        leftOut = condition === undefined ? "it ends before any SQL" : `it asks for: not (${condition})`;
      }
    } else {
      throw e;
    }
  }
  out.finish({ file, line: text.split("\n").length });
  return {
    file,
    suite: options.suite,
    kind: "tcl",
    events: out.events,
    exclusions: out.exclusions,
    leftOut: out.statements > 0 ? null : (leftOut ?? "it holds no SQL that can be told without running it"),
  };
}
