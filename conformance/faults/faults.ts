/**
 * Faults that a port of this code has had or could have, each a change of one place. The test beside
 * this file plants them one by one and demands that the harness notices.
 */

/** One fault and the cases that must notice it. */
export interface PlantedFault {
  /** Stable, short. */
  id: string;
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
];
