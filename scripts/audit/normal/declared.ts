/**
 * The ledger of statements, docs/ledger/statements/FILE.json: for each of upstream's files the differences
 * that docs/divergences.md explains, statement by statement.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Found } from "./diff.js";
import { type Rewrite, type Rule, ruleOf } from "./rewrites.js";

export const STATEMENTS = "docs/ledger/statements";

/** A difference that is accepted: what C says and what TypeScript says, in the normal form. */
export interface DeclaredDifference {
  id: string;
  /** Null where that side has nothing. A text, or its lines. */
  c: string | null;
  ts: string | null;
  /** For what one side lacks: the head of the statement before that both have; empty: a list's first. */
  after: string | null;
  /** How often the function has it; once if left out. */
  times?: number;
}

/** Something that holds here and not in C: an expression has one value wherever C reads it. */
export interface Assumption {
  id: string;
  /** The expression, in the normal form as it is printed. */
  c: string;
  value: string;
  functions: string[];
}

export interface DeclaredFile {
  rewrites: Rule[];
  assumptions: Assumption[];
  /** By function. */
  functions: ReadonlyMap<string, readonly DeclaredDifference[]>;
}

export interface Declared {
  /** By upstream's file. */
  files: ReadonlyMap<string, DeclaredFile>;
  errors: { path: string; message: string }[];
}

function isRecord(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}

/** A text, or null; lists of lines are joined. */
function textOf(v: unknown): string | null | undefined {
  if (v === null || v === undefined) return null;
  if (typeof v === "string") return v;
  return Array.isArray(v) && v.every((x) => typeof x === "string") ? v.join("\n") : undefined;
}

function readRewrites(given: unknown, fail: (message: string) => void): Rule[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    fail("rewrites is not a list");
    return [];
  }
  return given.flatMap((r: unknown) => {
    const functions = isRecord(r) ? r["functions"] : undefined;
    if (
      !isRecord(r) ||
      typeof r["id"] !== "string" ||
      typeof r["ts"] !== "string" ||
      typeof r["c"] !== "string" ||
      !(
        functions === undefined ||
        (Array.isArray(functions) && functions.every((f) => typeof f === "string"))
      )
    ) {
      fail(`a rewrite needs id, ts, c and times, and may have functions: ${JSON.stringify(r)}`);
      return [];
    }
    const rewrite: Rewrite = { id: r["id"], ts: r["ts"], c: r["c"], times: r["times"] as number };
    if (functions !== undefined) rewrite.functions = functions as string[];
    try {
      return [ruleOf(rewrite)];
    } catch (e) {
      fail(`rewrite of ${rewrite.ts}: ${(e as Error).message}`);
      return [];
    }
  });
}

function readAssumptions(given: unknown, fail: (message: string) => void): Assumption[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    fail("assumptions is not a list");
    return [];
  }
  return given.flatMap((r: unknown) => {
    if (
      isRecord(r) &&
      typeof r["id"] === "string" &&
      typeof r["c"] === "string" &&
      typeof r["value"] === "string" &&
      /^-?\d+$/.test(r["value"]) &&
      Array.isArray(r["functions"]) &&
      r["functions"].every((f) => typeof f === "string")
    ) {
      return [{ id: r["id"], c: r["c"], value: r["value"], functions: r["functions"] as string[] }];
    }
    fail(`an assumption needs id, c, value (a number) and functions: ${JSON.stringify(r)}`);
    return [];
  });
}

/** Reads one file of the ledger. */
export function parseDeclared(json: string, fail: (message: string) => void): DeclaredFile {
  const functions = new Map<string, DeclaredDifference[]>();
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (e) {
    fail((e as Error).message);
    return { rewrites: [], assumptions: [], functions };
  }
  if (!isRecord(parsed) || !isRecord(parsed["functions"] ?? {})) {
    fail("is not an object with rewrites and functions");
    return { rewrites: [], assumptions: [], functions };
  }
  for (const [name, list] of Object.entries((parsed["functions"] ?? {}) as Record<string, unknown>)) {
    for (const d of Array.isArray(list) ? (list as unknown[]) : [list]) {
      const c = isRecord(d) ? textOf(d["c"]) : undefined;
      const ts = isRecord(d) ? textOf(d["ts"]) : undefined;
      const times = isRecord(d) ? (d["times"] ?? 1) : undefined;
      const after = isRecord(d) ? textOf(d["after"]) : undefined;
      if (
        !isRecord(d) ||
        typeof d["id"] !== "string" ||
        c === undefined ||
        ts === undefined ||
        after === undefined ||
        (c === null && ts === null) ||
        (c !== null && ts !== null) !== (after === null) ||
        typeof times !== "number"
      ) {
        fail(`${name}: an entry needs an id and c and ts, or one of them and after: ${JSON.stringify(d)}`);
        continue;
      }
      const entries = functions.get(name) ?? [];
      entries.push({ id: d["id"], c, ts, after, times });
      functions.set(name, entries);
    }
  }
  return {
    rewrites: readRewrites(parsed["rewrites"], fail),
    assumptions: readAssumptions(parsed["assumptions"], fail),
    functions,
  };
}

export function readDeclared(root: string): Declared {
  const files = new Map<string, DeclaredFile>();
  const errors: Declared["errors"] = [];
  const folder = join(root, STATEMENTS);
  for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
    if (!name.endsWith(".json")) continue;
    const path = `${STATEMENTS}/${name}`;
    const fail = (message: string): void => {
      errors.push({ path, message });
    };
    files.set(name.replace(/json$/, "c"), parseDeclared(readFileSync(join(folder, name), "utf8"), fail));
  }
  return { files, errors };
}

/** Gives out entries for differences; each as often as it says. */
export class Allowance {
  private readonly left = new Map<DeclaredDifference, number>();

  constructor(entries: readonly DeclaredDifference[]) {
    for (const e of entries) this.left.set(e, e.times ?? 1);
  }

  /**
   * The ids of the entries that cover the differences, null where none does. An entry may cover several
   * statements, one behind the other, that one side lacks.
   */
  cover(all: readonly Pick<Found, "c" | "ts" | "after" | "run">[]): (string | null)[] {
    const ids: (string | null)[] = [];
    for (let i = 0; i < all.length; ) {
      const d = all[i]!;
      let end = i + 1;
      if (d.c === null || d.ts === null) while (end < all.length && all[end]!.run === d.run) end++;
      let id: string | null = null;
      for (; id === null && end > i; end--) {
        id = this.take(joined(all.slice(i, end)));
        if (id !== null) break;
      }
      const length = id === null ? 1 : end - i;
      for (let k = 0; k < length; k++) ids.push(id);
      i += length;
    }
    return ids;
  }

  /** The id of the entry that covers a difference, or null. */
  take(d: Pick<Found, "c" | "ts" | "after">): string | null {
    for (const [e, n] of this.left) {
      if (n > 0 && e.c === d.c && e.ts === d.ts && (e.after === null || e.after === d.after)) {
        this.left.set(e, n - 1);
        return e.id;
      }
    }
    return null;
  }

  /** Entries that were not used as often as they say. */
  unused(): DeclaredDifference[] {
    return [...this.left].filter(([, n]) => n > 0).map(([e]) => e);
  }
}

function joined(run: readonly Pick<Found, "c" | "ts" | "after">[]): Pick<Found, "c" | "ts" | "after"> {
  if (run.length === 1) return run[0]!;
  const text = (side: "c" | "ts"): string | null =>
    run[0]![side] === null ? null : run.map((d) => d[side]).join("\n");
  return { c: text("c"), ts: text("ts"), after: run[0]!.after };
}
