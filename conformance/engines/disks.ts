/**
 * Memory disks in the port's child process: made, filled and read from outside, watched for moments
 * at which the power could fail, and the states that such a failure leaves recovered by the port.
 */

import { createHash } from "node:crypto";
import {
  type CrashChoice,
  type CrashOptions,
  type MemCall,
  MemDisk,
  type MemOp,
  type PendingOperation,
  SeededRandom,
  SQLITE_IOCAP_SEQUENTIAL,
  SQLITE_OK,
  type sqlite3_vfs,
  sqlite3_vfs_unregister,
} from "../../src/index.js";
import { ProgramRunner, type Step } from "./program.js";
import { registerShim } from "./shimvfs.js";

/** Files by full name. */
export type DiskFiles = Record<string, Uint8Array>;

/** What a disk is like. */
export interface DiskDevice {
  sectorSize?: number;
  /** SQLITE_IOCAP_*. */
  characteristics?: number;
}

/** When the power fails, and what that leaves. */
export interface CrashPlan {
  /** Before each of these calls and before the one that follows it; "all": before every call. */
  at: MemOp[] | "all";
  /** How each failure goes; the seed is mixed with the number of the call. */
  how: CrashHow[];
}

/** One way in which the power fails. */
export interface CrashHow {
  /**
   * As in `CrashOptions`; "metadata": as "random", but truncations and changes of directories reach the
   * platter in the order in which they were made, as file systems with a journal see to.
   */
  mode: "drop" | "keep" | "prefix" | "random" | "metadata";
  seed: number;
  tear?: boolean;
  garbage?: boolean;
}

/** A state of the disk that a failure left. */
export interface CrashState {
  /** Where and how, in words. */
  what: string;
  /** Mode of the failure. */
  mode: CrashHow["mode"];
  /** How many marks ({@link Disks.mark}) had been set. */
  mark: number;
  files: DiskFiles;
}

/** What recovery made of one state. */
export interface RecoveredState {
  what: string;
  mode: CrashHow["mode"];
  mark: number;
  /** Result code of the last recovery step. */
  rc: number;
  /** Hash of each database's bytes (as {@link hashOf}), in the order of the request. */
  databases: string[];
  /** Every file that is left, databases included. */
  left: string[];
  /** The journals among them that a reader would play back. */
  hot: string[];
  /** The same state crashed again during its recovery and recovered once more: the hashes that differ. */
  again: string[];
}

/** The hash by which contents are told apart: SHA-256, its first 16 bytes in hexadecimal. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 32);
}

interface OneDisk {
  disk: MemDisk;
  shim: sqlite3_vfs;
  crashes: CrashState[];
  mark: number;
}

/** The disks of one child process. */
export class Disks {
  readonly #disks = new Map<string, OneDisk>();

  #get(name: string): OneDisk {
    const d = this.#disks.get(name);
    if (d === undefined) throw new Error(`no disk is named ${name}`);
    return d;
  }

  /** Makes a disk with a VFS of its name, and the shim `shim-<name>` over that. */
  create(name: string, device: DiskDevice, crashable: boolean, files: DiskFiles): void {
    if (this.#disks.has(name)) this.remove(name);
    const disk = makeDisk(name, device, crashable, files);
    if (disk.register() !== SQLITE_OK) throw new Error(`the disk ${name} cannot be registered`);
    this.#disks.set(name, { disk, shim: registerShim(`shim-${name}`, disk.vfs), crashes: [], mark: 0 });
  }

  remove(name: string): void {
    const d = this.#get(name);
    d.disk.onCall = null;
    sqlite3_vfs_unregister(d.shim);
    d.disk.unregister();
    this.#disks.delete(name);
  }

  /** Removes all of them; no file may be open. */
  reset(): void {
    for (const name of [...this.#disks.keys()]) this.remove(name);
  }

  files(name: string): DiskFiles {
    return filesOf(this.#get(name).disk);
  }

  /** Starts or stops the disk's own trace; returns what it held. */
  trace(name: string, on: boolean): MemCall[] {
    const { disk } = this.#get(name);
    const out = disk.stopTrace();
    if (on) disk.startTrace();
    return out;
  }

  /** Marks a moment: states that are collected from now on carry the next number. */
  mark(name: string): void {
    this.#get(name).mark++;
  }

  /** Starts to collect the states of power failures; null stops. Forgets the ones from before. */
  collect(name: string, plan: CrashPlan | null): void {
    const d = this.#get(name);
    d.crashes = [];
    d.mark = 0;
    d.disk.onCall = plan === null ? null : collector(d, plan);
  }

  /** Also the state after the last call, which no other call follows. */
  collectNow(name: string, how: CrashHow[], what: string): void {
    const d = this.#get(name);
    for (const h of how) keep(d, h, what);
  }

  /** How many states have been collected. */
  collected(name: string): number {
    return this.#get(name).crashes.length;
  }

  /** The files of one collected state. */
  collectedFiles(name: string, index: number): DiskFiles {
    return (this.#get(name).crashes[index] as CrashState).files;
  }

  /**
   * Lets the port recover every collected state on a disk of its own.
   *
   * @param databases full names, in the order in which they are opened
   * @param again how the power fails once more during recovery, at each sync, truncate and delete
   */
  recover(name: string, databases: string[], device: DiskDevice, again: CrashHow[]): RecoveredState[] {
    return this.#get(name).crashes.map((state) => {
      const first = recoverOne(state.files, databases, device, again);
      const wanted = databases.map((db) => hashOf(first.files[db] ?? new Uint8Array(0)));
      const differing: string[] = [];
      for (const second of first.crashes) {
        const got = recoverOne(second.files, databases, device, []);
        const hashes = databases.map((db) => hashOf(got.files[db] ?? new Uint8Array(0)));
        if (got.rc !== first.rc || hashes.join() !== wanted.join()) {
          differing.push(`${second.what}: rc ${got.rc}, ${hashes.join(" ")}`);
        }
      }
      return {
        what: state.what,
        mode: state.mode,
        mark: state.mark,
        rc: first.rc,
        databases: wanted,
        left: Object.keys(first.files),
        /* A reader looks at the first byte. */
        hot: Object.keys(first.files).filter(
          (f) => f.endsWith("-journal") && (first.files[f]?.[0] ?? 0) !== 0,
        ),
        again: differing,
      };
    });
  }

  /** The files that recovery of one collected state leaves. */
  recoveredFiles(name: string, index: number, databases: string[], device: DiskDevice): DiskFiles {
    return recoverOne(this.collectedFiles(name, index), databases, device, []).files;
  }
}

function makeDisk(name: string, device: DiskDevice, crashable: boolean, files: DiskFiles): MemDisk {
  const disk = new MemDisk({
    name,
    crashable,
    ...(device.sectorSize === undefined ? {} : { sectorSize: device.sectorSize }),
    ...(device.characteristics === undefined ? {} : { deviceCharacteristics: device.characteristics }),
  });
  for (const [file, bytes] of Object.entries(files)) disk.importFile(file, bytes);
  return disk;
}

function filesOf(disk: MemDisk): DiskFiles {
  const files: DiskFiles = {};
  for (const name of disk.list()) files[name] = disk.exportFile(name) as Uint8Array;
  return files;
}

/** The seed of one failure: two calls shall not fail alike. */
function seedOf(h: CrashHow, seq: number): number {
  return (Math.imul(h.seed + 1, 0x9e3779b1) ^ Math.imul(seq, 0x85ebca6b)) >>> 0;
}

/** See {@link CrashHow.mode}. */
function metadataInOrder(seed: number): (op: PendingOperation) => CrashChoice {
  const random = new SeededRandom(seed);
  let lost = false;
  return (op) => {
    if (op.kind === "write" || op.kind === "batch")
      return (["keep", "drop", "tear"] as const)[random.below(3)]!;
    lost ||= random.below(3) === 0;
    return lost ? "drop" : "keep";
  };
}

function keep(d: OneDisk, h: CrashHow, what: string, seq = 0): void {
  const seed = seedOf(h, seq);
  const isSequential = (d.disk.deviceCharacteristics & SQLITE_IOCAP_SEQUENTIAL) !== 0;
  const options: CrashOptions = {
    /* Where nothing overtakes there is one order for all. */
    mode: h.mode === "metadata" ? (isSequential ? "prefix" : metadataInOrder(seed)) : h.mode,
    seed,
    ...(h.tear === undefined ? {} : { tear: h.tear }),
    ...(h.garbage === undefined ? {} : { garbage: h.garbage }),
  };
  const files = filesOf(d.disk.crash(options));
  d.crashes.push({ what: `${what}, ${h.mode} (seed ${h.seed})`, mode: h.mode, mark: d.mark, files });
}

/** States by content: the same one need not be recovered twice, unless allowed contents differ. */
function fingerprint(mark: number, files: DiskFiles): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(files).sort()) hash.update(`${name}\0`).update(files[name] as Uint8Array);
  return `${mark}:${hash.digest("hex")}`;
}

function collector(d: OneDisk, plan: CrashPlan): (call: Readonly<MemCall>) => void {
  let follows: MemOp | null = null;
  const seen = new Set<string>();
  return (call) => {
    const chosen = plan.at === "all" || plan.at.includes(call.op);
    if (chosen || follows !== null) {
      const name = call.file.slice(call.file.lastIndexOf("/") + 1);
      const what = `before ${call.op} ${name} (call ${call.seq}${follows === null ? "" : `, after ${follows}`})`;
      for (const h of plan.how) {
        keep(d, h, what, call.seq);
        const state = d.crashes[d.crashes.length - 1] as CrashState;
        const print = fingerprint(state.mark, state.files);
        if (seen.has(print)) d.crashes.pop();
        else seen.add(print);
      }
    }
    follows = plan.at !== "all" && plan.at.includes(call.op) ? call.op : null;
  };
}

/** Recovers a state on a disk of its own, and collects the states of failures meanwhile. */
function recoverOne(
  files: DiskFiles,
  databases: string[],
  device: DiskDevice,
  again: CrashHow[],
): { rc: number; files: DiskFiles; crashes: CrashState[] } {
  const zName = "recovery-disk";
  const disk = makeDisk(zName, device, again.length > 0, files);
  if (disk.register() !== SQLITE_OK) throw new Error("the recovery disk cannot be registered");
  const d: OneDisk = { disk, shim: disk.vfs, crashes: [], mark: 0 };
  if (again.length > 0) {
    disk.onCall = collector(d, { at: ["sync", "truncate", "delete"], how: again });
  }
  const runner = new ProgramRunner();
  let rc = SQLITE_OK;
  try {
    for (const [i, path] of databases.entries()) {
      const pager = `recovery-${i}`;
      const steps: Step[] = [
        { do: "open", pager, path, vfs: zName },
        { do: "sharedLock", pager },
      ];
      const results = runner.run(steps, false);
      rc = results[results.length - 1]?.rc ?? SQLITE_OK;
      if (rc !== SQLITE_OK) break;
    }
  } finally {
    runner.reset();
    disk.onCall = null;
    disk.unregister();
  }
  return { rc, files: filesOf(disk), crashes: d.crashes };
}
