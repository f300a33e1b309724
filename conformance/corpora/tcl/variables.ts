/** TCL's commands on variables, frames and names. */

import { type Builtin, type Frame, type Interp, listValue } from "./interp.js";
import { parseElements } from "./list.js";
import { globMatch } from "./patterns.js";
import { isKnown, join, known, textOf, unknown, type Value } from "./value.js";
import { type Part, parseTemplate } from "./words.js";

const EMPTY = known("");
const NOTHING = unknown("an argument that is missing");

/** `#0`, `1`: a level; null if the text is none. */
function level(tcl: Interp, text: string | null): Frame | null {
  if (text === null) return null;
  if (/^#\d+$/.test(text)) return tcl.global;
  return /^\d+$/.test(text) ? tcl.callerFrame(Number(text)) : null;
}

const uplevelCommand: Builtin = (tcl, args, at) => {
  const chosen = args.length > 1 ? level(tcl, textOf(args[0])) : null;
  const rest = chosen === null ? args : args.slice(1);
  const script = rest.length === 1 ? (rest[0] as Value) : join(rest, " ");
  return tcl.inFrame(chosen ?? tcl.callerFrame(1), () => tcl.run(script, at));
};

const upvarCommand: Builtin = (tcl, args) => {
  const chosen = args.length % 2 === 1 ? level(tcl, textOf(args[0])) : null;
  const rest = args.length % 2 === 1 ? args.slice(1) : args;
  for (let i = 0; i + 1 < rest.length; i += 2) {
    const other = textOf(rest[i]);
    const local = textOf(rest[i + 1]);
    if (other !== null && local !== null) tcl.link(local, chosen ?? tcl.callerFrame(1), other);
  }
  return EMPTY;
};

const globalCommand: Builtin = (tcl, args) => {
  if (tcl.frame === tcl.global) return EMPTY;
  for (const arg of args) {
    const name = textOf(arg);
    if (name !== null) tcl.link(name, tcl.global, name);
  }
  return EMPTY;
};

const variableCommand: Builtin = (tcl, args) => {
  for (let i = 0; i < args.length; i += 2) {
    const name = textOf(args[i]);
    if (name === null) continue;
    if (tcl.frame !== tcl.global) tcl.link(name, tcl.global, name);
    const value = args[i + 1];
    if (value !== undefined) tcl.set(name, value);
  }
  return EMPTY;
};

const setCommand: Builtin = (tcl, args) => {
  const name = args[0];
  if (name === undefined || !isKnown(name)) return name ?? NOTHING;
  const value = args[1];
  return value === undefined ? tcl.get(name.text) : tcl.set(name.text, value);
};

const unsetCommand: Builtin = (tcl, args) => {
  for (const arg of args) {
    const name = textOf(arg);
    if (name !== null && !name.startsWith("-")) tcl.unset(name);
  }
  return EMPTY;
};

const incrCommand: Builtin = (tcl, args) => {
  const name = textOf(args[0]);
  if (name === null) return NOTHING;
  const before = tcl.isSet(name) ? tcl.get(name) : known("0");
  const by = args[1] ?? known("1");
  if (!isKnown(before)) return tcl.set(name, before);
  if (!isKnown(by)) return tcl.set(name, by);
  if (!/^\s*[-+]?\d+\s*$/.test(before.text) || !/^\s*[-+]?\d+\s*$/.test(by.text)) {
    return tcl.set(name, unknown("an expression that is no number"));
  }
  const sum = BigInt(before.text.trim().replace("+", "")) + BigInt(by.text.trim().replace("+", ""));
  return tcl.set(name, { text: sum.toString(), type: "integer" });
};

const appendCommand: Builtin = (tcl, args) => {
  const name = textOf(args[0]);
  if (name === null) return NOTHING;
  const before = tcl.isSet(name) ? tcl.get(name) : EMPTY;
  const value = join([before, ...args.slice(1)]);
  const at = isKnown(before) ? before.at : undefined;
  return tcl.set(name, isKnown(value) && at !== undefined ? { ...value, at } : value);
};

const substCommand: Builtin = (tcl, args, at) => {
  const flags = args.slice(0, -1).map((a) => textOf(a) ?? "");
  const template = args[args.length - 1] ?? EMPTY;
  if (!isKnown(template)) return template;
  const literal = (part: Part): Part => {
    if (part.kind === "script" && flags.includes("-nocommands"))
      return { kind: "text", text: `[${part.script}]` };
    if (part.kind === "variable" && flags.includes("-novariables"))
      return { kind: "text", text: `$${part.name}` };
    return part;
  };
  const from = template.at ?? at;
  const value = tcl.substitute(parseTemplate(template.raw ?? template.text).map(literal), from);
  return isKnown(value) ? { text: value.text, at: from } : value;
};

const infoCommand: Builtin = (tcl, args) => {
  const what = textOf(args[0]);
  const name = textOf(args[1]);
  switch (what) {
    case "exists":
      return name === null ? NOTHING : known(tcl.isSet(name) ? "1" : "0");
    case "commands":
    case "command":
    case "procs":
      if (name === null) return unknown("the list of commands");
      return tcl.has(name) ? known(name) : unknown(`whether there is a command ${name}`);
    case "level":
      return known(tcl.frame === tcl.global ? "0" : "1");
    case "script":
      return tcl.get("::argv0");
    case "tclversion":
    case "patchlevel":
      return known("8.6");
    case "nameofexecutable":
      return known("./testfixture");
  }
  return unknown(`info ${what ?? ""}`);
};

const arrayCommand: Builtin = (tcl, args) => {
  const what = textOf(args[0]);
  const name = textOf(args[1]);
  if (what === null || name === null) return NOTHING;
  const elements = tcl.lookup(name)?.elements ?? null;
  const pattern = what === "set" ? null : textOf(args[2]);
  const keys = [...(elements?.keys() ?? [])].filter((k) => pattern === null || globMatch(pattern, k)).sort();
  switch (what) {
    case "set": {
      const list = args[2];
      if (list === undefined || !isKnown(list)) return EMPTY;
      const items = parseElements(list.text) ?? [];
      const from = list.at;
      for (let i = 0; i + 1 < items.length; i += 2) {
        const item = items[i + 1] as { text: string; line: number };
        const at = from === undefined ? {} : { at: { file: from.file, line: from.line + item.line } };
        tcl.set(`${name}(${items[i]?.text})`, { text: item.text, ...at });
      }
      if (items.length === 0) tcl.variable(name).elements ??= new Map();
      return EMPTY;
    }
    case "exists":
      return known(elements === null ? "0" : "1");
    case "names":
      return listValue(keys);
    case "size":
      return known(String(elements?.size ?? 0));
    case "get":
      return tcl.list(keys.flatMap((k) => [known(k), elements?.get(k) as Value]));
    case "unset":
      if (pattern === null) tcl.unset(name);
      else for (const k of keys) elements?.delete(k);
      return EMPTY;
  }
  return unknown(`array ${what}`);
};

const namespaceCommand: Builtin = (tcl, args, at) => {
  if (textOf(args[0]) !== "eval") return textOf(args[0]) === "current" ? known("::") : EMPTY;
  const space = textOf(args[1]);
  const before = new Set(tcl.procedures.keys());
  const result = tcl.inFrame(tcl.global, () => tcl.run(join(args.slice(2), " "), at));
  for (const [name, procedure] of [...tcl.procedures]) {
    if (!before.has(name) && space !== null)
      tcl.procedures.set(`${space.replace(/^::/, "")}::${name}`, procedure);
  }
  return result;
};

/** The commands by name. */
export const VARIABLES: readonly [string, Builtin][] = [
  ["uplevel", uplevelCommand],
  ["upvar", upvarCommand],
  ["global", globalCommand],
  ["variable", variableCommand],
  ["set", setCommand],
  ["unset", unsetCommand],
  ["incr", incrCommand],
  ["append", appendCommand],
  ["subst", substCommand],
  ["info", infoCommand],
  ["array", arrayCommand],
  ["namespace", namespaceCommand],
];
