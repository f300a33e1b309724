/** All the small changes that can be made to a function. */

import { ts } from "ts-morph";
import { Body } from "./body.js";
import type { Edit, Mutant, Surroundings } from "./mutant.js";
import { changeArguments, changeCallees, dropCalls } from "./ops-calls.js";
import { changeLoopBounds, dropAssignments, dropOperands, negateConditions } from "./ops-conditions.js";
import { changeLabels } from "./ops-jumps.js";
import { changeOperators, removeMasks } from "./ops-operators.js";
import { dropElse, dropStatements, moveOutOfIf, removeCases, swapStatements } from "./ops-statements.js";
import { changeFields, changeTargets } from "./ops-targets.js";
import { changeConstants, changeReturns } from "./ops-values.js";

/** In this order: of two that come to the same edit the first one gets it. */
const FAMILIES: readonly ((body: Body) => void)[] = [
  dropStatements,
  dropCalls,
  dropAssignments,
  swapStatements,
  moveOutOfIf,
  dropElse,
  removeCases,
  changeLabels,
  negateConditions,
  changeOperators,
  dropOperands,
  removeMasks,
  changeConstants,
  changeReturns,
  changeLoopBounds,
  changeArguments,
  changeCallees,
  changeTargets,
  changeFields,
];

/** The edits of one function; cheap, since no text is made. */
export function editsOf(functionText: string, seed: string, around: Surroundings = {}): Edit[] {
  const body = new Body(functionText, seed, around);
  for (const family of FAMILIES) family(body);
  return body.edits;
}

/** The compiler keeps what the parser complains about in a property that its types leave out. */
function parses(text: string): boolean {
  const source = ts.createSourceFile("mutant.ts", text, ts.ScriptTarget.Latest, false);
  const { parseDiagnostics } = source as ts.SourceFile & { parseDiagnostics?: readonly unknown[] };
  if (parseDiagnostics === undefined) throw new Error("this TypeScript keeps no diagnostics of its parser");
  return parseDiagnostics.length === 0;
}

/** Makes the text of an edit; null if it does not parse. */
export function apply(functionText: string, edit: Edit): Mutant | null {
  const { operator, description, start, end, replacement, at } = edit;
  const text = functionText.slice(0, start) + replacement + functionText.slice(end);
  if (!parses(text)) return null;
  return {
    operator,
    description,
    at,
    text,
    was: functionText.slice(start, end),
    now: replacement,
    start,
    end,
  };
}

/** Every mutant of the text of one function declaration. */
export function mutantsOf(functionText: string, seed: string, around: Surroundings = {}): Mutant[] {
  return editsOf(functionText, seed, around)
    .map((edit) => apply(functionText, edit))
    .filter((mutant) => mutant !== null);
}
