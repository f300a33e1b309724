/** The benchmark's tables for the terminal. */

import Table from "cli-table3";
import pc from "picocolors";
import {
  type MemoryFigure,
  type MemoryResult,
  type PairReport,
  showBytes,
  showCalls,
  showSize,
  showTime,
} from "./report.js";

const PLAIN = { head: [], border: [], compact: true };

/** The table of one pair: processor time per operation. */
export function pairTable(pair: PairReport): string {
  const table = new Table({
    head: ["CPU per operation", pair.c, pair.port, "ratio", "aim", "reads", "writes", "syncs"],
    colAligns: ["left", ...Array.from({ length: 7 }, () => "right" as const)],
    style: PLAIN,
  });
  for (const r of pair.results) {
    const color = r.ratio <= r.aim ? pc.green : pc.yellow;
    const ratio = color(`${r.ratio.toFixed(2)}x`);
    table.push([r.workload, showTime(r.c.cpu), showTime(r.port.cpu), ratio, r.aim, ...showCalls(r.calls)]);
  }
  return table.toString();
}

/** The table about memory. */
export function memoryTable(results: readonly MemoryResult[]): string {
  const table = new Table({
    head: ["memory", "size", "native C", "port"],
    colAligns: ["left", "right", "right", "right"],
    style: PLAIN,
  });
  const cell = (r: MemoryResult, f: MemoryFigure | null): string => {
    if (f === null) return "";
    if (!r.what.startsWith("peak")) return showBytes(f.added);
    return `${showBytes(f.before + f.added)} (${showBytes(f.added)} added)`;
  };
  for (const r of results) table.push([r.what, showSize(r), cell(r, r.c), cell(r, r.port)]);
  return table.toString();
}
