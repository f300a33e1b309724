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
import { checkWrittenDown, exchangeNow, orderSetting, writeDown } from "./order.js";
import { prepare, SEEDS, stage } from "./recover.js";
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

/** What happens while the index is held. */
interface Held {
  before: Snapshot;
  scene: Snapshot;
  how: Holder;
  acts: readonly Act[];
  isTrue: boolean;
}

async function makesHeld(
  ctx: CaseContext,
  what: string,
  subject: SqlEngine,
  { before, scene, how, acts, isTrue }: Held,
): Promise<Performance> {
  const folder = stage(ctx);
  const holder = await ctx.sql(how.side, SLOT);
  await subject.reset();
  await prepare(holder, folder, before, "writer");
  await writeDown(ctx, holder, subject);
  for (const act of OPENED) await perform1(holder, folder, act);
  if (how.reading) await perform1(holder, folder, BEGUN);
  const exchanged = exchangeNow(ctx, scene);
  exchange(folder, scene);
  await subject.seed(SEEDS.recoverer);
  const own = await perform(subject, folder, acts);
  await subject.reset();
  own.folders[own.folders.length - 1] = takeSnapshot(folder);
  const last = await perform(holder, folder, ENDED);
  await holder.reset();
  if (isTrue) {
    const circumstances = { files: before, exchange: exchanged };
    checkWrittenDown(ctx, `${what}: ${subject.side}`, circumstances, orderSetting(acts));
  }
  return { answers: [...own.answers, ...last.answers], folders: [...own.folders, ...last.folders] };
}

/**
 * Both engines find the scene's files while the same holder has them open.
 *
 * @param before files that the holder opens, before their bytes are exchanged for the scene's
 * @param isTrue whether the scene's index says what is so, or what nobody believes: with an index that lies
 *   SQLite cannot keep the log's rules
 */
export async function sameHeldRecovery(
  ctx: CaseContext,
  what: string,
  before: Snapshot,
  scene: Snapshot,
  use: Use,
  how: Holder,
  isTrue: boolean,
): Promise<Performance> {
  const where = `${what}, ${use.name}, held by ${how.side}${how.reading ? ", reading" : ""}`;
  const held = { before, scene, how, acts: use.acts, isTrue };
  const expected = await makesHeld(ctx, where, await ctx.sql("real"), held);
  const actual = await makesHeld(ctx, where, await ctx.sql("port"), held);
  const acts = [...use.acts, ...ENDED];
  comparePerformances(ctx.check, where, acts, actual, expected, hasNoValidFrame(scene));
  return expected;
}
