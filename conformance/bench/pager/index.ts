/**
 * `pager-mirror bench pager`: the port beside SQLite's own pager, in WebAssembly on the same disk in memory, and
 * natively compiled on real files; and the memory that both take.
 *
 * Each side has a process of its own and runs the workloads' loops in its own language. Shown are medians of
 * processor time and the median of the rounds' ratios. docs/performance.md has more.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pc from "picocolors";
import { SQLITE_DEBUG } from "../../../src/options.js";
import { UsageError } from "../../core/usage.js";
import { progressLine } from "../../engine/build/report.js";
import { buildNative, buildWasm, type NativeBuild } from "./build.js";
import { benchHtml } from "./html.js";
import { isSelected, measurePair, type Rounds, SidesDiffer } from "./measure.js";
import { MEMORY_SIZES, MemoryBench, type MemorySizes } from "./memory.js";
import { hasSlowSyncs } from "./operations.js";
import { CHILD, type NodeOptions, type SideProcess, startNative, startNode } from "./process.js";
import type { BenchPagerReport } from "./report.js";
import { memoryTable, pairTable } from "./text.js";
import { WORKLOAD_NAMES } from "./workloads.js";

/** The parts of the benchmark. */
export const BENCH_PARTS = ["wasm", "native", "memory"] as const;
export type BenchPart = (typeof BENCH_PARTS)[number];

/** The command's options as commander gives them. */
export interface BenchPagerOptions {
  /** Measured rounds, after one that warms up. */
  rounds: number;
  /** Only workloads whose name contains one of these; "=name" for exactly one; none: all. */
  filter: string[];
  /** Only these parts; none: all. */
  part: BenchPart[];
  /** Where files go while they are measured. Default: the system's folder for temporary files. */
  folder?: string;
  json?: boolean;
  /** Where the HTML report goes; false: nowhere. */
  report: string | false;
}

/** What only tests change. */
export interface BenchPagerScale {
  /** How much of the usual number of operations a run makes. */
  scale: number;
  sizes: MemorySizes;
  how: NodeOptions;
}

/** What users get. */
export const FULL_SCALE: BenchPagerScale = { scale: 1, sizes: MEMORY_SIZES, how: CHILD };

/** The module, or null if there is no compiler for it. */
async function wasm(report: BenchPagerReport, show: (stage: string) => void): Promise<string | null> {
  try {
    return (await buildWasm(async (stage) => show(stage))).path;
  } catch (e) {
    if (!(e instanceof Error) || !e.message.includes("C compiler for WebAssembly, and there is none"))
      throw e;
    report.leftOut.push(`C in wasm: ${e.message}`);
    return null;
  }
}

/** Runs the benchmark and prints the tables; the exit code is 1 if the sides disagree about what they did, or nothing ran. */
export async function benchPager(o: BenchPagerOptions): Promise<number> {
  const out = o.json ? process.stderr : process.stdout;
  if (!WORKLOAD_NAMES.some((name) => isSelected(name, o.filter))) {
    throw new UsageError(`no workload is called so; there are: ${WORKLOAD_NAMES.join("; ")}`);
  }
  if (SQLITE_DEBUG) out.write(pc.yellow("This build has asserts: its figures mean nothing.\n"));
  const progress = progressLine(out);
  let report: BenchPagerReport;
  try {
    report = await runBenchPager(o, FULL_SCALE, (stage, detail) => {
      progress.show(out.isTTY && detail !== undefined ? `${stage}: ${detail}` : stage);
    });
  } catch (e) {
    if (!(e instanceof SidesDiffer)) throw e;
    progress.end();
    out.write(pc.red(`${e.message}\n`));
    return 1;
  }
  progress.end();
  for (const pair of report.pairs) out.write(`\n${pairTable(pair)}\n`);
  if (report.memory.length > 0) out.write(`\n${memoryTable(report.memory)}\n`);
  for (const text of report.leftOut) out.write(`left out: ${text}\n`);
  if (report.pairs.length === 0 && report.memory.length === 0) return 1;
  if (o.report !== false) {
    mkdirSync(dirname(o.report), { recursive: true });
    writeFileSync(o.report, benchHtml(report));
    out.write(`report: ${o.report}\n`);
  }
  if (o.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return 0;
}

/**
 * Measures and prints nothing.
 *
 * @throws SidesDiffer if the sides did not do the same
 */
export async function runBenchPager(
  o: Pick<BenchPagerOptions, "rounds" | "filter" | "part" | "folder">,
  { scale, sizes, how }: BenchPagerScale,
  show: (stage: string, detail?: string) => void,
): Promise<BenchPagerReport> {
  const machine = `${process.platform} ${process.arch}, ${cpus()[0]?.model.trim() ?? "unknown processor"}`;
  const { rounds, filter } = o;
  const report: BenchPagerReport = {
    node: process.version,
    machine,
    rounds,
    pairs: [],
    memory: [],
    leftOut: [],
  };
  /* Who asks for some workloads does not ask for memory. */
  const has = (part: BenchPart): boolean =>
    o.part.length === 0 ? part !== "memory" || filter.length === 0 : o.part.includes(part);
  const folder = mkdtempSync(join(o.folder ?? tmpdir(), "pager-mirror-bench-"));
  /** Starts both sides, runs all rounds, and ends them. */
  const pair = async (onFiles: boolean, starts: (() => Promise<SideProcess>)[]): Promise<void> => {
    const sides: SideProcess[] = [];
    const slowSyncs = onFiles && hasSlowSyncs(folder);
    const r: Rounds = { rounds, filter, onFiles, slowSyncs, scale, show };
    try {
      for (const start of starts) sides.push(await start());
      const [port, c] = sides as [SideProcess, SideProcess];
      show(`${port.side} beside ${c.side}`);
      report.pairs.push(await measurePair([port, c], r));
    } finally {
      for (const side of sides) await side.kill();
    }
  };
  try {
    if (has("wasm")) {
      const path = await wasm(report, show);
      if (path !== null) {
        await pair(false, [
          () => startNode("port, memory", path, how),
          () => startNode("C in wasm, memory", path, how),
        ]);
      }
    }
    let build: NativeBuild | null = null;
    if (has("native") || has("memory")) {
      show("compiling the native program");
      build = buildNative();
      if (build === null) report.leftOut.push("native C: there is no C compiler (cc, or what CC names)");
    }
    if (has("native") && build !== null) {
      const native = build;
      const [a, b] = ["port", "c"].map((name) => join(folder, name)) as [string, string];
      mkdirSync(a);
      mkdirSync(b);
      await pair(true, [() => startNode("port, files", a, how, native), () => startNative(native, b)]);
    }
    if (has("memory")) {
      const memory = new MemoryBench(folder, build, how, (what) => show(what));
      await memory.run(sizes);
      report.memory.push(...memory.results);
      report.leftOut.push(...memory.leftOut);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return report;
}
