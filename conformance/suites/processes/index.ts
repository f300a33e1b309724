/**
 * The suite `processes`: one database in WAL mode, real SQLite and the port in different processes.
 *
 * A scenario is played by real SQLite alone, which gives the expectation, and then in every other cast.
 * Compared are, after every move, also while a process stands still in the middle of a call: the answer
 * with all its details, calls of the busy handler, the kernel's locks on database and wal-index, every
 * byte of every file; at the end the sequence of each process's calls below SQLite.
 */

import type { Case, Suite } from "../../core/case.js";
import { playAll } from "./compare.js";
import type { Scenario, Setting } from "./moves.js";
import { checkpoints } from "./scripts/checkpoints.js";
import { closing } from "./scripts/closing.js";
import { killed } from "./scripts/killed.js";
import { modes } from "./scripts/modes.js";
import { recovering } from "./scripts/recovering.js";
import { snapshots } from "./scripts/snapshots.js";
import { sweeps } from "./scripts/sweeps.js";
import { waiting } from "./scripts/waiting.js";
import { walks } from "./walks.js";

const SETTINGS: readonly Setting[] = [
  { pageSize: 1024, synchronous: "FULL" },
  { pageSize: 4096, synchronous: "NORMAL" },
  { pageSize: 512, synchronous: "OFF" },
  { pageSize: 65536, synchronous: "FULL" },
];

const scenarios: readonly Scenario[] = [
  ...snapshots,
  ...checkpoints,
  ...waiting,
  ...closing,
  ...modes,
  ...recovering,
  ...killed,
];

function scenarioCases(): Case[] {
  return SETTINGS.flatMap((setting, i) =>
    scenarios.map(
      (scenario): Case => ({
        name: `${scenario.name}: page size ${setting.pageSize}, synchronous ${setting.synchronous}`,
        fullOnly: i > 0 || (scenario.fullOnly ?? false),
        timeoutSeconds: 300,
        run: async (ctx) => void (await playAll(ctx, scenario.moves(setting), setting)),
      }),
    ),
  );
}

export const processes: Suite = {
  name: "processes",
  about:
    "WAL databases shared by processes of both kinds: snapshots, read marks, checkpointers, last closer, mode " +
    "changes, exclusive locking, death in every role; every answer, lock and byte as by real SQLite alone.",
  needsEngine: true,
  cases: () => [...scenarioCases(), ...walks(), ...sweeps()],
};
