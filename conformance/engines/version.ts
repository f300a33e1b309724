/** The version of the SQLite inside the installed better-sqlite3, read from its source, not by loading it. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
let version: string | null = null;

/** Folder of the amalgamation that better-sqlite3 ships. */
export function amalgamationFolder(): string {
  return join(dirname(require.resolve("better-sqlite3/package.json")), "deps", "sqlite3");
}

/** Such as "3.53.2". */
export function sqlite3_libversion(): string {
  if (version === null) {
    const text = readFileSync(join(amalgamationFolder(), "sqlite3.h"), "utf8");
    version = /^#define SQLITE_VERSION\s+"([^"]+)"/m.exec(text)?.[1] ?? "unknown";
  }
  return version;
}
