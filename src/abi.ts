/**
 * The sizes that a C compiler gives to the structs which the mirrored code allocates.
 *
 * JavaScript objects have no size, but upstream's allocations do, and the port makes the same calls
 * with the same sizes: out-of-memory tests count them, and a few capacities (the fan-out of a
 * `Bitvec`, the chunks of an in-memory journal) follow from them. Two tables exist, both printed by
 * compilers from the amalgamation: 64-bit Linux, and 32-bit WebAssembly for lockstep runs beside a
 * C pager compiled to wasm. Which one holds is decided once, when this module loads; see
 * {@link file://./options.ts | options.ts}.
 *
 * NON-UPSTREAM: the C compiler knows these.
 *
 * @module
 */

import { type PagerMirrorOptions, SQLITE_CHECK_PAGES } from "./options.js";

/** Sizes in bytes of upstream's structs under one ABI. */
export interface AbiTable {
  /** The ABI's name. */
  readonly name: "lp64" | "wasm32";
  /** Size of a pointer. */
  readonly ptr: number;
  readonly Pager: number;
  readonly PagerSavepoint: number;
  readonly PCache: number;
  readonly PgHdr: number;
  readonly PCache1: number;
  readonly PgHdr1: number;
  readonly PGroup: number;
  readonly PgFreeslot: number;
  readonly Bitvec: number;
  readonly MemJournal: number;
  readonly FileChunk: number;
  readonly FilePoint: number;
  readonly Wal: number;
  readonly WalIterator: number;
  readonly WalHashLoc: number;
  readonly WalIndexHdr: number;
  readonly WalCkptInfo: number;
  readonly MemPage: number;
  readonly sqlite3_file: number;
  readonly sqlite3_vfs: number;
  readonly sqlite3_mutex: number;
  readonly sqlite3_str: number;
  readonly unixFile: number;
  readonly unixShmNode: number;
  readonly unixShm: number;
  readonly unixInodeInfo: number;
  readonly UnixUnusedFd: number;
}

const LP64: AbiTable = {
  name: "lp64",
  ptr: 8,
  Pager: 312,
  PagerSavepoint: 56,
  PCache: 80,
  PgHdr: 80,
  PCache1: 88,
  PgHdr1: 56,
  PGroup: 80,
  PgFreeslot: 8,
  Bitvec: 512,
  MemJournal: 80,
  FileChunk: 16,
  FilePoint: 16,
  Wal: 144,
  WalIterator: 8,
  WalHashLoc: 24,
  WalIndexHdr: 48,
  WalCkptInfo: 40,
  MemPage: 136,
  sqlite3_file: 8,
  sqlite3_vfs: 168,
  sqlite3_mutex: 40,
  sqlite3_str: 32,
  unixFile: 120,
  unixShmNode: 96,
  unixShm: 24,
  unixInodeInfo: 80,
  UnixUnusedFd: 16,
};

/* The wasm oracle has no Unix layer and no mutexes; those rows keep the 64-bit numbers. */
const WASM32: AbiTable = {
  ...LP64,
  name: "wasm32",
  ptr: 4,
  Pager: 240,
  PagerSavepoint: 48,
  PCache: 56,
  PgHdr: 48,
  PCache1: 68,
  PgHdr1: 32,
  PGroup: 52,
  PgFreeslot: 4,
  MemJournal: 64,
  FileChunk: 12,
  Wal: 120,
  WalHashLoc: 12,
  MemPage: 84,
  sqlite3_file: 4,
  sqlite3_vfs: 88,
  sqlite3_str: 24,
};

const chosen = (globalThis as { PAGER_MIRROR?: PagerMirrorOptions }).PAGER_MIRROR?.abi ?? "lp64";

const table = chosen === "wasm32" ? WASM32 : LP64;

/** The table in force: `sizeof.Pager` reads like C's `sizeof(Pager)`. */
export const sizeof: AbiTable = SQLITE_CHECK_PAGES
  ? { ...table, PgHdr: table.PgHdr + 8 } /* pageHash, aligned and 8 bytes wide under both ABIs */
  : table;
