/**
 * Walks TCL as far as its values are known without running the test program.
 *
 * Commands that the harvest knows are carried out (variables, loops, procedures, strings, lists); a
 * command it does not know gives an unknown value, and so does everything that depends on one. Where a
 * condition is unknown both branches are walked, a loop whose end is unknown is walked once: the aim is
 * SQL to run on two engines, not the outcome that the file's author had in mind.
 */

import { evaluate } from "./expr.js";
import { parseExpr } from "./expr-parse.js";
import { formatList, parseList } from "./list.js";
import { numeric, truth } from "./numbers.js";
import { isKnown, join, type Known, known, type Place, unknown, type Value } from "./value.js";
import { type Command, type Part, parseAsFarAsPossible, type Word } from "./words.js";

/** How a command leaves the ordinary course; no Error, since every `return` is one and none needs a stack. */
export class Leave {
  readonly how: "break" | "continue" | "return" | "error" | "finish";
  readonly value: Value;

  constructor(how: Leave["how"], value: Value = known("")) {
    this.how = how;
    this.value = value;
  }
}

/** The file asks for more than one file is given. */
export class Enough extends Error {
  override readonly name = "Enough";
}

/** A variable: one value, or an array of them. */
export interface Variable {
  value: Value | null;
  elements: Map<string, Value> | null;
}

/** Variables of one procedure call, or the global ones. */
export class Frame {
  readonly variables = new Map<string, Variable>();
  readonly caller: Frame | null;

  constructor(caller: Frame | null) {
    this.caller = caller;
  }
}

/** What carries a command out. */
export type Builtin = (tcl: Interp, args: readonly Value[], at: Place) => Value;

interface Procedure {
  parameters: { name: string; fallback: Value | null }[];
  rest: boolean;
  body: Known;
}

interface Parsed {
  commands: Command[];
  /** Line of a mistake that ends the script, from 0, and what it is. */
  error: { line: number; message: string } | null;
}

const DEEPEST = 60;

/** One interpreter; one file uses it up. */
export class Interp {
  readonly global = new Frame(null);
  frame: Frame = this.global;
  readonly builtins: Map<string, Builtin>;
  readonly procedures = new Map<string, Procedure>();
  /** How many unknown conditions surround the command at hand. */
  uncertain = 0;
  #depth = 0;
  readonly #active = new Set<Procedure>();
  #steps = 0;
  readonly #mostSteps: number;
  readonly #scripts = new Map<string, Parsed>();
  /** Told of commands that nothing here knows. */
  onUnknownCommand: (name: string, args: readonly Value[], at: Place) => Value | null = () => null;
  /** Told of scripts that cannot be read. */
  onBroken: (at: Place, message: string) => void = () => undefined;
  /** How much has been found so far: loops that find something are cut short. */
  found: () => number = () => 0;
  /** Told of loops that were cut short. */
  onLongLoop: (at: Place) => void = () => undefined;
  /** The numbers of `rand()`. */
  random: () => number = () => 0.5;

  constructor(builtins: Map<string, Builtin>, mostSteps: number) {
    this.builtins = builtins;
    this.#mostSteps = mostSteps;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Counts one step of work. */
  step(): void {
    if (++this.#steps > this.#mostSteps) throw new Enough(`more than ${this.#mostSteps} steps of TCL`);
  }

  #parse(text: string): Parsed {
    const before = this.#scripts.get(text);
    if (before !== undefined) return before;
    const { commands, error } = parseAsFarAsPossible(text);
    const parsed = { commands, error: error === null ? null : { line: error.line, message: error.message } };
    if (this.#scripts.size > 5_000) this.#scripts.clear();
    this.#scripts.set(text, parsed);
    return parsed;
  }

  /** Runs a script in the current frame. An unknown script does nothing. */
  run(script: Value, at: Place): Value {
    if (!isKnown(script)) return script;
    const { commands, error } = this.#parse(script.raw ?? script.text);
    const from = script.at ?? at;
    let result: Value = known("");
    for (const command of commands) {
      result = this.#command(command, { file: from.file, line: from.line + command.line });
    }
    if (error !== null) this.onBroken({ file: from.file, line: from.line + error.line }, error.message);
    return result;
  }

  #command(command: Command, at: Place): Value {
    this.step();
    const words: Value[] = [];
    const base = at.line - command.line;
    for (const word of command.words) {
      const value = this.#word(word, { file: at.file, line: base + word.line });
      if (!word.expand) {
        words.push(value);
        continue;
      }
      const elements = isKnown(value) ? parseList(value.text) : null;
      if (elements !== null) words.push(...elements.map(known));
      else words.push(isKnown(value) ? unknown("a text that is no list") : value);
    }
    const first = words[0];
    if (first === undefined) return known("");
    if (!isKnown(first)) return unknown("a command whose name is computed");
    return this.call(first.text, words.slice(1), at);
  }

  #word(word: Word, at: Place): Value {
    const only = word.parts[0];
    if (word.parts.length === 1 && only?.kind === "text") {
      if (word.raw === null || word.raw === only.text) return { text: only.text, at };
      return { text: only.text, at, raw: word.raw };
    }
    const value = this.substitute(word.parts, at);
    return isKnown(value) && value.at === undefined ? { ...value, at } : value;
  }

  /** Puts the parts of a word or template together. */
  substitute(parts: readonly Part[], at: Place): Value {
    const only = parts[0];
    if (parts.length === 1 && only !== undefined) return this.#part(only, at);
    return join(parts.map((p) => this.#part(p, at)));
  }

  #part(part: Part, at: Place): Value {
    switch (part.kind) {
      case "text":
        return known(part.text);
      case "script":
        return this.run({ text: part.script, at: { file: at.file, line: at.line } }, at);
      case "variable": {
        if (part.index === null) return this.get(part.name);
        const index = this.substitute(part.index, at);
        if (!isKnown(index)) return index;
        return this.get(`${part.name}(${index.text})`);
      }
    }
  }

  /** Calls a command by name. */
  call(name: string, args: readonly Value[], at: Place): Value {
    const plain = name.startsWith("::") ? name.slice(2) : name;
    const procedure = this.procedures.get(plain);
    if (procedure !== undefined) return this.#procedure(procedure, args, at);
    const builtin = this.builtins.get(plain);
    if (builtin !== undefined) return builtin(this, args, at);
    return this.onUnknownCommand(plain, args, at) ?? unknown(`the command ${plain}`);
  }

  /** Whether a command of this name exists. */
  has(name: string): boolean {
    const plain = name.startsWith("::") ? name.slice(2) : name;
    return this.procedures.has(plain) || this.builtins.has(plain);
  }

  #procedure(procedure: Procedure, args: readonly Value[], at: Place): Value {
    /* Under an unknown condition nothing would end a recursion. */
    const again = this.uncertain > 0 && this.#active.has(procedure);
    if (again || this.#depth >= DEEPEST) return unknown("a recursion whose end is not known");
    const frame = new Frame(this.frame);
    const { parameters, rest } = procedure;
    const named = rest ? parameters.length - 1 : parameters.length;
    for (let i = 0; i < named; i++) {
      const p = parameters[i] as Procedure["parameters"][number];
      const value = args[i] ?? p.fallback ?? unknown("an argument that is missing");
      frame.variables.set(p.name, { value, elements: null });
    }
    if (rest) {
      const more = args.slice(named);
      const missing = more.find((v) => !isKnown(v));
      const value = missing ?? this.list(more);
      frame.variables.set("args", { value, elements: null });
    }
    const before = this.frame;
    const outermost = !this.#active.has(procedure);
    this.#active.add(procedure);
    this.frame = frame;
    this.#depth++;
    try {
      return this.run(procedure.body, at);
    } catch (e) {
      if (e instanceof Leave && e.how === "return") return e.value;
      /* A break or continue that leaves a procedure is an error of the script; it goes no further. */
      if (e instanceof Leave && (e.how === "break" || e.how === "continue")) return known("");
      throw e;
    } finally {
      this.#depth--;
      if (outermost) this.#active.delete(procedure);
      this.frame = before;
    }
  }

  /** The list of these values. */
  list(values: readonly Value[]): Value {
    const texts: string[] = [];
    for (const value of values) {
      if (!isKnown(value)) return value;
      texts.push(value.text);
    }
    return listValue(texts);
  }

  /** Runs something in another frame. */
  inFrame<T>(frame: Frame, what: () => T): T {
    const before = this.frame;
    this.frame = frame;
    try {
      return what();
    } finally {
      this.frame = before;
    }
  }

  /** The frame `n` calls up; the global one if there are fewer. */
  callerFrame(n: number): Frame {
    let frame = this.frame;
    for (let i = 0; i < n && frame.caller !== null; i++) frame = frame.caller;
    return frame;
  }

  /** Runs something under an unknown condition: it cannot leave the surroundings. */
  perhaps(what: () => Value): Value {
    this.uncertain++;
    try {
      return what();
    } catch (e) {
      if (e instanceof Leave) return e.how === "return" ? e.value : known("");
      throw e;
    } finally {
      this.uncertain--;
    }
  }

  /** The value of an expression; operands are joined by blanks as `expr` does. */
  expr(value: Value, at: Place): Value {
    if (!isKnown(value)) return value;
    const e = parseExpr(value.text);
    if (e === null) return unknown("an expression that cannot be read");
    const result = evaluate(e, {
      substitute: (parts) => this.substitute(parts, at),
      list: parseList,
      random: this.random,
    });
    return isKnown(result) && result.type === undefined ? numeric(result) : result;
  }

  /** A condition: true, false, or null where it is unknown. */
  condition(value: Value, at: Place): boolean | null {
    return truth(this.expr(value, at));
  }

  defineProcedure(name: string, parameters: Procedure["parameters"], rest: boolean, body: Known): void {
    this.procedures.set(name.replace(/^::/, ""), { parameters, rest, body });
  }

  #split(name: string): { name: string; index: string | null } {
    const open = name.endsWith(")") ? name.indexOf("(") : -1;
    return open < 0 ? { name, index: null } : { name: name.slice(0, open), index: name.slice(open + 1, -1) };
  }

  #home(name: string): { frame: Frame; name: string } {
    if (name.startsWith("::")) return { frame: this.global, name: name.slice(2) };
    return { frame: name.includes("::") ? this.global : this.frame, name };
  }

  /** The variable of this name without an index, or null. */
  lookup(name: string): Variable | null {
    const home = this.#home(name);
    return home.frame.variables.get(home.name) ?? null;
  }

  /** The variable of this name, made if it is not there. */
  variable(name: string): Variable {
    const home = this.#home(name);
    let v = home.frame.variables.get(home.name);
    if (v === undefined) {
      v = { value: null, elements: null };
      home.frame.variables.set(home.name, v);
    }
    return v;
  }

  /** Makes `local` in the current frame another name of a variable elsewhere. */
  link(local: string, frame: Frame, name: string): void {
    const { name: bare, index } = this.#split(name);
    const variable = this.inFrame(frame, () => this.variable(bare));
    if (index === null) {
      this.frame.variables.set(this.#home(local).name, variable);
      return;
    }
    /* An element under a name of its own: a copy is as near as this gets. */
    const value = variable.elements?.get(index) ?? null;
    this.frame.variables.set(local, { value, elements: null });
  }

  /** The value of a variable or element; never set is unknown. */
  get(name: string): Value {
    const { name: bare, index } = this.#split(name);
    const v = this.lookup(bare);
    const value = index === null ? v?.value : v?.elements?.get(index);
    return value ?? unknown("a variable that is not set");
  }

  /** Whether a variable or element has been set. */
  isSet(name: string): boolean {
    const { name: bare, index } = this.#split(name);
    const v = this.lookup(bare);
    if (v === null) return false;
    return index === null ? v.value !== null || v.elements !== null : (v.elements?.has(index) ?? false);
  }

  set(name: string, value: Value): Value {
    const { name: bare, index } = this.#split(name);
    const v = this.variable(bare);
    if (index === null) v.value = value;
    else (v.elements ??= new Map()).set(index, value);
    return value;
  }

  unset(name: string): void {
    const { name: bare, index } = this.#split(name);
    const home = this.#home(bare);
    if (index !== null) home.frame.variables.get(home.name)?.elements?.delete(index);
    else home.frame.variables.delete(home.name);
  }
}

/** The list of these texts as a value. */
export function listValue(texts: readonly string[]): Value {
  return known(formatList(texts));
}
