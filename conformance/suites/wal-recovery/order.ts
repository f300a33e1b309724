/** The rules of the write-ahead log, over what recoverers call, and writers before they are killed. */

import { join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import type { WalOrderCounts, WalOrderSetting } from "../../core/order/wal-rules.js";
import { emptySharedLog, readSharedLog } from "../../engines/shared-log.js";
import type { SqlEngine } from "../../engines/sql/session.js";
import { addCounts, checkSharedWalOrder, countsText, type Exchange } from "../../sql/wal-order.js";
import type { Snapshot } from "../recovery/folder.js";
import { type Act, DB, WAL } from "./acts.js";

/** What the cases have checked so far. */
const checked = new WeakMap<CaseContext, WalOrderCounts>();

const logOf = (ctx: CaseContext): string => join(ctx.dir, "calls.log");

/** From now on these engines write down what they call; what was there is forgotten. */
export async function writeDown(ctx: CaseContext, ...engines: readonly SqlEngine[]): Promise<void> {
  emptySharedLog(logOf(ctx));
  for (const engine of engines) await engine.share(logOf(ctx));
}

/** The parent exchanges the files now. */
export function exchangeNow(ctx: CaseContext, files: Snapshot): Exchange {
  return { at: readSharedLog(logOf(ctx)).length, files: filesOf(files) };
}

/** Database and log. */
function filesOf(snapshot: Snapshot): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const name of [DB, WAL]) {
    const entry = snapshot.get(name);
    if (entry instanceof Uint8Array) files.set(name, entry);
  }
  return files;
}

/** What may be demanded of those who do this. */
export function orderSetting(acts: readonly Act[]): WalOrderSetting {
  const text = acts.map((act) => (act.do === "sql" ? act.sql : "")).join("\n");
  const levels = [...text.matchAll(/synchronous\s*=\s*(\w+)/gi)].map((m) => (m[1] as string).toUpperCase());
  /* Who opens is at NORMAL until told otherwise; only connection 0 writes. */
  const opens = acts.filter((act) => act.do === "open" && (act.on ?? 0) === 0).length;
  const isFull = opens === 1 && levels.length > 0 && levels.every((l) => l === "FULL" || l === "EXTRA");
  return { syncs: !levels.includes("OFF"), full: new Set(isFull ? [DB] : []), characteristics: 0 };
}

/** What there was to begin with, and what happened that no engine did. */
export interface Circumstances {
  files: Snapshot;
  killed?: SqlEngine;
  exchange?: Exchange;
}

/** Holds what was written down against the rules. */
export function checkWrittenDown(
  ctx: CaseContext,
  what: string,
  { files, killed, exchange }: Circumstances,
  setting: WalOrderSetting,
): WalOrderCounts {
  const trace = {
    calls: readSharedLog(logOf(ctx)),
    files: filesOf(files),
    killed: new Set(killed === undefined ? [] : [killed.child.pid]),
    ...(exchange === undefined ? {} : { exchange }),
  };
  const counts = checkSharedWalOrder(ctx.check, `${what}: the calls`, trace, setting);
  const sum = addCounts([checked.get(ctx) ?? addCounts([]), counts]);
  checked.set(ctx, sum);
  ctx.notes = countsText(sum);
  return counts;
}

/** A case is not over before the rules have been applied to everything that they speak of. */
export function checkCounts(ctx: CaseContext): void {
  const sum = checked.get(ctx) ?? addCounts([]);
  for (const key of ["frames", "commits", "checkpointed", "complete", "resets"] as const) {
    ctx.check.ok(`there are ${key} in the traces`, sum[key] > 0, countsText(sum));
  }
}
