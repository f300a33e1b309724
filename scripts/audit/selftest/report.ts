/** What the self-test prints, and whether it passes. */

import Table from "cli-table3";
import pc from "picocolors";
import { CLASSES, type SurvivorClass } from "./classes.js";
import type { SelfTestResult, Survivor, Tally } from "./run.js";

/** Share of mutants, in percent, that the audit has to notice. */
export const THRESHOLD = 95;

/** In tenths of a percent, rounded down: what prints as the threshold has reached it. */
function tenths({ judged, noticed }: Tally): number {
  return judged === 0 ? 0 : Math.floor((noticed * 1000) / judged);
}

export function percent(t: Tally): string {
  return `${(tenths(t) / 10).toFixed(1)} %`;
}

/** Nothing judged and a function that the audit complains about as it is are failures, too. */
export function passes(result: SelfTestResult, threshold = THRESHOLD): boolean {
  const { judged, noticed } = result.total;
  return judged > 0 && result.unfit.length === 0 && noticed * 100 >= judged * threshold;
}

/** Survivors by class, the classes in their order; under null those without. */
export function byClass(survivors: readonly Survivor[]): Map<string | null, Survivor[]> {
  const found = new Map<string | null, Survivor[]>();
  for (const s of survivors) found.set(s.class, [...(found.get(s.class) ?? []), s]);
  return found;
}

function table(title: string, tallies: readonly (readonly [string, Tally])[]): string {
  const head = [title, "made", "judged", "noticed", "survive", "noticed"];
  const out = new Table({
    head,
    colAligns: head.map((_, i) => (i === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  for (const [name, t] of tallies) {
    const survive = t.judged - t.noticed;
    out.push([
      name,
      String(t.made),
      String(t.judged),
      String(t.noticed),
      survive === 0 ? pc.dim("-") : pc.yellow(String(survive)),
      t.judged === 0 ? pc.dim("-") : percent(t),
    ]);
  }
  return out.toString();
}

export function renderSurvivor(s: Survivor): string {
  return `${pc.yellow(s.operator)} ${pc.bold(s.function)}: ${s.description}  ${pc.dim(`${s.path}:${s.line}`)}`;
}

/** CI prints this line. */
export function renderSummary(result: SelfTestResult): string {
  return `self-test: ${result.total.judged} mutants of ${result.functions} functions, ${percent(result.total)} noticed`;
}

export function renderSelfTest(
  result: SelfTestResult,
  classes: readonly SurvivorClass[] = CLASSES,
  threshold = THRESHOLD,
): string {
  const out = [
    table("operator", Object.entries(result.operators)),
    table("file", Object.entries(result.files)),
    `seed ${result.seed}, ${result.sample === 1 ? "every mutant" : `one mutant in ${result.sample}`}`,
  ];
  const groups = byClass(result.survivors);
  const explained = [...groups].filter(([id]) => id !== null);
  if (explained.length > 0) {
    out.push("", pc.bold("survivors with a reason"));
    for (const [id, list] of explained) {
      const known = classes.find((c) => c.id === id);
      const note = known?.equivalent === true ? "equivalent; " : "";
      out.push(`${String(list.length).padStart(6)}  ${id}: ${note}${known?.reason ?? ""}`);
    }
  }
  const unexplained = groups.get(null) ?? [];
  if (unexplained.length > 0) {
    out.push("", pc.bold(`survivors without a reason: ${unexplained.length}`));
    out.push(...unexplained.map(renderSurvivor));
  }
  if (result.unfit.length > 0) {
    out.push("", pc.red(`the audit complains about these functions as they are: ${result.unfit.length}`));
    out.push(...result.unfit.map((name) => `  ${name}`));
  }
  out.push("");
  if (!passes(result, threshold)) {
    const why =
      result.unfit.length > 0
        ? "functions that the audit complains about cannot be judged"
        : `at least ${threshold} % are asked for`;
    out.push(pc.red(`self-test: fails; ${why}`));
  }
  out.push(renderSummary(result));
  return out.join("\n");
}

/** For machines: the result, with the classes' reasons and counts. */
export function renderSelfTestJson(
  result: SelfTestResult,
  classes: readonly SurvivorClass[] = CLASSES,
  threshold = THRESHOLD,
): string {
  const groups = byClass(result.survivors);
  return JSON.stringify(
    {
      ...result,
      percent: tenths(result.total) / 10,
      threshold,
      passes: passes(result, threshold),
      classes: classes.map(({ id, reason, equivalent }) => ({
        ...{ id, reason, equivalent },
        survivors: groups.get(id)?.length ?? 0,
      })),
      unexplained: groups.get(null)?.length ?? 0,
    },
    null,
    1,
  );
}
