/** Real SQLite and the port side by side, both with system calls that can fail and seeded random numbers. */

import type { CaseContext } from "../../core/case.js";
import type { ChildOptions } from "../../engines/child.js";
import { nativeExtension } from "../../engines/native.js";
import { PortEngine } from "../../engines/port.js";
import { RealEngine } from "../../engines/real.js";

/* Slots that no other suite uses: real SQLite's system calls are wrapped there. */
const SLOT = 10;
const SHIM_SLOT = 11;

/** One engine of each kind. */
export interface Pair {
  real: RealEngine;
  port: PortEngine;
  /** The port's VFS; real SQLite's default one is its counterpart. */
  vfs: string;
}

/** The connection of real SQLite that has the extension's functions. */
export const CONTROL = "control";

async function prepare(real: RealEngine, extension: string): Promise<void> {
  await real.open(CONTROL, ":memory:");
  await real.loadExtension(CONTROL, nativeExtension("syscalls"));
  if (extension !== "syscalls") await real.loadExtension(CONTROL, nativeExtension(extension));
  await real.all(CONTROL, "SELECT call_plan()");
}

/** The pair that the cases of this suite share. */
export async function sharedPair(ctx: CaseContext): Promise<Pair> {
  const pair = { real: await ctx.real(SLOT), port: await ctx.port(SLOT), vfs: "unix" };
  await prepare(pair.real, "syscalls");
  return pair;
}

/** The pair whose VFS fails on demand: shimvfs.c and shimvfs.ts. */
export async function shimPair(ctx: CaseContext): Promise<Pair> {
  const pair = { real: await ctx.real(SHIM_SLOT), port: await ctx.port(SHIM_SLOT), vfs: "shim" };
  await prepare(pair.real, "shimvfs");
  await pair.real.all(CONTROL, "SELECT shim_plan()");
  await pair.real.all(CONTROL, "SELECT shim_device(-1, -1)");
  return pair;
}

/** Runs `use` with a pair of processes of their own, started in a special way. */
export async function withPair(
  options: Pick<ChildOptions, "fileSizeLimit">,
  uid: number | null,
  use: (pair: Pair) => Promise<void>,
): Promise<void> {
  const real = new RealEngine(options);
  const port = new PortEngine(options);
  try {
    await prepare(real, "syscalls");
    if (uid !== null) {
      await real.become(uid);
      await port.become(uid);
    }
    await use({ real, port, vfs: "unix" });
  } finally {
    await real.child.kill();
    await port.child.kill();
  }
}

/*
 * Random numbers start afresh whenever a database has been opened, so that journals carry the same
 * bytes: opening a connection takes some for the full-text search, which the port does not have.
 */
const SEED = 20210417;

/** Starts real SQLite's random numbers afresh. */
export async function seedReal(pair: Pair): Promise<void> {
  await pair.real.all(CONTROL, `SELECT prng_seed(${SEED})`);
}

/** Starts the port's random numbers afresh. */
export async function seedPort(pair: Pair): Promise<void> {
  await pair.port.seed(SEED);
}
