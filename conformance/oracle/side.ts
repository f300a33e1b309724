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
  type MemFault,
  SQLITE_FCNTL_DB_UNCHANGED,
  SQLITE_NOMEM,
  SQLITE_OK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_EXCLUSIVE,
  SQLITE_OPEN_READWRITE,
  SQLITE_OPEN_SUPER_JOURNAL,
  SQLITE_SHM_UNLOCK,
  SQLITE_SYNC_NORMAL,
  sqlite3_file,
  WAL_HEAPMEMORY_MODE,
} from "../../src/index.js";
import { SQLITE_DEBUG } from "../../src/options.js";
import type { AllocationPlan } from "../engine/allocator.js";
import type { Guard } from "./guard.js";
import {
  type FaultRule,
  LEFT_OUT,
  nameBytes,
  type Op,
  type Outcome,
  POWER_LOST,
  pokedBytes,
  type Setup,
} from "./ops.js";

/** `szOsFile` of both sides' VFS: what the C side's files take, a pointer and a handle. */
export const SZ_OS_FILE = 8;

/** The power has failed in the middle of an operation. */
export class PowerLost extends Error {
  override readonly name = "PowerLost";
}

/** What the power's failing leaves untouched: these are about the disk's future. */
const ABOUT_FAULTS: ReadonlySet<string> = new Set(["Crash", "Fault", "FailAllocation", "PowerLoss", "Busy"]);

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
  ["Bitvec.u", "a union; compared by hand, in the shape that it has"],
  ["PCacheGlobal.grp", "a struct of its own, compared as PGroup"],
  ["PCacheGlobal.mutex", "there are no mutexes with one thread"],
  ["MemJournal.pMethod", "what tells the kinds of files apart, which are compared"],
  ["MemJournal.endpoint", "a struct of its own, compared as FilePoint"],
  ["MemJournal.readpoint", "likewise"],
  ["FileChunk.zChunk", "the content is compared as bytes"],
  ...(SQLITE_DEBUG ? [] : [["Wal.lockError", "set by a build with asserts only"] as const]),
]);

/** Whether a log's wal-index is the connection's own: the shared memory is compared with the disk. */
export function isOnHeap(wal: { readonly exclusiveMode: number; readonly bShmUnreliable: number }): boolean {
  return wal.exclusiveMode === WAL_HEAPMEMORY_MODE || wal.bShmUnreliable !== 0;
}

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
  /** What has been made to fail, and what is to come. */
  readonly recorder: Recorder;
  /** Open connections by number. */
  connections(): readonly number[];
  state(c: number): Connection;
  /** What all page caches share. */
  global(): Scalars;
  /** What is counted of memory: ten values, then their highest. */
  status(): readonly number[];
  /** Hash of each cached page's content, by page number. */
  contents(c: number): Map<number, number>;
  /** Hash of the extra bytes of each cached page. */
  extras(c: number): Map<number, number>;
  /** The content of journals that are in memory, by the file's name in the Pager. */
  journals(c: number): Map<string, Uint8Array>;
  /** The regions of a wal-index that a connection has on the heap, by number. */
  walIndex(c: number): Map<number, Uint8Array>;
  /** The pages in the sets of the journal and of the savepoints, by name. */
  sets(c: number): Map<string, readonly number[]>;
}

/** The recorder of one side: the disk's trace and, between its calls, what the hooks tell. */
export class Recorder {
  disk: MemDisk;
  events: Event[] = [];
  /** How many allocations have been made to fail, under all plans. */
  failedAllocations = 0;
  /** How often the busy handler of a connection still says yes. */
  readonly busy = new Map<number, number>();
  readonly #setup: Setup;
  readonly #memory: MemAllocator | undefined;
  #seen = 0;
  #plan: AllocationPlan | null = null;
  #count = 0;
  /** How many allocations have been made to fail. */
  #refused = 0;
  #faults: MemFault[] = [];
  /** What the disk is after the power has failed. */
  #afterwards: MemDisk | null = null;

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
    const { file = "", offset = 0, amount = 0, hash = 0, arg = 0, rc = 0, out = 0 } = rest;
    this.events.push({ call, file, offset, amount, hash, arg, rc, out });
  }

  /** An allocation is about to happen; true: it shall fail. */
  allocate(kind: number, n: number): boolean {
    const fails = kind < 2 && this.#fails();
    this.catchUp();
    const [call, rc] = [ALLOCATIONS[kind]!, fails ? SQLITE_NOMEM : SQLITE_OK];
    this.events.push({ call, file: "", offset: 0, amount: n, hash: 0, arg: 0, rc, out: 0 });
    return fails;
  }

  #fails(): boolean {
    this.#count++;
    const plan = this.#plan;
    if (plan === null || (plan.persistent ? this.#count < plan.at : this.#count !== plan.at)) return false;
    this.#refused++;
    this.failedAllocations++;
    return true;
  }

  /** Makes allocations fail. Comes back with how many have failed under the last plan. */
  failAllocation(plan: AllocationPlan | null): number {
    const refused = this.#refused;
    this.#plan = plan;
    this.#count = 0;
    this.#refused = 0;
    return refused;
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

  /** Adds a rule, or takes all away. Comes back with how many calls have failed by then. */
  fault(rule: FaultRule | null): number {
    const hits = this.#faults.reduce((sum, fault) => sum + fault.hits, 0);
    if (rule === null) {
      this.disk.clearFaults();
      this.#faults = [];
      return hits;
    }
    const { file, op, ...rest } = rule;
    this.#faults.push(this.disk.addFault({ ...rest, op, when: (call) => isMadeToFail(call, file) }));
    return hits;
  }

  /** How many calls have been made to fail, under all rules. */
  get faults(): number {
    return this.disk.watch.failures;
  }

  /** Whether the power is gone. */
  get isDark(): boolean {
    return this.#afterwards !== null;
  }

  /** Sets the trap that {@link Op} "PowerLoss" describes. */
  powerLoss({ of, at, mode, seed, file }: Extract<Op, { op: "PowerLoss" }>): void {
    let n = 0;
    this.disk.addFault({
      op: of === "call" ? "all" : of,
      nth: Number.POSITIVE_INFINITY,
      when: (call) => {
        if (!isMadeToFail(call, file) || ++n !== at) return false;
        this.#afterwards = this.disk.crash({ mode, seed });
        throw new PowerLost();
      },
    });
  }

  /** The power comes back, or goes and comes back. */
  crash({ seed, mode }: Extract<Op, { op: "Crash" }>): void {
    const after = this.#afterwards ?? this.disk.crash({ mode: mode ?? "random", seed });
    this.#afterwards = null;
    this.disk.restore(after.snapshot());
  }

  /** Writes a super-journal through the VFS, as vdbeCommit does. */
  writeSuper(file: string, names: readonly string[]): number {
    const { vfs } = this.disk;
    const name = nameBytes(file).subarray(4);
    const fd = new sqlite3_file();
    let rc = vfs.xOpen(vfs, name, fd, OPEN_SUPER, null);
    if (rc !== SQLITE_OK) return rc;
    let offset = 0;
    for (const text of names) {
      if (rc !== SQLITE_OK) break;
      const bytes = new TextEncoder().encode(`${text}\0`);
      rc = fd.pMethods!.xWrite(fd, bytes, bytes.length, offset);
      offset += bytes.length;
    }
    if (rc === SQLITE_OK) rc = fd.pMethods!.xSync(fd, SQLITE_SYNC_NORMAL);
    fd.pMethods!.xClose(fd);
    if (rc !== SQLITE_OK) vfs.xDelete(vfs, name, 0);
    return rc;
  }

  /** Puts bytes into a file from outside. */
  damage({ file, offset, n, seed }: Extract<Op, { op: "Damage" }>): void {
    const old = this.disk.exportFile(file) ?? new Uint8Array(0);
    const bytes = new Uint8Array(Math.max(old.length, offset + n));
    bytes.set(old);
    bytes.set(pokedBytes(n, seed), offset);
    this.disk.importFile(file, bytes);
  }

  /** Deletes it. */
  deleteSuper(file: string): number {
    const { vfs } = this.disk;
    return vfs.xDelete(vfs, nameBytes(file).subarray(4), 1);
  }
}

/** The names of allocations among the events, in the order of their kinds. */
export const ALLOCATIONS: readonly string[] = ["malloc", "realloc", "free"];

/** The names of hooks among them. */
export const HOOKS: ReadonlySet<string> = new Set([
  "busy",
  "reinit",
  "backup-update",
  "backup-restart",
  "exec",
]);

/** Flags of a super-journal. */
const OPEN_SUPER =
  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_SUPER_JOURNAL;

/** Whether faults count a call. */
function isMadeToFail(call: Readonly<MemCall>, file: string | undefined): boolean {
  /* C ignores it when a lock of the shared memory, or a mapped page, cannot be given back, and then the VFS
   * is at odds with it. */
  if (call.op === "unfetch" || (call.op === "shmlock" && (call.arg & SQLITE_SHM_UNLOCK) !== 0)) return false;
  /* Only asserts ask this. */
  if (call.op === "filecontrol" && call.arg === SQLITE_FCNTL_DB_UNCHANGED) return false;
  return file === undefined || call.file.endsWith(file);
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
  run: (op: Op, out: (number | string)[]) => number,
  failed: (e: unknown) => string | null,
): Outcome {
  recorder.begin();
  if (recorder.isDark && !ABOUT_FAULTS.has(op.op)) {
    recorder.end();
    return LEFT_OUT;
  }
  const out: (number | string)[] = [];
  let rc = 0;
  let assertion: string | null = null;
  try {
    for (const first of guard.before(op)) guard.note(first, run(first, []));
    if (guard.refuses(op)) return LEFT_OUT;
    rc = run(op, out);
  } catch (e) {
    if (e instanceof PowerLost) return POWER_LOST;
    assertion = failed(e);
    if (assertion === null) throw e;
  } finally {
    recorder.end();
  }
  if (assertion === null) guard.note(op, rc);
  return { rc, out, assertion };
}
