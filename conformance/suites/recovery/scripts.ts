/**
 * What writers do before and while they are killed: SQL in single statements, sized by the page, so
 * that a cache of five pages overflows at every page size.
 */

/** A writer's script. */
export interface Script {
  name: string;
  /** Run and committed before; the database that recovery must bring back. */
  setup: string[];
  /** The transaction, statement by statement, without its COMMIT. */
  statements: string[];
  /** A single statement that is a transaction by itself (VACUUM): no BEGIN, no COMMIT. */
  single?: boolean;
}

const series = (n: number): string =>
  `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<${n})`;

/** Deterministic text of `length` characters that depends on an expression. */
const filler = (expression: string, length: number): string =>
  `substr(printf('%0.*d', ${length}, ${expression}*7919 % 1000003) || hex(${expression}), 1, ${length})`;

/** The scripts for one page size. */
export function scripts(pageSize: number): Script[] {
  /* Two or three rows a page; some of the later ones overflow. */
  const row = Math.floor(pageSize * 0.35);
  const table = "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c)";
  const fill = `${series(48)} INSERT INTO t SELECT i, ${filler("i", row)}, i % 7 FROM c`;
  return [
    {
      name: "updates",
      setup: [table, "CREATE INDEX tc ON t(c, a)", fill],
      statements: [
        "UPDATE t SET c = c + 10 WHERE a % 5 = 0",
        `UPDATE t SET b = ${filler("a+1", row)} WHERE a < 20`,
        `${series(12)} INSERT INTO t SELECT 100+i, ${filler("i", row * 2)}, i FROM c`,
        "DELETE FROM t WHERE a % 4 = 1",
        `UPDATE t SET b = ${filler("a+2", row)} WHERE a > 30`,
        "UPDATE t SET c = -c",
        `${series(6)} INSERT INTO t SELECT 200+i, ${filler("i", 10)}, i FROM c`,
        "DELETE FROM t WHERE a > 100",
      ],
    },
    {
      name: "savepoints",
      setup: [table, "CREATE INDEX tc ON t(c, a)", fill],
      statements: [
        "UPDATE t SET c = c + 1 WHERE a < 12",
        "SAVEPOINT one",
        `UPDATE t SET b = ${filler("a+3", row)} WHERE a BETWEEN 10 AND 25`,
        "SAVEPOINT two",
        "DELETE FROM t WHERE a BETWEEN 20 AND 40",
        `${series(10)} INSERT INTO t SELECT 300+i, ${filler("i", row)}, i FROM c`,
        "ROLLBACK TO two",
        `UPDATE t SET b = ${filler("a+5", row)} WHERE a > 33`,
        "RELEASE two",
        "ROLLBACK TO one",
        "UPDATE t SET c = 99 WHERE a % 3 = 0",
        "RELEASE one",
        `${series(4)} INSERT INTO t SELECT 400+i, ${filler("i", row)}, i FROM c`,
      ],
    },
    {
      name: "growth and schema",
      setup: [table],
      statements: [
        fill,
        "CREATE TABLE u(x PRIMARY KEY, y) WITHOUT ROWID",
        `${series(20)} INSERT INTO u SELECT ${filler("i", Math.floor(row / 2))}, i FROM c`,
        "CREATE INDEX tb ON t(b)",
        "PRAGMA user_version=77",
        "DROP TABLE u",
        `INSERT INTO t VALUES(1000, zeroblob(${pageSize * 6}), 1)`,
        "DROP INDEX tb",
      ],
    },
    {
      name: "auto_vacuum",
      setup: [
        "PRAGMA auto_vacuum=FULL",
        table,
        fill,
        "CREATE TABLE u(x, y)",
        `INSERT INTO u SELECT a, b FROM t WHERE a < 20`,
      ],
      statements: [
        "DELETE FROM t WHERE a % 2 = 0",
        "DROP TABLE u",
        `UPDATE t SET b = ${filler("a+9", row)} WHERE a > 20`,
        "DELETE FROM t WHERE a < 15",
        "CREATE TABLE v(z UNIQUE)",
        "INSERT INTO v SELECT c FROM t WHERE a > 40",
      ],
    },
    {
      name: "incremental vacuum",
      setup: ["PRAGMA auto_vacuum=INCREMENTAL", table, fill, "DELETE FROM t WHERE a > 12"],
      statements: [
        "UPDATE t SET c = 5 WHERE a < 4",
        "PRAGMA incremental_vacuum(4)",
        `UPDATE t SET b = ${filler("a+4", row)}`,
        "PRAGMA incremental_vacuum",
        `${series(8)} INSERT INTO t SELECT 500+i, ${filler("i", row)}, i FROM c`,
        "DELETE FROM t WHERE a > 505",
      ],
    },
    {
      name: "after several transactions",
      setup: [
        table,
        fill,
        `UPDATE t SET b = ${filler("a+6", row)}`,
        "DELETE FROM t WHERE a > 40",
        "CREATE INDEX tc ON t(c)",
        "UPDATE t SET c = c * 2",
      ],
      statements: [
        "UPDATE t SET c = c + 1 WHERE a = 1",
        `UPDATE t SET b = ${filler("a+7", row)} WHERE a < 10`,
        "DELETE FROM t WHERE a BETWEEN 12 AND 17",
        `${series(9)} INSERT INTO t SELECT 600+i, ${filler("i", row)}, i FROM c`,
        "UPDATE t SET c = a",
      ],
    },
    {
      name: "rewrites in place",
      setup: [table, fill],
      statements: [`UPDATE t SET b = ${filler("a+8", row)}, c = (c + 3) % 7`],
    },
    {
      name: "VACUUM",
      setup: [table, fill, "DELETE FROM t WHERE a % 3 = 0"],
      statements: ["VACUUM"],
      single: true,
    },
    {
      name: "first transaction",
      setup: [],
      statements: [table, `${series(10)} INSERT INTO t SELECT i, ${filler("i", row)}, i FROM c`],
    },
  ];
}

/** One script by name. */
export function script(name: string, pageSize: number): Script {
  const found = scripts(pageSize).find((s) => s.name === name);
  if (found === undefined) throw new Error(`there is no script named ${name}`);
  return found;
}
