/** What real SQLite answered is kept; what the other engine answers is held against it. */

import { createHash } from "node:crypto";
import { formatOutcome, formatStatement } from "../engines/sql/outcome.js";
import { decodeAnswer, type Outcome, type SessionAnswers, type SessionOp } from "../engines/sql/protocol.js";
import type { Event } from "./events.js";
import { hashFolder } from "./folder.js";
import { answerOf, type Listener } from "./play.js";

/** An answer of real SQLite. */
interface Kept {
  event: number;
  op: SessionOp;
  hash: string;
  /** The answer itself, while there is room for it. */
  bytes: Uint8Array | null;
}

/** Something that differs. */
export interface Mismatch {
  /** Index of the step. */
  event: number;
  /** "answer": what a call answered; "files": bytes of the folder; "ending": one engine came further. */
  what: "answer" | "files" | "ending";
  actual: string;
  expected: string;
}

/** Figures of one engine's run. */
export interface Figures {
  statements: number;
  rows: number;
  /** Statements that gave an error. */
  errors: number;
}

const ROOM = 48_000_000;
const LARGEST = 200_000;
/** Bytes that may be hashed at commit points; beyond, only some points are looked at. */
const HASHED = 400_000_000;
const SPARSE = 50;

function hashOf(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("base64");
}

/** EXPLAIN shows a virtual table as the address at which it lies. */
function hasPointer(step: Event, bytes: Uint8Array): boolean {
  if (step.do !== "sql" || !/^\s*explain\s+(?!query\b)/i.test(step.sql)) return false;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes("vtab:");
}

/** Statements that do not write: after them the files need no look. */
const READS = /^\s*(?:select|explain|values|pragma\s+(?:\w+\s*\.\s*)?\w+\s*$)/i;

/** Other steps after which the files get a look. */
const COMMITS: ReadonlySet<Event["do"]> = new Set([
  "close",
  "drop-all",
  "step",
  "finalize",
  "blob-close",
  "backup-finish",
]);

/** Whether a transaction may just have ended. */
function isCommitPoint(step: Event, last: SessionAnswers["run"] | null): boolean {
  if (step.do !== "sql") return COMMITS.has(step.do);
  const statement = last?.statements[last.statements.length - 1];
  return (statement?.autocommit ?? false) && !READS.test(step.sql);
}

function count(figures: Figures, op: SessionOp, bytes: Uint8Array): void {
  if (op === "step") figures.rows += answerOf("step", bytes)?.count ?? 0;
  if (op === "prepare") figures.statements++;
  if (op !== "run") return;
  for (const s of answerOf("run", bytes)?.statements ?? []) {
    figures.statements++;
    figures.rows += s.count;
    if (s.outcome.code !== 0) figures.errors++;
  }
}

/** The expected side: everything that real SQLite answered for one file. */
export class Recording implements Listener {
  readonly figures: Figures = { statements: 0, rows: 0, errors: 0 };
  readonly answers: Kept[] = [];
  /** Hash of the folder by step. */
  readonly points = new Map<number, string>();
  readonly skipped = new Set<number>();
  /** Steps whose answer holds an address of the process. */
  readonly pointers = new Set<number>();
  /** How often a file was too large to be compared. */
  large = 0;
  #room = ROOM;
  #hashed = 0;
  #passed = 0;
  readonly #folder: string;
  readonly #events: readonly Event[];

  constructor(folder: string, events: readonly Event[]) {
    this.#folder = folder;
    this.#events = events;
  }

  answer(event: number, op: SessionOp, bytes: Uint8Array): void {
    if (hasPointer(this.#events[event] as Event, bytes)) this.pointers.add(event);
    const keep = bytes.length <= LARGEST && bytes.length <= this.#room;
    if (keep) this.#room -= bytes.length;
    this.answers.push({ event, op, hash: hashOf(bytes), bytes: keep ? Uint8Array.from(bytes) : null });
    count(this.figures, op, bytes);
  }

  notOpen(event: number): void {
    this.skipped.add(event);
  }

  wantsFiles(_event: number, step: Event, last: SessionAnswers["run"] | null): boolean {
    if (!isCommitPoint(step, last)) return false;
    return this.#hashed < HASHED || ++this.#passed % SPARSE === 0;
  }

  files(event: number): void {
    const { hash, bytes, large } = hashFolder(this.#folder);
    this.#hashed += bytes;
    this.large += large;
    this.points.set(event, hash);
  }
}

/** The actual side: holds each answer against the recording. */
export class Comparison implements Listener {
  readonly figures: Figures = { statements: 0, rows: 0, errors: 0 };
  readonly mismatches: Mismatch[] = [];
  /** How many mismatches there are; only the first ones are kept. */
  count = 0;
  answers = 0;
  points = 0;
  #filesDiffer = false;
  readonly #recording: Recording;
  readonly #folder: string;
  static readonly KEPT = 25;

  constructor(recording: Recording, folder: string) {
    this.#recording = recording;
    this.#folder = folder;
  }

  mismatch(m: Mismatch): void {
    this.count++;
    if (this.mismatches.length < Comparison.KEPT) this.mismatches.push(m);
  }

  answer(event: number, op: SessionOp, bytes: Uint8Array): void {
    count(this.figures, op, bytes);
    const kept = this.#recording.answers[this.answers++];
    if (kept !== undefined && kept.event === event && kept.op === op && kept.hash === hashOf(bytes)) return;
    if (this.#recording.pointers.has(event)) return;
    this.mismatch({
      event,
      what: "answer",
      actual: describe(op, bytes),
      expected:
        kept === undefined
          ? "(real SQLite had come to its end)"
          : kept.bytes === null
            ? `(an answer too long to be kept, SHA-1 ${kept.hash})`
            : describe(kept.op, kept.bytes),
    });
  }

  notOpen(event: number): void {
    if (this.#recording.skipped.has(event)) return;
    this.mismatch({ event, what: "answer", actual: "the connection is not open", expected: "it is" });
  }

  wantsFiles(event: number): boolean {
    return this.#recording.points.has(event);
  }

  files(event: number): void {
    this.points++;
    if (hashFolder(this.#folder).hash === this.#recording.points.get(event)) {
      this.#filesDiffer = false;
      return;
    }
    /* Files that differ stay so; one finding is enough until they are equal again. */
    if (this.#filesDiffer) return;
    this.#filesDiffer = true;
    this.mismatch({ event, what: "files", actual: "", expected: "" });
  }
}

/** An answer in words. */
function describe(op: SessionOp, bytes: Uint8Array): string {
  try {
    const answer = decodeAnswer(op, bytes);
    if (op === "run") return (answer as SessionAnswers["run"]).statements.map(formatStatement).join("\n");
    if (op === "open" || op === "close") return formatOutcome(answer as Outcome);
    return JSON.stringify(answer, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v));
  } catch (e) {
    return (e as Error).message;
  }
}
