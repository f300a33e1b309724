/** The process of a side that runs in Node. */

import { serve } from "../../engines/child.js";
import type { BenchSide, MemoryUse, SideName } from "./side.js";

/** What the parent may ask. `path`: the .wasm file, or the folder of the files; `i`: the number of a task. */
export type SideRequest =
  | { op: "open"; side: SideName; path: string }
  | { op: "memory"; path: string; i: number; n: number }
  | { op: "run"; i: number; n: number; count: boolean };

let side: BenchSide | null = null;

/** The port reads its options when it loads, so each side loads what it needs. */
async function open(name: SideName, path: string): Promise<BenchSide> {
  switch (name) {
    case "port, memory":
      return new (await import("./port-memory.js")).PortMemorySide();
    case "C in wasm, memory":
      return new (await import("./wasm-memory.js")).WasmMemorySide(path);
    case "port, files":
      return new (await import("./port-files.js")).PortFilesSide(path);
    default:
      throw new Error(`this process has no side "${name}"`);
  }
}

/** Runs a memory task of the port on files. */
async function memory(folder: string, i: number, n: number): Promise<MemoryUse> {
  const { sqlite3_initialize } = await import("../../../src/unix.js");
  const { Workloads } = await import("./workloads.js");
  const { memoryClock } = await import("./memory-use.js");
  const { clock, use } = memoryClock();
  const rc = sqlite3_initialize();
  if (rc !== 0) throw new Error(`the port cannot be initialized: result code ${rc}`);
  return use(new Workloads(folder, clock).task(i, n));
}

serve(async (request: SideRequest): Promise<unknown> => {
  if (request.op === "open") {
    side = await open(request.side, request.path);
    return side.names;
  }
  if (request.op === "memory") return await memory(request.path, request.i, request.n);
  if (side === null) throw new Error("no side has been opened");
  return side.run(request.i, request.n, request.count);
});
