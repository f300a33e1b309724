/**
 * SQLite's SQL engine on the port, as an API: `new Database(path)` and go.
 *
 * The storage layer underneath is src/pager, src/pcache, src/os in TypeScript, to be read, stepped
 * through and instrumented. {@link loadEngine} with {@link useEngine} sets the engine up otherwise,
 * for instance with VFSes of one's own.
 *
 * @module
 */

export { Database, type DatabaseOptions, type Transaction, useEngine } from "./database.js";
export { Engine, type EngineOptions, loadEngine } from "./engine.js";
export { EngineDeadError } from "./guard.js";
export { SqliteError } from "./sqlite-error.js";
export { type Parameters, type Row, type RunResult, Statement } from "./statement.js";
export type { BindValue, ColumnValue } from "./values.js";
