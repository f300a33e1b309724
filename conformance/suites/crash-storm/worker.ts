/** The life of one process: it opens the database, commits, and dies. */

import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../../core/random.js";
import { ChildGone } from "../../engines/child.js";
import type { Outcome, RunResult } from "../../engines/sql/protocol.js";
import { SqlEngine } from "../../engines/sql/session.js";
import { type Doom, drawDoom } from "./doom.js";
import type { Ledger } from "./ledger.js";
import { RECOVERY_CALLS, recoveriesIn } from "./recoveries.js";
import { transaction } from "./transactions.js";

/** Transactions that a process makes, at most, after its end has been prepared. */
const REST = 6;

/** How a process ended. */
export interface Life {
  end: "killed" | "closed";
  recoveries: number;
  /** Times that another process was in the way until the busy handler gave up. */
  busy: number;
}

/** A process is told something that it may not answer that way. */
export class Unexpected extends Error {
  override readonly name = "Unexpected";
}

const BUSY = 5;

/** Everything that a worker needs. */
export interface Work {
  path: string;
  /** Where calls are written down. */
  calls: string | null;
  /** What the connection sets after opening. */
  pragmas: readonly string[];
  ledger: Ledger;
  /** Seed of the transactions. */
  seed: string;
  log: (text: string) => void;
}

/** A running process. */
export class Worker {
  readonly engine: SqlEngine;
  readonly doom: Doom;
  readonly #work: Work;
  readonly #random: Random;
  readonly #life: Life = { end: "closed", recoveries: 0, busy: 0 };
  /** The parent's hand, once it is raised. */
  #killer: Promise<void> = Promise.resolve();
  /** Whether the first calls are still being recorded. */
  #records = true;

  constructor(kind: "real" | "port", random: Random, work: Work) {
    this.engine = kind === "real" ? SqlEngine.real() : SqlEngine.port();
    this.#random = random;
    this.doom = drawDoom(random);
    this.#work = work;
  }

  #expect(what: string, outcome: Outcome): void {
    if (outcome.code === 0) return;
    if ((outcome.code & 0xff) !== BUSY) throw new Unexpected(`${what}: ${outcome.name}: ${outcome.message}`);
    this.#life.busy++;
  }

  /** The first outcome that is not SQLITE_OK, else the last one. */
  #outcome(result: RunResult): Outcome {
    const outcomes = result.statements.map((s) => s.outcome);
    return (outcomes.find((o) => o.code !== 0) ?? outcomes[outcomes.length - 1]) as Outcome;
  }

  async #firstCalls(): Promise<void> {
    if (!this.#records) return;
    this.#records = false;
    this.#life.recoveries += recoveriesIn(await this.engine.record(false));
  }

  async #commit(): Promise<void> {
    const { ledger, seed, log } = this.#work;
    const txn = ledger.begin();
    const t = transaction(seed, txn);
    log(`${this.engine.child.pid} begins ${txn}`);
    const result = await this.engine.run(0, t.sql);
    const outcome = this.#outcome(result);
    log(`${this.engine.child.pid} ${outcome.code === 0 && t.commits ? "committed" : outcome.name} ${txn}`);
    if (outcome.code === 0 && t.commits) {
      ledger.acknowledge(txn);
      return;
    }
    if (outcome.code !== 0) {
      this.#expect(`transaction ${txn}`, outcome);
      const last = result.statements[result.statements.length - 1];
      if (last?.autocommit === false) {
        this.#expect("ROLLBACK", this.#outcome(await this.engine.run(0, "ROLLBACK")));
      }
    }
    ledger.undone(txn);
  }

  async #step(): Promise<void> {
    const r = this.#random;
    if (r.chance(0.88)) await this.#commit();
    else {
      const checkpoint = await this.engine.checkpoint(0, r.below(4));
      this.#expect("a checkpoint", checkpoint.outcome);
    }
    await this.#firstCalls();
  }

  async #prepareEnd(): Promise<void> {
    const { doom, engine } = this;
    if (doom.how === "plan") await engine.plan(doom.plan);
    if (doom.how !== "signal") return;
    /* The delay is chance; nobody relies on it. */
    this.#killer = delay(doom.milliseconds).then(async () => void (await engine.kill()));
  }

  async #run(): Promise<void> {
    const { doom, engine } = this;
    await engine.record(true, RECOVERY_CALLS);
    await engine.share(this.#work.calls);
    /* Who is to die at once dies in the recovery, perhaps. */
    if (doom.after === 0) await this.#prepareEnd();
    this.#expect("open", await engine.open(0, this.#work.path));
    this.#expect("PRAGMA", this.#outcome(await engine.run(0, this.#work.pragmas.join(";"))));
    for (let i = 1; i <= doom.after + (doom.how === "peace" ? 0 : REST); i++) {
      await this.#step();
      if (i === doom.after && doom.how !== "peace") await this.#prepareEnd();
    }
    this.#expect("close", await engine.close(0));
    await engine.end();
  }

  /** Lives until the end. */
  async live(): Promise<Life> {
    try {
      await this.#run();
    } catch (e) {
      if (!(e instanceof ChildGone) || e.exit.signal !== "SIGKILL") throw e;
      this.#life.end = "killed";
    }
    await this.#killer;
    return this.#life;
  }
}
