/** Which statements are not run, and why: what neither engine here offers, or what no two runs answer alike. */

import type { SqlToken } from "./sqltext.js";

/** Functions that read the clock when they get no argument, or one that is a format. */
const CLOCK: Readonly<Record<string, number>> = {
  date: 0,
  time: 0,
  datetime: 0,
  julianday: 0,
  unixepoch: 0,
  strftime: 1,
};

const LARGE = 50_000_000;

/**
 * The reason why a statement must be left out, or null.
 *
 * @param words the statement's tokens
 */
export function reasonToExclude(tokens: readonly SqlToken[]): string | null {
  const lower = tokens.map((t) => t.text.toLowerCase());
  const first = lower[0] === "explain" ? (lower[1] === "query" ? lower[3] : lower[1]) : lower[0];
  if (first === "pragma") {
    const reason = pragma(lower);
    if (reason !== null) return reason;
  }
  if (first === "attach" || (first === "vacuum" && lower.includes("into"))) {
    if (tokens.some((t) => t.kind === "string" && /^'(?:file:(?:\/\/[^/]*)?)?(?:\/|.*\.\.)/.test(t.text))) {
      return "a file outside of the folder";
    }
  }
  for (const [i, t] of lower.entries()) {
    const token = tokens[i] as SqlToken;
    if (token.kind === "string") {
      if (/^'\s*now\s*'$/.test(t)) return "the present time";
      continue;
    }
    if (token.kind !== "word") continue;
    if (t === "current_timestamp" || t === "current_date" || t === "current_time") return "the present time";
    if (lower[i + 1] !== "(") continue;
    const most = CLOCK[t];
    if (most !== undefined && argumentCount(lower, i + 1) <= most && first !== "create")
      return "the present time";
    if (t === "fts3_tokenizer") return "an address in the answer";
    if (t === "load_extension") return "loadable extensions";
    if (t === "sqlite_compileoption_get" || t === "sqlite_compileoption_used")
      return "the build's compile options";
    if (t === "zeroblob" || t === "randomblob") {
      if (Number(lower[i + 2]) >= LARGE) return "hundreds of megabytes in one value";
    }
  }
  if (lower.includes("pragma_compile_options")) return "the build's compile options";
  return null;
}

function argumentCount(lower: readonly string[], open: number): number {
  if (lower[open + 1] === ")") return 0;
  let depth = 0;
  let count = 1;
  for (let i = open; i < lower.length; i++) {
    if (lower[i] === "(") depth++;
    else if (lower[i] === ")" && --depth === 0) return count;
    else if (lower[i] === "," && depth === 1) count++;
  }
  return count;
}

function pragma(lower: readonly string[]): string | null {
  const words = lower.map((t) => t.replace(/^['"`[]|['"`\]]$/g, ""));
  const name = words[2] === "." ? words[3] : words[1];
  const value = words.slice(words[2] === "." ? 4 : 2).filter((w) => w !== "=" && w !== "(" && w !== ")");
  switch (name) {
    case "compile_options":
      return "the build's compile options";
    case "threads":
      return value.length > 0 && value[0] !== "0" ? "worker threads" : null;
    case "soft_heap_limit":
    case "hard_heap_limit":
      return "memory limits of the whole process";
  }
  return null;
}
