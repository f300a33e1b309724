/** The freelist of a database, from the file format. */

import { u32 } from "../../format/field.js";

/**
 * The leaf pages of the freelist. Their content has no meaning: SQLite neither journals it before it
 * reuses such a page nor restores it afterwards.
 */
export function freelistLeaves(database: Uint8Array): number[] {
  const leaves: number[] = [];
  if (database.length < 100) return leaves;
  const stored = ((database[16] as number) << 8) | ((database[17] as number) << 16);
  const seen = new Set<number>();
  for (let trunk = u32(database, 32); trunk !== 0 && !seen.has(trunk); ) {
    seen.add(trunk);
    const at = (trunk - 1) * stored;
    const n = Math.min(u32(database, at + 4), stored / 4 - 2);
    for (let i = 0; i < n; i++) leaves.push(u32(database, at + 8 + 4 * i));
    trunk = u32(database, at);
  }
  return leaves;
}

/** A copy of `database` in which the free leaf pages of `reference` are as they are there. */
export function withoutFreeContent(database: Uint8Array, reference: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(database);
  const pageSize = ((reference[16] as number) << 8) | ((reference[17] as number) << 16);
  for (const leaf of freelistLeaves(reference)) {
    const at = (leaf - 1) * pageSize;
    if (at + pageSize <= copy.length) copy.set(reference.subarray(at, at + pageSize), at);
  }
  return copy;
}
