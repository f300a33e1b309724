/**
 * A case's folder as a value: names, kinds, permissions, owners and bytes.
 *
 * Names are bytes, one character each ("latin1"): some are no UTF-8 on purpose.
 */

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { Checker, FileKind } from "../../core/case.js";

/** What stands under one name. */
export type Entry =
  | { kind: "file"; bytes: Uint8Array; mode?: number; uid?: number; gid?: number }
  | { kind: "link"; target: string }
  | { kind: "folder"; mode?: number; entries: Entries }
  | { kind: "pipe" }
  | { kind: "other" };

/** A folder's entries by name. */
export type Entries = { [name: string]: Entry };

/** A file with these bytes; `uid` is its owner and its group. */
export function file(bytes: Uint8Array, mode?: number, uid?: number, gid = uid): Entry {
  return {
    kind: "file",
    bytes,
    ...(mode === undefined ? {} : { mode }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  };
}

/** A symbolic link. */
export function link(target: string): Entry {
  return { kind: "link", target };
}

/** A folder with these entries. */
export function folder(entries: Entries = {}, mode?: number): Entry {
  return { kind: "folder", entries, ...(mode === undefined ? {} : { mode }) };
}

/** A path whose last component is given as bytes. */
export function pathOf(parent: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${parent}/`), Buffer.from(name, "latin1")]);
}

/** Whether this process may do everything. */
export const isRoot = process.getuid?.() === 0;

function empty(path: string): void {
  chmodSync(path, 0o755);
  for (const entry of readdirSync(path, { withFileTypes: true, encoding: "buffer" })) {
    const name = entry.name.toString("latin1");
    if (entry.isDirectory()) empty(`${path}/${name}`);
    rmSync(pathOf(path, name), { recursive: true });
  }
}

/** Makes the folder hold exactly these entries, all of them new. */
export function restore(path: string, entries: Entries, mode = 0o755): void {
  empty(path);
  for (const [name, entry] of Object.entries(entries)) {
    const at = pathOf(path, name);
    switch (entry.kind) {
      case "file":
        writeFileSync(at, entry.bytes);
        if (entry.uid !== undefined && isRoot) chownSync(at, entry.uid, entry.gid ?? entry.uid);
        chmodSync(at, entry.mode ?? 0o644);
        break;
      case "link":
        symlinkSync(entry.target, at);
        break;
      case "folder":
        mkdirSync(at);
        restore(`${path}/${name}`, entry.entries, entry.mode);
        break;
      case "pipe":
        execFileSync("mkfifo", [at.toString("latin1")]);
        break;
      case "other":
        throw new Error(`${name} cannot be restored`);
    }
  }
  chmodSync(path, mode);
}

/** Reads something with the right to do so: the owner may give it to himself for a moment. */
function withRights<T>(path: string | Buffer, mode: number, needed: number, read: () => T): T {
  if (isRoot || (mode & needed) === needed) return read();
  chmodSync(path, mode | needed);
  try {
    return read();
  } finally {
    chmodSync(path, mode);
  }
}

/** Reads the whole folder. No engine may run in this process. */
export function take(path: string): Entries {
  return withRights(path, lstatSync(path).mode & 0o7777, 0o500, () => takeEntries(path));
}

function takeEntries(path: string): Entries {
  const entries: Entries = {};
  for (const raw of readdirSync(path, { encoding: "buffer" })) {
    const name = raw.toString("latin1");
    const at = pathOf(path, name);
    const s = lstatSync(at);
    const mode = s.mode & 0o7777;
    if (s.isSymbolicLink()) entries[name] = link(readlinkSync(at));
    else if (s.isDirectory()) entries[name] = folder(take(`${path}/${name}`), mode);
    else if (s.isFile()) {
      const bytes = withRights(at, mode, 0o400, () => readFileSync(at));
      entries[name] = file(bytes, mode, s.uid, s.gid);
    } else entries[name] = { kind: s.isFIFO() ? "pipe" : "other" };
  }
  return entries;
}

function describe(entries: Entries, prefix = ""): string[] {
  const lines: string[] = [];
  for (const [name, e] of Object.entries(entries)) {
    const at = `${prefix}${name}`;
    if (e.kind === "file") {
      const mode = (e.mode ?? 0o644).toString(8);
      lines.push(`${at}: ${e.bytes.length} bytes, mode ${mode}, owner ${e.uid}:${e.gid}`);
    } else if (e.kind === "link") lines.push(`${at}: link to ${e.target}`);
    else if (e.kind === "folder") lines.push(`${at}: folder`, ...describe(e.entries, `${at}/`));
    else lines.push(`${at}: ${e.kind}`);
  }
  return lines.sort();
}

function kindOf(name: string): FileKind {
  if (name.endsWith("-journal")) return "journal";
  return name.endsWith(".db") ? "database" : "bytes";
}

/** Compares names, kinds, permissions, owners, sizes and bytes. */
export function compareFolders(check: Checker, what: string, actual: Entries, expected: Entries): void {
  check.equal(`${what}: files, sizes, permissions`, describe(actual), describe(expected));
  for (const [name, e] of Object.entries(expected)) {
    const a = actual[name];
    if (e.kind === "file" && a?.kind === "file") {
      check.bytes(`${what}: ${name}`, kindOf(name), a.bytes, e.bytes);
    } else if (e.kind === "folder" && a?.kind === "folder") {
      compareFolders(check, `${what}: ${name}`, a.entries, e.entries);
    }
  }
}

/** The bytes of a file; empty if there is none. */
export function bytesOf(entries: Entries, name: string): Uint8Array {
  const e = entries[name];
  return e?.kind === "file" ? e.bytes : new Uint8Array(0);
}
