/**
 * Plays vectors on the port: reads a folder and nothing else, and compares at a level.
 *
 * How the port is loaded (asserts, sizes of which ABI) is the importer's choice: `globalThis.PAGER_MIRROR` must be set
 * before this module is imported.
 */

import { sha256, type VectorsFolder } from "./folder.js";
import { type IndexEntry, type Level, OPS, type Shm, type Step, type Vector } from "./format.js";
import { countsAllocations, Port } from "./port.js";
import { applyOrder, applyState, emptySnapshot, type Snapshot, same } from "./snapshot.js";

/** Something that is not as a vector says. */
export interface Failure {
  vector: string;
  /** Number of the step, from 0. */
  step: number;
  /** The operation, in words. */
  op: string;
  field: string;
  expected: string;
  got: string;
}

/** What became of one vector. */
export interface Played {
  steps: number;
  /** How many values were compared. */
  values: number;
  failure: Failure | null;
  /** Why it was not played. */
  skipped: string | null;
}

/** For tests: acts on the port after a step, before it is compared. */
export type After = (port: Port, step: number) => void;

class Mismatch extends Error {
  readonly field: string;
  readonly expected: string;
  readonly got: string;
  constructor(field: string, expected: unknown, got: unknown) {
    super(field);
    this.field = field;
    this.expected = show(expected);
    this.got = show(got);
  }
}

function show(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}

/** Plays one vector to its end or to the first difference. */
export function playVector(folder: VectorsFolder, entry: IndexEntry, level: Level, after?: After): Played {
  if (entry.requires.includes("allocator") && !countsAllocations) {
    return { steps: 0, values: 0, failure: null, skipped: "its allocations are counted as on wasm32" };
  }
  return new Player(folder, folder.vector(entry), level).play(after);
}

class Player {
  readonly #folder: VectorsFolder;
  readonly #vector: Vector;
  readonly #level: Level;
  readonly #port: Port;
  readonly #files: Record<string, string>;
  readonly #shm: Record<string, Shm> = {};
  readonly #states = new Map<string, Snapshot>();
  #values = 0;

  constructor(folder: VectorsFolder, vector: Vector, level: Level) {
    this.#folder = folder;
    this.#vector = vector;
    this.#level = level;
    this.#port = new Port(vector.disk, (hash) => folder.content(hash));
    this.#files = { ...vector.start };
    for (const [name, hash] of Object.entries(vector.start))
      this.#port.disk.importFile(name, folder.content(hash));
  }

  play(after?: After): Played {
    const { name, steps } = this.#vector;
    for (const [i, step] of steps.entries()) {
      try {
        this.#step(step, () => after?.(this.#port, i));
      } catch (e) {
        const { op, ...args } = step.do;
        return {
          steps: i,
          values: this.#values,
          failure: { vector: name, step: i, op: `${op} ${JSON.stringify(args)}`, ...explain(e) },
          skipped: null,
        };
      }
    }
    return { steps: steps.length, values: this.#values, failure: null, skipped: null };
  }

  #step(step: Step, after: () => void): void {
    const { c, slot, op } = step.do as { c?: number; slot?: number; op: string };
    const spec = OPS[op];
    if (spec === undefined) throw new Mismatch("operation", op, undefined);
    /* If the port had gone another way unseen, there might be nothing to work on. */
    if (c !== undefined && op !== "Open" && op !== "Busy")
      this.#same("connection is open", true, this.#port.isOpen(c));
    if (slot !== undefined && op !== "Get" && op !== "Lookup") {
      this.#same("slot has a page", true, this.#port.isHeld(slot));
    }
    const result = this.#port.run(step.do);
    after();
    if (spec.returns !== "nothing") this.#same(spec.returns, step[spec.returns], result.returned);
    for (const [name, value] of Object.entries(step.out ?? {}))
      this.#same(`out.${name}`, value, result.out[name]);
    if (op === "PutFile") this.#files[step.do["file"] as string] = step.do["content"] as string;
    if (op === "DeleteFile") delete this.#files[step.do["file"] as string];
    if (step.files !== undefined) this.#mark(step, op === "Crash");
    if (this.#level >= 2) this.#state(step);
    if (this.#level >= 3) this.#calls(step);
  }

  #same(field: string, expected: unknown, got: unknown): void {
    this.#values++;
    if (!same(expected, got)) throw new Mismatch(field, expected, got);
  }

  /** A marked point: all files of the disk, and its shared memory. */
  #mark(step: Step, isCrash: boolean): void {
    const { disk } = this.#port;
    merge(this.#files, step.files!);
    merge(this.#shm, step.shm ?? {});
    if (isCrash) {
      for (const name of disk.list()) if (!(name in this.#files)) disk.removeFile(name);
      for (const [name, hash] of Object.entries(this.#files))
        disk.importFile(name, this.#folder.content(hash));
    }
    this.#same("names of files", Object.keys(this.#files).sort(), disk.list());
    for (const [name, hash] of Object.entries(this.#files)) {
      this.#bytes(`bytes of ${name}`, hash, disk.exportFile(name)!);
    }
    if (this.#level < 2) return;
    for (const name of disk.list()) {
      const { regions, locks } = this.#shm[name] ?? { regions: [], locks: [0, 0, 0, 0, 0, 0, 0, 0] };
      const got = disk.shmRegions(name);
      this.#same(`regions of shared memory of ${name}`, regions.length, got.length);
      for (const [i, hash] of regions.entries()) {
        /* Bytes behind those that the vector has are not defined. */
        const defined = got[i]!.subarray(0, this.#folder.size(hash));
        this.#bytes(`shared memory of ${name}, region ${i}`, hash, defined);
      }
      this.#same(`shared-memory locks of ${name}`, locks, disk.shmLocks(name));
    }
  }

  #bytes(field: string, hash: string, got: Uint8Array): void {
    this.#values++;
    const actual = sha256(got);
    if (actual === hash) return;
    if (!this.#folder.has(hash)) {
      const size = this.#folder.size(hash);
      throw new Mismatch(field, `${size} bytes, SHA-256 ${hash}`, `${got.length} bytes, SHA-256 ${actual}`);
    }
    const expected = this.#folder.content(hash);
    if (expected.length !== got.length)
      throw new Mismatch(field, `${expected.length} bytes`, `${got.length} bytes`);
    const at = expected.findIndex((byte, i) => byte !== got[i]);
    const some = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(at, at + 16)).toString("hex");
    throw new Mismatch(`${field}, offset ${at}`, some(expected), some(got));
  }

  #state(step: Step): void {
    for (const [c, change] of Object.entries(step.state ?? {})) {
      if (change === null) {
        this.#states.delete(c);
        continue;
      }
      const expected = this.#states.get(c) ?? emptySnapshot();
      applyState(expected, change);
      this.#states.set(c, expected);
    }
    for (const [c, change] of Object.entries(step.order ?? {})) applyOrder(this.#states.get(c)!, change);
    const open = this.#port.connections().map(String);
    this.#same("open connections", [...this.#states.keys()].sort(), open.sort());
    for (const [c, expected] of this.#states) {
      const got = this.#port.snapshot(Number(c));
      const where = `connection ${c}: `;
      this.#record(`${where}pager`, expected.pager, got.pager);
      this.#record(`${where}wal`, expected.wal ?? {}, got.wal ?? {});
      this.#record(`${where}cache`, expected.cache, got.cache);
      this.#same(`${where}number of savepoints`, expected.savepoints.length, got.savepoints.length);
      for (const [i, savepoint] of expected.savepoints.entries()) {
        this.#record(`${where}savepoints[${i}]`, savepoint, got.savepoints[i]!);
      }
      this.#record(`${where}sets`, expected.sets, got.sets);
      this.#record(`${where}pages`, expected.pages, got.pages);
      if (this.#level < 4) continue;
      this.#same(`${where}dirty list`, expected.dirty, got.dirty);
      this.#same(`${where}LRU list`, expected.lru, got.lru);
      this.#same(`${where}pSynced`, expected.synced, got.synced);
    }
  }

  #record(
    where: string,
    expected: Readonly<Record<string, unknown>>,
    got: Readonly<Record<string, unknown>>,
  ): void {
    for (const [name, value] of Object.entries(expected)) this.#same(`${where}.${name}`, value, got[name]);
    for (const name of Object.keys(got))
      if (!(name in expected)) this.#same(`${where}.${name}`, undefined, got[name]);
  }

  #calls(step: Step): void {
    const expected = step.calls ?? [];
    const got = this.#port.calls;
    for (let i = 0; i < Math.max(expected.length, got.length); i++)
      this.#same(`calls[${i}]`, expected[i], got[i]);
  }
}

function merge<T>(to: Record<string, T>, change: Readonly<Record<string, T | null>>): void {
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete to[name];
    else to[name] = value;
  }
}

/** A difference, or where the port stopped. */
function explain(e: unknown): Pick<Failure, "field" | "expected" | "got"> {
  if (e instanceof Mismatch) return { field: e.field, expected: e.expected, got: e.got };
  if (!(e instanceof Error) || e.name === "UsageError") throw e;
  const place = (e.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const own = place.find((line) => !/ (?:assert|ALWAYS|NEVER) /.test(line)) ?? "";
  return {
    field: "the operation itself",
    expected: "to return",
    got: `${e.name}: ${e.message} ${own.trim()}`,
  };
}
