/**
 * Random programs: spills, savepoints, moves, truncations, commits and rollbacks in combinations that
 * nobody thought of, each with a model of what the pages hold.
 */

import type { Random } from "../../core/random.js";
import type { Step } from "../../engines/program.js";

/** A database's pages, by number from 1. */
export type Pages = readonly Uint8Array[];

/** One transaction and what the pages hold after it. */
export interface RandomTransaction {
  steps: Step[];
  /** What each step does, for messages. */
  after: Pages;
  /** Whether anything was written, so that the commit counts. */
  end: "commit" | "rollback";
}

/** Changes pages as the b-tree would: what it takes over it makes writable, what it drops it cuts off. */
class Author {
  readonly #random: Random;
  readonly #pager: string;
  readonly #pageSize: number;
  readonly steps: Step[] = [];
  pages: Uint8Array[];
  /** What the pages held when each open savepoint was opened. */
  readonly #savepoints: Uint8Array[][] = [];

  constructor(random: Random, pager: string, pageSize: number, pages: Pages) {
    this.#random = random;
    this.#pager = pager;
    this.#pageSize = pageSize;
    this.pages = [...pages];
  }

  /** Overwrites part of a page, or all of a new one. */
  write(pgno: number): void {
    const isNew = pgno > this.pages.length;
    const whole = isNew || this.#random.chance(0.3);
    /* The first hundred bytes of page 1 are the header, in which the pager writes too. */
    const low = pgno === 1 ? 100 : 0;
    const offset = whole ? low : this.#random.between(low, this.#pageSize - 1);
    const length = whole ? this.#pageSize - low : this.#random.between(1, this.#pageSize - offset);
    const data = this.#random.bytes(length);
    this.steps.push({
      do: "write",
      pager: this.#pager,
      page: pgno,
      data,
      offset,
      ...(isNew ? { noContent: true } : {}),
    });
    const page = Uint8Array.from(this.pages[pgno - 1] ?? new Uint8Array(this.#pageSize));
    page.set(data, offset);
    this.pages[pgno - 1] = page;
  }

  /** Moves a page over another, and gives the place that it left new content. */
  move(): void {
    const n = this.pages.length;
    if (n < 4) return;
    const from = this.#random.between(2, n);
    const to = this.#random.between(2, n);
    if (from === to) return;
    this.write(to);
    this.steps.push({ do: "move", pager: this.#pager, from, to });
    this.pages[to - 1] = this.pages[from - 1] as Uint8Array;
    const data = this.#random.bytes(this.#pageSize);
    this.steps.push({ do: "write", pager: this.#pager, page: from, data });
    this.pages[from - 1] = data;
  }

  openSavepoint(): void {
    this.#savepoints.push([...this.pages]);
    this.steps.push({ do: "openSavepoint", pager: this.#pager, n: this.#savepoints.length });
  }

  rollbackSavepoint(): void {
    if (this.#savepoints.length === 0) return;
    const index = this.#random.below(this.#savepoints.length);
    this.pages = [...(this.#savepoints[index] as Uint8Array[])];
    this.#savepoints.length = index + 1;
    this.steps.push({ do: "rollbackSavepoint", pager: this.#pager, index });
  }

  releaseSavepoint(): void {
    if (this.#savepoints.length === 0) return;
    const index = this.#random.below(this.#savepoints.length);
    this.#savepoints.length = index;
    this.steps.push({ do: "releaseSavepoint", pager: this.#pager, index });
  }

  flush(): void {
    this.steps.push({ do: "flush", pager: this.#pager });
  }

  /** One step of any kind. */
  anything(): void {
    const n = this.pages.length;
    const dice = this.#random.below(100);
    if (dice < 45) this.write(this.#random.between(1, n));
    else if (dice < 58) this.write(n + 1);
    else if (dice < 66) this.move();
    else if (dice < 76) this.openSavepoint();
    else if (dice < 84) this.rollbackSavepoint();
    else if (dice < 88) this.releaseSavepoint();
    else if (dice < 97) this.flush();
    else this.steps.push({ do: "shrink", pager: this.#pager });
  }

  /** Before a commit: some pages at the end are cut off, after page 1 was told (as the b-tree does). */
  cut(): void {
    const keep = this.#random.between(Math.max(2, this.pages.length - 5), this.pages.length);
    this.write(1);
    if (keep < this.pages.length) {
      this.steps.push({ do: "truncate", pager: this.#pager, pages: keep });
      this.pages.length = keep;
    }
  }
}

/**
 * A transaction.
 *
 * @param canRollBack false where there is no journal
 * @param canCut whether the database may shrink
 */
export function randomTransaction(
  random: Random,
  pager: string,
  pageSize: number,
  before: Pages,
  canRollBack: boolean,
  canCut: boolean,
): RandomTransaction {
  const author = new Author(random, pager, pageSize, before);
  author.write(1);
  const n = random.between(3, 40);
  for (let i = 0; i < n; i++) author.anything();
  const end = canRollBack && random.chance(0.25) ? "rollback" : "commit";
  if (end === "commit" && canCut && random.chance(0.3)) author.cut();
  const exclusive = random.chance(0.1);
  const steps: Step[] = [{ do: "sharedLock", pager }, { do: "begin", pager, exclusive }, ...author.steps];
  if (end === "rollback") {
    steps.push({ do: "rollback", pager });
    return { steps, after: before, end };
  }
  steps.push({ do: "commitOne", pager }, { do: "commitTwo", pager });
  return { steps, after: author.pages, end };
}
