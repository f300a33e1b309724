/** The normal form as text: one line an expression, lists of statements with their depth. */

import type { Node } from "./form.js";

const PRECEDENCE: Readonly<Record<string, number>> = {
  ",": 1,
  "=": 2,
  "?": 3,
  "||": 4,
  "&&": 5,
  "|": 6,
  "^": 7,
  "&": 8,
  "==": 9,
  "!=": 9,
  "<": 10,
  "<=": 10,
  ">": 10,
  ">=": 10,
  "<<": 11,
  ">>": 11,
  "+": 12,
  "-": 12,
  "*": 13,
  "/": 13,
  "%": 13,
  "//": 13,
};
const ASSIGNMENT = 2;
const CHOICE = 3;
const UNARY = 14;
const POSTFIX = 15;

/** An expression on one line. With `wraps` the places where a value is cut to a width are shown. */
export function printExpression(e: Node, wraps = true): string {
  return print(e, 0, wraps);
}

/** Kids from `from` on, separated by commas. */
function list(e: Node, from: number, wraps: boolean): string {
  let text = "";
  for (let k = from; k < e.kids.length; k++) {
    if (k > from) text += ", ";
    text += print(e.kids[k]!, ASSIGNMENT, wraps);
  }
  return text;
}

function paren(precedence: number, around: number, text: string): string {
  return precedence < around ? `(${text})` : text;
}

function print(e: Node, around: number, wraps: boolean): string {
  const { kids } = e;
  switch (e.op) {
    case "name":
    case "num":
      return e.text;
    case "str":
      return JSON.stringify(e.text);
    case "size":
      return `sizeof(${e.text})`;
    case "field":
      return `${print(kids[0]!, POSTFIX, wraps)}.${e.text}`;
    case "index":
      return `${print(kids[0]!, POSTFIX, wraps)}[${print(kids[1]!, 0, wraps)}]`;
    case "call":
      return `${print(kids[0]!, POSTFIX, wraps)}(${list(e, 1, wraps)})`;
    case "un":
      return paren(UNARY, around, `${e.text}${print(kids[0]!, UNARY, wraps)}`);
    case "bool":
      return paren(UNARY, around, `!!${print(kids[0]!, UNARY, wraps)}`);
    case "step":
      return paren(UNARY, around, e.text.replace("x", print(kids[0]!, POSTFIX, wraps)));
    case "bin": {
      const p = PRECEDENCE[e.text] ?? POSTFIX;
      return paren(p, around, `${print(kids[0]!, p, wraps)} ${e.text} ${print(kids[1]!, p + 1, wraps)}`);
    }
    case "assign": {
      const text = `${print(kids[0]!, UNARY, wraps)} = ${print(kids[1]!, ASSIGNMENT, wraps)}`;
      return paren(ASSIGNMENT, around, text);
    }
    case "cond": {
      const test = print(kids[0]!, CHOICE + 1, wraps);
      const text = `${test} ? ${print(kids[1]!, CHOICE, wraps)} : ${print(kids[2]!, CHOICE, wraps)}`;
      return paren(CHOICE, around, text);
    }
    case "wrap":
      return wraps ? `${e.text}(${print(kids[0]!, 0, wraps)})` : print(kids[0]!, around, wraps);
    case "copy":
      return `copy(${list(e, 0, wraps)})`;
    case "clear":
      return `clear(${list(e, 0, wraps)})`;
    case "list":
      return `{${list(e, 0, wraps)}}`;
    default:
      return `<${e.op} ${e.text}>(${list(e, 0, wraps)})`;
  }
}

/** Statements of a list inside a head, separated by commas. */
function inline(s: Node, wraps: boolean): string {
  return s.kids.map((x) => printHead(x, wraps)).join(", ");
}

/** The head of a statement: without the statements inside it. */
export function printHead(s: Node, wraps = true): string {
  const { kids } = s;
  switch (s.op) {
    case "expr":
      return print(kids[0]!, 0, wraps);
    case "assert":
      return `assert(${print(kids[0]!, 0, wraps)})`;
    case "if":
    case "while":
    case "switch":
      return `${s.op} (${print(kids[0]!, 0, wraps)})`;
    case "do":
      return `do while (${print(kids[1]!, 0, wraps)})`;
    case "for":
      return `for (${inline(kids[0]!, wraps)}; ${print(kids[1]!, 0, wraps)}; ${inline(kids[2]!, wraps)})`;
    case "case":
      return `case ${print(kids[0]!, 0, wraps)}:`;
    case "default":
      return "default:";
    case "return":
      return kids.length === 0 ? "return" : `return ${print(kids[0]!, 0, wraps)}`;
    case "goto":
      return `goto ${s.text}`;
    case "label":
      return `${s.text}:`;
    case "declare":
      return `declare ${s.text}`;
    default:
      return s.op;
  }
}

/** The lists of statements inside a statement, in order. */
export function bodies(s: Node): readonly Node[] {
  switch (s.op) {
    case "if":
      return [s.kids[1]!, s.kids[2]!];
    case "while":
    case "switch":
      return [s.kids[1]!];
    case "do":
      return [s.kids[0]!];
    case "for":
      return [s.kids[3]!];
    default:
      return [];
  }
}

/** A statement with everything inside it, one line a statement. */
export function printStatement(s: Node, wraps = true, depth = 0): string {
  if (s.op === "seq") return s.kids.map((k) => printStatement(k, wraps, depth)).join("\n");
  const indent = "  ".repeat(depth);
  const lines = [`${indent}${printHead(s, wraps)}`];
  for (const [i, body] of bodies(s).entries()) {
    if (i === 1 && body.kids.length > 0) lines.push(`${indent}else`);
    if (body.kids.length > 0) lines.push(printStatement(body, wraps, depth + 1));
  }
  return lines.join("\n");
}
