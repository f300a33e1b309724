/**
 * What lies on a memory disk: files, names, what of both is durable, the clock, the random numbers.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

import { FileContent, type MemAllocator } from "./content.js";
import { applyOp, type DataOp, type DirOp, directoryOf } from "./durable.js";
import { LockTable } from "./locks.js";
import { SeededRandom } from "./prng.js";
import type { ShmNode } from "./shm.js";

/** A file, whether it has a name or not. */
export class Inode {
  /** The name under which it was created. */
  readonly name: string;
  /** What reads see. */
  content: FileContent;
  /** What is on the platter, or null if the disk does not keep it apart. */
  durable: FileContent | null;
  /** What distinguishes the two, in issue order. */
  pending: DataOp[] = [];
  /** Whether opening it for writing fails. */
  readOnly = false;
  /** How many open files it has. */
  nOpen = 0;
  readonly locks = new LockTable();
  shm: ShmNode | null = null;

  constructor(name: string, content: FileContent, durable: FileContent | null) {
    this.name = name;
    this.content = content;
    this.durable = durable;
  }

  /** Brings everything to the platter. */
  sync(): void {
    if (this.durable !== null) for (const op of this.pending) applyOp(this.durable, op);
    this.pending = [];
  }

  /** A copy that nobody has open. */
  clone(): Inode {
    const copy = new Inode(this.name, this.content.clone(), this.durable?.clone() ?? null);
    copy.pending = this.pending.slice();
    copy.readOnly = this.readOnly;
    return copy;
  }
}

/** Milliseconds since noon of 24 November 4714 BC at the start of the year 2000. */
const YEAR_2000 = 211813444800000;

/** Everything that a snapshot of a disk holds. */
export class DiskState {
  names = new Map<string, Inode>();
  /** The names on the platter. */
  durableNames = new Map<string, Inode>();
  /** What distinguishes the two, in issue order. */
  pendingDir: DirOp[] = [];
  /** Number of the last operation. */
  seq = 0;
  /** Julian day times 86400000. */
  clock = YEAR_2000;
  /** Microseconds that the clock does not show yet, below 1000. */
  clockRest = 0;
  /** How many temporary names have been handed out. */
  nTemp = 0;
  random: SeededRandom;
  /** Whether durable content is kept apart. */
  readonly crashable: boolean;
  readonly memory: MemAllocator;

  constructor(crashable: boolean, memory: MemAllocator, seed: number) {
    this.crashable = crashable;
    this.memory = memory;
    this.random = new SeededRandom(seed);
  }

  /** A file without a name. */
  newInode(name: string): Inode {
    const durable = this.crashable ? new FileContent(this.memory) : null;
    return new Inode(name, new FileContent(this.memory), durable);
  }

  /** Gives a file a name, as a directory operation that waits for a sync. */
  link(name: string, inode: Inode): void {
    this.names.set(name, inode);
    if (this.crashable) this.pendingDir.push({ kind: "create", seq: ++this.seq, name, inode });
  }

  /** Takes a name away, likewise. */
  unlink(name: string, inode: Inode): void {
    this.names.delete(name);
    if (this.crashable) this.pendingDir.push({ kind: "delete", seq: ++this.seq, name, inode });
    else if (inode.nOpen === 0) inode.content.free();
  }

  /** Brings the names of the directory that `name` lies in to the platter. */
  syncDirectory(name: string): void {
    const directory = directoryOf(name);
    this.pendingDir = this.pendingDir.filter((op) => {
      if (directoryOf(op.name) !== directory) return true;
      this.#applyDir(op);
      return false;
    });
  }

  /** Brings everything to the platter. */
  syncAll(): void {
    const inodes = this.inodes();
    for (const op of this.pendingDir) this.#applyDir(op);
    this.pendingDir = [];
    for (const inode of inodes) inode.sync();
  }

  #applyDir(op: DirOp): void {
    if (op.kind === "create") this.durableNames.set(op.name, op.inode);
    else this.durableNames.delete(op.name);
  }

  /** Every file that has, or after a crash could have, a name. */
  inodes(): Set<Inode> {
    const all = new Set([...this.names.values(), ...this.durableNames.values()]);
    for (const op of this.pendingDir) all.add(op.inode);
    return all;
  }

  /** An independent copy; open files stay with the original. */
  clone(): DiskState {
    const copy = new DiskState(this.crashable, this.memory, 0);
    const twins = new Map<Inode, Inode>();
    for (const inode of this.inodes()) twins.set(inode, inode.clone());
    for (const [name, inode] of this.names) copy.names.set(name, twins.get(inode)!);
    for (const [name, inode] of this.durableNames) copy.durableNames.set(name, twins.get(inode)!);
    copy.pendingDir = this.pendingDir.map((op) => ({ ...op, inode: twins.get(op.inode)! }));
    copy.seq = this.seq;
    copy.clock = this.clock;
    copy.clockRest = this.clockRest;
    copy.nTemp = this.nTemp;
    copy.random.state = this.random.state;
    return copy;
  }

  /** Lets time pass. */
  advance(microseconds: number): void {
    const rest = this.clockRest + microseconds;
    this.clock += Math.floor(rest / 1000);
    this.clockRest = rest % 1000;
  }
}
