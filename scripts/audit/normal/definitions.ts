/** What is no function upstream: macros that are functions here, and what variables start with. */

import { ts } from "ts-morph";
import type { Row } from "../match.js";
import { MIRRORS } from "../mirrors.js";
import type { CSide } from "./c-side.js";
import type { Constants } from "./constants.js";
import {
  type ClassOf,
  type DataContext,
  type Datum,
  dataDifferences,
  datumOf,
  fieldsOf,
  isNothing,
  shown,
} from "./data.js";
import { binary, type Node, seq } from "./form.js";
import { printStatement } from "./print.js";
import { isName, rewrite } from "./tree.js";
import type { Scope } from "./ts-expression.js";
import { lowerTs, scopeOf, type TsFile, type TsSetting } from "./ts-side.js";

/** One profile: C under it, and what our constants are worth. */
export interface DefinitionSide {
  name: string;
  c: CSide;
  setting: TsSetting;
}

/** A macro that is said otherwise here, both sides in the normal form. */
export interface MacroDifference {
  name: string;
  path: string;
  line: number;
  c: string;
  ts: string;
  profile: string;
}

/** A variable, or a field of a class, that starts otherwise than in C. */
export interface DataDifference {
  name: string;
  path: string;
  line: number;
  /** Sentences, one for each place. */
  places: string[];
}

/** What a macro stands for and what the function of its name says, where that differs. */
export function compareMacro(row: Row, file: TsFile, sides: readonly DefinitionSide[]): MacroDifference[] {
  const { name, path, first } = row.ts!;
  const found: MacroDifference[] = [];
  for (const side of sides) {
    const fn = file.functions.get(name);
    if (fn === undefined) break;
    const own = fn.parameters.map((p) => (ts.isIdentifier(p.name) ? p.name.text.replace(/^_/, "") : "?"));
    const c = side.c.lowerMacro(row.name, row.file, own);
    if (c === null) continue;
    const lowered = lowerTs(file, name, side.setting);
    /* An index that may be left out is 0 in C, whose macro does not have it. */
    const optional = new Set(
      fn.parameters
        .filter((p) => p.initializer?.getText(file.source) === "0")
        .map((p) => p.name.getText(file.source)),
    );
    const theirs = own.slice(c.params.length).reduce((n, p) => replaceLine(n, c.first, p), effective(c.body));
    const ours = effective(
      rewrite(lowered.body, (n) => {
        if (n.op === "name" && optional.has(n.text) && c.params.length > 0)
          return { ...n, op: "num", text: "0" };
        if (n.op === "bin" && n.text === "+") return binary("+", n.kids[0]!, n.kids[1]!, n.line, n.end);
        return n;
      }),
    );
    const a = printStatement(theirs, false);
    const b = printStatement(c.params.length === 0 ? uncalled(ours, own) : ours, false);
    if (a === b || a === printStatement(ours, false) || found.some((d) => d.c === a && d.ts === b)) continue;
    found.push({ name: row.name, path, line: first, c: a, ts: b, profile: side.name });
  }
  return found;
}

/** A returned value as a statement: whether it is returned does not matter to a macro. */
function effective(body: Node): Node {
  const end = body.kids.findIndex((s) => s.op === "return");
  return seq(
    body.kids.slice(0, end < 0 ? undefined : end + 1).map((s) => {
      const value = s.op === "return" ? s.kids[0] : undefined;
      if (value === undefined) return s;
      if (value.op === "step") {
        const one = { ...value, op: "num", text: "1", kids: [] };
        const sum = {
          ...value,
          op: "bin",
          text: value.text.includes("+") ? "+" : "-",
          kids: [value.kids[0]!, one],
        };
        return {
          ...s,
          op: "expr",
          kids: [{ ...value, op: "assign", text: "=", kids: [value.kids[0]!, sum] }],
        };
      }
      if (value.op === "call" && isName(value.kids[0]!, "assert"))
        return { ...s, op: "assert", kids: value.kids.slice(1) };
      return { ...s, op: "expr", kids: [value] };
    }),
    body.line,
  );
}

/** `__LINE__` in a macro is where it is used; our functions get it as their last argument. */
function replaceLine(body: Node, line: number, param: string): Node {
  return rewrite(body, (n) =>
    n.op === "num" && n.text === String(line) ? { ...n, op: "name", text: param } : n,
  );
}

/** A macro without parameters that is a function: ours calls it with all it gets. */
function uncalled(body: Node, params: readonly string[]): Node {
  const only = body.kids.length === 1 && body.kids[0]!.op === "expr" ? body.kids[0]!.kids[0]! : null;
  if (only?.op !== "call" || only.kids.length !== params.length + 1) return body;
  if (!only.kids.slice(1).every((k, i) => isName(k, params[i]))) return body;
  return seq([{ ...body.kids[0]!, kids: [only.kids[0]!] }], body.line);
}

/** Compares what variables of the mirrored files start with. */
export function compareData(
  files: ReadonlyMap<string, TsFile>,
  sides: readonly DefinitionSide[],
): { compared: number; differences: DataDifference[] } {
  const differences = new Map<string, DataDifference>();
  const seen = new Set<string>();
  for (const side of sides) {
    const classOf = classesOf(files, side.setting);
    const context: DataContext = {
      fieldsOf: (struct) => side.c.fieldsOf(struct),
      number: (name) => side.setting.constants.numbers.get(name) ?? truth(side.setting.constants, name),
    };
    for (const [file, path] of MIRRORS) {
      const ours = files.get(path);
      if (ours === undefined) continue;
      for (const name of side.c.tables(file)) {
        const init = ours.variables.get(name);
        const c = init === undefined ? null : side.c.table(name, file);
        if (init === undefined || c === null) continue;
        seen.add(`${path} ${name}`);
        const scope = scopeOf(ours, side.setting);
        const found = dataDifferences(c, datumOf(init, scope, classOf), context);
        if (found.length === 0) continue;
        const line = ours.source.getLineAndCharacterOfPosition(init.getStart(ours.source)).line + 1;
        const known = differences.get(`${path} ${name}`) ?? { name, path, line, places: [] };
        known.places.push(...found.filter((f) => !known.places.includes(f)));
        differences.set(`${path} ${name}`, known);
      }
    }
  }
  return { compared: seen.size, differences: [...differences.values()] };
}

function truth(constants: Constants, name: string): number | undefined {
  const value = constants.options.get(name);
  return value === undefined ? undefined : Number(value);
}

function classesOf(files: ReadonlyMap<string, TsFile>, setting: TsSetting): ClassOf {
  const found = new Map<string, { node: ts.ClassDeclaration; scope: Scope }>();
  for (const f of files.values()) {
    for (const n of f.source.statements)
      if (ts.isClassDeclaration(n) && n.name !== undefined)
        found.set(n.name.text, { node: n, scope: scopeOf(f, setting) });
  }
  return (name) => found.get(name) ?? null;
}

/** Fields of classes that do not start as C's memory does, with zeros; `made` are classes whose values are data. */
export function startingFields(
  files: ReadonlyMap<string, TsFile>,
  setting: TsSetting,
  isStruct: (path: string, name: string) => boolean,
): DataDifference[] {
  const classOf = classesOf(files, setting);
  const made = new Set<string>();
  for (const f of files.values())
    for (const init of f.variables.values())
      for (const m of init.getText(f.source).matchAll(/\bnew (\w+)\(\)/g)) made.add(m[1]!);
  const found: DataDifference[] = [];
  for (const [path, f] of files) {
    for (const n of f.source.statements) {
      if (!ts.isClassDeclaration(n) || n.name === undefined || !isStruct(path, n.name.text)) continue;
      if (made.has(n.name.text)) continue;
      const { of } = fieldsOf(n, scopeOf(f, setting), classOf);
      for (const [name, d] of of) {
        if (isNothing(d)) continue;
        const places = [`starts with \`${shown(d)}\`, C's memory with zeros`];
        found.push({ name: `${n.name.text}.${name}`, path, line: lineOfDatum(d), places });
      }
    }
  }
  return found;
}

function lineOfDatum(d: Datum): number {
  return d.kind === "leaf" ? d.e.line : d.line;
}
