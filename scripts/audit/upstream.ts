/** The amalgamation, cut along its banners into the files it was made of. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blankComments } from "./lexer.js";

/** A line of a file of its own. */
export interface Place {
  path: string;
  line: number;
}

/** Lines are counted from 1; element 0 of the arrays is unused. */
export interface Upstream {
  path: string;
  /** SQLITE_VERSION. */
  version: string;
  sha256: string;
  lines: string[];
  /** The lines without comments. */
  code: string[];
  /** Name of the file that each line came from. */
  fileOf: string[];
  /** First line of each file's banner, in the amalgamation's order; `sqlite3.c` is what is in no other file. */
  files: Map<string, number>;
  /** For a source tree, where each line comes from; null for lines that are in no file. */
  places?: readonly (Place | null)[];
}

/** Where a reader finds a line: in the amalgamation, or in a file of the source tree. */
export function placeOf(up: Upstream, line: number): Place {
  return up.places?.[line] ?? { path: up.path, line };
}

const BANNER = /^\/\*{3,} ?(Begin file|End of) (\S+) \*{3,}\/\s*$/;

/** Reads the text of an amalgamation. */
export function upstreamOf(path: string, text: string): Upstream {
  const lines = `\n${text}`.split("\n");
  const code = `\n${blankComments(text)}`.split("\n");
  const fileOf: string[] = [""];
  const files = new Map<string, number>();
  const open: string[] = ["sqlite3.c"];
  files.set("sqlite3.c", 1);
  for (let i = 1; i < lines.length; i++) {
    const m = BANNER.exec(lines[i]!);
    if (m !== null && m[1] === "Begin file") {
      open.push(m[2]!);
      if (!files.has(m[2]!)) files.set(m[2]!, i);
    }
    fileOf.push(open[open.length - 1]!);
    if (m !== null && m[1] === "End of" && open[open.length - 1] === m[2]) open.pop();
  }
  return {
    path,
    version: /#define SQLITE_VERSION\s+"([^"]+)"/.exec(text)?.[1] ?? "unknown",
    sha256: createHash("sha256").update(text).digest("hex"),
    lines,
    code,
    fileOf,
    files,
  };
}

/** The amalgamation inside the installed better-sqlite3. */
export function installedUpstream(root: string): Upstream {
  const path = "node_modules/better-sqlite3/deps/sqlite3/sqlite3.c";
  return upstreamOf(path, readFileSync(join(root, path), "utf8"));
}
