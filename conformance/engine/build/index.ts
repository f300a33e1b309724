/**
 * The SQL engine's module: SQLite's upper half as WebAssembly, built on first use and kept in a cache.
 *
 * The parent process builds before it starts the children that run the module, and hands them the path
 * in the environment.
 */

import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cacheFolders, findModule } from "./cache.js";
import { findCompiler } from "./compile.js";
import { type Engine, type EngineOptions, enginePlan, findEngine } from "./make.js";

export type { CompilerKind } from "./compile.js";
export type { Engine, EngineOptions } from "./make.js";
export { MEMORY_BYTES, MEMORY_PAGES, STACK_BYTES } from "./options.js";

/** What the building child tells. */
export type BuilderMessage = { stage: string } | { engine: Engine } | { error: string };

/** Tells the children of this process where the module is. */
const VARIABLE = "PAGER_MIRROR_ENGINE";

/**
 * Sees to it that the module exists.
 *
 * @param onProgress told what is going on, once a second while something is; silent if there is nothing
 *   to do
 * @returns path of the .wasm file, which {@link engineModulePath} gives from now on, here and in children
 * @throws Error in words for people: no compiler, an error in the C code, nowhere to put the result
 */
export async function buildEngine(onProgress?: (text: string) => void): Promise<string> {
  return (await buildEngineWith({}, onProgress)).path;
}

/** {@link buildEngine} with options, and with more to tell. */
export async function buildEngineWith(
  options: EngineOptions,
  onProgress: (text: string) => void = () => undefined,
): Promise<Engine> {
  let engine: Engine | null = null;
  if (!options.force) engine = findEngine(enginePlan(options.debug), await findCompiler(options.compiler));
  engine ??= await build(options, onProgress);
  process.env[VARIABLE] = engine.path;
  return engine;
}

/**
 * Path of the module, for processes that run it.
 *
 * @throws Error if it has not been built
 */
export function engineModulePath(): string {
  const given = process.env[VARIABLE];
  if (given) {
    if (existsSync(given)) return given;
    throw new Error(`The SQL engine is not where ${VARIABLE} says, at ${given}.`);
  }
  const path = findModule(cacheFolders(), { inputs: enginePlan().inputs });
  if (path === null) throw new Error('The SQL engine has not been built yet: run "pager-mirror engine".');
  process.env[VARIABLE] = path;
  return path;
}

/** Runs the building child to its end. */
function build(options: EngineOptions, onProgress: (text: string) => void): Promise<Engine> {
  return new Promise((resolve, reject) => {
    /* From the sources, without a build of this package, Node needs help with TypeScript. */
    const translated = import.meta.url.endsWith(".js");
    const child = fork(
      fileURLToPath(new URL(translated ? "./builder.js" : "./builder.ts", import.meta.url)),
      [JSON.stringify(options)],
      { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: translated ? [] : ["--import", "tsx"] },
    );
    const started = Date.now();
    let stage = "starting the compiler";
    let stderr = "";
    let engine: Engine | null = null;
    let error: string | null = null;
    const show = (): void => {
      onProgress(`SQL engine: ${stage} (${Math.round((Date.now() - started) / 1000)} s)`);
    };
    const clock = setInterval(show, 1000);
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-4000);
    });
    child.on("message", (message: BuilderMessage) => {
      if ("stage" in message) {
        stage = message.stage;
        show();
      } else if ("engine" in message) engine = message.engine;
      else error = message.error;
    });
    child.on("error", (e) => {
      error ??= e.message;
    });
    child.on("close", (code, signal) => {
      clearInterval(clock);
      if (engine !== null) resolve(engine);
      else {
        const end = `the building process ended (${signal ?? `exit code ${code}`})`;
        reject(new Error(`The SQL engine cannot be built. ${error ?? [end, stderr].join("\n")}`));
      }
    });
  });
}
