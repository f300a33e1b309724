/**
 * bad input: files that are no databases, permissions, full disks, moved files, failing calls.
 *
 * Both engines are given the same folder, one after the other, and do the same things with it: the
 * result codes and all files afterwards are equal.
 */

import type { Suite } from "../../core/case.js";
import { contentCases } from "./contents.js";
import { errorStateCases } from "./errorstate.js";
import { faultCases } from "./faults.js";
import { journalCases } from "./journals.js";
import { movedCases } from "./moved.js";
import { pathCases } from "./paths.js";
import { permissionCases } from "./permissions.js";
import { spaceCases } from "./space.js";
import { walCases } from "./wal.js";

/** The suite. */
export const badInput: Suite = {
  name: "bad-input",
  about: "what is no database, may not be touched or fails gives the same codes and the same files",
  cases: () => [
    ...contentCases(),
    ...pathCases(),
    ...movedCases(),
    ...journalCases(),
    ...walCases(),
    ...permissionCases(),
    ...spaceCases(),
    ...errorStateCases(),
    ...faultCases(),
  ],
};
