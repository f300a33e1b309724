/** The port's VFS `shim`, called directly: the child process of vfs-twins.test.ts. */

import { sqlite3_initialize } from "../../../src/unix.js";
import { serve } from "../child.js";
import { recordShim, registerShim, setShimDevice, setShimPlan, shareShim, shimCount } from "../shimvfs.js";
import type { SqlRequest } from "./control.js";
import { VfsDrive, type VfsStep } from "./vfs-drive.js";

const rc = sqlite3_initialize();
if (rc !== 0) throw new Error(`sqlite3_initialize failed with code ${rc}`);
registerShim("shim", undefined, true);
const drive = new VfsDrive();

serve((request: SqlRequest | { op: "vfs"; step: VfsStep }): unknown => {
  switch (request.op) {
    case "vfs":
      return drive.run(request.step);
    case "record":
      return recordShim(request.on, request.options);
    case "share":
      shareShim(request.path);
      return null;
    case "device":
      setShimDevice(request.device);
      return null;
    case "plan":
      setShimPlan(request.plan);
      return null;
    case "count":
      return shimCount();
    default:
      throw new Error(`${request.op} is not for this child`);
  }
});
