/**
 * The wal-index, a -shm file: the header twice, what checkpoints and readers leave there, and after that
 * page numbers and hash tables (shm-hash.ts). It is shared memory in the byte order of its machine.
 */

import { u32 } from "./field.js";
import type { Salts } from "./wal.js";
import { type Checksum, NO_CHECKSUM, sameChecksum, walChecksum } from "./wal-checksum.js";

/** The only version there is. */
export const SHM_VERSION = 3007000;
/** Bytes of one copy of the header. */
export const SHM_COPY = 48;
/** Bytes before the first page number. */
export const SHM_HEADER = 136;
/** Bytes of a region: what is mapped at a time. */
export const SHM_REGION = 32768;
/** The value of a read mark that nobody uses. */
export const READMARK_NOT_USED = 0xffffffff;
/** Read marks. */
export const READERS = 5;

/** One copy of the header. */
export interface ShmCopy {
  version: number;
  unused: number;
  /** Changes with every transaction. */
  change: number;
  isInit: number;
  /** Whether the checksums of the log read big-endian words. */
  bigEndianLog: number;
  /** The page size as stored: 1 means 65536. */
  rawPageSize: number;
  pageSize: number;
  mxFrame: number;
  /** Pages in the database. */
  nPage: number;
  /** The checksum of frame `mxFrame`: what the next frame's goes on from. */
  frameChecksum: Checksum;
  salts: Salts;
  checksum: Checksum;
  computed: Checksum;
  checksumOk: boolean;
}

/** A wal-index taken apart, hash tables left out. */
export interface Shm {
  /** The byte order of the machine that wrote it. */
  bigEndian: boolean;
  /** Both copies of the header; null if the file is too short for them. */
  copies: [ShmCopy, ShmCopy] | null;
  /** Whether the two are equal byte for byte. */
  agree: boolean;
  /** Whether a connection would use it as it is: equal copies, initialised, checksum and version right. */
  usable: boolean;
  /** A sentence: what a connection would make of it. */
  verdict: string;
  nBackfill: number;
  nBackfillAttempted: number;
  /** The four bytes before the first page number. */
  unused: number;
  /** READERS numbers; {@link READMARK_NOT_USED} where nobody has set one. */
  readMarks: number[];
  /** The eight bytes that are locked, and never written. */
  lockBytes: number[];
  /** Whole regions of 32 KiB in the file. */
  regions: number;
}

/** The byte order of a wal-index: that in which the version makes sense, else that of most machines. */
export function shmBigEndian(bytes: Uint8Array): boolean {
  return [0, SHM_COPY].some((at) => bytes.length >= at + 4 && u32(bytes, at) === SHM_VERSION);
}

/** Whether the bytes look like a wal-index. */
export function isShm(bytes: Uint8Array): boolean {
  if (bytes.length < SHM_HEADER) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [0, SHM_COPY].every((at) => [true, false].some((o) => view.getUint32(at, o) === SHM_VERSION));
}

function decodeCopy(bytes: Uint8Array, at: number, bigEndian: boolean): ShmCopy {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const n = (offset: number): number => view.getUint32(at + offset, !bigEndian);
  const raw = view.getUint16(at + 14, !bigEndian);
  const checksum: Checksum = [n(40), n(44)];
  const computed = walChecksum(bytes, at, 40, NO_CHECKSUM, bigEndian);
  return {
    version: n(0),
    unused: n(4),
    change: n(8),
    isInit: bytes[at + 12]!,
    bigEndianLog: bytes[at + 13]!,
    rawPageSize: raw,
    pageSize: (raw & 0xfe00) + ((raw & 1) << 16),
    mxFrame: n(16),
    nPage: n(20),
    frameChecksum: [n(24), n(28)],
    /* Salts are copied from the log as bytes, whatever the machine. */
    salts: [u32(bytes, at + 32), u32(bytes, at + 36)],
    checksum,
    computed,
    checksumOk: sameChecksum(checksum, computed),
  };
}

function judge(bytes: Uint8Array, copies: readonly [ShmCopy, ShmCopy] | null, agree: boolean): string | null {
  if (bytes.length === 0) return "the file is empty: the first connection makes it anew from the log";
  if (copies === null) {
    return bytes.length === 3
      ? "3 bytes: the first connection has cut it to that and not yet written a header"
      : `${bytes.length} bytes, fewer than the ${SHM_HEADER} of the header`;
  }
  if (!agree) return "the two copies of the header differ: a write was under way or broke off";
  const [h] = copies;
  if (h.isInit === 0) return "the header is not initialised: the next connection recovers it from the log";
  if (!h.checksumOk) return "the header's checksum is wrong: the next connection recovers it from the log";
  if (h.version !== SHM_VERSION) return `version ${h.version} is not ${SHM_VERSION}: SQLite refuses to read`;
  return null;
}

/** Takes a wal-index apart. Never throws: whatever the bytes are, the verdict says what is wrong. */
export function parseShm(bytes: Uint8Array): Shm {
  const bigEndian = shmBigEndian(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const n = (at: number): number => (at + 4 <= bytes.length ? view.getUint32(at, !bigEndian) : 0);
  const copies: Shm["copies"] =
    bytes.length < SHM_HEADER
      ? null
      : [decodeCopy(bytes, 0, bigEndian), decodeCopy(bytes, SHM_COPY, bigEndian)];
  const agree =
    copies !== null && Buffer.compare(bytes.subarray(0, SHM_COPY), bytes.subarray(SHM_COPY, 96)) === 0;
  const wrong = judge(bytes, copies, agree);
  return {
    bigEndian,
    copies,
    agree,
    usable: wrong === null,
    verdict: wrong ?? "both copies of the header agree and their checksum is right",
    nBackfill: n(96),
    nBackfillAttempted: n(128),
    unused: n(132),
    readMarks: copies === null ? [] : Array.from({ length: READERS }, (_, i) => n(100 + 4 * i)),
    lockBytes: [...bytes.subarray(120, 128)],
    regions: Math.floor(bytes.length / SHM_REGION),
  };
}
