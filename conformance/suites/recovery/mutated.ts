/** Altered journals: recovered by real SQLite and by the port to the same bytes and files. */

import { SQLITE_DEBUG } from "../../../src/index.js";
import type { Case, CaseContext } from "../../core/case.js";
import { BASES, type BaseKind, DB, JOURNAL, makeBase } from "./bases.js";
import { withFiles } from "./folder.js";
import { FAMILIES, type Mutation } from "./mutations.js";
import { makeFolder, sameRecovery } from "./recover.js";

/* So many of a family in the default run. */
const SHARE = 32;

function share(ctx: CaseContext, all: Mutation[]): Mutation[] {
  if (ctx.full || all.length <= SHARE) return all;
  const chosen: Mutation[] = [];
  for (let i = 0; i < SHARE; i++) {
    const from = Math.floor((i * all.length) / SHARE);
    const to = Math.floor(((i + 1) * all.length) / SHARE) - 1;
    chosen.push(all[ctx.random.between(from, to)] as Mutation);
  }
  return chosen;
}

async function run(ctx: CaseContext, kind: BaseKind, family: string): Promise<void> {
  const folder = makeFolder(ctx, "crash");
  const base = await makeBase(ctx, kind, folder);
  const all = FAMILIES[family]?.({ ...base, random: ctx.random }) ?? [];
  for (const m of share(ctx, all)) {
    if (SQLITE_DEBUG && m.violatesAssert) continue;
    const crashed = withFiles(base.crashed, {
      [JOURNAL]: m.journal,
      ...(m.database === undefined ? {} : { [DB]: m.database }),
    });
    await sameRecovery(ctx, m.name, crashed, { folder, databases: [DB] });
  }
}

/** The cases. */
export function mutatedCases(): Case[] {
  const list: Case[] = [];
  for (const [i, kind] of BASES.entries()) {
    for (const [k, family] of Object.keys(FAMILIES).entries()) {
      list.push({
        name: `altered journal: ${kind.name}: ${family}`,
        fullOnly: i > 1 && (i + k) % 3 !== 0,
        timeoutSeconds: 300,
        run: (ctx) => run(ctx, kind, family),
      });
    }
  }
  return list;
}
