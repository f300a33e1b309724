/**
 * What there is to do: every scenario with every kind of fault. Nothing of the port's is loaded for this, so that a
 * process may ask that runs no pager itself.
 */

import { JOURNALS } from "./journals.js";
import { LOGS } from "./logs.js";
import type { Scenario } from "./scenario.js";

/** What strikes, and when. */
export const KINDS = [
  "a call fails",
  "all calls fail from one on",
  "an allocation fails",
  "all allocations fail from one on",
  "a call fails, then the power",
  "the power fails at a sync",
  "the power fails at a write",
  "in the recovery a call fails",
  "in the recovery all calls fail from one on",
  "in the recovery an allocation fails",
  "in the recovery all allocations fail from one on",
  "in the recovery the power fails again",
] as const;
export type Kind = (typeof KINDS)[number];

/** A scenario and a kind of fault: one line of a report. */
export interface Unit {
  name: string;
  scenario: string;
  kind: Kind;
}

/** Every scenario by its name. */
export const SCENARIOS: ReadonlyMap<string, Scenario> = new Map(
  [...JOURNALS, ...LOGS].map((s) => [s.name, s]),
);

/** All units, scenario by scenario: those of a scenario share what they find out about it first. */
export function cases(): Unit[] {
  return [...SCENARIOS.values()].flatMap((scenario) => {
    const kinds = KINDS.filter((kind) => !scenario.isVolatile || !/power|recovery/.test(kind));
    return kinds.map((kind) => ({ name: `${scenario.name}: ${kind}`, scenario: scenario.name, kind }));
  });
}

/** The unit of a name that {@link cases} gives. */
export function unitNamed(name: string): Unit {
  const unit = cases().find((u) => u.name === name);
  if (unit === undefined) throw new Error(`there is no unit "${name}" of systematic faults`);
  return unit;
}
