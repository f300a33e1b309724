/** One side of the benchmark, in a process of its own: runs workloads and measures them. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Which side. */
export type SideName = "port, memory" | "C in wasm, memory" | "port, files" | "native C, files";

/** Calls of the VFS, or system calls, while the clock ran. */
export interface Calls {
  reads: number;
  writes: number;
  syncs: number;
}

/** What a run of a workload cost. */
export interface Cost {
  /** Of the processor in user and kernel mode, in nanoseconds, all threads of the process together. */
  cpu: number;
  wall: number;
  /** What the workload read; equal on all sides. */
  sum: number;
  /** null: not counted in this run. */
  calls: Calls | null;
}

/** What a memory task took, in bytes, before its measured part and after it. */
export interface MemoryUse {
  /** Blocks that the program has at this moment. */
  heap: { before: number; after: number };
  /** Largest resident memory of the process so far. */
  peak: { before: number; after: number };
  sum: number;
}

/** What a side can do. */
export interface BenchSide {
  /** The workloads' names, in order. */
  readonly names: readonly string[];
  /** Runs workload `i` with `n` operations; with `count` the calls too, which may take longer. */
  run(i: number, n: number, count: boolean): Cost;
}

/**
 * V8's collector, whether or not node was started with --expose-gc. "minor" collects what is young only, and with
 * it not the hidden classes of structs of which there is none at the moment: the next pager would begin with
 * code that has to be compiled again.
 */
export function collector(): (options?: { type: "minor" }) => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as (options?: { type: "minor" }) => void;
}

/** The clock of a side that runs in Node. */
export class StopWatch {
  /** Nanoseconds between the starts and the stops. */
  cpu = 0;
  wall = 0;
  running = false;
  readonly #collect = collector();
  #fresh = true;
  #cpuStart: NodeJS.CpuUsage = { user: 0, system: 0 };
  #wallStart = 0;

  reset(): void {
    this.cpu = 0;
    this.wall = 0;
    this.running = false;
    this.#fresh = true;
  }

  readonly set = (on: boolean): void => {
    if (on) {
      /* What was made ready leaves garbage, which is not the workload's. */
      if (this.#fresh) this.#collect({ type: "minor" });
      this.#fresh = false;
      this.running = true;
      this.#wallStart = performance.now();
      this.#cpuStart = process.cpuUsage();
    } else {
      const used = process.cpuUsage(this.#cpuStart);
      this.wall += (performance.now() - this.#wallStart) * 1e6;
      this.cpu += (used.user + used.system) * 1000;
      this.running = false;
    }
  };
}
