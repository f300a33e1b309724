/** Reads a folder of vectors, and refuses what is not as it was written. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Schema, schemaErrors } from "../../scripts/audit/report/schema-check.js";
import { UsageError } from "../core/usage.js";
import { FORMAT, type Index, type IndexEntry, KIND, type Vector } from "./format.js";
import { INDEX_SCHEMA } from "./schema.js";

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (e) {
    throw new UsageError(`${path} cannot be read (${(e as NodeJS.ErrnoException).code ?? "error"})`);
  }
}

function parse(path: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (e) {
    throw new UsageError(`${path} is not JSON: ${(e as Error).message}`);
  }
}

/** Whether the value is the index of some format's vectors. */
export function isIndex(value: unknown): value is { kind: typeof KIND; format: unknown } {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === KIND;
}

/** A folder of vectors. */
export class VectorsFolder {
  readonly path: string;
  readonly index: Index;

  /** @throws UsageError if there is no index, or one that this cannot read */
  constructor(path: string) {
    this.path = path;
    const file = join(path, "index.json");
    const index = parse(file, read(file));
    if (!isIndex(index)) throw new UsageError(`${file} is not the index of pager vectors`);
    if (index.format !== FORMAT) {
      throw new UsageError(
        `${file} has format ${JSON.stringify(index.format)}; this version reads format ${FORMAT} only`,
      );
    }
    const errors = schemaErrors(INDEX_SCHEMA as Schema, index);
    if (errors.length > 0) throw new UsageError(`${file} is not as its schema says: ${errors[0]}`);
    this.index = index as unknown as Index;
  }

  #file(entry: IndexEntry): string {
    return join(this.path, "vectors", `${entry.name}.json`);
  }

  #checked(path: string, hash: string): Buffer {
    const bytes = read(path);
    if (sha256(bytes) !== hash)
      throw new UsageError(`${path} is not what the index says: its SHA-256 is another`);
    return bytes;
  }

  /** A vector's content. */
  vector(entry: IndexEntry): Vector {
    const path = this.#file(entry);
    const vector = parse(path, this.#checked(path, entry.sha256)) as Vector;
    if (vector.format !== FORMAT) throw new UsageError(`${path} has format ${JSON.stringify(vector.format)}`);
    return vector;
  }

  /** The bytes of a file by their hash. */
  content(hash: string): Uint8Array {
    const path = join(this.path, "files", `${hash}.bin`);
    if (!this.has(hash)) throw new UsageError(`${path} is needed, but the index does not list it as stored`);
    return this.#checked(path, hash);
  }

  /** How many bytes a content has. */
  size(hash: string): number {
    const file = this.index.files[hash];
    if (file === undefined) throw new UsageError(`the index of ${this.path} has no file ${hash}`);
    return file.size;
  }

  /** Whether the bytes of a hash are there. */
  has(hash: string): boolean {
    return this.index.files[hash]?.stored === true;
  }

  /**
   * Reads every file once.
   *
   * @throws UsageError at the first that is missing or has changed
   */
  verify(): void {
    for (const entry of this.index.vectors) this.vector(entry);
    for (const [hash, { stored }] of Object.entries(this.index.files)) if (stored) this.content(hash);
  }
}
