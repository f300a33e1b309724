/** Scenarios with a rollback journal. */

import { CAP, MODE, range } from "../programs/writer.js";
import { PROMISES, type Scenario, type Stage, SYNCHRONOUS, scenario, type Traits } from "./scenario.js";

type Mode = keyof typeof PROMISES;

/** A database of some pages, opened, with its mode set. */
function filled(stage: Stage, mode: Mode, n = 8): void {
  const w = stage.open(0);
  if (mode === "WAL") w.wal();
  else w.mode(MODE[mode]);
  w.begin()
    .write(...range(1, n))
    .commit();
}

/** Commits, rolls back, commits, with more pages than before and without. */
function transactions(mode: Mode, traits: Traits = {}, flags: number = SYNCHRONOUS.FULL): Scenario[] {
  const name =
    Object.keys(traits).length === 0 ? `journal ${mode}` : `journal ${mode}, ${nameOf(traits, flags)}`;
  return [
    scenario(name, { ...PROMISES[mode], ...traits }, (s) => {
      filled(s, mode);
      s.on(0).add({ op: "SetFlags", c: 0, n: flags });
      s.act();
      const w = s.on(0);
      w.begin().write(1, 2, 3, 9).settle();
      /* Without a journal nobody knows what a rollback leaves. */
      if (mode !== "OFF") w.begin().write(1, 4, 10).rollback();
      w.begin().write(1, 2, 5, 6).settle();
    }),
  ];
}

function nameOf({ setup, pageSize }: Traits, flags: number): string {
  const parts: string[] = [];
  if (flags === SYNCHRONOUS.NORMAL) parts.push("synchronous NORMAL");
  if (flags === SYNCHRONOUS.EXTRA) parts.push("synchronous EXTRA");
  if (pageSize !== undefined) parts.push(`pages of ${pageSize} bytes`);
  if (setup?.sectorSize !== undefined) parts.push(`sectors of ${setup.sectorSize} bytes`);
  const caps = Object.entries(CAP).filter(([, bit]) => ((setup?.deviceCharacteristics ?? 0) & bit) !== 0);
  parts.push(...caps.map(([name]) => name));
  return parts.join(", ");
}

/** More pages than the cache holds: they get into the file before the commit. */
function spill(mode: Mode, traits: Traits = {}): Scenario {
  return scenario(`spill, ${mode}`, { cache: 10, ...PROMISES[mode], ...traits }, (s) => {
    filled(s, mode, 12);
    s.act();
    const w = s.on(0);
    w.begin()
      .write(...range(1, 22))
      .settle();
    if (mode === "OFF") return;
    w.begin()
      .write(...range(1, 16))
      .rollback();
  });
}

/** Savepoints, gone back to and released. */
function savepoints(mode: Mode, cache: number): Scenario {
  const name = cache === 10 ? `savepoints that spill, ${mode}` : `savepoints, ${mode}`;
  return scenario(name, { cache, ...PROMISES[mode] }, (s) => {
    filled(s, mode, 14);
    s.act();
    const w = s.on(0);
    w.begin().write(1, 2, 3).savepoint(1).write(3, 4, 5, 15).savepoint(2).write(5, 6, 7, 16);
    w.back(1).write(1, 8).release(1).write(1, 9, 17).back(0);
    if (cache === 10)
      w.write(1, ...range(4, 14))
        .savepoint(2)
        .write(...range(2, 14))
        .back(1);
    w.write(1, 10).release(0).settle();
  });
}

/** So many pages in a savepoint that the sub-journal does not stay in memory. */
function subJournal(mode: Mode): Scenario {
  return scenario(`sub-journal in a file, ${mode}`, { pageSize: 4096, cost: 2, ...PROMISES[mode] }, (s) => {
    filled(s, mode, 20);
    s.act();
    const w = s.on(0);
    w.begin().write(1).savepoint(1);
    w.write(...range(1, 20))
      .savepoint(2)
      .write(...range(1, 19))
      .back(1)
      .back(0)
      .write(1, 2)
      .settle();
  });
}

/** One transaction in two databases. */
function superJournal(mode: Mode): Scenario {
  const traits: Traits = { files: ["/a.db", "/b.db"], onPowerLoss: "all" };
  return scenario(`super-journal, ${mode}`, traits, (s) => {
    for (const [c, file] of ["/a.db", "/b.db"].entries()) {
      s.open(c, file)
        .mode(MODE[mode])
        .begin()
        .write(...range(1, 6))
        .commit();
    }
    s.act();
    const [a, b] = [s.on(0), s.on(1)];
    const name = "/a.db-mj0123459AB";
    a.begin().write(1, 2, 7);
    b.begin().write(1, 3, 8);
    a.add({ op: "ExclusiveLock", c: 0 }, { op: "ExclusiveLock", c: 1 });
    a.add({ op: "WriteSuper", file: name, names: ["/a.db-journal", "/b.db-journal"] });
    a.add(
      { op: "CommitPhaseOne", c: 0, superJournal: name },
      { op: "CommitPhaseOne", c: 1, superJournal: name },
    );
    a.add({ op: "DeleteSuper", file: name });
    for (const c of [0, 1]) a.add({ op: "CommitPhaseTwo", c }, { op: "Rollback", c });
    a.done();
    b.done();
  });
}

/** A journal that is found: the power went between the phases of a commit, or in the middle of a spill. */
function hotJournal(name: string, when: "committing" | "spilling", setup: Traits["setup"] = {}): Scenario {
  return scenario(`hot journal, ${name}`, { cache: 10, setup, ...PROMISES.DELETE }, (s) => {
    filled(s, "DELETE", 16);
    const w = s.on(0);
    w.begin().add({ op: "SyncDisk" });
    if (when === "committing") w.write(...range(1, 14)).add({ op: "CommitPhaseOne", c: 0 });
    else w.write(...range(1, 30)).write(...range(2, 16));
    s.ops.push({ op: "Crash", seed: 1, mode: "keep" });
    s.act();
    const again = s.open(1);
    again.scan().begin().write(1, 4, 17).settle().close();
  });
}

/** Journals of two databases, with the super-journal that they name or without it. */
function hotSuper(isCommitted: boolean): Scenario {
  const traits: Traits = { files: ["/a.db", "/b.db"] };
  return scenario(`hot journals, super-journal ${isCommitted ? "deleted" : "there"}`, traits, (s) => {
    const name = "/a.db-mj0123459AB";
    for (const [c, file] of ["/a.db", "/b.db"].entries()) {
      s.open(c, file)
        .begin()
        .write(...range(1, 6))
        .commit();
    }
    s.ops.push({ op: "SyncDisk" });
    for (const c of [0, 1]) s.on(c).begin().write(1, 2, 7);
    s.ops.push({ op: "WriteSuper", file: name, names: ["/a.db-journal", "/b.db-journal"] });
    for (const c of [0, 1]) s.ops.push({ op: "CommitPhaseOne", c, superJournal: name });
    if (isCommitted) s.ops.push({ op: "DeleteSuper", file: name });
    s.ops.push({ op: "Crash", seed: 1, mode: "keep" });
    s.act();
    for (const [i, file] of ["/a.db", "/b.db"].entries())
      s.open(2 + i, file)
        .scan()
        .close();
  });
}

function exclusive(): Scenario {
  return scenario("exclusive locking", {}, (s) => {
    filled(s, "DELETE");
    s.on(0).add({ op: "LockingMode", c: 0, n: 1 });
    s.act();
    const w = s.on(0);
    w.begin().write(1, 2).settle();
    w.mode(MODE.TRUNCATE).begin().write(1, 3).settle();
    w.mode(MODE.PERSIST).add({ op: "JournalSizeLimit", c: 0, n: 600 }).begin().write(1, 3, 4, 9).settle();
    w.add({ op: "LockingMode", c: 0, n: 0 }).read().done();
    w.begin().write(1, 2).settle();
  });
}

/** From one mode to the next, with a transaction in each. */
function modeChanges(): Scenario {
  return scenario("journal modes, one after the other", { onPowerLoss: "all but the last" }, (s) => {
    filled(s, "PERSIST");
    s.act();
    const w = s.on(0);
    for (const mode of ["PERSIST", "DELETE", "TRUNCATE", "DELETE"] as const) {
      w.mode(MODE[mode]).begin().write(1, 2, 3).settle();
    }
  });
}

/** As an auto-vacuum commits: the last pages are moved to where there is room, and the file gets shorter. */
function autoVacuum(mode: Mode, isExtra = false): Scenario {
  const name = `moved pages and a shorter file, ${mode}${isExtra ? ", synchronous EXTRA" : ""}`;
  return scenario(name, isExtra ? {} : PROMISES[mode], (s) => {
    filled(s, mode, 14);
    if (isExtra) s.ops.push({ op: "SetFlags", c: 0, n: SYNCHRONOUS.EXTRA });
    s.act();
    const w = s.on(0);
    w.begin().write(1);
    for (const [from, to] of [
      [14, 3],
      [13, 5],
    ] as const) {
      w.write(from, to).add(
        { op: "Get", c: 0, pgno: from, slot: from },
        { op: "Movepage", c: 0, slot: from, pgno: to, isCommit: true },
        { op: "Write", slot: from },
        { op: "Poke", slot: from, offset: 10, n: 20, seed: to },
        { op: "Unref", slot: from },
      );
    }
    w.write(1).add({ op: "TruncateImage", c: 0, n: 11 }).settle();
    w.begin().write(1, 12).settle();
  });
}

/** Three connections that take turns, and stand in each other's way. */
function three(mode: Mode): Scenario {
  return scenario(`three connections, ${mode}`, { ...PROMISES[mode], expected: [5] }, (s) => {
    filled(s, mode);
    s.open(1);
    s.open(2);
    s.act();
    const [a, b, c] = [s.on(0), s.on(1), s.on(2)];
    b.read().look(2);
    a.begin().write(1, 2);
    b.add({ op: "Begin", c: 1, exFlag: 0, subjInMemory: false }, { op: "Busy", c: 0, n: 2 });
    a.add({ op: "CommitPhaseOne", c: 0 });
    c.read().look(2).done();
    b.done();
    a.settle();
    b.begin(1).write(1, 3, 9).settle();
    c.begin().write(1, 2, 4).settle();
    b.scan();
    a.scan();
  });
}

function backups(mode: Mode): Scenario {
  return scenario(`backup, ${mode}`, PROMISES[mode], (s) => {
    filled(s, mode);
    s.on(0).add({ op: "SetBackup", c: 0, on: true });
    s.act();
    const w = s.on(0);
    w.begin().write(1, 2, 9).settle();
    w.begin().savepoint(1).write(1, 3).back(0).write(1, 4).settle();
    w.begin().write(1, 5).rollback();
    w.add({ op: "ClearCache", c: 0 });
  });
}

function mapped(mode: Mode): Scenario {
  return scenario(`mapped pages, ${mode}`, PROMISES[mode], (s) => {
    filled(s, mode, 12);
    s.on(0).add({ op: "SetMmapLimit", c: 0, n: 1 << 20 }, { op: "ClearCache", c: 0 });
    s.act();
    const w = s.on(0);
    w.read()
      .look(2, 3)
      .add(
        { op: "Get", c: 0, pgno: 5, slot: 50, flags: 2 },
        { op: "Get", c: 0, pgno: 6, slot: 51, flags: 2 },
        { op: "Unref", slot: 50 },
        { op: "Unref", slot: 51 },
      )
      .done();
    w.begin().write(1, 2, 13).settle();
    w.add({ op: "ClearCache", c: 0 }).read().look(2, 13).done();
    w.begin().write(1, 4).rollback();
    w.add({ op: "SetMmapLimit", c: 0, n: 0 }).begin().write(1, 6).settle();
  });
}

/** A new database, from opening to closing, and once more. */
function fromTheStart(mode: Mode): Scenario {
  return scenario(`a new database, ${mode}`, PROMISES[mode], (s) => {
    s.act();
    const w = s.open(0).mode(MODE[mode]);
    w.begin()
      .write(...range(1, 4))
      .settle()
      .close();
    s.open(1)
      .mode(MODE[mode])
      .add({ op: "ReadFileheader", c: 1, n: 100 })
      .begin()
      .write(1, 2)
      .settle()
      .scan();
  });
}

/** With a temporary file, or in memory. */
function volatile(name: string, file: string | null, cache: number, more: object): Scenario {
  return scenario(name, { isVolatile: true, cache }, (s) => {
    const w = s.open(0, file, more);
    w.begin()
      .write(...range(1, 12))
      .commit();
    s.act();
    w.begin().write(1, 2, 3, 13).settle();
    w.begin()
      .write(...range(1, 12))
      .savepoint(1)
      .write(...range(2, 11))
      .back(0)
      .write(1, 4)
      .settle();
    w.begin()
      .write(...range(1, 14))
      .rollback();
  });
}

/** SQLITE_OPEN_* of a temporary database. */
const TEMPORARY = { vfsFlags: 0x21e };

/** Each of them. */
export const JOURNALS: readonly Scenario[] = [
  ...transactions("DELETE"),
  ...transactions("PERSIST"),
  ...transactions("TRUNCATE"),
  ...transactions("MEMORY"),
  ...transactions("OFF"),
  ...transactions("DELETE", { onPowerLoss: "all but the last" }, SYNCHRONOUS.NORMAL),
  ...transactions("DELETE", { onPowerLoss: "all" }, SYNCHRONOUS.EXTRA),
  ...transactions("DELETE", { setup: { sectorSize: 2048, deviceCharacteristics: 0 } }),
  ...transactions("TRUNCATE", { pageSize: 1024, setup: { sectorSize: 4096, deviceCharacteristics: 0 } }),
  ...transactions("DELETE", { setup: { deviceCharacteristics: CAP.SAFE_APPEND | CAP.POWERSAFE } }),
  ...transactions("PERSIST", { setup: { deviceCharacteristics: CAP.SEQUENTIAL | CAP.POWERSAFE } }),
  ...transactions("DELETE", { setup: { deviceCharacteristics: CAP.UNDELETABLE | CAP.POWERSAFE } }),
  ...transactions("DELETE", { setup: { deviceCharacteristics: CAP.ATOMIC }, commitsInPhaseOne: true }),
  ...(["DELETE", "PERSIST", "TRUNCATE", "MEMORY", "OFF"] as const).map((mode) => spill(mode)),
  ...(["DELETE", "TRUNCATE", "MEMORY", "WAL"] as const).flatMap((mode) => [
    savepoints(mode, 100),
    savepoints(mode, 10),
  ]),
  subJournal("DELETE"),
  subJournal("WAL"),
  ...(["DELETE", "PERSIST", "TRUNCATE"] as const).map(superJournal),
  hotJournal("after the first phase", "committing"),
  hotJournal("of several parts", "spilling"),
  hotJournal("sectors larger than pages", "committing", { sectorSize: 2048, deviceCharacteristics: 0 }),
  hotSuper(false),
  hotSuper(true),
  exclusive(),
  modeChanges(),
  autoVacuum("DELETE", true),
  ...(["DELETE", "TRUNCATE", "WAL"] as const).map((mode) => autoVacuum(mode)),
  ...(["DELETE", "WAL"] as const).flatMap((mode) => [three(mode), backups(mode), mapped(mode)]),
  fromTheStart("DELETE"),
  fromTheStart("TRUNCATE"),
  volatile("temporary file", null, 100, TEMPORARY),
  volatile("temporary file that spills", null, 10, TEMPORARY),
  volatile("in memory", ":memory:", 10, { flags: 2 }),
];
