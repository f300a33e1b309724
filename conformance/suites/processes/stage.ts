/** Plays a scenario once, with a kind of engine for each process, and writes down what is seen. */

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import { ChildGone } from "../../engines/child.js";
import { emptySharedLog, readSharedLog } from "../../engines/shared-log.js";
import type { ShimRecord } from "../../engines/shimvfs.js";
import { goOn, stoppedOrOver } from "../../engines/stopped.js";
import { shmLocks } from "../../format/shm-locks.js";
import { emptyFolder, type Files, readFolder } from "../../sql/perform.js";
import type { SharedTrace } from "../../sql/wal-order.js";
import { lockTable } from "../locks/observe.js";
import type { EngineName as Kind } from "../locks/stage.js";
import { Actor, type Reply } from "./actor.js";
import { type Move, type ProcessName, processesOf, type Setting, template } from "./moves.js";

/** What is seen after one move. */
export interface Act {
  move: string;
  /** Null if the process has ended, or stands still. */
  reply: Reply | null;
  /** What real SQLite must say here. */
  expected: string | null;
  /** Why there is no reply, or what is odd about the move. */
  remark: "" | "killed" | "stopped" | "not stopped" | "not killed";
  /** Locks on the database and the wal-index, as the kernel holds them. */
  locks: string[];
  files: Files;
}

/** One performance. */
export interface Performance {
  acts: Act[];
  /** Calls of the processes that lived to the end. */
  traces: Map<ProcessName, ShimRecord[]>;
  /**
   * What all processes called, also those that were killed, from the moment when the database is there. They
   * write it into one log themselves: who moves while another stands still in the middle of a call, or waits
   * in its busy handler, comes where it belongs.
   */
  shared: SharedTrace;
  path: string;
}

/** The end of every performance: all processes close what they have open, in order. */
export const ALL_CLOSE = "everybody closes";

class Stage {
  readonly acts: Act[] = [];
  readonly path: string;
  readonly #ctx: CaseContext;
  readonly #dir: string;
  readonly #cast: ReadonlyMap<ProcessName, Kind>;
  readonly #setting: Setting;
  /** Where all processes write down what they call; not in the folder that is compared. */
  readonly #log: string;
  readonly #killed = new Set<number>();
  #made: Files = new Map();
  readonly #actors = new Map<ProcessName, Actor>();
  /** Who stands still. */
  readonly #still = new Set<Actor>();
  #started = 0;
  #files: Files = new Map();

  constructor(ctx: CaseContext, dir: string, cast: ReadonlyMap<ProcessName, Kind>, setting: Setting) {
    this.#ctx = ctx;
    this.#dir = dir;
    this.path = join(dir, "main.db");
    this.#log = join(ctx.dir, "calls.log");
    this.#cast = cast;
    this.#setting = setting;
  }

  async #actor(name: ProcessName): Promise<Actor> {
    const known = this.#actors.get(name);
    if (known !== undefined) return known;
    const slot = [...this.#cast.keys()].indexOf(name);
    const engine = await this.#ctx.sql(this.#cast.get(name) as Kind, slot);
    const actor = new Actor(engine, this.path, this.#setting);
    /* Each process draws numbers of its own; one that takes the place of a dead one, too. */
    await actor.prepare(0x1000 + ++this.#started, this.#log);
    this.#actors.set(name, actor);
    return actor;
  }

  #owner(pid: number): string {
    for (const [name, actor] of this.#actors) if (actor.pid === pid) return name;
    return "nobody in the scenario";
  }

  #locks(): string[] {
    const shm = `${this.path}-shm`;
    const index = existsSync(shm) ? shmLocks(shm) : [];
    return [
      ...lockTable(this.path, (pid) => this.#owner(pid)),
      ...index.map((l) => `${l.name} (byte ${l.byte}): ${l.kind} lock of ${this.#owner(l.pid)}`),
    ];
  }

  #note(move: string, reply: Reply | null, remark: Act["remark"], expected: string | null = null): void {
    this.#files = readFolder(this.#dir, this.#files);
    this.acts.push({ move, reply, expected, remark, locks: this.#locks(), files: this.#files });
  }

  async begin(): Promise<void> {
    emptySharedLog(this.#log);
    const first = await this.#actor([...this.#cast.keys()][0] as ProcessName);
    await first.engine.open(0, this.path);
    const made = await first.engine.run(0, template(this.#setting));
    await first.engine.close(0);
    const failed = made.statements.find((s) => s.outcome.code !== 0);
    if (failed !== undefined) throw new Error(`the database cannot be made: ${failed.outcome.message}`);
    emptySharedLog(this.#log);
    this.#made = readFolder(this.#dir);
  }

  /** What everybody has called since {@link begin}. */
  get shared(): SharedTrace {
    return { calls: readSharedLog(this.#log), killed: this.#killed, files: this.#made };
  }

  async run(moves: readonly Move[]): Promise<void> {
    for (const move of moves) await this.#move(move);
  }

  async #die(name: ProcessName): Promise<void> {
    const actor = await this.#actor(name);
    await actor.engine.kill();
    this.#killed.add(actor.pid);
    this.#actors.delete(name);
    this.#still.delete(actor);
  }

  async #move(move: Move): Promise<void> {
    const { text, expected, hit } = move;
    if (move.action.do === "dies") {
      await this.#die(move.on);
      this.#note(text, null, "killed");
      return;
    }
    const actor = await this.#actor(move.on);
    if (hit === null) {
      this.#note(text, await actor.perform(move), "", expected);
      return;
    }
    const { what, call, at, suffix } = hit;
    await actor.engine.plan({ calls: [call], at, what, suffix });
    const performance = actor.perform(move);
    /* Whatever goes wrong meanwhile is thrown first; this promise is awaited below or never. */
    performance.catch(() => undefined);
    let stopped = false;
    if (what === "stop-before" || what === "stop-after") {
      stopped = (await stoppedOrOver(actor.pid, performance)) === "stopped";
      if (stopped) {
        this.#still.add(actor);
        this.#note(text, null, "stopped");
        await this.run(hit.meanwhile);
        if (this.#still.delete(actor)) goOn(actor.pid);
      }
    }
    let reply: Reply | null = null;
    try {
      reply = await performance;
    } catch (e) {
      if (!(e instanceof ChildGone) || e.exit.signal !== "SIGKILL") throw e;
      this.#killed.add(actor.pid);
      this.#actors.delete(move.on);
    }
    if (reply !== null) await actor.engine.plan(null);
    const isKill = what.startsWith("kill");
    const remark = reply === null ? "killed" : isKill ? "not killed" : stopped ? "" : "not stopped";
    this.#note(text, reply, remark, expected);
  }

  /** Everybody closes what is open, in the order of the names. */
  async end(): Promise<Map<ProcessName, ShimRecord[]>> {
    const traces = new Map<ProcessName, ShimRecord[]>();
    for (const [name, actor] of [...this.#actors].sort(([a], [b]) => (a < b ? -1 : 1))) {
      traces.set(name, await actor.finish());
    }
    this.#note(ALL_CLOSE, null, "");
    return traces;
  }

  /** Processes that stand still, after an error, are of no use to anybody. */
  async abandon(): Promise<void> {
    for (const actor of this.#still) await actor.engine.kill();
  }
}

/** The folder in which all performances take place, one after the other. */
export function stageFolder(ctx: CaseContext): string {
  const dir = join(ctx.dir, "stage");
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** Plays moves from a fresh database, `kinds` being who plays A, B and C. */
export async function perform(
  ctx: CaseContext,
  moves: readonly Move[],
  setting: Setting,
  kinds: readonly Kind[],
): Promise<Performance> {
  const dir = stageFolder(ctx);
  emptyFolder(dir);
  const cast = new Map(processesOf(moves).map((name, i) => [name, kinds[i] as Kind]));
  const stage = new Stage(ctx, dir, cast, setting);
  try {
    await stage.begin();
    await stage.run(moves);
    const traces = await stage.end();
    return { acts: stage.acts, traces, shared: stage.shared, path: stage.path };
  } finally {
    await stage.abandon();
  }
}
