/**
 * Faults that a port of this code has had or could have, each a change of one place. The test beside
 * this file plants them one by one and demands that the harness notices.
 */

/** One fault and the cases that must notice it. */
export interface PlantedFault {
  /** Stable, short. */
  id: string;
  /** Its cases take more than seconds: planted only if FAULTS=all is in the environment. */
  slow?: boolean;
  /** What is wrong, in a few words. */
  what: string;
  /** Source file, relative to the package's root. */
  file: string;
  /** Text that stands there once, and what replaces it. */
  find: string;
  replace: string;
  suite: string;
  /** Values of `--filter`, exact names: cases that take seconds, in the default share or not. */
  cases: string[];
}

/** The faults. */
export const faults: readonly PlantedFault[] = [
  {
    id: "pad-byte",
    what: "the journal header is padded with a wrong byte",
    file: "src/pager/pager.ts",
    find: "memset(zHeader.subarray(8 + 20), 0, nHeader - (8 + 20));",
    replace: "memset(zHeader.subarray(8 + 20), 1, nHeader - (8 + 20));",
    suite: "images",
    cases: ["=journal bytes, page size 1024: synchronous FULL, one segment"],
  },
  {
    id: "missing-truncate",
    what: "a database that shrank is not truncated at the commit",
    file: "src/pager/pager.ts",
    find: "rc = pager_truncate(pPager, pPager.dbSize);",
    replace: "rc = SQLITE_OK;",
    suite: "images",
    cases: ["=auto_vacuum, page size 1024: DELETE, synchronous FULL, plain"],
  },
  {
    id: "change-counter",
    what: "the change counter stays when page 1 is not otherwise written",
    file: "src/pager/pager.ts",
    find: "          }\n          rc = pager_incr_changecounter(pPager, 0);",
    replace: "          }\n          rc = SQLITE_OK;",
    suite: "images",
    cases: ["=rows, page size 4096: DELETE, synchronous FULL, plain"],
  },
  {
    id: "dropped-rc",
    what: "the result of writing a database page is dropped",
    file: "src/pager/pager.ts",
    find: "rc = sqlite3OsWrite(pPager.fd, pData, pPager.pageSize, offset);",
    replace: "sqlite3OsWrite(pPager.fd, pData, pPager.pageSize, offset);",
    suite: "bad-input",
    cases: [
      "=fault: write fails with EIO: many pages, DELETE",
      "=fault: write fails with EIO: shrinking, DELETE",
    ],
  },
  {
    id: "records-out-of-order",
    what: "dirty pages are written in the order in which they became dirty",
    file: "src/pcache/pcache.ts",
    find: "return pcacheSortDirtyList(pCache.pDirty);",
    replace: "return pCache.pDirty;",
    suite: "order",
    cases: [
      "=same calls: free pages come and go, page size 4096: DELETE, synchronous FULL, plain device, no spill",
    ],
  },
  {
    id: "record-layout",
    what: "a journal record's page number and content change places",
    file: "src/pager/pager.ts",
    find: "rc = sqlite3OsWrite(pPager.jfd, pData2, pPager.pageSize, iOff + 4);",
    replace: "rc = write32bits(pPager.jfd, iOff + pPager.pageSize, pPg.pgno);",
    suite: "recovery",
    cases: ["=port killed at a call: updates, DELETE, synchronous OFF, spill"],
  },
  {
    id: "lost-lock",
    what: "RESERVED is taken as a lock that others can take too",
    file: "src/os/os_unix.ts",
    find: "if (eFileLock === RESERVED_LOCK) {\n        lock.l_start = RESERVED_BYTE();",
    replace:
      "if (eFileLock === RESERVED_LOCK) {\n        lock.l_type = F_RDLCK;\n        lock.l_start = RESERVED_BYTE();",
    suite: "locks",
    cases: [
      "=a reader that wants to write is refused without being asked to wait: DELETE, page size 512, synchronous FULL",
    ],
  },
  {
    id: "journal-not-synced",
    what: "database pages are written before the journal is synced",
    file: "src/pager/pager.ts",
    find: "if (0 === (iDc & SQLITE_IOCAP_SEQUENTIAL)) {\n        rc = sqlite3OsSync(\n",
    replace: "if (iDc < 0) {\n        rc = sqlite3OsSync(\n",
    suite: "order",
    cases: ["=rules: page size 1024: DELETE, synchronous NORMAL, sector size 32768, plain"],
  },
  {
    id: "super-journal-name",
    what: "the checksum of a super-journal's name adds unsigned characters",
    file: "src/pager/pager.ts",
    find: "cksum.value = (cksum.value - ((zSuper[u]! << 24) >> 24)) >>> 0;",
    replace: "cksum.value = (cksum.value - zSuper[u]!) >>> 0;",
    suite: "recovery",
    cases: ["=super-journals by hand: non-ASCII path, DELETE, synchronous FULL, opened a.db, b.db"],
  },
  {
    id: "dont-write-ignored",
    what: "pages that have become free are written all the same",
    file: "src/pager/pager.ts",
    find: "if (pgno <= pPager.dbSize && 0 === (pList.flags & PGHDR_DONT_WRITE)) {",
    replace: "if (pgno <= pPager.dbSize) {",
    suite: "journal",
    cases: ["=free pages come and go: page size 1024, DELETE, synchronous FULL, cache 10"],
  },
  {
    id: "no-content-not-zeroed",
    what: "a page that is fetched without its content keeps what its memory held",
    file: "src/pager/pager.ts",
    find: "          sqlite3EndBenignMalloc();\n        }\n        memset(pPg.pData, 0, pPager.pageSize);",
    replace:
      "          sqlite3EndBenignMalloc();\n        }\n        if (!noContent) memset(pPg.pData, 0, pPager.pageSize);",
    suite: "journal",
    cases: ["=free pages come and go: page size 1024, DELETE, synchronous FULL, cache 10"],
  },
  {
    id: "no-content-savepoint-bits",
    what: "savepoints save pages that were fetched without their content",
    file: "src/pager/pager.ts",
    find: "          addToSavepointBitvecs(pPager, pgno);\n",
    replace: "",
    suite: "journal",
    cases: [
      "=free pages taken and given back within savepoints: page size 1024, DELETE, synchronous FULL, cache 10",
    ],
  },
  {
    id: "one-sync-too-few",
    what: "the records of a journal are not synced before they are counted",
    file: "src/pager/pager.ts",
    find: "if (pPager.fullSync && 0 === (iDc & SQLITE_IOCAP_SEQUENTIAL)) {",
    replace: "if (pPager.fullSync && iDc < 0) {",
    suite: "io-order",
    cases: ["=free pages come and go: page size 1024, DELETE, synchronous FULL, cache 10"],
  },
  {
    id: "records-swapped",
    what: "the pages of a sector are journaled in the wrong order",
    file: "src/pager/pager.ts",
    find: "const pg: Pgno = (pg1 + ii) >>> 0;",
    replace: "const pg: Pgno = (pg1 + nPage - 1 - ii) >>> 0;",
    suite: "journal",
    cases: ["=free pages come and go: page size 1024, DELETE, synchronous FULL, cache 10, sector size 4096"],
  },
  {
    id: "read-mark-ignored",
    what: "a checkpoint copies beyond a read mark in use",
    file: "src/wal/wal.ts",
    find: "            mxSafeFrame = y;\n",
    replace: "",
    suite: "processes",
    cases: ["=a reader's mark bounds what a checkpoint copies: page size 1024, synchronous FULL"],
  },
  {
    id: "busy-for-checkpoint-lock",
    what: "a second checkpointer waits for the first",
    file: "src/wal/wal.ts",
    find: "    rc = walLockExclusive(pWal, WAL_CKPT_LOCK, 1);\n",
    replace: "    rc = walBusyLock(pWal, xBusy2, pBusyArg, WAL_CKPT_LOCK, 1);\n",
    suite: "processes",
    cases: [
      "=a second checkpointer is refused at once while the first is inside: page size 1024, synchronous FULL",
    ],
  },
  {
    id: "no-busy-snapshot",
    what: "a writer goes on from a snapshot that is not the newest",
    file: "src/wal/wal.ts",
    find: "  if (compareShared(walIndexHdr(pWal)[0], pWal.hdr) !== 0) {\n    rc = SQLITE_BUSY_SNAPSHOT;",
    replace: "  if (compareShared(walIndexHdr(pWal)[0], pWal.hdr) !== 0) {\n    rc = SQLITE_OK;",
    suite: "processes",
    cases: [
      "=a transaction that reads upgrades on the newest snapshot only: page size 1024, synchronous FULL",
    ],
  },
  {
    id: "recovery-lock-not-taken",
    what: "recovery takes no locks",
    file: "src/wal/wal.ts",
    find: "  rc = walLockExclusive(pWal, iLock, WAL_READ_LOCK(0) - iLock);\n",
    replace: "  rc = SQLITE_OK;\n",
    suite: "processes",
    cases: ["=one recovers under all locks that keep others away: page size 1024, synchronous FULL"],
  },
  {
    id: "wal-reset-bug",
    what: "the salts are not compared: the WAL-reset bug",
    file: "src/wal/wal.ts",
    find: "        if (0 === bChg) {",
    replace: "        if (bChg < 2) {",
    suite: "processes",
    cases: [
      "=the log starts over while a checkpointer has read its header and nothing else: page size 1024, synchronous FULL",
    ],
  },
  {
    id: "waits-for-nobody",
    what: "checkpoints do not wait for a writer",
    file: "src/wal/wal.ts",
    find: "rc = walBusyLock(pWal, xBusy2, pBusyArg, WAL_WRITE_LOCK, 1);",
    replace: "rc = walLockExclusive(pWal, WAL_WRITE_LOCK, 1);",
    suite: "processes",
    cases: ["=RESTART waits for a writer: page size 1024, synchronous FULL"],
  },
  {
    id: "log-left-behind",
    what: "the last one to close leaves the log",
    file: "src/wal/wal.ts",
    find: "      sqlite3OsDelete(pWal.pVfs!, pWal.zWalName!, 0);\n",
    replace: "",
    suite: "processes",
    cases: ["=closed by B, A, C: page size 1024, synchronous FULL"],
  },
  {
    id: "not-the-last",
    what: "everybody who closes believes to be the last",
    file: "src/wal/wal.ts",
    find: "if (zBuf !== null && SQLITE_OK === (rc = sqlite3OsLock(pWal.pDbFd!, SQLITE_LOCK_EXCLUSIVE))) {",
    replace: "if (zBuf !== null) {",
    suite: "processes",
    cases: ["=closed while another one reads, and after one has died: page size 1024, synchronous FULL"],
  },
  {
    id: "shared-slot-not-locked",
    what: "a read lock is not taken from the system",
    file: "src/os/os_unix.ts",
    find: "rc = unixShmSystemLock(pDbFd, F_RDLCK, ofst + UNIX_SHM_BASE, n);",
    replace: "rc = SQLITE_OK;",
    suite: "processes",
    cases: ["=snapshots stay while others commit, delete and checkpoint: page size 1024, synchronous FULL"],
  },
  {
    id: "readers-block-restart",
    what: "TRUNCATE does not wait for readers",
    file: "src/wal/wal.ts",
    find: "rc = walBusyLock(pWal, xBusy, pBusyArg, WAL_READ_LOCK(1), WAL_NREADER - 1);",
    replace: "rc = SQLITE_OK;",
    suite: "processes",
    cases: ["=TRUNCATE and a reader of the newest snapshot: page size 1024, synchronous FULL"],
  },
  {
    id: "storm-commit-not-marked",
    slow: true,
    what: "some commit frames do not say that they are",
    file: "src/wal/wal.ts",
    find: "nDbSize = isCommit && p.pDirty === null ? nTruncate : 0;",
    replace: "nDbSize = isCommit && p.pDirty === null && iFrame % 5 !== 4 ? nTruncate : 0;",
    suite: "crash-storm",
    cases: ["=WAL, page size 1024, 80 kills"],
  },
  {
    id: "storm-halves",
    slow: true,
    what: "recovery takes frames of unfinished transactions",
    file: "src/wal/wal.ts",
    find: "            if (nTruncate.value) {",
    replace: "            if (nTruncate.value || (nTruncate.value = pgno.value + 60)) {",
    suite: "crash-storm",
    cases: ["=WAL, page size 1024, 80 kills"],
  },
  {
    id: "storm-hot-journal",
    what: "no journal is hot",
    file: "src/pager/pager.ts",
    find: "pExists.value = first[0] !== 0 ? 1 : 0;",
    replace: "pExists.value = 0;",
    suite: "crash-storm",
    cases: ["=DELETE, page size 1024, 40 kills"],
  },
  {
    id: "storm-reckless-index",
    slow: true,
    what: "some commits are acknowledged before the index has them",
    file: "src/wal/wal.ts",
    find: "      walIndexWriteHdr(pWal);\n      pWal.iCallback = iFrame;",
    replace: "      if (iFrame % 7) walIndexWriteHdr(pWal);\n      pWal.iCallback = iFrame;",
    suite: "crash-storm",
    cases: ["=WAL, page size 1024, 80 kills"],
  },
];
