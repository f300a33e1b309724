import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { htmlReport } from "../report/html.js";
import { type RunReport, summarise } from "../report/summary.js";
import { closingLine, failureText, figuresTable, notesText } from "../report/text.js";
import type { Case, Suite } from "./case.js";
import { Random } from "./random.js";
import { type RunOptions, run, select } from "./run.js";

function suite(name: string, cases: Case[]): Suite {
  return { name, about: `about ${name}`, cases: () => cases };
}

function options(suites: Suite[], more: Partial<RunOptions> = {}): RunOptions {
  return {
    suites,
    filters: [],
    seed: "1",
    full: false,
    shard: null,
    lanes: 2,
    keep: false,
    budget: null,
    saved: tmpdir(),
    ...more,
  };
}

const passing: Case = { name: "passes", run: async (ctx) => ctx.check.equal("one", 1, 1) };
const failing: Case = { name: "it's <wrong>", run: async (ctx) => ctx.check.equal("one", 1, 2) };
const idle: Case = { name: "compares nothing", run: async () => {} };
const skipping: Case = { name: "skips", run: async (ctx) => ctx.skip("no such thing here") };
const throwing: Case = {
  name: "throws",
  run: async () => {
    throw new TypeError("oops");
  },
};

describe("run", () => {
  it("tells passed, failed and skipped apart, and counts comparisons", async () => {
    const results = await run(options([suite("a", [passing, failing, idle, skipping, throwing])]));
    expect(results.map((r) => [r.name, r.outcome, r.comparisons])).toEqual([
      ["passes", "passed", 1],
      ["it's <wrong>", "failed", 1],
      ["compares nothing", "failed", 0],
      ["skips", "skipped", 0],
      ["throws", "failed", 0],
    ]);
    expect(results[2]?.finding?.summary).toBe("the case compared nothing");
    expect(results[4]?.finding?.summary).toBe("TypeError: oops");
    expect(results[1]?.rerun).toBe("npm start -- --suite a --filter '=it'\\''s <wrong>' --seed 1");
  });

  it("keeps what a case has to tell, whether it passes or fails", async () => {
    const telling = (name: string, fails: boolean): Case => ({
      name,
      run: async (ctx) => {
        ctx.notes = `<${name}> told`;
        ctx.check.ok("so", !fails);
      },
    });
    const suites = [suite("a", [telling("one", false), telling("two", true), passing])];
    const results = await run(options(suites));
    expect(results.map((r) => r.notes)).toEqual(["<one> told", "<two> told", undefined]);
    const report = { results, suites: summarise(suites, results) } as unknown as RunReport;
    expect(notesText(report)).toBe("a: one: <one> told\na: two: <two> told\n");
    const whole = { ...report, upstream: "3", build: "b", seed: "1", shard: null, node: "v", seconds: 1 };
    expect(htmlReport(whole as RunReport)).toContain("; &lt;two&gt; told");
  });

  it("divides a budget between the cases that can use it", async () => {
    const seconds: (number | null)[] = [];
    const asking = (name: string, elastic: boolean): Case => ({
      name,
      elastic,
      run: async (ctx) => {
        seconds.push(ctx.seconds);
        ctx.check.agreed(3);
      },
    });
    const suites = [suite("a", [asking("one", true), asking("two", false), asking("three", true)])];
    const results = await run(options(suites, { budget: 60 }));
    expect(seconds).toEqual([60, null, 60]);
    expect(results.map((r) => r.comparisons)).toEqual([3, 3, 3]);
    seconds.length = 0;
    await run(options(suites));
    expect(seconds).toEqual([null, null, null]);
  });

  it("adds up what cases count, and keeps what they save", async () => {
    const saved = mkdtempSync(join(tmpdir(), "pager-mirror-run-"));
    try {
      const counting = (name: string, n: number): Case => ({
        name,
        run: async (ctx) => {
          ctx.figures = { operations: n };
          ctx.check.agreed(1);
          expect(ctx.save(".json", "{}")).toBe(join(saved, "failures", `a-${name}.json`));
        },
      });
      const suites = [suite("a", [counting("one", 1000), counting("two", 234), passing])];
      const results = await run(options(suites, { saved: join(saved, "failures") }));
      expect(readFileSync(join(saved, "failures", "a-two.json"), "utf8")).toBe("{}");
      const report = { results, suites: summarise(suites, results) } as unknown as RunReport;
      expect(report.suites[0]?.figures).toEqual({ operations: 1234 });
      expect(figuresTable(report)).toContain("1,234");
    } finally {
      rmSync(saved, { recursive: true, force: true });
    }
  });

  it("fails a case that hangs", async () => {
    const hanging: Case = { name: "hangs", timeoutSeconds: 0.02, run: () => new Promise(() => {}) };
    const [result] = await run(options([suite("a", [hanging])]));
    expect(result?.outcome).toBe("failed");
    expect(result?.finding?.summary).toMatch(/^hung/);
  });

  it("selects by text, by exact name, by shard and by --full", () => {
    const c = (name: string, fullOnly = false): Case => ({ name, fullOnly, run: async () => {} });
    const s = [suite("a", [c("one"), c("one more"), c("big one", true)]), suite("b", [c("two")])];
    const names = (more: Partial<RunOptions>): string[] => select(options(s, more)).map((x) => x.case.name);
    expect(names({})).toEqual(["one", "one more", "two"]);
    expect(names({ full: true })).toEqual(["one", "one more", "big one", "two"]);
    expect(names({ filters: ["one"] })).toEqual(["one", "one more"]);
    expect(names({ filters: ["=one"] })).toEqual(["one"]);
    expect(names({ filters: ["=big one"] })).toEqual(["big one"]);
    expect(names({ shard: { index: 1, count: 2 } })).toEqual(["one", "two"]);
    expect(names({ shard: { index: 2, count: 2 } })).toEqual(["one more"]);
    expect(() => select(options([suite("a", [c("x"), c("x")])]))).toThrow(/two cases named x/);
  });

  it("gives a case the same random numbers whatever else runs", async () => {
    const seen: number[] = [];
    const c: Case = {
      name: "draws",
      run: async (ctx) => {
        seen.push(ctx.random.u32());
        ctx.check.ok("drawn", true);
      },
    };
    await run(options([suite("a", [passing, c])]));
    await run(options([suite("a", [c])]));
    await run(options([suite("a", [c])], { seed: "2" }));
    expect(seen[0]).toBe(seen[1]);
    expect(seen[2]).not.toBe(seen[0]);
  });
});

describe("reports", () => {
  it("show failures, escape what needs it, and do not call nothing a success", async () => {
    const suites = [suite("a", [passing, failing, skipping])];
    const results = await run(options(suites));
    const report: RunReport = {
      upstream: "3",
      build: "test",
      seed: "1",
      full: false,
      shard: null,
      node: "v",
      seconds: 1,
      suites: summarise(suites, results),
      results,
    };
    expect(report.suites).toMatchObject([
      { name: "a", executed: 2, passed: 1, failed: 1, skipped: 1, comparisons: 2 },
    ]);
    expect(closingLine(report)).toBe("conformance: 1 passed, 1 failed, 1 skipped");
    const html = htmlReport(report);
    expect(html).toContain("1 of 2 executed cases failed.");
    expect(html).toContain("it's &lt;wrong&gt;");
    expect(html).not.toContain("<wrong>");
    expect(failureText(results[1]!)).toContain("rerun: npm start --");
    const none = { ...report, results: results.filter((r) => r.outcome === "skipped") };
    expect(htmlReport(none)).toContain("Nothing was executed.");
  });
});

describe("Random", () => {
  it("is a function of its seed, and spreads", () => {
    const a = new Random("x");
    const b = new Random("x");
    const first = Array.from({ length: 50 }, () => a.below(10));
    expect(Array.from({ length: 50 }, () => b.below(10))).toEqual(first);
    expect(new Set(first).size).toBe(10);
    expect(new Random("y").u32()).not.toBe(new Random("x").u32());
    expect(new Random("z").bytes(7)).toHaveLength(7);
  });
});
