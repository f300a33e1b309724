/**
 * Real SQLite, through better-sqlite3 in a child process: the parent's side.
 */

import { Child, ChildError, type ChildOptions } from "./child.js";
import type { RealRequest } from "./real-child.js";

/** A column's value as better-sqlite3 gives it. */
export type SqlValue = number | string | null | Uint8Array | bigint;

/** How a statement went: rows (arrays of columns), or SQLite's result code by name. */
export type SqlOutcome = { rows: SqlValue[][] } | { code: string; message: string };

/** Real SQLite; connections are named by the case. */
export class RealEngine {
  readonly child: Child;

  constructor(options: Partial<ChildOptions> = {}) {
    this.child = new Child({ what: "real SQLite", module: "./real-child.js", ...options });
  }

  async #call(request: RealRequest): Promise<unknown> {
    return await this.child.call(request);
  }

  /** Opens `path` as connection `db`; throws ChildError with SQLite's code if that fails. */
  async open(
    db: string,
    path: string,
    options: { readonly?: boolean; timeout?: number } = {},
  ): Promise<void> {
    await this.#call({
      op: "open",
      db,
      path,
      readonly: options.readonly ?? false,
      timeout: options.timeout ?? 0,
    });
  }

  /** Runs one or more statements; throws ChildError on failure. */
  async exec(db: string, sql: string): Promise<void> {
    await this.#call({ op: "exec", db, sql });
  }

  /** Rows of one statement, each an array of columns; throws ChildError on failure. */
  async all(db: string, sql: string): Promise<SqlValue[][]> {
    return (await this.#call({ op: "all", db, sql })) as SqlValue[][];
  }

  /** As {@link all} for statements that return rows, as {@link exec} otherwise; never throws for SQLite's errors. */
  async attempt(db: string, sql: string): Promise<SqlOutcome> {
    try {
      return { rows: (await this.#call({ op: "run", db, sql })) as SqlValue[][] };
    } catch (e) {
      if (e instanceof ChildError) return { code: e.code, message: e.message };
      throw e;
    }
  }

  async close(db: string): Promise<void> {
    await this.#call({ op: "close", db });
  }

  /** Loads a compiled extension (native.ts) through connection `db`. */
  async loadExtension(db: string, path: string): Promise<void> {
    await this.#call({ op: "extension", db, path });
  }

  /** Gives up the rights of root for those of a user, for good. */
  async become(uid: number): Promise<void> {
    await this.#call({ op: "become", uid });
  }

  /** Ends SQLITE_DBCONFIG_DEFENSIVE, which better-sqlite3 sets and which refuses `journal_mode=OFF`. */
  async unsafe(db: string): Promise<void> {
    await this.#call({ op: "unsafe", db });
  }

  /** Closes every connection. */
  async reset(): Promise<void> {
    await this.#call({ op: "reset" });
  }

  /**
   * Opens a database on its own, asks for `PRAGMA integrity_check` and closes it again.
   *
   * @returns "ok", or what SQLite found wrong, or its error code
   */
  async integrityCheck(path: string): Promise<string> {
    return (await this.#call({ op: "integrity", path })) as string;
  }
}
