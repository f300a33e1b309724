/**
 * Writes rollback journals from their parts, as the format describes them: for journals that no
 * engine would write, and for genuine ones laid out anew.
 */

import { JOURNAL_MAGIC, parseJournal, recordChecksum } from "./journal.js";

/** One page record. */
export interface RecordParts {
  pgno: number;
  /** The original content: as many bytes as the journal's page size says. */
  page: Uint8Array;
  /** Instead of the right one. */
  checksum?: number;
}

/** A header and its records. */
export interface SegmentParts {
  nonce: number;
  records: RecordParts[];
  /** The count in the header; that of the records unless told. */
  nRec?: number;
  /** Instead of the eight right bytes. */
  magic?: Uint8Array;
}

/** The record that names a super-journal. */
export interface SuperParts {
  /** The name's bytes, without a terminator. */
  name: Uint8Array;
  /** The number of the page with the locking bytes, in a genuine record. */
  pgno: number;
  /** Instead of the name's length. */
  length?: number;
  /** Instead of the right one. */
  checksum?: number;
  /** Instead of the eight right bytes. */
  magic?: Uint8Array;
}

/** A whole journal. */
export interface JournalParts {
  sectorSize: number;
  pageSize: number;
  /** Pages in the database when the transaction began. */
  initialPages: number;
  segments: SegmentParts[];
  superJournal?: SuperParts;
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value >>> 0);
}

/** The number of the page that holds the locking bytes at 0x40000000. */
export function lockPage(pageSize: number): number {
  return Math.floor(0x40000000 / pageSize) + 1;
}

/** The sum of the name's bytes as signed numbers, which is what SQLite stores. */
export function nameChecksum(name: Uint8Array): number {
  let sum = 0;
  for (const b of name) sum = (sum + ((b << 24) >> 24)) >>> 0;
  return sum;
}

/** The super-journal record's bytes. */
export function encodeSuperRecord(parts: SuperParts): Uint8Array {
  const n = parts.name.length;
  const out = new Uint8Array(n + 20);
  put32(out, 0, parts.pgno);
  out.set(parts.name, 4);
  put32(out, 4 + n, parts.length ?? n);
  put32(out, 8 + n, parts.checksum ?? nameChecksum(parts.name));
  out.set(parts.magic ?? JOURNAL_MAGIC, 12 + n);
  return out;
}

/** A header, padded to the sector size. */
export function encodeHeader(journal: JournalParts, segment: SegmentParts): Uint8Array {
  const out = new Uint8Array(Math.max(28, journal.sectorSize));
  out.set(segment.magic ?? JOURNAL_MAGIC);
  put32(out, 8, segment.nRec ?? segment.records.length);
  put32(out, 12, segment.nonce);
  put32(out, 16, journal.initialPages);
  put32(out, 20, journal.sectorSize);
  put32(out, 24, journal.pageSize);
  return out;
}

/** A page record. */
export function encodeRecord(segment: SegmentParts, record: RecordParts): Uint8Array {
  const out = new Uint8Array(record.page.length + 8);
  put32(out, 0, record.pgno);
  out.set(record.page, 4);
  put32(out, 4 + record.page.length, record.checksum ?? recordChecksum(segment.nonce, record.page));
  return out;
}

/** The journal's bytes: each header at the next multiple of the sector size. */
export function encodeJournal(parts: JournalParts): Uint8Array {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const add = (bytes: Uint8Array): void => {
    pieces.push(bytes);
    length += bytes.length;
  };
  for (const segment of parts.segments) {
    const over = length % parts.sectorSize;
    if (over !== 0) add(new Uint8Array(parts.sectorSize - over));
    add(encodeHeader(parts, segment));
    for (const record of segment.records) add(encodeRecord(segment, record));
  }
  if (parts.superJournal !== undefined) add(encodeSuperRecord(parts.superJournal));
  return Uint8Array.from(Buffer.concat(pieces));
}

/** Takes a journal apart into what {@link encodeJournal} accepts; incomplete records are left out. */
export function journalParts(bytes: Uint8Array): JournalParts {
  const journal = parseJournal(bytes);
  const first = journal.segments[0];
  if (first === undefined) throw new Error("there is no journal header");
  return {
    sectorSize: first.sectorSize,
    pageSize: first.pageSize,
    initialPages: first.initialPages,
    segments: journal.segments.map((s) => ({
      nonce: s.nonce,
      ...(s.nRec === 0xffffffff || s.nRec === 0 ? { nRec: s.nRec } : {}),
      records: s.records
        .filter((r) => r.complete)
        .map((r) => ({
          pgno: r.pgno,
          page: Uint8Array.from(bytes.subarray(r.offset + 4, r.offset + 4 + s.pageSize)),
        })),
    })),
  };
}
