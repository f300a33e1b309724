/** What comparing a function with upstream's comes to. */

export type Verdict = "identical" | "declared" | "differs";

/** One place where the two do not say the same. */
export interface Difference {
  /** missing: only C has it; extra: only TypeScript; changed: both, differently; mask: a width is cut on one side only. */
  kind: "missing" | "extra" | "changed" | "mask";
  /** The statement, or its head, in the normal form; null where there is none. */
  c: string | null;
  ts: string | null;
  /** For what one side lacks: the head of the statement before that both have; empty at the start of a list. */
  after: string;
  /** Line of the amalgamation and of the TypeScript file. */
  cLine: number | null;
  tsLine: number | null;
  /** Profiles under which it shows. */
  profiles: string[];
  /** The entry of docs/divergences.md that declares it; null: nobody did. */
  entry: string | null;
}

/** Lines that belong together; null where the other side has nothing. */
export interface Aligned {
  c: readonly [first: number, last: number] | null;
  ts: readonly [first: number, last: number] | null;
  /** The heads agree. */
  same: boolean;
}

export interface Comparison {
  verdict: Verdict;
  /** Statements of both sides that agree, as a share of all of them: 0 to 1. */
  score: number;
  /** Statements of C, control statements and what is inside them counted separately. */
  statements: number;
  differences: Difference[];
  aligned: Aligned[];
}
