/**
 * Plays a script once, with an engine of choice for each process, and writes down what is seen.
 */

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import type { Actor, Reply, Setting } from "./actor.js";
import type { Template } from "./database.js";
import { Gate } from "./gate.js";
import { type Move, processes, processOf } from "./moves.js";
import { databaseState, journalState, lockTable } from "./observe.js";
import { PortActor } from "./port-actor.js";
import { RealActor } from "./real-actor.js";

/** Who plays a process. */
export type EngineName = "real" | "port";

/** What is seen after one move. */
export interface Act {
  move: string;
  /** Null for the end of a process. */
  reply: Reply | null;
  /** Locks on the database as the kernel holds them. */
  locks: string[];
  journal: string;
  /** Digest of the database's bytes. */
  database: string;
}

/** A script and everything that it is played with. */
export interface Play {
  script: readonly Move[];
  template: Template;
  setting: Setting;
}

/** What is noted after a move whose busy handler has not been called as often as the script says. */
export const NO_WAIT = "(did not wait)";

/** One performance. */
class Stage {
  readonly acts: Act[] = [];
  readonly #ctx: CaseContext;
  readonly #play: Play;
  readonly #cast: ReadonlyMap<string, EngineName>;
  readonly #path: string;
  readonly #actors = new Map<string, Actor>();
  readonly #gates: Gate[] = [];

  constructor(ctx: CaseContext, play: Play, cast: ReadonlyMap<string, EngineName>, path: string) {
    this.#ctx = ctx;
    this.#play = play;
    this.#cast = cast;
    this.#path = path;
  }

  async #actor(letter: string): Promise<Actor> {
    const known = this.#actors.get(letter);
    if (known !== undefined) return known;
    const { template, setting } = this.#play;
    const slot = [...this.#cast.keys()].indexOf(letter);
    const made =
      this.#cast.get(letter) === "port"
        ? new PortActor(await this.#ctx.port(slot), this.#path, template, setting)
        : new RealActor(await this.#ctx.real(slot), this.#path, template, setting);
    this.#actors.set(letter, made);
    return made;
  }

  #owner(pid: number): string {
    for (const [letter, actor] of this.#actors) if (actor.pid === pid) return letter;
    return "nobody in the script";
  }

  #note(move: string, reply: Reply | null): void {
    this.acts.push({
      move,
      reply,
      locks: lockTable(this.#path, (pid) => this.#owner(pid)),
      journal: journalState(this.#path),
      database: databaseState(this.#path),
    });
  }

  async run(moves: readonly Move[]): Promise<void> {
    for (const move of moves) await this.#move(move);
  }

  async #move(move: Move): Promise<void> {
    const letter = processOf(move.on);
    const actor = await this.#actor(letter);
    if (move.action.do === "dies") {
      await actor.kill();
      this.#actors.delete(letter);
      this.#note(move.text, null);
    } else if (move.meanwhile === null) {
      this.#note(move.text, await actor.perform(move.on, move.action));
    } else {
      const { at, moves } = move.meanwhile;
      const gate = await Gate.make(join(this.#path, ".."), `gate-${this.#gates.length}`);
      this.#gates.push(gate);
      await actor.setGate(move.on, gate.at(at));
      const performance = actor.perform(move.on, move.action);
      /* Whatever goes wrong meanwhile is thrown first; this promise is awaited below or never. */
      performance.catch(() => undefined);
      const over = performance.then(
        () => "over" as const,
        () => "over" as const,
      );
      const first = await Promise.race([gate.reached().then(() => "waits" as const), over]);
      if (first === "waits") {
        await this.run(moves);
        await gate.release();
      } else {
        await gate.giveUp();
      }
      this.#note(move.text, await performance);
      await actor.setGate(move.on, gate.at(-1));
      if (first === "over") this.#note(`${move.text} ${NO_WAIT}`, null);
    }
  }

  /** Closes whatever is still open in the processes. */
  async end(): Promise<void> {
    for (const actor of this.#actors.values()) await actor.reset();
  }

  async closeGates(): Promise<void> {
    for (const gate of this.#gates) await gate.close();
  }
}

/** What a performance left. */
export interface Performance {
  acts: Act[];
  /** The database, closed by everybody. */
  path: string;
}

/**
 * Plays a script from a fresh copy of the template.
 *
 * @param engines who plays process A, B ...
 * @param name of the folder that the database lies in
 */
export async function perform(
  ctx: CaseContext,
  play: Play,
  engines: readonly EngineName[],
  name: string,
): Promise<Performance> {
  const dir = join(ctx.dir, name);
  mkdirSync(dir);
  const path = join(dir, "main.db");
  copyFileSync(play.template.path, path);
  const cast = new Map(processes(play.script).map((letter, i) => [letter, engines[i] as EngineName]));
  const stage = new Stage(ctx, play, cast, path);
  try {
    await stage.run(play.script);
    await stage.end();
  } finally {
    await stage.closeGates();
  }
  return { acts: stage.acts, path };
}
