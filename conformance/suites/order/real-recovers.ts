/** Real SQLite recovers states of a memory disk, written to files of the same names. */

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import type { RecoveredState } from "../../engines/disks.js";
import type { PortEngine } from "../../engines/port.js";
import { PLAIN } from "./settings.js";

/**
 * A share of the collected states: after recovery real SQLite's databases and the port's have the same
 * bytes.
 *
 * @param databases full names in the case's folder, in the order in which they are opened
 */
export async function likeReal(
  ctx: CaseContext,
  port: PortEngine,
  disk: string,
  databases: readonly string[],
  states: readonly RecoveredState[],
  share: number,
): Promise<void> {
  const real = await ctx.real();
  for (const [i, state] of states.entries()) {
    if (!ctx.random.chance(share)) continue;
    clear(ctx, databases);
    for (const [name, bytes] of Object.entries(await port.crashFiles(disk, i))) {
      if (dirname(name) !== ctx.dir) throw new Error(`${name} is not in the case's folder`);
      writeFileSync(name, bytes);
    }
    const codes: string[] = [];
    for (const [k, path] of databases.entries()) {
      await real.open(`power-${k}`, path);
      const outcome = await real.attempt(`power-${k}`, "PRAGMA schema_version");
      codes.push("code" in outcome ? outcome.code : "SQLITE_OK");
    }
    for (const k of databases.keys()) await real.close(`power-${k}`);
    /* Real SQLite does not know of the disk's device: the port recovers on a plain one as well. */
    const plain = { sectorSize: PLAIN.sectorSize, characteristics: PLAIN.characteristics };
    const recovered = await port.crashRecovered(disk, i, [...databases], plain);
    for (const path of databases) {
      ctx.check.bytes(
        `${state.what}: ${basename(path)} as real SQLite recovers it (${codes.join(", ")})`,
        "database",
        recovered[path] ?? new Uint8Array(0),
        existsSync(path) ? readFileSync(path) : new Uint8Array(0),
      );
    }
  }
}

/** Removes the databases and whatever belongs to them. */
function clear(ctx: CaseContext, databases: readonly string[]): void {
  for (const name of readdirSync(ctx.dir)) {
    if (databases.some((path) => name.startsWith(basename(path)))) rmSync(join(ctx.dir, name));
  }
}
