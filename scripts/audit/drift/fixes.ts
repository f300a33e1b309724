/**
 * Is a fix in? Known ones are in docs/ledger/fixes.json; others are asked for as FUNCTION:TEXT or
 * FUNCTION:/REGEXP/. What is looked for is a sequence of tokens inside one function, on both sides.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../../conformance/core/usage.js";
import { blankComments, type Token, tokenize } from "../lexer.js";
import type { Row } from "../match.js";
import type { UpstreamSide } from "../run.js";
import { type Place, placeOf } from "../upstream.js";

export const FIXES = "docs/ledger/fixes.json";

export interface Fix {
  id: string;
  title: string;
  /** Releases that brought it, oldest first. */
  since: readonly string[];
  file: string;
  function: string;
  /** What C says with the fix, or does not say any more if `gone`. */
  c: string;
  /** What the port says, if it is not the same. */
  ts: string;
  gone: boolean;
  /** Where the difference is one that docs/divergences.md declares. */
  note: string | null;
}

/** What one side answers; lines are those of the first match. */
export interface FixAnswer {
  /** Null: the side has no such function. */
  has: boolean | null;
  place: { path: string; first: number; last: number } | null;
  /** The lines, as they are. */
  text: string[];
}

export interface FixResult {
  fix: Fix;
  version: string;
  c: FixAnswer;
  ts: FixAnswer;
}

function isRecord(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}

export function parseFixes(json: string): Fix[] {
  const root: unknown = JSON.parse(json);
  if (!isRecord(root)) throw new Error(`${FIXES} is not an object`);
  return Object.entries(root).map(([id, entry]) => {
    if (!isRecord(entry)) throw new Error(`${FIXES}: ${id} is not an object`);
    const text = (key: string): string => {
      const value = entry[key];
      if (typeof value !== "string" || value === "") throw new Error(`${FIXES}: ${id} needs ${key}`);
      return value;
    };
    const since = entry["since"];
    if (!Array.isArray(since)) throw new Error(`${FIXES}: ${id} needs since, a list of versions`);
    return {
      id,
      title: text("title"),
      since: since.map(String),
      file: text("file"),
      function: text("function"),
      c: text("c"),
      ts: entry["ts"] === undefined ? text("c") : text("ts"),
      gone: entry["gone"] === true,
      note: entry["note"] === undefined ? null : text("note"),
    };
  });
}

export function readFixes(root: string): Fix[] {
  const path = join(root, FIXES);
  return existsSync(path) ? parseFixes(readFileSync(path, "utf8")) : [];
}

/** Tokens with the spellings that C and TypeScript have in different ways made one. */
function comparable(text: string): Token[] {
  const out: Token[] = [];
  for (const t of tokenize(blankComments(text))) {
    const last = out[out.length - 1];
    const joined = last !== undefined && last.pos + last.text.length === t.pos;
    /* === and !== */
    if (t.text === "=" && joined && (last.text === "==" || last.text === "!=")) continue;
    out.push(t.text === "->" ? { ...t, text: ".", kind: "punct" } : t);
  }
  /* p!.x: an exclamation mark behind a name or bracket, in front of what cannot be an operand. */
  return out.filter((t, i) => {
    if (t.text !== "!") return true;
    const before = out[i - 1];
    const after = out[i + 1]?.text ?? ";";
    const behindValue =
      before !== undefined && (before.kind === "id" || before.text === ")" || before.text === "]");
    return !(behindValue && /^[.,;)\]&|=<>+*/%?:-]/.test(after));
  });
}

/** Where `wanted` stands in `text`: offsets of its first and last character, or null. */
function find(text: string, wanted: string): [number, number] | null {
  const regexp = /^\/(.*)\/$/s.exec(wanted);
  if (regexp !== null) {
    const m = new RegExp(regexp[1]!, "s").exec(blankComments(text));
    return m === null ? null : [m.index, m.index + Math.max(0, m[0].length - 1)];
  }
  const tokens = comparable(text);
  const sought = comparable(wanted);
  for (let i = 0; i + sought.length <= tokens.length; i++) {
    if (!sought.every((t, k) => tokens[i + k]!.text === t.text)) continue;
    return [tokens[i]!.pos, tokens[i + sought.length - 1]!.pos];
  }
  return null;
}

function answer(
  lines: readonly string[],
  wanted: string,
  gone: boolean,
  at: (line: number) => Place,
): FixAnswer {
  const text = lines.join("\n");
  const found = find(text, wanted);
  if (found === null) return { has: gone, place: null, text: [] };
  const lineOf = (offset: number): number => text.slice(0, offset).split("\n").length - 1;
  const [first, last] = [lineOf(found[0]), lineOf(found[1])];
  const { path, line } = at(first);
  return {
    has: !gone,
    place: { path, first: line, last: line + last - first },
    text: lines.slice(first, last + 1).map((l) => l.trimEnd()),
  };
}

const NOWHERE: FixAnswer = { has: null, place: null, text: [] };

/** The fix that is meant: an id of the table, or FUNCTION:TEXT. */
export function fixNamed(fixes: readonly Fix[], name: string): Fix {
  const known = fixes.find((f) => f.id === name);
  if (known !== undefined) return known;
  const m = /^(\w+):(.+)$/s.exec(name);
  if (m === null) {
    const ids = fixes.map((f) => f.id).join(", ");
    throw new UsageError(
      `there is no fix "${name}"; known are ${ids}; or ask for FUNCTION:TEXT or FUNCTION:/REGEXP/`,
    );
  }
  if (/^\/.*\/$/s.test(m[2]!)) {
    try {
      new RegExp(m[2]!.slice(1, -1), "s");
    } catch (e) {
      throw new UsageError(`${m[2]} is no regular expression: ${(e as Error).message}`);
    }
  }
  const [fn, text] = [m[1]!, m[2]!];
  return {
    id: name,
    title: name,
    since: [],
    file: "",
    function: fn,
    c: text,
    ts: text,
    gone: false,
    note: null,
  };
}

/** Asks both sides; `rows` tell where the port has the function. */
export function askFix(
  fix: Fix,
  theirs: UpstreamSide,
  rows: readonly Row[],
  sources: ReadonlyMap<string, string>,
): FixResult {
  const { up } = theirs;
  const files = fix.file === "" ? [...new Set(rows.map((r) => r.file))] : [fix.file];
  const functions = files.flatMap((f) => theirs.inventoryOf(f)?.functions ?? []);
  const own = functions.filter((f) => f.name === fix.function);
  const fn = own.find((f) => f.compiled) ?? own[0];
  const row = rows.find((r) => r.name === fix.function && r.ts !== null && files.includes(r.file));
  const ts = row?.ts ?? null;
  return {
    fix,
    version: up.version,
    c:
      fn === undefined
        ? NOWHERE
        : answer(up.lines.slice(fn.first, fn.last + 1), fix.c, fix.gone, (i) => placeOf(up, fn.first + i)),
    ts:
      ts === null
        ? NOWHERE
        : answer(
            sources
              .get(ts.path)!
              .split("\n")
              .slice(ts.first - 1, ts.last),
            fix.ts,
            fix.gone,
            (i) => ({
              path: ts.path,
              line: ts.first + i,
            }),
          ),
  };
}
