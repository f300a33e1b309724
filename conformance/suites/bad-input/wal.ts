/**
 * Databases with a write-ahead log, or with something else by its name. Both sides do the same, whether
 * SQLite has a use for the log or not.
 */

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, CaseContext } from "../../core/case.js";
import { type Base, baseDatabase } from "./bases.js";
import { type Entries, type Entry, file, folder, link } from "./folder.js";
import { type Hot, hotJournal } from "./hot.js";
import { type Pair, sharedPair } from "./pair.js";
import { type Event, sameOutcome } from "./trial.js";

const DB = "a.db";
const WAL = "a.db-wal";

/** What a killed writer in WAL mode leaves. */
interface Logged {
  database: Uint8Array;
  log: Uint8Array;
  index: Uint8Array;
}

/** Lets real SQLite commit into a log and copies the files while it is open. */
async function logged(ctx: CaseContext, pair: Pair, base: Base): Promise<Logged> {
  const dir = join(ctx.dir, "log");
  mkdirSync(dir);
  const path = join(dir, DB);
  writeFileSync(path, base.bytes);
  await pair.real.open("log", path);
  await pair.real.all("log", "PRAGMA journal_mode=WAL");
  await pair.real.exec("log", base.update.sql);
  const copy = (suffix: string): Uint8Array => {
    copyFileSync(path + suffix, join(dir, "copy"));
    return Uint8Array.from(readFileSync(join(dir, "copy")));
  };
  const found = { database: copy(""), log: copy("-wal"), index: copy("-shm") };
  await pair.real.close("log");
  rmSync(dir, { recursive: true });
  return found;
}

function marked(bytes: Uint8Array, write: number, read: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set([write, read], 18);
  return copy;
}

/** How the database is used. */
const uses: Record<string, Event[]> = {
  "read and write": [
    { do: "open" },
    { do: "read" },
    { do: "set", value: 5 },
    { do: "read" },
    { do: "close" },
  ],
  "opened read-only": [{ do: "open", readonly: true }, { do: "read" }, { do: "read" }, { do: "close" }],
  "write at once": [{ do: "open" }, { do: "begin" }, { do: "begin", exclusive: true }, { do: "close" }],
  "exclusive mode": [
    { do: "open" },
    { do: "exclusiveMode" },
    { do: "set", value: 5 },
    { do: "read" },
    { do: "close" },
  ],
  "opened and closed": [{ do: "open" }, { do: "close" }],
};

/** What stands in the folder. */
const scenes: Record<string, (base: Base, w: Logged, hot: Hot) => Entries> = {
  "a database in WAL mode with its log": (_, w) => ({
    [DB]: file(w.database),
    [WAL]: file(w.log),
    "a.db-shm": file(w.index),
  }),
  "a database in WAL mode, its log without an index": (_, w) => ({
    [DB]: file(w.database),
    [WAL]: file(w.log),
  }),
  "a database in WAL mode without a log": (_, w) => ({ [DB]: file(w.database) }),
  "a database in WAL mode with an empty log": (_, w) => ({
    [DB]: file(w.database),
    [WAL]: file(new Uint8Array(0)),
  }),
  "a database whose read version says WAL": (base) => ({ [DB]: file(marked(base.bytes, 1, 2)) }),
  "a database whose versions say WAL": (base) => ({ [DB]: file(marked(base.bytes, 2, 2)) }),
  "an ordinary database with another one's log": (base, w) => ({
    [DB]: file(base.bytes),
    [WAL]: file(w.log),
  }),
  "an ordinary database with one byte for a log": (base) => ({
    [DB]: file(base.bytes),
    [WAL]: file(Uint8Array.of(1)),
  }),
  "an ordinary database with text for a log": (base) => ({
    [DB]: file(base.bytes),
    [WAL]: file(Uint8Array.from(Buffer.from("no log\n".repeat(100)))),
  }),
  "one page with a log": (base, w) => ({ [DB]: file(base.bytes.slice(0, 1024)), [WAL]: file(w.log) }),
  "a database with an odd size and a log": (base, w) => ({
    [DB]: file(base.bytes.slice(0, 5000)),
    [WAL]: file(w.log),
  }),
  "a database with a stale journal and a log": (base, w) => ({
    [DB]: file(base.bytes),
    [WAL]: file(w.log),
    "a.db-journal": file(new Uint8Array(600)),
  }),
  "an empty database with a log": (_, w) => ({ [DB]: file(new Uint8Array(0)), [WAL]: file(w.log) }),
  "an empty database with text for a log": () => ({
    [DB]: file(new Uint8Array(0)),
    [WAL]: file(Uint8Array.from(Buffer.from("no log"))),
  }),
  "no database but a log": (_, w) => ({ [WAL]: file(w.log) }),
  "an ordinary database with an empty log": (base) => ({
    [DB]: file(base.bytes),
    [WAL]: file(new Uint8Array(0)),
  }),
  "an ordinary database with a link to nothing for a log": (base) => ({
    [DB]: file(base.bytes),
    [WAL]: link("no"),
  }),
  "an ordinary database with a link to itself for a log": (base) => ({
    [DB]: file(base.bytes),
    [WAL]: link(WAL),
  }),
  "an ordinary database with an index alone": (base) => ({
    [DB]: file(base.bytes),
    "a.db-shm": file(new Uint8Array(32768)),
  }),
  "a hot journal beside an ordinary database with an empty log": (_, _w, hot) => ({
    [DB]: file(hot.database),
    "a.db-journal": file(hot.journal),
    [WAL]: file(new Uint8Array(0)),
  }),
  "an ordinary database with a folder for a log": (base): Record<string, Entry> => ({
    [DB]: file(base.bytes),
    [WAL]: folder(),
  }),
};

async function runScene(ctx: CaseContext, scene: string, use: string): Promise<void> {
  const pair = await sharedPair(ctx);
  const base = await baseDatabase(ctx, pair, 1024);
  const hot = await hotJournal(ctx, pair, 1024);
  const make = scenes[scene] as (b: Base, w: Logged, h: Hot) => Entries;
  const entries = make(base, await logged(ctx, pair, base), hot);
  await sameOutcome(ctx, pair, { what: scene, entries, name: DB, events: uses[use] as Event[] });
}

/** The cases. */
export function walCases(): Case[] {
  const list: Case[] = [];
  for (const use of Object.keys(uses)) {
    for (const scene of Object.keys(scenes)) {
      list.push({
        name: `wal: ${scene}: ${use}`,
        fullOnly: use === "opened and closed" || use === "exclusive mode",
        run: async (ctx) => await runScene(ctx, scene, use),
      });
    }
  }
  return list;
}
