/** Traces, call by call: what of them is compared, and how a call reads. */

import type { Checker } from "../../core/case.js";
import type { ShimRecord } from "../../engines/shimvfs.js";

/** File controls that the pager makes at fixed places of the protocol; the others come from elsewhere. */
const CONTROLS = new Map([
  [21, "SYNC"],
  [22, "COMMIT_PHASETWO"],
]);

/** Whether the call is one that two pagers must make alike. Reading is the b-tree's business. */
export function isCompared(r: ShimRecord, databases: readonly string[]): boolean {
  if (!databases.some((name) => r.file.startsWith(name))) return false;
  if (r.call === "read") return false;
  return r.call !== "control" || CONTROLS.has(r.argument ?? -1);
}

/** One call as text, without the bytes that it writes. */
export function callText(r: ShimRecord): string {
  const parts: string[] = [r.call, r.file];
  if (r.call === "control") parts.push(CONTROLS.get(r.argument ?? -1) ?? String(r.argument));
  else if (r.argument !== undefined) parts.push(`0x${r.argument.toString(16)}`);
  if (r.offset !== undefined) parts.push(`at ${r.offset}`);
  if (r.amount !== undefined) parts.push(r.call === "truncate" ? `to ${r.amount}` : `${r.amount} bytes`);
  if (r.rc !== 0) parts.push(`rc ${r.rc}`);
  return parts.join(" ");
}

/** The calls around number `at`, for a report. */
export function context(trace: readonly ShimRecord[], at: number): string {
  const lines: string[] = [];
  for (let i = Math.max(0, at - 12); i < Math.min(trace.length, at + 4); i++) {
    lines.push(`${i === at ? ">" : " "} ${String(i).padStart(4)}  ${callText(trace[i] as ShimRecord)}`);
  }
  return lines.join("\n");
}

/**
 * For traces that do not tell when a spill began: where the device's promises make the syncs needless.
 * Everything but the pages themselves.
 */
export function withoutPages(trace: readonly ShimRecord[]): ShimRecord[] {
  return trace.filter((r) => r.call !== "write" || r.file.endsWith("-journal") || r.file.includes("-mj"));
}

/**
 * Compares two traces: every call, its arguments, its result and the bytes that it writes.
 *
 * @param anyBytes numbers of calls whose bytes may differ
 */
export function compareTraces(
  check: Checker,
  what: string,
  actual: readonly ShimRecord[],
  expected: readonly ShimRecord[],
  anyBytes: ReadonlySet<number>,
): void {
  const n = Math.max(actual.length, expected.length);
  for (let i = 0; i < n; i++) {
    const a = actual[i];
    const e = expected[i];
    const textA = a === undefined ? "(no call)" : callText(a);
    const textE = e === undefined ? "(no call)" : callText(e);
    check.ok(
      `${what}: call ${i} is "${textA}", expected "${textE}"`,
      textA === textE,
      textA === textE
        ? ""
        : `the port's calls:\n${context(actual, i)}\nreal SQLite's calls:\n${context(expected, i)}`,
    );
    if (a?.data !== undefined && e?.data !== undefined && !anyBytes.has(i)) {
      check.bytes(`${what}: call ${i}, ${textA}`, "bytes", a.data, e.data);
    }
  }
}
