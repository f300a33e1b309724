/** What the functions say: compares the bodies of all that are ported, and makes findings of it. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DIVERGENCES, divergenceIds, divergenceTests } from "./divergences.js";
import type { UpstreamFunction } from "./inventory.js";
import type { Row } from "./match.js";
import { CSide, type LoweredC } from "./normal/c-side.js";
import { BodyComparer, type ProfileBodies } from "./normal/compare.js";
import type { Comparison } from "./normal/comparison.js";
import { type Declared, STATEMENTS } from "./normal/declared.js";
import { isActive } from "./preprocess.js";
import type { Finding } from "./rules.js";
import type { OurSide, UpstreamSide } from "./run.js";
import type { ProfileSide } from "./sides.js";
import type { TypeScriptSide } from "./typescript.js";

export interface BodiesReport {
  /** By `FILE NAME`. */
  comparisons: ReadonlyMap<string, Comparison>;
  /** Ported functions that no profile compiles. */
  uncompared: Row[];
  findings: Finding[];
}

/** C's functions under one profile, lowered when they are asked for. */
function bodiesOf(theirs: UpstreamSide, side: ProfileSide, names: TsNamesOf): ProfileBodies {
  const c = new CSide(theirs.up, side.pre, theirs.parse, names);
  const cache = new Map<string, LoweredC | null>();
  return {
    side,
    c,
    lower(file, name) {
      const key = `${file} ${name}`;
      let lowered = cache.get(key);
      if (lowered === undefined) {
        const fn = compiledUnder(theirs, side, file, name);
        lowered = fn === undefined ? null : c.lower(fn);
        cache.set(key, lowered);
      }
      return lowered;
    },
  };
}

/**
 * The function of that name that the compiler sees under a profile. The inventory of the default profile
 * has those of hidden arms, too, so no other has to be taken.
 */
export function compiledUnder(
  theirs: UpstreamSide,
  side: ProfileSide,
  file: string,
  name: string,
): UpstreamFunction | undefined {
  const all = theirs.inventoryOf(file)?.functions ?? [];
  return all.find((f) => f.name === name && isActive(side.pre, f.first));
}

interface TsNamesOf {
  functions: ReadonlySet<string>;
  constants: ReadonlySet<string>;
}

/** A comparer over both sides, for the audit and for what mutates functions. */
export function comparerOf(theirs: UpstreamSide, ours: OurSide, side: TypeScriptSide): BodyComparer {
  const names: TsNamesOf = {
    functions: new Set(side.functions.map((f) => f.name)),
    constants: new Set(side.constants.map((c) => c.name)),
  };
  const profiles = theirs.sides.map((s) => bodiesOf(theirs, s, names));
  return new BodyComparer(theirs.up, profiles, ours.sources, ours.declared, side.constants);
}

/** Compares every ported function. */
export function compareBodies(comparer: BodyComparer, rows: readonly Row[], ours: OurSide): BodiesReport {
  const comparisons = new Map<string, Comparison>();
  const uncompared: Row[] = [];
  const findings: Finding[] = [];
  for (const row of rows) {
    if (row.status !== "ported" || row.ts === null || row.upstream === null) continue;
    const comparison = comparer.compare(row);
    if (comparison === null) {
      uncompared.push(row);
      continue;
    }
    comparisons.set(`${row.file} ${row.name}`, comparison);
    findings.push(...differences(row, comparison));
  }
  comparer.finish(new Set(comparisons.keys()));
  findings.push(
    ...ledgerFindings(comparer),
    ...mismatches(comparer),
    ...checkEntries(ours.declared, ours.divergences, ours.root),
  );
  return { comparisons, uncompared, findings };
}

function differences(row: Row, { differences: all }: Comparison): Finding[] {
  const { path, first } = row.ts!;
  return all
    .filter((d) => d.entry === null)
    .map((d) => ({
      rule: d.kind === "mask" ? ("PM025" as const) : ("PM021" as const),
      subject: row.name,
      message: `${d.kind}: C ${short(d.c)}; TypeScript ${short(d.ts)}`,
      path,
      line: d.tsLine ?? first,
      difference: d,
    }));
}

/** The first line of a statement. */
function short(text: string | null): string {
  if (text === null) return "has nothing";
  const [line, ...more] = text.split("\n") as [string, ...string[]];
  return `says \`${line.length > 100 ? `${line.slice(0, 97)}...` : line}\`${more.length > 0 ? " ..." : ""}`;
}

/** Where the ledger of statements of an upstream file lies. */
function ledgerOf(file: string): string {
  return `${STATEMENTS}/${file.replace(/c$/, "json")}`;
}

function ledgerFindings(comparer: BodyComparer): Finding[] {
  const { unused, unusedAssumptions, miscounted } = comparer.findings;
  return [
    ...unused.map(({ file, function: subject, entry }) => ({
      rule: "PM022" as const,
      subject,
      message: `${entry.id} covers no difference any more: C ${short(entry.c)}; TypeScript ${short(entry.ts)}`,
      path: ledgerOf(file),
      line: null,
    })),
    ...unusedAssumptions.map(({ file, assumption }) => ({
      rule: "PM022" as const,
      subject: assumption.id,
      message: `no function of ${file} that it is for has \`${assumption.c}\` any more`,
      path: ledgerOf(file),
      line: null,
    })),
    ...miscounted.map(({ file, rewrite, times }) => ({
      rule: "PM022" as const,
      subject: rewrite.id,
      message: `\`${rewrite.ts}\` stands in ${times} places of ${file}, the ledger says ${rewrite.times}`,
      path: ledgerOf(file),
      line: null,
    })),
  ];
}

function mismatches(comparer: BodyComparer): Finding[] {
  const finding = (rule: "PM023" | "PM024") => (m: { row: Row; message: string; line: number }) => ({
    rule,
    subject: m.row.name,
    message: m.message,
    path: m.row.ts!.path,
    line: m.line,
  });
  return [
    ...comparer.findings.parameters.map(finding("PM023")),
    ...comparer.findings.lines.map(finding("PM024")),
  ];
}

/** Every id of the ledger must be explained, and the explanation must name a test that is there. */
function checkEntries(declared: Declared, divergences: string | null, root: string): Finding[] {
  const known = divergenceIds(divergences ?? "");
  const tests = divergenceTests(divergences ?? "");
  const findings: Finding[] = declared.errors.map((e) => ({
    rule: "PM026",
    subject: e.path,
    message: e.message,
    path: e.path,
    line: null,
  }));
  const ids = new Map<string, string>();
  for (const [file, { functions, rewrites, assumptions }] of declared.files) {
    for (const a of assumptions) ids.set(a.id, ledgerOf(file));
    for (const entries of functions.values()) for (const e of entries) ids.set(e.id, ledgerOf(file));
    for (const { rewrite } of rewrites) ids.set(rewrite.id, ledgerOf(file));
  }
  for (const [id, path] of ids) {
    const line = known.get(id);
    if (line === undefined) {
      findings.push({
        rule: "PM026",
        subject: id,
        message: `${DIVERGENCES} has no section of this id`,
        path,
        line: null,
      });
      continue;
    }
    const named = tests.get(id) ?? [];
    const missing = named.filter((t) => !isTest(t, root));
    const message =
      named.length === 0
        ? 'names no test that pins it (a line `* test: FILE "NAME"`)'
        : missing.length > 0
          ? `names a test that is not there: ${missing.map((t) => `${t.path} "${t.name ?? ""}"`).join(", ")}`
          : null;
    if (message !== null) findings.push({ rule: "PM026", subject: id, message, path: DIVERGENCES, line });
  }
  return findings;
}

/** Whether a file has a test, or a group of tests, of that name. */
function isTest(t: { path: string; name: string | null }, root: string): boolean {
  const path = join(root, t.path);
  if (!existsSync(path)) return false;
  return t.name === null || readFileSync(path, "utf8").includes(t.name);
}
