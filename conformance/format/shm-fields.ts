/** The fields of a wal-index, where each byte lies, and what differs between two of them. */

import { type Field, hex } from "./field.js";
import {
  parseShm,
  READERS,
  READMARK_NOT_USED,
  SHM_COPY,
  SHM_HEADER,
  SHM_REGION,
  type Shm,
  type ShmCopy,
} from "./shm.js";
import { checkRegions, HASH_PAGES, HASH_PAGES_FIRST, HASH_SLOTS, readRegion } from "./shm-hash.js";
import { words } from "./wal-checksum.js";

const copyLayout: [offset: number, size: number, name: string, value: (h: ShmCopy) => string][] = [
  [0, 4, "version", (h) => String(h.version)],
  [4, 4, "unused", (h) => String(h.unused)],
  [8, 4, "change counter", (h) => String(h.change)],
  [12, 1, "initialised", (h) => String(h.isInit)],
  [13, 1, "log's checksums big-endian", (h) => String(h.bigEndianLog)],
  [14, 2, "page size", (h) => `${h.rawPageSize}${h.rawPageSize === 1 ? " (65536)" : ""}`],
  [16, 4, "mxFrame (last frame of the log)", (h) => String(h.mxFrame)],
  [20, 4, "nPage (pages in the database)", (h) => String(h.nPage)],
  [24, 8, "checksum of frame mxFrame", (h) => words(h.frameChecksum)],
  [32, 8, "salts", (h) => words(h.salts)],
  [
    40,
    8,
    "header checksum",
    (h) => `${words(h.checksum)} (${h.checksumOk ? "right" : `wrong, computed ${words(h.computed)}`})`,
  ],
];

const markText = (mark: number): string =>
  mark === READMARK_NOT_USED ? `0x${mark.toString(16)} (not used)` : String(mark);

/** The fields of one copy of the header, 0 or 1. */
export function copyFields(shm: Shm, copy: 0 | 1): Field[] {
  const h = shm.copies?.[copy];
  if (h === undefined) return [];
  return copyLayout.map(([at, size, name, value]) => ({
    offset: copy * SHM_COPY + at,
    size,
    name,
    value: value(h),
  }));
}

/** The fields between the header and the first page number. */
export function checkpointFields(shm: Shm): Field[] {
  if (shm.copies === null) return [];
  const field = (offset: number, size: number, name: string, value: string): Field => ({
    offset,
    size,
    name,
    value,
  });
  return [
    field(96, 4, "nBackfill (frames in the database)", String(shm.nBackfill)),
    ...shm.readMarks.map((m, i) => field(100 + 4 * i, 4, `read mark ${i}`, markText(m))),
    field(120, 8, "lock bytes", hex(Uint8Array.from(shm.lockBytes))),
    field(128, 4, "nBackfillAttempted", String(shm.nBackfillAttempted)),
    field(132, 4, "unused", String(shm.unused)),
  ];
}

/** Every field before the first page number. */
export function shmFields(shm: Shm): Field[] {
  return [...copyFields(shm, 0), ...copyFields(shm, 1), ...checkpointFields(shm)];
}

/** Names the place of byte `offset` in a wal-index. */
export function locateInShm(offset: number): string {
  if (offset < 2 * SHM_COPY) {
    const copy = offset < SHM_COPY ? 0 : 1;
    const field = copyLayout.findLast(([at]) => offset - copy * SHM_COPY >= at);
    return `wal-index header, copy ${copy + 1}, field "${field?.[2]}"`;
  }
  if (offset < SHM_HEADER) {
    if (offset < 100) return 'checkpoint info, field "nBackfill"';
    if (offset < 100 + 4 * READERS) return `checkpoint info, read mark ${Math.floor((offset - 100) / 4)}`;
    if (offset < 128) return `lock byte ${offset}`;
    return `checkpoint info, field "${offset < 132 ? "nBackfillAttempted" : "unused"}"`;
  }
  const region = Math.floor(offset / SHM_REGION);
  const within = offset % SHM_REGION;
  const zero = region === 0 ? 0 : HASH_PAGES_FIRST + (region - 1) * HASH_PAGES;
  if (within >= HASH_PAGES * 4) {
    return `region ${region}, hash slot ${Math.floor((within - HASH_PAGES * 4) / 2)} of ${HASH_SLOTS}`;
  }
  const n = Math.floor((within - (region === 0 ? SHM_HEADER : 0)) / 4) + 1;
  return `region ${region}, page number of frame ${zero + n}`;
}

function regionDifferences(actual: Uint8Array, expected: Uint8Array, a: Shm, e: Shm): string[] {
  const lines: string[] = [];
  for (let i = 0; i < Math.min(a.regions, e.regions); i++) {
    const [ra, re] = [readRegion(actual, a, i)!, readRegion(expected, e, i)!];
    const parts: string[] = [];
    const pages = [...re.pages.keys()].filter((k) => ra.pages[k] !== re.pages[k]);
    const slots = [...re.slots.keys()].filter((k) => ra.slots[k] !== re.slots[k]);
    const [p, s] = [pages[0], slots[0]];
    if (p !== undefined) {
      const frame = re.zero + p + 1;
      parts.push(
        `${pages.length} page number(s) differ, first that of frame ${frame}: got ${ra.pages[p]}, expected ${re.pages[p]}`,
      );
    }
    if (s !== undefined) {
      parts.push(
        `${slots.length} hash slot(s) differ, first slot ${s}: got ${ra.slots[s]}, expected ${re.slots[s]}`,
      );
    }
    if (parts.length > 0) lines.push(`region ${i}: ${parts.join("; ")}`);
  }
  return lines;
}

/** What differs between two wal-indexes: a line for each field, then one for each region. */
export function shmDifferences(actual: Uint8Array, expected: Uint8Array, limit = 12): string[] {
  const [a, e] = [parseShm(actual), parseShm(expected)];
  const fields = shmFields(a);
  const lines: string[] = [];
  for (const [i, want] of shmFields(e).entries()) {
    const got = fields[i]?.value ?? "nothing";
    if (got === want.value) continue;
    const copy = want.offset < 2 * SHM_COPY ? ` of copy ${want.offset < SHM_COPY ? 1 : 2}` : "";
    lines.push(`${want.name}${copy}: got ${got}, expected ${want.value}`);
  }
  const regions = regionDifferences(actual, expected, a, e);
  lines.push(...regions.slice(0, limit));
  if (regions.length > limit) lines.push(`... and ${regions.length - limit} more region(s) differ`);
  const problems = (bytes: Uint8Array, shm: Shm): string =>
    [shm.verdict, ...checkRegions(bytes, shm).flatMap((r) => r.problems.slice(0, 2))].slice(0, 4).join("; ");
  lines.push(`the wal-index got: ${problems(actual, a)}`, `the wal-index expected: ${problems(expected, e)}`);
  return lines;
}
