/** Workflow commands of GitHub Actions: an annotation for each finding. */

import { ruleOf } from "../rules.js";
import type { Report } from "./model.js";

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** One line per finding; empty if there are none. */
export function githubReport(report: Report): string {
  return report.findings
    .map((f) => {
      const rule = ruleOf(f.rule);
      const properties = [
        `file=${escapeProperty(f.path)}`,
        ...(f.line === null ? [] : [`line=${f.line}`]),
        `title=${escapeProperty(`${rule.id} ${rule.name}`)}`,
      ];
      const message = `${f.subject}: ${f.message}\n${rule.meaning} What to do: ${rule.page}`;
      return `::${rule.level} ${properties.join(",")}::${escapeData(message)}\n`;
    })
    .join("");
}
