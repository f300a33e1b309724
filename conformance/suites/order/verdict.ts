/** What the rules found, as findings of a case. */

import type { CaseContext } from "../../core/case.js";
import type { OrderChecker, OrderCounts } from "../../core/order/rules.js";

/**
 * Ends the checker; fails the case if a rule was broken, or if nothing happened that a rule speaks of.
 *
 * @param must what the trace must have contained
 */
export function judge(
  ctx: CaseContext,
  what: string,
  checker: OrderChecker,
  must: readonly (keyof OrderCounts)[] = ["databaseWrites"],
): OrderCounts {
  checker.finish();
  const { violations, counts } = checker;
  ctx.check.ok(
    `${what} break a rule: ${violations[0]?.rule ?? ""}: ${violations[0]?.text ?? ""}`,
    violations.length === 0,
    violations
      .slice(0, 10)
      .map((v) => `call ${v.at}, ${v.rule}: ${v.text}`)
      .join("\n"),
  );
  for (const key of must) {
    ctx.check.ok(`${what}: there are ${key}`, counts[key] > 0, JSON.stringify(counts));
  }
  return counts;
}
