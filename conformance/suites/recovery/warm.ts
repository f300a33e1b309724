/**
 * Recovery by a connection that has been open for long: its journal mode, its size limit, and pages in
 * its cache from before another process changed the database, committed, and was then killed.
 */

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, CaseContext } from "../../core/case.js";
import type { Step } from "../../engines/program.js";
import { compareSnapshots, fileOf, restore, type Snapshot, takeSnapshot, withFiles } from "./folder.js";
import { JOURNALS, type JournalName, journalModes, SYNCS, type SyncName, syncLevels } from "./modes.js";
import { hasHotJournal, openWriter } from "./real-writers.js";
import { makeFolder } from "./recover.js";
import { script } from "./scripts.js";

const DB = "a.db";
const PAGE_SIZE = 2048;

/** How the long-lived connection is set up. */
interface Reader {
  journal: JournalName;
  sync: SyncName;
  /** Bytes; -1: none. */
  limit: number;
}

/** The database as the reader first sees it, and what the other process leaves in the end. */
interface Story {
  first: Snapshot;
  crashed: Snapshot;
  /** The database that recovery must give. */
  committed: Uint8Array;
}

/** How far the other process got: database overwritten in part, or only the journal begun. */
type Extent = "spilled" | "not yet spilled";

async function tell(ctx: CaseContext, folder: string, name: string, extent: Extent): Promise<Story> {
  const s = script(name, PAGE_SIZE);
  const writer = await ctx.real(1);
  await openWriter(writer, "writer", join(folder, DB), {
    pageSize: PAGE_SIZE,
    journal: "DELETE",
    sync: "NORMAL",
  });
  for (const statement of s.setup) await writer.exec("writer", statement);
  const first = takeSnapshot(folder);
  await writer.exec("writer", "UPDATE t SET c = c + 1000 WHERE a % 2 = 0; CREATE TABLE later(p, q)");
  const committed = fileOf(takeSnapshot(folder), DB);
  await writer.exec("writer", "BEGIN");
  for (const statement of s.statements) await writer.exec("writer", statement);
  const spilled = takeSnapshot(folder);
  await writer.child.kill();
  ctx.check.ok("the kill left a hot journal", hasHotJournal(spilled));
  if (extent === "spilled") return { first, crashed: spilled, committed };
  /* Before the first sync a header has neither magic nor count, and the database is untouched. */
  const journal = Uint8Array.from(fileOf(spilled, `${DB}-journal`).subarray(0, 512 + PAGE_SIZE + 8));
  journal.fill(0, 0, 12);
  const crashed = withFiles(spilled, { [DB]: committed, [`${DB}-journal`]: journal });
  return { first, crashed, committed };
}

/** Writes the files over those that are open: same inodes, new content. */
function overwrite(folder: string, snapshot: Snapshot): void {
  for (const [name, entry] of snapshot) {
    if (entry instanceof Uint8Array) writeFileSync(join(folder, name), entry);
  }
}

async function run(ctx: CaseContext, name: string, extent: Extent, reader: Reader): Promise<void> {
  const folder = makeFolder(ctx, "crash");
  const path = join(folder, DB);
  const story = await tell(ctx, folder, name, extent);

  restore(folder, story.first);
  const real = await ctx.real();
  await real.open("warm", path);
  await real.exec("warm", `PRAGMA synchronous=${reader.sync}; PRAGMA journal_mode=${reader.journal}`);
  await real.exec("warm", `PRAGMA journal_size_limit=${reader.limit}`);
  await real.all("warm", "SELECT sum(length(b)), count(*) FROM t");
  overwrite(folder, story.crashed);
  const expectedRows = await real.attempt("warm", "SELECT sum(c), count(*) FROM t");
  const expected = takeSnapshot(folder);
  await real.close("warm");
  const expectedAfter = takeSnapshot(folder);

  restore(folder, story.first);
  const port = await ctx.port();
  const pager = "warm";
  await port.run(
    { do: "open", pager, path },
    { do: "flags", pager, value: syncLevels[reader.sync] },
    { do: "journalMode", pager, mode: journalModes[reader.journal] },
    { do: "journalSizeLimit", pager, bytes: reader.limit },
  );
  const readAll = (pages: number): Step[] => {
    /* Page 1 is held: while it is, the lock is kept and the cache stays as it is. */
    const steps: Step[] = [
      { do: "sharedLock", pager },
      { do: "hold", pager, page: 1 },
    ];
    for (let page = 1; page <= pages; page++) steps.push({ do: "read", pager, page });
    return [...steps, { do: "releaseAll", pager }];
  };
  await port.run(...readAll(fileOf(story.first, DB).length / PAGE_SIZE));
  overwrite(folder, story.crashed);
  const results = await port.run(...readAll(story.committed.length / PAGE_SIZE));
  const pages = results.slice(2, -1).map((r) => r.value as Uint8Array);
  ctx.check.bytes(
    "the pages that the port reads",
    "database",
    Uint8Array.from(Buffer.concat(pages)),
    story.committed,
  );
  compareSnapshots(ctx.check, "recovered", takeSnapshot(folder), expected);
  await port.run({ do: "close", pager });
  compareSnapshots(ctx.check, "closed", takeSnapshot(folder), expectedAfter);
  ctx.check.bytes("the database", "database", fileOf(expected, DB), story.committed);
  ctx.check.ok("real SQLite could read", "rows" in expectedRows, JSON.stringify(expectedRows));
  ctx.check.equal(
    "the journal is gone or empty of life",
    existsSync(`${path}-journal`) && hasHotJournal(takeSnapshot(folder)),
    false,
  );
}

/** The cases. */
export function warmCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  for (const extent of ["spilled", "not yet spilled"] as const) {
    for (const name of ["updates", "savepoints"]) {
      for (const journal of JOURNALS) {
        for (const sync of SYNCS) {
          for (const limit of [-1, 0, 1000, 1 << 20]) {
            const words = `${name}, ${extent}, ${journal}, synchronous ${sync}, size limit ${limit}`;
            list.push({
              name: `recovered by an old connection: ${words}`,
              fullOnly: turn++ % 9 !== 0,
              run: (ctx) => run(ctx, name, extent, { journal, sync, limit }),
            });
          }
        }
      }
    }
  }
  return list;
}
