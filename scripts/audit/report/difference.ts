/** Differences and verdicts in words. */

import type { Comparison, Difference } from "../normal/comparison.js";
import { STATEMENTS } from "../normal/declared.js";
import { plural } from "./counts.js";

export const KINDS: Readonly<Record<Difference["kind"], string>> = {
  missing: "only C has this",
  extra: "only TypeScript has this",
  changed: "both have this, differently",
  mask: "a value is cut to a width on one side only",
};

/** Only one side has it, so its place counts, too. */
export function isOneSided(d: Pick<Difference, "c" | "ts">): boolean {
  return d.c === null || d.ts === null;
}

/** The entry that would declare a difference, ready to be pasted; several lines become a list. */
export function snippet(d: Pick<Difference, "c" | "ts" | "after">, times = 1): string {
  const text = (v: string | null): string => {
    if (v === null) return "null";
    const lines = v.split("\n");
    return lines.length === 1
      ? JSON.stringify(v)
      : `[${lines.map((line) => JSON.stringify(line)).join(", ")}]`;
  };
  const count = times > 1 ? `, "times": ${times}` : "";
  const after = isOneSided(d) ? `, "after": ${text(d.after)}` : "";
  return `{ "id": "ID", "c": ${text(d.c)}, "ts": ${text(d.ts)}${after}${count} }`;
}

/** Where the entries of one of upstream's files stand. */
export function statementsPath(file: string): string {
  return `${STATEMENTS}/${file.replace(/\.[ch]$/, "")}.json`;
}

/** How many undeclared differences of the function say the same; 0 for all but the first of them. */
export function repeats(c: Comparison, d: Difference): number {
  const isAlike = (x: Difference): boolean =>
    x.entry === null && x.c === d.c && x.ts === d.ts && (!isOneSided(d) || x.after === d.after);
  const alike = c.differences.filter(isAlike);
  return alike[0] === d ? alike.length : 0;
}

/** Under which profiles it shows, unless under all. */
export function under(d: Difference, profiles: readonly string[]): string {
  const all = d.profiles.length === 0 || profiles.every((p) => d.profiles.includes(p));
  return all ? "" : `, under ${d.profiles.join(", ")}`;
}

export function verdictWords(c: Comparison): string {
  const open = c.differences.filter((d) => d.entry === null).length;
  return [
    c.verdict === "declared" ? "identical up to declared differences" : c.verdict,
    /* Never rounded up to 100. */
    `${(Math.floor(1000 * c.score) / 10).toFixed(1)} % of ${plural(c.statements, "statement")}`,
    ...(c.differences.length > 0
      ? [`${plural(c.differences.length, "difference")}, ${open} undeclared`]
      : []),
  ].join("; ");
}
