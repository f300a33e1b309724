/**
 * Real SQLite over the recording VFS of conformance/native/recorder.c: the parent's side.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SQLITE_IOERR } from "../../src/index.js";
import { callMask, parseLog } from "./call-bytes.js";
import { nativeExtension } from "./native.js";
import type { RealEngine } from "./real.js";
import { SHARED_CALLS } from "./shared-log.js";
import {
  DETAILED_CALLS,
  type RecordOptions,
  type ShimDevice,
  type ShimPlan,
  type ShimRecord,
} from "./shimvfs.js";

const WHAT = [
  "kill-before",
  "kill-after",
  "kill-torn",
  "fail",
  "stop-before",
  "stop-after",
] as const satisfies readonly ShimPlan["what"][];

/** The arguments of `recorder_plan`. */
export function planArguments(plan: ShimPlan | null): (number | string | null)[] {
  if (plan === null) return [0, null, 0, 0, 0, 0];
  const { calls, suffix, at, what, rc, persistent } = plan;
  return [
    callMask(calls),
    suffix ?? null,
    at,
    WHAT.indexOf(what) + 1,
    rc ?? SQLITE_IOERR,
    persistent ? 1 : 0,
  ];
}

/** The arguments of `recorder_begin`. */
export function recordArguments(options: RecordOptions): number[] {
  const { calls, writes, reads, results, ids, index, instant } = options;
  return [
    callMask(calls ?? DETAILED_CALLS),
    ((writes ?? true) ? 1 : 0) |
      (reads ? 2 : 0) |
      (results ? 4 : 0) |
      ((ids ?? true) ? 8 : 0) |
      (index ? 16 : 0) |
      (instant ? 32 : 0),
  ];
}

/** The arguments of `recorder_device`. */
export function deviceArguments(device: ShimDevice): number[] {
  return [device.sectorSize ?? -1, device.characteristics ?? -1];
}

/** The arguments of `recorder_share`. */
export function shareArguments(path: string | null): (number | string | null)[] {
  return [path, callMask(SHARED_CALLS)];
}

/** Records what real SQLite's connections of one process do. */
export class Recorder {
  readonly #engine: RealEngine;
  readonly #log: string;

  private constructor(engine: RealEngine, log: string) {
    this.#engine = engine;
    this.#log = log;
  }

  /**
   * Puts the recording VFS under all connections that `engine` opens from now on. The process must
   * not be used by cases that want the plain VFS.
   *
   * @param folder where the log goes while it is being written
   */
  static async install(engine: RealEngine, folder: string, device: ShimDevice): Promise<Recorder> {
    await engine.open("recorder", ":memory:");
    await engine.loadExtension("recorder", nativeExtension("recorder"));
    await engine.all("recorder", `SELECT recorder_device(${deviceArguments(device).join(", ")})`);
    return new Recorder(engine, join(folder, "recorder.log"));
  }

  async start(): Promise<void> {
    await this.#engine.all("recorder", `SELECT recorder_start('${this.#log.replaceAll("'", "''")}')`);
  }

  /** Everything since {@link start}. */
  async stop(): Promise<ShimRecord[]> {
    await this.#engine.all("recorder", "SELECT recorder_stop()");
    return parseLog(readFileSync(this.#log));
  }
}
