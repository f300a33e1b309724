/**
 * SQL functions that only upstream's test program has.
 *
 * Three ways out, before the statement goes to either engine: a function that is a TCL procedure and has
 * constant arguments is replaced by its value; `randstr` becomes random characters of SQLite's own; the
 * aggregate `md5sum` becomes one that reads the same columns. Other uses stay as they are: both engines
 * then say that there is no such function.
 */

import { type SqlToken, sqlTokens } from "./sqltext.js";

/** Gives the value of a function as a SQL literal, or null if it cannot be told. */
export type Evaluate = (name: string, args: string[]) => string | null;

/** Where the functions of a file come from. */
export interface TestFunctions {
  /** Whether the test has made a function of this name. */
  has(name: string): boolean;
  evaluate: Evaluate;
  /** From 0 to 1. */
  random(): number;
}

/** A call within tokens: its arguments, each a list of tokens, and the index of the closing parenthesis. */
function readCall(tokens: readonly SqlToken[], open: number): { args: SqlToken[][]; close: number } | null {
  const args: SqlToken[][] = [[]];
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const token = tokens[i] as SqlToken;
    if (token.text === "(" && depth++ === 0) continue;
    if (token.text === ")" && --depth === 0) {
      return { args: args.length === 1 && args[0]?.length === 0 ? [] : args, close: i };
    }
    if (token.text === "," && depth === 1) args.push([]);
    else args[args.length - 1]?.push(token);
  }
  return null;
}

/** The text of an argument that is one literal; null if it is anything else. */
function literal(tokens: readonly SqlToken[]): string | null {
  const [first, second] = tokens;
  if (first === undefined || tokens.length > 2) return null;
  if (tokens.length === 2) {
    return first.text === "-" && second?.kind === "number" ? `-${second.text}` : null;
  }
  if (first.kind === "number") return first.text;
  if (first.kind === "string") return first.text.slice(1, -1).replaceAll("''", "'");
  return null;
}

function spelling(sql: string, tokens: readonly SqlToken[]): string {
  const first = tokens[0];
  const last = tokens[tokens.length - 1];
  return first === undefined || last === undefined ? "" : sql.slice(first.start, last.end);
}

/** What stands for a call, or null if it stays. */
function replacement(name: string, args: SqlToken[][], sql: string, functions: TestFunctions): string | null {
  const lower = name.toLowerCase();
  if (functions.has(lower)) {
    const values = args.map(literal);
    return values.some((v) => v === null) ? null : functions.evaluate(lower, values as string[]);
  }
  if (lower === "randstr" && args.length === 2) {
    const [least, most] = args.map((a) => Number(literal(a) ?? Number.NaN));
    if (least === undefined || most === undefined || !(least >= 0) || !(most >= least) || most > 1_000_000)
      return null;
    const length = Math.floor(least + functions.random() * (most - least + 1));
    return `substr(hex(randomblob(${Math.ceil(length / 2)})),1,${length})`;
  }
  if (lower === "md5sum" && args.length > 0) {
    return `group_concat(${args.map((a) => `quote(${spelling(sql, a)})`).join("||'|'||")})`;
  }
  return null;
}

/** SQL text in which the calls that can be replaced have been. */
export function replaceFunctions(sql: string, functions: TestFunctions): string {
  const tokens = sqlTokens(sql);
  let out = "";
  let from = 0;
  for (let i = 0; i + 1 < tokens.length; i++) {
    const token = tokens[i] as SqlToken;
    if (token.kind !== "word" || tokens[i + 1]?.text !== "(") continue;
    const lower = token.text.toLowerCase();
    if (lower !== "randstr" && lower !== "md5sum" && !functions.has(lower)) continue;
    const call = readCall(tokens, i + 1);
    const by = call === null ? null : replacement(token.text, call.args, sql, functions);
    if (call === null || by === null) continue;
    out += sql.slice(from, token.start) + by;
    from = (tokens[call.close] as SqlToken).end;
    i = call.close;
  }
  return from === 0 ? sql : out + sql.slice(from);
}
