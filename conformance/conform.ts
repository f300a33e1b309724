/**
 * `pager-mirror conform`: selects, runs, shows, reports.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import pc from "picocolors";
import { SQLITE_DEBUG } from "../src/index.js";
import { FULL_SCALE, runBenchPager } from "./bench/pager/index.js";
import { SidesDiffer } from "./bench/pager/measure.js";
import type { BenchPagerReport } from "./bench/pager/report.js";
import { pairTable } from "./bench/pager/text.js";
import { type RunOptions, run, select } from "./core/run.js";
import { UsageError } from "./core/usage.js";
import { buildEngine } from "./engine/build/index.js";
import { progressLine } from "./engine/build/report.js";
import { sqlite3_libversion } from "./engines/version.js";
import { buildOracle } from "./oracle/build/index.js";
import { htmlReport } from "./report/html.js";
import { Progress } from "./report/progress.js";
import { type RunReport, summarise } from "./report/summary.js";
import { closingLine, failureText, figuresTable, notesText, summaryTable } from "./report/text.js";
import { suites } from "./suites/index.js";

/** The command's options as commander gives them. */
export interface ConformOptions {
  suite: string[];
  filter: string[];
  seed: string;
  shard?: { index: number; count: number };
  lanes: number;
  /** Minutes. */
  budget?: number;
  full?: boolean;
  keep?: boolean;
  json?: boolean;
  report: string | false;
  list?: boolean;
  bench: boolean;
}

/**
 * Builds what is C: the SQL engine, which takes a minute or more the first time, and the C pager. Where that
 * cannot be done the reason is shown, and the cases that need it fail one by one.
 */
async function prepare(
  out: NodeJS.WriteStream,
  build: (show: (stage: string) => void) => Promise<unknown>,
): Promise<void> {
  const progress = progressLine(out);
  try {
    await build(progress.show);
  } catch (e) {
    progress.end();
    out.write(`${(e as Error).message}\n`);
  } finally {
    progress.end();
  }
}

/** Rounds of the benchmark that ends a run; `bench pager` has more, and real files, and memory. */
const ROUNDS = 3;

/** How fast the port is beside C, or what is wrong: the sides did not do the same. */
async function measure(out: NodeJS.WriteStream): Promise<BenchPagerReport | string> {
  const progress = progressLine(out);
  const show = (stage: string, detail?: string): void =>
    progress.show(out.isTTY && detail !== undefined ? `${stage}: ${detail}` : stage);
  try {
    return await runBenchPager({ rounds: ROUNDS, filter: [], part: ["wasm"] }, FULL_SCALE, show);
  } catch (e) {
    if (e instanceof SidesDiffer) return e.message;
    throw e;
  } finally {
    progress.end();
  }
}

/** Runs the suites and returns the exit code: 0 clean, 1 findings. */
export async function conform(o: ConformOptions): Promise<number> {
  const out = o.json ? process.stderr : process.stdout;
  const options: RunOptions = {
    suites: o.suite.length === 0 ? suites : suites.filter((s) => o.suite.includes(s.name)),
    filters: o.filter,
    seed: o.seed,
    full: o.full ?? false,
    shard: o.shard ?? null,
    lanes: o.lanes,
    keep: o.keep ?? false,
    budget: o.budget === undefined ? null : o.budget * 60,
    saved: join(dirname(o.report === false ? "report/conformance.html" : o.report), "failures"),
  };
  if (o.list) {
    for (const s of select(options)) process.stdout.write(`${s.suite.name}\t${s.case.name}\n`);
    return 0;
  }
  const selected = select(options);
  if (selected.length === 0) {
    throw new UsageError(
      "no case is selected, and a run that executes nothing proves nothing; --list shows what there is",
    );
  }
  const build = SQLITE_DEBUG ? "debug build (asserts on)" : "production build (asserts stripped)";
  out.write(
    `pager-mirror, ${build}, against SQLite ${sqlite3_libversion()} in better-sqlite3\n` +
      `${selected.length} cases, seed ${o.seed}, ${options.lanes} side by side${o.full ? ", full matrix" : ""}\n`,
  );
  if (selected.some((s) => s.suite.needsEngine)) {
    await prepare(out, buildEngine);
  }
  if (selected.some((s) => s.suite.needsOracle)) {
    await prepare(out, async (show) => {
      for (const kind of ["release", "debug"] as const) {
        await buildOracle({ kind, report: async (stage) => show(`the C pager, ${kind}: ${stage}`) });
      }
    });
  }
  const progress = new Progress(out);
  const started = performance.now();
  const results = await run({
    ...options,
    onStart: (total) => progress.start(total),
    onResult: (result, done) => progress.result(result, done),
  });
  progress.stop();
  const seconds = (performance.now() - started) / 1000;
  /* Part of the main job, not of somebody's search for one failure. */
  const isWhole = o.suite.length === 0 && o.filter.length === 0 && o.shard === undefined;
  const bench = o.bench && isWhole ? await measure(out) : undefined;
  const report: RunReport = {
    upstream: sqlite3_libversion(),
    build,
    seed: o.seed,
    full: options.full,
    shard: options.shard,
    node: process.version,
    seconds,
    suites: summarise(suites, results),
    results,
    ...(bench === undefined || typeof bench === "string" ? {} : { bench }),
  };
  out.write(`\n${summaryTable(report)}\n`);
  out.write(notesText(report));
  out.write(figuresTable(report));
  for (const pair of report.bench?.pairs ?? []) out.write(`\n${pairTable(pair)}\n`);
  if (typeof bench === "string") out.write(`\n${pc.red(bench)}\n`);
  for (const r of results) if (r.outcome === "failed") out.write(`\n${failureText(r)}\n`);
  if (o.report !== false) {
    const file = resolve(o.report);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, htmlReport(report));
    out.write(`\nreport: ${o.report}\n`);
  }
  if (o.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  out.write(`${closingLine(report)}\n`);
  const executed = results.filter((r) => r.outcome !== "skipped").length;
  if (typeof bench === "string") return 1;
  return executed === 0 || results.some((r) => r.outcome === "failed") ? 1 : 0;
}
