/**
 * Runs cases in lanes: each lane works through its share with engine processes of its own.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChildGone } from "../engines/child.js";
import { PortEngine } from "../engines/port.js";
import { RealEngine } from "../engines/real.js";
import { SqlEngine } from "../engines/sql/session.js";
import { Oracle } from "../oracle/process/oracle.js";
import { type Case, type CaseContext, type CaseResult, FindingError, SkipError, type Suite } from "./case.js";
import { CountingChecker } from "./checker.js";
import { Random } from "./random.js";

/** What a run does. */
export interface RunOptions {
  suites: readonly Suite[];
  /** Only cases whose name contains one of these, or equals it after a leading "=". */
  filters: string[];
  seed: string;
  full: boolean;
  /** This share of the cases, counted from 1. */
  shard: { index: number; count: number } | null;
  /** How many cases run side by side. */
  lanes: number;
  /** Keep the folders of failed cases. */
  keep: boolean;
  /** Seconds that all elastic cases together may take on the lanes; null: each does what it does by itself. */
  budget: number | null;
  /** Where files that cases keep for the user go. */
  saved: string;
  onStart?: (total: number) => void;
  onResult?: (result: CaseResult, done: number, total: number) => void;
}

/** A case and the suite it belongs to. */
export interface Selected {
  suite: Suite;
  case: Case;
}

/** The cases that a run with these options executes, in order. */
export function select(options: RunOptions): Selected[] {
  const all: Selected[] = [];
  for (const suite of options.suites) {
    const names = new Set<string>();
    for (const c of suite.cases()) {
      if (names.has(c.name)) throw new Error(`suite ${suite.name} has two cases named ${c.name}`);
      names.add(c.name);
      if (c.fullOnly && !options.full && !options.filters.includes(`=${c.name}`)) continue;
      if (!matches(c.name, options.filters)) continue;
      all.push({ suite, case: c });
    }
  }
  const shard = options.shard;
  return shard === null ? all : all.filter((_, i) => i % shard.count === shard.index - 1);
}

function matches(name: string, filters: string[]): boolean {
  return (
    filters.length === 0 || filters.some((f) => (f.startsWith("=") ? name === f.slice(1) : name.includes(f)))
  );
}

/** The command that runs one case alone. */
export function rerunCommand(suite: string, name: string, seed: string): string {
  return `npm start -- --suite ${suite} --filter '=${name.replaceAll("'", `'\\''`)}' --seed ${seed}`;
}

/** The engine processes of one lane, reused from case to case. */
class Lane {
  readonly #real: (RealEngine | undefined)[] = [];
  readonly #port: (PortEngine | undefined)[] = [];
  readonly #sql = { real: [] as (SqlEngine | undefined)[], port: [] as (SqlEngine | undefined)[] };
  #oracle: Oracle | undefined;

  async real(slot: number): Promise<RealEngine> {
    const old = this.#real[slot];
    if (old?.child.alive) return old;
    return (this.#real[slot] = new RealEngine());
  }

  async port(slot: number): Promise<PortEngine> {
    const old = this.#port[slot];
    if (old?.child.alive) return old;
    return (this.#port[slot] = new PortEngine());
  }

  async sql(side: "real" | "port", slot: number): Promise<SqlEngine> {
    const old = this.#sql[side][slot];
    if (old?.child.alive) return old;
    return (this.#sql[side][slot] = side === "real" ? SqlEngine.real() : SqlEngine.port());
  }

  async oracle(): Promise<Oracle> {
    if (this.#oracle?.child.alive) return this.#oracle;
    return (this.#oracle = new Oracle());
  }

  get #all(): (RealEngine | PortEngine | SqlEngine | Oracle | undefined)[] {
    return [...this.#real, ...this.#port, ...this.#sql.real, ...this.#sql.port, this.#oracle];
  }

  /** Closes what a case left open; a process that cannot do so is ended. */
  async settle(): Promise<void> {
    for (const engine of this.#all) {
      if (engine === undefined || !engine.child.alive) continue;
      try {
        await engine.reset();
      } catch {
        /* Whatever it was has been reported by the case; a fresh process takes over. */
        await engine.child.kill();
      }
    }
  }

  async discard(): Promise<void> {
    for (const engine of this.#all) await engine?.child.kill();
  }

  async end(): Promise<void> {
    for (const engine of this.#all) {
      if (engine?.child.alive) await engine.child.end();
    }
  }
}

async function runCase(
  lane: Lane,
  selected: Selected,
  dir: string,
  options: RunOptions,
  share: number | null,
): Promise<CaseResult> {
  const { suite, case: c } = selected;
  const check = new CountingChecker();
  const ctx: CaseContext = {
    dir,
    random: new Random(`${options.seed}/${suite.name}/${c.name}`),
    check,
    full: options.full,
    real: (slot = 0) => lane.real(slot),
    port: (slot = 0) => lane.port(slot),
    sql: (side, slot = 0) => lane.sql(side, slot),
    oracle: () => lane.oracle(),
    seconds: c.elastic ? share : null,
    save: (extension, text) => {
      const path = join(options.saved, `${suite.name} ${c.name}`.replace(/[^\w]+/g, "-") + extension);
      mkdirSync(options.saved, { recursive: true });
      writeFileSync(path, text);
      return path;
    },
    skip: (reason) => {
      throw new SkipError(reason);
    },
  };
  const started = performance.now();
  const base = { suite: suite.name, name: c.name };
  const end = (rest: Pick<CaseResult, "outcome"> & Partial<CaseResult>): CaseResult => ({
    ...base,
    comparisons: check.count,
    milliseconds: performance.now() - started,
    ...(ctx.notes === undefined ? {} : { notes: ctx.notes }),
    ...(ctx.figures === undefined ? {} : { figures: ctx.figures }),
    ...rest,
  });
  /* An elastic case ends by itself when its time is up, and may then still have a failure to reduce. */
  const seconds = (c.timeoutSeconds ?? 120) + (ctx.seconds ?? 0);
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      c.run(ctx),
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () =>
            reject(new FindingError({ summary: `hung: not finished after ${seconds} seconds`, detail: "" })),
          seconds * 1000,
        );
      }),
    ]);
    if (check.count === 0) {
      return end({
        outcome: "failed",
        finding: { summary: "the case compared nothing", detail: "A case without a comparison cannot fail." },
      });
    }
    return end({ outcome: "passed" });
  } catch (e) {
    if (e instanceof SkipError) return end({ outcome: "skipped", reason: e.message });
    if (e instanceof FindingError) return end({ outcome: "failed", finding: e.finding });
    const error = e as Error;
    const lost = error instanceof ChildGone;
    return end({
      outcome: "failed",
      finding: {
        summary: lost ? `${error.message} unexpectedly` : `${error.name}: ${error.message.split("\n")[0]}`,
        detail: error.stack ?? error.message,
      },
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Runs everything that the options select; results come in the order of the cases. */
export async function run(options: RunOptions): Promise<CaseResult[]> {
  const selected = select(options);
  options.onStart?.(selected.length);
  const results: CaseResult[] = new Array(selected.length);
  /* The temporary folder's own name has no symlinks in it: super-journals record absolute names. */
  const top = mkdtempSync(join(tmpdir(), "pager-mirror-"));
  const lanes = Math.min(options.lanes, selected.length);
  const elastic = selected.filter((s) => s.case.elastic).length;
  const share = options.budget === null ? null : (options.budget * lanes) / elastic;
  let next = 0;
  let done = 0;
  let failures = 0;
  const work = async (): Promise<void> => {
    const lane = new Lane();
    for (;;) {
      const index = next++;
      const item = selected[index];
      if (item === undefined) break;
      const dir = join(top, `case-${index}`);
      mkdirSync(dir);
      const result = await runCase(lane, item, dir, options, share);
      if (result.outcome === "failed") {
        failures++;
        result.rerun = rerunCommand(item.suite.name, item.case.name, options.seed);
        await lane.discard();
      } else {
        await lane.settle();
      }
      if (!(options.keep && result.outcome === "failed")) rmSync(dir, { recursive: true, force: true });
      results[index] = result;
      options.onResult?.(result, ++done, selected.length);
    }
    await lane.end();
  };
  try {
    await Promise.all(Array.from({ length: lanes }, work));
  } finally {
    if (!(options.keep && failures > 0)) rmSync(top, { recursive: true, force: true });
  }
  return results;
}
