/** What lockstep runs came to, as numbers that can be added up, sent to another process and printed. */

/** Figures of one run, or of many. */
export interface Figures {
  /** Programs run to their end, or to the assert that stopped both sides. */
  programs: number;
  /** Operations after which both sides were compared. */
  operations: number;
  /** Calls of the VFS compared. */
  events: number;
  /** Allocations, reallocations and releases compared. */
  allocations: number;
  /** Calls of the busy handler, of xReiniter, of backups and of sqlite3_exec compared. */
  hooks: number;
  /** Fields of structs compared, each after each operation. */
  scalars: number;
  /** Words of the cache's lists compared, likewise. */
  words: number;
  /** Bytes of files, shared memory, pages, sets and journals compared with each other. */
  bytes: number;
  /** Bytes read and written that were compared by their hashes. */
  hashed: number;
  /** Calls of the VFS that failed because a rule said so. */
  faults: number;
  /** Allocations that failed because a plan said so. */
  failedAllocations: number;
  /** Losses of power. */
  crashes: number;
}

/** All of them 0. */
export function noFigures(): Figures {
  return {
    programs: 0,
    operations: 0,
    events: 0,
    allocations: 0,
    hooks: 0,
    scalars: 0,
    words: 0,
    bytes: 0,
    hashed: 0,
    faults: 0,
    failedAllocations: 0,
    crashes: 0,
  };
}

/** The names, in the order in which they are told. */
export const FIGURES: readonly (keyof Figures)[] = Object.keys(noFigures()) as (keyof Figures)[];

/** The sum of two, as a new object that has nothing but figures. */
export function add(a: Figures, b: Figures): Figures {
  const sum = noFigures();
  for (const name of FIGURES) sum[name] = a[name] + b[name];
  return sum;
}

/** The sum of any number. */
export function total(all: Iterable<Figures>): Figures {
  let sum = noFigures();
  for (const one of all) sum = add(sum, one);
  return sum;
}
