/** Rows come, change and go: the b-tree's everyday work. */

import { fill, rowSize, series, sql, steps, sums, TABLE, text, transaction, type Workload } from "./words.js";

/** Deterministic bytes. */
export function bytesOf(n: number, seed: number): Uint8Array {
  const out = new Uint8Array(n);
  let x = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out[i] = x;
  }
  return out;
}

export const rowWorkloads: readonly Workload[] = [
  {
    name: "rows and indexes",
    script: (s) =>
      steps(
        TABLE,
        "CREATE INDEX tc ON t(c, a)",
        fill("t", 0, 50, rowSize(s)),
        "CREATE UNIQUE INDEX tb ON t(b)",
        transaction("BEGIN", [
          "UPDATE t SET c = c + 10 WHERE a % 5 = 0",
          `UPDATE t SET b = ${text("a+77", rowSize(s))} WHERE a < 20`,
          fill("t", 100, 20, rowSize(s) * 2),
        ]),
        "DELETE FROM t WHERE a % 4 = 1",
        sums("t"),
        "SELECT a, c FROM t WHERE c > 5 ORDER BY c, a LIMIT 10",
        transaction("BEGIN IMMEDIATE", ["UPDATE t SET c = -c", "DELETE FROM t WHERE a > 110"]),
        "REPLACE INTO t SELECT a, b || 'x', c FROM t WHERE a % 3 = 0",
        "INSERT INTO t(a, b) VALUES(7, 'seven') ON CONFLICT(a) DO UPDATE SET c = coalesce(c, 0) + 1",
        "DELETE FROM t RETURNING a",
        fill("t", 0, 8, 10),
      ),
  },
  {
    name: "WITHOUT ROWID",
    script: (s) =>
      steps(
        "CREATE TABLE w(k TEXT, n INTEGER, v BLOB, PRIMARY KEY(k, n)) WITHOUT ROWID",
        "CREATE INDEX wv ON w(n, v)",
        `${series(60)} INSERT INTO w SELECT ${text("i%9", 12)}, i*7%61, ${text("i", rowSize(s) >> 1)} FROM c`,
        transaction("BEGIN", [
          "UPDATE w SET n = n + 100 WHERE n % 3 = 0",
          "DELETE FROM w WHERE n BETWEEN 20 AND 40",
          `${series(25)} INSERT OR REPLACE INTO w SELECT ${text("i%4", 12)}, i, zeroblob(${rowSize(s)}) FROM c`,
        ]),
        "SELECT k, n, length(v) FROM w ORDER BY n DESC, k LIMIT 12",
        transaction("BEGIN", ["UPDATE w SET k = k || n", "DELETE FROM w WHERE n > 150"], "COMMIT"),
        "SELECT count(*), sum(n), sum(length(v)) FROM w",
        "DELETE FROM w",
      ),
  },
  {
    name: "blobs on overflow pages",
    script: (s) => {
      const page = s.pageSize;
      const blob = (a: number, size: number): ReturnType<typeof sql> =>
        sql("INSERT OR REPLACE INTO t VALUES(?1, ?2, ?1)", a, bytesOf(size, a));
      return steps(
        TABLE,
        blob(1, page * 3),
        blob(2, page * 9 + 17),
        blob(3, Math.floor(page / 2)),
        blob(4, page - 35),
        transaction("BEGIN", [
          blob(1, page),
          blob(5, page * 12),
          sql("UPDATE t SET b = substr(b, 1, ?1) WHERE a = 2", page),
          sql("UPDATE t SET b = b || b WHERE a IN (3, 4)"),
          "SELECT a, length(b), hex(substr(b, -4)) FROM t",
          "DELETE FROM t WHERE a = 5",
          blob(6, page * 7),
        ]),
        "SELECT a, length(b), hex(substr(b, length(b)/2, 5)) FROM t ORDER BY a DESC",
        transaction("BEGIN", [blob(7, page * 20), "DELETE FROM t WHERE a < 6", blob(8, page * 4)], "COMMIT"),
        "UPDATE t SET c = c + 1",
        "SELECT a, c, length(b) FROM t",
        sql("UPDATE t SET b = zeroblob(?1) WHERE a = 7", page * 18),
        "DELETE FROM t",
      );
    },
  },
  {
    name: "free pages come and go",
    script: (s) =>
      steps(
        TABLE,
        fill("t", 0, 90, rowSize(s)),
        "DELETE FROM t WHERE a > 15",
        fill("t", 400, 25, rowSize(s)),
        sql("INSERT INTO t VALUES(900, zeroblob(?1), 0)", s.pageSize * 6),
        transaction("BEGIN", ["DELETE FROM t WHERE a >= 400", "CREATE TABLE v(x)", fill("t", 30, 12, 40)]),
        "PRAGMA freelist_count",
        transaction("BEGIN", [
          "DELETE FROM t WHERE a < 8",
          `INSERT INTO v SELECT ${text("a", s.pageSize * 3)} FROM t LIMIT 3`,
          "DROP TABLE t",
          "CREATE TABLE w(y)",
          `INSERT INTO w SELECT x FROM v`,
          "DELETE FROM v",
        ]),
        "PRAGMA freelist_count",
        "DROP TABLE v",
        "DROP TABLE w",
        "PRAGMA freelist_count",
      ),
  },
  {
    name: "rows that change nothing",
    script: (s) =>
      steps(
        TABLE,
        fill("t", 0, 20, rowSize(s)),
        transaction("BEGIN", []),
        transaction("BEGIN IMMEDIATE", []),
        transaction("BEGIN EXCLUSIVE", [], "ROLLBACK"),
        "UPDATE t SET c = c",
        "DELETE FROM t WHERE a > 1000",
        transaction("BEGIN", ["UPDATE t SET b = b WHERE a < 5", "SELECT changes(), total_changes()"]),
        transaction("BEGIN", ["INSERT INTO t VALUES(50, 'x', 1)", "DELETE FROM t WHERE a = 50"]),
        transaction("BEGIN IMMEDIATE", ["SELECT count(*) FROM t"], "ROLLBACK"),
        "COMMIT",
        "ROLLBACK",
        "BEGIN",
        "BEGIN",
        "END",
        "SELECT absent",
        "INSERT INTO t VALUES(1, 2)",
        "SELECT last_insert_rowid()",
      ),
  },
  {
    name: "updates in place under a small cache",
    settings: { cache: 6 },
    script: (s) =>
      steps(
        TABLE,
        "CREATE INDEX tc ON t(c)",
        fill("t", 0, 120, rowSize(s)),
        transaction("BEGIN", [
          "UPDATE t SET c = a WHERE a % 2 = 0",
          "UPDATE t SET c = a WHERE a % 3 = 0",
          `UPDATE t SET b = ${text("a+1", rowSize(s))} WHERE a % 11 = 0`,
          "UPDATE t SET c = c + 1",
          "DELETE FROM t WHERE a BETWEEN 50 AND 70",
          fill("t", 200, 30, rowSize(s)),
          "UPDATE t SET c = a WHERE a % 2 = 1",
        ]),
        sums("t"),
        transaction("BEGIN", ["UPDATE t SET c = 0", "DELETE FROM t WHERE a % 2 = 0", sums("t")]),
        { do: "status" },
      ),
  },
  {
    name: "a row at a time",
    script: (s) =>
      steps(
        TABLE,
        "CREATE INDEX tb ON t(b)",
        Array.from({ length: 14 }, (_, i) =>
          sql("INSERT INTO t VALUES(?1, ?2, ?3)", i * 3, `row ${i * 17} ${"y".repeat(rowSize(s))}`, i / 4),
        ),
        Array.from({ length: 6 }, (_, i) => sql("UPDATE t SET b = b || ?1, c = ?1 WHERE a = ?2", i, i * 6)),
        Array.from({ length: 7 }, (_, i) => sql("DELETE FROM t WHERE a = ?1", i * 6 + 3)),
        "SELECT a, substr(b, 1, 8), c FROM t",
      ),
  },
];
