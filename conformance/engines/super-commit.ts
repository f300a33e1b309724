/**
 * The commit of one transaction over several databases, as the layer above the pagers performs it
 * (`vdbeCommit` in vdbeaux.c, the branch with a super-journal). That layer is no part of the port; a
 * pager cannot be seen to play its role in the protocol without it.
 */

import {
  type Pager,
  Ref,
  SQLITE_ACCESS_EXISTS,
  SQLITE_IOCAP_SEQUENTIAL,
  SQLITE_OK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_EXCLUSIVE,
  SQLITE_OPEN_READWRITE,
  SQLITE_OPEN_SUPER_JOURNAL,
  SQLITE_SYNC_NORMAL,
  type sqlite3_file,
  sqlite3OsAccess,
  sqlite3OsCloseFree,
  sqlite3OsDelete,
  sqlite3OsDeviceCharacteristics,
  sqlite3OsOpenMalloc,
  sqlite3OsSync,
  sqlite3OsWrite,
  sqlite3PagerCommitPhaseOne,
  sqlite3PagerCommitPhaseTwo,
  sqlite3PagerExclusiveLock,
  sqlite3PagerJournalname,
  sqlite3PagerVfs,
  strlen,
  toCString,
} from "../../src/index.js";

/**
 * Commits the transactions of all pagers under one super-journal.
 *
 * @param superJournal the super-journal's full name; the file must not exist
 * @param ended called for each pager once its own commit is over, to let its page 1 go
 */
export function commitTogether(
  pagers: readonly Pager[],
  superJournal: string,
  ended: (index: number) => void,
): number {
  for (const pager of pagers) {
    const rc = sqlite3PagerExclusiveLock(pager);
    if (rc !== SQLITE_OK) return rc;
  }
  const pVfs = sqlite3PagerVfs(pagers[0] as Pager);
  /* Four bytes before the name and some after it, as every name that a VFS is given. */
  const padded = toCString(`\0\0\0\0${superJournal}\0\0\0`);
  const zSuper = padded.subarray(4);
  const ppFile = new Ref<sqlite3_file | null>(null);
  const exists = new Ref(0);
  let rc = sqlite3OsAccess(pVfs, zSuper, SQLITE_ACCESS_EXISTS, exists);
  if (rc === SQLITE_OK && exists.value) throw new Error(`the super-journal ${superJournal} exists already`);
  if (rc !== SQLITE_OK) return rc;
  rc = sqlite3OsOpenMalloc(
    pVfs,
    zSuper,
    ppFile,
    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_SUPER_JOURNAL,
    null,
  );
  if (rc !== SQLITE_OK) return rc;
  const file = ppFile.value as sqlite3_file;
  const giveUp = (code: number): number => {
    sqlite3OsCloseFree(file);
    sqlite3OsDelete(pVfs, zSuper, 0);
    return code;
  };
  let offset = 0;
  for (const pager of pagers) {
    const zFile = sqlite3PagerJournalname(pager)!;
    const n = strlen(zFile) + 1;
    rc = sqlite3OsWrite(file, zFile, n, offset);
    offset += n;
    if (rc !== SQLITE_OK) return giveUp(rc);
  }
  if ((sqlite3OsDeviceCharacteristics(file) & SQLITE_IOCAP_SEQUENTIAL) === 0) {
    rc = sqlite3OsSync(file, SQLITE_SYNC_NORMAL);
    if (rc !== SQLITE_OK) return giveUp(rc);
  }
  for (const pager of pagers) {
    rc = sqlite3PagerCommitPhaseOne(pager, zSuper, 0);
    if (rc !== SQLITE_OK) break;
  }
  sqlite3OsCloseFree(file);
  if (rc !== SQLITE_OK) return rc;
  rc = sqlite3OsDelete(pVfs, zSuper, 1);
  if (rc !== SQLITE_OK) return rc;
  for (const [i, pager] of pagers.entries()) {
    /* Committed already: what goes wrong now leaves cold journals, and upstream does not look. */
    sqlite3PagerCommitPhaseTwo(pager);
    ended(i);
  }
  return SQLITE_OK;
}
