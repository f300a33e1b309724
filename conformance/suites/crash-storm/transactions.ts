/**
 * Numbered transactions. Each writes several rows in several tables and a row that counts and sums them, so
 * that any other transaction's missing half shows.
 */

import { Random } from "../../core/random.js";

/** Accounts between which money is moved; none is ever lost. */
const ACCOUNTS = 300;
const MONEY_EACH = 1000;

/** The sum over all accounts, always. */
export const MONEY = ACCOUNTS * MONEY_EACH;

/** Makes the tables; what must be set before comes in `pragmas`. */
export function schema(pragmas: readonly string[]): string {
  return [
    ...pragmas,
    "CREATE TABLE account(k INTEGER PRIMARY KEY, v INTEGER NOT NULL, txn INTEGER NOT NULL, filler TEXT)",
    "CREATE TABLE entry(txn INTEGER, n INTEGER, pad TEXT NOT NULL, PRIMARY KEY(txn, n)) WITHOUT ROWID",
    "CREATE TABLE side(id INTEGER PRIMARY KEY, txn INTEGER NOT NULL, pad TEXT NOT NULL)",
    "CREATE INDEX side_txn ON side(txn)",
    "CREATE TABLE scratch(pad BLOB)",
    "CREATE TABLE done(txn INTEGER PRIMARY KEY, entries INTEGER, entryBytes INTEGER, sides INTEGER, sideBytes INTEGER)",
    `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<${ACCOUNTS})
     INSERT INTO account SELECT i, ${MONEY_EACH}, 0, printf('%.90c', '.') FROM n`,
  ].join(";\n");
}

/** The text of a row: a letter that depends on transaction and place, repeated. */
const pad = (txn: number, n: number, length: number): string =>
  `printf('%.*c', ${length}, char(${97 + ((txn + n) % 26)}))`;

/** A transaction as SQL. */
export interface Transaction {
  txn: number;
  sql: string;
  /** Whether it ends with COMMIT. */
  commits: boolean;
}

/** The transaction of a number; the same seed and number give the same one. */
export function transaction(seed: string, txn: number): Transaction {
  const r = new Random(`${seed}/transaction ${txn}`);
  const commits = r.chance(0.93);
  const entries = Array.from({ length: r.between(1, 6) }, () => r.between(10, 400));
  const sides = Array.from({ length: r.below(4) }, () => r.pick([20, 300, 1500, 5000]));
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  const transfers = Array.from({ length: r.between(1, 4) }, () => ({
    from: r.between(1, ACCOUNTS),
    to: r.between(1, ACCOUNTS),
    amount: r.between(1, 50),
  }));
  const statements = [
    "BEGIN IMMEDIATE",
    ...transfers.map((t) => `UPDATE account SET v=v-${t.amount}, txn=${txn} WHERE k=${t.from}`),
    ...entries.map((length, n) => `INSERT INTO entry VALUES(${txn}, ${n}, ${pad(txn, n, length)})`),
  ];
  if (r.chance(0.25)) {
    /* Pages that are journaled, perhaps spilled, and then put back. */
    statements.push(
      "SAVEPOINT s",
      "UPDATE entry SET pad='never'",
      "DELETE FROM side WHERE id%3=0",
      "ROLLBACK TO s",
    );
    statements.push("RELEASE s");
  }
  if (r.chance(0.2)) statements.push(`INSERT INTO scratch VALUES(zeroblob(${r.pick([3000, 20000, 40000])}))`);
  if (r.chance(0.15)) statements.push("DELETE FROM scratch");
  statements.push(
    ...sides.map((length, n) => `INSERT INTO side(txn, pad) VALUES(${txn}, ${pad(txn, n, length)})`),
    ...transfers.map((t) => `UPDATE account SET v=v+${t.amount}, txn=${txn} WHERE k=${t.to}`),
    `INSERT INTO done VALUES(${txn}, ${entries.length}, ${sum(entries)}, ${sides.length}, ${sum(sides)})`,
    commits ? "COMMIT" : "ROLLBACK",
  );
  return { txn, sql: statements.join(";\n"), commits };
}

/** Rows of a query that is empty as long as every transaction is whole or not there at all. */
export const HALF_THERE = `
  WITH e(txn, n, bytes, wrong) AS (
         SELECT txn, count(*), sum(length(pad)), sum(pad<>printf('%.*c', length(pad), char(97+(txn+n)%26)))
         FROM entry GROUP BY txn),
       s(txn, n, bytes, wrong) AS (
         SELECT txn, count(*), sum(length(pad)), sum(ltrim(pad, substr(pad, 1, 1))<>'') FROM side GROUP BY txn)
  SELECT coalesce(d.txn, e.txn) AS txn, d.entries, e.n, d.entryBytes, e.bytes, e.wrong, NULL
    FROM done d FULL JOIN e ON d.txn=e.txn
    WHERE d.entries IS NOT e.n OR d.entryBytes IS NOT e.bytes OR e.wrong<>0
  UNION ALL
  SELECT coalesce(d.txn, s.txn), d.sides, s.n, d.sideBytes, s.bytes, s.wrong, 'side'
    FROM done d FULL JOIN s ON d.txn=s.txn
    WHERE coalesce(d.sides, 0)<>coalesce(s.n, 0) OR coalesce(d.sideBytes, 0)<>coalesce(s.bytes, 0) OR s.wrong<>0
    OR d.txn IS NULL
  UNION ALL
  SELECT a.txn, a.k, NULL, NULL, NULL, NULL, 'account' FROM account a
    WHERE a.txn<>0 AND a.txn NOT IN (SELECT txn FROM done)`;
