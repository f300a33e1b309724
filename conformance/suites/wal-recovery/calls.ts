/** Processes of both kinds are killed at a call: while they write, and while they recover or copy the log. */

import type { Case, CaseContext } from "../../core/case.js";
import type { ShimRecord } from "../../engines/shimvfs.js";
import { callText } from "../../sql/calls.js";
import { fileOf, type Snapshot } from "../recovery/folder.js";
import { type Act, DB, SHM, WAL } from "./acts.js";
import { compareFolders, hasNoValidFrame } from "./compare.js";
import { sameHeldRecovery } from "./held.js";
import { sameRecovery } from "./recover.js";
import { ending, type Story, stories, story } from "./stories.js";
import { USES, type Use, useFor } from "./uses.js";
import { callsOf, type KillPoint, pointText, remainsOf, victim } from "./victims.js";

/** Points of a list of calls: before each, within each write, after the last one. */
function allPoints(calls: readonly ShimRecord[]): KillPoint[] {
  const points: KillPoint[] = [];
  for (const [i, { call }] of calls.entries()) {
    points.push({ at: i + 1, what: "kill-before" });
    if (call === "write") points.push({ at: i + 1, what: "kill-torn" });
  }
  return [...points, { at: calls.length, what: "kill-after" }];
}

/** One point at random from each of `most` equal parts. */
function choose(ctx: CaseContext, points: readonly KillPoint[], most: number): KillPoint[] {
  if (points.length <= most) return [...points];
  return Array.from({ length: most }, (_, i) => {
    const from = Math.floor((i * points.length) / most);
    const to = Math.floor(((i + 1) * points.length) / most) - 1;
    return points[ctx.random.between(from, to)] as KillPoint;
  });
}

/**
 * Kills both engines at the same calls of the same steps: the same files left; both recover them alike,
 * alone and, with the index as it was left, beside a connection that has been there all the time.
 *
 * @param most how many points the default run takes; the full one takes six times as many
 */
async function killBoth(
  ctx: CaseContext,
  files: Snapshot,
  acts: readonly Act[],
  most: number,
): Promise<void> {
  const calls = await callsOf(ctx, "real", files, acts);
  const own = await callsOf(ctx, "port", files, acts);
  ctx.check.equal("the calls", own.map(callText), calls.map(callText));
  const noValidFrame = hasNoValidFrame(files);
  for (const [i, point] of choose(ctx, allPoints(calls), ctx.full ? 6 * most : most).entries()) {
    const what = pointText(point, calls);
    const real = await remainsOf(ctx, await victim(ctx, "real"), files, acts, point);
    const port = await remainsOf(ctx, await victim(ctx, "port"), files, acts, point);
    compareFolders(ctx.check, `${what}, left behind`, port, real, noValidFrame);
    await sameRecovery(ctx, what, real, useFor(i));
    if (real.has(WAL) && real.has(SHM)) {
      const how = { side: "real", reading: i % 2 === 1 } as const;
      await sameHeldRecovery(ctx, what, files, real, useFor(i), how, true);
    }
  }
}

/** The first life: the database is made, then the story is lived by the victims. */
async function killedWriter(ctx: CaseContext, s: Story, most: number): Promise<void> {
  const files = await ending(ctx, { ...s, acts: [...s.acts.slice(0, 2)] });
  ctx.check.ok("there is a database", fileOf(files, DB).length > 0);
  const acts: Act[] = [{ do: "open" }, ...s.acts.slice(2)];
  await killBoth(ctx, files, acts, most);
}

/** The second life: a killed writer's files are used, and the user is killed, too. */
async function killedAgain(ctx: CaseContext, s: Story, use: Use, most: number): Promise<void> {
  await killBoth(ctx, await ending(ctx, s), use.acts, most);
}

/** In the default run. */
const DEFAULT_WRITERS = ["savepoints, page size 1024", "partly copied, page size 512"];
const DEFAULT_AGAIN = [
  "spills, page size 1024, checkpoint first",
  "partly copied, page size 4096, read first",
  "log restarted, page size 512, log kept",
];

/** The cases. */
export function callCases(): Case[] {
  const list: Case[] = [];
  for (const pageSize of [512, 1024, 4096, 65536]) {
    for (const s of stories(pageSize)) {
      const words = `${s.name}, page size ${pageSize}`;
      /* Needs more steps after the first two than these have. */
      if (s.acts.length > 3 && s.withoutShm !== true && s.device === undefined) {
        list.push({
          name: `killed at a call: ${words}`,
          fullOnly: !DEFAULT_WRITERS.includes(words),
          timeoutSeconds: 900,
          run: (ctx) => killedWriter(ctx, s, 5),
        });
      }
      for (const use of USES) {
        const again = `${words}, ${use.name}`;
        list.push({
          name: `killed again: ${again}`,
          fullOnly: !DEFAULT_AGAIN.includes(again),
          timeoutSeconds: 900,
          run: (ctx) => killedAgain(ctx, story(s.name, pageSize), use, 5),
        });
      }
    }
  }
  return list;
}
