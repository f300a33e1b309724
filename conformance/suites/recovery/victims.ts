/** Processes that are to be killed: slots of their own, the next one started while this one works. */

import type { CaseContext } from "../../core/case.js";
import { ChildGone } from "../../engines/child.js";
import { nativeExtension } from "../../engines/native.js";
import type { PortEngine } from "../../engines/port.js";
import type { RealEngine } from "../../engines/real.js";
import { CALLS, type Call, type Point } from "./points.js";

/* Slots that no other part of the suite uses: real SQLite's default VFS is the shim there. */
const FIRST_SLOT = 5;

/** What the shim's files claim of the device; -1: as it is. */
export interface Device {
  name: string;
  sectorSize: number;
  characteristics: number;
}

/** The device as the Unix VFS describes it. */
export const PLAIN_DEVICE: Device = { name: "", sectorSize: -1, characteristics: -1 };

/** Real SQLite over the shim VFS; the connection `control` has the shim's functions. */
export async function realVictim(ctx: CaseContext, turn: number, device: Device): Promise<RealEngine> {
  const engine = await ctx.real(FIRST_SLOT + (turn & 1));
  void ctx.real(FIRST_SLOT + ((turn + 1) & 1));
  await engine.open("control", ":memory:");
  await engine.loadExtension("control", nativeExtension("shimvfs"));
  await engine.all("control", `SELECT shim_device(${device.sectorSize}, ${device.characteristics})`);
  return engine;
}

/** Sets when the process is killed; null only counts. */
export async function planReal(engine: RealEngine, point: Point | null): Promise<void> {
  const at = point?.at ?? -1;
  await engine.all(
    "control",
    `SELECT shim_plan('${CALLS.join(",")}', NULL, ${at}, '${point?.what ?? "kill-before"}')`,
  );
}

/** The calls since the plan was set. */
export async function realCalls(engine: RealEngine): Promise<Call[]> {
  const rows = await engine.all("control", "SELECT shim_trace()");
  return [...String(rows[0]?.[0] ?? "")].map((letter) => {
    const call = CALLS.find((c) => c.startsWith(letter));
    if (call === undefined) throw new Error(`the shim names no call with ${letter}`);
    return call;
  });
}

/** The port; its pagers must be opened on the VFS `shim`. */
export async function portVictim(ctx: CaseContext, turn: number, device: Device): Promise<PortEngine> {
  const engine = await ctx.port(FIRST_SLOT + (turn & 1));
  void ctx.port(FIRST_SLOT + ((turn + 1) & 1));
  await engine.device({
    ...(device.sectorSize < 0 ? {} : { sectorSize: device.sectorSize }),
    ...(device.characteristics < 0 ? {} : { characteristics: device.characteristics }),
  });
  return engine;
}

/** Sets when the process is killed; null only counts. */
export async function planPort(engine: PortEngine, point: Point | null): Promise<void> {
  await engine.record(true);
  await engine.plan({
    calls: [...CALLS],
    at: point?.at ?? Number.MAX_SAFE_INTEGER,
    what: point?.what ?? "kill-before",
  });
}

/** The calls since the plan was set. */
export async function portCalls(engine: PortEngine): Promise<Call[]> {
  const records = await engine.record(false);
  return records.map((r) => CALLS.find((c) => c === r.call)).filter((c) => c !== undefined);
}

/**
 * Waits for the process to be killed in the middle of what it is doing.
 *
 * @throws Error if it finished that instead, or ended in another way
 */
export async function mustDie(what: string, doing: Promise<unknown>): Promise<void> {
  try {
    await doing;
  } catch (e) {
    if (e instanceof ChildGone && e.exit.signal === "SIGKILL") return;
    throw e;
  }
  throw new Error(`${what}: the process was not killed`);
}
