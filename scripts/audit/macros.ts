/** The macros of a translation unit: what a name meant at a line, and its expansion there. */

import { type Token, tokenize } from "./lexer.js";

export interface Macro {
  name: string;
  /** Null for an object-like macro. */
  params: string[] | null;
  body: Token[];
  /** The replacement text as written, lines joined. */
  text: string;
  /** Line of the `#define`; 0 for what the profile defines. */
  line: number;
}

interface Event {
  line: number;
  macro: Macro | null;
}

/** Reads what follows `#define`. */
export function parseDefine(text: string, line: number): Macro | null {
  const m = /^\s*([A-Za-z_]\w*)(\(([^)]*)\))?([\s\S]*)$/.exec(text);
  if (m === null) return null;
  const params =
    m[2] === undefined
      ? null
      : m[3]!
          .split(",")
          .map((p) => p.trim())
          .filter((p) => p !== "");
  return { name: m[1]!, params, body: tokenize(m[4]!), text: m[4]!.trim(), line };
}

export class MacroTable {
  private readonly history = new Map<string, Event[]>();
  private readonly current = new Map<string, Macro>();

  define(macro: Macro): void {
    this.current.set(macro.name, macro);
    this.record(macro.name, { line: macro.line, macro });
  }

  undef(name: string, line: number): void {
    if (this.current.delete(name)) this.record(name, { line, macro: null });
  }

  private record(name: string, event: Event): void {
    const events = this.history.get(name);
    if (events === undefined) this.history.set(name, [event]);
    else events.push(event);
  }

  /** What the name means at that line, or after the last line. */
  at(name: string, line = Number.POSITIVE_INFINITY): Macro | undefined {
    const events = this.history.get(name);
    if (events === undefined) return undefined;
    for (let i = events.length - 1; i >= 0; i--) {
      if (events[i]!.line <= line) return events[i]!.macro ?? undefined;
    }
    return undefined;
  }

  /** Every definition that was active somewhere. */
  *all(): Iterable<Macro> {
    for (const events of this.history.values()) {
      for (const e of events) if (e.macro !== null) yield e.macro;
    }
  }

  /**
   * Expands the macros in `tokens` as of `line`. In a condition the operand of `defined` becomes 1 or
   * 0 first.
   */
  expand(tokens: readonly Token[], line: number, condition = false): Token[] {
    return this.rescan(tokens, line, new Set(), condition);
  }

  private rescan(
    tokens: readonly Token[],
    line: number,
    hidden: ReadonlySet<string>,
    condition: boolean,
  ): Token[] {
    const out: Token[] = [];
    for (let i = 0; i < tokens.length; i++) {
      const t = tokens[i]!;
      if (t.kind !== "id") {
        out.push(t);
        continue;
      }
      if (condition && t.text === "defined") {
        const paren = tokens[i + 1]?.text === "(";
        const operand = tokens[i + (paren ? 2 : 1)]?.text ?? "";
        out.push({ kind: "num", text: this.at(operand, line) === undefined ? "0" : "1", pos: t.pos });
        i += paren ? 3 : 1;
        continue;
      }
      const macro = hidden.has(t.text) ? undefined : this.at(t.text, line);
      if (macro === undefined || (macro.params !== null && tokens[i + 1]?.text !== "(")) {
        out.push(t);
        continue;
      }
      const inner = new Set(hidden).add(t.text);
      let body: Token[] = macro.body;
      if (macro.params !== null) {
        const call = readArguments(tokens, i + 1);
        i = call.end;
        body = this.substitute(macro, call.args, line, hidden, condition);
      }
      out.push(...this.rescan(body, line, inner, condition));
    }
    return out;
  }

  private substitute(
    macro: Macro,
    args: Token[][],
    line: number,
    hidden: ReadonlySet<string>,
    condition: boolean,
  ): Token[] {
    const out: Token[] = [];
    const { body } = macro;
    for (let i = 0; i < body.length; i++) {
      const t = body[i]!;
      const pasted = body[i + 1]?.text === "##" || body[i - 1]?.text === "##";
      if (t.text === "##") {
        const left = out.pop();
        const right = this.argument(macro, args, body[++i]!);
        const first = right.shift();
        if (left !== undefined)
          out.push({ kind: left.kind, text: left.text + (first?.text ?? ""), pos: left.pos });
        out.push(...right);
      } else if (t.text === "#" && macro.params!.includes(body[i + 1]?.text ?? "")) {
        const arg = this.argument(macro, args, body[++i]!);
        out.push({ kind: "str", text: JSON.stringify(arg.map((a) => a.text).join(" ")), pos: t.pos });
      } else {
        const arg = this.argument(macro, args, t);
        const isParam = t.kind === "id" && macro.params!.includes(t.text);
        out.push(...(isParam && !pasted ? this.rescan(arg, line, hidden, condition) : arg));
      }
    }
    return out;
  }

  private argument(macro: Macro, args: Token[][], t: Token): Token[] {
    if (t.kind !== "id") return [t];
    const n = macro.params!.indexOf(t.text);
    return n < 0 ? [t] : [...(args[n] ?? [])];
  }
}

/** The arguments of a call whose parenthesis is at `open`, and where the closing one is. */
export function readArguments(tokens: readonly Token[], open: number): { args: Token[][]; end: number } {
  const args: Token[][] = [[]];
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const t = tokens[i]!;
    if (t.text === "(" && t.kind === "punct") {
      if (depth++ > 0) args[args.length - 1]!.push(t);
    } else if (t.text === ")" && t.kind === "punct") {
      if (--depth === 0) return { args, end: i };
      args[args.length - 1]!.push(t);
    } else if (t.text === "," && depth === 1) {
      args.push([]);
    } else {
      args[args.length - 1]!.push(t);
    }
  }
  return { args, end: tokens.length - 1 };
}
