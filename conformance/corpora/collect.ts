/** Gathers what a file does: statements, connections, files; and what of it is left out, with reasons. */

import type { Bound, Event, Exclusion, Handle, Step } from "./events.js";
import { reasonToExclude } from "./exclude.js";
import { replaceFunctions, type TestFunctions } from "./functions.js";
import { numberParameters, splitSql } from "./sqltext.js";
import { Enough } from "./tcl/interp.js";
import { isKnown, type Known, type Place, unknown, type Value } from "./tcl/value.js";

/** How much one file may give. */
export interface Limits {
  /** Statements and other steps. */
  steps: number;
  /** Characters of all statements. */
  characters: number;
}

/** What bound parameters get: the value of a variable of the test, or null where there is none. */
export type Lookup = (name: string) => Value | null;

const SHOWN = 300;

/** The statement's beginning, for reports. */
export function shown(sql: string): string {
  return sql.length <= SHOWN ? sql : `${sql.slice(0, SHOWN)}...`;
}

/** One file's events while they are being found. */
export class Collector {
  readonly events: Event[] = [];
  readonly exclusions: Exclusion[] = [];
  /** Connections that are open, by name. */
  readonly open = new Map<string, { path: string }>();
  /** Functions of the test that can be replaced by values. */
  functions: TestFunctions | null = null;
  readonly #limits: Limits;
  #statements = 0;
  #characters = 0;
  #deserialized = 0;
  #handles = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get statements(): number {
    return this.#statements;
  }

  push(step: Step, at: Place): void {
    if (this.events.length >= this.#limits.steps)
      throw new Enough(`more than ${this.#limits.steps} statements`);
    this.events.push({ ...step, at } as Event);
  }

  exclude(reason: string, sql: string, at: Place): void {
    if (this.exclusions.length >= this.#limits.steps)
      throw new Enough(`more than ${this.#limits.steps} exclusions`);
    this.exclusions.push({ at, reason, sql: shown(sql) });
  }

  /** Closes what is still open at the end of the file. */
  finish(at: Place): void {
    for (const connection of this.open.keys()) this.events.push({ do: "close", connection, at });
    this.open.clear();
  }

  connect(
    connection: string,
    path: string,
    at: Place,
    options: { readonly?: boolean; create?: boolean; uri?: boolean } = {},
  ): void {
    if (this.open.has(connection)) this.disconnect(connection, at);
    this.open.set(connection, { path });
    this.push(
      {
        do: "open",
        connection,
        path,
        readonly: options.readonly ?? false,
        create: options.create ?? true,
        uri: options.uri ?? false,
      },
      at,
    );
  }

  disconnect(connection: string, at: Place): void {
    if (!this.open.delete(connection)) return;
    this.push({ do: "close", connection }, at);
  }

  /** A number for a statement, blob handle or backup. */
  handle(): Handle {
    return ++this.#handles;
  }

  /** A name for a file that holds the image of a database that the test deserializes. */
  imageName(): string {
    return `deserialized-${++this.#deserialized}.db`;
  }

  /** Statements of a text; an unknown text is one exclusion. */
  sql(connection: string, text: Value, lookup: Lookup, at: Place): Value {
    const answer = unknown("the answer of a query");
    if (!isKnown(text)) {
      this.exclude(`the text depends on ${text.unknown}`, "", at);
      return answer;
    }
    const from = text.at ?? at;
    let line = from.line;
    let counted = 0;
    const whole = this.functions === null ? text.text : replaceFunctions(text.text, this.functions);
    for (const statement of splitSql(whole)) {
      line += newlines(whole, counted, statement.start);
      counted = statement.start;
      const place = { file: from.file, line };
      const reason = reasonToExclude(statement.tokens);
      if (reason !== null) {
        this.exclude(reason, statement.sql, place);
        continue;
      }
      if (!this.open.has(connection)) {
        this.exclude("the connection is not open", statement.sql, place);
        continue;
      }
      if (this.#characters + statement.sql.length > this.#limits.characters) {
        throw new Enough(`more than ${this.#limits.characters} characters of SQL`);
      }
      this.#statements++;
      this.#characters += statement.sql.length;
      const { sql, names } = numberParameters(statement);
      const parameters = names.map((name) => (name === null ? null : bound(name, lookup)));
      this.push({ do: "sql", connection, sql, parameters }, place);
    }
    return answer;
  }
}

function newlines(text: string, from: number, to: number): number {
  let n = 0;
  for (let i = text.indexOf("\n", from); i >= 0 && i < to; i = text.indexOf("\n", i + 1)) n++;
  return n;
}

/** What TCL's interface to SQLite binds to `$name`, `:name` and `@name`. */
function bound(name: string, lookup: Lookup): Bound {
  const value = lookup(name.slice(1));
  if (value === null || !isKnown(value)) return null;
  return boundValue(name.startsWith("@") ? { ...value, type: "blob" } : value);
}

/** A value as it is bound: numbers and bytes that commands have made as such, everything else as text. */
export function boundValue(value: Known): Bound {
  if (value.type === "blob") return Uint8Array.from(Buffer.from(value.text, "latin1"));
  if (value.type === "integer") {
    const n = BigInt(value.text);
    return BigInt.asIntN(64, n) === n ? n : value.text;
  }
  if (value.type === "real") {
    const x = Number(value.text);
    return Number.isNaN(x) ? value.text : x;
  }
  return value.text;
}
