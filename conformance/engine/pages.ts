/**
 * Pages by the addresses that C knows them by.
 *
 * C's handle of a page is the address of the page's extra bytes, where the b-tree keeps its MemPage.
 * The way back is a table of two levels with one slot per 128 bytes of memory: every page has a block
 * of its own, which is longer than that, so no two of them meet in a slot.
 */

import type { DbPage } from "../../src/index.js";

/** Bytes of memory per slot, and per second-level table, as powers of two. */
const SLOT = 7;
const TABLE = 20;
const MASK = (1 << (TABLE - SLOT)) - 1;

/** The table. It keeps a page that is gone until another takes its place in memory. */
export class Pages {
  readonly #tables: (DbPage | null)[][] = [];

  /** The handle of a page, which is remembered. */
  handleOf(page: DbPage): number {
    const p = page.pExtra.byteOffset;
    const table = this.#tables[p >>> TABLE] ?? this.#add(p >>> TABLE);
    table[(p >>> SLOT) & MASK] = page;
    return p;
  }

  /** The page of a handle that {@link handleOf} gave out. */
  page(handle: number): DbPage {
    return (this.#tables[handle >>> TABLE] as DbPage[])[(handle >>> SLOT) & MASK] as DbPage;
  }

  #add(i: number): (DbPage | null)[] {
    const table = new Array<DbPage | null>(MASK + 1).fill(null);
    while (this.#tables.length <= i) this.#tables.push([]);
    this.#tables[i] = table;
    return table;
  }
}
