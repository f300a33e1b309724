/** Compares the functions that are ported with upstream's, under each profile. */

import type { Row } from "../match.js";
import type { ProfileSide } from "../sides.js";
import { TsEvaluator } from "../tsvalue.js";
import type { TsConstant } from "../typescript.js";
import type { Upstream } from "../upstream.js";
import { isAffected, type ProfileWords, wordsOf } from "./affected.js";
import { assume } from "./assume.js";
import type { CSide, LoweredC } from "./c-side.js";
import type { Aligned, Comparison, Difference } from "./comparison.js";
import { type Constants, constantsOf } from "./constants.js";
import { Allowance, type Assumption, type Declared, type DeclaredDifference } from "./declared.js";
import type { DefinitionSide } from "./definitions.js";
import { type Context, type Diff, diffBodies, type Found } from "./diff.js";
import { asTest, type Node, node } from "./form.js";
import { ANY } from "./masks.js";
import { applyRules, type Rewrite, type Rule } from "./rewrites.js";
import { assignment, isName, isZeros, keyOf, rewrite } from "./tree.js";
import { Effects } from "./ts-effects.js";
import type { LineArgument } from "./ts-expression.js";
import { type Known, undoIdioms } from "./ts-idioms.js";
import {
  type LoweredTs,
  lowerTs,
  lowerVariable,
  ownFieldsOf,
  parseTs,
  refFieldsOf,
  type TsFile,
  type TsSetting,
} from "./ts-side.js";

/** One profile, with the C side that lowers its functions. */
export interface ProfileBodies {
  side: ProfileSide;
  c: CSide;
  lower(file: string, name: string): LoweredC | null;
}

export interface Mismatch {
  row: Row;
  message: string;
  /** Line of the TypeScript file. */
  line: number;
}

/** What {@link BodyComparer} found, over all functions it was asked about. */
export interface BodyFindings {
  /** Parameters with other names, or in another order. */
  parameters: Mismatch[];
  /** Line numbers of the amalgamation that are wrong. */
  lines: Mismatch[];
  /** Entries of the ledger that cover nothing. */
  unused: { file: string; function: string; entry: DeclaredDifference }[];
  unusedAssumptions: { file: string; assumption: Assumption }[];
  /** Rewrites that apply in more or fewer places than the ledger says. */
  miscounted: { file: string; rewrite: Rewrite; times: number }[];
}

/** The C side of a comparison. */
interface Prepared {
  c: LoweredC;
  body: Node;
  known: Known;
  context: Context;
  nothing: (name: string) => boolean;
  rules: Rule[];
}

type Uses = Map<Rewrite, number>;

interface Lowered {
  ts: LoweredTs;
  /** Rewrites that were applied, how often. */
  uses: Uses;
  c: LoweredC;
  diff: Diff;
}

export class BodyComparer {
  readonly findings: BodyFindings = {
    parameters: [],
    lines: [],
    unused: [],
    unusedAssumptions: [],
    miscounted: [],
  };
  private readonly files = new Map<string, TsFile>();
  private readonly refFields: ReadonlySet<string>;
  private readonly ownFields: ReadonlySet<string>;
  private readonly effects: Effects;
  private readonly cache = new Map<string, Prepared | null>();
  /** How often each rewrite applies, by function. */
  private readonly uses = new Map<string, Uses>();
  private readonly usedAssumptions = new Set<Assumption>();
  private readonly constants: ReadonlyMap<ProfileBodies, Constants>;
  /** What each profile but the first one changes. */
  private readonly words: ReadonlyMap<ProfileBodies, ProfileWords>;

  constructor(
    private readonly up: Upstream,
    private readonly profiles: readonly ProfileBodies[],
    sources: ReadonlyMap<string, string>,
    private readonly declared: Declared,
    constants: readonly TsConstant[],
  ) {
    for (const [path, text] of sources) this.files.set(path, parseTs(path, text));
    const parsed = [...this.files.values()].map((f) => f.source);
    this.constants = new Map(
      profiles.map((p) => {
        const { overrides, options } = p.side.profile;
        return [p, constantsOf(constants, new TsEvaluator(constants, overrides), options, parsed)];
      }),
    );
    const meant = (p: ProfileBodies) => ({ side: p.side, constants: this.constants.get(p)! });
    const base = meant(profiles[0]!);
    this.words = new Map(profiles.slice(1).map((p) => [p, wordsOf(base, meant(p))]));
    this.refFields = new Set([...this.files.values()].flatMap(refFieldsOf));
    this.ownFields = new Set([...this.files.values()].flatMap(ownFieldsOf));
    this.effects = new Effects(this.files.values());
  }

  /** A function that is ported, under every profile that compiles it; null if none does. */
  compare(row: Row): Comparison | null {
    const { ts, upstream } = row;
    if (ts === null || upstream === null) return null;
    const file = this.files.get(ts.path);
    if (file === undefined || !file.functions.has(ts.name)) return null;
    const merged: Comparison = {
      verdict: "identical",
      score: 1,
      statements: 0,
      differences: [],
      aligned: [],
    };
    const byPlace = new Map<string, Difference>();
    const allowance = new Allowance(this.entriesOf(row));
    let heads = 0;
    let same = 0;
    let isCompiled = false;
    for (const profile of this.profilesFor(row, file)) {
      const lowered = this.under(profile, row, file);
      if (lowered === null) continue;
      if (!isCompiled) {
        this.checkParameters(row, lowered.c, lowered.ts, allowance);
        this.uses.set(`${row.file} ${row.name}`, lowered.uses);
      }
      isCompiled = true;
      const { diff } = lowered;
      heads += diff.c + diff.ts;
      same += 2 * diff.same;
      merged.statements = Math.max(merged.statements, diff.c);
      const fresh = diff.differences.filter((d) => {
        const known = byPlace.get(placeOf(d));
        known?.profiles.push(profile.side.profile.name);
        return known === undefined;
      });
      for (const [i, entry] of allowance.cover(fresh).entries()) {
        const { run: _, ...d } = fresh[i]!;
        const difference = { ...d, profiles: [profile.side.profile.name], entry };
        byPlace.set(placeOf(d), difference);
        merged.differences.push(difference);
      }
      merged.aligned = mergeAligned(merged.aligned, diff.aligned);
      for (const a of this.wrongLines(row, lowered.ts.lineArguments)) this.noteLine(row, a);
    }
    if (!isCompiled) return null;
    merged.score = heads === 0 ? 1 : same / heads;
    if (merged.differences.some((d) => d.entry === null)) merged.verdict = "differs";
    else if (merged.differences.length > 0) merged.verdict = "declared";
    for (const entry of allowance.unused()) {
      this.findings.unused.push({ file: row.file, function: row.name, entry });
    }
    return merged;
  }

  /** To be called when all functions were compared: what in the ledger had no use. */
  finish(compared: ReadonlySet<string>): void {
    const totals: Uses = new Map();
    for (const uses of this.uses.values()) {
      for (const [rewrite, n] of uses) totals.set(rewrite, (totals.get(rewrite) ?? 0) + n);
    }
    for (const [file, { functions, rewrites, assumptions }] of this.declared.files) {
      for (const a of assumptions) {
        if (!this.usedAssumptions.has(a)) this.findings.unusedAssumptions.push({ file, assumption: a });
      }
      for (const [name, entries] of functions) {
        if (compared.has(`${file} ${name}`)) continue;
        for (const entry of entries) this.findings.unused.push({ file, function: name, entry });
      }
      for (const { rewrite } of rewrites) {
        const times = totals.get(rewrite) ?? 0;
        if (times !== rewrite.times) this.findings.miscounted.push({ file, rewrite, times });
      }
    }
  }

  /** Whether a text in place of the function would be found to differ from what is accepted. */
  notices(row: Row, text: string): boolean {
    const file = { ...parseTs(row.ts!.path, text), names: this.files.get(row.ts!.path)!.names };
    if (!file.functions.has(row.ts!.name)) return true;
    const allowance = new Allowance(this.entriesOf(row));
    const seen = new Set<string>();
    let isFirst = true;
    for (const profile of this.profilesFor(row, file)) {
      const lowered = this.under(profile, row, file);
      if (lowered === null) continue;
      if (isFirst) {
        isFirst = false;
        const parameters = wrongParameters(lowered.c, lowered.ts);
        if (parameters !== null && allowance.take(parameters) === null) return true;
        if (!sameUses(lowered.uses, this.usesOf(row))) return true;
      }
      if (this.wrongLines(row, lowered.ts.lineArguments).length > 0) return true;
      const fresh = lowered.diff.differences.filter((d) => !seen.has(placeOf(d)));
      for (const d of fresh) seen.add(placeOf(d));
      if (allowance.cover(fresh).includes(null)) return true;
    }
    return allowance.unused().length > 0;
  }

  /** Our files, and both sides under each profile, for what is no function upstream. */
  definitions(): { files: ReadonlyMap<string, TsFile>; sides: DefinitionSide[] } {
    const sides = this.profiles.map((p) => ({
      name: p.side.profile.name,
      c: p.c,
      setting: this.settingOf(p),
    }));
    return { files: this.files, sides };
  }

  /** How often the rewrites apply to the function as it is. */
  private usesOf(row: Row): Uses {
    const key = `${row.file} ${row.name}`;
    let uses = this.uses.get(key);
    if (uses === undefined) {
      const file = this.files.get(row.ts!.path)!;
      for (const profile of this.profilesFor(row, file)) {
        uses = this.under(profile, row, file)?.uses;
        if (uses !== undefined) break;
      }
      this.uses.set(key, uses ?? new Map());
    }
    return uses ?? new Map();
  }

  /** The profiles under which a function can differ: the first one, and those that change a word of it. */
  private profilesFor(row: Row, file: TsFile): readonly ProfileBodies[] {
    if (!row.upstream!.compiled) return this.profiles;
    const fn = file.functions.get(row.ts!.name)!;
    const text = file.source.text.slice(fn.pos, fn.end);
    return this.profiles.filter((p) => {
      const words = this.words.get(p);
      return words === undefined || isAffected(this.up, row, text, words);
    });
  }

  private entriesOf(row: Row): readonly DeclaredDifference[] {
    return this.declared.files.get(row.file)?.functions.get(row.name) ?? [];
  }

  private assumptionsOf(row: Row): Assumption[] {
    const all = this.declared.files.get(row.file)?.assumptions ?? [];
    return all.filter((a) => a.functions.includes(row.name));
  }

  private rulesOf(row: Row): Rule[] {
    const rules = this.declared.files.get(row.file)?.rewrites ?? [];
    return rules.filter((r) => r.rewrite.functions === undefined || r.rewrite.functions.includes(row.name));
  }

  private under(profile: ProfileBodies, row: Row, file: TsFile): Lowered | null {
    const theirs = this.prepared(profile, row);
    if (theirs === null) return null;
    const { c, body, known, context, nothing, rules } = theirs;
    const ts = lowerTs(file, row.ts!.name, this.settingOf(profile));
    const uses: Uses = new Map();
    const rewritten = applyRules(settle(ts.body, nothing), rules, (r) => uses.set(r, (uses.get(r) ?? 0) + 1));
    const ours = settle(undoIdioms(rewritten, known), nothing);
    const diff = diffBodies(body, ours, context);
    diff.differences.push(...wrongLengths(c, ts, row.ts!.first));
    return { c, ts, uses, diff };
  }

  private settingOf(profile: ProfileBodies): TsSetting {
    return { constants: this.constants.get(profile)!, refFields: this.refFields };
  }

  /** What of a comparison does not depend on the TypeScript function; null if C has none. */
  private prepared(profile: ProfileBodies, row: Row): Prepared | null {
    const key = `${profile.side.profile.name} ${row.file} ${row.name}`;
    let found = this.cache.get(key);
    if (found === undefined) {
      const c = profile.lower(row.file, row.name);
      found = c === null ? null : this.prepare(profile, row, c);
      this.cache.set(key, found);
    }
    return found;
  }

  private prepare(profile: ProfileBodies, row: Row, c: LoweredC): Prepared {
    const nothing = (name: string): boolean => this.isNothing(profile, row.file, name);
    const setting = this.settingOf(profile);
    const whole = this.files.get(row.ts!.path)!;
    const isOutside = (name: string, value: Node): boolean => {
      const outside = lowerVariable(whole, name, setting);
      return outside === "fresh" ? isZeros(value) : outside !== null && keyOf(outside) === keyOf(value);
    };
    const assumptions = this.assumptionsOf(row);
    const assumed = assume(withoutAtomics(c.body), assumptions, (a) => this.usedAssumptions.add(a));
    const body = settle(withoutStatics(assumed, isOutside), nothing);
    const context = { uninitialized: this.uninitialized(profile, row, c), widths: widthsOf(c) };
    return {
      c,
      body,
      known: knownOf(c, body, this.ownFields, this.effects),
      context,
      nothing,
      rules: this.rulesOf(row),
    };
  }

  /** Locals that C declares without a value; also those that it has in the default profile alone. */
  private uninitialized(profile: ProfileBodies, row: Row, c: LoweredC): ReadonlySet<string> {
    const first = this.profiles[0]!;
    const base = profile === first ? null : first.lower(row.file, row.name);
    if (base === null) return c.uninitialized;
    const hidden = [...base.uninitialized].filter((name) => !c.locals.has(name));
    return hidden.length === 0 ? c.uninitialized : new Set([...c.uninitialized, ...hidden]);
  }

  /** A macro of the function's own file that stands for nothing, such as a trace. */
  private isNothing(profile: ProfileBodies, file: string, name: string): boolean {
    const macro = profile.side.pre.macros.at(name);
    return (
      macro !== undefined &&
      macro.params !== null &&
      macro.body.length === 0 &&
      this.up.fileOf[macro.line] === file
    );
  }

  private checkParameters(row: Row, c: LoweredC, ts: LoweredTs, allowance: Allowance): void {
    const d = wrongParameters(c, ts);
    if (d === null || allowance.take(d) !== null) return;
    const message = `takes ${d.ts}, upstream ${d.c}`;
    this.findings.parameters.push({ row, message, line: row.ts!.first });
  }

  /** Lines that are not in C's function, have no such call, or do not come in C's order. */
  private wrongLines({ upstream }: Row, all: readonly LineArgument[]): LineArgument[] {
    let last = upstream!.first;
    const seen = new Set<string>();
    return all.filter(({ macro, value }) => {
      const isRight =
        value >= last && value <= upstream!.last && this.up.lines[value]?.includes(macro) === true;
      if (!isRight || seen.has(`${macro} ${value}`)) return true;
      seen.add(`${macro} ${value}`);
      last = value;
      return false;
    });
  }

  private noteLine(row: Row, a: LineArgument): void {
    if (this.findings.lines.some((m) => m.row === row && m.line === a.line)) return;
    const message = `${a.macro} names line ${a.value}, which is not where C's function has it`;
    this.findings.lines.push({ row, message, line: a.line });
  }
}

/** Arrays of integers on C's stack that are memory of another size here. */
function wrongLengths(c: LoweredC, ts: LoweredTs, tsLine: number): Found[] {
  const found: Found[] = [];
  for (const [name, [length, size]] of ts.lengths) {
    const type = c.locals.get(name);
    if (type?.kind !== "array" || type.length === null) continue;
    const bytes = type.of.kind === "int" ? type.of.bits / 8 : size;
    if (bytes * type.length === length * size) continue;
    found.push({
      ...{
        kind: "changed",
        c: `declare ${name}[${type.length * bytes}]`,
        ts: `declare ${name}[${length * size}]`,
      },
      ...{ cLine: c.first, tsLine, run: 0, after: "" },
    });
  }
  return found;
}

/** Both lists of parameters, or null if they are the same. */
function wrongParameters(c: LoweredC, ts: LoweredTs): { c: string; ts: string; after: string } | null {
  const theirs = c.params.map((p) => p.name).filter((p) => p !== "");
  if (theirs.join() === ts.params.join()) return null;
  return { c: `(${theirs.join(", ")})`, ts: `(${ts.params.join(", ")})`, after: "" };
}

/** The same for the same difference under another profile. */
function placeOf(d: Pick<Difference, "kind" | "c" | "ts" | "cLine" | "tsLine">): string {
  return JSON.stringify([d.kind, d.c, d.ts, d.cLine, d.tsLine]);
}

/** Adds what the profiles before had not: lines of arms that they do not compile. */
function mergeAligned(known: Aligned[], more: readonly Aligned[]): Aligned[] {
  const key = (a: Aligned): string => JSON.stringify([a.c, a.ts]);
  const seen = new Set(known.map(key));
  const isCovered = (a: Aligned): boolean =>
    known.some(
      (k) =>
        (a.c !== null && k.c?.[0] === a.c[0] && k.same) || (a.ts !== null && k.ts?.[0] === a.ts[0] && k.same),
    );
  const added = more.filter((a) => !seen.has(key(a)) && (a.same || !isCovered(a)));
  return added.length === 0
    ? known
    : [...known, ...added].sort((a, b) => (a.c?.[0] ?? a.ts![0]) - (b.c?.[0] ?? b.ts![0]));
}

const TRUTHS = /^(ALWAYS|NEVER|testcase)$/;

/** AtomicLoad and AtomicStore of a variable or field: plain on one thread, or behind an accessor. */
function withoutAtomics(body: Node): Node {
  return rewrite(body, (n) => {
    /* Of what is always or never so, only the truth counts. */
    if (n.op === "call" && n.kids.length === 2 && n.kids[0]!.op === "name" && TRUTHS.test(n.kids[0]!.text)) {
      return { ...n, kids: [n.kids[0]!, asTest(n.kids[1]!)] };
    }
    if (n.op !== "call" || n.kids[1]?.op !== "un" || n.kids[1].text !== "&") return n;
    const of = n.kids[1].kids[0]!;
    if (isName(n.kids[0]!, "AtomicLoad")) return of;
    if (isName(n.kids[0]!, "AtomicStore")) {
      const value = node("wrap", `${ANY}?`, [n.kids[2]!], n.line, n.end);
      return node("assign", "=", [of, value], n.line, n.end);
    }
    return n;
  });
}

/** A constant that C has inside the function, and TypeScript, with the same value, in the module. */
function withoutStatics(body: Node, isOutside: (name: string, value: Node) => boolean): Node {
  return rewrite(body, (n) => {
    const a = assignment(n);
    const gone = a?.init === true && a.to.op === "name" && isOutside(a.to.text, a.from);
    return gone ? { ...n, op: "seq", text: "", kids: [] } : n;
  });
}

function sameUses(a: Uses, b: Uses): boolean {
  return a.size === b.size && [...a].every(([rewrite, n]) => b.get(rewrite) === n);
}

/** What a C function tells the idioms. */
function knownOf(c: LoweredC, body: Node, ownFields: ReadonlySet<string>, effects: Effects): Known {
  const variables = new Set([...c.params.map((p) => p.name), ...c.locals.keys()]);
  const cleared = new Set<string>();
  const visit = (n: Node): void => {
    if (n.op === "name") variables.add(n.text);
    if (n.op === "clear") cleared.add(keyOf(n.kids[0]!));
    for (const k of n.kids) visit(k);
  };
  visit(body);
  const structs = [...c.uninitialized].filter((name) =>
    /^(struct|array)$/.test(c.locals.get(name)?.kind ?? ""),
  );
  const changes = (name: string, fields: ReadonlySet<string>): boolean => effects.changes(name, fields);
  return { variables, cleared, structs: new Set(structs), ownFields, changes };
}

/** Without macros that stand for nothing, and without labels that nothing goes to. */
function settle(body: Node, isNothing: (name: string) => boolean): Node {
  const targets = new Set<string>();
  const visit = (n: Node): void => {
    if (n.op === "goto") targets.add(n.text);
    for (const k of n.kids) visit(k);
  };
  visit(body);
  return rewrite(body, (n) => {
    const callee = n.op === "expr" && n.kids[0]!.op === "call" ? n.kids[0]!.kids[0]! : null;
    const gone =
      (n.op === "label" && !targets.has(n.text)) ||
      (callee !== null && isName(callee) && isNothing(callee.text));
    return gone ? { ...n, op: "seq", text: "", kids: [] } : n;
  });
}

/** Parameters of small integer types: C cuts what is passed for them. */
function widthsOf(c: LoweredC): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, type } of c.params) {
    if (type.kind === "int" && type.bits <= 32) found.set(name, `${type.signed ? "i" : "u"}${type.bits}`);
  }
  return found;
}
