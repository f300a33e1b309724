/**
 * The table of struct sizes against the C compiler: one `_Static_assert` per row, over the installed
 * amalgamation with better-sqlite3's options. Needs the compiler that better-sqlite3 needs anyway.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { sizeof } from "./abi.js";

const require = createRequire(import.meta.url);
const deps = join(dirname(require.resolve("better-sqlite3/package.json")), "deps");

it("agrees with the C compiler, row by row", () => {
  const defines = [
    ...readFileSync(join(deps, "defines.gypi"), "utf8").matchAll(/'((?:HAVE|SQLITE)_[^']*)'/g),
  ].map((m) => `-D${m[1]}`);
  const rows = Object.entries(sizeof).filter(([name]) => name !== "name");
  const asserts = rows.map(([name, size]) => {
    const type = name === "ptr" ? "void*" : name;
    return `_Static_assert(sizeof(${type})==${size}, "${name}");`;
  });
  const dir = mkdtempSync(join(tmpdir(), "pager-mirror-abi-"));
  try {
    const file = join(dir, "sizes.c");
    writeFileSync(file, `#include "sqlite3.c"\n${asserts.join("\n")}\n`);
    const cc = (extra: string): ReturnType<typeof spawnSync> => {
      writeFileSync(file, `#include "sqlite3.c"\n${asserts.join("\n")}\n${extra}`);
      return spawnSync(
        process.env["CC"] ?? "cc",
        ["-std=gnu11", "-w", "-fsyntax-only", ...defines, `-I${join(deps, "sqlite3")}`, file],
        { encoding: "utf8" },
      );
    };
    const good = cc("");
    expect(good.error, "a C compiler is needed").toBeUndefined();
    expect(good.stderr).toBe("");
    /* The check can fail. */
    expect(String(cc(`_Static_assert(sizeof(Pager)==${sizeof.Pager + 8}, "planted");`).stderr)).toContain(
      "planted",
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
  expect(rows.length).toBeGreaterThan(20);
});
