/**
 * wal-recovery: logs that killed writers left, damaged in every way; both engines make the same of them.
 */

import type { Case, Suite } from "../../core/case.js";
import { callCases } from "./calls.js";
import { heldCases } from "./held-cases.js";
import { leftCases } from "./left.js";
import { longCases } from "./long.js";
import { madeCases } from "./made-cases.js";
import { checkCounts } from "./order.js";
import { permissionCases } from "./permissions.js";
import { tornCases } from "./torn.js";

/** A case that fails if the log's rules were not applied to commits, checkpoints and resets. */
function checking(c: Case): Case {
  return {
    ...c,
    run: async (ctx) => {
      await c.run(ctx);
      checkCounts(ctx);
    },
  };
}

/** The suite. */
export const walRecovery: Suite = {
  name: "wal-recovery",
  about: "logs of killed writers, torn and damaged: the same content, the same files left",
  needsEngine: true,
  cases: () => [
    ...[...leftCases(), ...callCases(), ...tornCases(), ...madeCases(), ...heldCases(), ...longCases()].map(
      checking,
    ),
    ...permissionCases(),
  ],
};
