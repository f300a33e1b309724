/** Which mutants a run judges: all, or of each operator in each file every so-manieth. */

import { Random } from "../../../conformance/core/random.js";
import { constantsOf } from "./body.js";
import { type Edit, OPERATORS, type Operator } from "./mutant.js";
import { editsOf } from "./mutate.js";

/** A mirrored function. */
export interface TestedFunction {
  name: string;
  /** Path from the root, `src/pager/pager.ts`. */
  path: string;
  /** Line of the file in which the text starts. */
  first: number;
  /** The declaration, without its doc comment. */
  text: string;
  /** Lines, counted from 1 in the text, of which no profile sees anything. */
  dead?: (line: number) => boolean;
}

export interface Planned {
  fn: TestedFunction;
  edit: Edit;
}

export interface Plan {
  /** Mutants that could be made, by path and operator. */
  made: ReadonlyMap<string, ReadonlyMap<Operator, number>>;
  chosen: readonly Planned[];
}

/** Every how-manieth mutant CI judges. */
export const CI_SAMPLE = 10;

/**
 * With `sample` k every k-th mutant of each operator in each file is chosen, at least one of each, and
 * at least one of every function. The same seed chooses the same.
 */
export function plan(functions: readonly TestedFunction[], seed: string, sample = 1): Plan {
  if (!Number.isInteger(sample) || sample < 1) throw new RangeError(`not a sample: every ${sample}th`);
  const constants = new Map<string, Set<string>>();
  for (const fn of functions) {
    const found = constants.get(fn.path) ?? new Set<string>();
    for (const name of constantsOf(fn.text)) found.add(name);
    constants.set(fn.path, found);
  }
  const groups = new Map<string, Map<Operator, Planned[]>>();
  const byFunction = functions.map((fn) => {
    const around = { constants: [...constants.get(fn.path)!], ...(fn.dead && { dead: fn.dead }) };
    const group = groups.get(fn.path) ?? new Map<Operator, Planned[]>();
    groups.set(fn.path, group);
    const planned = editsOf(fn.text, `${seed} ${fn.path}`, around).map((edit) => ({ fn, edit }));
    for (const p of planned) {
      const list = group.get(p.edit.operator) ?? [];
      list.push(p);
      group.set(p.edit.operator, list);
    }
    return planned;
  });

  const taken = new Set<Planned>();
  const random = new Random(`${seed} sample`);
  for (const group of groups.values()) {
    for (const operator of OPERATORS) {
      const list = group.get(operator) ?? [];
      if (list.length === 0) continue;
      const offset = random.below(Math.min(sample, list.length));
      for (let i = offset; i < list.length; i += sample) taken.add(list[i]!);
    }
  }
  for (const planned of byFunction) {
    if (planned.length > 0 && !planned.some((p) => taken.has(p))) taken.add(random.pick(planned));
  }
  const made = new Map(
    [...groups].map(([path, group]) => [path, new Map([...group].map(([op, list]) => [op, list.length]))]),
  );
  return { made, chosen: byFunction.flat().filter((p) => taken.has(p)) };
}
