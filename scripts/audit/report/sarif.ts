/** The report in SARIF 2.1.0, for code scanning. */

import { createHash } from "node:crypto";
import type { Difference } from "../normal/comparison.js";
import { allRules, type Finding, type Rule, type RuleId } from "../rules.js";
import { uriOf } from "./links.js";
import { functionsOf, placeOfC, type Report, type ReportFunction } from "./model.js";
import { markdownLines, type RulePage } from "./pages.js";

export interface SarifOptions {
  pages: ReadonlyMap<RuleId, RulePage>;
  /** See {@link webBase}; links are relative to the repository without it. */
  base: string;
}

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/** The folder of the repository; whoever reads the file knows where it is. */
const ROOT = "SRCROOT";

type Json = Readonly<Record<string, unknown>>;

function descriptor(rule: Rule, { pages, base }: SarifOptions): Json {
  const page = pages.get(rule.id);
  const markdown = page?.markdown ?? rule.meaning;
  return {
    id: rule.id,
    name: rule.name,
    shortDescription: { text: rule.meaning },
    fullDescription: { text: text(page?.sections.get("What it means") ?? rule.meaning) },
    help: { text: text(markdown), markdown },
    helpUri: base + rule.page,
    defaultConfiguration: { level: rule.level },
    properties: { tags: ["fidelity"] },
  };
}

function text(markdown: string): string {
  return markdownLines(markdown, 1000, "").join("\n");
}

/** Upstream may lie outside of the repository; then only its name is told. */
function artifact(path: string): Json {
  const outside = path.startsWith("/") || path.startsWith("../");
  return outside ? { uri: uriOf(path.split("/").pop()!) } : { uri: uriOf(path), uriBaseId: ROOT };
}

function physical(path: string, first: number, last: number = first): Json {
  return {
    artifactLocation: artifact(path),
    region: { startLine: first, ...(last === first ? {} : { endLine: last }) },
  };
}

function inC(report: Report, first: number, last: number): Json {
  const { path, line } = placeOfC(report, first);
  return physical(path, line, line + last - first);
}

/** The difference that a finding is about: the one it carries, or the one at its line. */
function differenceOf(finding: Finding, functions: readonly ReportFunction[]): Difference | null {
  if (finding.difference !== undefined) return finding.difference;
  if (finding.line === null) return null;
  const all = functions.flatMap((f) => f.comparison?.differences ?? []);
  return all.find((d) => d.entry === null && d.tsLine === finding.line) ?? null;
}

/** The lines of C: of the difference, or of the whole function. */
function related(report: Report, functions: readonly ReportFunction[], d: Difference | null): Json[] {
  if (d !== null && d.cLine !== null) {
    return [
      {
        id: 1,
        physicalLocation: inC(report, d.cLine, d.cLine),
        message: { text: d.c === null ? "upstream, here" : `upstream: ${d.c}` },
      },
    ];
  }
  return functions
    .filter((f) => f.upstream !== null)
    .map(({ file, name, upstream }, i) => ({
      id: i + 1,
      physicalLocation: inC(report, upstream!.first, upstream!.last),
      message: { text: `${name} in upstream's ${file}` },
    }));
}

/** What stays when lines move: rule, function, and both sides' normal forms, else the message without lines. */
function fingerprint(finding: Finding, d: Difference | null): string {
  const message = finding.message.replace(/(:|\blines? )\d+/g, "$1");
  const what = d === null ? [message] : [d.kind, d.c, d.ts];
  return createHash("sha256")
    .update(JSON.stringify([finding.rule, finding.path, finding.subject, ...what]))
    .digest("hex")
    .slice(0, 32);
}

export function sarifReport(report: Report, options: SarifOptions): string {
  const rules = allRules();
  const seen = new Map<string, number>();
  const results = report.findings.map((finding): Json => {
    const index = rules.findIndex((r) => r.id === finding.rule);
    const functions = functionsOf(report, finding);
    const d = differenceOf(finding, functions);
    const hash = fingerprint(finding, d);
    const n = (seen.get(hash) ?? 0) + 1;
    seen.set(hash, n);
    const c = related(report, functions, d);
    return {
      ruleId: finding.rule,
      ruleIndex: index,
      level: rules[index]!.level,
      message: { text: `${finding.subject}: ${finding.message}` },
      locations: [
        {
          /* Code scanning insists on a line. */
          physicalLocation: physical(finding.path, finding.line ?? 1),
          logicalLocations: [{ name: finding.subject }],
        },
      ],
      ...(c.length > 0 ? { relatedLocations: c } : {}),
      /* Code scanning knows the first name only. */
      partialFingerprints: { primaryLocationLineHash: `${hash}:${n}`, "pagerMirrorAudit/v1": `${hash}:${n}` },
    };
  });
  const log = {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "pager-mirror audit",
            fullName: `pager-mirror audit against SQLite ${report.upstream.version}`,
            ...(options.base === "" ? {} : { informationUri: `${options.base}docs/audit.md` }),
            rules: rules.map((r) => descriptor(r, options)),
          },
        },
        invocations: [{ executionSuccessful: true, exitCode: report.findings.length === 0 ? 0 : 1 }],
        originalUriBaseIds: { [ROOT]: { description: { text: "The root folder of the repository." } } },
        columnKind: "utf16CodeUnits",
        results,
        properties: {
          upstream: { version: report.upstream.version, sha256: report.upstream.sha256 },
          profiles: report.profiles,
        },
      },
    ],
  };
  return `${JSON.stringify(log, null, 1)}\n`;
}
