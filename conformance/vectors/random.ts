/** Random programs: those of the lockstep search, of fixed seeds, that are short enough to be read. */

import "../oracle/wasm32.js";
import fc from "fast-check";
import { lockstep } from "../oracle/lockstep.js";
import type { OracleModule } from "../oracle/module.js";
import { type Op, POWER_LOST, type Program } from "../oracle/ops.js";
import { type Draw, draws } from "../oracle/random/draw.js";
import { Player } from "../oracle/random/play.js";
import { PROFILES, type Profile } from "../oracle/random/profiles.js";
import type { Scenario } from "./record.js";

/** How many programs are vectors. */
export const RANDOM_VECTORS = 100;

/** No more draws are played to find them. */
const DRAWS = 600;
const LEAST = 30;
const MOST = 64;
const LARGEST_PAGE = 2048;

/** What vectors cannot say, or only those who count allocations can play: a program ends before it. */
function isLeftOut(op: Op): boolean {
  return op.op === "PowerLoss" || (op.op === "FailAllocation" && op.at !== null);
}

/** Plays a draw on both sides: each move depends on what has become of those before. */
function playOf(module: OracleModule, draw: Draw, profile: Profile): Program {
  const player = new Player(draw, profile, true);
  let wasCutOff = false;
  player.go(null, false);
  const program = { setup: player.setup, ops: player.ops };
  lockstep(module, program, {
    observe: ({ index, port, sides }) => {
      wasCutOff ||= port === POWER_LOST;
      if (index < player.ops.length - 1) return;
      player.go(sides.port, wasCutOff);
      wasCutOff = false;
    },
  });
  return program;
}

/** The part of a program that can be a vector, or null. */
function suitable({ setup = {}, ops }: Program): Program | null {
  const { pageCache: _, softHeapLimit: __, ...disk } = setup;
  const end = ops.findIndex(isLeftOut);
  const part = ops
    .slice(0, Math.min(MOST, end < 0 ? ops.length : end))
    .filter((op) => op.op !== "FailAllocation");
  if (part.length < LEAST) return null;
  if (part.some((op) => op.op === "SetPagesize" && op.size > LARGEST_PAGE)) return null;
  return { setup: disk, ops: part };
}

/** Candidates; the first ones that turn out well are written. */
export function* randoms(module: OracleModule): Generator<Scenario> {
  const profiles = PROFILES.filter(({ name }) => name !== "memory");
  for (let seed = 1; seed <= DRAWS; seed++) {
    const profile = profiles[seed % profiles.length]!;
    const [draw] = fc.sample(draws, { seed, numRuns: 1 }) as [Draw];
    /* A few moves are enough operations. */
    const moves = draw.moves.slice(0, 3 + (seed % 6));
    const program = suitable(playOf(module, { ...draw, moves }, profile));
    if (program === null) continue;
    const name = `random-${String(seed).padStart(4, "0")}`;
    yield { name, title: `random ${seed}: ${profile.name}`, group: "random", program, isOptional: true };
  }
}
