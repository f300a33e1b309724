/** Builds the C sides of the benchmark: WebAssembly, and native code where there is a C compiler. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../core/package-root.js";
import { parseDefines } from "../../engine/build/options.js";
import { amalgamationFolder } from "../../engines/version.js";
import { cutOracle } from "../../oracle/build/cut.js";
import { type BuiltOracle, buildOracle } from "../../oracle/build/index.js";

/** The C code, from the package's root. */
const FOLDER = "conformance/bench/pager/c";

/** The oracle's release build with the plain allocator and the workloads, as WebAssembly. */
export async function buildWasm(report?: (stage: string) => Promise<void>): Promise<BuiltOracle> {
  const program = { folder: FOLDER, before: "clock.h", after: "wasm.c" };
  return await buildOracle({ kind: "release", program, ...(report === undefined ? {} : { report }) });
}

/** The native program, and what counts its system calls and the port's. */
export interface NativeBuild {
  program: string;
  calls: string;
}

/** Of the amalgamation, besides the oracle's: the Unix VFS and its mutexes. */
const UNIX_FILES: readonly string[] = ["mutex_unix.c", "os_unix.c"];

/**
 * Compiles the native program with `cc` as better-sqlite3 compiles SQLite, unless that has been done before.
 *
 * @returns null if there is no C compiler
 * @throws Error if it refuses the source
 */
export function buildNative(): NativeBuild | null {
  const compiler = process.env["CC"] ?? "cc";
  let version: string;
  try {
    version = execFileSync(compiler, ["--version"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw e;
  }
  const root = packageRoot();
  const sqlite = amalgamationFolder();
  const flags = [
    ...["-std=gnu11", "-O2", "-DNDEBUG", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-w"],
    ...parseDefines(readFileSync(join(dirname(sqlite), "defines.gypi"), "utf8")).map(
      (define) => `-D${define}`,
    ),
  ];
  const texts = new Map<string, string>();
  const add = (folder: string, names: readonly string[]): void => {
    for (const name of names) texts.set(name, readFileSync(join(folder, name), "utf8"));
  };
  add(join(root, FOLDER), readdirSync(join(root, FOLDER)).sort());
  add(join(root, "conformance", "oracle", "c"), ["stand-ins.c"]);
  add(sqlite, ["sqlite3.h"]);
  texts.set("sqlite3.c", cutOracle(readFileSync(join(sqlite, "sqlite3.c"), "utf8"), UNIX_FILES).text);
  texts.set("main.c", '#include "native.h"\n#include "sqlite3.c"\n#include "native.c"\n');
  const hasher = createHash("sha256").update(version).update(flags.join("\n"));
  for (const text of texts.values()) hasher.update(text).update("\0");
  const target = join(root, "dist", "native", `bench-${hasher.digest("hex").slice(0, 16)}`);
  const build = { program: join(target, "bench"), calls: join(target, "calls.so") };
  if (existsSync(target)) return build;
  mkdirSync(dirname(target), { recursive: true });
  /* Under another name first: several processes may compile at the same time. */
  const draft = mkdtempSync(`${target}-`);
  try {
    for (const [name, text] of texts) writeFileSync(join(draft, name), text);
    const run = (args: readonly string[]): void => {
      execFileSync(compiler, args, { cwd: draft, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
    };
    run([...flags, "-o", "bench", "main.c", "-ldl", "-lpthread", "-lm"]);
    run(["-std=gnu11", "-O2", "-Wall", "-shared", "-fPIC", "-o", "calls.so", "calls.c"]);
    for (const name of texts.keys()) rmSync(join(draft, name));
    if (!existsSync(target)) renameSync(draft, target);
  } catch (e) {
    const error = e as Error & { stderr?: string };
    throw new Error(`the benchmark's native program cannot be built: ${error.stderr || error.message}`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return build;
}
