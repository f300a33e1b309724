/**
 * Upstream's files as tokens under a profile, macros expanded except those that the port has by name,
 * cut into the declarations of the top level. Every token keeps its line; what a macro expands to has
 * the line of its use.
 */

import { type Token, type TokenKind, tokenize } from "../lexer.js";
import type { Macro, MacroTable } from "../macros.js";
import { isActive, type Preprocessed } from "../preprocess.js";
import type { Upstream } from "../upstream.js";

export interface CToken {
  kind: TokenKind;
  text: string;
  line: number;
}

/** A declaration or a definition of the top level: tokens `from` to `to` of its file. */
export interface Chunk {
  file: string;
  tokens: readonly CToken[];
  from: number;
  to: number;
  /** The token that opens the body of a function; -1 for everything else. */
  body: number;
}

const lineTokens = new WeakMap<Upstream, (readonly Token[] | undefined)[]>();

/** The tokens of a line; cut once, whatever the number of profiles. */
function tokensOfLine(up: Upstream, line: number): readonly Token[] {
  let lines = lineTokens.get(up);
  if (lines === undefined) {
    lines = [];
    lineTokens.set(up, lines);
  }
  const known = lines[line];
  if (known !== undefined) return known;
  const tokens = tokenize(up.code[line]!);
  lines[line] = tokens;
  return tokens;
}

/** Words and whole calls that only qualify a declaration. */
const NOISE: ReadonlySet<string> = new Set(["inline", "__inline", "__forceinline", "__restrict"]);
const NOISE_CALLS: ReadonlySet<string> = new Set(["__attribute__", "__declspec"]);

/**
 * Macros around Windows exceptions: calls with the Wal that they mean, if the port has them, and else
 * nothing. What SEH_EXCEPT would do about an exception is left out.
 */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  SEH_TRY: "(pWal);",
  SEH_EXCEPT: "(pWal);",
  SEH_INJECT_FAULT: "(pWal)",
};

/** Expands macros, except those that `kept` names. */
export class Expander {
  private readonly bodies = new WeakMap<Macro, CToken[]>();

  constructor(
    private readonly macros: MacroTable,
    private readonly kept: (name: string) => boolean,
  ) {}

  /** Expands what stands in a file; the tokens know their lines. */
  file(tokens: readonly CToken[]): CToken[] {
    const out: CToken[] = [];
    this.scan(tokens, null, NOTHING, out);
    return out;
  }

  /** The body of a macro, expanded as of a line. */
  body(macro: Macro, line: number): CToken[] {
    const out: CToken[] = [];
    this.scan(this.bodyOf(macro), line, new Set([macro.name]), out);
    return out;
  }

  private bodyOf(macro: Macro): CToken[] {
    let body = this.bodies.get(macro);
    if (body === undefined) {
      body = macro.body.map((t) => ({ kind: t.kind, text: t.text, line: macro.line }));
      this.bodies.set(macro, body);
    }
    return body;
  }

  /** `line` is where the outermost macro was used; null in the file itself. */
  private scan(
    tokens: readonly CToken[],
    line: number | null,
    hidden: ReadonlySet<string>,
    out: CToken[],
  ): void {
    let depth = 0;
    for (let i = 0; i < tokens.length; i++) {
      const t = tokens[i]!;
      if (t.kind !== "id") {
        if (t.text === "{") depth++;
        else if (t.text === "}") depth--;
        out.push(line === null ? t : { kind: t.kind, text: t.text, line });
        continue;
      }
      const at = line ?? t.line;
      if (t.text === "__LINE__") {
        out.push({ kind: "num", text: String(at), line: at });
        continue;
      }
      if (NOISE.has(t.text)) continue;
      /* In the amalgamation it is `static`, but the linkage that upstream means is that of its own files. */
      if (t.text === "SQLITE_PRIVATE") {
        out.push({ kind: "id", text: "extern", line: at });
        continue;
      }
      if (NOISE_CALLS.has(t.text) && tokens[i + 1]?.text === "(") {
        i = closing(tokens, i + 1);
        continue;
      }
      const call = EXCEPTIONS[t.text];
      if (call !== undefined) {
        if (tokens[i + 1]?.text === "(") i = closing(tokens, i + 1);
        if (!this.kept(t.text)) continue;
        for (const c of [t, ...tokenize(call)]) out.push({ kind: c.kind, text: c.text, line: at });
        continue;
      }
      const macro = hidden.has(t.text) || this.kept(t.text) ? undefined : this.macros.at(t.text, at);
      if (macro === undefined) {
        out.push(line === null ? t : { kind: t.kind, text: t.text, line });
        continue;
      }
      if (macro.params === null) {
        this.scan(this.bodyOf(macro), at, new Set(hidden).add(t.text), out);
        continue;
      }
      const end = tokens[i + 1]?.text === "(" ? closing(tokens, i + 1) : -1;
      /* A function of the macro's name is being defined: the macro stands for it in another arm. */
      if (end < 0 || (line === null && depth === 0 && tokens[end + 1]?.text === "{")) {
        out.push(line === null ? t : { kind: t.kind, text: t.text, line });
        continue;
      }
      const args = splitArguments(tokens, i + 1, end);
      const body = this.substitute(macro, args, at, hidden);
      this.scan(body, at, new Set(hidden).add(t.text), out);
      i = end;
    }
  }

  private substitute(macro: Macro, args: CToken[][], line: number, hidden: ReadonlySet<string>): CToken[] {
    const out: CToken[] = [];
    const body = this.bodyOf(macro);
    const params = macro.params!;
    const argument = (t: CToken): CToken[] | null => {
      const n = t.kind === "id" ? params.indexOf(t.text) : -1;
      return n < 0 ? null : (args[n] ?? []);
    };
    for (let i = 0; i < body.length; i++) {
      const t = body[i]!;
      if (t.text === "##") {
        const left = out.pop();
        const next = body[++i]!;
        const right = argument(next) ?? [next];
        const text = (left?.text ?? "") + (right[0]?.text ?? "");
        out.push({ kind: left?.kind ?? "id", text, line }, ...right.slice(1));
      } else if (t.text === "#" && body[i + 1] !== undefined && argument(body[i + 1]!) !== null) {
        const arg = argument(body[++i]!)!;
        out.push({ kind: "str", text: JSON.stringify(arg.map((a) => a.text).join(" ")), line });
      } else {
        const arg = argument(t);
        if (arg === null) out.push(t);
        else if (body[i + 1]?.text === "##" || body[i - 1]?.text === "##") out.push(...arg);
        else this.scan(arg, line, hidden, out);
      }
    }
    return out;
  }
}

const NOTHING: ReadonlySet<string> = new Set();

/** Where the parenthesis that opens at `open` closes. */
function closing(tokens: readonly CToken[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const t = tokens[i]!;
    if (t.kind !== "punct") continue;
    if (t.text === "(") depth++;
    else if (t.text === ")" && --depth === 0) return i;
  }
  return tokens.length - 1;
}

function splitArguments(tokens: readonly CToken[], open: number, end: number): CToken[][] {
  const args: CToken[][] = [[]];
  let depth = 0;
  for (let i = open + 1; i < end; i++) {
    const t = tokens[i]!;
    if (t.kind === "punct") {
      if (t.text === "(") depth++;
      else if (t.text === ")") depth--;
      else if (t.text === "," && depth === 0) {
        args.push([]);
        continue;
      }
    }
    args[args.length - 1]!.push(t);
  }
  return args;
}

/** The declarations of one of upstream's files, as the compiler sees them under the profile. */
export function chunksOf(up: Upstream, pre: Preprocessed, expander: Expander, file: string): Chunk[] {
  const start = up.files.get(file);
  if (start === undefined) return [];
  const raw: CToken[] = [];
  for (let i = start; i < up.fileOf.length; i++) {
    if (up.fileOf[i] !== file || !isActive(pre, i)) continue;
    for (const t of tokensOfLine(up, i)) raw.push({ kind: t.kind, text: t.text, line: i });
  }
  return cut(file, expander.file(raw));
}

function cut(file: string, tokens: readonly CToken[]): Chunk[] {
  const chunks: Chunk[] = [];
  let depth = 0;
  let from = 0;
  let body = -1;
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i]!;
    if (t.kind !== "punct") continue;
    switch (t.text) {
      case "{":
        if (depth === 0 && tokens[i - 1]?.text === ")") body = i;
        depth++;
        continue;
      case "(":
      case "[":
        depth++;
        continue;
      case ")":
      case "]":
        depth--;
        continue;
      case "}":
        depth--;
        if (depth > 0 || body < 0) continue;
        break;
      case ";":
        if (depth > 0) continue;
        break;
      default:
        continue;
    }
    if (i > from) chunks.push({ file, tokens, from, to: i, body });
    from = i + 1;
    body = -1;
  }
  return chunks;
}

/**
 * Tokens as a text that a parser can read: each on its line, counted from the first one's. The type
 * inside `va_arg` becomes one word, a name in parentheses that `spell` knows another word.
 */
export function textOf(
  tokens: readonly CToken[],
  from: number,
  to: number,
  spell: (name: string) => string | undefined,
): string {
  let out = "";
  let line = tokens[from]?.line ?? 0;
  for (let i = from; i <= to; i++) {
    const t = tokens[i]!;
    if (t.line > line) {
      out += "\n".repeat(t.line - line);
      line = t.line;
    } else if (i > from) out += " ";
    if (t.kind === "id" && t.text === "va_arg" && tokens[i + 1]?.text === "(") {
      const end = closing(tokens, i + 1);
      const [list, type] = splitArguments(tokens, i + 1, end);
      out += `va_arg(${list!.map((a) => a.text).join(" ")},${wordOfType(type ?? [])})`;
      i = end;
      continue;
    }
    const alone =
      t.kind === "id" &&
      tokens[i - 1]?.text === "(" &&
      tokens[i + 1]?.text === ")" &&
      (tokens[i - 2]?.kind !== "id" || tokens[i - 2]!.text === "sizeof" || tokens[i - 2]!.text === "return");
    out += (alone ? spell(t.text) : undefined) ?? t.text;
  }
  return out;
}

/** `const unsigned char *` as a name, `const$unsigned$char$p`. */
function wordOfType(tokens: readonly CToken[]): string {
  return tokens.map((t) => (t.text === "*" ? "p" : t.text)).join("$");
}

/** The words that `wordOfType` joined, `*` as itself. */
export function typeOfWord(word: string): string[] {
  return word.split("$").map((w, i) => (w === "p" && i > 0 ? "*" : w));
}
