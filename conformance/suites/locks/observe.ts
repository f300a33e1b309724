/**
 * What can be seen of a database from outside: the kernel's table of record locks, the journal, the
 * lock file of unix-dotfile, the bytes.
 *
 * The parent looks; no engine lives here. It holds no locks, so closing its descriptor drops none.
 */

import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { F_GETLK, F_RDLCK, F_UNLCK, F_WRLCK, fcntl, flock, SEEK_SET } from "../../../src/os/libc.js";

/* The bytes that every process of every engine agrees on (os.h): a fact of the file format. */
const PENDING = 0x40000000;

/** Stretches of the file whose locks are asked for, one by one. */
const regions: readonly { name: string; start: number; length: number }[] = [
  { name: "content", start: 0, length: PENDING },
  { name: "pending byte", start: PENDING, length: 1 },
  { name: "reserved byte", start: PENDING + 1, length: 1 },
  { name: "shared range", start: PENDING + 2, length: 510 },
  { name: "behind", start: PENDING + 512, length: 0 },
];

/**
 * The locks of a file as the kernel holds them: for each region the first lock that would stand in
 * the way of a writer, with its kind, its owner and its extent.
 *
 * @param owner name for a process id
 */
export function lockTable(path: string, owner: (pid: number) => string): string[] {
  if (!existsSync(path)) return ["no file"];
  const table: string[] = [];
  const fd = openSync(path, "r");
  try {
    for (const region of regions) {
      const lock = new flock();
      lock.l_type = F_WRLCK;
      lock.l_whence = SEEK_SET;
      lock.l_start = region.start;
      lock.l_len = region.length;
      if (fcntl(fd, F_GETLK, lock) !== 0) throw new Error(`the locks of ${path} cannot be read`);
      if (lock.l_type === F_UNLCK) continue;
      const kind = lock.l_type === F_RDLCK ? "read" : "write";
      const from = lock.l_start - PENDING;
      const to = lock.l_len === 0 ? "end" : `${from + lock.l_len - 1}`;
      table.push(`${region.name}: ${kind} lock of ${owner(lock.l_pid)} on ${from}..${to}`);
    }
  } finally {
    closeSync(fd);
  }
  return table;
}

/** The journal beside a database: its length and whether its header counts. */
export function journalState(path: string): string {
  const file = `${path}-journal`;
  if (!existsSync(file)) return "none";
  const { size } = statSync(file);
  const header = new Uint8Array(28);
  const fd = openSync(file, "r");
  try {
    readSync(fd, header);
  } finally {
    closeSync(fd);
  }
  if (size === 0) return "empty";
  return `${size} bytes, header ${header.some((b) => b !== 0) ? "live" : "zeroed"}`;
}

/** Digest of the database's bytes, and whether unix-dotfile's lock directory is there. */
export function databaseState(path: string): string {
  const digest = existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : "no file";
  return existsSync(`${path}.lock`)
    ? `${digest}, locked by ${path.slice(path.lastIndexOf("/") + 1)}.lock`
    : digest;
}
