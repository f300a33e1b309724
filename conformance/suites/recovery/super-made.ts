/**
 * Super-journals made by hand over two genuine hot journals: present, missing, stale, misnamed, with
 * every field of the record wrong in turn.
 */

import { join } from "node:path";
import { SQLITE_DEBUG } from "../../../src/index.js";
import type { Case, CaseContext } from "../../core/case.js";
import { encodeSuperRecord, lockPage, nameChecksum, type SuperParts } from "../../format/journal-encode.js";
import { type Entry, fileOf, restore, type Snapshot, takeSnapshot, withFiles } from "./folder.js";
import { JOURNALS, type JournalName } from "./modes.js";
import { makeFolder, sameRecovery } from "./recover.js";
import { changeBoth, FOLDERS, ORDERS, openPair, setUpPair } from "./super-writers.js";

const A = "a.db-journal";
const B = "b.db-journal";
const SUPER = "a.db-mjE4A0C79F1";
const PAGE_SIZE = 1024;

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

/** What each journal gets at its end, and what the super-journal holds; see {@link apply}. */
interface Variant {
  name: string;
  /** Name in the record of a.db's journal, and changes to the record; undefined: no record. */
  a?: RecordChange;
  b?: RecordChange;
  /** The super-journal; undefined: there is none. */
  file?: Entry;
  /** Upstream has an assert that this violates: only builds without asserts can be compared. */
  violatesAssert?: boolean;
  /** After the record of a.db's journal. */
  tail?: Uint8Array;
}

interface RecordChange extends Partial<Omit<SuperParts, "name">> {
  name: Uint8Array;
  /** At the next multiple of the sector size, as a writer with full syncs puts it. */
  aligned?: boolean;
}

function variants(folder: string): Variant[] {
  const path = (name: string): string => join(folder, name);
  const name = bytes(path(SUPER));
  const list = (...names: string[]): Uint8Array => bytes(names.map((n) => `${path(n)}\0`).join(""));
  const both = list(A, B);
  const named: RecordChange = { name };
  const aligned: RecordChange = { name, aligned: true };
  const other: RecordChange = { name: bytes(path("b.db-mj000000900")) };
  const long = (n: number): Uint8Array => bytes(path("x".repeat(Math.max(1, n - folder.length - 1))));
  const unsigned = name.reduce((sum, b) => sum + b, 0);
  return [
    { name: "present", a: named, b: named, file: both },
    { name: "present, at sectors", a: aligned, b: aligned, file: both },
    { name: "missing", a: named, b: named },
    { name: "missing, at sectors", a: aligned, b: aligned },
    { name: "empty", a: named, b: named, file: new Uint8Array(0) },
    /* The Unix VFS says that a file of one byte is empty, and asserts that nobody reads 0 bytes. */
    { name: "of one zero byte", a: named, b: named, file: new Uint8Array(1), violatesAssert: true },
    { name: "not named by any journal", file: both },
    { name: "named by the first journal alone", a: named, file: both },
    { name: "named by the second journal alone", b: named, file: both },
    { name: "named by the first journal alone, missing", a: named },
    {
      name: "stale: lists journals that do not exist",
      a: named,
      b: other,
      file: list("gone-journal", "away-journal"),
    },
    { name: "stale: the other journal names another one", a: named, b: other, file: both },
    {
      name: "stale: the other names another, which exists too",
      a: named,
      b: { name: bytes(path("a.db")) },
      file: both,
    },
    { name: "lists the first alone", a: named, b: named, file: list(A) },
    { name: "lists the second alone", a: named, b: named, file: list(B) },
    { name: "lists the second, then the first", a: named, b: named, file: list(B, A) },
    { name: "lists each twice", a: named, b: named, file: list(A, A, B, B) },
    { name: "lists itself", a: named, b: named, file: list(SUPER) },
    { name: "lists a database", a: named, b: named, file: list("a.db", "b.db") },
    { name: "lists a folder", a: named, b: named, file: bytes(`${folder}\0`) },
    { name: "lists relative names", a: named, b: named, file: bytes(`${A}\0${B}\0`) },
    { name: "without the last terminator", a: named, b: named, file: both.slice(0, -1) },
    { name: "with an empty name first", a: named, b: named, file: Uint8Array.from([0, ...both]) },
    { name: "with empty names at the end", a: named, b: named, file: Uint8Array.from([...both, 0, 0]) },
    { name: "with garbage", a: named, b: named, file: bytes("\u0001\u0002 nothing like a list \uffff") },
    { name: "with garbage, then the list", a: named, b: named, file: Uint8Array.from([1, 2, 3, 0, ...both]) },
    { name: "a folder", a: named, b: named, file: "folder" },
    { name: "a link to nothing", a: named, b: named, file: { symlink: path("nowhere") } },
    { name: "a link to a file", a: named, b: named, file: { symlink: path("a.db") } },
    { name: "checksum one too large", a: { name, checksum: nameChecksum(name) + 1 }, b: named, file: both },
    { name: "checksum one too large, missing", a: { name, checksum: nameChecksum(name) + 1 }, b: named },
    { name: "checksum zero", a: { name, checksum: 0 }, b: { name, checksum: 0 } },
    { name: "checksum of unsigned bytes", a: { name, checksum: unsigned }, b: named, file: both },
    {
      name: "checksum of unsigned bytes, missing",
      a: { name, checksum: unsigned },
      b: { name, checksum: unsigned },
    },
    { name: "length 0", a: { name, length: 0 }, b: named },
    { name: "length one less", a: { name, length: name.length - 1 }, b: named },
    { name: "length one more", a: { name, length: name.length + 1 }, b: named },
    { name: "length beyond the file", a: { name, length: 0x7fffffff }, b: named },
    { name: "length with the top bit", a: { name, length: 0xfffffff0 }, b: named },
    { name: "magic wrong", a: { name, magic: new Uint8Array(8) }, b: named },
    { name: "page number 0", a: { name, pgno: 0 }, b: { name, pgno: 0 }, file: both },
    { name: "page number 0xffffffff", a: { name, pgno: 0xffffffff }, b: named, file: both },
    { name: "page number 1, missing", a: { name, pgno: 1 }, b: named },
    { name: "a byte after the record", a: named, b: named, tail: new Uint8Array(1) },
    {
      name: "another record after the record",
      a: named,
      b: named,
      tail: encodeSuperRecord({ name: bytes("/no/such"), pgno: 1 }),
    },
    { name: "a name of 511 bytes", a: { name: long(511) }, b: named, file: both },
    { name: "a name of 512 bytes", a: { name: long(512) }, b: named, file: both },
    { name: "a name of 513 bytes", a: { name: long(513) }, b: named, file: both },
    { name: "a name of 700 bytes", a: { name: long(700) }, b: named, file: both },
    { name: "a zero byte in the name", a: { name: Uint8Array.from([...name, 0, 65]) }, b: named, file: both },
    {
      name: "a zero byte in the name, missing",
      a: { name: Uint8Array.from([...bytes("/gone"), 0, 65]) },
      b: named,
      file: both,
    },
    {
      name: "a name that begins with a zero byte",
      a: { name: Uint8Array.from([0, ...name]) },
      b: named,
      file: both,
    },
    {
      name: "a name that is not UTF-8, missing",
      a: { name: Uint8Array.of(0x2f, 0xff, 0x80, 0xc3) },
      b: named,
      file: both,
    },
    { name: "a relative name, missing", a: { name: bytes("no-such-file-mj") }, b: named, file: both },
    {
      name: "the database as super-journal",
      a: { name: bytes(path("a.db")) },
      b: { name: bytes(path("b.db")) },
    },
    { name: "the journal as super-journal", a: { name: bytes(path(A)) }, b: { name: bytes(path(A)) } },
  ];
}

function withRecord(
  journal: Uint8Array,
  change: RecordChange | undefined,
  tail: Uint8Array = new Uint8Array(0),
): Uint8Array {
  if (change === undefined) return journal;
  const over = change.aligned ? journal.length % 512 : 0;
  const padding = new Uint8Array(over === 0 ? 0 : 512 - over);
  const record = encodeSuperRecord({ pgno: lockPage(PAGE_SIZE), ...change });
  return Uint8Array.from(Buffer.concat([journal, padding, record, tail]));
}

function apply(crashed: Snapshot, v: Variant): Snapshot {
  return withFiles(crashed, {
    [A]: withRecord(fileOf(crashed, A), v.a, v.tail),
    [B]: withRecord(fileOf(crashed, B), v.b),
    ...(v.file === undefined ? {} : { [SUPER]: v.file }),
  });
}

async function run(
  ctx: CaseContext,
  where: keyof typeof FOLDERS,
  journal: JournalName,
  sync: "OFF" | "FULL",
  order: readonly string[],
): Promise<void> {
  const folder = makeFolder(ctx, FOLDERS[where]);
  const setting = { journal, sync, where };
  const initial = await setUpPair(ctx, folder, setting);
  const writer = await ctx.real(1);
  restore(folder, initial);
  await openPair(writer, folder, setting);
  await changeBoth(writer);
  const crashed = takeSnapshot(folder);
  await writer.child.kill();
  for (const name of [A, B]) {
    ctx.check.ok(`${name} is hot`, (fileOf(crashed, name)[0] ?? 0) !== 0);
  }
  for (const v of variants(folder)) {
    if (SQLITE_DEBUG && v.violatesAssert) continue;
    await sameRecovery(ctx, v.name, apply(crashed, v), { folder, databases: order });
  }
}

/** The cases. */
export function superMadeCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  for (const where of Object.keys(FOLDERS) as (keyof typeof FOLDERS)[]) {
    for (const journal of JOURNALS) {
      for (const sync of ["FULL", "OFF"] as const) {
        for (const order of ORDERS) {
          list.push({
            name: `super-journals by hand: ${where}, ${journal}, synchronous ${sync}, opened ${order.join(", ")}`,
            fullOnly: turn++ % 7 !== 0,
            run: (ctx) => run(ctx, where, journal, sync, order),
          });
        }
      }
    }
  }
  return list;
}
