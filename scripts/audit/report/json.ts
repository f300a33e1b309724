/** The report for machines. Its shape is docs/audit/audit.schema.json; keys are added, not changed. */

import { RULES, ruleOf } from "../rules.js";
import { count, countFiles } from "./counts.js";
import type { Report } from "./model.js";

/** Goes up when something is renamed or removed. */
export const FORMAT = 1;

export function jsonReport(report: Report): string {
  const { upstream, constants } = report;
  const data = {
    format: FORMAT,
    upstream: { path: upstream.path, version: upstream.version, sha256: upstream.sha256 },
    profiles: report.profiles,
    seconds: report.seconds,
    counts: count(report.functions),
    files: countFiles(report),
    functions: report.functions.map((f) => ({
      file: f.file,
      name: f.name,
      status: f.status,
      reason: f.reason,
      upstream: f.upstream,
      ts: f.ts,
      comparison: f.comparison,
    })),
    constants: { compared: constants.compared, skipped: constants.skipped },
    structs: { compared: report.structs.compared, fields: report.structs.fields },
    macros: report.macros,
    findings: report.findings.map((f) => {
      const rule = ruleOf(f.rule);
      return {
        rule: f.rule,
        name: RULES[f.rule],
        level: rule.level,
        subject: f.subject,
        message: f.message,
        path: f.path,
        line: f.line,
        page: rule.page,
        difference: f.difference ?? null,
      };
    }),
  };
  return `${JSON.stringify(data, null, 1)}\n`;
}
