/**
 * Tells running backups of a database what happens to its pages.
 *
 * Upstream's backup API works on B-trees and lies above the pager. The pager knows it by two calls
 * on the head of a list; here each backup answers them itself, through the sqlite3_backup interface.
 *
 * @upstream backup.c
 * @divergence backup-interface
 * @module
 */

import { assert, type Pgno, type sqlite3_backup } from "./sqliteInt.js";

/**
 * Passes a changed page to every backup of the list. A backup that has copied the page already
 * writes it again and keeps an error for its next step.
 *
 * @upstream backup.c backupUpdate
 * @divergence backup-interface
 */
function backupUpdate(p: sqlite3_backup | null, iPage: Pgno, aData: Uint8Array): void {
  assert(p !== null);
  do {
    p!.xUpdate(iPage, aData);
  } while ((p = p!.pNext) !== null);
}

/**
 * Page `iPage` of the source now has the content `aData`. Does nothing if no backup is running.
 *
 * @param pBackup head of the pager's list of backups, or null.
 * @upstream backup.c sqlite3BackupUpdate
 */
export function sqlite3BackupUpdate(pBackup: sqlite3_backup | null, iPage: Pgno, aData: Uint8Array): void {
  if (pBackup !== null) backupUpdate(pBackup, iPage, aData);
}

/**
 * Another connection has written the source: no copied page can be trusted, so every backup of the
 * list starts again at page 1.
 *
 * @param pBackup head of the pager's list of backups, or null.
 * @upstream backup.c sqlite3BackupRestart
 * @divergence backup-interface
 */
export function sqlite3BackupRestart(pBackup: sqlite3_backup | null): void {
  let p: sqlite3_backup | null;
  for (p = pBackup; p !== null; p = p.pNext) {
    p.xRestart();
  }
}
