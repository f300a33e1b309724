/** How a process is going to end. */

import type { Random } from "../../core/random.js";
import type { ShimCall, ShimPlan } from "../../engines/shimvfs.js";

/** The end of a process; `after`: so many transactions before it is prepared. */
export type Doom =
  /** At a call of its own. */
  | { how: "plan"; after: number; plan: ShimPlan }
  /** By the parent, so many milliseconds into a transaction. */
  | { how: "signal"; after: number; milliseconds: number }
  /** It closes and goes. */
  | { how: "peace"; after: number };

/** The calls of a commit, a checkpoint, a recovery. */
const CALLS: readonly ShimCall[] = [
  ...(["write", "write", "write", "sync", "truncate", "delete", "open", "read"] as const),
  ...(["lock", "unlock", "shmlock", "shmbarrier", "shmmap", "size", "close", "shmunmap"] as const),
];

/** Draws an end. */
export function drawDoom(r: Random): Doom {
  const after = r.pick([0, 0, 1, 2, 4, 8]);
  const dice = r.below(100);
  if (dice < 8) return { how: "peace", after: r.between(1, 8) };
  if (dice < 35) return { how: "signal", after, milliseconds: r.below(25) };
  const anything = r.chance(0.3);
  const calls = anything ? [...new Set(CALLS)] : [r.pick(CALLS)];
  const at = anything ? r.between(1, 120) : r.pick([1, 1, 2, 3, 4, 5, 7, 10, 15, 25]);
  return {
    how: "plan",
    after,
    plan: { calls, at, what: r.pick(["kill-before", "kill-after", "kill-torn"]) },
  };
}

export function doomText(d: Doom): string {
  if (d.how === "peace") return `ends after ${d.after}`;
  if (d.how === "signal") return `SIGKILL after ${d.after} and ${d.milliseconds} ms`;
  return `${d.plan.what} at ${d.plan.calls.length > 1 ? "call" : d.plan.calls[0]} ${d.plan.at} after ${d.after}`;
}
