/** The cases of faults through SQL. */

import type { Case } from "../../../core/case.js";
import type { ShimCall } from "../../../engines/shimvfs.js";
import { runAllocations } from "./allocations.js";
import { ANY, type FaultKind, KINDS } from "./kinds.js";
import { runFaults } from "./run.js";
import { type FaultScript, faultScripts } from "./scripts.js";

/** How many places of one case the default share tries. */
const MOST = 12;

/** Calls that scripts do not make unless they say so. */
const UNUSUAL: readonly ShimCall[] = ["truncate", "reserved", "fetch"];

/** Whether a script makes such calls. */
function occurs(s: FaultScript, kind: FaultKind): boolean {
  const call = kind.calls[0] as ShimCall;
  return UNUSUAL.includes(call) ? s.also?.includes(call) === true : s.lacks?.includes(call) !== true;
}

function allocationCase(s: FaultScript, persistent: boolean, fullOnly: boolean): Case {
  return {
    name: `fault: ${s.name}: an allocation fails, ${persistent ? "from then on" : "once"}`,
    fullOnly,
    timeoutSeconds: 1200,
    run: (ctx) => runAllocations(ctx, s, persistent, MOST),
  };
}

function faultCase(s: FaultScript, kind: FaultKind, persistent: boolean, fullOnly: boolean): Case {
  return {
    name: `fault: ${s.name}: ${kind.name}, ${persistent ? "from then on" : "once"}`,
    fullOnly,
    timeoutSeconds: 600,
    run: (ctx) => runFaults(ctx, { script: s, kind, persistent, most: MOST }),
  };
}

/** Any call, in every script; and every kind of call, a share of which is in the default run. */
export function faultCases(): Case[] {
  const list: Case[] = [];
  for (const [i, s] of faultScripts.entries()) {
    list.push(faultCase(s, ANY, false, false), faultCase(s, ANY, true, i % 3 !== 0));
    if (!s.noAllocations) {
      list.push(allocationCase(s, false, i % 2 !== 0), allocationCase(s, true, i % 5 !== 1));
    }
    for (const [k, kind] of KINDS.entries()) {
      if (!occurs(s, kind)) continue;
      list.push(faultCase(s, kind, false, (i + k) % 9 !== 0), faultCase(s, kind, true, true));
    }
  }
  return list;
}
