/** Traces of calls below SQLite: one call as text, and the comparison call by call. */

import { SQLITE_DEBUG, SQLITE_FCNTL_DB_UNCHANGED } from "../../src/index.js";
import type { Checker } from "../core/case.js";
import { DETAILED_CALLS, type ShimCall, type ShimRecord } from "../engines/shimvfs.js";

const LOCKS = ["NONE", "SHARED", "RESERVED", "PENDING", "EXCLUSIVE"];

/**
 * Calls that can be made to fail on both sides alike. A debug build of the port makes file controls for
 * its asserts, as upstream's debug builds do, which would be counted.
 */
export const FAILING_CALLS: readonly ShimCall[] = DETAILED_CALLS.filter(
  (call) => !SQLITE_DEBUG || call !== "control",
);

/** Whether only a debug build makes this call. */
export function isForAsserts(r: ShimRecord): boolean {
  return SQLITE_DEBUG && r.call === "control" && r.argument === SQLITE_FCNTL_DB_UNCHANGED;
}

/** Flags of locks on the wal-index. */
const SHM_LOCKS = new Map([
  [5, "unlock shared"],
  [6, "lock shared"],
  [9, "unlock exclusive"],
  [10, "lock exclusive"],
]);

/**
 * The trace without the calls that only a debug build makes. What such a call found in the wal-index, the
 * next call on the database or its log would have found.
 */
export function withoutAsserts(trace: readonly ShimRecord[]): ShimRecord[] {
  const found = new Map<string, Uint8Array>();
  const kept: ShimRecord[] = [];
  for (const r of trace) {
    const db = r.file.replace(/-wal$/, "");
    const index = r.index ?? found.get(db);
    if (isForAsserts(r)) {
      if (r.index !== undefined) found.set(db, r.index);
    } else {
      found.delete(db);
      kept.push(index === undefined ? r : { ...r, index });
    }
  }
  return kept;
}

/** Opcodes of file controls that traces show. */
const CONTROLS = new Map([
  [5, "SIZE_HINT"],
  [6, "CHUNK_SIZE"],
  [8, "SYNC_OMITTED"],
  [14, "PRAGMA"],
  [15, "BUSYHANDLER"],
  [18, "MMAP_SIZE"],
  [20, "HAS_MOVED"],
  [21, "SYNC"],
  [22, "COMMIT_PHASETWO"],
  [30, "PDB"],
  [31, "BEGIN_ATOMIC_WRITE"],
  [10, "PERSIST_WAL"],
  [37, "CKPT_DONE"],
  [39, "CKPT_START"],
]);

function argumentText(r: ShimRecord): string {
  const n = r.argument as number;
  if (r.call === "lock" || r.call === "unlock") return LOCKS[n] ?? String(n);
  if (r.call === "shmlock") return SHM_LOCKS.get(n) ?? String(n);
  if (r.call === "control") return CONTROLS.get(n) ?? String(n);
  return `0x${n.toString(16)}`;
}

/** One call as text, without the bytes that it writes. */
export function callText(r: ShimRecord): string {
  const parts: string[] = [r.call, r.file === "" ? `(temporary, id ${r.id})` : r.file];
  if (r.argument !== undefined) parts.push(argumentText(r));
  if (r.call === "shmlock") parts.push(`slots ${r.offset} to ${Number(r.offset) + Number(r.amount) - 1}`);
  else {
    if (r.offset !== undefined) parts.push(`at ${r.offset}`);
    if (r.amount !== undefined) parts.push(r.call === "truncate" ? `to ${r.amount}` : `${r.amount} bytes`);
  }
  if (r.result !== undefined) parts.push(`gives ${r.result}`);
  if (r.rc !== 0) parts.push(`rc ${r.rc}`);
  return parts.join(" ");
}

/** The calls around number `at`. */
export function context(trace: readonly ShimRecord[], at: number, before = 10, after = 4): string {
  const lines: string[] = [];
  for (let i = Math.max(0, at - before); i < Math.min(trace.length, at + after + 1); i++) {
    lines.push(`${i === at ? ">" : " "} ${String(i).padStart(5)}  ${callText(trace[i] as ShimRecord)}`);
  }
  if (at >= trace.length) lines.push(`>        (the trace ends)`);
  return lines.join("\n");
}

/** Both sides around number `at`. */
export function bothContexts(
  actual: readonly ShimRecord[],
  expected: readonly ShimRecord[],
  at: number,
): string {
  return `the port's calls:\n${context(actual, at)}\nreal SQLite's calls:\n${context(expected, at)}`;
}

function isSame(a: ShimRecord, e: ShimRecord): boolean {
  return (
    a.call === e.call &&
    a.file === e.file &&
    a.offset === e.offset &&
    a.amount === e.amount &&
    a.argument === e.argument &&
    a.rc === e.rc &&
    a.result === e.result &&
    a.id === e.id
  );
}

/** Compares call by call: kind, file, offset, amount, flags, result; and the bytes that are written. */
export function compareTraces(
  check: Checker,
  actual: readonly ShimRecord[],
  expected: readonly ShimRecord[],
): void {
  const n = Math.max(actual.length, expected.length);
  for (let i = 0; i < n; i++) {
    const a = actual[i];
    const e = expected[i];
    if (a === undefined || e === undefined || !isSame(a, e)) {
      const text = (r: ShimRecord | undefined): string => (r === undefined ? "(no call)" : callText(r));
      check.ok(`call ${i} is "${text(a)}", expected "${text(e)}"`, false, bothContexts(actual, expected, i));
      return;
    }
    check.ok("call", true);
    if (a.data !== undefined && e.data !== undefined) {
      check.bytes(`call ${i}, ${callText(e)}: the bytes written`, "bytes", a.data, e.data);
    }
    compareIndexes(check, i, actual, expected);
  }
}

/** What both calls found in the wal-index, if that was recorded and has changed since the last one. */
function compareIndexes(
  check: Checker,
  i: number,
  actual: readonly ShimRecord[],
  expected: readonly ShimRecord[],
): void {
  const a = actual[i]?.index;
  const e = expected[i]?.index;
  if (a === undefined && e === undefined) return;
  const what = `before call ${i}, ${callText(expected[i] as ShimRecord)}: the wal-index`;
  if (a === undefined || e === undefined) {
    const text = `${what} has ${a === undefined ? "not " : ""}changed, expected that it has${a === undefined ? "" : " not"}`;
    check.ok(text, false, bothContexts(actual, expected, i));
    return;
  }
  check.bytes(what, "shm", a, e);
}
