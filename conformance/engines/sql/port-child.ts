/**
 * SQLite's SQL engine on the port, driven by session.c over the VFS `shim`: the child process.
 *
 * `shim` is the default VFS, as the recorder is in the child of real SQLite.
 */

import { SQLITE_TESTCTRL_PENDING_BYTE, SQLITE_TESTCTRL_PRNG_SEED } from "../../../src/unix.js";
import { loadEngine } from "../../engine/engine.js";
import { become, serve } from "../child.js";
import { recordShim, registerShim, setShimDevice, setShimPlan, shareShim, shimCount } from "../shimvfs.js";
import { DEFAULT_PENDING_BYTE, type SqlRequest } from "./control.js";
import { decodeAnswer, encodeRequest, type SessionRequest } from "./protocol.js";

const engine = loadEngine({
  registerVfses: () => {
    registerShim("shim", undefined, true);
  },
});

function ask(request: SessionRequest): void {
  decodeAnswer(request.op, engine.sessionCall(encodeRequest(request)));
}

serve((request: SqlRequest): unknown => {
  switch (request.op) {
    case "session":
      return engine.sessionCall(request.bytes);
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
    case "failAllocation":
      engine.failAllocation(request.plan);
      return null;
    case "allocations":
      return engine.allocations;
    case "become":
      become(request.uid);
      return null;
    case "reset":
      setShimPlan(null);
      engine.failAllocation(null);
      recordShim(false);
      ask({ op: "reset" });
      shareShim(null);
      setShimDevice({});
      ask({
        op: "testControl",
        control: SQLITE_TESTCTRL_PENDING_BYTE,
        conn: null,
        value: DEFAULT_PENDING_BYTE,
      });
      ask({ op: "testControl", control: SQLITE_TESTCTRL_PRNG_SEED, conn: null, value: 0 });
      return null;
  }
});
