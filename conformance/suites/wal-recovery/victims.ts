/** Processes that are to be killed, of both kinds. */

import type { CaseContext } from "../../core/case.js";
import { ChildGone } from "../../engines/child.js";
import type { ShimCall, ShimPlan, ShimRecord } from "../../engines/shimvfs.js";
import type { SqlEngine } from "../../engines/sql/session.js";
import { type Snapshot, takeSnapshot } from "../recovery/folder.js";
import { type Act, perform1 } from "./acts.js";
import { checkWrittenDown, orderSetting, writeDown } from "./order.js";
import { prepare, stage } from "./recover.js";

/* A slot that nothing else in the suite uses: a process that was killed is replaced by a fresh one. */
const SLOT = 3;

/** An engine that may be killed. */
export async function victim(ctx: CaseContext, side: "real" | "port"): Promise<SqlEngine> {
  return await ctx.sql(side, SLOT);
}

/** The calls at which a kill can leave something new: files change, or locks and shared memory do. */
export const KILLING_CALLS: readonly ShimCall[] = [
  "open",
  "write",
  "truncate",
  "sync",
  "delete",
  "shmmap",
  "shmlock",
  "shmbarrier",
  "shmunmap",
];

/** A point at which to kill. */
export type KillPoint = Pick<ShimPlan, "at"> & { what: "kill-before" | "kill-torn" | "kill-after" };

/** A point in words. */
export function pointText(p: KillPoint, calls: readonly ShimRecord[]): string {
  const where = { "kill-before": "before", "kill-torn": "within", "kill-after": "after" }[p.what];
  const call = calls[p.at - 1];
  return `killed ${where} call ${p.at} (${call?.call} ${call?.file})`;
}

/** The calls that the steps make, without a kill. */
export async function callsOf(
  ctx: CaseContext,
  side: "real" | "port",
  files: Snapshot,
  acts: readonly Act[],
): Promise<ShimRecord[]> {
  const engine = await ctx.sql(side);
  const folder = stage(ctx);
  await prepare(engine, folder, files, "victim");
  await writeDown(ctx, engine);
  await engine.record(true, { calls: KILLING_CALLS, writes: false, ids: false });
  for (const act of acts) await perform1(engine, folder, act);
  const calls = await engine.record(false);
  await engine.reset();
  checkWrittenDown(ctx, `without a kill: ${side}`, { files }, orderSetting(acts));
  return calls;
}

/**
 * Lets an engine do the steps until the plan kills it; what it leaves behind.
 *
 * @throws Error if it comes to the end, or ends in another way
 */
export async function remainsOf(
  ctx: CaseContext,
  engine: SqlEngine,
  files: Snapshot,
  acts: readonly Act[],
  point: KillPoint,
): Promise<Snapshot> {
  const folder = stage(ctx);
  await prepare(engine, folder, files, "victim");
  await writeDown(ctx, engine);
  await engine.plan({ calls: [...KILLING_CALLS], ...point });
  try {
    for (const act of acts) await perform1(engine, folder, act);
  } catch (e) {
    if (!(e instanceof ChildGone) || e.exit.signal !== "SIGKILL") throw e;
    const what = `${point.what} at call ${point.at}: ${engine.side}`;
    checkWrittenDown(ctx, what, { files, killed: engine }, orderSetting(acts));
    return takeSnapshot(folder);
  }
  throw new Error(`the process was not killed at call ${point.at}`);
}
