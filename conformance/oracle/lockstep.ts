/** Runs a program on C and on the port at the same time, and compares after every operation. */

import "./wasm32.js";
import { SQLITE_DEBUG } from "../../src/options.js";
import { CSide } from "./c-side.js";
import {
  compareDeep,
  compareOutcome,
  compareState,
  Disagreement,
  type Strictness,
  sameOutcome,
} from "./compare.js";
import type { Figures } from "./figures.js";
import type { OracleModule } from "./module.js";
import { LEFT_OUT, type Op, type Outcome, type Program, showOp } from "./ops.js";
import { PortSide } from "./port-side.js";
import { Quick } from "./quick.js";

/** How to run. */
export interface LockstepOptions {
  /** Compare files, shared memory, page contents and sets after every operation, not only where they settle. */
  deep?: boolean;
  /** Replaces an operation on the port's side: for tests of this harness, which must then see it. */
  onPort?: (op: Op, index: number) => Op;
  /** Runs after each operation, before the comparison, likewise. */
  after?: (port: PortSide, index: number) => void;
  /** Is told what each operation came to, after the sides have been found to agree about it. */
  observe?: (step: Step) => void;
}

/** One operation that has been done. */
export interface Step {
  index: number;
  op: Op;
  /** What it came to on each side. */
  c: Outcome;
  port: Outcome;
  /** The sides themselves; their events are those of this operation. */
  sides: { c: CSide; port: PortSide };
}

/** What a run came to if the sides agreed. */
export interface Agreement extends Figures {
  /** Result codes of operations other than 0, and how many returned each. */
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
  "Sync",
  "WriteSuper",
  "DeleteSuper",
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
  const strict = strictness(module);
  const quick = new Quick(module, c, port);
  const { figures } = quick;
  const done: Agreement = { ...figures, programs: 1, codes: new Map(), invalid: null };
  const { ops } = program;
  for (let index = 0; index < ops.length && done.invalid === null; index++) {
    const op = ops[index]!;
    const a = c.run(op);
    const b = port.run(options.onPort?.(op, index) ?? op);
    options.after?.(port, index);
    /* Who runs into an assert leaves things half done. */
    const stopped = a.assertion !== null || b.assertion !== null;
    const isDeep = !stopped && (options.deep === true || SETTLING.has(op.op));
    if (
      !sameOutcome(a, b, c.events, port.events, strict, figures) ||
      (!stopped && (!quick.state() || (isDeep && !quick.deep())))
    ) {
      const differences = compareOutcome(a, b, c.events, port.events, strict);
      if (!stopped) differences.push(...compareState(c, port));
      if (isDeep) differences.push(...compareDeep(c, port));
      if (differences.length === 0) {
        throw new Error(`operation ${index}, ${showOp(op)}: something differs that compare.ts does not name`);
      }
      throw new Disagreement(index, op, differences, c, port);
    }
    options.observe?.({ index, op, c: a, port: b, sides: { c, port } });
    if (stopped) done.invalid = a.assertion;
    figures.operations++;
    if (op.op === "Crash" && a !== LEFT_OUT) figures.crashes++;
    if (a.rc !== 0) done.codes.set(a.rc, (done.codes.get(a.rc) ?? 0) + 1);
  }
  figures.faults = c.recorder.faults;
  figures.failedAllocations = c.recorder.failedAllocations;
  return Object.assign(done, figures, { programs: 1 });
}

/** Only a build with asserts has this field. */
function strictness(module: OracleModule): Strictness {
  const wal = module.structs.get("Wal")!;
  const isDebug = wal.fields.some((field) => field.name === "lockError");
  return { asserts: isDebug === SQLITE_DEBUG, sizeofWal: wal.size };
}
