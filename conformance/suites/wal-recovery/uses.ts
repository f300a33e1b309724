/** How a database with a damaged log is used: different things come first, so different things recover. */

import type { Act } from "./acts.js";

/** A way of using it. */
export interface Use {
  name: string;
  acts: readonly Act[];
}

const open: Act = { do: "open" };
const close: Act = { do: "close" };
const sql = (text: string, on = 0): Act => ({ do: "sql", sql: text, ...(on === 0 ? {} : { on }) });

/** Everything that reading can tell. */
const LOOK =
  "PRAGMA page_count; PRAGMA page_size; PRAGMA integrity_check; SELECT name, rootpage FROM sqlite_schema; " +
  "SELECT * FROM t; SELECT count(*), total(c) FROM t INDEXED BY tc WHERE c >= 0";
const WRITE = "INSERT INTO t(b, c) VALUES(zeroblob(300), 7); UPDATE t SET c = c + 1 WHERE a % 3 = 1";

const look = sql(LOOK);
const write = sql(WRITE);
const checkpoint = (mode: string): Act => sql(`PRAGMA wal_checkpoint(${mode})`);

/** Looks, writes, copies the log, writes again. */
export const USUAL: Use = {
  name: "read first",
  acts: [open, look, write, checkpoint("PASSIVE"), write, look, close],
};

/** For reading alone; nothing of it may change the database. */
export const READ_ONLY: Use = {
  name: "opened read-only",
  acts: [{ do: "open", readonly: true }, look, write, checkpoint("PASSIVE"), look, close],
};

/** All ways, the most usual one first. */
export const USES: readonly Use[] = [
  USUAL,
  { name: "write first", acts: [open, sql(`BEGIN IMMEDIATE; ${WRITE}; COMMIT`), look, write, close] },
  {
    name: "checkpoint first",
    acts: [open, checkpoint("TRUNCATE"), look, write, checkpoint("FULL"), look, close],
  },
  {
    name: "restart first",
    acts: [open, checkpoint("RESTART"), write, checkpoint("NOOP"), look, close],
  },
  {
    name: "exclusive mode",
    acts: [
      open,
      sql("PRAGMA locking_mode=EXCLUSIVE"),
      look,
      write,
      checkpoint("FULL"),
      write,
      sql("PRAGMA locking_mode=NORMAL"),
      look,
      write,
      close,
    ],
  },
  READ_ONLY,
  {
    name: "two connections",
    acts: [
      open,
      { do: "open", on: 1 },
      sql(`BEGIN; ${LOOK}`, 1),
      write,
      checkpoint("PASSIVE"),
      sql("SELECT count(*), total(c) FROM t; COMMIT", 1),
      sql(WRITE, 1),
      { do: "close", on: 1 },
      look,
      close,
    ],
  },
  {
    name: "log kept",
    acts: [
      open,
      { do: "persist" },
      sql("PRAGMA journal_size_limit=2000"),
      look,
      write,
      close,
      open,
      look,
      close,
    ],
  },
  { name: "opened and closed", acts: [open, sql("PRAGMA schema_version"), close] },
  {
    name: "back to a rollback journal",
    acts: [open, sql("PRAGMA journal_mode=DELETE"), look, write, close],
  },
];

/** The use for number `i` of a list of scenes: they take turns. */
export function useFor(i: number): Use {
  return USES[i % USES.length] as Use;
}
