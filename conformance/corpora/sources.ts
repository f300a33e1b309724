/** Where test files come from: a folder, or a tarball that is unpacked into a temporary one. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { UsageError } from "../core/usage.js";

/** The files of a source. */
export interface Source {
  /** As the user gave it. */
  name: string;
  /** Names of the `.test` files, relative to the source's folder, in order. */
  files: string[];
  /** Text of a file of the source by its name, or null if there is none. */
  read(file: string): string | null;
  /** Removes what was unpacked. */
  close(): void;
}

/** Runs tar; a missing program is the user's to mend. */
function unpack(tarball: string, into: string): void {
  try {
    execFileSync("tar", ["-xf", tarball, "-C", into], {
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
  } catch (e) {
    const error = e as Error & { code?: string; stderr?: string };
    if (error.code === "ENOENT") {
      throw new UsageError(`${tarball} cannot be unpacked: there is no program "tar" here; install it`);
    }
    const text = (error.stderr ?? error.message).trim();
    if (/\b(?:xz|gzip|bzip2|zstd|lzma)\b.*(?:cannot exec|not found|no such file)/i.test(text)) {
      throw new UsageError(
        `${tarball} cannot be unpacked: tar lacks the program that decompresses it (${text})`,
      );
    }
    throw new UsageError(`${tarball} cannot be unpacked: ${text}`);
  }
}

/** Opens a source. */
export function openSource(path: string): Source {
  if (!existsSync(path)) throw new UsageError(`there is no ${path}`);
  let folder = path;
  let temporary: string | null = null;
  if (!statSync(path).isDirectory()) {
    temporary = mkdtempSync(join(realpathSync(tmpdir()), "pager-mirror-source-"));
    try {
      unpack(path, temporary);
    } catch (e) {
      rmSync(temporary, { recursive: true, force: true });
      throw e;
    }
    folder = temporary;
    /* A tarball usually holds one folder; names begin below it. */
    const top = readdirSync(folder, { withFileTypes: true });
    if (top.length === 1 && top[0]?.isDirectory()) folder = join(folder, top[0].name);
  }
  const files: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".test")) continue;
    files.push(relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
  }
  files.sort();
  return {
    name: path,
    files,
    read: (file) => {
      const full = join(folder, file);
      /* Upstream's tests hold bytes that are no UTF-8 here and there; what they become is equal for both engines. */
      return existsSync(full) && statSync(full).isFile() ? readFileSync(full, "utf8") : null;
    },
    close: () => {
      if (temporary !== null) rmSync(temporary, { recursive: true, force: true });
    },
  };
}
