/** The audit's rules. Ids are stable; docs/audit has a page for each. */

import type { Difference } from "./normal/comparison.js";

export const RULES = {
  PM001: "missing-function",
  PM002: "wrong-file",
  PM003: "wrong-order",
  PM004: "wrong-linkage",
  PM005: "wrong-name",
  PM006: "dangling-upstream-tag",
  PM007: "untagged-function",
  PM008: "wrong-constant",
  PM009: "undescribed-divergence",
  PM010: "unused-divergence",
  PM011: "stale-ledger",
  PM012: "bad-ledger-entry",
  PM013: "wrong-option",
  PM014: "unreadable-upstream",
  PM015: "ported-twice",
  PM016: "missing-field",
  PM017: "extra-field",
  PM018: "wrong-field-order",
  PM019: "missing-macro",
  PM020: "upstream-drifted",
  PM021: "body-differs",
  PM022: "unused-declared-difference",
  PM023: "wrong-parameters",
  PM024: "wrong-line-number",
  PM025: "mask-differs",
  PM026: "bad-statement-entry",
  PM027: "wrong-table",
} as const;

export type RuleId = keyof typeof RULES;

export interface Finding {
  rule: RuleId;
  /** The function, constant, tag or file that it is about. */
  subject: string;
  message: string;
  /** Where to look, in this repository. */
  path: string;
  line: number | null;
  /** What it is about, if it comes from a comparison. */
  difference?: Difference;
}

/** error: the port may not do or not be what upstream is; warning: only what is written about it is off. */
export type Level = "error" | "warning";

export interface Rule {
  id: RuleId;
  name: string;
  level: Level;
  /** One sentence. */
  meaning: string;
  /** Its page, from the root. */
  page: string;
}

const MEANINGS: Readonly<Record<RuleId, string>> = {
  PM001: "A function that upstream compiles is neither ported nor omitted with a reason.",
  PM002: "A ported function does not stand in the file that mirrors its upstream file.",
  PM003: "Ported functions stand in another order than upstream's.",
  PM004: "A function that is static upstream is exported here, or the reverse.",
  PM005: "A function is not called what the function is called that it mirrors.",
  PM006: "An @upstream tag names a file or a name that upstream does not have.",
  PM007: "A function in a mirrored file says neither what it mirrors nor that it mirrors nothing.",
  PM008: "A constant has another value than upstream's macro or enumerator of that name.",
  PM009: "A @divergence tag has no entry in docs/divergences.md.",
  PM010: "An entry of docs/divergences.md is named by no @divergence tag.",
  PM011: "docs/ledger/functions.json is not what the audit would write.",
  PM012: "An entry of a ledger that people write is malformed, has no reason, or contradicts the code.",
  PM013: "The default of an option in src/options.ts is not what the default profile compiles.",
  PM014: "A condition of upstream could not be evaluated, or a file of it could not be parsed.",
  PM015: "Two functions claim to mirror the same function of upstream.",
  PM016: "A mirrored struct lacks a field of upstream's, or a struct has no class here.",
  PM017: "A mirrored struct has a field here that upstream's does not have.",
  PM018: "The fields of a mirrored struct stand in another order than upstream's.",
  PM019: "A macro of a mirrored file has no counterpart here and no reason why.",
  PM020: "The installed upstream is not the one that the lock file pins.",
  PM021: "A function says something else than upstream's, and nobody declared it.",
  PM022: "An entry of docs/ledger/statements matches no difference.",
  PM023: "A function's parameters have other names or another order than upstream's.",
  PM024: "A corruption is reported with a line that is not the one it is reported with in C.",
  PM025: "A value is cut to a width on one side only.",
  PM026:
    "An entry of docs/ledger/statements is malformed, or names an id, a function or a test that does not exist.",
  PM027: "A table or variable of a file, or a field of a struct, starts with other values than upstream's.",
};

const WARNINGS: ReadonlySet<RuleId> = new Set(["PM003", "PM007", "PM010", "PM011", "PM022"]);

export function ruleOf(id: RuleId): Rule {
  return {
    id,
    name: RULES[id],
    level: WARNINGS.has(id) ? "warning" : "error",
    meaning: MEANINGS[id],
    page: `docs/audit/${id}.md`,
  };
}

/** All of them, by id. */
export function allRules(): Rule[] {
  return (Object.keys(RULES) as RuleId[]).sort().map(ruleOf);
}
