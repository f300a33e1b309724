/** Temporary tables, sorters, materialised views: files without a name. */

import { fill, rowSize, series, steps, sums, TABLE, text, transaction, type Workload } from "./words.js";

export const tempWorkloads: readonly Workload[] = [
  {
    name: "temp tables",
    needsJournal: true,
    script: (s) =>
      steps(
        TABLE,
        fill("t", 0, 30, rowSize(s)),
        "PRAGMA temp.cache_size=8",
        "CREATE TEMP TABLE m(a INTEGER PRIMARY KEY, b TEXT, c)",
        "CREATE INDEX temp.mc ON m(c)",
        fill("m", 0, 60, 500),
        transaction("BEGIN", [
          "UPDATE m SET c = a",
          "SAVEPOINT one",
          "DELETE FROM m WHERE a % 3 = 0",
          "INSERT INTO t SELECT a + 500, b, c FROM m WHERE a < 20",
          "ROLLBACK TO one",
          "UPDATE m SET b = 'short' WHERE a % 2",
          "UPDATE t SET c = (SELECT count(*) FROM m)",
        ]),
        sums("m"),
        transaction("BEGIN", ["DELETE FROM m", fill("m", 100, 80, 600), "DELETE FROM t"], "ROLLBACK"),
        sums("m"),
        sums("t"),
        "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN INSERT INTO m VALUES(new.a + 1000, new.b, 0); END",
        fill("t", 200, 5, 30),
        sums("m"),
        "DROP TABLE m",
        "CREATE TEMP VIEW tv AS SELECT a FROM t",
        "SELECT count(*) FROM tv",
      ),
  },
  {
    name: "temp tables over 64 KiB",
    needsJournal: true,
    script: (s) =>
      steps(
        "PRAGMA temp.cache_size=6",
        "CREATE TEMP TABLE m(a INTEGER PRIMARY KEY, b TEXT, c)",
        fill("m", 0, 80, 2000),
        transaction("BEGIN", [
          "UPDATE m SET c = a % 5",
          "SAVEPOINT one",
          `UPDATE m SET b = ${text("a+9", 1800)}`,
          "ROLLBACK TO one",
          "DELETE FROM m WHERE a > 70",
        ]),
        sums("m"),
        transaction("BEGIN", ["UPDATE m SET c = 1", fill("m", 100, 30, 3000)], "ROLLBACK"),
        "CREATE TABLE keep AS SELECT a, c, substr(b, 1, 30) AS b FROM m",
        `UPDATE keep SET b = ${text("a", rowSize(s))}`,
        sums("keep"),
      ),
  },
  {
    name: "sorters and indexes larger than the cache",
    settings: { cache: 10 },
    script: (s) =>
      steps(
        TABLE,
        transaction("BEGIN", [fill("t", 0, 160, rowSize(s))]),
        "CREATE INDEX tb ON t(b, c)",
        `SELECT a FROM t ORDER BY substr(b, 3), a LIMIT 7`,
        `SELECT count(*), max(n) FROM (SELECT b || a AS x, count(*) AS n FROM t GROUP BY 1)`,
        "SELECT count(*) FROM (SELECT DISTINCT b || c FROM t UNION SELECT b || a FROM t)",
        transaction("BEGIN", ["UPDATE t SET c = 3 WHERE a < 9", "CREATE INDEX tc ON t(c, b)"]),
        "SELECT x.a FROM t x JOIN t y ON x.a = y.c + 10 ORDER BY y.b, x.a LIMIT 5",
        "SELECT a, row_number() OVER (PARTITION BY c ORDER BY b) AS r FROM t ORDER BY r DESC, a LIMIT 4",
        "DROP INDEX tb",
        "VACUUM",
        { do: "status" },
      ),
  },
  {
    name: "sorters that write to files",
    settings: { cache: 10 },
    script: (s) => {
      /* A sorter holds 250 pages. It counts 8 or 16 bytes for each record, as pointers are: the records
         are so large that it is full at the same one in either case. */
      const rows = s.pageSize <= 2048 ? 100 : 20;
      return steps(
        TABLE,
        transaction("BEGIN", [fill("t", 0, rows, s.pageSize * 6)]),
        "SELECT a, c FROM t ORDER BY b LIMIT 100 OFFSET 1",
        "SELECT count(*), sum(n) FROM (SELECT b, count(*) AS n FROM t GROUP BY b)",
        "CREATE INDEX tb ON t(b)",
        transaction("BEGIN", ["DELETE FROM t WHERE a % 3 = 0", "REINDEX t"]),
        sums("t"),
      );
    },
  },
  {
    name: "common tables, views and windows",
    script: (s) =>
      steps(
        TABLE,
        fill("t", 0, 40, rowSize(s)),
        "CREATE VIEW v AS SELECT c, count(*) AS n, sum(a) AS s FROM t GROUP BY c",
        "CREATE TRIGGER vi INSTEAD OF INSERT ON v BEGIN INSERT INTO t(a, c) VALUES(new.n, new.c); END",
        "SELECT * FROM v ORDER BY c",
        "INSERT INTO v(c, n) VALUES(3, 900), (4, 901)",
        "SELECT a, lag(a, 2) OVER w, sum(c) OVER w FROM t WINDOW w AS (ORDER BY a ROWS 3 PRECEDING) LIMIT 9",
        `${series(200)} SELECT sum(i), group_concat(i % 10, '') FROM c`,
        "WITH m AS MATERIALIZED (SELECT b FROM t) SELECT count(*) FROM m x, m y WHERE x.b < y.b",
        "UPDATE t SET c = v.n FROM v WHERE v.c = t.c",
        "DELETE FROM t WHERE a IN (SELECT a FROM t ORDER BY b LIMIT 11) RETURNING a",
        "SELECT c, n FROM v ORDER BY n, c",
        "SELECT printf('%.3f %g', avg(c), total(a)) FROM t",
      ),
  },
];
