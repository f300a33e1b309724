/**
 * What is left of a memory disk after a loss of power.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

import {
  SQLITE_IOCAP_ATOMIC,
  SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  SQLITE_IOCAP_SAFE_APPEND,
  SQLITE_IOCAP_SEQUENTIAL,
} from "../../sqliteInt.js";
import type { FileContent } from "./content.js";
import { applyOp, type DataOp, type DirOp, type WriteOp } from "./durable.js";
import { SeededRandom } from "./prng.js";
import type { DiskState, Inode } from "./state.js";

/** What becomes of an operation that was not durable. `tear` counts as `drop` where it has no meaning. */
export type CrashChoice = "keep" | "drop" | "tear";

/** An operation that a crash may undo. */
export interface PendingOperation {
  /** Orders the operations of the disk, files and directories together. */
  seq: number;
  kind: "write" | "truncate" | "batch" | "create" | "delete";
  /** Full name under which the file was created. */
  file: string;
  /** First byte of a write; new size of a truncate. */
  offset: number;
  /** Bytes of a write; operations of a batch. */
  amount: number;
}

/** How power is lost. */
export interface CrashOptions {
  /**
   * What happens to the operations that are not durable yet:
   * - `drop`: none of them has happened;
   * - `keep`: all have, which is also what a process that dies leaves behind;
   * - `prefix`: the first `cut` in issue order have, the next one possibly in part, the others not;
   * - `random`: each has, has not, or has in part, independently of the others, so that later ones can
   *   be there while earlier ones are missing. Those that are there are applied in issue order.
   * - a function decides for each.
   *
   * With SQLITE_IOCAP_SEQUENTIAL `random` does what `prefix` does. Batches that have not been
   * committed are dropped always.
   */
  mode: "drop" | "keep" | "prefix" | "random" | ((op: PendingOperation) => CrashChoice);
  /** For `prefix`, `random` and torn writes; any number, default 0. */
  seed?: number;
  /** For `prefix`: how many operations are kept. Default: seeded. */
  cut?: number;
  /** Whether writes can happen in part. Default true. */
  tear?: boolean;
  /**
   * Whether sectors in which power was lost can hold garbage: without POWERSAFE_OVERWRITE all of the
   * sector, neighbours included; otherwise what was being appended without SAFE_APPEND. Default true.
   */
  garbage?: boolean;
}

/** What the device promises. */
export interface Device {
  /** Bytes that it writes at once; a power of two. */
  readonly sectorSize: number;
  /** SQLITE_IOCAP_* bits. */
  readonly deviceCharacteristics: number;
}

type AnyOp = DataOp | DirOp;

/** Describes one pending operation. */
function describe(op: AnyOp, file: string): PendingOperation {
  let offset = 0;
  let amount = 0;
  if (op.kind === "write") {
    offset = op.offset;
    amount = op.bytes.length;
  } else if (op.kind === "truncate") {
    offset = op.size;
  } else if (op.kind === "batch") {
    amount = op.ops.length;
  }
  return { seq: op.seq, kind: op.kind, file, offset, amount };
}

/** All operations that are not durable, in issue order, each with its file's name. */
function collect(state: DiskState): [AnyOp, string][] {
  const all: [AnyOp, string][] = state.pendingDir.map((op) => [op, op.name]);
  for (const inode of state.inodes()) for (const op of inode.pending) all.push([op, inode.name]);
  return all.sort((a, b) => a[0].seq - b[0].seq);
}

/** Lists the operations that a crash at this moment may undo, in issue order. */
export function pendingOperations(state: DiskState): PendingOperation[] {
  return collect(state).map(([op, file]) => describe(op, file));
}

/** Chooses between keeping, dropping and tearing for every operation. */
function choose(
  state: DiskState,
  device: Device,
  how: CrashOptions,
  rng: SeededRandom,
): Map<AnyOp, CrashChoice> {
  const all = collect(state);
  const choices = new Map<AnyOp, CrashChoice>();
  const { mode } = how;
  const sequential = (device.deviceCharacteristics & SQLITE_IOCAP_SEQUENTIAL) !== 0;
  if (mode === "prefix" || (mode === "random" && sequential)) {
    const cut = how.cut ?? rng.below(all.length + 1);
    all.forEach(([op], i) => {
      choices.set(op, i < cut ? "keep" : i === cut ? "tear" : "drop");
    });
  } else {
    for (const [op, file] of all) {
      if (typeof mode === "function") choices.set(op, mode(describe(op, file)));
      else if (mode !== "random") choices.set(op, mode);
      else choices.set(op, (["keep", "drop", "tear"] as const)[rng.below(3)]!);
    }
  }
  return choices;
}

/** Whether the device promises that a write happens altogether or not at all. */
function isAtomic(op: WriteOp, device: Device): boolean {
  const dc = device.deviceCharacteristics;
  const n = op.bytes.length;
  if (dc & SQLITE_IOCAP_ATOMIC) return true;
  /* Bit SQLITE_IOCAP_ATOMICn is n / 256, for powers of two from 512 to 65536. */
  return n >= 512 && n <= 65536 && (n & (n - 1)) === 0 && op.offset % n === 0 && (dc & (n >> 8)) !== 0;
}

/** Brings one file into the state in which the crash leaves it. */
class FileAfterCrash {
  readonly #content: FileContent;
  readonly #device: Device;
  readonly #how: CrashOptions;
  readonly #rng: SeededRandom;
  /** With SAFE_APPEND: an append was lost, so nothing beyond the end can be there either. */
  #closed = false;

  constructor(content: FileContent, device: Device, how: CrashOptions, rng: SeededRandom) {
    this.#content = content;
    this.#device = device;
    this.#how = how;
    this.#rng = rng;
  }

  apply(op: DataOp, choice: CrashChoice): void {
    if (op.kind !== "write") {
      if (choice !== "keep") return;
      applyOp(this.#content, op);
      if (op.kind === "truncate") this.#closed = false;
    } else if (choice === "tear" && this.#how.tear !== false && !isAtomic(op, this.#device)) {
      this.#tear(op);
    } else if (choice === "keep") {
      this.#piece(op, 0, op.bytes.length);
    } else {
      this.#lose(op.offset + op.bytes.length);
    }
  }

  get #safeAppend(): boolean {
    return (this.#device.deviceCharacteristics & SQLITE_IOCAP_SAFE_APPEND) !== 0;
  }

  /** A write up to `end` did not happen. */
  #lose(end: number): void {
    if (this.#safeAppend && end > this.#content.size) this.#closed = true;
  }

  /** Writes the bytes `from` to `to` of an operation, as far as they may be there. */
  #piece(op: WriteOp, from: number, to: number): void {
    let n = to - from;
    if (this.#closed) n = Math.min(n, this.#content.size - op.offset - from);
    if (n > 0) this.#content.write(op.bytes.subarray(from, from + n), n, op.offset + from);
  }

  /** Writes some sectors of an operation, not others, and garbage into others still. */
  #tear(op: WriteOp): void {
    const rng = this.#rng;
    const { sectorSize, deviceCharacteristics } = this.#device;
    const start = op.offset;
    const end = start + op.bytes.length;
    const sequential = (deviceCharacteristics & SQLITE_IOCAP_SEQUENTIAL) !== 0 || this.#how.mode === "prefix";
    const psow = (deviceCharacteristics & SQLITE_IOCAP_POWERSAFE_OVERWRITE) !== 0;
    let stopped = false;
    for (let sector = start - (start % sectorSize); sector < end; sector += sectorSize) {
      const from = Math.max(sector, start);
      const to = Math.min(sector + sectorSize, end);
      let fate = stopped ? 1 : rng.below(3);
      if (fate === 2 && this.#how.garbage === false) fate = rng.below(2);
      if (fate === 0) {
        this.#piece(op, from - start, to - start);
      } else {
        if (sequential) stopped = true;
        /* A safe append leaves alone what was there before, the rest of its first sector included. */
        const harmless = this.#safeAppend && from >= this.#content.size;
        if (fate === 2 && !harmless) this.#spoil(sector, from, to, psow);
        this.#lose(to);
      }
    }
    /* The size reached the platter before the bytes did. */
    if (!sequential && !this.#safeAppend && end > this.#content.size && rng.below(2))
      this.#content.truncate(end);
  }

  /** Garbage in the sector at `sector`, of which `from` to `to` was being written. */
  #spoil(sector: number, from: number, to: number, psow: boolean): void {
    const { size } = this.#content;
    if (psow) from = Math.max(from, size);
    else from = Math.min(from, sector);
    if (!psow) to = Math.max(to, Math.min(sector + this.#device.sectorSize, size));
    if (this.#safeAppend) to = Math.min(to, size);
    if (to <= from) return;
    const junk = new Uint8Array(to - from);
    this.#rng.fill(junk, 0, junk.length);
    this.#content.write(junk, junk.length, from);
  }
}

/** Every file that exists after the crash, by name, with its bytes; the state itself stays as it is. */
export function crashImage(state: DiskState, device: Device, how: CrashOptions): Map<string, FileContent> {
  const rng = new SeededRandom(how.seed ?? 0);
  const choices = choose(state, device, how, rng);
  const names = new Map(state.durableNames);
  for (const op of state.pendingDir) {
    if (choices.get(op) !== "keep") continue;
    if (op.kind === "create") names.set(op.name, op.inode);
    else names.delete(op.name);
  }
  const image = new Map<string, FileContent>();
  for (const [name, inode] of names) image.set(name, contentAfter(inode, device, how, choices, rng));
  return image;
}

/** The bytes of one file after the crash. */
function contentAfter(
  inode: Inode,
  device: Device,
  how: CrashOptions,
  choices: Map<AnyOp, CrashChoice>,
  rng: SeededRandom,
): FileContent {
  const content = inode.durable!.clone();
  const file = new FileAfterCrash(content, device, how, rng);
  for (const op of inode.pending) file.apply(op, choices.get(op)!);
  return content;
}
