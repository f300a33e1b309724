/** Hot journals: what real SQLite leaves when it dies in a transaction whose cache has spilled. */

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import { type Base, baseDatabase } from "./bases.js";
import type { Pair } from "./pair.js";

/** A database in the middle of a transaction, and its journal. */
export interface Hot {
  base: Base;
  database: Uint8Array;
  journal: Uint8Array;
}

const cache = new Map<number, Hot>();

/** The hot journal of the database with pages of this size. */
export async function hotJournal(ctx: CaseContext, pair: Pair, pageSize: number): Promise<Hot> {
  const known = cache.get(pageSize);
  if (known !== undefined) return known;
  const base = await baseDatabase(ctx, pair, pageSize);
  const dir = join(ctx.dir, "hot");
  mkdirSync(dir);
  const path = join(dir, "a.db");
  writeFileSync(path, base.bytes);
  await pair.real.open("hot", path);
  await pair.real.exec("hot", `PRAGMA cache_size=4; BEGIN; ${base.update.sql}`);
  const copy = join(dir, "copy");
  const take = (from: string): Uint8Array => {
    copyFileSync(from, copy);
    return Uint8Array.from(readFileSync(copy));
  };
  if (!existsSync(`${path}-journal`)) throw new Error("the transaction has no journal yet");
  const hot = { base, database: take(path), journal: take(`${path}-journal`) };
  await pair.real.exec("hot", "ROLLBACK");
  await pair.real.close("hot");
  rmSync(dir, { recursive: true });
  if (Buffer.compare(hot.database, base.bytes) === 0) throw new Error("nothing was spilled");
  cache.set(pageSize, hot);
  return hot;
}
