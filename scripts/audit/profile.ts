/**
 * What is defined before the first line of the amalgamation: better-sqlite3's options, and what gcc
 * and glibc define on 64-bit Linux as far as an `#if` of SQLite asks for it.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Profile {
  name: string;
  /** Macro name, with its parameters if it has any, to replacement text. */
  defines: ReadonlyMap<string, string>;
  /** Macros that no `#define` changes. */
  fixed?: ReadonlySet<string>;
}

/** The compiler's own. */
const COMPILER: Readonly<Record<string, string>> = {
  __GNUC__: "12",
  __GNUC_MINOR__: "2",
  __GNUC_PATCHLEVEL__: "0",
  __VERSION__: '"12.2.0"',
  __STDC__: "1",
  __STDC_VERSION__: "199901L",
  __STRICT_ANSI__: "1",
  __linux__: "1",
  __linux: "1",
  __unix__: "1",
  __unix: "1",
  __x86_64__: "1",
  __x86_64: "1",
  __LP64__: "1",
  __SIZEOF_POINTER__: "8",
  __SIZEOF_INT128__: "16",
  __PTRDIFF_TYPE__: "long int",
  __ORDER_LITTLE_ENDIAN__: "1234",
  __ORDER_BIG_ENDIAN__: "4321",
  __BYTE_ORDER__: "1234",
  "__has_attribute(x)": "1",
};

/** The system headers'. The audit does not read headers, so these count from the first line on. */
const HEADERS: Readonly<Record<string, string>> = {
  __GLIBC__: "2",
  __USE_GNU: "1",
  _XOPEN_SOURCE: "700",
  M_PI: "3.14159265358979323846",
  M_LN10: "2.30258509299404568402",
  M_LN2: "0.69314718055994530942",
  EINTR: "4",
  ENXIO: "6",
  EOVERFLOW: "75",
  FD_CLOEXEC: "1",
  F_GETFD: "1",
  F_SETFD: "2",
  F_RDLCK: "0",
  F_WRLCK: "1",
  F_UNLCK: "2",
  F_GETLK: "5",
  F_SETLK: "6",
  F_SETLKW: "7",
  O_RDONLY: "00",
  O_RDWR: "02",
  O_CREAT: "0100",
  O_EXCL: "0200",
  O_CLOEXEC: "02000000",
  O_LARGEFILE: "0",
  O_NOFOLLOW: "0400000",
  FILENAME_MAX: "4096",
  INT_MAX: "2147483647",
  offsetof: "__builtin_offsetof",
};

/** The options that better-sqlite3 compiles with, as its defines.gypi lists them. */
export function gypiDefines(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const m of text.matchAll(/'(\w+)(?:=([^']*))?'\s*,/g)) found.set(m[1]!, m[2] ?? "1");
  return found;
}

/** The profile of the installed better-sqlite3, a release build; `extra` overrides. */
export function defaultProfile(root: string, extra: Readonly<Record<string, string>> = {}): Profile {
  const gypi = readFileSync(join(root, "node_modules/better-sqlite3/deps/defines.gypi"), "utf8");
  return {
    name: "default",
    defines: new Map([
      ...Object.entries(COMPILER),
      ...Object.entries(HEADERS),
      ...gypiDefines(gypi),
      /* common.gypi, configuration Release. */
      ["NDEBUG", "1"],
      ...Object.entries(extra),
    ]),
  };
}
