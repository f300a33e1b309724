/**
 * The log beside real SQLite: the port in this process through the Unix VFS, better-sqlite3 in child
 * processes, one database. Each reads what the other wrote, and waits for whom the other holds a lock.
 *
 * The port has no SQL. The table's rows fill a leaf page each and begin with a mark, so the port finds
 * them in pages and changes bytes of the value, which real SQLite then reads as a row.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Ref, toCString } from "../index.js";
import * as S from "../unix.js";

const OK = S.SQLITE_OK;
const DB_FLAGS = S.SQLITE_OPEN_READWRITE | S.SQLITE_OPEN_CREATE | S.SQLITE_OPEN_MAIN_DB;
const PAGE = 4096;
const NROW = 12;

/* ------------------------------------------------------------------ real SQLite */

const REAL = `
  const Database = require("better-sqlite3");
  const db = new Database(process.env.PM_DB, { timeout: 0 });
  const say = (x) => process.stdout.write(JSON.stringify(x) + "\\n");
  say("ready");
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const [op, sql] = JSON.parse(line);
    try {
      if (op === "all") say(db.prepare(sql).raw(true).all());
      else if (op === "close") { db.close(); say("ok"); }
      else { db.exec(sql); say("ok"); }
    } catch (e) { say(e.code); }
  });
`;

let children: Real[] = [];

/** A process in which real SQLite has the database open. */
class Real {
  readonly #p: ChildProcess;
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #early: string[] = [];

  private constructor(path: string) {
    this.#p = spawn(process.execPath, ["--eval", REAL], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "", PM_DB: path },
    });
    createInterface({ input: this.#p.stdout! }).on("line", (line) => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#early.push(line);
      else next(line);
    });
    this.#p.on("exit", () => {
      for (const next of this.#waiting.splice(0)) next('"exited"');
    });
    children.push(this);
  }

  static async open(path: string): Promise<Real> {
    const real = new Real(path);
    expect(await real.#answer()).toBe("ready");
    return real;
  }

  #answer(): Promise<unknown> {
    const line = this.#early.shift();
    if (line !== undefined) return Promise.resolve(JSON.parse(line) as unknown);
    return new Promise((resolve) => this.#waiting.push((l) => resolve(JSON.parse(l) as unknown)));
  }

  #ask(op: string, sql = ""): Promise<unknown> {
    const answer = this.#answer();
    this.#p.stdin!.write(`${JSON.stringify([op, sql])}\n`);
    return answer;
  }

  exec(sql: string): Promise<unknown> {
    return this.#ask("exec", sql);
  }

  all(sql: string): Promise<unknown> {
    return this.#ask("all", sql);
  }

  /** The rows' marks, by id. */
  async rows(): Promise<unknown> {
    const rows = await this.all("SELECT substr(CAST(v AS TEXT), 7, 4) FROM t ORDER BY id");
    return Array.isArray(rows) ? (rows as string[][]).map((r) => Number(r[0])) : rows;
  }

  integrity(): Promise<unknown> {
    return this.all("PRAGMA integrity_check");
  }

  close(): Promise<unknown> {
    return this.#ask("close");
  }

  /** SIGKILL: nothing is cleaned up but what the kernel cleans up. */
  async kill(): Promise<void> {
    children = children.filter((c) => c !== this);
    if (this.#p.exitCode !== null || this.#p.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#p.once("exit", resolve));
    this.#p.kill("SIGKILL");
    await gone;
  }
}

/* ------------------------------------------------------------------ the port */

class Db {
  readonly pager: S.Pager;
  readonly connection = new S.sqlite3();
  one: S.DbPage | null = null;
  /** Page of each row. */
  readonly pageOf = new Map<number, number>();

  constructor(path: string, cache = 100) {
    const pp = new Ref<S.Pager | null>(null);
    const vfs = S.sqlite3_vfs_find("unix")!;
    expect(S.sqlite3PagerOpen(vfs, pp, toCString(`${path}\0`), 136, 0, DB_FLAGS, () => {})).toBe(OK);
    this.pager = pp.value!;
    S.sqlite3PagerSetBusyHandler(this.pager, () => 0, null);
    S.sqlite3PagerSetFlags(this.pager, S.PAGER_SYNCHRONOUS_FULL | S.PAGER_CACHESPILL);
    expect(S.sqlite3PagerSetPagesize(this.pager, new Ref(PAGE), 0)).toBe(OK);
    S.sqlite3PagerSetCachesize(this.pager, cache);
  }

  tryRead(): number {
    for (;;) {
      if (this.one !== null) return OK;
      let rc = S.sqlite3PagerSharedLock(this.pager);
      if (rc !== OK) return rc;
      const pp = new Ref<S.DbPage | null>(null);
      rc = S.sqlite3PagerGet(this.pager, 1, pp, 0);
      if (rc !== OK) return rc;
      this.one = pp.value;
      if (this.pager.pWal !== null || pp.value!.pData[18] !== 2) return OK;
      rc = S.sqlite3PagerOpenWal(this.pager, new Ref(0));
      this.release();
      if (rc !== OK) return rc;
    }
  }

  tryBegin(): number {
    const rc = this.tryRead();
    return rc === OK ? S.sqlite3PagerBegin(this.pager, 0, 0) : rc;
  }

  release(): this {
    if (this.one !== null) {
      const { one } = this;
      this.one = null;
      S.sqlite3PagerUnrefPageOne(one);
    }
    return this;
  }

  page<T>(pgno: number, f: (pg: S.DbPage) => T): T {
    const pp = new Ref<S.DbPage | null>(null);
    expect(S.sqlite3PagerGet(this.pager, pgno, pp, 0)).toBe(OK);
    const result = f(pp.value!);
    if (pgno === 1) S.sqlite3PagerUnrefPageOne(pp.value!);
    else S.sqlite3PagerUnref(pp.value!);
    return result;
  }

  /** Marks by row, from leaf pages of the table. */
  rows(): number[] {
    const had = this.one !== null;
    expect(this.tryRead()).toBe(OK);
    const found: number[] = [];
    for (let p = 2; p <= this.pager.dbSize; p++) {
      this.page(p, (pg) => {
        if (pg.pData[0] !== 13) return;
        const at = Buffer.from(pg.pData).indexOf("ROW");
        if (at < 0) return;
        const row = Number(Buffer.from(pg.pData.subarray(at + 3, at + 6)).toString());
        found[row - 1] = Number(Buffer.from(pg.pData.subarray(at + 6, at + 10)).toString());
        this.pageOf.set(row, p);
      });
    }
    if (!had) this.release();
    return found;
  }

  /** Changes the mark of a row, and one byte in the middle of its value. */
  set(row: number, mark: number): void {
    if (this.pageOf.size === 0) this.rows();
    this.page(this.pageOf.get(row)!, (pg) => {
      expect(S.sqlite3PagerWrite(pg)).toBe(OK);
      const at = Buffer.from(pg.pData).indexOf("ROW");
      pg.pData.set(Buffer.from(String(mark).padStart(4, "0")), at + 6);
      pg.pData[at + 1000] = 0x41 + (mark % 26);
    });
  }

  /** Writes page 1, as every change of a database does. */
  touch(): void {
    this.page(1, (pg) => expect(S.sqlite3PagerWrite(pg)).toBe(OK));
  }

  commit(): void {
    this.touch();
    expect(S.sqlite3PagerCommitPhaseOne(this.pager, null, 0)).toBe(OK);
    expect(S.sqlite3PagerCommitPhaseTwo(this.pager)).toBe(OK);
    this.release();
  }

  put(marks: Record<number, number>): void {
    expect(this.tryBegin()).toBe(OK);
    for (const [row, mark] of Object.entries(marks)) this.set(Number(row), mark);
    this.commit();
  }

  checkpoint(eMode: number): number[] {
    const nLog = new Ref(-1);
    const nCkpt = new Ref(-1);
    const rc = S.sqlite3PagerCheckpoint(this.pager, this.connection, eMode, nLog, nCkpt);
    return [rc, nLog.value, nCkpt.value];
  }

  close(checkpoint = true): void {
    this.release();
    this.connection.flags = checkpoint ? 0 : S.SQLITE_NoCkptOnClose;
    expect(S.sqlite3PagerClose(this.pager, this.connection)).toBe(OK);
  }
}

/* ------------------------------------------------------------------ the log's format, once more */

function cksum(b: Uint8Array, littleEndian: boolean, s: [number, number]): [number, number] {
  const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
  let [s0, s1] = s;
  for (let i = 0; i < b.length; i += 8) {
    s0 = (s0 + view.getUint32(i, littleEndian) + s1) % 2 ** 32;
    s1 = (s1 + view.getUint32(i + 4, littleEndian) + s0) % 2 ** 32;
  }
  return [s0, s1];
}

/** The same log with checksums in the other byte order. */
function bigEndianLog(log: Uint8Array): Uint8Array {
  const b = Uint8Array.from(log);
  const view = new DataView(b.buffer);
  view.setUint32(0, 0x377f0683);
  let sum = cksum(b.subarray(0, 24), false, [0, 0]);
  view.setUint32(24, sum[0]);
  view.setUint32(28, sum[1]);
  for (let at = 32; at + 24 + PAGE <= b.length; at += 24 + PAGE) {
    sum = cksum(b.subarray(at, at + 8), false, sum);
    sum = cksum(b.subarray(at + 24, at + 24 + PAGE), false, sum);
    view.setUint32(at + 16, sum[0]);
    view.setUint32(at + 20, sum[1]);
  }
  return b;
}

/* ------------------------------------------------------------------ */

let dir = "";
let path = "";

const marks = (o: Record<number, number> = {}): number[] =>
  Array.from({ length: NROW }, (_, i) => o[i + 1] ?? i + 1);

/** Makes the database and leaves the process open. */
async function create(): Promise<Real> {
  const real = await Real.open(path);
  expect(
    await real.exec(`PRAGMA page_size=${PAGE}; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0`),
  ).toBe("ok");
  const value = "CAST(printf('ROW%03d%04d', x, x) || hex(zeroblob(1700)) AS BLOB)";
  expect(
    await real.exec(
      `CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB);
       WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<${NROW})
       INSERT INTO t SELECT x, ${value} FROM c;
       PRAGMA wal_checkpoint(TRUNCATE)`,
    ),
  ).toBe("ok");
  return real;
}

const update = (row: number, mark: number): string =>
  `UPDATE t SET v = CAST(printf('ROW%03d%04d', ${row}, ${mark}) || substr(CAST(v AS TEXT), 11) AS BLOB) WHERE id=${row}`;

beforeEach(() => {
  expect(S.sqlite3_initialize()).toBe(OK);
  dir = mkdtempSync(join(tmpdir(), "pager-mirror-wal-"));
  path = join(dir, "db");
});

afterEach(async () => {
  for (const c of [...children]) await c.kill();
  rmSync(dir, { recursive: true });
});

describe("living together", () => {
  test("each sees the other's commits; snapshots stay; who is stale cannot write", async () => {
    const real = await create();
    const db = new Db(path);
    expect(db.rows()).toEqual(marks());
    expect(await real.exec(update(3, 300))).toBe("ok");
    expect(db.rows()).toEqual(marks({ 3: 300 }));
    db.put({ 5: 500, 6: 600 });
    expect(await real.rows()).toEqual(marks({ 3: 300, 5: 500, 6: 600 }));
    expect(await real.integrity()).toEqual([["ok"]]);

    /* The port's snapshot. */
    expect(db.tryRead()).toBe(OK);
    expect(await real.exec(update(5, 501))).toBe("ok");
    S.sqlite3PagerShrink(db.pager);
    expect(db.rows()).toEqual(marks({ 3: 300, 5: 500, 6: 600 }));
    expect(S.sqlite3PagerBegin(db.pager, 0, 0)).toBe(S.SQLITE_BUSY_SNAPSHOT);
    db.release();
    expect(db.rows()).toEqual(marks({ 3: 300, 5: 501, 6: 600 }));

    /* Real SQLite's snapshot. */
    expect(await real.exec("BEGIN")).toBe("ok");
    expect(await real.rows()).toEqual(marks({ 3: 300, 5: 501, 6: 600 }));
    db.put({ 1: 100 });
    expect(await real.rows()).toEqual(marks({ 3: 300, 5: 501, 6: 600 }));
    expect(await real.exec(update(2, 200))).toBe("SQLITE_BUSY_SNAPSHOT");
    expect(await real.exec("COMMIT")).toBe("ok");
    expect(await real.rows()).toEqual(marks({ 1: 100, 3: 300, 5: 501, 6: 600 }));
    db.close();
    expect(await real.integrity()).toEqual([["ok"]]);
  });

  test("one writer, one checkpointer; readers bound checkpoints", async () => {
    const real = await create();
    const db = new Db(path);
    db.put({ 1: 100 });
    expect(db.tryBegin()).toBe(OK);
    expect(await real.exec(update(2, 200))).toBe("SQLITE_BUSY");
    db.set(2, 201);
    db.commit();
    expect(await real.exec(`BEGIN IMMEDIATE; ${update(3, 300)}`)).toBe("ok");
    expect(db.tryBegin()).toBe(S.SQLITE_BUSY);
    db.release();
    expect(db.checkpoint(S.SQLITE_CHECKPOINT_FULL)[0]).toBe(S.SQLITE_BUSY);
    expect(await real.exec("COMMIT")).toBe("ok");
    expect(db.rows()).toEqual(marks({ 1: 100, 2: 201, 3: 300 }));

    /* Real SQLite reads an old state: the port may copy only up to it. */
    expect(await real.exec("BEGIN")).toBe("ok");
    await real.rows();
    const before = db.checkpoint(S.SQLITE_CHECKPOINT_NOOP);
    db.put({ 4: 400 });
    const after = db.checkpoint(S.SQLITE_CHECKPOINT_PASSIVE);
    expect(after).toEqual([OK, before[1]! + 2, before[1]]);
    expect(db.checkpoint(S.SQLITE_CHECKPOINT_TRUNCATE)[0]).toBe(S.SQLITE_BUSY);
    expect(await real.exec("COMMIT")).toBe("ok");
    expect(db.checkpoint(S.SQLITE_CHECKPOINT_TRUNCATE)).toEqual([OK, 0, 0]);

    /* The port reads an old state. */
    db.put({ 5: 500 });
    expect(db.tryRead()).toBe(OK);
    expect(await real.exec(update(6, 600))).toBe("ok");
    const [[busy, nLog, nCkpt]] = (await real.all("PRAGMA wal_checkpoint(PASSIVE)")) as [number[]];
    expect([busy, nCkpt]).toEqual([0, 2]);
    expect(nLog).toBeGreaterThan(2);
    expect((await real.all("PRAGMA wal_checkpoint(RESTART)")) as unknown).toEqual([[1, nLog, 2]]);
    S.sqlite3PagerShrink(db.pager);
    expect(db.rows()).toEqual(marks({ 1: 100, 2: 201, 3: 300, 4: 400, 5: 500 }));
    db.release();
    expect(await real.all("PRAGMA wal_checkpoint(RESTART)")).toEqual([[0, nLog, nLog]]);
    db.put({ 7: 700 });
    expect(await real.rows()).toEqual(marks({ 1: 100, 2: 201, 3: 300, 4: 400, 5: 500, 6: 600, 7: 700 }));
    expect(await real.integrity()).toEqual([["ok"]]);

    /* The last one to close deletes. */
    expect(await real.close()).toBe("ok");
    expect(existsSync(`${path}-wal`)).toBe(true);
    db.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(existsSync(`${path}-shm`)).toBe(false);
    const later = await Real.open(path);
    expect(await later.rows()).toEqual(marks({ 1: 100, 2: 201, 3: 300, 4: 400, 5: 500, 6: 600, 7: 700 }));
    expect(await later.integrity()).toEqual([["ok"]]);
  });

  test("more frames than one region of the wal-index, written in turns", async () => {
    const real = await create();
    const db = new Db(path);
    const want: Record<number, number> = {};
    let n = 0;
    for (let round = 0; n < 4200; round++) {
      for (let i = 0; i < 100; i++) {
        expect(db.tryBegin()).toBe(OK);
        for (let row = 1; row <= 6; row++) {
          want[row] = (round * 100 + i + row) % 10000;
          db.set(row, want[row]!);
        }
        db.commit();
      }
      want[8] = round;
      expect(await real.exec(update(8, round))).toBe("ok");
      n = db.checkpoint(S.SQLITE_CHECKPOINT_NOOP)[1]!;
      expect(await real.rows()).toEqual(marks(want));
    }
    expect(db.rows()).toEqual(marks(want));
    expect(await real.integrity()).toEqual([["ok"]]);
    expect(await real.all("PRAGMA wal_checkpoint(PASSIVE)")).toEqual([[0, n, n]]);
    db.put({ 9: 999 });
    expect(await real.rows()).toEqual(marks({ ...want, 9: 999 }));
    db.close();
  });
});

describe("what is left behind", () => {
  test("by a killed SQLite: the port recovers, as another SQLite does, to the same wal-index", async () => {
    const real = await create();
    for (let i = 0; i < 20; i++) expect(await real.exec(update(1 + (i % NROW), 1000 + i))).toBe("ok");
    /* and frames without an end */
    expect(
      await real.exec(
        `PRAGMA cache_size=1; BEGIN; UPDATE t SET v = CAST(substr(CAST(v AS TEXT), 1, 10) || hex(randomblob(1700)) AS BLOB)`,
      ),
    ).toBe("ok");
    await real.kill();
    const twin = join(dir, "twin");
    for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, twin + suffix);
    const log = readFileSync(`${path}-wal`);
    for (const f of [path, twin]) rmSync(`${f}-shm`, { force: true });

    const other = await Real.open(twin);
    const rows = await other.rows();
    await other.kill();

    const db = new Db(path);
    expect(db.rows()).toEqual(rows);
    db.close(false);
    const ours = readFileSync(`${path}-shm`);
    const theirs = readFileSync(`${twin}-shm`);
    expect(ours.length).toBe(theirs.length);
    expect(Buffer.compare(ours, theirs)).toBe(0);
    expect(Buffer.compare(readFileSync(`${path}-wal`), log)).toBe(0);
    const last = await Real.open(path);
    expect(await last.rows()).toEqual(rows);
    expect(await last.integrity()).toEqual([["ok"]]);
  });

  test("by the port: SQLite recovers, with and without the wal-index", async () => {
    const real = await create();
    expect(await real.close()).toBe("ok");
    const db = new Db(path, 3);
    db.put({ 1: 100 });
    db.put({ 2: 200, 3: 300 });
    /* Spilled, overwritten, rolled back to a savepoint, checksums computed again. */
    expect(db.tryBegin()).toBe(OK);
    for (let row = 1; row <= NROW; row++) db.set(row, 2000 + row);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(S.sqlite3PagerOpenSavepoint(db.pager, 1)).toBe(OK);
    for (let row = 1; row <= NROW; row++) db.set(row, 3000 + row);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(S.sqlite3PagerSavepoint(db.pager, S.SAVEPOINT_ROLLBACK, 0)).toBe(OK);
    db.set(4, 4444);
    db.commit();
    const want = marks(Object.fromEntries(marks().map((r) => [r, r === 4 ? 4444 : 2000 + r])));
    expect(db.rows()).toEqual(want);
    /* And a transaction without an end. */
    expect(db.tryBegin()).toBe(OK);
    for (let row = 1; row <= NROW; row++) db.set(row, 9999);
    expect(S.sqlite3PagerFlush(db.pager)).toBe(OK);
    expect(S.sqlite3PagerRollback(db.pager)).toBe(OK);
    db.close(false);
    expect(existsSync(`${path}-wal`)).toBe(true);
    for (const shm of [true, false]) {
      const twin = join(dir, `twin${shm}`);
      for (const suffix of ["", "-wal", ...(shm ? ["-shm"] : [])]) copyFileSync(path + suffix, twin + suffix);
      const other = await Real.open(twin);
      expect(await other.rows()).toEqual(want);
      expect(await other.integrity()).toEqual([["ok"]]);
      expect(await other.exec(update(5, 5555))).toBe("ok");
      await other.kill();
      const again = new Db(twin);
      expect(again.rows()).toEqual(want.map((m, i) => (i === 4 ? 5555 : m)));
      again.close();
    }
  });

  test("a log started over by the port, by SQLite", async () => {
    const real = await create();
    const db = new Db(path);
    const want: Record<number, number> = {};
    for (let i = 1; i <= 8; i++) {
      want[i] = 100 * i;
      if (i % 2) db.put({ [i]: 100 * i });
      else expect(await real.exec(update(i, 100 * i))).toBe("ok");
      if (i % 3 === 0) expect(db.checkpoint(S.SQLITE_CHECKPOINT_RESTART)[0]).toBe(OK);
      if (i % 3 === 1)
        expect(((await real.all("PRAGMA wal_checkpoint(PASSIVE)")) as number[][])[0]![0]).toBe(0);
      expect(db.rows()).toEqual(marks(want));
      expect(await real.rows()).toEqual(marks(want));
    }
    await real.kill();
    db.close(false);
    rmSync(`${path}-shm`, { force: true });
    const last = await Real.open(path);
    expect(await last.rows()).toEqual(marks(want));
    expect(await last.integrity()).toEqual([["ok"]]);
  });

  test("a log with big-endian checksums, continued by the port, read by SQLite", async () => {
    const real = await create();
    expect(await real.exec(update(1, 100))).toBe("ok");
    expect(await real.exec(update(2, 200))).toBe("ok");
    await real.kill();
    rmSync(`${path}-shm`);
    writeFileSync(`${path}-wal`, bigEndianLog(readFileSync(`${path}-wal`)));
    const db = new Db(path);
    expect(db.rows()).toEqual(marks({ 1: 100, 2: 200 }));
    db.put({ 3: 300 });
    db.close(false);
    expect(new DataView(Uint8Array.from(readFileSync(`${path}-wal`)).buffer).getUint32(0)).toBe(0x377f0683);
    rmSync(`${path}-shm`);
    const last = await Real.open(path);
    expect(await last.rows()).toEqual(marks({ 1: 100, 2: 200, 3: 300 }));
    expect(await last.integrity()).toEqual([["ok"]]);
  });

  test("a log torn at a random place: both find the same", async () => {
    const real = await create();
    for (let i = 0; i < 6; i++)
      expect(await real.exec(`${update(1 + i, 100 + i)}; ${update(7, 700 + i)}`)).toBe("ok");
    await real.kill();
    const log = readFileSync(`${path}-wal`);
    const frame = 24 + PAGE;
    for (const at of [0, 31, 32, 32 + frame - 1, 32 + 3 * frame, 32 + 5 * frame + 12, log.length - 1]) {
      const twin = join(dir, `torn${at}`);
      copyFileSync(path, twin);
      writeFileSync(`${twin}-wal`, log.subarray(0, at));
      copyFileSync(twin, `${twin}r`);
      writeFileSync(`${twin}r-wal`, log.subarray(0, at));
      const db = new Db(twin);
      const ours = db.rows();
      db.close();
      const other = await Real.open(`${twin}r`);
      expect([at, await other.rows()]).toEqual([at, ours]);
      expect(await other.close()).toBe("ok");
      expect(Buffer.compare(readFileSync(twin), readFileSync(`${twin}r`))).toBe(0);
    }
  });
});
