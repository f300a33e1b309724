/**
 * The journal in builds with SQLITE_ENABLE_ATOMIC_WRITE, SQLITE_ENABLE_BATCH_ATOMIC_WRITE and
 * SQLITE_CHECK_PAGES: the package is loaded anew for each set of options.
 */

import { afterEach, describe, expect, it, vi } from "vitest";
import type { Pager } from "./pager.js";

type Api = typeof import("../index.js");

let api: Api;
let closeAll: (() => void)[] = [];

async function load(options: Record<string, boolean | number>): Promise<void> {
  vi.resetModules();
  (globalThis as { PAGER_MIRROR?: unknown }).PAGER_MIRROR = { options };
  api = await import("../index.js");
  expect(api.sqlite3_initialize()).toBe(0);
}

afterEach(() => {
  for (const f of closeAll) f();
  closeAll = [];
  api.sqlite3_shutdown();
  delete (globalThis as { PAGER_MIRROR?: unknown }).PAGER_MIRROR;
});

interface Setup {
  sectorSize: number;
  dc: number;
  nPage: number;
  szPage?: number;
}

/** A pager on a disk of its own, in a write transaction, with page 1 held. */
function start({ sectorSize, dc, nPage, szPage = 1024 }: Setup) {
  const disk = new api.MemDisk({ sectorSize, deviceCharacteristics: dc });
  const bytes = new Uint8Array(nPage * szPage);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 3 + (i >> 8)) & 0xff;
  if (nPage > 0) bytes[20] = 0;
  if (nPage > 0) disk.importFile("/a.db", bytes);
  const pp = new api.Ref<Pager | null>(null);
  const flags = api.SQLITE_OPEN_READWRITE | api.SQLITE_OPEN_CREATE | api.SQLITE_OPEN_MAIN_DB;
  const name = new Uint8Array([...new TextEncoder().encode("/a.db"), 0, 0]);
  expect(api.sqlite3PagerOpen(disk.vfs, pp, name, 8, 0, flags, () => {})).toBe(0);
  const p = pp.value!;
  closeAll.push(() => {
    api.sqlite3PagerClose(p, null);
    expect(disk.nOpen).toBe(0);
  });
  expect(api.sqlite3PagerSetPagesize(p, new api.Ref(szPage), 0)).toBe(0);
  expect(api.sqlite3PagerSharedLock(p)).toBe(0);
  const get = (pgno: number) => {
    const pg = new api.Ref<InstanceType<Api["PgHdr"]> | null>(null);
    expect(api.sqlite3PagerGet(p, pgno, pg, 0)).toBe(0);
    return pg.value!;
  };
  const one = get(1);
  expect(api.sqlite3PagerBegin(p, 0, 0)).toBe(0);
  const change = (pgno: number, byte: number): void => {
    const pg = get(pgno);
    expect(api.sqlite3PagerWrite(pg)).toBe(0);
    api.sqlite3PagerGetData(pg).fill(byte, 100, szPage);
    api.sqlite3PagerUnref(pg);
  };
  return { disk, p, bytes, one, get, change };
}

describe("SQLITE_ENABLE_ATOMIC_WRITE", () => {
  /** Whether the journal is still in memory after the first change. */
  async function buffered(setup: Setup): Promise<boolean> {
    await load({ SQLITE_ENABLE_ATOMIC_WRITE: true });
    const { disk, p, one, change } = start(setup);
    change(2, 0x22);
    const inMemory = Boolean(api.sqlite3JournalIsInMemory(p.jfd));
    expect(disk.exists("/a.db-journal")).toBe(!inMemory);
    expect(api.sqlite3PagerRollback(p)).toBe(0);
    api.sqlite3PagerUnrefPageOne(one);
    return inMemory;
  }

  it("buffers a journal of one page if such pages are written atomically", async () => {
    expect(await buffered({ sectorSize: 512, dc: 0, nPage: 3 })).toBe(false);
    expect(await buffered({ sectorSize: 512, dc: 0x0001, nPage: 3 })).toBe(true); /* any size */
    expect(await buffered({ sectorSize: 512, dc: 0x0004, nPage: 3 })).toBe(true); /* 1024 bytes */
    expect(await buffered({ sectorSize: 512, dc: 0x0002, nPage: 3 })).toBe(false); /* 512 bytes */
    expect(await buffered({ sectorSize: 512, dc: 0x0008, nPage: 3 })).toBe(false); /* 2048 bytes */
    expect(await buffered({ sectorSize: 512, dc: 0x0100, nPage: 3, szPage: 65536 })).toBe(true);
  });

  /* `0==(dc&mask || nSector>szPage)`: that is how C's parentheses stand. */
  it("buffers it, too, if sectors are larger than pages", async () => {
    expect(await buffered({ sectorSize: 2048, dc: 0, nPage: 2 })).toBe(false); /* two records */
    expect(await buffered({ sectorSize: 2048, dc: 0, nPage: 2, szPage: 2048 })).toBe(false);
    await load({ SQLITE_ENABLE_ATOMIC_WRITE: true });
    const { disk, p, one, change } = start({ sectorSize: 4096, dc: 0, nPage: 1 });
    change(1, 0x11);
    expect(p.journalOff).toBe(4096 + 1032);
    expect(disk.exists("/a.db-journal")).toBe(false);
    change(2, 0x22);
    expect(api.sqlite3PagerRollback(p)).toBe(0);
    api.sqlite3PagerUnrefPageOne(one);
  });

  it("commits one page without the journal's ever reaching the disk", async () => {
    await load({ SQLITE_ENABLE_ATOMIC_WRITE: true });
    const { disk, p, one, bytes, change } = start({ sectorSize: 512, dc: 0x0004, nPage: 3 });
    change(2, 0x22);
    expect(p.journalOff).toBe(512 + 1032);
    disk.startTrace();
    expect(api.sqlite3PagerCommitPhaseOne(p, null, 0)).toBe(0);
    expect(api.sqlite3PagerCommitPhaseTwo(p)).toBe(0);
    const files = new Set(disk.stopTrace().map((c) => c.file));
    expect([...files]).toEqual(["/a.db"]);
    api.sqlite3PagerUnrefPageOne(one);
    const after = disk.exportFile("/a.db")!;
    expect(after[1500]).toBe(0x22);
    expect(after[27]).toBe((bytes[27]! + 1) & 0xff);
  });
});

describe("SQLITE_ENABLE_BATCH_ATOMIC_WRITE", () => {
  const BATCH = 0x4000;

  it("keeps the journal in memory unless the database is empty", async () => {
    await load({ SQLITE_ENABLE_BATCH_ATOMIC_WRITE: true });
    for (const [dc, nPage, inMemory] of [
      [0, 3, false],
      [BATCH, 3, true],
      [BATCH, 0, false],
    ] as const) {
      const { disk, p, one, change } = start({ sectorSize: 512, dc, nPage });
      for (let i = 1; i <= 40; i++) change(i, i);
      expect(Boolean(api.sqlite3JournalIsInMemory(p.jfd))).toBe(inMemory);
      expect(disk.exists("/a.db-journal")).toBe(!inMemory);
      expect(api.sqlite3PagerCommitPhaseOne(p, null, 0)).toBe(0);
      expect(api.sqlite3PagerCommitPhaseTwo(p)).toBe(0);
      expect(disk.exists("/a.db-journal")).toBe(false);
      expect(disk.exportFile("/a.db")!.length).toBe(40 * 1024);
      expect(disk.exportFile("/a.db")![40 * 1024 - 1]).toBe(40);
      api.sqlite3PagerUnrefPageOne(one);
    }
  });

  it("goes before the atomicity of single pages", async () => {
    await load({ SQLITE_ENABLE_BATCH_ATOMIC_WRITE: true, SQLITE_ENABLE_ATOMIC_WRITE: true });
    const { disk, p, one, change } = start({ sectorSize: 512, dc: BATCH | 1, nPage: 3 });
    for (let i = 1; i <= 3; i++) change(i, i); /* more than a journal of one page */
    expect(disk.exists("/a.db-journal")).toBe(false);
    expect(api.sqlite3PagerRollback(p)).toBe(0);
    api.sqlite3PagerUnrefPageOne(one);
  });
});

describe("SQLITE_CHECK_PAGES", () => {
  /** The low half of upstream's 64-bit hash. */
  function hash(a: Uint8Array): number {
    let h = 0n;
    for (const b of a) h = (h * 1039n + BigInt(b)) & 0xffffffffffffffffn;
    return Number(h & 0xffffffffn);
  }

  it("notes each page's content when it is read and when a transaction ends", async () => {
    await load({ SQLITE_CHECK_PAGES: true });
    const { p, one, bytes, get, change } = start({ sectorSize: 512, dc: 0, nPage: 3 });
    const two = get(2);
    expect(two.pageHash).toBe(hash(bytes.subarray(1024, 2048)));
    change(2, 0x22);
    expect(two.pageHash).toBe(hash(bytes.subarray(1024, 2048)));
    expect(api.sqlite3PagerCommitPhaseOne(p, null, 0)).toBe(0);
    expect(api.sqlite3PagerCommitPhaseTwo(p)).toBe(0);
    expect(two.pageHash).toBe(hash(two.pData.subarray(0, 1024)));
    expect(two.pData[500]).toBe(0x22);
    api.sqlite3PagerUnref(two);
    api.sqlite3PagerUnrefPageOne(one);
  });

  it("finds a page that was changed without being announced", async () => {
    await load({ SQLITE_CHECK_PAGES: true });
    const { p, one, get } = start({ sectorSize: 512, dc: 0, nPage: 3 });
    const three = get(3);
    const data = api.sqlite3PagerGetData(three);
    data[700]! ^= 1;
    expect(() => api.sqlite3PagerWrite(three)).toThrow();
    data[700]! ^= 1;
    expect(api.sqlite3PagerWrite(three)).toBe(0);
    data[700]! ^= 1;
    expect(api.sqlite3PagerWrite(three)).toBe(0);
    expect(api.sqlite3PagerRollback(p)).toBe(0);
    expect(three.pageHash).toBe(hash(data.subarray(0, 1024)));
    api.sqlite3PagerUnref(three);
    api.sqlite3PagerUnrefPageOne(one);
  });

  it("forgets page 1 of a database that is empty again after a rollback", async () => {
    await load({ SQLITE_CHECK_PAGES: true });
    const { p, one, change } = start({ sectorSize: 512, dc: 0, nPage: 0 });
    change(1, 0x11);
    one.pageHash = 12345;
    expect(api.sqlite3PagerRollback(p)).toBe(0);
    expect(p.dbSize).toBe(0);
    expect(one.pageHash).toBe(0);
    api.sqlite3PagerUnrefPageOne(one);
  });
});

describe("SQLITE_MAX_MMAP_SIZE=0", () => {
  it("never maps a page", async () => {
    await load({ SQLITE_MAX_MMAP_SIZE: 0 });
    const { disk, p, one, bytes, get } = start({ sectorSize: 512, dc: 0, nPage: 3 });
    disk.startTrace();
    api.sqlite3PagerSetMmapLimit(p, 1 << 20);
    const two = get(2);
    expect([...two.pData.subarray(0, 1024)]).toEqual([...bytes.subarray(1024, 2048)]);
    expect(disk.stopTrace().filter((c) => c.op === "fetch" || c.op === "unfetch")).toEqual([]);
    expect(api.sqlite3PagerRollback(p)).toBe(0);
    api.sqlite3PagerUnref(two);
    api.sqlite3PagerUnrefPageOne(one);
  });
});
