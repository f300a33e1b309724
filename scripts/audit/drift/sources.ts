/** Opens an upstream that somebody names: an amalgamation, a source tree, or a release of better-sqlite3. */

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { promisify } from "node:util";
import { UsageError } from "../../../conformance/core/usage.js";
import { isSourceTree, upstreamOfTree } from "../source-tree.js";
import { type Upstream, upstreamOf } from "../upstream.js";

const run = promisify(execFile);
/** For npm to answer, and to fetch a few megabytes. */
const TIMEOUT = 120_000;

/** A path as reports show it: from the root if it is inside, as given otherwise. */
function shown(root: string, path: string): string {
  const inside = relative(root, resolve(path));
  return inside.startsWith("..") || isAbsolute(inside) ? path : inside.split(sep).join("/");
}

function amalgamation(path: string, file: string): Upstream {
  const up = upstreamOf(path, readFileSync(file, "utf8"));
  if (!up.files.has("pager.c"))
    throw new UsageError(`${path} is no amalgamation; name a sqlite3.c made of all files, or a source tree`);
  return up;
}

/** An amalgamation, a folder with one, or a source tree. */
export function upstreamAt(root: string, path: string): Upstream {
  if (!existsSync(path)) throw new UsageError(`${path}: there is no such file or folder`);
  if (!statSync(path).isDirectory()) return amalgamation(shown(root, path), path);
  if (isSourceTree(path)) return upstreamOfTree(path, shown(root, path).replace(/\/$/, ""));
  const file = join(path, "sqlite3.c");
  if (!existsSync(file))
    throw new UsageError(
      `${path} has neither src/pager.c nor sqlite3.c; name a source tree or an amalgamation`,
    );
  return amalgamation(shown(root, file), file);
}

const RELEASE = /^better-sqlite3@(\d[\w.-]*|latest)$/;

/** Whether a name is that of a release, and not a path. */
export function isRelease(name: string): boolean {
  return RELEASE.test(name) && !existsSync(name);
}

/** The amalgamation inside a release of better-sqlite3, fetched from npm's registry. */
async function upstreamOfRelease(name: string): Promise<Upstream> {
  const dir = mkdtempSync(join(tmpdir(), "pager-mirror-upstream-"));
  try {
    try {
      await run("npm", ["pack", "--loglevel=error", "--ignore-scripts", "--pack-destination", dir, name], {
        timeout: TIMEOUT,
        cwd: dir,
      });
    } catch (e) {
      const { stderr } = e as { stderr?: string };
      const said = /^npm error (?!code |errno |syscall |A complete log)(?:notarget |network )?(.+)$/m.exec(
        stderr ?? "",
      )?.[1];
      const why = said ?? (e as Error).message;
      throw new UsageError(`${name} could not be fetched from npm's registry: ${why.trim()}`);
    }
    const archive = readdirSync(dir).find((f) => f.endsWith(".tgz"));
    if (archive === undefined) throw new UsageError(`${name}: npm pack made no archive`);
    await run("tar", ["-xzf", archive, "package/deps"], { timeout: TIMEOUT, cwd: dir });
    const file = join(dir, "package/deps/sqlite3/sqlite3.c");
    if (!existsSync(file)) throw new UsageError(`${name} carries no deps/sqlite3/sqlite3.c`);
    return amalgamation(`${name}/deps/sqlite3/sqlite3.c`, file);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Opens FILE, DIR or better-sqlite3@VERSION. Mistakes of the caller are UsageErrors. */
export async function openUpstream(root: string, name: string): Promise<Upstream> {
  return isRelease(name) ? await upstreamOfRelease(name) : upstreamAt(root, name);
}
