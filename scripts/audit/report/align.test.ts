import { describe, expect, it } from "vitest";
import { alignedRows, SIGN } from "./align.js";
import { C_FIRST, sampleReport } from "./sample.js";

const report = sampleReport();

/** Each row as `C line|sign|TypeScript line`. */
function shape(name: string): string[] {
  const fn = report.functions.find((f) => f.name === name)!;
  return alignedRows(report, fn).map(
    (r) => `${r.c === null ? "" : r.c.number - C_FIRST}|${SIGN[r.mark]}|${r.ts?.number ?? ""}`,
  );
}

describe("aligned rows", () => {
  it("put statements that belong together side by side, and mark what differs", () => {
    expect(shape("walCheck")).toEqual([
      "0| |2",
      "1|=|3",
      "2| |",
      "3| |",
      "4|!|4",
      "5|=|5",
      "6|!|6",
      "7|~|7",
      "|!|8",
      "8|=|9",
      "9| |10",
    ]);
  });

  it("name the entries that declare a row", () => {
    const rows = alignedRows(report, report.functions[0]!);
    expect(rows.filter((r) => r.entries.length > 0).map((r) => [r.c?.number, r.entries])).toEqual([
      [C_FIRST + 7, ["wal-words"]],
    ]);
  });

  it("have every line of both sides once, in order, whatever the alignment says", () => {
    const base = report.functions[0]!;
    const tangled = [
      { c: [C_FIRST + 8, C_FIRST + 8], ts: [3, 3], same: true },
      { c: [C_FIRST + 1, C_FIRST + 9], ts: [9, 10], same: true },
      { c: [C_FIRST + 5, C_FIRST + 5], ts: [5, 5], same: true },
      { c: [C_FIRST + 5, C_FIRST + 5], ts: [6, 6], same: true },
      { c: [C_FIRST + 7, C_FIRST + 7], ts: [7, 7], same: true },
      { c: [C_FIRST + 500, C_FIRST + 500], ts: [7, 7], same: true },
    ] as const;
    const rows = alignedRows(report, { ...base, comparison: { ...base.comparison!, aligned: [...tangled] } });
    expect(rows.flatMap((r) => (r.c === null ? [] : [r.c.number - C_FIRST]))).toEqual([...Array(10).keys()]);
    expect(rows.flatMap((r) => (r.ts === null ? [] : [r.ts.number]))).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(rows.some((r) => r.c?.number === C_FIRST + 5 && r.ts?.number === 5)).toBe(true);
  });

  it("mark a difference in a line that agrees otherwise", () => {
    const fn = report.functions[1]!;
    const difference = (entry: string | null): string[] => {
      const d = {
        ...report.functions[0]!.comparison!.differences[1]!,
        cLine: C_FIRST + 12,
        tsLine: null,
        entry,
      };
      const rows = alignedRows(report, { ...fn, comparison: { ...fn.comparison!, differences: [d] } });
      return rows.map((r) => `${SIGN[r.c!.mark]}${SIGN[r.ts!.mark]}${SIGN[r.mark]}`);
    };
    expect(difference(null)).toEqual(["   ", "!=!", "   "]);
    expect(difference("wal-words")).toEqual(["   ", "~=~", "   "]);
  });

  it("put a line beside the first one that it belongs to", () => {
    const fn = report.functions[0]!;
    const aligned = [
      { c: [C_FIRST + 5, C_FIRST + 5], ts: [6, 6], same: true },
      { c: [C_FIRST + 6, C_FIRST + 6], ts: [6, 6], same: true },
    ] as const;
    const rows = alignedRows(report, { ...fn, comparison: { ...fn.comparison!, aligned: [...aligned] } });
    expect(rows.find((r) => r.ts?.number === 6)?.c?.number).toBe(C_FIRST + 5);
  });

  it("count lines in the files of a source tree", () => {
    const cPlaces = report.cLines.map((_, i) => ({ path: "src/wal.c", line: i - C_FIRST + 7 }));
    const rows = alignedRows({ ...report, cPlaces }, report.functions[1]!);
    expect(rows.map((r) => r.c?.number)).toEqual([18, 19, 20]);
  });

  it("are one side only where there is no other", () => {
    expect(shape("walMacro")).toEqual(["| |14"]);
    expect(shape("walGone").every((r) => r.endsWith("| |"))).toBe(true);
  });
});
