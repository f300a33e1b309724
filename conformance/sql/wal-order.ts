/** The rules of order with a write-ahead log, for the traces of plays and for logs that several processes share. */

import type { Checker } from "../core/case.js";
import { WalOrderChecker, type WalOrderCounts, type WalOrderSetting } from "../core/order/wal-rules.js";
import type { SharedRecord } from "../engines/shared-log.js";
import type { ShimRecord } from "../engines/shimvfs.js";
import { context } from "./calls.js";
import type { Files } from "./perform.js";
import type { Play } from "./play.js";

/** Whether a log is opened in the trace. */
export function hasLog(trace: readonly ShimRecord[]): boolean {
  return trace.some((r) => r.call === "open" && r.file.endsWith("-wal"));
}

/** What the rules may demand of a play: the weakest that any of its connections is set to. */
export function walOrderSetting(play: Play): WalOrderSetting {
  const text = play.steps.map((s) => ("sql" in s ? s.sql : "")).join("\n");
  const levels = [...text.matchAll(/synchronous\s*=\s*(\w+)/gi)].map((m) => (m[1] as string).toUpperCase());
  levels.push(play.settings.sync);
  /* Connections that nobody has told otherwise are at NORMAL, and so is a database attached without a word. */
  const isOneConnection = !play.steps.some((s) => s.do === "open");
  const isFull = isOneConnection && levels.every((level) => level === "FULL" || level === "EXTRA");
  return {
    syncs: !levels.includes("OFF"),
    full: new Set(isFull ? ["main.db"] : []),
    characteristics: play.settings.device.characteristics ?? 0,
  };
}

/** The first violations become a finding. */
function judge(
  check: Checker,
  what: string,
  checker: WalOrderChecker,
  trace: () => readonly ShimRecord[],
): WalOrderCounts {
  const first = checker.violations[0];
  check.ok(
    `${what} break a rule of the log: ${first?.rule ?? ""}: ${first?.text ?? ""}`,
    first === undefined,
    first === undefined
      ? ""
      : `${checker.violations
          .slice(0, 10)
          .map((v) => `call ${v.at}, ${v.rule}: ${v.text}`)
          .join("\n")}\n\n${context(trace(), first.at, 30)}`,
  );
  return checker.counts;
}

/** Checks one side's trace; the first violations become a finding. */
export function checkWalOrder(
  check: Checker,
  what: string,
  trace: readonly ShimRecord[],
  setting: WalOrderSetting,
  files: Files = new Map(),
): WalOrderCounts {
  const checker = new WalOrderChecker(setting, Object.fromEntries(files)).feedAll(trace);
  return judge(check, what, checker, () => trace);
}

/** The harness itself has written over the files. */
export interface Exchange {
  /** Before this call. */
  at: number;
  files: Files;
}

/** What several processes called, and what there was to begin with. */
export interface SharedTrace {
  calls: readonly SharedRecord[];
  /** Processes that were killed: they are dead from their last record on. */
  killed: ReadonlySet<number>;
  /** Databases and logs by name. */
  files: Files;
  exchange?: Exchange;
}

/** Checks what several processes have written into one log. */
export function checkSharedWalOrder(
  check: Checker,
  what: string,
  trace: SharedTrace,
  setting: WalOrderSetting,
): WalOrderCounts {
  const { calls, killed, files } = trace;
  const checker = new WalOrderChecker(setting, Object.fromEntries(files));
  const last = new Map(calls.map((r, i) => [r.process, i]));
  for (const [i, r] of calls.entries()) {
    if (trace.exchange?.at === i) checker.exchange(Object.fromEntries(trace.exchange.files));
    checker.feed(r, r.process);
    if (killed.has(r.process) && last.get(r.process) === i) checker.died(r.process);
  }
  return judge(check, what, checker, () =>
    calls.map((r) => ({ ...r, file: `${r.file} (process ${r.process}, file ${r.id ?? "-"})` })),
  );
}

const NO_COUNTS: WalOrderCounts = {
  frames: 0,
  commits: 0,
  checkpointed: 0,
  partial: 0,
  complete: 0,
  resets: 0,
};

/** What traces contained in all. */
export function addCounts(list: readonly WalOrderCounts[]): WalOrderCounts {
  const sum = { ...NO_COUNTS };
  for (const counts of list) {
    for (const key of Object.keys(sum) as (keyof WalOrderCounts)[]) sum[key] += counts[key];
  }
  return sum;
}

/** The counts in words. */
export function countsText(c: WalOrderCounts): string {
  return (
    `rules of the log checked on ${c.frames} frames, ${c.commits} commits, ${c.checkpointed} pages copied, ` +
    `${c.partial} partial and ${c.complete} complete backfills, ${c.resets} resets`
  );
}
