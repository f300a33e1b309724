/**
 * The pager from its opening to the end of sqlite3PagerSharedLock: names and flags of a new pager, its
 * settings, the journal's sync, spilling, savepoints' playback, hot journals, and what errors and
 * missing memory do on the way. What is expected comes from upstream's C.
 */

import { afterEach, describe, expect, test, vi } from "vitest";
import * as S from "../index.js";
import { MemDisk, type MemDiskOptions, Ref, toCString } from "../index.js";
import type { PagerMirrorOptions } from "../options.js";

const OK = S.SQLITE_OK;
const DB = S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_MAIN_DB;
const PSOW = S.SQLITE_IOCAP_POWERSAFE_OVERWRITE;
const [OPEN, READER, LOCKED, CACHEMOD, DBMOD, , ERROR] = [0, 1, 2, 3, 4, 5, 6];
const UNKNOWN_LOCK = S.EXCLUSIVE_LOCK + 1;
const PAGE = 1024;

/* ------------------------------------------------------------------ tools */

let aPager: S.Pager[] = [];
let aLog: string[] = [];

afterEach(() => {
  for (const pager of aPager.splice(0)) S.sqlite3PagerClose(pager, null);
  aLog = [];
});

function close(pager: S.Pager): void {
  aPager = aPager.filter((p) => p !== pager);
  expect(S.sqlite3PagerClose(pager, null)).toBe(OK);
}

/** A name with zeros before and URI parameters after it, as the layer above hands it to sqlite3PagerOpen. */
function uri(name: string, ...params: string[]): S.CString {
  return new TextEncoder().encode(`\0\0\0\0${[name, ...params].join("\0")}\0\0`).subarray(4);
}

interface OpenOptions {
  name?: S.CString | null;
  vfs?: S.sqlite3_vfs;
  nExtra?: number;
  flags?: number;
  vfsFlags?: number;
}

/** sqlite3PagerOpen; the out parameter starts with rubbish, to see that it is cleared. */
function tryOpen(disk: MemDisk, o: OpenOptions = {}): [number, S.Pager | null] {
  expect(S.sqlite3_initialize()).toBe(OK);
  const pp = new Ref<S.Pager | null>({} as S.Pager);
  const rc = S.sqlite3PagerOpen(
    o.vfs ?? disk.vfs,
    pp,
    o.name === undefined ? uri("/db") : o.name,
    o.nExtra ?? 136,
    o.flags ?? 0,
    o.vfsFlags ?? DB,
    (pg) => aLog.push(`reinit ${pg.pgno}`),
  );
  if (pp.value !== null) aPager.push(pp.value);
  return [rc, pp.value];
}

function open(disk: MemDisk, o: OpenOptions = {}): S.Pager {
  const [rc, pager] = tryOpen(disk, o);
  expect(rc).toBe(OK);
  return pager!;
}

interface DbOptions extends OpenOptions {
  page?: number;
  mode?: number;
  sync?: number;
  cache?: number;
}

/** A pager as the b-tree would set it up: small pages, no spilling before 10 pages. */
function db(disk: MemDisk, o: DbOptions = {}): S.Pager {
  const pager = open(disk, o);
  S.sqlite3PagerSetBusyHandler(pager, () => 0, null);
  S.sqlite3PagerSetFlags(pager, (o.sync ?? S.PAGER_SYNCHRONOUS_FULL) | S.PAGER_CACHESPILL);
  expect(S.sqlite3PagerSetPagesize(pager, new Ref(o.page ?? PAGE), 0)).toBe(OK);
  S.sqlite3PagerSetCachesize(pager, o.cache ?? 10);
  if (o.mode !== undefined) expect(S.sqlite3PagerSetJournalMode(pager, o.mode)).toBe(o.mode);
  return pager;
}

function get(pager: S.Pager, pgno: number, flags = 0): S.DbPage {
  const pp = new Ref<S.DbPage | null>(null);
  expect(S.sqlite3PagerGet(pager, pgno, pp, flags)).toBe(OK);
  return pp.value!;
}

function unref(pg: S.DbPage): void {
  if (pg.pgno === 1) S.sqlite3PagerUnrefPageOne(pg);
  else S.sqlite3PagerUnref(pg);
}

/** Starts a write transaction; returns page 1, which holds it open. */
function begin(pager: S.Pager): S.DbPage {
  expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
  const one = get(pager, 1);
  expect(S.sqlite3PagerBegin(pager, 0, 0)).toBe(OK);
  return one;
}

function put(pager: S.Pager, pgno: number, v: number): void {
  const pg = get(pager, pgno);
  expect(S.sqlite3PagerWrite(pg)).toBe(OK);
  pg.pData.fill(v, pgno === 1 ? 100 : 0);
  unref(pg);
}

function peek(pager: S.Pager, pgno: number): number {
  const pg = get(pager, pgno);
  const v = pg.pData[200]!;
  for (let i = pgno === 1 ? 100 : 0; i < pager.pageSize; i++) {
    if (pg.pData[i] !== v) throw new Error(`page ${pgno} is a mixture`);
  }
  unref(pg);
  return v;
}

function commit(pager: S.Pager, one: S.DbPage): void {
  expect(S.sqlite3PagerCommitPhaseOne(pager, null, 0)).toBe(OK);
  expect(S.sqlite3PagerCommitPhaseTwo(pager)).toBe(OK);
  unref(one);
}

/** A transaction that fills pages 1 to `n` with `v`. */
function fill(pager: S.Pager, n: number, v: number): void {
  const one = begin(pager);
  for (let i = 1; i <= n; i++) put(pager, i, v);
  commit(pager, one);
}

/** All pages of a database as a new pager finds them. */
function contents(disk: MemDisk, o: DbOptions = {}): number[] {
  const pager = db(disk, o);
  expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
  const n = new Ref(-1);
  S.sqlite3PagerPagecount(pager, n);
  const one = n.value > 0 ? get(pager, 1) : null;
  const a: number[] = [];
  for (let i = 1; i <= n.value; i++) a.push(peek(pager, i));
  if (one !== null) unref(one);
  close(pager);
  return a;
}

/** A disk on which a process died after it had written its pages, before it deleted the journal. */
function hotDisk(options: MemDiskOptions = {}, n = 3, o: DbOptions = {}): MemDisk {
  const from = new MemDisk(options);
  const pager = db(from, o);
  fill(pager, n, 1);
  const one = begin(pager);
  for (let i = 1; i <= n; i++) put(pager, i, 2);
  expect(S.sqlite3PagerCommitPhaseOne(pager, null, 0)).toBe(OK);
  const disk = new MemDisk(options);
  disk.importFile("/db", from.exportFile("/db")!);
  disk.importFile("/db-journal", from.exportFile("/db-journal")!);
  expect(disk.exportFile("/db")![PAGE + 5]).toBe(2);
  expect(S.sqlite3PagerRollback(pager)).toBe(OK);
  unref(one);
  close(pager);
  return disk;
}

/** What was done to the files whose names end in `suffix`: op, and what tells the calls apart. */
function story(trace: readonly S.MemCall[], ...ops: S.MemOp[]): string[] {
  return trace
    .filter((c) => ops.includes(c.op))
    .map((c) => {
      const file = c.file.replace("/db", "");
      const what = c.op === "read" || c.op === "write" ? `${c.offset}+${c.amount}` : `${c.arg}`;
      return `${c.op}${file} ${what}`;
    });
}

/** A VFS in front of a disk's own with some methods replaced. */
function vfsWith(disk: MemDisk, methods: Partial<S.sqlite3_vfs>): S.sqlite3_vfs {
  return { ...disk.vfs, ...methods };
}

/** The pages that the allocator holds, and one allocation that fails. */
class Heap {
  readonly live = new Map<Uint8Array, number>();
  /** How many allocations succeed before one fails; negative: all. */
  countdown = -1;
  failed = 0;
  sizes: number[] = [];
  readonly methods: S.sqlite3_mem_methods = {
    xMalloc: (n) => this.#malloc(n),
    xFree: (p) => {
      if (!this.live.delete(p)) throw new Error("not a live block of this allocator");
      p.fill(0xdd);
    },
    xRealloc: (p, n) => {
      if (!this.live.has(p)) throw new Error("not a live block of this allocator");
      const q = this.#malloc(n);
      if (q !== null) {
        q.set(p.subarray(0, Math.min(n, p.length)));
        this.live.delete(p);
      }
      return q;
    },
    xSize: (p) => p.length,
    xRoundup: (n) => S.ROUND8(n),
    xInit: () => OK,
    xShutdown: () => {},
    pAppData: null,
  };

  #malloc(n: number): Uint8Array | null {
    if (this.countdown === 0) {
      this.countdown = -1;
      this.failed++;
      return null;
    }
    if (this.countdown > 0) this.countdown--;
    const p = new Uint8Array(n).fill(0xa5);
    this.live.set(p, n);
    this.sizes.push(n);
    return p;
  }
}

/** Runs `body` with a heap of its own, and checks that nothing is left afterwards. */
function withHeap(body: (heap: Heap) => void): void {
  const heap = new Heap();
  const before = { ...S.sqlite3Config.m };
  for (const pager of aPager.splice(0)) S.sqlite3PagerClose(pager, null);
  S.sqlite3_shutdown();
  try {
    expect(S.sqlite3_config(S.SQLITE_CONFIG_MALLOC, heap.methods)).toBe(OK);
    expect(S.sqlite3_initialize()).toBe(OK);
    body(heap);
  } finally {
    for (const pager of aPager.splice(0)) S.sqlite3PagerClose(pager, null);
    S.sqlite3_shutdown();
    S.sqlite3_config(S.SQLITE_CONFIG_MALLOC, before);
    S.sqlite3_initialize();
  }
  expect(heap.live.size).toBe(0);
}

/** Collects what goes to the error log while `body` runs. */
function withLog(body: () => void): string[] {
  const lines: string[] = [];
  const { xLog, pLogArg } = S.sqlite3Config;
  const log = (_p: unknown, code: number, z: S.CString) => lines.push(`${code} ${S.fromCString(z)}`);
  S.sqlite3_config(S.SQLITE_CONFIG_LOG, log, null);
  try {
    body();
  } finally {
    S.sqlite3_config(S.SQLITE_CONFIG_LOG, xLog, pLogArg);
  }
  return lines;
}

/* ------------------------------------------------------------------ sqlite3PagerOpen */

describe("sqlite3PagerOpen: the block", () => {
  /** Where C has the file handles: pager, cache, database, two journals. */
  function start(disk: MemDisk): number {
    return (
      S.ROUND8(S.sizeof.Pager) +
      S.ROUND8(S.sqlite3PcacheSize()) +
      S.ROUND8(disk.vfs.szOsFile) +
      2 * S.ROUND8(S.sqlite3JournalSize(disk.vfs))
    );
  }

  const names: [string, S.CString | null, number, string][] = [
    ["no parameters", uri("/db"), 0, "/db\0\0/db-journal\0/db-wal\0\0\0\0"],
    [
      "parameters, one of them empty",
      uri("/db", "psow", "1", "x", ""),
      0,
      "/db\0psow\x001\0x\0\0\0/db-journal\0/db-wal\0\0\0\0",
    ],
    ["a relative name", uri("a/b", "k", "v"), 0, "/a/b\0k\0v\0\0/a/b-journal\0/a/b-wal\0\0\0\0"],
    ["the label of a memory database", uri("m", "k", "v"), S.PAGER_MEMORY, "m\0\0m-journal\0m-wal\0\0\0\0"],
    /* 1 + 1 + (8+1) + (4+1) + 3 bytes, nothing in them */
    ["a memory database without label", null, S.PAGER_MEMORY, "\0".repeat(19)],
    ["a memory database with an empty label", uri(""), S.PAGER_MEMORY, "\0".repeat(19)],
    ["a temporary file", null, 0, "\0".repeat(19)],
    ["a temporary file with an empty name", uri(""), 0, "\0".repeat(19)],
  ];

  for (const szOsFile of [120, 13]) {
    for (const [what, name, flags, bytes] of names) {
      test(`${what}, szOsFile ${szOsFile}`, () => {
        withHeap((heap) => {
          const disk = new MemDisk({ szOsFile });
          const pager = open(disk, { name, flags });
          const at = start(disk);
          const mem = pager.mem!;
          expect(heap.sizes).toContain(at + S.sizeof.ptr + 4 + bytes.length);
          expect(mem.length).toBe(at + S.sizeof.ptr + 4 + bytes.length);
          expect([...mem.subarray(0, at)].every((b) => b === 0)).toBe(true);
          expect(S.get4byte(mem, at)).not.toBe(0);
          expect([...mem.subarray(at + S.sizeof.ptr, at + S.sizeof.ptr + 4)]).toEqual([0, 0, 0, 0]);
          expect(new TextDecoder().decode(mem.subarray(at + S.sizeof.ptr + 4))).toBe(bytes);

          const file = bytes.split("\0")[0]!;
          expect(pager.zFilename.byteOffset - mem.byteOffset).toBe(at + S.sizeof.ptr + 4);
          expect(S.fromCString(pager.zFilename)).toBe(file);
          if (file === "") {
            expect(pager.zJournal).toBeNull();
            expect(pager.zWal).toBeNull();
          } else {
            expect(S.fromCString(pager.zJournal)).toBe(`${file}-journal`);
            expect(S.fromCString(pager.zWal)).toBe(`${file}-wal`);
            for (const z of [pager.zFilename, pager.zJournal!, pager.zWal!]) {
              expect(S.sqlite3_database_file_object(z)).toBe(pager.fd);
            }
          }
        });
      });
    }
  }

  test("parameters reach the VFS in the name that it opens", () => {
    const disk = new MemDisk();
    let seen: (string | null)[] = [];
    const vfs = vfsWith(disk, {
      xOpen(pVfs, zName, id, flags, pOut) {
        seen = ["a", "b", "c"].map((k) => {
          const z = S.sqlite3_uri_parameter(zName, k);
          return z === null ? null : S.fromCString(z);
        });
        return disk.vfs.xOpen(pVfs, zName, id, flags, pOut);
      },
    });
    open(disk, { vfs, name: uri("/db", "a", "1", "c", "") });
    expect(seen).toEqual(["1", null, ""]);
  });

  test("sqlite3_database_file_object finds nothing after the close, and no end in a foreign name", () => {
    const disk = new MemDisk();
    const a = open(disk);
    const b = open(disk);
    expect(S.sqlite3_database_file_object(a.zWal!)).toBe(a.fd);
    expect(S.sqlite3_database_file_object(b.zJournal!)).toBe(b.fd);
    const z = a.zFilename;
    close(a);
    expect(() => S.sqlite3_database_file_object(z)).toThrow();
    expect(S.sqlite3_database_file_object(b.zFilename)).toBe(b.fd);
    expect(() => S.sqlite3_database_file_object(toCString("/db"))).toThrow();
  });
});

describe("sqlite3PagerOpen: flags and fields", () => {
  test("a database file", () => {
    const disk = new MemDisk();
    disk.startTrace();
    const pager = open(disk, { nExtra: 130 });
    expect(story(disk.trace, "open", "lock", "access", "read", "write")).toEqual([`open ${DB}`]);
    expect(pager).toMatchObject({
      eState: OPEN,
      eLock: S.NO_LOCK,
      tempFile: 0,
      exclusiveMode: 0,
      noLock: 0,
      readOnly: 0,
      memDb: 0,
      memVfs: 0,
      useJournal: 1,
      changeCountDone: 0,
      hasHeldSharedLock: 0,
      journalMode: S.PAGER_JOURNALMODE_DELETE,
      journalSizeLimit: S.SQLITE_DEFAULT_JOURNAL_SIZE_LIMIT,
      mxPgno: 0xfffffffe,
      pageSize: 4096,
      sectorSize: 512,
      lckPgno: 0x40000000 / 4096 + 1,
      nExtra: 136,
      nReserve: 0,
      dbSize: 0,
      vfsFlags: DB,
      /* synchronous=FULL */
      noSync: 0,
      fullSync: 1,
      extraSync: 0,
      syncFlags: S.SQLITE_SYNC_NORMAL,
      doNotSpill: 0,
    });
    expect(pager.pTmpSpace!.length).toBeGreaterThanOrEqual(4096 + 8);
    expect([...pager.pTmpSpace!.subarray(4096, 4096 + 8)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(S.sqlite3PagerTempSpace(pager)).toBe(pager.pTmpSpace);
  });

  test("a temporary file is opened by the first write, exclusively and to be deleted", () => {
    const disk = new MemDisk();
    disk.startTrace();
    for (const name of [null, uri("")]) {
      const pager = db(disk, { name, vfsFlags: S.SQLITE_OPEN_TEMP_DB });
      expect(pager).toMatchObject({ eState: READER, eLock: S.EXCLUSIVE_LOCK, tempFile: 1, exclusiveMode: 1 });
      expect(pager).toMatchObject({ noLock: 1, readOnly: 0, noSync: 1, changeCountDone: 1, memDb: 0 });
      expect(S.isOpen(pager.fd)).toBe(false);
      S.sqlite3PagerSetCachesize(pager, 10);
      fill(pager, 100, 7);
      const opened = disk.trace.filter((c) => c.op === "open").map((c) => c.arg);
      const flags = DB & ~S.SQLITE_OPEN_MAIN_DB;
      const vanish = S.SQLITE_OPEN_EXCLUSIVE | S.SQLITE_OPEN_DELETEONCLOSE;
      expect(opened).toContain(flags | vanish | S.SQLITE_OPEN_TEMP_DB);
      expect(disk.list()).toEqual([]);
      const one = get(pager, 1);
      for (let i = 1; i <= 100; i++) expect(peek(pager, i)).toBe(7);
      unref(one);
      expect(disk.trace.filter((c) => c.op === "sync" || c.op === "lock")).toEqual([]);
      close(pager);
    }
    expect(disk.nOpen).toBe(0);
  });

  test("the temporary file cannot be opened: SQLITE_CANTOPEN from the spill", () => {
    const disk = new MemDisk();
    const pager = db(disk, { name: null });
    const one = begin(pager);
    put(pager, 2, 1);
    const fault = disk.addFault({ op: "open", nth: 1 });
    expect(S.sqlite3PagerFlush(pager)).toBe(S.SQLITE_CANTOPEN);
    expect(fault.hits).toBe(1);
    expect(pager.errCode).toBe(OK);
    disk.clearFaults();
    commit(pager, one);
    expect(disk.nOpen).toBe(0);
  });

  test("temporary and read-only: nobody can write", () => {
    const pager = open(new MemDisk(), { name: null, vfsFlags: DB | S.SQLITE_OPEN_READONLY });
    expect(pager.readOnly).toBe(1);
    expect(S.sqlite3PagerIsreadonly(pager)).toBe(1);
  });

  test("a memory database and its journal", () => {
    const disk = new MemDisk();
    disk.startTrace();
    const pager = db(disk, { name: uri("label"), flags: S.PAGER_MEMORY });
    expect(pager).toMatchObject({ memDb: 1, tempFile: 1, journalMode: S.PAGER_JOURNALMODE_MEMORY });
    expect(S.sqlite3PagerIsMemdb(pager)).toBe(1);
    fill(pager, 50, 3);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    const one = begin(pager);
    put(pager, 9, 4);
    expect(S.sqlite3PagerRollback(pager)).toBe(OK);
    expect(peek(pager, 9)).toBe(3);
    unref(one);
    /* no page size once there are pages */
    const size = new Ref(4096);
    expect(S.sqlite3PagerSetPagesize(pager, size, -1)).toBe(OK);
    expect(size.value).toBe(PAGE);
    close(pager);
    expect(disk.trace).toEqual([]);
  });

  test("PAGER_OMIT_JOURNAL: journal mode OFF, no savepoints", () => {
    const pager = db(new MemDisk(), { name: null, flags: S.PAGER_OMIT_JOURNAL });
    expect(pager).toMatchObject({ useJournal: 0, journalMode: S.PAGER_JOURNALMODE_OFF });
    const one = begin(pager);
    expect(S.sqlite3PagerOpenSavepoint(pager, 2)).toBe(OK);
    expect(pager.nSavepoint).toBe(0);
    put(pager, 1, 5);
    commit(pager, one);
    const memory = open(new MemDisk(), { name: null, flags: S.PAGER_OMIT_JOURNAL | S.PAGER_MEMORY });
    expect(memory).toMatchObject({ memDb: 1, journalMode: S.PAGER_JOURNALMODE_OFF });
  });

  test("nolock=1: not a single lock call, and a hot journal is looked for all the same", () => {
    const disk = hotDisk();
    disk.startTrace();
    const pager = db(disk, { name: uri("/db", "nolock", "1") });
    expect(pager).toMatchObject({ noLock: 1, tempFile: 0, eLock: S.NO_LOCK, eState: OPEN });
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(pager.eLock).toBe(S.SHARED_LOCK);
    expect(disk.exists("/db-journal")).toBe(false);
    const one = get(pager, 1);
    expect(peek(pager, 2)).toBe(1);
    unref(one);
    expect(disk.trace.filter((c) => c.op === "lock" || c.op === "unlock")).toEqual([]);
    expect(open(disk, { name: uri("/db", "nolock", "no") }).noLock).toBe(0);
  });

  for (const how of ["immutable=1", "IOCAP_IMMUTABLE"]) {
    test(`${how}: read as it is, no locks, no journals`, () => {
      const disk = hotDisk();
      const name = how === "immutable=1" ? uri("/db", "immutable", "1") : uri("/db");
      if (how !== "immutable=1") disk.deviceCharacteristics |= S.SQLITE_IOCAP_IMMUTABLE;
      disk.startTrace();
      const pager = db(disk, { name });
      expect(pager).toMatchObject({ tempFile: 1, exclusiveMode: 1, noLock: 1, readOnly: 1, noSync: 1 });
      expect(pager).toMatchObject({ eState: READER, eLock: S.EXCLUSIVE_LOCK, vfsFlags: DB });
      expect(S.isOpen(pager.fd)).toBe(true);
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      /* The b-tree sets the page size in state READER: that is what finds the database's size. */
      expect(pager.dbSize).toBe(3);
      const one = get(pager, 1);
      expect(peek(pager, 2)).toBe(2);
      unref(one);
      expect(story(disk.trace, "lock", "unlock", "access", "write", "delete", "checkreservedlock")).toEqual(
        [],
      );
      expect(disk.exists("/db-journal")).toBe(true);
    });
  }

  test("immutable=0 means nothing", () => {
    expect(open(new MemDisk(), { name: uri("/db", "immutable", "0") }).tempFile).toBe(0);
  });

  test("a file that can only be read", () => {
    const disk = new MemDisk({ sectorSize: 8192, deviceCharacteristics: 0 });
    fill(db(disk), 2, 9);
    close(aPager[0]!);
    disk.setReadOnly("/db", true);
    const pager = open(disk);
    /* No default page size is derived from the sector size where no database can be created. */
    expect(pager).toMatchObject({ readOnly: 1, tempFile: 0, pageSize: 4096, sectorSize: 8192 });
    const asked = open(disk, { vfsFlags: S.SQLITE_OPEN_READONLY | S.SQLITE_OPEN_MAIN_DB });
    expect(asked.readOnly).toBe(1);
    expect(contents(disk)).toEqual([9, 9]);
  });

  test("a VFS that keeps the file in memory: so is the journal", () => {
    const disk = new MemDisk();
    const vfs = vfsWith(disk, {
      xOpen(pVfs, zName, id, flags, pOut) {
        const rc = disk.vfs.xOpen(pVfs, zName, id, flags, pOut);
        if (rc === OK && pOut !== null) pOut.value |= S.SQLITE_OPEN_MEMORY;
        return rc;
      },
    });
    const pager = db(disk, { vfs });
    expect(pager).toMatchObject({ memVfs: 1, memDb: 0, tempFile: 0 });
    expect(pager.journalMode).toBe(S.PAGER_JOURNALMODE_MEMORY);
    disk.startTrace();
    fill(pager, 3, 1);
    expect(disk.trace.some((c) => c.file === "/db-journal" && c.op !== "access")).toBe(false);
    expect(open(disk).memVfs).toBe(0);
  });

  test("a symbolic link: accepted, or SQLITE_CANTOPEN_SYMLINK with NOFOLLOW", () => {
    const disk = new MemDisk();
    const vfs = vfsWith(disk, {
      xFullPathname(_pVfs, _z, _n, zOut) {
        zOut.set(toCString("/target"));
        return S.SQLITE_OK_SYMLINK;
      },
    });
    expect(S.fromCString(open(disk, { vfs }).zFilename)).toBe("/target");
    expect(disk.nOpen).toBe(1);
    withHeap(() => {
      const vfsFlags = DB | S.SQLITE_OPEN_NOFOLLOW;
      expect(tryOpen(disk, { vfs, vfsFlags })).toEqual([S.SQLITE_CANTOPEN_SYMLINK, null]);
    });
    const plain = open(disk, { name: uri("/plain"), vfsFlags: DB | S.SQLITE_OPEN_NOFOLLOW });
    expect(S.fromCString(plain.zFilename)).toBe("/plain");
  });

  test("the VFS gets room for a name of its longest, and its final zero", () => {
    const disk = new MemDisk();
    withHeap((heap) => {
      expect(S.sqlite3_initialize()).toBe(OK);
      heap.sizes = [];
      disk.startTrace();
      open(disk);
      const [call] = disk.stopTrace();
      expect(call).toMatchObject({ op: "fullpathname", file: "/db", amount: 513 });
      expect(heap.sizes[0]).toBe(2 * 513);
    });
  });

  test("a VFS that does not tell how it has opened the file", () => {
    const disk = hotDisk();
    const vfs = vfsWith(disk, {
      xOpen: (pVfs, zName, id, flags) => disk.vfs.xOpen(pVfs, zName, id, flags, null),
    });
    const pager = db(disk, { vfs });
    expect(pager).toMatchObject({ readOnly: 0, memVfs: 0, journalMode: S.PAGER_JOURNALMODE_DELETE });
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(disk.exists("/db-journal")).toBe(false);
  });

  test("names too long for a journal beside them", () => {
    const disk = new MemDisk();
    const longest = `/${"n".repeat(503)}`;
    expect(disk.vfs.mxPathname).toBe(512);
    open(disk, { name: uri(longest) });
    const lines = withLog(() => {
      withHeap(() => expect(tryOpen(disk, { name: uri(`${longest}n`) })).toEqual([S.SQLITE_CANTOPEN, null]));
    });
    expect(lines.length).toBe(1);
    expect(lines[0]).toMatch(/^14 cannot open file at line 64423 of/);
    /* xFullPathname itself refuses; nothing is logged here */
    const rest = withLog(() => {
      withHeap(() => {
        const name = uri(longest.repeat(2));
        expect(tryOpen(disk, { name })).toEqual([S.SQLITE_CANTOPEN, null]);
      });
    });
    expect(rest).toEqual([]);
  });

  test("whatever xFullPathname, xOpen and the size of the file answer is what the caller gets", () => {
    const disk = new MemDisk();
    withHeap(() => {
      for (const code of [S.SQLITE_IOERR, S.SQLITE_NOMEM, S.SQLITE_CANTOPEN_CONVPATH]) {
        for (const op of ["fullpathname", "open"] as const) {
          const fault = disk.addFault({ op, nth: 1, code });
          expect(tryOpen(disk)).toEqual([code, null]);
          expect(fault.hits).toBe(1);
          disk.clearFaults();
        }
      }
      expect(tryOpen(disk, { vfsFlags: S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_MAIN_DB })).toEqual([
        S.SQLITE_CANTOPEN,
        null,
      ]);
      expect(disk.nOpen).toBe(0);

      /* An immutable file is in state READER when its page size is set, so its size is asked for. */
      disk.importFile("/db", new Uint8Array(9000));
      const fault = disk.addFault({ op: "filesize", nth: 1 });
      expect(tryOpen(disk, { name: uri("/db", "immutable", "1") })).toEqual([S.SQLITE_IOERR_FSTAT, null]);
      expect(fault.hits).toBe(1);
      expect(disk.nOpen).toBe(0);
      disk.clearFaults();
      expect(open(disk, { name: uri("/db", "immutable", "1") }).dbSize).toBe(3);
    });
  });
});

describe("sqlite3PagerOpen: the page size", () => {
  const table: [number, number, number][] = [
    /* sector size, device characteristics, page size */
    [512, 0, 4096],
    [4096, 0, 4096],
    [8192, 0, 8192],
    [16384, 0, 8192],
    [65536, 0, 8192],
    [131072, 0, 8192],
    [8192, PSOW, 4096],
    [65536, PSOW, 4096],
    [16, 0, 4096],
    /* without SQLITE_ENABLE_ATOMIC_WRITE these bits do not matter */
    [512, S.SQLITE_IOCAP_ATOMIC, 4096],
  ];
  for (const [sectorSize, deviceCharacteristics, page] of table) {
    test(`sectors of ${sectorSize}, characteristics ${deviceCharacteristics}`, () => {
      const pager = open(new MemDisk({ sectorSize, deviceCharacteristics }));
      expect(pager.pageSize).toBe(page);
      const believed = sectorSize < 32 ? 512 : Math.min(sectorSize, 65536);
      expect(pager.sectorSize).toBe(deviceCharacteristics & PSOW ? 512 : believed);
    });
  }
});

/** The package and this file's tools over it, loaded with other options. */
async function withOptions(
  options: Record<string, boolean | number>,
  body: (T: typeof S) => void,
): Promise<void> {
  const mirror = globalThis as { PAGER_MIRROR?: PagerMirrorOptions };
  vi.resetModules();
  mirror.PAGER_MIRROR = { options };
  try {
    body(await import("../index.js"));
  } finally {
    delete mirror.PAGER_MIRROR;
    vi.resetModules();
  }
}

/** As {@link open}, in another instance of the package. */
function openIn(T: typeof S, disk: MemDisk, name: S.CString | null): S.Pager {
  expect(T.sqlite3_initialize()).toBe(OK);
  const pp = new T.Ref<S.Pager | null>(null);
  expect(T.sqlite3PagerOpen(disk.vfs, pp, name, 136, 0, DB, () => {})).toBe(OK);
  T.sqlite3PagerSetBusyHandler(pp.value!, () => 0, null);
  return pp.value!;
}

describe("options of sqlite3PagerOpen", () => {
  test("SQLITE_ENABLE_ATOMIC_WRITE: the largest page, up to the limit, that the device writes at once", async () => {
    await withOptions({ SQLITE_ENABLE_ATOMIC_WRITE: true }, (T) => {
      const table: [number, number, number][] = [
        [512, 0, 4096],
        [512, T.SQLITE_IOCAP_ATOMIC512, 4096],
        [512, T.SQLITE_IOCAP_ATOMIC4K, 4096],
        [512, T.SQLITE_IOCAP_ATOMIC8K, 8192],
        [512, T.SQLITE_IOCAP_ATOMIC4K | T.SQLITE_IOCAP_ATOMIC8K, 8192],
        [512, T.SQLITE_IOCAP_ATOMIC16K, 4096],
        [512, T.SQLITE_IOCAP_ATOMIC64K, 4096],
        [512, T.SQLITE_IOCAP_ATOMIC, 8192],
        [8192, T.SQLITE_IOCAP_ATOMIC4K, 8192],
      ];
      for (const [sectorSize, deviceCharacteristics, page] of table) {
        const disk = new T.MemDisk({ sectorSize, deviceCharacteristics });
        const pager = openIn(T, disk, uri("/db"));
        expect(pager.pageSize).toBe(page);
        T.sqlite3PagerClose(pager, null);
      }
      const disk = new T.MemDisk({ deviceCharacteristics: T.SQLITE_IOCAP_ATOMIC });
      disk.importFile("/db", new Uint8Array(0));
      disk.setReadOnly("/db", true);
      const pager = openIn(T, disk, uri("/db"));
      expect(pager.pageSize).toBe(4096);
      T.sqlite3PagerClose(pager, null);
    });
  });

  test("SQLITE_ENABLE_8_3_NAMES: shortened names, and what is left behind them", async () => {
    const names = (pager: S.Pager) => {
      const at = pager.zFilename.byteOffset - pager.mem!.byteOffset;
      return new TextDecoder().decode(pager.mem!.subarray(at));
    };
    await withOptions({ SQLITE_ENABLE_8_3_NAMES: 1 }, (T) => {
      const disk = new T.MemDisk();
      const short = openIn(T, disk, uri("/a/data.db", "8_3_names", "1"));
      /* sizes as for -journal and -wal; the suffix is cut to ".nal" and ".wal" */
      const text = "/a/data.db\x008_3_names\x001\0\0/a/data.nal\0/a/data.wal\0al";
      const full = "/a/data.db\x008_3_names\x001\0\0/a/data.db-journal\0/a/data.db-wal\0\0\0\0";
      /* The name was shortened in place: two letters of the long one stay behind its end, as in C. */
      expect(names(short)).toBe(text.padEnd(full.length, "\0"));
      T.sqlite3PagerClose(short, null);
      const long = openIn(T, disk, uri("/a/data.db"));
      expect(names(long)).toBe("/a/data.db\0\0/a/data.db-journal\0/a/data.db-wal\0\0\0\0");
      T.sqlite3PagerClose(long, null);
    });
    await withOptions({ SQLITE_ENABLE_8_3_NAMES: 2 }, (T) => {
      const always = openIn(T, new T.MemDisk(), uri("/a/data.db"));
      expect(names(always).startsWith("/a/data.db\0\0/a/data.nal\0/a/data.wal\0al\0")).toBe(true);
      expect(T.fromCString(always.zJournal)).toBe("/a/data.nal");
      expect(T.fromCString(always.zWal)).toBe("/a/data.wal");
      T.sqlite3PagerClose(always, null);
    });
  });

  test("SQLITE_MAX_MMAP_SIZE=0: no xFetch, no file control", async () => {
    await withOptions({ SQLITE_MAX_MMAP_SIZE: 0 }, (T) => {
      const disk = new T.MemDisk();
      const pager = openIn(T, disk, uri("/db"));
      disk.startTrace();
      T.sqlite3PagerSetMmapLimit(pager, 1 << 20);
      expect(pager).toMatchObject({ szMmap: 1 << 20, bUseFetch: 0 });
      expect(disk.stopTrace()).toEqual([]);
      T.sqlite3PagerClose(pager, null);
    });
  });

  test("SQLITE_ENABLE_BATCH_ATOMIC_WRITE: such a device gets its journal's deletion synced", async () => {
    await withOptions({ SQLITE_ENABLE_BATCH_ATOMIC_WRITE: true }, (T) => {
      const dc = T.SQLITE_IOCAP_BATCH_ATOMIC;
      for (const [deviceCharacteristics, level, extra] of [
        [dc, T.PAGER_SYNCHRONOUS_OFF, 0],
        [dc, T.PAGER_SYNCHRONOUS_NORMAL, 1],
        [dc, T.PAGER_SYNCHRONOUS_FULL, 1],
        [0, T.PAGER_SYNCHRONOUS_FULL, 0],
        [0, T.PAGER_SYNCHRONOUS_EXTRA, 1],
      ] as const) {
        const pager = openIn(T, new T.MemDisk({ deviceCharacteristics }), uri("/db"));
        T.sqlite3PagerSetFlags(pager, level);
        expect(pager.extraSync).toBe(extra);
        T.sqlite3PagerClose(pager, null);
      }
    });
  });

  test("SQLITE_ENABLE_BATCH_ATOMIC_WRITE: a spill makes the journal in memory a file first", async () => {
    await withOptions({ SQLITE_ENABLE_BATCH_ATOMIC_WRITE: true }, (T) => {
      for (const failing of [false, true]) {
        const disk = new T.MemDisk({ deviceCharacteristics: T.SQLITE_IOCAP_BATCH_ATOMIC | PSOW });
        const pager = openIn(T, disk, uri("/db"));
        const pp = new T.Ref<S.DbPage | null>(null);
        const start = (v: number): S.DbPage => {
          expect(T.sqlite3PagerSharedLock(pager)).toBe(OK);
          expect(T.sqlite3PagerGet(pager, 1, pp, 0)).toBe(OK);
          const one = pp.value!;
          expect(T.sqlite3PagerBegin(pager, 0, 0)).toBe(OK);
          for (const pgno of [2, 1]) {
            expect(T.sqlite3PagerGet(pager, pgno, pp, 0)).toBe(OK);
            expect(T.sqlite3PagerWrite(pp.value!)).toBe(OK);
            pp.value!.pData.fill(v, 100);
            if (pgno === 1) T.sqlite3PagerUnrefPageOne(pp.value!);
            else T.sqlite3PagerUnref(pp.value);
          }
          return one;
        };
        const first = start(1);
        expect(T.sqlite3PagerCommitPhaseOne(pager, null, 0)).toBe(OK);
        expect(T.sqlite3PagerCommitPhaseTwo(pager)).toBe(OK);
        T.sqlite3PagerUnrefPageOne(first);
        const image = disk.exportFile("/db")!;
        const one = start(2);
        /* There is a database to protect and the device writes batches: the journal is in memory. */
        expect(disk.list()).toEqual(["/db"]);
        if (failing) {
          disk.addFault({ op: "write", nth: 1, code: T.SQLITE_FULL });
          expect(T.sqlite3PagerFlush(pager)).toBe(T.SQLITE_FULL);
          expect(pager.eState).toBe(ERROR);
          expect(disk.exportFile("/db")).toEqual(image);
          disk.clearFaults();
          expect(T.sqlite3PagerFlush(pager)).toBe(T.SQLITE_FULL);
          expect(T.sqlite3PagerRollback(pager)).toBe(T.SQLITE_FULL);
        } else {
          expect(T.sqlite3PagerFlush(pager)).toBe(OK);
          expect(disk.list()).toEqual(["/db", "/db-journal"]);
          expect(disk.exportFile("/db")![4096 + 100]).toBe(2);
          expect(T.sqlite3PagerRollback(pager)).toBe(OK);
        }
        T.sqlite3PagerUnrefPageOne(one);
        expect(pager.eState).toBe(OPEN);
        expect(T.sqlite3PagerSharedLock(pager)).toBe(OK);
        expect(disk.exportFile("/db")).toEqual(image);
        T.sqlite3PagerClose(pager, null);
        expect(disk.nOpen).toBe(0);
      }
    });
  });

  test("SQLITE_CHECK_PAGES: content that changes without sqlite3PagerWrite is noticed", async () => {
    await withOptions({ SQLITE_CHECK_PAGES: true }, (T) => {
      const disk = new T.MemDisk();
      const pager = openIn(T, disk, uri("/db"));
      const pp = new T.Ref<S.DbPage | null>(null);
      expect(T.sqlite3PagerSharedLock(pager)).toBe(OK);
      expect(T.sqlite3PagerGet(pager, 1, pp, 0)).toBe(OK);
      const one = pp.value!;
      expect(T.sqlite3PagerBegin(pager, 0, 0)).toBe(OK);
      expect(T.sqlite3PagerWrite(one)).toBe(OK);
      one.pData.fill(1, 100);
      expect(T.sqlite3PagerCommitPhaseOne(pager, null, 0)).toBe(OK);
      expect(T.sqlite3PagerCommitPhaseTwo(pager)).toBe(OK);
      expect(T.sqlite3PagerBegin(pager, 0, 0)).toBe(OK);
      one.pData[500] = 2;
      expect(() => T.sqlite3PagerWrite(one)).toThrow();
      one.pData[500] = 1;
      expect(T.sqlite3PagerWrite(one)).toBe(OK);
      expect(T.sqlite3PagerRollback(pager)).toBe(OK);
      T.sqlite3PagerUnrefPageOne(one);
      T.sqlite3PagerClose(pager, null);
    });
  });
});

/* ------------------------------------------------------------------ settings */

describe("sqlite3PagerSetFlags", () => {
  const N = S.SQLITE_SYNC_NORMAL; // 2
  const F = S.SQLITE_SYNC_FULL; // 3
  const table: [string, number, number[][]][] = [
    /* level; per row (no flag, FULLFSYNC, CKPT_FULLFSYNC, both): noSync fullSync extraSync syncFlags walSyncFlags */
    ["OFF", S.PAGER_SYNCHRONOUS_OFF, [0, 1, 2, 3].map(() => [1, 0, 0, 0, 0])],
    [
      "NORMAL",
      S.PAGER_SYNCHRONOUS_NORMAL,
      [
        [0, 0, 0, N, 8],
        [0, 0, 0, F, 12],
        [0, 0, 0, N, 12],
        [0, 0, 0, F, 12],
      ],
    ],
    [
      "FULL",
      S.PAGER_SYNCHRONOUS_FULL,
      [
        [0, 1, 0, N, 10],
        [0, 1, 0, F, 15],
        [0, 1, 0, N, 14],
        [0, 1, 0, F, 15],
      ],
    ],
    [
      "EXTRA",
      S.PAGER_SYNCHRONOUS_EXTRA,
      [
        [0, 1, 1, N, 10],
        [0, 1, 1, F, 15],
        [0, 1, 1, N, 14],
        [0, 1, 1, F, 15],
      ],
    ],
  ];
  const bits = [0, S.PAGER_FULLFSYNC, S.PAGER_CKPT_FULLFSYNC, S.PAGER_FULLFSYNC | S.PAGER_CKPT_FULLFSYNC];
  const get5 = (p: S.Pager) => [p.noSync, p.fullSync, p.extraSync, p.syncFlags, p.walSyncFlags];

  for (const [name, level, rows] of table) {
    test(name, () => {
      /* Whether the device writes batches atomically plays no part without the option. */
      const disk = new MemDisk({ deviceCharacteristics: S.SQLITE_IOCAP_BATCH_ATOMIC });
      const pager = open(disk);
      const temp = open(disk, { name: null });
      bits.forEach((flags, i) => {
        S.sqlite3PagerSetFlags(pager, level | flags);
        expect(get5(pager)).toEqual(rows[i]);
        expect(S.WAL_SYNC_FLAGS(pager.walSyncFlags)).toBe(rows[i]![4]! & 3);
        expect(S.CKPT_SYNC_FLAGS(pager.walSyncFlags)).toBe(rows[i]![4]! >> 2);
        S.sqlite3PagerSetFlags(temp, level | flags);
        expect(get5(temp)).toEqual([1, 0, 0, 0, 0]);
      });
    });
  }

  test("each call replaces what the one before has set", () => {
    const pager = open(new MemDisk());
    for (const [, from] of table) {
      for (const [, to, rows] of table) {
        S.sqlite3PagerSetFlags(pager, from | bits[3]!);
        S.sqlite3PagerSetFlags(pager, to);
        expect(get5(pager)).toEqual(rows[0]);
      }
    }
  });

  test("PAGER_CACHESPILL is the complement of one bit of doNotSpill", () => {
    const pager = open(new MemDisk());
    pager.doNotSpill = 0x06;
    S.sqlite3PagerSetFlags(pager, S.PAGER_SYNCHRONOUS_FULL);
    expect(pager.doNotSpill).toBe(0x07);
    S.sqlite3PagerSetFlags(pager, S.PAGER_SYNCHRONOUS_FULL | S.PAGER_CACHESPILL);
    expect(pager.doNotSpill).toBe(0x06);
    pager.doNotSpill = 0;
  });
});

describe("sqlite3PagerSetPagesize", () => {
  test("sizes, the temporary buffer, the lock page", () => {
    const pager = open(new MemDisk());
    for (const size of [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]) {
      const ref = new Ref(size);
      pager.pTmpSpace!.fill(0xff);
      expect(S.sqlite3PagerSetPagesize(pager, ref, 0)).toBe(OK);
      expect(ref.value).toBe(size);
      expect(pager).toMatchObject({ pageSize: size, lckPgno: 0x40000000 / size + 1, dbSize: 0 });
      expect(S.PAGER_SJ_PGNO_COMPUTED(pager)).toBe(pager.lckPgno);
      expect([...pager.pTmpSpace!.subarray(size, size + 8)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
      expect(pager.pTmpSpace!.length).toBeGreaterThanOrEqual(size + 8);
    }
    const before = pager.pTmpSpace;
    const version = S.sqlite3PagerDataVersion(pager);
    for (const size of [0, 65536]) {
      const ref = new Ref(size);
      expect(S.sqlite3PagerSetPagesize(pager, ref, -1)).toBe(OK);
      expect(ref.value).toBe(65536);
    }
    expect(pager.pTmpSpace).toBe(before);
    expect(S.sqlite3PagerDataVersion(pager)).toBe(version);
    expect(S.sqlite3PagerSetPagesize(pager, new Ref(512), 0)).toBe(OK);
    expect(S.sqlite3PagerDataVersion(pager)).toBe(version + 1);
    expect(() => S.sqlite3PagerSetPagesize(pager, new Ref(511), 0)).toThrow();
    expect(() => S.sqlite3PagerSetPagesize(pager, new Ref(65537), 0)).toThrow();
  });

  test("the lock page follows the pending byte", () => {
    const pager = open(new MemDisk());
    const old = S.sqlite3_test_control(S.SQLITE_TESTCTRL_PENDING_BYTE, 0x10000) as number;
    try {
      expect(S.sqlite3PagerSetPagesize(pager, new Ref(1024), 0)).toBe(OK);
      expect(pager.lckPgno).toBe(65);
      expect(S.sqlite3PagerSetPagesize(pager, new Ref(65536), 0)).toBe(OK);
      expect(pager.lckPgno).toBe(2);
    } finally {
      S.sqlite3_test_control(S.SQLITE_TESTCTRL_PENDING_BYTE, old);
    }
  });

  test("reserved bytes: kept if negative", () => {
    const pager = open(new MemDisk());
    for (const [given, kept] of [
      [12, 12],
      [-1, 12],
      [-7, 12],
      [999, 999],
      [0, 0],
      [-1, 0],
    ] as const) {
      expect(S.sqlite3PagerSetPagesize(pager, new Ref(0), given)).toBe(OK);
      expect(pager.nReserve).toBe(kept);
    }
    expect(() => S.sqlite3PagerSetPagesize(pager, new Ref(0), 1000)).toThrow();
  });

  test("a page that is held prevents the change; in state READER the file tells the new count", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    fill(pager, 5, 1);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    const one = get(pager, 1);
    const size = new Ref(512);
    expect(S.sqlite3PagerSetPagesize(pager, size, 3)).toBe(OK);
    expect(size.value).toBe(PAGE);
    expect(pager.nReserve).toBe(3);
    S.sqlite3PagerUnrefPageOne(one);

    expect(S.sqlite3PagerLockingMode(pager, S.PAGER_LOCKINGMODE_EXCLUSIVE)).toBe(1);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    for (const [page, n] of [
      [512, 10],
      [2048, 3],
      [8192, 1],
      [1024, 5],
    ] as const) {
      expect(S.sqlite3PagerSetPagesize(pager, new Ref(page), 0)).toBe(OK);
      expect(pager.dbSize).toBe(n);
    }
    disk.addFault({ op: "filesize", nth: 1 });
    const ref = new Ref(512);
    expect(S.sqlite3PagerSetPagesize(pager, ref, 9)).toBe(S.SQLITE_IOERR_FSTAT);
    expect(ref.value).toBe(PAGE);
    expect(pager).toMatchObject({ pageSize: PAGE, nReserve: 0, dbSize: 5 });
    disk.clearFaults();
    const held = get(pager, 1);
    expect(peek(pager, 3)).toBe(1);
    unref(held);
  });

  test("out of memory: the old size stays in force, and nothing leaks", () => {
    withHeap((heap) => {
      const pager = db(new MemDisk());
      for (let n = 0; ; n++) {
        heap.countdown = n;
        heap.failed = 0;
        const ref = new Ref(8192);
        const tmp = pager.pTmpSpace;
        const rc = S.sqlite3PagerSetPagesize(pager, ref, 5);
        heap.countdown = -1;
        if (heap.failed === 0) {
          expect(rc).toBe(OK);
          expect(n).toBeGreaterThan(1);
          break;
        }
        expect(rc).toBe(S.SQLITE_NOMEM);
        expect(ref.value).toBe(PAGE);
        expect(pager).toMatchObject({ pageSize: PAGE, nReserve: 0, pTmpSpace: tmp });
        expect(heap.live.has(tmp!)).toBe(true);
      }
    });
  });
});

describe("other settings", () => {
  test("cache and spill sizes reach the cache", () => {
    const pager = db(new MemDisk());
    S.sqlite3PagerSetCachesize(pager, 17);
    expect(S.sqlite3PcacheGetCachesize(pager.pPCache)).toBe(17);
    expect(S.sqlite3PagerSetSpillsize(pager, 0)).toBe(17);
    expect(S.sqlite3PagerSetSpillsize(pager, 30)).toBe(30);
    expect(S.sqlite3PagerSetSpillsize(pager, 0)).toBe(30);
    expect(S.sqlite3PagerSetSpillsize(pager, 5)).toBe(17);
    /* negative: KiB, divided by the size of a page with its headers */
    S.sqlite3PagerSetCachesize(pager, -100);
    const { szPage, szExtra } = pager.pPCache;
    expect(S.sqlite3PagerSetSpillsize(pager, 0)).toBe(Math.floor((100 * 1024) / (szPage + szExtra)));
  });

  test("sqlite3PagerShrink drops what is clean and unused", () => {
    const pager = db(new MemDisk());
    fill(pager, 8, 1);
    const one = begin(pager);
    put(pager, 3, 2);
    for (let i = 4; i <= 8; i++) peek(pager, i);
    expect(S.sqlite3PcachePagecount(pager.pPCache)).toBeGreaterThan(2);
    S.sqlite3PagerShrink(pager);
    expect(S.sqlite3PcachePagecount(pager.pPCache)).toBe(2);
    expect(peek(pager, 3)).toBe(2);
    commit(pager, one);
  });

  test("sqlite3PagerMaxPageCount and what it forbids", () => {
    const pager = db(new MemDisk());
    const one = begin(pager);
    expect(S.sqlite3PagerMaxPageCount(pager, 0)).toBe(0xfffffffe);
    expect(S.sqlite3PagerMaxPageCount(pager, 1)).toBe(1);
    expect(S.sqlite3PagerMaxPageCount(pager, 4)).toBe(4);
    expect(S.sqlite3PagerMaxPageCount(pager, 0)).toBe(4);
    const pp = new Ref<S.DbPage | null>(null);
    expect(S.sqlite3PagerGet(pager, 5, pp, 0)).toBe(S.SQLITE_FULL);
    put(pager, 4, 1);
    commit(pager, one);
    /* The file has more pages than the limit allows: the limit gives way. */
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    const held = get(pager, 1);
    expect(S.sqlite3PagerMaxPageCount(pager, 2)).toBe(2);
    unref(held);
    expect(pager.eState).toBe(OPEN);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(S.sqlite3PagerMaxPageCount(pager, 0)).toBe(4);
    S.sqlite3PagerUnrefPageOne(get(pager, 1));
    expect(() => S.sqlite3PagerMaxPageCount(pager, 0)).toThrow();
  });

  test("sqlite3PagerReadFileheader: what the file has, zeros after that", () => {
    const disk = new MemDisk();
    disk.importFile(
      "/db",
      Uint8Array.from({ length: 60 }, (_, i) => i + 1),
    );
    const pager = open(disk);
    const dest = new Uint8Array(102).fill(0xee);
    expect(S.sqlite3PagerReadFileheader(pager, 100, dest)).toBe(OK);
    expect([...dest]).toEqual([
      ...Array.from({ length: 60 }, (_, i) => i + 1),
      ...new Array(40).fill(0),
      0xee,
      0xee,
    ]);
    expect(S.sqlite3PagerReadFileheader(pager, 10, dest.fill(0xee))).toBe(OK);
    expect([dest[9], dest[10]]).toEqual([10, 0xee]);
    disk.addFault({ op: "read", nth: 1 });
    expect(S.sqlite3PagerReadFileheader(pager, 100, dest)).toBe(S.SQLITE_IOERR_READ);
    disk.clearFaults();
    const temp = open(disk, { name: null });
    expect(S.sqlite3PagerReadFileheader(temp, 100, dest.fill(0xee))).toBe(OK);
    expect([dest[0], dest[99], dest[100]]).toEqual([0, 0, 0xee]);
  });

  test("sqlite3PagerPagecount is cut to a C int", () => {
    const pager = db(new MemDisk());
    expect(() => S.sqlite3PagerPagecount(pager, new Ref(0))).toThrow();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    const n = new Ref(0);
    for (const [size, int] of [
      [3, 3],
      [0x7fffffff, 0x7fffffff],
      [0xfffffffe, -2],
    ] as const) {
      pager.dbSize = size;
      S.sqlite3PagerPagecount(pager, n);
      expect(n.value).toBe(int);
    }
    pager.dbSize = 0;
  });

  test("sqlite3PagerSetBusyHandler tells the VFS, with both values at one address", () => {
    const disk = new MemDisk();
    const pager = open(disk);
    const args: unknown[] = [];
    const methods = pager.fd.pMethods!;
    pager.fd.pMethods = {
      ...methods,
      xFileControl(id, op, pArg) {
        if (op === S.SQLITE_FCNTL_BUSYHANDLER) args.push(pArg);
        return methods.xFileControl(id, op, pArg);
      },
    };
    const handler = () => 0;
    S.sqlite3PagerSetBusyHandler(pager, handler, 42);
    expect(args).toEqual([[handler, 42]]);
    expect(pager).toMatchObject({ xBusyHandler: handler, pBusyHandlerArg: 42 });
    /* A temporary pager has no file to tell. */
    S.sqlite3PagerSetBusyHandler(open(disk, { name: null }), handler, 42);
  });
});

describe("sqlite3PagerSetMmapLimit", () => {
  test("files that can be mapped get the limit, others none", () => {
    for (const ioVersion of [1, 2, 3] as const) {
      const disk = new MemDisk({ ioVersion });
      const pager = open(disk);
      disk.startTrace();
      for (const limit of [1 << 20, 0, 1, -1]) {
        S.sqlite3PagerSetMmapLimit(pager, limit);
        expect(pager.szMmap).toBe(limit);
        expect(pager.bUseFetch).toBe(ioVersion === 3 && limit > 0 ? 1 : 0);
      }
      const told = disk
        .stopTrace()
        .filter((c) => c.op === "filecontrol")
        .map((c) => [c.arg, c.amount]);
      const op = S.SQLITE_FCNTL_MMAP_SIZE;
      const all = [
        [op, 1 << 20],
        [op, 0],
        [op, 1],
        [op, -1],
      ];
      expect(told).toEqual(ioVersion === 3 ? all : []);
    }
    const temp = open(new MemDisk(), { name: null });
    S.sqlite3PagerSetMmapLimit(temp, 1 << 20);
    expect(temp).toMatchObject({ szMmap: 1 << 20, bUseFetch: 0 });
  });

  test("the limit is announced again with every page size, even an old one", () => {
    const disk = new MemDisk();
    const pager = open(disk);
    S.sqlite3PagerSetMmapLimit(pager, 5000);
    pager.bUseFetch = 0;
    disk.startTrace();
    for (const size of [512, 0]) expect(S.sqlite3PagerSetPagesize(pager, new Ref(size), -1)).toBe(OK);
    const told = disk.stopTrace().filter((c) => c.op === "filecontrol");
    expect(told.map((c) => [c.arg, c.amount])).toEqual([
      [S.SQLITE_FCNTL_MMAP_SIZE, 5000],
      [S.SQLITE_FCNTL_MMAP_SIZE, 5000],
    ]);
    expect(pager.bUseFetch).toBe(1);
  });

  test("the VFS may answer with another limit; the pager keeps its own", () => {
    const disk = new MemDisk();
    const pager = open(disk);
    S.sqlite3PagerSetMmapLimit(pager, 5000);
    S.sqlite3PagerSetMmapLimit(pager, 6000);
    expect(pager.szMmap).toBe(6000);
  });

  test("pages of the mapping: given back, their headers used again, the extra bytes cleared", () => {
    withHeap((heap) => {
      const disk = new MemDisk();
      const pager = db(disk);
      fill(pager, 6, 1);
      close(pager);
      const reader = db(disk);
      S.sqlite3PagerSetMmapLimit(reader, 1 << 20);
      expect(S.sqlite3PagerSharedLock(reader)).toBe(OK);
      const one = get(reader, 1);
      disk.startTrace();
      const two = get(reader, 2, S.PAGER_GET_READONLY);
      const three = get(reader, 3, S.PAGER_GET_READONLY);
      expect(two.flags).toBe(S.PGHDR_MMAP);
      expect([two.pData[0], two.pData.length, two.pgno, reader.nMmapOut]).toEqual([1, PAGE, 2, 2]);
      expect(two.pExtra.length).toBe(136);
      expect([...two.pExtra].every((b) => b === 0)).toBe(true);
      two.pExtra.fill(0xff);
      three.pExtra.fill(0xff);
      unref(two);
      unref(three);
      expect(reader.nMmapOut).toBe(0);
      /* last in, first out */
      const again = get(reader, 4, S.PAGER_GET_READONLY);
      expect(again).toBe(three);
      expect([...again.pExtra.subarray(0, 9)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0xff]);
      expect(again).toMatchObject({ pgno: 4, nRef: 1, pDirty: null });
      expect(reader.pMmapFreelist).toBe(two);
      unref(again);
      const calls = disk.stopTrace().filter((c) => c.op === "unfetch");
      expect(calls.map((c) => c.offset)).toEqual([PAGE, 2 * PAGE, 3 * PAGE]);

      /* no memory for a header: the mapping is given back */
      const two2 = get(reader, 2, S.PAGER_GET_READONLY);
      const three2 = get(reader, 3, S.PAGER_GET_READONLY);
      const pp = new Ref<S.DbPage | null>(one);
      disk.startTrace();
      heap.countdown = 0;
      expect(S.sqlite3PagerGet(reader, 5, pp, S.PAGER_GET_READONLY)).toBe(S.SQLITE_NOMEM);
      expect(pp.value).toBeNull();
      expect(story(disk.stopTrace(), "fetch", "unfetch").length).toBe(2);
      expect(reader.nMmapOut).toBe(2);
      unref(two2);
      unref(three2);
      unref(one);
      close(reader);
    });
  });
});

/* ------------------------------------------------------------------ sqlite3PagerSharedLock */

/** The state after a SharedLock that failed. */
const GONE = { eState: OPEN, eLock: S.NO_LOCK, errCode: OK, hasHeldSharedLock: 0 };

describe("sqlite3PagerSharedLock", () => {
  test("an empty database: what is asked of the VFS, in order", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(disk.trace.map((c) => [c.op, c.file.replace("/db", ""), c.arg])).toEqual([
      ["lock", "", S.SHARED_LOCK],
      ["access", "-journal", S.SQLITE_ACCESS_EXISTS],
      ["access", "-wal", S.SQLITE_ACCESS_EXISTS],
      ["filesize", "", 0],
    ]);
    expect(pager).toMatchObject({ eState: READER, eLock: S.SHARED_LOCK, dbSize: 0, hasHeldSharedLock: 1 });
    /* In state READER nothing is asked. */
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(disk.stopTrace()).toEqual([]);
  });

  test("the size is rounded up to whole pages, and lifts the limit", () => {
    for (const [bytes, pages] of [
      [0, 0],
      [1, 1],
      [PAGE, 1],
      [PAGE + 1, 2],
      [5 * PAGE - 1, 5],
    ] as const) {
      const disk = new MemDisk();
      disk.importFile("/db", new Uint8Array(bytes));
      const pager = db(disk);
      pager.mxPgno = 2;
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      expect(pager.dbSize).toBe(pages);
      expect(pager.mxPgno).toBe(Math.max(2, pages));
    }
    /* Beyond 2^31 bytes, and beyond 2^31 pages. */
    for (const [size, page, pages] of [
      [2 ** 40 + 1, 512, 2 ** 31 + 1],
      [0xfffffffe * 512, 512, 0xfffffffe],
      [2 ** 33, 65536, 2 ** 17],
    ] as const) {
      const disk = new MemDisk();
      const pager = db(disk, { page });
      const methods = pager.fd.pMethods!;
      pager.fd.pMethods = {
        ...methods,
        xFileSize(_id, pSize) {
          pSize.value = size;
          return OK;
        },
      };
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      expect(pager.dbSize).toBe(pages);
    }
  });

  test("the busy handler is asked until it gives up, or until the lock is free", () => {
    const disk = new MemDisk();
    const writer = db(disk);
    fill(writer, 2, 1);
    const one = begin(writer);
    expect(S.sqlite3PagerExclusiveLock(writer)).toBe(OK);
    const reader = db(disk);
    const asked: unknown[] = [];
    S.sqlite3PagerSetBusyHandler(reader, (p) => (asked.push(p) < 4 ? 1 : 0), "arg");
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(reader)).toBe(S.SQLITE_BUSY);
    expect(asked).toEqual(["arg", "arg", "arg", "arg"]);
    expect(disk.stopTrace().map((c) => `${c.op} ${c.rc}`)).toEqual([
      "lock 5",
      "lock 5",
      "lock 5",
      "lock 5",
      "devicecharacteristics 0",
      "unlock 0",
    ]);
    expect(reader).toMatchObject(GONE);

    asked.length = 0;
    S.sqlite3PagerSetBusyHandler(
      reader,
      () => {
        if (asked.push(0) === 2) {
          expect(S.sqlite3PagerRollback(writer)).toBe(OK);
          unref(one);
        }
        return 1;
      },
      null,
    );
    expect(S.sqlite3PagerSharedLock(reader)).toBe(OK);
    expect(asked.length).toBe(2);
    expect(reader.dbSize).toBe(2);

    /* Other errors do not wait. */
    const third = db(disk);
    asked.length = 0;
    S.sqlite3PagerSetBusyHandler(third, () => asked.push(0), null);
    for (const code of [S.SQLITE_IOERR_LOCK, S.SQLITE_BUSY_RECOVERY, S.SQLITE_NOMEM]) {
      disk.addFault({ op: "lock", nth: 1, code });
      expect(S.sqlite3PagerSharedLock(third)).toBe(code);
      expect(third).toMatchObject(GONE);
      disk.clearFaults();
    }
    expect(asked).toEqual([]);
  });

  test("from RESERVED to EXCLUSIVE the handler is asked too, from SHARED to RESERVED it is not", () => {
    const disk = new MemDisk();
    const reader = db(disk);
    const writer = db(disk);
    fill(writer, 2, 1);
    let asked = 0;
    let held: S.DbPage | null = null;
    const handler = () => {
      if (++asked === 3) {
        unref(held!);
        held = null;
      }
      return 1;
    };
    S.sqlite3PagerSetBusyHandler(writer, handler, null);
    expect(S.sqlite3PagerSharedLock(reader)).toBe(OK);
    held = get(reader, 1);
    const one = begin(writer);
    put(writer, 2, 2);
    commit(writer, one);
    expect(asked).toBe(3);

    const other = begin(reader);
    expect(S.sqlite3PagerSharedLock(writer)).toBe(OK);
    const page = get(writer, 1);
    expect(S.sqlite3PagerBegin(writer, 0, 0)).toBe(S.SQLITE_BUSY);
    expect(asked).toBe(3);
    unref(page);
    expect(S.sqlite3PagerRollback(reader)).toBe(OK);
    unref(other);
  });

  test("a cache that is still right is kept, one that is not is dropped", () => {
    const disk = new MemDisk();
    const a = db(disk);
    const b = db(disk);
    fill(a, 3, 1);
    const read = (): [number, number] => {
      expect(S.sqlite3PagerSharedLock(a)).toBe(OK);
      const one = get(a, 1);
      const v = peek(a, 2);
      const version = S.sqlite3PagerDataVersion(a);
      unref(one);
      return [v, version];
    };
    const [, version] = read();
    disk.startTrace();
    expect(read()).toEqual([1, version]);
    expect(story(disk.stopTrace(), "read")).toEqual(["read 24+16"]);
    const restarts: number[] = [];
    S.sqlite3PagerBackupPtr(a).value = {
      pNext: null,
      xUpdate: () => restarts.push(-1),
      xRestart: () => restarts.push(1),
    };
    fill(b, 3, 2);
    expect(read()).toEqual([2, version + 1]);
    expect(restarts).toEqual([1]);
    read();
    expect(restarts).toEqual([1]);
    S.sqlite3PagerBackupPtr(a).value = null;
    /* Every one of the sixteen bytes counts, and no other. */
    for (let i = 22; i < 42; i++) {
      const bytes = disk.exportFile("/db")!;
      bytes[i]! ^= 1;
      const before = read()[1];
      const id = new S.sqlite3_file();
      expect(disk.vfs.xOpen(disk.vfs, toCString("/db"), id, DB, null)).toBe(OK);
      expect(id.pMethods!.xWrite(id, bytes, bytes.length, 0)).toBe(OK);
      id.pMethods!.xClose(id);
      expect(read()[1] - before).toBe(i >= 24 && i < 40 ? 1 : 0);
    }
  });

  test("a file that has become too short for a change counter counts as changed", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    fill(pager, 2, 1);
    const version = S.sqlite3PagerDataVersion(pager);
    const id = new S.sqlite3_file();
    expect(disk.vfs.xOpen(disk.vfs, toCString("/db"), id, DB, null)).toBe(OK);
    expect(id.pMethods!.xTruncate(id, 30)).toBe(OK);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(S.sqlite3PagerDataVersion(pager)).toBe(version + 1);
    expect(pager.dbSize).toBe(1);
    unref(get(pager, 1));
    /* What was read then ends in zeros after byte 30; a short read compares as sixteen zeros. */
    expect(id.pMethods!.xTruncate(id, 0)).toBe(OK);
    pager.dbFileVers.fill(0);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(S.sqlite3PagerDataVersion(pager)).toBe(version + 1);
    id.pMethods!.xClose(id);
  });

  test("the mapping is dropped together with the cache", () => {
    const disk = new MemDisk();
    const a = db(disk);
    const b = db(disk);
    fill(a, 3, 1);
    for (const limit of [1 << 20, 0]) {
      S.sqlite3PagerSetMmapLimit(a, limit);
      expect(S.sqlite3PagerSharedLock(a)).toBe(OK);
      unref(get(a, 1));
      fill(b, 3, 2);
      disk.startTrace();
      expect(S.sqlite3PagerSharedLock(a)).toBe(OK);
      expect(story(disk.stopTrace(), "unfetch")).toEqual(limit ? ["unfetch 0"] : []);
      unref(get(a, 1));
    }
  });

  test("journal mode WAL without a log becomes DELETE", () => {
    const pager = db(new MemDisk());
    pager.journalMode = S.PAGER_JOURNALMODE_WAL;
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(pager.journalMode).toBe(S.PAGER_JOURNALMODE_DELETE);
  });

  test("the log of an empty database is deleted", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    for (const [op, nth, rc] of [
      ["access", 2, S.SQLITE_IOERR_ACCESS],
      ["filesize", 1, S.SQLITE_IOERR_FSTAT],
      ["delete", 1, S.SQLITE_IOERR_DELETE],
      ["delete", 2, OK],
    ] as const) {
      disk.importFile("/db-wal", new Uint8Array(100));
      disk.addFault({ op, nth });
      expect(S.sqlite3PagerSharedLock(pager)).toBe(rc);
      disk.clearFaults();
      expect(disk.exists("/db-wal")).toBe(rc !== OK);
      expect(pager.eState).toBe(rc === OK ? READER : OPEN);
      expect(pager.journalMode).toBe(S.PAGER_JOURNALMODE_DELETE);
    }
  });
});

describe("hasHotJournal", () => {
  const JUNK = Uint8Array.of(7, 7, 7, 7);

  test("a journal that begins with a zero byte, or is empty, is not hot", () => {
    for (const bytes of [Uint8Array.of(0, 1, 2), new Uint8Array(0)]) {
      const disk = new MemDisk();
      disk.importFile("/db", new Uint8Array(2 * PAGE));
      /* One that this VFS does not call existing when it is empty. */
      const vfs = vfsWith(disk, {
        xAccess(_pVfs, z, _flags, pOut) {
          pOut.value = disk.exists(S.fromCString(z)) ? 1 : 0;
          return OK;
        },
      });
      disk.importFile("/db-journal", bytes);
      const pager = db(disk, { vfs });
      disk.startTrace();
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      expect(story(disk.stopTrace(), "lock", "open", "read", "close", "checkreservedlock")).toEqual([
        `lock ${S.SHARED_LOCK}`,
        "checkreservedlock 0",
        `open-journal ${S.SQLITE_OPEN_READONLY | S.SQLITE_OPEN_MAIN_JOURNAL}`,
        "read-journal 0+1",
        "close-journal 0",
      ]);
      expect(disk.exists("/db-journal")).toBe(true);
      expect(pager.dbSize).toBe(2);
    }
  });

  test("nor is one while somebody holds RESERVED", () => {
    const disk = new MemDisk();
    const writer = db(disk);
    fill(writer, 2, 1);
    const one = begin(writer);
    put(writer, 2, 2);
    expect(disk.exists("/db-journal")).toBe(true);
    const reader = db(disk);
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(reader)).toBe(OK);
    expect(story(disk.stopTrace(), "open", "read")).toEqual([]);
    const held = get(reader, 1);
    expect(peek(reader, 2)).toBe(1);
    unref(held);
    commit(writer, one);
  });

  test("the journal of an empty database is deleted, under RESERVED, unless that cannot be had", () => {
    const disk = new MemDisk();
    disk.importFile("/db-journal", JUNK);
    const pager = db(disk);
    const other = db(disk);
    disk.startTrace();
    const fault = disk.addFault({ op: "lock", nth: 2, code: S.SQLITE_BUSY });
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(fault.hits).toBe(1);
    expect(disk.exists("/db-journal")).toBe(true);
    expect(pager.eLock).toBe(S.SHARED_LOCK);
    expect(S.sqlite3PagerSharedLock(other)).toBe(OK);
    expect(disk.exists("/db-journal")).toBe(false);
    expect(story(disk.stopTrace(), "lock", "delete", "unlock")).toEqual([
      `lock ${S.SHARED_LOCK}`,
      `lock ${S.RESERVED_LOCK}`,
      `lock ${S.SHARED_LOCK}`,
      `lock ${S.RESERVED_LOCK}`,
      "delete-journal 0",
      `unlock ${S.SHARED_LOCK}`,
    ]);
  });

  test("a journal of an empty database that cannot be deleted is nobody's concern; exclusive mode keeps the lock", () => {
    const disk = new MemDisk();
    disk.importFile("/db-journal", JUNK);
    const pager = db(disk);
    expect(S.sqlite3PagerLockingMode(pager, S.PAGER_LOCKINGMODE_EXCLUSIVE)).toBe(1);
    disk.addFault({ op: "delete", nth: 1 });
    const benign: string[] = [];
    S.sqlite3BenignMallocHooks(
      () => benign.push("begin"),
      () => benign.push("end"),
    );
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    S.sqlite3BenignMallocHooks(null, null);
    expect(benign).toEqual(["begin", "end"]);
    expect(pager).toMatchObject({ eState: READER, eLock: S.RESERVED_LOCK });
    expect(disk.exists("/db-journal")).toBe(true);
  });

  test("an open persistent journal is looked into without opening it, where open files cannot be deleted", () => {
    const options = { deviceCharacteristics: PSOW | S.SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN };
    const disk = new MemDisk(options);
    const pager = db(disk, { mode: S.PAGER_JOURNALMODE_PERSIST });
    fill(pager, 2, 1);
    expect(S.isOpen(pager.jfd)).toBe(true);
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(story(disk.stopTrace(), "access", "open", "close", "read")).toEqual([
      "read-journal 0+1",
      "read 24+16",
      `access-wal ${S.SQLITE_ACCESS_EXISTS}`,
    ]);
    unref(get(pager, 1));
    /* With an empty database, too, it stays and is read. */
    const id = new S.sqlite3_file();
    expect(disk.vfs.xOpen(disk.vfs, toCString("/db"), id, DB, null)).toBe(OK);
    expect(id.pMethods!.xTruncate(id, 0)).toBe(OK);
    id.pMethods!.xClose(id);
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(story(disk.stopTrace(), "delete", "open", "lock")).toEqual([`lock ${S.SHARED_LOCK}`]);
    expect(S.isOpen(pager.jfd)).toBe(true);
  });

  test("errors on the way are what the caller gets, and the journal is closed again", () => {
    const disk = hotDisk();
    const image = disk.snapshot();
    for (const [op, nth, code, rc] of [
      ["access", 1, 0, S.SQLITE_IOERR_ACCESS],
      ["checkreservedlock", 1, 0, S.SQLITE_IOERR_CHECKRESERVEDLOCK],
      ["filesize", 1, 0, S.SQLITE_IOERR_FSTAT],
      ["open", 1, S.SQLITE_IOERR, S.SQLITE_IOERR],
      ["open", 1, S.SQLITE_NOMEM, S.SQLITE_NOMEM],
      ["open", 1, S.SQLITE_CANTOPEN_ISDIR, S.SQLITE_CANTOPEN_ISDIR],
      ["read", 1, 0, S.SQLITE_IOERR_READ],
    ] as const) {
      disk.restore(image);
      const pager = db(disk);
      const fault = disk.addFault(code ? { op, nth, code } : { op, nth });
      expect(S.sqlite3PagerSharedLock(pager)).toBe(rc);
      expect(fault.hits).toBe(1);
      expect(pager).toMatchObject(GONE);
      expect(S.isOpen(pager.jfd)).toBe(false);
      disk.clearFaults();
      expect(disk.exportFile("/db")![PAGE]).toBe(2);
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      expect(disk.exportFile("/db")![PAGE]).toBe(1);
      close(pager);
    }
    expect(disk.nOpen).toBe(0);
  });

  test("a journal that cannot be opened counts as hot: EXCLUSIVE will show", () => {
    const disk = hotDisk();
    const pager = db(disk);
    disk.addFault({ op: "open", nth: 1, code: S.SQLITE_CANTOPEN });
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(story(disk.stopTrace(), "lock", "unlock", "open")).toEqual([
      `lock ${S.SHARED_LOCK}`,
      `open-journal ${S.SQLITE_OPEN_READONLY | S.SQLITE_OPEN_MAIN_JOURNAL}`,
      `lock ${S.EXCLUSIVE_LOCK}`,
      `open-journal ${S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_MAIN_JOURNAL}`,
      `unlock ${S.SHARED_LOCK}`,
    ]);
    expect(disk.exportFile("/db")![PAGE]).toBe(1);
  });
});

describe("a hot journal", () => {
  test("is synced, played back and deleted, and the log gets a notice", () => {
    const disk = hotDisk();
    const pager = db(disk);
    disk.startTrace();
    const lines = withLog(() => expect(S.sqlite3PagerSharedLock(pager)).toBe(OK));
    expect(lines).toEqual([`${S.SQLITE_NOTICE_RECOVER_ROLLBACK} recovered 3 pages from /db-journal`]);
    expect(story(disk.stopTrace(), "lock", "unlock", "sync", "write", "delete")).toEqual([
      `lock ${S.SHARED_LOCK}`,
      `lock ${S.EXCLUSIVE_LOCK}`,
      `sync-journal ${S.SQLITE_SYNC_NORMAL}`,
      `write 0+${PAGE}`,
      `write ${PAGE}+${PAGE}`,
      `write ${2 * PAGE}+${PAGE}`,
      `sync ${S.SQLITE_SYNC_NORMAL}`,
      "delete-journal 0",
      `unlock ${S.SHARED_LOCK}`,
    ]);
    expect(pager).toMatchObject({ eState: READER, eLock: S.SHARED_LOCK, dbSize: 3 });
    unref(get(pager, 1));
    expect(contents(disk)).toEqual([1, 1, 1]);
  });

  test("with syncing off it is not synced first", () => {
    const disk = hotDisk();
    const pager = db(disk, { sync: S.PAGER_SYNCHRONOUS_OFF });
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(story(disk.stopTrace(), "sync")).toEqual([]);
    unref(get(pager, 1));
    expect(contents(disk)).toEqual([1, 1, 1]);
  });

  test("of another page size brings its page size for the time of the playback", () => {
    const disk = hotDisk();
    const pager = db(disk, { page: 4096 });
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(pager).toMatchObject({ pageSize: 4096, sectorSize: 512, dbSize: 1 });
    unref(get(pager, 1));
    expect(contents(disk)).toEqual([1, 1, 1]);
  });

  test("cannot be played back by a reader without write access", () => {
    const disk = hotDisk();
    disk.setReadOnly("/db", true);
    const pager = db(disk);
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(S.SQLITE_READONLY_ROLLBACK);
    expect(story(disk.stopTrace(), "lock")).toEqual([`lock ${S.SHARED_LOCK}`]);
    expect(pager).toMatchObject(GONE);
  });

  test("waits for nobody: with another reader present it is SQLITE_BUSY, unasked", () => {
    const disk = hotDisk();
    const other = new S.sqlite3_file();
    expect(disk.vfs.xOpen(disk.vfs, toCString("/db"), other, DB, null)).toBe(OK);
    expect(other.pMethods!.xLock(other, S.SHARED_LOCK)).toBe(OK);
    const pager = db(disk);
    S.sqlite3PagerSetBusyHandler(
      pager,
      () => {
        throw new Error("asked");
      },
      null,
    );
    expect(S.sqlite3PagerSharedLock(pager)).toBe(S.SQLITE_BUSY);
    expect(pager).toMatchObject(GONE);
    expect(other.pMethods!.xUnlock(other, S.NO_LOCK)).toBe(OK);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    other.pMethods!.xClose(other);
  });

  test("that is gone by the time of EXCLUSIVE has been played back by somebody else", () => {
    for (const exclusive of [0, 1]) {
      const disk = hotDisk();
      let asked = 0;
      const vfs = vfsWith(disk, {
        xAccess(pVfs, z, flags, pOut) {
          if (S.fromCString(z) === "/db-journal" && ++asked === 2) {
            pOut.value = 0;
            return OK;
          }
          return disk.vfs.xAccess(pVfs, z, flags, pOut);
        },
      });
      const pager = db(disk, { vfs });
      S.sqlite3PagerLockingMode(pager, exclusive);
      disk.startTrace();
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      expect(story(disk.stopTrace(), "write", "unlock")).toEqual(
        exclusive ? [] : [`unlock ${S.SHARED_LOCK}`],
      );
      expect(pager.eLock).toBe(exclusive ? S.EXCLUSIVE_LOCK : S.SHARED_LOCK);
      expect(pager.dbSize).toBe(3);
      expect(asked).toBe(2);
    }
  });

  test("is left alone in journal mode OFF", () => {
    const disk = hotDisk();
    const pager = db(disk);
    /* As PRAGMA journal_mode=OFF leaves it; sqlite3PagerSetJournalMode would take a lock of its own. */
    pager.journalMode = S.PAGER_JOURNALMODE_OFF;
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(story(disk.stopTrace(), "lock", "unlock", "write", "delete")).toEqual([
      `lock ${S.SHARED_LOCK}`,
      `lock ${S.EXCLUSIVE_LOCK}`,
      `unlock ${S.SHARED_LOCK}`,
    ]);
    expect(disk.exists("/db-journal")).toBe(true);
  });

  test("in exclusive mode leaves EXCLUSIVE held and, persistent, the journal open", () => {
    const disk = hotDisk();
    const pager = db(disk);
    S.sqlite3PagerLockingMode(pager, S.PAGER_LOCKINGMODE_EXCLUSIVE);
    pager.journalMode = S.PAGER_JOURNALMODE_PERSIST;
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(pager).toMatchObject({ eState: READER, eLock: S.EXCLUSIVE_LOCK });
    expect(S.isOpen(pager.jfd)).toBe(true);
    expect([...disk.exportFile("/db-journal")!.subarray(0, 28)].every((b) => b === 0)).toBe(true);
    fill(pager, 3, 5);
    close(pager);
    expect(contents(disk)).toEqual([5, 5, 5]);
  });

  test("that can only be read: SQLITE_CANTOPEN, logged", () => {
    const disk = hotDisk();
    disk.setReadOnly("/db-journal", true);
    const pager = db(disk);
    const lines = withLog(() => expect(S.sqlite3PagerSharedLock(pager)).toBe(S.SQLITE_CANTOPEN));
    expect(lines.length).toBe(1);
    expect(lines[0]).toMatch(/^14 cannot open file at line 64944 of/);
    expect(pager).toMatchObject(GONE);
    expect(S.isOpen(pager.jfd)).toBe(false);
    expect(disk.nOpen).toBe(1);
    disk.setReadOnly("/db-journal", false);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
  });

  test("named calls that fail, and their codes", () => {
    const image = hotDisk().snapshot();
    for (const [op, nth, file, rc] of [
      ["lock", 2, "/db", S.SQLITE_IOERR_LOCK],
      ["access", 2, "/db-journal", S.SQLITE_IOERR_ACCESS],
      ["open", 2, "/db-journal", S.SQLITE_CANTOPEN],
      ["sync", 1, "/db-journal", S.SQLITE_IOERR_FSYNC],
      ["filesize", 1, "/db-journal", S.SQLITE_IOERR_FSTAT],
      ["filesize", 2, "/db-journal", S.SQLITE_IOERR_FSTAT],
      ["write", 2, "/db", S.SQLITE_IOERR_WRITE],
      ["sync", 1, "/db", S.SQLITE_IOERR_FSYNC],
      ["delete", 1, "/db-journal", S.SQLITE_IOERR_DELETE],
    ] as const) {
      const disk = new MemDisk();
      disk.restore(image);
      const pager = db(disk);
      const fault = disk.addFault({ op, nth, when: (c) => c.file === file });
      expect(S.sqlite3PagerSharedLock(pager)).toBe(rc);
      expect(fault.hits).toBe(1);
      expect(pager).toMatchObject(GONE);
      expect(S.isOpen(pager.jfd)).toBe(false);
      disk.clearFaults();
      expect(contents(disk)).toEqual([1, 1, 1]);
      close(pager);
      expect(disk.nOpen).toBe(0);
    }
  });

  test("lock state UNKNOWN: a failed unlock after a failed playback makes the next lock assume a hot journal", () => {
    const disk = hotDisk();
    const pager = db(disk);
    disk.addFault({ op: "write", nth: 2, when: (c) => c.file === "/db" });
    disk.addFault({ op: "unlock", nth: 1 });
    expect(S.sqlite3PagerSharedLock(pager)).toBe(S.SQLITE_IOERR_WRITE);
    expect(pager).toMatchObject({ ...GONE, eLock: UNKNOWN_LOCK });
    disk.clearFaults();
    /* EXCLUSIVE is in fact still held; xCheckReservedLock is not asked, it would say "reserved". */
    disk.startTrace();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    expect(story(disk.stopTrace(), "lock", "unlock", "checkreservedlock")).toEqual([
      `lock ${S.SHARED_LOCK}`,
      `lock ${S.EXCLUSIVE_LOCK}`,
      `unlock ${S.SHARED_LOCK}`,
    ]);
    expect(pager).toMatchObject({ eState: READER, eLock: S.SHARED_LOCK });
    unref(get(pager, 1));
    expect(contents(disk)).toEqual([1, 1, 1]);
  });

  test("lock state UNKNOWN and the SHARED lock fails, too", () => {
    const disk = hotDisk();
    const pager = db(disk);
    disk.addFault({ op: "write", nth: 1, when: (c) => c.file === "/db" });
    disk.addFault({ op: "unlock", nth: 1, persistent: true });
    expect(S.sqlite3PagerSharedLock(pager)).toBe(S.SQLITE_IOERR_WRITE);
    expect(pager.eLock).toBe(UNKNOWN_LOCK);
    disk.addFault({ op: "lock", nth: 1 });
    expect(S.sqlite3PagerSharedLock(pager)).toBe(S.SQLITE_IOERR_LOCK);
    expect(pager).toMatchObject({ ...GONE, eLock: UNKNOWN_LOCK });
    disk.clearFaults();
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    unref(get(pager, 1));
    expect(contents(disk)).toEqual([1, 1, 1]);
  });
});

describe("sqlite3PagerSharedLock when the n-th call fails", () => {
  const scenes: [string, () => [MemDisk, number[]], (pager: S.Pager, disk: MemDisk) => void][] = [
    ["an empty database", () => [new MemDisk(), []], () => {}],
    ["a hot journal", () => [hotDisk(), [1, 1, 1]], () => {}],
    [
      "a hot journal, sectors larger than pages",
      () => [hotDisk({ sectorSize: 4096, deviceCharacteristics: 0 }), [1, 1, 1]],
      () => {},
    ],
    [
      "a file that somebody else has changed",
      () => {
        const disk = new MemDisk();
        fill(db(disk), 3, 1);
        return [disk, [4, 4, 4]];
      },
      (pager, disk) => {
        S.sqlite3PagerSetMmapLimit(pager, 1 << 20);
        expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
        unref(get(pager, 1));
        const other = db(disk);
        fill(other, 3, 4);
        close(other);
      },
    ],
    [
      "a journal beside an empty database",
      () => {
        const disk = new MemDisk();
        disk.importFile("/db-journal", Uint8Array.of(1, 2, 3));
        return [disk, []];
      },
      () => {},
    ],
  ];
  for (const [name, make, prepare] of scenes) {
    for (const persistent of [false, true]) {
      test(`${name}${persistent ? ", and all after it" : ""}`, () => {
        const [first, expected] = make();
        const image = first.snapshot();
        const codes = new Set<number>();
        for (let nth = 1; ; nth++) {
          expect(nth).toBeLessThan(200);
          const disk = new MemDisk({
            sectorSize: first.sectorSize,
            deviceCharacteristics: first.deviceCharacteristics,
          });
          disk.restore(image);
          const pager = db(disk);
          prepare(pager, disk);
          const fault = disk.addFault({ op: "all", nth, persistent });
          const rc = S.sqlite3PagerSharedLock(pager);
          disk.clearFaults();
          codes.add(rc);
          if (rc === OK) {
            unref(get(pager, 1));
          } else {
            expect(pager).toMatchObject({ eState: OPEN, errCode: OK });
            expect([S.NO_LOCK, UNKNOWN_LOCK]).toContain(pager.eLock);
            expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
            unref(get(pager, 1));
          }
          expect(pager.eState).toBe(OPEN);
          expect(contents(disk)).toEqual(expected);
          close(pager);
          if (fault.hits === 0) break;
        }
        expect(codes.size).toBeGreaterThan(1);
      });
    }
  }
});

/* ------------------------------------------------------------------ reading and writing pages */

describe("reading a page", () => {
  test("beyond the end of the file are zeros; a failed read of page 1 spoils the remembered version", () => {
    const disk = new MemDisk();
    const bytes = new Uint8Array(PAGE + 300).fill(6);
    disk.importFile("/db", bytes);
    const pager = db(disk);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    const one = get(pager, 1);
    expect([...pager.dbFileVers]).toEqual(new Array(16).fill(6));
    const two = get(pager, 2);
    expect([...two.pData]).toEqual([...new Array(300).fill(6), ...new Array(PAGE - 300).fill(0)]);
    unref(two);
    unref(one);

    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    S.sqlite3PagerShrink(pager);
    const pp = new Ref<S.DbPage | null>(one);
    disk.addFault({ op: "read", nth: 1, scribble: true });
    expect(S.sqlite3PagerGet(pager, 1, pp, 0)).toBe(S.SQLITE_IOERR_READ);
    expect(pp.value).toBeNull();
    expect([...pager.dbFileVers]).toEqual(new Array(16).fill(0xff));
    disk.clearFaults();

    /* Only page 1 has that effect. */
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    const again = get(pager, 1);
    S.sqlite3PagerShrink(pager);
    disk.addFault({ op: "read", nth: 1 });
    expect(S.sqlite3PagerGet(pager, 2, pp, 0)).toBe(S.SQLITE_IOERR_READ);
    expect([...pager.dbFileVers]).toEqual(new Array(16).fill(6));
    disk.clearFaults();
    unref(again);
  });

  test("at offsets beyond 2^32", () => {
    const disk = new MemDisk();
    const pager = db(disk, { page: 65536 });
    const methods = pager.fd.pMethods!;
    const seen: number[] = [];
    pager.fd.pMethods = {
      ...methods,
      xFileSize(_id, pSize) {
        pSize.value = 0xfffffffe * 65536;
        return OK;
      },
      xRead(_id, buf, amt, offset) {
        seen.push(offset);
        buf.fill(1, 0, amt);
        return OK;
      },
    };
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    const one = get(pager, 1);
    unref(get(pager, 0x80000001));
    unref(get(pager, 0xfffffffe));
    expect(seen).toEqual([0, 2 ** 31 * 65536, 0xfffffffd * 65536]);
    unref(one);
  });
});

describe("the change counter", () => {
  test("bytes 24..27 and 92..99 of page 1, once per transaction, modulo 2^32", () => {
    for (const [before, after] of [
      [0, 1],
      [0x7fffffff, 0x80000000],
      [0xffffffff, 0],
    ] as const) {
      const disk = new MemDisk();
      const bytes = new Uint8Array(2 * PAGE);
      S.put4byte(bytes, before, 24);
      disk.importFile("/db", bytes);
      const pager = db(disk);
      const one = begin(pager);
      put(pager, 2, 1);
      put(pager, 1, 1);
      expect(S.sqlite3PagerFlush(pager)).toBe(OK);
      put(pager, 2, 2);
      commit(pager, one);
      const image = disk.exportFile("/db")!;
      expect([24, 92, 96].map((i) => S.get4byte(image, i))).toEqual([after, after, S.SQLITE_VERSION_NUMBER]);
      expect(S.SQLITE_VERSION_NUMBER).toBe(3053002);
      expect([...pager.dbFileVers]).toEqual([...image.subarray(24, 40)]);
      close(pager);
    }
  });
});

describe("writing pages to the file", () => {
  test("the VFS hears of the size to come, unless it is one page that is there already", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    const hints = () =>
      disk
        .stopTrace()
        .filter((c) => c.op === "filecontrol" && c.arg === S.SQLITE_FCNTL_SIZE_HINT)
        .map((c) => c.amount);
    disk.startTrace();
    fill(pager, 3, 1);
    expect(hints()).toEqual([3 * PAGE]);
    disk.startTrace();
    fill(pager, 3, 2);
    expect(hints()).toEqual([]);

    disk.startTrace();
    const one = begin(pager);
    put(pager, 2, 3);
    put(pager, 9, 3);
    /* Spilled one by one: page 2 does not make the file longer, page 9 does. */
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    expect(pager).toMatchObject({ dbHintSize: 9, dbFileSize: 9, dbSize: 9 });
    expect(hints()).toEqual([9 * PAGE]);
    commit(pager, one);
    expect(contents(disk)).toEqual([2, 3, 2, 0, 0, 0, 0, 0, 3]);
  });

  test("pages that nobody wants any more are passed over; backups hear of the others", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    fill(pager, 6, 1);
    const heard: string[] = [];
    const second: S.sqlite3_backup = { pNext: null, xUpdate: () => heard.push("2nd"), xRestart: () => {} };
    const first: S.sqlite3_backup = {
      pNext: second,
      xUpdate: (pgno, data) => heard.push(`${pgno}: ${data.length} of ${data[500]}`),
      xRestart: () => heard.push("restart"),
    };
    S.sqlite3PagerBackupPtr(pager).value = first;
    const one = begin(pager);
    for (let i = 1; i <= 6; i++) put(pager, i, 2);
    const three = get(pager, 3);
    S.sqlite3PagerDontWrite(three);
    unref(three);
    S.sqlite3PagerTruncateImage(pager, 4);
    expect(pager.dbSize).toBe(4);
    const writes = pager.aStat[2];
    commit(pager, one);
    expect(heard).toEqual([1, 2, 4].flatMap((pgno) => [`${pgno}: ${PAGE} of 2`, "2nd"]));
    expect(pager.aStat[2]).toBe(writes! + 3);
    S.sqlite3PagerBackupPtr(pager).value = null;
    expect(contents(disk)).toEqual([2, 2, 1, 2]);
    expect(disk.exportFile("/db")!.length).toBe(4 * PAGE);
  });

  test("sqlite3PagerTruncateImage only shortens", () => {
    const pager = db(new MemDisk());
    const one = begin(pager);
    expect(() => S.sqlite3PagerTruncateImage(pager, 0)).toThrow();
    put(pager, 3, 1);
    expect(() => {
      S.sqlite3Config.neverCorrupt = 1;
      S.sqlite3PagerTruncateImage(pager, 4);
    }).toThrow();
    S.sqlite3Config.neverCorrupt = 0;
    S.sqlite3PagerTruncateImage(pager, 4);
    S.sqlite3PagerTruncateImage(pager, 2);
    expect(pager.dbSize).toBe(2);
    expect(S.sqlite3PagerRollback(pager)).toBe(OK);
    unref(one);
  });

  test("a write that fails is still booked: dbFileSize, dbFileVers, the backups", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    fill(pager, 1, 1);
    const heard: number[] = [];
    S.sqlite3PagerBackupPtr(pager).value = {
      pNext: null,
      xUpdate: (pgno) => heard.push(pgno),
      xRestart: () => heard.push(-1),
    };
    const one = begin(pager);
    put(pager, 4, 2);
    disk.addFault({ op: "write", nth: 1, code: S.SQLITE_FULL, when: (c) => c.file === "/db" });
    expect(S.sqlite3PagerFlush(pager)).toBe(S.SQLITE_FULL);
    expect(pager).toMatchObject({ eState: ERROR, errCode: S.SQLITE_FULL, dbFileSize: 4 });
    expect(heard).toEqual([4]);
    disk.clearFaults();
    const pp = new Ref<S.DbPage | null>(one);
    expect(S.sqlite3PagerGet(pager, 1, pp, 0)).toBe(S.SQLITE_FULL);
    expect(pp.value).toBeNull();
    expect(S.sqlite3PagerRollback(pager)).toBe(S.SQLITE_FULL);
    unref(one);
    expect(heard).toEqual([4, -1]);
    S.sqlite3PagerBackupPtr(pager).value = null;
    expect(pager.eState).toBe(OPEN);
    expect(contents(disk)).toEqual([1]);
  });
});

/* ------------------------------------------------------------------ syncJournal */

describe("syncJournal", () => {
  const { SQLITE_IOCAP_SAFE_APPEND: SAFE, SQLITE_IOCAP_SEQUENTIAL: SEQ } = S;
  const N = S.SQLITE_SYNC_NORMAL;
  const F = S.SQLITE_SYNC_FULL;
  const DATAONLY = S.SQLITE_SYNC_DATAONLY;
  /* The header of 512 bytes and two records end at 2576, so the next header would go to 3072. */
  const look = "read-journal 3072+8";
  const count = "write-journal 0+12";
  const header = "write-journal 3072+512";
  const sync = (flags: number) => `sync-journal ${flags}`;
  const table: [string, number, number, string[]][] = [
    /* what, device, sync level and flags, calls on the journal during a spill */
    ["OFF", 0, S.PAGER_SYNCHRONOUS_OFF, []],
    ["NORMAL", 0, S.PAGER_SYNCHRONOUS_NORMAL, [look, count, sync(N), header]],
    ["FULL", 0, S.PAGER_SYNCHRONOUS_FULL, [look, sync(N), count, sync(N), header]],
    ["EXTRA", 0, S.PAGER_SYNCHRONOUS_EXTRA, [look, sync(N), count, sync(N), header]],
    [
      "FULL, fullfsync",
      0,
      S.PAGER_SYNCHRONOUS_FULL | S.PAGER_FULLFSYNC,
      [look, sync(F), count, sync(F | DATAONLY), header],
    ],
    [
      "NORMAL, fullfsync",
      0,
      S.PAGER_SYNCHRONOUS_NORMAL | S.PAGER_FULLFSYNC,
      [look, count, sync(F | DATAONLY), header],
    ],
    ["NORMAL, safe append", SAFE, S.PAGER_SYNCHRONOUS_NORMAL, [sync(N)]],
    ["FULL, safe append", SAFE, S.PAGER_SYNCHRONOUS_FULL, [sync(N)]],
    ["FULL, sequential", SEQ, S.PAGER_SYNCHRONOUS_FULL, [look, count, header]],
    ["FULL, both", SAFE | SEQ, S.PAGER_SYNCHRONOUS_FULL, []],
    ["OFF, both", SAFE | SEQ, S.PAGER_SYNCHRONOUS_OFF, []],
  ];

  for (const [what, dc, flags, calls] of table) {
    test(what, () => {
      const disk = new MemDisk({ deviceCharacteristics: PSOW | dc });
      const pager = db(disk);
      S.sqlite3PagerSetFlags(pager, flags | S.PAGER_CACHESPILL);
      fill(pager, 4, 1);
      const one = begin(pager);
      put(pager, 2, 2);
      put(pager, 3, 2);
      const off = pager.journalOff;
      expect(off).toBe(512 + 2 * (PAGE + 8));
      expect(pager).toMatchObject({ eState: CACHEMOD, nRec: 2 });
      const nRecBefore = disk.exportFile("/db-journal")!.slice(0, 12);
      disk.startTrace();
      expect(S.sqlite3PagerFlush(pager)).toBe(OK);
      const trace = disk.stopTrace().filter((c) => c.file === "/db-journal");
      expect(story(trace, "read", "write", "sync")).toEqual(calls);
      expect(pager).toMatchObject({ eState: DBMOD, eLock: S.EXCLUSIVE_LOCK });

      const journal = disk.exportFile("/db-journal")!;
      const magic = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
      expect([...journal.subarray(0, 8)]).toEqual(magic);
      const noCount = (flags & S.PAGER_SYNCHRONOUS_MASK) === S.PAGER_SYNCHRONOUS_OFF || dc & SAFE;
      expect(S.get4byte(journal, 8)).toBe(noCount ? 0xffffffff : 2);
      expect([...nRecBefore].every((b) => b === 0)).toBe(!noCount);
      if (calls.includes(header)) {
        expect(pager).toMatchObject({ nRec: 0, journalHdr: 3072, journalOff: 3072 + 512 });
        expect([...journal.subarray(3072, 3072 + 12)].every((b) => b === 0)).toBe(true);
      } else {
        expect(pager).toMatchObject({
          nRec: 2,
          journalHdr: noCount && !pager.noSync ? off : 0,
          journalOff: off,
        });
      }
      /* In state DBMOD pages beyond the old end need no sync. */
      put(pager, 4, 2);
      commit(pager, one);
      expect(contents(disk)).toEqual([1, 2, 2, 2]);
    });
  }

  test("a journal in memory is never written, yet its end is noted", () => {
    const disk = new MemDisk();
    const pager = db(disk, { mode: S.PAGER_JOURNALMODE_MEMORY });
    fill(pager, 3, 1);
    const one = begin(pager);
    put(pager, 2, 2);
    disk.startTrace();
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    expect(disk.stopTrace().filter((c) => c.file !== "/db")).toEqual([]);
    expect(pager.journalHdr).toBe(pager.journalOff);
    expect(S.sqlite3PagerRollback(pager)).toBe(OK);
    unref(one);
    expect(contents(disk)).toEqual([1, 1, 1]);
  });

  test("with journal mode OFF there is nothing to sync", () => {
    const disk = new MemDisk();
    const pager = db(disk, { mode: S.PAGER_JOURNALMODE_OFF });
    fill(pager, 3, 1);
    disk.startTrace();
    fill(pager, 3, 2);
    expect(disk.stopTrace().filter((c) => c.file === "/db-journal" && c.op !== "access")).toEqual([]);
    expect(contents(disk)).toEqual([2, 2, 2]);
  });

  /** A persistent journal with an old header exactly where the next one goes. */
  function stale(): [MemDisk, S.Pager, S.DbPage] {
    const disk = new MemDisk();
    const pager = db(disk, { mode: S.PAGER_JOURNALMODE_PERSIST });
    fill(pager, 4, 1);
    const first = begin(pager);
    put(pager, 2, 2);
    put(pager, 3, 2);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    put(pager, 4, 2);
    commit(pager, first);
    const one = begin(pager);
    put(pager, 2, 3);
    put(pager, 3, 3);
    const journal = disk.exportFile("/db-journal")!;
    expect([...journal.subarray(3072, 3075)]).toEqual([0xd9, 0xd5, 0x05]);
    return [disk, pager, one];
  }

  test("a stale header behind the records is spoilt before the count is written", () => {
    const [disk, pager, one] = stale();
    disk.startTrace();
    S.sqlite3PagerSetFlags(pager, S.PAGER_SYNCHRONOUS_FULL | S.PAGER_CACHESPILL);
    expect(S.sqlite3PagerCommitPhaseOne(pager, null, 0)).toBe(OK);
    const calls = disk.stopTrace().filter((c) => c.file === "/db-journal");
    /* Page 1 was journalled for the change counter: the header is looked for behind that. */
    expect(story(calls, "read", "write", "sync").slice(-4)).toEqual([
      "read-journal 4096+8",
      sync(N),
      count,
      sync(N),
    ]);
    expect(S.sqlite3PagerRollback(pager)).toBe(OK);
    unref(one);
    close(pager);

    const [disk2, pager2, one2] = stale();
    disk2.startTrace();
    expect(S.sqlite3PagerFlush(pager2)).toBe(OK);
    expect(
      story(
        disk2.stopTrace().filter((c) => c.file === "/db-journal"),
        "read",
        "write",
        "sync",
      ),
    ).toEqual([look, "write-journal 3072+1", sync(N), count, sync(N), header]);
    /* Had the power failed between the count and the new header: */
    const journal = disk2.exportFile("/db-journal")!;
    expect(journal[3072]).toBe(0);
    expect(S.sqlite3PagerRollback(pager2)).toBe(OK);
    unref(one2);
    close(pager2);
    expect(contents(disk2)).toEqual([1, 2, 2, 2]);
  });

  test("the stale header is not played back after a crash just before the new one is written", () => {
    const [disk, pager, one] = stale();
    /* The spill writes: byte, count, header. The third fails, so everything before it is on disk. */
    disk.addFault({ op: "write", nth: 3, code: S.SQLITE_IOERR_WRITE });
    expect(S.sqlite3PagerFlush(pager)).toBe(S.SQLITE_IOERR_WRITE);
    expect(pager.eState).toBe(ERROR);
    const after = new MemDisk();
    after.importFile("/db", disk.exportFile("/db")!);
    after.importFile("/db-journal", disk.exportFile("/db-journal")!);
    expect(contents(after)).toEqual([1, 2, 2, 2]);
    disk.clearFaults();
    unref(one);
    close(pager);
  });

  test("whatever fails during a spill puts the pager into state ERROR; the rollback is then another's", () => {
    const make: [string, () => [MemDisk, S.Pager, S.DbPage], number][] = [
      ["stale header", stale, 2],
      [
        "sectors of 4096",
        () => {
          const disk = new MemDisk({ sectorSize: 4096, deviceCharacteristics: 0 });
          const pager = db(disk);
          fill(pager, 4, 2);
          const one = begin(pager);
          put(pager, 2, 3);
          put(pager, 3, 3);
          return [disk, pager, one];
        },
        2,
      ],
    ];
    for (const [, start, v] of make) {
      for (const op of ["read", "write", "sync"] as const) {
        for (const code of [undefined, S.SQLITE_FULL, S.SQLITE_IOERR_CORRUPTFS]) {
          for (let nth = 1; ; nth++) {
            expect(nth).toBeLessThan(30);
            const [disk, pager, one] = start();
            const fault = disk.addFault(code === undefined ? { op, nth } : { op, nth, code });
            const rc = S.sqlite3PagerFlush(pager);
            disk.clearFaults();
            if (fault.hits > 0) {
              const natural = {
                read: S.SQLITE_IOERR_READ,
                write: S.SQLITE_IOERR_WRITE,
                sync: S.SQLITE_IOERR_FSYNC,
              };
              expect(rc).toBe(code ?? natural[op]);
              expect(pager).toMatchObject({ eState: ERROR, errCode: rc });
              expect(S.sqlite3PagerRollback(pager)).toBe(rc);
            } else {
              expect(rc).toBe(OK);
              expect(S.sqlite3PagerRollback(pager)).toBe(OK);
            }
            unref(one);
            expect(contents(disk).slice(1, 3)).toEqual([v, v]);
            close(pager);
            expect(disk.nOpen).toBe(0);
            if (fault.hits === 0) break;
          }
        }
      }
    }
  });

  test("EXCLUSIVE cannot be had: SQLITE_BUSY, and no error state", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    fill(pager, 3, 1);
    const reader = db(disk);
    expect(S.sqlite3PagerSharedLock(reader)).toBe(OK);
    const held = get(reader, 1);
    const one = begin(pager);
    put(pager, 2, 2);
    expect(S.sqlite3PagerFlush(pager)).toBe(S.SQLITE_BUSY);
    expect(pager).toMatchObject({ eState: CACHEMOD, errCode: OK });
    expect(disk.exportFile("/db")![PAGE]).toBe(1);
    unref(held);
    commit(pager, one);
    expect(contents(disk)).toEqual([1, 2, 1]);
  });
});

/* ------------------------------------------------------------------ pagerStress */

describe("pagerStress", () => {
  function dirty(o: DbOptions = {}): [MemDisk, S.Pager, S.DbPage] {
    const disk = new MemDisk();
    const pager = db(disk, o);
    fill(pager, 3, 1);
    const one = begin(pager);
    put(pager, 2, 2);
    return [disk, pager, one];
  }
  const spills = (pager: S.Pager) => pager.aStat[3];

  test("spills when the cache is full, and not when spilling is off", () => {
    for (const spill of [0, S.PAGER_CACHESPILL]) {
      const disk = new MemDisk();
      const pager = db(disk);
      S.sqlite3PagerSetFlags(pager, S.PAGER_SYNCHRONOUS_FULL | spill);
      const one = begin(pager);
      for (let i = 1; i <= 40; i++) put(pager, i, 1);
      const nPage = S.sqlite3PcachePagecount(pager.pPCache);
      if (spill) {
        expect(spills(pager)).toBeGreaterThan(20);
        expect(nPage).toBeLessThan(20);
        expect(pager.eState).toBe(DBMOD);
      } else {
        expect(spills(pager)).toBe(0);
        expect(nPage).toBe(40);
        expect(pager.eState).toBe(CACHEMOD);
        expect(disk.exportFile("/db")!.length).toBe(0);
      }
      commit(pager, one);
      expect(contents(disk)).toEqual(new Array(40).fill(1));
      close(pager);
    }
  });

  test("what each bit of doNotSpill forbids", () => {
    const [disk, pager, one] = dirty();
    for (const bits of [1, 2, 3, 5, 6, 7]) {
      pager.doNotSpill = bits;
      expect(S.sqlite3PagerFlush(pager)).toBe(OK);
      expect(spills(pager)).toBe(0);
    }
    /* NOSYNC alone: pages that need a sync stay, the others go. */
    pager.doNotSpill = 4;
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    expect(spills(pager)).toBe(0);
    pager.doNotSpill = 0;
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    expect(spills(pager)).toBe(1);
    expect(pager.eState).toBe(DBMOD);
    pager.doNotSpill = 4;
    put(pager, 3, 2);
    put(pager, 4, 2);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    expect(spills(pager)).toBe(2);
    expect(disk.exportFile("/db")![3 * PAGE]).toBe(2);
    expect(disk.exportFile("/db")![2 * PAGE]).toBe(1);
    pager.doNotSpill = 2;
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    expect(spills(pager)).toBe(2);
    pager.doNotSpill = 0;
    commit(pager, one);
    expect(contents(disk)).toEqual([1, 2, 2, 2]);
  });

  test("only pages that nobody holds are flushed; they are clean then, and need no sync", () => {
    const [, pager, one] = dirty();
    const three = get(pager, 3);
    expect(S.sqlite3PagerWrite(three)).toBe(OK);
    const two = get(pager, 2);
    expect(two.flags & (S.PGHDR_DIRTY | S.PGHDR_NEED_SYNC)).toBe(S.PGHDR_DIRTY | S.PGHDR_NEED_SYNC);
    unref(two);
    expect(three.flags & S.PGHDR_NEED_SYNC).toBe(S.PGHDR_NEED_SYNC);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    expect(three.flags & (S.PGHDR_DIRTY | S.PGHDR_NEED_SYNC)).toBe(S.PGHDR_DIRTY);
    expect(S.sqlite3PcachePageRefcount(three)).toBe(1);
    unref(three);
    commit(pager, one);
  });

  test("a journal that is full leaves state ERROR until the last page is released", () => {
    const [disk, pager, one] = dirty();
    disk.addFault({ op: "write", nth: 1, code: S.SQLITE_FULL });
    expect(S.sqlite3PagerFlush(pager)).toBe(S.SQLITE_FULL);
    disk.clearFaults();
    expect(S.sqlite3PagerFlush(pager)).toBe(S.SQLITE_FULL);
    expect(S.sqlite3PagerBegin(pager, 0, 0)).toBe(S.SQLITE_FULL);
    expect(pager.errCode).toBe(S.SQLITE_FULL);
    unref(one);
    expect(pager).toMatchObject({ eState: OPEN, errCode: OK });
    expect(contents(disk)).toEqual([1, 1, 1]);
  });

  test("an in-memory database has nothing to flush", () => {
    const pager = db(new MemDisk(), { name: null, flags: S.PAGER_MEMORY });
    const one = begin(pager);
    put(pager, 2, 1);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    expect(spills(pager)).toBe(0);
    commit(pager, one);
  });

  test("a temporary file is spilled in state READER, too", () => {
    const pager = db(new MemDisk(), { name: null });
    fill(pager, 3, 1);
    expect(pager.eState).toBe(READER);
    const one = get(pager, 1);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    expect(spills(pager)).toBe(2);
    expect(S.isOpen(pager.fd)).toBe(true);
    expect(peek(pager, 3)).toBe(1);
    unref(one);
  });
});

/* ------------------------------------------------------------------ savepoints */

describe("the sub-journal", () => {
  /** Runs with another SQLITE_CONFIG_STMTJRNL_SPILL. */
  function withSpill(n: number, body: () => void): void {
    const before = S.sqlite3Config.nStmtSpill;
    S.sqlite3Config.nStmtSpill = n;
    try {
      body();
    } finally {
      S.sqlite3Config.nStmtSpill = before;
    }
  }

  test("records: the page's number and content, nothing else", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    fill(pager, 4, 1);
    const one = begin(pager);
    put(pager, 2, 2);
    expect(S.sqlite3PagerOpenSavepoint(pager, 1)).toBe(OK);
    put(pager, 2, 3);
    put(pager, 3, 3);
    put(pager, 2, 4);
    expect(S.sqlite3PagerOpenSavepoint(pager, 2)).toBe(OK);
    put(pager, 2, 5);
    /* Page 3 goes to the main journal instead, page 2 once per savepoint. */
    expect(pager.nSubRec).toBe(2);
    const size = new Ref(-1);
    expect(S.sqlite3OsFileSize(pager.sjfd, size)).toBe(OK);
    expect(size.value).toBe(2 * (4 + PAGE));
    const bytes = new Uint8Array(size.value);
    expect(S.sqlite3OsRead(pager.sjfd, bytes, bytes.length, 0)).toBe(OK);
    const record = (v: number) => [0, 0, 0, 2, ...new Array(PAGE).fill(v)];
    expect([...bytes]).toEqual([...record(2), ...record(4)]);
    expect(pager.aSavepoint.map((p) => p.iSubRec)).toEqual([0, 1]);
    commit(pager, one);
    expect(pager).toMatchObject({ nSubRec: 0, nSavepoint: 0 });
    expect(S.isOpen(pager.sjfd)).toBe(false);
  });

  test("in memory, or a file with the right flags, or first one and then the other", () => {
    const flags =
      S.SQLITE_OPEN_SUBJOURNAL |
      S.SQLITE_OPEN_READWRITE |
      S.SQLITE_OPEN_CREATE |
      S.SQLITE_OPEN_EXCLUSIVE |
      S.SQLITE_OPEN_DELETEONCLOSE;
    const cases: [string, number, number, number, boolean, boolean][] = [
      /* spill size, journal mode, subjInMemory, opened by the first record, by the third */
      ["spill 0", 0, S.PAGER_JOURNALMODE_DELETE, 0, true, true],
      ["spill at 2 KiB", 2048, S.PAGER_JOURNALMODE_DELETE, 0, false, true],
      ["never", -1, S.PAGER_JOURNALMODE_DELETE, 0, false, false],
      ["subjInMemory", 0, S.PAGER_JOURNALMODE_DELETE, 1, false, false],
      ["mode MEMORY", 0, S.PAGER_JOURNALMODE_MEMORY, 0, false, false],
    ];
    for (const [, spill, mode, inMemory, first, third] of cases) {
      withSpill(spill, () => {
        const disk = new MemDisk();
        const pager = db(disk, { mode });
        fill(pager, 4, 1);
        expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
        const one = get(pager, 1);
        expect(S.sqlite3PagerBegin(pager, 0, inMemory)).toBe(OK);
        for (const i of [2, 3, 4]) put(pager, i, 2);
        expect(S.sqlite3PagerOpenSavepoint(pager, 1)).toBe(OK);
        disk.startTrace();
        const opened = () => disk.trace.some((c) => c.op === "open");
        put(pager, 2, 3);
        expect(opened()).toBe(first);
        put(pager, 3, 3);
        put(pager, 4, 3);
        expect(opened()).toBe(third);
        if (third) expect(disk.trace.find((c) => c.op === "open")!.arg).toBe(flags);
        expect(pager.nSubRec).toBe(3);
        expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
        expect([2, 3, 4].map((i) => peek(pager, i))).toEqual([2, 2, 2]);
        commit(pager, one);
        expect(contents(disk)).toEqual([1, 2, 2, 2]);
        close(pager);
        expect(disk.nOpen).toBe(0);
      });
    }
  });

  test("errors of its opening and writing reach the caller of sqlite3PagerWrite", () => {
    withSpill(0, () => {
      for (const [op, nth, rc] of [
        ["open", 1, S.SQLITE_CANTOPEN],
        ["write", 1, S.SQLITE_IOERR_WRITE],
        ["write", 2, S.SQLITE_IOERR_WRITE],
      ] as const) {
        const disk = new MemDisk();
        const pager = db(disk);
        fill(pager, 4, 1);
        const one = begin(pager);
        put(pager, 2, 2);
        expect(S.sqlite3PagerOpenSavepoint(pager, 1)).toBe(OK);
        const two = get(pager, 2);
        disk.addFault({ op, nth });
        expect(S.sqlite3PagerWrite(two)).toBe(rc);
        expect(pager.nSubRec).toBe(0);
        disk.clearFaults();
        expect(S.sqlite3PagerWrite(two)).toBe(OK);
        expect(pager.nSubRec).toBe(1);
        two.pData.fill(9);
        unref(two);
        expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
        expect(peek(pager, 2)).toBe(2);
        commit(pager, one);
        close(pager);
      }
    });
  });

  test("journal mode OFF: records are counted, not written", () => {
    const disk = new MemDisk();
    const pager = db(disk, { mode: S.PAGER_JOURNALMODE_OFF });
    fill(pager, 2, 1);
    const one = begin(pager);
    expect(S.sqlite3PagerOpenSavepoint(pager, 1)).toBe(OK);
    put(pager, 2, 2);
    expect(pager.nSubRec).toBe(1);
    expect(S.isOpen(pager.sjfd)).toBe(false);
    commit(pager, one);
  });

  test("a missing bit is SQLITE_NOMEM, and the record counts all the same", () => {
    withHeap((heap) => {
      const disk = new MemDisk();
      const pager = db(disk, { page: 512 });
      /* Large enough for a bitvec in parts: when more pages come in, it changes its shape. */
      const id = new S.sqlite3_file();
      expect(disk.vfs.xOpen(disk.vfs, toCString("/db"), id, DB, null)).toBe(OK);
      expect(id.pMethods!.xTruncate(id, 512 * 60000)).toBe(OK);
      id.pMethods!.xClose(id);
      S.sqlite3PagerSetCachesize(pager, 1000);
      const one = begin(pager);
      for (let i = 2; i <= 150; i++) put(pager, i, 1);
      expect(S.sqlite3PagerOpenSavepoint(pager, 1)).toBe(OK);
      const outcomes = new Set<number>();
      for (let i = 2; i <= 150; i++) {
        const pg = get(pager, i);
        const { nSubRec } = pager;
        /* First the journal in memory may want another chunk, then the set of pages a larger shape. */
        for (let n = 0; ; n++) {
          heap.countdown = n;
          heap.failed = 0;
          const rc = S.sqlite3PagerWrite(pg);
          heap.countdown = -1;
          outcomes.add(rc);
          if (rc === S.SQLITE_IOERR_NOMEM) {
            expect(pager.nSubRec).toBe(nSubRec);
          } else {
            expect([OK, S.SQLITE_NOMEM]).toContain(rc);
            expect(rc === OK).toBe(heap.failed === 0);
            expect(pager.nSubRec).toBe(nSubRec + 1);
            break;
          }
        }
        pg.pData.fill(2);
        unref(pg);
      }
      expect([...outcomes].sort()).toEqual([OK, S.SQLITE_NOMEM, S.SQLITE_IOERR_NOMEM].sort());
      expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
      for (let i = 2; i <= 150; i++) expect(peek(pager, i)).toBe(1);
      expect(S.sqlite3PagerRollback(pager)).toBe(OK);
      unref(one);
    });
  });
});

describe("rolling back to a savepoint", () => {
  test("three stages: main journal up to the next header, from there on, sub-journal", () => {
    for (const sync of [S.PAGER_SYNCHRONOUS_OFF, S.PAGER_SYNCHRONOUS_FULL]) {
      const disk = new MemDisk();
      const pager = db(disk, { sync });
      fill(pager, 8, 1);
      const one = begin(pager);
      put(pager, 2, 2);
      expect(S.sqlite3PagerOpenSavepoint(pager, 1)).toBe(OK);
      const sp = pager.aSavepoint[0]!;
      expect(sp).toMatchObject({ nOrig: 8, iOffset: 512 + PAGE + 8, iHdrOffset: 0, iSubRec: 0 });
      put(pager, 3, 3);
      put(pager, 2, 3);
      expect(S.sqlite3PagerFlush(pager)).toBe(OK);
      expect(sp.iHdrOffset).toBe(sync === S.PAGER_SYNCHRONOUS_OFF ? 0 : 512 + 2 * (PAGE + 8));
      put(pager, 4, 3);
      put(pager, 9, 3);
      put(pager, 3, 4);
      const end = pager.journalOff;
      expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
      expect(pager).toMatchObject({ journalOff: end, dbSize: 8, changeCountDone: 0, nSavepoint: 1 });
      expect([2, 3, 4, 5].map((i) => peek(pager, i))).toEqual([2, 1, 1, 1]);
      expect(aLog).toContain("reinit 2");
      put(pager, 5, 5);
      commit(pager, one);
      expect(contents(disk)).toEqual([1, 2, 1, 1, 5, 1, 1, 1]);
      close(pager);
    }
  });

  test("all of the transaction, without ending it", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    fill(pager, 4, 1);
    const one = begin(pager);
    put(pager, 2, 2);
    put(pager, 6, 2);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    put(pager, 3, 2);
    expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, -1)).toBe(OK);
    expect(pager).toMatchObject({ dbSize: 4, eState: DBMOD });
    expect([2, 3, 4].map((i) => peek(pager, i))).toEqual([1, 1, 1]);
    put(pager, 4, 7);
    commit(pager, one);
    expect(contents(disk)).toEqual([1, 1, 1, 7]);
  });

  test("errors and missing memory are reported; a rollback of everything still works", () => {
    for (const op of ["read", "write", "nomem"] as const) {
      withHeap((heap) => {
        for (let nth = 1; ; nth++) {
          expect(nth).toBeLessThan(40);
          const disk = new MemDisk();
          const pager = db(disk);
          fill(pager, 4, 1);
          const one = begin(pager);
          put(pager, 2, 2);
          expect(S.sqlite3PagerOpenSavepoint(pager, 1)).toBe(OK);
          put(pager, 3, 3);
          put(pager, 2, 3);
          expect(S.sqlite3PagerFlush(pager)).toBe(OK);
          put(pager, 4, 3);
          const fault = disk.addFault({ op: op === "nomem" ? "read" : op, nth: op === "nomem" ? 999 : nth });
          heap.failed = 0;
          heap.countdown = op === "nomem" ? nth - 1 : -1;
          const rc = S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, 0);
          heap.countdown = -1;
          disk.clearFaults();
          const hits = fault.hits + heap.failed;
          if (hits > 0) {
            expect([S.SQLITE_IOERR_READ, S.SQLITE_IOERR_WRITE, S.SQLITE_NOMEM]).toContain(rc);
          } else {
            expect(rc).toBe(OK);
            expect([2, 3, 4].map((i) => peek(pager, i))).toEqual([2, 1, 1]);
          }
          expect(S.sqlite3PagerRollback(pager)).toBe(OK);
          unref(one);
          expect(contents(disk)).toEqual([1, 1, 1, 1]);
          close(pager);
          if (hits === 0) break;
        }
      });
    }
  });

  /** What the database must contain, and what each savepoint must bring back. */
  function simulate(seed: number, o: DbOptions, options: MemDiskOptions): void {
    const rng = new S.SeededRandom(seed);
    const disk = new MemDisk(options);
    const pager = db(disk, o);
    const spill = S.sqlite3Config.nStmtSpill;
    S.sqlite3Config.nStmtSpill = [0, 3000, 65536][seed % 3]!;
    const isTemp = pager.tempFile !== 0;
    let model: number[] = [];
    let v = 0;
    try {
      for (let txn = 0; txn < 12; txn++) {
        const before = model.slice();
        const saved: number[][] = [];
        const one = begin(pager);
        if (model.length === 0) {
          put(pager, 1, (model[0] = ++v & 0xff));
        }
        const nStep = rng.below(60);
        for (let step = 0; step < nStep; step++) {
          const what = rng.below(20);
          if (what < 11) {
            const pgno = 1 + rng.below(Math.min(60, model.length + 3));
            for (let i = model.length + 1; i <= pgno; i++) put(pager, i, (model[i - 1] = ++v & 0xff));
            put(pager, pgno, (model[pgno - 1] = ++v & 0xff));
          } else if (what < 14) {
            saved.push(model.slice());
            expect(S.sqlite3PagerOpenSavepoint(pager, saved.length)).toBe(OK);
          } else if (what < 16 && saved.length > 0) {
            const i = rng.below(saved.length);
            expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, i)).toBe(OK);
            model = saved[i]!.slice();
            saved.length = i + 1;
          } else if (what < 17 && saved.length > 0) {
            const i = rng.below(saved.length);
            expect(S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_RELEASE, i)).toBe(OK);
            saved.length = i;
          } else if (what < 18) {
            expect(S.sqlite3PagerFlush(pager)).toBe(OK);
          } else if (model.length > 0) {
            const pgno = 1 + rng.below(model.length);
            expect(peek(pager, pgno)).toBe(model[pgno - 1]);
          }
        }
        for (let i = 1; i <= model.length; i++) expect(peek(pager, i)).toBe(model[i - 1]);
        expect(pager.dbSize).toBe(model.length);
        if (rng.below(3) === 0) {
          expect(S.sqlite3PagerRollback(pager)).toBe(OK);
          unref(one);
          model = before;
        } else {
          if (pager.eState > LOCKED && model.length > 3 && rng.below(3) === 0) {
            model.length -= 1 + rng.below(2);
            S.sqlite3PagerTruncateImage(pager, model.length);
          }
          commit(pager, one);
        }
        if (!isTemp) expect(contents(disk)).toEqual(model);
      }
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      expect(pager.dbSize).toBe(model.length);
    } finally {
      S.sqlite3Config.nStmtSpill = spill;
      close(pager);
    }
    expect(disk.nOpen).toBe(0);
  }

  const modes: [string, DbOptions, MemDiskOptions][] = [
    ["DELETE", {}, {}],
    ["TRUNCATE, no syncs", { mode: S.PAGER_JOURNALMODE_TRUNCATE, sync: S.PAGER_SYNCHRONOUS_OFF }, {}],
    ["PERSIST", { mode: S.PAGER_JOURNALMODE_PERSIST }, {}],
    ["MEMORY", { mode: S.PAGER_JOURNALMODE_MEMORY }, {}],
    ["DELETE, sectors of 4096", {}, { sectorSize: 4096, deviceCharacteristics: 0 }],
    [
      "PERSIST, sectors of 4096",
      { mode: S.PAGER_JOURNALMODE_PERSIST },
      { sectorSize: 4096, deviceCharacteristics: 0 },
    ],
    ["DELETE, safe append", {}, { deviceCharacteristics: PSOW | S.SQLITE_IOCAP_SAFE_APPEND }],
    ["a temporary file", { name: null }, {}],
    ["an in-memory database", { name: null, flags: S.PAGER_MEMORY }, {}],
  ];
  for (const [what, o, options] of modes) {
    test(`random transactions with savepoints and spills against a model: ${what}`, () => {
      for (let seed = 1; seed <= 24; seed++) simulate(seed, o, options);
    });
  }
});

describe("a temporary file in state ERROR", () => {
  test("keeps its journal, and is rolled back by the next sqlite3PagerSharedLock", () => {
    for (const spill of [0, 65536]) {
      const before = S.sqlite3Config.nStmtSpill;
      S.sqlite3Config.nStmtSpill = spill;
      const disk = new MemDisk();
      const pager = db(disk, { name: null });
      fill(pager, 30, 1);
      const one = begin(pager);
      for (let i = 2; i <= 35; i += 3) put(pager, i, 2);
      disk.addFault({
        op: "write",
        nth: 3,
        code: S.SQLITE_FULL,
        when: (c) => c.amount === PAGE && c.offset % PAGE === 0,
      });
      for (let i = 3; i <= 30 && pager.errCode === OK; i += 3) {
        const pp = new Ref<S.DbPage | null>(null);
        if (S.sqlite3PagerGet(pager, i, pp, 0) === OK) {
          if (S.sqlite3PagerWrite(pp.value!) === OK) pp.value!.pData.fill(3);
          unref(pp.value!);
        }
        S.sqlite3PagerFlush(pager);
      }
      expect(pager).toMatchObject({ eState: ERROR, errCode: S.SQLITE_FULL });
      disk.clearFaults();
      unref(one);
      expect(pager).toMatchObject({ eState: OPEN, errCode: OK, eLock: S.EXCLUSIVE_LOCK });
      expect(S.isOpen(pager.jfd)).toBe(true);
      expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
      expect(pager).toMatchObject({ eState: READER, dbSize: 30 });
      const held = get(pager, 1);
      for (let i = 1; i <= 30; i++) expect(peek(pager, i)).toBe(1);
      unref(held);
      close(pager);
      expect(disk.nOpen).toBe(0);
      S.sqlite3Config.nStmtSpill = before;
    }
  });

  test("without a journal it goes back to READER at once", () => {
    const disk = new MemDisk();
    const pager = db(disk, { name: null });
    fill(pager, 5, 1);
    const one = get(pager, 1);
    disk.addFault({ op: "open", nth: 1, code: S.SQLITE_FULL });
    expect(S.sqlite3PagerFlush(pager)).toBe(S.SQLITE_FULL);
    disk.clearFaults();
    expect(pager.eState).toBe(ERROR);
    unref(one);
    expect(pager).toMatchObject({ eState: READER, errCode: OK });
    const held = get(pager, 1);
    for (let i = 1; i <= 5; i++) expect(peek(pager, i)).toBe(1);
    unref(held);
  });
});

describe("assertTruncateConstraint", () => {
  test("a dirty page beyond the end must be in the sub-journal for whoever needs it", () => {
    for (const saved of [true, false]) {
      const pager = db(new MemDisk());
      fill(pager, 6, 1);
      const one = begin(pager);
      if (!saved) put(pager, 6, 2);
      expect(S.sqlite3PagerOpenSavepoint(pager, 1)).toBe(OK);
      put(pager, 5, 2);
      if (saved) put(pager, 6, 2);
      S.sqlite3PagerTruncateImage(pager, 4);
      if (saved) expect(S.sqlite3PagerOpenSavepoint(pager, 2)).toBe(OK);
      else expect(() => S.sqlite3PagerOpenSavepoint(pager, 2)).toThrow();
      expect(S.sqlite3PagerRollback(pager)).toBe(OK);
      unref(one);
      close(pager);
    }
  });
});

/* ------------------------------------------------------------------ the file's place, and the end */

describe("a database file that has been moved", () => {
  test("cannot be written any more", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    fill(pager, 2, 1);
    disk.removeFile("/db");
    const one = begin(pager);
    const two = get(pager, 2);
    expect(S.sqlite3PagerWrite(two)).toBe(S.SQLITE_READONLY_DBMOVED);
    expect(pager.eState).toBe(LOCKED);
    unref(two);
    unref(one);
    close(pager);
    expect(disk.list()).toEqual([]);
  });

  test("an empty or a temporary one is not asked about; an old VFS is believed; errors are passed on", () => {
    const disk = new MemDisk();
    const asked = () =>
      disk.stopTrace().some((c) => c.arg === S.SQLITE_FCNTL_HAS_MOVED && c.op === "filecontrol");
    const pager = db(disk);
    disk.startTrace();
    fill(pager, 1, 1);
    expect(asked()).toBe(false);
    disk.startTrace();
    fill(pager, 1, 1);
    expect(asked()).toBe(true);
    const temp = db(disk, { name: null });
    disk.startTrace();
    fill(temp, 30, 1);
    fill(temp, 30, 1);
    expect(asked()).toBe(false);

    const when = (c: Readonly<S.MemCall>) => c.arg === S.SQLITE_FCNTL_HAS_MOVED;
    for (const [code, rc] of [
      [S.SQLITE_NOTFOUND, OK],
      [S.SQLITE_IOERR, S.SQLITE_IOERR],
    ] as const) {
      disk.addFault({ op: "filecontrol", nth: 1, when, code });
      const one = begin(pager);
      expect(S.sqlite3PagerWrite(one)).toBe(rc);
      expect(S.sqlite3PagerRollback(pager)).toBe(OK);
      unref(one);
      disk.clearFaults();
    }
  });
});

describe("sqlite3PagerClose", () => {
  test("rolls back what is open, after a sync of the journal", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    fill(pager, 3, 1);
    const one = begin(pager);
    put(pager, 2, 2);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    put(pager, 3, 2);
    expect(disk.exportFile("/db")![PAGE]).toBe(2);
    unref(one);
    /* The last reference rolls back as well; a pager whose pages are held by a careless user does not. */
    expect(pager.eState).toBe(OPEN);
    expect(contents(disk)).toEqual([1, 1, 1]);

    begin(pager);
    put(pager, 2, 2);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    put(pager, 3, 2);
    const benign: number[] = [];
    S.sqlite3BenignMallocHooks(
      () => benign.push(1),
      () => benign.push(-1),
    );
    disk.startTrace();
    close(pager);
    S.sqlite3BenignMallocHooks(null, null);
    expect(benign.reduce((a, b) => a + b, 0)).toBe(0);
    expect(benign[0]).toBe(1);
    const calls = story(disk.stopTrace(), "sync", "write", "delete", "unlock", "close");
    expect(calls[0]).toBe(`sync-journal ${S.SQLITE_SYNC_NORMAL}`);
    expect(calls.slice(-2)).toEqual([`unlock ${S.NO_LOCK}`, "close 0"]);
    expect(calls).toContain("delete-journal 0");
    expect(contents(disk)).toEqual([1, 1, 1]);
    expect(disk.nOpen).toBe(0);
  });

  test("a journal that cannot be synced is left to the next one", () => {
    const disk = new MemDisk();
    const pager = db(disk);
    fill(pager, 3, 1);
    begin(pager);
    put(pager, 2, 2);
    expect(S.sqlite3PagerFlush(pager)).toBe(OK);
    disk.addFault({ op: "sync", nth: 1 });
    close(pager);
    disk.clearFaults();
    expect(disk.exists("/db-journal")).toBe(true);
    expect(disk.exportFile("/db")![PAGE]).toBe(2);
    expect(contents(disk)).toEqual([1, 1, 1]);
  });

  test("with a connection, but no log", () => {
    const disk = new MemDisk();
    for (const flags of [0, S.SQLITE_NoCkptOnClose]) {
      const pager = db(disk);
      fill(pager, 2, 1);
      const conn = new S.sqlite3();
      conn.flags = flags;
      disk.startTrace();
      aPager = [];
      expect(S.sqlite3PagerClose(pager, conn)).toBe(OK);
      const asked = disk.stopTrace().some((c) => c.arg === S.SQLITE_FCNTL_HAS_MOVED);
      expect(asked).toBe(flags === 0);
    }
  });

  test("references: one more, one less", () => {
    const pager = db(new MemDisk());
    fill(pager, 2, 1);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    const one = get(pager, 1);
    expect(S.sqlite3PagerPagenumber(one)).toBe(1);
    S.sqlite3PagerRef(one);
    expect(S.sqlite3PagerPageRefcount(one)).toBe(2);
    unref(one);
    expect(pager.eState).toBe(READER);
    unref(one);
    expect(pager.eState).toBe(OPEN);
  });
});

/* ------------------------------------------------------------------ no memory */

describe("out of memory", () => {
  const cases: [string, OpenOptions, number][] = [
    /* allocations: the name, the block, the temporary page, the cache, its hash table */
    ["a database", {}, 5],
    ["a database with parameters", { name: uri("/db", "a", "b") }, 5],
    ["an immutable database", { name: uri("/db", "immutable", "1") }, 5],
    ["a temporary file", { name: null }, 4],
    ["a memory database", { name: null, flags: S.PAGER_MEMORY }, 4],
    ["a memory database with a label", { name: uri("m"), flags: S.PAGER_MEMORY }, 5],
  ];
  for (const [what, o, nAlloc] of cases) {
    test(`sqlite3PagerOpen, ${what}`, () => {
      withHeap((heap) => {
        const disk = new MemDisk();
        expect(S.sqlite3_initialize()).toBe(OK);
        const idle = heap.live.size;
        let n = 0;
        for (; ; n++) {
          expect(n).toBeLessThan(20);
          heap.countdown = n;
          heap.failed = 0;
          const [rc, pager] = tryOpen(disk, o);
          heap.countdown = -1;
          if (heap.failed === 0) {
            expect(rc).toBe(OK);
            close(pager!);
            expect(heap.live.size).toBe(idle);
            break;
          }
          expect([rc, pager]).toEqual([S.SQLITE_NOMEM, null]);
          expect(heap.live.size).toBe(idle);
          expect(disk.nOpen).toBe(0);
        }
        expect(n).toBe(nAlloc);
      });
    });
  }

  const scenes: [string, (disk: MemDisk) => void, DbOptions, number][] = [
    ["a hot journal", () => {}, {}, 1],
    ["a hot journal of another page size", () => {}, { page: 4096 }, 1],
    [
      "a hot journal with a super-journal that nobody names any more",
      (disk) => {
        const journal = disk.exportFile("/db-journal")!;
        const name = new TextEncoder().encode("/super");
        const record = new Uint8Array(4 + name.length + 16);
        S.put4byte(record, 0x40000000 / PAGE + 1, 0);
        record.set(name, 4);
        S.put4byte(record, name.length, 4 + name.length);
        S.put4byte(
          record,
          name.reduce((a, b) => a + b, 0),
          8 + name.length,
        );
        record.set([0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7], 12 + name.length);
        const both = new Uint8Array(journal.length + record.length);
        both.set(journal);
        both.set(record, journal.length);
        disk.importFile("/db-journal", both);
        disk.importFile("/super", toCString("/db-journal"));
      },
      {},
      1,
    ],
  ];
  for (const [what, prepare, o, v] of scenes) {
    test(`sqlite3PagerSharedLock, ${what}`, () => {
      const first = hotDisk();
      prepare(first);
      const image = first.snapshot();
      withHeap((heap) => {
        let nFailed = 0;
        for (let n = 0; ; n++) {
          expect(n).toBeLessThan(100);
          const disk = new MemDisk();
          disk.restore(image);
          const pager = db(disk, o);
          const before = heap.live.size;
          heap.failed = 0;
          heap.countdown = n;
          const rc = S.sqlite3PagerSharedLock(pager);
          heap.countdown = -1;
          if (rc !== OK) {
            expect([S.SQLITE_NOMEM, S.SQLITE_IOERR_NOMEM]).toContain(rc);
            expect(heap.failed).toBe(1);
            expect(heap.live.size).toBeLessThanOrEqual(before);
            expect(pager).toMatchObject({ ...GONE, pageSize: pager.pageSize });
          } else {
            unref(get(pager, 1));
          }
          nFailed += heap.failed;
          expect(contents(disk)).toEqual([v, v, v]);
          expect(disk.exists("/db-journal")).toBe(false);
          close(pager);
          if (heap.failed === 0) break;
        }
        if (what !== "a hot journal") expect(nFailed).toBeGreaterThan(0);
      });
    });
  }

  test("a whole life of a pager: every allocation fails once, nothing leaks, nothing is lost", () => {
    withHeap((heap) => {
      const idle = heap.live.size;
      const spill = S.sqlite3Config.nStmtSpill;
      const image = new MemDisk();
      fill(db(image), 12, 1);
      close(aPager[0]!);
      const snapshot = image.snapshot();
      expect(heap.live.size).toBe(idle);
      let n = 0;
      for (; ; n++) {
        expect(n).toBeLessThan(3000);
        const disk = new MemDisk();
        disk.restore(snapshot);
        let committed = false;
        heap.failed = 0;
        heap.countdown = n;
        const pp = new Ref<S.Pager | null>(null);
        let rc = S.sqlite3PagerOpen(disk.vfs, pp, uri("/db"), 136, 0, DB, () => {});
        const pager = pp.value;
        if (rc === OK && pager !== null) {
          S.sqlite3PagerSetBusyHandler(pager, () => 0, null);
          rc = S.sqlite3PagerSetPagesize(pager, new Ref(PAGE), 0);
          S.sqlite3PagerSetCachesize(pager, 10);
          const one = new Ref<S.DbPage | null>(null);
          const write = (pgno: number, v: number): number => {
            const pg = new Ref<S.DbPage | null>(null);
            let rc2 = S.sqlite3PagerGet(pager, pgno, pg, 0);
            if (rc2 !== OK) return rc2;
            rc2 = S.sqlite3PagerWrite(pg.value!);
            if (rc2 === OK) pg.value!.pData.fill(v, pgno === 1 ? 100 : 0);
            unref(pg.value!);
            return rc2;
          };
          const steps: (() => number)[] = [
            () => S.sqlite3PagerSharedLock(pager),
            () => S.sqlite3PagerGet(pager, 1, one, 0),
            () => S.sqlite3PagerBegin(pager, 0, 0),
            ...Array.from({ length: 12 }, (_, i) => () => write(i + 1, 2)),
            () => S.sqlite3PagerOpenSavepoint(pager, 2),
            ...Array.from({ length: 16 }, (_, i) => () => write(i + 1, 3)),
            () => S.sqlite3PagerFlush(pager),
            () => S.sqlite3PagerSavepoint(pager, S.SAVEPOINT_ROLLBACK, 0),
            () => S.sqlite3PagerCommitPhaseOne(pager, null, 0),
            () => S.sqlite3PagerCommitPhaseTwo(pager),
          ];
          for (const step of steps) {
            if (rc !== OK) break;
            rc = step();
          }
          committed = rc === OK;
          heap.countdown = -1;
          if (rc !== OK && pager.eState >= LOCKED) S.sqlite3PagerRollback(pager);
          if (one.value !== null) unref(one.value);
          S.sqlite3PagerClose(pager, null);
        }
        heap.countdown = -1;
        if (!committed) {
          expect([S.SQLITE_NOMEM, S.SQLITE_IOERR_NOMEM]).toContain(rc);
          expect(heap.failed).toBe(1);
        }
        expect(disk.nOpen).toBe(0);
        expect(heap.live.size).toBe(idle);
        expect(contents(disk)).toEqual(new Array(12).fill(committed ? 2 : 1));
        if (heap.failed === 0) break;
      }
      S.sqlite3Config.nStmtSpill = spill;
      expect(n).toBeGreaterThan(12);
    });
  });
});
