/** Runs the rounds of one pair of sides. */

import { SQLITE_DEBUG } from "../../../src/options.js";
import { operationsOf } from "./operations.js";
import type { SideProcess } from "./process.js";
import { aimOf, type PairReport, type PairResult } from "./report.js";
import type { Calls, Cost } from "./side.js";

/** The sides disagree about what a workload read or called: then there is nothing to compare. */
export class SidesDiffer extends Error {
  override readonly name = "SidesDiffer";
}

/** What to run. */
export interface Rounds {
  /** Measured rounds; one that warms up, and that counts calls, comes before them. */
  rounds: number;
  /** Whether the sides work on files, and whether a sync takes long there. */
  onFiles: boolean;
  slowSyncs: boolean;
  /** Only workloads whose name contains one of these; "=name" for exactly one; none: all. */
  filter: readonly string[];
  scale: number;
  show: (round: string, workload: string) => void;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2;
}

/** Whether a name passes the filters. */
export function isSelected(name: string, filters: readonly string[]): boolean {
  if (filters.length === 0) return true;
  return filters.some((f) => (f.startsWith("=") ? name === f.slice(1) : name.includes(f)));
}

/** One workload's costs, round by round. */
class Samples {
  readonly port: Cost[] = [];
  readonly c: Cost[] = [];
  calls: Calls | null = null;
}

/**
 * The calls as they must be on both sides. With asserts the port's Unix VFS reads the change counter again before
 * each write (os_unix.c, unixWrite), which the native program, without asserts, does not.
 */
function comparable(calls: Calls | null, onFiles: boolean): string {
  if (calls === null) return "nothing that was counted";
  const { reads, writes, syncs } = calls;
  return JSON.stringify(SQLITE_DEBUG && onFiles ? { writes, syncs } : { reads, writes, syncs });
}

/** Nanoseconds that a workload runs on each side before it is measured: engines compile late. */
const WARM_UP = 300e6;

/** One workload once on either side; `portFirst`: who begins. */
async function both(
  [port, c]: readonly [SideProcess, SideProcess],
  name: string,
  run: (side: SideProcess) => Promise<Cost>,
  portFirst: boolean,
  onFiles: boolean,
): Promise<[Cost, Cost]> {
  let a: Cost;
  let b: Cost;
  if (portFirst) {
    a = await run(port);
    b = await run(c);
  } else {
    b = await run(c);
    a = await run(port);
  }
  if (a.sum !== b.sum) throw new SidesDiffer(`${name}: ${port.side} has read ${a.sum}, ${c.side} ${b.sum}`);
  const [x, y] = [comparable(a.calls, onFiles), comparable(b.calls, onFiles)];
  if (x !== y) throw new SidesDiffer(`${name}: ${port.side} has called ${x}, ${c.side} ${y}`);
  return [a, b];
}

/**
 * All rounds of a pair. In every round each workload is run by one side right after the other, so that whatever
 * else the machine does meets both; who begins changes from round to round.
 *
 * @throws SidesDiffer if they did not do the same
 */
export async function measurePair(pair: readonly [SideProcess, SideProcess], r: Rounds): Promise<PairReport> {
  const [port, c] = pair;
  if (port.names.join("\n") !== c.names.join("\n")) {
    throw new SidesDiffer("workloads.ts and workloads.c have different workloads");
  }
  const samples = new Map<string, Samples>();
  for (const name of port.names) if (isSelected(name, r.filter)) samples.set(name, new Samples());
  for (let round = 0; round <= r.rounds; round++) {
    for (const [name, s] of samples) {
      r.show(round === 0 ? "warming up" : `round ${round} of ${r.rounds}`, name);
      const [i, n] = [port.names.indexOf(name), operationsOf(name, r.slowSyncs, r.scale)];
      const run = (side: SideProcess): Promise<Cost> => side.run(i, n, round === 0);
      const [a, b] = await both(pair, name, run, round % 2 === 0, r.onFiles);
      if (round === 0) {
        s.calls = a.calls;
        for (const side of pair) {
          for (let spent = 0; spent < WARM_UP * r.scale; ) spent += (await side.run(i, n, false)).wall;
        }
      } else {
        s.port.push(a);
        s.c.push(b);
      }
    }
  }
  const results = [...samples].map(([name, s]) => resultOf(name, s, r));
  return { port: port.side, c: c.side, results };
}

function resultOf(workload: string, s: Samples, r: Rounds): PairResult {
  const operations = operationsOf(workload, r.slowSyncs, r.scale);
  const per = (costs: readonly Cost[]): { cpu: number; wall: number } => ({
    cpu: median(costs.map((x) => x.cpu)) / operations,
    wall: median(costs.map((x) => x.wall)) / operations,
  });
  const ratios = s.port.map((x, k) => x.cpu / s.c[k]!.cpu);
  const calls =
    s.calls === null
      ? null
      : {
          reads: s.calls.reads / operations,
          writes: s.calls.writes / operations,
          syncs: s.calls.syncs / operations,
        };
  return {
    workload,
    operations,
    port: per(s.port),
    c: per(s.c),
    ratio: median(ratios),
    from: Math.min(...ratios),
    to: Math.max(...ratios),
    aim: aimOf(r.onFiles, calls),
    calls,
  };
}
