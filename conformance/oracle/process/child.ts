/** The lockstep process: loads the port with wasm32's sizes, finds the C modules, runs tasks. */

import "../wasm32.js";
import { serve } from "../../engines/child.js";
import { buildOracle, type OracleKind } from "../build/index.js";
import { Disagreement } from "../compare.js";
import { add, FIGURES, type Figures, noFigures } from "../figures.js";
import { lockstep } from "../lockstep.js";
import { OracleModule } from "../module.js";
import { PROGRAMS } from "../programs/index.js";
import { type ProgramFile, savedPrograms } from "../random/program-file.js";
import { search } from "../random/search.js";
import { judge } from "../systematic/judge.js";
import { cases } from "../systematic/list.js";
import { WrongContent } from "../systematic/model.js";
import { runUnit } from "../systematic/units.js";
import type { OracleFailure, OracleReply, OracleRequest } from "./oracle.js";

const modules = new Map<OracleKind, OracleModule>();

async function moduleOf(kind: OracleKind): Promise<OracleModule> {
  const known = modules.get(kind);
  if (known !== undefined) return known;
  const module = new OracleModule((await buildOracle({ kind })).path);
  modules.set(kind, module);
  return module;
}

/** What is counted, as far as there is any of it, by the names of the report. */
function counted(figures: Figures, more: Readonly<Record<string, number>> = {}): OracleReply["figures"] {
  const named = FIGURES.map((name): [string, number] => [name === "events" ? "calls" : name, figures[name]]);
  return Object.fromEntries([...named, ...Object.entries(more)].filter(([, n]) => n > 0));
}

/** Runs one program; a failure, or what it counted. */
function runProgram(module: OracleModule, file: ProgramFile, deep: boolean): Figures | OracleFailure {
  const { program, promises, verifyFrom } = file;
  const failed = (text: string): OracleFailure => ({ summary: file.why, text, file });
  try {
    const agreement =
      promises === undefined || verifyFrom === undefined
        ? lockstep(module, program, { deep })
        : judge(module, { program, promises, verifyFrom }, { deep }).agreement;
    if (agreement.invalid !== null) return failed(`the program breaks a rule: ${agreement.invalid}`);
    return agreement;
  } catch (e) {
    if (e instanceof Disagreement || e instanceof WrongContent) return failed(e.message);
    throw e;
  }
}

/** Runs programs until one fails. */
function runPrograms(module: OracleModule, files: Iterable<ProgramFile>, deep: boolean): OracleReply {
  let figures = noFigures();
  for (const file of files) {
    const done = runProgram(module, file, deep);
    if ("summary" in done) return { figures: counted(figures), failure: done };
    figures = add(figures, done);
  }
  return { figures: counted(figures), failure: null };
}

function runRandom(module: OracleModule, request: Extract<OracleRequest, { op: "random" }>): OracleReply {
  const { until, seed } = request;
  const amount =
    "operations" in until ? { operations: until.operations } : { milliseconds: until.seconds * 1000 };
  const { found, figures, invalid } = search(module, { seed, ...amount });
  const reply = { figures: counted(figures), failure: null };
  if (found !== null) {
    const { program, text, profile, seed, path } = found;
    const why = `random program of profile "${profile}", fast-check's seed ${seed}, path "${path}"`;
    return { ...reply, failure: { summary: text.split("\n")[0]!, text, file: { why, program } } };
  }
  const [broken] = invalid;
  if (broken === undefined) return reply;
  const summary = `a random program breaks a rule that the guard does not know: ${broken.text}`;
  return { ...reply, failure: { summary, text: "", file: { why: summary, program: broken.program } } };
}

function runFaults(module: OracleModule, request: Extract<OracleRequest, { op: "faults" }>): OracleReply {
  let figures = noFigures();
  let verdicts = 0;
  for (const unit of cases().filter((u) => u.scenario === request.scenario)) {
    const result = runUnit(module, unit, { full: request.full });
    figures = add(figures, result.figures);
    verdicts += result.verdicts;
    if (result.failure === undefined) continue;
    const { what, text, program, promises, verifyFrom } = result.failure;
    const why = `${unit.name}: ${what}`;
    const file = { why, program, ...(promises === null ? {} : { promises, verifyFrom }) };
    return { figures: counted(figures, { verdicts }), failure: { summary: why, text, file } };
  }
  return { figures: counted(figures, { verdicts }), failure: null };
}

serve(async (request: OracleRequest): Promise<OracleReply> => {
  const module = await moduleOf(request.kind);
  switch (request.op) {
    case "program":
      return runPrograms(module, [request.file], request.deep);
    case "programs":
      return runPrograms(
        module,
        [...PROGRAMS].map(([why, program]) => ({ why, program })),
        false,
      );
    case "saved":
      return runPrograms(module, savedPrograms().values(), true);
    case "random":
      return runRandom(module, request);
    case "faults":
      return runFaults(module, request);
  }
});
