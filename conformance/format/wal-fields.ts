/** The fields of a log's header and frames, where each byte lies, and what differs between two logs. */

import { pageKind } from "./database.js";
import { type Field, u32 } from "./field.js";
import { FRAME_HEADER, parseWal, WAL_HEADER, WAL_MAGIC, type Wal, type WalFrame } from "./wal.js";
import { sameChecksum, words } from "./wal-checksum.js";

const headerLayout: [offset: number, name: string][] = [
  [0, "magic"],
  [4, "version"],
  [8, "page size"],
  [12, "checkpoint sequence number"],
  [16, "salt-1"],
  [20, "salt-2"],
  [24, "checksum-1"],
  [28, "checksum-2"],
];

const frameLayout: [offset: number, name: string][] = [
  [0, "page number"],
  [4, "database size after commit"],
  [8, "salt-1"],
  [12, "salt-2"],
  [16, "checksum-1"],
  [20, "checksum-2"],
];

const hex32 = (n: number): string => `0x${n.toString(16).padStart(8, "0")}`;

function magicText(magic: number): string {
  if ((magic & ~1) >>> 0 !== WAL_MAGIC) return `${hex32(magic)} (wrong)`;
  return `${hex32(magic)} (checksums read ${magic & 1 ? "big" : "little"}-endian words)`;
}

/** A 32-bit field of a header or frame header, for people. */
function value(name: string, n: number): string {
  if (name === "magic") return magicText(n);
  return name.startsWith("salt") || name.startsWith("checksum") ? hex32(n) : String(n);
}

function checksumText(wal: Wal): string {
  const h = wal.header;
  if (h === null) return "";
  const verdict = (ok: boolean): string => (ok ? "right" : "wrong");
  const little = verdict(sameChecksum(h.checksum, h.computed.little));
  const big = verdict(sameChecksum(h.checksum, h.computed.big));
  return ` (little-endian words: ${little}; big-endian words: ${big})`;
}

/** The header's fields; none if the file is too short to have them. */
export function walHeaderFields(bytes: Uint8Array, wal: Wal): Field[] {
  const h = wal.header;
  if (h === null) return [];
  return headerLayout.map(([offset, name]) => {
    let text = value(name, u32(bytes, offset));
    if (name === "page size" && !h.pageSizeOk) text += " (no page size)";
    if (name === "checksum-2") text += checksumText(wal);
    return { offset, size: 4, name, value: text };
  });
}

/** What a frame is worth, in a few words. */
export function frameVerdict(f: WalFrame): string {
  if (f.committed) return f.commit === 0 ? "committed" : `commit, ${f.commit} page(s)`;
  if (f.valid) return "valid, not committed";
  return "behind the end";
}

/** Names the place of byte `offset` in a log. */
export function locateInWal(bytes: Uint8Array, offset: number): string {
  if (offset < WAL_HEADER) {
    const name = headerLayout.findLast(([at]) => offset >= at)?.[1];
    return `log header, field "${name}"`;
  }
  const wal = parseWal(bytes);
  if (!wal.header?.pageSizeOk) return `byte ${offset} (the header names no valid page size)`;
  const size = wal.header.pageSize + FRAME_HEADER;
  const frame = Math.floor((offset - WAL_HEADER) / size) + 1;
  const at = WAL_HEADER + (frame - 1) * size;
  const within = offset - at;
  const pgno = u32(bytes, at);
  const whole = at + size <= bytes.length ? "" : ", which the file cuts off";
  const of = `frame ${frame} (page ${pgno}${whole})`;
  if (within < FRAME_HEADER) {
    return `${of}, field "${frameLayout.findLast(([o]) => within >= o)?.[1]}"`;
  }
  const byte = within - FRAME_HEADER;
  return `${of}, page content, byte ${byte} of ${wal.header.pageSize} (${pageKind(bytes, pgno, at + FRAME_HEADER)})`;
}

function fieldDifferences(
  layout: readonly [number, string][],
  base: number,
  actual: Uint8Array,
  expected: Uint8Array,
): string[] {
  return layout
    .filter(([at]) => base + at + 4 <= Math.min(actual.length, expected.length))
    .filter(([at]) => u32(actual, base + at) !== u32(expected, base + at))
    .map(([at, name]) => {
      const [got, want] = [actual, expected].map((b) => value(name, u32(b, base + at)));
      return `${name} got ${got}, expected ${want}`;
    });
}

/** What differs between two logs, one line for the header and one for each frame; at most `limit` lines. */
export function walDifferences(actual: Uint8Array, expected: Uint8Array, limit = 12): string[] {
  const lines: string[] = [];
  const [a, e] = [parseWal(actual), parseWal(expected)];
  const header = fieldDifferences(headerLayout, 0, actual, expected);
  if (header.length > 0) lines.push(`log header: ${header.join("; ")}`);
  if (a.header !== null && e.header !== null && a.header.pageSize === e.header.pageSize) {
    const { pageSize } = e.header;
    for (let k = 0; k < Math.min(a.frames.length, e.frames.length); k++) {
      const at = e.frames[k]!.offset;
      const parts = fieldDifferences(frameLayout, at, actual, expected);
      const page = at + FRAME_HEADER;
      let first = -1;
      let count = 0;
      for (let i = 0; i < pageSize; i++) {
        if (actual[page + i] === expected[page + i]) continue;
        if (first < 0) first = i;
        count++;
      }
      if (count > 0) parts.push(`${count} byte(s) of the page differ, from byte ${first}`);
      if (parts.length > 0) lines.push(`frame ${k + 1} (page ${e.frames[k]!.pgno}): ${parts.join("; ")}`);
    }
  }
  const shown = lines.slice(0, limit);
  if (lines.length > limit) shown.push(`... and ${lines.length - limit} more frame(s) differ`);
  const state = (w: Wal): string =>
    `${w.frames.length} frame(s), ${w.valid} valid, ${w.mxFrame} committed (${w.nPage} pages); ${w.end.text}`;
  shown.push(`the log got: ${state(a)}`, `the log expected: ${state(e)}`);
  return shown;
}

/** One line of the table of frames. */
export function frameLine(f: WalFrame): string {
  const salts = f.saltsOk ? "ok" : words(f.salts);
  const checksum = f.checksumOk ? "ok" : f.linked ? "wrong, but follows the frame before" : "wrong";
  return `  ${String(f.offset).padStart(10)} ${String(f.frame).padStart(6)} ${String(f.pgno).padStart(10)} ${String(
    f.commit,
  ).padStart(10)}  ${salts.padEnd(17)}  ${checksum.padEnd(8)}  ${frameVerdict(f)}`;
}
