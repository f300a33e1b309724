/**
 * What real SQLite is made to do: lists of transactions whose page images the port then repeats.
 */

/** A database's life, transaction by transaction. */
export interface Scenario {
  name: string;
  /** Statements before the first transaction; they must not write. */
  setup: string[];
  /** Each entry is one transaction (or one autocommit statement). */
  transactions: string[];
  /** Bytes reserved at the end of each page; the empty database is prepared by hand. */
  reserve?: number;
  /** Page sizes for which the scenario is worth its time; all unless told. */
  pageSizes?: readonly number[];
}

/** Every page size of the file format. */
export const PAGE_SIZES: readonly number[] = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

const series = (n: number): string =>
  `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<${n})`;

/** Deterministic filler: no random(), so that every run makes the same bytes. */
const filler = (column: string, length: number): string =>
  `substr(printf('%0.*d', ${length}, ${column}*7919 % 1000003) || hex(${column}), 1, ${length})`;

/** The scenarios, sized so that small pages give hundreds to thousands of pages. */
export const scenarios: readonly Scenario[] = [
  {
    name: "schema",
    setup: [],
    transactions: [
      "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c BLOB)",
      "CREATE TABLE u(k TEXT PRIMARY KEY, v) WITHOUT ROWID",
      "CREATE INDEX tb ON t(b)",
      "CREATE VIEW w AS SELECT a, b FROM t",
      "PRAGMA user_version=7",
      "PRAGMA application_id=252006673",
      "ALTER TABLE t ADD COLUMN d DEFAULT 5",
      "DROP VIEW w",
      "DROP INDEX tb",
      "DROP TABLE u",
    ],
  },
  {
    name: "rows",
    setup: [],
    transactions: [
      "BEGIN; CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); CREATE INDEX tb ON t(b); COMMIT",
      `${series(300)} INSERT INTO t SELECT i, ${filler("i", 60)} FROM c`,
      "UPDATE t SET b = b || 'x' WHERE a % 7 = 0",
      "DELETE FROM t WHERE a % 3 = 0",
      `${series(200)} INSERT INTO t SELECT 1000+i, ${filler("i", 90)} FROM c`,
      "UPDATE t SET a = a + 100000 WHERE a < 50",
      "DELETE FROM t",
      "DROP TABLE t",
    ],
  },
  {
    name: "thousands of pages",
    setup: [],
    pageSizes: [512, 1024, 4096],
    transactions: [
      "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)",
      `${series(3000)} INSERT INTO t SELECT i, ${filler("i", 400)} FROM c`,
      "UPDATE t SET b = upper(b) || '!' WHERE a % 11 = 3",
      "DELETE FROM t WHERE a BETWEEN 500 AND 2500",
      "VACUUM",
      `${series(500)} INSERT INTO t SELECT 5000+i, ${filler("i", 300)} FROM c`,
    ],
  },
  {
    name: "auto_vacuum",
    setup: [],
    transactions: [
      "PRAGMA auto_vacuum=FULL",
      "BEGIN; CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB); CREATE TABLE u(x UNIQUE, y); COMMIT",
      `${series(120)} INSERT INTO t SELECT i, zeroblob(1500) || ${filler("i", 50)} FROM c`,
      `${series(120)} INSERT INTO u SELECT ${filler("i", 40)}, i FROM c`,
      "DELETE FROM t WHERE a % 2 = 0",
      "DROP TABLE u",
      "DELETE FROM t WHERE a < 90",
      "VACUUM",
      "BEGIN; CREATE TABLE v(z); INSERT INTO v VALUES('end'); COMMIT",
    ],
  },
  {
    name: "incremental vacuum",
    setup: [],
    transactions: [
      "PRAGMA auto_vacuum=INCREMENTAL",
      "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)",
      `${series(150)} INSERT INTO t SELECT i, zeroblob(2000) FROM c`,
      "DELETE FROM t WHERE a > 60",
      "PRAGMA incremental_vacuum(20)",
      "PRAGMA incremental_vacuum",
      `${series(10)} INSERT INTO t SELECT 500+i, ${filler("i", 700)} FROM c`,
    ],
  },
  {
    name: "large blobs",
    setup: [],
    transactions: [
      "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)",
      `INSERT INTO t VALUES(1, zeroblob(300000)), (2, CAST(${filler("17", 100000)} AS BLOB))`,
      "UPDATE t SET b = zeroblob(10) WHERE a = 1",
      `INSERT INTO t VALUES(3, CAST(${filler("23", 70001)} AS BLOB))`,
      "DELETE FROM t WHERE a = 2",
      "VACUUM",
    ],
  },
  {
    name: "several statements in a transaction",
    setup: [],
    transactions: [
      "BEGIN; CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE TABLE log(m); COMMIT",
      `BEGIN; ${series(50)} INSERT INTO t SELECT i, ${filler("i", 100)} FROM c; SAVEPOINT one; DELETE FROM t WHERE a < 20;
       ROLLBACK TO one; INSERT INTO log VALUES('kept'); RELEASE one; COMMIT`,
      `BEGIN; UPDATE t SET b = 'y' || b; SAVEPOINT x; ${series(80)} INSERT INTO t SELECT 100+i, ${filler("i", 200)} FROM c;
       SAVEPOINT y; DROP TABLE log; ROLLBACK TO x; RELEASE x; CREATE INDEX tb ON t(b); COMMIT`,
      "BEGIN; DELETE FROM t; ROLLBACK",
      "BEGIN; DELETE FROM t WHERE a > 25; CREATE TABLE z(q UNIQUE); COMMIT",
    ],
  },
  {
    name: "reserved bytes",
    setup: [],
    reserve: 32,
    transactions: [
      "BEGIN; CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); CREATE INDEX tb ON t(b); COMMIT",
      `${series(100)} INSERT INTO t SELECT i, ${filler("i", 120)} FROM c`,
      "DELETE FROM t WHERE a % 4 = 1",
      "VACUUM",
    ],
  },
];
