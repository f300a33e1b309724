/** Which fields a function of the port may change, itself or through what it calls. */

import { ts } from "ts-morph";
import { plain } from "./ts-expression.js";
import type { TsFile } from "./ts-side.js";

interface Effect {
  fields: Set<string>;
  calls: Set<string>;
  /** It calls a method, which may be anybody's. */
  unknown: boolean;
}

/** Methods of arrays and texts that look only, or that change elements only. */
const HARMLESS = /^(subarray|slice|length|set|fill|push|charCodeAt|indexOf|imul|floor|trunc|min|max|abs)$/;

/** A method of a file changes nothing of who calls it. */
function isHarmless(callee: ts.Expression): boolean {
  if (!ts.isPropertyAccessExpression(callee)) return false;
  const of = plain(callee.expression);
  return (
    HARMLESS.test(callee.name.text) || (ts.isPropertyAccessExpression(of) && of.name.text === "pMethods")
  );
}

export class Effects {
  private readonly functions = new Map<string, Effect>();

  constructor(files: Iterable<TsFile>) {
    for (const f of files) for (const [name, fn] of f.functions) this.note(name, fn);
  }

  private note(name: string, fn: ts.Node): void {
    let own = this.functions.get(name);
    if (own === undefined) {
      own = { fields: new Set(), calls: new Set(), unknown: false };
      this.functions.set(name, own);
    }
    const effect = own;
    const target = (given: ts.Expression): void => {
      const e = plain(given);
      if (ts.isPropertyAccessExpression(e)) effect.fields.add(e.name.text);
      if (ts.isPropertyAccessExpression(e) || ts.isElementAccessExpression(e)) {
        /* `p.x.value` and `p.x[i]` are x, too. */
        if (!ts.isPropertyAccessExpression(e) || e.name.text === "value") target(e.expression);
      }
    };
    const visit = (n: ts.Node): void => {
      if (ts.isBinaryExpression(n) && ts.SyntaxKind[n.operatorToken.kind].endsWith("EqualsToken"))
        target(n.left);
      else if (ts.isPrefixUnaryExpression(n) || ts.isPostfixUnaryExpression(n)) target(n.operand);
      else if (ts.isCallExpression(n)) {
        const callee = plain(n.expression);
        if (ts.isIdentifier(callee)) effect.calls.add(callee.text);
        else if (!isHarmless(callee)) effect.unknown = true;
      }
      ts.forEachChild(n, visit);
    };
    visit(fn);
  }

  /** Whether a call of a function may change one of these fields; one that is not known may. */
  changes(name: string, fields: ReadonlySet<string>, seen: Set<string> = new Set()): boolean {
    if (seen.has(name)) return false;
    seen.add(name);
    const own = this.functions.get(name);
    if (own === undefined || own.unknown) return true;
    for (const f of own.fields) if (fields.has(f)) return true;
    for (const c of own.calls) if (this.changes(c, fields, seen)) return true;
    return false;
  }
}
