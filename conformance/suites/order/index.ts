/**
 * order: calls reach the disk in the order that makes a loss of power harmless.
 */

import type { Suite } from "../../core/case.js";
import { powerCases } from "./power-cases.js";
import { randomCases } from "./random-cases.js";
import { ruleCases } from "./rule-cases.js";
import { sameCases } from "./same-cases.js";
import { superCases } from "./super-cases.js";

/** The suite. */
export const order: Suite = {
  name: "order",
  about: "journal before database, syncs between, one commit point; the calls are real SQLite's",
  cases: () => [...sameCases(), ...ruleCases(), ...powerCases(), ...superCases(), ...randomCases()],
};
