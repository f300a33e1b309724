/**
 * Random SQL: operations as small records of numbers, so that fast-check can make and shrink them, and
 * how each reads as SQL. Any list of operations is a script: what does not fit gives an error, on both
 * engines alike.
 */

import fc from "fast-check";
import type { Step } from "../play.js";
import { bytesOf } from "../workloads/rows.js";
import { series, text } from "../workloads/words.js";

/** Tables of different kinds, all with the columns a, b and c. */
export const TABLES = [
  { name: "t0", create: "CREATE TABLE t0(a INTEGER PRIMARY KEY, b, c)" },
  { name: "t1", create: "CREATE TABLE t1(a INT, b, c, PRIMARY KEY(a)) WITHOUT ROWID" },
  {
    name: "t2",
    create: "CREATE TABLE t2(a INTEGER PRIMARY KEY, b UNIQUE, c CHECK(c <> 13) NOT NULL DEFAULT 0)",
  },
  { name: "t3", create: "CREATE TABLE t3(a INT, b, c)" },
  { name: "temp.m", create: "CREATE TEMP TABLE m(a INTEGER PRIMARY KEY, b, c)" },
  { name: "b.t4", create: "CREATE TABLE b.t4(a INTEGER PRIMARY KEY, b, c)" },
] as const;

/** The longest content of column b, in eighths of a page. */
const LONGEST = 160;

/**
 * What one INSERT adds at most, in eighths of a page. A sorter that has more than 250 pages writes to a
 * file, sooner or later as the size of pointers is; so tables stay smaller than that.
 */
const MOST_EIGHTHS = 400;

const conflicts = ["", "OR REPLACE ", "OR IGNORE ", "OR FAIL ", "OR ROLLBACK ", "OR ABORT "] as const;

const table = fc.integer({ min: 0, max: TABLES.length - 1 });
const key = fc.integer({ min: 0, max: 300 });
const eighths = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 2, arbitrary: fc.integer({ min: 5, max: 24 }) },
  { weight: 1, arbitrary: fc.integer({ min: 25, max: LONGEST }) },
);
const conflict = fc.constantFrom(...conflicts);
/** Savepoints: few names, so that going back to one often finds it. */
const level = fc.integer({ min: 1, max: 3 });
const small = fc.integer({ min: 1, max: 7 });

/** An operation. */
export const operation = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      op: fc.constant("insert" as const),
      table,
      conflict,
      from: key,
      rows: fc.integer({ min: 1, max: 40 }),
      eighths,
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      op: fc.constant("update" as const),
      table,
      conflict,
      every: small,
      column: fc.constantFrom("b" as const, "c" as const, "a" as const),
      eighths,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ op: fc.constant("delete" as const), table, from: key, span: key }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("deleteAll" as const), table }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("bind" as const), table, key, eighths }) },
  {
    weight: 8,
    arbitrary: fc.record({ op: fc.constant("begin" as const), how: fc.integer({ min: 0, max: 2 }) }),
  },
  { weight: 7, arbitrary: fc.record({ op: fc.constant("commit" as const) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("rollback" as const) }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constant("savepoint" as const), name: level }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant("rollbackTo" as const), name: level }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("release" as const), name: level }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("index" as const),
      table,
      name: small,
      columns: fc.constantFrom("b", "c", "c, b", "a DESC, c", "b) WHERE (c > 3"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("dropIndex" as const), table, name: small }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("dropTable" as const), table }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("createTable" as const), table }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("copyTable" as const), table, name: small }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("alter" as const),
      table,
      how: fc.integer({ min: 0, max: 3 }),
      name: small,
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("vacuum" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("incrementalVacuum" as const),
      pages: fc.integer({ min: 0, max: 20 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("flush" as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("releaseMemory" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("pragma" as const),
      text: fc.constantFrom(
        "cache_size=4",
        "cache_size=12",
        "cache_spill=0",
        "cache_spill=3",
        "secure_delete=ON",
        "secure_delete=OFF",
        "synchronous=NORMAL",
        "synchronous=FULL",
        "journal_mode=PERSIST",
        "journal_mode=DELETE",
        "journal_mode=TRUNCATE",
        "journal_mode=MEMORY",
        "locking_mode=EXCLUSIVE",
        "locking_mode=NORMAL",
        "journal_size_limit=2000",
        "max_page_count=60",
        "max_page_count=10000",
        "user_version=9",
        "integrity_check",
        "freelist_count",
        "optimize",
        "shrink_memory",
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant("select" as const), table, how: fc.integer({ min: 0, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("blob" as const),
      table: fc.constantFrom(0, 3),
      key,
      at: fc.integer({ min: 0, max: 4000 }),
      bytes: fc.integer({ min: 1, max: 3000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("move" as const), table, to: table, every: small }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("readerOpens" as const), table }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("readerSteps" as const), rows: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("readerEnds" as const) }) },
);

/** One operation. */
export type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** A list of operations. */
export const operations = fc.array(operation, { minLength: 4, maxLength: 45, size: "max" });

const tableName = (n: number): string => (TABLES[n] as (typeof TABLES)[number]).name;

/**
 * The operation as a step.
 *
 * @param attached whether there is a database `b`; without it the operations are about another table
 */
export function render(o: Operation, pageSize: number, attached: boolean): Step {
  const nameOf = (n: number): string => tableName(attached || !tableName(n).startsWith("b.") ? n : 0);
  /* The name within its schema, and the schema with a dot. */
  const bare = (n: number): string => nameOf(n).replace(/^.*\./, "");
  const schema = (n: number): string => nameOf(n).replace(/[^.]*$/, "");
  const unit = pageSize / 8;
  const sql = (text: string): Step => ({ do: "sql", sql: text });
  switch (o.op) {
    case "insert": {
      const rows = Math.max(1, Math.min(o.rows, Math.floor(MOST_EIGHTHS / (o.eighths + 1))));
      return sql(
        `${series(rows)} INSERT ${o.conflict}INTO ${nameOf(o.table)}(a, b, c) ` +
          `SELECT ${o.from}+i, ${text(`i+${o.from}`, o.eighths * unit + 5)}, i%17 FROM c`,
      );
    }
    case "update": {
      const every = o.column === "b" && o.eighths > 6 ? o.every * 13 : o.every;
      const value =
        o.column === "a" ? "a + 1" : o.column === "c" ? "c + 1" : text("a+c", o.eighths * unit + 3);
      return sql(`UPDATE ${o.conflict}${nameOf(o.table)} SET ${o.column} = ${value} WHERE a % ${every} = 0`);
    }
    case "delete":
      return sql(`DELETE FROM ${nameOf(o.table)} WHERE a BETWEEN ${o.from} AND ${o.from + o.span}`);
    case "deleteAll":
      return sql(`DELETE FROM ${nameOf(o.table)}`);
    case "bind":
      return {
        do: "sql",
        sql: `INSERT OR REPLACE INTO ${nameOf(o.table)}(a, b, c) VALUES(?1, ?2, 1)`,
        params: [o.key, bytesOf(o.eighths * unit, o.key)],
      };
    case "begin":
      return sql(["BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"][o.how] as string);
    case "commit":
      return sql("COMMIT");
    case "rollback":
      return sql("ROLLBACK");
    case "savepoint":
      return sql(`SAVEPOINT s${o.name}`);
    case "rollbackTo":
      return sql(`ROLLBACK TO s${o.name}`);
    case "release":
      return sql(`RELEASE s${o.name}`);
    case "index":
      return sql(`CREATE INDEX ${schema(o.table)}i${o.name} ON ${bare(o.table)}(${o.columns})`);
    case "dropIndex":
      return sql(`DROP INDEX ${schema(o.table)}i${o.name}`);
    case "dropTable":
      return sql(`DROP TABLE ${nameOf(o.table)}`);
    case "createTable":
      return sql((TABLES[o.table] as (typeof TABLES)[number]).create);
    case "copyTable":
      return sql(`CREATE TABLE copy${o.name} AS SELECT * FROM ${nameOf(o.table)}`);
    case "alter": {
      const t = nameOf(o.table);
      const all = [
        `ALTER TABLE ${t} ADD COLUMN d${o.name} DEFAULT 'added'`,
        `ALTER TABLE ${t} DROP COLUMN d${o.name}`,
        `ALTER TABLE ${t} RENAME COLUMN d${o.name} TO e${o.name}`,
        `DROP TABLE copy${o.name}`,
      ];
      return sql(all[o.how] as string);
    }
    case "vacuum":
      return sql("VACUUM");
    case "incrementalVacuum":
      return sql(`PRAGMA incremental_vacuum(${o.pages})`);
    case "flush":
      return { do: "flush" };
    case "releaseMemory":
      return { do: "release" };
    case "pragma":
      return sql(`PRAGMA ${o.text}`);
    case "select": {
      const t = nameOf(o.table);
      const all = [
        `SELECT count(*), sum(a), sum(length(b)), total(c) FROM ${t}`,
        `SELECT a, c FROM ${t} ORDER BY b, a LIMIT 5`,
        `SELECT c, count(*), max(length(b)) FROM ${t} GROUP BY c ORDER BY c`,
        `SELECT count(*) FROM ${t} x JOIN t0 y ON x.a = y.a WHERE x.c <> y.c`,
      ];
      return sql(all[o.how] as string);
    }
    case "blob":
      return {
        do: "sql",
        sql: `UPDATE ${nameOf(o.table)} SET b = zeroblob(?2) || substr(b, ?2) WHERE a = ?1`,
        params: [o.key, o.at + o.bytes],
      };
    case "move":
      return sql(
        `INSERT OR IGNORE INTO ${nameOf(o.to)}(a, b, c) ` +
          `SELECT a, b, c FROM ${nameOf(o.table)} WHERE a % ${o.every} = 0`,
      );
    case "readerOpens":
      return { do: "prepare", stmt: 0, sql: `SELECT a, c FROM ${nameOf(o.table)}` };
    case "readerSteps":
      return { do: "step", stmt: 0, rows: o.rows };
    case "readerEnds":
      return { do: "reset", stmt: 0 };
  }
}
