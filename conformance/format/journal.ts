/** The rollback journal: segments of a header and page records, and the super-journal record at the end. */

import { type Field, hex, u32 } from "./field.js";

/** The eight bytes that a journal header and a super-journal record carry. */
export const JOURNAL_MAGIC = Uint8Array.of(0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7);

/** One page record. */
export interface JournalRecord {
  offset: number;
  pgno: number;
  /** As stored after the page. */
  checksum: number;
  /** As computed from the segment's nonce and the page; equal in a valid record. */
  computed: number;
  /** False if the file ends within the record. */
  complete: boolean;
}

/** A header and the records that follow it. */
export interface JournalSegment {
  offset: number;
  magicOk: boolean;
  /** As stored: 0 before the first sync, 0xffffffff when syncs are off. */
  nRec: number;
  nonce: number;
  /** Pages in the database when the transaction began. */
  initialPages: number;
  sectorSize: number;
  pageSize: number;
  records: JournalRecord[];
}

/** The record at the end that names the super-journal. */
export interface SuperJournalRecord {
  offset: number;
  /** The page number written before the name: that of the page with the locking bytes. */
  pgno: number;
  name: string;
  length: number;
  checksum: number;
  computed: number;
}

/** A journal taken apart. */
export interface Journal {
  segments: JournalSegment[];
  superJournal: SuperJournalRecord | null;
}

/** Whether the bytes begin as a rollback journal does. */
export function isJournal(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && JOURNAL_MAGIC.every((b, i) => bytes[i] === b);
}

/** The record checksum: the nonce plus every 200th byte of the page, counted from its end. */
export function recordChecksum(nonce: number, page: Uint8Array): number {
  let sum = nonce;
  for (let i = page.length - 200; i > 0; i -= 200) sum = (sum + (page[i] as number)) >>> 0;
  return sum;
}

function validPower(n: number, low: number, high: number): boolean {
  return n >= low && n <= high && (n & (n - 1)) === 0;
}

function readSuperJournal(bytes: Uint8Array): SuperJournalRecord | null {
  const n = bytes.length;
  if (n < 20) return null;
  if (!JOURNAL_MAGIC.every((b, i) => bytes[n - 8 + i] === b)) return null;
  const length = u32(bytes, n - 16);
  const start = n - 16 - length;
  if (length === 0 || start - 4 < 0) return null;
  let computed = 0;
  for (let i = 0; i < length; i++) computed = (computed + (((bytes[start + i] as number) << 24) >> 24)) >>> 0;
  return {
    offset: start - 4,
    pgno: u32(bytes, start - 4),
    name: Buffer.from(bytes.subarray(start, start + length)).toString("utf8"),
    length,
    checksum: u32(bytes, n - 12),
    computed,
  };
}

/** Takes a journal apart as recovery would read it; stops where recovery would stop. */
export function parseJournal(bytes: Uint8Array): Journal {
  const superJournal = readSuperJournal(bytes);
  const end = superJournal?.offset ?? bytes.length;
  const segments: JournalSegment[] = [];
  let offset = 0;
  let sectorSize = 0;
  let pageSize = 0;
  while (offset + 28 <= end) {
    const magicOk = JOURNAL_MAGIC.every((b, i) => bytes[offset + i] === b);
    if (!magicOk && segments.length > 0) break;
    if (segments.length === 0) {
      sectorSize = u32(bytes, offset + 20);
      pageSize = u32(bytes, offset + 24) || 0;
    }
    const segment: JournalSegment = {
      offset,
      magicOk,
      nRec: u32(bytes, offset + 8),
      nonce: u32(bytes, offset + 12),
      initialPages: u32(bytes, offset + 16),
      sectorSize,
      pageSize,
      records: [],
    };
    segments.push(segment);
    if (!validPower(sectorSize, 32, 65536) || !validPower(pageSize, 512, 65536)) break;
    const first = offset + sectorSize;
    const size = pageSize + 8;
    const fit = Math.max(0, Math.ceil((end - first) / size));
    const count = segment.nRec === 0xffffffff || segment.nRec === 0 ? fit : Math.min(segment.nRec, fit);
    for (let i = 0; i < count; i++) {
      const at = first + i * size;
      const page = bytes.subarray(at + 4, at + 4 + pageSize);
      const complete = at + size <= bytes.length;
      segment.records.push({
        offset: at,
        pgno: u32(bytes, at),
        checksum: complete ? u32(bytes, at + 4 + pageSize) : 0,
        computed: recordChecksum(segment.nonce, page),
        complete,
      });
    }
    if (segment.nRec === 0xffffffff || segment.nRec === 0) break;
    /* The next header stands at the next multiple of the sector size. */
    const after = first + count * size;
    offset = Math.ceil(after / sectorSize) * sectorSize;
  }
  return { segments, superJournal };
}

/** The fields of one segment's header. */
export function journalHeaderFields(bytes: Uint8Array, s: JournalSegment): Field[] {
  const field = (at: number, size: number, name: string, value: string): Field => ({
    offset: s.offset + at,
    size,
    name,
    value,
  });
  return [
    field(0, 8, "magic", `${hex(bytes.subarray(s.offset, s.offset + 8))}${s.magicOk ? "" : " (wrong)"}`),
    field(
      8,
      4,
      "record count",
      s.nRec === 0xffffffff ? "0xffffffff (as many as the file holds)" : String(s.nRec),
    ),
    field(12, 4, "nonce", `0x${s.nonce.toString(16).padStart(8, "0")}`),
    field(16, 4, "database pages at start", String(s.initialPages)),
    field(20, 4, "sector size", String(s.sectorSize)),
    field(24, 4, "page size", String(s.pageSize)),
    field(28, Math.max(0, s.sectorSize - 28), "padding", "to the end of the sector"),
  ];
}

/** What recovery thinks of one record. */
export function recordVerdict(r: JournalRecord): string {
  if (!r.complete) return "incomplete";
  if (r.pgno === 0) return "page number 0: playback stops here";
  return r.checksum === r.computed
    ? "checksum ok"
    : `checksum wrong (0x${r.checksum.toString(16)}, computed 0x${r.computed.toString(16)})`;
}

/** Names the place of byte `offset` in a journal. */
export function locateInJournal(bytes: Uint8Array, offset: number): string {
  const journal = parseJournal(bytes);
  const sup = journal.superJournal;
  if (sup !== null && offset >= sup.offset) {
    const at = offset - sup.offset;
    const part =
      at < 4
        ? "page number"
        : at < 4 + sup.length
          ? "name"
          : at < 8 + sup.length
            ? "name length"
            : at < 12 + sup.length
              ? "name checksum"
              : "magic";
    return `super-journal record, ${part}`;
  }
  for (let i = journal.segments.length - 1; i >= 0; i--) {
    const s = journal.segments[i] as JournalSegment;
    if (offset < s.offset) continue;
    if (offset < s.offset + Math.max(28, s.sectorSize)) {
      const f = journalHeaderFields(bytes, s).find((x) => offset >= x.offset && offset < x.offset + x.size);
      return `journal header ${i + 1} (at byte ${s.offset}), field "${f?.name ?? "?"}"`;
    }
    const k = s.records.findIndex((r) => offset >= r.offset && offset < r.offset + s.pageSize + 8);
    const r = s.records[k];
    if (r !== undefined) {
      const at = offset - r.offset;
      const part = at < 4 ? "page number" : at < 4 + s.pageSize ? `page content, byte ${at - 4}` : "checksum";
      return `segment ${i + 1}, record ${k + 1} (page ${r.pgno}), ${part}`;
    }
    return `segment ${i + 1}, after its records (byte ${offset})`;
  }
  return `byte ${offset}`;
}
