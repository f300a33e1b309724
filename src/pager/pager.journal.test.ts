/**
 * The files that the pager writes beside a database: every record type byte by byte, and what
 * happens to journals whose fields are not what they should be.
 *
 * Expected bytes are written down from the description of the file format and from pager.c, never
 * computed by the code under test.
 */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromCString } from "../cstring.js";
import { sqlite3Config } from "../global.js";
import { sqlite3_config, sqlite3_initialize, sqlite3_shutdown } from "../main.js";
import { sqlite3_memory_used } from "../malloc.js";
import { sqlite3JournalIsInMemory } from "../os/memjournal.js";
import { installDefault, type MemCall, MemDisk, type MemDiskOptions } from "../os/memvfs.js";
import { sqlite3OsFileSize, sqlite3OsRead } from "../os/os.js";
import { sqlite3PcacheDrop, sqlite3PcachePagecount } from "../pcache/pcache.js";
import { queueRandomness } from "../random.js";
import {
  Ref,
  SAVEPOINT_RELEASE,
  SAVEPOINT_ROLLBACK,
  SQLITE_ABORT,
  SQLITE_BUSY,
  SQLITE_CANTOPEN,
  SQLITE_CONFIG_GETMALLOC,
  SQLITE_CONFIG_LOG,
  SQLITE_CONFIG_MALLOC,
  SQLITE_CONFIG_MEMSTATUS,
  SQLITE_CONFIG_STMTJRNL_SPILL,
  SQLITE_FCNTL_COMMIT_PHASETWO,
  SQLITE_FULL,
  SQLITE_IOCAP_SAFE_APPEND,
  SQLITE_IOCAP_SUBPAGE_READ,
  SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN,
  SQLITE_IOERR,
  SQLITE_IOERR_ACCESS,
  SQLITE_IOERR_DELETE,
  SQLITE_IOERR_FSTAT,
  SQLITE_IOERR_FSYNC,
  SQLITE_IOERR_READ,
  SQLITE_IOERR_TRUNCATE,
  SQLITE_IOERR_UNLOCK,
  SQLITE_IOERR_WRITE,
  SQLITE_NOMEM,
  SQLITE_OK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_MAIN_DB,
  SQLITE_OPEN_READWRITE,
  SQLITE_OPEN_TEMP_DB,
  type sqlite3_backup,
  type sqlite3_file,
  type sqlite3_mem_methods,
} from "../sqliteInt.js";
import {
  type DbPage,
  isOpen,
  PAGER_CACHESPILL,
  PAGER_CKPT_FULLFSYNC,
  PAGER_FULLFSYNC,
  PAGER_JOURNALMODE_DELETE,
  PAGER_JOURNALMODE_MEMORY,
  PAGER_JOURNALMODE_OFF,
  PAGER_JOURNALMODE_PERSIST,
  PAGER_JOURNALMODE_TRUNCATE,
  PAGER_JOURNALMODE_WAL,
  PAGER_LOCKINGMODE_EXCLUSIVE,
  PAGER_LOCKINGMODE_NORMAL,
  PAGER_MEMORY,
  PAGER_SJ_PGNO,
  PAGER_SJ_PGNO_COMPUTED,
  PAGER_SYNCHRONOUS_EXTRA,
  PAGER_SYNCHRONOUS_FULL,
  PAGER_SYNCHRONOUS_NORMAL,
  PAGER_SYNCHRONOUS_OFF,
  type Pager,
  print_pager_state,
  sqlite3_database_file_object,
  sqlite3PagerBegin,
  sqlite3PagerClose,
  sqlite3PagerCommitPhaseOne,
  sqlite3PagerCommitPhaseTwo,
  sqlite3PagerDataVersion,
  sqlite3PagerDirectReadOk,
  sqlite3PagerFlush,
  sqlite3PagerGet,
  sqlite3PagerGetData,
  sqlite3PagerGetJournalMode,
  sqlite3PagerJournalSizeLimit,
  sqlite3PagerLockingMode,
  sqlite3PagerOpen,
  sqlite3PagerOpenSavepoint,
  sqlite3PagerPagecount,
  sqlite3PagerRollback,
  sqlite3PagerSavepoint,
  sqlite3PagerSetCachesize,
  sqlite3PagerSetFlags,
  sqlite3PagerSetJournalMode,
  sqlite3PagerSetMmapLimit,
  sqlite3PagerSetPagesize,
  sqlite3PagerSharedLock,
  sqlite3PagerTruncateImage,
  sqlite3PagerUnref,
  sqlite3PagerUnrefPageOne,
  sqlite3PagerWrite,
  sqlite3SectorSize,
} from "./pager.js";

/* ------------------------------------------------------------------ bytes */

const MAGIC: readonly number[] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
const ALL_ONES: readonly number[] = [0xff, 0xff, 0xff, 0xff];

/** A 32-bit integer, most significant byte first. */
function be(v: number): number[] {
  return [(v >>> 24) & 0xff, (v >>> 16) & 0xff, (v >>> 8) & 0xff, v & 0xff];
}

/** Joins the parts; a number stands for that many zero bytes. */
function cat(...parts: (readonly number[] | Uint8Array | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((p) => (typeof p === "number" ? new Array<number>(p).fill(0) : [...p])),
  );
}

/** UTF-8 without terminator. */
function utf8(s: string): Uint8Array {
  return new TextEncoder().encode(s);
}

/** Compares contents and names the first offset that differs. */
function same(actual: Uint8Array | null, expected: Uint8Array): void {
  expect(actual).not.toBeNull();
  const a = actual!;
  const n = Math.min(a.length, expected.length);
  let i = 0;
  while (i < n && a[i] === expected[i]) i++;
  if (i < n) {
    const hex = (b: Uint8Array): string => Buffer.from(b.subarray(i, i + 16)).toString("hex");
    throw new Error(`differs at ${i}: is ${hex(a)}, should be ${hex(expected)}`);
  }
  expect(a.length).toBe(expected.length);
}

/** Content of page `pgno` before anything is changed; byte 20 (bytes reserved per page) is 0. */
function page(pgno: number, size: number): Uint8Array {
  const a = new Uint8Array(size);
  for (let i = 0; i < size; i++) a[i] = (pgno * 37 + i * 7 + (i >> 8)) & 0xff;
  a[20] = 0;
  return a;
}

/** A database of `n` such pages. */
function database(n: number, size: number): Uint8Array {
  return cat(...Array.from({ length: n }, (_, i) => page(i + 1, size)));
}

/** The checksum of a page record as the file format defines it. */
function cksum(nonce: number, content: Uint8Array): number {
  let sum = nonce;
  for (let i = content.length - 200; i > 0; i -= 200) sum += content[i]!;
  return sum % 0x100000000;
}

/** A page record of the main journal. */
function record(pgno: number, content: Uint8Array, nonce: number): Uint8Array {
  return cat(be(pgno), content, be(cksum(nonce, content)));
}

interface Header {
  magic?: readonly number[];
  nRec?: number;
  nonce?: number;
  nOrig?: number;
  sector?: number;
  page?: number;
}

/** The 28 bytes of a journal header. */
function header(h: Header): Uint8Array {
  return cat(
    h.magic ?? MAGIC,
    be(h.nRec ?? 0),
    be(h.nonce ?? 0),
    be(h.nOrig ?? 0),
    be(h.sector ?? 512),
    be(h.page ?? 1024),
  );
}

/** The super-journal's record. */
function superRecord(lockPage: number, name: Uint8Array, sum: number): Uint8Array {
  return cat(be(lockPage), name, be(name.length), be(sum), MAGIC);
}

/** Sum of the bytes, taken as signed, modulo 2^32. */
function signedSum(name: Uint8Array): number {
  let sum = 0;
  for (const b of name) sum += b < 128 ? b : b - 256;
  return sum >>> 0;
}

/* ------------------------------------------------------------------ pagers */

const DB = "/a.db";
const JOURNAL = "/a.db-journal";
/** The nonce that {@link nonce} queues, as the u32 that a little-endian machine makes of 4 bytes. */
const NONCE = 0x8899aabb;

/** Lets the next journal header get this nonce. */
function nonce(v = NONCE): void {
  queueRandomness(new Uint8Array(Uint32Array.of(v).buffer));
}

let disk: MemDisk;
let pagers: Pager[] = [];
let log: string[] = [];
let reinit: number[] = [];

const m0 = (() => {
  const p = new Ref<sqlite3_mem_methods | null>(null);
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, p);
  return p.value!;
})();

let failAfter = -1;
/** The default allocator, whose allocation number `failAfter`, counted from 0, fails. */
const failing: sqlite3_mem_methods = {
  ...m0,
  xMalloc: (n) => (failAfter >= 0 && failAfter-- === 0 ? null : m0.xMalloc(n)),
  xRealloc: (p, n) => (failAfter >= 0 && failAfter-- === 0 ? null : m0.xRealloc(p, n)),
};

beforeEach(() => {
  failAfter = -1;
  pagers = [];
  log = [];
  reinit = [];
  sqlite3_shutdown();
  installDefault();
  sqlite3_config(SQLITE_CONFIG_MALLOC, failing);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1);
  sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 64 * 1024);
  sqlite3_config(
    SQLITE_CONFIG_LOG,
    (_arg: unknown, code: number, z: Uint8Array) => void log.push(`${code} ${fromCString(z)}`),
    null,
  );
  expect(sqlite3_initialize()).toBe(SQLITE_OK);
  newDisk();
});

afterEach(() => {
  failAfter = -1;
  disk.clearFaults();
  for (const p of [...pagers]) close(p);
  expect(disk.nOpen).toBe(0);
  queueRandomness(null);
  sqlite3_shutdown();
  sqlite3_config(SQLITE_CONFIG_MALLOC, m0);
  sqlite3_config(SQLITE_CONFIG_LOG, null, null);
});

/** By default a device that promises nothing, with sectors of 512 bytes. */
function newDisk(options: MemDiskOptions = {}): void {
  disk = new MemDisk({ sectorSize: 512, deviceCharacteristics: 0, ...options });
}

function must(rc: number): void {
  expect(rc).toBe(SQLITE_OK);
}

/** Opens a pager; the page size is 1024 unless said otherwise. */
function open(szPage = 1024, name: string | null = DB, flags = 0): Pager {
  const pp = new Ref<Pager | null>(null);
  /* The name may be followed by URI parameters, each part with its zero byte. */
  const z = name === null ? null : cat(utf8(name), 2);
  const vfsFlags =
    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | (name === null ? SQLITE_OPEN_TEMP_DB : SQLITE_OPEN_MAIN_DB);
  must(sqlite3PagerOpen(disk.vfs, pp, z, 8, flags, vfsFlags, (pg) => void reinit.push(pg.pgno)));
  const p = pp.value!;
  pagers.push(p);
  must(sqlite3PagerSetPagesize(p, new Ref(szPage), 0));
  return p;
}

function close(p: Pager): void {
  pagers = pagers.filter((q) => q !== p);
  must(sqlite3PagerClose(p, null));
}

function get(p: Pager, pgno: number): DbPage {
  const pp = new Ref<DbPage | null>(null);
  must(sqlite3PagerGet(p, pgno, pp, 0));
  return pp.value!;
}

/** Starts a read transaction and holds page 1, as the layer above does. */
function read(p: Pager): DbPage {
  must(sqlite3PagerSharedLock(p));
  return get(p, 1);
}

/** Starts a write transaction. */
function begin(p: Pager): DbPage {
  const one = read(p);
  must(sqlite3PagerBegin(p, 0, 0));
  return one;
}

/** Fills bytes 100 and up of a page. */
function change(p: Pager, pgno: number, byte: number): void {
  const pg = get(p, pgno);
  must(sqlite3PagerWrite(pg));
  sqlite3PagerGetData(pg).fill(byte, 100, p.pageSize);
  sqlite3PagerUnref(pg);
}

function commit(p: Pager, zSuper: Uint8Array | null = null): void {
  must(sqlite3PagerCommitPhaseOne(p, zSuper, 0));
  must(sqlite3PagerCommitPhaseTwo(p));
}

/** What a page holds, through the pager; a read transaction must be open. */
function content(p: Pager, pgno: number): Uint8Array {
  const pg = get(p, pgno);
  const a = sqlite3PagerGetData(pg).slice(0, p.pageSize);
  sqlite3PagerUnref(pg);
  return a;
}

/** What an open file holds. */
function bytesOf(fd: sqlite3_file): Uint8Array {
  const n = new Ref(0);
  must(sqlite3OsFileSize(fd, n));
  const a = new Uint8Array(n.value);
  must(sqlite3OsRead(fd, a, n.value, 0));
  return a;
}

function pagecount(p: Pager): number {
  const n = new Ref(0);
  sqlite3PagerPagecount(p, n);
  return n.value;
}

/** The calls of a trace in short form: name, what matters of it, and the file's last part. */
function calls(trace: readonly MemCall[], ...ops: string[]): string[] {
  return trace
    .filter((c) => ops.includes(c.op))
    .map((c) => {
      const where = c.op === "write" || c.op === "read" || c.op === "truncate" ? ` ${c.offset}` : "";
      const what = c.op === "write" || c.op === "read" ? `+${c.amount}` : "";
      const arg = c.op === "sync" || c.op === "delete" || c.op === "lock" ? ` ${c.arg}` : "";
      return `${c.op}${where}${what}${arg} ${c.file}`;
    });
}

/* ------------------------------------------------------------------ journal header and records */

describe("the journal of a transaction", () => {
  it("has a header of one sector, then the records: sector 512, page 1024", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    nonce();
    const one = begin(p);
    change(p, 2, 0x55);

    /* Before the sync: neither magic nor count. */
    same(
      disk.exportFile(JOURNAL),
      cat(12, be(NONCE), be(3), be(512), be(1024), 484, record(2, page(2, 1024), NONCE)),
    );
    expect(p.journalHdr).toBe(0);
    expect(p.journalOff).toBe(512 + 1032);
    expect(p.nRec).toBe(1);

    /* The change counter costs a record of page 1. */
    must(sqlite3PagerCommitPhaseOne(p, null, 0));
    same(
      disk.exportFile(JOURNAL),
      cat(
        MAGIC,
        be(2),
        be(NONCE),
        be(3),
        be(512),
        be(1024),
        484,
        record(2, page(2, 1024), NONCE),
        record(1, page(1, 1024), NONCE),
      ),
    );
    must(sqlite3PagerCommitPhaseTwo(p));
    expect(disk.exists(JOURNAL)).toBe(false);
    sqlite3PagerUnrefPageOne(one);

    const two = page(2, 1024);
    two.fill(0x55, 100);
    const file = disk.exportFile(DB)!;
    same(file.subarray(1024, 2048), two);
    same(file.subarray(2048), page(3, 1024));
  });

  it("fills the sector with copies of the header if pages are smaller: sector 4096, page 1024", () => {
    newDisk({ sectorSize: 4096 });
    disk.importFile(DB, database(6, 1024));
    const p = open();
    nonce(0x01020304);
    const one = begin(p);
    change(p, 6, 0x66);
    /* A sector holds pages 5 to 8, of which 5 and 6 exist. */
    const rest = cat(be(0x01020304), be(6), be(4096), be(1024), 996);
    const records = cat(record(5, page(5, 1024), 0x01020304), record(6, page(6, 1024), 0x01020304));
    same(disk.exportFile(JOURNAL), cat(12, rest, 12, rest, 12, rest, 12, rest, records));

    must(sqlite3PagerCommitPhaseOne(p, null, 0));
    /* Page 1 brings pages 2 to 4 with it. The count goes into the first copy only. */
    same(
      disk.exportFile(JOURNAL),
      cat(
        ...[MAGIC, be(6), rest, 12, rest, 12, rest, 12, rest, records],
        ...[1, 2, 3, 4].map((i) => record(i, page(i, 1024), 0x01020304)),
      ),
    );
    must(sqlite3PagerCommitPhaseTwo(p));
    sqlite3PagerUnrefPageOne(one);
  });

  it("does the same with the largest sector: sector 65536, page 512", () => {
    newDisk({ sectorSize: 65536 });
    disk.importFile(DB, database(3, 512));
    const p = open(512);
    nonce(0xffffffff);
    const one = begin(p);
    change(p, 2, 0x77);
    must(sqlite3PagerCommitPhaseOne(p, null, 0));
    const rest = cat(ALL_ONES, be(3), be(65536), be(512), 484);
    const copies = Array.from({ length: 127 }, () => cat(12, rest));
    /* Two bytes of a page of 512 count, at 312 and 112; with this nonce every sum wraps around. */
    const records = [1, 2, 3].map((i) => {
      const c = page(i, 512);
      return cat(be(i), c, be(c[312]! + c[112]! - 1));
    });
    same(disk.exportFile(JOURNAL), cat(MAGIC, be(3), rest, ...copies, ...records));
    expect(p.journalOff).toBe(65536 + 3 * 520);
    must(sqlite3PagerCommitPhaseTwo(p));
    sqlite3PagerUnrefPageOne(one);
  });

  it("writes the header in one piece if pages are larger: sector 4096, page 65536", () => {
    newDisk({ sectorSize: 4096 });
    disk.importFile(DB, database(2, 65536));
    const p = open(65536);
    nonce();
    const one = begin(p);
    disk.startTrace();
    change(p, 2, 0x11);
    expect(calls(disk.stopTrace(), "write")).toEqual([
      `write 0+4096 ${JOURNAL}`,
      `write 4096+4 ${JOURNAL}`,
      `write 4100+65536 ${JOURNAL}`,
      `write 69636+4 ${JOURNAL}`,
    ]);
    must(sqlite3PagerCommitPhaseOne(p, null, 0));
    same(
      disk.exportFile(JOURNAL),
      cat(
        MAGIC,
        be(2),
        be(NONCE),
        be(2),
        be(4096),
        be(65536),
        4068,
        record(2, page(2, 65536), NONCE),
        record(1, page(1, 65536), NONCE),
      ),
    );
    must(sqlite3PagerCommitPhaseTwo(p));
    sqlite3PagerUnrefPageOne(one);
  });

  it("has sectors of 512 where torn writes do no harm, or where the VFS says less than 32", () => {
    for (const [sectorSize, deviceCharacteristics, expected] of [
      [4096, 0x1000, 512],
      [31, 0, 512],
      [32, 0, 32],
      [65536, 0, 65536],
      [131072, 0, 65536],
    ] as const) {
      newDisk({ sectorSize, deviceCharacteristics });
      disk.importFile(DB, database(1, 1024));
      const p = open();
      expect(p.sectorSize).toBe(expected);
      expect(sqlite3SectorSize(p.fd)).toBe(deviceCharacteristics ? 4096 : expected);
      close(p);
    }
  });

  it("starts a new section at the next sector after a spill, and each header has a nonce of its own", () => {
    disk.importFile(DB, database(4, 1024));
    const p = open();
    nonce(1);
    const one = begin(p);
    change(p, 2, 0x22);
    change(p, 5, 0x55); /* no record, and no effect on the size in later headers */
    nonce(2);
    must(sqlite3PagerFlush(p)); /* syncs the journal and writes both pages */
    expect(disk.exportFile(DB)!.length).toBe(5120);
    expect(p.journalHdr).toBe(2048); /* 512 + 1032 = 1544, rounded up */
    expect(p.journalOff).toBe(2560);
    expect(p.nRec).toBe(0);
    change(p, 3, 0x33);
    const first = cat(header({ nRec: 1, nonce: 1, nOrig: 4 }), 484, record(2, page(2, 1024), 1));
    same(
      disk.exportFile(JOURNAL),
      cat(first, 504, 12, be(2), be(4), be(512), be(1024), 484, record(3, page(3, 1024), 2)),
    );
    must(sqlite3PagerCommitPhaseOne(p, null, 0));
    same(
      disk.exportFile(JOURNAL),
      cat(
        ...[first, 504, header({ nRec: 2, nonce: 2, nOrig: 4 }), 484],
        ...[record(3, page(3, 1024), 2), record(1, page(1, 1024), 2)],
      ),
    );
    /* Both sections come back. */
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), database(4, 1024));
    expect(disk.exists(JOURNAL)).toBe(false);
  });

  it("carries magic and a count of all ones from the start if nothing is synced", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    sqlite3PagerSetFlags(p, PAGER_SYNCHRONOUS_OFF | PAGER_CACHESPILL);
    nonce(0x7fffffff);
    const one = begin(p);
    change(p, 2, 0x44);
    const head = cat(MAGIC, ALL_ONES, be(0x7fffffff), be(3), be(512), be(1024), 484);
    same(disk.exportFile(JOURNAL), cat(head, record(2, page(2, 1024), 0x7fffffff)));
    /* A spill neither counts the records nor starts a section. */
    must(sqlite3PagerFlush(p));
    change(p, 3, 0x33);
    same(
      disk.exportFile(JOURNAL),
      cat(head, record(2, page(2, 1024), 0x7fffffff), record(3, page(3, 1024), 0x7fffffff)),
    );
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), database(3, 1024));
  });

  it("does so too on a device that appends safely", () => {
    newDisk({ deviceCharacteristics: SQLITE_IOCAP_SAFE_APPEND });
    disk.importFile(DB, database(3, 1024));
    const p = open();
    nonce();
    const one = begin(p);
    change(p, 3, 0x44);
    must(sqlite3PagerCommitPhaseOne(p, null, 0));
    same(
      disk.exportFile(JOURNAL),
      cat(
        ...[MAGIC, ALL_ONES, be(NONCE), be(3), be(512), be(1024), 484],
        ...[record(3, page(3, 1024), NONCE), record(1, page(1, 1024), NONCE)],
      ),
    );
    must(sqlite3PagerCommitPhaseTwo(p));
    sqlite3PagerUnrefPageOne(one);
  });

  it("in memory has no nonce, and brings the old pages back", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    expect(sqlite3PagerSetJournalMode(p, PAGER_JOURNALMODE_MEMORY)).toBe(PAGER_JOURNALMODE_MEMORY);
    nonce();
    const one = begin(p);
    change(p, 2, 0x44);
    expect(sqlite3JournalIsInMemory(p.jfd)).toBeTruthy();
    same(
      bytesOf(p.jfd),
      cat(MAGIC, ALL_ONES, be(0), be(3), be(512), be(1024), 484, record(2, page(2, 1024), 0)),
    );
    expect(disk.exists(JOURNAL)).toBe(false);
    must(sqlite3PagerFlush(p));
    must(sqlite3PagerRollback(p));
    expect(isOpen(p.jfd)).toBe(false);
    same(content(p, 2), page(2, 1024));
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), database(3, 1024));
  });
});

describe("the sub-journal", () => {
  it("has records without checksum, and no header", () => {
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 0); /* a file from the start */
    must(sqlite3_initialize());
    expect(sqlite3Config.nStmtSpill).toBe(0);
    disk.importFile(DB, database(4, 1024));
    const p = open();
    const one = begin(p);
    change(p, 2, 0x22);
    change(p, 3, 0x33);
    must(sqlite3PagerOpenSavepoint(p, 1));
    change(p, 3, 0x34);
    change(p, 2, 0x23);
    change(p, 4, 0x44); /* goes into the main journal, and is thereby safe for the savepoint too */
    expect(p.nSubRec).toBe(2);
    expect(sqlite3JournalIsInMemory(p.sjfd)).toBeFalsy();
    const two = page(2, 1024).fill(0x22, 100);
    const three = page(3, 1024).fill(0x33, 100);
    same(bytesOf(p.sjfd), cat(be(3), three, be(2), two));

    must(sqlite3PagerSavepoint(p, SAVEPOINT_ROLLBACK, 0));
    same(content(p, 2), two);
    same(content(p, 3), three);
    same(content(p, 4), page(4, 1024));
    expect(reinit.sort()).toEqual([2, 3, 4]);
    must(sqlite3PagerSavepoint(p, SAVEPOINT_RELEASE, 0));
    expect(p.nSubRec).toBe(0);
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
  });

  it("gets a page that the transaction has added, too", () => {
    disk.importFile(DB, database(2, 1024));
    const p = open();
    const one = begin(p);
    change(p, 3, 0x33); /* not in the main journal */
    must(sqlite3PagerOpenSavepoint(p, 1));
    change(p, 3, 0x34);
    change(p, 4, 0x44); /* did not exist: needs no record */
    same(bytesOf(p.sjfd), cat(be(3), 100, new Array<number>(924).fill(0x33)));
    must(sqlite3PagerSavepoint(p, SAVEPOINT_ROLLBACK, 0));
    same(content(p, 3), cat(100, new Array<number>(924).fill(0x33)));
    expect(pagecount(p)).toBe(3);
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
  });

  it("is not cut by the release of a savepoint whose records an outer one shares", () => {
    disk.importFile(DB, database(4, 1024));
    const p = open();
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerOpenSavepoint(p, 2));
    change(p, 2, 0x23); /* one record, for both */
    expect(p.nSubRec).toBe(1);
    expect(p.aSavepoint[1]!.bTruncateOnRelease).toBe(0);
    must(sqlite3PagerSavepoint(p, SAVEPOINT_RELEASE, 1));
    expect(p.nSubRec).toBe(1);
    must(sqlite3PagerSavepoint(p, SAVEPOINT_ROLLBACK, 0));
    same(content(p, 2), page(2, 1024).fill(0x22, 100));
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
  });

  it("stays open for reuse in exclusive mode if it is a file", () => {
    for (const [nSpill, staysOpen] of [
      [0, true],
      [64 * 1024, false],
    ] as const) {
      sqlite3_shutdown();
      sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, nSpill);
      must(sqlite3_initialize());
      disk.importFile(DB, database(4, 1024));
      const p = open();
      sqlite3PagerLockingMode(p, PAGER_LOCKINGMODE_EXCLUSIVE);
      const one = begin(p);
      change(p, 2, 0x22);
      must(sqlite3PagerOpenSavepoint(p, 1));
      change(p, 2, 0x23);
      expect(isOpen(p.sjfd)).toBe(true);
      commit(p);
      expect(isOpen(p.sjfd)).toBe(staysOpen);
      expect(p.nSubRec).toBe(0);
      expect(p.nSavepoint).toBe(0);
      expect(p.aSavepointMem).toBeNull();
      sqlite3PagerUnrefPageOne(one);
      close(p);
    }
  });
});

/* ------------------------------------------------------------------ super-journal record */

describe("the super-journal's record", () => {
  /* 0x2f, 0xc3 (-61), 0xa4 (-92): the sum is -106. */
  const NAME = utf8("/ä");
  const SUM = 0xffffff96;
  /* The lock bytes begin at 2^30; pages of 1024 count from 1. */
  const LOCK_PAGE = 0x100001;

  it("starts a sector with full syncing, and the gap before it reads as zeros", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    expect(PAGER_SJ_PGNO(p)).toBe(LOCK_PAGE);
    expect(PAGER_SJ_PGNO_COMPUTED(p)).toBe(LOCK_PAGE);
    expect(signedSum(NAME)).toBe(SUM);
    nonce();
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerCommitPhaseOne(p, cat(NAME, 1), 0));
    expect(p.setSuper).toBe(1);
    same(
      disk.exportFile(JOURNAL),
      cat(
        header({ nRec: 2, nonce: NONCE, nOrig: 3 }),
        484,
        record(2, page(2, 1024), NONCE),
        record(1, page(1, 1024), NONCE),
        496 /* 512 + 2064 = 2576, rounded up to 3072 */,
        ...[be(LOCK_PAGE), NAME, be(3), be(SUM), MAGIC],
      ),
    );
    must(sqlite3PagerCommitPhaseTwo(p));
    expect(p.setSuper).toBe(0);
    sqlite3PagerUnrefPageOne(one);
  });

  it("follows the last record at once without", () => {
    disk.importFile(DB, database(3, 65536));
    disk.importFile("/tmp/sj", cat(utf8("/none"), 1)); /* if it were gone, the commit would be done */
    const p = open(65536);
    sqlite3PagerSetFlags(p, PAGER_SYNCHRONOUS_NORMAL | PAGER_CACHESPILL);
    expect(PAGER_SJ_PGNO(p)).toBe(0x4001);
    nonce();
    const one = begin(p);
    change(p, 1, 0x22);
    must(sqlite3PagerCommitPhaseOne(p, cat(utf8("/tmp/sj"), 1), 0));
    same(
      disk.exportFile(JOURNAL),
      cat(
        header({ nRec: 1, nonce: NONCE, nOrig: 3, page: 65536 }),
        484,
        record(1, page(1, 65536), NONCE),
        ...[be(0x4001), utf8("/tmp/sj"), be(7), be(0x2f + 0x74 + 0x6d + 0x70 + 0x2f + 0x73 + 0x6a), MAGIC],
      ),
    );
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), database(3, 65536));
  });

  it("is the end of the file even in a longer journal of old", () => {
    disk.importFile(DB, database(3, 1024));
    disk.importFile(JOURNAL, cat(20000));
    const p = open();
    sqlite3PagerSetJournalMode(p, PAGER_JOURNALMODE_PERSIST);
    nonce();
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerCommitPhaseOne(p, cat(NAME, 1), 0));
    const file = disk.exportFile(JOURNAL)!;
    same(file.subarray(3072), superRecord(LOCK_PAGE, NAME, SUM));
    /* In mode PERSIST a journal with such a record is truncated, not zeroed. */
    disk.startTrace();
    must(sqlite3PagerCommitPhaseTwo(p));
    expect(calls(disk.stopTrace(), "write", "truncate", "sync")).toEqual([
      `truncate 0 ${JOURNAL}`,
      `sync ${0x12} ${JOURNAL}`,
    ]);
    same(disk.exportFile(JOURNAL), cat(0));
    sqlite3PagerUnrefPageOne(one);
  });

  it("is not written in modes MEMORY and OFF", () => {
    for (const mode of [PAGER_JOURNALMODE_MEMORY, PAGER_JOURNALMODE_OFF]) {
      disk.importFile(DB, database(3, 1024));
      const p = open();
      sqlite3PagerSetJournalMode(p, mode);
      const one = begin(p);
      change(p, 2, 0x22);
      must(sqlite3PagerCommitPhaseOne(p, cat(NAME, 1), 0));
      expect(p.setSuper).toBe(0);
      must(sqlite3PagerCommitPhaseTwo(p));
      sqlite3PagerUnrefPageOne(one);
      expect(disk.exists(JOURNAL)).toBe(false);
      close(p);
    }
  });

  it("passes on the error of each of its calls", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    const one = begin(p);
    change(p, 2, 0x22);
    change(p, 1, 0x11);
    /* Four-byte page number, name, length, sum, magic; size of the file; its truncation. */
    const isSj = (c: Readonly<MemCall>): boolean => c.file === JOURNAL && c.offset >= 3072;
    for (let nth = 1; nth <= 5; nth++) {
      disk.addFault({ op: "write", nth, when: isSj });
      expect(sqlite3PagerCommitPhaseOne(p, cat(NAME, 1), 0)).toBe(SQLITE_IOERR_WRITE);
      disk.clearFaults();
      expect(p.journalOff).toBe(3072);
      p.setSuper = 0;
    }
    disk.addFault({ op: "filesize", nth: 1, when: (c) => c.file === JOURNAL });
    expect(sqlite3PagerCommitPhaseOne(p, cat(NAME, 1), 0)).toBe(SQLITE_IOERR_FSTAT);
    disk.clearFaults();
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), database(3, 1024));
  });
});

/* ------------------------------------------------------------------ finalizing */

describe("the end of a transaction", () => {
  /** Changes page 2 and commits; the calls of the second phase that change files. */
  function secondPhase(p: Pager, zSuper: Uint8Array | null = null): string[] {
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerCommitPhaseOne(p, zSuper, 0));
    disk.startTrace();
    must(sqlite3PagerCommitPhaseTwo(p));
    const trace = calls(disk.stopTrace(), "write", "truncate", "sync", "delete");
    sqlite3PagerUnrefPageOne(one);
    return trace;
  }

  it("zeroes 28 bytes in mode PERSIST and leaves the rest", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    sqlite3PagerSetJournalMode(p, PAGER_JOURNALMODE_PERSIST);
    nonce();
    expect(secondPhase(p)).toEqual([`write 0+28 ${JOURNAL}`, `sync ${0x12} ${JOURNAL}`]);
    same(
      disk.exportFile(JOURNAL),
      cat(28, 484, record(2, page(2, 1024), NONCE), record(1, page(1, 1024), NONCE)),
    );
    /* Nobody takes that for a hot journal. */
    const q = open();
    const before = disk.exportFile(DB)!;
    const one = read(q);
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), before);
    expect(log).toEqual([]);
  });

  it("honours the size limit in mode PERSIST", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    sqlite3PagerSetJournalMode(p, PAGER_JOURNALMODE_PERSIST);
    /* Longer than the limit: cut after the sync. As long as the limit or shorter: not. */
    expect(sqlite3PagerJournalSizeLimit(p, 2575)).toBe(2575);
    expect(secondPhase(p)).toEqual([
      `write 0+28 ${JOURNAL}`,
      `sync ${0x12} ${JOURNAL}`,
      `truncate 2575 ${JOURNAL}`,
    ]);
    expect(disk.exportFile(JOURNAL)!.length).toBe(2575);
    expect(sqlite3PagerJournalSizeLimit(p, 2576)).toBe(2576);
    expect(secondPhase(p)).toEqual([`write 0+28 ${JOURNAL}`, `sync ${0x12} ${JOURNAL}`]);
    /* A limit of 0 is truncation. */
    expect(sqlite3PagerJournalSizeLimit(p, 0)).toBe(0);
    expect(secondPhase(p)).toEqual([`truncate 0 ${JOURNAL}`, `sync ${0x12} ${JOURNAL}`]);
    /* Nothing is synced without syncing. */
    sqlite3PagerSetFlags(p, PAGER_SYNCHRONOUS_OFF | PAGER_CACHESPILL);
    expect(secondPhase(p)).toEqual([`truncate 0 ${JOURNAL}`]);
    expect(sqlite3PagerJournalSizeLimit(p, 100)).toBe(100);
    expect(secondPhase(p)).toEqual([`write 0+28 ${JOURNAL}`, `truncate 100 ${JOURNAL}`]);
  });

  it("truncates in mode TRUNCATE, and syncs that with full syncing only", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    sqlite3PagerSetJournalMode(p, PAGER_JOURNALMODE_TRUNCATE);
    expect(secondPhase(p)).toEqual([`truncate 0 ${JOURNAL}`, `sync 2 ${JOURNAL}`]);
    same(disk.exportFile(JOURNAL), cat(0));
    sqlite3PagerSetFlags(p, PAGER_SYNCHRONOUS_NORMAL | PAGER_CACHESPILL);
    expect(secondPhase(p)).toEqual([`truncate 0 ${JOURNAL}`]);
    sqlite3PagerSetFlags(p, PAGER_SYNCHRONOUS_FULL | PAGER_FULLFSYNC | PAGER_CACHESPILL);
    expect(secondPhase(p)).toEqual([`truncate 0 ${JOURNAL}`, `sync 3 ${JOURNAL}`]);
  });

  it("deletes in mode DELETE, and syncs the directory with EXTRA only", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    expect(secondPhase(p)).toEqual([`delete 0 ${JOURNAL}`]);
    sqlite3PagerSetFlags(p, PAGER_SYNCHRONOUS_EXTRA | PAGER_CACHESPILL);
    expect(secondPhase(p)).toEqual([`delete 1 ${JOURNAL}`]);
  });

  it("zeroes instead of deleting in exclusive mode, and keeps the lock", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    expect(sqlite3PagerLockingMode(p, PAGER_LOCKINGMODE_EXCLUSIVE)).toBe(1);
    expect(secondPhase(p)).toEqual([`write 0+28 ${JOURNAL}`, `sync ${0x12} ${JOURNAL}`]);
    expect(p.eLock).toBe(4);
    expect(p.eState).toBe(1);
    expect(isOpen(p.jfd)).toBe(true);
    /* The next transaction reuses the open file; the change counter is not counted again. */
    nonce(7);
    const one = begin(p);
    change(p, 3, 0x33);
    must(sqlite3PagerCommitPhaseOne(p, null, 0));
    same(
      disk.exportFile(JOURNAL)!.subarray(0, 512 + 1032),
      cat(header({ nRec: 1, nonce: 7, nOrig: 3 }), 484, record(3, page(3, 1024), 7)),
    );
    must(sqlite3PagerCommitPhaseTwo(p));
    /* Back to normal mode: a read transaction's end lowers the lock. */
    expect(sqlite3PagerLockingMode(p, PAGER_LOCKINGMODE_NORMAL)).toBe(0);
    sqlite3PagerUnrefPageOne(one);
    expect(p.eLock).toBe(0);
    expect(p.eState).toBe(0);
    expect(disk.exists(JOURNAL)).toBe(false);
  });

  it("truncates the journal of a temporary file, and flushes only a cache that is dirty enough", () => {
    const p = open(1024, null);
    expect(sqlite3PagerGetJournalMode(p)).toBe(PAGER_JOURNALMODE_DELETE);
    const one = begin(p);
    change(p, 1, 0x11);
    for (let i = 2; i <= 40; i++) change(p, i, i);
    commit(p);
    /* No file yet: the pages just stay dirty. */
    expect(isOpen(p.fd)).toBe(false);
    must(sqlite3PagerBegin(p, 0, 0));
    change(p, 2, 0x77);
    must(sqlite3PagerRollback(p));
    expect(content(p, 2)[200]).toBe(2);
    /* A spill makes the file; now a commit of the many dirty pages may flush them. */
    must(sqlite3PagerBegin(p, 0, 0));
    change(p, 3, 0x78);
    must(sqlite3PagerFlush(p));
    expect(isOpen(p.fd)).toBe(true);
    commit(p);
    must(sqlite3PagerBegin(p, 0, 0));
    change(p, 4, 0x79);
    must(sqlite3PagerFlush(p));
    must(sqlite3PagerRollback(p));
    expect(content(p, 4)[200]).toBe(4);
    sqlite3PagerUnrefPageOne(one);
  });

  it("truncates such a journal if it is a file", () => {
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 0);
    must(sqlite3_initialize());
    const p = open(1024, null);
    const one = begin(p);
    change(p, 1, 0x11);
    expect(sqlite3JournalIsInMemory(p.jfd)).toBeFalsy();
    disk.startTrace();
    commit(p);
    expect(calls(disk.stopTrace(), "write", "truncate", "sync").map((c) => c.split(" /")[0])).toEqual([
      "truncate 0",
    ]);
    expect(isOpen(p.jfd)).toBe(true);
    sqlite3PagerUnrefPageOne(one);
  });

  it("flushes a temporary file's cache when a quarter of it is dirty", () => {
    const p = open(1024, null);
    sqlite3PagerSetCachesize(p, 20);
    const one = begin(p);
    for (let i = 1; i <= 5; i++) change(p, i, i);
    must(sqlite3PagerFlush(p)); /* makes the file; page 1 is held and not written */
    commit(p);
    for (const [n, written] of [
      [4, 0],
      [5, 5],
    ] as const) {
      must(sqlite3PagerBegin(p, 0, 0));
      for (let i = 1; i <= n; i++) change(p, i, 16 * n + i);
      const before = p.aStat[2];
      commit(p);
      expect(p.aStat[2] - before).toBe(written);
    }
    same(bytesOf(p.fd).subarray(1124, 2048), cat(new Array<number>(924).fill(82)));
    sqlite3PagerUnrefPageOne(one);
  });

  it("has nothing to truncate if nothing was written: mode TRUNCATE, exclusive", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    sqlite3PagerSetJournalMode(p, PAGER_JOURNALMODE_TRUNCATE);
    sqlite3PagerLockingMode(p, PAGER_LOCKINGMODE_EXCLUSIVE);
    const one = begin(p);
    change(p, 2, 0x22);
    commit(p);
    expect(isOpen(p.jfd)).toBe(true);
    must(sqlite3PagerBegin(p, 0, 0));
    disk.startTrace();
    commit(p);
    expect(calls(disk.stopTrace(), "write", "truncate", "sync", "delete")).toEqual([]);
    expect(p.eState).toBe(1);
    sqlite3PagerUnrefPageOne(one);
  });

  it("is a rollback if the last page is released without either", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerFlush(p));
    sqlite3PagerUnrefPageOne(one);
    expect(p.eState).toBe(0);
    expect(p.eLock).toBe(0);
    same(disk.exportFile(DB), database(3, 1024));
    expect(disk.exists(JOURNAL)).toBe(false);
  });

  it("never leaves memory for an in-memory database", () => {
    const p = open(1024, "/label", PAGER_MEMORY);
    expect(sqlite3PagerGetJournalMode(p)).toBe(PAGER_JOURNALMODE_MEMORY);
    const one = begin(p);
    change(p, 1, 0x11);
    change(p, 2, 0x12);
    commit(p);
    must(sqlite3PagerBegin(p, 0, 0));
    change(p, 2, 0x13);
    change(p, 3, 0x14);
    expect(pagecount(p)).toBe(3);
    must(sqlite3PagerRollback(p));
    expect(pagecount(p)).toBe(2);
    expect(content(p, 2)[200]).toBe(0x12);
    sqlite3PagerUnrefPageOne(one);
    expect(disk.list()).toEqual([]);
  });

  it("cuts the file after a commit that made the database shorter", () => {
    disk.importFile(DB, database(6, 1024));
    const p = open();
    const one = begin(p);
    change(p, 1, 0x11);
    sqlite3PagerTruncateImage(p, 3);
    must(sqlite3PagerCommitPhaseOne(p, null, 0));
    expect(disk.exportFile(DB)!.length).toBe(6144);
    disk.startTrace();
    must(sqlite3PagerCommitPhaseTwo(p));
    expect(calls(disk.stopTrace(), "write", "truncate", "delete")).toEqual([
      `delete 0 ${JOURNAL}`,
      `truncate 3072 ${DB}`,
    ]);
    expect(p.dbFileSize).toBe(3);
    sqlite3PagerUnrefPageOne(one);
  });

  describe("with I/O errors", () => {
    /** Commits with one failing call in the second phase; the pager is then closed. */
    function fails(
      mode: number,
      rule: Parameters<MemDisk["addFault"]>[0],
      prepare?: (p: Pager) => void,
    ): number {
      disk.importFile(DB, database(3, 1024));
      disk.removeFile(JOURNAL);
      const p = open();
      sqlite3PagerSetJournalMode(p, mode);
      prepare?.(p);
      const one = begin(p);
      change(p, 2, 0x22);
      must(sqlite3PagerCommitPhaseOne(p, null, 0));
      const fault = disk.addFault(rule);
      const rc = sqlite3PagerCommitPhaseTwo(p);
      disk.clearFaults();
      expect(fault.hits).toBe(1);
      if (rc !== SQLITE_OK && (rc & 0xff) === SQLITE_IOERR) {
        expect(p.eState).toBe(6);
        expect(p.errCode).toBe(rc);
        const pp = new Ref<DbPage | null>(null);
        expect(sqlite3PagerGet(p, 2, pp, 0)).toBe(rc);
        expect(pp.value).toBeNull();
        expect(sqlite3PagerRollback(p)).toBe(rc);
      }
      expect(p.setSuper).toBe(0);
      sqlite3PagerUnrefPageOne(one);
      expect(p.eState).toBe(0);
      expect(p.errCode).toBe(SQLITE_OK);
      /* Whatever happened: the next reader finds one of the two states. */
      const one2 = read(p);
      expect([page(2, 1024)[500], 0x22]).toContain(content(p, 2)[500]);
      sqlite3PagerUnrefPageOne(one2);
      close(p);
      return rc;
    }

    it("returns what finalizing the journal gave", () => {
      const { nth } = { nth: 1 };
      expect(fails(PAGER_JOURNALMODE_DELETE, { op: "delete", nth })).toBe(SQLITE_IOERR_DELETE);
      expect(fails(PAGER_JOURNALMODE_PERSIST, { op: "write", nth })).toBe(SQLITE_IOERR_WRITE);
      expect(fails(PAGER_JOURNALMODE_PERSIST, { op: "sync", nth })).toBe(SQLITE_IOERR_FSYNC);
      expect(fails(PAGER_JOURNALMODE_TRUNCATE, { op: "truncate", nth })).toBe(SQLITE_IOERR_TRUNCATE);
      expect(fails(PAGER_JOURNALMODE_TRUNCATE, { op: "sync", nth })).toBe(SQLITE_IOERR_FSYNC);
      const limit = (iLimit: number) => (p: Pager) => void sqlite3PagerJournalSizeLimit(p, iLimit);
      expect(fails(PAGER_JOURNALMODE_PERSIST, { op: "truncate", nth }, limit(0))).toBe(SQLITE_IOERR_TRUNCATE);
      expect(fails(PAGER_JOURNALMODE_PERSIST, { op: "filesize", nth }, limit(100))).toBe(SQLITE_IOERR_FSTAT);
      expect(fails(PAGER_JOURNALMODE_PERSIST, { op: "truncate", nth }, limit(100))).toBe(
        SQLITE_IOERR_TRUNCATE,
      );
    });

    it("returns the unlocking's error only if there is no other", () => {
      expect(fails(PAGER_JOURNALMODE_DELETE, { op: "unlock", nth: 1 })).toBe(SQLITE_IOERR_UNLOCK);
      disk.addFault({ op: "unlock", nth: 1 });
      expect(fails(PAGER_JOURNALMODE_DELETE, { op: "delete", nth: 1 })).toBe(SQLITE_IOERR_DELETE);
    });

    it("takes SQLITE_NOTFOUND from the file control as success, and nothing else", () => {
      const when = (c: Readonly<MemCall>): boolean => c.arg === SQLITE_FCNTL_COMMIT_PHASETWO;
      expect(fails(PAGER_JOURNALMODE_DELETE, { op: "filecontrol", nth: 1, when })).toBe(SQLITE_IOERR);
      expect(fails(PAGER_JOURNALMODE_DELETE, { op: "filecontrol", nth: 1, when, code: SQLITE_BUSY })).toBe(
        SQLITE_BUSY,
      );
      expect(fails(PAGER_JOURNALMODE_DELETE, { op: "filecontrol", nth: 1, when, code: SQLITE_OK })).toBe(
        SQLITE_OK,
      );
    });
  });
});

describe("leaving the database", () => {
  it("closes the journal unless open files cannot be deleted and it persists", () => {
    for (const [dc, mode, keeps] of [
      [0, PAGER_JOURNALMODE_PERSIST, false],
      [0, PAGER_JOURNALMODE_TRUNCATE, false],
      [SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN, PAGER_JOURNALMODE_PERSIST, true],
      [SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN, PAGER_JOURNALMODE_TRUNCATE, true],
      [SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN, PAGER_JOURNALMODE_DELETE, false],
    ] as const) {
      newDisk({ deviceCharacteristics: dc });
      disk.importFile(DB, database(3, 1024));
      const p = open();
      sqlite3PagerSetJournalMode(p, mode);
      const one = begin(p);
      change(p, 2, 0x22);
      commit(p);
      sqlite3PagerUnrefPageOne(one);
      expect(p.eState).toBe(0);
      expect(isOpen(p.jfd)).toBe(keeps);
      close(p);
    }
  });

  it("notes UNKNOWN_LOCK if the unlocking fails in state ERROR, and then looks at the journal under EXCLUSIVE", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerFlush(p));
    /* The rollback's write fails: state ERROR, EXCLUSIVE held, journal hot. */
    disk.addFault({ op: "write", nth: 1, when: (c) => c.file === DB });
    expect(sqlite3PagerRollback(p)).toBe(SQLITE_IOERR_WRITE);
    disk.clearFaults();
    expect(p.eState).toBe(6);
    disk.addFault({ op: "unlock", nth: 1 });
    sqlite3PagerUnrefPageOne(one);
    disk.clearFaults();
    expect(p.eState).toBe(0);
    expect(p.errCode).toBe(SQLITE_OK);
    expect(p.eLock).toBe(5);
    expect(fromCString(print_pager_state(p))).toContain("Lock:          UNKNOWN\n");

    disk.startTrace();
    const again = read(p);
    const trace = disk.stopTrace();
    /* SHARED leaves eLock unknown; without asking for a RESERVED lock on to EXCLUSIVE. */
    expect(calls(trace, "lock", "checkreservedlock")).toEqual([`lock 1 ${DB}`, `lock 4 ${DB}`]);
    expect(p.eLock).toBe(1);
    sqlite3PagerUnrefPageOne(again);
    same(disk.exportFile(DB), database(3, 1024));
    expect(log.at(-1)).toBe(`539 recovered 1 pages from ${JOURNAL}`);
  });

  it("plays a journal in memory back before it is lost", () => {
    disk.importFile(DB, database(4, 1024));
    const p = open();
    sqlite3PagerSetJournalMode(p, PAGER_JOURNALMODE_MEMORY);
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerFlush(p));
    expect(disk.exportFile(DB)![1500]).toBe(0x22);
    change(p, 3, 0x33);
    disk.addFault({ op: "write", nth: 1 });
    expect(sqlite3PagerFlush(p)).toBe(SQLITE_IOERR_WRITE);
    disk.clearFaults();
    expect(p.eState).toBe(6);
    sqlite3PagerUnrefPageOne(one);
    expect(p.eState).toBe(0);
    expect(p.eLock).toBe(0);
    expect(isOpen(p.jfd)).toBe(false);
    same(disk.exportFile(DB), database(4, 1024));
  });

  it("leaves the error state of a temporary file without emptying the cache", () => {
    const p = open(1024, null);
    let one = begin(p);
    change(p, 1, 0x11);
    change(p, 2, 0x12);
    disk.addFault({ op: ["open", "write"], nth: 1 });
    expect(sqlite3PagerFlush(p)).toBe(SQLITE_CANTOPEN);
    disk.clearFaults();
    disk.addFault({ op: "write", nth: 1 });
    expect(sqlite3PagerFlush(p)).toBe(SQLITE_IOERR_WRITE);
    disk.clearFaults();
    expect(p.eState).toBe(6);
    sqlite3PagerUnrefPageOne(one);
    /* The journal is open: OPEN, so that the next reader plays it back. */
    expect(p.eState).toBe(0);
    expect(p.errCode).toBe(SQLITE_OK);
    one = read(p);
    expect(p.eState).toBe(1);
    expect(isOpen(p.jfd)).toBe(false);
    sqlite3PagerUnrefPageOne(one);
  });

  it("does so even without a journal", () => {
    const p = open(1024, null);
    sqlite3PagerSetJournalMode(p, PAGER_JOURNALMODE_OFF);
    const one = begin(p);
    change(p, 1, 0x11);
    change(p, 2, 0x12);
    disk.addFault({ op: "write", nth: 1 });
    expect(sqlite3PagerFlush(p)).toBe(SQLITE_IOERR_WRITE);
    disk.clearFaults();
    expect(p.eState).toBe(6);
    sqlite3PagerUnrefPageOne(one);
    expect(p.eState).toBe(1);
    expect(p.eLock).toBe(4);
    expect(p.errCode).toBe(SQLITE_OK);
  });

  it("drops the mapping when it leaves the error state", () => {
    disk.importFile(DB, database(5, 1024));
    const p = open();
    sqlite3PagerSetMmapLimit(p, 1 << 20);
    expect(p.bUseFetch).toBe(1);
    const one = begin(p);
    change(p, 2, 0x22);
    disk.addFault({ op: "write", nth: 1, when: (c) => c.file === DB });
    expect(sqlite3PagerFlush(p)).toBe(SQLITE_IOERR_WRITE);
    disk.clearFaults();
    disk.startTrace();
    sqlite3PagerUnrefPageOne(one);
    expect(disk.stopTrace().map((c) => c.op)).toContain("unfetch");
    expect(p.eState).toBe(0);
    const again = read(p);
    same(content(p, 2), page(2, 1024));
    sqlite3PagerUnrefPageOne(again);
  });

  it("takes no locks with nolock=1", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open(1024, `${DB}\0nolock\x001`);
    disk.startTrace();
    const one = begin(p);
    change(p, 2, 0x22);
    commit(p);
    sqlite3PagerUnrefPageOne(one);
    expect(calls(disk.stopTrace(), "lock", "unlock")).toEqual([]);
    expect(p.eLock).toBe(0);
    expect(disk.exportFile(DB)![1500]).toBe(0x22);
  });

  it("after a rollback without a journal answers SQLITE_ABORT", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    sqlite3PagerSetJournalMode(p, PAGER_JOURNALMODE_OFF);
    const one = begin(p);
    change(p, 2, 0x22);
    const version = sqlite3PagerDataVersion(p);
    expect(sqlite3PagerRollback(p)).toBe(SQLITE_OK);
    expect(p.errCode).toBe(SQLITE_ABORT);
    sqlite3PagerUnrefPageOne(one);
    expect(p.errCode).toBe(SQLITE_OK);
    expect(sqlite3PagerDataVersion(p)).not.toBe(version);
    const again = read(p);
    same(content(p, 2), page(2, 1024));
    sqlite3PagerUnrefPageOne(again);
  });
});

/* ------------------------------------------------------------------ hot journals */

/** The database as a crashed writer left it: pages 2 and 3 changed, two pages more. */
function damaged(szPage: number): Uint8Array {
  return cat(page(1, szPage), page(7, szPage), page(8, szPage), page(4, szPage), page(5, szPage));
}

/** A journal that restores pages 2 and 3 of a database of 3 pages. */
function hotJournal(h: Header = {}, n: number = NONCE): Uint8Array {
  const sector = h.sector ?? 512;
  const szPage = h.page || 1024;
  return cat(
    header({ nRec: 2, nonce: n, nOrig: 3, ...h }),
    Math.max(0, sector - 28),
    record(2, page(2, szPage), n),
    record(3, page(3, szPage), n),
  );
}

/** What became of the damaged database. */
type Fate = "restored" | "truncated only" | "untouched";

function fate(szPage = 1024): Fate | "something else" {
  const file = Buffer.from(disk.exportFile(DB)!);
  if (file.equals(database(3, szPage))) return "restored";
  if (file.equals(damaged(szPage).subarray(0, 3 * szPage))) return "truncated only";
  if (file.equals(damaged(szPage))) return "untouched";
  return "something else";
}

/** Lets a reader find the journal; afterwards it must be gone unless it was not hot. */
function recover(journal: Uint8Array, szPage = 1024): Fate | "something else" {
  disk.importFile(DB, damaged(szPage));
  disk.importFile(JOURNAL, journal);
  log = [];
  const p = open(szPage);
  const one = read(p);
  expect(p.sectorSize).toBe(512);
  expect(p.pageSize).toBe(szPage);
  expect(p.eLock).toBe(1);
  sqlite3PagerUnrefPageOne(one);
  close(p);
  return fate(szPage);
}

describe("a hot journal", () => {
  it("is played back, reported, and deleted", () => {
    expect(recover(hotJournal())).toBe("restored");
    expect(disk.exists(JOURNAL)).toBe(false);
    expect(log).toEqual([`539 recovered 2 pages from ${JOURNAL}`]);
  });

  it("is synced before, and the database afterwards", () => {
    disk.importFile(DB, damaged(1024));
    disk.importFile(JOURNAL, hotJournal());
    const p = open();
    disk.startTrace();
    const one = read(p);
    expect(calls(disk.stopTrace(), "sync", "write", "truncate", "delete")).toEqual([
      `sync 2 ${JOURNAL}`,
      `truncate 3072 ${DB}`,
      `write 1024+1024 ${DB}`,
      `write 2048+1024 ${DB}`,
      `sync 2 ${DB}`,
      `delete 0 ${JOURNAL}`,
    ]);
    sqlite3PagerUnrefPageOne(one);
  });

  it("counts as none if it begins with a zero byte", () => {
    const j = hotJournal();
    j[0] = 0;
    expect(recover(j)).toBe("untouched");
    same(disk.exportFile(JOURNAL), j);
    expect(log).toEqual([]);
  });

  describe("with a header that cannot be right is deleted without being played", () => {
    const cases: [string, Uint8Array][] = [
      ["a wrong last byte of the magic", hotJournal({ magic: [...MAGIC.slice(0, 7), 0xd6] })],
      ["less than a sector", hotJournal().subarray(0, 511)],
      ["less than a header", hotJournal().subarray(0, 27)],
      ["one byte", hotJournal().subarray(0, 1)],
      ["pages of 256 bytes", hotJournal({ page: 256 })],
      ["pages of 511 bytes", hotJournal({ page: 511 })],
      ["pages of 768 bytes", hotJournal({ page: 768 })],
      ["pages of 131072 bytes", cat(header({ nRec: 1, page: 131072 }), 1000)],
      ["pages of 2^31 bytes", cat(header({ nRec: 1, page: 0x80000000 }), 1000)],
      ["sectors of 16 bytes", hotJournal({ sector: 16 })],
      ["sectors of 0 bytes", hotJournal({ sector: 0 })],
      ["sectors of 48 bytes", hotJournal({ sector: 48 })],
      ["sectors of 131072 bytes", hotJournal({ sector: 131072 })],
      ["sectors of 2^31 bytes", cat(header({ nRec: 1, sector: 0x80000000 }), 1000)],
    ];
    for (const [what, journal] of cases) {
      it(what, () => {
        expect(recover(journal)).toBe("untouched");
        expect(disk.exists(JOURNAL)).toBe(false);
        expect(log).toEqual([]);
      });
    }
  });

  it("may have been written with any sector size from 32 to 65536", () => {
    for (const sector of [32, 512, 4096, 65536]) {
      expect(recover(hotJournal({ sector }))).toBe("restored");
      expect(disk.exists(JOURNAL)).toBe(false);
    }
  });

  it("of a time before 3.5.8 gives no page size: ours is right", () => {
    expect(recover(hotJournal({ page: 0 }))).toBe("restored");
  });

  it("sets the page size for as long as it is played back", () => {
    /* This pager thinks that pages have 512 bytes; the crashed one knew better. */
    disk.importFile(DB, damaged(1024));
    disk.importFile(JOURNAL, hotJournal());
    const p = open(512);
    const one = read(p);
    expect(p.pageSize).toBe(512);
    expect(PAGER_SJ_PGNO(p)).toBe(0x40000000 / 512 + 1);
    expect(pagecount(p)).toBe(6);
    sqlite3PagerUnrefPageOne(one);
    expect(fate()).toBe("restored");
  });

  it("fails with SQLITE_NOMEM if the buffer for that page size cannot be had, and stays hot", () => {
    disk.importFile(DB, damaged(1024));
    disk.importFile(JOURNAL, hotJournal());
    const p = open(512);
    failAfter = 0;
    expect(sqlite3PagerSharedLock(p)).toBe(SQLITE_NOMEM);
    expect(failAfter).toBe(-1);
    expect(p.eState).toBe(0);
    expect(p.eLock).toBe(0);
    expect(disk.exists(JOURNAL)).toBe(true);
    const one = read(p);
    sqlite3PagerUnrefPageOne(one);
    expect(fate()).toBe("restored");
  });

  describe("as to its number of records", () => {
    it("plays none back if there are none, but restores the size", () => {
      expect(recover(hotJournal({ nRec: 0 }))).toBe("truncated only");
      expect(log).toEqual([]);
    });
    it("plays all that there are for a count of all ones", () => {
      expect(recover(hotJournal({ nRec: 0xffffffff }))).toBe("restored");
    });
    it("stops at the end of the file", () => {
      expect(recover(hotJournal({ nRec: 1000 }))).toBe("restored");
      expect(recover(hotJournal({ nRec: 0x80000000 }))).toBe("restored");
    });
    it("plays no more than it says", () => {
      expect(recover(cat(hotJournal(), record(1, page(9, 1024), NONCE)))).toBe("restored");
    });
    it("ignores what is left of a record at the end", () => {
      expect(recover(cat(hotJournal({ nRec: 3 }), record(1, page(9, 1024), NONCE).subarray(0, 1031)))).toBe(
        "restored",
      );
      expect(recover(cat(hotJournal({ nRec: 0xffffffff }), 1031))).toBe("restored");
    });

    /* Here (szJ - 65536) / 1032 lies between -1 and 0, which C rounds to 0: no record is looked for,
     * so nothing says that cached content might be wrong. */
    it("rounds the number towards zero if the sector is larger than the file", () => {
      const j = cat(header({ nRec: 0xffffffff, nonce: 1, nOrig: 3, sector: 65536 }), 65000 - 28);
      disk.importFile(DB, database(3, 1024));
      disk.importFile(JOURNAL, j);
      const p = open();
      const version = sqlite3PagerDataVersion(p);
      let restarts = 0;
      p.pBackup.value = { pNext: null, xUpdate: () => {}, xRestart: () => void restarts++ } as sqlite3_backup;
      disk.startTrace();
      const one = read(p);
      expect(disk.stopTrace().filter((c) => c.op === "read" && c.offset >= 65536)).toEqual([]);
      expect(sqlite3PagerDataVersion(p)).toBe(version);
      expect(restarts).toBe(0);
      expect(disk.exists(JOURNAL)).toBe(false);
      sqlite3PagerUnrefPageOne(one);
      p.pBackup.value = null;
    });

    it("reads past the end, and stops, if the sector is larger by more than a record", () => {
      const j = cat(header({ nRec: 0xffffffff, nonce: 1, nOrig: 3, sector: 65536 }), 3000);
      expect(recover(j)).toBe("truncated only");
      expect(log).toEqual([]);
    });
  });

  describe("as to its records", () => {
    const bad = (rec: Uint8Array): Uint8Array =>
      cat(header({ nRec: 2, nonce: NONCE, nOrig: 3 }), 484, rec, record(3, page(3, 1024), NONCE));

    /** Record 2 is not played, nor what follows. */
    const stops = (rec: Uint8Array): void => {
      expect(recover(bad(rec))).toBe("truncated only");
      expect(disk.exists(JOURNAL)).toBe(false);
      expect(log).toEqual([]);
    };

    it("plays those whose checksum has wrapped around", () => {
      for (const n of [0xffffffff, 0xfffffff0, 0x80000000, 0x7fffffff]) {
        expect(recover(hotJournal({}, n))).toBe("restored");
      }
    });
    it("stops for good, even if another section follows", () => {
      const j = cat(
        ...[header({ nRec: 1, nonce: 3, nOrig: 3 }), 484, record(2, page(2, 1024), 2), 504],
        ...[header({ nRec: 1, nonce: 4, nOrig: 3 }), 484, record(3, page(3, 1024), 4)],
      );
      expect(recover(j)).toBe("truncated only");
    });
    it("stops at page 0", () => stops(record(0, page(2, 1024), NONCE)));
    it("stops at the lock page", () => stops(record(0x100001, page(2, 1024), NONCE)));
    it("stops at a wrong checksum", () => stops(record(2, page(2, 1024), NONCE + 1)));
    it("stops at a record of an older journal", () => stops(record(2, page(2, 1024), 0)));

    it("skips pages beyond the old end, whatever their checksum", () => {
      disk.importFile(DB, damaged(1024));
      expect(recover(bad(record(4, page(9, 1024), 0)))).toBe("something else");
      same(disk.exportFile(DB), cat(page(1, 1024), page(7, 1024), page(3, 1024)));
    });

    it("does not play what a wrong byte outside of the checksum has changed any differently", () => {
      /* Only offsets 24, 224, 424, 624 and 824 count. */
      const c = page(2, 1024);
      c[25] ^= 0xff;
      recover(bad(cat(be(2), c, be(cksum(NONCE, page(2, 1024))))));
      same(disk.exportFile(DB), cat(page(1, 1024), c, page(3, 1024)));
      const d = page(2, 1024);
      d[24] ^= 0xff;
      stops(cat(be(2), d, be(cksum(NONCE, page(2, 1024)))));
    });

    it("takes the number of reserved bytes from page 1", () => {
      const c = page(1, 1024);
      c[20] = 32;
      disk.importFile(DB, damaged(1024));
      disk.importFile(JOURNAL, cat(header({ nRec: 1, nonce: 5, nOrig: 3 }), 484, record(1, c, 5)));
      const p = open();
      const one = read(p);
      expect(p.nReserve).toBe(32);
      sqlite3PagerUnrefPageOne(one);
    });
  });

  it("may have several sections, each with its nonce", () => {
    const j = cat(
      ...[header({ nRec: 1, nonce: 3, nOrig: 3 }), 484, record(2, page(2, 1024), 3), 504],
      ...[header({ nRec: 1, nonce: 4, nOrig: 3 }), 484, record(3, page(3, 1024), 4)],
    );
    expect(recover(j)).toBe("restored");
    expect(log).toEqual([`539 recovered 2 pages from ${JOURNAL}`]);
    /* Sizes in a later header are not looked at; its magic is. */
    expect(recover(cat(j.subarray(0, 2048 + 20), 8, j.subarray(2048 + 28)))).toBe("restored");
    j[2048] = 0;
    expect(recover(j)).toBe("something else");
    same(disk.exportFile(DB), cat(page(1, 1024), page(2, 1024), page(8, 1024)));
  });

  it("makes a database longer again by writing its last page", () => {
    disk.importFile(DB, page(1, 1024));
    disk.importFile(JOURNAL, cat(header({ nRec: 1, nonce: 3, nOrig: 4 }), 484, record(2, page(2, 1024), 3)));
    const p = open();
    disk.startTrace();
    const one = read(p);
    expect(calls(disk.stopTrace(), "write", "truncate")).toEqual([
      `write 3072+1024 ${DB}`,
      `write 1024+1024 ${DB}`,
    ]);
    same(disk.exportFile(DB), cat(page(1, 1024), page(2, 1024), 2048));
    expect(p.dbFileSize).toBe(4);
    sqlite3PagerUnrefPageOne(one);
  });

  it("leaves a file that lacks less than a page as it is", () => {
    disk.importFile(DB, database(3, 1024).subarray(0, 2049));
    disk.importFile(JOURNAL, cat(header({ nRec: 1, nonce: 3, nOrig: 3 }), 484, record(2, page(2, 1024), 3)));
    const p = open();
    const one = read(p);
    same(disk.exportFile(DB), database(3, 1024).subarray(0, 2049));
    expect(p.dbFileSize).toBe(3);
    /* A partial page counts as one. */
    expect(pagecount(p)).toBe(3);
    sqlite3PagerUnrefPageOne(one);
  });

  it("may restore more pages than the limit allows", () => {
    disk.importFile(DB, damaged(1024));
    disk.importFile(JOURNAL, hotJournal({ nOrig: 5 }));
    const p = open();
    p.mxPgno = 2;
    const one = read(p);
    expect(p.mxPgno).toBe(5);
    sqlite3PagerUnrefPageOne(one);
  });

  it("is finalized as the journal mode asks", () => {
    for (const [mode, check] of [
      [PAGER_JOURNALMODE_PERSIST, () => same(disk.exportFile(JOURNAL), cat(28, hotJournal().subarray(28)))],
      [PAGER_JOURNALMODE_TRUNCATE, () => same(disk.exportFile(JOURNAL), cat(0))],
      [PAGER_JOURNALMODE_MEMORY, () => expect(disk.exists(JOURNAL)).toBe(false)],
      [PAGER_JOURNALMODE_WAL, () => expect(disk.exists(JOURNAL)).toBe(false)],
    ] as const) {
      disk.importFile(DB, damaged(1024));
      disk.importFile(JOURNAL, hotJournal());
      const p = open();
      p.journalMode = mode;
      const one = read(p);
      sqlite3PagerUnrefPageOne(one);
      expect(fate()).toBe("restored");
      check();
      close(p);
    }
  });

  it("tells running backups, and empties the cache, only if a page comes back", () => {
    for (const [nRec, expected] of [
      [2, ["restart", "2", "3"]],
      [0, []],
    ] as const) {
      disk.importFile(DB, damaged(1024));
      disk.importFile(JOURNAL, hotJournal({ nRec }));
      const p = open();
      const told: string[] = [];
      p.pBackup.value = {
        pNext: null,
        xUpdate: (pgno: number, a: Uint8Array) => {
          told.push(`${pgno}`);
          same(a, page(pgno, 1024));
        },
        xRestart: () => void told.push("restart"),
      } as sqlite3_backup;
      const one = read(p);
      expect(told).toEqual(expected);
      sqlite3PagerUnrefPageOne(one);
      p.pBackup.value = null;
      close(p);
    }
  });
});

/* ------------------------------------------------------------------ reading a super-journal's name */

describe("the super-journal's name in a hot journal", () => {
  const SUPER = "/sj";
  const NAME = utf8(SUPER);
  const SUM = signedSum(NAME);
  const good = superRecord(0x100001, NAME, SUM);

  /** The journal with a record at its end, the super-journal being there or not. */
  function withSuper(rec: Uint8Array, superJournal: Uint8Array | null): Fate | "something else" {
    disk.removeFile(SUPER);
    if (superJournal !== null) disk.importFile(SUPER, superJournal);
    return recover(cat(hotJournal(), rec));
  }

  it("means that nothing is to be rolled back, if the super-journal is gone", () => {
    expect(withSuper(good, null)).toBe("untouched");
    expect(disk.exists(JOURNAL)).toBe(false);
    expect(log).toEqual([]);
  });

  it("does not count if it is empty, as for any file", () => {
    expect(withSuper(good, cat(0))).toBe("untouched");
    expect(disk.exists(SUPER)).toBe(true);
  });

  it("means a rollback if the super-journal is there; then that is deleted", () => {
    expect(withSuper(good, cat(utf8(JOURNAL), 1))).toBe("restored");
    expect(disk.list()).toEqual([DB]);
  });

  it("may have bytes above 127", () => {
    const name = utf8("/sj-€ß");
    expect(withSuper(superRecord(0x100001, name, signedSum(name)), null)).toBe("untouched");
    /* With an unsigned sum it is no name. */
    const unsigned = name.reduce((a, b) => a + b, 0);
    expect(withSuper(superRecord(0x100001, name, unsigned), null)).toBe("restored");
  });

  it("does not need a certain page number before it", () => {
    expect(withSuper(superRecord(0, NAME, SUM), null)).toBe("untouched");
  });

  describe("is ignored, so that there is a rollback, with", () => {
    const fields = (len: number, sum: number, magic: readonly number[]): Uint8Array =>
      cat(be(0x100001), NAME, be(len), be(sum), magic);
    const cases: [string, Uint8Array][] = [
      ["a wrong magic", fields(3, SUM, [...MAGIC.slice(0, 7), 0xd6])],
      ["a wrong sum", fields(3, SUM + 1, MAGIC)],
      ["length 0", fields(0, 0, MAGIC)],
      ["a length beyond the file's start", fields(0xffffffff, SUM, MAGIC)],
      ["a length of one byte less", fields(2, SUM, MAGIC)],
      ["a byte after it", cat(good, 1)],
    ];
    for (const [what, rec] of cases) {
      it(what, () => {
        expect(withSuper(rec, null)).toBe("restored");
        expect(disk.exists(JOURNAL)).toBe(false);
      });
    }
  });

  it("may be 512 bytes long, the longest name of the VFS, but not 513", () => {
    for (const [n, expected] of [
      [512, "untouched"],
      [513, "restored"],
    ] as const) {
      const name = utf8(`/${"x".repeat(n - 1)}`);
      disk.importFile(DB, damaged(512));
      disk.importFile(JOURNAL, cat(hotJournal({ page: 512 }), superRecord(0x200001, name, signedSum(name))));
      /* The smallest page: the scratch buffer has 520 bytes. */
      const p = open(512);
      expect(p.pTmpSpace!.length).toBe(520);
      const one = read(p);
      sqlite3PagerUnrefPageOne(one);
      expect(fate(512)).toBe(expected);
      close(p);
    }
  });

  it("can be all that the file holds: then a length that reaches to its start is right, one more is not", () => {
    const tail = (len: number): Uint8Array => cat(NAME, be(len), be(SUM), MAGIC);
    /* Not hot by itself, as "/" is no magic: the journal is deleted with or without a super-journal. */
    for (const len of [3, 4]) {
      disk.importFile(SUPER, cat(utf8(JOURNAL), 1));
      disk.startTrace();
      expect(recover(tail(len))).toBe("untouched");
      expect(disk.stopTrace().filter((c) => c.offset < 0)).toEqual([]);
      expect(disk.exists(JOURNAL)).toBe(false);
      /* It is deleted only if its name was read. */
      expect(disk.exists(SUPER)).toBe(len === 4);
    }
  });

  it("is not looked for in less than 16 bytes", () => {
    disk.importFile(SUPER, cat(utf8(JOURNAL), 1));
    expect(recover(cat(be(1), be(1), MAGIC).subarray(1))).toBe("untouched");
    expect(disk.exists(SUPER)).toBe(true);
  });
});

/* ------------------------------------------------------------------ pager_delsuper */

describe("deleting a super-journal", () => {
  const SUPER = "/dir/super";
  const OTHER = "/b.db-journal";
  const NAME = utf8(SUPER);
  const rec = superRecord(0x100001, NAME, signedSum(NAME));

  /** Two children, of which the first is ours. */
  function setup(other: Uint8Array | null): void {
    disk.importFile(DB, damaged(1024));
    disk.importFile(JOURNAL, cat(hotJournal(), rec));
    disk.importFile(SUPER, cat(utf8(JOURNAL), 1, utf8(OTHER), 1));
    disk.removeFile(OTHER);
    if (other !== null) disk.importFile(OTHER, other);
  }

  function run(): void {
    const p = open();
    const one = read(p);
    sqlite3PagerUnrefPageOne(one);
    close(p);
    expect(fate()).toBe("restored");
    expect(disk.exists(JOURNAL)).toBe(false);
  }

  it("is not done while another child names it", () => {
    setup(cat(hotJournal(), rec));
    run();
    expect(disk.exists(SUPER)).toBe(true);
    expect(disk.exists(OTHER)).toBe(true);
  });

  it("is done if the other child is missing", () => {
    setup(null);
    run();
    expect(disk.exists(SUPER)).toBe(false);
  });

  it("is done if the other child is empty", () => {
    setup(cat(0));
    run();
    expect(disk.exists(SUPER)).toBe(false);
  });

  it("is done if the other child names no super-journal", () => {
    setup(hotJournal());
    run();
    expect(disk.exists(SUPER)).toBe(false);
    expect(disk.exists(OTHER)).toBe(true);
  });

  it("is done if the other child names another one, be its name only longer or shorter", () => {
    for (const name of ["/dir/super2", "/dir/supe", "/dir/supes"]) {
      setup(cat(hotJournal(), superRecord(0x100001, utf8(name), signedSum(utf8(name)))));
      run();
      expect(disk.exists(SUPER)).toBe(false);
    }
  });

  it("is done if the other child's record is damaged", () => {
    setup(cat(hotJournal(), superRecord(0x100001, NAME, signedSum(NAME) + 1)));
    run();
    expect(disk.exists(SUPER)).toBe(false);
  });

  it("looks at all children, and stops at the first that names it", () => {
    setup(null);
    const naming = cat(hotJournal(), rec);
    disk.importFile("/c", hotJournal());
    disk.importFile("/d", naming);
    disk.importFile("/e", naming);
    disk.importFile(SUPER, cat(utf8("/none"), 1, utf8("/c"), 1, utf8("/d"), 1, utf8("/e"), 1));
    disk.startTrace();
    run();
    const opened = disk.stopTrace().filter((c) => c.op === "open" && c.arg === 0x4001);
    expect(opened.map((c) => c.file)).toEqual([SUPER, "/c", "/d"]);
    expect(disk.exists(SUPER)).toBe(true);
  });

  it("manages a list whose last name lacks its terminator", () => {
    setup(cat(hotJournal(), rec));
    disk.importFile(SUPER, utf8(`${JOURNAL}\0${OTHER}`));
    run();
    expect(disk.exists(SUPER)).toBe(true);
    setup(null);
    disk.importFile(SUPER, utf8(`${JOURNAL}\0${OTHER}`));
    run();
    expect(disk.exists(SUPER)).toBe(false);
  });

  it("is not done by the rollback of a journal that did not name it", () => {
    setup(null);
    disk.importFile(JOURNAL, hotJournal());
    run();
    expect(disk.exists(SUPER)).toBe(true);
  });

  it("is done in a rollback of one's own, too", () => {
    disk.importFile(DB, database(3, 1024));
    disk.importFile(SUPER, cat(utf8(JOURNAL), 1));
    const p = open();
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerCommitPhaseOne(p, cat(NAME, 1), 0));
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), database(3, 1024));
    expect(disk.list()).toEqual([DB]);
  });

  it("returns the error of each call; by then the journal is gone and the database right", () => {
    const isOther = (c: Readonly<MemCall>): boolean => c.file === OTHER;
    const isSuper = (c: Readonly<MemCall>): boolean => c.file === SUPER;
    const nth = 1;
    const cases: [Parameters<MemDisk["addFault"]>[0], number][] = [
      [{ op: "open", nth, when: isSuper }, SQLITE_CANTOPEN],
      [{ op: "filesize", nth, when: isSuper }, SQLITE_IOERR_FSTAT],
      [{ op: "read", nth, when: isSuper }, SQLITE_IOERR_READ],
      [{ op: "access", nth, when: isOther }, SQLITE_IOERR_ACCESS],
      [{ op: "open", nth, when: isOther }, SQLITE_CANTOPEN],
      [{ op: "filesize", nth, when: isOther }, SQLITE_IOERR_FSTAT],
      /* Length, sum, magic, name. */
      [{ op: "read", nth: 1, when: isOther }, SQLITE_IOERR_READ],
      [{ op: "read", nth: 2, when: isOther }, SQLITE_IOERR_READ],
      [{ op: "read", nth: 3, when: isOther }, SQLITE_IOERR_READ],
      [{ op: "read", nth: 4, when: isOther }, SQLITE_IOERR_READ],
    ];
    for (const [rule, rc] of cases) {
      setup(cat(hotJournal(), rec));
      const p = open();
      const fault = disk.addFault(rule);
      const used = sqlite3_memory_used();
      expect(sqlite3PagerSharedLock(p)).toBe(rc);
      expect(fault.hits).toBe(1);
      disk.clearFaults();
      expect(sqlite3_memory_used()).toBe(used);
      expect(disk.nOpen).toBe(1);
      expect(p.eState).toBe(0);
      expect(p.eLock).toBe(0);
      expect(fate()).toBe("restored");
      expect(disk.exists(JOURNAL)).toBe(false);
      expect(disk.exists(SUPER)).toBe(true);
      close(p);
    }
    setup(null);
    const p = open();
    disk.addFault({ op: "delete", nth, when: isSuper });
    expect(sqlite3PagerSharedLock(p)).toBe(SQLITE_IOERR_DELETE);
    expect(disk.exists(SUPER)).toBe(true);
  });

  it("returns SQLITE_NOMEM for either of its two allocations", () => {
    for (let n = 0; n < 2; n++) {
      setup(null);
      const p = open();
      const used = sqlite3_memory_used();
      failAfter = n;
      expect(sqlite3PagerSharedLock(p)).toBe(SQLITE_NOMEM);
      expect(failAfter).toBe(-1);
      expect(sqlite3_memory_used()).toBe(used);
      expect(disk.nOpen).toBe(1);
      expect(disk.exists(SUPER)).toBe(true);
      close(p);
    }
  });
});

/* ------------------------------------------------------------------ playback, call by call */

describe("playing back", () => {
  const NAME = utf8("/sj");

  function setup(): Pager {
    disk.importFile(DB, damaged(1024));
    disk.importFile("/sj", cat(utf8(JOURNAL), 1));
    disk.importFile(
      JOURNAL,
      cat(
        ...[header({ nRec: 1, nonce: 3, nOrig: 3, sector: 1024 }), 996, record(2, page(2, 1024), 3)],
        ...[1016, header({ nRec: 1, nonce: 4, nOrig: 3, sector: 1024 }), 996, record(3, page(3, 1024), 4)],
        superRecord(0x100001, NAME, signedSum(NAME)),
      ),
    );
    return open();
  }

  it("survives the failure of any one call, and a second attempt succeeds", () => {
    let nth = 1;
    for (; ; nth++) {
      const p = setup();
      const used = sqlite3_memory_used();
      const fault = disk.addFault({ op: "all", nth });
      const rc = sqlite3PagerSharedLock(p);
      disk.clearFaults();
      if (fault.hits === 0) {
        must(rc);
        close(p);
        break;
      }
      expect(p.sectorSize).toBe(512);
      expect(p.pageSize).toBe(1024);
      if (rc !== SQLITE_OK) {
        expect(p.eState).toBe(0);
        expect(p.errCode).toBe(SQLITE_OK);
        expect(sqlite3_memory_used()).toBe(used);
      }
      if (rc === SQLITE_OK) must(sqlite3PagerRollback(p));
      else must(sqlite3PagerSharedLock(p));
      same(content1(p, 2), page(2, 1024));
      close(p);
      expect(fate()).toBe("restored");
      expect(disk.nOpen).toBe(0);
    }
    expect(nth).toBeGreaterThan(40);
  });

  /** As `content`, in a read transaction that is open without a page being held. */
  function content1(p: Pager, pgno: number): Uint8Array {
    const one = get(p, 1);
    const a = content(p, pgno);
    sqlite3PagerUnrefPageOne(one);
    return a;
  }

  it("survives a persistent failure from any call on", () => {
    for (let nth = 1; ; nth++) {
      const p = setup();
      const fault = disk.addFault({ op: "all", nth, persistent: true });
      sqlite3PagerSharedLock(p);
      disk.clearFaults();
      if (fault.hits === 0) {
        close(p);
        break;
      }
      close(p);
      const q = open();
      const one = read(q);
      sqlite3PagerUnrefPageOne(one);
      close(q);
      expect(fate()).toBe("restored");
    }
  });

  it("survives the failure of any one allocation", () => {
    for (let n = 0; ; n++) {
      const p = setup();
      failAfter = n;
      const rc = sqlite3PagerSharedLock(p);
      const done = failAfter >= 0;
      failAfter = -1;
      if (rc !== SQLITE_OK) expect(rc).toBe(SQLITE_NOMEM);
      if (rc !== SQLITE_OK) must(sqlite3PagerSharedLock(p));
      same(content1(p, 3), page(3, 1024));
      close(p);
      expect(fate()).toBe("restored");
      if (done) break;
    }
  });

  it("undoes a transaction whose last section was never synced: its count is 0, its records are all played", () => {
    disk.importFile(DB, database(5, 1024));
    const p = open();
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerFlush(p));
    change(p, 3, 0x33);
    change(p, 4, 0x44);
    disk.startTrace();
    must(sqlite3PagerRollback(p));
    /* Only page 2 can be wrong in the file. */
    expect(calls(disk.stopTrace(), "write")).toEqual([`write 1024+1024 ${DB}`]);
    for (const i of [2, 3, 4]) same(content(p, i), page(i, 1024));
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), database(5, 1024));
    expect(log).toEqual([]);
  });

  it("in CACHEMOD touches the cache only", () => {
    disk.importFile(DB, database(5, 1024));
    const p = open();
    const one = begin(p);
    change(p, 1, 0x11);
    change(p, 3, 0x33);
    disk.startTrace();
    must(sqlite3PagerRollback(p));
    expect(calls(disk.stopTrace(), "write", "truncate", "sync").filter((c) => c.endsWith(DB))).toEqual([]);
    expect(reinit).toEqual([1, 3]);
    same(content(p, 3), page(3, 1024));
    same(sqlite3PagerGetData(one).subarray(0, 1024), page(1, 1024));
    same(p.dbFileVers, page(1, 1024).subarray(24, 40));
    sqlite3PagerUnrefPageOne(one);
  });

  it("brings a page that a savepoint wants back into the cache if it is nowhere else", () => {
    disk.importFile(DB, database(5, 1024));
    const p = open();
    const one = begin(p);
    change(p, 3, 0x33);
    must(sqlite3PagerOpenSavepoint(p, 1));
    change(p, 3, 0x34);
    /* As after a failed sqlite3PagerMovepage: state CACHEMOD, and the page is not cached. */
    sqlite3PcacheDrop(get(p, 3));
    const doNotSpill = p.doNotSpill;
    must(sqlite3PagerSavepoint(p, SAVEPOINT_ROLLBACK, 0));
    expect(p.doNotSpill).toBe(doNotSpill);
    same(content(p, 3), page(3, 1024).fill(0x33, 100));
    commit(p);
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB)!.subarray(2048, 3072), page(3, 1024).fill(0x33, 100));
  });

  it("passes the error on if that page cannot be had", () => {
    disk.importFile(DB, database(5, 1024));
    const p = open();
    const one = begin(p);
    change(p, 3, 0x33);
    must(sqlite3PagerOpenSavepoint(p, 1));
    change(p, 3, 0x34);
    sqlite3PcacheDrop(get(p, 3));
    p.mxPgno = 2;
    expect(sqlite3PagerSavepoint(p, SAVEPOINT_ROLLBACK, 0)).toBe(SQLITE_FULL);
    expect(p.doNotSpill).toBe(0);
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), database(5, 1024));
  });

  it("takes a page's oldest record: what stands in the sub-journal may be younger", () => {
    disk.importFile(DB, database(5, 1024));
    const p = open();
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerOpenSavepoint(p, 1));
    change(p, 3, 0x33); /* main journal */
    must(sqlite3PagerOpenSavepoint(p, 2));
    change(p, 3, 0x34); /* sub-journal, for the inner savepoint */
    expect(p.nSubRec).toBe(1);
    must(sqlite3PagerSavepoint(p, SAVEPOINT_ROLLBACK, 0));
    same(content(p, 3), page(3, 1024));
    same(content(p, 2), page(2, 1024).fill(0x22, 100));
    expect(reinit).toEqual([3]);
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
  });

  it("of a statement leaves the file alone as long as the transaction's own record is not synced", () => {
    disk.importFile(DB, database(5, 1024));
    const p = open();
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerFlush(p)); /* from here on rollbacks write to the file */
    change(p, 3, 0x33); /* main journal, unsynced */
    must(sqlite3PagerOpenSavepoint(p, 1));
    change(p, 2, 0x23); /* sub-journal; the main record is synced */
    change(p, 3, 0x34); /* sub-journal */
    disk.startTrace();
    must(sqlite3PagerSavepoint(p, SAVEPOINT_ROLLBACK, 0));
    expect(calls(disk.stopTrace(), "write")).toEqual([`write 1024+1024 ${DB}`]);
    same(content(p, 2), page(2, 1024).fill(0x22, 100));
    same(content(p, 3), page(3, 1024).fill(0x33, 100));
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), database(5, 1024));
  });

  it("restores the copy of the version bytes, so that the cache survives", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerCommitPhaseOne(p, null, 0));
    expect(p.dbFileVers[3]).toBe(page(1, 1024)[27]! + 1);
    must(sqlite3PagerRollback(p));
    same(p.dbFileVers, page(1, 1024).subarray(24, 40));
    sqlite3PagerUnrefPageOne(one);
    const version = sqlite3PagerDataVersion(p);
    sqlite3PagerUnrefPageOne(read(p));
    expect(sqlite3PagerDataVersion(p)).toBe(version);
  });

  it("lets the next commit count the change counter again, in exclusive mode too", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    sqlite3PagerLockingMode(p, PAGER_LOCKINGMODE_EXCLUSIVE);
    const one = begin(p);
    change(p, 2, 0x22);
    must(sqlite3PagerCommitPhaseOne(p, null, 0));
    expect(p.changeCountDone).toBe(1);
    must(sqlite3PagerRollback(p));
    expect(p.changeCountDone).toBe(0);
    must(sqlite3PagerBegin(p, 0, 0));
    change(p, 3, 0x33);
    commit(p);
    sqlite3PagerUnrefPageOne(one);
    expect(disk.exportFile(DB)![27]).toBe(page(1, 1024)[27]! + 1);
  });

  it("raises the limit to the old size, and drops pages beyond that from the cache", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    const one = begin(p);
    change(p, 4, 0x44);
    expect(sqlite3PcachePagecount(p.pPCache)).toBe(2);
    p.mxPgno = 2;
    must(sqlite3PagerRollback(p));
    expect(p.mxPgno).toBe(3);
    expect(sqlite3PcachePagecount(p.pPCache)).toBe(1);
    sqlite3PagerUnrefPageOne(one);
  });

  it("of a savepoint after a spill writes to the file, once per page", () => {
    disk.importFile(DB, database(5, 1024));
    const p = open();
    const one = begin(p);
    change(p, 2, 0x22);
    change(p, 3, 0x33);
    must(sqlite3PagerOpenSavepoint(p, 1));
    change(p, 2, 0x23);
    change(p, 4, 0x44);
    must(sqlite3PagerFlush(p));
    expect(p.aSavepoint[0]!.iHdrOffset).toBe(512 + 3 * 1032);
    change(p, 5, 0x54);
    must(sqlite3PagerFlush(p));
    expect(p.journalHdr).toBe(6144); /* 4096 + 512 + 1032, rounded up */
    expect(p.aSavepoint[0]!.iHdrOffset).toBe(512 + 3 * 1032);
    change(p, 5, 0x55);
    change(p, 3, 0x34);
    must(sqlite3PagerSavepoint(p, SAVEPOINT_ROLLBACK, 0));
    same(content(p, 2), page(2, 1024).fill(0x22, 100));
    same(content(p, 3), page(3, 1024).fill(0x33, 100));
    same(content(p, 4), page(4, 1024));
    same(content(p, 5), page(5, 1024));
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), database(5, 1024));
  });
});

/* ------------------------------------------------------------------ odds and ends */

describe("sqlite3PagerDirectReadOk", () => {
  it("needs an open file, a clean cache and a VFS that reads parts of pages", () => {
    const p = open(1024, null);
    expect(sqlite3PagerDirectReadOk(p, 2)).toBe(0);

    disk.importFile(DB, database(3, 1024));
    const q = open();
    const one = begin(q);
    expect(sqlite3PagerDirectReadOk(q, 2)).toBe(0);
    disk.deviceCharacteristics = SQLITE_IOCAP_SUBPAGE_READ;
    expect(sqlite3PagerDirectReadOk(q, 2)).toBe(1);
    change(q, 2, 0x22);
    expect(sqlite3PagerDirectReadOk(q, 2)).toBe(0);
    commit(q);
    expect(sqlite3PagerDirectReadOk(q, 2)).toBe(1);
    sqlite3PagerUnrefPageOne(one);
  });
});

describe("the flags of xSync", () => {
  it("stand in bits 0 and 1 for commits to the WAL, in bits 2 and 3 for checkpoints", () => {
    const p = open();
    for (const [flags, syncFlags, walSyncFlags] of [
      [PAGER_SYNCHRONOUS_OFF | PAGER_FULLFSYNC | PAGER_CKPT_FULLFSYNC, 0, 0],
      [PAGER_SYNCHRONOUS_NORMAL, 2, 0b1000],
      [PAGER_SYNCHRONOUS_NORMAL | PAGER_CKPT_FULLFSYNC, 2, 0b1100],
      [PAGER_SYNCHRONOUS_FULL, 2, 0b1010],
      [PAGER_SYNCHRONOUS_FULL | PAGER_CKPT_FULLFSYNC, 2, 0b1110],
      [PAGER_SYNCHRONOUS_FULL | PAGER_FULLFSYNC, 3, 0b1111],
      [PAGER_SYNCHRONOUS_EXTRA, 2, 0b1010],
    ] as const) {
      sqlite3PagerSetFlags(p, flags | PAGER_CACHESPILL);
      expect([p.syncFlags, p.walSyncFlags]).toEqual([syncFlags, walSyncFlags]);
    }
  });
});

describe("print_pager_state", () => {
  it("names every state, lock and mode", () => {
    disk.importFile(DB, database(3, 1024));
    const p = open();
    const keep = { eState: p.eState, eLock: p.eLock, journalMode: p.journalMode };
    const line = (i: number): string => fromCString(print_pager_state(p)).split("\n")[i]!;

    p.dbSize = 0xffffffff;
    p.journalOff = 0x100000001;
    p.journalHdr = 512;
    expect(fromCString(print_pager_state(p))).toBe(
      "Filename:      /a.db\n" +
        "State:         OPEN errCode=0\n" +
        "Lock:          NO_LOCK\n" +
        "Locking mode:  locking_mode=normal\n" +
        "Journal mode:  journal_mode=delete\n" +
        "Backing store: tempFile=0 memDb=0 useJournal=1\n" +
        "Journal:       journalOff=4294967297 journalHdr=512\n" +
        "Size:          dbsize=-1 dbOrigSize=0 dbFileSize=0\n",
    );
    p.dbSize = p.journalOff = p.journalHdr = 0;

    const states = [
      "OPEN",
      "READER",
      "WRITER_LOCKED",
      "WRITER_CACHEMOD",
      "WRITER_DBMOD",
      "WRITER_FINISHED",
      "ERROR",
    ];
    for (const [i, name] of [...states, "?error?"].entries()) {
      p.eState = i;
      expect(line(1)).toBe(`State:         ${name} errCode=0`);
    }
    for (const [i, name] of [
      "NO_LOCK",
      "SHARED",
      "RESERVED",
      "?error?",
      "EXCLUSIVE",
      "UNKNOWN",
      "?error?",
    ].entries()) {
      p.eLock = i;
      expect(line(2)).toBe(`Lock:          ${name}`);
    }
    for (const [i, name] of ["delete", "persist", "off", "truncate", "memory", "wal", "?error?"].entries()) {
      p.journalMode = i;
      expect(line(4)).toBe(`Journal mode:  journal_mode=${name}`);
    }
    p.exclusiveMode = 1;
    expect(line(3)).toBe("Locking mode:  locking_mode=exclusive");
    p.exclusiveMode = 0;
    Object.assign(p, keep);
  });
});

describe("a failing allocation while a page is journalled", () => {
  it("leaves a transaction that can be rolled back", () => {
    let failures = 0;
    for (let n = 0; ; n++) {
      disk.importFile(DB, database(5, 1024));
      const p = open();
      const one = begin(p);
      failAfter = n;
      let rc = sqlite3PagerOpenSavepoint(p, 2);
      const pg = new Ref<DbPage | null>(null);
      if (rc === SQLITE_OK) rc = sqlite3PagerGet(p, 3, pg, 0);
      if (rc === SQLITE_OK) {
        rc = sqlite3PagerWrite(pg.value!);
        if (rc === SQLITE_OK) sqlite3PagerGetData(pg.value!).fill(1);
        sqlite3PagerUnref(pg.value);
      }
      const done = failAfter >= 0;
      failAfter = -1;
      if (rc !== SQLITE_OK) {
        expect(rc).toBe(SQLITE_NOMEM);
        failures++;
      }
      must(sqlite3PagerRollback(p));
      same(content(p, 3), page(3, 1024));
      sqlite3PagerUnrefPageOne(one);
      close(p);
      same(disk.exportFile(DB), database(5, 1024));
      expect(disk.exists(JOURNAL)).toBe(false);
      if (done) break;
    }
    expect(failures).toBeGreaterThanOrEqual(4);
  });
});

describe("a large database without memory", () => {
  it("survives failures while sets of pages grow, forwards and backwards", () => {
    const N = 5000; /* more than a set holds as a bitmap, so that it has to subdivide */
    const original = database(N, 512);
    disk.importFile(DB, original);
    const snapshot = disk.snapshot();
    let forwards = 0;
    let backwards = 0;
    for (const phase of ["forwards", "backwards"] as const) {
      for (let n = 0; ; n++) {
        disk.restore(snapshot);
        const p = open(512);
        const one = begin(p);
        must(sqlite3PagerOpenSavepoint(p, 1));
        let rc = SQLITE_OK;
        if (phase === "forwards") failAfter = n;
        for (let i = 0; i < 150 && rc === SQLITE_OK; i++) {
          const pg = new Ref<DbPage | null>(null);
          rc = sqlite3PagerGet(p, 2 + i * 33, pg, 0);
          if (rc === SQLITE_OK) rc = sqlite3PagerWrite(pg.value!);
          if (rc === SQLITE_OK) sqlite3PagerGetData(pg.value!).fill(i, 0, 512);
          sqlite3PagerUnref(pg.value);
        }
        if (phase === "backwards") {
          must(rc);
          failAfter = n;
          rc = sqlite3PagerSavepoint(p, SAVEPOINT_ROLLBACK, 0);
        }
        const done = failAfter >= 0;
        failAfter = -1;
        if (rc !== SQLITE_OK) {
          expect(rc).toBe(SQLITE_NOMEM);
          if (phase === "forwards") forwards++;
          else backwards++;
        }
        must(sqlite3PagerRollback(p));
        for (let i = 0; i < 150; i++) same(content(p, 2 + i * 33), page(2 + i * 33, 512));
        sqlite3PagerUnrefPageOne(one);
        close(p);
        if (done) break;
      }
    }
    same(disk.exportFile(DB), original);
    /* At least the set itself and the first subset of each. */
    expect(forwards).toBeGreaterThan(2);
    expect(backwards).toBeGreaterThan(1);
  });

  it("reports the failure of an outer savepoint's set though the inner one's succeeds", () => {
    disk.importFile(DB, database(5000, 512));
    const p = open(512);
    const one = begin(p);
    const failed: string[] = [];
    /* Neighbouring numbers do not collide: a set subdivides when its 124 slots are full but for one,
     * first the journal's, then the outer savepoint's. */
    for (let i = 2; i <= 150; i++) {
      if (i === 12) must(sqlite3PagerOpenSavepoint(p, 1));
      if (i === 130) must(sqlite3PagerOpenSavepoint(p, 2));
      const pg = get(p, i);
      if (i >= 12) failAfter = 0;
      let rc = sqlite3PagerWrite(pg);
      failAfter = -1;
      if (rc !== SQLITE_OK) {
        expect(rc).toBe(SQLITE_NOMEM);
        failed.push(i < 130 ? "journal" : "outer savepoint");
        rc = sqlite3PagerWrite(pg);
      }
      must(rc);
      sqlite3PagerGetData(pg).fill(i, 0, 512);
      sqlite3PagerUnref(pg);
    }
    expect(failed).toEqual(["journal", "outer savepoint"]);
    must(sqlite3PagerRollback(p));
    sqlite3PagerUnrefPageOne(one);
    same(disk.exportFile(DB), database(5000, 512));
  });
});

describe("the pointer before the name", () => {
  it("leads from each of the three names back to the database file", () => {
    const p = open();
    const q = open(1024, "/b.db");
    expect(sqlite3_database_file_object(p.zFilename)).toBe(p.fd);
    expect(sqlite3_database_file_object(p.zJournal!)).toBe(p.fd);
    expect(sqlite3_database_file_object(p.zWal!)).toBe(p.fd);
    expect(sqlite3_database_file_object(q.zJournal!)).toBe(q.fd);
  });
});
