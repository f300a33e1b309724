/** Frames that are spilled, overwritten, rolled back; checksums that follow. */

import { checkpoint } from "./wal-words.js";
import { fill, rowSize, sql, steps, sums, TABLE, text, transaction, type Workload } from "./words.js";

export const walTransactionWorkloads: readonly Workload[] = [
  {
    name: "spilled frames rolled back to savepoints",
    settings: { cache: 5 },
    script: (s) =>
      steps(
        TABLE,
        fill("t", 0, 60, rowSize(s)),
        transaction("BEGIN", [
          "UPDATE t SET c = 1",
          "SAVEPOINT one",
          `UPDATE t SET b = ${text("a+3", rowSize(s))} WHERE a > 20`,
          "SAVEPOINT two",
          fill("t", 300, 25, rowSize(s)),
          "ROLLBACK TO two",
          "UPDATE t SET c = 2 WHERE a < 40",
          "SAVEPOINT three",
          "DELETE FROM t WHERE a % 2",
          { do: "flush" },
          "ROLLBACK TO three",
          "ROLLBACK TO one",
          "UPDATE t SET c = 3 WHERE a % 4 = 0",
        ]),
        sums("t"),
        transaction("BEGIN", [
          "SAVEPOINT one",
          "UPDATE t SET c = 4",
          { do: "flush" },
          "ROLLBACK TO one",
          "UPDATE t SET c = 5 WHERE a = 1",
        ]),
        transaction("BEGIN", ["SAVEPOINT one", "UPDATE t SET c = 6", { do: "flush" }, "ROLLBACK TO one"]),
        sums("t"),
        checkpoint("PASSIVE"),
        "UPDATE t SET c = 7 WHERE a = 2",
      ),
  },
  {
    name: "frames overwritten before the commit",
    settings: { cache: 5 },
    script: (s) =>
      steps(
        TABLE,
        fill("t", 0, 50, rowSize(s)),
        /* The same pages again and again: the first frame of the transaction is written anew. */
        transaction("BEGIN", ["UPDATE t SET c = 1", "UPDATE t SET c = 2", "UPDATE t SET c = 3 WHERE a < 30"]),
        checkpoint("RESTART"),
        /* Now from frame 1 on, whose checksum goes on from the log's header. */
        transaction("BEGIN", ["UPDATE t SET c = 4", { do: "flush" }, "UPDATE t SET c = 5", { do: "flush" }]),
        transaction("BEGIN", [
          "UPDATE t SET c = 6 WHERE a > 25",
          { do: "flush" },
          "SAVEPOINT one",
          "UPDATE t SET c = 7 WHERE a > 25",
          { do: "flush" },
          "ROLLBACK TO one",
          "UPDATE t SET c = 8 WHERE a > 40",
          { do: "flush" },
        ]),
        sums("t"),
        checkpoint("TRUNCATE"),
        transaction("BEGIN", ["DELETE FROM t WHERE a % 3 = 0", { do: "flush" }, fill("t", 200, 9, 50)]),
        sums("t"),
        /* The first overwritten frame is itself rolled back; frames after it are written again. */
        transaction("BEGIN", [
          "UPDATE t SET c = 9 WHERE a < 5",
          { do: "flush" },
          "SAVEPOINT one",
          "UPDATE t SET c = 10 WHERE a > 15",
          { do: "flush" },
          "UPDATE t SET c = 11 WHERE a > 15",
          { do: "flush" },
          "ROLLBACK TO one",
          "UPDATE t SET c = 12 WHERE a > 20",
        ]),
        sums("t"),
      ),
  },
  {
    name: "spilled transactions rolled back",
    settings: { cache: 5 },
    script: (s) =>
      steps(
        TABLE,
        "CREATE INDEX tc ON t(c, a)",
        fill("t", 0, 50, rowSize(s)),
        transaction("BEGIN", ["UPDATE t SET c = c + 1", fill("t", 100, 30, rowSize(s))], "ROLLBACK"),
        "UPDATE t SET c = 2 WHERE a = 1",
        transaction("BEGIN", [fill("t", 100, 40, rowSize(s)), { do: "flush" }], "ROLLBACK"),
        checkpoint("NOOP"),
        sums("t"),
        transaction("BEGIN", ["DELETE FROM t", { do: "flush" }, "DROP TABLE t"], "ROLLBACK"),
        transaction("BEGIN", [
          "UPDATE t SET c = 3 WHERE a < 9",
          { do: "flush" },
          "INSERT OR ROLLBACK INTO t VALUES(1, 'x', 1)",
        ]),
        checkpoint("FULL"),
        /* The log begins anew within the transaction that is undone. */
        transaction("BEGIN", ["UPDATE t SET c = 4", { do: "flush" }], "ROLLBACK"),
        transaction("BEGIN", ["UPDATE t SET c = 5", { do: "flush" }], "ROLLBACK"),
        "UPDATE t SET c = 6 WHERE a = 3",
        sums("t"),
      ),
  },
  {
    name: "statements undone after a spill",
    settings: { cache: 5 },
    script: (s) =>
      steps(
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT UNIQUE, c INT CHECK(c < 500))",
        fill("t", 0, 50, rowSize(s)),
        transaction("BEGIN", [
          fill("t", 100, 20, rowSize(s)),
          "INSERT INTO t SELECT a+200, b||'x', CASE WHEN a>40 THEN 500 ELSE 0 END FROM t WHERE a<60",
          { do: "flush" },
          "UPDATE t SET b = CASE WHEN a < 48 THEN b || 'y' ELSE 'same' END WHERE a <= 50",
          "UPDATE OR FAIL t SET c = CASE WHEN a < 45 THEN 400 ELSE 999 END WHERE a <= 50",
          { do: "flush" },
          "INSERT OR REPLACE INTO t SELECT a+1, b, c FROM t WHERE a BETWEEN 10 AND 30",
          sums("t"),
        ]),
        sums("t"),
        "UPDATE t SET c = CASE WHEN a > 110 THEN 777 ELSE 1 END",
        sums("t"),
      ),
  },
  {
    name: "the database grows and shrinks in the log",
    script: (s) =>
      steps(
        TABLE,
        fill("t", 0, 60, rowSize(s)),
        checkpoint("FULL"),
        "DELETE FROM t WHERE a > 10",
        "PRAGMA incremental_vacuum(4)",
        checkpoint("PASSIVE"),
        transaction("BEGIN", [fill("t", 100, 40, rowSize(s)), "DELETE FROM t WHERE a > 110"]),
        "VACUUM",
        checkpoint("PASSIVE"),
        sql("INSERT INTO t VALUES(900, zeroblob(?1), 1)", s.pageSize * 9),
        transaction("BEGIN", ["DELETE FROM t WHERE a = 900", "PRAGMA incremental_vacuum"], "ROLLBACK"),
        "DELETE FROM t WHERE a = 900",
        "PRAGMA incremental_vacuum",
        checkpoint("TRUNCATE"),
        "DROP TABLE t",
        "PRAGMA incremental_vacuum",
        "VACUUM",
        "PRAGMA page_count",
        checkpoint("RESTART"),
      ),
  },
];
