#!/usr/bin/env node
/**
 * The command line: `pager-mirror conform`, `pager-mirror audit`, `pager-mirror inspect` and others.
 *
 * Exit codes: 0 clean, 1 findings, 2 usage or crash.
 */

import { availableParallelism } from "node:os";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { type AuditOptions, addAuditOptions } from "../scripts/audit/cli/options.js";
import { BENCH_PARTS, type BenchPagerOptions, type BenchPart, benchPager } from "./bench/pager/index.js";
import { type BenchOptions, benchSql } from "./bench/sql.js";
import { type ConformOptions, conform } from "./conform.js";
import { UsageError } from "./core/usage.js";
import { type CorporaOptions, corpora } from "./corpora/corpora.js";
import type { EngineOptions } from "./engine/build/index.js";
import { reportEngine } from "./engine/build/report.js";
import { type InspectOptions, inspectFile } from "./format/inspect.js";
import { type MergeOptions, merge } from "./merge.js";
import { type LockstepCommandOptions, lockstepCommand } from "./oracle/process/command.js";
import { suites } from "./suites/index.js";
import { checkVectors, writeVectors } from "./vectors/command.js";
import type { Level } from "./vectors/format.js";
import type { Abi } from "./vectors/play-child.js";

function parseShard(text: string): { index: number; count: number } {
  const m = /^([1-9]\d*)\/([1-9]\d*)$/.exec(text);
  const index = Number(m?.[1]);
  const count = Number(m?.[2]);
  if (m === null || index > count) throw new InvalidArgumentError("Write i/n with 1 <= i <= n, such as 2/4.");
  return { index, count };
}

function parsePositive(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError("Give a whole number from 1 to 9999.");
  return Number(text);
}

function parseRows(text: string): number {
  if (!/^[1-9]\d{2,6}$/.test(text))
    throw new InvalidArgumentError("Give a whole number from 100 to 9999999.");
  return Number(text);
}

function parsePage(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text) || Number(text) > 0xfffffffe)
    throw new InvalidArgumentError("Give a page number from 1 to 4294967294.");
  return Number(text);
}

function parseSuite(text: string, previous: string[]): string[] {
  const names = text.split(",");
  for (const name of names) {
    if (!suites.some((s) => s.name === name)) {
      throw new InvalidArgumentError(
        `There is no suite "${name}". There are: ${suites.map((s) => s.name).join(", ")}.`,
      );
    }
  }
  return [...previous, ...names];
}

function parsePart(text: string, previous: BenchPart[]): BenchPart[] {
  const part = BENCH_PARTS.find((p) => p === text);
  if (part === undefined) throw new InvalidArgumentError(`The parts are: ${BENCH_PARTS.join(", ")}.`);
  return [...previous, part];
}

function collect(text: string, previous: string[]): string[] {
  return [...previous, text];
}

const program = new Command("pager-mirror")
  .description("SQLite's pager in TypeScript, held against real SQLite.")
  .exitOverride()
  .showHelpAfterError("(pager-mirror --help lists commands and options)");

program
  .command("conform")
  .description("run the conformance suites: the port beside real SQLite, on the same files")
  .option(
    "--suite <name>",
    `only this suite (repeatable, or comma-separated): ${suites.map((s) => s.name).join(", ")}`,
    parseSuite,
    [],
  )
  .option(
    "--filter <text>",
    'only cases whose name contains this text; "=name" for exactly one (repeatable)',
    collect,
    [],
  )
  .option("--seed <text>", "seed of everything random; the same seed runs the same cases", "1")
  .option("--shard <i/n>", "run the i-th of n equal shares", parseShard)
  .option("--lanes <n>", "cases side by side", parsePositive, Math.min(availableParallelism(), 8))
  .option("--full", "the whole matrix instead of the share that takes minutes")
  .option(
    "--budget <minutes>",
    "how long random lockstep programs may run altogether, instead of a fixed number of operations",
    parsePositive,
  )
  .option("--keep", "keep the folders of failed cases")
  .option("--json", "print the results as JSON on standard output, everything else on standard error")
  .option("--report <file>", "where the HTML report goes", "report/conformance.html")
  .option("--no-report", "write no HTML report")
  .option("--no-bench", "do not measure the port beside C at the end of a run of all suites")
  .option("--list", "list the selected cases and run nothing")
  .action(async (options: ConformOptions) => {
    process.exitCode = await conform(options);
  });

program
  .command("merge")
  .description("put the JSON reports of several runs together, such as the shards of one")
  .argument("<reports...>", "what `conform --json` printed, one file a run")
  .option("--json", "print the merged report as JSON on standard output, everything else on standard error")
  .option("--report <file>", "where the HTML report goes", "report/conformance.html")
  .option("--no-report", "write no HTML report")
  .action((files: string[], options: MergeOptions) => {
    process.exitCode = merge(files, options);
  });

program
  .command("corpora")
  .description("harvest the SQL of test files and run it on real SQLite and on the port")
  .requiredOption(
    "--source <path>",
    "a tarball of SQLite's source, or a folder: its .test files in TCL or in sqllogictest's format",
  )
  .option("--filter <text>", 'only files whose name contains this text; "=name" for exactly one', collect, [])
  .option("--shard <i/n>", "run the i-th of n equal shares", parseShard)
  .option("--lanes <n>", "files side by side", parsePositive, Math.min(availableParallelism(), 8))
  .option("--seed <text>", "seed of the random numbers that tests draw", "1")
  .option(
    "--budget <seconds>",
    "how long a file may take on real SQLite; the port gets five times that",
    parsePositive,
    60,
  )
  .option("--json", "print the results as JSON on standard output, everything else on standard error")
  .option("--report <file>", "write an HTML report")
  .option("--list", "list the selected files with what they hold and run nothing")
  .option("--twice", "hold real SQLite against itself: a mismatch then is the harness's")
  .action(async (options: CorporaOptions) => {
    process.exitCode = await corpora(options);
  });

addAuditOptions(program.command("audit")).action(async (options: AuditOptions) => {
  /* Loads the parsers of C and TypeScript, which no other command needs and the npm package has not. */
  const { runAudit } = await import("../scripts/audit/cli/command.js");
  process.exitCode = await runAudit(options);
});

program
  .command("inspect")
  .description("print a database, rollback journal, write-ahead log or wal-index, field by field")
  .argument("<file>", "a database, -journal, -wal or -shm file; it is read, never opened by an engine")
  .option("--records <n>", "journal records or log frames to list", parsePositive, 100)
  .option("--page <n>", "-wal: which frame serves this page at each commit; -shm: which one now", parsePage)
  .option("--json", "as JSON")
  .action((file: string, options: InspectOptions) => {
    process.stdout.write(inspectFile(file, options));
  });

program
  .command("engine")
  .description("build the SQL engine (SQLite's upper half as WebAssembly) unless that has been done before")
  .option("--force", "compile even if the cache has it")
  .addOption(
    new Option("--compiler <which>", "insist on the system's clang or the npm package @yowasp/clang").choices(
      ["system", "yowasp"],
    ),
  )
  .option("--debug", "with the lines of the C source in it, for a debugger")
  .action(async (options: EngineOptions) => {
    process.stdout.write(await reportEngine(options));
  });

program
  .command("lockstep")
  .description("run a saved program on SQLite's C pager and on the port, compared after every operation")
  .argument("<program>", "a JSON file, such as those that the suite lockstep leaves in report/failures")
  .option("--debug", "on the C pager with all of its asserts")
  .option(
    "--deep",
    "compare files, shared memory and pages after every operation, not only where they settle",
  )
  .action(async (file: string, options: LockstepCommandOptions) => {
    process.exitCode = await lockstepCommand(file, options);
  });

program
  .command("vectors")
  .description("write what the C pager does as files that a pager in any language can be held against")
  .argument("<folder>", "new or empty, or one that has vectors; its README.md says how to use them")
  .option("--check", "play a folder's vectors on the port, from the files alone")
  .addOption(
    new Option("--level <n>", "with --check: how much is compared; 4 is everything")
      .choices(["1", "2", "3", "4"])
      .default("4"),
  )
  .addOption(
    new Option("--abi <name>", "with --check: whose sizes the port counts with")
      .choices(["lp64", "wasm32"])
      .default("lp64"),
  )
  .action(async (folder: string, options: { check?: boolean; level: string; abi: Abi }) => {
    process.exitCode = options.check
      ? await checkVectors(folder, { level: Number(options.level) as Level, abi: options.abi })
      : await writeVectors(folder);
  });

const bench = program
  .command("bench")
  .description("measure the port beside other SQLites")
  .action(() => {
    throw new UsageError("say what to measure: bench pager, or bench sql");
  });

bench
  .command("pager")
  .description(
    "the port beside SQLite's own pager: in WebAssembly on one disk in memory, native on real files",
  )
  .option("--rounds <n>", "measured rounds, after one that warms up", parsePositive, 5)
  .option(
    "--filter <text>",
    'only workloads whose name contains this; "=name" for one (repeatable)',
    collect,
    [],
  )
  .option("--part <name>", `only this part (repeatable): ${BENCH_PARTS.join(", ")}`, parsePart, [])
  .option(
    "--folder <path>",
    "where files lie while they are measured; default: the folder for temporary files",
  )
  .option("--json", "print the figures as JSON on standard output, everything else on standard error")
  .option("--report <file>", "where the HTML report goes", "report/pager-bench.html")
  .option("--no-report", "write no HTML report")
  .action(async (options: BenchPagerOptions) => {
    process.exitCode = await benchPager(options);
  });

bench
  .command("sql")
  .description("the SQL engine on the port beside better-sqlite3 and others")
  .option("--rounds <n>", "measured rounds, after one that warms up", parsePositive, 5)
  .option("--rows <n>", "rows of the tables", parseRows, 50000)
  .option("--json", "print the medians as JSON on standard output, everything else on standard error")
  .action(async (options: BenchOptions) => {
    process.exitCode = await benchSql(options);
  });

try {
  await program.parseAsync();
} catch (e) {
  if (e instanceof CommanderError) {
    /* commander has printed its message; its own exit code for a mistake is 1, ours is 2. */
    process.exitCode = e.exitCode === 0 ? 0 : 2;
  } else if (e instanceof UsageError) {
    process.stderr.write(`pager-mirror: ${e.message}\n`);
    process.exitCode = 2;
  } else {
    process.stderr.write(`pager-mirror stopped: ${(e as Error).stack ?? String(e)}\n`);
    process.exitCode = 2;
  }
}
