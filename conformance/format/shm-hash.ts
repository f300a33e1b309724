/**
 * The hash tables of a wal-index: in each region of 32 KiB the page numbers of some frames, and a table
 * of 16-bit slots that leads from a page number to them. Slots hold the frame's place in the region,
 * counted from 1; a slot that is taken passes the search on to the next one, up to a free slot.
 */

import { SHM_HEADER, SHM_REGION, type Shm } from "./shm.js";

/** Page numbers in a region. */
export const HASH_PAGES = 4096;
/** Page numbers in the first region, which holds the header too. */
export const HASH_PAGES_FIRST = HASH_PAGES - SHM_HEADER / 4;
/** Slots in a region. */
export const HASH_SLOTS = 2 * HASH_PAGES;

/** Where a page number's search begins. */
export function hashOf(pgno: number): number {
  return Math.imul(pgno, 383) & (HASH_SLOTS - 1);
}

/** The region that holds a frame's page number. */
export function regionOf(frame: number): number {
  return Math.floor((frame + HASH_PAGES - HASH_PAGES_FIRST - 1) / HASH_PAGES);
}

/** One region as it lies in the file. */
export interface ShmRegion {
  index: number;
  /** Byte offset of the first page number. */
  offset: number;
  /** Byte offset of the first slot. */
  slotsOffset: number;
  /** The frame before the region's first one. */
  zero: number;
  /** How many page numbers it has room for. */
  capacity: number;
  pages: Uint32Array;
  slots: Uint16Array;
}

/** What a region's check found. */
export interface RegionReport {
  index: number;
  /** First and last frame of the log that it covers; last < first if the log does not reach it. */
  first: number;
  last: number;
  /** Slots taken. */
  slots: number;
  /** Page numbers behind the log's last frame: of a transaction that is not committed, or left over. */
  beyond: number;
  /** Steps of the longest search for a frame's page number. */
  longest: number;
  /** Sentences about what must not be; empty in a sound region. */
  problems: string[];
}

/** Reads region `index`; null if the file does not hold all of it. */
export function readRegion(bytes: Uint8Array, shm: Shm, index: number): ShmRegion | null {
  const start = index * SHM_REGION;
  if (index < 0 || start + SHM_REGION > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const capacity = index === 0 ? HASH_PAGES_FIRST : HASH_PAGES;
  const offset = start + (index === 0 ? SHM_HEADER : 0);
  const slotsOffset = start + HASH_PAGES * 4;
  const pages = new Uint32Array(capacity);
  for (let i = 0; i < capacity; i++) pages[i] = view.getUint32(offset + 4 * i, !shm.bigEndian);
  const slots = new Uint16Array(HASH_SLOTS);
  for (let i = 0; i < HASH_SLOTS; i++) slots[i] = view.getUint16(slotsOffset + 2 * i, !shm.bigEndian);
  const zero = index === 0 ? 0 : HASH_PAGES_FIRST + (index - 1) * HASH_PAGES;
  return { index, offset, slotsOffset, zero, capacity, pages, slots };
}

/** Follows a page number's chain: its slots' values in order; null if no free slot ends it. */
function chain(region: ShmRegion, pgno: number): number[] | null {
  const found: number[] = [];
  for (let i = 0, key = hashOf(pgno); i <= HASH_SLOTS; i++, key = (key + 1) % HASH_SLOTS) {
    const slot = region.slots[key]!;
    if (slot === 0) return found;
    found.push(slot);
  }
  return null;
}

/**
 * For each place in the region how many steps its page number's chain takes to come to it; 0 if it does not.
 * One pass over the slots: a slot is reached if no slot between its page's hash and itself is free.
 */
function chainSteps(region: ShmRegion, used: number): Uint32Array {
  const steps = new Uint32Array(used + 1);
  /* Going round twice makes the run of taken slots right for the first ones too. */
  for (let k = 0, run = 0; k < 2 * HASH_SLOTS; k++) {
    const key = k % HASH_SLOTS;
    const n = region.slots[key]!;
    run = n === 0 ? 0 : Math.min(run + 1, HASH_SLOTS);
    if (k < HASH_SLOTS || n === 0 || n > used) continue;
    const distance = (key - hashOf(region.pages[n - 1]!) + HASH_SLOTS) % HASH_SLOTS;
    if (distance < run && (steps[n] === 0 || distance + 1 < steps[n]!)) steps[n] = distance + 1;
  }
  return steps;
}

/** Sentences that a report lists; a damaged region has thousands. */
const LISTED = 20;

/**
 * Holds a region's table against its page numbers, as far as frame `mxFrame`. A region that the log has
 * not reached may hold anything, since its first frame clears it.
 */
export function checkRegion(region: ShmRegion, mxFrame: number): RegionReport {
  const used = Math.min(region.capacity, Math.max(0, mxFrame - region.zero));
  const report: RegionReport = {
    index: region.index,
    first: region.zero + 1,
    last: region.zero + used,
    slots: region.slots.filter((s) => s !== 0).length,
    beyond: region.pages.subarray(used).filter((p) => p !== 0).length,
    longest: 0,
    problems: [],
  };
  if (used === 0) return report;
  let faults = 0;
  const fault = (text: string): void => {
    if (++faults <= LISTED) report.problems.push(text);
  };
  const steps = chainSteps(region, used);
  for (let n = 1; n <= used; n++) {
    const pgno = region.pages[n - 1]!;
    const frame = region.zero + n;
    if (pgno === 0) {
      fault(`frame ${frame} has page number 0`);
      continue;
    }
    if (steps[n] === 0) fault(`frame ${frame} (page ${pgno}) is not found by its hash chain`);
    report.longest = Math.max(report.longest, steps[n]!);
  }
  const seen = new Set<number>();
  for (const [key, slot] of region.slots.entries()) {
    if (slot === 0) continue;
    if (slot > region.capacity) {
      fault(`slot ${key} holds ${slot}, and the region has ${region.capacity} frames`);
    } else if (slot <= used && seen.has(slot)) {
      fault(`slot ${key} holds frame ${region.zero + slot} a second time`);
    }
    seen.add(slot);
  }
  if (faults > LISTED) report.problems.push(`... and ${faults - LISTED} more`);
  return report;
}

/** Checks each region that the file holds, and says so if the log goes on behind the last one. */
export function checkRegions(bytes: Uint8Array, shm: Shm): RegionReport[] {
  const mxFrame = shm.copies?.[0].mxFrame ?? 0;
  const reports: RegionReport[] = [];
  for (let i = 0; i < shm.regions; i++) reports.push(checkRegion(readRegion(bytes, shm, i)!, mxFrame));
  const needed = mxFrame === 0 ? 0 : regionOf(mxFrame) + 1;
  if (needed > shm.regions) {
    const first = shm.regions === 0 ? 1 : HASH_PAGES_FIRST + (shm.regions - 1) * HASH_PAGES + 1;
    reports.push({
      index: shm.regions,
      first,
      last: mxFrame,
      slots: 0,
      beyond: 0,
      longest: 0,
      problems: [`the file ends before it: ${needed} region(s) are needed, ${shm.regions} are there`],
    });
  }
  return reports;
}

/**
 * The frame that serves a page, searched as a reader does: from the last region to the first, through the
 * page's chain. 0 means the database file.
 *
 * @param mxFrame the last frame of the reader's snapshot
 * @param minFrame the first frame that had not been copied into the database when it began
 * @returns null if a chain has no end or a region is missing, which a reader calls corruption
 */
export function findFrame(
  bytes: Uint8Array,
  shm: Shm,
  pgno: number,
  mxFrame: number,
  minFrame = 1,
): number | null {
  if (mxFrame === 0 || minFrame > mxFrame) return 0;
  for (let i = regionOf(mxFrame); i >= regionOf(minFrame); i--) {
    const region = readRegion(bytes, shm, i);
    const slots = region === null ? null : chain(region, pgno);
    if (region === null || slots === null) return null;
    let found = 0;
    for (const slot of slots) {
      const frame = region.zero + slot;
      if (frame > mxFrame || frame < minFrame) continue;
      if (region.pages[(slot - 1) % HASH_PAGES] === pgno) found = frame;
    }
    if (found !== 0) return found;
  }
  return 0;
}

/** The page number that the wal-index has for a frame; null if the file does not hold its region. */
export function pageOfFrame(bytes: Uint8Array, shm: Shm, frame: number): number | null {
  const region = readRegion(bytes, shm, regionOf(frame));
  return region?.pages[frame - region.zero - 1] ?? null;
}
