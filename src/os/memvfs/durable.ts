/**
 * What a memory disk still has to bring to the platter: operations that no sync has made durable.
 *
 * NON-UPSTREAM.
 *
 * @module
 */

import type { FileContent } from "./content.js";
import type { Inode } from "./state.js";

/** Bytes that were written; `seq` orders the operations of a whole disk. */
export interface WriteOp {
  readonly kind: "write";
  readonly seq: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A change of size, up or down. */
export interface TruncateOp {
  readonly kind: "truncate";
  readonly seq: number;
  readonly size: number;
}

/** Operations between BEGIN_ATOMIC_WRITE and COMMIT_ATOMIC_WRITE: all or none. */
export interface BatchOp {
  readonly kind: "batch";
  readonly seq: number;
  readonly ops: readonly (WriteOp | TruncateOp)[];
}

/** An operation on the content of a file. */
export type DataOp = WriteOp | TruncateOp | BatchOp;

/** A name that appeared in, or vanished from, a directory. */
export interface DirOp {
  readonly kind: "create" | "delete";
  readonly seq: number;
  readonly name: string;
  readonly inode: Inode;
}

/** Does to `content` what `op` says. */
export function applyOp(content: FileContent, op: DataOp): void {
  if (op.kind === "write") content.write(op.bytes, op.bytes.length, op.offset);
  else if (op.kind === "truncate") content.truncate(op.size);
  else for (const part of op.ops) applyOp(content, part);
}

/** The directory part of a full name, slash included. */
export function directoryOf(name: string): string {
  return name.slice(0, name.lastIndexOf("/") + 1);
}
