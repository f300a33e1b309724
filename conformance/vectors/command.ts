/** `pager-mirror vectors`: writes vectors for other ports, or plays a folder of them on this one. */

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import pc from "picocolors";
import { UsageError } from "../core/usage.js";
import { progressLine } from "../engine/build/report.js";
import { Child } from "../engines/child.js";
import { buildOracle } from "../oracle/build/index.js";
import { isIndex, VectorsFolder } from "./folder.js";
import type { Level } from "./format.js";
import type { Failure, Played } from "./play.js";
import type { Abi, PlayRequest } from "./play-child.js";
import type { Written } from "./write.js";
import type { WriteReply, WriteRequest } from "./write-child.js";

/** Options of `pager-mirror vectors <folder> --check`. */
export interface CheckVectorsOptions {
  /** 1 to 4; see the README of a folder. Default 4. */
  level?: Level;
  /** With the sizes of which C ABI the port counts. Default lp64. */
  abi?: Abi;
  /** How many differences are shown. Default 10. */
  show?: number;
}

/** How many vectors one request asks for: between two of them progress is shown. */
const BATCH = 4;

/** A stage with its progress, which only a terminal can write over. */
function counted(stage: string, done: number, of: number): string {
  return process.stderr.isTTY ? `${stage}: ${done} of ${of}` : stage;
}

/** Refuses a folder in which something else would be overwritten. */
function mustBeOurs(folder: string): void {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw new UsageError(`${folder} is not a folder`);
  if (readdirSync(folder).length === 0) return;
  const index = join(folder, "index.json");
  let known = false;
  if (existsSync(index)) {
    try {
      known = isIndex(JSON.parse(readFileSync(index, "utf8")));
    } catch (e) {
      if (!(e instanceof SyntaxError)) throw e;
    }
  }
  if (!known) {
    throw new UsageError(`${folder} is not empty, and no folder of vectors: nothing has been written`);
  }
}

/** Builds both oracles; what is missing on this machine is told in a sentence. */
async function build(show: (text: string) => void): Promise<void> {
  try {
    for (const kind of ["release", "debug"] as const) {
      await buildOracle({ kind, report: async (stage) => show(`${stage} (the C pager, ${kind})`) });
    }
  } catch (e) {
    if (e instanceof Error && e.name === "Error") throw new UsageError(e.message);
    throw e;
  }
}

/**
 * Writes all vectors into a folder, which is made if need be.
 *
 * @returns the exit code
 * @throws UsageError if the folder has other files, or if there is no compiler
 */
export async function writeVectors(path: string): Promise<number> {
  const folder = resolve(path);
  mustBeOurs(folder);
  const progress = progressLine(process.stderr);
  const child = new Child({ what: "the writer of vectors", module: "../vectors/write-child.js" });
  const ask = async (request: WriteRequest): Promise<WriteReply> => (await child.call(request)) as WriteReply;
  let written: Written;
  try {
    await build(progress.show);
    const n = (await ask({ op: "begin" })) as number;
    for (let from = 0; from < n; from += BATCH) {
      progress.show(counted("recording vectors", from, n));
      await ask({ op: "record", n: BATCH });
    }
    progress.show("writing vectors");
    mkdirSync(folder, { recursive: true });
    written = (await ask({ op: "finish", folder })) as Written;
  } finally {
    progress.end();
    await child.kill();
  }
  const { vectors, steps, calls, bytes } = written;
  process.stdout.write(
    `${path}: ${vectors} vectors, ${steps} operations, ${calls} calls, ${(bytes / 1e6).toFixed(1)} MB\n`,
  );
  return 0;
}

/**
 * Plays the vectors of a folder on the port.
 *
 * @returns the exit code: 1 if something is not as the vectors say
 * @throws UsageError if the folder is not as it was written
 */
export async function checkVectors(path: string, options: CheckVectorsOptions = {}): Promise<number> {
  const { level = 4, abi = "lp64", show = 10 } = options;
  const folder = new VectorsFolder(resolve(path));
  folder.verify();
  const n = folder.index.vectors.length;
  const progress = progressLine(process.stderr);
  const child = new Child({ what: "the player of vectors", module: "../vectors/play-child.js" });
  const ask = async (request: PlayRequest): Promise<Played[]> => (await child.call(request)) as Played[];
  const all: Played[] = [];
  try {
    await ask({ op: "load", abi, folder: folder.path, level });
    for (let from = 0; from < n; from += BATCH) {
      progress.show(counted("playing vectors", from, n));
      all.push(...(await ask({ op: "play", from, to: from + BATCH })));
    }
  } finally {
    progress.end();
    await child.kill();
  }
  return report(path, all, { level, abi, show });
}

function report(path: string, all: readonly Played[], options: Required<CheckVectorsOptions>): number {
  const { level, abi, show } = options;
  const failures = all.flatMap(({ failure }) => (failure === null ? [] : [failure]));
  for (const failure of failures.slice(0, show)) process.stdout.write(`${failureText(failure)}\n`);
  if (failures.length > show) process.stdout.write(`and ${failures.length - show} more\n`);
  const skipped = all.filter((played) => played.skipped !== null);
  const sum = (of: (played: Played) => number): string =>
    all.reduce((n, p) => n + of(p), 0).toLocaleString("en");
  const passed = all.length - failures.length - skipped.length;
  const verdict = `${passed} passed, ${failures.length} failed, ${skipped.length} skipped`;
  process.stdout.write(
    `${path}, level ${level}, ${abi}: ${failures.length > 0 || passed === 0 ? pc.red(verdict) : pc.green(verdict)}; ` +
      `${sum((p) => p.steps)} operations, ${sum((p) => p.values)} values\n`,
  );
  for (const reason of new Set(skipped.map((played) => played.skipped))) {
    process.stdout.write(`skipped: ${reason}\n`);
  }
  /* Nothing played is no success. */
  return failures.length > 0 || passed === 0 ? 1 : 0;
}

/** A failure in words. */
export function failureText({ vector, step, op, field, expected, got }: Failure): string {
  return `${vector}, step ${step}, ${op}\n  ${field}: expected ${expected}, got ${got}`;
}
