/** Hot journals opened in other ways, and things in the journal's place that are not journals. */

import { join } from "node:path";
import type { Case, CaseContext } from "../../core/case.js";
import { encodeSuperRecord, lockPage } from "../../format/journal-encode.js";
import { BASES, type Base, type BaseKind, DB, JOURNAL, makeBase } from "./bases.js";
import { type Entry, type Snapshot, withFiles } from "./folder.js";
import { makeFolder, type Opening, sameRecovery } from "./recover.js";

/** What stands where, made from a genuine crash. */
function scenes(folder: string, base: Base, kind: BaseKind): Record<string, Snapshot> {
  const zeroed = Uint8Array.from(base.journal);
  zeroed.fill(0, 0, 28);
  const missing = encodeSuperRecord({
    name: Buffer.from(join(folder, "a.db-mj000000900")),
    pgno: lockPage(kind.pageSize),
  });
  const journal = (entry: Entry | null, more: Record<string, Entry | null> = {}): Snapshot =>
    withFiles(base.crashed, { [JOURNAL]: entry, ...more });
  return {
    "a hot journal": base.crashed,
    "no journal": journal(null),
    "an empty journal": journal(new Uint8Array(0)),
    "a journal of one byte": journal(Uint8Array.of(0xd9)),
    "a journal with a zeroed header": journal(zeroed),
    "a journal of a missing super-journal": journal(Uint8Array.from([...base.journal, ...missing])),
    "a folder in the journal's place": journal("folder"),
    "a link to a journal": journal({ symlink: join(folder, "elsewhere") }, { elsewhere: base.journal }),
    "a link to nothing": journal({ symlink: join(folder, "nowhere") }),
    "a hot journal, the database is empty": withFiles(base.crashed, { [DB]: new Uint8Array(0) }),
    "a hot journal, there is no database": withFiles(base.crashed, { [DB]: null }),
    "a hot journal, the database is a link": withFiles(base.crashed, {
      [DB]: { symlink: join(folder, "real.db") },
      [JOURNAL]: null,
      "real.db": base.database,
      "real.db-journal": base.journal,
    }),
    "a journal beside a link to the database": withFiles(base.crashed, {
      [DB]: { symlink: join(folder, "real.db") },
      "real.db": base.database,
    }),
  };
}

const WAYS: Readonly<Record<string, Partial<Opening>>> = {
  "read and write": {},
  "read only": { readonly: true },
  "exclusive mode": { exclusive: true },
  twice: { databases: [DB, DB] },
};

async function run(ctx: CaseContext, kind: BaseKind, way: Partial<Opening>): Promise<void> {
  const folder = makeFolder(ctx, "crash");
  const base = await makeBase(ctx, kind, folder);
  for (const [name, crashed] of Object.entries(scenes(folder, base, kind))) {
    const { codes } = await sameRecovery(ctx, name, crashed, { folder, databases: [DB], ...way });
    if (name === "a hot journal") {
      ctx.check.equal(`${name}: the code`, codes[0], way.readonly ? "SQLITE_READONLY_ROLLBACK" : "SQLITE_OK");
    }
  }
}

/** The cases. */
export function openingCases(): Case[] {
  const list: Case[] = [];
  for (const [i, kind] of BASES.entries()) {
    for (const [name, way] of Object.entries(WAYS)) {
      list.push({
        name: `hot journal opened ${name}: ${kind.name}`,
        fullOnly: i > 2,
        run: (ctx) => run(ctx, kind, way),
      });
    }
  }
  return list;
}
