/** One play of the suite: outcomes, every file after every step, every call, and the rules of order. */

import type { CaseContext } from "../../core/case.js";
import type { ShimPlan } from "../../engines/shimvfs.js";
import { DETAILED_CALLS, type RecordOptions } from "../../engines/shimvfs.js";
import type { RunResult } from "../../engines/sql/protocol.js";
import { compareTraces } from "../../sql/calls.js";
import { comparePerformances } from "../../sql/compare.js";
import type { Performance } from "../../sql/perform.js";
import type { Play } from "../../sql/play.js";
import { performBoth } from "../../sql/suite.js";
import { readsLog } from "../../sql/wal-index.js";

/** All calls there are, what they gave, and the wal-index's header between them. */
export const EVERYTHING: RecordOptions = {
  calls: [
    ...DETAILED_CALLS,
    "fetch",
    "unfetch",
    "fullname",
    "shmmap",
    "shmlock",
    "shmbarrier",
    "shmunmap",
    "sleep",
  ],
  results: true,
  index: true,
  instant: true,
};

/** The rows of the integrity check that ends every play. */
function lastCheck(p: Performance): unknown {
  const at = p.steps.findLastIndex((s) => s.do === "sql" && s.sql === "PRAGMA integrity_check");
  return (p.outcomes[at] as RunResult).statements[0]?.rows;
}

/** From where on a recovery may have built an index; a trace does not tell steps apart. */
export function recoveredFrom(p: Performance): { recoveredFrom?: number } {
  return readsLog(p.trace) ? { recoveredFrom: 0 } : {};
}

/**
 * Plays on both sides and compares.
 *
 * @param plan what fails
 */
export async function compareWalPlay(ctx: CaseContext, play: Play, plan?: ShimPlan): Promise<Performance> {
  const { real, port } = await performBoth(ctx, play, { files: true, status: true, trace: EVERYTHING }, plan);
  const expected = { ...real, ...recoveredFrom(real) };
  comparePerformances(ctx.check, port, expected);
  ctx.check.ok("real SQLite's calls were recorded", real.trace.length > 0);
  compareTraces(ctx.check, port.trace, real.trace);
  if (plan === undefined) {
    ctx.check.equal("real SQLite's integrity check at the end", lastCheck(real), [["ok"]]);
  } else {
    ctx.check.equal("calls that the plan counted", port.counted, real.counted);
  }
  return real;
}
