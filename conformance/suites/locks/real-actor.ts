/** A process that runs real SQLite, each connection with lockprobe.c in it. */

import { ChildError } from "../../engines/child.js";
import { nativeExtension } from "../../engines/native.js";
import type { RealEngine } from "../../engines/real.js";
import type { TreeGate } from "../../engines/tree.js";
import { type Actor, type Reply, type Setting, SMALL_CACHE } from "./actor.js";
import type { Template } from "./database.js";
import type { Action } from "./moves.js";

/* The connection through which the probes are asked; it has no file. */
const PROBE = "lockprobe";

/** Real SQLite's part. */
export class RealActor implements Actor {
  readonly #engine: RealEngine;
  readonly #path: string;
  readonly #template: Template;
  readonly #setting: Setting;
  /** Number of each connection's probe. */
  readonly #probes = new Map<string, number>();
  #ready = false;

  constructor(engine: RealEngine, path: string, template: Template, setting: Setting) {
    this.#engine = engine;
    this.#path = path;
    this.#template = template;
    this.#setting = setting;
  }

  get pid(): number {
    return this.#engine.child.pid;
  }

  /** Opens the connection {@link PROBE}; it must be there before others load the extension. */
  async #prepare(): Promise<void> {
    if (this.#ready) return;
    await this.#engine.open(PROBE, ":memory:");
    await this.#engine.loadExtension(PROBE, nativeExtension("lockprobe"));
    this.#ready = true;
  }

  async #ask(expression: string): Promise<unknown> {
    return (await this.#engine.all(PROBE, `SELECT ${expression}`))[0]?.[0];
  }

  async perform(connection: string, action: Action): Promise<Reply> {
    let code = "SQLITE_OK";
    let value: string | null = null;
    try {
      value = await this.#do(connection, action);
    } catch (e) {
      if (!(e instanceof ChildError) || !e.code.startsWith("SQLITE_")) throw e;
      code = e.code;
    }
    const probe = this.#probes.get(connection);
    if (probe === undefined) return { code, value, busy: [], trace: "", level: -1, eLock: null };
    const seen = JSON.parse(String(await this.#ask(`probe_take(${probe})`))) as {
      busy: number[];
      trace: string;
      level: number;
    };
    return { code, value, ...seen, eLock: null };
  }

  async #do(name: string, action: Action): Promise<string | null> {
    const run = (sql: string): Promise<void> => this.#engine.exec(name, sql);
    const first = async (sql: string): Promise<string> => String((await this.#engine.all(name, sql))[0]?.[0]);
    switch (action.do) {
      case "open":
        await this.#open(name, action.readonly);
        if (!action.cold) await this.#configure(name, action.small);
        return null;
      case "close":
        await this.#engine.close(name);
        this.#probes.delete(name);
        return null;
      case "busy":
        await this.#ask(`probe_busy(${this.#probes.get(name)}, ${action.limit})`);
        return null;
      case "begin":
        await run(`BEGIN ${action.type}`);
        return null;
      case "read": {
        const sql = `SELECT substr(v, 10, 1) FROM t WHERE k IN (${action.rows.join(", ")}) ORDER BY k`;
        return (await this.#engine.all(name, sql)).map((row) => String(row[0])).join("");
      }
      case "write":
        await run(
          action.rows
            .map((row) => `UPDATE t SET v = '${this.#template.value(row, action.letter)}' WHERE k = ${row}`)
            .join(";"),
        );
        return null;
      case "commit":
        await run("COMMIT");
        return null;
      case "rollback":
        await run("ROLLBACK");
        return null;
      case "locking":
        return await first(`PRAGMA locking_mode=${action.exclusive ? "exclusive" : "normal"}`);
      case "journal":
        return await first(`PRAGMA journal_mode=${action.mode}`);
    }
  }

  async #open(name: string, readonly: boolean): Promise<void> {
    await this.#prepare();
    const vfs = this.#setting.vfs;
    /* better-sqlite3 has no way to name a VFS: for the moment of the opening it is the default. */
    const before = vfs === null ? null : await this.#ask(`probe_default_vfs('${vfs}')`);
    try {
      await this.#engine.open(name, this.#path, { readonly });
    } finally {
      if (before !== null) await this.#ask(`probe_default_vfs('${String(before)}')`);
    }
    await this.#engine.loadExtension(name, nativeExtension("lockprobe"));
    this.#probes.set(name, Number(await this.#ask("probe_last()")));
  }

  async #configure(name: string, smallCache: boolean): Promise<void> {
    const cache = smallCache ? `PRAGMA cache_size=${SMALL_CACHE}; PRAGMA cache_spill=${SMALL_CACHE};` : "";
    /* These pragmas read the schema. */
    await this.#engine.exec(
      name,
      `PRAGMA synchronous=${this.#setting.synchronous}; PRAGMA journal_mode=${this.#setting.journal}; ${cache}`,
    );
  }

  async setGate(connection: string, gate: TreeGate): Promise<void> {
    await this.#ask(`probe_gate(${this.#probes.get(connection)}, ${gate.at}, '${gate.up}', '${gate.down}')`);
  }

  async kill(): Promise<void> {
    await this.#engine.child.kill();
  }

  async reset(): Promise<void> {
    await this.#engine.reset();
    this.#probes.clear();
    this.#ready = false;
  }
}
