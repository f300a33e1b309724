/**
 * Folders as values: what a crash left, put back in place for one engine after the other.
 *
 * Super-journals and journals name each other by absolute path, so a folder is always restored
 * under the path where it was taken.
 */

import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Checker, FileKind } from "../../core/case.js";

/** What stands under one name: a file's bytes, or something that is not a file. */
export type Entry = Uint8Array | { symlink: string } | "folder";

/** A folder's entries by name, in the order of the names. */
export type Snapshot = ReadonlyMap<string, Entry>;

/** Reads the whole folder. No engine may run in this process. */
export function takeSnapshot(folder: string): Snapshot {
  const entries = new Map<string, Entry>();
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const s = lstatSync(path);
    if (s.isSymbolicLink()) entries.set(name, { symlink: readlinkSync(path) });
    else entries.set(name, s.isDirectory() ? "folder" : readFileSync(path));
  }
  return entries;
}

/** Makes the folder hold exactly these entries, all of them new files. */
export function restore(folder: string, snapshot: Snapshot): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  for (const [name, entry] of snapshot) {
    const path = join(folder, name);
    if (entry === "folder") mkdirSync(path);
    else if (entry instanceof Uint8Array) writeFileSync(path, entry);
    else symlinkSync(entry.symlink, path);
  }
}

/** The bytes of one file; empty if there is none. */
export function fileOf(snapshot: Snapshot, name: string): Uint8Array {
  const entry = snapshot.get(name);
  return entry instanceof Uint8Array ? entry : new Uint8Array(0);
}

/** The snapshot with some entries replaced, or left out where the new one is null. */
export function withFiles(snapshot: Snapshot, changes: Record<string, Entry | null>): Snapshot {
  const entries = new Map(snapshot);
  for (const [name, entry] of Object.entries(changes)) {
    if (entry === null) entries.delete(name);
    else entries.set(name, entry);
  }
  return entries;
}

function describe(snapshot: Snapshot): string[] {
  return [...snapshot]
    .map(([name, e]) => {
      if (e === "folder") return `${name}: folder`;
      return e instanceof Uint8Array ? `${name}: ${e.length} bytes` : `${name}: link to ${e.symlink}`;
    })
    .sort();
}

function kindOf(name: string): FileKind {
  if (name.endsWith("-journal")) return "journal";
  return name.endsWith(".db") ? "database" : "bytes";
}

/** Compares names, sizes and bytes. */
export function compareSnapshots(check: Checker, what: string, actual: Snapshot, expected: Snapshot): void {
  check.equal(`${what}: the files and their sizes`, describe(actual), describe(expected));
  for (const [name, entry] of expected) {
    if (!(entry instanceof Uint8Array)) continue;
    check.bytes(`${what}: ${name}`, kindOf(name), fileOf(actual, name), entry);
  }
}
