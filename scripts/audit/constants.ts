/** Compares constants with upstream's macros, and the defaults of options with the compiled ones. */

import type { CConstant, ConstantTable } from "./cvalue.js";
import { MIRRORED, MIRRORS } from "./mirrors.js";
import type { Finding, RuleId } from "./rules.js";
import { TsEvaluator, type TsValue } from "./tsvalue.js";
import type { TsConstant, TypeScriptSide } from "./typescript.js";
import type { Upstream } from "./upstream.js";

export interface ConstantsReport {
  /** How many were equal or unequal. */
  compared: number;
  /** Names that have a C macro whose value, or ours, cannot be computed here. */
  skipped: string[];
  findings: Finding[];
}

/** The file all of whose constants must be upstream's. */
const PUBLIC = "src/sqlite3.ts";
const OPTIONS = "src/options.ts";
/** Where a constant that has the name of one of upstream's is that one. */
const COMPARED: ReadonlySet<string> = new Set([...MIRRORED, PUBLIC, "src/sqliteInt.ts"]);

/** Last line of upstream's files that one of ours mirrors: macros are read as they are there. */
function lineFor(up: Upstream, path: string): number {
  let last = 0;
  for (const [file, mirror] of MIRRORS) {
    if (mirror !== path) continue;
    for (let i = up.files.get(file) ?? 0; i > 0 && i < up.fileOf.length; i++)
      if (up.fileOf[i] === file) last = Math.max(last, i);
  }
  return last === 0 ? Number.POSITIVE_INFINITY : last;
}

function show(v: CConstant | TsValue): string {
  if (typeof v !== "object") return typeof v === "string" ? JSON.stringify(v) : String(v);
  if (v.kind === "none") return "not defined";
  return v.kind === "other"
    ? v.text
    : typeof v.value === "string"
      ? JSON.stringify(v.value)
      : String(v.value);
}

/** Equal, unequal, or not comparable. */
function compare(c: CConstant, ts: TsValue): boolean | undefined {
  if (ts === undefined || c.kind === "other" || c.kind === "none") return undefined;
  if (c.kind === "string") return typeof ts === "string" ? c.value === ts : undefined;
  if (typeof ts === "string") return false;
  if (typeof ts === "bigint") return ts === c.value;
  return Number.isInteger(Number(ts)) && BigInt(Number(ts)) === c.value;
}

/** As an option's default: what is not defined is false or 0, what is defined as nothing is true. */
function compareOption(c: CConstant, ts: TsValue): boolean | undefined {
  if (ts === undefined) return undefined;
  if (c.kind === "none") return ts === false || ts === 0 ? true : undefined;
  if (typeof ts === "boolean") return ts === (c.kind === "number" ? c.value !== 0n : true);
  return compare(c, ts);
}

export function checkConstants(up: Upstream, table: ConstantTable, side: TypeScriptSide): ConstantsReport {
  const report: ConstantsReport = { compared: 0, skipped: [], findings: [] };
  const evaluator = new TsEvaluator(side.constants);
  const lines = new Map<string, number>();
  const find = (rule: RuleId, c: TsConstant, message: string): void => {
    report.findings.push({ rule, subject: c.name, message, path: c.path, line: c.line });
  };

  for (const constant of side.constants) {
    if (constant.nonUpstream) continue;
    const isOption = constant.path === OPTIONS;
    if (!isOption && !COMPARED.has(constant.path)) continue;
    if (isOption && (!constant.exported || constant.initializer.getText().includes("DEBUG_BUILD"))) continue;
    const line = lines.get(constant.path) ?? lineFor(up, constant.path);
    lines.set(constant.path, line);
    const c = table.get(constant.name, line);
    if (c.kind === "none" && !isOption) {
      if (constant.path === PUBLIC && constant.exported)
        find("PM008", constant, "upstream has no such constant");
      continue;
    }
    const ours = evaluator.value(constant);
    const equal = isOption ? compareOption(c, ours) : compare(c, ours);
    if (equal === undefined) {
      report.skipped.push(`${constant.path}: ${constant.name} (upstream: ${show(c)})`);
      continue;
    }
    report.compared++;
    if (!equal) {
      const what = isOption ? "the default profile compiles it as" : "upstream's value is";
      find(isOption ? "PM013" : "PM008", constant, `is ${show(ours)}, ${what} ${show(c)}`);
    }
  }
  return report;
}
