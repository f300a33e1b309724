/** The parts of the storm that judge: would they notice? */

import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { ShimRecord } from "../../engines/shimvfs.js";
import { Ledger } from "./ledger.js";
import { recoveriesIn } from "./recoveries.js";
import { HALF_THERE, MONEY, schema, transaction } from "./transactions.js";

describe("transactions", () => {
  function database(): Database.Database {
    const db = new Database(":memory:");
    db.exec(schema([]));
    for (let txn = 1; txn <= 60; txn++) db.exec(transaction("s", txn).sql);
    return db;
  }
  const halves = (db: Database.Database): unknown[] => db.prepare(HALF_THERE).all();

  it("are the same for the same seed and number, and leave nothing odd", () => {
    expect(transaction("s", 7)).toEqual(transaction("s", 7));
    expect(transaction("t", 7)).not.toEqual(transaction("s", 7));
    const db = database();
    expect(halves(db)).toEqual([]);
    expect(db.prepare("SELECT sum(v) FROM account").pluck().get()).toBe(MONEY);
    const done = new Set(db.prepare("SELECT txn FROM done").pluck().all());
    for (let txn = 1; txn <= 60; txn++) expect(done.has(txn)).toBe(transaction("s", txn).commits);
  });

  it.each([
    "DELETE FROM done WHERE txn=3",
    "DELETE FROM entry WHERE txn=3 AND n=0",
    "DELETE FROM entry WHERE txn=3",
    "UPDATE entry SET pad=pad||'x' WHERE txn=3 AND n=0",
    "UPDATE entry SET pad=replace(pad, substr(pad, 1, 1), '#') WHERE txn=3 AND n=0",
    "DELETE FROM side WHERE id=(SELECT min(id) FROM side)",
    "UPDATE side SET pad=substr(pad, 2)||'#' WHERE id=(SELECT min(id) FROM side)",
    "INSERT INTO side(txn, pad) VALUES(9999, 'a')",
    "UPDATE account SET txn=9999 WHERE k=1",
  ])("that are half there show: %s", (damage) => {
    const db = database();
    expect(db.prepare(damage).run().changes).toBeGreaterThan(0);
    expect(halves(db)).not.toEqual([]);
  });
});

describe("the ledger", () => {
  it("promises what was acknowledged or seen, and knows ghosts", () => {
    const ledger = new Ledger();
    const [a, b, c] = [ledger.begin(), ledger.begin(), ledger.begin()];
    ledger.acknowledge(a);
    ledger.undone(c);
    expect(ledger.promised()).toEqual([a]);
    expect(ledger.seen([a, b])).toEqual([]);
    expect(ledger.promised()).toEqual([a, b]);
    expect(ledger.seen([a, b, c])).toEqual([c]);
    expect([ledger.acknowledged, ledger.found]).toEqual([1, 2]);
  });
});

describe("recoveries", () => {
  const call = (r: Partial<ShimRecord> & { call: ShimRecord["call"] }): ShimRecord => ({
    file: "storm.db",
    rc: 0,
    ...r,
  });
  const lock = (offset: number, amount: number, argument: number): ShimRecord =>
    call({ call: "shmlock", offset, amount, argument });
  const read = call({ call: "read", file: "storm.db-wal", offset: 0, amount: 32 });

  it("are counted if there was a log, or a journal to roll back", () => {
    expect(recoveriesIn([lock(1, 2, 10), read, read, lock(1, 2, 9), read])).toBe(1);
    expect(recoveriesIn([lock(1, 2, 10), lock(1, 2, 9), read])).toBe(0);
    expect(recoveriesIn([lock(0, 1, 10), read, lock(0, 1, 9)])).toBe(0);
    const journal = (argument: number): ShimRecord =>
      call({ call: "open", file: "storm.db-journal", argument });
    expect(recoveriesIn([journal(0x801), journal(0x806), journal(0x802)])).toBe(1);
  });
});
