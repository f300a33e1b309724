/** Programs with a rollback journal. */

import type { Program, Setup } from "../ops.js";
import { CAP, MODE, modes, range, Writer } from "./writer.js";

/** Two transactions, a rollback, and a second connection that reads. */
function journalMode(mode: number): Program {
  const w = new Writer().open().mode(mode);
  w.begin()
    .write(...range(1, 12))
    .commit();
  w.begin().write(1, 3, 14).commit();
  /* Without a journal a rollback puts the pager into its error state, and the file keeps what it has. */
  w.begin().write(1, 2, 15).rollback();
  w.read().look(2, 3).done();
  const other = new Writer(1, w.ops).open().mode(mode);
  other
    .read()
    .look(...range(2, 6))
    .done()
    .close();
  w.close();
  return w;
}

/** Writes far more pages than the cache holds. */
function spill(mode: number, setup: Setup = {}): Program {
  const w = new Writer().open("/a.db", 10).mode(mode);
  w.begin()
    .write(...range(1, 60))
    .commit();
  w.begin()
    .write(...range(1, 40))
    .write(...range(10, 20))
    .commit();
  w.begin()
    .write(...range(1, 30))
    .rollback();
  w.close();
  return { setup, ops: w.ops };
}

function savepoints(mode: number, cache: number): Program {
  const w = new Writer().open("/a.db", cache);
  if (mode === MODE.WAL) w.wal();
  else w.mode(mode);
  w.begin()
    .write(...range(1, 20))
    .commit();
  w.begin().write(1, 2, 3).savepoint(1).write(3, 4, 5, 21).savepoint(2).write(5, 6, 7, 22);
  w.back(1).write(8).release(1).write(9, 23).back(0).write(10).release(0).commit();
  w.begin(0, true)
    .savepoint(1)
    .write(...range(1, 20))
    .savepoint(3)
    .write(...range(5, 15))
    .back(2)
    .back(0)
    .rollback();
  w.close();
  return w;
}

function superJournal(mode: number): Program {
  const w = new Writer().open().mode(mode);
  w.begin()
    .write(...range(1, 5))
    .commit();
  w.begin()
    .write(2, 3)
    .add({ op: "Write", slot: 1 }, { op: "CommitPhaseOne", c: 0, superJournal: "/a.db-mj\u00e9" });
  w.add({ op: "CommitPhaseTwo", c: 0 }).done();
  w.begin().write(1, 2).commit();
  w.close();
  return w;
}

/** The power fails between the two phases of a commit, and somebody finds a hot journal. */
function hotJournal(seed: number, sectorSize: number): Program {
  const w = new Writer().open("/a.db", 10).mode(MODE.DELETE);
  w.begin()
    .write(...range(1, 30))
    .commit();
  w.begin()
    .write(...range(1, 25))
    .add({ op: "CommitPhaseOne", c: 0 }, { op: "Crash", seed });
  const again = new Writer(0, w.ops).open("/a.db", 20);
  again
    .read()
    .look(...range(2, 12))
    .done();
  again.begin().write(1, 4).commit().close();
  return { setup: { sectorSize }, ops: w.ops };
}

function lockingModes(): Program {
  const w = new Writer().open().mode(MODE.DELETE).add({ op: "LockingMode", c: 0, n: 1 });
  w.begin()
    .write(...range(1, 5))
    .commit();
  w.begin().write(1, 2).commit();
  w.begin().write(1, 2).rollback();
  w.mode(MODE.TRUNCATE).begin().write(1, 3).commit();
  w.mode(MODE.PERSIST).add({ op: "JournalSizeLimit", c: 0, n: 1000 }).begin().write(1, 3, 4).commit();
  w.add({ op: "LockingMode", c: 0, n: 0 }).read().done();
  w.mode(MODE.MEMORY).begin().write(1, 2).commit().close();
  return w;
}

function twoConnections(): Program {
  const a = new Writer().open();
  a.begin()
    .write(...range(1, 6))
    .commit();
  const b = new Writer(1, a.ops).open();
  b.read().look(2);
  a.begin().write(1, 2);
  /* b reads, so a cannot commit; b cannot write, since a does. */
  b.add({ op: "Begin", c: 1, exFlag: 0, subjInMemory: false }, { op: "Busy", c: 0, n: 3 });
  a.add({ op: "CommitPhaseOne", c: 0 });
  b.done();
  a.commit();
  b.read().look(2, 3).add({ op: "DataVersion", c: 1 }).done();
  b.begin(1).write(1, 4).commit();
  a.read().look(4).done().close();
  b.close();
  return a;
}

function movePages(): Program {
  const w = new Writer().open();
  w.begin()
    .write(...range(1, 12))
    .commit();
  w.begin().savepoint(1).write(1);
  for (const [from, to] of [
    [10, 13],
    [12, 10],
    [5, 14],
  ] as const) {
    w.write(from, to).add(
      { op: "Get", c: 0, pgno: from, slot: from },
      { op: "Movepage", c: 0, slot: from, pgno: to, isCommit: false },
      { op: "Write", slot: from },
      { op: "Poke", slot: from, offset: 10, n: 20, seed: to },
      { op: "Unref", slot: from },
    );
  }
  w.back(0).write(3).commit();
  w.begin().write(1).add({ op: "TruncateImage", c: 0, n: 8 }).commit();
  w.read().look(8).done().close();
  return w;
}

/** Each by its name. */
export const JOURNAL: readonly (readonly [string, Program])[] = [
  ...modes.map(([name, mode]): [string, Program] => [`journal mode ${name}`, journalMode(mode)]),
  ...modes.map(([name, mode]): [string, Program] => [`spill, ${name}`, spill(mode)]),
  ["spill, sectors of 512 bytes", spill(MODE.DELETE, { sectorSize: 512 })],
  ["spill, sectors of 8192 bytes", spill(MODE.DELETE, { sectorSize: 8192, deviceCharacteristics: 0 })],
  ["spill, safe append", spill(MODE.DELETE, { deviceCharacteristics: CAP.SAFE_APPEND | CAP.POWERSAFE })],
  ["spill, sequential", spill(MODE.PERSIST, { deviceCharacteristics: CAP.SEQUENTIAL })],
  ["spill, undeletable files", spill(MODE.DELETE, { deviceCharacteristics: CAP.UNDELETABLE })],
  ["spill, atomic writes", spill(MODE.DELETE, { deviceCharacteristics: CAP.ATOMIC })],
  ["spill, methods of version 1", spill(MODE.DELETE, { ioVersion: 1 })],
  ...[...modes, ["WAL", MODE.WAL] as const]
    .filter(([, mode]) => mode !== MODE.OFF)
    .flatMap(([name, mode]): [string, Program][] => [
      [`savepoints, ${name}`, savepoints(mode, 100)],
      [`savepoints that spill, ${name}`, savepoints(mode, 10)],
    ]),
  ["super-journal, DELETE", superJournal(MODE.DELETE)],
  ["super-journal, PERSIST", superJournal(MODE.PERSIST)],
  ["super-journal, TRUNCATE", superJournal(MODE.TRUNCATE)],
  ...[1, 2, 3, 4].map((seed): [string, Program] => [
    `hot journal, seed ${seed}`,
    hotJournal(seed, seed % 2 ? 512 : 4096),
  ]),
  ["exclusive locking", lockingModes()],
  ["two connections", twoConnections()],
  ["moved pages, a shorter image", movePages()],
];
