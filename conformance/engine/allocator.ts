/**
 * The port's allocator while it carries the SQL engine: every block lies in the engine's memory, so
 * that pages, their extra bytes, file names and temp space are where C code can read them.
 */

import { ROUND8, SQLITE_OK, type sqlite3_mem_methods } from "../../src/index.js";
import type { CMemory } from "./memory.js";

/** Which allocations of the port shall fail. */
export interface AllocationPlan {
  /** The n-th allocation from now on, from 1. */
  at: number;
  /** All from there on. */
  persistent: boolean;
}

/** Methods for sqlite3_config(SQLITE_CONFIG_MALLOC), with a way to make allocations fail. */
export class EngineAllocator implements sqlite3_mem_methods {
  readonly pAppData = null;
  readonly #memory: CMemory;
  #plan: AllocationPlan | null = null;
  #count = 0;

  constructor(memory: CMemory) {
    this.#memory = memory;
    /* The table's entries are called without their table. */
    this.xMalloc = this.xMalloc.bind(this);
    this.xFree = this.xFree.bind(this);
    this.xRealloc = this.xRealloc.bind(this);
  }

  /** Sets or removes the plan and starts counting from zero. */
  fail(plan: AllocationPlan | null): void {
    this.#plan = plan;
    this.#count = 0;
  }

  /** Allocations since the plan was set. */
  get count(): number {
    return this.#count;
  }

  #fails(): boolean {
    this.#count++;
    const plan = this.#plan;
    if (plan === null) return false;
    return plan.persistent ? this.#count >= plan.at : this.#count === plan.at;
  }

  xMalloc(n: number): Uint8Array | null {
    if (this.#fails()) return null;
    const p = this.#memory.malloc(n);
    return p === 0 ? null : this.#memory.bytes(p, n);
  }

  xFree(block: Uint8Array): void {
    this.#memory.free(this.#memory.addressOf(block));
  }

  xRealloc(block: Uint8Array, n: number): Uint8Array | null {
    if (this.#fails()) return null;
    const p = this.#memory.realloc(this.#memory.addressOf(block), n);
    return p === 0 ? null : this.#memory.bytes(p, n);
  }

  xSize(block: Uint8Array): number {
    return block.length;
  }

  xRoundup(n: number): number {
    return ROUND8(n);
  }

  xInit(): number {
    return SQLITE_OK;
  }

  xShutdown(): void {}
}
