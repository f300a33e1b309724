/** Which scenarios are written. */

import "../oracle/wasm32.js";
import type { OracleModule } from "../oracle/module.js";
import { PROGRAMS } from "../oracle/programs/index.js";
import { COMPACT } from "./compact.js";
import { RANDOM_VECTORS, randoms } from "./random.js";
import type { Scenario } from "./record.js";
import { recoveries } from "./recovery.js";
import { slug } from "./slug.js";
import { struck } from "./struck.js";
import type { Writing } from "./write.js";

/**
 * Programs of the lockstep runs that are vectors as they stand, by name: one for each thing, none that is large for what
 * it adds to others.
 */
const CHOSEN: readonly string[] = [
  ...["DELETE", "PERSIST", "OFF", "TRUNCATE", "MEMORY"].map((mode) => `journal mode ${mode}`),
  "spill, DELETE",
  ...["DELETE", "WAL"].map((mode) => `savepoints that spill, ${mode}`),
  ...["DELETE", "PERSIST", "TRUNCATE"].map((mode) => `super-journal, ${mode}`),
  ...["exclusive locking", "two connections", "moved pages, a shorter image"],
  ...["WAL", "WAL, readers", "WAL, spill", "WAL, crash, seed 1", "WAL, exclusive"],
  ...["temporary file", "temporary file that spills", "in memory", "oddments", "mapped pages"],
  ...["backup", "backup, WAL", "URI parameters", "three busy handlers", "four connections, two files"],
  ...[
    "two databases commit together, DELETE",
    "two databases commit together, the power fails between, DELETE",
  ],
  ...["the n-th write fails", "a sync fails", "the disk is full", "a write of the log fails"],
  ...[1, 2, 3, 4, 5, 6].map((at) => `allocation ${at} of opening fails`),
  ...[1, 2, 3, 4].flatMap((at) => [
    `allocation ${at} of a transaction fails, DELETE`,
    `allocation ${at} of a transaction fails, WAL`,
  ]),
];

function handWritten(): Scenario[] {
  return CHOSEN.map((title) => {
    const program = PROGRAMS.get(title);
    if (program === undefined) throw new Error(`there is no program "${title}"`);
    return { name: slug(title), title, group: "programs", program };
  });
}

/**
 * Those that are always the same.
 *
 * @param module makes the files that some begin with
 */
export function fixedScenarios(module: OracleModule): Scenario[] {
  return [...handWritten(), ...COMPACT, ...recoveries(module), ...struck(module)];
}

/** How many vectors there are. */
export function numberOfVectors(fixed: readonly Scenario[]): number {
  return fixed.length + RANDOM_VECTORS;
}

/** Records all of them, one at each step. */
export function* recordAll(
  writing: Writing,
  module: OracleModule,
  fixed: readonly Scenario[],
): Generator<void> {
  for (const scenario of fixed) {
    writing.add(scenario);
    yield;
  }
  let left = RANDOM_VECTORS;
  for (const scenario of randoms(module)) {
    if (!writing.add(scenario)) continue;
    yield;
    if (--left === 0) return;
  }
  throw new Error(`only ${RANDOM_VECTORS - left} random programs can be vectors`);
}
