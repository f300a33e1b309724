/** Compares what the two engines answered and left, step by step. */

import { inspect, isDeepStrictEqual } from "node:util";
import { type Checker, type FileKind, FindingError } from "../../core/case.js";
import { runDifference } from "../../engines/sql/outcome.js";
import type { RunResult } from "../../engines/sql/protocol.js";
import { parseShm, SHM_HEADER, SHM_REGION } from "../../format/shm.js";
import { HASH_PAGES, HASH_PAGES_FIRST } from "../../format/shm-hash.js";
import { parseWal } from "../../format/wal.js";
import { fileOf, type Snapshot } from "../recovery/folder.js";
import { type Act, actText, type Performance, WAL } from "./acts.js";

function kindOf(name: string): FileKind {
  if (name.endsWith("-wal")) return "wal";
  if (name.endsWith("-shm")) return "shm";
  if (name.endsWith("-journal")) return "journal";
  return name.endsWith(".db") ? "database" : "bytes";
}

function describe(snapshot: Snapshot): string[] {
  return [...snapshot].map(([name, e]) => {
    if (e === "folder") return `${name}: folder`;
    return e instanceof Uint8Array ? `${name}: ${e.length} bytes` : `${name}: link to ${e.symlink}`;
  });
}

/**
 * What of a wal-index real SQLite's own processes agree on. Recovery builds each region in a buffer fresh
 * from the heap and copies all of it; the first frame of a region clears that, but for the bytes where the
 * first region has its header. So what the heap held shows in the first region if the log has no valid
 * frame at all, and in the first bytes of a region that the log does not reach.
 */
function settledShm(bytes: Uint8Array, reference: Uint8Array, noValidFrame: boolean): Uint8Array {
  const mxFrame = parseShm(reference).copies?.[0].mxFrame ?? 0;
  const settled = Uint8Array.from(bytes);
  if (mxFrame === 0 && noValidFrame) settled.fill(0, SHM_HEADER, SHM_REGION);
  for (let r = 1; r * SHM_REGION < bytes.length; r++) {
    const zero = HASH_PAGES_FIRST + (r - 1) * HASH_PAGES;
    if (mxFrame <= zero) settled.fill(0, r * SHM_REGION, r * SHM_REGION + SHM_HEADER);
  }
  return settled;
}

/**
 * Compares two folders: names, sizes, bytes.
 *
 * @param noValidFrame whether the index was recovered from a log without a valid frame
 */
export function compareFolders(
  check: Checker,
  what: string,
  actual: Snapshot,
  expected: Snapshot,
  noValidFrame: boolean,
): void {
  check.equal(`${what}: the files and their sizes`, describe(actual), describe(expected));
  for (const [name, entry] of expected) {
    if (!(entry instanceof Uint8Array)) continue;
    const own = fileOf(actual, name);
    if (Buffer.compare(own, entry) === 0) check.ok(`${what}: ${name}`, true);
    else if (kindOf(name) === "shm") {
      const settle = (bytes: Uint8Array): Uint8Array => settledShm(bytes, entry, noValidFrame);
      check.bytes(`${what}: ${name}`, "shm", settle(own), settle(entry));
    } else check.bytes(`${what}: ${name}`, kindOf(name), own, entry);
  }
}

/** Whether recovery of these files finds no valid frame. */
export function hasNoValidFrame(files: Snapshot): boolean {
  return parseWal(fileOf(files, WAL)).valid === 0;
}

function isRun(x: unknown): x is RunResult {
  return typeof x === "object" && x !== null && "statements" in x;
}

function history(acts: readonly Act[], at: number): string {
  return acts
    .slice(0, at + 1)
    .map((act, i) => `${i === at ? ">" : " "} ${String(i).padStart(2)}  ${actText(act)}`)
    .join("\n");
}

function compareAnswer(check: Checker, what: string, act: Act, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) {
    check.ok(what, true);
    return;
  }
  const detail =
    act.do === "sql" && isRun(actual) && isRun(expected)
      ? (runDifference(actual, expected, act.sql) ?? "")
      : `actual:   ${inspect(actual, { depth: 6 })}\nexpected: ${inspect(expected, { depth: 6 })}`;
  check.ok(`${what}: another answer`, false, detail);
}

/** Answers and folders, step by step: the first difference ends it. */
export function comparePerformances(
  check: Checker,
  what: string,
  acts: readonly Act[],
  actual: Performance,
  expected: Performance,
  noValidFrame: boolean,
): void {
  for (const [i, act] of acts.entries()) {
    const step = `${what}: step ${i} (${shortly(act)})`;
    try {
      compareAnswer(check, step, act, actual.answers[i], expected.answers[i]);
      const [own, real] = [actual.folders[i], expected.folders[i]];
      if (own === undefined || real === undefined) continue;
      compareFolders(check, step, own, real, noValidFrame);
    } catch (e) {
      if (!(e instanceof FindingError)) throw e;
      const { summary, detail } = e.finding;
      throw new FindingError({ summary, detail: `${detail}\n\nthe steps:\n${history(acts, i)}` });
    }
  }
}

function shortly(act: Act): string {
  const text = actText(act);
  return text.length > 50 ? `${text.slice(0, 47)}...` : text;
}
