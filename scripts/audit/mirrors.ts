/** Which TypeScript file mirrors which of upstream's; docs/porting.md has the same table in words. */

/** Upstream's file to ours. */
export const MIRRORS: ReadonlyMap<string, string> = new Map([
  ["os.c", "src/os/os.ts"],
  ["os_unix.c", "src/os/os_unix.ts"],
  ["memjournal.c", "src/os/memjournal.ts"],
  ["memdb.c", "src/os/memdb.ts"],
  ["bitvec.c", "src/pager/bitvec.ts"],
  ["pager.c", "src/pager/pager.ts"],
  ["pcache.c", "src/pcache/pcache.ts"],
  ["pcache1.c", "src/pcache/pcache1.ts"],
  ["wal.c", "src/wal/wal.ts"],
  ["random.c", "src/random.ts"],
  ["fault.c", "src/fault.ts"],
  ["malloc.c", "src/malloc.ts"],
  ["mem1.c", "src/malloc.ts"],
  ["mutex.c", "src/mutex.ts"],
  ["mutex_unix.c", "src/mutex.ts"],
  ["util.c", "src/util.ts"],
  ["printf.c", "src/printf.ts"],
  ["status.c", "src/status.ts"],
  ["global.c", "src/global.ts"],
  ["main.c", "src/main.ts"],
  ["backup.c", "src/backup.ts"],
]);

/** Mirrored whole: every function that is compiled in must be ported or omitted with a reason. */
export const WHOLE: readonly string[] = [
  "os.c",
  "os_unix.c",
  "memjournal.c",
  "bitvec.c",
  "random.c",
  "pcache.c",
  "pcache1.c",
  "pager.c",
  "wal.c",
];

/** Mirrored as far as the port needs them: what is left is listed, and no finding. */
export const PARTIAL: readonly string[] = [...MIRRORS.keys()].filter((file) => !WHOLE.includes(file));

/** Where macros are declared that our files have as functions. */
export const HEADERS: readonly string[] = [
  "sqliteInt.h",
  "os.h",
  "os_common.h",
  "pager.h",
  "pcache.h",
  "wal.h",
  "mutex.h",
];

/** Our file of what several files share. */
export const SHARED = "src/sqliteInt.ts";

/** Our files that mirror a file with functions. */
export const MIRRORED: ReadonlySet<string> = new Set(MIRRORS.values());
