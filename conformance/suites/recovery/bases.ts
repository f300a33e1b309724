/**
 * Genuine hot journals, made by real SQLite and by the port in several ways: what the mutations start
 * from.
 */

import { join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import { parseJournal } from "../../format/journal.js";
import { fileOf, restore, type Snapshot, takeSnapshot } from "./folder.js";
import type { JournalName, SyncName } from "./modes.js";
import { newImage, openSteps } from "./port-writers.js";
import { openWriter, setUp } from "./real-writers.js";
import { script } from "./scripts.js";
import { type Device, realVictim } from "./victims.js";

/** The database's name in every base. */
export const DB = "a.db";
export const JOURNAL = `${DB}-journal`;

/** How a hot journal is made. */
export interface BaseKind {
  name: string;
  by: "real SQLite" | "the port";
  script: string;
  pageSize: number;
  journal: JournalName;
  sync: SyncName;
  /** Pages in the cache; a small one gives several segments. */
  cache: number;
  sectorSize?: number;
}

/** A database and its hot journal. */
export interface Base {
  crashed: Snapshot;
  database: Uint8Array;
  journal: Uint8Array;
}

export const BASES: readonly BaseKind[] = [
  {
    name: "real SQLite's, several segments",
    by: "real SQLite",
    script: "updates",
    pageSize: 1024,
    journal: "DELETE",
    sync: "FULL",
    cache: 5,
  },
  {
    name: "the port's, several segments",
    by: "the port",
    script: "updates",
    pageSize: 1024,
    journal: "DELETE",
    sync: "FULL",
    cache: 5,
  },
  {
    name: "the port's, one segment",
    by: "the port",
    script: "auto_vacuum",
    pageSize: 512,
    journal: "TRUNCATE",
    sync: "NORMAL",
    cache: 0,
  },
  {
    name: "real SQLite's, counted by size",
    by: "real SQLite",
    script: "savepoints",
    pageSize: 512,
    journal: "DELETE",
    sync: "OFF",
    cache: 5,
  },
  {
    name: "the port's, counted by size",
    by: "the port",
    script: "updates",
    pageSize: 2048,
    journal: "DELETE",
    sync: "OFF",
    cache: 5,
  },
  {
    name: "real SQLite's, over an old one",
    by: "real SQLite",
    script: "after several transactions",
    pageSize: 1024,
    journal: "PERSIST",
    sync: "NORMAL",
    cache: 5,
  },
  {
    name: "the port's, over an old one",
    by: "the port",
    script: "after several transactions",
    pageSize: 1024,
    journal: "PERSIST",
    sync: "EXTRA",
    cache: 6,
  },
  {
    name: "real SQLite's, sectors of 4096",
    by: "real SQLite",
    script: "auto_vacuum",
    pageSize: 1024,
    journal: "DELETE",
    sync: "FULL",
    cache: 5,
    sectorSize: 4096,
  },
  {
    name: "the port's, sectors of 4096",
    by: "the port",
    script: "updates",
    pageSize: 512,
    journal: "DELETE",
    sync: "FULL",
    cache: 8,
    sectorSize: 4096,
  },
  {
    name: "the port's, pages of 65536",
    by: "the port",
    script: "after several transactions",
    pageSize: 65536,
    journal: "DELETE",
    sync: "FULL",
    cache: 6,
  },
];

function deviceOf(kind: BaseKind): Device {
  return { name: "", sectorSize: kind.sectorSize ?? -1, characteristics: kind.sectorSize ? 0 : -1 };
}

async function byReal(ctx: CaseContext, kind: BaseKind, folder: string): Promise<void> {
  const s = script(kind.script, kind.pageSize);
  const writer = kind.sectorSize ? await realVictim(ctx, 0, deviceOf(kind)) : await ctx.real(1);
  await openWriter(writer, "base", join(folder, DB), kind);
  await writer.exec("base", `PRAGMA cache_size=${kind.cache}; BEGIN`);
  for (const statement of s.statements) await writer.exec("base", statement);
}

async function byPort(ctx: CaseContext, kind: BaseKind, folder: string): Promise<void> {
  const initial = takeSnapshot(folder);
  const image = await newImage(ctx, folder, script(kind.script, kind.pageSize), kind);
  restore(folder, initial);
  const port = await ctx.port(1);
  await port.device(kind.sectorSize ? { sectorSize: kind.sectorSize, characteristics: 0 } : {});
  await port.run(
    ...openSteps("base", join(folder, DB), kind),
    { do: "apply", pager: "base", image, end: "open", order: "interleaved" },
    { do: "commitOne", pager: "base" },
  );
}

/**
 * Makes one. The transaction is open while the parent copies the files; they are what a kill at that
 * moment leaves. The process is killed in the end, so that it changes nothing any more.
 */
export async function makeBase(ctx: CaseContext, kind: BaseKind, folder: string): Promise<Base> {
  await setUp(ctx, folder, script(kind.script, kind.pageSize), kind);
  if (kind.by === "real SQLite") await byReal(ctx, kind, folder);
  else await byPort(ctx, kind, folder);
  const crashed = takeSnapshot(folder);
  if (kind.by === "real SQLite") await (await ctx.real(kind.sectorSize ? 5 : 1)).reset();
  else await (await ctx.port(1)).reset();
  const journal = fileOf(crashed, JOURNAL);
  const parsed = parseJournal(journal);
  const records = parsed.segments.reduce((sum, s) => sum + s.records.length, 0);
  ctx.check.ok(
    "the base is a hot journal with records",
    parsed.segments[0]?.magicOk === true && records > 3,
    `${parsed.segments.length} segments, ${records} records`,
  );
  ctx.check.equal(
    "the journal has the sector size that was asked for",
    parsed.segments[0]?.sectorSize,
    kind.sectorSize ?? 512,
  );
  return { crashed, database: fileOf(crashed, DB), journal };
}
