/** The disk in memory under both sides that use one: no trace, no record of what is durable. */

import { type MemAllocator, type MemCall, MemDisk } from "../../../src/index.js";
import { type BenchSide, type Calls, type Cost, StopWatch } from "./side.js";

/** The folder of the files. */
export const FOLDER = "/bench";

const COUNTED: Partial<Record<MemCall["op"], keyof Calls>> = {
  read: "reads",
  write: "writes",
  sync: "syncs",
};

/**
 * Blocks for files, kept for the next file: a journal lives for one transaction, and making memory for each
 * would cost more than the transaction.
 */
class FileBlocks {
  readonly #free = new Map<number, Uint8Array[]>();

  allocate(n: number): Uint8Array {
    return this.#free.get(n)?.pop()?.fill(0) ?? new Uint8Array(n);
  }

  release(block: Uint8Array): void {
    const free = this.#free.get(block.length);
    if (free === undefined) this.#free.set(block.length, [block]);
    else free.push(block);
  }
}

/** A side on a memory disk; who extends it says how a workload is run there. */
export abstract class MemorySide implements BenchSide {
  abstract readonly names: readonly string[];
  readonly disk: MemDisk;
  protected readonly watch = new StopWatch();

  /** @param shm where shared memory lies; files are on the JavaScript heap in any case */
  constructor(shm: MemAllocator) {
    const files = new FileBlocks();
    const isShm = new WeakSet<Uint8Array>();
    const allocate = (n: number, purpose: "file" | "shm"): Uint8Array => {
      if (purpose === "file") return files.allocate(n);
      const block = shm.allocate(n, purpose);
      isShm.add(block);
      return block;
    };
    const release = (block: Uint8Array): void => {
      if (isShm.has(block)) shm.release(block);
      else files.release(block);
    };
    this.disk = new MemDisk({ name: "bench", memory: { allocate, release } });
  }

  /** Runs a workload and returns its checksum. */
  protected abstract work(i: number, n: number): number;

  run(i: number, n: number, count: boolean): Cost {
    const calls: Calls = { reads: 0, writes: 0, syncs: 0 };
    this.watch.reset();
    this.disk.onCall = !count
      ? null
      : ({ op }) => {
          const what = COUNTED[op];
          if (what !== undefined && this.watch.running) calls[what]++;
        };
    const sum = this.work(i, n);
    this.disk.onCall = null;
    for (const name of this.disk.list()) this.disk.removeFile(name);
    return { cpu: this.watch.cpu, wall: this.watch.wall, sum, calls: count ? calls : null };
  }
}
