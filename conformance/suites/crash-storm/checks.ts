/** What both engines must find in the database, in the middle of the storm and after it. */

import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { CaseContext } from "../../core/case.js";
import { formatOutcome } from "../../engines/sql/outcome.js";
import type { RunResult } from "../../engines/sql/protocol.js";
import type { SqlEngine } from "../../engines/sql/session.js";
import type { SqlValue } from "../../engines/sql/values.js";
import type { Ledger } from "./ledger.js";
import { RECOVERY_CALLS, recoveriesIn } from "./recoveries.js";
import { HALF_THERE, MONEY } from "./transactions.js";

/** What a check saw. */
export interface Seen {
  /** The numbers of the transactions that are there. */
  txns: number[];
  /** Recoveries that the check itself made. */
  recoveries: number;
}

const QUERIES = [
  "PRAGMA integrity_check",
  "SELECT sum(v), sum(k*v), sum(k*txn) FROM account",
  HALF_THERE,
  "SELECT txn FROM done ORDER BY txn",
];

/** The rows of the queries, one list per query; a query that fails is a finding. */
function rowsOf(ctx: CaseContext, who: string, result: RunResult): SqlValue[][][] {
  for (const [i, s] of result.statements.entries()) {
    ctx.check.ok(`${who}: ${QUERIES[i]} fails`, s.outcome.code === 0, formatOutcome(s.outcome));
  }
  return result.statements.map((s) => s.rows);
}

/** How long a snapshot is kept: this many commits of others, or this long if there are not so many. */
const KEPT = { commits: 4, milliseconds: 400 };

/** What a look is made with. */
export interface Look {
  path: string;
  /** Where calls are written down. */
  calls: string | null;
  ledger: Ledger;
  /** Whether others can commit while a snapshot is open. */
  isWal: boolean;
  /** What the storm did so far, for a finding. */
  where: () => string;
}

/** One engine looks at one snapshot: it is sound, all transactions are whole, the promised ones are there. */
export async function look(ctx: CaseContext, engine: SqlEngine, how: Look): Promise<Seen> {
  const { path, calls, ledger, isWal, where } = how;
  const who = engine.side === "real" ? "real SQLite" : "the port";
  await engine.record(true, RECOVERY_CALLS);
  await engine.share(calls);
  const promised = ledger.promised();
  const opened = await engine.open(0, path);
  ctx.check.ok(`${who} cannot open the database`, opened.code === 0, formatOutcome(opened));
  /* A small cache: what is asked again is read again. */
  await engine.run(0, "PRAGMA busy_timeout=60000; PRAGMA cache_size=3; BEGIN");
  const rows = rowsOf(ctx, who, await engine.run(0, QUERIES.join(";")));
  const [integrity, money, half, done] = rows;
  const show = (what: unknown): string => `${JSON.stringify(what)}\n${where()}`;
  ctx.check.ok(
    `${who}: integrity_check is not ok`,
    JSON.stringify(integrity) === '[["ok"]]',
    show(integrity?.slice(0, 20)),
  );
  ctx.check.ok(`${who}: money was lost or made`, money?.[0]?.[0] === MONEY, show(money));
  ctx.check.ok(`${who}: transactions are half there`, half?.length === 0, show(half?.slice(0, 20)));
  const txns = (done ?? []).map((row) => row[0] as number);
  const there = new Set(txns);
  const missing = promised.filter((txn) => !there.has(txn));
  ctx.check.ok(`${who}: acknowledged transactions are missing`, missing.length === 0, show(missing));
  const ghosts = ledger.seen(txns);
  ctx.check.ok(`${who}: transactions are there that were rolled back`, ghosts.length === 0, show(ghosts));
  if (isWal) {
    /* The bound is for the end of the storm, when nobody commits any more. */
    await Promise.race([ledger.more(KEPT.commits), delay(KEPT.milliseconds)]);
    const again = rowsOf(ctx, who, await engine.run(0, QUERIES.join(";")));
    ctx.check.ok(`${who}: a snapshot has changed`, isDeepStrictEqual(again, rows), where());
  }
  await engine.run(0, "COMMIT");
  const recoveries = recoveriesIn(await engine.record(false));
  await engine.close(0);
  await engine.share(null);
  return { txns, recoveries };
}
