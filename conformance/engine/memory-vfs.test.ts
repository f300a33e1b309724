/** The engine over the in-memory VFS, without anything of Unix: `pager-mirror` alone. */

import { beforeAll, expect, it } from "vitest";
import { buildEngine } from "./build/index.js";
import { Database, loadEngine, useEngine } from "./index.js";

beforeAll(async () => {
  await buildEngine();
  useEngine(loadEngine());
}, 600_000);

it("is the default, and its files are shared by connections and outlive them", () => {
  const db = new Database("a.db");
  db.exec("PRAGMA journal_mode=TRUNCATE; CREATE TABLE t(a); INSERT INTO t VALUES(1),(2)");
  const other = new Database("a.db", { vfs: "memory", timeout: 0 });
  expect(other.prepare("SELECT count(*) FROM t").pluck().get()).toBe(2);
  db.exec("BEGIN IMMEDIATE");
  expect(() => other.exec("INSERT INTO t VALUES(3)")).toThrow("database is locked");
  db.exec("COMMIT");
  other.close();
  db.close();
  const again = new Database("a.db", { readonly: true });
  expect(again.prepare("SELECT sum(a) FROM t").pluck().get()).toBe(3);
  again.close();
});

it("keeps a write-ahead log and its index", () => {
  const writer = new Database("w.db");
  expect(writer.pragma("journal_mode=WAL", { simple: true })).toBe("wal");
  writer.exec("CREATE TABLE t(a); INSERT INTO t VALUES(1)");
  const reader = new Database("w.db");
  reader.exec("BEGIN");
  const count = reader.prepare("SELECT count(*) FROM t").pluck();
  expect(count.get()).toBe(1);
  writer.exec("INSERT INTO t VALUES(2)");
  expect(count.get()).toBe(1);
  reader.exec("COMMIT");
  expect(count.get()).toBe(2);
  expect(writer.pragma("integrity_check", { simple: true })).toBe("ok");
  reader.close();
  writer.close();
});

it("has no VFS of Unix", () => {
  expect(() => new Database("a.db", { vfs: "unix" })).toThrow("no such vfs: unix");
});
