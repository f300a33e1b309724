/** Runs one program in lockstep and holds what it reads against the model. */

import "../wasm32.js";
import { type Agreement, type LockstepOptions, lockstep } from "../lockstep.js";
import type { OracleModule } from "../module.js";
import { type Op, POWER_LOST, type Program } from "../ops.js";
import type { PortSide } from "../port-side.js";
import type { Event } from "../side.js";
import { Model, type Promises, WrongContent } from "./model.js";

/** A program that can be judged: which promises hold for it, and from where on nothing may fail. */
export interface Judged {
  program: Program;
  /** null: none. */
  promises: Promises | null;
  /** The operation with which the undisturbed end begins. */
  verifyFrom: number;
}

/** What came of it, when the sides agreed and the content was right. */
export interface Verdict {
  agreement: Agreement;
  /** Calls and allocations that were made to fail. */
  hits: number;
  /** How often the power went inside an operation. */
  losses: number;
  /** Scans held against the model. */
  checked: number;
  /** Whether nothing was promised in the end, so that the content could be anything. */
  isLost: boolean;
}

/** What a caller of the undisturbed end would not put up with. */
function mustWork(op: Op): boolean {
  return "c" in op && op.op !== "Rollback" && op.op !== "Pagecount" && op.op !== "SetFlags";
}

/** Operations whose result is a number and not a code. */
const NUMBERS: ReadonlySet<string> = new Set(["Pagecount", "SetJournalMode", "LockingMode", "SetCachesize"]);

/**
 * Runs it.
 *
 * @param watch is told each operation's number and what happened during it, on C's side
 * @throws Disagreement if the sides differ, WrongContent if what they agree about is wrong
 */
export function judge(
  module: OracleModule,
  { program, promises, verifyFrom }: Judged,
  options: LockstepOptions = {},
  watch?: (index: number, op: Op, rc: number, isDone: boolean, events: readonly Event[]) => void,
): Verdict {
  let side: PortSide | null = null;
  const model = new Model(promises, {
    isLogged: (c) => side!.pager(c).pWal !== null,
    savepoints: (c) => side!.pager(c).nSavepoint,
  });
  let hits = 0;
  let losses = 0;
  const agreement = lockstep(module, program, {
    ...options,
    observe: (step) => {
      const { index, op, c, port, sides } = step;
      side = sides.port;
      const isDone = c.out[0] !== "left out";
      watch?.(index, op, c.rc, isDone, sides.c.events);
      if (c === POWER_LOST) losses++;
      if (isEnd(op)) hits += c.out[0] as number;
      if (index >= verifyFrom && mustWork(op) && !model.isLost) {
        if (!isDone || (c.rc !== 0 && !NUMBERS.has(op.op))) {
          const why = isDone ? `result code ${c.rc}` : "was left out";
          throw new WrongContent(`operation ${index}, ${JSON.stringify(op)}: ${why}, with nothing failing`);
        }
      }
      try {
        model.note(op, c, port);
      } catch (e) {
        if (!(e instanceof WrongContent)) throw e;
        throw new WrongContent(`operation ${index}, ${JSON.stringify(op)}: ${e.message}`);
      }
    },
  });
  return { agreement, hits, losses, checked: model.checked, isLost: model.isLost };
}

/** Whether the operation ends faults, and so comes back with how many there were. */
function isEnd(op: Op): boolean {
  return (op.op === "Fault" && op.rule === null) || (op.op === "FailAllocation" && op.at === null);
}
