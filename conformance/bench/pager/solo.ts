/**
 * One workload on one side, in this process: for profiles.
 *
 * Usage: node [--cpu-prof] dist/production/conformance/bench/pager/solo.js <side> <workload> <operations> [rounds]
 *
 * Sides: `port` and `wasm` on a disk in memory, `files` for the port on real files. The workload is the first
 * whose name contains the text.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWasm } from "./build.js";
import type { BenchSide } from "./side.js";

async function open(side: string): Promise<BenchSide> {
  switch (side) {
    case "port":
      return new (await import("./port-memory.js")).PortMemorySide();
    case "wasm": {
      const { path } = await buildWasm();
      return new (await import("./wasm-memory.js")).WasmMemorySide(path);
    }
    case "files": {
      const folder = mkdtempSync(join(tmpdir(), "pager-mirror-bench-"));
      process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
      return new (await import("./port-files.js")).PortFilesSide(folder);
    }
    default:
      throw new Error(`there is no side "${side}"; there are: port, wasm, files`);
  }
}

const [sideName = "", workload = "", operations = "", rounds = "10"] = process.argv.slice(2);
const side = await open(sideName);
const index = side.names.findIndex((name) => name.includes(workload));
if (index < 0) throw new Error(`there is no workload "${workload}"; there are: ${side.names.join("; ")}`);
const n = Number(operations);
if (!(n >= 1)) throw new Error("the third argument is the number of operations");
for (let round = 0; round < Number(rounds); round++) {
  const cost = side.run(index, n, false);
  const [cpu, wall] = [cost.cpu / n, cost.wall / n];
  console.log(
    `${side.names[index]}: ${cpu.toFixed(1)} ns of CPU, ${wall.toFixed(1)} ns, checksum ${cost.sum}`,
  );
}
