/** The same files, the same use, one engine after the other in the same folder. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import type { WalOrderCounts } from "../../core/order/wal-rules.js";
import type { ShimDevice } from "../../engines/shimvfs.js";
import type { SqlEngine } from "../../engines/sql/session.js";
import { parseShm } from "../../format/shm.js";
import { parseWal } from "../../format/wal.js";
import { fileOf, restore, type Snapshot } from "../recovery/folder.js";
import { type Act, type Performance, perform, SHM, WAL } from "./acts.js";
import { comparePerformances, hasNoValidFrame } from "./compare.js";
import { checkWrittenDown, orderSetting, writeDown } from "./order.js";
import type { Use } from "./uses.js";

/**
 * Both sides draw the same random numbers: salts are compared, not masked. Those who come one after the other
 * to the same files do not: a log that starts over has a new salt.
 */
export const SEEDS = { writer: 0x5eed, victim: 0x5eee, recoverer: 0x5eef } as const;

/** The folder in which everything happens; journals and logs never move. */
export function stage(ctx: CaseContext): string {
  const folder = join(ctx.dir, "stage");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Closes what the engine has open, puts the files there, and starts its random numbers afresh. */
export async function prepare(
  engine: SqlEngine,
  folder: string,
  files: Snapshot,
  who: keyof typeof SEEDS,
  device: ShimDevice = {},
): Promise<void> {
  await engine.reset();
  restore(folder, files);
  if (Object.keys(device).length > 0) await engine.device(device);
  await engine.seed(SEEDS[who]);
}

/** The files are restored and used; the engine has nothing open afterwards. Its calls keep the log's rules. */
async function makes(
  ctx: CaseContext,
  what: string,
  engine: SqlEngine,
  files: Snapshot,
  acts: readonly Act[],
): Promise<{ performance: Performance; counts: WalOrderCounts }> {
  const folder = stage(ctx);
  await prepare(engine, folder, files, "recoverer");
  await writeDown(ctx, engine);
  const performance = await perform(engine, folder, acts);
  await engine.reset();
  const counts = checkWrittenDown(ctx, `${what}: ${engine.side}`, { files }, orderSetting(acts));
  return { performance, counts };
}

/**
 * Both engines use the same files: the same answers, the same bytes after every step, the same files left.
 *
 * Where the use begins with reading, what real SQLite put into the index is also held against what the
 * file format says of the log: the last valid commit, nothing copied yet.
 *
 * @returns what real SQLite made of it
 */
export async function sameRecovery(
  ctx: CaseContext,
  what: string,
  files: Snapshot,
  use: Use,
): Promise<Performance> {
  const where = `${what}, ${use.name}`;
  const real = await makes(ctx, where, await ctx.sql("real"), files, use.acts);
  const port = await makes(ctx, where, await ctx.sql("port"), files, use.acts);
  const expected = real.performance;
  comparePerformances(ctx.check, where, use.acts, port.performance, expected, hasNoValidFrame(files));
  ctx.check.equal(`${where}: what the rules of the log were checked on`, port.counts, real.counts);
  if (use.name === "read first") checkFormat(ctx, where, files, expected);
  return expected;
}

function checkFormat(ctx: CaseContext, what: string, files: Snapshot, expected: Performance): void {
  const after = expected.folders[1];
  const shm = after === undefined ? null : parseShm(fileOf(after, SHM));
  if (!shm?.usable || shm.copies === null) return;
  const entry = files.get(WAL);
  /* What is no file cannot be opened, and the index is left as it was. */
  if (entry !== undefined && !(entry instanceof Uint8Array)) return;
  const wal = parseWal(fileOf(files, WAL));
  ctx.check.equal(`${what}: the log's last commit in the index`, shm.copies[0].mxFrame, wal.mxFrame);
  ctx.check.equal(`${what}: frames said to be copied`, shm.nBackfill, 0);
}
