/** Logs with frames that are wrong on purpose, and with something behind the last commit. */

import { FRAME_HEADER, frameOffset, WAL_HEADER } from "../../format/wal.js";
import { encodeWal, type FrameParts, type WalParts } from "../../format/wal-encode.js";
import {
  type Base,
  frame,
  joined,
  lastCommit,
  log,
  middle,
  otherSalts,
  pagesOf,
  parts,
  poked,
  type Scenes,
} from "./made-base.js";

/** Frames. */
export const frameScenes: Scenes = {
  "first salt of a frame wrong": (b) =>
    frame(b, middle(b), () => ({ salts: [(b.parts.salts[0] ^ 1) >>> 0, b.parts.salts[1]] })),
  "second salt of a frame wrong": (b) =>
    frame(b, middle(b), () => ({ salts: [b.parts.salts[0], (b.parts.salts[1] ^ 1) >>> 0] })),
  "salts of a frame swapped": (b) =>
    frame(b, middle(b), () => ({ salts: [b.parts.salts[1], b.parts.salts[0]] })),
  "salts of the first frame wrong": (b) => frame(b, 1, () => ({ salts: otherSalts(b.parts.salts) })),
  "salts of the last commit wrong": (b) =>
    frame(b, lastCommit(b), () => ({ salts: otherSalts(b.parts.salts) })),
  "salts 0 in a frame": (b) => frame(b, middle(b), () => ({ salts: [0, 0] })),
  "frame checksum wrong": (b) => frame(b, middle(b), () => ({ checksum: [1, 2] })),
  "frame checksum wrong in its last bit": (b) =>
    poked(b, frameOffset(middle(b), b.parts.pageSize) + 23, 1 ^ checksumByte(b, middle(b), 23)),
  "frame checksum wrong in its first word": (b) =>
    poked(b, frameOffset(middle(b), b.parts.pageSize) + 16, 1 ^ checksumByte(b, middle(b), 16)),
  "checksum of the last commit wrong": (b) => frame(b, lastCommit(b), () => ({ checksum: [0, 0] })),
  "first frame's checksum wrong": (b) => frame(b, 1, () => ({ checksum: [0, 0] })),
  "one bit of a page changed": (b) => {
    const at = frameOffset(middle(b), b.parts.pageSize) + FRAME_HEADER + 100;
    return poked(b, at, (b.log[at] as number) ^ 4);
  },
  "page number changed": (b) => poked(b, frameOffset(middle(b), b.parts.pageSize) + 3, 77),
  "commit mark changed": (b) => poked(b, frameOffset(lastCommit(b), b.parts.pageSize) + 7, 1),
  "page number 0": (b) => frame(b, middle(b), () => ({ pgno: 0 })),
  "page number 0 in the first frame": (b) => frame(b, 1, () => ({ pgno: 0 })),
  "page number far behind the end": (b) => frame(b, middle(b), () => ({ pgno: 5000 })),
  "page number 2^31": (b) => frame(b, middle(b), () => ({ pgno: 0x80000000 })),
  "page number 2^32-1": (b) => frame(b, middle(b), () => ({ pgno: 0xffffffff })),
  "page number 2^32-1 in the last frame": (b) => frame(b, -1, () => ({ pgno: 0xffffffff })),
  "a commit in the middle": (b) => frame(b, middle(b), (f) => ({ commit: f.commit ?? pagesOf(b) })),
  "every frame a commit": (b) =>
    parts(b, { frames: b.parts.frames.map((f) => ({ ...f, commit: f.commit ?? pagesOf(b) })) }),
  "no commit at all": (b) => parts(b, { frames: b.parts.frames.map(({ pgno, page }) => ({ pgno, page })) }),
  "the last commit is none": (b) => frame(b, lastCommit(b), () => ({ commit: 0 })),
  "the first commit is none": (b) =>
    frame(b, b.parts.frames.findIndex((f) => f.commit !== undefined) + 1, () => ({ commit: 0 })),
  "the last commit says one page": (b) => frame(b, lastCommit(b), () => ({ commit: 1 })),
  "the last commit says one page fewer": (b) =>
    frame(b, lastCommit(b), (f) => ({ commit: (f.commit ?? 2) - 1 })),
  "the last commit says one page more": (b) =>
    frame(b, lastCommit(b), (f) => ({ commit: (f.commit ?? 2) + 1 })),
  "the last commit says a hundred pages more": (b) =>
    frame(b, lastCommit(b), (f) => ({ commit: (f.commit ?? 2) + 100 })),
  "two frames changed places": (b) => {
    const frames = [...b.parts.frames];
    const at = middle(b);
    const [x, y] = [frames[at - 1] as FrameParts, frames[at] as FrameParts];
    frames.splice(at - 1, 2, y, x);
    return parts(b, { frames });
  },
  "a frame twice": (b) => {
    const frames = [...b.parts.frames];
    frames.splice(middle(b), 0, frames[middle(b) - 1] as FrameParts);
    return parts(b, { frames });
  },
  "a frame missing": (b) => {
    const [from, to] = [
      frameOffset(middle(b), b.parts.pageSize),
      frameOffset(middle(b) + 1, b.parts.pageSize),
    ];
    return log(b, joined(b.log.slice(0, from), b.log.slice(to)));
  },
  "one frame only": (b) => parts(b, { frames: b.parts.frames.slice(0, 1) }),
  "one frame only, a commit": (b) =>
    parts(b, { frames: b.parts.frames.slice(0, 1).map((f) => ({ ...f, commit: pagesOf(b) })) }),
};

function checksumByte(b: Base, n: number, at: number): number {
  return b.log[frameOffset(n, b.parts.pageSize) + at] as number;
}

/** The committed part of the log. */
function committed(b: Base): WalParts {
  return { ...b.parts, frames: b.parts.frames.slice(0, lastCommit(b)) };
}

/** What stands behind the last commit. */
export const tailScenes: Scenes = {
  nothing: (b) => log(b, encodeWal(committed(b))),
  "one byte": (b) => log(b, encodeWal({ ...committed(b), tail: Uint8Array.of(1) })),
  "a frame header of noise": (b) => log(b, encodeWal({ ...committed(b), tail: b.random.bytes(24) })),
  "a frame of noise": (b) =>
    log(b, encodeWal({ ...committed(b), tail: b.random.bytes(24 + b.parts.pageSize) })),
  "many frames of noise": (b) =>
    log(b, encodeWal({ ...committed(b), tail: b.random.bytes(9 * (24 + b.parts.pageSize) + 5) })),
  zeros: (b) => log(b, encodeWal({ ...committed(b), tail: new Uint8Array(3 * b.parts.pageSize) })),
  "the log once more": (b) => log(b, joined(encodeWal(committed(b)), b.log)),
  "its own frames once more": (b) => log(b, joined(encodeWal(committed(b)), b.log.slice(WAL_HEADER))),
  "frames of an older generation": (b) => {
    const older = encodeWal({ ...b.parts, salts: otherSalts(b.parts.salts) });
    return log(b, joined(encodeWal(committed(b)), older.slice(WAL_HEADER)));
  },
  "frames of an older generation whose checksums go on": (b) => {
    const old = { salts: otherSalts(b.parts.salts) };
    const behind = b.parts.frames.slice(0, lastCommit(b)).map((f) => ({ ...f, ...old }));
    return log(b, encodeWal({ ...b.parts, frames: [...committed(b).frames, ...behind] }));
  },
  "frames without a commit": (b) => {
    const behind = committed(b).frames.map(({ pgno, page }) => ({ pgno, page }));
    return log(b, encodeWal({ ...b.parts, frames: [...committed(b).frames, ...behind] }));
  },
  "frames without a commit, then a broken one": (b) => {
    const behind: FrameParts[] = committed(b).frames.map(({ pgno, page }) => ({ pgno, page }));
    const broken: FrameParts = { ...(behind[0] as FrameParts), commit: pagesOf(b), checksum: [3, 4] };
    return log(b, encodeWal({ ...b.parts, frames: [...committed(b).frames, ...behind, broken] }));
  },
};
