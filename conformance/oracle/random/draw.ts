/** What fast-check draws: a world, and moves in it. Plain bounded integers, so that drawing and shrinking are quick. */

import fc from "fast-check";

/** One move; play.ts says what its numbers mean. */
export interface Move {
  /** Which kind, as a number below {@link KINDS}: the profile's weights decide. */
  kind: number;
  /** The connection. */
  c: number;
  a: number;
  b: number;
  /** Seed of smaller choices. */
  n: number;
}

/** Disk, files and settings; 0 is the plainest of each. */
export interface World {
  seed: number;
  page: number;
  reserve: number;
  sector: number;
  capabilities: number;
  version: number;
  /** What kind of files: one, one temporary each, in memory, two. */
  files: number;
  connections: number;
  cache: number;
  mode: number;
  exclusive: number;
  mapped: number;
  pending: number;
  flags: number;
  /** Whether all caches are one group, whether memory is limited. */
  shared: number;
}

/** A program before it is played. */
export interface Draw {
  world: World;
  moves: readonly Move[];
}

/** Bound of {@link Move.kind}. */
export const KINDS = 1000;

const byte = fc.nat(255);

const world: fc.Arbitrary<World> = fc.record({
  seed: fc.nat(0xffff),
  page: byte,
  reserve: byte,
  sector: byte,
  capabilities: byte,
  version: byte,
  files: byte,
  connections: byte,
  cache: byte,
  mode: byte,
  exclusive: byte,
  mapped: byte,
  pending: byte,
  flags: byte,
  shared: byte,
});

const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.nat(KINDS - 1),
  c: fc.nat(2),
  a: byte,
  b: byte,
  n: fc.nat(0xffff),
});

/** Programs of all lengths: short ones have strange beginnings, long ones old caches. */
export const draws: fc.Arbitrary<Draw> = fc.record({
  world,
  moves: fc.array(move, { minLength: 6, maxLength: 90, size: "max" }),
});
