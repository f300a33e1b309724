/** The cases of same-calls.ts. */

import type { Case } from "../../core/case.js";
import type { JournalMode, SyncLevel } from "../../core/order/rules.js";
import { type PlayScript, playScripts, superScripts } from "./plays.js";
import { type Play, runPlay } from "./same-calls.js";
import {
  DEVICES,
  type Device,
  FILE_JOURNALS,
  headerSize,
  JOURNALS,
  PLAIN,
  PROMISES,
  SECTORS,
  SYNCS,
} from "./settings.js";

/** What else is in play. */
interface Extra {
  name: string;
  cache: number;
  exclusive?: boolean;
  fullfsync?: boolean;
  journalSizeLimit?: number;
}

const EXTRAS: readonly Extra[] = [
  { name: "no spill", cache: 0 },
  { name: "spills", cache: 8 },
  { name: "exclusive mode", cache: 0, exclusive: true },
  { name: "exclusive mode, spills", cache: 8, exclusive: true },
  { name: "fullfsync", cache: 8, fullfsync: true },
  { name: "journal size limit 0", cache: 0, journalSizeLimit: 0 },
  { name: "journal size limit 3000, exclusive mode", cache: 0, journalSizeLimit: 3000, exclusive: true },
];

/**
 * On sectors larger than a page a spill may happen while the pager journals a sector page by page; the
 * port, which is told of whole operations, cannot be made to spill there. rule-cases.ts has those.
 */
function fits(s: PlayScript, extra: Extra, journal: JournalMode, device: Device, pageSize: number): boolean {
  if (extra.cache > 0 && (s.noSpill || headerSize(device) > pageSize)) return false;
  return !(s.needsJournal && !FILE_JOURNALS.includes(journal));
}

function playCase(
  s: PlayScript,
  pageSize: number,
  journal: JournalMode,
  sync: SyncLevel,
  device: Device,
  extra: Extra,
  fullOnly: boolean,
): Case {
  const play: Play = {
    pageSize,
    journal,
    sync,
    device,
    cache: extra.cache,
    setup: s.setup,
    transactions: s.transactions,
    attached: s.attached ?? false,
    exclusive: extra.exclusive ?? false,
    fullfsync: extra.fullfsync ?? false,
    ...(extra.journalSizeLimit === undefined ? {} : { journalSizeLimit: extra.journalSizeLimit }),
  };
  return {
    name: `same calls: ${s.name}, page size ${pageSize}: ${journal}, synchronous ${sync}, ${device.name}, ${extra.name}`,
    fullOnly,
    run: (ctx) => runPlay(ctx, play),
  };
}

/** The cases. */
export function sameCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  const share = (every: number): boolean => turn++ % every !== 0;
  for (const pageSize of [512, 1024, 4096]) {
    for (const s of playScripts(pageSize)) {
      for (const journal of JOURNALS) {
        for (const sync of SYNCS) {
          for (const extra of EXTRAS) {
            if (!fits(s, extra, journal, PLAIN, pageSize)) continue;
            list.push(playCase(s, pageSize, journal, sync, PLAIN, extra, share(37)));
          }
        }
      }
    }
  }
  for (const device of [...SECTORS, ...PROMISES]) {
    for (const [i, s] of playScripts(1024).entries()) {
      for (const journal of FILE_JOURNALS) {
        for (const [k, sync] of (["NORMAL", "FULL"] as const).entries()) {
          const extra = EXTRAS[(i + k) % 3] as Extra;
          if (!fits(s, extra, journal, device, 1024)) continue;
          list.push(playCase(s, 1024, journal, sync, device, extra, share(17)));
        }
      }
    }
  }
  for (const device of DEVICES) {
    for (const s of superScripts(1024)) {
      for (const journal of FILE_JOURNALS) {
        for (const sync of SYNCS) {
          for (const extra of EXTRAS.slice(0, 4)) {
            if (!fits(s, extra, journal, device, 1024)) continue;
            list.push(playCase(s, 1024, journal, sync, device, extra, share(41)));
          }
        }
      }
    }
  }
  return list;
}
