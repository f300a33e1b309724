/**
 * Lockstep runs in a child process: the parent's side. The child loads the port with the sizes of 32-bit
 * WebAssembly, which the parent's own copy of the port has not.
 */

import type { CaseFigures } from "../../core/case.js";
import { Child } from "../../engines/child.js";
import type { OracleKind } from "../build/index.js";
import type { Program } from "../ops.js";

/** What a process may be asked to run. */
export type OracleTask =
  /** One program. */
  | { op: "program"; program: Program; deep: boolean }
  /** The programs written by hand. */
  | { op: "programs" }
  /** Programs that failed once. */
  | { op: "saved" }
  /** Random programs, until so many operations are done or so many seconds are over. */
  | { op: "random"; seed: string; until: { operations: number } | { seconds: number } }
  /** Faults at every place of one scenario. */
  | { op: "faults"; unit: string; full: boolean };

/** A task, and which of the two C modules it runs on. */
export type OracleRequest = OracleTask & { kind: OracleKind };

/** What came of it. */
export interface OracleReply {
  figures: CaseFigures;
  /** The first disagreement, in words, and a program that shows it by itself, as short as could be made. */
  failure: { summary: string; text: string; program: Program } | null;
}

/** A process with both modules in it. */
export class Oracle {
  readonly child: Child;

  constructor() {
    this.child = new Child({ what: "the lockstep process", module: "../oracle/process/child.js" });
  }

  /** Runs a task; throws ChildError if the harness itself fails, and ChildGone if the process ends. */
  async run(kind: OracleKind, task: OracleTask): Promise<OracleReply> {
    return (await this.child.call({ ...task, kind } satisfies OracleRequest)) as OracleReply;
  }

  /** Nothing stays from one task to the next. */
  async reset(): Promise<void> {}
}
