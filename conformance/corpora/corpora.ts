/**
 * `pager-mirror corpora`: harvests SQL from test files, runs it on real SQLite and on the port, reports.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { SQLITE_DEBUG } from "../../src/index.js";
import { UsageError } from "../core/usage.js";
import { buildEngine } from "../engine/build/index.js";
import { progressLine } from "../engine/build/report.js";
import { sqlite3_libversion } from "../engines/version.js";
import { harvestFile } from "./harvest.js";
import { cleaningUp } from "./interrupt.js";
import {
  type CorporaReport,
  closing,
  corporaHtml,
  corporaTable,
  fileFindings,
  reasonLines,
} from "./report.js";
import { runFiles, starters } from "./run.js";
import { openSource, type Source } from "./sources.js";

/** The command's options as commander gives them. */
export interface CorporaOptions {
  source: string;
  filter: string[];
  shard?: { index: number; count: number };
  lanes: number;
  seed: string;
  budget: number;
  json?: boolean;
  report?: string;
  list?: boolean;
  twice?: boolean;
}

/** The files that the options select. */
export function selectFiles(
  source: Pick<Source, "files">,
  options: Pick<CorporaOptions, "filter" | "shard">,
): string[] {
  const { filter, shard } = options;
  const chosen = source.files.filter(
    (file) =>
      filter.length === 0 || filter.some((f) => (f.startsWith("=") ? file === f.slice(1) : file.includes(f))),
  );
  return shard === undefined ? chosen : chosen.filter((_, i) => i % shard.count === shard.index - 1);
}

function list(source: Source, files: readonly string[], seed: string): void {
  for (const file of files) {
    const h = harvestFile(source, file, seed);
    const statements = h.events.filter((e) => e.do === "sql").length;
    const note = h.leftOut === null ? "" : `\t${h.leftOut}`;
    process.stdout.write(
      `${file}\t${h.kind}\t${statements} statements\t${h.exclusions.length} excluded${note}\n`,
    );
  }
}

/** Builds the SQL engine unless that has been done before; what is missing for it is the user's to mend. */
async function prepareEngine(out: NodeJS.WriteStream): Promise<void> {
  const progress = progressLine(out);
  try {
    await buildEngine(progress.show);
  } catch (e) {
    if (e instanceof Error && e.name === "Error") throw new UsageError(e.message);
    throw e;
  } finally {
    progress.end();
  }
}

/** Runs the command and returns the exit code: 0 clean, 1 mismatches. */
export async function corpora(o: CorporaOptions): Promise<number> {
  const out = o.json ? process.stderr : process.stdout;
  const source = openSource(o.source);
  return await cleaningUp(source.close, () => runCorpora(o, source, out));
}

async function runCorpora(o: CorporaOptions, source: Source, out: NodeJS.WriteStream): Promise<number> {
  const files = selectFiles(source, o);
  if (files.length === 0) {
    throw new UsageError(
      source.files.length === 0
        ? `${o.source} holds no file whose name ends with .test`
        : `no file of ${o.source} is selected; --list shows what there is`,
    );
  }
  if (o.list) {
    list(source, files, o.seed);
    return 0;
  }
  const build = SQLITE_DEBUG ? "debug build (asserts on)" : "production build (asserts stripped)";
  const against = o.twice ? "real SQLite" : "the port";
  out.write(
    `pager-mirror, ${build}: SQL of ${files.length} files on SQLite ${sqlite3_libversion()} and on ${against}, ` +
      `seed ${o.seed}, ${o.lanes} side by side\n`,
  );
  if (!o.twice) {
    await prepareEngine(out);
  }
  const started = performance.now();
  const lines = new ProgressLines(out, files.length);
  const results = await runFiles(files, (file) => harvestFile(source, file, o.seed), {
    lanes: o.lanes,
    start: starters(o.twice ?? false),
    budgets: { real: o.budget, other: o.budget * 5 },
    onResult: (r, done) => lines.show(r.file, r.mismatches, done),
  });
  lines.end();
  const report: CorporaReport = {
    source: o.source,
    upstream: sqlite3_libversion(),
    against,
    build,
    seed: o.seed,
    filter: o.filter,
    shard: o.shard ?? null,
    seconds: (performance.now() - started) / 1000,
    results,
  };
  for (const r of results) if (r.mismatches > 0) out.write(`\n${fileFindings(report, r)}\n`);
  out.write(`\n${corporaTable(report)}\n\nleft out:\n${reasonLines(report, 20)}\n\n`);
  if (o.report !== undefined) {
    const file = resolve(o.report);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, corporaHtml(report));
    out.write(`report: ${o.report}\n`);
  }
  if (o.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  out.write(`${closing(report)}\n`);
  if (results.every((r) => r.statements === 0)) {
    throw new UsageError("no statement was run, and a run that executes nothing proves nothing");
  }
  return results.some((r) => r.mismatches > 0) ? 1 : 0;
}

/** One line that is written over on a terminal, a line per tenth elsewhere. */
class ProgressLines {
  readonly #out: NodeJS.WriteStream;
  readonly #total: number;
  #tenth = 0;
  #mismatches = 0;

  constructor(out: NodeJS.WriteStream, total: number) {
    this.#out = out;
    this.#total = total;
  }

  show(file: string, mismatches: number, done: number): void {
    this.#mismatches += mismatches;
    const text = `${done}/${this.#total} files, ${this.#mismatches} mismatches`;
    if (this.#out.isTTY) {
      this.#out.write(`\r\x1b[K${text}  ${file.slice(-50)}`);
      return;
    }
    const tenth = Math.floor((done * 10) / this.#total);
    if (tenth > this.#tenth || mismatches > 0) {
      this.#tenth = tenth;
      this.#out.write(`${text}${mismatches > 0 ? `  MISMATCH ${file}: ${mismatches}` : ""}\n`);
    }
  }

  end(): void {
    if (this.#out.isTTY) this.#out.write("\r\x1b[K");
  }
}
