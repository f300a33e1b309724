/** Small scenarios that differ in one property of the disk, of the database or of the connection each. */

import type { Op, Setup } from "../oracle/ops.js";
import { CAP, FULL, MODE, range, Writer } from "../oracle/programs/writer.js";
import type { Scenario } from "./record.js";
import { slug } from "./slug.js";

interface Traits {
  setup?: Setup;
  mode?: number;
  pageSize?: number;
  reserve?: number;
  /** sqlite3PagerSetFlags. */
  flags?: number;
  /** Before the first transaction. */
  first?: readonly Op[];
}

/** Fills a file, changes it in a cache that is too small, with a savepoint, rolls back, reads with a second eye. */
function compact(title: string, traits: Traits): Scenario {
  const { setup = {}, mode = MODE.DELETE, pageSize = 1024, reserve = 0, flags = FULL, first = [] } = traits;
  const w = new Writer().open("/a.db", 10, pageSize);
  if (reserve > 0) w.add({ op: "SetPagesize", c: 0, size: pageSize, reserve });
  w.add({ op: "SetFlags", c: 0, n: flags }, ...first);
  if (mode === MODE.WAL) w.wal();
  else w.mode(mode);
  w.begin()
    .write(...range(1, 11))
    .commit();
  w.begin().write(1, 2).savepoint(1).write(2, 12).back(0).write(3).release(0).commit();
  /* Without a journal a rollback could not undo anything. */
  if (mode !== MODE.OFF) {
    w.begin().write(1, 4, 13).rollback();
  }
  w.close();
  new Writer(1, w.ops).open("/a.db", 10, pageSize).read().look(2, 11).done().close();
  return {
    name: slug(`small ${title}`),
    title: `small: ${title}`,
    group: "small",
    program: { setup, ops: w.ops },
  };
}

/** What no other scenario does: two pages change places, and the file is synced by itself. */
function oddments(): Scenario {
  const w = new Writer().open();
  w.begin()
    .write(...range(1, 6))
    .commit();
  w.begin().write(1).savepoint(1).write(3, 5);
  const [a, b] = [301, 501];
  w.add({ op: "Get", c: 0, pgno: 3, slot: a }, { op: "Get", c: 0, pgno: 5, slot: b });
  for (const slot of [a, b]) w.add({ op: "Write", slot }, { op: "Poke", slot, offset: 0, n: 50, seed: slot });
  w.add({ op: "Swap", slot: a, with: b }, { op: "Unref", slot: a }, { op: "Unref", slot: b });
  w.look(3, 5).add({ op: "CommitPhaseOne", c: 0 }, { op: "Sync", c: 0 }, { op: "CommitPhaseTwo", c: 0 });
  w.done().read().look(3, 5).done().close();
  const title = "two pages change places";
  return { name: slug(title), title, group: "small", program: { ops: w.ops } };
}

/** A checkpoint in the journal mode WAL finds the log closed, and reads the schema to open it. */
function closedLog(): Scenario {
  const w = new Writer().open().add({ op: "LockingMode", c: 0, n: 1 }).wal();
  w.begin()
    .write(...range(1, 4))
    .commit();
  w.add({ op: "CloseWal", c: 0 }).checkpoint(0).checkpoint(3).close();
  const title = "a checkpoint of a log that is closed";
  return { name: slug(title), title, group: "small", program: { ops: w.ops } };
}

const DEVICE: readonly [string, number][] = [
  ["no promises", 0],
  ["safe append", CAP.SAFE_APPEND | CAP.POWERSAFE],
  ["sequential", CAP.SEQUENTIAL],
  ["undeletable files", CAP.UNDELETABLE],
  ["atomic writes", CAP.ATOMIC],
];

const MODES = Object.entries(MODE);

/** All of them. */
export const COMPACT: readonly Scenario[] = [
  oddments(),
  closedLog(),
  ...MODES.map(([name, mode]) => compact(`journal mode ${name}`, { mode })),
  ...DEVICE.flatMap(([name, deviceCharacteristics]) => [
    compact(`${name}, DELETE`, { setup: { deviceCharacteristics } }),
    compact(`${name}, WAL`, { setup: { deviceCharacteristics }, mode: MODE.WAL }),
  ]),
  ...[512, 2048, 8192].map((sectorSize) =>
    compact(`sectors of ${sectorSize} bytes`, { setup: { sectorSize } }),
  ),
  ...[1, 2].map((ioVersion) =>
    compact(`methods of version ${ioVersion}`, { setup: { ioVersion: ioVersion as 1 | 2 } }),
  ),
  ...[512, 4096, 8192].flatMap((pageSize) => [
    compact(`pages of ${pageSize} bytes, DELETE`, { pageSize }),
    compact(`pages of ${pageSize} bytes, WAL`, { pageSize, mode: MODE.WAL }),
  ]),
  compact("reserved bytes", { reserve: 32 }),
  ...[
    ["OFF", FULL - 2],
    ["NORMAL", FULL - 1],
    ["EXTRA", FULL + 1],
    ["FULL with fullfsync", FULL | 8],
    ["FULL without spilling", FULL & ~0x20],
  ].flatMap(([name, flags]) =>
    [MODE.DELETE, MODE.WAL].map((mode) =>
      compact(`synchronous ${name}, ${mode === MODE.WAL ? "WAL" : "DELETE"}`, {
        flags: flags as number,
        mode,
      }),
    ),
  ),
  compact("exclusive locking, DELETE", { first: [{ op: "LockingMode", c: 0, n: 1 }] }),
  compact("exclusive locking, PERSIST", { mode: MODE.PERSIST, first: [{ op: "LockingMode", c: 0, n: 1 }] }),
  compact("exclusive locking, TRUNCATE", { mode: MODE.TRUNCATE, first: [{ op: "LockingMode", c: 0, n: 1 }] }),
  compact("exclusive locking, WAL", { mode: MODE.WAL, first: [{ op: "LockingMode", c: 0, n: 1 }] }),
  compact("the lock bytes in the way", { pageSize: 512, setup: { pendingByte: 2048 } }),
  compact("the lock bytes in the way, WAL", { pageSize: 512, setup: { pendingByte: 2048 }, mode: MODE.WAL }),
  compact("journal size limit, PERSIST", {
    mode: MODE.PERSIST,
    first: [{ op: "JournalSizeLimit", c: 0, n: 2000 }],
  }),
  compact("journal size limit, WAL", { mode: MODE.WAL, first: [{ op: "JournalSizeLimit", c: 0, n: 2000 }] }),
];
