/** io-order: the calls below SQLite are the same, one by one. */

import type { Case, CaseContext, Suite } from "../../core/case.js";
import { DETAILED_CALLS, type RecordOptions } from "../../engines/shimvfs.js";
import { compareTraces } from "../../sql/calls.js";
import { LEVELS, matrix } from "../../sql/matrix.js";
import type { Play } from "../../sql/play.js";
import { tryRandomPlay } from "../../sql/random/plays.js";
import { performBoth } from "../../sql/suite.js";
import { workloads } from "../../sql/workloads/index.js";

/** Mapped pages too, and what sizes, lock checks and accesses gave. */
const EVERYTHING: RecordOptions = {
  calls: [...DETAILED_CALLS, "fetch", "unfetch", "fullname"],
  results: true,
};

/** The rows of the matrix that are in the default share. */
const SHARE = [9, 23, 37];

async function compareCalls(ctx: CaseContext, play: Play): Promise<void> {
  const { real, port } = await performBoth(ctx, play, { trace: EVERYTHING });
  ctx.check.ok("real SQLite's calls were recorded", real.trace.length > 0);
  compareTraces(ctx.check, port.trace, real.trace);
}

function matrixCases(): Case[] {
  return matrix(workloads, LEVELS, SHARE).map(({ name, workload, settings, fullOnly }) => ({
    name,
    fullOnly,
    run: (ctx) => compareCalls(ctx, { settings, steps: workload.script(settings) }),
  }));
}

function randomCases(): Case[] {
  return Array.from({ length: 600 }, (_, i) => ({
    name: `random SQL ${i + 1}`,
    fullOnly: i >= 20,
    timeoutSeconds: 300,
    run: (ctx) => tryRandomPlay(ctx.random, (play) => compareCalls(ctx, play)),
  }));
}

/** The suite. */
export const ioOrder: Suite = {
  name: "io-order",
  about:
    "every call below SQL: opens, reads, writes, syncs, truncates, deletes, locks, in real SQLite's order",
  needsEngine: true,
  cases: () => [...matrixCases(), ...randomCases()],
};
