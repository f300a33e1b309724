/** The vocabulary of the workloads: shorthand for steps, and SQL that makes rows of known size. */

import type { Connection, Step, Value } from "../play.js";
import { pragmas, type Settings } from "../settings.js";

/** A named script that fits itself to the settings. */
export interface Workload {
  name: string;
  /** Its rollbacks have no meaning where there is no journal. */
  needsJournal?: boolean;
  /** Settings that it cannot do without. */
  settings?: Partial<Settings>;
  script(s: Settings): Step[];
}

/** The folder of the play, in SQL text and file names. */
export const DIR = "{dir}";

/** One statement, or several that are one step. */
export function sql(text: string, ...params: Value[]): Step {
  return params.length === 0 ? { do: "sql", sql: text } : { do: "sql", sql: text, params };
}

/** The same on another connection. */
export function on(connection: Connection, text: string, ...params: Value[]): Step {
  return { ...(sql(text, ...params) as Step & { do: "sql" }), on: connection };
}

/** Steps from strings, which are SQL, and steps. */
export function steps(...list: (string | Step | Step[])[]): Step[] {
  return list.flatMap((x) => (typeof x === "string" ? [sql(x)] : x));
}

/** Common table expression with the whole numbers from 1 to `n` as `c(i)`. */
export function series(n: number): string {
  return `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<${n})`;
}

/** Text of `length` characters that depends on an expression, everywhere. */
export function text(expression: string, length: number | string): string {
  const word = `printf('%08x', ((${expression})*2654435761) % 4294967296)`;
  return `substr(replace(printf('%.*c', (${length})/8+1, 'x'), 'x', ${word}), 1, ${length})`;
}

/** The size of a row of which a page holds two. */
export function rowSize(s: Settings): number {
  return Math.floor(s.pageSize * 0.35);
}

/** A table `t(a INTEGER PRIMARY KEY, b TEXT, c)`. */
export const TABLE = "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c)";

/** Inserts rows `from`+1 to `from`+`n` of a length into a table like {@link TABLE}. */
export function fill(table: string, from: number, n: number, length: number): string {
  return `${series(n)} INSERT INTO ${table} SELECT ${from}+i, ${text(`i+${from}`, length)}, i%7 FROM c`;
}

/** What a table like {@link TABLE} holds, in one row. */
export function sums(table: string): string {
  return `SELECT count(*), sum(a), sum(length(b)), total(c) FROM ${table}`;
}

/** Attaches a database with the same settings. */
export function attach(s: Settings, schema: string, connection: Connection = 0): Step[] {
  return [
    on(connection, `ATTACH '${DIR}/${schema}.db' AS ${schema}`),
    ...pragmas({ ...s, exclusive: false }, connection, schema),
  ];
}

/** Statements as one transaction, each its own step. */
export function transaction(begin: string, statements: readonly (string | Step)[], end = "COMMIT"): Step[] {
  return steps(begin, ...statements, end);
}
