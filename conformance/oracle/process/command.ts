/** `pager-mirror lockstep FILE`: runs a program that was saved, on the C pager and on the port. */

import pc from "picocolors";
import { UsageError } from "../../core/usage.js";
import { progressLine } from "../../engine/build/report.js";
import { buildOracle, type OracleKind } from "../build/index.js";
import { readProgram } from "../random/program-file.js";
import { Oracle } from "./oracle.js";

/** The command's options as commander gives them. */
export interface LockstepCommandOptions {
  /** On the C module with all asserts. */
  debug?: boolean;
  /** Compare everything after every operation. */
  deep?: boolean;
}

/**
 * Runs it and tells what came of it; the exit code: 0 the sides agree, 1 they do not.
 *
 * @throws UsageError if the file is no program, or no oracle can be built
 */
export async function lockstepCommand(path: string, o: LockstepCommandOptions): Promise<number> {
  const file = readProgram(path);
  const kind: OracleKind = o.debug ? "debug" : "release";
  const progress = progressLine(process.stderr);
  try {
    await buildOracle({ kind, report: async (stage) => progress.show(stage) });
  } catch (e) {
    /* No compiler: a sentence will do. Anything else is a defect of ours. */
    if (e instanceof Error && e.name === "Error") throw new UsageError(e.message);
    throw e;
  } finally {
    progress.end();
  }
  const oracle = new Oracle();
  try {
    const { figures, failure } = await oracle.run(kind, { op: "program", file, deep: o.deep ?? false });
    const out = process.stdout;
    out.write(`${file.why}\n`);
    if (failure !== null) {
      out.write(`${failure.text}\n${pc.red("the C pager and the port disagree")}\n`);
      return 1;
    }
    for (const [name, n] of Object.entries(figures)) out.write(`  ${name} ${n.toLocaleString("en")}\n`);
    out.write(`${pc.green("the C pager and the port agree")}\n`);
    return 0;
  } finally {
    await oracle.child.end();
  }
}
