/** Counts per suite, and the whole run as plain data (what `--json` prints). */

import type { CaseResult, Suite } from "../core/case.js";

/** Counts of one suite. */
export interface SuiteSummary {
  name: string;
  about: string;
  executed: number;
  passed: number;
  failed: number;
  skipped: number;
  comparisons: number;
  milliseconds: number;
}

/** A whole run. */
export interface RunReport {
  /** Version of real SQLite. */
  upstream: string;
  build: string;
  seed: string;
  full: boolean;
  shard: { index: number; count: number } | null;
  node: string;
  seconds: number;
  suites: SuiteSummary[];
  results: CaseResult[];
}

/** Counts the results per suite; suites without a result are left out. */
export function summarise(suites: readonly Suite[], results: readonly CaseResult[]): SuiteSummary[] {
  const summaries: SuiteSummary[] = [];
  for (const suite of suites) {
    const own = results.filter((r) => r.suite === suite.name);
    if (own.length === 0) continue;
    const count = (outcome: CaseResult["outcome"]): number => own.filter((r) => r.outcome === outcome).length;
    summaries.push({
      name: suite.name,
      about: suite.about,
      executed: count("passed") + count("failed"),
      passed: count("passed"),
      failed: count("failed"),
      skipped: count("skipped"),
      comparisons: own.reduce((n, r) => n + r.comparisons, 0),
      milliseconds: own.reduce((n, r) => n + r.milliseconds, 0),
    });
  }
  return summaries;
}
