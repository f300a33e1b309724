/** What the engines are made to do, sized by the page so that small caches overflow at every page size. */

import type { Transaction } from "./same-calls.js";

/** A named list of transactions. */
export interface PlayScript {
  name: string;
  setup: string[];
  transactions: Transaction[];
  /** ROLLBACK TO after a spill writes pages without asking the cache: only without spills. */
  noSpill?: boolean;
  /** A rollback cannot be told from the trace if there is no journal to show it. */
  needsJournal?: boolean;
  attached?: boolean;
}

const series = (n: number): string =>
  `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<${n})`;

/** Deterministic text of `length` characters that depends on an expression. */
const filler = (expression: string, length: number): string =>
  `substr(printf('%0.*d', ${length}, ${expression}*7919 % 1000003) || hex(${expression}), 1, ${length})`;

/** The scripts for one page size. */
export function playScripts(pageSize: number): PlayScript[] {
  const row = Math.floor(pageSize * 0.35);
  const table = "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c)";
  const fill = (n: number): string =>
    `${series(n)} INSERT INTO t SELECT i, ${filler("i", row)}, i % 7 FROM c`;
  return [
    {
      name: "inserts, updates, deletes",
      setup: [table, "CREATE INDEX tc ON t(c, a)", fill(40)],
      transactions: [
        { statements: ["UPDATE t SET c = c + 10 WHERE a % 5 = 0"], end: "commit" },
        {
          statements: [
            `UPDATE t SET b = ${filler("a+1", row)} WHERE a < 20`,
            `${series(12)} INSERT INTO t SELECT 100+i, ${filler("i", row * 2)}, i FROM c`,
          ],
          end: "commit",
        },
        { statements: ["DELETE FROM t WHERE a % 4 = 1", "UPDATE t SET c = -c"], end: "commit" },
        {
          statements: [`${series(9)} INSERT INTO t SELECT 200+i, ${filler("i", row)}, i FROM c`],
          end: "commit",
        },
        { statements: ["UPDATE t SET c = 1 WHERE a = 3"], end: "commit" },
      ],
    },
    {
      name: "rollbacks between commits",
      needsJournal: true,
      setup: [table, fill(40)],
      transactions: [
        { statements: ["UPDATE t SET c = 5"], end: "rollback" },
        { statements: ["UPDATE t SET c = 6 WHERE a > 10"], end: "commit" },
        {
          statements: [
            `${series(20)} INSERT INTO t SELECT 100+i, ${filler("i", row)}, i FROM c`,
            "DELETE FROM t WHERE a < 30",
          ],
          end: "rollback",
        },
        { statements: ["DELETE FROM t WHERE a > 35"], end: "commit" },
      ],
    },
    {
      name: "first transaction of a new database",
      setup: [],
      transactions: [
        { statements: [table, fill(10)], end: "commit" },
        { statements: ["CREATE INDEX tb ON t(b)"], end: "commit" },
        { statements: [], end: "commit" },
        { begin: "EXCLUSIVE", statements: ["DELETE FROM t WHERE a = 4"], end: "commit" },
        { begin: "EXCLUSIVE", statements: [], end: "rollback" },
      ],
    },
    {
      name: "auto_vacuum shrinks the file",
      noSpill: true,
      setup: ["PRAGMA auto_vacuum=FULL", table, fill(48), "CREATE TABLE u AS SELECT * FROM t"],
      transactions: [
        { statements: ["DELETE FROM t WHERE a % 2 = 0"], end: "commit" },
        { statements: ["DROP TABLE u"], end: "commit" },
        { statements: ["DELETE FROM t", fill(8)], end: "commit" },
      ],
    },
    {
      name: "incremental vacuum",
      noSpill: true,
      setup: ["PRAGMA auto_vacuum=INCREMENTAL", table, fill(48), "DELETE FROM t WHERE a > 12"],
      transactions: [
        { statements: ["PRAGMA incremental_vacuum(4)"], end: "commit" },
        { statements: ["UPDATE t SET c = 5 WHERE a < 4", "PRAGMA incremental_vacuum"], end: "commit" },
      ],
    },
    {
      name: "savepoints",
      noSpill: true,
      setup: [table, "CREATE INDEX tc ON t(c, a)", fill(40)],
      transactions: [
        {
          statements: [
            "UPDATE t SET c = c + 1 WHERE a < 12",
            "SAVEPOINT one",
            `UPDATE t SET b = ${filler("a+3", row)} WHERE a BETWEEN 10 AND 25`,
            "SAVEPOINT two",
            `${series(10)} INSERT INTO t SELECT 300+i, ${filler("i", row)}, i FROM c`,
            "ROLLBACK TO two",
            `UPDATE t SET b = ${filler("a+5", row)} WHERE a > 33`,
            "RELEASE two",
            "ROLLBACK TO one",
            "UPDATE t SET c = 99 WHERE a % 3 = 0",
            "RELEASE one",
          ],
          end: "commit",
        },
        { statements: ["SAVEPOINT x", "DELETE FROM t", "ROLLBACK TO x"], end: "commit" },
      ],
    },
    {
      name: "free pages come and go",
      setup: [table, fill(60), "DELETE FROM t WHERE a > 15"],
      transactions: [
        {
          statements: [`${series(25)} INSERT INTO t SELECT 400+i, ${filler("i", row)}, i FROM c`],
          end: "commit",
        },
        { statements: [`INSERT INTO t VALUES(900, zeroblob(${pageSize * 6}), 0)`], end: "commit" },
        { statements: ["DELETE FROM t WHERE a >= 400", "CREATE TABLE v(x)"], end: "commit" },
        { statements: ["DROP TABLE t"], end: "commit" },
      ],
    },
  ];
}

/** Transactions over two databases. */
export function superScripts(pageSize: number): PlayScript[] {
  const row = Math.floor(pageSize * 0.35);
  const fill = (schema: string, from: number, n: number): string =>
    `${series(n)} INSERT INTO ${schema}.t SELECT ${from}+i, ${filler("i", row)}, i FROM c`;
  const setup = [
    "CREATE TABLE main.t(a INTEGER PRIMARY KEY, b, c)",
    "CREATE TABLE b.t(a INTEGER PRIMARY KEY, b, c)",
    fill("main", 0, 30),
    fill("b", 0, 20),
  ];
  return [
    {
      name: "two databases",
      attached: true,
      setup,
      transactions: [
        { statements: ["UPDATE main.t SET c = 1 WHERE a < 9", "UPDATE b.t SET c = 2"], end: "commit" },
        {
          statements: [fill("b", 100, 12), fill("main", 100, 15), "DELETE FROM b.t WHERE a < 10"],
          end: "commit",
        },
        { statements: ["UPDATE b.t SET c = 3 WHERE a > 15"], end: "commit" },
        { statements: ["UPDATE main.t SET c = 4", "UPDATE b.t SET c = 5"], end: "commit" },
      ],
    },
  ];
}
