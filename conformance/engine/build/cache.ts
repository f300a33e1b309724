/**
 * Where built modules are kept: outside node_modules and dist, so that neither an installation nor a build
 * of this package throws them away.
 *
 * A module's name contains the hashes of what it was made from, of the compiler, and of itself. It is
 * written under another name and renamed, so that a name that exists has its whole content, unless the disk
 * lost it; a file whose content does not agree with its name does not count. The cache never decides
 * whether a module is right, only whether it has been made before: it can be removed at any time.
 */

import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { packageRoot } from "../../core/package-root.js";
import { lockFile } from "./lock.js";

/** How many modules a folder keeps: some versions of the sources, with and without debugging information. */
const KEPT = 8;

/** A file under a name for the time of writing is given up after so many milliseconds. */
const DRAFT_AGE = 3600_000;

const NAME = /^([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{64})\.wasm$/;

/** What a module is made of. */
export interface Key {
  /** Hash of sources and options, 32 digits. */
  inputs: string;
  /** Hash of the compiler's identity, 16 digits. */
  compiler: string;
}

/** Hash of sources and options. */
export function inputsHash(sources: Readonly<Record<string, string>>, options: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(options));
  for (const name of Object.keys(sources).sort()) hash.update(JSON.stringify([name, sources[name]]));
  return hash.digest("hex").slice(0, 32);
}

/** Hash of a compiler's identity. */
export function compilerHash(identity: string): string {
  return createHash("sha256").update(identity).digest("hex").slice(0, 16);
}

/**
 * The folders where modules are looked for, the preferred one first.
 *
 * PAGER_MIRROR_CACHE names one, else it is `pager-mirror` under XDG_CACHE_HOME or ~/.cache. The last
 * resort is dist/engine, for users who have no home.
 */
export function cacheFolders(env: NodeJS.ProcessEnv = process.env, root: string = packageRoot()): string[] {
  const last = join(root, "dist", "engine");
  const own = env["PAGER_MIRROR_CACHE"];
  if (own) return [own, last];
  const xdg = env["XDG_CACHE_HOME"];
  const base = xdg && isAbsolute(xdg) ? xdg : join(env["HOME"] || homedir(), ".cache");
  return [join(base, "pager-mirror"), last];
}

/**
 * The first folder that can be written, made if necessary.
 *
 * @returns the folder, and why the ones before it were passed over
 * @throws Error with all the reasons if there is none
 */
export function writableFolder(folders: readonly string[]): { folder: string; refused: string[] } {
  const refused: string[] = [];
  for (const folder of folders) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK | constants.X_OK);
      return { folder, refused };
    } catch (e) {
      refused.push((e as Error).message);
    }
  }
  throw new Error(
    `There is no folder to keep the compiled SQL engine in: ${refused.join("; ")}. ` +
      "Set PAGER_MIRROR_CACHE to a folder that can be written.",
  );
}

/**
 * Finds a module that was made from these inputs.
 *
 * @param key without `compiler`: made by any of them, the newest first
 * @returns its path, or null; files with the right name and other content are passed over
 */
export function findModule(
  folders: readonly string[],
  key: { inputs: string; compiler?: string },
): string | null {
  for (const folder of folders) {
    for (const { path, match } of modulesIn(folder)) {
      if (match[1] !== key.inputs || (key.compiler !== undefined && match[2] !== key.compiler)) continue;
      if (contentHash(readFileSync(path)) !== match[3]) continue;
      touch(path);
      return path;
    }
  }
  return null;
}

/**
 * Writes a module into a folder, and removes what it replaces (a damaged one has the same key) and what
 * has not been used for long.
 *
 * @returns its path
 */
export function storeModule(folder: string, key: Key, wasm: Uint8Array): string {
  const path = join(folder, `${key.inputs}-${key.compiler}-${contentHash(wasm)}.wasm`);
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, wasm, { flush: true });
    renameSync(draft, path);
  } catch (e) {
    rmSync(draft, { force: true });
    throw e;
  }
  let kept = 0;
  for (const other of modulesIn(folder)) {
    if (other.path === path) continue;
    const replaced = other.match[1] === key.inputs && other.match[2] === key.compiler;
    if (replaced || ++kept >= KEPT) rmSync(other.path, { force: true });
  }
  for (const name of readdirSync(folder)) {
    if (!/\.wasm\.\d+$/.test(name)) continue;
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > DRAFT_AGE)
      rmSync(join(folder, name), { force: true });
  }
  return path;
}

/**
 * Gives a module out of the cache, or makes it and puts it there. Of several processes that want the same at
 * the same time one makes it; the others block until it has.
 *
 * @param force make it even if it is there
 * @param report told about what is unusual; the process may block when its promise has resolved
 */
export async function cachedModule(
  folders: readonly string[],
  key: Key,
  force: boolean,
  report: (text: string) => Promise<void>,
  make: () => Promise<Uint8Array>,
): Promise<{ path: string; cached: boolean }> {
  const { folder, refused } = writableFolder(folders);
  for (const reason of refused) await report(`the cache cannot be used (${reason}), so ${folder} is`);
  const lock = await lockFile(join(folder, "lock"), () =>
    report("waiting for another process that builds it"),
  );
  try {
    if (lock.missing !== null) await report(`building without a lock: ${lock.missing}`);
    const path = force ? null : findModule(folders, key);
    if (path !== null) return { path, cached: true };
    return { path: storeModule(folder, key, await make()), cached: false };
  } finally {
    lock.close();
  }
}

function modulesIn(folder: string): { path: string; match: RegExpExecArray }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return [];
    throw e;
  }
  const found: { path: string; match: RegExpExecArray; time: number }[] = [];
  for (const name of names) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined) found.push({ path, match, time: stat.mtimeMs });
  }
  return found.sort((a, b) => b.time - a.time);
}

/** Marks a module as used, so that it is not the next to go. */
function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch (e) {
    /* Somebody else's cache: it may be read all the same. */
    const { code } = e as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM" && code !== "EROFS" && code !== "ENOENT") throw e;
  }
}

function contentHash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
