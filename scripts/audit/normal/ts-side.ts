/** Functions of TypeScript in the normal form. */

import { ts } from "ts-morph";
import type { Constants } from "./constants.js";
import { type Node, node, seq } from "./form.js";
import {
  endOf,
  expression,
  isFreshMemory,
  type LineArgument,
  lineOf,
  newRef,
  type Scope,
  unreserved,
} from "./ts-expression.js";
import { statement } from "./ts-statement.js";

export interface LoweredTs {
  /** Names of the parameters; without the `_` of one that is not used. */
  params: string[];
  body: Node;
  /** Locals that are a Ref. */
  refs: ReadonlySet<string>;
  /** Line numbers of the amalgamation that the function names. */
  lineArguments: LineArgument[];
  /** Elements, and bytes of an element, of arrays that locals are. */
  lengths: ReadonlyMap<string, readonly [length: number, size: number]>;
}

type Body = ts.FunctionDeclaration | ts.ArrowFunction | ts.FunctionExpression;

/** A file of ours, parsed once. */
export interface TsFile {
  source: ts.SourceFile;
  /** Functions by name. */
  functions: ReadonlyMap<string, Body>;
  /** Initializers of the module's variables. */
  variables: ReadonlyMap<string, ts.Expression>;
  /** What the module has and imports, by name. */
  names: ReadonlySet<string>;
}

export function parseTs(path: string, text: string): TsFile {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, false);
  const functions = new Map<string, Body>();
  const variables = new Map<string, ts.Expression>();
  for (const n of source.statements) {
    if (ts.isFunctionDeclaration(n) && n.name !== undefined && n.body !== undefined)
      functions.set(n.name.text, n);
    if (!ts.isVariableStatement(n)) continue;
    for (const d of n.declarationList.declarations) {
      const init = d.initializer;
      if (!ts.isIdentifier(d.name) || init === undefined) continue;
      if (ts.isArrowFunction(init) || ts.isFunctionExpression(init)) functions.set(d.name.text, init);
      else variables.set(d.name.text, init);
    }
  }
  return {
    source,
    functions,
    variables,
    names: new Set([...functions.keys(), ...variables.keys(), ...importsOf(source)]),
  };
}

/** Names that a module imports. */
function importsOf(source: ts.SourceFile): string[] {
  return source.statements.flatMap((n) => {
    const named = ts.isImportDeclaration(n) ? n.importClause?.namedBindings : undefined;
    return named !== undefined && ts.isNamedImports(named) ? named.elements.map((e) => e.name.text) : [];
  });
}

/** Names of the fields of classes that are created as a Ref. */
export function refFieldsOf(file: TsFile): string[] {
  const found: string[] = [];
  for (const n of file.source.statements) {
    if (!ts.isClassDeclaration(n)) continue;
    for (const m of n.members) {
      if (!ts.isPropertyDeclaration(m) || m.initializer === undefined) continue;
      if (newRef(m.initializer) !== null && ts.isIdentifier(m.name)) found.push(m.name.text);
    }
  }
  return found;
}

/** Names of the fields of classes that are marked NON-UPSTREAM. */
export function ownFieldsOf(file: TsFile): string[] {
  const found: string[] = [];
  for (const n of file.source.statements) {
    if (!ts.isClassDeclaration(n)) continue;
    for (const m of n.members) {
      if (!ts.isPropertyDeclaration(m) || !ts.isIdentifier(m.name)) continue;
      const before = file.source.text.slice(m.pos, m.name.pos);
      if (before.includes("NON-UPSTREAM")) found.push(m.name.text);
    }
  }
  return found;
}

export interface TsSetting {
  constants: Constants;
  refFields: ReadonlySet<string>;
}

export function scopeOf(file: TsFile, setting: TsSetting): Scope {
  return {
    source: file.source,
    constants: setting.constants,
    lengths: new Map(),
    refFields: setting.refFields,
    refLocals: new Set(),
    refAliases: new Map(),
    lineArguments: [],
  };
}

/** The initializer of a variable of the module; null without one, `fresh` for memory full of zeros. */
export function lowerVariable(file: TsFile, name: string, setting: TsSetting): Node | "fresh" | null {
  const init = file.variables.get(name);
  if (init === undefined) return null;
  return isFreshMemory(init) ? "fresh" : expression(init, scopeOf(file, setting));
}

/**
 * A statement for each declaration that hides a variable of the same function, which C's functions do not
 * do: what is assigned to the one inside does not reach the other.
 */
function shadowsOf(fn: Body, { source, names: outside }: TsFile): Node[] {
  const found: Node[] = [];
  const visit = (n: ts.Node, outer: Set<string>): void => {
    const isScope = ts.isBlock(n) || ts.isCaseBlock(n) || ts.isForStatement(n);
    const names = isScope ? new Set(outer) : outer;
    if ((ts.isVariableDeclaration(n) || ts.isBindingElement(n)) && ts.isIdentifier(n.name)) {
      const line = source.getLineAndCharacterOfPosition(n.getStart(source)).line + 1;
      if (names.has(n.name.text) || outside.has(n.name.text))
        found.push(node("expr", "", [node("code", `hides ${n.name.text}`, [], line)], line));
      names.add(n.name.text);
    }
    ts.forEachChild(n, (k) => visit(k, names));
  };
  const params = fn.parameters.flatMap((p) => (ts.isIdentifier(p.name) ? [p.name.text] : []));
  if (fn.body !== undefined) visit(fn.body, new Set(params));
  return found;
}

/** Lowers a function of a file. */
export function lowerTs(file: TsFile, name: string, setting: TsSetting): LoweredTs {
  const fn = file.functions.get(name);
  if (fn === undefined) throw new Error(`${file.source.fileName} has no function ${name}`);
  const scope = scopeOf(file, setting);
  /* What may be left out, an index besides a place in bytes, is no parameter in C; `...` has no name there. */
  const params = fn.parameters
    .filter((p) => p.initializer?.getText(file.source) !== "0" && p.dotDotDotToken === undefined)
    .map((p) =>
      p.initializer !== undefined || !ts.isIdentifier(p.name)
        ? p.getText(file.source)
        : unreserved(p.name.text.replace(/^_/, "")),
    );
  const { body } = fn;
  const lowered =
    body === undefined
      ? seq([], 0)
      : ts.isBlock(body)
        ? statement(body, scope)
        : node("return", "", [expression(body, scope)], lineOf(body, scope), endOf(body, scope));
  const hidden = body === undefined ? [] : shadowsOf(fn, file);
  return {
    params: params.filter((p) => p !== "this"),
    body: seq([...hidden, lowered], lineOf(fn, scope)),
    refs: scope.refLocals,
    lineArguments: scope.lineArguments,
    lengths: scope.lengths,
  };
}
