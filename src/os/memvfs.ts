/**
 * A VFS in memory: {@link MemDisk}, and the VFS `memory` that is the default where there is no other.
 *
 * NON-UPSTREAM. It needs nothing but the language and runs in a browser; tests use it to see, to break
 * and to reproduce what happens between SQLite and a disk.
 *
 * @module
 */

import { MemDisk } from "./memvfs/disk.js";
import { installOsInit } from "./os_init.js";

export type { MemAllocator } from "./memvfs/content.js";
export type { CrashChoice, CrashOptions, PendingOperation } from "./memvfs/crash.js";
export { MemDisk, type MemDiskOptions, MemSnapshot } from "./memvfs/disk.js";
export { fnv1a, SeededRandom } from "./memvfs/prng.js";
export type { MemCall, MemFault, MemFaultRule, MemOp } from "./memvfs/watch.js";

let theDisk: MemDisk | null = null;

/** The disk behind the VFS `memory`, which {@link installDefault} registers. There is one per process. */
export function memoryDisk(): MemDisk {
  theDisk ??= new MemDisk({ name: "memory" });
  return theDisk;
}

/**
 * Makes sqlite3_initialize register `memory` as the default VFS. `index.ts` does this; an entry module
 * that installs another platform does so afterwards, and wins.
 */
export function installDefault(): void {
  installOsInit(
    () => memoryDisk().register(1),
    () => 0,
  );
}
