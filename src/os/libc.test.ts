import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
    expect(addr % libc.getpagesize()).toBe(0);
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
    expect(libc.gettimeofday(tv)).toBe(0);
    expect(Math.abs(tv.tv_sec * 1000 + tv.tv_usec / 1000 - Date.now())).toBeLessThan(2000);
    expect(Math.abs(libc.time() - tv.tv_sec)).toBeLessThan(3);
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
