/**
 * `pager-mirror merge`: the JSON reports of several runs, such as the shards of one, as a single report.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { CaseResult } from "./core/case.js";
import { UsageError } from "./core/usage.js";
import { htmlReport } from "./report/html.js";
import { type RunReport, summarise } from "./report/summary.js";
import { closingLine, failureText, figuresTable, notesText, summaryTable } from "./report/text.js";

/** The command's options as commander gives them. */
export interface MergeOptions {
  json?: boolean;
  report: string | false;
}

/** What must be the same in all reports, and how it is called. */
const SAME: readonly [keyof RunReport, string][] = [
  ["upstream", "SQLite's version"],
  ["build", "the port's build"],
  ["seed", "the seed"],
  ["full", "the share (--full or not)"],
];

/**
 * Puts reports together. The seconds are added up: it is the machines' time.
 *
 * @throws UsageError if the reports do not belong together, or if a case or a shard is there twice
 */
export function mergeReports(reports: readonly { file: string; report: RunReport }[]): RunReport {
  const [first, ...others] = reports;
  if (first === undefined) throw new UsageError("there is no report to merge");
  for (const { file, report } of others) {
    for (const [field, name] of SAME) {
      if (report[field] === first.report[field]) continue;
      throw new UsageError(
        `${file} and ${first.file} do not belong together: ${name} is ${JSON.stringify(report[field])} in one ` +
          `and ${JSON.stringify(first.report[field])} in the other`,
      );
    }
  }
  const seen = new Map<string, string>();
  for (const { file, report } of reports) {
    for (const { suite, name } of report.results) {
      const other = seen.get(`${suite}\n${name}`);
      if (other !== undefined) {
        throw new UsageError(
          `the case "${suite}: ${name}" is in ${other} and in ${file}: it would count twice`,
        );
      }
      seen.set(`${suite}\n${name}`, file);
    }
  }
  const results: CaseResult[] = reports.flatMap(({ report }) => report.results);
  const suites = [
    ...new Map(reports.flatMap(({ report }) => report.suites).map((s) => [s.name, s])).values(),
  ];
  return {
    ...first.report,
    shard: null,
    seconds: reports.reduce((n, { report }) => n + report.seconds, 0),
    suites: summarise(suites, results),
    results,
  };
}

/** The shards that are not there, of those that one run was divided into; null if the reports are not shards. */
export function missingShards(reports: readonly RunReport[]): number[] | null {
  const counts = new Set(reports.map((r) => r.shard?.count));
  const [count] = counts;
  if (counts.size !== 1 || count === undefined) return null;
  const there = new Set(reports.map((r) => r.shard!.index));
  return Array.from({ length: count }, (_, i) => i + 1).filter((i) => !there.has(i));
}

function readReport(file: string): RunReport {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (e) {
    throw new UsageError(`${file} cannot be read: ${(e as NodeJS.ErrnoException).code}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (!isReport(value)) {
    throw new UsageError(`${file} is no report; write one with: pager-mirror conform --json > FILE`);
  }
  return value;
}

function isReport(value: unknown): value is RunReport {
  if (typeof value !== "object" || value === null) return false;
  const { results, suites, seconds, upstream, shard } = value as Partial<RunReport>;
  return (
    Array.isArray(results) &&
    results.every((r) => typeof r?.suite === "string" && typeof r.name === "string" && "outcome" in r) &&
    Array.isArray(suites) &&
    suites.every((s) => typeof s?.name === "string" && typeof s.about === "string") &&
    typeof seconds === "number" &&
    typeof upstream === "string" &&
    (shard === null || (typeof shard?.index === "number" && typeof shard.count === "number"))
  );
}

/** Merges, shows, writes; the exit code: 0 clean, 1 findings or shards missing. */
export function merge(files: readonly string[], o: MergeOptions): number {
  const out = o.json ? process.stderr : process.stdout;
  const reports = files.map((file) => ({ file, report: readReport(file) }));
  const report = mergeReports(reports);
  out.write(`${summaryTable(report)}\n${notesText(report)}${figuresTable(report)}`);
  for (const r of report.results) if (r.outcome === "failed") out.write(`\n${failureText(r)}\n`);
  if (o.report !== false) {
    const file = resolve(o.report);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, htmlReport(report));
    out.write(`\nreport: ${o.report}\n`);
  }
  if (o.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const missing = missingShards(reports.map((r) => r.report)) ?? [];
  if (missing.length > 0)
    out.write(`missing: shard ${missing.join(", ")} of ${reports[0]!.report.shard!.count}\n`);
  out.write(`${closingLine(report)}\n`);
  return missing.length > 0 || report.results.some((r) => r.outcome === "failed") ? 1 : 0;
}
