/** Makes a failing program shorter: fewer operations, a plainer disk, plainer arguments. */

import type { Op, Program, Setup } from "../ops.js";

/**
 * The shortest program that still fails, as far as dropping can find it.
 *
 * @param fails whether a program fails as the first one does
 * @param most how many programs may be tried
 */
export function reduce(program: Program, fails: (program: Program) => boolean, most = 4000): Program {
  let left = most;
  const test = (candidate: Program): boolean => left-- > 0 && fails(candidate);
  let best = program;
  for (let before = Number.POSITIVE_INFINITY; before > size(best) && left > 0; ) {
    before = size(best);
    best = { ...best, ops: fewer(best.ops, (ops) => test({ ...best, ops })) };
    best = plainer(best, test);
  }
  return best;
}

/** What is to become smaller. */
function size(program: Program): number {
  return JSON.stringify(program).length;
}

/** Delta debugging: drops parts, larger ones first, for as long as something can be dropped. */
export function fewer<T>(items: readonly T[], fails: (items: readonly T[]) => boolean): readonly T[] {
  let best = items;
  for (let step = Math.ceil(best.length / 2); step >= 1; step = step === 1 ? 0 : Math.ceil(step / 2)) {
    for (let at = best.length - step; at > -step; at -= step) {
      const from = Math.max(0, at);
      const candidate = [...best.slice(0, from), ...best.slice(from + step)];
      if (candidate.length < best.length && fails(candidate)) best = candidate;
    }
  }
  return best;
}

/** Fields that the disk, or an operation, can do without. */
function plainer(program: Program, fails: (program: Program) => boolean): Program {
  let best = program;
  for (const name of Object.keys(best.setup ?? {}) as (keyof Setup)[]) {
    const { [name]: _, ...setup } = best.setup ?? {};
    if (fails({ ...best, setup })) best = { ...best, setup };
  }
  best.ops.forEach((_, i) => {
    for (const name of OPTIONAL) {
      const op = best.ops[i]!;
      if (!(name in op)) continue;
      const rest = Object.fromEntries(Object.entries(op).filter(([key]) => key !== name)) as unknown as Op;
      const ops = best.ops.map((one, k) => (k === i ? rest : one));
      if (fails({ ...best, ops })) best = { ...best, ops };
    }
  });
  if (Object.keys(best.setup ?? {}).length > 0) return best;
  return { ops: best.ops };
}

/** Fields that no operation needs. */
const OPTIONAL = [
  "uri",
  "extra",
  "flags",
  "vfsFlags",
  "noCheckpoint",
  "noSync",
  "superJournal",
  "persistent",
  "mode",
];
