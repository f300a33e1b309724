/**
 * The rollback journal's own bytes: an open transaction's journal, read by the parent after commit
 * phase one, against an encoder that knows nothing but the file format.
 *
 * Every byte counts: headers and their padding, record counts, nonces (chosen through the port's
 * queue of random bytes), page originals, checksums, the super-journal record.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  PAGER_CACHESPILL,
  PAGER_JOURNALMODE_DELETE,
  PAGER_SYNCHRONOUS_FULL,
  PAGER_SYNCHRONOUS_NORMAL,
  PAGER_SYNCHRONOUS_OFF,
} from "../../../src/index.js";
import type { Case, CaseContext } from "../../core/case.js";
import type { Step } from "../../engines/program.js";
import {
  encodeJournal,
  encodeSuperRecord,
  lockPage,
  type SegmentParts,
} from "../../format/journal-encode.js";
import { PAGE_SIZES } from "./scenarios.js";

const syncLevels = {
  OFF: PAGER_SYNCHRONOUS_OFF,
  NORMAL: PAGER_SYNCHRONOUS_NORMAL,
  FULL: PAGER_SYNCHRONOUS_FULL,
} as const;

type SyncName = keyof typeof syncLevels;

/* What the Unix VFS with SQLITE_IOCAP_POWERSAFE_OVERWRITE makes the pager assume. */
const SECTOR = 512;

/** Pages written between one flush of the cache and the next; page 1 comes last, at the commit. */
const groups: readonly (readonly number[])[] = [
  [5, 3, 9],
  [2, 10, 7, 4],
  [12, 6],
];

async function run(
  ctx: CaseContext,
  pageSize: number,
  sync: SyncName,
  segmented: boolean,
  withSuper: boolean,
): Promise<void> {
  const path = join(ctx.dir, "a.db");
  const real = await ctx.real();
  await real.open("r", path);
  await real.exec("r", `PRAGMA page_size=${pageSize}; CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)`);
  await real.exec(
    "r",
    `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<14)
     INSERT INTO t SELECT i, zeroblob(${Math.floor(pageSize * 0.85)}) FROM c`,
  );
  await real.close("r");
  const before = new Uint8Array(readFileSync(path));
  const initialPages = before.length / pageSize;
  const original = (pgno: number): Uint8Array => before.slice((pgno - 1) * pageSize, pgno * pageSize);

  const nonceBytes = ctx.random.bytes(4 * (groups.length + 1));
  const view = new DataView(nonceBytes.buffer);
  const superName = join(ctx.dir, "süper-mj0123");
  /* While the super-journal is there, the transaction it names has not been committed. */
  if (withSuper) writeFileSync(superName, `${path}-journal\0`);
  const port = await ctx.port();
  const pager = "j";
  const steps: Step[] = [
    { do: "open", pager, path },
    { do: "flags", pager, value: syncLevels[sync] | PAGER_CACHESPILL },
    { do: "journalMode", pager, mode: PAGER_JOURNALMODE_DELETE },
    { do: "begin", pager },
  ];
  await port.queueRandomness(nonceBytes);
  for (const group of groups) {
    for (const page of group)
      steps.push({ do: "write", pager, page, data: ctx.random.bytes(64), offset: 128 });
    if (segmented) steps.push({ do: "flush", pager });
  }
  steps.push({ do: "commitOne", pager, ...(withSuper ? { superJournal: superName } : {}) });
  await port.run(...steps);
  const actual = new Uint8Array(readFileSync(`${path}-journal`));
  await port.run({ do: "rollback", pager }, { do: "close", pager });

  /* Without syncs the cache is written without closing the segment, and the count stays open. */
  const lists = segmented && sync !== "OFF" ? [...groups, []] : [groups.flat()];
  lists[lists.length - 1] = [...(lists[lists.length - 1] as number[]), 1];
  const segments: SegmentParts[] = lists.map((pages, i) => ({
    nonce: view.getUint32(4 * i, true),
    records: pages.map((pgno) => ({ pgno, page: original(pgno) })),
    ...(sync === "OFF" ? { nRec: 0xffffffff } : {}),
  }));
  let expected = encodeJournal({ sectorSize: SECTOR, pageSize, initialPages, segments });
  if (withSuper) {
    /* With full synchronisation the record has a sector of its own. */
    const gap = sync === "FULL" ? (SECTOR - (expected.length % SECTOR)) % SECTOR : 0;
    const record = encodeSuperRecord({ name: Buffer.from(superName, "utf8"), pgno: lockPage(pageSize) });
    expected = Uint8Array.from(Buffer.concat([expected, new Uint8Array(gap), record]));
  }
  ctx.check.bytes("the journal after commit phase one", "journal", actual, expected);
  ctx.check.bytes("the database after rolling back", "database", readFileSync(path), before);
}

/** The cases. */
export function journalByteCases(): Case[] {
  const list: Case[] = [];
  for (const pageSize of PAGE_SIZES) {
    for (const sync of Object.keys(syncLevels) as SyncName[]) {
      for (const segmented of [false, true]) {
        for (const withSuper of [false, true]) {
          list.push({
            name: `journal bytes, page size ${pageSize}: synchronous ${sync}, ${segmented ? "four segments" : "one segment"}${withSuper ? ", super-journal" : ""}`,
            run: (ctx) => run(ctx, pageSize, sync, segmented, withSuper),
          });
        }
      }
    }
  }
  return list;
}
