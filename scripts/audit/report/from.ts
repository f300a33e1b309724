/** Makes a report of what the audit found. */

import type { Row } from "../match.js";
import type { Comparison } from "../normal/comparison.js";
import type { AuditResult, OurSide } from "../run.js";
import { functionKey, type Report, type ReportDivergence, type ReportFunction } from "./model.js";

/** The entries of docs/divergences.md with what they say, by id. */
export function readDivergences(markdown: string | null): Map<string, ReportDivergence> {
  const found = new Map<string, ReportDivergence>();
  let entry: ReportDivergence | null = null;
  for (const [i, line] of (markdown ?? "").split("\n").entries()) {
    const id = /^## ([a-z0-9][\w-]*)\s*$/.exec(line)?.[1];
    if (id !== undefined) {
      entry = { id, line: i + 1, what: "" };
      found.set(id, entry);
    } else if (line.startsWith("#")) {
      entry = null;
    } else if (entry !== null) {
      const what = /^\* what: (.*)$/.exec(line)?.[1];
      if (what !== undefined) entry.what = what;
    }
  }
  return found;
}

function reportFunction(row: Row, comparison: Comparison | null): ReportFunction {
  const { upstream: c, ts } = row;
  return {
    file: row.file,
    name: row.name,
    status: row.status,
    reason: row.reason,
    upstream: c && {
      first: c.first,
      last: c.last,
      static: c.static,
      compiled: c.compiled,
      option: c.option,
      generator: c.generator,
      hash: c.hash,
    },
    ts: ts && { path: ts.path, name: ts.name, first: ts.first, last: ts.last, exported: ts.exported },
    comparison,
  };
}

export function reportOf(
  result: AuditResult,
  ours: Pick<OurSide, "sources" | "divergences">,
  profiles: readonly string[],
  seconds: number | null,
): Report {
  const { upstream, rows, findings, constants, structs, macros, comparisons } = result;
  return {
    upstream: { path: upstream.path, version: upstream.version, sha256: upstream.sha256 },
    profiles,
    functions: rows.map((row) =>
      /* Of a name that is defined in several arms only one row has a counterpart. */
      reportFunction(
        row,
        row.ts === null ? null : (comparisons.get(functionKey(row.file, row.name)) ?? null),
      ),
    ),
    findings,
    constants: { compared: constants.compared, skipped: constants.skipped },
    structs: {
      compared: structs.rows.filter((r) => r.ts.length > 0).length,
      fields: structs.rows.reduce((n, r) => n + r.matched, 0),
    },
    macros: macros.rows.filter((r) => r.ts !== null || r.decision !== null).length,
    divergences: readDivergences(ours.divergences),
    seconds,
    cLines: upstream.lines,
    cPlaces: upstream.places ?? null,
    tsLines: new Map([...ours.sources].map(([path, text]) => [path, ["", ...text.split("\n")]])),
  };
}
