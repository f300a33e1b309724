/** Whatever is damaged on one side, the quick comparison sees it, and the one that gives names has a name for it. */

import "./wasm32.js";
import { beforeAll, describe, expect, it } from "vitest";
import { type PgHdr, pcache1Global, Ref, sqlite3StatusDown, sqlite3StatusUp } from "../../src/index.js";
import type { PCache1, PCacheGlobal, PgHdr1 } from "../../src/pcache/pcache1.js";
import { findCompiler } from "../engine/build/compile.js";
import { buildOracle } from "./build/index.js";
import { CSide } from "./c-side.js";
import { compareDeep, compareState } from "./compare.js";
import { OracleModule } from "./module.js";
import type { Op, Program } from "./ops.js";
import { PortSide } from "./port-side.js";
import { MODE, PROGRAMS } from "./programs/index.js";
import { Quick } from "./quick.js";
import { NOT_COMPARED } from "./side.js";

const missing = await findCompiler().then(
  () => null,
  (e: Error) => {
    if (!e.message.includes("needs a C compiler for WebAssembly, and there is none")) throw e;
    return e.message;
  },
);
let module: OracleModule;

/** Damages something; gives the way back. */
type Damage = () => () => void;

/** Both sides after the first operations of a program, with what compares them. */
class Pair {
  readonly c: CSide;
  readonly port: PortSide;
  readonly quick: Quick;

  constructor(program: Program, until: (op: Op, done: Pair) => boolean) {
    this.c = new CSide(module, program.setup ?? {});
    this.port = new PortSide(module.structs, program.setup ?? {});
    this.quick = new Quick(module, this.c, this.port);
    for (const op of program.ops) {
      expect(this.c.run(op)).toEqual(this.port.run(op));
      if (until(op, this)) return;
    }
    throw new Error("the program never comes to that");
  }

  /** What the two comparisons say: whether all is equal, and the names of what is not. */
  look(): { same: boolean; names: string[] } {
    const same = this.quick.state() && this.quick.deep();
    const names = [...compareState(this.c, this.port), ...compareDeep(this.c, this.port)].map((d) => d.what);
    return { same, names };
  }

  /** Names of damages that one of the two did not see, or that do not go away again. */
  unseen(damages: readonly (readonly [string, Damage])[]): string[] {
    const unseen: string[] = [];
    expect(this.look()).toEqual({ same: true, names: [] });
    for (const [name, damage] of damages) {
      const undo = damage();
      const { same, names } = this.look();
      undo();
      if (same) unseen.push(`${name}: not seen`);
      if (names.length === 0) unseen.push(`${name}: has no name`);
    }
    expect(this.look()).toEqual({ same: true, names: [] });
    return unseen;
  }
}

function set<T extends object, K extends keyof T>(object: T, key: K, value: T[K]): () => void {
  const old = object[key];
  object[key] = value;
  return () => {
    object[key] = old;
  };
}

/** A change of one field to something that the comparison by names survives; null if there is none. */
function damageOf(object: Record<string, unknown>, name: string, isPointer: boolean): Damage | null {
  const value = object[name];
  if (isPointer && ArrayBuffer.isView(value)) return () => set(object, name, null);
  if (typeof value === "number") return () => set(object, name, value + 1);
  if (value instanceof Ref) {
    if (typeof value.value === "number") return () => set(value, "value", value.value + 1);
    return () => set(value, "value", value.value === null ? {} : null);
  }
  if (ArrayBuffer.isView(value)) {
    const array = value as Uint8Array;
    return array.length === 0 ? null : () => set(array, array.length - 1, array[array.length - 1]! ^ 1);
  }
  if (typeof value === "function") {
    if (name === "xGet") return () => set(object, name, function getPageError() {});
    return () => set(object, name, null);
  }
  return null;
}

/** One damage for each field of a struct that is compared. */
function fieldsOf(struct: string, object: object): (readonly [string, Damage])[] {
  const damages: (readonly [string, Damage])[] = [];
  for (const { name, kind } of module.structs.get(struct)!.fields) {
    if (NOT_COMPARED.has(`${struct}.${name}`)) continue;
    const damage = damageOf(object as Record<string, unknown>, name, kind === "pointer");
    if (damage !== null) damages.push([`${struct}.${name}`, damage]);
  }
  return damages;
}

/** memjournal.ts keeps its classes to itself. */
interface FileChunk {
  pNext: FileChunk | null;
  mem: Uint8Array;
}
interface FilePoint {
  pChunk: FileChunk | null;
}
interface MemJournal {
  pFirst: FileChunk | null;
  endpoint: FilePoint;
  readpoint: FilePoint;
}

function changeStatus(op: number): () => void {
  sqlite3StatusDown(op, 1);
  return () => sqlite3StatusUp(op, 1);
}

function pageOf(cache: PCache1, n: number): PgHdr1 {
  for (let h = 0; h < cache.nHash; h++) if (cache.apHash![h] !== null && n-- === 0) return cache.apHash![h]!;
  throw new Error("there are not so many pages");
}

describe.skipIf(missing !== null)("quick comparison", () => {
  beforeAll(async () => {
    module = new OracleModule((await buildOracle({ kind: "debug" })).path);
  }, 600_000);

  it("sees every field, of a pager with journal and savepoints", () => {
    let n = 0;
    const pair = new Pair(
      PROGRAMS.get("savepoints that spill, DELETE")!,
      (op, { port }) => op.op === "Write" && port.pager(0).nSavepoint > 1 && ++n > 6,
    );
    const pager = pair.port.pager(0);
    const cache = pager.pPCache.pCache as PCache1;
    const damages = [
      ...fieldsOf("Pager", pager),
      ...fieldsOf("PagerSavepoint", pager.aSavepoint[1]!),
      ...fieldsOf("PCache", pager.pPCache),
      ...fieldsOf("PCache1", cache),
      ...fieldsOf("PGroup", cache.pGroup!),
      ...fieldsOf("Bitvec", pager.pInJournal!),
      ["PGroup.nPurgeable", () => set(cache.pGroup!.nPurgeable, "value", 99)],
      ["Pager.fd", () => set(pager.fd, "pMethods", null)],
      ["Pager.jfd", () => set(pager.jfd, "pMethods", null)],
      ["Pager.pWal", () => set(pager, "zWal", null)],
      ["Pager.zJournal", () => set(pager.zJournal!, 3, 33)],
      ["Pager.zFilename", () => set(pager.zFilename, 0, 0)],
      ["Pager.aSavepoint", () => set(pager, "aSavepointMem", null)],
      ["a member of a set", () => set(pager.pInJournal!.u.aBitmap, 300, 1)],
      ["a member of a savepoint's set", () => set(pager.aSavepoint[0]!.pInSavepoint!.u.aBitmap, 0, 0x55)],
      ["no set", () => set(pager.aSavepoint[0]!, "pInSavepoint", null)],
    ] as (readonly [string, Damage])[];
    expect(damages.length).toBeGreaterThan(80);
    expect(pair.unseen(damages)).toEqual([]);
  });

  it("sees every field of a log", () => {
    let n = 0;
    const pair = new Pair(
      PROGRAMS.get("savepoints, WAL")!,
      (op, { port }) => op.op === "CommitPhaseOne" && port.pager(0).pWal !== null && ++n > 1,
    );
    const wal = pair.port.pager(0).pWal!;
    const damages = [
      ...fieldsOf("Wal", wal),
      ["Wal.hdr", () => set(wal.hdr.aByte, 47, wal.hdr.aByte[47]! ^ 1)],
      ["Wal.apWiData", () => set(wal, "apWiDataMem", null)],
      ["Wal.apWiData[0]", () => set(wal.apWiData, 0, null)],
      ["Wal.zWalName", () => set(wal.zWalName!, 2, 9)],
      ["a lock", () => set(pair.port.disk.state.names.get("/a.db")!.shm!.aLock, 1, 5)],
      ["a byte of the wal-index", () => set(pair.port.disk.shmRegions("/a.db")[0]! as Uint8Array, 32767, 1)],
    ] as (readonly [string, Damage])[];
    expect(damages.length).toBeGreaterThan(22);
    expect(pair.unseen(damages)).toEqual([]);
  });

  it("sees a byte of a wal-index on the heap", () => {
    let n = 0;
    const pair = new Pair(PROGRAMS.get("WAL, exclusive")!, (op) => op.op === "CommitPhaseTwo" && ++n > 1);
    const wal = pair.port.pager(0).pWal!;
    expect(wal.exclusiveMode).toBe(2);
    const region = wal.apWiData[0]!.mem!;
    const damages: (readonly [string, Damage])[] = [
      ["a byte", () => set(region, 30_000, region[30_000]! ^ 1)],
      ["the last byte", () => set(region, 32_767, region[32_767]! ^ 1)],
    ];
    expect(pair.unseen(damages)).toEqual([]);
  });

  it("sees every link and every number of the cache's lists", () => {
    let n = 0;
    const pair = new Pair(
      PROGRAMS.get("spill, DELETE")!,
      (op, { port }) => op.op === "Write" && port.pager(0).pPCache.pDirty !== null && ++n > 80,
    );
    const pcache = pair.port.pager(0).pPCache;
    const cache = pcache.pCache as PCache1;
    const page = pageOf(cache, 2);
    const { lru } = cache.pGroup!;
    const second = pcache.pDirty!.pDirtyNext!;
    const damages: (readonly [string, Damage])[] = [
      ["first dirty page", () => set(pcache, "pDirty", second)],
      ["last dirty page", () => set(second, "pDirtyNext", null)],
      ["tail", () => set(pcache, "pDirtyTail", second)],
      ["pSynced", () => set(pcache, "pSynced", pcache.pSynced === second ? null : second)],
      ["flags", () => set(second, "flags", second.flags ^ 8)],
      ["nRef", () => set(second, "nRef", 7)],
      ["pgno", () => set(second, "pgno", 77)],
      ["iKey", () => set(page, "iKey", 777)],
      ["isBulkLocal", () => set(page, "isBulkLocal", 1 - page.isBulkLocal)],
      ["header", () => set(page.pHdr as { pPage: unknown }, "pPage", null)],
      ["chain", () => set(page, "pNext", pageOf(cache, 0))],
      ["no chain", () => set(cache.apHash!, page.iKey % cache.nHash, null)],
      ["LRU list", () => set(lru, "pLruNext", lru.pLruNext!.isAnchor ? page : lru)],
      ["pinned", () => set(page, "pLruNext", page.pLruNext === null ? lru : null)],
    ];
    expect(pair.unseen(damages)).toEqual([]);
  });

  it("sees bytes of files, pages and what is not durable", () => {
    let n = 0;
    const pair = new Pair(PROGRAMS.get("spill, DELETE")!, (op) => op.op === "Write" && ++n > 80);
    const { state } = pair.port.disk;
    const pcache = pair.port.pager(0).pPCache;
    const [database, journal] = ["/a.db", "/a.db-journal"].map((name) => state.names.get(name)!);
    const block = (inode: typeof database): Uint8Array => inode!.content.blocks()[0]!;
    const { length } = block(database);
    const { pending } = journal!;
    expect(pending.length).toBeGreaterThan(0);
    const first = pending[0]!;
    const rest = pending.slice(1);
    const last = pcache.pDirty!.pData.subarray(0, 1024);
    const damages: (readonly [string, Damage])[] = [
      ["first byte", () => set(block(database), 0, 1)],
      ["last byte", () => set(block(database), length - 1, block(database)[length - 1]! ^ 1)],
      ["size", () => set(database!.content, "size", length - 1)],
      ["one file more", () => set(state, "names", new Map([...state.names, ["/x", database!]]))],
      ["one file less", () => set(state, "names", new Map([["/a.db", database!]]))],
      ["a page", () => set(last, 1023, last[1023]! ^ 1)],
      ["pending", () => set(journal!, "pending", rest)],
      ["pending, another", () => set(journal!, "pending", [{ ...first, seq: 0 }, ...rest])],
    ];
    expect(pair.unseen(damages)).toEqual([]);
  });

  it("sees every field of a journal in memory, and its bytes", () => {
    let n = 0;
    const pair = new Pair(
      PROGRAMS.get("journals in memory")!,
      (op) => op.op === "Savepoint" && op.kind === "rollback" && ++n > 1,
    );
    const pager = pair.port.pager(0);
    const damages: (readonly [string, Damage])[] = [];
    for (const name of ["jfd", "sjfd"] as const) {
      const journal = pager[name].pImpl as MemJournal;
      const { endpoint, readpoint, pFirst } = journal;
      const own: (readonly [string, Damage])[] = [
        ...fieldsOf("MemJournal", journal),
        ...fieldsOf("FilePoint", endpoint),
        ...fieldsOf("FilePoint", readpoint),
        ["pFirst", () => set(journal, "pFirst", pFirst!.pNext)],
        ["pNext", () => set(pFirst!.pNext!, "pNext", null)],
        ["end", () => set(endpoint, "pChunk", pFirst)],
        ["read", () => set(readpoint, "pChunk", readpoint.pChunk === pFirst ? null : pFirst)],
        ["a byte", () => set(pFirst!.pNext!.mem, 1000, pFirst!.pNext!.mem[1000]! ^ 1)],
        ["not in memory", () => set(pager[name], "pMethods", pager.fd.pMethods)],
      ];
      damages.push(...own.map(([what, damage]) => [`${name}: ${what}`, damage] as const));
    }
    expect(damages.length).toBe(2 * 11);
    expect(pair.unseen(damages)).toEqual([]);
  });

  it("sees what all caches share, the free slots, extra bytes and the status", () => {
    const pair = new Pair(
      PROGRAMS.get("slots for two connections")!,
      (op) => op.op === "CommitPhaseTwo" && op.c === 1,
    );
    const global = pcache1Global() as { -readonly [K in keyof PCacheGlobal]: PCacheGlobal[K] };
    expect(global).toMatchObject({ separateCache: 0, nSlot: 40, bUnderPressure: 1 });
    const pager = pair.port.pager(1);
    const cache = pager.pPCache.pCache as PCache1;
    expect(cache.pGroup).toBe(global.grp);
    const first = global.pFree!;
    const { pExtra } = pageOf(cache, 0).pHdr as PgHdr;
    const used = 1;
    expect(pair.port.status()[used]).toBeGreaterThan(30);
    const damages: (readonly [string, Damage])[] = [
      ...fieldsOf("PCacheGlobal", global),
      ...fieldsOf("PGroup", global.grp),
      ["first free slot", () => set(global, "pFree", first.pNext)],
      ["second free slot", () => set(first, "pNext", null)],
      ["another slot", () => set(first, "mem", first.pNext!.mem)],
      ["nPurgeable", () => set(global.grp.nPurgeable, "value", 3)],
      ["a new page's extra byte", () => set(pExtra, 0, 1)],
      ["the last extra byte", () => set(pExtra, 135, 1)],
      ["status", () => changeStatus(used)],
    ];
    expect(damages.length).toBe(10 + 3 + 7);
    expect(pair.unseen(damages)).toEqual([]);
  });

  it("counts what there is", () => {
    const pair = new Pair(PROGRAMS.get("journal mode DELETE")!, (op) => op.op === "CommitPhaseTwo");
    pair.quick.state();
    const { scalars, lists } = pair.c.state(0);
    const own = [...scalars.keys()].filter((name) => !name.endsWith(".u"));
    const scalarsOfState = own.length + pair.c.global().size;
    expect(pair.quick.figures).toMatchObject({ scalars: scalarsOfState, words: lists.length });
    expect(pair.quick.figures.bytes).toBe(0);
    pair.quick.deep();
    expect(pair.quick.figures.scalars).toBe(scalarsOfState + pair.c.status().length);
    const files = pair.port.disk.list().map((name) => pair.port.disk.exportFile(name)!.length);
    const pages = pair.port.contents(0).size * (1024 + 136);
    expect(pair.quick.figures.bytes).toBe(files.reduce((a, b) => a + b) + pages);
  });

  it("compares sets in all three shapes", () => {
    const ops: Op[] = [
      { op: "Open", c: 0, file: "/a.db" },
      { op: "SetPagesize", c: 0, size: 512, reserve: 0 },
      { op: "SetJournalMode", c: 0, n: MODE.MEMORY },
      { op: "SharedLock", c: 0 },
      { op: "Get", c: 0, pgno: 1, slot: 1 },
      { op: "Begin", c: 0, exFlag: 0, subjInMemory: false },
      { op: "Write", slot: 1 },
    ];
    const grow = (pgno: number): Op[] => [
      { op: "Get", c: 0, pgno, slot: pgno },
      { op: "Write", slot: pgno },
      { op: "Unref", slot: pgno },
    ];
    ops.push(...grow(5000), { op: "CommitPhaseOne", c: 0 }, { op: "CommitPhaseTwo", c: 0 });
    ops.push({ op: "Begin", c: 0, exFlag: 0, subjInMemory: false }, { op: "OpenSavepoint", c: 0, n: 1 });
    ops.push({ op: "Write", slot: 1 }, { op: "DataVersion", c: 0 });
    const hash = new Pair({ ops }, (op) => op.op === "DataVersion");
    const set0 = hash.port.pager(0).pInJournal!;
    expect(set0.u.aHash.length).toBe(125);
    expect(hash.unseen([["a slot", () => set(set0.u.aHash, 100, 4)]])).toEqual([]);
    for (let pgno = 2; pgno < 4990; pgno += 20) ops.push(...grow(pgno));
    ops.push({ op: "Pagecount", c: 0 });
    const nested = new Pair({ ops }, (op) => op.op === "Pagecount" && ops.at(-1) === op);
    const set1 = nested.port.pager(0).pInJournal!;
    expect(set1.iDivisor).toBe(4000);
    const sub = set1.u.apSub[1]!;
    expect(
      nested.unseen([
        ["a bit", () => set(sub.u.aBitmap, 99, 0xaa)],
        ["a subset", () => set(set1.u.apSub, 1, null)],
        ["its size", () => set(sub, "iSize", 3)],
      ]),
    ).toEqual([]);
  });
});
