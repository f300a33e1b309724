/**
 * The API over the SQL engine. Expected values are better-sqlite3's (from a child process where a file is
 * involved) or plain facts of SQL.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import "../../src/unix.js";
import { buildEngine } from "./build/index.js";
import { Database, type Engine, loadEngine, SqliteError, useEngine } from "./index.js";

const folder = mkdtempSync(join(tmpdir(), "pager-mirror-engine-"));
let engine: Engine;

beforeAll(async () => {
  await buildEngine();
  engine = loadEngine();
  useEngine(engine);
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What better-sqlite3 answers to an expression over `db`, in a process of its own. */
function real(path: string, expression: string): unknown {
  const script = `
    const db = new (require("better-sqlite3"))(${JSON.stringify(path)});
    process.stdout.write(JSON.stringify(${expression}));`;
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  return JSON.parse(execFileSync(process.execPath, ["-e", script], { cwd, encoding: "utf8" }));
}

function codeOf(body: () => unknown): string {
  try {
    body();
  } catch (e) {
    if (e instanceof SqliteError) return `${e.code}: ${e.message}`;
    throw e;
  }
  return "no error";
}

describe("values", () => {
  it("come back as they were bound", () => {
    const db = new Database(":memory:");
    const blob = Uint8Array.of(0, 1, 2, 255);
    const long = "grüße ".repeat(1000);
    const row = db
      .prepare("SELECT ?, ?, ?, ?, ?, :name")
      .raw()
      .get(1.5, "x\u0000y", null, blob, long, { name: 7 });
    expect(row).toEqual([1.5, "x\u0000y", null, blob, long, 7]);
    expect(db.prepare("SELECT typeof(?), typeof(?)").raw().get(1, 1n)).toEqual(["real", "integer"]);
    db.close();
  });

  it("integers beyond 2^53 are exact as bigints", () => {
    const db = new Database(":memory:");
    for (const n of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n, -(2n ** 32n) - 5n]) {
      expect(db.prepare("SELECT ?").pluck().safeIntegers().get(n)).toBe(n);
      expect(db.prepare("SELECT CAST(? AS TEXT)").pluck().get(n)).toBe(String(n));
    }
    expect(() => db.prepare("SELECT ?").get(2n ** 63n)).toThrow(RangeError);
    db.close();
  });

  it("an empty blob is a blob", () => {
    const db = new Database(":memory:");
    expect(db.prepare("SELECT typeof(?)").pluck().get(new Uint8Array(0))).toBe("blob");
    db.close();
  });
});

describe("statements", () => {
  it("run, get, all, iterate", () => {
    const db = new Database(":memory:");
    db.exec("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    const insert = db.prepare("INSERT INTO t(b) VALUES(?)");
    expect(insert.run("one")).toEqual({ changes: 1, lastInsertRowid: 1 });
    expect(insert.run("two")).toEqual({ changes: 1, lastInsertRowid: 2 });
    expect(db.prepare("SELECT * FROM t WHERE a=?").get(2)).toEqual({ a: 2, b: "two" });
    expect(db.prepare("SELECT * FROM t WHERE a=?").get(3)).toBeUndefined();
    expect(db.prepare("SELECT b FROM t").pluck().all()).toEqual(["one", "two"]);
    const seen: unknown[] = [];
    const rows = db.prepare("SELECT a FROM t").pluck();
    for (const a of rows.iterate()) {
      seen.push(a);
      expect(() => rows.get()).toThrow("busy");
      break;
    }
    expect(seen).toEqual([1]);
    expect(rows.get()).toBe(1);
    expect(db.prepare("CREATE TABLE u(x)").run().changes).toBe(0);
    db.close();
  });

  it("refuse too few, too many and unnamed parameters, several statements, none", () => {
    const db = new Database(":memory:");
    expect(() => db.prepare("SELECT ?").get()).toThrow("Too few");
    expect(() => db.prepare("SELECT ?").get(1, 2)).toThrow("Too many");
    expect(() => db.prepare("SELECT :a").get({})).toThrow('Missing named parameter "a"');
    expect(() => db.prepare("SELECT 1; SELECT 2")).toThrow("more than one statement");
    expect(() => db.prepare("  -- nothing")).toThrow("no statements");
    expect(db.prepare("SELECT 1; -- and no more").pluck().get()).toBe(1);
    db.close();
  });

  it("report SQLite's codes and messages", () => {
    const db = new Database(":memory:");
    db.exec("CREATE TABLE t(a UNIQUE, b NOT NULL); INSERT INTO t VALUES(1, 1)");
    expect(codeOf(() => db.exec("INSERT INTO t VALUES(1, 1)"))).toBe(
      "SQLITE_CONSTRAINT_UNIQUE: UNIQUE constraint failed: t.a",
    );
    expect(codeOf(() => db.prepare("INSERT INTO t VALUES(?, ?)").run(2, null))).toBe(
      "SQLITE_CONSTRAINT_NOTNULL: NOT NULL constraint failed: t.b",
    );
    expect(codeOf(() => db.prepare("SELEC"))).toBe('SQLITE_ERROR: near "SELEC": syntax error');
    db.close();
    expect(() => db.exec("SELECT 1")).toThrow("not open");
  });

  it("a transaction that throws is rolled back, a nested one only up to its savepoint", () => {
    const db = new Database(":memory:");
    db.exec("CREATE TABLE t(a)");
    const insert = db.prepare("INSERT INTO t VALUES(?)");
    db.transaction(() => {
      insert.run(1);
      expect(() =>
        db.transaction(() => {
          insert.run(2);
          throw new Error("no");
        })(),
      ).toThrow("no");
      expect(db.inTransaction).toBe(true);
    })();
    expect(db.inTransaction).toBe(false);
    expect(db.prepare("SELECT a FROM t").pluck().all()).toEqual([1]);
    db.close();
  });
});

describe("files", () => {
  it("are read by real SQLite, and real SQLite's are read", () => {
    const path = join(folder, "both.db");
    const db = new Database(path);
    db.exec("PRAGMA page_size=1024; CREATE TABLE t(a, b); CREATE INDEX i ON t(b)");
    const insert = db.prepare("INSERT INTO t VALUES(?, ?)");
    db.transaction(() => {
      for (let i = 0; i < 3000; i++) insert.run(i, `text ${i % 97}`);
    })();
    db.close();
    expect(real(path, `db.pragma("integrity_check", { simple: true })`)).toBe("ok");
    expect(real(path, `db.prepare("SELECT count(*) FROM t WHERE b='text 5'").pluck().get()`)).toBe(31);
    real(path, `db.exec("UPDATE t SET a=-a WHERE b='text 5'")`);
    const again = new Database(path, { readonly: true });
    expect(again.prepare("SELECT count(*) FROM t WHERE a<0").pluck().get()).toBe(31);
    expect(again.pragma("integrity_check", { simple: true })).toBe("ok");
    expect(codeOf(() => again.exec("DELETE FROM t"))).toBe(
      "SQLITE_READONLY: attempt to write a readonly database",
    );
    again.close();
  });

  it("a missing one is an error if it must exist", () => {
    expect(codeOf(() => new Database(join(folder, "none.db"), { fileMustExist: true }))).toBe(
      "SQLITE_CANTOPEN: unable to open database file",
    );
  });

  it("a mapped database, a backup by VACUUM INTO and an attached one", () => {
    const path = join(folder, "mapped.db");
    const copy = join(folder, "copy.db");
    const db = new Database(path);
    db.exec("CREATE TABLE t(a, b)");
    db.exec(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) INSERT INTO t SELECT i, zeroblob(3000) FROM n",
    );
    db.close();
    const mapped = new Database(path);
    expect(mapped.pragma("mmap_size=100000000", { simple: true })).toBe(100000000);
    expect(mapped.prepare("SELECT sum(a)+sum(length(b)) FROM t").pluck().get()).toBe(2001000 + 6000000);
    mapped.exec(`VACUUM INTO '${copy}'`);
    mapped.exec(`ATTACH '${copy}' AS c`);
    expect(
      mapped.prepare("SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM c.t)").pluck().get(),
    ).toBe(0);
    mapped.exec("BEGIN; DELETE FROM main.t WHERE a>10; DELETE FROM c.t WHERE a>10; COMMIT");
    mapped.close();
    expect(real(copy, `db.prepare("SELECT count(*) FROM t").pluck().get()`)).toBe(10);
    expect(real(path, `db.pragma("integrity_check", { simple: true })`)).toBe("ok");
  });
});

describe("memory", () => {
  it("a failed allocation in the port is SQLITE_NOMEM, and the connection goes on", () => {
    const db = new Database(":memory:");
    db.exec("CREATE TABLE t(a, b)");
    const fill = () =>
      db.exec(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<500) INSERT INTO t SELECT i, zeroblob(2000) FROM n",
      );
    engine.failAllocation({ at: 30, persistent: false });
    try {
      expect(codeOf(fill)).toBe("SQLITE_NOMEM: out of memory");
    } finally {
      engine.failAllocation(null);
    }
    expect(db.prepare("SELECT count(*) FROM t").pluck().get()).toBe(0);
    fill();
    expect(db.prepare("SELECT count(*) FROM t").pluck().get()).toBe(500);
    db.close();
  });

  it("equal seeds give equal random numbers, as in real SQLite", () => {
    const db = new Database(":memory:");
    const draw = () => db.prepare("SELECT hex(randomblob(20))").pluck().get();
    engine.seed(42);
    const first = draw();
    engine.seed(42);
    expect(draw()).toBe(first);
    engine.seed(0);
    expect(draw()).not.toBe(first);
    db.close();
  });
});

describe("serialised databases", () => {
  it("live in the upper half's own VFS, on the port's pager", () => {
    const db = new Database("file:/shared?vfs=memdb", { vfs: "memdb" });
    db.exec("CREATE TABLE t(a); INSERT INTO t VALUES(1),(2)");
    expect(db.prepare("SELECT count(*) FROM t").pluck().get()).toBe(2);
    expect(db.pragma("journal_mode", { simple: true })).toBe("memory");
    db.close();
  });
});
