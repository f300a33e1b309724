/**
 * Takes TCL text apart into commands, words and the parts of words, by TCL's own rules: braces nest and
 * keep what is in them, quotes and bare words hold variables, command substitutions and backslashes, a
 * backslash before a newline is a blank, a number sign opens a comment where a command could begin.
 *
 * Nothing is evaluated here. Lines are counted from 0 at the beginning of the text, so that a caller who
 * knows where the text stood can say where a command stands.
 */

/** A piece of a word. */
export type Part =
  | { kind: "text"; text: string }
  /** `$name`, `${name}` or `$name(index)`. */
  | { kind: "variable"; name: string; index: Part[] | null }
  /** `[script]`. */
  | { kind: "script"; script: string; line: number };

/** One word of a command. */
export interface Word {
  /** Line on which its content begins. */
  line: number;
  /** `{*}` stands before it: its elements are words of their own. */
  expand: boolean;
  parts: Part[];
  /** For a word in braces: what stands between them, untouched. */
  raw: string | null;
}

/** One command: its words, the first of which is usually its name. */
export interface Command {
  line: number;
  words: Word[];
}

/** The text cannot be taken apart: a brace, quote or bracket is missing. */
export class TclSyntaxError extends Error {
  override readonly name = "TclSyntaxError";
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * Reads the backslash sequence at `at`.
 *
 * @returns the characters it stands for and how many characters of the text it takes
 */
export function readEscape(text: string, at: number): { value: string; length: number } {
  const c = text[at + 1];
  if (c === undefined) return { value: "\\", length: 1 };
  const simple = SIMPLE_ESCAPES[c];
  if (simple !== undefined) return { value: simple, length: 2 };
  if (c === "\n") {
    let end = at + 2;
    while (text[end] === " " || text[end] === "\t") end++;
    return { value: " ", length: end - at };
  }
  const digits = (most: number, set: RegExp, from: number): string => {
    let end = from;
    while (end < text.length && end - from < most && set.test(text[end] as string)) end++;
    return text.slice(from, end);
  };
  if (c === "x" || c === "u" || c === "U") {
    const hex = digits(c === "x" ? 2 : c === "u" ? 4 : 8, /[0-9a-fA-F]/, at + 2);
    if (hex === "") return { value: c, length: 2 };
    const code = Number.parseInt(hex, 16);
    return { value: code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code), length: 2 + hex.length };
  }
  if (c >= "0" && c <= "7") {
    const octal = digits(3, /[0-7]/, at + 1);
    return { value: String.fromCharCode(Number.parseInt(octal, 8) & 0xff), length: 1 + octal.length };
  }
  return { value: c, length: 2 };
}

/** What a word in braces means as a string: only a backslash before a newline is replaced. */
export function bracedText(raw: string): string {
  return raw.includes("\\\n") ? raw.replace(/\\\n[ \t]*/g, " ") : raw;
}

const NAME = /[A-Za-z0-9_]/;

/** A cursor over TCL text. */
class Reader {
  readonly #text: string;
  #at = 0;
  #line = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  #peek(offset = 0): string {
    return this.#text[this.#at + offset] ?? "";
  }

  #skip(n: number): string {
    const piece = this.#text.slice(this.#at, this.#at + n);
    for (const c of piece) if (c === "\n") this.#line++;
    this.#at += n;
    return piece;
  }

  #fail(message: string, line = this.#line): never {
    throw new TclSyntaxError(message, line);
  }

  /** Blanks and continued lines within a command. */
  #blanks(): void {
    for (;;) {
      const c = this.#peek();
      if (c === " " || c === "\t" || c === "\r" || c === "\f" || c === "\v") this.#at++;
      else if (c === "\\" && this.#peek(1) === "\n") this.#skip(2);
      else break;
    }
  }

  /** Everything before the next command: blanks, separators, comments. */
  #toCommand(): void {
    for (;;) {
      this.#blanks();
      const c = this.#peek();
      if (c === "\n" || c === ";") this.#skip(1);
      else if (c === "#") this.#comment();
      else break;
    }
  }

  #comment(): void {
    while (!this.done) {
      const c = this.#peek();
      if (c === "\n") break;
      this.#skip(c === "\\" && this.#at + 1 < this.#text.length ? 2 : 1);
    }
  }

  /** The next command, or null at the end of the text. */
  command(): Command | null {
    this.#toCommand();
    if (this.done) return null;
    const words: Word[] = [];
    const line = this.#line;
    for (;;) {
      this.#blanks();
      const c = this.#peek();
      if (c === "" || c === "\n" || c === ";") break;
      words.push(this.#word());
    }
    return { line, words };
  }

  #word(): Word {
    const expand = this.#text.startsWith("{*}", this.#at) && /[^\s;]/.test(this.#peek(3));
    if (expand) this.#at += 3;
    const c = this.#peek();
    if (c === "{") {
      const line = this.#line;
      const raw = this.braced();
      this.#wordEnd("brace");
      return { line, expand, parts: [{ kind: "text", text: bracedText(raw) }], raw };
    }
    if (c === '"') {
      this.#at++;
      const line = this.#line;
      const parts = this.#parts((next) => next === '"', '"');
      if (this.#peek() !== '"') this.#fail("a quote is not closed", line);
      this.#at++;
      this.#wordEnd("quote");
      return { line, expand, parts, raw: null };
    }
    const line = this.#line;
    return { line, expand, parts: this.#parts((next) => /[\s;]/.test(next), ""), raw: null };
  }

  #wordEnd(what: string): void {
    const c = this.#peek();
    if (c === "" || /[\s;]/.test(c) || (c === "\\" && this.#peek(1) === "\n")) return;
    this.#fail(`characters stand after a closing ${what}`);
  }

  /** What stands between the brace here and the one that closes it. */
  braced(): string {
    const opened = this.#line;
    this.#at++;
    const start = this.#at;
    let depth = 1;
    while (!this.done) {
      const c = this.#peek();
      if (c === "\\") {
        this.#skip(2);
        continue;
      }
      if (c === "{") depth++;
      else if (c === "}" && --depth === 0) {
        const raw = this.#text.slice(start, this.#at);
        this.#at++;
        return raw;
      }
      this.#skip(1);
    }
    this.#fail("a brace is not closed", opened);
  }

  /** Parts up to a character that ends the word; the end of the text ends it, too. */
  #parts(ends: (c: string) => boolean, quote: string): Part[] {
    const parts: Part[] = [];
    let text = "";
    const flush = (): void => {
      if (text !== "") parts.push({ kind: "text", text });
      text = "";
    };
    while (!this.done) {
      const c = this.#peek();
      if (c === "\\") {
        if (this.#peek(1) === "\n" && quote === "") break;
        const sequence = readEscape(this.#text, this.#at);
        text += sequence.value;
        this.#skip(sequence.length);
      } else if (ends(c)) {
        break;
      } else if (c === "[") {
        flush();
        parts.push(this.#script());
      } else if (c === "$") {
        const variable = this.#variable();
        if (variable === null) text += this.#skip(1);
        else {
          flush();
          parts.push(variable);
        }
      } else {
        text += this.#skip(1);
      }
    }
    flush();
    if (parts.length === 0) parts.push({ kind: "text", text: "" });
    return parts;
  }

  /** The command substitution here. */
  #script(): Part {
    const opened = this.#line;
    this.#at++;
    const start = this.#at;
    const line = this.#line;
    /* The bracket that closes it is found by reading the commands in it. */
    for (let first = true; ; ) {
      this.#blanks();
      const c = this.#peek();
      if (c === "") this.#fail("a bracket is not closed", opened);
      if (c === "]") break;
      if (c === "\n" || c === ";") {
        this.#skip(1);
        first = true;
      } else if (c === "#" && first) {
        this.#comment();
      } else {
        this.#wordInBrackets();
        first = false;
      }
    }
    const script = this.#text.slice(start, this.#at);
    this.#at++;
    return { kind: "script", script, line };
  }

  #wordInBrackets(): void {
    const c = this.#peek();
    if (c === "{") {
      this.braced();
    } else if (c === '"') {
      this.#at++;
      this.#parts((next) => next === '"', '"');
      if (this.#peek() !== '"') this.#fail("a quote is not closed");
      this.#at++;
    } else {
      this.#parts((next) => next === "]" || /[\s;]/.test(next), "");
    }
  }

  /** The variable here, or null if the dollar sign stands for itself. */
  #variable(): Part | null {
    const text = this.#text;
    if (this.#peek(1) === "{") {
      const end = text.indexOf("}", this.#at + 2);
      if (end < 0) this.#fail("a brace of a variable is not closed");
      const name = text.slice(this.#at + 2, end);
      this.#skip(end + 1 - this.#at);
      const array = /^([^(]*)\((.*)\)$/s.exec(name);
      if (array !== null) {
        return {
          kind: "variable",
          name: array[1] as string,
          index: [{ kind: "text", text: array[2] as string }],
        };
      }
      return { kind: "variable", name, index: null };
    }
    let end = this.#at + 1;
    for (;;) {
      if (NAME.test(text[end] ?? "")) end++;
      else if (text[end] === ":" && text[end + 1] === ":") {
        end += 2;
        while (text[end] === ":") end++;
      } else break;
    }
    const name = text.slice(this.#at + 1, end);
    if (name === "" && text[end] !== "(") return null;
    this.#at = end;
    if (text[end] !== "(") return { kind: "variable", name, index: null };
    this.#at++;
    const index = this.#parts((next) => next === ")", ")");
    if (this.#peek() !== ")") this.#fail("a parenthesis of a variable is not closed");
    this.#at++;
    return { kind: "variable", name, index };
  }

  /** Parts of the whole text as `subst` sees them: no words, no end but the text's. */
  all(): Part[] {
    return this.#parts(() => false, "all");
  }
}

/**
 * The commands of a script, in order.
 *
 * @throws TclSyntaxError where the text stops making sense; the commands before are lost with it
 */
export function parseScript(text: string): Command[] {
  const reader = new Reader(text);
  const commands: Command[] = [];
  for (;;) {
    const command = reader.command();
    if (command === null) return commands;
    commands.push(command);
  }
}

/**
 * As {@link parseScript}, but what stands before a mistake is kept.
 *
 * @returns the commands and, if the text is broken, where and how
 */
export function parseAsFarAsPossible(text: string): { commands: Command[]; error: TclSyntaxError | null } {
  const reader = new Reader(text);
  const commands: Command[] = [];
  try {
    for (;;) {
      const command = reader.command();
      if (command === null) return { commands, error: null };
      commands.push(command);
    }
  } catch (e) {
    if (e instanceof TclSyntaxError) return { commands, error: e };
    throw e;
  }
}

/** The parts of a text in which substitutions take place but which is not split into words. */
export function parseTemplate(text: string): Part[] {
  return new Reader(text).all();
}
