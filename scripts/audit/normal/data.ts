/** Data in the normal form: what variables of a file are initialized with, in C and in TypeScript. */

import { ts } from "ts-morph";
import type { CTable } from "./c-side.js";
import type { CType } from "./c-types.js";
import { type Node, node } from "./form.js";
import { printExpression } from "./print.js";
import { isName, isZeros, keyOf } from "./tree.js";
import { expression, lineOf, newRef, plain, type Scope } from "./ts-expression.js";

/** A value: an expression, a list by position, or an object by the names of its fields. */
export type Datum =
  | { kind: "leaf"; e: Node }
  | { kind: "list"; of: readonly Datum[]; line: number }
  | { kind: "object"; of: ReadonlyMap<string, Datum>; line: number };

/** Looks a class of ours up by its name. */
export type ClassOf = (name: string) => { node: ts.ClassDeclaration; scope: Scope } | null;

/** A function of ours that makes an element of a table takes its fields in order. */
function makes(name: string): boolean {
  return /^[a-z]/.test(name) && !/^(toCString|cstr)$/.test(name);
}

/** What a variable is initialized with. Fields that C's struct does not have are the structs' business. */
export function datumOf(given: ts.Expression, scope: Scope, classOf: ClassOf): Datum {
  const e = plain(given);
  const line = lineOf(e, scope);
  const next = (x: ts.Expression): Datum => datumOf(x, scope, classOf);
  const list = (all: readonly ts.Expression[]): Datum => ({ kind: "list", of: all.map(next), line });
  const ref = newRef(e);
  if (ref !== null) return ref === undefined ? leaf(zero(line)) : next(ref);
  if (ts.isArrayLiteralExpression(e) && !e.elements.some(ts.isSpreadElement)) return list(e.elements);
  if (ts.isObjectLiteralExpression(e)) {
    const of = new Map<string, Datum>();
    for (const p of e.properties) {
      if (ts.isPropertyAssignment(p)) of.set(p.name.getText(scope.source), next(p.initializer));
      else if (ts.isShorthandPropertyAssignment(p)) of.set(p.name.text, next(p.name));
      else return leaf(expression(e, scope));
    }
    return { kind: "object", of, line };
  }
  if (ts.isCallExpression(e)) {
    const callee = plain(e.expression);
    if (ts.isPropertyAccessExpression(callee)) {
      if (callee.name.text === "of") return list(e.arguments);
      if (callee.name.text === "freeze" && e.arguments.length === 1) return next(e.arguments[0]!);
    } else if (ts.isIdentifier(callee) && makes(callee.text)) {
      return list(e.arguments);
    }
  }
  if (ts.isNewExpression(e) && ts.isIdentifier(e.expression)) {
    const args = e.arguments ?? [];
    const only = args.length === 1 ? plain(args[0]!) : null;
    if (/Array$/.test(e.expression.text))
      return only !== null && ts.isArrayLiteralExpression(only) ? next(only) : leaf(zero(line));
    const found = args.length === 0 ? classOf(e.expression.text) : null;
    if (found !== null) return fieldsOf(found.node, found.scope, classOf);
    if (args.length > 0) return list(args);
  }
  return leaf(expression(e, scope));
}

/** What the fields of a class start with. */
export function fieldsOf(c: ts.ClassDeclaration, scope: Scope, classOf: ClassOf): Datum & { kind: "object" } {
  const of = new Map<string, Datum>();
  for (const m of c.members) {
    if (!ts.isPropertyDeclaration(m) || m.initializer === undefined) continue;
    if (m.modifiers?.some((x) => x.kind === ts.SyntaxKind.StaticKeyword)) continue;
    of.set(m.name.getText(scope.source), datumOf(m.initializer, scope, classOf));
  }
  return { kind: "object", of, line: lineOf(c, scope) };
}

function leaf(e: Node): Datum {
  return { kind: "leaf", e };
}

function zero(line: number): Node {
  return node("num", "0", [], line);
}

/** Whether everything in it is 0, null, false or the empty text. */
export function isNothing(d: Datum): boolean {
  if (d.kind === "list") return d.of.every(isNothing);
  if (d.kind === "object") return [...d.of.values()].every(isNothing);
  return isNull(d.e) || (d.e.op === "str" && d.e.text === "");
}

/** Zero, zeros, or the method that stands for a null pointer to one. */
function isNull(e: Node): boolean {
  return isZeros(e) || isName(e, "nullMethod");
}

/** For people, and for the ledger. */
export function shown(d: Datum): string {
  if (d.kind === "leaf") return printExpression(d.e);
  return d.kind === "list" ? `a list of ${d.of.length}` : `an object of ${d.of.size} fields`;
}

/** What a comparison of data needs to know. */
export interface DataContext {
  fieldsOf(struct: string): readonly (readonly [name: string, type: CType])[];
  /** The value of a constant of the port. */
  number(name: string): number | undefined;
}

/** The places where they differ, as `[3].xOpen: C has ..., TypeScript ...`. */
export function dataDifferences(c: CTable, ours: Datum, context: DataContext): string[] {
  return differ(c.value, c.type, ours, "", context);
}

function differ(c: Node | null, type: CType, ours: Datum | null, at: string, x: DataContext): string[] {
  if (c === null || (c.op !== "list" && isZeros(c))) {
    return ours === null || isNothing(ours) ? [] : says(at, "0", shown(ours));
  }
  if (ours === null) return isZeros(c) ? [] : says(at, printExpression(c), "nothing");
  if (c.op !== "list" || ours.kind === "leaf") {
    if (ours.kind !== "leaf") return says(at, printExpression(c), shown(ours));
    return c.op === "list" && isZeros(c) && isZeros(ours.e) ? [] : differentLeaf(c, ours.e, at, x);
  }
  const fields = type.kind === "struct" ? x.fieldsOf(type.name) : null;
  if (ours.kind === "object") {
    if (fields === null || fields.length < c.kids.length)
      return says(at, "no struct that is known", shown(ours));
    return fields.flatMap(([name, of], i) =>
      differ(c.kids[i] ?? null, of, ours.of.get(name) ?? null, `${at}.${name}`, x),
    );
  }
  /* What is not said is zero; what only one side goes on to say is one difference. */
  const found: string[] = [];
  const rest = c.kids.slice(ours.of.length);
  for (const [i, datum] of ours.of.entries()) {
    const of = fields?.[i]?.[1] ?? (type.kind === "array" ? type.of : ({ kind: "unknown" } as const));
    found.push(...differ(c.kids[i] ?? null, of, datum, `${at}[${i}]`, x));
  }
  if (!rest.every(isZeros)) found.push(...says(at, `${rest.length} more`, "nothing"));
  return found;
}

function differentLeaf(c: Node, ours: Node, at: string, x: DataContext): string[] {
  if (keyOf(c) === keyOf(ours)) return [];
  const a = leafValue(c, x);
  const b = leafValue(ours, x);
  return a !== null && a === b ? [] : says(at, printExpression(c), printExpression(ours));
}

/** A number, a text, or the name of a function; null for anything else. */
function leafValue(e: Node, x: DataContext): string | null {
  switch (e.op) {
    case "num":
      return e.text;
    case "str":
      return e.text.replace(/\0+$/, "").length === 1
        ? String(e.text.charCodeAt(0))
        : JSON.stringify(e.text.replace(/\0+$/, ""));
    case "name": {
      const value = x.number(e.text);
      return value === undefined ? e.text.replace(/_$/, "") : String(value);
    }
    case "wrap":
      return leafValue(e.kids[0]!, x);
    default: {
      const value = computed(e, x);
      return value === null ? null : String(value);
    }
  }
}

function computed(e: Node, x: DataContext): number | null {
  if (e.op === "num") return Number(e.text);
  if (e.op === "name") return x.number(e.text) ?? null;
  if (e.op === "bool" || (e.op === "un" && e.text === "!")) {
    const v = computed(e.kids[0]!, x);
    return v === null ? null : Number((v !== 0) === (e.op === "bool"));
  }
  if (e.op !== "bin") return null;
  const a = computed(e.kids[0]!, x);
  const b = computed(e.kids[1]!, x);
  if (a === null || b === null) return null;
  if (e.text === "==") return Number(a === b);
  if (e.text === "+") return a + b;
  if (e.text === "-") return a - b;
  return e.text === "*" ? a * b : null;
}

function says(at: string, c: string, ours: string): string[] {
  const cut = (s: string): string => (s.length > 60 ? `${s.slice(0, 57)}...` : s);
  return [`${at === "" ? "" : `${at}: `}C has \`${cut(c)}\`, TypeScript \`${cut(ours)}\``];
}
