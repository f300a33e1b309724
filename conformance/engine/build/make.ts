/** Makes the module in this process; {@link file://./index.ts} runs it in a child. */

import { cachedModule, cacheFolders, compilerHash, findModule, inputsHash, type Key } from "./cache.js";
import { type Compiler, type CompilerKind, compile, findCompiler } from "./compile.js";
import { compileFlags, installedDefines, linkFlags } from "./options.js";
import { engineSources, type Sources } from "./sources.js";

/** What to make. */
export interface EngineOptions {
  /** Compile even if that has been done before. */
  force?: boolean;
  /** Insist on one compiler. */
  compiler?: CompilerKind;
  /** With the lines of the source in the module, for debuggers. */
  debug?: boolean;
}

/** What has been made. */
export interface Engine {
  /** The .wasm file. */
  path: string;
  compiler: string;
  /** It was there already. */
  cached: boolean;
  /** What the compiler had to say about our own C code. */
  warnings: string;
}

/** Everything that decides what the module will be. */
export interface Plan {
  sources: Sources;
  compileArgs: string[];
  linkArgs: string[];
  /** Hash of all these. */
  inputs: string;
}

/** Reads and cuts the sources. */
export function enginePlan(debug = false): Plan {
  const sources = engineSources();
  const compileArgs = compileFlags(installedDefines(), debug);
  const linkArgs = linkFlags(debug);
  return { sources, compileArgs, linkArgs, inputs: inputsHash(sources, [...compileArgs, ...linkArgs]) };
}

/** The module if it has been made before, by the compiler that would make it now. */
export function findEngine(plan: Plan, compiler: Compiler): Engine | null {
  const path = findModule(cacheFolders(), engineKey(plan, compiler));
  return path === null ? null : { path, compiler: compiler.name, cached: true, warnings: "" };
}

function engineKey(plan: Plan, compiler: Compiler): Key {
  return { inputs: plan.inputs, compiler: compilerHash(compiler.identity) };
}

/**
 * Makes the module, unless another process that is at it gets there first. Blocks while it waits for that.
 *
 * @param report called at each stage; the process may block when its promise has resolved
 * @param begin called when this process is about to run the compiler; its signal stops that
 */
export async function makeEngine(
  options: EngineOptions,
  report: (stage: string) => Promise<void>,
  begin: (kind: CompilerKind) => AbortSignal,
): Promise<Engine> {
  const compiler = await findCompiler(options.compiler);
  const plan = enginePlan(options.debug);
  let warnings = "";
  const make = async (): Promise<Uint8Array> => {
    const signal = begin(compiler.kind);
    const made = await compile(compiler, plan.sources, plan.compileArgs, plan.linkArgs, report, signal);
    warnings = made.warnings;
    return made.wasm;
  };
  const key = engineKey(plan, compiler);
  const module = await cachedModule(cacheFolders(), key, options.force ?? false, report, make);
  return { ...module, compiler: compiler.name, warnings };
}
