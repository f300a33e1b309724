/**
 * `pager-mirror bench sql`: the SQL engine on the port beside other SQLites for Node.
 *
 * Each library has a process of its own. In every round each runs all workloads once on a fresh
 * database; the rounds alternate between the libraries, so that whatever else the machine does meets
 * all of them. Shown are medians of processor time, which waiting for the disk does not move, and
 * ratios to better-sqlite3 in the same run.
 */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import Table from "cli-table3";
import pc from "picocolors";
import { UsageError } from "../core/usage.js";
import { buildEngine } from "../engine/build/index.js";
import { progressLine } from "../engine/build/report.js";
import { Child } from "../engines/child.js";
import { LIBRARIES, type Library } from "./libraries.js";
import type { BenchCost, BenchRequest } from "./sql-child.js";
import { workloads } from "./workloads.js";

/** The command's options as commander gives them. */
export interface BenchOptions {
  rounds: number;
  rows: number;
  json?: boolean;
}

/** The result, and what `--json` prints. */
export interface BenchReport {
  node: string;
  rounds: number;
  rows: number;
  /** Medians in microseconds per operation, and the ratio to better-sqlite3 on the same kind of storage. */
  results: { workload: string; library: Library; cpu: number; wall: number; ratio: number }[];
}

/** The package of a library, which `npm ci` without development dependencies does not install. */
const PACKAGES: Record<string, string> = {
  "better-sqlite3": "better-sqlite3",
  "sql.js": "sql.js",
  "node-sqlite3-wasm": "node-sqlite3-wasm",
};

function isInstalled(library: Library): boolean {
  const name = PACKAGES[library.slice(0, library.indexOf(","))];
  if (name === undefined) return true;
  const require = createRequire(import.meta.url);
  return (require.resolve.paths(name) ?? []).some((folder) => existsSync(`${folder}/${name}`));
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2;
}

const storage = (library: Library): string => library.slice(library.indexOf(", ") + 2);

/** Runs the benchmark and prints the table; the exit code is 1 if the libraries disagree about a result. */
export async function benchSql(o: BenchOptions): Promise<number> {
  const out = o.json ? process.stderr : process.stdout;
  const progress = progressLine(out);
  await buildEngine(progress.show).finally(progress.end);
  const missing = LIBRARIES.filter((l) => !isInstalled(l));
  if (missing.some((l) => l.startsWith("better-sqlite3")))
    throw new UsageError("better-sqlite3 is not installed");
  const libraries = LIBRARIES.filter((l) => !missing.includes(l));
  for (const l of missing) out.write(`left out: ${l} (a development dependency that is not installed)\n`);
  const costs = new Map<Library, BenchCost[][]>(libraries.map((l) => [l, []]));
  const children = new Map<Library, Child>();
  try {
    for (const l of libraries) {
      const child = new Child({ what: l, module: "../bench/sql-child.js" });
      children.set(l, child);
      await child.call({ op: "open", library: l } satisfies BenchRequest);
    }
    /* The first round warms up and is not counted. */
    for (let round = 0; round <= o.rounds; round++) {
      for (const l of libraries) {
        const request: BenchRequest = { op: "run", rows: o.rows };
        const cost = (await (children.get(l) as Child).call(request)) as BenchCost[];
        if (round > 0) costs.get(l)?.push(cost);
      }
      out.write(round === 0 ? "warmed up" : ` · round ${round}/${o.rounds}`);
    }
    out.write("\n");
  } finally {
    for (const child of children.values()) await child.kill();
  }
  return report(o, libraries, costs, out);
}

function report(
  o: BenchOptions,
  libraries: readonly Library[],
  costs: ReadonlyMap<Library, BenchCost[][]>,
  out: NodeJS.WriteStream,
): number {
  const pick = (l: Library, i: number, what: "cpu" | "wall"): number =>
    median((costs.get(l) as BenchCost[][]).map((c) => (c[i] as BenchCost)[what]));
  const result: BenchReport = { node: process.version, rounds: o.rounds, rows: o.rows, results: [] };
  let disagreements = 0;
  for (const [i, w] of workloads.entries()) {
    const expected = costs.get("better-sqlite3, file")?.[0]?.[i]?.result;
    for (const l of libraries) {
      if (costs.get(l)?.some((c) => c[i]?.result !== expected)) {
        disagreements++;
        out.write(pc.red(`${w.name}: ${l} computes something else than better-sqlite3\n`));
      }
      const n = w.operations(o.rows);
      const cpu = pick(l, i, "cpu");
      const base = pick(`better-sqlite3, ${storage(l)}` as Library, i, "cpu");
      result.results.push({
        workload: w.name,
        library: l,
        cpu: cpu / n,
        wall: pick(l, i, "wall") / n,
        ratio: cpu / base,
      });
    }
  }
  for (const kind of ["file", "memory"]) out.write(`\n${tableOf(result, kind)}\n`);
  if (o.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  return disagreements > 0 ? 1 : 0;
}

/** Microseconds of processor time per operation, and ratios, for one kind of storage. */
function tableOf(report: BenchReport, kind: string): string {
  const libraries = [...new Set(report.results.map((r) => r.library))].filter((l) => storage(l) === kind);
  const table = new Table({
    head: [`µs of CPU per operation, ${kind}`, ...libraries.map((l) => l.slice(0, l.indexOf(",")))],
    colAligns: ["left", ...libraries.map(() => "right" as const)],
    style: { head: [], border: [], compact: true },
  });
  for (const w of workloads) {
    const cells = libraries.map((l) => {
      const r = report.results.find((x) => x.workload === w.name && x.library === l);
      if (r === undefined) return "";
      const text = `${r.cpu.toFixed(2)}  ${r.ratio.toFixed(2)}x`;
      return l.startsWith("port") ? pc.bold(text) : text;
    });
    table.push([w.name, ...cells]);
  }
  return table.toString();
}
