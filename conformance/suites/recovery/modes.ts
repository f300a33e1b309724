/** Journal modes and synchronous levels by the names that the pragmas use. */

import {
  PAGER_CACHESPILL,
  PAGER_JOURNALMODE_DELETE,
  PAGER_JOURNALMODE_PERSIST,
  PAGER_JOURNALMODE_TRUNCATE,
  PAGER_SYNCHRONOUS_EXTRA,
  PAGER_SYNCHRONOUS_FULL,
  PAGER_SYNCHRONOUS_NORMAL,
  PAGER_SYNCHRONOUS_OFF,
} from "../../../src/index.js";

/** The modes whose journal survives a crash. */
export const journalModes = {
  DELETE: PAGER_JOURNALMODE_DELETE,
  TRUNCATE: PAGER_JOURNALMODE_TRUNCATE,
  PERSIST: PAGER_JOURNALMODE_PERSIST,
} as const;

/** Flags for sqlite3PagerSetFlags. */
export const syncLevels = {
  OFF: PAGER_SYNCHRONOUS_OFF | PAGER_CACHESPILL,
  NORMAL: PAGER_SYNCHRONOUS_NORMAL | PAGER_CACHESPILL,
  FULL: PAGER_SYNCHRONOUS_FULL | PAGER_CACHESPILL,
  EXTRA: PAGER_SYNCHRONOUS_EXTRA | PAGER_CACHESPILL,
} as const;

export type JournalName = keyof typeof journalModes;
export type SyncName = keyof typeof syncLevels;

export const JOURNALS = Object.keys(journalModes) as JournalName[];
export const SYNCS = Object.keys(syncLevels) as SyncName[];
