/** Runs a program on C and on the port at the same time, and compares after every operation. */

import "./wasm32.js";
import { SQLITE_DEBUG } from "../../src/options.js";
import { CSide } from "./c-side.js";
import {
  compareDeep,
  compareOutcome,
  compareState,
  type Difference,
  Disagreement,
  type Strictness,
} from "./compare.js";
import type { OracleModule } from "./module.js";
import type { Op, Program } from "./ops.js";
import { PortSide } from "./port-side.js";

/** How to run. */
export interface LockstepOptions {
  /** Compare files, shared memory, page contents and sets after every operation, not only where they settle. */
  deep?: boolean;
  /** Replaces an operation on the port's side: for tests of this harness, which must then see it. */
  onPort?: (op: Op, index: number) => Op;
  /** Runs after each operation, before the comparison, likewise. */
  after?: (port: PortSide, index: number) => void;
}

/** What a run came to if the sides agreed. */
export interface Agreement {
  /** Operations done. */
  operations: number;
  /** Calls and allocations compared. */
  events: number;
  /** Scalars compared. */
  scalars: number;
  /** Operations that returned something else than 0. */
  codes: Map<number, number>;
  /** The assert that stopped both sides: the program breaks a rule of the pager's. */
  invalid: string | null;
}

/** Operations after which files, shared memory and caches are compared too. */
const SETTLING: ReadonlySet<string> = new Set([
  "Open",
  "Close",
  "CommitPhaseOne",
  "CommitPhaseTwo",
  "Rollback",
  "Savepoint",
  "Checkpoint",
  "CloseWal",
  "SharedLock",
  "Flush",
  "Crash",
]);

/**
 * Runs a program.
 *
 * @throws Disagreement at the first operation after which the sides differ
 */
export function lockstep(module: OracleModule, program: Program, options: LockstepOptions = {}): Agreement {
  const setup = program.setup ?? {};
  const c = new CSide(module, setup);
  const port = new PortSide(module.structs, setup);
  const wal = module.structs.get("Wal")!;
  /* Only a build with asserts has this field. */
  const isDebug = wal.fields.some((field) => field.name === "lockError");
  const strict: Strictness = { asserts: isDebug === SQLITE_DEBUG, sizeofWal: wal.size };
  const done: Agreement = { operations: 0, events: 0, scalars: 0, codes: new Map(), invalid: null };
  program.ops.forEach((op, index) => {
    if (done.invalid !== null) return;
    const a = c.run(op);
    const b = port.run(options.onPort?.(op, index) ?? op);
    options.after?.(port, index);
    const differences: Difference[] = compareOutcome(a, b, c.events, port.events, strict);
    if (a.assertion !== null && b.assertion !== null) {
      done.invalid = a.assertion;
    } else if (a.assertion === null && b.assertion === null) {
      differences.push(...compareState(c, port));
      if (options.deep || SETTLING.has(op.op)) differences.push(...compareDeep(c, port));
    }
    if (differences.length > 0) throw new Disagreement(index, op, differences, c, port);
    done.operations++;
    done.events += c.events.length;
    for (const number of c.connections()) done.scalars += c.state(number).scalars.size;
    if (a.rc !== 0) done.codes.set(a.rc, (done.codes.get(a.rc) ?? 0) + 1);
  });
  return done;
}
