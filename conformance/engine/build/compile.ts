/**
 * Two compilers that make WebAssembly of C: the system's clang, and the one of the npm package
 * `@yowasp/clang`, itself WebAssembly, which needs no installation but about five times as long.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, Tree } from "@yowasp/clang";
import { compileFlags, linkFlags } from "./options.js";
import { MAIN, type Sources } from "./sources.js";

/** Which of the two. */
export type CompilerKind = "system" | "yowasp";

/** The compiler ran and refused its input; the message is what it said. */
export class CompileError extends Error {
  override readonly name = "CompileError";
}

/** What one run of a compiler left behind. */
interface Run {
  output: Uint8Array;
  /** Warnings. */
  messages: string;
}

/** A compiler that has been found and works. */
export interface Compiler {
  readonly kind: CompilerKind;
  /** For people: name and version. */
  readonly name: string;
  /** Everything of it that can change what it produces. */
  readonly identity: string;
  /** Arguments that go before all others. */
  readonly target: readonly string[];
  /**
   * Runs it in a folder that contains `files`.
   *
   * @returns the file `output`
   * @throws CompileError if it fails
   */
  run(args: readonly string[], files: Tree, output: string, signal?: AbortSignal): Promise<Run>;
}

/** A finished module, and what the compiler had to say. */
export interface Compiled {
  wasm: Uint8Array;
  warnings: string;
}

/** Called, and waited for, when a new stage begins. */
export type Report = (stage: string) => Promise<void>;

const require = createRequire(import.meta.url);

/** Uses the parts of an installation that may be missing: C library, builtins, linker. */
const PROBE = `#include <stdlib.h>
#include <string.h>
#include <math.h>
__attribute__((export_name("probe"))) long double probe(const char *z, long double r){
  char *copy = malloc(strlen(z) + 1);
  return copy ? strcpy(copy, z)[0] * r + pow(r, 2.5) : 0;
}
`;

/** The system's clang, or a sentence that says why it cannot be used. */
export async function systemCompiler(): Promise<Compiler | string> {
  const reasons: string[] = [];
  const sdk = process.env["WASI_SDK_PATH"];
  for (const command of [...(sdk ? [join(sdk, "bin", "clang")] : []), "clang"]) {
    try {
      const version = (await execute(command, ["--version"])).stdout.split("\n")[0]!.trim();
      for (const triple of ["wasm32-wasi", "wasm32-wasip1"]) {
        const found = await probe(command, `--target=${triple}`, version);
        if (typeof found !== "string") return found;
        reasons.push(`${command} --target=${triple}: ${found}`);
      }
    } catch (e) {
      if (!(e instanceof CompileError)) throw e;
      reasons.push(e.message);
    }
  }
  return `the system's clang cannot make WebAssembly programs (${reasons.join("; ")})`;
}

/** Compiles and links a tiny program; gives the compiler, or the first line of what is wrong. */
async function probe(command: string, target: string, version: string): Promise<Compiler | string> {
  try {
    const found = systemClang(command, target, version, "");
    const { wasm } = await compile(found, { [MAIN]: PROBE }, compileFlags([], false), linkFlags(false));
    /* The program contains parts of the C library, and the linker's ways: all that the version does not tell. */
    return systemClang(command, target, version, sha256(wasm));
  } catch (e) {
    if (!(e instanceof CompileError)) throw e;
    return e.message.trim().split("\n")[0]!;
  }
}

function systemClang(command: string, target: string, version: string, probe: string): Compiler {
  return {
    kind: "system",
    name: version,
    identity: [version, target, probe].join("\n"),
    target: [target],
    async run(args, files, output, signal) {
      const folder = await mkdtemp(join(tmpdir(), "pager-mirror-"));
      try {
        for (const [name, content] of Object.entries(files)) {
          await writeFile(join(folder, name), content as string | Uint8Array);
        }
        const { stderr } = await execute(command, args, folder, signal);
        return { output: await readFile(join(folder, output)), messages: stderr };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

function execute(
  command: string,
  args: readonly string[],
  cwd?: string,
  signal?: AbortSignal,
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const options = { encoding: "utf8" as const, maxBuffer: 1 << 26, cwd, signal };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else if (error.code === "ENOENT") reject(new CompileError(`there is no program ${command}`));
      else reject(new CompileError(stderr || error.message));
    });
  });
}

/** The package `@yowasp/clang`, or a sentence that says why it cannot be used. */
export async function yowaspCompiler(): Promise<Compiler | string> {
  let version: string;
  try {
    /* The package exports one module only, so its package.json is reached by way of that. */
    const json = join(require.resolve("@yowasp/clang"), "..", "..", "package.json");
    version = (JSON.parse(await readFile(json, "utf8")) as { version: string }).version;
  } catch (e) {
    return `the npm package @yowasp/clang is not installed (${(e as Error).message.split("\n")[0]})`;
  }
  return {
    kind: "yowasp",
    name: `@yowasp/clang ${version}`,
    identity: `@yowasp/clang ${version}`,
    target: ["--target=wasm32-wasip1"],
    async run(args, files, output) {
      const { runClang, commands, Exit } = (await import("@yowasp/clang")) as YowaspModule;
      const command: Command | undefined = runClang ?? commands?.["clang"];
      if (command === undefined) throw new Error(`@yowasp/clang ${version} offers no way to run clang`);
      let messages = "";
      const decoder = new TextDecoder();
      const listen = (bytes: Uint8Array | null): void => {
        messages += bytes === null ? decoder.decode() : decoder.decode(bytes, { stream: true });
      };
      try {
        /* The older of the two functions puts the program's name in front by itself. */
        const all = runClang === undefined ? [...args] : ["clang", ...args];
        const left = await command(all, { ...files }, { stdout: listen, stderr: listen });
        const made = left?.[output];
        if (!(made instanceof Uint8Array)) throw new CompileError(messages || `no file ${output} was made`);
        return { output: made, messages };
      } catch (e) {
        if (e instanceof Exit) throw new CompileError(messages || e.message);
        throw e;
      }
    },
  };
}

/** What the package exports; its type declarations name only the older half. */
interface YowaspModule {
  runClang?: Command;
  commands?: Record<string, Command>;
  Exit: new (...args: never[]) => Error;
}

/**
 * Finds a compiler: the system's if it works, for it is faster, else the npm package.
 *
 * @param kind insist on one of them
 * @throws Error that says what is missing and what to do about it
 */
export async function findCompiler(kind?: CompilerKind): Promise<Compiler> {
  const reasons: string[] = [];
  if (kind !== "yowasp") {
    const found = await systemCompiler();
    if (typeof found !== "string") return found;
    reasons.push(found);
  }
  if (kind !== "system") {
    const found = await yowaspCompiler();
    if (typeof found !== "string") return found;
    reasons.push(found);
  }
  const remedies = {
    system: "On Debian: apt install clang lld wasi-libc libclang-rt-dev-wasm32.",
    yowasp: 'In the package\'s folder: "npm install", without "--omit=optional".',
  };
  throw new Error(
    `The SQL engine needs a C compiler for WebAssembly, and there is none: ${reasons.join("; ")}. ` +
      (kind === undefined ? `${remedies.yowasp} Or a faster one. ${remedies.system}` : remedies[kind]),
  );
}

const OBJECT = "main.o";
const MODULE = "engine.wasm";

/**
 * Compiles and links, and looks at what came out.
 *
 * @throws CompileError with the compiler's own words, or about an import that must not be there
 */
export async function compile(
  compiler: Compiler,
  sources: Sources,
  compileArgs: readonly string[],
  linkArgs: readonly string[],
  report: Report = async () => undefined,
  signal?: AbortSignal,
): Promise<Compiled> {
  await report(`compiling with ${compiler.name}`);
  const object = await compiler.run(
    [...compiler.target, ...compileArgs, "-c", MAIN, "-o", OBJECT],
    { ...sources },
    OBJECT,
    signal,
  );
  const link = (more: readonly string[]): Promise<Run> =>
    compiler.run(
      [...compiler.target, ...linkArgs, ...more, OBJECT, "-o", MODULE],
      { [OBJECT]: object.output },
      MODULE,
      signal,
    );
  await report(`linking with ${compiler.name}`);
  const linked = await link([]);
  const module = new WebAssembly.Module(linked.output);
  const calls = systemCalls(module);
  if (calls.length > 0) {
    await report("looking for who wants system calls");
    const culprits = await wantSystemCalls(compiler, object.output, linkArgs);
    throw new CompileError(
      `the C library wants system calls that the engine has not: ${calls.join(", ")}. ` +
        `They come with: ${culprits.join(", ") || "the library's start"}`,
    );
  }
  const unknown = WebAssembly.Module.imports(module).filter((i) => i.module === "env" && i.kind !== "memory");
  if (unknown.length > 0) {
    throw new CompileError(`functions without a module: ${unknown.map((i) => i.name).join(", ")}`);
  }
  return { wasm: linked.output, warnings: (object.messages + linked.messages).trim() };
}

function systemCalls(module: WebAssembly.Module): string[] {
  const imports = WebAssembly.Module.imports(module).filter((i) => i.module.startsWith("wasi"));
  return imports.map((i) => i.name);
}

/** Which functions of the C library make a program that only refers to them want system calls. */
async function wantSystemCalls(
  compiler: Compiler,
  object: Uint8Array,
  linkArgs: readonly string[],
): Promise<string[]> {
  const wanted: string[] = [];
  /* What the object does not define it imports: from the C library, or under a module's name. */
  for (const i of WebAssembly.Module.imports(new WebAssembly.Module(object))) {
    if (i.module !== "env" || i.kind !== "function") continue;
    const source = `void ${i.name}(void); __attribute__((export_name("x"))) void *x(void){ return ${i.name}; }`;
    /* Declared with other parameters than it has, which matters to nobody: it is not called. */
    const args = linkArgs.filter((arg) => arg !== "-Wl,--fatal-warnings");
    const run = (more: string[], files: Tree, output: string): Promise<Run> =>
      compiler.run([...compiler.target, ...more, "-o", output], files, output);
    const own = await run(["-fno-builtin", "-w", "-c", MAIN], { [MAIN]: source }, OBJECT);
    const { output } = await run([...args, OBJECT], { [OBJECT]: own.output }, MODULE);
    if (systemCalls(new WebAssembly.Module(output)).length > 0) wanted.push(i.name);
  }
  return wanted;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
