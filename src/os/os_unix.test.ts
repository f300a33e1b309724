/**
 * The Unix VFS by itself: files, locks against a second process, shared memory, names, system calls.
 *
 * The other process is a Node child that runs the port as well; each is ended through its own handle.
 * Results of xFullPathname were taken from upstream's C, compiled from the same amalgamation. Nothing
 * here reads a database by other means while it is open: that would drop the locks under test.
 *
 * NON-UPSTREAM: tests.
 */

import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fromCString, strlen, toCString } from "../cstring.js";
import { sqlite3Config } from "../global.js";
import {
  sqlite3_create_filename,
  sqlite3_free_filename,
  sqlite3_initialize,
  sqlite3_temp_directory,
} from "../main.js";
import { sqlite3_free } from "../malloc.js";
import { sqlite3_str_append, sqlite3_str_finish, sqlite3_str_new } from "../printf.js";
import {
  type CString,
  Ref,
  SQLITE_ACCESS_EXISTS,
  SQLITE_ACCESS_READWRITE,
  SQLITE_BUSY,
  SQLITE_BUSY_TIMEOUT,
  SQLITE_CANTOPEN,
  SQLITE_DEBUG,
  SQLITE_FCNTL_BEGIN_ATOMIC_WRITE,
  SQLITE_FCNTL_BLOCK_ON_CONNECT,
  SQLITE_FCNTL_CHUNK_SIZE,
  SQLITE_FCNTL_COMMIT_ATOMIC_WRITE,
  SQLITE_FCNTL_EXTERNAL_READER,
  SQLITE_FCNTL_FILESTAT,
  SQLITE_FCNTL_HAS_MOVED,
  SQLITE_FCNTL_LAST_ERRNO,
  SQLITE_FCNTL_LOCK_TIMEOUT,
  SQLITE_FCNTL_LOCKSTATE,
  SQLITE_FCNTL_MMAP_SIZE,
  SQLITE_FCNTL_NULL_IO,
  SQLITE_FCNTL_PERSIST_WAL,
  SQLITE_FCNTL_POWERSAFE_OVERWRITE,
  SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE,
  SQLITE_FCNTL_SIZE_HINT,
  SQLITE_FCNTL_TEMPFILENAME,
  SQLITE_FCNTL_VFSNAME,
  SQLITE_FULL,
  SQLITE_IOCAP_BATCH_ATOMIC,
  SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  SQLITE_IOCAP_SUBPAGE_READ,
  SQLITE_IOERR,
  SQLITE_IOERR_BEGIN_ATOMIC,
  SQLITE_IOERR_CHECKRESERVEDLOCK,
  SQLITE_IOERR_COMMIT_ATOMIC,
  SQLITE_IOERR_CORRUPTFS,
  SQLITE_IOERR_DELETE,
  SQLITE_IOERR_DELETE_NOENT,
  SQLITE_IOERR_DIR_FSYNC,
  SQLITE_IOERR_FSTAT,
  SQLITE_IOERR_FSYNC,
  SQLITE_IOERR_GETTEMPPATH,
  SQLITE_IOERR_LOCK,
  SQLITE_IOERR_NOMEM,
  SQLITE_IOERR_RDLOCK,
  SQLITE_IOERR_READ,
  SQLITE_IOERR_ROLLBACK_ATOMIC,
  SQLITE_IOERR_SHMLOCK,
  SQLITE_IOERR_SHMMAP,
  SQLITE_IOERR_SHMOPEN,
  SQLITE_IOERR_SHMSIZE,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_IOERR_TRUNCATE,
  SQLITE_IOERR_UNLOCK,
  SQLITE_IOERR_WRITE,
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
  SQLITE_OPEN_SUPER_JOURNAL,
  SQLITE_OPEN_TEMP_DB,
  SQLITE_OPEN_TEMP_JOURNAL,
  SQLITE_OPEN_URI,
  SQLITE_OPEN_WAL,
  SQLITE_PERM,
  SQLITE_READONLY,
  SQLITE_READONLY_CANTINIT,
  SQLITE_READONLY_DIRECTORY,
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
import * as libc from "./libc.js";
import {
  EXCLUSIVE_LOCK,
  NO_LOCK,
  PENDING_LOCK,
  RESERVED_LOCK,
  SHARED_LOCK,
  SQLITE_FCNTL_DB_UNCHANGED,
  sqlite3_vfs_find,
} from "./os.js";
import { installOsInit } from "./os_init.js";
import { sqlite3_os_end, sqlite3_os_init, type unixFile } from "./os_unix.js";

const RWC = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
const REGION = 32768;

installOsInit(sqlite3_os_init, sqlite3_os_end);

let root: string;
let nDir = 0;
let dir: string;
let vfs: sqlite3_vfs;
let aOpen: sqlite3_file[] = [];
let aName: CString[] = [];
let aChild: Peer[] = [];

function dbName(zPath: string, params: string[] = []): CString {
  const z = sqlite3_create_filename(
    toCString(zPath),
    toCString(`${zPath}-journal`),
    toCString(`${zPath}-wal`),
    params.length / 2,
    params.map(toCString),
  );
  if (z === null) throw new Error("no memory");
  aName.push(z);
  return z;
}

interface Opened {
  rc: number;
  file: sqlite3_file;
  outFlags: number;
}

function tryOpen(name: string, flags: number, zVfs = "unix", params: string[] = []): Opened {
  const pVfs = sqlite3_vfs_find(zVfs)!;
  const file = new sqlite3_file();
  const out = new Ref(0);
  const isDb = (flags & SQLITE_OPEN_MAIN_DB) !== 0;
  const zPath = join(dir, name);
  const rc = pVfs.xOpen(pVfs, isDb ? dbName(zPath, params) : toCString(zPath), file, flags, out);
  if (rc === SQLITE_OK) aOpen.push(file);
  return { rc, file, outFlags: out.value };
}

function open(
  name: string,
  zVfs = "unix",
  flags = RWC | SQLITE_OPEN_MAIN_DB,
  params: string[] = [],
): sqlite3_file {
  const r = tryOpen(name, flags, zVfs, params);
  expect(r.rc).toBe(SQLITE_OK);
  return r.file;
}

function close(f: sqlite3_file): void {
  aOpen = aOpen.filter((x) => x !== f);
  expect(f.pMethods!.xClose(f)).toBe(SQLITE_OK);
}

const unix = (f: sqlite3_file): unixFile => f.pImpl as unixFile;
const lock = (f: sqlite3_file, e: number): number => f.pMethods!.xLock(f, e);
const unlock = (f: sqlite3_file, e: number): number => f.pMethods!.xUnlock(f, e);
const write = (f: sqlite3_file, b: Uint8Array, off: number): number =>
  f.pMethods!.xWrite(f, b, b.length, off);

function read(f: sqlite3_file, n: number, off: number): { rc: number; buf: Uint8Array } {
  const buf = new Uint8Array(n).fill(0xee);
  return { rc: f.pMethods!.xRead(f, buf, n, off), buf };
}

function size(f: sqlite3_file): number {
  const p = new Ref(-1);
  expect(f.pMethods!.xFileSize(f, p)).toBe(SQLITE_OK);
  return p.value;
}

function control(f: sqlite3_file, op: number, v: number): { rc: number; value: number } {
  const p = new Ref(v);
  const rc = f.pMethods!.xFileControl(f, op, p);
  return { rc, value: p.value };
}

function reserved(f: sqlite3_file): number {
  const p = new Ref(-1);
  expect(f.pMethods!.xCheckReservedLock(f, p)).toBe(SQLITE_OK);
  return p.value;
}

function shmMap(f: sqlite3_file, iRegion: number, bExtend: number): { rc: number; view: Uint8Array | null } {
  const pp = new Ref<Uint8Array | null>(null);
  const rc = f.pMethods!.xShmMap!(f, iRegion, REGION, bExtend, pp);
  return { rc, view: pp.value };
}

const shmLock = (f: sqlite3_file, ofst: number, n: number, flags: number): number =>
  f.pMethods!.xShmLock!(f, ofst, n, flags);

function override(zName: string, fn: sqlite3_syscall_ptr): void {
  expect(vfs.xSetSystemCall!(vfs, zName, fn)).toBe(SQLITE_OK);
}

/** Replaces a call by one that fails with `e`, as long as `when` says so. */
function failing(zName: string, e: number, when: (...args: unknown[]) => boolean = () => true): () => number {
  const real = vfs.xGetSystemCall!(vfs, zName) as unknown as (...args: unknown[]) => unknown;
  let n = 0;
  override(zName, ((...args: unknown[]) => {
    if (!when(...args)) return real(...args);
    n++;
    libc.set_errno(e);
    return -1;
  }) as sqlite3_syscall_ptr);
  return () => n;
}

function filestat(f: sqlite3_file): Record<string, unknown> {
  const p = sqlite3_str_new(null);
  expect(f.pMethods!.xFileControl(f, SQLITE_FCNTL_FILESTAT, p)).toBe(SQLITE_OK);
  sqlite3_str_append(p, toCString(""), 0);
  const z = sqlite3_str_finish(p);
  const text = fromCString(z);
  sqlite3_free(z);
  return JSON.parse(text) as Record<string, unknown>;
}

/* ------------------------------------------------------------------ the other process */

const PEER = `
  if (process.env.PM_OPTIONS) globalThis.PAGER_MIRROR = { options: JSON.parse(process.env.PM_OPTIONS) };
  const at = (m) => import(new URL(m, process.env.PM_BASE).href);
  const { installOsInit } = await at("os_init.ts");
  const unix = await at("os_unix.ts");
  const os = await at("os.ts");
  const main = await at("../main.ts");
  const { toCString } = await at("../cstring.ts");
  const { Ref, sqlite3_file } = await at("../sqliteInt.ts");
  installOsInit(unix.sqlite3_os_init, unix.sqlite3_os_end);
  main.sqlite3_initialize();
  const file = new sqlite3_file();
  const say = (x) => process.stdout.write(JSON.stringify(x) + "\\n");
  let region = null;
  const ops = {
    open(zVfs, path, flags) {
      const vfs = os.sqlite3_vfs_find(zVfs);
      const z = main.sqlite3_create_filename(toCString(path), toCString(path + "-journal"), toCString(path + "-wal"), 0, []);
      return vfs.xOpen(vfs, z, file, flags, null);
    },
    close: () => file.pMethods.xClose(file),
    lock: (e) => file.pMethods.xLock(file, e),
    unlock: (e) => file.pMethods.xUnlock(file, e),
    reserved() { const r = new Ref(-1); const rc = file.pMethods.xCheckReservedLock(file, r); return rc || r.value; },
    control(op, v) { const r = new Ref(v); const rc = file.pMethods.xFileControl(file, op, r); return [rc, r.value]; },
    shmMap(i, extend) {
      const pp = new Ref(null);
      const rc = file.pMethods.xShmMap(file, i, 32768, extend, pp);
      region = pp.value;
      return [rc, region === null ? -1 : region.length];
    },
    shmLock: (o, n, f) => file.pMethods.xShmLock(file, o, n, f),
    shmUnmap(d) { region = null; return file.pMethods.xShmUnmap(file, d); },
    js: (code) => new Function("at", "file", "Ref", code)(at, file, Ref),
    peek: (i) => region[i],
    poke(i, v) { region[i] = v; return 0; },
  };
  say("ready");
  const { createInterface } = await import("node:readline");
  for await (const line of createInterface({ input: process.stdin })) {
    const [op, ...args] = JSON.parse(line);
    try { say(await ops[op](...args)); } catch (e) { say("threw " + (e && e.stack)); }
  }
`;

/** A process that has one file open, driven line by line. */
class Peer {
  readonly #p: ChildProcess;
  readonly #lines: Interface;
  readonly #queue: ((line: string) => void)[] = [];
  #early: string[] = [];

  constructor(
    options: Record<string, number> | null = null,
    args: string[] = ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", PEER],
    env: Record<string, string> = {},
  ) {
    this.#p = spawn(process.execPath, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        ...process.env,
        NODE_OPTIONS: "",
        PM_BASE: import.meta.url,
        PM_OPTIONS: options === null ? "" : JSON.stringify(options),
        ...env,
      },
    });
    this.#lines = createInterface({ input: this.#p.stdout! });
    this.#lines.on("line", (line) => {
      const next = this.#queue.shift();
      if (next === undefined) this.#early.push(line);
      else next(line);
    });
    this.#p.on("exit", () => {
      for (const next of this.#queue) next('"exited"');
      this.#queue.length = 0;
    });
    aChild.push(this);
  }

  #answer(): Promise<unknown> {
    const line = this.#early.shift();
    if (line !== undefined) return Promise.resolve(JSON.parse(line) as unknown);
    return new Promise((resolve) => this.#queue.push((l) => resolve(JSON.parse(l) as unknown)));
  }

  async ready(): Promise<this> {
    expect(await this.#answer()).toBe("ready");
    return this;
  }

  call(op: string, ...args: unknown[]): Promise<unknown> {
    const answer = this.#answer();
    this.#p.stdin!.write(`${JSON.stringify([op, ...args])}\n`);
    return answer;
  }

  /** Ends the process, abruptly, and waits until it is gone (and its locks with it). */
  async kill(): Promise<void> {
    aChild = aChild.filter((x) => x !== this);
    if (this.#p.exitCode === null && this.#p.signalCode === null) {
      const gone = new Promise((resolve) => this.#p.once("exit", resolve));
      this.#p.kill("SIGKILL");
      await gone;
    }
    this.#lines.close();
  }
}

async function peer(
  name: string,
  zVfs = "unix",
  options: Record<string, number> | null = null,
): Promise<Peer> {
  const p = await new Peer(options).ready();
  expect(await p.call("open", zVfs, join(dir, name), RWC | SQLITE_OPEN_MAIN_DB)).toBe(SQLITE_OK);
  return p;
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "os-unix-test-"));
  expect(sqlite3_initialize()).toBe(SQLITE_OK);
  vfs = sqlite3_vfs_find("unix")!;
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

beforeEach(() => {
  dir = join(root, `t${nDir++}`);
  mkdirSync(dir);
});

afterEach(async () => {
  for (const p of [...aChild]) await p.kill();
  vfs.xSetSystemCall!(vfs, null, null);
  sqlite3_temp_directory.value = null;
  const files = aOpen;
  const names = aName;
  aOpen = [];
  aName = [];
  for (const f of files) {
    if (f.pMethods === null) continue;
    f.pMethods.xShmUnmap!(f, 0);
    f.pMethods.xClose(f);
  }
  for (const z of names) sqlite3_free_filename(z);
});

/* ------------------------------------------------------------------ the VFS table */

test("four VFSes are registered and unix is the default", () => {
  expect(sqlite3_vfs_find(null)).toBe(vfs);
  for (const zName of ["unix", "unix-none", "unix-dotfile", "unix-excl"]) {
    const p = sqlite3_vfs_find(zName)!;
    expect(p.zName).toBe(zName);
    expect(p.iVersion).toBe(3);
    expect(p.szOsFile).toBe(120);
    expect(p.mxPathname).toBe(512);
  }
  expect(sqlite3_vfs_find("unix-flock")).toBe(null);
});

/* ------------------------------------------------------------------ reading and writing */

describe("files", () => {
  test("write, read, short read, end of file", () => {
    const f = open("db");
    expect(size(f)).toBe(0);
    const b = Uint8Array.from({ length: 5000 }, (_, i) => i & 0xff);
    expect(write(f, b, 0)).toBe(SQLITE_OK);
    expect(size(f)).toBe(5000);
    expect(read(f, 100, 4000)).toEqual({ rc: SQLITE_OK, buf: b.subarray(4000, 4100) });
    const short = read(f, 100, 4950);
    expect(short.rc).toBe(SQLITE_IOERR_SHORT_READ);
    expect(short.buf.subarray(0, 50)).toEqual(b.subarray(4950));
    expect(short.buf.subarray(50).every((x) => x === 0)).toBe(true);
    const past = read(f, 10, 9000);
    expect(past.rc).toBe(SQLITE_IOERR_SHORT_READ);
    expect(past.buf.every((x) => x === 0)).toBe(true);
    expect(f.pMethods!.xSync(f, SQLITE_SYNC_NORMAL)).toBe(SQLITE_OK);
  });

  test("a file beyond 4 GiB", () => {
    const f = open("db");
    const off = 5 * 2 ** 30 + 17;
    expect(write(f, Uint8Array.of(7, 8, 9), off)).toBe(SQLITE_OK);
    expect(size(f)).toBe(off + 3);
    expect([...read(f, 3, off).buf]).toEqual([7, 8, 9]);
    expect(statSync(join(dir, "db")).size).toBe(off + 3);
    expect(f.pMethods!.xTruncate(f, 2 ** 32 + 1)).toBe(SQLITE_OK);
    expect(size(f)).toBe(2 ** 32 + 1);
  });

  test("a file of one byte has size zero", () => {
    const f = open("db");
    expect(write(f, Uint8Array.of(1), 0)).toBe(SQLITE_OK);
    expect(size(f)).toBe(0);
    expect(statSync(join(dir, "db")).size).toBe(1);
  });

  test("truncate; with a chunk size it rounds up", () => {
    const f = open("db");
    write(f, new Uint8Array(10000), 0);
    expect(f.pMethods!.xTruncate(f, 6000)).toBe(SQLITE_OK);
    expect(size(f)).toBe(6000);
    expect(control(f, SQLITE_FCNTL_CHUNK_SIZE, 4096).rc).toBe(SQLITE_OK);
    expect(f.pMethods!.xTruncate(f, 4097)).toBe(SQLITE_OK);
    expect(size(f)).toBe(8192);
  });

  test("a size hint extends in whole chunks and writes nothing else", () => {
    const f = open("db");
    write(f, new Uint8Array(100).fill(9), 0);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 50000).rc).toBe(SQLITE_OK);
    expect(size(f)).toBe(100); /* no chunk size, no mapping: only a hint */
    control(f, SQLITE_FCNTL_CHUNK_SIZE, 65536);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 65537).rc).toBe(SQLITE_OK);
    expect(size(f)).toBe(131072);
    const { buf } = read(f, 100000, 0);
    expect(buf.subarray(0, 100).every((x) => x === 9)).toBe(true);
    expect(buf.subarray(100).every((x) => x === 0)).toBe(true);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 1000).rc).toBe(SQLITE_OK);
    expect(size(f)).toBe(131072);
  });

  test("a size hint that cannot be met", () => {
    const f = open("db");
    control(f, SQLITE_FCNTL_CHUNK_SIZE, 8192);
    failing("pwrite", libc.ENOSPC);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 8000).rc).toBe(SQLITE_IOERR_WRITE);
    vfs.xSetSystemCall!(vfs, null, null);
    failing("fstat", libc.EIO);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 8000).rc).toBe(SQLITE_IOERR_FSTAT);
  });

  test("errors of reading, writing and truncating", () => {
    const f = open("db");
    write(f, new Uint8Array(4096), 0);
    failing("pwrite", libc.ENOSPC);
    expect(write(f, new Uint8Array(10), 0)).toBe(SQLITE_FULL);
    failing("pwrite", libc.EFBIG);
    expect(write(f, new Uint8Array(10), 0)).toBe(SQLITE_IOERR_WRITE);
    expect(control(f, SQLITE_FCNTL_LAST_ERRNO, 0).value).toBe(libc.EFBIG);
    failing("pread", libc.EISDIR);
    expect(read(f, 10, 0).rc).toBe(SQLITE_IOERR_READ);
    failing("ftruncate", libc.EINVAL);
    expect(f.pMethods!.xTruncate(f, 10)).toBe(SQLITE_IOERR_TRUNCATE);
  });

  test("what a read error means depends on errno", () => {
    const f = open("db");
    for (const e of [libc.EIO, libc.ENXIO, libc.ERANGE]) {
      failing("pread", e);
      expect(read(f, 10, 0).rc).toBe(SQLITE_IOERR_CORRUPTFS);
      expect(control(f, SQLITE_FCNTL_LAST_ERRNO, 0).value).toBe(e);
    }
    failing("fstat", libc.EIO);
    expect(f.pMethods!.xFileSize(f, new Ref(0))).toBe(SQLITE_IOERR_FSTAT);
  });

  test("the first sync of a new journal syncs its directory", () => {
    open("db");
    const j = open("db-journal", "unix", RWC | SQLITE_OPEN_MAIN_JOURNAL);
    const real = vfs.xGetSystemCall!(vfs, "openDirectory") as unknown as (
      z: CString,
      p: Ref<number>,
    ) => number;
    let n = 0;
    override("openDirectory", (z: CString, p: Ref<number>) => {
      n++;
      return real(z, p);
    });
    expect(j.pMethods!.xSync(j, SQLITE_SYNC_NORMAL)).toBe(SQLITE_OK);
    expect(j.pMethods!.xSync(j, SQLITE_SYNC_NORMAL)).toBe(SQLITE_OK);
    expect(n).toBe(1);
    const k = open("db-journal2", "unix", RWC | SQLITE_OPEN_MAIN_JOURNAL);
    override("openDirectory", () => SQLITE_CANTOPEN);
    expect(k.pMethods!.xSync(k, SQLITE_SYNC_NORMAL)).toBe(SQLITE_OK);
    /* something that cannot be synced */
    const h = unix(k).h;
    unix(k).h = libc.open(toCString("/proc/self/stat"), libc.O_RDONLY, 0);
    expect(k.pMethods!.xSync(k, SQLITE_SYNC_NORMAL)).toBe(SQLITE_IOERR_FSYNC);
    libc.close(unix(k).h);
    unix(k).h = h;
  });

  test.runIf(SQLITE_DEBUG)("the debug build follows the change counter", () => {
    const f = open("db");
    const page = new Uint8Array(100);
    write(f, page, 0);
    expect(unix(f)).toMatchObject({ inNormalWrite: 0, dbUpdate: 0, transCntrChng: 0 });
    expect(lock(f, SHARED_LOCK) || lock(f, RESERVED_LOCK) || lock(f, EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
    write(f, page, 0); /* with the old counter */
    expect(unix(f)).toMatchObject({ inNormalWrite: 1, dbUpdate: 1, transCntrChng: 0 });
    page[27] = 1;
    write(f, page, 0);
    expect(unix(f)).toMatchObject({ inNormalWrite: 1, dbUpdate: 1, transCntrChng: 1 });
    expect(unlock(f, NO_LOCK)).toBe(SQLITE_OK);
    expect(unix(f).inNormalWrite).toBe(0);
    expect(lock(f, SHARED_LOCK) || lock(f, RESERVED_LOCK)).toBe(SQLITE_OK);
    expect(unix(f)).toMatchObject({ inNormalWrite: 1, dbUpdate: 0, transCntrChng: 0 });
    write(f, page, 512);
    expect(control(f, SQLITE_FCNTL_DB_UNCHANGED, 0).rc).toBe(SQLITE_OK); /* it has been rolled back */
    expect(unix(f)).toMatchObject({ inNormalWrite: 1, dbUpdate: 0, transCntrChng: 0 });
    expect(unlock(f, NO_LOCK)).toBe(SQLITE_OK);
  });

  test("interrupted and partial transfers are continued", () => {
    const f = open("db");
    let n = 0;
    override("pwrite", (fd: number, b: Uint8Array, cnt: number, off: number) => {
      if (n++ % 2 === 0) {
        libc.set_errno(libc.EINTR);
        return -1;
      }
      return libc.pwrite(fd, b, Math.min(cnt, 7), off);
    });
    let m = 0;
    override("pread", (fd: number, b: Uint8Array, cnt: number, off: number) => {
      if (m++ % 2 === 0) {
        libc.set_errno(libc.EINTR);
        return -1;
      }
      return libc.pread(fd, b, Math.min(cnt, 5), off);
    });
    const b = Uint8Array.from({ length: 40 }, (_, i) => i + 1);
    expect(write(f, b, 3)).toBe(SQLITE_OK);
    expect(read(f, 40, 3)).toEqual({ rc: SQLITE_OK, buf: b });
    expect(n).toBeGreaterThan(10);
    expect(m).toBeGreaterThan(14);
  });
});

/* ------------------------------------------------------------------ xOpen */

describe("xOpen", () => {
  test("flags: missing file, exclusive creation, read-only, a directory, a symbolic link", () => {
    expect(tryOpen("none", SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB).rc).toBe(SQLITE_CANTOPEN);
    close(open("db"));
    /* creation fails since the file exists, and then it is opened for reading, as upstream does */
    const excl = tryOpen("db", RWC | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_MAIN_DB);
    expect(excl.rc).toBe(SQLITE_OK);
    expect(excl.outFlags).toBe(SQLITE_OPEN_READONLY | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_MAIN_DB);
    const ro = tryOpen("db", SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB);
    expect(ro.rc).toBe(SQLITE_OK);
    expect(ro.outFlags).toBe(SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB);
    expect(unix(ro.file).ctrlFlags & 0x02).toBe(0x02); /* UNIXFILE_RDONLY */
    expect(write(ro.file, Uint8Array.of(1), 0)).toBe(SQLITE_IOERR_WRITE);
    mkdirSync(join(dir, "d"));
    expect(tryOpen("d", RWC | SQLITE_OPEN_MAIN_DB).rc).toBe(SQLITE_CANTOPEN);
    symlinkSync("db", join(dir, "link"));
    expect(tryOpen("link", RWC | SQLITE_OPEN_MAIN_DB).rc).toBe(SQLITE_CANTOPEN);
  });

  test("falls back to read-only and says so", () => {
    close(open("db"));
    failing("open", libc.EACCES, (_z, flags) => ((flags as number) & 3) !== libc.O_RDONLY);
    const r = tryOpen("db", RWC | SQLITE_OPEN_MAIN_DB);
    expect(r.rc).toBe(SQLITE_OK);
    expect(r.outFlags).toBe(SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB);
  });

  test("a journal that cannot be created in its directory", () => {
    close(open("db"));
    failing("open", libc.EACCES, (z) => fromCString(z as CString).endsWith("-journal"));
    expect(tryOpen("db-journal", RWC | SQLITE_OPEN_MAIN_JOURNAL).rc).toBe(SQLITE_READONLY_DIRECTORY);
  });

  test("a journal and a WAL take the permissions of the database", () => {
    const old = process.umask(0o077);
    try {
      writeFileSync(join(dir, "db"), "x", { mode: 0o600 });
      libc.fchmod(unix(open("db")).h, 0o664);
      open("db-journal", "unix", RWC | SQLITE_OPEN_MAIN_JOURNAL);
      open("db-wal", "unix", RWC | SQLITE_OPEN_WAL);
      open("other");
      expect(statSync(join(dir, "db-journal")).mode & 0o777).toBe(0o664);
      expect(statSync(join(dir, "db-wal")).mode & 0o777).toBe(0o664);
      expect(statSync(join(dir, "other")).mode & 0o777).toBe(0o600);
      /* no database: no permissions to copy */
      expect(tryOpen("gone-journal", RWC | SQLITE_OPEN_MAIN_JOURNAL).rc).toBe(SQLITE_IOERR_FSTAT);
      /* no '-' before the last '.': the default permissions */
      expect(tryOpen("db.jrn", RWC | SQLITE_OPEN_MAIN_JOURNAL).rc).toBe(SQLITE_OK);
    } finally {
      process.umask(old);
    }
  });

  test("an interrupted open is repeated, descriptors 0 to 2 are not used", () => {
    let n = 0;
    override("open", (z: CString, flags: number, mode: number) => {
      if (n++ > 0) return libc.open(z, flags, mode);
      libc.set_errno(libc.EINTR);
      return -1;
    });
    close(open("db"));
    expect(n).toBe(2);
    const log: string[] = [];
    const closed: number[] = [];
    sqlite3Config.xLog = (_p, _code, z) => log.push(fromCString(z));
    try {
      n = 0;
      const opened: string[] = [];
      override("open", (z: CString, flags: number, mode: number) => {
        opened.push(fromCString(z));
        return n++ < 2 ? 2 : libc.open(z, flags, mode);
      });
      override("close", (fd: number) => {
        closed.push(fd);
        return fd < 3 ? 0 : libc.close(fd);
      });
      open("db");
      const zDb = join(dir, "db");
      expect(opened).toEqual([zDb, "/dev/null", zDb]);
      expect(closed).toEqual([2]);
      expect(log).toEqual([`attempt to open "${zDb}" as file descriptor 2`]);
    } finally {
      sqlite3Config.xLog = null;
    }
  });

  test("a descriptor that was kept is reused when opening falls back to read-only", () => {
    const a = open("db");
    const b = tryOpen("db", SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB).file;
    const b2 = open("db");
    const b3 = open("db");
    lock(a, SHARED_LOCK);
    const h = unix(b).h;
    close(b3);
    close(b);
    close(b2);
    expect(unix(a).pInode!.pUnused!.pNext!.fd).toBe(h);
    failing("open", libc.EACCES);
    const ro = tryOpen("db", SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB); /* the second of three */
    expect(unix(ro.file).h).toBe(h);
    close(ro.file);
    close(open("db")); /* goes to the front again */
    const c = open("db");
    expect(unix(c).h).not.toBe(h);
    expect(unix(open("db")).h).not.toBe(h);
    const r = tryOpen("db", RWC | SQLITE_OPEN_MAIN_DB);
    expect(r.rc).toBe(SQLITE_OK);
    expect(unix(r.file).h).toBe(h);
    expect(r.outFlags & SQLITE_OPEN_READONLY).toBe(SQLITE_OPEN_READONLY);
    expect(unix(a).pInode!.pUnused).toBe(null);
  });

  test("an inode that cannot be asked; files that changed under their name are logged", () => {
    failing("fstat", libc.EIO);
    expect(tryOpen("db", RWC | SQLITE_OPEN_MAIN_DB).rc).toBe(SQLITE_IOERR);
    vfs.xSetSystemCall!(vfs, null, null);
    const log: string[] = [];
    sqlite3Config.xLog = (_p, _code, z) => log.push(fromCString(z));
    try {
      const zDb = join(dir, "db");
      linkSync(zDb, join(dir, "other"));
      close(open("db"));
      expect(log.pop()).toBe(`multiple links to file: ${zDb}`);
      rmSync(join(dir, "other"));
      override("open", (z: CString, flags: number, mode: number) => {
        const fd = libc.open(z, flags, mode);
        rmSync(zDb);
        return fd;
      });
      close(open("db"));
      expect(log.pop()).toBe(`file unlinked while open: ${zDb}`);
      override("open", (z: CString, flags: number, mode: number) => {
        const fd = libc.open(z, flags, mode);
        renameSync(zDb, join(dir, "renamed"));
        return fd;
      });
      close(open("db"));
      expect(log.pop()).toBe(`file renamed while open: ${zDb}`);
      vfs.xSetSystemCall!(vfs, null, null);
      expect(tryOpen("none", SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB).rc).toBe(SQLITE_CANTOPEN);
      expect(log.pop()).toMatch(/^os_unix\.c:46895: \(2\) open\(.*none\) - $/); /* no strerror_r: no words */
    } finally {
      sqlite3Config.xLog = null;
    }
  });

  test("URI parameters psow and modeof", () => {
    writeFileSync(join(dir, "model"), "x");
    const f0 = open("plain");
    expect(f0.pMethods!.xDeviceCharacteristics(f0)).toBe(
      SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_SUBPAGE_READ,
    );
    expect(f0.pMethods!.xSectorSize(f0)).toBe(4096);
    const f1 = open("db", "unix", RWC | SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_URI, ["psow", "0"]);
    expect(f1.pMethods!.xDeviceCharacteristics(f1)).toBe(SQLITE_IOCAP_SUBPAGE_READ);
    libc.fchmod(unix(f0).h, 0o640);
    open("db2", "unix", RWC | SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_URI, ["modeof", join(dir, "plain")]);
    expect(statSync(join(dir, "db2")).mode & 0o777).toBe(0o640);
  });

  test("opening, closing and failing leaves no descriptor behind", () => {
    const count = (): number => readdirSync("/proc/self/fd").length;
    close(open("db"));
    const before = count();
    for (let i = 0; i < 20; i++) {
      close(open("db"));
      expect(tryOpen("no/such", RWC | SQLITE_OPEN_MAIN_DB).rc).toBe(SQLITE_CANTOPEN);
    }
    expect(count()).toBe(before);
  });
});

/* ------------------------------------------------------------------ locks */

describe("locks", () => {
  test("the five states against another process", async () => {
    const a = open("db");
    write(a, new Uint8Array(100), 0);
    const b = await peer("db");

    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(await b.call("lock", SHARED_LOCK)).toBe(SQLITE_OK);
    expect(await b.call("reserved")).toBe(0);
    expect(await b.call("lock", RESERVED_LOCK)).toBe(SQLITE_OK);
    expect(reserved(a)).toBe(1);
    expect(lock(a, RESERVED_LOCK)).toBe(SQLITE_BUSY);
    expect(control(a, SQLITE_FCNTL_LOCKSTATE, -1).value).toBe(SHARED_LOCK);

    /* our read lock holds the writer at PENDING, which keeps new readers out */
    expect(await b.call("lock", EXCLUSIVE_LOCK)).toBe(SQLITE_BUSY);
    expect(await b.call("control", SQLITE_FCNTL_LOCKSTATE, -1)).toEqual([SQLITE_OK, PENDING_LOCK]);
    expect(unlock(a, NO_LOCK)).toBe(SQLITE_OK);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_BUSY);
    expect(await b.call("lock", EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_BUSY);

    expect(await b.call("unlock", SHARED_LOCK)).toBe(SQLITE_OK);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(reserved(a)).toBe(0);
    expect(lock(a, RESERVED_LOCK)).toBe(SQLITE_OK);
    expect(await b.call("reserved")).toBe(1);
    expect(await b.call("lock", RESERVED_LOCK)).toBe(SQLITE_BUSY);
    expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_BUSY);

    /* a process that dies gives its locks back */
    await b.kill();
    expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
    expect(control(a, SQLITE_FCNTL_LOCKSTATE, -1).value).toBe(EXCLUSIVE_LOCK);
    expect(unlock(a, NO_LOCK)).toBe(SQLITE_OK);
  });

  test("two connections of one process", () => {
    const a = open("db");
    const b = open("db");
    expect(unix(a).pInode).toBe(unix(b).pInode);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(lock(b, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(lock(a, RESERVED_LOCK)).toBe(SQLITE_OK);
    expect(reserved(b)).toBe(1);
    expect(lock(b, RESERVED_LOCK)).toBe(SQLITE_BUSY);
    expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_BUSY);
    expect(unix(a).eFileLock).toBe(PENDING_LOCK);
    expect(unlock(b, NO_LOCK)).toBe(SQLITE_OK);
    expect(lock(b, SHARED_LOCK)).toBe(SQLITE_BUSY);
    expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
    expect(lock(b, SHARED_LOCK)).toBe(SQLITE_BUSY);
    expect(unlock(a, NO_LOCK)).toBe(SQLITE_OK);
    expect(lock(b, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(unix(b).pInode!.nShared).toBe(1);
  });

  test("closing one connection keeps the locks of another; the descriptor is used again", async () => {
    const a = open("db");
    const b = open("db");
    const other = await peer("db");
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    const h = unix(b).h;
    const inode = unix(a).pInode!;
    close(b);
    expect(inode.pUnused?.fd).toBe(h);
    if (SQLITE_DEBUG) {
      const st = filestat(a);
      expect(st).toMatchObject({ vfs: "unix", eFileLock: "SHARED", inode: { nRef: 1, nShared: 1 } });
      expect((st.inode as { unusedFd: unknown[] }).unusedFd).toHaveLength(1);
      expect(st.pal).toBe("--r/-.---.-----");
    }
    expect(await other.call("lock", SHARED_LOCK)).toBe(SQLITE_OK);
    expect(await other.call("lock", EXCLUSIVE_LOCK)).toBe(SQLITE_BUSY);

    const c = open("db");
    expect(unix(c).h).toBe(h);
    expect(inode.pUnused).toBe(null);
    close(c);
    expect(inode.pUnused?.fd).toBe(h);
    /* the last lock of the process goes, and the descriptor with it */
    expect(unlock(a, NO_LOCK)).toBe(SQLITE_OK);
    expect(inode.pUnused).toBe(null);
    expect(libc.fcntl(h, libc.F_GETFD, 0)).toBe(-1);
    expect(await other.call("lock", EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
  });

  test("a lock call that fails is not BUSY", () => {
    const a = open("db");
    failing("fcntl", libc.EIO);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_IOERR_LOCK);
    expect(control(a, SQLITE_FCNTL_LAST_ERRNO, 0).value).toBe(libc.EIO);
  });

  test("lock calls that fail half-way", () => {
    const a = open("db");
    const isLock = (type: number, start: number) => (_fd: unknown, op: unknown, arg: unknown) =>
      op === libc.F_SETLK && (arg as libc.flock).l_type === type && (arg as libc.flock).l_start === start;
    const PENDING = 0x40000000;
    /* the pending byte cannot be released, though the shared range was locked */
    failing("fcntl", libc.EIO, isLock(libc.F_UNLCK, PENDING));
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_IOERR_UNLOCK);
    vfs.xSetSystemCall!(vfs, null, null);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    failing("fcntl", libc.EPERM, isLock(libc.F_WRLCK, PENDING + 1));
    expect(lock(a, RESERVED_LOCK)).toBe(SQLITE_PERM);
    vfs.xSetSystemCall!(vfs, null, null);
    expect(lock(a, RESERVED_LOCK) || lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
    failing("fcntl", libc.EIO, isLock(libc.F_RDLCK, PENDING + 2));
    expect(unlock(a, SHARED_LOCK)).toBe(SQLITE_IOERR_RDLOCK);
    vfs.xSetSystemCall!(vfs, null, null);
    failing("fcntl", libc.EIO, isLock(libc.F_UNLCK, PENDING));
    expect(unlock(a, SHARED_LOCK)).toBe(SQLITE_IOERR_UNLOCK);
    vfs.xSetSystemCall!(vfs, null, null);
    failing("fcntl", libc.EIO, isLock(libc.F_UNLCK, 0));
    expect(unlock(a, NO_LOCK)).toBe(SQLITE_IOERR_UNLOCK);
    expect(unix(a).eFileLock).toBe(NO_LOCK);
    vfs.xSetSystemCall!(vfs, null, null);
    failing("fcntl", libc.EIO, (_fd, op) => op === libc.F_GETLK);
    expect(a.pMethods!.xCheckReservedLock(a, new Ref(0))).toBe(SQLITE_IOERR_CHECKRESERVEDLOCK);
  });

  test("no writing while somebody whose database lock got lost still uses the -shm", async () => {
    const a = open("db");
    const b = await peer("db");
    shmMap(a, 0, 1);
    await b.call("shmMap", 0, 1);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_BUSY);
    await b.kill();
    expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
  });

  test("unix-none takes no locks", async () => {
    const a = open("db", "unix-none");
    const b = await peer("db", "unix-none");
    expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
    expect(await b.call("lock", EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
    expect(reserved(a)).toBe(0);
    expect(a.pMethods!.xShmMap).toBe(undefined);
    expect(a.pMethods!.iVersion).toBe(3);
  });

  test("unix-excl keeps other processes out and shares heap memory inside", async () => {
    const a = open("db", "unix-excl");
    const b = open("db", "unix-excl");
    const other = await peer("db");
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(await other.call("lock", SHARED_LOCK)).toBe(SQLITE_BUSY);
    expect(lock(b, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(unix(a).pInode).toMatchObject({ bProcessLock: 1, nLock: 3, nShared: 2 });
    const m0 = shmMap(a, 0, 0);
    expect(m0.rc).toBe(SQLITE_OK);
    expect(m0.view?.length).toBe(REGION); /* heap memory is always there */
    const m1 = shmMap(b, 1, 1);
    expect(m1.view?.length).toBe(REGION);
    m0.view![77] = 42;
    expect(shmMap(b, 0, 0).view![77]).toBe(42);
    expect(existsSync(join(dir, "db-shm"))).toBe(false);
    expect(shmLock(a, 0, 1, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_OK);
    expect(shmLock(b, 0, 1, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_BUSY);
    expect(shmLock(a, 0, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_OK);
    expect(a.pMethods!.xShmUnmap!(a, 1)).toBe(SQLITE_OK);
    expect(b.pMethods!.xShmUnmap!(b, 1)).toBe(SQLITE_OK);
    expect(unix(a).pInode!.pShmNode).toBe(null);
  });

  test("unix-dotfile locks with a directory beside the file", async () => {
    const a = open("db", "unix-dotfile");
    const b = await peer("db", "unix-dotfile");
    const zLock = join(dir, "db.lock");
    expect(reserved(a)).toBe(0);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(statSync(zLock).isDirectory()).toBe(true);
    expect(await b.call("lock", SHARED_LOCK)).toBe(SQLITE_BUSY);
    expect(await b.call("reserved")).toBe(1);
    expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
    expect(unlock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(await b.call("lock", SHARED_LOCK)).toBe(SQLITE_BUSY);
    expect(unlock(a, NO_LOCK)).toBe(SQLITE_OK);
    expect(existsSync(zLock)).toBe(false);
    expect(await b.call("lock", SHARED_LOCK)).toBe(SQLITE_OK);
    expect(await b.call("close")).toBe(SQLITE_OK);
    expect(existsSync(zLock)).toBe(false);
    expect(a.pMethods!.iVersion).toBe(1);
    expect(a.pMethods!.xShmMap).toBe(undefined);
    expect(shmLock(a, 0, 1, SQLITE_SHM_LOCK | SQLITE_SHM_SHARED)).toBe(SQLITE_IOERR_SHMLOCK);
    failing("mkdir", libc.EROFS);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_IOERR_LOCK);
    vfs.xSetSystemCall!(vfs, null, null);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    failing("rmdir", libc.EIO);
    expect(unlock(a, NO_LOCK)).toBe(SQLITE_IOERR_UNLOCK);
    vfs.xSetSystemCall!(vfs, null, null);
    rmSync(zLock, { recursive: true });
    expect(unlock(a, NO_LOCK)).toBe(SQLITE_OK); /* somebody broke the lock: nothing to undo */
  });
});

/* ------------------------------------------------------------------ shared memory */

describe("shared memory", () => {
  test("regions, their content and their locks are shared with another process", async () => {
    const a = open("db");
    const zShm = join(dir, "db-shm");
    expect(shmLock(a, 0, 1, SQLITE_SHM_LOCK | SQLITE_SHM_SHARED)).toBe(SQLITE_IOERR_SHMLOCK);
    expect(shmMap(a, 0, 0)).toEqual({ rc: SQLITE_OK, view: null });
    expect(statSync(zShm).size).toBe(3); /* the first user truncates */
    const first = shmMap(a, 0, 1);
    expect(first.rc).toBe(SQLITE_OK);
    expect(first.view!.length).toBe(REGION);
    expect(statSync(zShm).size).toBe(REGION);

    const b = await peer("db");
    expect(await b.call("shmMap", 0, 0)).toEqual([SQLITE_OK, REGION]);
    first.view![1000] = 200;
    expect(await b.call("peek", 1000)).toBe(200);
    await b.call("poke", 1001, 77);
    expect(first.view![1001]).toBe(77);
    a.pMethods!.xShmBarrier!(a);

    /* region 2 brings region 1 with it */
    expect(await b.call("shmMap", 2, 0)).toEqual([SQLITE_OK, -1]);
    expect(shmMap(a, 2, 1).view!.length).toBe(REGION);
    expect(unix(a).pShm!.pShmNode!.nRegion).toBe(3);
    expect(await b.call("shmMap", 2, 0)).toEqual([SQLITE_OK, REGION]);

    const X = SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE;
    const S = SQLITE_SHM_LOCK | SQLITE_SHM_SHARED;
    expect(shmLock(a, 0, 1, X)).toBe(SQLITE_OK);
    expect(await b.call("shmLock", 0, 1, X)).toBe(SQLITE_BUSY);
    expect(await b.call("shmLock", 0, 1, S)).toBe(SQLITE_BUSY);
    expect(await b.call("shmLock", 3, 1, S)).toBe(SQLITE_OK);
    expect(shmLock(a, 3, 5, X)).toBe(SQLITE_BUSY);
    expect(shmLock(a, 4, 4, X)).toBe(SQLITE_OK);
    expect(shmLock(a, 3, 1, S)).toBe(SQLITE_OK);
    expect(control(a, SQLITE_FCNTL_EXTERNAL_READER, -1)).toEqual({ rc: SQLITE_OK, value: 1 });
    if (SQLITE_DEBUG) {
      expect(filestat(a)).toMatchObject({
        shm: { nRef: 1, sharedMask: 8, exclMask: 0xf1, pal: "---/r.w--.rwwww" },
      });
    }
    expect(await b.call("shmLock", 3, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED)).toBe(SQLITE_OK);
    expect(control(a, SQLITE_FCNTL_EXTERNAL_READER, -1)).toEqual({ rc: SQLITE_OK, value: 0 });
    expect(shmLock(a, 0, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_OK);
    expect(await b.call("shmLock", 0, 1, X)).toBe(SQLITE_OK);

    expect(a.pMethods!.xShmUnmap!(a, 0)).toBe(SQLITE_OK);
    expect(a.pMethods!.xShmUnmap!(a, 0)).toBe(SQLITE_OK);
    expect(existsSync(zShm)).toBe(true);
    expect(await b.call("shmUnmap", 1)).toBe(SQLITE_OK);
    expect(existsSync(zShm)).toBe(false);
  });

  test("shared locks of two connections of one process are counted", async () => {
    const a = open("db");
    const b = open("db");
    shmMap(a, 0, 1);
    shmMap(b, 0, 1);
    const c = open("db");
    shmMap(c, 0, 1);
    const node = unix(a).pShm!.pShmNode!;
    expect(node.nRef).toBe(3);
    const other = await peer("db");
    await other.call("shmMap", 0, 1);
    const S = SQLITE_SHM_LOCK | SQLITE_SHM_SHARED;
    const X = SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE;
    const U = SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED;
    expect(shmLock(a, 4, 1, S)).toBe(SQLITE_OK);
    expect(shmLock(b, 4, 1, S)).toBe(SQLITE_OK);
    expect(shmLock(b, 4, 1, S)).toBe(SQLITE_OK); /* held already: nothing to do */
    expect(unix(a).pShm!.pShmNode!.aLock[4]).toBe(2);
    expect(shmLock(a, 3, 1, X)).toBe(SQLITE_OK);
    expect(shmLock(b, 3, 1, S)).toBe(SQLITE_BUSY);
    expect(shmLock(a, 4, 1, U)).toBe(SQLITE_OK);
    expect(await other.call("shmLock", 4, 1, X)).toBe(SQLITE_BUSY);
    expect(shmLock(b, 4, 1, U)).toBe(SQLITE_OK);
    expect(await other.call("shmLock", 4, 1, X)).toBe(SQLITE_OK);
    expect(shmLock(b, 4, 1, S)).toBe(SQLITE_BUSY);
    /* the middle of the list of connections goes first, then the last, then the only one */
    const list = (): unknown[] => {
      const r = [];
      for (let p = node.pFirst; p !== null; p = p.pNext) r.push(p);
      return r;
    };
    const [pa, pb, pc] = [unix(a).pShm, unix(b).pShm, unix(c).pShm];
    expect(list()).toEqual([pc, pb, pa]);
    expect(b.pMethods!.xShmUnmap!(b, 0)).toBe(SQLITE_OK);
    expect(list()).toEqual([pc, pa]);
    expect(a.pMethods!.xShmUnmap!(a, 0)).toBe(SQLITE_OK);
    expect(list()).toEqual([pc]);
    expect(node.nRef).toBe(1);
    expect(c.pMethods!.xShmUnmap!(c, 0)).toBe(SQLITE_OK);
    expect(node.hShm).toBe(-1);
  });

  test("an existing -shm is kept while somebody uses it, truncated otherwise", async () => {
    const b = await peer("db");
    expect(await b.call("shmMap", 0, 1)).toEqual([SQLITE_OK, REGION]);
    await b.call("poke", 5, 55);
    const a = open("db");
    expect(shmMap(a, 0, 0).view![5]).toBe(55);
    a.pMethods!.xShmUnmap!(a, 0);
    await b.kill();
    expect(statSync(join(dir, "db-shm")).size).toBe(REGION);
    expect(shmMap(a, 0, 0)).toEqual({ rc: SQLITE_OK, view: null });
    expect(statSync(join(dir, "db-shm")).size).toBe(3);
  });

  test("readonly_shm", async () => {
    const flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_URI;
    const a = open("db", "unix", flags, ["readonly_shm", "1"]);
    expect(shmMap(a, 0, 1).rc).toBe(SQLITE_CANTOPEN);
    expect(unix(a).pInode!.pShmNode).toBe(null);
    writeFileSync(join(dir, "db-shm"), new Uint8Array(REGION));
    expect(shmMap(a, 0, 0).rc).toBe(SQLITE_READONLY_CANTINIT);
    expect(unix(a).pShm!.pShmNode!.isUnlocked).toBe(1);
    expect(shmMap(a, 0, 0).rc).toBe(SQLITE_READONLY_CANTINIT);
    const b = await peer("db");
    await b.call("shmMap", 0, 1);
    await b.call("poke", 9, 99);
    const m = shmMap(a, 0, 0);
    expect(m.rc).toBe(SQLITE_READONLY);
    expect(m.view![9]).toBe(99);
    expect(unix(a).pShm!.pShmNode!.isUnlocked).toBe(0);
    expect(a.pMethods!.xShmUnmap!(a, 0)).toBe(SQLITE_OK);
  });

  test("a process that is just initialising keeps others out", async () => {
    const a = open("db");
    writeFileSync(join(dir, "db-shm"), "");
    const b = await peer("db");
    await b.call("shmMap", 0, 1);
    const real = libc.fcntl;
    override("fcntl", (fd: number, op: number, arg: number | libc.flock) => {
      const rc = real(fd, op, arg);
      if (op === libc.F_GETLK && typeof arg !== "number") arg.l_type = libc.F_WRLCK;
      return rc;
    });
    expect(shmMap(a, 0, 1).rc).toBe(SQLITE_BUSY);
    expect(unix(a).pShm).toBe(null);
    failing("fcntl", libc.EIO);
    expect(shmMap(a, 0, 1).rc).toBe(SQLITE_IOERR_LOCK);
  });

  test("errors while mapping", () => {
    const a = open("db");
    failing("fstat", libc.EIO);
    expect(shmMap(a, 0, 1).rc).toBe(SQLITE_IOERR_FSTAT);
    vfs.xSetSystemCall!(vfs, null, null);
    failing("ftruncate", libc.EIO);
    expect(shmMap(a, 0, 1).rc).toBe(SQLITE_IOERR_SHMOPEN);
    vfs.xSetSystemCall!(vfs, null, null);
    failing("mmap", libc.ENOMEM);
    expect(shmMap(a, 0, 1)).toEqual({ rc: SQLITE_IOERR_SHMMAP, view: null });
    vfs.xSetSystemCall!(vfs, null, null);
    expect(shmMap(a, 0, 1).view!.length).toBe(REGION);
    failing("fstat", libc.EIO);
    expect(shmMap(a, 1, 1)).toEqual({ rc: SQLITE_IOERR_SHMSIZE, view: null });
    vfs.xSetSystemCall!(vfs, null, null);
    failing("fcntl", libc.EIO);
    expect(control(a, SQLITE_FCNTL_EXTERNAL_READER, -1).rc).toBe(SQLITE_IOERR_LOCK);
    vfs.xSetSystemCall!(vfs, null, null);
    failing("pwrite", libc.ENOSPC);
    expect(shmMap(a, 1, 1)).toEqual({ rc: SQLITE_IOERR_SHMSIZE, view: null });
    vfs.xSetSystemCall!(vfs, null, null);
    expect(shmMap(a, 1, 1).view!.length).toBe(REGION);
    expect(a.pMethods!.xShmUnmap!(a, 1)).toBe(SQLITE_OK);
    expect(existsSync(join(dir, "db-shm"))).toBe(false);
  });

  test("pages of 64 KiB hold two regions per mapping", () => {
    const a = open("db");
    override("getpagesize", () => 65536);
    expect(shmMap(a, 0, 1).view!.length).toBe(REGION);
    const node = unix(a).pShm!.pShmNode!;
    expect(node.nRegion).toBe(2);
    const r1 = shmMap(a, 1, 0).view!;
    expect(r1.byteOffset).toBe(REGION);
    expect(r1.buffer).toBe(node.apRegion[0]!.buffer);
    expect(statSync(join(dir, "db-shm")).size).toBe(2 * REGION);
    expect(a.pMethods!.xShmUnmap!(a, 1)).toBe(SQLITE_OK);
  });

  test("waiting for locks (SQLITE_ENABLE_SETLK_TIMEOUT, with upstream's stand-in of test builds)", async () => {
    const a = open("db");
    shmMap(a, 0, 1);
    const b = await peer("db", "unix", { SQLITE_ENABLE_SETLK_TIMEOUT: 1, SQLITE_TEST: 1 });
    await b.call("shmMap", 0, 1);
    const X = SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE;
    expect(shmLock(a, 0, 1, X)).toBe(SQLITE_OK);
    expect(await b.call("shmLock", 0, 1, X)).toBe(SQLITE_BUSY);
    expect(await b.call("control", SQLITE_FCNTL_LOCK_TIMEOUT, 30)).toEqual([SQLITE_OK, 0]);
    const t0 = Date.now();
    expect(await b.call("shmLock", 0, 1, X)).toBe(SQLITE_BUSY_TIMEOUT);
    expect(Date.now() - t0).toBeGreaterThanOrEqual(29);
    expect(await b.call("control", SQLITE_FCNTL_LOCK_TIMEOUT, 5000)).toEqual([SQLITE_OK, 30]);
    const waiting = b.call("shmLock", 0, 1, X);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(shmLock(a, 0, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_OK);
    expect(await waiting).toBe(SQLITE_OK);
    expect(await b.call("shmLock", 0, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_OK);
    expect(control(a, SQLITE_FCNTL_LOCK_TIMEOUT, 1).rc).toBe(SQLITE_NOTFOUND);
  });

  test("SQLITE_ENABLE_SETLK_TIMEOUT without blocking locks tries once and says BUSY", async () => {
    const a = open("db");
    shmMap(a, 0, 1);
    const b = await peer("db", "unix", { SQLITE_ENABLE_SETLK_TIMEOUT: 1 });
    await b.call("shmMap", 0, 1);
    const X = SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE;
    expect(shmLock(a, 0, 2, X)).toBe(SQLITE_OK);
    expect(await b.call("control", SQLITE_FCNTL_LOCK_TIMEOUT, 5000)).toEqual([SQLITE_OK, 0]);
    expect(await b.call("shmLock", 0, 1, X)).toBe(SQLITE_BUSY);
    expect(await b.call("control", SQLITE_FCNTL_LOCK_TIMEOUT, -1)).toEqual([SQLITE_OK, 0]);
    expect(await b.call("control", SQLITE_FCNTL_LOCK_TIMEOUT, 0)).toEqual([SQLITE_OK, 0x7fffffff]);
    expect(await b.call("control", SQLITE_FCNTL_BLOCK_ON_CONNECT, 1)).toEqual([SQLITE_OK, 1]);
  });
});

/* ------------------------------------------------------------------ memory mapping */

describe("xFetch", () => {
  const fetch = (f: sqlite3_file, off: number, n: number): { rc: number; view: Uint8Array | null } => {
    const pp = new Ref<Uint8Array | null>(null);
    const rc = f.pMethods!.xFetch!(f, off, n, pp);
    return { rc, view: pp.value };
  };
  const unfetch = (f: sqlite3_file, off: number, p: Uint8Array | null): number =>
    f.pMethods!.xUnfetch!(f, off, p);
  const content = Uint8Array.from({ length: 16384 }, (_, i) => (i >> 8) ^ i);

  test("fetch, unfetch, growing, truncating, unmapping", () => {
    const f = open("db");
    write(f, content, 0);
    expect(fetch(f, 0, 4096)).toEqual({ rc: SQLITE_OK, view: null }); /* off by default */
    expect(control(f, SQLITE_FCNTL_MMAP_SIZE, 1 << 20)).toEqual({ rc: SQLITE_OK, value: 0 });
    expect(control(f, SQLITE_FCNTL_MMAP_SIZE, -1)).toEqual({ rc: SQLITE_OK, value: 1 << 20 });

    const p = fetch(f, 4096, 4096).view!;
    expect(p.length).toBe(4096);
    expect(p).toEqual(content.subarray(4096, 8192));
    expect(unix(f).mmapSize).toBe(16384);
    expect(fetch(f, 12288, 4096).view).toBe(null); /* 256 bytes must follow */
    expect(fetch(f, 12288, 3840).view).not.toBe(null);
    expect(unix(f).nFetchOut).toBe(2);

    /* writes are seen through the mapping */
    expect(write(f, Uint8Array.of(1, 2, 3), 4096)).toBe(SQLITE_OK);
    expect([...p.subarray(0, 3)]).toEqual([1, 2, 3]);

    /* with pages out nothing is remapped, and the limit cannot change */
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 65536).rc).toBe(SQLITE_OK);
    expect(unix(f).mmapSize).toBe(16384);
    expect(control(f, SQLITE_FCNTL_MMAP_SIZE, 4096).value).toBe(1 << 20);
    expect(unix(f).mmapSizeMax).toBe(1 << 20);

    expect(unfetch(f, 4096, p)).toBe(SQLITE_OK);
    expect(unfetch(f, 12288, unix(f).pMapRegion!.subarray(12288))).toBe(SQLITE_OK);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 100000).rc).toBe(SQLITE_OK);
    expect(unix(f).mmapSize).toBe(100000);
    expect(size(f)).toBe(100000);
    const q = fetch(f, 8192, 4096).view!;
    expect(q).toEqual(content.subarray(8192, 12288));
    expect(unfetch(f, 8192, q)).toBe(SQLITE_OK);

    /* reads come from the mapping, past its end from the file */
    expect(read(f, 100, 9000)).toEqual({ rc: SQLITE_OK, buf: content.subarray(9000, 9100) });
    write(f, Uint8Array.of(5), 100000);
    const r = read(f, 4, 99997);
    expect(r.rc).toBe(SQLITE_OK);
    expect([...r.buf]).toEqual([0, 0, 0, 5]);

    expect(f.pMethods!.xTruncate(f, 8192)).toBe(SQLITE_OK);
    expect(unix(f).mmapSize).toBe(8192);
    expect(unix(f).mmapSizeActual).toBe(100000);
    expect(fetch(f, 8192, 4096).view).toBe(null);
    const unmapped: number[] = [];
    override("munmap", (addr: number, n: number) => {
      unmapped.push(n);
      return libc.munmap(addr, n);
    });
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 20000).rc).toBe(SQLITE_OK);
    expect(unmapped).toEqual([91808]); /* what the truncation left of the old mapping */
    vfs.xSetSystemCall!(vfs, null, null);
    expect(unix(f).mmapSizeActual).toBe(20000);
    const s = fetch(f, 0, 4096).view!;
    expect(s).toEqual(content.subarray(0, 4096));
    expect(unfetch(f, 0, s)).toBe(SQLITE_OK);

    expect(unfetch(f, 0, null)).toBe(SQLITE_OK);
    expect(unix(f).pMapRegion).toBe(null);
    expect(unix(f).pMapAddr).toBe(0);
    expect(fetch(f, 0, 4096).view).not.toBe(null);
    expect(unfetch(f, 0, unix(f).pMapRegion!)).toBe(SQLITE_OK);
    /* a new limit remaps */
    expect(control(f, SQLITE_FCNTL_MMAP_SIZE, 8192).rc).toBe(SQLITE_OK);
    expect(unix(f).mmapSize).toBe(8192);
    /* xClose unmaps */
  });

  test("when the system refuses to map, reading goes on", () => {
    const f = open("db");
    write(f, content, 0);
    control(f, SQLITE_FCNTL_MMAP_SIZE, 1 << 20);
    failing("fstat", libc.EIO);
    expect(fetch(f, 0, 4096).rc).toBe(SQLITE_IOERR_FSTAT);
    vfs.xSetSystemCall!(vfs, null, null);
    failing("mmap", libc.ENOMEM);
    expect(fetch(f, 0, 4096)).toEqual({ rc: SQLITE_OK, view: null });
    expect(unix(f).mmapSizeMax).toBe(0);
    expect(read(f, 4096, 0).buf).toEqual(content.subarray(0, 4096));
  });

  test("when the system refuses to grow the mapping", () => {
    const f = open("db");
    write(f, content, 0);
    control(f, SQLITE_FCNTL_MMAP_SIZE, 1 << 20);
    const p = fetch(f, 0, 4096).view!;
    unfetch(f, 0, p);
    failing("ftruncate", libc.EFBIG);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 40000).rc).toBe(SQLITE_IOERR_TRUNCATE);
    if (SQLITE_DEBUG) expect(filestat(f)).toMatchObject({ mmapSize: 16384, nFetchOut: 0 });
    vfs.xSetSystemCall!(vfs, null, null);
    failing("mremap", libc.ENOMEM);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 40000).rc).toBe(SQLITE_OK);
    expect(unix(f)).toMatchObject({
      pMapRegion: null,
      pMapAddr: 0,
      mmapSize: 0,
      mmapSizeActual: 0,
      mmapSizeMax: 0,
    });
    expect(read(f, 4096, 0).buf).toEqual(content.subarray(0, 4096));
  });
});

/* ------------------------------------------------------------------ file control */

describe("xFileControl", () => {
  test("bits that are asked, set and cleared", () => {
    const f = open("db");
    expect(control(f, SQLITE_FCNTL_PERSIST_WAL, -1).value).toBe(0);
    expect(control(f, SQLITE_FCNTL_PERSIST_WAL, 1)).toEqual({ rc: SQLITE_OK, value: 1 });
    expect(control(f, SQLITE_FCNTL_PERSIST_WAL, -1).value).toBe(1);
    expect(control(f, SQLITE_FCNTL_PERSIST_WAL, 0).value).toBe(0);
    expect(control(f, SQLITE_FCNTL_PERSIST_WAL, -1).value).toBe(0);
    expect(control(f, SQLITE_FCNTL_POWERSAFE_OVERWRITE, -1).value).toBe(1);
    control(f, SQLITE_FCNTL_POWERSAFE_OVERWRITE, 0);
    expect(f.pMethods!.xDeviceCharacteristics(f)).toBe(SQLITE_IOCAP_SUBPAGE_READ);
  });

  test("names, moved files, unknown opcodes", () => {
    const f = open("db", "unix-none");
    const z = new Ref<CString | null>(null);
    expect(f.pMethods!.xFileControl(f, SQLITE_FCNTL_VFSNAME, z)).toBe(SQLITE_OK);
    expect(fromCString(z.value)).toBe("unix-none");
    sqlite3_free(z.value);
    const g = open("db2");
    expect(control(g, SQLITE_FCNTL_HAS_MOVED, -1).value).toBe(0);
    renameSync(join(dir, "db2"), join(dir, "db3"));
    expect(control(g, SQLITE_FCNTL_HAS_MOVED, -1).value).toBe(1);
    expect(control(g, 12345, 0).rc).toBe(SQLITE_NOTFOUND);
    expect(control(g, SQLITE_FCNTL_BEGIN_ATOMIC_WRITE, 0).rc).toBe(SQLITE_NOTFOUND);
    expect(control(g, SQLITE_FCNTL_EXTERNAL_READER, -1)).toEqual({ rc: SQLITE_OK, value: 0 });
    expect(control(g, SQLITE_FCNTL_NULL_IO, 0).rc).toBe(SQLITE_OK);
    expect(unix(g).h).toBe(-1);
  });
});

/* ------------------------------------------------------------------ names */

describe("xFullPathname", () => {
  function full(zPath: string, nOut = 513): [number, string] {
    const z = new Uint8Array(nOut).fill(0x23);
    const rc = vfs.xFullPathname(vfs, toCString(zPath), nOut, z);
    return [rc, rc === SQLITE_OK || rc === SQLITE_OK_SYMLINK ? fromCString(z) : ""];
  }

  test("what upstream's C answers", () => {
    /* the same tree was shown to the C function */
    mkdirSync(join(dir, "a/b"), { recursive: true });
    mkdirSync(join(dir, "d"));
    writeFileSync(join(dir, "a/f"), "x");
    const links: [string, string][] = [
      ["a", "la"],
      [join(dir, "a"), "absa"],
      ["b", "a/lb"],
      ["l2", "l1"],
      ["l1", "l2"],
      ["self", "self"],
      ["../d", "a/up"],
      ["missing", "dang"],
      ["la", "ll"],
      ["f", "a/lf"],
      ["f/x", "a/notdir"],
    ];
    for (const [to, from] of links) symlinkSync(to, join(dir, from));
    const w = `${dir}/`;
    const L = SQLITE_OK_SYMLINK;
    const E: [number, string] = [SQLITE_CANTOPEN, ""];
    expect(full(`${w}a/f`)).toEqual([SQLITE_OK, `${w}a/f`]);
    expect(full(`${w}./a/f`)).toEqual([SQLITE_OK, `${w}a/f`]);
    expect(full(`${w}a//f`)).toEqual([SQLITE_OK, `${w}a/f`]);
    expect(full(`/${w}/a///f//`)).toEqual([SQLITE_OK, `${w}a/f`]);
    expect(full(`${w}a/./b/../f`)).toEqual([SQLITE_OK, `${w}a/f`]);
    expect(full(`${w}../../../../../../../../x`)).toEqual([SQLITE_OK, "/x"]);
    expect(full(`${w}la/f`)).toEqual([L, `${w}a/f`]);
    expect(full(`${w}absa/f`)).toEqual([L, `${w}a/f`]);
    expect(full(`${w}la/lb`)).toEqual([L, `${w}a/b`]);
    expect(full(`${w}a/up/x`)).toEqual([L, `${w}d/x`]);
    expect(full(`${w}ll/lf`)).toEqual([L, `${w}a/f`]);
    expect(full(`${w}dang`)).toEqual([L, `${w}missing`]);
    expect(full(`${w}l1`)).toEqual(E);
    expect(full(`${w}self`)).toEqual(E);
    expect(full(`${w}a/f/x`)).toEqual(E); /* ENOTDIR */
    expect(full(`${w}a/notdir`)).toEqual(E);
    expect(full(`${w}nonexist/../q`)).toEqual([SQLITE_OK, `${w}q`]);
    expect(full(`${w}${"a/../".repeat(200)}q`)).toEqual([SQLITE_OK, `${w}q`]);
    expect(full("/")).toEqual(E);
    expect(full("/..")).toEqual(E);
    expect(full("/.")).toEqual(E);
    expect(full("/x/x//x/")).toEqual([SQLITE_OK, "/x/x/x"]);
  });

  test("relative names start at the working directory", () => {
    const cwd = process.cwd();
    expect(full("some-file")).toEqual([SQLITE_OK, join(cwd, "some-file")]);
    expect(full(".")).toEqual([SQLITE_OK, cwd]);
    expect(full("")).toEqual([SQLITE_OK, cwd]);
    expect(full("../q")).toEqual([SQLITE_OK, join(dirname(cwd), "q")]);
    expect(full(relative(cwd, join(dir, "db")))).toEqual([SQLITE_OK, join(dir, "db")]);
    override("getcwd", () => {
      libc.set_errno(libc.ENOENT);
      return null;
    });
    expect(full("some-file")).toEqual([SQLITE_CANTOPEN, ""]);
    expect(full("/some-file")).toEqual([SQLITE_OK, "/some-file"]);
  });

  test("room for the result", () => {
    expect(full("/a/b/cccc", 10)[0]).toBe(SQLITE_CANTOPEN);
    expect(full("/a/b/cccc", 11)).toEqual([SQLITE_OK, "/a/b/cccc"]);
    expect(full("/a", 3)[0]).toBe(SQLITE_CANTOPEN);
    expect(full("/a", 4)).toEqual([SQLITE_OK, "/a"]);
    expect(full("/abc/../d", 6)[0]).toBe(SQLITE_OK);
    expect(full("/abc/../d", 5)[0]).toBe(SQLITE_CANTOPEN);
    expect(full(`/${"x".repeat(509)}`)[0]).toBe(SQLITE_CANTOPEN); /* ENAMETOOLONG */
  });

  test("201 links in a row are followed, 202 are not", () => {
    for (let i = 1; i <= 205; i++) symlinkSync(`c${i + 1}`, join(dir, `c${i}`));
    writeFileSync(join(dir, "c206"), "");
    expect(full(join(dir, "c5"))).toEqual([SQLITE_OK_SYMLINK, join(dir, "c206")]);
    expect(full(join(dir, "c4"))).toEqual([SQLITE_CANTOPEN, ""]);
  });

  test("lstat and readlink that fail", () => {
    symlinkSync("x", join(dir, "l"));
    failing("readlink", libc.EIO);
    expect(full(join(dir, "l"))[0]).toBe(SQLITE_CANTOPEN);
    failing("lstat", libc.EACCES);
    expect(full(join(dir, "x"))[0]).toBe(SQLITE_CANTOPEN);
  });
});

describe("temporary files", () => {
  test("a file without a name is private and deleted at once", () => {
    sqlite3_temp_directory.value = toCString(dir);
    const f = new sqlite3_file();
    const flags = RWC | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_DELETEONCLOSE | SQLITE_OPEN_TEMP_DB;
    const opened: { z: string; mode: number }[] = [];
    override("open", (z: CString, fl: number, mode: number) => {
      opened.push({ z: fromCString(z), mode });
      return libc.open(z, fl, mode);
    });
    expect(vfs.xOpen(vfs, null, f, flags, null)).toBe(SQLITE_OK);
    aOpen.push(f);
    const zTmp = opened.at(-1)!;
    expect(dirname(zTmp.z)).toBe(dir);
    expect(zTmp.z).toMatch(/\/etilqs_[0-9a-f]{1,16}$/);
    expect(zTmp.mode).toBe(0o600);
    expect(existsSync(zTmp.z)).toBe(false);
    expect(write(f, Uint8Array.of(4, 5, 6), 0)).toBe(SQLITE_OK);
    expect([...read(f, 3, 0).buf]).toEqual([4, 5, 6]);
    expect(lock(f, SHARED_LOCK)).toBe(SQLITE_OK); /* no locks, no inode */
    expect(unix(f).pInode).toBe(null);
  });

  test("SQLITE_FCNTL_TEMPFILENAME gives a fresh name with two zeros behind it", () => {
    sqlite3_temp_directory.value = toCString(dir);
    const f = open("db");
    const seen = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const z = new Ref<CString | null>(null);
      expect(f.pMethods!.xFileControl(f, SQLITE_FCNTL_TEMPFILENAME, z)).toBe(SQLITE_OK);
      expect(z.value![strlen(z.value!) + 1]).toBe(0);
      seen.add(fromCString(z.value));
      sqlite3_free(z.value);
    }
    expect(seen.size).toBe(5);
  });

  test("no directory, a name that is too long, names that are all taken", () => {
    const f = new sqlite3_file();
    const flags = RWC | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_DELETEONCLOSE | SQLITE_OPEN_TEMP_DB;
    override("access", () => -1);
    expect(vfs.xOpen(vfs, null, f, flags, null)).toBe(SQLITE_IOERR_GETTEMPPATH);
    let n = 0;
    override("access", () => {
      n++;
      return 0;
    });
    expect(vfs.xOpen(vfs, null, f, flags, null)).toBe(1); /* SQLITE_ERROR */
    expect(n).toBe(12); /* the directory, and eleven names */
    sqlite3_temp_directory.value = toCString(`/${"x".repeat(600)}`);
    override("stat", (_z: CString, buf: libc.stat) => {
      buf.st_mode = libc.S_IFDIR;
      return 0;
    });
    expect(vfs.xOpen(vfs, null, f, flags, null)).toBe(1);
  });
});

/* ------------------------------------------------------------------ xDelete, xAccess */

describe("xDelete and xAccess", () => {
  const del = (name: string, sync: number): number => vfs.xDelete(vfs, toCString(join(dir, name)), sync);
  const access = (name: string, flags: number): number => {
    const r = new Ref(-1);
    expect(vfs.xAccess(vfs, toCString(join(dir, name)), flags, r)).toBe(SQLITE_OK);
    return r.value;
  };

  test("delete, with and without syncing the directory", () => {
    let n = 0;
    const real = vfs.xGetSystemCall!(vfs, "openDirectory") as unknown as (
      z: CString,
      p: Ref<number>,
    ) => number;
    override("openDirectory", (z: CString, p: Ref<number>) => {
      n++;
      return real(z, p);
    });
    writeFileSync(join(dir, "x"), "1");
    expect(del("x", 0)).toBe(SQLITE_OK);
    expect(n).toBe(0);
    expect(existsSync(join(dir, "x"))).toBe(false);
    writeFileSync(join(dir, "x"), "1");
    expect(del("x", 1)).toBe(SQLITE_OK);
    expect(n).toBe(1);
    expect(del("x", 1)).toBe(SQLITE_IOERR_DELETE_NOENT);
    mkdirSync(join(dir, "d"));
    expect(del("d", 0)).toBe(SQLITE_IOERR_DELETE);
  });

  test("a directory that cannot be opened is no error, one that cannot be synced is", () => {
    writeFileSync(join(dir, "x"), "1");
    override("openDirectory", () => SQLITE_CANTOPEN);
    expect(del("x", 1)).toBe(SQLITE_OK);
    writeFileSync(join(dir, "x"), "1");
    override("openDirectory", (_z: CString, p: Ref<number>) => {
      /* a descriptor that cannot be synced */
      p.value = libc.open(toCString("/proc/self/stat"), libc.O_RDONLY, 0);
      return SQLITE_OK;
    });
    expect(del("x", 1)).toBe(SQLITE_IOERR_DIR_FSYNC);
    expect(existsSync(join(dir, "x"))).toBe(false);
  });

  test("an empty file does not exist, a directory does", () => {
    writeFileSync(join(dir, "empty"), "");
    writeFileSync(join(dir, "full"), "1");
    expect(access("empty", SQLITE_ACCESS_EXISTS)).toBe(0);
    expect(access("full", SQLITE_ACCESS_EXISTS)).toBe(1);
    expect(access("none", SQLITE_ACCESS_EXISTS)).toBe(0);
    expect(access(".", SQLITE_ACCESS_EXISTS)).toBe(1);
    expect(access("empty", SQLITE_ACCESS_READWRITE)).toBe(1);
    expect(access("none", SQLITE_ACCESS_READWRITE)).toBe(0);
  });
});

/* ------------------------------------------------------------------ system calls, time, randomness */

describe("system calls", () => {
  test("can be listed, replaced, and put back", () => {
    const names: string[] = [];
    for (let z = vfs.xNextSystemCall!(vfs, null); z !== null; z = vfs.xNextSystemCall!(vfs, z)) names.push(z);
    expect(names.slice(0, 4)).toEqual(["open", "close", "access", "getcwd"]);
    expect(names).toContain("mremap");
    expect(names).not.toContain("pread64"); /* not compiled in */

    const original = vfs.xGetSystemCall!(vfs, "ftruncate");
    expect(original).not.toBe(null);
    expect(vfs.xSetSystemCall!(vfs, "nosuchcall", null)).toBe(SQLITE_NOTFOUND);
    expect(vfs.xGetSystemCall!(vfs, "nosuchcall")).toBe(null);
    const mine: sqlite3_syscall_ptr = () => 0;
    expect(vfs.xSetSystemCall!(vfs, "ftruncate", mine)).toBe(SQLITE_OK);
    expect(vfs.xGetSystemCall!(vfs, "ftruncate")).toBe(mine);
    const f = open("db");
    write(f, new Uint8Array(100), 0);
    expect(f.pMethods!.xTruncate(f, 10)).toBe(SQLITE_OK);
    expect(size(f)).toBe(100);
    expect(vfs.xSetSystemCall!(vfs, "ftruncate", null)).toBe(SQLITE_OK);
    expect(vfs.xGetSystemCall!(vfs, "ftruncate")).toBe(original);
    vfs.xSetSystemCall!(vfs, "ftruncate", mine);
    expect(vfs.xSetSystemCall!(vfs, null, null)).toBe(SQLITE_OK);
    expect(vfs.xGetSystemCall!(vfs, "ftruncate")).toBe(original);
    expect(f.pMethods!.xTruncate(f, 10)).toBe(SQLITE_OK);
    expect(size(f)).toBe(10);
  });

  test("the last error number", () => {
    expect(tryOpen("no/such", SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB).rc).toBe(SQLITE_CANTOPEN);
    expect(vfs.xGetLastError!(vfs, 0, null)).toBe(libc.ENOENT);
  });

  test("randomness comes from the system, or from time and process id", () => {
    const z = new Uint8Array(40);
    expect(vfs.xRandomness(vfs, 40, z)).toBe(40);
    expect(z.some((x) => x !== 0)).toBe(true);
    failing("open", libc.ENOENT);
    z.fill(1);
    expect(vfs.xRandomness(vfs, 40, z)).toBe(12);
    const v = new DataView(z.buffer);
    expect(Math.abs(Number(v.getBigInt64(0, true)) - Date.now() / 1000)).toBeLessThan(5);
    expect(v.getInt32(8, true)).toBe(process.pid);
    expect(z.subarray(12).every((x) => x === 0)).toBe(true);
  });

  test("sleep and time", () => {
    const t0 = process.hrtime.bigint();
    expect(vfs.xSleep(vfs, 20000)).toBe(20000);
    expect(Number(process.hrtime.bigint() - t0)).toBeGreaterThanOrEqual(20e6);
    const now = new Ref(0);
    expect(vfs.xCurrentTimeInt64!(vfs, now)).toBe(SQLITE_OK);
    expect(Math.abs(now.value - 210866760000000 - Date.now())).toBeLessThan(2000);
    expect(vfs.xCurrentTime).toBe(undefined);
  });
});

/* ------------------------------------------------------------------ other options */

describe("compile-time options", () => {
  test("batch-atomic writes ask the file system, here a pretended f2fs", async () => {
    const b = await peer("db", "unix", { SQLITE_ENABLE_BATCH_ATOMIC_WRITE: 1 });
    const ops = [
      SQLITE_FCNTL_BEGIN_ATOMIC_WRITE,
      SQLITE_FCNTL_COMMIT_ATOMIC_WRITE,
      SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE,
    ];
    const all = `const r = [file.pMethods.xDeviceCharacteristics(file)];
      for (const op of ${JSON.stringify(ops)}) r.push(file.pMethods.xFileControl(file, op, null));`;
    /* this file system is not f2fs */
    expect(await b.call("js", `${all} return r;`)).toEqual([
      SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_SUBPAGE_READ,
      SQLITE_IOERR_BEGIN_ATOMIC,
      SQLITE_IOERR_COMMIT_ATOMIC,
      SQLITE_IOERR_ROLLBACK_ATOMIC,
    ]);
    const asked = await b.call(
      "js",
      `const asked = [], vfs = file.pImpl.pVfs;
      file.pImpl.sectorSize = 0; file.pImpl.deviceCharacteristics = 0;
      vfs.xSetSystemCall(vfs, "ioctl", (fd, req, arg) => { asked.push(req); if (arg) arg[0] = 4; return 0; });
      ${all} return [r, asked];`,
    );
    expect(asked).toEqual([
      [SQLITE_IOCAP_BATCH_ATOMIC | SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_SUBPAGE_READ, 0, 0, 0],
      [0x8004f50c, 0xf501, 0xf502, 0xf505],
    ]);
  });

  test("without mremap the mapping is extended in place or made anew", async () => {
    const b = await peer("db", "unix", { HAVE_MREMAP: 0, HAVE_POSIX_FALLOCATE: 1, HAVE_NANOSLEEP: 0 });
    const r = await b.call(
      "js",
      `const m = file.pMethods, f = file.pImpl, vfs = f.pVfs;
      const control = (op, v) => { const r = new Ref(v); const rc = m.xFileControl(file, op, r); return rc || r.value; };
      const fetch = (off, n) => { const p = new Ref(null); const rc = m.xFetch(file, off, n, p); return rc ? rc : p.value; };
      const data = Uint8Array.from({ length: 10000 }, (_, i) => i);
      m.xWrite(file, data, 10000, 0);
      control(${SQLITE_FCNTL_MMAP_SIZE}, 1 << 22);
      const out = [];
      m.xUnfetch(file, 0, fetch(0, 1000));
      for (const n of [50000, 1000000, 3000000]) {
        control(${SQLITE_FCNTL_SIZE_HINT}, n);
        const p = fetch(9000, 1000);
        out.push(f.mmapSize, f.mmapSizeActual, p.every((x, i) => x === ((i + 9000) & 255)));
        m.xUnfetch(file, 9000, p);
      }
      const calls = [];
      const real = vfs.xGetSystemCall(vfs, "mmap");
      /* the place behind the mapping is taken: the kernel answers with another one */
      vfs.xSetSystemCall(vfs, "mmap", (a, ...rest) => { calls.push(a !== 0); return real(0, ...rest); });
      control(${SQLITE_FCNTL_SIZE_HINT}, 3500000);
      const p = fetch(9000, 1000);
      out.push(f.mmapSize, p.every((x, i) => x === ((i + 9000) & 255)), [...calls]);
      m.xUnfetch(file, 9000, p);
      control(${SQLITE_FCNTL_CHUNK_SIZE}, 1 << 20);
      out.push(control(${SQLITE_FCNTL_SIZE_HINT}, 5000000));
      const size = new Ref(0); m.xFileSize(file, size);
      out.push(size.value, vfs.xSleep(vfs, 1500));
      return out;`,
    );
    expect(r).toEqual([
      ...[50000, 50000, true],
      ...[1000000, 1000000, true],
      ...[3000000, 3000000, true],
      ...[3500000, true, [true, false]],
      ...[5000000, 5242880, 1500],
    ]);
  });

  test("deprecated methods exist if they are compiled in", async () => {
    const b = await peer("db", "unix", { SQLITE_OMIT_DEPRECATED: 0, NO_GETTOD: 1 });
    const julian = await b.call(
      "js",
      "const v = file.pImpl.pVfs, r = new Ref(0); return v.xCurrentTime(v, r) || r.value;",
    );
    expect(Math.abs(((julian as number) - 2440587.5) * 86400 - Date.now() / 1000)).toBeLessThan(5);
  });

  test("SQLITE_MAX_MMAP_SIZE of 0 removes memory mapping", async () => {
    const b = await peer("db", "unix", { SQLITE_MAX_MMAP_SIZE: 0 });
    const r = await b.call(
      "js",
      `const m = file.pMethods; m.xWrite(file, new Uint8Array(9000), 9000, 0);
      const p = new Ref(null), l = new Ref(4096);
      return [m.xFileControl(file, ${SQLITE_FCNTL_MMAP_SIZE}, l), m.xFetch(file, 0, 4096, p), p.value, m.xUnfetch(file, 0, null)];`,
    );
    expect(r).toEqual([SQLITE_NOTFOUND, SQLITE_OK, null, SQLITE_OK]);
  });
});

/* ------------------------------------------------------------------ memory that runs out */

test("each allocation may fail: no leak, and the error is passed on", () => {
  const m = sqlite3Config.m;
  const { xMalloc, xFree, xRealloc } = m;
  const pVfs = sqlite3_vfs_find("unix")!;
  const excl = sqlite3_vfs_find("unix-excl")!;
  const dot = sqlite3_vfs_find("unix-dotfile")!;
  const zDb = dbName(join(dir, "db"));
  let nLive = 0;
  let countdown = -1;
  m.xMalloc = (n) => {
    if (countdown >= 0 && countdown-- === 0) return null;
    const p = xMalloc.call(m, n);
    if (p !== null) nLive++;
    return p;
  };
  m.xRealloc = (p, n) => (countdown >= 0 && countdown-- === 0 ? null : xRealloc.call(m, p, n));
  m.xFree = (p) => {
    nLive--;
    xFree.call(m, p);
  };
  const run = (v: sqlite3_vfs): number => {
    const f = new sqlite3_file();
    let rc = v.xOpen(v, zDb, f, RWC | SQLITE_OPEN_MAIN_DB, null);
    if (rc === SQLITE_OK) {
      if (v !== dot) {
        rc = lock(f, SHARED_LOCK) || shmMap(f, 0, 1).rc || shmMap(f, 3, 1).rc;
        f.pMethods!.xShmUnmap!(f, 1);
      }
      expect(f.pMethods!.xClose(f)).toBe(SQLITE_OK);
    }
    return rc;
  };
  try {
    for (const v of [pVfs, excl, dot]) {
      let nFailed = 0;
      for (let i = 0; ; i++) {
        countdown = i;
        const rc = run(v);
        const done = countdown >= 0;
        countdown = -1;
        expect(nLive).toBe(0);
        if (done) {
          expect(rc).toBe(SQLITE_OK);
          break;
        }
        nFailed++;
        expect([SQLITE_NOMEM, SQLITE_IOERR_NOMEM]).toContain(rc);
      }
      expect(nFailed).toBeGreaterThanOrEqual(v === dot ? 2 : 6);
    }
  } finally {
    m.xMalloc = xMalloc;
    m.xFree = xFree;
    m.xRealloc = xRealloc;
  }
});

/* ------------------------------------------------------------------ real SQLite beside us */

const REAL = `
  const Database = require("better-sqlite3");
  const db = new Database(process.env.PM_DB, { timeout: 0 });
  const say = (x) => process.stdout.write(JSON.stringify(x) + "\\n");
  say("ready");
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const [op, sql] = JSON.parse(line);
    try { say(op === "all" ? db.prepare(sql).all() : (db.exec(sql), "ok")); } catch (e) { say(e.code); }
  });
`;

test("real SQLite respects our locks and we respect its", async () => {
  const db = join(dir, "db");
  const c = await new Peer(null, ["--eval", REAL], { PM_DB: db }).ready();
  expect(await c.call("exec", "CREATE TABLE t(a); INSERT INTO t VALUES(1)")).toBe("ok");
  const a = open("db");
  expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
  expect(await c.call("exec", "BEGIN IMMEDIATE")).toBe("ok");
  expect(reserved(a)).toBe(1);
  expect(lock(a, RESERVED_LOCK)).toBe(SQLITE_BUSY);
  expect(await c.call("exec", "INSERT INTO t VALUES(2); COMMIT")).toBe("SQLITE_BUSY");
  const late = open("db");
  expect(unlock(a, NO_LOCK)).toBe(SQLITE_OK);
  expect(lock(late, SHARED_LOCK)).toBe(SQLITE_BUSY); /* its PENDING lock */
  expect(await c.call("exec", "COMMIT")).toBe("ok");
  expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
  expect(lock(a, RESERVED_LOCK)).toBe(SQLITE_OK);
  expect(await c.call("exec", "BEGIN IMMEDIATE")).toBe("SQLITE_BUSY");
  expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
  expect(await c.call("all", "SELECT * FROM t")).toBe("SQLITE_BUSY");
  expect(unlock(a, NO_LOCK)).toBe(SQLITE_OK);

  expect(await c.call("all", "PRAGMA journal_mode=wal")).toEqual([{ journal_mode: "wal" }]);
  expect(await c.call("exec", "INSERT INTO t VALUES(3)")).toBe("ok");
  expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
  const shm = shmMap(a, 0, 0);
  expect(shm.rc).toBe(SQLITE_OK);
  const words = new Uint32Array(shm.view!.buffer, shm.view!.byteOffset, REGION / 4);
  expect(words[0]).toBe(3007000); /* WALINDEX_MAX_VERSION */
  const mxFrame = words[4]!;
  expect(await c.call("exec", "INSERT INTO t VALUES(4)")).toBe("ok");
  expect(words[4]).toBeGreaterThan(mxFrame);
  expect(shmLock(a, 0, 1, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_OK);
  expect(await c.call("exec", "INSERT INTO t VALUES(5)")).toBe("SQLITE_BUSY");
  expect(await c.call("all", "SELECT max(a) AS m FROM t")).toEqual([{ m: 4 }]);
  expect(shmLock(a, 0, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_OK);
  expect(await c.call("exec", "BEGIN; INSERT INTO t VALUES(5)")).toBe("ok");
  expect(shmLock(a, 0, 1, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_BUSY);
  expect(control(a, SQLITE_FCNTL_EXTERNAL_READER, -1).value).toBe(1);
  expect(await c.call("exec", "COMMIT")).toBe("ok");
  expect(control(a, SQLITE_FCNTL_EXTERNAL_READER, -1).value).toBe(0);
  expect(a.pMethods!.xShmUnmap!(a, 0)).toBe(SQLITE_OK);
});

test("the directory of this test holds nothing that upstream would not have made", () => {
  close(open("db"));
  expect(readdirSync(dir)).toEqual(["db"]);
  expect(readFileSync(join(dir, "db")).length).toBe(0);
});

/* ------------------------------------------------------------------ one arm after the other */

/** What a lock call asked for: type, first byte, length. */
type Asked = [op: number, type: number, start: number, len: number];

/** Records the fcntl calls that concern locks, and lets them through. */
function recordLocks(): Asked[] {
  const asked: Asked[] = [];
  const real = vfs.xGetSystemCall!(vfs, "fcntl") as unknown as typeof libc.fcntl;
  override("fcntl", (fd: number, op: number, arg: number | libc.flock) => {
    if (typeof arg !== "number") asked.push([op, arg.l_type, arg.l_start, arg.l_len]);
    return real(fd, op, arg);
  });
  return asked;
}

/** Collects what goes to the error log while `f` runs. */
function logged(f: () => void): string[] {
  const log: string[] = [];
  const { xLog } = sqlite3Config;
  sqlite3Config.xLog = (_p, _code, z) => log.push(fromCString(z));
  try {
    f();
  } finally {
    sqlite3Config.xLog = xLog;
  }
  return log;
}

const PENDING = 0x40000000;
const isLockOf = (type: number, start: number) => (_fd: unknown, op: unknown, arg: unknown) =>
  op === libc.F_SETLK && (arg as libc.flock).l_type === type && (arg as libc.flock).l_start === start;
const restore = (): number => vfs.xSetSystemCall!(vfs, null, null);

describe("each lock call", () => {
  const { F_SETLK, F_RDLCK, F_WRLCK, F_UNLCK } = libc;

  test("the bytes that are locked on the way up and down", () => {
    const a = open("db");
    const asked = recordLocks();
    const calls = (f: () => number): Asked[] => {
      asked.length = 0;
      expect(f()).toBe(SQLITE_OK);
      return [...asked];
    };
    expect(calls(() => unlock(a, NO_LOCK))).toEqual([]);
    expect(calls(() => lock(a, SHARED_LOCK))).toEqual([
      [F_SETLK, F_RDLCK, PENDING, 1],
      [F_SETLK, F_RDLCK, PENDING + 2, 510],
      [F_SETLK, F_UNLCK, PENDING, 1],
    ]);
    expect(calls(() => lock(a, SHARED_LOCK))).toEqual([]);
    expect(calls(() => lock(a, RESERVED_LOCK))).toEqual([[F_SETLK, F_WRLCK, PENDING + 1, 1]]);
    expect(calls(() => lock(a, EXCLUSIVE_LOCK))).toEqual([
      [F_SETLK, F_WRLCK, PENDING, 1],
      [F_SETLK, F_WRLCK, PENDING + 2, 510],
    ]);
    expect(calls(() => lock(a, RESERVED_LOCK))).toEqual([]);
    expect(calls(() => unlock(a, SHARED_LOCK))).toEqual([
      [F_SETLK, F_RDLCK, PENDING + 2, 510],
      [F_SETLK, F_UNLCK, PENDING, 2],
    ]);
    expect(calls(() => unlock(a, SHARED_LOCK))).toEqual([]);
    /* rolling a hot journal back: no RESERVED, no PENDING */
    expect(calls(() => lock(a, EXCLUSIVE_LOCK))).toEqual([[F_SETLK, F_WRLCK, PENDING + 2, 510]]);
    expect(calls(() => unlock(a, NO_LOCK))).toEqual([
      [F_SETLK, F_UNLCK, PENDING, 2],
      [F_SETLK, F_UNLCK, 0, 0],
    ]);
    expect(unix(a).pInode).toMatchObject({ nShared: 0, nLock: 0, eFileLock: NO_LOCK });
    /* a second reader of the process costs no system call, coming or going */
    const b = open("db");
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(calls(() => lock(b, SHARED_LOCK))).toEqual([]);
    expect(calls(() => unlock(a, NO_LOCK))).toEqual([]);
    expect(unix(b).pInode).toMatchObject({ nShared: 1, nLock: 1, eFileLock: SHARED_LOCK });
  });

  test("what an errno means", () => {
    const a = open("db");
    for (const e of [libc.EACCES, libc.EAGAIN, libc.ETIMEDOUT, libc.EBUSY, libc.EINTR, libc.ENOLCK]) {
      failing("fcntl", e);
      expect(lock(a, SHARED_LOCK)).toBe(SQLITE_BUSY);
      expect(control(a, SQLITE_FCNTL_LAST_ERRNO, -1).value).toBe(0);
    }
    failing("fcntl", libc.EPERM);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_PERM);
    expect(control(a, SQLITE_FCNTL_LAST_ERRNO, -1).value).toBe(libc.EPERM);
    failing("fcntl", libc.EBADF);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_IOERR_LOCK);
    expect(control(a, SQLITE_FCNTL_LAST_ERRNO, -1).value).toBe(libc.EBADF);
    expect(unix(a).pInode).toMatchObject({ nShared: 0, nLock: 0, eFileLock: NO_LOCK });
  });

  test("SHARED refused on the shared range: the pending byte is released all the same", () => {
    const a = open("db");
    failing("fcntl", libc.EAGAIN, isLockOf(F_RDLCK, PENDING + 2));
    const asked = recordLocks();
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_BUSY);
    expect(asked.at(-1)).toEqual([F_SETLK, F_UNLCK, PENDING, 1]);
    /* the first error counts, even if that fails too */
    failing("fcntl", libc.EIO, isLockOf(F_UNLCK, PENDING));
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_BUSY);
    expect(control(a, SQLITE_FCNTL_LAST_ERRNO, -1).value).toBe(0);
    restore();
    failing("fcntl", libc.EIO, isLockOf(F_RDLCK, PENDING + 2));
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_IOERR_LOCK);
    expect(unix(a)).toMatchObject({ eFileLock: NO_LOCK, lastErrno: { value: libc.EIO } });
    expect(unix(a).pInode).toMatchObject({ nShared: 0, nLock: 0, eFileLock: NO_LOCK });
  });

  test("EXCLUSIVE refused: RESERVED stays if PENDING fails, PENDING if the shared range fails", () => {
    const a = open("db");
    expect(lock(a, SHARED_LOCK) || lock(a, RESERVED_LOCK)).toBe(SQLITE_OK);
    failing("fcntl", libc.EAGAIN, isLockOf(F_WRLCK, PENDING));
    expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_BUSY);
    expect([unix(a).eFileLock, unix(a).pInode!.eFileLock]).toEqual([RESERVED_LOCK, RESERVED_LOCK]);
    restore();
    for (const [e, rc] of [
      [libc.EAGAIN, SQLITE_BUSY],
      [libc.EIO, SQLITE_IOERR_LOCK],
    ] as const) {
      failing("fcntl", e, isLockOf(F_WRLCK, PENDING + 2));
      expect(lock(a, EXCLUSIVE_LOCK)).toBe(rc);
      expect([unix(a).eFileLock, unix(a).pInode!.eFileLock]).toEqual([PENDING_LOCK, PENDING_LOCK]);
      restore();
    }
    expect(unix(a).lastErrno.value).toBe(libc.EIO);
    /* from PENDING only the shared range is missing */
    const asked = recordLocks();
    expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
    expect(asked).toEqual([[F_SETLK, F_WRLCK, PENDING + 2, 510]]);
  });

  test("unlocking that fails leaves the connection unlocked and its counts right", () => {
    const a = open("db");
    const b = open("db");
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    const h = unix(b).h;
    close(b);
    expect(unix(a).pInode!.pUnused?.fd).toBe(h);
    failing("fcntl", libc.EIO, isLockOf(F_UNLCK, 0));
    expect(unlock(a, NO_LOCK)).toBe(SQLITE_IOERR_UNLOCK);
    restore();
    expect(unix(a)).toMatchObject({ eFileLock: NO_LOCK, lastErrno: { value: libc.EIO } });
    expect(unix(a).pInode).toMatchObject({ nShared: 0, nLock: 0, eFileLock: NO_LOCK, pUnused: null });
    expect(libc.fcntl(h, libc.F_GETFD, 0)).toBe(-1);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
  });

  test("unix-excl takes one write lock for the process, or none; read-only it locks like unix", () => {
    const a = open("db", "unix-excl");
    failing("fcntl", libc.EAGAIN);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_BUSY);
    failing("fcntl", libc.EIO);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_IOERR_LOCK);
    expect(unix(a).pInode).toMatchObject({ bProcessLock: 0, nLock: 0, nShared: 0 });
    restore();
    const asked = recordLocks();
    expect(lock(a, SHARED_LOCK) || lock(a, RESERVED_LOCK)).toBe(SQLITE_OK);
    expect(reserved(open("db", "unix-excl"))).toBe(1);
    expect(asked).toEqual([[F_SETLK, F_WRLCK, PENDING + 2, 510]]);
    /* heap memory stands in for the -shm: nobody else can share it */
    expect(shmMap(a, 0, 0).view).not.toBe(null);
    expect(lock(a, EXCLUSIVE_LOCK)).toBe(SQLITE_OK);
    expect(unlock(a, NO_LOCK)).toBe(SQLITE_OK);
    expect(asked).toHaveLength(1);
    expect(reserved(a)).toBe(0);
    expect(asked).toHaveLength(1); /* the process lock answers for the kernel */
    expect(unix(a).pInode).toMatchObject({ bProcessLock: 1, nLock: 1, nShared: 0 });

    close(open("other"));
    const ro = tryOpen("other", SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, "unix-excl").file;
    expect(lock(ro, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(asked.slice(1)).toEqual([
      [F_SETLK, F_RDLCK, PENDING, 1],
      [F_SETLK, F_RDLCK, PENDING + 2, 510],
      [F_SETLK, F_UNLCK, PENDING, 1],
    ]);
  });

  test("the process lock of unix-excl keeps descriptors waiting until the last close", () => {
    const a = open("db", "unix-excl");
    const b = open("db", "unix-excl");
    expect(lock(a, SHARED_LOCK) || unlock(a, NO_LOCK)).toBe(SQLITE_OK);
    const hB = unix(b).h;
    const inode = unix(a).pInode!;
    close(b);
    expect(inode.pUnused?.fd).toBe(hB);
    const hA = unix(a).h;
    close(a);
    expect(inode).toMatchObject({ nRef: 0, pUnused: null });
    for (const h of [hA, hB]) expect(libc.fcntl(h, libc.F_GETFD, 0)).toBe(-1);
  });

  test("unix-dotfile: errors of mkdir, and who holds a lock is alone", () => {
    const a = open("db", "unix-dotfile");
    const b = open("db", "unix-dotfile");
    for (const e of [libc.EAGAIN, libc.EACCES]) {
      failing("mkdir", e);
      expect(lock(a, SHARED_LOCK)).toBe(SQLITE_BUSY);
      expect(unix(a).lastErrno.value).toBe(0);
    }
    failing("mkdir", libc.EPERM);
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_PERM);
    expect(unix(a).lastErrno.value).toBe(libc.EPERM);
    restore();
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(lock(b, SHARED_LOCK)).toBe(SQLITE_BUSY);
    expect([reserved(a), reserved(b)]).toEqual([0, 1]);
    expect(unlock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(lock(a, RESERVED_LOCK) || unlock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(unix(a).eFileLock).toBe(SHARED_LOCK);
    expect(unlock(b, NO_LOCK)).toBe(SQLITE_OK);
    expect(existsSync(join(dir, "db.lock"))).toBe(true);
    close(a); /* gives the lock back */
    expect(existsSync(join(dir, "db.lock"))).toBe(false);
  });

  test("unix-none answers every lock call", () => {
    const a = open("db", "unix-none");
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    expect(unlock(a, NO_LOCK)).toBe(SQLITE_OK);
    a.pMethods!.xShmBarrier!(a);
  });
});

describe("descriptors and inodes", () => {
  test("close is tried once, whatever it says, and the failure is logged", () => {
    const a = open("db");
    let n = 0;
    const closing = (e: number) => (fd: number) => {
      n++;
      libc.close(fd);
      libc.set_errno(e);
      return -1;
    };
    override("close", closing(libc.EINTR));
    const zDb = join(dir, "db");
    expect(logged(() => close(a))).toEqual([`os_unix.c:42500: (4) close(${zDb}) - `]);
    expect(n).toBe(1);
    restore();
    const b = open("db");
    const c = open("db");
    expect(lock(b, SHARED_LOCK)).toBe(SQLITE_OK);
    close(c);
    override("close", closing(libc.EIO));
    expect(logged(() => expect(unlock(b, NO_LOCK)).toBe(SQLITE_OK))).toEqual([
      `os_unix.c:41666: (5) close(${zDb}) - `,
    ]);
    /* without a file there is no name to report */
    writeFileSync(join(dir, "x"), "1");
    expect(logged(() => expect(vfs.xDelete(vfs, toCString(join(dir, "x")), 1)).toBe(SQLITE_OK))).toEqual([
      "os_unix.c:47049: (5) close() - ",
    ]);
  });

  test("inodes leave the list from its middle, its front and its end", () => {
    const f = ["a", "b", "c", "d"].map((n) => open(n));
    const node = f.map((x) => unix(x).pInode!);
    const links = (i: number): unknown[] => [node[i]!.pPrev, node[i]!.pNext];
    expect(links(3)[0]).toBe(null);
    expect([links(2), links(1)]).toEqual([
      [node[3], node[1]],
      [node[2], node[0]],
    ]);
    const rest = node[0]!.pNext;
    close(f[2]!);
    expect(links(3)).toEqual([null, node[1]]);
    expect(links(1)).toEqual([node[3], node[0]]);
    close(f[3]!);
    expect(links(1)).toEqual([null, node[0]]);
    close(f[0]!);
    expect(links(1)).toEqual([null, rest]);
    const again = open("b");
    expect(unix(again).pInode).toBe(node[1]);
    expect(node[1]!.nRef).toBe(2);
    expect(unix(open("a")).pInode!.pNext).toBe(node[1]);
  });

  test("two names of one file have one inode", () => {
    const a = open("db");
    linkSync(join(dir, "db"), join(dir, "db2"));
    const b = open("db2");
    expect(unix(b).pInode).toBe(unix(a).pInode);
    expect(lock(a, SHARED_LOCK) || lock(b, SHARED_LOCK) || lock(a, RESERVED_LOCK)).toBe(SQLITE_OK);
    expect(lock(b, RESERVED_LOCK)).toBe(SQLITE_BUSY);
  });

  test("a kept descriptor whose inode cannot be asked is closed, once", () => {
    const a = open("db");
    const b = open("db");
    expect(lock(a, SHARED_LOCK)).toBe(SQLITE_OK);
    const h = unix(b).h;
    close(b);
    failing("fstat", libc.EIO);
    const r = tryOpen("db", RWC | SQLITE_OPEN_MAIN_DB);
    expect(r.rc).toBe(SQLITE_IOERR);
    expect(r.file.pMethods).toBe(null);
    expect(unix(a).pInode!.pUnused).toBe(null);
    expect(libc.fcntl(h, libc.F_GETFD, 0)).toBe(-1);
  });

  test("descriptors that nobody may have: a new file is unlinked, /dev/null must be there", () => {
    const gone: string[] = [];
    override("unlink", (z: CString) => {
      gone.push(fromCString(z));
      return libc.unlink(z);
    });
    const seen: [string, number][] = [];
    override("close", (fd: number) => (fd < 3 ? 0 : libc.close(fd)));
    override("open", (z: CString, _flags: number, mode: number) => {
      const name = fromCString(z);
      seen.push([name, mode]);
      if (name === "/dev/null") {
        libc.set_errno(libc.EMFILE);
        return -1;
      }
      return 1;
    });
    const flags = RWC | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_DELETEONCLOSE | SQLITE_OPEN_TEMP_DB;
    const z = join(dir, "t");
    const log = logged(() => expect(tryOpen("t", flags).rc).toBe(SQLITE_CANTOPEN));
    /* read-write with O_EXCL, then read-only without O_CREAT: that one is not unlinked */
    expect(gone).toEqual([z]);
    expect(seen).toEqual([
      [z, 0o600],
      ["/dev/null", 0o600],
      [z, 0o600],
      ["/dev/null", 0o600],
    ]);
    expect(log.at(-1)).toBe(`os_unix.c:46895: (${libc.EMFILE}) open(${z}) - `);
  });

  test("only root gives files away", () => {
    open("db");
    const owner = statSync(join(dir, "db"));
    const given: number[][] = [];
    override("fchown", (_fd: number, uid: number, gid: number) => given.push([uid, gid]) - 1);
    override("geteuid", () => 1000);
    open("db-wal", "unix", RWC | SQLITE_OPEN_WAL);
    expect(given).toEqual([]);
    override("geteuid", () => 0);
    open("db-journal", "unix", RWC | SQLITE_OPEN_MAIN_JOURNAL);
    expect(given).toEqual([[owner.uid, owner.gid]]);
    /* permissions that were not found out: nobody to give the file to */
    open("noowner.jrn", "unix", RWC | SQLITE_OPEN_MAIN_JOURNAL);
    expect(given).toHaveLength(1);
    const a = open("db");
    shmMap(a, 0, 0);
    expect(given).toHaveLength(2);
    expect(given[1]).toEqual([owner.uid, owner.gid]);
  });

  test("a database that cannot be asked about its links is only reported", () => {
    let n = 0;
    failing("fstat", libc.EIO, () => ++n === 2);
    const zDb = join(dir, "db");
    expect(logged(() => open("db"))).toEqual([`cannot fstat db file ${zDb}`]);
  });

  test("names without a directory", () => {
    const openDirectory = vfs.xGetSystemCall!(vfs, "openDirectory") as unknown as (
      z: CString,
      p: Ref<number>,
    ) => number;
    const dirOf = (z: string): string => {
      const fd = new Ref(-1);
      expect(openDirectory(toCString(z), fd)).toBe(SQLITE_OK);
      const buf = new Uint8Array(1000);
      expect(libc.readlink(toCString(`/proc/self/fd/${fd.value}`), buf, 999)).toBeGreaterThan(0);
      libc.close(fd.value);
      return fromCString(buf);
    };
    expect(dirOf("x")).toBe(process.cwd());
    expect(dirOf("/x")).toBe("/");
    expect(dirOf(join(dir, "x"))).toBe(dir);
    const fd = new Ref(0);
    const log = logged(() => expect(openDirectory(toCString(join(dir, "no/x")), fd)).toBe(SQLITE_CANTOPEN));
    expect(fd.value).toBe(-1);
    expect(log[0]).toMatch(/^cannot open file at line 44081 /);
    expect(log[1]).toBe(`os_unix.c:44081: (2) openDirectory(${join(dir, "no")}) - `);
    /* a journal may have a relative name, as a super-journal's record may say */
    const old = process.cwd();
    process.chdir(dir);
    try {
      for (const type of [SQLITE_OPEN_SUPER_JOURNAL, SQLITE_OPEN_TEMP_JOURNAL]) {
        const f = new sqlite3_file();
        expect(vfs.xOpen(vfs, toCString("rel"), f, RWC | type, null)).toBe(SQLITE_OK);
        aOpen.push(f);
        expect(f.pMethods!.xSync(f, SQLITE_SYNC_FULL)).toBe(SQLITE_OK);
      }
    } finally {
      process.chdir(old);
    }
  });
});

describe("sizes, mappings, shared memory", () => {
  test("a size hint writes the last byte of every block, and of the file", () => {
    const f = open("db");
    control(f, SQLITE_FCNTL_CHUNK_SIZE, 5000);
    override("fstat", (fd: number, st: libc.stat) => {
      const rc = libc.fstat(fd, st);
      st.st_blksize = 4096;
      return rc;
    });
    const written: [number, number][] = [];
    override("pwrite", (fd: number, b: Uint8Array, n: number, off: number) => {
      written.push([n, off]);
      return libc.pwrite(fd, b, n, off);
    });
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 5001).rc).toBe(SQLITE_OK);
    expect(written).toEqual([
      [1, 4095],
      [1, 8191],
      [1, 9999],
    ]);
    written.length = 0;
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 10001).rc).toBe(SQLITE_OK);
    expect(written).toEqual([
      [1, 12287],
      [1, 14999],
    ]);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 15000).rc).toBe(SQLITE_OK);
    expect(written).toHaveLength(2);
  });

  test("sizes beyond 4 GiB in hints and truncation with chunks", () => {
    const f = open("db");
    control(f, SQLITE_FCNTL_CHUNK_SIZE, 0x40000000);
    expect(f.pMethods!.xTruncate(f, 2 ** 32 + 1)).toBe(SQLITE_OK);
    expect(size(f)).toBe(5 * 2 ** 30);
    control(f, SQLITE_FCNTL_CHUNK_SIZE, 8192);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 5 * 2 ** 30 + 1).rc).toBe(SQLITE_OK);
    expect(size(f)).toBe(5 * 2 ** 30 + 8192);
  });

  test("nothing more can be written", () => {
    const f = open("db");
    override("pwrite", (_fd: number, _b: Uint8Array, n: number) => (n > 4 ? 4 : 0));
    expect(write(f, new Uint8Array(10), 0)).toBe(SQLITE_FULL);
    expect(control(f, SQLITE_FCNTL_LAST_ERRNO, -1).value).toBe(0);
    failing("pwrite", libc.EIO);
    expect(write(f, new Uint8Array(10), 0)).toBe(SQLITE_IOERR_WRITE);
    failing("pwrite", libc.ENOSPC);
    expect(write(f, new Uint8Array(10), 0)).toBe(SQLITE_FULL);
    expect(control(f, SQLITE_FCNTL_LAST_ERRNO, -1).value).toBe(0); /* not a system error */
    restore();
    /* an error after some bytes have come is an error, not a short read */
    write(f, new Uint8Array(10), 0);
    let n = 0;
    override("pread", (fd: number, b: Uint8Array, _cnt: number, off: number) => {
      if (n++ === 0) return libc.pread(fd, b, 3, off);
      libc.set_errno(libc.EACCES);
      return -1;
    });
    expect(read(f, 10, 0).rc).toBe(SQLITE_IOERR_READ);
    expect(unix(f).lastErrno.value).toBe(libc.EACCES);
  });

  test.runIf(SQLITE_DEBUG)("the debug build: an emptied file counts as a changed change counter", () => {
    const f = open("db");
    write(f, new Uint8Array(100), 0);
    expect(f.pMethods!.xTruncate(f, 0)).toBe(SQLITE_OK);
    expect(unix(f).transCntrChng).toBe(0); /* not inside a transaction */
    write(f, new Uint8Array(100), 0);
    expect(lock(f, SHARED_LOCK) || lock(f, RESERVED_LOCK)).toBe(SQLITE_OK);
    expect(f.pMethods!.xTruncate(f, 50)).toBe(SQLITE_OK);
    expect(unix(f).transCntrChng).toBe(0);
    expect(f.pMethods!.xTruncate(f, 0)).toBe(SQLITE_OK);
    expect(unix(f).transCntrChng).toBe(1);
  });

  test("the limit of the mapping: the process's limit holds, and a chunk size saves the truncation", () => {
    const f = open("db");
    write(f, new Uint8Array(5000).fill(3), 0);
    expect(control(f, SQLITE_FCNTL_MMAP_SIZE, 2 ** 40).rc).toBe(SQLITE_OK);
    expect(unix(f).mmapSizeMax).toBe(sqlite3Config.mxMmap);
    control(f, SQLITE_FCNTL_CHUNK_SIZE, 8192);
    const truncate = failing("ftruncate", libc.EIO);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 8000).rc).toBe(SQLITE_OK);
    expect(truncate()).toBe(0);
    expect(unix(f)).toMatchObject({ mmapSize: 8000, mmapSizeActual: 8000 });
    expect(size(f)).toBe(8192);
    /* a limit below the file's size: the rest is read from the file */
    restore();
    expect(control(f, SQLITE_FCNTL_MMAP_SIZE, 4096).value).toBe(sqlite3Config.mxMmap);
    expect(unix(f).mmapSize).toBe(4096);
    const r = read(f, 1000, 4090);
    expect(r.buf.subarray(0, 910).every((x) => x === 3)).toBe(true);
    expect(r.buf.subarray(910).every((x) => x === 0)).toBe(true);
    expect(control(f, SQLITE_FCNTL_MMAP_SIZE, 0).rc).toBe(SQLITE_OK);
    expect(unix(f)).toMatchObject({ mmapSize: 0, mmapSizeActual: 0, pMapRegion: null });
  });

  test("an empty file is not mapped", () => {
    const f = open("db");
    control(f, SQLITE_FCNTL_MMAP_SIZE, 65536);
    const mapped = failing("mmap", libc.EINVAL);
    const pp = new Ref<Uint8Array | null>(null);
    expect(f.pMethods!.xFetch!(f, 0, 4096, pp)).toBe(SQLITE_OK);
    expect([pp.value, mapped(), unix(f).mmapSizeMax]).toEqual([null, 0, 65536]);
  });

  test("a shm lock that cannot be released stays where it was counted", () => {
    const a = open("db");
    shmMap(a, 0, 1);
    const X = SQLITE_SHM_EXCLUSIVE;
    const S = SQLITE_SHM_SHARED;
    expect(shmLock(a, 0, 1, SQLITE_SHM_LOCK | X) || shmLock(a, 5, 1, SQLITE_SHM_LOCK | S)).toBe(SQLITE_OK);
    failing("fcntl", libc.EIO);
    expect(shmLock(a, 0, 1, SQLITE_SHM_UNLOCK | X)).toBe(SQLITE_BUSY);
    expect(shmLock(a, 5, 1, SQLITE_SHM_UNLOCK | S)).toBe(SQLITE_BUSY);
    expect(shmLock(a, 6, 1, SQLITE_SHM_LOCK | S)).toBe(SQLITE_BUSY);
    expect(shmLock(a, 6, 2, SQLITE_SHM_LOCK | X)).toBe(SQLITE_BUSY);
    expect(unix(a).pShm).toMatchObject({ exclMask: 1, sharedMask: 0x20 });
    expect([...unix(a).pShm!.pShmNode!.aLock]).toEqual([-1, 0, 0, 0, 0, 1, 0, 0]);
    restore();
    expect(shmLock(a, 0, 1, SQLITE_SHM_UNLOCK | X) || shmLock(a, 5, 1, SQLITE_SHM_UNLOCK | S)).toBe(
      SQLITE_OK,
    );
    /* not held: nothing to do */
    const n = failing("fcntl", libc.EIO);
    expect(shmLock(a, 0, 1, SQLITE_SHM_UNLOCK | X)).toBe(SQLITE_OK);
    expect(n()).toBe(0);
  });

  test("all eight slots in one call", () => {
    const a = open("db");
    shmMap(a, 0, 1);
    const asked = recordLocks();
    expect(shmLock(a, 0, 8, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_OK);
    expect(unix(a).pShm!.exclMask).toBe(0xff);
    expect(shmLock(a, 0, 8, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE)).toBe(SQLITE_OK);
    expect(asked).toEqual([
      [libc.F_SETLK, libc.F_WRLCK, 120, 8],
      [libc.F_SETLK, libc.F_UNLCK, 120, 8],
    ]);
    expect(unix(a).pShm!.exclMask).toBe(0);
  });

  test("a shared memory whose second mapping fails keeps the first", () => {
    const a = open("db");
    let n = 0;
    failing("mmap", libc.ENOMEM, () => ++n === 2);
    expect(shmMap(a, 1, 1)).toEqual({ rc: SQLITE_IOERR_SHMMAP, view: null });
    expect(unix(a).pShm!.pShmNode!.nRegion).toBe(1);
    const r0 = shmMap(a, 0, 0).view!;
    r0[3] = 33;
    const r1 = shmMap(a, 1, 0).view!; /* the file is long enough already */
    expect(r1.length).toBe(REGION);
    expect(shmMap(a, 0, 0).view).toBe(r0);
    const node = unix(a).pShm!.pShmNode!;
    const { apRegion } = node;
    const views: number[] = [];
    override("munmap", (addr: number, len: number) => {
      expect(len).toBe(REGION);
      views.push(apRegion.filter((x) => x !== null).length);
      return libc.munmap(addr, len);
    });
    expect(a.pMethods!.xShmUnmap!(a, 1)).toBe(SQLITE_OK);
    expect(views).toEqual([1, 0]); /* each view is forgotten before its memory goes */
    expect(node.apRegion).toEqual([null, null]);
  });

  test("the view of a mapped file is forgotten before its memory goes", () => {
    const f = open("db");
    write(f, new Uint8Array(10000), 0);
    control(f, SQLITE_FCNTL_MMAP_SIZE, 1 << 20);
    const pp = new Ref<Uint8Array | null>(null);
    const map = (): void => {
      expect(f.pMethods!.xFetch!(f, 0, 100, pp) || f.pMethods!.xUnfetch!(f, 0, pp.value)).toBe(SQLITE_OK);
      expect(unix(f).pMapRegion).not.toBe(null);
    };
    map();
    const seen: unknown[] = [];
    override("munmap", (addr: number, len: number) => {
      seen.push(["munmap", len, unix(f).pMapRegion]);
      return libc.munmap(addr, len);
    });
    override("mremap", (addr: number, len: number, newLen: number, flags: number) => {
      seen.push(["mremap", len, unix(f).pMapRegion]);
      return libc.mremap(addr, len, newLen, flags);
    });
    expect(f.pMethods!.xTruncate(f, 4096)).toBe(SQLITE_OK);
    expect(control(f, SQLITE_FCNTL_SIZE_HINT, 20000).rc).toBe(SQLITE_OK);
    expect(unix(f).pMapRegion!.length).toBe(20000);
    expect(control(f, SQLITE_FCNTL_MMAP_SIZE, 8192).rc).toBe(SQLITE_OK);
    expect(unix(f).pMapRegion!.length).toBe(8192);
    expect(f.pMethods!.xUnfetch!(f, 0, null)).toBe(SQLITE_OK);
    map();
    close(f);
    expect(seen).toEqual([
      ["munmap", 5904, null],
      ["mremap", 4096, null],
      ["munmap", 20000, null],
      ["munmap", 8192, null],
      ["munmap", 8192, null],
    ]);
  });

  test("a region is extended page by page from where the file ends", () => {
    const a = open("db");
    shmMap(a, 0, 0); /* 3 bytes now */
    const at: number[] = [];
    override("pwrite", (fd: number, b: Uint8Array, n: number, off: number) => {
      at.push(off);
      return libc.pwrite(fd, b, n, off);
    });
    shmMap(a, 0, 1);
    expect(at).toEqual([4095, 8191, 12287, 16383, 20479, 24575, 28671, 32767]);
    at.length = 0;
    shmMap(a, 2, 1);
    expect([at.length, at[0], at.at(-1)]).toEqual([16, 36863, 98303]);
  });

  test("a temporary name costs one allocation; without it nothing is written", () => {
    const f = open("db");
    const { xMalloc } = sqlite3Config.m;
    sqlite3Config.m.xMalloc = () => null;
    const z = new Ref<CString | null>(null);
    try {
      expect(f.pMethods!.xFileControl(f, SQLITE_FCNTL_TEMPFILENAME, z)).toBe(SQLITE_OK);
    } finally {
      sqlite3Config.m.xMalloc = xMalloc;
    }
    expect(z.value).toBe(null);
  });
});

describe("the rest of the VFS", () => {
  test("names that begin with dots, and the seed of an interrupted read", () => {
    const z = new Uint8Array(513);
    const full = (s: string): string => {
      expect(vfs.xFullPathname(vfs, toCString(s), 513, z)).toBe(SQLITE_OK);
      return fromCString(z);
    };
    expect(full("/no/.x/..y/...")).toBe("/no/.x/..y/...");
    expect(full("/a/b/.././..//c/./")).toBe("/c");
    let n = 0;
    override("read", (fd: number, b: Uint8Array, cnt: number) => {
      if (n++ > 0) return libc.read(fd, b, cnt);
      libc.set_errno(libc.EINTR);
      return -1;
    });
    const seed = new Uint8Array(256);
    expect(vfs.xRandomness(vfs, 256, seed)).toBe(256);
    expect([n, seed.some((x) => x !== 0)]).toEqual([2, true]);
    failing("read", libc.EIO); /* what was asked for counts, whatever came */
    expect(vfs.xRandomness(vfs, 256, seed)).toBe(256);
    expect(seed.every((x) => x === 0)).toBe(true);
  });

  test.runIf(SQLITE_DEBUG)("locks as /proc tells them", () => {
    const f = open("db");
    expect(lock(f, SHARED_LOCK)).toBe(SQLITE_OK);
    const told = (text: string): unknown => {
      override("read", (_fd: number, b: Uint8Array) => {
        b.set(toCString(text));
        return text.length;
      });
      return filestat(f).pal;
    };
    const line = (kind: string, range: string): string =>
      `lock:\t1: POSIX  ADVISORY  ${kind} 4711 08:02:5277597 ${range}\n`;
    const head = "pos:\t0\nflags:\t02\n";
    expect(told(head)).toBe("---/-.---.-----");
    expect(told(head + line("READ", `${PENDING + 2} ${PENDING + 511}`))).toBe("--r/-.---.-----");
    expect(
      told(
        head +
          line("WRITE", `${PENDING} ${PENDING}`) +
          line("WRITE", `${PENDING + 1} ${PENDING + 1}`) +
          line("READ", `${PENDING + 2} ${PENDING + 511}`),
      ),
    ).toBe("wwr/-.---.-----");
    expect(told(line("WRITE", `${PENDING} ${PENDING + 511}`))).toBe("www/-.---.-----");
    expect(told(line("READ", "120 127") + line("WRITE", "128 128"))).toBe("---/w.rrr.rrrrr");
    expect(told(line("WRITE", "121 122") + line("READ", "123 123"))).toBe("---/-.-ww.r----");
    /* another kind of lock, one that is not SQLite's, and lines that are cut off */
    expect(told(line("NONE ", "120 127") + line("WRITE", "200 300"))).toBe("---/-.---.-----");
    expect(told("lock:\tx READ 12\nlock:\t READ 7")).toBe("---/-.---.-----");
    /* no such file, or nothing in it: the key is missing */
    expect(told("")).toBe(undefined);
    restore();
    failing("open", libc.ENOENT);
    expect(filestat(f).pal).toBe(undefined);
  });

  test.runIf(SQLITE_DEBUG)("FILESTAT of files without locks and of several waiting descriptors", () => {
    const none = open("x", "unix-none");
    expect(filestat(none)).toEqual({ h: unix(none).h, vfs: "unix-none" });
    const a = open("db");
    const b = open("db");
    const ro = tryOpen("db", SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB).file;
    expect(filestat(a).inode).toEqual({ nRef: 3, nShared: 0 });
    lock(a, SHARED_LOCK);
    const [hB, hR] = [unix(b).h, unix(ro).h];
    close(b);
    close(ro);
    failing("open", libc.ENOENT, (z) => fromCString(z as CString).startsWith("/proc/"));
    shmMap(a, 0, 1);
    expect(filestat(a)).toMatchObject({
      eFileLock: "SHARED",
      shm: { h: unix(a).pShm!.pShmNode!.hShm, nRef: 1, id: 0, sharedMask: 0, exclMask: 0 },
      inode: {
        nRef: 1,
        nShared: 1,
        eFileLock: "SHARED",
        unusedFd: [
          { fd: hR, flags: SQLITE_OPEN_READONLY },
          { fd: hB, flags: SQLITE_OPEN_READWRITE },
        ],
      },
    });
  });
});
