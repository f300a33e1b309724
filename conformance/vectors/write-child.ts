/** The process that writes vectors: it loads the port with the oracle's sizes. Its parent says when to go on. */

import "../oracle/wasm32.js";
import { serve } from "../engines/child.js";
import { buildOracle } from "../oracle/build/index.js";
import { OracleModule } from "../oracle/module.js";
import { fixedScenarios, numberOfVectors, recordAll } from "./scenarios.js";
import { Writing, type Written } from "./write.js";

/** What the process may be asked; the modules have been built by its parent. */
export type WriteRequest = { op: "begin" } | { op: "record"; n: number } | { op: "finish"; folder: string };

/** Answers: the number of vectors, nothing, what has been written. */
export type WriteReply = number | null | Written;

let begun: { writing: Writing; recording: Generator<void> } | null = null;

async function begin(): Promise<number> {
  const modules = {
    release: new OracleModule((await buildOracle({ kind: "release" })).path),
    debug: new OracleModule((await buildOracle({ kind: "debug" })).path),
  };
  const writing = new Writing(modules);
  const fixed = fixedScenarios(modules.release);
  begun = { writing, recording: recordAll(writing, modules.release, fixed) };
  return numberOfVectors(fixed);
}

serve(async (request: WriteRequest): Promise<WriteReply> => {
  if (request.op === "begin") return await begin();
  if (begun === null) throw new Error("nothing has begun");
  const { writing, recording } = begun;
  if (request.op === "finish") return writing.finish(request.folder);
  for (let i = 0; i < request.n; i++) recording.next();
  return null;
});
