import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { fromCString, toCString } from "../cstring.js";
import * as libc from "./libc.js";

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "libc-"));
});

afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

function path(name: string) {
  return toCString(join(dir, name));
}

function create(name: string): number {
  const fd = libc.open(path(name), libc.O_RDWR | libc.O_CREAT | libc.O_CLOEXEC, 0o644);
  expect(fd).toBeGreaterThan(2);
  return fd;
}

/** Runs code in another process with libc.ts at hand; gives what it prints. */
function elsewhere(code: string): string {
  const r = spawnSync(
    process.execPath,
    [
      "--import",
      "tsx",
      "--input-type=module",
      "-e",
      `import * as libc from ${JSON.stringify(new URL("./libc.ts", import.meta.url).href)};
       import { toCString } from ${JSON.stringify(new URL("../cstring.ts", import.meta.url).href)};
       ${code}`,
    ],
    { encoding: "utf8" },
  );
  expect(r.stderr).toBe("");
  return r.stdout.trim();
}

describe("errors", () => {
  it("reports errno of the call that failed, and keeps it over calls that succeed", () => {
    expect(libc.open(path("absent"), libc.O_RDONLY, 0)).toBe(-1);
    expect(libc.errno()).toBe(libc.ENOENT);
    libc.getpid();
    libc.close(create("e"));
    expect(libc.errno()).toBe(libc.ENOENT);
    expect(libc.close(9999)).toBe(-1);
    expect(libc.errno()).toBe(libc.EBADF);
    expect(libc.unlink(toCString(dir))).toBe(-1);
    expect([libc.EISDIR, libc.EPERM]).toContain(libc.errno());
    expect(libc.mkdir(toCString(dir), 0o755)).toBe(-1);
    expect(libc.errno()).toBe(libc.EEXIST);
    expect(libc.strerror(libc.ENOENT)).toBe("No such file or directory");
  });

  it("lets a replaced call set it", () => {
    libc.set_errno(libc.EINTR);
    expect(libc.errno()).toBe(libc.EINTR);
  });
});

describe("reading and writing", () => {
  it("moves bytes at offsets, beyond 4 GiB too", () => {
    const fd = create("rw");
    const out = new TextEncoder().encode("0123456789");
    expect(libc.pwrite(fd, out, 10, 0)).toBe(10);
    expect(libc.pwrite64(fd, out.subarray(3), 4, 2 ** 33 + 5)).toBe(4);
    const buf = new Uint8Array(16);
    expect(libc.pread(fd, buf, 16, 2 ** 33 + 5)).toBe(4);
    expect(fromCString(buf)).toBe("3456");
    /* a view into the middle of a buffer is written where it points */
    expect(libc.pread64(fd, buf.subarray(4), 3, 1)).toBe(3);
    expect(fromCString(buf)).toBe("3456123");
    expect(libc.lseek(fd, 8, libc.SEEK_SET)).toBe(8);
    expect(libc.read(fd, buf, 2)).toBe(2);
    expect(fromCString(buf.subarray(0, 2))).toBe("89");
    const st = new libc.stat();
    expect(libc.fstat(fd, st)).toBe(0);
    expect(st.st_size).toBe(2 ** 33 + 9);
    expect(libc.ftruncate(fd, 6)).toBe(0);
    expect(libc.write(fd, out, 1)).toBe(1);
    expect(libc.fsync(fd)).toBe(0);
    expect(libc.fdatasync(fd)).toBe(0);
    expect(libc.posix_fallocate(fd, 0, 4096)).toBe(0);
    expect(statSync(join(dir, "rw")).size).toBe(4096);
    expect(libc.close(fd)).toBe(0);
  });

  it("reads into memory of WebAssembly and into shared buffers", () => {
    writeFileSync(join(dir, "m"), "abcdef");
    const fd = create("m");
    /* @types/node has no values for it */
    const { WebAssembly } = globalThis as unknown as {
      WebAssembly: { Memory: new (d: { initial: number }) => { buffer: ArrayBuffer } };
    };
    const wasm = new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer, 100, 6);
    const shared = new Uint8Array(new SharedArrayBuffer(6));
    expect(libc.pread(fd, wasm, 6, 0)).toBe(6);
    expect(libc.pread(fd, shared, 6, 0)).toBe(6);
    expect([...wasm]).toEqual([...shared]);
    expect(wasm[5]).toBe(0x66);
    libc.close(fd);
  });
});

describe("struct stat", () => {
  it("agrees with Node", () => {
    const fd = create("st");
    libc.pwrite(fd, new Uint8Array(1234), 1234, 0);
    expect(libc.fchmod(fd, 0o640)).toBe(0);
    symlinkSync("st", join(dir, "ln"));
    const node = statSync(join(dir, "st"), { bigint: true });
    for (const call of [
      (st: libc.stat) => libc.fstat(fd, st),
      (st: libc.stat) => libc.stat_(path("st"), st),
      (st: libc.stat) => libc.stat_(path("ln"), st),
      (st: libc.stat) => libc.lstat(path("st"), st),
    ]) {
      const st = new libc.stat();
      expect(call(st)).toBe(0);
      expect(st.st_dev).toBe(node.dev);
      expect(st.st_ino).toBe(node.ino);
      expect(st.st_nlink).toBe(Number(node.nlink));
      expect(st.st_mode).toBe(Number(node.mode));
      expect(st.st_mode & 0o777).toBe(0o640);
      expect(st.st_uid).toBe(Number(node.uid));
      expect(st.st_gid).toBe(Number(node.gid));
      expect(st.st_size).toBe(1234);
      expect(st.st_blksize).toBe(Number(node.blksize));
      expect(libc.S_ISREG(st.st_mode)).toBe(true);
    }
    const st = new libc.stat();
    expect(libc.lstat(path("ln"), st)).toBe(0);
    expect(libc.S_ISLNK(st.st_mode)).toBe(true);
    const buf = new Uint8Array(10);
    expect(libc.readlink(path("ln"), buf, 10)).toBe(2);
    expect(fromCString(buf)).toBe("st");
    expect(libc.stat_(toCString(dir), st)).toBe(0);
    expect(libc.S_ISDIR(st.st_mode)).toBe(true);
    libc.close(fd);
  });
});

describe("struct flock", () => {
  it("keeps its fields where C has them", () => {
    const l = new libc.flock();
    l.l_type = libc.F_WRLCK;
    l.l_whence = libc.SEEK_SET;
    l.l_start = 0x40000001;
    l.l_len = 2 ** 40 + 3;
    expect([l.l_type, l.l_whence, l.l_start, l.l_len]).toEqual([1, 0, 0x40000001, 2 ** 40 + 3]);
    const v = new DataView(l.buf.buffer);
    expect(v.getInt16(0, true)).toBe(1);
    expect(v.getBigInt64(8, true)).toBe(0x40000001n);
    expect(v.getBigInt64(16, true)).toBe(2n ** 40n + 3n);
    l.l_start = -5;
    expect(l.l_start).toBe(-5);
    expect(v.getBigInt64(8, true)).toBe(-5n);
    const m = new libc.flock();
    m.assign(l);
    expect(m.l_len).toBe(l.l_len);
  });

  it("locks against another process", () => {
    const fd = create("lk");
    const l = new libc.flock();
    l.l_type = libc.F_WRLCK;
    l.l_start = 0x40000000;
    l.l_len = 2;
    expect(libc.fcntl(fd, libc.F_SETLK, l)).toBe(0);
    const out = elsewhere(`
      const fd = libc.open(toCString(${JSON.stringify(join(dir, "lk"))}), libc.O_RDWR, 0);
      const l = new libc.flock();
      l.l_type = libc.F_RDLCK; l.l_start = 0x40000001; l.l_len = 1;
      const rc = libc.fcntl(fd, libc.F_SETLK, l);
      const e = libc.errno();
      libc.fcntl(fd, libc.F_GETLK, l);
      console.log(JSON.stringify([rc, e === libc.EAGAIN || e === libc.EACCES, l.l_type, l.l_start, l.l_len, l.l_pid]));
    `);
    expect(JSON.parse(out)).toEqual([-1, true, libc.F_WRLCK, 0x40000000, 2, libc.getpid()]);
    l.l_type = libc.F_UNLCK;
    expect(libc.fcntl(fd, libc.F_SETLK, l)).toBe(0);
    expect(libc.fcntl(fd, libc.F_GETFD) & libc.FD_CLOEXEC).toBe(libc.FD_CLOEXEC);
    expect(libc.fcntl(fd, libc.F_SETFD, 0)).toBe(0);
    expect(libc.fcntl(fd, libc.F_GETFD, 0)).toBe(0);
    libc.close(fd);
  });
});

describe("mapped memory", () => {
  it("is shared with the file, grows by mremap, and refuses what no view can show", () => {
    const fd = create("mm");
    libc.ftruncate(fd, 3 * 4096);
    const prot = libc.PROT_READ | libc.PROT_WRITE;
    let addr = libc.mmap(0, 4096, prot, libc.MAP_SHARED, fd, 0);
    expect(addr).toBeGreaterThan(0);
    expect(addr % libc.sysconf(libc._SC_PAGESIZE)).toBe(0);
    let v = libc.view(addr, 4096);
    v[10] = 0x5a;
    expect(readFileSync(join(dir, "mm"))[10]).toBe(0x5a);
    libc.pwrite(fd, new Uint8Array([1, 2, 3]), 3, 8192);
    addr = libc.mremap(addr, 4096, 3 * 4096, libc.MREMAP_MAYMOVE);
    expect(addr).toBeGreaterThan(0);
    v = libc.view(addr, 3 * 4096);
    expect(v[10]).toBe(0x5a);
    expect([...v.subarray(8192, 8195)]).toEqual([1, 2, 3]);
    const i32 = new Int32Array(v.buffer, v.byteOffset, 4);
    Atomics.store(i32, 1, 77);
    expect(readFileSync(join(dir, "mm"))[4]).toBe(77);
    expect(libc.munmap(addr, 3 * 4096)).toBe(0);

    expect(libc.mmap(0, 0, prot, libc.MAP_SHARED, fd, 0)).toBe(libc.MAP_FAILED);
    expect(libc.errno()).toBe(libc.EINVAL);
    expect(libc.mmap(0, 2 ** 32, prot, libc.MAP_SHARED, fd, 0)).toBe(libc.MAP_FAILED);
    expect(libc.errno()).toBe(libc.ENOMEM);
    expect(() => libc.view(addr, 2 ** 32)).toThrow(RangeError);
    expect(() => libc.view(libc.MAP_FAILED, 10)).toThrow(RangeError);
    libc.close(fd);
  });
});

describe("the rest", () => {
  it("handles directories, access, the environment and time", () => {
    expect(libc.mkdir(path("d"), 0o777)).toBe(0);
    expect(libc.access(path("d"), libc.F_OK)).toBe(0);
    expect(libc.utimes(path("d"), null)).toBe(0);
    expect(libc.rmdir(path("d"))).toBe(0);
    expect(libc.access(path("d"), libc.F_OK)).toBe(-1);
    const buf = new Uint8Array(4096);
    expect(libc.getcwd(buf, 4096)).toBe(buf);
    expect(fromCString(buf)).toBe(process.cwd());
    expect(libc.getcwd(buf, 1)).toBe(null);
    expect(libc.errno()).toBe(libc.ERANGE);
    expect(libc.getpid()).toBe(process.pid);
    expect(libc.geteuid()).toBe(process.geteuid!());
    expect(libc.getenv("PAGER_MIRROR_ABSENT")).toBe(null);
    expect(fromCString(libc.getenv("PATH"))).toBe(process.env["PATH"]);
    const tv = new libc.timeval();
    expect(libc.gettimeofday(tv, null)).toBe(0);
    expect(Math.abs(tv.tv_sec * 1000 + tv.tv_usec / 1000 - Date.now())).toBeLessThan(2000);
    expect(Math.abs(libc.time(null) - tv.tv_sec)).toBeLessThan(3);
    const ts = new libc.timespec();
    ts.tv_sec = 0;
    ts.tv_nsec = 20_000_000;
    const t0 = process.hrtime.bigint();
    expect(libc.nanosleep(ts, null)).toBe(0);
    expect(libc.usleep(10_000)).toBe(0);
    expect(Number(process.hrtime.bigint() - t0)).toBeGreaterThanOrEqual(29_000_000);
    const fd = create("io");
    expect(libc.ioctl(fd, 0xf501, 0)).toBe(-1);
    expect(libc.errno()).not.toBe(0);
    expect(libc.fchown(fd, libc.geteuid(), process.getegid!())).toBe(0);
    libc.close(fd);
  });
});

describe("sizes and offsets beyond 31 and 32 bits", () => {
  const places = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 2 ** 31, 2 ** 40];

  it("reads, writes, seeks and truncates there", () => {
    const fd = create("big");
    const st = new libc.stat();
    for (const at of places) {
      expect(libc.pwrite(fd, Uint8Array.of(1, 2, 3), 3, at)).toBe(3);
      const b = new Uint8Array(4);
      expect(libc.pread(fd, b, 4, at)).toBe(3);
      expect([...b]).toEqual([1, 2, 3, 0]);
      expect(libc.pread(fd, b, 1, at - 1)).toBe(1);
      expect(b[0]).toBe(0);
      expect(libc.lseek(fd, at, libc.SEEK_SET)).toBe(at);
      expect(libc.lseek(fd, 1, libc.SEEK_CUR)).toBe(at + 1);
      expect(libc.read(fd, b, 4)).toBe(2);
      expect(libc.lseek(fd, 0, libc.SEEK_END)).toBe(at + 3);
      expect(libc.ftruncate(fd, at)).toBe(0);
      expect(libc.fstat(fd, st)).toBe(0);
      expect(st.st_size).toBe(at);
      expect(libc.ftruncate(fd, 0)).toBe(0);
    }
    expect(libc.ftruncate(fd, -1)).toBe(-1);
    expect(libc.errno()).toBe(libc.EINVAL);
    expect(libc.pread(fd, new Uint8Array(1), 1, -1)).toBe(-1);
    expect(libc.errno()).toBe(libc.EINVAL);
    expect(libc.lseek(fd, -1, libc.SEEK_SET)).toBe(-1);
    expect(libc.close(fd)).toBe(0);
  });

  it("maps there", () => {
    const fd = create("bigmap");
    const page = libc.sysconf(libc._SC_PAGESIZE);
    for (const at of [2 ** 31, 2 ** 32, 2 ** 32 + 2 ** 31]) {
      libc.ftruncate(fd, at + page);
      libc.pwrite(fd, Uint8Array.of(at / 2 ** 31), 1, at + 5);
      const addr = libc.mmap(0, page, libc.PROT_READ, libc.MAP_SHARED, fd, at);
      expect(libc.view(addr, page)[5]).toBe(at / 2 ** 31);
      expect(libc.munmap(addr, page)).toBe(0);
    }
    libc.close(fd);
  });

  it("locks there, against another process", () => {
    const fd = create("biglock");
    for (const at of [2 ** 31, 2 ** 32, 2 ** 40 + 7]) {
      const l = new libc.flock();
      l.l_type = libc.F_WRLCK;
      l.l_start = at;
      l.l_len = 2 ** 32 + 1;
      expect(libc.fcntl(fd, libc.F_SETLK, l)).toBe(0);
      l.l_type = libc.F_UNLCK;
    }
    const out = elsewhere(`
      const fd = libc.open(toCString(${JSON.stringify(join(dir, "biglock"))}), libc.O_RDWR, 0);
      const l = new libc.flock();
      const found = [];
      for (let at = 0; ; at = l.l_start + l.l_len) {
        l.l_type = libc.F_WRLCK; l.l_start = at; l.l_len = 0;
        if (libc.fcntl(fd, libc.F_GETLK, l) || l.l_type === libc.F_UNLCK) break;
        found.push([l.l_start, l.l_len]);
      }
      console.log(JSON.stringify(found));
    `);
    expect(JSON.parse(out)).toEqual([
      [2 ** 31, 2 ** 32 + 1 + 2 ** 31] /* the first two overlap */,
      [2 ** 40 + 7, 2 ** 32 + 1],
    ]);
    libc.close(fd);
  });
});

describe("memory", () => {
  it("refuses to transfer more than the byte array has", () => {
    const fd = create("room");
    const block = new Uint8Array(64).fill(7);
    const b = block.subarray(8, 16);
    libc.pwrite(fd, new Uint8Array(32), 32, 0);
    expect(() => libc.pread(fd, b, 9, 0)).toThrow(RangeError);
    expect(() => libc.read(fd, b, 9)).toThrow(RangeError);
    expect(() => libc.pwrite(fd, b, 9, 0)).toThrow(RangeError);
    expect(() => libc.write(fd, b, 9)).toThrow(RangeError);
    expect(() => libc.readlink(path("room"), b, 9)).toThrow(RangeError);
    expect(() => libc.getcwd(b, 9)).toThrow(RangeError);
    expect(block.every((x) => x === 7)).toBe(true);
    expect(libc.pread(fd, b, 8, 0)).toBe(8);
    expect([block[7], block[8], block[15], block[16]]).toEqual([7, 0, 0, 7]);
    libc.close(fd);
  });

  it("may be mapped, viewed and unmapped at one address again and again", () => {
    const fd = create("again");
    libc.ftruncate(fd, 32768);
    const old: Uint8Array[] = [];
    for (let i = 0; i < 3000; i++) {
      const addr = libc.mmap(0, 32768, libc.PROT_READ | libc.PROT_WRITE, libc.MAP_SHARED, fd, 0);
      const v = libc.view(addr, 32768);
      v[i] = i & 0xff;
      old.push(v); /* the object may live on, as long as nobody reads it */
      expect(libc.munmap(addr, 32768)).toBe(0);
    }
    const b = new Uint8Array(3000);
    libc.pread(fd, b, 3000, 0);
    expect(b.every((x, i) => x === (i & 0xff))).toBe(true);
    libc.close(fd);
  });

  it("grows only as far as a view reaches", () => {
    const fd = create("grow");
    libc.ftruncate(fd, 4096);
    const addr = libc.mmap(0, 4096, libc.PROT_READ, libc.MAP_SHARED, fd, 0);
    expect(libc.mremap(addr, 4096, libc.MAX_VIEW + 1, libc.MREMAP_MAYMOVE)).toBe(libc.MAP_FAILED);
    expect(libc.errno()).toBe(libc.ENOMEM);
    expect(libc.view(addr, 4096)[0]).toBe(0); /* still mapped */
    expect(libc.munmap(addr, 4096)).toBe(0);
    expect(libc.munmap(addr + 1, 4096)).toBe(-1);
    expect(libc.errno()).toBe(libc.EINVAL);
    libc.close(fd);
  });
});

describe("small things", () => {
  it("writes every field of its structs, and reads them back", () => {
    const st = new libc.stat();
    st.st_dev = 2n ** 63n;
    st.st_ino = 2n ** 64n - 1n;
    st.st_nlink = 3;
    st.st_mode = libc.S_IFREG | 0o644;
    st.st_uid = 0xfffffffe;
    st.st_gid = 70000;
    st.st_size = 2 ** 40 + 5;
    st.st_blksize = 4096;
    expect([st.st_dev, st.st_ino]).toEqual([2n ** 63n, 2n ** 64n - 1n]);
    expect([st.st_nlink, st.st_mode, st.st_uid, st.st_gid, st.st_size, st.st_blksize]).toEqual([
      3,
      libc.S_IFREG | 0o644,
      0xfffffffe,
      70000,
      2 ** 40 + 5,
      4096,
    ]);
    const l = new libc.flock();
    l.l_pid = 77;
    expect([l.l_pid, l.buf[24]]).toEqual([77, 77]);
    const t = new libc.timespec();
    t.tv_sec = 2 ** 33;
    t.tv_nsec = 999_999_999;
    expect([t.tv_sec, t.tv_nsec]).toEqual([2 ** 33, 999_999_999]);
  });

  it("sleeps, says how long it did not, and asks a device", () => {
    const t = new libc.timespec();
    const rem = new libc.timespec();
    t.tv_nsec = 1_000_000_000; /* one too many */
    expect(libc.nanosleep(t, rem)).toBe(-1);
    expect(libc.errno()).toBe(libc.EINVAL);
    expect(libc.sleep(0)).toBe(0);
    const fd = create("fionread");
    libc.pwrite(fd, new Uint8Array(300), 300, 0);
    const n = new Uint32Array(1);
    expect(libc.ioctl(fd, 0x541b, n)).toBe(0);
    expect(n[0]).toBe(300);
    libc.close(fd);
    expect(libc.strerror(123456)).toMatch(/123456/);
  });
});

/* ------------------------------------------------------------------ loading */

describe("loading the module", () => {
  const require = createRequire(import.meta.url);
  const koffi = require("koffi") as { load(name: string | null): { func(...a: unknown[]): unknown } };
  const realLoad = koffi.load;
  const loader = require("node:module") as { _load(request: string, ...rest: unknown[]): unknown };
  const realRequire = loader._load;
  const { arch, platform } = process;
  const pretend = (what: "arch" | "platform", value: string): void => {
    Object.defineProperty(process, what, { value, configurable: true, enumerable: true });
  };
  const fresh = (): Promise<typeof libc> => {
    vi.resetModules();
    return import("./libc.js");
  };

  afterEach(() => {
    pretend("arch", arch);
    pretend("platform", platform);
    koffi.load = realLoad;
    loader._load = realRequire;
  });

  it("says where it runs and where it does not", async () => {
    pretend("platform", "darwin");
    await expect(fresh()).rejects.toThrow(/needs Linux on x64 or arm64, and this is darwin on/);
    pretend("platform", "linux");
    pretend("arch", "ia32");
    await expect(fresh()).rejects.toThrow(/this is linux on ia32/);
  });

  it("says what to do without koffi", async () => {
    const cause = new Error("Cannot find module 'koffi'");
    for (const e of [cause, "broken"]) {
      loader._load = (request, ...rest) => {
        if (request === "koffi") throw e;
        return realRequire.call(loader, request, ...rest);
      };
      const failure = await fresh().then(
        () => null,
        (x: Error) => x,
      );
      expect(failure?.message).toMatch(
        /"koffi", which could not be loaded \((Cannot find module 'koffi'|broken)\)/,
      );
      expect(failure?.message).toMatch(/use the entrance "pager-mirror"/);
      expect(failure?.cause).toBe(e);
    }
  });

  it("finds the C library by name if the process does not offer it, or says that it cannot", async () => {
    const asked: (string | null)[] = [];
    koffi.load = (name) => {
      asked.push(name);
      if (name === null) throw new Error("no dlopen(NULL)");
      return realLoad(name);
    };
    expect((await fresh()).getpid()).toBe(process.pid);
    expect(asked).toEqual([null, "libc.so.6"]);
    for (const e of [new Error("gone"), "gone"]) {
      koffi.load = () => {
        throw e;
      };
      await expect(fresh()).rejects.toThrow("could not open the C library (gone)");
    }
  });

  it("asks for stat under its older name where the C library has only that one", async () => {
    const asked: unknown[] = [];
    koffi.load = (name) => {
      const lib = realLoad(name) as ReturnType<typeof realLoad> & { symbol(n: string): unknown };
      return {
        symbol: (n: string) => lib.symbol(n),
        func(...a: unknown[]) {
          const z = String(a[0]);
          if (["stat", "lstat", "fstat"].includes(z)) throw new Error(`no ${z}`);
          if (!z.startsWith("__")) return lib.func(...a);
          return (...args: unknown[]) => {
            asked.push([z, args[0]]);
            const f = lib.func(z.replace(/^__(l|f)?xstat$/, "$1stat"), a[1], (a[2] as string[]).slice(1));
            return (f as (...x: unknown[]) => number)(...args.slice(1));
          };
        },
      };
    };
    writeFileSync(join(dir, "old"), "12345");
    for (const [name, version] of [
      ["x64", 1],
      ["arm64", 0],
    ] as const) {
      pretend("arch", name);
      const m = await fresh();
      const st = new m.stat();
      expect(m.stat_(path("old"), st)).toBe(0);
      expect(st.st_size).toBe(5); /* in both layouts at the same place */
      expect(m.lstat(path("old"), st)).toBe(0);
      const fd = m.open(path("old"), m.O_RDONLY, 0);
      expect(m.fstat(fd, st)).toBe(0);
      m.close(fd);
      expect(m.stat_(path("none"), st)).toBe(-1);
      expect(m.errno()).toBe(m.ENOENT);
      expect(asked.splice(0)).toEqual([
        ["__xstat", version],
        ["__lxstat", version],
        ["__fxstat", version],
        ["__xstat", version],
      ]);
    }
  });

  it.each([
    /* <asm/stat.h> and <asm-generic/stat.h>: where the two differ */
    ["x64", { nlink: [16, 8], mode: 24, uid: 28, gid: 32 }, 0o200000, 0o400000],
    ["arm64", { mode: 16, nlink: [20, 4], uid: 24, gid: 28 }, 0o40000, 0o100000],
  ] as const)("has the structs and flags of %s", async (name, at, dirFlag, noFollow) => {
    pretend("arch", name);
    const m = await fresh();
    expect([m.O_DIRECTORY, m.O_NOFOLLOW]).toEqual([dirFlag, noFollow]);
    const st = new m.stat();
    const v = new DataView(st.buf.buffer);
    v.setBigUint64(0, 11n, true);
    v.setBigUint64(8, 2n ** 63n + 1n, true);
    if (at.nlink[1] === 8) v.setBigUint64(at.nlink[0], 5n, true);
    else v.setUint32(at.nlink[0], 5, true);
    v.setUint32(at.mode, 0o100640, true);
    v.setUint32(at.uid, 4294967294, true);
    v.setUint32(at.gid, 1001, true);
    v.setBigInt64(48, 2n ** 41n, true);
    v.setUint32(56, 65536, true);
    expect([st.st_dev, st.st_ino]).toEqual([11n, 2n ** 63n + 1n]);
    expect([st.st_nlink, st.st_mode, st.st_uid, st.st_gid]).toEqual([5, 0o100640, 4294967294, 1001]);
    expect([st.st_size, st.st_blksize]).toEqual([2 ** 41, 65536]);
    const out = new m.stat();
    out.st_nlink = 5;
    out.st_mode = 0o100640;
    out.st_uid = 4294967294;
    out.st_gid = 1001;
    out.st_size = 2 ** 41;
    out.st_blksize = 65536;
    out.st_dev = 11n;
    out.st_ino = 2n ** 63n + 1n;
    expect(out.buf).toEqual(st.buf);
  });
});
