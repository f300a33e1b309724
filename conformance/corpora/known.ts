/** What is left out by name: files and statements on which no comparison is possible, each with its reason. */

/** One entry. */
export interface KnownExclusion {
  /** The end of the file's name. */
  file: string;
  /** Only statements that match; without it, the whole file. */
  statement?: RegExp;
  reason: string;
}

/**
 * FTS3 (fts3PendingTermsAddOne) and FTS5 (sqlite3Fts5HashWrite) write out what a transaction has gathered
 * once it takes a mebibyte, and count C structures with pointers in them; a transaction that large gets
 * its segments at other places.
 */
const FTS_SIZES = "full-text search counts the size of C structures: 32 and 64 bit differ";

/** The list. */
export const KNOWN: readonly KnownExclusion[] = [
  { file: "test/bigsort.test", reason: "a database of three gigabytes" },
  {
    file: "ext/fts5/test/fts5corruptB.test",
    statement:
      /^(?:SELECT count\(\*\) FROM t WHERE t MATCH 'a'|DELETE FROM t WHERE rowid=1|INSERT INTO t\(t\) VALUES\('integrity-check'\))$/,
    reason:
      "a defect of FTS5 in 3.53.2 that upstream has mended since: on this damaged database it reads beyond a buffer, " +
      "and what real SQLite answers (or whether it crashes) depends on its heap",
  },
  {
    file: "ext/fts5/test/fts5vocab2.test",
    statement:
      /^(?:INSERT INTO t1 SELECT (?:rowid|randomblob\(3000\)) FROM v1|DELETE FROM t1 WHERE rowid>100)$/,
    reason: FTS_SIZES,
  },
  { file: "test/fts3an.test", statement: /^UPDATE ft SET x = 'abc' \|\| rowid$/, reason: FTS_SIZES },
];

/** The entry for a whole file, or null. */
export function knownFile(file: string): KnownExclusion | null {
  return KNOWN.find((k) => k.statement === undefined && file.endsWith(k.file)) ?? null;
}

/** The entry for a statement, or null. */
export function knownStatement(file: string, sql: string): KnownExclusion | null {
  return KNOWN.find((k) => k.statement?.test(sql) === true && file.endsWith(k.file)) ?? null;
}
