/** The audit's rules. Ids are stable; docs/audit.md has a section for each. */

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
}
