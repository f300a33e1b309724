/**
 * Cuts the amalgamation in two: what is left is SQLite's upper half, everything that stands on the pager.
 *
 * The amalgamation names each file it was made of in a banner before and after it. The files of the
 * lower half are blanked, not deleted, so that a compiler's message names the line of the original.
 * Everything that another version of SQLite might have changed is checked here, where an error can
 * say what is wrong; otherwise it would surface as a puzzle in the linker, or not at all.
 */

/** The lower half: what the port (or the module's own C code) takes the place of. */
export const LOWER_FILES: readonly string[] = [
  "random.c",
  "os_kv.c",
  "os_unix.c",
  "os_win.c",
  "pcache.c",
  "pcache1.c",
  "pager.c",
  "wal.c",
];

/** Files that stand inside one of {@link LOWER_FILES} and that nothing else needs. */
const NESTED_FILES: readonly string[] = ["wal.h"];

/** How often the b-tree looks into a page's header: two assertions and two statements. */
const FLAG_READS = 4;

const BANNER = /^\/\*{6,} (Begin file|End of) (\S+) \*+\/$/;

/** What was cut, and the rest. */
export interface Cut {
  text: string;
  /** Lines blanked for each file, its nested files included. */
  removed: Map<string, number>;
}

/**
 * Blanks the given files, banners and nested files included; every line keeps its number.
 *
 * @param nested files that may stand inside one of these
 * @throws Error naming the file whose banner is missing, doubled or out of order
 */
export function removeFiles(
  source: string,
  files: readonly string[],
  nested: readonly string[] = NESTED_FILES,
): Cut {
  const lines = source.split("\n");
  const open: { file: string; line: number }[] = [];
  const removed = new Map<string, number>();
  /** Index in `open` of the file that is being blanked, or -1. */
  let blanking = -1;
  for (let i = 0; i < lines.length; i++) {
    const banner = BANNER.exec(lines[i]!);
    const file = banner?.[2] ?? "";
    if (banner?.[1] === "Begin file") {
      open.push({ file, line: i });
      if (blanking < 0 && files.includes(file)) {
        if (removed.has(file)) throw new Error(`the amalgamation contains ${file} twice (line ${i + 1})`);
        blanking = open.length - 1;
      } else if (blanking >= 0 && !nested.includes(file)) {
        throw new Error(
          `line ${i + 1} of the amalgamation: ${file} stands inside ${open[blanking]!.file}, which is to be ` +
            `removed. Either there is no banner "End of ${open[blanking]!.file}", or the rest may need it`,
        );
      }
    }
    if (blanking >= 0) lines[i] = "";
    if (banner?.[1] === "End of") {
      const begun = open.pop();
      if (begun === undefined) {
        /* The amalgamation's own last line ends a file that no banner began. */
        if (!files.includes(file)) continue;
        throw new Error(`the amalgamation has no banner "Begin file ${file}" before line ${i + 1}`);
      }
      if (begun.file !== file) {
        throw new Error(
          `the amalgamation has no banner "End of ${begun.file}" for line ${begun.line + 1}: ` +
            `line ${i + 1} ends ${file}`,
        );
      }
      if (blanking === open.length) {
        removed.set(file, i - begun.line + 1);
        blanking = -1;
      }
    }
  }
  const unfinished = open.pop();
  if (unfinished !== undefined) {
    throw new Error(`the amalgamation has no banner "End of ${unfinished.file}"`);
  }
  for (const file of files) {
    if (!removed.has(file)) throw new Error(`the amalgamation has no banner "Begin file ${file}"`);
  }
  return { text: lines.join("\n"), removed };
}

/**
 * Turns the b-tree's reads of a page header's flags into calls of `pagerMirrorPageFlags(page)`.
 *
 * It is the only field of the pager's own struct that is read from outside the lower half.
 *
 * @throws Error if another number of reads is found, or if the field is assigned
 */
export function rewriteFlagReads(source: string, expected: number): string {
  const written = /->pDbPage->flags\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)/;
  const assignment = written.exec(source);
  if (assignment !== null) {
    throw new Error(
      `line ${lineOf(source, assignment.index)} of the amalgamation assigns a page's flags: "${assignment[0]}"`,
    );
  }
  let found = 0;
  const text = source.replace(/\b(\w+(?:\[\w+\])?)->pDbPage->flags\b/g, (_all, page: string) => {
    found++;
    return `pagerMirrorPageFlags(${page}->pDbPage)`;
  });
  if (found !== expected) {
    throw new Error(
      `the amalgamation reads pDbPage->flags at ${found} places, not at ${expected}: ` +
        "this version of SQLite is not the one that the build step was written for",
    );
  }
  return text;
}

/**
 * Blanks the fields of the page header's struct. There are no such structs in the module's memory, so
 * whatever looks into one must not compile.
 */
export function hidePageHeader(source: string): string {
  const parts = source.split(/^struct PgHdr \{\n([^}]*)\};/m);
  if (parts.length !== 3) {
    throw new Error(`the amalgamation defines struct PgHdr ${(parts.length - 1) / 2} times, not once`);
  }
  return `${parts[0]}struct PgHdr;\n${parts[1]!.replace(/[^\n]+/g, "")}${parts[2]}`;
}

/**
 * Makes SQLite overlook that it is compiled for WASI.
 *
 * Otherwise it leaves out the loading of extensions, and with that the SQL function `load_extension`,
 * which better-sqlite3's SQLite has.
 */
export function hideWasi(source: string): string {
  const parts = source.split("#if defined(__wasi__)");
  if (parts.length !== 2) {
    throw new Error(`the amalgamation asks for __wasi__ at ${parts.length - 1} places, not at 1`);
  }
  return parts.join("#if 0");
}

/**
 * Gives the sorter's record header the 16 bytes that it has on 64-bit Linux: the sorter adds it to the
 * space that a record takes, and goes to its file when that passes a limit.
 */
export function widenSorterRecord(source: string): string {
  const parts = source.split(/^(struct SorterRecord \{\n.*\n {2}union \{)/m);
  if (parts.length !== 3) {
    throw new Error(`the amalgamation defines struct SorterRecord ${(parts.length - 1) / 2} times, not once`);
  }
  return `${parts[0]}${parts[1]} sqlite3_int64 widen;${parts[2]}`;
}

/** The upper half of an amalgamation, ready to be compiled. */
export function cutAmalgamation(source: string): Cut {
  const cut = removeFiles(source, LOWER_FILES);
  const text = hidePageHeader(rewriteFlagReads(cut.text, FLAG_READS));
  return { ...cut, text: widenSorterRecord(hideWasi(text)) };
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
