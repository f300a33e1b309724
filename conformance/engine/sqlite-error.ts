/** An error of SQLite's. */

import { sqlite3ErrName } from "../../src/index.js";

/** Thrown by the API for every result code that is not success. */
export class SqliteError extends Error {
  override readonly name = "SqliteError";
  /** The extended result code by name, such as SQLITE_CONSTRAINT_UNIQUE. */
  readonly code: string;
  /** The extended result code. */
  readonly rc: number;

  constructor(message: string, rc: number) {
    super(message);
    this.rc = rc;
    this.code = sqlite3ErrName(rc);
  }
}
