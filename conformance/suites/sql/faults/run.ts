/**
 * Faults through SQL: a script is repeated with its first, second, third ... call failing, until it ends
 * without meeting the failure. Both sides fail the same calls, answer alike, leave the same files, and
 * recover; afterwards the databases hold what they held before or after one of the transactions.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { SQLITE_CONSTRAINT, SQLITE_DONE, SQLITE_OK } from "../../../../src/index.js";
import type { CaseContext } from "../../../core/case.js";
import type { ShimPlan } from "../../../engines/shimvfs.js";
import type { Outcome, RunResult } from "../../../engines/sql/protocol.js";
import type { SqlEngine } from "../../../engines/sql/session.js";
import { withoutAsserts } from "../../../sql/calls.js";
import { comparePerformances } from "../../../sql/compare.js";
import {
  emptyFolder,
  type Files,
  outcomeOf,
  type Performance,
  prepareEngine,
  readFolder,
} from "../../../sql/perform.js";
import type { Step } from "../../../sql/play.js";
import { pragmas } from "../../../sql/settings.js";
import { portEngine, stageOf } from "../../../sql/suite.js";
import { readsLog } from "../../../sql/wal-index.js";
import { DIR, sql } from "../../../sql/workloads/words.js";
import type { FaultKind } from "./kinds.js";
import type { FaultScript } from "./scripts.js";

const SEED = 0x5eed;

/** A place that is never reached. */
export const NEVER = 2 ** 30;

/** Something that fails while the script is under way. */
export interface Failing {
  begin(engine: SqlEngine): Promise<void>;
  /** Ends it; how often the thing was done that can fail. */
  end(engine: SqlEngine): Promise<number>;
}

/** Calls of the VFS that fail. */
export function failingCalls(kind: FaultKind, at: number, persistent: boolean): Failing {
  const plan: ShimPlan = { calls: [...kind.calls], at, what: "fail", rc: kind.rc, persistent };
  return {
    begin: async (engine) => await engine.plan(plan),
    end: async (engine) => {
      const calls = await engine.count();
      await engine.plan(null);
      return calls;
    },
  };
}

/** What one run with a failing call left behind. */
export interface FaultyRun extends Performance {
  /** The steps while calls fail: from this one, to before that one. */
  actFrom: number;
  actTo: number;
  /** How many calls counted. */
  calls: number;
  /** What a fresh connection found. */
  found: unknown[];
}

/** The steps that follow when calls no longer fail: the same connection, then a fresh one. */
function afterwards(s: FaultScript): { same: Step[]; fresh: Step[] } {
  const attaching = (s.attached ?? []).map((name) => sql(`ATTACH '${DIR}/${name}.db' AS ${name}`));
  return {
    same: [
      ...s.act
        .flatMap((x): Step[] => {
          if (x.do === "blobOpen") return [{ do: "blobClose", blob: x.blob }];
          if (x.do === "backup") return [{ do: "backupFinish", backup: x.backup }];
          return x.do === "open" ? [{ do: "close", on: x.on }] : [];
        })
        .reverse(),
      sql("ROLLBACK"),
      ...s.dump.map((query) => sql(query)),
      sql("PRAGMA integrity_check"),
      sql("UPDATE t SET c = c WHERE a = 40"),
      { do: "status" },
      { do: "close", on: 0 },
    ],
    fresh: [
      { do: "open", on: 0 },
      ...attaching,
      sql("PRAGMA integrity_check"),
      ...s.dump.map((query) => sql(query)),
      { do: "close", on: 0 },
    ],
  };
}

/** One run of a script; `plan` says what fails. */
export async function runFaulty(
  engine: SqlEngine,
  dir: string,
  s: FaultScript,
  base: Files,
  failing: Failing | null,
): Promise<FaultyRun> {
  await prepareEngine(engine, dir, { settings: s.settings, steps: [] }, SEED);
  for (const [name, bytes] of base) writeFileSync(join(dir, name), bytes);
  const { same, fresh } = afterwards(s);
  const run: FaultyRun = {
    steps: [],
    outcomes: [],
    files: [],
    trace: [],
    actFrom: 0,
    actTo: 0,
    calls: 0,
    found: [],
  };
  const steps: Step[] = [];
  if (s.record !== undefined) await engine.record(true, s.record);
  const go = async (list: readonly Step[]): Promise<unknown[]> => {
    const outcomes: unknown[] = [];
    for (const step of list) {
      steps.push(step);
      outcomes.push(await outcomeOf(engine, dir, step));
      run.files.push(readFolder(dir, run.files[run.files.length - 1]));
    }
    run.outcomes.push(...outcomes);
    return outcomes;
  };
  /* PRAGMAs look into the database, and would recover it before calls fail. */
  const opening: Step[] = [{ do: "open", on: 0 }, ...(s.hot ? [] : pragmas(s.settings, 0))];
  await go([...opening, ...s.before]);
  run.actFrom = steps.length;
  await failing?.begin(engine);
  /* Like an application: what fails is not followed by the rest of the transaction. */
  for (const step of s.act) {
    const [outcome] = await go([step]);
    if (hasFailed(outcome)) break;
  }
  run.actTo = steps.length;
  run.calls = (await failing?.end(engine)) ?? 0;
  await go(same);
  if (s.record !== undefined) run.trace = withoutAsserts(await engine.record(false));
  /* What is still open is closed by force; only then is the connection fresh. */
  await engine.reset();
  await prepareProcess(engine, s);
  const found = await go(fresh);
  run.found = found.slice(1 + (s.attached?.length ?? 0), -1).map((o) => rowsOf(o));
  await engine.reset();
  return { ...run, steps, ...recoveredFrom(run, steps.length - fresh.length) };
}

/** The step from which on a log may have been recovered: the fresh connection finds what was left. */
function recoveredFrom(run: FaultyRun, fresh: number): { recoveredFrom: number } {
  return { recoveredFrom: readsLog(run.trace) ? 0 : fresh };
}

/** After a reset: what belongs to the process. */
async function prepareProcess(engine: SqlEngine, s: FaultScript): Promise<void> {
  if (s.settings.pendingByte !== null) await engine.pendingByte(s.settings.pendingByte);
  await engine.seed(SEED);
}

/** Whether a step's outcome is an error that is none of the script's own. */
export function hasFailed(outcome: unknown): boolean {
  const o = outcome as Partial<RunResult> & { outcome?: Outcome; code?: number; driver?: string };
  if (o === null || o === undefined) return false;
  if (o.driver !== undefined) return true;
  const code =
    o.statements?.find((x) => x.outcome.code !== 0)?.outcome.code ?? o.outcome?.code ?? o.code ?? 0;
  return code !== SQLITE_OK && code !== SQLITE_DONE && (code & 0xff) !== SQLITE_CONSTRAINT;
}

function rowsOf(outcome: unknown): unknown {
  return (outcome as RunResult).statements?.[0]?.rows;
}

/** The databases that the script begins with, made by real SQLite. */
export async function makeBase(engine: SqlEngine, dir: string, s: FaultScript): Promise<Files> {
  await prepareEngine(engine, dir, { settings: s.settings, steps: [] }, SEED);
  const quick = { ...s.settings, sync: "OFF" as const, journal: "DELETE" as const, exclusive: false };
  const before: Step[] = [{ do: "open", on: 0 }, ...pragmas(quick, 0), ...s.setup];
  const steps: Step[] = [
    ...before,
    { do: "close", on: 0 },
    ...(s.hot ? [{ do: "open", on: 0 } as Step, ...s.hot] : []),
  ];
  for (const step of steps) {
    const outcome = await outcomeOf(engine, dir, step);
    const failed = (outcome as RunResult).statements?.find((x) => x.outcome.code !== 0);
    if (failed !== undefined) throw new Error(`the setup failed: ${failed.outcome.message}`);
  }
  const files = readFolder(dir);
  await engine.reset();
  return files;
}

/** What the databases hold before the script and whenever one of its transactions has ended. */
export async function committedStates(
  engine: SqlEngine,
  dir: string,
  s: FaultScript,
  base: Files,
): Promise<unknown[][]> {
  const states: unknown[][] = [];
  for (let n = 0; n <= s.act.length; n++) {
    const part = { ...s, act: s.act.slice(0, n) };
    const run = await runFaulty(engine, dir, part, base, null);
    if (!states.some((x) => isDeepStrictEqual(x, run.found))) states.push(run.found);
  }
  return states;
}

/** How the calls fail. */
export interface FaultCase {
  script: FaultScript;
  kind: FaultKind;
  persistent: boolean;
  /** Beyond so many places the default share takes a sample; --full takes all. */
  most: number;
  /** What else two runs must have in common. */
  alsoCompare?: (ctx: CaseContext, what: string, actual: FaultyRun, expected: FaultyRun, base: Files) => void;
}

/** Runs one case. */
export async function runFaults(ctx: CaseContext, c: FaultCase): Promise<void> {
  const { script: s, kind } = c;
  const dir = stageOf(ctx);
  const real = await ctx.sql("real");
  const base = await makeBase(real, dir, s);
  const states = await committedStates(real, dir, s, base);
  const plan = (at: number): Failing => failingCalls(kind, at, c.persistent);
  const never = await runFaulty(real, dir, s, base, plan(NEVER));
  ctx.check.ok("the script makes such calls", never.calls > 0);
  for (const at of places(ctx, never.calls, c.most)) {
    const expected = await runFaulty(real, dir, s, base, plan(at));
    const port = await portEngine(ctx);
    const actual = await runFaulty(port, dir, s, base, plan(at));
    const what = `call ${at} of ${never.calls} fails`;
    comparePerformances(ctx.check, actual, expected, what);
    ctx.check.equal(`${what}: calls that counted`, actual.calls, expected.calls);
    c.alsoCompare?.(ctx, what, actual, expected, base);
    if (s.mayTear) continue;
    ctx.check.equal(`${what}: a fresh connection's integrity check`, actual.found[0], [["ok"]]);
    ctx.check.ok(
      `${what}: the databases hold what they held before or after a transaction`,
      states.some((x) => isDeepStrictEqual(x, actual.found)),
    );
  }
  emptyFolder(dir);
}

/** Places 1 to n; of many a sample, unless everything is asked for. The first and the last are always in it. */
export function places(ctx: CaseContext, n: number, most: number): number[] {
  const all = Array.from({ length: n }, (_, i) => i + 1);
  if (ctx.full || n <= most) return all;
  const chosen = new Set([1, n]);
  while (chosen.size < most) chosen.add(ctx.random.between(1, n));
  return all.filter((i) => chosen.has(i));
}
