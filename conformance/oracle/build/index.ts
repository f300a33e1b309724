/**
 * Builds the oracle: SQLite's C pager as WebAssembly, with the engine's compilers, cache and lock.
 *
 * Two modules exist: `release`, compiled as better-sqlite3 does it, and `debug` with all of SQLite's asserts.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../core/package-root.js";
import { cachedModule, cacheFolders, compilerHash, inputsHash } from "../../engine/build/cache.js";
import { type CompilerKind, compile, findCompiler } from "../../engine/build/compile.js";
import { compileFlags, installedDefines, linkFlags } from "../../engine/build/options.js";
import { MAIN, type Sources } from "../../engine/build/sources.js";
import { amalgamationFolder } from "../../engines/version.js";
import { cutOracle } from "./cut.js";
import { fieldTable } from "./fields.js";

/** Which of the two modules. */
export type OracleKind = "release" | "debug";

/** C code around the cut amalgamation. */
export interface OracleProgram {
  /** Folder, from the package's root; all its files are there for the compiler. */
  folder: string;
  /** The file that comes before the amalgamation, and declares imports. */
  before: string;
  /** The file that comes after it. */
  after: string;
}

/** The window in the wall. */
const SHIM: OracleProgram = { folder: "conformance/oracle/c", before: "hooks.h", after: "shim.c" };

/** How to build it. */
export interface OracleBuild {
  kind: OracleKind;
  /** Other C code than the oracle's around the same cut, which may include stand-ins.c. */
  program?: OracleProgram;
  /** Insist on one compiler. */
  compiler?: CompilerKind;
  /** Compile even if that has been done before. */
  force?: boolean;
  /** Told at each stage of a real build. */
  report?: (stage: string) => Promise<void>;
}

/** What has been built. */
export interface BuiltOracle {
  /** The .wasm file. */
  path: string;
  compiler: string;
  cached: boolean;
  /** What the compiler had to say about our own C code. */
  warnings: string;
}

/** Defines of the engine that the oracle has otherwise: its internal functions stay internal. */
const WITHOUT: readonly string[] = ["SQLITE_PRIVATE=", "NDEBUG"];

/** The C defines, made from better-sqlite3's. */
export function oracleDefines(kind: OracleKind): string[] {
  const defines = installedDefines().filter((define) => !WITHOUT.includes(define));
  return [...defines, "PAGER_MIRROR_SHM", kind === "debug" ? "SQLITE_DEBUG" : "NDEBUG"];
}

/** All C sources, by name. */
export function oracleSources(program: OracleProgram = SHIM, root: string = packageRoot()): Sources {
  const read = (folder: string, names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
  const all = (folder: string): Record<string, string> => read(folder, readdirSync(folder).sort());
  const folder = amalgamationFolder();
  const { text } = cutOracle(readFileSync(join(folder, "sqlite3.c"), "utf8"));
  return {
    ...read(folder, ["sqlite3.h"]),
    ...read(join(root, "conformance", "engine", "c"), ["files.h", "files.c"]),
    ...all(join(root, SHIM.folder)),
    ...(program === SHIM ? {} : all(join(root, program.folder))),
    "fields.h": fieldTable(text),
    "sqlite3.c": text,
    [MAIN]: [
      `#include "${program.before}"`,
      "#pragma clang diagnostic push",
      '#pragma clang diagnostic ignored "-Weverything"',
      '#include "sqlite3.c"',
      "#pragma clang diagnostic pop",
      `#include "${program.after}"`,
      "",
    ].join("\n"),
  };
}

/** Arguments for the compiler and the linker. */
export function oracleFlags(kind: OracleKind): { compile: string[]; link: string[] } {
  return {
    compile: [
      ...compileFlags(oracleDefines(kind), false),
      /* Much of what is left refers to what was cut, and goes itself because nobody refers to it. */
      "-Wno-unused-function",
      "-Wno-unused-const-variable",
      "-Wno-unused-variable",
      "-Wno-undefined-internal",
    ],
    link: [...linkFlags(false), "-Wl,--export=__stack_pointer", "-Wl,--export=__heap_base"],
  };
}

/**
 * Gives the module out of the cache, or makes it. May block: the compiler of the npm package is WebAssembly
 * too, and another process may be building the same.
 *
 * @throws Error in words if there is no compiler; CompileError if the C code does not compile
 */
export async function buildOracle(options: OracleBuild): Promise<BuiltOracle> {
  const report = options.report ?? (async () => undefined);
  const compiler = await findCompiler(options.compiler);
  const sources = oracleSources(options.program);
  const flags = oracleFlags(options.kind);
  const key = {
    inputs: inputsHash(sources, [...flags.compile, ...flags.link]),
    compiler: compilerHash(compiler.identity),
  };
  let warnings = "";
  const make = async (): Promise<Uint8Array> => {
    const made = await compile(compiler, sources, flags.compile, flags.link, report);
    warnings = made.warnings;
    return made.wasm;
  };
  /* A folder of its own, so that neither the engine nor the oracle pushes the other's modules out. */
  const folders = cacheFolders().map((folder) => join(folder, "oracle"));
  const module = await cachedModule(folders, key, options.force ?? false, report, make);
  return { ...module, compiler: compiler.name, warnings };
}
