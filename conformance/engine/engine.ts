/**
 * SQLite's own SQL engine on the port: the upper half of the amalgamation, compiled to WebAssembly,
 * with the port's pager, page cache, VFSes and random numbers underneath.
 *
 * One engine per process: the port's configuration, its VFS list and its locks are the process's.
 */

import { readFileSync } from "node:fs";
import {
  SQLITE_CONFIG_MALLOC,
  SQLITE_OK,
  sqlite3_config,
  sqlite3_initialize,
  sqlite3_randomness,
  sqlite3_shutdown,
  sqlite3Config,
  sqlite3PrngRestoreState,
  sqlite3PrngSaveState,
} from "../../src/index.js";
import { type AllocationPlan, EngineAllocator } from "./allocator.js";
import { engineModulePath } from "./build/index.js";
import { MEMORY_PAGES } from "./build/options.js";
import { guarded } from "./guard.js";
import { WasmMemory } from "./memory.js";
import { pagerImports } from "./pager-imports.js";
import type { UpperExports } from "./upper.js";
import { Vfses } from "./vfs-imports.js";

/** How the engine is set up. */
export interface EngineOptions {
  /** The compiled upper half; the one that `pager-mirror engine` made unless told. */
  module?: string;
  /** Runs after the port is initialized and before the upper half learns of its VFSes. */
  registerVfses?: () => void;
}

/** The engine: memory, exports, and the switches that both halves share. */
export class Engine {
  readonly memory: WasmMemory;
  readonly upper: UpperExports;
  readonly #allocator: EngineAllocator;
  /** Where session_call leaves the length of its answer. */
  readonly #length: number;

  /** @internal use {@link loadEngine} */
  constructor(memory: WasmMemory, upper: UpperExports, allocator: EngineAllocator) {
    this.memory = memory;
    this.upper = upper;
    this.#allocator = allocator;
    this.#length = memory.malloc(8);
  }

  /** Seeds the random numbers of both halves; 0 goes back to seeds from the VFS. */
  seed(seed: number): void {
    this.upper.upper_seed(seed);
  }

  /** Moves the lock bytes of files that are opened from now on. */
  pendingByte(offset: number): void {
    this.upper.upper_set_pending_byte(offset);
  }

  /** Makes allocations of the port fail, or none; starts counting from zero. */
  failAllocation(plan: AllocationPlan | null): void {
    this.#allocator.fail(plan);
  }

  /** Allocations of the port since the plan was set. */
  get allocations(): number {
    return this.#allocator.count;
  }

  /** One request to conformance/native/session.c; the answer is a copy. */
  sessionCall(request: Uint8Array): Uint8Array {
    const call = this.upper.session_call;
    if (call === undefined) throw new Error("the SQL engine was built without native/session.c");
    const p = this.memory.malloc(request.length + 1);
    if (p === 0) throw new Error("the SQL engine's memory is exhausted");
    this.memory.bytes(p, request.length).set(request);
    const answer = call(p, request.length, this.#length) >>> 0;
    const copy = this.memory.bytes(answer, this.memory.u32(this.#length)).slice();
    this.memory.free(p);
    return copy;
  }
}

let loaded = false;

/**
 * Starts the engine. The port must not be in use: it is shut down and initialized again with an
 * allocator that takes its blocks from the engine's memory.
 *
 * @throws Error if the engine runs already, has not been built, or cannot be initialized
 */
export function loadEngine(options: EngineOptions = {}): Engine {
  if (loaded) throw new Error("the SQL engine runs in this process already");
  const module = new WebAssembly.Module(readFileSync(options.module ?? engineModulePath()));
  const linear = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
  const memory = new WasmMemory(linear);
  let exports: UpperExports | null = null;
  const upper = (): UpperExports => exports as UpperExports;
  const vfses = new Vfses(memory, upper);
  const instance = new WebAssembly.Instance(module, {
    env: { memory: linear },
    pager: pagerImports({ memory, upper, vfses }),
    vfs: vfses.imports(),
    prng: {
      randomness: (n: number, p: number, seed: number): void => {
        sqlite3Config.iPrngSeed = seed >>> 0;
        sqlite3_randomness(n, n > 0 ? memory.bytes(p, n) : null);
      },
      save: sqlite3PrngSaveState,
      restore: sqlite3PrngRestoreState,
    },
  } as WebAssembly.Imports);
  exports = instance.exports as unknown as UpperExports;
  exports._initialize?.();
  memory.attach({
    malloc: exports.upper_malloc,
    realloc: exports.upper_realloc,
    free: exports.upper_free,
  });
  const allocator = new EngineAllocator(memory);
  require(exports.upper_start(), "start the upper half's allocator");
  sqlite3_shutdown();
  require(sqlite3_config(SQLITE_CONFIG_MALLOC, allocator), "configure the port");
  require(sqlite3_initialize(), "initialize the port");
  options.registerVfses?.();
  require(exports.upper_initialize(), "initialize the upper half");
  loaded = true;
  return new Engine(memory, guarded(exports), allocator);
}

function require(rc: number, what: string): void {
  if (rc !== SQLITE_OK) throw new Error(`cannot ${what}: result code ${rc}`);
}
