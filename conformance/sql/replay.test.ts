import { describe, expect, it } from "vitest";
import { FindingError } from "../core/case.js";
import { CountingChecker } from "../core/checker.js";
import type { ShimRecord } from "../engines/shimvfs.js";
import { comparePoints } from "../suites/journal/points.js";
import { compareTraces } from "./calls.js";
import { Replay } from "./replay.js";

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
const open = (file: string, argument = 6, id = 1): ShimRecord => ({
  call: "open",
  file,
  argument,
  id,
  rc: 0,
});
const write = (file: string, offset: number, data: Uint8Array, id = 1): ShimRecord => ({
  call: "write",
  file,
  offset,
  amount: data.length,
  data,
  id,
  rc: 0,
});
const sync = (file: string): ShimRecord => ({ call: "sync", file, argument: 2, rc: 0 });
const remove = (file: string): ShimRecord => ({ call: "delete", file, argument: 0, rc: 0 });

const SUB_JOURNAL = 0x2000 | 0x1e;

describe("Replay", () => {
  it("stops at syncs and before erasures, with what has changed since", () => {
    const replay = new Replay([
      open("a.db"),
      open("a.db-journal"),
      write("a.db-journal", 0, bytes(1, 2, 3)),
      sync("a.db-journal"),
      write("a.db", 2, bytes(9)),
      sync("a.db"),
      remove("a.db-journal"),
      open("a.db-journal"),
      write("a.db-journal", 0, bytes(7)),
    ]);
    const seen: unknown[] = [];
    for (let p = replay.next(); p !== null; p = replay.next()) {
      seen.push([p.at, p.why, p.name, p.changed.map((f) => [f.name, f.kind, [...f.file.content]])]);
    }
    expect(seen).toEqual([
      [3, "sync", "a.db-journal", [["a.db-journal", "journal", [1, 2, 3]]]],
      [5, "sync", "a.db", [["a.db", "database", [0, 0, 9]]]],
      [6, "delete", "a.db-journal", []],
      [9, "end", "", [["a.db-journal", "journal", [7]]]],
    ]);
  });

  it("tells files without a name apart, and sees them before they go", () => {
    const replay = new Replay([
      open("", SUB_JOURNAL, 4),
      open("", 0x1000 | 0x1e, 5),
      write("", 0, bytes(1), 4),
      write("", 0, bytes(2), 5),
      { call: "close", file: "", id: 4, rc: 0 },
    ]);
    const p = replay.next();
    expect(p?.why).toBe("close");
    expect(p?.changed.map((f) => [f.name, [...f.file.content]])).toEqual([
      ["sub-journal 1", [1]],
      ["temporary 2", [2]],
    ]);
  });

  it("takes the zeroing of a header for an erasure, and failed writes for nothing", () => {
    const replay = new Replay([
      open("a.db-journal"),
      write("a.db-journal", 0, bytes(5, 5)),
      { ...write("a.db-journal", 0, bytes(6)), rc: 778 },
      write("a.db-journal", 0, new Uint8Array(28)),
    ]);
    const p = replay.next();
    expect(p?.why).toBe("header zeroed");
    expect([...(p?.changed[0]?.file.content ?? [])]).toEqual([5, 5]);
  });
});

describe("comparePoints", () => {
  const trace = (data: Uint8Array): ShimRecord[] => [
    open("a.db"),
    open("a.db-journal"),
    write("a.db-journal", 0, data),
    sync("a.db-journal"),
    remove("a.db-journal"),
  ];

  it("accepts equal traces", () => {
    const check = new CountingChecker();
    comparePoints(check, trace(bytes(1, 2)), trace(bytes(1, 2)));
    expect(check.count).toBeGreaterThan(3);
  });

  it("shows bytes that differ, although they are erased later", () => {
    expect(() => comparePoints(new CountingChecker(), trace(bytes(1, 3)), trace(bytes(1, 2)))).toThrow(
      /journal a\.db-journal at call 3, when a\.db-journal is synced.*got 0x03, expected 0x02/,
    );
  });

  it("shows a sync that is missing", () => {
    const without = trace(bytes(1)).filter((r) => r.call !== "sync");
    expect(() => comparePoints(new CountingChecker(), without, trace(bytes(1)))).toThrow(
      /a point comes when delete a\.db-journal happens, expected sync a\.db-journal/,
    );
  });

  it("does not accept a play that writes nothing", () => {
    expect(() => comparePoints(new CountingChecker(), [open("a.db")], [open("a.db")])).toThrow(FindingError);
  });
});

describe("compareTraces", () => {
  const list = [open("a.db"), write("a.db", 512, bytes(1, 2)), sync("a.db")];

  it("accepts equal traces, counting calls", () => {
    const check = new CountingChecker();
    compareTraces(check, list, list);
    expect(check.count).toBe(4);
  });

  it.each<[string, ShimRecord[], RegExp]>([
    ["a missing call", list.slice(0, 2), /call 2 is "\(no call\)", expected "sync a\.db 0x2"/],
    ["a superfluous call", [...list, sync("a.db")], /call 3 is "sync a\.db 0x2", expected "\(no call\)"/],
    [
      "another offset",
      [open("a.db"), write("a.db", 0, bytes(1, 2)), sync("a.db")],
      /at 0 2 bytes", expected/,
    ],
    ["other bytes", [open("a.db"), write("a.db", 512, bytes(1, 9)), sync("a.db")], /got 0x09, expected 0x02/],
    [
      "other flags",
      [...list.slice(0, 2), { ...sync("a.db"), argument: 3 }],
      /0x3", expected "sync a\.db 0x2/,
    ],
    ["another result", [...list.slice(0, 2), { ...sync("a.db"), rc: 10 }], /rc 10", expected/],
    ["another file", [open("a.db", 6, 1), write("a.db", 512, bytes(1, 2), 2), sync("a.db")], /call 1 is/],
  ])("shows %s", (_, actual, message) => {
    expect(() => compareTraces(new CountingChecker(), actual, list)).toThrow(message);
  });
});
