/**
 * The port in a child process: the parent's side.
 */

import { type MemCall, sqlite3ErrName } from "../../src/index.js";
import { Child, type ChildOptions } from "./child.js";
import type { CrashHow, CrashPlan, DiskDevice, DiskFiles, RecoveredState } from "./disks.js";
import type { PortRequest } from "./port-child.js";
import type { PagerState, Step, StepResult } from "./program.js";
import type { ShimDevice, ShimPlan, ShimRecord } from "./shimvfs.js";
import type { CallPlan } from "./syscalls.js";
import type { TreeReply, TreeRequest } from "./tree.js";

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

  /**
   * Starts or stops recording the calls of the VFS `shim`; returns what was recorded.
   *
   * @param details also what writes write, and the calls that no plan counts
   */
  async record(on: boolean, details = false): Promise<ShimRecord[]> {
    return (await this.#call({ op: "record", on, details })) as ShimRecord[];
  }

  /**
   * Makes a memory disk: pagers can be opened on the VFS `name`, or on `shim-<name>`, which records.
   *
   * @param crashable whether states of a power failure can be collected
   * @param files by full name
   */
  async disk(name: string, device: DiskDevice, files: DiskFiles, crashable = false): Promise<void> {
    await this.#call({ op: "disk", name, device, crashable, files });
  }

  /** All files of a memory disk. */
  async diskFiles(name: string): Promise<DiskFiles> {
    return (await this.#call({ op: "diskFiles", name })) as DiskFiles;
  }

  /** Starts or stops a memory disk's own trace; returns what it held. */
  async diskTrace(name: string, on: boolean): Promise<MemCall[]> {
    return (await this.#call({ op: "diskTrace", name, on })) as MemCall[];
  }

  /** Starts to collect states that a power failure leaves on a memory disk; null stops. */
  async crashCollect(name: string, plan: CrashPlan | null): Promise<void> {
    await this.#call({ op: "crashCollect", name, plan });
  }

  /** States that are collected from now on carry the next number as their mark. */
  async crashMark(name: string): Promise<void> {
    await this.#call({ op: "crashMark", name });
  }

  /** Collects states at this moment too; returns how many there are by now. */
  async crashNow(name: string, how: CrashHow[], what: string): Promise<number> {
    return (await this.#call({ op: "crashNow", name, how, what })) as number;
  }

  /** The files of a collected state. */
  async crashFiles(name: string, index: number): Promise<DiskFiles> {
    return (await this.#call({ op: "crashFiles", name, index })) as DiskFiles;
  }

  /** Recovers every collected state; see {@link Disks.recover}. */
  async crashRecover(
    name: string,
    databases: string[],
    device: DiskDevice,
    again: CrashHow[] = [],
  ): Promise<RecoveredState[]> {
    return (await this.#call({ op: "crashRecover", name, databases, device, again })) as RecoveredState[];
  }

  /** The files that the recovery of one collected state leaves. */
  async crashRecovered(
    name: string,
    index: number,
    databases: string[],
    device: DiskDevice,
  ): Promise<DiskFiles> {
    return (await this.#call({ op: "crashRecovered", name, index, databases, device })) as DiskFiles;
  }

  /** Starts the port's random numbers afresh from a seed other than 0, as SQLite's own test control does. */
  async seed(seed: number): Promise<void> {
    await this.#call({ op: "seed", seed });
  }

  /** Gives up the rights of root for those of a user, for good. */
  async become(uid: number): Promise<void> {
    await this.#call({ op: "become", uid });
  }

  /** Sets which system call of the VFS `unix` shall fail; count and trace start afresh. */
  async callPlan(plan: CallPlan | null): Promise<void> {
    await this.#call({ op: "callPlan", plan });
  }

  /** System calls that the plan has counted. */
  async callCount(): Promise<number> {
    return (await this.#call({ op: "callCount" })) as number;
  }

  /** The system calls since the plan was set, a line for each. */
  async callTrace(): Promise<string[]> {
    return (await this.#call({ op: "callTrace" })) as string[];
  }

  /** Bytes that the port's next sqlite3_randomness calls return. */
  async queueRandomness(bytes: Uint8Array): Promise<void> {
    await this.#call({ op: "random", bytes });
  }

  /** One statement of a connection: the pager with what the b-tree does above it; see tree.ts. */
  async tree(request: TreeRequest): Promise<TreeReply> {
    return (await this.#call({ op: "tree", request })) as TreeReply;
  }

  /** Closes every pager and forgets plan and recording. */
  async reset(): Promise<void> {
    await this.#call({ op: "reset" });
  }
}
