/**
 * Which workload runs under which settings.
 *
 * Rows of an orthogonal array over a prime: row (i, j) gives factor k the level (k*i + j) mod p, and
 * workload i. Over all rows every level of a factor meets every level of every other factor and every
 * workload; a share with a few values of j still has every workload, each time with other settings.
 */

import { DEFAULTS, DEVICES, type Settings, settingsText } from "./settings.js";
import type { Workload } from "./workloads/index.js";

/** Levels; one that stands there twice is taken twice as often. */
interface Levels {
  pageSize: readonly number[];
  journal: readonly Settings["journal"][];
  sync: readonly Settings["sync"][];
  autoVacuum: readonly Settings["autoVacuum"][];
  cache: readonly Settings["cache"][];
  exclusive: readonly boolean[];
  /** In bytes. */
  mmap: readonly number[];
  tempStore: readonly Settings["tempStore"][];
  sizeLimit: readonly Settings["sizeLimit"][];
  device: readonly Settings["device"][];
  movedPendingByte: readonly boolean[];
  secureDelete: readonly Settings["secureDelete"][];
  cacheSpill: readonly Settings["cacheSpill"][];
  fullfsync: readonly boolean[];
  autoCheckpoint?: readonly (number | undefined)[];
}

/** All levels. */
export const LEVELS: Levels = {
  pageSize: [1024, 512, 4096, 2048, 1024, 512, 8192, 4096, 1024, 16384, 65536, 32768],
  journal: ["DELETE", "PERSIST", "TRUNCATE", "MEMORY", "DELETE", "TRUNCATE", "PERSIST", "OFF"],
  sync: ["FULL", "NORMAL", "EXTRA", "OFF", "FULL"],
  autoVacuum: ["NONE", "FULL", "NONE", "INCREMENTAL"],
  cache: [10, null, 5, 24, 8],
  exclusive: [false, false, true],
  mmap: [0, 0, 30000, 1 << 22],
  tempStore: ["DEFAULT", "FILE", "MEMORY"],
  sizeLimit: [null, null, 0, 1500],
  device: DEVICES,
  movedPendingByte: [false, false, true],
  secureDelete: ["OFF", "OFF", "ON", "FAST"],
  cacheSpill: [null, null, null, "OFF", 4],
  fullfsync: [false, false, false, true],
};

/** The levels for looking at journals: those that are files come first and most often. */
export const JOURNAL_LEVELS: Levels = {
  ...LEVELS,
  journal: ["DELETE", "PERSIST", "TRUNCATE", "PERSIST", "TRUNCATE", "DELETE", "MEMORY"],
};

/** The levels for the write-ahead log. Checkpoints come seldom enough for a script to make its own. */
export const WAL_LEVELS: Levels = {
  ...LEVELS,
  journal: ["WAL"],
  sync: ["FULL", "NORMAL", "NORMAL", "EXTRA", "OFF", "FULL"],
  exclusive: [false, false, false, true],
  sizeLimit: [null, null, 0, 3000, 40000],
  autoCheckpoint: [undefined, 6, undefined, 0, 25],
};

/** A byte within the databases of the workloads, never on page 1 of any. */
function movedPendingByte(pageSize: number): number {
  return pageSize <= 4096 ? 16384 : 65536;
}

/** A workload under settings. */
export interface Entry {
  /** Stable: made of the workload and of what is set. */
  name: string;
  workload: Workload;
  settings: Settings;
  /** Not in the default share. */
  fullOnly: boolean;
}

function smallestPrime(from: number): number {
  for (let n = from; ; n++) {
    let isPrime = n > 1;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) isPrime = false;
    if (isPrime) return n;
  }
}

/** The settings of row (i, j). */
function settingsOf(levels: Levels, p: number, i: number, j: number): Settings {
  let k = 0;
  const pick = <T>(list: readonly T[]): T => list[((++k * i + j) % p) % list.length] as T;
  const pageSize = pick(levels.pageSize);
  return {
    pageSize,
    journal: pick(levels.journal),
    sync: pick(levels.sync),
    autoVacuum: pick(levels.autoVacuum),
    cache: pick(levels.cache),
    exclusive: pick(levels.exclusive),
    mmap: pick(levels.mmap),
    tempStore: pick(levels.tempStore),
    sizeLimit: pick(levels.sizeLimit),
    device: pick(levels.device),
    pendingByte: pick(levels.movedPendingByte) ? movedPendingByte(pageSize) : null,
    secureDelete: pick(levels.secureDelete),
    cacheSpill: pick(levels.cacheSpill),
    fullfsync: pick(levels.fullfsync),
    ...(levels.autoCheckpoint === undefined ? {} : { autoCheckpoint: pick(levels.autoCheckpoint) }),
  };
}

/** What a workload cannot do without, and what it cannot do with. */
function fitted(w: Workload, s: Settings): Settings {
  const fit = { ...s, ...w.settings };
  if (w.needsJournal && fit.journal === "OFF") fit.journal = "MEMORY";
  return fit;
}

/** Settings under which each workload runs whatever the matrix is: their names can be relied on. */
const USUAL: readonly Settings[] = [
  { ...DEFAULTS, cache: 10 },
  {
    ...DEFAULTS,
    cache: 10,
    device: DEVICES.find((d) => d.name === "sector size 4096") as Settings["device"],
  },
];

/**
 * All rows, and each workload under usual settings.
 *
 * @param share the values of j that belong to the default share
 * @param usualSettings those that every workload meets
 */
export function matrix(
  workloads: readonly Workload[],
  levels: Levels,
  share: readonly number[],
  usualSettings: readonly Settings[] = USUAL,
): Entry[] {
  const p = smallestPrime(Math.max(workloads.length, 41));
  const names = new Map<string, Entry>();
  for (const [i, workload] of workloads.entries()) {
    for (let j = 0; j < p; j++) {
      const settings = fitted(workload, settingsOf(levels, p, i, j));
      const name = `${workload.name}: ${settingsText(settings)}`;
      const fullOnly = !share.includes(j);
      const same = names.get(name);
      if (same !== undefined) same.fullOnly &&= fullOnly;
      else names.set(name, { name, workload, settings, fullOnly });
    }
    for (const usual of usualSettings) {
      const settings = fitted(workload, usual);
      const name = `${workload.name}: ${settingsText(settings)}`;
      if (!names.has(name)) names.set(name, { name, workload, settings, fullOnly: true });
    }
  }
  return [...names.values()];
}
