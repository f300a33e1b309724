import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { CaseResult } from "./core/case.js";
import { merge, mergeReports, missingShards } from "./merge.js";
import type { RunReport } from "./report/summary.js";

const folder = mkdtempSync(join(tmpdir(), "pager-mirror-merge-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function result(suite: string, name: string, more: Partial<CaseResult> = {}): CaseResult {
  return { suite, name, outcome: "passed", comparisons: 5, milliseconds: 100, ...more };
}

function shard(index: number, count: number, ...results: CaseResult[]): RunReport {
  const suites = [...new Set(results.map((r) => r.suite))].map((name) => ({
    ...{ name, about: `about ${name}`, executed: 0, passed: 0, failed: 0, skipped: 0 },
    ...{ comparisons: 0, milliseconds: 0 },
  }));
  return {
    ...{ upstream: "3", build: "b", seed: "1", full: true, node: "v20", seconds: 2 },
    shard: { index, count },
    suites,
    results,
  };
}

const named = (...reports: RunReport[]): { file: string; report: RunReport }[] =>
  reports.map((report, i) => ({ file: `${i + 1}.json`, report }));

describe("merge", () => {
  it("adds up shards, figures included", () => {
    const one = shard(1, 2, result("a", "x", { figures: { operations: 7 } }), result("b", "y"));
    const two = shard(2, 2, result("a", "z", { figures: { operations: 5, crashes: 1 }, outcome: "failed" }));
    const merged = mergeReports(named(one, two));
    expect(merged.seconds).toBe(4);
    expect(merged.shard).toBeNull();
    expect(merged.suites).toEqual([
      {
        ...{ name: "a", about: "about a", executed: 2, passed: 1, failed: 1, skipped: 0, comparisons: 10 },
        ...{ milliseconds: 200, figures: { operations: 12, crashes: 1 } },
      },
      {
        ...{ name: "b", about: "about b", executed: 1, passed: 1, failed: 0, skipped: 0, comparisons: 5 },
        milliseconds: 100,
      },
    ]);
  });

  it("takes no case twice, and nothing that does not belong together", () => {
    const one = shard(1, 2, result("a", "x"));
    expect(() => mergeReports(named(one, one))).toThrow(
      'the case "a: x" is in 1.json and in 2.json: it would count twice',
    );
    const other = { ...shard(2, 2, result("a", "y")), seed: "2" };
    expect(() => mergeReports(named(one, other))).toThrow(/do not belong together: the seed is "2" in one/);
  });

  it("knows which shards are missing", () => {
    expect(missingShards([shard(1, 3), shard(3, 3)])).toEqual([2]);
    expect(missingShards([shard(1, 2), shard(2, 2)])).toEqual([]);
    expect(missingShards([{ ...shard(1, 2), shard: null }])).toBeNull();
  });

  it("writes the report, and is not content with a part", () => {
    const files = [1, 2, 3].map((i) => join(folder, `${i}.json`));
    files.forEach((file, i) => {
      writeFileSync(file, JSON.stringify(shard(i + 1, 3, result("a", `case ${i}`))));
    });
    const report = join(folder, "all.html");
    const told: string[] = [];
    const write = process.stdout.write;
    process.stdout.write = ((text: string) => told.push(text) > 0) as typeof process.stdout.write;
    try {
      expect(merge(files, { report })).toBe(0);
      expect(merge(files.slice(1), { report: false })).toBe(1);
    } finally {
      process.stdout.write = write;
    }
    expect(told.join("")).toContain("conformance: 3 passed, 0 failed, 0 skipped\n");
    expect(told.join("")).toContain("missing: shard 1 of 3\n");
    expect(readFileSync(report, "utf8")).toContain("All 3 executed cases passed.");
  });

  it("says what is wrong with a file", () => {
    const file = join(folder, "bad.json");
    for (const text of ["{", "{}", '{"results":[{}]}', "null"]) {
      writeFileSync(file, text);
      expect(() => merge([file], { report: false })).toThrow(/bad\.json is no report; write one with/);
    }
    expect(() => merge([join(folder, "none.json")], { report: false })).toThrow(/cannot be read: ENOENT/);
  });
});
