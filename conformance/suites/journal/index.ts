/** journal: every byte that reaches journals and databases, at every sync and before it is erased. */

import type { Case, CaseContext, Suite } from "../../core/case.js";
import { JOURNAL_LEVELS, matrix } from "../../sql/matrix.js";
import type { Play } from "../../sql/play.js";
import { tryRandomPlay } from "../../sql/random/plays.js";
import { performBoth } from "../../sql/suite.js";
import { workloads } from "../../sql/workloads/index.js";
import { comparePoints } from "./points.js";

/** The rows of the matrix that are in the default share. */
const SHARE = [2, 16, 30];

async function compareJournals(ctx: CaseContext, play: Play): Promise<void> {
  const { real, port } = await performBoth(ctx, play, { trace: true });
  comparePoints(ctx.check, port.trace, real.trace);
}

function matrixCases(): Case[] {
  return matrix(workloads, JOURNAL_LEVELS, SHARE).map(({ name, workload, settings, fullOnly }) => ({
    name,
    fullOnly,
    run: (ctx) => compareJournals(ctx, { settings, steps: workload.script(settings) }),
  }));
}

function randomCases(): Case[] {
  return Array.from({ length: 600 }, (_, i) => ({
    name: `random SQL ${i + 1}`,
    fullOnly: i >= 20,
    timeoutSeconds: 300,
    run: (ctx) => tryRandomPlay(ctx.random, (play) => compareJournals(ctx, play)),
  }));
}

/** The suite. */
export const journal: Suite = {
  name: "journal",
  about: "every byte of journals, sub-journals, super-journals and databases, at every sync and erasure",
  needsEngine: true,
  cases: () => [...matrixCases(), ...randomCases()],
};
