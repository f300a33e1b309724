/** Recorded calls as bytes: the layout that conformance/native/recorder.c describes. */

import { endianness } from "node:os";
import type { ShimCall, ShimRecord } from "./shimvfs.js";

const LITTLE = endianness() === "LE";

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

/** One record of a log and the byte after it; throws if it is not whole. */
export function parseRecord(bytes: Uint8Array, at: number): { record: ShimRecord; end: number } {
  if (at + HEADER > bytes.length) throw new Error("the recorder's log ends within a record");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const call = CALLS[(bytes[at] as number) - 1];
  if (call === undefined) throw new Error(`the recorder's log has an unknown call at byte ${at}`);
  const id = view.getUint32(at + 33, LITTLE);
  const parts = bytes[at + 37] as number;
  const nName = view.getUint32(at + 38, LITTLE);
  const nData = view.getUint32(at + 42, LITTLE);
  const name = at + HEADER;
  const data = name + nName;
  const end = data + nData + (parts & 4 ? INDEX : 0);
  if (end > bytes.length) throw new Error("the recorder's log ends within a record");
  const path = Buffer.from(bytes.subarray(name, data)).toString("utf8");
  const record: ShimRecord = {
    call,
    file: path.slice(path.lastIndexOf("/") + 1),
    rc: view.getInt32(at + 1, LITTLE),
  };
  if (id !== 0) record.id = id;
  if (OFFSET.has(call)) record.offset = Number(view.getBigInt64(at + 5, LITTLE));
  if (AMOUNT.has(call)) record.amount = Number(view.getBigInt64(at + 13, LITTLE));
  if (ARGUMENT.has(call)) record.argument = view.getInt32(at + 21, LITTLE);
  if (parts & 1) record.data = Uint8Array.from(bytes.subarray(data, data + nData));
  if (parts & 2) record.result = Number(view.getBigInt64(at + 25, LITTLE));
  if (parts & 4) record.index = Uint8Array.from(bytes.subarray(data + nData, end));
  return { record, end };
}

/** Takes a log apart; throws if it is not whole. */
export function parseLog(bytes: Uint8Array): ShimRecord[] {
  const records: ShimRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { record, end } = parseRecord(bytes, at);
    records.push(record);
    at = end;
  }
  return records;
}

/** The bytes of a record, as {@link parseRecord} reads them; so many are left free before and after it. */
export function encodeRecord(r: ShimRecord, before = 0, after = 0): Buffer {
  const name = Buffer.from(r.file, "utf8");
  const data = r.data ?? new Uint8Array(0);
  const index = r.index ?? new Uint8Array(0);
  const bytes = Buffer.alloc(before + HEADER + name.length + data.length + index.length + after);
  const view = new DataView(bytes.buffer, bytes.byteOffset + before);
  const hasPart = [r.data, r.result, r.index].map((part) => part !== undefined);
  const parts = hasPart.reduce((bits, has, i) => bits | (has ? 1 << i : 0), 0);
  view.setUint8(0, CALLS.indexOf(r.call) + 1);
  view.setInt32(1, r.rc, LITTLE);
  view.setBigInt64(5, BigInt(r.offset ?? 0), LITTLE);
  view.setBigInt64(13, BigInt(r.amount ?? 0), LITTLE);
  view.setInt32(21, r.argument ?? 0, LITTLE);
  view.setBigInt64(25, BigInt(r.result ?? 0), LITTLE);
  view.setUint32(33, r.id ?? 0, LITTLE);
  view.setUint8(37, parts);
  view.setUint32(38, name.length, LITTLE);
  view.setUint32(42, data.length, LITTLE);
  let at = before + HEADER;
  for (const piece of [name, data, index]) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
