/**
 * The little of btree.c that stands between a statement and the pager: how a transaction starts.
 *
 * A database's header is judged there, above the pager. Real SQLite always does it, so the port does
 * it too where the two are compared on files that are no databases. Same order, same calls, same
 * result codes as btree.c; only shared cache, auto-vacuum and cursors are missing.
 */

import {
  type DbPage,
  type Pager,
  Ref,
  SQLITE_CORRUPT,
  SQLITE_NOTADB,
  SQLITE_OK,
  SQLITE_READONLY,
  sqlite3PagerBegin,
  sqlite3PagerGet,
  sqlite3PagerGetData,
  sqlite3PagerIsreadonly,
  sqlite3PagerOpenSavepoint,
  sqlite3PagerOpenWal,
  sqlite3PagerPagecount,
  sqlite3PagerSetPagesize,
  sqlite3PagerSharedLock,
  sqlite3PagerUnrefPageOne,
  sqlite3PagerWrite,
} from "../../src/index.js";

/** What btree.c remembers about a database between transactions. */
export class BtreeStart {
  /** BTS_READ_ONLY. */
  readOnly: boolean;
  /** Pages in the database, as its header counts them. */
  nPage = 0;

  constructor(pager: Pager) {
    this.readOnly = sqlite3PagerIsreadonly(pager) !== 0;
  }
}

const MAGIC = Uint8Array.from(Buffer.from("SQLite format 3\0", "latin1"));

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const get4 = (page: Uint8Array, at: number): number =>
  new DataView(page.buffer, page.byteOffset).getUint32(at);
const put4 = (page: Uint8Array, at: number, v: number): void =>
  new DataView(page.buffer, page.byteOffset).setUint32(at, v);

/**
 * btree.c lockBtree: a shared lock, page 1, and a look at its header.
 *
 * @param ppPage1 page 1 afterwards; still null after SQLITE_OK means: call once more
 */
function lockBtree(b: BtreeStart, pager: Pager, ppPage1: Ref<DbPage | null>): number {
  let rc = sqlite3PagerSharedLock(pager);
  if (rc !== SQLITE_OK) return rc;
  rc = sqlite3PagerGet(pager, 1, ppPage1, 0);
  if (rc !== SQLITE_OK) return rc;
  const pg = ppPage1.value as DbPage;
  const refuse = (code: number): number => {
    sqlite3PagerUnrefPageOne(pg);
    ppPage1.value = null;
    return code;
  };
  const page1 = sqlite3PagerGetData(pg);
  const nPageFile = new Ref(0);
  let nPage = get4(page1, 28);
  sqlite3PagerPagecount(pager, nPageFile);
  if (nPage === 0 || !same(page1.subarray(24, 28), page1.subarray(92, 96))) nPage = nPageFile.value;
  if (nPage > 0) {
    if (!same(page1.subarray(0, 16), MAGIC)) return refuse(SQLITE_NOTADB);
    if ((page1[18] as number) > 2) b.readOnly = true;
    if ((page1[19] as number) > 2) return refuse(SQLITE_NOTADB);
    if (page1[19] === 2) {
      const isOpen = new Ref(0);
      rc = sqlite3PagerOpenWal(pager, isOpen);
      if (rc !== SQLITE_OK) return refuse(rc);
      if (isOpen.value === 0) return refuse(SQLITE_OK);
    }
    if (page1[21] !== 64 || page1[22] !== 32 || page1[23] !== 32) return refuse(SQLITE_NOTADB);
    const pageSize = ((page1[16] as number) << 8) | ((page1[17] as number) << 16);
    if (((pageSize - 1) & pageSize) !== 0 || pageSize > 65536 || pageSize <= 256) {
      return refuse(SQLITE_NOTADB);
    }
    const reserve = page1[20] as number;
    if (pageSize !== Number(pager.pageSize)) {
      refuse(SQLITE_OK);
      return sqlite3PagerSetPagesize(pager, new Ref(pageSize), reserve);
    }
    if (nPage > nPageFile.value) return refuse(SQLITE_CORRUPT);
    if (pageSize - reserve < 480) return refuse(SQLITE_NOTADB);
  }
  b.nPage = nPage;
  return SQLITE_OK;
}

/** btree.c newDatabase: an empty file gets its first page. */
function newDatabase(b: BtreeStart, pager: Pager, pg: DbPage): number {
  if (b.nPage > 0) return SQLITE_OK;
  const rc = sqlite3PagerWrite(pg);
  if (rc !== SQLITE_OK) return rc;
  const page = sqlite3PagerGetData(pg);
  const size = Number(pager.pageSize);
  page.set(MAGIC);
  page[16] = (size >> 8) & 0xff;
  page[17] = (size >> 16) & 0xff;
  page[18] = 1;
  page[19] = 1;
  page[20] = pager.nReserve;
  page.set([64, 32, 32], 21);
  page.fill(0, 24, 100);
  /* zeroPage: an empty table leaf; the cell area begins at the end of the usable part. */
  const usable = size - pager.nReserve;
  page[100] = 13;
  page.fill(0, 101, 105);
  page[105] = (usable >> 8) & 0xff;
  page[106] = usable & 0xff;
  page[107] = 0;
  b.nPage = 1;
  page[31] = 1;
  return SQLITE_OK;
}

/**
 * btree.c btreeBeginTrans without the busy handler: page 1 is in `ppPage1` if and only if the result
 * is SQLITE_OK.
 *
 * @param write 0: a read transaction; 1: a write transaction; 2: an exclusive one
 */
export function btreeBeginTrans(
  b: BtreeStart,
  pager: Pager,
  ppPage1: Ref<DbPage | null>,
  write: 0 | 1 | 2,
): number {
  let rc = SQLITE_OK;
  if (b.readOnly && write > 0) return SQLITE_READONLY;
  ppPage1.value = null;
  while (ppPage1.value === null && (rc = lockBtree(b, pager, ppPage1)) === SQLITE_OK);
  const pg = ppPage1.value as DbPage | null;
  if (rc === SQLITE_OK && pg !== null && write > 0) {
    if (b.readOnly) rc = SQLITE_READONLY;
    else {
      rc = sqlite3PagerBegin(pager, write > 1 ? 1 : 0, 0);
      if (rc === SQLITE_OK) rc = newDatabase(b, pager, pg);
    }
    if (rc === SQLITE_OK && b.nPage !== get4(sqlite3PagerGetData(pg), 28)) {
      rc = sqlite3PagerWrite(pg);
      if (rc === SQLITE_OK) put4(sqlite3PagerGetData(pg), 28, b.nPage);
    }
    if (rc === SQLITE_OK) rc = sqlite3PagerOpenSavepoint(pager, 0);
  }
  if (rc !== SQLITE_OK && pg !== null) {
    sqlite3PagerUnrefPageOne(pg);
    ppPage1.value = null;
  }
  return rc;
}
