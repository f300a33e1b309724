/** Logs that need a second region of the wal-index, and some that need many. */

import type { Case } from "../../core/case.js";
import type { Step } from "../../sql/play.js";
import { DEFAULTS, type Settings } from "../../sql/settings.js";
import { checkpoint } from "../../sql/workloads/wal-words.js";
import { fill, on, steps, sums, TABLE, text, transaction } from "../../sql/workloads/words.js";
import { compareWalPlay } from "./compare.js";

const SMALL: Settings = { ...DEFAULTS, journal: "WAL", pageSize: 512, sync: "NORMAL", autoCheckpoint: 0 };

/** A row of which a page of 512 bytes holds one. */
const ROW = 400;

/** About `frames` frames in transactions of at most 2000, then the regions' edges: rollbacks, a reader. */
function longScript(frames: number): Step[] {
  const rows = Math.min(frames >> 1, 1500);
  const rest = frames - rows;
  const updates = Array.from({ length: Math.floor(rest / rows) }, (_, i) => `UPDATE t SET c = ${i}`);
  return steps(
    TABLE,
    transaction("BEGIN", [fill("t", 0, rows, ROW)]),
    steps(...updates),
    { do: "open", on: 1 },
    on(1, "BEGIN"),
    on(1, sums("t")),
    /* Frames on both sides of an edge go again: the hash tables of later regions are left behind. */
    transaction("BEGIN", ["UPDATE t SET c = 90", { do: "flush" }], "ROLLBACK"),
    transaction("BEGIN", [
      "UPDATE t SET c = 91 WHERE a < 40",
      "SAVEPOINT one",
      "UPDATE t SET c = 92",
      { do: "flush" },
      "ROLLBACK TO one",
      `UPDATE t SET b = ${text("a+1", ROW)} WHERE a % 50 = 0`,
    ]),
    sums("t"),
    checkpoint("PASSIVE"),
    on(1, sums("t")),
    on(1, "COMMIT"),
    on(1, sums("t")),
    checkpoint("FULL"),
    "UPDATE t SET c = 93 WHERE a = 5",
    on(1, sums("t")),
    "UPDATE t SET c = 94",
    checkpoint("TRUNCATE"),
    "UPDATE t SET c = 95 WHERE a = 6",
  );
}

function longCase(name: string, frames: number, fullOnly: boolean, more: Partial<Settings> = {}): Case {
  return {
    name: `a log of ${name}`,
    fullOnly,
    timeoutSeconds: 900,
    run: async (ctx) => {
      const settings = { ...SMALL, ...more };
      const real = await compareWalPlay(ctx, { settings, steps: longScript(frames) });
      const longest = Math.max(...real.files.map((files) => files.get("main.db-wal")?.length ?? 0));
      const held = Math.floor((longest - 32) / (512 + 24));
      ctx.check.ok(`the log had ${held} frames, expected ${frames} at least`, held >= frames);
    },
  };
}

/** The first region of the wal-index holds 4062 frames, every other one 4096. */
export function longCases(): Case[] {
  return [
    longCase("more than 4062 frames", 4200, false),
    longCase("more than 4062 frames, spilled", 4200, true, { cache: 50 }),
    longCase("more than 4062 frames, on the heap", 4200, true, { exclusive: true }),
    longCase("more than 8158 frames", 8300, true),
    longCase("more than 20,000 frames", 20_500, true),
    longCase("more than 20,000 frames, spilled, padded", 20_500, true, {
      cache: 100,
      sync: "FULL",
      device: { name: "sector size 4096", sectorSize: 4096, characteristics: 0 },
    }),
  ];
}
