/** Makes the report and brings it into the form that a reporter has. */

import { UsageError } from "../../../conformance/core/usage.js";
import { upstreamAt } from "../drift/index.js";
import { profilesOf } from "../profiles.js";
import { reportOf } from "../report/from.js";
import { functionReport } from "../report/function.js";
import { githubReport } from "../report/github.js";
import { htmlReport } from "../report/html.js";
import { jsonReport } from "../report/json.js";
import { type Environment, webBase } from "../report/links.js";
import { only, type Report } from "../report/model.js";
import { readPages } from "../report/pages.js";
import { sarifReport } from "../report/sarif.js";
import { type Paint, WIDTH } from "../report/terminal.js";
import { textReport } from "../report/text.js";
import type { RuleId } from "../rules.js";
import { audit, loadOurs, loadUpstream } from "../run.js";
import { installedUpstream } from "../upstream.js";
import { nearest } from "./nearest.js";
import type { AuditOptions, ReporterName } from "./options.js";
import { writeLedgers } from "./write.js";

/** Findings that say nothing about another upstream: they hold what is generated from the installed one. */
const INSTALLED_ONLY: ReadonlySet<RuleId> = new Set(["PM011", "PM020"]);
/** Findings that need all profiles: what one profile does not use another may. */
const ALL_PROFILES: ReadonlySet<RuleId> = new Set(["PM022"]);

/** Audits everything. */
export async function makeReport(root: string, options: AuditOptions): Promise<Report> {
  const started = performance.now();
  const { profile: chosen, upstream: path } = options;
  const up = path === undefined ? installedUpstream(root) : upstreamAt(root, path);
  const known = profilesOf(root);
  const wanted = known.filter((p) => chosen === undefined || chosen.includes(p.name));
  /* What is compiled by default is the default profile's to say, whichever is looked at. */
  const all = await loadUpstream(root, up, [...new Set([known[0]!, ...wanted])]);
  const theirs = { ...all, sides: all.sides.filter((s) => wanted.includes(s.profile)) };
  const ours = loadOurs(root);
  const result = audit(theirs, ours);
  let { findings } = result;
  if (options.write) findings = writeLedgers(root, result, ours, findings);
  if (path !== undefined) findings = findings.filter((f) => !INSTALLED_ONLY.has(f.rule));
  if (wanted.length < known.length) findings = findings.filter((f) => !ALL_PROFILES.has(f.rule));
  const seconds = (performance.now() - started) / 1000;
  const names = wanted.map((p) => p.name);
  return reportOf({ ...result, findings }, ours, names, seconds);
}

/** What is about the functions of one name. */
export function select(report: Report, name: string): Report {
  const part = only(report, name);
  if (part.functions.length > 0) return part;
  const names = report.functions.map((f) => f.name);
  const near = nearest(name, names);
  const hint = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "; --json lists the names";
  throw new UsageError(`--function ${name}: no mirrored file has a function of this name${hint}`);
}

export interface RenderSettings {
  root: string;
  env: Environment;
  paint: Paint;
  /** Of the terminal. */
  width: number | undefined;
  quiet: boolean;
  /** The report is about one function. */
  function: boolean;
  /** From the folder of the report's file to the root, for links. */
  up: string;
}

export function render(reporter: ReporterName, report: Report, s: RenderSettings): string {
  const web = webBase(s.env);
  switch (reporter) {
    case "text":
      return s.function
        ? functionReport(report, {
            paint: s.paint,
            width: Math.max(s.width ?? WIDTH, 80),
            pages: readPages(s.root),
          })
        : textReport(report, { paint: s.paint, quiet: s.quiet });
    case "json":
      return jsonReport(report);
    case "github":
      return githubReport(report);
    case "sarif":
      return sarifReport(report, { pages: readPages(s.root), base: web });
    case "html":
      return htmlReport(report, { base: web === "" ? s.up : web });
  }
}
