/**
 * Recovery by one engine or the other, and the comparison of what they leave.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  PAGER_LOCKINGMODE_EXCLUSIVE,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_MAIN_DB,
  SQLITE_OPEN_READONLY,
  SQLITE_OPEN_READWRITE,
  sqlite3ErrName,
} from "../../../src/index.js";
import type { CaseContext } from "../../core/case.js";
import { ChildError } from "../../engines/child.js";
import type { Step } from "../../engines/program.js";
import { compareSnapshots, fileOf, restore, type Snapshot, takeSnapshot } from "./folder.js";

/** Who opens what. */
export interface Opening {
  /** The folder that holds everything. */
  folder: string;
  /** Names of the databases, in the order in which they are opened, read and closed. */
  databases: readonly string[];
  readonly?: boolean;
  /** In exclusive locking mode. */
  exclusive?: boolean;
}

/** An empty folder of that name in the case's own. */
export function makeFolder(ctx: CaseContext, name: string): string {
  const folder = join(ctx.dir, name);
  mkdirSync(folder);
  return folder;
}

/** Lets real SQLite open, read and close each database; gives a result code name for each. */
export async function realRecovers(ctx: CaseContext, opening: Opening): Promise<string[]> {
  const real = await ctx.real();
  const codes: string[] = [];
  for (const name of opening.databases) {
    try {
      await real.open("recovery", join(opening.folder, name), { readonly: opening.readonly ?? false });
    } catch (e) {
      if (!(e instanceof ChildError)) throw e;
      codes.push(e.code);
      continue;
    }
    if (opening.exclusive) await real.all("recovery", "PRAGMA locking_mode=EXCLUSIVE");
    /* Needs no schema: the header of page 1 is all that is read. */
    const outcome = await real.attempt("recovery", "PRAGMA schema_version");
    codes.push("code" in outcome ? outcome.code : "SQLITE_OK");
    await real.close("recovery");
  }
  return codes;
}

/** Lets the port open, read and close each database; gives a result code name for each. */
export async function portRecovers(ctx: CaseContext, opening: Opening): Promise<string[]> {
  const port = await ctx.port();
  const codes: string[] = [];
  for (const name of opening.databases) {
    const steps: Step[] = [
      {
        do: "open",
        pager: "recovery",
        path: join(opening.folder, name),
        vfsFlags: opening.readonly
          ? SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB
          : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB,
      },
    ];
    if (opening.exclusive) {
      steps.push({ do: "lockingMode", pager: "recovery", mode: PAGER_LOCKINGMODE_EXCLUSIVE });
    }
    steps.push({ do: "sharedLock", pager: "recovery" }, { do: "read", pager: "recovery", page: 1 });
    const results = await port.attempt(...steps);
    codes.push(sqlite3ErrName(results[results.length - 1]?.rc ?? 0));
    await port.reset();
  }
  return codes;
}

/**
 * What the layer above the pager says about a database whose pager is content: real SQLite answers
 * with it, the port (which is the pager alone) does not.
 */
function complaintAboveThePager(database: Uint8Array): string {
  if (database.length === 0) return "SQLITE_OK";
  const view = new DataView(database.buffer, database.byteOffset, database.length);
  if (database.length < 100) return "SQLITE_NOTADB";
  const magic = Buffer.from(database.subarray(0, 16)).toString("latin1");
  const pageSize = ((database[16] as number) << 8) | ((database[17] as number) << 16);
  if (
    magic !== "SQLite format 3\0" ||
    (database[19] as number) > 2 ||
    database[21] !== 64 ||
    database[22] !== 32 ||
    database[23] !== 32 ||
    pageSize < 512 ||
    pageSize > 65536 ||
    (pageSize & (pageSize - 1)) !== 0
  ) {
    return "SQLITE_NOTADB";
  }
  const counted = view.getUint32(24) === view.getUint32(92) ? view.getUint32(28) : 0;
  if (counted > Math.ceil(database.length / pageSize)) return "SQLITE_CORRUPT";
  return pageSize - (database[20] as number) < 480 ? "SQLITE_NOTADB" : "SQLITE_OK";
}

/** What one engine made of a folder. */
export interface Recovered {
  codes: string[];
  left: Snapshot;
}

/** Restores the folder, lets real SQLite recover it, and takes what that left. */
export async function realMakes(ctx: CaseContext, crashed: Snapshot, opening: Opening): Promise<Recovered> {
  restore(opening.folder, crashed);
  const codes = await realRecovers(ctx, opening);
  const left = takeSnapshot(opening.folder);
  for (const [i, name] of opening.databases.entries()) {
    const complaint = complaintAboveThePager(fileOf(left, name));
    if (complaint !== "SQLITE_OK" && codes[i] === complaint) codes[i] = "SQLITE_OK";
  }
  return { codes, left };
}

/** As {@link realMakes}, with the port. */
export async function portMakes(ctx: CaseContext, crashed: Snapshot, opening: Opening): Promise<Recovered> {
  restore(opening.folder, crashed);
  const codes = await portRecovers(ctx, opening);
  return { codes, left: takeSnapshot(opening.folder) };
}

/**
 * Both engines recover the same folder in place, one after the other: result codes, the files that
 * remain, their sizes and their bytes are equal.
 *
 * @returns what real SQLite made of it
 */
export async function sameRecovery(
  ctx: CaseContext,
  what: string,
  crashed: Snapshot,
  opening: Opening,
): Promise<Recovered> {
  const expected = await realMakes(ctx, crashed, opening);
  const actual = await portMakes(ctx, crashed, opening);
  ctx.check.equal(`${what}: result codes`, actual.codes, expected.codes);
  compareSnapshots(ctx.check, what, actual.left, expected.left);
  return expected;
}
