/**
 * Disks that are full (ENOSPC) and files that may not grow (EFBIG), for real.
 *
 * A small tmpfs is mounted for the one, a limit of the process is set for the other. What the kernel
 * then answers in the middle of a transaction is the same for both engines; afterwards the connection
 * is usable again.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, CaseContext } from "../../core/case.js";
import { type Base, baseDatabase } from "./bases.js";
import { file } from "./folder.js";
import { type Pair, sharedPair, withPair } from "./pair.js";
import type { JournalMode } from "./session.js";
import { type Event, sameOutcome } from "./trial.js";

const DB = "a.db";

/** Mounts a tmpfs of so many bytes; null if this process may not. */
function mount(path: string, bytes: number): string | null {
  mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=755`, "tmpfs", path], {
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
    return null;
  } catch (e) {
    const error = e as Error & { stderr?: string };
    return (error.stderr || error.message).trim();
  }
}

function unmount(path: string): void {
  execFileSync("umount", ["-l", path], { stdio: "ignore" });
}

/** Fills the file system so that only so many of its blocks stay free. */
function leaveFree(place: string, blocks: number): void {
  const s = statfsSync(place);
  const fill = s.bfree - blocks;
  if (fill < 0) throw new Error(`only ${s.bfree} blocks are free, ${blocks} are wanted`);
  if (fill > 0) writeFileSync(`${place}/filler`, new Uint8Array(fill * s.bsize).fill(1));
}

interface Strain {
  name: string;
  change: "update" | "grow";
  cache?: number;
  mode: JournalMode;
}

const STRAINS: readonly Strain[] = (["DELETE", "TRUNCATE", "PERSIST"] as const).flatMap((mode): Strain[] => [
  { name: `many pages, ${mode}`, change: "update", mode },
  { name: `many pages with spills, ${mode}`, change: "update", cache: 5, mode },
  { name: `growth, ${mode}`, change: "grow", mode },
  { name: `growth with spills, ${mode}`, change: "grow", cache: 5, mode },
]);

/** The transaction, on its own or as part of a longer one, then other transactions, with room and without. */
function strained(base: Base, s: Strain, explicit: boolean, outside: Event[], relief: Event[]): Event[] {
  const change: Event = { do: "run", change: base[s.change] };
  return [
    { do: "open" },
    { do: "journalMode", mode: s.mode },
    ...(s.cache === undefined ? [] : [{ do: "cacheSize", pages: s.cache } as const]),
    ...outside,
    ...(explicit
      ? ([
          { do: "begin" },
          { do: "set", value: 6 },
          change,
          { do: "set", value: 8 },
          { do: "commit" },
        ] as const)
      : [change]),
    { do: "read" },
    { do: "set", value: 5 },
    { do: "read" },
    ...relief,
    { do: "set", value: 9 },
    { do: "read" },
    { do: "close" },
  ];
}

async function runFull(ctx: CaseContext, s: Strain): Promise<void> {
  const pair = await sharedPair(ctx);
  const base = await baseDatabase(ctx, pair, 4096);
  const place = join(ctx.dir, "small");
  const refused = mount(place, 512 * 1024);
  if (refused !== null) {
    ctx.skip(`this process may not mount a file system (${refused}); injected ENOSPC is tried in any case`);
  }
  try {
    const codes = new Set<string>();
    for (let i = 0; i <= 44; i += ctx.full ? 1 : 3) {
      const blocks = i >> 1;
      const real = await sameOutcome(ctx, pair, {
        what: `${blocks} blocks free`,
        entries: { [DB]: file(base.bytes) },
        name: DB,
        place,
        events: strained(
          base,
          s,
          i % 2 === 1,
          [{ do: "outside", what: "the disk fills up", run: (f) => leaveFree(f, blocks) }],
          [{ do: "outside", what: "there is room again", run: (f) => writeFileSync(`${f}/filler`, "") }],
        ),
      });
      for (const code of real.codes) codes.add(code);
    }
    ctx.check.ok("the disk was full", codes.has("SQLITE_FULL"), [...codes].join(" "));
  } finally {
    unmount(place);
  }
}

async function runLimited(ctx: CaseContext, s: Strain): Promise<void> {
  const shared = await sharedPair(ctx);
  const base = await baseDatabase(ctx, shared, 4096);
  const codes = new Set<string>();
  const size = base.bytes.length;
  /* In the journal, just before its end, at the database's end, in the pages behind it. */
  const limits = [4096, 16384, size - 512, size, size + 4096, size + 3 * 4096 + 512];
  for (const limit of ctx.full ? limits : [limits[1] as number, limits[4] as number]) {
    await withPair({ fileSizeLimit: limit }, null, async (pair) => {
      const real = await sameOutcome(ctx, pair, {
        what: `files of at most ${limit} bytes`,
        entries: { [DB]: file(base.bytes) },
        name: DB,
        events: strained(base, s, limit % 8192 === 0, [], []),
      });
      for (const code of real.codes) codes.add(code);
    });
  }
  /* EFBIG is no full disk. */
  ctx.check.ok("a write failed", codes.has("SQLITE_IOERR_WRITE"), [...codes].join(" "));
  ctx.check.ok("no disk was full", !codes.has("SQLITE_FULL"), [...codes].join(" "));
}

/** A database that cannot even be created. */
async function runNoRoom(ctx: CaseContext): Promise<void> {
  const pair: Pair = await sharedPair(ctx);
  const place = join(ctx.dir, "small");
  const refused = mount(place, 64 * 1024);
  if (refused !== null) ctx.skip(`this process may not mount a file system (${refused})`);
  try {
    for (const blocks of [0, 1, 2, 3]) {
      await sameOutcome(ctx, pair, {
        what: `a new database, ${blocks} blocks free`,
        entries: {},
        name: DB,
        place,
        events: [
          { do: "outside", what: "the disk fills up", run: (f) => leaveFree(f, blocks) },
          { do: "open" },
          { do: "set", value: 5 },
          { do: "read" },
          { do: "outside", what: "there is room again", run: (f) => writeFileSync(`${f}/filler`, "") },
          { do: "set", value: 6 },
          { do: "read" },
          { do: "close" },
        ],
      });
    }
  } finally {
    unmount(place);
  }
}

/** The cases. */
export function spaceCases(): Case[] {
  const list: Case[] = [{ name: "space: no room for a new database", run: runNoRoom }];
  for (const [i, s] of STRAINS.entries()) {
    list.push({
      name: `space: disk full: ${s.name}`,
      fullOnly: i % 5 > 1,
      run: async (ctx) => await runFull(ctx, s),
    });
    list.push({
      name: `space: file too large: ${s.name}`,
      fullOnly: i % 5 !== 1,
      run: async (ctx) => await runLimited(ctx, s),
    });
  }
  return list;
}
