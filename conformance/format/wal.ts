/**
 * The write-ahead log: a header, then frames of one page each. Decides as recovery does where the valid
 * log ends, and names the reason; frames behind the end are decoded all the same.
 */

import { u32 } from "./field.js";
import { type Checksum, NO_CHECKSUM, sameChecksum, walChecksum, words } from "./wal-checksum.js";

/** The magic number of a log whose checksums read little-endian words; with the lowest bit set, big-endian ones. */
export const WAL_MAGIC = 0x377f0682;
/** The only version of the format there is. */
export const WAL_VERSION = 3007000;
/** Bytes of the header. */
export const WAL_HEADER = 32;
/** Bytes before the page in each frame. */
export const FRAME_HEADER = 24;

/** The two numbers that tell this generation of the log from earlier ones. */
export type Salts = readonly [number, number];

/** The first 32 bytes. */
export interface WalHeader {
  magic: number;
  magicOk: boolean;
  /** What the magic says about the words that checksums read. */
  bigEndian: boolean;
  version: number;
  pageSize: number;
  pageSizeOk: boolean;
  /** Checkpoint sequence number. */
  sequence: number;
  salts: Salts;
  /** As stored. */
  checksum: Checksum;
  /** As computed in either byte order; the one that the magic names counts. */
  computed: { little: Checksum; big: Checksum };
  checksumOk: boolean;
}

/** One frame. */
export interface WalFrame {
  /** Counted from 1. */
  frame: number;
  offset: number;
  pgno: number;
  /** Pages in the database after this commit, or 0 in a frame that ends no transaction. */
  commit: number;
  salts: Salts;
  saltsOk: boolean;
  /** As stored. */
  checksum: Checksum;
  /** As computed over the header and every frame up to this one. */
  computed: Checksum;
  checksumOk: boolean;
  /** Whether the stored checksum goes on from the one stored in the frame (or header) before. */
  linked: boolean;
  /** Part of the valid log, as recovery sees it. */
  valid: boolean;
  /** Valid, and at or before the last valid commit. */
  committed: boolean;
}

/** Why the valid log ends. */
export type WalEndReason =
  | "empty"
  | "short header"
  | "magic"
  | "page size"
  | "header checksum"
  | "version"
  | "salt"
  | "page number 0"
  | "checksum"
  | "torn"
  | "end of file";

/** Where the valid log ends and why. */
export interface WalEnd {
  /** The first byte that is not part of it. */
  offset: number;
  reason: WalEndReason;
  /** A sentence. */
  text: string;
}

/** A log taken apart. */
export interface Wal {
  /** Null if the file is too short to have one. */
  header: WalHeader | null;
  /** All whole frames that the file has room for, valid or not; none if the page size makes no sense. */
  frames: WalFrame[];
  /** How many frames, from the first, are valid. */
  valid: number;
  /** The last committed frame, 0 if there is none: what recovery puts into the wal-index. */
  mxFrame: number;
  /** Pages in the database at the last commit, 0 if there is none. */
  nPage: number;
  /** Bytes after the last whole frame. */
  tail: number;
  end: WalEnd;
}

/** Whether the bytes begin as a log does. */
export function isWal(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && (u32(bytes, 0) & ~1) >>> 0 === WAL_MAGIC;
}

/** Where a frame begins. */
export function frameOffset(frame: number, pageSize: number): number {
  return WAL_HEADER + (frame - 1) * (pageSize + FRAME_HEADER);
}

function pairAt(bytes: Uint8Array, at: number): [number, number] {
  return [u32(bytes, at), u32(bytes, at + 4)];
}

function decodeHeader(bytes: Uint8Array): WalHeader {
  const magic = u32(bytes, 0);
  const pageSize = u32(bytes, 8);
  const bigEndian = (magic & 1) === 1;
  const checksum = pairAt(bytes, 24);
  const computed = {
    little: walChecksum(bytes, 0, 24, NO_CHECKSUM, false),
    big: walChecksum(bytes, 0, 24, NO_CHECKSUM, true),
  };
  return {
    magic,
    magicOk: (magic & ~1) >>> 0 === WAL_MAGIC,
    bigEndian,
    version: u32(bytes, 4),
    pageSize,
    pageSizeOk: pageSize >= 512 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0,
    sequence: u32(bytes, 12),
    salts: pairAt(bytes, 16),
    checksum,
    computed,
    checksumOk: sameChecksum(checksum, bigEndian ? computed.big : computed.little),
  };
}

function decodeFrames(bytes: Uint8Array, header: WalHeader): WalFrame[] {
  const frames: WalFrame[] = [];
  const size = header.pageSize + FRAME_HEADER;
  let running: Checksum = header.bigEndian ? header.computed.big : header.computed.little;
  let stored = header.checksum;
  const extend = (at: number, before: Checksum): Checksum => {
    const half = walChecksum(bytes, at, 8, before, header.bigEndian);
    return walChecksum(bytes, at + FRAME_HEADER, header.pageSize, half, header.bigEndian);
  };
  for (let at = WAL_HEADER; at + size <= bytes.length; at += size) {
    const computed = extend(at, running);
    const link = sameChecksum(stored, running) ? computed : extend(at, stored);
    const salts = pairAt(bytes, at + 8);
    const checksum = pairAt(bytes, at + 16);
    frames.push({
      frame: frames.length + 1,
      offset: at,
      pgno: u32(bytes, at),
      commit: u32(bytes, at + 4),
      salts,
      saltsOk: salts[0] === header.salts[0] && salts[1] === header.salts[1],
      checksum,
      computed,
      checksumOk: sameChecksum(checksum, computed),
      linked: sameChecksum(checksum, link),
      valid: false,
      committed: false,
    });
    running = computed;
    stored = checksum;
  }
  return frames;
}

function headerEnd(bytes: Uint8Array, header: WalHeader | null): WalEnd | null {
  const end = (reason: WalEndReason, text: string): WalEnd => ({ offset: 0, reason, text });
  if (bytes.length === 0) return end("empty", "the file is empty: there is no log");
  if (header === null) {
    return end("short header", `the file has ${bytes.length} bytes, fewer than the 32 of a header`);
  }
  if (!header.magicOk) {
    return end("magic", `the magic number is 0x${header.magic.toString(16)}: the whole file is ignored`);
  }
  if (!header.pageSizeOk) {
    return end("page size", `${header.pageSize} is no page size: the whole file is ignored`);
  }
  if (!header.checksumOk) {
    const other = header.bigEndian ? header.computed.little : header.computed.big;
    const hint = sameChecksum(header.checksum, other)
      ? ` (it would be right with ${header.bigEndian ? "little" : "big"}-endian words, which the magic number denies)`
      : "";
    return end("header checksum", `the header's checksum is wrong${hint}: the whole file is ignored`);
  }
  /* Recovery does not even read the header of a log without a byte behind it. */
  if (header.version !== WAL_VERSION && bytes.length > WAL_HEADER) {
    return end(
      "version",
      `version ${header.version} is not ${WAL_VERSION}: SQLite refuses to open the database`,
    );
  }
  return null;
}

function badFrame(f: WalFrame, header: WalHeader): WalEnd | null {
  const end = (reason: WalEndReason, text: string): WalEnd => ({ offset: f.offset, reason, text });
  if (!f.saltsOk) {
    const what =
      f.salts[0] === 0 && f.salts[1] === 0
        ? "no salts, as a frame has whose checksum was left for later"
        : `the salts ${words(f.salts)}, the header ${words(header.salts)}`;
    return end("salt", `frame ${f.frame} has ${what}: it is not of this generation`);
  }
  if (f.pgno === 0) return end("page number 0", `frame ${f.frame} names page 0, which there is not`);
  if (!f.checksumOk) {
    const stored = `frame ${f.frame} has the checksum ${words(f.checksum)}, computed ${words(f.computed)}`;
    return end("checksum", stored);
  }
  return null;
}

/** Takes a log apart. Never throws: whatever the bytes are, the result says what is wrong with them. */
export function parseWal(bytes: Uint8Array): Wal {
  const header = bytes.length >= WAL_HEADER ? decodeHeader(bytes) : null;
  const frames = header?.pageSizeOk ? decodeFrames(bytes, header) : [];
  const last = frames.at(-1);
  const whole =
    header === null ? 0 : last === undefined ? WAL_HEADER : frameOffset(last.frame + 1, header.pageSize);
  const wal: Wal = {
    header,
    frames,
    valid: 0,
    mxFrame: 0,
    nPage: 0,
    tail: bytes.length - whole,
    end: headerEnd(bytes, header) ?? { offset: whole, reason: "end of file", text: "" },
  };
  if (header === null || wal.end.reason !== "end of file") return wal;
  for (const f of frames) {
    const bad = badFrame(f, header);
    if (bad !== null) {
      wal.end = bad;
      break;
    }
    f.valid = true;
    wal.valid = f.frame;
    if (f.commit !== 0) {
      wal.mxFrame = f.frame;
      wal.nPage = f.commit;
    }
  }
  for (const f of frames.slice(0, wal.mxFrame)) f.committed = true;
  if (wal.end.reason !== "end of file") return wal;
  wal.end =
    wal.tail > 0
      ? {
          offset: whole,
          reason: "torn",
          text: `${wal.tail} bytes follow the last whole frame, and a frame has ${header.pageSize + FRAME_HEADER}`,
        }
      : {
          offset: whole,
          reason: "end of file",
          text: frames.length === 0 ? "there is no frame" : `the file ends with frame ${frames.length}`,
        };
  return wal;
}

/** The valid frames that end a transaction. */
export function walCommits(wal: Wal): WalFrame[] {
  return wal.frames.filter((f) => f.committed && f.commit !== 0);
}

/** Where a reader of some snapshot finds a page. */
export type Served = { from: "frame"; frame: number } | { from: "database" } | { from: "nowhere" };

/**
 * Which frame serves a page to a reader whose snapshot ends with frame `mxFrame`: the last one of the
 * page up to there. "nowhere" is a page beyond the end of the database at that commit.
 *
 * @param mxFrame a commit of the log, or 0 for a reader that ignores the log
 */
export function servedBy(wal: Wal, pgno: number, mxFrame: number): Served {
  const last = wal.frames[mxFrame - 1];
  if (last !== undefined && pgno > last.commit) return { from: "nowhere" };
  for (let i = mxFrame; i > 0; i--) {
    if (wal.frames[i - 1]?.pgno === pgno) return { from: "frame", frame: i };
  }
  return { from: "database" };
}

/** The page that a frame holds. */
export function framePage(bytes: Uint8Array, wal: Wal, frame: number): Uint8Array {
  const f = wal.frames[frame - 1];
  if (f === undefined || wal.header === null) throw new RangeError(`the log has no frame ${frame}`);
  const at = f.offset + FRAME_HEADER;
  return bytes.subarray(at, at + wal.header.pageSize);
}

/** The database as a checkpoint of the frames up to `mxFrame`, a commit, would leave it. */
export function databaseAt(database: Uint8Array, bytes: Uint8Array, wal: Wal, mxFrame: number): Uint8Array {
  const last = wal.frames[mxFrame - 1];
  if (mxFrame === 0 || last === undefined || wal.header === null) return database.slice();
  const { pageSize } = wal.header;
  const image = new Uint8Array(last.commit * pageSize);
  image.set(database.subarray(0, image.length));
  for (const f of wal.frames.slice(0, mxFrame)) {
    if (f.pgno > 0 && f.pgno <= last.commit) {
      image.set(framePage(bytes, wal, f.frame), (f.pgno - 1) * pageSize);
    }
  }
  return image;
}
