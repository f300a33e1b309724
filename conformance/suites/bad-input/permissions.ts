/**
 * What the file system does not allow, tried by processes that are not root (root may do everything).
 *
 * All permissions are the same for owner, group and others, so that it does not matter who owns the
 * files: where this program is not root itself, the engines run as the same user.
 */

import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { Case, CaseContext } from "../../core/case.js";
import { type Base, baseDatabase } from "./bases.js";
import { type Entries, file, folder, isRoot, link } from "./folder.js";
import { type Hot, hotJournal } from "./hot.js";
import { sharedPair, withPair } from "./pair.js";
import { type Event, openToOthers, sameOutcome, trialFolder } from "./trial.js";

/* Any user that is not root; it needs no entry in /etc/passwd. */
const NOBODY = 65534;

const DB = "a.db";
const JOURNAL = "a.db-journal";

interface Scene {
  name: string;
  /** Permissions of the folder. */
  mode: number;
  entries: (base: Base, hot: Hot) => Entries;
  /** The name that is opened. */
  open?: string;
  attach?: boolean;
  /** What real SQLite says to `events`, if it is worth writing down. */
  expect?: string[];
  /** Instead of the usual ones. */
  events?: Event[];
}

const EVENTS: Event[] = [
  { do: "open" },
  { do: "read" },
  { do: "set", value: 5 },
  { do: "begin" },
  { do: "set", value: 6 },
  { do: "rollback" },
  { do: "read" },
  { do: "close" },
];

const READONLY_EVENTS: Event[] = [
  { do: "open", readonly: true },
  { do: "read" },
  { do: "set", value: 5 },
  { do: "close" },
];

function persistent(mode: "PERSIST" | "TRUNCATE"): Event[] {
  return [
    { do: "open" },
    { do: "journalMode", mode },
    { do: "set", value: 5 },
    { do: "set", value: 6 },
    { do: "read" },
    { do: "close" },
  ];
}

const OK = "SQLITE_OK";
const closed = Array.from({ length: 7 }, () => "not open");

const files: Scene[] = [
  {
    name: "a file that may only be read",
    mode: 0o777,
    entries: (b) => ({ [DB]: file(b.bytes, 0o444) }),
    expect: [OK, "SQLITE_OK 7", "SQLITE_READONLY", OK, "SQLITE_READONLY", OK, "SQLITE_OK 7", OK],
  },
  {
    name: "a file that may only be read, in such a folder",
    mode: 0o555,
    entries: (b) => ({ [DB]: file(b.bytes, 0o444) }),
    expect: [OK, "SQLITE_OK 7", "SQLITE_READONLY", OK, "SQLITE_READONLY", OK, "SQLITE_OK 7", OK],
  },
  {
    name: "a folder that may only be read",
    mode: 0o555,
    entries: (b) => ({ [DB]: file(b.bytes, 0o666) }),
    expect: [
      OK,
      "SQLITE_OK 7",
      "SQLITE_READONLY_DIRECTORY",
      OK,
      "SQLITE_READONLY_DIRECTORY",
      OK,
      "SQLITE_OK 7",
      OK,
    ],
  },
  {
    name: "a file that may not be read",
    mode: 0o777,
    entries: (b) => ({ [DB]: file(b.bytes, 0o000) }),
    expect: ["SQLITE_CANTOPEN", ...closed],
  },
  {
    name: "a file that may only be written",
    mode: 0o777,
    entries: (b) => ({ [DB]: file(b.bytes, 0o222) }),
    expect: ["SQLITE_CANTOPEN", ...closed],
  },
  {
    name: "a file that may be executed and read",
    mode: 0o777,
    entries: (b) => ({ [DB]: file(b.bytes, 0o555) }),
  },
  {
    name: "an empty file that may only be read",
    mode: 0o777,
    entries: () => ({ [DB]: file(new Uint8Array(0), 0o444) }),
  },
  {
    name: "text that may only be read",
    mode: 0o777,
    entries: () => ({ [DB]: file(Uint8Array.from(Buffer.from("no database\n".repeat(99))), 0o444) }),
  },
  {
    name: "a new file in a folder that may only be read",
    mode: 0o555,
    entries: () => ({}),
    expect: ["SQLITE_CANTOPEN", ...closed],
  },
  {
    name: "a folder that may not be entered",
    mode: 0o666,
    entries: (b) => ({ [DB]: file(b.bytes, 0o666) }),
    expect: ["SQLITE_CANTOPEN", ...closed],
    attach: true,
  },
  {
    name: "a folder that may not be listed",
    mode: 0o333,
    entries: (b) => ({ [DB]: file(b.bytes, 0o666) }),
  },
  {
    name: "a folder that may only be entered",
    mode: 0o111,
    entries: (b) => ({ [DB]: file(b.bytes, 0o666) }),
  },
  {
    name: "a folder that may not be entered, for a file",
    mode: 0o777,
    entries: () => ({ [DB]: folder({}, 0o000) }),
  },
  {
    name: "a link into a folder that may not be entered",
    mode: 0o777,
    entries: (b) => ({ sub: folder({ [DB]: file(b.bytes, 0o666) }, 0o000), l: link(`sub/${DB}`) }),
    open: "l",
  },
  {
    name: "a link into a folder that may only be read",
    mode: 0o777,
    entries: (b) => ({ sub: folder({ [DB]: file(b.bytes, 0o666) }, 0o555), l: link(`sub/${DB}`) }),
    open: "l",
  },
  {
    name: "a link in a folder that may only be read",
    mode: 0o777,
    entries: (b) => ({ [DB]: file(b.bytes, 0o666), sub: folder({ l: link(`../${DB}`) }, 0o555) }),
    open: "sub/l",
  },
  {
    name: "a folder whose files belong to others for good",
    mode: 0o1777,
    entries: (b) => ({ [DB]: file(b.bytes, 0o666) }),
  },
  {
    name: "a log that may not be read",
    mode: 0o777,
    entries: (b) => ({ [DB]: file(b.bytes, 0o666), [`${DB}-wal`]: file(new Uint8Array(0), 0o000) }),
  },
];

/** Hot journals that cannot be rolled back, or cannot be removed. */
function hotOnes(): Scene[] {
  const list: Scene[] = [];
  for (const mode of [0o777, 0o555, 0o333, 0o1777]) {
    for (const db of [0o666, 0o444]) {
      for (const journal of [0o666, 0o444, 0o222, 0o000]) {
        const octal = (n: number): string => n.toString(8).padStart(3, "0");
        list.push({
          name: `a hot journal: folder ${octal(mode)}, database ${octal(db)}, journal ${octal(journal)}`,
          mode,
          entries: (_, hot) => ({ [DB]: file(hot.database, db), [JOURNAL]: file(hot.journal, journal) }),
        });
      }
    }
  }
  return list;
}

/** Journals that hold nothing. */
function idleOnes(): Scene[] {
  const contents = { "an empty journal": new Uint8Array(0), "a zeroed journal": new Uint8Array(600) };
  const list: Scene[] = [];
  for (const [what, bytes] of Object.entries(contents)) {
    for (const mode of [0o777, 0o555]) {
      for (const journal of [0o666, 0o444, 0o000]) {
        for (const kept of ["PERSIST", "TRUNCATE", null] as const) {
          list.push({
            name: `${what}: folder ${mode.toString(8)}, journal ${journal.toString(8)}, ${kept ?? "DELETE"}`,
            mode,
            entries: (b) => ({ [DB]: file(b.bytes, 0o666), [JOURNAL]: file(bytes, journal) }),
            events: kept === null ? EVENTS : persistent(kept),
          });
        }
      }
    }
  }
  return list;
}

/** Whether a user other than this one can get to the case's folder. */
function reachable(ctx: CaseContext): string | null {
  for (let path = dirname(dirname(ctx.dir)); ; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return path;
    if (path === dirname(path)) return null;
  }
}

async function runScenes(ctx: CaseContext, scenes: readonly Scene[]): Promise<void> {
  if (isRoot) {
    const closedFolder = reachable(ctx);
    if (closedFolder !== null)
      ctx.skip(`other users may not enter ${closedFolder}; TMPDIR can name another one`);
    openToOthers(ctx);
  }
  const shared = await sharedPair(ctx);
  const base = await baseDatabase(ctx, shared, 1024);
  const hot = await hotJournal(ctx, shared, 1024);
  trialFolder(ctx);
  await withPair({}, isRoot ? NOBODY : null, async (pair) => {
    for (const scene of scenes) {
      const uses: [string, Event[]][] = [["", scene.events ?? EVENTS]];
      if (scene.events === undefined) uses.push([", opened read-only", READONLY_EVENTS]);
      for (const [use, events] of uses) {
        /* ATTACH has no way to open for reading alone. */
        if (scene.attach && events === READONLY_EVENTS) continue;
        await sameOutcome(ctx, pair, {
          what: scene.name + use,
          entries: scene.entries(base, hot),
          mode: scene.mode,
          name: scene.open ?? DB,
          attach: scene.attach ?? false,
          events,
          ...(scene.expect && events === EVENTS ? { expect: scene.expect } : {}),
        });
      }
    }
  });
}

/** As root: who owns the journal that is made beside another user's database. */
async function runOwners(ctx: CaseContext): Promise<void> {
  if (!isRoot) ctx.skip("only root can give files away");
  const pair = await sharedPair(ctx);
  const base = await baseDatabase(ctx, pair, 1024);
  for (const [uid, gid] of [
    [1234, 1234],
    [1234, 0],
    [0, 4321],
  ] as const) {
    for (const mode of [0o600, 0o640, 0o664, 0o666, 0o444, 0o604]) {
      for (const kept of ["PERSIST", "TRUNCATE"] as const) {
        await sameOutcome(ctx, pair, {
          what: `owner ${uid}:${gid}, mode ${mode.toString(8)}, ${kept}`,
          entries: { [DB]: file(base.bytes, mode, uid, gid) },
          name: DB,
          events: [
            ...persistent(kept),
            { do: "open" },
            { do: "begin" },
            { do: "set", value: 8 },
            { do: "close" },
          ],
        });
      }
    }
  }
}

/** The cases: each has processes of its own, which cost more than a scene. */
export function permissionCases(): Case[] {
  const list: Case[] = [];
  const hot = hotOnes();
  const groups: Record<string, Scene[]> = {
    "files and folders": files,
    "hot journals in a folder 777": hot.filter((s) => s.mode === 0o777),
    "hot journals in a folder 555": hot.filter((s) => s.mode === 0o555),
    "hot journals in a folder 333": hot.filter((s) => s.mode === 0o333),
    "hot journals in a folder 1777": hot.filter((s) => s.mode === 0o1777),
    "idle journals": idleOnes(),
  };
  for (const [name, scenes] of Object.entries(groups)) {
    list.push({ name: `permissions: ${name}`, run: async (ctx) => await runScenes(ctx, scenes) });
  }
  list.push({ name: "permissions: owners of journals", run: runOwners });
  return list;
}
