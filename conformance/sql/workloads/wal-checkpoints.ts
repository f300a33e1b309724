/** Checkpoints of every mode: alone, with readers and writers in the way, as PRAGMAs, by themselves. */

import type { Step } from "../play.js";
import { checkpoint, MODES, type Mode } from "./wal-words.js";
import { fill, on, rowSize, sql, steps, sums, TABLE, text, transaction, type Workload } from "./words.js";

const ALL = Object.keys(MODES) as Mode[];

export const walCheckpointWorkloads: readonly Workload[] = [
  {
    name: "checkpoints of every mode",
    script: (s) =>
      steps(
        ALL.map((mode) => checkpoint(mode)),
        TABLE,
        fill("t", 0, 40, rowSize(s)),
        ALL.flatMap((mode, i) =>
          steps(
            checkpoint("NOOP"),
            checkpoint(mode),
            checkpoint(mode),
            `UPDATE t SET c = ${i + 1} WHERE a % ${i + 2} = 0`,
            fill("t", 100 * (i + 1), 6, rowSize(s)),
            checkpoint(mode),
            "UPDATE t SET c = c + 1 WHERE a = 7",
          ),
        ),
        checkpoint("FULL", 0, null),
        checkpoint("FULL", 0, "absent"),
        { do: "checkpoint", mode: 4, schema: "main" },
        sums("t"),
      ),
  },
  {
    name: "checkpoints that readers hold back",
    settings: { exclusive: false },
    script: (s) => {
      const reader = (n: number): Step[] => [
        { do: "open", on: n },
        on(n, "BEGIN"),
        on(n, `SELECT count(*), sum(c) FROM t`),
      ];
      return steps(
        TABLE,
        fill("t", 0, 30, rowSize(s)),
        reader(1),
        "UPDATE t SET c = 20 WHERE a < 12",
        reader(2),
        `UPDATE t SET b = ${text("a+1", rowSize(s))} WHERE a > 20`,
        { do: "busy", tries: 3 },
        ALL.flatMap((mode) => [checkpoint(mode), { do: "busyCount" } as Step]),
        on(1, sums("t")),
        on(1, "COMMIT"),
        ALL.flatMap((mode) => [checkpoint(mode), { do: "busyCount" } as Step]),
        "UPDATE t SET c = 21 WHERE a = 25",
        on(2, sums("t")),
        on(2, "COMMIT"),
        checkpoint("PASSIVE"),
        /* The whole log is in the database: this reader needs no frame, and nobody hinders the writer. */
        reader(1),
        "UPDATE t SET c = 22 WHERE a = 26",
        reader(3),
        checkpoint("RESTART"),
        { do: "busyCount" },
        on(1, "COMMIT"),
        checkpoint("RESTART"),
        on(3, sums("t")),
        on(3, "ROLLBACK"),
        checkpoint("TRUNCATE"),
        "UPDATE t SET c = 23 WHERE a = 27",
        on(1, sums("t")),
      );
    },
  },
  {
    name: "more readers than marks",
    settings: { exclusive: false },
    script: (s) =>
      steps(
        TABLE,
        fill("t", 0, 20, rowSize(s)),
        [1, 2, 3, 4, 5, 6, 7].flatMap((n) => [
          { do: "open", on: n } as Step,
          on(n, "BEGIN"),
          on(n, sums("t")),
          sql(`UPDATE t SET c = ${n} WHERE a % 3 = ${n % 3}`),
        ]),
        checkpoint("PASSIVE"),
        checkpoint("FULL"),
        [3, 1, 2, 7].flatMap((n) => [on(n, sums("t")), on(n, "COMMIT"), checkpoint("PASSIVE")]),
        on(3, "BEGIN"),
        on(3, sums("t")),
        "UPDATE t SET c = 90 WHERE a = 2",
        [4, 5, 6].flatMap((n) => [on(n, sums("t")), on(n, "COMMIT"), checkpoint("PASSIVE")]),
        on(3, "COMMIT"),
        checkpoint("TRUNCATE"),
        "UPDATE t SET c = 91 WHERE a = 3",
        sums("t"),
      ),
  },
  {
    name: "checkpoints beside a writer and within transactions",
    settings: { exclusive: false },
    script: (s) =>
      steps(
        TABLE,
        fill("t", 0, 25, rowSize(s)),
        { do: "open", on: 1 },
        { do: "busy", on: 1, tries: 2 },
        "BEGIN IMMEDIATE",
        ALL.map((mode) => checkpoint(mode)),
        ALL.flatMap((mode) => [checkpoint(mode, 1), { do: "busyCount", on: 1 } as Step]),
        "UPDATE t SET c = 30",
        { do: "flush" },
        ALL.map((mode) => checkpoint(mode, 1)),
        on(1, sums("t")),
        "COMMIT",
        "BEGIN",
        sums("t"),
        ALL.map((mode) => checkpoint(mode)),
        on(1, "UPDATE t SET c = 31 WHERE a < 5"),
        ALL.map((mode) => checkpoint(mode, 1)),
        "COMMIT",
        { do: "prepare", stmt: 0, sql: "SELECT a, c FROM t" },
        { do: "step", stmt: 0, rows: 2 },
        ALL.map((mode) => checkpoint(mode)),
        { do: "reset", stmt: 0 },
        ALL.map((mode) => checkpoint(mode)),
        sums("t"),
      ),
  },
  {
    name: "checkpoints as PRAGMAs",
    script: (s) =>
      steps(
        TABLE,
        fill("t", 0, 25, rowSize(s)),
        "PRAGMA wal_checkpoint",
        ["PASSIVE", "FULL", "RESTART", "TRUNCATE", "NOOP", "nonsense"].flatMap((mode) =>
          steps(
            `UPDATE t SET c = ${mode.length} WHERE a < 9`,
            `PRAGMA wal_checkpoint(${mode})`,
            `PRAGMA main.wal_checkpoint(${mode})`,
          ),
        ),
        "PRAGMA wal_autocheckpoint",
        "PRAGMA wal_autocheckpoint=3",
        "UPDATE t SET c = 40",
        "UPDATE t SET c = 41 WHERE a = 1",
        "PRAGMA wal_autocheckpoint=0",
        "UPDATE t SET c = 42",
        "PRAGMA wal_autocheckpoint=-5",
        "UPDATE t SET c = 43",
        transaction("BEGIN", ["UPDATE t SET c = 44", "PRAGMA wal_checkpoint(FULL)"]),
        "PRAGMA temp.wal_checkpoint",
        sums("t"),
      ),
  },
  {
    name: "the log starts over again and again",
    script: (s) =>
      steps(
        TABLE,
        transaction("BEGIN", [fill("t", 0, 24, rowSize(s))]),
        ["PASSIVE", "FULL", "RESTART", "TRUNCATE", "PASSIVE", "RESTART"].flatMap((mode, i) =>
          steps(
            checkpoint(mode as Mode),
            `UPDATE t SET c = ${i} WHERE a % ${i + 2} = 1`,
            transaction("BEGIN", [`UPDATE t SET c = ${i + 50}`], "ROLLBACK"),
            `DELETE FROM t WHERE a = ${i + 2}`,
            transaction("BEGIN", [
              `INSERT INTO t VALUES(${i + 300}, 'x', 1)`,
              "SAVEPOINT one",
              "UPDATE t SET c = 60",
              { do: "flush" },
              "ROLLBACK TO one",
            ]),
          ),
        ),
        sums("t"),
      ),
  },
  {
    name: "checkpoints that come by themselves",
    settings: { autoCheckpoint: 5 },
    script: (s) =>
      steps(
        TABLE,
        fill("t", 0, 20, rowSize(s)),
        Array.from({ length: 8 }, (_, i) =>
          steps(
            `UPDATE t SET c = ${i} WHERE a % 5 = ${i % 5}`,
            `INSERT INTO t VALUES(${100 + i}, 'n', ${i})`,
          ),
        ).flat(),
        { do: "open", on: 1 },
        on(1, "PRAGMA wal_autocheckpoint=2"),
        on(1, "BEGIN"),
        on(1, sums("t")),
        "UPDATE t SET c = 70 WHERE a < 15",
        "UPDATE t SET c = 71 WHERE a < 5",
        on(1, "COMMIT"),
        on(1, "UPDATE t SET c = 72 WHERE a = 3"),
        "UPDATE t SET c = 73 WHERE a = 4",
        sums("t"),
      ),
  },
];
