/** Counts per suite, and the whole run as plain data (what `--json` prints). */

import type { BenchPagerReport } from "../bench/pager/report.js";
import type { CaseFigures, CaseResult, Suite } from "../core/case.js";

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
  /** What its cases counted, added up; absent if they count nothing. */
  figures?: CaseFigures;
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
  /** How fast the port was beside C, if that was measured. */
  bench?: BenchPagerReport;
}

/** Adds up what cases counted; undefined if none did. */
function addUp(results: readonly CaseResult[]): CaseFigures | undefined {
  const sums: Record<string, number> = {};
  let any = false;
  for (const { figures } of results) {
    for (const [name, n] of Object.entries(figures ?? {})) {
      sums[name] = (sums[name] ?? 0) + n;
      any = true;
    }
  }
  return any ? sums : undefined;
}

/** Counts the results per suite; suites without a result are left out. */
export function summarise(
  suites: readonly Pick<Suite, "name" | "about">[],
  results: readonly CaseResult[],
): SuiteSummary[] {
  const summaries: SuiteSummary[] = [];
  for (const suite of suites) {
    const own = results.filter((r) => r.suite === suite.name);
    if (own.length === 0) continue;
    const count = (outcome: CaseResult["outcome"]): number => own.filter((r) => r.outcome === outcome).length;
    const figures = addUp(own);
    summaries.push({
      name: suite.name,
      about: suite.about,
      executed: count("passed") + count("failed"),
      passed: count("passed"),
      failed: count("failed"),
      skipped: count("skipped"),
      comparisons: own.reduce((n, r) => n + r.comparisons, 0),
      milliseconds: own.reduce((n, r) => n + r.milliseconds, 0),
      ...(figures === undefined ? {} : { figures }),
    });
  }
  return summaries;
}

/** A count as a rate: how much it would be in an hour, rounded to three digits. */
export function perHour(n: number, milliseconds: number): number {
  return milliseconds === 0 ? 0 : Number(((n / milliseconds) * 3_600_000).toPrecision(3));
}

/** The name of a figure as words. */
export function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
