/** The sides' processes as the parent sees them. */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { Child, type ChildOptions } from "../../engines/child.js";
import type { NativeBuild } from "./build.js";
import type { SideRequest } from "./child.js";
import type { Cost, MemoryUse, SideName } from "./side.js";

/** A side in its process. */
export interface SideProcess {
  readonly side: SideName;
  readonly names: readonly string[];
  run(i: number, n: number, count: boolean): Promise<Cost>;
  kill(): Promise<void>;
}

/** How the processes that run in Node are started; tests run the sources. */
export type NodeOptions = Pick<ChildOptions, "module"> & Partial<ChildOptions>;

/** The compiled module. */
export const CHILD: NodeOptions = { module: "../bench/pager/child.js" };

/** Environment of a process whose system calls are counted. */
function preload(build: NativeBuild | null): Record<string, string> {
  return build === null ? {} : { LD_PRELOAD: build.calls };
}

function start(what: string, how: NodeOptions, build: NativeBuild | null): Child {
  return new Child({ what, ...how, env: { ...how.env, ...preload(build) } });
}

/**
 * Starts a side that runs in Node.
 *
 * @param path the .wasm file, or the folder of the files
 * @param build for files: what counts the system calls
 */
export async function startNode(
  side: SideName,
  path: string,
  how: NodeOptions,
  build: NativeBuild | null = null,
): Promise<SideProcess> {
  const child = start(side, how, build);
  const call = (request: SideRequest): Promise<unknown> => child.call(request);
  try {
    const names = (await call({ op: "open", side, path })) as string[];
    return {
      side,
      names,
      run: async (i, n, count) => (await call({ op: "run", i, n, count })) as Cost,
      kill: async () => {
        await child.kill();
      },
    };
  } catch (e) {
    await child.kill();
    throw e;
  }
}

/** Runs a memory task of the port in a fresh process. */
export async function portMemory(folder: string, i: number, n: number, how: NodeOptions): Promise<MemoryUse> {
  const child = start("the port", how, null);
  try {
    return (await child.call({ op: "memory", path: folder, i, n } satisfies SideRequest)) as MemoryUse;
  } finally {
    await child.kill();
  }
}

/** The native program: one line of words answers one line. */
class Native {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #next: AsyncIterator<string>;
  readonly #ended: Promise<void>;

  constructor(build: NativeBuild, folder: string) {
    const env = { ...process.env, ...preload(build) };
    this.#process = spawn(build.program, [folder], { stdio: ["pipe", "pipe", "inherit"], env });
    this.#lines = createInterface({ input: this.#process.stdout! });
    this.#next = this.#lines[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve) => {
      this.#process.on("close", () => resolve());
      this.#process.on("error", () => resolve());
    });
  }

  async line(): Promise<string> {
    const next = await this.#next.next();
    if (next.done) throw new Error("the native program has ended");
    return next.value;
  }

  send(text: string): void {
    this.#process.stdin!.write(`${text}\n`);
  }

  /** Numbers behind result code and line. */
  async ask(text: string): Promise<number[]> {
    this.send(text);
    const [rc, line, ...rest] = (await this.line()).split(" ").map(Number);
    if (rc !== 0) throw new Error(`native C: result code ${rc} in line ${line} of workloads.c`);
    return rest;
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
    this.#lines.close();
  }
}

/** Starts the native side. */
export async function startNative(build: NativeBuild, folder: string): Promise<SideProcess> {
  const native = new Native(build, folder);
  native.send("names");
  const names: string[] = [];
  for (let name = await native.line(); name !== ""; name = await native.line()) names.push(name);
  return {
    side: "native C, files",
    names,
    async run(i, n) {
      const [sum, cpu, wall, reads, writes, syncs] = (await native.ask(`run ${i} ${n}`)) as [
        ...[number, number, number, number, number, number],
      ];
      return { cpu, wall, sum, calls: { reads, writes, syncs } };
    },
    kill: () => native.kill(),
  };
}

/** Runs a memory task of the native program in a fresh process. */
export async function nativeMemory(
  build: NativeBuild,
  folder: string,
  i: number,
  n: number,
): Promise<MemoryUse> {
  const native = new Native(build, folder);
  try {
    const [sum, h0, h1, p0, p1] = (await native.ask(`memory ${i} ${n}`)) as [
      ...[number, number, number, number, number],
    ];
    return { heap: { before: h0, after: h1 }, peak: { before: p0, after: p1 }, sum };
  } finally {
    await native.kill();
  }
}
