/** What `ifcapable` answers for the build of SQLite that is compared here. */

/** Options that this build leaves out; everything else that the tests ask for is there. */
const MISSING: ReadonlySet<string> = new Set([
  "8_3_names",
  "allow_rowid_in_view",
  "api_armor",
  "atomicwrite",
  "auth_callback",
  "batch_atomic",
  "builtin_test",
  "bytecode_vtab",
  "carray",
  "cursorhints",
  "debug",
  "default_autovacuum",
  "default_ckptfullfsync",
  "deprecated",
  "dirsync",
  "fast_secure_delete",
  "has_codec",
  "hiddencolumns",
  "icu",
  "icu_collations",
  "load_ext",
  "lock_proxy_pragmas",
  "mem3",
  "mem5",
  "memorymanage",
  "multiplex_ext_overwrite",
  "mutex_noop",
  "normalize",
  "null_trim",
  "offset_sql_func",
  "oversize_cell_check",
  "pagecache_overflow_stats",
  "prefer_proxy_locking",
  "preupdate",
  "progress",
  "rbu",
  "rowid32",
  "rtree_int_only",
  "scanstatus",
  "secure_delete",
  "session",
  "setlk_timeout",
  "shared_cache",
  "shared_chache",
  "snapshot",
  "sqllog",
  "stmtvtab",
  "thread_misuse_warnings",
  "unlock_notify",
  "uri_00_error",
  "win32malloc",
  "zipfile",
]);

/** Whether the build has a capability. */
export function isCapable(name: string): boolean {
  return !MISSING.has(name);
}

/** An `ifcapable` expression with the names replaced by 0 and 1. */
export function capabilityExpression(text: string): string {
  return text.replace(/[A-Za-z_0-9]+/g, (name) => (/^\d+$/.test(name) ? name : isCapable(name) ? "1" : "0"));
}

/** The array `sqlite_options` of the tests: names and 0 or 1. */
export function capabilityArray(): [string, string][] {
  const present = [
    "wal",
    "fts3",
    "fts5",
    "rtree",
    "stat4",
    "autovacuum",
    "default_cache_size",
    "threadsafe",
    "json1",
  ];
  return [
    ...present.map((n): [string, string] => [n, "1"]),
    ...[...MISSING].map((n): [string, string] => [n, "0"]),
    ["default_autovacuum", "0"],
    ["threadsafe", "1"],
  ];
}
