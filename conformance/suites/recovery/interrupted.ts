/** Recovery that is itself killed: whoever comes next still finds the old content. */

import { join } from "node:path";
import type { Case, CaseContext } from "../../core/case.js";
import type { Step } from "../../engines/program.js";
import { BASES, type BaseKind, DB, makeBase } from "./bases.js";
import { fileOf, restore, type Snapshot, takeSnapshot } from "./folder.js";
import { checkOld } from "./outcome.js";
import { type Call, choosePoints, type Point, pointName } from "./points.js";
import { makeFolder, realMakes, sameRecovery } from "./recover.js";
import {
  mustDie,
  PLAIN_DEVICE,
  planPort,
  planReal,
  portCalls,
  portVictim,
  realCalls,
  realVictim,
} from "./victims.js";

/** One attempt at recovery: counted, or killed at a point. */
type Attempt = (crashed: Snapshot, turn: number, point: Point | null) => Promise<Call[]>;

function portAttempt(ctx: CaseContext, folder: string): Attempt {
  const pager = "victim";
  const steps: Step[] = [
    { do: "open", pager, path: join(folder, DB), vfs: "shim" },
    { do: "sharedLock", pager },
    { do: "read", pager, page: 1 },
  ];
  return async (crashed, turn, point) => {
    restore(folder, crashed);
    const port = await portVictim(ctx, turn, PLAIN_DEVICE);
    await planPort(port, point);
    if (point !== null) {
      await mustDie(pointName(point), port.run(...steps));
      return [];
    }
    await port.run(...steps);
    const calls = await portCalls(port);
    await port.reset();
    return calls;
  };
}

function realAttempt(ctx: CaseContext, folder: string): Attempt {
  return async (crashed, turn, point) => {
    restore(folder, crashed);
    const real = await realVictim(ctx, turn, PLAIN_DEVICE);
    await real.open("victim", join(folder, DB));
    await planReal(real, point);
    const read = real.all("victim", "PRAGMA schema_version");
    if (point !== null) {
      await mustDie(pointName(point), read);
      return [];
    }
    await read;
    const calls = await realCalls(real);
    await real.close("victim");
    return calls;
  };
}

async function run(ctx: CaseContext, kind: BaseKind, by: "real SQLite" | "the port"): Promise<void> {
  const folder = makeFolder(ctx, "crash");
  const { crashed } = await makeBase(ctx, kind, folder);
  const opening = { folder, databases: [DB] };
  const old = fileOf((await realMakes(ctx, crashed, opening)).left, DB);
  const attempt = by === "the port" ? portAttempt(ctx, folder) : realAttempt(ctx, folder);
  const calls = await attempt(crashed, 0, null);
  ctx.check.bytes("recovered without a kill", "database", fileOf(takeSnapshot(folder), DB), old);
  let turn = 0;
  for (const point of choosePoints(ctx, calls, 6, true)) {
    await attempt(crashed, turn++, point);
    const what = pointName(point);
    const { left } = await sameRecovery(ctx, what, takeSnapshot(folder), opening);
    checkOld(ctx, what, fileOf(left, DB), old);
  }
}

/** The cases. */
export function interruptedCases(): Case[] {
  const list: Case[] = [];
  for (const [i, kind] of BASES.entries()) {
    for (const [k, by] of (["real SQLite", "the port"] as const).entries()) {
      list.push({
        name: `recovery killed: of ${kind.name}, by ${by}`,
        fullOnly: (i + k * 2) % 5 !== 0,
        timeoutSeconds: 600,
        run: (ctx) => run(ctx, kind, by),
      });
    }
  }
  return list;
}
