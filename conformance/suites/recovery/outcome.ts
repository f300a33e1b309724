/** After a crash a database is what it was before the transaction, or what it became by it. */

import type { CaseContext } from "../../core/case.js";
import { withoutFreeContent } from "./freelist.js";

/** Checks that recovery gave the content from before; that of free pages is nobody's business. */
export function checkOld(ctx: CaseContext, what: string, recovered: Uint8Array, old: Uint8Array): void {
  ctx.check.bytes(`${what}, recovered: the old content`, "database", withoutFreeContent(recovered, old), old);
}

/** Checks the results of one transaction's crashes, in the order of the points. */
export class Outcomes {
  readonly #ctx: CaseContext;
  readonly #old: Uint8Array;
  readonly #new: Uint8Array;
  /** How often recovery gave the one and the other. */
  readonly seen = { old: 0, new: 0 };

  constructor(ctx: CaseContext, oldImage: Uint8Array, newImage: Uint8Array) {
    this.#ctx = ctx;
    this.#old = oldImage;
    this.#new = newImage;
  }

  /** One result: a commit point once passed stays passed. */
  add(what: string, recovered: Uint8Array): void {
    const committed = this.#committed(recovered);
    if (this.seen.new === 0 && Buffer.compare(committed, this.#new) !== 0) {
      checkOld(this.#ctx, what, recovered, this.#old);
      this.seen.old++;
    } else {
      this.#ctx.check.bytes(`${what}, recovered: the new content`, "database", committed, this.#new);
      this.seen.new++;
    }
  }

  /**
   * A transaction that shrinks the database commits first (the journal goes) and cuts the file after
   * that: pages beyond the new end that are still in the file are no part of the database.
   */
  #committed(recovered: Uint8Array): Uint8Array {
    const shrinks = this.#new.length < this.#old.length;
    return shrinks && recovered.length <= this.#old.length
      ? recovered.subarray(0, Math.min(recovered.length, this.#new.length))
      : recovered;
  }

  /** Both must have come up: otherwise the points did not surround the commit. */
  finish(): void {
    this.#ctx.check.ok(
      "kills before the commit point leave the old content, kills after it the new",
      this.seen.old > 0 && this.seen.new > 0,
      `old: ${this.seen.old}, new: ${this.seen.new}`,
    );
  }
}
