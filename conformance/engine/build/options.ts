/** How the engine is compiled: the options of better-sqlite3's SQLite, and where they must differ. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { amalgamationFolder } from "../../engines/version.js";

/** Size of the module's memory in bytes; whoever makes the WebAssembly.Memory gives it this size. */
export const MEMORY_BYTES: number = 1 << 30;

/** {@link MEMORY_BYTES} in WebAssembly's pages: both `initial` and `maximum`, for it never grows. */
export const MEMORY_PAGES: number = MEMORY_BYTES / 65536;

/** Size of the C stack. It lies below everything else, so that running over it leaves the memory: a trap. */
export const STACK_BYTES: number = 1 << 20;

/**
 * Options of better-sqlite3 that the engine has otherwise. null: left out.
 */
const DIFFERENT: Readonly<Record<string, string | null>> = {
  /* There is one thread. With 2 the mutexes would only cost time. (Also sets SQLITE_MAX_WORKER_THREADS to
   * 0; no sorter starts a thread unless PRAGMA threads says so.) */
  SQLITE_THREADSAFE: "SQLITE_THREADSAFE=0",
  /* Only os_unix.c asks for it, and that is cut out. */
  HAVE_USLEEP: null,
};

/** Options that better-sqlite3 does not give. */
const ADDITIONAL: readonly string[] = [
  /* No VFS of SQLite's own: the module's C code registers one. */
  "SQLITE_OS_OTHER=1",
  /* What Linux has by default; on a platform that it does not know SQLite would switch PRAGMA mmap_size off. */
  "SQLITE_MAX_MMAP_SIZE=0x7fff0000",
  /* Internal functions become visible to the linker, because half of them are somewhere else. */
  "SQLITE_PRIVATE=",
  /* As in better-sqlite3's release build, where its gyp files say so for the whole target. */
  "NDEBUG",
];

/** The list behind 'defines' in better-sqlite3's deps/defines.gypi. */
export function parseDefines(gypi: string): string[] {
  const list = /'defines':\s*\[([^\]]*)\]/.exec(gypi)?.[1];
  const defines = [...(list ?? "").matchAll(/'([^']+)'/g)].map((m) => m[1]!);
  if (defines.length === 0) throw new Error("better-sqlite3's deps/defines.gypi has no list of defines");
  return defines;
}

/** The engine's defines, made from better-sqlite3's. */
export function engineDefines(theirs: readonly string[]): string[] {
  const ours: string[] = [];
  for (const define of theirs) {
    const name = define.split("=")[0]!;
    const other = DIFFERENT[name];
    if (other === undefined) ours.push(define);
    else if (other !== null) ours.push(other);
  }
  for (const name of Object.keys(DIFFERENT)) {
    if (!theirs.some((define) => define.split("=")[0] === name)) {
      throw new Error(`better-sqlite3's deps/defines.gypi no longer has ${name}, which the engine changes`);
    }
  }
  for (const define of ADDITIONAL) {
    const name = define.split("=")[0]!;
    if (theirs.some((d) => d.split("=")[0] === name)) {
      throw new Error(`better-sqlite3's deps/defines.gypi has its own ${name}, which the engine also sets`);
    }
  }
  return [...ours, ...ADDITIONAL];
}

/** The defines of the installed better-sqlite3, as the engine has them. */
export function installedDefines(): string[] {
  const file = join(dirname(amalgamationFolder()), "defines.gypi");
  return engineDefines(parseDefines(readFileSync(file, "utf8")));
}

/**
 * Arguments for the compiler proper.
 *
 * @param debug with the lines of the source in the module
 */
export function compileFlags(defines: readonly string[], debug: boolean): string[] {
  return [
    "-std=gnu11",
    "-O2",
    /* No folder of the day in the module: the same sources give the same bytes. */
    ...(debug ? ["-g", "-fdebug-compilation-dir=."] : []),
    /* The same instructions from every compiler, and none that Node 20 has not. */
    "-mcpu=mvp",
    "-mmutable-globals",
    "-msign-ext",
    "-mnontrapping-fptoint",
    "-mbulk-memory",
    "-Wall",
    "-Wextra",
    "-Wno-unused-parameter",
    ...defines.map((define) => `-D${define}`),
  ];
}

/** Arguments for the linker, by way of the compiler. */
export function linkFlags(debug: boolean): string[] {
  const flags = [
    "--no-entry",
    "--import-memory",
    `--initial-memory=${MEMORY_BYTES}`,
    `--max-memory=${MEMORY_BYTES}`,
    "--stack-first",
    "--export-table",
    "--export=malloc",
    "--export=free",
    /* A function called with other parameters than it has would only trap when it is called. */
    "--fatal-warnings",
    ...(debug ? [] : ["--strip-debug"]),
  ];
  return [
    /* Not a program that ends: `_initialize` is called once, everything else as often as one likes. */
    "-mexec-model=reactor",
    ...flags.map((flag) => `-Wl,${flag}`),
    `-Wl,-z,stack-size=${STACK_BYTES}`,
  ];
}
