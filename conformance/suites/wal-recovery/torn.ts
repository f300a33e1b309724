/** Logs that end, or turn into something else, at every frame boundary and inside frames. */

import type { Case, CaseContext } from "../../core/case.js";
import { FRAME_HEADER, parseWal, WAL_HEADER } from "../../format/wal.js";
import { tearPoints, walParts } from "../../format/wal-encode.js";
import { fileOf, type Snapshot, withFiles } from "../recovery/folder.js";
import { DB, WAL } from "./acts.js";
import { sameRecovery } from "./recover.js";
import { ending, story } from "./stories.js";
import { USUAL, useFor } from "./uses.js";

/** What stands behind the tear. */
type Behind = "nothing" | "zeros" | "noise" | "old bytes";

/** Where the log is torn: at each boundary, and inside each part of it. */
function tears(ctx: CaseContext, log: Uint8Array): number[] {
  const parts = walParts(log);
  const edges = tearPoints(parts).filter((at) => at <= log.length);
  const all = new Set<number>(edges);
  for (const [i, edge] of edges.entries()) {
    const next = edges[i + 1] ?? log.length;
    if (next <= edge) continue;
    const isHeader = next - edge <= WAL_HEADER;
    const inside = isHeader
      ? [edge + 1, edge + 4, edge + 8, edge + 16, next - 1]
      : [edge + 1, edge + ctx.random.between(2, next - edge - 2), next - 1];
    for (const at of inside) if (at > edge && at < next) all.add(at);
  }
  return [...all].sort((a, b) => a - b);
}

function torn(ctx: CaseContext, log: Uint8Array, at: number, behind: Behind, old: Uint8Array): Uint8Array {
  if (behind === "nothing") return log.slice(0, at);
  const out = Uint8Array.from(log);
  if (behind === "zeros") out.fill(0, at);
  else if (behind === "noise") out.set(ctx.random.bytes(log.length - at), at);
  else out.set(old.subarray(at, log.length), at);
  return out;
}

/** Takes at most `most` of a list, spread evenly; always the first and the last. */
function spread<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))] as T);
}

async function run(
  ctx: CaseContext,
  name: string,
  pageSize: number,
  behind: Behind,
  most: number,
): Promise<void> {
  const files = await ending(ctx, story(name, pageSize));
  const log = fileOf(files, WAL);
  const old = behind === "old bytes" ? fileOf(await ending(ctx, story("vacuum", pageSize)), WAL) : log;
  const points = spread(tears(ctx, log), ctx.full ? 4 * most : most);
  const seen = new Set<number>();
  for (const [i, at] of points.entries()) {
    const bytes = torn(ctx, log, at, behind, old);
    seen.add(parseWal(bytes).mxFrame);
    const scene: Snapshot = withFiles(files, { [WAL]: bytes });
    const use = i % 2 === 0 ? USUAL : useFor((i >> 1) + 1);
    await sameRecovery(ctx, `torn at ${where(at, pageSize)}, ${behind} behind`, scene, use);
  }
  ctx.check.ok("tears leave different commits", seen.size > 1, `last frames: ${[...seen].join(", ")}`);
  ctx.check.ok("there is a database", fileOf(files, DB).length >= pageSize);
}

function where(at: number, pageSize: number): string {
  if (at < WAL_HEADER) return `byte ${at} of the header`;
  const frame = Math.floor((at - WAL_HEADER) / (pageSize + FRAME_HEADER)) + 1;
  return `byte ${at} (byte ${(at - WAL_HEADER) % (pageSize + FRAME_HEADER)} of frame ${frame})`;
}

const STORIES = ["commits", "savepoints", "spills", "log restarted", "shrinking", "padded commits", "vacuum"];
const BEHIND: readonly Behind[] = ["nothing", "zeros", "noise", "old bytes"];
const DEFAULT = [
  "commits, nothing behind, page size 1024",
  "savepoints, zeros behind, page size 512",
  "log restarted, noise behind, page size 4096",
  "shrinking, old bytes behind, page size 2048",
  "commits, nothing behind, page size 65536",
];

/** The cases. */
export function tornCases(): Case[] {
  const list: Case[] = [];
  for (const pageSize of [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]) {
    for (const name of STORIES) {
      for (const behind of BEHIND) {
        const words = `${name}, ${behind} behind, page size ${pageSize}`;
        list.push({
          name: `torn: ${words}`,
          fullOnly: !DEFAULT.includes(words),
          timeoutSeconds: 600,
          run: (ctx) => run(ctx, name, pageSize, behind, pageSize > 8192 ? 12 : 30),
        });
      }
    }
  }
  return list;
}
