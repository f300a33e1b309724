/** How much memory the port takes beside native C: per cached page, and at most while much is to be done. */

import { mkdirSync, rmSync, statfsSync } from "node:fs";
import type { NativeBuild } from "./build.js";
import { makeHotJournal, pagesOfJournal } from "./hot-journal.js";
import { SidesDiffer } from "./measure.js";
import { type NodeOptions, nativeMemory, portMemory } from "./process.js";
import type { MemoryFigure, MemoryResult } from "./report.js";
import type { MemoryUse } from "./side.js";

/** Numbers of the tasks in workloads.ts and workloads.c. */
const TASK = { cachePages: 0, leaveLog: 1, checkpointLog: 2, rollBack: 3 } as const;

const PAGE_SIZE = 4096;
/** Pages that are in the cache before task cachePages measures. */
const CACHED_BEFORE = 100;

/** How large everything is: two sizes each, for neither peak may grow with the file. */
export interface MemorySizes {
  pages: number;
  frames: readonly number[];
  journalBytes: readonly number[];
}

/** The sizes of real runs. */
export const MEMORY_SIZES: MemorySizes = {
  pages: 10_000,
  frames: [10_000, 100_000],
  journalBytes: [128 << 20, 1024 << 20],
};

/** Measures in folders of its own, which are gone afterwards. */
export class MemoryBench {
  readonly results: MemoryResult[] = [];
  /** What could not be measured, and why. */
  readonly leftOut: string[] = [];
  readonly #folder: string;
  readonly #build: NativeBuild | null;
  readonly #how: NodeOptions;
  readonly #show: (what: string) => void;

  constructor(folder: string, build: NativeBuild | null, how: NodeOptions, show: (what: string) => void) {
    this.#folder = folder;
    this.#build = build;
    this.#how = how;
    this.#show = show;
  }

  async run(sizes: MemorySizes): Promise<void> {
    await this.#measure("bytes per cached page beyond the page", sizes.pages, 0, async (task) =>
      beyond(await task(TASK.cachePages, sizes.pages), sizes.pages),
    );
    for (const frames of sizes.frames) {
      /* The log, and the database that the checkpoint makes. */
      const room = 2 * frames * (PAGE_SIZE + 24);
      await this.#measure("peak while checkpointing", frames, room, async (task) => {
        await task(TASK.leaveLog, frames);
        return peakOf(await task(TASK.checkpointLog, frames));
      });
    }
    for (const bytes of sizes.journalBytes) {
      const n = pagesOfJournal(bytes);
      await this.#measure("peak while rolling back", bytes, 2 * bytes, async (task, folder) => {
        makeHotJournal(folder, n);
        return peakOf(await task(TASK.rollBack, n));
      });
    }
  }

  /** One line: both sides, each in fresh processes and a fresh folder. */
  async #measure(
    what: MemoryResult["what"],
    size: number,
    room: number,
    side: (task: Task, folder: string) => Promise<Measured>,
  ): Promise<void> {
    const { bavail, bsize } = statfsSync(this.#folder);
    const [free, wanted] = [bavail * bsize, room + (256 << 20)];
    if (room > 0 && free < wanted) {
      this.leftOut.push(`${what}, ${size}: ${this.#folder} has ${free} free bytes, ${wanted} are needed`);
      return;
    }
    const inFolder = async (who: string, task: (folder: string) => Task): Promise<Measured> => {
      this.#show(`memory, ${who}: ${what}, ${size}`);
      const folder = `${this.#folder}/memory`;
      mkdirSync(folder);
      try {
        return await side(task(folder), folder);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    };
    const port = await inFolder("port", (folder) => (i, n) => portMemory(folder, i, n, this.#how));
    const build = this.#build;
    const c =
      build === null ? null : await inFolder("C", (folder) => (i, n) => nativeMemory(build, folder, i, n));
    if (c !== null && c.sum !== port.sum) {
      throw new SidesDiffer(`memory, ${what}, ${size}: the port has read ${port.sum}, native C ${c.sum}`);
    }
    this.results.push({ what, size, port: port.figure, c: c?.figure ?? null });
  }
}

type Task = (i: number, n: number) => Promise<MemoryUse>;

interface Measured {
  figure: MemoryFigure;
  sum: number;
}

function beyond({ heap, sum }: MemoryUse, pages: number): Measured {
  const added = (heap.after - heap.before) / (pages - CACHED_BEFORE) - PAGE_SIZE;
  return { figure: { before: heap.before, added }, sum };
}

function peakOf({ peak, sum }: MemoryUse): Measured {
  return { figure: { before: peak.before, added: peak.after - peak.before }, sum };
}
