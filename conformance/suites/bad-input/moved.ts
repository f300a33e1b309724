/** Files that are renamed, removed, replaced or cut while the database is open. */

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import type { Case, CaseContext } from "../../core/case.js";
import { type Base, baseDatabase } from "./bases.js";
import { file } from "./folder.js";
import { sharedPair } from "./pair.js";
import type { JournalMode } from "./session.js";
import { type Event, sameOutcome } from "./trial.js";

/** Something that happens to the files, and what undoes it. */
interface Mishap {
  name: string;
  run: (folder: string) => void;
  undo?: (folder: string) => void;
}

const DB = "a.db";

const mishaps: readonly Mishap[] = [
  {
    name: "renamed",
    run: (f) => renameSync(`${f}/${DB}`, `${f}/moved.db`),
    undo: (f) => {
      /* The engine may have made a new file by that name; it goes. */
      renameSync(`${f}/moved.db`, `${f}/${DB}`);
    },
  },
  { name: "removed", run: (f) => rmSync(`${f}/${DB}`) },
  { name: "replaced by another database", run: (f) => renameSync(`${f}/other.db`, `${f}/${DB}`) },
  {
    name: "replaced by its own copy",
    run: (f) => {
      copyFileSync(`${f}/${DB}`, `${f}/copy.db`);
      renameSync(`${f}/copy.db`, `${f}/${DB}`);
    },
  },
  {
    name: "replaced by nothing",
    run: (f) => {
      rmSync(`${f}/${DB}`);
      writeFileSync(`${f}/${DB}`, "");
    },
  },
  { name: "linked a second time", run: (f) => linkSync(`${f}/${DB}`, `${f}/second.db`) },
  { name: "overwritten in place", run: (f) => writeFileSync(`${f}/${DB}`, readFileSync(`${f}/other.db`)) },
  { name: "cut to nothing", run: (f) => truncateSync(`${f}/${DB}`, 0) },
  { name: "cut to one page", run: (f) => truncateSync(`${f}/${DB}`, 1024) },
  { name: "cut in a page", run: (f) => truncateSync(`${f}/${DB}`, 5000) },
  { name: "made longer", run: (f) => appendFileSync(`${f}/${DB}`, new Uint8Array(3000)) },
];

/** What happens to the journal, if there is one. */
const journalMishaps: readonly Mishap[] = [
  { name: "removed", run: (f) => rmSync(`${f}/${DB}-journal`, { force: true }) },
  {
    name: "renamed",
    run: (f) => {
      if (existsSync(`${f}/${DB}-journal`)) renameSync(`${f}/${DB}-journal`, `${f}/moved-journal`);
    },
  },
  {
    name: "replaced by text",
    run: (f) => {
      rmSync(`${f}/${DB}-journal`, { force: true });
      writeFileSync(`${f}/${DB}-journal`, "this is no journal");
    },
  },
  {
    name: "cut to nothing",
    run: (f) => {
      if (existsSync(`${f}/${DB}-journal`)) truncateSync(`${f}/${DB}-journal`, 0);
    },
  },
];

/** What the user is doing meanwhile; `now` is where it happens. */
interface Course {
  name: string;
  events: (base: Base, now: Event, back: Event[]) => Event[];
}

const courses: readonly Course[] = [
  {
    name: "before anything is read",
    events: (_, now, back) => [
      now,
      { do: "read" },
      { do: "set", value: 5 },
      ...back,
      { do: "read" },
      { do: "set", value: 6 },
    ],
  },
  {
    name: "between transactions",
    events: (_, now, back) => [
      { do: "set", value: 4 },
      now,
      { do: "read" },
      { do: "set", value: 5 },
      { do: "read" },
      ...back,
      { do: "set", value: 6 },
      { do: "read" },
    ],
  },
  {
    name: "before the first write of a transaction",
    events: (_, now, back) => [
      { do: "read" },
      { do: "begin" },
      now,
      { do: "set", value: 5 },
      { do: "commit" },
      { do: "rollback" },
      ...back,
      { do: "read" },
      { do: "set", value: 6 },
    ],
  },
  {
    name: "in a transaction that is committed",
    events: (_, now, back) => [
      { do: "begin" },
      { do: "set", value: 5 },
      now,
      { do: "commit" },
      ...back,
      { do: "read" },
      { do: "set", value: 6 },
    ],
  },
  {
    name: "in a transaction that is rolled back",
    events: (base, now, back) => [
      { do: "cacheSize", pages: 5 },
      { do: "begin" },
      { do: "run", change: base.update },
      now,
      { do: "rollback" },
      ...back,
      { do: "read" },
      { do: "set", value: 6 },
    ],
  },
  {
    name: "in a transaction that ends with the connection",
    events: (base, now) => [
      { do: "cacheSize", pages: 5 },
      { do: "begin" },
      { do: "run", change: base.update },
      now,
    ],
  },
];

interface Setting {
  mode: JournalMode;
  exclusive: boolean;
  mmap: boolean;
}

const settings: readonly Setting[] = [
  { mode: "DELETE", exclusive: false, mmap: false },
  { mode: "TRUNCATE", exclusive: false, mmap: false },
  { mode: "PERSIST", exclusive: false, mmap: false },
  { mode: "DELETE", exclusive: true, mmap: false },
  { mode: "DELETE", exclusive: false, mmap: true },
];

function nameOf(s: Setting): string {
  return `${s.mode}${s.exclusive ? ", exclusive mode" : ""}${s.mmap ? ", memory-mapped" : ""}`;
}

async function run(
  ctx: CaseContext,
  mishap: Mishap,
  course: Course,
  s: Setting,
  what: string,
): Promise<void> {
  const pair = await sharedPair(ctx);
  const base = await baseDatabase(ctx, pair, 1024);
  const now: Event = { do: "outside", what: mishap.name, run: mishap.run };
  const undo = mishap.undo;
  const back: Event[] = undo ? [{ do: "outside", what: "undone", run: undo }] : [];
  const setup: Event[] = [{ do: "open" }];
  if (s.mmap) setup.push({ do: "mmap", bytes: 1 << 20 });
  setup.push({ do: "journalMode", mode: s.mode });
  if (s.exclusive) setup.push({ do: "exclusiveMode" });
  await sameOutcome(ctx, pair, {
    what,
    entries: { [DB]: file(base.bytes), "other.db": file(base.update.after) },
    name: DB,
    events: [...setup, ...course.events(base, now, back), { do: "close" }],
  });
}

/** Whether something can happen to a journal: in mode DELETE there is one during a transaction only. */
function hasJournal(course: Course, s: Setting): boolean {
  return s.mode !== "DELETE" || s.exclusive || course.name.startsWith("in a transaction");
}

/* Reading mapped pages behind a file's end kills the process, in SQLite as here. */
function sensible(mishap: Mishap, s: Setting): boolean {
  return !(s.mmap && (mishap.name.startsWith("cut") || mishap.name.startsWith("overwritten")));
}

/** The cases. */
export function movedCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  const add = (subject: string, mishap: Mishap, course: Course, s: Setting): void => {
    if (!sensible(mishap, s)) return;
    const name = `moved: ${subject} ${mishap.name} ${course.name}: ${nameOf(s)}`;
    list.push({
      name,
      fullOnly: turn++ % 4 !== 0,
      run: async (ctx) => await run(ctx, mishap, course, s, name),
    });
  };
  for (const s of settings) {
    for (const course of courses) {
      for (const mishap of mishaps) add("database", mishap, course, s);
      if (!hasJournal(course, s)) continue;
      for (const mishap of journalMishaps) add("journal", mishap, course, s);
    }
  }
  return list;
}
