/**
 * The strongest comparison: real SQLite runs a transaction over a recording VFS, the port performs the
 * same page operations over another, and both have made the same calls: every write with its offset
 * and its bytes, every sync with its flags, every truncate, delete, lock, unlock, open and close.
 *
 * Real SQLite's trace goes through the rules too, which shows that the rules are right.
 */

import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PAGER_LOCKINGMODE_EXCLUSIVE, SQLITE_IOCAP_SEQUENTIAL } from "../../../src/index.js";
import type { CaseContext } from "../../core/case.js";
import { type JournalMode, OrderChecker, type OrderSetting, type SyncLevel } from "../../core/order/rules.js";
import type { Step } from "../../engines/program.js";
import { Recorder } from "../../engines/recorder.js";
import type { ShimRecord } from "../../engines/shimvfs.js";
import { u32 } from "../../format/field.js";
import { freelistLeaves } from "../recovery/freelist.js";
import { compareTraces, isCompared, withoutPages } from "./calls.js";
import { type Device, headerSize, journalModes, pagerFlags } from "./settings.js";
import { type Transcribed, transcribe } from "./transcribe.js";
import { judge } from "./verdict.js";

/** The real engine's slot whose default VFS is the recorder. */
const RECORDER_SLOT = 9;

/** One transaction: statements, and how it ends. */
export interface Transaction {
  begin?: "IMMEDIATE" | "EXCLUSIVE";
  statements: readonly string[];
  end: "commit" | "rollback";
}

/** What both engines do. */
export interface Play {
  pageSize: number;
  journal: JournalMode;
  sync: SyncLevel;
  fullfsync?: boolean;
  exclusive?: boolean;
  journalSizeLimit?: number;
  device: Device;
  /** Pages in real SQLite's cache; 0: no spills. */
  cache: number;
  /** A second database is attached as `b`; its statements name it. */
  attached?: boolean;
  setup: readonly string[];
  transactions: readonly Transaction[];
}

/** What real SQLite did in one transaction. */
interface Recorded {
  body: ShimRecord[];
  end: ShimRecord[];
  /** Content of the databases before and after. */
  before: Uint8Array[];
  after: Uint8Array[];
}

/** The setting in the rules' terms. */
export function orderSetting(play: Play): OrderSetting {
  return {
    journal: play.journal,
    sync: play.sync,
    fullfsync: play.fullfsync ?? false,
    exclusive: play.exclusive ?? false,
    sectorSize: play.device.sectorSize,
    characteristics: play.device.characteristics,
    pageSize: play.pageSize,
    freePages: freelistLeaves,
    ...(play.journalSizeLimit === undefined ? {} : { journalSizeLimit: play.journalSizeLimit }),
  };
}

function databasesOf(play: Play): string[] {
  return play.attached ? ["a.db", "b.db"] : ["a.db"];
}

function contentOf(path: string): Uint8Array {
  return existsSync(path) ? Uint8Array.from(readFileSync(path)) : new Uint8Array(0);
}

/** Runs everything on real SQLite; leaves copies of the initial files as `initial-<name>`. */
async function recordReal(ctx: CaseContext, play: Play): Promise<Recorded[]> {
  const engine = await ctx.real(RECORDER_SLOT);
  const recorder = await Recorder.install(engine, ctx.dir, play.device);
  const names = databasesOf(play);
  const contents = (): Uint8Array[] => names.map((name) => contentOf(join(ctx.dir, name)));
  const db = "writer";
  await engine.open(db, join(ctx.dir, "a.db"));
  await engine.unsafe(db);
  await engine.exec(db, `PRAGMA page_size=${play.pageSize}`);
  if (play.attached) {
    await engine.exec(db, `ATTACH '${join(ctx.dir, "b.db")}' AS b`);
    await engine.exec(db, `PRAGMA b.page_size=${play.pageSize}`);
  }
  for (const schema of play.attached ? ["main", "b"] : ["main"]) {
    const mode = await engine.all(db, `PRAGMA ${schema}.journal_mode=${play.journal}`);
    ctx.check.equal("real SQLite's journal mode", mode, [[play.journal.toLowerCase()]]);
    await engine.exec(db, `PRAGMA ${schema}.synchronous=${play.sync}`);
    await engine.exec(db, `PRAGMA ${schema}.cache_size=${play.cache === 0 ? 10000 : play.cache}`);
    if (play.journalSizeLimit !== undefined) {
      await engine.all(db, `PRAGMA ${schema}.journal_size_limit=${play.journalSizeLimit}`);
    }
  }
  if (play.fullfsync) await engine.exec(db, "PRAGMA fullfsync=1");
  for (const statement of play.setup) await engine.exec(db, statement);
  if (play.exclusive) await engine.all(db, "PRAGMA locking_mode=EXCLUSIVE");
  for (const name of names.flatMap((n) => [n, `${n}-journal`])) {
    if (existsSync(join(ctx.dir, name))) copyFileSync(join(ctx.dir, name), join(ctx.dir, `initial-${name}`));
  }
  const recorded: Recorded[] = [];
  for (const t of play.transactions) {
    const before = contents();
    await recorder.start();
    await engine.exec(db, `BEGIN ${t.begin ?? "IMMEDIATE"}`);
    for (const statement of t.statements) await engine.exec(db, statement);
    const body = await recorder.stop();
    await recorder.start();
    await engine.exec(db, t.end === "commit" ? "COMMIT" : "ROLLBACK");
    const end = await recorder.stop();
    recorded.push({ body, end, before, after: contents() });
  }
  await engine.close(db);
  return recorded;
}

/** Puts the files back as they were before the first transaction. */
function restoreInitial(ctx: CaseContext, names: readonly string[]): void {
  for (const name of names.flatMap((n) => [n, `${n}-journal`])) {
    const path = join(ctx.dir, name);
    const initial = join(ctx.dir, `initial-${name}`);
    rmSync(path, { force: true });
    if (existsSync(initial)) copyFileSync(initial, path);
  }
}

function openSteps(ctx: CaseContext, play: Play, name: string): Step[] {
  const steps: Step[] = [
    { do: "open", pager: name, path: join(ctx.dir, name), vfs: "shim", pageSize: play.pageSize },
    { do: "flags", pager: name, value: pagerFlags(play.sync, play.fullfsync) },
    { do: "journalMode", pager: name, mode: journalModes[play.journal] },
    /* The transcript says which page is spilled when. */
    { do: "cacheSize", pager: name, pages: 100000 },
  ];
  if (play.journalSizeLimit !== undefined) {
    steps.push({ do: "journalSizeLimit", pager: name, bytes: play.journalSizeLimit });
  }
  if (play.exclusive) steps.push({ do: "lockingMode", pager: name, mode: PAGER_LOCKINGMODE_EXCLUSIVE });
  return steps;
}

/** The super-journal that a trace creates, with the folder in front. */
function superJournalOf(ctx: CaseContext, trace: readonly ShimRecord[]): string | undefined {
  const name = trace.find((r) => r.call === "open" && /-mj[0-9A-F]{6}9[0-9A-F]{2}$/.test(r.file))?.file;
  return name === undefined ? undefined : join(ctx.dir, name);
}

/**
 * Journal records of free pages whose content in real SQLite's cache was not the file's: the b-tree had
 * changed them and then freed them, and nobody wrote them. The port cannot know that content.
 */
function staleRecords(trace: readonly ShimRecord[], databases: readonly Transcribed[]): Set<number> {
  const stale = new Set<number>();
  for (const db of databases) {
    const free = new Set(freelistLeaves(db.before));
    const own = [...trace.entries()].filter(([, r]) => r.file === `${db.name}-journal` && r.call === "write");
    for (const [k, [at, r]] of own.entries()) {
      const next = own[k + 1];
      if (r.amount !== 4 || next === undefined || next[1].amount !== db.pageSize) continue;
      const pgno = u32(r.data as Uint8Array, 0);
      if (!free.has(pgno)) continue;
      const before = db.before.subarray((pgno - 1) * db.pageSize, pgno * db.pageSize);
      if (Buffer.compare(next[1].data as Uint8Array, before) === 0) continue;
      for (let i = at; i <= at + 2; i++) stale.add(i);
    }
  }
  return stale;
}

/** Runs the play on both engines and compares. */
export async function runPlay(ctx: CaseContext, play: Play): Promise<void> {
  const names = databasesOf(play);
  const recorded = await recordReal(ctx, play);
  const files: Record<string, Uint8Array> = {};
  for (const name of names.flatMap((n) => [n, `${n}-journal`])) {
    const path = join(ctx.dir, `initial-${name}`);
    if (existsSync(path)) files[name] = contentOf(path);
  }
  const rulesOfReal = new OrderChecker(orderSetting(play), names, files);
  const rulesOfPort = new OrderChecker(orderSetting(play), names, files);
  restoreInitial(ctx, names);
  const port = await ctx.port();
  await port.device({ sectorSize: play.device.sectorSize, characteristics: play.device.characteristics });
  for (const name of names) await port.run(...openSteps(ctx, play, name));
  for (const [i, t] of play.transactions.entries()) {
    const real = recorded[i] as Recorded;
    const what = `transaction ${i + 1}`;
    const trace = [...real.body, ...real.end];
    /* A database that the transaction leaves alone is not part of it. */
    const taking = names.filter((name) => trace.some((r) => r.file === name && r.call === "lock"));
    const part = play.exclusive ? names : taking;
    const databases = part.map(
      (name): Transcribed => ({
        name,
        pageSize: play.pageSize,
        headerSize: headerSize(play.device),
        before: real.before[names.indexOf(name)] as Uint8Array,
        journaled: play.journal !== "MEMORY" && play.journal !== "OFF",
      }),
    );
    const superJournal = superJournalOf(ctx, trace);
    const transcript = transcribe(
      databases,
      real.body,
      real.end,
      {
        kind: t.end,
        exclusive: t.begin === "EXCLUSIVE",
        ...(superJournal === undefined ? {} : { superJournal }),
      },
      part.map((name) => (real.after[names.indexOf(name)] as Uint8Array).length),
    );
    await port.queueRandomness(transcript.nonces);
    await port.record(true, true);
    await port.run(...transcript.steps);
    const own = await port.record(false);
    const isSequential = (play.device.characteristics & SQLITE_IOCAP_SEQUENTIAL) !== 0;
    const compared = (all: readonly ShimRecord[]): ShimRecord[] => {
      const calls = all.filter((r) => isCompared(r, names));
      return play.cache > 0 && isSequential ? withoutPages(calls) : calls;
    };
    const stale = staleRecords(compared(trace), databases);
    compareTraces(ctx.check, what, compared(own), compared(trace), stale);
    for (const [k, name] of names.entries()) {
      const expected = real.after[k] as Uint8Array;
      ctx.check.bytes(`${what}: ${name}`, "database", contentOf(join(ctx.dir, name)), expected);
    }
    rulesOfReal.feedAll(trace);
    rulesOfPort.feedAll(own);
  }
  for (const name of names) await port.run({ do: "close", pager: name });
  judge(ctx, "real SQLite's calls", rulesOfReal);
  judge(ctx, "the port's calls", rulesOfPort);
}
