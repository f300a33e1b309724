/** Runs files on both engines, one after the other in the same folder, and compares. */

import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statfsSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChildOptions } from "../engines/child.js";
import { SqlEngine } from "../engines/sql/session.js";
import { explainDifference } from "../format/explain.js";
import { Comparison, type Mismatch, Recording } from "./compare.js";
import type { Event, Exclusion, Harvest } from "./events.js";
import { emptyFolder, type Files, readFolder } from "./folder.js";
import { cleaningUp } from "./interrupt.js";
import { type Ending, type Listener, Player } from "./play.js";
import { formatSql } from "./show.js";

/** A mismatch as it is reported. */
export interface Finding {
  /** Where the statement stands. */
  at: string;
  sql: string;
  what: Mismatch["what"];
  actual: string;
  expected: string;
}

/** What became of one file. */
export interface FileResult {
  file: string;
  suite: string;
  kind: Harvest["kind"];
  /** Statements that real SQLite ran. */
  statements: number;
  rows: number;
  /** Statements that gave an error on real SQLite. */
  errors: number;
  /** Answers that were compared. */
  answers: number;
  /** How often all files were compared. */
  points: number;
  mismatches: number;
  findings: Finding[];
  /** How often each reason left something out. */
  excluded: Record<string, number>;
  /** Why nothing was run, or null. */
  leftOut: string | null;
  /** A file that was not run to its end: which engine needed too long, and what was left. */
  outOfTime: string | null;
  milliseconds: { real: number; other: number };
}

/** Seconds that a file may take on each engine. */
export interface Budgets {
  real: number;
  other: number;
}

const NOTHING: Listener = {
  answer: () => undefined,
  notOpen: () => undefined,
  wantsFiles: () => false,
  files: () => undefined,
};

function reasons(exclusions: readonly Exclusion[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of exclusions) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

/** What there is to tell of a file before anything is run. */
function nothingRun(harvest: Harvest): FileResult {
  return {
    file: harvest.file,
    suite: harvest.suite,
    kind: harvest.kind,
    statements: 0,
    rows: 0,
    errors: 0,
    answers: 0,
    points: 0,
    mismatches: 0,
    findings: [],
    excluded: reasons(harvest.exclusions),
    leftOut: harvest.leftOut,
    outOfTime: null,
    milliseconds: { real: 0, other: 0 },
  };
}

/** So many steps may end the process of real SQLite before a file is given up. */
const MOST_FATAL = 5;

function sizeOf(file: Uint8Array | number): number {
  return typeof file === "number" ? file : file.length;
}

/** How the two engines are started. */
export type Starters = Record<"real" | "other", (options: Partial<ChildOptions>) => SqlEngine>;

/** Real SQLite, and what it is held against: the port, or itself. */
export function starters(twice: boolean): Starters {
  return { real: SqlEngine.real, other: twice ? SqlEngine.real : SqlEngine.port };
}

/** Two engine processes and the folder in which they run. */
export class Lane {
  readonly #folder: string;
  readonly #start: Starters;
  readonly #budgets: Budgets;
  #real: SqlEngine | null = null;
  #other: SqlEngine | null = null;

  constructor(folder: string, start: Starters, budgets: Budgets) {
    this.#folder = folder;
    this.#start = start;
    this.#budgets = budgets;
  }

  /** An engine without connections, and an empty folder. */
  async #fresh(which: "real" | "other"): Promise<SqlEngine> {
    const old = which === "real" ? this.#real : this.#other;
    if (old?.child.alive) {
      try {
        await old.reset();
        emptyFolder(this.#folder);
        return old;
      } catch {
        /* What it was has been reported with the file before; a new process takes over. */
        await old.kill();
      }
    }
    emptyFolder(this.#folder);
    const engine = this.#start[which]({ cwd: this.#folder, env: { TZ: "UTC", SQLITE_TMPDIR: this.#folder } });
    if (which === "real") this.#real = engine;
    else this.#other = engine;
    return engine;
  }

  async #play(
    which: "real" | "other",
    events: readonly Event[],
    listener: Listener,
    end?: number,
  ): Promise<Ending> {
    const engine = await this.#fresh(which);
    const deadline = performance.now() + this.#budgets[which] * 1000;
    return await new Player(engine, this.#folder, listener, deadline).play(events, end);
  }

  /** Records what real SQLite makes of the steps; those that end its process are taken out, and it begins anew. */
  async #record(
    all: readonly Event[],
  ): Promise<{ events: Event[]; recording: Recording; ending: Ending; fatal: Event[] }> {
    const events = [...all];
    const fatal: Event[] = [];
    for (;;) {
      const recording = new Recording(this.#folder, events);
      const ending = await this.#play("real", events, recording);
      const at = ending.how === "broken" ? events[ending.event] : undefined;
      if (ending.how !== "broken" || at === undefined || fatal.length >= MOST_FATAL) {
        return { events, recording, ending, fatal };
      }
      fatal.push(at);
      events.splice(ending.event, 1);
    }
  }

  /** Runs one file on both engines. */
  async run(harvest: Harvest): Promise<FileResult> {
    if (harvest.leftOut !== null) return nothingRun(harvest);
    const excluded = reasons(harvest.exclusions);
    const leave = (reason: string, n: number): void => {
      if (n > 0) excluded[reason] = (excluded[reason] ?? 0) + n;
    };
    const started = performance.now();
    const { events, recording, ending: first, fatal } = await this.#record(harvest.events);
    const real = performance.now() - started;
    const comparison = new Comparison(recording, this.#folder);
    for (const event of fatal) leave(`real SQLite's process ended at ${event.at.file}:${event.at.line}`, 1);
    if (first.how === "broken") {
      comparison.mismatch({
        event: first.event,
        what: "ending",
        actual: "(not run)",
        expected: first.message,
      });
    }
    const end = first.how === "complete" ? events.length : first.event;
    const second = await this.#play("other", events, comparison, end);
    const other = performance.now() - started - real;
    if (second.how === "broken") {
      const expected = "it answers, and goes on";
      comparison.mismatch({ event: second.event, what: "ending", actual: second.message, expected });
    }
    let outOfTime: string | null = null;
    for (const [ending, name, seconds] of [
      [first, "real SQLite", this.#budgets.real],
      [second, this.#other?.side === "port" ? "the port" : "real SQLite", this.#budgets.other],
    ] as const) {
      if (ending.how !== "out of time" || outOfTime !== null) continue;
      const left = events.length - ending.event;
      outOfTime = `${name} needs more than ${seconds} s; ${left} of ${events.length} steps were left out`;
      leave("the file takes too long; the rest of it", left);
    }
    leave("what it needs could not be opened, on either engine", recording.skipped.size);
    leave("a file of more than 256 MB (its size compared, not its bytes)", recording.large);
    leave("an address in the answer of EXPLAIN (run, answer not compared)", recording.pointers.size);
    const findings: Finding[] = [];
    for (const m of comparison.mismatches) findings.push(await this.#finding(events, m, findings));
    return {
      ...nothingRun(harvest),
      ...recording.figures,
      answers: comparison.answers,
      points: comparison.points,
      mismatches: comparison.count,
      findings,
      excluded,
      outOfTime,
      milliseconds: { real, other },
    };
  }

  async #finding(events: readonly Event[], m: Mismatch, before: readonly Finding[]): Promise<Finding> {
    const event = events[m.event] as Event;
    let { actual, expected } = m;
    if (m.what === "files") {
      /* The bytes are gone: both engines go there once more. The first two such places are enough. */
      const told = before.filter((f) => f.what === "files").length < 2;
      expected = "files that are equal";
      actual = told ? await this.#difference(events, m.event) : "files that differ";
    }
    return { at: `${event.at.file}:${event.at.line}`, sql: formatSql(event), what: m.what, actual, expected };
  }

  /** What differs in the folder after a step. */
  async #difference(events: readonly Event[], event: number): Promise<string> {
    await this.#play("real", events, NOTHING, event + 1);
    const expected: Files = readFolder(this.#folder);
    await this.#play("other", events, NOTHING, event + 1);
    const actual: Files = readFolder(this.#folder);
    for (const name of new Set([...expected.keys(), ...actual.keys()])) {
      const a = actual.get(name);
      const e = expected.get(name);
      if (a === undefined || e === undefined) {
        return `${name}: ${a === undefined ? "missing" : "there"}, expected ${e === undefined ? "none" : "one"}`;
      }
      if (typeof a === "number" || typeof e === "number") {
        if (a !== e) return `${name}: ${sizeOf(a)} bytes, expected ${sizeOf(e)}`;
        continue;
      }
      if (Buffer.compare(a, e) === 0) continue;
      const kind = name.endsWith("-journal") ? "journal" : "database";
      const { summary, detail } = explainDifference(kind, a, e);
      return `${name}: ${summary}\n${detail}`;
    }
    return "files that differ, but not when the file was run once more";
  }

  async end(): Promise<void> {
    for (const engine of [this.#real, this.#other]) if (engine?.child.alive) await engine.end();
  }
}

/** How files are run. */
export interface RunOptions {
  lanes: number;
  start: Starters;
  budgets: Budgets;
  onResult?: (result: FileResult, done: number) => void;
}

const MEMORY = "/dev/shm";
const ENOUGH = 2_000_000_000;

/**
 * Where databases lie: in memory where the system offers that, since a corpus syncs hundreds of
 * thousands of times; the environment variable TMPDIR names another place.
 */
export function workFolder(): string {
  if (process.env["TMPDIR"] !== undefined || !existsSync(MEMORY)) return tmpdir();
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > ENOUGH ? MEMORY : tmpdir();
  } catch {
    /* Whatever is wrong with it: the ordinary place will do. */
    return tmpdir();
  }
}

/** Runs files, several side by side; results come in the order of the files. */
export async function runFiles(
  files: readonly string[],
  harvest: (file: string) => Harvest,
  options: RunOptions,
): Promise<FileResult[]> {
  /* The folder's own name has no symlinks in it: super-journals record absolute names. */
  const top = mkdtempSync(join(realpathSync(workFolder()), "pager-mirror-corpora-"));
  const results: FileResult[] = new Array(files.length);
  let next = 0;
  let done = 0;
  const work = async (_: unknown, number: number): Promise<void> => {
    const folder = join(top, `lane-${number}`);
    mkdirSync(folder);
    const lane = new Lane(folder, options.start, options.budgets);
    try {
      for (;;) {
        const index = next++;
        const file = files[index];
        if (file === undefined) break;
        const result = await lane.run(harvest(file));
        results[index] = result;
        options.onResult?.(result, ++done);
      }
    } finally {
      await lane.end();
    }
  };
  const lanes = Array.from({ length: Math.min(options.lanes, files.length) });
  await cleaningUp(
    () => rmSync(top, { recursive: true, force: true }),
    () => Promise.all(lanes.map(work)),
  );
  return results;
}
