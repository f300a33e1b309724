/** Figures of a run over corpora, as a table, as text, as one HTML page. */

import Table from "cli-table3";
import pc from "picocolors";
import type { FileResult, Finding } from "./run.js";

/** A whole run. */
export interface CorporaReport {
  source: string;
  upstream: string;
  /** What real SQLite was held against. */
  against: "the port" | "real SQLite";
  build: string;
  seed: string;
  filter: string[];
  shard: { index: number; count: number } | null;
  seconds: number;
  results: FileResult[];
}

/** Figures of a group of files. */
export interface Figures {
  name: string;
  files: number;
  /** Files of which at least one statement was run. */
  run: number;
  statements: number;
  errors: number;
  rows: number;
  points: number;
  mismatches: number;
  /** Files with a mismatch. */
  red: number;
  excluded: number;
  outOfTime: number;
}

const sum = (results: readonly FileResult[], pick: (r: FileResult) => number): number =>
  results.reduce((n, r) => n + pick(r), 0);

function figures(name: string, results: readonly FileResult[]): Figures {
  return {
    name,
    files: results.length,
    run: sum(results, (r) => (r.statements > 0 ? 1 : 0)),
    statements: sum(results, (r) => r.statements),
    errors: sum(results, (r) => r.errors),
    rows: sum(results, (r) => r.rows),
    points: sum(results, (r) => r.points),
    mismatches: sum(results, (r) => r.mismatches),
    red: sum(results, (r) => (r.mismatches > 0 ? 1 : 0)),
    excluded: sum(results, (r) => Object.values(r.excluded).reduce((n, k) => n + k, 0)),
    outOfTime: sum(results, (r) => (r.outOfTime === null ? 0 : 1)),
  };
}

/** Figures by suite, and of all files at the end. */
export function figuresBySuite(results: readonly FileResult[]): Figures[] {
  const suites = new Map<string, FileResult[]>();
  for (const r of results) {
    const own = suites.get(r.suite) ?? [];
    own.push(r);
    suites.set(r.suite, own);
  }
  return [...[...suites].map(([name, own]) => figures(name, own)), figures("all", results)];
}

/** Reasons of exclusions, the most frequent first. */
export function exclusionReasons(results: readonly FileResult[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const r of results) {
    for (const [reason, n] of Object.entries(r.excluded)) counts.set(reason, (counts.get(reason) ?? 0) + n);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

const HEAD = [
  "suite",
  "files",
  "run",
  "statements",
  "errors",
  "rows",
  "file checks",
  "mismatches",
  "excluded",
];

function cells(f: Figures): string[] {
  const n = (x: number): string => x.toLocaleString("en");
  return [
    f.name,
    n(f.files),
    n(f.run),
    n(f.statements),
    n(f.errors),
    n(f.rows),
    n(f.points),
    n(f.mismatches),
    n(f.excluded),
  ];
}

/** The table of suites. */
export function corporaTable(report: CorporaReport): string {
  const table = new Table({
    head: HEAD,
    colAligns: HEAD.map((_, i) => (i === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  for (const f of figuresBySuite(report.results)) {
    const row = cells(f);
    row[7] = f.mismatches > 0 ? pc.red(row[7] as string) : pc.green("0");
    table.push(row);
  }
  return table.toString();
}

/** The command that runs one file alone. */
export function rerunCommand(
  report: Pick<CorporaReport, "source" | "seed" | "against">,
  file: string,
): string {
  const quote = (t: string): string => (/^[\w./=-]+$/.test(t) ? t : `'${t.replaceAll("'", `'\\''`)}'`);
  const twice = report.against === "real SQLite" ? " --twice" : "";
  const seed = report.seed === "1" ? "" : ` --seed ${quote(report.seed)}`;
  return `npm run pager-mirror -- corpora --source ${quote(report.source)} --filter ${quote(`=${file}`)}${seed}${twice}`;
}

function indented(text: string, by: string): string {
  return text
    .split("\n")
    .map((line) => by + line)
    .join("\n");
}

function findingText(f: Finding): string {
  const lines = [
    `  ${f.at}  ${f.what === "files" ? "the files differ after" : f.what === "ending" ? "the engine ended at" : "the answers differ"}`,
  ];
  lines.push(indented(f.sql, "    "));
  if (f.what === "files") lines.push(indented(f.actual, "      "));
  else
    lines.push("    actual:", indented(f.actual, "      "), "    expected:", indented(f.expected, "      "));
  return lines.join("\n");
}

/** The findings of one file. */
export function fileFindings(report: CorporaReport, r: FileResult): string {
  const more = r.mismatches > r.findings.length ? `\n  ... and ${r.mismatches - r.findings.length} more` : "";
  return (
    `${pc.red(`MISMATCH ${r.file}`)}: ${r.mismatches}\n` +
    `${r.findings.map(findingText).join("\n")}${more}\n  rerun: ${rerunCommand(report, r.file)}`
  );
}

/** The last lines of a run. */
export function closing(report: CorporaReport): string {
  const all = figures("all", report.results);
  const late = report.results.filter((r) => r.outOfTime !== null);
  const lines = late.map((r) => `out of time: ${r.file}: ${r.outOfTime ?? ""}`);
  lines.push(
    `corpora: ${all.run} of ${all.files} files run, ${all.statements.toLocaleString("en")} statements, ` +
      `${all.mismatches} mismatches in ${all.red} files, ${all.excluded.toLocaleString("en")} exclusions`,
  );
  return lines.join("\n");
}

/** Reasons, one per line. */
export function reasonLines(report: CorporaReport, most: number): string {
  const all = exclusionReasons(report.results);
  const lines = all.slice(0, most).map(([reason, n]) => `${n.toLocaleString("en").padStart(9)}  ${reason}`);
  if (all.length > most)
    lines.push(`           ... and ${all.length - most} further reasons (in the report)`);
  return lines.join("\n");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --bad: #c0392b; --good: #1e8449; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .2rem .6rem; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
th:first-child, td:first-child, .text { text-align: left; }
.bad { color: var(--bad); font-weight: 600; } .good { color: var(--good); }
pre { overflow-x: auto; padding: .6rem; border: 1px solid var(--line); border-radius: 4px; font-size: 13px; line-height: 1.35; }
`;

/** The run as one self-contained page. */
export function corporaHtml(report: CorporaReport): string {
  const suites = figuresBySuite(report.results);
  const all = suites[suites.length - 1] as Figures;
  const row = (list: string[], tag: string): string =>
    `<tr>${list.map((c) => `<${tag}>${escaped(c)}</${tag}>`).join("")}</tr>`;
  const red = report.results.filter((r) => r.mismatches > 0);
  const plain = (text: string): string => {
    /* Colours are for terminals. */
    let out = "";
    for (let i = 0; i < text.length; i++) {
      if (text.charCodeAt(i) === 27) while (i < text.length && text[i] !== "m") i++;
      else out += text[i];
    }
    return out;
  };
  const files = report.results
    .map((r) =>
      row(
        [
          r.file,
          String(r.statements),
          String(r.errors),
          String(r.rows),
          String(r.points),
          String(r.mismatches),
          Object.entries(r.excluded)
            .map(([reason, n]) => `${n} ${reason}`)
            .join("; ") ||
            (r.leftOut ?? ""),
          r.outOfTime ?? "",
        ],
        "td",
      ),
    )
    .join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>pager-mirror: corpora</title><style>${STYLE}</style></head><body>
<h1>Corpora: SQLite ${escaped(report.upstream)} and ${escaped(report.against)}</h1>
<p>${escaped(report.source)}, ${escaped(report.build)}, seed ${escaped(report.seed)}, ${report.seconds.toFixed(0)} s</p>
<p class="${all.mismatches > 0 || all.statements === 0 ? "bad" : "good"}">${escaped(plain(closing(report)))}</p>
<table>${row(HEAD, "th")}${suites.map((f) => row(cells(f), "td")).join("\n")}</table>
<h2>Mismatches</h2>
${red.length === 0 ? "<p>None.</p>" : red.map((r) => `<pre>${escaped(plain(fileFindings(report, r)))}</pre>`).join("\n")}
<h2>What was left out</h2>
<table>${exclusionReasons(report.results)
    .map(([reason, n]) => `<tr><td>${escaped(reason)}</td><td>${n.toLocaleString("en")}</td></tr>`)
    .join("\n")}</table>
<h2>Files</h2>
<table>${row(["file", "statements", "errors", "rows", "file checks", "mismatches", "left out", "out of time"], "th")}${files}</table>
</body></html>
`;
}
