/**
 * wal-recovery: logs that killed writers left, damaged in every way; both engines make the same of them.
 */

import type { Suite } from "../../core/case.js";
import { callCases } from "./calls.js";
import { heldCases } from "./held-cases.js";
import { leftCases } from "./left.js";
import { longCases } from "./long.js";
import { madeCases } from "./made-cases.js";
import { permissionCases } from "./permissions.js";
import { tornCases } from "./torn.js";

/** The suite. */
export const walRecovery: Suite = {
  name: "wal-recovery",
  about: "logs of killed writers, torn and damaged: the same content, the same files left",
  needsEngine: true,
  cases: () => [
    ...leftCases(),
    ...callCases(),
    ...tornCases(),
    ...madeCases(),
    ...heldCases(),
    ...longCases(),
    ...permissionCases(),
  ],
};
