/**
 * `npm run coverage`: runs the tests with coverage and reports branches per mirrored file and function.
 *
 * Writes report/coverage.md (a table per mirrored file, then every branch that no test reaches, by
 * function and line) and prints the table.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

interface Position {
  line: number;
  column: number | null;
}

interface Range {
  start: Position;
  end: Position;
}

/** One file of istanbul's JSON. */
interface FileCoverage {
  path: string;
  branchMap: Record<string, { type: string; locations: Partial<Range>[]; loc: Range }>;
  b: Record<string, number[]>;
  fnMap: Record<string, { name: string; loc: Range }>;
  f: Record<string, number>;
  s: Record<string, number>;
}

/** Branch counts of one mirrored file. */
interface Row {
  file: string;
  functions: number;
  reachedFunctions: number;
  branches: number;
  reached: number;
  /** Function name to the lines of branches that nothing reached. */
  unreached: Map<string, number[]>;
}

function functionAt(file: FileCoverage, line: number): string {
  let best = "(top level)";
  let size = Number.POSITIVE_INFINITY;
  for (const fn of Object.values(file.fnMap)) {
    const span = fn.loc.end.line - fn.loc.start.line;
    if (fn.loc.start.line <= line && line <= fn.loc.end.line && span < size) {
      best = fn.name;
      size = span;
    }
  }
  return best;
}

function measure(file: FileCoverage): Row {
  const unreached = new Map<string, number[]>();
  let branches = 0;
  let reached = 0;
  for (const [id, branch] of Object.entries(file.branchMap)) {
    for (const [i, hits] of (file.b[id] ?? []).entries()) {
      branches++;
      if (hits > 0) {
        reached++;
        continue;
      }
      const line = branch.locations[i]?.start?.line ?? branch.loc.start.line;
      const name = functionAt(file, line);
      unreached.set(name, [...(unreached.get(name) ?? []), line]);
    }
  }
  const functions = Object.keys(file.fnMap).length;
  const reachedFunctions = Object.values(file.f).filter((n) => n > 0).length;
  return { file: relative(root, file.path), functions, reachedFunctions, branches, reached, unreached };
}

function isMirror(path: string): boolean {
  return /@upstream \S+\.[ch]/.test(readFileSync(path, "utf8"));
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;

const output = join(root, "coverage", "coverage-final.json");
const run = spawnSync(
  process.execPath,
  [join(root, "node_modules/vitest/vitest.mjs"), "run", "--coverage", ...process.argv.slice(2)],
  { cwd: root, stdio: "inherit" },
);
if (!existsSync(output)) {
  process.stderr.write("coverage: vitest wrote no coverage/coverage-final.json; see its messages above\n");
  process.exit(2);
}
const all = JSON.parse(readFileSync(output, "utf8")) as Record<string, FileCoverage>;
const rows = Object.values(all)
  .filter((f) => isMirror(f.path))
  .map(measure)
  .sort((a, b) => a.file.localeCompare(b.file));

const table = new Table({
  head: ["mirrored file", "functions", "reached", "branches", "reached", "share"],
  colAligns: ["left", "right", "right", "right", "right", "right"],
  style: { head: [], border: [], compact: true },
});
const md = [
  "# Branch coverage of the mirrored files",
  "",
  "| file | functions reached | branches reached | share |",
  "|---|---:|---:|---:|",
];
for (const r of rows) {
  table.push([
    r.file,
    r.functions,
    r.reachedFunctions,
    r.branches,
    r.reached,
    percent(r.reached, r.branches),
  ]);
  md.push(
    `| ${r.file} | ${r.reachedFunctions}/${r.functions} | ${r.reached}/${r.branches} | ${percent(r.reached, r.branches)} |`,
  );
}
md.push("", "## Branches that no test reaches", "");
for (const r of rows) {
  if (r.unreached.size === 0) continue;
  md.push(`### ${r.file}`, "");
  for (const [name, lines] of r.unreached) {
    md.push(`* \`${name}\`: line ${[...new Set(lines)].sort((a, b) => a - b).join(", ")}`);
  }
  md.push("");
}
mkdirSync(join(root, "report"), { recursive: true });
writeFileSync(join(root, "report", "coverage.md"), `${md.join("\n")}\n`);
console.log(table.toString());
console.log("every unreached branch, by function and line: report/coverage.md");
process.exitCode = run.status === 0 ? 0 : 1;
