/** Virtual tables that keep themselves in tables: FTS5, FTS4, R-tree; and one that reads pages. */

import { rowSize, series, steps, text, transaction, type Workload } from "./words.js";

const words = "'w' || (i % 7) || ' x' || (i % 11) || ' common y' || (i * 31 % 97)";

export const moduleWorkloads: readonly Workload[] = [
  {
    name: "FTS5",
    needsJournal: true,
    script: (s) =>
      steps(
        "CREATE VIRTUAL TABLE f USING fts5(title, body)",
        "INSERT INTO f(f, rank) VALUES('pgsz', 64)",
        transaction("BEGIN", [
          `${series(40)} INSERT INTO f(rowid, title, body) SELECT i, 'title ' || i, ${words} FROM c`,
        ]),
        "SELECT rowid FROM f WHERE f MATCH 'common AND w3' ORDER BY rowid",
        `${series(20)} INSERT INTO f(title, body) SELECT 'more', ${words} || ${text("i", rowSize(s))} FROM c`,
        "DELETE FROM f WHERE rowid % 5 = 0",
        "UPDATE f SET body = 'changed ' || body WHERE rowid < 10",
        transaction("BEGIN", [
          "SAVEPOINT one",
          "DELETE FROM f WHERE rowid < 30",
          "SELECT count(*) FROM f WHERE f MATCH 'common'",
          "ROLLBACK TO one",
          "INSERT INTO f(title, body) VALUES('last', 'common words')",
        ]),
        "INSERT INTO f(f, rank) VALUES('merge', 20)",
        "SELECT rowid, snippet(f, 1, '[', ']', '..', 4) FROM f('x3') ORDER BY rowid LIMIT 4",
        "INSERT INTO f(f) VALUES('optimize')",
        "INSERT INTO f(f) VALUES('integrity-check')",
        "SELECT count(*) FROM f WHERE f MATCH 'changed OR last'",
        transaction("BEGIN", ["DROP TABLE f"], "ROLLBACK"),
        "SELECT count(*) FROM f",
        "DROP TABLE f",
      ),
  },
  {
    name: "FTS4",
    script: () =>
      steps(
        "CREATE VIRTUAL TABLE f USING fts4(body)",
        `${series(50)} INSERT INTO f(docid, body) SELECT i, ${words} FROM c`,
        "SELECT docid FROM f WHERE body MATCH 'w2 x4'",
        "DELETE FROM f WHERE docid % 3 = 0",
        transaction("BEGIN", [`UPDATE f SET body = body || ' new' WHERE docid < 20`]),
        "INSERT INTO f(f) VALUES('optimize')",
        "SELECT count(*) FROM f WHERE f MATCH 'new'",
        "INSERT INTO f(f) VALUES('integrity-check')",
      ),
  },
  {
    name: "R-tree",
    needsJournal: true,
    script: () =>
      steps(
        "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, y0, y1, +note)",
        transaction("BEGIN", [
          `${series(150)} INSERT INTO r SELECT i, i*7%50, i*7%50+3, i*13%40, i*13%40+2, 'n' || i FROM c`,
        ]),
        "SELECT id FROM r WHERE x1 > 10 AND x0 < 14 AND y0 > 5 AND y1 < 20 ORDER BY id",
        "UPDATE r SET x0 = x0 + 1, x1 = x1 + 1 WHERE id % 10 = 0",
        "INSERT INTO r VALUES(500, 5, 1, 0, 1, 'inside out')",
        transaction("BEGIN", ["DELETE FROM r WHERE id > 60", "SELECT count(*) FROM r"], "ROLLBACK"),
        transaction("BEGIN", ["SAVEPOINT a", "DELETE FROM r WHERE id % 2", "ROLLBACK TO a", "RELEASE a"]),
        "DELETE FROM r WHERE id % 3 = 0",
        "SELECT count(*), rtreecheck('r') FROM r",
        "DROP TABLE r",
      ),
  },
  {
    name: "pages seen through dbstat",
    script: (s) =>
      steps(
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b)",
        `${series(50)} INSERT INTO t SELECT i, ${text("i", rowSize(s))} FROM c`,
        "CREATE INDEX tb ON t(b)",
        "SELECT name, path, pageno, pagetype, ncell, payload, unused FROM dbstat ORDER BY name, path",
        "DELETE FROM t WHERE a % 2",
        transaction("BEGIN", [
          "DELETE FROM t WHERE a > 40",
          "SELECT name, sum(ncell), sum(payload), sum(unused) FROM dbstat GROUP BY name",
        ]),
        "PRAGMA integrity_check",
        "PRAGMA quick_check",
        "SELECT count(*) FROM json_each('[1,2,{\"a\":[3]}]')",
      ),
  },
];
