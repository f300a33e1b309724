/**
 * A database connection, in the manner of better-sqlite3: synchronous, prepared statements, SQLite's
 * error codes and messages.
 */

import {
  SQLITE_NOMEM,
  SQLITE_OK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_READONLY,
  SQLITE_OPEN_READWRITE,
  SQLITE_ROW,
} from "../../src/index.js";
import { type Engine, loadEngine } from "./engine.js";
import { newText } from "./memory.js";
import { SqliteError } from "./sqlite-error.js";
import { Statement } from "./statement.js";
import type { Address, UpperExports } from "./upper.js";
import { type ColumnValue, Values } from "./values.js";

/** How a database is opened. */
export interface DatabaseOptions {
  /** Only read. */
  readonly?: boolean;
  /** Do not create the file. */
  fileMustExist?: boolean;
  /** Milliseconds to wait for locks; 5000 unless told. */
  timeout?: number;
  /**
   * Name of a VFS of the port; the default one unless told. With `pager-mirror/unix` they are "unix" and its
   * relatives, with `pager-mirror` "memory"; loadEngine's `registerVfses` may add others.
   */
  vfs?: string;
}

let shared: { engine: Engine; values: Values } | null = null;

/** The process's engine, which is started when it is first needed. */
export function sharedEngine(): { engine: Engine; values: Values } {
  if (shared === null) useEngine(loadEngine());
  return shared as { engine: Engine; values: Values };
}

/** Makes an engine that has been loaded with options of one's own the process's. */
export function useEngine(engine: Engine): void {
  shared = { engine, values: new Values(engine.memory, engine.upper) };
}

/** How a transaction begins. */
type TransactionKind = "" | " DEFERRED" | " IMMEDIATE" | " EXCLUSIVE";

/** A function that runs in a transaction, which is begun as usual or as the variant's name says. */
export interface Transaction<This, A extends unknown[], T> {
  (this: This, ...args: A): T;
  readonly default: Transaction<This, A, T>;
  readonly deferred: Transaction<This, A, T>;
  readonly immediate: Transaction<This, A, T>;
  readonly exclusive: Transaction<This, A, T>;
  readonly database: Database;
}

/** Finalizes statements that nobody refers to any more. */
const abandoned = new FinalizationRegistry<() => void>((finalize) => finalize());

/** A connection. */
export class Database {
  /** The name that it was opened with. */
  readonly name: string;
  readonly readonly: boolean;
  /** Whether it is an in-memory or temporary database. */
  readonly memory: boolean;
  /** @internal */
  readonly upper: UpperExports;
  /** @internal */
  readonly values: Values;
  /** @internal */
  readonly address: Address;
  /** Iterators that have not come to their end. @internal */
  iterators = 0;
  readonly #engine: Engine;
  readonly #statements = new Set<Address>();
  #open = true;

  constructor(name: string, options: DatabaseOptions = {}) {
    const memory = name === "" || name === ":memory:";
    if (memory && options.readonly) throw new TypeError("In-memory/temporary databases cannot be readonly");
    const { engine, values } = sharedEngine();
    this.#engine = engine;
    this.upper = engine.upper;
    this.values = values;
    this.name = name;
    this.readonly = options.readonly ?? false;
    this.memory = memory;
    const linear = engine.memory;
    const zName = newText(linear, name);
    const zVfs = options.vfs === undefined ? 0 : newText(linear, options.vfs);
    const pp = linear.malloc(linear.pointerSize);
    if (zName === 0 || pp === 0 || (zVfs === 0 && options.vfs !== undefined)) {
      for (const p of [zName, zVfs, pp]) linear.free(p);
      throw new SqliteError("out of memory", SQLITE_NOMEM);
    }
    const flags = this.readonly
      ? SQLITE_OPEN_READONLY
      : SQLITE_OPEN_READWRITE | (options.fileMustExist ? 0 : SQLITE_OPEN_CREATE);
    const rc = this.upper.upper_open(zName, flags, zVfs, pp);
    this.address = linear.pointer(pp);
    for (const p of [zName, zVfs, pp]) linear.free(p);
    if (rc !== SQLITE_OK) {
      const error = new SqliteError(values.cText(this.upper.sqlite3_errmsg(this.address)), rc);
      this.upper.sqlite3_close_v2(this.address);
      this.#open = false;
      throw error;
    }
    this.upper.sqlite3_extended_result_codes(this.address, 1);
    this.upper.sqlite3_busy_timeout(this.address, options.timeout ?? 5000);
    /* As better-sqlite3 does. */
    this.upper.upper_defensive(this.address, 1);
  }

  /** Whether the connection has not been closed. */
  get open(): boolean {
    return this.#open;
  }

  /** Whether a transaction is open. */
  get inTransaction(): boolean {
    return this.#open && this.upper.sqlite3_get_autocommit(this.address) === 0;
  }

  /** @internal */
  mustBeOpen(): void {
    if (!this.#open) throw new TypeError("The database connection is not open");
  }

  /** @internal */
  mustNotIterate(): void {
    if (this.iterators > 0) throw new TypeError("This database connection is busy executing a query");
  }

  /** Throws what the connection's last call met. @internal */
  fail(rc: number): never {
    const extended = this.upper.sqlite3_extended_errcode(this.address);
    const message = this.values.cText(this.upper.sqlite3_errmsg(this.address));
    throw new SqliteError(message, extended === SQLITE_OK ? rc : extended);
  }

  /** Throws unless `rc` is success. @internal */
  check(rc: number): void {
    if (rc !== SQLITE_OK) this.fail(rc);
  }

  /** Compiles the first statement at `z`; 0 if there is only white space. Returns where it ends. */
  #compile(z: Address, n: number): { stmt: Address; tail: Address } {
    const { memory } = this.#engine;
    const out = memory.malloc(2 * memory.pointerSize);
    if (out === 0) throw new SqliteError("out of memory", SQLITE_NOMEM);
    const rc = this.upper.upper_prepare(this.address, z, n, 0, out, out + memory.pointerSize);
    const stmt = memory.pointer(out);
    const tail = memory.pointer(out + memory.pointerSize);
    memory.free(out);
    if (rc !== SQLITE_OK) this.fail(rc);
    return { stmt, tail };
  }

  /** Compiles one statement. */
  prepare(sql: string): Statement {
    this.mustBeOpen();
    const z = newText(this.#engine.memory, sql);
    if (z === 0) throw new SqliteError("out of memory", SQLITE_NOMEM);
    try {
      const { stmt, tail } = this.#compile(z, -1);
      if (stmt === 0) throw new RangeError("The supplied SQL string contains no statements");
      const rest = this.values.cText(tail);
      if (rest.trim() !== "" && this.#hasStatement(tail)) {
        this.upper.sqlite3_finalize(stmt);
        throw new RangeError("The supplied SQL string contains more than one statement");
      }
      const statement = new Statement(this, sql, stmt);
      this.#statements.add(stmt);
      const statements = this.#statements;
      const { upper } = this;
      abandoned.register(statement, () => {
        if (statements.delete(stmt)) upper.sqlite3_finalize(stmt);
      });
      return statement;
    } finally {
      this.#engine.memory.free(z);
    }
  }

  /** Whether anything but comments stands at `z`. */
  #hasStatement(z: Address): boolean {
    const out = this.#engine.memory.malloc(8);
    const rc = this.upper.upper_prepare(this.address, z, -1, 0, out, 0);
    const stmt = this.#engine.memory.pointer(out);
    this.#engine.memory.free(out);
    if (stmt !== 0) this.upper.sqlite3_finalize(stmt);
    return rc !== SQLITE_OK || stmt !== 0;
  }

  /** Runs all statements of a text; rows are thrown away. */
  exec(sql: string): this {
    this.mustBeOpen();
    this.mustNotIterate();
    const start = newText(this.#engine.memory, sql);
    if (start === 0) throw new SqliteError("out of memory", SQLITE_NOMEM);
    try {
      for (let z = start; ; ) {
        const { stmt, tail } = this.#compile(z, -1);
        if (stmt === 0) {
          /* White space or a comment: perhaps something follows it. */
          if (tail === z || this.values.cText(tail) === "") return this;
          z = tail;
          continue;
        }
        let rc: number;
        do rc = this.upper.sqlite3_step(stmt);
        while (rc === SQLITE_ROW);
        rc = this.upper.sqlite3_finalize(stmt);
        if (rc !== SQLITE_OK) this.fail(rc);
        z = tail;
      }
    } finally {
      this.#engine.memory.free(start);
    }
  }

  /** Rows of a PRAGMA; `simple` gives the first column of the first row. */
  pragma(text: string, options: { simple?: boolean } = {}): ColumnValue | undefined | unknown[] {
    this.mustBeOpen();
    this.mustNotIterate();
    const statement = this.prepare(`PRAGMA ${text}`);
    if (!statement.reader) {
      statement.run();
      return options.simple ? undefined : [];
    }
    return options.simple ? (statement.pluck().get() as ColumnValue | undefined) : statement.all();
  }

  /** A function that runs `body` in a transaction, or in a savepoint if one is open. */
  transaction<This, A extends unknown[], T>(body: (this: This, ...args: A) => T): Transaction<This, A, T> {
    const properties = {
      default: { value: this.#wrap("", body) },
      deferred: { value: this.#wrap(" DEFERRED", body) },
      immediate: { value: this.#wrap(" IMMEDIATE", body) },
      exclusive: { value: this.#wrap(" EXCLUSIVE", body) },
      database: { value: this, enumerable: true },
    };
    for (const name of ["default", "deferred", "immediate", "exclusive"] as const) {
      Object.defineProperties(properties[name].value, properties);
    }
    return properties.default.value as Transaction<This, A, T>;
  }

  #wrap<This, A extends unknown[], T>(
    kind: TransactionKind,
    body: (this: This, ...args: A) => T,
  ): (this: This, ...args: A) => T {
    const database = this;
    return function (...args) {
      const nested = database.inTransaction;
      database.exec(nested ? "SAVEPOINT _transaction" : `BEGIN${kind}`);
      try {
        const result = body.apply(this, args);
        if (typeof (result as { then?: unknown } | null | undefined)?.then === "function") {
          throw new TypeError("Transaction function cannot return a promise");
        }
        database.exec(nested ? "RELEASE _transaction" : "COMMIT");
        return result;
      } catch (e) {
        /* An error such as SQLITE_FULL may have ended the transaction already. */
        if (database.inTransaction) {
          database.exec(nested ? "ROLLBACK TO _transaction; RELEASE _transaction" : "ROLLBACK");
        }
        throw e;
      }
    };
  }

  /** Finalizes the connection's statements and closes it. */
  close(): this {
    if (!this.#open) return this;
    this.mustNotIterate();
    this.#open = false;
    for (const stmt of this.#statements) this.upper.sqlite3_finalize(stmt);
    this.#statements.clear();
    const rc = this.upper.sqlite3_close_v2(this.address);
    if (rc !== SQLITE_OK) throw new SqliteError(this.values.cText(this.upper.sqlite3_errstr(rc)), rc);
    return this;
  }
}
