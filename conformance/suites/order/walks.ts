/** How the port walks from one image to the next. */

import { PAGER_LOCKINGMODE_EXCLUSIVE } from "../../../src/index.js";
import type { JournalMode, OrderSetting, SyncLevel } from "../../core/order/rules.js";
import type { ApplyOptions, Step } from "../../engines/program.js";
import { freelistLeaves } from "../recovery/freelist.js";
import { type Device, journalModes, pagerFlags } from "./settings.js";

/** A way. */
export interface Walk {
  name: string;
  /** Pages in the cache; 0: all of them. */
  cache: number;
  apply: ApplyOptions;
  exclusive?: boolean;
  fullfsync?: boolean;
  journalSizeLimit?: number;
  /** Each transaction is rolled back once before it is committed. */
  rollsBack?: boolean;
  /** Without a journal nothing of it works. */
  needsJournal?: boolean;
}

/** All ways. */
export const WALKS: readonly Walk[] = [
  { name: "plain", cache: 0, apply: {} },
  { name: "spills", cache: 8, apply: { order: "interleaved" } },
  { name: "savepoints", cache: 0, apply: { savepointEvery: 3, order: "descending" } },
  {
    name: "rolled back savepoints",
    cache: 0,
    apply: { scribbleEvery: 3, savepointEvery: 5 },
    needsJournal: true,
  },
  {
    name: "spills and rolled back savepoints",
    cache: 6,
    apply: { scribbleEvery: 3, savepointEvery: 7, order: "interleaved" },
    needsJournal: true,
  },
  { name: "rollbacks", cache: 0, apply: {}, rollsBack: true, needsJournal: true },
  { name: "rollbacks after spills", cache: 7, apply: {}, rollsBack: true, needsJournal: true },
  { name: "exclusive mode", cache: 0, apply: {}, exclusive: true },
  {
    name: "exclusive mode, spills, rollbacks",
    cache: 7,
    apply: { order: "descending" },
    exclusive: true,
    rollsBack: true,
    needsJournal: true,
  },
  { name: "fullfsync and spills", cache: 8, apply: {}, fullfsync: true },
  { name: "journal size limit 0", cache: 0, apply: {}, journalSizeLimit: 0 },
  { name: "journal size limit 2000, spills", cache: 8, apply: {}, journalSizeLimit: 2000 },
  { name: "BEGIN EXCLUSIVE", cache: 0, apply: { exclusive: true } },
];

/** Everything that one run depends on. */
export interface Run {
  pageSize: number;
  journal: JournalMode;
  sync: SyncLevel;
  device: Device;
  walk: Walk;
  /** The port was built to do without a journal where the device's atomic writes allow it. */
  atomic?: "page" | "batch";
}

/** In the rules' terms. */
export function settingOf(run: Run): OrderSetting {
  const { walk } = run;
  return {
    journal: run.journal,
    sync: run.sync,
    fullfsync: walk.fullfsync ?? false,
    exclusive: walk.exclusive ?? false,
    sectorSize: run.device.sectorSize,
    characteristics: run.device.characteristics,
    pageSize: run.pageSize,
    freePages: freelistLeaves,
    ...(run.atomic === undefined ? {} : { atomic: run.atomic }),
    ...(walk.journalSizeLimit === undefined ? {} : { journalSizeLimit: walk.journalSizeLimit }),
  };
}

/** Steps that open a pager on `vfs` and set it up. */
export function openRun(run: Run, pager: string, path: string, vfs: string): Step[] {
  const { walk } = run;
  const steps: Step[] = [
    { do: "open", pager, path, vfs, pageSize: run.pageSize },
    { do: "flags", pager, value: pagerFlags(run.sync, walk.fullfsync) },
    { do: "journalMode", pager, mode: journalModes[run.journal] },
  ];
  if (walk.cache > 0) {
    steps.push({ do: "cacheSize", pager, pages: walk.cache }, { do: "spillSize", pager, pages: walk.cache });
  }
  if (walk.exclusive) steps.push({ do: "lockingMode", pager, mode: PAGER_LOCKINGMODE_EXCLUSIVE });
  if (walk.journalSizeLimit !== undefined) {
    steps.push({ do: "journalSizeLimit", pager, bytes: walk.journalSizeLimit });
  }
  return steps;
}

/** "DELETE, synchronous FULL, sector size 512, spills". */
export function runName(run: Run): string {
  return `page size ${run.pageSize}: ${run.journal}, synchronous ${run.sync}, ${run.device.name}, ${run.walk.name}`;
}
