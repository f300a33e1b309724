/**
 * Transactions over two databases on memory disks: the super-journal's protocol step by step, the rules,
 * and losses of power after which both databases are old or both are new.
 */

import { join } from "node:path";
import { SQLITE_IOCAP_SEQUENTIAL, sqlite3ErrName } from "../../../src/index.js";
import type { Case, CaseContext } from "../../core/case.js";
import { OrderChecker } from "../../core/order/rules.js";
import { hashOf } from "../../engines/disks.js";
import type { PortEngine } from "../../engines/port.js";
import type { Step } from "../../engines/program.js";
import { imageSeries, writeImages } from "./images.js";
import { deviceOf, failures, failuresAgain, MOMENTS, safeModes, withoutUncutTail } from "./power-loss.js";
import { likeReal } from "./real-recovers.js";
import { DEVICES, FILE_JOURNALS, SYNCS } from "./settings.js";
import { phaseOne, phaseTwo, protocolOf, SUPER_END, superBegin } from "./sync-table.js";
import { judge } from "./verdict.js";
import { openRun, type Run, runName, settingOf, WALKS } from "./walks.js";

const DISK = "super";
const NAMES = ["a.db", "b.db"] as const;

/** Two databases on a disk, under the names of files that could be. */
interface Pair {
  port: PortEngine;
  paths: string[];
  /** Images of both, the first ones being the initial content. */
  images: Uint8Array[][];
  /** Files with the images, for the port. */
  imagePaths: string[][];
}

async function makePair(ctx: CaseContext, run: Run, vfs: string, crashable: boolean): Promise<Pair> {
  /* The second one shrinks in its last transaction. */
  const series = [await imageSeries(ctx, run.pageSize, "grows"), await imageSeries(ctx, run.pageSize, "old")];
  const imagePaths = series.map((s, k) => writeImages(ctx, s, NAMES[k]!));
  const paths = NAMES.map((name) => join(ctx.dir, name));
  const images = series.map((s) => s.images.slice(0, 4));
  const port = await ctx.port();
  const files = Object.fromEntries(paths.map((path, k) => [path, images[k]![0]!]));
  await port.disk(DISK, deviceOf(run.device), files, crashable);
  for (const [k, name] of NAMES.entries()) await port.run(...openRun(run, name, paths[k]!, vfs));
  return { port, paths, images, imagePaths };
}

/** Transaction number `i` (from 1) of both databases, under one super-journal. */
function transaction(ctx: CaseContext, run: Run, pair: Pair, i: number): Step[] {
  const superJournal = join(ctx.dir, `a.db-mj00000${i}9A0`);
  return [
    ...NAMES.map(
      (pager, k): Step => ({
        do: "apply",
        pager,
        image: pair.imagePaths[k]![i]!,
        ...run.walk.apply,
        end: "open",
      }),
    ),
    { do: "commitTogether", pager: NAMES[0], pagers: [...NAMES], superJournal },
    ...NAMES.map((pager): Step => ({ do: "releaseAll", pager })),
  ];
}

/** Rules and protocol. */
async function runSuperRules(ctx: CaseContext, run: Run): Promise<void> {
  const pair = await makePair(ctx, run, `shim-${DISK}`, false);
  const { port, images, paths } = pair;
  const setting = settingOf(run);
  const initial = Object.fromEntries(NAMES.map((name, k) => [name, images[k]![0]!]));
  const checker = new OrderChecker(setting, [...NAMES], initial);
  for (let i = 1; i < 4; i++) {
    await port.record(true, true);
    await port.run(...transaction(ctx, run, pair, i));
    const trace = await port.record(false);
    checker.feedAll(trace);
    const files = await port.diskFiles(DISK);
    const all = [...superBegin(setting, NAMES.length), ...SUPER_END];
    for (const [k, name] of NAMES.entries()) {
      const image = images[k]![i]!;
      ctx.check.bytes(`transaction ${i}: ${name}`, "database", files[paths[k]!]!, image);
      /* The journal is cut behind the super-journal's name if it is longer; that is no step of its own. */
      const actual = protocolOf(trace, name).filter((step) => !/^truncate J [1-9]/.test(step));
      const n = actual.filter((step) => step === "count J").length;
      const cut = image.length < images[k]![i - 1]!.length ? image.length : null;
      const expected = [
        ...all.slice(0, -SUPER_END.length),
        ...phaseOne(setting, n > 0 ? n : 1),
        ...SUPER_END,
        ...phaseTwo(setting, 0, cut, true),
      ];
      /* Spills come before everything. */
      const spills = n > 1 ? phaseOne(setting, n - 1).slice(0, -1) : [];
      const late = n > 1 ? [...all.slice(0, -SUPER_END.length), ...phaseOne(setting, 1)] : null;
      const wanted =
        late === null ? expected : [...spills, ...late, ...SUPER_END, ...phaseTwo(setting, 0, cut, true)];
      const isSafe = n === 0 && run.walk.cache > 0;
      if (!isSafe) ctx.check.equal(`transaction ${i}, ${name}: the protocol`, actual, wanted);
    }
    ctx.check.equal(
      "no super-journal is left",
      Object.keys(files).filter((f) => f.includes("-mj")),
      [],
    );
  }
  for (const pager of NAMES) await port.run({ do: "close", pager });
  const counts = judge(ctx, "the port's calls", checker, ["databaseWrites", "pagesCovered", "superJournals"]);
  ctx.check.equal("super-journals", counts.superJournals, 3);
}

/** Both old or both new, whichever database is opened first. */
async function runSuperPowerLoss(ctx: CaseContext, run: Run, everyCall: boolean): Promise<void> {
  const pair = await makePair(ctx, run, DISK, true);
  const { port, images, paths } = pair;
  const how = failures(ctx, safeModes(run, "grows"), ctx.full ? 3 : 1);
  await port.crashCollect(DISK, { at: everyCall ? "all" : MOMENTS, how });
  for (let i = 1; i < 4; i++) {
    await port.crashMark(DISK);
    await port.run(...transaction(ctx, run, pair, i));
  }
  await port.crashMark(DISK);
  await port.crashNow(DISK, how, "after the last commit");
  for (const pager of NAMES) await port.run({ do: "close", pager });
  const again = failuresAgain(ctx, run, ["drop", "metadata"]);
  const isSequential = (run.device.characteristics & SQLITE_IOCAP_SEQUENTIAL) !== 0;
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const wanted = order.map((k) => paths[k]!);
    const states = await port.crashRecover(DISK, wanted, deviceOf(run.device), ctx.full ? again : []);
    const seen = { old: 0, new: 0 };
    for (const [n, state] of states.entries()) {
      ctx.check.equal(`${state.what}: recovery`, sqlite3ErrName(state.rc), "SQLITE_OK");
      const newest = Math.min(state.mark, 3);
      /* The super-journal's deletion is synced with its directory; where nothing is synced, nothing is sure. */
      const oldest = Math.max(0, state.mark - (isSequential ? 2 : 1));
      let found = -1;
      for (let i = newest; i >= oldest && found < 0; i--) {
        if (order.every((k, at) => state.databases[at] === hashOf(images[k]![i]!))) found = i;
      }
      if (found < 0) {
        const files = await port.crashRecovered(DISK, n, wanted, deviceOf(run.device));
        for (let i = newest; i >= oldest && found < 0; i--) {
          const same = (k: number): boolean =>
            hashOf(withoutUncutTail(files[paths[k]!] ?? new Uint8Array(0), run.pageSize)) ===
            hashOf(images[k]![i]!);
          if (order.every(same)) found = i;
        }
      }
      ctx.check.ok(
        `${state.what}: the databases are both old or both new`,
        found >= 0,
        `transaction ${state.mark}, opened in the order ${order.join(", ")}: ${state.databases.join(" ")}`,
      );
      if (found === newest) seen.new++;
      else seen.old++;
      ctx.check.equal(`${state.what}: power lost again during recovery`, state.again, []);
      ctx.check.equal(`${state.what}: hot journals are left`, state.hot, []);
    }
    ctx.check.ok("both old and new content came up", seen.old > 0 && seen.new > 0, JSON.stringify(seen));
    await likeReal(ctx, port, DISK, wanted, states, ctx.full ? 0.3 : 0.05);
  }
}

/** The cases. */
export function superCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  const walks = WALKS.filter((w) => w.rollsBack !== true);
  for (const walk of walks) {
    for (const device of DEVICES) {
      for (const journal of FILE_JOURNALS) {
        for (const sync of SYNCS) {
          /* Without syncs upstream makes no super-journal. */
          if (sync === "OFF") continue;
          const run: Run = { pageSize: 1024, journal, sync, device, walk };
          list.push({
            name: `super-journal: ${runName(run)}`,
            fullOnly: turn++ % 43 !== 0,
            run: (ctx) => runSuperRules(ctx, run),
          });
          list.push({
            name: `super-journal, power loss: ${runName(run)}`,
            fullOnly: turn++ % 101 !== 0,
            timeoutSeconds: 300,
            run: (ctx) => runSuperPowerLoss(ctx, run, turn % 10 === 0),
          });
        }
      }
    }
  }
  return list;
}
