/** The options of the audit's command line. Light: nothing is imported that the audit itself needs. */

import { type Command, InvalidArgumentError } from "commander";
import { UsageError } from "../../../conformance/core/usage.js";

export const REPORTERS = ["text", "json", "github", "sarif", "html"] as const;
export type ReporterName = (typeof REPORTERS)[number];

/** As in profiles.ts, which needs the parsers. */
export const PROFILES = [
  "default",
  "snapshot",
  "atomic-write",
  "batch-atomic-write",
  "debug",
  "features",
  "systems",
] as const;

/** A report and where it goes: a file, or standard output. */
export interface Output {
  reporter: ReporterName;
  file: string | null;
}

/** `--reporter` and `--output` in the order they were given. */
export type OutputArgument = { reporter: ReporterName } | { file: string };

/** The command's options as commander gives them. */
export interface AuditOptions {
  write?: boolean;
  function?: string;
  /** Both together, see {@link OutputArgument}. */
  reporter?: OutputArgument[];
  output?: OutputArgument[];
  json?: boolean;
  profile?: string[];
  upstream?: string;
  against?: string;
  fix?: string;
  selfTest?: boolean;
  sample?: number;
  seed?: number;
  quiet?: boolean;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("Give a whole number from 1 to 999999.");
  return Number(text);
}

function parseProfile(text: string, previous: string[] | undefined): string[] {
  const names = text.split(",");
  for (const name of names) {
    if (!(PROFILES as readonly string[]).includes(name))
      throw new InvalidArgumentError(`There is no profile "${name}". There are: ${PROFILES.join(", ")}.`);
  }
  return [...(previous ?? []), ...names];
}

/** Gives a command the audit's options; `npm run audit` and `pager-mirror audit` have the same. */
export function addAuditOptions(command: Command): Command {
  const given: OutputArgument[] = [];
  const parseReporter = (text: string): OutputArgument[] => {
    const reporter = REPORTERS.find((r) => r === text);
    if (reporter === undefined)
      throw new InvalidArgumentError(`There is no reporter "${text}". There are: ${REPORTERS.join(", ")}.`);
    given.push({ reporter });
    return given;
  };
  const parseOutput = (file: string): OutputArgument[] => {
    given.push({ file });
    return given;
  };
  return command
    .description("hold src/ against SQLite's C: functions and what they say, structs, constants, tags")
    .option("--function <name>", "one function: both sides aligned, and what differs")
    .option("--reporter <name>", `repeatable: ${REPORTERS.join(", ")}`, parseReporter)
    .option("--output <file>", "where the reporter before it writes; folders are made", parseOutput)
    .option("--json", "short for --reporter json")
    .option("--quiet", "findings and the last line only")
    .option("--profile <name>", `repeatable: ${PROFILES.join(", ")} (all)`, parseProfile)
    .option("--upstream <path>", "another amalgamation, or a source tree, in place of the installed one")
    .option(
      "--against <other>",
      "what another version of upstream changes, and where that is in src/: a path, or better-sqlite3@VERSION",
    )
    .option(
      "--fix <id>",
      "whether a fix is in upstream and here: an id of docs/ledger/fixes.json, or FUNCTION:TEXT",
    )
    .option("--self-test", "change the port in memory and count the changes that the audit notices")
    .option("--sample <n>", "self-test: every n-th change instead of all", parseCount)
    .option("--seed <n>", "self-test: which ones", parseCount)
    .option("--write", "write what is generated in docs/ledger")
    .allowExcessArguments(false);
}

/** Which report goes where; mistakes are said in a sentence. */
export function outputsOf(options: Pick<AuditOptions, "reporter" | "output" | "json">): Output[] {
  const outputs: Output[] = options.json === true ? [{ reporter: "json", file: null }] : [];
  let loose: string | null = null;
  let last: Output | null = outputs[0] ?? null;
  for (const argument of options.reporter ?? options.output ?? []) {
    if ("reporter" in argument) {
      const known = outputs.find((o) => o.reporter === argument.reporter && o.file === null);
      last = known ?? { reporter: argument.reporter, file: null };
      if (known === undefined) outputs.push(last);
    } else if (last !== null && last.file === null) {
      last.file = argument.file;
    } else if (last === null && loose === null) {
      loose = argument.file;
    } else {
      throw new UsageError(
        `--output ${argument.file} belongs to no reporter; write --reporter NAME before it`,
      );
    }
  }
  if (outputs.length === 0) outputs.push({ reporter: "text", file: null });
  if (loose !== null) {
    if (outputs.length > 1 || outputs[0]!.file !== null)
      throw new UsageError(
        `it is not clear whose --output ${loose} is; write it behind the --reporter it is for`,
      );
    outputs[0]!.file = loose;
  }
  const shown = outputs.filter((o) => o.file === null).map((o) => o.reporter);
  const alone = shown.find((r) => r !== "text" && r !== "github");
  if (alone !== undefined && shown.length > 1)
    throw new UsageError(
      `${shown.join(" and ")} cannot share standard output; give ${alone} a file: --reporter ${alone} --output FILE`,
    );
  const files = outputs.flatMap((o) => (o.file === null ? [] : [o.file]));
  const twice = files.find((f, i) => files.indexOf(f) !== i);
  if (twice !== undefined) throw new UsageError(`two reports cannot go into the same file, ${twice}`);
  return outputs;
}

/** Refuses options that make no sense together. */
export function checkOptions(o: AuditOptions): void {
  const refuse = (a: string, b: string, why: string): never => {
    throw new UsageError(`${a} and ${b} do not go together: ${why}`);
  };
  if (o.write && o.upstream !== undefined)
    refuse("--write", "--upstream", "the ledgers are those of the installed upstream");
  if (o.write && o.profile !== undefined) refuse("--write", "--profile", "the ledgers need all profiles");
  const comparison = o.fix !== undefined ? "--fix" : o.against !== undefined ? "--against" : null;
  if (comparison !== null && o.profile !== undefined)
    refuse(comparison, "--profile", "changes are looked up in all arms");
  if (comparison !== null && o.write) refuse(comparison, "--write", "nothing is generated there");
  if (comparison !== null && o.selfTest) refuse("--self-test", comparison, "each is a run of its own");
  for (const [given, option] of [
    [o.write, "--write"],
    [o.function, "--function"],
    [o.profile, "--profile"],
    [o.upstream, "--upstream"],
  ] as const)
    if (o.selfTest && given !== undefined) refuse("--self-test", option, "it is about the whole audit");
  if (!o.selfTest && (o.sample !== undefined || o.seed !== undefined))
    throw new UsageError("--sample and --seed are for --self-test; add it or leave them out");
}
