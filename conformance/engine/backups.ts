/**
 * Backups across the border. The list of a pager's backups is the upper half's: its head is a pointer
 * in C's memory, which the port reads through a `Ref`.
 */

import { Ref, type sqlite3_backup } from "../../src/index.js";
import type { CMemory } from "./memory.js";
import type { Address, UpperExports } from "./upper.js";

/** The list that begins at `*slot`, as one backup of the port's. */
class CBackup implements sqlite3_backup {
  readonly pNext = null;
  readonly #slot: Address;
  readonly #memory: CMemory;
  readonly #upper: UpperExports;

  constructor(memory: CMemory, upper: UpperExports, slot: Address) {
    this.#memory = memory;
    this.#upper = upper;
    this.#slot = slot;
  }

  xUpdate(iPage: number, aData: Uint8Array): void {
    const own = this.#memory.addressOf(aData);
    if (own === 0) throw new Error("a page that is backed up lies outside the SQL engine's memory");
    this.#upper.upper_backup_update(this.#memory.pointer(this.#slot), iPage, own);
  }

  xRestart(): void {
    this.#upper.upper_backup_restart(this.#memory.pointer(this.#slot));
  }
}

/** What takes the place of a pager's `pBackup`: null as long as C's pointer is. */
export class BackupSlot extends Ref<sqlite3_backup | null> {
  /** Address of C's pointer, which sqlite3PagerBackupPtr returns. */
  readonly slot: Address;

  constructor(memory: CMemory, upper: UpperExports, slot: Address) {
    super(null);
    this.slot = slot;
    memory.setPointer(slot, 0);
    const list = new CBackup(memory, upper, slot);
    Object.defineProperty(this, "value", { get: () => (memory.pointer(slot) === 0 ? null : list) });
  }
}
