/**
 * Lockstep runs in a child process: the parent's side. The child loads the port with the sizes of 32-bit
 * WebAssembly, which the parent's own copy of the port has not.
 */

import type { CaseFigures } from "../../core/case.js";
import { Child } from "../../engines/child.js";
import type { OracleKind } from "../build/index.js";
import type { ProgramFile } from "../random/program-file.js";

/** What a process may be asked to run. */
export type OracleTask =
  /** One program. */
  | { op: "program"; file: ProgramFile; deep: boolean }
  /** The programs written by hand. */
  | { op: "programs" }
  /** Programs that failed once, with everything compared after every operation. */
  | { op: "saved" }
  /** Random programs, until so many operations are done or so many seconds are over. */
  | { op: "random"; seed: number; until: { operations: number } | { seconds: number } }
  /** Faults at every place of one scenario. */
  | { op: "faults"; scenario: string; full: boolean };

/** A task, and which of the two C modules it runs on. */
export type OracleRequest = OracleTask & { kind: OracleKind };

/** Something is wrong. */
export interface OracleFailure {
  /** One sentence. */
  summary: string;
  /** What differs, and the traces. */
  text: string;
  /** A program that shows it by itself. */
  file: ProgramFile;
}

/** What came of a task; it ends with the first failure. */
export interface OracleReply {
  figures: CaseFigures;
  failure: OracleFailure | null;
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
