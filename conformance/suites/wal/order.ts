/** The rules of order, on plays in which everything happens that they speak of. */

import type { Case, CaseContext } from "../../core/case.js";
import type { WalOrderCounts } from "../../core/order/wal-rules.js";
import { DEFAULTS, DEVICES, type Settings, settingsText } from "../../sql/settings.js";
import { performBoth } from "../../sql/suite.js";
import { checkWalOrder, walOrderSetting } from "../../sql/wal-order.js";
import { type Workload, workloads } from "../../sql/workloads/index.js";
import { walWorkloads } from "../../sql/workloads/wal.js";
import { EVERYTHING } from "./compare.js";

/** A workload, and what must have happened in it. */
interface Scene {
  workload: string;
  must: readonly (keyof WalOrderCounts)[];
}

const ALWAYS = ["frames", "commits", "checkpointed", "complete"] as const;

const SCENES: readonly Scene[] = [
  { workload: "checkpoints that readers hold back", must: [...ALWAYS, "partial", "resets"] },
  { workload: "the log starts over again and again", must: [...ALWAYS, "resets"] },
  { workload: "frames overwritten before the commit", must: [...ALWAYS, "resets"] },
  { workload: "the database grows and shrinks in the log", must: [...ALWAYS, "resets"] },
  {
    workload: "into WAL and back, from every journal mode",
    must: ["frames", "commits", "checkpointed", "resets"],
  },
];

const LEVELS: readonly Settings[] = (["FULL", "NORMAL", "OFF"] as const).flatMap((sync) =>
  DEVICES.filter((d) => ["plain device", "sector size 4096", "sequential"].includes(d.name)).map(
    (device): Settings => ({
      ...DEFAULTS,
      journal: "WAL",
      cache: 10,
      sync,
      device,
      autoVacuum: "INCREMENTAL",
    }),
  ),
);

async function runScene(
  ctx: CaseContext,
  scene: Scene,
  workload: Workload,
  settings: Settings,
): Promise<void> {
  const play = { settings: { ...settings, ...workload.settings }, steps: workload.script(settings) };
  const both = await performBoth(ctx, play, { trace: EVERYTHING });
  const counts = Object.values(both).map((p) => {
    const found = checkWalOrder(ctx.check, "the calls", p.trace, walOrderSetting(play));
    for (const key of scene.must) {
      ctx.check.ok(`there are ${key} in the trace`, found[key] > 0, JSON.stringify(found));
    }
    return found;
  });
  ctx.check.equal("what the port's trace contains", counts[1], counts[0]);
}

/** The cases. */
export function orderCases(): Case[] {
  const all = [...walWorkloads, ...workloads];
  return SCENES.flatMap((scene, i) => {
    const workload = all.find((w) => w.name === scene.workload) as Workload;
    return LEVELS.map((settings, k) => ({
      name: `order: ${scene.workload}: ${settingsText(settings)}`,
      fullOnly: k !== i % 6,
      run: (ctx: CaseContext) => runScene(ctx, scene, workload, settings),
    }));
  });
}
