import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { amalgamationFolder } from "../../engines/version.js";
import {
  cutAmalgamation,
  hidePageHeader,
  hideWasi,
  LOWER_FILES,
  removeFiles,
  rewriteFlagReads,
  widenSorterRecord,
} from "./cut.js";

const stars = "*".repeat(12);
const begin = (file: string): string => `/${stars} Begin file ${file} ${stars}/`;
const end = (file: string): string => `/${stars} End of ${file} ${stars}/`;

const nested = [
  "before",
  begin("pager.c"),
  "one",
  begin("wal.h"),
  "two",
  end("wal.h"),
  `/${stars} Continuing where we left off in pager.c ${stars}/`,
  "three",
  end("pager.c"),
  begin("btree.c"),
  "after",
  end("btree.c"),
];

test("a file goes with its banners and what is nested in it, and lines keep their numbers", () => {
  const { text, removed } = removeFiles(nested.join("\n"), ["pager.c"]);
  expect(text.split("\n")).toEqual([
    "before",
    ...Array(8).fill(""),
    begin("btree.c"),
    "after",
    end("btree.c"),
  ]);
  expect([...removed]).toEqual([["pager.c", 8]]);
});

test("a nested file can go alone", () => {
  const lines = removeFiles(nested.join("\n"), ["wal.h"]).text.split("\n");
  expect(lines.slice(2, 8)).toEqual(["one", "", "", "", nested[6], "three"]);
});

test("the amalgamation's own end has no beginning, and that is right", () => {
  const text = [...nested, end("sqlite3.c")].join("\n");
  expect(removeFiles(text, ["pager.c"]).text.endsWith(end("sqlite3.c"))).toBe(true);
});

test("a missing banner is told by name", () => {
  const without = (line: string): string => nested.filter((l) => l !== line).join("\n");
  expect(() => removeFiles(nested.join("\n"), ["pager.c", "random.c"])).toThrow(
    'no banner "Begin file random.c"',
  );
  expect(() => removeFiles(without(begin("pager.c")), ["pager.c"])).toThrow('no banner "Begin file pager.c"');
  expect(() => removeFiles(without(end("pager.c")), ["pager.c"])).toThrow('no banner "End of pager.c"');
  expect(() => removeFiles(without(end("wal.h")), ["pager.c"])).toThrow('no banner "End of wal.h"');
  expect(() => removeFiles(nested.slice(0, 8).join("\n"), ["pager.c"])).toThrow('no banner "End of pager.c"');
});

test("a file that stands there twice, or that hides another one, is refused", () => {
  const twice = [...nested, begin("pager.c"), end("pager.c")].join("\n");
  expect(() => removeFiles(twice, ["pager.c"])).toThrow("pager.c twice (line 13)");
  const hiding = nested.join("\n").replaceAll("wal.h", "os_common.h");
  expect(() => removeFiles(hiding, ["pager.c"])).toThrow(
    "line 4 of the amalgamation: os_common.h stands inside pager.c",
  );
});

test("reads of a page's flags become calls", () => {
  const text = "u16 a = apNew[i]->pDbPage->flags;\nif( p->pDbPage->flags==3 ) p->pDbPage->flagsOfMine;";
  expect(rewriteFlagReads(text, 2)).toBe(
    "u16 a = pagerMirrorPageFlags(apNew[i]->pDbPage);\n" +
      "if( pagerMirrorPageFlags(p->pDbPage)==3 ) p->pDbPage->flagsOfMine;",
  );
  expect(() => rewriteFlagReads(text, 3)).toThrow("at 2 places, not at 3");
});

test("an assignment to a page's flags is refused", () => {
  for (const operator of ["=", " = ", "|=", " &= ", "<<="]) {
    expect(() => rewriteFlagReads(`\n\np->pDbPage->flags${operator}3;`, 1)).toThrow(
      "line 3 of the amalgamation assigns",
    );
  }
});

test("the page header's fields are gone", () => {
  const text = "a\nstruct PgHdr {\n  void *p;\n\n  u16 flags;\n};\nb";
  expect(hidePageHeader(text)).toBe("a\nstruct PgHdr;\n\n\n\n\nb");
  expect(() => hidePageHeader("typedef struct PgHdr DbPage;")).toThrow("0 times, not once");
});

test("WASI is overlooked, once", () => {
  expect(hideWasi("a\n#if defined(__wasi__)\nb\n#endif")).toBe("a\n#if 0\nb\n#endif");
  expect(() => hideWasi("a")).toThrow("at 0 places");
});

test("the sorter's record header becomes wider on the same lines", () => {
  const source = "struct SorterRecord {\n  int nVal;\n  union {\n    SorterRecord *pNext;\n  } u;\n};";
  expect(widenSorterRecord(source)).toBe(source.replace("union {", "union { sqlite3_int64 widen;"));
  expect(() => widenSorterRecord("a")).toThrow("0 times");
});

test("the installed amalgamation can be cut", () => {
  const source = readFileSync(join(amalgamationFolder(), "sqlite3.c"), "utf8");
  const { text, removed } = cutAmalgamation(source);
  expect([...removed.keys()].sort()).toEqual([...LOWER_FILES].sort());
  const before = source.split("\n");
  const after = text.split("\n");
  expect(after.length).toBe(before.length);
  /* What differs is what was cut, four reads of flags, the fields of one struct and one line for WASI. */
  const different = after.map((line, i) => [line, i] as const).filter(([line, i]) => line !== before[i]);
  const rewritten = different.filter(([line]) => line !== "").map(([line]) => line.trim());
  expect(rewritten).toEqual([
    "#if 0",
    "struct PgHdr;",
    "assert( pagerMirrorPageFlags(apNew[i]->pDbPage) & PGHDR_WRITEABLE );",
    "assert( pagerMirrorPageFlags(apNew[i]->pDbPage) & PGHDR_DIRTY );",
    "u16 fgA = pagerMirrorPageFlags(apNew[i]->pDbPage);",
    "u16 fgB = pagerMirrorPageFlags(apNew[iB]->pDbPage);",
    "union { sqlite3_int64 widen;",
  ]);
  /* Functions of each file that was cut, and functions that had to stay. */
  for (const gone of [
    "pagerStress(",
    "walIndexRecover(",
    "pcache1Fetch(",
    "sqlite3PcacheFetch(",
    "unixOpen(",
  ]) {
    expect(source).toContain(gone);
    expect(
      text.match(new RegExp(`^(static|SQLITE_PRIVATE) .*\\b\\${gone.replace("(", "")}\\(.*\\{$`, "m")),
    ).toBeNull();
  }
  for (const kept of ["balance_nonroot(", "sqlite3MemJournalOpen(", "sqlite3BitvecSet(", "sqlite3OsOpen("]) {
    expect(text).toContain(kept);
  }
});

test("another version of the amalgamation is refused, not built wrong", () => {
  const source = readFileSync(join(amalgamationFolder(), "sqlite3.c"), "utf8");
  expect(() => cutAmalgamation(source.replace("u16 fgB = apNew[iB]->pDbPage->flags;", ""))).toThrow(
    "at 3 places, not at 4",
  );
  expect(() => cutAmalgamation(source.replace("Begin file os_kv.c", "Begin file os_kvvfs.c"))).toThrow(
    "os_kv",
  );
});
