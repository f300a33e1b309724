/** lockstep: SQLite's C pager in WebAssembly beside the port, compared after every operation. */

import { type Case, type CaseContext, FindingError, type Suite } from "../../core/case.js";
import type { OracleKind } from "../../oracle/build/index.js";
import type { OracleTask } from "../../oracle/process/oracle.js";
import { SCENARIOS } from "../../oracle/systematic/list.js";

/** Operations of a random case. */
const OPERATIONS = { share: 10_000, full: 50_000 };
/** Random cases. */
const RANDOM = { share: 24, full: 400 };
/** Seconds after which a case counts as hung: it has all of a scenario to do, or a program to shorten. */
const TIMEOUT = { share: 300, full: 7200 };

async function run(ctx: CaseContext, kind: OracleKind, task: OracleTask): Promise<void> {
  const { figures, failure } = await (await ctx.oracle()).run(kind, task);
  ctx.figures = figures;
  const { scalars = 0, calls = 0, allocations = 0, hooks = 0, verdicts = 0 } = figures;
  ctx.check.agreed(scalars + calls + allocations + hooks + verdicts);
  if (failure === null) return;
  const path = ctx.save(".json", `${JSON.stringify(failure.file)}\n`);
  const again = `npm run --silent pager-mirror -- lockstep ${path}${kind === "debug" ? " --debug" : ""}`;
  throw new FindingError({
    summary: failure.summary,
    detail: `${failure.text}\nthe program alone: ${again}`,
  });
}

/** Programs by hand, and those that failed once, on both C modules. */
function writtenCases(): Case[] {
  return (["release", "debug"] as const).flatMap((kind): Case[] => [
    { name: `programs, ${kind}`, run: (ctx) => run(ctx, kind, { op: "programs" }) },
    { name: `programs that failed once, ${kind}`, run: (ctx) => run(ctx, kind, { op: "saved" }) },
  ]);
}

/** Every other one with C's asserts, which judge whether a program is one that a caller might be. */
function randomCases(): Case[] {
  return Array.from({ length: RANDOM.full }, (_, i) => ({
    name: `random programs ${i + 1}`,
    fullOnly: i >= RANDOM.share,
    elastic: true,
    timeoutSeconds: TIMEOUT.share,
    run: (ctx) =>
      run(ctx, i % 2 === 0 ? "release" : "debug", {
        op: "random",
        seed: ctx.random.below(2 ** 31),
        until:
          ctx.seconds === null
            ? { operations: ctx.full ? OPERATIONS.full : OPERATIONS.share }
            : { seconds: ctx.seconds },
      }),
  }));
}

/** A scenario is one case: its kinds of faults share what they find out about it first. */
function faultCases(): Case[] {
  return [...SCENARIOS.keys()].map((scenario) => ({
    name: `faults, ${scenario}`,
    timeoutSeconds: TIMEOUT.full,
    run: (ctx) => run(ctx, "release", { op: "faults", scenario, full: ctx.full }),
  }));
}

/** The suite. */
export const lockstep: Suite = {
  name: "lockstep",
  about: "SQLite's C pager beside the port: every operation, field, call, allocation and byte, under faults",
  needsOracle: true,
  cases: () => [...writtenCases(), ...faultCases(), ...randomCases()],
};
