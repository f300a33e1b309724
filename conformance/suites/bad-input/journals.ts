/** Journals that belong to another database, that are no files, or no journals. */

import type { Case, CaseContext } from "../../core/case.js";
import type { Random } from "../../core/random.js";
import { type Entries, type Entry, file, folder, link } from "./folder.js";
import { type Hot, hotJournal } from "./hot.js";
import { sharedPair } from "./pair.js";
import { type Event, sameOutcome } from "./trial.js";

/** What lies beside the database. */
interface Scene {
  name: string;
  /** Page sizes of the database and of the one that the journal is from. */
  sizes: [number, number];
  entries: (own: Hot, other: Hot, random: Random) => Entries;
  fullOnly?: boolean;
}

const DB = "a.db";
const JOURNAL = "a.db-journal";

const uses: { name: string; events: Event[]; always?: boolean }[] = [
  {
    name: "read and write",
    always: true,
    events: [
      { do: "open" },
      { do: "read" },
      { do: "set", value: 5 },
      { do: "begin" },
      { do: "set", value: 6 },
      { do: "rollback" },
      { do: "read" },
      { do: "close" },
    ],
  },
  {
    name: "opened read-only",
    always: true,
    events: [{ do: "open", readonly: true }, { do: "read" }, { do: "set", value: 5 }, { do: "close" }],
  },
  {
    name: "write at once",
    events: [
      { do: "open" },
      { do: "begin" },
      { do: "set", value: 5 },
      { do: "commit" },
      { do: "read" },
      { do: "close" },
    ],
  },
  {
    name: "exclusive mode",
    events: [
      { do: "open" },
      { do: "exclusiveMode" },
      { do: "read" },
      { do: "set", value: 5 },
      { do: "read" },
      { do: "close" },
    ],
  },
  { name: "opened and closed", events: [{ do: "open" }, { do: "close" }] },
];

/** A journal of another database beside this one. */
function foreign(): Scene[] {
  const list: Scene[] = [];
  for (const own of [512, 1024, 4096, 65536]) {
    for (const other of [512, 1024, 4096, 65536]) {
      list.push({
        name: `of another database, pages of ${other} beside pages of ${own}`,
        sizes: [own, other],
        fullOnly: own !== 1024 && other !== 1024,
        entries: (a, b) => ({ [DB]: file(a.base.update.after), [JOURNAL]: file(b.journal) }),
      });
    }
  }
  const beside: Record<string, (own: Hot) => Uint8Array | null> = {
    "no database": () => null,
    "an empty file": () => new Uint8Array(0),
    "a file of one byte": () => Uint8Array.of(7),
    text: () => Uint8Array.from(Buffer.from("This is no database.\n".repeat(200))),
    zeros: () => new Uint8Array(3000),
    "one page": (own) => own.base.bytes.slice(0, own.base.pageSize),
    "a larger database": (own) => own.base.grow.after,
    "a database with free pages": (own) => own.base.freed,
    "the database before the transaction": (own) => own.base.bytes,
    "its database": (own) => own.database,
  };
  for (const [name, make] of Object.entries(beside)) {
    list.push({
      name: `beside ${name}`,
      sizes: [1024, 1024],
      entries: (own) => {
        const bytes = make(own);
        return { ...(bytes === null ? {} : { [DB]: file(bytes) }), [JOURNAL]: file(own.journal) };
      },
    });
  }
  return list;
}

/** Something else by the journal's name; a pipe is not tried, since SQLite waits there for its writer. */
function others(): Scene[] {
  const entries: Record<string, (own: Hot, random: Random) => Record<string, Entry>> = {
    "a folder": () => ({ [JOURNAL]: folder() }),
    "a folder with a file": () => ({ [JOURNAL]: folder({ x: file(Uint8Array.of(1)) }) }),
    "a link to nothing": () => ({ [JOURNAL]: link("nothing") }),
    "a link to itself": () => ({ [JOURNAL]: link(JOURNAL) }),
    "a link to a folder": () => ({ [JOURNAL]: link("sub"), sub: folder() }),
    "a link to the database": () => ({ [JOURNAL]: link(DB) }),
    "a link to a hot journal": (own) => ({ [JOURNAL]: link("elsewhere"), elsewhere: file(own.journal) }),
    "a link to text": () => ({ [JOURNAL]: link("text"), text: file(Uint8Array.from(Buffer.from("text"))) }),
    "an empty file": () => ({ [JOURNAL]: file(new Uint8Array(0)) }),
    "one zero": () => ({ [JOURNAL]: file(Uint8Array.of(0)) }),
    "one byte": () => ({ [JOURNAL]: file(Uint8Array.of(0xd9)) }),
    text: () => ({ [JOURNAL]: file(Uint8Array.from(Buffer.from("no journal\n".repeat(100)))) }),
    zeros: () => ({ [JOURNAL]: file(new Uint8Array(2000)) }),
    "random bytes": (_, random) => ({ [JOURNAL]: file(random.bytes(3000)) }),
    "only the magic": (own) => ({ [JOURNAL]: file(own.journal.slice(0, 8)) }),
    "the magic and random bytes": (own, random) => ({
      [JOURNAL]: file(Uint8Array.from([...own.journal.subarray(0, 8), ...random.bytes(2000)])),
    }),
    "a header alone": (own) => ({ [JOURNAL]: file(own.journal.slice(0, 512)) }),
    "a header cut short": (own) => ({ [JOURNAL]: file(own.journal.slice(0, 27)) }),
    "a database": (own) => ({ [JOURNAL]: file(own.base.bytes) }),
    "one with a page size of 0": (own) => ({ [JOURNAL]: file(withField(own.journal, 24, 0)) }),
    "one with a page size of 1000": (own) => ({ [JOURNAL]: file(withField(own.journal, 24, 1000)) }),
    "one with a page size of 131072": (own) => ({ [JOURNAL]: file(withField(own.journal, 24, 131072)) }),
    "one with a sector size of 0": (own) => ({ [JOURNAL]: file(withField(own.journal, 20, 0)) }),
    "one with a sector size of 31": (own) => ({ [JOURNAL]: file(withField(own.journal, 20, 31)) }),
    "one with a sector size of 4096": (own) => ({ [JOURNAL]: file(withField(own.journal, 20, 4096)) }),
  };
  return Object.entries(entries).map(([name, make]) => ({
    name: `instead of it ${name}`,
    sizes: [1024, 1024],
    entries: (own, _, random) => ({ [DB]: file(own.base.bytes), ...make(own, random) }),
  }));
}

function withField(journal: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(journal);
  new DataView(copy.buffer).setUint32(at, value);
  return copy;
}

async function run(ctx: CaseContext, scene: Scene, events: Event[], what: string): Promise<void> {
  const pair = await sharedPair(ctx);
  const own = await hotJournal(ctx, pair, scene.sizes[0]);
  const other = await hotJournal(ctx, pair, scene.sizes[1]);
  await sameOutcome(ctx, pair, { what, entries: scene.entries(own, other, ctx.random), name: DB, events });
}

/** The cases. */
export function journalCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  for (const scene of [...foreign(), ...others()]) {
    for (const use of uses) {
      const name = `journal ${scene.name}: ${use.name}`;
      list.push({
        name,
        fullOnly: scene.fullOnly || (!use.always && turn++ % 5 !== 0),
        run: async (ctx) => await run(ctx, scene, use.events, name),
      });
    }
  }
  return list;
}
