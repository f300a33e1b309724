/** Looks for a program on which C and the port disagree, and makes it short. */

import "../wasm32.js";
import fc from "fast-check";
import { sizeof } from "../../../src/abi.js";
import { Disagreement } from "../compare.js";
import { add, type Figures, noFigures } from "../figures.js";
import { type Agreement, type LockstepOptions, lockstep, type Step } from "../lockstep.js";
import type { OracleModule } from "../module.js";
import { POWER_LOST, type Program } from "../ops.js";
import { type Draw, draws } from "./draw.js";
import { Player } from "./play.js";
import { PROFILES, type Profile, profileNamed } from "./profiles.js";
import { Reached } from "./reached.js";
import { reduce } from "./reduce.js";

/** How to search. */
export interface SearchOptions {
  /** The same seed tries the same programs. */
  seed: number;
  /** Ends the search when so many operations have been done. */
  operations?: number;
  /** Ends it after this time; what is tried until then is the same for one seed. */
  milliseconds?: number;
  /** Name of a profile; default: all of them in turn. */
  profile?: string;
  /** Is called after each round of programs. */
  onProgress?: (figures: Figures) => void;
  /** How programs are run. */
  lockstep?: LockstepOptions;
  /** How many programs may be tried to make a failing one shorter. Default 4000. */
  attempts?: number;
}

/** A program that fails. */
export interface Found {
  /** The short one. */
  program: Program;
  /** What is wrong: the disagreement, or another error with its stack. */
  text: string;
  /** Where it came from: profile, fast-check's seed and path. */
  profile: string;
  seed: number;
  path: string;
}

/** What a search came to. */
export interface SearchResult {
  found: Found | null;
  figures: Figures;
  /** Programs that broke a rule of the pager's callers which the guard does not know; the first few of them. */
  invalid: readonly { program: Program; text: string }[];
  nInvalid: number;
  reached: Reached;
}

/** Programs in one round of fast-check's. */
const ROUND = 10;

/** How many draws fast-check may try to make a failing one smaller. */
const SHRINKS = 300;

/** A program failed. */
class Failure extends Error {
  readonly program: Program;

  constructor(program: Program, text: string, options: ErrorOptions) {
    super(text, options);
    this.program = { ...program, ops: [...program.ops] };
  }
}

/** Thrown through fast-check when the time is over. */
class Enough extends Error {}

/** Runs random programs until the operations or the time are used up, or something is found. */
export function search(module: OracleModule, options: SearchOptions): SearchResult {
  const chosen = options.profile === undefined ? null : profileNamed(options.profile);
  if (options.profile !== undefined && chosen === null) {
    throw new Error(
      `there is no profile ${options.profile}; there are ${PROFILES.map((p) => p.name).join(", ")}`,
    );
  }
  const most =
    options.operations ?? (options.milliseconds === undefined ? 100_000 : Number.POSITIVE_INFINITY);
  const end = performance.now() + (options.milliseconds ?? Number.POSITIVE_INFINITY);
  const run: Run = new Run(
    module,
    options.lockstep ?? {},
    () => run.figures.operations >= most || performance.now() >= end,
  );
  let found: Found | null = null;
  for (let round = 0; found === null && !run.isOver(); round++) {
    const profile = chosen ?? PROFILES[round % PROFILES.length]!;
    found = runRound(
      run,
      profile,
      (Math.imul(options.seed, 0x01000193) + round) | 0,
      options.attempts ?? 4000,
    );
    options.onProgress?.(run.figures);
  }
  return { found, figures: run.figures, invalid: run.invalid, nInvalid: run.nInvalid, reached: run.reached };
}

/** What went wrong in a program: its first line tells one failure from another. */
function failureOf(e: unknown): string {
  if (e instanceof Disagreement) return e.message;
  return e instanceof Error ? (e.stack ?? e.message) : String(e);
}

/** Runs programs and adds up. */
class Run {
  figures = noFigures();
  nInvalid = 0;
  readonly invalid: { program: Program; text: string }[] = [];
  readonly reached = new Reached();
  readonly isOver: () => boolean;
  readonly #module: OracleModule;
  readonly #options: LockstepOptions;
  /** With SQLITE_DEBUG a Wal is larger than the port's. */
  readonly #isCounted: boolean;

  constructor(module: OracleModule, options: LockstepOptions, isOver: () => boolean) {
    this.#module = module;
    this.#isCounted = module.structs.get("Wal")!.size === sizeof.Wal;
    this.#options = options;
    this.isOver = isOver;
  }

  /** Plays a draw, and counts what happens. */
  count(draw: Draw, profile: Profile): void {
    this.reached.begin();
    const { program, done } = this.play(draw, profile, (step) => this.reached.observe(step));
    this.figures = add(this.figures, done);
    if (done.invalid === null) return;
    this.nInvalid++;
    if (this.invalid.length < 20) this.invalid.push({ program, text: done.invalid });
  }

  /** Plays a draw: the program grows while it runs. */
  play(
    draw: Draw,
    profile: Profile,
    observe: (step: Step) => void = () => {},
  ): { program: Program; done: Agreement } {
    const player = new Player(draw, profile, this.#isCounted);
    let wasCutOff = false;
    player.go(null, false);
    const program = { setup: player.setup, ops: player.ops };
    try {
      const done = lockstep(this.#module, program, {
        ...this.#options,
        observe: (step) => {
          observe(step);
          this.#options.observe?.(step);
          wasCutOff ||= step.port === POWER_LOST;
          if (step.index < player.ops.length - 1) return;
          player.go(step.sides.port, wasCutOff);
          wasCutOff = false;
        },
      });
      return { program, done };
    } catch (e) {
      throw new Failure(program, failureOf(e), { cause: e });
    }
  }

  /** What is wrong with a program, without counting; null: nothing. */
  failure(program: Program): string | null {
    try {
      lockstep(this.#module, program, this.#options);
      return null;
    } catch (e) {
      return failureOf(e);
    }
  }
}

function runRound(run: Run, profile: Profile, seed: number, attempts: number): Found | null {
  let failed: Failure | null = null;
  let shrinks = 0;
  const property = fc.property(draws, (draw: Draw) => {
    if (failed === null && run.isOver()) throw new Enough();
    /* Dropping operations does the rest, and does it faster. */
    if (failed !== null && ++shrinks > SHRINKS) return true;
    try {
      if (failed === null) run.count(draw, profile);
      else run.play(draw, profile);
      return true;
    } catch (e) {
      if (e instanceof Failure) failed = e;
      throw e;
    }
  });
  const details = fc.check(property, { seed, numRuns: ROUND, unbiased: true });
  if (failed === null) {
    if (details.failed && !(details.errorInstance instanceof Enough)) throw details.errorInstance;
    return null;
  }
  return {
    ...shortened(run, failed, attempts),
    profile: profile.name,
    seed,
    path: details.counterexamplePath ?? "",
  };
}

function shortened(run: Run, failed: Failure, attempts: number): { program: Program; text: string } {
  const program = reduce(failed.program, (one) => run.failure(one) !== null, attempts);
  return { program, text: run.failure(program) ?? `it fails no more when run again: ${failed.message}` };
}
