/** What the memory tasks of workloads.ts take of this process's memory. */

import { readFileSync } from "node:fs";
import { collector, type MemoryUse } from "./side.js";
import type { Clock } from "./workloads.js";

/** Largest resident memory of this process so far, in bytes. */
function peak(): number {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
  if (found === null) throw new Error("/proc/self/status has no line VmHWM");
  return Number(found[1]) * 1024;
}

/** A clock that looks at the memory instead. */
export function memoryClock(): { clock: Clock; use: (sum: number) => MemoryUse } {
  const collect = collector();
  const heap = (): number => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const heaps = { before: 0, after: 0 };
  const peaks = { before: 0, after: 0 };
  return {
    clock: (on) => {
      const when = on ? "before" : "after";
      peaks[when] = peak();
      heaps[when] = heap();
    },
    use: (sum) => ({ heap: heaps, peak: peaks, sum }),
  };
}
