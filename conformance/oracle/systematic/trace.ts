/** What a stretch of a program calls: the calls that can fail, allocations, syncs, writes. */

import "../wasm32.js";
import { SQLITE_FCNTL_DB_UNCHANGED, SQLITE_SHM_UNLOCK } from "../../../src/index.js";
import type { OracleModule } from "../module.js";
import type { Event } from "../side.js";
import { CODES, type Failing } from "./codes.js";
import { type Judged, judge, type Verdict } from "./judge.js";

/** A stretch of a program, undisturbed. */
export interface Trace {
  /** The calls that can fail, in order. */
  calls: readonly Failing[];
  /** By which operation each of them was made. */
  callers: readonly number[];
  /** How many allocations and reallocations. */
  allocations: number;
  syncs: number;
  writes: number;
  /** Operations that were left out, or returned something else than 0. */
  unusual: readonly { index: number; rc: number; isDone: boolean }[];
  verdict: Verdict;
}

/** Runs a program and records what the operations from `from` up to, not including, `to` call. */
export function traced(module: OracleModule, judged: Judged, from: number, to: number): Trace {
  const calls: Failing[] = [];
  const callers: number[] = [];
  const unusual: { index: number; rc: number; isDone: boolean }[] = [];
  let [allocations, syncs, writes] = [0, 0, 0];
  const verdict = judge(module, judged, {}, (index, _op, rc, isDone, events) => {
    if (index < from || index >= to) return;
    if (!isDone || rc !== 0) unusual.push({ index, rc, isDone });
    for (const event of events) {
      if (event.call === "malloc" || event.call === "realloc") allocations++;
      if (event.call === "sync") syncs++;
      if (event.call === "write") writes++;
      if (!canFail(event)) continue;
      calls.push(event.call as Failing);
      callers.push(index);
    }
  });
  return { calls, callers, allocations, syncs, writes, unusual, verdict };
}

/** Whether a rule for all calls counts this one; see isMadeToFail in side.ts. */
function canFail({ call, arg }: Event): boolean {
  if (!(call in CODES)) return false;
  if (call === "filecontrol") return arg !== SQLITE_FCNTL_DB_UNCHANGED;
  return call !== "shmlock" || (arg & SQLITE_SHM_UNLOCK) === 0;
}
