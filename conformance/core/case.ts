/**
 * What a suite is made of, and what a case may do while it runs.
 */

import type { PortEngine } from "../engines/port.js";
import type { RealEngine } from "../engines/real.js";
import type { SqlEngine } from "../engines/sql/session.js";
import type { Oracle } from "../oracle/process/oracle.js";
import type { Random } from "./random.js";

/** How a comparison failed, in words and, for bytes, in the file format's terms. */
export interface Finding {
  /** One sentence: what differs. */
  summary: string;
  /** Where: file, field, offsets, hexdumps; several lines, already formatted. */
  detail: string;
}

/** Thrown by {@link Checker}: ends the case as failed. */
export class FindingError extends Error {
  override readonly name = "FindingError";
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.summary);
    this.finding = finding;
  }
}

/** Thrown by {@link CaseContext.skip}: ends the case as skipped. */
export class SkipError extends Error {
  override readonly name = "SkipError";
}

/** What the bytes are, so that a difference can be explained. */
export type FileKind = "database" | "journal" | "wal" | "shm" | "bytes";

/** Comparisons of a case; each call counts as one executed comparison. */
export interface Checker {
  /** How many comparisons have been made so far. */
  readonly count: number;
  /** Deep equality of plain data. */
  equal(what: string, actual: unknown, expected: unknown): void;
  /** A condition that must hold; `detail` is shown when it does not. */
  ok(what: string, condition: boolean, detail?: string): void;
  /** Byte equality; a difference is explained in the terms of the file format. */
  bytes(what: string, kind: FileKind, actual: Uint8Array, expected: Uint8Array): void;
  /** Byte equality of two files; a missing file equals only a missing file. */
  files(what: string, kind: FileKind, actualPath: string, expectedPath: string): void;
  /** Counts comparisons that were made elsewhere, such as in a child process, and found nothing. */
  agreed(n: number): void;
}

/** What a case did, counted: names and numbers that add up over cases. */
export type CaseFigures = Readonly<Record<string, number>>;

/** What a running case is given. */
export interface CaseContext {
  /** An empty folder of its own; removed afterwards. */
  readonly dir: string;
  /** A stream of numbers that depends only on `--seed`, the suite and the case's name. */
  readonly random: Random;
  readonly check: Checker;
  /** Whether `--full` was given. */
  readonly full: boolean;
  /** Real SQLite in a child process; the same slot gives the same process. */
  real(slot?: number): Promise<RealEngine>;
  /** The port in a child process; the same slot gives the same process. */
  port(slot?: number): Promise<PortEngine>;
  /** A SQL engine over a recording VFS in a child process: real SQLite, or SQLite's own one on the port. */
  sql(side: "real" | "port", slot?: number): Promise<SqlEngine>;
  /** SQLite's C pager in WebAssembly beside the port, in a child process. */
  oracle(): Promise<Oracle>;
  /** How long an elastic case shall run, with `--budget`; null: as much as it does by itself. */
  readonly seconds: number | null;
  /** Keeps a file for the user, beside the report and named after the case; returns its path. */
  save(extension: string, text: string): string;
  /** What the case counts beside comparisons; it may set this. */
  figures?: CaseFigures;
  /** What the report shall say beside the outcome, such as counts; the case may set it. */
  notes?: string;
  /** Ends the case as skipped. */
  skip(reason: string): never;
}

/** One case. Its name is stable: it is what `--filter` selects and the report's repro command names. */
export interface Case {
  name: string;
  /** Left out of the default run, part of `--full`. */
  fullOnly?: boolean;
  /** Can go on for any time: shares `--budget` with all others of this kind. */
  elastic?: boolean;
  /** Seconds after which the case counts as hung and failed; 120 unless told. */
  timeoutSeconds?: number;
  run(ctx: CaseContext): Promise<void>;
}

/** A named list of cases. */
export interface Suite {
  name: string;
  /** One line for the table and the report. */
  about: string;
  /** Whether its cases run the SQL engine, which then is built before anything starts. */
  needsEngine?: boolean;
  /** Whether its cases run the C pager, which then is built before anything starts. */
  needsOracle?: boolean;
  cases(): Case[];
}

/** How a case ended. */
export interface CaseResult {
  suite: string;
  name: string;
  outcome: "passed" | "failed" | "skipped";
  /** Comparisons made. */
  comparisons: number;
  milliseconds: number;
  /** For skipped: why. */
  reason?: string;
  /** What the case had to tell. */
  notes?: string;
  /** What the case counted. */
  figures?: CaseFigures;
  /** For failed. */
  finding?: Finding;
  /** For failed: the command that runs this case alone. */
  rerun?: string;
}
