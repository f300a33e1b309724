/** Runs the audit as the command line asks for it. */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { UsageError } from "../../../conformance/core/usage.js";
import { COLOURED, PLAIN } from "../report/terminal.js";
import { projectRoot } from "../root.js";
import { type AuditOptions, checkOptions, type Output, outputsOf } from "./options.js";
import { PROCESS, putOut, type Surroundings } from "./surroundings.js";

/** The root of a checkout in which the audit can run. */
function checkout(): string {
  let root: string;
  try {
    root = projectRoot();
  } catch (e) {
    throw new UsageError((e as Error).message);
  }
  if (!existsSync(join(root, "src/pager/pager.ts")))
    throw new UsageError(
      "the audit reads the sources of the port, which the npm package does not carry; run it in a checkout",
    );
  const require = createRequire(import.meta.url);
  for (const name of ["better-sqlite3", "ts-morph", "web-tree-sitter", "tree-sitter-c"]) {
    try {
      require.resolve(`${name}/package.json`, { paths: [root] });
    } catch (e) {
      /* A package that does not export its package.json is there all the same. */
      if ((e as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND")
        throw new UsageError(`the audit needs ${name}, which is not installed; run npm ci in ${root}`);
    }
  }
  return root;
}

/** Exit code: 0 clean, 1 findings. Throws a UsageError for mistakes of who called. */
export async function runAudit(options: AuditOptions, given: Surroundings = PROCESS): Promise<number> {
  checkOptions(options);
  const outputs = outputsOf(options);
  const root = checkout();
  if (options.selfTest) return (await import("./self-test.js")).runSensitivity(root, options, outputs, given);
  if (options.against !== undefined || options.fix !== undefined)
    return (await import("./drift.js")).runComparison(root, options, outputs, given);
  return await runReports(root, options, outputs, given);
}

async function runReports(
  root: string,
  options: AuditOptions,
  outputs: readonly Output[],
  given: Surroundings,
): Promise<number> {
  const { render, select } = await import("./reports.js");
  const all = await given.makeReport(root, options);
  const report = options.function === undefined ? all : select(all, options.function);
  for (const { reporter, file } of outputs) {
    const text = render(reporter, report, {
      root,
      env: given.env,
      paint: file === null && given.colours ? COLOURED : PLAIN,
      width: file === null ? given.columns : undefined,
      quiet: options.quiet === true,
      function: options.function !== undefined,
      up: file === null ? "" : folderUp(root, file),
    });
    putOut(text, file, given);
  }
  const shown = outputs.filter((o) => o.file === null).map((o) => o.reporter);
  const settings = {
    root,
    env: given.env,
    paint: PLAIN,
    width: undefined,
    quiet: true,
    function: false,
    up: "",
  };
  if (given.env["GITHUB_ACTIONS"] === "true" && shown.includes("text") && !shown.includes("github"))
    given.out(render("github", report, settings));
  if (shown.length === 0) {
    const { closing } = await import("../report/counts.js");
    const files = outputs.map((o) => o.file).join(", ");
    given.err(`${closing(report)}; written: ${files}\n`);
  }
  return report.findings.length === 0 ? 0 : 1;
}

/** From the folder of a file to the root: what links in the file begin with. */
function folderUp(root: string, file: string): string {
  const path = relative(dirname(resolve(file)), root)
    .split(sep)
    .join("/");
  return path === "" ? "" : `${path}/`;
}
