/** `pager-mirror inspect`: a file's fields and records, for people or as JSON. */

import { readFileSync, statSync } from "node:fs";
import { UsageError } from "../core/usage.js";
import { databaseFields, databasePageSize, isDatabase } from "./database.js";
import { fieldLines, fieldHeading as heading, hex } from "./field.js";
import { inspectShm, type LockAnswer } from "./inspect-shm.js";
import { inspectWal } from "./inspect-wal.js";
import { isJournal, journalHeaderFields, parseJournal, recordVerdict } from "./journal.js";
import { isShm } from "./shm.js";
import { shmLocks } from "./shm-locks.js";
import { isWal } from "./wal.js";

function read(file: string): Uint8Array {
  try {
    const s = statSync(file);
    if (!s.isFile())
      throw new UsageError(`${file} is not a file; give a database, a journal, a -wal or a -shm file`);
    if (s.size >= 2 ** 31)
      throw new UsageError(`${file} has ${s.size} bytes; files of 2 GiB and more are not inspected`);
    return readFileSync(file);
  } catch (e) {
    if (e instanceof UsageError) throw e;
    const code = (e as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "it may not be read" : code;
    throw new UsageError(`${file} cannot be inspected: ${why}`);
  }
}

function inspectDatabase(bytes: Uint8Array): { text: string; data: unknown } {
  const fields = databaseFields(bytes);
  const pageSize = databasePageSize(bytes);
  const notes: string[] = [`${bytes.length} bytes`];
  if (pageSize === 0) notes.push("the page size in the header is not valid");
  else {
    notes.push(`${Math.floor(bytes.length / pageSize)} pages of ${pageSize} bytes`);
    if (bytes.length % pageSize !== 0)
      notes.push(`${bytes.length % pageSize} bytes after the last whole page`);
  }
  return {
    text: `database: ${notes.join(", ")}\n${heading}\n${fieldLines(fields)}\n`,
    data: { kind: "database", bytes: bytes.length, pageSize, fields },
  };
}

function inspectJournal(bytes: Uint8Array, limit: number): { text: string; data: unknown } {
  const journal = parseJournal(bytes);
  const out: string[] = [`rollback journal: ${bytes.length} bytes, ${journal.segments.length} segment(s)`];
  for (const [i, s] of journal.segments.entries()) {
    out.push(`segment ${i + 1}`, heading, fieldLines(journalHeaderFields(bytes, s)));
    out.push(`  ${s.records.length} record(s)${s.nRec === 0 ? ", counted by the file's size" : ""}`);
    for (const [k, r] of s.records.slice(0, limit).entries()) {
      out.push(`  ${String(r.offset).padStart(10)}  record ${k + 1}: page ${r.pgno}, ${recordVerdict(r)}`);
    }
    if (s.records.length > limit) out.push(`  ... ${s.records.length - limit} more (--records N lists more)`);
  }
  const sup = journal.superJournal;
  if (sup !== null) {
    const verdict = sup.checksum === sup.computed ? "checksum ok" : "checksum wrong";
    out.push("super-journal record", heading);
    out.push(
      fieldLines([
        { offset: sup.offset, size: 4, name: "page number", value: String(sup.pgno) },
        { offset: sup.offset + 4, size: sup.length, name: "name", value: sup.name },
        { offset: sup.offset + 4 + sup.length, size: 4, name: "name length", value: String(sup.length) },
        {
          offset: sup.offset + 8 + sup.length,
          size: 4,
          name: "name checksum",
          value: `${sup.checksum} (${verdict})`,
        },
        { offset: sup.offset + 12 + sup.length, size: 8, name: "magic", value: hex(bytes.subarray(-8)) },
      ]),
    );
  }
  return { text: `${out.join("\n")}\n`, data: { kind: "journal", bytes: bytes.length, ...journal } };
}

function locksOf(file: string): LockAnswer {
  try {
    return { locks: shmLocks(file) };
  } catch (e) {
    return { unknown: (e as Error).message };
  }
}

/** What to say about a file. */
export interface InspectOptions {
  /** Journal records or frames to list. */
  records: number;
  json?: boolean;
  /** For a log and a wal-index: say which frame serves this page. */
  page?: number;
}

/**
 * Describes a file, which is read and never altered.
 *
 * What a file is, its first bytes say; only if they say nothing, its name does, so that an empty, torn or
 * damaged `-wal`, `-shm` or `-journal` is still described as what it was meant to be.
 *
 * @returns the text to print
 * @throws UsageError if the file cannot be read or is none of these
 */
export function inspectFile(file: string, options: InspectOptions): string {
  const bytes = read(file);
  let result: { text: string; data: unknown };
  const wal = (): boolean => isWal(bytes) || /-wal$/.test(file);
  const shm = (): boolean => isShm(bytes) || /-shm$/.test(file);
  if (isDatabase(bytes)) result = inspectDatabase(bytes);
  else if (isJournal(bytes)) result = inspectJournal(bytes, options.records);
  else if (wal()) result = inspectWal(bytes, options);
  else if (shm()) result = inspectShm(bytes, locksOf(file), options);
  else if (/-journal$/.test(file) && bytes.length >= 28) result = inspectJournal(bytes, options.records);
  else {
    throw new UsageError(
      `${file} is neither a database nor a rollback journal, write-ahead log or wal-index: its first bytes are ${hex(bytes.subarray(0, 16)) || "missing (it is empty)"}`,
    );
  }
  const { kind } = result.data as { kind: string };
  if (options.page !== undefined && kind !== "wal" && kind !== "shm") {
    throw new UsageError(`${file} is a ${kind}: --page is for -wal and -shm files`);
  }
  return options.json ? `${JSON.stringify(result.data, null, 2)}\n` : result.text;
}
