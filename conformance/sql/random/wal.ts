/** Random plays with a write-ahead log: checkpoints, a second connection, modes that come and go. */

import fc from "fast-check";
import { SQLITE_BUSY, SQLITE_FULL, SQLITE_IOERR, SQLITE_IOERR_NOMEM } from "../../../src/index.js";
import type { Random } from "../../core/random.js";
import type { ShimCall, ShimPlan } from "../../engines/shimvfs.js";
import { FAILING_CALLS } from "../calls.js";
import type { Play, Step } from "../play.js";
import type { Settings } from "../settings.js";
import { checkpoint, leaveLog, MODES, type Mode, persist } from "../workloads/wal-words.js";
import { attach, fill, on, sums } from "../workloads/words.js";
import { operation, render, TABLES } from "./operations.js";
import { describe, type FailingPlay, settings, tryRandom } from "./plays.js";

const modes = fc.constantFrom(...(Object.keys(MODES) as Mode[]));

/** What only a log makes interesting; the second connection is open all the time. */
const walOperation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ wal: fc.constant("checkpoint" as const), mode: modes, all: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ wal: fc.constant("otherCheckpoint" as const), mode: modes }) },
  { weight: 4, arbitrary: fc.record({ wal: fc.constant("otherBegins" as const) }) },
  { weight: 4, arbitrary: fc.record({ wal: fc.constant("otherReads" as const) }) },
  { weight: 4, arbitrary: fc.record({ wal: fc.constant("otherEnds" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      wal: fc.constant("otherWrites" as const),
      from: fc.integer({ min: 0, max: 300 }),
      rows: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ wal: fc.constant("otherComes" as const) }) },
  { weight: 2, arbitrary: fc.record({ wal: fc.constant("mode" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ wal: fc.constant("automatic" as const), frames: fc.constantFrom(0, 3, 20) }),
  },
  { weight: 1, arbitrary: fc.record({ wal: fc.constant("persist" as const), value: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ wal: fc.constant("again" as const), leave: fc.boolean() }) },
);

type WalOperation = typeof walOperation extends fc.Arbitrary<infer T> ? T : never;

function renderWal(o: WalOperation): Step[] {
  const sql = (text: string): Step => ({ do: "sql", sql: text });
  switch (o.wal) {
    case "checkpoint":
      return [checkpoint(o.mode, 0, o.all ? null : "main")];
    case "otherCheckpoint":
      return [checkpoint(o.mode, 1)];
    case "otherBegins":
      return [on(1, "BEGIN"), on(1, "SELECT count(*), sum(a) FROM t0")];
    case "otherReads":
      return [on(1, sums("t0"))];
    case "otherEnds":
      return [on(1, "COMMIT")];
    case "otherWrites":
      return [
        on(1, fill("t0", o.from + 1000, o.rows, 300)),
        on(1, `DELETE FROM t0 WHERE a > ${o.from + 900}`),
      ];
    case "otherComes":
      return [
        { do: "close", on: 1 },
        { do: "open", on: 1 },
      ];
    case "mode":
      return [sql("PRAGMA journal_mode=WAL")];
    case "automatic":
      return [sql(`PRAGMA wal_autocheckpoint=${o.frames}`)];
    case "persist":
      return [persist(o.value)];
    case "again":
      return [
        ...(o.leave ? [leaveLog()] : []),
        { do: "close", on: 0 },
        { do: "open", on: 0 },
        sql("PRAGMA journal_mode=WAL"),
      ];
  }
}

const operations = fc.array(
  fc.oneof({ weight: 3, arbitrary: operation }, { weight: 1, arbitrary: walOperation }),
  { minLength: 4, maxLength: 50, size: "max" },
);

const walSettings: fc.Arbitrary<Settings> = fc
  .tuple(settings, fc.constantFrom(undefined, 5, 0, 30), fc.constantFrom(null, null, 0, 3000, 30000))
  .map(([s, autoCheckpoint, sizeLimit]) => ({ ...s, journal: "WAL", autoCheckpoint, sizeLimit }));

/** A random play with a log. */
const randomWalPlay: fc.Arbitrary<Play> = fc
  .record({ settings: walSettings, attached: fc.boolean(), operations })
  .map(({ settings: s, attached, operations: list }) => {
    const fit = s.pendingByte !== null && s.pageSize > 4096 ? { ...s, pendingByte: 65536 } : s;
    const made = TABLES.filter((t) => attached || !t.name.startsWith("b.")).map(
      (t): Step => ({ do: "sql", sql: t.create }),
    );
    const steps = list.flatMap((o) => ("wal" in o ? renderWal(o) : [render(o, fit.pageSize, attached)]));
    return {
      settings: fit,
      steps: [...(attached ? attach(fit, "b") : []), ...made, { do: "open", on: 1 }, ...steps],
    };
  });

/** Calls and what a VFS may answer. */
const KINDS: readonly { calls: ShimCall[]; rc: number }[] = [
  { calls: [...FAILING_CALLS, "shmmap", "shmlock", "shmunmap"], rc: SQLITE_IOERR },
  { calls: [...FAILING_CALLS, "shmmap", "shmlock", "shmunmap"], rc: SQLITE_IOERR_NOMEM },
  { calls: ["write"], rc: SQLITE_FULL },
  { calls: ["write", "sync"], rc: SQLITE_IOERR },
  { calls: ["sync"], rc: SQLITE_IOERR },
  { calls: ["read"], rc: SQLITE_IOERR },
  { calls: ["truncate", "delete"], rc: SQLITE_IOERR },
  { calls: ["shmlock"], rc: SQLITE_BUSY },
  { calls: ["shmlock"], rc: SQLITE_IOERR },
  { calls: ["shmmap"], rc: SQLITE_IOERR },
  { calls: ["lock"], rc: SQLITE_BUSY },
  { calls: ["close", "access", "size"], rc: SQLITE_IOERR },
];

const failing: fc.Arbitrary<ShimPlan> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    at: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 100 }) },
      { weight: 2, arbitrary: fc.integer({ min: 101, max: 2000 }) },
    ),
    persistent: fc.boolean(),
  })
  .map(({ kind: { calls, rc }, at, persistent }) => ({
    calls,
    rc,
    at,
    what: "fail" as const,
    persistent,
  }));

const randomFailingWalPlay: fc.Arbitrary<FailingPlay> = fc.record({ play: randomWalPlay, plan: failing });

/** Tries one random play with a log; one that fails is shrunk, and its script is part of the finding. */
export async function tryRandomWalPlay(
  random: Random,
  attempt: (play: Play) => Promise<void>,
): Promise<void> {
  await tryRandom(random, randomWalPlay, attempt, describe);
}

/** The same with calls that fail. */
export async function tryRandomFailingWalPlay(
  random: Random,
  attempt: (play: FailingPlay) => Promise<void>,
): Promise<void> {
  await tryRandom(random, randomFailingWalPlay, attempt, ({ play, plan }) => {
    const lasting = plan.persistent ? "and all after it" : "once";
    return `call ${plan.at} of ${plan.calls.join(", ")} gives ${plan.rc}, ${lasting}\n${describe(play)}`;
  });
}
