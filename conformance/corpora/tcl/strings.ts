/** TCL's commands on strings, as far as the test files use them to build SQL. */

import { index, pure, texts } from "./arguments.js";
import { binaryFormat, format } from "./format.js";
import type { Builtin } from "./interp.js";
import { parseList } from "./list.js";
import { parseNumber } from "./numbers.js";
import { globMatch, toRegExp } from "./patterns.js";
import { isKnown, known, LONGEST_TEXT, textOf, unknown, type Value } from "./value.js";

const _EMPTY = known("");
const NOTHING = unknown("an argument that is missing");
const NO_LIST = unknown("a text that is no list");

const stringCommand: Builtin = (_, args) => {
  const list = texts(args);
  if (!Array.isArray(list)) return list;
  const [what = "", ...rest] = list;
  const [a = "", b = "", c = ""] = rest;
  const source = (text: string, from: Value | undefined): Value =>
    from !== undefined && isKnown(from) && from.at !== undefined ? { text, at: from.at } : known(text);
  switch (what) {
    case "length":
      return { text: String([...a].length), type: "integer" };
    case "bytelength":
      return { text: String(Buffer.byteLength(a)), type: "integer" };
    case "repeat": {
      const n = Number(b);
      return n * a.length > LONGEST_TEXT
        ? unknown("a text of megabytes")
        : known(a.repeat(Math.max(0, n || 0)));
    }
    case "map": {
      const noCase = a === "-nocase";
      const [table, text] = noCase ? [b, c] : [a, b];
      const pairs = parseList(table);
      return pairs === null ? NO_LIST : source(mapText(pairs, text, noCase), args[args.length - 1]);
    }
    case "range": {
      const from = index(b, a.length);
      const to = index(c, a.length);
      if (from === null || to === null) return NOTHING;
      return known(a.slice(Math.max(0, from), Math.max(0, to + 1)));
    }
    case "index": {
      const i = index(b, a.length);
      return i === null ? NOTHING : known(a[i] ?? "");
    }
    case "trim":
    case "trimleft":
    case "trimright": {
      const set = rest.length > 1 ? b : " \t\n\r\f\v\0";
      let from = 0;
      let to = a.length;
      if (what !== "trimright") while (from < to && set.includes(a[from] as string)) from++;
      if (what !== "trimleft") while (to > from && set.includes(a[to - 1] as string)) to--;
      return known(a.slice(from, to));
    }
    case "tolower":
      return known(a.toLowerCase());
    case "toupper":
      return known(a.toUpperCase());
    case "totitle":
      return known(a.slice(0, 1).toUpperCase() + a.slice(1).toLowerCase());
    case "first":
      return { text: String(b.indexOf(a, Number(c) || 0)), type: "integer" };
    case "last":
      return { text: String(b.lastIndexOf(a)), type: "integer" };
    case "match":
      return known((a === "-nocase" ? globMatch(b, c, true) : globMatch(a, b)) ? "1" : "0");
    case "equal":
    case "compare":
      return compareStrings(what, rest);
    case "reverse":
      return known([...a].reverse().join(""));
    case "replace": {
      const from = index(b, a.length);
      const to = index(c, a.length);
      if (from === null || to === null) return NOTHING;
      return known(a.slice(0, from) + (rest[3] ?? "") + a.slice(to + 1));
    }
    case "is":
      return stringIs(rest);
  }
  return unknown(`string ${what}`);
};

function compareStrings(what: string, rest: string[]): Value {
  let noCase = false;
  let most: number | null = null;
  while (rest.length > 2) {
    const option = rest.shift();
    if (option === "-nocase") noCase = true;
    else if (option === "-length") most = Number(rest.shift());
  }
  const [a = "", b = ""] = rest.map((t) => {
    const cut = most === null ? t : t.slice(0, most);
    return noCase ? cut.toLowerCase() : cut;
  });
  if (what === "equal") return known(a === b ? "1" : "0");
  return known(a < b ? "-1" : a > b ? "1" : "0");
}

function stringIs(rest: string[]): Value {
  const kind = rest[0] ?? "";
  const text = rest[rest.length - 1] ?? "";
  const n = parseNumber(text);
  const yes = (b: boolean): Value => known(b ? "1" : "0");
  switch (kind) {
    case "integer":
    case "wideinteger":
    case "entier":
      return yes(typeof n === "bigint");
    case "double":
      return yes(n !== null);
    case "digit":
      return yes(/^\d*$/.test(text));
    case "alpha":
      return yes(/^\p{L}*$/u.test(text));
    case "alnum":
      return yes(/^[\p{L}\p{N}]*$/u.test(text));
    case "space":
      return yes(/^\s*$/.test(text));
    case "boolean":
      return yes(/^(?:0|1|true|false|yes|no|on|off)$/i.test(text));
  }
  return unknown(`string is ${kind}`);
}

function mapText(pairs: string[], text: string, noCase: boolean): string {
  const subject = noCase ? text.toLowerCase() : text;
  let out = "";
  for (let i = 0; i < text.length; ) {
    let hit = false;
    for (let k = 0; k + 1 < pairs.length; k += 2) {
      const key = noCase ? (pairs[k] as string).toLowerCase() : (pairs[k] as string);
      if (key === "" || !subject.startsWith(key, i)) continue;
      out += pairs[k + 1];
      i += key.length;
      hit = true;
      break;
    }
    if (!hit) out += text[i++];
  }
  return out;
}

/** Options of regexp and regsub, and what follows them. */
function regexpOptions(args: string[]): { flags: Set<string>; rest: string[] } {
  const flags = new Set<string>();
  let i = 0;
  for (; i < args.length && (args[i] as string).startsWith("-"); i++) {
    if (args[i] === "--") {
      i++;
      break;
    }
    flags.add(args[i] as string);
    if (args[i] === "-start") i++;
  }
  return { flags, rest: args.slice(i) };
}

const regsubCommand: Builtin = (tcl, args) => {
  const list = texts(args);
  if (!Array.isArray(list)) return list;
  const { flags, rest } = regexpOptions(list);
  const [pattern = "", text = "", by = "", name] = rest;
  const re = toRegExp(pattern, `${flags.has("-all") ? "g" : ""}${flags.has("-nocase") ? "i" : ""}u`);
  if (re === null) return unknown("a regular expression");
  let count = 0;
  const out = text.replace(re, (...groups: unknown[]) => {
    count++;
    return by.replace(/\\(\d)|\\(.)|&/g, (m, digit?: string, other?: string) => {
      if (digit !== undefined)
        return typeof groups[Number(digit)] === "string" ? (groups[Number(digit)] as string) : "";
      return other ?? (m === "&" ? String(groups[0]) : m);
    });
  });
  const subject = args[args.length - (name === undefined ? 2 : 3)];
  const place =
    subject !== undefined && isKnown(subject) && subject.at !== undefined ? { at: subject.at } : {};
  if (name === undefined) return { text: out, ...place };
  tcl.set(name, { text: out, ...place });
  return { text: String(count), type: "integer" };
};

const regexpCommand: Builtin = (tcl, args) => {
  const list = texts(args);
  if (!Array.isArray(list)) return list;
  const { flags, rest } = regexpOptions(list);
  const [pattern = "", text = "", ...names] = rest;
  const re = toRegExp(pattern, `${flags.has("-nocase") ? "i" : ""}u`);
  if (re === null) return unknown("a regular expression");
  if (flags.has("-all") || flags.has("-inline")) return unknown("regexp -all");
  const m = re.exec(text);
  if (m !== null) for (const [i, n] of names.entries()) tcl.set(n, known(m[i] ?? ""));
  return known(m === null ? "0" : "1");
};

/** The commands by name. */
export const STRINGS: readonly [string, Builtin][] = [
  ["string", stringCommand],
  ["regsub", regsubCommand],
  ["regexp", regexpCommand],
  ["format", pure(([template = "", ...args]) => format(template, args))],
  [
    "scan",
    (tcl, args) => {
      for (const a of args.slice(2)) {
        const name = textOf(a);
        if (name !== null) tcl.set(name, unknown("scan"));
      }
      const text = textOf(args[0]);
      if (textOf(args[1]) === "%c" && text !== null && args.length === 2) {
        return { text: String(text.codePointAt(0) ?? ""), type: "integer" };
      }
      return unknown("scan");
    },
  ],
  [
    "binary",
    (_, args) => {
      const list = texts(args);
      if (!Array.isArray(list)) return list;
      if (list[0] !== "format") return unknown("binary scan");
      return binaryFormat(list.slice(1)) ?? unknown("binary format");
    },
  ],
  [
    "encoding",
    (_, args) => {
      const list = texts(args);
      if (!Array.isArray(list)) return list;
      const [how, name = "", text = ""] = list;
      if (how === "convertto" && /^(utf-8|identity)$/.test(name)) {
        return { text: Buffer.from(text, "utf8").toString("latin1"), type: "blob" };
      }
      if (how === "convertfrom" && /^(utf-8|identity)$/.test(name)) {
        return known(Buffer.from(text, "latin1").toString("utf8"));
      }
      return unknown("encoding");
    },
  ],
];
