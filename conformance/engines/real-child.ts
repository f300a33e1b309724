/**
 * Real SQLite, through better-sqlite3: the child process.
 */

import Database from "better-sqlite3";
import { become, serve } from "./child.js";

/** What the parent may ask. */
export type RealRequest =
  | { op: "open"; db: string; path: string; readonly: boolean; timeout: number }
  | { op: "exec"; db: string; sql: string }
  | { op: "all"; db: string; sql: string }
  | { op: "run"; db: string; sql: string }
  | { op: "close"; db: string }
  | { op: "extension"; db: string; path: string }
  | { op: "unsafe"; db: string }
  | { op: "become"; uid: number }
  | { op: "reset" }
  | { op: "integrity"; path: string };

const open = new Map<string, Database.Database>();

function connection(name: string): Database.Database {
  const db = open.get(name);
  if (db === undefined) throw new Error(`no connection is named ${name}`);
  return db;
}

function rows(db: Database.Database, sql: string): unknown[] {
  const statement = db.prepare(sql);
  if (statement.reader) return statement.raw(true).all();
  statement.run();
  return [];
}

serve((request: RealRequest): unknown => {
  switch (request.op) {
    case "open": {
      const db = new Database(request.path, { readonly: request.readonly, timeout: request.timeout });
      open.set(request.db, db);
      return null;
    }
    case "exec":
      connection(request.db).exec(request.sql);
      return null;
    case "all":
    case "run":
      return rows(connection(request.db), request.sql);
    case "close":
      connection(request.db).close();
      open.delete(request.db);
      return null;
    case "extension":
      connection(request.db).loadExtension(request.path);
      return null;
    case "become": {
      /* Loads the addon while that is still allowed. */
      new Database(":memory:").close();
      become(request.uid);
      return null;
    }
    case "unsafe":
      connection(request.db).unsafeMode();
      return null;
    case "reset":
      for (const db of open.values()) db.close();
      open.clear();
      return null;
    case "integrity": {
      let db: Database.Database | null = null;
      try {
        db = new Database(request.path);
        return (rows(db, "PRAGMA integrity_check") as string[][]).map((r) => r[0]).join("\n");
      } catch (e) {
        return (e as { code?: string }).code ?? String(e);
      } finally {
        db?.close();
      }
    }
  }
});
