/** The database file: its 100-byte header, its page size, and what kind of page a page is. */

import { type Field, hex, u16, u32 } from "./field.js";

/** The sixteen bytes that every database begins with. */
export const DATABASE_MAGIC = "SQLite format 3\0";

/** Whether the bytes begin as a database does. */
export function isDatabase(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 16)).toString("latin1") === DATABASE_MAGIC;
}

/** Page size from the header, or 0 if it is none that SQLite accepts. */
export function databasePageSize(bytes: Uint8Array): number {
  const raw = u16(bytes, 16);
  const size = raw === 1 ? 65536 : raw;
  return size >= 512 && size <= 65536 && (size & (size - 1)) === 0 ? size : 0;
}

const layout: [offset: number, size: number, name: string][] = [
  [0, 16, "magic"],
  [16, 2, "page size"],
  [18, 1, "write version (1 rollback journal, 2 WAL)"],
  [19, 1, "read version (1 rollback journal, 2 WAL)"],
  [20, 1, "reserved bytes at the end of each page"],
  [21, 1, "maximum embedded payload fraction"],
  [22, 1, "minimum embedded payload fraction"],
  [23, 1, "leaf payload fraction"],
  [24, 4, "file change counter"],
  [28, 4, "database size in pages"],
  [32, 4, "first freelist trunk page"],
  [36, 4, "freelist pages"],
  [40, 4, "schema cookie"],
  [44, 4, "schema format"],
  [48, 4, "default cache size"],
  [52, 4, "largest root page (auto-vacuum)"],
  [56, 4, "text encoding"],
  [60, 4, "user version"],
  [64, 4, "incremental vacuum"],
  [68, 4, "application id"],
  [72, 20, "reserved for expansion"],
  [92, 4, "version-valid-for"],
  [96, 4, "SQLite version that wrote last"],
];

/** The header's fields; fewer if the file is shorter than 100 bytes. */
export function databaseFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  for (const [offset, size, name] of layout) {
    if (offset + size > bytes.length) break;
    let value: string;
    if (offset === 0) value = JSON.stringify(Buffer.from(bytes.subarray(0, 16)).toString("latin1"));
    else if (offset === 16) value = `${u16(bytes, 16)}${u16(bytes, 16) === 1 ? " (65536)" : ""}`;
    else if (size === 1) value = String(bytes[offset]);
    else if (size === 4) value = String(u32(bytes, offset));
    else value = hex(bytes.subarray(offset, offset + size));
    fields.push({ offset, size, name, value });
  }
  return fields;
}

const pageKinds: Record<number, string> = {
  2: "interior index page",
  5: "interior table page",
  10: "leaf index page",
  13: "leaf table page",
};

/** What the page beginning at `start` looks like, from its first byte. */
export function pageKind(bytes: Uint8Array, pgno: number, start: number): string {
  const flag = bytes[start + (pgno === 1 ? 100 : 0)] ?? 0;
  return pageKinds[flag] ?? "overflow, freelist, pointer-map or unused page";
}

/** Names the place of byte `offset` in a database with pages of `pageSize` bytes. */
export function locateInDatabase(bytes: Uint8Array, offset: number, pageSize: number): string {
  if (offset < 100) {
    const field = layout.find(([at, size]) => offset >= at && offset < at + size);
    return `database header, field "${field?.[2]}" (bytes ${field?.[0]} to ${(field?.[0] ?? 0) + (field?.[1] ?? 0) - 1})`;
  }
  if (pageSize === 0) return `byte ${offset} (the header names no valid page size)`;
  const pgno = Math.floor(offset / pageSize) + 1;
  const within = offset % pageSize;
  const lockPage = Math.floor(0x40000000 / pageSize) + 1;
  if (pgno === lockPage) return `page ${pgno}, the page of the locking bytes, byte ${within}`;
  const base = pgno === 1 ? 100 : 0;
  const kind = pageKind(bytes, pgno, (pgno - 1) * pageSize);
  const header = kind.startsWith("interior") ? 12 : 8;
  const isTree = kind.endsWith("page") && !kind.startsWith("overflow");
  let part = "";
  if (isTree && within >= base && within < base + header) part = ", in the b-tree page header";
  else if (isTree && within < base + header + 2 * u16(bytes, (pgno - 1) * pageSize + base + 3)) {
    part = ", in the cell pointer array";
  } else if (isTree) part = ", in the cell area";
  return `page ${pgno} (${kind}), byte ${within} of ${pageSize}${part}`;
}
