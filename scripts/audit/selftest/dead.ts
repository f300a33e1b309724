/** Lines of a function that no profile sees: arms of `if (OPTION)` that are off under all of them. */

import { ts } from "ts-morph";

/** What a condition comes to under one profile; undefined if it is not made of options alone. */
export type Fold = (condition: ts.Expression) => boolean | undefined;

/** Lines that an arm has for itself, its braces' lines included where nothing else stands on them. */
interface Lines {
  first: number;
  last: number;
}

/**
 * Tells the lines, counted from 1, that are dead under every profile. `folds` has one function per
 * profile under which the function is compiled. An `if` without an arm that lives is dead as a whole;
 * of one with a living arm the line of its head lives, too.
 */
export function deadLines(functionText: string, folds: readonly Fold[]): (line: number) => boolean {
  const source = ts.createSourceFile("function.ts", functionText, ts.ScriptTarget.Latest, true);
  const dead: Lines[] = [];
  const line = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const bury = (first: number, last: number): void => {
    if (first <= last) dead.push({ first, last });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isIfStatement(node)) {
      const values = new Set(folds.map((fold) => fold(node.expression)));
      const thenDead = values.size === 1 && values.has(false);
      const elseDead = values.size === 1 && values.has(true);
      const { thenStatement, elseStatement } = node;
      const head = line(node.getStart(source));
      if (thenDead && elseStatement === undefined) {
        bury(head, line(node.end));
        return;
      }
      if (thenDead) bury(line(node.expression.end) + 1, line(thenStatement.end) - 1);
      if (elseDead && elseStatement !== undefined) {
        bury(line(elseStatement.getStart(source)) + 1, line(elseStatement.end) - 1);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return (l) => dead.some(({ first, last }) => first <= l && l <= last);
}
