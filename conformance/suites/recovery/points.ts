/** Points at which a process is killed: which call of a transaction, and how. */

import type { CaseContext } from "../../core/case.js";

/** The calls that change files, and so the ones at which a kill makes a difference. */
export const CALLS = ["write", "truncate", "sync", "delete"] as const;

/** Kill before the n-th call, in the middle of it (a write), or after it. */
export interface Point {
  at: number;
  what: "kill-before" | "kill-torn" | "kill-after";
}

/** A point in words, for messages. */
export function pointName(p: Point): string {
  const where = p.what === "kill-before" ? "before" : p.what === "kill-after" ? "after" : "in the middle of";
  return `killed ${where} call ${p.at}`;
}

/** One call of a transaction, as the shims name them: write, truncate, sync, delete. */
export type Call = (typeof CALLS)[number];

/** `n` of a list, one at random from each of `n` equal parts. */
function spread<T>(ctx: CaseContext, list: readonly T[], n: number): T[] {
  if (list.length <= n) return [...list];
  return Array.from({ length: n }, (_, i) => {
    const from = Math.floor((i * list.length) / n);
    const to = Math.floor(((i + 1) * list.length) / n) - 1;
    return list[ctx.random.between(from, to)] as T;
  });
}

/**
 * The points of a transaction whose calls are known: before each call, in the middle of each write,
 * and after the last call.
 *
 * @param limit how many the default run takes: a third at the end (the commit), a third before and
 *   after syncs, and a share of the others; the full matrix takes twice as many
 * @param allInFull take every point in the full matrix
 */
export function choosePoints(
  ctx: CaseContext,
  calls: readonly Call[],
  limit: number,
  allInFull = false,
): Point[] {
  const all: Point[] = [];
  for (const [i, call] of calls.entries()) {
    all.push({ at: i + 1, what: "kill-before" });
    if (call === "write") all.push({ at: i + 1, what: "kill-torn" });
  }
  all.push({ at: calls.length, what: "kill-after" });
  const wanted = ctx.full ? (allInFull ? all.length : 2 * limit) : limit;
  if (all.length <= wanted) return all;
  const third = Math.ceil(wanted / 3);
  /* The end of the transaction decides between old and new. */
  const last = all.splice(-third);
  const atSync = (p: Point): boolean =>
    p.what === "kill-before" && (calls[p.at - 1] === "sync" || calls[p.at - 2] === "sync");
  const syncs = spread(ctx, all.filter(atSync), third);
  const others = spread(
    ctx,
    all.filter((p) => !atSync(p)),
    wanted - third - syncs.length,
  );
  return [...[...syncs, ...others].sort((a, b) => a.at - b.at), ...last];
}
