/*
** The benchmark's module for WebAssembly: the oracle's cut of the amalgamation with the plain allocator, and
** the workloads. Included after the amalgamation. NON-UPSTREAM, all of it.
*/
#include "files.c"
#include "stand-ins.c"
#include "workloads.c"

/* Memory for JavaScript's own purposes: names, and shared memory. */
EXPORT(oracle_malloc) void *oracle_malloc(unsigned n){ return malloc(n); }
EXPORT(oracle_realloc) void *oracle_realloc(void *p, unsigned n){ return realloc(p, n); }
EXPORT(oracle_free) void oracle_free(void *p){ free(p); }

EXPORT(upper_pending_byte) int upper_pending_byte(void){ return sqlite3PendingByte; }
EXPORT(bench_start) int bench_start(const char *zFolder){
  benchFolder(zFolder);
  return sqlite3_initialize();
}
EXPORT(bench_count) int bench_count(void){ return ArraySize(aWorkload); }
EXPORT(bench_name) const char *bench_name(int i){ return aWorkload[i].zName; }
EXPORT(bench_run) int bench_run(int i, int n){ return benchRun(i, n); }
EXPORT(bench_sum) unsigned bench_sum(void){ return benchSum; }
EXPORT(bench_line) int bench_line(void){ return benchLine; }
EXPORT(bench_task) int bench_task(int i, int n){ return benchMemory(i, n); }
