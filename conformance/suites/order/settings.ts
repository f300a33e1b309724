/** Settings of the cases: journal modes, synchronous levels and devices, by name. */

import {
  PAGER_CACHESPILL,
  PAGER_FULLFSYNC,
  PAGER_JOURNALMODE_DELETE,
  PAGER_JOURNALMODE_MEMORY,
  PAGER_JOURNALMODE_OFF,
  PAGER_JOURNALMODE_PERSIST,
  PAGER_JOURNALMODE_TRUNCATE,
  PAGER_SYNCHRONOUS_EXTRA,
  PAGER_SYNCHRONOUS_FULL,
  PAGER_SYNCHRONOUS_NORMAL,
  PAGER_SYNCHRONOUS_OFF,
  SQLITE_IOCAP_ATOMIC,
  SQLITE_IOCAP_ATOMIC1K,
  SQLITE_IOCAP_ATOMIC4K,
  SQLITE_IOCAP_ATOMIC512,
  SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  SQLITE_IOCAP_SAFE_APPEND,
  SQLITE_IOCAP_SEQUENTIAL,
  SQLITE_IOCAP_SUBPAGE_READ,
} from "../../../src/index.js";
import type { JournalMode, SyncLevel } from "../../core/order/rules.js";

export const JOURNALS: readonly JournalMode[] = ["DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF"];
/** The modes whose journal is a file. */
export const FILE_JOURNALS: readonly JournalMode[] = ["DELETE", "TRUNCATE", "PERSIST"];
export const SYNCS: readonly SyncLevel[] = ["OFF", "NORMAL", "FULL", "EXTRA"];

/** For sqlite3PagerSetJournalMode. */
export const journalModes: Readonly<Record<JournalMode, number>> = {
  DELETE: PAGER_JOURNALMODE_DELETE,
  TRUNCATE: PAGER_JOURNALMODE_TRUNCATE,
  PERSIST: PAGER_JOURNALMODE_PERSIST,
  MEMORY: PAGER_JOURNALMODE_MEMORY,
  OFF: PAGER_JOURNALMODE_OFF,
};

const levels: Readonly<Record<SyncLevel, number>> = {
  OFF: PAGER_SYNCHRONOUS_OFF,
  NORMAL: PAGER_SYNCHRONOUS_NORMAL,
  FULL: PAGER_SYNCHRONOUS_FULL,
  EXTRA: PAGER_SYNCHRONOUS_EXTRA,
};

/** For sqlite3PagerSetFlags. */
export function pagerFlags(sync: SyncLevel, fullfsync = false): number {
  return levels[sync] | PAGER_CACHESPILL | (fullfsync ? PAGER_FULLFSYNC : 0);
}

/** What a device claims. */
export interface Device {
  name: string;
  sectorSize: number;
  characteristics: number;
}

/** As the Unix VFS describes it. */
export const PLAIN: Device = {
  name: "plain device",
  sectorSize: 4096,
  characteristics: SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_SUBPAGE_READ,
};

const device = (name: string, sectorSize: number, characteristics: number): Device => ({
  name,
  sectorSize,
  characteristics,
});

/** Sector sizes that count, because overwrites are not safe. */
export const SECTORS: readonly Device[] = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536].map((size) =>
  device(`sector size ${size}`, size, 0),
);

/** What devices can promise, alone and together. */
export const PROMISES: readonly Device[] = [
  device("safe append", 512, SQLITE_IOCAP_SAFE_APPEND),
  device("sequential", 512, SQLITE_IOCAP_SEQUENTIAL),
  device("safe append, sequential", 4096, SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL),
  device("safe append, powersafe", 4096, SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_POWERSAFE_OVERWRITE),
  device("sequential, powersafe", 4096, SQLITE_IOCAP_SEQUENTIAL | SQLITE_IOCAP_POWERSAFE_OVERWRITE),
  device("safe append, large sector", 16384, SQLITE_IOCAP_SAFE_APPEND),
  device("sequential, large sector", 16384, SQLITE_IOCAP_SEQUENTIAL),
  device("atomic", 512, SQLITE_IOCAP_ATOMIC),
  device("atomic 512", 512, SQLITE_IOCAP_ATOMIC512),
  device("atomic 1K", 512, SQLITE_IOCAP_ATOMIC1K),
  device("atomic 4K", 4096, SQLITE_IOCAP_ATOMIC4K),
];

/** All devices. */
export const DEVICES: readonly Device[] = [PLAIN, ...SECTORS, ...PROMISES];

/** The size that journal headers are padded to on this device. */
export function headerSize(d: Device): number {
  return d.characteristics & SQLITE_IOCAP_POWERSAFE_OVERWRITE
    ? 512
    : Math.min(Math.max(d.sectorSize, 32), 65536);
}
