/**
 * The Unix VFS compiled with other options: each arm that a C compiler would choose by `#if`.
 *
 * Every test loads a copy of the port of its own, with the options set before; expectations follow
 * from the C. The copies share the process, and with it the kernel's locks, so each uses its own files.
 *
 * NON-UPSTREAM: tests.
 */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fromCString, toCString } from "../cstring.js";
import type { PagerMirrorOptions } from "../options.js";
import {
  type CString,
  Ref,
  SQLITE_BUSY,
  SQLITE_BUSY_TIMEOUT,
  SQLITE_CANTOPEN,
  SQLITE_CONFIG_SINGLETHREAD,
  SQLITE_FCNTL_BEGIN_ATOMIC_WRITE,
  SQLITE_FCNTL_BLOCK_ON_CONNECT,
  SQLITE_FCNTL_CHUNK_SIZE,
  SQLITE_FCNTL_COMMIT_ATOMIC_WRITE,
  SQLITE_FCNTL_FILESTAT,
  SQLITE_FCNTL_LOCK_TIMEOUT,
  SQLITE_FCNTL_MMAP_SIZE,
  SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE,
  SQLITE_FCNTL_SIZE_HINT,
  SQLITE_IOCAP_BATCH_ATOMIC,
  SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  SQLITE_IOCAP_SUBPAGE_READ,
  SQLITE_IOERR,
  SQLITE_IOERR_BEGIN_ATOMIC,
  SQLITE_IOERR_COMMIT_ATOMIC,
  SQLITE_IOERR_FSYNC,
  SQLITE_IOERR_READ,
  SQLITE_IOERR_ROLLBACK_ATOMIC,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_IOERR_WRITE,
  SQLITE_NOLFS,
  SQLITE_NOMEM,
  SQLITE_NOTFOUND,
  SQLITE_OK,
  SQLITE_OK_SYMLINK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_DELETEONCLOSE,
  SQLITE_OPEN_EXCLUSIVE,
  SQLITE_OPEN_MAIN_DB,
  SQLITE_OPEN_MAIN_JOURNAL,
  SQLITE_OPEN_READONLY,
  SQLITE_OPEN_READWRITE,
  SQLITE_OPEN_TEMP_DB,
  SQLITE_OPEN_URI,
  SQLITE_OPEN_WAL,
  SQLITE_SHM_EXCLUSIVE,
  SQLITE_SHM_LOCK,
  SQLITE_SHM_SHARED,
  SQLITE_SHM_UNLOCK,
  SQLITE_SYNC_FULL,
  SQLITE_SYNC_NORMAL,
  sqlite3_file,
  type sqlite3_syscall_ptr,
  type sqlite3_vfs,
} from "../sqliteInt.js";
import { EXCLUSIVE_LOCK, NO_LOCK, RESERVED_LOCK, SHARED_LOCK, SQLITE_FCNTL_DB_UNCHANGED } from "./os.js";
import type { unixFile } from "./os_unix.js";

const RWC = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
const REGION = 32768;

let root: string;
let nDir = 0;
let dir: string;
let undo: (() => void)[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "os-unix-options-"));
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

beforeEach(() => {
  dir = join(root, `t${nDir++}`);
  mkdirSync(dir);
});

afterEach(() => {
  for (const f of undo.reverse()) f();
  undo = [];
});

/** A copy of the port with these options, and what the tests do with it. */
async function load(
  options: NonNullable<PagerMirrorOptions["options"]>,
  more: PagerMirrorOptions = {},
  single = false,
) {
  vi.resetModules();
  const g = globalThis as { PAGER_MIRROR?: PagerMirrorOptions };
  g.PAGER_MIRROR = { ...more, options };
  const unix = await import("./os_unix.js");
  const os = await import("./os.js");
  const main = await import("../main.js");
  const malloc = await import("../malloc.js");
  const printf = await import("../printf.js");
  const libc = await import("./libc.js");
  const { sqlite3Config } = await import("../global.js");
  const { installOsInit } = await import("./os_init.js");
  delete g.PAGER_MIRROR;
  installOsInit(unix.sqlite3_os_init, unix.sqlite3_os_end);
  if (single) expect(main.sqlite3_config(SQLITE_CONFIG_SINGLETHREAD)).toBe(SQLITE_OK);
  expect(main.sqlite3_initialize()).toBe(SQLITE_OK);
  const vfs: sqlite3_vfs = os.sqlite3_vfs_find("unix")!;
  const open: sqlite3_file[] = [];
  undo.push(() => {
    vfs.xSetSystemCall!(vfs, null, null);
    for (const f of open) {
      if (f.pMethods === null) continue;
      f.pMethods.xShmUnmap!(f, 0);
      f.pMethods.xClose(f);
    }
    expect(main.sqlite3_shutdown()).toBe(SQLITE_OK);
  });
  const override = (zName: string, fn: sqlite3_syscall_ptr): void => {
    expect(vfs.xSetSystemCall!(vfs, zName, fn)).toBe(SQLITE_OK);
  };
  return {
    vfs,
    main,
    malloc,
    printf,
    libc,
    sqlite3Config,
    override,
    restore: (): number => vfs.xSetSystemCall!(vfs, null, null),
    /** Replaces a call by one that fails with `e` for the first `n` times. */
    failing(zName: string, e: number, n = Number.POSITIVE_INFINITY): () => number {
      const real = vfs.xGetSystemCall!(vfs, zName) as unknown as (...args: unknown[]) => unknown;
      let nCall = 0;
      override(zName, ((...args: unknown[]) => {
        if (nCall++ >= n) return real(...args);
        libc.set_errno(e);
        return -1;
      }) as sqlite3_syscall_ptr);
      return () => nCall;
    },
    tryOpen(
      name: string | null,
      flags: number,
      params: string[] = [],
      zVfs = "unix",
    ): { rc: number; f: sqlite3_file } {
      const f = new sqlite3_file();
      const p = os.sqlite3_vfs_find(zVfs)!;
      const none = toCString("");
      const z =
        name === null
          ? null
          : main.sqlite3_create_filename(
              toCString(join(dir, name)),
              none,
              none,
              params.length / 2,
              params.map(toCString),
            );
      const rc = p.xOpen(p, z, f, flags, null);
      if (rc === SQLITE_OK) open.push(f);
      return { rc, f };
    },
    open(
      name: string | null,
      flags = RWC | SQLITE_OPEN_MAIN_DB,
      params: string[] = [],
      zVfs = "unix",
    ): sqlite3_file {
      const { rc, f } = this.tryOpen(name, flags, params, zVfs);
      expect(rc).toBe(SQLITE_OK);
      return f;
    },
    logged(f: () => void): string[] {
      const log: string[] = [];
      sqlite3Config.xLog = (_p, _code, z) => log.push(fromCString(z));
      f();
      sqlite3Config.xLog = null;
      return log;
    },
  };
}

const state = (f: sqlite3_file): unixFile => f.pImpl as unixFile;
const write = (f: sqlite3_file, b: Uint8Array, off: number): number =>
  f.pMethods!.xWrite(f, b, b.length, off);
const lock = (f: sqlite3_file, e: number): number => f.pMethods!.xLock(f, e);

function read(f: sqlite3_file, n: number, off: number): [number, number[]] {
  const b = new Uint8Array(n).fill(0xee);
  return [f.pMethods!.xRead(f, b, n, off), [...b]];
}

function control(f: sqlite3_file, op: number, v: number): [number, number] {
  const p = new Ref(v);
  return [f.pMethods!.xFileControl(f, op, p), p.value];
}

function fetch(f: sqlite3_file, off: number, n: number): Uint8Array | null {
  const pp = new Ref<Uint8Array | null>(null);
  expect(f.pMethods!.xFetch!(f, off, n, pp)).toBe(SQLITE_OK);
  return pp.value;
}

function shmMap(f: sqlite3_file, iRegion: number): number {
  const pp = new Ref<Uint8Array | null>(null);
  const rc = f.pMethods!.xShmMap!(f, iRegion, REGION, 1, pp);
  return rc;
}

const shmLock = (f: sqlite3_file, ofst: number, n: number, flags: number): number =>
  f.pMethods!.xShmLock!(f, ofst, n, flags);

describe("reading and writing", () => {
  test("without pread: lseek, read and write, beyond 4 GiB too", async () => {
    const m = await load({ USE_PREAD: 0 });
    for (const z of ["pread", "pread64", "pwrite", "pwrite64"]) {
      expect(m.vfs.xGetSystemCall!(m.vfs, z)).toBe(null);
    }
    expect(m.vfs.xNextSystemCall!(m.vfs, "read")).toBe("write");
    const f = m.open("db");
    expect(write(f, Uint8Array.of(1, 2, 3), 5)).toBe(SQLITE_OK);
    expect(write(f, Uint8Array.of(4), 2 ** 32 + 7)).toBe(SQLITE_OK);
    expect(read(f, 5, 4)).toEqual([SQLITE_OK, [0, 1, 2, 3, 0]]);
    expect(read(f, 2, 2 ** 32 + 7)).toEqual([SQLITE_IOERR_SHORT_READ, [4, 0]]);
    expect(statSync(join(dir, "db")).size).toBe(2 ** 32 + 8);

    const { EINTR, EIO, EINVAL, EBADF } = m.libc;
    const nRead = m.failing("read", EINTR, 2);
    const nWrite = m.failing("write", EINTR, 2);
    expect(write(f, Uint8Array.of(9), 5)).toBe(SQLITE_OK);
    expect(read(f, 1, 5)).toEqual([SQLITE_OK, [9]]);
    expect([nRead(), nWrite()]).toEqual([3, 3]);
    m.failing("write", EIO);
    expect(write(f, Uint8Array.of(9), 5)).toBe(SQLITE_IOERR_WRITE);
    expect(state(f).lastErrno.value).toBe(EIO);
    m.restore();
    /* the seek fails */
    expect(write(f, Uint8Array.of(9), -1)).toBe(SQLITE_IOERR_WRITE);
    expect(state(f).lastErrno.value).toBe(EINVAL);
    const h = state(f).h;
    state(f).h = 99999;
    expect(read(f, 1, 0)[0]).toBe(SQLITE_IOERR_READ);
    expect(state(f).lastErrno.value).toBe(EBADF);
    state(f).h = h;
  });

  test("pread64 and pwrite64 where a compiler was told of them", async () => {
    const m = await load({ USE_PREAD: 0, USE_PREAD64: 1 });
    expect(m.vfs.xGetSystemCall!(m.vfs, "pread")).toBe(null);
    const f = m.open("db");
    const nWrite = m.failing("pwrite64", m.libc.EINTR, 1);
    const nRead = m.failing("pread64", m.libc.EINTR, 1);
    expect(write(f, Uint8Array.of(1, 2), 2 ** 31)).toBe(SQLITE_OK);
    expect(read(f, 2, 2 ** 31)).toEqual([SQLITE_OK, [1, 2]]);
    expect([nRead(), nWrite()]).toEqual([2, 2]);
  });

  test("fdatasync, or no sync at all", async () => {
    const m = await load({ HAVE_FDATASYNC: 1 });
    const f = m.open("db");
    expect(f.pMethods!.xSync(f, SQLITE_SYNC_NORMAL)).toBe(SQLITE_OK);
    const h = state(f).h;
    state(f).h = 99999;
    expect(f.pMethods!.xSync(f, SQLITE_SYNC_FULL)).toBe(SQLITE_IOERR_FSYNC);
    state(f).h = h;

    const n = await load({ SQLITE_NO_SYNC: 1 });
    const g = n.open("db2");
    const asked = n.failing("fstat", n.libc.EBADF);
    expect(g.pMethods!.xSync(g, SQLITE_SYNC_NORMAL)).toBe(SQLITE_IOERR_FSYNC);
    expect(state(g).lastErrno.value).toBe(n.libc.EBADF);
    expect(asked()).toBe(1);
    n.restore();
    expect(g.pMethods!.xSync(g, SQLITE_SYNC_NORMAL)).toBe(SQLITE_OK);
  });

  test("the directory is not synced with SQLITE_DISABLE_DIRSYNC", async () => {
    const m = await load({ SQLITE_DISABLE_DIRSYNC: 1 });
    m.open("db");
    const j = m.open("db-journal", RWC | SQLITE_OPEN_MAIN_JOURNAL);
    let n = 0;
    m.override("openDirectory", () => {
      n++;
      return SQLITE_CANTOPEN;
    });
    expect(j.pMethods!.xSync(j, SQLITE_SYNC_FULL)).toBe(SQLITE_OK);
    writeFileSync(join(dir, "x"), "1");
    expect(m.vfs.xDelete(m.vfs, toCString(join(dir, "x")), 1)).toBe(SQLITE_OK);
    expect([n, existsSync(join(dir, "x"))]).toEqual([0, false]);
  });

  test("posix_fallocate: EINTR again, EINVAL is no error, the rest is", async () => {
    const m = await load({ HAVE_POSIX_FALLOCATE: 1 });
    const f = m.open("db");
    write(f, new Uint8Array(10), 0);
    control(f, SQLITE_FCNTL_CHUNK_SIZE, 4096);
    const asked: number[][] = [];
    const answers = [m.libc.EINTR, m.libc.EINTR, 0, m.libc.EINVAL, m.libc.ENOSPC];
    m.override("fallocate", (_fd: number, off: number, len: number) => {
      asked.push([off, len]);
      return answers.shift()!;
    });
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 5000)[0]).toBe(SQLITE_OK);
    expect(asked).toEqual([
      [10, 8182],
      [10, 8182],
      [10, 8182],
    ]);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 5000)[0]).toBe(SQLITE_OK);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 5000)[0]).toBe(SQLITE_IOERR_WRITE);
    m.restore();
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 5000)[0]).toBe(SQLITE_OK);
    expect(statSync(join(dir, "db")).size).toBe(8192);
  });
});

describe("opening", () => {
  test("without fchmod a journal keeps what the umask leaves", async () => {
    const m = await load({ HAVE_FCHMOD: 0 });
    expect(m.vfs.xGetSystemCall!(m.vfs, "fchmod")).toBe(null);
    const old = process.umask(0o077);
    try {
      m.libc.fchmod(state(m.open("db")).h, 0o664);
      m.open("db-wal", RWC | SQLITE_OPEN_WAL);
    } finally {
      process.umask(old);
    }
    expect(statSync(join(dir, "db-wal")).mode & 0o777).toBe(0o600);
  });

  test("without fchown nothing is given away", async () => {
    const m = await load({ HAVE_FCHOWN: 0 });
    for (const z of ["fchown", "geteuid"]) expect(m.vfs.xGetSystemCall!(m.vfs, z)).toBe(null);
    m.open("db");
    m.open("db-wal", RWC | SQLITE_OPEN_WAL);
  });

  test("without readlink or lstat symbolic links stay in the name", async () => {
    symlinkSync("db", join(dir, "link"));
    const z = new Uint8Array(513);
    for (const [options, rc, name] of [
      [{ HAVE_READLINK: 0 }, SQLITE_OK, "link"],
      [{ HAVE_LSTAT: 0 }, SQLITE_OK, "link"],
      [{}, SQLITE_OK_SYMLINK, "db"],
    ] as const) {
      const m = await load(options);
      expect(m.vfs.xFullPathname(m.vfs, toCString(join(dir, "link")), 513, z)).toBe(rc);
      expect(fromCString(z)).toBe(join(dir, name));
    }
  });

  test("a file too large for a build without large file support", async () => {
    const m = await load({ SQLITE_DISABLE_LFS: 1 });
    m.failing("fstat", m.libc.EOVERFLOW);
    expect(m.tryOpen("db", RWC | SQLITE_OPEN_MAIN_DB).rc).toBe(SQLITE_NOLFS);
    m.failing("fstat", m.libc.EIO);
    expect(m.tryOpen("db", RWC | SQLITE_OPEN_MAIN_DB).rc).toBe(SQLITE_IOERR);
    const n = await load({});
    n.failing("fstat", n.libc.EOVERFLOW);
    expect(n.tryOpen("db", RWC | SQLITE_OPEN_MAIN_DB).rc).toBe(SQLITE_IOERR);
  });

  test("SQLITE_UNLINK_AFTER_CLOSE: a temporary file lives until it is closed, and so does its name", async () => {
    const m = await load({ SQLITE_UNLINK_AFTER_CLOSE: 1 });
    const a = m.sqlite3Config.m;
    const { xMalloc, xFree } = a;
    let nLive = 0;
    let nLeft = Number.POSITIVE_INFINITY;
    a.xMalloc = (n) => {
      if (nLeft-- <= 0) return null;
      nLive++;
      return xMalloc.call(a, n);
    };
    a.xFree = (p) => {
      nLive--;
      xFree.call(a, p);
    };
    m.main.sqlite3_temp_directory.value = toCString(dir);
    const flags = RWC | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_DELETEONCLOSE | SQLITE_OPEN_TEMP_DB;
    const f = m.open(null, flags);
    const name = fromCString(state(f).zPath);
    expect(existsSync(name)).toBe(true);
    expect(nLive).toBe(1);
    expect(f.pMethods!.xClose(f)).toBe(SQLITE_OK);
    expect(existsSync(name)).toBe(false);
    expect(nLive).toBe(0);
    /* no memory for the name: the descriptor does not leak (the file stays, as upstream's does) */
    const closed: number[] = [];
    m.override("close", (fd: number) => {
      closed.push(fd);
      return m.libc.close(fd);
    });
    nLeft = 0;
    expect(m.tryOpen(null, flags).rc).toBe(SQLITE_NOMEM);
    nLeft = Number.POSITIVE_INFINITY;
    expect([closed.length, nLive]).toEqual([1, 0]);
    /* a file that is not to be deleted keeps its caller's name */
    const j = m.open("t", RWC | SQLITE_OPEN_TEMP_DB);
    expect(j.pMethods!.xClose(j)).toBe(SQLITE_OK);
    expect(existsSync(join(dir, "t"))).toBe(true);
    a.xMalloc = xMalloc;
    a.xFree = xFree;
  });

  test("the words of strerror where there is a way to get them", async () => {
    const m = await load({ HAVE_STRERROR_R: 1 });
    const log = m.logged(() => {
      expect(m.tryOpen("no/db", SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB).rc).toBe(SQLITE_CANTOPEN);
    });
    expect(log.at(-1)).toBe(`os_unix.c:46895: (2) open(${join(dir, "no/db")}) - No such file or directory`);
  });

  test("without core mutexes, inodes and wal-indexes have none", async () => {
    const m = await load({}, {}, true);
    const f = m.open("db");
    expect(state(f).pInode!.pLockMutex).toBe(null);
    expect(lock(f, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(shmMap(f, 0)).toBe(SQLITE_OK);
    expect(state(f).pShm!.pShmNode!.pShmMutex).toBe(null);
    expect(f.pMethods!.xShmUnmap!(f, 1)).toBe(SQLITE_OK);
  });

  test("8.3 names: the wal-index is called after the short name", async () => {
    const uri = RWC | SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_URI;
    const one = await load({ SQLITE_ENABLE_8_3_NAMES: 1 });
    expect(shmMap(one.open("a.db", uri, ["8_3_names", "1"]), 0)).toBe(SQLITE_OK);
    expect(shmMap(one.open("b.db", uri, ["8_3_names", "0"]), 0)).toBe(SQLITE_OK);
    expect(shmMap(one.open("c.db"), 0)).toBe(SQLITE_OK);
    const two = await load({ SQLITE_ENABLE_8_3_NAMES: 2 });
    expect(shmMap(two.open("d.db"), 0)).toBe(SQLITE_OK);
    expect(shmMap(two.open("e"), 0)).toBe(SQLITE_OK); /* no suffix to replace */
    const off = await load({});
    expect(shmMap(off.open("f.db", uri, ["8_3_names", "1"]), 0)).toBe(SQLITE_OK);
    const there = ["a.shm", "b.db-shm", "c.db-shm", "d.shm", "e-shm", "f.db-shm"];
    expect(there.filter((z) => !existsSync(join(dir, z)))).toEqual([]);
    expect(existsSync(join(dir, "a.db-shm"))).toBe(false);
    expect(existsSync(join(dir, "d.db-shm"))).toBe(false);
  });
});

describe("memory mapping", () => {
  const content = Uint8Array.from({ length: 10000 }, (_, i) => i & 0xff);

  test("SQLITE_MMAP_READWRITE: writes go through the mapping", async () => {
    const m = await load({ SQLITE_MMAP_READWRITE: 1 });
    const f = m.open("db");
    write(f, content, 0);
    const prots: number[] = [];
    m.override("mmap", (a: number, n: number, prot: number, flags: number, h: number, off: number) => {
      prots.push(prot);
      return m.libc.mmap(a, n, prot, flags, h, off);
    });
    control(f, SQLITE_FCNTL_MMAP_SIZE, 1 << 20);
    const p = fetch(f, 0, 4096)!;
    let nWrite = 0;
    m.override("pwrite", (fd: number, b: Uint8Array, n: number, off: number) => {
      nWrite++;
      return m.libc.pwrite(fd, b, n, off);
    });
    expect(write(f, Uint8Array.of(7, 7, 7), 100)).toBe(SQLITE_OK);
    expect([...p.subarray(100, 103)]).toEqual([7, 7, 7]);
    expect(nWrite).toBe(0);
    /* the part behind the mapping goes to the file; the bytes of a longer buffer stay out */
    expect(f.pMethods!.xWrite(f, Uint8Array.of(1, 2, 3, 4, 5, 6), 4, 9998)).toBe(SQLITE_OK);
    expect(nWrite).toBe(1);
    expect(write(f, Uint8Array.of(8), 10002)).toBe(SQLITE_OK);
    expect(nWrite).toBe(2);
    expect(read(f, 6, 9997)).toEqual([SQLITE_OK, [9997 & 0xff, 1, 2, 3, 4, 8]]);
    expect(f.pMethods!.xUnfetch!(f, 0, p)).toBe(SQLITE_OK);
    expect(f.pMethods!.xClose(f)).toBe(SQLITE_OK);
    const bytes = readFileSync(join(dir, "db"));
    expect([bytes.length, bytes[100], bytes[9999], bytes[10002]]).toEqual([10003, 7, 2, 8]);

    const ro = m.open("db", SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB);
    control(ro, SQLITE_FCNTL_MMAP_SIZE, 1 << 20);
    const q = fetch(ro, 0, 4096)!;
    expect(q[100]).toBe(7);
    expect(prots).toEqual([m.libc.PROT_READ | m.libc.PROT_WRITE, m.libc.PROT_READ]);
    expect(ro.pMethods!.xUnfetch!(ro, 0, q)).toBe(SQLITE_OK);
  });

  test("without mremap a mapping grows at its end, or is made anew, or is given up", async () => {
    const m = await load({ HAVE_MREMAP: 0 });
    expect(m.vfs.xGetSystemCall!(m.vfs, "mremap")).toBe(null);
    const f = m.open("db");
    write(f, content, 0);
    control(f, SQLITE_FCNTL_MMAP_SIZE, 1 << 20);
    f.pMethods!.xUnfetch!(f, 0, fetch(f, 0, 100)!);
    const pOrig = state(f).pMapAddr;
    const { PROT_READ, MAP_SHARED } = m.libc;
    const MAP_FIXED = 0x10;
    /* address space that nobody else in this process can take, for the mapping to grow into */
    const room = m.libc.mmap(0, 1 << 20, PROT_READ, MAP_SHARED, state(f).h, 0);
    const calls: (string | number)[][] = [];
    let answer: (a: number, n: number, off: number) => number;
    m.override("munmap", (a: number, n: number) => {
      calls.push(["munmap", a, n]);
      return a >= room && a < room + (1 << 20) ? 0 : m.libc.munmap(a, n);
    });
    m.override("mmap", (a: number, n: number, _prot: number, _flags: number, _h: number, off: number) => {
      calls.push(["mmap", a, n, off]);
      return answer(a, n, off);
    });
    const mapAt = (a: number, n: number, off: number): number =>
      m.libc.mmap(a, n, PROT_READ, MAP_SHARED | MAP_FIXED, state(f).h, off);

    /* 8192 of the 10000 bytes are whole pages; the system puts the rest elsewhere */
    const elsewhere = room + (1 << 19);
    answer = (a, n, off) => mapAt(a === 0 ? room : elsewhere, n, off);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 20000)[0]).toBe(SQLITE_OK);
    expect(calls.splice(0)).toEqual([
      ["munmap", pOrig + 8192, 1808],
      ["mmap", pOrig + 8192, 11808, 8192],
      ["munmap", elsewhere, 11808],
      ["munmap", pOrig, 8192],
      ["mmap", 0, 20000, 0],
    ]);
    expect(state(f)).toMatchObject({ pMapAddr: room, mmapSize: 20000, mmapSizeActual: 20000 });
    expect(read(f, 3, 9000)[1]).toEqual([40, 41, 42]);

    /* in place */
    answer = mapAt;
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 30000)[0]).toBe(SQLITE_OK);
    expect(calls.splice(0)).toEqual([
      ["munmap", room + 16384, 3616],
      ["mmap", room + 16384, 13616, 16384],
    ]);
    expect(state(f)).toMatchObject({ pMapAddr: room, mmapSize: 30000, mmapSizeActual: 30000 });
    write(f, Uint8Array.of(1, 2, 3), 29000);
    expect(read(f, 3, 9000)[1]).toEqual([40, 41, 42]);
    expect(read(f, 3, 29000)[1]).toEqual([1, 2, 3]);

    /* refused: no second attempt, and never again for this file */
    answer = () => {
      m.libc.set_errno(m.libc.ENOMEM);
      return m.libc.MAP_FAILED;
    };
    const log = m.logged(() => expect(control(f, SQLITE_FCNTL_SIZE_HINT, 40000)[0]).toBe(SQLITE_OK));
    expect(log).toEqual([`os_unix.c:45838: (${m.libc.ENOMEM}) mmap(${join(dir, "db")}) - `]);
    expect(calls.splice(0)).toEqual([
      ["munmap", room + 28672, 1328],
      ["mmap", room + 28672, 11328, 28672],
      ["munmap", room, 28672],
    ]);
    expect(state(f)).toMatchObject({ pMapRegion: null, mmapSize: 0, mmapSizeActual: 0, mmapSizeMax: 0 });
    expect(read(f, 3, 9000)).toEqual([SQLITE_OK, [40, 41, 42]]);
    m.libc.munmap(room, 1 << 20);
  });

  test("SQLITE_MAX_MMAP_SIZE of 0 removes xFetch, the control and the size", async () => {
    const m = await load({ SQLITE_MAX_MMAP_SIZE: 0 });
    const f = m.open("db");
    write(f, content, 0);
    expect(control(f, SQLITE_FCNTL_MMAP_SIZE, 4096)).toEqual([SQLITE_NOTFOUND, 4096]);
    expect(fetch(f, 0, 4096)).toBe(null);
    expect(f.pMethods!.xUnfetch!(f, 0, null)).toBe(SQLITE_OK);
    expect(read(f, 2, 257)).toEqual([SQLITE_OK, [1, 2]]);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 20000)[0]).toBe(SQLITE_OK);
    expect(f.pMethods!.xTruncate(f, 100)).toBe(SQLITE_OK);
    expect(lock(f, SHARED_LOCK) || f.pMethods!.xUnlock(f, NO_LOCK)).toBe(SQLITE_OK);
    expect(statSync(join(dir, "db")).size).toBe(100);
  });

  test("a 32-bit size_t limits the mapping to 31 bits", async () => {
    const m = await load({ SQLITE_MAX_MMAP_SIZE: 2 ** 40 }, { abi: "wasm32" });
    m.sqlite3Config.mxMmap = 2 ** 40;
    const f = m.open("db");
    expect(control(f, SQLITE_FCNTL_MMAP_SIZE, 2 ** 33 + 4096)[0]).toBe(SQLITE_OK);
    expect(state(f).mmapSizeMax).toBe(4096);
  });

  test("a mapping that no view can show is refused, and reading goes on", async () => {
    const m = await load({ SQLITE_MAX_MMAP_SIZE: 2 ** 40 });
    m.sqlite3Config.mxMmap = 2 ** 40;
    const f = m.open("db");
    write(f, content, 0);
    expect(f.pMethods!.xTruncate(f, 2 ** 32)).toBe(SQLITE_OK);
    expect(control(f, SQLITE_FCNTL_MMAP_SIZE, 2 ** 40)[0]).toBe(SQLITE_OK);
    const log = m.logged(() => expect(fetch(f, 0, 4096)).toBe(null));
    expect(log).toEqual([`os_unix.c:45838: (${m.libc.ENOMEM}) mmap(${join(dir, "db")}) - `]);
    expect(state(f).mmapSizeMax).toBe(0);
    expect(read(f, 2, 257)).toEqual([SQLITE_OK, [1, 2]]);
    /* and so is one that would grow to that size */
    const g = m.open("db2");
    write(g, content, 0);
    control(g, SQLITE_FCNTL_MMAP_SIZE, 2 ** 40);
    g.pMethods!.xUnfetch!(g, 0, fetch(g, 0, 100)!);
    expect(control(g, SQLITE_FCNTL_SIZE_HINT, 2 ** 32)[0]).toBe(SQLITE_OK);
    expect(state(g)).toMatchObject({ pMapRegion: null, pMapAddr: 0, mmapSize: 0, mmapSizeMax: 0 });
    expect(read(g, 2, 257)).toEqual([SQLITE_OK, [1, 2]]);
  });
});

describe("waiting for locks", () => {
  const X = SQLITE_SHM_EXCLUSIVE;
  const S = SQLITE_SHM_SHARED;
  const PENDING = 0x40000000;

  test("SETLK_TIMEOUT 1 with upstream's stand-in: one attempt per millisecond", async () => {
    const m = await load({ SQLITE_ENABLE_SETLK_TIMEOUT: 1, SQLITE_TEST: 1 });
    const f = m.open("db");
    expect(shmMap(f, 0)).toBe(SQLITE_OK);
    const { aMutex } = state(f).pShm!.pShmNode!;
    expect(aMutex.every((x) => x !== null)).toBe(true);
    expect(control(f, SQLITE_FCNTL_LOCK_TIMEOUT, 5)).toEqual([SQLITE_OK, 0]);
    let n = m.failing("fcntl", m.libc.EAGAIN, 3);
    expect(shmLock(f, 3, 1, SQLITE_SHM_LOCK | S)).toBe(SQLITE_OK);
    expect(n()).toBe(4);
    n = m.failing("fcntl", m.libc.EAGAIN);
    expect(shmLock(f, 4, 1, SQLITE_SHM_LOCK | S)).toBe(SQLITE_BUSY_TIMEOUT);
    expect(n()).toBe(5);
    expect(control(f, SQLITE_FCNTL_LOCK_TIMEOUT, -7)).toEqual([SQLITE_OK, 5]);
    expect(control(f, SQLITE_FCNTL_LOCK_TIMEOUT, 0)).toEqual([SQLITE_OK, 0x7fffffff]);
    n = m.failing("fcntl", m.libc.EAGAIN);
    expect(shmLock(f, 4, 1, SQLITE_SHM_LOCK | S)).toBe(SQLITE_BUSY);
    expect(n()).toBe(1);
    m.restore();
    expect(shmLock(f, 4, 3, SQLITE_SHM_LOCK | X)).toBe(SQLITE_OK);
    expect(shmLock(f, 4, 3, SQLITE_SHM_UNLOCK | X)).toBe(SQLITE_OK);
    expect(shmLock(f, 3, 1, SQLITE_SHM_UNLOCK | S)).toBe(SQLITE_OK);
    /* the order in which blocking locks may be taken: recovery, checkpoint, write, read */
    control(f, SQLITE_FCNTL_LOCK_TIMEOUT, 5);
    for (const [ofst, n2] of [
      [1, 1],
      [0, 1],
      [3, 1],
      [4, 1],
    ] as const) {
      expect(shmLock(f, ofst, n2, SQLITE_SHM_LOCK | X)).toBe(SQLITE_OK);
    }
    expect(() => shmLock(f, 2, 1, SQLITE_SHM_LOCK | X)).toThrow();
    expect(() => shmLock(f, 3, 1, SQLITE_SHM_LOCK | S)).toThrow();
    expect(f.pMethods!.xShmUnmap!(f, 0)).toBe(SQLITE_OK);
  });

  test("opening a wal-index does not wait for who is initialising it, and keeps the timeout", async () => {
    const m = await load({ SQLITE_ENABLE_SETLK_TIMEOUT: 1, SQLITE_TEST: 1 });
    const f = m.open("db");
    control(f, SQLITE_FCNTL_LOCK_TIMEOUT, 50);
    let n = 0;
    m.override("fcntl", (fd: number, op: number, arg: { l_type: number; l_start: number }) => {
      if (op === m.libc.F_SETLK && arg.l_start === 128 && arg.l_type === m.libc.F_WRLCK) {
        n++;
        m.libc.set_errno(m.libc.EAGAIN);
        return -1;
      }
      return m.libc.fcntl(fd, op, arg as never);
    });
    expect(shmMap(f, 0)).toBe(SQLITE_BUSY);
    expect(n).toBe(1);
    expect(control(f, SQLITE_FCNTL_LOCK_TIMEOUT, 0)).toEqual([SQLITE_OK, 50]);
    expect(state(f).pInode!.pShmNode).toBe(null);
  });

  test("SETLK_TIMEOUT 2 only knows whether to wait; BLOCK_ON_CONNECT waits for SHARED", async () => {
    const m = await load({ SQLITE_ENABLE_SETLK_TIMEOUT: 2 });
    const f = m.open("db");
    expect(control(f, SQLITE_FCNTL_LOCK_TIMEOUT, 700)).toEqual([SQLITE_OK, 0]);
    expect(control(f, SQLITE_FCNTL_LOCK_TIMEOUT, 0)).toEqual([SQLITE_OK, 1]);
    expect(control(f, SQLITE_FCNTL_LOCK_TIMEOUT, 5)).toEqual([SQLITE_OK, 0]);
    const ops: number[][] = [];
    m.override("fcntl", (fd: number, op: number, arg: { l_type: number; l_start: number; l_len: number }) => {
      ops.push([op, arg.l_type, arg.l_start, arg.l_len]);
      return m.libc.fcntl(fd, op, arg as never);
    });
    const { F_SETLK, F_SETLKW, F_RDLCK, F_WRLCK, F_UNLCK } = m.libc;
    expect(control(f, SQLITE_FCNTL_BLOCK_ON_CONNECT, 1)).toEqual([SQLITE_OK, 1]);
    expect(lock(f, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(ops).toEqual([
      [F_SETLK, F_RDLCK, PENDING, 1],
      [F_SETLKW, F_RDLCK, PENDING + 2, 510],
      [F_SETLK, F_UNLCK, PENDING, 1],
    ]);
    /* the attempt without waiting has used the timeout up */
    expect(control(f, SQLITE_FCNTL_LOCK_TIMEOUT, 0)).toEqual([SQLITE_OK, 0]);
    ops.length = 0;
    expect(lock(f, RESERVED_LOCK) || lock(f, EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
    expect(ops).toEqual([
      [F_SETLK, F_WRLCK, PENDING + 1, 1],
      [F_SETLK, F_WRLCK, PENDING, 1],
      [F_SETLK, F_WRLCK, PENDING + 2, 510],
    ]);
    m.restore();
    expect(f.pMethods!.xUnlock(f, NO_LOCK)).toBe(SQLITE_OK);
    expect(control(f, SQLITE_FCNTL_BLOCK_ON_CONNECT, 0)[0]).toBe(SQLITE_OK);
    /* a lock that is refused is BUSY, never BUSY_TIMEOUT */
    expect(shmMap(f, 0)).toBe(SQLITE_OK);
    control(f, SQLITE_FCNTL_LOCK_TIMEOUT, 5);
    m.failing("fcntl", m.libc.EAGAIN);
    expect(shmLock(f, 4, 1, SQLITE_SHM_LOCK | X)).toBe(SQLITE_BUSY);
  });

  test("without the option the two controls do not exist", async () => {
    const m = await load({});
    const f = m.open("db");
    expect(control(f, SQLITE_FCNTL_LOCK_TIMEOUT, 5)).toEqual([SQLITE_NOTFOUND, 5]);
    expect(control(f, SQLITE_FCNTL_BLOCK_ON_CONNECT, 1)).toEqual([SQLITE_NOTFOUND, 1]);
  });

  test("each of the nine mutexes of a wal-index may be the one that memory is missing for", async () => {
    const m = await load({ SQLITE_ENABLE_SETLK_TIMEOUT: 1 });
    const f = m.open("db");
    const a = m.sqlite3Config.m;
    const { xMalloc, xFree } = a;
    for (let nLeft = 0; nLeft <= 10; nLeft++) {
      let n = nLeft;
      let nLive = 0;
      a.xMalloc = (size) => {
        if (n-- <= 0) return null;
        nLive++;
        return xMalloc.call(a, size);
      };
      a.xFree = (p) => {
        nLive--;
        xFree.call(a, p);
      };
      expect(shmMap(f, 0)).toBe(SQLITE_NOMEM);
      expect([nLive, state(f).pShm, state(f).pInode!.pShmNode]).toEqual([0, null, null]);
    }
    a.xMalloc = xMalloc;
    a.xFree = xFree;
    expect(shmMap(f, 0)).toBe(SQLITE_OK);
  });
});

describe("the rest", () => {
  test("batch-atomic writes", async () => {
    const m = await load({ SQLITE_ENABLE_BATCH_ATOMIC_WRITE: 1 });
    const ops = [
      SQLITE_FCNTL_BEGIN_ATOMIC_WRITE,
      SQLITE_FCNTL_COMMIT_ATOMIC_WRITE,
      SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE,
    ];
    const asked: number[] = [];
    const usual = SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_SUBPAGE_READ;
    for (const [rc, features, caps] of [
      [0, 4, usual | SQLITE_IOCAP_BATCH_ATOMIC],
      [0, 0x80000003, usual],
      [-1, 4, usual],
    ] as const) {
      const f = m.open("db");
      m.override("ioctl", (_fd: number, request: number, arg: number | Uint32Array) => {
        asked.push(request);
        if (typeof arg !== "number") arg[0] = features;
        return rc;
      });
      expect(f.pMethods!.xDeviceCharacteristics(f)).toBe(caps);
      expect(f.pMethods!.xSectorSize(f)).toBe(4096);
      expect(ops.map((op) => f.pMethods!.xFileControl(f, op, null))).toEqual(
        rc === 0
          ? [SQLITE_OK, SQLITE_OK, SQLITE_OK]
          : [SQLITE_IOERR_BEGIN_ATOMIC, SQLITE_IOERR_COMMIT_ATOMIC, SQLITE_IOERR_ROLLBACK_ATOMIC],
      );
      expect(asked.splice(0)).toEqual([0x8004f50c, 0xf501, 0xf502, 0xf505]);
      m.restore();
    }
    const n = await load({});
    const g = n.open("db2");
    expect(ops.map((op) => g.pMethods!.xFileControl(g, op, null))).toEqual(ops.map(() => SQLITE_NOTFOUND));
  });

  test("without SQLITE_DEBUG: FILESTAT only if it is compiled in, DB_UNCHANGED not at all", async () => {
    const m = await load({ SQLITE_DEBUG: 0 });
    const f = m.open("db");
    const p = m.printf.sqlite3_str_new(null);
    expect(f.pMethods!.xFileControl(f, SQLITE_FCNTL_FILESTAT, p)).toBe(SQLITE_NOTFOUND);
    expect(f.pMethods!.xFileControl(f, SQLITE_FCNTL_DB_UNCHANGED, null)).toBe(SQLITE_NOTFOUND);
    m.malloc.sqlite3_free(m.printf.sqlite3_str_finish(p));
    expect(lock(f, SHARED_LOCK) || lock(f, RESERVED_LOCK)).toBe(SQLITE_OK);
    expect(write(f, new Uint8Array(100), 0)).toBe(SQLITE_OK);
    expect(f.pMethods!.xTruncate(f, 0)).toBe(SQLITE_OK);
    expect(state(f)).toMatchObject({ inNormalWrite: 0, dbUpdate: 0, transCntrChng: 0 });
    expect(f.pMethods!.xUnlock(f, SHARED_LOCK) || f.pMethods!.xUnlock(f, NO_LOCK)).toBe(SQLITE_OK);
    expect(shmMap(f, 0)).toBe(SQLITE_OK);
    expect(shmLock(f, 0, 1, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_OK);
    expect(shmLock(f, 0, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_OK);

    const n = await load({ SQLITE_DEBUG: 0, SQLITE_ENABLE_FILESTAT: 1 });
    const g = n.open("db2");
    expect(lock(g, SHARED_LOCK)).toBe(SQLITE_OK);
    const q = n.printf.sqlite3_str_new(null);
    expect(g.pMethods!.xFileControl(g, SQLITE_FCNTL_FILESTAT, q)).toBe(SQLITE_OK);
    const z = n.printf.sqlite3_str_finish(q) as CString;
    expect(JSON.parse(fromCString(z))).toMatchObject({
      vfs: "unix",
      eFileLock: "SHARED",
      pal: "--r/-.---.-----",
    });
    n.malloc.sqlite3_free(z);
  });

  test("sleeping without nanosleep, and without usleep", async () => {
    const m = await load({ HAVE_NANOSLEEP: 0 });
    const clock = (): number => Number(process.hrtime.bigint()) / 1e6;
    let t = clock();
    expect(m.vfs.xSleep(m.vfs, 5000)).toBe(5000);
    expect(clock() - t).toBeGreaterThanOrEqual(5);
    t = clock();
    expect(m.vfs.xSleep(m.vfs, 1000000)).toBe(1000000);
    expect(clock() - t).toBeGreaterThanOrEqual(990);
    const n = await load({ HAVE_NANOSLEEP: 0, HAVE_USLEEP: 0 });
    expect(n.vfs.xSleep(n.vfs, 0)).toBe(0);
    t = clock();
    expect(n.vfs.xSleep(n.vfs, 1)).toBe(1000000); /* whole seconds only */
    expect(clock() - t).toBeGreaterThanOrEqual(990);
  });

  test("time without gettimeofday, and xCurrentTime where it is not left out", async () => {
    const m = await load({ NO_GETTOD: 1, SQLITE_OMIT_DEPRECATED: 0 });
    const now = new Ref(0);
    expect(m.vfs.xCurrentTimeInt64!(m.vfs, now)).toBe(SQLITE_OK);
    expect((now.value - 210866760000000) % 1000).toBe(0);
    expect(Math.abs(now.value - 210866760000000 - Date.now())).toBeLessThan(2000);
    const day = new Ref(0);
    expect(m.vfs.xCurrentTime!(m.vfs, day)).toBe(SQLITE_OK);
    expect(Math.abs((day.value - 2440587.5) * 86400000 - Date.now())).toBeLessThan(2000);
  });

  test("SQLITE_TEST fakes no time", async () => {
    const m = await load({ SQLITE_TEST: 1 });
    const now = new Ref(0);
    expect(m.vfs.xCurrentTimeInt64!(m.vfs, now)).toBe(SQLITE_OK);
    expect(Math.abs(now.value - 210866760000000 - Date.now())).toBeLessThan(2000);
  });

  test("a seed of zeros for repeatable tests", async () => {
    for (const options of [{ SQLITE_OMIT_RANDOMNESS: 1 }, { SQLITE_TEST: 1 }]) {
      const m = await load(options);
      const n = m.failing("open", m.libc.EIO);
      const z = new Uint8Array(64).fill(1);
      expect(m.vfs.xRandomness(m.vfs, 60, z)).toBe(60);
      expect(z.subarray(0, 60).every((x) => x === 0)).toBe(true);
      expect([n(), z[60]]).toEqual([0, 1]);
    }
  });
});
