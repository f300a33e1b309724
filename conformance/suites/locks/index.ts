/**
 * locks: two or three processes, each played by either engine, move by move on one database.
 *
 * Every script is played by real SQLite alone and then in every other cast; result codes, what is
 * read, the busy handler's calls, the calls of the lock methods, the lock level, the kernel's table of
 * locks, the journal and the database's bytes must be the same after each move.
 */

import type { Case, CaseContext, Suite } from "../../core/case.js";
import type { Setting } from "./actor.js";
import { playAll } from "./compare.js";
import { makeTemplate } from "./database.js";
import { type JournalName, parseScript, type Scenario } from "./moves.js";
import { hot } from "./scripts/hot.js";
import { inside } from "./scripts/inside.js";
import { levels } from "./scripts/levels.js";
import { modes } from "./scripts/modes.js";
import { noLocks, otherLocks } from "./scripts/vfs.js";
import { NO_WAIT } from "./stage.js";
import { randomScript } from "./walk.js";

const pageSizes = [512, 1024, 4096, 65536] as const;
const journals: readonly JournalName[] = ["DELETE", "TRUNCATE", "PERSIST"];
const synchronous: readonly Setting["synchronous"][] = ["OFF", "FULL"];

/** Every this-many-th combination is part of the default run: prime to the length of each list. */
const DEFAULT_SHARE = 13;

/** Plays a script; `waits` says that real SQLite alone must come to every gate of it. */
async function play(
  ctx: CaseContext,
  pageSize: number,
  setting: Setting,
  script: string,
  waits: boolean,
): Promise<void> {
  const template = await makeTemplate(ctx, pageSize);
  await playAll(ctx, { script: parseScript(script), template, setting }, (expected) => {
    if (!waits) return;
    /* A script in which nobody waits where somebody should tests nothing. */
    const lost = expected.acts.find((act) => act.move.endsWith(NO_WAIT));
    ctx.check.ok("in real SQLite alone every wait of the script takes place", lost === undefined, lost?.move);
  });
}

function cases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  for (const scenario of [...levels, ...hot, ...modes, ...inside]) {
    for (const pageSize of pageSizes) {
      for (const journal of journals) {
        for (const sync of synchronous) {
          if (scenario.synchronous !== undefined && sync !== scenario.synchronous) continue;
          const setting: Setting = { vfs: null, journal, synchronous: sync };
          list.push({
            name: `${scenario.name}: ${journal}, page size ${pageSize}, synchronous ${sync}`,
            fullOnly: turn++ % DEFAULT_SHARE !== 0,
            run: (ctx) => play(ctx, pageSize, setting, scenario.script, true),
          });
        }
      }
    }
  }
  const others: [Setting["vfs"], Scenario[]][] = [
    ["unix-excl", otherLocks],
    ["unix-dotfile", otherLocks],
    ["unix-none", noLocks],
  ];
  for (const [vfs, scenarios] of others) {
    for (const scenario of scenarios) {
      for (const journal of journals) {
        const setting: Setting = { vfs, journal, synchronous: "NORMAL" };
        list.push({
          name: `${vfs}, ${scenario.name}: ${journal}`,
          fullOnly: journal !== "DELETE",
          run: (ctx) => play(ctx, 1024, setting, scenario.script, true),
        });
      }
    }
  }
  const crowds = [
    ["A", "B"],
    ["A", "A2", "B"],
    ["A", "B", "C"],
    ["A", "A2", "B", "B2"],
  ] as const;
  for (let i = 0; i < 240; i++) {
    const names = crowds[i % crowds.length] as readonly string[];
    const pageSize = [512, 1024, 4096][i % 3] as number;
    const deaths = i % 5 < 2;
    list.push({
      name: `random script ${i + 1}: ${names.join(" ")}, page size ${pageSize}${deaths ? ", with deaths" : ""}`,
      fullOnly: i % 9 !== 1,
      run: async (ctx) => {
        const setting: Setting = {
          vfs: null,
          journal: ctx.random.pick(journals),
          synchronous: ctx.random.pick(synchronous),
        };
        await play(ctx, pageSize, setting, randomScript(ctx.random, names, 60, deaths), false);
      },
    });
  }
  return list;
}

/** The suite. */
export const locks: Suite = {
  name: "locks",
  about: "processes of both engines on one file: who waits, who is refused, which locks are held",
  cases,
};
