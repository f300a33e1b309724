/** Logs whose header, page size, byte order or length is wrong on purpose. */

import { frameOffset, WAL_HEADER, WAL_MAGIC, WAL_VERSION } from "../../format/wal.js";
import { encodeWal } from "../../format/wal-encode.js";
import { type Snapshot, withFiles } from "../recovery/folder.js";
import { WAL } from "./acts.js";
import {
  type Base,
  joined,
  log,
  type Make,
  middle,
  otherSalts,
  parts,
  poked,
  type Scenes,
} from "./made-base.js";

/** A header's first word as it is with the other byte order. */
const swappedMagic = (b: Base): number => WAL_MAGIC + (b.parts.bigEndian ? 0 : 1);

/** Headers. */
export const headerScenes: Scenes = {
  "nothing wrong": (b) => b.files,
  "encoded anew": (b) => parts(b, {}),
  "magic number 0": (b) => parts(b, { magic: 0 }),
  "magic number one too high": (b) => parts(b, { magic: WAL_MAGIC + 2 }),
  "magic number of a rollback journal": (b) => parts(b, { magic: 0xd9d505f9 }),
  "the other order's magic number, nothing else": (b) => poked(b, 3, swappedMagic(b) & 0xff),
  "the other order's magic number, header checksum as the log has it": (b) =>
    parts(b, { magic: swappedMagic(b) }),
  "version one higher": (b) => parts(b, { version: WAL_VERSION + 1 }),
  "version 0": (b) => parts(b, { version: 0 }),
  "version 3006000": (b) => parts(b, { version: 3006000 }),
  "version one higher, wrong checksum": (b) => parts(b, { version: WAL_VERSION + 1, checksum: [1, 2] }),
  "version one higher, no frame": (b) => parts(b, { version: WAL_VERSION + 1, frames: [] }),
  "version one higher, one byte behind": (b) =>
    parts(b, { version: WAL_VERSION + 1, frames: [], tail: Uint8Array.of(0) }),
  "sequence number at its end": (b) => parts(b, { sequence: 0xffffffff }),
  "salts at their end": (b) => parts(b, { salts: [0xffffffff, 0xffffffff] }),
  "salts 0": (b) => parts(b, { salts: [0, 0] }),
  "other salts throughout": (b) => parts(b, { salts: otherSalts(b.parts.salts) }),
  "other salts in the header only, checksum right": (b) =>
    parts(b, {
      salts: otherSalts(b.parts.salts),
      frames: b.parts.frames.map((f) => ({ ...f, salts: b.parts.salts })),
    }),
  "other salts in the header only, nothing else": (b) => poked(b, 17, 0xee),
  "first checksum word wrong": (b) => poked(b, 24, ~(b.log[24] as number)),
  "second checksum word wrong": (b) => poked(b, 31, ~(b.log[31] as number)),
  "checksum words swapped": (b) =>
    log(b, joined(b.log.slice(0, 24), b.log.slice(28, 32), b.log.slice(24, 28), b.log.slice(32))),
  "header zeroed": (b) => log(b, Uint8Array.from(b.log).fill(0, 0, WAL_HEADER)),
  "header of noise": (b) => log(b, joined(b.random.bytes(32), b.log.slice(32))),
  "header in the other byte order": (b) =>
    log(b, joined(Uint8Array.from(b.log.slice(0, 32)).reverse(), b.log.slice(32))),
  "all noise": (b) => log(b, b.random.bytes(b.log.length)),
  "all zeros": (b) => log(b, new Uint8Array(b.log.length)),
  text: (b) => log(b, Uint8Array.from(Buffer.from("this is no log\n".repeat(200)))),
  "the database itself for a log": (b) => log(b, b.db),
};

/** A header that names another page size, its checksum right, the frames as they are. */
function pageSizeScene(pageSize: number): Make {
  return (b) => {
    const header = encodeWal({ ...b.parts, pageSize, frames: [] });
    return log(b, joined(header, b.log.slice(WAL_HEADER)));
  };
}

/**
 * A log of another page size, every frame of it right. With pages smaller than page 1 says, SQLite would
 * use bytes that it has not read: then page 1 must say the same.
 */
function laidOutAnew(factor: number, onPage1: boolean): Make {
  return (b) => {
    const pageSize = Math.min(65536, Math.max(512, b.parts.pageSize * factor));
    const count = Math.max(2, Math.ceil(b.db.length / pageSize));
    const image = new Uint8Array(count * pageSize);
    image.set(b.db.subarray(0, image.length));
    if (onPage1) {
      const view = new DataView(image.buffer);
      view.setUint16(16, pageSize === 65536 ? 1 : pageSize);
      view.setUint32(28, count);
    }
    const frames = Array.from({ length: count }, (_, i) => ({
      pgno: i + 1,
      page: image.slice(i * pageSize, (i + 1) * pageSize),
      ...(i === count - 1 ? { commit: count } : {}),
    }));
    return log(b, encodeWal({ ...b.parts, pageSize, frames }));
  };
}

/** Page sizes in the header. */
export const pageSizeScenes: Scenes = {
  ...Object.fromEntries(
    [0, 1, 256, 511, 513, 768, 512, 1024, 2048, 4096, 32768, 65536, 65537, 131072, 0x80000000].map((n) => [
      `page size ${n} in the header`,
      pageSizeScene(n),
    ]),
  ),
  "pages twice as large": laidOutAnew(2, false),
  "pages twice as large, page 1 says so too": laidOutAnew(2, true),
  "pages of 64 KiB": laidOutAnew(128, false),
  "pages of 64 KiB, page 1 says so too": laidOutAnew(128, true),
  "pages half as large, page 1 says so too": laidOutAnew(0.5, true),
  "pages of 512 bytes, page 1 says so too": laidOutAnew(1 / 128, true),
};

/** Byte orders of the checksums. */
export const orderScenes: Scenes = {
  "all little-endian": (b) => parts(b, { bigEndian: false }),
  "all big-endian": (b) => parts(b, { bigEndian: true }),
  "big-endian, garbage behind": (b) => parts(b, { bigEndian: true, tail: b.random.bytes(5000) }),
  "big-endian header, little-endian frames": (b) =>
    log(b, joined(encodeWal({ ...b.parts, bigEndian: true }).slice(0, 32), encodeWal(b.parts).slice(32))),
  "little-endian header, big-endian frames": (b) =>
    log(b, joined(encodeWal(b.parts).slice(0, 32), encodeWal({ ...b.parts, bigEndian: true }).slice(32))),
  "little-endian magic number on a big-endian log": (b) => parts(b, { bigEndian: true, magic: WAL_MAGIC }),
  "big-endian magic number on a little-endian log": (b) => parts(b, { magic: WAL_MAGIC + 1 }),
  "the order changes in the middle": (b) => {
    const at = frameOffset(middle(b), b.parts.pageSize);
    return log(
      b,
      joined(encodeWal(b.parts).slice(0, at), encodeWal({ ...b.parts, bigEndian: true }).slice(at)),
    );
  },
};

/** Logs of a few bytes. */
export const lengthScenes: Scenes = Object.fromEntries([
  ...Array.from({ length: 34 }, (_, n): [string, Make] => [
    `log of ${n} bytes`,
    (b) => log(b, b.log.slice(0, n)),
  ]),
  ...[1, 31, 32, 33].map((n): [string, Make] => [`log of ${n} zeros`, (b) => log(b, new Uint8Array(n))]),
  ["no log", (b): Snapshot => withFiles(b.files, { [WAL]: null })],
  ["a link to nothing for a log", (b): Snapshot => withFiles(b.files, { [WAL]: { symlink: "no" } })],
  ["a folder for a log", (b): Snapshot => withFiles(b.files, { [WAL]: "folder" })],
]);
