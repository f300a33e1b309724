import { beforeAll, describe, expect, it } from "vitest";
import { compiledUnder } from "./bodies.js";
import { checkConstants } from "./constants.js";
import { match } from "./match.js";
import { OPTIONS, optionsOf, PROFILE_NAMES, profilesOf } from "./profiles.js";
import { projectRoot } from "./root.js";
import { loadOurs, loadUpstream, type UpstreamSide } from "./run.js";
import { readSources, readTypeScript } from "./typescript.js";

let theirs: UpstreamSide;
beforeAll(async () => {
  theirs = await loadUpstream(projectRoot());
}, 60_000);

/** Options that are the same under all profiles, and why. */
const NEVER_FLIPPED: Readonly<Record<string, string>> = {
  SQLITE_IGNORE_FLOCK_LOCK_ERRORS: "for flock() locking, which C has on Apple's systems; never true here",
  SQLITE_PCACHE_TRACE: "no option in C, where the arm is behind `&& 0`",
  SQLITE_TEMP_FILE_PREFIX: "a text; only numbers and truths can be chosen here",
};

describe("profiles", () => {
  const profiles = profilesOf(projectRoot());
  const option = (profile: string, name: string): number | boolean | undefined =>
    profiles.find((p) => p.name === profile)!.options.get(name);

  const base = profiles[0]!;
  const changes = profiles.map((p) => [...p.options].filter(([name, v]) => base.options.get(name) !== v));

  it("differ in what they are named after and nothing else", () => {
    expect(profiles.map((p) => p.name)).toEqual(PROFILE_NAMES);
    expect(changes.slice(0, 5)).toEqual([
      [],
      [
        ["SQLITE_ENABLE_SNAPSHOT", true],
        ["SQLITE_ENABLE_SETLK_TIMEOUT", 1],
      ],
      [["SQLITE_ENABLE_ATOMIC_WRITE", true]],
      [["SQLITE_ENABLE_BATCH_ATOMIC_WRITE", true]],
      [["SQLITE_DEBUG", true]],
    ]);
  });

  it("flip every option at least once", () => {
    const all = readTypeScript(new Map([[OPTIONS, readSources(projectRoot()).get(OPTIONS)!]])).constants;
    const flipped = new Set(changes.flatMap((list) => list.map(([name]) => name)));
    const never = all.filter((c) => c.exported && !flipped.has(c.name)).map((c) => c.name);
    expect(never).toEqual(Object.keys(NEVER_FLIPPED));
  });

  it("choose what an option chooses between, debug build or not", () => {
    const values = (name: string): unknown[] => [...new Set(profiles.map((p) => p.options.get(name)))];
    expect(values("SQLITE_THREADSAFE")).toEqual([2, 1, 0]);
    expect(values("SQLITE_ENABLE_8_3_NAMES")).toEqual([0, 1, 2]);
    expect(values("SQLITE_ENABLE_SETLK_TIMEOUT")).toEqual([0, 1, 2]);
    const both = (name: string): unknown[] =>
      profiles.filter((p) => p.options.get(name)).map((p) => p.options.get("SQLITE_DEBUG"));
    expect(both("SQLITE_ENABLE_SETLK_TIMEOUT")).toEqual([false, true, false]);
    for (const name of ["SQLITE_ENABLE_FILESTAT", "SQLITE_CHECK_PAGES"]) expect(both(name)).toEqual([false]);
  });

  it("have a value for every option, also for those that are computed", () => {
    expect(option("default", "SQLITE_DEBUG")).toBe(false);
    expect(option("default", "USE_PREAD64")).toBe(false);
    expect(option("default", "SQLITE_STMTJRNL_SPILL")).toBe(65536);
    expect(profiles.find((p) => p.name === "debug")!.profile.defines.has("NDEBUG")).toBe(false);
  });

  it("refuse an option that cannot be computed", () => {
    expect(() => optionsOf("export const SQLITE_X: number = Date.now();", new Map())).toThrow(/SQLITE_X/);
  });
});

describe("functions", () => {
  it("are compiled by one profile at least, if they are ported", () => {
    const ours = loadOurs(projectRoot());
    const side = readTypeScript(ours.sources);
    const { rows } = match(theirs.inventoryOf, side, ours.decisions);
    const ported = rows.filter((r) => r.status === "ported" && r.ts !== null && r.upstream !== null);
    const never = ported.filter(
      (r) => !theirs.sides.some((s) => compiledUnder(theirs, s, r.file, r.name) !== undefined),
    );
    /* Behind `&& 0` in C. */
    expect(never.map((r) => r.name)).toEqual(["pcachePageTrace", "pcacheDump"]);
  });
});

describe("options and constants", () => {
  const sources = readSources(projectRoot());

  const planted = (from: string, to: string): string[] => {
    const text = sources.get(OPTIONS)!;
    expect(text, "the fault can be planted").toContain(from);
    const side = readTypeScript(new Map([[OPTIONS, text.replace(from, to)]]));
    return checkConstants(theirs.up, theirs.sides, side).findings.map(
      (f) => `${f.rule} ${f.subject} ${f.message}`,
    );
  };

  it("are compiled so under every profile", () => {
    expect(planted("overrides = ", "overrides  = ")).toEqual([]);
  });

  it("are wrong if they are so under one profile", () => {
    const from = 'flag("SQLITE_ENABLE_SNAPSHOT", false)';
    expect(planted(from, "false")).toEqual([
      "PM013 SQLITE_ENABLE_SNAPSHOT is false, C compiles it as 1 (profile snapshot)",
    ]);
    expect(planted(from, "true")).toEqual([
      "PM013 SQLITE_ENABLE_SNAPSHOT is true, C compiles it as not defined (profile default, atomic-write, batch-atomic-write, debug, features, systems)",
    ]);
    expect(planted('flag("HAVE_NANOSLEEP", true)', "false")).toEqual([
      "PM013 HAVE_NANOSLEEP is false, C compiles it as not defined (profile default, snapshot, atomic-write, batch-atomic-write, debug)",
    ]);
    expect(planted('!USE_PREAD && flag("USE_PREAD64", false)', "false")).toEqual([
      "PM013 USE_PREAD64 is false, C compiles it as 1 (profile features)",
    ]);
    expect(planted('flag("HAVE_READLINK", true)', "true")).toEqual([
      "PM013 HAVE_READLINK is true, C compiles it as not defined (profile systems)",
    ]);
  });
});
