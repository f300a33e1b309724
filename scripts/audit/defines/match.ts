/** Every macro of the mirrored files is a function or a constant of its name here, or somebody said why not. */

import type { Macro, MacroTable } from "../macros.js";
import { MIRRORED, MIRRORS, SHARED, WHOLE } from "../mirrors.js";
import { OPTIONS } from "../profiles.js";
import type { Finding } from "../rules.js";
import type { TypeScriptSide } from "../typescript.js";
import type { Upstream } from "../upstream.js";
import { MACROS, type MacroDecision, type MacroDecisions } from "./decisions.js";

/** Files all of whose macros must be accounted for. */
export const MACRO_FILES: readonly string[] = [
  ...WHOLE,
  "os.h",
  "os_common.h",
  "pager.h",
  "pcache.h",
  "wal.h",
];

/** A macro of one of those files; its definitions under the profiles, without repetition. */
export interface MacroRow {
  file: string;
  name: string;
  /** Null for an object-like macro. */
  params: readonly string[] | null;
  definitions: Macro[];
  /** Where we have it, or null. */
  ts: { path: string; line: number } | null;
  decision: MacroDecision | null;
}

export interface MacrosReport {
  rows: MacroRow[];
  findings: Finding[];
}

/** What `#define`s the compiler sees in a file under at least one profile. */
export function definitionsIn(
  up: Upstream,
  tables: readonly MacroTable[],
  files: ReadonlySet<string>,
): Map<string, Map<string, Macro[]>> {
  const found = new Map<string, Map<string, Macro[]>>();
  for (const table of tables) {
    for (const macro of table.all()) {
      const file = up.fileOf[macro.line];
      if (macro.line === 0 || file === undefined || !files.has(file)) continue;
      const names = found.get(file) ?? new Map<string, Macro[]>();
      found.set(file, names);
      const known = names.get(macro.name) ?? [];
      if (!known.some((m) => m.line === macro.line)) names.set(macro.name, [...known, macro]);
    }
  }
  return found;
}

export function checkMacros(
  up: Upstream,
  sides: readonly { pre: { macros: MacroTable } }[],
  side: TypeScriptSide,
  decisions: MacroDecisions,
): MacrosReport {
  const report: MacrosReport = { rows: [], findings: [] };
  const find = (rule: "PM012" | "PM019", subject: string, message: string, path: string): void => {
    report.findings.push({ rule, subject, message, path, line: null });
  };
  for (const message of decisions.errors) find("PM012", MACROS, message, MACROS);

  const ours = new Map<string, { path: string; line: number }>();
  const here = (path: string): boolean => MIRRORED.has(path) || path === SHARED || path === OPTIONS;
  for (const c of side.constants)
    if (here(c.path) && !c.nonUpstream) ours.set(c.name, { path: c.path, line: c.line });
  for (const f of side.functions)
    if (here(f.path) && (!f.nonUpstream || f.tags.length > 0))
      ours.set(f.name, { path: f.path, line: f.first });

  const used = new Set<MacroDecision>();
  const tables = sides.map((s) => s.pre.macros);
  const all = definitionsIn(up, tables, new Set(MACRO_FILES));
  for (const file of MACRO_FILES) {
    for (const [name, definitions] of all.get(file) ?? []) {
      const { params, line } = definitions[0]!;
      const ts = ours.get(name) ?? null;
      const decision = ts === null ? (decisions.entries.find((e) => e.matches(name)) ?? null) : null;
      report.rows.push({ file, name, params, definitions, ts, decision });
      if (ts !== null) continue;
      if (decision === null) {
        const message = `${file}, line ${line}: no function or constant of this name, and no entry in ${MACROS}`;
        find("PM019", name, message, MIRRORS.get(file) ?? file);
        continue;
      }
      used.add(decision);
      const empty = decision.status === "nothing" || decision.status === "include guard";
      const full = definitions.find((m) => m.body.length > 0);
      if (empty && full !== undefined)
        find("PM012", name, `is listed as ${decision.status}, but expands to ${full.text}`, MACROS);
    }
  }
  for (const entry of decisions.entries) {
    if (used.has(entry)) continue;
    const named = [...all.values()].some((names) => [...names.keys()].some((n) => entry.matches(n)));
    find(
      "PM012",
      entry.pattern,
      named ? "is here under its name" : "no macro of this name is compiled",
      MACROS,
    );
  }
  return report;
}
