/** Keeps the ledger of divergences and the tags in the sources together. */

import type { Finding } from "./rules.js";
import type { TypeScriptSide } from "./typescript.js";

export const DIVERGENCES = "docs/divergences.md";

/** The ids of a ledger's entries, its `## id` headings, with their lines. */
export function divergenceIds(markdown: string): Map<string, number> {
  const ids = new Map<string, number>();
  for (const [i, line] of markdown.split("\n").entries()) {
    const m = /^## ([a-z0-9][\w-]*)\s*$/.exec(line);
    if (m !== null && m[1] !== "omitted") ids.set(m[1]!, i + 1);
  }
  return ids;
}

/** The tests that entries name, as `* test: FILE` or `* test: FILE "NAME"`, by id. */
export function divergenceTests(markdown: string): Map<string, { path: string; name: string | null }[]> {
  const found = new Map<string, { path: string; name: string | null }[]>();
  let id: string | null = null;
  for (const line of markdown.split("\n")) {
    if (line.startsWith("#")) id = /^## ([a-z0-9][\w-]*)\s*$/.exec(line)?.[1] ?? null;
    if (id === null || !line.startsWith("* test:")) continue;
    const tests = [...line.matchAll(/([\w./-]+\.ts)(?:\s+"([^"]*)")?/g)];
    found.set(id, [...(found.get(id) ?? []), ...tests.map((m) => ({ path: m[1]!, name: m[2] ?? null }))]);
  }
  return found;
}

/** `markdown` is the ledger's text, or null if there is none. */
export function checkDivergences(markdown: string | null, side: TypeScriptSide): Finding[] {
  const ids = divergenceIds(markdown ?? "");
  const findings: Finding[] = [];
  const used = new Set<string>();
  for (const tag of side.divergenceTags) {
    if (!ids.has(tag.id) && !used.has(tag.id)) {
      findings.push({
        rule: "PM009",
        subject: tag.id,
        message:
          markdown === null ? `${DIVERGENCES} does not exist` : `${DIVERGENCES} has no entry of this id`,
        path: tag.path,
        line: tag.line,
      });
    }
    used.add(tag.id);
  }
  for (const [id, line] of ids) {
    if (used.has(id)) continue;
    findings.push({
      rule: "PM010",
      subject: id,
      message: "no @divergence tag in src/ names it",
      path: DIVERGENCES,
      line,
    });
  }
  return findings;
}
