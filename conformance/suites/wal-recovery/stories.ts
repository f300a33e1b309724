/** What writers had done before they were killed. */

import type { CaseContext } from "../../core/case.js";
import type { ShimDevice } from "../../engines/shimvfs.js";
import type { SqlEngine } from "../../engines/sql/session.js";
import { fileOf, type Snapshot, takeSnapshot } from "../recovery/folder.js";
import { type Act, perform1, WAL } from "./acts.js";
import { checkWrittenDown, orderSetting, writeDown } from "./order.js";
import { prepare, stage } from "./recover.js";

/** A writer's life. */
export interface Story {
  name: string;
  /** Makes the database; what it leaves is of no interest. */
  setup: readonly Act[];
  /** After each of these the writer might have been killed. */
  acts: readonly Act[];
  device?: ShimDevice;
  /** The log is in use without an index. */
  withoutShm?: boolean;
}

const sql = (text: string, on = 0): Act => ({ do: "sql", sql: text, ...(on === 0 ? {} : { on }) });

/** `n` rows of about a third of a page each. */
function rows(pageSize: number, from: number, n: number): string {
  const width = Math.floor(pageSize / 3) - 20;
  return (
    `WITH RECURSIVE n(x) AS (VALUES(${from}) UNION ALL SELECT x + 1 FROM n WHERE x < ${from + n - 1}) ` +
    `INSERT INTO t SELECT x, printf('%0*d', ${width}, x * 7919), x % 11 FROM n`
  );
}

function opened(pageSize: number, autoVacuum = "NONE"): Act[] {
  return [
    { do: "open" },
    sql(`PRAGMA page_size=${pageSize}; PRAGMA auto_vacuum=${autoVacuum}; PRAGMA cache_size=6`),
    sql("PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0"),
    sql("CREATE TABLE t(a INTEGER PRIMARY KEY, b, c); CREATE INDEX tc ON t(c)"),
    sql(rows(pageSize, 1, 24)),
    sql("PRAGMA wal_checkpoint(TRUNCATE)"),
  ];
}

/** Changes every row: more pages than the cache holds. */
const ALL = "UPDATE t SET c = c + 1, b = substr(b, 2) || 'x'";

/** All stories for a page size. */
export function stories(pageSize: number): Story[] {
  const more = (from: number, n: number): Act => sql(rows(pageSize, from, n));
  const setup = opened(pageSize);
  return [
    {
      name: "commits",
      setup,
      acts: [
        more(100, 2),
        sql("UPDATE t SET b = 'short' WHERE a < 9"),
        sql("DELETE FROM t WHERE a > 20; CREATE TABLE u(x)"),
        more(200, 8),
        sql("BEGIN; UPDATE t SET c = 99 WHERE a = 2"),
      ],
    },
    {
      name: "spills",
      setup,
      acts: [
        sql(`BEGIN; ${ALL}; ${ALL}; COMMIT`),
        more(100, 3),
        sql(`BEGIN; ${ALL}; DELETE FROM t WHERE a % 2; ${ALL}`),
      ],
    },
    {
      name: "savepoints",
      setup,
      acts: [
        sql(`BEGIN; UPDATE t SET c = 50 WHERE a < 4; SAVEPOINT one; ${ALL}; DELETE FROM t WHERE a % 3`),
        sql(`ROLLBACK TO one; UPDATE t SET b = 'kept' WHERE a % 5 = 0; SAVEPOINT two; ${ALL}`),
        sql("ROLLBACK TO two; RELEASE one; COMMIT"),
        sql(`BEGIN; SAVEPOINT one; ${ALL}; ROLLBACK TO one; DELETE FROM t WHERE a = 7; ${ALL}`),
        sql("ROLLBACK TO one; UPDATE t SET c = 3; COMMIT"),
        sql(`BEGIN; SAVEPOINT one; ${ALL}; ROLLBACK TO one; ${ALL}`),
      ],
    },
    {
      name: "log restarted",
      setup,
      acts: [
        sql(ALL),
        more(100, 9),
        sql("PRAGMA wal_checkpoint(RESTART)"),
        sql("UPDATE t SET b = 'second generation' WHERE a = 3"),
        sql("PRAGMA wal_checkpoint(PASSIVE)"),
        sql("UPDATE t SET b = 'third generation' WHERE a IN (4, 20)"),
        sql(`BEGIN; ${ALL}`),
      ],
    },
    {
      name: "partly copied",
      setup,
      acts: [
        more(100, 4),
        { do: "open", on: 1 },
        sql("BEGIN; SELECT count(*) FROM t", 1),
        sql(ALL),
        sql("PRAGMA wal_checkpoint(PASSIVE)"),
        sql("DELETE FROM t WHERE a = 5"),
        sql("COMMIT; BEGIN; SELECT count(*) FROM t", 1),
        sql("PRAGMA wal_checkpoint(PASSIVE); UPDATE t SET c = -1 WHERE a = 9"),
      ],
    },
    {
      name: "wholly copied",
      setup,
      acts: [
        sql(ALL),
        sql("PRAGMA wal_checkpoint(FULL)"),
        { do: "open", on: 1 },
        sql("BEGIN; SELECT count(*) FROM t", 1),
        sql("UPDATE t SET b = 'restarted' WHERE a = 1"),
      ],
    },
    {
      name: "shrinking",
      setup: opened(pageSize, "FULL"),
      acts: [
        more(100, 10),
        sql("DELETE FROM t WHERE a > 6"),
        more(300, 3),
        sql(`BEGIN; DELETE FROM t WHERE a > 3; ${ALL}`),
      ],
    },
    {
      name: "vacuum",
      setup,
      acts: [sql("DELETE FROM t WHERE a % 2; VACUUM"), more(100, 2)],
    },
    {
      name: "exclusive mode",
      setup: [...setup, { do: "close" }],
      withoutShm: true,
      acts: [
        { do: "open" },
        sql("PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=6; PRAGMA wal_autocheckpoint=0"),
        more(100, 4),
        sql(ALL),
        sql("PRAGMA wal_checkpoint(RESTART)"),
        sql("DELETE FROM t WHERE a = 3"),
        sql(`BEGIN; ${ALL}`),
      ],
    },
    {
      name: "padded commits",
      setup,
      device: { sectorSize: 4096, characteristics: 0 },
      acts: [more(100, 1), sql("UPDATE t SET c = 1 WHERE a = 1"), sql(ALL), sql(`BEGIN; ${ALL}`)],
    },
    {
      name: "every setting",
      setup,
      acts: [
        sql("PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=5; PRAGMA journal_size_limit=3000"),
        more(100, 6),
        sql("UPDATE t SET c = 5 WHERE a = 5"),
        sql("PRAGMA mmap_size=100000; PRAGMA synchronous=NORMAL"),
        sql(ALL),
        sql("PRAGMA synchronous=EXTRA"),
        more(200, 1),
      ],
    },
  ];
}

/** The story of that name. */
export function story(name: string, pageSize: number): Story {
  const found = stories(pageSize).find((s) => s.name === name);
  if (found === undefined) throw new Error(`there is no story ${name}`);
  return found;
}

/** A moment of a story: what a kill then would leave. */
export interface Moment {
  what: string;
  answer: unknown;
  files: Snapshot;
}

/**
 * Lets an engine live a story in the stage's folder; its connections are open afterwards. Its calls keep the
 * log's rules.
 */
export async function tell(ctx: CaseContext, engine: SqlEngine, s: Story): Promise<Moment[]> {
  const folder = stage(ctx);
  await prepare(engine, folder, new Map(), "writer", s.device);
  await writeDown(ctx, engine);
  const moments: Moment[] = [];
  for (const act of s.setup) await perform1(engine, folder, act);
  for (const [i, act] of s.acts.entries()) {
    const answer = await perform1(engine, folder, act);
    moments.push({ what: `after step ${i + 1}`, answer, files: takeSnapshot(folder) });
  }
  const setting = orderSetting([...s.setup, ...s.acts]);
  checkWrittenDown(ctx, `${s.name}: ${engine.side}`, { files: new Map() }, setting);
  return moments;
}

/** The files at a story's end, as real SQLite writes them. */
export async function ending(ctx: CaseContext, s: Story): Promise<Snapshot> {
  const engine = await ctx.sql("real");
  const last = (await tell(ctx, engine, s)).at(-1) as Moment;
  await engine.reset();
  ctx.check.ok(`${s.name}: there is a log`, fileOf(last.files, WAL).length > 32);
  return last.files;
}
