/** What killed writers left in the index, found by connections that are not the first ones. */

import type { Case, CaseContext } from "../../core/case.js";
import { parseShm } from "../../format/shm.js";
import { fileOf, type Snapshot } from "../recovery/folder.js";
import { DB, SHM, WAL } from "./acts.js";
import { type Holder, sameHeldRecovery } from "./held.js";
import { heldScenes, type IndexBase } from "./index-scenes.js";
import { ending, type Moment, story, tell } from "./stories.js";
import { USES, USUAL, type Use } from "./uses.js";

async function baseOf(ctx: CaseContext, name: string, pageSize: number): Promise<IndexBase> {
  const engine = await ctx.sql("real");
  const moments = await tell(ctx, engine, story(name, pageSize));
  await engine.reset();
  const { files } = moments.at(-1) as Moment;
  const head = (m: Snapshot) => parseShm(fileOf(m, SHM)).copies?.[0];
  const now = head(files);
  const earlier = moments.findLast(({ files: m }) => {
    const then = head(m);
    return then !== undefined && then.mxFrame > 0 && then.mxFrame < (now?.mxFrame ?? 0);
  });
  if (earlier === undefined) throw new Error(`${name} has no earlier commit in the log`);
  return {
    files,
    earlier: earlier.files,
    other: await ending(ctx, story("vacuum", pageSize)),
    random: ctx.random,
  };
}

async function run(
  ctx: CaseContext,
  name: string,
  pageSize: number,
  how: Holder,
  useFor: (i: number) => Use,
): Promise<void> {
  const base = await baseOf(ctx, name, pageSize);
  ctx.check.ok("there is a log", fileOf(base.files, WAL).length > 32);
  for (const [i, [what, make]] of Object.entries(heldScenes).entries()) {
    const scene = make(base);
    await sameHeldRecovery(ctx, what, base.files, scene, useFor(i), how, isTrue(base.files, scene));
  }
}

/** Whether the index is the one that was left with these files, or one that nobody believes. */
function isTrue(left: Snapshot, scene: Snapshot): boolean {
  const isSame = [DB, WAL, SHM].every(
    (name) => Buffer.compare(fileOf(left, name), fileOf(scene, name)) === 0,
  );
  return isSame || !parseShm(fileOf(scene, SHM)).usable;
}

const HOLDERS: readonly Holder[] = [
  { side: "real", reading: false },
  { side: "real", reading: true },
  { side: "port", reading: false },
  { side: "port", reading: true },
];

/** In the default run. */
const DEFAULT = [
  "partly copied, page size 1024, held by real",
  "savepoints, page size 1024, held by port, reading",
];

/** The cases. */
export function heldCases(): Case[] {
  const list: Case[] = [];
  for (const pageSize of [512, 1024, 4096, 65536]) {
    for (const name of ["partly copied", "savepoints", "log restarted"]) {
      for (const [h, how] of HOLDERS.entries()) {
        const words = `${name}, page size ${pageSize}, held by ${how.side}${how.reading ? ", reading" : ""}`;
        const useFor = (i: number): Use => (h === 0 ? USUAL : (USES[(i + h) % USES.length] as Use));
        list.push({
          name: `index in use: ${words}`,
          fullOnly: !DEFAULT.includes(words),
          timeoutSeconds: 600,
          run: (ctx) => run(ctx, name, pageSize, how, useFor),
        });
      }
    }
  }
  return list;
}
