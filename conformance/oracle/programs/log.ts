/** Programs with a write-ahead log. */

import type { Op, Program } from "../ops.js";
import { MODE, range, Writer } from "./writer.js";

function wal(): Program {
  const w = new Writer().open().wal();
  w.begin()
    .write(...range(1, 20))
    .commit()
    .add({ op: "WalCallback", c: 0 });
  w.begin().write(1, 5, 6).commit();
  w.begin().write(1, 5, 30).rollback();
  w.read().look(5, 6).done();
  w.checkpoint(0).begin().write(1, 7).commit().checkpoint(1);
  w.begin().write(1, 8).commit().checkpoint(2).begin().write(1, 9).commit().checkpoint(3);
  w.close();
  return w;
}

/** A reader that stays in the past while a writer goes on and checkpoints. */
function walReaders(): Program {
  const w = new Writer().open().wal();
  w.begin()
    .write(...range(1, 10))
    .commit();
  const r = new Writer(1, w.ops).open();
  r.read().look(2, 3);
  w.begin().write(1, 2, 3).commit().checkpoint(0);
  r.look(2, 4);
  w.add({ op: "Busy", c: 0, n: 2 }).checkpoint(1);
  r.done().read().look(2, 3).done();
  w.checkpoint(2).begin().write(1, 4).commit();
  r.begin();
  w.read().add({ op: "Begin", c: 0, exFlag: 0, subjInMemory: false }).done();
  r.write(1, 6).commit();
  w.read().look(6).done();
  r.close();
  w.close();
  return w;
}

function walSpill(): Program {
  const w = new Writer().open("/a.db", 10).wal();
  w.begin()
    .write(...range(1, 60))
    .commit();
  w.begin()
    .write(...range(1, 40))
    .savepoint(1)
    .write(...range(20, 50))
    .back(0)
    .write(...range(1, 25))
    .commit();
  w.begin()
    .write(...range(1, 40))
    .rollback();
  w.checkpoint(0).close();
  return w;
}

/** The log survives the power, or part of it does. */
function walCrash(seed: number): Program {
  const w = new Writer().open().wal();
  w.begin()
    .write(...range(1, 20))
    .commit();
  w.begin()
    .write(...range(1, 10))
    .commit();
  w.begin()
    .write(...range(1, 15))
    .add({ op: "CommitPhaseOne", c: 0 }, { op: "Crash", seed });
  const again = new Writer(0, w.ops).open();
  again
    .read()
    .look(...range(2, 12))
    .done();
  again.begin().write(1, 2, 3).commit().checkpoint(3).close();
  return w;
}

/** Frames beyond the first region of the wal-index, from pages that stay referenced. */
function walLong(): Program {
  const w = new Writer().open("/a.db", 300, 512).wal();
  w.begin().write(1);
  const pages = range(2, 250);
  for (const pgno of pages) w.add({ op: "Get", c: 0, pgno, slot: pgno }, { op: "Write", slot: pgno });
  for (let i = 0; i < 17; i++) {
    w.add({ op: "CommitPhaseOne", c: 0 }, { op: "CommitPhaseTwo", c: 0 });
    w.begin().add(...[1, ...pages].map((slot): Op => ({ op: "Write", slot })));
    w.add({ op: "Poke", slot: 2 + i, offset: 0, n: 9, seed: i + 1 });
  }
  w.add(...pages.map((slot): Op => ({ op: "Unref", slot }))).commit();
  w.read().look(2, 50, 99).done().checkpoint(0).close();
  return w;
}

/** Exclusive mode with a wal-index on the heap. */
function walExclusive(): Program {
  const w = new Writer().open().add({ op: "LockingMode", c: 0, n: 1 }).wal();
  w.begin()
    .write(...range(1, 8))
    .commit()
    .begin()
    .write(1, 2)
    .commit();
  w.checkpoint(0).add({ op: "CloseWal", c: 0 }).mode(MODE.DELETE);
  w.begin().write(1, 3).commit().close();
  return w;
}

/** Each by its name. */
export const LOG: readonly (readonly [string, Program])[] = [
  ["WAL", wal()],
  ["WAL, readers", walReaders()],
  ["WAL, spill", walSpill()],
  ["WAL, more than one region", walLong()],
  ...[1, 2, 3, 4].map((seed): [string, Program] => [`WAL, crash, seed ${seed}`, walCrash(seed)]),
  ["WAL, exclusive", walExclusive()],
];
