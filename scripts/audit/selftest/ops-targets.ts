/** Assignments that go elsewhere, fields that become others. */

import { ts } from "ts-morph";
import { type Body, bare, type Field, isAssignment, isCalled, isField, isStep, isTarget } from "./body.js";
import type { Operator } from "./mutant.js";

function distinct(fields: readonly Field[]): string[] {
  return [...new Set(fields.map((f) => f.name))];
}

/** Puts another field of the function in place of this one. */
function otherField(body: Body, operator: Operator, node: ts.PropertyAccessExpression): void {
  const name = node.name.text;
  const called = isCalled(node);
  const base = body.of(node.expression);
  const fields = body.fields.filter((f) => f.called === called && f.name !== name);
  const other = body.pick(distinct(fields.filter((f) => f.base === base))) ?? body.pick(distinct(fields));
  if (other === null) return;
  body.replace(
    operator,
    `${body.brief(node)} becomes ${base}.${other}`,
    body.start(node.name),
    node.name.end,
    other,
  );
}

/** The variable at the root of `x`, `x.value`, `x[i]`. */
function otherRoot(body: Body, target: ts.Expression, e: ts.Expression): void {
  const inner = bare(e);
  const assignable = inner === bare(target);
  const other = body.otherVariable(inner, assignable);
  if (other === null || body.variable(inner) === null) return;
  body.replace(
    "change-target",
    `${body.brief(target)} is written to ${other.name} instead`,
    body.start(inner),
    inner.end,
    other.name,
  );
}

export function changeTargets(body: Body): void {
  for (const node of body.nodes) {
    const target = isAssignment(node) ? node.left : isStep(node) ? node.operand : null;
    if (target === null) continue;
    const inner = bare(target);
    if (ts.isIdentifier(inner)) otherRoot(body, target, inner);
    else if (isField(inner)) otherField(body, "change-target", inner);
    else if (ts.isPropertyAccessExpression(inner) || ts.isElementAccessExpression(inner)) {
      const base = bare(inner.expression);
      if (isField(base)) otherField(body, "change-target", base);
      else otherRoot(body, target, base);
    }
  }
}

export function changeFields(body: Body): void {
  const sizes = body.nodes.filter(isSize).map((n) => n.name.text);
  for (const node of body.nodes) {
    if (isSize(node)) {
      const name = node.name.text;
      const other = body.pick([...new Set(sizes)], (s) => s !== name) ?? (name === "ptr" ? "PgHdr" : "ptr");
      body.become("change-field", node, `sizeof.${other}`);
    } else if (isField(node) && !isTarget(node)) {
      otherField(body, "change-field", node);
    }
  }
}

function isSize(node: ts.Node): node is ts.PropertyAccessExpression {
  return (
    ts.isPropertyAccessExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === "sizeof"
  );
}
