/** Where a struct of ours may be other than upstream's: docs/ledger/structs.json. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const STRUCTS = "docs/ledger/structs.json";

/**
 * Field names to reasons; for `renamed`, upstream's name to ours, a colon and the reason. `*` in
 * `omitted` stands for all fields that are in no other list and not here.
 */
export interface StructDecision {
  /** Why there is no such class at all. */
  missing?: string;
  omitted: ReadonlyMap<string, string>;
  extra: ReadonlyMap<string, string>;
  renamed: ReadonlyMap<string, string>;
}

export interface StructDecisions {
  structs: ReadonlyMap<string, StructDecision>;
  errors: string[];
}

function isRecord(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}

const PARTS = ["omitted", "extra", "renamed"] as const;

export function parseStructDecisions(json: string): StructDecisions {
  const structs = new Map<string, StructDecision>();
  const errors: string[] = [];
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch (e) {
    return { structs, errors: [(e as Error).message] };
  }
  if (!isRecord(root)) return { structs, errors: ["is not an object"] };
  for (const [name, entry] of Object.entries(root)) {
    if (!isRecord(entry)) {
      errors.push(`${name}: is not an object`);
      continue;
    }
    const parts: Record<(typeof PARTS)[number], Map<string, string>> = {
      omitted: new Map(),
      extra: new Map(),
      renamed: new Map(),
    };
    for (const [part, fields] of Object.entries(entry)) {
      if (part === "missing") {
        if (typeof fields !== "string" || fields.trim() === "")
          errors.push(`${name}: missing needs a reason`);
      } else if (!(PARTS as readonly string[]).includes(part) || !isRecord(fields)) {
        errors.push(`${name}: ${part} is none of missing, ${PARTS.join(", ")}, or not an object`);
      } else {
        for (const [field, reason] of Object.entries(fields)) {
          const good = typeof reason === "string" && reason.trim() !== "";
          const well = part === "renamed" ? /^[\w.#]+: \S/ : /\S/;
          if (good && well.test(reason)) parts[part as (typeof PARTS)[number]].set(field, reason);
          else
            errors.push(`${name}.${field}: needs a reason${part === "renamed" ? ', "ourName: reason"' : ""}`);
        }
      }
    }
    const missing = entry["missing"];
    structs.set(name, typeof missing === "string" ? { missing, ...parts } : parts);
  }
  return { structs, errors };
}

export function readStructDecisions(root: string): StructDecisions {
  const path = join(root, STRUCTS);
  return parseStructDecisions(existsSync(path) ? readFileSync(path, "utf8") : "{}");
}
