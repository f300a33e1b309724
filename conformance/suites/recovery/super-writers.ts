/**
 * A transaction over two databases is killed at every call: both are what they were, or both are what
 * they became; super-journal and journals go when, and only when, they may.
 */

import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, CaseContext } from "../../core/case.js";
import type { PortEngine } from "../../engines/port.js";
import type { Step } from "../../engines/program.js";
import type { RealEngine } from "../../engines/real.js";
import { fileOf, restore, type Snapshot, takeSnapshot } from "./folder.js";
import { JOURNALS, type JournalName, SYNCS, type SyncName } from "./modes.js";
import { Outcomes } from "./outcome.js";
import { type Call, choosePoints, type Point, pointName } from "./points.js";
import { openSteps } from "./port-writers.js";
import { openWriter } from "./real-writers.js";
import { makeFolder, sameRecovery } from "./recover.js";
import { script } from "./scripts.js";
import {
  mustDie,
  PLAIN_DEVICE,
  planPort,
  planReal,
  portCalls,
  portVictim,
  realCalls,
  realVictim,
} from "./victims.js";

const A = "a.db";
const B = "b.db";
const PAGE_SIZE = 1024;

/** Orders in which the two databases are opened after the crash; the last ones leave one of them alone. */
export const ORDERS: readonly (readonly string[])[] = [[A, B], [B, A], [A], [B], [A, B, A]];

/** Bytes beyond ASCII in the path count as signed numbers in the checksum of the name. */
export const FOLDERS = { plain: "crash", "non-ASCII path": "größe-データ-🗄️" } as const;
type FolderName = keyof typeof FOLDERS;

interface Setting {
  journal: JournalName;
  sync: SyncName;
  where: FolderName;
}

const SCRIPT = script("updates", PAGE_SIZE);

/** Opens a.db as connection `pair` with b.db attached as `b`, both with caches of five pages. */
export async function openPair(engine: RealEngine, folder: string, s: Setting): Promise<void> {
  await openWriter(engine, "pair", join(folder, A), {
    pageSize: PAGE_SIZE,
    journal: s.journal,
    sync: s.sync,
  });
  await engine.exec(
    "pair",
    `ATTACH '${join(folder, B)}' AS b; PRAGMA b.page_size=${PAGE_SIZE}; PRAGMA b.cache_size=5;
     PRAGMA b.journal_mode=${s.journal}; PRAGMA b.synchronous=${s.sync}`,
  );
}

/** Makes both databases. */
export async function setUpPair(ctx: CaseContext, folder: string, s: Setting): Promise<Snapshot> {
  const real = await ctx.real(2);
  await openPair(real, folder, s);
  for (const statement of SCRIPT.setup) await real.exec("pair", statement);
  await real.exec("pair", "CREATE TABLE b.u(x, y); INSERT INTO b.u SELECT a, b FROM t");
  /* Persistent journals get longer than the transaction will need: old bytes stay behind its end. */
  await real.exec("pair", "UPDATE t SET c = c + 1; UPDATE b.u SET y = upper(y) || x");
  await real.close("pair");
  return takeSnapshot(folder);
}

/** The transaction over both, without its COMMIT. */
export async function changeBoth(engine: RealEngine): Promise<void> {
  await engine.exec("pair", "BEGIN");
  for (const statement of SCRIPT.statements.slice(0, 3)) await engine.exec("pair", statement);
  await engine.exec(
    "pair",
    "UPDATE b.u SET y = y || x WHERE x % 3 = 0; INSERT INTO b.u SELECT a, b FROM t LIMIT 9",
  );
}

/** Both engines recover in every order; the outcome is one for both databases. */
class PairOutcomes {
  readonly #a: Outcomes;
  readonly #b: Outcomes;

  constructor(
    readonly ctx: CaseContext,
    readonly folder: string,
    initial: Snapshot,
    final: Snapshot,
  ) {
    this.#a = new Outcomes(ctx, fileOf(initial, A), fileOf(final, A));
    this.#b = new Outcomes(ctx, fileOf(initial, B), fileOf(final, B));
  }

  async add(what: string, crashed: Snapshot): Promise<void> {
    for (const [i, databases] of ORDERS.entries()) {
      const which = `${what}, opened ${databases.join(", then ")}`;
      const { left } = await sameRecovery(this.ctx, which, crashed, { folder: this.folder, databases });
      if (i > 0) continue;
      this.#a.add(which, fileOf(left, A));
      this.#b.add(which, fileOf(left, B));
      this.ctx.check.equal(`${which}: both are old or both are new`, this.#a.seen, this.#b.seen);
    }
  }

  finish(): void {
    this.#a.finish();
  }
}

async function killReal(ctx: CaseContext, s: Setting): Promise<void> {
  const folder = makeFolder(ctx, FOLDERS[s.where]);
  const initial = await setUpPair(ctx, folder, s);
  let turn = 0;
  const counter = await realVictim(ctx, turn, PLAIN_DEVICE);
  await openPair(counter, folder, s);
  await changeBoth(counter);
  await planReal(counter, null);
  await counter.exec("pair", "COMMIT");
  const calls = await realCalls(counter);
  await counter.close("pair");
  const outcomes = new PairOutcomes(ctx, folder, initial, takeSnapshot(folder));
  for (const point of choosePoints(ctx, calls, 12, true)) {
    restore(folder, initial);
    const victim = await realVictim(ctx, turn, PLAIN_DEVICE);
    await openPair(victim, folder, s);
    await changeBoth(victim);
    await planReal(victim, point);
    await mustDie(pointName(point), victim.exec("pair", "COMMIT"));
    turn++;
    await outcomes.add(pointName(point), takeSnapshot(folder));
  }
  outcomes.finish();
}

/**
 * The port commits both as vdbeCommit does: the super-journal is written, then phase one of both, then
 * the super-journal is deleted, then phase two of both. The parent does what the VDBE would do.
 */
async function killPort(ctx: CaseContext, s: Setting): Promise<void> {
  const folder = makeFolder(ctx, FOLDERS[s.where]);
  const initial = await setUpPair(ctx, folder, s);
  const maker = await ctx.real(2);
  await openPair(maker, folder, { ...s, sync: "OFF" });
  await changeBoth(maker);
  await maker.exec("pair", "COMMIT");
  await maker.close("pair");
  const final = takeSnapshot(folder);
  const images: Record<string, string> = { [A]: join(ctx.dir, "a.image"), [B]: join(ctx.dir, "b.image") };
  copyFileSync(join(folder, A), images[A] as string);
  copyFileSync(join(folder, B), images[B] as string);

  const superJournal = join(folder, `${A}-mj1A2B3C9D4`);
  const begin = async (engine: PortEngine): Promise<void> => {
    restore(folder, initial);
    for (const name of [A, B]) {
      await engine.run(
        ...openSteps(name, join(folder, name), {
          pageSize: PAGE_SIZE,
          journal: s.journal,
          sync: s.sync,
          cache: 6,
        }),
        { do: "apply", pager: name, image: images[name] as string, end: "open", order: "interleaved" },
        { do: "exclusiveLock", pager: name },
      );
    }
    writeFileSync(superJournal, `${join(folder, A)}-journal\0${join(folder, B)}-journal\0`);
  };
  const phaseOne: Step[] = [A, B].map((pager) => ({ do: "commitOne", pager, superJournal }));
  const phaseTwo: Step[] = [A, B].flatMap((pager): Step[] => [
    { do: "commitTwo", pager },
    { do: "releaseAll", pager },
  ]);

  let turn = 0;
  const counter = await portVictim(ctx, turn, PLAIN_DEVICE);
  await begin(counter);
  await planPort(counter, null);
  await counter.run(...phaseOne);
  const calls = [await portCalls(counter)];
  rmSync(superJournal);
  await planPort(counter, null);
  await counter.run(...phaseTwo);
  calls.push(await portCalls(counter));
  await counter.reset();
  for (const name of [A, B]) {
    ctx.check.bytes(
      `${name}, not killed`,
      "database",
      fileOf(takeSnapshot(folder), name),
      fileOf(final, name),
    );
  }

  const outcomes = new PairOutcomes(ctx, folder, initial, final);
  const kill = async (phase: number, point: Point): Promise<void> => {
    const victim = await portVictim(ctx, turn, PLAIN_DEVICE);
    await begin(victim);
    if (phase === 1) {
      await victim.run(...phaseOne);
      rmSync(superJournal);
    }
    await planPort(victim, point);
    await mustDie(pointName(point), victim.run(...(phase === 0 ? phaseOne : phaseTwo)));
    turn++;
    await outcomes.add(`phase ${phase + 1}, ${pointName(point)}`, takeSnapshot(folder));
  };
  for (const point of choosePoints(ctx, calls[0] as Call[], 8, true)) await kill(0, point);
  for (const point of choosePoints(ctx, calls[1] as Call[], 4, true)) await kill(1, point);
  outcomes.finish();
}

/** In the default run: each journal mode, each level and each kind of path once. */
const DEFAULT_REAL = ["plain, DELETE, synchronous NORMAL", "non-ASCII path, PERSIST, synchronous FULL"];
const DEFAULT_PORT = ["plain, PERSIST, synchronous FULL", "non-ASCII path, TRUNCATE, synchronous EXTRA"];

/** The cases. */
export function superWriterCases(): Case[] {
  const list: Case[] = [];
  for (const where of Object.keys(FOLDERS) as FolderName[]) {
    for (const journal of JOURNALS) {
      for (const sync of SYNCS) {
        if (sync === "OFF") continue;
        const setting: Setting = { journal, sync, where };
        const words = `${where}, ${journal}, synchronous ${sync}`;
        list.push({
          name: `two databases, writer killed at a call: ${words}`,
          fullOnly: !DEFAULT_REAL.includes(words),
          timeoutSeconds: 600,
          run: (ctx) => killReal(ctx, setting),
        });
        list.push({
          name: `two databases, port killed at a call: ${words}`,
          fullOnly: !DEFAULT_PORT.includes(words),
          timeoutSeconds: 600,
          run: (ctx) => killPort(ctx, setting),
        });
      }
    }
  }
  return list;
}
