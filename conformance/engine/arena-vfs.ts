/**
 * A VFS of the port, as the pager gets it while it carries the SQL engine: the same, except that a
 * piece of a mapped file is a copy in the engine's memory, since C code cannot reach the mapping.
 *
 * A mapped page is never written through the mapping, nobody else may change it while a lock is held, and
 * before the b-tree changes a page of its own its cursors give up theirs, so that a copy shows what the
 * mapping would.
 */

import { Ref, type sqlite3_file, type sqlite3_io_methods, type sqlite3_vfs } from "../../src/index.js";
import type { CMemory } from "./memory.js";

/** The bytes behind a page that the b-tree may overrun. */
const SLACK = 8;

/** Copies in the engine's memory and the views that they were made from. */
export class FetchedCopies {
  readonly #memory: CMemory;
  readonly #views = new Map<number, Uint8Array>();

  constructor(memory: CMemory) {
    this.#memory = memory;
  }

  /** A copy of `view`, or null if there is no memory; `view` itself if C can read it. */
  add(view: Uint8Array): Uint8Array | null {
    if (this.#memory.addressOf(view) !== 0) return view;
    const p = this.#memory.malloc(view.length + SLACK);
    if (p === 0) return null;
    const copy = this.#memory.bytes(p, view.length);
    copy.set(view);
    this.#views.set(p, view);
    return copy;
  }

  /** Frees the copy at `p` and returns what it was made from. If `p` is no copy, nothing was copied. */
  remove(p: number): Uint8Array {
    const view = this.#views.get(p);
    if (view === undefined) return this.#memory.bytes(p, 0);
    this.#views.delete(p);
    this.#memory.free(p);
    return view;
  }
}

/**
 * Fetches through `methods` into the engine's memory. Without memory for a copy the file counts as not
 * mapped, so that the caller reads instead: in C a mapping would have cost no memory either.
 */
export function fetchCopy(
  copies: FetchedCopies,
  methods: sqlite3_io_methods,
  file: sqlite3_file,
  offset: number,
  amount: number,
  pp: Ref<Uint8Array | null>,
): number {
  pp.value = null;
  if (!methods.xFetch) return 0;
  const view = new Ref<Uint8Array | null>(null);
  const rc = methods.xFetch(file, offset, amount, view);
  if (view.value === null) return rc;
  pp.value = copies.add(view.value);
  if (pp.value !== null) return rc;
  methods.xUnfetch?.(file, offset, view.value);
  return rc;
}

/** Gives back what {@link fetchCopy} fetched; address 0: the mapping may be stale. */
export function unfetchCopy(
  copies: FetchedCopies,
  methods: sqlite3_io_methods,
  file: sqlite3_file,
  offset: number,
  p: number,
): number {
  if (!methods.xUnfetch) return 0;
  return methods.xUnfetch(file, offset, p === 0 ? null : copies.remove(p));
}

/** Makes such VFSes. */
export class ArenaVfses {
  readonly copies: FetchedCopies;
  readonly #memory: CMemory;
  readonly #methods = new WeakMap<sqlite3_io_methods, sqlite3_io_methods>();

  constructor(memory: CMemory) {
    this.#memory = memory;
    this.copies = new FetchedCopies(memory);
  }

  /** The VFS to be given to sqlite3PagerOpen in place of `inner`. */
  wrap(inner: sqlite3_vfs): sqlite3_vfs {
    return {
      ...inner,
      xOpen: (_vfs, zName, file, flags, pOut) => {
        const rc = inner.xOpen(inner, zName, file, flags, pOut);
        if (file.pMethods !== null) file.pMethods = this.#wrapMethods(file.pMethods);
        return rc;
      },
    };
  }

  #wrapMethods(inner: sqlite3_io_methods): sqlite3_io_methods {
    if (!inner.xFetch) return inner;
    let outer = this.#methods.get(inner);
    if (outer === undefined) {
      outer = {
        ...inner,
        xFetch: (file, offset, amount, pp) => fetchCopy(this.copies, inner, file, offset, amount, pp),
        xUnfetch: (file, offset, p) =>
          unfetchCopy(this.copies, inner, file, offset, p === null ? 0 : this.#memory.addressOf(p)),
      };
      this.#methods.set(inner, outer);
    }
    return outer;
  }
}
