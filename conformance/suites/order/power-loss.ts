/**
 * The power fails at every sync, delete, truncate and unlock of a transaction: whatever of the unsynced
 * writes had reached the platter, recovery by the port gives the old content or the new.
 */

import { join } from "node:path";
import { SQLITE_IOCAP_SAFE_APPEND, SQLITE_IOCAP_SEQUENTIAL, sqlite3ErrName } from "../../../src/index.js";
import type { CaseContext } from "../../core/case.js";
import { type CrashHow, type CrashPlan, hashOf, type RecoveredState } from "../../engines/disks.js";
import type { PortEngine } from "../../engines/port.js";
import { u32 } from "../../format/field.js";
import { imageSeries, type SeriesKind, writeImages } from "./images.js";
import { likeReal } from "./real-recovers.js";
import type { Device } from "./settings.js";
import { openRun, type Run } from "./walks.js";

const DISK = "power";

/** The database's name on the disk, which is one that real SQLite can use for the same bytes. */
function pathOf(ctx: CaseContext): string {
  return join(ctx.dir, "a.db");
}

/** The ways in which the power fails at one moment. */
export function failures(
  ctx: CaseContext,
  modes: readonly CrashHow["mode"][],
  seeds: number,
  garbage = true,
): CrashHow[] {
  return modes.flatMap((mode) => {
    const n = mode === "drop" || mode === "keep" ? 1 : seeds;
    return Array.from({ length: n }, () => ({ mode, seed: ctx.random.u32(), garbage }));
  });
}

/** When: at the calls that the protocol consists of. */
export const MOMENTS: CrashPlan["at"] = ["sync", "delete", "truncate", "unlock"];

/**
 * The modes after which recovery must find old or new content. With synchronous NORMAL the record count
 * may reach the platter before the records, as upstream's documentation says: there the device must keep
 * the order.
 */
export function safeModes(run: Run, kind: SeriesKind): CrashHow["mode"][] {
  const isSequential = (run.device.characteristics & SQLITE_IOCAP_SEQUENTIAL) !== 0;
  if (run.sync === "NORMAL" && !isSequential) return ["drop", "keep", "prefix"];
  /* Where appends are safe, records count from the start; in a journal that is overwritten they are not. */
  const isSafe = (run.device.characteristics & SQLITE_IOCAP_SAFE_APPEND) !== 0;
  const isOverwritten =
    run.journal === "PERSIST" || (run.journal === "DELETE" && run.walk.exclusive === true);
  if (isSafe && isOverwritten && !isSequential) return ["drop", "keep", "prefix"];
  /* The cut of a shrinking database may overtake the unsynced deletion of the journal that needs it. */
  return kind === "old"
    ? ["drop", "keep", "prefix", "metadata"]
    : ["drop", "keep", "prefix", "metadata", "random"];
}

/**
 * How the power fails once more during recovery. With safe appends recovery also plays back what was never
 * synced; if that is half of a large sector, a failing write must not damage the other half.
 */
export function failuresAgain(ctx: CaseContext, run: Run, modes: readonly CrashHow["mode"][]): CrashHow[] {
  return failures(ctx, modes, 1, (run.device.characteristics & SQLITE_IOCAP_SAFE_APPEND) === 0);
}

/** Whether a commit is on the platter when it returns. */
export function isDurable(run: Run): boolean {
  if (run.atomic !== undefined) return false;
  const isSequential = (run.device.characteristics & SQLITE_IOCAP_SEQUENTIAL) !== 0;
  const persistent = run.journal === "PERSIST" || (run.journal === "DELETE" && run.walk.exclusive === true);
  if (persistent) return true;
  if (run.journal === "TRUNCATE") return run.sync === "FULL" || run.sync === "EXTRA";
  return run.sync === "EXTRA" && !isSequential;
}

/** The image's own content: a file that has not been cut yet has more pages than its header says. */
export function withoutUncutTail(bytes: Uint8Array, pageSize: number): Uint8Array {
  return bytes.length < 100 ? bytes : bytes.subarray(0, u32(bytes, 28) * pageSize);
}

/** The image with the counters of page 1 taken out. */
function withoutCounters(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.fill(0, 24, 28);
  copy.fill(0, 92, 100);
  return copy;
}

/** Checks what recovery made of each state. */
async function checkStates(
  ctx: CaseContext,
  port: PortEngine,
  run: Run,
  states: readonly RecoveredState[],
  images: readonly Uint8Array[],
): Promise<void> {
  const hashes = images.map(hashOf);
  const seen = { old: 0, new: 0 };
  for (const [i, state] of states.entries()) {
    ctx.check.equal(`${state.what}: recovery`, sqlite3ErrName(state.rc), "SQLITE_OK");
    /* During transaction n (marked n) there is image n-1 or n; before that, if it was not durable yet. */
    const newest = Math.min(state.mark, images.length - 1);
    const oldest = Math.max(0, state.mark - (isDurable(run) ? 1 : 2));
    const allowed = hashes.slice(oldest, newest + 1);
    let found = allowed.lastIndexOf(state.databases[0] as string);
    if (found < 0) {
      const path = pathOf(ctx);
      const files = await port.crashRecovered(DISK, i, [path], deviceOf(run.device));
      const bytes = files[path] ?? new Uint8Array(0);
      const cut = hashOf(withoutUncutTail(bytes, run.pageSize));
      found = bytes.length <= Math.max(...images.map((x) => x.length)) ? allowed.lastIndexOf(cut) : -1;
      if (found < 0 && run.atomic === "page") {
        /* The counters are written ahead of the page: alone they are no harm. */
        const wanted = allowed.map((_, k) => hashOf(withoutCounters(images[oldest + k]!)));
        found = wanted.lastIndexOf(hashOf(withoutCounters(bytes)));
      }
      if (found < 0) {
        ctx.check.bytes(`${state.what}: neither old nor new; the old`, "database", bytes, images[oldest]!);
      }
    }
    ctx.check.ok(`${state.what}: old or new content`, found >= 0);
    if (found + oldest === newest) seen.new++;
    else seen.old++;
    ctx.check.equal(`${state.what}: hot journals are left`, state.hot, []);
    ctx.check.equal(`${state.what}: power lost again during recovery`, state.again, []);
  }
  ctx.check.ok("both old and new content came up", seen.old > 0 && seen.new > 0, JSON.stringify(seen));
}

/** As a memory disk takes it. */
export function deviceOf(d: Device): { sectorSize: number; characteristics: number } {
  return { sectorSize: d.sectorSize, characteristics: d.characteristics };
}

/** Runs the transactions and collects the states; each transaction has its mark. */
async function collect(
  ctx: CaseContext,
  port: PortEngine,
  run: Run,
  kind: SeriesKind,
  how: CrashHow[],
  everyCall: boolean,
): Promise<Uint8Array[]> {
  const series = await imageSeries(ctx, run.pageSize, kind);
  const paths = writeImages(ctx, series);
  const path = pathOf(ctx);
  const initial = series.images[0] as Uint8Array;
  await port.disk(DISK, deviceOf(run.device), initial.length > 0 ? { [path]: initial } : {}, true);
  const pager = "power";
  await port.run(...openRun(run, pager, path, DISK));
  await port.crashCollect(DISK, { at: everyCall ? "all" : MOMENTS, how });
  for (let i = 1; i < series.images.length; i++) {
    await port.crashMark(DISK);
    const apply = { do: "apply", pager, image: paths[i] as string, ...run.walk.apply } as const;
    if (run.walk.rollsBack) await port.run({ ...apply, end: "rollback" });
    await port.run(apply);
  }
  await port.crashMark(DISK);
  const n = await port.crashNow(DISK, how, "after the last commit");
  ctx.check.ok("states of a power failure were collected", n > how.length);
  await port.run({ do: "close", pager });
  return series.images;
}

/** One run of transactions, and what recovery makes of the states. */
export async function runPowerLoss(
  ctx: CaseContext,
  run: Run,
  kind: SeriesKind,
  everyCall: boolean,
  port: PortEngine,
): Promise<void> {
  const how = failures(ctx, safeModes(run, kind), ctx.full ? 3 : 2);
  const images = await collect(ctx, port, run, kind, how, everyCall);
  const again = failuresAgain(ctx, run, ["drop", "metadata"]);
  const device = deviceOf(run.device);
  const databases = [pathOf(ctx)];
  const states = await port.crashRecover(DISK, databases, device, ctx.full ? again : again.slice(0, 1));
  await checkStates(ctx, port, run, states, images);
  await likeReal(ctx, port, DISK, databases, states, ctx.full ? 0.3 : 0.05);
}

/**
 * synchronous NORMAL and writes that overtake each other: what recovery finds may be neither old nor new,
 * and then it is at least what real SQLite finds.
 */
export async function runLikeReal(ctx: CaseContext, run: Run, kind: SeriesKind): Promise<void> {
  const how = failures(ctx, ["random"], 3);
  const port = await ctx.port();
  await collect(ctx, port, run, kind, how, false);
  const device = deviceOf(run.device);
  const databases = [pathOf(ctx)];
  const states = await port.crashRecover(DISK, databases, device, []);
  await likeReal(ctx, port, DISK, databases, states, ctx.full ? 1 : 0.5);
}
