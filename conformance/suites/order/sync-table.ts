/**
 * How often, of what and in which order a commit syncs, as upstream's source says. Line numbers are
 * those of the amalgamation 3.53.2.
 */

import {
  SQLITE_IOCAP_SAFE_APPEND,
  SQLITE_IOCAP_SEQUENTIAL,
  SQLITE_SYNC_DATAONLY,
  SQLITE_SYNC_FULL,
  SQLITE_SYNC_NORMAL,
} from "../../../src/index.js";
import type { OrderSetting } from "../../core/order/rules.js";
import type { ShimRecord } from "../../engines/shimvfs.js";

/** One step of the protocol, such as "sync J 2": the call, the file's kind, flags or size. */
export type ProtocolStep = string;

/** The kind of a file: D database, J journal, S super-journal. */
function kindOf(file: string, database: string): string | null {
  if (file === database) return "D";
  if (file === `${database}-journal`) return "J";
  return /-mj[0-9A-F]{9}$/.test(file) ? "S" : null;
}

/**
 * What a trace shows of the protocol: syncs with their flags, record counts, the end of journals, cuts
 * of the database, and everything about super-journals.
 */
export function protocolOf(trace: readonly ShimRecord[], database: string): ProtocolStep[] {
  const steps: ProtocolStep[] = [];
  for (const r of trace) {
    const kind = kindOf(r.file, database);
    if (kind === null || r.rc !== 0) continue;
    if (r.call === "sync") steps.push(`sync ${kind} ${r.argument}`);
    if (r.call === "truncate") steps.push(`truncate ${kind} ${r.amount}`);
    if (r.call === "delete") steps.push(`delete ${kind} ${r.argument}`);
    if (kind === "S" && (r.call === "write" || r.call === "close")) steps.push(`${r.call} S`);
    if (kind === "J" && r.call === "write" && r.amount === 12) steps.push("count J");
    if (kind === "J" && r.call === "write" && r.amount === 28 && r.offset === 0) steps.push("zero J");
  }
  return steps;
}

const hasFile = (s: OrderSetting): boolean => s.journal !== "MEMORY" && s.journal !== "OFF";
/* sqlite3PagerSetFlags, 63223..63251 */
const fullSync = (s: OrderSetting): boolean => s.sync === "FULL" || s.sync === "EXTRA";
const syncFlags = (s: OrderSetting): number => (s.fullfsync ? SQLITE_SYNC_FULL : SQLITE_SYNC_NORMAL);
const claims = (s: OrderSetting, bit: number): boolean => (s.characteristics & bit) !== 0;

/**
 * sqlite3PagerCommitPhaseOne of a transaction that has changed the database.
 *
 * @param nSyncJournal how often syncJournal() ran: once, and once more for each spill that needed it
 */
export function phaseOne(s: OrderSetting, nSyncJournal: number): ProtocolStep[] {
  const steps: ProtocolStep[] = [];
  const noSync = s.sync === "OFF";
  const isSequential = claims(s, SQLITE_IOCAP_SEQUENTIAL);
  const flags = syncFlags(s);
  /* syncJournal, 63904..63980 */
  for (let i = 0; i < nSyncJournal && !noSync && hasFile(s); i++) {
    if (!claims(s, SQLITE_IOCAP_SAFE_APPEND)) {
      if (fullSync(s) && !isSequential) steps.push(`sync J ${flags}`);
      steps.push("count J");
    }
    if (!isSequential) {
      const dataOnly = flags === SQLITE_SYNC_FULL ? SQLITE_SYNC_DATAONLY : 0;
      steps.push(`sync J ${flags | dataOnly}`);
    }
  }
  /* sqlite3PagerSync, 66011..66014 */
  if (!noSync) steps.push(`sync D ${flags}`);
  return steps;
}

/**
 * sqlite3PagerCommitPhaseTwo.
 *
 * @param journalSize of a persistent journal when it is finalised; larger than the limit, it is cut
 * @param cutTo the database's new size, if it shrinks
 * @param hasSuper the journal names a super-journal
 */
export function phaseTwo(
  s: OrderSetting,
  journalSize: number,
  cutTo: number | null,
  hasSuper: boolean,
): ProtocolStep[] {
  const steps: ProtocolStep[] = [];
  const noSync = s.sync === "OFF";
  const flags = syncFlags(s);
  /* pager_end_transaction, 61678..61717, and zeroJournalHdr, 60994..61027 */
  if (hasFile(s) && s.journal === "TRUNCATE") {
    steps.push("truncate J 0");
    if (fullSync(s)) steps.push(`sync J ${flags}`);
  } else if (s.journal === "PERSIST" || (hasFile(s) && s.exclusive)) {
    const limit = s.journalSizeLimit ?? -1;
    steps.push(limit === 0 || hasSuper ? "truncate J 0" : "zero J");
    if (!noSync) steps.push(`sync J ${SQLITE_SYNC_DATAONLY | flags}`);
    if (limit > 0 && journalSize > limit && !hasSuper) steps.push(`truncate J ${limit}`);
  } else if (hasFile(s)) {
    steps.push(`delete J ${s.sync === "EXTRA" ? 1 : 0}`);
  }
  /* pager_end_transaction, 61750..61759 */
  if (cutTo !== null) steps.push(`truncate D ${cutTo}`);
  return steps;
}

/** A commit of one database. */
export function commitProtocol(
  s: OrderSetting,
  nSyncJournal: number,
  journalSize: number,
  cutTo: number | null,
): ProtocolStep[] {
  return [...phaseOne(s, nSyncJournal), ...phaseTwo(s, journalSize, cutTo, false)];
}

/**
 * What precedes the first database's phase one in a commit of several: vdbeCommit, 90837..90867. The
 * super-journal is synced with SQLITE_SYNC_NORMAL whatever the setting.
 */
export function superBegin(s: OrderSetting, databases: number): ProtocolStep[] {
  const steps = Array.from({ length: databases }, () => "write S");
  return claims(s, SQLITE_IOCAP_SEQUENTIAL) ? steps : [...steps, `sync S ${SQLITE_SYNC_NORMAL}`];
}

/** What stands between the last phase one and the first phase two: vdbeCommit, 90885..90896. */
export const SUPER_END: readonly ProtocolStep[] = ["close S", "delete S 1"];
