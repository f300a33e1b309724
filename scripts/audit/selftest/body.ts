/** A function as the operators see it: its nodes without types, its variables, fields and calls. */

import { ts } from "ts-morph";
import { Random } from "../../../conformance/core/random.js";
import type { Edit, Operator, Surroundings } from "./mutant.js";

/** A variable or parameter of the function, with the part of the text in which it may be named. */
export interface Variable {
  name: string;
  /** The declared type, or what the initializer says: `number`, `Ref`, or empty. */
  type: string;
  /** Not a constant binding. */
  assignable: boolean;
  from: number;
  to: number;
}

/** A property of a struct as it is used. */
export interface Field {
  name: string;
  /** The text of what it is a property of. */
  base: string;
  /** It is a method, and called. */
  called: boolean;
}

/** Properties that belong to JavaScript or to an idiom, not to a struct. */
const NOT_FIELDS: ReadonlySet<string> = new Set([
  ...["value", "length", "byteLength", "byteOffset", "buffer", "mem"],
  ...["set", "fill", "subarray", "slice", "copyWithin", "charCodeAt", "repeat", "replace", "indexOf"],
  ...["lastIndexOf", "push", "pop", "every", "map", "get", "has", "delete", "add", "assign", "clear"],
]);

/** Objects of the language; their properties are functions of C or idioms. */
export const GLOBALS: ReadonlySet<string> = new Set(["Math", "BigInt", "Number", "Atomics", "console"]);

const CONSTANT = /^[A-Z][A-Z0-9_]*[A-Z0-9]$/;

/** Whether a name looks like one of C's constants. */
export function isConstantName(name: string): boolean {
  return CONSTANT.test(name);
}

/** The expression without parentheses, `!` after it and casts. */
export function bare(e: ts.Expression): ts.Expression {
  let inner = e;
  while (ts.isParenthesizedExpression(inner) || ts.isNonNullExpression(inner) || ts.isAsExpression(inner)) {
    inner = inner.expression;
  }
  return inner;
}

export function isAssignment(node: ts.Node): node is ts.BinaryExpression {
  return (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
    node.operatorToken.kind <= ts.SyntaxKind.LastAssignment
  );
}

/** `x++` and its like. */
export function isStep(node: ts.Node): node is ts.PrefixUnaryExpression | ts.PostfixUnaryExpression {
  return (
    (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) &&
    (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken)
  );
}

/** Whether the expression is what an assignment or a step writes to. */
export function isTarget(e: ts.Expression): boolean {
  const parent = e.parent;
  return (isAssignment(parent) && parent.left === e) || (isStep(parent) && parent.operand === e);
}

/** Whether the value of the expression goes nowhere. */
export function isForEffect(e: ts.Expression): boolean {
  const parent = e.parent;
  if (ts.isExpressionStatement(parent)) return true;
  if (ts.isForStatement(parent)) return parent.condition !== e;
  if (ts.isParenthesizedExpression(parent)) return isForEffect(parent);
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.CommaToken) {
    return parent.left === e || isForEffect(parent);
  }
  return false;
}

/** The name of the function that is called, if it is a plain one. */
export function calleeName(call: ts.CallExpression): string | null {
  const callee = bare(call.expression);
  return ts.isIdentifier(callee) ? callee.text : null;
}

/** Whether the text can stand anywhere an operand can. */
export function isSimple(e: ts.Expression): boolean {
  return (
    ts.isIdentifier(e) ||
    ts.isPropertyAccessExpression(e) ||
    ts.isElementAccessExpression(e) ||
    ts.isCallExpression(e) ||
    ts.isNonNullExpression(e) ||
    ts.isParenthesizedExpression(e) ||
    ts.isLiteralExpression(e) ||
    e.kind === ts.SyntaxKind.NullKeyword ||
    e.kind === ts.SyntaxKind.TrueKeyword ||
    e.kind === ts.SyntaxKind.FalseKeyword
  );
}

/** The tokens of a text, a blank between them; comments and layout do not count. */
export function tokens(text: string): string {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, text);
  const found: string[] = [];
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    if (kind === ts.SyntaxKind.GreaterThanToken) scanner.reScanGreaterToken();
    found.push(scanner.getTokenText());
  }
  return found.join(" ");
}

export class Body {
  readonly text: string;
  readonly fn: ts.FunctionDeclaration;
  /** Everything in the body and in the defaults of parameters, in order; types are left out. */
  readonly nodes: readonly ts.Node[];
  readonly variables: readonly Variable[];
  /** What a constant may become: the file's, or else the function's own. */
  readonly constants: readonly string[];
  readonly random: Random;
  readonly edits: Edit[] = [];
  readonly #source: ts.SourceFile;
  readonly #dead: (line: number) => boolean;
  readonly #seen = new Set<string>();
  #fields: Field[] | null = null;

  constructor(text: string, seed: string, around: Surroundings) {
    this.text = text;
    this.#source = ts.createSourceFile("function.ts", text, ts.ScriptTarget.Latest, true);
    const fn = this.#source.statements.find(
      (s): s is ts.FunctionDeclaration => ts.isFunctionDeclaration(s) && s.body !== undefined,
    );
    if (fn?.body === undefined) throw new Error(`not a function declaration: ${text.slice(0, 60)}`);
    this.fn = fn;
    this.#dead = around.dead ?? (() => false);
    const nodes: ts.Node[] = [];
    const walk = (node: ts.Node): void => {
      if (ts.isTypeNode(node) || ts.isTypeParameterDeclaration(node)) return;
      nodes.push(node);
      ts.forEachChild(node, walk);
    };
    for (const p of fn.parameters) if (p.initializer !== undefined) walk(p.initializer);
    ts.forEachChild(fn.body, walk);
    this.nodes = nodes;
    this.variables = this.#findVariables();
    const own = constantsIn(nodes).filter((name) => this.variables.every((v) => v.name !== name));
    this.constants = [...new Set([...(around.constants ?? []), ...own])].sort();
    this.random = new Random(`${seed} ${fn.name?.text ?? ""}`);
  }

  start(node: ts.Node): number {
    return node.getStart(this.#source);
  }

  of(node: ts.Node): string {
    return this.text.slice(this.start(node), node.end);
  }

  /** The text on one line, cut if long: for descriptions. */
  brief(node: ts.Node): string {
    return brief(this.of(node));
  }

  line(position: number): number {
    return this.#source.getLineAndCharacterOfPosition(position).line + 1;
  }

  /** Whether no profile sees anything of this part of the text. */
  isDead(start: number, end: number): boolean {
    for (let line = this.line(start); line <= this.line(Math.max(start, end - 1)); line++) {
      if (!this.#dead(line)) return false;
    }
    return true;
  }

  /** Notes an edit, unless it changes nothing, nobody would see it, or it has been noted. */
  replace(operator: Operator, description: string, start: number, end: number, replacement: string): void {
    if (this.isDead(start, end)) return;
    const key = `${start} ${end} ${replacement}`;
    if (this.#seen.has(key) || tokens(this.text.slice(start, end)) === tokens(replacement)) return;
    this.#seen.add(key);
    this.edits.push({ operator, description, start, end, replacement, at: this.line(start) });
  }

  /** Notes that a node becomes another text. */
  become(operator: Operator, node: ts.Node, replacement: string): void {
    const description = `${this.brief(node)} becomes ${replacement === "" ? "nothing" : brief(replacement)}`;
    this.replace(operator, description, this.start(node), node.end, replacement);
  }

  /** One of the list that is not excluded, or null. */
  pick<T>(list: readonly T[], allowed: (item: T) => boolean = () => true): T | null {
    const left = list.filter(allowed);
    return left.length === 0 ? null : this.random.pick(left);
  }

  /** Variables that may be named at a position. */
  inScope(position: number): Variable[] {
    return this.variables.filter((v) => v.from <= position && position < v.to);
  }

  /** The variable that an identifier names, if it is the function's own. */
  variable(e: ts.Expression): Variable | null {
    if (!ts.isIdentifier(e)) return null;
    const found = this.inScope(this.start(e)).filter((v) => v.name === e.text);
    return found[found.length - 1] ?? null;
  }

  /** Another variable for this place, one of the same type if there is one. */
  otherVariable(e: ts.Expression, assignable = false): Variable | null {
    const inner = bare(e);
    const same = this.variable(inner);
    const used = ts.isIdentifier(inner) ? inner.text : "";
    const all = this.inScope(this.start(e)).filter(
      (v) => v.name !== used && v.name !== this.of(e) && (v.assignable || !assignable),
    );
    const type = same?.type ?? this.#typeOf(inner);
    return this.pick(all, (v) => type !== "" && v.type === type) ?? this.pick(all);
  }

  /** Another constant, one of the same family if there is one. */
  otherConstant(name: string): string | null {
    const family = /^[A-Z0-9]+_(?:IOERR_|CANTOPEN_|OPEN_|FCNTL_|IOCAP_|LOCK_)?/.exec(name)?.[0];
    const others = this.constants.filter((c) => c !== name);
    return this.pick(others, (c) => family !== undefined && c.startsWith(family)) ?? this.pick(others);
  }

  /** Whether an identifier is used as one of C's constants. */
  isConstant(node: ts.Node): node is ts.Identifier {
    return isConstantUse(node) && this.variable(node) === null;
  }

  /** Properties of structs that the function names. */
  get fields(): readonly Field[] {
    this.#fields ??= this.nodes
      .filter(isField)
      .map((n) => ({ name: n.name.text, base: this.of(n.expression), called: isCalled(n) }));
    return this.#fields;
  }

  #typeOf(e: ts.Expression): string {
    if (ts.isNumericLiteral(e) || ts.isPrefixUnaryExpression(e) || ts.isBinaryExpression(e)) return "number";
    if (ts.isIdentifier(e) && isConstantName(e.text)) return "number";
    if (ts.isNewExpression(e) && ts.isIdentifier(e.expression)) return e.expression.text;
    return "";
  }

  #findVariables(): Variable[] {
    const found: Variable[] = [];
    for (const p of this.fn.parameters) {
      if (!ts.isIdentifier(p.name) || p.dotDotDotToken !== undefined) continue;
      const type = p.type === undefined ? this.#initialType(p.initializer) : this.#declaredType(p.type);
      found.push({ name: p.name.text, type, assignable: true, from: p.end, to: this.fn.end });
    }
    for (const node of this.nodes) {
      if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name)) continue;
      const list = node.parent;
      if (!ts.isVariableDeclarationList(list)) continue;
      const type =
        node.type === undefined ? this.#initialType(node.initializer) : this.#declaredType(node.type);
      found.push({
        name: node.name.text,
        type,
        assignable: (list.flags & ts.NodeFlags.Const) === 0,
        from: node.end,
        to: scopeOf(list).end,
      });
    }
    return found;
  }

  #declaredType(type: ts.TypeNode): string {
    const text = this.of(type).replace(/\s*\|\s*null$/, "");
    return text.startsWith("Ref<") ? "Ref" : text === "Pgno" || text === "u8" ? "number" : text;
  }

  #initialType(e: ts.Expression | undefined): string {
    return e === undefined ? "" : this.#typeOf(bare(e));
  }
}

/** One line of at most 60 characters. */
export function brief(text: string): string {
  const flat = text.replace(/\s+/g, " ");
  return flat.length <= 60 ? flat : `${flat.slice(0, 57)}...`;
}

/** A property that is a struct's. */
export function isField(node: ts.Node): node is ts.PropertyAccessExpression {
  if (!ts.isPropertyAccessExpression(node) || NOT_FIELDS.has(node.name.text)) return false;
  return !(
    ts.isIdentifier(node.expression) &&
    (GLOBALS.has(node.expression.text) || node.expression.text === "sizeof")
  );
}

/** Whether the property is what a call calls. */
export function isCalled(node: ts.PropertyAccessExpression): boolean {
  let outer: ts.Node = node;
  while (ts.isNonNullExpression(outer.parent) || ts.isParenthesizedExpression(outer.parent)) {
    outer = outer.parent;
  }
  return ts.isCallExpression(outer.parent) && outer.parent.expression === outer;
}

/** An identifier of a constant's shape that is neither called nor a property, label or declaration. */
function isConstantUse(node: ts.Node): node is ts.Identifier {
  if (!ts.isIdentifier(node) || !isConstantName(node.text)) return false;
  const parent = node.parent;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return parent.expression !== node;
  if (ts.isPropertyAccessExpression(parent)) return false;
  return (
    ts.isBinaryExpression(parent) ||
    ts.isPrefixUnaryExpression(parent) ||
    ts.isParenthesizedExpression(parent) ||
    ts.isReturnStatement(parent) ||
    ts.isIfStatement(parent) ||
    ts.isIterationStatement(parent, false) ||
    ts.isConditionalExpression(parent) ||
    ts.isCaseClause(parent) ||
    ts.isSwitchStatement(parent) ||
    ts.isArrayLiteralExpression(parent) ||
    ts.isAsExpression(parent) ||
    ts.isNonNullExpression(parent) ||
    (ts.isElementAccessExpression(parent) && parent.argumentExpression === node) ||
    ((ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isParameter(parent)) &&
      parent.initializer === node)
  );
}

function constantsIn(nodes: readonly ts.Node[]): string[] {
  return nodes.filter(isConstantUse).map((node) => node.text);
}

/** The block, clause list or loop in which a declaration counts. */
function scopeOf(list: ts.Node): ts.Node {
  let scope = list.parent;
  while (
    !ts.isBlock(scope) &&
    !ts.isCaseBlock(scope) &&
    !ts.isIterationStatement(scope, false) &&
    !ts.isFunctionLike(scope)
  ) {
    scope = scope.parent;
  }
  return scope;
}

/** Names of constants that a function uses, for the list that {@link Surroundings} takes. */
export function constantsOf(text: string): string[] {
  return [...new Body(text, "", {}).constants];
}
