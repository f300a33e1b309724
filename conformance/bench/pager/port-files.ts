/** The port on real files, with the sizes and the options of a 64-bit better-sqlite3, which the native C has too. */

import { createRequire } from "node:module";
import { SQLITE_OK, sqlite3_initialize } from "../../../src/unix.js";
import { type BenchSide, type Calls, type Cost, StopWatch } from "./side.js";
import { WORKLOAD_NAMES, Workloads } from "./workloads.js";

type CallCounter = (i: number) => number;

/** The counter of c/calls.c, if this process was started with it. */
function preloaded(): CallCounter | null {
  if (!process.env["LD_PRELOAD"]?.includes("calls.so")) return null;
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  return koffi.load(null).func("pager_mirror_bench_calls", "int64_t", ["int"]) as CallCounter;
}

/** See above. */
export class PortFilesSide implements BenchSide {
  readonly names = WORKLOAD_NAMES;
  readonly #watch = new StopWatch();
  readonly #calls: Calls = { reads: 0, writes: 0, syncs: 0 };
  readonly #counter = preloaded();
  readonly #workloads: Workloads;

  /** @param folder where the files are; nobody else may have them open */
  constructor(folder: string) {
    const rc = sqlite3_initialize();
    if (rc !== SQLITE_OK) throw new Error(`the port cannot be initialized: result code ${rc}`);
    this.#workloads = new Workloads(folder, (on) => {
      if (on) this.#count(-1);
      this.#watch.set(on);
      if (!on) this.#count(1);
    });
  }

  /** Adds the counters as they are now, or takes them away. */
  #count(sign: number): void {
    if (this.#counter === null) return;
    this.#calls.reads += sign * this.#counter(0);
    this.#calls.writes += sign * this.#counter(1);
    this.#calls.syncs += sign * this.#counter(2);
  }

  run(i: number, n: number): Cost {
    Object.assign(this.#calls, { reads: 0, writes: 0, syncs: 0 });
    this.#watch.reset();
    const sum = this.#workloads.run(i, n);
    const calls = this.#counter === null ? null : { ...this.#calls };
    return { cpu: this.#watch.cpu, wall: this.#watch.wall, sum, calls };
  }
}
