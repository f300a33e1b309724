/** Random programs under the rules, and under losses of power. */

import { join } from "node:path";
import { sqlite3ErrName } from "../../../src/index.js";
import type { Case, CaseContext } from "../../core/case.js";
import { OrderChecker } from "../../core/order/rules.js";
import type { Random } from "../../core/random.js";
import { hashOf } from "../../engines/disks.js";
import { imageSeries } from "./images.js";
import { deviceOf, failures, failuresAgain, isDurable, MOMENTS, safeModes } from "./power-loss.js";
import { randomTransaction } from "./random-programs.js";
import { likeReal } from "./real-recovers.js";
import { DEVICES, FILE_JOURNALS, JOURNALS, SYNCS } from "./settings.js";
import { judge } from "./verdict.js";
import { openRun, type Run, settingOf, type Walk } from "./walks.js";

const DISK = "random";

/** A setting drawn at random. */
function randomRun(random: Random, withLoss: boolean): Run {
  const cache = random.pick([0, 0, 4, 6, 10]);
  const walk: Walk = {
    name: "random program",
    cache,
    apply: {},
    exclusive: random.chance(0.25),
    fullfsync: random.chance(0.1),
    ...(random.chance(0.15) ? { journalSizeLimit: random.pick([0, 1000, 5000]) } : {}),
  };
  const syncs = withLoss ? SYNCS.filter((s) => s !== "OFF") : SYNCS;
  return {
    pageSize: random.pick([512, 512, 1024, 4096]),
    journal: random.pick(withLoss ? FILE_JOURNALS : JOURNALS.filter((j) => j !== "OFF")),
    sync: random.pick(syncs),
    device: random.pick(DEVICES),
    walk,
  };
}

function split(image: Uint8Array, pageSize: number): Uint8Array[] {
  return Array.from({ length: image.length / pageSize }, (_, i) =>
    Uint8Array.from(image.subarray(i * pageSize, (i + 1) * pageSize)),
  );
}

/** The pager's own bytes on page 1 are taken from what is there. */
function withCountersOf(pages: readonly Uint8Array[], actual: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(Buffer.concat(pages));
  bytes.set(actual.subarray(24, 28), 24);
  bytes.set(actual.subarray(92, 100), 92);
  return bytes;
}

function counter(image: Uint8Array): number {
  return new DataView(image.buffer, image.byteOffset).getUint32(24);
}

async function runRandom(ctx: CaseContext, withLoss: boolean): Promise<void> {
  const { random } = ctx;
  const run = randomRun(random, withLoss);
  const setting = settingOf(run);
  const series = await imageSeries(ctx, run.pageSize, "grows");
  const initial = series.images[0] as Uint8Array;
  const path = join(ctx.dir, "a.db");
  const port = await ctx.port();
  await port.disk(DISK, deviceOf(run.device), { [path]: initial }, withLoss);
  const pager = "random";
  await port.run(...openRun(run, pager, path, withLoss ? DISK : `shim-${DISK}`));
  const checker = new OrderChecker(setting, ["a.db"], { "a.db": initial });
  const how = withLoss ? failures(ctx, safeModes(run, "old"), 2) : [];
  if (withLoss) await port.crashCollect(DISK, { at: MOMENTS, how });
  /* The images on which a recovery may come out, by mark. */
  const images: Uint8Array[] = [initial];
  /* For each mark the oldest image that may come back: a commit need not be durable when it returns, and a
     transaction that is rolled back need not make the one before it durable. */
  const oldestAt: number[] = [0, 0];
  let pages = split(initial, run.pageSize);
  const content = async (): Promise<Uint8Array> => (await port.diskFiles(DISK))[path] as Uint8Array;
  const text = `${run.journal}, ${run.sync}, ${run.device.name}, page size ${run.pageSize}, cache ${run.walk.cache}`;
  for (let i = 1; i <= 5; i++) {
    const t = randomTransaction(random, pager, run.pageSize, pages, true, true);
    if (withLoss) await port.crashMark(DISK);
    else await port.record(true, true);
    await port.run(...t.steps);
    if (!withLoss) checker.feedAll(await port.record(false));
    const actual = await content();
    ctx.check.bytes(
      `${text}: transaction ${i} (${t.end})`,
      "database",
      actual,
      t.end === "rollback" ? (images[images.length - 1] as Uint8Array) : withCountersOf(t.after, actual),
    );
    if (t.end === "commit" && run.walk.exclusive !== true) {
      const last = images[images.length - 1] as Uint8Array;
      ctx.check.equal(`${text}: transaction ${i}: the change counter`, counter(actual), counter(last) + 1);
    }
    oldestAt.push(isDurable(run) ? i : t.end === "commit" ? i - 1 : (oldestAt[i] as number));
    images.push(actual);
    pages = split(actual, run.pageSize);
  }
  if (!withLoss) {
    await port.run({ do: "close", pager });
    judge(ctx, `${text}: the port's calls`, checker);
    ctx.check.bytes("the content that the calls give", "database", checker.content("a.db"), images[5]!);
    return;
  }
  await port.crashMark(DISK);
  await port.crashNow(DISK, how, "after the last transaction");
  await port.run({ do: "close", pager });
  const device = deviceOf(run.device);
  const again = failuresAgain(ctx, run, ["metadata"]);
  const states = await port.crashRecover(DISK, [path], device, again);
  for (const [k, state] of states.entries()) {
    ctx.check.equal(`${text}: ${state.what}: recovery`, sqlite3ErrName(state.rc), "SQLITE_OK");
    const newest = Math.min(state.mark, 5);
    const allowed = images.slice(oldestAt[state.mark], newest + 1);
    let isFound = allowed.some((image) => hashOf(image) === state.databases[0]);
    if (!isFound) {
      const bytes = (await port.crashRecovered(DISK, k, [path], device))[path] as Uint8Array;
      /* Here page 1 does not say how many pages there are: a tail that is not cut yet is looked past. */
      isFound = allowed.some((image) => Buffer.compare(bytes.subarray(0, image.length), image) === 0);
      if (!isFound)
        ctx.check.bytes(`${text}: ${state.what}: neither old nor new`, "database", bytes, allowed[0]!);
    }
    ctx.check.ok(`${text}: ${state.what}: old or new content`, isFound);
    ctx.check.equal(`${text}: ${state.what}: hot journals are left`, state.hot, []);
    ctx.check.equal(`${text}: ${state.what}: power lost again during recovery`, state.again, []);
  }
  ctx.check.ok("states of a power failure were collected", states.length > 5);
  await likeReal(ctx, port, DISK, [path], states, ctx.full ? 0.2 : 0.03);
}

/** The cases. */
export function randomCases(): Case[] {
  const list: Case[] = [];
  for (let n = 1; n <= 600; n++) {
    list.push({
      name: `random program ${n}: rules`,
      fullOnly: n > 24,
      run: (ctx) => runRandom(ctx, false),
    });
  }
  for (let n = 1; n <= 300; n++) {
    list.push({
      name: `random program ${n}: power loss`,
      fullOnly: n > 8,
      timeoutSeconds: 300,
      run: (ctx) => runRandom(ctx, true),
    });
  }
  return list;
}
