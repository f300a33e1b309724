/** What the terminal shows after a run. */

import Table from "cli-table3";
import pc from "picocolors";
import type { CaseResult } from "../core/case.js";
import { inWords, perHour, type RunReport, type SuiteSummary } from "./summary.js";

/** The table of suites. */
export function summaryTable(report: RunReport): string {
  const table = new Table({
    head: ["suite", "executed", "passed", "failed", "skipped", "comparisons", "seconds"],
    colAligns: ["left", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  const row = (s: Omit<SuiteSummary, "about">): string[] => [
    s.name,
    String(s.executed),
    s.passed > 0 ? pc.green(String(s.passed)) : "0",
    s.failed > 0 ? pc.red(String(s.failed)) : "0",
    s.skipped > 0 ? pc.yellow(String(s.skipped)) : "0",
    s.comparisons.toLocaleString("en"),
    (s.milliseconds / 1000).toFixed(1),
  ];
  for (const s of report.suites) table.push(row(s));
  const sum = (pick: (s: SuiteSummary) => number): number => report.suites.reduce((n, s) => n + pick(s), 0);
  table.push(
    row({
      name: "all",
      executed: sum((s) => s.executed),
      passed: sum((s) => s.passed),
      failed: sum((s) => s.failed),
      skipped: sum((s) => s.skipped),
      comparisons: sum((s) => s.comparisons),
      milliseconds: report.seconds * 1000,
    }),
  );
  return table.toString();
}

/** One failed case: what differs, where, and how to run it alone. */
export function failureText(r: CaseResult): string {
  const lines = [pc.red(`FAILED ${r.suite}: ${r.name}`), `  ${r.finding?.summary ?? ""}`];
  for (const line of (r.finding?.detail ?? "").split("\n")) if (line !== "") lines.push(`    ${line}`);
  lines.push(`  rerun: ${r.rerun ?? ""}`);
  return lines.join("\n");
}

/** What cases had to tell, a line each; empty if nothing. */
export function notesText(report: RunReport): string {
  return report.results
    .filter((r) => r.notes !== undefined)
    .map((r) => `${r.suite}: ${r.name}: ${r.notes}\n`)
    .join("");
}

/** What suites counted beside comparisons, and how much that is in an hour of one lane; empty if nothing. */
export function figuresTable(report: RunReport): string {
  return report.suites
    .filter((s) => s.figures !== undefined)
    .map((s) => {
      const table = new Table({
        head: [s.name, "counted", "per hour of a lane"],
        colAligns: ["left", "right", "right"],
        style: { head: [], border: [], compact: true },
      });
      for (const [name, n] of Object.entries(s.figures!)) {
        table.push([inWords(name), n.toLocaleString("en"), perHour(n, s.milliseconds).toLocaleString("en")]);
      }
      return `\n${table.toString()}\n`;
    })
    .join("");
}

/** The last line of a run. */
export function closingLine(report: RunReport): string {
  const count = (outcome: CaseResult["outcome"]): number =>
    report.results.filter((r) => r.outcome === outcome).length;
  return `conformance: ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`;
}
