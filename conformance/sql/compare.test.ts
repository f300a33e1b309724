import { describe, expect, it } from "vitest";
import { CountingChecker } from "../core/checker.js";
import { hasFailed } from "../suites/sql/faults/run.js";
import { comparePerformances } from "./compare.js";
import type { Performance } from "./perform.js";
import type { Step } from "./play.js";

const steps: Step[] = [{ do: "open", on: 0 }, { do: "flush" }, { do: "status" }];

function performance(change: Partial<Performance> = {}): Performance {
  const db = new Map([["main.db", Uint8Array.of(1, 2, 3)]]);
  return {
    steps,
    outcomes: [{ code: 0 }, { code: 0 }, { hit: 4 }],
    files: [new Map(), db, db],
    trace: [],
    ...change,
  };
}

describe("comparePerformances", () => {
  it("accepts equal ones, and counts", () => {
    const check = new CountingChecker();
    comparePerformances(check, performance(), performance());
    expect(check.count).toBeGreaterThan(4);
  });

  it("shows the step whose outcome differs", () => {
    const other = performance({ outcomes: [{ code: 0 }, { code: 5 }, { hit: 4 }] });
    expect(() => comparePerformances(new CountingChecker(), other, performance(), "here")).toThrow(
      /^here: step 1 \(flush ?\): another outcome/,
    );
  });

  it("shows the file that differs, and a file that is missing", () => {
    const db = new Map([["main.db", Uint8Array.of(1, 2, 4)]]);
    const other = performance({ files: [new Map(), db, db] });
    expect(() => comparePerformances(new CountingChecker(), other, performance())).toThrow(
      /after step 1 \(flush ?\): main\.db/,
    );
    const none = performance({ files: [new Map(), new Map(), new Map()] });
    expect(() => comparePerformances(new CountingChecker(), none, performance())).toThrow(
      /the files of the folder/,
    );
  });
});

describe("hasFailed", () => {
  it("takes errors for failures, but neither constraints nor the end of a backup", () => {
    const statement = (code: number): unknown => ({ statements: [{ outcome: { code } }], consumed: 1 });
    expect(hasFailed(statement(0))).toBe(false);
    expect(hasFailed(statement(10))).toBe(true);
    expect(hasFailed(statement(19 | (5 << 8)))).toBe(false);
    expect(hasFailed({ outcome: { code: 101 }, remaining: 0 })).toBe(false);
    expect(hasFailed({ code: 14 })).toBe(true);
    expect(hasFailed({ driver: "no such handle" })).toBe(true);
    expect(hasFailed(null)).toBe(false);
  });
});
