/**
 * Builds the two trees that run: `dist/debug` with asserts and `dist/production` without.
 *
 * Files are translated one by one (the type check is `npm run check`), so a build takes seconds. The
 * production tree differs from the debug tree in three ways only: statements `assert(...)` and
 * `testcase(...)` are gone, and the literal behind `DEBUG_BUILD` in src/options.ts is false.
 *
 * Usage: tsx scripts/build.ts [--types]     --types also writes dist/types (declaration files)
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildKind, translate } from "./translate.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Where the trees go; another name lets two builds live side by side. */
const DIST = process.env["PAGER_MIRROR_DIST"] ? `dist-${process.env["PAGER_MIRROR_DIST"]}` : "dist";

/** Every TypeScript file of the package that becomes JavaScript, tests left out, relative to the root. */
export function sourceFiles(): string[] {
  const found: string[] = [];
  for (const top of ["src", "conformance", "scripts"]) {
    for (const entry of readdirSync(join(root, top), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/(?<!\.test|\.d)\.ts$/.test(entry.name)) continue;
      found.push(relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
    }
  }
  return found.sort();
}

/** Translates the whole package into `dist/<kind>`. */
export function buildTree(kind: BuildKind): number {
  const out = join(root, DIST, kind);
  rmSync(out, { recursive: true, force: true });
  const files = sourceFiles();
  for (const file of files) {
    const target = join(out, file.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, translate(readFileSync(join(root, file), "utf8"), file, kind));
  }
  return files.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = Date.now();
  const n = buildTree("debug") + buildTree("production");
  if (process.argv.includes("--types")) {
    rmSync(join(root, DIST, "types"), { recursive: true, force: true });
    execFileSync(
      process.execPath,
      [
        join(root, "node_modules/typescript/bin/tsc"),
        ...["-p", join(root, "tsconfig.types.json"), "--outDir", join(root, DIST, "types")],
      ],
      { stdio: "inherit" },
    );
  }
  console.log(
    `built ${n} files into ${DIST}/debug and ${DIST}/production in ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
}
