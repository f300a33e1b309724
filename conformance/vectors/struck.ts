/**
 * Scenarios of the systematic lockstep runs with one fault each, and what a loss of power in the middle of them leaves,
 * as files to start from. The C pager tells where a fault can strike.
 */

import "../oracle/wasm32.js";
import { SQLITE_SHM_UNLOCK } from "../../src/index.js";
import { CSide } from "../oracle/c-side.js";
import type { OracleModule } from "../oracle/module.js";
import type { FaultRule, Op, PowerMode } from "../oracle/ops.js";
import type { Event } from "../oracle/side.js";
import { SCENARIOS } from "../oracle/systematic/list.js";
import type { Scenario as Systematic } from "../oracle/systematic/scenario.js";
import { CALLS } from "./format.js";
import type { Scenario } from "./record.js";
import { filesAfter } from "./recovery.js";
import { slug } from "./slug.js";

/** In which of them a call fails, and where: at this fraction of all calls; with "on" all calls after it too. */
const FAULTS: readonly (readonly [name: string, at: number, on?: "on"])[] = [
  ["journal DELETE", 0.25],
  ["journal DELETE", 0.6, "on"],
  ["journal PERSIST", 0.4],
  ["journal MEMORY", 0.5],
  ["journal OFF", 0.5],
  ["journal DELETE, sectors of 2048 bytes", 0.45],
  ["savepoints, WAL", 0.5],
  ["super-journal, DELETE", 0.5],
  ["exclusive locking", 0.5],
  ["journal modes, one after the other", 0.5],
  ["moved pages and a shorter file, DELETE", 0.7],
  ["moved pages and a shorter file, WAL", 0.7, "on"],
  ["mapped pages, DELETE", 0.4],
  ["backup, WAL", 0.5],
  ["a new database, DELETE", 0.3],
  ["WAL, synchronous FULL", 0.5],
  ["WAL, synchronous NORMAL", 0.7, "on"],
  ["checkpoint PASSIVE", 0.3],
  ["checkpoint RESTART", 0.6],
  ["checkpoint TRUNCATE", 0.8],
  ["from a journal to the log", 0.5],
  ["from the log to a journal", 0.5],
  ["WAL, exclusive", 0.6],
  ["WAL, closing", 0.8],
];

/** In which of them the power fails, at which fraction of all syncs, and what that leaves. */
const POWER: readonly (readonly [name: string, at: number, mode: PowerMode, seed: number])[] = [
  ["journal DELETE", 0.2, "random", 1],
  ["journal DELETE", 0.4, "keep", 1],
  ["journal DELETE", 0.9, "random", 2],
  ["journal PERSIST", 0.5, "random", 1],
  ["journal TRUNCATE", 0.5, "prefix", 1],
  ["journal DELETE, sectors of 2048 bytes", 0.5, "random", 1],
  ["journal DELETE, SAFE_APPEND, POWERSAFE", 0.5, "random", 2],
  ["journal PERSIST, SEQUENTIAL, POWERSAFE", 0.5, "prefix", 1],
  ["spill, DELETE", 0.4, "random", 1],
  ["spill, WAL", 0.6, "random", 1],
  ["savepoints that spill, DELETE", 0.6, "random", 1],
  ["super-journal, DELETE", 0.5, "keep", 1],
  ["super-journal, DELETE", 0.8, "random", 1],
  ["moved pages and a shorter file, DELETE", 0.6, "keep", 1],
  ["moved pages and a shorter file, WAL", 0.6, "keep", 1],
  ["a new database, DELETE", 0.5, "keep", 1],
  ["WAL, synchronous FULL", 0.3, "random", 1],
  ["WAL, synchronous FULL", 0.6, "keep", 1],
  ["WAL, synchronous NORMAL", 0.9, "prefix", 1],
  ["checkpoint FULL", 0.5, "random", 1],
  ["checkpoint RESTART", 0.9, "keep", 1],
  ["checkpoint TRUNCATE", 0.9, "random", 2],
  ["from a journal to the log", 0.5, "keep", 1],
  ["from the log to a journal", 0.5, "random", 1],
];

function scenarioNamed(name: string): Systematic {
  const found = SCENARIOS.get(name);
  if (found === undefined) throw new Error(`there is no systematic scenario "${name}"`);
  return found;
}

/** What happens while a scenario acts, undisturbed. */
function eventsOf(module: OracleModule, { setup, prepare, act }: Systematic): Event[] {
  const side = new CSide(module, setup);
  for (const op of prepare) side.run(op);
  return act.flatMap((op) => {
    side.run(op);
    return side.events;
  });
}

/** Calls that are made to fail: file controls are not, for asserts make some too. */
const FAILING = Object.keys(CALLS).filter(
  (call) => CALLS[call]!.code !== undefined && call !== "filecontrol",
);

function canFail(e: Event): boolean {
  if (!FAILING.includes(e.call)) return false;
  return e.call !== "shmlock" || (e.arg & SQLITE_SHM_UNLOCK) === 0;
}

function faulted(module: OracleModule, name: string, at: number, isPersistent: boolean): Scenario {
  const scenario = scenarioNamed(name);
  const { setup, prepare, act, end, verify } = scenario;
  const calls = eventsOf(module, scenario).filter(canFail);
  const place = Math.floor(calls.length * at);
  const { call } = calls[place]!;
  const nth = calls.slice(0, place + 1).filter((e) => isPersistent || e.call === call).length;
  const rule: FaultRule = isPersistent
    ? { op: FAILING as Extract<FaultRule["op"], readonly unknown[]>, nth, persistent: true }
    : { op: call as Extract<FaultRule["op"], string>, nth };
  const ops: Op[] = [
    ...prepare,
    { op: "Fault", rule },
    ...act,
    { op: "Fault", rule: null },
    ...end,
    ...verify,
  ];
  const title = isPersistent ? `${name}: all calls fail from ${nth} on` : `${name}: ${call} ${nth} fails`;
  return { name: slug(`fault ${title}`), title: `fault: ${title}`, group: "fault", program: { setup, ops } };
}

function powerLost(module: OracleModule, name: string, at: number, mode: PowerMode, seed: number): Scenario {
  const scenario = scenarioNamed(name);
  const { setup, prepare, act, recover, verify } = scenario;
  const syncs = eventsOf(module, scenario).filter((e) => e.call === "sync").length;
  const n = Math.floor(syncs * at) + 1;
  const ops: Op[] = [
    ...prepare,
    { op: "PowerLoss", of: "sync", at: n, mode, seed },
    ...act,
    { op: "Crash", seed: 0 },
  ];
  const start = filesAfter(module, { setup, ops });
  const title = `${name}: lost at sync ${n}, ${mode}${mode === "drop" || mode === "keep" ? "" : ` ${seed}`}`;
  return {
    name: slug(`power ${title}`),
    title: `power: ${title}`,
    group: "power",
    program: { setup, ops: [...recover, ...verify] },
    start,
  };
}

/** All of them. */
export function struck(module: OracleModule): Scenario[] {
  return [
    ...FAULTS.map(([name, at, on]) => faulted(module, name, at, on === "on")),
    ...POWER.map(([name, at, mode, seed]) => powerLost(module, name, at, mode, seed)),
  ];
}
