/** TCL's commands on lists. */

import { index, pure, texts } from "./arguments.js";
import { type Builtin, listValue } from "./interp.js";
import { parseElements, parseList } from "./list.js";
import { parseNumber } from "./numbers.js";
import { isKnown, join, type Known, known, textOf, unknown, type Value } from "./value.js";

const EMPTY = known("");
const NOTHING = unknown("an argument that is missing");
const NO_LIST = unknown("a text that is no list");

const lindexCommand: Builtin = (_, args) => {
  let value = args[0] ?? NOTHING;
  const path: string[] = [];
  for (const arg of args.slice(1)) {
    const list = textOf(arg);
    if (list === null) return arg;
    path.push(...(parseList(list) ?? [list]));
  }
  for (const step of path) {
    if (!isKnown(value)) return value;
    const elements = parseElements(value.text);
    if (elements === null) return NO_LIST;
    const i = index(step, elements.length);
    if (i === null) return NOTHING;
    const e = elements[i];
    const from: Known["at"] = value.at;
    if (e === undefined) value = EMPTY;
    else if (from === undefined) value = known(e.text);
    else value = { text: e.text, at: { file: from.file, line: from.line + e.line } };
  }
  return value;
};

const lappendCommand: Builtin = (tcl, args) => {
  const name = textOf(args[0]);
  if (name === null) return NOTHING;
  const before = tcl.isSet(name) ? tcl.get(name) : EMPTY;
  if (args.length === 1) return tcl.set(name, before);
  const more = tcl.list(args.slice(1));
  const value = isKnown(before) && before.text === "" ? more : join([before, more], " ");
  return tcl.set(name, isKnown(value) && isKnown(before) && before.at ? { ...value, at: before.at } : value);
};

function sorted(args: string[]): Value | null {
  const options = args.slice(0, -1);
  if (options.some((o) => o === "-command" || o === "-index")) return null;
  const list = parseList(args[args.length - 1] ?? "");
  if (list === null) return null;
  const number = (t: string): number => Number(parseNumber(t) ?? Number.NaN);
  const order = (a: string, b: string): number => {
    if (options.includes("-integer") || options.includes("-real")) return number(a) - number(b);
    const [x, y] = options.includes("-nocase") ? [a.toLowerCase(), b.toLowerCase()] : [a, b];
    return x < y ? -1 : x > y ? 1 : 0;
  };
  list.sort(order);
  if (options.includes("-decreasing")) list.reverse();
  return listValue(options.includes("-unique") ? list.filter((t, i) => i === 0 || t !== list[i - 1]) : list);
}

const dictCommand: Builtin = (tcl, args) => {
  if (textOf(args[0]) !== "create") return unknown("dict");
  return tcl.list(args.slice(1));
};

/** The commands by name. */
export const LISTS: readonly [string, Builtin][] = [
  ["lindex", lindexCommand],
  ["lappend", lappendCommand],
  ["dict", dictCommand],
  ["list", (tcl, args) => tcl.list(args)],
  [
    "concat",
    (_, args) => {
      const list = texts(args);
      return Array.isArray(list)
        ? known(
            list
              .map((t) => t.trim())
              .filter((t) => t !== "")
              .join(" "),
          )
        : list;
    },
  ],
  ["llength", pure(([a = ""]) => parseList(a)?.length ?? null)],
  [
    "lrange",
    pure(([a = "", b = "", c = ""]) => {
      const list = parseList(a);
      if (list === null) return null;
      const from = index(b, list.length);
      const to = index(c, list.length);
      return from === null || to === null
        ? null
        : listValue(list.slice(Math.max(0, from), Math.max(0, to + 1)));
    }),
  ],
  [
    "lreplace",
    pure(([a = "", b = "", c = "", ...more]) => {
      const list = parseList(a);
      if (list === null) return null;
      const from = index(b, list.length);
      const to = index(c, list.length);
      if (from === null || to === null) return null;
      list.splice(from, Math.max(0, to - from + 1), ...more);
      return listValue(list);
    }),
  ],
  [
    "linsert",
    pure(([a = "", b = "", ...more]) => {
      const list = parseList(a);
      if (list === null) return null;
      const i = b.startsWith("end") ? list.length : Number(b);
      list.splice(i, 0, ...more);
      return listValue(list);
    }),
  ],
  ["lreverse", pure(([a = ""]) => listValue((parseList(a) ?? []).reverse()))],
  [
    "lrepeat",
    pure(([n = "0", ...items]) =>
      Number(n) * items.length > 100_000
        ? null
        : listValue(Array.from({ length: Number(n) || 0 }, () => items).flat()),
    ),
  ],
  [
    "lsearch",
    pure((args) => {
      const options = args.slice(0, -2);
      if (options.some((o) => o !== "-exact" && o !== "-glob" && o !== "-nocase")) return null;
      const list = parseList(args[args.length - 2] ?? "");
      const pattern = args[args.length - 1] ?? "";
      if (list === null) return null;
      return list.indexOf(pattern);
    }),
  ],
  ["lsort", pure(sorted)],
  ["join", pure(([a = "", by = " "]) => parseList(a)?.join(by) ?? null)],
  [
    "split",
    pure(([a = "", by = " \t\n\r"]) => {
      if (a === "") return "";
      if (by === "") return listValue([...a]);
      const parts: string[] = [""];
      for (const c of a) {
        if (by.includes(c)) parts.push("");
        else parts[parts.length - 1] += c;
      }
      return listValue(parts);
    }),
  ],
  [
    "lassign",
    (tcl, args) => {
      const [list, ...names] = args;
      const elements = list !== undefined && isKnown(list) ? parseList(list.text) : null;
      for (const [i, n] of names.entries()) {
        const name = textOf(n);
        if (name !== null) tcl.set(name, elements === null ? NO_LIST : known(elements[i] ?? ""));
      }
      return elements === null ? NO_LIST : listValue(elements.slice(names.length));
    },
  ],
  [
    "lset",
    (tcl, args) => {
      const name = textOf(args[0]);
      if (name === null || args.length !== 3) return unknown("lset");
      const list = textOf(tcl.get(name));
      const i = textOf(args[1]);
      const value = textOf(args[2]);
      const elements = list === null ? null : parseList(list);
      const k = i === null || elements === null ? null : index(i, elements.length);
      if (elements === null || k === null || value === null) return tcl.set(name, NO_LIST);
      elements[k] = value;
      return tcl.set(name, listValue(elements));
    },
  ],
];
