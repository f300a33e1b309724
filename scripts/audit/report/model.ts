/** What every report is made from: plain data, so that tests can make it up. */

import type { Status } from "../match.js";
import type { Comparison } from "../normal/comparison.js";
import type { Finding } from "../rules.js";
import type { Place } from "../upstream.js";

/** C's side of a function; lines of the amalgamation. */
export interface ReportC {
  first: number;
  last: number;
  static: boolean;
  compiled: boolean;
  /** The condition that does not hold; null for a compiled function. */
  option: string | null;
  /** The macro whose call defines it, or null. */
  generator: string | null;
  hash: string;
}

/** Our side of a function. */
export interface ReportTs {
  path: string;
  name: string;
  first: number;
  last: number;
  exported: boolean;
}

export interface ReportFunction {
  /** Upstream's file. */
  file: string;
  name: string;
  status: Status;
  reason: string | null;
  /** Null for a macro. */
  upstream: ReportC | null;
  ts: ReportTs | null;
  /** Null where nothing was compared. */
  comparison: Comparison | null;
}

/** An entry of docs/divergences.md. */
export interface ReportDivergence {
  id: string;
  /** Its line there. */
  line: number;
  what: string;
}

export interface Report {
  upstream: { path: string; version: string; sha256: string };
  /** Names of the profiles that were looked at, the default one first. */
  profiles: readonly string[];
  /** In upstream's order. */
  functions: readonly ReportFunction[];
  findings: readonly Finding[];
  constants: { compared: number; skipped: readonly string[] };
  /** Structs that stand on both sides, and the fields that both have. */
  structs: { compared: number; fields: number };
  /** Macros of upstream's files that are here or have a reason. */
  macros: number;
  divergences: ReadonlyMap<string, ReportDivergence>;
  /** How long the audit took, null if nobody measured. */
  seconds: number | null;
  /** The amalgamation; lines are counted from 1, element 0 is unused. */
  cLines: readonly string[];
  /** For a source tree, where each of these lines comes from; null for lines of no file. */
  cPlaces: readonly (Place | null)[] | null;
  /** Our files by path, their lines counted from 1. */
  tsLines: ReadonlyMap<string, readonly string[]>;
}

/** The key of a function in `comparisons`. */
export function functionKey(file: string, name: string): string {
  return `${file} ${name}`;
}

/** Where a reader finds a line of C: in the amalgamation, or in a file of the source tree. */
export function placeOfC(report: Report, line: number): Place {
  return report.cPlaces?.[line] ?? { path: report.upstream.path, line };
}

/** The functions that a finding is about: its subject is their name, and it stands in one of their files. */
export function functionsOf(report: Report, finding: Finding): ReportFunction[] {
  const named = report.functions.filter((f) => f.name === finding.subject);
  const here = named.filter((f) => f.ts?.path === finding.path);
  return here.length > 0 ? here : named;
}

/** The report about the functions of one name: their findings, nothing else. */
export function only(report: Report, name: string): Report {
  return {
    ...report,
    functions: report.functions.filter((f) => f.name === name),
    findings: report.findings.filter((f) => f.subject === name),
  };
}
