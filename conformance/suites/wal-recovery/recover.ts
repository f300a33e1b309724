/** The same files, the same use, one engine after the other in the same folder. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import type { ShimDevice } from "../../engines/shimvfs.js";
import type { SqlEngine } from "../../engines/sql/session.js";
import { parseShm } from "../../format/shm.js";
import { parseWal } from "../../format/wal.js";
import { fileOf, restore, type Snapshot } from "../recovery/folder.js";
import { type Act, type Performance, perform, SHM, WAL } from "./acts.js";
import { comparePerformances, hasNoValidFrame } from "./compare.js";
import type { Use } from "./uses.js";

/** Both sides draw the same random numbers: salts are compared, not masked. */
export const SEED = 0x5eed;

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
  device: ShimDevice = {},
): Promise<void> {
  await engine.reset();
  restore(folder, files);
  if (Object.keys(device).length > 0) await engine.device(device);
  await engine.seed(SEED);
}

/** The files are restored and used; the engine has nothing open afterwards. */
export async function makes(
  engine: SqlEngine,
  folder: string,
  files: Snapshot,
  acts: readonly Act[],
): Promise<Performance> {
  await prepare(engine, folder, files);
  const performance = await perform(engine, folder, acts);
  await engine.reset();
  return performance;
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
  const folder = stage(ctx);
  const where = `${what}, ${use.name}`;
  const expected = await makes(await ctx.sql("real"), folder, files, use.acts);
  const actual = await makes(await ctx.sql("port"), folder, files, use.acts);
  comparePerformances(ctx.check, where, use.acts, actual, expected, hasNoValidFrame(files));
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
