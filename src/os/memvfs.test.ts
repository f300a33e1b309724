/**
 * The memory disk by itself, through its VFS: files, locks, shared memory, mapping, trace, faults,
 * snapshots, and what a loss of power leaves. The last part runs a pager on it.
 */

import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import * as S from "../index.js";
import {
  type CrashOptions,
  fnv1a,
  MemDisk,
  type MemDiskOptions,
  Ref,
  sqlite3_file,
  toCString,
} from "../index.js";

const OK = S.SQLITE_OK;
const BUSY = S.SQLITE_BUSY;
const DB = S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_MAIN_DB;
const JOURNAL = S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_MAIN_JOURNAL;
const WAL = S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_WAL;

/** An open file with methods that are less to type; all results are asserted or returned. */
class Handle {
  readonly id = new sqlite3_file();
  readonly outFlags = new Ref(-1);
  readonly rc: number;
  constructor(disk: MemDisk, name: string | null, flags = DB) {
    this.rc = disk.vfs.xOpen(disk.vfs, name === null ? null : toCString(name), this.id, flags, this.outFlags);
  }
  get m(): S.sqlite3_io_methods {
    return this.id.pMethods!;
  }
  write(bytes: Uint8Array | number[], at: number): number {
    const b = Uint8Array.from(bytes);
    return this.m.xWrite(this.id, b, b.length, at);
  }
  read(n: number, at: number): number[] {
    const b = new Uint8Array(n).fill(0xee);
    const rc = this.m.xRead(this.id, b, n, at);
    expect([OK, S.SQLITE_IOERR_SHORT_READ]).toContain(rc);
    return [...b];
  }
  size(): number {
    const r = new Ref(-1);
    expect(this.m.xFileSize(this.id, r)).toBe(OK);
    return r.value;
  }
  truncate(n: number): number {
    return this.m.xTruncate(this.id, n);
  }
  sync(): number {
    return this.m.xSync(this.id, S.SQLITE_SYNC_NORMAL);
  }
  lock(level: number): number {
    return this.m.xLock(this.id, level);
  }
  unlock(level: number): number {
    return this.m.xUnlock(this.id, level);
  }
  level(): number {
    const r = new Ref(-1);
    expect(this.m.xFileControl(this.id, S.SQLITE_FCNTL_LOCKSTATE, r)).toBe(OK);
    return r.value;
  }
  reserved(): number {
    const r = new Ref(-1);
    expect(this.m.xCheckReservedLock(this.id, r)).toBe(OK);
    return r.value;
  }
  control(op: number, v: number): [number, number] {
    const r = new Ref(v);
    return [this.m.xFileControl(this.id, op, r), r.value];
  }
  close(): number {
    return this.m.xClose(this.id);
  }
  shmMap(i: number, extend: number): [number, Uint8Array | null] {
    const r = new Ref<Uint8Array | null>(null);
    return [this.m.xShmMap!(this.id, i, 32768, extend, r), r.value];
  }
  shmLock(ofst: number, n: number, flags: number): number {
    return this.m.xShmLock!(this.id, ofst, n, flags);
  }
  fetch(at: number, n: number): Uint8Array | null {
    const r = new Ref<Uint8Array | null>(null);
    expect(this.m.xFetch!(this.id, at, n, r)).toBe(OK);
    return r.value;
  }
}

function del(disk: MemDisk, name: string, syncDir = 0): number {
  return disk.vfs.xDelete(disk.vfs, toCString(name), syncDir);
}

function access(disk: MemDisk, name: string, flags = S.SQLITE_ACCESS_EXISTS): number {
  const r = new Ref(-1);
  expect(disk.vfs.xAccess(disk.vfs, toCString(name), flags, r)).toBe(OK);
  return r.value;
}

function fill(n: number, v: number): Uint8Array {
  return new Uint8Array(n).fill(v);
}

describe("files", () => {
  test("reads give what writes put, with zeros after the end", () => {
    const f = new Handle(new MemDisk(), "/a");
    expect(f.outFlags.value).toBe(DB);
    expect(f.write([1, 2, 3], 5)).toBe(OK);
    expect(f.size()).toBe(8);
    const b = fill(10, 0xee);
    expect(f.m.xRead(f.id, b, 10, 4)).toBe(S.SQLITE_IOERR_SHORT_READ);
    expect([...b]).toEqual([0, 1, 2, 3, 0, 0, 0, 0, 0, 0]);
    expect(f.m.xRead(f.id, b, 3, 5)).toBe(OK);
    expect(f.m.xRead(f.id, b, 1, 8)).toBe(S.SQLITE_IOERR_SHORT_READ);
    f.truncate(6);
    f.truncate(8);
    expect(f.read(8, 0)).toEqual([0, 0, 0, 0, 0, 1, 0, 0]);
  });

  test("agree with one plain array under random operations over several blocks", () => {
    const MB = 1 << 20;
    const place = fc.oneof(fc.nat(9000), fc.integer({ min: MB - 70000, max: MB + 70000 }), fc.nat(3 * MB));
    const op = fc.oneof(
      fc.tuple(fc.constant("w" as const), place, fc.nat(70000), fc.integer({ min: 1, max: 255 })),
      fc.tuple(fc.constant("t" as const), place, fc.constant(0), fc.constant(0)),
      fc.tuple(fc.constant("v" as const), place, fc.integer({ min: 1, max: 4096 }), fc.constant(0)),
    );
    fc.assert(
      fc.property(fc.array(op, { maxLength: 25 }), (ops) => {
        const disk = new MemDisk();
        const f = new Handle(disk, "/a");
        f.control(S.SQLITE_FCNTL_MMAP_SIZE, 1 << 30);
        const model = new Uint8Array(4 * MB);
        const views: [Uint8Array, number][] = [];
        let size = 0;
        for (const [kind, at, n, v] of ops) {
          if (kind === "w" && n > 0) {
            f.write(fill(n, v), at);
            model.fill(v, at, at + n);
            size = Math.max(size, at + n);
          } else if (kind === "t") {
            f.truncate(at);
            if (at < size) model.fill(0, at, size);
            size = at;
          } else if (kind === "v") {
            const p = f.fetch(at, n);
            if (p !== null) views.push([p, at]);
          }
        }
        expect(f.size()).toBe(size);
        expect(Buffer.compare(disk.exportFile("/a")!, model.subarray(0, size))).toBe(0);
        for (const [p, at] of views) expect(Buffer.compare(p, model.subarray(at, at + p.length))).toBe(0);
        const copy = new MemDisk();
        copy.restore(disk.snapshot());
        expect(Buffer.compare(copy.exportFile("/a")!, model.subarray(0, size))).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test("lie anywhere in 2^53 bytes", () => {
    const f = new Handle(new MemDisk(), "/a");
    const at = 5 * 2 ** 32 + 7;
    f.write([9], at);
    expect(f.size()).toBe(at + 1);
    expect(f.read(3, at - 1)).toEqual([0, 9, 0]);
    expect(f.read(2, 2 ** 31)).toEqual([0, 0]);
  });

  test("open, access and delete by name", () => {
    const disk = new MemDisk();
    expect(new Handle(disk, "/x", S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_MAIN_DB).rc).toBe(
      S.SQLITE_CANTOPEN,
    );
    expect(del(disk, "/x")).toBe(S.SQLITE_IOERR_DELETE_NOENT);
    const f = new Handle(disk, "/x");
    expect(disk.exists("x")).toBe(true);
    expect(access(disk, "/x")).toBe(0); /* empty */
    expect(access(disk, "/x", S.SQLITE_ACCESS_READWRITE)).toBe(1);
    f.write([1], 0);
    expect(access(disk, "/x")).toBe(1);
    expect(new Handle(disk, "/x", DB | S.SQLITE_OPEN_EXCLUSIVE).rc).toBe(S.SQLITE_CANTOPEN);
    expect(f.control(S.SQLITE_FCNTL_HAS_MOVED, -1)).toEqual([OK, 0]);
    expect(del(disk, "/x")).toBe(OK);
    expect(f.control(S.SQLITE_FCNTL_HAS_MOVED, -1)).toEqual([OK, 1]);
    expect(f.read(1, 0)).toEqual([1]);
    expect(disk.list()).toEqual([]);
    const g = new Handle(disk, "/x");
    expect(g.size()).toBe(0);
    expect(f.close()).toBe(OK);
    expect(f.id.pMethods).toBe(null);
    expect(disk.nOpen).toBe(1);
  });

  test("read-only files and directories", () => {
    const disk = new MemDisk();
    disk.importFile("/x", fill(3, 7));
    expect(disk.setReadOnly("/x", true)).toBe(true);
    expect(disk.setReadOnly("/y", true)).toBe(false);
    const f = new Handle(disk, "/x");
    expect(f.outFlags.value).toBe(S.SQLITE_OPEN_READONLY | S.SQLITE_OPEN_MAIN_DB);
    expect(f.write([1], 0)).toBe(S.SQLITE_IOERR_WRITE);
    expect(f.truncate(0)).toBe(S.SQLITE_IOERR_TRUNCATE);
    expect(access(disk, "/x", S.SQLITE_ACCESS_READWRITE)).toBe(0);
    expect(f.read(3, 0)).toEqual([7, 7, 7]);
    disk.readOnlyDirectory = true;
    expect(new Handle(disk, "/y").rc).toBe(S.SQLITE_CANTOPEN);
    expect(new Handle(disk, "/x-journal", JOURNAL).rc).toBe(S.SQLITE_READONLY_DIRECTORY);
    expect(del(disk, "/x")).toBe(S.SQLITE_IOERR_DELETE);
    expect(new Handle(disk, "/x").rc).toBe(OK);
  });

  test("a device may refuse to delete open files", () => {
    const disk = new MemDisk({ deviceCharacteristics: S.SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN });
    const f = new Handle(disk, "/x");
    expect(del(disk, "/x")).toBe(S.SQLITE_IOERR_DELETE);
    f.close();
    expect(del(disk, "/x")).toBe(OK);
  });

  test("temporary files have no name that anybody sees", () => {
    const disk = new MemDisk();
    const flags = DB & ~S.SQLITE_OPEN_MAIN_DB;
    const temp = flags | S.SQLITE_OPEN_TEMP_DB | S.SQLITE_OPEN_EXCLUSIVE | S.SQLITE_OPEN_DELETEONCLOSE;
    const a = new Handle(disk, null, temp);
    const b = new Handle(disk, null, temp);
    a.write([1], 0);
    expect(b.size()).toBe(0);
    expect(disk.list()).toEqual([]);
    expect(a.control(S.SQLITE_FCNTL_HAS_MOVED, -1)).toEqual([OK, 0]);
    a.close();
    b.close();
    const c = new Handle(disk, "/named", flags | S.SQLITE_OPEN_TEMP_DB | S.SQLITE_OPEN_DELETEONCLOSE);
    expect(c.rc).toBe(OK);
    expect(disk.list()).toEqual([]);
  });

  test("full pathnames", () => {
    const { vfs } = new MemDisk();
    const z = new Uint8Array(600);
    const full = (name: string, n = 513): [number, string] => [
      vfs.xFullPathname(vfs, toCString(name), n, z),
      S.fromCString(z),
    ];
    expect(full("a/b")).toEqual([OK, "/a/b"]);
    expect(full("/a/b")).toEqual([OK, "/a/b"]);
    expect(full("é")).toEqual([OK, "/é"]);
    expect(full("")[0]).toBe(S.SQLITE_CANTOPEN);
    expect(full("x".repeat(511))[0]).toBe(OK);
    expect(full("x".repeat(512))[0]).toBe(S.SQLITE_CANTOPEN);
    expect(full("abc", 5)[0]).toBe(OK);
    expect(full("abc", 4)[0]).toBe(S.SQLITE_CANTOPEN);
    expect(vfs.mxPathname).toBe(512);
  });

  test("importing replaces, exporting copies", () => {
    const disk = new MemDisk();
    const bytes = fill(5000, 3);
    disk.importFile("db", bytes);
    const f = new Handle(disk, "/db");
    bytes.fill(4);
    expect(f.read(1, 4999)).toEqual([3]);
    disk.importFile("/db", fill(2, 9));
    expect(f.size()).toBe(5000);
    const out = disk.exportFile("db")!;
    expect([...out]).toEqual([9, 9]);
    out[0] = 1;
    expect(disk.exportFile("db")![0]).toBe(9);
    expect(disk.removeFile("db")).toBe(true);
    expect(disk.removeFile("db")).toBe(false);
    expect(disk.exportFile("db")).toBe(null);
  });
});

describe("file controls", () => {
  test("switches, names and sizes", () => {
    const disk = new MemDisk({ name: "abc" });
    const f = new Handle(disk, "/x");
    for (const op of [S.SQLITE_FCNTL_PERSIST_WAL, S.SQLITE_FCNTL_POWERSAFE_OVERWRITE]) {
      const first = op === S.SQLITE_FCNTL_PERSIST_WAL ? 0 : 1;
      expect(f.control(op, -1)).toEqual([OK, first]);
      expect(f.control(op, 1 - first)[0]).toBe(OK);
      expect(f.control(op, -1)).toEqual([OK, 1 - first]);
    }
    expect(f.m.xDeviceCharacteristics(f.id) & S.SQLITE_IOCAP_POWERSAFE_OVERWRITE).toBe(0);
    const z = new Ref<Uint8Array | null>(null);
    expect(f.m.xFileControl(f.id, S.SQLITE_FCNTL_VFSNAME, z)).toBe(OK);
    expect(S.fromCString(z.value)).toBe("abc");
    S.sqlite3_free(z.value);
    expect(f.m.xFileControl(f.id, S.SQLITE_FCNTL_TEMPFILENAME, z)).toBe(OK);
    expect(S.fromCString(z.value)).toBe("/tmp/etilqs_0000000000000001");
    S.sqlite3_free(z.value);
    expect(f.control(S.SQLITE_FCNTL_SIZE_HINT, 5000)).toEqual([OK, 5000]);
    expect(f.size()).toBe(0);
    f.control(S.SQLITE_FCNTL_CHUNK_SIZE, 4096);
    f.control(S.SQLITE_FCNTL_SIZE_HINT, 5000);
    expect(f.size()).toBe(8192);
    f.truncate(1);
    expect(f.size()).toBe(4096);
    expect(f.control(S.SQLITE_FCNTL_LAST_ERRNO, -1)).toEqual([OK, 0]);
    for (const op of [S.SQLITE_FCNTL_SYNC, S.SQLITE_FCNTL_COMMIT_PHASETWO, S.SQLITE_FCNTL_PRAGMA, 9999]) {
      expect(f.control(op, 0)[0]).toBe(S.SQLITE_NOTFOUND);
    }
    expect(f.control(S.SQLITE_FCNTL_BEGIN_ATOMIC_WRITE, 0)[0]).toBe(S.SQLITE_NOTFOUND);
  });

  test("sector size and device characteristics are the disk's", () => {
    const disk = new MemDisk({ sectorSize: 512, deviceCharacteristics: S.SQLITE_IOCAP_ATOMIC });
    const f = new Handle(disk, "/x");
    expect(f.m.xSectorSize(f.id)).toBe(512);
    expect(f.m.xDeviceCharacteristics(f.id)).toBe(S.SQLITE_IOCAP_ATOMIC);
    expect(new MemDisk({ ioVersion: 1 }).ioVersion).toBe(1);
    expect(new Handle(new MemDisk({ ioVersion: 2 }), "/x").m.iVersion).toBe(2);
  });

  test("a batch is undone as a whole", () => {
    const disk = new MemDisk({ deviceCharacteristics: S.SQLITE_IOCAP_BATCH_ATOMIC, crashable: true });
    const f = new Handle(disk, "/x", JOURNAL);
    f.write([1, 2, 3, 4], 0);
    f.sync();
    expect(f.control(S.SQLITE_FCNTL_COMMIT_ATOMIC_WRITE, 0)[0]).toBe(S.SQLITE_IOERR_COMMIT_ATOMIC);
    expect(f.control(S.SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE, 0)[0]).toBe(S.SQLITE_IOERR_ROLLBACK_ATOMIC);
    const begin = (): void => {
      expect(f.control(S.SQLITE_FCNTL_BEGIN_ATOMIC_WRITE, 0)[0]).toBe(OK);
      f.write([9, 9], 3);
      f.truncate(2);
      f.write([8], 7);
      f.write([7], 0);
    };
    begin();
    expect(f.control(S.SQLITE_FCNTL_BEGIN_ATOMIC_WRITE, 0)[0]).toBe(S.SQLITE_IOERR_BEGIN_ATOMIC);
    expect([...disk.exportFile("/x")!]).toEqual([7, 2, 0, 0, 0, 0, 0, 8]);
    expect([...disk.crash({ mode: "keep" }).exportFile("/x")!]).toEqual([1, 2, 3, 4]);
    expect(f.control(S.SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE, 0)[0]).toBe(OK);
    expect([...disk.exportFile("/x")!]).toEqual([1, 2, 3, 4]);
    begin();
    expect(f.control(S.SQLITE_FCNTL_COMMIT_ATOMIC_WRITE, 0)[0]).toBe(OK);
    expect(disk.pending().map((p) => [p.kind, p.amount])).toEqual([["batch", 4]]);
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      outcomes.add(String(disk.crash({ mode: "random", seed }).exportFile("/x")));
    }
    expect([...outcomes].sort()).toEqual(["1,2,3,4", "7,2,0,0,0,0,0,8"]);
    begin();
    f.close();
    expect([...disk.exportFile("/x")!]).toEqual([7, 2, 0, 0, 0, 0, 0, 8]);
  });
});

describe("locks", () => {
  const [N, SH, RE, PE, EX] = [0, 1, 2, 3, 4];
  /* Result and resulting level when A, holding the row's level, asks for the column's while B holds
     what the entry stands under. Written down from the rules in os.h and the comment in unixLock. */
  type Want = readonly [a: number, b: number, ask: number, rc: number, level: number];
  const table: readonly Want[] = [
    [N, N, SH, OK, SH],
    [N, SH, SH, OK, SH],
    [N, RE, SH, OK, SH],
    [N, PE, SH, BUSY, N],
    [N, EX, SH, BUSY, N],
    [SH, N, RE, OK, RE],
    [SH, SH, RE, OK, RE],
    [SH, RE, RE, BUSY, SH],
    [SH, PE, RE, BUSY, SH],
    [SH, N, EX, OK, EX],
    [SH, SH, EX, BUSY, SH],
    [SH, RE, EX, BUSY, SH],
    [SH, PE, EX, BUSY, SH],
    [RE, N, EX, OK, EX],
    [RE, SH, EX, BUSY, PE],
    [PE, N, EX, OK, EX],
    [PE, SH, EX, BUSY, PE],
    [SH, N, SH, OK, SH],
    [SH, PE, SH, OK, SH],
    [RE, SH, SH, OK, RE],
    [EX, N, RE, OK, EX],
    [EX, N, EX, OK, EX],
  ];

  /** Brings a handle to a level; PENDING needs a reader, `other`, that may leave again. */
  function bring(h: Handle, level: number, disk: MemDisk): void {
    if (level >= SH) expect(h.lock(SH)).toBe(OK);
    if (level === RE || level === PE) expect(h.lock(RE)).toBe(OK);
    if (level === PE) {
      const reader = new Handle(disk, "/x");
      reader.lock(SH);
      expect(h.lock(EX)).toBe(BUSY);
      reader.close();
    }
    if (level === EX) expect(h.lock(EX)).toBe(OK);
    expect(h.level()).toBe(level);
  }

  test.each(table)("A at %i beside B at %i asks for %i", (a, b, ask, rc, level) => {
    const disk = new MemDisk();
    const A = new Handle(disk, "/x");
    const B = new Handle(disk, "/x");
    /* Whoever needs to be alone in between goes first: readers get in beside RESERVED. */
    if (a > b) {
      bring(A, a === PE && b === SH ? RE : a, disk);
      bring(B, b, disk);
      if (a === PE && b === SH) expect(A.lock(EX)).toBe(BUSY);
    } else {
      bring(B, b === PE ? RE : b, disk);
      bring(A, a, disk);
      if (b === PE) {
        const reader = new Handle(disk, "/x");
        expect(reader.lock(SH)).toBe(OK);
        expect(B.lock(EX)).toBe(BUSY);
        reader.close();
      }
    }
    expect([A.level(), B.level()]).toEqual([a, b]);
    expect(A.lock(ask)).toBe(rc);
    expect([A.level(), B.level()]).toEqual([level, b]);
    if (a <= SH && level <= SH) expect(A.reserved()).toBe(b >= RE ? 1 : 0);
  });

  test("PENDING becomes EXCLUSIVE when the last reader has gone, and keeps new ones out", () => {
    const disk = new MemDisk();
    const [w, r, n] = [new Handle(disk, "/x"), new Handle(disk, "/x"), new Handle(disk, "/x")];
    r.lock(SH);
    bring(w, RE, disk);
    expect(w.lock(EX)).toBe(BUSY);
    expect(n.lock(SH)).toBe(BUSY);
    r.unlock(N);
    expect(w.lock(EX)).toBe(OK);
    expect(n.lock(SH)).toBe(BUSY);
    w.unlock(SH);
    expect(w.level()).toBe(SH);
    expect(n.lock(SH)).toBe(OK);
    expect(n.lock(RE)).toBe(OK);
    expect(w.reserved()).toBe(1);
  });

  test("unlocking to a level that is not lower does nothing; closing unlocks", () => {
    const disk = new MemDisk();
    const [a, b] = [new Handle(disk, "/x"), new Handle(disk, "/x")];
    expect(a.unlock(SH)).toBe(OK);
    expect(a.level()).toBe(N);
    bring(a, EX, disk);
    a.close();
    expect(b.lock(SH)).toBe(OK);
    expect(b.lock(EX)).toBe(OK);
  });

  test("never let two writers, or a writer and readers, in", () => {
    const step = fc.tuple(fc.nat(3), fc.constantFrom("up", "down", "off"));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const disk = new MemDisk();
        const h = [0, 1, 2, 3].map(() => new Handle(disk, "/x"));
        for (const [i, what] of steps) {
          const f = h[i]!;
          const before = f.level();
          if (what === "off") f.unlock(N);
          else if (what === "down") f.unlock(SH);
          else f.lock(before === N ? SH : before === SH ? RE : EX);
          const levels = h.map((g) => g.level());
          expect(levels.filter((l) => l >= RE).length).toBeLessThan(2);
          if (levels.includes(EX)) expect(levels.filter((l) => l > N).length).toBe(1);
        }
      }),
    );
  });

  test("only main databases are locked", () => {
    const disk = new MemDisk();
    const [a, b] = [new Handle(disk, "/x", JOURNAL), new Handle(disk, "/x", JOURNAL)];
    expect([a.lock(SH), a.lock(EX), b.lock(SH), b.reserved(), a.level()]).toEqual([OK, OK, OK, 0, 0]);
  });

  test("files and disks do not lock each other", () => {
    const disk = new MemDisk();
    bring(new Handle(disk, "/x"), EX, disk);
    const other = new MemDisk();
    bring(new Handle(disk, "/y"), EX, disk);
    bring(new Handle(other, "/x"), EX, other);
  });
});

describe("shared memory", () => {
  const LS = S.SQLITE_SHM_LOCK | S.SQLITE_SHM_SHARED;
  const LX = S.SQLITE_SHM_LOCK | S.SQLITE_SHM_EXCLUSIVE;
  const US = S.SQLITE_SHM_UNLOCK | S.SQLITE_SHM_SHARED;
  const UX = S.SQLITE_SHM_UNLOCK | S.SQLITE_SHM_EXCLUSIVE;

  test("regions are shared, zeroed, aligned, and gone with the last connection", () => {
    const disk = new MemDisk();
    const [a, b] = [new Handle(disk, "/x"), new Handle(disk, "/x")];
    expect(a.shmLock(0, 1, LX)).toBe(S.SQLITE_IOERR_SHMLOCK);
    expect(a.shmMap(0, 0)).toEqual([OK, null]);
    const [, p] = a.shmMap(1, 1);
    expect(p!.length).toBe(32768);
    expect(p!.byteOffset & 7).toBe(0);
    expect(p!.every((v) => v === 0)).toBe(true);
    p![5] = 77;
    const [rc, q] = b.shmMap(1, 0);
    expect([rc, q![5]]).toEqual([OK, 77]);
    expect(b.shmMap(2, 0)).toEqual([OK, null]);
    expect(disk.shmRegions("x").length).toBe(2);
    a.m.xShmBarrier!(a.id);
    expect(a.m.xShmUnmap!(a.id, 0)).toBe(OK);
    expect(a.m.xShmUnmap!(a.id, 0)).toBe(OK);
    expect(b.shmMap(1, 0)[1]![5]).toBe(77);
    b.close();
    expect(disk.shmRegions("x").length).toBe(0);
    expect(a.shmMap(0, 0)).toEqual([OK, null]);
  });

  test("slots: shared beside shared, exclusive alone", () => {
    const disk = new MemDisk();
    const [a, b] = [new Handle(disk, "/x"), new Handle(disk, "/x")];
    a.shmMap(0, 1);
    b.shmMap(0, 1);
    expect([a.shmLock(3, 1, LS), a.shmLock(3, 1, LS), b.shmLock(3, 1, LS)]).toEqual([OK, OK, OK]);
    expect(disk.shmLocks("x")).toEqual([0, 0, 0, 2, 0, 0, 0, 0]);
    expect(a.shmLock(4, 1, LX)).toBe(OK);
    expect(b.shmLock(4, 1, LS)).toBe(BUSY);
    expect(b.shmLock(4, 1, LX)).toBe(BUSY);
    expect(b.shmLock(0, 3, LX)).toBe(OK);
    expect(a.shmLock(2, 1, LS)).toBe(BUSY);
    expect(disk.shmLocks("x")).toEqual([-1, -1, -1, 2, -1, 0, 0, 0]);
    expect(a.shmLock(3, 1, US)).toBe(OK);
    expect(a.shmLock(3, 1, US)).toBe(OK); /* not held: nothing happens */
    expect(disk.shmLocks("x")[3]).toBe(1);
    expect(a.shmLock(3, 1, LX)).toBe(BUSY);
    expect(b.shmLock(3, 1, US)).toBe(OK);
    expect(a.shmLock(5, 3, LX)).toBe(OK);
    expect(a.shmLock(3, 1, LX)).toBe(OK);
    expect(a.shmLock(3, 5, UX)).toBe(OK);
    expect(disk.shmLocks("x")).toEqual([-1, -1, -1, 0, 0, 0, 0, 0]);
    /* One slot of several taken: none is. */
    expect(a.shmLock(5, 1, LS)).toBe(OK);
    expect(b.shmLock(3, 5, LX)).toBe(BUSY);
    expect(disk.shmLocks("x")).toEqual([-1, -1, -1, 0, 0, 1, 0, 0]);
    expect(b.control(S.SQLITE_FCNTL_EXTERNAL_READER, -1)).toEqual([OK, 1]);
    expect(a.control(S.SQLITE_FCNTL_EXTERNAL_READER, -1)).toEqual([OK, 0]);
    a.close();
    expect(disk.shmLocks("x")).toEqual([-1, -1, -1, 0, 0, 0, 0, 0]);
    b.m.xShmUnmap!(b.id, 1);
    expect(disk.shmLocks("x")).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("a connection that may not write needs somebody who may", () => {
    const disk = new MemDisk();
    /* Four zero bytes, the name, a parameter and its value, the end: what the pager lays out. */
    const block = new Uint8Array([0, 0, 0, 0, ...new TextEncoder().encode("/x\0readonly_shm\x001\0\0\0\0")]);
    const a = new Handle(disk, "/x");
    const r = new sqlite3_file();
    expect(disk.vfs.xOpen(disk.vfs, block.subarray(4), r, DB | S.SQLITE_OPEN_URI, null)).toBe(OK);
    const pp = new Ref<Uint8Array | null>(null);
    const map = (): number => r.pMethods!.xShmMap!(r, 0, 32768, 1, pp);
    expect([map(), pp.value]).toEqual([S.SQLITE_READONLY_CANTINIT, null]);
    expect(r.pMethods!.xShmLock!(r, 3, 1, LS)).toBe(OK);
    expect(a.shmMap(0, 1)[0]).toBe(OK);
    expect(a.shmLock(3, 1, LX)).toBe(BUSY);
    expect(map()).toBe(S.SQLITE_READONLY);
    expect(pp.value).toBe(a.shmMap(0, 0)[1]);
    a.close();
    expect(map()).toBe(S.SQLITE_READONLY);
  });
});

describe("mapping", () => {
  test("is off until asked for, then grows only after a new start", () => {
    const disk = new MemDisk();
    const f = new Handle(disk, "/x");
    f.write(fill(8192, 1), 0);
    expect(f.fetch(0, 4096)).toBe(null);
    expect(f.control(S.SQLITE_FCNTL_MMAP_SIZE, 1 << 20)).toEqual([OK, 0]);
    expect(f.control(S.SQLITE_FCNTL_MMAP_SIZE, -1)).toEqual([OK, 1 << 20]);
    const p = f.fetch(0, 4096)!;
    expect([p.length, p[0]]).toEqual([4096, 1]);
    expect(f.fetch(4096, 4096)).toBe(null); /* too near to the end */
    f.write([2], 0);
    expect(p[0]).toBe(2);
    f.write(fill(300000, 3), 8192); /* the small block has to grow */
    f.write([4], 0);
    expect(p[0]).toBe(4);
    expect(f.fetch(4096, 4096)).toBe(null);
    expect(f.m.xUnfetch!(f.id, 0, p)).toBe(OK);
    expect(f.m.xUnfetch!(f.id, 0, null)).toBe(OK);
    const q = f.fetch(4096, 4096)!;
    expect(q[0]).toBe(1);
    f.truncate(4096);
    expect(q[0]).toBe(0);
    expect(f.fetch(4096, 100)).toBe(null);
  });

  test("a size hint grows the file and the mapping", () => {
    const f = new Handle(new MemDisk(), "/x");
    f.control(S.SQLITE_FCNTL_MMAP_SIZE, 1 << 20);
    f.control(S.SQLITE_FCNTL_SIZE_HINT, 65536);
    expect(f.size()).toBe(65536);
    expect(f.fetch(4096, 4096)!.length).toBe(4096);
  });

  test("memory can come from the caller", () => {
    const arena = new ArrayBuffer(1 << 22);
    let top = 0;
    const released: Uint8Array[] = [];
    const disk = new MemDisk({
      memory: {
        allocate: (n) => {
          const p = new Uint8Array(arena, top, n);
          top += (n + 7) & ~7;
          return p;
        },
        release: (p) => released.push(p),
      },
    });
    const f = new Handle(disk, "/x");
    f.control(S.SQLITE_FCNTL_MMAP_SIZE, 1 << 20);
    f.write(fill(5000, 1), 0);
    f.write(fill(5000, 1), 4000);
    expect(released.length).toBe(1);
    expect(f.fetch(0, 512)!.buffer).toBe(arena);
    expect(f.shmMap(0, 1)[1]!.buffer).toBe(arena);
    f.m.xUnfetch!(f.id, 0, new Uint8Array(0));
    f.close();
    expect(released.length).toBe(3);
    del(disk, "/x");
    expect(released.length).toBe(4);
  });
});

describe("clock and randomness", () => {
  test("are reproducible", () => {
    const bytes = (options: MemDiskOptions, n: number): number[] => {
      const { vfs } = new MemDisk(options);
      const z = new Uint8Array(n + 1);
      expect(vfs.xRandomness(vfs, n, z)).toBe(n);
      expect(z[n]).toBe(0);
      return [...z];
    };
    expect(bytes({ seed: 1 }, 45)).toEqual(bytes({ seed: 1 }, 45));
    expect(bytes({ seed: 1 }, 45)).not.toEqual(bytes({ seed: 2 }, 45));
    const disk = new MemDisk();
    const now = new Ref(0);
    const slept: number[] = [];
    disk.onSleep = (us) => slept.push(us);
    disk.vfs.xCurrentTimeInt64!(disk.vfs, now);
    expect(now.value).toBe(211813444800000);
    expect(disk.vfs.xSleep(disk.vfs, 1999)).toBe(1999);
    expect(disk.clock).toBe(211813444800001);
    disk.vfs.xSleep(disk.vfs, 1);
    expect(disk.clock).toBe(211813444800002);
    expect([disk.sleptMicroseconds, slept]).toEqual([2000, [1999, 1]]);
    disk.vfs.xCurrentTime!(disk.vfs, now);
    expect(now.value).toBeCloseTo(2451544.5, 6);
  });
});

describe("trace", () => {
  test("records calls with what went in and came out", () => {
    const disk = new MemDisk();
    new Handle(disk, "/before");
    expect(disk.trace).toEqual([]);
    disk.startTrace();
    const f = new Handle(disk, "/x");
    f.write([1, 2, 3], 7);
    f.read(5, 8);
    f.size();
    f.lock(1);
    f.sync();
    access(disk, "/y");
    f.close();
    const want = { seq: 0, file: "/x", offset: 0, amount: 0, hash: 0, arg: 0, rc: 0, out: 0 };
    const trace = disk.stopTrace();
    expect(trace).toEqual([
      { ...want, seq: 1, op: "open", arg: DB, out: S.SQLITE_OPEN_READWRITE },
      { ...want, seq: 2, op: "write", offset: 7, amount: 3, hash: fnv1a(Uint8Array.of(1, 2, 3)) },
      {
        ...want,
        seq: 3,
        op: "read",
        offset: 8,
        amount: 5,
        hash: fnv1a(Uint8Array.of(2, 3, 0, 0, 0)),
        rc: S.SQLITE_IOERR_SHORT_READ,
      },
      { ...want, seq: 4, op: "filesize", out: 10 },
      { ...want, seq: 5, op: "lock", arg: 1, out: 1 },
      { ...want, seq: 6, op: "sync", arg: S.SQLITE_SYNC_NORMAL },
      { ...want, seq: 7, op: "access", file: "/y" },
      { ...want, seq: 8, op: "close" },
    ]);
    expect(fnv1a(new TextEncoder().encode("foobar"))).toBe(0xbf9cf968);
    new Handle(disk, "/after");
    expect(disk.trace).toEqual([]);
  });

  test("watched and unwatched calls do the same", () => {
    const run = (disk: MemDisk): unknown[] => {
      const f = new Handle(disk, "/x");
      const z = new Uint8Array(20);
      const r = new Ref(0);
      const out: unknown[] = [
        f.write(fill(9000, 1), 0),
        f.read(5, 8998),
        f.truncate(8000),
        f.size(),
        f.lock(1),
        f.lock(2),
        f.reserved(),
        f.unlock(0),
        f.sync(),
        f.control(S.SQLITE_FCNTL_MMAP_SIZE, 99999),
        f.fetch(0, 3),
        f.m.xUnfetch!(f.id, 0, new Uint8Array(3)),
        f.shmMap(0, 1),
        f.shmLock(0, 1, S.SQLITE_SHM_LOCK | S.SQLITE_SHM_SHARED),
        f.m.xShmBarrier!(f.id),
        f.m.xShmUnmap!(f.id, 0),
        f.m.xSectorSize(f.id),
        f.m.xDeviceCharacteristics(f.id),
        f.close(),
        access(disk, "/x"),
        del(disk, "/x", 1),
        disk.vfs.xFullPathname(disk.vfs, toCString("q"), 20, z),
        disk.vfs.xRandomness(disk.vfs, 12, z),
        disk.vfs.xSleep(disk.vfs, 1500),
        disk.vfs.xCurrentTimeInt64!(disk.vfs, r),
        disk.vfs.xGetLastError!(disk.vfs, 0, null),
        r.value,
        [...z],
      ];
      return out;
    };
    const watched = new MemDisk();
    watched.startTrace();
    expect(run(watched)).toEqual(run(new MemDisk()));
    expect(new Set(watched.trace.map((c) => c.op)).size).toBe(25);
  });
});

describe("faults", () => {
  test("fail the n-th call of a class, once or from then on", () => {
    const disk = new MemDisk();
    const f = new Handle(disk, "/x");
    const once = disk.addFault({ op: "write", nth: 2 });
    expect([f.write([1], 0), f.write([2], 0), f.write([3], 0)]).toEqual([OK, S.SQLITE_IOERR_WRITE, OK]);
    expect([once.seen, once.hits]).toEqual([3, 1]);
    expect(f.read(1, 0)).toEqual([3]);
    disk.clearFaults(once);
    const full = disk.addFault({ op: ["write", "truncate"], nth: 2, code: S.SQLITE_FULL, persistent: true });
    expect([f.write([4], 0), f.truncate(0), f.write([5], 0)]).toEqual([OK, S.SQLITE_FULL, S.SQLITE_FULL]);
    expect(f.sync()).toBe(OK);
    expect([full.seen, full.hits]).toEqual([3, 2]);
    disk.clearFaults();
    expect(f.write([6], 0)).toBe(OK);
  });

  test("may be narrowed, and may only count", () => {
    const disk = new MemDisk();
    const [f, g] = [new Handle(disk, "/x"), new Handle(disk, "/y")];
    const all = disk.addFault({ op: "all", nth: Number.POSITIVE_INFINITY });
    const y = disk.addFault({ op: "all", nth: 1, persistent: true, when: (c) => c.file === "/y" });
    expect([f.sync(), g.sync(), f.truncate(1), g.truncate(1)]).toEqual([
      OK,
      S.SQLITE_IOERR_FSYNC,
      OK,
      S.SQLITE_IOERR_TRUNCATE,
    ]);
    f.m.xSectorSize(f.id); /* cannot fail, does not count */
    expect([all.seen, all.hits, y.seen, y.hits]).toEqual([4, 0, 2, 2]);
    disk.clearFaults(y);
    disk.addFault({ op: "filecontrol", nth: 1, when: (c) => c.arg === S.SQLITE_FCNTL_HAS_MOVED });
    expect(f.control(S.SQLITE_FCNTL_LOCKSTATE, 9)).toEqual([OK, 0]);
    expect(f.control(S.SQLITE_FCNTL_HAS_MOVED, 9)).toEqual([S.SQLITE_IOERR, 9]);
  });

  test("leave things as they were, but for a written prefix and a closed file", () => {
    const disk = new MemDisk({ crashable: true });
    const f = new Handle(disk, "/x", JOURNAL);
    f.write([1, 1, 1, 1], 0);
    disk.addFault({ op: "write", nth: 1, partial: 2 });
    disk.addFault({ op: "read", nth: 1, scribble: true });
    disk.addFault({ op: "sync", nth: 1 });
    disk.addFault({ op: "delete", nth: 1 });
    disk.addFault({ op: "open", nth: 1 });
    disk.addFault({ op: "close", nth: 1 });
    disk.startTrace();
    expect(f.write([2, 2, 2, 2], 0)).toBe(S.SQLITE_IOERR_WRITE);
    const b = fill(5, 9);
    expect(f.m.xRead(f.id, b, 4, 0)).toBe(S.SQLITE_IOERR_READ);
    expect([...b]).toEqual([0xa5, 0xa5, 0xa5, 0xa5, 9]);
    expect(f.read(4, 0)).toEqual([2, 2, 1, 1]);
    expect(f.sync()).toBe(S.SQLITE_IOERR_FSYNC);
    expect(disk.pending().length).toBe(3);
    expect(del(disk, "/x")).toBe(S.SQLITE_IOERR_DELETE);
    const g = new Handle(disk, "/x");
    expect([g.rc, g.id.pMethods]).toEqual([S.SQLITE_CANTOPEN, null]);
    expect(f.close()).toBe(S.SQLITE_IOERR_CLOSE);
    expect(disk.nOpen).toBe(0);
    expect(disk.stopTrace().map((c) => [c.op, c.rc, c.hash === 0])).toEqual([
      ["write", S.SQLITE_IOERR_WRITE, false],
      ["read", S.SQLITE_IOERR_READ, true],
      ["read", OK, false],
      ["sync", S.SQLITE_IOERR_FSYNC, true],
      ["delete", S.SQLITE_IOERR_DELETE, true],
      ["open", S.SQLITE_CANTOPEN, true],
      ["close", S.SQLITE_IOERR_CLOSE, true],
    ]);
  });

  test("the hook sees every call before it happens", () => {
    const disk = new MemDisk();
    const sizes: (number | undefined)[] = [];
    disk.onCall = (call) => {
      if (call.op === "write") sizes.push(disk.exportFile("/x")?.length);
    };
    const f = new Handle(disk, "/x");
    f.write([1], 0);
    f.write([1], 1);
    disk.onCall = null;
    f.write([1], 2);
    expect(sizes).toEqual([0, 1]);
  });
});

describe("snapshots", () => {
  test("bring files, clock, random numbers and durability back, as often as wanted", () => {
    const disk = new MemDisk({ crashable: true });
    const f = new Handle(disk, "/x", JOURNAL);
    f.write([1], 0);
    f.sync();
    f.write([2], 0);
    new Handle(disk, "/gone", JOURNAL);
    const snap = disk.snapshot();
    const next = (): number[] => {
      const z = new Uint8Array(8);
      disk.vfs.xRandomness(disk.vfs, 8, z);
      return [...z, disk.clock];
    };
    const random = next();
    for (let i = 0; i < 2; i++) {
      f.write([3], 0);
      del(disk, "/gone", 1);
      disk.vfs.xSleep(disk.vfs, 123456);
      disk.restore(snap);
      expect(next()).toEqual(random);
      expect(disk.list()).toEqual(["/gone", "/x"]);
      expect([...disk.exportFile("/x")!]).toEqual([2]);
      expect([...disk.crash({ mode: "drop" }).exportFile("/x")!]).toEqual([1]);
      expect(disk.crash({ mode: "drop" }).exists("/gone")).toBe(false);
      expect([...disk.crash({ mode: "keep" }).exportFile("/x")!]).toEqual([2]);
      expect(disk.pending().map((p) => [p.kind, p.file])).toEqual([
        ["write", "/x"],
        ["create", "/gone"],
      ]);
    }
    expect(f.read(1, 0)).toEqual([3]); /* cut off, still alive */
    expect(() => new MemDisk().restore(snap)).toThrow();
    expect(() => new MemDisk().crash({ mode: "keep" })).toThrow();
  });
});

describe("loss of power", () => {
  const PSOW = S.SQLITE_IOCAP_POWERSAFE_OVERWRITE;

  /** A disk with /x holding `n` bytes of 1, durable. */
  function disk1(n: number, options: MemDiskOptions = {}): [MemDisk, Handle] {
    const disk = new MemDisk({ crashable: true, sectorSize: 512, ...options });
    disk.importFile("/x", fill(n, 1));
    return [disk, new Handle(disk, "/x")];
  }

  /** The files that crashes with many seeds leave, as sets of what each byte or size can be. */
  function outcomes(disk: MemDisk, name: string, how: Partial<CrashOptions> = {}): Uint8Array[] {
    const out: Uint8Array[] = [];
    for (let seed = 0; seed < 300; seed++) {
      const bytes = disk.crash({ mode: "random", ...how, seed }).exportFile(name);
      if (bytes !== null) out.push(bytes);
    }
    return out;
  }

  test("a sync makes a file durable, not its name and not other files", () => {
    const disk = new MemDisk({ crashable: true });
    const f = new Handle(disk, "/x");
    f.write([1], 0);
    f.sync();
    expect(disk.crash({ mode: "drop" }).list()).toEqual([]);
    expect(disk.crash({ mode: "keep" }).list()).toEqual(["/x"]);
    const j = new Handle(disk, "/x-journal", JOURNAL);
    j.write([5, 5], 0);
    f.write([2, 2], 0);
    j.sync(); /* a new journal: the directory too */
    const after = disk.crash({ mode: "drop" });
    expect(after.list()).toEqual(["/x", "/x-journal"]);
    expect([...after.exportFile("/x")!]).toEqual([1]);
    expect([...after.exportFile("/x-journal")!]).toEqual([5, 5]);
    expect(after.pending()).toEqual([]);
    expect(disk.pending().map((p) => [p.kind, p.file, p.offset, p.amount])).toEqual([["write", "/x", 0, 2]]);
    disk.syncAll();
    expect([...disk.crash({ mode: "drop" }).exportFile("/x")!]).toEqual([2, 2]);
  });

  test("a deletion comes undone unless the directory was synced", () => {
    const [disk] = disk1(10);
    del(disk, "/x");
    expect(disk.exists("/x")).toBe(false);
    expect(disk.crash({ mode: "drop" }).exportFile("/x")!.length).toBe(10);
    expect(disk.crash({ mode: "keep" }).exists("/x")).toBe(false);
    disk.importFile("/y", fill(3, 3));
    expect(del(disk, "/y", 1)).toBe(OK);
    expect(disk.crash({ mode: "drop" }).list()).toEqual([]);
    /* Another directory waits for a sync of its own. */
    new Handle(disk, "/sub/j", JOURNAL);
    disk.importFile("/y", fill(3, 3));
    del(disk, "/y", 1);
    expect(disk.crash({ mode: "drop" }).list()).toEqual([]);
    new Handle(disk, "/sub/k", WAL).sync();
    expect(disk.crash({ mode: "drop" }).list()).toEqual(["/sub/j", "/sub/k"]);
  });

  test("a name used again brings the old file back if the disk forgets the new one", () => {
    const [disk] = disk1(10);
    del(disk, "/x");
    const g = new Handle(disk, "/x");
    g.write([9], 0);
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const b = disk.crash({ mode: "random", seed }).exportFile("/x");
      seen.add(b === null ? "none" : b.length === 10 ? "old" : String(b));
    }
    /* Not synced: the new file may lack its byte. */
    expect([...seen].filter((s) => /^(none|old|9|)$/.test(s)).sort()).toEqual(["", "9", "none", "old"]);
  });

  test("same seed, same image; the running disk is not disturbed", () => {
    const [disk, f] = disk1(4096);
    f.write(fill(4096, 2), 0);
    const image = (seed: number): Uint8Array => disk.crash({ mode: "random", seed }).exportFile("/x")!;
    for (let seed = 0; seed < 20; seed++) expect(image(seed)).toEqual(image(seed));
    expect(disk.exportFile("/x")).toEqual(fill(4096, 2));
    expect(disk.pending().length).toBe(1);
  });

  test("writes tear at sectors and can overtake each other", () => {
    const [disk, f] = disk1(4096, { deviceCharacteristics: PSOW });
    f.write(fill(1024, 2), 256);
    f.write(fill(512, 3), 2048);
    const seen = new Set<string>();
    for (const b of outcomes(disk, "/x")) {
      expect(b.length).toBe(4096);
      const key = [0, 256, 512, 1024, 1280, 2048, 2560].map((i) => b[i]).join("");
      seen.add(key);
      /* Within a sector all of one kind, and nothing beside the writes has changed. */
      for (const [from, to] of [
        [0, 256],
        [256, 512],
        [512, 1024],
        [1024, 1280],
        [1280, 2048],
        [2048, 2560],
      ]) {
        expect(new Set(b.subarray(from, to)).size).toBe(1);
      }
      expect(key).toMatch(/^1[12][12][12]1[13]1$/);
    }
    expect(seen.size).toBe(16);
    for (const b of outcomes(disk, "/x", { tear: false }))
      expect(new Set(b.subarray(256, 1280)).size).toBe(1);
  });

  test("prefix keeps the order; a choice of one's own is followed", () => {
    const [disk, f] = disk1(2048, { deviceCharacteristics: PSOW });
    for (let i = 0; i < 4; i++) f.write(fill(512, 2), 512 * i);
    const key = (d: MemDisk): string => [0, 512, 1024, 1536].map((i) => d.exportFile("/x")![i]).join("");
    const seen = new Set<string>();
    for (let seed = 0; seed < 100; seed++) seen.add(key(disk.crash({ mode: "prefix", seed })));
    expect([...seen].sort()).toEqual(["1111", "2111", "2211", "2221", "2222"]);
    expect(key(disk.crash({ mode: "prefix", cut: 2, tear: false }))).toBe("2211");
    const [first] = disk.pending();
    expect(key(disk.crash({ mode: (op) => (op.seq === first!.seq ? "drop" : "keep") }))).toBe("1222");
  });

  test("SEQUENTIAL: nothing overtakes, and a sync is one for all", () => {
    const [disk, f] = disk1(2048, { deviceCharacteristics: PSOW | S.SQLITE_IOCAP_SEQUENTIAL });
    const g = new Handle(disk, "/y");
    f.write(fill(512, 2), 0);
    g.write([1], 0);
    f.write(fill(512, 2), 512);
    for (let seed = 0; seed < 100; seed++) {
      const d = disk.crash({ mode: "random", seed });
      const x = d.exportFile("/x")!;
      if (x[512] === 2) expect(d.exportFile("/y")?.length).toBe(1);
      if (d.exportFile("/y")?.length === 1) expect(x[0]).toBe(2);
    }
    g.sync();
    expect(disk.pending()).toEqual([]);
    expect(disk.crash({ mode: "drop" }).exportFile("/x")![512]).toBe(2);
  });

  test("ATOMIC writes are whole; ATOMIC1K those of 1 KiB in their place", () => {
    const [disk, f] = disk1(4096, { deviceCharacteristics: S.SQLITE_IOCAP_ATOMIC });
    f.write(fill(3000, 2), 100);
    for (const b of outcomes(disk, "/x")) expect(new Set(b.subarray(100, 3100)).size).toBe(1);
    const [disk2, g] = disk1(8192, { deviceCharacteristics: PSOW | S.SQLITE_IOCAP_ATOMIC1K });
    g.write(fill(1024, 2), 1024);
    g.write(fill(1024, 2), 4096 + 512);
    let torn = 0;
    for (const b of outcomes(disk2, "/x")) {
      expect(new Set(b.subarray(1024, 2048)).size).toBe(1);
      if (new Set(b.subarray(4608, 5632)).size > 1) torn++;
    }
    expect(torn).toBeGreaterThan(0);
  });

  test("without POWERSAFE_OVERWRITE the neighbours in the sector can be hit, no further ones", () => {
    const [disk, f] = disk1(2048, { deviceCharacteristics: 0 });
    f.write(fill(100, 2), 700);
    let hit = 0;
    for (const b of outcomes(disk, "/x")) {
      expect([...b.subarray(0, 512)].every((v) => v === 1)).toBe(true);
      expect([...b.subarray(1024)].every((v) => v === 1)).toBe(true);
      if (b[600] !== 1) hit++;
    }
    expect(hit).toBeGreaterThan(0);
    for (const b of outcomes(disk, "/x", { garbage: false })) expect(b[600]).toBe(1);
  });

  test("SAFE_APPEND: a file ends where its bytes end, in order", () => {
    const [disk, f] = disk1(512, { deviceCharacteristics: PSOW | S.SQLITE_IOCAP_SAFE_APPEND });
    f.write(fill(1500, 2), 512);
    f.write(fill(1000, 3), 2012);
    const sizes = new Set<number>();
    for (const b of outcomes(disk, "/x")) {
      sizes.add(b.length);
      expect([...b.subarray(512, 2012)].every((v) => v === 2)).toBe(true);
      expect([...b.subarray(2012)].every((v) => v === 3)).toBe(true);
    }
    expect(sizes.size).toBeGreaterThan(4);
    const [disk2, g] = disk1(512, { deviceCharacteristics: PSOW });
    g.write(fill(1500, 2), 512);
    const junk = outcomes(disk2, "/x").filter((b) => [...b.subarray(512)].some((v) => v !== 2));
    expect(junk.length).toBeGreaterThan(0);
    expect(junk.some((b) => [...b.subarray(512)].some((v) => v > 2))).toBe(true);
  });

  test("truncation is kept or not", () => {
    const [disk, f] = disk1(2000);
    f.truncate(100);
    expect(new Set(outcomes(disk, "/x").map((b) => b.length))).toEqual(new Set([100, 2000]));
    f.truncate(3000);
    f.sync();
    const b = disk.crash({ mode: "drop" }).exportFile("/x")!;
    expect([b.length, b[99], b[100]]).toEqual([3000, 1, 0]);
  });
});

describe("registration", () => {
  const disks: MemDisk[] = [];
  afterEach(() => {
    for (const d of disks.splice(0)) d.unregister();
  });

  test("the package's entrance registers `memory` as the default", () => {
    expect(S.sqlite3_initialize()).toBe(OK);
    expect(S.sqlite3_vfs_find(null)).toBe(S.memoryDisk().vfs);
    expect(S.sqlite3_vfs_find("memory")).toBe(S.memoryDisk().vfs);
    expect(S.memoryDisk()).toBe(S.memoryDisk());
    const d = new MemDisk({ name: "second" });
    disks.push(d);
    expect(d.register()).toBe(OK);
    expect(S.sqlite3_vfs_find("second")).toBe(d.vfs);
    expect(S.sqlite3_vfs_find(null)).toBe(S.memoryDisk().vfs);
    d.unregister();
    expect(S.sqlite3_vfs_find("second")).toBe(null);
  });
});

describe("a pager on it", () => {
  const PAGE = 1024;

  interface Db {
    readonly pager: S.Pager;
    readonly close: () => void;
  }

  function openPager(disk: MemDisk, journalMode: number, flags: number): Db {
    const pp = new Ref<S.Pager | null>(null);
    const name = toCString("/db");
    expect(S.sqlite3_initialize()).toBe(OK);
    const rc = S.sqlite3PagerOpen(disk.vfs, pp, name, 136, 0, DB, () => {});
    expect(rc).toBe(OK);
    const pager = pp.value!;
    S.sqlite3PagerSetBusyHandler(pager, () => 0, null);
    S.sqlite3PagerSetFlags(pager, flags | S.PAGER_CACHESPILL);
    expect(S.sqlite3PagerSetPagesize(pager, new Ref(PAGE), 0)).toBe(OK);
    S.sqlite3PagerSetCachesize(pager, 10);
    expect(S.sqlite3PagerSetJournalMode(pager, journalMode)).toBe(journalMode);
    return { pager, close: () => void S.sqlite3PagerClose(pager, null) };
  }

  function get(pager: S.Pager, pgno: number): S.DbPage {
    const pp = new Ref<S.DbPage | null>(null);
    expect(S.sqlite3PagerGet(pager, pgno, pp, 0)).toBe(OK);
    return pp.value!;
  }

  /** One transaction that makes the database `n` pages full of `v`. */
  function transaction(pager: S.Pager, n: number, v: number): void {
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    const count = new Ref(0);
    S.sqlite3PagerPagecount(pager, count);
    const one = get(pager, 1);
    expect(S.sqlite3PagerBegin(pager, 0, 0)).toBe(OK);
    /* Pages that will be cut off have content that a rollback must bring back: write them as well. */
    for (let pgno = 1; pgno <= Math.max(n, count.value); pgno++) {
      const pg = get(pager, pgno);
      expect(S.sqlite3PagerWrite(pg)).toBe(OK);
      S.sqlite3PagerGetData(pg).fill(v, 100, PAGE);
      if (pgno === 1) S.sqlite3Put4byte(S.sqlite3PagerGetData(pg), n, 28);
      if (pgno > 1) S.sqlite3PagerUnref(pg);
      else S.sqlite3PagerUnrefPageOne(pg);
    }
    if (n < count.value) S.sqlite3PagerTruncateImage(pager, n);
    expect(S.sqlite3PagerCommitPhaseOne(pager, null, 0)).toBe(OK);
    expect(S.sqlite3PagerCommitPhaseTwo(pager)).toBe(OK);
    S.sqlite3PagerUnrefPageOne(one);
  }

  /** What a fresh pager reads: "9x2" for nine pages full of 2, "empty", or "corrupt". */
  function recovered(disk: MemDisk, journalMode: number): string {
    const { pager, close } = openPager(disk, journalMode, S.PAGER_SYNCHRONOUS_FULL);
    expect(S.sqlite3PagerSharedLock(pager)).toBe(OK);
    const count = new Ref(0);
    S.sqlite3PagerPagecount(pager, count);
    const values = new Set<number>();
    if (count.value > 0) {
      const one = get(pager, 1);
      /* As in a real database the header knows the size: a shorter file is cut only after the commit. */
      const size = S.sqlite3Get4byte(S.sqlite3PagerGetData(one), 28);
      if (size > count.value) values.add(-1).add(-2);
      else count.value = size;
      for (let pgno = 1; pgno <= count.value; pgno++) {
        const pg = get(pager, pgno);
        for (const v of S.sqlite3PagerGetData(pg).subarray(100)) values.add(v);
        if (pgno > 1) S.sqlite3PagerUnref(pg);
        else S.sqlite3PagerUnrefPageOne(pg);
      }
      S.sqlite3PagerUnrefPageOne(one);
    }
    close();
    expect(disk.nOpen).toBe(0);
    return count.value === 0 ? "empty" : values.size === 1 ? `${count.value}x${[...values][0]}` : "corrupt";
  }

  const HOW: CrashOptions[] = [
    { mode: "drop" },
    { mode: "keep" },
    ...[1, 2, 3].map((seed): CrashOptions => ({ mode: "prefix", seed })),
    ...[1, 2, 3, 4].map((seed): CrashOptions => ({ mode: "random", seed })),
  ];

  /** Runs three transactions, crashing in every way before every call that matters; what came out. */
  function crashes(options: MemDiskOptions, journalMode: number, flags: number): Map<string, string[]> {
    const disk = new MemDisk({ crashable: true, ...options });
    const seen = new Map<string, string[]>();
    const { pager, close } = openPager(disk, journalMode, flags);
    let legal = "";
    let n = 0;
    disk.onCall = ({ op }) => {
      if (op !== "sync" && op !== "delete" && op !== "truncate" && op !== "unlock") return;
      for (const how of HOW) {
        const seed = (how.seed ?? 0) + 1000 * n++;
        const result = recovered(disk.crash({ ...how, seed }), journalMode);
        if (!seen.has(legal)) seen.set(legal, []);
        seen.get(legal)!.push(result);
      }
    };
    const steps: [number, number][] = [
      [6, 1],
      [25, 2],
      [4, 3],
    ];
    let before = "empty";
    for (const [pages, v] of steps) {
      legal = `${before}|${pages}x${v}`;
      transaction(pager, pages, v);
      before = `${pages}x${v}`;
    }
    disk.onCall = null;
    close();
    expect(recovered(disk, journalMode)).toBe("4x3");
    return seen;
  }

  const PSOW = S.SQLITE_IOCAP_POWERSAFE_OVERWRITE;
  const devices: [string, MemDiskOptions][] = [
    ["512, psow", { sectorSize: 512, deviceCharacteristics: PSOW }],
    ["4096, nothing promised", { sectorSize: 4096, deviceCharacteristics: 0 }],
    ["512, safe append", { sectorSize: 512, deviceCharacteristics: PSOW | S.SQLITE_IOCAP_SAFE_APPEND }],
    ["4096, sequential", { sectorSize: 4096, deviceCharacteristics: PSOW | S.SQLITE_IOCAP_SEQUENTIAL }],
  ];
  const modes: [string, number][] = [
    ["DELETE", S.PAGER_JOURNALMODE_DELETE],
    ["TRUNCATE", S.PAGER_JOURNALMODE_TRUNCATE],
    ["PERSIST", S.PAGER_JOURNALMODE_PERSIST],
  ];

  for (const [device, options] of devices) {
    for (const [mode, journalMode] of modes) {
      test(`survives a loss of power at any moment (${device}, ${mode})`, () => {
        /* Only EXTRA makes the deletion of a journal durable before the next transaction. */
        const sync = mode === "DELETE" ? S.PAGER_SYNCHRONOUS_EXTRA : S.PAGER_SYNCHRONOUS_FULL;
        let nOld = 0;
        let nNew = 0;
        for (const [legal, results] of crashes(options, journalMode, sync)) {
          const [before, after] = legal.split("|");
          for (const r of results) {
            expect([before, after]).toContain(r);
            if (r === before) nOld++;
            else nNew++;
          }
        }
        expect(nOld).toBeGreaterThan(10);
        expect(nNew).toBeGreaterThan(10);
      });
    }
  }

  test("does not survive without syncs: the crash images have teeth", () => {
    const [, options] = devices[0]!;
    const all = crashes(options, S.PAGER_JOURNALMODE_DELETE, S.PAGER_SYNCHRONOUS_OFF);
    const wrong = [...all].flatMap(([legal, results]) =>
      results.filter((r) => !legal.split("|").includes(r)),
    );
    expect(wrong.length).toBeGreaterThan(0);
  });
});
