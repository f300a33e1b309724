/**
 * Scenarios that start from given files: hot journals and logs that somebody left behind, whole, torn and forged.
 * The C pager makes the files they are derived from.
 */

import "../oracle/wasm32.js";
import { encodeJournal, type JournalParts, journalParts, lockPage } from "../format/journal-encode.js";
import { encodeWal, type WalParts, walParts } from "../format/wal-encode.js";
import { CSide } from "../oracle/c-side.js";
import type { OracleModule } from "../oracle/module.js";
import { LEFT_OUT, type Op, type Program, type Setup } from "../oracle/ops.js";
import { MODE, range, Writer } from "../oracle/programs/writer.js";
import { type Scenario, Unsuitable } from "./record.js";
import { slug } from "./slug.js";

export type Files = ReadonlyMap<string, Uint8Array>;

/** Runs operations on the C pager and gives the files that are on the disk then. */
export function filesAfter(
  module: OracleModule,
  { setup = {}, ops }: Program,
  start: Files = new Map(),
): Files {
  const side = new CSide(module, setup);
  for (const [name, bytes] of start) side.disk.importFile(name, bytes);
  for (const op of ops) {
    const outcome = side.run(op);
    if (outcome !== LEFT_OUT && outcome.assertion !== null) throw new Unsuitable(outcome.assertion);
  }
  return new Map(side.disk.list().map((name) => [name, side.disk.exportFile(name)!]));
}

/** Sectors of 512 bytes keep headers of journals short. */
const SMALL: Setup = { sectorSize: 512 };
const JOURNAL = "/a.db-journal";
const LOG = "/a.db-wal";

/** Reads everything, writes, reads again: what comes to a file that somebody left behind. */
function visitor(c = 0, file = "/a.db"): Op[] {
  const w = new Writer(c).open(file, 20);
  return w.scan().begin().write(1, 3).commit().scan().close().ops;
}

function scenario(group: string, title: string, start: Files, ops: readonly Op[] = visitor()): Scenario {
  return {
    name: slug(`${group} ${title}`),
    title: `${group}: ${title}`,
    group,
    program: { setup: SMALL, ops },
    start,
  };
}

function changed(files: Files, name: string, bytes: Uint8Array | null): Files {
  const copy = new Map(files);
  if (bytes === null) copy.delete(name);
  else copy.set(name, bytes);
  return copy;
}

function withByte(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 0x5a;
  return copy;
}

/** A transaction that has journalled, written and synced, and not been committed. */
function hot(module: OracleModule, cache: number, pages: number[], superJournal?: string): Files {
  const w = new Writer().open("/a.db", cache);
  w.begin()
    .write(...range(1, 12))
    .commit();
  w.begin()
    .write(...pages)
    .add({ op: "CommitPhaseOne", c: 0, ...(superJournal === undefined ? {} : { superJournal }) });
  return filesAfter(module, { setup: SMALL, ops: w.ops });
}

function journals(module: OracleModule): Scenario[] {
  const group = "hot journal";
  const files = hot(module, 100, [1, 3, 5, 7, 13]);
  const bytes = files.get(JOURNAL)!;
  const parts = journalParts(bytes);
  const put = (title: string, journal: Uint8Array): Scenario =>
    scenario(group, title, changed(files, JOURNAL, journal));
  const forged = (title: string, change: (parts: JournalParts) => JournalParts): Scenario =>
    put(title, encodeJournal(change(parts)));
  const first = parts.segments[0]!;
  const nRec = (n: number) => (p: JournalParts) => ({
    ...p,
    segments: [{ ...first, nRec: n }, ...p.segments.slice(1)],
  });
  const records = (change: (records: typeof first.records) => typeof first.records) => (p: JournalParts) => ({
    ...p,
    segments: [
      { ...first, nRec: first.records.length, records: change(first.records) },
      ...p.segments.slice(1),
    ],
  });
  const spilled = hot(module, 10, range(1, 12).concat(20, 21));
  return [
    scenario(group, "whole", files),
    scenario(group, "of several segments", spilled),
    scenario(
      group,
      "of several segments, the last one torn",
      changed(spilled, JOURNAL, spilled.get(JOURNAL)!.subarray(0, -700)),
    ),
    put("torn inside a record", bytes.subarray(0, bytes.length - 500)),
    put("torn inside the header", bytes.subarray(0, 20)),
    put("empty", new Uint8Array(0)),
    put("overwritten with zeros at the start", bytes.slice().fill(0, 0, 28)),
    put("a changed byte in the magic number", withByte(bytes, 3)),
    put("a changed byte in the second record", withByte(bytes, 512 + 1032 + 4)),
    forged("number of records unknown", nRec(0xffffffff)),
    forged("number of records 0", nRec(0)),
    forged("more records announced than there are", nRec(40)),
    forged("fewer records announced than there are", nRec(2)),
    forged("another page size", (p) => ({ ...p, pageSize: 2048 })),
    put("an impossible page size", withByte(bytes, 27)),
    forged("a shorter database before", (p) => ({ ...p, initialPages: 9 })),
    forged(
      "a record for page 0",
      records(([one, ...others]) => [one!, { ...one!, pgno: 0 }, ...others]),
    ),
    forged(
      "a record for the page of the lock bytes",
      records(([one, ...others]) => [one!, { ...one!, pgno: lockPage(1024) }, ...others]),
    ),
    forged(
      "a page twice",
      records((all) => [...all, { ...all[1]!, page: all[2]!.page }]),
    ),
    scenario(group, "of an empty database", changed(files, "/a.db", new Uint8Array(0))),
    scenario(group, "of a database that is not there", changed(files, "/a.db", null)),
    ...[MODE.PERSIST, MODE.TRUNCATE].map((mode) =>
      scenario(
        group,
        `found in mode ${mode === MODE.PERSIST ? "PERSIST" : "TRUNCATE"}`,
        files,
        new Writer().open().mode(mode).scan().begin().write(1, 2).commit().close().ops,
      ),
    ),
  ];
}

function superJournals(module: OracleModule): Scenario[] {
  const group = "super-journal";
  const SUPER = "/a.db-mj01234567";
  const [a, b] = [new Writer(0), new Writer(1)];
  const ops: Op[] = [];
  for (const [w, file] of [
    [a, "/a.db"],
    [b, "/b.db"],
  ] as const) {
    w.open(file)
      .begin()
      .write(...range(1, 6))
      .commit();
    w.begin().write(1, 2, 4);
    ops.push(...w.ops.splice(0));
  }
  ops.push({ op: "WriteSuper", file: SUPER, names: [JOURNAL, "/b.db-journal"] });
  for (const c of [0, 1]) ops.push({ op: "CommitPhaseOne", c, superJournal: SUPER });
  const files = filesAfter(module, { setup: SMALL, ops });
  const both = [...visitor(0, "/a.db"), ...visitor(1, "/b.db")];
  const journal = files.get(JOURNAL)!;
  return [
    scenario(group, "there, both journals hot", files, both),
    scenario(group, "gone, both transactions committed", changed(files, SUPER, null), both),
    scenario(group, "names no journal", changed(files, SUPER, new Uint8Array(0)), both),
    scenario(
      group,
      "names other journals",
      changed(files, SUPER, new TextEncoder().encode("/c.db-journal\0")),
      both,
    ),
    scenario(
      group,
      "its name damaged in one journal",
      changed(files, JOURNAL, withByte(journal, journal.length - 21)),
      both,
    ),
    scenario(
      group,
      "the end of one journal torn off",
      changed(files, JOURNAL, journal.subarray(0, -4)),
      both,
    ),
    scenario(group, "one journal gone", changed(files, "/b.db-journal", null), both),
  ];
}

function logs(module: OracleModule): Scenario[] {
  const group = "log";
  const w = new Writer().open().wal();
  w.begin()
    .write(...range(1, 6))
    .commit();
  w.begin().write(1, 2, 7).commit().begin().write(1, 4).commit();
  const files = filesAfter(module, { setup: SMALL, ops: w.ops });
  const bytes = files.get(LOG)!;
  const parts = walParts(bytes);
  const frame = (n: number): number => 32 + (n - 1) * (24 + 1024);
  const put = (title: string, log: Uint8Array): Scenario => scenario(group, title, changed(files, LOG, log));
  const forged = (title: string, change: Partial<WalParts>): Scenario =>
    put(title, encodeWal({ ...parts, ...change }));
  const frames = (change: (all: WalParts["frames"]) => WalParts["frames"]): Partial<WalParts> => ({
    frames: change(parts.frames.slice()),
  });
  const uncommitted = parts.frames.at(-1)!;
  const { commit: _, ...noCommit } = uncommitted;
  const again = new Writer().open();
  again.scan().checkpoint(0).begin().write(1, 2).commit().checkpoint(3).scan().close();
  const kept = new Writer().open();
  kept.scan().add({ op: "Close", c: 0, noCheckpoint: true });
  return [
    scenario(group, "whole", files),
    scenario(group, "whole, checkpoints", files, again.ops),
    scenario(group, "whole, closed without a checkpoint", files, kept.ops),
    put("torn inside the last frame", bytes.subarray(0, bytes.length - 300)),
    put("torn inside the header", bytes.subarray(0, 20)),
    put("empty", new Uint8Array(0)),
    put("only a header", bytes.subarray(0, 32)),
    put("a changed byte in the header", withByte(bytes, 17)),
    put("a changed byte in the magic number", withByte(bytes, 1)),
    put("a changed byte in the first frame", withByte(bytes, frame(1) + 200)),
    put("a changed byte in the last transaction", withByte(bytes, frame(parts.frames.length) + 24)),
    put("a changed salt in a frame in the middle", withByte(bytes, frame(7) + 9)),
    forged("big-endian checksums", { bigEndian: true }),
    forged("big-endian checksums, sequence number 7", { bigEndian: true, sequence: 7 }),
    forged("another version", { version: 3007001 }),
    forged(
      "the last transaction not committed",
      frames((all) => [...all.slice(0, -1), noCommit]),
    ),
    forged(
      "no transaction committed",
      frames((all) => all.map(({ pgno, page }) => ({ pgno, page }))),
    ),
    forged(
      "frames behind the last commit",
      frames((all) => [...all, noCommit, noCommit]),
    ),
    forged(
      "a frame for page 0",
      frames((all) => [...all, { ...uncommitted, pgno: 0 }]),
    ),
    forged("frames of an older log behind the end", {
      tail: bytes.subarray(frame(2), frame(5)),
    }),
    forged(
      "a commit that makes the database shorter",
      frames((all) => [...all, { ...uncommitted, commit: 4 }]),
    ),
    scenario(group, "of an empty database", changed(files, "/a.db", new Uint8Array(0))),
    scenario(group, "of a database that is not there", changed(files, "/a.db", null)),
    scenario(group, "beside a hot journal", new Map([...hot(module, 100, [1, 3, 5]), [LOG, bytes]])),
  ];
}

/** A log of more frames than the first region of the wal-index has room for: each commit fills a large sector. */
function twoRegions(): Scenario {
  const w = new Writer().open("/a.db", 100, 512).wal();
  for (let i = 0; i < 34; i++)
    w.begin()
      .write(1, 2 + (i % 9))
      .commit();
  w.read().look(2, 5, 9).done();
  const title = "a log of two regions, commits padded to sectors";
  const setup = { sectorSize: 65536, deviceCharacteristics: 0 };
  return { name: slug(title), title, group: "log", program: { setup, ops: w.ops } };
}

/** All of them. */
export function recoveries(module: OracleModule): Scenario[] {
  return [...journals(module), ...superJournals(module), ...logs(module), twoRegions()];
}
