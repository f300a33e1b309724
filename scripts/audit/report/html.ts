/** The report as one self-contained HTML page: numbers, findings, and both sides of every function. */

import { DIVERGENCES } from "../divergences.js";
import type { Difference } from "../normal/comparison.js";
import { type RuleId, ruleOf } from "../rules.js";
import { alignedRows, type Mark, SIGN } from "./align.js";
import { type Counts, closing, count, countFiles, EXTENTS, type FileCounts, plural } from "./counts.js";
import { KINDS, repeats, snippet, statementsPath, under, verdictWords } from "./difference.js";
import { escaped, page, prose } from "./html-page.js";
import { uriOf } from "./links.js";
import { functionsOf, placeOfC, type Report, type ReportFunction } from "./model.js";

export interface HtmlOptions {
  /** What links to files of the repository begin with. */
  base: string;
}

const CLASS: Readonly<Record<Mark, string>> = {
  agrees: "",
  declared: " class=d",
  differs: " class=x",
  silent: "",
};

type Ids = ReadonlyMap<ReportFunction, string>;

/** A name that is defined in several arms: the one that is here, or compiled, has the plain id. */
function idsOf(functions: readonly ReportFunction[]): Ids {
  const ids = new Map<ReportFunction, string>();
  const taken = new Set<string>();
  const isMain = (f: ReportFunction): boolean => f.ts !== null || f.upstream?.compiled === true;
  for (const f of [...functions.filter(isMain), ...functions.filter((x) => !isMain(x))]) {
    const plain = `${f.file}:${f.name}`;
    let id = plain;
    for (let n = 2; taken.has(id); n++) id = `${plain}:${n}`;
    taken.add(id);
    ids.set(f, id);
  }
  return ids;
}

function link(options: HtmlOptions, path: string, text: string, anchor = ""): string {
  return `<a href="${escaped(options.base + uriOf(path) + anchor)}">${escaped(text)}</a>`;
}

function entryLink(options: HtmlOptions, id: string): string {
  return link(options, DIVERGENCES, id, `#${encodeURIComponent(id)}`);
}

/** End tags that HTML does not need are left out: there are tens of thousands of rows. */
function sides(report: Report, fn: ReportFunction, options: HtmlOptions): string {
  const rows = alignedRows(report, fn).map((row) => {
    const cell = (line: { number: number; text: string } | null): string =>
      line === null ? "<td><td>" : `<td>${line.number}<td>${escaped(line.text)}`;
    const entries = row.entries.map((id) => ` [${entryLink(options, id)}]`).join("");
    return `<tr${CLASS[row.mark]}>${cell(row.c)}<td>${SIGN[row.mark]}${cell(row.ts)}${entries}`;
  });
  const head =
    "<tr><th scope=col class=n>line<th scope=col>C<th scope=col class=m><th scope=col class=n>line<th scope=col>TypeScript";
  return `<div class=scroll><table class=sides><caption>${places(report, fn)}</caption>${head}\n${rows.join("\n")}</table></div>`;
}

function places(report: Report, fn: ReportFunction): string {
  const at = fn.upstream === null ? null : placeOfC(report, fn.upstream.first);
  const c =
    at === null
      ? `a macro of ${fn.file}`
      : `${at.path}:${at.line} (${fn.upstream!.static ? "static" : "external"})`;
  const ts =
    fn.ts === null
      ? "not here"
      : `${fn.ts.path}:${fn.ts.first} (${fn.ts.exported ? "exported" : "not exported"})`;
  return `C: <code>${escaped(c)}</code>, TypeScript: <code>${escaped(ts)}</code>`;
}

function difference(report: Report, fn: ReportFunction, d: Difference, options: HtmlOptions): string {
  const side = (label: string, text: string | null, line: number | null): string =>
    text === null
      ? ""
      : `<pre><span class=soft>${label}${line === null ? "" : ` ${line}`}</span>\n${escaped(text)}</pre>`;
  const undeclared = (): string => {
    const times = repeats(fn.comparison!, d);
    if (times === 0) return "<p class=bad>Undeclared, the same once more.</p>";
    const place = `<code>${escaped(statementsPath(fn.file))}</code>, under <code>functions</code>`;
    return (
      `<p><span class=bad>Undeclared.</span> If it has to be, the entry for ${place}, ` +
      `<code>${escaped(fn.name)}</code>:</p><pre>${escaped(snippet(d, times))}</pre>`
    );
  };
  const declared = (id: string): string => {
    const entry = report.divergences.get(id);
    return `<p>Declared by ${entryLink(options, id)}${entry === undefined ? "" : `: ${prose(entry.what)}`}</p>`;
  };
  return (
    `<div class="difference${d.entry === null ? " undeclared" : ""}">` +
    `<p>${SIGN[d.entry === null ? "differs" : "declared"]} ${escaped(KINDS[d.kind] + under(d, report.profiles))}</p>` +
    `${side("C", d.c, d.cLine === null ? null : placeOfC(report, d.cLine).line)}${side("TypeScript", d.ts, d.tsLine)}` +
    `${d.entry === null ? undeclared() : declared(d.entry)}</div>`
  );
}

/** Classes that the filters know, the words of the verdict and their colour. */
function verdict(fn: ReportFunction): { classes: string; words: string; colour: string } {
  const c = fn.comparison;
  if (c === null) {
    const words = fn.ts === null ? fn.status : `${fn.status}, not compared`;
    return { classes: "left", words, colour: fn.status === "missing" ? "bad" : "soft" };
  }
  const hasDeclared = c.differences.some((d) => d.entry !== null);
  const classes = c.verdict === "differs" && hasDeclared ? "differs declared" : c.verdict;
  const colour = { identical: "good", declared: "warn", differs: "bad" }[c.verdict];
  return { classes, words: verdictWords(c), colour };
}

function functionHtml(report: Report, fn: ReportFunction, ids: Ids, options: HtmlOptions): string {
  const { classes, words, colour } = verdict(fn);
  const up = fn.upstream;
  const notes = [
    up?.option ? `needs ${up.option}` : "",
    up?.generator ? `by macro ${up.generator}` : "",
    fn.reason ?? "",
  ].filter((n) => n !== "");
  const head =
    `<summary><span class=name>${escaped(fn.name)}</span> <span class="badge ${colour}">${escaped(words)}</span>` +
    `${notes.length === 0 ? "" : ` <span class=soft>${prose(notes.join("; "))}</span>`}</summary>`;
  const own = `<details class="fn ${classes}" id="${escaped(ids.get(fn)!)}" data-name="${escaped(fn.name)}">`;
  /* What is not here is told, not shown. */
  const inside =
    fn.ts === null
      ? `<p>${places(report, fn)}</p>`
      : sides(report, fn, options) +
        (fn.comparison?.differences ?? []).map((d) => difference(report, fn, d, options)).join("");
  return `${own}${head}${inside}</details>`;
}

const COLUMNS: readonly (readonly [string, (c: Counts) => string | number])[] = [
  ["functions", (c) => c.functions],
  ["ported", (c) => c.ported],
  ["identical", (c) => c.identical],
  ["declared", (c) => c.declared],
  ["differing", (c) => c.differs],
  ["missing", (c) => c.missing],
  ["omitted", (c) => c.omitted],
  ["pending", (c) => c.pending],
  ["not needed", (c) => c.notNeeded],
  [
    "compiled out (ported)",
    (c) => (c.compiledOutPorted > 0 ? `${c.compiledOut} (${c.compiledOutPorted})` : c.compiledOut),
  ],
  ["macros", (c) => c.macros],
];

function table(report: Report, files: readonly FileCounts[]): string {
  const cells = (c: Counts): string =>
    COLUMNS.map(([name, of]) => {
      const value = of(c);
      const bad = (name === "differing" || name === "missing") && value !== 0;
      return `<td${bad ? " class=bad" : ""}>${value === 0 ? "-" : value}</td>`;
    }).join("");
  const groups = EXTENTS.map(([extent, title]) => {
    const part = files.filter((f) => f.extent === extent);
    if (part.length === 0) return "";
    const rows = part.map(
      (f) =>
        `<tr><th scope="row"><a href="#${escaped(encodeURIComponent(f.file))}">${escaped(f.file)}</a></th>${cells(f)}</tr>`,
    );
    return `<tbody><tr><th scope="rowgroup" colspan="${COLUMNS.length + 1}">${title}</th></tr>\n${rows.join("\n")}</tbody>`;
  });
  const heads = COLUMNS.map(([name]) => `<th scope="col">${name}</th>`).join("");
  return `<div class="scroll"><table class="counts"><caption>Functions of upstream's files</caption>
<thead><tr><th scope="col">file</th>${heads}</tr></thead>
${groups.join("\n")}
<tfoot><tr><th scope="row">all</th>${cells(count(report.functions))}</tr></tfoot></table></div>`;
}

function findings(report: Report, ids: Ids, options: HtmlOptions): string {
  if (report.findings.length === 0) return "";
  const rules = [...new Set(report.findings.map((f) => f.rule))].sort() as RuleId[];
  const parts = rules.map((id) => {
    const rule = ruleOf(id);
    const items = report.findings
      .filter((f) => f.rule === id)
      .map((f) => {
        const fn = functionsOf(report, f)[0];
        const subject =
          fn === undefined
            ? escaped(f.subject)
            : `<a href="#${escaped(encodeURIComponent(ids.get(fn)!))}">${escaped(f.subject)}</a>`;
        const where = f.line === null ? f.path : `${f.path}:${f.line}`;
        const anchor = f.line === null || options.base === "" ? "" : `#L${f.line}`;
        return `<li><strong>${subject}</strong>: ${prose(f.message)} ${link(options, f.path, where, anchor)}</li>`;
      });
    const colour = rule.level === "error" ? "bad" : "warn";
    return `<h3><span class="${colour}">${rule.id} ${escaped(rule.name)}</span> (${rule.level})</h3>
<p>${prose(rule.meaning)} ${link(options, rule.page, "What to do")}</p><ul>${items.join("\n")}</ul>`;
  });
  return `<section id="findings"><h2>${plural(report.findings.length, "finding")}</h2>${parts.join("\n")}</section>`;
}

const FILTERS: readonly (readonly [string, string])[] = [
  ["all", "all functions"],
  ["differs", "differing only"],
  ["declared", "with declared differences"],
  ["identical", "identical"],
  ["left", "not compared"],
];

export function htmlReport(report: Report, options: HtmlOptions): string {
  const { upstream } = report;
  const files = countFiles(report);
  const ids = idsOf(report.functions);
  const radios = FILTERS.map(
    ([id, text], i) =>
      `<label><input type="radio" name="show" id="show-${id}"${i === 0 ? " checked" : ""}> ${text}</label>`,
  ).join("\n");
  const sections = files.map(({ file }) => {
    const functions = report.functions.filter((f) => f.file === file);
    return `<section class="file" id="${escaped(file)}"><h2>${escaped(file)}</h2>
${functions.map((f) => functionHtml(report, f, ids, options)).join("\n")}</section>`;
  });
  const clean = report.findings.length === 0;
  const body = `<a class="skip" href="#functions">To the functions</a>
<h1>The port against SQLite ${escaped(upstream.version)}</h1>
<p class="verdict ${clean ? "good" : "bad"}">${escaped(closing(report))}</p>
<p>${escaped(upstream.path)}, sha256 <code>${escaped(upstream.sha256.slice(0, 16))}</code>; ${
    report.profiles.length === 1 ? "profile" : "profiles"
  } ${escaped(report.profiles.join(", "))}; ${plural(report.constants.compared, "constant")} compared,
${report.constants.skipped.length} not comparable; ${plural(report.structs.compared, "struct")} with
${plural(report.structs.fields, "field")}; ${plural(report.macros, "macro")} accounted for.</p>
${table(report, files)}
${findings(report, ids, options)}
<h2 id="functions">Functions</h2>
<p>${SIGN.agrees} agrees; ${SIGN.declared} declared difference; ${SIGN.differs} undeclared difference; no sign: comments, braces, declarations.</p>
<fieldset><legend>Show</legend>
${radios}</fieldset>
<p id="search" class="hidden"><label>Names that contain <input type="search"></label></p>
<main>
${sections.join("\n")}
</main>`;
  return page(`pager-mirror audit: SQLite ${upstream.version}`, body);
}
