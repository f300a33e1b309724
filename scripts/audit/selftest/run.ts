/**
 * The audit's self-test: changes every mirrored function in one place after the other and asks whether
 * the audit notices. How it notices is the caller's business.
 */

import { explain } from "./classes.js";
import { OPERATORS, type Operator } from "./mutant.js";
import { apply } from "./mutate.js";
import { plan, type TestedFunction } from "./plan.js";

/** Whether the audit finds anything wrong with this text of the function. */
export type Notices = (fn: TestedFunction, text: string) => boolean;

export interface Tally {
  /** Mutants that could be made. */
  made: number;
  /** Of these, those that the audit was asked about. */
  judged: number;
  noticed: number;
}

/** A mutant that the audit takes for the port. */
export interface Survivor {
  path: string;
  function: string;
  /** Line of the file. */
  line: number;
  operator: Operator;
  description: string;
  /** What was replaced, and by what. */
  was: string;
  now: string;
  /** Where it stood: characters of the function's text. */
  start: number;
  end: number;
  /** Id of the class that explains it. */
  class: string | null;
}

export interface SelfTestOptions {
  seed: string;
  /** Judge every so-manieth mutant; 1, the default: all. */
  sample?: number;
  /** Judge only the functions of one of several runs; what they find is put together by {@link merge}. */
  shard?: { index: number; count: number };
  /** The class of a survivor, or null. */
  explain?: (survivor: Survivor, fn: TestedFunction) => string | null;
}

export interface SelfTestResult {
  seed: string;
  sample: number;
  /** Functions of which a mutant was judged. */
  functions: number;
  total: Tally;
  operators: Partial<Record<Operator, Tally>>;
  files: Record<string, Tally>;
  survivors: Survivor[];
  /** Functions, `PATH NAME`, that the audit complains about as they are: their mutants say nothing. */
  unfit: string[];
}

function tally(): Tally {
  return { made: 0, judged: 0, noticed: 0 };
}

function add(to: Tally, from: Tally): void {
  to.made += from.made;
  to.judged += from.judged;
  to.noticed += from.noticed;
}

function ask(notices: Notices, fn: TestedFunction, text: string, what: string): boolean {
  try {
    return notices(fn, text);
  } catch (cause) {
    throw new Error(`${fn.path} ${fn.name}: the audit cannot judge this: ${what}`, { cause });
  }
}

export function selfTest(
  functions: readonly TestedFunction[],
  notices: Notices,
  options: SelfTestOptions,
): SelfTestResult {
  const { seed, sample = 1, shard = { index: 0, count: 1 } } = options;
  const reasonFor = options.explain ?? explain;
  const mine = new Set(functions.filter((_, i) => i % shard.count === shard.index));
  const unfit = new Set([...mine].filter((fn) => ask(notices, fn, fn.text, "the function as it is")));
  /* Every shard plans the same; only what it judges is its own. */
  const { made, chosen } = plan(functions, seed, sample);

  const result: SelfTestResult = {
    seed,
    sample,
    functions: 0,
    total: tally(),
    operators: {},
    files: {},
    survivors: [],
    unfit: [...unfit].map((fn) => `${fn.path} ${fn.name}`),
  };
  const count = (path: string, operator: Operator, what: Tally): void => {
    add(result.total, what);
    add((result.operators[operator] ??= tally()), what);
    add((result.files[path] ??= tally()), what);
  };
  if (shard.index === 0) {
    for (const [path, byOperator] of made) {
      for (const [operator, n] of byOperator) count(path, operator, { made: n, judged: 0, noticed: 0 });
    }
  }

  const judged = new Set<TestedFunction>();
  for (const { fn, edit } of chosen) {
    if (!mine.has(fn) || unfit.has(fn)) continue;
    const mutant = apply(fn.text, edit);
    if (mutant === null) throw new Error(`${fn.path} ${fn.name}: does not parse: ${edit.description}`);
    judged.add(fn);
    const noticed = ask(notices, fn, mutant.text, mutant.description);
    count(fn.path, edit.operator, { made: 0, judged: 1, noticed: noticed ? 1 : 0 });
    if (noticed) continue;
    const { operator, description, was, now, at, start, end } = mutant;
    const survivor: Survivor = {
      ...{ path: fn.path, function: fn.name, line: fn.first + at - 1 },
      ...{ operator, description, was, now, start, end, class: null },
    };
    result.survivors.push({ ...survivor, class: reasonFor(survivor, fn) });
  }
  result.functions = judged.size;
  return inOrder(result);
}

/** Keys and lists in an order that does not depend on who counted first. */
function inOrder(result: SelfTestResult): SelfTestResult {
  const operators: SelfTestResult["operators"] = {};
  for (const operator of OPERATORS) {
    const found = result.operators[operator];
    if (found !== undefined) operators[operator] = found;
  }
  const files = Object.fromEntries(Object.entries(result.files).sort(([a], [b]) => (a < b ? -1 : 1)));
  const key = (s: Survivor): string => `${s.path} ${String(s.line).padStart(6, "0")} ${s.operator} ${s.now}`;
  const survivors = [...result.survivors].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return { ...result, operators, files, survivors, unfit: [...result.unfit].sort() };
}

/** Puts the results of all shards of one run together. */
export function merge(results: readonly SelfTestResult[]): SelfTestResult {
  const [first, ...rest] = results;
  if (first === undefined) throw new Error("no results to merge");
  const whole: SelfTestResult = {
    ...first,
    total: { ...first.total },
    operators: structuredClone(first.operators),
    files: structuredClone(first.files),
    survivors: [...first.survivors],
    unfit: [...first.unfit],
  };
  for (const r of rest) {
    if (r.seed !== whole.seed || r.sample !== whole.sample) throw new Error("shards of different runs");
    whole.functions += r.functions;
    add(whole.total, r.total);
    for (const operator of OPERATORS) {
      const found = r.operators[operator];
      if (found !== undefined) add((whole.operators[operator] ??= tally()), found);
    }
    for (const [path, found] of Object.entries(r.files)) add((whole.files[path] ??= tally()), found);
    whole.survivors.push(...r.survivors);
    whole.unfit.push(...r.unfit);
  }
  return inOrder(whole);
}
