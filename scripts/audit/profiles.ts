/**
 * The option sets under which the audit looks at both sides: what C is compiled with, and what the
 * constants of src/options.ts are then.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultProfile, type Profile } from "./profile.js";
import { TsEvaluator } from "./tsvalue.js";
import { readTypeScript } from "./typescript.js";

export interface AuditProfile {
  /** One of {@link PROFILE_NAMES}. */
  name: string;
  /** C's side: the macros before the first line of the amalgamation. */
  profile: Profile;
  /** What `globalThis.PAGER_MIRROR.options` would have to say. */
  overrides: ReadonlyMap<string, number | boolean>;
  /** Our side: the value of every exported constant of src/options.ts that is a number or a truth. */
  options: ReadonlyMap<string, number | boolean>;
}

interface Choice {
  /** Macros that are defined in addition, with the value that the option of that name has here. */
  set: Readonly<Record<string, number | boolean>>;
  /** Macros that the default profile has and this one has not. */
  unset: readonly string[];
}

const CHOICES: Readonly<Record<string, Choice>> = {
  default: { set: {}, unset: [] },
  snapshot: { set: { SQLITE_ENABLE_SNAPSHOT: true, SQLITE_ENABLE_SETLK_TIMEOUT: 1 }, unset: [] },
  "atomic-write": { set: { SQLITE_ENABLE_ATOMIC_WRITE: true }, unset: [] },
  "batch-atomic-write": { set: { SQLITE_ENABLE_BATCH_ATOMIC_WRITE: true }, unset: [] },
  debug: { set: { SQLITE_DEBUG: true }, unset: ["NDEBUG"] },
};

/** The first one is the default. */
export const PROFILE_NAMES: readonly string[] = Object.keys(CHOICES);

/** Our file of compile-time options. */
export const OPTIONS = "src/options.ts";

/** Values of the exported constants of a text of src/options.ts; texts are left out. */
export function optionsOf(
  text: string,
  overrides: ReadonlyMap<string, number | boolean>,
): Map<string, number | boolean> {
  const { constants } = readTypeScript(new Map([[OPTIONS, text]]));
  const evaluator = new TsEvaluator(constants, overrides);
  const found = new Map<string, number | boolean>();
  for (const constant of constants) {
    if (!constant.exported) continue;
    const value = evaluator.value(constant);
    if (typeof value === "number" || typeof value === "boolean") found.set(constant.name, value);
    else if (typeof value !== "string") throw new Error(`${OPTIONS}: ${constant.name} has no constant value`);
  }
  return found;
}

/** All profiles of a checkout, the default one first. */
export function profilesOf(root: string): AuditProfile[] {
  const text = readFileSync(join(root, OPTIONS), "utf8");
  const base = defaultProfile(root);
  return Object.entries(CHOICES).map(([name, { set, unset }]) => {
    const defines = new Map(base.defines);
    for (const macro of unset) defines.delete(macro);
    for (const [macro, value] of Object.entries(set)) defines.set(macro, String(Number(value)));
    /* Our sources have SQLITE_DEBUG on unless told otherwise; C has it off. */
    const overrides = new Map<string, number | boolean>([["SQLITE_DEBUG", false], ...Object.entries(set)]);
    return { name, profile: { name, defines }, overrides, options: optionsOf(text, overrides) };
  });
}
