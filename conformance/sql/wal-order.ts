/** The rules of order with a write-ahead log, for the traces of plays. */

import type { Checker } from "../core/case.js";
import { WalOrderChecker, type WalOrderCounts, type WalOrderSetting } from "../core/order/wal-rules.js";
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

/** Checks one side's trace; the first violations become a finding. */
export function checkWalOrder(
  check: Checker,
  what: string,
  trace: readonly ShimRecord[],
  setting: WalOrderSetting,
  files: Files = new Map(),
): WalOrderCounts {
  const checker = new WalOrderChecker(setting, Object.fromEntries(files)).feedAll(trace);
  const first = checker.violations[0];
  check.ok(
    `${what} break a rule of the log: ${first?.rule ?? ""}: ${first?.text ?? ""}`,
    first === undefined,
    first === undefined
      ? ""
      : `${checker.violations
          .slice(0, 10)
          .map((v) => `call ${v.at}, ${v.rule}: ${v.text}`)
          .join("\n")}\n\n${context(trace, first.at, 30)}`,
  );
  return checker.counts;
}
