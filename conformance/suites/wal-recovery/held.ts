/**
 * Recovery while another connection lives: its lock on the index keeps the next one from cutting the file,
 * so what a killed writer left in the index counts.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import type { SqlEngine } from "../../engines/sql/session.js";
import { SHM_REGION } from "../../format/shm.js";
import { fileOf, type Snapshot, takeSnapshot } from "../recovery/folder.js";
import { type Act, DB, overwriteFile, type Performance, perform, perform1, SHM, WAL } from "./acts.js";
import { comparePerformances, hasNoValidFrame } from "./compare.js";
import { prepare, SEED, stage } from "./recover.js";
import type { Use } from "./uses.js";

/** Who holds the index, and how. */
export interface Holder {
  side: "real" | "port";
  /** In a read transaction that began before; otherwise idle. */
  reading: boolean;
}

const SLOT = 2;

const OPENED: readonly Act[] = [{ do: "open" }, { do: "sql", sql: "SELECT count(*), total(c) FROM t" }];
const BEGUN: Act = { do: "sql", sql: "BEGIN; SELECT count(*), total(c) FROM t" };
/** What the holder does in the end. */
const ENDED: readonly Act[] = [
  { do: "sql", sql: "COMMIT; PRAGMA integrity_check; SELECT count(*), total(c) FROM t" },
  { do: "close" },
];

/** Puts the scene's bytes into the files that the holder has open. */
function exchange(folder: string, scene: Snapshot): void {
  for (const name of [DB, WAL, SHM]) {
    const path = join(folder, name);
    if (!existsSync(path)) throw new Error(`the holder has not made ${name}`);
    const bytes = fileOf(scene, name);
    if (name !== SHM) overwriteFile(path, bytes, true);
    else {
      /* It is mapped: never shorter than a region. */
      const whole = new Uint8Array(Math.max(SHM_REGION, bytes.length));
      whole.set(bytes);
      overwriteFile(path, whole, false);
    }
  }
}

async function makesHeld(
  subject: SqlEngine,
  holder: SqlEngine,
  how: Holder,
  folder: string,
  before: Snapshot,
  scene: Snapshot,
  acts: readonly Act[],
): Promise<Performance> {
  await subject.reset();
  await prepare(holder, folder, before);
  for (const act of OPENED) await perform1(holder, folder, act);
  if (how.reading) await perform1(holder, folder, BEGUN);
  exchange(folder, scene);
  await subject.seed(SEED);
  const own = await perform(subject, folder, acts);
  await subject.reset();
  own.folders[own.folders.length - 1] = takeSnapshot(folder);
  const last = await perform(holder, folder, ENDED);
  await holder.reset();
  return { answers: [...own.answers, ...last.answers], folders: [...own.folders, ...last.folders] };
}

/**
 * Both engines find the scene's files while the same holder has them open.
 *
 * @param before files that the holder opens, before their bytes are exchanged for the scene's
 */
export async function sameHeldRecovery(
  ctx: CaseContext,
  what: string,
  before: Snapshot,
  scene: Snapshot,
  use: Use,
  how: Holder,
): Promise<Performance> {
  const folder = stage(ctx);
  const holder = await ctx.sql(how.side, SLOT);
  const where = `${what}, ${use.name}, held by ${how.side}${how.reading ? ", reading" : ""}`;
  const expected = await makesHeld(await ctx.sql("real"), holder, how, folder, before, scene, use.acts);
  const actual = await makesHeld(await ctx.sql("port"), holder, how, folder, before, scene, use.acts);
  const acts = [...use.acts, ...ENDED];
  comparePerformances(ctx.check, where, acts, actual, expected, hasNoValidFrame(scene));
  return expected;
}
