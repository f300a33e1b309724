/**
 * Drift: what another version of upstream would change, and where that is in the port.
 *
 * For the command line:
 * - `openUpstream(root, "FILE" | "DIR" | "better-sqlite3@VERSION")` (sources.ts) gives an Upstream; so
 *   does `upstreamAt(root, path)`, without npm, for `--upstream`. Mistakes are UsageErrors.
 * - `loadUpstream(root, up)` (run.ts) reads it under all profiles, for a whole audit of it;
 *   `loadOther(root, up)` reads what a comparison needs.
 * - `runDrift(pinned, other, port, alignedOf)` compares and returns data, a {@link DriftReport};
 *   `renderDrift(report, { diffs, paint })` (render.ts) makes the text. `port` is
 *   `portOf(pinned, ours)`, and `alignedOf` is `alignmentOf(pinned, ours, port)`; without it the lines
 *   are those of whole functions. The exit status is 1 if `report.changes` is not empty.
 * - `runFix(root, theirs, rows, sources, name)` returns a {@link FixResult}; `renderFix(result)` makes
 *   the text. The exit status is 0 if both sides have the fix, else 1.
 * - The lock: `audit()` returns in `lock` what docs/ledger/upstream.lock.json ({@link LOCK}) should be,
 *   for `--write`, and compares it (PM020).
 */

import { comparerOf } from "../bodies.js";
import { match, type Row } from "../match.js";
import { profilesOf } from "../profiles.js";
import { loadUpstream, type OurSide, type UpstreamSide } from "../run.js";
import { checkStructs } from "../structs/match.js";
import { readTypeScript } from "../typescript.js";
import type { Upstream } from "../upstream.js";
import { type AlignedOf, affected, type PortSide, type TsSpan } from "./affected.js";
import { type Change, changesBetween } from "./changes.js";
import { entitiesOf, portNames } from "./entities.js";
import { askFix, type FixResult, fixNamed, readFixes } from "./fixes.js";

export type { AlignedOf, PortSide, TsSpan } from "./affected.js";
export type { Change, ChangeKind } from "./changes.js";
export type { FixAnswer, FixResult } from "./fixes.js";
export { LOCK } from "./lock.js";
export { isRelease, openUpstream, upstreamAt } from "./sources.js";

/** A version of upstream in a report. */
export interface Version {
  version: string;
  path: string;
  sha256: string;
}

export interface DriftChange extends Change {
  /** Where it concerns the port; empty for what the port has not. */
  ts: TsSpan[];
}

export interface DriftReport {
  pinned: Version;
  other: Version;
  /** How the other one stands to the pinned one. */
  age: "older" | "newer" | "same version";
  changes: DriftChange[];
  /** How many entities were looked at in the pinned version. */
  entities: number;
}

/** Negative if `a` comes before `b`. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map((v) => v.split(".").map(Number));
  for (let i = 0; i < Math.max(x!.length, y!.length); i++) {
    const difference = (x![i] ?? 0) - (y![i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Our side as changes are looked up in it. */
export function portOf(theirs: UpstreamSide, ours: OurSide): PortSide {
  const side = readTypeScript(ours.sources);
  const { rows } = match(theirs.inventoryOf, side, ours.decisions);
  return { rows, structs: checkStructs(theirs.structsOf, side, ours.structDecisions).rows, side };
}

/** The alignment of functions, made when it is asked for, by comparing their bodies. */
export function alignmentOf(theirs: UpstreamSide, ours: OurSide, port: PortSide): AlignedOf {
  const comparer = comparerOf(theirs, ours, port.side);
  return (file, name) => {
    const row = port.rows.find((r) => r.status === "ported" && r.file === file && r.name === name);
    if (row === undefined || row.ts === null || row.upstream === null) return null;
    return comparer.compare(row)?.aligned ?? null;
  };
}

/** Another upstream, read as far as it must be to be compared: under the default profile only. */
export async function loadOther(root: string, up: Upstream): Promise<UpstreamSide> {
  return await loadUpstream(root, up, profilesOf(root).slice(0, 1));
}

/** Compares the pinned upstream with another one. */
export function runDrift(
  pinned: UpstreamSide,
  other: UpstreamSide,
  port: PortSide,
  alignedOf: AlignedOf = () => null,
): DriftReport {
  const names = portNames(port.side);
  const entities = entitiesOf(pinned, names);
  const changes = changesBetween(
    { theirs: pinned, entities },
    { theirs: other, entities: entitiesOf(other, names) },
  );
  const order = compareVersions(other.up.version, pinned.up.version);
  const version = ({ up }: UpstreamSide): Version => ({
    version: up.version,
    path: up.path,
    sha256: up.sha256,
  });
  return {
    pinned: version(pinned),
    other: version(other),
    age: order < 0 ? "older" : order > 0 ? "newer" : "same version",
    changes: changes.map((change) => ({ ...change, ts: affected(change, port, alignedOf) })),
    entities: entities.size,
  };
}

/** Asks for a fix: the id of one that is known, or FUNCTION:TEXT. */
export function runFix(
  root: string,
  theirs: UpstreamSide,
  rows: readonly Row[],
  sources: ReadonlyMap<string, string>,
  name: string,
): FixResult {
  return askFix(fixNamed(readFixes(root), name), theirs, rows, sources);
}
