/**
 * Calls the methods of a VFS of the port one by one: what native/vfsdrive.c does with real SQLite's.
 */

import {
  Ref,
  sqlite3_create_filename,
  sqlite3_file,
  sqlite3_vfs_find,
  toCString,
} from "../../../src/unix.js";
import type { ShimCall } from "../shimvfs.js";

/** One call; what `a` and `b` mean depends on it. */
export interface VfsStep {
  /** "device" asks for sector size and characteristics. */
  call: ShimCall | "device";
  slot: number;
  name?: string | null;
  /** Offset, size, level, flags, opcode, number of a region or of a lock. */
  a?: number;
  /** Amount; in-and-out argument of control; whether to extend; flags of a lock. */
  b?: number;
  data?: Uint8Array;
}

/** Files in numbered slots, on the port's default VFS. */
export class VfsDrive {
  readonly #files = new Map<number, sqlite3_file>();
  readonly #mapped = new Map<number, Uint8Array | null>();

  /** Makes one call; the answer is the text that vfs_drive gives. */
  run(step: VfsStep): string {
    let value: number | null = null;
    let out = new Uint8Array(0);
    const rc = this.#call(
      step,
      (v) => {
        value = v;
      },
      (bytes) => {
        out = bytes;
      },
    );
    return `${rc} ${value ?? -1} ${Buffer.from(out).toString("hex")}`;
  }

  #call(step: VfsStep, give: (v: number) => void, bytes: (b: Uint8Array<ArrayBuffer>) => void): number {
    const { call, slot, name = null, a = 0, b = 0, data = new Uint8Array(0) } = step;
    const vfs = sqlite3_vfs_find(null);
    if (vfs === null) throw new Error("there is no default VFS");
    const f = this.#files.get(slot) ?? new sqlite3_file();
    this.#files.set(slot, f);
    const z = name === null ? null : toCString(name);
    const number = new Ref(-1);
    switch (call) {
      case "open": {
        const none = toCString("");
        const named = z === null ? null : sqlite3_create_filename(z, none, none, 0, []);
        const rc = vfs.xOpen(vfs, named, f, a, number);
        give(f.pMethods === null ? 0 : 1);
        return rc;
      }
      case "delete":
        return vfs.xDelete(vfs, z ?? new Uint8Array(1), a);
      case "access": {
        const rc = vfs.xAccess(vfs, z ?? new Uint8Array(1), a, number);
        if (rc === 0) give(number.value === 0 ? 0 : 1);
        return rc;
      }
      case "fullname": {
        const full = new Uint8Array(vfs.mxPathname + 1);
        const rc = vfs.xFullPathname(vfs, z ?? new Uint8Array(1), full.length, full);
        bytes(full.slice(0, full.indexOf(0)));
        return rc;
      }
      case "sleep":
        vfs.xSleep(vfs, a);
        return 0;
    }
    const m = f.pMethods;
    if (m === null) return -1;
    switch (call) {
      case "close": {
        const rc = m.xClose(f);
        give(f.pMethods === null ? 0 : 1);
        return rc;
      }
      case "read": {
        const buffer = new Uint8Array(b).fill(0xee);
        const rc = m.xRead(f, buffer, b, a);
        bytes(buffer);
        return rc;
      }
      case "write":
        return m.xWrite(f, data, data.length, a);
      case "truncate":
        return m.xTruncate(f, a);
      case "sync":
        return m.xSync(f, a);
      case "size": {
        const rc = m.xFileSize(f, number);
        give(number.value);
        return rc;
      }
      case "lock":
        return m.xLock(f, a);
      case "unlock":
        return m.xUnlock(f, a);
      case "reserved": {
        const rc = m.xCheckReservedLock(f, number);
        if (rc === 0) give(number.value === 0 ? 0 : 1);
        return rc;
      }
      case "control": {
        const value = new Ref(b);
        const rc = m.xFileControl(f, a, value);
        give(value.value);
        return rc;
      }
      case "device":
        give(m.xSectorSize(f) * 1000000 + m.xDeviceCharacteristics(f));
        return 0;
      case "fetch": {
        const p = new Ref<Uint8Array | null>(null);
        const rc = m.xFetch!(f, a, b, p);
        this.#mapped.set(slot, p.value);
        give(p.value === null ? 0 : 1);
        return rc;
      }
      case "unfetch": {
        const rc = m.xUnfetch!(f, a, this.#mapped.get(slot) ?? null);
        this.#mapped.set(slot, null);
        return rc;
      }
      case "shmmap": {
        const p = new Ref<Uint8Array | null>(null);
        const rc = m.xShmMap!(f, a, 32768, b, p);
        give(p.value === null ? 0 : 1);
        return rc;
      }
      case "shmlock":
        return m.xShmLock!(f, a, 1, b);
      case "shmbarrier":
        m.xShmBarrier!(f);
        return 0;
      case "shmunmap":
        return m.xShmUnmap!(f, a);
    }
  }
}
