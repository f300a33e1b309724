/**
 * Makes a large database with a hot journal without an engine: a process that is about to be measured shall
 * do nothing but play it back, and the parent must not have one.
 */

import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";

const PAGE_SIZE = 4096;
const SECTOR_SIZE = 512;
const RECORD = PAGE_SIZE + 8;
const MAGIC = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
const NONCE = 0x12345678;

/** Pages whose records make a journal of about `bytes` bytes. */
export function pagesOfJournal(bytes: number): number {
  return Math.floor((bytes - SECTOR_SIZE) / RECORD);
}

/** One record: what the page was before the transaction. */
function record(into: Buffer, pgno: number): void {
  into.fill(0);
  into.writeUInt32BE(pgno, 0);
  const page = into.subarray(4, 4 + PAGE_SIZE);
  page.writeUInt32LE((pgno * 2654435761) >>> 0, 8);
  page.writeUInt32LE(pgno, PAGE_SIZE - 200);
  let sum = NONCE;
  for (let i = PAGE_SIZE - 200; i > 0; i -= 200) sum += page[i] as number;
  into.writeUInt32BE(sum >>> 0, 4 + PAGE_SIZE);
}

/** Writes `hot.db`, all holes, and its journal with the contents of all `nPage` pages. */
export function makeHotJournal(folder: string, nPage: number): void {
  const db = openSync(`${folder}/hot.db`, "w");
  ftruncateSync(db, nPage * PAGE_SIZE);
  closeSync(db);
  const journal = openSync(`${folder}/hot.db-journal`, "w");
  const header = Buffer.alloc(SECTOR_SIZE);
  header.set(MAGIC);
  [nPage, NONCE, nPage, SECTOR_SIZE, PAGE_SIZE].forEach((value, i) => {
    header.writeUInt32BE(value, 8 + 4 * i);
  });
  writeSync(journal, header);
  const many = Buffer.alloc(256 * RECORD);
  for (let pgno = 1; pgno <= nPage; ) {
    let n = 0;
    for (; n < 256 && pgno <= nPage; n++, pgno++) record(many.subarray(n * RECORD, (n + 1) * RECORD), pgno);
    writeSync(journal, many, 0, n * RECORD);
  }
  closeSync(journal);
}
