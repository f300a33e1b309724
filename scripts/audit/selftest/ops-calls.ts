/** Calls inside expressions that go, arguments that go or change, and calls of another function. */

import { ts } from "ts-morph";
import { type Body, bare, calleeName, GLOBALS, isSimple } from "./body.js";
import { isRounding } from "./ops-operators.js";

/** Macros that state something; their argument is changed by other operators. */
const STATEMENTS: ReadonlySet<string> = new Set(["assert", "testcase"]);

/** Methods of JavaScript that are pointer arithmetic: what is left is the pointer. */
const POINTERS: ReadonlySet<string> = new Set(["subarray", "slice", "charCodeAt", "repeat"]);

/** A text, or one of two. */
function isText(e: ts.Expression): boolean {
  const inner = bare(e);
  if (ts.isConditionalExpression(inner)) return isText(inner.whenTrue) && isText(inner.whenFalse);
  return ts.isStringLiteral(inner);
}

/** What stands where a call stood. */
function withoutCall(body: Body, call: ts.CallExpression): string | null {
  const callee = call.expression;
  if (ts.isPropertyAccessExpression(callee) && POINTERS.has(callee.name.text)) {
    return body.of(callee.expression);
  }
  const first = call.arguments[0];
  /* `toCString("x")` is how C's "x" is written; without it nothing compiles, and nothing is said. */
  if (calleeName(call) === "toCString" && first !== undefined && isText(first)) return null;
  const text = first === undefined || ts.isSpreadElement(first) ? "0" : body.of(first);
  const isOperand = first !== undefined && isSimple(first) && !ts.isLiteralExpression(first);
  const alone = ts.isCallExpression(call.parent) || ts.isParenthesizedExpression(call.parent);
  return isOperand || alone || ts.isVariableDeclaration(call.parent) || ts.isReturnStatement(call.parent)
    ? text
    : /^[\w.]+$/.test(text) && !ts.isPropertyAccessExpression(call.parent)
      ? text
      : `(${text})`;
}

export function dropCalls(body: Body): void {
  for (const node of body.nodes) {
    /* A call that is a statement is dropped with it; what only rounds is a mask. */
    if (!ts.isCallExpression(node) || ts.isExpressionStatement(node.parent) || isRounding(node)) continue;
    const text = withoutCall(body, node);
    if (text !== null) body.become("drop-call", node, text);
  }
}

export function changeArguments(body: Body): void {
  for (const node of body.nodes) {
    if (!ts.isCallExpression(node) || STATEMENTS.has(calleeName(node) ?? "")) continue;
    const args = node.arguments;
    for (const [i, arg] of args.entries()) {
      if (ts.isSpreadElement(arg)) continue;
      const rest = args.filter((_, k) => k !== i);
      const list = (a: readonly ts.Expression[]): string => a.map((e) => body.of(e)).join(", ");
      const first = body.start(args[0]!);
      /* A comma at the end goes with the last argument. */
      const last = rest.length === 0 ? args.end : args[args.length - 1]!.end;
      const inCall = `of ${body.brief(node)}`;
      body.replace("change-argument", `argument ${i + 1} ${inCall} is dropped`, first, last, list(rest));
      const after = args[i + 1];
      if (after !== undefined && !ts.isSpreadElement(after)) {
        body.replace(
          "change-argument",
          `arguments ${i + 1} and ${i + 2} ${inCall} change places`,
          body.start(arg),
          after.end,
          list([after, arg]),
        );
      }
      if (ts.isFunctionLike(arg)) continue;
      const other = body.otherVariable(arg);
      if (other !== null) {
        body.replace(
          "change-argument",
          `argument ${i + 1} ${inCall} becomes ${other.name}`,
          body.start(arg),
          arg.end,
          other.name,
        );
      }
    }
  }
}

/** Another function that this one calls, with as many arguments if there is one. */
export function changeCallees(body: Body): void {
  const calls = body.nodes.filter(ts.isCallExpression).flatMap((call) => {
    const name = calleeName(call);
    return name === null || STATEMENTS.has(name) || GLOBALS.has(name)
      ? []
      : [{ call, name, count: call.arguments.length }];
  });
  const names = [...new Map(calls.map((c) => [`${c.name} ${c.count}`, c])).values()];
  for (const { call, name, count } of calls) {
    const other =
      body.pick(names, (c) => c.name !== name && c.count === count) ??
      body.pick(names, (c) => c.name !== name);
    if (other === null) continue;
    const callee = bare(call.expression);
    body.replace(
      "change-callee",
      `${body.brief(call)} calls ${other.name}`,
      body.start(callee),
      callee.end,
      other.name,
    );
  }
}
