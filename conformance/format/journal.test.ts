import { describe, expect, it } from "vitest";
import {
  isJournal,
  JOURNAL_MAGIC,
  locateInJournal,
  parseJournal,
  recordChecksum,
  recordVerdict,
} from "./journal.js";

/** Writes a big-endian u32. */
function put(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer).setUint32(at, value);
}

const PAGE = 512;
const SECTOR = 512;

/** A journal by hand: two segments of one record each, then a super-journal record. */
function sample(): Uint8Array {
  const name = Buffer.from("/tmp/é.db-mj0", "utf8");
  const record = PAGE + 8;
  const second = 2 * SECTOR + SECTOR; /* 512 + 520 rounded up to a sector */
  const tail = second + SECTOR + record;
  const bytes = new Uint8Array(tail + 4 + name.length + 16);
  for (const [at, pgno, nonce] of [
    [0, 3, 1000],
    [second, 7, 0xfffffff0],
  ] as const) {
    bytes.set(JOURNAL_MAGIC, at);
    put(bytes, at + 8, 1);
    put(bytes, at + 12, nonce);
    put(bytes, at + 16, 9);
    put(bytes, at + 20, SECTOR);
    put(bytes, at + 24, PAGE);
    const page = new Uint8Array(PAGE).map((_, i) => (i * 31 + pgno) & 0xff);
    put(bytes, at + SECTOR, pgno);
    bytes.set(page, at + SECTOR + 4);
    /* Every 200th byte from the end: offsets 312 and 112 of a 512-byte page. */
    put(bytes, at + SECTOR + 4 + PAGE, (nonce + (page[312] as number) + (page[112] as number)) >>> 0);
  }
  put(bytes, tail, 2097153);
  bytes.set(name, tail + 4);
  put(bytes, tail + 4 + name.length, name.length);
  let sum = 0;
  for (const c of name) sum = (sum + ((c << 24) >> 24)) >>> 0;
  put(bytes, tail + 8 + name.length, sum);
  bytes.set(JOURNAL_MAGIC, tail + 12 + name.length);
  return bytes;
}

describe("journal decoder", () => {
  it("reads segments, records and the super-journal record", () => {
    const bytes = sample();
    expect(isJournal(bytes)).toBe(true);
    const j = parseJournal(bytes);
    expect(j.segments.map((s) => [s.offset, s.nRec, s.nonce, s.initialPages])).toEqual([
      [0, 1, 1000, 9],
      [1536, 1, 0xfffffff0, 9],
    ]);
    expect(j.segments.map((s) => s.records.map((r) => [r.pgno, recordVerdict(r)]))).toEqual([
      [[3, "checksum ok"]],
      [[7, "checksum ok"]],
    ]);
    expect(j.superJournal).toMatchObject({ pgno: 2097153, name: "/tmp/é.db-mj0" });
    expect(j.superJournal?.checksum).toBe(j.superJournal?.computed);
  });

  it("sees a flipped byte that the checksum covers, and only such a one", () => {
    const bytes = sample();
    bytes[SECTOR + 4 + 312] = (bytes[SECTOR + 4 + 312] as number) ^ 1;
    expect(recordVerdict(parseJournal(bytes).segments[0]!.records[0]!)).toMatch(/^checksum wrong/);
    const other = sample();
    other[SECTOR + 4 + 313] = (other[SECTOR + 4 + 313] as number) ^ 1;
    expect(recordVerdict(parseJournal(other).segments[0]!.records[0]!)).toBe("checksum ok");
  });

  it("wraps the checksum at 32 bits", () => {
    expect(recordChecksum(0xffffffff, new Uint8Array(512).fill(1))).toBe(1);
  });

  it("reports a record that the file cuts off", () => {
    const bytes = sample().slice(0, SECTOR + 100);
    expect(recordVerdict(parseJournal(bytes).segments[0]!.records[0]!)).toBe("incomplete");
  });

  it("names the place of any byte", () => {
    const bytes = sample();
    const at = (offset: number): string => locateInJournal(bytes, offset);
    expect(at(9)).toBe('journal header 1 (at byte 0), field "record count"');
    expect(at(13)).toBe('journal header 1 (at byte 0), field "nonce"');
    expect(at(100)).toBe('journal header 1 (at byte 0), field "padding"');
    expect(at(SECTOR)).toBe("segment 1, record 1 (page 3), page number");
    expect(at(SECTOR + 4 + 17)).toBe("segment 1, record 1 (page 3), page content, byte 17");
    expect(at(SECTOR + 4 + PAGE)).toBe("segment 1, record 1 (page 3), checksum");
    expect(at(1536 + 24)).toBe('journal header 2 (at byte 1536), field "page size"');
    expect(at(1100)).toBe("segment 1, after its records (byte 1100)");
    const tail = 1536 + SECTOR + PAGE + 8;
    expect(at(tail)).toBe("super-journal record, page number");
    expect(at(tail + 5)).toBe("super-journal record, name");
    expect(at(bytes.length - 1)).toBe("super-journal record, magic");
  });
});
