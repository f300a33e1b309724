/**
 * One library's process: runs all workloads once on a fresh database, and says what each cost.
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "../engines/child.js";
import { type Library, openLibrary } from "./libraries.js";
import { SETTINGS, workloads } from "./workloads.js";

/** What the parent may ask. */
export type BenchRequest = { op: "open"; library: Library } | { op: "run"; rows: number };

/** What one workload cost, in microseconds. */
export interface BenchCost {
  name: string;
  /** Of the processor, in user and kernel mode. */
  cpu: number;
  wall: number;
  /** What the workload computed; equal for all libraries. */
  result: number;
}

let library: Library | null = null;
const folder = mkdtempSync(join(tmpdir(), "pager-mirror-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

async function run(rows: number): Promise<BenchCost[]> {
  if (library === null) throw new Error("no library has been chosen");
  /* Empty: a library may leave more than the database behind, such as a folder that is its lock. */
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const db = await openLibrary(library, join(folder, "bench.db"));
  db.exec(SETTINGS);
  const costs: BenchCost[] = [];
  for (const w of workloads) {
    w.prepare?.(db, rows);
    const cpu = process.cpuUsage();
    const wall = performance.now();
    const result = w.run(db, rows);
    const used = process.cpuUsage(cpu);
    costs.push({
      name: w.name,
      cpu: used.user + used.system,
      wall: (performance.now() - wall) * 1000,
      result,
    });
  }
  db.close();
  return costs;
}

serve((request: BenchRequest): unknown => {
  switch (request.op) {
    case "open":
      library = request.library;
      return null;
    case "run":
      return run(request.rows);
  }
});
