/**
 * Faults for random lockstep programs to find: in each layer, most of them without any effect on what SQL
 * sees. The cases are the first ones of the suite, chosen before any fault was.
 */

import type { PlantedFault } from "./faults.js";

const cases = ["=random programs 1", "=random programs 2", "=random programs 3", "=random programs 4"];

function planted(id: string, what: string, file: string, find: string, replace: string): PlantedFault {
  return { id: `lockstep-${id}`, what, file: `src/${file}`, find, replace, suite: "lockstep", cases };
}

export const lockstepFaults: readonly PlantedFault[] = [
  planted(
    "spill-early",
    "the cache spills one page early",
    "pcache/pcache.ts",
    "if (sqlite3PcachePagecount(pCache) > pCache.szSpill) {",
    "if (sqlite3PcachePagecount(pCache) >= pCache.szSpill) {",
  ),
  planted(
    "synced-hint",
    "the hint for the next page to spill stays on a page that leaves the dirty list",
    "pcache/pcache.ts",
    "p.pSynced = pPage.pDirtyPrev;\n    }\n",
    "p.pSynced = pPage.pDirtyNext;\n    }\n",
  ),
  planted(
    "lru-order",
    "an unpinned page is put behind the least recently used one",
    "pcache/pcache1.ts",
    "const ppFirst = pGroup.lru;\n",
    "const ppFirst = pGroup.lru.pLruPrev!;\n",
  ),
  planted(
    "hash-step",
    "a collision in the wal-index goes on two slots further",
    "wal/wal.ts",
    "return (iPriorHash + 1) & (HASHTABLE_NSLOT - 1);",
    "return (iPriorHash + 2) & (HASHTABLE_NSLOT - 1);",
  ),
  planted(
    "savepoint-bit",
    "only the outermost savepoint learns that a page is journalled",
    "pager/pager.ts",
    "    if (pgno <= p.nOrig) {\n      rc |= sqlite3BitvecSet(p.pInSavepoint, pgno);\n      testcase",
    "    if (pgno <= p.nOrig && ii === 0) {\n      rc |= sqlite3BitvecSet(p.pInSavepoint, pgno);\n      testcase",
  ),
  planted(
    "missing-sync",
    "a checkpoint of the whole log does not sync the database",
    "wal/wal.ts",
    "                rc = sqlite3OsSync(pWal.pDbFd!, CKPT_SYNC_FLAGS(sync_flags));\n",
    "                rc = SQLITE_OK;\n",
  ),
  planted(
    "attempt-unsaid",
    "a checkpoint does not say how far it will try to come",
    "wal/wal.ts",
    "          pInfo.nBackfillAttempted = mxSafeFrame;\n",
    "",
  ),
  planted(
    "salt-kept",
    "the log starts over with the first salt that it had",
    "wal/wal.ts",
    "sqlite3Put4byte(aSalt, 1 + sqlite3Get4byte(aSalt));",
    "sqlite3Put4byte(aSalt, sqlite3Get4byte(aSalt));",
  ),
  planted(
    "release-forgets",
    "the sub-journal's room is not used again after a release",
    "pager/pager.ts",
    "        pPager.nSubRec = pRel.iSubRec;\n",
    "",
  ),
  planted(
    "full-is-no-error",
    "a full disk does not put the pager into its error state",
    "pager/pager.ts",
    "  if (rc2 === SQLITE_FULL || rc2 === SQLITE_IOERR) {\n    pPager.errCode = rc;",
    "  if (rc2 === SQLITE_IOERR) {\n    pPager.errCode = rc;",
  ),
  planted(
    "stale-magic",
    "an old journal header behind the new records is left alone",
    "pager/pager.ts",
    "        if (rc === SQLITE_OK && 0 === memcmp(aMagic, aJournalMagic, 8)) {\n          const zerobyte",
    "        if (rc === SQLITE_OK && 0 !== memcmp(aMagic, aJournalMagic, 8)) {\n          const zerobyte",
  ),
  planted(
    "oldest-mark",
    "a reader takes the first read mark that fits instead of the newest",
    "wal/wal.ts",
    "if (mxReadMark <= thisMark && thisMark <= mxFrame) {",
    "if (mxI === 0 && thisMark <= mxFrame) {",
  ),
];
