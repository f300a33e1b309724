/** Sound databases that the cases start from, made by real SQLite once per process. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import type { Step } from "../../engines/program.js";
import type { Pair } from "./pair.js";
import type { Change } from "./session.js";

/** The user version that every base has. */
export const BASE_VERSION = 7;

/** A database, and transactions on it with the pages that they change. */
export interface Base {
  pageSize: number;
  bytes: Uint8Array;
  /** Changes every row: pages 3 to the last, in this order. */
  update: Change;
  /** Makes the file longer. */
  grow: Change;
  /** Another database, with free pages at its end, the very last among them. */
  freed: Uint8Array;
  /** Makes that one shorter. */
  shrink: Change;
}

/** Rows; each fills a leaf of its own. */
export const ROWS = 12;

const cache = new Map<number, Base>();

const rowBytes = (pageSize: number): number => Math.floor(pageSize * 0.7);

const update = (pageSize: number, seed: number): string =>
  `UPDATE t SET b = CAST(substr(printf('%0${rowBytes(pageSize)}d', a * ${seed}), 1, ${rowBytes(pageSize)}) AS BLOB)`;

/** Where a page's content lies in an image. */
const pageOf = (image: Uint8Array, pageSize: number, page: number): Uint8Array =>
  image.slice((page - 1) * pageSize, page * pageSize);

/** The pages from 2 on that both images have and that differ, ascending. */
function changedPages(pageSize: number, before: Uint8Array, after: Uint8Array): number[] {
  const list: number[] = [];
  for (let page = 2; page * pageSize <= Math.min(before.length, after.length); page++) {
    if (Buffer.compare(pageOf(before, pageSize, page), pageOf(after, pageSize, page)) !== 0) list.push(page);
  }
  return list;
}

/** Each changed page is written, ascending, while the cursor holds the table's root. */
function rewrite(pager: string, pageSize: number, before: Uint8Array, after: Uint8Array): Step[] {
  const writes = changedPages(pageSize, before, after).map(
    (page): Step => ({ do: "write", pager, page, data: pageOf(after, pageSize, page) }),
  );
  return [{ do: "hold", pager, page: 2 }, ...writes];
}

/**
 * A row that does not fit is appended: the cursor stands on the last leaf, each overflow page is taken
 * from behind the end (which page 1 counts), then the leaf is written.
 */
function append(pager: string, pageSize: number, before: Uint8Array, after: Uint8Array): Step[] {
  const last = before.length / pageSize;
  const steps: Step[] = [
    { do: "hold", pager, page: 2 },
    { do: "hold", pager, page: last },
  ];
  for (let page = last + 1; page * pageSize <= after.length; page++) {
    const count = new Uint8Array(4);
    new DataView(count.buffer).setUint32(0, page);
    steps.push(
      { do: "write", pager, page: 1, data: count, offset: 28 },
      { do: "write", pager, page, data: pageOf(after, pageSize, page), noContent: true },
      /* Each overflow page is kept until its successor is known. */
      { do: "hold", pager, page },
    );
    if (page > last + 1) steps.push({ do: "release", pager, page: page - 1 });
  }
  steps.push({ do: "release", pager, page: after.length / pageSize });
  for (const page of changedPages(pageSize, before, after).reverse()) {
    steps.push({ do: "write", pager, page, data: pageOf(after, pageSize, page) });
  }
  return steps;
}

const number32 = (image: Uint8Array, at: number): number =>
  new DataView(image.buffer, image.byteOffset).getUint32(at);

/**
 * A free page at the end goes: the pointer map tells that it is free, page 1 counts down, and the trunk
 * page of the free list forgets it.
 */
function cut(pager: string, pageSize: number, before: Uint8Array, after: Uint8Array): Step[] {
  const trunk = number32(before, 32);
  return [
    { do: "hold", pager, page: 2 },
    { do: "write", pager, page: 1, data: after.slice(28, 40), offset: 28 },
    { do: "write", pager, page: trunk, data: pageOf(after, pageSize, trunk) },
  ];
}

/** Makes databases in a folder that is gone afterwards. */
class Workshop {
  readonly #pair: Pair;
  readonly #dir: string;
  readonly #pageSize: number;

  constructor(ctx: CaseContext, pair: Pair, pageSize: number) {
    this.#pair = pair;
    this.#pageSize = pageSize;
    this.#dir = join(ctx.dir, "workshop");
    mkdirSync(this.#dir);
  }

  /** Runs the statements on a database that starts as `from`. */
  async make(from: Uint8Array, ...sql: string[]): Promise<Uint8Array> {
    const path = join(this.#dir, "a.db");
    writeFileSync(path, from);
    await this.#pair.real.open("base", path);
    await this.#pair.real.exec("base", `PRAGMA page_size=${this.#pageSize}; PRAGMA synchronous=OFF`);
    for (const statement of sql) await this.#pair.real.exec("base", statement);
    await this.#pair.real.close("base");
    return Uint8Array.from(readFileSync(path));
  }

  done(): void {
    rmSync(this.#dir, { recursive: true });
  }
}

const rows = (n: number): string[] =>
  Array.from({ length: n }, (_, i) => `INSERT INTO t VALUES(${i + 1}, x'00')`);

const TABLE = "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)";
const VERSION = `PRAGMA user_version=${BASE_VERSION}`;

async function makeBase(ctx: CaseContext, pair: Pair, pageSize: number): Promise<Base> {
  const w = new Workshop(ctx, pair, pageSize);
  const nothing = new Uint8Array(0);
  const bytes = await w.make(nothing, TABLE, ...rows(ROWS), update(pageSize, 10007), VERSION);
  if (bytes.length !== (ROWS + 2) * pageSize) throw new Error(`the base has ${bytes.length} bytes`);
  const change = async (sql: string, how: typeof rewrite): Promise<Change> => {
    const after = await w.make(bytes, sql);
    return { sql, after, steps: (pager) => how(pager, pageSize, bytes, after) };
  };
  const base = {
    pageSize,
    bytes,
    update: { ...(await change(update(pageSize, 20011), rewrite)), undoable: true },
    grow: await change(`INSERT INTO t VALUES(100, zeroblob(${5 * pageSize}))`, append),
  };
  const freed = await w.make(
    nothing,
    "PRAGMA auto_vacuum=INCREMENTAL",
    TABLE,
    ...rows(ROWS),
    update(pageSize, 10007),
    VERSION,
    `DELETE FROM t WHERE a > ${ROWS - 4}`,
  );
  const sql = "PRAGMA incremental_vacuum(1)";
  const after = await w.make(freed, sql);
  w.done();
  const pagesAfter = after.length / pageSize;
  const steps = (pager: string): Step[] => cut(pager, pageSize, freed, after);
  return { ...base, freed, shrink: { sql, after, steps, pagesAfter } };
}

/** The database with pages of this size. */
export async function baseDatabase(ctx: CaseContext, pair: Pair, pageSize: number): Promise<Base> {
  const base = cache.get(pageSize) ?? (await makeBase(ctx, pair, pageSize));
  cache.set(pageSize, base);
  return base;
}
