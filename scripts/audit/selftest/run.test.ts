import { describe, expect, it } from "vitest";
import { tokens } from "./body.js";
import { OPERATORS } from "./mutant.js";
import { mutantsOf } from "./mutate.js";
import { plan, type TestedFunction } from "./plan.js";
import { byClass, passes, percent, renderSelfTest, renderSelfTestJson, renderSummary } from "./report.js";
import { merge, type Notices, type SelfTestResult, selfTest } from "./run.js";

function fn(path: string, name: string, body: string, first = 1): TestedFunction {
  return { path, name, first, text: `function ${name}(a: number, b: number): number {\n${body}\n}` };
}

const FUNCTIONS: readonly TestedFunction[] = [
  fn("src/a.ts", "f", "  let rc = S_OK;\n  if (a < b) rc = S_BUSY;\n  return rc;", 10),
  fn("src/a.ts", "g", "  while (a > 0) a -= f(a, b);\n  return a;", 20),
  fn("src/b.ts", "h", "  const x = a;\n  const y = b;\n  return x & y;", 30),
  fn("src/b.ts", "empty", ""),
];

/** An audit that compares tokens: it notices everything that the operators may do. */
const exact: Notices = (f, text) => tokens(text) !== tokens(f.text);

/** One that takes every comparison for the same. */
const blindToComparisons: Notices = (f, text) => {
  const plain = (t: string): string => tokens(t).replace(/ (<|<=|>|>=|==|!=|===|!==) /g, " ? ");
  return plain(text) !== plain(f.text);
};

describe("a run", () => {
  it("judges every mutant, and an exact audit notices all", () => {
    const result = selfTest(FUNCTIONS, exact, { seed: "s" });
    const all = FUNCTIONS.reduce((n, f) => n + mutantsOf(f.text, "s").length, 0);
    expect(result.total.judged).toBe(result.total.made);
    expect(result.total.noticed).toBe(result.total.judged);
    /* Constants of the other functions of the file add to what one function knows by itself. */
    expect(result.total.made).toBeGreaterThanOrEqual(all);
    expect(result.functions).toBe(3);
    expect(result.survivors).toEqual([]);
    expect(passes(result)).toBe(true);
    expect(percent(result.total)).toBe("100.0 %");
  });

  it("counts per operator and per file what it counts in all", () => {
    const result = selfTest(FUNCTIONS, blindToComparisons, { seed: "s" });
    for (const part of [result.operators, result.files]) {
      for (const key of ["made", "judged", "noticed"] as const) {
        expect(Object.values(part).reduce((n, t) => n + t[key], 0)).toBe(result.total[key]);
      }
    }
    expect(Object.keys(result.files)).toEqual(["src/a.ts", "src/b.ts"]);
  });

  it("lists what the audit did not notice, with the line of the file", () => {
    const result = selfTest(FUNCTIONS, blindToComparisons, { seed: "s" });
    expect(
      result.survivors.map((s) => `${s.path}:${s.line} ${s.function} ${s.operator}: ${s.description}`),
    ).toEqual([
      "src/a.ts:12 f change-operator: < becomes <= in a < b",
      "src/a.ts:21 g change-operator: > becomes >= in a > 0",
    ]);
    expect(result.total.noticed).toBe(result.total.judged - 2);
    expect(result.operators["change-operator"]!.noticed).toBe(
      result.operators["change-operator"]!.judged - 2,
    );
  });

  it("leaves functions out that the audit complains about as they are, and fails", () => {
    const result = selfTest(FUNCTIONS, (f, text) => f.name === "g" || exact(f, text), { seed: "s" });
    expect(result.unfit).toEqual(["src/a.ts g"]);
    expect(result.functions).toBe(2);
    expect(result.total.noticed).toBe(result.total.judged);
    expect(passes(result)).toBe(false);
    expect(renderSelfTest(result)).toContain("src/a.ts g");
  });

  it("says at what the audit broke", () => {
    const breaks: Notices = (f, text) => {
      if (text !== f.text) throw new Error("no such operator");
      return false;
    };
    expect(() => selfTest(FUNCTIONS, breaks, { seed: "s" })).toThrow(
      /^src\/a\.ts f: .*cannot judge.*loses its value/,
    );
  });

  it("without functions does not pass", () => {
    expect(passes(selfTest([], exact, { seed: "s" }))).toBe(false);
  });
});

describe("a sample", () => {
  const many = Array.from({ length: 40 }, (_, i) =>
    fn(i % 2 ? "src/a.ts" : "src/b.ts", `f${i}`, "  if (a === 0) b = g(a, 1);\n  return b + S_OK + S_BUSY;"),
  );

  it("covers every operator of every file and every function", () => {
    const { made, chosen } = plan(many, "s", 50);
    for (const [path, byOperator] of made) {
      for (const [operator, n] of byOperator) {
        const here = chosen.filter((p) => p.fn.path === path && p.edit.operator === operator);
        expect(here.length, `${path} ${operator}`).toBeGreaterThanOrEqual(Math.max(1, Math.floor(n / 50)));
      }
    }
    expect(new Set(chosen.map((p) => p.fn.name)).size).toBe(40);
  });

  it("is a tenth of all, about", () => {
    const all = plan(many, "s").chosen.length;
    const tenth = plan(many, "s", 10).chosen.length;
    expect(tenth).toBeGreaterThanOrEqual(Math.floor(all / 10));
    expect(tenth).toBeLessThan(all / 5);
  });

  it("is the same for the same seed, and another for another", () => {
    const of = (seed: string): string[] =>
      plan(many, seed, 10).chosen.map((p) => `${p.fn.name} ${p.edit.description}`);
    expect(of("one")).toEqual(of("one"));
    expect(of("one")).not.toEqual(of("two"));
  });

  it("counts what could be made, too", () => {
    const whole = selfTest(many, exact, { seed: "s" });
    const part = selfTest(many, exact, { seed: "s", sample: 10 });
    expect(part.total.made).toBe(whole.total.made);
    expect(part.total.judged).toBe(plan(many, "s", 10).chosen.length);
  });

  it("puts constants of the same file in place of others, not those of another file", () => {
    const files = [
      fn("src/a.ts", "f", "  return S_OK;"),
      fn("src/a.ts", "g", "  return S_BUSY;"),
      fn("src/b.ts", "h", "  return S_FULL;"),
    ];
    const found = plan(files, "s").chosen.filter((p) => p.edit.operator === "change-constant");
    expect(found.map((p) => p.edit.description)).toEqual(["S_OK becomes S_BUSY", "S_BUSY becomes S_OK"]);
  });

  it("of nothing is refused", () => {
    expect(() => plan(many, "s", 0)).toThrow(RangeError);
    expect(() => plan(many, "s", 1.5)).toThrow(RangeError);
  });

  it("in shards comes to the same", () => {
    const options = { seed: "s", sample: 3 };
    const shards = [0, 1, 2].map((index) =>
      selfTest(FUNCTIONS, blindToComparisons, { ...options, shard: { index, count: 3 } }),
    );
    expect(merge(shards)).toEqual(selfTest(FUNCTIONS, blindToComparisons, options));
    expect(() => merge([shards[0]!, { ...shards[1]!, seed: "t" }])).toThrow("different runs");
  });
});

describe("classes", () => {
  it("hide nothing: their mutants count as survivors", () => {
    const blindToOrder: Notices = (f, text) => {
      const sorted = (t: string): string => tokens(t).split(" ").sort().join(" ");
      return sorted(text) !== sorted(f.text);
    };
    const result = selfTest(FUNCTIONS, blindToOrder, { seed: "s" });
    const groups = byClass(result.survivors);
    expect(groups.get("independent-declarations")).toHaveLength(1);
    expect(result.total.judged - result.total.noticed).toBe(result.survivors.length);
    const text = renderSelfTest(result);
    expect(text).toContain("1  independent-declarations: equivalent; ");
    expect(text).toContain("survivors without a reason: ");
  });

  it("may be the caller's", () => {
    const result = selfTest(FUNCTIONS, blindToComparisons, {
      seed: "s",
      explain: (s) => `class of ${s.function}`,
    });
    expect([...byClass(result.survivors).keys()]).toEqual(["class of f", "class of g"]);
  });
});

describe("the report", () => {
  const result = (judged: number, noticed: number): SelfTestResult => ({
    ...{ seed: "s", sample: 1, functions: 2, operators: {}, files: {}, survivors: [], unfit: [] },
    total: { made: judged, judged, noticed },
  });

  it("ends with the line for CI", () => {
    const r = selfTest(FUNCTIONS, blindToComparisons, { seed: "s" });
    const lines = renderSelfTest(r).split("\n");
    expect(lines[lines.length - 1]).toBe(
      `self-test: ${r.total.judged} mutants of 3 functions, ${percent(r.total)} noticed`,
    );
    expect(lines[lines.length - 1]).toBe(renderSummary(r));
  });

  it("has a line for every operator and file, and every survivor without a class", () => {
    const r = selfTest(FUNCTIONS, blindToComparisons, { seed: "s" });
    const text = renderSelfTest(r);
    for (const operator of OPERATORS)
      expect(text.includes(operator)).toBe(r.operators[operator] !== undefined);
    expect(text).toContain("src/b.ts");
    expect(text).toContain("src/a.ts:12");
  });

  it("fails below the threshold, and does not round up to it", () => {
    expect(passes(result(1000, 950))).toBe(true);
    expect(passes(result(1000, 949))).toBe(false);
    expect(passes(result(10000, 9499))).toBe(false);
    expect(percent(result(10000, 9499).total)).toBe("94.9 %");
    expect(percent(result(10000, 9999).total)).toBe("99.9 %");
    expect(passes(result(1000, 949), 90)).toBe(true);
    expect(renderSelfTest(result(1000, 949))).toContain("at least 95 %");
    expect(renderSelfTest(result(1000, 950))).not.toContain("at least 95 %");
  });

  it("is JSON with the classes and the verdict", () => {
    const r = selfTest(FUNCTIONS, blindToComparisons, { seed: "s" });
    const json = JSON.parse(renderSelfTestJson(r)) as Record<string, unknown>;
    expect(json).toMatchObject({ seed: "s", functions: 3, threshold: 95, unexplained: 2, total: r.total });
    expect(json["classes"]).toContainEqual(
      expect.objectContaining({ id: "independent-declarations", equivalent: true, survivors: 0 }),
    );
  });
});
