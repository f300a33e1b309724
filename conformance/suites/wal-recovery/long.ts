/** Logs so long that their index has several regions, torn around the regions' borders. */

import type { Case, CaseContext } from "../../core/case.js";
import { HASH_PAGES, HASH_PAGES_FIRST } from "../../format/shm-hash.js";
import { frameOffset } from "../../format/wal.js";
import { encodeWal, type FrameParts, walParts } from "../../format/wal-encode.js";
import { fileOf, type Snapshot, withFiles } from "../recovery/folder.js";
import { DB, WAL } from "./acts.js";
import { sameRecovery } from "./recover.js";
import { ending, story } from "./stories.js";
import { USUAL, useFor } from "./uses.js";

const PAGE_SIZE = 512;

/** The committed frames over and over, a commit after each round; `n` frames in all, the last one a commit. */
function lengthened(log: Uint8Array, n: number): FrameParts[] {
  const round = walParts(log).frames;
  const last = round.findLastIndex((f) => f.commit !== undefined);
  const frames: FrameParts[] = [];
  while (frames.length < n) frames.push(round[frames.length % (last + 1)] as FrameParts);
  const commit = round[last]?.commit;
  frames[n - 1] = { ...(frames[n - 1] as FrameParts), ...(commit === undefined ? {} : { commit }) };
  return frames;
}

async function run(ctx: CaseContext, n: number, cuts: readonly number[]): Promise<void> {
  const files = await ending(ctx, story("commits", PAGE_SIZE));
  const parts = walParts(fileOf(files, WAL));
  const log = encodeWal({ ...parts, frames: lengthened(fileOf(files, WAL), n) });
  ctx.check.ok("there is a database", fileOf(files, DB).length > 0);
  for (const [i, cut] of cuts.entries()) {
    const bytes = cut === 0 ? log : log.slice(0, frameOffset(n + 1, PAGE_SIZE) + cut);
    const scene: Snapshot = withFiles(files, { [WAL]: bytes });
    await sameRecovery(ctx, `${n} frames, cut by ${-cut} bytes`, scene, i === 0 ? USUAL : useFor(i));
  }
}

/** The cases. */
export function longCases(): Case[] {
  const list: Case[] = [];
  const borders = [HASH_PAGES_FIRST, HASH_PAGES_FIRST + HASH_PAGES, HASH_PAGES_FIRST + 4 * HASH_PAGES];
  for (const border of borders) {
    for (const more of [-1, 0, 1, 2]) {
      const n = border + more;
      list.push({
        name: `long log: ${n} frames`,
        fullOnly: border !== HASH_PAGES_FIRST || more !== 1,
        timeoutSeconds: 600,
        run: (ctx) => run(ctx, n, [0, -1, -(PAGE_SIZE + 24), -(PAGE_SIZE + 30), -3 * (PAGE_SIZE + 24)]),
      });
    }
  }
  return list;
}
