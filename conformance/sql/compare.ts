/** Compares two performances of one play; a finding shows the steps that led to it. */

import { inspect } from "node:util";
import type { Checker, FileKind } from "../core/case.js";
import { FindingError } from "../core/case.js";
import { runDifference, sameOutcome } from "../engines/sql/outcome.js";
import type { RunResult } from "../engines/sql/protocol.js";
import type { Files, Performance } from "./perform.js";
import { type Step, stepText } from "./play.js";
import { compareWalIndex } from "./wal-index.js";

/** Steps before and including number `at`, the last ones. */
export function history(steps: readonly Step[], at: number, most = 14): string {
  const from = Math.max(0, at - most + 1);
  const lines = steps.slice(from, at + 1).map((s, k) => {
    const i = from + k;
    return `${i === at ? ">" : " "} ${String(i).padStart(3)}  ${stepText(s).replaceAll(/\s+/g, " ")}`;
  });
  if (from > 0) lines.unshift(`  (steps 0 to ${from - 1} come before)`);
  return lines.join("\n");
}

/** What a file's name says of its content. */
export function kindOf(name: string): FileKind {
  if (name.endsWith(".db")) return "database";
  if (name.endsWith("-wal")) return "wal";
  if (name.endsWith("-shm")) return "shm";
  return name.endsWith("-journal") ? "journal" : "bytes";
}

/** Makes what `run` finds begin with `what`, and shows the steps. */
function located(steps: readonly Step[], at: number, run: () => void): void {
  try {
    run();
  } catch (e) {
    if (!(e instanceof FindingError)) throw e;
    throw new FindingError({
      summary: e.finding.summary,
      detail: `${e.finding.detail}\n\nthe steps:\n${history(steps, at)}`,
    });
  }
}

function shortly(s: Step): string {
  const text = stepText(s).replaceAll(/\s+/g, " ");
  return text.length > 90 ? `${text.slice(0, 87)}...` : text;
}

/** The outcome of one step. */
export function compareOutcome(
  check: Checker,
  steps: readonly Step[],
  at: number,
  actual: unknown,
  expected: unknown,
): void {
  const s = steps[at] as Step;
  if (sameOutcome(actual, expected)) {
    check.ok("outcome", true);
    return;
  }
  const detail =
    s.do === "sql" && isRun(actual) && isRun(expected)
      ? (runDifference(actual, expected, s.sql) ?? "")
      : `actual:   ${inspect(actual, { depth: 6 })}\nexpected: ${inspect(expected, { depth: 6 })}`;
  check.ok(
    `step ${at} (${shortly(s)}): another outcome`,
    false,
    `${detail}\n\nthe steps:\n${history(steps, at)}`,
  );
}

function isRun(x: unknown): x is RunResult {
  return typeof x === "object" && x !== null && "statements" in x;
}

/**
 * The folder after one step.
 *
 * @param recovered whether a recovery may have built a wal-index before
 */
export function compareFiles(
  check: Checker,
  steps: readonly Step[],
  at: number,
  actual: Files,
  expected: Files,
  recovered = false,
): void {
  const what = `after step ${at} (${shortly(steps[at] as Step)})`;
  located(steps, at, () => {
    check.equal(`${what}: the files of the folder`, [...actual.keys()], [...expected.keys()]);
    for (const [name, bytes] of expected) {
      const own = actual.get(name) as Uint8Array;
      const kind = kindOf(name);
      if (kind === "shm") compareWalIndex(check, `${what}: ${name}`, own, bytes, recovered);
      else check.bytes(`${what}: ${name}`, kind, own, bytes);
    }
  });
}

/**
 * Outcomes and, where they were gathered, files, step by step: the first difference ends it.
 *
 * @param what under which circumstances
 */
export function comparePerformances(
  check: Checker,
  actual: Performance,
  expected: Performance,
  what?: string,
): void {
  try {
    compareSteps(check, actual, expected);
  } catch (e) {
    if (!(e instanceof FindingError) || what === undefined) throw e;
    throw new FindingError({ summary: `${what}: ${e.finding.summary}`, detail: e.finding.detail });
  }
}

function compareSteps(check: Checker, actual: Performance, expected: Performance): void {
  for (const at of expected.steps.keys()) {
    compareOutcome(check, expected.steps, at, actual.outcomes[at], expected.outcomes[at]);
    const files = expected.files[at];
    if (files === undefined) continue;
    /* A folder that neither engine has touched since the last step has been compared. */
    const isOld = at > 0 && files === expected.files[at - 1] && actual.files[at] === actual.files[at - 1];
    if (isOld) continue;
    const recovered = at >= (expected.recoveredFrom ?? Number.POSITIVE_INFINITY);
    compareFiles(check, expected.steps, at, actual.files[at] as Files, files, recovered);
  }
}
