/**
 * Allocations of the port that fail, one by one: a statement says so or is not disturbed, the connection
 * recovers, and the databases hold what they held before or after one of the transactions. Real SQLite's
 * allocations are others; what the databases may hold is what real SQLite makes of the script.
 */

import { isDeepStrictEqual } from "node:util";
import { SQLITE_IOERR_NOMEM, SQLITE_NOMEM } from "../../../../src/index.js";
import type { CaseContext } from "../../../core/case.js";
import type { Outcome, RunResult } from "../../../engines/sql/protocol.js";
import { history } from "../../../sql/compare.js";
import { stageOf } from "../../../sql/suite.js";
import { committedStates, type Failing, hasFailed, makeBase, NEVER, places, runFaulty } from "./run.js";
import type { FaultScript } from "./scripts.js";

function failingAllocations(at: number, persistent: boolean): Failing {
  return {
    begin: async (engine) => await engine.failAllocation({ at, persistent }),
    end: async (engine) => {
      const count = await engine.allocations();
      await engine.failAllocation(null);
      return count;
    },
  };
}

/** The code of an outcome that is an error. */
function codeOf(outcome: unknown): number {
  const o = outcome as Partial<RunResult> & { outcome?: Outcome; code?: number };
  return o.statements?.find((x) => x.outcome.code !== 0)?.outcome.code ?? o.outcome?.code ?? o.code ?? 0;
}

/** Runs one case. */
export async function runAllocations(
  ctx: CaseContext,
  s: FaultScript,
  persistent: boolean,
  most: number,
): Promise<void> {
  const dir = stageOf(ctx);
  const real = await ctx.sql("real");
  const base = await makeBase(real, dir, s);
  const states = await committedStates(real, dir, s, base);
  const undisturbed = await runFaulty(real, dir, s, base, null);
  const port = await ctx.sql("port");
  const never = await runFaulty(port, dir, s, base, failingAllocations(NEVER, persistent));
  ctx.check.ok("the script allocates", never.calls > 0);
  for (const at of places(ctx, never.calls, most)) {
    const run = await runFaulty(port, dir, s, base, failingAllocations(at, persistent));
    const what = `allocation ${at} of ${never.calls} fails`;
    const bad = run.outcomes.findIndex((o, i) => i >= run.actFrom && i < run.actTo && hasFailed(o));
    if (bad >= 0) {
      const code = codeOf(run.outcomes[bad]);
      ctx.check.ok(
        `${what}: step ${bad} gives code ${code}, expected SQLITE_NOMEM`,
        code === SQLITE_NOMEM || code === SQLITE_IOERR_NOMEM,
        history(run.steps, bad),
      );
    } else {
      const expected = undisturbed.outcomes.slice(undisturbed.actFrom, undisturbed.actTo);
      ctx.check.equal(`${what}: undisturbed outcomes`, run.outcomes.slice(run.actFrom, run.actTo), expected);
    }
    /* From here on memory is there again; nothing may be left to end, nor to roll back. */
    const rollback = run.steps.findIndex((x, i) => i >= run.actTo && x.do === "sql");
    const later = run.outcomes.findIndex((o, i) => i > rollback && hasFailed(o));
    ctx.check.ok(`${what}: afterwards step ${later} still fails`, later < 0, history(run.steps, later));
    if (s.mayTear) continue;
    ctx.check.equal(`${what}: a fresh connection's integrity check`, run.found[0], [["ok"]]);
    ctx.check.ok(
      `${what}: the databases hold what they held before or after a transaction`,
      states.some((x) => isDeepStrictEqual(x, run.found)),
    );
  }
}
