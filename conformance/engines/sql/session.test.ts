/**
 * The driver session.c, on real SQLite and, if the SQL engine has been built, on the port: what goes in
 * comes out, errors are told with code, message and offset, nothing that can be sent ends the process.
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { engineModulePath } from "../../engine/build/index.js";
import { ChildGone } from "../child.js";
import type { ShimRecord } from "../shimvfs.js";
import { sameOutcome } from "./outcome.js";
import {
  decodeAnswer,
  encodeRequest,
  OK,
  type Outcome,
  SessionError,
  type SessionRequest,
} from "./protocol.js";
import { SqlEngine } from "./session.js";
import { fromSource } from "./testing.js";
import type { SqlValue } from "./values.js";

const start = {
  real: (): SqlEngine => SqlEngine.real(fromSource("./sql/real-child.js")),
  port: (): SqlEngine => SqlEngine.port(fromSource("./sql/port-child.js")),
};

function isBuilt(): boolean {
  try {
    engineModulePath();
    return true;
  } catch {
    return false;
  }
}

const failed = (code: number, name: string, message: string, offset = -1): Outcome => ({
  code,
  name,
  message,
  offset,
});

describe.each(["real", "port"] as const)("session.c, %s", (side) => {
  const skip = side === "port" && !isBuilt();
  const test = it.skipIf(skip);
  const root = mkdtempSync(join(tmpdir(), "session-"));
  const dir = join(root, "d");
  const db = join(dir, "a.db");
  let e: SqlEngine;

  beforeAll(() => {
    if (!skip) e = start[side]();
  });
  beforeEach(() => {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir);
  });
  afterEach(async () => {
    if (!skip) await e.reset();
  });
  afterAll(async () => {
    if (!skip) await e.end();
    rmSync(root, { recursive: true, force: true });
  });

  /** Rows of SQL that must not fail. */
  async function rows(sql: string, params: readonly SqlValue[] = [], conn = 0): Promise<SqlValue[][]> {
    const { statements } = await e.run(conn, sql, params);
    for (const s of statements) expect(s.outcome).toEqual(OK);
    return statements.at(-1)?.rows ?? [];
  }

  const opened = async (conn = 0, path = ":memory:"): Promise<void> => {
    expect(await e.open(conn, path)).toEqual(OK);
  };

  test("returns values with their types and bits", async () => {
    await opened();
    const sql =
      "SELECT NULL, 1, -9223372036854775808, 9007199254740993, 1.0, 0.1, 1e999, '', 'ä', " +
      "CAST(x'ff00' AS TEXT), 'a' || char(0) || 'b', x'', x'00ff', zeroblob(3)";
    expect(await rows(sql)).toEqual([
      [
        ...[null, 1, -9223372036854775808n, 9007199254740993n, { real: 1 }, { real: 0.1 }],
        ...[{ real: Number.POSITIVE_INFINITY }, "", "ä", { text: Uint8Array.of(255, 0) }, "a\0b"],
        ...[new Uint8Array(0), Uint8Array.of(0, 255), new Uint8Array(3)],
      ],
    ]);
  });

  test("binds what it returns", async () => {
    await opened();
    const value = fc.oneof(
      fc.constant(null),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.maxSafeInteger(),
      /* SQLite has no NaN. */
      fc.double({ noNaN: true }).map((real) => ({ real })),
      fc.string({ unit: "binary" }),
      fc.uint8Array(),
    );
    const back = (v: SqlValue): SqlValue =>
      Number.isSafeInteger(Number(v)) && typeof v === "bigint" ? Number(v) : v;
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 6 }), async (params) => {
        const [row] = await rows(`SELECT ${params.map(() => "?").join(", ")}`, params);
        expect(sameOutcome(row, params.map(back))).toBe(true);
      }),
      { numRuns: 60 },
    );
    expect(
      (await e.run(0, "SELECT ?1, typeof(?2), ?3", [{ zeroblob: 2 }, { real: 2 }])).statements[0]?.rows,
    ).toEqual([[new Uint8Array(2), "real", null]]);
  });

  test("reports each statement, and stops at the first error", async () => {
    await opened();
    const sql =
      "CREATE TABLE t(a UNIQUE); -- one\n;INSERT INTO t VALUES(1),(2); BEGIN; INSERT INTO t VALUES(2); SELECT 1";
    const { statements, consumed } = await e.run(0, sql);
    const text = (i: number): string => sql.slice(statements[i]?.start, statements[i]?.end).trim();
    expect(statements.map((s) => s.outcome.name)).toEqual([
      ...["SQLITE_OK", "SQLITE_OK", "SQLITE_OK", "SQLITE_CONSTRAINT_UNIQUE"],
    ]);
    expect(text(3)).toBe("INSERT INTO t VALUES(2);");
    expect(consumed).toBe(sql.indexOf(" SELECT 1"));
    expect(statements[1]).toMatchObject({ changes: 2, totalChanges: 2, lastRowid: 2, autocommit: true });
    expect(statements[2]).toMatchObject({ autocommit: false, transaction: 0 });
    expect(statements[3]).toMatchObject({
      stage: "step",
      outcome: failed(2067, "SQLITE_CONSTRAINT_UNIQUE", "UNIQUE constraint failed: t.a"),
      autocommit: false,
      transaction: 2,
    });
    expect(await e.facts(0)).toEqual({
      ...{ changes: 0, totalChanges: 2, lastRowid: 2, autocommit: false, transaction: 2 },
    });
  });

  test("tells where an error is, in the statement's own text", async () => {
    await opened();
    const { statements } = await e.run(0, "SELECT 1;  SELECT nosuch, 2");
    expect(statements[1]).toMatchObject({
      stage: "prepare",
      outcome: failed(1, "SQLITE_ERROR", "no such column: nosuch", 9),
      state: "none",
      columns: [],
    });
    const [syntax] = (await e.run(0, "SELECT FROM")).statements;
    expect(syntax?.outcome).toEqual(failed(1, "SQLITE_ERROR", 'near "FROM": syntax error', 7));
  });

  test("goes on after errors if asked, at the next statement", async () => {
    await opened();
    const sql =
      "CREATE TABLE t(a, a, 'b;c'); SELECT 1; x; CREATE TRIGGER x BEGIN y; z; END; SELECT ';'; SELECT (";
    const { statements, consumed } = await e.run(0, sql, [], { keepGoing: true });
    expect(statements.map((s) => s.outcome.code)).toEqual([1, 0, 1, 1, 0, 1]);
    expect(statements.map((s) => s.rows)).toEqual([[], [[1]], [], [], [[";"]], []]);
    expect(consumed).toBe(sql.length);
  });

  test("runs one statement, counts rows, ends after a number of rows", async () => {
    await opened();
    const count = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c) SELECT i, i*i AS s FROM c";
    const single = await e.run(0, " ; /* x */ SELECT 1; SELECT 2", [], { single: true });
    expect(single.statements.map((s) => s.rows)).toEqual([[[1]]]);
    const cut = (await e.run(0, count, [], { rowLimit: 3 })).statements[0];
    expect(cut).toMatchObject({
      rows: [
        [1, 1],
        [2, 4],
        [3, 9],
      ],
      columns: ["i", "s"],
      state: "row",
      count: 3,
    });
    const counted = (await e.run(0, `${count} LIMIT 1000`, [], { noRows: true })).statements[0];
    expect(counted).toMatchObject({ rows: [], state: "done", count: 1000 });
    for (const nothing of ["", " ", "-- x", ";;"]) {
      expect((await e.run(0, nothing)).statements).toEqual([]);
    }
    expect((await e.run(0, new TextEncoder().encode("SELECT 1;\0SELECT 2"))).statements).toHaveLength(1);
  });

  test("keeps statements open between requests", async () => {
    await opened();
    await rows("CREATE TABLE t(a); INSERT INTO t VALUES(1),(2),(3)");
    const sql = "SELECT a + ?, ? FROM t; tail";
    expect(await e.prepare(0, 0, sql)).toEqual({
      ...{ outcome: OK, consumed: 23, present: true, parameters: 2, columns: ["a + ?", "?"] },
      ...{ readonly: true, explain: 0 },
    });
    expect(await e.bind(0, [10, "x"])).toEqual(OK);
    expect(await e.step(0)).toMatchObject({ rows: [[11, "x"]], state: "row", outcome: OK, transaction: 1 });
    await rows("INSERT INTO t VALUES(4)");
    expect(await e.step(0, 2)).toMatchObject({
      rows: [
        [12, "x"],
        [13, "x"],
      ],
      state: "row",
    });
    expect(await e.bind(0, [1])).toMatchObject({ code: 21, name: "SQLITE_MISUSE" });
    expect(await e.close(0)).toMatchObject({ code: 5, name: "SQLITE_BUSY" });
    expect(await e.step(0, 0)).toMatchObject({ rows: [[14, "x"]], state: "done" });
    expect(await e.resetStatement(0)).toEqual(OK);
    expect(await e.bind(0, [1, 2, 3])).toEqual(failed(25, "SQLITE_RANGE", "column index out of range"));
    expect(await e.bind(0, [], true)).toEqual(OK);
    expect(await e.step(0)).toMatchObject({ rows: [[null, null]] });
    expect(await e.finalize(0)).toEqual(OK);
    expect(await e.prepare(1, 0, " -- nothing")).toMatchObject({ outcome: OK, present: false, consumed: 11 });
    expect(await e.prepare(1, 0, "INSERT INTO nosuch VALUES(1)")).toMatchObject({
      outcome: failed(1, "SQLITE_ERROR", "no such table: nosuch"),
      present: false,
    });
  });

  test("names columns as they are after the statement was prepared anew", async () => {
    await opened();
    await rows("CREATE TABLE t(a); INSERT INTO t VALUES(1)");
    expect((await e.prepare(0, 0, "SELECT * FROM t")).columns).toEqual(["a"]);
    await rows("ALTER TABLE t ADD COLUMN b DEFAULT 7");
    expect(await e.step(0)).toMatchObject({ columns: ["a", "b"], rows: [[1, 7]] });
  });

  test("reads and writes blobs in parts", async () => {
    await opened(0, db);
    await rows("CREATE TABLE t(b); INSERT INTO t VALUES(zeroblob(5000)),(x'0102'),(7)");
    expect(await e.blobOpen(3, 0, { table: "t", column: "b", rowid: 1, write: true })).toEqual({
      outcome: OK,
      bytes: 5000,
    });
    expect(await e.blobWrite(3, 4990, Uint8Array.of(1, 2, 3))).toEqual(OK);
    expect(await e.blobRead(3, 4989, 5)).toEqual({ outcome: OK, data: Uint8Array.of(0, 1, 2, 3, 0) });
    expect((await e.blobRead(3, 4999, 2)).outcome).toEqual(failed(1, "SQLITE_ERROR", "SQL logic error"));
    expect(await e.blobReopen(3, 2)).toEqual({ outcome: OK, bytes: 2 });
    expect(await e.blobBytes(3)).toBe(2);
    expect((await e.blobReopen(3, 9)).outcome).toEqual(failed(1, "SQLITE_ERROR", "no such rowid: 9"));
    expect((await e.blobRead(3, 0, 1)).outcome.name).toBe("SQLITE_ABORT");
    expect(await e.blobClose(3)).toEqual(OK);
    expect(await e.blobOpen(3, 0, { table: "t", column: "b", rowid: 3 })).toEqual({
      outcome: failed(1, "SQLITE_ERROR", "cannot open value of type integer"),
      bytes: 0,
    });
    expect(await rows("SELECT sum(instr(b, x'010203')) FROM t WHERE rowid = 1")).toEqual([[4991]]);
  });

  test("backs up page by page", async () => {
    await opened(0, db);
    await opened(1, join(dir, "copy.db"));
    await rows("PRAGMA page_size=512; CREATE TABLE t(b); INSERT INTO t VALUES(zeroblob(4000))");
    const pages = (await rows("PRAGMA page_count"))[0]?.[0] as number;
    expect(await e.backupInit(0, 1, 0)).toEqual({ outcome: OK, remaining: 0, pageCount: 0 });
    expect(await e.backupStep(0, 2)).toEqual({ outcome: OK, remaining: pages - 2, pageCount: pages });
    await expect(e.close(1)).rejects.toThrow(SessionError);
    await expect(e.run(1, "SELECT 1")).rejects.toThrow("finish it first");
    expect(await e.close(0)).toMatchObject({ name: "SQLITE_BUSY" });
    await rows("INSERT INTO t VALUES(1)");
    const done = { ...failed(101, "SQLITE_DONE", ""), offset: -1 };
    expect(await e.backupStep(0, -1)).toEqual({ outcome: done, remaining: 0, pageCount: pages });
    expect(await e.backupState(0)).toEqual({ outcome: OK, remaining: 0, pageCount: pages });
    expect(await e.backupFinish(0)).toEqual(OK);
    expect(await rows("SELECT count(*) FROM t", [], 1)).toEqual([[2]]);
    expect((await e.backupInit(0, 0, 0)).outcome).toEqual(
      failed(1, "SQLITE_ERROR", "source and destination must be distinct"),
    );
    expect((await e.backupInit(0, 1, 0, { source: "x" })).outcome).toEqual(
      failed(1, "SQLITE_ERROR", "unknown database x"),
    );
  });

  test("asks the busy handler as often as told", async () => {
    await opened(0, db);
    await opened(1, db);
    await rows("CREATE TABLE t(a); BEGIN EXCLUSIVE");
    await e.busy(1, 4);
    expect((await e.run(1, "SELECT * FROM t")).statements[0]).toMatchObject({
      outcome: failed(5, "SQLITE_BUSY", "database is locked"),
    });
    expect(await e.busyCount(1, true)).toBe(5);
    expect(await e.busyCount(1)).toBe(0);
    await e.busy(1, -1);
    expect((await e.run(1, "SELECT * FROM t")).statements[0]?.outcome.name).toBe("SQLITE_BUSY");
    expect(await e.busyCount(1)).toBe(0);
  });

  test("serializes and deserializes", async () => {
    await opened(0, db);
    expect(await e.serialize(0, "nosuch")).toBeNull();
    await rows("PRAGMA page_size=512; CREATE TABLE t(a); INSERT INTO t VALUES(5)");
    const image = await e.serialize(0);
    expect(image).toEqual(Uint8Array.from(readFileSync(db)));
    await opened(1);
    expect(await e.deserialize(1, image as Uint8Array)).toEqual(OK);
    expect(await rows("INSERT INTO t VALUES(6); SELECT * FROM t", [], 1)).toEqual([[5], [6]]);
    expect(await e.deserialize(1, image as Uint8Array, { readonly: true })).toEqual(OK);
    expect((await e.run(1, "DELETE FROM t")).statements[0]?.outcome.name).toBe("SQLITE_READONLY");
  });

  test("reaches the small controls", async () => {
    await opened(0, db);
    await rows("CREATE TABLE t(a)");
    const [CHUNK_SIZE, DATA_VERSION, RESERVE_BYTES, FILE_POINTER] = [6, 35, 38, 7];
    expect(await e.fileControl(0, CHUNK_SIZE, 65536)).toMatchObject({ name: "SQLITE_OK" });
    expect((await e.fileControl(0, DATA_VERSION)).value).toBeGreaterThan(0);
    expect(await e.fileControl(0, RESERVE_BYTES, -1)).toMatchObject({ code: 0, value: 0 });
    await expect(e.fileControl(0, FILE_POINTER)).rejects.toThrow("not a number");
    expect(await e.fileControl(0, 4, 0, "nosuch")).toMatchObject({ name: "SQLITE_ERROR" });
    const CACHE_HIT = 7;
    const { code, value, highwater } = await e.dbStatus(0, CACHE_HIT);
    expect([code, highwater]).toEqual([0, 0]);
    expect(value).toBeGreaterThan(0);
    expect(await e.dbStatus(0, 99)).toMatchObject({ name: "SQLITE_ERROR" });
    const [ENABLE_FKEY, LOOKASIDE, DEFENSIVE] = [1002, 1001, 1010];
    expect(await e.dbConfig(0, ENABLE_FKEY)).toMatchObject({ code: 0, value: 1 });
    expect(await e.dbConfig(0, ENABLE_FKEY, 0)).toMatchObject({ code: 0, value: 0 });
    expect(await e.dbConfig(0, DEFENSIVE)).toMatchObject({ code: 0, value: 0 });
    await expect(e.dbConfig(0, LOOKASIDE)).rejects.toThrow("not a switch");
    expect(await e.limit(0, 2, 10)).toBe(2000);
    expect((await e.run(0, "SELECT 1,2,3,4,5,6,7,8,9,10,11")).statements[0]?.outcome.message).toBe(
      "too many columns in result set",
    );
    expect(await e.cacheFlush(0)).toEqual(OK);
    expect(await e.releaseMemory(0)).toBe(0);
    expect([await e.readonly(0), await e.readonly(0, "x")]).toEqual([0, -1]);
    expect(await e.checkpoint(0, 0)).toEqual({ outcome: OK, log: -1, checkpointed: -1 });
    expect([await e.complete("SELECT 1;"), await e.complete("SELECT ';")]).toEqual([1, 0]);
    const { version, options } = await e.version();
    expect(version).toMatch(/^3\./);
    expect(options).toContain("DQS=0");
  });

  test("opens with flags and tells why it cannot", async () => {
    expect(await e.open(0, join(dir, "none", "a.db"))).toEqual(
      failed(14, "SQLITE_CANTOPEN", "unable to open database file"),
    );
    expect(await e.open(0, db, { flags: 2 })).toMatchObject({ name: "SQLITE_CANTOPEN" });
    expect(await e.open(0, db, { vfs: "nosuch" })).toEqual(failed(1, "SQLITE_ERROR", "no such vfs: nosuch"));
    await opened(0, db);
    await expect(e.open(0, db)).rejects.toThrow("taken");
    await rows("CREATE TABLE t(a)");
    expect(await e.open(1, db, { flags: 1 })).toEqual(OK);
    expect(await e.readonly(1)).toBe(1);
    expect((await e.run(1, "DELETE FROM t")).statements[0]?.outcome).toEqual(
      failed(8, "SQLITE_READONLY", "attempt to write a readonly database"),
    );
  });

  test("moves the pending byte", async () => {
    expect(await e.pendingByte(0x10000)).toBe(0x40000000);
    await opened(0, db);
    await rows("PRAGMA page_size=512; CREATE TABLE t(a); INSERT INTO t VALUES(zeroblob(100000))");
    expect(await rows("PRAGMA integrity_check")).toEqual([["ok"]]);
    await e.close(0);
    const bytes = readFileSync(db);
    expect(bytes.subarray(0x10000, 0x10200).every((b) => b === 0)).toBe(true);
    expect(await e.pendingByte(0)).toBe(0x10000);
    await e.reset();
    expect(await e.pendingByte(0)).toBe(0x40000000);
    await expect(e.pendingByte(100)).rejects.toThrow("page 1");
  });

  test("refuses what makes no sense, and changes nothing", async () => {
    await opened(0, db);
    const request = encodeRequest({
      ...{ op: "run", conn: 0, sql: "CREATE TABLE t(a)", params: [1, "x", null], keepGoing: false },
      ...{ single: false, noRows: false, rowLimit: 0 },
    } as SessionRequest & { op: "run" });
    const why = async (bytes: Uint8Array): Promise<string> => {
      const answer = await e.askBytes(bytes);
      try {
        decodeAnswer("run", answer);
      } catch (error) {
        if (error instanceof SessionError) return error.why;
        throw error;
      }
      return "answered";
    };
    for (let n = 0; n < request.length; n++) expect(await why(request.subarray(0, n))).toBe("malformed");
    expect(await why(Uint8Array.from([...request, 0]))).toBe("malformed");
    expect(await why(Uint8Array.of(0))).toBe("malformed");
    expect(await why(Uint8Array.of(200, 1, 2))).toBe("malformed");
    expect(await rows("SELECT * FROM sqlite_schema")).toEqual([]);
    expect(await why(request)).toBe("answered");
    for (const missing of [
      () => e.close(1),
      () => e.step(0),
      () => e.blobRead(0, 0, 1),
      () => e.backupStep(0, 1),
    ]) {
      await expect(missing()).rejects.toMatchObject({ why: "handle" });
    }
    await expect(e.close(1000)).rejects.toMatchObject({ why: "handle" });
  });

  test("closes everything on reset", async () => {
    await opened(0, db);
    await opened(1, join(dir, "b.db"));
    await rows("CREATE TABLE t(b); INSERT INTO t VALUES(x'01'); BEGIN IMMEDIATE; INSERT INTO t VALUES(2)");
    await e.prepare(0, 0, "SELECT * FROM t");
    await e.step(0);
    await e.blobOpen(0, 0, { table: "t", column: "b", rowid: 1 });
    await e.backupInit(0, 1, 0);
    await e.plan({ calls: ["lock"], at: 1, what: "fail" });
    await e.device({ sectorSize: 4096 });
    await e.reset();
    await opened(0, db);
    expect(await rows("SELECT count(*) FROM t")).toEqual([[1]]);
    expect(readdirSync(dir).sort()).toEqual(["a.db", "b.db"]);
    expect(await e.count()).toBe(0);
  });

  test("fails the n-th call, and recovers", async () => {
    await opened(0, db);
    await rows("PRAGMA page_size=512; CREATE TABLE t(a); INSERT INTO t VALUES(1)");
    await e.plan({ calls: ["write"], suffix: ".db", at: 2, what: "fail", rc: 13 });
    expect((await e.run(0, "INSERT INTO t VALUES(zeroblob(5000))")).statements[0]?.outcome).toEqual(
      failed(13, "SQLITE_FULL", "database or disk is full"),
    );
    expect(await e.count()).toBeGreaterThanOrEqual(2);
    await e.plan(null);
    expect(await rows("SELECT * FROM t; PRAGMA integrity_check")).toEqual([["ok"]]);
    await e.plan({ calls: ["sync"], suffix: "-journal", at: 1, what: "fail", rc: 1034, persistent: true });
    expect((await e.run(0, "DELETE FROM t")).statements[0]?.outcome).toEqual(
      failed(1034, "SQLITE_IOERR_FSYNC", "disk I/O error"),
    );
  });

  test("claims a device", async () => {
    await e.device({ sectorSize: 4096, characteristics: 0 });
    await opened(0, db);
    await e.record(true, { calls: ["write"] });
    await rows("PRAGMA page_size=512; CREATE TABLE t(a)");
    const records = await e.record(false);
    expect(records.find((r) => r.file === "a.db-journal")).toMatchObject({ amount: 512 });
    expect(records.filter((r) => r.file === "a.db-journal")[7]).toMatchObject({ offset: 3584, amount: 512 });
  });
});

/** A workload whose bytes depend on random numbers: nonces, random(), temporary names, super-journals. */
async function workload(e: SqlEngine, dir: string): Promise<{ answers: unknown[]; records: ShimRecord[] }> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  await e.seed(20240);
  await e.record(true, { reads: true, results: true });
  const answers: unknown[] = [await e.open(0, join(dir, "a.db"))];
  const sql = [
    `PRAGMA page_size=1024; ATTACH '${join(dir, "b.db")}' AS b; PRAGMA cache_size=5; PRAGMA b.page_size=512`,
    "CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE TABLE b.u(x); PRAGMA temp_store=FILE",
    "INSERT INTO t(b) WITH c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<300) SELECT randomblob(i) FROM c",
    "BEGIN; UPDATE t SET b = randomblob(200) WHERE a % 3 = 0; INSERT INTO u SELECT random() FROM t; COMMIT",
    "CREATE TEMP TABLE w AS SELECT b FROM t ORDER BY b; SAVEPOINT s; DELETE FROM t WHERE a > 100; ROLLBACK TO s",
    "RELEASE s; VACUUM; SELECT hex(b) FROM t ORDER BY b LIMIT 10; SELECT nosuch",
  ];
  for (const s of sql) answers.push(await e.run(0, s));
  answers.push(await e.close(0));
  return { answers, records: await e.record(false) };
}

describe("equal seeds", () => {
  const root = mkdtempSync(join(tmpdir(), "seeds-"));
  const dir = join(root, "d");
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  async function run(engine: SqlEngine): Promise<unknown> {
    try {
      const { answers, records } = await workload(engine, dir);
      const files = readdirSync(dir).map((f) => [f, Buffer.from(readFileSync(join(dir, f))).toString("hex")]);
      return { answers, records, files };
    } finally {
      await engine.end();
    }
  }

  it("give equal answers, traces and bytes in two processes of real SQLite", async () => {
    const first = (await run(start.real())) as { records: ShimRecord[] };
    const second = await run(start.real());
    expect(sameOutcome(first, second as typeof first)).toBe(true);
    expect(first.records.some((r) => /-mj/.test(r.file))).toBe(true);
    expect(first.records.some((r) => r.call === "write" && r.file === "")).toBe(true);
  });

  it.skipIf(!isBuilt())("give the same on the port", async () => {
    const real = await run(start.real());
    const port = await run(start.port());
    expect(port).toEqual(real);
  });

  it("are what makes them equal", async () => {
    const other = start.real();
    const seed = other.seed.bind(other);
    other.seed = async () => await seed(7);
    expect(sameOutcome(await run(start.real()), await run(other))).toBe(false);
  });
});

describe("a plan that kills", () => {
  it("ends the process at that call", async () => {
    const root = mkdtempSync(join(tmpdir(), "kill-"));
    const e = start.real();
    await e.open(0, join(root, "a.db"));
    await e.plan({ calls: ["write"], suffix: "a.db", at: 1, what: "kill-torn" });
    const gone = await e.run(0, "CREATE TABLE t(a)").catch((error: unknown) => error);
    expect(gone).toBeInstanceOf(ChildGone);
    expect((gone as ChildGone).exit.signal).toBe("SIGKILL");
    expect(readFileSync(join(root, "a.db")).length).toBe(2048);
    rmSync(root, { recursive: true, force: true });
  });
});
