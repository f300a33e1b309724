/** What the benchmark has found, and what it should find. */

import type { Calls, SideName } from "./side.js";

/** One workload on one pair of sides. */
export interface PairResult {
  workload: string;
  /** Operations of one run. */
  operations: number;
  /** Medians, in nanoseconds per operation. */
  port: { cpu: number; wall: number };
  c: { cpu: number; wall: number };
  /** Median of the rounds' ratios of processor time, port to C; and the smallest and the largest of them. */
  ratio: number;
  from: number;
  to: number;
  /** What the ratio should not exceed. */
  aim: number;
  /** Calls per operation while the clock ran, the same on both sides; null: not counted. */
  calls: Calls | null;
}

/** All workloads on one pair of sides. */
export interface PairReport {
  port: SideName;
  c: SideName;
  results: PairResult[];
}

/** Memory of one process in bytes. */
export interface MemoryFigure {
  /** Before the measured part, and what that added. */
  before: number;
  added: number;
}

/** One line about memory. */
export interface MemoryResult {
  what: "bytes per cached page beyond the page" | "peak while checkpointing" | "peak while rolling back";
  /** Pages, frames, or bytes of the journal. */
  size: number;
  port: MemoryFigure;
  /** null: there is no native C here. */
  c: MemoryFigure | null;
}

/** The result, and what `--json` prints. */
export interface BenchPagerReport {
  node: string;
  machine: string;
  rounds: number;
  pairs: PairReport[];
  memory: MemoryResult[];
  /** What could not be measured here, with the reason. */
  leftOut: string[];
}

/**
 * The aim for a row: C in WebAssembly is to be reached; native C by a third where system calls are made,
 * twofold where there are none.
 */
export function aimOf(onFiles: boolean, calls: Calls | null): number {
  if (!onFiles) return 1;
  return calls !== null && calls.reads + calls.writes + calls.syncs >= 0.5 ? 1.3 : 2;
}

/** A time per operation for people. */
export function showTime(ns: number): string {
  if (ns < 1000) return `${ns.toFixed(ns < 100 ? 1 : 0)} ns`;
  return ns < 1e6 ? `${(ns / 1000).toFixed(ns < 1e5 ? 2 : 1)} µs` : `${(ns / 1e6).toFixed(2)} ms`;
}

/** A size for people. */
export function showBytes(bytes: number): string {
  if (Math.abs(bytes) < 10_000) return `${Math.round(bytes)} B`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** How large the work of a memory line was. */
export function showSize(r: MemoryResult): string {
  switch (r.what) {
    case "bytes per cached page beyond the page":
      return `${r.size.toLocaleString("en")} pages`;
    case "peak while checkpointing":
      return `${r.size.toLocaleString("en")} frames`;
    case "peak while rolling back":
      return `journal of ${Math.round(r.size / 1024 / 1024)} MiB`;
  }
}

/** Calls per operation, rounded. */
export function showCalls(calls: Calls | null): string[] {
  if (calls === null) return ["", "", ""];
  return [calls.reads, calls.writes, calls.syncs].map((x) => String(Math.round(x * 100) / 100));
}
