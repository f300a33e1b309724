/**
 * The libraries that are compared, each behind {@link BenchDatabase}. Every one of them runs in a
 * process of its own.
 */

import type { BenchDatabase } from "./workloads.js";

/** The contenders. "memory" means an in-memory database, otherwise a file. */
export const LIBRARIES = [
  "better-sqlite3, file",
  "port, file",
  "node-sqlite3-wasm, file",
  "better-sqlite3, memory",
  "port, memory",
  "sql.js, memory",
  "node-sqlite3-wasm, memory",
] as const;

/** Name of a contender. */
export type Library = (typeof LIBRARIES)[number];

/** Opens a database of a library; `path` is used unless it runs in memory. */
export async function openLibrary(library: Library, path: string): Promise<BenchDatabase> {
  const name = library.endsWith("memory") ? ":memory:" : path;
  switch (library.slice(0, library.indexOf(","))) {
    case "better-sqlite3": {
      const { default: Database } = await import("better-sqlite3");
      const db = new Database(name);
      return {
        exec: (sql) => void db.exec(sql),
        prepare: (sql) => db.prepare(sql),
        close: () => void db.close(),
      };
    }
    case "port": {
      await import("../../src/unix.js");
      const { Database } = await import("../engine/index.js");
      const db = new Database(name);
      return {
        exec: (sql) => void db.exec(sql),
        prepare: (sql) => db.prepare(sql),
        close: () => void db.close(),
      };
    }
    case "sql.js": {
      const { default: initSqlJs } = await import("sql.js");
      const db = new (await initSqlJs()).Database();
      return {
        exec: (sql) => void db.run(sql),
        prepare(sql) {
          const s = db.prepare(sql);
          return {
            run: (...p) => s.run(p),
            get: (...p) => s.getAsObject(p),
            all(...p) {
              const rows: unknown[] = [];
              s.bind(p);
              while (s.step()) rows.push(s.getAsObject());
              s.reset();
              return rows;
            },
          };
        },
        close: () => db.close(),
      };
    }
    case "node-sqlite3-wasm": {
      const { default: sqlite } = await import("node-sqlite3-wasm");
      const db = new sqlite.Database(name);
      return {
        exec: (sql) => db.exec(sql),
        prepare(sql) {
          const s = db.prepare(sql);
          return {
            run: (...p) => void s.run(p),
            get: (...p) => s.get(p),
            all: (...p) => s.all(p),
          };
        },
        close: () => db.close(),
      };
    }
  }
  throw new Error(`there is no library "${library}"`);
}
