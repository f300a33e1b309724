/** The cases of faults through SQL while there is a log. */

import type { Case, CaseContext } from "../../../core/case.js";
import { compareTraces } from "../../../sql/calls.js";
import type { Files } from "../../../sql/perform.js";
import { checkWalOrder, walOrderSetting } from "../../../sql/wal-order.js";
import { runAllocations } from "../../sql/faults/allocations.js";
import type { FaultKind } from "../../sql/faults/kinds.js";
import { type FaultyRun, runFaults } from "../../sql/faults/run.js";
import type { FaultScript } from "../../sql/faults/scripts.js";
import { ANY, WAL_KINDS } from "./kinds.js";
import { walFaultScripts } from "./scripts.js";

/** How many places of one case the default share tries. */
const MOST = 5;

/** Whether a script makes such calls. */
function occurs(s: FaultScript, kind: FaultKind): boolean {
  return kind.calls.some((call) => s.also?.includes(call));
}

/** The calls are the same, and what follows a failure keeps the rules of order. */
function sameCalls(s: FaultScript) {
  const asSet = walOrderSetting({ settings: s.settings, steps: [...s.before, ...s.act] });
  /* What finds files as they were left is not told how to sync. */
  const setting = s.hot === undefined ? asSet : { ...asSet, full: new Set<string>() };
  return (ctx: CaseContext, what: string, actual: FaultyRun, expected: FaultyRun, base: Files): void => {
    compareTraces(ctx.check, actual.trace, expected.trace);
    for (const run of [actual, expected]) {
      const side = run === actual ? "the port's calls" : "real SQLite's calls";
      checkWalOrder(ctx.check, `${what}: ${side}`, run.trace, setting, base);
    }
  };
}

function faultCase(s: FaultScript, kind: FaultKind, persistent: boolean, fullOnly: boolean): Case {
  return {
    name: `fault: ${s.name}: ${kind.name}, ${persistent ? "from then on" : "once"}`,
    fullOnly,
    timeoutSeconds: 600,
    run: (ctx) => runFaults(ctx, { script: s, kind, persistent, most: MOST, alsoCompare: sameCalls(s) }),
  };
}

function allocationCase(s: FaultScript, persistent: boolean, fullOnly: boolean): Case {
  return {
    name: `fault: ${s.name}: an allocation fails, ${persistent ? "from then on" : "once"}`,
    fullOnly,
    timeoutSeconds: 1200,
    run: (ctx) => runAllocations(ctx, s, persistent, MOST),
  };
}

/** Any call in every script, allocations, and every kind of call, a share of which is in the default run. */
export function walFaultCases(): Case[] {
  const list: Case[] = [];
  for (const [i, s] of walFaultScripts.entries()) {
    list.push(faultCase(s, ANY, false, false), faultCase(s, ANY, true, i % 3 !== 0));
    if (!s.noAllocations) {
      list.push(allocationCase(s, false, i % 3 !== 0), allocationCase(s, true, i % 5 !== 1));
    }
    for (const [k, kind] of WAL_KINDS.entries()) {
      if (!occurs(s, kind)) continue;
      list.push(faultCase(s, kind, false, (i + k) % 7 !== 0));
      list.push(faultCase(s, kind, true, true));
    }
  }
  return list;
}
