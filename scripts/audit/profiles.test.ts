import { beforeAll, describe, expect, it } from "vitest";
import { checkConstants } from "./constants.js";
import { OPTIONS, optionsOf, PROFILE_NAMES, profilesOf } from "./profiles.js";
import { projectRoot } from "./root.js";
import { loadUpstream, type UpstreamSide } from "./run.js";
import { readSources, readTypeScript } from "./typescript.js";

describe("profiles", () => {
  const profiles = profilesOf(projectRoot());
  const option = (profile: string, name: string): number | boolean | undefined =>
    profiles.find((p) => p.name === profile)!.options.get(name);

  it("differ in what they are named after and nothing else", () => {
    expect(profiles.map((p) => p.name)).toEqual(PROFILE_NAMES);
    const base = profiles[0]!;
    const changes = profiles.map((p) => [...p.options].filter(([name, v]) => base.options.get(name) !== v));
    expect(changes).toEqual([
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

describe("options and constants", () => {
  let theirs: UpstreamSide;
  const sources = readSources(projectRoot());
  beforeAll(async () => {
    theirs = await loadUpstream(projectRoot());
  });

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
      "PM013 SQLITE_ENABLE_SNAPSHOT is true, C compiles it as not defined (profile default, atomic-write, batch-atomic-write, debug)",
    ]);
    expect(planted('flag("HAVE_NANOSLEEP", true)', "false")).toEqual([
      "PM013 HAVE_NANOSLEEP is false, C compiles it as not defined",
    ]);
  });
});
