/** `--against` and `--fix`: what another version of upstream changes, and whether a change is in. */

import { UsageError } from "../../../conformance/core/usage.js";
import {
  alignmentOf,
  type DriftReport,
  type FixResult,
  loadOther,
  openUpstream,
  portOf,
  runDrift,
  runFix,
} from "../drift/index.js";
import { renderDrift, renderFix } from "../drift/render.js";
import { COLOURED, PLAIN } from "../report/terminal.js";
import { loadOurs, loadUpstream } from "../run.js";
import { installedUpstream } from "../upstream.js";
import type { AuditOptions, Output } from "./options.js";
import { putOut, type Surroundings } from "./surroundings.js";

type Result = { drift: DriftReport } | { fix: FixResult };

async function ask(root: string, options: AuditOptions): Promise<Result> {
  const { against, fix, upstream } = options;
  const ours = loadOurs(root);
  const pinnedUp = upstream === undefined ? installedUpstream(root) : await openUpstream(root, upstream);
  if (fix !== undefined) {
    const theirs = await loadOther(
      root,
      against === undefined ? pinnedUp : await openUpstream(root, against),
    );
    return { fix: runFix(root, theirs, portOf(theirs, ours).rows, ours.sources, fix) };
  }
  const other = await loadOther(root, await openUpstream(root, against!));
  const pinned = await loadUpstream(root, pinnedUp);
  const port = portOf(pinned, ours);
  const drift = runDrift(pinned, other, port, alignmentOf(pinned, ours, port));
  const name = options.function;
  if (name === undefined) return { drift };
  return { drift: { ...drift, changes: drift.changes.filter((c) => c.name === name) } };
}

/** Exit code: 0 nothing changes, or the fix is on both sides; 1 otherwise. */
export async function runComparison(
  root: string,
  options: AuditOptions,
  outputs: readonly Output[],
  given: Surroundings,
): Promise<number> {
  const option = options.fix === undefined ? "--against" : "--fix";
  const other = outputs.find((o) => o.reporter !== "text" && o.reporter !== "json");
  if (other !== undefined)
    throw new UsageError(`${option} has the reporters text and json; leave out --reporter ${other.reporter}`);
  const result = await ask(root, options);
  for (const { reporter, file } of outputs) {
    const paint = file === null && given.colours ? COLOURED : PLAIN;
    const text =
      "fix" in result
        ? renderFix(result.fix, paint)
        : renderDrift(result.drift, { diffs: options.quiet !== true, paint });
    const json = JSON.stringify("fix" in result ? result.fix : result.drift, null, 1);
    putOut(`${reporter === "json" ? json : text}\n`, file, given);
  }
  if ("drift" in result) return result.drift.changes.length === 0 ? 0 : 1;
  return result.fix.c.has === true && result.fix.ts.has === true ? 0 : 1;
}
