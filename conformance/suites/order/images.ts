/** Images of a database after each of a few transactions, made by real SQLite; the port walks from one to the next. */

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CaseContext } from "../../core/case.js";

/** The content of a database before and after transactions. */
export interface ImageSeries {
  pageSize: number;
  /** The first one is what there is before the first transaction. */
  images: Uint8Array[];
}

const series = (n: number): string =>
  `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<${n})`;

/** What is done, each entry one transaction; sized by the page. */
function statements(pageSize: number, kind: SeriesKind): { setup: string[]; transactions: string[] } {
  const row = Math.floor(pageSize * 0.35);
  const text = (e: string): string =>
    `substr(printf('%0.*d', ${row}, ${e}*7919 % 1000003) || hex(${e}), 1, ${row})`;
  const table = "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c)";
  const fill = (from: number, n: number): string =>
    `${series(n)} INSERT INTO t SELECT ${from}+i, ${text("i")}, i % 7 FROM c`;
  if (kind === "new") {
    return { setup: [], transactions: [table, fill(0, 12), "UPDATE t SET c = 8 WHERE a % 2 = 1"] };
  }
  if (kind === "pages") {
    return {
      setup: [table, fill(0, 25)],
      transactions: [
        "UPDATE t SET c = 50 WHERE a = 2",
        "UPDATE t SET c = 51 WHERE a = 20",
        `UPDATE t SET b = ${text("a+1")} WHERE a > 20`,
        "PRAGMA user_version=3",
        "UPDATE t SET c = 52 WHERE a = 20",
      ],
    };
  }
  if (kind === "grows") {
    return {
      setup: [table, fill(0, 25)],
      transactions: [
        `UPDATE t SET b = ${text("a+1")} WHERE a % 3 = 0`,
        fill(100, 15),
        "DELETE FROM t WHERE a < 6",
      ],
    };
  }
  return {
    setup: ["PRAGMA auto_vacuum=FULL", table, fill(0, 30)],
    transactions: [
      `UPDATE t SET b = ${text("a+1")} WHERE a % 3 = 0`,
      fill(100, 20),
      /* auto_vacuum makes the file shorter. */
      "DELETE FROM t WHERE a BETWEEN 4 AND 24",
      "UPDATE t SET c = c + 1 WHERE a = 2",
    ],
  };
}

/**
 * A database that exists and grows and shrinks, one that never shrinks, one that is created, or one in
 * which most transactions change a single page.
 */
export type SeriesKind = "old" | "grows" | "new" | "pages";

const made = new Map<string, ImageSeries>();

/** The series; real SQLite makes each one once. */
export async function imageSeries(
  ctx: CaseContext,
  pageSize: number,
  kind: SeriesKind,
): Promise<ImageSeries> {
  const key = `${kind} ${pageSize}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const real = await ctx.real();
  const path = join(ctx.dir, "images.db");
  const { setup, transactions } = statements(pageSize, kind);
  const images: Uint8Array[] = [];
  await real.open("order-images", path);
  await real.exec("order-images", `PRAGMA page_size=${pageSize}; PRAGMA synchronous=OFF`);
  for (const sql of setup) await real.exec("order-images", sql);
  const take = (): void => {
    const copy = join(ctx.dir, "image.copy");
    copyFileSync(path, copy);
    images.push(Uint8Array.from(readFileSync(copy)));
  };
  take();
  for (const sql of transactions) {
    await real.exec("order-images", sql);
    take();
  }
  await real.close("order-images");
  const result = { pageSize, images };
  made.set(key, result);
  return result;
}

/** Writes the images where an `apply` step can read them; returns their paths. */
export function writeImages(ctx: CaseContext, s: ImageSeries, name = ""): string[] {
  return s.images.map((bytes, i) => {
    const path = join(ctx.dir, `image-${name}${i}`);
    writeFileSync(path, bytes);
    return path;
  });
}
