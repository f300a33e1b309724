/** Where pages and journals lie: slots of memory, a heap limit, extra bytes, journals in memory. */

import type { Op, Program, Setup } from "../ops.js";
import { FULL, MODE, range, TEMPORARY, Writer } from "./writer.js";

/** More pages than there are slots, in a cache that may hold more, and again in one that may not. */
function slots(mode: number, size: number, n: number, pageSize = 1024): Program {
  const w = new Writer().open("/a.db", 60, pageSize);
  if (mode === MODE.WAL) w.wal();
  else w.mode(mode);
  w.begin()
    .write(...range(1, 50))
    .commit();
  w.begin()
    .write(...range(1, 40))
    .rollback();
  w.add({ op: "SetCachesize", c: 0, n: 10 });
  w.begin()
    .write(...range(20, 50))
    .savepoint(1)
    .write(...range(1, 30))
    .back(0)
    .commit();
  w.add({ op: "Shrink", c: 0 });
  w.read()
    .look(...range(2, 50))
    .done()
    .close();
  return { setup: { pageCache: { size, n } }, ops: w.ops };
}

/** Two connections whose caches are one group take pages from each other. */
function sharedSlots(n: number): Program {
  const a = new Writer(0).open("/a.db", 30);
  const b = new Writer(1, a.ops).open("/b.db", 20);
  a.begin()
    .write(...range(1, 40))
    .commit();
  b.begin()
    .write(...range(1, 30))
    .commit();
  a.read().look(...range(2, 25));
  b.read().look(...range(2, 25));
  a.look(...range(10, 40)).done();
  b.done();
  b.begin().write(...range(1, 12));
  a.begin().write(...range(1, 25));
  b.commit();
  a.rollback();
  a.close();
  b.read()
    .look(...range(2, 30))
    .done()
    .close();
  return { setup: { pageCache: { size: 1300, n } }, ops: a.ops };
}

/** The caches find the heap nearly full, and recycle pages instead of asking for more. */
function heapLimit(mode: number, softHeapLimit: number): Program {
  const w = new Writer().open("/a.db", 200);
  if (mode === MODE.WAL) w.wal();
  else w.mode(mode);
  w.begin()
    .write(...range(1, 80))
    .commit();
  w.begin()
    .write(...range(1, 60))
    .savepoint(1)
    .write(...range(40, 80))
    .back(0)
    .rollback();
  w.read()
    .look(...range(2, 80), ...range(2, 40))
    .done()
    .close();
  return { setup: { softHeapLimit }, ops: w.ops };
}

/** What a caller keeps beside its pages stays with them, and is gone with them. */
function extraBytes(setup: Setup = {}): Program {
  const w = new Writer().open("/a.db", 12, 512, { extra: 200 });
  const mark = (pgno: number): Op[] => [
    { op: "Get", c: 0, pgno, slot: pgno },
    { op: "Poke", slot: pgno, offset: pgno % 150, n: 50, seed: 7000 + pgno, extra: true },
    { op: "Unref", slot: pgno },
  ];
  w.begin()
    .write(...range(1, 30))
    .add(...range(2, 30).flatMap(mark))
    .commit();
  w.add({ op: "SharedLock", c: 0 }, { op: "Get", c: 0, pgno: 1, slot: 1 });
  w.add({ op: "Poke", slot: 1, offset: 0, n: 200, seed: 5, extra: true });
  w.add(...range(5, 25).flatMap(mark), { op: "UnrefPageOne", slot: 1 });
  w.begin()
    .savepoint(1)
    .write(1, 3, 4, 5)
    .add(...mark(3), ...mark(31))
    .back(0)
    .add(...mark(4));
  w.write(8, 12).add(
    { op: "Get", c: 0, pgno: 8, slot: 8 },
    { op: "Movepage", c: 0, slot: 8, pgno: 12, isCommit: false },
    { op: "Write", slot: 8 },
    { op: "Poke", slot: 8, offset: 0, n: 8, seed: 8, extra: true },
    { op: "Unref", slot: 8 },
  );
  w.commit();
  w.read()
    .look(...range(2, 30))
    .done()
    .close();
  return { setup, ops: w.ops };
}

/** Journals in memory that grow, are gone back in, and turn into files. */
function memoryJournals(mode: number, subjInMemory: boolean): Program {
  const w = new Writer().open("/a.db", 200).mode(mode);
  w.begin()
    .write(...range(1, 100))
    .commit();
  w.begin(0, subjInMemory)
    .savepoint(1)
    .write(...range(1, 60))
    .savepoint(2)
    .write(...range(1, 90))
    .back(1)
    .write(...range(30, 80))
    .release(1)
    .savepoint(2)
    .write(...range(1, 100))
    .savepoint(3)
    .write(...range(1, 70))
    .back(2)
    .write(...range(1, 20))
    .back(0)
    .write(5, 6);
  w.rollback();
  w.begin(0, subjInMemory).write(...range(1, 20));
  w.savepoint(2).write(4, 5, 6).release(1).write(5).back(0).commit();
  w.close();
  return w;
}

/** The same without a file underneath: the journal of a temporary database is in memory until it is large. */
function temporaryJournals(): Program {
  const w = new Writer().open(null, 15, 1024, { vfsFlags: TEMPORARY });
  w.begin()
    .write(...range(1, 90))
    .commit();
  w.begin()
    .savepoint(1)
    .write(...range(1, 40))
    .savepoint(2)
    .write(...range(1, 90))
    .savepoint(3)
    .write(...range(1, 90))
    .back(2)
    .write(3)
    .back(0)
    .rollback();
  w.add({ op: "SetFlags", c: 0, n: FULL }).close();
  return w;
}

/** The sub-journal ends where a chunk of it ends, and is read to there: 85 records, 43 chunks. */
function fullChunk(): Program {
  const w = new Writer().open("/a.db", 200, 512).mode(MODE.DELETE);
  w.begin()
    .write(...range(1, 90))
    .commit();
  w.begin(0, true)
    .write(...range(1, 85))
    .savepoint(1)
    .write(...range(1, 85))
    .back(0)
    .write(...range(1, 86))
    .back(0)
    .write(7)
    .commit()
    .close();
  return w;
}

/** A file so large that the sets of its pages are hash tables, of which one becomes too full. */
function largeSets(): Program {
  const w = new Writer().open("/a.db", 400, 512).mode(MODE.MEMORY);
  w.begin().write(1, 5000).commit();
  w.begin()
    .savepoint(1)
    .write(1, ...range(1, 50).map((k) => k * 97))
    .savepoint(2)
    .write(...range(1, 90).map((k) => k * 51))
    .back(1)
    .write(...range(4500, 4560))
    .release(1)
    .write(2, 4999)
    .back(0)
    .write(...range(1, 20))
    .commit();
  /* 62 values, each in its own place, and one that finds its place taken. */
  w.begin()
    .write(...range(1, 62), 126)
    .rollback()
    .close();
  return w;
}

/** Programs by name. */
export const MEMORY: readonly (readonly [string, Program])[] = [
  ["slots for pages, DELETE", slots(MODE.DELETE, 1300, 25)],
  ["slots for pages, WAL", slots(MODE.WAL, 1300, 25)],
  ["slots for pages, more than enough", slots(MODE.DELETE, 1500, 120)],
  ["slots for pages, one", slots(MODE.MEMORY, 1304, 1)],
  ["slots that are too small for pages", slots(MODE.DELETE, 1048, 20)],
  ["slots for large pages", slots(MODE.DELETE, 5000, 80, 4096)],
  ["slots of odd size", slots(MODE.TRUNCATE, 1303, 30)],
  ["slots for two connections", sharedSlots(40)],
  ["slots for two connections, few", sharedSlots(12)],
  ["slots for two connections, more than enough", sharedSlots(100)],
  ["heap limit, DELETE", heapLimit(MODE.DELETE, 60_000)],
  ["heap limit, MEMORY", heapLimit(MODE.MEMORY, 100_000)],
  ["heap limit, WAL", heapLimit(MODE.WAL, 60_000)],
  ["heap limit from the start", heapLimit(MODE.DELETE, 1)],
  ["extra bytes", extraBytes()],
  ["extra bytes, in slots", extraBytes({ pageCache: { size: 1000, n: 9 } })],
  ["journals in memory", memoryJournals(MODE.MEMORY, false)],
  ["sub-journal in memory", memoryJournals(MODE.DELETE, true)],
  ["sub-journal in memory that spills", memoryJournals(MODE.DELETE, false)],
  ["sub-journal that fills its chunks", fullChunk()],
  ["sets that are divided", largeSets()],
  ["journals of a temporary database", temporaryJournals()],
];
