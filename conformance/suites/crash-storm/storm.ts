/** The storm: processes side by side, deaths, and looks at the database in between. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CaseContext, FindingError } from "../../core/case.js";
import { Random } from "../../core/random.js";
import { emptySharedLog, readSharedLog, sharedLogSize } from "../../engines/shared-log.js";
import { readFolder } from "../../sql/perform.js";
import { checkSharedWalOrder, countsText, type SharedTrace } from "../../sql/wal-order.js";
import { look } from "./checks.js";
import { doomText } from "./doom.js";
import { Ledger } from "./ledger.js";
import { schema } from "./transactions.js";
import { Unexpected, type Work, Worker } from "./worker.js";

/** What kind of storm. */
export interface Weather {
  journal: "WAL" | "DELETE";
  pageSize: number;
  /** With NORMAL only checkpoints sync the log: whether they do shows. */
  synchronous: "FULL" | "NORMAL";
  autoVacuum: boolean;
  /** How many processes are killed. */
  kills: number;
}

/** Processes at any time. */
const AT_ONCE = 3;
/** Both engines look at the database each time that so many more have been killed. */
const LOOK_EVERY = 10;
/** Bytes of calls that are checked at most: more than the default storms have, less than the long ones. */
const MOST = 256 << 20;
/** Lines of the storm's history in a finding. */
const HISTORY = 60;

class Storm {
  readonly #ctx: CaseContext;
  readonly #weather: Weather;
  readonly #seed: string;
  readonly #dir: string;
  readonly #path: string;
  /** Where all processes write down what they call; null: there are no rules for that. */
  readonly #calls: string | null;
  readonly #ledger = new Ledger();
  readonly #history: string[] = [];
  readonly #workers = new Set<Worker>();
  readonly #count = { real: 0, port: 0, killed: 0, closed: 0, recoveries: 0, busy: 0, looks: 0 };
  readonly #killed = new Set<number>();
  /** So much of what is written down holds all that was called; who has started since does not write it down. */
  #whole = Number.POSITIVE_INFINITY;
  #rules = "";
  #looking: Promise<void> = Promise.resolve();
  #over = false;

  constructor(ctx: CaseContext, weather: Weather) {
    this.#ctx = ctx;
    this.#weather = weather;
    this.#seed = String(ctx.random.u32());
    this.#dir = join(ctx.dir, "storm");
    this.#path = join(this.#dir, "storm.db");
    this.#calls = weather.journal === "WAL" ? join(ctx.dir, "calls.log") : null;
  }

  #log(text: string): void {
    this.#history.push(text);
    if (this.#history.length > HISTORY) this.#history.shift();
  }

  #where(): string {
    return `${this.summary}\n${this.#history.join("\n")}`;
  }

  /** The counts, in a line. */
  get summary(): string {
    const c = this.#count;
    return (
      `${c.real + c.port} processes (${c.real} of real SQLite, ${c.port} of the port), ${c.killed} killed, ` +
      `${this.#ledger.acknowledged} commits acknowledged, ${this.#ledger.found} more found, ` +
      `${c.recoveries} recoveries seen, ${c.busy} times busy, ${c.looks} looks by both${this.#rules}`
    );
  }

  async #make(): Promise<void> {
    mkdirSync(this.#dir);
    const { pageSize, autoVacuum, journal } = this.#weather;
    const pragmas = [
      `PRAGMA page_size=${pageSize}`,
      `PRAGMA auto_vacuum=${autoVacuum ? "FULL" : "NONE"}`,
      `PRAGMA journal_mode=${journal}`,
    ];
    const engine = await this.#ctx.sql("real", 0);
    await engine.open(0, this.#path);
    const { statements } = await engine.run(0, schema(pragmas));
    const failed = statements.find((s) => s.outcome.code !== 0);
    if (failed !== undefined) throw new Error(`the database cannot be made: ${failed.outcome.message}`);
    await engine.close(0);
  }

  #pragmas(r: Random): string[] {
    return [
      "PRAGMA busy_timeout=60000",
      `PRAGMA synchronous=${this.#weather.synchronous}`,
      `PRAGMA wal_autocheckpoint=${r.pick([0, 4, 15, 50])}`,
      `PRAGMA cache_size=${r.pick([3, 10, 2000])}`,
    ];
  }

  /** Where a process that starts now writes down its calls: nowhere once that has become too much. */
  #newcomersCalls(): string | null {
    if (this.#calls === null || this.#whole < Number.POSITIVE_INFINITY) return null;
    const size = sharedLogSize(this.#calls);
    if (size > MOST) this.#whole = size;
    return size > MOST ? null : this.#calls;
  }

  /** Both engines look, one after the other; looks do not overlap. */
  async #look(): Promise<void> {
    const turn = this.#looking.then(async () => {
      for (const side of ["real", "port"] as const) {
        const engine = await this.#ctx.sql(side, 0);
        const seen = await look(this.#ctx, engine, {
          path: this.#path,
          calls: this.#newcomersCalls(),
          ledger: this.#ledger,
          isWal: this.#weather.journal === "WAL",
          where: () => this.#where(),
        });
        this.#count.recoveries += seen.recoveries;
      }
      this.#count.looks++;
    });
    this.#looking = turn;
    await turn;
  }

  async #one(): Promise<void> {
    const number = this.#count.real + this.#count.port;
    const random = new Random(`${this.#seed}/process ${number}`);
    const kind = random.pick(["real", "port"] as const);
    this.#count[kind]++;
    const work: Work = {
      path: this.#path,
      calls: this.#newcomersCalls(),
      pragmas: this.#pragmas(random),
      ledger: this.#ledger,
      seed: this.#seed,
      log: (text) => this.#log(text),
    };
    const worker = new Worker(kind, random, work);
    this.#workers.add(worker);
    this.#log(`${worker.engine.child.pid} starts: ${kind}, ${doomText(worker.doom)}`);
    const life = await worker.live();
    this.#workers.delete(worker);
    this.#log(`${worker.engine.child.pid} ${life.end}`);
    this.#count[life.end]++;
    if (life.end === "killed") this.#killed.add(worker.engine.child.pid);
    this.#count.recoveries += life.recoveries;
    this.#count.busy += life.busy;
    if (life.end === "killed" && this.#count.killed % LOOK_EVERY === 0) await this.#look();
  }

  async #lane(): Promise<void> {
    /* Processes under way may all be killed: no more begin than may be. */
    while (!this.#over && this.#count.killed + this.#workers.size < this.#weather.kills) await this.#one();
  }

  /**
   * Whether a journal is there that a reader would have to play back. One that was killed before its header
   * was written is not, and stays until somebody writes.
   */
  #isHot(): boolean {
    const journal = `${this.#path}-journal`;
    return existsSync(journal) && (readFileSync(journal)[0] ?? 0) !== 0;
  }

  /** All that the processes called, killed ones too, keeps the rules of the log. */
  #checkOrder(trace: SharedTrace): void {
    const counts = checkSharedWalOrder(this.#ctx.check, "the processes' calls", trace, {
      syncs: true,
      full: new Set(this.#weather.synchronous === "FULL" ? ["storm.db"] : []),
      characteristics: 0,
    });
    this.#rules = `; ${countsText(counts)}`;
    for (const key of ["frames", "commits", "checkpointed", "complete", "resets"] as const) {
      this.#ctx.check.ok(`there are ${key} in the storm`, counts[key] > 0, countsText(counts));
    }
  }

  async run(): Promise<void> {
    await this.#make();
    const files = readFolder(this.#dir);
    if (this.#calls !== null) emptySharedLog(this.#calls);
    try {
      while (this.#count.killed < this.#weather.kills) {
        await Promise.all(Array.from({ length: AT_ONCE }, async () => await this.#lane()));
      }
    } catch (e) {
      if (!(e instanceof Unexpected)) throw e;
      throw new FindingError({ summary: e.message, detail: this.#where() });
    } finally {
      this.#over = true;
      for (const worker of this.#workers) await worker.engine.kill();
    }
    await this.#look();
    if (this.#calls !== null) {
      const calls = readSharedLog(this.#calls, this.#whole);
      this.#checkOrder({ calls, killed: this.#killed, files });
    }
    this.#ctx.check.equal("processes killed", this.#count.killed, this.#weather.kills);
    for (const end of ["-wal", "-shm"]) {
      this.#ctx.check.ok(`after all, storm.db${end} is still there`, !existsSync(`${this.#path}${end}`));
    }
    this.#ctx.check.ok("after all, a hot journal is still there", !this.#isHot());
  }
}

/** Runs a storm; its counts become the notes of the case. */
export async function storm(ctx: CaseContext, weather: Weather): Promise<void> {
  const s = new Storm(ctx, weather);
  try {
    await s.run();
  } finally {
    ctx.notes = s.summary;
  }
}
