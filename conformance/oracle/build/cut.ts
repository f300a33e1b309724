/** Cuts the amalgamation down to the pager and what stands under it: the other half of engine/build/cut.ts. */

import { type Cut, removeFiles } from "../../engine/build/cut.js";

/**
 * The files that stay. Everything else of the amalgamation is blanked; what these refer to in it has a
 * stand-in in c/stand-ins.c, or the linker drops who refers to it.
 */
export const ORACLE_FILES: readonly string[] = [
  "sqliteInt.h",
  "os_common.h",
  "global.c",
  "status.c",
  "os.c",
  "fault.c",
  "mem1.c",
  "mutex.c",
  "mutex_noop.c",
  "malloc.c",
  "printf.c",
  "random.c",
  "util.c",
  "bitvec.c",
  "pcache.c",
  "pcache1.c",
  "pager.c",
  "wal.c",
  "memjournal.c",
  "main.c",
];

const BANNER = /^\/\*{6,} (Begin file|End of) (\S+) \*+\/$/;

/** The names of all files by their banners: those that stand alone, and those inside another one. */
export function filesOf(source: string): { outer: string[]; nested: string[] } {
  const outer: string[] = [];
  const nested: string[] = [];
  let depth = 0;
  for (const line of source.split("\n")) {
    const banner = BANNER.exec(line);
    if (banner === null) continue;
    if (banner[1] === "Begin file") (depth++ === 0 ? outer : nested).push(banner[2]!);
    else if (depth > 0) depth--;
  }
  return { outer, nested };
}

/**
 * The oracle's part of an amalgamation.
 *
 * @param more files that stay as well
 * @throws Error naming the file that should stay and is not there
 */
export function cutOracle(source: string, more: readonly string[] = []): Cut {
  const { outer, nested } = filesOf(source);
  const wanted = [...ORACLE_FILES, ...more];
  for (const file of wanted) {
    if (!outer.includes(file)) throw new Error(`the amalgamation has no banner "Begin file ${file}"`);
  }
  const unwanted = outer.filter((file) => !wanted.includes(file));
  return removeFiles(source, unwanted, nested);
}
