/** Both engines are given what made.ts makes. */

import type { Case, CaseContext } from "../../core/case.js";
import { groups } from "./made.js";
import { baseOf, type Make } from "./made-base.js";
import { sameRecovery } from "./recover.js";
import { ending, story } from "./stories.js";
import { USES, USUAL, type Use, useFor } from "./uses.js";

async function run(
  ctx: CaseContext,
  group: string,
  name: string,
  pageSize: number,
  only: Use | null,
): Promise<void> {
  const files = await ending(ctx, story(name, pageSize));
  const other = await ending(ctx, story("vacuum", pageSize));
  const base = baseOf(files, other, ctx.random);
  for (const [i, [what, make]] of Object.entries(groups[group] as Record<string, Make>).entries()) {
    const scene = make(base);
    if (only !== null) await sameRecovery(ctx, what, scene, only);
    else {
      await sameRecovery(ctx, what, scene, USUAL);
      await sameRecovery(ctx, what, scene, useFor(1 + (i % (USES.length - 1))));
    }
  }
}

/** The cases. */
export function madeCases(): Case[] {
  const list: Case[] = [];
  for (const group of Object.keys(groups)) {
    for (const [k, pageSize] of [1024, 512, 2048, 4096, 8192, 16384, 32768, 65536].entries()) {
      for (const name of ["spills", "savepoints", "log restarted"]) {
        const words = `${group}: ${name}, page size ${pageSize}`;
        list.push({
          name: `made by hand: ${words}`,
          fullOnly: k > 0 || name !== "spills",
          timeoutSeconds: 600,
          run: (ctx) => run(ctx, group, name, pageSize, null),
        });
      }
    }
    for (const use of USES) {
      list.push({
        name: `made by hand: ${group}: savepoints, page size 1024, ${use.name}`,
        fullOnly: true,
        timeoutSeconds: 600,
        run: (ctx) => run(ctx, group, "savepoints", 1024, use),
      });
    }
  }
  return list;
}
