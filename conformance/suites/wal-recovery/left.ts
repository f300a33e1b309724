/** Writers of both kinds live the same life and are killed: the same files left, and the same recovery. */

import { isDeepStrictEqual } from "node:util";
import type { Case, CaseContext } from "../../core/case.js";
import { fileOf, takeSnapshot } from "../recovery/folder.js";
import { SHM, WAL } from "./acts.js";
import { compareFolders } from "./compare.js";
import { sameRecovery, stage } from "./recover.js";
import { type Moment, type Story, stories, tell } from "./stories.js";
import { useFor } from "./uses.js";
import { victim } from "./victims.js";

async function run(ctx: CaseContext, s: Story, offset: number): Promise<void> {
  const told: Record<string, Moment[]> = {};
  for (const side of ["real", "port"] as const) {
    const engine = await victim(ctx, side);
    const moments = await tell(ctx, engine, s);
    await engine.kill();
    moments.push({ what: "after the kill", answer: null, files: takeSnapshot(stage(ctx)) });
    told[side] = moments;
  }
  const real = told["real"] as Moment[];
  const port = told["port"] as Moment[];
  for (const [i, moment] of real.entries()) {
    const own = port[i] as Moment;
    ctx.check.equal(`${moment.what}: the answer`, own.answer, moment.answer);
    compareFolders(ctx.check, `written, ${moment.what}`, own.files, moment.files, false);
  }
  const last = (real.at(-1) as Moment).files;
  ctx.check.ok("the kill left a log", fileOf(last, WAL).length > 32);
  ctx.check.equal("the kill left an index", last.has(SHM), s.withoutShm !== true);
  let n = 0;
  for (const [i, { what, files }] of real.entries()) {
    if (i > 0 && isDeepStrictEqual(files, real[i - 1]?.files)) continue;
    if (fileOf(files, WAL).length === 0) continue;
    await sameRecovery(ctx, `killed ${what}`, files, useFor(offset + n++));
  }
}

/** In the default run. */
const SHARE = new Map<number, readonly string[]>([
  [512, ["savepoints"]],
  [1024, ["partly copied", "exclusive mode"]],
  [4096, ["log restarted"]],
  [65536, ["spills"]],
]);

/** The cases. */
export function leftCases(): Case[] {
  const list: Case[] = [];
  for (const [k, pageSize] of [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536].entries()) {
    for (const [i, s] of stories(pageSize).entries()) {
      list.push({
        name: `left by killed writers: ${s.name}, page size ${pageSize}`,
        fullOnly: SHARE.get(pageSize)?.includes(s.name) !== true,
        run: (ctx) => run(ctx, s, 3 * k + i),
      });
    }
  }
  return list;
}
