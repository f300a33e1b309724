/** Death at every call of a role's last move: for `--full`. */

import type { Case, CaseContext } from "../../../core/case.js";
import type { ShimCall } from "../../../engines/shimvfs.js";
import { playAll } from "../compare.js";
import type { Move, Suffix } from "../moves.js";
import { aftermath, type Point, type Role, roles } from "./killed.js";

const ON_DATABASE: readonly ShimCall[] = [
  ...(["read", "write", "sync", "truncate", "lock", "unlock", "size"] as const),
  ...(["shmmap", "shmlock", "shmbarrier", "shmunmap"] as const),
];
const ON_OTHERS: readonly ShimCall[] = ["open", "read", "write", "sync", "truncate", "delete", "size"];

/** More calls of one kind than any role makes. */
const END = 200;

const SETTING = { pageSize: 1024, synchronous: "FULL" } as const;

function movesWith(role: Role, point: Point): Move[] {
  return [...role.before.map((m) => m()), role.last().killed(...point), ...aftermath(role, 2)];
}

async function sweep(
  ctx: CaseContext,
  role: Role,
  calls: readonly ShimCall[],
  suffix: Suffix,
): Promise<void> {
  for (const call of calls) {
    for (let at = 1; at < END; at++) {
      const played = await playAll(ctx, movesWith(role, ["before", call, at, suffix]), SETTING, false);
      if (!played.acts.some((a) => a.remark === "killed")) break;
      await playAll(ctx, movesWith(role, ["after", call, at, suffix]), SETTING);
      if (call === "write") await playAll(ctx, movesWith(role, ["torn", call, at, suffix]), SETTING);
    }
  }
}

export function sweeps(): Case[] {
  return roles.flatMap((role) =>
    ([".db", "-wal", "-journal"] as const).map(
      (suffix): Case => ({
        name: `killed at every call on *${suffix}: ${role.name}`,
        fullOnly: true,
        timeoutSeconds: 3600,
        run: async (ctx) => await sweep(ctx, role, suffix === ".db" ? ON_DATABASE : ON_OTHERS, suffix),
      }),
    ),
  );
}
