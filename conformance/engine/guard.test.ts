/** An exception in the middle of the engine: the next call says so, and nothing traps. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import "../../src/unix.js";
import { type sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register } from "../../src/index.js";
import { buildEngine } from "./build/index.js";
import { Database, EngineDeadError, loadEngine, useEngine } from "./index.js";

const folder = mkdtempSync(join(tmpdir(), "pager-mirror-guard-"));
let explode = false;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await buildEngine();
  const registerVfses = (): void => {
    const unix = sqlite3_vfs_find(null) as sqlite3_vfs;
    sqlite3_vfs_register(
      {
        ...unix,
        zName: "fragile",
        pNext: null,
        xAccess(_vfs, zName, flags, pResOut) {
          if (explode) throw new Error("a defect");
          return unix.xAccess(unix, zName, flags, pResOut);
        },
      },
      0,
    );
  };
  useEngine(loadEngine({ registerVfses }));
}, 600_000);

it("everything fails with the reason, but closing does not", () => {
  const other = new Database(":memory:");
  const statement = other.prepare("SELECT 1");
  expect(statement.get()).toEqual({ "1": 1 });
  /* The first look at the database asks whether there is a journal. */
  const db = new Database(join(folder, "some.db"), { vfs: "fragile" });
  explode = true;
  expect(() => db.pragma("user_version")).toThrow("a defect");
  explode = false;
  const attempts = [
    () => db.exec("SELECT 1"),
    () => statement.get(),
    () => [...statement.iterate()],
    () => other.prepare("SELECT 2"),
    () => new Database(":memory:"),
  ];
  for (const attempt of attempts) {
    let error: unknown = null;
    try {
      attempt();
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(EngineDeadError);
    expect(((error as Error).cause as Error).message).toBe("a defect");
  }
  other.close();
  db.close();
});
