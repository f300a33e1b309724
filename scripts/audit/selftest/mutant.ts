/** What the self-test does to a function: one small change at one place. */

/** Kinds of change. */
export const OPERATORS = [
  "drop-statement",
  "drop-call",
  "drop-assignment-in-condition",
  "swap-statements",
  "move-out-of-if",
  "drop-else",
  "remove-case",
  "change-label",
  "change-operator",
  "negate-condition",
  "drop-operand",
  "remove-mask",
  "change-constant",
  "change-return",
  "change-loop-bound",
  "change-argument",
  "change-callee",
  "change-target",
  "change-field",
] as const;

export type Operator = (typeof OPERATORS)[number];

/** A place and what shall stand there instead; not yet a text. */
export interface Edit {
  operator: Operator;
  description: string;
  /** Characters of the function's text, the end exclusive. */
  start: number;
  end: number;
  replacement: string;
  /** Line in the function, counted from 1. */
  at: number;
}

/** A function with one edit made. */
export interface Mutant {
  operator: Operator;
  description: string;
  /** Line in the function, counted from 1. */
  at: number;
  /** The whole function after the edit. */
  text: string;
  /** What was replaced, and by what. */
  was: string;
  now: string;
  /** Where it stood: characters of the function's text. */
  start: number;
  end: number;
}

/** What is known about a function beyond its text. */
export interface Surroundings {
  /** Names of constants of its file: what a constant may become. */
  constants?: readonly string[];
  /**
   * Lines, counted from 1 in the function, of which no profile sees anything: an `if (OPTION)` that
   * is never on, its head and its closing brace included. What touches only such lines is left out.
   */
  dead?: (line: number) => boolean;
}
