/** Compares what two traces have made of the files, at every point where that matters. */

import type { Checker, FileKind } from "../../core/case.js";
import type { ShimRecord } from "../../engines/shimvfs.js";
import { bothContexts } from "../../sql/calls.js";
import { type Point, Replay, type TracedKind } from "../../sql/replay.js";

const KINDS: Record<TracedKind, FileKind> = {
  database: "database",
  "temporary database": "database",
  journal: "journal",
  "super-journal": "bytes",
  "sub-journal": "bytes",
  temporary: "bytes",
};

function whyText(p: Point): string {
  if (p.why === "end") return "at the end";
  if (p.why === "sync") return `at call ${p.at}, when ${p.name} is synced`;
  if (p.why === "header zeroed") return `before call ${p.at} zeroes the header of ${p.name}`;
  return `before call ${p.at}, the ${p.why} of ${p.name}`;
}

/** Goes through both traces from point to point; the first difference ends it. */
export function comparePoints(
  check: Checker,
  actual: readonly ShimRecord[],
  expected: readonly ShimRecord[],
): void {
  const own = new Replay(actual);
  const real = new Replay(expected);
  let compared = 0;
  for (;;) {
    const a = own.next();
    const e = real.next();
    if (a === null && e === null) break;
    const text = (p: Point | null): string => (p === null ? "nothing" : `${p.why} ${p.name}`.trim());
    check.ok(
      `a point comes when ${text(a)} happens, expected ${text(e)}`,
      text(a) === text(e),
      text(a) === text(e) ? "" : bothContexts(actual, expected, e?.at ?? expected.length),
    );
    if (a === null || e === null) break;
    const where = whyText(e);
    const names = (p: Point): string[] => p.changed.map((f) => f.name).sort();
    check.equal(`files that have changed ${where}`, names(a), names(e));
    for (const f of e.changed) {
      const mine = a.changed.find((x) => x.name === f.name);
      if (mine === undefined) continue;
      compared++;
      const what = `${f.kind} ${f.name} ${where}`;
      check.bytes(what, KINDS[f.kind], mine.file.content, f.file.content);
    }
  }
  check.ok("the play writes something", compared > 0);
}
