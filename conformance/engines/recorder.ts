/**
 * Real SQLite over the recording VFS of conformance/native/recorder.c: the parent's side.
 */

import { readFileSync } from "node:fs";
import { endianness } from "node:os";
import { join } from "node:path";
import { SQLITE_IOERR } from "../../src/index.js";
import { nativeExtension } from "./native.js";
import type { RealEngine } from "./real.js";
import {
  DETAILED_CALLS,
  type RecordOptions,
  type ShimCall,
  type ShimDevice,
  type ShimPlan,
  type ShimRecord,
} from "./shimvfs.js";

/** The calls by their numbers in the log, from 1. */
const CALLS: readonly ShimCall[] = [
  "open",
  "read",
  "write",
  "truncate",
  "sync",
  "delete",
  "lock",
  "unlock",
  "size",
  "close",
  "control",
  "access",
  "reserved",
  "fetch",
  "unfetch",
  "shmmap",
  "shmlock",
  "shmbarrier",
  "shmunmap",
  "fullname",
  "sleep",
];

/** Which fields each call's record has, as shimvfs.ts records them. */
const OFFSET = new Set<ShimCall>(["read", "write", "fetch", "unfetch", "shmmap", "shmlock"]);
const AMOUNT = new Set<ShimCall>(["read", "write", "truncate", "fetch", "shmmap", "shmlock"]);
const ARGUMENT = new Set<ShimCall>([
  "open",
  "sync",
  "delete",
  "lock",
  "unlock",
  "control",
  "access",
  "unfetch",
  "shmmap",
  "shmlock",
  "shmunmap",
  "sleep",
]);

const HEADER = 46;
/** Bytes of a wal-index that a record may hold. */
const INDEX = 136;

/** The bits of calls in the masks that the recorder's SQL functions take. */
export function callMask(calls: readonly ShimCall[]): number {
  return calls.reduce((mask, call) => mask | (1 << CALLS.indexOf(call)), 0);
}

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

/** Takes a log apart; throws if it is not whole. */
export function parseLog(bytes: Uint8Array): ShimRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = endianness() === "LE";
  const records: ShimRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + HEADER > bytes.length) throw new Error("the recorder's log ends within a record");
    const call = CALLS[(bytes[at] as number) - 1];
    if (call === undefined) throw new Error(`the recorder's log has an unknown call at byte ${at}`);
    const id = view.getUint32(at + 33, little);
    const parts = bytes[at + 37] as number;
    const nName = view.getUint32(at + 38, little);
    const nData = view.getUint32(at + 42, little);
    const name = at + HEADER;
    const data = name + nName;
    const end = data + nData + (parts & 4 ? INDEX : 0);
    if (end > bytes.length) throw new Error("the recorder's log ends within a record");
    const path = Buffer.from(bytes.subarray(name, data)).toString("utf8");
    const record: ShimRecord = {
      call,
      file: path.slice(path.lastIndexOf("/") + 1),
      rc: view.getInt32(at + 1, little),
    };
    if (id !== 0) record.id = id;
    if (OFFSET.has(call)) record.offset = Number(view.getBigInt64(at + 5, little));
    if (AMOUNT.has(call)) record.amount = Number(view.getBigInt64(at + 13, little));
    if (ARGUMENT.has(call)) record.argument = view.getInt32(at + 21, little);
    if (parts & 1) record.data = Uint8Array.from(bytes.subarray(data, data + nData));
    if (parts & 2) record.result = Number(view.getBigInt64(at + 25, little));
    if (parts & 4) record.index = Uint8Array.from(bytes.subarray(data + nData, end));
    records.push(record);
    at = end;
  }
  return records;
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
