/**
 * What is no function upstream and has a meaning all the same: macros that are functions here, the tables
 * and variables of a file, and what the fields of a struct start with. What is said otherwise must be in
 * docs/ledger/definitions.json, word for word, with a reason.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "./match.js";
import type { BodyComparer } from "./normal/compare.js";
import { compareData, compareMacro, startingFields } from "./normal/definitions.js";
import { compareMethods } from "./normal/struct-methods.js";
import type { Finding } from "./rules.js";
import type { TypeScriptSide } from "./typescript.js";

export const DEFINITIONS = "docs/ledger/definitions.json";

/** A macro or a variable that may differ: in these words. */
interface Entry {
  says: readonly string[];
  reason: string;
}

export interface DefinitionDecisions {
  macros: ReadonlyMap<string, Entry>;
  data: ReadonlyMap<string, Entry>;
  errors: string[];
}

function isRecord(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}

export function parseDefinitions(json: string): DefinitionDecisions {
  const errors: string[] = [];
  let root: unknown = {};
  try {
    root = JSON.parse(json);
  } catch (e) {
    errors.push((e as Error).message);
  }
  const entriesOf = (key: string): Map<string, Entry> => {
    const found = new Map<string, Entry>();
    const given = isRecord(root) ? (root[key] ?? {}) : null;
    if (!isRecord(given)) {
      errors.push(`${key} is not an object`);
      return found;
    }
    for (const [name, entry] of Object.entries(given)) {
      const { says, reason } = isRecord(entry) ? entry : {};
      if (
        Array.isArray(says) &&
        says.every((x) => typeof x === "string") &&
        typeof reason === "string" &&
        reason !== ""
      )
        found.set(name, { says: says as string[], reason });
      else errors.push(`${name}: needs says, a list of what the audit finds, and a reason`);
    }
    return found;
  };
  return { macros: entriesOf("macros"), data: entriesOf("data"), errors };
}

export function readDefinitions(root: string): DefinitionDecisions {
  const path = join(root, DEFINITIONS);
  return parseDefinitions(existsSync(path) ? readFileSync(path, "utf8") : "{}");
}

export function checkDefinitions(
  comparer: BodyComparer,
  rows: readonly Row[],
  side: TypeScriptSide,
  decisions: DefinitionDecisions,
): Finding[] {
  const findings: Finding[] = decisions.errors.map((message) => ({
    ...{ rule: "PM012" as const, subject: DEFINITIONS, message, path: DEFINITIONS, line: null },
  }));
  const { files, sides } = comparer.definitions();
  /* Under one profile alone not all that is declared shows. */
  const all = sides.length > 1;
  const used = new Set<Entry>();
  /** What is found and not declared. */
  const left = (entry: Entry | undefined, found: readonly string[]): string[] => {
    if (entry === undefined) return [...found];
    used.add(entry);
    for (const s of entry.says.filter((x) => all && !found.includes(x))) {
      findings.push({
        rule: "PM012",
        subject: DEFINITIONS,
        message: `is not so: ${s}`,
        path: DEFINITIONS,
        line: null,
      });
    }
    return found.filter((f) => !entry.says.includes(f));
  };

  const macros = rows.filter((r) => r.status === "macro" && r.ts !== null && files.has(r.ts.path));
  for (const row of macros) {
    const differences = compareMacro(row, files.get(row.ts!.path)!, sides);
    const found = differences.map((d) => `C: ${flat(d.c)}; TypeScript: ${flat(d.ts)}`);
    const entry = decisions.macros.get(row.name);
    if (found.length === 0 && entry === undefined) continue;
    for (const message of left(entry, found)) {
      findings.push({ rule: "PM021", subject: row.name, message, path: row.ts!.path, line: row.ts!.first });
    }
  }

  const data = compareData(files, sides);
  const structs = new Set(
    side.classes.filter((c) => c.tags.length > 0 && !c.nonUpstream).map((c) => `${c.path} ${c.name}`),
  );
  const isStruct = (path: string, name: string): boolean => structs.has(`${path} ${name}`);
  const fields = startingFields(files, sides[0]!.setting, isStruct);
  const methods = compareMethods(files, sides[0]!.c, isStruct).map((d) => ({ ...d, places: [d.says] }));
  for (const d of [...data.differences, ...fields, ...methods]) {
    for (const message of left(decisions.data.get(d.name), d.places)) {
      findings.push({ rule: "PM027", subject: d.name, message, path: d.path, line: d.line });
    }
  }
  for (const [name, entry] of [...decisions.macros, ...decisions.data]) {
    if (!all || used.has(entry)) continue;
    const message = `${name} differs in nothing, or is not there`;
    findings.push({ rule: "PM012", subject: name, message, path: DEFINITIONS, line: null });
  }
  return findings;
}

function flat(text: string): string {
  return text.replace(/\n\s*/g, "; ");
}
