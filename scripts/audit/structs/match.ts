/** Holds our classes and interfaces against upstream's structs: the same fields, in the same order. */

import { longestIncreasing } from "../match.js";
import { HEADERS, MIRRORED, MIRRORS, SHARED, WHOLE } from "../mirrors.js";
import type { Finding, RuleId } from "../rules.js";
import type { TsClass, TsField, TypeScriptSide } from "../typescript.js";
import { STRUCTS, type StructDecision, type StructDecisions } from "./decisions.js";
import type { UpstreamStruct } from "./upstream.js";

/** A struct with what mirrors it: several where a struct has an interface and a class. */
export interface StructRow {
  upstream: UpstreamStruct;
  ts: TsClass[];
  /** Fields that both sides have. */
  matched: number;
  reason: string | null;
}

export interface StructsReport {
  rows: StructRow[];
  findings: Finding[];
}

/** Upstream's structs by file. */
export type StructsOfFile = (file: string) => readonly UpstreamStruct[];

/** Headers whose structs must all be here. */
const WHOLE_HEADERS: readonly string[] = ["os.h", "pager.h", "pcache.h", "wal.h"];
/** Files that our structs are looked for in. */
export const STRUCT_FILES: readonly string[] = [...new Set([...MIRRORS.keys(), ...HEADERS, "sqlite3.h"])];

const NO_DECISION: StructDecision = { omitted: new Map(), extra: new Map(), renamed: new Map() };

type Find = (rule: RuleId, subject: string, message: string, path: string, line: number | null) => void;

export function checkStructs(
  structsOf: StructsOfFile,
  side: TypeScriptSide,
  decisions: StructDecisions,
): StructsReport {
  const findings: Finding[] = [];
  const find: Find = (rule, subject, message, path, line) => {
    findings.push({ rule, subject, message, path, line });
  };
  for (const message of decisions.errors) find("PM012", STRUCTS, message, STRUCTS, null);

  const mirrors = new Map<UpstreamStruct, TsClass[]>();
  for (const cls of side.classes) {
    if (cls.nonUpstream && cls.tags.length === 0) continue;
    const struct = structFor(cls, structsOf);
    if (struct !== null) mirrors.set(struct, [...(mirrors.get(struct) ?? []), cls]);
    else if (MIRRORED.has(cls.path) && cls.tags.length === 0)
      find(
        "PM007",
        cls.name,
        "has neither an @upstream tag nor the word NON-UPSTREAM in its doc comment",
        cls.path,
        cls.first,
      );
  }

  const rows: StructRow[] = [];
  const used = new Set<string>();
  for (const file of STRUCT_FILES) {
    for (const upstream of structsOf(file)) {
      const ts = mirrors.get(upstream) ?? [];
      const decision = decisions.structs.get(upstream.name);
      if (ts.length === 0) {
        const needed = WHOLE.includes(file) || WHOLE_HEADERS.includes(file);
        if (upstream.profiles.length === 0 || !needed) continue;
        rows.push({ upstream, ts, matched: 0, reason: decision?.missing ?? null });
        if (decision?.missing !== undefined) used.add(`${upstream.name} missing`);
        else
          find(
            "PM016",
            upstream.name,
            `${file}, line ${upstream.first}: no class or interface mirrors the struct`,
            MIRRORS.get(file) ?? file,
            null,
          );
        continue;
      }
      let matched = 0;
      for (const cls of ts) matched += checkClass(upstream, cls, decision ?? NO_DECISION, used, find);
      rows.push({ upstream, ts, matched, reason: null });
    }
  }
  checkUsed(decisions, used, find);
  return { rows, findings };
}

/** What a class mirrors: by its tag, else by its name among what its file mirrors. */
function structFor(cls: TsClass, structsOf: StructsOfFile): UpstreamStruct | null {
  const named = (file: string, name: string): UpstreamStruct | null =>
    structsOf(file).find((s) => s.name === name) ?? null;
  for (const tag of cls.tags) {
    const found = named(tag.file, tag.name!);
    if (found !== null) return found;
  }
  if (cls.tags.length > 0 || !(MIRRORED.has(cls.path) || cls.path === SHARED)) return null;
  const own = [...MIRRORS].filter(([, path]) => path === cls.path).map(([file]) => file);
  for (const file of [...own, ...HEADERS, "sqlite3.h"]) {
    const found = named(file, cls.name);
    if (found !== null) return found;
  }
  return null;
}

/** Returns how many fields both have. */
function checkClass(
  struct: UpstreamStruct,
  cls: TsClass,
  decision: StructDecision,
  used: Set<string>,
  find: Find,
): number {
  const ours = new Map<string, TsField>(cls.fields.map((f) => [f.name, f]));
  const taken = new Set<string>();
  const pairs: { name: string; line: number }[] = [];
  for (const field of struct.fields) {
    const renamed = decision.renamed.get(field.name)?.split(":")[0];
    const name = renamed !== undefined && ours.has(renamed) ? renamed : field.name;
    const found = ours.get(name);
    if (found !== undefined) {
      if (renamed === name && renamed !== field.name) used.add(`${struct.name} renamed ${field.name}`);
      taken.add(name);
      pairs.push({ name, line: found.line });
    } else if (decision.omitted.has(field.name)) {
      used.add(`${struct.name} omitted ${field.name}`);
    } else if (decision.omitted.has("*")) {
      used.add(`${struct.name} omitted *`);
    } else if (field.profiles.length > 0 && !omittedAround(field.name, decision)) {
      const where = `${struct.file}, line ${field.line}`;
      find(
        "PM016",
        `${struct.name}.${field.name}`,
        `${where}: ${cls.name} has no such field`,
        cls.path,
        cls.first,
      );
    }
  }
  for (const field of cls.fields) {
    if (taken.has(field.name) || field.nonUpstream) continue;
    if (cls.counted && field.name === "mem") continue;
    if (decision.extra.has(field.name)) {
      used.add(`${struct.name} extra ${field.name}`);
      continue;
    }
    find(
      "PM017",
      `${struct.name}.${field.name}`,
      `${struct.file} has no such field in ${struct.name}`,
      cls.path,
      field.line,
    );
  }
  const kept = longestIncreasing(pairs.map((p) => cls.fields.findIndex((f) => f.name === p.name)));
  for (const [i, pair] of pairs.entries()) {
    if (kept.has(i)) continue;
    const before = pairs[i - 1]?.name;
    const message = before === undefined ? "comes first upstream" : `comes after ${before} upstream`;
    find("PM018", `${struct.name}.${pair.name}`, message, cls.path, pair.line);
  }
  return pairs.length;
}

/** A member of a union that is left out is left out with it. */
function omittedAround(name: string, decision: StructDecision): boolean {
  const dot = name.lastIndexOf(".");
  return dot > 0 && decision.omitted.has(name.slice(0, dot));
}

function checkUsed(decisions: StructDecisions, used: ReadonlySet<string>, find: Find): void {
  const check = (key: string, subject: string, what: string): void => {
    if (!used.has(key)) find("PM012", subject, `is listed as ${what}, which it is not`, STRUCTS, null);
  };
  for (const [name, decision] of decisions.structs) {
    if (decision.missing !== undefined) check(`${name} missing`, name, "missing");
    for (const part of ["omitted", "extra", "renamed"] as const)
      for (const field of decision[part].keys()) check(`${name} ${part} ${field}`, `${name}.${field}`, part);
  }
}
