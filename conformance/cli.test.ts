/** The command line as a user meets it; runs the build that `npm test` makes first. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

const cli = fileURLToPath(new URL("../dist/production/conformance/cli.js", import.meta.url));

function call(...args: string[]): { code: number | null; out: string; err: string } {
  const r = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
  return { code: r.status, out: r.stdout, err: r.stderr };
}

describe("pager-mirror", () => {
  beforeAll(() => {
    if (!existsSync(cli))
      throw new Error("there is no build: run `npm run build` (or `npm test`, which does)");
  });

  it("lists cases", () => {
    const r = call("conform", "--list", "--suite", "images", "--filter", "schema, page size 512");
    expect(r.code).toBe(0);
    expect(r.out).toMatch(/^images\tschema, page size 512: /);
  });

  it("runs a case and says so", () => {
    const r = call(
      "conform",
      "--suite",
      "images",
      "--no-report",
      "--filter",
      "=schema, page size 512: DELETE, synchronous OFF, plain",
    );
    expect(r.err).toBe("");
    expect(r.code).toBe(0);
    expect(r.out).toContain("production build (asserts stripped)");
    expect(r.out).toMatch(/conformance: 1 passed, 0 failed, 0 skipped\n$/);
  });

  it("keeps standard output clean with --json", () => {
    const r = call(
      "conform",
      "--json",
      "--no-report",
      "--filter",
      "=schema, page size 512: DELETE, synchronous OFF, plain",
    );
    expect(r.code).toBe(0);
    const report = JSON.parse(r.out) as { results: { outcome: string }[] };
    expect(report.results.map((x) => x.outcome)).toEqual(["passed"]);
  });

  it.each([
    [["conform", "--suite", "nonsense"], /There is no suite "nonsense"\. There are: images/],
    [["conform", "--shard", "3/2"], /Write i\/n/],
    [["conform", "--lanes", "0"], /whole number/],
    [["conform", "--nonsense"], /unknown option/],
    [["conform", "--filter", "no case has this name"], /no case is selected/],
    [["inspect", "/nonexistent/file"], /there is no such file/],
    [["audit", "--reporter", "xml"], /There is no reporter "xml"\. There are: text/],
    [["audit", "--write", "--profile", "debug"], /--write and --profile do not go together/],
    [["audit", "--against", "/nonexistent/file"], /there is no such file or folder/],
    [["bench"], /say what to measure: bench pager, or bench sql/],
    [["bench", "pager", "--part", "all"], /The parts are: wasm, native, memory/],
    [["lockstep", "/nonexistent/file"], /cannot read the program .*no such file/],
    [["vectors", "/nonexistent/folder", "--check"], /nonexistent/],
    [["vectors", "/tmp", "--check", "--level", "5"], /Allowed choices are 1, 2, 3, 4/],
    [["merge", "/nonexistent/file"], /cannot be read: ENOENT/],
    [["nonsense"], /unknown command/],
  ])("answers %j with a sentence and exit code 2", (args, message) => {
    const r = call(...args);
    expect(r.code).toBe(2);
    expect(r.err).toMatch(message);
    expect(r.err).not.toMatch(/\n\s+at /);
  });

  it("prints help with exit code 0", () => {
    const r = call("conform", "--help");
    expect(r.code).toBe(0);
    expect(r.out).toContain("--shard <i/n>");
  });
});
