/** `--self-test`: how many changes of the port the audit notices. */

import { UsageError } from "../../../conformance/core/usage.js";
import { runSelfTest } from "../selftest/index.js";
import { passes, renderSelfTest, renderSelfTestJson, renderSummary } from "../selftest/report.js";
import type { AuditOptions, Output } from "./options.js";
import { putOut, type Surroundings } from "./surroundings.js";

/** Exit code: 0 if enough changes are noticed, 1 otherwise. */
export async function runSensitivity(
  root: string,
  options: AuditOptions,
  outputs: readonly Output[],
  given: Surroundings,
): Promise<number> {
  const other = outputs.find((o) => o.reporter !== "text" && o.reporter !== "json");
  if (other !== undefined)
    throw new UsageError(
      `--self-test has the reporters text and json; leave out --reporter ${other.reporter}`,
    );
  const { seed, sample } = options;
  const result = await runSelfTest(root, {
    seed: String(seed ?? 1),
    ...(sample === undefined ? {} : { sample }),
  });
  for (const { reporter, file } of outputs) {
    const short = options.quiet === true && passes(result);
    const text =
      reporter === "json"
        ? renderSelfTestJson(result)
        : short
          ? renderSummary(result)
          : renderSelfTest(result);
    putOut(`${text}\n`, file, given);
  }
  return passes(result) ? 0 : 1;
}
