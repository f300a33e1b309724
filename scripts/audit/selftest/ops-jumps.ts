/** Jumps that go somewhere else. */

import { ts } from "ts-morph";
import type { Body } from "./body.js";

/** What a jump at this place may name or mean. */
interface Reach {
  labels: string[];
  /** Of these, the labels of loops. */
  loopLabels: string[];
  /** `break` without a label has a meaning. */
  breaks: boolean;
  /** `continue` has, too. */
  continues: boolean;
  /** The statement that a plain `break` leaves. */
  innermost: ts.Node | null;
}

function reach(jump: ts.Node): Reach {
  const found: Reach = { labels: [], loopLabels: [], breaks: false, continues: false, innermost: null };
  for (let node = jump.parent; !ts.isFunctionLike(node); node = node.parent) {
    if (ts.isLabeledStatement(node)) {
      found.labels.push(node.label.text);
      if (ts.isIterationStatement(node.statement, true)) found.loopLabels.push(node.label.text);
    } else if (ts.isIterationStatement(node, false) || ts.isSwitchStatement(node)) {
      found.breaks = true;
      if (!ts.isSwitchStatement(node)) found.continues = true;
      found.innermost ??= node;
    }
  }
  return found;
}

/** A labelled jump loses its label or takes another one; break and continue change places. */
export function changeLabels(body: Body): void {
  for (const node of body.nodes) {
    if (!ts.isBreakOrContinueStatement(node)) continue;
    const { labels, loopLabels, breaks, continues, innermost } = reach(node);
    const isBreak = ts.isBreakStatement(node);
    const word = isBreak ? "break" : "continue";
    if (node.label !== undefined) {
      const own = node.label.text;
      if (isBreak ? breaks : continues) body.become("change-label", node, `${word};`);
      const other = body.pick(isBreak ? labels : loopLabels, (l) => l !== own);
      if (other !== null) body.become("change-label", node, `${word} ${other};`);
    } else if (isBreak) {
      const label = body.pick(labels);
      if (label !== null) body.become("change-label", node, `break ${label};`);
      if (continues && innermost !== null && !ts.isSwitchStatement(innermost)) {
        body.become("change-label", node, "continue;");
      }
    } else {
      body.become("change-label", node, "break;");
    }
  }
}
