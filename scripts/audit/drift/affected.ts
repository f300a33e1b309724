/** Which lines of the port a change of upstream concerns. */

import type { Row } from "../match.js";
import type { Aligned } from "../normal/comparison.js";
import type { StructRow } from "../structs/match.js";
import type { TypeScriptSide } from "../typescript.js";
import type { Change } from "./changes.js";
import { touchedLines } from "./diff.js";

/** Lines of ours: changed says what C says differently now; around stands next to what C adds. */
export interface TsSpan {
  path: string;
  first: number;
  last: number;
  what: "changed" | "around" | "all";
}

/** The alignment of a function, with lines of the pinned amalgamation; null where nobody knows it. */
export type AlignedOf = (file: string, functionName: string) => readonly Aligned[] | null;

/** Our side, as far as changes are looked up in it. */
export interface PortSide {
  rows: readonly Row[];
  structs: readonly StructRow[];
  side: TypeScriptSide;
}

/** The innermost pieces of an alignment that a line of C is in. */
function innermost(aligned: readonly Aligned[], line: number): readonly (readonly [number, number])[] {
  const around = aligned.filter((a) => a.c !== null && a.c[0] <= line && line <= a.c[1]);
  const size = Math.min(...around.map((a) => a.c![1] - a.c![0]));
  return around.filter((a) => a.c![1] - a.c![0] === size && a.ts !== null).map((a) => a.ts!);
}

/** Ranges that touch or overlap become one. */
function merged(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const out: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = out[out.length - 1];
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else out.push([first, last]);
  }
  return out;
}

function ofFunction(change: Change, port: PortSide, alignedOf: AlignedOf): TsSpan[] {
  const row = port.rows.find((r) => r.ts !== null && r.file === change.file && r.name === change.name);
  const ts = row?.ts ?? null;
  if (ts === null) return [];
  const all: TsSpan = { path: ts.path, first: ts.first, last: ts.last, what: "all" };
  const aligned =
    change.change === "changed" || change.change === "moved" ? alignedOf(change.file, change.name) : null;
  if (aligned === null) return [all];
  const touched = touchedLines(change.hunks);
  const spans: TsSpan[] = [];
  const changed = merged(touched.changed.flatMap((line) => innermost(aligned, line)));
  for (const [first, last] of changed) spans.push({ path: ts.path, first, last, what: "changed" });
  for (const [first, last] of merged(touched.around.flatMap((line) => innermost(aligned, line)))) {
    if (changed.some(([a, b]) => a <= first && last <= b)) continue;
    spans.push({ path: ts.path, first, last, what: "around" });
  }
  return spans.length === 0 ? [all] : spans.sort((a, b) => a.first - b.first);
}

/** Where in the port a change is to be made; empty for what the port does not have. */
export function affected(change: Change, port: PortSide, alignedOf: AlignedOf): TsSpan[] {
  const { name, file } = change;
  if (change.kind === "function") return ofFunction(change, port, alignedOf);
  if (change.kind === "struct") {
    const row = port.structs.find((r) => r.upstream.file === file && r.upstream.name === name);
    return (row?.ts ?? []).map(({ path, first, last }) => ({ path, first, last, what: "all" }));
  }
  const constant = port.side.constants.find((c) => c.name === name && !c.nonUpstream);
  if (constant !== undefined) {
    const { path, line, initializer } = constant;
    return [{ path, first: line, last: initializer.getEndLineNumber(), what: "all" }];
  }
  const fn = port.side.functions.find((f) => f.name === name && (!f.nonUpstream || f.tags.length > 0));
  return fn === undefined ? [] : [{ path: fn.path, first: fn.first, last: fn.last, what: "all" }];
}
