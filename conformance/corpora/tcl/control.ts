/** TCL's commands that steer: conditions, loops, procedures, evaluation. */

import { type Builtin, type Interp, Leave } from "./interp.js";
import { parseElements, parseList } from "./list.js";
import { globMatch, toRegExp } from "./patterns.js";
import { isKnown, join, known, type Place, textOf, unknown, type Value } from "./value.js";

const EMPTY = known("");
const NOTHING = unknown("an argument that is missing");

/** Runs a loop's body once; false if the loop is over. */
function body(tcl: Interp, script: Value, at: Place): boolean {
  try {
    tcl.run(script, at);
    return true;
  } catch (e) {
    if (e instanceof Leave && e.how === "break") return false;
    if (e instanceof Leave && e.how === "continue") return true;
    throw e;
  }
}

const ifCommand: Builtin = (tcl, args, at) => {
  let i = 0;
  let result: Value = EMPTY;
  let decided = true;
  for (;;) {
    const condition = tcl.condition(args[i++] ?? NOTHING, at);
    if (textOf(args[i]) === "then") i++;
    const script = args[i++] ?? EMPTY;
    if (condition === true) return decided ? tcl.run(script, at) : tcl.perhaps(() => tcl.run(script, at));
    if (condition === null) {
      decided = false;
      result = unknown("a condition that only the test program knows");
      tcl.perhaps(() => tcl.run(script, at));
    }
    const next = textOf(args[i]);
    if (next === "elseif") {
      i++;
      continue;
    }
    if (next === "else") i++;
    const otherwise = args[i];
    if (otherwise === undefined) return result;
    return decided ? tcl.run(otherwise, at) : tcl.perhaps(() => tcl.run(otherwise, at));
  }
};

/** So many rounds that find something are gone through; then the loop ends. */
const MOST_ROUNDS = 500;

/** Counts the rounds of a loop that find something. */
class Rounds {
  #found = 0;
  readonly #tcl: Interp;
  readonly #at: Place;

  constructor(tcl: Interp, at: Place) {
    this.#tcl = tcl;
    this.#at = at;
  }

  /** Runs a round; false if the loop is over. */
  round(script: Value): boolean {
    const before = this.#tcl.found();
    const more = body(this.#tcl, script, this.#at);
    if (this.#tcl.found() === before || ++this.#found < MOST_ROUNDS) return more;
    if (more) this.#tcl.onLongLoop(this.#at);
    return false;
  }
}

/** Runs a loop; `next` follows each round. */
function loop(tcl: Interp, test: Value, next: Value, script: Value, at: Place): Value {
  const rounds = new Rounds(tcl, at);
  for (;;) {
    const condition = tcl.condition(test, at);
    if (condition === null) {
      tcl.perhaps(() => tcl.run(script, at));
      return EMPTY;
    }
    if (!condition || !rounds.round(script)) return EMPTY;
    tcl.step();
    tcl.run(next, at);
  }
}

const whileCommand: Builtin = (tcl, args, at) => loop(tcl, args[0] ?? NOTHING, EMPTY, args[1] ?? EMPTY, at);

const forCommand: Builtin = (tcl, args, at) => {
  const [start = EMPTY, test = NOTHING, next = EMPTY, script = EMPTY] = args;
  tcl.run(start, at);
  return loop(tcl, test, next, script, at);
};

const foreachCommand: Builtin = (tcl, args, at) => {
  const script = args[args.length - 1] ?? EMPTY;
  const lists: { names: string[]; values: Value[] | null }[] = [];
  for (let i = 0; i + 2 < args.length; i += 2) {
    const names = parseList(textOf(args[i]) ?? "") ?? [];
    const source = args[i + 1] as Value;
    const elements = isKnown(source) ? parseElements(source.text) : null;
    const from = isKnown(source) ? source.at : undefined;
    lists.push({
      names,
      values:
        elements?.map((e) =>
          from === undefined
            ? known(e.text)
            : { text: e.text, at: { file: from.file, line: from.line + e.line } },
        ) ?? null,
    });
  }
  if (lists.some((l) => l.values === null)) {
    for (const { names } of lists)
      for (const n of names) tcl.set(n, unknown("a list that only the test program knows"));
    tcl.perhaps(() => tcl.run(script, at));
    return EMPTY;
  }
  const rounds = Math.max(
    0,
    ...lists.map((l) => Math.ceil((l.values?.length ?? 0) / Math.max(1, l.names.length))),
  );
  const counted = new Rounds(tcl, at);
  for (let r = 0; r < rounds; r++) {
    for (const { names, values } of lists) {
      for (const [k, n] of names.entries()) tcl.set(n, values?.[r * names.length + k] ?? EMPTY);
    }
    if (!counted.round(script)) break;
  }
  return EMPTY;
};

const switchCommand: Builtin = (tcl, args, at) => {
  let i = 0;
  let mode = "exact";
  for (; i < args.length; i++) {
    const option = textOf(args[i]);
    if (option === null || !option.startsWith("-")) break;
    if (option === "--") {
      i++;
      break;
    }
    mode = option.slice(1);
  }
  const subject = args[i++] ?? NOTHING;
  let arms: Value[] = args.slice(i) as Value[];
  const single = arms[0];
  if (arms.length === 1 && single !== undefined) {
    if (!isKnown(single)) return single;
    const from = single.at;
    arms = (parseElements(single.text) ?? []).map((e) =>
      from === undefined
        ? known(e.text)
        : { text: e.text, at: { file: from.file, line: from.line + e.line } },
    );
  }
  const text = textOf(subject);
  let taken = false;
  for (let k = 0; k + 1 < arms.length; k += 2) {
    const pattern = textOf(arms[k]) ?? "";
    const isDefault = pattern === "default" && k + 2 >= arms.length;
    if (text !== null && !isDefault && !taken && !matches(mode, pattern, text)) continue;
    taken = true;
    if (textOf(arms[k + 1]) === "-") continue;
    const script = arms[k + 1] as Value;
    if (text !== null) return tcl.run(script, at);
    tcl.perhaps(() => tcl.run(script, at));
  }
  return text === null ? unknown("a condition that only the test program knows") : EMPTY;
};

function matches(mode: string, pattern: string, text: string): boolean {
  if (mode === "glob") return globMatch(pattern, text);
  if (mode === "regexp") return toRegExp(pattern, "")?.test(text) ?? false;
  return pattern === text;
}

const procCommand: Builtin = (tcl, args) => {
  const [name, list, script] = args;
  if (name === undefined || list === undefined || script === undefined) return EMPTY;
  if (!isKnown(name) || !isKnown(list) || !isKnown(script)) return EMPTY;
  const parameters = (parseList(list.text) ?? []).map((text) => {
    const [parameter = "", fallback] = parseList(text) ?? [text];
    return { name: parameter, fallback: fallback === undefined ? null : known(fallback) };
  });
  tcl.defineProcedure(name.text, parameters, parameters.at(-1)?.name === "args", script);
  return EMPTY;
};

const catchCommand: Builtin = (tcl, args, at) => {
  let result: Value = EMPTY;
  let code: Value = unknown("whether a command failed");
  try {
    result = tcl.run(args[0] ?? EMPTY, at);
  } catch (e) {
    if (!(e instanceof Leave) || e.how === "finish") throw e;
    const codes = { break: "3", continue: "4", return: "2", error: "1" } as const;
    code = known(codes[e.how]);
    result = e.value;
  }
  const name = textOf(args[1]);
  if (name !== null) tcl.set(name, isKnown(code) ? result : unknown("what a command answered"));
  return code;
};

/** The commands by name. */
export const CONTROL: readonly [string, Builtin][] = [
  ["if", ifCommand],
  ["while", whileCommand],
  ["for", forCommand],
  ["foreach", foreachCommand],
  ["switch", switchCommand],
  ["proc", procCommand],
  ["catch", catchCommand],
  ["expr", (tcl, args, at) => tcl.expr(args.length === 1 ? (args[0] as Value) : join(args, " "), at)],
  ["eval", (tcl, args, at) => tcl.run(args.length === 1 ? (args[0] as Value) : join(args, " "), at)],
  [
    "time",
    (tcl, args, at) => {
      tcl.run(args[0] ?? EMPTY, at);
      return unknown("how long something takes");
    },
  ],
  [
    "break",
    () => {
      throw new Leave("break");
    },
  ],
  [
    "continue",
    () => {
      throw new Leave("continue");
    },
  ],
  [
    "return",
    (_, args) => {
      throw new Leave("return", args.length === 0 ? EMPTY : (args[args.length - 1] as Value));
    },
  ],
  [
    "error",
    (_, args) => {
      throw new Leave("error", args[0] ?? EMPTY);
    },
  ],
  [
    "rename",
    (tcl, args) => {
      const from = textOf(args[0]);
      const to = textOf(args[1]);
      if (from === null || to === null) return EMPTY;
      const procedure = tcl.procedures.get(from);
      if (procedure !== undefined) {
        tcl.procedures.delete(from);
        if (to !== "") tcl.procedures.set(to, procedure);
        return EMPTY;
      }
      const builtin = tcl.builtins.get(from);
      if (builtin !== undefined && to !== "") tcl.builtins.set(to, builtin);
      return EMPTY;
    },
  ],
];
