/** `pager-mirror inspect` for write-ahead logs. */

import { type Field, fieldHeading, fieldLines } from "./field.js";
import { parseWal, type Served, servedBy, type Wal, walCommits } from "./wal.js";
import { frameLine, walHeaderFields } from "./wal-fields.js";

/** A description of a file, for people and for programs. */
export interface Description {
  text: string;
  data: unknown;
}

/** Where a page comes from, in words. */
export function servedText(s: Served): string {
  if (s.from === "frame") return `frame ${s.frame}`;
  return s.from === "database" ? "the database file" : "nowhere: the database ends before it";
}

function summary(bytes: Uint8Array, wal: Wal): string {
  const parts = [`${bytes.length} bytes`];
  if (wal.header?.pageSizeOk) {
    parts.push(`${wal.frames.length} frame(s) of ${wal.header.pageSize}-byte pages`);
    parts.push(`${wal.valid} valid`, `${wal.mxFrame} committed in ${walCommits(wal).length} commit(s)`);
    if (wal.tail > 0) parts.push(`${wal.tail} bytes after the last whole frame`);
  }
  return parts.join(", ");
}

function pageLines(wal: Wal, page: number, limit: number): { lines: string[]; data: unknown } {
  const commits = walCommits(wal);
  const served = commits.map((c) => ({
    commit: c.frame,
    pages: c.commit,
    ...servedBy(wal, page, c.frame),
  }));
  const lines = [`page ${page} at each commit:`];
  for (const [i, s] of served.slice(0, limit).entries()) {
    lines.push(`  commit ${i + 1} (frame ${s.commit}, ${s.pages} page(s)): ${servedText(s)}`);
  }
  if (served.length > limit) lines.push(`  ... ${served.length - limit} more (--records N lists more)`);
  if (served.length === 0) lines.push("  there is no commit: the database file serves it");
  return { lines, data: { pgno: page, served } };
}

/** Describes a log. */
export function inspectWal(bytes: Uint8Array, options: { records: number; page?: number }): Description {
  const wal = parseWal(bytes);
  const fields: Field[] = walHeaderFields(bytes, wal);
  const out = [`write-ahead log: ${summary(bytes, wal)}`];
  if (fields.length > 0) out.push(fieldHeading, fieldLines(fields));
  if (wal.frames.length > 0) {
    out.push("      offset  frame       page     commit  salts              checksum  state");
    out.push(...wal.frames.slice(0, options.records).map(frameLine));
    const more = wal.frames.length - options.records;
    if (more > 0) out.push(`  ... ${more} more (--records N lists more)`);
  }
  out.push(`the valid log ends at byte ${wal.end.offset}: ${wal.end.text}`);
  if (wal.mxFrame > 0) {
    const pages = new Set(wal.frames.slice(0, wal.mxFrame).map((f) => f.pgno)).size;
    out.push(
      `the last commit is frame ${wal.mxFrame}: ${wal.nPage} page(s) in the database, ${pages} of them in the log${
        options.page === undefined ? " (--page N says which frame serves one)" : ""
      }`,
    );
  } else out.push("nothing in the log is committed: readers see the database file alone");
  const page = options.page === undefined ? null : pageLines(wal, options.page, options.records);
  if (page !== null) out.push(...page.lines);
  return {
    text: `${out.join("\n")}\n`,
    data: {
      kind: "wal",
      bytes: bytes.length,
      ...wal,
      commits: walCommits(wal).map((c) => ({ frame: c.frame, pages: c.commit })),
      ...(page === null ? {} : { page: page.data }),
    },
  };
}
