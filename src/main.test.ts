/**
 * Initialization, configuration, result codes, file names and the test door, as real SQLite has them.
 *
 * The tables and byte strings were printed by a C program around the amalgamation, compiled with gcc
 * and the options of better-sqlite3.
 */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CString, fromCString, toCString } from "./cstring.js";
import { sqlite3BeginBenignMalloc, sqlite3EndBenignMalloc } from "./fault.js";
import { sqlite3Config } from "./global.js";
import {
  SQLITE_CANTOPEN_BKPT,
  SQLITE_CORRUPT_BKPT,
  SQLITE_MISUSE_BKPT,
  sqlite3_config,
  sqlite3_create_filename,
  sqlite3_data_directory,
  sqlite3_errstr,
  sqlite3_filename_database,
  sqlite3_filename_journal,
  sqlite3_filename_wal,
  sqlite3_free_filename,
  sqlite3_initialize,
  sqlite3_libversion,
  sqlite3_libversion_number,
  sqlite3_shutdown,
  sqlite3_sleep,
  sqlite3_sourceid,
  sqlite3_temp_directory,
  sqlite3_test_control,
  sqlite3_threadsafe,
  sqlite3_uri_boolean,
  sqlite3_uri_int64,
  sqlite3_uri_key,
  sqlite3_uri_parameter,
  sqlite3CorruptPgnoError,
  sqlite3ErrName,
  sqlite3ErrStr,
  sqlite3GetBoolean,
  sqlite3IoerrnomemError,
  sqlite3NomemError,
} from "./main.js";
import { PENDING_BYTE, RESERVED_BYTE, SHARED_FIRST, sqlite3_vfs_register } from "./os/os.js";
import { installOsInit } from "./os/os_init.js";
import { sqlite3_randomness } from "./random.js";
import {
  AssertionError,
  Ref,
  SQLITE_CANTOPEN,
  SQLITE_CONFIG_COVERING_INDEX_SCAN,
  SQLITE_CONFIG_GETMALLOC,
  SQLITE_CONFIG_GETMUTEX,
  SQLITE_CONFIG_GETPCACHE,
  SQLITE_CONFIG_GETPCACHE2,
  SQLITE_CONFIG_HEAP,
  SQLITE_CONFIG_LOG,
  SQLITE_CONFIG_LOOKASIDE,
  SQLITE_CONFIG_MALLOC,
  SQLITE_CONFIG_MEMDB_MAXSIZE,
  SQLITE_CONFIG_MEMSTATUS,
  SQLITE_CONFIG_MMAP_SIZE,
  SQLITE_CONFIG_MULTITHREAD,
  SQLITE_CONFIG_MUTEX,
  SQLITE_CONFIG_PAGECACHE,
  SQLITE_CONFIG_PCACHE,
  SQLITE_CONFIG_PCACHE_HDRSZ,
  SQLITE_CONFIG_PCACHE2,
  SQLITE_CONFIG_PMASZ,
  SQLITE_CONFIG_ROWID_IN_VIEW,
  SQLITE_CONFIG_SERIALIZED,
  SQLITE_CONFIG_SINGLETHREAD,
  SQLITE_CONFIG_SMALL_MALLOC,
  SQLITE_CONFIG_SORTERREF_SIZE,
  SQLITE_CONFIG_STMTJRNL_SPILL,
  SQLITE_CONFIG_URI,
  SQLITE_CORRUPT,
  SQLITE_ERROR,
  SQLITE_IOERR_NOMEM,
  SQLITE_MISUSE,
  SQLITE_NOMEM,
  SQLITE_NOTFOUND,
  SQLITE_OK,
  SQLITE_TESTCTRL_ALWAYS,
  SQLITE_TESTCTRL_ASSERT,
  SQLITE_TESTCTRL_BENIGN_MALLOC_HOOKS,
  SQLITE_TESTCTRL_BITVEC_TEST,
  SQLITE_TESTCTRL_BYTEORDER,
  SQLITE_TESTCTRL_EXTRA_SCHEMA_CHECKS,
  SQLITE_TESTCTRL_FAULT_INSTALL,
  SQLITE_TESTCTRL_ISINIT,
  SQLITE_TESTCTRL_JSON_SELFCHECK,
  SQLITE_TESTCTRL_LOCALTIME_FAULT,
  SQLITE_TESTCTRL_NEVER_CORRUPT,
  SQLITE_TESTCTRL_ONCE_RESET_THRESHOLD,
  SQLITE_TESTCTRL_PENDING_BYTE,
  SQLITE_TESTCTRL_PRNG_RESTORE,
  SQLITE_TESTCTRL_PRNG_SAVE,
  SQLITE_TESTCTRL_PRNG_SEED,
  SQLITE_TESTCTRL_TRACEFLAGS,
  SQLITE_TESTCTRL_TUNE,
  SQLITE_TESTCTRL_VDBE_COVERAGE,
  type sqlite3_mem_methods,
  type sqlite3_pcache_methods2,
  type sqlite3_vfs,
} from "./sqliteInt.js";

const hex = (a: Uint8Array): string => Buffer.from(a).toString("hex");

const m0 = (() => {
  const p = new Ref<sqlite3_mem_methods | null>(null);
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, p);
  return p.value!;
})();

let trace: string[] = [];
let failAfter = -1;

/** The default allocator, writing down what is asked of it; allocation number `failAfter` fails. */
const traced: sqlite3_mem_methods = {
  ...m0,
  xMalloc(n) {
    trace.push(`M${n}`);
    return failAfter >= 0 && failAfter-- === 0 ? null : m0.xMalloc(n);
  },
  xFree(p) {
    trace.push(`F${m0.xSize(p)}`);
  },
};

beforeEach(() => {
  failAfter = -1;
  sqlite3_shutdown();
  /* One VFS that does nothing: what the platform registers is not this file's business. */
  installOsInit(
    () => sqlite3_vfs_register({ zName: "none", pNext: null } as unknown as sqlite3_vfs, 1),
    null,
  );
  expect(sqlite3_initialize()).toBe(SQLITE_OK);
});

afterEach(() => {
  failAfter = -1;
  sqlite3_shutdown();
  installOsInit(null, null);
  sqlite3_config(SQLITE_CONFIG_MALLOC, m0);
  sqlite3_config(SQLITE_CONFIG_LOG, null, null);
});

describe("version", () => {
  it("is the mirrored one", () => {
    expect(sqlite3_libversion()).toBe("3.53.2");
    expect(sqlite3_libversion_number()).toBe(3053002);
    expect(sqlite3_sourceid().slice(20, 30)).toBe("d6e03d8c77");
    expect(sqlite3_threadsafe()).toBe(2);
  });
});

describe("sqlite3_initialize and sqlite3_shutdown", () => {
  it("make upstream's allocations", () => {
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_MALLOC, traced);
    trace = [];
    expect(sqlite3_initialize()).toBe(SQLITE_OK);
    expect(trace.join(" ")).toBe("M40 M10 F10 F40");
    expect(sqlite3_initialize()).toBe(SQLITE_OK);
    expect(trace.length).toBe(4);
  });

  it("fail and recover when memory runs out", () => {
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_MALLOC, traced);
    const results: [number, string][] = [];
    for (const n of [0, 1, 2, -1]) {
      trace = [];
      failAfter = n;
      results.push([sqlite3_initialize(), trace.join(" ")]);
    }
    expect(results).toEqual([
      [SQLITE_NOMEM, "M40"],
      [SQLITE_NOMEM, "M40 M10 F40"],
      [SQLITE_OK, "M40 M10 F10 F40"],
      [SQLITE_OK, ""],
    ]);
    expect(sqlite3Config.nRefInitMutex).toBe(0);
  });

  it("run the platform's functions, which may call back", () => {
    sqlite3_shutdown();
    const calls: string[] = [];
    installOsInit(
      () => (calls.push(`init ${sqlite3_initialize()} ${sqlite3Config.isInit}`), SQLITE_OK),
      () => (calls.push("end"), SQLITE_OK),
    );
    expect(sqlite3_test_control(SQLITE_TESTCTRL_ISINIT)).toBe(SQLITE_ERROR);
    sqlite3_initialize();
    sqlite3_initialize();
    expect(sqlite3_test_control(SQLITE_TESTCTRL_ISINIT)).toBe(SQLITE_OK);
    sqlite3_temp_directory.value = toCString("/tmp");
    sqlite3_data_directory.value = toCString("/data");
    sqlite3_shutdown();
    sqlite3_shutdown();
    expect(calls).toEqual(["init 0 0", "end"]);
    expect([sqlite3_temp_directory.value, sqlite3_data_directory.value]).toEqual([null, null]);

    installOsInit(() => SQLITE_CANTOPEN, null);
    expect(sqlite3_initialize()).toBe(SQLITE_CANTOPEN);
    expect(sqlite3_test_control(SQLITE_TESTCTRL_ISINIT)).toBe(SQLITE_ERROR);
  });
});

describe("sqlite3_config", () => {
  it("is misuse while the library is initialized, but for two options", () => {
    const log: string[] = [];
    expect(
      sqlite3_config(SQLITE_CONFIG_LOG, (_: unknown, rc: number, z: CString) =>
        log.push(`${rc} ${fromCString(z)}`),
      ),
    ).toBe(SQLITE_OK);
    expect(sqlite3_config(SQLITE_CONFIG_URI, 1)).toBe(SQLITE_MISUSE);
    expect(sqlite3_config(-1)).toBe(SQLITE_MISUSE);
    expect(sqlite3_config(64)).toBe(SQLITE_MISUSE);
    const hdr = new Ref(0);
    expect(sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, hdr)).toBe(SQLITE_OK);
    expect(hdr.value).toBe(272);
    expect(log).toEqual(Array(3).fill("21 misuse at line 187657 of [d6e03d8c77]"));
  });

  it("sets what it is told", () => {
    sqlite3_shutdown();
    const before = { ...sqlite3Config };
    const c = sqlite3Config;
    const get = (op: number, ...args: unknown[]) => expect(sqlite3_config(op, ...args)).toBe(SQLITE_OK);
    get(SQLITE_CONFIG_SINGLETHREAD);
    expect([c.bCoreMutex, c.bFullMutex]).toEqual([0, 0]);
    get(SQLITE_CONFIG_SERIALIZED);
    expect([c.bCoreMutex, c.bFullMutex]).toEqual([1, 1]);
    get(SQLITE_CONFIG_MULTITHREAD);
    expect([c.bCoreMutex, c.bFullMutex]).toEqual([1, 0]);
    const mutex = {};
    const gotMutex = new Ref<unknown>(null);
    get(SQLITE_CONFIG_MUTEX, mutex);
    get(SQLITE_CONFIG_GETMUTEX, gotMutex);
    expect(gotMutex.value).toBe(mutex);
    get(SQLITE_CONFIG_MUTEX, null);
    get(SQLITE_CONFIG_MEMSTATUS, 1);
    get(SQLITE_CONFIG_SMALL_MALLOC, 257);
    get(SQLITE_CONFIG_URI, 1);
    get(SQLITE_CONFIG_COVERING_INDEX_SCAN, 0);
    get(SQLITE_CONFIG_LOOKASIDE, 64, 5);
    get(SQLITE_CONFIG_PMASZ, -1);
    get(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
    get(SQLITE_CONFIG_MEMDB_MAXSIZE, 2 ** 40);
    get(SQLITE_CONFIG_PCACHE, {});
    const rowid = new Ref(5);
    get(SQLITE_CONFIG_ROWID_IN_VIEW, rowid);
    expect(rowid.value).toBe(0);
    const page = new Uint8Array(1024);
    get(SQLITE_CONFIG_PAGECACHE, page, 512, 2);
    expect([c.bMemstat, c.bSmallMalloc, c.bOpenUri, c.bUseCis, c.szLookaside, c.nLookaside, c.szPma]).toEqual(
      [1, 1, 1, 0, 64, 5, 0xffffffff],
    );
    expect([c.nStmtSpill, c.mxMemdbSize, c.szPage, c.nPage]).toEqual([-1, 2 ** 40, 512, 2]);
    expect(c.pPage).toBe(page);
    for (const op of [SQLITE_CONFIG_HEAP, SQLITE_CONFIG_GETPCACHE, SQLITE_CONFIG_SORTERREF_SIZE, 999, -1]) {
      expect(sqlite3_config(op)).toBe(SQLITE_ERROR);
    }
    Object.assign(sqlite3Config, before);
  });

  it("bounds the sizes of memory mappings", () => {
    sqlite3_shutdown();
    const sizes = (szMmap: number, mxMmap: number): [number, number] => {
      expect(sqlite3_config(SQLITE_CONFIG_MMAP_SIZE, szMmap, mxMmap)).toBe(SQLITE_OK);
      return [sqlite3Config.szMmap, sqlite3Config.mxMmap];
    };
    expect(sizes(5000, 1000)).toEqual([1000, 1000]);
    expect(sizes(1e12, 1e12)).toEqual([2147418112, 2147418112]);
    expect(sizes(-1, -1)).toEqual([0, 2147418112]);
  });

  it("hands out copies of the method tables", () => {
    sqlite3_shutdown();
    const m = new Ref<sqlite3_mem_methods | null>(null);
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, m);
    expect(m.value!.xMalloc).toBe(m0.xMalloc);
    m.value!.xMalloc = () => null;
    expect(sqlite3Config.m.xMalloc).toBe(m0.xMalloc);
    const pcache2 = new Ref<sqlite3_pcache_methods2 | null>(null);
    sqlite3_config(SQLITE_CONFIG_GETPCACHE2, pcache2);
    expect(pcache2.value!.iVersion).toBe(1);
    const xFetch = pcache2.value!.xFetch;
    sqlite3_config(SQLITE_CONFIG_PCACHE2, { ...pcache2.value!, xFetch: () => null });
    expect(sqlite3Config.pcache2.xFetch).not.toBe(xFetch);
    sqlite3_config(SQLITE_CONFIG_PCACHE2, pcache2.value);
    expect(sqlite3Config.pcache2.xFetch).toBe(xFetch);
  });
});

describe("result codes", () => {
  it.each([
    [0, "not an error"],
    [1, "SQL logic error"],
    [2, "unknown error"],
    [3, "access permission denied"],
    [4, "query aborted"],
    [5, "database is locked"],
    [6, "database table is locked"],
    [7, "out of memory"],
    [8, "attempt to write a readonly database"],
    [9, "interrupted"],
    [10, "disk I/O error"],
    [11, "database disk image is malformed"],
    [12, "unknown operation"],
    [13, "database or disk is full"],
    [14, "unable to open database file"],
    [15, "locking protocol"],
    [16, "unknown error"],
    [17, "database schema has changed"],
    [18, "string or blob too big"],
    [19, "constraint failed"],
    [20, "datatype mismatch"],
    [21, "bad parameter or other API misuse"],
    [22, "unknown error"],
    [23, "authorization denied"],
    [24, "unknown error"],
    [25, "column index out of range"],
    [26, "file is not a database"],
    [27, "notification message"],
    [28, "warning message"],
    [29, "unknown error"],
    [100, "another row available"],
    [101, "no more rows available"],
    [102, "unknown error"],
    [516, "abort due to ROLLBACK"],
    [261, "database is locked"],
    [266, "disk I/O error"],
    [522, "disk I/O error"],
    [778, "disk I/O error"],
    [5386, "disk I/O error"],
    [1802, "disk I/O error"],
    [1038, "unable to open database file"],
    [283, "notification message"],
    [539, "notification message"],
    [999, "unknown error"],
  ] as [number, string][])("sqlite3_errstr(%i) is %j", (rc, text) => {
    expect(sqlite3_errstr(rc)).toBe(text);
    expect(sqlite3ErrStr(rc)).toBe(text);
  });

  it.each([
    [0, "SQLITE_OK"],
    [1, "SQLITE_ERROR"],
    [769, "SQLITE_ERROR_SNAPSHOT"],
    [513, "SQLITE_ERROR_RETRY"],
    [257, "SQLITE_ERROR_MISSING_COLLSEQ"],
    [2, "SQLITE_INTERNAL"],
    [3, "SQLITE_PERM"],
    [4, "SQLITE_ABORT"],
    [516, "SQLITE_ABORT_ROLLBACK"],
    [5, "SQLITE_BUSY"],
    [261, "SQLITE_BUSY_RECOVERY"],
    [517, "SQLITE_BUSY_SNAPSHOT"],
    [6, "SQLITE_LOCKED"],
    [262, "SQLITE_LOCKED_SHAREDCACHE"],
    [7, "SQLITE_NOMEM"],
    [8, "SQLITE_READONLY"],
    [264, "SQLITE_READONLY_RECOVERY"],
    [1288, "SQLITE_READONLY_CANTINIT"],
    [776, "SQLITE_READONLY_ROLLBACK"],
    [1032, "SQLITE_READONLY_DBMOVED"],
    [1544, "SQLITE_READONLY_DIRECTORY"],
    [9, "SQLITE_INTERRUPT"],
    [10, "SQLITE_IOERR"],
    [266, "SQLITE_IOERR_READ"],
    [522, "SQLITE_IOERR_SHORT_READ"],
    [778, "SQLITE_IOERR_WRITE"],
    [1034, "SQLITE_IOERR_FSYNC"],
    [1290, "SQLITE_IOERR_DIR_FSYNC"],
    [1546, "SQLITE_IOERR_TRUNCATE"],
    [1802, "SQLITE_IOERR_FSTAT"],
    [2058, "SQLITE_IOERR_UNLOCK"],
    [2314, "SQLITE_IOERR_RDLOCK"],
    [2570, "SQLITE_IOERR_DELETE"],
    [3082, "SQLITE_IOERR_NOMEM"],
    [3338, "SQLITE_IOERR_ACCESS"],
    [3594, "SQLITE_IOERR_CHECKRESERVEDLOCK"],
    [3850, "SQLITE_IOERR_LOCK"],
    [4106, "SQLITE_IOERR_CLOSE"],
    [4362, "SQLITE_IOERR_DIR_CLOSE"],
    [4618, "SQLITE_IOERR_SHMOPEN"],
    [4874, "SQLITE_IOERR_SHMSIZE"],
    [5130, "SQLITE_IOERR_SHMLOCK"],
    [5386, "SQLITE_IOERR_SHMMAP"],
    [5642, "SQLITE_IOERR_SEEK"],
    [5898, "SQLITE_IOERR_DELETE_NOENT"],
    [6154, "SQLITE_IOERR_MMAP"],
    [6410, "SQLITE_IOERR_GETTEMPPATH"],
    [6666, "SQLITE_IOERR_CONVPATH"],
    [11, "SQLITE_CORRUPT"],
    [267, "SQLITE_CORRUPT_VTAB"],
    [12, "SQLITE_NOTFOUND"],
    [13, "SQLITE_FULL"],
    [14, "SQLITE_CANTOPEN"],
    [270, "SQLITE_CANTOPEN_NOTEMPDIR"],
    [526, "SQLITE_CANTOPEN_ISDIR"],
    [782, "SQLITE_CANTOPEN_FULLPATH"],
    [1038, "SQLITE_CANTOPEN_CONVPATH"],
    [1550, "SQLITE_CANTOPEN_SYMLINK"],
    [15, "SQLITE_PROTOCOL"],
    [16, "SQLITE_EMPTY"],
    [17, "SQLITE_SCHEMA"],
    [18, "SQLITE_TOOBIG"],
    [19, "SQLITE_CONSTRAINT"],
    [2067, "SQLITE_CONSTRAINT_UNIQUE"],
    [1811, "SQLITE_CONSTRAINT_TRIGGER"],
    [787, "SQLITE_CONSTRAINT_FOREIGNKEY"],
    [275, "SQLITE_CONSTRAINT_CHECK"],
    [1555, "SQLITE_CONSTRAINT_PRIMARYKEY"],
    [1299, "SQLITE_CONSTRAINT_NOTNULL"],
    [531, "SQLITE_CONSTRAINT_COMMITHOOK"],
    [2323, "SQLITE_CONSTRAINT_VTAB"],
    [1043, "SQLITE_CONSTRAINT_FUNCTION"],
    [2579, "SQLITE_CONSTRAINT_ROWID"],
    [20, "SQLITE_MISMATCH"],
    [21, "SQLITE_MISUSE"],
    [22, "SQLITE_NOLFS"],
    [23, "SQLITE_AUTH"],
    [24, "SQLITE_FORMAT"],
    [25, "SQLITE_RANGE"],
    [26, "SQLITE_NOTADB"],
    [100, "SQLITE_ROW"],
    [27, "SQLITE_NOTICE"],
    [283, "SQLITE_NOTICE_RECOVER_WAL"],
    [539, "SQLITE_NOTICE_RECOVER_ROLLBACK"],
    [795, "SQLITE_NOTICE_RBU"],
    [28, "SQLITE_WARNING"],
    [284, "SQLITE_WARNING_AUTOINDEX"],
    [101, "SQLITE_DONE"],
    [773, "SQLITE_BUSY"],
    [1546, "SQLITE_IOERR_TRUNCATE"],
    [4106, "SQLITE_IOERR_CLOSE"],
    [9999, "SQLITE_PROTOCOL"],
    [29, "SQLITE_UNKNOWN(29)"],
    [8458, "SQLITE_IOERR"],
    [2570, "SQLITE_IOERR_DELETE"],
    [-1, "SQLITE_UNKNOWN(-1)"],
  ] as [number, string][])("sqlite3ErrName(%i) is %s", (rc, name) => {
    expect(sqlite3ErrName(rc)).toBe(name);
  });

  it("that are logged name their line", () => {
    const log: [number, string][] = [];
    sqlite3_config(SQLITE_CONFIG_LOG, (_: unknown, rc: number, z: CString) => log.push([rc, fromCString(z)]));
    expect(SQLITE_CANTOPEN_BKPT(65012)).toBe(SQLITE_CANTOPEN);
    expect(SQLITE_CORRUPT_BKPT(1)).toBe(SQLITE_CORRUPT);
    expect(SQLITE_MISUSE_BKPT(2)).toBe(SQLITE_MISUSE);
    expect(sqlite3CorruptPgnoError(3, 4)).toBe(SQLITE_CORRUPT);
    expect(sqlite3NomemError(5)).toBe(SQLITE_NOMEM);
    expect(sqlite3IoerrnomemError(6)).toBe(SQLITE_IOERR_NOMEM);
    expect(log).toEqual([
      [14, "cannot open file at line 65012 of [d6e03d8c77]"],
      [11, "database corruption at line 1 of [d6e03d8c77]"],
      [21, "misuse at line 2 of [d6e03d8c77]"],
      [11, "database corruption page 4 at line 3 of [d6e03d8c77]"],
      [7, "OOM at line 5 of [d6e03d8c77]"],
      [3082, "I/O OOM error at line 6 of [d6e03d8c77]"],
    ]);
  });
});

/** Name and value of a URI parameter; as boolean with default 0 and 7; as integer with default -99. */
// biome-ignore format: a table
const params: [string, string, number, number, number][] = [
  ["mode", "ro", 0, 1, -99],
  ["n", "0x10", 1, 1, 16],
  ["big", "9223372036854775808", 0, 0, -99],
  ["neg", "-9223372036854775808", 0, 1, -(2 ** 63)],
  ["b", "YES", 1, 1, -99],
  ["e", "", 0, 1, -99],
  ["k", "TRUE", 1, 1, -99],
  ["bad", "maybe", 0, 1, -99],
  ["num", "2", 1, 1, 2],
  ["zero", "0", 0, 0, 0],
  ["x", "extra", 0, 1, -99],
  ["full", "full", 0, 1, -99],
  ["sp", " 12 ", 0, 1, 12],
  ["junk", "12ab", 1, 1, -99],
  ["hexjunk", "0x1g", 1, 1, -99],
  ["hexbig", "0x10000000000000000", 0, 0, -99],
  ["hexneg", "0xffffffffffffffff", 0, 0, -1],
  ["plus", "+5", 0, 1, 5],
  ["max", "9007199254740991", 0, 0, 9007199254740991],
  ["n256", "256", 0, 0, 256],
  ["off", "OFF", 0, 0, -99],
];

/** The whole block around a name. */
function block(z: CString): Uint8Array {
  return new Uint8Array(z.buffer, z.byteOffset - 4, z.byteLength + 4);
}

describe("file names", () => {
  const make = (db: string, journal: string, wal: string, az: string[]): CString =>
    sqlite3_create_filename(
      toCString(db),
      toCString(journal),
      toCString(wal),
      az.length / 2,
      az.map(toCString),
    )!;

  it("are laid out as upstream does it", () => {
    const z = make("/tmp/d\u00e9.db", "/tmp/j", "/tmp/w", ["mode", "ro", "n", "0x10"]);
    expect(hex(block(z))).toBe(
      "000000002f746d702f64c3a92e6462006d6f646500726f006e003078313000002f746d702f6a002f746d702f77000000",
    );
    sqlite3_free_filename(z);
    const z2 = make("a", "", "", []);
    expect(hex(block(z2))).toBe("0000000061000000000000");
    expect(fromCString(sqlite3_filename_database(z2))).toBe("a");
    expect(fromCString(sqlite3_filename_journal(z2))).toBe("");
    expect(fromCString(sqlite3_filename_wal(z2))).toBe("");
    sqlite3_free_filename(z2);
    const az = ["k", "v", "k2", "v2"].map(toCString);
    const z3 = sqlite3_create_filename(toCString("a"), toCString("b"), toCString("c"), 1, az)!;
    expect(hex(block(z3))).toBe("0000000061006b00760000620063000000");
    sqlite3_free_filename(z3);
    sqlite3_free_filename(null);
  });

  it("lead to each other and to the parameters", () => {
    const f = make(
      "/x/db",
      "/x/db-journal",
      "/x/db-wal",
      params.flatMap((row) => row.slice(0, 2) as string[]),
    );
    const j = sqlite3_filename_journal(f)!;
    const w = sqlite3_filename_wal(f)!;
    expect([fromCString(f), fromCString(j), fromCString(w)]).toEqual(["/x/db", "/x/db-journal", "/x/db-wal"]);
    expect([j.byteOffset - f.byteOffset, w.byteOffset - f.byteOffset]).toEqual([258, 272]);
    for (const z of [f, j, w]) expect(sqlite3_filename_database(z)!.byteOffset).toBe(f.byteOffset);
    for (const [i, [key, value, bool0, bool7, int]] of params.entries()) {
      expect(fromCString(sqlite3_uri_key(i % 2 ? f : w, i))).toBe(key);
      expect(fromCString(sqlite3_uri_parameter(j, key))).toBe(value);
      expect([key, sqlite3_uri_boolean(f, key, 0), sqlite3_uri_boolean(f, key, 7)]).toEqual([
        key,
        bool0,
        bool7,
      ]);
      expect([key, sqlite3_uri_int64(w, key, -99)]).toEqual([key, int]);
    }
    expect(sqlite3_uri_key(f, -1)).toBeNull();
    expect(sqlite3_uri_key(f, params.length)).toBeNull();
    expect(sqlite3_uri_parameter(f, "nope")).toBeNull();
    expect([sqlite3_uri_boolean(f, "nope", 0), sqlite3_uri_boolean(f, "nope", 5)]).toEqual([0, 1]);
    expect(sqlite3_uri_int64(f, "nope", 123)).toBe(123);
    sqlite3_free_filename(w);
  });

  it("may be null", () => {
    expect([
      sqlite3_uri_parameter(null, "x"),
      sqlite3_uri_boolean(null, "x", 3),
      sqlite3_uri_int64(null, "x", 4),
      sqlite3_uri_key(null, 0),
      sqlite3_filename_database(null),
      sqlite3_filename_journal(null),
      sqlite3_filename_wal(null),
    ]).toEqual([null, 1, 4, null, null, null, null]);
  });

  it("give the very block back that was allocated", () => {
    sqlite3_shutdown();
    sqlite3_config(SQLITE_CONFIG_MALLOC, traced);
    sqlite3_initialize();
    trace = [];
    sqlite3_free_filename(sqlite3_filename_wal(make("a", "b", "c", [])));
    failAfter = 0;
    expect(sqlite3_create_filename(toCString("a"), toCString("b"), toCString("c"), 0, [])).toBeNull();
    expect(trace.join(" ")).toBe("M13 F13 M13");
  });

  it("from elsewhere are an error, not an endless search", () => {
    expect(() => sqlite3_uri_parameter(toCString("x"), "y")).toThrow(AssertionError);
  });
});

describe("sqlite3GetBoolean", () => {
  it("knows upstream's words", () => {
    // biome-ignore format: a table
    const words: [string, number, number][] = [
      ["on", 1, 1], ["off", 0, 0], ["no", 0, 0], ["false", 0, 0], ["yes", 1, 1], ["true", 1, 1], ["extra", 0, 1], ["full", 0, 1], ["ON", 1, 1], ["oN", 1, 1], ["1", 1, 1], ["0", 0, 0], ["7", 1, 1], ["256", 0, 0], ["", 0, 1], ["x", 0, 1], ["y", 0, 1], ["n", 0, 1], ["00", 0, 0], ["-1", 0, 1]
    ];
    for (const [z, dflt0, dflt1] of words) {
      expect([z, sqlite3GetBoolean(toCString(z), 0), sqlite3GetBoolean(toCString(z), 1)]).toEqual([
        z,
        dflt0,
        dflt1,
      ]);
    }
  });
});

describe("sqlite3_sleep", () => {
  it("counts in milliseconds, and needs a VFS", () => {
    const asked: number[] = [];
    sqlite3_vfs_register(
      {
        zName: "sleepy",
        pNext: null,
        xSleep: (_: unknown, us: number) => (asked.push(us), us + 999),
      } as unknown as sqlite3_vfs,
      1,
    );
    expect([sqlite3_sleep(5), sqlite3_sleep(-5)]).toEqual([5, 0]);
    expect(asked).toEqual([5000, 0]);
    sqlite3_shutdown();
    installOsInit(() => SQLITE_CANTOPEN, null);
    expect(sqlite3_sleep(5)).toBe(0);
  });
});

describe("sqlite3_test_control", () => {
  it("moves the lock bytes", () => {
    expect(sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0)).toBe(0x40000000);
    expect(sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0x10000)).toBe(0x40000000);
    expect([PENDING_BYTE(), RESERVED_BYTE(), SHARED_FIRST()]).toEqual([0x10000, 0x10001, 0x10002]);
    expect(sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0x40000000)).toBe(0x10000);
    expect(sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE)).toBe(0x40000000);
  });

  it("seeds, saves and restores the random numbers", () => {
    const bytes = (n: number): string => {
      const p = new Uint8Array(n);
      sqlite3_randomness(n, p);
      return hex(p);
    };
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 12345, null);
    expect(bytes(16)).toBe("2837e74137795e86df22524b77d207f0");
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SAVE);
    expect(bytes(8)).toBe("4b0128bf321cd159");
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_RESTORE);
    expect(bytes(8)).toBe("4b0128bf321cd159");
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 0, null);
    expect(sqlite3Config.iPrngSeed).toBe(0);
  });

  it("runs a bit vector program", () => {
    expect(sqlite3_test_control(SQLITE_TESTCTRL_BITVEC_TEST, 400, Int32Array.from([1, 400, 1, 1, 0]))).toBe(
      0,
    );
  });

  it("installs callbacks", () => {
    expect(sqlite3_test_control(SQLITE_TESTCTRL_FAULT_INSTALL, (i: number) => i + 17)).toBe(17);
    expect(sqlite3_test_control(SQLITE_TESTCTRL_FAULT_INSTALL, null)).toBe(0);
    const calls: string[] = [];
    sqlite3_test_control(
      SQLITE_TESTCTRL_BENIGN_MALLOC_HOOKS,
      () => calls.push("begin"),
      () => calls.push("end"),
    );
    sqlite3BeginBenignMalloc();
    sqlite3EndBenignMalloc();
    sqlite3_test_control(SQLITE_TESTCTRL_BENIGN_MALLOC_HOOKS, null, null);
    sqlite3BeginBenignMalloc();
    expect(calls).toEqual(["begin", "end"]);
  });

  it("tells about the build", () => {
    expect(sqlite3_test_control(SQLITE_TESTCTRL_ASSERT, 5)).toBe(5);
    expect(() => sqlite3_test_control(SQLITE_TESTCTRL_ASSERT, 0)).toThrow(AssertionError);
    /* 2 would mean that ALWAYS() lets everything pass; the debug build asserts. */
    expect(sqlite3_test_control(SQLITE_TESTCTRL_ALWAYS, 2)).toBe(1);
    expect(sqlite3_test_control(SQLITE_TESTCTRL_ALWAYS, 0)).toBe(0);
    expect(sqlite3_test_control(SQLITE_TESTCTRL_BYTEORDER)).toBe(123410);
  });

  it("sets flags", () => {
    const xAlt = (): number => 0;
    sqlite3_test_control(SQLITE_TESTCTRL_LOCALTIME_FAULT, 2, xAlt);
    expect([sqlite3Config.bLocaltimeFault, sqlite3Config.xAltLocaltime]).toEqual([2, xAlt]);
    sqlite3_test_control(SQLITE_TESTCTRL_LOCALTIME_FAULT, 0);
    expect([sqlite3Config.bLocaltimeFault, sqlite3Config.xAltLocaltime]).toEqual([0, null]);
    sqlite3_test_control(SQLITE_TESTCTRL_NEVER_CORRUPT, 1);
    sqlite3_test_control(SQLITE_TESTCTRL_EXTRA_SCHEMA_CHECKS, 0);
    sqlite3_test_control(SQLITE_TESTCTRL_ONCE_RESET_THRESHOLD, 5);
    sqlite3_test_control(SQLITE_TESTCTRL_VDBE_COVERAGE);
    const c = sqlite3Config;
    expect([c.neverCorrupt, c.bExtraSchemaChecks, c.iOnceResetThreshold]).toEqual([1, 0, 5]);
    sqlite3_test_control(SQLITE_TESTCTRL_NEVER_CORRUPT, 0);
    sqlite3_test_control(SQLITE_TESTCTRL_EXTRA_SCHEMA_CHECKS, 1);
    sqlite3_test_control(SQLITE_TESTCTRL_ONCE_RESET_THRESHOLD, 0x7ffffffe);
  });

  it("reads and writes debugging numbers", () => {
    const p = new Ref(-2);
    for (const [op, value] of [
      [1, 0xfffffffe],
      [3, 0x11],
    ] as const) {
      p.value = value;
      sqlite3_test_control(SQLITE_TESTCTRL_TRACEFLAGS, op, p);
      p.value = 0;
      sqlite3_test_control(SQLITE_TESTCTRL_TRACEFLAGS, op - 1, p);
      expect(p.value).toBe(value);
      p.value = 0;
      sqlite3_test_control(SQLITE_TESTCTRL_TRACEFLAGS, op, p);
    }
    p.value = 99;
    expect(sqlite3_test_control(SQLITE_TESTCTRL_TUNE, 6, p)).toBe(0);
    p.value = 0;
    expect(sqlite3_test_control(SQLITE_TESTCTRL_TUNE, -6, p)).toBe(0);
    expect(p.value).toBe(99);
    expect(sqlite3_test_control(SQLITE_TESTCTRL_TUNE, 7, p)).toBe(SQLITE_NOTFOUND);
    p.value = 1;
    sqlite3_test_control(SQLITE_TESTCTRL_JSON_SELFCHECK, p);
    p.value = -1;
    sqlite3_test_control(SQLITE_TESTCTRL_JSON_SELFCHECK, p);
    expect(p.value).toBe(1);
    p.value = 0;
    sqlite3_test_control(SQLITE_TESTCTRL_JSON_SELFCHECK, p);
  });

  it("ignores what it does not know", () => {
    expect(sqlite3_test_control(4711)).toBe(0);
  });
});
