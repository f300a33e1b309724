import { createHash } from "node:crypto";
import { Script } from "node:vm";
import { describe, expect, it } from "vitest";
import { htmlReport } from "./html.js";
import type { Report } from "./model.js";
import { sampleReport } from "./sample.js";

const report = sampleReport();
const html = htmlReport(report, { base: "../" });

/** Elements whose end tag HTML asks for must be closed, in order. */
function unclosed(text: string): string[] {
  const optional = new Set(["tr", "td", "th", "meta", "input", "html", "head", "body"]);
  const open: string[] = [];
  const wrong: string[] = [];
  const content = text.replace(/<(style|script)>[\s\S]*?<\/\1>/g, "");
  for (const m of content.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
    if (optional.has(m[2]!)) continue;
    if (m[1] === "") open.push(m[2]!);
    else if (open.pop() !== m[2]) wrong.push(m[0]);
  }
  return [...wrong, ...open];
}

describe("the page", () => {
  it("escapes what comes from sources, ledgers and messages", () => {
    expect(html).not.toContain("<script>alert");
    expect(html).toContain("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
    expect(html).not.toContain("<b>differ</b>");
    expect(html).not.toContain("<done>");
    expect(html).toContain("words are <code>number</code>s, never &lt;cut&gt;");
  });

  it("closes what it opens", () => {
    expect(unclosed(html)).toEqual([]);
    expect(unclosed("<p><span></p></span>").length).toBeGreaterThan(0);
  });

  it("loads nothing, and runs only its own script", () => {
    expect(html.replace(/https:\/\/github\.com/g, "")).not.toMatch(
      /https?:|url\(|<link|<img|<iframe|@import|\ssrc=/,
    );
    expect(html).not.toMatch(/\son[a-z]+=|\sstyle=/);
    const script = /<script>([\s\S]*?)<\/script>/.exec(html)![1]!;
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)![1]!;
    const hash = (t: string): string => `'sha256-${createHash("sha256").update(t).digest("base64")}'`;
    expect(() => new Script(script)).not.toThrow();
    expect(html).toContain(`style-src ${hash(style)}; script-src ${hash(script)}`);
  });

  it("has ids that are there once, and links that lead to one of them", () => {
    const out = report.functions.find((f) => f.name === "walTest")!;
    const twice = { ...report, functions: [{ ...out, name: "walSame" }, ...report.functions] };
    const html = htmlReport(twice, { base: "" });
    expect(html).toMatch(/<details class="fn identical" id="wal\.c:walSame"/);
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map((m) => m[1]!);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...html.matchAll(/href="#([^"]*)"/g)].map((m) => decodeURIComponent(m[1]!));
    expect(links.filter((l) => !ids.includes(l))).toEqual([]);
  });

  it("shows both sides of a function in rows, marked by a sign and a class", () => {
    expect(html).toContain(
      "<tr class=x><td>104<td>  if( p-&gt;n&lt;3 &amp;&amp; p-&gt;zName!=0 ){<td>!<td>4<td>  if (p.n &lt; 3) {",
    );
    expect(html).toContain("<tr><td>101<td>  int rc = SQLITE_OK;<td>=<td>3<td>  let rc: number = SQLITE_OK;");
    expect(html).toMatch(
      /<tr class=d><td>107.*\[<a href="\.\.\/docs\/divergences\.md#wal-words">wal-words<\/a>\]/,
    );
  });

  it("sorts functions into what the filters show", () => {
    const classes = [...html.matchAll(/<details class="fn ([^"]*)" id="[^"]*" data-name="([^"]*)"/g)];
    expect(Object.fromEntries(classes.map((m) => [m[2]!, m[1]!]))).toEqual({
      ...{ walCheck: "differs declared", walSame: "identical", walGone: "left" },
      ...{ walTest: "left", unixLeft: "left", walMacro: "left" },
    });
    for (const filter of ["differs", "declared", "identical", "left"])
      expect(html).toContain(`#show-${filter}:checked`);
  });

  it("says what to do about findings and differences", () => {
    expect(html).toContain('<a href="../docs/audit/PM021.md">What to do</a>');
    expect(html).toContain("{ &quot;id&quot;: &quot;ID&quot;, &quot;c&quot;: null,");
    expect(html).toContain(`<h2>5 findings</h2>`);
    expect(htmlReport({ ...report, findings: [] }, { base: "" })).not.toContain(`id="findings"`);
  });

  it("stays small: 60,000 rows in less than 8 MB", () => {
    const line = "    if( p->nBackfill!=p->mxFrame ) rc = 1;";
    const fn = report.functions[0]!;
    const functions = Array.from({ length: 600 }, (_, i) => ({
      ...fn,
      name: `walFunction${i}`,
      upstream: { ...fn.upstream!, first: 1, last: 100 },
      ts: { ...fn.ts!, first: 1, last: 100 },
      comparison: {
        ...fn.comparison!,
        aligned: Array.from(
          { length: 100 },
          (_, k) => ({ c: [k + 1, k + 1], ts: [k + 1, k + 1], same: true }) as const,
        ),
        differences: [],
      },
    }));
    const lines = ["", ...Array.from({ length: 100 }, () => line)];
    const large: Report = {
      ...report,
      functions,
      cLines: lines,
      tsLines: new Map([["src/wal/wal.ts", lines]]),
    };
    expect(htmlReport(large, { base: "" }).length).toBeLessThan(8e6);
  });
});
