/** The folder in which a file's databases lie, as the parent sees and changes it. No engine runs here. */

import { createHash } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { parseShm } from "../format/shm.js";
import { reached } from "../sql/wal-index.js";
import type { Step } from "./events.js";

/** Names and contents of a folder's files; of one that is too large to be read, its size. */
export type Files = Map<string, Uint8Array | number>;

/** Removes everything in the folder, not the folder: engines run in it. */
export function emptyFolder(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** Larger files are told apart by their size alone. */
export const LARGEST_FILE = 256_000_000;

/**
 * A file's content. Of a wal-index, regions that its log has not reached are zeroed: a recovery may have
 * copied bytes of the heap there, see conformance/sql/wal-index.ts.
 */
function contentOf(path: string): Uint8Array {
  const bytes = readFileSync(path);
  return path.endsWith("-shm") ? reached(bytes, parseShm(bytes).copies?.[0].mxFrame ?? 0) : bytes;
}

/** The files in the folder, in order of their names. */
export function readFolder(folder: string): Files {
  const files: Files = new Map();
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const path = join(folder, name);
    const status = statSync(path);
    if (status.isFile()) files.set(name, status.size > LARGEST_FILE ? status.size : contentOf(path));
  }
  return files;
}

/** A hash over names and contents, how many bytes went into it, and how many files were too large. */
export function hashFolder(folder: string): { hash: string; bytes: number; large: number } {
  const hasher = createHash("sha1");
  let bytes = 0;
  let large = 0;
  for (const [name, content] of readFolder(folder)) {
    if (typeof content === "number") {
      hasher.update(`${name}\0${content}\0too large`);
      large++;
      continue;
    }
    hasher.update(`${name}\0${content.length}\0`).update(content);
    bytes += content.length;
  }
  return { hash: hasher.digest("base64"), bytes, large };
}

/** Whether a file of this name can be made: its folder is there, and no folder has the name. */
function takesFile(path: string): boolean {
  if (!existsSync(dirname(path))) return false;
  return !existsSync(path) || statSync(path).isFile();
}

/** Copies or renames; a source that is not there takes the target away, so that both are alike afterwards. */
function transfer(folder: string, from: string, to: string, move: boolean): void {
  const source = join(folder, from);
  const target = join(folder, to);
  if (!existsSync(source) || statSync(source).isDirectory()) {
    rmSync(target, { recursive: true, force: true });
  } else if (!takesFile(target)) {
    return;
  } else if (move) renameSync(source, target);
  else copyFileSync(source, target);
}

/** Carries out a step that concerns files alone. */
export function changeFiles(folder: string, step: Step): void {
  switch (step.do) {
    case "delete":
      rmSync(join(folder, step.path), { recursive: true, force: true });
      return;
    case "copy":
    case "rename":
      transfer(folder, step.from, step.to, step.do === "rename");
      return;
    case "mkdir":
      if (!existsSync(join(folder, step.path))) mkdirSync(join(folder, step.path), { recursive: true });
      return;
    case "write": {
      const path = join(folder, step.path);
      if (!takesFile(path)) return;
      const fd = openSync(path, existsSync(path) ? "r+" : "w+");
      try {
        if (step.truncate) truncateSync(path, 0);
        const offset = step.offset === "end" ? statSync(path).size : step.offset;
        writeSync(fd, step.bytes, 0, step.bytes.length, offset);
      } finally {
        closeSync(fd);
      }
      return;
    }
  }
}
