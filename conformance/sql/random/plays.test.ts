import { describe, expect, it } from "vitest";
import { FindingError } from "../../core/case.js";
import { Random } from "../../core/random.js";
import { type Play, stepText } from "../play.js";
import { tryRandomFailingPlay, tryRandomPlay } from "./plays.js";

const text = (play: Play): string => play.steps.map(stepText).join("\n");

async function played(seed: string): Promise<Play> {
  let seen: Play | undefined;
  await tryRandomPlay(new Random(seed), async (play) => {
    seen = play;
  });
  return seen as Play;
}

async function findingOf(run: Promise<void>): Promise<FindingError> {
  try {
    await run;
  } catch (e) {
    if (e instanceof FindingError) return e;
    throw e;
  }
  throw new Error("no finding");
}

describe("random plays", () => {
  it("depend on the seed and on nothing else", async () => {
    expect(await played("a")).toEqual(await played("a"));
    expect(text(await played("a"))).not.toBe(text(await played("b")));
  });

  it("are shrunk to a short script, in a bounded number of runs", async () => {
    let runs = 0;
    /* A defect that takes one INSERT and one DELETE after it. */
    const fails = (play: Play): boolean => {
      const kinds = play.steps.map((s) => (s.do === "sql" ? s.sql : ""));
      const insert = kinds.findIndex((k) => k.includes("INSERT INTO t0"));
      return insert >= 0 && kinds.slice(insert).some((k) => k.startsWith("DELETE FROM"));
    };
    let found: FindingError | undefined;
    for (let seed = 0; found === undefined && seed < 50; seed++) {
      runs = 0;
      const attempt = async (play: Play): Promise<void> => {
        runs++;
        if (fails(play)) throw new FindingError({ summary: "planted", detail: "" });
      };
      await tryRandomPlay(new Random(String(seed)), attempt).catch((e: FindingError) => {
        found = e;
      });
    }
    expect(found?.finding.summary).toBe("planted");
    expect(runs).toBeLessThan(130);
    const detail = found?.finding.detail ?? "";
    expect(detail).toMatch(/shrunk in \d+ further runs/);
    /* Tables and no more than a handful of operations are left. */
    expect(detail.split("script:\n")[1]?.split("\n").length).toBeLessThan(16);
  });

  it("name what fails, and take a lost process for a failure", async () => {
    const e = await findingOf(
      tryRandomFailingPlay(new Random("x"), async () => {
        throw new TypeError("the engine is gone");
      }),
    );
    expect(e.finding.summary).toBe("TypeError: the engine is gone");
    expect(e.finding.detail).toMatch(/call \d+ of .* gives \d+/);
    expect(e.finding.detail).toContain("settings: page size");
  });
});
