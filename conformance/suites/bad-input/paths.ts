/** Names that lead nowhere, or somewhere else: folders, links, pipes, and names no one would choose. */

import { linkSync } from "node:fs";
import { relative } from "node:path";
import type { Case, CaseContext } from "../../core/case.js";
import { baseDatabase } from "./bases.js";
import { type Entries, file, folder, link, pathOf } from "./folder.js";
import { sharedPair } from "./pair.js";
import { type Event, sameOutcome, trialFolder } from "./trial.js";

/** What lies there, and which name is opened. */
interface Scene {
  name: string;
  /** The name from the folder on; characters are bytes if `attach`. */
  open: string | ((place: string) => string);
  entries: (db: Uint8Array) => Entries;
  attach?: boolean;
  /** Opened read-only as well. */
  alsoReadonly?: boolean;
  before?: (place: string) => void;
  /** Of real SQLite, for the first events of reading and writing. */
  expect?: string[];
  fullOnly?: boolean;
}

/* Within a transaction, so that the place of the journal is seen. */
const READ_AND_WRITE: Event[] = [
  { do: "open" },
  { do: "read" },
  { do: "begin" },
  { do: "set", value: 5 },
  { do: "commit" },
  { do: "read" },
  { do: "close" },
];

const ONLY_READ: Event[] = [
  { do: "open", readonly: true },
  { do: "read" },
  { do: "set", value: 5 },
  { do: "close" },
];

const CANTOPEN = ["SQLITE_CANTOPEN"];

/** UTF-8 bytes as characters. */
const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

function wrongPlaces(): Scene[] {
  const one = (db: Uint8Array): Entries => ({ "a.db": file(db) });
  return [
    { name: "missing folder", open: "missing/a.db", entries: one, attach: true, expect: CANTOPEN },
    { name: "two missing folders", open: "missing/too/a.db", entries: one, attach: true, expect: CANTOPEN },
    { name: "a file for a folder", open: "a.db/b.db", entries: one, attach: true, expect: CANTOPEN },
    {
      name: "a folder for a file",
      open: "sub",
      entries: (db) => ({ sub: folder({ "a.db": file(db) }) }),
      alsoReadonly: true,
      expect: CANTOPEN,
    },
    {
      name: "an empty folder for a file",
      open: "a.db",
      entries: () => ({ "a.db": folder() }),
      alsoReadonly: true,
      expect: CANTOPEN,
    },
    { name: "no file, opened read-only", open: "b.db", entries: one, alsoReadonly: true },
    { name: "a slash after the file", open: "a.db/", entries: one, alsoReadonly: true },
    { name: "a slash after a folder", open: "sub/", entries: () => ({ sub: folder() }), attach: true },
    { name: "the folder itself", open: ".", entries: one, alsoReadonly: true, expect: CANTOPEN },
    { name: "the folder above", open: "..", entries: one, alsoReadonly: true, expect: CANTOPEN },
    { name: "a dot in the path", open: "./a.db", entries: one },
    { name: "two slashes in the path", open: ".//.//a.db", entries: one },
    { name: "to a folder and back", open: "sub/../a.db", entries: (db) => ({ ...one(db), sub: folder() }) },
    { name: "to a missing folder and back", open: "missing/../a.db", entries: one, attach: true },
    { name: "to a file and back", open: "a.db/../a.db", entries: one, attach: true },
    { name: "above the root", open: (place) => `${"../".repeat(40)}${place.slice(1)}/a.db`, entries: one },
    {
      name: "a path from the current folder",
      open: (place) => relative(process.cwd(), `${place}/a.db`),
      entries: one,
    },
    { name: "a pipe", open: "pipe", entries: () => ({ pipe: { kind: "pipe" } }) },
    {
      name: "a file with two names",
      open: "b.db",
      entries: one,
      before: (place) => linkSync(`${place}/a.db`, `${place}/b.db`),
    },
  ];
}

/** A chain of links: l0 leads to l1 and so on, the last one to the database. */
function chain(length: number): (db: Uint8Array) => Entries {
  return (db) => {
    const entries: Entries = { "a.db": file(db) };
    for (let i = 0; i < length; i++) entries[`l${i}`] = link(i === length - 1 ? "a.db" : `l${i + 1}`);
    return entries;
  };
}

function links(): Scene[] {
  const list: Scene[] = [
    {
      name: "link to a file",
      open: "l",
      entries: (db) => ({ "a.db": file(db), l: link("a.db") }),
      alsoReadonly: true,
    },
    {
      name: "link to a file in another folder",
      open: "l",
      entries: (db) => ({ sub: folder({ "a.db": file(db) }), l: link("sub/a.db") }),
    },
    {
      name: "link in a folder to a file above it",
      open: "sub/l",
      entries: (db) => ({ "a.db": file(db), sub: folder({ l: link("../a.db") }) }),
    },
    {
      name: "link to a folder in the path",
      open: "l/a.db",
      entries: (db) => ({ sub: folder({ "a.db": file(db) }), l: link("sub") }),
    },
    {
      name: "links in the path and at its end",
      open: "l/k",
      entries: (db) => ({
        sub: folder({ k: link("../other/b.db") }),
        l: link("./sub"),
        other: folder({ "b.db": file(db) }),
      }),
    },
    { name: "link to a folder", open: "l", entries: () => ({ sub: folder(), l: link("sub") }) },
    { name: "dangling link", open: "l", entries: () => ({ l: link("b.db") }), alsoReadonly: true },
    {
      name: "dangling link into a missing folder",
      open: "l",
      entries: () => ({ l: link("missing/b.db") }),
      alsoReadonly: true,
    },
    { name: "dangling chain", open: "l", entries: () => ({ l: link("k"), k: link("b.db") }) },
    { name: "link to itself", open: "l", entries: () => ({ l: link("l") }), alsoReadonly: true },
    {
      name: "links to each other",
      open: "l",
      entries: () => ({ l: link("k"), k: link("l") }),
      alsoReadonly: true,
    },
    {
      name: "a loop in the path",
      open: "l/a.db",
      entries: (db) => ({ "a.db": file(db), l: link("l") }),
      attach: true,
    },
    { name: "link with an absolute target", open: "l", entries: () => ({ l: link("/nowhere/at/all.db") }) },
    {
      name: "link to a link's own name with slashes",
      open: "l",
      entries: (db) => ({ "a.db": file(db), l: link(".//././a.db") }),
    },
  ];
  for (const n of [2, 8, 39, 40, 41, 99, 100, 101, 199, 200, 201, 202, 203, 250]) {
    list.push({
      name: `a chain of ${n} links`,
      open: "l0",
      entries: chain(n),
      fullOnly: n !== 8 && n !== 101 && n !== 201 && n !== 202,
    });
  }
  return list;
}

function names(): Scene[] {
  const list: Scene[] = [];
  const ordinary = [
    "with spaces in it.db",
    "quote'and\"quote.db",
    "new\nline.db",
    "tab\t.db",
    "back\\slash.db",
    "percent%20.db",
    "question?mode=ro",
    "hash#and&and=.db",
    "file:a.db",
    "file:a.db?immutable=1",
    "ünïcødé-数据库-🗃.db",
    "combining-e\u0301.db",
    "-journal",
    "a.db-journal",
    "a.db-wal",
    "a.db-shm",
    "-",
    "...",
    "~",
    "*",
    ":memory:x",
  ];
  for (const name of ordinary) {
    list.push({
      name: `named ${JSON.stringify(name)}`,
      open: name,
      entries: (db) => ({ [utf8(name)]: file(db) }),
    });
  }
  for (const name of [" leading", "trailing ", "\u00a0", "\r"]) {
    list.push({
      name: `named ${JSON.stringify(name)}`,
      open: name,
      entries: (db) => ({ [name]: file(db) }),
      attach: true,
    });
  }
  const bytes = {
    "lone 0xff": "\xff",
    "a cut sequence": "a\xe2\x82",
    surrogates: "\xed\xa0\x80",
    "all high": "\x80\xbf\xfe",
  };
  for (const [what, name] of Object.entries(bytes)) {
    list.push({
      name: `named in no UTF-8: ${what}`,
      open: `${name}.db`,
      entries: (db) => ({ [`${name}.db`]: file(db) }),
      attach: true,
    });
    list.push({
      name: `a link to a name in no UTF-8: ${what}`,
      open: `${name}.db`,
      entries: (db) => ({ "a.db": file(db), [`${name}.db`]: link("a.db") }),
      attach: true,
    });
  }
  list.push(
    { name: "a name that ends in a NUL", open: "a.db\0", entries: (db) => ({ "a.db": file(db) }) },
    { name: "a name with a NUL in it", open: "a.db\0-and-more", entries: (db) => ({ "a.db": file(db) }) },
    { name: "a new name with a NUL in it", open: "b\0.db", entries: () => ({}) },
    { name: "a NUL in the path", open: "a.db\0/b.db", entries: (db) => ({ "a.db": file(db) }), attach: true },
  );
  return list;
}

/** A path that is exactly so many bytes long: folders, then a file. */
function longPath(place: string, length: number): { folders: string[]; file: string } {
  let left = length - Buffer.byteLength(place) - 1;
  const folders: string[] = [];
  while (left > 120) {
    const n = Math.min(100, left - 20);
    folders.push("d".repeat(n));
    left -= n + 1;
  }
  return { folders, file: "f".repeat(left) };
}

function nested(folders: string[], entries: Entries): Entries {
  return folders.reduceRight<Entries>((inner, name) => ({ [name]: folder(inner) }), entries);
}

/** Names and paths at the limits. */
function longNames(): Scene[] {
  const list: Scene[] = [];
  for (const n of [246, 247, 248, 249, 251, 252, 255, 256, 300]) {
    for (const there of n > 255 ? [false] : [true, false]) {
      list.push({
        name: `a name of ${n} bytes${there ? "" : ", no file"}`,
        open: "n".repeat(n),
        entries: (db) => (there ? { ["n".repeat(n)]: file(db) } : {}),
        alsoReadonly: n >= 255,
      });
    }
  }
  return list;
}

async function runScene(ctx: CaseContext, scene: Scene, events: Event[]): Promise<void> {
  const pair = await sharedPair(ctx);
  const base = await baseDatabase(ctx, pair, 1024);
  const place = trialFolder(ctx);
  const before = scene.before;
  const prelude: Event[] = before ? [{ do: "outside", what: "prepare", run: before }] : [];
  const path = typeof scene.open === "string" ? pathOf(place, scene.open) : Buffer.from(scene.open(place));
  const outcome = await sameOutcome(ctx, pair, {
    what: scene.name,
    entries: scene.entries(base.bytes),
    name: typeof scene.open === "string" ? scene.open : "",
    path: scene.attach ? Uint8Array.from(path) : nameFor(place, scene),
    attach: scene.attach ?? false,
    events: [...prelude, ...events],
  });
  if (scene.expect && events === READ_AND_WRITE) {
    const first = outcome.codes.slice(prelude.length, prelude.length + scene.expect.length);
    ctx.check.equal(`${scene.name}: what real SQLite says`, first, scene.expect);
  }
}

function nameFor(place: string, scene: Scene): string {
  return typeof scene.open === "string" ? `${place}/${scene.open}` : scene.open(place);
}

async function runLongPath(ctx: CaseContext, length: number, there: boolean): Promise<void> {
  const pair = await sharedPair(ctx);
  const base = await baseDatabase(ctx, pair, 1024);
  const place = trialFolder(ctx);
  const { folders, file: name } = longPath(place, length);
  if (name.length < 1) ctx.skip(`the temporary folder's own name is too long for a path of ${length} bytes`);
  await sameOutcome(ctx, pair, {
    what: `a path of ${length} bytes`,
    entries: nested(folders, there ? { [name]: file(base.bytes) } : {}),
    name: [...folders, name].join("/"),
    events: READ_AND_WRITE,
  });
}

/** The cases. */
export function pathCases(): Case[] {
  const list: Case[] = [];
  for (const scene of [...wrongPlaces(), ...links(), ...names(), ...longNames()]) {
    const fullOnly = scene.fullOnly ?? false;
    list.push({
      name: `path: ${scene.name}`,
      fullOnly,
      run: async (ctx) => await runScene(ctx, scene, READ_AND_WRITE),
    });
    if (!scene.alsoReadonly) continue;
    list.push({
      name: `path: ${scene.name}: opened read-only`,
      fullOnly,
      run: async (ctx) => await runScene(ctx, scene, ONLY_READ),
    });
  }
  /* The VFS knows 512 bytes, of which 8 are for "-journal". */
  for (const length of [
    490, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 512, 513, 514, 520, 600,
  ]) {
    for (const there of [true, false]) {
      list.push({
        name: `path: ${length} bytes long${there ? "" : ", no file"}`,
        fullOnly: !there && length % 4 !== 0,
        run: async (ctx) => await runLongPath(ctx, length, there),
      });
    }
  }
  return list;
}
