import { expect, test } from "vitest";
import {
  compileFlags,
  engineDefines,
  installedDefines,
  linkFlags,
  MEMORY_BYTES,
  MEMORY_PAGES,
  parseDefines,
  STACK_BYTES,
} from "./options.js";

const gypi = `{
  'defines': [
    'HAVE_USLEEP=1',
    'SQLITE_DQS=0',
    'SQLITE_THREADSAFE=2',
    'SQLITE_SOUNDEX',
  ],
}`;

test("the defines of a gypi file", () => {
  expect(parseDefines(gypi)).toEqual([
    "HAVE_USLEEP=1",
    "SQLITE_DQS=0",
    "SQLITE_THREADSAFE=2",
    "SQLITE_SOUNDEX",
  ]);
  expect(() => parseDefines("{}")).toThrow("no list of defines");
});

test("what differs is replaced or left out, and what is missing is added", () => {
  expect(engineDefines(parseDefines(gypi))).toEqual([
    "SQLITE_DQS=0",
    "SQLITE_THREADSAFE=0",
    "SQLITE_SOUNDEX",
    "SQLITE_OS_OTHER=1",
    "SQLITE_MAX_MMAP_SIZE=0x7fff0000",
    "SQLITE_PRIVATE=",
    "NDEBUG",
  ]);
});

test("a change in better-sqlite3 that we have not thought of is refused", () => {
  expect(() => engineDefines(["HAVE_USLEEP=1"])).toThrow("no longer has SQLITE_THREADSAFE");
  expect(() => engineDefines([...parseDefines(gypi), "SQLITE_MAX_MMAP_SIZE=0"])).toThrow(
    "its own SQLITE_MAX_MMAP_SIZE",
  );
});

test("the installed better-sqlite3's options arrive", () => {
  const defines = installedDefines();
  for (const one of [
    "SQLITE_ENABLE_FTS5",
    "SQLITE_DQS=0",
    "SQLITE_DEFAULT_FOREIGN_KEYS=1",
    "SQLITE_ENABLE_STAT4",
  ]) {
    expect(defines).toContain(one);
  }
  expect(defines.filter((d) => d.startsWith("SQLITE_THREADSAFE"))).toEqual(["SQLITE_THREADSAFE=0"]);
  expect(new Set(defines.map((d) => d.split("=")[0])).size).toBe(defines.length);
});

test("the memory is fixed, the stack lies first, and lines of the source are there on demand", () => {
  expect(MEMORY_PAGES * 65536).toBe(MEMORY_BYTES);
  const link = linkFlags(false);
  expect(link).toContain(`-Wl,--initial-memory=${MEMORY_BYTES}`);
  expect(link).toContain(`-Wl,--max-memory=${MEMORY_BYTES}`);
  expect(link).toContain("-Wl,--stack-first");
  expect(link).toContain(`-Wl,-z,stack-size=${STACK_BYTES}`);
  expect(link).toContain("-Wl,--strip-debug");
  expect(linkFlags(true)).not.toContain("-Wl,--strip-debug");
  expect(compileFlags(["A=1"], false)).toContain("-DA=1");
  expect(compileFlags([], false)).not.toContain("-g");
  expect(compileFlags([], true)).toContain("-g");
});
