/**
 * A prepared statement, in the manner of better-sqlite3.
 */

import { SQLITE_DONE, SQLITE_ROW } from "../../src/index.js";
import type { Database } from "./database.js";
import type { Address } from "./upper.js";
import type { BindValue, ColumnValue } from "./values.js";

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
  readonly #names: string[];
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
    this.#names = Array.from({ length: n }, (_, i) => values.cText(upper.sqlite3_column_name(p, i)));
    this.#parameters = Array.from({ length: upper.sqlite3_bind_parameter_count(p) }, (_, i) => {
      const name = values.cText(upper.sqlite3_bind_parameter_name(p, i + 1));
      return name === "" || name.startsWith("?") ? null : name.slice(1);
    });
    this.#hasNames = this.#parameters.some((name) => name !== null);
  }

  /** The names of the columns. */
  columns(): string[] {
    return [...this.#names];
  }

  /** Rows become the value of their first column. */
  pluck(on = true): this {
    this.#mode = on ? "pluck" : "object";
    return this;
  }

  /** Rows become arrays of columns. */
  raw(on = true): this {
    this.#mode = on ? "raw" : "object";
    return this;
  }

  /** INTEGER columns become bigints. */
  safeIntegers(on = true): this {
    this.#bigints = on;
    return this;
  }

  /** Binds parameters for good. */
  bind(...parameters: Parameters): this {
    if (this.#bound) throw new TypeError("The bind() method can only be invoked once per statement object");
    this.#bind(parameters);
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
    if (from === null) throw new RangeError("Missing named parameters");
    for (const [i, name] of this.#parameters.entries()) {
      if (name === null) continue;
      const value = from[name];
      if (value === undefined) throw new RangeError(`Missing named parameter "${name}"`);
      this.database.check(this.database.values.bind(this.#p, i + 1, value));
    }
  }

  #start(parameters: Parameters): void {
    this.database.mustBeOpen();
    if (this.#busy) throw new TypeError("This statement is busy executing a query");
    this.#bind(parameters);
  }

  /** Runs `body` with the statement started, and resets it whatever happens. */
  #running<T>(parameters: Parameters, body: () => T): T {
    this.#start(parameters);
    this.#busy = true;
    try {
      return body();
    } finally {
      this.#busy = false;
      this.database.upper.sqlite3_reset(this.#p);
      if (!this.#bound && this.#parameters.length > 0) this.database.upper.sqlite3_clear_bindings(this.#p);
    }
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
    for (let i = 0; i < names.length; i++) row[names[i] as string] = values.column(p, i, this.#bigints);
    return row;
  }

  #mustRead(): void {
    if (!this.reader) throw new TypeError("This statement does not return data. Use run() instead");
  }

  /** Runs to the end; rows are thrown away. */
  run(...parameters: Parameters): RunResult {
    const { database } = this;
    const { upper, values } = database;
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
    return this.#running(parameters, () => (this.#step() ? this.#row() : undefined));
  }

  /** All rows. */
  all(...parameters: Parameters): Row[] {
    this.#mustRead();
    return this.#running(parameters, () => {
      const rows: Row[] = [];
      while (this.#step()) rows.push(this.#row());
      return rows;
    });
  }

  /** Rows one after the other; the statement is busy until the last, or until the loop is left. */
  *iterate(...parameters: Parameters): IterableIterator<Row> {
    this.#mustRead();
    this.#start(parameters);
    this.#busy = true;
    try {
      while (this.#step()) yield this.#row();
    } finally {
      this.#busy = false;
      if (this.database.open) this.database.upper.sqlite3_reset(this.#p);
    }
  }
}

function isNamed(p: Parameters[number]): p is Readonly<Record<string, BindValue>> {
  return typeof p === "object" && p !== null && !Array.isArray(p) && !(p instanceof Uint8Array);
}
