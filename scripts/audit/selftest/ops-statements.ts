/** Statements that go, change places, or leave their condition. */

import { ts } from "ts-morph";
import { type Body, brief, calleeName } from "./body.js";

/** Lists of statements: blocks and the clauses of a switch. */
function lists(body: Body): (readonly ts.Statement[])[] {
  const inner = body.nodes.filter(
    (n): n is ts.Block | ts.CaseOrDefaultClause => ts.isBlock(n) || ts.isCaseOrDefaultClause(n),
  );
  return [body.fn.body!.statements, ...inner.map((n) => n.statements)];
}

function isInList(s: ts.Statement): boolean {
  return ts.isBlock(s.parent) || ts.isCaseOrDefaultClause(s.parent);
}

function isElse(s: ts.Statement): boolean {
  return ts.isIfStatement(s.parent) && s.parent.elseStatement === s;
}

/** Calls that the port keeps where C has a macro of the same name. */
function isAssertion(s: ts.Statement): boolean {
  return (
    ts.isExpressionStatement(s) && ts.isCallExpression(s.expression) && calleeName(s.expression) === "assert"
  );
}

/** `new Ref(x)` where x is not just a first value that C leaves open. */
function refOf(e: ts.Expression): ts.Expression | null {
  if (!ts.isNewExpression(e) || !ts.isIdentifier(e.expression) || e.expression.text !== "Ref") return null;
  const value = e.arguments?.[0];
  return value === undefined || isLiteral(value) ? null : value;
}

function isLiteral(e: ts.Expression): boolean {
  return ts.isLiteralExpression(e) || e.kind === ts.SyntaxKind.NullKeyword;
}

/** Takes a declaration its value. An object that is created there is what C declares without a value. */
function dropValue(body: Body, s: ts.VariableStatement): void {
  const [declaration, ...more] = s.declarationList.declarations;
  const value = declaration?.initializer;
  if (declaration === undefined || value === undefined || more.length > 0) return;
  const description = `${body.brief(s)} loses its value`;
  if (ts.isNewExpression(value)) {
    const inside = refOf(value);
    if (inside !== null) body.replace("drop-statement", description, body.start(inside), inside.end, "0");
    return;
  }
  const type = declaration.type === undefined ? "" : `: ${body.of(declaration.type)}`;
  const rest = ts.isIdentifier(declaration.name) ? `let ${declaration.name.text}${type};` : "";
  body.replace("drop-statement", description, body.start(s), s.end, rest);
}

/** Names that a statement declares for those that follow. */
function declared(s: ts.Statement): string[] {
  if (!ts.isVariableStatement(s)) return [];
  return s.declarationList.declarations.flatMap((d) => (ts.isIdentifier(d.name) ? [d.name.text] : []));
}

function hasValue(s: ts.VariableStatement): boolean {
  return s.declarationList.declarations.some((d) => d.initializer !== undefined);
}

/** Whether one of the variables is named there; a property of the same name is another thing. */
function mentions(s: ts.Node, names: readonly string[]): boolean {
  if (names.length === 0 || ts.isTypeNode(s)) return false;
  if (ts.isIdentifier(s)) {
    const isProperty = ts.isPropertyAccessExpression(s.parent) && s.parent.name === s;
    return !isProperty && names.includes(s.text);
  }
  return ts.forEachChild(s, (child) => mentions(child, names) || undefined) ?? false;
}

export function dropStatements(body: Body): void {
  for (const s of body.nodes) {
    if (!ts.isStatement(s) || isElse(s) || ts.isBlock(s) || ts.isEmptyStatement(s)) continue;
    if (ts.isVariableStatement(s)) {
      dropValue(body, s);
      continue;
    }
    const call = ts.isExpressionStatement(s) && ts.isCallExpression(s.expression) && !isAssertion(s);
    const description = `${body.brief(s)} is dropped`;
    body.replace(
      call ? "drop-call" : "drop-statement",
      description,
      body.start(s),
      s.end,
      isInList(s) ? "" : "{}",
    );
  }
}

/** Whether exchanging the two could mean anything, and leaves every name declared before its use. */
function canSwap(body: Body, a: ts.Statement, b: ts.Statement): boolean {
  for (const s of [a, b]) {
    if (ts.isVariableStatement(s) ? !hasValue(s) : ts.isEmptyStatement(s)) return false;
    if (ts.isFunctionDeclaration(s) || ts.isClassDeclaration(s)) return false;
    if (body.isDead(body.start(s), s.end)) return false;
  }
  return !mentions(b, declared(a));
}

export function swapStatements(body: Body): void {
  for (const list of lists(body)) {
    for (let i = 0; i + 1 < list.length; i++) {
      const a = list[i]!;
      const b = list[i + 1]!;
      if (!canSwap(body, a, b)) continue;
      const between = body.text.slice(a.end, body.start(b));
      body.replace(
        "swap-statements",
        `${body.brief(a)} and ${body.brief(b)} change places`,
        body.start(a),
        b.end,
        `${body.of(b)}${between}${body.of(a)}`,
      );
    }
  }
}

/** The first statement of an if goes before it, the last one behind it. */
export function moveOutOfIf(body: Body): void {
  for (const node of body.nodes) {
    if (!ts.isIfStatement(node)) continue;
    const inside = ts.isBlock(node.thenStatement) ? node.thenStatement.statements : [node.thenStatement];
    const movable = (s: ts.Statement): boolean =>
      !ts.isVariableStatement(s) &&
      !ts.isEmptyStatement(s) &&
      !body.isDead(body.start(s), s.end) &&
      !mentions(s, inside.flatMap(declared));
    const move = (s: ts.Statement, before: boolean): void => {
      if (!movable(s)) return;
      const hole = isInList(s) ? "" : "{}";
      const rest = `${body.text.slice(body.start(node), body.start(s))}${hole}${body.text.slice(s.end, node.end)}`;
      const both = before ? `${body.of(s)} ${rest}` : `${rest} ${body.of(s)}`;
      body.replace(
        "move-out-of-if",
        `${body.brief(s)} goes ${before ? "before" : "behind"} if (${brief(body.of(node.expression))})`,
        body.start(node),
        node.end,
        isInList(node) ? both : `{ ${both} }`,
      );
    };
    const first = inside[0];
    if (first === undefined) continue;
    move(first, true);
    move(inside[inside.length - 1]!, false);
  }
}

export function dropElse(body: Body): void {
  for (const node of body.nodes) {
    if (!ts.isIfStatement(node) || node.elseStatement === undefined) continue;
    if (body.isDead(body.start(node.elseStatement), node.elseStatement.end)) continue;
    body.replace(
      "drop-else",
      `else ${body.brief(node.elseStatement)} is dropped`,
      node.thenStatement.end,
      node.end,
      "",
    );
  }
}

export function removeCases(body: Body): void {
  for (const node of body.nodes) {
    if (!ts.isCaseOrDefaultClause(node)) continue;
    const head = ts.isCaseClause(node) ? `case ${body.of(node.expression)}` : "default";
    body.replace("remove-case", `${head} is dropped with its statements`, body.start(node), node.end, "");
    if (node.parent.clauses[0] === node) continue;
    const colon = body.text.indexOf(
      ":",
      ts.isCaseClause(node) ? node.expression.end : body.start(node) + "default".length,
    );
    body.replace(
      "remove-case",
      `the label ${head} is dropped, its statements stay`,
      body.start(node),
      colon + 1,
      "",
    );
  }
}
