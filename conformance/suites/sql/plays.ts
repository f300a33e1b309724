/** One play of suite `sql`: outcomes, files after every step, figures of the caches. */

import type { CaseContext } from "../../core/case.js";
import type { RunResult } from "../../engines/sql/protocol.js";
import { comparePerformances } from "../../sql/compare.js";
import type { Performance } from "../../sql/perform.js";
import type { Play } from "../../sql/play.js";
import { performBoth } from "../../sql/suite.js";

/** The rows of the integrity check that ends every play. */
function lastCheck(p: Performance): unknown {
  const at = p.steps.findLastIndex((s) => s.do === "sql" && s.sql === "PRAGMA integrity_check");
  return (p.outcomes[at] as RunResult).statements[0]?.rows;
}

/** Plays on both sides and compares. */
export async function comparePlay(ctx: CaseContext, play: Play): Promise<void> {
  const { real, port } = await performBoth(ctx, play, { files: true, status: true });
  comparePerformances(ctx.check, port, real);
  ctx.check.equal("real SQLite's integrity check at the end", lastCheck(real), [["ok"]]);
}
