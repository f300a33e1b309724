/** `--write`: brings what is generated in docs/ledger up to date. */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LOCK } from "../drift/lock.js";
import { LEDGER } from "../ledger.js";
import type { Finding } from "../rules.js";
import type { AuditResult, OurSide } from "../run.js";

/** Writes what is stale; returns the findings that are left then. */
export function writeLedgers(
  root: string,
  result: AuditResult,
  ours: Pick<OurSide, "ledger" | "lock">,
  findings: readonly Finding[],
): Finding[] {
  const files = [
    { path: LEDGER, text: result.ledger, was: ours.ledger },
    { path: LOCK, text: result.lock, was: ours.lock },
  ];
  for (const { path, text, was } of files) {
    if (text === was) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return findings.filter((f) => f.rule !== "PM011" && f.rule !== "PM020");
}
