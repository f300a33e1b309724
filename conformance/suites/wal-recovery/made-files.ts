/** Logs beside databases and indexes that do not belong to them. */

import { FRAME_HEADER, frameOffset, parseWal } from "../../format/wal.js";
import { fileOf, withFiles } from "../recovery/folder.js";
import { DB, SHM, WAL } from "./acts.js";
import { db, log, middle, resized, type Scenes } from "./made-base.js";

/** Databases that are not the ones the log was written for. */
export const databaseScenes: Scenes = {
  "no database": (b) => db(b, null),
  "an empty database": (b) => db(b, new Uint8Array(0)),
  "one byte": (b) => db(b, b.db.slice(0, 1)),
  "half a page": (b) => db(b, b.db.slice(0, b.parts.pageSize / 2)),
  "one page": (b) => db(b, b.db.slice(0, b.parts.pageSize)),
  "one page fewer": (b) => db(b, b.db.slice(0, -b.parts.pageSize)),
  "half a page fewer": (b) => db(b, b.db.slice(0, -b.parts.pageSize / 2)),
  "one page more": (b) => db(b, resized(b.db, b.db.length + b.parts.pageSize, 0xa5)),
  "a byte more": (b) => db(b, resized(b.db, b.db.length + 1, 1)),
  "fifty pages more": (b) => db(b, resized(b.db, b.db.length + 50 * b.parts.pageSize, 0)),
  "all zeros": (b) => db(b, new Uint8Array(b.db.length)),
  "all noise": (b) => db(b, b.random.bytes(b.db.length)),
  "page 1 says rollback journal": (b) => {
    const bytes = Uint8Array.from(b.db);
    bytes.set([1, 1], 18);
    return db(b, bytes);
  },
  "page 1 says rollback journal, no index": (b) => {
    const bytes = Uint8Array.from(b.db);
    bytes.set([1, 1], 18);
    return withFiles(b.files, { [DB]: bytes, [SHM]: null });
  },
  "page 1 says rollback journal, the log has no commit": (b) => {
    const bytes = Uint8Array.from(b.db);
    bytes.set([1, 1], 18);
    return withFiles(b.files, { [DB]: bytes, [WAL]: b.log.slice(0, 40) });
  },
  "another database's log": (b) =>
    withFiles(b.files, { [WAL]: fileOf(b.other, WAL), [SHM]: fileOf(b.other, SHM) }),
  "another database under the log": (b) => db(b, fileOf(b.other, DB)),
  "the log copied already": (b) => {
    const wal = parseWal(b.log);
    const image = resized(b.db, wal.nPage * b.parts.pageSize, 0);
    for (const f of wal.frames.filter((x) => x.committed && x.pgno <= wal.nPage)) {
      const at = f.offset + FRAME_HEADER;
      image.set(b.log.subarray(at, at + b.parts.pageSize), (f.pgno - 1) * b.parts.pageSize);
    }
    return db(b, image);
  },
  "a hot journal beside the log": (b) =>
    withFiles(b.files, { [`${DB}-journal`]: Uint8Array.from(Buffer.from("no journal, but not empty")) }),
};

/** What stands where the index should be; nobody holds it, so the first connection cuts it. */
export const indexScenes: Scenes = {
  "no index": (b) => withFiles(b.files, { [SHM]: null }),
  "an empty index": (b) => withFiles(b.files, { [SHM]: new Uint8Array(0) }),
  "an index of three bytes": (b) => withFiles(b.files, { [SHM]: new Uint8Array(3) }),
  "an index of noise": (b) => withFiles(b.files, { [SHM]: b.random.bytes(32768) }),
  "an index of zeros": (b) => withFiles(b.files, { [SHM]: new Uint8Array(32768) }),
  "half an index": (b) => withFiles(b.files, { [SHM]: fileOf(b.files, SHM).slice(0, 16384) }),
  "an index that is too long": (b) =>
    withFiles(b.files, { [SHM]: resized(fileOf(b.files, SHM), 3 * 32768 + 7, 0x5a) }),
  "another database's index": (b) => withFiles(b.files, { [SHM]: fileOf(b.other, SHM) }),
  "an index that knows a longer log": (b) => log(b, b.log.slice(0, frameOffset(middle(b), b.parts.pageSize))),
  "an index that knows a log which is gone": (b) => withFiles(b.files, { [WAL]: null }),
  "an index that knows a log which is empty": (b) => log(b, new Uint8Array(0)),
  "an index that says all is copied": (b) => {
    const shm = Uint8Array.from(fileOf(b.files, SHM));
    shm.set(shm.slice(16, 20), 96);
    return withFiles(b.files, { [SHM]: shm });
  },
  "a link to nothing for an index": (b) => withFiles(b.files, { [SHM]: { symlink: "no" } }),
  "a link to a file for an index": (b) =>
    withFiles(b.files, { [SHM]: { symlink: "real-shm" }, "real-shm": fileOf(b.files, SHM) }),
  "a folder for an index": (b) => withFiles(b.files, { [SHM]: "folder" }),
};
