/** Random plays: settings and operations, made and shrunk by fast-check. */

import fc from "fast-check";
import {
  SQLITE_BUSY,
  SQLITE_CANTOPEN,
  SQLITE_FULL,
  SQLITE_IOERR,
  SQLITE_IOERR_NOMEM,
} from "../../../src/index.js";
import { type Finding, FindingError } from "../../core/case.js";
import type { Random } from "../../core/random.js";
import type { ShimCall, ShimPlan } from "../../engines/shimvfs.js";
import { FAILING_CALLS } from "../calls.js";
import { LEVELS } from "../matrix.js";
import { type Play, playText, type Step } from "../play.js";
import { DEFAULTS, DEVICES, type Settings, settingsText } from "../settings.js";
import { attach } from "../workloads/words.js";
import { operations, render, TABLES } from "./operations.js";

const usual = <T>(first: T, rest: readonly T[]): fc.Arbitrary<T> =>
  fc.constantFrom(first, ...rest.filter((x) => x !== first));

/** Settings; simpler ones come first, towards which fast-check shrinks. */
export const settings: fc.Arbitrary<Settings> = fc.record({
  pageSize: fc.constantFrom(1024, 512, 4096, 2048, 8192),
  journal: fc.constantFrom("DELETE" as const, "PERSIST" as const, "TRUNCATE" as const, "MEMORY" as const),
  sync: usual("FULL", LEVELS.sync),
  autoVacuum: usual("NONE", LEVELS.autoVacuum),
  cache: fc.constantFrom(null, 4, 7, 12, 25),
  exclusive: fc.constantFrom(false, false, false, true),
  mmap: fc.constantFrom(0, 0, 0, 20000, 1 << 22),
  tempStore: usual("DEFAULT", LEVELS.tempStore),
  sizeLimit: fc.constantFrom(null, null, 0, 1500),
  device: fc.oneof({ weight: 2, arbitrary: fc.constant(DEFAULTS.device) }, fc.constantFrom(...DEVICES)),
  pendingByte: fc.constantFrom(null, null, null, 16384),
  secureDelete: usual("OFF", LEVELS.secureDelete),
  cacheSpill: fc.constantFrom(null, null, null, "OFF" as const, 4),
  fullfsync: fc.constantFrom(false, false, false, true),
});

/** A random play; its tables exist before the operations begin. */
export const randomPlay: fc.Arbitrary<Play> = fc
  .record({ settings, attached: fc.boolean(), operations })
  .map(({ settings: s, attached, operations: list }) => {
    /* The locking bytes must not be on page 1 of any database that VACUUM may make. */
    const fit = s.pendingByte !== null && s.pageSize > 4096 ? { ...s, pendingByte: 65536 } : s;
    const made = TABLES.filter((t) => attached || !t.name.startsWith("b.")).map(
      (t): Step => ({
        do: "sql",
        sql: t.create,
      }),
    );
    const before = attached ? attach(fit, "b") : [];
    return {
      settings: fit,
      steps: [...before, ...made, ...list.map((o) => render(o, fit.pageSize, attached))],
    };
  });

/** Calls and what a VFS may answer; the pager's asserts do not bear, for one, a write that is busy. */
const KINDS: readonly { calls: ShimCall[]; rc: number }[] = [
  { calls: [...FAILING_CALLS], rc: SQLITE_IOERR },
  { calls: [...FAILING_CALLS], rc: SQLITE_IOERR_NOMEM },
  { calls: ["write"], rc: SQLITE_FULL },
  { calls: ["write"], rc: SQLITE_IOERR },
  { calls: ["sync"], rc: SQLITE_IOERR },
  { calls: ["read"], rc: SQLITE_IOERR },
  { calls: ["truncate", "delete"], rc: SQLITE_IOERR },
  { calls: ["lock"], rc: SQLITE_BUSY },
  { calls: ["unlock"], rc: SQLITE_IOERR },
  { calls: ["open"], rc: SQLITE_CANTOPEN },
  { calls: ["close", "access", "size"], rc: SQLITE_IOERR },
];

/** Something that fails in the middle of a play. */
const failing: fc.Arbitrary<ShimPlan> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    at: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 60 }) },
      { weight: 2, arbitrary: fc.integer({ min: 61, max: 1500 }) },
    ),
    persistent: fc.boolean(),
  })
  .map(({ kind, at, persistent }) => ({ ...kind, at, what: "fail" as const, persistent }));

/** A random play of which a call fails. */
export interface FailingPlay {
  play: Play;
  plan: ShimPlan;
}

/** Random plays in which calls fail. */
export const randomFailingPlay: fc.Arbitrary<FailingPlay> = fc.record({ play: randomPlay, plan: failing });

/** How many further plays may be tried to find a short one that fails alike. */
const SHRINKING = 120;

/**
 * Tries one random play; one that fails is shrunk, and its script is part of the finding.
 *
 * @param attempt throws if the play fails; a lost process is a failure too
 */
export async function tryRandomPlay(random: Random, attempt: (play: Play) => Promise<void>): Promise<void> {
  await tryRandom(random, randomPlay, attempt, (play) => describe(play));
}

/** The same with calls that fail. */
export async function tryRandomFailingPlay(
  random: Random,
  attempt: (play: FailingPlay) => Promise<void>,
): Promise<void> {
  await tryRandom(random, randomFailingPlay, attempt, ({ play, plan }) => {
    const lasting = plan.persistent ? "and all after it" : "once";
    return `call ${plan.at} of ${plan.calls.join(", ")} gives ${plan.rc}, ${lasting}\n${describe(play)}`;
  });
}

/** A play as text: its settings and its script. */
export function describe(play: Play): string {
  return `settings: ${settingsText(play.settings)}\nscript:\n${playText(play)}`;
}

/**
 * Tries one random value; one that fails is shrunk.
 *
 * @param text how the finding shows the value
 */
export async function tryRandom<T>(
  random: Random,
  arbitrary: fc.Arbitrary<T>,
  attempt: (value: T) => Promise<void>,
  text: (value: T) => string,
): Promise<void> {
  let runs = 0;
  const failures: { value: T; finding: Finding }[] = [];
  const property = fc.asyncProperty(arbitrary, async (value) => {
    /* When enough has been tried, all further ones count as passing: shrinking ends there. */
    if (runs++ > SHRINKING) return true;
    try {
      await attempt(value);
      return true;
    } catch (e) {
      const error = e as Error;
      const finding =
        e instanceof FindingError
          ? e.finding
          : {
              summary: `${error.name}: ${error.message.split("\n")[0]}`,
              detail: error.stack ?? error.message,
            };
      failures.push({ value, finding });
      return false;
    }
  });
  const result = await fc.check(property, { seed: random.u32() | 0, numRuns: 1 });
  /* Each failure is simpler than the one before. */
  const last = failures.at(-1);
  if (last !== undefined) {
    throw new FindingError({
      summary: last.finding.summary,
      detail: `${last.finding.detail}\n\nshrunk in ${runs - 1} further runs\n${text(last.value)}`,
    });
  }
  if (result.failed) throw new Error("a random play failed without a finding");
}
