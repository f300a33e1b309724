import { afterEach, expect, test, vi } from "vitest";
import { packageRoot } from "../../core/package-root.js";
import { type Compiler, compile, findCompiler, systemCompiler, yowaspCompiler } from "./compile.js";
import { engineSources } from "./sources.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

/* The smallest modules: one with nothing in it, one that imports functions of type () -> (). */
const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
function importing(...names: string[]): Uint8Array {
  const text = (s: string): number[] => [s.length, ...new TextEncoder().encode(s)];
  const entries: number[] = [];
  for (let i = 0; i < names.length; i += 2) entries.push(...text(names[i]!), ...text(names[i + 1]!), 0, 0);
  const count = names.length / 2;
  return Uint8Array.of(...empty, 1, 4, 1, 0x60, 0, 0, 2, entries.length + 1, count, ...entries);
}

/** A compiler that gives the same module for everything and notes its arguments. */
function fake(module: Uint8Array, runs: string[][] = []): Compiler {
  return {
    kind: "system",
    name: "fake",
    identity: "fake",
    target: ["--target=t"],
    async run(args, files, output) {
      runs.push([...args, ...Object.keys(files)]);
      return { output: output === "main.o" ? empty : module, messages: `${output} told; ` };
    },
  };
}

test("compiles, then links", async () => {
  const runs: string[][] = [];
  const stages: string[] = [];
  const made = await compile(
    fake(empty, runs),
    { "main.c": "" },
    ["-c1"],
    ["-l1"],
    async (s) => void stages.push(s),
  );
  expect(runs).toEqual([
    ["--target=t", "-c1", "-c", "main.c", "-o", "main.o", "main.c"],
    ["--target=t", "-l1", "main.o", "-o", "engine.wasm", "main.o"],
  ]);
  expect(stages).toEqual(["compiling with fake", "linking with fake"]);
  expect(made).toEqual({ wasm: empty, warnings: "main.o told; engine.wasm told;" });
});

test("a system call is refused, and the function that wants it is named", async () => {
  /* An object that takes two functions from the C library; only one of them comes with a system call. */
  const wasi = importing("wasi_snapshot_preview1", "fd_write");
  const object = importing("env", "printf", "env", "strlen");
  const compiler: Compiler = {
    ...fake(wasi),
    async run(_args, files, output) {
      const text = String(files["main.c"] ?? new TextDecoder().decode(files["main.o"] as Uint8Array));
      const own = /void (\w+)\(void\);/.exec(text)?.[1];
      if (output === "main.o") return { output: own ? new TextEncoder().encode(text) : object, messages: "" };
      return { output: own === "strlen" ? empty : wasi, messages: "" };
    },
  };
  await expect(compile(compiler, { "main.c": "" }, [], [])).rejects.toThrow(
    /^the C library wants system calls that the engine has not: fd_write\. They come with: printf$/,
  );
});

test("a function without a module is refused", async () => {
  await expect(compile(fake(importing("env", "x")), { "main.c": "" }, [], [])).rejects.toThrow("module: x");
  await expect(compile(fake(importing("pager", "x")), { "main.c": "" }, [], [])).resolves.toBeDefined();
});

test("without a compiler in the path the npm package is taken, and what is missing is said", async () => {
  vi.stubEnv("PATH", "/nonexistent");
  vi.stubEnv("WASI_SDK_PATH", "");
  expect(await systemCompiler()).toMatch(/there is no program clang/);
  await expect(findCompiler("system")).rejects.toThrow(
    /needs a C compiler .*there is no program clang.*apt install/,
  );
  const npm = await yowaspCompiler();
  if (typeof npm === "string") await expect(findCompiler()).rejects.toThrow("npm install");
  else expect((await findCompiler()).kind).toBe("yowasp");
});

test("the sources: what is included exists, and a missing part is named", () => {
  const sources = engineSources();
  const main = sources["main.c"]!;
  const included = [...main.matchAll(/^#include "(.*)"$/gm)].map((m) => m[1]!);
  expect(included.slice(0, 3)).toEqual(["imports.h", "sqlite3.c", "upper.c"]);
  for (const file of included) expect(sources[file]).toBeDefined();
  expect(() => engineSources(packageRoot(), "/nonexistent")).toThrow("/nonexistent/imports.h");
});
