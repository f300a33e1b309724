/**
 * The port is killed before, after and in the middle of the calls of a transaction; real SQLite then
 * finds the old or the new content, and so does the port.
 */

import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, CaseContext } from "../../core/case.js";
import type { PortEngine } from "../../engines/port.js";
import type { ApplyOptions, Step } from "../../engines/program.js";
import { fileOf, restore, takeSnapshot } from "./folder.js";
import { JOURNALS, type JournalName, journalModes, SYNCS, type SyncName, syncLevels } from "./modes.js";
import { Outcomes } from "./outcome.js";
import { choosePoints, pointName } from "./points.js";
import { DEVICES, openWriter, runTransaction, setUp } from "./real-writers.js";
import { makeFolder, type Opening, sameRecovery } from "./recover.js";
import { type Script, script } from "./scripts.js";
import { type Device, mustDie, PLAIN_DEVICE, planPort, portCalls, portVictim } from "./victims.js";

const DB = "a.db";
const PAGE_SIZE = 1024;

/** How the port walks from the old image to the new one. */
export interface Walk {
  name: string;
  /** Pages in the cache; 0: as many as it likes. */
  cache: number;
  apply: ApplyOptions;
  /**
   * The pager has gone to the new image and back before: a persistent journal then holds old headers
   * exactly where the new ones will stand.
   */
  rehearsed?: boolean;
}

export const WALKS: readonly Walk[] = [
  { name: "plain", cache: 0, apply: {} },
  { name: "spill", cache: 5, apply: { order: "interleaved" } },
  { name: "savepoints and spill", cache: 6, apply: { savepointEvery: 4, order: "descending" } },
  { name: "rolled back savepoints", cache: 0, apply: { scribbleEvery: 3, savepointEvery: 5 } },
  { name: "rolled back savepoints and spill", cache: 5, apply: { scribbleEvery: 3, savepointEvery: 7 } },
  { name: "rehearsed, with spill", cache: 5, apply: { order: "interleaved" }, rehearsed: true },
];

/** Steps that open a pager on the shim VFS and set it up. */
export function openSteps(
  pager: string,
  path: string,
  o: { pageSize: number; journal: JournalName; sync: SyncName; cache: number },
): Step[] {
  const steps: Step[] = [
    { do: "open", pager, path, vfs: "shim", pageSize: o.pageSize },
    { do: "flags", pager, value: syncLevels[o.sync] },
    { do: "journalMode", pager, mode: journalModes[o.journal] },
  ];
  if (o.cache > 0) {
    steps.push({ do: "cacheSize", pager, pages: o.cache }, { do: "spillSize", pager, pages: o.cache });
  }
  return steps;
}

/** Lets real SQLite make the image that the port shall reach; returns its path. */
export async function newImage(
  ctx: CaseContext,
  folder: string,
  s: Script,
  o: { pageSize: number; journal: JournalName },
): Promise<string> {
  const real = await ctx.real(2);
  await openWriter(real, "image", join(folder, DB), { ...o, sync: "OFF" });
  await runTransaction(real, "image", s);
  await real.close("image");
  const image = join(ctx.dir, "new.image");
  copyFileSync(join(folder, DB), image);
  return image;
}

/** The image with its change counter and version-valid-for moved on by `n` commits. */
function commitsLater(image: Uint8Array, n: number): Uint8Array {
  const copy = Uint8Array.from(image);
  const view = new DataView(copy.buffer);
  for (const at of [24, 92]) view.setUint32(at, view.getUint32(at) + n);
  return copy;
}

async function run(
  ctx: CaseContext,
  s: Script,
  journal: JournalName,
  sync: SyncName,
  walk: Walk,
  device: Device,
  everyPoint: boolean,
): Promise<void> {
  const folder = makeFolder(ctx, "crash");
  const opening: Opening = { folder, databases: [DB] };
  const path = join(folder, DB);
  const initial = await setUp(ctx, folder, s, { pageSize: PAGE_SIZE, journal, sync });
  const image = await newImage(ctx, folder, s, { pageSize: PAGE_SIZE, journal });
  const later = walk.rehearsed ? 2 : 0;
  const target = commitsLater(fileOf(takeSnapshot(folder), DB), later);
  const before = later === 0 ? fileOf(initial, DB) : commitsLater(fileOf(initial, DB), later);
  const transaction: Step = { do: "apply", pager: "victim", image, ...walk.apply };
  const back = join(ctx.dir, "old.image");
  writeFileSync(back, fileOf(initial, DB));
  const start = async (engine: PortEngine): Promise<void> => {
    restore(folder, initial);
    await engine.run(...openSteps("victim", path, { pageSize: PAGE_SIZE, journal, sync, cache: walk.cache }));
    if (walk.rehearsed) await engine.run(transaction, { ...transaction, image: back });
  };
  let turn = 0;
  const counter = await portVictim(ctx, turn, device);
  await start(counter);
  await planPort(counter, null);
  await counter.run(transaction);
  const calls = await portCalls(counter);
  await counter.reset();
  ctx.check.bytes("the transaction, not killed", "database", fileOf(takeSnapshot(folder), DB), target);
  const outcomes = new Outcomes(ctx, before, target);
  const real = await ctx.real();
  for (const point of choosePoints(ctx, calls, 9, everyPoint)) {
    const victim = await portVictim(ctx, turn, device);
    await start(victim);
    await planPort(victim, point);
    const what = pointName(point);
    await mustDie(what, victim.run(transaction));
    turn++;
    const { left } = await sameRecovery(ctx, what, takeSnapshot(folder), opening);
    outcomes.add(what, fileOf(left, DB));
    ctx.check.equal(`${what}: integrity_check`, await real.integrityCheck(path), "ok");
  }
  outcomes.finish();
}

const SCRIPTS = [
  "updates",
  "auto_vacuum",
  "growth and schema",
  "incremental vacuum",
  "first transaction",
  "rewrites in place",
];

/** Every 37th case; and the one that old headers in a persistent journal would spoil first. */
function byDefault(turn: number, name: string): boolean {
  return turn % 37 === 0 || name === "rewrites in place, PERSIST, synchronous NORMAL, rehearsed, with spill";
}

/** The cases. */
export function portWriterCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  for (const name of SCRIPTS) {
    for (const journal of JOURNALS) {
      for (const sync of SYNCS) {
        for (const walk of WALKS) {
          /* There is no going back to no database at all. */
          if (walk.rehearsed && name === "first transaction") continue;
          const words = `${name}, ${journal}, synchronous ${sync}, ${walk.name}`;
          const isDefault = byDefault(turn++, words);
          list.push({
            name: `port killed at a call: ${words}`,
            fullOnly: !isDefault,
            timeoutSeconds: 600,
            run: (ctx) => run(ctx, script(name, PAGE_SIZE), journal, sync, walk, PLAIN_DEVICE, isDefault),
          });
        }
      }
    }
  }
  for (const [i, device] of DEVICES.entries()) {
    for (const [k, walk] of WALKS.slice(1).entries()) {
      const journal = JOURNALS[(i + k) % 3] as JournalName;
      list.push({
        name: `port killed at a call: ${device.name}, ${journal}, ${walk.name}`,
        fullOnly: k !== i % 4,
        timeoutSeconds: 600,
        run: (ctx) => run(ctx, script("updates", PAGE_SIZE), journal, "FULL", walk, device, false),
      });
    }
  }
  return list;
}
