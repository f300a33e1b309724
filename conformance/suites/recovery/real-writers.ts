/**
 * Real SQLite is killed while it writes; the port recovers what real SQLite recovers.
 *
 * The writer's cache holds five pages, so that it spills: the database has been overwritten in part
 * and the journal is hot. Between statements the parent takes the files as they are (what a kill at
 * that moment would leave), and after the last one the process is killed.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, CaseContext } from "../../core/case.js";
import type { RealEngine } from "../../engines/real.js";
import { fileOf, restore, type Snapshot, takeSnapshot } from "./folder.js";
import { JOURNALS, type JournalName, SYNCS, type SyncName } from "./modes.js";
import { checkOld, Outcomes } from "./outcome.js";
import { choosePoints, pointName } from "./points.js";
import { makeFolder, type Opening, sameRecovery } from "./recover.js";
import { type Script, script, scripts } from "./scripts.js";
import { type Device, mustDie, PLAIN_DEVICE, planReal, realCalls, realVictim } from "./victims.js";

const DB = "a.db";

/** How a writer is set up. */
export interface WriterOptions {
  pageSize: number;
  journal: JournalName;
  sync: SyncName;
}

/** Opens connection `name` with a cache of five pages. */
export async function openWriter(
  engine: RealEngine,
  name: string,
  path: string,
  o: WriterOptions,
): Promise<void> {
  await engine.open(name, path);
  await engine.exec(name, `PRAGMA page_size=${o.pageSize}; PRAGMA cache_size=5`);
  await engine.exec(name, `PRAGMA journal_mode=${o.journal}; PRAGMA synchronous=${o.sync}`);
}

/** Runs a script's transaction and commits it. */
export async function runTransaction(engine: RealEngine, name: string, s: Script): Promise<void> {
  if (!s.single) await engine.exec(name, "BEGIN");
  for (const statement of s.statements) await engine.exec(name, statement);
  if (!s.single) await engine.exec(name, "COMMIT");
}

/** Whether there is a journal that recovery will look at. */
export function hasHotJournal(snapshot: Snapshot, name = `${DB}-journal`): boolean {
  return (fileOf(snapshot, name)[0] ?? 0) !== 0;
}

async function betweenStatements(ctx: CaseContext, s: Script, o: WriterOptions): Promise<void> {
  const folder = makeFolder(ctx, "crash");
  const opening: Opening = { folder, databases: [DB] };
  const path = join(folder, DB);
  const writer = await ctx.real(1);
  await openWriter(writer, "writer", path, o);
  for (const statement of s.setup) await writer.exec("writer", statement);
  const before = fileOf(takeSnapshot(folder), DB);
  const crashes: Snapshot[] = [];
  await writer.exec("writer", "BEGIN");
  for (const statement of s.statements) {
    await writer.exec("writer", statement);
    crashes.push(takeSnapshot(folder));
  }
  await writer.child.kill();
  crashes.push(takeSnapshot(folder));
  let hot = 0;
  for (const [i, crashed] of crashes.entries()) {
    if (hasHotJournal(crashed)) hot++;
    const what = i < s.statements.length ? `after statement ${i + 1}` : "after the kill";
    const { left } = await sameRecovery(ctx, what, crashed, opening);
    checkOld(ctx, what, fileOf(left, DB), before);
  }
  ctx.check.ok("the kill left a hot journal", hot > 0, `${crashes.length} states, ${hot} hot`);
}

/** Sets up the database of a script with real SQLite; returns the folder as it is then. */
export async function setUp(
  ctx: CaseContext,
  folder: string,
  s: Script,
  o: WriterOptions,
): Promise<Snapshot> {
  const real = await ctx.real(2);
  /* A journal that stays keeps the headers of its segments, which need syncs; others need none. */
  const sync = o.journal === "PERSIST" ? o.sync : "OFF";
  await openWriter(real, "setup", join(folder, DB), { ...o, sync });
  for (const statement of s.setup) await real.exec("setup", statement);
  await real.close("setup");
  return takeSnapshot(folder);
}

async function atCalls(
  ctx: CaseContext,
  s: Script,
  o: WriterOptions,
  device: Device,
  everyPoint: boolean,
): Promise<void> {
  const folder = makeFolder(ctx, "crash");
  const opening: Opening = { folder, databases: [DB] };
  const path = join(folder, DB);
  const initial = await setUp(ctx, folder, s, o);
  let turn = 0;
  const counter = await realVictim(ctx, turn, device);
  await openWriter(counter, "writer", path, o);
  await planReal(counter, null);
  await runTransaction(counter, "writer", s);
  const calls = await realCalls(counter);
  await counter.close("writer");
  const outcomes = new Outcomes(ctx, fileOf(initial, DB), readFileSync(path));
  for (const point of choosePoints(ctx, calls, 8, everyPoint)) {
    restore(folder, initial);
    const victim = await realVictim(ctx, turn, device);
    await openWriter(victim, "writer", path, o);
    await planReal(victim, point);
    const what = pointName(point);
    await mustDie(what, runTransaction(victim, "writer", s));
    turn++;
    const { left } = await sameRecovery(ctx, what, takeSnapshot(folder), opening);
    outcomes.add(what, fileOf(left, DB));
  }
  outcomes.finish();
}

/** Devices whose journals look different: sector sizes, appends that are safe, writes in order. */
export const DEVICES: readonly Device[] = [
  { name: "sector size 32", sectorSize: 32, characteristics: 0 },
  { name: "sector size 512, no safe overwrite", sectorSize: 512, characteristics: 0 },
  { name: "sector size 4096", sectorSize: 4096, characteristics: 0 },
  { name: "sector size 65536", sectorSize: 65536, characteristics: 0 },
  { name: "safe append", sectorSize: -1, characteristics: 0x200 },
  { name: "sequential", sectorSize: -1, characteristics: 0x400 },
];

/** The cases. */
export function realWriterCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  for (const pageSize of [512, 1024, 4096, 65536]) {
    for (const s of scripts(pageSize)) {
      if (s.single) continue;
      for (const journal of JOURNALS) {
        for (const sync of SYNCS) {
          list.push({
            name: `writer killed between statements: ${s.name}, page size ${pageSize}, ${journal}, synchronous ${sync}`,
            fullOnly: turn++ % 11 !== 0,
            run: (ctx) => betweenStatements(ctx, s, { pageSize, journal, sync }),
          });
        }
      }
    }
  }
  turn = 0;
  for (const s of scripts(1024)) {
    for (const journal of JOURNALS) {
      for (const sync of SYNCS) {
        const isDefault = turn++ % 17 === 0;
        list.push({
          name: `writer killed at a call: ${s.name}, ${journal}, synchronous ${sync}`,
          fullOnly: !isDefault,
          timeoutSeconds: 600,
          run: (ctx) => atCalls(ctx, s, { pageSize: 1024, journal, sync }, PLAIN_DEVICE, isDefault),
        });
      }
    }
  }
  for (const [i, device] of DEVICES.entries()) {
    for (const [k, name] of ["updates", "auto_vacuum"].entries()) {
      const journal = JOURNALS[(i + k) % 3] as JournalName;
      list.push({
        name: `writer killed at a call: ${name}, ${device.name}, ${journal}`,
        fullOnly: i % 3 !== k,
        timeoutSeconds: 600,
        run: (ctx) =>
          atCalls(ctx, script(name, 1024), { pageSize: 1024, journal, sync: "FULL" }, device, false),
      });
    }
  }
  return list;
}
