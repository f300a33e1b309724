/** Scenarios with a write-ahead log, besides those that journals.ts has for both. */

import { MODE, range } from "../programs/writer.js";
import { type Scenario, type Stage, SYNCHRONOUS, scenario } from "./scenario.js";

/** A database with a log, a transaction in it, and nothing in the log that is not in the file. */
function logged(stage: Stage, n = 10): void {
  const w = stage.open(0).wal();
  w.begin()
    .write(...range(1, n))
    .commit();
}

function commits(name: string, flags: number): Scenario {
  const onPowerLoss = flags === SYNCHRONOUS.NORMAL ? "the first ones" : "all";
  return scenario(`WAL, ${name}`, { onPowerLoss }, (s) => {
    logged(s);
    s.on(0).add({ op: "SetFlags", c: 0, n: flags });
    s.act();
    const w = s.on(0);
    w.begin().write(1, 2, 3, 11).settle();
    w.begin().write(1, 5, 12).rollback();
    w.begin().write(1, 5, 6).settle().add({ op: "WalCallback", c: 0 });
    w.checkpoint(0);
    w.begin().write(1, 7).settle();
    w.begin().write(1, 2, 8).settle();
  });
}

/** More pages than the cache holds: frames get into the log before the commit. */
function spill(): Scenario {
  return scenario("spill, WAL", { cache: 10 }, (s) => {
    logged(s, 12);
    s.act();
    const w = s.on(0);
    w.begin()
      .write(...range(1, 22))
      .settle();
    w.begin()
      .write(...range(1, 16))
      .rollback();
    w.begin().write(1, 2).settle();
  });
}

/** One of the four checkpoints, alone or beside a reader that stays in the past. */
function checkpoint(mode: number, name: string, hasReader: boolean): Scenario {
  const title = `checkpoint ${name}${hasReader ? " beside a reader" : ""}`;
  return scenario(title, hasReader && mode > 0 ? { expected: [5] } : {}, (s) => {
    logged(s);
    if (hasReader) s.open(1).read().look(2);
    const w = s.on(0);
    w.begin().write(1, 2, 11).commit().begin().write(1, 3).commit();
    s.act();
    w.add({ op: "Busy", c: 0, n: 1 }).checkpoint(mode);
    if (hasReader) s.on(1).look(3).done();
    w.begin().write(1, 4, 12).settle().checkpoint(mode);
    w.begin().write(1, 5).settle();
    if (hasReader) s.on(1).scan();
  });
}

/**
 * A log that is found after the power went, with a wal-index that has to be made anew. Torn: what no sync has made
 * durable is there in part, in the middle of the last transactions' frames.
 */
function recovery(name: string, tornBy: number | null): Scenario {
  return scenario(`recovery of a log, ${name}`, { onPowerLoss: "the first ones" }, (s) => {
    logged(s);
    const w = s.on(0);
    w.begin().write(1, 2, 3, 11).commit();
    s.ops.push({ op: "SyncDisk" });
    if (tornBy !== null) s.ops.push({ op: "SetFlags", c: 0, n: SYNCHRONOUS.NORMAL });
    w.begin().write(1, 4, 5).commit().begin().write(1, 6, 12).commit().begin().write(1, 4);
    s.ops.push({ op: "Crash", seed: tornBy ?? 1, mode: tornBy === null ? "keep" : "random" });
    s.act();
    const again = s.open(1);
    again.scan().begin().write(1, 4, 12).settle();
    again.checkpoint(0).begin().write(1, 2).settle().close();
  });
}

/** Two connections find the log; the one that is second waits for the one that recovers. */
function recoveryBesideOthers(): Scenario {
  return scenario("recovery of a log, beside readers", {}, (s) => {
    logged(s);
    s.on(0).begin().write(1, 2, 3, 11).commit();
    s.ops.push({ op: "SyncDisk" }, { op: "Crash", seed: 1, mode: "keep" });
    s.open(1);
    s.open(2);
    s.act();
    const [a, b] = [s.on(1), s.on(2)];
    a.read().look(2);
    b.begin().write(1, 3).settle();
    a.look(3).done();
    a.scan();
  });
}

function toLog(): Scenario {
  return scenario("from a journal to the log", { onPowerLoss: "all but the last" }, (s) => {
    s.open(0)
      .mode(MODE.DELETE)
      .begin()
      .write(...range(1, 8))
      .commit();
    s.act();
    const w = s.on(0);
    w.begin().write(1, 2).settle();
    w.log();
    w.begin().write(1, 3, 9).settle();
    w.begin().write(1, 4).settle();
  });
}

function fromLog(): Scenario {
  return scenario("from the log to a journal", { onPowerLoss: "all but the last" }, (s) => {
    logged(s);
    s.act();
    const w = s.on(0);
    w.begin().write(1, 2, 11).settle();
    w.add({ op: "CloseWal", c: 0 }).mode(MODE.DELETE);
    w.begin().write(1, 3).settle();
    w.begin().write(1, 4).settle();
  });
}

/** Without shared memory: the wal-index is on the heap. */
function heapLog(): Scenario {
  return scenario("WAL, exclusive", {}, (s) => {
    s.open(0).add({ op: "LockingMode", c: 0, n: 1 }).wal();
    s.on(0)
      .begin()
      .write(...range(1, 8))
      .commit();
    s.act();
    const w = s.on(0);
    w.begin().write(1, 2, 9).settle();
    w.begin().write(1, 3).rollback();
    w.checkpoint(0).begin().write(1, 3).settle().close();
    s.open(1).add({ op: "LockingMode", c: 1, n: 1 }).log().scan();
  });
}

/** From shared memory to exclusive use and back. */
function lockingModes(): Scenario {
  return scenario("WAL, locking modes", {}, (s) => {
    logged(s);
    s.act();
    const w = s.on(0);
    w.add({ op: "LockingMode", c: 0, n: 1 }).begin().write(1, 2).settle();
    w.checkpoint(0).add({ op: "LockingMode", c: 0, n: 0 }).begin().write(1, 3).settle();
    w.scan();
  });
}

/** The last connection closes, and takes the log with it. */
function closing(): Scenario {
  /* If opening the log fails, the last transaction has a journal. */
  return scenario("WAL, closing", { onPowerLoss: "all but the last" }, (s) => {
    logged(s);
    s.on(0).begin().write(1, 2, 11).commit();
    s.open(1).scan();
    s.act();
    s.on(1).begin().write(1, 3).settle().close();
    s.on(0).close();
    s.open(2).log().scan().begin().write(1, 4).settle().close();
  });
}

/**
 * A log so long that the wal-index has two regions. Sectors are large: whoever writes a page writes all of its
 * sector, and each commit fills one up with copies of its last frame.
 */
function twoRegions(): Scenario {
  const setup = { sectorSize: 65536, deviceCharacteristics: 0 };
  return scenario("WAL, two regions of the index", { setup, cache: 300, cost: 15 }, (s) => {
    const w = s.open(0).wal();
    w.begin().write(1, 150).commit();
    for (let i = 0; i < 16; i++) w.begin().write(1).commit();
    s.act();
    w.begin().write(1).settle();
    w.begin().write(1, 140).rollback();
    w.read().look(2, 50, 99).done().checkpoint(0);
    w.begin().write(1, 2).settle();
  });
}

const CHECKPOINTS = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"] as const;

/** Each of them. */
export const LOGS: readonly Scenario[] = [
  commits("synchronous FULL", SYNCHRONOUS.FULL),
  commits("synchronous NORMAL", SYNCHRONOUS.NORMAL),
  spill(),
  ...CHECKPOINTS.flatMap((name, mode) => [checkpoint(mode, name, false), checkpoint(mode, name, true)]),
  recovery("with everything", null),
  recovery("torn", 2),
  recovery("torn otherwise", 5),
  recoveryBesideOthers(),
  toLog(),
  fromLog(),
  heapLog(),
  lockingModes(),
  closing(),
  twoRegions(),
];
