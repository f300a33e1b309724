/** SQLite's own pager in WebAssembly, on a disk in memory as the port has it. */

import "../../oracle/wasm32.js";
import { readFileSync } from "node:fs";
import type { MemAllocator } from "../../../src/index.js";
import { MEMORY_PAGES } from "../../engine/build/options.js";
import { newText, textAt, WasmMemory } from "../../engine/memory.js";
import type { UpperExports } from "../../engine/upper.js";
import { Vfses } from "../../engine/vfs-imports.js";
import { FOLDER, MemorySide } from "./memory-disk.js";

/** What c/wasm.c exports. */
type Exports = Record<
  `bench_${"start" | "count" | "name" | "run" | "sum" | "line"}` | `oracle_${"malloc" | "realloc" | "free"}`,
  (...args: number[]) => number
> & { _initialize?: () => void };

/** The module in an instance of its own. */
class WasmModule {
  readonly memory: WasmMemory;
  readonly call: Exports;
  /** Shared memory, which must be where C can reach it. */
  readonly shm: MemAllocator;
  clock: (on: boolean) => void = () => undefined;

  /** @param path the .wasm file */
  constructor(path: string, side: () => MemorySide) {
    const linear = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
    this.memory = new WasmMemory(linear);
    const vfses = new Vfses(
      this.memory,
      () => this.call as unknown as UpperExports,
      () => [side().disk.vfs],
    );
    const imports = {
      env: { memory: linear },
      vfs: vfses.imports(),
      bench: { clock: (on: number) => this.clock(on !== 0) },
    };
    const module = new WebAssembly.Module(readFileSync(path));
    this.call = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
    this.memory.attach({
      malloc: (n) => this.call.oracle_malloc(n),
      realloc: (p, n) => this.call.oracle_realloc(p, n),
      free: (p) => this.call.oracle_free(p),
    });
    this.call._initialize?.();
    const blocks = new WeakMap<Uint8Array, number>();
    this.shm = {
      allocate: (n) => {
        const p = this.memory.malloc(n);
        if (p === 0) throw new Error("the module's memory is exhausted");
        const block = this.memory.bytes(p, n).fill(0);
        blocks.set(block, p);
        return block;
      },
      release: (block) => this.memory.free(blocks.get(block)!),
    };
  }
}

/** See above. */
export class WasmMemorySide extends MemorySide {
  readonly names: readonly string[];
  readonly #module: WasmModule;

  /** @param path the .wasm file; see build.ts */
  constructor(path: string) {
    let self: WasmMemorySide | null = null;
    const module = new WasmModule(path, () => self!);
    super(module.shm);
    self = this;
    this.#module = module;
    const { call, memory } = module;
    module.clock = this.watch.set;
    const rc = call.bench_start(newText(memory, FOLDER));
    if (rc !== 0) throw new Error(`the C pager cannot be initialized: result code ${rc}`);
    this.names = Array.from({ length: call.bench_count() }, (_, i) => textAt(memory, call.bench_name(i)));
  }

  protected work(i: number, n: number): number {
    const { call } = this.#module;
    const rc = call.bench_run(i, n);
    if (rc !== 0) throw new Error(`result code ${rc} in line ${call.bench_line()} of workloads.c`);
    return call.bench_sum() >>> 0;
  }
}
