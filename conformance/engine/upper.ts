/**
 * What the upper half of SQLite exports: see c/upper.c, where each function says what it does.
 */

/** Address of something of C's. */
export type Address = number;

/** The module's functions as far as JavaScript calls them. */
export interface UpperExports {
  _initialize(): void;
  /** A WebAssembly.Table. */
  __indirect_function_table: { get(index: number): unknown };

  upper_start(): number;
  upper_initialize(): number;
  upper_malloc(n: number): Address;
  upper_realloc(p: Address, n: number): Address;
  upper_free(p: Address): void;
  upper_pending_byte(): number;
  upper_set_pending_byte(offset: number): void;
  upper_seed(seed: number): number;
  upper_no_name(): Address;

  upper_vfs_register(number: number, zName: Address, mxPathname: number, makeDflt: number): number;
  upper_vfs_number(pVfs: Address): number;
  upper_vfs_find(zName: Address): Address;
  upper_vfs_memdb(): Address;
  upper_file_set(pFile: Address, h: number): void;
  upper_file_size(): number;

  upper_c_open(pVfs: Address, zName: Address, pFile: Address, flags: number, pOut: Address): number;
  upper_c_delete(pVfs: Address, zName: Address, syncDir: number): number;
  upper_c_access(pVfs: Address, zName: Address, flags: number, pOut: Address): number;
  upper_c_full_pathname(pVfs: Address, zName: Address, nOut: number, zOut: Address): number;
  upper_c_os_file(pVfs: Address): number;
  upper_c_max_pathname(pVfs: Address): number;
  upper_c_version(pFile: Address): number;
  upper_c_close(pFile: Address): number;
  upper_c_read(pFile: Address, p: Address, n: number, offset: number): number;
  upper_c_write(pFile: Address, p: Address, n: number, offset: number): number;
  upper_c_truncate(pFile: Address, size: number): number;
  upper_c_sync(pFile: Address, flags: number): number;
  upper_c_file_size(pFile: Address, pSize: Address): number;
  upper_c_lock(pFile: Address, eLock: number): number;
  upper_c_unlock(pFile: Address, eLock: number): number;
  upper_c_control(pFile: Address, op: number, pArg: Address): number;
  upper_c_device(pFile: Address): number;
  upper_c_fetch(pFile: Address, offset: number, n: number, pp: Address): number;
  upper_c_unfetch(pFile: Address, offset: number, p: Address): number;

  upper_backup_update(p: Address, iPage: number, aData: Address): void;
  upper_backup_restart(p: Address): void;
  upper_db_flags(db: Address): number;
  upper_db_malloc_failed(db: Address): number;
  upper_db_interrupted(db: Address): number;
  upper_db_exec(db: Address, zSql: Address): number;

  upper_open(zName: Address, flags: number, zVfs: Address, ppDb: Address): number;
  upper_defensive(db: Address, on: number): number;
  upper_prepare(db: Address, z: Address, n: number, flags: number, ppStmt: Address, pzTail: Address): number;
  upper_bind_text(stmt: Address, i: number, z: Address, n: number): number;
  upper_bind_blob(stmt: Address, i: number, p: Address, n: number): number;
  upper_bind_int64(stmt: Address, i: number, lo: number, hi: number): number;
  upper_column_int64(stmt: Address, i: number, pOut: Address): void;
  upper_last_insert_rowid(db: Address, pOut: Address): void;

  sqlite3_close_v2(db: Address): number;
  sqlite3_errcode(db: Address): number;
  sqlite3_extended_errcode(db: Address): number;
  sqlite3_error_offset(db: Address): number;
  sqlite3_errmsg(db: Address): Address;
  sqlite3_errstr(rc: number): Address;
  sqlite3_changes64(db: Address): number;
  sqlite3_total_changes64(db: Address): number;
  sqlite3_get_autocommit(db: Address): number;
  sqlite3_step(stmt: Address): number;
  sqlite3_reset(stmt: Address): number;
  sqlite3_finalize(stmt: Address): number;
  sqlite3_clear_bindings(stmt: Address): number;
  sqlite3_column_count(stmt: Address): number;
  sqlite3_stmt_readonly(stmt: Address): number;
  sqlite3_stmt_status(stmt: Address, op: number, reset: number): number;
  sqlite3_bind_parameter_count(stmt: Address): number;
  sqlite3_bind_parameter_name(stmt: Address, i: number): Address;
  sqlite3_bind_parameter_index(stmt: Address, zName: Address): number;
  sqlite3_bind_null(stmt: Address, i: number): number;
  sqlite3_bind_int(stmt: Address, i: number, value: number): number;
  sqlite3_bind_double(stmt: Address, i: number, value: number): number;
  sqlite3_column_type(stmt: Address, i: number): number;
  sqlite3_column_double(stmt: Address, i: number): number;
  sqlite3_column_blob(stmt: Address, i: number): Address;
  sqlite3_column_text(stmt: Address, i: number): Address;
  sqlite3_column_bytes(stmt: Address, i: number): number;
  sqlite3_column_name(stmt: Address, i: number): Address;
  sqlite3_busy_timeout(db: Address, ms: number): number;
  sqlite3_extended_result_codes(db: Address, on: number): number;

  /** native/session.c, when it is part of the module. */
  session_call?(pIn: Address, nIn: number, pnOut: Address): Address;
}
