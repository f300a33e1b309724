/**
 * What `pager-mirror bench sql` measures: SQL that every SQLite for Node can run, through an interface
 * that each of them can fill.
 */

/** A prepared statement of any library. */
export interface BenchStatement {
  run(...parameters: (number | string)[]): void;
  get(...parameters: (number | string)[]): unknown;
  all(...parameters: (number | string)[]): unknown[];
}

/** A connection of any library. */
export interface BenchDatabase {
  exec(sql: string): void;
  prepare(sql: string): BenchStatement;
  close(): void;
}

/** One line of the table. */
export interface Workload {
  name: string;
  /** Operations that one run makes, for the time per operation. */
  operations(rows: number): number;
  /** What is run once before it is measured. */
  prepare?(db: BenchDatabase, rows: number): void;
  /** What is measured. Returns a number that all libraries must agree on. */
  run(db: BenchDatabase, rows: number): number;
}

/** The settings: no syncs anywhere, so that nobody is faster for syncing less. */
export const SETTINGS = "PRAGMA synchronous=OFF; PRAGMA cache_size=2000;";

const SCHEMA = `
  CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL);
  CREATE TABLE u(a INTEGER PRIMARY KEY, b TEXT, c REAL);
  CREATE INDEX ub ON u(b);`;

/** Visits 0..rows-1 in an order that jumps about. */
const jump = (i: number, rows: number): number => (i * 7919) % rows;

function count(db: BenchDatabase, sql: string): number {
  return Number(Object.values(db.prepare(sql).get() as object)[0]);
}

const AUTOCOMMITS = 1000;

/** In the order in which they run, each on what those before left. */
export const workloads: readonly Workload[] = [
  {
    name: "bulk insert",
    operations: (rows) => rows,
    prepare: (db) => db.exec(SCHEMA),
    run(db, rows) {
      db.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<${rows})
         INSERT INTO t SELECT i, 'text number '||i, i*1.5 FROM n`,
      );
      return count(db, "SELECT count(*) FROM t");
    },
  },
  {
    name: "prepared insert, index",
    operations: (rows) => rows,
    run(db, rows) {
      const insert = db.prepare("INSERT INTO u VALUES(?,?,?)");
      db.exec("BEGIN");
      for (let i = 0; i < rows; i++) insert.run(i, `k${jump(i, rows)}`, i / 3);
      db.exec("COMMIT");
      return count(db, "SELECT count(*) FROM u");
    },
  },
  {
    name: "primary-key select",
    operations: (rows) => rows,
    run(db, rows) {
      const select = db.prepare("SELECT * FROM t WHERE a=?");
      let sum = 0;
      db.exec("BEGIN");
      for (let i = 0; i < rows; i++) sum += (select.get(jump(i, rows) + 1) as { c: number }).c;
      db.exec("COMMIT");
      return sum;
    },
  },
  {
    name: "index select",
    operations: (rows) => rows,
    run(db, rows) {
      const select = db.prepare("SELECT a, c FROM u WHERE b=?");
      let sum = 0;
      db.exec("BEGIN");
      for (let i = 0; i < rows; i++) sum += (select.get(`k${i}`) as { a: number }).a;
      db.exec("COMMIT");
      return sum;
    },
  },
  {
    /* Each select takes and drops the locks, where the library has any. */
    name: "select, autocommit",
    operations: () => AUTOCOMMITS,
    run(db, rows) {
      const select = db.prepare("SELECT c FROM t WHERE a=?");
      let sum = 0;
      for (let i = 0; i < AUTOCOMMITS; i++) sum += (select.get(jump(i, rows) + 1) as { c: number }).c;
      return sum;
    },
  },
  {
    name: "scan",
    operations: (rows) => 4 * rows,
    run(db) {
      let sum = 0;
      for (let i = 0; i < 4; i++) sum += count(db, "SELECT sum(a+length(b)) FROM t");
      return sum;
    },
  },
  {
    name: "rows to JavaScript",
    operations: (rows) => rows,
    run: (db) => db.prepare("SELECT * FROM t").all().length,
  },
  {
    name: "update, autocommit",
    operations: () => AUTOCOMMITS,
    run(db, rows) {
      const update = db.prepare("UPDATE t SET c=c+1 WHERE a=?");
      for (let i = 0; i < AUTOCOMMITS; i++) update.run(jump(i, rows) + 1);
      return count(db, "SELECT count(*) FROM t");
    },
  },
  {
    name: "update",
    operations: (rows) => rows,
    run(db) {
      db.exec("UPDATE t SET c=c+1, b=b||'x'");
      return count(db, "SELECT sum(length(b)) FROM t");
    },
  },
];
