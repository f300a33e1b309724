/** The report as one self-contained HTML page. */

import { benchSections, benchStyle } from "../bench/pager/html.js";
import type { CaseResult } from "../core/case.js";
import { escaped, style } from "./page.js";
import { inWords, perHour, type RunReport } from "./summary.js";

function finding(r: CaseResult): string {
  return `<section class="finding"><h3 class="failed">${escaped(r.suite)}: ${escaped(r.name)}</h3>
<p>${escaped(r.finding?.summary ?? "")}</p>
<pre>${escaped(r.finding?.detail ?? "")}</pre>
<p>To run this case alone:</p><pre>${escaped(r.rerun ?? "")}</pre></section>`;
}

/** What suites counted beside comparisons. */
function figures(report: RunReport): string {
  return report.suites
    .filter((s) => s.figures !== undefined)
    .map((s) => {
      const rows = Object.entries(s.figures!).map(
        ([name, n]) =>
          `<tr><td>${escaped(inWords(name))}</td><td>${n.toLocaleString("en")}</td>` +
          `<td>${perHour(n, s.milliseconds).toLocaleString("en")}</td></tr>`,
      );
      return `<h2>What ${escaped(s.name)} counted</h2>
<table><tr><th>figure</th><th>counted</th><th>per hour of a lane</th></tr>
${rows.join("\n")}</table>`;
    })
    .join("\n");
}

/** Renders a run. */
export function htmlReport(report: RunReport): string {
  const count = (o: CaseResult["outcome"]): number => report.results.filter((r) => r.outcome === o).length;
  const executed = count("passed") + count("failed");
  const failed = count("failed");
  const verdict =
    executed === 0
      ? `<span class="failed">Nothing was executed.</span>`
      : failed > 0
        ? `<span class="failed">${failed} of ${executed} executed cases failed.</span>`
        : `<span class="passed">All ${executed} executed cases passed.</span>`;
  const rows = report.suites
    .map(
      (s) =>
        `<tr><td>${escaped(s.name)}</td><td class="text">${escaped(s.about)}</td><td>${s.executed}</td>` +
        `<td class="${s.passed ? "passed" : ""}">${s.passed}</td><td class="${s.failed ? "failed" : ""}">${s.failed}</td>` +
        `<td class="${s.skipped ? "skipped" : ""}">${s.skipped}</td><td>${s.comparisons.toLocaleString("en")}</td>` +
        `<td>${(s.milliseconds / 1000).toFixed(1)}</td></tr>`,
    )
    .join("\n");
  const failures = report.results.filter((r) => r.outcome === "failed").map(finding);
  const lists = report.suites
    .map((s) => {
      const own = report.results.filter((r) => r.suite === s.name);
      const lines = own
        .map(
          (r) =>
            `<tr><td class="text">${escaped(r.name)}</td><td class="${r.outcome} text">${r.outcome}` +
            `${r.reason ? `: ${escaped(r.reason)}` : ""}${r.notes ? `; ${escaped(r.notes)}` : ""}</td><td>${r.comparisons}</td><td>${r.milliseconds.toFixed(0)}</td></tr>`,
        )
        .join("\n");
      return `<details><summary>${escaped(s.name)} (${own.length} cases)</summary>
<table><tr><th>case</th><th class="text">outcome</th><th>comparisons</th><th>ms</th></tr>
${lines}</table></details>`;
    })
    .join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>pager-mirror conformance</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}${benchStyle}</style></head><body>
<h1>pager-mirror against SQLite ${escaped(report.upstream)}</h1>
<p class="verdict">${verdict}</p>
<p>${escaped(report.build)}, seed ${escaped(report.seed)}, ${report.full ? "full matrix" : "default share"}${
    report.shard ? `, shard ${report.shard.index}/${report.shard.count}` : ""
  }, Node ${escaped(report.node)}, ${report.seconds.toFixed(1)} s.</p>
<table><tr><th>suite</th><th class="text">what it holds</th><th>executed</th><th>passed</th><th>failed</th><th>skipped</th><th>comparisons</th><th>seconds</th></tr>
${rows}</table>
${failures.length > 0 ? `<h2>Findings</h2>${failures.join("\n")}` : ""}
${figures(report)}
${report.bench === undefined ? "" : benchSections(report.bench)}
<h2>All cases</h2>
${lists}
</body></html>
`;
}
