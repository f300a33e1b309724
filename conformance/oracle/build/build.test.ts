/** The cut and the table of fields, without a compiler. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { amalgamationFolder } from "../../engines/version.js";
import { cutOracle, filesOf, ORACLE_FILES } from "./cut.js";
import { fieldTable, structFields } from "./fields.js";
import { oracleDefines, oracleFlags } from "./index.js";

const source = readFileSync(join(amalgamationFolder(), "sqlite3.c"), "utf8");

it("keeps the pager's files, at their lines, and blanks the others", () => {
  const { text, removed } = cutOracle(source);
  const { outer } = filesOf(text);
  expect(outer).toEqual(filesOf(source).outer.filter((file) => ORACLE_FILES.includes(file)));
  expect(removed.has("btree.c")).toBe(true);
  expect(text.split("\n").length).toBe(source.split("\n").length);
  const line = (s: string): number => s.split("\n").findIndex((l) => l.includes("int sqlite3PagerOpen("));
  expect(line(text)).toBe(line(source));
  expect(text.includes("int sqlite3BtreeOpen(\n")).toBe(true);
  expect(text.includes("static int btreeInvokeBusyHandler(")).toBe(false);
});

it("a file that should stay and is not there stops the build", () => {
  expect(() => cutOracle(source.replace("Begin file wal.c", "Begin file log.c"))).toThrow(
    '"Begin file wal.c"',
  );
});

it("reads the declarations of a struct", () => {
  const text = `struct Some {
  int a, *b;      /* two, one of
  ** them c; */
  PgHdr *pDirty, *pTail;
#ifdef X
  u8 x[16];
#endif
  int (*xStress)(void*,PgHdr*);
  volatile u32 **apData;
  union {
    u32 inner;
    u8 other[4];
  } u;
  void (*xLast)(
    int
  );
};
`;
  expect(structFields(text, "Some")).toEqual([
    ...["a", "b", "pDirty", "pTail", "#ifdef X", "x", "#endif", "xStress", "apData", "u", "xLast"],
  ]);
  expect(() => structFields(text, "Other")).toThrow("does not define struct Other");
});

it("finds the fields of the pager, conditional ones included", () => {
  const table = fieldTable(source);
  expect(table).toContain("FIELD(Pager, hasHeldSharedLock)");
  expect(table).toContain("#ifdef SQLITE_ENABLE_SETLK_TIMEOUT\nFIELD(Pager, dbWal)\n#endif");
  expect(table).toContain("FIELD(PCache, pDirtyTail)");
  expect(structFields(source, "Pager").filter((f) => !f.startsWith("#")).length).toBe(65);
});

it("two builds of better-sqlite3's options", () => {
  expect(oracleDefines("debug")).toContain("SQLITE_DEBUG");
  expect(oracleDefines("debug")).not.toContain("NDEBUG");
  expect(oracleDefines("release")).toContain("NDEBUG");
  expect(oracleDefines("release")).toContain("SQLITE_THREADSAFE=0");
  expect(oracleDefines("release")).toContain("SQLITE_MAX_MMAP_SIZE=0x7fff0000");
  expect(oracleFlags("release").link).toContain("-Wl,--export=__stack_pointer");
});
