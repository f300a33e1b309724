/** Statements of TypeScript in the normal form. */

import { ts } from "ts-morph";
import { isPure } from "./c-expr.js";
import { elementSize, lengthOf } from "./constants.js";
import { asTest, binary, loop, type Node, node, seq } from "./form.js";
import { foldOption } from "./options.js";
import {
  endOf,
  expression,
  isFreshMemory,
  lineOf,
  newRef,
  plain,
  type Scope,
  unreserved,
} from "./ts-expression.js";

function of(op: string, text: string, kids: readonly Node[], n: ts.Node, s: Scope): Node {
  return node(op, text, kids, lineOf(n, s), endOf(n, s));
}

/** What the normal form has nothing for: itself. */
function unknown(n: ts.Node, s: Scope): Node {
  return of("expr", "", [of("code", n.getText(s.source).replace(/\s+/g, " "), [], n, s)], n, s);
}

function list(nodes: readonly Node[], n: ts.Node, s: Scope): Node {
  return seq(nodes, lineOf(n, s), endOf(n, s));
}

/** Statements as a list, one that stands alone too. */
function body(n: ts.Statement | undefined, at: ts.Node, s: Scope): Node {
  return n === undefined ? list([], at, s) : list([statement(n, s)], n, s);
}

/** An expression whose value nobody uses. */
export function effect(e: ts.Expression, s: Scope): Node {
  return of("expr", "", [unused(expression(e, s))], e, s);
}

function unused(e: Node): Node {
  if (e.op === "step") {
    const one = node("num", "1", [], e.line, e.end);
    const to = e.kids[0]!;
    return node(
      "assign",
      "=",
      [to, binary(e.text.includes("+") ? "+" : "-", to, one, e.line, e.end)],
      e.line,
      e.end,
    );
  }
  if (e.op === "bin" && e.text === ",") return { ...e, kids: e.kids.map(unused) };
  return e;
}

/** The operands of comma expressions, one statement each. */
function effects(e: ts.Expression | undefined, s: Scope): Node[] {
  if (e === undefined) return [];
  const x = plain(e);
  if (ts.isBinaryExpression(x) && x.operatorToken.kind === ts.SyntaxKind.CommaToken) {
    return [...effects(x.left, s), ...effects(x.right, s)];
  }
  return [effect(x, s)];
}

function declarations(l: ts.VariableDeclarationList, s: Scope): Node[] {
  return l.declarations.flatMap((d) => {
    const init = d.initializer;
    if (!ts.isIdentifier(d.name)) return destructured(d.name, init, d, s);
    const called = unreserved(d.name.text);
    const name = of("name", called, [], d, s);
    if (init === undefined) return [of("declare", called, [], d, s)];
    const ref = newRef(init);
    if (ref !== null) {
      /* The initial value is read before the variable exists. */
      const value = ref === undefined ? null : expression(ref, s);
      s.refLocals.add(d.name.text);
      return [value === null ? of("declare", called, [], d, s) : initial(name, value, d, s)];
    }
    if (isFreshMemory(init)) return [fresh(called, init, d, s)];
    const value = expression(init, s);
    if (value.op === "un" && value.text === "&" && isRefField(value.kids[0]!, s)) {
      /* A name for a Ref that belongs to a struct. */
      s.refAliases.set(d.name.text, value.kids[0]!);
      return [];
    }
    return [initial(name, value, d, s)];
  });
}

function isRefField(n: Node, s: Scope): boolean {
  return n.op === "field" && s.refFields.has(n.text);
}

/** Memory that a local gets: zeros. An array of one element is C's scalar, and stands for its address. */
function fresh(name: string, init: ts.Expression, d: ts.Node, s: Scope): Node {
  const e = plain(init) as ts.NewExpression;
  const size = e.arguments?.[0];
  const length = lengthOf(e, s.constants);
  if (length !== undefined) s.lengths.set(name, [length, elementSize(e.expression.getText(s.source))]);
  if (size !== undefined && ts.isNumericLiteral(size) && size.text === "1") s.refLocals.add(name);
  const declared = of("declare", name, size === undefined ? [] : [expression(size, s)], d, s);
  return { ...declared, init: true };
}

/** `const { a, b } = p` is `a = p.a; b = p.b`. */
function destructured(
  pattern: ts.BindingPattern,
  init: ts.Expression | undefined,
  d: ts.Node,
  s: Scope,
): Node[] {
  if (!ts.isObjectBindingPattern(pattern) || init === undefined) {
    return [unknown(d, s)];
  }
  const from = expression(init, s);
  return pattern.elements.map((e) => {
    if (e.initializer !== undefined || e.dotDotDotToken !== undefined) return unknown(e, s);
    const name = of("name", e.name.getText(s.source), [], e, s);
    const field = (e.propertyName ?? e.name).getText(s.source);
    return initial(name, of("field", field, [from], e, s), e, s);
  });
}

function initial(name: Node, value: Node, d: ts.Node, s: Scope): Node {
  return { ...of("expr", "", [of("assign", "=", [name, value], d, s)], d, s), init: true };
}

export function statement(n: ts.Statement, s: Scope): Node {
  if (ts.isBlock(n))
    return list(
      n.statements.map((x) => statement(x, s)),
      n,
      s,
    );
  if (ts.isVariableStatement(n)) return list(declarations(n.declarationList, s), n, s);
  if (ts.isEmptyStatement(n)) return list([], n, s);
  if (ts.isExpressionStatement(n)) return expressionStatement(n, s);
  if (ts.isIfStatement(n)) {
    const chosen = foldOption(n.expression, s.constants.options);
    if (chosen === true) return body(n.thenStatement, n, s);
    if (chosen === false) return body(n.elseStatement, n, s);
    const test = asTest(expression(n.expression, s));
    if (test.op === "num") {
      /* What is left of a test after its options were folded. */
      return test.text === "0" ? body(n.elseStatement, n, s) : body(n.thenStatement, n, s);
    }
    return of("if", "", [test, body(n.thenStatement, n, s), body(n.elseStatement, n, s)], n, s);
  }
  if (ts.isWhileStatement(n)) {
    return of("while", "", [asTest(expression(n.expression, s)), body(n.statement, n, s)], n, s);
  }
  if (ts.isDoStatement(n)) {
    return of("do", "", [body(n.statement, n, s), asTest(expression(n.expression, s))], n, s);
  }
  if (ts.isForStatement(n)) {
    const init =
      n.initializer === undefined
        ? []
        : ts.isVariableDeclarationList(n.initializer)
          ? declarations(n.initializer, s)
          : effects(n.initializer, s);
    const test = n.condition === undefined ? of("num", "1", [], n, s) : expression(n.condition, s);
    const step = effects(n.incrementor, s);
    const inner = body(n.statement, n, s);
    return loop(list(init, n, s), test, list(step, n, s), inner, lineOf(n, s), endOf(n, s));
  }
  if (ts.isSwitchStatement(n)) {
    const inner = n.caseBlock.clauses
      .filter((c) => !isLeftOut(c, n.caseBlock.clauses, s))
      .flatMap((c) => [
        ts.isCaseClause(c)
          ? of("case", "", [expression(c.expression, s)], c.expression, s)
          : of("default", "", [], c, s),
        ...c.statements.map((x) => statement(x, s)),
      ]);
    return of("switch", "", [expression(n.expression, s), list(inner, n, s)], n, s);
  }
  if (ts.isLabeledStatement(n)) {
    /* A labelled block: `break label` goes to its end. */
    const end = endOf(n, s);
    const label = node("label", n.label.text, [], end, end);
    return list([statement(n.statement, s), label], n, s);
  }
  if (ts.isBreakStatement(n)) {
    return n.label === undefined ? of("break", "", [], n, s) : of("goto", n.label.text, [], n, s);
  }
  if (ts.isContinueStatement(n)) {
    /* C has no such thing. */
    return n.label === undefined ? of("continue", "", [], n, s) : unknown(n, s);
  }
  if (ts.isReturnStatement(n)) {
    return of("return", "", n.expression === undefined ? [] : [expression(n.expression, s)], n, s);
  }
  return unknown(n, s);
}

/** Nothing goes on behind it. */
function endsWithJump(list: readonly ts.Statement[]): boolean {
  const last = list.at(-1);
  if (last === undefined) return false;
  if (ts.isBlock(last)) return endsWithJump(last.statements);
  return ts.isReturnStatement(last) || ts.isBreakStatement(last) || ts.isContinueStatement(last);
}

/**
 * `case X: if (!OPTION) break; ...`: C has no such case without the option. What stands in place of the
 * break is what the switch does by default.
 */
function isLeftOut(c: ts.CaseOrDefaultClause, all: readonly ts.CaseOrDefaultClause[], s: Scope): boolean {
  const before = all[all.indexOf(c) - 1];
  if (before !== undefined && !endsWithJump(before.statements)) return false;
  const first = unblocked(c.statements)[0];
  if (
    first === undefined ||
    !ts.isIfStatement(first) ||
    foldOption(first.expression, s.constants.options) !== true
  ) {
    return false;
  }
  const instead = unblocked([first.thenStatement]);
  const usual = unblocked(all.find(ts.isDefaultClause)?.statements ?? []);
  const isBreak = (x: ts.Statement): boolean => ts.isBreakStatement(x) && x.label === undefined;
  const text = (list: readonly ts.Statement[]): string =>
    list
      .filter((x) => !isBreak(x))
      .map((x) => x.getText(s.source))
      .join("\n");
  const end = instead[instead.length - 1];
  return end !== undefined && (isBreak(end) || ts.isReturnStatement(end)) && text(instead) === text(usual);
}

/** The statements of a list, or of the block that the list is. */
function unblocked(list: readonly ts.Statement[]): readonly ts.Statement[] {
  const only = list.length === 1 ? list[0]! : null;
  return only !== null && ts.isBlock(only) ? only.statements : list;
}

function expressionStatement(n: ts.ExpressionStatement, s: Scope): Node {
  const e = plain(n.expression);
  if (ts.isVoidExpression(e)) {
    const left = unused(expression(e.expression, s));
    return isPure(left) ? list([], n, s) : of("expr", "", [left], n, s);
  }
  if (ts.isCallExpression(e) && ts.isIdentifier(e.expression)) {
    const name = e.expression.text;
    if (name === "assert") return of("assert", "", [asTest(expression(e.arguments[0]!, s))], n, s);
    if (name === "testcase") {
      const test = asTest(expression(e.arguments[0]!, s));
      return of("expr", "", [of("call", "", [of("name", name, [], e, s), test], e, s)], n, s);
    }
  }
  return of("expr", "", [unused(expression(e, s))], n, s);
}
