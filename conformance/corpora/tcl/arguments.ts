/** What commands on texts have in common: arguments that must be known, and indices. */

import type { Builtin } from "./interp.js";
import { isKnown, known, unknown, type Value } from "./value.js";

/** The texts of all arguments, or the first unknown one. */
export function texts(args: readonly Value[]): string[] | Value {
  const out: string[] = [];
  for (const arg of args) {
    if (!isKnown(arg)) return arg;
    out.push(arg.text);
  }
  return out;
}

/** A command whose arguments must all be known. */
export function pure(what: (args: string[]) => Value | string | number | boolean | null): Builtin {
  return (_, args) => {
    const list = texts(args);
    if (!Array.isArray(list)) return list;
    const result = what(list);
    if (result === null) return unknown("a command with arguments that cannot be read");
    if (typeof result === "string") return known(result);
    if (typeof result === "number") return { text: String(result), type: "integer" };
    if (typeof result === "boolean") return { text: result ? "1" : "0", type: "integer" };
    return result;
  };
}

/** An index: a number, `end`, `end-1`, `3+1`; null if it is none. */
export function index(text: string, length: number): number | null {
  const m = /^(end|-?\d+)(?:([-+])(\d+))?$/.exec(text.trim());
  if (m === null) return null;
  const base = m[1] === "end" ? length - 1 : Number(m[1]);
  return m[2] === undefined ? base : m[2] === "-" ? base - Number(m[3]) : base + Number(m[3]);
}
