/**
 * The self-test of the audit over the whole port: which functions are tested, who judges, and the split
 * over two processes.
 */

import { fork } from "node:child_process";
import { extname } from "node:path";
import { ts } from "ts-morph";
import { comparerOf, compiledUnder } from "../bodies.js";
import { match, type Row } from "../match.js";
import { foldOption } from "../normal/options.js";
import { loadOurs, loadUpstream } from "../run.js";
import { readTypeScript } from "../typescript.js";
import { deadLines } from "./dead.js";
import type { TestedFunction } from "./plan.js";
import { merge, type SelfTestOptions, type SelfTestResult, selfTest } from "./run.js";

/** How many processes share the work. */
const PROCESSES = 2;

/** What a process is told. */
export interface Task {
  root: string;
  options: Pick<SelfTestOptions, "seed" | "sample">;
  shard: { index: number; count: number };
}

/** Judges one share of the mutants. */
export async function judge({ root, options, shard }: Task): Promise<SelfTestResult> {
  const theirs = await loadUpstream(root);
  const ours = loadOurs(root);
  const side = readTypeScript(ours.sources);
  const { rows } = match(theirs.inventoryOf, side, ours.decisions);
  const comparer = comparerOf(theirs, ours, side);

  const rowOf = new Map<TestedFunction, Row>();
  for (const row of rows) {
    if (row.status !== "ported" || row.ts === null || row.upstream === null) continue;
    const compiling = theirs.sides.filter((s) => compiledUnder(theirs, s, row.file, row.name) !== undefined);
    const found = textOf(ours.sources.get(row.ts.path)!, row.ts.path, row.ts.name);
    if (compiling.length === 0 || found === null) continue;
    const folds = compiling.map((s) => (e: ts.Expression) => foldOption(e, s.profile.options));
    const { first, text } = found;
    rowOf.set({ name: row.ts.name, path: row.ts.path, first, text, dead: deadLines(text, folds) }, row);
  }
  const functions = [...rowOf.keys()];
  return selfTest(functions, (fn, text) => comparer.notices(rowOf.get(fn)!, text), { ...options, shard });
}

const PARSED = new Map<string, ts.SourceFile>();

/** A function declaration of a file, without its doc comment; null for what is declared otherwise. */
function textOf(source: string, path: string, name: string): { first: number; text: string } | null {
  let file = PARSED.get(path);
  if (file === undefined) {
    file = ts.createSourceFile(path, source, ts.ScriptTarget.ES2023, false);
    PARSED.set(path, file);
  }
  for (const n of file.statements) {
    if (!ts.isFunctionDeclaration(n) || n.name?.text !== name || n.body === undefined) continue;
    const start = n.getStart(file);
    return { first: file.getLineAndCharacterOfPosition(start).line + 1, text: source.slice(start, n.end) };
  }
  return null;
}

/** Runs the self-test over all processes. */
export async function runSelfTest(
  root: string,
  options: Pick<SelfTestOptions, "seed" | "sample">,
): Promise<SelfTestResult> {
  const shards = Array.from({ length: PROCESSES }, (_, index) => ({ index, count: PROCESSES }));
  return merge(await Promise.all(shards.map((shard) => inChild({ root, options, shard }))));
}

/** One share in a process of its own, started as this one was. */
function inChild(task: Task): Promise<SelfTestResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL(`./child${extname(import.meta.url)}`, import.meta.url));
    child.once("message", (result: SelfTestResult) => {
      resolve(result);
      child.disconnect();
    });
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`a process of the self-test ended with ${code ?? "a signal"}`)),
    );
    child.send(task);
  });
}
