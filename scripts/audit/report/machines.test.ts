/** The reports for machines: JSON, GitHub's annotations, SARIF. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../root.js";
import { allRules } from "../rules.js";
import { githubReport } from "./github.js";
import { jsonReport } from "./json.js";
import { webBase } from "./links.js";
import type { Report } from "./model.js";
import { readPages } from "./pages.js";
import { sampleReport } from "./sample.js";
import { sarifReport } from "./sarif.js";
import { type Schema, schemaErrors } from "./schema-check.js";

const root = projectRoot();
const report = sampleReport();

describe("json", () => {
  const schema = JSON.parse(readFileSync(join(root, "docs/audit/audit.schema.json"), "utf8")) as Schema;

  it("is what the schema says", () => {
    expect(schemaErrors(schema, JSON.parse(jsonReport(report)))).toEqual([]);
    const empty = { ...report, functions: [], findings: [], seconds: null };
    expect(schemaErrors(schema, JSON.parse(jsonReport(empty)))).toEqual([]);
  });

  it("is checked by a schema that notices", () => {
    const broken = (change: (o: Record<string, never>) => void): string[] => {
      const data = JSON.parse(jsonReport(report)) as Record<string, never>;
      change(data);
      return schemaErrors(schema, data);
    };
    expect(broken((o) => delete o["counts"])).toEqual(["$: lacks counts"]);
    expect(broken((o) => Object.assign(o, { more: 1 }))).toEqual(["$: has an unknown key more"]);
    expect(broken((o) => Object.assign(o["upstream"], { sha256: "x" }))[0]).toContain("$.upstream.sha256");
    expect(broken((o) => Object.assign(o["findings"][0], { rule: "PM1" }))[0]).toContain(
      "$.findings[0].rule",
    );
    expect(broken((o) => Object.assign(o["functions"][0]["comparison"], { score: 2 }))).toEqual([
      "$.functions[0].comparison: fits none of the choices",
    ]);
    expect(schemaErrors({ oneOf: [] }, 1)).toEqual(["$: the schema uses oneOf"]);
  });

  it("has every comparison and finding", () => {
    const data = JSON.parse(jsonReport(report)) as {
      functions: { name: string; comparison: unknown }[];
      findings: { rule: string; page: string }[];
    };
    expect(data.functions[0]!.comparison).toEqual(report.functions[0]!.comparison);
    expect(data.findings.map((f) => f.page)).toEqual(report.findings.map((f) => `docs/audit/${f.rule}.md`));
  });
});

describe("annotations", () => {
  const lines = githubReport(report).trimEnd().split("\n");

  it("are one line each, errors and warnings", () => {
    expect(lines.length).toBe(report.findings.length);
    expect(lines[1]).toMatch(
      /^::error file=src\/wal\/wal\.ts,line=12,title=PM004 wrong-linkage::walSame: is static upstream, and exported here%0A/,
    );
  });

  it("escape what would end a line or a property", () => {
    expect(lines[2]).toMatch(/^::warning file=docs\/ledger\/functions\.json,title=PM011 stale-ledger::/);
    expect(lines[2]).toContain("100 %25 stale:%0D%0A1,2 lines, <b>differ</b>");
    const odd = { ...report, findings: [{ ...report.findings[1]!, path: "a,b:c%\n.ts" }] };
    expect(githubReport(odd)).toContain("file=a%2Cb%3Ac%25%0A.ts,line=12,");
  });
});

interface SarifResult {
  ruleId: string;
  ruleIndex: number;
  level: string;
  message: { text: string };
  locations: { physicalLocation: Physical }[];
  relatedLocations?: { id: number; physicalLocation: Physical; message: { text: string } }[];
  partialFingerprints: Record<string, string>;
}
interface Physical {
  artifactLocation: { uri: string; uriBaseId?: string };
  region: { startLine: number; endLine?: number };
}
interface Sarif {
  runs: { tool: { driver: { rules: { id: string; helpUri: string }[] } }; results: SarifResult[] }[];
}

/** The part of the standard's schema that is used here; it allows no other keys either. */
const text = { type: "string", pattern: "\\S" };
const message = object({ text });
const location = object({
  artifactLocation: object({ uri: { type: "string", pattern: "^[^/\\\\ ][^\\\\ ]*$" }, uriBaseId: text }, [
    "uri",
  ]),
  region: object({ startLine: { type: "integer", minimum: 1 }, endLine: { type: "integer", minimum: 1 } }, [
    "startLine",
  ]),
});
const SARIF: Schema = object({
  $schema: {
    const: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
  },
  version: { const: "2.1.0" },
  runs: {
    type: "array",
    minItems: 1,
    maxItems: 1,
    items: object({
      tool: object({
        driver: object(
          {
            name: text,
            fullName: text,
            informationUri: { type: "string", pattern: "^https://" },
            rules: {
              type: "array",
              items: object({
                id: { type: "string", pattern: "^PM\\d{3}$" },
                name: text,
                shortDescription: message,
                fullDescription: message,
                help: object({ text, markdown: text }),
                helpUri: text,
                defaultConfiguration: object({ level: { enum: ["error", "warning"] } }),
                properties: object({ tags: { type: "array", items: text } }),
              }),
            },
          },
          ["name", "fullName", "rules"],
        ),
      }),
      invocations: {
        type: "array",
        items: object({ executionSuccessful: { const: true }, exitCode: { enum: [0, 1] } }),
      },
      originalUriBaseIds: object({ SRCROOT: object({ description: message }) }),
      columnKind: { enum: ["utf16CodeUnits"] },
      results: {
        type: "array",
        items: object(
          {
            ruleId: { type: "string", pattern: "^PM\\d{3}$" },
            ruleIndex: { type: "integer", minimum: 0 },
            level: { enum: ["error", "warning"] },
            message,
            locations: {
              type: "array",
              minItems: 1,
              maxItems: 1,
              items: object({
                physicalLocation: location,
                logicalLocations: { type: "array", items: object({ name: text }) },
              }),
            },
            relatedLocations: {
              type: "array",
              minItems: 1,
              items: object({ id: { type: "integer", minimum: 0 }, physicalLocation: location, message }),
            },
            partialFingerprints: {
              type: "object",
              additionalProperties: { type: "string", pattern: "^[0-9a-f]{32}:\\d+$" },
            },
          },
          ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
        ),
      },
      properties: { type: "object" },
    }),
  },
});

function object(properties: Record<string, unknown>, required = Object.keys(properties)): Schema {
  return { type: "object", additionalProperties: false, required, properties };
}

describe("sarif", () => {
  const pages = readPages(root);
  const make = (r: Report, base = ""): Sarif => JSON.parse(sarifReport(r, { pages, base })) as Sarif;
  const results = (r: Report): SarifResult[] => make(r).runs[0]!.results;
  const prints = (r: Report): string[] =>
    results(r).map((x) => x.partialFingerprints["primaryLocationLineHash"]!);

  it("has the standard's shape", () => {
    expect(schemaErrors(SARIF, make(report))).toEqual([]);
    expect(schemaErrors(SARIF, make(report, "https://github.com/o/r/blob/abc/"))).toEqual([]);
    expect(schemaErrors(SARIF, make({ ...report, findings: [] }))).toEqual([]);
  });

  it("names every rule, and each result its own", () => {
    const { rules } = make(report).runs[0]!.tool.driver;
    expect(rules.map((r) => r.id)).toEqual(allRules().map((r) => r.id));
    for (const r of results(report)) expect(rules[r.ruleIndex]!.id).toBe(r.ruleId);
    expect(rules[20]!.helpUri).toBe("docs/audit/PM021.md");
    const env = { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "o/r", GITHUB_SHA: "abc" };
    expect(make(report, webBase(env)).runs[0]!.tool.driver.rules[20]!.helpUri).toBe(
      "https://github.com/o/r/blob/abc/docs/audit/PM021.md",
    );
    expect(webBase({})).toBe("");
  });

  it("points to our line, and to the lines of C", () => {
    const [gone, , , body, extra] = results(report);
    expect(body!.locations[0]!.physicalLocation).toEqual({
      artifactLocation: { uri: "src/wal/wal.ts", uriBaseId: "SRCROOT" },
      region: { startLine: 4 },
    });
    expect(body!.relatedLocations).toEqual([
      {
        id: 1,
        physicalLocation: {
          artifactLocation: { uri: "node_modules/x/sqlite3.c", uriBaseId: "SRCROOT" },
          region: { startLine: 104 },
        },
        message: { text: "upstream: if (p.n < 3 && p.zName)" },
      },
    ]);
    expect(gone!.relatedLocations![0]!.physicalLocation.region).toEqual({ startLine: 200, endLine: 210 });
    expect(extra!.relatedLocations![0]!.physicalLocation.region).toEqual({ startLine: 100, endLine: 109 });
  });

  it("tells no path of the machine", () => {
    const out = sarifReport(
      { ...report, upstream: { ...report.upstream, path: "/home/x/sqlite3.c" } },
      { pages, base: "" },
    );
    expect(out).not.toContain("/home");
  });

  it("has fingerprints that stay when lines move, and change with the statement", () => {
    const moved: Report = {
      ...report,
      findings: report.findings.map((f) => ({
        ...f,
        line: f.line === null ? null : f.line + 7,
        message: f.message.replace("line 200", "line 300"),
        ...(f.difference ? { difference: { ...f.difference, cLine: 999, tsLine: 11 } } : {}),
      })),
      functions: report.functions.map((f) => ({
        ...f,
        comparison: f.comparison && {
          ...f.comparison,
          differences: f.comparison.differences.map((d) => ({ ...d, tsLine: d.tsLine! + 7 })),
        },
      })),
    };
    expect(prints(moved)).toEqual(prints(report));
    const changed = structuredClone(report.findings) as Report["findings"][number][];
    changed[3]!.difference!.ts = "if (p.n < 4)";
    const other = prints({ ...report, findings: changed });
    expect(other.map((p, i) => p === prints(report)[i])).toEqual([true, true, true, false, true]);
  });

  it("numbers findings that are alike", () => {
    const twice = prints({ ...report, findings: [report.findings[1]!, report.findings[1]!] });
    expect(twice.map((p) => p.split(":")[1])).toEqual(["1", "2"]);
    expect(new Set(prints(report)).size).toBe(report.findings.length);
  });
});
