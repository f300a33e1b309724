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
