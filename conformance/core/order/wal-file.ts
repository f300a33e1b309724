/** A write-ahead log as a trace shows it: which frame holds which page, and what of it is durable. */

import { u32 } from "../../format/field.js";
import { FRAME_HEADER, frameOffset, parseWal, WAL_HEADER } from "../../format/wal.js";
import { TracedFile } from "./traced-file.js";

/** One log. */
export class TracedWal {
  readonly #file: TracedFile;
  #pageSize = 0;
  /** Page number and commit size of each frame, from 1, as they lie in the file. */
  #pgno: number[] = [0];
  #commit: number[] = [0];
  /** Frames by page, ascending; some may have come to hold another page since. */
  #byPage = new Map<number, number[]>();
  /** The first byte that no sync has followed. */
  #firstPending: number;

  /** @param initial what was there before the trace; nobody knows whether it is durable */
  constructor(initial: Uint8Array = new Uint8Array(0)) {
    this.#file = new TracedFile(initial);
    this.#firstPending = initial.length > 0 ? 0 : Number.POSITIVE_INFINITY;
    if (initial.length > 0) this.#recover();
  }

  /** Takes note of what recovery would find. */
  #recover(): void {
    this.#forget();
    this.#readFrames(0, this.size);
    /* What follows the last commit is left over from an earlier round, or was never committed. */
    const { mxFrame } = this.recovered();
    this.#pgno.length = Math.min(this.#pgno.length, mxFrame + 1);
    this.#commit.length = this.#pgno.length;
  }

  #forget(): void {
    this.#pageSize = 0;
    this.#pgno = [0];
    this.#commit = [0];
    this.#byPage = new Map();
  }

  get size(): number {
    return this.#file.size;
  }
  get pageSize(): number {
    return this.#pageSize;
  }
  get content(): Uint8Array {
    return this.#file.content;
  }
  /** The highest frame written since the header was. */
  get lastFrame(): number {
    return this.#pgno.length - 1;
  }
  /** The highest frame written since the header was that ends a transaction; 0: none. */
  get lastCommit(): number {
    return this.#commit.findLastIndex((n) => n !== 0 && n !== undefined);
  }
  /** The salts in the header, as hexadecimal text. */
  get salts(): string {
    return Buffer.from(this.content.subarray(16, 24)).toString("hex");
  }
  get hasPending(): boolean {
    return this.#firstPending !== Number.POSITIVE_INFINITY;
  }

  write(offset: number, data: Uint8Array): void {
    this.#file.write(offset, data);
    this.#firstPending = Math.min(this.#firstPending, offset);
    if (offset === 0 && data.length >= WAL_HEADER) this.#forget();
    this.#readFrames(offset, offset + data.length);
  }

  /** This is there; returns whether that is news. */
  correct(offset: number, data: Uint8Array): boolean {
    if (Buffer.compare(this.content.subarray(offset, offset + data.length), data) === 0) return false;
    this.#file.write(offset, data);
    this.#firstPending = Math.min(this.#firstPending, offset);
    this.#recover();
    return true;
  }

  truncate(size: number): void {
    this.#file.truncate(size);
    if (this.#firstPending >= size) this.#firstPending = Number.POSITIVE_INFINITY;
    while (this.lastFrame > 0 && this.frameEnd(this.lastFrame) > size) {
      this.#pgno.pop();
      this.#commit.pop();
    }
  }

  sync(): void {
    this.#file.sync();
    this.#firstPending = Number.POSITIVE_INFINITY;
  }

  /** The byte after a frame. */
  frameEnd(frame: number): number {
    return frameOffset(frame + 1, this.#pageSize);
  }

  /** Whether everything up to and including a frame is durable. */
  isDurableTo(frame: number): boolean {
    const end = this.frameEnd(frame);
    return end <= this.size && this.#firstPending >= end;
  }

  /** The page of a frame. */
  page(frame: number): Uint8Array {
    const at = frameOffset(frame, this.#pageSize) + FRAME_HEADER;
    return this.content.subarray(at, at + this.#pageSize);
  }

  /** The frames of a page up to frame `bound`, newest first. */
  framesOf(pgno: number, bound: number): number[] {
    const all = this.#byPage.get(pgno) ?? [];
    return all.filter((f) => f <= bound && this.#pgno[f] === pgno).reverse();
  }

  /** The newest frame of each page among the first `bound` frames. */
  newest(bound: number): Map<number, number> {
    const found = new Map<number, number>();
    for (let f = bound; f > 0; f--) {
      const pgno = this.#pgno[f];
      if (pgno !== undefined && pgno !== 0 && !found.has(pgno)) found.set(pgno, f);
    }
    return found;
  }

  /** The first frame after `before` that ends a transaction, at most `most`: frames behind it only pad. */
  firstCommit(before: number, most: number): number {
    for (let f = before + 1; f < most; f++) if ((this.#commit[f] ?? 0) !== 0) return f;
    return most;
  }

  /** What a frame says of the size of the database: pages, or 0 if it ends no transaction. */
  commitSize(frame: number): number {
    return this.#commit[frame] ?? 0;
  }

  /** The smallest size of the database that a commit among the frames `from` to `to` says. */
  leastSize(from: number, to: number): number {
    const sizes = this.#commit.slice(from, to + 1).filter((n) => n !== undefined && n !== 0);
    return Math.min(...sizes, Number.POSITIVE_INFINITY);
  }

  /** What recovery would find: the last committed frame and the size in pages. */
  recovered(): { mxFrame: number; nPage: number } {
    const { mxFrame, nPage } = parseWal(this.content);
    return { mxFrame, nPage };
  }

  /** Takes note of the frames whose headers are among the bytes `from` to before `to`. */
  #readFrames(from: number, to: number): void {
    const bytes = this.content;
    if (this.#pageSize === 0) {
      if (bytes.length < WAL_HEADER) return;
      this.#pageSize = u32(bytes, 8);
    }
    const step = this.#pageSize + FRAME_HEADER;
    const first = Math.max(1, Math.floor((from - WAL_HEADER) / step) + 1);
    for (let f = first; frameOffset(f, this.#pageSize) < to; f++) {
      const at = frameOffset(f, this.#pageSize);
      if (at + 8 <= from || at + 8 > bytes.length) continue;
      const pgno = u32(bytes, at);
      if (this.#pgno[f] !== pgno) this.#enter(pgno, f);
      this.#pgno[f] = pgno;
      this.#commit[f] = u32(bytes, at + 4);
    }
  }

  #enter(pgno: number, frame: number): void {
    const frames = this.#byPage.get(pgno);
    if (frames === undefined) {
      this.#byPage.set(pgno, [frame]);
      return;
    }
    const isLast = (frames.at(-1) as number) < frame;
    frames.push(frame);
    if (!isLast) frames.sort((a, b) => a - b);
  }
}
