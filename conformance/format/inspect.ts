/** `pager-mirror inspect`: a file's fields and records, for people or as JSON. */

import { readFileSync, statSync } from "node:fs";
import { UsageError } from "../core/usage.js";
import { databaseFields, databasePageSize, isDatabase } from "./database.js";
import { type Field, hex } from "./field.js";
import { isJournal, journalHeaderFields, parseJournal, recordVerdict } from "./journal.js";

function fieldLines(fields: readonly Field[]): string {
  const width = Math.max(...fields.map((f) => f.name.length));
  return fields
    .map(
      (f) =>
        `  ${String(f.offset).padStart(10)} ${String(f.size).padStart(6)}  ${f.name.padEnd(width)}  ${f.value}`,
    )
    .join("\n");
}

const heading = "      offset  bytes  field";

function read(file: string): Uint8Array {
  let size: number;
  try {
    const s = statSync(file);
    if (!s.isFile()) throw new UsageError(`${file} is not a file; give a database or a rollback journal`);
    size = s.size;
  } catch (e) {
    if (e instanceof UsageError) throw e;
    const code = (e as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "it may not be read" : code;
    throw new UsageError(`${file} cannot be inspected: ${why}`);
  }
  if (size >= 2 ** 31)
    throw new UsageError(`${file} has ${size} bytes; files of 2 GiB and more are not inspected`);
  return readFileSync(file);
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

/**
 * Describes a file.
 *
 * @returns the text to print
 * @throws UsageError if the file cannot be read or is neither a database nor a journal
 */
export function inspectFile(file: string, options: { records: number; json?: boolean }): string {
  const bytes = read(file);
  let result: { text: string; data: unknown };
  if (isDatabase(bytes)) result = inspectDatabase(bytes);
  else if (isJournal(bytes)) result = inspectJournal(bytes, options.records);
  else if (/-journal$/.test(file) && bytes.length >= 28) result = inspectJournal(bytes, options.records);
  else {
    throw new UsageError(
      `${file} is neither a database nor a rollback journal: its first bytes are ${hex(bytes.subarray(0, 16)) || "missing (it is empty)"}`,
    );
  }
  return options.json ? `${JSON.stringify(result.data, null, 2)}\n` : result.text;
}
