/** What the suites of plays share: both sides' engines and the folder. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CaseContext } from "../core/case.js";
import type { ShimPlan } from "../engines/shimvfs.js";
import type { SqlEngine } from "../engines/sql/session.js";
import { withoutAsserts } from "./calls.js";
import { type Gather, type Performance, perform } from "./perform.js";
import type { Play } from "./play.js";
import { checkWalOrder, hasLog, walOrderSetting } from "./wal-order.js";

/** Performances of one play by both sides, in the same folder one after the other. */
export interface Both {
  real: Performance;
  port: Performance;
}

/** The folder that both sides use; no engine has it open. */
export function stageOf(ctx: CaseContext): string {
  const dir = join(ctx.dir, "stage");
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** Which side stands for the port; another real SQLite shows that the harness itself is deterministic. */
const PORT_SIDE = process.env["PAGER_MIRROR_SQL_BOTH_REAL"] === "1" ? "real" : "port";

/** The port's engine. */
export async function portEngine(ctx: CaseContext): Promise<SqlEngine> {
  return await ctx.sql(PORT_SIDE, PORT_SIDE === "real" ? 1 : 0);
}

/**
 * Performs on real SQLite first, then on the port; `plan` says what fails on both. Traces in which there
 * is a log are held against the rules of order.
 */
export async function performBoth(
  ctx: CaseContext,
  play: Play,
  gather: Gather,
  plan?: ShimPlan,
): Promise<Both> {
  const dir = stageOf(ctx);
  const real = await perform(await ctx.sql("real"), dir, play, gather, plan);
  const engine = await portEngine(ctx);
  let port: Performance;
  try {
    port = await perform(engine, dir, play, gather, plan);
  } catch (e) {
    /* An exception leaves the engine unusable; whoever plays on needs another. */
    await engine.kill();
    throw e;
  }
  for (const [what, { trace }] of Object.entries({ "real SQLite's calls": real, "the port's calls": port })) {
    if (hasLog(trace)) checkWalOrder(ctx.check, what, trace, walOrderSetting(play));
  }
  return { real, port: { ...port, trace: withoutAsserts(port.trace) } };
}
