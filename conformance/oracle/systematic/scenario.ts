/** A scenario: what is prepared, what is done while things fail, and how it is looked at afterwards. */

import type { Op, Program, Setup } from "../ops.js";
import { FULL, type MODE, Writer } from "../programs/writer.js";
import type { Promises } from "./model.js";

/** See above. */
export interface Scenario {
  readonly name: string;
  readonly setup: Setup;
  /** Never disturbed; everything is durable at the end of it. */
  readonly prepare: readonly Op[];
  /** What is disturbed. */
  readonly act: readonly Op[];
  /** Ends what the act has left open, as a process does that gives up. */
  readonly end: readonly Op[];
  /** Opens again and reads, which may be recovery, and closes; empty if there is nothing to come back to. */
  readonly recover: readonly Op[];
  /** Opens again, reads everything, writes, reads once more. Never disturbed. */
  readonly verify: readonly Op[];
  readonly promises: Promises;
  /** The content is gone with the connection, or with the power. */
  readonly isVolatile: boolean;
  /** How much longer than others its programs take. */
  readonly cost: number;
  /** Result codes other than 0 that operations of the act return without any fault. */
  readonly expected: ReadonlySet<number>;
}

/** What distinguishes a scenario from others, besides what it does. */
export interface Traits extends Partial<Promises> {
  setup?: Setup;
  pageSize?: number;
  /** Pages that the cache holds. */
  cache?: number;
  /** Databases; the first one is that of `a`. */
  files?: readonly string[];
  isVolatile?: boolean;
  cost?: number;
  expected?: readonly number[];
}

/** Numbers of connections, of the first database's; scenarios use smaller ones. */
const RECOVERING = 5;
const VERIFYING = 7;

/** Where a scenario is written down. */
export class Stage {
  readonly ops: Op[] = [];
  readonly #traits: Traits;
  readonly #connections = new Map<number, Writer>();
  #prepared = -1;

  constructor(traits: Traits) {
    this.#traits = traits;
  }

  /** The writer of a connection; the same one each time. */
  on(c: number): Writer {
    let writer = this.#connections.get(c);
    if (writer === undefined) {
      writer = new Writer(c, this.ops);
      this.#connections.set(c, writer);
    }
    return writer;
  }

  /** Opens a connection as the scenario wants it. */
  open(c: number, file: string | null = "/a.db", more: Partial<Extract<Op, { op: "Open" }>> = {}): Writer {
    return this.on(c).open(file, this.#traits.cache ?? 100, this.#traits.pageSize ?? 512, more);
  }

  /** The preparation ends here. */
  act(): void {
    this.ops.push({ op: "SyncDisk" });
    this.#prepared = this.ops.length;
  }

  /** All of it. */
  scenario(name: string): Scenario {
    const {
      setup = {},
      files = ["/a.db"],
      pageSize = 512,
      isVolatile = false,
      cost = 1,
      expected = [],
    } = this.#traits;
    const { onError = "always", onPowerLoss = "all", commitsInPhaseOne = false } = this.#traits;
    const connections = [...this.#connections.keys()];
    const end = connections.flatMap((c): Op[] => [
      { op: "Rollback", c },
      { op: "UnrefPageOne", slot: c * 100_000 + 1 },
      ...(isVolatile ? [] : [{ op: "Close", c } as const]),
    ]);
    const recover = new Writer(RECOVERING);
    const verify = new Writer(VERIFYING);
    if (isVolatile) {
      for (const c of connections) look(new Writer(c, verify.ops)).close();
    } else {
      files.forEach((file, i) => {
        new Writer(RECOVERING + i, recover.ops).open(file, 100, pageSize).scan().close();
        look(new Writer(VERIFYING + i, verify.ops).open(file, 100, pageSize)).close();
      });
    }
    return {
      name,
      setup,
      prepare: this.ops.slice(0, this.#prepared),
      act: this.ops.slice(this.#prepared),
      end,
      recover: recover.ops,
      verify: verify.ops,
      promises: { onError, onPowerLoss, commitsInPhaseOne },
      isVolatile,
      cost,
      expected: new Set(expected),
    };
  }
}

/** Reads, writes, reads. */
function look(w: Writer): Writer {
  return w.scan().begin().write(1, 2).settle().scan();
}

/** Writes a scenario down. */
export function scenario(name: string, traits: Traits, play: (stage: Stage) => void): Scenario {
  const stage = new Stage(traits);
  play(stage);
  return stage.scenario(name);
}

/** The program without any fault. */
export function undisturbed({ setup, prepare, act, end, verify }: Scenario): Program {
  return { setup, ops: [...prepare, ...act, ...end, ...verify] };
}

/** PAGER_SYNCHRONOUS_* with PAGER_CACHESPILL, for SetFlags. */
export const SYNCHRONOUS = { NORMAL: FULL - 1, FULL, EXTRA: FULL + 1 } as const;

/** What each journal mode promises. */
export const PROMISES: Readonly<Record<keyof typeof MODE, Partial<Promises>>> = {
  DELETE: { onPowerLoss: "all but the last" },
  PERSIST: {},
  TRUNCATE: {},
  MEMORY: { onError: "if the rollback works", onPowerLoss: "anything" },
  OFF: { onError: "never", onPowerLoss: "anything" },
  WAL: {},
};
