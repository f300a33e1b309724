/**
 * Is the harness able to fail? Each planted fault must turn its suite red, and the same cases must be
 * green without it. Runs the production build that `npm test` makes first.
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { RunReport } from "../report/summary.js";
import { faults, type PlantedFault } from "./faults.js";
import { plant } from "./plant.js";

const sound = fileURLToPath(new URL("../../dist/production/conformance/cli.js", import.meta.url));

/** Runs the fault's cases; the report, and the exit code. */
function conform(
  cli: string,
  fault: PlantedFault,
): { code: number | null; report: RunReport | null; err: string } {
  const filters = fault.cases.flatMap((name) => ["--filter", name]);
  const r = spawnSync(
    process.execPath,
    [cli, "conform", "--json", "--no-report", "--lanes", "2", "--suite", fault.suite, ...filters],
    { encoding: "utf8", maxBuffer: 256 << 20 },
  );
  return {
    code: r.status,
    report: r.stdout === "" ? null : (JSON.parse(r.stdout) as RunReport),
    err: r.stderr,
  };
}

/** What the build without a fault came to, for each set of cases: several faults share theirs. */
const withoutFault = new Map<string, ReturnType<typeof conform>>();

function conformSound(fault: PlantedFault): ReturnType<typeof conform> {
  const key = JSON.stringify([fault.suite, fault.cases]);
  const known = withoutFault.get(key) ?? conform(sound, fault);
  withoutFault.set(key, known);
  return known;
}

describe("planted faults", () => {
  beforeAll(() => {
    if (!existsSync(sound))
      throw new Error("there is no build: run `npm run build` (or `npm test`, which does)");
  });

  const planted = faults.filter((f) => !f.slow || process.env["FAULTS"] === "all");
  it.each(planted)("$id: $what", (fault) => {
    const without = conformSound(fault);
    expect(without.code, without.err).toBe(0);
    expect(without.report?.results.some((r) => r.outcome === "passed")).toBe(true);
    const build = plant(fault);
    try {
      const withFault = conform(build.cli, fault);
      expect(withFault.code, withFault.err).toBe(1);
      expect(withFault.report?.results.some((r) => r.outcome === "failed")).toBe(true);
    } finally {
      build.remove();
    }
  }, 180_000);
});
