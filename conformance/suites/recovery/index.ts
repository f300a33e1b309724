/**
 * recovery: what one engine leaves when it is killed, the other one recovers.
 */

import type { Suite } from "../../core/case.js";
import { interruptedCases } from "./interrupted.js";
import { mutatedCases } from "./mutated.js";
import { openingCases } from "./openings.js";
import { portWriterCases } from "./port-writers.js";
import { realWriterCases } from "./real-writers.js";
import { superMadeCases } from "./super-made.js";
import { superWriterCases } from "./super-writers.js";
import { warmCases } from "./warm.js";

/** The suite. */
export const recovery: Suite = {
  name: "recovery",
  about: "what a kill leaves is recovered to the same bytes and the same files",
  cases: () => [
    ...realWriterCases(),
    ...portWriterCases(),
    ...interruptedCases(),
    ...superWriterCases(),
    ...superMadeCases(),
    ...mutatedCases(),
    ...openingCases(),
    ...warmCases(),
  ],
};
