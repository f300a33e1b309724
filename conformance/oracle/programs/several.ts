/** Three connections and more, on one file and on several. */

import type { Op, Program } from "../ops.js";
import { MODE, range, Writer } from "./writer.js";

/** Connections 0 and 1 on one file, 2 and 3 on another, all with things of their own going on. */
function fourConnections(): Program {
  const a = new Writer(0).open("/a.db", 20).mode(MODE.DELETE);
  a.begin()
    .write(...range(1, 10))
    .commit();
  const b = new Writer(1, a.ops).open("/a.db", 20).mode(MODE.PERSIST);
  const c = new Writer(2, a.ops).open("/b.db", 20).wal();
  c.begin()
    .write(...range(1, 8))
    .commit();
  const d = new Writer(3, a.ops).open("/b.db", 20);
  const e = new Writer(4, a.ops).open("/b.db", 20);
  a.add({ op: "SetBackup", c: 0, on: true }, { op: "SetBackup", c: 2, on: true });
  b.read().look(2, 3);
  d.read().look(2, 3);
  e.read().look(4);
  a.begin().write(1, 2);
  c.begin().write(1, 2, 9).commit();
  /* 1 reads and keeps 0 from committing; 3 and 4 read and keep 2 from starting the log anew. */
  a.add({ op: "Busy", c: 0, n: 2 }, { op: "Busy", c: 1, n: 5 }, { op: "Busy", c: 2, n: 3 });
  a.add({ op: "Busy", c: 4, n: 1 }, { op: "CommitPhaseOne", c: 0 });
  b.add({ op: "Begin", c: 1, exFlag: 0, subjInMemory: false });
  d.add({ op: "Checkpoint", c: 2, mode: 2 });
  d.done();
  d.add({ op: "Checkpoint", c: 2, mode: 3 }, { op: "Checkpoint", c: 4, mode: 1 });
  d.read();
  e.look(2, 3).done();
  e.begin().write(1, 5);
  d.add({ op: "Begin", c: 3, exFlag: 0, subjInMemory: false });
  c.read().look(2, 5).done();
  e.commit();
  d.look(5).done();
  b.done();
  a.commit();
  b.read().look(2).done();
  b.begin(1).write(1, 11).rollback();
  a.read()
    .look(...range(2, 10))
    .done();
  c.begin().write(1, 7).commit();
  d.read().look(7).done().checkpoint(3);
  e.scan();
  a.close();
  e.close();
  c.close();
  b.scan().close();
  d.scan().close();
  return a;
}

/** Connections of one log in the past, in the present, and in between, and one that comes when all others are gone. */
function manyReaders(): Program {
  const w = new Writer(0).open("/a.db", 30).wal();
  w.begin()
    .write(...range(1, 6))
    .commit();
  const readers = [1, 2, 3, 4, 5, 6].map((c) => new Writer(c, w.ops).open("/a.db", 30));
  readers.forEach((r, i) => {
    r.read().look(2);
    w.begin()
      .write(1, 2 + (i % 5))
      .commit();
  });
  w.add({ op: "Busy", c: 0, n: 2 }).checkpoint(0).checkpoint(1);
  readers.forEach((r) => {
    r.look(...range(2, 6)).done();
    w.checkpoint(0);
  });
  w.checkpoint(2);
  readers[2]!.begin().write(1, 3);
  readers[3]!.read().add({ op: "Begin", c: 4, exFlag: 0, subjInMemory: false });
  readers[2]!.commit();
  readers[3]!.look(3).add({ op: "Begin", c: 4, exFlag: 0, subjInMemory: false }).done();
  for (const r of readers) r.scan().close();
  w.close();
  const last = new Writer(1, w.ops).open();
  last.scan().close();
  return w;
}

/** What two pagers do to commit together; the power may fail before the super-journal is gone, or after. */
function together(mode: number, crash: "never" | "before" | "between" | "after", seed = 1): Program {
  const a = new Writer(0).open("/a.db", 20).mode(mode);
  const b = new Writer(1, a.ops).open("/b.db", 20).mode(mode);
  const c = new Writer(2, a.ops).open("/c.db", 20).mode(mode);
  const all = [a, b, c];
  for (const w of all) {
    w.begin()
      .write(...range(1, 12))
      .commit();
  }
  const file = "/a.db-mj0123";
  const again = (seed: number): void => {
    a.begin()
      .write(...range(1, 6))
      .write(13);
    b.begin().write(...range(1, 9));
    const names = ["/a.db-journal", "/b.db-journal"];
    a.add({ op: "WriteSuper", file, names });
    a.add({ op: "CommitPhaseOne", c: 0, superJournal: file });
    if (crash === "before") a.add({ op: "Crash", seed, mode: "keep" });
    a.add({ op: "CommitPhaseOne", c: 1, superJournal: file });
    if (crash === "between") a.add({ op: "Crash", seed, mode: "keep" });
    a.add({ op: "DeleteSuper", file });
    a.add({ op: "CommitPhaseTwo", c: 0 });
    if (crash === "after") a.add({ op: "Crash", seed, mode: "keep" });
    a.add({ op: "CommitPhaseTwo", c: 1 });
  };
  again(seed);
  const reopened: Op[] = [];
  if (crash !== "never") {
    for (const [k, name] of ["/b.db", "/a.db", "/c.db"].entries()) {
      const w = new Writer(k, reopened).open(name, 20);
      w.scan();
    }
    a.add(...reopened);
  } else {
    a.done();
    b.done();
  }
  for (const w of all) w.scan().close();
  return a;
}

/** The busy handler of each of three connections is asked for itself, as often as it was told. */
function busyHandlers(): Program {
  const all = [0, 1, 2].map((c) => new Writer(c).open("/a.db", 20));
  const ops = all.flatMap((w) => w.ops);
  const [a, b, c] = [0, 1, 2].map((n) => new Writer(n, ops)) as [Writer, Writer, Writer];
  a.begin().write(1, 2, 3).commit();
  a.add({ op: "Busy", c: 0, n: 1 }, { op: "Busy", c: 1, n: 2 }, { op: "Busy", c: 2, n: 3 });
  a.begin(1);
  b.read().done();
  c.read().done();
  b.read().done();
  a.write(1).commit();
  b.read();
  c.read();
  a.begin().write(1, 3);
  a.add({ op: "CommitPhaseOne", c: 0 }, { op: "Busy", c: 0, n: 4 }, { op: "CommitPhaseOne", c: 0 });
  b.done();
  a.add({ op: "CommitPhaseOne", c: 0 });
  c.done();
  a.commit();
  b.scan();
  c.begin(1).write(1).commit();
  for (const w of [a, b, c]) w.close();
  return { ops };
}

/** Programs by name. */
export const SEVERAL: readonly (readonly [string, Program])[] = [
  ["four connections, two files", fourConnections()],
  ["seven connections to a log", manyReaders()],
  ["three busy handlers", busyHandlers()],
  ["two databases commit together, DELETE", together(MODE.DELETE, "never")],
  ["two databases commit together, PERSIST", together(MODE.PERSIST, "never")],
  ["two databases commit together, TRUNCATE", together(MODE.TRUNCATE, "never")],
  ...(["before", "between", "after"] as const).flatMap((crash): [string, Program][] => [
    [`two databases commit together, the power fails ${crash}, DELETE`, together(MODE.DELETE, crash)],
    [`two databases commit together, the power fails ${crash}, PERSIST`, together(MODE.PERSIST, crash, 3)],
  ]),
];
