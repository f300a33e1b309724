/** What is under way when a call fails: short scripts over a database that has a log. */

import type { ShimCall } from "../../../engines/shimvfs.js";
import type { Step } from "../../../sql/play.js";
import { DEFAULTS, DEVICES, type Device, type Settings } from "../../../sql/settings.js";
import { checkpoint, type Mode, persist } from "../../../sql/workloads/wal-words.js";
import {
  attach,
  DIR,
  fill,
  on,
  sql,
  steps,
  sums,
  TABLE,
  text,
  transaction,
} from "../../../sql/workloads/words.js";
import { type FaultScript, script } from "../../sql/faults/scripts.js";
import { EVERYTHING } from "../compare.js";

const row = 300;
const base = steps(TABLE, "CREATE INDEX tc ON t(c)", fill("t", 0, 40, row));
const padded = DEVICES.find((d) => d.name === "sector size 4096") as Device;
const LOG: Partial<Settings> = { journal: "WAL" };

/** A script with a log; `calls` are those that it makes, beyond reading and locking. */
function log(
  name: string,
  settings: Partial<Settings>,
  act: Step[],
  calls: ShimCall[],
  more: Partial<FaultScript> = {},
): FaultScript {
  return script(name, { ...LOG, ...settings }, act, { record: EVERYTHING, also: calls, ...more });
}

const one = steps("UPDATE t SET c = 100 WHERE a = 20");
const some = transaction("BEGIN", ["UPDATE t SET c = c + 10 WHERE a % 7 = 0", "DELETE FROM t WHERE a = 5"]);

const ofMode = (mode: Mode): FaultScript =>
  log(
    `a checkpoint, ${mode}`,
    {},
    [checkpoint(mode), ...steps("UPDATE t SET c = 102 WHERE a = 22")],
    ["read", "write", "sync", "shmlock", "truncate", "size", "control"],
    { before: some },
  );

/** The scripts. */
export const walFaultScripts: readonly FaultScript[] = [
  log("one row", {}, one, ["read", "write", "sync", "shmlock", "control", "size"], {
    noAllocations: true,
  }),
  log(
    "one row, FULL, cold",
    { sync: "FULL" },
    one,
    ["read", "write", "sync", "shmlock", "shmmap", "open", "lock", "access", "control", "size"],
    { before: [] },
  ),
  log(
    "a transaction, padded",
    { sync: "FULL", device: padded },
    some,
    ["read", "write", "sync", "shmlock", "size"],
    { noAllocations: true },
  ),
  log(
    "spilled and rolled back",
    { cache: 4 },
    [
      ...transaction("BEGIN", ["UPDATE t SET c = a", `UPDATE t SET b = ${text("a+1", row)}`], "ROLLBACK"),
      sql("SELECT sum(c) FROM t"),
    ],
    ["read", "write", "shmlock", "size"],
  ),
  log(
    "savepoints, spilled",
    { cache: 4, pageSize: 512, sync: "FULL" },
    transaction("BEGIN", [
      "UPDATE t SET c = 1 WHERE a < 20",
      "SAVEPOINT one",
      "UPDATE t SET c = 2",
      "ROLLBACK TO one",
      "UPDATE t SET c = 3 WHERE a > 35",
      "RELEASE one",
    ]),
    ["read", "write", "sync", "shmlock"],
  ),
  ofMode("PASSIVE"),
  ofMode("FULL"),
  ofMode("RESTART"),
  ofMode("TRUNCATE"),
  log("automatic checkpoints", { autoCheckpoint: 2 }, steps(...one, ...one), [
    "read",
    "write",
    "sync",
    "truncate",
    "shmlock",
    "control",
  ]),
  log(
    "the log starts over",
    { sizeLimit: 0 },
    steps(...one, sums("t")),
    ["write", "sync", "shmlock", "truncate", "size"],
    {
      before: [...some, checkpoint("FULL")],
      noAllocations: true,
    },
  ),
  log("into WAL", { journal: "DELETE" }, steps("PRAGMA journal_mode=WAL", ...one), [
    "read",
    "write",
    "sync",
    "delete",
    "open",
    "close",
    "access",
    "lock",
    "unlock",
    "size",
    "shmmap",
    "shmlock",
  ]),
  log(
    "out of WAL",
    {},
    steps("PRAGMA journal_mode=DELETE", ...one),
    [
      "read",
      "write",
      "sync",
      "truncate",
      "delete",
      "open",
      "close",
      "access",
      "lock",
      "unlock",
      "size",
      "shmunmap",
    ],
    { before: some },
  ),
  log(
    "closing and opening",
    {},
    [...some, { do: "close", on: 0 }, { do: "open", on: 0 }, ...one],
    ["read", "write", "sync", "truncate", "delete", "open", "close", "lock", "shmmap", "shmlock", "shmunmap"],
    { noAllocations: true },
  ),
  log(
    "closing, the log stays",
    { sizeLimit: 0 },
    [persist(true), ...some, { do: "close", on: 0 }, { do: "open", on: 0 }, ...one],
    ["write", "sync", "truncate", "open", "close", "access", "size", "shmmap", "shmlock", "shmunmap"],
    { noAllocations: true },
  ),
  log(
    "a log to recover",
    {},
    steps("SELECT sum(c) FROM t", "UPDATE t SET c = 5 WHERE a = 4"),
    ["read", "write", "open", "size", "lock", "access", "shmmap", "shmlock"],
    {
      before: [],
      hot: steps("PRAGMA journal_mode=WAL", "UPDATE t SET c = a * 2", "DELETE FROM t WHERE a % 3 = 0"),
    },
  ),
  log(
    "exclusive, the index on the heap",
    { exclusive: true, cache: 4 },
    [...some, checkpoint("RESTART"), ...one],
    ["read", "write", "sync", "truncate", "size"],
  ),
  log(
    "a second connection",
    {},
    [
      { do: "open", on: 1 },
      on(1, "BEGIN"),
      on(1, sums("t")),
      ...one,
      checkpoint("PASSIVE"),
      on(1, "COMMIT"),
      on(1, "UPDATE t SET c = 103 WHERE a = 23"),
      checkpoint("RESTART"),
      { do: "close", on: 1 },
    ],
    ["read", "write", "sync", "open", "close", "size", "shmmap", "shmlock", "shmunmap"],
  ),
  log(
    "VACUUM",
    { cache: 6 },
    [...steps("VACUUM"), checkpoint("PASSIVE")],
    ["read", "write", "sync", "truncate", "open", "shmlock"],
    {
      setup: [...base, ...steps("DELETE FROM t WHERE a % 2")],
    },
  ),
  log(
    "two databases",
    {},
    [
      ...transaction("BEGIN", ["UPDATE main.t SET c = 50 WHERE a < 4", "UPDATE b.t SET c = 51 WHERE a > 5"]),
      checkpoint("PASSIVE", 0, null),
    ],
    ["read", "write", "sync", "truncate", "shmlock"],
    {
      setup: [
        ...base,
        ...attach({ ...DEFAULTS, journal: "WAL" }, "b"),
        ...steps("CREATE TABLE b.t(a INTEGER PRIMARY KEY, b TEXT, c)", fill("b.t", 0, 12, row)),
      ],
      before: steps(`ATTACH '${DIR}/b.db' AS b`, "SELECT count(*) FROM main.t, b.t"),
      dump: ["SELECT * FROM t ORDER BY a", "SELECT * FROM b.t ORDER BY a"],
      attached: ["b"],
      /* Each log commits for itself. */
      mayTear: true,
    },
  ),
  log(
    "mapped pages",
    { mmap: 1 << 20 },
    [...steps("SELECT sum(length(b)) FROM t"), ...some, checkpoint("FULL"), ...steps(sums("t"))],
    ["fetch", "read", "write", "sync", "shmlock"],
  ),
  log(
    "a backup",
    {},
    [
      { do: "open", on: 1, file: "copy.db" },
      { do: "backup", backup: 0, from: 0, to: 1 },
      { do: "backupStep", backup: 0, pages: 6 },
      ...one,
      { do: "backupStep", backup: 0, pages: -1 },
      { do: "backupFinish", backup: 0 },
      { do: "close", on: 1 },
    ],
    ["read", "write", "sync", "open", "close", "delete", "access", "shmlock"],
  ),
];
