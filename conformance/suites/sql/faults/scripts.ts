/** What is under way when a call fails: short scripts over a database that is there already. */

import type { RecordOptions, ShimCall } from "../../../engines/shimvfs.js";
import type { Step } from "../../../sql/play.js";
import { DEFAULTS, type Settings } from "../../../sql/settings.js";
import { bytesOf } from "../../../sql/workloads/rows.js";
import { attach, DIR, fill, sql, steps, TABLE, text, transaction } from "../../../sql/workloads/words.js";

/** A script whose calls are made to fail one by one. */
export interface FaultScript {
  name: string;
  settings: Settings;
  /** Makes the databases, once, without failures. */
  setup: Step[];
  /** Done before calls can fail: attaching, reading the schema. */
  before: Step[];
  /** Here calls fail. */
  act: Step[];
  /** Queries that show what the databases hold. */
  dump: string[];
  /** Files of attached databases; a fresh connection attaches them again. */
  attached?: string[];
  /** Run after the setup and left open: what the folder then holds is what the script finds. */
  hot?: Step[];
  /** Of the calls that scripts usually make, those that this one does not; and unusual ones that it does. */
  lacks?: ShimCall[];
  also?: ShimCall[];
  /** The port needs no memory for it: all pages fit into what the cache took when it was opened. */
  noAllocations?: boolean;
  /** A rollback that fails may leave any content: there is no journal that outlives it. */
  mayTear?: boolean;
  /** What is recorded until the connections are closed. */
  record?: RecordOptions;
}

const row = 300;
const base = steps(TABLE, "CREATE INDEX tc ON t(c)", fill("t", 0, 40, row));
const dump = ["SELECT * FROM t ORDER BY a", "SELECT name, sql FROM sqlite_schema ORDER BY 1"];
const schemaRead = steps("SELECT count(*) FROM sqlite_schema");

/** A script over a database with one table and an index. */
export function script(
  name: string,
  settings: Partial<Settings>,
  act: Step[],
  more: Partial<FaultScript> = {},
): FaultScript {
  return {
    name,
    settings: { ...DEFAULTS, ...settings },
    setup: base,
    before: schemaRead,
    act,
    dump,
    ...more,
  };
}

const changes = transaction("BEGIN", [
  "UPDATE t SET c = c + 10 WHERE a % 7 = 0",
  "DELETE FROM t WHERE a = 5",
]);

/** The scripts. */
export const faultScripts: readonly FaultScript[] = [
  script("one row, DELETE", {}, steps("UPDATE t SET c = 100 WHERE a = 20")),
  script("one row, PERSIST", { journal: "PERSIST" }, steps("UPDATE t SET c = 100 WHERE a = 20"), {
    lacks: ["delete"],
  }),
  script("one row, TRUNCATE, cold", { journal: "TRUNCATE" }, steps("INSERT INTO t VALUES(99, 'x', 1)"), {
    before: [],
    lacks: ["delete"],
    also: ["truncate"],
  }),
  script("one row, MEMORY", { journal: "MEMORY" }, steps("DELETE FROM t WHERE a = 20"), {
    mayTear: true,
    lacks: ["delete", "open", "close"],
  }),
  script("a transaction, EXTRA", { sync: "EXTRA" }, changes),
  script("a transaction in exclusive mode", { exclusive: true, journal: "PERSIST", sizeLimit: 0 }, changes, {
    lacks: ["size", "delete", "unlock", "access", "close"],
    also: ["truncate"],
  }),
  script("a transaction rolled back after a spill", { cache: 4 }, [
    ...transaction("BEGIN", ["UPDATE t SET c = a", `UPDATE t SET b = ${text("a+1", row)}`], "ROLLBACK"),
    sql("SELECT sum(c) FROM t"),
  ]),
  script("a large transaction that spills", { cache: 4 }, [
    ...transaction("BEGIN", ["UPDATE t SET c = a", fill("t", 100, 20, row), "DELETE FROM t WHERE a < 9"]),
  ]),
  script(
    "savepoints, spilled",
    { cache: 4, pageSize: 512 },
    transaction("BEGIN", [
      "UPDATE t SET c = 1 WHERE a < 20",
      "SAVEPOINT one",
      "UPDATE t SET c = 2",
      "ROLLBACK TO one",
      "UPDATE t SET c = 3 WHERE a > 35",
      "RELEASE one",
    ]),
  ),
  script(
    "a statement that a constraint undoes",
    { cache: 5 },
    transaction("BEGIN", [
      "UPDATE t SET c = 9 WHERE a = 1",
      "UPDATE t SET a = CASE WHEN a < 30 THEN a + 1000 ELSE 1001 END",
      "DELETE FROM t WHERE a = 2",
    ]),
  ),
  script(
    "two databases",
    {},
    transaction("BEGIN", ["UPDATE main.t SET c = 50 WHERE a < 4", "UPDATE b.t SET c = 51 WHERE a > 5"]),
    {
      setup: [
        ...base,
        ...attach(DEFAULTS, "b"),
        ...steps("CREATE TABLE b.t(a INTEGER PRIMARY KEY, b TEXT, c)", fill("b.t", 0, 12, row)),
      ],
      before: steps(`ATTACH '${DIR}/b.db' AS b`, "SELECT count(*) FROM main.t, b.t"),
      dump: [...dump, "SELECT * FROM b.t ORDER BY a"],
      attached: ["b"],
    },
  ),
  script(
    "a cache that grows",
    { pageSize: 512 },
    [
      { do: "open", on: 1 },
      { ...(sql("SELECT sum(length(b)) FROM t") as Step & { do: "sql" }), on: 1 },
      { do: "close", on: 1 },
      ...transaction("BEGIN", [
        "UPDATE t SET c = a + 1",
        "SAVEPOINT one",
        fill("t", 100, 30, row),
        "DELETE FROM t WHERE a % 3 = 0",
        "ROLLBACK TO one",
        "UPDATE t SET c = 0 WHERE a < 20",
      ]),
    ],
    { before: [] },
  ),
  script("VACUUM", {}, steps("VACUUM"), {
    setup: [...base, ...steps("DELETE FROM t WHERE a % 2")],
    also: ["truncate"],
  }),
  script("VACUUM INTO", {}, steps(`VACUUM INTO '${DIR}/copy.db'`, "UPDATE t SET c = 0 WHERE a = 3")),
  script("a file that shrinks", { autoVacuum: "FULL" }, steps("DELETE FROM t WHERE a > 10"), {
    also: ["truncate"],
  }),
  script("incremental vacuum", { autoVacuum: "INCREMENTAL" }, steps("PRAGMA incremental_vacuum(6)"), {
    setup: [...base, ...steps("DELETE FROM t WHERE a > 10")],
    also: ["truncate"],
  }),
  script("reading what is cold", { cache: 4 }, steps("SELECT sum(length(b)), sum(c) FROM t ORDER BY b"), {
    before: [],
    setup: [...base, sql("INSERT INTO t VALUES(500, ?1, 2)", bytesOf(9000, 4))],
    lacks: ["write", "sync", "delete", "open", "close", "control"],
    noAllocations: true,
  }),
  script(
    "mapped pages",
    { mmap: 1 << 20 },
    [
      ...steps("SELECT sum(length(b)) FROM t"),
      ...transaction("BEGIN", ["UPDATE t SET c = 7 WHERE a % 9 = 0"]),
      ...steps("SELECT sum(c) FROM t"),
    ],
    { also: ["fetch"] },
  ),
  script("a temporary table and a sorter", { cache: 4, tempStore: "FILE" }, [
    ...steps(
      "CREATE TEMP TABLE m AS SELECT * FROM t, (SELECT 1 UNION ALL SELECT 2)",
      "SELECT count(*) FROM (SELECT a FROM m ORDER BY b, c)",
      "UPDATE t SET c = (SELECT count(*) FROM m) WHERE a = 1",
      "DROP TABLE m",
    ),
  ]),
  script("a new index and a dropped table", {}, [
    ...steps("CREATE INDEX tb ON t(b)", "CREATE TABLE u AS SELECT a FROM t", "DROP TABLE u"),
  ]),
  script(
    "a journal mode that changes",
    { journal: "PERSIST" },
    [
      ...steps(
        "UPDATE t SET c = 1 WHERE a = 1",
        "PRAGMA journal_mode=DELETE",
        "UPDATE t SET c = 2 WHERE a = 1",
      ),
      ...steps("PRAGMA journal_mode=TRUNCATE", "UPDATE t SET c = 3 WHERE a = 1"),
    ],
    { also: ["truncate", "reserved"] },
  ),
  script("a hot journal", {}, steps("SELECT sum(c) FROM t", "UPDATE t SET c = 5 WHERE a = 3"), {
    before: [],
    hot: steps("PRAGMA cache_size=4", "BEGIN", "UPDATE t SET c = a * 2", "DELETE FROM t WHERE a % 3"),
    also: ["reserved"],
  }),
  script("the backup API", {}, [
    { do: "open", on: 1, file: "copy.db" },
    { do: "backup", backup: 0, from: 0, to: 1 },
    { do: "backupStep", backup: 0, pages: 6 },
    { do: "backupStep", backup: 0, pages: -1 },
    { do: "backupFinish", backup: 0 },
    { do: "close", on: 1 },
    sql("UPDATE t SET c = 8 WHERE a = 8"),
  ]),
  script("an incremental blob", {}, [
    { do: "blobOpen", blob: 0, table: "t", column: "b", row: 30, write: true },
    { do: "blobWrite", blob: 0, at: 10, data: bytesOf(100, 2) },
    { do: "blobRead", blob: 0, at: 0, bytes: 20 },
    { do: "blobClose", blob: 0 },
  ]),
];
