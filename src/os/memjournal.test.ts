/**
 * In-memory journals against a plain byte array, with and without spilling into a file.
 */

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { toCString } from "../cstring.js";
import type { PagerMirrorOptions } from "../options.js";
import {
  Ref,
  SQLITE_CANTOPEN,
  SQLITE_FULL,
  SQLITE_IOERR_NOMEM,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_EXCLUSIVE,
  SQLITE_OPEN_MAIN_JOURNAL,
  SQLITE_OPEN_READWRITE,
  SQLITE_OPEN_SUBJOURNAL,
  type sqlite3_file,
  type sqlite3_vfs,
} from "../sqliteInt.js";

const zName = toCString("spilled");
const FLAGS = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_SUBJOURNAL;

/** A VFS of one growing file, which counts and can fail. */
class OneFile {
  content: number[] = [];
  isOpen = 0;
  nOpen = 0;
  nClose = 0;
  flags = 0;
  /** The n-th write from now fails; 0 is the next. */
  failWrite = -1;
  failOpen = false;

  readonly vfs: sqlite3_vfs = {
    iVersion: 1,
    szOsFile: 100,
    mxPathname: 512,
    pNext: null,
    zName: "one",
    pAppData: null,
    xOpen: (_pVfs, z, id, flags) => {
      expect(z).toBe(zName);
      this.flags = flags;
      if (this.failOpen) return SQLITE_CANTOPEN;
      this.nOpen++;
      this.isOpen++;
      this.content = [];
      id.pMethods = {
        iVersion: 1,
        xClose: () => {
          this.isOpen--;
          this.nClose++;
          return 0;
        },
        xRead: (_id, buf, n, ofst) => {
          buf.fill(0, 0, n);
          const part = this.content.slice(ofst, ofst + n);
          buf.set(part);
          return part.length < n ? SQLITE_IOERR_SHORT_READ : 0;
        },
        xWrite: (_id, buf, n, ofst) => {
          if (this.failWrite-- === 0) return SQLITE_FULL;
          for (let i = 0; i < n; i++) this.content[ofst + i] = buf[i] as number;
          return 0;
        },
        xTruncate: (_id, size) => {
          this.content.length = Math.min(size, this.content.length);
          return 0;
        },
        xSync: () => 0,
        xFileSize: (_id, pSize) => {
          pSize.value = this.content.length;
          return 0;
        },
        xLock: () => 0,
        xUnlock: () => 0,
        xCheckReservedLock: () => 0,
        xFileControl: () => 0,
        xSectorSize: () => 512,
        xDeviceCharacteristics: () => 0,
      };
      return 0;
    },
    xDelete: () => 0,
    xAccess: () => 0,
    xFullPathname: () => SQLITE_CANTOPEN,
    xRandomness: () => 0,
    xSleep: () => 0,
  };
}

/** Loads the port anew under some ABI and options, with a counting allocator that fails on request. */
async function load(mirror: PagerMirrorOptions) {
  (globalThis as { PAGER_MIRROR?: PagerMirrorOptions }).PAGER_MIRROR = mirror;
  vi.resetModules();
  const { sqlite3_initialize } = await import("../main.js");
  const { sqlite3Config } = await import("../global.js");
  const { sqlite3_file, sizeof } = await import("../sqliteInt.js");
  const os = await import("./os.js");
  const memjournal = await import("./memjournal.js");
  expect(sqlite3_initialize()).toBe(0);
  const { xMalloc, xFree } = { ...sqlite3Config.m };
  const heap = { sizes: [] as number[], iFail: -1, live: new Set<Uint8Array>() };
  sqlite3Config.m.xMalloc = (n) => {
    heap.sizes.push(n);
    if (heap.sizes.length - 1 === heap.iFail) return null;
    const p = xMalloc(n);
    /* What C's malloc hands out is not zeroed; journal code must not count on it. */
    p?.fill(0xa5);
    if (p !== null) heap.live.add(p);
    return p;
  };
  sqlite3Config.m.xFree = (p) => {
    if (!heap.live.delete(p)) throw new Error("double free");
    xFree(p);
  };
  return { ...memjournal, ...os, newFile: () => new sqlite3_file(), sizeof, heap };
}

type Port = Awaited<ReturnType<typeof load>>;

function write(m: Port, f: sqlite3_file, data: number[], ofst: number): number {
  /* The buffer is longer than what is written: only the first iAmt bytes count. */
  return m.sqlite3OsWrite(f, Uint8Array.from([...data, 0xbb, 0xbb]), data.length, ofst);
}

function read(m: Port, f: sqlite3_file, n: number, ofst: number): number[] {
  const buf = new Uint8Array(n + 1).fill(0xcc);
  expect(m.sqlite3OsRead(f, buf, n, ofst)).toBe(0);
  expect(buf[n]).toBe(0xcc);
  return [...buf.subarray(0, n)];
}

function size(m: Port, f: sqlite3_file): number {
  const n = new Ref(-1);
  expect(m.sqlite3OsFileSize(f, n)).toBe(0);
  return n.value;
}

/** `n` bytes that tell their place. */
const bytes = (n: number, from = 0): number[] =>
  Array.from({ length: n }, (_, i) => ((from + i) * 31) & 0xff);

const loads: [string, PagerMirrorOptions][] = [
  ["lp64", { abi: "lp64" }],
  ["wasm32", { abi: "wasm32" }],
];

describe.each(loads)("in-memory journal, %s", (abi, mirror) => {
  let m: Port;
  beforeAll(async () => {
    m = await load(mirror);
  });
  afterAll(() => {
    delete (globalThis as { PAGER_MIRROR?: PagerMirrorOptions }).PAGER_MIRROR;
  });
  const nDefault = abi === "lp64" ? 1016 : 1020;

  test("chunks of 1024 bytes, allocated as the journal grows and freed as it shrinks", () => {
    const f = m.newFile();
    m.sqlite3MemJournalOpen(f);
    expect(m.sqlite3JournalIsInMemory(f)).toBe(1);
    m.heap.sizes.length = 0;
    const nLive = m.heap.live.size;
    expect(write(m, f, bytes(1), 0)).toBe(0);
    expect(m.heap.sizes).toEqual([1024]);
    expect(write(m, f, bytes(nDefault - 1, 1), 1)).toBe(0);
    expect(m.heap.sizes).toEqual([1024]);
    expect(write(m, f, bytes(2 * nDefault + 1, nDefault), nDefault)).toBe(0);
    expect(m.heap.sizes).toEqual([1024, 1024, 1024, 1024]);
    expect(size(m, f)).toBe(3 * nDefault + 1);
    expect(read(m, f, 3 * nDefault + 1, 0)).toEqual(bytes(3 * nDefault + 1));
    expect(m.heap.live.size - nLive).toBe(4);
    m.sqlite3OsTruncate(f, 3 * nDefault); /* the last chunk is empty now, and gone */
    expect(m.heap.live.size - nLive).toBe(3);
    m.sqlite3OsTruncate(f, 2 * nDefault + 1);
    expect(m.heap.live.size - nLive).toBe(3);
    m.sqlite3OsTruncate(f, 2 * nDefault);
    expect(m.heap.live.size - nLive).toBe(2);
    m.sqlite3OsTruncate(f, 99999); /* does not grow */
    expect(size(m, f)).toBe(2 * nDefault);
    expect(m.sqlite3OsSync(f, 2)).toBe(0);
    m.sqlite3OsTruncate(f, 0);
    expect(m.heap.live.size - nLive).toBe(0);
    expect(write(m, f, bytes(10), 0)).toBe(0);
    m.sqlite3OsClose(f);
    expect(m.heap.live.size - nLive).toBe(0);
    expect(f.pMethods).toBe(null);
  });

  test("a read that ends with a chunk goes on in the next; a read beyond the end is short", () => {
    const f = m.newFile();
    m.sqlite3MemJournalOpen(f);
    const n = nDefault;
    write(m, f, bytes(2 * n + 5), 0);
    expect(read(m, f, n, 0)).toEqual(bytes(n));
    expect(read(m, f, n, n)).toEqual(bytes(n, n));
    expect(read(m, f, 5, 2 * n)).toEqual(bytes(5, 2 * n));
    expect(read(m, f, 4, 2 * n + 1)).toEqual(bytes(4, 2 * n + 1));
    /* The last read ended in the middle of the last chunk; what is appended is read from there. */
    write(m, f, bytes(n, 2 * n + 5), 2 * n + 5);
    expect(read(m, f, n, 2 * n + 5)).toEqual(bytes(n, 2 * n + 5));
    /* The chunk where the last read stopped is freed; the next read must not look into it. */
    expect(read(m, f, 5, 3 * n)).toEqual(bytes(5, 3 * n));
    m.sqlite3OsTruncate(f, 3 * n);
    write(m, f, bytes(20, 1), 3 * n);
    expect(read(m, f, 10, 3 * n + 5)).toEqual(bytes(10, 6));
    m.sqlite3OsTruncate(f, 3 * n + 5);
    const buf = new Uint8Array(9).fill(7);
    expect(m.sqlite3OsRead(f, buf, 6, 3 * n)).toBe(SQLITE_IOERR_SHORT_READ);
    expect([...buf]).toEqual(Array(9).fill(7));
    m.sqlite3OsClose(f);
  });

  test("offset 0 is overwritten in place; any other earlier offset drops what follows", () => {
    const f = m.newFile();
    m.sqlite3MemJournalOpen(f);
    write(m, f, bytes(3000), 0);
    expect(write(m, f, bytes(28, 7), 0)).toBe(0);
    expect(size(m, f)).toBe(3000);
    expect(read(m, f, 3000, 0)).toEqual([...bytes(28, 7), ...bytes(2972, 28)]);
    expect(write(m, f, bytes(3, 1), 512)).toBe(0);
    expect(size(m, f)).toBe(515);
    expect(read(m, f, 515, 0)).toEqual([...bytes(28, 7), ...bytes(484, 28), ...bytes(3, 1)]);
    m.sqlite3OsClose(f);
  });

  test("sizes and missing methods", () => {
    const one = new OneFile();
    expect(m.sqlite3JournalSize(one.vfs)).toBe(100);
    one.vfs.szOsFile = 4;
    expect(m.sqlite3JournalSize(one.vfs)).toBe(abi === "lp64" ? 80 : 64);
    const f = m.newFile();
    m.sqlite3MemJournalOpen(f);
    expect(f.pMethods!.iVersion).toBe(1);
    expect(f.pMethods!.xLock).toBe(null);
    expect(m.sqlite3OsSectorSize(f)).toBe(4096); /* os.c's answer where xSectorSize is null */
    expect(m.sqlite3JournalCreate(f)).toBe(0);
    expect(m.sqlite3JournalIsInMemory(f)).toBe(1);
    m.sqlite3OsClose(f);
  });

  test("nSpill 0 is a real file at once", () => {
    const one = new OneFile();
    const f = m.newFile();
    expect(m.sqlite3JournalOpen(one.vfs, zName, f, FLAGS, 0)).toBe(0);
    expect(m.sqlite3JournalIsInMemory(f)).toBe(0);
    expect(one.nOpen).toBe(1);
    expect(m.sqlite3JournalCreate(f)).toBe(0);
    m.sqlite3OsClose(f);
    one.failOpen = true;
    expect(m.sqlite3JournalOpen(one.vfs, zName, f, FLAGS, 0)).toBe(SQLITE_CANTOPEN);
    expect(f.pMethods).toBe(null);
  });

  test("spills on the write that ends beyond nSpill, and not before", () => {
    const one = new OneFile();
    const f = m.newFile();
    const nLive = m.heap.live.size;
    m.heap.sizes.length = 0;
    expect(m.sqlite3JournalOpen(one.vfs, zName, f, FLAGS, 64)).toBe(0);
    expect(write(m, f, bytes(60), 0)).toBe(0);
    expect(write(m, f, bytes(4, 60), 60)).toBe(0);
    expect(m.heap.sizes).toEqual([64 + m.sizeof.ptr]); /* one chunk of exactly nSpill bytes */
    expect(m.sqlite3JournalIsInMemory(f)).toBe(1);
    expect(one.nOpen).toBe(0);
    expect(write(m, f, bytes(1, 64), 64)).toBe(0);
    expect(m.sqlite3JournalIsInMemory(f)).toBe(0);
    expect(one.content).toEqual(bytes(65));
    expect(one.flags).toBe(FLAGS);
    expect(m.heap.live.size).toBe(nLive);
    expect(read(m, f, 65, 0)).toEqual(bytes(65));
    m.sqlite3OsClose(f);
    expect([one.nOpen, one.nClose]).toEqual([1, 1]);
  });

  test("a journal without a name may spill if it is exclusive", () => {
    const f = m.newFile();
    const one = new OneFile();
    one.vfs.xOpen = (_pVfs, z) => {
      expect(z).toBe(null);
      return SQLITE_CANTOPEN;
    };
    expect(m.sqlite3JournalOpen(one.vfs, null, f, FLAGS | SQLITE_OPEN_EXCLUSIVE, 8)).toBe(0);
    expect(write(m, f, bytes(9), 0)).toBe(SQLITE_CANTOPEN);
    m.sqlite3OsClose(f);
  });

  test("an error while spilling leaves the journal in memory, intact", () => {
    for (const fail of ["open", "first write", "write after the spill"]) {
      const one = new OneFile();
      const f = m.newFile();
      const nLive = m.heap.live.size;
      m.sqlite3JournalOpen(one.vfs, zName, f, FLAGS, 64);
      write(m, f, bytes(64), 0);
      if (fail === "open") one.failOpen = true;
      else one.failWrite = fail === "first write" ? 0 : 1;
      expect(write(m, f, bytes(5, 64), 64)).toBe(fail === "open" ? SQLITE_CANTOPEN : SQLITE_FULL);
      if (fail === "write after the spill") {
        expect(m.sqlite3JournalIsInMemory(f)).toBe(0);
        expect(one.isOpen).toBe(1);
      } else {
        expect(m.sqlite3JournalIsInMemory(f)).toBe(1);
        expect(one.isOpen).toBe(0);
        expect(read(m, f, 64, 0)).toEqual(bytes(64));
        one.failOpen = false;
        expect(write(m, f, bytes(5, 64), 64)).toBe(0);
        expect(one.content).toEqual(bytes(69));
      }
      m.sqlite3OsClose(f);
      expect(one.isOpen).toBe(0);
      expect(m.heap.live.size).toBe(nLive);
    }
  });

  test("out of memory: IOERR_NOMEM, and what was there stays", () => {
    const f = m.newFile();
    m.sqlite3MemJournalOpen(f);
    const nLive = m.heap.live.size;
    for (const iFail of [0, 1, 2]) {
      m.heap.sizes.length = 0;
      m.heap.iFail = iFail;
      expect(write(m, f, bytes(3 * nDefault), 0)).toBe(SQLITE_IOERR_NOMEM);
      m.heap.iFail = -1;
      expect(size(m, f)).toBe(iFail * nDefault);
      if (iFail > 0) expect(read(m, f, iFail * nDefault, 0)).toEqual(bytes(iFail * nDefault));
      m.sqlite3OsTruncate(f, 0);
    }
    m.sqlite3OsClose(f);
    expect(m.heap.live.size).toBe(nLive);
  });

  test("agrees with a byte array", () => {
    const op = fc.record({
      op: fc.constantFrom("append", "append", "append", "header", "back", "truncate", "read", "next", "next"),
      n: fc.integer({ min: 1, max: 700 }),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      byte: fc.nat(255),
    });
    let nSpilled = 0;
    let nLarge = 0;
    const run = (nSpill: number, ops: { op: string; n: number; at: number; byte: number }[]) => {
      const one = new OneFile();
      const f = m.newFile();
      const nLive = m.heap.live.size;
      expect(m.sqlite3JournalOpen(one.vfs, zName, f, FLAGS, nSpill)).toBe(0);
      const nChunk = nSpill > 0 ? nSpill : nDefault;
      let model: number[] = [];
      let iNext = 0;
      let nMax = 0;
      for (const { op, n, at, byte } of ops) {
        const data = bytes(n, byte);
        if (op === "append") {
          expect(write(m, f, data, model.length)).toBe(0);
          model.push(...data);
        } else if (op === "header") {
          /* Less than a chunk and no more than there is, as the pager does it. */
          const k = Math.min(n, nChunk - 1, model.length);
          if (k === 0) continue;
          expect(write(m, f, data.slice(0, k), 0)).toBe(0);
          model.splice(0, k, ...data.slice(0, k));
        } else if (op === "back") {
          const i = Math.floor(at * model.length);
          if (i === 0) continue;
          const inMemory = nSpill < 0 || i + n <= nSpill;
          if (!m.sqlite3JournalIsInMemory(f) || !inMemory) continue;
          expect(write(m, f, data, i)).toBe(0);
          model = [...model.slice(0, i), ...data];
        } else if (op === "truncate") {
          const i = Math.floor(at * (model.length + 1));
          expect(m.sqlite3OsTruncate(f, i)).toBe(0);
          model = model.slice(0, i);
        } else {
          const i = op === "next" ? iNext : Math.floor(at * model.length);
          const k = Math.min(n, model.length - i);
          if (k <= 0) {
            iNext = 0;
            continue;
          }
          expect(read(m, f, k, i)).toEqual(model.slice(i, i + k));
          iNext = i + k;
        }
        expect(size(m, f)).toBe(model.length);
        nMax = Math.max(nMax, model.length);
      }
      if (model.length > 0) expect(read(m, f, model.length, 0)).toEqual(model);
      if (nSpill > 0) expect(m.sqlite3JournalIsInMemory(f)).toBe(one.nOpen === 0 ? 1 : 0);
      nSpilled += one.nOpen;
      if (nSpill < 0 && nMax > 2 * nChunk) nLarge++;
      m.sqlite3OsClose(f);
      expect(one.isOpen).toBe(0);
      expect(m.heap.live.size).toBe(nLive);
    };
    fc.assert(
      fc.property(
        fc.constantFrom(-1, -1, 1, 8, 100, 512, 1024, 4096),
        fc.array(op, { maxLength: 40, size: "max" }),
        run,
      ),
      { seed: 20081007, numRuns: 500 },
    );
    expect(nSpilled).toBeGreaterThan(20);
    expect(nLarge).toBeGreaterThan(20);
  });
});

describe("sqlite3JournalCreate", () => {
  afterAll(() => {
    delete (globalThis as { PAGER_MIRROR?: PagerMirrorOptions }).PAGER_MIRROR;
  });

  test("SQLITE_ENABLE_ATOMIC_WRITE: a journal that may spill becomes a file", async () => {
    const m = await load({ options: { SQLITE_ENABLE_ATOMIC_WRITE: true } });
    const one = new OneFile();
    const f = m.newFile();
    m.sqlite3JournalOpen(one.vfs, zName, f, FLAGS, 64);
    write(m, f, bytes(10), 0);
    expect(m.sqlite3JournalCreate(f)).toBe(0);
    expect(m.sqlite3JournalIsInMemory(f)).toBe(0);
    expect(one.content).toEqual(bytes(10)); /* not the whole chunk */
    expect(m.sqlite3JournalCreate(f)).toBe(0);
    expect(one.nOpen).toBe(1);
    m.sqlite3OsClose(f);
    m.sqlite3MemJournalOpen(f);
    expect(m.sqlite3JournalCreate(f)).toBe(0);
    expect(m.sqlite3JournalIsInMemory(f)).toBe(1);
    m.sqlite3OsClose(f);
  });

  test("SQLITE_ENABLE_BATCH_ATOMIC_WRITE: so does a main journal", async () => {
    const m = await load({ options: { SQLITE_ENABLE_BATCH_ATOMIC_WRITE: true } });
    const one = new OneFile();
    const f = m.newFile();
    const flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_JOURNAL;
    m.sqlite3JournalOpen(one.vfs, zName, f, flags, -1);
    write(m, f, bytes(3000), 0);
    one.failOpen = true;
    expect(m.sqlite3JournalCreate(f)).toBe(SQLITE_CANTOPEN);
    expect(m.sqlite3JournalIsInMemory(f)).toBe(1);
    one.failOpen = false;
    expect(m.sqlite3JournalCreate(f)).toBe(0);
    expect(one.content).toEqual(bytes(3000));
    expect(one.flags).toBe(flags);
    m.sqlite3OsClose(f);
    m.sqlite3JournalOpen(one.vfs, zName, f, FLAGS, -1);
    expect(m.sqlite3JournalCreate(f)).toBe(0);
    expect(m.sqlite3JournalIsInMemory(f)).toBe(1);
    m.sqlite3OsClose(f);
  });
});
