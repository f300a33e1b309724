/**
 * The port, in a child process: runs pager programs.
 */

import { queueRandomness, SQLITE_OK, sqlite3_initialize } from "../../src/unix.js";
import { serve } from "./child.js";
import { ProgramRunner, type Step } from "./program.js";
import {
  registerShim,
  type ShimDevice,
  type ShimPlan,
  setShimDevice,
  setShimPlan,
  setShimRecording,
  shimCount,
} from "./shimvfs.js";

/** What the parent may ask. */
export type PortRequest =
  | { op: "program"; steps: Step[]; keepGoing: boolean }
  | { op: "plan"; plan: ShimPlan | null }
  | { op: "device"; device: ShimDevice }
  | { op: "count" }
  | { op: "record"; on: boolean }
  | { op: "random"; bytes: Uint8Array }
  | { op: "reset" };

const rc = sqlite3_initialize();
if (rc !== SQLITE_OK) throw new Error(`sqlite3_initialize failed with code ${rc}`);
registerShim();
const runner = new ProgramRunner();

serve((request: PortRequest): unknown => {
  switch (request.op) {
    case "program":
      return runner.run(request.steps, request.keepGoing);
    case "plan":
      setShimPlan(request.plan);
      return null;
    case "device":
      setShimDevice(request.device);
      return null;
    case "count":
      return shimCount();
    case "record":
      return setShimRecording(request.on);
    case "random":
      queueRandomness(request.bytes);
      return null;
    case "reset":
      setShimPlan(null);
      setShimDevice({});
      setShimRecording(false);
      runner.reset();
      return null;
  }
});
