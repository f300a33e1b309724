import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explainDifference } from "./explain.js";
import { isShm, parseShm, READMARK_NOT_USED } from "./shm.js";
import { checkpointBound } from "./shm-bound.js";
import { locateInShm, shmDifferences } from "./shm-fields.js";
import { checkRegions, findFrame, hashOf, regionOf } from "./shm-hash.js";
import type { ShmLock } from "./shm-locks.js";
import { NO_CHECKSUM, walChecksum } from "./wal-checksum.js";

interface Sample {
  pages: number[];
  mxFrame?: number;
  bigEndian?: boolean;
  marks?: number[];
  nBackfill?: number;
  /** As stored: 1 is 65536, and what is there unless told. */
  pageSize?: number;
}

/** A wal-index by hand, of as many regions as the frames need. */
function sample({
  pages,
  mxFrame,
  bigEndian = false,
  marks,
  nBackfill = 0,
  pageSize = 1,
}: Sample): Uint8Array {
  const regions = pages.length === 0 ? 1 : regionOf(pages.length) + 1;
  const bytes = new Uint8Array(regions * 32768);
  const view = new DataView(bytes.buffer);
  const put = (at: number, n: number): void => view.setUint32(at, n, !bigEndian);
  for (const at of [0, 48]) {
    put(at, 3007000);
    put(at + 8, 77);
    bytes[at + 12] = 1;
    view.setUint16(at + 14, pageSize, !bigEndian);
    put(at + 16, mxFrame ?? pages.length);
    put(at + 20, 12);
    bytes.set([1, 2, 3, 4, 5, 6, 7, 8], at + 32);
    const [a, b] = walChecksum(bytes, at, 40, NO_CHECKSUM, bigEndian);
    put(at + 40, a);
    put(at + 44, b);
  }
  put(96, nBackfill);
  for (const [i, m] of (marks ?? [0, ...Array(4).fill(READMARK_NOT_USED)]).entries()) put(100 + 4 * i, m);
  put(128, nBackfill);
  /* As the format describes it: page numbers in order, and the first free slot from 383 times the page on. */
  for (const [i, pgno] of pages.entries()) {
    const region = i < 4062 ? 0 : 1 + Math.floor((i - 4062) / 4096);
    const place = i < 4062 ? i : (i - 4062) % 4096;
    put(region * 32768 + (region === 0 ? 136 : 0) + 4 * place, pgno);
    let key = (pgno * 383) % 8192;
    const at = (): number => region * 32768 + 16384 + 2 * key;
    while (view.getUint16(at(), !bigEndian) !== 0) key = (key + 1) % 8192;
    view.setUint16(at(), place + 1, !bigEndian);
  }
  return bytes;
}

const problems = (bytes: Uint8Array): string[] =>
  checkRegions(bytes, parseShm(bytes)).flatMap((r) => r.problems);

describe("wal-index decoder", () => {
  it.each([false, true])("reads the header (of a big-endian machine: %s)", (bigEndian) => {
    const bytes = sample({ pages: [3, 4], bigEndian, nBackfill: 1 });
    expect(isShm(bytes)).toBe(true);
    const shm = parseShm(bytes);
    expect(shm).toMatchObject({ bigEndian, agree: true, usable: true, nBackfill: 1, regions: 1 });
    expect(shm.copies![0]).toMatchObject({
      version: 3007000,
      change: 77,
      rawPageSize: 1,
      pageSize: 65536,
      mxFrame: 2,
      nPage: 12,
      salts: [0x01020304, 0x05060708],
      checksumOk: true,
    });
    expect(shm.readMarks).toEqual([0, ...Array(4).fill(0xffffffff)]);
    expect(problems(bytes)).toEqual([]);
  });

  it.each([512, 1024, 2048, 4096, 8192, 16384, 32768])("knows a page size of %i", (pageSize) => {
    expect(parseShm(sample({ pages: [], pageSize })).copies![1].pageSize).toBe(pageSize);
  });

  it("says why a header does not count", () => {
    const bad = (at: number, value: number, both = true): string => {
      const bytes = sample({ pages: [3] });
      for (const base of both ? [0, 48] : [0]) bytes[base + at] = value;
      const shm = parseShm(bytes);
      expect(shm.usable).toBe(false);
      return shm.verdict;
    };
    expect(bad(16, 9, false)).toContain("the two copies of the header differ");
    expect(bad(12, 0)).toContain("not initialised");
    expect(bad(20, 99)).toContain("checksum is wrong");
    expect(parseShm(new Uint8Array(0)).verdict).toContain("is empty");
    expect(parseShm(new Uint8Array(3)).verdict).toContain("3 bytes");
    expect(parseShm(new Uint8Array(40)).verdict).toContain("fewer than the 136");
    const version = sample({ pages: [] });
    for (const at of [0, 48]) {
      const view = new DataView(version.buffer);
      view.setUint32(at, 3007001, true);
      const [a, b] = walChecksum(version, at, 40, NO_CHECKSUM, false);
      view.setUint32(at + 40, a, true);
      view.setUint32(at + 44, b, true);
    }
    expect(parseShm(version).verdict).toContain("SQLite refuses to read");
  });

  it("finds the last frame of a page up to any frame, whatever collides", () => {
    /* Pages whose hashes are equal or neighbours, and wrap round the table's end. */
    const pgno = fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(8192, 16384, 8191, 16383, 1 + 8192),
    );
    fc.assert(
      fc.property(fc.array(pgno, { maxLength: 60 }), fc.nat(60), fc.nat(60), (pages, to, from) => {
        const bytes = sample({ pages });
        const shm = parseShm(bytes);
        expect(problems(bytes)).toEqual([]);
        const mxFrame = Math.min(to, pages.length);
        for (const p of new Set(pages)) {
          const last = pages.slice(0, mxFrame).lastIndexOf(p) + 1;
          expect(findFrame(bytes, shm, p, mxFrame)).toBe(last);
          expect(findFrame(bytes, shm, p, mxFrame, from + 1)).toBe(last > from ? last : 0);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("knows the regions by their first and last frames", () => {
    expect([1, 4062, 4063, 8158, 8159].map(regionOf)).toEqual([0, 0, 1, 1, 2]);
    expect([1, 2, 8192, 0xffffffff].map(hashOf)).toEqual([383, 766, 0, 8192 - 383]);
    const pages = Array.from({ length: 8200 }, (_, i) => (i % 3000) + 1);
    const bytes = sample({ pages });
    const shm = parseShm(bytes);
    expect(checkRegions(bytes, shm).map((r) => [r.first, r.last, r.slots, r.problems])).toEqual([
      [1, 4062, 4062, []],
      [4063, 8158, 4096, []],
      [8159, 8200, 42, []],
    ]);
    expect(findFrame(bytes, shm, 5, 8200)).toBe(6005);
    expect(findFrame(bytes, shm, 2159, 8200)).toBe(8159);
    expect(findFrame(bytes, shm, 2159, 8158)).toBe(5159);
  });

  it("takes frames behind the last one for what they may be", () => {
    const bytes = sample({ pages: [3, 4, 5, 4], mxFrame: 2 });
    const [report] = checkRegions(bytes, parseShm(bytes));
    expect(report).toMatchObject({ first: 1, last: 2, slots: 4, beyond: 2, problems: [] });
  });

  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 0, max: 33000 }), (head, length) => {
        const bytes = new Uint8Array(length).map((_, i) => head[i % (head.length || 1)] ?? 0);
        const shm = parseShm(bytes);
        checkRegions(bytes, shm);
        expect(checkpointBound(shm, null).text).not.toEqual([]);
        expect(explainDifference("shm", bytes, sample({ pages: [1] })).detail).not.toBe("");
      }),
      { numRuns: 40 },
    );
  });
});

describe("who bounds a checkpoint", () => {
  const shm = parseShm(
    sample({ pages: [1, 2, 3, 4, 5, 6, 7], marks: [0, 7, 3, 5, READMARK_NOT_USED], nBackfill: 2 }),
  );
  const lock = (byte: number, pid: number): ShmLock => ({ byte, name: "", kind: "shared", pid });

  it("is the lowest mark in use", () => {
    expect(checkpointBound(shm, [])).toMatchObject({ mxSafeFrame: 7, reader: null });
    expect(checkpointBound(shm, [lock(124, 9)])).toMatchObject({ mxSafeFrame: 7, reader: null });
    expect(checkpointBound(shm, [lock(126, 9)])).toMatchObject({
      mxSafeFrame: 5,
      reader: { reader: 3, pid: 9 },
    });
    const both = checkpointBound(shm, [lock(126, 9), lock(125, 8), lock(124, 7)]);
    expect(both).toMatchObject({ mxSafeFrame: 3, reader: { reader: 2, mark: 3, pid: 8 } });
    expect(both.text).toEqual([
      "process 8 holds back a checkpoint: read mark 2 is at frame 3 of 7, so frames 3 to 3 may be copied",
    ]);
  });

  it("is a guess as long as locks are not known", () => {
    expect(checkpointBound(shm, null).text.at(-1)).toMatch(
      /^a reader, if its lock is held, holds back a checkpoint/,
    );
  });

  it("mentions who else is in the way", () => {
    const text = checkpointBound(shm, [lock(120, 1), lock(121, 2), lock(123, 3)]).text.join("\n");
    expect(text).toMatch(
      /process 2 checkpoints now.*\n.*process 1 writes now.*\n.*process 3 reads the database alone/,
    );
    const done = parseShm(
      sample({ pages: [1, 2], marks: [0, 2, ...Array(3).fill(READMARK_NOT_USED)], nBackfill: 2 }),
    );
    expect(checkpointBound(done, [lock(124, 4)]).text).toEqual([
      "all 2 frame(s) have been copied into the database",
      "process 4 reads with mark 1 (frame 2): the log cannot start anew",
    ]);
  });
});

describe("places and differences", () => {
  it("names the place of any byte", () => {
    expect(locateInShm(0)).toBe('wal-index header, copy 1, field "version"');
    expect(locateInShm(48 + 17)).toBe('wal-index header, copy 2, field "mxFrame (last frame of the log)"');
    expect(locateInShm(99)).toBe('checkpoint info, field "nBackfill"');
    expect(locateInShm(100)).toBe("checkpoint info, read mark 0");
    expect(locateInShm(119)).toBe("checkpoint info, read mark 4");
    expect(locateInShm(121)).toBe("lock byte 121");
    expect(locateInShm(128)).toBe('checkpoint info, field "nBackfillAttempted"');
    expect(locateInShm(135)).toBe('checkpoint info, field "unused"');
    expect(locateInShm(136)).toBe("region 0, page number of frame 1");
    expect(locateInShm(16383)).toBe("region 0, page number of frame 4062");
    expect(locateInShm(16384 + 3)).toBe("region 0, hash slot 1 of 8192");
    expect(locateInShm(32768)).toBe("region 1, page number of frame 4063");
    expect(locateInShm(2 * 32768 + 4)).toBe("region 2, page number of frame 8160");
  });

  it("explains a difference field by field", () => {
    const expected = sample({ pages: [3, 4] });
    const actual = sample({
      pages: [3, 5],
      nBackfill: 1,
      marks: [0, 2, ...Array(3).fill(READMARK_NOT_USED)],
    });
    actual[48 + 8] = 78;
    const f = explainDifference("shm", actual, expected);
    expect(f.summary).toBe('wal-index header, copy 2, field "change counter": got 0x4e, expected 0x4d');
    const lines = shmDifferences(actual, expected);
    expect(lines).toContain("change counter of copy 2: got 78, expected 77");
    expect(lines).toContain("nBackfill (frames in the database): got 1, expected 0");
    expect(lines).toContain("read mark 1: got 2, expected 0xffffffff (not used)");
    expect(lines.find((l) => l.startsWith("region 0"))).toMatch(
      /^region 0: 1 page number\(s\) differ, first that of frame 2: got 5, expected 4; 2 hash slot\(s\) differ, first slot 1532: got 0, expected 2$/,
    );
    expect(lines.at(-2)).toBe(
      "the wal-index got: the two copies of the header differ: a write was under way or broke off",
    );
    expect(f.detail).toContain("change counter of copy 2: got 78, expected 77");
  });
});
