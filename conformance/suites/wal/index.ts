/** wal: the write-ahead log, byte by byte and call by call. */

import type { Case, Suite } from "../../core/case.js";
import { matrix, WAL_LEVELS } from "../../sql/matrix.js";
import { tryRandomFailingWalPlay, tryRandomWalPlay } from "../../sql/random/wal.js";
import { DEFAULTS, DEVICES, type Settings } from "../../sql/settings.js";
import { workloads } from "../../sql/workloads/index.js";
import { walWorkloads } from "../../sql/workloads/wal.js";
import { compareWalPlay } from "./compare.js";
import { walFaultCases } from "./faults/cases.js";
import { longCases } from "./long.js";
import { orderCases } from "./order.js";

/** Settings under which every workload runs: their names can be relied on. */
const USUAL: readonly Settings[] = [
  { ...DEFAULTS, journal: "WAL", cache: 10 },
  {
    ...DEFAULTS,
    journal: "WAL",
    cache: 10,
    device: DEVICES.find((d) => d.name === "sector size 4096") as Settings["device"],
  },
];

function matrixCases(): Case[] {
  const own = matrix(walWorkloads, WAL_LEVELS, [3], USUAL);
  const others = matrix(workloads, WAL_LEVELS, [7], USUAL);
  return [...own, ...others].map(({ name, workload, settings, fullOnly }) => ({
    name,
    fullOnly,
    run: async (ctx) => void (await compareWalPlay(ctx, { settings, steps: workload.script(settings) })),
  }));
}

function randomCases(): Case[] {
  return Array.from({ length: 800 }, (_, i) => ({
    name: `random SQL ${i + 1}`,
    fullOnly: i >= 20,
    timeoutSeconds: 600,
    run: (ctx) => tryRandomWalPlay(ctx.random, async (play) => void (await compareWalPlay(ctx, play))),
  }));
}

function failingCases(): Case[] {
  return Array.from({ length: 600 }, (_, i) => ({
    name: `random SQL with failing calls ${i + 1}`,
    fullOnly: i >= 16,
    timeoutSeconds: 600,
    run: (ctx) =>
      tryRandomFailingWalPlay(ctx.random, async ({ play, plan }) => {
        await compareWalPlay(ctx, play, plan);
      }),
  }));
}

/** The suite. */
export const wal: Suite = {
  name: "wal",
  about: "the write-ahead log: every byte of -wal, -shm and databases, every call, and the order of both",
  needsEngine: true,
  cases: () => [
    ...matrixCases(),
    ...orderCases(),
    ...longCases(),
    ...randomCases(),
    ...failingCases(),
    ...walFaultCases(),
  ],
};
