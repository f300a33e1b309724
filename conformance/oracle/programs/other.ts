/** Databases without a name, mapped pages, backups, and what else a pager can do. */

import type { Program } from "../ops.js";
import { MODE, NOCONTENT, range, TEMPORARY, Writer } from "./writer.js";

function temporary(cache: number, n: number): Program {
  const w = new Writer().open(null, cache, 1024, { vfsFlags: TEMPORARY });
  w.add({ op: "IsMemdb", c: 0 }, { op: "Journalname", c: 0 });
  w.begin()
    .write(...range(1, n))
    .commit();
  w.begin()
    .write(...range(1, n))
    .savepoint(1)
    .write(...range(2, n))
    .back(0)
    .rollback();
  w.read().look(2, 3).done().close();
  return w;
}

function inMemory(): Program {
  const w = new Writer().open(":memory:", 10, 1024, { flags: 2 });
  w.add(
    { op: "IsMemdb", c: 0 },
    { op: "Filename", c: 0, nullIfMemDb: true },
    { op: "SetJournalMode", c: 0, n: 0 },
  );
  w.begin()
    .write(...range(1, 30))
    .commit();
  w.begin()
    .write(...range(1, 12))
    .savepoint(2)
    .write(...range(5, 20))
    .back(1)
    .release(0)
    .write(31)
    .rollback();
  w.begin().write(1, 5).commit().close();
  return w;
}

/** Pages that need no content or no write, looked up, referenced twice; statistics. */
function oddments(): Program {
  const w = new Writer().open("/a.db", 20);
  w.add({ op: "SetSpillsize", c: 0, n: 15 }, { op: "GetJournalMode", c: 0 });
  w.add({ op: "OkToChangeJournalMode", c: 0 }, { op: "Isreadonly", c: 0 }, { op: "TempSpace", c: 0 });
  w.add({ op: "ReadFileheader", c: 0, n: 100 }, { op: "Filename", c: 0, nullIfMemDb: false });
  w.begin()
    .write(...range(1, 10))
    .commit();
  w.begin()
    .write(1)
    .add(
      { op: "MaxPageCount", c: 0, n: 50 },
      { op: "Get", c: 0, pgno: 4, slot: 4, flags: NOCONTENT },
      { op: "Write", slot: 4 },
      { op: "DontWrite", slot: 4 },
      { op: "Ref", slot: 4 },
      { op: "PageRefcount", slot: 4 },
      { op: "UnrefNotNull", slot: 4 },
      { op: "Lookup", c: 0, pgno: 4, slot: 5 },
      { op: "Unref", slot: 5 },
      { op: "Unref", slot: 4 },
      { op: "Get", c: 0, pgno: 11, slot: 11, flags: NOCONTENT },
      { op: "Write", slot: 11 },
      { op: "Unref", slot: 11 },
      { op: "Get", c: 0, pgno: 60, slot: 60 },
      { op: "Flush", c: 0 },
      { op: "ExclusiveLock", c: 0 },
    );
  w.commit().add({ op: "MemUsed", c: 0 }, { op: "Shrink", c: 0 }, { op: "MemUsed", c: 0 });
  for (const stat of [7, 8, 9, 10]) w.add({ op: "CacheStat", c: 0, stat, reset: stat === 8 });
  w.read().add({ op: "DirectReadOk", c: 0, n: 2 }, { op: "ClearCache", c: 0 }).done();
  w.add({ op: "WalSupported", c: 0 }, { op: "ReadFileheader", c: 0, n: 100 }).checkpoint(0).close();
  return w;
}

function mapped(): Program {
  const w = new Writer().open().add({ op: "SetMmapLimit", c: 0, n: 1 << 20 });
  w.begin()
    .write(...range(1, 20))
    .commit();
  w.read()
    .look(2, 3, 4)
    .add(
      { op: "Get", c: 0, pgno: 5, slot: 50, flags: 2 },
      { op: "Get", c: 0, pgno: 6, slot: 51, flags: 2 },
      { op: "Unref", slot: 50 },
      { op: "Unref", slot: 51 },
    )
    .done();
  w.begin().write(1, 2, 21).commit().begin().write(1, 3).rollback();
  w.add({ op: "SetMmapLimit", c: 0, n: 0 }).read().look(2).done().close();
  return w;
}

function backup(mode: number): Program {
  const w = new Writer().open();
  if (mode === MODE.WAL) w.wal();
  w.begin()
    .write(...range(1, 6))
    .commit()
    .add({ op: "SetBackup", c: 0, on: true });
  w.begin().write(1, 2, 3).commit();
  w.begin().savepoint(1).write(1, 4).back(0).rollback();
  w.add({ op: "ClearCache", c: 0 });
  w.add({ op: "SetBackup", c: 0, on: false }).begin().write(1, 2).commit().close();
  return w;
}

/** What URI parameters do. */
function uris(): Program {
  const w = new Writer().open();
  w.begin()
    .write(...range(1, 3))
    .commit()
    .close();
  for (const uri of [
    ["nolock", "1"],
    ["psow", "0"],
    ["immutable", "true"],
  ] as const) {
    const r = new Writer(0, w.ops).open("/a.db", 10, 1024, { uri: [uri], vfsFlags: 0x146 });
    r.read().look(2).done().close();
  }
  return w;
}

/** Each by its name. */
export const OTHER: readonly (readonly [string, Program])[] = [
  ["temporary file", temporary(100, 10)],
  ["temporary file that spills", temporary(10, 40)],
  ["in memory", inMemory()],
  ["oddments", oddments()],
  ["mapped pages", mapped()],
  ["backup", backup(MODE.DELETE)],
  ["backup, WAL", backup(MODE.WAL)],
  ["URI parameters", uris()],
];
