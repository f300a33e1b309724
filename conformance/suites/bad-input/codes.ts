/** Result codes by the names of sqlite3.h, extended ones included. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { amalgamationFolder } from "../../engines/version.js";

let names: Map<number, string> | null = null;

function load(): Map<number, string> {
  const text = readFileSync(join(amalgamationFolder(), "sqlite3.h"), "utf8");
  const from = text.indexOf("#define SQLITE_OK ");
  const to = text.indexOf("Flags For File Open Operations", from);
  const values = new Map<string, number>();
  const found = new Map<number, string>();
  for (const m of text
    .slice(from, to)
    .matchAll(/^#define (SQLITE_\w+)\s+(\d+|\((\w+) \| \((\d+)<<8\)\))/gm)) {
    const [, name, plain, base, high] = m as unknown as [string, string, string, string?, string?];
    const value = base === undefined ? Number(plain) : (values.get(base) ?? Number.NaN) | (Number(high) << 8);
    values.set(name, value);
    if (!found.has(value)) found.set(value, name);
  }
  return found;
}

/** The name of a result code, such as SQLITE_IOERR_WRITE. */
export function codeName(rc: number): string {
  names ??= load();
  return names.get(rc) ?? `code ${rc}`;
}

/** The name of what better-sqlite3 says; it does not know all codes by name. */
export function realCodeName(code: string): string {
  const m = /^UNKNOWN_SQLITE_ERROR_(\d+)$/.exec(code);
  return m === null ? code : codeName(Number(m[1]));
}

/** Whether a statement that fails so takes its whole transaction with it (isSpecialError in vdbeaux.c). */
export function endsTransaction(code: string): boolean {
  return /^SQLITE_(NOMEM|IOERR|INTERRUPT|FULL)/.test(code);
}
