/** sql: the same SQL gives the same answers and the same files, statement by statement. */

import type { Case, Suite } from "../../core/case.js";
import { comparePerformances } from "../../sql/compare.js";
import { LEVELS, matrix } from "../../sql/matrix.js";
import { tryRandomFailingPlay, tryRandomPlay } from "../../sql/random/plays.js";
import { performBoth } from "../../sql/suite.js";
import { workloads } from "../../sql/workloads/index.js";
import { faultCases } from "./faults/cases.js";
import { comparePlay } from "./plays.js";

/** The rows of the matrix that are in the default share. */
const SHARE = [5, 19, 33];

function matrixCases(): Case[] {
  return matrix(workloads, LEVELS, SHARE).map(({ name, workload, settings, fullOnly }) => ({
    name,
    fullOnly,
    run: (ctx) => comparePlay(ctx, { settings, steps: workload.script(settings) }),
  }));
}

function randomCases(): Case[] {
  return Array.from({ length: 1000 }, (_, i) => ({
    name: `random SQL ${i + 1}`,
    fullOnly: i >= 30,
    timeoutSeconds: 300,
    run: (ctx) => tryRandomPlay(ctx.random, (play) => comparePlay(ctx, play)),
  }));
}

function failingCases(): Case[] {
  return Array.from({ length: 600 }, (_, i) => ({
    name: `random SQL with failing calls ${i + 1}`,
    fullOnly: i >= 20,
    timeoutSeconds: 300,
    run: (ctx) =>
      tryRandomFailingPlay(ctx.random, async ({ play, plan }) => {
        const { real, port } = await performBoth(ctx, play, { files: true, status: true }, plan);
        comparePerformances(ctx.check, port, real);
        ctx.check.equal("calls that the plan counted", port.counted, real.counted);
      }),
  }));
}

/** The suite. */
export const sql: Suite = {
  name: "sql",
  about: "the same SQL: rows, changes, codes and messages, and the files after every step",
  needsEngine: true,
  cases: () => [...matrixCases(), ...randomCases(), ...failingCases(), ...faultCases()],
};
