/** What a rollback journal would give back if the power failed now. */

import { u32 } from "../../format/field.js";
import { JOURNAL_MAGIC, recordChecksum } from "../../format/journal.js";
import type { TracedFile } from "./traced-file.js";

/** The part of a journal that recovery can rely on. */
export interface Coverage {
  /** The first header, if recovery would find it; null: the journal is not hot. */
  header: { initialPages: number; sectorSize: number; pageSize: number } | null;
  /** Offset of the content of each page that recovery would restore. */
  pages: ReadonlyMap<number, number>;
}

function hasMagic(bytes: Uint8Array, at: number): boolean {
  return JOURNAL_MAGIC.every((b, i) => bytes[at + i] === b);
}

/**
 * Reads the journal as a hot journal is read, counting only what is there for certain.
 *
 * @param certain whether bytes count: durable ones, or all of them where syncs are not asked for
 */
export function coverage(journal: TracedFile, certain: (from: number, to: number) => boolean): Coverage {
  const bytes = journal.content;
  const pages = new Map<number, number>();
  if (bytes.length < 28 || !hasMagic(bytes, 0) || !certain(0, 28)) return { header: null, pages };
  const header = {
    initialPages: u32(bytes, 16),
    sectorSize: u32(bytes, 20),
    pageSize: u32(bytes, 24),
  };
  const { sectorSize, pageSize } = header;
  if (sectorSize < 32 || pageSize < 512) return { header: null, pages };
  const recordSize = pageSize + 8;
  for (let at = 0; at + sectorSize <= bytes.length; ) {
    if (!hasMagic(bytes, at) || !certain(at, at + 28)) break;
    const counted = u32(bytes, at + 8);
    const nonce = u32(bytes, at + 12);
    const first = at + sectorSize;
    const n = counted === 0xffffffff ? Math.floor((bytes.length - first) / recordSize) : counted;
    let i = 0;
    for (; i < n; i++) {
      const record = first + i * recordSize;
      if (record + recordSize > bytes.length || !certain(record, record + recordSize)) break;
      const page = bytes.subarray(record + 4, record + 4 + pageSize);
      if (u32(bytes, record + 4 + pageSize) !== recordChecksum(nonce, page)) break;
      const pgno = u32(bytes, record);
      if (!pages.has(pgno)) pages.set(pgno, record + 4);
    }
    if (i < n || counted === 0xffffffff) break;
    at = Math.ceil((first + n * recordSize) / sectorSize) * sectorSize;
  }
  return { header, pages };
}
