/** For tests: real SQLite in a child process, which makes logs and wal-indexes and is killed over them. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";

const script = `
const Database = require(process.argv[1]);
const open = new Map();
process.on("message", ({ db, path, sql }) => {
  try {
    if (path !== undefined) open.set(db, new Database(path));
    let value = [];
    if (sql === null) { open.get(db).close(); open.delete(db); }
    else if (sql !== undefined) {
      let statement = null;
      try { statement = open.get(db).prepare(sql); } catch (e) {
        if (!/more than one statement/.test(e.message)) throw e;
      }
      if (statement === null) open.get(db).exec(sql);
      else if (statement.reader) value = statement.raw(true).all();
      else statement.run();
    }
    process.send({ value });
  } catch (e) { process.send({ error: e.code ?? String(e) }); }
});
`;

/** Real SQLite, in a process of its own. */
export class RealSqlite {
  readonly #child: ChildProcess;

  constructor() {
    const addon = createRequire(import.meta.url).resolve("better-sqlite3");
    this.#child = spawn(process.execPath, ["-e", script, addon], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async #ask(request: object): Promise<unknown[][]> {
    const answer = once(this.#child, "message") as Promise<[{ value?: unknown[][]; error?: string }]>;
    this.#child.send(request);
    const [{ value, error }] = await answer;
    if (error !== undefined) throw new Error(error);
    return value!;
  }

  /** Opens a connection and names it. */
  async open(db: string, path: string): Promise<void> {
    await this.#ask({ db, path });
  }

  /** Runs one statement and gives its rows, or several and gives none. */
  sql(db: string, sql: string): Promise<unknown[][]> {
    return this.#ask({ db, sql });
  }

  /** Closes a connection as it should be closed. */
  async close(db: string): Promise<void> {
    await this.#ask({ db, sql: null });
  }

  /** Kills the process: no file is tidied up. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
