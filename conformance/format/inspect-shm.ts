/** `pager-mirror inspect` for wal-indexes. */

import { fieldHeading, fieldLines } from "./field.js";
import type { Description } from "./inspect-wal.js";
import { parseShm, READMARK_NOT_USED, type Shm } from "./shm.js";
import { checkpointBound, type MarkState } from "./shm-bound.js";
import { checkpointFields, copyFields } from "./shm-fields.js";
import { checkRegions, findFrame, type RegionReport } from "./shm-hash.js";
import type { ShmLock } from "./shm-locks.js";

/** The locks as they were found, or why they could not be asked for. */
export type LockAnswer = { locks: ShmLock[] } | { unknown: string };

function regionLine(r: RegionReport): string {
  const range =
    r.last < r.first
      ? "not reached by the log"
      : `frames ${r.first} to ${r.last}, longest search ${r.longest}`;
  const rest = r.beyond > 0 ? `, ${r.beyond} page number(s) behind the last frame` : "";
  const state =
    r.problems.length === 0
      ? r.last < r.first
        ? ""
        : ": every page number is found by its hash chain"
      : ["", ...r.problems].join("\n      ");
  return `  region ${r.index}: ${range}, ${r.slots} slot(s) taken${rest}${state}`;
}

function markLine(m: MarkState): string {
  const mark = m.mark === READMARK_NOT_USED ? "not used" : `frame ${m.mark}`;
  if (m.reader === 0) {
    return `  read mark 0: ${m.held ? `held by process ${m.pid}, which reads the database alone` : "for readers of the database alone"}`;
  }
  const held = m.held === null ? "" : m.held ? `, held by process ${m.pid}` : ", nobody holds it";
  return `  read mark ${m.reader}: ${mark}${held}`;
}

function lockLines(answer: LockAnswer): string[] {
  if ("unknown" in answer) return [`locks: ${answer.unknown}`];
  const { locks } = answer;
  if (locks.length === 0) {
    return ["locks: nobody holds one: no connection has the file open (or this is a copy)"];
  }
  return [
    "locks (of a shared one there may be more holders):",
    ...locks.map((l) => `  byte ${l.byte}, ${l.name}: ${l.kind}, process ${l.pid}`),
  ];
}

function pageText(bytes: Uint8Array, shm: Shm, page: number): { text: string; frame: number | null } {
  const mxFrame = shm.copies?.[0].mxFrame ?? 0;
  const frame = findFrame(bytes, shm, page, mxFrame);
  if (frame === null)
    return { frame, text: `page ${page}: the search breaks off (a chain without end or a missing region)` };
  if (frame === 0)
    return { frame, text: `page ${page}: the database file serves it, no frame up to ${mxFrame} has it` };
  const copied = frame <= shm.nBackfill ? ", which the database file has too" : "";
  return { frame, text: `page ${page}: frame ${frame} serves it${copied}` };
}

/** Describes a wal-index. */
export function inspectShm(bytes: Uint8Array, answer: LockAnswer, options: { page?: number }): Description {
  const shm = parseShm(bytes);
  const out = [`wal-index: ${bytes.length} bytes, ${shm.regions} whole region(s) of 32768`, shm.verdict];
  const over = bytes.length % 32768;
  if (over !== 0 && bytes.length >= 136) out.push(`${over} bytes after the last whole region`);
  if (shm.bigEndian) out.push("written by a big-endian machine");
  for (const copy of [0, 1] as const) {
    if (shm.copies === null) break;
    if (copy === 1 && shm.agree) break;
    out.push(shm.agree ? "header (both copies)" : `header, copy ${copy + 1}`);
    out.push(fieldHeading, fieldLines(copyFields(shm, copy)));
  }
  if (shm.copies !== null) out.push("checkpoint info", fieldHeading, fieldLines(checkpointFields(shm)));
  const regions = checkRegions(bytes, shm);
  if (shm.copies !== null) out.push("hash tables", ...regions.map(regionLine));
  out.push(...lockLines(answer));
  const bound = checkpointBound(shm, "locks" in answer ? answer.locks : null);
  if (bound.marks.length > 0) out.push("readers", ...bound.marks.map(markLine));
  out.push("checkpoint", ...bound.text.map((t) => `  ${t}`));
  const page = options.page === undefined ? null : pageText(bytes, shm, options.page);
  if (page !== null) out.push(page.text);
  return {
    text: `${out.join("\n")}\n`,
    data: {
      kind: "shm",
      bytes: bytes.length,
      ...shm,
      hashTables: regions,
      ...answer,
      checkpoint: bound,
      ...(page === null ? {} : { page: { pgno: options.page, frame: page.frame } }),
    },
  };
}
