/**
 * The rules over the whole matrix, on memory disks whose devices promise this or that: the port's calls,
 * recorded, are replayed by the checker; syncs come exactly as often as upstream's source says.
 */

import { fnv1a, type MemCall, type MemOp, SQLITE_IOCAP_SAFE_APPEND } from "../../../src/index.js";
import type { Case, CaseContext } from "../../core/case.js";
import { OrderChecker, type OrderCounts } from "../../core/order/rules.js";
import type { PortEngine } from "../../engines/port.js";
import type { ShimRecord } from "../../engines/shimvfs.js";
import { callText } from "./calls.js";
import { type ImageSeries, imageSeries, type SeriesKind, writeImages } from "./images.js";
import { DEVICES, FILE_JOURNALS, headerSize, JOURNALS, SYNCS } from "./settings.js";
import { commitProtocol, protocolOf } from "./sync-table.js";
import { judge } from "./verdict.js";
import { openRun, type Run, runName, settingOf, WALKS } from "./walks.js";

const DISK = "order";
const DB = "a.db";
const PATH = `/${DB}`;

/** The largest size that the journal has had in this part of a trace. */
function journalSize(trace: readonly ShimRecord[], before: number): number {
  let size = before;
  for (const r of trace) {
    if (r.file !== `${DB}-journal`) continue;
    if (r.call === "write") size = Math.max(size, (r.offset as number) + (r.amount as number));
    if (r.call === "truncate" || r.call === "delete") break;
  }
  return size;
}

/** What remains of the journal at the end of a part. */
function journalLeft(trace: readonly ShimRecord[], before: number): number {
  let size = before;
  for (const r of trace) {
    if (r.file !== `${DB}-journal`) continue;
    if (r.call === "write") size = Math.max(size, (r.offset as number) + (r.amount as number));
    if (r.call === "truncate") size = r.amount as number;
    if (r.call === "delete") size = 0;
  }
  return size;
}

/** The disk's own trace and the shim's records are two witnesses of the same calls. */
function checkWitnesses(ctx: CaseContext, disk: readonly MemCall[], shim: readonly ShimRecord[]): void {
  const both = new Set<MemOp>(["write", "truncate", "sync", "delete", "lock", "unlock", "close"]);
  const own = disk
    .filter((c) => both.has(c.op) && c.file.startsWith(PATH))
    .map((c) => `${c.op} ${c.file} ${c.offset} ${c.op === "write" ? c.hash : ""} ${c.arg} ${c.rc}`);
  const recorded = shim
    .filter((r) => both.has(r.call as MemOp) && r.file.startsWith(DB))
    .map((r) => {
      const offset = r.call === "truncate" ? r.amount : (r.offset ?? 0);
      const hash = r.call === "write" ? fnv1a(r.data as Uint8Array) : "";
      return `${r.call} /${r.file} ${offset} ${hash} ${r.argument ?? 0} ${r.rc}`;
    });
  ctx.check.equal("the disk's trace and the recorded calls", own.length, recorded.length);
  for (const [i, line] of own.entries()) {
    ctx.check.equal(`the disk's call ${i} and the recorded one`, line, recorded[i]);
  }
}

/**
 * The protocol of a commit as the trace shows it, and as it must be; null where the trace cannot tell.
 *
 * @param before size of the journal at the start
 * @param from size of the database at the start
 * @param to its size at the end
 */
function protocolsOf(
  run: Run,
  trace: readonly ShimRecord[],
  before: number,
  from: number,
  to: number,
): { actual: string[]; expected: string[] } | null {
  const setting = settingOf(run);
  const actual = protocolOf(trace, DB);
  const counts = actual.filter((step) => step === "count J").length;
  if (run.atomic !== undefined) return null;
  const isSafe = (run.device.characteristics & SQLITE_IOCAP_SAFE_APPEND) !== 0;
  /* Where no count is written, a spill that synced the journal cannot be told from the trace. */
  if (isSafe && run.walk.cache > 0) return null;
  const n = isSafe ? 1 : counts;
  const cut = to < from ? to : null;
  return { actual, expected: commitProtocol(setting, n, journalSize(trace, before), cut) };
}

/** One run of transactions under the rules. */
export async function runRules(
  ctx: CaseContext,
  run: Run,
  kind: SeriesKind,
  port: PortEngine,
): Promise<OrderCounts> {
  const series: ImageSeries = await imageSeries(ctx, run.pageSize, kind);
  const paths = writeImages(ctx, series);
  const initial = series.images[0] as Uint8Array;
  const { sectorSize, characteristics } = run.device;
  await port.disk(DISK, { sectorSize, characteristics }, initial.length > 0 ? { [PATH]: initial } : {});
  const checker = new OrderChecker(settingOf(run), [DB], { [DB]: initial });
  const pager = "rules";
  await port.run(...openRun(run, pager, PATH, `shim-${DISK}`));
  let left = 0;
  let spilled = 0;
  for (let i = 1; i < series.images.length; i++) {
    const before = series.images[i - 1] as Uint8Array;
    const image = series.images[i] as Uint8Array;
    const apply = { do: "apply", pager, image: paths[i] as string, ...run.walk.apply } as const;
    await port.diskTrace(DISK, true);
    await port.record(true, true);
    if (run.walk.rollsBack) {
      await port.run({ ...apply, end: "rollback" });
      const trace = await port.record(true, true);
      checker.feedAll(trace);
      left = journalLeft(trace, left);
      const content = (await port.diskFiles(DISK))[PATH] ?? new Uint8Array(0);
      ctx.check.bytes(`transaction ${i} rolled back`, "database", content, before);
      checkWitnesses(ctx, await port.diskTrace(DISK, true), trace);
    }
    await port.run(apply);
    const trace = await port.record(false);
    checkWitnesses(ctx, await port.diskTrace(DISK, false), trace);
    checker.feedAll(trace);
    const protocol = protocolsOf(run, trace, left, before.length, image.length);
    if (protocol !== null) {
      ctx.check.ok(
        `transaction ${i}: syncs, counts and ends come as upstream's source says`,
        protocol.actual.join("\n") === protocol.expected.join("\n"),
        `the port:  ${protocol.actual.join(", ")}\nupstream:  ${protocol.expected.join(", ")}\n` +
          trace.map(callText).join("\n"),
      );
    }
    if (protocolOf(trace, DB).filter((step) => step === "count J").length > 1) spilled++;
    left = journalLeft(trace, left);
    ctx.check.bytes(
      `transaction ${i} committed`,
      "database",
      (await port.diskFiles(DISK))[PATH] ?? new Uint8Array(0),
      image,
    );
    ctx.check.bytes(`transaction ${i}, as the calls give it`, "database", checker.content(DB), image);
  }
  await port.run({ do: "close", pager });
  const all = judge(ctx, "the port's calls", checker, mustContain(run, kind));
  const isSafe = (run.device.characteristics & SQLITE_IOCAP_SAFE_APPEND) !== 0;
  const counts = run.sync !== "OFF" && FILE_JOURNALS.includes(run.journal) && !isSafe;
  /* A sector that holds much of the database leaves nothing to spill. */
  if (run.walk.cache > 0 && counts && kind === "old" && headerSize(run.device) <= run.pageSize) {
    ctx.check.ok("some transaction spilled", spilled > 0);
  }
  return all;
}

/** What the trace must have contained for its verdict to mean something. */
function mustContain(run: Run, kind: SeriesKind): ("databaseWrites" | "pagesCovered" | "commitPoints")[] {
  if (!FILE_JOURNALS.includes(run.journal) || run.atomic !== undefined) return ["databaseWrites"];
  return kind === "new"
    ? ["databaseWrites", "commitPoints"]
    : ["databaseWrites", "commitPoints", "pagesCovered"];
}

/** The cases. */
export function ruleCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  for (const walk of WALKS) {
    for (const device of DEVICES) {
      for (const journal of JOURNALS) {
        if (walk.needsJournal && journal === "OFF") continue;
        for (const sync of SYNCS) {
          /* Numbers prime to the lengths of the lists. */
          const pageSize = [1024, 512, 4096][turn % 7 === 0 ? 1 : turn % 11 === 0 ? 2 : 0] as number;
          const run: Run = { pageSize, journal, sync, device, walk };
          list.push({
            name: `rules: ${runName(run)}`,
            fullOnly: turn++ % 47 !== 0,
            run: async (ctx) => void (await runRules(ctx, run, "old", await ctx.port())),
          });
        }
      }
    }
  }
  for (const device of DEVICES) {
    for (const journal of JOURNALS) {
      const run: Run = { pageSize: 1024, journal, sync: "FULL", device, walk: WALKS[0] as Run["walk"] };
      list.push({
        name: `rules, new database: ${runName(run)}`,
        fullOnly: turn++ % 19 !== 0,
        run: async (ctx) => void (await runRules(ctx, run, "new", await ctx.port())),
      });
    }
  }
  return list;
}
