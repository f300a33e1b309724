/** A file as a trace of calls shows it: its content, and which of its bytes a sync has made durable. */

/** Content and durability of one file. */
export class TracedFile {
  #bytes: Uint8Array;
  #size: number;
  /** Ranges that were written since the last sync, `from` to before `to`. */
  #pending: { from: number; to: number }[] = [];
  /** Moves with each change, syncs included; lets callers cache what they derive. */
  version = 0;

  /** @param durable whether the initial content is known to be durable */
  constructor(initial: Uint8Array = new Uint8Array(0), durable = true) {
    this.#bytes = Uint8Array.from(initial);
    this.#size = initial.length;
    if (!durable && initial.length > 0) this.#pending.push({ from: 0, to: initial.length });
  }

  get size(): number {
    return this.#size;
  }

  /** Whether something was written that no sync has followed. */
  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** The content, a view that the next change may invalidate. */
  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  write(offset: number, data: Uint8Array): void {
    const end = offset + data.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    }
    this.#bytes.set(data, offset);
    this.#size = Math.max(this.#size, end);
    this.#pending.push({ from: offset, to: end });
    this.version++;
  }

  truncate(size: number): void {
    if (size < this.#size) {
      this.#bytes.fill(0, size, this.#size);
      this.#pending = this.#pending.filter((r) => r.from < size);
    } else if (size > this.#size) {
      this.write(size - 1, new Uint8Array(1));
    }
    this.#size = size;
    this.version++;
  }

  sync(): void {
    this.#pending = [];
    this.version++;
  }

  /** Whether the bytes `from` to before `to` exist and are durable. */
  isDurable(from: number, to: number): boolean {
    return to <= this.#size && !this.#pending.some((r) => r.from < to && from < r.to);
  }
}
