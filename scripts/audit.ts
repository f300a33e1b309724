/**
 * The fidelity audit: every function of upstream's files is ported and says what upstream says, or
 * somebody said why not. What it checks and what its findings mean is in docs/audit.md.
 *
 * Usage: npm run audit -- [options]; the same as `pager-mirror audit`.
 * Exit: 0 clean, 1 findings, 2 usage or crash.
 */

import { Command, CommanderError } from "commander";
import { UsageError } from "../conformance/core/usage.js";
import { runAudit } from "./audit/cli/command.js";
import { type AuditOptions, addAuditOptions } from "./audit/cli/options.js";

const program = addAuditOptions(new Command("audit"))
  .exitOverride()
  .showHelpAfterError("(npm run audit -- --help lists the options)")
  .action(async (options: AuditOptions) => {
    process.exitCode = await runAudit(options);
  });

try {
  await program.parseAsync();
} catch (e) {
  if (e instanceof CommanderError) {
    /* commander has printed its message; its own exit code for a mistake is 1, ours is 2. */
    process.exitCode = e.exitCode === 0 ? 0 : 2;
  } else {
    const text =
      e instanceof UsageError ? `audit: ${e.message}` : `audit stopped: ${(e as Error).stack ?? String(e)}`;
    process.stderr.write(`${text}\n`);
    process.exitCode = 2;
  }
}
