/** The decoders of log and wal-index, held against what real SQLite writes, and answers, in other processes. */

import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { explainDifference } from "./explain.js";
import { inspectFile } from "./inspect.js";
import { parseShm, READMARK_NOT_USED } from "./shm.js";
import { checkpointBound } from "./shm-bound.js";
import { checkRegions, findFrame, pageOfFrame } from "./shm-hash.js";
import { shmLocks } from "./shm-locks.js";
import { databaseAt, frameOffset, parseWal, servedBy, walCommits } from "./wal.js";
import { encodeWal, tearPoints, walParts } from "./wal-encode.js";
import { RealSqlite } from "./wal-testing.js";

let dir = "";
const children: RealSqlite[] = [];

function sqlite(): RealSqlite {
  const child = new RealSqlite();
  children.push(child);
  return child;
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pager-mirror-test-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
});
afterAll(() => rmSync(dir, { recursive: true }));

const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(file));

/** A database in WAL mode with some commits, left behind by a killed process; the last commits are not copied. */
async function leftBehind(name: string, pageSize: number, rows: number[]): Promise<string> {
  const path = join(dir, name);
  const real = sqlite();
  await real.open("a", path);
  await real.sql("a", `PRAGMA page_size = ${pageSize}`);
  await real.sql("a", "PRAGMA journal_mode = WAL");
  await real.sql("a", "PRAGMA wal_autocheckpoint = 0");
  await real.sql("a", "CREATE TABLE t (a INTEGER PRIMARY KEY, b)");
  for (const n of rows) {
    await real.sql(
      "a",
      `WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c WHERE i < ${n})
       INSERT INTO t(b) SELECT randomblob(300) FROM c`,
    );
  }
  await real.kill();
  return path;
}

describe("a log that real SQLite left behind", () => {
  it.each([
    512, 4096, 65536,
  ])("is decoded to the answers that SQLite gives, page size %i", async (pageSize) => {
    const path = await leftBehind(`pages-${pageSize}.db`, pageSize, [3, 20, 1]);
    const log = bytesOf(`${path}-wal`);
    const wal = parseWal(log);
    const shm = parseShm(bytesOf(`${path}-shm`));
    expect(wal.header).toMatchObject({ checksumOk: true, pageSize, sequence: 0, magicOk: true });
    expect(wal.end.reason).toBe("end of file");
    expect(walCommits(wal)).toHaveLength(4);
    const [h] = shm.copies!;
    expect(shm.usable).toBe(true);
    expect(h).toMatchObject({
      mxFrame: wal.mxFrame,
      nPage: wal.nPage,
      pageSize,
      salts: wal.header!.salts,
      frameChecksum: wal.frames[wal.mxFrame - 1]!.checksum,
      bigEndianLog: wal.header!.bigEndian ? 1 : 0,
    });

    /* The snapshot of every commit, as real SQLite checkpoints a log that ends there. */
    for (const commit of walCommits(wal)) {
      const copy = join(dir, "copy.db");
      copyFileSync(path, copy);
      writeFileSync(`${copy}-wal`, log.subarray(0, frameOffset(commit.frame + 1, pageSize)));
      rmSync(`${copy}-shm`, { force: true });
      const real = sqlite();
      await real.open("a", copy);
      expect(await real.sql("a", "PRAGMA page_count")).toEqual([[commit.commit]]);
      expect(await real.sql("a", "PRAGMA wal_checkpoint")).toEqual([[0, commit.frame, commit.frame]]);
      await real.kill();
      const mine = databaseAt(bytesOf(path), log, wal, commit.frame);
      expect(Buffer.compare(mine, bytesOf(copy))).toBe(0);
      for (let pgno = 1; pgno <= commit.commit + 1; pgno++) {
        const s = servedBy(wal, pgno, commit.frame);
        if (pgno > commit.commit) expect(s.from).toBe("nowhere");
        else {
          expect(findFrame(bytesOf(`${path}-shm`), shm, pgno, commit.frame)).toBe(
            s.from === "frame" ? s.frame : 0,
          );
        }
      }
    }
  });

  it("ends where real SQLite's recovery ends, however it is damaged", async () => {
    const path = await leftBehind("damaged.db", 512, [2, 3, 2]);
    const database = bytesOf(path);
    const log = bytesOf(`${path}-wal`);
    const good = walParts(log);
    const variants: [string, Uint8Array][] = [["whole", log]];
    for (const at of tearPoints(good)) {
      variants.push([`torn at ${at}`, log.subarray(0, at)], [`torn at ${at + 7}`, log.subarray(0, at + 7)]);
    }
    const flip = (at: number): Uint8Array => {
      const out = log.slice();
      out[at] = out[at]! ^ 0x10;
      return out;
    };
    for (const at of [0, 3, 8, 13, 17, 27, 31]) variants.push([`header byte ${at}`, flip(at)]);
    for (const f of [1, 4, parseWal(log).mxFrame]) {
      for (const at of [0, 3, 7, 8, 13, 17, 22, 24, 535]) {
        variants.push([`frame ${f} byte ${at}`, flip(frameOffset(f, 512) + at)]);
      }
    }
    variants.push(
      ["the other byte order", encodeWal({ ...good, bigEndian: !good.bigEndian })],
      ["other salts", encodeWal({ ...good, salts: [1, 2] })],
      ["garbage behind", encodeWal({ ...good, tail: new Uint8Array(2000).fill(0x5a) })],
      [
        "page number 0",
        encodeWal({ ...good, frames: good.frames.map((f, i) => (i === 4 ? { ...f, pgno: 0 } : f)) }),
      ],
      [
        "one foreign salt",
        encodeWal({ ...good, frames: good.frames.map((f, i) => (i === 4 ? { ...f, salts: [9, 9] } : f)) }),
      ],
      [
        "no salts",
        encodeWal({ ...good, frames: good.frames.map((f, i) => (i === 3 ? { ...f, salts: [0, 0] } : f)) }),
      ],
      ["version", encodeWal({ ...good, version: 3007001 })],
    );
    const real = sqlite();
    const copy = join(dir, "damaged-copy.db");
    for (const [what, bytes] of variants) {
      for (const end of ["-wal", "-shm"]) rmSync(copy + end, { force: true });
      writeFileSync(copy, database);
      writeFileSync(`${copy}-wal`, bytes);
      const wal = parseWal(bytes);
      await real.open("a", copy);
      const said = await real.sql("a", "PRAGMA wal_checkpoint").then(
        (rows) => rows[0],
        (e: Error) => e.message,
      );
      const answer = wal.end.reason === "version" ? "SQLITE_CANTOPEN" : [0, wal.mxFrame, wal.mxFrame];
      expect([what, said], wal.end.text).toEqual([what, answer]);
      await real.close("a").catch((e: Error) => expect(e.message).toBe("SQLITE_CANTOPEN"));
    }
    expect(variants.length).toBeGreaterThan(60);
  });

  it("keeps frames of an earlier generation behind the end", async () => {
    const path = join(dir, "again.db");
    const real = sqlite();
    await real.open("a", path);
    await real.sql("a", "PRAGMA page_size = 512; PRAGMA journal_mode = WAL; CREATE TABLE t (a, b)");
    await real.sql("a", "INSERT INTO t VALUES (1, randomblob(3000))");
    const before = parseWal(bytesOf(`${path}-wal`));
    await real.sql("a", "PRAGMA wal_checkpoint");
    await real.sql("a", "INSERT INTO t VALUES (2, 3)");
    await real.kill();
    const wal = parseWal(bytesOf(`${path}-wal`));
    expect(wal.header!.sequence).toBe(1);
    expect(wal.header!.salts[0]).toBe((before.header!.salts[0] + 1) >>> 0);
    expect(wal.end.reason).toBe("salt");
    expect(wal.valid).toBe(wal.mxFrame);
    expect(wal.frames.length).toBe(before.frames.length);
    /* What is left over from the earlier generation still hangs together, except at the seam. */
    expect(wal.frames.slice(wal.valid + 1).every((f) => f.linked && !f.checksumOk && !f.saltsOk)).toBe(true);
    const shm = bytesOf(`${path}-shm`);
    expect(parseShm(shm)).toMatchObject({ nBackfill: 0, usable: true });
    expect(checkRegions(shm, parseShm(shm)).flatMap((r) => r.problems)).toEqual([]);
  });
});

describe("a wal-index of several regions", () => {
  it("leads to every frame by its hash chain, and a damaged one is found out", async () => {
    const path = await leftBehind("large.db", 512, [2500, 2500, 10]);
    const log = parseWal(bytesOf(`${path}-wal`));
    const bytes = bytesOf(`${path}-shm`);
    const shm = parseShm(bytes);
    expect(log.mxFrame).toBeGreaterThan(4062 + 1);
    const reports = checkRegions(bytes, shm);
    expect(reports.map((r) => r.problems)).toEqual(reports.map(() => []));
    expect(reports[0]).toMatchObject({ first: 1, last: 4062, slots: 4062 });
    expect(reports.at(-1)!.last).toBe(log.mxFrame);
    for (const f of log.frames) expect(pageOfFrame(bytes, shm, f.frame)).toBe(f.pgno);

    const damaged = (at: number, ...values: number[]): Uint8Array => {
      const out = bytes.slice();
      out.set(values, at);
      return out;
    };
    const problems = (b: Uint8Array): string =>
      checkRegions(b, parseShm(b))
        .flatMap((r) => r.problems)
        .join("; ");
    /* Page number of frame 4063, the first of region 1. */
    const pgno = log.frames[4062]!.pgno;
    expect(problems(damaged(32768, 0, 0, 0, 0))).toContain("frame 4063 has page number 0");
    expect(problems(damaged(32768, 0x77, 0x66, 0x01, 0))).toContain("frame 4063 (page 91767) is not found");
    const other = damaged(32768, 0x77, 0x66, 0x01, 0);
    expect(explainDifference("shm", other, bytes).summary).toMatch(
      /^region 1, page number of frame 4063: got/,
    );
    expect(explainDifference("shm", other, bytes).detail).toContain(
      `region 1: 1 page number(s) differ, first that of frame 4063: got 91767, expected ${pgno}`,
    );
    /* The slot that leads to frame 1 of region 0: freed, doubled, out of range. */
    const slot = 16384 + 2 * ((log.frames[0]!.pgno * 383) % 8192);
    expect(bytes[slot]! + 256 * bytes[slot + 1]!).toBe(1);
    expect(problems(damaged(slot, 0, 0))).toContain("frame 1 (page 1) is not found by its hash chain");
    expect(problems(damaged(slot, 2, 0))).toContain("a second time");
    expect(problems(damaged(slot, 0xff, 0xff))).toContain("holds 65535, and the region has 4062 frames");
    expect(problems(bytes.slice(0, 32768))).toContain("region(s) are needed, 1 are there");
    /* A table without a free slot has chains without end. */
    const full = bytes.slice();
    full.fill(1, 16384, 32768);
    expect(findFrame(full, parseShm(full), 3, 4062)).toBeNull();
    expect(problems(full)).toMatch(/\.\.\. and \d+ more/);
  });
});

describe("readers, writers and checkpoints in other processes", () => {
  it("tells who holds back a checkpoint, as the checkpoint itself does", async () => {
    const path = join(dir, "readers.db");
    const [writer, early, late] = [sqlite(), sqlite(), sqlite()];
    for (const p of [writer, early, late]) await p.open("a", path);
    await writer.sql("a", "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a)");
    const look = (): ReturnType<typeof checkpointBound> =>
      checkpointBound(parseShm(bytesOf(`${path}-shm`)), shmLocks(`${path}-shm`));
    const mxFrame = (): number => parseShm(bytesOf(`${path}-shm`)).copies![0].mxFrame;
    const begin = async (p: RealSqlite): Promise<number> => {
      await p.sql("a", "BEGIN");
      await p.sql("a", "SELECT * FROM t");
      return mxFrame();
    };
    await writer.sql("a", "INSERT INTO t VALUES (1)");
    const first = await begin(early);
    await writer.sql("a", "INSERT INTO t VALUES (2)");
    const second = await begin(late);
    await writer.sql("a", "INSERT INTO t VALUES (3)");
    const all = mxFrame();
    expect([first, second, all]).toEqual([3, 4, 5].map((n) => n + all - 5));

    let bound = look();
    expect(bound.reader).toMatchObject({ mark: first, held: true, pid: early.pid });
    expect(bound.mxSafeFrame).toBe(first);
    expect(bound.text.at(-1)).toMatch(
      new RegExp(
        `^process ${early.pid} holds back a checkpoint: read mark \\d is at frame ${first} of ${all}, so frames 1 to`,
      ),
    );
    expect(await writer.sql("a", "PRAGMA wal_checkpoint")).toEqual([[0, all, first]]);
    expect(look().text.at(-1)).toContain("up to which everything has been copied");
    expect(parseShm(bytesOf(`${path}-shm`))).toMatchObject({ nBackfill: first, nBackfillAttempted: first });

    await early.sql("a", "COMMIT");
    bound = look();
    expect(bound.reader).toMatchObject({ mark: second, pid: late.pid });
    expect(await writer.sql("a", "PRAGMA wal_checkpoint")).toEqual([[0, all, second]]);
    const text = inspectFile(`${path}-shm`, { records: 5, page: 2 });
    expect(text).toContain(`process ${late.pid} holds back a checkpoint`);
    expect(text).toMatch(new RegExp(`read [1-4]: shared, process ${late.pid}`));
    expect(text).toMatch(/page 2: frame \d+ serves it/);

    await late.sql("a", "COMMIT");
    expect(look()).toMatchObject({ reader: null, mxSafeFrame: all });
    expect(look().text).toEqual([
      `no reader holds back a checkpoint: it may copy up to frame ${all}, the last one`,
    ]);
    expect(await writer.sql("a", "PRAGMA wal_checkpoint")).toEqual([[0, all, all]]);
    expect(look().text).toEqual([`all ${all} frame(s) have been copied into the database`]);

    /* A reader of the database alone, then a frame behind it: nothing may be copied. */
    await begin(early);
    expect(shmLocks(`${path}-shm`).find((l) => l.name === "read 0")).toMatchObject({
      kind: "shared",
      pid: early.pid,
      byte: 123,
    });
    await writer.sql("a", "INSERT INTO t VALUES (4)");
    expect(look().text.join()).toContain(`process ${early.pid} reads the database alone`);
    const [[, log, copied]] = (await writer.sql("a", "PRAGMA wal_checkpoint")) as [[number, number, number]];
    expect([log, copied]).toEqual([mxFrame(), 0]);
    await early.sql("a", "COMMIT");

    await writer.sql("a", "BEGIN IMMEDIATE");
    expect(shmLocks(`${path}-shm`).filter((l) => l.kind === "exclusive")).toEqual([
      { byte: 120, name: "write", kind: "exclusive", pid: writer.pid },
    ]);
    expect(look().text[0]).toBe(
      `process ${writer.pid} writes now: a checkpoint other than a passive one waits for it`,
    );
    await writer.sql("a", "COMMIT");

    for (const p of [writer, early, late]) await p.kill();
    expect(shmLocks(`${path}-shm`)).toEqual([]);
    expect(inspectFile(`${path}-shm`, { records: 5 })).toContain("nobody holds one");
  });

  it("looks without giving up or taking a lock of anybody", async () => {
    const path = join(dir, "look.db");
    const [reader, writer] = [sqlite(), sqlite()];
    await writer.open("a", path);
    await writer.sql("a", "PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
    await reader.open("a", path);
    await reader.sql("a", "BEGIN");
    await reader.sql("a", "SELECT * FROM t");
    const before = shmLocks(`${path}-shm`);
    for (const end of ["", "-wal", "-shm"]) inspectFile(path + end, { records: 1 });
    expect(shmLocks(`${path}-shm`)).toEqual(before);
    expect(before.map((l) => l.name)).toEqual(["read 1", "open connection"]);
    await writer.sql("a", "INSERT INTO t VALUES (1)");
    expect(await writer.sql("a", "PRAGMA wal_checkpoint")).toEqual([[0, 3, 2]]);
  });
});

describe("inspect", () => {
  it("prints a log for people and as JSON", async () => {
    const path = await leftBehind("inspect.db", 4096, [1, 1]);
    const text = inspectFile(`${path}-wal`, { records: 2, page: 2 });
    expect(text).toMatch(
      /^write-ahead log: 16512 bytes, 4 frame\(s\) of 4096-byte pages, 4 valid, 4 committed in 3 commit\(s\)\n/,
    );
    expect(text).toMatch(/ 24 +4 +checksum-1 +0x[0-9a-f]{8}\n/);
    expect(text).toMatch(/checksum-2 .*\(little-endian words: right; big-endian words: wrong\)/);
    expect(text).toMatch(/\n +32 +1 +1 +0 {2}ok +ok +committed\n/);
    expect(text).toMatch(/\n +4152 +2 +2 +2 {2}ok +ok +commit, 2 page\(s\)\n/);
    expect(text).toContain("  ... 2 more (--records N lists more)");
    expect(text).toContain("the valid log ends at byte 16512: the file ends with frame 4");
    expect(text).toContain(
      "page 2 at each commit:\n  commit 1 (frame 2, 2 page(s)): frame 2\n  commit 2 (frame 3, 2 page(s)): frame 3\n",
    );
    const data = JSON.parse(inspectFile(`${path}-wal`, { records: 2, page: 3, json: true }));
    expect(data).toMatchObject({
      kind: "wal",
      mxFrame: 4,
      commits: [
        { frame: 2, pages: 2 },
        { frame: 3, pages: 2 },
        { frame: 4, pages: 2 },
      ],
      page: { pgno: 3, served: [{ from: "nowhere" }, {}, {}] },
    });
    const shm = JSON.parse(inspectFile(`${path}-shm`, { records: 2, page: 2, json: true }));
    expect(shm).toMatchObject({
      kind: "shm",
      agree: true,
      usable: true,
      locks: [],
      page: { pgno: 2, frame: 4 },
    });
    expect(shm.readMarks[4]).toBe(READMARK_NOT_USED);
    expect(() => inspectFile(path, { records: 1, page: 1 })).toThrow(/is a database: --page is for -wal/);
  });

  it("has a sentence for every damage, and alters nothing", async () => {
    const path = await leftBehind("bad.db", 512, [4]);
    for (const end of ["-wal", "-shm"]) {
      const good = bytesOf(path + end);
      const file = join(dir, `x${end}`);
      const cases: Uint8Array[] = [0, 1, 3, 31, 32, 33, 100, 135, 136, 600, 20000].map((n) =>
        good.slice(0, n),
      );
      cases.push(
        new Uint8Array(200),
        new Uint8Array(40000).fill(0xff),
        good.map((b, i) => (i % 50 === 7 ? b ^ 1 : b)),
      );
      for (const bytes of cases) {
        writeFileSync(file, bytes);
        const { mtimeMs } = statSync(file);
        const text = inspectFile(file, { records: 3, page: 2 });
        expect(text).toMatch(end === "-wal" ? /^write-ahead log: / : /^wal-index: /);
        expect(text).not.toMatch(/undefined|NaN|null|\n\s+at /);
        JSON.parse(inspectFile(file, { records: 3, page: 2, json: true }));
        expect(statSync(file).mtimeMs).toBe(mtimeMs);
        expect(Buffer.compare(bytesOf(file), bytes)).toBe(0);
      }
    }
    writeFileSync(join(dir, "e-wal"), "");
    expect(inspectFile(join(dir, "e-wal"), { records: 1 })).toBe(
      "write-ahead log: 0 bytes\nthe valid log ends at byte 0: the file is empty: there is no log\n" +
        "nothing in the log is committed: readers see the database file alone\n",
    );
    writeFileSync(join(dir, "e-shm"), "abc");
    expect(inspectFile(join(dir, "e-shm"), { records: 1 })).toContain(
      "3 bytes: the first connection has cut it",
    );
  });
});
