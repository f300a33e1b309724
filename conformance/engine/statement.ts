/**
 * A prepared statement, in the manner of better-sqlite3.
 */

import { SQLITE_DONE, SQLITE_ROW } from "../../src/index.js";
import type { Database } from "./database.js";
import type { Address } from "./upper.js";
import type { BindValue, ColumnValue } from "./values.js";

const SQLITE_STMTSTATUS_REPREPARE = 5;

/** What assigning makes. */
const PLAIN: PropertyDescriptor = { configurable: true, enumerable: true, writable: true };

/** A row: columns by name, an array after `raw()`, one value after `pluck()`. */
export type Row = Record<string, ColumnValue> | ColumnValue[] | ColumnValue;

/** Parameters: values in order, arrays of them, and at most one object with named ones. */
export type Parameters = (BindValue | readonly BindValue[] | Readonly<Record<string, BindValue>>)[];

/** What `run()` returns. */
export interface RunResult {
  /** Rows inserted, updated or deleted by this statement. */
  changes: number;
  /** The rowid of the row inserted last. */
  lastInsertRowid: number | bigint;
}

/** A statement of one connection. Made by {@link Database.prepare}. */
export class Statement {
  readonly database: Database;
  /** The SQL text. */
  readonly source: string;
  /** Whether it returns rows. */
  readonly reader: boolean;
  /** Whether it leaves the database file as it is. */
  readonly readonly: boolean;
  readonly #p: Address;
  #names: readonly string[];
  /** How often SQLite has compiled the statement anew; each time its columns may be others. */
  #reprepared = 0;
  /** For each parameter its name without the first character, null where it has only a number. */
  readonly #parameters: readonly (string | null)[];
  readonly #hasNames: boolean;
  #mode: "object" | "raw" | "pluck" = "object";
  #bigints = false;
  #bound = false;
  #busy = false;

  /** @internal */
  constructor(database: Database, source: string, p: Address) {
    const { upper, values } = database;
    this.database = database;
    this.source = source;
    this.#p = p;
    const n = upper.sqlite3_column_count(p);
    this.reader = n > 0;
    this.readonly = upper.sqlite3_stmt_readonly(p) !== 0;
    this.#names = this.#readNames(n);
    this.#parameters = Array.from({ length: upper.sqlite3_bind_parameter_count(p) }, (_, i) => {
      const name = values.cText(upper.sqlite3_bind_parameter_name(p, i + 1));
      return name === "" || name.startsWith("?") ? null : name.slice(1);
    });
    this.#hasNames = this.#parameters.some((name) => name !== null);
  }

  #readNames(n: number): string[] {
    const { upper, values } = this.database;
    return Array.from({ length: n }, (_, i) => values.cText(upper.sqlite3_column_name(this.#p, i)));
  }

  /** The names of the columns. */
  columns(): string[] {
    return [...this.#names];
  }

  /** Rows become the value of their first column. */
  pluck(on = true): this {
    return this.#setMode("pluck", on);
  }

  /** Rows become arrays of columns. */
  raw(on = true): this {
    return this.#setMode("raw", on);
  }

  /** Switching a mode off that is not on changes nothing. */
  #setMode(mode: "raw" | "pluck", on: boolean): this {
    this.#mustBeIdle();
    if (on) this.#mode = mode;
    else if (this.#mode === mode) this.#mode = "object";
    return this;
  }

  /** INTEGER columns become bigints. */
  safeIntegers(on = true): this {
    this.#mustBeIdle();
    this.#bigints = on;
    return this;
  }

  /** Binds parameters for good. */
  bind(...parameters: Parameters): this {
    if (this.#bound) throw new TypeError("The bind() method can only be invoked once per statement object");
    this.#start(parameters);
    this.#bound = true;
    return this;
  }

  #bind(parameters: Parameters): void {
    if (this.#bound) {
      if (parameters.length > 0) throw new TypeError("This statement already has bound parameters");
      return;
    }
    const names = this.#parameters;
    let next = 0;
    let named: Readonly<Record<string, BindValue>> | null = null;
    for (const p of parameters) {
      if (Array.isArray(p)) for (const value of p as readonly BindValue[]) next = this.#bindNext(next, value);
      else if (isNamed(p)) {
        if (named !== null)
          throw new TypeError("You cannot specify named parameters in two different objects");
        named = p;
      } else next = this.#bindNext(next, p as BindValue);
    }
    while (next < names.length && names[next] !== null) next++;
    if (next < names.length) throw new RangeError("Too few parameter values were provided");
    if (this.#hasNames) this.#bindNamed(named);
  }

  /** Binds the first parameter without a name from number `i` on; returns the number after it. */
  #bindNext(i: number, value: BindValue): number {
    const names = this.#parameters;
    while (i < names.length && names[i] !== null) i++;
    if (i >= names.length) throw new RangeError("Too many parameter values were provided");
    this.database.check(this.database.values.bind(this.#p, i + 1, value));
    return i + 1;
  }

  #bindNamed(from: Readonly<Record<string, BindValue>> | null): void {
    if (from === null) throw new TypeError("Missing named parameters");
    for (const [i, name] of this.#parameters.entries()) {
      if (name === null) continue;
      if (!Object.hasOwn(from, name)) throw new RangeError(`Missing named parameter "${name}"`);
      this.database.check(this.database.values.bind(this.#p, i + 1, from[name]));
    }
  }

  #mustBeIdle(): void {
    if (this.#busy) throw new TypeError("This statement is busy executing a query");
  }

  /** Binds the parameters of a statement that may be executed now; none of them if one is wrong. */
  #start(parameters: Parameters): void {
    this.database.mustBeOpen();
    this.#mustBeIdle();
    try {
      this.#bind(parameters);
    } catch (e) {
      if (!this.#bound) this.database.upper.sqlite3_clear_bindings(this.#p);
      throw e;
    }
  }

  /** Runs `body` with the statement started, and resets it whatever happens. */
  #running<T>(parameters: Parameters, body: () => T): T {
    this.#start(parameters);
    this.#busy = true;
    try {
      return body();
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#busy = false;
    this.database.upper.sqlite3_reset(this.#p);
    if (!this.#bound && this.#parameters.length > 0) this.database.upper.sqlite3_clear_bindings(this.#p);
  }

  /** Whether there is a first row; it may have columns that the statement was not prepared with. */
  #first(): boolean {
    if (!this.#step()) return false;
    const { upper } = this.database;
    const reprepared = upper.sqlite3_stmt_status(this.#p, SQLITE_STMTSTATUS_REPREPARE, 0);
    if (reprepared !== this.#reprepared) {
      this.#reprepared = reprepared;
      this.#names = this.#readNames(upper.sqlite3_column_count(this.#p));
    }
    return true;
  }

  /** Whether there is a row; throws SQLite's error. */
  #step(): boolean {
    const rc = this.database.upper.sqlite3_step(this.#p);
    if (rc === SQLITE_ROW) return true;
    if (rc !== SQLITE_DONE) this.database.fail(rc);
    return false;
  }

  #row(): Row {
    const { values } = this.database;
    const p = this.#p;
    const names = this.#names;
    if (this.#mode === "pluck") return values.column(p, 0, this.#bigints);
    if (this.#mode === "raw") {
      const row: ColumnValue[] = [];
      for (let i = 0; i < names.length; i++) row.push(values.column(p, i, this.#bigints));
      return row;
    }
    const row: Record<string, ColumnValue> = {};
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const value = values.column(p, i, this.#bigints);
      /* Assigning to that name would do something else. */
      if (name === "__proto__") Object.defineProperty(row, name, { ...PLAIN, value });
      else row[name] = value;
    }
    return row;
  }

  #mustRead(): void {
    if (!this.reader) throw new TypeError("This statement does not return data. Use run() instead");
  }

  /** Runs to the end; rows are thrown away. */
  run(...parameters: Parameters): RunResult {
    const { database } = this;
    const { upper, values } = database;
    database.mustNotIterate();
    return this.#running(parameters, () => {
      const before = upper.sqlite3_total_changes64(database.address);
      while (this.#step());
      const after = upper.sqlite3_total_changes64(database.address);
      const rowid = values.integer((p) => upper.upper_last_insert_rowid(database.address, p));
      return {
        changes: after === before ? 0 : upper.sqlite3_changes64(database.address),
        lastInsertRowid: this.#bigints ? rowid : Number(rowid),
      };
    });
  }

  /** The first row, or undefined. */
  get(...parameters: Parameters): Row | undefined {
    this.#mustRead();
    return this.#running(parameters, () => (this.#first() ? this.#row() : undefined));
  }

  /** All rows. */
  all(...parameters: Parameters): Row[] {
    this.#mustRead();
    return this.#running(parameters, () => {
      const rows: Row[] = [];
      for (let more = this.#first(); more; more = this.#step()) rows.push(this.#row());
      return rows;
    });
  }

  /**
   * Rows one after the other. Until the last, or until the loop is left, the statement is busy, and its
   * connection can neither be closed nor run anything but queries.
   */
  iterate(...parameters: Parameters): IterableIterator<Row> {
    this.#mustRead();
    this.#start(parameters);
    this.#busy = true;
    this.database.iterators++;
    let begun = false;
    let ended = false;
    const end = (): IteratorResult<Row> => {
      if (!ended) {
        ended = true;
        this.database.iterators--;
        this.#end();
      }
      return { done: true, value: undefined };
    };
    return {
      next: (): IteratorResult<Row> => {
        if (ended) return end();
        let value: Row | undefined;
        try {
          if (begun ? this.#step() : this.#first()) value = this.#row();
          begun = true;
        } catch (e) {
          end();
          throw e;
        }
        return value === undefined ? end() : { done: false, value };
      },
      return: end,
      [Symbol.iterator]() {
        return this;
      },
    };
  }
}

/** Named parameters come in plain objects; any other object is a value that cannot be bound. */
function isNamed(p: Parameters[number]): p is Readonly<Record<string, BindValue>> {
  if (typeof p !== "object" || p === null) return false;
  const prototype: unknown = Object.getPrototypeOf(p);
  return prototype === Object.prototype || prototype === null;
}
