/** The rules on traces made by hand: a good one breaks none, each fault breaks the rule that forbids it. */

import { describe, expect, it } from "vitest";
import type { ShimRecord } from "../../engines/shimvfs.js";
import {
  encodeHeader,
  encodeRecord,
  encodeSuperRecord,
  type JournalParts,
} from "../../format/journal-encode.js";
import { OrderChecker, type OrderSetting } from "./rules.js";

const PAGE = 512;
const SETTING: OrderSetting = {
  journal: "DELETE",
  sync: "FULL",
  sectorSize: 512,
  characteristics: 0,
  pageSize: PAGE,
};

const page = (fill: number): Uint8Array => new Uint8Array(PAGE).fill(fill);
const before = Uint8Array.from(Buffer.concat([page(1), page(2), page(3)]));

const call = (r: Partial<ShimRecord> & Pick<ShimRecord, "call" | "file">): ShimRecord => ({ rc: 0, ...r });
const lock = (argument: number, file = "a.db"): ShimRecord => call({ call: "lock", file, argument });
const unlock = (argument: number, file = "a.db"): ShimRecord => call({ call: "unlock", file, argument });
const sync = (file: string): ShimRecord => call({ call: "sync", file, argument: 2 });
const open = (file: string, argument = 0x806): ShimRecord => call({ call: "open", file, argument });
const remove = (file: string, argument = 0): ShimRecord => call({ call: "delete", file, argument });
const truncate = (file: string, amount: number): ShimRecord => call({ call: "truncate", file, amount });
const write = (file: string, offset: number, data: Uint8Array): ShimRecord =>
  call({ call: "write", file, offset, amount: data.length, data });

const JOURNAL = "a.db-journal";
const parts: JournalParts = { sectorSize: 512, pageSize: PAGE, initialPages: 3, segments: [] };
const NONCE = 77;
const header = (): Uint8Array => {
  const bytes = encodeHeader(parts, { nonce: NONCE, records: [] });
  bytes.fill(0, 0, 12);
  return bytes;
};
const count = (n: number): Uint8Array =>
  encodeHeader(parts, { nonce: NONCE, records: [], nRec: n }).slice(0, 12);
const record = (pgno: number, content: Uint8Array): Uint8Array =>
  encodeRecord({ nonce: NONCE, records: [] }, { pgno, page: content });

/** A commit that changes pages 2 and 3. */
function goodTrace(): ShimRecord[] {
  return [
    lock(1),
    lock(2),
    open(JOURNAL),
    write(JOURNAL, 0, header()),
    write(JOURNAL, 512, record(2, page(2))),
    write(JOURNAL, 512 + 520, record(3, page(3))),
    lock(4),
    sync(JOURNAL),
    write(JOURNAL, 0, count(2)),
    sync(JOURNAL),
    write("a.db", 512, page(8)),
    write("a.db", 1024, page(9)),
    sync("a.db"),
    call({ call: "close", file: JOURNAL }),
    remove(JOURNAL),
    unlock(1),
    unlock(0),
  ];
}

function rulesBroken(trace: ShimRecord[], setting: OrderSetting = SETTING): string[] {
  const checker = new OrderChecker(setting, ["a.db"], { "a.db": before }).feedAll(trace);
  checker.finish();
  return [...new Set(checker.violations.map((v) => v.rule))];
}

/** The good trace without call number `at`. */
const without = (...at: number[]): ShimRecord[] => goodTrace().filter((_, i) => !at.includes(i));

function swapped(a: number, b: number): ShimRecord[] {
  const trace = goodTrace();
  [trace[a], trace[b]] = [trace[b] as ShimRecord, trace[a] as ShimRecord];
  return trace;
}

function changed(at: number, r: ShimRecord): ShimRecord[] {
  const trace = goodTrace();
  trace[at] = r;
  return trace;
}

function inserted(at: number, ...rs: ShimRecord[]): ShimRecord[] {
  const trace = goodTrace();
  trace.splice(at, 0, ...rs);
  return trace;
}

describe("one database", () => {
  it("finds nothing wrong with a good trace, and has looked", () => {
    const checker = new OrderChecker(SETTING, ["a.db"], { "a.db": before }).feedAll(goodTrace());
    checker.finish();
    expect(checker.violations).toEqual([]);
    expect(checker.counts).toMatchObject({
      databaseWrites: 2,
      pagesCovered: 2,
      journalSyncs: 2,
      databaseSyncs: 1,
      recordCounts: 1,
      commitPoints: 1,
    });
    expect(checker.content("a.db").slice(512, 1024)).toEqual(page(8));
  });

  it.each([
    ["no journal at all", without(2, 3, 4, 5, 7, 8, 9, 14), "journal-first"],
    ["a page that is not in the journal", without(5), "record-count"],
    ["records that are not counted", without(8), "journal-first"],
    ["a journal that is not synced before the pages", without(9), "journal-first"],
    ["a count before the records are synced", without(7), "count-after-records"],
    ["a page before the journal is synced", swapped(9, 10), "journal-first"],
    ["a record with the new content", changed(4, write(JOURNAL, 512, record(2, page(8)))), "journal-content"],
    [
      "a header that counts at once",
      changed(3, write(JOURNAL, 0, encodeHeader(parts, { nonce: NONCE, records: [], nRec: 2 }))),
      "record-count",
    ],
    ["a header with another number of pages", changed(3, write(JOURNAL, 0, otherSize())), "journal-header"],
    ["no sync of the database", without(12), "database-sync"],
    ["a sync of the database after the commit", swapped(12, 14), "database-sync"],
    ["no end of the journal", without(14), "commit-point"],
    ["locks that go before the commit", swapped(14, 15), "commit-point"],
    ["another end of the journal", changed(14, truncate(JOURNAL, 0)), "commit-point"],
    ["two ends of the journal", inserted(13, write(JOURNAL, 0, new Uint8Array(28))), "commit-point"],
    ["a cut before the commit", inserted(12, truncate("a.db", 1024)), "truncate-after-commit"],
    ["a page after the commit", inserted(15, write("a.db", 512, page(7))), "journal-first"],
    ["pages without exclusive lock", without(6), "locks"],
    ["a directory sync nobody asked for", changed(14, remove(JOURNAL, 1)), "directory-sync"],
    ["half a page", changed(10, write("a.db", 512, page(8).slice(0, 256))), "whole-pages"],
    ["other sync flags", changed(12, call({ call: "sync", file: "a.db", argument: 3 })), "sync-flags"],
  ])("sees %s", (_name, trace, rule) => {
    expect(rulesBroken(trace)).toContain(rule);
  });

  it("asks for less where less was promised", () => {
    const normal = without(7);
    expect(rulesBroken(normal, { ...SETTING, sync: "NORMAL" })).toEqual([]);
    const sequential = without(7, 9);
    expect(rulesBroken(sequential, { ...SETTING, characteristics: 0x400 })).toEqual([]);
    expect(rulesBroken(without(7, 9, 12), { ...SETTING, sync: "OFF" })).toContain("record-count");
    expect(rulesBroken(goodTrace(), { ...SETTING, sync: "OFF" })).toContain("sync-off");
  });

  it("asks for whole sectors where a write may damage its neighbours", () => {
    expect(rulesBroken(goodTrace(), { ...SETTING, sectorSize: 1024 })).toContain("journal-first");
  });

  it("asks for the last sync of a journal that stays", () => {
    const trace = goodTrace();
    trace.splice(13, 2, truncate(JOURNAL, 0));
    expect(rulesBroken(trace, { ...SETTING, journal: "TRUNCATE" })).toEqual(["final-sync"]);
    trace.splice(14, 0, sync(JOURNAL));
    expect(rulesBroken(trace, { ...SETTING, journal: "TRUNCATE" })).toEqual([]);
  });
});

function otherSize(): Uint8Array {
  const bytes = encodeHeader({ ...parts, initialPages: 4 }, { nonce: NONCE, records: [] });
  bytes.fill(0, 0, 12);
  return bytes;
}

describe("several databases", () => {
  const SUPER = "a.db-mj0000019A0";
  const names = Buffer.from("/d/a.db-journal\0/d/b.db-journal\0");
  const named = encodeSuperRecord({ name: Buffer.from(`/d/${SUPER}`), pgno: 0x40000000 / PAGE + 1 });

  /** Phase one of one database: page 2 changes. */
  function phaseOne(name: string): ShimRecord[] {
    const journal = `${name}-journal`;
    return [
      open(journal),
      write(journal, 0, header()),
      write(journal, 512, record(2, page(2))),
      lock(4, name),
      write(journal, 1536, named),
      sync(journal),
      write(journal, 0, count(1)),
      sync(journal),
      write(name, 512, page(8)),
      sync(name),
    ];
  }

  function good(): ShimRecord[] {
    return [
      ...["a.db", "b.db"].flatMap((name) => [lock(1, name), lock(2, name)]),
      open(SUPER, 0x4016),
      write(SUPER, 0, names),
      sync(SUPER),
      ...phaseOne("a.db"),
      ...phaseOne("b.db"),
      call({ call: "close", file: SUPER }),
      remove(SUPER, 1),
      ...["a.db", "b.db"].flatMap((name) => [remove(`${name}-journal`), unlock(1, name), unlock(0, name)]),
    ];
  }

  function broken(trace: ShimRecord[]): string[] {
    const files = { "a.db": before, "b.db": before };
    const checker = new OrderChecker(SETTING, ["a.db", "b.db"], files).feedAll(trace);
    checker.finish();
    return [...new Set(checker.violations.map((v) => v.rule))];
  }

  it("finds nothing wrong with a good trace", () => {
    expect(broken(good())).toEqual([]);
  });

  const index = (test: (r: ShimRecord) => boolean): number => good().findIndex(test);
  const dropped = (at: number): ShimRecord[] => good().filter((_, i) => i !== at);

  it.each([
    ["an unsynced super-journal", dropped(index((r) => r.file === SUPER && r.call === "sync"))],
    [
      "a super-journal that is deleted while open",
      dropped(index((r) => r.file === SUPER && r.call === "close")),
    ],
    ["a journal without the name", dropped(index((r) => r.file === "b.db-journal" && r.offset === 1536))],
    [
      "a database that is not synced before the commit",
      dropped(index((r) => r.file === "b.db" && r.call === "sync")),
    ],
    ["a commit of one database first", firstEnds()],
    [
      "a deletion without directory sync",
      good().map((r) => (r.file === SUPER && r.call === "delete" ? remove(SUPER) : r)),
    ],
    ["a super-journal that stays", dropped(index((r) => r.file === SUPER && r.call === "delete"))],
    [
      "a super-journal that lacks a name",
      good().map((r) =>
        r.file === SUPER && r.call === "write" ? write(SUPER, 0, names.subarray(0, 16)) : r,
      ),
    ],
    ["a name that is not synced", unsyncedName()],
  ])("sees %s", (_name, trace) => {
    expect(broken(trace)).toContain("super-journal");
  });

  /** The first journal goes before the super-journal. */
  function firstEnds(): ShimRecord[] {
    const trace = good();
    const at = trace.findIndex((r) => r.file === "a.db-journal" && r.call === "delete");
    const [end] = trace.splice(at, 1);
    const deletion = trace.findIndex((r) => r.file === SUPER && r.call === "delete");
    trace.splice(deletion, 0, end as ShimRecord);
    return trace;
  }

  /** The name comes after the journal's last sync. */
  function unsyncedName(): ShimRecord[] {
    const trace = good();
    const at = trace.findIndex((r) => r.file === "a.db-journal" && r.offset === 1536);
    const [name] = trace.splice(at, 1);
    const page = trace.findIndex((r) => r.file === "a.db" && r.call === "write");
    trace.splice(page, 0, name as ShimRecord);
    return trace;
  }
});
