/**
 * The port's pager for the upper half: one function for each of pager.h that the b-tree and its
 * neighbours call, with C's arguments on one side and the port's on the other.
 *
 * A pager is a small number to C, a page the address of its extra bytes (pages.ts). Nothing here
 * decides anything; what the functions do is in src/pager/pager.ts.
 */

import * as port from "../../src/index.js";
import { type DbPage, type Pager, Ref, SQLITE_OK } from "../../src/index.js";
import { BackupSlot } from "./backups.js";
import { connectionAt } from "./connections.js";
import type { CMemory } from "./memory.js";
import { Pages } from "./pages.js";
import type { Address, UpperExports } from "./upper.js";
import type { Vfses } from "./vfs-imports.js";

/**
 * Bytes of extra space that each page gets: those of the b-tree's MemPage on 64-bit Linux. The upper
 * half asks for its own 84; with the larger number a negative cache size means as many pages here as
 * it does in real SQLite.
 */
const EXTRA = 136;

/** An i64 of the port's for C. The largest one is 2^63 as a number, which would come out negative. */
function toInt64(n: number): bigint {
  return n >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(n);
}

/** A pager that is open, and what belongs to it on the other side. */
interface OpenPager {
  pager: Pager;
  backups: BackupSlot;
}

/** What the functions need. */
export interface PagerImportsOptions {
  memory: CMemory;
  upper: () => UpperExports;
  vfses: Vfses;
}

/** The functions of the import module "pager"; see c/imports.h. */
export function pagerImports(o: PagerImportsOptions): Record<string, (...args: never[]) => unknown> {
  const { memory, upper, vfses } = o;
  const pages = new Pages();
  const open: (OpenPager | null)[] = [null];
  const pager = (p: Address): Pager => (open[p] as OpenPager).pager;
  /* A pager stores its page here as its last act; what runs meanwhile (a spill, and through it a
   * backup's Get) has stored its own before. */
  const refPage = new Ref<DbPage | null>(null);

  const functions = new Map<number, (...args: number[]) => number>();
  /** The C function at index `f` of the module's table. */
  const fn = (f: number): ((...args: number[]) => number) => {
    let known = functions.get(f);
    if (known === undefined) {
      known = upper().__indirect_function_table.get(f) as (...args: number[]) => number;
      functions.set(f, known);
    }
    return known;
  };

  /** Stores an int through a pointer that may be null. */
  const intOut = (p: Address, call: (ref: Ref<number> | null) => number): number => {
    if (p === 0) return call(null);
    const ref = new Ref(memory.i32(p));
    const rc = call(ref);
    memory.setI32(p, ref.value);
    return rc;
  };

  return {
    /* ---------------------------------------------------------------- open, close, configure */
    Open(
      pVfs: Address,
      ppPager: Address,
      zFilename: Address,
      _nExtra: number,
      flags: number,
      vfsFlags: number,
      xReinit: number,
    ): number {
      vfses.followPendingByte();
      const ref = new Ref<Pager | null>(null);
      const reinit = fn(xReinit);
      const rc = port.sqlite3PagerOpen(
        vfses.vfs(pVfs),
        ref,
        memory.string(zFilename),
        EXTRA,
        flags,
        vfsFlags,
        (page) => void reinit(pages.handleOf(page)),
      );
      if (ref.value === null) {
        memory.setPointer(ppPager, 0);
        return rc;
      }
      const slot = memory.malloc(memory.pointerSize);
      if (slot === 0) {
        port.sqlite3PagerClose(ref.value, null);
        memory.setPointer(ppPager, 0);
        return port.SQLITE_NOMEM;
      }
      const backups = new BackupSlot(memory, upper(), slot);
      ref.value.pBackup = backups;
      const free = open.indexOf(null, 1);
      const p = free > 0 ? free : open.length;
      open[p] = { pager: ref.value, backups };
      memory.setPointer(ppPager, p);
      return rc;
    },
    Close(p: Address, db: Address): number {
      const { pager: own, backups } = open[p] as OpenPager;
      const rc = port.sqlite3PagerClose(own, connectionAt(memory, upper(), db));
      open[p] = null;
      memory.free(backups.slot);
      vfses.forgetClosed();
      return rc;
    },
    ReadFileheader: (p: Address, n: number, pDest: Address) =>
      port.sqlite3PagerReadFileheader(pager(p), n, memory.bytes(pDest, n)),
    SetBusyHandler(p: Address, xBusy: number, pArg: Address): void {
      const busy = xBusy === 0 ? null : fn(xBusy);
      port.sqlite3PagerSetBusyHandler(pager(p), () => (busy === null ? 0 : busy(pArg)), pArg);
    },
    SetPagesize: (p: Address, pPageSize: Address, nReserve: number) =>
      intOut(pPageSize, (ref) => port.sqlite3PagerSetPagesize(pager(p), ref as Ref<number>, nReserve)),
    MaxPageCount: (p: Address, n: number) => port.sqlite3PagerMaxPageCount(pager(p), n >>> 0),
    SetCachesize: (p: Address, n: number) => port.sqlite3PagerSetCachesize(pager(p), n),
    SetSpillsize: (p: Address, n: number) => port.sqlite3PagerSetSpillsize(pager(p), n),
    SetMmapLimit: (p: Address, n: bigint) => port.sqlite3PagerSetMmapLimit(pager(p), Number(n)),
    Shrink: (p: Address) => port.sqlite3PagerShrink(pager(p)),
    SetFlags: (p: Address, flags: number) => port.sqlite3PagerSetFlags(pager(p), flags >>> 0),
    LockingMode: (p: Address, mode: number) => port.sqlite3PagerLockingMode(pager(p), mode),
    SetJournalMode: (p: Address, mode: number) => port.sqlite3PagerSetJournalMode(pager(p), mode),
    GetJournalMode: (p: Address) => port.sqlite3PagerGetJournalMode(pager(p)),
    OkToChangeJournalMode: (p: Address) => port.sqlite3PagerOkToChangeJournalMode(pager(p)),
    JournalSizeLimit: (p: Address, n: bigint) =>
      toInt64(port.sqlite3PagerJournalSizeLimit(pager(p), Number(n))),
    BackupPtr: (p: Address) => (open[p] as OpenPager).backups.slot,
    Flush: (p: Address) => port.sqlite3PagerFlush(pager(p)),

    /* ---------------------------------------------------------------- pages */
    Get(p: Address, pgno: number, ppPage: Address, flags: number): number {
      /* Page 0 does not exist: the pager stores nothing, and the page before must not seem to be the answer. */
      refPage.value = null;
      const rc = port.sqlite3PagerGet(pager(p), pgno >>> 0, refPage, flags);
      const page = refPage.value;
      memory.setPointer(ppPage, page === null ? 0 : pages.handleOf(page));
      return rc;
    },
    Lookup(p: Address, pgno: number): Address {
      const page = port.sqlite3PagerLookup(pager(p), pgno >>> 0);
      return page === null ? 0 : pages.handleOf(page);
    },
    Ref: (h: Address) => port.sqlite3PagerRef(pages.page(h)),
    Unref(h: Address): void {
      if (h !== 0) port.sqlite3PagerUnref(pages.page(h));
    },
    UnrefNotNull: (h: Address) => port.sqlite3PagerUnrefNotNull(pages.page(h)),
    UnrefPageOne: (h: Address) => port.sqlite3PagerUnrefPageOne(pages.page(h)),
    Write: (h: Address) => port.sqlite3PagerWrite(pages.page(h)),
    DontWrite: (h: Address) => port.sqlite3PagerDontWrite(pages.page(h)),
    Movepage: (p: Address, h: Address, pgno: number, isCommit: number) =>
      port.sqlite3PagerMovepage(pager(p), pages.page(h), pgno >>> 0, isCommit),
    Rekey: (h: Address, pgno: number, flags: number) =>
      port.sqlite3PagerRekey(pages.page(h), pgno >>> 0, flags),
    PageRefcount: (h: Address) => port.sqlite3PagerPageRefcount(pages.page(h)),
    GetData: (h: Address) => port.sqlite3PagerGetData(pages.page(h)).byteOffset,
    PageFlags: (h: Address) => pages.page(h).flags,

    /* ---------------------------------------------------------------- transactions */
    Pagecount(p: Address, pnPage: Address): void {
      intOut(pnPage, (ref) => {
        port.sqlite3PagerPagecount(pager(p), ref as Ref<number>);
        return SQLITE_OK;
      });
    },
    Begin: (p: Address, exFlag: number, inMemory: number) =>
      port.sqlite3PagerBegin(pager(p), exFlag, inMemory),
    CommitPhaseOne: (p: Address, zSuper: Address, noSync: number) =>
      port.sqlite3PagerCommitPhaseOne(pager(p), memory.string(zSuper), noSync),
    ExclusiveLock: (p: Address) => port.sqlite3PagerExclusiveLock(pager(p)),
    Sync: (p: Address, zSuper: Address) => port.sqlite3PagerSync(pager(p), memory.string(zSuper)),
    CommitPhaseTwo: (p: Address) => port.sqlite3PagerCommitPhaseTwo(pager(p)),
    Rollback: (p: Address) => port.sqlite3PagerRollback(pager(p)),
    OpenSavepoint: (p: Address, n: number) => port.sqlite3PagerOpenSavepoint(pager(p), n),
    Savepoint: (p: Address, op: number, i: number) => port.sqlite3PagerSavepoint(pager(p), op, i),
    SharedLock: (p: Address) => port.sqlite3PagerSharedLock(pager(p)),
    TruncateImage: (p: Address, n: number) => port.sqlite3PagerTruncateImage(pager(p), n >>> 0),

    /* ---------------------------------------------------------------- the write-ahead log */
    Checkpoint: (p: Address, db: Address, eMode: number, pnLog: Address, pnCkpt: Address) =>
      intOut(pnLog, (log) =>
        intOut(pnCkpt, (ckpt) =>
          port.sqlite3PagerCheckpoint(
            pager(p),
            connectionAt(memory, upper(), db) as port.sqlite3,
            eMode,
            log,
            ckpt,
          ),
        ),
      ),
    WalSupported: (p: Address) => port.sqlite3PagerWalSupported(pager(p)),
    WalCallback: (p: Address) => port.sqlite3PagerWalCallback(pager(p)),
    OpenWal: (p: Address, pisOpen: Address) =>
      intOut(pisOpen, (ref) => port.sqlite3PagerOpenWal(pager(p), ref)),
    CloseWal: (p: Address, db: Address) =>
      port.sqlite3PagerCloseWal(pager(p), connectionAt(memory, upper(), db)),

    /* ---------------------------------------------------------------- questions */
    DirectReadOk: (p: Address, pgno: number) => port.sqlite3PagerDirectReadOk(pager(p), pgno >>> 0),
    Isreadonly: (p: Address) => port.sqlite3PagerIsreadonly(pager(p)),
    DataVersion: (p: Address) => port.sqlite3PagerDataVersion(pager(p)),
    MemUsed: (p: Address) => port.sqlite3PagerMemUsed(pager(p)),
    Filename(p: Address, nullIfMemDb: number): Address {
      /* The empty name of an in-memory database is a constant of the port's. */
      return memory.addressOf(port.sqlite3PagerFilename(pager(p), nullIfMemDb)) || upper().upper_no_name();
    },
    Vfs: (p: Address) => vfses.address(port.sqlite3PagerVfs(pager(p))),
    File: (p: Address) => vfses.cFile(port.sqlite3PagerFile(pager(p))),
    JrnlFile: (p: Address) => vfses.cFile(port.sqlite3PagerJrnlFile(pager(p))),
    Journalname(p: Address): Address {
      const z = port.sqlite3PagerJournalname(pager(p));
      return z === null ? 0 : memory.addressOf(z);
    },
    TempSpace: (p: Address) => memory.addressOf(port.sqlite3PagerTempSpace(pager(p))),
    IsMemdb: (p: Address) => port.sqlite3PagerIsMemdb(pager(p)),
    CacheStat(p: Address, eStat: number, reset: number, pnVal: Address): void {
      const ref = new Ref(memory.i64(pnVal));
      port.sqlite3PagerCacheStat(pager(p), eStat, reset, ref);
      memory.setI64(pnVal, ref.value);
    },
    ClearCache: (p: Address) => port.sqlite3PagerClearCache(pager(p)),
    database_file_object: (zName: Address) =>
      vfses.cFile(port.sqlite3_database_file_object(memory.string(zName) as Uint8Array)),
  };
}
