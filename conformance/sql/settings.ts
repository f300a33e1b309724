/** Settings of a play: what PRAGMAs, the device below and the process say before the script begins. */

import {
  SQLITE_IOCAP_ATOMIC,
  SQLITE_IOCAP_ATOMIC4K,
  SQLITE_IOCAP_POWERSAFE_OVERWRITE,
  SQLITE_IOCAP_SAFE_APPEND,
  SQLITE_IOCAP_SEQUENTIAL,
  SQLITE_IOCAP_SUBPAGE_READ,
  SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN,
} from "../../src/index.js";
import type { Step } from "./play.js";

/** What a device claims; null: what the Unix VFS claims. */
export interface Device {
  name: string;
  sectorSize: number | null;
  characteristics: number | null;
}

/** Everything that is set before a script. */
export interface Settings {
  pageSize: number;
  journal: "DELETE" | "TRUNCATE" | "PERSIST" | "MEMORY" | "OFF" | "WAL";
  sync: "OFF" | "NORMAL" | "FULL" | "EXTRA";
  autoVacuum: "NONE" | "FULL" | "INCREMENTAL";
  /** Pages; null: the default size, which no script here fills. */
  cache: number | null;
  exclusive: boolean;
  mmap: number;
  tempStore: "DEFAULT" | "FILE" | "MEMORY";
  /** `PRAGMA journal_size_limit`; null: none. */
  sizeLimit: number | null;
  device: Device;
  /** Where the locking bytes are; null: where they always are. */
  pendingByte: number | null;
  secureDelete: "OFF" | "ON" | "FAST";
  /** `PRAGMA cache_spill`: a number of pages, or off; null: as it is. */
  cacheSpill: "OFF" | number | null;
  fullfsync: boolean;
  /** `PRAGMA wal_autocheckpoint`: a number of frames, 0 for never; left out: as it is. */
  autoCheckpoint?: number | undefined;
}

export const PLAIN: Device = { name: "plain device", sectorSize: null, characteristics: null };

const device = (name: string, sectorSize: number, characteristics: number): Device => ({
  name,
  sectorSize,
  characteristics,
});

/** Devices, ordinary ones first. */
export const DEVICES: readonly Device[] = [
  PLAIN,
  device("sector size 512", 512, 0),
  device("sector size 4096", 4096, 0),
  device("sector size 16384", 16384, 0),
  device("safe append", 512, SQLITE_IOCAP_SAFE_APPEND),
  device("sequential", 512, SQLITE_IOCAP_SEQUENTIAL),
  device("atomic", 512, SQLITE_IOCAP_ATOMIC),
  device("sector size 1024", 1024, 0),
  device("sector size 65536", 65536, 0),
  device("safe append, sequential", 4096, SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL),
  device("safe append, powersafe", 4096, SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_POWERSAFE_OVERWRITE),
  device("sequential, large sector", 8192, SQLITE_IOCAP_SEQUENTIAL),
  device("atomic 4K", 4096, SQLITE_IOCAP_ATOMIC4K | SQLITE_IOCAP_POWERSAFE_OVERWRITE),
  device("undeletable when open", 512, SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN | SQLITE_IOCAP_POWERSAFE_OVERWRITE),
  device("no powersafe, subpage reads", 2048, SQLITE_IOCAP_SUBPAGE_READ),
];

/** The settings that a name does not mention. */
export const DEFAULTS: Settings = {
  pageSize: 1024,
  journal: "DELETE",
  sync: "FULL",
  autoVacuum: "NONE",
  cache: null,
  exclusive: false,
  mmap: 0,
  tempStore: "DEFAULT",
  sizeLimit: null,
  device: PLAIN,
  pendingByte: null,
  secureDelete: "OFF",
  cacheSpill: null,
  fullfsync: false,
};

/** Settings in words: page size, journal mode and synchronous level always, the rest where it is unusual. */
export function settingsText(s: Settings): string {
  const parts = [`page size ${s.pageSize}`, s.journal, `synchronous ${s.sync}`];
  if (s.cache !== null) parts.push(`cache ${s.cache}`);
  if (s.autoVacuum !== "NONE") parts.push(`auto_vacuum ${s.autoVacuum}`);
  if (s.exclusive) parts.push("exclusive");
  if (s.mmap > 0) parts.push(`mmap ${s.mmap}`);
  if (s.tempStore !== "DEFAULT") parts.push(`temp_store ${s.tempStore}`);
  if (s.sizeLimit !== null) parts.push(`journal size limit ${s.sizeLimit}`);
  if (s.device !== PLAIN) parts.push(s.device.name);
  if (s.pendingByte !== null) parts.push(`pending byte ${s.pendingByte}`);
  if (s.secureDelete !== "OFF") parts.push(`secure_delete ${s.secureDelete}`);
  if (s.cacheSpill !== null) parts.push(`cache_spill ${s.cacheSpill}`);
  if (s.fullfsync) parts.push("fullfsync");
  if (s.autoCheckpoint !== undefined) parts.push(`wal_autocheckpoint ${s.autoCheckpoint}`);
  return parts.join(", ");
}

/** The PRAGMAs that apply settings to a schema of a connection. */
export function pragmas(s: Settings, on: number, schema = "main"): Step[] {
  const own = (text: string): Step => ({ do: "sql", on, sql: `PRAGMA ${schema}.${text}` });
  const all = (text: string): Step => ({ do: "sql", on, sql: `PRAGMA ${text}` });
  const steps: Step[] = [own(`page_size=${s.pageSize}`), own(`auto_vacuum=${s.autoVacuum}`)];
  if (s.cache !== null) steps.push(own(`cache_size=${s.cache}`));
  if (schema === "main" && s.cacheSpill !== null) steps.push(own(`cache_spill=${s.cacheSpill}`));
  if (s.exclusive) steps.push(own("locking_mode=EXCLUSIVE"));
  steps.push(own(`mmap_size=${s.mmap}`));
  if (schema === "main" && s.tempStore !== "DEFAULT") steps.push(all(`temp_store=${s.tempStore}`));
  if (s.sizeLimit !== null) steps.push(own(`journal_size_limit=${s.sizeLimit}`));
  steps.push(own(`secure_delete=${s.secureDelete}`), own(`synchronous=${s.sync}`));
  if (schema === "main" && s.fullfsync) steps.push(all("fullfsync=1"));
  if (schema === "main" && s.autoCheckpoint !== undefined) {
    steps.push(all(`wal_autocheckpoint=${s.autoCheckpoint}`));
  }
  steps.push(own(`journal_mode=${s.journal}`));
  return steps;
}
