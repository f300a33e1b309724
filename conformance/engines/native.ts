/**
 * Small C extensions for real SQLite (conformance/native/*.c), compiled when they are first needed.
 *
 * They reach what JavaScript cannot: a VFS under real SQLite, file controls, handlers with counts. A
 * missing compiler is an error, never a pass.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../core/package-root.js";
import { amalgamationFolder } from "./version.js";

const compiled = new Map<string, string>();

/** A source and the files beside it that it includes, directly or not. */
function sourceTexts(folder: string, file: string, seen = new Map<string, string>()): Map<string, string> {
  const text = readFileSync(join(folder, file), "utf8");
  seen.set(file, text);
  for (const [, included] of text.matchAll(/^[ \t]*#[ \t]*include[ \t]+"([^"]+)"/gm)) {
    const name = included as string;
    if (!seen.has(name) && existsSync(join(folder, name))) sourceTexts(folder, name, seen);
  }
  return seen;
}

/**
 * Compiles conformance/native/`name`.c unless that has been done before.
 *
 * @returns path of the shared object, kept in dist/native under a name with the hash of its sources
 * @throws Error if there is no C compiler or it refuses the source
 */
export function nativeExtension(name: string): string {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const root = packageRoot();
  const source = join(root, "conformance", "native", `${name}.c`);
  const include = amalgamationFolder();
  const hasher = createHash("sha256");
  for (const text of sourceTexts(dirname(source), `${name}.c`).values()) hasher.update(text).update("\0");
  const hash = hasher
    .update(readFileSync(join(include, "sqlite3ext.h")))
    .update(readFileSync(join(include, "sqlite3.h")))
    .digest("hex");
  const folder = join(root, "dist", "native");
  const target = join(folder, `${name}-${hash.slice(0, 16)}.so`);
  if (!existsSync(target)) {
    mkdirSync(folder, { recursive: true });
    /* Under another name first: several processes may compile at the same time. */
    const draft = `${target}.${process.pid}`;
    const compiler = process.env["CC"] ?? "cc";
    try {
      execFileSync(compiler, ["-shared", "-fPIC", "-O1", "-Wall", `-I${include}`, "-o", draft, source], {
        stdio: ["ignore", "ignore", "pipe"],
        encoding: "utf8",
      });
    } catch (e) {
      const error = e as Error & { stderr?: string };
      throw new Error(`conformance/native/${name}.c cannot be compiled: ${error.stderr || error.message}`);
    }
    renameSync(draft, target);
  }
  compiled.set(name, target);
  return target;
}
