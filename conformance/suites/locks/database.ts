/**
 * The database that the scripts work on: one table whose rows each fill a page of their own, so that
 * an update of a row changes one page in place.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import type { TreeCell } from "../../engines/tree.js";

/** Rows of the table. */
export const ROWS = 24;

/* "row 0001 " stands before the letters of a row. */
const PREFIX = 9;

/** A database file and what the port must know about it. */
export interface Template {
  path: string;
  pageSize: number;
  /** Root page of the table. */
  root: number;
  /** Where the value of a row lies: its first letter, by row number from 1. */
  cell(row: number): TreeCell;
  /** The letters that fill a row. */
  letters(letter: string): string;
  /** The whole value of a row. */
  value(row: number, letter: string): string;
}

/** Where the number that follows a varint begins. */
function afterVarint(bytes: Uint8Array, at: number): number {
  let next = at;
  while ((bytes[next++] as number) >= 0x80);
  return next;
}

/** Lets real SQLite make the database, and finds its rows in the file. */
export async function makeTemplate(ctx: CaseContext, pageSize: number): Promise<Template> {
  const path = join(ctx.dir, "template.db");
  /* One row to a page: two of them would not fit, and one needs no overflow page. */
  const length = Math.floor(pageSize * 0.7);
  const letters = (letter: string): string => letter.repeat(length - PREFIX);
  const prefix = (row: number): string => `row ${String(row).padStart(4, "0")} `;
  const value = (row: number, letter: string): string => prefix(row) + letters(letter);
  const real = await ctx.real();
  await real.open("template", path);
  const inserts = Array.from(
    { length: ROWS },
    (_, i) => `INSERT INTO t VALUES(${i + 1}, '${value(i + 1, "a")}');`,
  );
  await real.exec(
    "template",
    `PRAGMA page_size=${pageSize}; PRAGMA synchronous=OFF; BEGIN;
     CREATE TABLE t(k INTEGER PRIMARY KEY, v TEXT); ${inserts.join("")} COMMIT`,
  );
  const schema = await real.all("template", "SELECT rootpage FROM sqlite_schema WHERE name = 't'");
  await real.close("template");
  const root = Number(schema[0]?.[0]);
  const bytes = readFileSync(path);
  const cells = new Map<number, TreeCell>();
  for (let page = 2; page <= bytes.length / pageSize; page++) {
    const leaf = bytes.subarray((page - 1) * pageSize, page * pageSize);
    if (leaf[0] !== 0x0d) continue;
    const cell = leaf.readUInt16BE(8);
    /* Payload length, row id (one byte), then the record: its header's length comes first. */
    const rowid = afterVarint(leaf, cell);
    const record = rowid + 1;
    const text = record + (leaf[record] as number);
    const row = leaf[rowid] as number;
    if (leaf.readUInt16BE(3) !== 1 || leaf.toString("latin1", text, text + PREFIX) !== prefix(row)) {
      throw new Error(`page ${page} of the template does not hold one row`);
    }
    cells.set(row, { page, offset: text + PREFIX });
  }
  if (cells.size !== ROWS) throw new Error(`the template has ${cells.size} rows instead of ${ROWS}`);
  if (bytes[(root - 1) * pageSize] !== 0x05) throw new Error("the table's root is not an interior page");
  return { path, pageSize, root, letters, value, cell: (row) => cells.get(row) as TreeCell };
}
