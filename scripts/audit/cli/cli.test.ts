/** The audit's command line: options, where reports go, exit codes, and what is said about mistakes. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../../../conformance/core/usage.js";
import { PROFILE_NAMES } from "../profiles.js";
import { sampleReport } from "../report/sample.js";
import { type Schema, schemaErrors } from "../report/schema-check.js";
import { projectRoot } from "../root.js";
import { runAudit } from "./command.js";
import { nearest } from "./nearest.js";
import { type AuditOptions, addAuditOptions, checkOptions, outputsOf, PROFILES } from "./options.js";
import { makeReport } from "./reports.js";

const root = projectRoot();

function parse(...argv: string[]): AuditOptions {
  const command = addAuditOptions(new Command("audit"))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  command.parse(argv, { from: "user" });
  return command.opts<AuditOptions>();
}

function outputs(...argv: string[]): string[] {
  return outputsOf(parse(...argv)).map((o) => `${o.reporter}>${o.file ?? ""}`);
}

describe("options", () => {
  it("offer the profiles that there are", () => {
    expect(PROFILES).toEqual(PROFILE_NAMES);
  });

  it("say which report goes where", () => {
    expect(outputs()).toEqual(["text>"]);
    expect(outputs("--json")).toEqual(["json>"]);
    expect(outputs("--json", "--reporter", "json")).toEqual(["json>"]);
    expect(outputs("--output", "a", "--reporter", "sarif")).toEqual(["sarif>a"]);
    expect(outputs("--output", "a")).toEqual(["text>a"]);
    expect(outputs("--json", "--output", "a")).toEqual(["json>a"]);
    expect(outputs("--reporter", "text", "--reporter", "github")).toEqual(["text>", "github>"]);
    expect(
      outputs(
        "--reporter",
        "text",
        "--reporter",
        "html",
        "--output",
        "b",
        "--reporter",
        "sarif",
        "--output",
        "c",
      ),
    ).toEqual(["text>", "html>b", "sarif>c"]);
  });

  it.each([
    [["--reporter", "text", "--reporter", "json"], "text and json cannot share standard output"],
    [["--reporter", "sarif", "--reporter", "html"], "give sarif a file"],
    [["--output", "a", "--output", "b"], "--output b belongs to no reporter"],
    [["--reporter", "html", "--output", "a", "--output", "b"], "--output b belongs to no reporter"],
    [["--output", "a", "--reporter", "html", "--reporter", "text"], "it is not clear whose --output a is"],
    [["--reporter", "html", "--output", "a", "--reporter", "json", "--output", "a"], "the same file, a"],
  ])("refuse %j", (argv, message) => {
    expect(() => outputs(...argv)).toThrow(message);
  });

  it.each([
    [["--write", "--upstream", "x"], "--write and --upstream do not go together"],
    [["--write", "--profile", "debug"], "--write and --profile do not go together"],
    [["--fix", "abc", "--profile", "debug"], "--fix and --profile do not go together"],
    [["--against", "x", "--write"], "--against and --write do not go together"],
    [["--self-test", "--against", "x"], "do not go together"],
    [["--self-test", "--function", "x"], "--self-test and --function do not go together"],
    [["--sample", "3"], "--sample and --seed are for --self-test"],
  ])("refuse the combination %j", (argv, message) => {
    expect(() => checkOptions(parse(...argv))).toThrow(message);
  });

  it.each([
    [["--reporter", "xml"], 'There is no reporter "xml". There are: text, json, github, sarif, html.'],
    [["--profile", "release"], 'There is no profile "release". There are: default,'],
    [["--self-test", "--sample", "0"], "Give a whole number from 1"],
    [["extra"], "too many arguments"],
  ])("are checked when they are read: %j", (argv, message) => {
    expect(() => parse(...argv)).toThrow(message);
  });
});

describe("names that somebody may have meant", () => {
  it("are near, or contain what was given", () => {
    const names = ["walCheckpoint", "sqlite3WalCheckpoint", "walIndexHdr", "pagerOpen"];
    expect(nearest("walCheckpont", names)).toEqual(["walCheckpoint"]);
    expect(nearest("checkpoint", names)).toEqual(["walCheckpoint", "sqlite3WalCheckpoint"]);
    expect(nearest("somethingElse", names)).toEqual([]);
  });
});

describe("static imports of the command line", () => {
  /** What is loaded without calling `import()`. */
  function closure(entry: string): { packages: Set<string>; files: Set<string> } {
    const packages = new Set<string>();
    const files = new Set<string>();
    const visit = (file: string): void => {
      if (files.has(file)) return;
      files.add(file);
      const text = readFileSync(join(root, file), "utf8");
      for (const m of text.matchAll(
        /^(?:import|export)\s+(?!type\b)[^;"']*?from\s+"([^"]+)"|^import\s+"([^"]+)"/gm,
      )) {
        const name = (m[1] ?? m[2])!;
        if (name.startsWith(".")) visit(join(dirname(file), name).replace(/\.js$/, ".ts"));
        else packages.add(name);
      }
    };
    visit(entry);
    return { packages, files };
  }

  it("leave the parsers to the audit", () => {
    const { packages, files } = closure("conformance/cli.ts");
    expect(files.has("scripts/audit/cli/options.ts")).toBe(true);
    expect([...packages].filter((p) => /ts-morph|tree-sitter|typescript/.test(p))).toEqual([]);
    expect(closure("scripts/audit/cli/reports.ts").packages.has("ts-morph"), "the check can fail").toBe(true);
  });
});

describe("a run", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "audit-cli-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  interface Ran {
    code: number;
    out: string;
    err: string;
  }

  /** Runs the command; the report is made up unless the audit itself is asked for. */
  async function run(argv: readonly string[], env: Record<string, string> = {}, real = false): Promise<Ran> {
    const ran = { code: 0, out: "", err: "" };
    ran.code = await runAudit(parse(...argv), {
      out: (t) => {
        ran.out += t;
      },
      err: (t) => {
        ran.err += t;
      },
      env,
      columns: undefined,
      colours: false,
      makeReport: real ? makeReport : async () => sampleReport(),
    });
    return ran;
  }

  it("writes every report where it belongs, and standard output stays empty", async () => {
    const file = (name: string): string => join(folder, "deep/er", name);
    const given = ["html", "sarif", "json", "github", "text"].flatMap((r) => [
      ...["--reporter", r, "--output", file(r)],
    ]);
    const { code, out, err } = await run(["--function", "walSame", ...given]);
    expect(out).toBe("");
    expect(err).toMatch(/^audit: .*; written: .*html, /);
    expect(code).toBe(1);
    expect(readdirSync(join(folder, "deep/er")).sort()).toEqual(["github", "html", "json", "sarif", "text"]);
    const data = JSON.parse(readFileSync(file("json"), "utf8")) as {
      functions: { name: string }[];
      findings: { subject: string }[];
    };
    expect(data.functions.map((f) => f.name)).toEqual(["walSame"]);
    expect(data.findings.map((f) => f.subject)).toEqual(["walSame"]);
    expect(readFileSync(file("text"), "utf8")).toContain("export function walSame");
    const up = relative(join(folder, "deep/er"), root);
    expect(readFileSync(file("html"), "utf8")).toContain(`href="${up}/docs/audit/PM004.md"`);
    expect((JSON.parse(readFileSync(file("sarif"), "utf8")) as { version: string }).version).toBe("2.1.0");
  });

  it("annotates beside the text in GitHub Actions, and nowhere else", async () => {
    const ci = { GITHUB_ACTIONS: "true" };
    const lines = (r: Ran): number => r.out.split("\n").filter((l) => l.startsWith("::")).length;
    const n = sampleReport().findings.length;
    expect(lines(await run([], ci))).toBe(n);
    expect(lines(await run(["--reporter", "text", "--reporter", "github"], ci))).toBe(n);
    expect(lines(await run([]))).toBe(0);
    expect(lines(await run(["--output", join(folder, "text")], ci))).toBe(0);
    const json = await run(["--json"], ci);
    expect(() => JSON.parse(json.out) as unknown).not.toThrow();
  });

  it("has exit code 0 when nothing was found", async () => {
    expect((await run(["--function", "walMacro"])).code).toBe(0);
  });

  it("finds what another upstream has, under one profile", { timeout: 180_000 }, async () => {
    const text = readFileSync(join(root, "node_modules/better-sqlite3/deps/sqlite3/sqlite3.c"), "utf8");
    const other = join(folder, "sqlite3.c");
    writeFileSync(other, text.replaceAll("sqlite3BitvecSize", "sqlite3BitvecWidth"));
    const given = ["--profile", "default", "--upstream", other, "--json"];
    const { code, out } = await run(given, {}, true);
    expect(code).toBe(1);
    const data = JSON.parse(out) as {
      upstream: { path: string };
      profiles: string[];
      findings: { rule: string; subject: string }[];
    };
    expect(data.upstream.path).toBe(other);
    expect(data.profiles).toEqual(["default"]);
    const found = data.findings.map((f) => `${f.rule} ${f.subject}`);
    expect(found).toContain("PM001 sqlite3BitvecWidth");
    expect(found.filter((f) => /^PM0(11|20|22)/.test(f))).toEqual([]);
    const schema = JSON.parse(readFileSync(join(root, "docs/audit/audit.schema.json"), "utf8")) as Schema;
    expect(schemaErrors(schema, data)).toEqual([]);
  });

  it.each([
    [["--function", "walSam"], "did you mean walSame"],
    [["--output", "package.json/x"], "cannot write package.json/x"],
    [["--against", "/no/such"], "/no/such: there is no such file or folder"],
    [["--fix", "nonsense"], 'there is no fix "nonsense"'],
    [["--against", "x", "--reporter", "html"], "--against has the reporters text and json"],
    [["--self-test", "--reporter", "sarif"], "--self-test has the reporters text and json"],
  ])("answers %j with a sentence", async (argv, message) => {
    await expect(run(argv)).rejects.toThrow(message);
    await expect(run(argv)).rejects.toThrow(UsageError);
  });
});

describe("npm run audit", () => {
  function call(...argv: string[]): { code: number | null; out: string; err: string } {
    const tsx = resolve(root, "node_modules/tsx/dist/cli.mjs");
    const r = spawnSync(process.execPath, [tsx, "scripts/audit.ts", ...argv], {
      cwd: root,
      encoding: "utf8",
    });
    return { code: r.status, out: r.stdout, err: r.stderr };
  }

  it("has exit code 2 for mistakes, and says no more than needed", () => {
    expect(existsSync(join(root, "scripts/audit.ts"))).toBe(true);
    const unknown = call("--nonsense");
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain("unknown option '--nonsense'");
    const path = call("--upstream", "/no/such");
    expect(path).toEqual({
      code: 2,
      out: "",
      err: "audit: /no/such: there is no such file or folder\n",
    });
  });

  it("prints help with exit code 0", () => {
    const help = call("--help");
    expect(help.code).toBe(0);
    for (const option of ["--reporter", "--output", "--profile", "--against", "--self-test"])
      expect(help.out).toContain(option);
  });
});
