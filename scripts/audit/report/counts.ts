/** The numbers of a report: per file of upstream, and of everything. */

import { MIRRORS, WHOLE } from "../mirrors.js";
import type { Report, ReportFunction } from "./model.js";

export interface Counts {
  /** Functions that the compiler sees. */
  functions: number;
  /** Of these. */
  ported: number;
  omitted: number;
  pending: number;
  notNeeded: number;
  missing: number;
  /** Functions that the compiler does not see, and how many of them are ported all the same. */
  compiledOut: number;
  compiledOutPorted: number;
  /** Function-like macros that are functions here. */
  macros: number;
  /** Of everything that stands on both sides. */
  identical: number;
  declared: number;
  differs: number;
  /** On both sides, but not compared. */
  notCompared: number;
}

/** How much of a file is mirrored. */
export type Extent = "whole" | "part" | "elsewhere";

export interface FileCounts extends Counts {
  file: string;
  extent: Extent;
}

export function count(functions: readonly ReportFunction[]): Counts {
  const of = (test: (f: ReportFunction) => boolean): number => functions.filter(test).length;
  const seen = (status: ReportFunction["status"]): number =>
    of((f) => f.upstream?.compiled === true && f.status === status);
  const verdict = (v: string): number => of((f) => f.comparison?.verdict === v);
  const hidden = (f: ReportFunction): boolean => f.upstream !== null && !f.upstream.compiled;
  return {
    functions: of((f) => f.upstream?.compiled === true),
    ported: seen("ported"),
    omitted: seen("omitted"),
    pending: seen("pending"),
    notNeeded: seen("not needed"),
    missing: seen("missing"),
    compiledOut: of(hidden),
    compiledOutPorted: of((f) => hidden(f) && f.status === "ported"),
    macros: of((f) => f.upstream === null),
    identical: verdict("identical"),
    declared: verdict("declared"),
    differs: verdict("differs"),
    notCompared: of((f) => f.ts !== null && f.comparison === null),
  };
}

/** Per file, in the report's order. */
export function countFiles(report: Report): FileCounts[] {
  const files = [...new Set(report.functions.map((f) => f.file))];
  return files.map((file) => ({
    file,
    extent: WHOLE.includes(file) ? "whole" : MIRRORS.has(file) ? "part" : "elsewhere",
    ...count(report.functions.filter((f) => f.file === file)),
  }));
}

export const EXTENTS: readonly (readonly [Extent, string])[] = [
  ["whole", "mirrored whole"],
  ["part", "mirrored in part"],
  ["elsewhere", "taken from elsewhere"],
];

/** `1 finding`, `2 findings`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** The line that every report ends with, in words. */
export function closing(report: Report): string {
  const c = count(report.functions);
  const compared = c.identical + c.declared + c.differs;
  const parts = [
    compared === 0
      ? `${c.ported + c.compiledOutPorted} functions ported, none compared`
      : `${plural(compared, "function")} compared: ${c.identical} identical, ${c.declared} declared, ${c.differs} differing`,
    ...(c.missing > 0 ? [`${c.missing} missing`] : []),
    plural(report.constants.compared, "constant"),
    plural(report.findings.length, "finding"),
    ...(report.seconds === null ? [] : [`${report.seconds.toFixed(1)} s`]),
  ];
  return `audit: ${parts.join("; ")}`;
}
