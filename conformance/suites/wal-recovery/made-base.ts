/** What scenes are made from, and the ways to change it. */

import type { Random } from "../../core/random.js";
import { parseWal, type Salts } from "../../format/wal.js";
import { encodeWal, type FrameParts, type WalParts, walParts } from "../../format/wal-encode.js";
import { fileOf, type Snapshot, withFiles } from "../recovery/folder.js";
import { DB, WAL } from "./acts.js";

/** What a scene is made from. */
export interface Base {
  files: Snapshot;
  db: Uint8Array;
  log: Uint8Array;
  parts: WalParts;
  /** Another database of the same page size, with its log. */
  other: Snapshot;
  random: Random;
}

/** Makes one scene. */
export type Make = (b: Base) => Snapshot;

/** Scenes by name. */
export type Scenes = Readonly<Record<string, Make>>;

/** The files with another log. */
export const log = (b: Base, bytes: Uint8Array): Snapshot => withFiles(b.files, { [WAL]: bytes });
/** The files with the log encoded anew, some parts changed. */
export const parts = (b: Base, changes: Partial<WalParts>): Snapshot =>
  log(b, encodeWal({ ...b.parts, ...changes }));
/** The files with another database, or none. */
export const db = (b: Base, bytes: Uint8Array | null): Snapshot => withFiles(b.files, { [DB]: bytes });

/** The log with one frame changed; counted from 1, negative from the end. */
export function frame(b: Base, n: number, change: (f: FrameParts) => Partial<FrameParts>): Snapshot {
  const at = n < 0 ? b.parts.frames.length + n : n - 1;
  return parts(b, { frames: b.parts.frames.map((f, i) => (i === at ? { ...f, ...change(f) } : f)) });
}

/** The log with some bytes changed, checksums as they were. */
export function poked(b: Base, at: number, ...values: number[]): Snapshot {
  const bytes = Uint8Array.from(b.log);
  bytes.set(values, at);
  return log(b, bytes);
}

/** The number of a frame in the middle, one of the last commit's. */
export const middle = (b: Base): number => Math.ceil(b.parts.frames.length / 2);

/** The last commit's number. */
export const lastCommit = (b: Base): number => parseWal(b.log).mxFrame;

/** Salts of another generation. */
export const otherSalts = (salts: Salts): Salts => [(salts[0] + 1) >>> 0, (salts[1] ^ 0x5a5a5a5a) >>> 0];

/** Pieces in a row. */
export function joined(...pieces: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}

/** Pages of the database file. */
export function pagesOf(b: Base): number {
  return Math.max(1, Math.floor(b.db.length / b.parts.pageSize));
}

/** The bytes cut, or lengthened by a fill byte. */
export function resized(bytes: Uint8Array, length: number, fill: number): Uint8Array {
  const out = new Uint8Array(length).fill(fill);
  out.set(bytes.subarray(0, length));
  return out;
}

/** Everything that scenes are made from, from a story's end and another's. */
export function baseOf(files: Snapshot, other: Snapshot, random: Random): Base {
  const bytes = fileOf(files, WAL);
  return { files, db: fileOf(files, DB), log: bytes, parts: walParts(bytes), other, random };
}
