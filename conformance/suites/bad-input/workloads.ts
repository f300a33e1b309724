/** Transactions under which something fails. */

import type { CaseContext } from "../../core/case.js";
import { type Base, baseDatabase } from "./bases.js";
import type { Pair } from "./pair.js";
import type { Action, JournalMode, SyncLevel } from "./session.js";

/** What is going on when something fails. */
export interface Workload {
  name: string;
  change: "set" | "update" | "grow" | "shrink";
  /** Pages in the cache; few pages make it spill. */
  cache?: number;
  mode: JournalMode;
  synchronous?: SyncLevel;
  exclusive?: boolean;
  mmap?: boolean;
}

const changes = [
  { name: "page 1 alone", change: "set" },
  { name: "many pages", change: "update" },
  { name: "many pages with spills", change: "update", cache: 5 },
  { name: "growth with spills", change: "grow", cache: 5 },
  { name: "shrinking", change: "shrink" },
] as const;

/** Every change in every journal mode that has a file, and some special ones. */
export const WORKLOADS: readonly Workload[] = [
  ...(["DELETE", "TRUNCATE", "PERSIST"] as const).flatMap((mode) =>
    changes.map((c): Workload => ({ ...c, mode, name: `${c.name}, ${mode}` })),
  ),
  { name: "many pages with spills, MEMORY", change: "update", cache: 5, mode: "MEMORY" },
  {
    name: "many pages with spills, synchronous OFF",
    change: "update",
    cache: 5,
    mode: "DELETE",
    synchronous: "OFF",
  },
  { name: "growth, synchronous NORMAL", change: "grow", mode: "PERSIST", synchronous: "NORMAL" },
  { name: "many pages, synchronous EXTRA", change: "update", mode: "DELETE", synchronous: "EXTRA" },
  { name: "many pages, exclusive mode", change: "update", mode: "DELETE", exclusive: true },
  { name: "many pages, memory-mapped", change: "update", mode: "DELETE", mmap: true },
  { name: "growth, memory-mapped", change: "grow", mode: "TRUNCATE", mmap: true },
];

/** The database a workload starts from. */
export async function startOf(ctx: CaseContext, pair: Pair, w: Workload): Promise<Uint8Array> {
  const base = await baseDatabase(ctx, pair, 1024);
  return w.change === "shrink" ? base.freed : base.bytes;
}

/** Opens the database and sets it up. */
export function opening(w: Workload): Action[] {
  const list: Action[] = [{ do: "open" }];
  if (w.mmap) list.push({ do: "mmap", bytes: 1 << 20 });
  list.push({ do: "journalMode", mode: w.mode });
  if (w.synchronous !== undefined) list.push({ do: "synchronous", level: w.synchronous });
  if (w.exclusive) list.push({ do: "exclusiveMode" });
  if (w.cache !== undefined) list.push({ do: "cacheSize", pages: w.cache });
  return list;
}

/** The transaction. */
export function changing(w: Workload, base: Base): Action {
  return w.change === "set" ? { do: "set", value: 9 } : { do: "run", change: base[w.change] };
}

/** What the database holds if the transaction was committed, as far as page 2 and on. */
export function contentAfter(w: Workload, base: Base): Uint8Array {
  return w.change === "set" ? base.bytes : base[w.change].after;
}
