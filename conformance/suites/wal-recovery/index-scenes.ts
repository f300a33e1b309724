/** Wal-indexes as killed writers, other generations or nobody leaves them, for connections that must use them. */

import { endianness } from "node:os";
import type { Random } from "../../core/random.js";
import { parseShm, SHM_COPY, SHM_HEADER, SHM_REGION, SHM_VERSION } from "../../format/shm.js";
import { frameOffset, parseWal } from "../../format/wal.js";
import { NO_CHECKSUM, walChecksum } from "../../format/wal-checksum.js";
import { fileOf, type Snapshot, withFiles } from "../recovery/folder.js";
import { SHM, WAL } from "./acts.js";

const LITTLE = endianness() === "LE";

/** What a scene is made from. */
export interface IndexBase {
  /** A killed writer's files. */
  files: Snapshot;
  /** The same writer's files some commits earlier, in the same generation of the log. */
  earlier: Snapshot;
  /** Another writer's, another log. */
  other: Snapshot;
  random: Random;
}

type Make = (b: IndexBase) => Snapshot;

const shmOf = (files: Snapshot): Uint8Array => Uint8Array.from(fileOf(files, SHM));
const withShm = (b: IndexBase, shm: Uint8Array): Snapshot => withFiles(b.files, { [SHM]: shm });

/** The index with its header changed in both copies, its checksum right again. */
function header(b: IndexBase, change: (view: DataView) => void): Snapshot {
  const shm = shmOf(b.files);
  const view = new DataView(shm.buffer);
  change(view);
  const [s0, s1] = walChecksum(shm, 0, 40, NO_CHECKSUM, !LITTLE);
  view.setUint32(40, s0, LITTLE);
  view.setUint32(44, s1, LITTLE);
  shm.copyWithin(SHM_COPY, 0, SHM_COPY);
  return withShm(b, shm);
}

/** The index with words changed somewhere. */
function words(b: IndexBase, changes: Record<number, number>): Snapshot {
  const shm = shmOf(b.files);
  const view = new DataView(shm.buffer);
  for (const [at, value] of Object.entries(changes)) view.setUint32(Number(at), value, LITTLE);
  return withShm(b, shm);
}

const mxFrame = (b: IndexBase): number => parseShm(fileOf(b.files, SHM)).copies?.[0].mxFrame ?? 0;

function pieces(b: IndexBase, first: Snapshot, second: Snapshot): Snapshot {
  const shm = shmOf(b.files);
  shm.set(fileOf(first, SHM).subarray(0, SHM_COPY), 0);
  shm.set(fileOf(second, SHM).subarray(SHM_COPY, 2 * SHM_COPY), SHM_COPY);
  return withShm(b, shm);
}

/** Scenes by name. */
export const heldScenes: Readonly<Record<string, Make>> = {
  "as it was left": (b) => b.files,
  "killed between the copies of the header": (b) => pieces(b, b.earlier, b.files),
  "killed before the second copy was made": (b) => pieces(b, b.files, b.earlier),
  "header of some commits ago": (b) => pieces(b, b.earlier, b.earlier),
  "index of some commits ago": (b) => withShm(b, shmOf(b.earlier)),
  "another log's index": (b) => withShm(b, shmOf(b.other)),
  "another log's header": (b) => pieces(b, b.other, b.other),
  "another log, the index as it was": (b) => withFiles(b.files, { [WAL]: fileOf(b.other, WAL) }),
  "all zeros": (b) => withShm(b, new Uint8Array(SHM_REGION)),
  "all noise": (b) => withShm(b, b.random.bytes(SHM_REGION)),
  "header zeroed": (b) => withShm(b, shmOf(b.files).fill(0, 0, 2 * SHM_COPY)),
  "header and checkpoint info zeroed": (b) => withShm(b, shmOf(b.files).fill(0, 0, SHM_HEADER)),
  "header's checksum wrong": (b) => words(b, { 40: 1, [SHM_COPY + 40]: 1 }),
  "header's second checksum word wrong": (b) => words(b, { 44: 1, [SHM_COPY + 44]: 1 }),
  "header changed, checksum as it was": (b) => words(b, { 16: 1, [SHM_COPY + 16]: 1 }),
  "not initialised": (b) => header(b, (v) => v.setUint8(12, 0)),
  "not initialised, all frames said to be copied": (b) => {
    const scene = header(b, (v) => v.setUint8(12, 0));
    return words({ ...b, files: scene }, { 96: mxFrame(b), 128: mxFrame(b) });
  },
  "version one higher": (b) => header(b, (v) => v.setUint32(0, SHM_VERSION + 1, LITTLE)),
  "version one higher, checksum wrong": (b) => words(b, { 0: SHM_VERSION + 1, [SHM_COPY]: SHM_VERSION + 1 }),
  "change counter at its end": (b) => header(b, (v) => v.setUint32(8, 0xffffffff, LITTLE)),
  "unused word set": (b) => header(b, (v) => v.setUint32(4, 77, LITTLE)),
  "the other order for checksums": (b) => header(b, (v) => v.setUint8(13, 1)),
  "one frame more than the log": (b) => header(b, (v) => v.setUint32(16, mxFrame(b) + 1, LITTLE)),
  "a thousand frames more": (b) => header(b, (v) => v.setUint32(16, mxFrame(b) + 1000, LITTLE)),
  "one frame fewer": (b) => header(b, (v) => v.setUint32(16, mxFrame(b) - 1, LITTLE)),
  "no frame": (b) => header(b, (v) => v.setUint32(16, 0, LITTLE)),
  "one page more": (b) => header(b, (v) => v.setUint32(20, v.getUint32(20, LITTLE) + 1, LITTLE)),
  "one page": (b) => header(b, (v) => v.setUint32(20, 1, LITTLE)),
  "no page": (b) => header(b, (v) => v.setUint32(20, 0, LITTLE)),
  "frame checksum wrong": (b) => header(b, (v) => v.setUint32(24, 5, LITTLE)),
  "salts wrong": (b) => header(b, (v) => v.setUint32(32, 5, LITTLE)),
  "nothing copied": (b) => words(b, { 96: 0, 128: 0 }),
  "all copied, it says": (b) => words(b, { 96: mxFrame(b), 128: mxFrame(b) }),
  "more copied than there is": (b) => words(b, { 96: mxFrame(b) + 3, 128: mxFrame(b) + 3 }),
  "an attempt beyond what is copied": (b) => words(b, { 128: mxFrame(b) }),
  "read marks unused": (b) => words(b, { 100: 0, 104: ~0, 108: ~0, 112: ~0, 116: ~0 }),
  "read marks of a longer log": (b) =>
    words(b, { 104: mxFrame(b) + 1, 108: mxFrame(b) + 2, 112: mxFrame(b) + 3, 116: mxFrame(b) + 4 }),
  "read marks 0": (b) => words(b, { 104: 0, 108: 0, 112: 0, 116: 0 }),
  /* Mark 0 is 0 whatever happens: upstream's debug builds, and ours, assert that. */
  "read marks of noise": (b) =>
    words(b, Object.fromEntries([104, 108, 112, 116].map((at) => [at, b.random.u32()]))),
  "lock bytes set": (b) => words(b, { 120: ~0, 124: ~0 }),
  "hash tables zeroed": (b) => withShm(b, shmOf(b.files).fill(0, 16384)),
  "hash tables full": (b) => withShm(b, shmOf(b.files).fill(0xff, 16384)),
  "hash tables of noise": (b) => {
    const shm = shmOf(b.files);
    shm.set(b.random.bytes(16384), 16384);
    return withShm(b, shm);
  },
  "page numbers zeroed": (b) => withShm(b, shmOf(b.files).fill(0, SHM_HEADER, 16384)),
  "header zeroed, the log is torn": (b) => {
    const log = fileOf(b.files, WAL);
    const wal = parseWal(log);
    const at = frameOffset(Math.ceil(wal.mxFrame / 2), wal.header?.pageSize ?? 512);
    const shm = shmOf(b.files).fill(0, 0, SHM_COPY);
    return withFiles(b.files, { [WAL]: log.slice(0, at), [SHM]: shm });
  },
  "header zeroed, the log is empty": (b) =>
    withFiles(b.files, { [WAL]: new Uint8Array(0), [SHM]: shmOf(b.files).fill(0, 0, SHM_COPY) }),
  "header zeroed, the log's header is noise": (b) => {
    const log = Uint8Array.from(fileOf(b.files, WAL));
    log.set(b.random.bytes(32));
    return withFiles(b.files, { [WAL]: log, [SHM]: shmOf(b.files).fill(0, 0, SHM_COPY) });
  },
  "the log is empty": (b) => withFiles(b.files, { [WAL]: new Uint8Array(0) }),
  "the log is torn": (b) => {
    const log = fileOf(b.files, WAL);
    return withFiles(b.files, { [WAL]: log.slice(0, log.length >> 1) });
  },
  "the database is empty": (b) => withFiles(b.files, { "a.db": new Uint8Array(0) }),
};
