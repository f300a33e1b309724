/** Compares constants with upstream's macros, and options with the compiled ones, under every profile. */

import type { CConstant, ConstantTable } from "./cvalue.js";
import { MIRRORED, MIRRORS } from "./mirrors.js";
import { type AuditProfile, OPTIONS } from "./profiles.js";
import type { Finding, RuleId } from "./rules.js";
import { TsEvaluator, type TsValue } from "./tsvalue.js";
import type { TsConstant, TypeScriptSide } from "./typescript.js";
import type { Upstream } from "./upstream.js";

export interface ConstantsReport {
  /** How many were equal or unequal under at least one profile. */
  compared: number;
  /** Names that have a C macro whose value, or ours, cannot be computed here under any profile. */
  skipped: string[];
  findings: Finding[];
}

/** The file all of whose constants must be upstream's. */
const PUBLIC = "src/sqlite3.ts";
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

/** Macros that C asks for in a way (`!defined(X) || X+0`) that makes what is not defined a yes. */
const YES_IF_UNDEFINED: ReadonlySet<string> = new Set(["HAVE_NANOSLEEP"]);

/** As an option: what is not defined is false or 0, what is defined as nothing is true. */
function compareOption(name: string, c: CConstant, ts: TsValue): boolean | undefined {
  if (ts === undefined) return undefined;
  if (c.kind === "none") return YES_IF_UNDEFINED.has(name) ? ts === true : ts === false || ts === 0;
  if (typeof ts === "boolean") return ts === (c.kind === "number" ? c.value !== 0n : true);
  return compare(c, ts);
}

/** A profile with upstream's constants under it. */
export interface ProfileConstants {
  profile: AuditProfile;
  constants: ConstantTable;
}

/** `profiles` starts with the default one. */
export function checkConstants(
  up: Upstream,
  profiles: readonly ProfileConstants[],
  side: TypeScriptSide,
): ConstantsReport {
  const report: ConstantsReport = { compared: 0, skipped: [], findings: [] };
  const evaluators = profiles.map((p) => new TsEvaluator(side.constants, p.profile.overrides));
  const lines = new Map<string, number>();
  const find = (rule: RuleId, c: TsConstant, message: string): void => {
    report.findings.push({ rule, subject: c.name, message, path: c.path, line: c.line });
  };

  for (const constant of side.constants) {
    if (constant.nonUpstream) continue;
    const isOption = constant.path === OPTIONS;
    if (!isOption && !COMPARED.has(constant.path)) continue;
    if (isOption && !constant.exported) continue;
    const line = lines.get(constant.path) ?? lineFor(up, constant.path);
    lines.set(constant.path, line);
    const values = profiles.map((p) => p.constants.get(constant.name, line));
    if (!isOption && values.every((c) => c.kind === "none")) {
      if (constant.path === PUBLIC && constant.exported)
        find("PM008", constant, "upstream has no such constant");
      continue;
    }
    let compared = false;
    const wrong = new Map<string, string[]>();
    for (const [i, c] of values.entries()) {
      if (c.kind === "none" && !isOption) continue;
      const ours = evaluators[i]!.value(constant);
      const equal = isOption ? compareOption(constant.name, c, ours) : compare(c, ours);
      compared ||= equal !== undefined;
      if (equal !== false) continue;
      const what = isOption ? "C compiles it as" : "upstream's value is";
      const message = `is ${show(ours)}, ${what} ${show(c)}`;
      wrong.set(message, [...(wrong.get(message) ?? []), profiles[i]!.profile.name]);
    }
    if (compared) report.compared++;
    else report.skipped.push(`${constant.path}: ${constant.name} (upstream: ${show(values[0]!)})`);
    for (const [message, names] of wrong) {
      const where = names.length === profiles.length ? "" : ` (profile ${names.join(", ")})`;
      find(isOption ? "PM013" : "PM008", constant, message + where);
    }
  }
  return report;
}
