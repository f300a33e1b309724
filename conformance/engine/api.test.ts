/**
 * Where the API must not differ from better-sqlite3: what is allowed while an iterator is open, after a
 * connection is closed, after the schema has changed. The expected values are what better-sqlite3 12 does.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import "../../src/unix.js";
import { Ref, type sqlite3_file, type sqlite3_io_methods } from "../../src/index.js";
import { FetchedCopies, fetchCopy, unfetchCopy } from "./arena-vfs.js";
import { buildEngine } from "./build/index.js";
import { Database, type Engine, loadEngine, useEngine } from "./index.js";

let engine: Engine;
let db: Database;

beforeAll(async () => {
  await buildEngine();
  engine = loadEngine();
  useEngine(engine);
  db = new Database(":memory:");
  db.exec("CREATE TABLE t(a); INSERT INTO t VALUES(1),(2),(3)");
}, 600_000);

afterAll(() => db.close());

const BUSY = "This database connection is busy executing a query";

describe("an open iterator", () => {
  it("keeps its connection from being closed and written to, until it ends", () => {
    const insert = db.prepare("INSERT INTO t VALUES(9)");
    const rows = db.prepare("SELECT a FROM t").pluck();
    const seen: unknown[] = [];
    for (const a of rows.iterate()) {
      seen.push(a);
      for (const forbidden of [
        () => db.close(),
        () => db.exec("SELECT 1"),
        () => insert.run(),
        () => db.pragma("user_version"),
      ]) {
        expect(forbidden).toThrow(BUSY);
      }
      expect(() => rows.raw()).toThrow("busy");
      expect(db.prepare("SELECT max(a) FROM t").pluck().get()).toBe(3);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(db.iterators).toBe(0);
  });

  it("begins and checks its parameters at once, and can be left before its first row", () => {
    const rows = db.prepare("SELECT a FROM t WHERE a>?").pluck();
    expect(() => rows.iterate()).toThrow("Too few");
    expect(() => db.prepare("DELETE FROM t").iterate()).toThrow("does not return data");
    const iterator = rows.iterate(1);
    expect(() => rows.get(1)).toThrow("busy");
    expect(iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(iterator.next()).toEqual({ done: true, value: undefined });
    expect(rows.all(1)).toEqual([2, 3]);
  });

  it("ends with an error", () => {
    const rows = db.prepare("SELECT abs(-9223372036854775807 - (a>1)) FROM t").pluck().iterate();
    rows.next();
    expect(() => rows.next()).toThrow("integer overflow");
    expect(rows.next().done).toBe(true);
    expect(db.iterators).toBe(0);
  });
});

describe("statements", () => {
  it("of a closed connection refuse everything", () => {
    const closed = new Database(":memory:");
    const statement = closed.prepare("SELECT ?");
    closed.close();
    for (const use of [() => statement.bind(1), () => statement.get(1), () => statement.iterate(1)]) {
      expect(use).toThrow("The database connection is not open");
    }
  });

  it("see the columns of a changed schema", () => {
    const other = new Database(":memory:");
    other.exec("CREATE TABLE s(a); INSERT INTO s VALUES(1)");
    const all = other.prepare("SELECT * FROM s");
    expect(all.all()).toEqual([{ a: 1 }]);
    other.exec("ALTER TABLE s ADD COLUMN b DEFAULT 7");
    expect(all.all()).toEqual([{ a: 1, b: 7 }]);
    other.exec("ALTER TABLE s RENAME COLUMN a TO c");
    expect(all.get()).toEqual({ c: 1, b: 7 });
    other.exec("ALTER TABLE s DROP COLUMN c");
    expect([...all.iterate()]).toEqual([{ b: 7 }]);
    other.close();
  });

  it("take named parameters from plain objects' own properties, undefined as NULL", () => {
    expect(db.prepare("SELECT :a, ?").raw().get({ a: undefined }, undefined)).toEqual([null, null]);
    expect(() => db.prepare("SELECT :toString").get({})).toThrow('Missing named parameter "toString"');
    expect(() => db.prepare("SELECT :a").get()).toThrow(TypeError);
    expect(() => db.prepare("SELECT ?").get(new Date() as never)).toThrow("can only bind");
  });

  it("switch off only the mode that is on", () => {
    const statement = db.prepare("SELECT 1 AS a, 2 AS b");
    expect(statement.raw().pluck(false).get()).toEqual([1, 2]);
    expect(statement.pluck().raw(false).get()).toBe(1);
    expect(statement.pluck(false).get()).toEqual({ a: 1, b: 2 });
  });

  it("give a column called __proto__ as a property", () => {
    const row = db.prepare('SELECT 1 AS "__proto__"').get() as object;
    expect(Object.entries(row)).toEqual([["__proto__", 1]]);
  });
});

describe("transaction()", () => {
  it("has variants, passes `this` on and refuses promises", () => {
    const file = new Database(":memory:");
    file.exec("CREATE TABLE t(a)");
    const insert = file.prepare("INSERT INTO t VALUES(?)");
    const add = file.transaction(function (this: { base: number }, n: number) {
      insert.run(this.base + n);
      return file.inTransaction;
    });
    for (const way of [add, add.deferred, add.immediate, add.exclusive.default]) {
      expect(way.call({ base: 10 }, 1)).toBe(true);
    }
    expect(add.immediate.database).toBe(file);
    expect(() => file.transaction(async () => insert.run(5))()).toThrow("cannot return a promise");
    expect(file.inTransaction).toBe(false);
    expect(file.prepare("SELECT a FROM t").pluck().all()).toEqual([11, 11, 11, 11]);
    file.close();
  });
});

describe("numbers and memory", () => {
  it("the largest limit of a journal's size comes back as it was set", () => {
    expect(db.pragma("journal_size_limit=9223372036854775807", { simple: true })).toBe(2 ** 63);
    expect(db.pragma("journal_size_limit=-5", { simple: true })).toBe(-1);
  });

  it("a large value leaves nothing behind", () => {
    const length = db.prepare("SELECT length(?)").pluck();
    /* More than the memory holds at three bytes per character. */
    expect(length.get("x".repeat(360_000_000))).toBe(360_000_000);
    expect(length.get(new Uint8Array(400_000_000))).toBe(400_000_000);
    const most = engine.memory.malloc(800_000_000);
    expect(most).not.toBe(0);
    engine.memory.free(most);
  }, 60_000);

  it("an in-memory database cannot be readonly", () => {
    expect(() => new Database(":memory:", { readonly: true })).toThrow(TypeError);
  });
});

describe("copies of mapped pages", () => {
  const calls: string[] = [];
  const mapping = new Uint8Array(4096).fill(7);
  const file = {} as sqlite3_file;
  const methodsOver = (view: Uint8Array) =>
    ({
      xFetch(_file, offset, amount, pp) {
        calls.push("fetch");
        pp.value = view.subarray(offset, offset + amount);
        return 0;
      },
      xUnfetch(_file, _offset, p) {
        calls.push(p === null ? "unmap" : "unfetch");
        return 0;
      },
    }) as sqlite3_io_methods;
  const fetch = (copies: FetchedCopies, view: Uint8Array): Uint8Array | null => {
    const pp = new Ref<Uint8Array | null>(null);
    expect(fetchCopy(copies, methodsOver(view), file, 0, 1024, pp)).toBe(0);
    return pp.value;
  };

  it("are given back, and memory that C can read is not copied", () => {
    calls.length = 0;
    const copies = new FetchedCopies(engine.memory);
    const copy = fetch(copies, mapping) as Uint8Array;
    const p = engine.memory.addressOf(copy);
    expect([p === 0, copy[1023]]).toEqual([false, 7]);
    unfetchCopy(copies, methodsOver(mapping), file, 0, p);
    const own = engine.memory.malloc(1024);
    expect(engine.memory.addressOf(fetch(copies, engine.memory.bytes(own, 1024)) as Uint8Array)).toBe(own);
    unfetchCopy(copies, methodsOver(mapping), file, 0, own);
    engine.memory.free(own);
    unfetchCopy(copies, methodsOver(mapping), file, 0, 0);
    expect(calls).toEqual(["fetch", "unfetch", "fetch", "unfetch", "unmap"]);
  });

  it("without memory the file counts as not mapped", () => {
    calls.length = 0;
    const memory = Object.create(engine.memory, {
      malloc: { value: () => 0 },
      addressOf: { value: () => 0 },
    }) as typeof engine.memory;
    expect(fetch(new FetchedCopies(memory), mapping)).toBeNull();
    expect(calls).toEqual(["fetch", "unfetch"]);
  });
});
