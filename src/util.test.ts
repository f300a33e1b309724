/**
 * Numbers in text, string comparison and big-endian integers, as real SQLite does them.
 *
 * The tables were printed by a C program around the amalgamation, compiled with gcc.
 */

import { afterEach, describe, expect, it, vi } from "vitest";
import { fromCString, toCString } from "./cstring.js";
import { sqlite3Config } from "./global.js";
import {
  Ref,
  SQLITE_CONFIG_GETMALLOC,
  SQLITE_CONFIG_MALLOC,
  SQLITE_CONFIG_MEMSTATUS,
  SQLITE_CONFIG_MULTITHREAD,
  SQLITE_CONFIG_SINGLETHREAD,
  SQLITE_CONFIG_URI,
  SQLITE_ERROR,
  SQLITE_OK,
  sqlite3_file,
  type sqlite3_mem_methods,
} from "./sqliteInt.js";
import {
  get4byte,
  put4byte,
  sqlite3_stricmp,
  sqlite3_strnicmp,
  sqlite3AbsInt32,
  sqlite3Atoi,
  sqlite3Atoi64,
  sqlite3DecOrHexToI64,
  sqlite3FaultSim,
  sqlite3FileSuffix3,
  sqlite3Get4byte,
  sqlite3GetInt32,
  sqlite3HexToInt,
  sqlite3Put4byte,
  sqlite3StrICmp,
  sqlite3Strlen30,
} from "./util.js";

/** Text, result of sqlite3DecOrHexToI64, what it stored. */
// biome-ignore format: a table
const i64s: [string, number, bigint][] = [
  ["0", 0, 0n],
  ["12", 0, 12n],
  [" 12", 0, 12n],
  ["12 ", 0, 12n],
  [" -12 ", 0, -12n],
  ["12x", 1, 12n],
  ["", -1, 0n],
  ["  ", -1, 0n],
  ["-", -1, 0n],
  ["+", -1, 0n],
  ["+7", 0, 7n],
  ["--7", -1, 0n],
  ["9223372036854775807", 0, 9223372036854775807n],
  ["9223372036854775808", 3, 9223372036854775807n],
  ["-9223372036854775808", 0, -9223372036854775808n],
  ["-9223372036854775809", 2, -9223372036854775808n],
  ["99999999999999999999", 2, 9223372036854775807n],
  ["18446744073709551617", 2, 9223372036854775807n],
  ["000000000000000000000000000012", 0, 12n],
  ["0x", 0, 0n],
  ["0x0", 0, 0n],
  ["0xFf", 0, 255n],
  ["0xffffffffffffffff", 0, -1n],
  ["0x1ffffffffffffffff", 2, -1n],
  ["0xfg", 1, 15n],
  ["0x00000000000000000001", 0, 1n],
  ["1 2", 1, 1n],
  ["1.5", 1, 1n],
  ["-0x5", 1, 0n],
];

/** Text, result of sqlite3GetInt32, what it stored over -77, sqlite3Atoi. */
// biome-ignore format: a table
const i32s: [string, number, number, number][] = [
  ["0", 1, 0, 0],
  ["12", 1, 12, 12],
  ["-12", 1, -12, -12],
  ["+12", 1, 12, 12],
  ["2147483647", 1, 2147483647, 2147483647],
  ["2147483648", 0, -77, 0],
  ["-2147483648", 1, -2147483648, -2147483648],
  ["-2147483649", 0, -77, 0],
  ["12345678901", 0, -77, 0],
  ["0x7fffffff", 1, 2147483647, 2147483647],
  ["0x80000000", 0, -77, 0],
  ["0x", 1, 0, 0],
  ["0x1", 1, 1, 1],
  ["0xfffffffff", 0, -77, 0],
  ["12ab", 1, 12, 12],
  ["", 0, -77, 0],
  ["abc", 0, -77, 0],
  ["-", 0, -77, 0],
  ["00000000000000000005", 1, 5, 5],
  ["-0x5", 1, 0, 0],
  ["0x0000000000001", 1, 1, 1],
];

describe("integers in text", () => {
  it.each(i64s)("sqlite3DecOrHexToI64(%j) is %i, %i", (z, rc, v) => {
    const p = new Ref(-77n);
    expect([sqlite3DecOrHexToI64(toCString(z), p), p.value]).toEqual([rc, v]);
  });

  it.each(i32s)("sqlite3GetInt32(%j) is %i, %i", (z, rc, v, atoi) => {
    const p = new Ref(-77);
    expect([sqlite3GetInt32(toCString(z), p), p.value]).toEqual([rc, v]);
    expect(sqlite3Atoi(toCString(z))).toBe(atoi);
  });

  it("sqlite3Atoi64 reads UTF-16, and no further than told", () => {
    const v = new Ref(0n);
    const le = Uint8Array.from([0x2d, 0, 0x34, 0, 0x32, 0, 0x20, 0]);
    expect([sqlite3Atoi64(le, v, 8, 2), v.value]).toEqual([0, -42n]);
    expect([sqlite3Atoi64(Uint8Array.from([0, 0x34, 0, 0x32]), v, 4, 3), v.value]).toEqual([0, 42n]);
    expect([sqlite3Atoi64(Uint8Array.from([0x34, 0, 0x32, 1]), v, 4, 2), v.value]).toEqual([1, 4n]);
    expect([sqlite3Atoi64(toCString("12345"), v, 3, 1), v.value]).toEqual([0, 123n]);
  });

  it("sqlite3HexToInt", () => {
    const digits = "0123456789abcdefABCDEF";
    expect([...digits].map((c) => sqlite3HexToInt(c.charCodeAt(0)))).toEqual(
      [...digits].map((c) => Number.parseInt(c, 16)),
    );
  });
});

describe("strings", () => {
  const c = (s: string | null): Uint8Array | null => (s === null ? null : toCString(s));

  it.each([
    ["abc", "ABC", 0],
    ["a", "b", -1],
    ["b", "A", 1],
    ["ab", "abc", -99],
    [null, "a", -1],
    ["a", null, 1],
    [null, null, 0],
    ["[", "{", -32],
  ])("sqlite3_stricmp(%j, %j) is %i", (a, b, expected) => {
    expect(sqlite3_stricmp(c(a), c(b))).toBe(expected);
    if (a !== null && b !== null) expect(sqlite3StrICmp(toCString(a), toCString(b))).toBe(expected);
  });

  it.each([
    ["abcX", "ABCY", 3, 0],
    ["abcX", "ABCY", 4, -1],
    ["ab", "ABC", 5, -99],
    ["a", "b", 0, 0],
    [null, "a", 1, -1],
    ["a", null, 1, 1],
    [null, null, 1, 0],
  ])("sqlite3_strnicmp(%j, %j, %i) is %i", (a, b, n, expected) => {
    expect(sqlite3_strnicmp(c(a), c(b), n)).toBe(expected);
  });

  it("sqlite3Strlen30", () => {
    expect(sqlite3Strlen30(null)).toBe(0);
    expect(sqlite3Strlen30(toCString("h\u00e9"))).toBe(3);
    expect(sqlite3Strlen30(Uint8Array.from([0x61, 0, 0x62, 0]))).toBe(1);
  });

  it("sqlite3FileSuffix3 leaves names alone in this build", () => {
    const z = toCString("/tmp/test.db-journal");
    sqlite3FileSuffix3(null, z);
    expect(z).toEqual(toCString("/tmp/test.db-journal"));
  });
});

describe("numbers", () => {
  it("big-endian u32", () => {
    const p = new Uint8Array(8);
    sqlite3Put4byte(p, 0xfedcba98, 2);
    expect([...p]).toEqual([0, 0, 0xfe, 0xdc, 0xba, 0x98, 0, 0]);
    expect(sqlite3Get4byte(p, 2)).toBe(0xfedcba98);
    put4byte(p, -2);
    expect(get4byte(p)).toBe(0xfffffffe);
    put4byte(p, 2 ** 32 + 5);
    expect(get4byte(p)).toBe(5);
  });

  it("sqlite3AbsInt32", () => {
    expect([0, 5, -5, 0x7fffffff, -0x7fffffff, -0x80000000].map(sqlite3AbsInt32)).toEqual([
      0, 5, 5, 0x7fffffff, 0x7fffffff, 0x7fffffff,
    ]);
  });
});

describe("sqlite3FaultSim", () => {
  it("asks the test's callback", () => {
    expect(sqlite3FaultSim(500)).toBe(SQLITE_OK);
    sqlite3Config.xTestCallback = (i) => i + 1;
    try {
      expect(sqlite3FaultSim(500)).toBe(501);
    } finally {
      sqlite3Config.xTestCallback = null;
    }
  });
});

describe("other options", () => {
  const globals = globalThis as { PAGER_MIRROR?: { options: Record<string, number | boolean> } };

  afterEach(() => {
    delete globals.PAGER_MIRROR;
    vi.resetModules();
  });

  /* The option is read while the modules load, so a fresh set of them is needed. */
  async function load(options: Record<string, number | boolean>) {
    vi.resetModules();
    globals.PAGER_MIRROR = { options };
    const [util, main, malloc, os] = await Promise.all([
      import("./util.js"),
      import("./main.js"),
      import("./malloc.js"),
      import("./os/os.js"),
    ]);
    return { util, main, malloc, os };
  }

  it.each([
    ["test.db-journal", "test.nal"],
    ["test.db-wal", "test.wal"],
    ["test.db-shm", "test.shm"],
    ["test.db-mj7f3319fa", "test.9fa"],
    ["a.b/test", "a.b/test"],
    ["test", "test"],
  ])("SQLITE_ENABLE_8_3_NAMES shortens %s to %s", async (name, short) => {
    const { util, main } = await load({ SQLITE_ENABLE_8_3_NAMES: 2 });
    const z = toCString(name);
    util.sqlite3FileSuffix3(null, z);
    expect(fromCString(z)).toBe(short);

    const one = await load({ SQLITE_ENABLE_8_3_NAMES: 1 });
    for (const [value, expected] of [
      ["1", short],
      ["0", name],
    ] as const) {
      const az = ["8_3_names", value].map(toCString);
      const f = one.main.sqlite3_create_filename(toCString("x"), toCString(""), toCString(""), 1, az);
      const z1 = toCString(name);
      one.util.sqlite3FileSuffix3(f, z1);
      expect(fromCString(z1)).toBe(expected);
    }
    expect(main).not.toBe(one.main);
  });

  it("SQLITE_ENABLE_MEMORY_MANAGEMENT tries a failed allocation twice", async () => {
    const { main, malloc } = await load({ SQLITE_ENABLE_MEMORY_MANAGEMENT: true });
    const m = new Ref<sqlite3_mem_methods | null>(null);
    main.sqlite3_config(SQLITE_CONFIG_GETMALLOC, m);
    const calls: string[] = [];
    let fail = 0;
    main.sqlite3_config(SQLITE_CONFIG_MALLOC, {
      ...m.value!,
      xMalloc(n: number) {
        calls.push(`M${n}`);
        return fail-- > 0 ? null : m.value!.xMalloc(n);
      },
      xRealloc(p: Uint8Array, n: number) {
        calls.push(`R${n}`);
        return fail-- > 0 ? null : m.value!.xRealloc(p, n);
      },
    });
    main.sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1);
    main.sqlite3_initialize();
    calls.length = 0;
    fail = 1;
    expect(malloc.sqlite3_malloc(8)).toBeNull();
    malloc.sqlite3_soft_heap_limit64(1000);
    fail = 1;
    const p = malloc.sqlite3_malloc(8);
    expect(p).not.toBeNull();
    fail = 1;
    expect(malloc.sqlite3_realloc(p, 16)).not.toBeNull();
    expect(calls).toEqual(["M8", "M8", "M8", "R16", "R16"]);
    expect(malloc.sqlite3_release_memory(100)).toBe(0);
    main.sqlite3_shutdown();
  });

  it("SQLITE_MAX_MMAP_SIZE 0 maps nothing", async () => {
    const { os } = await load({ SQLITE_MAX_MMAP_SIZE: 0 });
    const pp = new Ref<Uint8Array | null>(new Uint8Array(1));
    const id = new sqlite3_file();
    expect([os.sqlite3OsFetch(id, 0, 1, pp), pp.value, os.sqlite3OsUnfetch(id, 0, null)]).toEqual([
      0,
      null,
      0,
    ]);
  });

  it("SQLITE_THREADSAFE 0 has no mutex options", async () => {
    const { main } = await load({ SQLITE_THREADSAFE: 0 });
    expect([
      main.sqlite3_config(SQLITE_CONFIG_MULTITHREAD),
      main.sqlite3_config(SQLITE_CONFIG_URI, 0),
    ]).toEqual([1, 0]);
    expect(main.sqlite3_threadsafe()).toBe(0);
  });

  it("SQLITE_THREADSAFE 0 initializes: its mutexes are constants that nobody frees", async () => {
    const { main, malloc } = await load({ SQLITE_THREADSAFE: 0 });
    const mutex = await import("./mutex.js");
    const { sqlite3GlobalConfig } = await import("./global.js");
    sqlite3GlobalConfig.bMemstat = 1;
    expect(mutex.sqlite3_mutex_alloc(0)).not.toBeNull();
    expect(sqlite3GlobalConfig.isInit).toBe(0);
    expect(main.sqlite3_initialize()).toBe(0);
    mutex.sqlite3_mutex_free(mutex.sqlite3_mutex_alloc(1));
    expect(malloc.sqlite3_memory_used()).toBe(0);
    main.sqlite3_shutdown();
  });

  it("sqlite3_mutex_alloc initializes first, and answers without core mutexes", async () => {
    const { main, malloc } = await load({ SQLITE_DEFAULT_MEMSTATUS: true });
    const mutex = await import("./mutex.js");
    const { sqlite3GlobalConfig } = await import("./global.js");

    /* A static mutex needs no memory and so no initialization, a dynamic one does. */
    expect(mutex.sqlite3_mutex_alloc(2)).not.toBeNull();
    expect(sqlite3GlobalConfig.isInit).toBe(0);
    const p = mutex.sqlite3_mutex_alloc(0);
    expect([sqlite3GlobalConfig.isInit, malloc.sqlite3_memory_used()]).toEqual([1, 40]);
    mutex.sqlite3_mutex_free(p);
    expect(malloc.sqlite3_memory_used()).toBe(0);
    main.sqlite3_shutdown();

    /* A library that cannot be initialized has no dynamic mutexes. */
    const m = new Ref<sqlite3_mem_methods | null>(null);
    main.sqlite3_config(SQLITE_CONFIG_GETMALLOC, m);
    main.sqlite3_config(SQLITE_CONFIG_MALLOC, { ...m.value!, xInit: () => SQLITE_ERROR });
    expect(mutex.sqlite3_mutex_alloc(0)).toBeNull();
    main.sqlite3_config(SQLITE_CONFIG_MALLOC, m.value);

    main.sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    expect(mutex.sqlite3MutexAlloc(0)).toBeNull();
    const q = mutex.sqlite3_mutex_alloc(0);
    expect([q === null, malloc.sqlite3_memory_used()]).toEqual([false, 0]);
    mutex.sqlite3_mutex_free(q);
    main.sqlite3_shutdown();
  });

  it("SQLITE_DISABLE_LFS gives SQLITE_NOLFS a text", async () => {
    const { main } = await load({ SQLITE_DISABLE_LFS: true });
    expect(main.sqlite3_errstr(22)).toBe("large file support is disabled");
  });
});
