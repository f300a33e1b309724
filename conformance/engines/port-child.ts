/**
 * The port, in a child process: runs pager programs.
 */

import {
  queueRandomness,
  SQLITE_OK,
  SQLITE_TESTCTRL_PRNG_SEED,
  sqlite3_initialize,
  sqlite3_test_control,
} from "../../src/unix.js";
import { become, serve } from "./child.js";
import { type CrashHow, type CrashPlan, type DiskDevice, type DiskFiles, Disks } from "./disks.js";
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
import { type CallPlan, callCount, callTrace, clearCallPlan, setCallPlan } from "./syscalls.js";
import { type TreeRequest, TreeRunner } from "./tree.js";

/** What the parent may ask. */
export type PortRequest =
  | { op: "program"; steps: Step[]; keepGoing: boolean }
  | { op: "plan"; plan: ShimPlan | null }
  | { op: "device"; device: ShimDevice }
  | { op: "count" }
  | { op: "record"; on: boolean; details: boolean }
  | { op: "disk"; name: string; device: DiskDevice; crashable: boolean; files: DiskFiles }
  | { op: "diskFiles"; name: string }
  | { op: "diskTrace"; name: string; on: boolean }
  | { op: "crashMark"; name: string }
  | { op: "crashCollect"; name: string; plan: CrashPlan | null }
  | { op: "crashNow"; name: string; how: CrashHow[]; what: string }
  | { op: "crashFiles"; name: string; index: number }
  | { op: "crashRecover"; name: string; databases: string[]; device: DiskDevice; again: CrashHow[] }
  | { op: "crashRecovered"; name: string; index: number; databases: string[]; device: DiskDevice }
  | { op: "random"; bytes: Uint8Array }
  | { op: "seed"; seed: number }
  | { op: "become"; uid: number }
  | { op: "callPlan"; plan: CallPlan | null }
  | { op: "callCount" }
  | { op: "callTrace" }
  | { op: "tree"; request: TreeRequest }
  | { op: "reset" };

const rc = sqlite3_initialize();
if (rc !== SQLITE_OK) throw new Error(`sqlite3_initialize failed with code ${rc}`);
registerShim();
const runner = new ProgramRunner();
const trees = new TreeRunner();
const disks = new Disks();

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
      return setShimRecording(request.on, request.details);
    case "disk":
      disks.create(request.name, request.device, request.crashable, request.files);
      return null;
    case "diskFiles":
      return disks.files(request.name);
    case "diskTrace":
      return disks.trace(request.name, request.on);
    case "crashMark":
      disks.mark(request.name);
      return null;
    case "crashCollect":
      disks.collect(request.name, request.plan);
      return null;
    case "crashNow":
      disks.collectNow(request.name, request.how, request.what);
      return disks.collected(request.name);
    case "crashFiles":
      return disks.collectedFiles(request.name, request.index);
    case "crashRecover":
      return disks.recover(request.name, request.databases, request.device, request.again);
    case "crashRecovered":
      return disks.recoveredFiles(request.name, request.index, request.databases, request.device);
    case "random":
      queueRandomness(request.bytes);
      return null;
    case "seed":
      sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, request.seed, null);
      return null;
    case "become":
      become(request.uid);
      return null;
    case "callPlan":
      setCallPlan(request.plan);
      return null;
    case "callCount":
      return callCount();
    case "callTrace":
      return callTrace();
    case "tree":
      return trees.run(request.request);
    case "reset":
      setShimPlan(null);
      clearCallPlan();
      setShimDevice({});
      setShimRecording(false);
      queueRandomness(null);
      runner.reset();
      trees.reset();
      disks.reset();
      return null;
  }
});
