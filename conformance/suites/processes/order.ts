/** The rules of the write-ahead log, over what all processes of a performance call. */

import type { CaseContext } from "../../core/case.js";
import type { WalOrderCounts, WalOrderSetting } from "../../core/order/wal-rules.js";
import { checkSharedWalOrder, countsText } from "../../sql/wal-order.js";
import type { Action, Move, Setting } from "./moves.js";
import type { Performance } from "./stage.js";

function actionsOf(moves: readonly Move[]): Action[] {
  return moves.flatMap((m) => [m.action, ...actionsOf(m.hit?.meanwhile ?? [])]);
}

/** What may be demanded of the processes. */
export function orderSetting(moves: readonly Move[], setting: Setting): WalOrderSetting {
  /* Who opens without touching the file has not been told how to sync: it is at NORMAL. */
  const isTold = actionsOf(moves).every((a) => a.do !== "open" || !a.cold);
  const isFull = setting.synchronous === "FULL" && isTold;
  return {
    syncs: setting.synchronous !== "OFF",
    full: new Set(isFull ? ["main.db"] : []),
    characteristics: 0,
  };
}

/** Whether real SQLite says of a checkpoint that it has copied something. */
function hasCopied(performance: Performance): boolean {
  return performance.acts.some((a) => /^SQLITE_(?:OK|BUSY) \d+ [1-9]/.test(a.reply?.said ?? ""));
}

/** What a performance by real SQLite alone must contain, if what it says is true. */
export function checkCounts(ctx: CaseContext, performance: Performance, counts: WalOrderCounts): void {
  ctx.notes = countsText(counts);
  const must = (what: string, is: boolean): void => ctx.check.ok(what, is, countsText(counts));
  if (!hasCopied(performance)) return;
  must("a checkpoint says that it has copied, and no page was seen", counts.checkpointed > 0);
  must(
    "a checkpoint says that it has copied, and no nBackfill was seen",
    counts.partial + counts.complete > 0,
  );
}

/** Holds a performance against the rules. */
export function checkOrder(
  ctx: CaseContext,
  cast: string,
  performance: Performance,
  setting: WalOrderSetting,
): WalOrderCounts {
  return checkSharedWalOrder(ctx.check, `${cast}: the calls`, performance.shared, setting);
}
