/** The cases of power-loss.ts. */

import type { Case } from "../../core/case.js";
import { runLikeReal, runPowerLoss } from "./power-loss.js";
import { DEVICES, FILE_JOURNALS, SYNCS } from "./settings.js";
import { type Run, runName, WALKS } from "./walks.js";

/** The cases. */
export function powerCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  for (const walk of WALKS) {
    for (const device of DEVICES) {
      for (const journal of FILE_JOURNALS) {
        for (const sync of SYNCS) {
          if (sync === "OFF") continue;
          const kind = (["old", "grows", "new"] as const)[turn % 5 === 0 ? 2 : turn % 2] as
            | "old"
            | "grows"
            | "new";
          const pageSize = turn % 7 === 3 ? 512 : 1024;
          const run: Run = { pageSize, journal, sync, device, walk };
          list.push({
            name: `power loss: ${kind} database, ${runName(run)}`,
            fullOnly: turn++ % 59 !== 0,
            timeoutSeconds: 300,
            run: async (ctx) => runPowerLoss(ctx, run, kind, false, await ctx.port()),
          });
        }
      }
    }
  }
  for (const walk of WALKS) {
    for (const journal of FILE_JOURNALS) {
      const device = DEVICES[turn % DEVICES.length] as Run["device"];
      const run: Run = { pageSize: 1024, journal, sync: "FULL", device, walk };
      list.push({
        name: `power loss at every call: ${runName(run)}`,
        fullOnly: turn++ % 13 !== 0,
        timeoutSeconds: 600,
        run: async (ctx) => runPowerLoss(ctx, run, "old", true, await ctx.port()),
      });
    }
  }
  for (const [k, walk] of WALKS.entries()) {
    for (const [i, journal] of FILE_JOURNALS.entries()) {
      const device = DEVICES[(k * 3 + i) % 9] as Run["device"];
      const run: Run = { pageSize: 1024, journal, sync: "NORMAL", device, walk };
      list.push({
        name: `power loss as real SQLite recovers it: ${runName(run)}`,
        fullOnly: turn++ % 9 !== 0,
        timeoutSeconds: 300,
        run: (ctx) => runLikeReal(ctx, run, "grows"),
      });
    }
  }
  return list;
}
