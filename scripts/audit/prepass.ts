/**
 * Makes a part of the amalgamation readable for tree-sitter without moving a line or a column: other
 * lines and directives are blanked, and macros that are no C syntax are taken away.
 */

import { blank, type Token, tokenize } from "./lexer.js";
import { type Macro, readArguments } from "./macros.js";
import type { Preprocessed } from "./preprocess.js";
import type { Upstream } from "./upstream.js";

/** A call of a macro at file scope that defines functions, such as IOMETHODS in os_unix.c. */
export interface Generator {
  macro: Macro;
  /** Its arguments, as text. */
  args: string[];
  /** First and last line of the call. */
  first: number;
  last: number;
  /** What it expands to, a text of C. */
  text: string;
}

export interface Readable {
  /** As many lines as were asked for. */
  text: string;
  /** Line of the amalgamation that the first line is. */
  first: number;
  generators: Generator[];
}

/** Words of a macro that only qualifies a declaration, and the like: nothing a parser needs. */
const QUALIFIER = /^(?:|(?:inline|__inline|__forceinline)|__attribute__\(\(.*\)\);?|__declspec\(.*\))$/;

/** Replacements of equal meaning for the linkage macros; shorter than the names. */
const REPLACED: Readonly<Record<string, string>> = { SQLITE_PRIVATE: "extern", SQLITE_EXTERN: "extern" };

/** Macros that are taken away though they expand to something: asserts around Windows exceptions. */
const DROPPED: ReadonlySet<string> = new Set(["SEH_TRY", "SEH_EXCEPT", "SEH_INJECT_FAULT"]);

/** Macros that expand to nothing and are kept as calls all the same, since they are statements. */
const KEPT: ReadonlySet<string> = new Set(["testcase"]);

/** Which argument of a call is a type; it is spelled as one name (`unsigned int` as `unsigned_int`). */
const TYPE_ARGUMENT: Readonly<Record<string, number>> = { va_arg: 1, GLOBAL: 0 };

/** Whether the body of a macro looks like a function definition. */
function definesFunction(macro: Macro): boolean {
  return /\)\s*\{[\s\S]*\breturn\b[\s\S]*\}/.test(macro.text) && /^[\w\s*]*static\b/.test(macro.text);
}

/**
 * The lines `first` to `last` for which `keep` says so.
 */
export function readable(
  up: Upstream,
  pre: Preprocessed,
  first: number,
  last: number,
  keep: (line: number) => boolean,
): Readable {
  const kept: string[] = [];
  for (let i = first; i <= last; i++) {
    kept.push(!pre.directive[i] && keep(i) ? up.code[i]! : blank(up.code[i]!));
  }
  const text = kept.join("\n");
  const tokens = tokenize(text);
  const generators: Generator[] = [];
  const edits: { from: number; to: number; text: string }[] = [];
  const unwrapped: typeof edits = [];
  const lineOf = lineCounter(text, first);

  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i]!;
    if (t.kind !== "id") continue;
    const replaced = REPLACED[t.text];
    if (replaced !== undefined) {
      edits.push({ from: t.pos, to: t.pos + t.text.length, text: replaced });
      continue;
    }
    const typeAt = TYPE_ARGUMENT[t.text];
    if (typeAt !== undefined && tokens[i + 1]?.text === "(") {
      const type = readArguments(tokens, i + 1).args[typeAt] ?? [];
      if (type.length > 1) {
        const from = type[0]!.pos;
        const last = type[type.length - 1]!;
        const old = text.slice(from, last.pos + last.text.length);
        edits.push({ from, to: from + old.length, text: old.replace(/[^\w\n]/g, "_") });
      }
      continue;
    }
    const line = lineOf(t.pos);
    const macro = pre.macros.at(t.text, line);
    if (macro === undefined) continue;
    const body = macro.body.map((b) => b.text).join("");
    if (macro.params === null) {
      if (QUALIFIER.test(body) || DROPPED.has(macro.name))
        edits.push({ from: t.pos, to: t.pos + t.text.length, text: "" });
      continue;
    }
    if (tokens[i + 1]?.text !== "(") continue;
    /* The function that the macro stands for in another arm. */
    if (tokens[readArguments(tokens, i + 1).end + 1]?.text === "{") continue;
    if (macro.body.length === 0 || DROPPED.has(macro.name)) {
      if (KEPT.has(macro.name)) continue;
      const { end } = readArguments(tokens, i + 1);
      edits.push({ from: t.pos, to: tokens[end]!.pos + 1, text: "" });
      i = end;
    } else if (macro.params.length === 1 && body === macro.params[0]) {
      /* MUTEX_LOGIC(statements): what is in the parentheses stands for itself. */
      const { end } = readArguments(tokens, i + 1);
      const close = tokens[end]!.pos;
      unwrapped.push({ from: close, to: close + 1, text: "" });
      edits.push({ from: t.pos, to: tokens[i + 1]!.pos + 1, text: "" });
    } else if (definesFunction(macro)) {
      const { args, end } = readArguments(tokens, i + 1);
      const call = tokens.slice(i, end + 1);
      generators.push({
        macro,
        args: args.map((a) => a.map((b) => b.text).join(" ")),
        first: line,
        last: lineOf(tokens[end]!.pos),
        text: spell(pre.macros.expand(call, line)),
      });
      edits.push({ from: t.pos, to: tokens[end]!.pos + 1, text: "" });
      i = end;
    }
  }
  const ordered = [...edits, ...unwrapped].sort((a, b) => a.from - b.from);
  return { text: applyEdits(text, ordered), first, generators };
}

function spell(tokens: readonly Token[]): string {
  return tokens.map((t) => t.text).join(" ");
}

function lineCounter(text: string, first: number): (pos: number) => number {
  let line = first;
  let at = 0;
  return (pos) => {
    for (; at < pos; at++) if (text.charCodeAt(at) === 10) line++;
    return line;
  };
}

/** Puts each text in place of its range, padded to the range's length; line ends stay. */
function applyEdits(text: string, edits: readonly { from: number; to: number; text: string }[]): string {
  let out = "";
  let at = 0;
  for (const e of edits) {
    const old = text.slice(e.from, e.to);
    out += text.slice(at, e.from) + e.text + blank(old).slice(e.text.length);
    at = e.to;
  }
  return out + text.slice(at);
}
