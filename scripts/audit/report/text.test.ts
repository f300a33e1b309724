import pc from "picocolors";
import { describe, expect, it } from "vitest";
import { count, countFiles } from "./counts.js";
import { functionReport } from "./function.js";
import { only, type Report } from "./model.js";
import { markdownLines, type RulePage } from "./pages.js";
import { sampleReport } from "./sample.js";
import { chop, columns, PLAIN, WIDTH, wrap } from "./terminal.js";
import { textReport } from "./text.js";

const report = sampleReport();
const plain = { paint: PLAIN, quiet: false };

/** Large numbers everywhere and every column there is. */
function crowded(): Report {
  const functions = Array.from({ length: 4 }).flatMap((_, i) =>
    report.functions.flatMap((f) => [
      { ...f, file: `${"x".repeat(9)}${i}.c` },
      { ...f, file: `${"x".repeat(9)}${i}.c`, status: "pending" as const },
      { ...f, file: `${"x".repeat(9)}${i}.c`, status: "not needed" as const },
    ]),
  );
  return { ...report, functions: Array.from({ length: 100 }).flatMap(() => functions) };
}

describe("counts", () => {
  it("count every function of the compiler once", () => {
    for (const c of [count(report.functions), ...countFiles(report)])
      expect(c.ported + c.omitted + c.pending + c.notNeeded + c.missing).toBe(c.functions);
  });

  it("are what the functions say", () => {
    expect(count(report.functions)).toEqual({
      ...{ functions: 4, ported: 2, omitted: 1, pending: 0, notNeeded: 0, missing: 1 },
      ...{ compiledOut: 1, compiledOutPorted: 0, macros: 1 },
      ...{ identical: 1, declared: 0, differs: 1, notCompared: 1 },
    });
  });
});

describe("counts of what is not compiled", () => {
  it("are told apart", () => {
    const out = report.functions.find((f) => f.status === "compiled out")!;
    const c = count([...report.functions, { ...out, status: "ported" }]);
    expect([c.functions, c.ported, c.compiledOut, c.compiledOutPorted]).toEqual([4, 2, 2, 1]);
    const both = { ...report, functions: [...report.functions, { ...out, status: "ported" as const }] };
    expect(textReport(both, plain)).toMatch(/^wal\.c .* 2 \(1\) +-$/m);
  });
});

describe("the text report", () => {
  it("has a table, the findings by rule, and a last line with counts", () => {
    const text = textReport(report, plain);
    expect(text).toMatch(/^file +functions +ported +identical +declared +differing +missing +omitted/m);
    expect(text).toMatch(/^wal\.c +3 +2 +1 +- +1 +1 +- +1/m);
    expect(text).toMatch(/^all +4 +2 +1 +- +1 +1 +1 +1 +1$/m);
    expect(text).toContain("PM021 body-differs (error): A function says something else");
    expect(text).toContain("  src/wal/wal.ts:4\n    walCheck: the condition at 4 is another one\n");
    expect(text).toContain("  What to do: docs/audit/PM021.md\n");
    expect(text.split("\n").at(-2)).toBe(
      "audit: 2 functions compared: 1 identical, 0 declared, 1 differing; 1 missing; 12 constants; 5 findings; 12.3 s",
    );
  });

  it("has no column that says nothing", () => {
    expect(textReport(report, plain)).not.toMatch(/pending|needed/);
    expect(textReport(crowded(), plain)).toMatch(/pending +needed/);
  });

  it("does not compare where nothing was compared", () => {
    const functions = report.functions.map((f) => ({ ...f, comparison: null }));
    const text = textReport({ ...report, functions, findings: [] }, plain);
    expect(text).not.toContain("identical");
    expect(text).toContain("none compared");
  });

  it("fits its width", () => {
    const wide = (text: string): string[] => text.split("\n").filter((l) => l.length > WIDTH);
    expect(wide(textReport(report, plain))).toEqual([]);
    /* The last line stays one line. */
    expect(wide(textReport(crowded(), plain)).filter((l) => !l.startsWith("audit: "))).toEqual([]);
  });

  it("colours errors and warnings", () => {
    const text = textReport(report, { paint: pc.createColors(true), quiet: true });
    expect(text).toContain(pc.createColors(true).red("\x1b[1mPM021 body-differs\x1b[22m"));
    expect(text).toContain(pc.createColors(true).yellow("\x1b[1mPM011 stale-ledger\x1b[22m"));
  });

  it("leaves the table out when it is to be quiet", () => {
    const text = textReport({ ...report, findings: [] }, { paint: PLAIN, quiet: true });
    expect(text.split("\n").length).toBe(2);
    expect(textReport(report, { paint: PLAIN, quiet: true })).toContain("PM004 wrong-linkage");
  });
});

const page: RulePage = { markdown: "", sections: new Map([["What to do", "Change `x`.\n\n- one\n- two"]]) };

describe("the report of a function", () => {
  const render = (width: number): string =>
    functionReport(only(report, "walCheck"), { paint: PLAIN, width, pages: new Map([["PM021", page]]) });

  it("shows the lines below one another on a narrow terminal", () => {
    const text = render(110);
    expect(text).toContain("! C  104    if( p->n<3 && p->zName!=0 ){\n! TS   4    if (p.n < 3) {\n");
    expect(text).toContain("~ C  107    p->nCheck++;\n~ TS   7    p.nCheck = p.nCheck + 1;  [wal-words]\n");
    expect(text).toContain("differs; 66.6 % of 6 statements; 3 differences, 2 undeclared");
  });

  it("shows them side by side on a wide one", () => {
    expect(render(160)).toMatch(/^104 {4}if\( p->n<3 && p->zName!=0 \)\{ +! {3}4 {4}if \(p\.n < 3\) \{$/m);
    expect(
      render(160)
        .split("\n")
        .filter((l) => l.length > 160),
    ).toEqual([]);
  });

  it("says what covers a difference, or what would", () => {
    const text = render(110);
    expect(text).toContain("declared by wal-words (docs/divergences.md:130): words are `number`s");
    expect(text).toContain("a value is cut to a width on one side only, under debug");
    expect(text).toContain(
      `undeclared; if it has to be, the entry for docs/ledger/statements/wal.json, under "functions", "walCheck":`,
    );
    expect(text).toContain(`{ "id": "ID", "c": "if (p.n < 3 && p.zName)", "ts": "if (p.n < 3)" }`);
    expect(text).toContain(
      `{ "id": "ID", "c": null, "ts": ["if (x)", "  p.extra = 1"], "after": "p.nCheck = p.nCheck + 1" }`,
    );
  });

  it("offers one entry for what is there twice", () => {
    const base = only(report, "walCheck");
    const fn = base.functions[0]!;
    const twice = [...fn.comparison!.differences, { ...fn.comparison!.differences[0]!, tsLine: 5 }];
    const functions = [{ ...fn, comparison: { ...fn.comparison!, differences: twice } }];
    const text = functionReport({ ...base, functions }, { paint: PLAIN, width: 110, pages: new Map() });
    expect(text.match(/"ts": "if \(p\.n < 3\)"/g)?.length).toBe(1);
    expect(text).toContain(`"ts": "if (p.n < 3)", "times": 2 }`);
    expect(text).toContain("undeclared, the same once more");
  });

  it("ends with what the rules' pages say", () => {
    expect(render(110)).toMatch(/PM021 body-differs: what to do\n {2}Change x\.\n\n {2}- one\n {2}- two\n$/);
  });

  it("has one side where there is one", () => {
    const text = functionReport(only(report, "walGone"), { paint: PLAIN, width: 160, pages: new Map() });
    expect(text).toContain("wal.c walGone  missing");
    expect(text).toContain("not in src/wal/wal.ts");
  });
});

describe("terminal text", () => {
  it("is wrapped at spaces", () => {
    expect(wrap("aa bb cc dddddd", 5)).toEqual(["aa bb", "cc", "dddddd"]);
    expect(chop("aaaaaaaaaa", 4)).toEqual(["aaaa", "aaaa", "aa"]);
  });

  it("is set in columns whose gap shrinks before they get too wide", () => {
    expect(
      columns([
        ["a", "1"],
        ["bb", "22"],
      ]),
    ).toEqual(["a    1", "bb  22"]);
    expect(
      columns(
        [
          ["a", "1"],
          ["bb", "22"],
        ],
        5,
      ),
    ).toEqual(["a   1", "bb 22"]);
  });

  it("keeps code and items of Markdown", () => {
    expect(markdownLines("a [b](c.md)\nd\n\n```\n  x  y\n```\n- e\n  f\n- g", 80, "")).toEqual([
      ...["a b d", "", "    x  y", "- e f", "- g"],
    ]);
  });
});
