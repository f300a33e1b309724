/** What the parent asks of a child that runs a SQL engine. */

import type { AllocationPlan } from "../../engine/allocator.js";
import type { RecordOptions, ShimDevice, ShimPlan } from "../shimvfs.js";

/** Bytes for session.c, and what stands below SQLite: the recording VFS. */
export type SqlRequest =
  | { op: "session"; bytes: Uint8Array }
  | { op: "record"; on: boolean; options: RecordOptions }
  | { op: "share"; path: string | null }
  | { op: "device"; device: ShimDevice }
  | { op: "plan"; plan: ShimPlan | null }
  | { op: "count" }
  /* The port only: its n-th allocation fails, or all from there on. */
  | { op: "failAllocation"; plan: AllocationPlan | null }
  | { op: "allocations" }
  | { op: "become"; uid: number }
  | { op: "reset" };

/** Where SQLite's pending byte is unless it is moved. */
export const DEFAULT_PENDING_BYTE = 0x40000000;

/** The environment variables that tell the child of real SQLite where its extensions are. */
export const RECORDER_PATH = "PAGER_MIRROR_RECORDER";
export const SESSION_PATH = "PAGER_MIRROR_SESSION";
