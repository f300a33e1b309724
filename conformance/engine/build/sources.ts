/** The C sources of the engine: the cut amalgamation, the module's own C code and a file that joins them. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../core/package-root.js";
import { amalgamationFolder } from "../../engines/version.js";
import { cutAmalgamation } from "./cut.js";

/** Files by name, as the compiler sees them: all in one folder. */
export type Sources = Readonly<Record<string, string>>;

/** The file that is compiled; everything else is included by it. */
export const MAIN = "main.c";

/** From the folder of the recorder: the driver that both engines are compiled with. */
const SESSION = "session.c";

/**
 * One translation unit, so that the shim reaches what is static in SQLite and can be inlined into it.
 *
 * Warnings are for our own files only.
 */
function mainFile(parts: readonly string[]): string {
  return `${[
    "#define PAGER_MIRROR_ENGINE 1",
    '#include "imports.h"',
    "#pragma clang diagnostic push",
    '#pragma clang diagnostic ignored "-Weverything"',
    '#include "sqlite3.c"',
    "#pragma clang diagnostic pop",
    ...parts.map((part) => `#include "${part}"`),
  ].join("\n")}\n`;
}

/**
 * Everything that is compiled into the engine.
 *
 * From conformance/engine/c come imports.h, which stands before SQLite (the attribute that makes a
 * function an import has no effect on calls before it; the struct PgHdr is never defined), upper.c, which
 * stands after it, and what they include. From conformance/native come session.c, if there is one, which
 * stands last, and headers. All see PAGER_MIRROR_ENGINE.
 *
 * @param root the package's folder
 * @param shim folder of imports.h and upper.c
 */
export function engineSources(
  root: string = packageRoot(),
  shim: string = join(root, "conformance", "engine", "c"),
): Sources {
  const own = readFolder(shim, /\.[ch]$/);
  for (const name of ["imports.h", "upper.c"]) {
    if (own[name] === undefined) throw new Error(`a part of the engine is missing: ${join(shim, name)}`);
  }
  const native = readFolder(join(root, "conformance", "native"), /^session\.c$|\.h$/);
  const parts = ["upper.c", ...(native[SESSION] === undefined ? [] : [SESSION])];
  const folder = amalgamationFolder();
  return {
    "sqlite3.h": readFileSync(join(folder, "sqlite3.h"), "utf8"),
    ...native,
    ...own,
    "sqlite3.c": cutAmalgamation(readFileSync(join(folder, "sqlite3.c"), "utf8")).text,
    [MAIN]: mainFile(parts),
  };
}

function readFolder(folder: string, which: RegExp): Record<string, string> {
  const files: Record<string, string> = {};
  if (!existsSync(folder)) return files;
  for (const name of readdirSync(folder).sort()) {
    if (which.test(name)) files[name] = readFileSync(join(folder, name), "utf8");
  }
  return files;
}
