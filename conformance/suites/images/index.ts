/**
 * images: real SQLite runs SQL, the port repeats each transaction page by page on a file of its own.
 *
 * After every commit the two files are equal byte for byte, change counter included: the port is fed
 * the pages as they were before the pager's own bookkeeping (bytes 24 to 27 and 92 to 99 of page 1).
 * After every rollback the port's file is what it was before.
 */

import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  PAGER_CACHESPILL,
  PAGER_FULLFSYNC,
  PAGER_JOURNALMODE_DELETE,
  PAGER_JOURNALMODE_MEMORY,
  PAGER_JOURNALMODE_OFF,
  PAGER_JOURNALMODE_PERSIST,
  PAGER_JOURNALMODE_TRUNCATE,
  PAGER_LOCKINGMODE_EXCLUSIVE,
  PAGER_SYNCHRONOUS_EXTRA,
  PAGER_SYNCHRONOUS_FULL,
  PAGER_SYNCHRONOUS_NORMAL,
  PAGER_SYNCHRONOUS_OFF,
} from "../../../src/index.js";
import type { Case, CaseContext, Suite } from "../../core/case.js";
import type { ApplyOptions, Step } from "../../engines/program.js";
import { journalByteCases } from "./journal-bytes.js";
import { emptyDatabase } from "./prepare.js";
import { PAGE_SIZES, type Scenario, scenarios } from "./scenarios.js";
import { sparseCase } from "./sparse.js";

const journalModes = {
  DELETE: PAGER_JOURNALMODE_DELETE,
  TRUNCATE: PAGER_JOURNALMODE_TRUNCATE,
  PERSIST: PAGER_JOURNALMODE_PERSIST,
  MEMORY: PAGER_JOURNALMODE_MEMORY,
  OFF: PAGER_JOURNALMODE_OFF,
} as const;

const syncLevels = {
  OFF: PAGER_SYNCHRONOUS_OFF,
  NORMAL: PAGER_SYNCHRONOUS_NORMAL,
  FULL: PAGER_SYNCHRONOUS_FULL,
  EXTRA: PAGER_SYNCHRONOUS_EXTRA,
  "FULL with fullfsync": PAGER_SYNCHRONOUS_FULL | PAGER_FULLFSYNC,
} as const;

type JournalName = keyof typeof journalModes;
type SyncName = keyof typeof syncLevels;

/** What else is in play while a transaction runs. */
interface Variant {
  name: string;
  /** Steps after the pager has been opened. */
  setup: (pager: string) => Step[];
  apply: ApplyOptions;
  /** Real SQLite runs in exclusive mode too: there the change counter moves once per lock. */
  exclusive?: boolean;
  /** Needs a journal to roll back with. */
  needsJournal?: boolean;
}

const variants: readonly Variant[] = [
  { name: "plain", setup: () => [], apply: {} },
  { name: "descending", setup: () => [], apply: { order: "descending" } },
  { name: "savepoints", setup: () => [], apply: { savepointEvery: 5 } },
  {
    name: "rolled back savepoints",
    setup: () => [],
    apply: { scribbleEvery: 4, savepointEvery: 9, order: "interleaved" },
    needsJournal: true,
  },
  {
    name: "spill",
    setup: (pager) => [
      { do: "cacheSize", pager, pages: 8 },
      { do: "spillSize", pager, pages: 8 },
    ],
    apply: { order: "interleaved" },
  },
  {
    name: "spill and rolled back savepoints",
    setup: (pager) => [
      { do: "cacheSize", pager, pages: 6 },
      { do: "spillSize", pager, pages: 6 },
    ],
    apply: { scribbleEvery: 3, savepointEvery: 7 },
    needsJournal: true,
  },
  { name: "mmap", setup: (pager) => [{ do: "mmapLimit", pager, bytes: 1 << 20 }], apply: {} },
  {
    name: "exclusive mode",
    setup: (pager) => [{ do: "lockingMode", pager, mode: PAGER_LOCKINGMODE_EXCLUSIVE }],
    apply: {},
    exclusive: true,
  },
];

/** Runs the scenario on real SQLite; writes the file's image after each transaction. */
async function makeImages(
  ctx: CaseContext,
  s: Scenario,
  pageSize: number,
  exclusive: boolean,
): Promise<string[]> {
  const real = await ctx.real();
  const path = join(ctx.dir, "real.db");
  if (s.reserve !== undefined) writeFileSync(path, emptyDatabase(pageSize, s.reserve));
  await real.open("images", path);
  /* Speed only: neither pragma changes a byte of the database. */
  await real.exec(
    "images",
    `PRAGMA page_size=${pageSize}; PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY`,
  );
  for (const statement of s.setup) await real.exec("images", statement);
  if (exclusive) await real.exec("images", "PRAGMA locking_mode=EXCLUSIVE");
  const images: string[] = [];
  for (const [i, sql] of s.transactions.entries()) {
    await real.exec("images", sql);
    const image = join(ctx.dir, `image-${i}.db`);
    copyFileSync(path, image);
    images.push(image);
  }
  await real.close("images");
  return images;
}

/** What the journal mode leaves beside the database after a commit. */
function checkLeftovers(
  ctx: CaseContext,
  path: string,
  journal: JournalName,
  exclusive: boolean,
  what: string,
): void {
  const file = `${path}-journal`;
  const there = existsSync(file);
  switch (journal) {
    case "MEMORY":
    case "OFF":
      ctx.check.ok(`${what}: there is no journal`, !there);
      break;
    case "DELETE":
      /* In exclusive mode the journal stays, its header zeroed or its length 0. */
      if (!exclusive) ctx.check.ok(`${what}: the journal is deleted`, !there);
      else if (there) ctx.check.equal(`${what}: the journal holds nothing`, liveHeader(file), false);
      break;
    case "TRUNCATE":
      if (there) ctx.check.equal(`${what}: the journal is truncated`, statSync(file).size, 0);
      break;
    case "PERSIST":
      if (there) ctx.check.equal(`${what}: the journal's header is zeroed`, liveHeader(file), false);
      break;
  }
}

function liveHeader(file: string): boolean {
  return readFileSync(file)
    .subarray(0, 28)
    .some((b) => b !== 0);
}

async function runImages(
  ctx: CaseContext,
  s: Scenario,
  pageSize: number,
  journal: JournalName,
  sync: SyncName,
  variant: Variant,
): Promise<void> {
  const images = await makeImages(ctx, s, pageSize, variant.exclusive ?? false);
  const port = await ctx.port();
  const path = join(ctx.dir, "port.db");
  if (s.reserve !== undefined) writeFileSync(path, emptyDatabase(pageSize, s.reserve));
  const pager = "images";
  await port.run(
    { do: "open", pager, path, pageSize },
    { do: "flags", pager, value: syncLevels[sync] | PAGER_CACHESPILL },
    { do: "journalMode", pager, mode: journalModes[journal] },
    ...variant.setup(pager),
  );
  for (const [i, image] of images.entries()) {
    const what = `transaction ${i + 1}`;
    /* A rollback makes the next commit count again; in exclusive mode real SQLite had none to make up for. */
    if (journal !== "OFF" && !variant.exclusive) {
      const before = existsSync(path) ? readFileSync(path) : new Uint8Array(0);
      await port.run({ do: "apply", pager, image, ...variant.apply, end: "rollback" });
      ctx.check.bytes(`${what} rolled back`, "database", readFileSync(path), before);
    }
    await port.run({ do: "apply", pager, image, ...variant.apply });
    ctx.check.files(`${what} committed`, "database", path, image);
    checkLeftovers(ctx, path, journal, variant.exclusive ?? false, what);
  }
  await port.run({ do: "close", pager });
  ctx.check.files("after closing", "database", path, images[images.length - 1] as string);
  ctx.check.equal("integrity_check", await (await ctx.real()).integrityCheck(path), "ok");
}

function cases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  for (const s of scenarios) {
    for (const pageSize of s.pageSizes ?? PAGE_SIZES) {
      for (const journal of Object.keys(journalModes) as JournalName[]) {
        for (const sync of Object.keys(syncLevels) as SyncName[]) {
          for (const variant of variants) {
            if (journal === "OFF" && variant.needsJournal) continue;
            /* The default share takes every 23rd combination, a number prime to the length of each list. */
            const fullOnly = turn++ % 23 !== 0;
            list.push({
              name: `${s.name}, page size ${pageSize}: ${journal}, synchronous ${sync}, ${variant.name}`,
              fullOnly,
              run: (ctx) => runImages(ctx, s, pageSize, journal, sync, variant),
            });
          }
        }
      }
    }
  }
  return [...list, ...journalByteCases(), sparseCase];
}

/** The suite. */
export const images: Suite = {
  name: "images",
  about: "the same transactions give the same database bytes, and a rollback leaves none",
  cases,
};
