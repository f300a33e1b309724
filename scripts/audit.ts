/**
 * The fidelity audit: every function of upstream's files is ported, or somebody said why not.
 * What it checks and what its findings mean is in docs/audit.md.
 *
 * Usage: npm run audit -- [--write] [--json] [--function NAME]
 * Exit: 0 clean, 1 findings, 2 usage or crash.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command, CommanderError } from "commander";
import { LEDGER } from "./audit/ledger.js";
import { renderFunction, renderJson, renderReport } from "./audit/report.js";
import { projectRoot } from "./audit/root.js";
import { audit, loadOurs, loadUpstream } from "./audit/run.js";

interface Options {
  write?: boolean;
  json?: boolean;
  function?: string;
}

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("audit")
    .description("Hold src/ against the amalgamation that better-sqlite3 ships: functions, constants, tags.")
    .option("--write", `write the generated ledger, ${LEDGER}`)
    .option("--json", "print everything as JSON")
    .option("--function <name>", "show the C lines and the TypeScript lines of one function")
    .allowExcessArguments(false)
    .exitOverride();
  try {
    program.parse(argv, { from: "user" });
  } catch (e) {
    if (e instanceof CommanderError) return e.exitCode === 0 ? 0 : 2;
    throw e;
  }
  const options = program.opts<Options>();

  const root = projectRoot();
  const theirs = await loadUpstream(root);
  const ours = loadOurs(root);
  let result = audit(theirs, ours);
  if (options.write === true && result.ledger !== ours.ledger) {
    const path = join(root, LEDGER);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, result.ledger);
    result = { ...result, findings: result.findings.filter((f) => f.rule !== "PM011") };
  }

  if (options.function !== undefined) {
    const text = renderFunction(theirs.up, result.rows, result.findings, ours.sources, options.function);
    if (text === null) {
      console.error(`audit: no function of this name in the files that are mirrored: ${options.function}`);
      return 2;
    }
    console.log(text);
    return result.findings.some((f) => f.subject === options.function) ? 1 : 0;
  }
  console.log(options.json === true ? renderJson(result) : renderReport(result));
  return result.findings.length === 0 ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (e: unknown) => {
    console.error("audit:", e);
    process.exitCode = 2;
  },
);
