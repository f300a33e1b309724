/** The grammar of TCL's `expr`. */

import { type Part, parseTemplate, readEscape } from "./words.js";

/** A parsed expression. */
export type Expr =
  | { kind: "parts"; parts: Part[] }
  | { kind: "literal"; text: string }
  | { kind: "unary"; operator: string; operand: Expr }
  | { kind: "binary"; operator: string; left: Expr; right: Expr }
  | { kind: "choice"; condition: Expr; yes: Expr; no: Expr }
  | { kind: "call"; name: string; operands: Expr[] };

class ExprError extends Error {
  override readonly name = "ExprError";
}

const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!=", "eq", "ne", "in", "ni"],
  ["<=", ">=", "<", ">", "lt", "gt", "le", "ge"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Expr {
    const e = this.#choice();
    this.#blanks();
    if (this.#at < this.#text.length) throw new ExprError("text after the expression");
    return e;
  }

  #blanks(): void {
    for (;;) {
      const c = this.#text[this.#at];
      if (c !== undefined && /\s/.test(c)) this.#at++;
      else if (c === "\\" && this.#text[this.#at + 1] === "\n") this.#at += 2;
      else return;
    }
  }

  #choice(): Expr {
    const condition = this.#binary(0);
    this.#blanks();
    if (this.#text[this.#at] !== "?") return condition;
    this.#at++;
    const yes = this.#choice();
    this.#blanks();
    if (this.#text[this.#at] !== ":") throw new ExprError("a choice lacks its colon");
    this.#at++;
    return { kind: "choice", condition, yes, no: this.#choice() };
  }

  #operator(level: number): string | null {
    this.#blanks();
    for (const operator of LEVELS[level] as readonly string[]) {
      if (!this.#text.startsWith(operator, this.#at)) continue;
      const after = this.#text.slice(this.#at + operator.length, this.#at + operator.length + 1);
      if (/[a-z]/.test(operator) && /[A-Za-z0-9_]/.test(after)) continue;
      /* One character of a longer operator is none. */
      if ((operator === "|" || operator === "&" || operator === "*") && after === operator) continue;
      if ((operator === "<" || operator === ">") && after === operator) continue;
      return operator;
    }
    return null;
  }

  #binary(level: number): Expr {
    if (level === LEVELS.length) return this.#power();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = this.#operator(level);
      if (operator === null) return left;
      this.#at += operator.length;
      left = { kind: "binary", operator, left, right: this.#binary(level + 1) };
    }
  }

  #power(): Expr {
    const left = this.#unary();
    this.#blanks();
    if (!this.#text.startsWith("**", this.#at)) return left;
    this.#at += 2;
    return { kind: "binary", operator: "**", left, right: this.#power() };
  }

  #unary(): Expr {
    this.#blanks();
    const c = this.#text[this.#at];
    if (c === "-" || c === "+" || c === "!" || c === "~") {
      this.#at++;
      return { kind: "unary", operator: c, operand: this.#unary() };
    }
    return this.#operand();
  }

  #operand(): Expr {
    const text = this.#text;
    const c = text[this.#at];
    if (c === undefined) throw new ExprError("an operand is missing");
    if (c === "(") {
      this.#at++;
      const e = this.#choice();
      this.#blanks();
      if (text[this.#at] !== ")") throw new ExprError("a parenthesis is not closed");
      this.#at++;
      return e;
    }
    if (c === "$" || c === "[") return { kind: "parts", parts: this.#substitution() };
    if (c === '"') {
      const end = this.#closingQuote();
      const parts = parseTemplate(text.slice(this.#at + 1, end));
      this.#at = end + 1;
      return { kind: "parts", parts };
    }
    if (c === "{") {
      let depth = 0;
      for (let i = this.#at; i < text.length; i++) {
        if (text[i] === "\\") i++;
        else if (text[i] === "{") depth++;
        else if (text[i] === "}" && --depth === 0) {
          const literal = text.slice(this.#at + 1, i);
          this.#at = i + 1;
          return { kind: "literal", text: literal };
        }
      }
      throw new ExprError("a brace is not closed");
    }
    const number = /^(?:0[xX][0-9a-fA-F]+|0[bB][01]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/.exec(
      text.slice(this.#at, this.#at + 400),
    );
    if (number !== null) {
      this.#at += number[0].length;
      return { kind: "literal", text: number[0] };
    }
    const name = /^[A-Za-z_][A-Za-z0-9_:]*/.exec(text.slice(this.#at, this.#at + 100));
    if (name === null) throw new ExprError("an operand cannot be read");
    this.#at += name[0].length;
    this.#blanks();
    if (text[this.#at] !== "(") return { kind: "literal", text: name[0] };
    this.#at++;
    const operands: Expr[] = [];
    this.#blanks();
    if (text[this.#at] === ")") {
      this.#at++;
      return { kind: "call", name: name[0], operands };
    }
    for (;;) {
      operands.push(this.#choice());
      this.#blanks();
      const next = text[this.#at++];
      if (next === ")") return { kind: "call", name: name[0], operands };
      if (next !== ",") throw new ExprError("a call is not closed");
    }
  }

  #closingQuote(): number {
    for (let i = this.#at + 1; i < this.#text.length; i++) {
      if (this.#text[i] === "\\") i += readEscape(this.#text, i).length - 1;
      else if (this.#text[i] === '"') return i;
    }
    throw new ExprError("a quote is not closed");
  }

  /** The variable or command substitution here: the shortest text that the word parser reads as one. */
  #substitution(): Part[] {
    const text = this.#text;
    let end = this.#at + 1;
    if (text[this.#at] === "[") {
      end = this.#matching(this.#at, "[", "]");
    } else {
      if (text[end] === "{") end = text.indexOf("}", end) + 1 || text.length;
      else {
        while (end < text.length && /[A-Za-z0-9_:]/.test(text[end] as string)) {
          /* One colon belongs to a choice, two to a name. */
          if (text[end] === ":") {
            if (text[end + 1] !== ":") break;
            end++;
          }
          end++;
        }
        if (text[end] === "(") end = this.#matching(end, "(", ")");
      }
    }
    const parts = parseTemplate(text.slice(this.#at, end));
    this.#at = end;
    return parts;
  }

  #matching(from: number, open: string, close: string): number {
    let depth = 0;
    for (let i = from; i < this.#text.length; i++) {
      const c = this.#text[i];
      if (c === "\\") i++;
      else if (c === open) depth++;
      else if (c === close && --depth === 0) return i + 1;
    }
    throw new ExprError("a bracket is not closed");
  }
}

const parsed = new Map<string, Expr | null>();

/** The expression of this text, or null if it is none. */
export function parseExpr(text: string): Expr | null {
  const before = parsed.get(text);
  if (before !== undefined) return before;
  let e: Expr | null;
  try {
    e = new Parser(text).whole();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    /* What cannot be read is unknown; its class is all that a report needs. */
    e = null;
  }
  if (parsed.size > 20_000) parsed.clear();
  parsed.set(text, e);
  return e;
}
