/**
 * What both sides of a lockstep run have in common: a disk with a trace, an allocator that can be made to fail,
 * hooks that are part of the trace, and the shape of what is compared.
 */

import "./wasm32.js";
import {
  fnv1a,
  type MemAllocator,
  type MemCall,
  MemDisk,
  type MemFaultRule,
  SQLITE_SHM_UNLOCK,
} from "../../src/index.js";
import type { AllocationPlan } from "../engine/allocator.js";
import { type FaultRule, type Guard, LEFT_OUT, type Op, type Outcome, type Setup } from "./ops.js";

/** `szOsFile` of both sides' VFS: what the C side's files take, a pointer and a handle. */
export const SZ_OS_FILE = 8;

/** One thing that happened during an operation: a call to the VFS, or of a hook, or an allocation. */
export interface Event {
  call: string;
  file: string;
  offset: number;
  amount: number;
  hash: number;
  arg: number;
  rc: number;
  out: number;
}

/** Fields of C's structs that {@link Scalars} leave out, and why. */
export const NOT_COMPARED: ReadonlyMap<string, string> = new Map([
  ["Pager.pBusyHandlerArg", "C passes the connection's number, the port a function that knows it"],
  ["PgHdr1.page", "the PgHdr1 itself, in the port"],
  ["PGroup.mutex", "there are no mutexes with one thread"],
  ["PGroup.nPurgeable", "a number that the port keeps behind a reference; added by hand"],
  ["PGroup.lru", "the LRU list's anchor: the list is compared"],
  ["PCache.pStress", "the pager, which C passes as 0 for a cache without a callback"],
  ["Bitvec.u", "the members are compared"],
]);

/** Where an assert of the port's code failed, the memory disk's included; null if this is something else. */
export function assertionOf(e: unknown): string | null {
  if (!(e instanceof Error) || e.name !== "AssertionError") return null;
  const frames = (e.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const own = frames.find((line) => !/ (?:assert|ALWAYS|NEVER) /.test(line)) ?? "";
  return `${e.message} ${own.trim().replace(/\(.*[\\/]src[\\/]/, "(src/")}`.trim();
}

/** Named scalars, in C's order. */
export type Scalars = Map<string, number | string | readonly number[]>;

/** The words that c/shim.c's oracle_lists writes, as it describes them. */
export type Lists = readonly number[];

/** A connection's state. */
export interface Connection {
  scalars: Scalars;
  lists: Lists;
}

/** One side of a run. */
export interface Side {
  readonly name: "C" | "port";
  readonly disk: MemDisk;
  /** Does one operation. What happened meanwhile is in {@link events} then. */
  run(op: Op): Outcome;
  /** What the last operation did, in order. */
  readonly events: readonly Event[];
  /** Open connections by number. */
  connections(): readonly number[];
  state(c: number): Connection;
  /** Hash of each cached page's content, by page number. */
  contents(c: number): Map<number, number>;
  /** The pages in the sets of the journal and of the savepoints, by name. */
  sets(c: number): Map<string, readonly number[]>;
}

/** The recorder of one side: the disk's trace and, between its calls, what the hooks tell. */
export class Recorder {
  disk: MemDisk;
  events: Event[] = [];
  /** How often the busy handler of a connection still says yes. */
  readonly busy = new Map<number, number>();
  readonly #setup: Setup;
  readonly #memory: MemAllocator | undefined;
  #seen = 0;
  #plan: AllocationPlan | null = null;
  #count = 0;

  constructor(setup: Setup, memory: MemAllocator | undefined) {
    this.#setup = setup;
    this.#memory = memory;
    this.disk = this.#newDisk();
  }

  #newDisk(): MemDisk {
    const { sectorSize, deviceCharacteristics, ioVersion, seed } = this.#setup;
    return new MemDisk({
      name: "lockstep",
      crashable: true,
      szOsFile: SZ_OS_FILE,
      ...(sectorSize === undefined ? {} : { sectorSize }),
      ...(deviceCharacteristics === undefined ? {} : { deviceCharacteristics }),
      ...(ioVersion === undefined ? {} : { ioVersion }),
      ...(seed === undefined ? {} : { seed }),
      ...(this.#memory === undefined ? {} : { memory: this.#memory }),
    });
  }

  /** Begins an operation. */
  begin(): void {
    this.events = [];
    this.#seen = 0;
    this.disk.startTrace();
  }

  /** Takes over what the disk has recorded since the last time. */
  catchUp(): void {
    const { trace } = this.disk;
    for (; this.#seen < trace.length; this.#seen++) this.events.push(eventOf(trace[this.#seen]!));
  }

  /** Ends an operation. */
  end(): void {
    this.catchUp();
    this.disk.stopTrace();
  }

  /** Records something that is no call of the disk's. */
  add(call: string, rest: Partial<Event> = {}): void {
    this.catchUp();
    this.events.push({ call, file: "", offset: 0, amount: 0, hash: 0, arg: 0, rc: 0, out: 0, ...rest });
  }

  /** An allocation is about to happen; true: it shall fail. */
  allocate(kind: number, n: number): boolean {
    const fails = kind < 2 && this.#fails();
    this.add(["malloc", "realloc", "free"][kind]!, { amount: n, rc: fails ? 7 : 0 });
    return fails;
  }

  #fails(): boolean {
    this.#count++;
    const plan = this.#plan;
    return plan !== null && (plan.persistent ? this.#count >= plan.at : this.#count === plan.at);
  }

  failAllocation(plan: AllocationPlan | null): void {
    this.#plan = plan;
    this.#count = 0;
  }

  /** The busy handler's answer. */
  isBusy(c: number): number {
    const left = this.busy.get(c) ?? 0;
    this.busy.set(c, left - 1);
    const answer = left > 0 ? 1 : 0;
    this.add("busy", { arg: c, rc: answer });
    return answer;
  }

  backupUpdate(pgno: number, bytes: Uint8Array): void {
    this.add("backup-update", { arg: pgno, hash: fnv1a(bytes) });
  }

  fault(rule: FaultRule | null): void {
    if (rule === null) {
      this.disk.clearFaults();
      return;
    }
    const { file, op, ...rest } = rule;
    const when: MemFaultRule["when"] = (call) => {
      /* C ignores it when a lock of the shared memory, or a mapped page, cannot be given back, and then the VFS
       * is at odds with it. */
      if (call.op === "unfetch" || (call.op === "shmlock" && (call.arg & SQLITE_SHM_UNLOCK) !== 0))
        return false;
      return file === undefined || call.file.endsWith(file);
    };
    this.disk.addFault({ ...rest, op, when });
  }
}

function eventOf(call: MemCall): Event {
  const { op, file, offset, amount, hash, arg, rc, out } = call;
  /* C does not say how large the piece is that it gives back. */
  return { call: op, file, offset, amount: op === "unfetch" ? 0 : amount, hash, arg, rc, out };
}

/** The text of an event, for people. */
export function showEvent(e: Event): string {
  const parts = [e.call];
  if (e.file !== "") parts.push(e.file);
  if (e.amount !== 0 || e.offset !== 0) parts.push(`${e.amount}@${e.offset}`);
  if (e.arg !== 0) parts.push(`arg=0x${e.arg.toString(16)}`);
  if (e.hash !== 0) parts.push(`hash=${e.hash.toString(16).padStart(8, "0")}`);
  if (e.out !== 0) parts.push(`out=${e.out}`);
  parts.push(`-> ${e.rc}`);
  return parts.join(" ");
}

/**
 * Runs one operation on a side. What the guard refuses is left out; a failed assert is an outcome.
 *
 * @param run the operation itself: returns its result code, appends its outputs
 * @param failed tells which assert failed; null: it was none
 */
export function perform(
  op: Op,
  recorder: Recorder,
  guard: Guard,
  run: (out: (number | string)[]) => number,
  failed: (e: unknown) => string | null,
): Outcome {
  recorder.begin();
  if (guard.refuses(op)) {
    recorder.end();
    return LEFT_OUT;
  }
  const out: (number | string)[] = [];
  let rc = 0;
  let assertion: string | null = null;
  try {
    rc = run(out);
  } catch (e) {
    assertion = failed(e);
    if (assertion === null) throw e;
  } finally {
    recorder.end();
  }
  guard.note(op, rc);
  return { rc, out, assertion };
}
