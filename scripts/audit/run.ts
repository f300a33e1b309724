/** The audit as a function: upstream is loaded once, the TypeScript side is a map of texts. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ConstantsReport, checkConstants } from "./constants.js";
import { cParser } from "./cparser.js";
import { ConstantTable } from "./cvalue.js";
import { type Decisions, readDecisions } from "./decisions.js";
import { checkDivergences, DIVERGENCES } from "./divergences.js";
import { type FileInventory, inventory } from "./inventory.js";
import { checkLedger, LEDGER, renderLedger } from "./ledger.js";
import { type InventoryOf, match, type Row } from "./match.js";
import { type Preprocessed, preprocess } from "./preprocess.js";
import { defaultProfile } from "./profile.js";
import type { Finding } from "./rules.js";
import { readSources, readTypeScript } from "./typescript.js";
import { installedUpstream, type Upstream } from "./upstream.js";

/** Upstream under one profile. */
export interface UpstreamSide {
  up: Upstream;
  pre: Preprocessed;
  constants: ConstantTable;
  inventoryOf: InventoryOf;
}

/** Everything on our side that the audit reads. */
export interface OurSide {
  sources: ReadonlyMap<string, string>;
  decisions: Decisions;
  /** Texts of docs/divergences.md and of the ledger, null where there is none. */
  divergences: string | null;
  ledger: string | null;
}

export interface AuditResult {
  upstream: Upstream;
  profile: string;
  rows: Row[];
  constants: ConstantsReport;
  /** What the ledger should be. */
  ledger: string;
  findings: Finding[];
}

export async function loadUpstream(root: string): Promise<UpstreamSide> {
  const up = installedUpstream(root);
  const pre = preprocess(up.code, defaultProfile(root));
  const parse = await cParser();
  const cache = new Map<string, FileInventory | null>();
  const inventoryOf: InventoryOf = (file) => {
    let inv = cache.get(file);
    if (inv === undefined) {
      inv = up.files.has(file) ? inventory(up, pre, parse, file) : null;
      cache.set(file, inv);
    }
    return inv;
  };
  return { up, pre, constants: new ConstantTable(up, pre), inventoryOf };
}

export function loadOurs(root: string): OurSide {
  const text = (path: string): string | null =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : null;
  return {
    sources: readSources(root),
    decisions: readDecisions(root),
    divergences: text(DIVERGENCES),
    ledger: text(LEDGER),
  };
}

export function audit(theirs: UpstreamSide, ours: OurSide): AuditResult {
  const side = readTypeScript(ours.sources);
  const { rows, findings } = match(theirs.inventoryOf, side, ours.decisions);
  for (const e of theirs.pre.errors) {
    const message = `line ${e.line} of the amalgamation: ${e.message}`;
    findings.push({
      rule: "PM014",
      subject: theirs.up.fileOf[e.line]!,
      message,
      path: theirs.up.path,
      line: e.line,
    });
  }
  const constants = checkConstants(theirs.up, theirs.constants, side);
  const ledger = renderLedger(theirs.up, theirs.pre.profile.name, rows);
  findings.push(
    ...constants.findings,
    ...checkDivergences(ours.divergences, side),
    ...checkLedger(ledger, ours.ledger),
  );
  findings.sort(
    (a, b) => a.rule.localeCompare(b.rule) || a.path.localeCompare(b.path) || (a.line ?? 0) - (b.line ?? 0),
  );
  return { upstream: theirs.up, profile: theirs.pre.profile.name, rows, constants, ledger, findings };
}
