/**
 * Mutants that an audit of statements may miss, in classes with a reason each. A class hides nothing: its
 * mutants count as survivors, only they are listed as a number instead of one by one. Most classes are
 * about what TypeScript has to write and C does not; whether such a mutant survives is the audit's doing.
 */

import { ts } from "ts-morph";
import { bare, isAssignment, isConstantName, isStep, tokens } from "./body.js";
import type { TestedFunction } from "./plan.js";
import type { Survivor } from "./run.js";

export interface SurvivorClass {
  id: string;
  reason: string;
  /** The mutant does what the original does. */
  equivalent: boolean;
  holds(survivor: Survivor, fn: TestedFunction): boolean;
}

function parse(text: string): ts.SourceFile {
  return ts.createSourceFile("part.ts", text, ts.ScriptTarget.Latest, true);
}

function statements(text: string): readonly ts.Statement[] {
  return parse(text).statements;
}

/** The nodes around what was replaced, the innermost one first. */
function around(survivor: Survivor, fn: TestedFunction): ts.Node[] {
  const found: ts.Node[] = [];
  const source = parse(fn.text);
  const visit = (node: ts.Node): void => {
    if (node.getStart(source) > survivor.start || node.end < survivor.end) return;
    found.unshift(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isWithin(survivor: Survivor, node: ts.Node | undefined): boolean {
  return node !== undefined && node.getStart() <= survivor.start && survivor.end <= node.end;
}

function every(node: ts.Node, test: (n: ts.Node) => boolean): boolean {
  if (ts.isTypeNode(node)) return true;
  return test(node) && ts.forEachChild(node, (child) => (every(child, test) ? undefined : true)) !== true;
}

/** Evaluating it changes nothing. */
function isPure(node: ts.Node): boolean {
  return every(node, (n) => !ts.isCallExpression(n) && !isAssignment(n) && !isStep(n));
}

/** Literals, constants, and what is made of them: the same wherever it is evaluated. */
function isConstant(e: ts.Expression): boolean {
  const inner = bare(e);
  if (ts.isIdentifier(inner)) return isConstantName(inner.text);
  if (ts.isNewExpression(inner)) return (inner.arguments ?? []).every(isConstant);
  if (ts.isArrayLiteralExpression(inner)) return inner.elements.every(isConstant);
  if (isStep(inner) || isAssignment(inner)) return false;
  if (inner.kind === ts.SyntaxKind.PrefixUnaryExpression) {
    return isConstant((inner as ts.PrefixUnaryExpression).operand);
  }
  if (inner.kind === ts.SyntaxKind.BinaryExpression) {
    const { left, right } = inner as ts.BinaryExpression;
    return isConstant(left) && isConstant(right);
  }
  return ts.isLiteralExpression(inner) || isWord(inner);
}

function isWord(e: ts.Expression): boolean {
  const { kind } = e;
  return [ts.SyntaxKind.NullKeyword, ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword].includes(kind);
}

function isConstantDeclaration(s: ts.Statement): boolean {
  return (
    ts.isVariableStatement(s) &&
    s.declarationList.declarations.every((d) => d.initializer === undefined || isConstant(d.initializer))
  );
}

/** A condition of compile-time options: C has an `#if` there. */
function isOptionTest(e: ts.Expression): boolean {
  const ofConstants = every(e, (n) => !ts.isIdentifier(n) || isConstantName(n.text));
  const named = !every(e, (n) => !ts.isIdentifier(n));
  return named && ofConstants && isPure(e);
}

/** The condition of options that a node branches by. */
function optionOf(node: ts.Node): ts.Expression | null {
  const test = ts.isIfStatement(node)
    ? node.expression
    : ts.isConditionalExpression(node)
      ? node.condition
      : null;
  return test !== null && isOptionTest(test) ? test : null;
}

/** Gives a name to an object of a class. */
function isObjectMade(s: ts.Statement): boolean {
  const made = (e: ts.Expression | undefined): boolean => e !== undefined && ts.isNewExpression(bare(e));
  if (ts.isVariableStatement(s)) return s.declarationList.declarations.every((d) => made(d.initializer));
  return ts.isExpressionStatement(s) && isAssignment(s.expression) && made(s.expression.right);
}

/** Makes one, or an if that does so first or last. */
function makesObject(s: ts.Statement): boolean {
  if (!ts.isIfStatement(s) || !ts.isBlock(s.thenStatement)) return isObjectMade(s);
  const inside = s.thenStatement.statements;
  return [inside[0], inside[inside.length - 1]].some((x) => x !== undefined && isObjectMade(x));
}

/** Assigns a field or variable that holds the counted block beside a struct's array. */
function isBlockKeeping(s: ts.Statement): boolean {
  if (!ts.isExpressionStatement(s) || !isAssignment(s.expression)) return false;
  const target = bare(s.expression.left);
  const name = ts.isPropertyAccessExpression(target)
    ? target.name.text
    : ts.isIdentifier(target)
      ? target.text
      : "";
  return /^mem$|Mem$/.test(name);
}

/** Null and 0 are one in C. */
function inC(text: string): string {
  return tokens(text)
    .replace(/\b(?:null|false)\b/g, "0")
    .replace(/\btrue\b/g, "1");
}

/** Macros whose argument is a condition. */
function isArgumentOfTest(nodes: readonly ts.Node[]): boolean {
  return nodes.some((n) => ts.isCallExpression(n) && /^(?:ALWAYS|NEVER)$/.test(n.expression.getText()));
}

export const CLASSES: readonly SurvivorClass[] = [
  {
    id: "independent-declarations",
    reason: "Two declarations whose values are computed without calls change places; nothing comes of it.",
    equivalent: true,
    holds: ({ operator, was }) =>
      operator === "swap-statements" && statements(was).every((s) => ts.isVariableStatement(s) && isPure(s)),
  },
  {
    id: "constant-declaration",
    reason: "A declaration with a constant value, or a new object, changes places with a statement.",
    equivalent: true,
    holds: ({ operator, was }) =>
      operator === "swap-statements" && statements(was).some(isConstantDeclaration),
  },
  {
    id: "null-and-zero",
    reason: "Null and 0, and x and x !== null as a condition, are the same in C; here types tell them apart.",
    equivalent: true,
    holds: (survivor, fn) => {
      const was = inC(survivor.was);
      const now = inC(survivor.now);
      return was === now || (was === `${now} !== 0` && isArgumentOfTest(around(survivor, fn)));
    },
  },
  {
    id: "option-test",
    reason: "The condition is one of options, and comes to the same under every profile.",
    equivalent: false,
    holds: (survivor, fn) => {
      const nodes = around(survivor, fn);
      const inTest = nodes.some((n) => isWithin(survivor, optionOf(n) ?? undefined));
      const isElse = (n: ts.Node): boolean =>
        ts.isIfStatement(n) && n.end === survivor.end && n.thenStatement.end === survivor.start;
      if (survivor.operator === "drop-else") return nodes.some((n) => isElse(n) && optionOf(n) !== null);
      const moved = ["move-out-of-if", "swap-statements"].includes(survivor.operator);
      return inTest || (moved && statements(survivor.was).some((s) => optionOf(s) !== null));
    },
  },
  {
    id: "option-arm",
    reason: "The arm of ?: belongs to an option that is off under every profile.",
    equivalent: false,
    holds: (survivor, fn) =>
      around(survivor, fn).some(
        (n) =>
          ts.isConditionalExpression(n) &&
          optionOf(n) !== null &&
          (isWithin(survivor, n.whenTrue) || isWithin(survivor, n.whenFalse)),
      ),
  },
  {
    id: "end-of-subarray",
    reason: "A pointer of C has no end: the second argument of subarray is only here.",
    equivalent: false,
    holds: (survivor, fn) =>
      around(survivor, fn).some(
        (n) =>
          ts.isCallExpression(n) &&
          ts.isPropertyAccessExpression(n.expression) &&
          n.expression.name.text === "subarray" &&
          n.arguments.length === 2 &&
          /* Dropping it replaces both, by the first one; dropping the call leaves the start of the array. */
          (isWithin(survivor, n.arguments[1]) ||
            (survivor.start === n.arguments[0]!.getStart() && survivor.now === n.arguments[0]!.getText()) ||
            (survivor.was === n.getText() && n.arguments[0]!.getText() === "0")),
      ),
  },
  {
    id: "size-of-array",
    reason: "Arrays of C on the stack become objects; the audit compares no sizes of arrays.",
    equivalent: false,
    holds: (survivor, fn) =>
      around(survivor, fn).some(
        (n) =>
          ts.isNewExpression(n) &&
          /Array$/.test(n.expression.getText()) &&
          (n.arguments ?? []).some((a) => isWithin(survivor, a)),
      ),
  },
  {
    id: "first-value",
    reason: "TypeScript wants a first value where C may declare a variable without one.",
    equivalent: false,
    holds: (survivor, fn) => {
      const nodes = around(survivor, fn);
      if (survivor.operator === "drop-statement") {
        return statements(survivor.was).length === 1 && statements(survivor.was).every(isConstantDeclaration);
      }
      return nodes.some(
        (n) =>
          ts.isVariableDeclaration(n) &&
          n.initializer !== undefined &&
          isConstant(n.initializer) &&
          isWithin(survivor, n.initializer),
      );
    },
  },
  {
    id: "object-of-block",
    reason: "The object made for a block of the allocator; in C there is only the block.",
    equivalent: false,
    holds: ({ operator, was }) =>
      (operator === "swap-statements" || operator === "move-out-of-if") && statements(was).some(makesObject),
  },
  {
    id: "block-beside-array",
    reason: "The counted block beside an array of structs is a field that upstream does not have.",
    equivalent: false,
    holds: ({ operator, was }) => operator === "swap-statements" && statements(was).some(isBlockKeeping),
  },
];

/** The class of a survivor, the first that holds; null: nobody has explained it. */
export function explain(survivor: Survivor, fn: TestedFunction): string | null {
  return CLASSES.find((c) => c.holds(survivor, fn))?.id ?? null;
}
