/**
 * The wrappers around VFSes and files: what reaches the implementation, and the list of VFSes.
 */

import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { toCString } from "../cstring.js";
import { sqlite3Config } from "../global.js";
import { sqlite3_config, sqlite3_initialize, sqlite3_shutdown } from "../main.js";
import {
  AssertionError,
  Ref,
  SQLITE_BUSY,
  SQLITE_CANTOPEN,
  SQLITE_CONFIG_GETMALLOC,
  SQLITE_CONFIG_MALLOC,
  SQLITE_FCNTL_SIZE_HINT,
  SQLITE_IOERR,
  SQLITE_LOCK_EXCLUSIVE,
  SQLITE_LOCK_NONE,
  SQLITE_LOCK_PENDING,
  SQLITE_LOCK_SHARED,
  SQLITE_NOMEM,
  SQLITE_NOTFOUND,
  SQLITE_OK,
  SQLITE_OPEN_EXCLUSIVE,
  SQLITE_OPEN_READWRITE,
  SQLITE_SYNC_NORMAL,
  sqlite3_file,
  type sqlite3_io_methods,
  type sqlite3_mem_methods,
  type sqlite3_vfs,
} from "../sqliteInt.js";
import {
  EXCLUSIVE_LOCK,
  NO_LOCK,
  PENDING_BYTE,
  PENDING_LOCK,
  RESERVED_BYTE,
  RESERVED_LOCK,
  SHARED_FIRST,
  SHARED_LOCK,
  SHARED_SIZE,
  SQLITE_FCNTL_DB_UNCHANGED,
  sqlite3_vfs_find,
  sqlite3_vfs_register,
  sqlite3_vfs_unregister,
  sqlite3OsAccess,
  sqlite3OsCheckReservedLock,
  sqlite3OsClose,
  sqlite3OsCloseFree,
  sqlite3OsCurrentTimeInt64,
  sqlite3OsDelete,
  sqlite3OsDeviceCharacteristics,
  sqlite3OsDlClose,
  sqlite3OsDlError,
  sqlite3OsDlOpen,
  sqlite3OsDlSym,
  sqlite3OsFetch,
  sqlite3OsFileControl,
  sqlite3OsFileControlHint,
  sqlite3OsFileSize,
  sqlite3OsFullPathname,
  sqlite3OsGetLastError,
  sqlite3OsInit,
  sqlite3OsLock,
  sqlite3OsOpen,
  sqlite3OsOpenMalloc,
  sqlite3OsRandomness,
  sqlite3OsRead,
  sqlite3OsSectorSize,
  sqlite3OsShmBarrier,
  sqlite3OsShmLock,
  sqlite3OsShmMap,
  sqlite3OsShmUnmap,
  sqlite3OsSleep,
  sqlite3OsSync,
  sqlite3OsTruncate,
  sqlite3OsUnfetch,
  sqlite3OsUnlock,
  sqlite3OsWrite,
} from "./os.js";
import { installOsInit } from "./os_init.js";

let calls: unknown[][] = [];

/** An object whose every method writes down its name and arguments and returns `rc`. */
function recorder<T extends object>(fields: Partial<T>, rc = 0): T {
  return new Proxy(fields as T, {
    get: (target, name) =>
      name in target || typeof name === "symbol" || !name.startsWith("x")
        ? Reflect.get(target, name)
        : (...args: unknown[]) => {
            calls.push([name, ...args]);
            return rc;
          },
  });
}

function vfs(zName: string, more: Partial<sqlite3_vfs> = {}): sqlite3_vfs {
  return recorder<sqlite3_vfs>({ iVersion: 3, zName, pNext: null, szOsFile: 24, mxPathname: 100, ...more });
}

function open(methods: Partial<sqlite3_io_methods> = {}, rc = 77): sqlite3_file {
  const id = new sqlite3_file();
  id.pMethods = recorder<sqlite3_io_methods>(methods, rc);
  return id;
}

function names(): string[] {
  const a: string[] = [];
  for (let p = sqlite3_vfs_find(null); p !== null; p = p.pNext) a.push(p.zName);
  return a;
}

function unregisterAll(): void {
  for (let p = sqlite3_vfs_find(null); p !== null; p = sqlite3_vfs_find(null)) sqlite3_vfs_unregister(p);
}

beforeEach(() => {
  sqlite3_shutdown();
  installOsInit(() => SQLITE_OK, null);
  expect(sqlite3_initialize()).toBe(SQLITE_OK);
  unregisterAll();
  calls = [];
});

afterAll(() => {
  sqlite3_shutdown();
  installOsInit(null, null);
});

describe("constants", () => {
  it("are os.h's", () => {
    expect([NO_LOCK, SHARED_LOCK, RESERVED_LOCK, PENDING_LOCK, EXCLUSIVE_LOCK]).toEqual([0, 1, 2, 3, 4]);
    expect([PENDING_BYTE(), RESERVED_BYTE(), SHARED_FIRST(), SHARED_SIZE]).toEqual([
      0x40000000, 0x40000001, 0x40000002, 510,
    ]);
    expect(SQLITE_FCNTL_DB_UNCHANGED).toBe(0xca093fa0);
  });
});

describe("file wrappers", () => {
  it("pass everything on and return what comes back", () => {
    const id = open();
    const buf = new Uint8Array(4);
    const n = new Ref(0);
    const pp = new Ref<Uint8Array | null>(null);
    const rcs = [
      sqlite3OsRead(id, buf, 4, 100),
      sqlite3OsWrite(id, buf, 4, 2 ** 40),
      sqlite3OsTruncate(id, 5),
      sqlite3OsSync(id, SQLITE_SYNC_NORMAL),
      sqlite3OsFileSize(id, n),
      sqlite3OsLock(id, SQLITE_LOCK_PENDING),
      sqlite3OsUnlock(id, SQLITE_LOCK_NONE),
      sqlite3OsCheckReservedLock(id, n),
      sqlite3OsFileControl(id, SQLITE_FCNTL_SIZE_HINT, n),
      sqlite3OsSectorSize(id),
      sqlite3OsDeviceCharacteristics(id),
      sqlite3OsShmLock(id, 1, 2, 3),
      sqlite3OsShmUnmap(id, 1),
      sqlite3OsShmMap(id, 1, 32768, 1, pp),
      sqlite3OsFetch(id, 4096, 512, pp),
      sqlite3OsUnfetch(id, 4096, buf),
    ];
    sqlite3OsFileControlHint(id, SQLITE_FCNTL_SIZE_HINT, n);
    sqlite3OsShmBarrier(id);
    expect(rcs).toEqual(Array(rcs.length).fill(77));
    expect(calls).toEqual([
      ["xRead", id, buf, 4, 100],
      ["xWrite", id, buf, 4, 2 ** 40],
      ["xTruncate", id, 5],
      ["xSync", id, SQLITE_SYNC_NORMAL],
      ["xFileSize", id, n],
      ["xLock", id, SQLITE_LOCK_PENDING],
      ["xUnlock", id, SQLITE_LOCK_NONE],
      ["xCheckReservedLock", id, n],
      ["xFileControl", id, SQLITE_FCNTL_SIZE_HINT, n],
      ["xSectorSize", id],
      ["xDeviceCharacteristics", id],
      ["xShmLock", id, 1, 2, 3],
      ["xShmUnmap", id, 1],
      ["xShmMap", id, 1, 32768, 1, pp],
      ["xFetch", id, 4096, 512, pp],
      ["xUnfetch", id, 4096, buf],
      ["xFileControl", id, SQLITE_FCNTL_SIZE_HINT, n],
      ["xShmBarrier", id],
    ]);
  });

  it("asks for the sector size on the methods object", () => {
    class Methods {
      size = 8192;
      xSectorSize(): number {
        return this.size;
      }
    }
    const id = new sqlite3_file();
    id.pMethods = new Methods() as unknown as sqlite3_io_methods;
    expect(sqlite3OsSectorSize(id)).toBe(8192);
  });

  it("do without the implementation where upstream does", () => {
    const id = open({ xSectorSize: null as unknown as () => number });
    expect(sqlite3OsSectorSize(id)).toBe(4096);
    expect(sqlite3OsSync(id, 0)).toBe(SQLITE_OK);
    const closed = new sqlite3_file();
    expect(sqlite3OsFileControl(closed, SQLITE_FCNTL_SIZE_HINT, null)).toBe(SQLITE_NOTFOUND);
    sqlite3OsFileControlHint(closed, SQLITE_FCNTL_SIZE_HINT, null);
    sqlite3OsClose(closed);
    expect(calls).toEqual([]);
    expect(() => sqlite3OsDeviceCharacteristics(closed)).toThrow(AssertionError);
  });

  it("allow only the lock levels that may be asked for", () => {
    const id = open();
    expect(() => sqlite3OsLock(id, SQLITE_LOCK_NONE)).toThrow(AssertionError);
    expect(() => sqlite3OsLock(id, SQLITE_LOCK_EXCLUSIVE + 1)).toThrow(AssertionError);
    expect(() => sqlite3OsUnlock(id, SQLITE_LOCK_PENDING)).toThrow(AssertionError);
    expect(sqlite3OsUnlock(id, SQLITE_LOCK_SHARED)).toBe(77);
  });

  it("close once, whatever the implementation says", () => {
    const id = open({}, SQLITE_IOERR);
    sqlite3OsClose(id);
    sqlite3OsClose(id);
    expect(calls).toEqual([["xClose", id]]);
    expect(id.pMethods).toBeNull();
  });
});

describe("VFS wrappers", () => {
  const z = toCString("/a");

  it("pass everything on", () => {
    const v = vfs("v");
    const out = new Ref(0);
    const buf = new Uint8Array(10).fill(1);
    const lib = {};
    sqlite3OsDelete(v, z, 1);
    sqlite3OsAccess(v, z, 2, out);
    sqlite3OsFullPathname(v, z, 10, buf);
    sqlite3OsDlOpen(v, z);
    sqlite3OsDlError(v, 10, buf);
    sqlite3OsDlSym(v, lib, z);
    sqlite3OsDlClose(v, lib);
    sqlite3OsSleep(v, 5);
    sqlite3OsGetLastError(v);
    sqlite3OsCurrentTimeInt64(v, out);
    sqlite3OsRandomness(v, 10, buf);
    expect(buf[0]).toBe(0); /* the name's buffer is emptied before the VFS sees it */
    expect(calls).toEqual([
      ["xDelete", v, z, 1],
      ["xAccess", v, z, 2, out],
      ["xFullPathname", v, z, 10, buf],
      ["xDlOpen", v, z],
      ["xDlError", v, 10, buf],
      ["xDlSym", v, lib, z],
      ["xDlClose", v, lib],
      ["xSleep", v, 5],
      ["xGetLastError", v, 0, null],
      ["xCurrentTimeInt64", v, out],
      ["xRandomness", v, 10, buf],
    ]);
  });

  it("do without methods that a VFS need not have", () => {
    const none = undefined as never;
    const out = new Ref(0);
    const old = vfs("old", {
      iVersion: 1,
      xGetLastError: none,
      xDelete: none,
      xCurrentTime: (_v, p) => {
        p.value = 2461364.5;
        return 3;
      },
    });
    expect(sqlite3OsGetLastError(old)).toBe(0);
    expect(sqlite3OsDelete(old, z, 0)).toBe(SQLITE_OK);
    expect([sqlite3OsCurrentTimeInt64(old, out), out.value]).toEqual([3, 212661892800000]);
    const newer = { ...old, iVersion: 2, xCurrentTimeInt64: none };
    expect([sqlite3OsCurrentTimeInt64(newer, out), out.value]).toEqual([3, 212661892800000]);
    expect(calls).toEqual([]);
  });

  it("answer for randomness while there is a seed", () => {
    const v = vfs("v");
    const buf = new Uint8Array(12).fill(9);
    sqlite3Config.iPrngSeed = 0x80020304;
    try {
      expect(sqlite3OsRandomness(v, 8, buf)).toBe(SQLITE_OK);
    } finally {
      sqlite3Config.iPrngSeed = 0;
    }
    expect([...buf]).toEqual([4, 3, 2, 0x80, 0, 0, 0, 0, 9, 9, 9, 9]);
    expect(calls).toEqual([]);
  });

  it("mask the flags that are not the VFS's business", () => {
    const v = vfs("v");
    const id = new sqlite3_file();
    const out = new Ref(0);
    sqlite3OsOpen(v, z, id, -1, out);
    sqlite3OsOpen(v, null, id, SQLITE_OPEN_EXCLUSIVE, null);
    expect(calls).toEqual([
      ["xOpen", v, z, id, 0x1087f7f, out],
      ["xOpen", v, null, id, SQLITE_OPEN_EXCLUSIVE, null],
    ]);
    expect(() => sqlite3OsOpen(v, null, id, SQLITE_OPEN_READWRITE, null)).toThrow(AssertionError);
  });
});

describe("sqlite3OsOpenMalloc", () => {
  const m0 = new Ref<sqlite3_mem_methods | null>(null);

  it("counts the file's memory, and frees it with the file or after an error", () => {
    const trace: string[] = [];
    let fail = false;
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, m0);
    const m = m0.value!;
    sqlite3_config(SQLITE_CONFIG_MALLOC, {
      ...m,
      xMalloc: (n: number) => (trace.push(`M${n}`), fail ? null : m.xMalloc(n)),
      xFree: (p: Uint8Array) => void trace.push(`F${p.length}`),
    });
    sqlite3_initialize();
    try {
      trace.length = 0;
      let rc = SQLITE_OK;
      const v = vfs("v", {
        xOpen(_v, _z, id) {
          if (rc === SQLITE_OK) id.pMethods = recorder<sqlite3_io_methods>({});
          return rc;
        },
      });
      const pp = new Ref<sqlite3_file | null>(null);
      const z = toCString("/a");
      expect(sqlite3OsOpenMalloc(v, z, pp, 0, null)).toBe(SQLITE_OK);
      expect(pp.value!.mem!.length).toBe(24);
      sqlite3OsCloseFree(pp.value!);
      expect(calls.map((c) => c[0])).toEqual(["xClose"]);
      rc = SQLITE_CANTOPEN;
      expect(sqlite3OsOpenMalloc(v, z, pp, 0, null)).toBe(SQLITE_CANTOPEN);
      expect(pp.value).toBeNull();
      fail = true;
      expect(sqlite3OsOpenMalloc(v, z, pp, 0, null)).toBe(SQLITE_NOMEM);
      expect(pp.value).toBeNull();
      expect(sqlite3OsInit()).toBe(SQLITE_NOMEM);
      fail = false;
      expect(sqlite3OsInit()).toBe(SQLITE_OK);
      expect(trace.join(" ")).toBe("M24 F24 M24 F24 M24 M10 M10 F10");
    } finally {
      sqlite3_shutdown();
      sqlite3_config(SQLITE_CONFIG_MALLOC, m);
    }
  });
});

describe("the list of VFSes", () => {
  it("starts with the default one", () => {
    const [a, b, c] = [vfs("a"), vfs("b"), vfs("c")];
    expect(sqlite3_vfs_find(null)).toBeNull();
    expect(sqlite3_vfs_register(a, 0)).toBe(SQLITE_OK);
    expect(sqlite3_vfs_find(null)).toBe(a);
    sqlite3_vfs_register(b, 0);
    expect(names()).toEqual(["a", "b"]);
    sqlite3_vfs_register(c, 1);
    expect(names()).toEqual(["c", "a", "b"]);
    expect(sqlite3_vfs_find("b")).toBe(b);
    expect(sqlite3_vfs_find("B")).toBeNull();
  });

  it("holds each VFS once", () => {
    const [a, b, c] = [vfs("a"), vfs("b"), vfs("c")];
    for (const v of [a, b, c]) sqlite3_vfs_register(v, 1);
    expect(names()).toEqual(["c", "b", "a"]);
    sqlite3_vfs_register(a, 1);
    expect(names()).toEqual(["a", "c", "b"]);
    sqlite3_vfs_register(a, 0);
    expect(names()).toEqual(["c", "a", "b"]);
    sqlite3_vfs_unregister(a);
    expect(names()).toEqual(["c", "b"]);
    sqlite3_vfs_unregister(a);
    sqlite3_vfs_unregister(null);
    sqlite3_vfs_unregister(c);
    sqlite3_vfs_unregister(b);
    expect(names()).toEqual([]);
    expect(sqlite3_vfs_unregister(b)).toBe(SQLITE_OK);
  });

  it("is out of reach while the library cannot be initialized", () => {
    const a = vfs("a");
    sqlite3_vfs_register(a, 1);
    sqlite3_shutdown();
    installOsInit(() => SQLITE_BUSY, null);
    expect(sqlite3_vfs_find(null)).toBeNull();
    expect(sqlite3_vfs_register(a, 1)).toBe(SQLITE_BUSY);
    expect(sqlite3_vfs_unregister(a)).toBe(SQLITE_BUSY);
    installOsInit(() => SQLITE_OK, null);
    expect(sqlite3_vfs_find("a")).toBe(a); /* the list outlives a shutdown */
  });

  it("is filled by the platform, or not at all", () => {
    sqlite3_shutdown();
    installOsInit(null, null);
    expect(sqlite3_vfs_find(null)).toBeNull();
    sqlite3_shutdown();
    installOsInit(() => sqlite3_vfs_register(vfs("p"), 1), null);
    expect(sqlite3_vfs_find(null)!.zName).toBe("p");
  });
});
