/**
 * The port in a child process: the parent's side.
 */

import { sqlite3ErrName } from "../../src/index.js";
import { Child, type ChildOptions } from "./child.js";
import type { PortRequest } from "./port-child.js";
import type { PagerState, Step, StepResult } from "./program.js";
import type { ShimDevice, ShimPlan, ShimRecord } from "./shimvfs.js";

/** A step of a program gave an unexpected result code. */
export class StepFailed extends Error {
  override readonly name = "StepFailed";
  readonly rc: number;

  constructor(step: Step, index: number, rc: number) {
    super(`the port: step ${index + 1} (${step.do}) gave ${sqlite3ErrName(rc)} (${rc})`);
    this.rc = rc;
  }
}

/** The port; pagers are named by the case. */
export class PortEngine {
  readonly child: Child;

  constructor(options: Partial<ChildOptions> = {}) {
    this.child = new Child({ what: "the port", module: "./port-child.js", ...options });
  }

  async #call(request: PortRequest): Promise<unknown> {
    return await this.child.call(request);
  }

  /** Runs steps; throws {@link StepFailed} at the first result code that is not SQLITE_OK. */
  async run(...steps: Step[]): Promise<StepResult[]> {
    const results = await this.attempt(...steps);
    const last = results.length - 1;
    const bad = results[last];
    if (bad !== undefined && bad.rc !== 0) throw new StepFailed(steps[last] as Step, last, bad.rc);
    return results;
  }

  /** Runs steps until one does not give SQLITE_OK; the results tell which. */
  async attempt(...steps: Step[]): Promise<StepResult[]> {
    return (await this.#call({ op: "program", steps, keepGoing: false })) as StepResult[];
  }

  /** Runs all steps whatever their result codes. */
  async runAll(...steps: Step[]): Promise<StepResult[]> {
    return (await this.#call({ op: "program", steps, keepGoing: true })) as StepResult[];
  }

  /** The result code of the last step that was run. */
  async rc(...steps: Step[]): Promise<number> {
    const results = await this.attempt(...steps);
    return results[results.length - 1]?.rc ?? 0;
  }

  /** The state of one pager. */
  async state(pager: string): Promise<PagerState> {
    const [result] = await this.run({ do: "state", pager });
    return (result as StepResult).value as PagerState;
  }

  /** Sets what the VFS `shim` shall do at the n-th call; see shimvfs.ts. */
  async plan(plan: ShimPlan | null): Promise<void> {
    await this.#call({ op: "plan", plan });
  }

  /** Sets what files of the VFS `shim` claim of the device below them; `{}` removes that. */
  async device(device: ShimDevice): Promise<void> {
    await this.#call({ op: "device", device });
  }

  /** Calls that the plan has counted. */
  async planCount(): Promise<number> {
    return (await this.#call({ op: "count" })) as number;
  }

  /** Starts or stops recording the calls of the VFS `shim`; returns what was recorded. */
  async record(on: boolean): Promise<ShimRecord[]> {
    return (await this.#call({ op: "record", on })) as ShimRecord[];
  }

  /** Bytes that the port's next sqlite3_randomness calls return. */
  async queueRandomness(bytes: Uint8Array): Promise<void> {
    await this.#call({ op: "random", bytes });
  }

  /** Closes every pager and forgets plan and recording. */
  async reset(): Promise<void> {
    await this.#call({ op: "reset" });
  }
}
