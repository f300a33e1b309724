/**
 * The option sets under which the audit looks at both sides: what C is compiled with, and what the
 * constants of src/options.ts are then.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultProfile, type Profile } from "./profile.js";
import { TsEvaluator } from "./tsvalue.js";
import { readTypeScript } from "./typescript.js";

export interface AuditProfile {
  /** One of {@link PROFILE_NAMES}. */
  name: string;
  /** C's side: the macros before the first line of the amalgamation. */
  profile: Profile;
  /** What `globalThis.PAGER_MIRROR.options` would have to say. */
  overrides: ReadonlyMap<string, number | boolean>;
  /** Our side: the value of every exported constant of src/options.ts that is a number or a truth. */
  options: ReadonlyMap<string, number | boolean>;
}

interface Choice {
  /** Options, by the macro that C has for each; what is defined to nothing but its name is true. */
  set: Readonly<Record<string, number | boolean>>;
  /**
   * Macros that are defined by default and are not here, not by the amalgamation either: what a system
   * lacks. An option of that name is false.
   */
  unset: readonly string[];
  /** Macros that make the amalgamation define an option of `set`, which it does not take from outside. */
  also?: readonly string[];
  /** Macros, with their parameters, that stand for nothing whatever the amalgamation says. */
  nothing?: readonly string[];
}

/** A debug build with the features that can be switched on, and with other sizes and limits. */
const FEATURES: Choice = {
  set: {
    SQLITE_DEBUG: true,
    SQLITE_THREADSAFE: 1,
    SQLITE_DEFAULT_MEMSTATUS: true,
    SQLITE_ENABLE_SETLK_TIMEOUT: 2,
    SQLITE_ENABLE_MEMORY_MANAGEMENT: true,
    SQLITE_ENABLE_EXPENSIVE_ASSERT: true,
    SQLITE_LOG_CACHE_SPILL: true,
    SQLITE_ENABLE_8_3_NAMES: 1,
    SQLITE_USE_URI: true,
    SQLITE_MMAP_READWRITE: true,
    SQLITE_UNLINK_AFTER_CLOSE: true,
    USE_PREAD64: true,
    HAVE_MREMAP: false,
    HAVE_POSIX_FALLOCATE: true,
    HAVE_FDATASYNC: true,
    HAVE_STRERROR_R: true,
    HAVE_NANOSLEEP: false,
    SQLITE_OMIT_RANDOMNESS: true,
    SQLITE_SAFER_WALINDEX_RECOVERY: true,
    SQLITE_DEFAULT_MMAP_SIZE: 1048576,
    SQLITE_DEFAULT_CACHE_SIZE: 500,
    SQLITE_DEFAULT_PCACHE_INITSZ: 0,
    SQLITE_DEFAULT_JOURNAL_SIZE_LIMIT: 65536,
    SQLITE_DEFAULT_PAGE_SIZE: 1024,
    SQLITE_MAX_DEFAULT_PAGE_SIZE: 32768,
    SQLITE_DEFAULT_SECTOR_SIZE: 512,
    SQLITE_DEFAULT_WAL_AUTOCHECKPOINT: 500,
    SQLITE_DEFAULT_FILE_PERMISSIONS: 0o600,
    SQLITE_STMTJRNL_SPILL: 4096,
    SQLITE_POWERSAFE_OVERWRITE: 0,
    SQLITE_MAX_PAGE_COUNT: 1000000,
    SQLITE_MAX_PATHLEN: 512,
    SQLITE_MAX_SYMLINK: 100,
    SQLITE_TEMP_STORE: 2,
  },
  unset: ["NDEBUG", "USE_PREAD", "SQLITE_OMIT_DEPRECATED"],
  also: ["HAVE_PREAD64", "HAVE_PWRITE64"],
};

/**
 * A release build for upstream's tests on a system that has as little as can be, with the options that
 * take something away. CHECK_PAGES and FILESTAT are here because a debug build has what they add.
 */
const SYSTEMS: Choice = {
  set: {
    SQLITE_TEST: true,
    SQLITE_CHECK_PAGES: true,
    SQLITE_ENABLE_FILESTAT: true,
    SQLITE_ENABLE_SETLK_TIMEOUT: 1,
    SQLITE_THREADSAFE: 0,
    SQLITE_DIRECT_OVERFLOW_READ: false,
    SQLITE_DISABLE_DIRSYNC: true,
    SQLITE_DISABLE_PAGECACHE_OVERFLOW_STATS: true,
    SQLITE_ENABLE_8_3_NAMES: 2,
    SQLITE_NO_SYNC: true,
    SQLITE_DISABLE_LFS: true,
    HAVE_NANOSLEEP: false,
    HAVE_USLEEP: false,
    NO_GETTOD: true,
    SQLITE_MAX_MMAP_SIZE: 0,
  },
  unset: ["USE_PREAD", "HAVE_FCHMOD", "HAVE_FCHOWN", "HAVE_READLINK", "HAVE_LSTAT"],
  /* Faults, traces and counters of SQLITE_TEST, which docs/ledger/macros.json leaves out. */
  nothing: [
    "SimulateIOErrorBenign(X)",
    "SimulateIOError(A)",
    "SimulateDiskfullError(A)",
    "DO_OS_MALLOC_TEST(x)",
    "OSTRACE(X)",
    "OpenCounter(X)",
    "PAGER_INCR(v)",
    "disable_simulated_io_errors(X)",
    "enable_simulated_io_errors(X)",
  ],
};

const CHOICES: Readonly<Record<string, Choice>> = {
  default: { set: {}, unset: [] },
  snapshot: { set: { SQLITE_ENABLE_SNAPSHOT: true, SQLITE_ENABLE_SETLK_TIMEOUT: 1 }, unset: [] },
  "atomic-write": { set: { SQLITE_ENABLE_ATOMIC_WRITE: true }, unset: [] },
  "batch-atomic-write": { set: { SQLITE_ENABLE_BATCH_ATOMIC_WRITE: true }, unset: [] },
  debug: { set: { SQLITE_DEBUG: true }, unset: ["NDEBUG"] },
  features: FEATURES,
  systems: SYSTEMS,
};

/** The first one is the default. */
export const PROFILE_NAMES: readonly string[] = Object.keys(CHOICES);

/** Our file of compile-time options. */
export const OPTIONS = "src/options.ts";

/** Values of the exported constants of a text of src/options.ts; texts are left out. */
export function optionsOf(
  text: string,
  overrides: ReadonlyMap<string, number | boolean>,
): Map<string, number | boolean> {
  const { constants } = readTypeScript(new Map([[OPTIONS, text]]));
  const evaluator = new TsEvaluator(constants, overrides);
  const found = new Map<string, number | boolean>();
  for (const constant of constants) {
    if (!constant.exported) continue;
    const value = evaluator.value(constant);
    if (typeof value === "number" || typeof value === "boolean") found.set(constant.name, value);
    else if (typeof value !== "string") throw new Error(`${OPTIONS}: ${constant.name} has no constant value`);
  }
  return found;
}

/** All profiles of a checkout, the default one first. */
export function profilesOf(root: string): AuditProfile[] {
  const text = readFileSync(join(root, OPTIONS), "utf8");
  const base = defaultProfile(root);
  return Object.entries(CHOICES).map(([name, { set, unset, also = [], nothing = [] }]) => {
    const defines = new Map(base.defines);
    for (const macro of unset) defines.delete(macro);
    for (const macro of also) defines.set(macro, "1");
    for (const macro of nothing) defines.set(macro, "");
    for (const [macro, value] of Object.entries(set)) defines.set(macro, String(Number(value)));
    const fixed = new Set([...unset, ...nothing.map((macro) => macro.replace(/\(.*/, ""))]);
    const overrides = new Map<string, number | boolean>([
      /* Our sources have SQLITE_DEBUG on unless told otherwise; C has it off. */
      ["SQLITE_DEBUG", false],
      ...Object.entries(set),
      ...unset.map((macro) => [macro, false] as const),
    ]);
    return { name, profile: { name, defines, fixed }, overrides, options: optionsOf(text, overrides) };
  });
}
