/** Macros that have no counterpart of their name here, and why: docs/ledger/macros.json. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const MACROS = "docs/ledger/macros.json";

/**
 * inlined: what it expands to is written where it is used. nothing: it expands to nothing under every
 * profile. include guard: the same, and only `#ifndef` asks for it. type: a type's name. platform: of
 * interest to other systems only. test: counts or traces for upstream's tests.
 */
export const MACRO_STATUSES = ["inlined", "nothing", "include guard", "type", "platform", "test"] as const;
export type MacroStatus = (typeof MACRO_STATUSES)[number];

export interface MacroDecision {
  /** A name, or one with `*` for any characters. */
  pattern: string;
  status: MacroStatus;
  reason: string;
  matches(name: string): boolean;
}

export interface MacroDecisions {
  entries: MacroDecision[];
  errors: string[];
}

function isStatus(v: unknown): v is MacroStatus {
  return (MACRO_STATUSES as readonly unknown[]).includes(v);
}

export function parseMacroDecisions(json: string): MacroDecisions {
  const entries: MacroDecision[] = [];
  const errors: string[] = [];
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch (e) {
    return { entries, errors: [(e as Error).message] };
  }
  if (typeof root !== "object" || root === null || Array.isArray(root))
    return { entries, errors: ["is not an object"] };
  for (const [pattern, entry] of Object.entries(root as Record<string, unknown>)) {
    const { status, reason } = (entry ?? {}) as { status?: unknown; reason?: unknown };
    if (!/^[\w*]+$/.test(pattern)) {
      errors.push(`${pattern}: is no name and no pattern`);
    } else if (!isStatus(status) || typeof reason !== "string" || reason.trim() === "") {
      errors.push(`${pattern}: needs a status (${MACRO_STATUSES.join(", ")}) and a reason`);
    } else {
      const regexp = new RegExp(`^${pattern.replaceAll("*", "\\w*")}$`);
      entries.push({ pattern, status, reason, matches: (name) => regexp.test(name) });
    }
  }
  return { entries, errors };
}

export function readMacroDecisions(root: string): MacroDecisions {
  const path = join(root, MACROS);
  return parseMacroDecisions(existsSync(path) ? readFileSync(path, "utf8") : "{}");
}
