/**
 * A disk in memory, with a VFS in front of it.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

import {
  SQLITE_DEFAULT_SECTOR_SIZE,
  SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  SQLITE_IOCAP_SUBPAGE_READ,
  SQLITE_TEMP_FILE_PREFIX,
  type sqlite3_vfs,
} from "../../sqliteInt.js";
import { sqlite3_vfs_register, sqlite3_vfs_unregister } from "../os.js";
import { heapAllocator, type MemAllocator } from "./content.js";
import { type CrashOptions, crashImage, type PendingOperation, pendingOperations } from "./crash.js";
import type { MemFile } from "./file.js";
import { DiskState } from "./state.js";
import { memVfs } from "./vfs.js";
import { type MemCall, MemFault, type MemFaultRule, Watch } from "./watch.js";

/** How a {@link MemDisk} is made; everything may be left out. */
export interface MemDiskOptions {
  /** Name of the VFS. Default "memory". */
  name?: string;
  /** Bytes that the device writes at once, a power of two. Default 4096, like the Unix VFS's. */
  sectorSize?: number;
  /** SQLITE_IOCAP_* bits. Default POWERSAFE_OVERWRITE and SUBPAGE_READ, like the Unix VFS's. */
  deviceCharacteristics?: number;
  /** Version of sqlite3_io_methods: 1, 2 (adds shared memory) or 3 (adds xFetch). Default 3. */
  ioVersion?: 1 | 2 | 3;
  /** Seed of xRandomness, any number. Default 0. */
  seed?: number;
  /**
   * Whether the disk remembers what is durable, so that {@link MemDisk.crash} works. Costs a second
   * copy of all bytes and one of everything written since the last sync. Default false.
   */
  crashable?: boolean;
  /** `sqlite3_vfs.szOsFile`: bytes that callers count for an open file. Default 120. */
  szOsFile?: number;
  /**
   * Where the bytes of files and of shared memory lie, for a caller who needs views (xShmMap, xFetch)
   * in a memory of its own. Default: the JavaScript heap.
   */
  memory?: MemAllocator;
}

/** A disk at one moment, as {@link MemDisk.snapshot} returns it. */
export class MemSnapshot {
  /** @internal */
  readonly state: DiskState;

  /** @internal */
  constructor(state: DiskState) {
    this.state = state;
  }
}

/**
 * Files in memory, and the VFS through which SQLite sees them.
 *
 * Everything is deterministic: the same calls give the same results, random bytes and times included.
 * Each open file is a connection whose locks conflict with those of all others as if each lived in a
 * process of its own. Disks are independent of each other. Names are absolute; a name without a
 * leading slash means the same file as with one.
 *
 * The VFS behaves like the Unix one: empty files do not count as existing for xAccess, only main
 * databases are locked, the first sync of a new journal makes the directory durable, SIZE_HINT acts
 * only with a chunk size or a mapping, a mapping grows when xUnfetch has dropped it. xFetch is off
 * until SQLITE_FCNTL_MMAP_SIZE or sqlite3_config(SQLITE_CONFIG_MMAP_SIZE) turns it on; its views show
 * the live file and stay good however the file grows.
 *
 * For tests a disk can record every call ({@link startTrace}), make calls fail ({@link addFault}),
 * and lose power ({@link crash}).
 */
export class MemDisk {
  /** The VFS. It can be passed to sqlite3PagerOpen without being registered. */
  readonly vfs: sqlite3_vfs;
  /** Bytes per sector, a power of two; may be changed, best while no file is open. */
  sectorSize: number;
  /** SQLITE_IOCAP_* bits; may be changed, best while no file is open. */
  deviceCharacteristics: number;
  /** Version of sqlite3_io_methods that files get from now on. */
  ioVersion: 1 | 2 | 3;
  /** While true no named file can be created or deleted. */
  readOnlyDirectory = false;
  /** Called by xSleep after the clock has advanced; may act through other connections. */
  onSleep: ((microseconds: number) => void) | null = null;
  /** Sum of all xSleep, in microseconds. */
  sleptMicroseconds = 0;
  /** How many files are open. */
  nOpen = 0;
  /** @internal */
  state: DiskState;
  /** @internal */
  readonly watch = new Watch();
  readonly #options: MemDiskOptions;

  constructor(options: MemDiskOptions = {}) {
    this.#options = { ...options };
    this.sectorSize = options.sectorSize ?? SQLITE_DEFAULT_SECTOR_SIZE;
    this.deviceCharacteristics =
      options.deviceCharacteristics ?? SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_SUBPAGE_READ;
    this.ioVersion = options.ioVersion ?? 3;
    this.state = new DiskState(
      options.crashable ?? false,
      options.memory ?? heapAllocator,
      options.seed ?? 0,
    );
    this.vfs = memVfs(this, options.name ?? "memory", options.szOsFile ?? 120);
  }

  /**
   * Registers the VFS under its name.
   *
   * @param makeDflt 1 makes it the default VFS.
   * @returns the code of sqlite3_vfs_register.
   */
  register(makeDflt = 0): number {
    return sqlite3_vfs_register(this.vfs, makeDflt);
  }

  /** Takes the VFS out of the list; open files stay usable. */
  unregister(): number {
    return sqlite3_vfs_unregister(this.vfs);
  }

  /* ---------------------------------------------------------------- files from outside */

  /** The names of all files, sorted. */
  list(): string[] {
    return [...this.state.names.keys()].sort();
  }

  /** Whether a file exists, be it empty. */
  exists(name: string): boolean {
    return this.state.names.has(this.fullName(name));
  }

  /** A copy of a file's bytes, or null if there is no such file. */
  exportFile(name: string): Uint8Array | null {
    return this.state.names.get(this.fullName(name))?.content.toBytes() ?? null;
  }

  /**
   * Makes a file with these bytes, durable at once. A file of that name that exists is replaced;
   * whoever has it open keeps the old one.
   */
  importFile(name: string, bytes: Uint8Array): void {
    const full = this.fullName(name);
    this.removeFile(full);
    const inode = this.state.newInode(full);
    inode.content.write(bytes, bytes.length, 0);
    inode.durable?.write(bytes, bytes.length, 0);
    this.state.names.set(full, inode);
    if (this.state.crashable) this.state.durableNames.set(full, inode);
  }

  /** Deletes a file, durably at once; returns whether there was one. */
  removeFile(name: string): boolean {
    const full = this.fullName(name);
    const inode = this.state.names.get(full);
    if (inode === undefined) return false;
    this.state.unlink(full, inode);
    if (this.state.crashable) {
      this.state.pendingDir = this.state.pendingDir.filter((op) => op.name !== full);
      this.state.durableNames.delete(full);
    }
    return true;
  }

  /** Sets whether a file can be opened for writing; false if there is no such file. */
  setReadOnly(name: string, readOnly: boolean): boolean {
    const inode = this.state.names.get(this.fullName(name));
    if (inode !== undefined) inode.readOnly = readOnly;
    return inode !== undefined;
  }

  /** The regions of a database's shared memory as they are mapped now, live; empty if it has none. */
  shmRegions(name: string): readonly Uint8Array[] {
    return this.state.names.get(this.fullName(name))?.shm?.regions ?? [];
  }

  /** The lock slots of a database's shared memory: number of shared holders, or -1; all 0 if it has none. */
  shmLocks(name: string): number[] {
    return [...(this.state.names.get(this.fullName(name))?.shm?.aLock ?? new Int32Array(8))];
  }

  /* ---------------------------------------------------------------- clock */

  /** The time: milliseconds since noon of 24 November 4714 BC. It starts with the year 2000; only xSleep moves it. */
  get clock(): number {
    return this.state.clock;
  }
  set clock(milliseconds: number) {
    this.state.clock = milliseconds;
    this.state.clockRest = 0;
  }

  /** @internal */
  sleep(microseconds: number): number {
    this.state.advance(microseconds);
    this.sleptMicroseconds += microseconds;
    this.onSleep?.(microseconds);
    return microseconds;
  }

  /* ---------------------------------------------------------------- trace and faults */

  /** Starts to record all calls, from an empty trace. Recording costs time only while it is on. */
  startTrace(): void {
    this.watch.trace = [];
  }

  /** The calls recorded since {@link startTrace}; the array grows with every call. Empty if there is no trace. */
  get trace(): readonly MemCall[] {
    return this.watch.trace ?? [];
  }

  /** Stops recording and returns what was recorded. */
  stopTrace(): MemCall[] {
    const trace = this.watch.trace ?? [];
    this.watch.trace = null;
    return trace;
  }

  /**
   * Called before every call, with what is known of it by then (no hash, rc or out, except a write's
   * hash while a trace is on). May look at the disk, even {@link crash} it; must not change it.
   */
  get onCall(): ((call: Readonly<MemCall>) => void) | null {
    return this.watch.onCall;
  }
  set onCall(onCall: ((call: Readonly<MemCall>) => void) | null) {
    this.watch.onCall = onCall;
  }

  /**
   * Makes calls fail. A call that fails has no effect, except: xClose closes all the same, and xWrite
   * writes a prefix if the rule says so. Several rules may stand; all count, the first one that fires
   * gives the code.
   *
   * @returns the rule with its counters.
   */
  addFault(rule: MemFaultRule): MemFault {
    const fault = new MemFault(rule);
    this.watch.faults = [...this.watch.faults, fault];
    return fault;
  }

  /** Withdraws one rule, or all. */
  clearFaults(fault?: MemFault): void {
    this.watch.faults = fault === undefined ? [] : this.watch.faults.filter((f) => f !== fault);
  }

  /* ---------------------------------------------------------------- states of the disk */

  /**
   * Remembers the disk: files and what of them is durable, clock, random numbers, temporary names. Not
   * connections, locks, shared memory, trace, faults and the public fields.
   */
  snapshot(): MemSnapshot {
    return new MemSnapshot(this.state.clone());
  }

  /**
   * Goes back to a snapshot of this or of another disk, which stays good. Files that are open now are
   * cut off: their connections go on with the old files, which have lost their names.
   */
  restore(snapshot: MemSnapshot): void {
    if (snapshot.state.crashable !== this.state.crashable) {
      throw new Error("snapshot and disk must agree about `crashable`");
    }
    this.state = snapshot.state.clone();
  }

  /** Makes everything durable. Without it a disk that is never synced keeps all that was ever written. */
  syncAll(): void {
    this.state.syncAll();
  }

  /** What a crash at this moment may undo, in issue order. */
  pending(): PendingOperation[] {
    return pendingOperations(this.state);
  }

  /**
   * The disk as it could be after a loss of power at this moment; this one goes on undisturbed.
   *
   * File contents and directories (creation, deletion) are durable once synced: a file by xSync, the
   * names of a directory by xDelete with its sync flag, or by the first xSync of a new journal, WAL or
   * super-journal in it. What happens to the rest is `how`'s choice, within what the device promises:
   * ATOMIC writes are whole, with SAFE_APPEND no lost append lies before one that is there and none
   * leaves garbage, with POWERSAFE_OVERWRITE bytes beside a torn write stay, with SEQUENTIAL nothing
   * overtakes, batches are whole.
   *
   * @returns a new disk with the same options, clock and random numbers, on which nothing is open.
   */
  crash(how: CrashOptions): MemDisk {
    if (!this.state.crashable) throw new Error("the disk was made without `crashable`");
    const after = new MemDisk({
      ...this.#options,
      sectorSize: this.sectorSize,
      deviceCharacteristics: this.deviceCharacteristics,
      ioVersion: this.ioVersion,
    });
    const { state } = after;
    for (const [name, content] of crashImage(this.state, this, how)) {
      const inode = state.newInode(name);
      inode.content = content;
      inode.durable = content.clone();
      state.names.set(name, inode);
      state.durableNames.set(name, inode);
    }
    state.clock = this.state.clock;
    state.clockRest = this.state.clockRest;
    state.nTemp = this.state.nTemp;
    state.random.state = this.state.random.state;
    return after;
  }

  /* ---------------------------------------------------------------- for the VFS */

  /** @internal The absolute form of a name. */
  fullName(name: string): string {
    return name.startsWith("/") ? name : `/${name}`;
  }

  /** @internal A name for a temporary file that does not exist. */
  tempName(): string {
    let name: string;
    do {
      name = `/tmp/${SQLITE_TEMP_FILE_PREFIX}${(++this.state.nTemp).toString(16).padStart(16, "0")}`;
    } while (this.state.names.has(name));
    return name;
  }

  /** @internal A file has been closed. */
  forget(file: MemFile): void {
    this.nOpen--;
    const { inode } = file;
    if (inode.nOpen === 0 && !this.state.crashable && this.state.names.get(inode.name) !== inode) {
      inode.content.free();
    }
  }
}
