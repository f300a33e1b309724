/** Where the repository is: the folder above this file whose package.json is the project's. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root folder; found from the sources and from the built trees alike. */
export function projectRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const manifest = join(dir, "package.json");
    if (existsSync(manifest) && readFileSync(manifest, "utf8").includes('"name": "pager-mirror"')) return dir;
    const up = dirname(dir);
    if (up === dir) throw new Error("the audit runs inside a checkout of pager-mirror");
    dir = up;
  }
}
