/** Makes a failing program of a unit shorter. */

import "../wasm32.js";
import { Disagreement } from "../compare.js";
import type { LockstepOptions } from "../lockstep.js";
import type { OracleModule } from "../module.js";
import type { Program } from "../ops.js";
import { reduce } from "../random/reduce.js";
import { judge } from "./judge.js";
import { WrongContent } from "./model.js";
import type { UnitFailure } from "./units.js";

/**
 * The shortest program that fails in the same way. What reads the content at the end stays, for it is what says that
 * something is wrong; if the sides differ, it may go too.
 *
 * @param most how many programs may be tried
 */
export function shorter(
  module: OracleModule,
  failure: UnitFailure,
  options: LockstepOptions = {},
  most = 1500,
): UnitFailure {
  const { program, promises, verifyFrom, what } = failure;
  const whole = what === "disagreement";
  const kept = whole ? [] : program.ops.slice(verifyFrom);
  const withKept = ({ ops, ...rest }: Program): Program => ({ ...rest, ops: [...ops, ...kept] });
  const from = ({ ops }: Program): number => (whole ? Number.POSITIVE_INFINITY : ops.length);
  let text = failure.text;
  const fails = (candidate: Program): boolean => {
    try {
      const judged = {
        program: withKept(candidate),
        promises: whole ? null : promises,
        verifyFrom: from(candidate),
      };
      const { invalid } = judge(module, judged, options).agreement;
      if (what !== "rule" || invalid === null) return false;
      text = invalid;
      return true;
    } catch (e) {
      if (e instanceof Disagreement ? what !== "disagreement" : !(e instanceof WrongContent)) return false;
      if (e instanceof WrongContent && what !== "content") return false;
      text = (e as Error).message;
      return true;
    }
  };
  if (what === "fault not met") return failure;
  const start = whole ? program : { ...program, ops: program.ops.slice(0, verifyFrom) };
  const short = reduce(start, fails, most);
  /* The text of the program that is handed out, not of the last one tried. */
  fails(short);
  return { what, text, program: withKept(short), promises, verifyFrom: short.ops.length };
}
