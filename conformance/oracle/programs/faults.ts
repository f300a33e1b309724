/** Programs in which something fails. */

import type { FaultRule, Program } from "../ops.js";
import { MODE, range, Writer } from "./writer.js";

/** Twenty pages, committed, in a cache of ten. */
function filled(mode: number): Writer {
  const w = new Writer().open("/a.db", 10);
  if (mode === MODE.WAL) w.wal();
  else w.mode(mode);
  return w
    .begin()
    .write(...range(1, 20))
    .commit();
}

/** One fault of the VFS in the second transaction; whatever it does to the pager, it is rolled back and closed. */
function fault(mode: number, rule: FaultRule): Program {
  const w = filled(mode);
  w.begin().add({ op: "Fault", rule }, { op: "Write", slot: 1 });
  w.add({ op: "CommitPhaseOne", c: 0 }, { op: "Fault", rule: null }).rollback();
  w.begin().write(1, 2).commit().close();
  return w;
}

/** Memory runs out in the second transaction. */
function noMemory(mode: number, at: number): Program {
  const w = filled(mode);
  w.read().add({ op: "FailAllocation", at });
  w.add({ op: "Begin", c: 0, exFlag: 0, subjInMemory: false }, { op: "OpenSavepoint", c: 0, n: 1 });
  w.add({ op: "CommitPhaseOne", c: 0 }, { op: "FailAllocation", at: null }).rollback();
  w.begin().write(1, 2).commit().close();
  return w;
}

function openFault(at: number): Program {
  return {
    ops: [
      { op: "FailAllocation", at },
      { op: "Open", c: 0, file: "/a.db" },
      { op: "FailAllocation", at: null },
    ],
  };
}

/** Each by its name. */
export const FAULTS: readonly (readonly [string, Program])[] = [
  ["the n-th write fails", fault(MODE.DELETE, { op: "write", nth: 2 })],
  ["a sync fails", fault(MODE.DELETE, { op: "sync", nth: 1 })],
  ["the disk is full", fault(MODE.PERSIST, { op: "write", nth: 1, code: 13, persistent: true, file: ".db" })],
  ["a write of the log fails", fault(MODE.WAL, { op: "write", nth: 1 })],
  ...range(1, 6).map((at): [string, Program] => [`allocation ${at} of opening fails`, openFault(at)]),
  ...range(1, 4).flatMap((at): [string, Program][] => [
    [`allocation ${at} of a transaction fails, DELETE`, noMemory(MODE.DELETE, at)],
    [`allocation ${at} of a transaction fails, WAL`, noMemory(MODE.WAL, at)],
  ]),
];
