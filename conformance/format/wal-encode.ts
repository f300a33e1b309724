/**
 * Writes write-ahead logs from their parts, as the format describes them: for logs that no engine would
 * write, and for genuine ones laid out anew.
 */

import {
  FRAME_HEADER,
  frameOffset,
  framePage,
  parseWal,
  type Salts,
  WAL_HEADER,
  WAL_MAGIC,
  WAL_VERSION,
} from "./wal.js";
import { type Checksum, NO_CHECKSUM, walChecksum } from "./wal-checksum.js";

/** One frame. */
export interface FrameParts {
  pgno: number;
  /** As many bytes as the log's page size says. */
  page: Uint8Array;
  /** Pages in the database, in a frame that commits. */
  commit?: number;
  /** Instead of the header's. */
  salts?: Salts;
  /** Instead of the right one; the frames behind go on from the right one. */
  checksum?: Checksum;
}

/** A whole log. */
export interface WalParts {
  pageSize: number;
  salts: Salts;
  /** Whether checksums read big-endian words; the magic number says so too. */
  bigEndian?: boolean;
  /** Checkpoint sequence number; 0 unless told. */
  sequence?: number;
  frames: FrameParts[];
  /** Instead of the one that goes with the byte order. */
  magic?: number;
  /** Instead of 3007000. */
  version?: number;
  /** Instead of the header's right one; frames go on from the right one. */
  checksum?: Checksum;
  /** Bytes after the last frame. */
  tail?: Uint8Array;
}

function put32(bytes: Uint8Array, at: number, ...values: number[]): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (const [i, v] of values.entries()) view.setUint32(at + 4 * i, v >>> 0);
}

/** The log's bytes. */
export function encodeWal(parts: WalParts): Uint8Array {
  const { pageSize, frames } = parts;
  const bigEndian = parts.bigEndian ?? false;
  const end = frameOffset(frames.length + 1, pageSize);
  const tail = parts.tail ?? new Uint8Array(0);
  const out = new Uint8Array(end + tail.length);
  put32(out, 0, parts.magic ?? WAL_MAGIC + (bigEndian ? 1 : 0), parts.version ?? WAL_VERSION, pageSize);
  put32(out, 12, parts.sequence ?? 0, ...parts.salts);
  let sum = walChecksum(out, 0, 24, NO_CHECKSUM, bigEndian);
  put32(out, 24, ...(parts.checksum ?? sum));
  for (const [i, f] of frames.entries()) {
    if (f.page.length !== pageSize) {
      throw new RangeError(`frame ${i + 1} has a page of ${f.page.length} bytes, the log of ${pageSize}`);
    }
    const at = frameOffset(i + 1, pageSize);
    put32(out, at, f.pgno, f.commit ?? 0, ...(f.salts ?? parts.salts));
    out.set(f.page, at + FRAME_HEADER);
    sum = walChecksum(out, at, 8, sum, bigEndian);
    sum = walChecksum(out, at + FRAME_HEADER, pageSize, sum, bigEndian);
    put32(out, at + 16, ...(f.checksum ?? sum));
  }
  out.set(tail, end);
  return out;
}

/**
 * Takes the valid frames of a log apart into what {@link encodeWal} accepts. Encoded again, they are the
 * same bytes; with other salts or the other byte order, a log that says the same.
 *
 * @throws Error if the log has no valid header
 */
export function walParts(bytes: Uint8Array): WalParts {
  const wal = parseWal(bytes);
  const header = wal.header;
  if (header === null || !header.checksumOk || !header.pageSizeOk) throw new Error(`no log: ${wal.end.text}`);
  return {
    pageSize: header.pageSize,
    salts: header.salts,
    bigEndian: header.bigEndian,
    sequence: header.sequence,
    frames: wal.frames.slice(0, wal.valid).map((f) => ({
      pgno: f.pgno,
      page: framePage(bytes, wal, f.frame).slice(),
      ...(f.commit === 0 ? {} : { commit: f.commit }),
    })),
  };
}

/** The offsets at which a log may be torn between two writes: behind the header, before and after each page. */
export function tearPoints(parts: WalParts): number[] {
  const points = [0, WAL_HEADER];
  for (const i of parts.frames.keys()) {
    points.push(frameOffset(i + 1, parts.pageSize) + FRAME_HEADER, frameOffset(i + 2, parts.pageSize));
  }
  return points;
}
