import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSourceTree, upstreamOfTree, withLinkage } from "./source-tree.js";
import { placeOf } from "./upstream.js";

const FILES: Readonly<Record<string, string>> = {
  VERSION: "3.99.1\n",
  "manifest.uuid": "abcdef\n",
  manifest: "C a check-in\nD 2030-01-02T03:04:05.678\n",
  "tool/mksqlite3c.tcl": "set flist {\n   sqliteInt.h\n   missing.c\n   pager.c\n   wal.c\n}\n",
  "src/sqliteInt.h": '#include "sqlite3.h"\n#include "pager.h"\nint sqlite3Inner(int);\n',
  "src/sqlite.h.in":
    '#ifndef SQLITE3_H\n#define SQLITE_VERSION "--VERS--"\n#define SQLITE_VERSION_NUMBER --VERSION-NUMBER--\n#define SQLITE_SOURCE_ID "--SOURCE-ID--"\nint sqlite3_open(int);\n',
  "src/pager.h": "#define PAGER_LIMIT 5   \n",
  "src/pager.c":
    '#include "sqliteInt.h"\n#include "pager.h"\nint sqlite3PagerGet(int a){\n  return a;\n}\nstatic int local(void){ return 1; }\n',
  "src/wal.c": "#include <string.h>\nchar *sqlite3_wal_thing(void){ return 0; }\n",
};

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pager-mirror-tree-"));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(join(dir, path, ".."), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("a source tree", () => {
  it("is known by its files", () => {
    expect(isSourceTree(dir)).toBe(true);
    expect(isSourceTree(join(dir, "src"))).toBe(false);
  });

  it("reads like an amalgamation", () => {
    const up = upstreamOfTree(dir, "tree");
    expect(up.version).toBe("3.99.1");
    expect([...up.files.keys()]).toEqual([
      "sqlite3.c",
      "sqliteInt.h",
      "sqlite3.h",
      "pager.h",
      "pager.c",
      "wal.c",
    ]);
    const text = up.lines.join("\n");
    expect(text).toContain("#define SQLITE_VERSION_NUMBER 3099001\n");
    expect(text).toContain('#define SQLITE_SOURCE_ID "2030-01-02 03:04:05 abcdef"\n');
    expect(text).toContain("SQLITE_PRIVATE int sqlite3PagerGet(int a){\n");
    expect(text).toContain("SQLITE_API char *sqlite3_wal_thing(void){ return 0; }\n");
    expect(text).toContain("\nint sqlite3_open(int);\n#endif /* SQLITE3_H */\n");
    expect(text).toContain("#include <string.h>\n");
    expect(text).toContain('/* #include "pager.h" */\n');
    expect(text.match(/PAGER_LIMIT/g)).toHaveLength(1);
  });

  it("knows where each line comes from", () => {
    const up = upstreamOfTree(dir, "tree");
    const line = up.lines.findIndex((l) => l.includes("static int local"));
    expect(up.fileOf[line]).toBe("pager.c");
    expect(placeOf(up, line)).toEqual({ path: "tree/src/pager.c", line: 6 });
    expect(placeOf(up, 1)).toEqual({ path: "tree", line: 1 });
  });
});

describe("linkage", () => {
  it("is written as SQLite's own tool writes it", () => {
    const cases: [string, string, string][] = [
      ["int sqlite3OsInit(void){", "os.c", "SQLITE_PRIVATE int sqlite3OsInit(void){"],
      ["  int sqlite3OsInit(void);", "os.h", "SQLITE_PRIVATE   int sqlite3OsInit(void);"],
      ["  int sqlite3OsInit(void);", "os.c", "  int sqlite3OsInit(void);"],
      ["void *sqlite3_malloc(int n){", "malloc.c", "SQLITE_API void *sqlite3_malloc(int n){"],
      ["SQLITE_API int sqlite3_initialize(void){", "main.c", "SQLITE_API int sqlite3_initialize(void){"],
      [
        "const char *sqlite3_sourceid(void);",
        "main.c",
        "/* SQLITE_API const char *sqlite3_sourceid(void); */",
      ],
      [
        "int sqlite3PendingByte = 0x40000000;",
        "global.c",
        "SQLITE_PRIVATE int sqlite3PendingByte = 0x40000000;",
      ],
      ["extern int sqlite3PendingByte;", "sqliteInt.h", "SQLITE_PRIVATE int sqlite3PendingByte;"],
      ["SQLITE_EXTERN int sqlite3_temp;", "x.h", "SQLITE_API int sqlite3_temp;"],
      ["static int sqlite3Local(void){", "os.c", "static int sqlite3Local(void){"],
      ["int sqlite3_open(int);", "sqlite3.h", "int sqlite3_open(int);"],
    ];
    for (const [line, file, expected] of cases) expect(withLinkage(line, file), line).toBe(expected);
  });
});
