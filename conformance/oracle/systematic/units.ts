/**
 * Systematic faults: every scenario with every kind of fault, each at the first, second, third ... place where it can
 * strike, until the scenario ends without having met it.
 */

import "../wasm32.js";
import { Disagreement } from "../compare.js";
import { add, type Figures, noFigures } from "../figures.js";
import type { OracleModule } from "../module.js";
import type { Op, PowerMode, Program } from "../ops.js";
import { type Failing, type Way, waysOf } from "./codes.js";
import { type Judged, judge, type Verdict } from "./judge.js";
import { type Kind, SCENARIOS, type Unit } from "./list.js";
import { WrongContent } from "./model.js";
import { type Scenario, undisturbed } from "./scenario.js";
import { type Trace, traced } from "./trace.js";

/** A program in which something was found, with what it takes to run it again; see {@link rerun}. */
export interface UnitFailure extends Judged {
  /** What was found: the sides differ, the content is wrong, a rule is broken, or the fault did not strike. */
  what: "disagreement" | "content" | "rule" | "fault not met";
  text: string;
}

/** What a unit came to. It ends with the first failure. */
export interface UnitResult {
  figures: Figures;
  programs: number;
  /** Calls and allocations that were made to fail. */
  faults: number;
  /** Losses of power in the middle of an operation, or between two. */
  crashes: number;
  /** Times that everything was read and held against what it may be. */
  verdicts: number;
  /** Programs in which everything was allowed to be lost. */
  lost: number;
  failure?: UnitFailure;
}

/** How much of a unit is run. */
export interface UnitOptions {
  /** Every place, every code and every mode, not only some that are spread evenly. */
  full?: boolean;
  /** Options of lockstep, for tests. */
  lockstep?: Parameters<typeof judge>[2];
}

/** How many programs of each kind are run unless all are, of a scenario that costs 1. */
const LIMITS: Readonly<Record<Kind, number>> = {
  "a call fails": 48,
  "all calls fail from one on": 16,
  "an allocation fails": 20,
  "all allocations fail from one on": 10,
  "a call fails, then the power": 12,
  "the power fails at a sync": 24,
  "the power fails at a write": 16,
  "in the recovery a call fails": 18,
  "in the recovery all calls fail from one on": 8,
  "in the recovery an allocation fails": 10,
  "in the recovery all allocations fail from one on": 5,
  "in the recovery the power fails again": 18,
};

/** How much a loss of power leaves, with seeds, for each place where it happens. */
const LOSSES: readonly (readonly [PowerMode, number])[] = [
  ["drop", 1],
  ["keep", 1],
  ["random", 1],
  ["prefix", 1],
  ["random", 2],
  ["prefix", 2],
  ["random", 3],
];

/** A program to run, and whether its fault must strike. */
interface Item {
  judged: Judged;
  strikes: "call" | "power" | "nothing";
}

/** Runs all programs of a unit, or those that stand for them. */
export function runUnit(module: OracleModule, unit: Unit, options: UnitOptions = {}): UnitResult {
  const scenario = SCENARIOS.get(unit.scenario);
  if (scenario === undefined) throw new Error(`there is no scenario "${unit.scenario}"`);
  const result: UnitResult = {
    figures: noFigures(),
    programs: 0,
    faults: 0,
    crashes: 0,
    verdicts: 0,
    lost: 0,
  };
  try {
    const study = studyOf(module, scenario);
    const limit = options.full ? Number.POSITIVE_INFINITY : Math.ceil(LIMITS[unit.kind] / scenario.cost);
    for (const item of items(study, unit.kind, limit)) {
      const failure = run(module, item, result, options);
      if (failure !== null) return { ...result, failure };
    }
  } catch (e) {
    if (!(e instanceof Found)) throw e;
    return { ...result, failure: e.failure };
  }
  return result;
}

/** Something is wrong already when nothing fails. */
class Found extends Error {
  override readonly name = "Found";
  readonly failure: UnitFailure;

  constructor(failure: UnitFailure) {
    super(failure.text);
    this.failure = failure;
  }
}

/** What is wrong with a program that threw this; other errors are thrown again. */
function found(judged: Judged, e: unknown): UnitFailure {
  if (e instanceof Disagreement) return { ...judged, what: "disagreement", text: e.message };
  if (e instanceof WrongContent) return { ...judged, what: "content", text: e.message };
  throw e;
}

/** The trace of a program that nothing disturbs. */
function quiet(module: OracleModule, judged: Judged, from: number, to: number): Trace {
  try {
    return traced(module, judged, from, to);
  } catch (e) {
    throw new Found(found(judged, e));
  }
}

/** Runs one program; what is wrong with it, or null. */
function run(module: OracleModule, item: Item, result: UnitResult, options: UnitOptions): UnitFailure | null {
  const { judged } = item;
  const failed = (what: UnitFailure["what"], text: string): UnitFailure => ({ ...judged, what, text });
  result.programs++;
  let verdict: Verdict;
  try {
    verdict = judge(module, judged, options.lockstep);
  } catch (e) {
    return found(judged, e);
  }
  const { agreement, hits, losses, checked, isLost } = verdict;
  result.figures = add(result.figures, agreement);
  result.faults += hits;
  result.crashes += agreement.crashes;
  result.verdicts += checked;
  if (isLost) result.lost++;
  if (agreement.invalid !== null) return failed("rule", agreement.invalid);
  if (item.strikes === "call" && hits === 0) return failed("fault not met", "no call failed");
  if (item.strikes === "power" && losses === 0) return failed("fault not met", "the power did not fail");
  if (item.strikes === "nothing" && hits + losses > 0)
    return failed("fault not met", "there are more places");
  return null;
}

/** Runs a failure again. */
export function rerun(module: OracleModule, failure: Judged): Verdict {
  return judge(module, failure);
}

/* ---------------------------------------------------------------- what there is to do */

/** What is known of a scenario. */
interface Study {
  scenario: Scenario;
  trace: Trace;
  /** Losses of power after which there is something to recover, made when first asked for. */
  bases: () => readonly Base[];
}

/** A loss of power, and what the recovery from it calls. */
interface Base {
  /** The program up to the recovery. */
  before: readonly Op[];
  trace: Trace;
}

const studies = new WeakMap<OracleModule, Map<string, Study>>();

function studyOf(module: OracleModule, scenario: Scenario): Study {
  let known = studies.get(module);
  if (known === undefined) {
    known = new Map();
    studies.set(module, known);
  }
  let study = known.get(scenario.name);
  if (study === undefined) {
    study = newStudy(module, scenario);
    known.set(scenario.name, study);
  }
  return study;
}

function newStudy(module: OracleModule, scenario: Scenario): Study {
  const { prepare, act, end, promises, expected, isVolatile } = scenario;
  const program = undisturbed(scenario);
  const acted = prepare.length + act.length;
  const judged: Judged = { program, promises, verifyFrom: acted + end.length };
  const calls = quiet(module, judged, prepare.length, acted + (isVolatile ? 0 : end.length));
  const wrong = calls.unusual.filter(({ index, rc, isDone }) => {
    if (index >= acted || GIVES_NUMBER.has(program.ops[index]!.op)) return false;
    return expected.size === 0 || (isDone && !expected.has(rc));
  });
  if (wrong.length > 0) {
    throw new Error(`scenario "${scenario.name}" does not do what it says: ${JSON.stringify(wrong)}`);
  }
  let bases: readonly Base[] | null = null;
  return {
    scenario,
    trace: calls,
    bases: () => {
      bases ??= basesOf(module, scenario, calls);
      return bases;
    },
  };
}

/** Operations whose result is not a code. */
const GIVES_NUMBER: ReadonlySet<string> = new Set([
  ...["SetJournalMode", "LockingMode", "JournalSizeLimit", "WalCallback", "Pagecount"],
]);

/** How many losses of power are tried to find {@link BASES} that differ in their recovery. */
const TRIED = 9;
const BASES = 3;

/** The losses of power whose recoveries call most, and differ. */
function basesOf(module: OracleModule, scenario: Scenario, { syncs }: Trace): readonly Base[] {
  const { recover, verify, setup, promises } = scenario;
  const all: (readonly [number, PowerMode])[] = [];
  for (let at = 1; at <= syncs + 1; at++)
    for (const mode of ["keep", "random", "drop"] as const) all.push([at, mode]);
  const bases = new Map<string, Base>();
  for (const [at, mode] of spread(all, TRIED)) {
    const before = [...powerLoss(scenario, { of: "sync", at, mode, seed: at })];
    const program: Program = { setup, ops: [...before, ...recover, ...verify] };
    const to = before.length + recover.length;
    const calls = quiet(module, { program, promises, verifyFrom: to }, before.length, to);
    const signature = calls.calls.join();
    if (!bases.has(signature)) bases.set(signature, { before, trace: calls });
  }
  return [...bases.values()].sort((a, b) => b.trace.calls.length - a.trace.calls.length).slice(0, BASES);
}

/** As many as `limit`, evenly spread. */
function spread<T>(all: readonly T[], limit: number): T[] {
  if (all.length <= limit) return [...all];
  return Array.from({ length: limit }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / limit)]!);
}

/* ---------------------------------------------------------------- programs */

const NO_FAULT: Op = { op: "Fault", rule: null };
const NO_FAILURE: Op = { op: "FailAllocation", at: null };

interface Loss {
  of: "sync" | "write" | "call";
  at: number;
  mode: PowerMode;
  seed: number;
}

/** Up to the moment at which the power is there again. */
function powerLoss({ prepare, act, end }: Scenario, loss: Loss): Op[] {
  const { mode, seed } = loss;
  return [...prepare, { op: "PowerLoss", ...loss }, ...act, ...end, NO_FAULT, { op: "Crash", seed, mode }];
}

/** The act with a fault that ends with `off`. */
function disturbed(scenario: Scenario, on: Op, off: Op, isLie: boolean): Judged {
  const { setup, prepare, act, end, verify, promises, isVolatile } = scenario;
  /* What is only in a process's memory has to outlive the fault there. */
  const after = isVolatile ? [off, ...end] : [...end, off];
  const ops = [...prepare, on, ...act, ...after];
  return {
    program: { setup, ops: [...ops, ...verify] },
    promises: isLie ? null : promises,
    verifyFrom: ops.length,
  };
}

/** One way in which one call of a trace can fail. */
interface Failure {
  call: Failing;
  /** Its place among all calls, and among those of its kind. */
  nth: number;
  nthOfKind: number;
  way: Way;
  /** Whether this is how such a call usually fails. */
  isFirst: boolean;
}

function failures(calls: readonly Failing[]): Failure[] {
  const seen = new Map<Failing, number>();
  return calls.flatMap((call, i) => {
    const nthOfKind = (seen.get(call) ?? 0) + 1;
    seen.set(call, nthOfKind);
    return waysOf(call).map((way, k) => ({ call, nth: i + 1, nthOfKind, way, isFirst: k === 0 }));
  });
}

/** Those of the act, without its end. */
function failuresOfAct({ scenario, trace }: Study): Failure[] {
  const { prepare, act } = scenario;
  const n = trace.callers.filter((index) => index < prepare.length + act.length).length;
  return failures(trace.calls.slice(0, n));
}

/** In the usual way any call fails, or all do, with its own code; in another way those of one kind. */
function rule({ call, nth, nthOfKind, way, isFirst }: Failure, persistent: boolean): Op {
  const more = persistent ? { persistent } : {};
  if (isFirst) return { op: "Fault", rule: { op: "all", nth, ...more } };
  return { op: "Fault", rule: { op: call, nth: nthOfKind, ...way.how, ...more } };
}

/** As many as `limit`, of each kind about as many: where there are few of a kind, all of them. */
function fair<T>(all: readonly T[], limit: number, kindOf: (one: T) => string): T[] {
  if (limit >= all.length) return [...all];
  const kinds = new Map<string, T[]>();
  for (const one of all) {
    const some = kinds.get(kindOf(one));
    if (some === undefined) kinds.set(kindOf(one), [one]);
    else some.push(one);
  }
  const chosen: T[] = [];
  let left = kinds.size;
  for (const some of [...kinds.values()].sort((x, y) => x.length - y.length)) {
    chosen.push(...spread(some, Math.floor((limit - chosen.length) / left--)));
  }
  return chosen;
}

/** Two thirds of the places fail in their usual way. */
function chosen(all: readonly Failure[], limit: number): Failure[] {
  if (limit >= all.length) return [...all];
  const [usual, other] = [all.filter((f) => f.isFirst), all.filter((f) => !f.isFirst)];
  const first = fair(usual, Math.ceil((limit * 2) / 3), (f) => f.call);
  return [...first, ...fair(other, limit - first.length, (f) => JSON.stringify([f.call, f.way]))];
}

function places(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

/** The programs of a kind. */
function* items(study: Study, kind: Kind, limit: number): Generator<Item> {
  const { scenario, trace } = study;
  const { setup, verify, promises } = scenario;
  switch (kind) {
    case "a call fails":
    case "all calls fail from one on": {
      const persistent = kind !== "a call fails";
      for (const failure of chosen(failures(trace.calls), limit)) {
        const isLie = failure.way.isLie === true;
        const judged = disturbed(scenario, rule(failure, persistent), NO_FAULT, isLie);
        yield { judged, strikes: "call" };
      }
      const after: Op = { op: "Fault", rule: { op: "all", nth: trace.calls.length + 1 } };
      yield { judged: disturbed(scenario, after, NO_FAULT, false), strikes: "nothing" };
      break;
    }
    case "an allocation fails":
    case "all allocations fail from one on": {
      const persistent = kind !== "an allocation fails";
      for (const at of spread(places(trace.allocations), limit)) {
        const on: Op = { op: "FailAllocation", at, ...(persistent ? { persistent } : {}) };
        yield { judged: disturbed(scenario, on, NO_FAILURE, false), strikes: "call" };
      }
      const after: Op = { op: "FailAllocation", at: trace.allocations + 1 };
      yield { judged: disturbed(scenario, after, NO_FAILURE, false), strikes: "nothing" };
      break;
    }
    case "a call fails, then the power":
      for (const failure of fair(failuresOfAct(study), limit, (f) => f.call)) {
        const { nth, way } = failure;
        if (way.isLie) continue;
        for (const [mode, seed] of LOSSES.slice(0, Number.isFinite(limit) ? 1 : 4)) {
          const ops = [...scenario.prepare, rule(failure, false), ...scenario.act, NO_FAULT];
          ops.push({
            op: "Crash",
            mode: Number.isFinite(limit) ? LOSSES[nth % 3]![0] : mode,
            seed: seed + nth,
          });
          const program = { setup, ops: [...ops, ...verify] };
          yield { judged: { program, promises, verifyFrom: ops.length }, strikes: "call" };
        }
      }
      break;
    case "the power fails at a sync":
    case "the power fails at a write": {
      const of = kind === "the power fails at a sync" ? "sync" : "write";
      const n = of === "sync" ? trace.syncs : trace.writes;
      /* After the last one the power fails between two operations. */
      const all = places(n + 1).flatMap((at) =>
        LOSSES.map(([mode, seed]) => ({ at, mode, seed: seed * 100 + at })),
      );
      for (const loss of spread(all, limit)) {
        const ops = powerLoss(scenario, { of, ...loss });
        const program = { setup, ops: [...ops, ...verify] };
        const strikes = loss.at <= n ? "power" : "nothing";
        yield { judged: { program, promises, verifyFrom: ops.length }, strikes };
      }
      break;
    }
    default:
      yield* recoveries(study, kind, limit);
  }
}

/** What strikes in a recovery. */
interface Strike {
  /** The call that it strikes. */
  kind: string;
  on: Op;
  off: Op;
  isLie: boolean;
  crash?: Op;
}

function* recoveries({ scenario, bases }: Study, kind: Kind, limit: number): Generator<Item> {
  const { setup, recover, verify, promises } = scenario;
  const all = bases().flatMap(({ before, trace }) =>
    strikes(trace, kind).map((strike) => ({ before, strike })),
  );
  for (const { before, strike } of fair(all, limit, ({ strike }) => strike.kind)) {
    const { on, off, isLie, crash } = strike;
    const ops = [...before, on, ...recover, off, ...(crash === undefined ? [] : [crash])];
    yield {
      judged: {
        program: { setup, ops: [...ops, ...verify] },
        promises: isLie ? null : promises,
        verifyFrom: ops.length,
      },
      strikes: crash === undefined ? "call" : "power",
    };
  }
}

function strikes({ calls, allocations }: Trace, kind: Kind): Strike[] {
  switch (kind) {
    case "in the recovery a call fails":
    case "in the recovery all calls fail from one on": {
      const persistent = kind === "in the recovery all calls fail from one on";
      return failures(calls).map((failure) => ({
        kind: failure.call,
        on: rule(failure, persistent),
        off: NO_FAULT,
        isLie: failure.way.isLie === true,
      }));
    }
    case "in the recovery the power fails again":
      return calls.flatMap((call, i) =>
        LOSSES.slice(0, 4).map(([mode, seed]): Strike => {
          const loss = { mode, seed: seed * 1000 + i };
          return {
            kind: call,
            on: { op: "PowerLoss", of: "call", at: i + 1, ...loss },
            off: NO_FAULT,
            isLie: false,
            crash: { op: "Crash", ...loss },
          };
        }),
      );
    default: {
      const persistent = kind === "in the recovery all allocations fail from one on";
      return places(allocations).map((at) => ({
        kind: "allocation",
        on: { op: "FailAllocation", at, ...(persistent ? { persistent } : {}) },
        off: NO_FAILURE,
        isLie: false,
      }));
    }
  }
}
