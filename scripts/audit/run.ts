/** The audit as a function: upstream is loaded once, the TypeScript side is a map of texts. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BodiesReport, compareBodies, comparerOf } from "./bodies.js";
import { type ConstantsReport, checkConstants } from "./constants.js";
import { type CParser, cParser } from "./cparser.js";
import { type Decisions, readDecisions } from "./decisions.js";
import { type MacroDecisions, readMacroDecisions } from "./defines/decisions.js";
import { checkMacros, type MacrosReport } from "./defines/match.js";
import { checkDefinitions, type DefinitionDecisions, readDefinitions } from "./definitions.js";
import { checkDivergences, DIVERGENCES } from "./divergences.js";
import { entitiesOf, portNames } from "./drift/entities.js";
import { checkLock, LOCK, renderLock } from "./drift/lock.js";
import { checkLedger, LEDGER, renderLedger } from "./ledger.js";
import { type InventoryOf, match, type Row } from "./match.js";
import { type Declared, readDeclared } from "./normal/declared.js";
import type { Preprocessed } from "./preprocess.js";
import { type AuditProfile, profilesOf } from "./profiles.js";
import type { Finding } from "./rules.js";
import { type ProfileSide, sideOf } from "./sides.js";
import { readStructDecisions, type StructDecisions } from "./structs/decisions.js";
import { checkStructs, type StructsOfFile, type StructsReport } from "./structs/match.js";
import { structReader } from "./structs/upstream.js";
import { readSources, readTypeScript } from "./typescript.js";
import { installedUpstream, placeOf, type Upstream } from "./upstream.js";

/** Upstream under all profiles. */
export interface UpstreamSide {
  up: Upstream;
  parse: CParser;
  /** The default profile first. */
  sides: readonly ProfileSide[];
  /** Of the default profile. */
  pre: Preprocessed;
  inventoryOf: InventoryOf;
  structsOf: StructsOfFile;
}

/** Everything on our side that the audit reads. */
export interface OurSide {
  root: string;
  sources: ReadonlyMap<string, string>;
  decisions: Decisions;
  structDecisions: StructDecisions;
  macroDecisions: MacroDecisions;
  definitions: DefinitionDecisions;
  /** Differences that are accepted. */
  declared: Declared;
  /** Texts of docs/divergences.md, of the ledger and of the lock file, null where there is none. */
  divergences: string | null;
  ledger: string | null;
  lock: string | null;
}

export interface AuditResult {
  upstream: Upstream;
  profile: string;
  rows: Row[];
  constants: ConstantsReport;
  structs: StructsReport;
  macros: MacrosReport;
  /** What the functions say, by `FILE NAME`. */
  comparisons: BodiesReport["comparisons"];
  /** Names of ported functions that no profile compiles. */
  uncompared: string[];
  /** What the ledger and the lock file should be. */
  ledger: string;
  lock: string;
  findings: Finding[];
}

/** Reads the installed amalgamation, or the upstream that is given, under all profiles or those that are given. */
export async function loadUpstream(
  root: string,
  up: Upstream = installedUpstream(root),
  profiles: readonly AuditProfile[] = profilesOf(root),
): Promise<UpstreamSide> {
  const parse = await cParser();
  const sides = profiles.map((profile) => sideOf(up, parse, profile));
  const { pre, inventoryOf } = sides[0]!;
  return { up, parse, sides, pre, inventoryOf, structsOf: structReader(up, sides, parse) };
}

export function loadOurs(root: string): OurSide {
  const text = (path: string): string | null =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : null;
  return {
    root,
    sources: readSources(root),
    decisions: readDecisions(root),
    structDecisions: readStructDecisions(root),
    macroDecisions: readMacroDecisions(root),
    definitions: readDefinitions(root),
    declared: readDeclared(root),
    divergences: text(DIVERGENCES),
    ledger: text(LEDGER),
    lock: text(LOCK),
  };
}

/** What has not been compared. */
const NO_BODIES: BodiesReport = { comparisons: new Map(), uncompared: [], findings: [] };

/** `bodies`: whether what the functions say is compared, too; it is most of the work. */
export function audit(theirs: UpstreamSide, ours: OurSide, { bodies: wanted = true } = {}): AuditResult {
  const side = readTypeScript(ours.sources);
  const { rows, findings } = match(theirs.inventoryOf, side, ours.decisions);
  const unreadable = new Set<string>();
  for (const { pre } of theirs.sides) {
    for (const e of pre.errors) {
      const { path, line } = placeOf(theirs.up, e.line);
      if (unreadable.has(`${e.line}`)) continue;
      unreadable.add(`${e.line}`);
      const subject = theirs.up.fileOf[e.line]!;
      findings.push({ rule: "PM014", subject, message: e.message, path, line });
    }
  }
  const constants = checkConstants(theirs.up, theirs.sides, side);
  const structs = checkStructs(theirs.structsOf, side, ours.structDecisions);
  const macros = checkMacros(theirs.up, theirs.sides, side, ours.macroDecisions);
  const comparer = wanted ? comparerOf(theirs, ours, side) : null;
  const bodies = comparer === null ? NO_BODIES : compareBodies(comparer, rows, ours);
  const definitions = comparer === null ? [] : checkDefinitions(comparer, rows, side, ours.definitions);
  const ledger = renderLedger(theirs.pre.profile.name, rows);
  const entities = entitiesOf(theirs, portNames(side));
  findings.push(
    ...constants.findings,
    ...structs.findings,
    ...macros.findings,
    ...bodies.findings,
    ...definitions,
    ...checkDivergences(ours.divergences, side),
    ...checkLedger(ledger, ours.ledger),
    ...checkLock(theirs, entities, ours.lock),
  );
  const lock = renderLock(theirs, entities);
  findings.sort(
    (a, b) => a.rule.localeCompare(b.rule) || a.path.localeCompare(b.path) || (a.line ?? 0) - (b.line ?? 0),
  );
  return {
    upstream: theirs.up,
    profile: theirs.pre.profile.name,
    rows,
    constants,
    structs,
    macros,
    comparisons: bodies.comparisons,
    uncompared: bodies.uncompared.map((row) => row.name),
    ledger,
    lock,
    findings,
  };
}
