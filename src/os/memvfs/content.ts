/**
 * The bytes of one file of a memory disk.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

/** Where memory for file bytes and shared memory comes from; see `MemDiskOptions.allocate`. */
export interface MemAllocator {
  /** `nByte` zeroed bytes whose place in their buffer is a multiple of 8. */
  allocate(nByte: number, purpose: "file" | "shm"): Uint8Array;
  /** Takes back what `allocate` returned, the very same object. */
  release(block: Uint8Array): void;
}

/** The JavaScript heap. */
export const heapAllocator: MemAllocator = {
  allocate: (nByte) => new Uint8Array(nByte),
  release: () => {},
};

/** Bytes of a file that lie together in one block. A power of two, and a multiple of every page size. */
const CHUNK = 1 << 20;
/** First capacity of a file that is not empty. */
const SMALLEST = 4096;
/** Bytes that follow a full block, so that somebody who reads a little beyond a view finds memory. */
const SLACK = 256;

/**
 * A sparse, growing array of bytes, kept in blocks of 1 MiB; what was never written reads as zeros.
 *
 * The first block grows by doubling, so a small file is cheap. {@link view} makes that end: from then
 * on no block moves or is dropped, and every view, once handed out, goes on showing the live content
 * of its range for as long as it is kept, however the file grows, shrinks and grows again.
 */
export class FileContent {
  /** Size in bytes. Bytes of a block that lie beyond it are zero. */
  size = 0;
  /** Blocks by number; holes are absent. Only the first may be smaller than CHUNK. */
  readonly #chunks: Uint8Array[] = [];
  /** Whether a view has been handed out. */
  #pinned = false;
  readonly #memory: MemAllocator;

  constructor(memory: MemAllocator = heapAllocator) {
    this.#memory = memory;
  }

  /** Copies at most `amt` bytes from `offset` to the start of `buf`; returns how many the file had. */
  read(buf: Uint8Array, amt: number, offset: number): number {
    const n = Math.max(0, Math.min(amt, this.size - offset));
    for (let done = 0; done < n; ) {
      const at = offset + done;
      const from = at % CHUNK;
      const len = Math.min(n - done, CHUNK - from);
      const chunk = this.#chunks[(at - from) / CHUNK];
      if (chunk === undefined) {
        buf.fill(0, done, done + len);
      } else if (len <= 32) {
        /* cheaper than making a view: the change counter, the fields of a journal header */
        for (let i = 0; i < len; i++) buf[done + i] = chunk[from + i] as number;
      } else {
        buf.set(chunk.subarray(from, from + len), done);
        if (from + len > chunk.length) buf.fill(0, done + chunk.length - from, done + len);
      }
      done += len;
    }
    return n;
  }

  /** Copies the first `amt` bytes of `buf` to `offset`, growing the file if need be. */
  write(buf: Uint8Array, amt: number, offset: number): void {
    for (let done = 0; done < amt; ) {
      const at = offset + done;
      const from = at % CHUNK;
      const len = Math.min(amt - done, CHUNK - from);
      const chunk = this.#chunk((at - from) / CHUNK, from + len);
      if (len > 12 && len === buf.length) {
        chunk.set(buf, from);
      } else if (len <= 32) {
        for (let i = 0; i < len; i++) chunk[from + i] = buf[done + i] as number;
      } else {
        chunk.set(buf.subarray(done, done + len), from);
      }
      done += len;
    }
    if (offset + amt > this.size) this.size = offset + amt;
  }

  /** Makes the file `size` bytes long; new bytes are zero. */
  truncate(size: number): void {
    if (size < this.size) {
      const keep = Math.ceil(size / CHUNK);
      for (let i = keep; i < this.#chunks.length; i++) {
        const chunk = this.#chunks[i];
        if (chunk === undefined) continue;
        if (this.#pinned) chunk.fill(0);
        else this.#memory.release(chunk);
      }
      if (!this.#pinned && this.#chunks.length > keep) this.#chunks.length = keep;
      const tail = size % CHUNK;
      if (tail !== 0) this.#chunks[keep - 1]?.fill(0, tail, Math.min(CHUNK, tail + this.size - size));
    }
    this.size = size;
  }

  /** A live view of `amt` bytes at `offset`, or null if they lie in two blocks. */
  view(offset: number, amt: number): Uint8Array | null {
    const from = offset % CHUNK;
    if (from + amt > CHUNK) return null;
    this.#pinned = true;
    const first = this.#chunks[0];
    if (first !== undefined && first.length < CHUNK) this.#chunk(0, CHUNK);
    return this.#chunk((offset - from) / CHUNK, CHUNK).subarray(from, from + amt);
  }

  /** A copy of all bytes. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.size);
    this.read(bytes, this.size, 0);
    return bytes;
  }

  /**
   * The bytes where they lie, live, in blocks of 1 MiB, nothing beyond the size. A block that is shorter, or
   * absent, goes on with zeros.
   */
  blocks(): readonly (Uint8Array | undefined)[] {
    const blocks: (Uint8Array | undefined)[] = [];
    for (let i = 0, left = this.size; left > 0; i++, left -= CHUNK) {
      const chunk = this.#chunks[i];
      const n = Math.min(CHUNK, left);
      blocks.push(chunk === undefined || chunk.length <= n ? chunk : chunk.subarray(0, n));
    }
    return blocks;
  }

  /** An independent copy, whose views are its own. */
  clone(): FileContent {
    const copy = new FileContent(this.#memory);
    this.#chunks.forEach((chunk, i) => {
      const end = Math.min(CHUNK, this.size - i * CHUNK);
      if (end > 0) copy.write(chunk, Math.min(end, chunk.length), i * CHUNK);
    });
    copy.size = this.size;
    return copy;
  }

  /** Gives the memory back. */
  free(): void {
    for (const chunk of this.#chunks) if (chunk !== undefined) this.#memory.release(chunk);
    this.#chunks.length = 0;
    this.size = 0;
  }

  /** Block number `i` with room for at least `end` bytes. */
  #chunk(i: number, end: number): Uint8Array {
    const old = this.#chunks[i];
    if (old !== undefined && old.length >= end) return old;
    let capacity = CHUNK + SLACK;
    if (i === 0 && !this.#pinned && end <= CHUNK / 2) {
      capacity = SMALLEST;
      while (capacity < end) capacity *= 2;
    }
    const chunk = this.#memory.allocate(capacity, "file");
    if (old !== undefined) {
      chunk.set(old);
      this.#memory.release(old);
    }
    this.#chunks[i] = chunk;
    return chunk;
  }
}
