/** What people decided about functions that are not ported: docs/ledger/omitted.json and pending.json. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const OMITTED = "docs/ledger/omitted.json";
export const PENDING = "docs/ledger/pending.json";

export interface Omission {
  file: string;
  status: "omitted" | "compiled out";
  reason: string;
}

export interface Decisions {
  /** By function name. */
  omitted: ReadonlyMap<string, Omission>;
  /** Whole files that arrive later: file name to reason. */
  pending: ReadonlyMap<string, string>;
  /** What is wrong with the files themselves. */
  errors: { path: string; message: string }[];
}

function isRecord(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}

/** Reads the two files' texts. */
export function parseDecisions(omittedJson: string, pendingJson: string): Decisions {
  const omitted = new Map<string, Omission>();
  const pending = new Map<string, string>();
  const errors: Decisions["errors"] = [];
  const parsed = (path: string, json: string): Record<string, unknown> => {
    try {
      const value: unknown = JSON.parse(json);
      if (isRecord(value)) return value;
      errors.push({ path, message: "is not an object" });
    } catch (e) {
      errors.push({ path, message: (e as Error).message });
    }
    return {};
  };
  for (const [name, entry] of Object.entries(parsed(OMITTED, omittedJson))) {
    if (
      isRecord(entry) &&
      typeof entry["file"] === "string" &&
      typeof entry["reason"] === "string" &&
      entry["reason"].trim() !== "" &&
      (entry["status"] === "omitted" || entry["status"] === "compiled out")
    ) {
      omitted.set(name, { file: entry["file"], status: entry["status"], reason: entry["reason"] });
    } else {
      errors.push({
        path: OMITTED,
        message: `${name}: needs file, status (omitted, compiled out) and reason`,
      });
    }
  }
  for (const [file, reason] of Object.entries(parsed(PENDING, pendingJson))) {
    if (typeof reason === "string" && reason.trim() !== "") pending.set(file, reason);
    else errors.push({ path: PENDING, message: `${file}: needs a reason` });
  }
  return { omitted, pending, errors };
}

export function readDecisions(root: string): Decisions {
  const text = (path: string): string =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "{}";
  return parseDecisions(text(OMITTED), text(PENDING));
}
