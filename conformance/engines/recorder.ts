/**
 * Real SQLite over the recording VFS of conformance/native/recorder.c: the parent's side.
 */

import { readFileSync } from "node:fs";
import { endianness } from "node:os";
import { join } from "node:path";
import { nativeExtension } from "./native.js";
import type { RealEngine } from "./real.js";
import type { ShimCall, ShimDevice, ShimRecord } from "./shimvfs.js";

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
];

/** Calls with an offset and an amount, and calls with an argument, as shimvfs.ts records them. */
const RANGED = new Set<ShimCall>(["read", "write"]);
const ARGUED = new Set<ShimCall>(["open", "sync", "delete", "lock", "unlock", "control", "access"]);

const HEADER = 33;

/** Takes a log apart; throws if it is not whole. */
export function parseLog(bytes: Uint8Array): ShimRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = endianness() === "LE";
  const records: ShimRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + HEADER > bytes.length) throw new Error("the recorder's log ends within a record");
    const call = CALLS[(bytes[at] as number) - 1];
    if (call === undefined) throw new Error(`the recorder's log has an unknown call at byte ${at}`);
    const nName = view.getUint32(at + 25, little);
    const nData = view.getUint32(at + 29, little);
    const name = at + HEADER;
    const data = name + nName;
    if (data + nData > bytes.length) throw new Error("the recorder's log ends within a record");
    const path = Buffer.from(bytes.subarray(name, data)).toString("utf8");
    const record: ShimRecord = {
      call,
      file: path.slice(path.lastIndexOf("/") + 1),
      rc: view.getInt32(at + 1, little),
    };
    if (RANGED.has(call)) record.offset = Number(view.getBigInt64(at + 5, little));
    if (RANGED.has(call) || call === "truncate") record.amount = Number(view.getBigInt64(at + 13, little));
    if (ARGUED.has(call)) record.argument = view.getInt32(at + 21, little);
    if (call === "write") record.data = Uint8Array.from(bytes.subarray(data, data + nData));
    records.push(record);
    at = data + nData;
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
    const sector = device.sectorSize ?? -1;
    await engine.all("recorder", `SELECT recorder_device(${sector}, ${device.characteristics ?? -1})`);
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
