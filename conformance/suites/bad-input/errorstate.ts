/**
 * The pager's error state and the way out of it, as pager.c describes them: after an I/O error or a
 * full disk in a place where the cache can no longer be trusted, every use gives that code, until the
 * last reference is gone; then the journal brings the old content back and the pager is usable again.
 */

import { writeFileSync } from "node:fs";
import type { Case, CaseContext } from "../../core/case.js";
import type { PortEngine } from "../../engines/port.js";
import type { Step } from "../../engines/program.js";
import type { ShimPlan } from "../../engines/shimvfs.js";
import { type Base, baseDatabase } from "./bases.js";
import { compareFolders, file, restore, take } from "./folder.js";
import { sharedPair, shimPair } from "./pair.js";
import { trialFolder } from "./trial.js";

/* Pager.eState. */
const OPEN = 0;
const ERROR = 6;

const FULL = 13;
const IOERR_READ = 266;
const IOERR_WRITE = 778;
const IOERR_FSYNC = 1034;
const IOERR_TRUNCATE = 1546;
const IOERR_DELETE = 2570;

const pager = "error";

interface Trouble {
  name: string;
  plan: Pick<ShimPlan, "calls" | "suffix">;
  rc: number;
  /** Which of the steps after the plan has been set gives the code. */
  at: "change" | "commitOne" | "commitTwo" | "rollback";
  /** Whether that puts the pager into the error state. */
  sticks: boolean;
  mode?: number;
}

/* PAGER_JOURNALMODE_TRUNCATE and _PERSIST. */
const TRUNCATE = 3;
const PERSIST = 1;

const TROUBLES: readonly Trouble[] = [
  {
    name: "a spill finds the disk full",
    plan: { calls: ["write"], suffix: ".db" },
    rc: FULL,
    at: "change",
    sticks: true,
  },
  {
    name: "a spill cannot write",
    plan: { calls: ["write"], suffix: ".db" },
    rc: IOERR_WRITE,
    at: "change",
    sticks: true,
  },
  {
    name: "a spill cannot sync the journal",
    plan: { calls: ["sync"] },
    rc: IOERR_FSYNC,
    at: "change",
    sticks: true,
  },
  /* The journal of a page that has not been changed yet: nothing is lost. */
  {
    name: "a page cannot be journaled",
    plan: { calls: ["write"], suffix: "-journal" },
    rc: FULL,
    at: "change",
    sticks: false,
  },
  {
    name: "a page cannot be read",
    plan: { calls: ["read"], suffix: ".db" },
    rc: IOERR_READ,
    at: "change",
    sticks: false,
  },
  {
    name: "the commit cannot write",
    plan: { calls: ["write"], suffix: ".db" },
    rc: IOERR_WRITE,
    at: "commitOne",
    sticks: false,
  },
  {
    name: "the commit cannot sync",
    plan: { calls: ["sync"] },
    rc: IOERR_FSYNC,
    at: "commitOne",
    sticks: false,
  },
  {
    name: "the journal cannot be deleted",
    plan: { calls: ["delete"] },
    rc: IOERR_DELETE,
    at: "commitTwo",
    sticks: true,
  },
  {
    name: "the journal cannot be cut",
    plan: { calls: ["truncate"] },
    rc: IOERR_TRUNCATE,
    at: "commitTwo",
    sticks: true,
    mode: TRUNCATE,
  },
  {
    name: "the journal cannot be zeroed",
    plan: { calls: ["write"], suffix: "-journal" },
    rc: FULL,
    at: "commitTwo",
    sticks: true,
    mode: PERSIST,
  },
  {
    name: "the rollback cannot write",
    plan: { calls: ["write"], suffix: ".db" },
    rc: IOERR_WRITE,
    at: "rollback",
    sticks: true,
  },
  {
    name: "the rollback cannot read",
    plan: { calls: ["read"], suffix: "-journal" },
    rc: IOERR_READ,
    at: "rollback",
    sticks: true,
  },
  {
    name: "the rollback cannot delete the journal",
    plan: { calls: ["delete"] },
    rc: IOERR_DELETE,
    at: "rollback",
    sticks: true,
  },
];

/** The transaction in parts; `at` says before which part the plan is set. */
function parts(base: Base): Record<Trouble["at"], Step[]> {
  return {
    change: base.update.steps(pager),
    commitOne: [
      { do: "exclusiveLock", pager },
      { do: "commitOne", pager },
    ],
    commitTwo: [{ do: "commitTwo", pager }],
    rollback: [{ do: "rollback", pager }],
  };
}

async function rcs(port: PortEngine, ...steps: Step[]): Promise<number[]> {
  return (await port.runAll(...steps)).map((r) => r.rc);
}

async function run(ctx: CaseContext, t: Trouble): Promise<void> {
  const base = await baseDatabase(ctx, await sharedPair(ctx), 1024);
  const { port } = await shimPair(ctx);
  const place = trialFolder(ctx);
  const path = `${place}/a.db`;
  restore(place, { "a.db": file(base.bytes) });
  const before = take(place);
  /* Spills where they are wanted; otherwise the cache is large enough. */
  const pages = t.name.startsWith("a spill") || t.at === "rollback" ? 5 : 100;
  await port.run(
    { do: "open", pager, path, vfs: "shim" },
    { do: "cacheSize", pager, pages },
    { do: "journalMode", pager, mode: t.mode ?? 0 },
    { do: "beginDatabase", pager },
  );
  const part = parts(base);
  const order: Trouble["at"][] =
    t.at === "rollback" ? ["change", "rollback"] : ["change", "commitOne", "commitTwo"];
  for (const step of order) {
    if (step === t.at) await port.plan({ ...t.plan, at: 1, what: "fail", rc: t.rc, persistent: true });
    const code = await port.rc(...part[step]);
    if (step === "change") await port.run({ do: "releaseCursors", pager });
    ctx.check.equal(`${step} gives`, code, step === t.at ? t.rc : 0);
    if (step === t.at) break;
  }
  const state = await port.state(pager);
  ctx.check.equal("the pager is in the error state", state.eState === ERROR, t.sticks);
  ctx.check.equal("the code that it keeps", state.errCode, t.sticks ? t.rc : 0);
  await port.plan(null);
  if (t.sticks) {
    const use: Step[] = [
      { do: "hold", pager, page: 7 },
      { do: "write", pager, page: 3, data: Uint8Array.of(1) },
      { do: "releaseSavepoint", pager, index: 0 },
      { do: "rollback", pager },
      { do: "exclusiveLock", pager },
    ];
    ctx.check.equal(
      "every use gives that code though nothing fails any more",
      await rcs(port, ...use),
      use.map(() => t.rc),
    );
  } else {
    ctx.check.equal("the rollback", await port.rc({ do: "rollback", pager }), 0);
  }
  await port.run({ do: "releaseAll", pager });
  const free = await port.state(pager);
  ctx.check.equal(
    "without a reference the pager is open, unlocked and sound",
    [free.eState, free.eLock, free.errCode],
    [OPEN, 0, 0],
  );

  ctx.check.equal("it reads again", await port.rc({ do: "lockDatabase", pager }), 0);
  await port.run({ do: "releaseAll", pager });
  const restored = take(place);
  delete restored["a.db-journal"];
  compareFolders(ctx.check, "the old content is back", restored, before);
  await port.run(
    { do: "beginDatabase", pager },
    ...part.change,
    { do: "releaseCursors", pager },
    ...part.commitOne,
    ...part.commitTwo,
    { do: "releaseAll", pager },
    { do: "close", pager },
  );
  const expected = Uint8Array.from(base.update.after);
  const found = take(place)["a.db"];
  const bytes = found?.kind === "file" ? found.bytes : new Uint8Array(0);
  ctx.check.bytes("the transaction at the second attempt", "database", bytes, expected);
  ctx.check.equal("integrity_check", await (await ctx.real()).integrityCheck(path), "ok");
  writeFileSync(path, "");
}

/** The cases. */
export function errorStateCases(): Case[] {
  return TROUBLES.map((t) => ({ name: `error state: ${t.name}`, run: async (ctx) => await run(ctx, t) }));
}
