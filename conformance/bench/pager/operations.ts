/** How many operations a run of a workload makes: so many that it takes some tens of milliseconds on C. */

import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** By the beginning of the name, the first that fits: usually, and where syncs take long. */
const OPERATIONS: readonly (readonly [begin: string, usually: number, slowSyncs: number])[] = [
  ["cached get", 1_000_000, 1_000_000],
  ["get miss", 40_000, 40_000],
  ["write again", 1_000_000, 1_000_000],
  ["write", 20_000, 20_000],
  ["commit of 1 page", 2_000, 100],
  ["commit of 100 pages", 60, 20],
  ["lookup", 400_000, 400_000],
  ["checkpoint", 10_000, 10_000],
  ["hot journal", 4_000, 4_000],
  ["savepoint, released", 200_000, 200_000],
  ["savepoint of 1 page", 20_000, 20_000],
  ["savepoint of 50 pages", 400, 400],
  ["spill", 4_000, 4_000],
];

/** Operations of one run. `scale` 1 is for figures, less for a look whether everything works. */
export function operationsOf(name: string, slowSyncs: boolean, scale: number): number {
  const found = OPERATIONS.find(([begin]) => name.startsWith(begin));
  if (found === undefined) throw new Error(`nobody has said how often "${name}" is to be run`);
  return Math.max(1, Math.round((slowSyncs ? found[2] : found[1]) * scale));
}

/** Whether a sync takes longer in this folder than a few system calls. */
export function hasSlowSyncs(folder: string): boolean {
  const file = join(folder, "probe");
  const fd = openSync(file, "w");
  const started = performance.now();
  for (let i = 0; i < 10; i++) {
    writeSync(fd, "x", 4096 * i);
    fsyncSync(fd);
  }
  const took = performance.now() - started;
  closeSync(fd);
  rmSync(file);
  return took > 3;
}
