/** Whether a VFS is the one of serialised databases. */

import { afterEach, expect, test } from "vitest";
import type { sqlite3_vfs } from "../sqliteInt.js";
import { memdb_vfs, sqlite3IsMemdb } from "./memdb.js";

afterEach(() => {
  memdb_vfs.value = null;
});

test("no VFS is memdb until one is registered as it", () => {
  const one = { zName: "one" } as sqlite3_vfs;
  const two = { zName: "two" } as sqlite3_vfs;
  expect([one, two, null].map(sqlite3IsMemdb)).toEqual([0, 0, 0]);
  memdb_vfs.value = two;
  expect([one, two, null].map(sqlite3IsMemdb)).toEqual([0, 1, 0]);
});
