import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameOffset, isWal, parseWal, servedBy, walCommits } from "./wal.js";
import { type Checksum, NO_CHECKSUM, walChecksum } from "./wal-checksum.js";
import { encodeWal, tearPoints, type WalParts, walParts } from "./wal-encode.js";
import { locateInWal, walDifferences } from "./wal-fields.js";

const PAGE = 512;

function page(seed: number, size = PAGE): Uint8Array {
  return new Uint8Array(size).map((_, i) => (i * 31 + seed * 7) & 0xff);
}

/** Two transactions, of pages 1 and 2, then of 2 and 3, and a frame that nobody committed. */
function sample(more: Partial<WalParts> = {}): WalParts {
  return {
    pageSize: PAGE,
    salts: [0x01020304, 0xfffffff0],
    frames: [
      { pgno: 1, page: page(1) },
      { pgno: 2, page: page(2), commit: 2 },
      { pgno: 2, page: page(3) },
      { pgno: 3, page: page(4), commit: 3 },
      { pgno: 1, page: page(5) },
    ],
    ...more,
  };
}

function flipped(bytes: Uint8Array, ...offsets: number[]): Uint8Array {
  const out = bytes.slice();
  for (const at of offsets) out[at] = out[at]! ^ 1;
  return out;
}

describe("checksum", () => {
  /* By hand: s0 = x0 + 0, s1 = x1 + s0; then s0 += x2 + s1, s1 += x3 + s0. */
  const bytes = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4);

  it("adds words of either byte order", () => {
    expect(walChecksum(bytes, 0, 16, NO_CHECKSUM, true)).toEqual([7, 14]);
    expect(walChecksum(bytes, 0, 8, NO_CHECKSUM, false)).toEqual([0x01000000, 0x03000000]);
  });

  it("wraps at 32 bits and goes on from what came before", () => {
    expect(walChecksum(bytes, 8, 8, [0xffffffff, 0xffffffff], true)).toEqual([1, 4]);
    const half: Checksum = walChecksum(bytes, 0, 8, NO_CHECKSUM, true);
    expect(walChecksum(bytes, 8, 8, half, true)).toEqual([7, 14]);
  });
});

describe("log decoder", () => {
  it.each([false, true])("reads header, frames and commits (big-endian words: %s)", (bigEndian) => {
    const bytes = encodeWal(sample({ bigEndian, sequence: 9 }));
    expect([...bytes.subarray(0, 4)]).toEqual([0x37, 0x7f, 0x06, bigEndian ? 0x83 : 0x82]);
    expect(isWal(bytes)).toBe(true);
    const wal = parseWal(bytes);
    expect(wal.header).toMatchObject({
      bigEndian,
      version: 3007000,
      pageSize: PAGE,
      sequence: 9,
      salts: [0x01020304, 0xfffffff0],
      checksumOk: true,
    });
    expect(wal.frames.map((f) => [f.pgno, f.commit, f.valid, f.committed])).toEqual([
      [1, 0, true, true],
      [2, 2, true, true],
      [2, 0, true, true],
      [3, 3, true, true],
      [1, 0, true, false],
    ]);
    expect(wal).toMatchObject({ valid: 5, mxFrame: 4, nPage: 3, tail: 0 });
    expect(wal.end).toEqual({
      offset: bytes.length,
      reason: "end of file",
      text: "the file ends with frame 5",
    });
    expect(walCommits(wal).map((f) => f.frame)).toEqual([2, 4]);
  });

  it("names the frame that serves a page at a commit", () => {
    const wal = parseWal(encodeWal(sample()));
    expect(servedBy(wal, 2, 2)).toEqual({ from: "frame", frame: 2 });
    expect(servedBy(wal, 2, 4)).toEqual({ from: "frame", frame: 3 });
    expect(servedBy(wal, 1, 4)).toEqual({ from: "frame", frame: 1 });
    expect(servedBy(wal, 3, 2)).toEqual({ from: "nowhere" });
    expect(servedBy(wal, 3, 4)).toEqual({ from: "frame", frame: 4 });
    expect(servedBy(wal, 9, 0)).toEqual({ from: "database" });
    const shrunk = parseWal(encodeWal(sample({ frames: [{ pgno: 1, page: page(1), commit: 5 }] })));
    expect(servedBy(shrunk, 2, 1)).toEqual({ from: "database" });
  });

  it("ends where the first frame is not valid, and says why", () => {
    const at = (bytes: Uint8Array): [number, number, string] => {
      const w = parseWal(bytes);
      return [w.valid, w.mxFrame, w.end.reason];
    };
    const good = encodeWal(sample());
    const frame = (n: number): number => frameOffset(n, PAGE);
    expect(at(flipped(good, frame(3) + 8))).toEqual([2, 2, "salt"]);
    expect(at(flipped(good, frame(3) + 15))).toEqual([2, 2, "salt"]);
    expect(at(flipped(good, frame(4) + 24 + 100))).toEqual([3, 2, "checksum"]);
    expect(at(flipped(good, frame(4) + 4))).toEqual([3, 2, "checksum"]);
    expect(at(flipped(good, frame(1) + 20))).toEqual([0, 0, "checksum"]);
    expect(at(good.subarray(0, frame(4) + 100))).toEqual([3, 2, "torn"]);
    expect(at(good.subarray(0, frame(4)))).toEqual([3, 2, "end of file"]);
    expect(at(good.subarray(0, 32))).toEqual([0, 0, "end of file"]);
    expect(at(good.subarray(0, 31))).toEqual([0, 0, "short header"]);
    expect(at(good.subarray(0, 0))).toEqual([0, 0, "empty"]);
    expect(at(flipped(good, 0))).toEqual([0, 0, "magic"]);
    expect(at(flipped(good, 9))).toEqual([0, 0, "page size"]);
    expect(at(flipped(good, 24))).toEqual([0, 0, "header checksum"]);
    expect(at(encodeWal(sample({ version: 3007001 })))).toEqual([0, 0, "version"]);
    const zero = sample();
    zero.frames[2] = { pgno: 0, page: page(9) };
    expect(at(encodeWal(zero))).toEqual([2, 2, "page number 0"]);
  });

  it("sees a header whose checksum is of the other byte order", () => {
    const wal = parseWal(encodeWal(sample({ magic: 0x377f0683, bigEndian: false })));
    expect(wal.end.reason).toBe("header checksum");
    expect(wal.end.text).toContain("it would be right with little-endian words");
  });

  it("tells one wrong frame from a chain that goes on from it", () => {
    const parts = sample();
    parts.frames[1] = { ...parts.frames[1]!, checksum: [1, 2] };
    const single = parseWal(encodeWal(parts));
    expect(single.frames.map((f) => f.checksumOk)).toEqual([true, false, true, true, true]);
    const changed = parseWal(flipped(encodeWal(sample()), frameOffset(2, PAGE) + 100));
    expect(changed.frames.map((f) => f.checksumOk)).toEqual([true, false, false, false, false]);
    expect(changed.frames.map((f) => f.linked)).toEqual([true, false, true, true, true]);
  });

  it("decodes any bytes without an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), (bytes, header) => {
        const given = header ? Uint8Array.from([...encodeWal(sample({ frames: [] })), ...bytes]) : bytes;
        const wal = parseWal(given);
        expect(wal.end.text).not.toBe("");
        expect(wal.end.offset).toBeLessThanOrEqual(given.length);
        for (let i = 0; i < given.length; i += 97) expect(locateInWal(given, i)).not.toBe("");
      }),
    );
  });
});

const parts = fc
  .record({
    pageSize: fc.constantFrom(512, 1024, 4096, 65536),
    salts: fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff)),
    bigEndian: fc.boolean(),
    sequence: fc.nat(0xffffffff),
    frames: fc.array(
      fc.record({
        pgno: fc.integer({ min: 1, max: 9 }),
        seed: fc.nat(255),
        commit: fc.constantFrom(0, 0, 7, 9),
      }),
      { maxLength: 7 },
    ),
  })
  .map(
    ({ frames, ...rest }): WalParts => ({
      ...rest,
      frames: frames.map((f) => ({
        pgno: f.pgno,
        page: page(f.seed, rest.pageSize),
        ...(f.commit === 0 ? {} : { commit: f.commit }),
      })),
    }),
  );

describe("log encoder", () => {
  it("writes what the decoder reads", () => {
    fc.assert(
      fc.property(parts, (p) => {
        const bytes = encodeWal(p);
        const wal = parseWal(bytes);
        expect(wal.valid).toBe(p.frames.length);
        expect(wal.mxFrame).toBe(p.frames.findLastIndex((f) => f.commit !== undefined) + 1);
        const back = walParts(bytes);
        const outline = ({ frames, ...rest }: WalParts): unknown => [
          rest,
          frames.map((f) => [f.pgno, f.commit, Buffer.from(f.page).toString("latin1")]),
        ];
        expect(outline(back)).toEqual(outline(p));
        expect(Buffer.compare(encodeWal(back), bytes)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it("tears and flips never lengthen the log, and cost no frame before the damage", () => {
    fc.assert(
      fc.property(parts, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (p, where, mask, tear) => {
        const good = encodeWal(p);
        const at = where % good.length;
        const bad = tear ? good.slice(0, at) : good.slice();
        if (!tear) bad[at] = bad[at]! ^ mask;
        const wal = parseWal(bad);
        const before = at < 32 ? 0 : Math.floor((at - 32) / (p.pageSize + 24));
        expect(wal.valid).toBe(before);
      }),
      { numRuns: 100 },
    );
  });

  it("lists the points between two writes", () => {
    const two = sample({ frames: sample().frames.slice(0, 2) });
    expect(tearPoints(two)).toEqual([0, 32, 56, 568, 592, 1104]);
    expect(encodeWal(two)).toHaveLength(1104);
  });

  it("refuses pages of another size", () => {
    expect(() => encodeWal(sample({ pageSize: 1024 }))).toThrow(/page of 512 bytes, the log of 1024/);
  });
});

describe("places and differences", () => {
  const bytes = encodeWal(sample());

  it("names the place of any byte", () => {
    const at = (offset: number): string => locateInWal(bytes, offset);
    expect(at(0)).toBe('log header, field "magic"');
    expect(at(19)).toBe('log header, field "salt-1"');
    expect(at(31)).toBe('log header, field "checksum-2"');
    expect(at(32)).toBe('frame 1 (page 1), field "page number"');
    expect(at(frameOffset(4, PAGE) + 7)).toBe('frame 4 (page 3), field "database size after commit"');
    expect(at(frameOffset(2, PAGE) + 23)).toBe('frame 2 (page 2), field "checksum-2"');
    expect(at(frameOffset(2, PAGE) + 24)).toMatch(/^frame 2 \(page 2\), page content, byte 0 of 512 \(/);
    expect(locateInWal(bytes.subarray(0, 600), 590)).toContain("which the file cuts off");
  });

  it("explains a difference field by field", () => {
    const other = sample({ salts: [0x01020304, 1] });
    other.frames[1] = { pgno: 7, page: page(2), commit: 8 };
    const lines = walDifferences(encodeWal(other), bytes);
    expect(lines[0]).toMatch(/^log header: salt-2 got 0x00000001, expected 0xfffffff0; checksum-2 got /);
    expect(lines[2]).toMatch(
      /^frame 2 \(page 2\): page number got 7, expected 2; database size after commit got 8, expected 2; salt-2/,
    );
    const flip = walDifferences(flipped(bytes, frameOffset(3, PAGE) + 24 + 10), bytes);
    expect(flip[0]).toBe("frame 3 (page 2): 1 byte(s) of the page differ, from byte 10");
    expect(flip[1]).toMatch(
      /^the log got: 5 frame\(s\), 2 valid, 2 committed \(2 pages\); frame 3 has the checksum/,
    );
    expect(flip[2]).toMatch(/^the log expected: 5 frame\(s\), 5 valid, 4 committed \(3 pages\)/);
  });
});
