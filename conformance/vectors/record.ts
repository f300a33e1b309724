/** Records what the C pager does with a scenario: the only source of what vectors expect. */

import "../oracle/wasm32.js";
import { createHash } from "node:crypto";
import { type MemDisk, SQLITE_FCNTL_DB_UNCHANGED } from "../../src/index.js";
import { CSide } from "../oracle/c-side.js";
import type { OracleModule } from "../oracle/module.js";
import { type FaultRule, LEFT_OUT, type Op, type Outcome, type Program } from "../oracle/ops.js";
import type { Connection, Event, Scalars } from "../oracle/side.js";
import {
  CALLS,
  type Call,
  type DiskSetup,
  type Do,
  FORMAT,
  hex,
  hex32,
  OPS,
  PAGER_FIELDS,
  PCACHE_FIELDS,
  PCACHE1_FIELDS,
  type Requirement,
  SAVEPOINT_FIELDS,
  type Shm,
  type StateField,
  type Step,
  type Value,
  type Vector,
  WAL_FIELDS,
  walHeader,
} from "./format.js";
import { emptySnapshot, orderChange, type Snapshot, same, stateChange } from "./snapshot.js";

/** What is to be recorded. */
export interface Scenario {
  /** Name of the file: lower-case letters, digits and hyphens. */
  name: string;
  title: string;
  group: string;
  program: Program;
  /** Files that are there at the beginning. */
  start?: ReadonlyMap<string, Uint8Array>;
  /** It is left out if it turns out too long, too short, or not to be a vector at all. */
  isOptional?: boolean;
}

/** Contents of files by SHA-256, as a vector names them. */
export class Contents {
  readonly bytes = new Map<string, Uint8Array>();
  /** Those without which a vector cannot be run. */
  readonly needed = new Set<string>();

  add(bytes: Uint8Array, needed = false): string {
    const hash = createHash("sha256").update(bytes).digest("hex");
    if (!this.bytes.has(hash)) this.bytes.set(hash, bytes.slice());
    if (needed) this.needed.add(hash);
    return hash;
  }

  addAll({ bytes, needed }: Contents): void {
    for (const [hash, content] of bytes) if (!this.bytes.has(hash)) this.bytes.set(hash, content);
    for (const hash of needed) this.needed.add(hash);
  }
}

/** A scenario that cannot be a vector, because it breaks a rule of the pager's. */
export class Unsuitable extends Error {
  override readonly name = "Unsuitable";
}

/** Operations after which files and shared memory are stated. */
const MARKED: ReadonlySet<string> = new Set([
  ...[
    "CommitPhaseOne",
    "CommitPhaseTwo",
    "Rollback",
    "Checkpoint",
    "CloseWal",
    "Close",
    "SharedLock",
    "Crash",
  ],
]);

/** What a setup may say: {@link DiskSetup}. */
const DISK: ReadonlySet<string> = new Set([
  "sectorSize",
  "deviceCharacteristics",
  "ioVersion",
  "seed",
  "pendingByte",
]);

/** WALINDEX_HDR_SIZE: what of the first region is always set. */
const WALINDEX_HDR_SIZE = 136;
/** What the oracle's allocator fills memory with. */
const FILLING = 0xa5;

/**
 * The part of a region of the wal-index that somebody has set. A recovery that finds no frame copies a block of
 * heap memory as it is, which the oracle's allocator has filled.
 */
function definedPart(region: Uint8Array, index: number): Uint8Array {
  const start = index === 0 ? WALINDEX_HDR_SIZE : 0;
  return region.subarray(start).every((byte) => byte === FILLING) ? region.subarray(0, start) : region;
}

/** Runs a scenario on the C pager. */
export function record(module: OracleModule, scenario: Scenario, contents: Contents): Vector {
  return new Recording(module, scenario, contents).run();
}

class Recording {
  readonly #scenario: Scenario;
  readonly #contents: Contents;
  readonly #side: CSide;
  readonly #steps: Step[] = [];
  #files: Record<string, string> = {};
  #shm: Record<string, Shm> = {};
  readonly #states = new Map<number, Snapshot>();
  readonly #requires = new Set<Requirement>();

  constructor(module: OracleModule, scenario: Scenario, contents: Contents) {
    this.#scenario = scenario;
    this.#contents = contents;
    for (const [name, value] of Object.entries(scenario.program.setup ?? {})) {
      if (value !== undefined && !DISK.has(name))
        throw new Unsuitable(`${scenario.title}: vectors have no ${name}`);
    }
    this.#side = new CSide(module, scenario.program.setup ?? {});
  }

  get #disk(): MemDisk {
    return this.#side.disk;
  }

  run(): Vector {
    const { name, title, group, program } = this.#scenario;
    const start: Record<string, string> = {};
    for (const [file, bytes] of this.#scenario.start ?? []) {
      this.#disk.importFile(file, bytes);
      start[file] = this.#contents.add(bytes, true);
    }
    this.#files = { ...start };
    for (const op of program.ops) this.#operation(op);
    const last = this.#steps.at(-1);
    if (last === undefined) throw new Unsuitable(`${title}: nothing is done`);
    if (last.files === undefined) Object.assign(last, this.#mark(false));
    const disk: DiskSetup = {
      sectorSize: this.#disk.sectorSize,
      deviceCharacteristics: this.#disk.deviceCharacteristics,
      ioVersion: this.#disk.ioVersion,
      seed: program.setup?.seed ?? 0,
      pendingByte: program.setup?.pendingByte ?? 0x40000000,
    };
    const requires = [...this.#requires].sort();
    return { format: FORMAT, name, title, group, requires, disk, start, steps: this.#steps };
  }

  /** Runs one operation of the program, which may be several steps or none. */
  #operation(op: Op): void {
    switch (op.op) {
      case "MemUsed":
        return;
      case "Poke":
        /* Extra bytes of a page are the caller's, and no vector tells them. */
        if (op.extra !== true) this.#step(op);
        return;
      case "Damage": {
        this.#side.run(op);
        const content = this.#contents.add(this.#disk.exportFile(op.file)!, true);
        this.#files[op.file] = content;
        this.#steps.push({ do: { op: "PutFile", file: op.file, content } });
        return;
      }
      case "SyncDisk":
        this.#side.run(op);
        return;
      case "PowerLoss":
        throw new Unsuitable(`${this.#scenario.title}: the power fails in the middle of an operation`);
      case "WriteSuper": {
        const bytes = new TextEncoder().encode(op.names.map((name) => `${name}\0`).join(""));
        this.#disk.importFile(op.file, bytes);
        const content = this.#contents.add(bytes, true);
        this.#files[op.file] = content;
        this.#steps.push({ do: { op: "PutFile", file: op.file, content } });
        return;
      }
      case "DeleteSuper":
        this.#disk.removeFile(op.file);
        delete this.#files[op.file];
        this.#steps.push({ do: { op: "DeleteFile", file: op.file } });
        return;
      default:
        this.#step(op);
    }
  }

  /** Runs one operation as one step; null if its caller would not do it. */
  #step(op: Op): Outcome | null {
    const todo = translate(op);
    const spec = OPS[todo.op];
    if (spec === undefined)
      throw new Unsuitable(`${this.#scenario.title}: vectors have no operation ${op.op}`);
    /* References that the harness drops before the operation are steps of their own. */
    for (const first of this.#side.guard.before(op)) this.#step(first);
    if (this.#side.guard.before(op).length > 0) {
      throw new Unsuitable(`${this.#scenario.title}: references cannot be dropped before ${op.op}`);
    }
    const outcome = this.#side.run(op);
    if (outcome === LEFT_OUT || outcome.out[0] === "left out") return null;
    if (outcome.assertion !== null) throw new Unsuitable(`${this.#scenario.title}: ${outcome.assertion}`);
    const step: Step = { do: todo };
    if (spec.returns !== "nothing") step[spec.returns] = outcome.rc;
    const out = outputs(spec.out, outcome);
    if (out !== undefined) step.out = out;
    if (MARKED.has(op.op)) Object.assign(step, this.#mark(op.op === "Crash"));
    this.#observe(step);
    const calls = this.#side.events.filter(isStated).map(callOf);
    if (calls.length > 0) step.calls = calls;
    this.#require(todo, step);
    this.#steps.push(step);
    return outcome;
  }

  /** Notes what a player must have for a step. */
  #require(todo: Do, step: Step): void {
    const needs = this.#requires;
    const calls = step.calls ?? [];
    if (todo.op === "OpenWal" || calls.some(([call]) => call === "shmmap")) needs.add("wal");
    if (calls.some(([call]) => call === "fetch")) needs.add("mmap");
    if (todo.op === "Open" && (todo["uri"] as unknown[]).length > 0) needs.add("uri");
    if (todo.op === "Open" && (((todo["flags"] as number) & 2) !== 0 || !todo["file"])) needs.add("memory");
    if (todo.op === "SetBackup") needs.add("backup");
    if (todo.op === "Fault") needs.add("faults");
    if (todo.op === "FailAllocation") needs.add("allocator");
    if (this.#states.size > 1) needs.add("connections");
  }

  /** What has changed in the files and in the shared memory since the last mark. */
  #mark(needed: boolean): Pick<Step, "files" | "shm"> {
    const files: Record<string, string> = {};
    const shm: Record<string, Shm> = {};
    for (const name of this.#disk.list()) {
      files[name] = this.#contents.add(this.#disk.exportFile(name)!, needed);
      const regions = this.#disk.shmRegions(name);
      if (regions.length === 0) continue;
      shm[name] = {
        regions: regions.map((region, i) => this.#contents.add(definedPart(region, i))),
        locks: this.#disk.shmLocks(name),
      };
    }
    const mark: Pick<Step, "files" | "shm"> = { files: changed(this.#files, files) };
    const shmChange = changed(this.#shm, shm);
    if (Object.keys(shmChange).length > 0) mark.shm = shmChange;
    this.#files = files;
    this.#shm = shm;
    return mark;
  }

  /** Adds the state's changes to a step. */
  #observe(step: Step): void {
    const open = this.#side.connections();
    const state: NonNullable<Step["state"]> = {};
    const order: NonNullable<Step["order"]> = {};
    for (const number of this.#states.keys()) {
      if (open.includes(number)) continue;
      this.#states.delete(number);
      state[number] = null;
    }
    for (const number of open) {
      const before = this.#states.get(number) ?? emptySnapshot();
      const now = snapshotOf(this.#side.state(number), this.#side.sets(number));
      this.#states.set(number, now);
      const change = stateChange(before, now);
      if (change !== undefined) state[number] = change;
      const orders = orderChange(before, now);
      if (orders !== undefined) order[number] = orders;
    }
    if (Object.keys(state).length > 0) step.state = state;
    if (Object.keys(order).length > 0) step.order = order;
  }
}

function changed<T>(a: Record<string, T>, b: Record<string, T>): Record<string, T | null> {
  const change: Record<string, T | null> = {};
  for (const [name, value] of Object.entries(b)) if (!same(a[name], value)) change[name] = value;
  for (const name of Object.keys(a)) if (!(name in b)) change[name] = null;
  return change;
}

/* ---------------------------------------------------------------- operations */

/** An operation as vectors have it: nothing is left to be assumed. */
function translate(op: Op): Do {
  switch (op.op) {
    case "Open": {
      const { c, file, uri = [], extra = 136, flags = 0, vfsFlags = 0x106 } = op;
      return { op: "Open", c, file, uri, extra, flags, vfsFlags };
    }
    case "Close":
    case "CloseWal":
      return { ...op, noCheckpoint: op.noCheckpoint ?? false };
    case "Get":
      return { ...op, flags: op.flags ?? 0 };
    case "Poke": {
      const { slot, offset, n, seed } = op;
      return { op: "Poke", slot, offset, n, x: (seed * 2654435761) >>> 0 || 1 };
    }
    case "CommitPhaseOne":
      return { op: op.op, c: op.c, superJournal: op.superJournal ?? null, noSync: op.noSync ?? false };
    case "Sync":
      return { op: op.op, c: op.c, superJournal: op.superJournal ?? null };
    case "Savepoint":
      return { op: op.op, c: op.c, kind: op.kind === "release" ? 1 : 2, i: op.i };
    case "Fault":
      return op.rule === null ? { op: "ClearFaults" } : { op: "Fault", ...faultRule(op.rule) };
    case "FailAllocation":
      return { op: op.op, at: op.at, persistent: op.persistent ?? false };
    case "Crash":
      return { op: "Crash" };
    default:
      return { ...op };
  }
}

const SQLITE_IOERR_SHORT_READ = 522;

function faultRule(rule: FaultRule): Omit<Do, "op"> {
  const all = Object.keys(CALLS).filter((call) => CALLS[call]!.code !== undefined);
  const calls = rule.op === "all" ? all : typeof rule.op === "string" ? [rule.op] : rule.op;
  /* The pager would go on with a buffer in which is what the allocator left there. */
  if (rule.code === SQLITE_IOERR_SHORT_READ && calls.includes("read")) {
    throw new Unsuitable("a read comes back short and has filled nothing");
  }
  return {
    calls,
    nth: rule.nth,
    persistent: rule.persistent ?? false,
    code: rule.code ?? null,
    partial: rule.partial ?? 0,
    scribble: rule.scribble ?? false,
    file: rule.file ?? null,
  };
}

function outputs(spec: (typeof OPS)[string]["out"], outcome: Outcome): Record<string, Value> | undefined {
  if (spec === undefined) return undefined;
  const out: Record<string, Value> = {};
  for (const [i, [name, kind]] of Object.entries(spec).entries()) {
    const value = outcome.out[i];
    if (kind === "hashes") out[name] = outcome.out.slice(i).map((hash) => hex32(hash as number));
    if (value === undefined || kind === "hashes") continue;
    if (kind === "bool") out[name] = value !== 0;
    else out[name] = kind === "hash" ? hex32(value as number) : value;
  }
  return out;
}

/* ---------------------------------------------------------------- calls */

/** Whether a call is stated: not an allocation, and not one that asserts make. */
function isStated(e: Event): boolean {
  if (e.call === "malloc" || e.call === "realloc" || e.call === "free") return false;
  if (e.call === "devicecharacteristics") return false;
  return e.call !== "filecontrol" || e.arg !== SQLITE_FCNTL_DB_UNCHANGED;
}

const HOOKS: ReadonlySet<string> = new Set(["busy", "reinit", "backup-update", "backup-restart"]);

function callOf({ call, file, offset, amount, arg, hash, out, rc }: Event): Call {
  if (CALLS[call] === undefined) throw new Error(`vectors have no call ${call}`);
  /* Hooks have no file; the text of an exec stands in its place. */
  const name = HOOKS.has(call) ? "" : file;
  return [call, name, offset, amount, arg, hash === 0 ? "" : hex32(hash), out, rc];
}

/* ---------------------------------------------------------------- state */

function pick(scalars: Scalars, prefix: string, fields: readonly StateField[]): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const { name, form } of fields) {
    const value = scalars.get(`${prefix}.${name}`);
    if (value === undefined) throw new Error(`the oracle does not tell ${prefix}.${name}`);
    values[name] = form === "hex" ? hex(value as readonly number[]) : value;
  }
  return values;
}

function snapshotOf({ scalars, lists }: Connection, sets: Map<string, readonly number[]>): Snapshot {
  const snapshot = emptySnapshot();
  snapshot.pager = pick(scalars, "Pager", PAGER_FIELDS);
  if (scalars.has("Wal.readLock")) {
    const header = walHeader(Uint8Array.from(scalars.get("Wal.hdr") as readonly number[]));
    snapshot.wal = pick(scalars, "Wal", WAL_FIELDS);
    for (const [name, value] of Object.entries(header)) snapshot.wal[`hdr.${name}`] = value;
  }
  const hasCache = scalars.has("PCache1.nMax");
  snapshot.cache = {
    ...pick(scalars, "PCache", PCACHE_FIELDS),
    ...(hasCache
      ? pick(scalars, "PCache1", PCACHE1_FIELDS)
      : Object.fromEntries(PCACHE1_FIELDS.map(({ name }) => [name, null]))),
  };
  for (let i = 0; i < (scalars.get("Pager.nSavepoint") as number); i++) {
    snapshot.savepoints.push(pick(scalars, `PagerSavepoint[${i}]`, SAVEPOINT_FIELDS));
  }
  for (const [name, members] of sets) snapshot.sets[name] = members;
  readLists(snapshot, lists);
  return snapshot;
}

/** Takes the words of c/shim.c's oracle_lists apart. */
function readLists(snapshot: Snapshot, words: readonly number[]): void {
  let i = 0;
  const next = (): number => words[i++]!;
  const dirty: number[] = [];
  for (let n = next(); n > 0; n--, i += 2) dirty.push(next());
  snapshot.dirty = dirty;
  next();
  snapshot.synced = next();
  const nHash = next();
  const pages: [number, readonly [number, number]][] = [];
  for (let h = 0; h < nHash; h++) {
    for (let n = next(); n > 0; n--, i += 7) {
      const [has, pgno, flags, nRef] = words.slice(i + 3, i + 7) as [number, number, number, number];
      if (has === 1) pages.push([pgno, [flags, nRef]]);
    }
  }
  snapshot.pages = Object.fromEntries(pages.sort((a, b) => a[0] - b[0]));
  const lru: number[] = [];
  if (nHash > 0) for (let n = next(); n > 0; n--) lru.push(next());
  snapshot.lru = lru;
}
