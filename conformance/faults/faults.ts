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
  /** Values of `--filter`: a few cases that take seconds. */
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
];
