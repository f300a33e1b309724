/** Hand-written lockstep programs, one for each thing that a pager does. */

import type { Program } from "../ops.js";
import { FAULTS } from "./faults.js";
import { JOURNAL } from "./journal.js";
import { LOG } from "./log.js";
import { MEMORY } from "./memory.js";
import { OTHER } from "./other.js";
import { SEVERAL } from "./several.js";

export { MODE } from "./writer.js";

/** Every program by name. */
export const PROGRAMS: ReadonlyMap<string, Program> = new Map([
  ...JOURNAL,
  ...LOG,
  ...OTHER,
  ...FAULTS,
  ...MEMORY,
  ...SEVERAL,
]);
