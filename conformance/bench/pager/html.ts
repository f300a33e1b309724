/** The benchmark's report as one self-contained HTML page, with a chart of each pair's ratios. */

import { escaped, style } from "../../report/page.js";
import {
  type BenchPagerReport,
  type MemoryFigure,
  type PairReport,
  type PairResult,
  showBytes,
  showCalls,
  showSize,
  showTime,
} from "./report.js";

/** Of the charts. */
export const benchStyle = `
svg { width: 100%; height: auto; margin: .5rem 0 1rem; }
svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
svg .name, svg .value { font-variant-numeric: tabular-nums; }
svg .axis { stroke: currentColor; stroke-opacity: .25; } svg .aim { stroke: currentColor; stroke-dasharray: 4 3; stroke-opacity: .7; }
svg .within { fill: var(--good); } svg .beyond { fill: var(--bad); } svg .spread { stroke: currentColor; stroke-opacity: .6; }
.legend { font-size: 13px; }
`;

/* The chart's measures, in its own units. */
const WIDTH = 960;
const NAMES = 270;
const VALUES = 60;
const ROW = 20;
const TOP = 28;

/** The lines that are drawn through a chart: what is aimed at. */
const AIMS = { memory: [1], files: [1, 1.3, 2] } as const;

/** A chart of ratios on a logarithmic scale: bars begin at 1, where both sides are equally fast. */
function chart(pair: PairReport): string {
  const { results } = pair;
  const low = Math.min(0.5, ...results.map((r) => r.from));
  const high = Math.max(2.5, ...results.map((r) => r.to));
  const inner = WIDTH - NAMES - VALUES;
  const x = (ratio: number): number => NAMES + (inner * Math.log(ratio / low)) / Math.log(high / low);
  const at = (ratio: number): string => x(ratio).toFixed(1);
  const height = TOP + results.length * ROW + 6;
  const line = (ratio: number, css: string): string =>
    `<line class="${css}" x1="${at(ratio)}" x2="${at(ratio)}" y1="${TOP - 6}" y2="${height - 4}"/>` +
    `<text x="${at(ratio)}" y="${TOP - 10}" text-anchor="middle">${ratio}</text>`;
  const aims: readonly number[] = pair.c === "native C, files" ? AIMS.files : AIMS.memory;
  const ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].filter((t) => t >= low && t <= high);
  const axis = ticks.filter((t) => !aims.includes(t)).map((t) => line(t, "axis"));
  const bars = results.map((r, i) => {
    const y = TOP + i * ROW;
    const [from, to] = [Math.min(x(1), x(r.ratio)), Math.max(x(1), x(r.ratio))];
    const middle = y + ROW / 2;
    return (
      `<text class="name" x="${NAMES - 8}" y="${middle + 4}" text-anchor="end">${escaped(r.workload)}</text>` +
      `<rect class="${r.ratio <= r.aim ? "within" : "beyond"}" x="${from.toFixed(1)}" y="${y + 4}" ` +
      `width="${Math.max(1, to - from).toFixed(1)}" height="${ROW - 8}"><title>${escaped(tip(r))}</title></rect>` +
      `<line class="spread" x1="${at(r.from)}" x2="${at(r.to)}" y1="${middle}" y2="${middle}"/>` +
      `<text class="value" x="${WIDTH - 4}" y="${middle + 4}" text-anchor="end">${r.ratio.toFixed(2)}</text>`
    );
  });
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="ratios of processor time">
${axis.join("")}${aims.map((a) => line(a, "aim")).join("")}
${bars.join("\n")}
</svg>`;
}

function tip(r: PairResult): string {
  return `${r.workload}: ${r.ratio.toFixed(2)} (${r.from.toFixed(2)} to ${r.to.toFixed(2)}), aim ${r.aim}`;
}

function pairSection(pair: PairReport, rounds: number): string {
  const rows = pair.results.map((r) => {
    const calls = showCalls(r.calls).map((c) => `<td>${c}</td>`);
    const css = r.ratio <= r.aim ? "passed" : "failed";
    return (
      `<tr><td class="text">${escaped(r.workload)}</td><td>${showTime(r.c.cpu)}</td><td>${showTime(r.port.cpu)}</td>` +
      `<td class="${css}">${r.ratio.toFixed(2)}</td><td>${r.from.toFixed(2)} to ${r.to.toFixed(2)}</td>` +
      `<td>${r.aim}</td>${calls.join("")}<td>${r.operations.toLocaleString("en")}</td></tr>`
    );
  });
  const within = pair.results.filter((r) => r.ratio <= r.aim).length;
  return `<h2>${escaped(pair.port)} beside ${escaped(pair.c)}</h2>
<p>${within} of ${pair.results.length} rows reach their aim.</p>
${chart(pair)}
<p class="legend">Bars: median over ${rounds} rounds of the port's processor time divided by C's, logarithmic, from 1;
lines on them: from the smallest to the largest round. Dashed: the aims.</p>
<table><tr><th>workload</th><th>C</th><th>port</th><th>ratio</th><th>rounds</th><th>aim</th>
<th>reads</th><th>writes</th><th>syncs</th><th>operations</th></tr>
${rows.join("\n")}</table>`;
}

function memorySection(report: BenchPagerReport): string {
  if (report.memory.length === 0) return "";
  const rows = report.memory.map((r) => {
    const isPeak = r.what.startsWith("peak");
    const cell = (f: MemoryFigure | null): string => {
      if (f === null) return "<td></td><td></td>";
      return `<td>${isPeak ? showBytes(f.before + f.added) : ""}</td><td>${showBytes(f.added)}</td>`;
    };
    return `<tr><td class="text">${escaped(r.what)}</td><td>${escaped(showSize(r))}</td>${cell(r.c)}${cell(r.port)}</tr>`;
  });
  return `<h2>Memory</h2>
<table><tr><th>what</th><th>size</th><th>native C: peak</th><th>of it added</th><th>port: peak</th><th>of it added</th></tr>
${rows.join("\n")}</table>`;
}

/** Tables and charts, to stand in a page with {@link style} and {@link benchStyle}. */
export function benchSections(report: BenchPagerReport): string {
  const left = report.leftOut.map((text) => `<li>${escaped(text)}</li>`).join("");
  return `<p>${report.rounds} rounds, Node ${escaped(report.node)}, ${escaped(report.machine)}. Processor time per operation;
calls are per operation too, and the same on both sides. docs/performance.md says what the rows mean.</p>
${left === "" ? "" : `<p>Left out:</p><ul>${left}</ul>`}
${report.pairs.map((pair) => pairSection(pair, report.rounds)).join("\n")}
${memorySection(report)}`;
}

/** Renders a run. */
export function benchHtml(report: BenchPagerReport): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>pager-mirror bench pager</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}${benchStyle}</style></head><body>
<h1>The port beside SQLite's own pager</h1>
${benchSections(report)}
</body></html>
`;
}
