/**
 * System calls and VFS methods that fail: the same one at the same place on both sides.
 *
 * Both engines make the same calls in the same order, so "the third write to the journal" is the same
 * moment for both. Afterwards the codes, every file after every step, and all system calls are equal;
 * the connection is usable again; real SQLite finds the port's database sound, its content old or new.
 */

import { SQLITE_DEBUG } from "../../../src/index.js";
import type { Case, CaseContext } from "../../core/case.js";
import { type Base, baseDatabase } from "./bases.js";
import { FAULTS, type Fault, NEVER, occurs } from "./fault.js";
import { bytesOf, file, restore } from "./folder.js";
import { CONTROL } from "./pair.js";
import {
  compareOutcomes,
  type Event,
  type Outcome,
  playPort,
  playReal,
  type Trial,
  trialFolder,
} from "./trial.js";
import { changing, contentAfter, opening, startOf, WORKLOADS, type Workload } from "./workloads.js";

/**
 * The debug build looks at the change counter before it writes page 1 (transCntrChng in os_unix.c);
 * better-sqlite3's SQLite is no debug build.
 */
function ownOfDebugBuild(line: string): boolean {
  return SQLITE_DEBUG && /^read (?!\S*-journal )\S* 4@24 = /.test(line);
}

/** The system calls that one side made. */
class Made {
  calls: string[] = [];
  count = 0;
}

/** One fault at one place. */
class Attempt {
  readonly real = new Made();
  readonly port = new Made();
  readonly #fault: Fault;
  readonly #at: number;
  readonly #persistent: boolean;

  constructor(fault: Fault, at: number, persistent: boolean) {
    this.#fault = fault;
    this.#at = at;
    this.#persistent = persistent;
  }

  #arm(): Event {
    return {
      do: "arm",
      real: async (pair) => await this.#fault.real(pair, this.#at, this.#persistent),
      port: async (pair) => await this.#fault.port(pair, this.#at, this.#persistent),
    };
  }

  /** Takes down what was called and lets nothing fail any more. */
  #disarm(): Event {
    return {
      do: "arm",
      real: async (pair) => {
        this.real.count = Math.max(this.real.count, await this.#fault.realCount(pair));
        const trace = (await pair.real.all(CONTROL, "SELECT call_trace()"))[0]?.[0];
        this.real.calls.push(
          ...String(trace)
            .split("\n")
            .filter((line) => line !== ""),
        );
        await this.#fault.real(pair, NEVER, false);
      },
      port: async (pair) => {
        this.port.count = Math.max(this.port.count, await this.#fault.portCount(pair));
        this.port.calls.push(...(await pair.port.callTrace()).filter((line) => !ownOfDebugBuild(line)));
        await this.#fault.port(pair, NEVER, false);
      },
    };
  }

  /** Once: at any moment of the connection's life; persistently: during the transaction. */
  events(w: Workload, base: Base): Event[] {
    const rest: Event[] = [{ do: "read" }, { do: "set", value: 11 }, { do: "close" }];
    if (this.#persistent) {
      return [...opening(w), this.#arm(), changing(w, base), this.#disarm(), ...rest, this.#disarm()];
    }
    return [this.#arm(), ...opening(w), changing(w, base), ...rest, this.#disarm()];
  }
}

/** Compares traces; shows the first difference with what came before it. */
function compareCalls(ctx: CaseContext, what: string, actual: string[], expected: string[]): void {
  let i = 0;
  while (i < expected.length && actual[i] === expected[i]) i++;
  const shown = (calls: string[]): string =>
    calls
      .slice(Math.max(0, i - 8), i + 6)
      .map((line, k) => `  ${Math.max(0, i - 8) + k + 1} ${line}`)
      .join("\n");
  ctx.check.ok(
    `${what}: system call ${i + 1} is ${actual[i] ?? "missing"}, expected ${expected[i] ?? "none"}`,
    i === expected.length && i === actual.length,
    `actual:\n${shown(actual)}\nexpected:\n${shown(expected)}`,
  );
}

/** The database as real SQLite finds it: sound, and of one piece. */
async function checkSound(
  ctx: CaseContext,
  what: string,
  place: string,
  outcome: Outcome,
  images: Uint8Array[],
): Promise<void> {
  const verdict = await (await ctx.real()).integrityCheck(`${place}/a.db`);
  ctx.check.equal(`${what}: integrity_check`, verdict, "ok");
  const last = outcome.left[outcome.left.length - 1] ?? {};
  if ("a.db-journal" in last && bytesOf(last, "a.db-journal").some((b) => b !== 0)) return;
  const found = bytesOf(last, "a.db").subarray(1024);
  ctx.check.ok(
    `${what}: the content is the old one or the new one`,
    images.some((image) => {
      /* What is committed counts, even if the file could not be cut after that. */
      const rest = image.subarray(1024);
      return found.length >= rest.length && Buffer.compare(rest, found.subarray(0, rest.length)) === 0;
    }),
    `${found.length / 1024 + 1} pages`,
  );
}

async function attempt(
  ctx: CaseContext,
  w: Workload,
  fault: Fault,
  at: number,
  persistent: boolean,
): Promise<Attempt> {
  const pair = await fault.pair(ctx);
  const base = await baseDatabase(ctx, pair, 1024);
  const start = await startOf(ctx, pair, w);
  const tried = new Attempt(fault, at, persistent);
  const when = at === NEVER ? "nothing fails" : `number ${at}${persistent ? " and all after it" : ""}`;
  const trial: Trial = {
    what: when,
    name: "a.db",
    entries: { "a.db": file(start) },
    events: tried.events(w, base),
  };
  const place = trialFolder(ctx);
  const real = await playReal(pair, place, trial);
  const port = await playPort(pair, place, trial);
  compareOutcomes(ctx, trial, port, real);
  compareCalls(ctx, when, tried.port.calls, tried.real.calls);
  ctx.check.equal(`${when}: calls that could have failed`, tried.port.count, tried.real.count);
  /* A journal in memory cannot bring back what a failing disk does not take. */
  if (w.mode !== "MEMORY") await checkSound(ctx, when, place, port, [start, contentAfter(w, base)]);
  restore(place, {});
  return tried;
}

/** Places in a run of `count` calls: all of them, or a few that are spread evenly. */
function places(ctx: CaseContext, count: number): number[] {
  const few = 4;
  if (ctx.full || count <= few) return Array.from({ length: count }, (_, i) => i + 1);
  const list: number[] = [];
  for (let i = 0; i < few; i++) {
    const from = Math.floor((i * count) / few) + 1;
    const to = Math.floor(((i + 1) * count) / few);
    list.push(ctx.random.between(from, to));
  }
  return list;
}

async function run(ctx: CaseContext, w: Workload, fault: Fault): Promise<void> {
  if (SQLITE_DEBUG && fault.countsReads) {
    ctx.skip("the debug build reads more often than real SQLite; the production build is tried");
  }
  for (const persistent of fault.once ? [false] : [false, true]) {
    const { real } = await attempt(ctx, w, fault, NEVER, persistent);
    for (const at of places(ctx, real.count)) await attempt(ctx, w, fault, at, persistent);
  }
}

/** The cases. */
export function faultCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  for (const fault of FAULTS) {
    for (const w of WORKLOADS) {
      if (!occurs(w, fault)) continue;
      list.push({
        name: `fault: ${fault.name}: ${w.name}`,
        /* A number prime to that of the workloads: the share walks through them all. */
        fullOnly: turn++ % 7 !== 0,
        timeoutSeconds: 300,
        run: async (ctx) => await run(ctx, w, fault),
      });
    }
  }
  return list;
}
